"""The Vietnamese deadline grammar: words of a plan's time column → kind, first due date, rule, and what is unsure.

A phrase is read in four steps; the modules in reading order:

1. ``spelling`` and ``words`` cut it into ``tokens``: one symbol for every spelling of a word; ``tidying`` gives what is
   printed in several ways one form;
2. ``patterns``, ``pieces``, ``making``, ``rules``: a table of patterns over tokens makes *pieces*: a spot on the
   calendar, a period, a weekday, a clock time, or a reason to have no date;
3. ``placing``, ``joining`` put dates and periods together, ``doubting`` notes what stands unread beside them;
   ``settling``, ``repeating``, ``composing`` make them readings by the conventions of the shared deadline phrases
   (due on D for "trước ngày D", a month's last day);
4. ``readings`` says them in the form of an office file, ``saying`` in Vietnamese.

A wrong date that looks certain is the worst that can happen. So what only might be a deadline is flagged ambiguous,
and what is none (a decision's own date, a product's text in the time column) is unknown, with the reason.
"""

from __future__ import annotations

import unicodedata

from schedules.office_model import PERIODIC, UNDATED, Kind
from schedules.phrases import composing
from schedules.phrases.composing import compose
from schedules.phrases.joining import Joined, join
from schedules.phrases.making import WHY_IN_TIME
from schedules.phrases.pieces import Offset
from schedules.phrases.readings import Deadline, Flag, Reading, as_obligation, due_of, office_kind
from schedules.phrases.saying import FLAGS_IN_WORDS, KINDS_IN_WORDS, say
from schedules.phrases.settling import flagged
from schedules.phrases.spelling import visible
from schedules.phrases.words import LONGEST, clean, tokens_of

__all__ = [
    "FLAGS_IN_WORDS",
    "KINDS_IN_WORDS",
    "YEARS",
    "Deadline",
    "Flag",
    "Offset",
    "Reading",
    "as_obligation",
    "due_of",
    "office_kind",
    "read_deadline",
    "say",
]

#: Plan years that make sense; the calendar ends soon after.
YEARS = range(1950, 2150)

WHY_PAST = "Câu còn nêu một ngày đã qua nhiều năm; hiểu đó không phải thời hạn."

_FREQUENCY = (Kind.WEEKLY, Kind.MONTHLY, Kind.QUARTERLY, Kind.RRULE, Kind.HALF_YEARLY, Kind.NINE_MONTHLY, Kind.YEARLY)


def read_deadline(phrase: str, year: int) -> Deadline:
    """What the phrase says, for a plan of that year. Never raises; what it cannot read is unknown, with the reason."""
    if year not in YEARS:
        return Deadline(phrase, year, Reading(Kind.UNKNOWN, why="Năm kế hoạch không hợp lệ."))
    text = clean(phrase)
    if not text.strip():
        return Deadline(phrase, year, Reading(Kind.UNKNOWN, why=composing.WHY_EMPTY))
    printed = unicodedata.normalize("NFC", visible(phrase))
    printed = printed if len(printed) == len(text) else text
    joined = join(tokens_of(text[:LONGEST]), printed[:LONGEST])
    readings = _with_the_past_last(sorted(dict.fromkeys(compose(joined, year)), key=_rank), year)
    head = readings[0] if readings else None
    if head is None or head.kind == Kind.UNKNOWN:
        head = _unknown(joined, head)
    if len(text) > LONGEST:
        head = flagged(head, "ambiguous", composing.WHY_LONG)
    also = tuple(reading for reading in readings[1:] if reading.kind != Kind.UNKNOWN)
    return Deadline(phrase, year, head, also)


def _with_the_past_last(readings: list[Reading], year: int) -> list[Reading]:
    """ "Rà soát người sinh trước ngày 01/01/2020, báo cáo trước 17/6/2026": a year long over is hardly the deadline."""
    past = [each for each in readings if each.first_due and each.first_due.year < year - 1]
    coming = [each for each in readings if each.first_due and each.first_due.year >= year]
    if not past or not coming:
        return readings
    head = flagged(coming[0], "ambiguous", WHY_PAST)
    return [head, *(each for each in readings if each not in past and each is not coming[0]), *past]


def _rank(reading: Reading) -> tuple[int, int, str]:
    """The most frequent dated schedule leads [9]; then a period's default day; then what has no date."""
    if reading.first_due and "data_window" not in reading.flags:
        tier = 1 if "default_anchor" in reading.flags else 0
    elif reading.first_due or reading.open_end or reading.kind in PERIODIC:
        tier = 2
    else:
        tier = 3
    if reading.kind in PERIODIC:
        return tier, _FREQUENCY.index(reading.kind), str(reading.first_due)
    if reading.kind in UNDATED:
        return tier, _weakness(reading), ""
    return tier, len(_FREQUENCY), str(reading.first_due)


def _weakness(reading: Reading) -> int:
    """ "Thường xuyên" says more than "kịp thời", an event more than "kịp thời khi có yêu cầu"."""
    if reading.kind == Kind.UNKNOWN:
        return 9
    if reading.kind == Kind.ON_DEMAND:
        return 0 if reading.offset else 2
    return 3 if reading.why == WHY_IN_TIME else 1


def _unknown(joined: Joined, head: Reading | None) -> Reading:
    """Why nothing was read, as exactly as it is known."""
    if head and head.why:
        return head
    why = joined.whys[0] if joined.whys else composing.WHY_PERIODIC if joined.periodic else composing.WHY_NOT_FOUND
    return Reading(Kind.UNKNOWN, why=why)

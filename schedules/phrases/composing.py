"""From pairs of period and dates to readings, within the years that the phrase names.

Numbers in brackets are the conventions of the deadline phrases' README."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from schedules.office_model import ONCE, PERIODIC, Kind
from schedules.phrases.joining import Joined, Pair, When
from schedules.phrases.making import WHY_ALWAYS
from schedules.phrases.pieces import Label, Span, Spot
from schedules.phrases.readings import Reading, Rule
from schedules.phrases.repeating import WHY_NO_FIRST, Frame, by_default, in_period, on_dates, periodic, starting
from schedules.phrases.settling import WHY_WINDOW, flagged, once, opening, settled, spots_of
from schedules.recurrence import LENGTH, WEEKDAYS, day_in_month, month_number

WHY_NO_YEAR = "Câu không ghi năm: có thể một lần, có thể hằng năm; hiểu là hằng năm vì là báo cáo."
WHY_NEXT_YEAR = "Câu nói đến năm sau mà không ghi năm: có thể một lần, có thể hằng năm; hiểu là một lần."
WHY_LONG = "Câu quá dài, phần sau không được đọc."
WHY_ONWARDS = "Câu còn nói đến các năm tiếp theo, không nêu hạn của những năm đó."
WHY_NOT_FOUND = "Không thấy thời hạn nào trong câu."
WHY_EMPTY = "Ô thời gian để trống."
WHY_PERIODIC = "Câu chỉ nói “định kỳ”, không nói bao lâu một lần."
WHY_DAY_ALONE = "Câu chỉ có ngày, không có tháng."
WHY_AFTER = "Câu chỉ nói bắt đầu sau ngày nào, không nói hạn cuối."
WHY_NOUN_YEAR = "Năm trong câu có thể chỉ thuộc tên văn bản hoặc nội dung, không phải thời hạn."
WHY_CONTINUOUS_SPAN = "Câu vừa nói thường xuyên vừa nêu khoảng thời gian; hiểu là hết khoảng đó."
WHY_WEEKDAY = "Câu nói thứ trong tuần nhưng không nói hằng tuần."

_MONTHS_OF_WINDOW = {
    1: Kind.MONTHLY, 3: Kind.QUARTERLY, 6: Kind.HALF_YEARLY, 9: Kind.NINE_MONTHLY, 12: Kind.YEARLY,
}  # fmt: skip


def compose(joined: Joined, year: int) -> list[Reading]:
    """Every reading of the phrase, in its order; the head is chosen by :func:`schedules.phrases.read_deadline`."""
    _use_the_only_year(joined)
    frame = _frame(joined.bounds, year)
    made = [reading for pair in joined.pairs for reading in _of_pair(pair, joined, year, frame)]
    made += _of_weekdays(joined, year, frame, bool(made))
    made = [replace(reading, time=joined.time) if _is_at(reading, made, joined) else reading for reading in made]
    if not any(reading.kind in PERIODIC for reading in made):
        made += _of_bounds(joined, year, bool(made))
    if joined.onwards:
        made = [
            flagged(each, "open_end", WHY_ONWARDS) if each.kind in ONCE and each.first_due else each for each in made
        ]
    undated = [Reading(each.kind, offset=each.offset, why=each.why) for each in joined.undated]
    plain = {reading.kind: reading for reading in reversed(undated) if reading.offset is None}
    for doubt in joined.doubts:
        made = [flagged(each, "ambiguous", doubt) if each.first_due else each for each in made]
    return _with_windows(made) + [each for each in undated if each.offset or plain[each.kind] is each]


def _is_at(reading: Reading, made: list[Reading], joined: Joined) -> bool:
    """Whether the clock time of the phrase is meant for this date: beside a weekday it is the weekday's."""
    if joined.time is None or reading.first_due is None:
        return False
    weekly = any(each.kind == Kind.WEEKLY for each in made)
    return reading.kind == Kind.WEEKLY if weekly else not joined.weekdays or reading.kind not in PERIODIC


# ---- The years around the dates ----


def _use_the_only_year(joined: Joined) -> None:
    """ "Trước ngày 30/11 trong năm 2026", "Năm 2026: quý I, quý III": the year is that of the dates."""
    years = [when for when in joined.bounds if isinstance(when, Spot) and when.grain == "year" and when.year]
    spots = [spot for pair in joined.pairs for when in pair.whens for spot in spots_of(when)]
    lacking = [
        spot for spot in spots if spot.year is None and spot.every is None and not spot.turn and spot.names_month
    ]
    if len(years) != 1 or not lacking or years[0].before or years[0].after or years[0].since or years[0].upto:
        return
    for spot in lacking:
        spot.year = years[0].year
    joined.bounds.remove(years[0])


def _frame(bounds: list[When], year: int) -> Frame:
    """The days that the bounds set. A stretch of months needs no year; it is then the plan's."""
    start = until = None
    for when in bounds:
        first, last = (when.first or when.last, when.last) if isinstance(when, Span) else (when, when)
        months = last.grain in {"day", "month", "quarter"} and not (last.after or last.open_end)
        if last.noun_before or (last.year is None and not months):
            continue
        if isinstance(when, Span) or (not last.upto and not last.before):
            start = opening(first, last.year or year).date
        if not first.since or isinstance(when, Span) or last.grain == "years":
            until = None if last.open_end else settled(last, year).date
        if start and until and start > until:  # "từ tháng 11 đến tháng 3/2027"
            start = day_in_month(month_number(start) - 12, start.day)
    return Frame(start, until)


def _for_years(label: Label, frame: Frame) -> Frame:
    """ "Năm 2026 và hằng năm" begins in 2026, and does not end with it."""
    one_year = frame.start and frame.until and frame.start.year == frame.until.year
    return replace(frame, until=None) if one_year and label.kind == Kind.YEARLY else frame


def _of_bounds(joined: Joined, year: int, in_company: bool) -> list[Reading]:
    """A year alone [4], a period of years [5], a beginning without an end."""
    always = any(each.why == WHY_ALWAYS for each in joined.undated)
    made = []
    for when in joined.bounds:
        last = when.last if isinstance(when, Span) else when
        if in_company and (last.noun_before or last.since or last.after):
            continue
        if last.noun_before and any(each.kind != Kind.UNKNOWN for each in joined.undated):
            continue  # "sau khi Luật Cán bộ, công chức năm 2025 có hiệu lực"
        if always and last.year is None and not last.turn:
            continue  # "thường xuyên trong năm": the year is no deadline
        reading = _of_bound(when, year)
        if always and reading.first_due:
            reading = flagged(reading, "ambiguous", WHY_CONTINUOUS_SPAN)
        if last.noun_before:
            reading = flagged(reading, "ambiguous", WHY_NOUN_YEAR)
        made.append(reading)
    return made


def _of_bound(when: When, year: int) -> Reading:
    if isinstance(when, Spot) and when.after:
        start = settled(when, year).date + dt.timedelta(days=1)
        return Reading(Kind.UNKNOWN, start=start, open_end=True, flags=("open_end",), why=WHY_AFTER)
    if isinstance(when, Spot) and (when.open_end or (when.since and when.grain != "years")):
        kind = Kind.MULTI_YEAR if when.grain in {"year", "years"} else Kind.CONTINUOUS
        start = opening(when, when.year or year).date
        why = "" if kind == Kind.MULTI_YEAR else WHY_ALWAYS
        return Reading(kind, start=start, open_end=True, flags=("open_end",), why=why)
    return once(when, year)


# ---- Pairs of period and dates ----


def _of_pair(pair: Pair, joined: Joined, year: int, frame: Frame) -> list[Reading]:
    label, whens = pair.label, pair.whens
    if label is None:
        return _without_label(whens, joined, year, frame)
    frame = _for_years(label, frame)
    if not whens:
        return by_default(label, joined, year, frame)
    if label.kind == Kind.WEEKLY and not pair.starting:
        return _without_label(whens, joined, year, frame) + by_default(label, joined, year, frame)
    ends = [spots_of(when)[-1] for when in whens]
    if pair.starting or (label.explicit and ends[0].year):
        return [starting(label, whens[0], year)]
    if ends[0].year or label.kind is None:
        made = [once(when, year) for when in whens]
        return made if label.kind else [flagged(reading, "ambiguous", WHY_NO_FIRST) for reading in made]
    if isinstance(whens[0], Span) and whens[0].data_window:
        return [_window(whens[0], label.kind, year)]
    if ends[0].names_month:
        return on_dates(label.kind, ends, year, frame)
    return [in_period(label.kind, end, year, frame) for end in ends]


def _without_label(whens: list[When], joined: Joined, year: int, frame: Frame) -> list[Reading]:
    windows = [when for when in whens if isinstance(when, Span) and when.data_window]
    if windows:
        sent = [when for when in whens if when not in windows]
        closed = [_window(when, None, year) for when in windows]
        return closed + (_without_label(sent, joined, year, frame) if sent else [])
    ends = [spots_of(when)[-1] for when in whens]
    made: list[Reading] = []
    into_next_year = [when.last for when in whens if isinstance(when, Span) and _ends_next_year(when)]
    yearly = [end for end in ends if end.names_month and end.year is None and (end.every == Kind.YEARLY or end.turn)]
    yearly = [end for end in yearly if end not in into_next_year]
    if yearly:
        made += on_dates(Kind.YEARLY, yearly, year, frame)
    bare = [when for when, end in zip(whens, ends, strict=True) if end.every is None and end not in yearly]
    days = [when for when in bare if isinstance(when, Spot) and when.grain == "day" and when.year is None]
    days = [day for day in days if not day.this_year]
    if joined.reports and days and all(day.names_month and not day.loose for day in days):
        repeated = on_dates(Kind.YEARLY, [spots_of(day)[-1] for day in days], year, frame)
        made += [flagged(flagged(each, "inferred_year"), "ambiguous", WHY_NO_YEAR) for each in repeated]
        bare = [when for when in bare if when not in days]
    for when, end in zip(whens, ends, strict=True):
        if end.every is not None and not end.names_month:
            made.append(in_period(end.every, end, year, frame))
        elif when in bare:
            alone = not end.names_month
            reading = Reading(Kind.UNKNOWN, why=WHY_DAY_ALONE) if alone else once(when, year)
            said = end not in into_next_year or (isinstance(when, Span) and when.first and when.first.this_year)
            made.append(reading if said else flagged(reading, "ambiguous", WHY_NEXT_YEAR))
    return made


def _ends_next_year(when: Span) -> bool:
    """ "từ tháng 9 (năm nay) đến tháng 3 năm sau": once, if nothing says that it comes back."""
    first = when.first
    return first is not None and when.last.turn > 0 and not (first.every or first.turn or when.last.every)


def _of_weekdays(joined: Joined, year: int, frame: Frame, in_company: bool) -> list[Reading]:
    weekly = any(pair.label and pair.label.kind == Kind.WEEKLY for pair in joined.pairs)
    weekly = weekly or any(weekday.weekly for weekday in joined.weekdays)
    if in_company and not weekly:
        return []  # "thứ Sáu, ngày 20/3/2026"
    made = []
    for weekday in joined.weekdays:
        reading = periodic(Kind.WEEKLY, Rule(weekday=WEEKDAYS[weekday.number]), year, frame)
        if weekday.before:
            reading = flagged(replace(reading, before=True), "strict_reading")
        made.append(reading if weekly else flagged(reading, "ambiguous", WHY_WEEKDAY))
    return made


# ---- Data windows [12] ----


def _window(when: Span, kind: Kind | None, year: int) -> Reading:
    """ "từ ngày 15/12 năm trước đến ngày 14/6": the figures close then; it is not the day to send them."""
    first, last = when.first or when.last, when.last
    if not last.names_month:
        kind = kind or last.every or Kind.MONTHLY
        reading = in_period(kind, last, year, Frame())
        opens = None
        if reading.first_due:
            closing = reading.first_due
            opens = day_in_month(month_number(closing) - LENGTH[kind], first.day or 1)
    else:
        closing = settled(last, year).date
        opens = opening(first, year).date
        if opens > closing:
            opens = day_in_month(month_number(opens) - 12, opens.day)
        months = round((closing - opens).days / 30.4)
        kind = kind or _MONTHS_OF_WINDOW.get(months)
        if last.year or kind is None:
            reading = Reading(Kind.RANGE, closing, start=opens)
        else:
            reading = on_dates(kind, [last], year, Frame())[0]
    window = (opens, reading.first_due) if opens and reading.first_due else None
    return flagged(replace(reading, window=window), "data_window", WHY_WINDOW)


def _with_windows(made: list[Reading]) -> list[Reading]:
    """A date to send by, with its data window beside it."""
    windows = [reading for reading in made if "data_window" in reading.flags]
    sent = [reading for reading in made if "data_window" not in reading.flags and reading.first_due]
    if not windows or not sent or all("default_anchor" in reading.flags for reading in sent):
        return made
    return [replace(reading, window=windows[0].window) for reading in made if reading not in windows]

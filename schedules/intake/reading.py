"""A deadline's words read, and what a person has to decide about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from schedules.intake.findings import Duty
from schedules.intake.wording import fold, shorten
from schedules.phrases import Deadline, Flag, Reading, read_deadline

# Readings with one of these are guesses: whoever is reminded of them may be reminded on a wrong day.
DOUBTFUL: frozenset[Flag] = frozenset({"ambiguous", "impossible_date", "data_window"})
DOUBT = 0.2  # of the confidence
_NO_DATE = ("unknown", "on_demand", "continuous")  # nobody is reminded of these before a person has given a date


def reads(words: str, year: int) -> Deadline:
    """The reading of a deadline's words, as :func:`schedules.phrases.read_deadline` gives it."""
    return read_deadline(words, year)


def review_of(words: str, deadline: Deadline) -> Iterator[str]:
    """What to decide where the words give no date, or none that is sure."""
    kind = str(deadline.head.kind)
    folded = fold(words)
    if not words:
        yield "Không nêu thời hạn; hãy chọn ngày hoặc kỳ."
    elif is_doubtful(deadline.head):
        yield from doubts_of(words, deadline.head)
    elif kind == "unknown" and "định kỳ" in folded:
        yield 'Có "định kỳ" nhưng không nêu kỳ; hãy chọn tháng, quý, 6 tháng hoặc năm.'
    elif kind == "unknown":
        yield f'Chỉ ghi "{words}", không có ngày; hãy chọn ngày hoặc kỳ.'
    elif kind == "on_demand":
        yield f'Hạn phụ thuộc "{words}"; hãy nhập ngày khi biết.'


def is_doubtful(reading: Reading) -> bool:
    """Whether the reading says when, and a person has to confirm it: a guess, or a period without any day."""
    unsure = reading.first_due is None or not DOUBTFUL.isdisjoint(reading.flags)
    return str(reading.kind) not in _NO_DATE and unsure


def doubts_of(words: str, reading: Reading) -> Iterator[str]:
    """Why the date of a reading is not sure, and what to decide."""
    printed = shorten(" ".join(words.split()), 80)
    if not is_doubtful(reading):
        return
    due = f", tạm đọc là {reading.first_due:%d/%m/%Y}" if reading.first_due else ""
    if "data_window" in reading.flags:
        yield f'"{printed}" là kỳ số liệu, không phải hạn gửi; hãy chọn ngày gửi.'
        return
    if "impossible_date" in reading.flags:
        yield f'Ngày ghi trong "{printed}" không có trong lịch{due}; hãy chọn lại ngày.'
    if "ambiguous" in reading.flags:
        why = f" {reading.why}" if reading.why else ""
        yield f'"{printed}" có thể hiểu khác{due}; hãy xác nhận hoặc chọn lại.{why}'
    elif reading.first_due is None and "impossible_date" not in reading.flags:
        why = f" {reading.why}" if reading.why else ""
        yield f'"{printed}" chưa cho biết ngày nào; hãy chọn ngày của kỳ đầu.{why}'


def with_choices(duty: Duty) -> Iterator[Duty]:
    """One duty for every reading its words carry: "quý (trước ngày 15), năm (trước ngày 5/12)" are two."""
    head = duty.deadline.head
    yield replace(duty, confidence=duty.confidence - DOUBT) if is_doubtful(head) else duty
    own = set(doubts_of(duty.deadline_text, head))
    plain = tuple(text for text in duty.needs_review if text not in own)
    seen = {(str(head.kind), head.first_due)}
    for number, reading in enumerate(duty.deadline.also, start=1):
        kind = str(reading.kind)
        if kind in _NO_DATE or (kind, reading.first_due) in seen:
            continue
        if "data_window" in reading.flags:
            continue  # when the figures are taken, beside the day on which they are sent
        seen.add((kind, reading.first_due))
        doubts = tuple(doubts_of(duty.deadline_text, reading))
        confidence = duty.confidence - (DOUBT if doubts else 0.0)
        yield replace(duty, choice=number, needs_review=(*plain, *doubts), confidence=confidence)

"""A deadline's words read, and what a person has to decide about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from schedules.intake.findings import Duty
from schedules.intake.wording import fold
from schedules.phrases import Deadline, read_deadline


def reads(words: str, year: int) -> Deadline:
    """The reading of a deadline's words, as :func:`schedules.phrases.read_deadline` gives it."""
    return read_deadline(words, year)


def review_of(words: str, deadline: Deadline) -> Iterator[str]:
    """What to decide where the words give no date."""
    kind = str(deadline.head.kind)
    folded = fold(words)
    if not words:
        yield "Không nêu thời hạn; hãy chọn ngày hoặc kỳ."
    elif kind == "unknown" and "định kỳ" in folded:
        yield 'Có "định kỳ" nhưng không nêu kỳ; hãy chọn tháng, quý, 6 tháng hoặc năm.'
    elif kind == "unknown":
        yield f'Chỉ ghi "{words}", không có ngày; hãy chọn ngày hoặc kỳ.'
    elif kind == "on_demand":
        yield f'Hạn phụ thuộc "{words}"; hãy nhập ngày khi biết.'


def with_choices(duty: Duty) -> Iterator[Duty]:
    """One duty for every reading its words carry: "quý (trước ngày 15), năm (trước ngày 5/12)" are two."""
    yield duty
    seen = {(str(duty.deadline.head.kind), duty.deadline.head.first_due)}
    for number, reading in enumerate(duty.deadline.also, start=1):
        kind = str(reading.kind)
        if kind in ("unknown", "on_demand", "continuous") or (kind, reading.first_due) in seen:
            continue
        seen.add((kind, reading.first_due))
        yield replace(duty, choice=number)

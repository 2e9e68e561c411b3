"""What the note beside a task says about its deadline: "Gửi trước ngày 10 tháng cuối quý" beside "Hằng quý"."""

from __future__ import annotations

import re

from schedules.intake.columns import looks_like_time
from schedules.intake.reading import reads
from schedules.intake.spans import best_span, schedules_in
from schedules.intake.wording import fold, shorten
from schedules.phrases import Deadline, Reading

_DEMANDS = re.compile(r"\b(?:trước|chậm nhất|muộn nhất|trễ nhất|hoàn thành|xong|gửi|nộp|trình|hạn|báo cáo)\b")
_NO_DEADLINE = re.compile(r"\b(?:đã|kỷ niệm|chào mừng|hưởng ứng)\b")  # done, or a day that is kept
_DAY = re.compile(r"ngày\s+0?(\d{1,2})$")
_NOT_FOR_A_PERIOD = {"impossible_date", "data_window"}


def with_note(words: str, note: str, year: int) -> tuple[str, str | None]:
    """The words of a deadline with what a note adds to them, and what a person has to confirm; None where it says none.

    "Hằng quý" and "Gửi trước ngày 10 tháng cuối quý" are one deadline; a note's date that is of another kind only asks.
    """
    said = _deadline_in(note)
    if not said:
        return words, None
    printed = shorten(" ".join(note.split()), 80)
    if not words:
        known = reads(said, year).head.first_due is not None
        asked = f'Ô thời gian để trống; thời hạn đọc trong cột ghi chú ("{printed}"), hãy xác nhận.'
        return (said, asked) if known else ("", None)
    own = reads(words, year)
    whole = f"{words} ({said[0].lower()}{said[1:]})"
    if "default_anchor" in own.head.flags and _goes_with(own.head, reads(said, year).head, reads(whole, year).head):
        return whole, f'Ngày của kỳ đọc trong cột ghi chú ("{printed}"); hãy xác nhận.'
    if _is_another(own, said, year) and _DEMANDS.search(fold(note)):
        other = " khác" if own.head.first_due else ""
        return words, f'Cột ghi chú nêu thời hạn{other} ("{printed}"); hãy xem và chọn ngày.'
    return words, None


def _deadline_in(note: str) -> str:
    """The words of a note that say by when; "" where it says none, or tells what is no deadline."""
    text = " ".join(note.split())
    span = best_span(schedules_in(text))
    if span is None or not span.dated or _NO_DEADLINE.search(fold(text)):
        return ""
    if looks_like_time(text):
        return text.rstrip(" .;")
    return span.text if _DEMANDS.search(fold(text)) else ""


def _goes_with(period: Reading, said: Reading, whole: Reading) -> bool:
    """Whether a note gives the day of a period: it names the same period, or only a day and a month without a year."""
    same = str(said.kind) in (str(period.kind), "unknown") or "inferred_year" in said.flags
    told = whole.first_due not in (None, period.first_due) and _NOT_FOR_A_PERIOD.isdisjoint(whole.flags)
    return same and told and whole.kind == period.kind


def _is_another(own: Deadline, said: str, year: int) -> bool:
    """Whether the day a note gives is none of those that the time cell says."""
    due = {reading.first_due for reading in (own.head, *own.also)} - {None}
    told = reads(said, year).head.first_due
    if told is not None:
        return told not in due
    day = _DAY.search(fold(said))
    return day is not None and int(day.group(1)) not in {date.day for date in due if date}

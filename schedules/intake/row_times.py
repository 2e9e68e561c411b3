"""When a row of a task table is due: its time cell where that holds a time, else its task or its note."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from schedules.intake.columns import Column, looks_like_product, looks_like_time, looks_like_unit
from schedules.intake.notes import with_note
from schedules.intake.reading import reads, review_of
from schedules.intake.spans import best_span, schedules_in
from schedules.intake.task_rows import Cells
from schedules.intake.wording import fold, shorten
from schedules.phrases import Deadline

_DONE = re.compile(
    r"(?<!khi )(?<!sau )\bđã (?:hoàn thành|thực hiện|triển khai|ban hành|báo cáo|gửi|nộp|làm|xong)(?: xong)?"
)


@dataclass(slots=True)
class When:
    """When a row is due: the words that say so, their reading, and what a person has to check."""

    words: str
    deadline: Deadline
    flags: list[str]
    review: list[str]


def when_of(cells: Cells, columns: dict[Column, int], year: int) -> When:
    """The deadline of a row, and what its note says of it."""
    time, flags, review = _believed_time(cells, year)
    found = None if cells.time else _time_in_task(cells.task)
    if found:
        review.append("Thời hạn đọc trong cột nội dung, ô thời gian để trống; hãy xác nhận.")
        return When(found, reads(found, year), flags, review)
    if "shifted_cell" in flags:
        return When(cells.time, reads("", year), flags, review)
    words, asked = with_note(cells.time, cells.note, year)
    read = reads(_in_lines(cells.time) if words == cells.time else words, year)
    deadline = replace(read, phrase=time if words == cells.time else words)
    deadline = _as_stretch(deadline) if cells.stretch else deadline
    return When(words, deadline, flags, [*_time_review(cells, words, deadline, columns), *([asked] if asked else [])])


def _believed_time(cells: Cells, year: int) -> tuple[str, list[str], list[str]]:
    """The time cell, or nothing where it is plainly not one; with flags and what to check."""
    text = " ".join(cells.time.split())
    swapped = []
    if cells.product and looks_like_time(cells.product):
        swapped = [f'Ô sản phẩm ghi "{shorten(cells.product, 60)}", có thể là thời hạn; hãy chọn ngày.']
    if not text:
        return "", ["shifted_cell"] if swapped else [], swapped
    if looks_like_time(text) or schedules_in(text):
        return text, [], []
    if not looks_like_product(text) and str(reads(text, year).head.kind) != "unknown":
        return text, [], []
    if looks_like_unit(text):
        return "", ["shifted_cell"], [f'Ô thời gian ghi tên đơn vị ("{shorten(text, 60)}"), không có thời hạn.']
    if re.search(r"theo|khi|sau|trước|ngay|liên tục|quy định|cả năm|trong", fold(text)) and not looks_like_product(
        text
    ):
        return text, [], []
    said = f'Ô thời gian ghi "{shorten(text, 60)}", không phải thời hạn; hãy chọn ngày hoặc kỳ.'
    return "", ["shifted_cell"], [said, *swapped]


def _in_lines(cell: str) -> str:
    """The cell on one line, but for the lines of a list: their dashes are no "from … to …"."""
    return "\n".join(" ".join(line.split()) for line in re.split(r"\n(?=\s*[-–+]\s)", cell)).strip()


def _time_review(cells: Cells, words: str, deadline: Deadline, columns: dict[Column, int]) -> Iterator[str]:
    done = _DONE.search(fold(words))
    if done:
        yield f'Ô thời gian ghi "{done.group()}"; hãy xác nhận việc này còn phải theo dõi hay không.'
    if not words and "time" in columns:
        yield "Ô thời gian để trống; hãy ấn định ngày hoặc kỳ."
        return
    yield from review_of(words, deadline)
    if cells.product and looks_like_time(cells.product) and not looks_like_product(cells.product):
        yield f'Ô sản phẩm ghi "{shorten(cells.product, 60)}", có thể là một thời hạn khác.'


def _time_in_task(task: str) -> str | None:
    """A date or a period in the words of the task, for a row whose time cell is empty."""
    span = best_span(schedules_in(" ".join(task.split())))
    return span.text if span and (span.dated or "recurring" in span.sorts) else None


def _as_stretch(deadline: Deadline) -> Deadline:
    """ "Từ ngày" 15/01, "đến ngày" 14/12: two columns that say so are no data window, whatever days they are."""
    flags = tuple(flag for flag in deadline.head.flags if flag != "data_window")
    if flags == deadline.head.flags:
        return deadline
    return replace(deadline, head=replace(deadline.head, flags=flags, why=""))

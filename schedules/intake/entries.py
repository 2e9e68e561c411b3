"""Tasks that are told line by line, as a table would tell them:

    1. Ban hành Kế hoạch kiểm tra
    - Đơn vị chủ trì: Phòng Văn hóa - Xã hội.
    - Thời gian hoàn thành: trước ngày 15/3/2026.

or in one paragraph, each label after a full stop. Both become rows of a table that was never drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from schedules.intake.blocks import Row, Table
from schedules.intake.columns import Column, column_named
from schedules.intake.outline import Item
from schedules.intake.wording import fold

HEADER = ("Nội dung", "Cơ quan chủ trì", "Cơ quan phối hợp", "Thời gian", "Sản phẩm")
_ORDER: tuple[Column, ...] = ("task", "lead", "support", "time", "product")
LONGEST_LABEL = 45
_LABEL = (
    r"(?:(?:cơ quan|đơn vị|bộ phận|phòng)(?:, (?:cơ quan|đơn vị))?\s+(?:chủ trì|thực hiện|phối hợp|tham mưu"
    r"|chịu trách nhiệm)[^:.;,]{0,25}"
    r"|chủ trì(?: thực hiện)?|phối hợp(?: thực hiện)?|thực hiện|phụ trách|phân công|hoàn thành|hạn(?: \w+){0,2}"
    r"|thời gian(?: thực hiện| hoàn thành| triển khai| dự kiến)?[^:.;,]{0,20}|thời hạn[^:.;,]{0,20}|tiến"
    r" độ[^:.;,]{0,20}"
    r"|(?:sản phẩm|kết quả)(?: đầu ra| thực hiện| dự kiến)?[^:.;,]{0,15}|(?:nội dung )?nhiệm vụ|nội dung(?:"
    r" thực hiện| công việc)?)"
)
_STARTS = re.compile(rf"^({_LABEL})\s*:\s*", re.IGNORECASE)
_INSIDE = re.compile(rf"(?:^|[.;(]\s*|\s[-–+]\s*|,\s+(?=thời|đơn vị|cơ quan|sản phẩm))({_LABEL})\s*:\s*", re.IGNORECASE)
_ONLY_A_LABEL = re.compile(r"^(?:cơ quan|đơn vị|phân công)(?: (?:thực hiện|chủ trì, phối hợp))?\s*:?$")


@dataclass(slots=True)
class _Entry:
    """A task that is being told. ``place`` is the path of headings under which its lines stand."""

    where: str
    line: int
    place: tuple[int, ...]
    cells: dict[Column, list[str]] = field(default_factory=dict)

    def takes(self, place: tuple[int, ...], columns: set[Column], *, after_text: bool) -> bool:
        """Whether a labelled line goes on with this task: same place, nothing told twice, no new text between."""
        told = set(self.cells) - {"task"}
        return self.place == place and not columns & set(self.cells) and not (after_text and told)


def entries(items: Sequence[Item]) -> tuple[list[tuple[str, Table]], list[Item]]:
    """Every such task as (where, a table of one row), and the paragraphs that are none of them."""
    found: list[_Entry] = []
    used: set[int] = set()
    text_above: list[int] = []  # paragraphs of this place since its last label: one of them is the task
    for index, item in enumerate(items):
        place = _place(item)
        parts = _labelled(item.text)
        if parts is None and not _ONLY_A_LABEL.match(fold(item.text.strip(" .:"))):
            same = bool(text_above) and _place(items[text_above[-1]]) == place
            text_above = [*text_above, index] if same else [index]
            continue
        before, labels = parts or ("", [])
        told = [(column, text) for column, text in labels if text]
        used.add(index)
        if not told:
            continue
        if text_above and _place(items[text_above[-1]]) != place:
            text_above = []
        columns = {column for column, _ in told}
        if before or not (found and found[-1].takes(place, columns, after_text=bool(text_above))):
            found.append(_Entry(item.where, item.line, place))
        entry = found[-1]
        if before:
            entry.cells["task"] = [before]
        elif "task" not in entry.cells and "task" not in columns:
            entry.cells["task"] = [_task_above(items, text_above, item)]
            used.update(text_above if len(text_above) == 1 else ())
        for column, text in told:
            entry.cells[column] = [text]
        text_above = []
    full = [entry for entry in found if entry.cells.get("task") and {"time", "lead"} & entry.cells.keys()]
    kept = [item for index, item in enumerate(items) if index not in used]
    return [(entry.where, _table(entry)) for entry in full], kept


def _place(item: Item) -> tuple[int, ...]:
    """The headings above, without those that are only labels: "b) Cơ quan thực hiện:"."""
    return tuple(heading.line for heading in item.headings if not _is_label(heading.text))


def _is_label(text: str) -> bool:
    return bool(_STARTS.match(text) or _ONLY_A_LABEL.match(fold(text.strip(" .:"))))


def _task_above(items: Sequence[Item], text_above: Sequence[int], item: Item) -> str:
    """The paragraph just above, else the heading."""
    if text_above:
        return items[text_above[0]].text
    return next((heading.text for heading in reversed(item.headings) if not _is_label(heading.text)), "").strip(" :")


def _labelled(text: str) -> tuple[str, list[tuple[Column, str]]] | None:
    """The words before the first label, and every label with its text."""
    matches = list(_INSIDE.finditer(text))
    if not matches or (not _STARTS.match(text) and len(matches) < 2):
        return None
    labels: list[tuple[Column, str]] = []
    for match, following in zip(matches, [*matches[1:], None], strict=True):
        column = column_named(match.group(1))
        end = following.start() if following else len(text)
        if column in _ORDER:
            labels.append((column, text[match.end() : end].strip(" .;,-()")))
    return text[: matches[0].start()].strip(" .;-"), labels


def _table(entry: _Entry) -> Table:
    cells = tuple("\n".join(text for text in entry.cells.get(column, ()) if text) for column in _ORDER)
    return Table(HEADER, (Row(cells, entry.line),), entry.line)

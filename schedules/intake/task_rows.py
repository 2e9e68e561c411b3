"""The rows of a task table by meaning: groups and headings taken off, ditto marks filled in, times put together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from schedules.intake.blocks import Row, Table
from schedules.intake.columns import Column, looks_like_time
from schedules.intake.period_heads import period_columns
from schedules.intake.reading import is_doubtful, reads
from schedules.intake.wording import fold
from schedules.office_model import PERIODIC

_SAME = re.compile(r"^(?:nt|như trên|-\s*nt\s*-|“|”|\"|''|//|〃|″)$", re.IGNORECASE)
_GROUP_NUMBER = re.compile(r"^\s*([IVX]{1,6}|[A-HĐ])\s*[.)]?\s*$")
_GROUP_LABEL = re.compile(r"^\s*((?:[IVX]{1,6}|[A-HĐ]|\d{1,2})(?:\.\d{1,2})*)\s*[.):]")
_MAIN_NUMBER = re.compile(r"^(?:[IVX]{1,6}|\d{1,3}(?:\.\d{1,3})*)\s*[.)]?$")
_SUB_NUMBER = re.compile(r"^(?:[a-zđ]\s?[.)]?|[-+•*–])$")
_BLANK = re.compile(r"^(?!\s*//\s*$)[\s.…_/-]*$")
_MARK = re.compile(r"^[xX✓✔√×+●•v]{1,2}$")
_FROM_TO = re.compile(
    r"^[-+\s]*(?:(?:ngày |thời gian )?bắt đầu|khởi công|khởi đầu)(?: từ)?\s*:?\s*(.{4,40}?)[\s.;,–-]*"
    r"(?:(?:ngày |thời gian )?kết thúc|hoàn thành|hoàn tất)\s*:?\s*(.{4,40}?)[\s.]*$",
    re.IGNORECASE,
)
_ONLY_DAY = re.compile(r"ngày\s+\d{1,2}$")
_LABELLED = re.compile(r"^\s*(?!(?:từ|đến)\b)(?:[^\W\d]|0?[369] tháng)[^:\n]{0,24}:\s*\S", re.IGNORECASE)
LONGEST_PERIOD = 60


@dataclass(frozen=True, slots=True)
class Cells:
    """One row by meaning; columns the table does not have are empty.

    ``stretch``: ``time`` is put together of a day on which it begins and one on which it is due.
    """

    number: str
    task: str
    lead: str
    support: str
    time: str
    product: str
    person: str
    note: str = ""
    stretch: bool = False


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task as its row tells it, and the text of the group or heading it stands under."""

    row: Row
    cells: Cells
    group: str | None


def is_same(text: str) -> bool:
    """Whether a cell only says that it is as the one above: "nt", "như trên"."""
    return bool(_SAME.match(text))


def label_of(group: str | None) -> str:
    """The number of a group: "II" of "II. Cải cách thủ tục hành chính"."""
    match = _GROUP_LABEL.match(group or "")
    return match.group(1) if match else ""


def name_of(group: str | None) -> str | None:
    """A group's text without its number."""
    match = _GROUP_LABEL.match(group or "")
    return (group[match.end() :].strip() if match else group) if group else None


def task_rows(table: Table, columns: dict[Column, int], year: int) -> list[TaskRow]:
    """Every task of a table, in order."""
    marks = period_columns(table.header)
    found: list[TaskRow] = []
    above: Cells | None = None
    group: str | None = None
    for row in table.rows:
        cells = _cells(row, columns, year)
        cells = replace(cells, time=cells.time or _marked(row, marks))
        if _is_group(cells):
            group = f"{cells.number.strip(' .)')}. {cells.task}" if cells.number else cells.task
            continue
        if not cells.task and not cells.product:
            continue
        cells = _same_as_above(cells, above)
        if not cells.task and above:
            cells = replace(cells, task=f"{above.task}: {cells.product}", number=cells.number or above.number)
        else:
            above = cells
        found.append(TaskRow(row, cells, row.group or group))
    return list(_under_headings(found, columns))


def _cells(row: Row, columns: dict[Column, int], year: int) -> Cells:
    def cell(column: Column) -> str:
        text = _raw(row, columns.get(column))
        return "" if _BLANK.match(text) else text

    time, stretch = _from_to(cell("start"), cell("time"), year)
    if not stretch:
        time = _with_period(cell("period"), _listed(_beginning_and_end(time)), year)
    note = "" if columns.get("note") == columns.get("time") else cell("note")
    number, task, lead, support = cell("number"), cell("task"), cell("lead"), cell("support")
    return Cells(number, task, lead, support, time, cell("product"), cell("person"), note, stretch)


def _from_to(start: str, end: str, year: int) -> tuple[str, bool]:
    """What "Bắt đầu | Hoàn thành" say together, and whether that is a stretch of time: two days.

    Where one of them is no day, the one that says when it is due: "Ngay sau khi ban hành | 31/3/2026" is 31/3/2026,
    "Thường xuyên | (blank)" is Thường xuyên. A day on which work begins is no deadline.
    """
    if not start or start == end:
        return end, False
    if end and reads(start, year).head.kind in PERIODIC:
        return f"{start}, đến {end}", False
    begins = looks_like_time(start) and _is_day(start, year)
    if begins and looks_like_time(end) and _is_day(end, year):
        return f"từ {start} đến {end}", True
    said = not begins and str(reads(start, year).head.kind) != "unknown"
    return end or (start if said else ""), False


def _is_day(text: str, year: int) -> bool:
    """Whether it says one day, month or quarter, and nothing that comes again."""
    head = reads(text, year).head
    return head.first_due is not None and head.kind not in PERIODIC


def _raw(row: Row, place: int | None) -> str:
    return row.cells[place].strip() if place is not None and place < len(row.cells) else ""


def _beginning_and_end(time: str) -> str:
    """ "Bắt đầu: 01/3/2026 | Kết thúc: 30/9/2026" in one cell is one stretch of time."""
    match = _FROM_TO.match(" ".join(time.split()))
    if match and looks_like_time(match.group(1)) and looks_like_time(match.group(2)):
        return f"từ {match.group(1)} đến {match.group(2)}"
    return time


def _listed(time: str) -> str:
    """Lines that each have a label of their own are a list: "Quý I: 10/3", "Quý II: 10/6", "Năm: 30/11"."""
    lines = [line for line in time.split("\n") if line.strip()]
    if len(lines) < 2 or not all(_LABELLED.match(line) for line in lines):
        return time
    return "; ".join(" ".join(line.split()).rstrip(" ;,.") for line in lines)


def _with_period(period: str, time: str, year: int) -> str:
    """A period ("Quý") and the day in it ("trước ngày 17 tháng cuối quý"), which stand in columns of their own."""
    if not period or not time or len(period) > LONGEST_PERIOD:
        return time or period
    if reads(period, year).head.kind not in PERIODIC:
        return time
    day = " và ".join(part.strip() for part in re.split(r";|\n", time) if part.strip())
    whole = f"{' '.join(period.split())} ({day})"
    head = reads(whole, year).head
    sure = head.kind in PERIODIC and head.first_due is not None and not is_doubtful(head)
    return whole if sure and "default_anchor" not in head.flags else time


def _marked(row: Row, marks: dict[int, str]) -> str:
    """The time that marks and dates under quarters or months tell: "quý II; 20/9"; marks in all of them, "hằng quý"."""
    told = {place: row.cells[place].strip() for place in marks if place < len(row.cells)}
    marked = [place for place, text in told.items() if _MARK.match(text)]
    if len(marked) == len(marks) in (4, 12):
        return "hằng quý" if len(marks) == 4 else "hằng tháng"
    dated = {place: _in_month(text, marks[place]) for place, text in told.items() if looks_like_time(text)}
    times = [dated.get(place, marks[place]) for place in told if place in dated or place in marked]
    return ("; " if dated else ", ").join(times)


def _in_month(text: str, period: str) -> str:
    """ "Trước ngày 20" under "Tháng 9" is a day of that month."""
    return f"{text} {period}" if _ONLY_DAY.search(fold(text)) and period.startswith("tháng") else text


def _is_group(cells: Cells) -> bool:
    """A row that only heads others: nothing but a number and a name."""
    if cells.lead or cells.support or cells.time or cells.product or cells.person or not cells.task:
        return False
    return not cells.number or bool(_GROUP_NUMBER.match(cells.number)) or cells.task.isupper()


def _same_as_above(cells: Cells, above: Cells | None) -> Cells:
    """Ditto marks filled in: "nt", "như trên"."""
    if above is None:
        return cells
    lead = above.lead if is_same(cells.lead) else cells.lead
    support = above.support if is_same(cells.support) else cells.support
    time = above.time if is_same(cells.time) else cells.time
    person = above.person if is_same(cells.person) else cells.person
    return replace(cells, lead=lead, support=support, time=time, person=person)


# ---- headings with a lead --------------------------------------------------------------------------------------------


def _under_headings(rows: Sequence[TaskRow], columns: dict[Column, int]) -> Iterator[TaskRow]:
    """Rows "a", "-" or "2.1" take who has to do them from the row "2" above them where they do not say.

    A row above that says nothing else, no time and no product, is their heading and no task.
    """
    parent: TaskRow | None = None
    for at, task in enumerate(rows):
        if parent is not None and _is_sub(task, parent, columns):
            yield _inheriting(task, parent)
            continue
        below = rows[at + 1] if at + 1 < len(rows) else None
        numbered = bool(_MAIN_NUMBER.match(task.cells.number)) and bool(task.cells.lead or task.cells.person)
        parent = task if numbered and below is not None and _is_sub(below, task, columns) else None
        if (
            parent is None
            or not _only_heads(task.cells)
            or below is None
            or not (below.cells.time or below.cells.product)
        ):
            yield task


def _is_sub(task: TaskRow, parent: TaskRow, columns: dict[Column, int]) -> bool:
    number, above = _raw(task.row, columns.get("number")), parent.cells.number.strip(" .)")
    if _SUB_NUMBER.match(number) or number.startswith(f"{above}."):
        return True
    return not number and "number" in columns and _only_heads(parent.cells)


def _only_heads(cells: Cells) -> bool:
    return not cells.time and not cells.product


def _inheriting(task: TaskRow, parent: TaskRow) -> TaskRow:
    cells, above = task.cells, parent.cells
    label = ".".join(part for part in (label_of(parent.group), above.number.strip(" .)")) if part)
    group = f"{label}. {' '.join(above.task.split())}"
    if cells.lead or cells.person:
        return replace(task, group=group)
    support = cells.support or above.support
    return replace(task, cells=replace(cells, lead=above.lead, person=above.person, support=support), group=group)

"""Duties that stand in a table of tasks: a row each, and one more for every period hidden in its product.

No cell is believed only because of its column: a time cell that holds a product, a product cell that holds a date,
a lead cell without a unit are flagged, and the row waits for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from schedules.intake.blocks import Row, Table
from schedules.intake.columns import (
    Column,
    columns_of,
    looks_like_product,
    looks_like_time,
    looks_like_unit,
    period_columns,
    with_whole_header,
)
from schedules.intake.findings import Duty
from schedules.intake.reading import reads, review_of, with_choices
from schedules.intake.spans import best_span, schedules_in
from schedules.intake.titles import title_of
from schedules.intake.units import EACH, Units
from schedules.intake.wording import capital, fold, shorten
from schedules.phrases import Deadline

_SAME = re.compile(r"^(?:nt|như trên|-\s*nt\s*-|“|”|\"|''|//|〃|″)$", re.IGNORECASE)
_GROUP_NUMBER = re.compile(r"^\s*([IVX]{1,6}|[A-HĐ])\s*[.)]?\s*$")
_GROUP_LABEL = re.compile(r"^\s*([IVX]{1,6}|[A-HĐ]|\d{1,2}(?:\.\d{1,2})*)\s*[.):]")
_TWO_NUMBERS = re.compile(r"^\s*\d{1,3}\s*[.)]?\s*(?:\n|[;,]|\s)\s*\d{1,3}\s*[.)]?\s*$")
_NEW_ITEM = re.compile(r"\n\s*(?:\d{1,3})\s*[.)]\s+\S")
_ANNEX = re.compile(r"\b(phụ lục|biểu)\s*(?:số\s*)?([IVX]+|\d+)?", re.IGNORECASE)
_PERIOD = re.compile(
    r"(?:(?:định kỳ|hàng|hằng|mỗi)\s+)*(?P<period>tuần|tháng|quý(?:\s+(?:iv|i{1,3})(?!\w))?|0?6 tháng|sáu tháng"
    r"|0?9 tháng|chín tháng"
    r"|năm)(?![\w])(?!\s+(?:20)?\d)(?!\s+(?:nay|trước|sau|học|tài chính))",
)
_SPOKEN = {"tuần": "hằng tuần", "tháng": "hằng tháng", "quý": "hằng quý", "năm": "hằng năm"}
_BLANK = re.compile(r"^(?!\s*//\s*$)[\s.…_/-]*$")
_MARK = re.compile(r"^[xX✓✔√×+●•v]{1,2}$")
_OPEN_KINDS = ("unknown", "continuous", "range", "multi_year", "on_demand")


@dataclass(slots=True)
class TableResult:
    """The duties of the tables of a document, and how many task rows there were."""

    duties: list[Duty] = field(default_factory=list)
    rows: int = 0
    undated: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row by meaning; columns the table does not have are empty."""

    number: str
    task: str
    lead: str
    support: str
    time: str
    product: str
    person: str


def task_duties(tables: Sequence[Table], units: Units, year: int) -> TableResult:
    """Every duty of every table of tasks."""
    result = TableResult()
    for table in map(with_whole_header, tables):
        columns = columns_of(table)
        if not columns:
            continue
        name = _table_name(table)
        marks = period_columns(table.header)
        above: _Cells | None = None
        group: str | None = None
        for row in table.rows:
            cells = _cells(row, columns)
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
            made = list(_duties_of(row, cells, columns, row.group or group, name, units, year))
            result.duties += made
            result.rows += 1
            if not any(str(duty.deadline.head.kind) != "unknown" for duty in made[:1]):
                result.undated.append(made[0].where)
    return result


def entry_duties(told: Sequence[tuple[str, Table]], units: Units, year: int) -> Iterator[Duty]:
    """Every duty of tasks that are told line by line."""
    for where, table in told:
        for duty in task_duties([table], units, year).duties:
            suffix = " (cột sản phẩm)" if "period_in_product" in duty.flags else ""
            text = duty.source_text.replace(" | ", "; ")
            yield replace(duty, where=f"{where}{suffix}", source_text=text, confidence=duty.confidence - 0.1)


def lead_cells(tables: Sequence[Table]) -> Iterator[tuple[str, int]]:
    """Cells of lead columns that name a unit of a kind nobody knows: short, no period, no product."""
    for table in map(with_whole_header, tables):
        place = columns_of(table).get("lead")
        for row in table.rows if place is not None else ():
            text = row.cells[place] if place is not None and place < len(row.cells) else ""
            for part in re.split(r"\n|;|,", text):
                part = part.strip(" -.")  # noqa: PLW2901
                known = looks_like_unit(part) or looks_like_time(part) or looks_like_product(part) or EACH.search(part)
                if 4 < len(part) <= 60 and part[:1].isupper() and not known and not _SAME.match(part) and " " in part:
                    yield part, row.line


def _cells(row: Row, columns: dict[Column, int]) -> _Cells:
    def cell(column: Column) -> str:
        place = columns.get(column)
        text = row.cells[place].strip() if place is not None and place < len(row.cells) else ""
        return "" if _BLANK.match(text) else text

    start, end = cell("start"), cell("time")
    time = f"từ {start} đến {end}" if looks_like_time(start) and looks_like_time(end) else end
    return _Cells(cell("number"), cell("task"), cell("lead"), cell("support"), time, cell("product"), cell("person"))


def _marked(row: Row, marks: dict[int, str]) -> str:
    """The time that marks under quarters or months tell: "quý II, quý IV"; in every one of them, "hằng quý"."""
    told = {place: row.cells[place].strip() for place in marks if place < len(row.cells)}
    marked = [place for place, text in told.items() if _MARK.match(text)]
    dated = [text for text in told.values() if looks_like_time(text)]
    if dated and not marked:
        return "; ".join(dated)
    if len(marked) == len(marks) in (4, 12):
        return "hằng quý" if len(marks) == 4 else "hằng tháng"
    return ", ".join(marks[place] for place in marked)


def _is_group(cells: _Cells) -> bool:
    """A row that only heads others: nothing but a number and a name."""
    if cells.lead or cells.support or cells.time or cells.product or cells.person or not cells.task:
        return False
    return not cells.number or bool(_GROUP_NUMBER.match(cells.number)) or cells.task.isupper()


def _same_as_above(cells: _Cells, above: _Cells | None) -> _Cells:
    """Ditto marks filled in: "nt", "như trên"."""
    if above is None:
        return cells
    lead = above.lead if _SAME.match(cells.lead) else cells.lead
    support = above.support if _SAME.match(cells.support) else cells.support
    time = above.time if _SAME.match(cells.time) else cells.time
    person = above.person if _SAME.match(cells.person) else cells.person
    return replace(cells, lead=lead, support=support, time=time, person=person)


def _duties_of(
    row: Row, cells: _Cells, columns: dict[Column, int], group: str | None, name: str, units: Units, year: int
) -> Iterator[Duty]:
    time, flags, review = _believed_time(cells, year)
    deadline = reads(time, year)
    words = cells.time
    if not time and not cells.time:
        found = _time_in_task(cells.task)
        if found:
            words, deadline = found, reads(found, year)
            review.append("Thời hạn đọc trong cột nội dung, ô thời gian để trống; hãy xác nhận.")
    if "shifted_cell" not in flags:
        review = [*(review or _time_review(cells, words, deadline, columns))]
    lead, others, each = _lead_of(cells, units)
    if not lead and not each:
        led = units.leader(cells.lead)
        review.append(_lead_review(cells, led))
        if cells.lead and not led:
            flags.append("shifted_cell")
    if _is_fused(cells):
        flags.append("fused_rows")
        review.append("Dòng này có thể là hai dòng dính vào nhau; hãy tách nếu đúng.")
    sure = 0.95 if str(deadline.head.kind) != "unknown" else 0.4
    duty = Duty(
        title=title_of(" ".join(cells.task.split()) or " ".join(cells.product.split()), None),
        lead=each or lead,
        deadline_text=" ".join(words.split()),
        deadline=deadline,
        where=f"{name} {_number(cells, row, group)}".strip(),
        source_line=row.line,
        source_text=" | ".join(" ".join(cell.split()) for cell in row.cells),
        lead_each=each is not None,
        cooperating=others,
        product=" ".join(cells.product.split()) or None,
        group=_group_name(group),
        confidence=sure - (0.25 if review else 0.0),
        needs_review=tuple(dict.fromkeys(review)),
        flags=tuple(dict.fromkeys([*flags, *(["each_unit"] if each else [])])),
    )
    hidden = list(_hidden_periods(duty, cells, year)) if str(deadline.head.kind) in _OPEN_KINDS else []
    if hidden and "shifted_cell" not in flags and not words:
        duty = replace(
            duty,
            needs_review=("Ô thời gian để trống; các kỳ báo cáo trong cột sản phẩm đã tách thành nhiệm vụ riêng.",),
        )
    yield from with_choices(duty)
    yield from hidden


def _believed_time(cells: _Cells, year: int) -> tuple[str, list[str], list[str]]:
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


def _time_review(cells: _Cells, words: str, deadline: Deadline, columns: dict[Column, int]) -> Iterator[str]:
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


def _lead_of(cells: _Cells, units: Units) -> tuple[str | None, tuple[str, ...], str | None]:
    """The first unit of the lead cell; the others of it and those of the support cell work with it."""
    text = " ".join((cells.lead or cells.person).replace("\n", "; ").split())  # "Người thực hiện" may name a unit
    leads = units.own(text)
    others = units.own(" ".join(cells.support.replace("\n", "; ").split()))
    each = EACH.search(text)
    if each and (not leads or each.start() == 0):
        return None, tuple(dict.fromkeys((*leads, *others))), text if len(text) < 80 else each.group().strip(" ,-")
    if not leads and cells.lead:
        leads = [name for part in re.split(r";|,", text) for name in units.by_text(part)]
    if not leads:
        return None, tuple(others), None
    return leads[0], tuple(name for name in dict.fromkeys((*leads[1:], *others)) if name != leads[0]), None


def _lead_review(cells: _Cells, led: str | None) -> str:
    if led:
        return f'Chủ trì là lãnh đạo ("{shorten(cells.lead, 60)}"); hãy chọn đơn vị tham mưu, theo dõi.'
    if cells.lead:
        return f'Ô chủ trì ghi "{shorten(cells.lead, 60)}", không phải tên đơn vị; hãy chọn đơn vị chủ trì.'
    if cells.person:
        return f'Chỉ nêu người phụ trách ("{shorten(cells.person, 60)}"); hãy chọn đơn vị chủ trì.'
    return "Không nêu đơn vị chủ trì; hãy chọn."


def _is_fused(cells: _Cells) -> bool:
    return bool(_TWO_NUMBERS.match(cells.number)) or bool(_NEW_ITEM.search(cells.task))


# ---- periods in the product column -----------------------------------------------------------------------------------


def _hidden_periods(duty: Duty, cells: _Cells, year: int) -> Iterator[Duty]:
    """ "Báo cáo A hàng tháng, B quý, năm" → a monthly report on A, a quarterly and a yearly one on B."""
    text = " ".join(cells.product.split())
    folded = fold(text)
    if "báo cáo" not in folded:
        return
    start = folded.index("báo cáo") + len("báo cáo")
    waiting: list[re.Match[str]] = []
    subject, last = "", start
    for match in [*_PERIOD.finditer(folded, start), None]:
        between = text[last : match.start()].strip(" ,;:()") if match else "end"
        if waiting and not re.fullmatch(r"(?:và|hoặc)?", between):
            yield from (_periodic(duty, subject, text, one, year) for one in waiting)
            waiting = []
        if match is None:
            return
        if not re.fullmatch(r"(?:và|hoặc|định kỳ)?", between):
            subject = re.sub(r"^(?:và|định kỳ)\s+|\s+(?:và|định kỳ)$", "", re.sub(r"(?i)^báo cáo\s+", "", between))
        waiting.append(match)
        last = match.end()


def _periodic(duty: Duty, subject: str, product: str, match: re.Match[str], year: int) -> Duty:
    period = match.group("period")
    words = product[match.start() : match.end()].strip(" ,")
    one_quarter = period.startswith("quý ")
    spoken = words if one_quarter else _SPOKEN.get(period, f"định kỳ {period}")
    about = duty.title.removeprefix("Báo cáo ")
    return replace(
        duty,
        title=shorten(f"Báo cáo {subject}", 130) if subject else shorten(f"Báo cáo {words}: {about}", 130),
        deadline_text=words,
        deadline=reads(spoken, year),
        choice=0,
        product=capital(f"báo cáo {period}"),
        where=f"{duty.where} (cột sản phẩm)",
        confidence=0.7,
        needs_review=tuple(text for text in duty.needs_review if "chủ trì" in text),
        flags=tuple(flag for flag in (*duty.flags, "period_in_product") if flag != "shifted_cell"),
    )


# ---- where -----------------------------------------------------------------------------------------------------------


def _table_name(table: Table) -> str:
    match = _ANNEX.search(table.title or "")
    return " ".join(part for part in (match.group(1).capitalize(), match.group(2)) if part) if match else "Danh mục"


def _number(cells: _Cells, row: Row, group: str | None) -> str:
    number = cells.number.split("\n")[0].strip(" .)")
    label = _GROUP_LABEL.match(group or "")
    if label and number and not number.startswith(f"{label.group(1)}."):
        return f"{label.group(1)}.{number}"
    return number or f"dòng {row.line}"


def _group_name(group: str | None) -> str | None:
    if not group:
        return None
    label = _GROUP_LABEL.match(group)
    return group[label.end() :].strip() if label else group

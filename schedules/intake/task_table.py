"""Duties that stand in a table of tasks: a row each, and one more for every period hidden in its product.

No cell is believed only because of its column: a time cell that holds a product, a product cell that holds a date,
a lead cell without a unit are flagged, and the row waits for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from schedules.intake.addressees import groups_beside
from schedules.intake.blocks import Table
from schedules.intake.columns import (
    Column,
    columns_of,
    looks_like_product,
    looks_like_time,
    looks_like_unit,
    with_whole_header,
)
from schedules.intake.findings import Duty
from schedules.intake.reading import reads, with_choices
from schedules.intake.row_times import when_of
from schedules.intake.task_rows import Cells, TaskRow, is_same, label_of, name_of, task_rows
from schedules.intake.titles import title_of
from schedules.intake.units import EACH, Units, listed
from schedules.intake.wording import capital, fold, shorten, unshouted

_TWO_NUMBERS = re.compile(r"^\s*\d{1,3}\s*[.)]?\s*(?:\n|[;,]|\s)\s*\d{1,3}\s*[.)]?\s*$")
_NEW_ITEM = re.compile(r"\n\s*(?:\d{1,3})\s*[.)]\s+\S")
_ANNEX = re.compile(r"\b(phụ lục|biểu)\s*(?:số\s*)?([IVX]+|\d+)?", re.IGNORECASE)
_PERIOD = re.compile(
    r"(?:(?:định kỳ|hàng|hằng|mỗi)\s+)*(?P<period>tuần|tháng|quý(?:\s+(?:iv|i{1,3})(?!\w))?|0?6 tháng|sáu tháng"
    r"|0?9 tháng|chín tháng"
    r"|năm)(?![\w])(?!\s+(?:20)?\d)(?!\s+(?:nay|trước|sau|học|tài chính))",
)
_SPOKEN = {"tuần": "hằng tuần", "tháng": "hằng tháng", "quý": "hằng quý", "năm": "hằng năm"}
_NOBODY = re.compile(r"^(?:không(?: có)?|nếu có|và các|khác|v\.?v|…)\W*$")
_OPEN_KINDS = ("unknown", "continuous", "range", "multi_year", "on_demand")


@dataclass(slots=True)
class TableResult:
    """The duties of the tables of a document, how many task rows there were, and what they leave open."""

    duties: list[Duty] = field(default_factory=list)
    rows: int = 0
    undated: list[str] = field(default_factory=list)
    unnamed: dict[str, list[str]] = field(default_factory=dict)  # who helps and is no unit → in which rows


def task_duties(tables: Sequence[Table], units: Units, year: int) -> TableResult:
    """Every duty of every table of tasks."""
    result = TableResult()
    for table in map(with_whole_header, tables):
        columns = columns_of(table)
        if not columns:
            continue
        name = _table_name(table)
        for task in task_rows(table, columns, year):
            made = list(_duties_of(task, columns, name, units, year))
            result.duties += made
            result.rows += 1
            for words in (*_unnamed(task.cells.support, units), *groups_beside(made[0], task.cells.lead)):
                result.unnamed.setdefault(words, []).append(made[0].where)
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
            for part in listed(text):
                known = looks_like_unit(part) or looks_like_time(part) or looks_like_product(part) or EACH.search(part)
                if 4 < len(part) <= 60 and part[:1].isupper() and not known and not is_same(part) and " " in part:
                    yield part, row.line


def _duties_of(task: TaskRow, columns: dict[Column, int], name: str, units: Units, year: int) -> Iterator[Duty]:
    row, cells = task.row, task.cells
    when = when_of(cells, columns, year)
    deadline, flags, review = when.deadline, when.flags, when.review
    lead, others, each = _lead_of(cells, task.group, units)
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
        deadline_text=" ".join(when.words.split()),
        deadline=deadline,
        where=f"{name} {_number(task)}".strip(),
        source_line=row.line,
        source_text=" | ".join(" ".join(cell.split()) for cell in row.cells),
        lead_each=each is not None,
        cooperating=others,
        product=" ".join(cells.product.split()) or None,
        group=name_of(task.group),
        confidence=sure - (0.25 if review else 0.0),
        needs_review=tuple(dict.fromkeys(review)),
        flags=tuple(dict.fromkeys([*flags, *(["each_unit"] if each else [])])),
    )
    hidden = list(_hidden_periods(duty, cells, year)) if str(deadline.head.kind) in _OPEN_KINDS else []
    if hidden and "shifted_cell" not in flags and not when.words:
        duty = replace(
            duty,
            needs_review=("Ô thời gian để trống; các kỳ báo cáo trong cột sản phẩm đã tách thành nhiệm vụ riêng.",),
        )
    yield from with_choices(duty)
    yield from hidden


def _lead_of(cells: Cells, group: str | None, units: Units) -> tuple[str | None, tuple[str, ...], str | None]:
    """The first unit of the lead cell; the others of it and those of the support cell work with it.

    A row without a lead under a unit's name is that unit's.
    """
    text = (cells.lead or cells.person).strip()  # "Người thực hiện" may name a unit
    above = unshouted(name_of(group) or "")
    if not text and looks_like_unit(above):
        text = above
    leads, others = _named(text, units), _named(cells.support, units)
    text = " ".join(text.replace("\n", "; ").split())
    each = EACH.search(text)
    if each and (not leads or each.start() == 0):
        return None, tuple(dict.fromkeys((*leads, *others))), text if len(text) < 80 else each.group().strip(" ,-")
    if not leads:
        return None, tuple(others), None
    return leads[0], tuple(name for name in dict.fromkeys((*leads[1:], *others)) if name != leads[0]), None


def _named(cell: str, units: Units) -> list[str]:
    """The units a cell lists, in order."""
    return list(dict.fromkeys(name for part in listed(cell) for name in units.own(part) or units.by_text(part)))


def _unnamed(cell: str, units: Units) -> list[str]:
    """Who else a cell lists: groups ("các thôn") and bodies that are no unit of the plan."""
    return [
        part
        for part in listed(cell)
        if len(part) > 1
        and not is_same(part)
        and not units.own(part)
        and not units.by_text(part)
        and not _NOBODY.match(fold(part))
    ]


def _lead_review(cells: Cells, led: str | None) -> str:
    if led:
        return f'Chủ trì là lãnh đạo ("{shorten(cells.lead, 60)}"); hãy chọn đơn vị tham mưu, theo dõi.'
    if cells.lead:
        return f'Ô chủ trì ghi "{shorten(cells.lead, 60)}", không phải tên đơn vị; hãy chọn đơn vị chủ trì.'
    if cells.person:
        return f'Chỉ nêu người phụ trách ("{shorten(cells.person, 60)}"); hãy chọn đơn vị chủ trì.'
    return "Không nêu đơn vị chủ trì; hãy chọn."


def _is_fused(cells: Cells) -> bool:
    return bool(_TWO_NUMBERS.match(cells.number)) or bool(_NEW_ITEM.search(cells.task))


# ---- periods in the product column -----------------------------------------------------------------------------------


def _hidden_periods(duty: Duty, cells: Cells, year: int) -> Iterator[Duty]:
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


def _number(task: TaskRow) -> str:
    number, label = task.cells.number.split("\n")[0].strip(" .)"), label_of(task.group)
    if label and number and not number.startswith(f"{label}."):
        return f"{label}.{number}"
    return number or f"dòng {task.row.line}"

"""Tables as they come out of any format, made into clean ones.

A reader gives a :class:`RawTable`: rows of cells, merged cells already filled. Here column counts are made equal,
parts split by a page break joined, headers of several rows merged and their repetitions dropped, group rows moved
to the rows they head, and tables that only lay out the page (the national heading, the signature) become
paragraphs again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from schedules.intake.blocks import Block, Paragraph, Row, Table
from schedules.intake.groups import Cells, group_text, is_group, is_note, style_of
from schedules.intake.period_heads import FEWEST_MARKED, period_of
from schedules.intake.tidy import same_words, tidy_paragraph

LONGEST_HEADER_CELL = 120
_NUMBER = re.compile(r"^(?:\d{1,4}(?:\.\d{1,3})*|[IVXLC]{1,7}|[A-ZĐa-zđ])\s*[.)]?$")
_COLUMN_NUMBER = re.compile(r"^\(?(?:\d{1,2}|[A-H])\)?(?:\s*=.*)?$")
_HEADER_WORDS = re.compile(
    r"\b(?:tt|stt|số tt|nội dung|nhiệm vụ|công việc|cơ quan|đơn vị|chủ trì|phối hợp|thời gian|thời hạn|tiến độ"
    r"|sản phẩm|kết quả|ghi chú|chỉ tiêu|hoạt động|căn cứ|trách nhiệm|lãnh đạo|người|hạn|kinh phí|tên|mục tiêu"
    r"|bộ phận|ngày|lĩnh vực)\b",
    re.IGNORECASE,
)
_CORNER = re.compile(r"^(?:tt|stt|số tt|số thứ tự)\W*$", re.IGNORECASE)
_LAYOUT = re.compile(r"cộng h[oò][àa] xã hội chủ nghĩa|độc lập\s*-|nơi nhận\s*:|^(?:tm|kt|tl|tuq)\. ", re.I | re.M)
_PAGE_NUMBER = re.compile(r"^(?:trang\s*)?[-–]?\s*\d{1,4}\s*[-–]?(?:\s*/\s*\d{1,4})?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as the format gives it; ``line`` as in :class:`Row`."""

    cells: Cells
    line: int


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table, or one page's part of it. ``header_rows`` is None where the format does not mark a header."""

    rows: tuple[RawRow, ...]
    header_rows: int | None = None
    page: int | None = None
    cut_rows: bool = field(default=False)  # a page break may cut through a row (PDF)


Piece = Paragraph | RawTable


def finish(pieces: Iterable[Piece]) -> list[Block]:
    """Clean every table and give it its title; paragraphs pass through."""
    blocks: list[Block] = []
    for piece in _joined(list(pieces)):
        if isinstance(piece, Paragraph):
            blocks.append(piece)
            continue
        whole = _even(piece)
        if not whole.rows:
            continue
        if _only_layout(whole):
            blocks.extend(_as_paragraphs(whole))
        else:
            whole, notes = _without_notes(whole)
            blocks += [replace(_clean(whole), title=_title(blocks)), *notes]
    return blocks


def is_layout_text(text: str) -> bool:
    """Words of the national heading or of the signature."""
    return _LAYOUT.search(text) is not None


def is_page_number(text: str) -> bool:
    """A line with nothing but the number of its page."""
    return _PAGE_NUMBER.match(text) is not None


# ---- parts of one table ----------------------------------------------------------------------------------------------


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with tables that go on after a page break made one."""
    result: list[Piece] = []
    waiting: list[Piece] = []  # page numbers since the last table
    for piece in pieces:
        if isinstance(piece, Paragraph):
            after_table = bool(waiting) or (bool(result) and isinstance(result[-1], RawTable))
            if after_table and is_page_number(piece.text):
                waiting.append(piece)
                continue
            result += [*waiting, piece]
            waiting = []
            continue
        last = result[-1] if result else None
        more = _continuation(last, piece) if isinstance(last, RawTable) else None
        if more is None:
            result += [*waiting, piece]
        else:
            result[-1] = more
        waiting = []
    return [*result, *waiting]


def _continuation(first: RawTable, second: RawTable) -> RawTable | None:
    """Both as one table, or None when the second is a table of its own."""
    first, second = _even(first), _even(second)
    if not first.rows or not second.rows or _only_layout(first):
        return None
    if len(first.rows[0].cells) != len(second.rows[0].cells):
        return None
    head = _header_height(first)
    rows = _without_repeated_header(second, [row.cells for row in first.rows[:head]])
    if rows is None:
        return None
    kept = list(first.rows)
    if rows and second.cut_rows and _goes_on(kept[-1].cells, rows[0].cells, _numbered(kept)):
        kept[-1] = replace(kept[-1], cells=_run_together(kept[-1].cells, rows[0].cells))
        rows = rows[1:]
    return replace(first, rows=(*kept, *rows), header_rows=head)


def _without_repeated_header(table: RawTable, header: Sequence[Cells]) -> tuple[RawRow, ...] | None:
    """The rows of a continued part, or None when it has a header of its own."""
    same = 0
    while same < min(len(header), len(table.rows)) and _alike(table.rows[same].cells, header[same]):
        same += 1
    if same:
        return table.rows[same:]
    own = _header_height(table)
    if all(not any(row.cells) for row in table.rows[:own]) or (own and _is_data(table.rows[0].cells)):
        return table.rows
    return None if own else table.rows


def _goes_on(above: Cells, below: Cells, numbered: bool) -> bool:
    """Whether a row is the rest of the one above, cut by the end of a page."""
    if not numbered or below[0] or not above[0]:
        return False
    return not is_group(below) or below[1][:1].islower()


def _run_together(above: Cells, below: Cells) -> Cells:
    return tuple(a if not b or a == b else f"{a} {b}".strip() for a, b in zip(above, below, strict=True))


# ---- cleaning --------------------------------------------------------------------------------------------------------


def _even(table: RawTable) -> RawTable:
    """Rows of one length, without empty ones; a marked header that is empty is none."""
    head = table.header_rows
    if head and not any(any(row.cells) for row in table.rows[:head]):
        table, head = replace(table, rows=table.rows[head:]), 0
    if head and _is_data(table.rows[0].cells):
        head = 0  # Markdown has to mark some row
    width = max((len(row.cells) for row in table.rows), default=0)
    rows = [replace(row, cells=(*row.cells, *[""] * (width - len(row.cells)))) for row in table.rows]
    if head:
        head -= sum(not any(row.cells) for row in rows[:head])
    rows = [row for row in rows if any(row.cells)]
    return replace(table, rows=tuple(rows), header_rows=head)


def _clean(table: RawTable) -> Table:
    head = _header_height(table)
    header = _merged_header([row.cells for row in table.rows[:head]])
    rows = _grouped(_drop_repetitions(table.rows[head:], [row.cells for row in table.rows[:head]]))
    return Table(header, tuple(rows), line=table.rows[0].line, page=table.page)


def _without_notes(table: RawTable) -> tuple[RawTable, list[Paragraph]]:
    """The table, and the notes that stand in rows of their own as the paragraphs they are: "Ghi chú: các đơn vị …"."""
    last = table.rows[-1]
    notes = [row for row in table.rows[1:] if is_note(row.cells, last=row is last)]
    rows = tuple(row for row in table.rows if row not in notes)
    return replace(table, rows=rows), [Paragraph(group_text(row.cells), row.line, table.page) for row in notes]


def _header_height(table: RawTable) -> int:
    """How many rows at the top are header."""
    rows = [row.cells for row in table.rows]
    height = table.header_rows
    if height is None:
        height = int(bool(rows) and looks_like_header(rows))
    while 0 < height < min(len(rows), 4) and _header_goes_on(rows[height - 1], rows[height]):
        height += 1
    return height


def looks_like_header(rows: Sequence[Cells]) -> bool:
    """Whether the first of these rows names columns."""
    first = rows[0]
    filled = [cell for cell in first if cell]
    if len(filled) < 2 or len(set(filled)) < 2 or any(len(cell) > LONGEST_HEADER_CELL for cell in filled):
        return False
    if _is_data(first):
        return False
    named = sum(bool(_HEADER_WORDS.search(cell)) and len(cell) <= 60 for cell in filled)
    if _CORNER.match(first[0]):
        return named >= 2
    periods = sum(period_of(cell) is not None for cell in filled)
    others = len(filled) - periods if periods >= FEWEST_MARKED else len(filled)
    return named * 2 >= others > 0


def _is_data(cells: Cells) -> bool:
    return bool(re.match(r"^\d", cells[0]))


def _header_goes_on(above: Cells, below: Cells) -> bool:
    """A second header row: cells of the row above spread over it, or reach down into it."""
    if _is_data(below) or is_group(below):
        return False
    spread = any(a and a == b for a, b in pairwise(above))
    reaches_down = sum(bool(a) and a == b for a, b in zip(above, below, strict=True))
    return (spread and bool(reaches_down or not below[0])) or reaches_down * 2 >= len(above) > 1


def _merged_header(rows: Sequence[Cells]) -> Cells:
    if not rows:
        return ()
    return tuple(": ".join(dict.fromkeys(part for part in column if part)) for column in zip(*rows, strict=True))


def _drop_repetitions(rows: Sequence[RawRow], header: Sequence[Cells]) -> list[RawRow]:
    """Rows without the header's repetitions and without the row of column numbers."""
    kept = [row for row in rows if not any(_alike(row.cells, cells) for cells in header)]
    if header and kept and len(kept[0].cells) > 2 and all(_COLUMN_NUMBER.match(cell) for cell in kept[0].cells):
        kept = [row for row in kept if row.cells != kept[0].cells]
    return kept


def _grouped(rows: Sequence[RawRow]) -> list[Row]:
    """Rows with the group they stand under; a group without rows stays as a row, so that nothing is lost."""
    result: list[Row] = []
    group: str | None = None
    unused: RawRow | None = None
    for index, row in enumerate(rows):
        following = rows[index + 1].cells if index + 1 < len(rows) else None
        if is_group(row.cells, following):
            if unused and following is not None and style_of(unused.cells) == style_of(row.cells):
                result.append(Row(unused.cells, unused.line))
            group, unused = group_text(row.cells), row
            continue
        unused = None
        result.append(Row(row.cells, row.line, group))
    if unused:
        result.append(Row(unused.cells, unused.line))
    return result


def _numbered(rows: Sequence[RawRow]) -> bool:
    numbers = sum(bool(_NUMBER.match(row.cells[0])) for row in rows)
    return numbers * 2 >= len(rows) - 1


def _alike(one: Cells, other: Cells) -> bool:
    return [same_words(cell) for cell in one] == [same_words(cell) for cell in other]


# ---- layout and titles -----------------------------------------------------------------------------------------------


def _only_layout(table: RawTable) -> bool:
    """A table that only places text on the page: one column, or the heading or the signature of a document."""
    width = len(table.rows[0].cells)
    if width == 1:
        return True
    if width > 3 or len(table.rows) > 8:
        return False
    if any(_LAYOUT.search(cell) for row in table.rows for cell in row.cells):
        return True
    return len(table.rows) == 1 and not _is_data(table.rows[0].cells) and table.header_rows is None


def _as_paragraphs(table: RawTable) -> list[Paragraph]:
    found = []
    for row in table.rows:
        for cell in dict.fromkeys(row.cells):
            texts = (tidy_paragraph(line) for line in cell.split("\n"))
            found += [Paragraph(text, row.line, table.page) for text in texts if text]
    return found


def _title(blocks: Sequence[Block]) -> str | None:
    """The paragraph just above, or the one before where that is only a bracket: "(Kèm theo Kế hoạch số …)"."""
    above: list[str] = []
    for block in reversed(blocks[-3:]):
        if not isinstance(block, Paragraph):
            break
        above.append(block.text)
    plain = (text for text in above if not (text.startswith("(") and text.endswith((")", ").", ")./."))))
    return next(plain, above[0] if above else None)

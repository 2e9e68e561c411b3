"""Tables in text that keeps its columns by spaces alone, as a program that turns a PDF into text writes them.

1. a line of header words, three or more with gaps between, begins a table;
2. the lines that follow belong to it until one runs across its columns;
3. the columns end where every line has a blank: the gutters between two header words;
4. a row is the lines around its number, wherever in the row the number stands: that cells begin with a capital
   letter and go on with small ones says where one row ends.

Where a step is not sure nothing is read at all: torn columns are worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

from schedules.intake.columns import column_named
from schedules.intake.groups import Cells
from schedules.intake.tables import RawRow, RawTable, is_layout_text, is_page_number, looks_like_header
from schedules.intake.tidy import begins_item, goes_on_with_dash, run_on, tidy

FEWEST_COLUMNS = 3
FEWEST_ROWS = 2
LONGEST_HEADER = 4  # lines
LONGEST_LINE = 500  # letters: a page is some 150 wide
LONGEST_WORDS = 30  # letters in the upper line of a header's word
MOST_LINES = 5000  # of one page's part of a table
TALLEST_ROW = 40  # lines; the time to weigh where rows end grows with it
MOST_TORN = 0.15  # of all cells: where more begin or end in the middle of a sentence nothing is believed
_SEGMENT = re.compile(r"\S+(?: \S+)*")
_COUNTS = re.compile(r"^(?:tt|stt|số tt|#)\W*$", re.IGNORECASE)
_NUMBER = re.compile(r"^(?:\d{1,3}(?:\.\d{1,3})*|[a-zđ])\s*[.)]?$")
_GROUP = re.compile(r"^\s*(?:[IVXLC]{1,7}|[A-HĐ])\s*[.)/]?\s+\S")
_UNFINISHED = re.compile(r"(?:,|\b(?:và|của|các|với|cho|về|tại|theo))$")
_TITLE = re.compile(r"^(?:PHỤ LỤC|DANH MỤC|BIỂU|KẾ HOẠCH|CHƯƠNG TRÌNH)\b")


@dataclass(frozen=True, slots=True)
class _Part:
    """One text of a line, with its place in it."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a table cut into its columns; ``group``: it heads the rows below it."""

    cells: Cells
    number: int
    group: bool = False
    after_gap: bool = False


def layout_table(lines: Sequence[str], start: int) -> tuple[int, RawTable | None]:
    """The table whose header begins at a line, to the end of its page or of itself."""
    head = _header_at(lines, start)
    if head is None:
        return start, None
    height, header = head
    end = _end(lines, start + height, header)
    drawn = [(at, lines[at]) for at in range(start + height, end) if not is_page_number(lines[at].strip())]
    borders = _borders(lines[start : start + height], [text for _, text in drawn], header)
    if borders is None or _hides_columns([text for _, text in drawn], borders):
        return start, None
    rows = list(_rows(list(_cut_lines(drawn, borders))))
    if sum(bool(row.cells[0]) for row in rows) < FEWEST_ROWS or _torn(rows):
        return start, None
    names = RawRow(tuple(part.text for part in header), start + 1)
    return end, RawTable((names, *rows), header_rows=1, cut_rows=True)


def is_table_header(lines: Sequence[str], start: int) -> bool:
    """Whether the header of a table of tasks, kept apart by spaces, begins at a line."""
    return _header_at(lines, start) is not None


def _header_at(lines: Sequence[str], start: int) -> tuple[int, list[_Part]] | None:
    """How many lines the header at a line has, and its words; those of one column may stand in several lines."""
    first = next((at for at in range(start, min(start + 3, len(lines))) if _counts(lines[at])), None)
    if first is None:
        return None
    header = _parts(lines[first])
    for at in range(start, first):
        above = _parts(lines[at])
        if not above or _TITLE.match(above[0].text) or any(_is_title(part, header) for part in above):
            return None
        header = _with_words(header, above, before=True)
    after = first + 1
    while after < min(first + LONGEST_HEADER, len(lines)):
        below = _parts(lines[after])
        if len(below) > 1 and all(_names_a_column(part, header) for part in below):
            header = _spread(header, below)
        elif below and all(_goes_on(part, header) for part in below):
            header = _with_words(header, below, before=False)
        else:
            break
        after += 1
    if len(header) < FEWEST_COLUMNS or not looks_like_header([tuple(part.text for part in header)]):
        return None
    return after - start, header


def _counts(line: str) -> bool:
    if len(line) > LONGEST_LINE or ("  " not in line and "\t" not in line):
        return False
    parts = _parts(line)
    return len(parts) >= FEWEST_COLUMNS and bool(_COUNTS.match(parts[0].text))


def _is_title(part: _Part, header: Sequence[_Part]) -> bool:
    """A title over the table, and no header's upper line: in brackets, long, or over two columns."""
    over = sum(part.start < word.end and word.start < part.end for word in header)
    return part.text[:1] in "(|" or len(part.text) > LONGEST_WORDS or over > 1 or part.start < header[0].end


def _goes_on(part: _Part, header: Sequence[_Part]) -> bool:
    """The lower line of a header: small letters or a bracket, under its word."""
    under = any(part.start < word.end + 2 and word.start - 6 < part.end for word in header)
    return under and (part.text[:1].islower() or part.text[:1] in "(/")


def _names_a_column(part: _Part, header: Sequence[_Part]) -> bool:
    return part.start > header[0].end and column_named(part.text) in ("lead", "support", "start", "time", "person")


def _spread(header: Sequence[_Part], below: Sequence[_Part]) -> list[_Part]:
    """A word over several columns, "Đơn vị thực hiện" over "Chủ trì" and "Phối hợp", made those columns."""
    middles = [(word.start + word.end) / 2 for word in header]
    own: dict[int, list[_Part]] = {}
    for part in below:
        nearest = min(range(len(header)), key=lambda at: abs(middles[at] - (part.start + part.end) / 2))
        own.setdefault(nearest, []).append(part)
    return [
        _Part(f"{word.text}: {part.text}", part.start, part.end) if part is not word else word
        for at, word in enumerate(header)
        for part in own.get(at, [word])
    ]


def _with_words(header: Sequence[_Part], others: Sequence[_Part], *, before: bool) -> list[_Part]:
    """The header with the words of one more line; what stands over or under none of its words is a column more."""
    found = list(header)
    for other in others:
        near = [at for at, word in enumerate(found) if other.start < word.end + 2 and word.start - 2 < other.end]
        if not near:
            found = sorted([*found, other], key=lambda part: part.start)
            continue
        word = found[near[0]]
        text = f"{other.text} {word.text}" if before else f"{word.text} {other.text}"
        found[near[0]] = _Part(text, min(word.start, other.start), max(word.end, other.end))
    return found


def _parts(line: str) -> list[_Part]:
    return [_Part(match.group(), match.start(), match.end()) for match in _SEGMENT.finditer(_flat(line))]


def _flat(line: str) -> str:
    return line.replace("\f", "").expandtabs().rstrip()


# ---- where it ends ---------------------------------------------------------------------------------------------------


def _end(lines: Sequence[str], first: int, header: Sequence[_Part]) -> int:
    """The first line behind the table: another header, a title, a signature, or text across the columns."""
    last = first - 1
    for at in range(first, min(len(lines), first + MOST_LINES)):
        text = lines[at].strip()
        if not text or is_page_number(text):
            continue
        if is_layout_text(text) or _TITLE.match(text) or is_table_header(lines, at) or _runs_across(lines[at], header):
            break
        last = at
    while last >= first and _is_group(lines[last]):
        last -= 1  # a heading of the text below
    return last + 1


def _runs_across(line: str, header: Sequence[_Part]) -> bool:
    """A sentence: one part of the line stands under two header words and is no group's name."""
    if _is_group(line):
        return False
    for part in _parts(line):
        under = [word for word in header[1:] if part.start < word.end and word.start < part.end]
        if len(under) > 1:
            return True
    return False


def _is_group(line: str) -> bool:
    """ "II   HẠ TẦNG SỐ": a roman number or a capital, and a name with nothing in the columns beside it."""
    parts = _parts(line)
    if not _GROUP.match(_flat(line)) or len(parts) > 2:
        return False
    name = parts[-1].text if len(parts) == 2 else parts[0].text.split(maxsplit=1)[1]
    return name.isupper() or len(parts) == 1


# ---- columns ---------------------------------------------------------------------------------------------------------


def _borders(head: Sequence[str], body: Sequence[str], header: Sequence[_Part]) -> list[int] | None:
    """Where each column ends: a blank that runs down the table between two header words; None where one has none."""
    rows = [_flat(line) for line in (*head, *body) if not _is_group(line)]
    width = max(map(len, rows))
    filled = [any(x < len(row) and row[x] != " " for row in rows) for x in range(width)]
    borders: list[int] = []
    for left, right in pairwise(header):
        blanks = [x for x in range(left.end, right.start) if not filled[x]]
        if not blanks:
            return None
        borders.append(blanks[-1] + 1 if blanks[-1] + 1 <= right.start else right.start)
    return borders


def _hides_columns(body: Sequence[str], borders: Sequence[int]) -> bool:
    """Whether texts inside one column stand apart again and again: a column whose header was not seen."""
    rows = [_flat(line) for line in body if line.strip() and not _is_group(line)]
    edges = [0, *borders, max(map(len, rows), default=0) + borders[-1]]
    apart = sum(bool(re.search(r"\S {3,}\S", row[left:right])) for row in rows for left, right in pairwise(edges))
    return apart > MOST_TORN * len(rows)


def _cut(line: str, borders: Sequence[int]) -> Cells:
    edges = [0, *borders, max(len(line), borders[-1])]
    return tuple(tidy(line[left:right]) for left, right in pairwise(edges))


def _cut_lines(drawn: Sequence[tuple[int, str]], borders: Sequence[int]) -> Iterator[_Line]:
    gap = False
    for at, raw in drawn:
        text = _flat(raw)
        if not text.strip():
            gap = True
            continue
        group = _is_group(raw)
        label, _, name = text.strip().partition(" ")
        blank = [""] * (len(borders) - 1)
        cells = (label, tidy(name), *blank) if group else _cut(text, borders)
        yield _Line(cells, at + 1, group, gap)
        gap = False


# ---- rows ------------------------------------------------------------------------------------------------------------


def _rows(lines: Sequence[_Line]) -> Iterator[RawRow]:
    """The lines put together into rows, group by group."""
    block: list[_Line] = []
    for line in lines:
        if line.group:
            yield from _rows_of_block(block)
            yield RawRow(line.cells, line.number)
            block = []
        else:
            block.append(line)
    yield from _rows_of_block(block)


def _rows_of_block(block: Sequence[_Line]) -> Iterator[RawRow]:
    numbers = [at for at, line in enumerate(block) if _NUMBER.match(line.cells[0])]
    if not numbers:
        if block:
            yield _row(block)
        return
    tops = _starts(block, numbers)
    if tops[0] > 0:
        yield _row(block[: tops[0]])  # the rest of a row that the end of a page cut
    for top, bottom in zip(tops, [*tops[1:], len(block)], strict=True):
        yield _row(block[top:bottom])


def _starts(block: Sequence[_Line], numbers: Sequence[int]) -> list[int]:
    """The first line of every row: with its number, or above it where numbers stand in the middle of their rows."""
    with_number = list(numbers)
    if max(b - a for a, b in pairwise([-1, *numbers, len(block)])) > TALLEST_ROW:
        return with_number
    in_middle = _middles(block, numbers)
    return min((with_number, in_middle), key=lambda starts: (_tears(block, starts), starts is in_middle))


def _middles(block: Sequence[_Line], numbers: Sequence[int]) -> list[int]:
    """The starts of rows whose number stands in the middle, chosen so that their cells begin as cells do."""
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [0])}
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        reached: dict[int, tuple[float, list[int]]] = {}
        ends = range(number + 1, following + 1) if following is not None else [len(block)]
        for start, (cost, starts) in best.items():
            for end in ends:
                below = end - 1 - number - (number - start)  # of an even number of lines one more stands below
                gap = 0.0 if end < len(block) and block[end].after_gap else 0.5
                total = cost + (0 if below in (0, 1) else abs(below)) + 3.0 * _tears(block[start:end], [0]) + gap
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, [*starts, end])
        best = reached
    return best[len(block)][1][:-1]


def _tears(block: Sequence[_Line], starts: Sequence[int]) -> int:
    """How many cells would begin or end in the middle of a sentence."""
    found = 0
    for top, bottom in zip(starts, [*starts[1:], len(block)], strict=True):
        for column in range(1, len(block[0].cells)):
            texts = [line.cells[column] for line in block[top:bottom] if line.cells[column]]
            found += bool(texts) and (texts[0][:1].islower() or bool(_UNFINISHED.search(texts[-1])))
    return found


def _row(lines: Sequence[_Line]) -> RawRow:
    columns = zip(*(line.cells for line in lines), strict=True)
    return RawRow(tuple(_joined([text for text in column if text]) for column in columns), lines[0].number)


def _joined(texts: Sequence[str]) -> str:
    return reduce(_with_next, texts) if texts else ""


def _with_next(above: str, below: str) -> str:
    if (
        begins_item(below)
        and not goes_on_with_dash(above, below)
        and not (below.startswith("- ") and above[-1:].isalpha())
    ):
        return f"{above}\n{below}"
    return run_on(above, below)


def _torn(rows: Sequence[RawRow]) -> bool:
    cells = [cell for row in rows for cell in row.cells[1:] if cell]
    return sum(cell[:1].islower() or bool(_UNFINISHED.search(cell)) for cell in cells) > MOST_TORN * len(cells)

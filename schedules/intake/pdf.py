"""PDF with text: words with their places, put together into paragraphs and, where lines are ruled, into tables.

PDFium (through pypdfium2) gives characters and ruled lines; 200 pages take seconds. One page is held at a time.
A scanned document has no characters; it is refused with the advice to recognise its text first.
"""

from __future__ import annotations

import ctypes
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from engine.errors import BadDocument
from schedules.intake.blocks import Paragraph
from schedules.intake.opening import MOST_PAGES
from schedules.intake.ruling import Box, Edge, Grid, grids
from schedules.intake.tables import Piece, RawRow, RawTable, is_page_number
from schedules.intake.text import LONGEST_PARAGRAPH
from schedules.intake.tidy import begins_item, ends_in_hyphen, goes_on_with_dash, run_on, tidy, tidy_paragraph
from schedules.intake.unruled import Unruled, begins_in_columns, unruled_tables

Progress = Callable[[float], None]
LONGEST_READING = 180.0  # seconds
MOST_CHARACTERS = 60_000  # on one page; the densest page of print has 10,000
MOST_EDGES = 20_000
_BODY_EDGE = 0.09  # of the page's height: where page numbers and running headers stand
_DIGITS = re.compile(r"\d+")
_LINE_HYPHEN = "\x02\ufffe"  # PDFium's marks for a hyphen at the end of a line


@dataclass(frozen=True, slots=True)
class Word:
    """One word and its place; y grows downwards."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one line. ``alone`` is a line of the heading or signature, set beside another."""

    text: str
    first: str
    first_width: float
    x0: float
    x1: float
    top: float
    bottom: float
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What one page holds, in reading order."""

    number: int
    width: float
    height: float
    items: tuple[Line | Grid | Unruled, ...]
    in_columns: bool = False  # it begins with words in columns that nobody ruled or headed


def read_pdf(path: Path, progress: Progress | None = None) -> tuple[list[Piece], list[str]]:
    """Pieces of a PDF, and warnings.

    :raises BadDocument: for a scanned, encrypted, broken or endless document.
    """
    document = _open(path)
    try:
        pages, silent = _pages(document, path, progress)
    finally:
        document.close()
    if not any(page.items for page in pages):
        raise BadDocument(
            f"{path.name}: PDF chỉ có ảnh quét, không có chữ. Hãy quét lại bằng OCR (nhận dạng chữ tiếng Việt) "
            "hoặc dùng bản Word."
        )
    said = []
    if silent:
        listed = ", ".join(map(str, silent[:10])) + (" …" if len(silent) > 10 else "")
        said.append(f"Trang {listed} chỉ có ảnh, không đọc được chữ. Hãy xem lại các trang đó trong bản gốc.")
    pages = _without_running(pages)
    said += [
        f"Bảng ở trang {page.number} không kẻ ô và không lặp lại tiêu đề, nên không đọc được các cột. "
        "Hãy xem lại trang đó trong bản gốc."
        for before, page in pairwise(pages)
        if page.in_columns and before.items and isinstance(before.items[-1], Unruled)
    ]
    return _pieces(pages), said


def _open(path: Path) -> Any:
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415  # 0.1 s that no other command should pay

    try:
        document = pypdfium2.PdfDocument(path)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (pypdfium2.raw.FPDF_ERR_PASSWORD, pypdfium2.raw.FPDF_ERR_SECURITY):
            raise BadDocument(
                f"{path.name}: PDF có mật khẩu nên không đọc được. Hãy mở bằng mật khẩu rồi in lại thành PDF mới, "
                "hoặc dùng bản Word."
            ) from None
        raise BadDocument(f"{path.name}: PDF hỏng hoặc tải về chưa hết. Hãy tải lại hoặc dùng bản Word.") from None
    if count > MOST_PAGES:
        document.close()
        raise BadDocument(
            f"{path.name}: PDF có {count} trang, tối đa {MOST_PAGES}. Hãy tách riêng phần kế hoạch và phụ lục nhiệm vụ."
        )
    return document


def _pages(document: Any, path: Path, progress: Progress | None) -> tuple[list[Page], list[int]]:
    import pypdfium2  # noqa: PLC0415

    pages: list[Page] = []
    silent: list[int] = []
    until = time.monotonic() + LONGEST_READING
    for index in range(len(document)):
        if time.monotonic() > until:
            raise BadDocument(
                f"{path.name}: PDF quá phức tạp, đọc {LONGEST_READING / 60:.0f} phút chưa xong. "
                "Hãy tách riêng phần kế hoạch, hoặc dùng bản Word."
            )
        try:
            page, has_picture = _page(document, index)
        except pypdfium2.PdfiumError:
            page, has_picture = Page(index + 1, 1, 1, ()), True
        pages.append(page)
        if has_picture and not page.items:
            silent.append(index + 1)
        if progress:
            progress((index + 1) / len(document))
    return pages, silent


# ---- one page --------------------------------------------------------------------------------------------------------


def _page(document: Any, index: int) -> tuple[Page, bool]:
    page = document[index]
    try:
        turn = _Turn(page)
        words = _words(page, turn)
        edges, has_picture = _edges(page, turn)
        found = grids(edges) if words else []
        items = tuple(_in_order(words, found, turn.width))
        in_columns = bool(items) and isinstance(items[0], Line) and begins_in_columns(list(_lines(words)))
        return Page(index + 1, turn.width, turn.height, items, in_columns), has_picture
    finally:
        page.close()


class _Turn:
    """From PDF coordinates (from the lower left, before rotation) to those of the page as one looks at it."""

    def __init__(self, page: Any) -> None:
        self.left, bottom, right, self.top = page.get_bbox()
        self.rotation = page.get_rotation()
        across, up = right - self.left, self.top - bottom
        self.width, self.height = (up, across) if self.rotation in (90, 270) else (across, up)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """The box as seen: x0 < x1 from the left, y0 < y1 from the top."""
        (ax, ay), (bx, by) = self.point(x0, y0), self.point(x1, y1)
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)

    def point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x - self.left, self.top - y
        if self.rotation == 90:
            return self.width - y, x
        if self.rotation == 180:
            return self.width - x, self.height - y
        if self.rotation == 270:
            return y, self.height - x
        return x, y


def _words(page: Any, turn: _Turn) -> list[Word]:
    """Words as PDFium separates them."""
    import pypdfium2.raw as raw  # type: ignore[import-untyped]  # noqa: PLC0415, PLR0402

    text_page = page.get_textpage()
    words: list[Word] = []
    letters: list[str] = []
    box: Box | None = None
    rectangle = raw.FS_RECTF()
    pointer = ctypes.byref(rectangle)
    try:
        handle = text_page.raw
        for index in range(min(raw.FPDFText_CountChars(handle), MOST_CHARACTERS)):
            letter = _letter(raw.FPDFText_GetUnicode(handle, index))
            if letter.isspace() or not letter:
                _end_word(words, letters, box)
                letters, box = [], None
                continue
            if not raw.FPDFText_GetLooseCharBox(handle, index, pointer):
                continue
            place = turn.box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
            if box is not None and _apart(box, place):
                _end_word(words, letters, box)
                letters, box = [], None
            letters.append(letter)
            box = place if box is None else _around(box, place)
    finally:
        text_page.close()
    _end_word(words, letters, box)
    return words


def _letter(code: int) -> str:
    letter = chr(code) if 0 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
    return "-" if letter and letter in _LINE_HYPHEN else letter


def _apart(one: Box, other: Box) -> bool:
    """Two letters that no word can hold: on other lines or with a gap between."""
    height = max(one[3] - one[1], 1.0)
    return (
        other[0] - one[2] > height * 0.6 or one[0] - other[2] > height * 0.6 or other[1] > one[3] or one[1] > other[3]
    )


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _end_word(words: list[Word], letters: Sequence[str], box: Box | None) -> None:
    text = tidy("".join(letters))
    if text and box:
        words.append(Word(text, box[0], box[2], box[1], box[3]))


def _edges(page: Any, turn: _Turn) -> tuple[list[Edge], bool]:
    """The straight lines of all paths, a thin rectangle being two; and whether the page shows a picture."""
    import pypdfium2.raw as raw  # noqa: PLC0415, PLR0402

    edges: list[Edge] = []
    has_picture = False
    for thing in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        if thing.type == raw.FPDF_PAGEOBJ_IMAGE:
            has_picture = True
        elif len(edges) < MOST_EDGES:
            edges += _edges_of(thing, turn, raw)
    return edges, has_picture


def _edges_of(thing: Any, turn: _Turn, raw: Any) -> Iterator[Edge]:
    count = raw.FPDFPath_CountSegments(thing.raw)
    if count > 400:  # a drawing, not a rule
        return
    matrix = _matrix(thing)
    x, y = ctypes.c_float(), ctypes.c_float()
    start: tuple[float, float] | None = None
    last: tuple[float, float] | None = None
    for index in range(count):
        segment = raw.FPDFPath_GetPathSegment(thing.raw, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = turn.point(*matrix.on_point(x.value, y.value))
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == raw.FPDF_SEGMENT_LINETO and last:
            yield from _straight(last, point)
        last = point
        if raw.FPDFPathSegment_GetClose(segment) and start:
            yield from _straight(point, start)


def _matrix(thing: Any) -> Any:
    """From the path's own coordinates to those of the page, through the forms it stands in."""
    matrix, around = thing.get_matrix(), thing.container
    while around is not None:
        matrix, around = matrix.multiply(around.get_matrix()), around.container
    return matrix


def _straight(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Edge]:
    across, down = abs(one[0] - other[0]), abs(one[1] - other[1])
    if down < 1 < across:
        yield Edge("h", (one[1] + other[1]) / 2, min(one[0], other[0]), max(one[0], other[0]))
    elif across < 1 < down:
        yield Edge("v", (one[0] + other[0]) / 2, min(one[1], other[1]), max(one[1], other[1]))


# ---- lines -----------------------------------------------------------------------------------------------------------


def _in_order(words: Sequence[Word], found: Sequence[Grid], width: float) -> Iterator[Line | Grid | Unruled]:
    """Lines and tables from top to bottom; a table takes the words inside it."""
    free: list[Word] = []
    inside: list[list[Word]] = [[] for _ in found]
    for word in words:
        middle = ((word.x0 + word.x1) / 2, (word.top + word.bottom) / 2)
        owner = next((at for at, grid in enumerate(found) if grid.holds(*middle)), None)
        (free if owner is None else inside[owner]).append(word)
    items: list[Line | Grid | Unruled] = []
    for part in unruled_tables(list(_lines(free))):
        items += [part] if isinstance(part, Unruled) else _beside(part, width)
    for grid, its_words in zip(found, inside, strict=True):
        filled = _fill(grid, its_words)
        if filled:
            at = next((at for at, item in enumerate(items) if item.top >= grid.top), len(items))
            items.insert(at, filled)
    yield from items


def _lines(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Words by line, each line from the left."""
    current: list[Word] = []
    bottom = 0.0
    for word in sorted(words, key=lambda word: ((word.top + word.bottom) / 2, word.x0)):
        middle = (word.top + word.bottom) / 2
        if current and middle > bottom:
            yield sorted(current, key=lambda word: word.x0)
            current = []
        if not current or word.bottom - word.top > 4:
            bottom = word.bottom - (word.bottom - word.top) * 0.3 if not current else bottom
        current.append(word)
    if current:
        yield sorted(current, key=lambda word: word.x0)


def _line(words: Sequence[Word], alone: bool = False) -> Line:
    return Line(
        tidy_paragraph(" ".join(word.text for word in words)),
        words[0].text,
        words[0].x1 - words[0].x0,
        words[0].x0,
        max(word.x1 for word in words),
        min(word.top for word in words),
        max(word.bottom for word in words),
        alone,
    )


def _beside(lines: Sequence[list[Word]], width: float) -> Iterator[Line]:
    """Lines; where two texts stand side by side (heading, signature), the left one first, then the right one."""
    position = 0
    while position < len(lines):
        gap = _gap(lines[position], width)
        end, left, right = (position, [], []) if gap is None else _columns(lines, position, gap, width)
        if end == position:
            yield _line(lines[position])
            position += 1
            continue
        yield from (_line(words, alone=True) for words in (*left, *right))
        position = end


def _columns(
    lines: Sequence[list[Word]], start: int, gap: float, width: float
) -> tuple[int, list[list[Word]], list[list[Word]]]:
    left: list[list[Word]] = []
    right: list[list[Word]] = []
    at = start
    while at < len(lines):
        own = _gap(lines[at], width)
        split = gap if own is None else own
        west = [word for word in lines[at] if word.x1 <= split]
        east = [word for word in lines[at] if word.x0 >= split]
        if len(west) + len(east) < len(lines[at]) or (own is None and _is_body(lines[at], width, west, east)):
            break
        left += [west] if west else []
        right += [east] if east else []
        gap, at = split, at + 1
    return at, left, right


def _is_body(words: Sequence[Word], width: float, west: Sequence[Word], east: Sequence[Word]) -> bool:
    """A line that stands across the page, or below the two columns."""
    if west and east:
        return True
    middle = (words[0].x0 + words[-1].x1) / 2
    return abs(middle - width / 2) < width * 0.08 or words[-1].x1 - words[0].x0 > width * 0.45


def _gap(words: Sequence[Word], width: float) -> float | None:
    """The middle of a gap so wide that two texts stand side by side, near the middle of the page."""
    size = median(word.bottom - word.top for word in words)
    for at in range(1, len(words)):
        space = words[at].x0 - words[at - 1].x1
        if space > max(size * 1.6, 18) and width * 0.25 < words[at].x0 and words[at - 1].x1 < width * 0.75:
            short = at <= 2 and begins_item(" ".join(word.text for word in words[:at]) + " x")
            if not short:
                return (words[at].x0 + words[at - 1].x1) / 2
    return None


# ---- tables ----------------------------------------------------------------------------------------------------------


def _fill(grid: Grid, words: Sequence[Word]) -> Grid | None:
    """The grid with its texts; None for an empty frame."""
    by_cell: dict[int, list[Word]] = {}
    for word in words:
        at = grid.cell_at((word.x0 + word.x1) / 2, (word.top + word.bottom) / 2)
        if at is not None:
            by_cell.setdefault(at, []).append(word)
    if not by_cell:
        return None
    return grid.with_texts({at: _cell_text(its, grid.box(at)) for at, its in by_cell.items()})


def _cell_text(words: Sequence[Word], box: Box) -> str:
    """The text of a cell: its wrapped lines joined, its list items and paragraphs on lines of their own."""
    lines = [_line(line) for line in _lines(words)]
    dashes = sum(line.text.startswith("- ") for line in lines)
    lone_dash = dashes == 1 and not lines[0].text.startswith("- ")  # "Phòng Văn hóa | - Xã hội" is no list
    room = box[2] - box[0]
    return "\n".join(_run(lines, lambda above, below: _wraps_in_cell(above, below, room, lone_dash)))


def _wraps_in_cell(above: Line, below: Line, room: float, lone_dash: bool) -> bool:
    ended = above.text.endswith((".", ";", ":"))
    full = room - (above.x1 - above.x0) < below.first_width + (above.bottom - above.top) * 1.5
    if begins_item(below.text):
        return not ended and below.text.startswith("- ") and (lone_dash or full)
    return full or not ended


def _run(lines: Sequence[Line], wraps: Callable[[Line, Line], bool]) -> Iterator[str]:
    text = ""
    for at, line in enumerate(lines):
        if at and wraps(lines[at - 1], line):
            text = run_on(text, line.text)
            continue
        if text:
            yield text
        text = line.text
    if text:
        yield text


# ---- pages to pieces -------------------------------------------------------------------------------------------------


def _without_running(pages: Sequence[Page]) -> list[Page]:
    """Pages without page numbers and without headers that run through the document."""
    seen: Counter[tuple[str, int]] = Counter()
    for page in pages:
        seen.update({_trace(line) for line in _margin_lines(page)})
    often = {trace for trace, count in seen.items() if count >= 3 and count * 3 >= len(pages)}
    kept = []
    for page in pages:
        drop = {line for line in _margin_lines(page) if is_page_number(line.text) or _trace(line) in often}
        kept.append(replace(page, items=tuple(item for item in page.items if item not in drop)))
    return kept


def _margin_lines(page: Page) -> list[Line]:
    edge = page.height * _BODY_EDGE
    lines = [item for item in page.items if isinstance(item, Line)]
    return [line for line in lines if line.bottom < edge or line.top > page.height - edge]


def _trace(line: Line) -> tuple[str, int]:
    return _DIGITS.sub("#", line.text), round(line.top / 6)


def _pieces(pages: Sequence[Page]) -> list[Piece]:
    margins = _margins(pages)
    pieces: list[Piece] = []
    running: list[tuple[Line, Page]] = []
    count = 0
    for page in pages:
        for item in page.items:
            if isinstance(item, Line):
                running.append((item, page))
                continue
            texts = _paragraphs(running, margins, count)
            pieces += texts
            running, count = [], count + len(texts)
            rows = [RawRow(cells, count + at + 1) for at, cells in enumerate(item.rows())]
            pieces.append(RawTable(tuple(rows), page=page.number, cut_rows=True))
            count += len(rows)
    return pieces + _paragraphs(running, margins, count)


@dataclass(frozen=True, slots=True)
class _Margins:
    """Where body text begins and ends on pages of one width, and how far its lines stand apart."""

    left: float
    right: float
    pitch: float
    indents: bool  # first lines are indented, and the lines after them are not


def _margins(pages: Sequence[Page]) -> dict[int, _Margins]:
    """The margins by page width."""
    found = {}
    for width in {round(page.width) for page in pages}:
        same = [page for page in pages if round(page.width) == width]
        found[width] = _margins_of(
            [[item for item in page.items if isinstance(item, Line) and not item.alone] for page in same]
        )
    return found


def _margins_of(texts: Sequence[Sequence[Line]]) -> _Margins:
    starts = Counter(round(line.x0 / 2) * 2 for lines in texts for line in lines)
    ends = sorted(line.x1 for lines in texts for line in lines)
    pairs = [(above, below) for lines in texts for above, below in pairwise(lines) if below.top > above.top]
    left = min((start for start, count in starts.items() if count * 3 >= max(starts.values())), default=0)
    right = ends[int(len(ends) * 0.95)] if ends else 0.0
    pitch = median(below.top - above.top for above, below in pairs) if pairs else 0.0
    full = [(a, b) for a, b in pairs if a.x0 > left + 8 and right - a.x1 < b.first_width and not b.text[:1].isupper()]
    back = sum(abs(below.x0 - left) < 5 for _above, below in full)
    return _Margins(left, right, pitch, indents=len(full) > 1 and back * 3 > len(full) * 2)


def _paragraphs(lines: Iterable[tuple[Line, Page]], margins: dict[int, _Margins], count: int) -> list[Piece]:
    found: list[Piece] = []
    text, page_number = "", 0
    above: tuple[Line, Page] | None = None
    for line, page in lines:
        if above and len(text) < LONGEST_PARAGRAPH and _goes_on(above, (line, page), margins[round(above[1].width)]):
            text = run_on(text, line.text)
        else:
            if text:
                found.append(Paragraph(tidy_paragraph(text), count + len(found) + 1, page_number))
            text, page_number = line.text, page.number
        above = line, page
    if text:
        found.append(Paragraph(tidy_paragraph(text), count + len(found) + 1, page_number))
    return found


def _goes_on(above: tuple[Line, Page], below: tuple[Line, Page], margins: _Margins) -> bool:
    """Whether a line belongs to the paragraph of the one above."""
    (line, page), (following, next_page) = above, below
    if line.alone or following.alone:
        return False
    if ends_in_hyphen(line.text):
        return True
    size = max(line.bottom - line.top, 6.0)
    ended = line.text.endswith((".", ";", ":", "./."))
    indented = following.x0 > margins.left + size * 0.6
    if margins.right - line.x1 > following.first_width + size * 0.7:
        return False  # the next word had had room
    if begins_item(following.text) and not goes_on_with_dash(line.text, following.text):
        return margins.indents and not indented and not ended
    if following.x0 > line.x0 + size * 0.6 and not begins_item(line.text):
        return False  # a first line is indented
    if indented and abs(following.x0 - line.x0) < 3 and (ended or margins.indents):
        return False  # two first lines
    if page is next_page:
        return following.top - line.top < margins.pitch * 1.7
    return following.text[:1].islower() or not ended

"""Sheets: .xlsx and .csv. Rows are read as they come; what stands above the header is text, below it a table."""

from __future__ import annotations

import csv
import datetime as dt
import io
import posixpath
import re
import warnings as python_warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError, iterparse  # entities are refused before (opening.check_package)

from engine.errors import BadDocument
from schedules.intake.blocks import Paragraph
from schedules.intake.groups import is_group_row
from schedules.intake.opening import check_package
from schedules.intake.tables import Piece, RawRow, RawTable, is_layout_text, looks_like_header
from schedules.intake.tidy import tidy_lines, tidy_paragraph

Progress = Callable[[float], None]
Merge = tuple[int, int, int, int]  # first row, first column, last row, last column; from 1
MOST_ROWS = 20_000
MOST_COLUMNS = 100
UNSPLIT = 0.7
_RANGE = re.compile(r"^([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)$")
_PLAIN_NAME = re.compile(r"^(?:sheet|trang t[ií]nh|trang|bảng)\s*\d*$", re.IGNORECASE)
_NOT_SHOWN = re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].|general', re.IGNORECASE)  # words, colours, locales, fillers
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_workbook(path: Path, progress: Progress | None = None) -> tuple[list[Piece], list[str]]:
    """Pieces of every visible sheet of an .xlsx, and warnings.

    :raises BadDocument: when the workbook cannot be opened.
    """
    import openpyxl  # noqa: PLC0415  # 0.3 s that no other command should pay

    check_package(path, "xl/workbook.xml")
    try:
        with path.open("rb") as stream, python_warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            python_warnings.simplefilter("ignore")  # openpyxl warns, and prints, about styles it drops
            return _sheets(openpyxl.load_workbook(stream, read_only=True, data_only=True), path, progress)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, SyntaxError, zipfile.BadZipFile):
        raise BadDocument(f"{path.name}: bảng tính bị hỏng. Hãy mở bằng Excel, sửa và lưu lại thành .xlsx.") from None


def read_csv(text: str, name: str) -> list[Piece]:
    """Pieces of a .csv whose delimiter is found out."""
    text = text.removeprefix("\ufeff")
    first = re.match(r"sep=(.)\r?\n", text)
    delimiter = first[1] if first else _delimiter(text)
    rows: list[RawRow] = []
    reader = csv.reader(io.StringIO(text[first.end() if first else 0 :], newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            rows.append(RawRow(tuple(tidy_lines(cell) for cell in cells[:MOST_COLUMNS]), line))
            line = reader.line_num + 1
    except csv.Error:
        raise BadDocument(
            f"{name}, dòng {line}: không đọc được tệp CSV (thừa hoặc thiếu dấu nháy kép). "
            "Hãy mở bằng Excel và lưu lại thành .xlsx."
        ) from None
    return pieces_of_rows(rows)


# ---- rows to pieces --------------------------------------------------------------------------------------------------


def pieces_of_rows(rows: Sequence[RawRow]) -> list[Piece]:
    """Text above and below, tables between; an empty row ends neither."""
    pieces: list[Piece] = []
    for part in _parts(_without_empty_columns(rows)):
        head = next((at for at in range(min(len(part), 30)) if looks_like_header([r.cells for r in part[at:]])), None)
        open_table = any(isinstance(piece, RawTable) for piece in pieces[-1:])
        if head is None and (open_table or any(isinstance(piece, RawTable) for piece in pieces)):
            pieces += _after_table(part)
            continue
        if head is None:
            head = next((at for at, row in enumerate(part) if not _is_single(row)), len(part))
        pieces += _as_text(part[:head])
        if part[head:]:
            pieces += _with_tail(part[head:])
    return pieces


def _with_tail(rows: Sequence[RawRow]) -> list[Piece]:
    """A table, and the signature that may follow without an empty row."""
    end = next((at for at, row in enumerate(rows) if any(map(is_layout_text, row.cells))), len(rows))
    return [RawTable(tuple(rows[:end])), *_as_text(rows[end:])]


def _after_table(part: Sequence[RawRow]) -> list[Piece]:
    """A part without a header below a table: its next rows, or closing words."""
    if all(_is_single(row) and not is_group_row(row.cells) for row in part):
        return _as_text(part)
    if len(part) == 1 and _is_single(part[0]) and not part[0].cells[0]:
        return _as_text(part)
    return _with_tail(part)


def _as_text(rows: Iterable[RawRow]) -> list[Piece]:
    found: list[Piece] = []
    for row in rows:
        lines = (line for cell in dict.fromkeys(row.cells) for line in cell.split("\n"))
        found += [Paragraph(text, row.line) for text in map(tidy_paragraph, lines) if text]
    return found


def _is_single(row: RawRow) -> bool:
    return len({cell for cell in row.cells if cell}) == 1


def _parts(rows: Sequence[RawRow]) -> Iterator[list[RawRow]]:
    part: list[RawRow] = []
    for row in rows:
        if any(row.cells):
            part.append(row)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _without_empty_columns(rows: Sequence[RawRow]) -> list[RawRow]:
    """Columns at the left and the right edge that no row fills are only margin."""
    filled = {at for row in rows for at, cell in enumerate(row.cells) if cell}
    if not filled:
        return []
    first, last = min(filled), max(filled) + 1
    padded = ((*row.cells, *[""] * (last - len(row.cells))) for row in rows)
    return [RawRow(cells[first:last], row.line) for cells, row in zip(padded, rows, strict=True)]


# ---- workbooks -------------------------------------------------------------------------------------------------------


def _sheets(book: Any, path: Path, progress: Progress | None) -> tuple[list[Piece], list[str]]:
    pieces: list[Piece] = []
    said: list[str] = []
    merges = _merged_ranges(path)
    for index, sheet in enumerate(book.worksheets):
        if sheet.sheet_state != "visible":
            said.append(f"Trang tính ẩn “{sheet.title}” không được đọc. Nếu cần, hãy bỏ ẩn rồi nhập lại.")
            continue
        rows, cut = _rows(sheet, merges.get(sheet.title, []))
        if cut:
            said.append(f"Trang tính “{sheet.title}” quá dài: chỉ đọc {MOST_ROWS:,} dòng đầu.".replace(",", "."))
        found = pieces_of_rows(rows)
        if found and len(book.worksheets) > 1 and not _PLAIN_NAME.match(sheet.title.strip()):
            pieces.append(Paragraph(tidy_paragraph(sheet.title), 1))
        pieces += found
        if progress:
            progress((index + 1) / len(book.worksheets))
    return pieces, said


def _rows(sheet: Any, merges: Sequence[Merge]) -> tuple[list[RawRow], bool]:
    sheet.reset_dimensions()  # what a file declares about its size is not believed
    grid: list[list[str]] = []
    cut = False
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        if number > MOST_ROWS:
            cut = True
            break
        grid.append([_shown(cell) for cell in row])
    for merge in merges:
        _fill(grid, merge)
    return [RawRow(tuple(cells), number) for number, cells in enumerate(grid, start=1)], cut


def _fill(grid: list[list[str]], merge: Merge) -> None:
    top, left, bottom, right = merge
    if top > len(grid) or left > MOST_COLUMNS:
        return
    text = grid[top - 1][left - 1] if left <= len(grid[top - 1]) else ""
    right = min(right, MOST_COLUMNS)
    for row in grid[top - 1 : min(bottom, len(grid))]:
        row.extend([""] * (right - len(row)))
        row[left - 1 : right] = [text] * (right - left + 1)


def _shown(cell: Any) -> str:
    """A cell as people see it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Có" if value else "Không"
    if isinstance(value, dt.date) and _shows_no_day(str(getattr(cell, "number_format", "") or "")):
        return f"{value:%m/%Y}"  # 11/2026 typed into Excel is stored as 1 November; it means the month
    if isinstance(value, dt.datetime):
        has_time = (value.hour, value.minute) != (0, 0)
        return f"{value:%d/%m/%Y %H:%M}" if has_time else f"{value:%d/%m/%Y}"
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, int | float):
        return _figure(value, str(getattr(cell, "number_format", "") or ""))
    return tidy_lines(str(value))


def _shows_no_day(form: str) -> bool:
    """Whether a date format shows a month and no day: "mmm-yy", "mm/yyyy", ""Tháng "m/yyyy"."""
    letters = _NOT_SHOWN.sub("", form.split(";", maxsplit=1)[0]).lower()
    return "m" in letters and "y" in letters and not set("dhs") & set(letters)


def _figure(value: float, form: str) -> str:
    """3.0 as 3, 0.98 shown in per cent as 98%, a comma before decimals."""
    percent = form.rstrip().endswith("%")
    shown = round(value * 100, 6) if percent else round(value, 10)
    text = str(int(shown)) if shown == int(shown) else str(shown).replace(".", ",")
    return f"{text}%" if percent else text


def _merged_ranges(path: Path) -> dict[str, list[Merge]]:
    """The merged ranges of every sheet, which openpyxl does not give when it reads row by row."""
    found: dict[str, list[Merge]] = {}
    with zipfile.ZipFile(path) as package:
        targets = _sheet_files(package)
        for title, name in targets.items():
            if name in package.namelist():
                with package.open(name) as stream:
                    found[title] = list(_merges(stream))
    return found


def _merges(stream: Any) -> Iterator[Merge]:
    try:
        for _event, element in iterparse(stream):  # noqa: S314
            if element.tag == f"{_MAIN}mergeCell":
                match = _RANGE.match(element.get("ref", "").replace("$", ""))
                if match:
                    yield int(match[2]), _column(match[1]), int(match[4]), _column(match[3])
            elif element.tag == f"{_MAIN}row":
                element.clear()
    except ParseError:
        return


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _sheet_files(package: zipfile.ZipFile) -> dict[str, str]:
    """The file of each sheet inside the package, by the sheet's title."""
    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    targets: dict[str, str] = {}
    with package.open("xl/_rels/workbook.xml.rels") as stream:
        for _event, element in iterparse(stream):  # noqa: S314
            target = element.get("Target", "")
            if element.get("Id"):
                targets[element.get("Id", "")] = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    with package.open("xl/workbook.xml") as stream:
        sheets = [element for _event, element in iterparse(stream) if element.tag == f"{_MAIN}sheet"]  # noqa: S314
    return {sheet.get("name", ""): targets.get(sheet.get(relation, ""), "") for sheet in sheets}


# ---- csv -------------------------------------------------------------------------------------------------------------


def _delimiter(text: str) -> str:
    """The delimiter under which rows have the fewest different lengths."""
    sample = text[:200_000]
    return max(",;\t|", key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[float, bool, int]:
    """The share of rows of one cell or of the usual length, whether a header comes out, and the cells in those rows.

    Sentences split at their commas come out in every length; a file that no delimiter splits is one column of text.
    """
    widths: Counter[int] = Counter()
    header, spaced, cut = False, 0, 0
    try:
        for cells in islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), 1000):
            widths[len(cells)] += 1
            cut += len(cells) - 1
            spaced += sum(cell.startswith(" ") for cell in cells[1:])
            header = header or (len(cells) > 2 and looks_like_header([tuple(cells)]))
    except csv.Error:
        return (0.0, False, 0)
    usual = max((width for width in widths if width > 1), key=lambda width: (widths[width], width), default=0)
    fitting = (widths[0] + widths[1] + widths[usual]) / max(1, widths.total()) if usual else UNSPLIT
    if spaced * 2 > cut:
        fitting *= UNSPLIT  # a comma and a space: more likely a sentence
    return (round(fitting, 1), header, usual * widths[usual])

"""Word documents: paragraphs and tables in the order of the body.

The XML is read directly under python-docx, because its own table walk takes minutes for 200 pages and because
automatic numbers ("1.", "a)", bullets) stand nowhere in the text: they are counted here as Word counts them.
Headers, footers, footnotes, text boxes, hidden and deleted text are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import BadDocument
from schedules.intake.blocks import Paragraph
from schedules.intake.opening import check_package
from schedules.intake.tables import Piece, RawRow, RawTable
from schedules.intake.tidy import tidy_lines, tidy_paragraph

Progress = Callable[[float], None]
Element = Any  # lxml elements carry no types
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_NUMBERING = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering"
_SKIPPED = {
    f"{_W}{name}"
    for name in ("del", "moveFrom", "txbxContent", "pPr", "rPr", "instrText", "footnoteReference", "object", "pict",
                 "drawing", "rt", "commentReference", "delText")
} | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"}  # fmt: skip
_AS_TEXT = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-", f"{_W}ptab": " "}
_WRAPPERS = {f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo")}
DEEPEST = 40


def read_word(path: Path, progress: Progress | None = None) -> tuple[list[Piece], list[str]]:
    """Pieces of a .docx, and warnings.

    :raises BadDocument: when the package cannot be opened.
    """
    import docx  # noqa: PLC0415  # 0.2 s that no other command should pay

    check_package(path, "word/document.xml")
    try:
        document = docx.Document(str(path))
        body: Element = document.element.body
        numbers = _Numbers(_numbering_part(document), document.styles.element)
    except (SyntaxError, KeyError, ValueError, AttributeError, TypeError, OSError, AssertionError):
        raise BadDocument(
            f"{path.name}: nội dung Word bị hỏng. Hãy mở bằng Word, sửa và lưu lại thành .docx."
        ) from None
    if body is None:
        raise BadDocument(f"{path.name}: tệp Word không có nội dung. Hãy kiểm tra lại đúng tệp chưa.")
    pieces = _Body(numbers, progress).pieces(body)
    changed = next(body.iter(f"{_W}del", f"{_W}ins"), None) is not None
    return pieces, ["Văn bản còn theo dõi sửa đổi (Track Changes): đọc theo bản đã sửa."] if changed else []


def _numbering_part(document: Any) -> Element | None:
    try:
        return document.part.part_related_by(_NUMBERING).element
    except KeyError:
        return None


# ---- body ------------------------------------------------------------------------------------------------------------


class _Body:
    """One walk through the body; ``line`` counts paragraphs and table rows."""

    def __init__(self, numbers: _Numbers, progress: Progress | None) -> None:
        self.numbers, self.progress, self.line = numbers, progress, 0

    def pieces(self, body: Element) -> list[Piece]:
        found: list[Piece] = []
        total = max(1, len(body))
        for index, child in enumerate(body.iterchildren()):
            found += self._of(child)
            if self.progress and index % 200 == 0:
                self.progress(index / total)
        return found

    def _of(self, child: Element, depth: int = 0) -> Iterator[Piece]:
        if child.tag == f"{_W}p":
            lines = self._paragraph(child).split("\n")
            texts = [text for text in map(tidy_paragraph, lines) if text]
            self.line += bool(texts)
            yield from (Paragraph(text, self.line) for text in texts)
        elif child.tag == f"{_W}tbl":
            yield self._table(child)
        elif child.tag in _WRAPPERS and depth < DEEPEST:
            for inner in child.iterchildren():
                yield from self._of(inner, depth + 1)

    def _paragraph(self, paragraph: Element) -> str:
        text = "".join(_text(paragraph))
        mark = self.numbers.mark(paragraph) if text.strip() else ""
        return f"{mark} {text.lstrip()}" if mark else text

    def _table(self, table: Element) -> RawTable:
        rows: list[RawRow] = []
        head, in_head = 0, True
        above: list[str] = []
        for row in _unwrapped(table, f"{_W}tr"):
            self.line += 1
            above = self._row(row, above)
            rows.append(RawRow(tuple(above), self.line))
            in_head = in_head and row.find(f"{_W}trPr/{_W}tblHeader") is not None
            head += in_head
        return RawTable(tuple(rows), header_rows=head if 0 < head < len(rows) else None)

    def _row(self, row: Element, above: list[str]) -> list[str]:
        """The cells of a row by grid column, merged cells filled."""
        cells = [""] * _number(row.find(f"{_W}trPr/{_W}gridBefore"))
        for cell in _unwrapped(row, f"{_W}tc"):
            properties = cell.find(f"{_W}tcPr")
            merged = None if properties is None else properties.find(f"{_W}vMerge")
            across = None if properties is None else properties.find(f"{_W}hMerge")
            width = 1 if properties is None else max(1, _number(properties.find(f"{_W}gridSpan"), 1))
            if across is not None and across.get(f"{_W}val") != "restart" and cells:
                text = cells[-1]
            elif merged is not None and merged.get(f"{_W}val") != "restart" and len(cells) < len(above):
                text = above[len(cells)]
            else:
                text = self._cell(cell)
            cells += [text] * min(width, 64)
        return cells

    def _cell(self, cell: Element, depth: int = 0) -> str:
        lines: list[str] = []
        for child in cell.iterchildren():
            if child.tag == f"{_W}p":
                text = "".join(_text(child))
                lines.append(f"{self.numbers.mark(child)} {text}")
            elif child.tag == f"{_W}tbl" and depth < DEEPEST:
                inner = (cell for row in _unwrapped(child, f"{_W}tr") for cell in _unwrapped(row, f"{_W}tc"))
                lines += [self._cell(cell, depth + 1) for cell in inner]
            elif child.tag in _WRAPPERS and depth < DEEPEST:
                lines.append(self._cell(child, depth + 1))
        return tidy_lines("\n".join(lines))


def _unwrapped(parent: Element, tag: str, depth: int = 0) -> Iterator[Element]:
    """The children of one kind, content controls opened."""
    for child in parent.iterchildren():
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS and depth < DEEPEST:
            yield from _unwrapped(child, tag, depth + 1)


def _text(element: Element) -> Iterator[str]:
    """What a reader of the page sees of a paragraph."""
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        if child.tag in _SKIPPED or not isinstance(child.tag, str):
            continue
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _AS_TEXT:
            yield _AS_TEXT[child.tag]
        elif child.tag == f"{_W}sym":
            yield "- "
        elif not (child.tag == f"{_W}r" and _is_on(child.find(f"{_W}rPr/{_W}vanish"))):
            stack.extend(reversed(child))


def _is_on(switch: Element | None) -> bool:
    return switch is not None and switch.get(f"{_W}val", "1") not in ("0", "false", "off")


def _number(element: Element | None, default: int = 0) -> int:
    value = "" if element is None else element.get(f"{_W}val", "")
    return int(value) if value.isdecimal() else default


# ---- automatic numbers -----------------------------------------------------------------------------------------------


@dataclass
class _Level:
    """One level of a list: how its number looks and where it starts."""

    form: str = "decimal"
    text: str = ""
    start: int = 1


@dataclass
class _List:
    """A list that paragraphs belong to; lists made from one definition count on together unless they restart."""

    key: str
    levels: dict[int, _Level] = field(default_factory=dict)
    restarts: dict[int, int] = field(default_factory=dict)


class _Numbers:
    """Counts automatic numbers, paragraph after paragraph."""

    def __init__(self, numbering: Element | None, styles: Element) -> None:
        self._lists = {} if numbering is None else _lists(numbering)
        self._styles = _style_lists(styles) if self._lists else {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[str] = set()

    def mark(self, paragraph: Element) -> str:
        """ "1.", "a)", "-" or nothing: what Word prints before the paragraph."""
        if not self._lists:
            return ""
        number, level = self._place(paragraph)
        found = self._lists.get(number or "")
        form = found.levels.get(level) if found else None
        if found is None or form is None:
            return ""
        counts = self._counts.setdefault(found.key, {})
        if number not in self._begun:
            self._begun.add(number or "")
            for restarted, start in found.restarts.items():
                counts[restarted] = start - 1
        counts[level] = counts.get(level, form.start - 1) + 1
        for deeper in [deeper for deeper in counts if deeper > level]:
            del counts[deeper]
        return _printed(found, form, counts)

    def _place(self, paragraph: Element) -> tuple[str | None, int]:
        """The list and the level of a paragraph, its own or those of its style."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return self._styles.get("", (None, 0))
        style = properties.find(f"{_W}pStyle")
        by_style = self._styles.get("" if style is None else style.get(f"{_W}val", ""), (None, 0))
        own = properties.find(f"{_W}numPr")
        if own is None:
            return by_style
        number, level = own.find(f"{_W}numId"), own.find(f"{_W}ilvl")
        return (
            by_style[0] if number is None else number.get(f"{_W}val"),
            by_style[1] if level is None else _number(level),
        )


def _lists(numbering: Element) -> dict[str, _List]:
    definitions = {d.get(f"{_W}abstractNumId"): _levels(d) for d in numbering.iterchildren(f"{_W}abstractNum")}
    found = {}
    for num in numbering.iterchildren(f"{_W}num"):
        reference = num.find(f"{_W}abstractNumId")
        key = "" if reference is None else reference.get(f"{_W}val", "")
        entry = _List(key, dict(definitions.get(key, {})))
        for override in num.iterchildren(f"{_W}lvlOverride"):
            level = int(override.get(f"{_W}ilvl", "0"))
            entry.levels.update(_levels(override))
            if override.find(f"{_W}startOverride") is not None:
                entry.restarts[level] = _number(override.find(f"{_W}startOverride"), 1)
        found[num.get(f"{_W}numId", "")] = entry
    return found


def _levels(parent: Element) -> dict[int, _Level]:
    found = {}
    for level in parent.iterchildren(f"{_W}lvl"):
        form, text = level.find(f"{_W}numFmt"), level.find(f"{_W}lvlText")
        found[int(level.get(f"{_W}ilvl", "0"))] = _Level(
            "decimal" if form is None else form.get(f"{_W}val", "decimal"),
            "" if text is None else text.get(f"{_W}val", ""),
            _number(level.find(f"{_W}start"), 1),
        )
    return found


def _style_lists(styles: Element) -> dict[str, tuple[str | None, int]]:
    """The list of each paragraph style, its own or that of the style it is based on; "" is the default style."""
    own: dict[str, tuple[str | None, int]] = {}
    based: dict[str, str] = {}
    found: dict[str, tuple[str | None, int]] = {}
    for style in styles.iterchildren(f"{_W}style"):
        name = style.get(f"{_W}styleId", "")
        numbering, basis = style.find(f"{_W}pPr/{_W}numPr"), style.find(f"{_W}basedOn")
        based[name] = "" if basis is None else basis.get(f"{_W}val", "")
        if numbering is not None and numbering.find(f"{_W}numId") is not None:
            own[name] = (numbering.find(f"{_W}numId").get(f"{_W}val"), _number(numbering.find(f"{_W}ilvl")))
        if style.get(f"{_W}default") == "1" and style.get(f"{_W}type") == "paragraph":
            based[""] = name
    for name in based:
        ancestor, steps = name, 0
        while ancestor not in own and based.get(ancestor) and steps < DEEPEST:
            ancestor, steps = based[ancestor], steps + 1
        if ancestor in own:
            found[name] = own[ancestor]
    return found


def _printed(found: _List, form: _Level, counts: dict[int, int]) -> str:
    if form.form == "none":
        return ""
    if form.form == "bullet":
        return "+" if form.text.strip() == "+" else "-"

    def one(match: re.Match[str]) -> str:
        level = int(match[1]) - 1
        shape = found.levels.get(level, form)
        return _numeral(counts.get(level, shape.start), shape.form)

    return re.sub(r"%(\d)", one, form.text).strip()


def _numeral(number: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    if form in ("lowerRoman", "upperRoman"):
        roman = _roman(number)
        return roman if form == "upperRoman" else roman.lower()
    return f"{number:02d}" if form == "decimalZero" else str(number)


def _roman(number: int) -> str:
    steps = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    text = ""
    for value, letters in steps:
        times, number = divmod(max(number, 0), value)
        text += letters * min(times, 40)
    return text

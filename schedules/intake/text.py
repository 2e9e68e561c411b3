"""Plain text and Markdown: paragraphs, and tables drawn with pipes, tabs or spaces.

In an unwrapped text every line that is not empty is a paragraph. Text copied out of a PDF is wrapped at the width
of its page; such lines are joined again, even over the empty line or page number that the copying left inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from itertools import pairwise

from schedules.intake.blocks import Paragraph
from schedules.intake.layout import layout_table
from schedules.intake.tables import Piece, RawRow, RawTable, is_page_number
from schedules.intake.tidy import begins_item, goes_on_with_dash, run_on, tidy, tidy_lines, tidy_paragraph

Progress = Callable[[float], None]
NARROWEST_WRAPPED_LINE = 40
WIDEST_WRAPPED_LINE = 130
LONGEST_PARAGRAPH = 10_000  # letters; what is longer is not joined any further
SHORTEST_CUT = 60  # a heading of two lines is shorter
_LINE_END = re.compile(r"\r\n|\r|\n")
_RULE = re.compile(r"^\s*(?:[-_*=~.…](?:\s*[-_*=~.…]){2,}|`{3,}.*|\\?pagebreak|\\newpage)\s*$")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+|\s+#+\s*$")
_QUOTE = re.compile(r"^\s{0,3}>\s?")
_BOOKMARK = re.compile(r"\[bookmark:[^\]]*\]", re.IGNORECASE)
_MARKUP = re.compile(r"[*_`\[\]\\<&~]")
_LEFT_OVER = re.compile(r"^\*{1,3}(?=\S)|(?<=\S)\*{2,3}$|(?<=\))\*{1,3}$|^\*{2,3}$")
_GLUED = re.compile(r"(?<=[^\s*])\*(\([^*]+\))\*")  # NĂM 2026*(Kèm theo …)* is no emphasis to the parser
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:b|i|u|p|em|strong|sup|sub|span|center|div|font|td|tr|th|table|tbody|thead)\b[^>]{0,200}>", re.I
)
_SEPARATOR = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(?:\|\s*:?-*:?\s*)+$")
_GRID_BORDER = re.compile(r"^\s*\+(?:[-=:]+\+)+\s*$")
_PIPE = re.compile(r"(?<!\\)\|")
_TERMINAL = (".", ";", ":", "!", "?", "./.", "…")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    raw: str
    text: str
    after_gap: bool  # an empty line or a page number stands before it


def pieces_of_text(text: str, progress: Progress | None = None) -> list[Piece]:
    """Paragraphs and raw tables in the order of the text."""
    lines = _LINE_END.split(text)
    pieces: list[Piece] = []
    running: list[tuple[int, str]] = []
    position = 0
    while position < len(lines):
        end, table = _table_at(lines, position)
        if table is None:
            running.append((position + 1, lines[position]))
            position += 1
            continue
        pieces += _paragraphs(running)
        pieces.append(table)
        running, position = [], end
        if progress:
            progress(position / len(lines))
    return pieces + _paragraphs(running)


def mended(pieces: Iterable[Piece]) -> list[Piece]:
    """A paragraph that begins in the middle of a sentence joined to the long one before, which a page end had cut."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if isinstance(piece, Paragraph) and isinstance(last, Paragraph) and _is_cut(last.text, piece.text):
            result[-1] = replace(last, text=run_on(last.text, piece.text))
        else:
            result.append(piece)
    return result


def _is_cut(above: str, below: str) -> bool:
    return SHORTEST_CUT <= len(above) < LONGEST_PARAGRAPH and _begins_small(below) and not above.endswith(_TERMINAL)


# ---- paragraphs ------------------------------------------------------------------------------------------------------


def _paragraphs(lines: Sequence[tuple[int, str]]) -> list[Piece]:
    kept = list(_text_lines(lines))
    if not _is_wrapped(kept):
        return [Paragraph(line.text, line.number) for line in kept]
    return list(_unwrapped(kept))


def _text_lines(lines: Iterable[tuple[int, str]]) -> Iterator[_Line]:
    gap = True
    for number, raw in lines:
        text = "" if _RULE.match(raw) else plain(raw)
        if not text:
            gap = True
            continue
        yield _Line(number, raw, text, gap)
        gap = False


def plain(raw: str) -> str:
    """A line without its Markdown: headings, emphasis, links, escapes."""
    text = _HEADING.sub("", _QUOTE.sub("", _BOOKMARK.sub("", raw)))
    if len(text) < LONGEST_PARAGRAPH and _MARKUP.search(text):
        text = _GLUED.sub(r" \1", _TAG.sub("", _BREAK.sub(" ", text)))
        text = _LEFT_OVER.sub("", _inline(text).strip())
    return tidy_paragraph(text)


def _inline(text: str) -> str:
    """The text a Markdown line shows; a leading bullet is kept out of the parser's sight."""
    bullet = re.match(r"^\s*[-+*]\s+", text)
    start = bullet.end() if bullet else 0
    tokens = _markdown().parseInline(text[start:])
    shown = "".join(_shown(child) for token in tokens for child in token.children or ())
    return text[:start] + shown


def _shown(token: object) -> str:
    kind, content = getattr(token, "type", ""), getattr(token, "content", "")
    if kind in ("softbreak", "hardbreak"):
        return " "
    return str(content)


@cache
def _markdown():  # type: ignore[no-untyped-def]  # the type would load the parser for every text without markup
    from markdown_it import MarkdownIt  # noqa: PLC0415

    return MarkdownIt("commonmark", {"html": False})


def _is_wrapped(lines: Sequence[_Line]) -> bool:
    """Clearly wrapped: no line is long, and many begin in the middle of a sentence, below a full line."""
    width = _width(lines)
    if len(lines) < 3 or not NARROWEST_WRAPPED_LINE <= width <= WIDEST_WRAPPED_LINE:
        return False
    middle = sum(_begins_small(below.text) and len(above.text) > width * 0.6 for above, below in pairwise(lines))
    return middle * 5 >= len(lines)


def _width(lines: Sequence[_Line]) -> int:
    lengths = sorted(len(line.text) for line in lines)
    return lengths[int(len(lengths) * 0.95)] if lengths else 0


def _unwrapped(lines: Sequence[_Line]) -> Iterator[Paragraph]:
    width = _width(lines)
    spaced = _ends_in_spaces(lines, width)
    current: list[_Line] = []
    length = 0
    for line in _without_page_numbers(lines):
        if current and (length > LONGEST_PARAGRAPH or not _continues(current[-1], line, width, spaced)):
            yield _one(current)
            current, length = [], 0
        current.append(line)
        length += len(line.text)
    if current:
        yield _one(current)


def _one(lines: Sequence[_Line]) -> Paragraph:
    return Paragraph(tidy_paragraph(reduce(run_on, (line.text for line in lines))), lines[0].number)


def _without_page_numbers(lines: Sequence[_Line]) -> Iterator[_Line]:
    dropped = False
    for line in lines:
        if line.after_gap and is_page_number(line.text):
            dropped = True
            continue
        yield _Line(line.number, line.raw, line.text, True) if dropped else line
        dropped = False


def _ends_in_spaces(lines: Sequence[_Line], width: int) -> bool:
    """Some programs leave the space at the end of a wrapped line; then it tells exactly where a paragraph goes on."""
    long = [line for line in lines if len(line.text) > width * 0.75]
    with_space = sum(line.raw != line.raw.rstrip(" ") for line in long)
    without = sum(line.raw == line.raw.rstrip() for line in lines)
    return with_space * 2 > len(long) and without * 10 > len(lines)


def _continues(above: _Line, below: _Line, width: int, spaced: bool) -> bool:
    if begins_item(below.text):
        return goes_on_with_dash(above.text, below.text) and len(above.text) >= width * 0.7
    ended = above.text.endswith(_TERMINAL)
    full = len(above.text) + len(below.text.split()[0]) >= width * 0.9
    marked = spaced and above.raw.endswith(" ") and len(above.text) >= width * 0.7
    if _begins_small(below.text):
        return not ended or marked or (full and not below.after_gap)
    if below.text.isupper() and not above.text.isupper():
        return False
    if spaced:
        return marked and not (ended and below.after_gap)
    return full and not (ended and (below.after_gap or above.text.endswith(("./.", ":", ";"))))


def _begins_small(text: str) -> bool:
    return text[0].islower() and not begins_item(text)


# ---- tables ----------------------------------------------------------------------------------------------------------


def _table_at(lines: Sequence[str], start: int) -> tuple[int, RawTable | None]:
    """The table that begins at a line, and where it ends."""
    for reader in (_pipe_table, _grid_table, _tab_table, layout_table):
        end, table = reader(lines, start)
        if table:
            return end, table
    return start, None


def _pipe_table(lines: Sequence[str], start: int) -> tuple[int, RawTable | None]:
    if "|" not in lines[start]:
        return start, None
    end = start
    while end < len(lines) and _is_pipe_row(lines[end]):
        end += 1
    if end - start < 2:
        return start, None
    separators = [at for at in range(start, end) if _SEPARATOR.match(lines[at])]
    fenced = all(line.strip().startswith("|") for line in lines[start:end])
    if not separators and not fenced:
        return start, None
    if len(separators) > 1 and separators[1] - 1 > start:
        end = separators[1] - 1  # the header of the next part
        separators = separators[:1]
    rows = [RawRow(_pipe_cells(lines[at]), at + 1) for at in range(start, end) if at not in separators]
    head = separators[0] - start if separators else None
    return end, RawTable(tuple(rows), header_rows=head)


def _is_pipe_row(line: str) -> bool:
    stripped = line.strip()
    return len(_PIPE.findall(stripped)) >= (2 if stripped.startswith("|") else 1)


def _pipe_cells(line: str) -> tuple[str, ...]:
    stripped = line.strip().removeprefix("|")
    if stripped.endswith("|") and not stripped.endswith("\\|"):
        stripped = stripped[:-1]
    return tuple(_cell(cell) for cell in _PIPE.split(stripped))


def _cell(raw: str) -> str:
    text = _BOOKMARK.sub("", raw.replace("\\|", "|"))
    parts = (plain(part) if _MARKUP.search(part) else tidy(part) for part in _BREAK.split(text))
    return "\n".join(part for part in parts if part)


def _grid_table(lines: Sequence[str], start: int) -> tuple[int, RawTable | None]:
    """Tables framed with +---+---+; the lines between two borders are one row."""
    if not _GRID_BORDER.match(lines[start]):
        return start, None
    rows: list[RawRow] = []
    parts: list[list[str]] = []
    first, head, at = start + 2, None, start + 1
    while at < len(lines) and lines[at].strip()[:1] in ("|", "+"):
        if _GRID_BORDER.match(lines[at]):
            if parts:
                rows.append(RawRow(tuple(tidy_lines(" ".join(column)) for column in _columns(parts)), first))
            if "=" in lines[at]:
                head = len(rows)
            parts, first = [], at + 2
        else:
            parts.append(list(_pipe_cells(lines[at])))
        at += 1
    return (at, RawTable(tuple(rows), header_rows=head)) if rows else (start, None)


def _columns(parts: Sequence[Sequence[str]]) -> list[list[str]]:
    width = max(len(part) for part in parts)
    return [[part[column] for part in parts if column < len(part)] for column in range(width)]


def _tab_table(lines: Sequence[str], start: int) -> tuple[int, RawTable | None]:
    """A table pasted from Word or a sheet: lines with as many tabs each."""
    count = lines[start].strip(" ").count("\t")
    if count < 2 or lines[start].startswith("\t"):
        return start, None
    end = start
    while end < len(lines) and lines[end].strip(" ").count("\t") == count:
        end += 1
    if end - start < 2:
        return start, None
    rows = [RawRow(tuple(tidy(cell) for cell in lines[at].split("\t")), at + 1) for at in range(start, end)]
    return end, RawTable(tuple(rows))

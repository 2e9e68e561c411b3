"""Tables of a PDF that nobody has ruled: their words set on lines of text, and read by their columns there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from schedules.intake.groups import Cells
from schedules.intake.layout import FEWEST_COLUMNS, is_table_header, layout_table

WORD_GAP = 0.55  # of a line's height: what is further apart stands in another column
TOP = 4  # lines
NARROWEST = 1.5  # points a letter


class Placed(Protocol):
    """A word and its place on the page."""

    @property
    def text(self) -> str: ...
    @property
    def x0(self) -> float: ...
    @property
    def x1(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def bottom(self) -> float: ...


W = TypeVar("W", bound=Placed)


@dataclass(frozen=True, slots=True)
class Unruled:
    """A table without lines, as read from the places of its words."""

    cells: tuple[Cells, ...]
    top: float
    bottom: float

    def rows(self) -> tuple[Cells, ...]:
        """The rows, from the top."""
        return self.cells


def unruled_tables(lines: Sequence[list[W]]) -> Iterator[list[list[W]] | Unruled]:
    """The lines of a page, with the tables among them read."""
    texts = _texts(lines)
    plain: list[list[W]] = []
    at = 0
    while at < len(lines):
        end, table = layout_table(texts, at) if is_table_header(texts, at) else (at, None)
        if table is None:
            plain.append(lines[at])
            at += 1
            continue
        if plain:
            yield plain
        plain = []
        inside = [word for line in lines[at:end] for word in line]
        top, bottom = min(word.top for word in inside), max(word.bottom for word in inside)
        yield Unruled(tuple(row.cells for row in table.rows), top, bottom)
        at = end
    if plain:
        yield plain


def begins_in_columns(lines: Sequence[Sequence[Placed]]) -> bool:
    """Whether a page begins with words in columns, under no header: a table that goes on from the page before."""
    return any(len(re.findall(r"\S {2,}(?=\S)", text)) + 1 >= FEWEST_COLUMNS for text in _texts(lines[:TOP]))


def _texts(lines: Sequence[Sequence[Placed]]) -> list[str]:
    """Every line as text in which columns stand where they stand on the page."""
    words = [word for line in lines for word in line]
    left = min((word.x0 for word in words), default=0.0)
    # The narrowest letters set the scale, so that no word needs more room than it has on the page.
    widths = [(word.x1 - word.x0) / len(word.text) for word in words if len(word.text) > 2]
    letter = max(min(widths, default=NARROWEST), NARROWEST)
    return [_text(line, left, letter) for line in lines]


def _text(line: Sequence[Placed], left: float, letter: float) -> str:
    text, before = "", None
    for word in line:
        near = before is not None and word.x0 - before.x1 < (word.bottom - word.top) * WORD_GAP
        column = round((word.x0 - left) / letter)
        text = f"{text} {word.text}" if near else text.ljust(max(column, len(text) + 2 if text else 0)) + word.text
        before = word
    return text

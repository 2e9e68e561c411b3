"""What every reader makes of a document: its paragraphs and tables in order, each knowing where it stands.

The rest of the intake sees only these; a .docx and a .txt of one plan give the same blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of running text, NFC, inner spaces single, never empty.

    ``line`` is the line of a text file, or the running number of the paragraph where the format has no lines;
    ``page`` is known for PDF only.
    """

    text: str
    line: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its cells as text, with the text of merged cells repeated in every cell they cover.

    Lines inside a cell are separated by ``\\n``. ``group`` is the text of the group row above ("II. Cải cách thủ tục
    hành chính"), None before the first.
    """

    cells: tuple[str, ...]
    line: int
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table with its header; parts split by a page break are joined, repeated and empty headers dropped.

    ``header`` is empty when the table has none. ``title`` is the paragraph just above it.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int
    title: str | None = None
    page: int | None = None


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read. ``warnings`` are Vietnamese sentences for the person who reviews the draft."""

    name: str
    blocks: Sequence[Block]
    warnings: tuple[str, ...] = field(default=())

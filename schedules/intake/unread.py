"""Tables that stand in a document and could not be read: their header words, or an annex's title, in plain text.

To say that the file has no annex would be false, and to believe its torn cells would invent units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schedules.intake.blocks import Block, Paragraph
from schedules.intake.columns import column_named
from schedules.intake.outline import Item

_COUNTS = re.compile(r"^(?:tt|stt|số tt)\b\W*", re.IGNORECASE)
_ANNEX = re.compile(r"^(?:PHỤ LỤC|DANH MỤC NHIỆM VỤ|BIỂU)\b(?:\s+(?:SỐ\s+)?([IVX]+|\d+)\b)?")
_WORDS = re.compile(r"nội dung|nhiệm vụ|công việc|chủ trì|phối hợp|thời gian|thời hạn|tiến độ|sản phẩm|kết quả|đơn vị")
_ENDS = (".", ";", ":", "!", "?")
LONGEST_HEADER = 160
LONGEST_CELL = 40
FEWEST_WORDS = 3
CELLS = 8  # lines in which the header of a table with one cell a line is looked for


def unread_table(blocks: Sequence[Block]) -> int | None:
    """The line on which the header of a table stands as plain text, on one line or one cell a line."""
    told = [block for block in blocks if isinstance(block, Paragraph)]
    for at, paragraph in enumerate(told):
        if not _COUNTS.match(paragraph.text):
            continue
        if len(paragraph.text) <= LONGEST_HEADER and len(set(_WORDS.findall(paragraph.text.lower()))) >= FEWEST_WORDS:
            return paragraph.line
        cells = [cell.text for cell in told[at + 1 : at + CELLS] if len(cell.text) <= LONGEST_CELL]
        named = {column_named(cell) for cell in cells if _WORDS.search(cell.lower())}
        if not _COUNTS.sub("", paragraph.text) and len(named - {None}) >= FEWEST_WORDS:
            return paragraph.line
    return None


def annex_titles(blocks: Sequence[Block]) -> dict[str, int]:
    """The annexes whose title stands in the document, "" for one without a number, and their lines."""
    found: dict[str, int] = {}
    for block in blocks:
        match = _ANNEX.match(block.text) if isinstance(block, Paragraph) and block.text.isupper() else None
        if match:
            found.setdefault(match.group(1) or "", block.line)
    return found


def without_torn(items: Sequence[Item], line: int | None) -> Iterator[Item]:
    """The paragraphs without the loose words behind an unread table's header: pieces of its cells."""
    for item in items:
        if line is None or item.line < line or item.style or item.text.endswith(_ENDS):
            yield item

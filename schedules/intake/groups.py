"""Rows of a table that are no task of their own: they head the rows under them, or stand under them as a note."""

from __future__ import annotations

import re

from schedules.intake.tidy import same_words

Cells = tuple[str, ...]
_GROUP_NUMBER = re.compile(r"^(?:[IVXLC]{1,7}|[A-ZĐ]|\d{1,3})\s*[.)]?$")
_STYLES = (("roman", re.compile(r"^[IVXLC]{1,7}\b\s*[.)/]?")), ("letter", re.compile(r"^[A-ZĐ]\s*[.)/]")))
_NOTE = re.compile(r"^[\s(*]*(?:ghi chú|lưu ý|chú ý|chú thích)\s*[:.]", re.IGNORECASE)
SHORTEST_SENTENCE = 8  # words


def is_group_row(cells: Cells) -> bool:
    """A row that heads the rows under it: "II. Cải cách thủ tục hành chính"."""
    return is_group(cells) and style_of(cells) != "other"


def is_group(cells: Cells, following: Cells | None = None) -> bool:
    """Only the first cell filled, one text in every cell, or a roman number or letter and one text."""
    filled = [cell for cell in cells if cell]
    if len(cells) < 2 or not filled:
        return False
    texts = list(dict.fromkeys(filled))
    if len(texts) == 1:
        return bool(cells[0]) and len(cells) > 2 and len(same_words(texts[0])) > 2
    if len(texts) > 2 or not _GROUP_NUMBER.match(cells[0]) or len(cells) < 4 or cells.count(texts[0]) > 1:
        return False
    if len(same_words(texts[1])) < 3 or (len(filled) > 2 and len(filled) < len(cells)):
        return False
    if cells[0][0].isdigit():
        return following is not None and following[0].startswith(f"{cells[0].rstrip('. )')}.")
    return cells[1] == texts[1]


def is_note(cells: Cells, *, last: bool) -> bool:
    """One text over the whole row that says it is a note, or ends the table as a whole sentence."""
    texts = {cell for cell in cells if cell}
    if len(texts) != 1 or not is_group(cells):
        return False
    text = texts.pop()
    sentence = text.rstrip().endswith(".") and len(text.split()) >= SHORTEST_SENTENCE
    return says_note(text) or (last and sentence and style_of(cells) == "other")


def says_note(text: str) -> bool:
    """Whether a text calls itself a note: "Ghi chú: …", "Lưu ý: …"."""
    return _NOTE.match(text) is not None


def group_text(cells: Cells) -> str:
    """ "II. Cải cách thủ tục hành chính", however the number and the name share the cells."""
    texts = list(dict.fromkeys(" ".join(cell.split("\n")) for cell in cells if cell))
    if len(texts) == 1:
        return texts[0]
    number = texts[0] if texts[0].endswith((".", ")")) else f"{texts[0]}."
    return f"{number} {texts[1]}"


def style_of(cells: Cells) -> str:
    """How a group is numbered: "roman", "letter" or "other"."""
    text = group_text(cells)
    return next((name for name, pattern in _STYLES if pattern.match(text)), "other")

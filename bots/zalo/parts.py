"""Cutting a long message into parts that Zalo takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

# sendMessage takes 1 to 2,000 "ký tự" [O]. What a character is stays unsaid; text_styles counts in UTF-16 units, the
# strictest reading, and the margin covers line ends that might be counted twice.
LONGEST_PART = 1900

# Where to cut, best first: between blocks, before an item of a list, between lines, between words. Anywhere is last.
_SEAMS = (re.compile(r"\n[ \t]*\n\s*"), re.compile(r"\n(?=\d+\. |– )"), re.compile(r"\n"), re.compile(r" +"))


def split(text: str, longest: int = LONGEST_PART) -> list[str]:
    """The text in as few parts as whole items allow, each at most ``longest`` UTF-16 units; words are never lost."""
    return [part for part in map(str.strip, _packed(text.strip(), longest, 0)) if part]


def _packed(text: str, longest: int, level: int) -> Iterator[str]:
    """Pieces between the seams of this level, laid together while they fit; a piece too long goes a level deeper."""
    if units(text) <= longest:
        yield text
        return
    if level == len(_SEAMS):
        yield from _anywhere(text, longest)
        return
    full = ""
    for piece in _pieces(text, _SEAMS[level]):
        if units((full + piece).rstrip()) <= longest:
            full += piece
            continue
        if units(piece.rstrip()) <= longest:  # it fits a part of its own
            yield full
            full = piece
            continue
        *parts, full = _packed(full + piece, longest, level + 1)
        yield from parts
    yield full


def _pieces(text: str, seam: re.Pattern[str]) -> Iterator[str]:
    """The text cut after each seam, with nothing left out."""
    at = 0
    for found in seam.finditer(text):
        yield text[at : found.end()]
        at = found.end()
    yield text[at:]


def _anywhere(text: str, longest: int) -> Iterator[str]:
    """Between characters, never within one: a character is one or two units."""
    at, room = 0, longest
    for number, character in enumerate(text):
        wide = units(character)
        if wide > room:
            yield text[at:number]
            at, room = number, longest
        room -= wide
    yield text[at:]


def units(text: str) -> int:
    """The length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

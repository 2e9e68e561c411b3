"""Cutting a long message into parts that Telegram takes (https://core.telegram.org/bots/api#sendmessage)."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

from bots.wording import Rendered

LONGEST_PART = 3900  # UTF-16 units; the API allows 4096 after entity parsing, the rest is margin


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a message that fits Telegram, with and without its marks."""

    html: str
    text: str


def split(rendered: Rendered) -> list[Part]:
    """Parts that fit, cut between lines, and between blocks where there is a blank line to cut at."""
    if units(rendered.text) <= LONGEST_PART:
        return [Part(rendered.html, rendered.text)]
    parts: list[list[Part]] = []
    current: list[Part] = []
    for line in _lines(rendered):
        while current and _sum([*current, line]) > LONGEST_PART:
            cut = max((i for i, one in enumerate(current) if i and not one.text.strip()), default=len(current))
            parts.append(current[:cut])
            current = current[cut:]
            while current and not current[0].text.strip():  # a part does not begin with a blank line
                del current[0]
        current.append(line)
    return [_joined(part) for part in [*parts, current] if any(line.text.strip() for line in part)]


def _lines(rendered: Rendered) -> Iterator[Part]:
    marked, plain = rendered.html.split("\n"), rendered.text.split("\n")
    if len(marked) != len(plain):
        marked = [html.escape(line, quote=False) for line in plain]
    for with_marks, line in zip(marked, plain, strict=True):
        if units(line) <= LONGEST_PART:
            yield Part(with_marks, line)
        else:  # one endless line: its marks are lost, its words are not
            yield from (Part(html.escape(piece, quote=False), piece) for piece in _pieces(line))


def _pieces(line: str) -> Iterator[str]:
    """Cut after a space where there is one. Half the limit in characters is within it in UTF-16 units, always."""
    most = LONGEST_PART // 2
    while len(line) > most:
        cut = line.rfind(" ", 1, most) + 1 or most
        yield line[:cut]
        line = line[cut:]
    yield line


def _joined(lines: list[Part]) -> Part:
    return Part("\n".join(line.html for line in lines), "\n".join(line.text for line in lines))


def _sum(lines: list[Part]) -> int:
    return sum(units(line.text) + 1 for line in lines)


def units(text: str) -> int:
    """In UTF-16 units, as Telegram counts (api#messageentity)."""
    return len(text.encode("utf-16-le")) // 2

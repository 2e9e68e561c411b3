"""A small language for patterns over tokens, so that the rules can be a table that people read.

    ngày                  this symbol            [ năm y:Y ]            may be missing
    D                     any token of a class   ( a | b )              one of these
    d:D                   the same, kept as d    every:( hằng năm )     kept: did it match?
    …*8                   up to eight of these   ( AND M )+             one or more
    !tháng                not before this symbol !( a b )               not before these
    <trước                only after this symbol !<trước                not after this symbol
    LEFT RIGHT            the brackets themselves

Each symbol is one character to Python's ``re``, which then does the searching in one pass over the phrase.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from schedules.phrases.tokens import Token
from schedules.phrases.words import SIGNS, VOCABULARY

#: Numbers by what they can be: a month is also a day, "00" is only minutes.
_NUMBERS = ("0", "1-4", "5-12", "13-19", "20-31", "32-99", "100-999")
_SYMBOLS = (*_NUMBERS, *VOCABULARY, *sorted(SIGNS), "-", "–", ".", "?", "R", "Y", "MÃ")
_LETTER = {symbol: chr(0x4E00 + place) for place, symbol in enumerate(_SYMBOLS)}


def _all_but(*symbols: str) -> tuple[str, ...]:
    return tuple(symbol for symbol in _SYMBOLS if symbol not in symbols)


_CLASSES = {
    "D": _NUMBERS[1:5],
    "M": _NUMBERS[1:3],
    "N": _NUMBERS,
    "YY": _NUMBERS[4:6],
    "DD": _NUMBERS[3:5],  # a day that is no month
    "Q": ("1-4", "R"),
    "U": ("tuần", "tháng", "quý", "năm"),
    "THÁNG": ("tháng", "T"),
    "DASH": ("-", "–", "đến"),
    "AND": (",", "và", "hoặc", "+"),
    #: What calls the number behind it a day: "trước 15 tháng cuối quý".
    "BY": ("trước", "chậm_nhất", "đến"),
    #: "Năm sau" is the year after; "sau" behind any other word is after an event.
    "UNIT": ("ngày", "ngày_làm_việc", "tuần", "tháng", "quý", "năm", "kỳ", "giờ", "lần", "giai_đoạn"),
    #: The dots of a form that nobody has filled in.
    "BLANK": (",", ";", "…"),
    #: The name of an event: "hội nghị tổng kết".
    "NAME": ("…", "báo_cáo", "văn_bản", "luật", "mẫu", "kỳ_họp", "số", "thực_hiện", "kỳ", "lần", "với"),
    #: What began without a date: "khi ban hành kế hoạch".
    "OPENING": ("…", "văn_bản", "thực_hiện", "ngày"),
    #: What a clause that points elsewhere may run over: "khi có …", "theo kế hoạch của …" end where a deadline begins.
    "ELSE": _all_but(",", ";", "(", ")", "trước", "chậm_nhất", "hằng", "định_kỳ"),
    "PAPER": _all_but(",", ";", "(", ")", "trước", "chậm_nhất", "hằng", "định_kỳ", "xong", "gửi"),
}
_PART = re.compile(r"^(?:(?P<name>[a-z_]+):)?(?P<what>\(|[^\s*+:]+|:)(?:\*(?P<most>[0-9]+))?$")

Made = TypeVar("Made")


class Found:
    """A pattern that matched: its tokens, and the numbers and parts it kept."""

    def __init__(self, tokens: Sequence[Token], match: re.Match[str], names: Iterable[tuple[str, str]]) -> None:
        self.start, self.end = match.span()
        self.tokens = tokens[self.start : self.end]
        self._kept: dict[str, int] = {}
        for group, name in names:
            at = match.start(group)
            if at >= 0:
                self._kept.setdefault(name, tokens[at].value)

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def value(self, name: str) -> int | None:
        """The number kept under that name; None where that part of the pattern was missing."""
        return self._kept.get(name)

    def number(self, name: str, otherwise: int = 0) -> int:
        """The number kept under that name, which the pattern always has."""
        return self._kept.get(name, otherwise)


class Rule(NamedTuple, Generic[Made]):
    """What a pattern means."""

    pattern: str
    make: Callable[[Found], Made]


class Table(Generic[Made]):
    """Rules in order: the leftmost match wins, and of those that begin at one token the first in the table."""

    def __init__(self, rules: Sequence[Rule[Made]]) -> None:
        self._rules = rules
        self._names: list[list[tuple[str, str]]] = []
        self._branches = []
        for place, rule in enumerate(rules):
            names: list[tuple[str, str]] = []
            self._branches.append(f"(?P<rule{place}>{_compiled(rule.pattern, f'_{place}', names)})")
            self._names.append(names)

    @cached_property
    def _matcher(self) -> re.Pattern[str]:
        """Compiled at its first use: a program that reads no phrase need not wait for it."""
        return re.compile("|".join(self._branches))

    def scan(self, tokens: Sequence[Token]) -> list[tuple[Found, Made]]:
        """Every match, from left to right, without overlaps."""
        found = []
        for match in self._matcher.finditer("".join(map(_letter, tokens))):
            place = int(str(match.lastgroup)[4:])
            one = Found(tokens, match, self._names[place])
            found.append((one, self._rules[place].make(one)))
        return found


def _letter(token: Token) -> str:
    if token.symbol != "#":
        return _LETTER[token.symbol]
    for name in _NUMBERS[1:]:
        low, _, high = name.partition("-")
        if int(low) <= token.value <= int(high):
            return _LETTER[name]
    return _LETTER["0"]


def _compiled(pattern: str, suffix: str, names: list[tuple[str, str]]) -> str:
    """The pattern as a regular expression over letters; ``names`` gathers (group, name)."""
    return "".join(_element(part, suffix, names) for part in pattern.split())


def _element(part: str, suffix: str, names: list[tuple[str, str]]) -> str:
    if part in {"[", "(", "|", ")", "]", ")+", ")*"}:
        return {"[": "(?:", "(": "(?:", "]": ")?"}.get(part, part)
    if part == "!(":
        return "(?!"
    if part.startswith(("<", "!<")):
        one = _element(part.lstrip("!<"), suffix, names)
        return f"(?<!{one})" if part.startswith("!") else f"(?<={one})"
    if part.startswith("!"):
        return f"(?!{_element(part[1:], suffix, names)})"
    read = _PART.match(part)
    if read is None:
        raise ValueError(part)
    opening = ""
    if read["name"]:
        group = f"{read['name']}_{len(names)}{suffix}"
        names.append((group, read["name"]))
        opening = f"(?P<{group}>"
    if read["what"] == "(":
        return opening
    literal = {"LEFT": "(", "RIGHT": ")"}.get(read["what"], read["what"])
    letters = "".join(_LETTER[symbol] for symbol in _CLASSES.get(literal, (literal,)))
    many = f"{{0,{read['most']}}}" if read["most"] else ""
    return f"{opening}[{letters}]{many}{')' if opening else ''}"

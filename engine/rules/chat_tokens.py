"""A typed text cut into tokens (words, numbers, days, documents, links, signs), and numbers said in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from engine.rules.chat_letters import can_be, fold, is_marked


class Kind(StrEnum):
    """What a piece of text looks like, before anybody asks what it means."""

    WORD = "word"
    NUMBER = "number"
    DAY = "day"  # 25/3, 25-3-2026, 2026-03-25; perhaps also "3 to 5"
    MONTH = "month"  # 3/2026
    ODD = "odd"  # digits that are no number, day or month: 3-5-7, a telephone number
    PERCENT = "percent"
    TIME = "time"  # 17h30
    DOCUMENT = "document"  # 12/BC-UBND
    LINK = "link"
    QUESTION = "question"
    COMMA = "comma"
    STOP = "stop"
    MARK = "mark"  # quotes, brackets, dashes: say nothing
    ICON = "icon"  # whatever else was typed, emoji included


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: folded, as a dictionary would hold it, and where it stood. "Rồiiii" is the word "rồi"."""

    kind: Kind
    folded: str
    word: str
    start: int
    end: int


_DOCUMENT_KINDS = re.compile(
    r"(?:bc|kh|cv|qd|ttr|tb|ubnd|hdnd|nq|ct|gm|bb|hd|da|pa|gt|tt|nd|vp|vpubnd|pvhcc|bcd|dtn|ttvh|mttq)\b"
)
_DRAWN_OUT = re.compile(r"(.)\1{2,}", re.IGNORECASE)
# Faces typed with signs, so that their "3" and "x" are no number and no tick; and a box that is not ticked.
_FACES = re.compile(
    r"<3+|\^[_.]?\^|t_t|-_-|>_<|[:;=]['-]?\(+(?![^\s(])|[:;=]['-]?\)+|(?<![a-z0-9]):[dpvx](?![a-z0-9])"
    r"|(?<=\s):3(?!\S)|\[\s?\]"
)
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.LINK, re.compile(r"(?:https?://|www\.)\S+|[a-z0-9.-]{3,80}\.(?:vn|com|net|org)/\S*")),
    (Kind.ICON, _FACES),
    (
        Kind.DOCUMENT,
        re.compile(
            r"[0-9]{1,5}[a-z]?\s?/\s?(?:[0-9]{4}\s?/\s?)?[a-z]{2,12}"
            r"(?:-[a-z][a-z0-9&.]*[a-z0-9]|-[a-z]|\s?-\s?(?:ubnd|hdnd)\b)*(?![a-z0-9])"
        ),
    ),
    (Kind.PERCENT, re.compile(r"[0-9]+(?:[.,][0-9]+)?\s?%")),
    (Kind.TIME, re.compile(r"[0-9]{1,2}(?:[hg](?:[0-9]{2})?|:[0-9]{2})(?![0-9a-z])")),
    (Kind.DAY, re.compile(r"[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{4})?(?=-[0-9]{1,2}/)")),  # 20/3-25/3
    (Kind.ODD, re.compile(r"[0-9]+(?:[/.-][0-9]+)+|[0-9]{7,}")),
    (Kind.NUMBER, re.compile(r"[0-9]+")),
    (Kind.WORD, re.compile(r"[^\W\d_]+")),
    (Kind.ICON, re.compile(r"!=")),
    (Kind.QUESTION, re.compile(r"\?")),
    (Kind.COMMA, re.compile(r"[,;+&]")),
    (Kind.STOP, re.compile(r"[.!…\n]+")),
    (Kind.MARK, re.compile(r"[-()\[\]{}\"'“”‘’«»:*_=|/\\<>#^•]")),
    (Kind.ICON, re.compile(r"\S")),
)


def tokens_of(said: str) -> tuple[Token, ...]:
    """Cut a cleaned text into tokens."""
    folded = fold(said)
    return tuple(_cut(said, folded))


def _cut(said: str, folded: str) -> Iterator[Token]:
    at = 0
    while at < len(folded):
        if folded[at] in " \t":
            at += 1
            continue
        kind, end = _next_piece(said, folded, at)
        word = _DRAWN_OUT.sub(r"\1", said[at:end]) if kind is Kind.WORD else said[at:end]
        yield Token(kind, fold(word), word, at, end)
        at = end


def _next_piece(said: str, folded: str, at: int) -> tuple[Kind, int]:
    for kind, pattern in _PATTERNS:
        match = pattern.match(folded, at)
        if match is None:
            continue
        end = match.end()
        if kind is Kind.DOCUMENT and not _names_document(said[at:end], match.group()):
            continue
        if kind is Kind.LINK:
            end = at + len(match.group().rstrip(".,;!)\"'>"))
        return (_digits_look_like(match.group()) if kind is Kind.ODD else kind), end
    return Kind.ICON, at + 1


def _names_document(typed: str, folded: str) -> bool:
    """``12/BC-UBND`` and ``12/bc`` name a document; ``3/xong`` does not."""
    letters = folded.rsplit("/", 1)[1].strip()
    return bool(_DOCUMENT_KINDS.match(letters)) or ("-" in letters and typed.upper() == typed)


def _digits_look_like(digits: str) -> Kind:
    lengths = tuple(len(part) for part in re.split(r"[/.-]", digits))
    if len(set(re.findall(r"[/.-]", digits))) != 1:
        return Kind.ODD
    match lengths:
        case (1 | 2, 1 | 2) | (1 | 2, 1 | 2, 2 | 4) | (4, 1 | 2, 1 | 2):
            return Kind.DAY
        case (1 | 2, 4):
            return Kind.MONTH
    return Kind.ODD


def is_word(tokens: Sequence[Token], at: int, *spelled: str) -> bool:
    """Whether the token there is one of these words, perhaps with marks left out."""
    if not 0 <= at < len(tokens):
        return False
    token = tokens[at]
    if token.kind is not Kind.WORD or token.folded not in _without_marks(spelled):  # asked a hundred times a word
        return False
    return any(len(token.word) == len(word) and can_be(token.word, word) for word in spelled)


@lru_cache(maxsize=2048)
def _without_marks(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, words))


def are_words(tokens: Sequence[Token], at: int, phrase: str) -> bool:
    """Whether the tokens from there are the words of this phrase."""
    return all(is_word(tokens, at + i, word) for i, word in enumerate(phrase.split()))


# Numbers in words ---------------------------------------------------------------------------------------------------

_UNITS = {"một": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8, "chín": 9}
_ONLY_AFTER_TENS = {"mốt": 1, "tư": 4, "lăm": 5, "nhăm": 5}
_AFTER_TEN = {**_UNITS, **_ONLY_AFTER_TENS}
# Without marks these are as likely another word: sau (after), mot (the day after tomorrow), tam (for now), tu (from).
_TWO_FACED = frozenset({"sau", "mot", "tam", "tu"})


def number_words_at(tokens: Sequence[Token], at: int, *, sure: bool) -> tuple[int, int] | None:
    """Read ``hai mươi mốt`` there: its value and where it ends, or None.

    ``sure`` says that a number must stand here (after "số"); otherwise a two-faced word is not taken for one.
    """
    first = _digit_word(tokens, at, _AFTER_TEN if sure else _UNITS)
    if is_word(tokens, at, "mười"):
        second = _digit_word(tokens, at + 1, _AFTER_TEN)
        if second and tokens[at + 1].word == "lam" and is_word(tokens, at + 2, "xong", "rồi", "r"):
            return None  # "viec muoi lam xong": fifteen, or ten, which was worked on?
        return (10 + second, at + 2) if second else (10, at + 1)
    if first is None:
        return None
    # "hai lăm"; without its mark it is as likely "hai làm"
    spoken = _digit_word(tokens, at + 1, _ONLY_AFTER_TENS)
    if first > 1 and spoken and is_marked(tokens[at + 1].word):
        return first * 10 + spoken, at + 2
    if is_word(tokens, at + 1, "mươi", "mười"):
        second = _digit_word(tokens, at + 2, _AFTER_TEN)
        return (first * 10 + second, at + 3) if second else (first * 10, at + 2)
    if not sure and tokens[at].folded in _TWO_FACED and not is_marked(tokens[at].word):
        return None
    return first, at + 1


def spoken_day_at(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """A day of the month in words, as it is spoken: ``hai lăm`` is the 25th, ``mười``, ``ba mốt``."""
    tens, ones = _digit_word(tokens, at, _UNITS), _digit_word(tokens, at + 1, _AFTER_TEN)
    if tens in (2, 3) and ones and tens * 10 + ones <= 31:
        return tens * 10 + ones, at + 2
    return number_words_at(tokens, at, sure=True)


def _digit_word(tokens: Sequence[Token], at: int, words: dict[str, int]) -> int | None:
    return next((value for word, value in words.items() if is_word(tokens, at, word)), None)


def digits_at(tokens: Sequence[Token], at: int) -> int | None:
    if 0 <= at < len(tokens) and tokens[at].kind is Kind.NUMBER:
        return int(tokens[at].folded)
    return None


def number_there(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """The number there, in digits or words, where a number must stand; and where it ends."""
    number = digits_at(tokens, at)
    return (number, at + 1) if number is not None else number_words_at(tokens, at, sure=True)

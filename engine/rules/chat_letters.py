"""Letters as people type them: folding, and what a missing mark or a slip of the finger leaves of a word.

* **Folding keeps positions.** One typed letter becomes one folded letter, so that what matched in the folded text can
  be shown again as it was typed (a reason, a name, a document number).
* **A mark may be missing, never wrong.** "nop" and "nôp" can both be "nộp"; "nằm" can not be "năm", nor "chờ" "cho".
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

LONGEST = 1000  # a reply is a line or two; more is a pasted document, and its length must not cost time


def clean(text: str) -> str:
    """The text as it will be shown: composed (NFC), cut, without control or invisible characters."""
    composed = unicodedata.normalize("NFC", text[:LONGEST])
    return "".join(_visible(letter) for letter in composed).strip()


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter == "\n" or category[0] == "Z" or category == "Cc":
        return "\n" if letter in "\n\r" else " "
    # stray combining marks, joiners, variation selectors, keycap rings, skin tones, lone surrogates
    if category in ("Mn", "Me", "Cf", "Cs") or "\U0001f3fb" <= letter <= "\U0001f3ff":
        return ""
    return letter


def fold(text: str) -> str:
    """Lower case and without Vietnamese marks, letter for letter: ``Gia hạn đến`` → ``gia han den``."""
    return "".join(_fold_letter(letter) for letter in text)


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    digit = unicodedata.decimal(letter, None)
    if digit is not None:
        return str(digit)
    if letter.isalpha():  # only letters are taken apart: "≠" must not become "="
        letter = unicodedata.normalize("NFD", letter.lower())[0]
    return _SAME.get(letter, letter)


_SAME = {"đ": "d", "？": "?", "，": ",", "–": "-", "—": "-", "（": "(", "）": ")", "：": ":", "！": "!"}


_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


@lru_cache(maxsize=8192)
def _marks(word: str) -> tuple[frozenset[str], tuple[frozenset[str], ...]]:
    """The tones of a word (their place is a matter of taste: hoà, hòa) and the shape of each letter (ă â ê ô ơ ư đ)."""
    tones: set[str] = set()
    shapes: list[frozenset[str]] = []
    for letter in unicodedata.normalize("NFC", word.lower()):
        parts = unicodedata.normalize("NFD", letter)
        tones.update(mark for mark in parts[1:] if mark in _TONES)
        shapes.append(frozenset("đ" if parts[0] == "đ" else "") | {mark for mark in parts[1:] if mark not in _TONES})
    return frozenset(tones), tuple(shapes)


def is_marked(word: str) -> bool:
    """Whether it was typed with any Vietnamese mark."""
    tones, shapes = _marks(word)
    return bool(tones) or any(shapes)


@lru_cache(maxsize=8192)
def can_be(typed: str, spelled: str) -> bool:
    """Whether the typed word is the spelled one with some marks left out, and none that do not belong."""
    if fold(typed) != fold(spelled):
        return False
    (tones, shapes), (spelled_tones, spelled_shapes) = _marks(typed), _marks(spelled)
    return tones <= spelled_tones and all(a <= b for a, b in zip(shapes, spelled_shapes, strict=True))


def same_spelling(typed: str, spelled: str) -> bool:
    """Whether it was typed with exactly these marks, wherever the tone was put."""
    return can_be(typed, spelled) and can_be(spelled, typed)


def is_slip_of(typed: str, meant: str) -> bool:
    """Whether one slip of a finger (a letter missing, extra, wrong, or two swapped) turns ``meant`` into ``typed``.

    The first letter must be right: it is the one people watch, and most Vietnamese opposites differ in it.
    """
    if typed[:1] != meant[:1] or typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    a, b = typed[same:], meant[same:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])

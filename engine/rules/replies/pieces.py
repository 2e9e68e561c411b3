"""A reply cut into pieces, and what the pieces carry: numbers, dates, a document, a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engine.rules.chat_tokens import Kind, Token
from engine.rules.chat_words import Lean, date_at, day_named
from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import Role, Value


@dataclass(frozen=True, slots=True)
class Piece:
    """Some tokens that belong together, and what they do."""

    role: Role
    start: int
    end: int
    value: Value = None
    numbers: tuple[int, ...] = ()
    day: int | None = None  # "đến 25": a day of the month without the word


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply cut and read: everything the last step looks at."""

    said: str
    tokens: tuple[Token, ...]
    pieces: tuple[Piece, ...]
    today: dt.date

    def shown(self, start: int, end: int) -> str | None:
        """The tokens from ``start`` to before ``end`` as they were typed."""
        if start >= end:
            return None
        return self.said[self.tokens[start].start : self.tokens[end - 1].end].strip() or None

    def folded(self, piece: Piece) -> str:
        """One piece, folded."""
        return " ".join(token.folded for token in self.tokens[piece.start : piece.end])


def lead_ends(reply: Reply) -> int:
    return next(piece.end for piece in reply.pieces if piece.role is Role.COMMAND)


def numbers_in(pieces: Sequence[Piece]) -> tuple[int, ...]:
    counted = (piece for piece in pieces if piece.role is Role.NUMBERS)
    return tuple(dict.fromkeys(number for piece in counted for number in piece.numbers))


def date_of(reply: Reply, piece: Piece, lean: Lean = Lean.AHEAD) -> dt.date | None:
    if piece.day is not None:
        return day_named(piece.day, reply.today, lean)
    there = date_at(reply.tokens, piece.start, reply.today, lean)
    return there.date if there else None


def document_in(reply: Reply, pieces: Sequence[Piece]) -> tuple[str | None, dt.date | None]:
    """The document's number as typed, and the date that stands straight behind it."""
    at = next((i for i, piece in enumerate(pieces) if piece.role is Role.DOCUMENT), None)
    if at is None:
        return None, None
    piece = pieces[at]
    shown = reply.shown(piece.start, piece.end)
    if shown and reply.tokens[piece.start].kind is Kind.DOCUMENT:
        shown = shown.replace(" ", "")
    number = reply.tokens[piece.start + 1 : piece.end]
    if len(number) > 2 and number[0].kind is Kind.NUMBER:  # "số 12 bc ubnd"
        letters = "-".join(token.word for token in number[1:] if token.kind is Kind.WORD)
        shown = f"{number[0].word}/{letters}"
    dated = dated_behind(pieces, at)
    return shown, date_of(reply, dated, Lean.BEHIND) if dated else None


def dated_behind(pieces: Sequence[Piece], at: int) -> Piece | None:
    behind = next((piece for piece in pieces[at + 1 :] if piece.role is not Role.BREAK), None)
    return behind if behind is not None and behind.role is Role.DATE else None


def link_in(reply: Reply) -> str | None:
    piece = next((piece for piece in reply.pieces if piece.role is Role.LINK), None)
    return reply.shown(piece.start, piece.end) if piece else None


def trimmed(reply: Reply, pieces: Sequence[Piece]) -> str | None:
    """A reason in its own spelling, without the commas before it and the courtesies after it."""
    kept = list(pieces)
    while kept and kept[0].role is Role.BREAK:
        kept.pop(0)
    while kept and (
        reply.folded(kept[-1]) == "nen"  # "vì chờ số liệu nên xin gia hạn 3"
        or kept[-1].role in (Role.POLITE, Role.BREAK)
        or reply.tokens[kept[-1].start].kind is Kind.ICON
        # but "chưa nhập được"; and "vi muon" is "vì muộn"
        or (len(kept) > 1 and kept[-1].role is Role.PLEASE and reply.folded(kept[-1]) != "duoc")
        or (kept[-1].role is Role.HEDGE and kept[-1].value is Doubt.QUESTION)
    ):
        kept.pop()
    if len(kept) == 1 and kept != list(pieces) and reply.folded(kept[0]) == "co":  # "… có được không"
        return None
    if all(piece.role is Role.PAST for piece in kept):  # "đã gia hạn 3 rồi"
        return None
    off = list(pieces)[len(kept) :] if kept else []
    behind = next((reply.tokens[piece.start].word for piece in off if piece.role is Role.POLITE), "")
    return without_tail(reply.shown(kept[0].start, kept[-1].end) or "", behind) or None


_TAILS = frozenset(["ạ", "ah", "nhé", "nha", "nhá", "nghen", "nhen", "ơi"])
_CALLS = frozenset(["ơi", "nhé", "nha", "nhá", "nghen", "nhen"])  # behind a person: they are spoken to
_SIGHS = frozenset(["quá", "lắm"])
_HEARERS = frozenset(["anh", "chị", "em", "bác", "cô", "chú", "sếp", "bot", "a", "c"])
_TO_WHOM = frozenset(["chờ", "đợi", "cho", "của", "với", "gặp", "nhờ", "từ", "theo", "giúp", "đưa", "đón", "thay"])


def without_tail(reason: str, behind: str = "") -> str:
    """A reason as others read it: ``chưa có số liệu chị ơi`` → ``chưa có số liệu``; "chờ chị" stays whole.

    ``behind``: the tail that is off already. Nothing is left of a mere sigh: ``(khó) quá``.
    """
    words, tail = reason.rstrip(" .,!").split(" "), behind.lower()
    while words:
        last = words[-1].strip(".,!").lower()
        hearer = tail in _CALLS and last in _HEARERS and len(words) > 1 and words[-2].lower() not in _TO_WHOM
        sigh = last in _SIGHS and (bool(tail) or len(words) == 1)
        if not (last in _TAILS or hearer or sigh or not last):
            break
        tail = last
        words.pop()
    return " ".join(words).rstrip(" .,!") if tail else reason

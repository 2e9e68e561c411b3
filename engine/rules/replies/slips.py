"""Slips of the finger: ``xogn``, ``gai han``, ``hoan thnah``. Nothing that a negation could turn into is forgiven."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.rules.chat_letters import is_marked, is_slip_of
from engine.rules.chat_tokens import Kind, Token, is_word
from engine.rules.replies.phrases import NOT_XONG, PHRASES, SLIPPERY, Role, are
from engine.rules.replies.pieces import Piece


def hoan_thanh(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``hoan thnah``: read before "hoãn", which is its first word without marks."""
    typed = "".join(token.folded for token in tokens[at : at + 2])
    split = is_word(tokens, at, "hoàn") and at + 1 < len(tokens) and tokens[at + 1].kind is Kind.WORD
    return Piece(Role.FINISHED, at, at + 2) if split and is_slip_of(typed, "hoanthanh") else None


def slip(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``xogn``, ``gai han``, ``dag lam``. Nothing that a negation could turn into is forgiven."""
    token = tokens[at]
    if token.kind is not Kind.WORD:
        return None
    slipped = is_slip_of(token.folded, "xong") and not is_marked(token.word) and len(token.folded) >= 3
    spelled = any(other.folded == "xong" for other in tokens)  # then this is a slip of something else
    if slipped and not spelled and token.folded not in NOT_XONG:
        return Piece(Role.FINISHED, at, at + 1)
    typed = ""
    for end in range(at + 1, min(at + 4, len(tokens)) + 1):
        if tokens[end - 1].kind is not Kind.WORD:
            return None
        if end > at + 1 and _begins_command(tokens, end - 1):  # "bận gia hạn" is no "bàn giao"
            return None
        typed += tokens[end - 1].folded
        if is_slip_of(typed, "hoanthanh"):
            return Piece(Role.FINISHED, at, end)
        near = SLIPPERY.get(typed[0], {})
        verb = next((v for meant, v in near.items() if typed == meant or is_slip_of(typed, meant)), None)
        if verb is not None:
            return Piece(Role.COMMAND, at, end, verb)
    return None


def _begins_command(tokens: Sequence[Token], at: int) -> bool:
    """Whether a command of several words begins there, so that no slip may swallow its first."""
    phrases = PHRASES.get(tokens[at].folded, ())
    return any(
        phrase.role is Role.COMMAND and len(phrase.words) > 1 and are(tokens, at, phrase.words) for phrase in phrases
    )

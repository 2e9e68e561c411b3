"""Statements: a reply that tells something (``em nộp 3 rồi ạ``). Done only when nothing in it speaks against it."""

from __future__ import annotations

import datetime as dt

from engine.rules.chat_tokens import Kind
from engine.rules.replies.doubts import day_done, doubt_of_done, is_past
from engine.rules.replies.meaning import Doubt, Intent, Verb
from engine.rules.replies.phrases import COURTEOUS, Role, Value
from engine.rules.replies.pieces import Reply, document_in, link_in, numbers_in

_SMALL_TALK = COURTEOUS | {Role.PAST}
_TAKES_NOTE = frozenset(["nhan", "xem", "biet", "ro"])  # "đã nhận 1" answers no "which?"
_STILL_WORKING = (Doubt.ALMOST, Doubt.PARTLY)


def statement(reply: Reply) -> Intent:
    """A reply that tells something. Done only when nothing in it speaks against it."""
    pieces = reply.pieces
    numbers = numbers_in(pieces)
    document, document_date = document_in(reply, pieces)
    done = any(piece.role is Role.FINISHED for piece in pieces) or any(is_past(reply, i) for i in range(len(pieces)))
    if not done:
        return _no_statement(reply, numbers, document, document_date)
    hedges = [piece.value for piece in pieces if piece.role is Role.HEDGE and isinstance(piece.value, Doubt)]
    if hedges:
        first = next((hedge for hedge in hedges if hedge not in _STILL_WORKING), hedges[0])
        verb = Verb.DOING if first in _STILL_WORKING else Verb.UNKNOWN
        return Intent(verb, numbers, document=document, link=link_in(reply), doubt=first)
    if any(piece.role is Role.COMMAND for piece in pieces):
        return Intent(Verb.UNKNOWN, numbers, document=document, link=link_in(reply), doubt=Doubt.SEVERAL)
    doubt = doubt_of_done(reply)
    return Intent(
        Verb.UNKNOWN if doubt is Doubt.LATER else Verb.DONE,
        () if doubt is Doubt.ALL else numbers,
        date=None if doubt else day_done(reply),
        document=document,
        document_date=document_date,
        link=link_in(reply),
        doubt=doubt,
    )


def _no_statement(
    reply: Reply, numbers: tuple[int, ...], document: str | None, document_date: dt.date | None
) -> Intent:
    """Small talk, a bare number, or words that the grammar can not place."""
    roles = {piece.role for piece in reply.pieces}
    if (
        roles
        and roles <= _SMALL_TALK | ({Role.BODY} if Role.GREET in roles else set())  # "cảm ơn sếp"
        and roles & {Role.GREET, Role.POLITE}
        and (Role.GREET in roles or Role.PAST not in roles)
    ):
        return Intent(Verb.GREETING)
    about_work = roles & {Role.NUMBERS, Role.COUNT, Role.FINISHED, Role.DEED, Role.COMMAND, Role.DOCUMENT, Role.LINK}
    hedge = next((piece.value for piece in reply.pieces if piece.role is Role.HEDGE), None)
    if hedge:  # "báo cáo tháng 3 chưa có ạ"
        about_work |= roles & {Role.THING, Role.DURATION}
    doubt: Value = None
    if about_work:
        # "cái thứ 2": the one with that number, or the second of the list?
        ranged = any(piece.value is Doubt.RANGE for piece in reply.pieces)
        noted = any(
            piece.role is Role.GREET and _TAKES_NOTE & set(reply.folded(piece).split()) for piece in reply.pieces
        )
        only = roles <= _SMALL_TALK | {Role.NUMBERS, Role.WAY} and not (ranged or noted)
        doubt = hedge or (Doubt.ONLY_NUMBER if only and numbers else Doubt.UNCLEAR)
    elif all(token.kind is Kind.ICON for token in reply.tokens):
        doubt = None  # 😂😂
    elif hedge and roles <= _SMALL_TALK | {Role.HEDGE}:
        doubt = hedge  # "chưa"
    elif Role.PAST in roles and roles <= _SMALL_TALK:
        doubt = Doubt.UNCLEAR  # "rồi": perhaps "done already", perhaps "I see"
    link = link_in(reply)
    return Intent(Verb.UNKNOWN, numbers, document=document, document_date=document_date, link=link, doubt=doubt)

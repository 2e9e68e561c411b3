"""Statements: a reply that tells something (``em nộp 3 rồi ạ``). Done only when nothing in it speaks against it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from engine.rules.chat_words import Kind, Lean
from engine.rules.replies.meaning import Doubt, Intent, Verb
from engine.rules.replies.phrases import COURTEOUS, Role, Value
from engine.rules.replies.pieces import Piece, Reply, date_of, dated_behind, document_in, link_in, numbers_in

_SMALL_TALK = COURTEOUS | {Role.PAST}
_STILL_WORKING = (Doubt.ALMOST, Doubt.PARTLY)
_QUITE_PAST = frozenset(["da", "vua"])
_PLAIN_PAST = frozenset(["roi", "r", "rui", "goi", "rau"])


def statement(reply: Reply) -> Intent:
    """A reply that tells something. Done only when nothing in it speaks against it."""
    pieces = reply.pieces
    numbers = numbers_in(pieces)
    document, document_date = document_in(reply, pieces)
    done = any(piece.role is Role.FINISHED for piece in pieces) or any(_is_past(reply, i) for i in range(len(pieces)))
    if not done:
        return _no_statement(reply, numbers, document, document_date)
    hedges = [piece.value for piece in pieces if piece.role is Role.HEDGE and isinstance(piece.value, Doubt)]
    if hedges:
        first = next((hedge for hedge in hedges if hedge not in _STILL_WORKING), hedges[0])
        verb = Verb.DOING if first in _STILL_WORKING else Verb.UNKNOWN
        return Intent(verb, numbers, document=document, link=link_in(reply), doubt=first)
    if any(piece.role is Role.COMMAND for piece in pieces):
        return Intent(Verb.UNKNOWN, numbers, document=document, link=link_in(reply), doubt=Doubt.SEVERAL)
    doubt = next((doubt for asks in _DOUBTS_OF_DONE if (doubt := asks(reply)) is not None), None)
    return Intent(
        Verb.UNKNOWN if doubt is Doubt.LATER else Verb.DONE,
        () if doubt is Doubt.ALL else numbers,
        date=None if doubt else _day_done(reply),
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
        and roles <= _SMALL_TALK
        and roles & {Role.GREET, Role.POLITE}
        and (Role.GREET in roles or Role.PAST not in roles)
    ):
        return Intent(Verb.GREETING)
    about_work = roles & {Role.NUMBERS, Role.COUNT, Role.FINISHED, Role.DEED, Role.COMMAND, Role.DOCUMENT, Role.LINK}
    hedge = next((piece.value for piece in reply.pieces if piece.role is Role.HEDGE), None)
    doubt: Value = None
    if about_work:
        only = roles <= _SMALL_TALK | {Role.NUMBERS, Role.WAY}
        doubt = hedge or (Doubt.ONLY_NUMBER if only and numbers else Doubt.UNCLEAR)
    elif hedge and roles <= _SMALL_TALK | {Role.HEDGE}:
        doubt = hedge  # "chưa"
    elif Role.PAST in roles and roles <= _SMALL_TALK:
        doubt = Doubt.UNCLEAR  # "rồi": perhaps "done already", perhaps "I see"
    link = link_in(reply)
    return Intent(Verb.UNKNOWN, numbers, document=document, document_date=document_date, link=link, doubt=doubt)


def _is_past(reply: Reply, at: int) -> bool:
    """Whether the deed there has been done: ``đã nộp``, ``nộp 3 rồi``, ``nộp 3 xong``; not ``xong rồi nộp``."""
    pieces = reply.pieces
    if pieces[at].role is not Role.DEED:
        return False
    for later in pieces[at + 1 :]:
        if later.role in (Role.DEED, Role.HEDGE, Role.COMMAND):
            break
        if later.role is Role.FINISHED or (later.role is Role.PAST and reply.folded(later) in _PLAIN_PAST):
            return True
    if not at or pieces[at - 1].role is not Role.PAST or pieces[at].value is Doubt.UNCLEAR:
        return False
    past = reply.folded(pieces[at - 1])
    finished_before = any(piece.role is Role.FINISHED for piece in pieces[:at])
    return past in _QUITE_PAST or (past == "moi" and not finished_before)


def _doubt_all(reply: Reply) -> Doubt | None:
    several = len(numbers_in(reply.pieces)) > 1
    return Doubt.ALL if any(piece.role is Role.ALL for piece in reply.pieces) and not several else None


def _doubt_numbers(reply: Reply) -> Doubt | None:
    for piece in reply.pieces:
        if piece.role in (Role.COUNT, Role.DURATION):
            return Doubt.COUNT
        if piece.value is Doubt.RANGE:
            return Doubt.RANGE
    return None


def _doubt_day(reply: Reply) -> Doubt | None:
    """A day to come is a promise; today's hour needs a word of the past beside it."""
    told_past = any(piece.role is Role.PAST for piece in reply.pieces)
    for piece in _days_told(reply):
        token = reply.tokens[piece.start]
        if token.kind is Kind.DAY and ("/" not in token.folded or not numbers_in(reply.pieces)):
            return Doubt.RANGE
        date = date_of(reply, piece, Lean.BEHIND)
        if token.kind is Kind.NUMBER and (date is None or date <= reply.today):
            return Doubt.RANGE  # "xong 3 tháng 3": number 3, or the third of March?
        hour = date is None and reply.tokens[piece.end - 1].kind is Kind.TIME
        if hour or (date == reply.today and not _is_numeric(reply, piece)):
            if not told_past:
                return Doubt.LATER
        elif date is None or date > reply.today:
            return Doubt.LATER
    return None


def _days_told(reply: Reply) -> list[Piece]:
    """The date pieces of a statement that do not belong to a document."""
    documents = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.DOCUMENT]
    taken = [dated_behind(reply.pieces, i) for i in documents]
    return [piece for piece in reply.pieces if piece.role is Role.DATE and piece not in taken]


def _day_done(reply: Reply) -> dt.date | None:
    return next((date_of(reply, piece, Lean.BEHIND) for piece in _days_told(reply)), None)


def _is_numeric(reply: Reply, piece: Piece) -> bool:
    return any(token.kind in (Kind.DAY, Kind.NUMBER) for token in reply.tokens[piece.start : piece.end])


def _doubt_deeds(reply: Reply) -> Doubt | None:
    """``xong rồi nộp 3`` has a deed still to do."""
    deeds = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.DEED]
    return None if all(_is_past(reply, at) for at in deeds) else Doubt.UNCLEAR


_KNOWN = COURTEOUS | {Role.FINISHED, Role.DEED, Role.PAST, Role.ALL, Role.THING, Role.WAY, Role.NUMBERS}
_KNOWN |= {Role.BODY, Role.DATE, Role.DOCUMENT, Role.LINK}


_PLACES = (Role.WAY, Role.THING, Role.PERSON, Role.BODY)


def _doubt_unread(reply: Reply) -> Doubt | None:
    """Unknown words; or "kế toán xong 3", which tells of somebody else."""
    told = next(i for i, piece in enumerate(reply.pieces) if piece.role in (Role.FINISHED, Role.DEED))
    for i, piece in enumerate(reply.pieces):
        following = reply.pieces[i + 1].role if i + 1 < len(reply.pieces) else None
        sent_somewhere = piece.role in (Role.TO, Role.GIVE) and following in _PLACES
        sent_somewhere |= piece.role is Role.TO and following is Role.DATE  # "nộp từ hôm qua rồi"
        by_somebody = piece.role is Role.BODY and i < told
        if by_somebody or (piece.role not in _KNOWN and not sent_somewhere):
            return Doubt.UNREAD
    return None


def _doubt_several(reply: Reply) -> Doubt | None:
    """``xong 3 rồi 5``: with more than one group of numbers, each needs its own "xong"."""
    groups = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.NUMBERS]
    if len(groups) < 2:
        return None
    finished = (i > 0 and (reply.pieces[i - 1].role is Role.FINISHED or _said_done(reply, i - 1)) for i in groups)
    return None if all(finished) else Doubt.SEVERAL


def _said_done(reply: Reply, at: int) -> bool:
    return at > 0 and reply.pieces[at].role is Role.DEED and reply.folded(reply.pieces[at - 1]) in _QUITE_PAST


def _doubt_sign(reply: Reply) -> Doubt | None:
    """``x`` needs its number straight behind it, ✅ a number somewhere; or another word that says it."""
    pieces = reply.pieces
    clear = any(piece.role is Role.FINISHED and piece.value is None for piece in pieces)
    if clear or any(piece.role is Role.DEED for piece in pieces):
        return None
    for i, piece in enumerate(pieces):
        if piece.role is Role.FINISHED and piece.value is Doubt.UNCLEAR:
            letter = reply.folded(piece) == "x"
            beside = pieces[i + 1 : i + 2] if letter else pieces
            if not numbers_in(beside):
                return Doubt.UNCLEAR
    return None


def _doubt_thing(reply: Reply) -> Doubt | None:
    named = any(piece.role is Role.THING for piece in reply.pieces)
    return Doubt.NAMES_A_THING if named and not numbers_in(reply.pieces) else None


_DOUBTS_OF_DONE: tuple[Callable[[Reply], Doubt | None], ...] = (
    _doubt_all,
    _doubt_numbers,
    _doubt_day,
    _doubt_deeds,
    _doubt_unread,
    _doubt_several,
    _doubt_sign,
    _doubt_thing,
)

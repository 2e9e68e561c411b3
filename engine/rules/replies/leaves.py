"""A leave: from when to when, and the sentences with "nghỉ" that ask for none."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from engine.rules.chat_tokens import Kind, Token, is_word, number_there
from engine.rules.chat_words import date_at
from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import Role
from engine.rules.replies.pieces import Piece, Reply, date_of, numbers_in

_DAYS = {"ngày": 1, "hôm": 1, "bữa": 1, "tuần": 7}
_FROM_TO = re.compile(r"([0-9]{1,2})-([0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{4})?)")
_NO_LEAVE = frozenset(["le", "tet", "trua", "tay", "he"])


def are_working_days(reply: Reply, piece: Piece) -> bool:
    """``3 ngày làm việc``"""
    return reply.folded(piece).endswith(" lam viec")


def days_in(reply: Reply, piece: Piece) -> int | None:
    """How many days ``thêm 3 ngày``, ``một tuần`` is; None for a month."""
    tokens = reply.tokens
    found = number_there(tokens, piece.start + 1 if is_word(tokens, piece.start, "thêm") else piece.start)
    if found is None or is_word(tokens, piece.end, "làm", "rưỡi"):
        return None
    count, end = found
    days = next((days for word, days in _DAYS.items() if is_word(tokens, end, word)), 0)
    return count * days if 0 < count * days <= 366 else None


def is_from_to(token: Token) -> bool:
    """``16-20/3``"""
    return token.kind is Kind.ODD and _FROM_TO.fullmatch(token.folded) is not None


def leave_days(reply: Reply, stated: Sequence[Piece], dates: Sequence[Piece]) -> tuple[dt.date | None, dt.date | None]:
    """First and last day; None when it is not sure, or over."""
    first, last = _days(reply, stated, dates)
    over = (first is not None and last is not None and first > last) or (last is not None and last < reply.today)
    return (None, None) if over else (first, last)


def _days(reply: Reply, stated: Sequence[Piece], dates: Sequence[Piece]) -> tuple[dt.date | None, dt.date | None]:
    if len(dates) == 1 and is_from_to(reply.tokens[dates[0].start]):
        return _from_to(reply, reply.tokens[dates[0].start])
    found = [date for piece in dates if (date := date_of(reply, piece)) is not None]
    if len(found) == 1 and len(dates) == 1:
        return _one_day(reply, stated, dates[0], found[0])
    if len(found) == 2 and found[0] <= found[1]:
        return found[0], found[1]
    return None, None


def _one_day(
    reply: Reply, stated: Sequence[Piece], piece: Piece, day: dt.date
) -> tuple[dt.date | None, dt.date | None]:
    first = numbers_in(stated)[:1]  # "nghỉ từ 20 đến 25/3"
    if first and 1 <= first[0] <= day.day:
        return day.replace(day=first[0]), day
    at = stated.index(piece)
    before = reply.folded(stated[at - 1]) if at else ""
    lasting = [other for other in stated if other.role is Role.DURATION]
    if lasting:  # "nghỉ 3 ngày từ thứ 5"
        counted = len(lasting) == 1 and not are_working_days(reply, lasting[0])
        days = days_in(reply, lasting[0]) if counted else None
        return day, day + dt.timedelta(days=days - 1) if days else None
    if before == "tu":
        return day, None
    until = (at and stated[at - 1].role is Role.TO) or reply.folded(piece).split()[0] in ("het", "den", "toi")
    return (reply.today if until else day), day


def _from_to(reply: Reply, token: Token) -> tuple[dt.date | None, dt.date | None]:
    parts = _FROM_TO.fullmatch(token.folded)
    assert parts is not None
    at = reply.tokens.index(token)
    last_token = Token(Kind.DAY, parts.group(2), parts.group(2), token.start, token.end)
    there = date_at((*reply.tokens[:at], last_token), at, reply.today)
    last = there.date if there else None
    first = int(parts.group(1))
    return (last.replace(day=first), last) if last and 1 <= first <= last.day else (None, None)


def doubt_of_leave(reply: Reply, told: Sequence[Piece]) -> Doubt | None:
    """``mai được nghỉ``, ``mai nghỉ lễ``, ``mai nghỉ làm báo cáo 3``: no leave is asked for."""
    lead = next(i for i, piece in enumerate(reply.pieces) if piece.role is Role.COMMAND)
    before = reply.pieces[:lead]
    allowed = bool(before) and reply.folded(before[-1]) == "duoc"
    asks = any(piece.role is Role.PLEASE and reply.folded(piece) != "duoc" for piece in before)
    if allowed and not asks:
        return Doubt.UNCLEAR
    if told and reply.tokens[told[0].start].folded in _NO_LEAVE:
        return Doubt.UNCLEAR
    if not told or told[0].role is Role.REASON:
        return None
    return Doubt.SEVERAL if told[0].role is Role.DEED or numbers_in(told) else None

"""The days in a command: until when, from when to when, and which day is no day at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.rules.chat_tokens import Kind
from engine.rules.chat_words import date_at
from engine.rules.replies.leaves import are_working_days, days_in, is_from_to, leave_days
from engine.rules.replies.meaning import Verb
from engine.rules.replies.phrases import Role
from engine.rules.replies.pieces import Piece, Reply, date_of


def stray_day(reply: Reply, pieces: Sequence[Piece], verb: Verb) -> bool:
    """Whether a bare 3/5 or 3-5 stands where a number would: it may be two numbers."""
    for i, piece in enumerate(pieces):
        token = reply.tokens[piece.start]
        if piece.role is not Role.DATE or token.kind is not Kind.DAY:
            continue
        if i and pieces[i - 1].role is Role.TO:
            continue
        if verb is not Verb.SNOOZE or "/" not in token.folded:
            return True
    return False


def dates_of_command(
    reply: Reply, verb: Verb, stated: Sequence[Piece], told: Sequence[Piece]
) -> tuple[dt.date | None, dt.date | None, Sequence[Piece]]:
    """First day, last day (of a leave), and the reason without a date that ended it."""
    dates = [piece for piece in stated if piece.role is Role.DATE and not _is_hour(reply, piece)]
    if verb is Verb.LEAVE:
        return *leave_days(reply, stated, dates), told
    if dates:
        date = date_of(reply, dates[-1])
        over = verb is Verb.SNOOZE and date is not None and date < reply.today
        return None if over else date, None, told
    closing = [piece for piece in told if piece.role not in (Role.POLITE, Role.BREAK)][-2:]
    if verb is Verb.EXTEND and [piece.role for piece in closing] == [Role.TO, Role.DATE]:
        return date_of(reply, closing[1]), None, told[: list(told).index(closing[0])]
    if verb is Verb.EXTEND and closing and closing[-1].role is Role.DATE and closing[-1].day is not None:
        return date_of(reply, closing[-1]), None, told[: list(told).index(closing[-1])]
    return None, None, told


def _is_hour(reply: Reply, piece: Piece) -> bool:
    """``lúc 8h``: an hour without a day."""
    token = reply.tokens[piece.start]
    return piece.day is None and not is_from_to(token) and date_at(reply.tokens, piece.start, reply.today) is None


def days_more(reply: Reply, stated: Sequence[Piece]) -> tuple[int | None, bool]:
    """``thêm 3 ngày``, ``thêm 1 tuần``: days to add to the present day, and whether they are working days."""
    lasting = [piece for piece in stated if piece.role is Role.DURATION]
    if len(lasting) != 1:
        return None, False
    return days_in(reply, lasting[0]), are_working_days(reply, lasting[0])


def two_days(reply: Reply, stated: Sequence[Piece], told: Sequence[Piece]) -> bool:
    """``đến 25/3 hoặc 26/3``: more than one day is offered. "từ 15/3 đến 25/3" and "thứ sáu 13/3" name one."""
    if told and reply.folded(told[0]) in ("hoac", "hay"):
        return True
    dates = [i for i, piece in enumerate(stated) if piece.role is Role.DATE and not _is_hour(reply, piece)]
    days = {date_of(reply, stated[i]) for i in dates}
    since = bool(dates) and dates[0] > 0 and reply.folded(stated[dates[0] - 1]) == "tu"
    return len(days) > 1 and not since and not reply.folded(stated[dates[0]]).startswith("tu ")

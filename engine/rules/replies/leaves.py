"""A leave: from when to when, and the sentences with "nghỉ" that ask for none."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from engine.rules.chat_letters import is_marked, same_spelling
from engine.rules.chat_tokens import Kind, Token, is_word, number_there
from engine.rules.chat_words import Lean, date_at
from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import Role
from engine.rules.replies.pieces import Piece, Reply, date_of, numbers_in

_DAYS = {"ngày": 1, "hôm": 1, "bữa": 1, "tuần": 7}
_FROM_TO = re.compile(r"([0-9]{1,2})-([0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{4})?)")
_NO_LEAVE = frozenset(["le", "tet", "trua", "tay", "he", "ngoi", "ma", "giai", "huu", "choi", "gi"])
_KINDS = frozenset(["phep", "om", "thai", "san", "rieng", "viec", "cuoi", "tang", "benh", "sinh"])
_NOT_THE_WRITER = frozenset([Role.WAY, Role.THING, Role.NUMBERS, Role.COUNT])
_ANNOUNCED_TO = frozenset(["ca nha", "moi nguoi", "cac bac", "anh chi", "cac anh", "cac chi", "ca xa", "bot"])
_LONGEST_GONE_BY = dt.timedelta(days=200)


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
    if len(dates) != 2 or not _is_span(reply, *dates):
        return None, None
    first, last = date_of(reply, dates[0]) or _begun(reply, dates[0]), date_of(reply, dates[1])
    return (first, last) if first and last and first <= last else (None, None)


def _is_span(reply: Reply, first: Piece, last: Piece) -> bool:
    """``20/3 - 25/3``, ``từ mai đến hết tuần``, ``thứ 5 và thứ 6``; "20/3, 25/3" are two days, not six.

    "mai nghỉ bù 2/9" names a holiday.
    """
    between = {token.folded for token in reply.tokens[first.end : last.start]}
    if between & _UNTIL or is_word(reply.tokens, last.start, "đến", "tới", "hết"):
        return True
    start, end = date_of(reply, first), date_of(reply, last)
    beside = start is not None and end is not None and end - start == dt.timedelta(days=1)
    return beside and between <= {",", "va", "voi"}


_UNTIL = frozenset(["-", ">", "toi", "den", "het", "qua", "sang"])


def _begun(reply: Reply, piece: Piece) -> dt.date | None:
    """The first day of a leave that has begun: ``nghỉ thai sản từ 1/3 đến 31/8`` said on 10/3."""
    day = date_of(reply, piece, Lean.BEHIND)
    return day if day is not None and reply.today - _LONGEST_GONE_BY <= day <= reply.today else None


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


def is_leave(reply: Reply, lead: int) -> bool:
    """Whether the "nghỉ" there is the writer's. ``em nghĩ mai xong`` thinks; ``văn thư nghỉ``: somebody else."""
    before, after = reply.pieces[:lead], reply.pieces[lead + 1 :]
    others = any(piece.role in _NOT_THE_WRITER for piece in before)
    mine = any(piece.role in (Role.PERSON, Role.PLEASE) for piece in before)
    announced = not mine and any(reply.folded(piece) in _ANNOUNCED_TO for piece in after)
    return not (others or announced) and not _thinks(reply, lead)


def _thinks(reply: Reply, lead: int) -> bool:
    """``nghĩ``, and an unmarked ``nghi`` without a word of leave, or with a clause behind: ``nghi mai moi co``."""
    piece, after = reply.pieces[lead], [part for part in reply.pieces[lead + 1 :] if part.role is not Role.POLITE]
    said = next((token for token in reply.tokens[piece.start : piece.end] if token.folded == "nghi"), None)
    if said is None or same_spelling(said.word, "nghỉ"):
        return False
    reason = next((i for i, part in enumerate(after) if part.role is Role.REASON), len(after))
    words = {token.folded for part in after[:reason] for token in reply.tokens[part.start : part.end]}
    known = (Role.TO, Role.DATE, Role.DURATION, Role.BREAK, Role.NUMBERS, Role.PERSON)
    spans = {"tu", "den"} <= words or {"tu", "toi"} <= words or any(is_from_to(token) for token in reply.tokens)
    clause = any(part.role not in known and not _KINDS & set(reply.folded(part).split()) for part in after[:reason])
    if is_marked(said.word):  # "nghĩ từ 20/3 đến 25/3" can be no thought
        return clause or piece.end - piece.start > 1 or not spans
    named = bool(_KINDS & (words | set(reply.folded(piece).split()))) or reply.folded(piece).startswith("xin")
    return clause or not (named or spans)


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

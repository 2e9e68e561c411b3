"""What may be wrong with a reply that approves or confirms: it promises, asks somebody else to, or means a part."""

from __future__ import annotations

from itertools import pairwise

from engine.rules.replies.meaning import Doubt, Verb
from engine.rules.replies.phrases import Role
from engine.rules.replies.pieces import Piece, Reply
from engine.rules.replies.spoken import SUPERIORS, doubt_of_c, is_soft, speaks_to_many, thanks_for
from engine.rules.replies.things import bare_periods, is_whole, period_of

_ASKED_OF_SUPERIORS = ("duyet", "phe duyet", "ok duyet", "xac nhan", "xn", "confirm")


def doubt_of_grant(reply: Reply, verb: Verb) -> Doubt | None:
    """The first doubt about a reply that approves or confirms; None when it is plain."""
    lead = next(i for i, piece in enumerate(reply.pieces) if piece.role is Role.COMMAND)
    if thanks_for(reply):
        return Doubt.UNCLEAR
    return doubt_of_c(reply) or _doubt_day(reply, verb, lead) or _doubt_thing(reply) or _doubt_hearer(reply, lead)


def _doubt_day(reply: Reply, verb: Verb, lead: int) -> Doubt | None:
    """``mai xác nhận 3`` promises; only ``đồng ý 3 đến 25/3`` has a day of its own."""
    for i, piece in enumerate(reply.pieces):
        before = reply.pieces[i - 1] if i else None
        since = before is not None and before.role is Role.TO
        if piece.role is Role.NUMBERS and since:  # "đồng ý từ 3", "đồng ý đến 3"
            return Doubt.RANGE
        if piece.role is not Role.DATE:
            continue
        until = since and before is not None and not reply.folded(before).startswith("tu")
        if verb is not Verb.APPROVE or i < lead or not until:
            return Doubt.LATER
    return None


def _doubt_thing(reply: Reply) -> Doubt | None:
    """``duyệt tháng 4``, ``xác nhận số liệu việc 3``, ``xác nhận lãnh đạo 3``."""
    if bare_periods(reply):
        return Doubt.RANGE
    for i, piece in enumerate(reply.pieces):
        if piece.role is Role.BODY and reply.folded(piece) not in ("bot", "admin"):
            return Doubt.UNREAD
        if piece.role is Role.THING and not (is_whole(reply, i) or period_of(reply, piece)):
            return Doubt.PARTLY
    return None


def _doubt_hearer(reply: Reply, lead: int) -> Doubt | None:
    """``anh duyệt 3 nhé``, ``xác nhận 3 nhé sếp``: asked of somebody else. "anh đồng ý 3 nhé" grants it."""
    before, after = reply.pieces[:lead], reply.pieces[lead + 1 :]
    called = any(piece.role is Role.POLITE and _calls_superior(reply, piece) for piece in reply.pieces)
    closing = any(_is_superior(reply, piece) for piece in after) or _calls_a(reply)
    if called or closing or speaks_to_many(reply, reply.pieces):
        return Doubt.MUST
    if not any(_is_superior(reply, piece) for piece in before):
        return None
    asked = reply.folded(reply.pieces[lead]) in _ASKED_OF_SUPERIORS and any(is_soft(reply, piece) for piece in after)
    polite = any(reply.folded(piece) in ("a", "ah") for piece in after)
    polite = polite or any(reply.folded(piece) in ("da", "bao cao", "bc", "trinh") for piece in before)
    return Doubt.MUST if asked or polite else None


def _is_superior(reply: Reply, piece: Piece) -> bool:
    return piece.role is Role.PERSON and reply.folded(piece) in SUPERIORS


def _calls_superior(reply: Reply, piece: Piece) -> bool:
    """``anh ơi``, ``thưa anh``, ``báo cáo anh``."""
    words = reply.folded(piece).split()
    return len(words) > 1 and (words[0] in (*SUPERIORS, "a") or words[-1] in SUPERIORS)


def _calls_a(reply: Reply) -> bool:
    """``… nhé a``: "anh", which without marks looks like "ạ"."""
    return any(
        is_soft(reply, piece) and reply.tokens[following.start].word.lower() == "a"
        for piece, following in pairwise(reply.pieces)
    )

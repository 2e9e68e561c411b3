"""A second thing said in one breath: ``gia hạn 3 đến 25/3, 5 xong rồi``. One command must not sweep it in."""

from __future__ import annotations

from collections.abc import Sequence

from engine.rules.chat_tokens import Kind, is_word
from engine.rules.replies.meaning import Doubt, Verb
from engine.rules.replies.phrases import COURTEOUS, Role
from engine.rules.replies.pieces import Piece, Reply, numbers_in

#: Behind "…, 5" these tell what has become of 5.
_TELLS = frozenset([Role.FINISHED, Role.COMMAND, Role.DEED, Role.PAST])
_GRANTED = ("đạt", "ok", "ổn", "được", "thì", "vẫn", "đúng")
#: Behind these a number's words may be the reason of both: "từ chối 3, 5 chưa đủ hồ sơ".
_GIVE_REASONS = (Verb.EXTEND, Verb.REFUSE, Verb.RETURN, Verb.STUCK, Verb.HAND_OVER, Verb.LEAVE)


def doubt_of_second_clause(reply: Reply, verb: Verb, after: Sequence[Piece]) -> Doubt | None:
    """Whether another number behind the command has its own verb. ``after``: the pieces behind the command."""
    plain = [piece for piece in after if piece.role not in COURTEOUS - {Role.BREAK} and piece.role is not Role.PLEASE]
    for i, piece in enumerate(plain):
        if piece.role is Role.REASON:
            return None
        if piece.role is Role.NUMBERS and i + 1 < len(plain) and _begins_clause(reply, verb, plain, i):
            return Doubt.SEVERAL
        orders = piece.role is Role.COMMAND and piece.value is not verb and verb in _GIVE_REASONS
        if orders and verb is not Verb.STUCK and set(numbers_in(plain[i:])) - set(numbers_in(plain[:i])):
            return Doubt.SEVERAL  # "từ chối 3, đồng ý 5"
    return None


def _begins_clause(reply: Reply, verb: Verb, plain: Sequence[Piece], at: int) -> bool:
    """Whether this is the "5" of "3, 5 xong rồi"."""
    listed = plain[at]
    earlier = at > 0 and (verb is Verb.LEAVE or bool(numbers_in(plain[:at])))
    parted = earlier and any(piece.role in (Role.BREAK, Role.HEDGE, Role.DATE) for piece in plain[:at])
    if not parted and not _has_comma(reply, listed):
        return False
    following = plain[at + 1]
    if following.role in _TELLS:
        return True
    if following.role is Role.HEDGE and is_word(reply.tokens, following.start, "không", "ko", "k", "khỏi"):
        return is_word(reply.tokens, following.end, "cần", "phải")
    if any(is_word(reply.tokens, following.start, word) for word in _GRANTED):
        return True
    return verb is Verb.DOING and following.role in (Role.HEDGE, Role.WAY)


def _has_comma(reply: Reply, listed: Piece) -> bool:
    """Whether the last number of the list stands behind a comma, not behind "và"."""
    last = max(
        (at for at in range(listed.start, listed.end) if reply.tokens[at].kind in (Kind.NUMBER, Kind.WORD)),
        default=listed.start,
    )
    named = last
    while named > listed.start and is_word(reply.tokens, named - 1, "việc", "số"):
        named -= 1
    return named > listed.start and reply.tokens[named - 1].kind is Kind.COMMA


_SOLVED = ("tháo gỡ", "khắc phục", "ổn", "giải quyết xong", "xử lý xong")


def doubt_of_trouble(reply: Reply, told: Sequence[Piece]) -> Doubt | None:
    """``3 vướng số liệu nhưng em nộp rồi``: it is over."""
    for i, piece in enumerate(told):
        before = told[:i]
        open_still = any(other.value is Doubt.NOT_DONE for other in before[-2:])
        past = i + 1 < len(told) and told[i + 1].role is Role.PAST
        turned = any(other.role is Role.BREAK or other.value is Doubt.BUT for other in before)
        turned = turned or all(other.role in COURTEOUS | {Role.PAST} for other in before)  # "vướng 3, đã nộp rồi"
        over = piece.role is Role.FINISHED or (piece.role is Role.DEED and past)
        if over and not open_still and turned:
            return Doubt.BUT
    last = told[-1].end if told else 0
    first = told[0].start if told else 0
    for at in range(first, last):
        for words in _SOLVED:
            spelled = words.split()
            solved = all(is_word(reply.tokens, at + i, word) for i, word in enumerate(spelled))
            if solved and any(is_word(reply.tokens, at - back, "đã", "được", "giờ", "nay") for back in (1, 2)):
                return Doubt.BUT
    return None


def _is_of_request(reply: Reply, piece: Piece) -> bool:
    """Nothing that somebody else decides on: "hồ sơ chưa được duyệt", "chờ tỉnh duyệt" are reasons."""
    if piece.role is Role.HEDGE:
        return piece.value is not Doubt.LATER
    return piece.role in COURTEOUS | {Role.PAST, Role.PLEASE} or reply.folded(piece) == "bi"


def asks_about_extension(reply: Reply, before: Sequence[Piece], told: Sequence[Piece]) -> bool:
    """``gia hạn 3 đến 25/3 được duyệt chưa``, ``3 đã gia hạn … rồi mà``: it asks, or reminds of an older request."""
    at = next((i for i, piece in enumerate(told) if piece.value in (Verb.APPROVE, Verb.REFUSE)), None)
    decided = at is not None and all(_is_of_request(reply, piece) for piece in told[:at])
    was = bool(before) and before[-1].role is Role.PAST and reply.folded(before[-1]) == "da"
    complains = any(piece.value is Doubt.BUT for piece in told) and any(piece.role is Role.PAST for piece in told[:1])
    return decided or (was and bool(told)) or complains

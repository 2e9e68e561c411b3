"""What stands beside a number: a period to come, a part of the work, those it was sent to, a village."""

from __future__ import annotations

from itertools import pairwise

from engine.rules.chat_tokens import Kind, number_there
from engine.rules.chat_words import ROMAN
from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import Role
from engine.rules.replies.pieces import Piece, Reply, numbers_in
from engine.rules.replies.spoken import tells_past

_PERIODS = frozenset(["thang", "quy", "nam", "tuan", "dot", "ky", "lan"])
PARTS = frozenset(
    [
        *("so lieu", "bieu", "bieu mau", "mau", "file", "ban mem", "tai lieu", "danh sach", "ket qua", "phieu"),
        *("bang", "so", "to trinh", "ho so", "thong ke"),
    ]
)
# What has numbers of its own within one piece of work.
_NUMBERED_PARTS = frozenset(
    [
        *("buoc", "muc", "chuong", "thon", "xom", "ap", "ban", "to", "khu", "pho", "nhom", "vong", "dieu", "trang"),
        *("tap", "khoa", "phan"),
    ]
)
_WHOLE = frozenset(["bao cao", "bc"])
_ADDED = ("kem", "dinh kem", "kem theo")
_CALLED = frozenset(["sep", "bot", "admin", "thay", "lanh dao"])


def period_of(reply: Reply, piece: Piece) -> str | None:
    """``tháng``, ``quý`` … when the piece is a numbered period (``quý II``, ``4/2026``)."""
    if piece.role is not Role.THING:
        return None
    token = reply.tokens[piece.start]
    if token.kind is Kind.MONTH:
        return "thang"
    return token.folded if token.folded in _PERIODS and piece.end - piece.start > 1 else None


def is_named_by_thing(reply: Reply, at: int) -> bool:
    """Whether the period there belongs to the name of something: ``báo cáo tháng 3``, ``báo cáo quý I năm 2026``."""
    for earlier in reversed(reply.pieces[:at]):
        if earlier.role is Role.WAY and reply.folded(earlier) in ("cua", "ve", "trong"):
            continue
        if earlier.role is Role.THING and period_of(reply, earlier):
            continue
        return earlier.role is Role.THING
    return False


def bare_periods(reply: Reply) -> list[Piece]:
    return [
        piece
        for i, piece in enumerate(reply.pieces)
        if period_of(reply, piece) is not None and not is_named_by_thing(reply, i)
    ]


def doubt_of_period(reply: Reply) -> Doubt | None:
    """``tháng 4 xong việc 3``: when it will be done; ``đã xong việc 3 tháng 2`` has happened."""
    for before, piece in pairwise(reply.pieces):
        goes_on = before.role is Role.TO and reply.folded(before) != "tu"
        if goes_on and piece.role is Role.THING and reply.tokens[piece.start].folded in _PERIODS:
            return Doubt.LATER  # "việc 3 sang tuần xong"
    for piece in bare_periods(reply):
        if not _is_over(reply, piece) or not tells_past(reply):
            return Doubt.LATER
    return None


def _is_over(reply: Reply, piece: Piece) -> bool:
    """Whether the period has begun, as far as its number says."""
    kind, last = period_of(reply, piece), reply.tokens[piece.end - 1]
    today = reply.today
    if last.kind is Kind.MONTH:
        part, year = (int(part) for part in last.folded.replace("-", "/").replace(".", "/").split("/"))
    else:
        found = number_there(reply.tokens, piece.end - 1)
        part, year = ROMAN.get(last.folded) or (found[0] if found else 99), today.year
    present = {"thang": today.month, "quy": (today.month + 2) // 3, "tuan": today.isocalendar().week, "nam": today.year}
    return kind in present and (part <= present[kind] if year == today.year else year < today.year)


def doubt_of_part(reply: Reply) -> Doubt | None:
    """``xong số liệu 3``, ``việc 3 xong danh sách``: a part is not the whole. "xong 3 kèm danh sách" is."""
    clauses: list[list[Piece]] = [[]]
    for piece in reply.pieces:
        if piece.role is Role.BREAK:
            clauses.append([])
        else:
            clauses[-1].append(piece)
    for clause in clauses:
        others = [other for other in clauses if other is not clause]
        told = any(_tells(other) for other in others) and not numbers_in(clause)
        if not told and numbers_in(reply.pieces) and _names_part(reply, clause):
            return Doubt.PARTLY
    return None


def _tells(clause: list[Piece]) -> bool:
    return bool(numbers_in(clause)) and any(piece.role in (Role.FINISHED, Role.DEED) for piece in clause)


def _names_part(reply: Reply, clause: list[Piece]) -> bool:
    if any(reply.folded(piece) in _ADDED for piece in clause):
        return False
    for i, piece in enumerate(clause):
        following = clause[i + 1].role if i + 1 < len(clause) else None
        if is_part(reply, piece) and following is not Role.DOCUMENT:
            return True
        if _is_numbered_part(reply, piece) and (i == 0 or clause[i - 1].role not in _NAMES_OR_SENDS):
            return True
    return False


_NAMES_OR_SENDS = (Role.THING, Role.GIVE, Role.TO, Role.BODY)  # "báo cáo thôn 2", "cho tổ 3"


def _is_numbered_part(reply: Reply, piece: Piece) -> bool:
    """``bước 1``, ``thôn 2``: of the work, when the work has its own number beside it."""
    return _is_numbered(reply, piece) and reply.tokens[piece.start].folded in _NUMBERED_PARTS


def is_part(reply: Reply, piece: Piece) -> bool:
    words = reply.folded(piece)
    return piece.role is Role.THING and (words in PARTS or words.split()[0] in ("bieu", "mau"))


def doubt_of_receivers(reply: Reply) -> Doubt | None:
    """``đã gửi 3 huyện``, ``xong 5 tỉnh``: so many of them."""
    pieces = reply.pieces
    for i in range(1, len(pieces) - 1):
        number, following, verb = pieces[i], pieces[i + 1], pieces[i - 1]
        plain = number.role is Role.NUMBERS and reply.tokens[number.start].kind is Kind.NUMBER
        if not plain or len(number.numbers) > 1:
            continue
        if following.role is Role.BODY and (verb.role is Role.DEED or reply.folded(following) not in _CALLED):
            return Doubt.COUNT
        sent = verb.role is Role.DEED and reply.folded(verb) in ("gui", "goi")
        if sent and following.role is Role.PERSON:
            return Doubt.COUNT
    return None


def doubt_of_going_on(reply: Reply) -> Doubt | None:
    """``xong 3 và thôn 5``: what is it that they finished?"""
    pieces = reply.pieces
    for i, piece in enumerate(pieces):
        if piece.role is not Role.NUMBERS:
            continue
        at = i + 1
        while at < len(pieces) and (reply.folded(pieces[at]) in ("va", "cung", ",", ";", "+", "&")):
            at += 1
        if at < len(pieces) and _is_numbered(reply, pieces[at]):
            return Doubt.SEVERAL
    return None


def _is_numbered(reply: Reply, piece: Piece) -> bool:
    last = reply.tokens[piece.end - 1]
    numbered = last.kind in (Kind.NUMBER, Kind.MONTH, Kind.DAY, Kind.ODD) or last.folded in ROMAN
    return piece.role is Role.THING and piece.end - piece.start > 1 and numbered


def is_whole(reply: Reply, at: int) -> bool:
    """Whether the thing there is the report itself, or a word of its name (``báo cáo hộ nghèo``)."""
    for earlier in reversed(reply.pieces[: at + 1]):
        if earlier.role is not Role.THING:
            return False
        if reply.folded(earlier) in _WHOLE:
            return True
    return False

"""A report, a plan or an opinion in a command's words: ``mai em báo lại``, ``không đồng ý lắm``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from engine.rules.chat_tokens import is_word
from engine.rules.replies.handing_over import doubt_of_day, is_sent_on
from engine.rules.replies.meaning import Doubt, Verb
from engine.rules.replies.phrases import Role
from engine.rules.replies.pieces import Piece, Reply, lead_ends, numbers_in
from engine.rules.replies.second_clauses import asks_about_extension, doubt_of_trouble
from engine.rules.replies.spoken import PLAIN_PAST, SUPERIORS
from engine.rules.replies.things import is_part, is_whole

_OPINIONS = frozenset(
    ["lam", "voi", "cach", "kieu", "ve", "la", "rang", "han", "nhu", "theo", "cai", "may", "hoan", "quan"]
)
_JUST_NOW = frozenset(["da", "vua", "moi"])


def doubt_of_telling(
    reply: Reply, verb: Verb, before: Sequence[Piece], after: Sequence[Piece], told: Sequence[Piece]
) -> Doubt | None:
    """Whether the command itself may be meant otherwise."""
    if verb is Verb.EXTEND:
        reasoned = any(piece.role is Role.REASON for piece in after)
        if _delays_something_else(reply, after):
            return Doubt.NAMES_A_THING
        return Doubt.QUESTION if not reasoned and asks_about_extension(reply, before, told) else None
    if verb is Verb.STUCK:
        return doubt_of_trouble(reply, told)
    if verb is Verb.RETURN and is_word(reply.tokens, lead_ends(reply) - 2, "làm"):  # "em làm lại 3 xong rồi"
        over = any(piece.role in (Role.FINISHED, Role.PAST) for piece in told)
        return Doubt.UNCLEAR if over and not any(piece.value is Doubt.NOT_DONE for piece in told) else None
    return doubt_of_day(reply, before) if verb is Verb.HAND_OVER else None


def tells_only(reply: Reply, verb: Verb, before: Sequence[Piece], after: Sequence[Piece]) -> Doubt | None:
    """Why the words of a command are none here; None when they are one."""
    if _calls_off(reply, after):
        return Doubt.UNSURE
    if verb is Verb.UNDO and _reports(after):
        return Doubt.SEVERAL
    if verb is Verb.HAND_OVER and is_sent_on(reply, before, after):
        return Doubt.UNCLEAR
    if verb is Verb.RETURN and _works_again(reply, before):
        return Doubt.UNCLEAR
    if verb is Verb.DOING and _does_something_else(reply, after):
        return Doubt.UNREAD
    if verb is Verb.SNOOZE and _reminds_somebody(reply, before, after):
        return Doubt.LATER
    if verb is Verb.REFUSE and _is_opinion(reply, after):
        return Doubt.UNCLEAR
    return None


_OFF = frozenset(["thoi", "a", "ma", "ah", "u", "em", "e"])


def _calls_off(reply: Reply, after: Sequence[Piece]) -> bool:
    """``gia hạn 3 đến 20/3 vì... à thôi``: the last words call it off."""
    last: set[str] = set()
    for piece in reversed(after):
        if piece.role is Role.REASON or (piece.role is Role.BREAK and last):
            break
        if piece.role is not Role.BREAK:
            last |= set(reply.folded(piece).split())
    return "thoi" in last and last <= _OFF


def _reports(after: Sequence[Piece]) -> bool:
    """``nhầm, việc 4 mới xong``: taken back, and a report; ``nhầm, chưa xong`` and ``báo nhầm xong 3`` tell none."""
    done = next((at for at, piece in enumerate(after) if piece.role in (Role.FINISHED, Role.DEED)), None)
    if done is None or any(piece.value is Doubt.NOT_DONE for piece in after):
        return False
    apart = any(piece.role in (Role.BREAK, Role.NUMBERS) for piece in after[:done])
    return apart and bool(numbers_in(after))


def _lead(reply: Reply) -> str:
    """The words of the command."""
    return reply.folded(next(piece for piece in reply.pieces if piece.role is Role.COMMAND))


def took_note(reply: Reply, before: Sequence[Piece]) -> bool:
    """``em đã xem nội dung``, ``đã nhận thông tin``: the details were read, not asked for."""
    last = before[-1] if before else None
    return last is not None and last.role in (Role.GREET, Role.PAST) and reply.folded(last).split()[0] in _JUST_NOW


def _delays_something_else(reply: Reply, after: Sequence[Piece]) -> bool:
    """``hoãn tiếp công dân đến thứ 5``: a thing is put off, and no work has been named."""
    lead = _lead(reply)
    of_time = lead.endswith("han") or lead.split()[0] in ("gia", "gh", "ra", "thoi")
    thing = bool(after) and after[0].role is Role.THING and reply.folded(after[0]) not in ("bao cao", "bc")
    return thing and not of_time and not numbers_in(reply.pieces)


def _does_something_else(reply: Reply, after: Sequence[Piece]) -> bool:
    """``đang làm việc khác``, ``đang làm căn cước``: without a number, it is not the work that is open."""
    if numbers_in(reply.pieces):
        return False
    clause: list[Piece] = []
    for piece in after:
        if piece.role in (Role.BREAK, Role.REASON):
            break
        clause.append(piece)
    things = [at for at, piece in enumerate(reply.pieces) if piece in clause and piece.role is Role.THING]
    others = any(not (is_whole(reply, at) or is_part(reply, reply.pieces[at])) for at in things)
    return others or any(piece.role is Role.UNREAD for piece in clause)


def _reminds_somebody(reply: Reply, before: Sequence[Piece], after: Sequence[Piece]) -> bool:
    """``mai em báo lại``: the writer will; ``mai nhắc anh Nam``: somebody else; ``sáng nay nhắc rồi``: it was."""
    lead = _lead(reply)
    people = [piece for piece in before if piece.role is Role.PERSON]
    if lead == "bao lai":
        to_superior = after and after[0].role is Role.PERSON and reply.folded(after[0]) in SUPERIORS
        return bool(people or to_superior)
    told = bool(before) and before[-1].role is Role.PAST and reply.folded(before[-1]) in _JUST_NOW
    past = any(piece.role is Role.PAST and reply.folded(piece) in PLAIN_PAST for piece in after)
    named = any(a.role is Role.PERSON and b.role is Role.UNREAD for a, b in pairwise(after))
    return told or past or named


def _works_again(reply: Reply, before: Sequence[Piece]) -> bool:
    """``em làm lại 3 vì sai mẫu``: the writer's own work; "anh trả lại 3" returns somebody's."""
    lead = _lead(reply)
    return lead == "lam lai" and any(reply.folded(piece) in _SELVES for piece in before)


_SELVES = frozenset(["em", "e", "toi", "minh", "tui", "t", "chau", "con"])


def _is_opinion(reply: Reply, after: Sequence[Piece]) -> bool:
    """``không đồng ý lắm``, ``không đồng ý với số liệu của thôn``: an opinion, and no request is decided."""
    lead = _lead(reply)
    if not after or lead.split()[0] not in ("khong", "ko", "k"):
        return False
    about = after[0].role is Role.THING and not numbers_in(reply.pieces)
    said = next((piece for piece in after if piece.role is not Role.NUMBERS), after[0])
    return about or reply.tokens[said.start].folded in _OPINIONS

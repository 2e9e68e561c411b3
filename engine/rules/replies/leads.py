"""What stands before a command: its reason told first, the trouble that is why, "chưa xong 3"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.rules.replies.meaning import Doubt, Verb
from engine.rules.replies.phrases import COURTEOUS, Role
from engine.rules.replies.pieces import Piece, Reply, numbers_in, trimmed

#: What may stand before a command without changing it.
LEADS_IN = COURTEOUS | {Role.PLEASE, Role.PAST, Role.THING, Role.WAY, Role.NUMBERS, Role.COUNT, Role.DATE, Role.TO}


@dataclass(frozen=True, slots=True)
class Asked:
    """``việc 2 khó, xin lùi đến 25/12``: more time is asked for, and the trouble is why."""

    before: tuple[Piece, ...]
    reason: str | None
    lead: int
    doubt: Doubt | None


def asked_behind(reply: Reply, stuck: int) -> Asked | None:
    """The request for more time behind a trouble, if there is one; its words were not the reason's."""
    pieces = reply.pieces
    lead = next((i for i in range(stuck + 1, len(pieces)) if pieces[i].value is Verb.EXTEND), None)
    if lead is None:
        return None
    told = pieces[:lead]
    nearest = next((piece for piece in reversed(told) if piece.role not in COURTEOUS | {Role.PLEASE}), None)
    if nearest is not None and nearest.role in (Role.HEDGE, Role.PAST) and reply.folded(nearest) != "nen":
        return None  # "3 khó, không xin gia hạn", "vướng 3, đã xin gia hạn rồi"
    end = last_break(told)
    numbers = tuple(piece for piece in told if piece.role is Role.NUMBERS)
    behind = numbers_in(pieces[lead:])
    several = len(numbers) > 1 or (numbers and behind and set(behind) != set(numbers_in(numbers)))
    begins = stuck + 1 if stuck + 1 < end and pieces[stuck + 1].role in (Role.NUMBERS, Role.BREAK) else stuck
    because = [piece for piece in pieces[begins:end] if piece.role not in (Role.NUMBERS, Role.REASON)]
    told_why = trimmed(reply, because) if because else reply.folded(pieces[stuck])
    return Asked(numbers, told_why, lead, Doubt.SEVERAL if several else None)


def therefore(reply: Reply, before: Sequence[Piece]) -> int | None:
    """``3 chưa có số liệu nên xin gia hạn``: where the "nên" stands that all before it is the reason of."""
    for i in reversed(range(len(before))):
        if reply.folded(before[i]) == "nen":
            return i if i else None
        if before[i].role not in COURTEOUS | {Role.PLEASE}:
            return None
    return None


def opening_number(pieces: Sequence[Piece]) -> Piece | None:
    """The number that the reply opens with, courtesies aside."""
    opening = next((piece for piece in pieces if piece.role not in COURTEOUS), None)
    return opening if opening is not None and opening.role is Role.NUMBERS else None


def says_not_done(before: Sequence[Piece]) -> bool:
    """``chưa xong 3, …``, ``3 không kịp, …``: what makes people ask for more time."""
    known = LEADS_IN | {Role.FINISHED, Role.DEED, Role.HEDGE}
    hedges = {piece.value for piece in before if piece.role is Role.HEDGE}
    told = any(piece.role in (Role.FINISHED, Role.DEED) or piece.value is Doubt.LATER for piece in before)
    negates_command = before[-1].value is Doubt.NOT_DONE if before else True  # "không gia hạn 3"
    return (
        told
        and not negates_command
        and Doubt.NOT_DONE in hedges
        and hedges <= {Doubt.NOT_DONE, Doubt.LATER}
        and all(piece.role in known for piece in before)
    )


def last_break(before: Sequence[Piece]) -> int:
    """Where "…, em xin" begins, behind a reason that was given first."""
    breaks = [i for i, piece in enumerate(before) if piece.role is Role.BREAK]
    closing = breaks and all(piece.role in COURTEOUS | {Role.PLEASE} for piece in before[breaks[-1] :])
    return breaks[-1] if closing else len(before)

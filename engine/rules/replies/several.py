"""More than one work in a report: ``xong 3, xong 5`` and ``việc 1: xong; việc 2: xong`` tell of each."""

from __future__ import annotations

from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import Role
from engine.rules.replies.pieces import Piece, Reply
from engine.rules.replies.spoken import QUITE_PAST, is_soft


def doubt_of_several(reply: Reply) -> Doubt | None:
    """``xong 3 rồi 5``: with more than one group of numbers, each needs its own "xong"."""
    groups = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.NUMBERS]
    if len(groups) < 2:
        return None
    if _each_told(reply):
        return None
    finished = (i > 0 and (reply.pieces[i - 1].role is Role.FINISHED or _said_done(reply, i - 1)) for i in groups)
    return None if all(finished) else Doubt.SEVERAL


def _each_told(reply: Reply) -> bool:
    """``việc 1: xong; việc 2: xong``: every clause has one number, and says of it that it is done."""
    clauses: list[list[Piece]] = [[]]
    for piece in reply.pieces:
        if piece.role is not Role.BREAK:
            clauses[-1].append(piece)
        elif reply.folded(piece) != ":":
            clauses.append([])
    asks = any(is_soft(reply, piece) for piece in reply.pieces)
    return all(_tells_one(reply, clause, asks=asks) for clause in clauses if clause)


def _tells_one(reply: Reply, clause: list[Piece], *, asks: bool) -> bool:
    """One number and one "xong"; "hoàn thành 5", or with a "nhé" anything, only with a word of the past."""
    numbers = [piece for piece in clause if piece.role is Role.NUMBERS]
    verbs = [piece for piece in clause if piece.role is Role.FINISHED]
    if len(numbers) != 1 or len(numbers[0].numbers) != 1 or len(verbs) != 1:
        return False
    past = any(piece.role is Role.PAST for piece in clause) or reply.folded(verbs[0]).startswith("da ")
    return past or (not asks and reply.folded(verbs[0]) in ("xong", "xg", "done"))


def _said_done(reply: Reply, at: int) -> bool:
    return at > 0 and reply.pieces[at].role is Role.DEED and reply.folded(reply.pieces[at - 1]) in QUITE_PAST

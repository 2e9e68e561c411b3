"""Short numbers: how one person names one piece of work in chat.

A number stays with the work while it is open, and rests for a while after that: a late "xong 3" must not close
something else that has just become number 3.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count

from sqlalchemy import Connection, bindparam, select, union_all, update

from data import bulk
from data.one_of import one_of
from data.tables import Handle

HANDLE = Handle.__table__  # type: ignore[attr-defined]
REST = dt.timedelta(days=21)  # longer than a two-week holiday in which an old message is answered
_OF_THEM = select(HANDLE.c.person_id, HANDLE.c.occurrence_id, HANDLE.c.number).where(
    one_of(HANDLE.c.person_id, "people")
)
# Two questions, each answered from the index: asked as one with OR, all numbers that a person ever had are read.
_IN_USE = union_all(
    _OF_THEM.where(HANDLE.c.released_at.is_(None)), _OF_THEM.where(HANDLE.c.released_at > bindparam("since"))
)


def give(connection: Connection, pairs: Iterable[tuple[int, int]], now: dt.datetime) -> dict[tuple[int, int], int]:
    """Numbers for (person, occurrence) pairs: the one already held, or the smallest that is free."""
    wanted = list(dict.fromkeys(pairs))
    if not wanted:
        return {}
    persons = list({person for person, _ in wanted})
    held: dict[tuple[int, int], int] = {}
    taken: dict[int, set[int]] = defaultdict(set)
    for person, occurrence, number in connection.execute(_IN_USE, {"people": persons, "since": now - REST}).all():
        taken[person].add(number)
        held[person, occurrence] = number
    free = {person: _free(taken[person]) for person in persons}
    fresh = []
    for pair in wanted:
        if pair in held:  # one that rests goes on resting: a line may speak of closed work ("đã được xác nhận")
            continue
        person, occurrence = pair
        number = next(free[person])
        held[pair] = number
        fresh.append(
            {
                "person_id": person,
                "occurrence_id": occurrence,
                "number": number,
                "given_at": now,
                "released_at": None,
            }
        )
    # A pair whose number rested and was forgotten still has its row; it comes back under the new number.
    bulk.add_or_replace(connection, HANDLE, ("person_id", "occurrence_id"), fresh)
    return {pair: held[pair] for pair in wanted}


def _free(taken: set[int]) -> Iterator[int]:
    return (number for number in count(1) if number not in taken)


def release(connection: Connection, occurrence_id: int, now: dt.datetime) -> None:
    """The work is closed: its numbers start to rest."""
    connection.execute(
        update(HANDLE)
        .where(HANDLE.c.occurrence_id == occurrence_id, HANDLE.c.released_at.is_(None))
        .values(released_at=now)
    )


def hold_again(connection: Connection, occurrence_id: int, now: dt.datetime) -> None:
    """The work is open again (undone, returned): its numbers are in use again.

    A number that has rested long enough may be another work's by now; then this work gets a fresh one.
    """
    people = connection.execute(select(HANDLE.c.person_id).where(HANDLE.c.occurrence_id == occurrence_id)).scalars()
    give(connection, [(person, occurrence_id) for person in people], now)
    connection.execute(update(HANDLE).where(HANDLE.c.occurrence_id == occurrence_id).values(released_at=None))


def occurrence_of(connection: Connection, person_id: int, number: int) -> int | None:
    """Which occurrence this person calls ``number``: the open one, else the one closed last."""
    return connection.execute(
        select(HANDLE.c.occurrence_id)
        .where(HANDLE.c.person_id == person_id, HANDLE.c.number == number)
        .order_by(HANDLE.c.released_at.is_not(None), HANDLE.c.released_at.desc())
        .limit(1)
    ).scalar()

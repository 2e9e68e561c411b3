"""The engine is one turn, repeated: plan → digest → remind → deliver; replies enter by receive.

Reading this file and the five it calls, in order, is reading the product.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from data.database import in_transaction
from engine.deliver import deliver
from engine.digest import digest
from engine.messages import Channel
from engine.office import OfficeView
from engine.outbox import Delivered
from engine.plan import plan
from engine.receive import handle_waiting
from engine.remind import remind

MOST_REPLIES = 200  # of one turn: however fast people write, what is answered leaves, and the others are reminded


@dataclass(slots=True)
class Decided:
    """What one turn decided, before anything was sent."""

    handled: int = 0
    planned: int = 0
    reminded: int = 0
    digests: int = 0

    def add(self, other: Decided) -> None:
        """Sum up."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Turned:
    """What one whole turn did."""

    handled: int
    planned: int
    reminded: int
    digests: int
    delivered: Delivered


def decide(engine: Engine, now: dt.datetime, seen: dict[str, OfficeView] | None = None) -> Decided:
    """Everything of a turn but the sending: replies, plan, digest, reminders.

    Of the replies that wait, :data:`MOST_REPLIES` are acted upon. As many ``handled``: there may be more, and the
    caller sees to them when the answers of these have left.
    """
    handled = handle_waiting(engine, now, MOST_REPLIES)
    decided = decide_for(engine, now, seen=seen)
    decided.handled = handled
    return decided


def decide_for(
    engine: Engine,
    now: dt.datetime,
    of: Collection[str] | None = None,
    then: Callable[[Connection], None] | None = None,
    seen: dict[str, OfficeView] | None = None,
) -> Decided:
    """Plan, digest and reminders of these offices, or of all.

    ``then`` is called in the transaction in which the messages were written: who carries them is told together with
    them, or not at all. ``seen`` is filled with the offices that had something to say, as they were then.
    """
    seen = {} if seen is None else seen

    def work(connection: Connection) -> Decided:
        planned = plan(connection, now, of)
        # Before the reminders: whoever reads one hears them in the next slot.
        digests = digest(connection, now, of, seen)
        reminded = remind(connection, now, of, seen)
        if then is not None:
            then(connection)
        return Decided(0, planned, reminded, digests)

    return in_transaction(engine, work)


async def turn(
    engine: Engine, channels: Collection[Channel], now: dt.datetime, unchanging: dict[str, OfficeView] | None = None
) -> Turned:
    """One turn at ``now``. Doing it twice, late, or not for a month changes nothing but lateness.

    Where more wrote than one turn takes, it begins anew until all have been heard; each time the answers leave.
    ``unchanging``: offices that nobody changes from one turn to the next, as in a preview's own copy, and which are
    therefore read once; it is filled here.
    """
    decided, delivered = Decided(), Delivered()
    while True:
        seen = {} if unchanging is None else unchanging
        this = decide(engine, now, seen)
        decided.add(this)
        delivered.add(await deliver(engine, channels, now, seen=seen))
        if this.handled < MOST_REPLIES:
            return Turned(decided.handled, decided.planned, decided.reminded, decided.digests, delivered)

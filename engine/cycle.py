"""The engine is one turn, repeated: plan → remind → digest → deliver; replies enter by receive.

Reading this file and the five it calls, in order, is reading the product.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from engine.deliver import Delivered, deliver
from engine.digest import digest
from engine.messages import Channel
from engine.plan import plan
from engine.receive import handle_waiting
from engine.remind import remind


@dataclass(frozen=True, slots=True)
class Turned:
    """What one turn did."""

    handled: int
    planned: int
    reminded: int
    digests: int
    delivered: Delivered


async def turn(engine: Engine, channels: Mapping[str, Channel], now: dt.datetime) -> Turned:
    """One turn at ``now``. Doing it twice, late, or not for a month changes nothing but lateness."""
    handled = handle_waiting(engine, now)
    with engine.begin() as connection:
        planned = plan(connection, now)
    with engine.begin() as connection:
        reminded = remind(connection, now)
        digests = digest(connection, now)
    delivered = await deliver(engine, channels, now)
    return Turned(handled, planned, reminded, digests, delivered)

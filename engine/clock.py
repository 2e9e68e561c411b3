"""The one place where time is read. A turn reads the clock once and passes ``now`` down.

A clock can be virtual: preview, demo, simulator and tests run the same code as production, only faster.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> dt.datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """The present instant, in UTC."""
        return dt.datetime.now(dt.UTC)


class VirtualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: dt.datetime) -> None:
        self._now = start.astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        """The instant it was last moved to."""
        return self._now

    def move_to(self, instant: dt.datetime) -> None:
        """Jump; backwards too, as a real machine's clock may."""
        self._now = instant.astimezone(dt.UTC)

    def advance(self, **delta: float) -> None:
        """Move by ``timedelta(**delta)``: ``clock.advance(hours=3)``."""
        self._now += dt.timedelta(**delta)

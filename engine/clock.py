"""The one place where time is read. A turn reads the clock once and passes ``now`` down.

A clock can be virtual: preview, demo, simulator and tests run the same code as production, only faster.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Protocol
from zoneinfo import ZoneInfo

CIVIL = ZoneInfo("Asia/Ho_Chi_Minh")  # where no office is meant, instants are told in this zone


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> dt.datetime:
        """The present instant, aware, in UTC."""
        ...


def elapsed() -> float:
    """Seconds that only go forward, and go on while the machine sleeps, where the system counts those."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """The present instant, in UTC."""
        return dt.datetime.now(dt.UTC)


class SharedClock:
    """One clock for several machines: that of the database they share, whatever each machine's own clock says.

    The database is asked now and then (:meth:`set`); in between the machine only counts seconds. A machine whose clock
    is wrong then neither sends early nor takes a living claim for an old one.
    """

    def __init__(self, ask: Callable[[], dt.datetime], seconds: Callable[[], float] = elapsed) -> None:
        self._ask, self._seconds = ask, seconds
        self._base = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._at = 0.0
        self.set()

    def set(self) -> None:
        """Ask the database, and go on from its answer, which was given half of the way there and back."""
        asked = self._seconds()
        said = self._ask()
        heard = self._seconds()
        self._base, self._at = said.astimezone(dt.UTC), (asked + heard) / 2

    def now(self) -> dt.datetime:
        """The present instant by the shared clock, in UTC."""
        return self._base + dt.timedelta(seconds=self._seconds() - self._at)


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

"""The metronome: APScheduler makes the turn happen, and owns no business state.

Two metronomes, none for a night, or a changed clock alter nothing but lateness: what is due stands in the rows.
This is the only file that imports APScheduler.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger


class _Beats(BaseTrigger):  # type: ignore[misc]
    """Every so often, from now: beats that lie behind are one, and are not counted out first.

    A machine with a dead battery wakes up years ago until it asks for the time: those would be millions.
    """

    def __init__(self, every: dt.timedelta) -> None:
        self._every = every

    def get_next_fire_time(self, previous_fire_time: dt.datetime | None, now: dt.datetime) -> dt.datetime:
        """In step with the one before, or from now on where that is long past or the clock was put back."""
        following = (previous_fire_time or now) + self._every
        return following if now < following <= now + self._every else now + self._every


class Metronome:
    """Calls ``beat`` every ``seconds``, one call at a time; beats missed while one runs or the machine sleeps merge.

    APScheduler keeps the next beat as a time of day. A machine's clock that is put back by a day would make it wait
    for that day; so every now and then, by a clock that nobody puts, the next beat is looked at and brought forward.
    """

    def __init__(self, beat: Callable[[], Awaitable[None]], seconds: float) -> None:
        self._seconds = seconds
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._job = self._scheduler.add_job(
            beat,
            _Beats(dt.timedelta(seconds=seconds)),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,  # the default of one second drops late beats silently
        )
        self._looking: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()
        self._look_again()

    def stop(self) -> None:
        """No further beats."""
        if self._looking is not None:
            self._looking.cancel()
        self._scheduler.shutdown(wait=False)

    def _look_again(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(self._seconds, self._look)

    def _look(self) -> None:
        now = dt.datetime.now(dt.UTC)
        if self._job.next_run_time - now > dt.timedelta(seconds=2 * self._seconds):
            self._job.modify(next_run_time=now)
        self._look_again()

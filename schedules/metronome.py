"""The metronome: APScheduler makes the turn happen, and owns no business state.

Two metronomes, none for a night, or a changed clock alter nothing but lateness: what is due stands in the rows.
This is the only file that imports APScheduler.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Metronome:
    """Calls ``beat`` every ``seconds``, one call at a time; beats missed while one runs or the machine sleeps merge."""

    def __init__(self, beat: Callable[[], Awaitable[None]], seconds: float) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_job(
            beat,
            "interval",
            seconds=seconds,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,  # the default of one second drops late beats silently
        )

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """No further beats."""
        self._scheduler.shutdown(wait=False)

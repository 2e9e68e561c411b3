"""Promises about time, on a machine that does other things as well.

A busy machine only ever makes us later, never earlier: a time that is kept once out of a few attempts is kept. What is
not about time (order, copies, losses) must hold in every attempt.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec

ATTEMPTS = 3
STEPS, USUAL = 100_000, 0.006  # a loop, and the seconds it takes on the machine for which our promises were written
P = ParamSpec("P")


class TooSlow(AssertionError):
    """It took longer than promised; the one failure that another attempt may take back."""


def in_time(seconds: float, most: float, what: object = "") -> None:
    """Check that something took at most so many seconds.

    :raises TooSlow: it took longer.
    """
    if seconds > most:
        raise TooSlow(f"{seconds:.3f} s, promised {most:.3f} s {what}")


def once_in_three(test: Callable[P, None]) -> Callable[P, None]:
    """Play a test again, in a folder of its own, while all that was wrong with it is that it was slow."""

    @functools.wraps(test)
    def attempts(*args: P.args, **given: P.kwargs) -> None:
        folder = given.get("tmp_path")
        for attempt in range(ATTEMPTS):
            if isinstance(folder, Path):
                own = folder / f"attempt-{attempt}"
                own.mkdir()
                given["tmp_path"] = own
            try:
                return test(*args, **given)
            except TooSlow:
                if attempt == ATTEMPTS - 1:
                    raise
        return None

    return attempts


def slowness() -> float:
    """How many times as long as usual this machine takes just now; 1.0 where it is quicker."""
    began = time.process_time()
    total = 0
    for step in range(STEPS):
        total += step
    return max(1.0, (time.process_time() - began) / USUAL)


@contextmanager
def promptly(seconds: float = 0.2) -> Iterator[None]:
    """Check that what is done inside takes this process at most so many seconds, whatever the machine does besides.

    In place of the property tests' own deadline, which goes by the clock on the wall.
    """
    began = time.process_time()
    yield
    took = time.process_time() - began
    assert took < seconds, f"{took:.3f} s of this process, promised {seconds:.3f} s"


class Stalls:
    """How long a busy machine kept the loop from running at all: no sender can make up for that."""

    TICK = 0.01  # seconds
    OFTEN = 0.01  # what a tick is late by anyway

    def __init__(self) -> None:
        self.seconds = 0.0

    async def __aenter__(self) -> Stalls:
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ticking.cancel()
        await asyncio.gather(self._ticking, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(self.TICK)
            late = time.monotonic() - before - self.TICK
            self.seconds += max(0.0, late - self.OFTEN)

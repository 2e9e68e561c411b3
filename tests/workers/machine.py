"""The command line on a machine whose clock may be wrong."""

from __future__ import annotations

import datetime as dt
import time

from engine import clock
from engine.cli import main as command_line


def main(seconds_off: float) -> None:
    """``nhacviec …`` with a clock that is so many seconds ahead."""
    right = time.time
    time.time = lambda: right() + seconds_off

    def wrong(_: clock.SystemClock) -> dt.datetime:
        return dt.datetime.fromtimestamp(right() + seconds_off, dt.UTC)

    clock.SystemClock.now = wrong  # type: ignore[method-assign, assignment]
    command_line()

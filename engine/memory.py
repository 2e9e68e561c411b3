"""How a program that runs for months keeps its memory tidy, and one that runs for a second leaves it alone."""

from __future__ import annotations

import atexit
import gc

BETWEEN = (20_000, 20, 50)  # a turn makes some thousands of rows, and nearly all of them go by themselves


def look_less_often() -> None:
    """Python's own pace, a look after every 700 new objects, takes a tenth of a busy turn, and of all imports."""
    gc.set_threshold(*BETWEEN)


def leave_as_it_is() -> None:
    """At the end Python would walk through everything once more, several times: a tenth of a command's whole time.

    The operating system takes it back in one piece. So whatever must be closed is closed by its owner, never by chance.
    """
    atexit.register(gc.freeze)


def settle_in() -> None:
    """Everything is imported and stands for good: what looks for garbage need not walk through it again."""
    gc.collect()
    gc.freeze()
    look_less_often()

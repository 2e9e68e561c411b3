"""How a program that runs for months keeps its memory tidy."""

from __future__ import annotations

import gc

BETWEEN = (20_000, 20, 50)  # a turn makes some thousands of rows, and nearly all of them go by themselves


def look_less_often() -> None:
    """Python's own pace, a look after every 700 new objects, takes a tenth of a busy turn, and of all imports."""
    gc.set_threshold(*BETWEEN)


def settle_in() -> None:
    """Everything is imported and stands for good: what looks for garbage need not walk through it again."""
    gc.collect()
    gc.freeze()
    look_less_often()

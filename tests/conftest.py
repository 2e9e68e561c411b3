"""What every test session begins and ends with."""

from __future__ import annotations

import os

import pytest

from engine.memory import settle_in


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are processors: many a test waits for another process, or for its own clock."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + processors // 2


def pytest_collection_finish() -> None:
    """Everything is imported: what looks for garbage need not walk through it, here as in the running program."""
    settle_in()


def pytest_configure(config: pytest.Config) -> None:
    """The session, not one of its workers, owns the PostgreSQL that a test may ask for."""
    if os.name == "posix" and not hasattr(config, "workerinput"):
        from tests.postgres.room import open_room

        open_room()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing outlives the session."""
    if os.name == "posix" and not hasattr(config, "workerinput"):
        from tests.postgres.room import close_room

        close_room()

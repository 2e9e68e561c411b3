"""What every test session begins and ends with."""

from __future__ import annotations

import os

import pytest


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

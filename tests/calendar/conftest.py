"""What the tests of the calendar share."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.workdays import vietnam_calendar


@pytest.fixture(scope="session", autouse=True)
def laid_out() -> None:
    """The package of guesses is imported once a process: that is no single example's own time."""
    vietnam_calendar().count(dt.date(2015, 1, 1), dt.date(2045, 1, 1))

"""What an office file would make of the next twelve months: periods a month, crowded weeks, the first messages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Month:
    """One month and how many deadlines fall into it."""

    first: dt.date
    periods: int


@dataclass(frozen=True, slots=True)
class Week:
    """One crowded week, by its Monday."""

    monday: dt.date
    periods: int
    titles: tuple[str, ...]  # some of them


@dataclass(frozen=True, slots=True)
class FirstMessage:
    """One message that would leave, word for word."""

    at: dt.datetime
    person: str
    text: str


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve months from one day on."""

    first: dt.date
    months: tuple[Month, ...]
    weeks: tuple[Week, ...]
    messages: tuple[FirstMessage, ...]
    undated: int  # duties without a deadline: nobody is reminded of them

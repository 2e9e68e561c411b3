"""What a person's reply means. (Signature first; the grammar follows.)"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What a reply asks for or states."""

    DONE = "done"
    DOING = "doing"
    EXTEND = "extend"
    APPROVE = "approve"
    REFUSE = "refuse"
    CONFIRM = "confirm"
    RETURN = "return"
    HAND_OVER = "hand_over"
    STUCK = "stuck"
    SNOOZE = "snooze"
    WORK = "work"
    UNIT_WORK = "unit_work"
    WEEK = "week"
    DETAILS = "details"
    UNDO = "undo"
    LEAVE = "leave"
    HELP = "help"
    GREETING = "greeting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Intent:
    """One reply, understood. With a ``doubt`` nothing may be changed: the engine asks back."""

    verb: Verb
    numbers: tuple[int, ...] = ()
    date: dt.date | None = None
    until: dt.date | None = None  # the last day of a leave; `date` is the first
    reason: str | None = None
    document: str | None = None
    document_date: dt.date | None = None
    link: str | None = None
    who: str | None = None
    week: str | None = None
    doubt: str | None = None


def understand(text: str, today: dt.date) -> Intent:
    """Read one reply."""
    return Intent(Verb.UNKNOWN)

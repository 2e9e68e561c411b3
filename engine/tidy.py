"""Letting go of old words: what people wrote and read long ago. That it was said, when, and to whom, stays.

The rows stay, and with them every count, every reason and the keys that make a repeat harmless; the journal is not
touched at all. Nothing that belongs to open work is touched either.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, exists, null, or_, select, update

from data import journal
from engine.office import INBOUND, MESSAGE, OCCURRENCE, OFFICE, REMINDER
from engine.rules.lifecycle import CLOSED

_FINISHED = ("sent", "refused", "unknown", "dropped")
_CLOSED = [str(state) for state in CLOSED]


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many messages and how many replies have lost their words."""

    messages: int
    replies: int


def tidy(connection: Connection, before: dt.datetime, now: dt.datetime) -> Tidied:
    """Remove the words of everything older than ``before`` that no open work needs."""
    about_open_work = (
        exists()
        .where(REMINDER.c.message_id == MESSAGE.c.id, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
        .where(OCCURRENCE.c.work_state.not_in(_CLOSED))
    )
    messages = connection.execute(
        update(MESSAGE)
        .where(
            MESSAGE.c.status.in_(_FINISHED),
            MESSAGE.c.not_before < before,
            or_(MESSAGE.c.text.is_not(None), MESSAGE.c.payload.is_not(None)),
            ~about_open_work,
        )
        .values(text=None, payload=null(), provider_id=None, editable=False)
    ).rowcount
    replies = connection.execute(
        update(INBOUND)
        .where(
            INBOUND.c.handled_at.is_not(None),
            INBOUND.c.received_at < before,
            or_(INBOUND.c.text != "", INBOUND.c.raw != ""),
        )
        .values(text="", raw="", attachments=null(), undo=null(), asked=null(), unreadable=None)
    ).rowcount
    if messages or replies:
        offices = connection.execute(select(OFFICE.c.id)).scalars().all()
        data = {"before": before.date().isoformat(), "messages": messages, "replies": replies}
        line = [journal.Line("người vận hành", "tidied", None, data)]
        journal.append_each(connection, now, dict.fromkeys(offices, line))
    return Tidied(messages, replies)

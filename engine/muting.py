"""Making a muted installation speak again: what would leave now, what is too old to leave, and the word to go on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select, update

from data import journal, muted
from engine.office import MESSAGE, OFFICE, REMINDER

STALE_AFTER = dt.timedelta(hours=12)  # an answer or a digest of another day; reminders are worded when they leave
TOO_OLD = "tin cũ, viết trong lúc hệ thống tắt gửi"
_WORDED_WHEN_WRITTEN = ("answer", "edit", "digest")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages of one kind that would leave now."""

    kind: str
    count: int
    oldest: dt.datetime
    too_old: int  # how many of them


def waiting(connection: Connection, now: dt.datetime) -> list[Waiting]:
    """What would leave now, by kind."""
    rows = connection.execute(
        select(
            MESSAGE.c.kind,
            func.count().label("messages"),
            func.min(MESSAGE.c.not_before).label("oldest"),
            func.count().filter(_stale(now)).label("stale"),
        )
        .where(MESSAGE.c.status == "queued", MESSAGE.c.not_before <= now)
        .group_by(MESSAGE.c.kind)
        .order_by(MESSAGE.c.kind)
    )
    return [Waiting(row.kind, row.messages, row.oldest, row.stale) for row in rows]


def unmute(connection: Connection, now: dt.datetime, *, keep_old: bool = False) -> int:
    """Messages leave again. Returns how many were dropped for their age.

    Reminders whose moment had passed when the silence began may have left from what was replaced: they leave marked
    "(gửi lại)", so that whoever hears one twice knows.
    """
    dropped = 0
    if not keep_old:
        dropped = connection.execute(
            update(MESSAGE).where(MESSAGE.c.status == "queued", _stale(now)).values(status="dropped", error=TOO_OLD)
        ).rowcount
    said = muted.muted_because(connection)
    if said is not None:
        connection.execute(
            update(MESSAGE)
            .where(MESSAGE.c.kind == "reminder", MESSAGE.c.status == "queued", MESSAGE.c.copies == 0, _due_by(said[1]))
            .values(copies=1)
        )
    muted.unmute(connection)
    offices = connection.execute(select(OFFICE.c.id)).scalars().all()
    line = [journal.Line("người vận hành", "unmuted", None, {"dropped": dropped})]
    journal.append_each(connection, now, dict.fromkeys(offices, line))
    return dropped


def _stale(now: dt.datetime) -> ColumnElement[bool]:
    return and_(MESSAGE.c.kind.in_(_WORDED_WHEN_WRITTEN), MESSAGE.c.not_before < now - STALE_AFTER)


def _due_by(moment: dt.datetime) -> ColumnElement[bool]:
    return exists().where(REMINDER.c.message_id == MESSAGE.c.id, REMINDER.c.scheduled_at <= moment)

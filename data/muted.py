"""A muted installation decides and writes as ever, and sends nothing, until an operator says so.

A restored backup begins muted: what it would send was decided on the facts of another day.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, delete, exists, select

from data.tables import Setting
from data.upsert import upsert

SETTING = Setting.__table__  # type: ignore[attr-defined]
KEY = "muted"
#: Whether nothing may be sent, as part of another question.
MUTED = exists().where(SETTING.c.key == KEY)
_MUTED = select(SETTING.c.value, SETTING.c.changed_at).where(SETTING.c.key == KEY)


def mute(connection: Connection, why: str, now: dt.datetime) -> None:
    """Nothing is sent from here on."""
    statement = upsert(connection, SETTING).values(key=KEY, value=why, changed_at=now)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": why, "changed_at": now}))


def unmute(connection: Connection) -> None:
    """Messages leave again."""
    connection.execute(delete(SETTING).where(SETTING.c.key == KEY))


def is_muted(connection: Connection) -> bool:
    """Whether nothing may be sent."""
    return connection.execute(_MUTED).first() is not None


def muted_because(connection: Connection) -> tuple[str, dt.datetime] | None:
    """Why nothing is sent, and since when; None while messages leave."""
    row = connection.execute(_MUTED).first()
    return (row.value, row.changed_at) if row else None

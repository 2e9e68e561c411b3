"""Which office a bot serves: one office alone, or, where nothing is written down here, every office.

It stands in the database and not only in the settings of the running program, so that whoever acts on a reply, in
whatever process, knows whose bot it came by.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from data.tables import Setting
from data.upsert import upsert

SETTING = Setting.__table__  # type: ignore[attr-defined]
_KEYS = "bot:"  # "bot:telegram:7001"
Bots = Mapping[tuple[str, str], str | None]  # (channel, bot) → office, or None for every office


def bind(connection: Connection, bots: Bots, now: dt.datetime) -> None:
    """From now on these bots serve these offices; what is known of other bots stays."""
    for (channel, bot), office_id in bots.items():
        key = _key(channel, bot)
        if office_id is None:
            connection.execute(delete(SETTING).where(SETTING.c.key == key))
            continue
        values = {"value": office_id, "changed_at": now}
        statement = upsert(connection, SETTING).values(key=key, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


def bound(connection: Connection) -> dict[tuple[str, str], str]:
    """Every bot that serves one office alone."""
    rows = connection.execute(select(SETTING.c.key, SETTING.c.value).where(SETTING.c.key.startswith(_KEYS)))
    return {_bot(row.key): row.value for row in rows}


def office_of(connection: Connection, channel: str, bot: str) -> str | None:
    """The one office this bot serves; None: it serves every office."""
    office_id: str | None = connection.execute(
        select(SETTING.c.value).where(SETTING.c.key == _key(channel, bot))
    ).scalar()
    return office_id


def _key(channel: str, bot: str) -> str:
    return f"{_KEYS}{channel}:{bot}"


def _bot(key: str) -> tuple[str, str]:
    channel, _, bot = key.removeprefix(_KEYS).partition(":")
    return channel, bot

"""How far a polled bot's updates are kept. The provider is told only after the commit, so a crash loses nothing."""

from __future__ import annotations

from sqlalchemy import Connection, select

from data.tables import PollOffset
from data.upsert import upsert

POLL_OFFSET = PollOffset.__table__  # type: ignore[attr-defined]


def next_update(connection: Connection, channel: str, bot: str) -> int | None:
    """The first update not yet kept, or None for a bot never polled."""
    found: int | None = connection.execute(
        select(POLL_OFFSET.c.next_update).where(POLL_OFFSET.c.channel == channel, POLL_OFFSET.c.bot == bot)
    ).scalar()
    return found


def confirm_up_to(connection: Connection, channel: str, bot: str, update: int) -> None:
    """Everything below ``update`` is kept."""
    statement = upsert(connection, POLL_OFFSET).values(channel=channel, bot=bot, next_update=update)
    connection.execute(statement.on_conflict_do_update(index_elements=["channel", "bot"], set_={"next_update": update}))

"""Lanes: where several machines share the sending, each bot is one machine's at a time.

A row of the outbox stands in the lane of the bot that carries its person's first usable chat, chosen by the rules by
which it is sent (:class:`engine.outbox.Addresses`). Whoever works on a lane works on it alone, so its pace, its order
and its unfinished claims are known to one process; who that is, the metronome decides. The table ``lane`` is what the
machines tell each other about a bot.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, exists, literal_column, or_, select, update

from data import bulk, serving
from data.rows import AnyRow
from data.tables import Lane as LaneRow
from data.upsert import upsert
from engine.messages import Channel, Message, Outcome, Retry
from engine.office import MESSAGE
from engine.outbox import NOWHERE, Addresses, Channels, Lane

LANE = LaneRow.__table__  # type: ignore[attr-defined]
SERVED_FOR = dt.timedelta(minutes=5)  # since its program last said so; said every minute
MOST_AT_ONCE = 20_000  # rows put into their lanes by one call
SAME_SECOND = 1.0  # the window in which providers count

Wake = Callable[[Connection, Collection[Lane]], None]


@dataclass(slots=True)
class Elsewhere:
    """A bot that another machine serves: a chat on it can be used, though not from here."""

    name: str
    bot: str
    office_id: str | None = None

    async def send(self, address: str, message: Message) -> Outcome:  # noqa: ARG002
        """Never asked: a lane sends by its own bot alone."""
        return Retry("bot này do máy khác phục vụ", 0)


# ---- who serves which bot -------------------------------------------------------------------------------------------


def serve(connection: Connection, lanes: Collection[Lane], now: dt.datetime) -> None:
    """A running program has these bots; it says so every minute."""
    rows = [{"channel": channel, "bot": bot, "served_at": now} for channel, bot in sorted({*lanes, NOWHERE})]
    bulk.add_or_replace(connection, LANE, ("channel", "bot"), rows)


def served(connection: Connection, now: dt.datetime) -> dict[Lane, Channel]:
    """Every bot that some running program has."""
    offices = serving.bound(connection)
    rows = connection.execute(select(LANE.c.channel, LANE.c.bot).where(LANE.c.served_at > now - SERVED_FOR))
    bots = {(row.channel, row.bot) for row in rows} - {NOWHERE}
    return {bot: Elsewhere(*bot, offices.get(bot)) for bot in bots}


# ---- which row is in which lane -------------------------------------------------------------------------------------

_LANELESS = (
    select(
        MESSAGE.c.id,
        MESSAGE.c.office_id,
        MESSAGE.c.person_id,
        MESSAGE.c.kind,
        MESSAGE.c.urgent,
        MESSAGE.c.address,
        MESSAGE.c.avoid,
        MESSAGE.c.error,
    )
    .where(
        MESSAGE.c.status == literal_column("'queued'"),
        MESSAGE.c.channel.is_(None),
        MESSAGE.c.not_before <= bindparam("now"),
    )
    .order_by(MESSAGE.c.not_before, MESSAGE.c.id)
    .limit(MOST_AT_ONCE)
)
_PUT = (
    update(MESSAGE)
    .where(MESSAGE.c.id == bindparam("b_id"), MESSAGE.c.status == "queued", MESSAGE.c.channel.is_(None))
    .values(channel=bindparam("b_channel"), bot=bindparam("b_bot"))
)


def assign(
    connection: Connection, channels: Channels, now: dt.datetime, offices: Collection[str] | None = None
) -> set[Lane]:
    """Put every row that is due and has no lane into one. Returns the lanes that got something.

    ``channels``: every bot that any machine serves. A row that none of them can carry goes into :data:`NOWHERE`.
    """
    rows = connection.execute(_LANELESS, {"now": now}).all()
    if offices is not None:
        rows = [row for row in rows if row.office_id in offices]
    if not rows:
        return set()
    addresses = Addresses(connection, channels, rows, now)
    put = [(row.id, _lane_of(addresses, row)) for row in rows]
    bulk.write(
        connection, _PUT, [{"b_id": row_id, "b_channel": channel, "b_bot": bot} for row_id, (channel, bot) in put]
    )
    return {lane for _, lane in put}


def _lane_of(addresses: Addresses, row: AnyRow) -> Lane:
    chat, _ = addresses.of(row)
    return NOWHERE if chat is None else (chat.channel, chat.bot)


_DUE = select(LANE.c.channel, LANE.c.bot).where(
    LANE.c.served_at > bindparam("since"),
    or_(LANE.c.paused_until.is_(None), LANE.c.paused_until <= bindparam("now")),
    exists().where(
        MESSAGE.c.status == literal_column("'queued'"),  # spelled as the index message_lane spells it
        MESSAGE.c.channel == LANE.c.channel,
        MESSAGE.c.bot == LANE.c.bot,
        MESSAGE.c.not_before <= bindparam("now"),
    ),
)


def due_lanes(connection: Connection, now: dt.datetime) -> list[Lane]:
    """The lanes that some program serves and in which something is due."""
    rows = connection.execute(_DUE, {"now": now, "since": now - SERVED_FOR})
    return [(row.channel, row.bot) for row in rows]


# ---- what machines tell each other about one bot --------------------------------------------------------------------

_STATE = select(LANE.c.paused_until, LANE.c.last_sent_at, LANE.c.last_sent_by).where(
    LANE.c.channel == bindparam("channel"), LANE.c.bot == bindparam("bot")
)


def paused(connection: Connection, lane: Lane, now: dt.datetime) -> bool:
    """Whether the provider wants nothing from this bot yet."""
    state = _state(connection, lane)
    return state is not None and state.paused_until is not None and state.paused_until > now


def rest_after_others(connection: Connection, lane: Lane, me: str, now: dt.datetime) -> float:
    """Seconds to wait before sending, so that what another process has just sent and ours fit the bot's rate."""
    state = _state(connection, lane)
    if state is None or state.last_sent_at is None or state.last_sent_by == me:
        return 0.0
    since: dt.timedelta = now - state.last_sent_at
    return max(0.0, SAME_SECOND - abs(since.total_seconds()))


def has_sent(connection: Connection, lane: Lane, me: str, now: dt.datetime) -> None:
    """This process has sent by the bot up to now, and lets go of it."""
    _tell(connection, lane, now, {"last_sent_at": now, "last_sent_by": me})


def pause(connection: Connection, lane: Lane, now: dt.datetime, until: dt.datetime) -> None:
    """The provider wants nothing from the whole bot before: every machine shall see it."""
    _tell(connection, lane, now, {"paused_until": until})


def _state(connection: Connection, lane: Lane) -> AnyRow | None:
    return connection.execute(_STATE, {"channel": lane[0], "bot": lane[1]}).first()


def _tell(connection: Connection, lane: Lane, now: dt.datetime, what: Mapping[str, object]) -> None:
    statement = upsert(connection, LANE).values(channel=lane[0], bot=lane[1], served_at=now, **what)
    connection.execute(statement.on_conflict_do_update(index_elements=["channel", "bot"], set_=dict(what)))

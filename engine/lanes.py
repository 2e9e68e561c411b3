"""Lanes: where several machines share the sending, each bot is one machine's at a time.

A row of the outbox stands in the lane of the bot that carries its person's first usable chat, chosen by the rules by
which it is sent (:class:`engine.addresses.Addresses`). Whoever works on a lane works on it alone, so its pace, its
order and its unfinished claims are known to one process; who that is, the metronome decides. The table ``lane`` is what
the machines tell each other about a bot: who holds it, above all. A machine that stood still for a while does not know
that it was taken for dead; it finds another's mark there, and neither claims nor begins anything more.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, or_, select, update

from data import bulk, serving
from data.rows import AnyRow
from data.tables import Lane as LaneRow
from data.upsert import upsert
from engine.addresses import Addresses
from engine.messages import Channel, Message, Outcome, Retry
from engine.office import MESSAGE
from engine.outbox import NOWHERE, Channels, Lane

LANE = LaneRow.__table__  # type: ignore[attr-defined]
SERVED_FOR = dt.timedelta(minutes=5)  # since its program last said so; said every minute
MOST_AT_ONCE = 20_000  # rows put into their lanes by one call
SAME_SECOND = 1.0  # the window in which providers count
SURE_FOR = 1.0  # seconds for which a run that has found its mark may go on without looking again

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
        MESSAGE.c.status == "queued",
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
        MESSAGE.c.status == "queued",
        MESSAGE.c.channel == LANE.c.channel,
        MESSAGE.c.bot == LANE.c.bot,
        MESSAGE.c.not_before <= bindparam("now"),
    ),
)


def due_lanes(connection: Connection, now: dt.datetime) -> list[Lane]:
    """The lanes that some program serves and in which something is due."""
    rows = connection.execute(_DUE, {"now": now, "since": now - SERVED_FOR}).all()
    return [(channel, bot) for channel, bot in rows]  # by position: a name is looked up ten times slower


# ---- what machines tell each other about one bot --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holder:
    """One run of one lane, by one process: its mark stands in the lane's row until another's does, or it lets go."""

    process: str
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def mark(self) -> str:
        """As it stands in the row; of a lane that was let go, the process alone stands there."""
        return f"{self.process}/{self.run}"


_STATE = select(LANE.c.paused_until, LANE.c.last_sent_at, LANE.c.last_sent_by).where(
    LANE.c.channel == bindparam("channel"), LANE.c.bot == bindparam("bot")
)
_STATE_KEPT = _STATE.with_for_update(key_share=True)


def paused(connection: Connection, lane: Lane, now: dt.datetime) -> bool:
    """Whether the provider wants nothing from this bot yet."""
    return _is_paused(_state(connection, lane), now)


def take(connection: Connection, lane: Lane, me: Holder, now: dt.datetime) -> float | None:
    """From now on the lane is this run's, whoever held it before; None: its bot is paused, and nothing is taken.

    Returns the seconds to wait before sending, so that what another process has just sent and ours fit the bot's rate.
    """
    state = _state(connection, lane, _STATE_KEPT)
    if _is_paused(state, now):
        return None
    _tell(connection, lane, now, {"last_sent_by": me.mark})
    return _rest_after(state, me, now)


def is_held(connection: Connection, lane: Lane, me: Holder) -> bool:
    """Whether nobody has taken the lane from this run; nobody does before the transaction ends."""
    state = _state(connection, lane, _STATE_KEPT)
    return state is not None and state.last_sent_by == me.mark


def let_go(connection: Connection, lane: Lane, me: Holder, now: dt.datetime, *, has_sent: bool) -> None:
    """This run is over; where it ``has_sent``, up to now."""
    _tell(connection, lane, now, {"last_sent_by": me.process, **({"last_sent_at": now} if has_sent else {})})


def _is_paused(state: AnyRow | None, now: dt.datetime) -> bool:
    return state is not None and state.paused_until is not None and state.paused_until > now


def _rest_after(state: AnyRow | None, me: Holder, now: dt.datetime) -> float:
    process, _, run = ((state and state.last_sent_by) or "").partition("/")
    if state is None or not process or process == me.process:  # our own pace remembers what we have sent
        return 0.0
    if run:  # it has not let go: dead, or asleep, and then it may go on for so long
        return SURE_FOR + SAME_SECOND
    if state.last_sent_at is None:
        return 0.0
    since: dt.timedelta = now - state.last_sent_at
    return max(0.0, SAME_SECOND - abs(since.total_seconds()))


def pause(connection: Connection, lane: Lane, now: dt.datetime, until: dt.datetime) -> None:
    """The provider wants nothing from the whole bot before: every machine shall see it."""
    _tell(connection, lane, now, {"paused_until": until})


def _state(connection: Connection, lane: Lane, query: Select[Any] = _STATE) -> AnyRow | None:
    return connection.execute(query, {"channel": lane[0], "bot": lane[1]}).first()


def _tell(connection: Connection, lane: Lane, now: dt.datetime, what: Mapping[str, object]) -> None:
    statement = upsert(connection, LANE).values(channel=lane[0], bot=lane[1], served_at=now, **what)
    connection.execute(statement.on_conflict_do_update(index_elements=["channel", "bot"], set_=dict(what)))

"""The outbox's words: a letter, its chat, the lane it leaves by; and how a row of it ends or waits again.

Rows are claimed for sending in :mod:`engine.claim`, and what came of each send is written down in :mod:`engine.record`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, update

from data import journal
from data.rows import AnyRow
from engine.messages import Channel, Message
from engine.office import MESSAGE, OCCURRENCE, REMINDER, OfficeView

LEASE = dt.timedelta(seconds=120)  # longer than any send may take, so a living claim is never taken over
OUT_OF_BUDGET = "bot đã dùng gần hết hạn mức tin của tháng"

Lane = tuple[str, str]  # channel, bot: where several machines share the sending, each bot is one machine's at a time
NOWHERE: Lane = ("", "")  # the lane of rows that no bot can carry: they are refused there, with the reason
Line = tuple[str, str, str]  # channel, bot, address
Channels = Mapping[Lane, Channel]

# Written for an earlier slot, tried once more since this one ``starts``: it may well have been heard in it, and the
# next message to this person waits for another slot.
PERHAPS_HEARD = (MESSAGE.c.status == "unknown") & (MESSAGE.c.claimed_at >= bindparam("starts"))


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a message goes. ``id`` is None for an answer, which goes back to where the question came from."""

    channel: str
    bot: str
    address: str
    id: int | None = None
    failing: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message, ready to send: where, and what."""

    id: int
    office_id: str
    person_id: int | None
    urgent: bool
    copies: int
    attempts: int
    chat: Chat
    message: Message
    claimed_at: dt.datetime
    avoid: tuple[int, ...] = ()
    because: str | None = None  # why the person's first chat is not used
    begun: bool = True  # False: held back behind another, never sent
    claim: str | None = None  # the mark of a claim that begins later: who has lost it must not write over its new owner

    @property
    def lane(self) -> Lane:
        """The bot that carries it."""
        return self.chat.channel, self.chat.bot

    @property
    def line(self) -> Line:
        """The chat it goes to: what is in one line leaves one after the other."""
        return self.chat.channel, self.chat.bot, self.chat.address


@dataclass(slots=True)
class Delivered:
    """What one delivery did."""

    sent: int = 0
    retried: int = 0
    refused: int = 0
    unknown: int = 0
    dropped: int = 0

    def add(self, other: Delivered) -> None:
        """Sum up."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def requeue(connection: Connection, message_id: int, at: dt.datetime, copies: int, why: str) -> None:
    """It waits again, until ``at``."""
    connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id == message_id)
        .values(status="queued", not_before=at, copies=copies, error=why, claim=None)
    )


def close(connection: Connection, message_id: int, status: str, why: str) -> None:
    """It ends here, as this."""
    connection.execute(update(MESSAGE).where(MESSAGE.c.id == message_id).values(status=status, error=why, claim=None))


def unreached(connection: Connection, office: OfficeView, message_id: int, why: str, now: dt.datetime) -> None:
    """This message reaches nobody: say so on its lines, wake the occurrences so that the next rung comes forward."""
    close(connection, message_id, "refused", why)
    lost = connection.execute(
        update(REMINDER)
        .where(REMINDER.c.message_id == message_id, REMINDER.c.status == "in_message")
        .values(status="suppressed", reason=why)
        .returning(REMINDER.c.occurrence_id, REMINDER.c.revision, REMINDER.c.rung)
    ).all()
    occurrences = sorted({row.occurrence_id for row in lost if not _heard_by_others(connection, row)})
    if occurrences and why != OUT_OF_BUDGET:  # an early reminder that was spared is no reason to climb
        connection.execute(
            update(OCCURRENCE)
            .where(OCCURRENCE.c.id.in_(occurrences), OCCURRENCE.c.next_move_at.is_not(None))
            .values(pulled_forward=True, next_move_at=now)
        )
        journal.append(
            connection,
            office.id,
            now,
            [journal.Line("engine", "unreached", o, {"message": message_id, "why": why}) for o in occurrences],
        )


def _heard_by_others(connection: Connection, lost: AnyRow) -> bool:
    return bool(
        connection.execute(
            select(REMINDER.c.id)
            .where(
                REMINDER.c.occurrence_id == lost.occurrence_id,
                REMINDER.c.revision == lost.revision,
                REMINDER.c.rung == lost.rung,
                REMINDER.c.status != "suppressed",
            )
            .limit(1)
        ).first()
    )


def next_due(connection: Connection, now: dt.datetime) -> dt.datetime | None:
    """When the next message that waits for its time comes due; None where nothing waits."""
    soonest: dt.datetime | None = connection.execute(
        select(func.min(MESSAGE.c.not_before)).where(MESSAGE.c.status == "queued", MESSAGE.c.not_before > now)
    ).scalar()
    return soonest


def bots_of(channels: Collection[Channel]) -> dict[tuple[str, str], Channel]:
    """Channels by name and bot."""
    return {(channel.name, channel.bot): channel for channel in channels}

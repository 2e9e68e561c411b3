"""Step 4, deliver: the outbox is emptied. Claim, send and record are three moments; no transaction spans a send.

What happens when a send's fate is unknown depends on the message's class (DESIGN section 6): an urgent one (last call,
overdue, escalation, question to an approver) is repeated once and marked; every other one is not repeated and the
operator sees it as unknown. A process that dies between claim and record leaves exactly that case behind.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, or_, select, update

from data import journal
from data.rows import AnyRow
from engine.messages import Answer, Channel, Message, Outcome, Refused, ReminderMessage, Retry, Sent, Unknown
from engine.office import CHAT, MESSAGE, OCCURRENCE, REMINDER, OfficeView, view_office, view_offices
from engine.payload import answer_from, digest_from
from engine.reminder_lines import reminder_messages

BATCH = 100
LEASE = dt.timedelta(seconds=120)  # longer than any send may take, so a living claim is never taken over
RESEND_AFTER = dt.timedelta(seconds=60)
MOST_COPIES = 2
BACKOFF = (30, 120, 600, 1800, 3600)  # seconds; then hourly, while the message still makes sense
GIVE_UP_AFTER = 40  # attempts: about a day and a half of refused connections


@dataclass(frozen=True, slots=True)
class _AddressOf:
    """An answer goes back to where the question came from."""

    row: Any

    @property
    def id(self) -> None:
        return None

    @property
    def channel(self) -> str:
        return str(self.row.channel)

    @property
    def bot(self) -> str:
        return str(self.row.bot)

    @property
    def address(self) -> str:
        return str(self.row.address)


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message, ready to send: where, and what."""

    id: int
    office_id: str
    person_id: int | None
    urgent: bool
    copies: int
    attempts: int
    chat: AnyRow | _AddressOf
    message: Message


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


async def deliver(engine: Engine, channels: Mapping[str, Channel], now: dt.datetime) -> Delivered:
    """Send what waits, batch after batch, until nothing more may leave now."""
    done = Delivered()
    with engine.begin() as connection:
        done.add(recover(connection, now))
    while True:
        with engine.begin() as connection:
            letters, dropped = claim(connection, channels, now)
        done.dropped += dropped
        outcomes = await asyncio.gather(*(_send(channels, letter) for letter in letters))
        if letters:
            with engine.begin() as connection:
                done.add(record(connection, list(zip(letters, outcomes, strict=True)), now))
        # A refused message may have been put back for the person's next channel: then there is more to do now.
        if len(letters) + dropped < BATCH and not any(isinstance(outcome, Refused) for outcome in outcomes):
            return done


async def _send(channels: Mapping[str, Channel], letter: Letter) -> Outcome:
    message = letter.message
    if isinstance(message, ReminderMessage) and letter.copies:
        message = replace(message, resent=True)
    try:
        return await channels[letter.chat.channel].send(letter.chat.address, message)
    except Exception as error:  # a channel must not raise; one that does must not stop the others
        return Unknown(f"{type(error).__name__}")


# ---- claim --------------------------------------------------------------------------------------------------------


_WAITING = (
    select(MESSAGE.c.office_id)
    .where(MESSAGE.c.status == "queued", MESSAGE.c.not_before <= bindparam("b_now"))
    .group_by(MESSAGE.c.office_id)
)
_CLAIM = (
    update(MESSAGE)
    .where(
        MESSAGE.c.id.in_(
            select(MESSAGE.c.id)
            .where(
                MESSAGE.c.status == "queued",
                MESSAGE.c.not_before <= bindparam("b_now"),
                # A person's own question is answered at any hour; everything else waits for working hours.
                or_(MESSAGE.c.kind == "answer", MESSAGE.c.office_id.in_(bindparam("b_at_work", expanding=True))),
            )
            .order_by(MESSAGE.c.not_before, MESSAGE.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(
        status="claimed",
        claim=bindparam("b_mark"),
        claimed_at=bindparam("b_now", type_=MESSAGE.c.claimed_at.type),
        attempts=MESSAGE.c.attempts + 1,
    )
    .returning(
        MESSAGE.c.id,
        MESSAGE.c.office_id,
        MESSAGE.c.person_id,
        MESSAGE.c.kind,
        MESSAGE.c.payload,
        MESSAGE.c.urgent,
        MESSAGE.c.copies,
        MESSAGE.c.attempts,
        MESSAGE.c.not_before,
        MESSAGE.c.channel,
        MESSAGE.c.bot,
        MESSAGE.c.address,
    )
)
_CHATS = (
    select(CHAT.c.id, CHAT.c.person_id, CHAT.c.channel, CHAT.c.bot, CHAT.c.address)
    .where(
        CHAT.c.person_id.in_(bindparam("people", expanding=True)),
        CHAT.c.blocked_at.is_(None),
        CHAT.c.channel.in_(bindparam("channels", expanding=True)),
    )
    .order_by(CHAT.c.id)
)


def claim(connection: Connection, channels: Mapping[str, Channel], now: dt.datetime) -> tuple[list[Letter], int]:
    """Take up to a batch of messages that may leave now. Returns them, and how many had nothing left to say."""
    waiting = connection.execute(_WAITING, {"b_now": now}).scalars().all()
    if not waiting:
        return [], 0
    offices = view_offices(connection, waiting)
    at_work = [office.id for office in offices.values() if office.hours.slot_at(now)]
    rows = connection.execute(_CLAIM, {"b_now": now, "b_at_work": at_work, "b_mark": secrets.token_hex(8)}).all()
    if not rows:
        return [], 0
    chats = _chats(connection, [row.person_id for row in rows if row.person_id is not None], channels)
    reminders = reminder_messages(connection, offices, [row for row in rows if row.kind == "reminder"], now)
    letters, dropped = [], 0
    for row in sorted(rows, key=lambda row: (row.not_before, row.id)):
        chat = _AddressOf(row) if row.address else chats.get(row.person_id)
        message = reminders.get(row.id) if row.kind == "reminder" else _stored(row)
        if message is None:
            dropped += 1
            _close(connection, row.id, "dropped", "việc đã xong hoặc đã đổi hạn trước khi tin kịp đi")
        elif chat is None:
            dropped += 1
            _unreached(connection, offices[row.office_id], row.id, "người nhận chưa nối kênh nhắn tin", now)
        else:
            letters.append(
                Letter(row.id, row.office_id, row.person_id, row.urgent, row.copies, row.attempts, chat, message)
            )
    return letters, dropped


def _stored(row: AnyRow) -> Message:
    return answer_from(row.payload) if row.kind == "answer" else digest_from(row.payload)


def _chats(connection: Connection, people: Sequence[int], channels: Mapping[str, Channel]) -> dict[int, AnyRow]:
    """The address each person is reached at: the first that is linked, not blocked, and on a running channel."""
    found: dict[int, AnyRow] = {}
    if people:
        for row in connection.execute(_CHATS, {"people": list(people), "channels": list(channels)}):
            found.setdefault(row.person_id, row)
    return found


# ---- record -------------------------------------------------------------------------------------------------------

_SENT = (
    update(MESSAGE)
    .where(MESSAGE.c.id == bindparam("b_id"))
    .values(
        status="sent",
        sent_at=bindparam("b_now"),
        provider_id=bindparam("b_provider_id"),
        text=bindparam("b_text"),
        copies=bindparam("b_copies"),
        channel=bindparam("b_channel"),
        bot=bindparam("b_bot"),
        address=bindparam("b_address"),
        claim=None,
        error=None,
    )
)


def record(connection: Connection, sent: Sequence[tuple[Letter, Outcome]], now: dt.datetime) -> Delivered:
    """Write down what came of each send."""
    done = Delivered()
    arrived: list[dict[str, Any]] = []
    lines: dict[str, list[journal.Line]] = {}
    for letter, outcome in sent:
        if isinstance(outcome, Sent):
            done.sent += 1
            arrived.append(
                {
                    "b_id": letter.id,
                    "b_now": now,
                    "b_provider_id": outcome.provider_id,
                    "b_text": outcome.text,
                    "b_copies": letter.copies + 1,
                    "b_channel": letter.chat.channel,
                    "b_bot": letter.chat.bot,
                    "b_address": letter.chat.address,
                }
            )
        elif isinstance(outcome, Retry) and letter.attempts < GIVE_UP_AFTER:
            done.retried += 1
            wait = max(outcome.seconds, BACKOFF[min(letter.attempts, len(BACKOFF)) - 1])
            _requeue(connection, letter.id, now + dt.timedelta(seconds=wait), letter.copies, outcome.reason)
        elif isinstance(outcome, Unknown):
            done.unknown += 1
            _unknown(connection, letter.id, letter.urgent, letter.copies, outcome.reason, now)
        else:
            done.refused += 1
            _refused(connection, letter, outcome, now)
        if not isinstance(letter.message, Answer):
            data = {"person": letter.person_id, "message": letter.id, "kind": type(letter.message).__name__}
            action = f"message_{type(outcome).__name__.lower()}"
            lines.setdefault(letter.office_id, []).append(journal.Line("engine", action, None, data))
    if arrived:
        connection.execute(_SENT, arrived)
    journal.append_each(connection, now, lines)
    return done


_ABANDONED = select(MESSAGE.c.id, MESSAGE.c.urgent, MESSAGE.c.copies).where(
    MESSAGE.c.status == "claimed", MESSAGE.c.claimed_at < bindparam("since")
)


def recover(connection: Connection, now: dt.datetime) -> Delivered:
    """Claims whose process died between send and record: each class takes its side."""
    done = Delivered()
    for row in connection.execute(_ABANDONED, {"since": now - LEASE}).all():
        done.unknown += 1
        _unknown(connection, row.id, row.urgent, row.copies, "chương trình dừng giữa lúc gửi", now)
    return done


def _unknown(connection: Connection, message_id: int, urgent: bool, copies: int, why: str, now: dt.datetime) -> None:
    copies += 1  # it may have arrived
    if urgent and copies < MOST_COPIES:
        _requeue(connection, message_id, now + RESEND_AFTER, copies, why)
    else:
        connection.execute(
            update(MESSAGE)
            .where(MESSAGE.c.id == message_id)
            .values(status="unknown", copies=copies, error=why, claim=None)
        )


def _requeue(connection: Connection, message_id: int, at: dt.datetime, copies: int, why: str) -> None:
    connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id == message_id)
        .values(status="queued", not_before=at, copies=copies, error=why, claim=None)
    )


def _close(connection: Connection, message_id: int, status: str, why: str) -> None:
    connection.execute(update(MESSAGE).where(MESSAGE.c.id == message_id).values(status=status, error=why, claim=None))


def _refused(connection: Connection, letter: Letter, outcome: Refused | Retry, now: dt.datetime) -> None:
    why = outcome.reason
    if isinstance(outcome, Retry):  # given up, but the address itself was never refused: it stays open
        _unreached(connection, view_office(connection, letter.office_id), letter.id, why, now)
        return
    if letter.chat.id is None or letter.person_id is None:
        _close(connection, letter.id, "refused", why)
        return
    connection.execute(update(CHAT).where(CHAT.c.id == letter.chat.id).values(blocked_at=now, blocked_why=why))
    others = connection.execute(
        select(CHAT.c.id).where(CHAT.c.person_id == letter.person_id, CHAT.c.blocked_at.is_(None)).limit(1)
    ).first()
    if others:  # the next channel of this person takes the message
        _requeue(connection, letter.id, now, letter.copies, why)
    else:
        _unreached(connection, view_office(connection, letter.office_id), letter.id, why, now)


def _unreached(connection: Connection, office: OfficeView, message_id: int, why: str, now: dt.datetime) -> None:
    """This message reaches nobody: say so on its lines, wake the occurrences so that the next rung comes forward."""
    _close(connection, message_id, "refused", why)
    lost = connection.execute(
        update(REMINDER)
        .where(REMINDER.c.message_id == message_id, REMINDER.c.status == "in_message")
        .values(status="suppressed", reason=why)
        .returning(REMINDER.c.occurrence_id, REMINDER.c.revision, REMINDER.c.rung)
    ).all()
    occurrences = sorted({row.occurrence_id for row in lost if not _heard_by_others(connection, row)})
    if occurrences:
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

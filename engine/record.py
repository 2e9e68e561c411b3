"""What came of each send, written down; and what becomes of a claim whose process died.

A letter claimed in a lane carries the mark of its claim: whoever has lost the lane must not write over its new owner.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select, update

from data import bulk, journal
from data.one_of import one_of
from data.rows import AnyRow
from data.upsert import upsert
from engine.addresses import budget_of, has_another, has_group, month_of
from engine.messages import Answer, Edit, Outcome, Refused, Retry, Sent, Unknown
from engine.office import CHAT, MESSAGE, USAGE, view_office
from engine.outbox import LEASE, Channels, Delivered, Lane, Letter, close, requeue, unreached
from engine.rules.budget import crosses_warning

LOG = logging.getLogger("nhacviec")

RESEND_AFTER = dt.timedelta(seconds=60)
MOST_COPIES = 2
BACKOFF = (30, 120, 600, 1800, 3600)  # seconds; then hourly, while the message still makes sense
NEXT_CHAT_AFTER = 3  # attempts: some ten minutes of a channel that takes nothing
GIVE_UP_AFTER = 40  # attempts: about a day and a half of refused connections

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
        editable=bindparam("b_editable"),
        claim=None,
        error=bindparam("b_error"),
    )
)


# A row that was given up as unknown keeps its mark: what is known of it after all is better than that.
_MARKED = (
    select(MESSAGE.c.id, MESSAGE.c.claim)
    .where(one_of(MESSAGE.c.id, "ids"), MESSAGE.c.status.in_(("claimed", "unknown")))
    .order_by(MESSAGE.c.id)
    .with_for_update()
)
_BEGIN = (
    update(MESSAGE)
    .where(one_of(MESSAGE.c.id, "b_ids"), MESSAGE.c.claim == bindparam("b_mark"), MESSAGE.c.status == "claimed")
    .values(begun=True, claimed_at=bindparam("b_now", type_=MESSAGE.c.claimed_at.type))
    .returning(MESSAGE.c.id)
)


def record(
    connection: Connection, channels: Channels, sent: Sequence[tuple[Letter, Outcome]], now: dt.datetime
) -> Delivered:
    """Write down what came of each send. A letter whose lane was taken over meanwhile is its new owner's business."""
    sent = _still_ours(connection, sent)
    done = Delivered()
    arrived: list[dict[str, Any]] = []
    lines: dict[str, list[journal.Line]] = {}
    for letter, outcome in sent:
        if isinstance(outcome, Sent):
            done.sent += 1
            arrived.append(_arrived(channels, letter, outcome, now))
            _found_well(connection, letter, outcome)
        elif isinstance(outcome, Retry) and (letter.attempts < GIVE_UP_AFTER or not letter.begun):
            done.retried += 1
            _later(connection, channels, letter, outcome, now)
        elif isinstance(outcome, Unknown):
            done.unknown += 1
            _unknown(connection, letter.id, letter.urgent, letter.copies, outcome.reason, now + RESEND_AFTER)
            connection.execute(
                update(MESSAGE)
                .where(MESSAGE.c.id == letter.id, MESSAGE.c.status == "unknown")
                .values(channel=letter.chat.channel, bot=letter.chat.bot, address=letter.chat.address)
            )
        else:
            done.refused += 1
            _refused(connection, channels, letter, outcome, now)
        if not isinstance(letter.message, Answer | Edit) and letter.begun:
            data = {"person": letter.person_id, "message": letter.id, "kind": type(letter.message).__name__}
            if letter.because:
                data |= {"channel": letter.chat.channel, "because": letter.because}
            action = f"message_{type(outcome).__name__.lower()}"
            lines.setdefault(letter.office_id, []).append(journal.Line("engine", action, None, data))
    bulk.write(connection, _SENT, arrived)
    for office_id, warnings in _count(connection, channels, sent, now).items():
        lines.setdefault(office_id, []).extend(warnings)
    journal.append_each(connection, now, lines)
    return done


def _still_ours(connection: Connection, sent: Sequence[tuple[Letter, Outcome]]) -> Sequence[tuple[Letter, Outcome]]:
    marked = [letter.id for letter, _ in sent if letter.claim is not None]
    if not marked:
        return sent
    ours = {(row.id, row.claim) for row in connection.execute(_MARKED, {"ids": marked})}
    lost = [letter.id for letter, _ in sent if letter.claim is not None and (letter.id, letter.claim) not in ours]
    if lost:
        LOG.warning("%d tin đã do máy khác nhận gửi tiếp; máy này không ghi kết quả của chúng.", len(lost))
    return [(letter, outcome) for letter, outcome in sent if letter.id not in lost]


def _arrived(channels: Channels, letter: Letter, outcome: Sent, now: dt.datetime) -> dict[str, Any]:
    chat = letter.chat
    return {
        "b_id": letter.id,
        "b_now": now,
        "b_provider_id": outcome.provider_id,
        "b_text": outcome.text,
        "b_copies": letter.copies + 1,
        "b_channel": chat.channel,
        "b_bot": chat.bot,
        "b_address": outcome.moved_to or chat.address,
        "b_editable": bool(getattr(channels[chat.channel, chat.bot], "edits", False)),
        "b_error": letter.because,
    }


def _found_well(connection: Connection, letter: Letter, outcome: Sent) -> None:
    """What a success tells about the chat: it works again, or it has moved."""
    chat = letter.chat
    if chat.failing:
        connection.execute(update(CHAT).where(CHAT.c.id == chat.id).values(failing_since=None, failing_why=None))
    if outcome.moved_to:
        other = CHAT.alias()
        taken = exists().where(
            other.c.channel == chat.channel, other.c.bot == chat.bot, other.c.address == outcome.moved_to
        )
        connection.execute(
            update(CHAT)
            .where(CHAT.c.channel == chat.channel, CHAT.c.bot == chat.bot, CHAT.c.address == chat.address, ~taken)
            .values(address=outcome.moved_to)
        )


def _count(
    connection: Connection, channels: Channels, sent: Sequence[tuple[Letter, Outcome]], now: dt.datetime
) -> dict[str, list[journal.Line]]:
    """Add what was sent to each bot's month; what may have arrived counts too. Returns warnings for the journals."""
    parts: dict[tuple[str, str], int] = defaultdict(int)
    offices: dict[tuple[str, str], set[str]] = defaultdict(set)
    for letter, outcome in sent:
        bot = (letter.chat.channel, letter.chat.bot)
        if budget_of(channels[bot]) is not None and isinstance(outcome, Sent | Unknown):
            parts[bot] += outcome.parts if isinstance(outcome, Sent) else 1
            offices[bot].add(letter.office_id)
    warnings: dict[str, list[journal.Line]] = defaultdict(list)
    for used, count in parts.items():
        budget = budget_of(channels[used]) or 0
        channel, number = used
        statement = upsert(connection, USAGE).values(channel=channel, bot=number, month=month_of(now), sent=count)
        total = connection.execute(
            statement.on_conflict_do_update(
                index_elements=["channel", "bot", "month"], set_={"sent": USAGE.c.sent + count}
            ).returning(USAGE.c.sent)
        ).scalar_one()
        if crosses_warning(total - count, total, budget):
            LOG.warning("Bot %s %s đã dùng %d trên %d tin của tháng.", channel, number, total, budget)
            data = {"channel": channel, "bot": number, "used": total, "budget": budget}
            for office_id in offices[used]:
                warnings[office_id].append(journal.Line("engine", "budget_low", None, data))
    return warnings


def _later(connection: Connection, channels: Channels, letter: Letter, outcome: Retry, now: dt.datetime) -> None:
    """Try again; where this chat keeps failing and the person has another, through that one."""
    if not letter.begun:
        connection.execute(
            update(MESSAGE)
            .where(MESSAGE.c.id == letter.id)
            .values(
                status="queued",
                not_before=now + dt.timedelta(seconds=outcome.seconds),
                attempts=letter.attempts - 1,
                copies=letter.copies,  # given up as unknown meanwhile, it was counted: it never left
                claim=None,
                error=letter.because or outcome.reason,
            )
        )
        return
    chat = letter.chat
    failing = not outcome.named and letter.attempts >= NEXT_CHAT_AFTER  # asked to wait is not failing
    if chat.id is not None and failing and has_another(connection, channels, letter):
        connection.execute(
            update(CHAT).where(CHAT.c.id == chat.id).values(failing_since=now, failing_why=outcome.reason)
        )
        _use_next(connection, letter, outcome.reason, now)
        return
    wait = outcome.seconds
    if not outcome.named:
        wait = max(wait, BACKOFF[min(letter.attempts, len(BACKOFF)) - 1])
    requeue(connection, letter.id, now + dt.timedelta(seconds=wait), letter.copies, outcome.reason)


def _use_next(connection: Connection, letter: Letter, why: str, now: dt.datetime) -> None:
    because = f"{letter.chat.channel}: {why}"
    connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id == letter.id)
        .values(
            status="queued",
            not_before=now,
            attempts=0,
            avoid=[*letter.avoid, letter.chat.id],
            error=because,
            claim=None,
            channel=None,  # whichever bot carries that chat
            bot=None,
        )
    )


_CLAIMED = select(MESSAGE.c.id, MESSAGE.c.urgent, MESSAGE.c.copies, MESSAGE.c.begun).where(
    MESSAGE.c.status == "claimed"
)
# Locked: whether a letter has begun must not change between the look and what is written because of it.
_OLD = or_(  # a claim from far ahead was made before the clock was put back
    MESSAGE.c.claimed_at < bindparam("since"), MESSAGE.c.claimed_at > bindparam("ahead")
)
_ABANDONED = _CLAIMED.where(_OLD).with_for_update(skip_locked=True)
_LEFT_BEHIND = _CLAIMED.where(_OLD | MESSAGE.c.begun.is_(False)).with_for_update(skip_locked=True)
_ABANDONED_IN_LANE = (
    _CLAIMED.where(MESSAGE.c.channel == bindparam("channel"), MESSAGE.c.bot == bindparam("bot"))
    .order_by(MESSAGE.c.id)
    .with_for_update()
)
DIED = "chương trình dừng giữa lúc gửi"


def recover(connection: Connection, now: dt.datetime, *, alone: bool = False) -> Delivered:
    """Claims whose process died between send and record: each class takes its side.

    ``alone``: nobody else sends, and nothing is claimed yet. Then what never began waits again however young its claim
    is; otherwise a lane that lives may be about to begin it.
    """
    left = connection.execute(_LEFT_BEHIND if alone else _ABANDONED, {"since": now - LEASE, "ahead": now + LEASE})
    return _recover(connection, left.all(), now, RESEND_AFTER)


def recover_lane(connection: Connection, lane: Lane, now: dt.datetime) -> Delivered:
    """The same for one lane, at once: whoever holds it now holds it alone, so its claims are a dead run's."""
    there = {"channel": lane[0], "bot": lane[1]}
    return _recover(connection, connection.execute(_ABANDONED_IN_LANE, there).all(), now, dt.timedelta(0))


def _recover(connection: Connection, rows: Sequence[AnyRow], now: dt.datetime, again: dt.timedelta) -> Delivered:
    done = Delivered()
    for row in rows:
        if row.begun is False:
            _give_back(connection, MESSAGE.c.id == row.id)
            continue
        done.unknown += 1
        _unknown(connection, row.id, row.urgent, row.copies, DIED, now + again, keep_mark=row.begun is not None)
    return done


def begin(connection: Connection, letters: Sequence[Letter], now: dt.datetime) -> set[int]:
    """Of letters claimed in a lane, mark these as on their way. Returns those that are still ours to send.

    What is claimed and has not begun is lost to nobody when this process dies: it simply waits again.
    """
    begun: set[int] = set()
    for mark in {letter.claim for letter in letters}:
        ids = [letter.id for letter in letters if letter.claim == mark]
        begun |= set(connection.execute(_BEGIN, {"b_ids": ids, "b_mark": mark, "b_now": now}).scalars())
    return begun


def give_back(connection: Connection, letters: Sequence[Letter]) -> None:
    """Letters claimed in a lane that will not begin here: they wait again, as if nobody had taken them."""
    for mark in {letter.claim for letter in letters}:
        ids = [letter.id for letter in letters if letter.claim == mark]
        _give_back(connection, MESSAGE.c.id.in_(ids) & (MESSAGE.c.claim == mark))


def _give_back(connection: Connection, which: ColumnElement[bool]) -> None:
    connection.execute(
        update(MESSAGE)
        .where(which, MESSAGE.c.status == "claimed")
        .values(status="queued", attempts=MESSAGE.c.attempts - 1, claim=None, begun=None)
    )


def _unknown(
    connection: Connection,
    message_id: int,
    urgent: bool,
    copies: int,
    why: str,
    again_at: dt.datetime,
    *,
    keep_mark: bool = False,
) -> None:
    copies += 1  # it may have arrived
    if urgent and copies < MOST_COPIES:
        requeue(connection, message_id, again_at, copies, why)
        return
    unknown = update(MESSAGE).where(MESSAGE.c.id == message_id).values(status="unknown", copies=copies, error=why)
    connection.execute(unknown if keep_mark else unknown.values(claim=None))


def _refused(
    connection: Connection, channels: Channels, letter: Letter, outcome: Refused | Retry, now: dt.datetime
) -> None:
    why = outcome.reason
    if letter.chat.id is None or letter.person_id is None:
        close(connection, letter.id, "refused", why)
        return
    if isinstance(outcome, Refused):  # given up is not refused: the address stays open then
        connection.execute(update(CHAT).where(CHAT.c.id == letter.chat.id).values(blocked_at=now, blocked_why=why))
        if has_another(connection, channels, letter) or has_group(connection, channels, letter):
            _use_next(connection, letter, why, now)
            return
        if has_another(connection, channels, replace(letter, avoid=())):  # passed over before, but never refused
            _use_next(connection, replace(letter, avoid=()), why, now)
            return
    unreached(connection, view_office(connection, letter.office_id), letter.id, why, now)

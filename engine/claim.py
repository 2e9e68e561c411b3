"""Rows of the outbox, claimed for sending: those that may leave now, in order, with what they say as things stand.

What reaches nobody ends here, with the reason, and wakes the next rung.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from data import setbacks
from data.database import may_fail
from data.muted import MUTED, is_muted
from data.one_of import one_of
from data.rows import AnyRow, Taken
from engine.addresses import TRY_AGAIN_AFTER, Addresses
from engine.edited import as_they_read_now
from engine.messages import Message
from engine.office import MESSAGE, OfficeView, view_offices
from engine.outbox import NOWHERE, Channels, Chat, Lane, Letter, close, requeue, unreached
from engine.payload import answer_from, digest_from
from engine.reminder_lines import reminder_messages
from engine.weeks_before import with_weeks_before

BATCH = 200
UNREADABLE = "chưa dựng được nội dung tin, sẽ thử lại"
GONE = "người nhận không còn công tác tại cơ quan"


@dataclass(slots=True)
class Claimed:
    """What one claim took; ``more``: there may be more to claim at once."""

    letters: list[Letter] = field(default_factory=list)
    dropped: int = 0
    more: bool = False
    moved: set[Lane] = field(default_factory=set)  # lanes into which rows of this one went


_ANY_HOUR = ("answer", "edit")  # a person's own question is answered at any hour; the rest waits for working hours
_QUEUED = MESSAGE.c.status == "queued"
_DUE = MESSAGE.c.not_before <= bindparam("b_now")
_ANSWERS = _QUEUED & (MESSAGE.c.kind == "answer") & _DUE
_OTHERS = _QUEUED & (MESSAGE.c.kind != "answer") & _DUE
_WHAT_WAITS = select(
    exists().where(_QUEUED, _DUE).label("messages"),
    exists().where(_ANSWERS).label("answers"),
    MUTED.label("silence"),
)
_WAITING = select(MESSAGE.c.office_id).where(_QUEUED, _DUE).group_by(MESSAGE.c.office_id)
# Whoever has just typed waits for the answer; a thousand reminders of the morning can wait behind it. Each of the two
# questions walks an index in its order and stops: how many wait behind the last one makes no difference.
_FIRST_ANSWERS = (
    select(MESSAGE.c.id, MESSAGE.c.office_id)
    .where(_ANSWERS)
    .order_by(MESSAGE.c.not_before, MESSAGE.c.id)
    .limit(bindparam("b_most"))
    .with_for_update(skip_locked=True)
)
_FIRST_OTHERS = (
    select(MESSAGE.c.id, MESSAGE.c.office_id, MESSAGE.c.kind)
    .where(
        _OTHERS,
        or_(MESSAGE.c.kind.in_(_ANY_HOUR), ~one_of(MESSAGE.c.office_id, "b_at_rest")),
    )
    .order_by(MESSAGE.c.not_before, MESSAGE.c.id)
    .limit(bindparam("b_most"))
    .with_for_update(skip_locked=True)
)
_IN_LANE = (
    _QUEUED,
    MESSAGE.c.channel == bindparam("b_channel"),
    MESSAGE.c.bot == bindparam("b_bot"),
    _DUE,
)
_WAITING_IN_LANE = select(MESSAGE.c.office_id).where(*_IN_LANE).group_by(MESSAGE.c.office_id)


def _claiming(which: ColumnElement[bool], **values: Any) -> ReturningUpdate[Any]:
    return (
        update(MESSAGE)
        .where(which)
        .values(
            status="claimed",
            claim=bindparam("b_mark"),
            claimed_at=bindparam("b_now", type_=MESSAGE.c.claimed_at.type),
            attempts=MESSAGE.c.attempts + 1,
            **values,
        )
        .returning(*(MESSAGE.c[name] for name in Taken._fields))
    )


_CHOSEN_IN_LANE = (
    select(MESSAGE.c.id)
    .where(*_IN_LANE, or_(MESSAGE.c.kind.in_(_ANY_HOUR), one_of(MESSAGE.c.office_id, "b_at_work")))
    .order_by(MESSAGE.c.kind != "answer", MESSAGE.c.not_before, MESSAGE.c.id)
    .limit(bindparam("b_most"))
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM = _claiming(one_of(MESSAGE.c.id, "b_ids"), begun=bindparam("b_begun", type_=MESSAGE.c.begun.type))
_CLAIM_IN_LANE = _claiming(MESSAGE.c.id.in_(_CHOSEN_IN_LANE), begun=False)
_CLAIM_NOWHERE = _claiming(MESSAGE.c.id.in_(_CHOSEN_IN_LANE), begun=False, channel=None, bot=None)
_SLEEP = (
    update(MESSAGE)
    .where(*_IN_LANE, MESSAGE.c.kind.not_in(_ANY_HOUR), MESSAGE.c.office_id == bindparam("b_office"))
    .values(not_before=bindparam("b_wakes", type_=MESSAGE.c.not_before.type))
)
_HELD_UP = select(MESSAGE.c.person_id, MESSAGE.c.id, MESSAGE.c.not_before).where(
    MESSAGE.c.status == "queued",
    MESSAGE.c.not_before > bindparam("now"),
    MESSAGE.c.attempts > 0,
    MESSAGE.c.kind != "edit",
    # One that cannot be read at all is put off for hours: nothing waits behind it.
    ~exists().where(setbacks.SETBACK.c.kind == "message", setbacks.SETBACK.c.row_id == MESSAGE.c.id),
)
_HELD_UP_OF = _HELD_UP.where(one_of(MESSAGE.c.person_id, "people"))


def claim(
    connection: Connection,
    channels: Channels,
    now: dt.datetime,
    seen: dict[str, OfficeView],
    most: int = BATCH,
    lane: Lane | None = None,
    *,
    begin_later: bool = False,
) -> Claimed:
    """Take up to ``most`` messages that may leave now.

    ``seen`` keeps the offices from one batch of a delivery to the next. ``begin_later``: none of them is on its way
    before :func:`engine.record.begin` has said so. With a ``lane`` that is so as well, and only its rows are taken; one
    that another bot must carry now goes into that lane. ``channels`` then names every bot that any machine serves, for
    a person's chats are the same wherever they are looked at.
    """
    mark = secrets.token_hex(8)
    begin_later = begin_later or lane is not None
    if lane is None:
        rows = _take(connection, now, seen, most, {"b_mark": mark, "b_begun": False if begin_later else None})
    else:
        rows = _take_in_lane(connection, now, seen, most, mark, lane)
    if not rows:
        return Claimed()
    offices = {row.office_id: seen[row.office_id] for row in rows}
    claimed = Claimed(more=len(rows) == most)
    rows = _in_order(connection, rows, now, lane)
    desk = Addresses(connection, channels, [row for row in rows if not row.address], now)
    messages, unreadable = _messages(connection, offices, rows, now)
    tried = {row.id for row in rows if row.attempts > 1}  # what has had a setback was claimed for it
    known = setbacks.standing(connection, "message") if tried else {}
    # An edit is only tidiness: it never stands before the words somebody waits for in the same chat.
    for row in sorted(rows, key=lambda row: (row.kind == "edit", row.not_before, row.id)):
        if row.id in unreadable:  # what an older or newer program wrote, or a defect of ours
            claimed.dropped += _put_off(connection, offices[row.office_id], row, unreadable[row.id], now)
            continue
        if _is_gone(offices[row.office_id], row):
            claimed.dropped += 1
            unreached(connection, offices[row.office_id], row.id, GONE, now)
            continue
        message = messages[row.id]
        if message is None:
            claimed.dropped += 1
            close(connection, row.id, "dropped", "việc đã xong hoặc đã đổi hạn trước khi tin kịp đi")
            continue
        chat, why = desk.of(row)
        if chat is None:
            claimed.dropped += 1
            if row.person_id is None or row.address:
                close(connection, row.id, "refused", why)
            else:
                unreached(connection, offices[row.office_id], row.id, why, now)
            continue
        if lane not in (None, (chat.channel, chat.bot)):
            claimed.moved.add((chat.channel, chat.bot))
            _move(connection, row, chat)
            continue
        avoid = tuple(row.avoid or ())
        claimed.letters.append(
            Letter(
                row.id,
                row.office_id,
                row.person_id,
                row.urgent,
                row.copies,
                row.attempts,
                chat,
                message,
                now,
                avoid,
                row.error if avoid else None,
                claim=mark if begin_later else None,
            )
        )
    setbacks.over(connection, "message", known.keys() & {letter.id for letter in claimed.letters})
    return claimed


def _take(
    connection: Connection, now: dt.datetime, seen: dict[str, OfficeView], most: int, as_claimed: Mapping[str, Any]
) -> Sequence[Taken]:
    """Claim answers first, then the rest in order. Only the offices of what is claimed are read."""
    there_are = connection.execute(_WHAT_WAITS, {"b_now": now}).one()
    if not there_are.messages or there_are.silence:
        return []
    chosen: list[AnyRow] = []
    if there_are.answers:
        chosen += connection.execute(_FIRST_ANSWERS, {"b_now": now, "b_most": most}).all()
    if len(chosen) < most:
        chosen += _at_work(connection, now, seen, most - len(chosen))
    if not chosen:
        return []
    view_offices(connection, {row.office_id for row in chosen}, seen)
    ids = [row.id for row in chosen]
    claimed = connection.execute(_CLAIM, {"b_now": now, "b_ids": ids, **as_claimed})
    return list(map(Taken._make, claimed.all()))


def _at_work(connection: Connection, now: dt.datetime, seen: dict[str, OfficeView], most: int) -> Sequence[AnyRow]:
    """The first rows that may leave at this hour."""
    while True:
        at_rest = _at_rest(seen, now)
        rows = connection.execute(_FIRST_OTHERS, {"b_now": now, "b_most": most, "b_at_rest": sorted(at_rest)}).all()
        view_offices(connection, {row.office_id for row in rows}, seen)
        if _at_rest(seen, now) == at_rest:
            return rows
        # Some rest that were not known to. Where one does many may (it is noon): all that wait are looked at, once.
        waiting = connection.execute(_WAITING, {"b_now": now}).scalars()
        view_offices(connection, set(waiting), seen)


def _at_rest(seen: Mapping[str, OfficeView], now: dt.datetime) -> set[str]:
    """Of the offices that were read, those that nothing leaves for now."""
    at_work = {hours: hours.slot_at(now) is not None for hours in {office.hours for office in seen.values()}}
    return {office.id for office in seen.values() if not at_work[office.hours]}


def _take_in_lane(
    connection: Connection, now: dt.datetime, seen: dict[str, OfficeView], most: int, mark: str, lane: Lane
) -> Sequence[Taken]:
    there = {"b_channel": lane[0], "b_bot": lane[1]}
    waiting = connection.execute(_WAITING_IN_LANE, {"b_now": now, **there}).scalars().all()
    if not waiting or is_muted(connection):
        return []
    view_offices(connection, waiting, seen)
    at_rest = _at_rest({office_id: seen[office_id] for office_id in waiting}, now)
    _let_rest(connection, [seen[office_id] for office_id in waiting if office_id in at_rest], there, now)
    claiming = _CLAIM_NOWHERE if lane == NOWHERE else _CLAIM_IN_LANE
    at_work = [office_id for office_id in waiting if office_id not in at_rest]
    claimed = connection.execute(
        claiming, {"b_now": now, "b_at_work": at_work, "b_mark": mark, "b_most": most, **there}
    )
    return list(map(Taken._make, claimed.all()))


def _messages(
    connection: Connection, offices: Mapping[str, OfficeView], rows: Sequence[Taken], now: dt.datetime
) -> tuple[dict[int, Message | None], dict[int, Exception]]:
    """What each row says now, and those that cannot be read, with the error. One of these must not hold up the rest."""
    if not rows:
        return {}, {}
    try:
        with may_fail(connection):
            return _read(connection, offices, rows, now), {}
    except setbacks.NOT_THE_ROW:
        raise
    except Exception as error:
        if len(rows) == 1:
            return {}, {rows[0].id: error}
    messages: dict[int, Message | None] = {}
    unreadable: dict[int, Exception] = {}
    for row in rows:
        one, none = _messages(connection, offices, [row], now)
        messages |= one
        unreadable |= none
    return messages, unreadable


def _read(
    connection: Connection, offices: Mapping[str, OfficeView], rows: Sequence[Taken], now: dt.datetime
) -> dict[int, Message | None]:
    edits = as_they_read_now(connection, offices, [row for row in rows if row.kind == "edit"])
    stored = {row.id: _as_stored(row) for row in rows if row.kind not in ("reminder", "edit")}
    others = with_weeks_before(connection, rows, stored)
    # Last of all, as it also writes down which lines are no longer true.
    reminders = reminder_messages(connection, offices, [row for row in rows if row.kind == "reminder"], now)
    said: dict[int, Message | None] = {**others, **edits, **reminders}
    return {row.id: said.get(row.id) for row in rows}


def _put_off(connection: Connection, office: OfficeView, row: Taken, error: Exception, now: dt.datetime) -> int:
    """Try again later; after a day and a half it reaches nobody, and the next rung is woken. Returns how many ended."""
    setback = setbacks.note(connection, "message", row.id, row.office_id, error, now)
    if setback.times < setbacks.GIVE_UP_AFTER:
        requeue(connection, row.id, setback.try_after, row.copies, UNREADABLE)
        return 0
    unreached(connection, office, row.id, "không dựng được nội dung tin", now)
    return 1


def _is_gone(office: OfficeView, row: Taken) -> bool:
    member = office.staff.members.get(row.person_id or 0)
    return row.kind in ("reminder", "digest") and (member is None or not member.active)


def _as_stored(row: Taken) -> Message:
    asked_for = row.kind == "answer" and "monday" not in row.payload  # a digest on trial is an answer too
    return answer_from(row.payload) if asked_for else digest_from(row.payload)


def _let_rest(connection: Connection, resting: Sequence[OfficeView], lane: dict[str, str], now: dt.datetime) -> None:
    """What must not leave before the office is at work again wakes then: nobody looks at its lane in vain."""
    for office in resting:
        wakes = now + TRY_AGAIN_AFTER if office.rests else office.hours.this_or_next_slot(now).starts
        if wakes > now:
            connection.execute(_SLEEP, {"b_now": now, "b_office": office.id, "b_wakes": wakes, **lane})


def _move(connection: Connection, row: Taken, chat: Chat) -> None:
    """Into the lane of the bot that is to carry it now; this was no attempt."""
    connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id == row.id)
        .values(status="queued", channel=chat.channel, bot=chat.bot, attempts=row.attempts - 1, claim=None)
    )


def _in_order(connection: Connection, rows: Sequence[Taken], now: dt.datetime, lane: Lane | None) -> list[Taken]:
    """Put back what would overtake an older message of the same person that waits to be tried again."""
    held: dict[int, list[AnyRow]] = defaultdict(list)
    people = {"people": [row.person_id for row in rows if row.person_id is not None]}
    holding = _HELD_UP if lane is None else _HELD_UP_OF
    for older in connection.execute(holding, {"now": now} if lane is None else {"now": now, **people}):
        held[older.person_id].append(older)
    free = []
    for row in rows:
        own = row.kind == "edit" or row.address  # an answer goes where it was asked, whatever waits elsewhere
        before = [] if own else [older.not_before for older in held.get(row.person_id or 0, ()) if older.id < row.id]
        if before:
            connection.execute(
                update(MESSAGE)
                .where(MESSAGE.c.id == row.id)
                .values(
                    status="queued",
                    not_before=max(before),
                    attempts=row.attempts - 1,
                    claim=None,
                    error="chờ tin trước của cùng người nhận",
                )
            )
        else:
            free.append(row)
    return free

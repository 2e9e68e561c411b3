"""The outbox's rows: claimed for sending, and what came of each send written down.

Which of a person's chats is used: the first by rank that is linked, not blocked and served by a running bot. One that
keeps failing is passed over for the next, with the reason, and tried again later; a blocked one waits until its person
writes again. What fits no chat goes to the group of the person's unit, and what reaches nobody wakes the next rung.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, literal_column, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from data import bulk, journal, setbacks
from data.muted import is_muted
from data.rows import AnyRow
from data.upsert import upsert
from engine.edited import as_they_read_now
from engine.messages import (
    Answer,
    Channel,
    Edit,
    Message,
    Outcome,
    Refused,
    ReminderMessage,
    Retry,
    Sent,
    Unknown,
    serves,
)
from engine.office import CHAT, MESSAGE, OCCURRENCE, PERSON, REMINDER, USAGE, OfficeView, view_office, view_offices
from engine.payload import answer_from, digest_from
from engine.reminder_lines import reminder_messages
from engine.rules.budget import Weight, crosses_warning, may_send
from engine.weeks_before import with_weeks_before

LOG = logging.getLogger("nhacviec")

BATCH = 200
LEASE = dt.timedelta(seconds=120)  # longer than any send may take, so a living claim is never taken over
RESEND_AFTER = dt.timedelta(seconds=60)
MOST_COPIES = 2
BACKOFF = (30, 120, 600, 1800, 3600)  # seconds; then hourly, while the message still makes sense
NEXT_CHAT_AFTER = 3  # attempts: some ten minutes of a channel that takes nothing
TRY_AGAIN_AFTER = dt.timedelta(hours=1)  # a chat that failed: whether it works again
GIVE_UP_AFTER = 40  # attempts: about a day and a half of refused connections
OUT_OF_BUDGET = "bot đã dùng gần hết hạn mức tin của tháng"
UNREADABLE = "chưa dựng được nội dung tin, sẽ thử lại"
GONE = "người nhận không còn công tác tại cơ quan"
OTHER_OFFICE = "bot này nay phục vụ cơ quan khác"
NOT_LINKED = "người nhận chưa nối kênh nhắn tin"
QUOTA_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")  # the provider's months

Lane = tuple[str, str]  # channel, bot: where several machines share the sending, each bot is one machine's at a time
NOWHERE: Lane = ("", "")  # the lane of rows that no bot can carry: they are refused there, with the reason
Channels = Mapping[Lane, Channel]


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
    avoid: tuple[int, ...] = ()
    because: str | None = None  # why the person's first chat is not used
    begun: bool = True  # False: held back behind another, never sent
    claim: str | None = None  # the mark of a claim in a lane: whoever has lost it must not write over its new owner


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


@dataclass(slots=True)
class Claimed:
    """What one claim took; ``more``: there may be more to claim at once."""

    letters: list[Letter] = field(default_factory=list)
    dropped: int = 0
    more: bool = False
    moved: set[Lane] = field(default_factory=set)  # lanes into which rows of this one went


# ---- claim --------------------------------------------------------------------------------------------------------


_ANY_HOUR = ("answer", "edit")  # a person's own question is answered at any hour; the rest waits for working hours
# Spelled as the indexes spell it: asked with a parameter, an index of part of the rows is not sure to be used.
_QUEUED = MESSAGE.c.status == literal_column("'queued'")
_DUE = MESSAGE.c.not_before <= bindparam("b_now")
_ANSWERS = _QUEUED & (MESSAGE.c.kind == literal_column("'answer'")) & _DUE
_OTHERS = _QUEUED & (MESSAGE.c.kind != "answer") & _DUE
_IS_WAITING = select(exists().where(_QUEUED, _DUE))
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
        or_(MESSAGE.c.kind.in_(_ANY_HOUR), MESSAGE.c.office_id.not_in(bindparam("b_at_rest", expanding=True))),
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
            MESSAGE.c.avoid,
            MESSAGE.c.error,
        )
    )


_CHOSEN_IN_LANE = (
    select(MESSAGE.c.id)
    .where(
        *_IN_LANE, or_(MESSAGE.c.kind.in_(_ANY_HOUR), MESSAGE.c.office_id.in_(bindparam("b_at_work", expanding=True)))
    )
    .order_by(MESSAGE.c.kind != "answer", MESSAGE.c.not_before, MESSAGE.c.id)
    .limit(bindparam("b_most"))
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM = _claiming(MESSAGE.c.id.in_(bindparam("b_ids", expanding=True)), begun=None)
_CLAIM_IN_LANE = _claiming(MESSAGE.c.id.in_(_CHOSEN_IN_LANE), begun=False)
_CLAIM_NOWHERE = _claiming(MESSAGE.c.id.in_(_CHOSEN_IN_LANE), begun=False, channel=None, bot=None)
_SLEEP = (
    update(MESSAGE)
    .where(*_IN_LANE, MESSAGE.c.kind.not_in(_ANY_HOUR), MESSAGE.c.office_id == bindparam("b_office"))
    .values(not_before=bindparam("b_wakes", type_=MESSAGE.c.not_before.type))
)
_CHATS = (
    select(CHAT.c.id, CHAT.c.person_id, CHAT.c.channel, CHAT.c.bot, CHAT.c.address, CHAT.c.failing_since)
    .where(CHAT.c.person_id.in_(bindparam("people", expanding=True)), CHAT.c.blocked_at.is_(None))
    .order_by(CHAT.c.rank, CHAT.c.id)
)
_GROUPS = (
    select(
        CHAT.c.id,
        PERSON.c.id.label("person_id"),
        CHAT.c.channel,
        CHAT.c.bot,
        CHAT.c.address,
        CHAT.c.failing_since,
    )
    .join(PERSON, PERSON.c.unit_id == CHAT.c.unit_id)
    .where(PERSON.c.id.in_(bindparam("people", expanding=True)), CHAT.c.blocked_at.is_(None))
    .order_by(CHAT.c.rank, CHAT.c.id)
)
_HELD_UP = select(MESSAGE.c.person_id, MESSAGE.c.id, MESSAGE.c.not_before).where(
    MESSAGE.c.status == "queued",
    MESSAGE.c.not_before > bindparam("now"),
    MESSAGE.c.attempts > 0,
    MESSAGE.c.kind != "edit",
    # One that cannot be read at all is put off for hours: nothing waits behind it.
    ~exists().where(setbacks.SETBACK.c.kind == "message", setbacks.SETBACK.c.row_id == MESSAGE.c.id),
)
_HELD_UP_OF = _HELD_UP.where(MESSAGE.c.person_id.in_(bindparam("people", expanding=True)))


def claim(
    connection: Connection,
    channels: Channels,
    now: dt.datetime,
    seen: dict[str, OfficeView],
    most: int = BATCH,
    lane: Lane | None = None,
) -> Claimed:
    """Take up to ``most`` messages that may leave now.

    ``seen`` keeps the offices from one batch of a delivery to the next. With a ``lane`` only its rows are taken, and
    none of them has begun (:func:`begin`); one that another bot must carry now goes into that lane. ``channels`` then
    names every bot that any machine serves, for a person's chats are the same wherever they are looked at.
    """
    mark = secrets.token_hex(8)
    if lane is None:
        rows = _take(connection, now, seen, most, mark)
    else:
        rows = _take_in_lane(connection, now, seen, most, mark, lane)
    if not rows:
        return Claimed()
    offices = {row.office_id: seen[row.office_id] for row in rows}
    claimed = Claimed(more=len(rows) == most)
    rows = _in_order(connection, rows, now, lane)
    desk = Addresses(connection, channels, [row for row in rows if not row.address], now)
    messages, unreadable = _messages(connection, offices, rows, now)
    known = setbacks.standing(connection, "message")
    # An edit is only tidiness: it never stands before the words somebody waits for in the same chat.
    for row in sorted(rows, key=lambda row: (row.kind == "edit", row.not_before, row.id)):
        if row.id in unreadable:  # what an older or newer program wrote, or a defect of ours
            claimed.dropped += _put_off(connection, offices[row.office_id], row, unreadable[row.id], now)
            continue
        if _is_gone(offices[row.office_id], row):
            claimed.dropped += 1
            _unreached(connection, offices[row.office_id], row.id, GONE, now)
            continue
        message = messages[row.id]
        if message is None:
            claimed.dropped += 1
            _close(connection, row.id, "dropped", "việc đã xong hoặc đã đổi hạn trước khi tin kịp đi")
            continue
        chat, why = desk.of(row)
        if chat is None:
            claimed.dropped += 1
            if row.person_id is None or row.address:
                _close(connection, row.id, "refused", why)
            else:
                _unreached(connection, offices[row.office_id], row.id, why, now)
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
                avoid,
                row.error if avoid else None,
                claim=None if lane is None else mark,
            )
        )
    setbacks.over(connection, "message", known.keys() & {letter.id for letter in claimed.letters})
    return claimed


def _take(
    connection: Connection, now: dt.datetime, seen: dict[str, OfficeView], most: int, mark: str
) -> Sequence[AnyRow]:
    """Claim answers first, then the rest in order. Only the offices of what is claimed are read."""
    if not connection.execute(_IS_WAITING, {"b_now": now}).scalar() or is_muted(connection):
        return []
    chosen = list(connection.execute(_FIRST_ANSWERS, {"b_now": now, "b_most": most}).all())
    if len(chosen) < most:
        chosen += _at_work(connection, now, seen, most - len(chosen))
    if not chosen:
        return []
    seen |= view_offices(connection, {row.office_id for row in chosen} - seen.keys())
    ids = [row.id for row in chosen]
    return connection.execute(_CLAIM, {"b_now": now, "b_mark": mark, "b_ids": ids}).all()


def _at_work(connection: Connection, now: dt.datetime, seen: dict[str, OfficeView], most: int) -> Sequence[AnyRow]:
    """The first rows that may leave at this hour."""
    while True:
        at_rest = _at_rest(seen, now)
        rows = connection.execute(_FIRST_OTHERS, {"b_now": now, "b_most": most, "b_at_rest": sorted(at_rest)}).all()
        seen |= view_offices(connection, {row.office_id for row in rows} - seen.keys())
        if _at_rest(seen, now) == at_rest:
            return rows
        # Some rest that were not known to. Where one does many may (it is noon): all that wait are looked at, once.
        waiting = connection.execute(_WAITING, {"b_now": now}).scalars()
        seen |= view_offices(connection, set(waiting) - seen.keys())


def _at_rest(seen: Mapping[str, OfficeView], now: dt.datetime) -> set[str]:
    """Of the offices that were read, those that nothing leaves for now."""
    at_work = {hours: hours.slot_at(now) is not None for hours in {office.hours for office in seen.values()}}
    return {office.id for office in seen.values() if not at_work[office.hours]}


def _take_in_lane(
    connection: Connection, now: dt.datetime, seen: dict[str, OfficeView], most: int, mark: str, lane: Lane
) -> Sequence[AnyRow]:
    there = {"b_channel": lane[0], "b_bot": lane[1]}
    waiting = connection.execute(_WAITING_IN_LANE, {"b_now": now, **there}).scalars().all()
    if not waiting or is_muted(connection):
        return []
    seen |= view_offices(connection, set(waiting) - seen.keys())
    at_rest = _at_rest({office_id: seen[office_id] for office_id in waiting}, now)
    _let_rest(connection, [seen[office_id] for office_id in waiting if office_id in at_rest], there, now)
    claiming = _CLAIM_NOWHERE if lane == NOWHERE else _CLAIM_IN_LANE
    at_work = [office_id for office_id in waiting if office_id not in at_rest]
    return connection.execute(
        claiming, {"b_now": now, "b_at_work": at_work, "b_mark": mark, "b_most": most, **there}
    ).all()


def _messages(
    connection: Connection, offices: Mapping[str, OfficeView], rows: Sequence[AnyRow], now: dt.datetime
) -> tuple[dict[int, Message | None], dict[int, Exception]]:
    """What each row says now, and those that cannot be read, with the error. One of these must not hold up the rest."""
    if not rows:
        return {}, {}
    try:
        with connection.begin_nested():
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
    connection: Connection, offices: Mapping[str, OfficeView], rows: Sequence[AnyRow], now: dt.datetime
) -> dict[int, Message | None]:
    reminders = reminder_messages(connection, offices, [row for row in rows if row.kind == "reminder"], now)
    edits = as_they_read_now(connection, offices, [row for row in rows if row.kind == "edit"])
    return with_weeks_before(connection, rows, {row.id: _message(row, reminders, edits) for row in rows})


def _put_off(connection: Connection, office: OfficeView, row: AnyRow, error: Exception, now: dt.datetime) -> int:
    """Try again later; after a day and a half it reaches nobody, and the next rung is woken. Returns how many ended."""
    setback = setbacks.note(connection, "message", row.id, row.office_id, error, now)
    if setback.times < setbacks.GIVE_UP_AFTER:
        _requeue(connection, row.id, setback.try_after, row.copies, UNREADABLE)
        return 0
    _unreached(connection, office, row.id, "không dựng được nội dung tin", now)
    return 1


def _is_gone(office: OfficeView, row: AnyRow) -> bool:
    member = office.staff.members.get(row.person_id or 0)
    return row.kind in ("reminder", "digest") and (member is None or not member.active)


def _message(row: AnyRow, reminders: Mapping[int, ReminderMessage], edits: Mapping[int, Edit]) -> Message | None:
    if row.kind == "reminder":
        return reminders.get(row.id)
    if row.kind == "edit":
        return edits.get(row.id)
    asked_for = row.kind == "answer" and "monday" not in row.payload  # a digest on trial is an answer too
    return answer_from(row.payload) if asked_for else digest_from(row.payload)


def _let_rest(connection: Connection, resting: Sequence[OfficeView], lane: dict[str, str], now: dt.datetime) -> None:
    """What must not leave before the office is at work again wakes then: nobody looks at its lane in vain."""
    for office in resting:
        wakes = now + TRY_AGAIN_AFTER if office.rests else office.hours.this_or_next_slot(now).starts
        if wakes > now:
            connection.execute(_SLEEP, {"b_now": now, "b_office": office.id, "b_wakes": wakes, **lane})


def _move(connection: Connection, row: AnyRow, chat: Chat) -> None:
    """Into the lane of the bot that is to carry it now; this was no attempt."""
    connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id == row.id)
        .values(status="queued", channel=chat.channel, bot=chat.bot, attempts=row.attempts - 1, claim=None)
    )


def _in_order(connection: Connection, rows: Sequence[AnyRow], now: dt.datetime, lane: Lane | None) -> list[AnyRow]:
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


class Addresses:
    """The chats of the people a batch is for, read once; and how much of each bot's budget is left."""

    def __init__(self, connection: Connection, channels: Channels, rows: Sequence[AnyRow], now: dt.datetime) -> None:
        self.channels, self.now = channels, now
        self.office_of = {row.person_id: row.office_id for row in rows if row.person_id is not None}
        people = sorted(self.office_of)
        self.chats: dict[int, list[AnyRow]] = defaultdict(list)
        if people:
            self._read(connection, _CHATS, people)
            alone = [person for person in people if not self.chats[person]]
            if alone:
                self._read(connection, _GROUPS, alone)
        self.used = _used(connection, channels, now)

    def _read(self, connection: Connection, query: Any, people: list[int]) -> None:
        for row in connection.execute(query, {"people": people}):
            if _may_use(self.channels, row, self.office_of[row.person_id]):
                self.chats[row.person_id].append(row)

    def of(self, row: AnyRow) -> tuple[Chat | None, str]:
        """The chat to use, or why there is none."""
        weight = _weight(row)
        if row.address:
            there = (row.channel, row.bot)
            if there not in self.channels:
                return None, "kênh này không còn chạy"
            if not serves(self.channels[there], row.office_id):
                return None, OTHER_OFFICE
            if not self._afford(there, weight):
                return None, OUT_OF_BUDGET
            return Chat(row.channel, row.bot, row.address), ""
        avoid = set(row.avoid or ())
        possible = [chat for chat in self.chats.get(row.person_id, ()) if chat.id not in avoid]
        possible.sort(key=lambda chat: not self._worth_trying(chat))
        for chat in possible:
            if self._afford((chat.channel, chat.bot), weight):
                return Chat(chat.channel, chat.bot, chat.address, chat.id, chat.failing_since is not None), ""
        if possible:
            return None, OUT_OF_BUDGET
        return None, (row.error if avoid and row.error else NOT_LINKED)

    def _worth_trying(self, chat: AnyRow) -> bool:
        return chat.failing_since is None or chat.failing_since <= self.now - TRY_AGAIN_AFTER

    def _afford(self, bot: tuple[str, str], weight: Weight) -> bool:
        budget = _budget(self.channels[bot])
        if not may_send(self.used.get(bot, 0), budget, weight):
            return False
        self.used[bot] = self.used.get(bot, 0) + 1
        return True


def _weight(row: AnyRow) -> Weight:
    if row.kind in ("answer", "edit"):
        return Weight.ANSWER
    if row.kind == "digest":
        return Weight.DIGEST
    return Weight.URGENT if row.urgent else Weight.ROUTINE


def _budget(channel: Channel) -> int | None:
    budget: int | None = getattr(channel, "budget", None)
    return budget


def _month(now: dt.datetime) -> str:
    return f"{now.astimezone(QUOTA_ZONE):%Y-%m}"


def _used(connection: Connection, channels: Channels, now: dt.datetime) -> dict[tuple[str, str], int]:
    if all(_budget(channel) is None for channel in channels.values()):
        return {}
    rows = connection.execute(select(USAGE.c.channel, USAGE.c.bot, USAGE.c.sent).where(USAGE.c.month == _month(now)))
    return {(row.channel, row.bot): row.sent for row in rows}


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
        editable=bindparam("b_editable"),
        claim=None,
        error=bindparam("b_error"),
    )
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
    # A row that was given up as unknown keeps its mark: what is known of it after all is better than that.
    standing = select(MESSAGE.c.id, MESSAGE.c.claim).where(
        MESSAGE.c.id.in_(marked), MESSAGE.c.status.in_(("claimed", "unknown"))
    )
    ours = {(row.id, row.claim) for row in connection.execute(standing.order_by(MESSAGE.c.id).with_for_update())}
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
        if _budget(channels[bot]) is not None and isinstance(outcome, Sent | Unknown):
            parts[bot] += outcome.parts if isinstance(outcome, Sent) else 1
            offices[bot].add(letter.office_id)
    warnings: dict[str, list[journal.Line]] = defaultdict(list)
    for used, count in parts.items():
        budget = _budget(channels[used]) or 0
        channel, number = used
        statement = upsert(connection, USAGE).values(channel=channel, bot=number, month=_month(now), sent=count)
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
    if chat.id is not None and failing and _has_another(connection, channels, letter):
        connection.execute(
            update(CHAT).where(CHAT.c.id == chat.id).values(failing_since=now, failing_why=outcome.reason)
        )
        _use_next(connection, letter, outcome.reason, now)
        return
    wait = outcome.seconds
    if not outcome.named:
        wait = max(wait, BACKOFF[min(letter.attempts, len(BACKOFF)) - 1])
    _requeue(connection, letter.id, now + dt.timedelta(seconds=wait), letter.copies, outcome.reason)


def _has_another(connection: Connection, channels: Channels, letter: Letter) -> bool:
    """Whether the person has one more chat that a running bot serves and this letter has not tried."""
    tried = {*letter.avoid, letter.chat.id}
    chats = connection.execute(_CHATS, {"people": [letter.person_id]})
    return any(chat.id not in tried and _may_use(channels, chat, letter.office_id) for chat in chats)


def _may_use(channels: Channels, chat: AnyRow, office_id: str) -> bool:
    """Whether a running bot serves this chat, and may do so for the office."""
    channel = channels.get((chat.channel, chat.bot))
    return channel is not None and serves(channel, office_id)


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
_ABANDONED = _CLAIMED.where(  # a claim from far ahead was made before the clock was put back
    or_(MESSAGE.c.claimed_at < bindparam("since"), MESSAGE.c.claimed_at > bindparam("ahead"))
).with_for_update(skip_locked=True)
_ABANDONED_IN_LANE = (
    _CLAIMED.where(MESSAGE.c.channel == bindparam("channel"), MESSAGE.c.bot == bindparam("bot"))
    .order_by(MESSAGE.c.id)
    .with_for_update()
)
DIED = "chương trình dừng giữa lúc gửi"


def recover(connection: Connection, now: dt.datetime) -> Delivered:
    """Claims whose process died between send and record: each class takes its side."""
    return _recover(
        connection,
        connection.execute(_ABANDONED, {"since": now - LEASE, "ahead": now + LEASE}).all(),
        now,
        RESEND_AFTER,
    )


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
        ours = update(MESSAGE).where(MESSAGE.c.id.in_(ids), MESSAGE.c.claim == mark, MESSAGE.c.status == "claimed")
        begun |= set(connection.execute(ours.values(begun=True, claimed_at=now).returning(MESSAGE.c.id)).scalars())
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
        _requeue(connection, message_id, again_at, copies, why)
        return
    unknown = update(MESSAGE).where(MESSAGE.c.id == message_id).values(status="unknown", copies=copies, error=why)
    connection.execute(unknown if keep_mark else unknown.values(claim=None))


def _requeue(connection: Connection, message_id: int, at: dt.datetime, copies: int, why: str) -> None:
    connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id == message_id)
        .values(status="queued", not_before=at, copies=copies, error=why, claim=None)
    )


def _close(connection: Connection, message_id: int, status: str, why: str) -> None:
    connection.execute(update(MESSAGE).where(MESSAGE.c.id == message_id).values(status=status, error=why, claim=None))


def _refused(
    connection: Connection, channels: Channels, letter: Letter, outcome: Refused | Retry, now: dt.datetime
) -> None:
    why = outcome.reason
    if letter.chat.id is None or letter.person_id is None:
        _close(connection, letter.id, "refused", why)
        return
    if isinstance(outcome, Refused):  # given up is not refused: the address stays open then
        connection.execute(update(CHAT).where(CHAT.c.id == letter.chat.id).values(blocked_at=now, blocked_why=why))
        if _has_another(connection, channels, letter) or _has_group(connection, channels, letter):
            _use_next(connection, letter, why, now)
            return
        if _has_another(connection, channels, replace(letter, avoid=())):  # passed over before, but never refused
            _use_next(connection, replace(letter, avoid=()), why, now)
            return
    _unreached(connection, view_office(connection, letter.office_id), letter.id, why, now)


def _has_group(connection: Connection, channels: Channels, letter: Letter) -> bool:
    tried = {*letter.avoid, letter.chat.id}
    groups = connection.execute(_GROUPS, {"people": [letter.person_id]})
    return any(group.id not in tried and _may_use(channels, group, letter.office_id) for group in groups)


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

"""Step 2, digest: once a week the leadership gets five lines.

The office row carries the alarm (``next_digest_at``). After an absence only the latest week is told; the weeks passed
over are written in the journal.

The digest comes before the reminders, so that it has its slot; they wait for the next one, and what it has just said
is not said again that day. Only work of the reader's own goes first. A digest that had to wait is computed anew when
its slot begins, so that nothing in it is older than the message.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, bindparam, case, exists, func, or_, select, update

from data import bulk, journal
from data.one_of import one_of
from data.turns import alone_with, among
from engine.messages import HIDDEN_TITLE, DigestMessage, Says
from engine.office import (
    EXTENSION,
    MESSAGE,
    OBLIGATION,
    OCCURRENCE,
    OFFICE,
    REMINDER,
    UNIT,
    OfficeView,
    view_offices,
)
from engine.outbox import PERHAPS_HEARD
from engine.payload import digest_from, to_payload
from engine.rules.chain import Hearer, stand_in
from engine.rules.digest_numbers import Fact, coming_until, monday_of, numbers, reported_week, week_bounds, week_name
from engine.rules.lifecycle import OPEN, WorkState, state_at
from schedules.hours import Slot

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
SAME_DAY = dt.timedelta(hours=12)  # longer than a working day, shorter than from one to the next
SAID_IN_DIGEST = "bản tin tuần trong ngày đã nêu việc này"
WAITS = "buổi này còn tin khác, bản tin chờ buổi sau"

# Asked in every turn, so built once: making and hashing a statement costs as much as running it.
_DUE = select(OFFICE.c.id).where(OFFICE.c.next_digest_at <= bindparam("now"))
_WAITED = select(
    MESSAGE.c.id,
    MESSAGE.c.office_id,
    MESSAGE.c.person_id,
    MESSAGE.c.payload,
    MESSAGE.c.attempts,
    MESSAGE.c.avoid,
    MESSAGE.c.error,
).where(
    MESSAGE.c.status == "queued",
    MESSAGE.c.not_before <= bindparam("now"),
    MESSAGE.c.kind == "digest",
    # It was written in an earlier turn: it says why it waited, or nobody came to send it.
    or_(MESSAGE.c.error.is_not(None), MESSAGE.c.not_before < bindparam("now")),
)
_LEFT = func.coalesce(MESSAGE.c.sent_at, case((MESSAGE.c.status == "unknown", MESSAGE.c.claimed_at)))
_IN_SLOTS = select(MESSAGE.c.slot, _LEFT.label("left"), MESSAGE.c.not_before).where(
    MESSAGE.c.person_id == bindparam("person"),
    MESSAGE.c.kind.in_(("reminder", "digest")),
    MESSAGE.c.id.is_distinct_from(bindparam("itself")),
    or_(
        MESSAGE.c.slot >= bindparam("slot"),
        MESSAGE.c.sent_at >= bindparam("starts"),
        PERHAPS_HEARD,
        MESSAGE.c.status.in_(("queued", "claimed")),
    ),
)
_TOLD = select(func.max(MESSAGE.c.key)).where(MESSAGE.c.office_id == bindparam("office"), MESSAGE.c.kind == "digest")
_DOERS_WITH_WORK = select(OCCURRENCE.c.doer_id).where(
    OCCURRENCE.c.office_id == bindparam("office"),
    OCCURRENCE.c.next_move_at <= bindparam("now"),
    OCCURRENCE.c.work_state.in_(OPEN),
)
_NEXT_DIGEST = update(OFFICE).where(OFFICE.c.id == bindparam("b_office")).values(next_digest_at=bindparam("b_next"))
_EXTENSIONS = select(
    func.count()
    .filter(
        EXTENSION.c.status == "granted",
        EXTENSION.c.decided_at >= bindparam("first"),
        EXTENSION.c.decided_at < bindparam("after"),
        EXTENSION.c.decided_at <= bindparam("moment"),
    )
    .label("granted"),
    func.count()
    .filter(
        EXTENSION.c.asked_at <= bindparam("moment"),
        or_(EXTENSION.c.status == "waiting", EXTENSION.c.decided_at > bindparam("moment")),
    )
    .label("waiting"),
).where(EXTENSION.c.office_id == bindparam("office"))
_GRANTED_LATER = (
    select(EXTENSION.c.occurrence_id, EXTENSION.c.was)
    .where(
        EXTENSION.c.office_id == bindparam("office"),
        EXTENSION.c.status == "granted",
        EXTENSION.c.decided_at > bindparam("moment"),
    )
    .order_by(EXTENSION.c.decided_at.desc())  # the first grant after the moment has the last word
)
_FACTS = (
    select(
        OCCURRENCE.c.id,
        OCCURRENCE.c.title,
        OBLIGATION.c.secret,
        UNIT.c.name,
        OCCURRENCE.c.doer_id,
        OCCURRENCE.c.due,
        OCCURRENCE.c.internal_due,
        OCCURRENCE.c.due_time,
        OCCURRENCE.c.work_state,
        OCCURRENCE.c.reported_at,
        OCCURRENCE.c.closed_at,
    )
    .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
    .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
    .where(
        OCCURRENCE.c.office_id == bindparam("office"),
        or_(
            or_(
                OCCURRENCE.c.work_state.in_(OPEN),
                OCCURRENCE.c.reported_at > bindparam("moment"),
                OCCURRENCE.c.closed_at > bindparam("moment"),
            )
            & (OCCURRENCE.c.first_internal_due <= bindparam("until")),
            (OCCURRENCE.c.reported_at >= bindparam("first")) & (OCCURRENCE.c.reported_at < bindparam("after")),
        ),
    )
)


def digest(
    connection: Connection,
    now: dt.datetime,
    of: Collection[str] | None = None,
    seen: dict[str, OfficeView] | None = None,
) -> int:
    """Write the digests that are due, of these offices or of all, into the outbox. Returns how many."""
    seen = {} if seen is None else seen
    there_is = connection.execute(_WHAT_THERE_IS, {"now": now, "since": now - SAME_DAY}).one()
    if there_is.repeats:
        _spare_who_was_told(connection, now, of)
    if there_is.waited:
        _compute_anew(connection, now, of, seen)
    if not there_is.due:
        return 0
    due = connection.execute(_DUE, {"now": now}).scalars().all()
    offices = view_offices(connection, alone_with(connection, among(of, due)), seen)
    return sum(_digest_office(connection, office, now) for office in offices.values())


def _digest_office(connection: Connection, office: OfficeView, now: dt.datetime) -> int:
    if office.hours.slot_at(now) is None:
        return 0
    monday = _reported(office, now)
    passed_over = _weeks_between(_last_told(connection, office), monday)
    message = _with_weeks_passed_over(
        connection, office, _digest_as_of(connection, office, monday, now, ""), passed_over, now
    )
    busy = _with_work_of_their_own(connection, office, now)
    rows = []
    for hearer in _readers(office, office.today(now)):
        for_them = replace(message, person=office.name_of(hearer.person_id))
        rows.append(_row(connection, office, hearer.person_id, for_them, now, yields=hearer.person_id in busy))
    written = bulk.add_missing(connection, MESSAGE, rows)
    line = journal.Line(
        "engine", "digest", None, {"week": week_name(monday), "readers": written, "passed_over": passed_over}
    )
    journal.append(connection, office.id, now, [line])
    connection.execute(_NEXT_DIGEST, {"b_office": office.id, "b_next": next_digest(office, now)})
    return written


def _last_told(connection: Connection, office: OfficeView) -> dt.date | None:
    """The last week somebody was told about; where nobody ever was, the last one of which the journal says so."""
    key = connection.execute(_TOLD, {"office": office.id}).scalar()
    if key:
        return monday_of(key.removeprefix("digest:"))
    written = (
        select(journal.JOURNAL.c.data)
        .where(journal.JOURNAL.c.office_id == office.id, journal.JOURNAL.c.action == "digest")
        .order_by(journal.JOURNAL.c.seq.desc())  # from the end: about a week back
        .limit(1)
    )
    line = connection.execute(written).scalar()
    return monday_of(json.loads(line)["week"]) if line else None


def _weeks_between(told: dt.date | None, monday: dt.date) -> list[str]:
    weeks = (monday - told).days // 7 if told else 0
    return [week_name(monday - dt.timedelta(weeks=back)) for back in range(weeks - 1, 0, -1)]


def _with_weeks_passed_over(
    connection: Connection, office: OfficeView, message: DigestMessage, weeks: list[str], now: dt.datetime
) -> DigestMessage:
    """What was finished in weeks without a digest of their own is told in this one."""
    theirs = [_digest_as_of(connection, office, monday_of(week), now, "") for week in weeks]
    return replace(
        message,
        passed_over=tuple(weeks),
        passed_on_time=sum(week.on_time for week in theirs),
        passed_late=sum(week.late for week in theirs),
    )


def next_digest(office: OfficeView, now: dt.datetime) -> dt.datetime:
    """When the next digest leaves: the chosen slot of the week, or the next slot at work when that day is off."""
    wanted = WEEKDAYS.index(office.definition.digest.weekday)
    today = office.today(now)
    day = today - dt.timedelta(days=today.weekday()) + dt.timedelta(days=wanted)
    while True:
        working = office.calendar.on_or_after(day)
        at = office.hours.slot_on(working, office.definition.digest.slot).starts
        if at > now:
            return at
        day += dt.timedelta(days=7)


def _readers(office: OfficeView, today: dt.date) -> list[Hearer]:
    leaders = [m.id for m in office.staff.members.values() if m.active and m.role == "leader"]
    readers: dict[int, Hearer] = {}
    for leader in leaders:
        person = stand_in(office.staff, leader, today) or leader
        member = office.staff.members.get(person)
        if member and member.active and member.reachable:
            readers.setdefault(person, Hearer(person, leader if person != leader else None))
    return list(readers.values())


def digest_of_week(
    connection: Connection, office: OfficeView, monday: dt.date, now: dt.datetime, person: str
) -> DigestMessage:
    """The digest of one week; of a week gone by, as it was when its digest was due."""
    return _digest_as_of(connection, office, monday, min(now, due_at(office, monday)), person)


def due_at(office: OfficeView, monday: dt.date) -> dt.datetime:
    """When the digest of that week leaves."""
    at, _ = week_bounds(monday, office.zone)
    while _reported(office, at := next_digest(office, at)) < monday:
        pass
    return at


def _reported(office: OfficeView, at: dt.datetime) -> dt.date:
    return reported_week(office.today(at), WEEKDAYS.index(office.definition.digest.weekday))


def _digest_as_of(
    connection: Connection, office: OfficeView, monday: dt.date, moment: dt.datetime, person: str
) -> DigestMessage:
    first, after = week_bounds(monday, office.zone)
    facts = [fact for _, _, fact in facts_of(connection, office, first, after, coming_until(monday), moment)]
    extensions = connection.execute(
        _EXTENSIONS, {"office": office.id, "first": first, "after": after, "moment": moment}
    ).one()
    counted = numbers(
        facts,
        person=person,
        office=office.name,
        monday=monday,
        now=moment,
        zone=office.zone,
        extensions_granted=extensions.granted,
        extensions_waiting=extensions.waiting,
    )
    return replace(counted, journal_mark=journal.mark_before(connection, office.id, moment))


def facts_of(
    connection: Connection,
    office: OfficeView,
    first: dt.datetime,
    after: dt.datetime,
    coming_to: dt.date,
    moment: dt.datetime,
) -> list[tuple[int, int | None, Fact]]:
    """Everything that may count in a period, as it was at ``moment``: its id, its doer's id, and the fact.

    Each occurrence reported from ``first`` until before ``after``, and each one open at ``moment`` that is to be
    delivered by ``coming_to`` or, where the period is told late, was to be delivered since.
    """
    internal_dues = _moved_after(connection, office, moment)
    bounds = {"first": first, "after": after, "moment": moment, "until": max(coming_to, office.today(moment))}
    rows = connection.execute(_FACTS, {"office": office.id, **bounds}).all()
    return [
        (
            row.id,
            row.doer_id,
            Fact(
                HIDDEN_TITLE if row.secret else row.title,
                row.name,
                row.due,
                internal_dues.get(row.id, row.internal_due),
                row.due_time,
                state_at(moment, WorkState(row.work_state), row.reported_at, row.closed_at),
                row.reported_at if row.reported_at and row.reported_at <= moment else None,
            ),
        )
        for row in rows
    ]


def _moved_after(connection: Connection, office: OfficeView, moment: dt.datetime) -> dict[int, dt.date]:
    """The internal due that held at ``moment``, of every occurrence for which more time was granted later."""
    later = connection.execute(_GRANTED_LATER, {"office": office.id, "moment": moment})
    return {row.occurrence_id: row.was for row in later}


# ---- its place among the reminders --------------------------------------------------------------------------------


def _with_work_of_their_own(connection: Connection, office: OfficeView, now: dt.datetime) -> set[int]:
    """Doers who are about to be reminded: a last call must not wait half a day for numbers."""
    return set(connection.execute(_DOERS_WITH_WORK, {"office": office.id, "now": now}).scalars())


def _row(
    connection: Connection,
    office: OfficeView,
    person_id: int,
    message: DigestMessage,
    now: dt.datetime,
    *,
    yields: bool,
) -> dict[str, Any]:
    """The outbox's row: into this slot, or the first one to come in which this person hears nothing else."""
    slot = _free_slot(connection, office, person_id, now, yields=yields)
    return {
        "office_id": office.id,
        "person_id": person_id,
        "kind": "digest",
        "key": f"digest:{message.week}",
        "slot": slot.key,
        "payload": to_payload(message),
        "status": "queued",
        "not_before": max(now, slot.starts),
        "attempts": 0,
        "copies": 0,
        "urgent": False,
        "error": WAITS if slot.starts > now else None,
    }


def _free_slot(
    connection: Connection,
    office: OfficeView,
    person_id: int,
    now: dt.datetime,
    *,
    yields: bool = False,
    itself: int | None = None,
) -> Slot:
    """A message counts in the slot it was written for, and in the one in which it left late, may have, or is about to.

    ``itself``: the digest that looks for its place, where it has a row already.
    """
    slot = office.hours.this_or_next_slot(now)
    taken = {slot.key} if yields else set()
    place = {"person": person_id, "itself": itself, "slot": slot.key, "starts": slot.starts}
    for row in connection.execute(_IN_SLOTS, place):
        leaves = office.hours.this_or_next_slot(row.left or max(now, row.not_before))
        taken |= {row.slot, leaves.key}
    while slot.key in taken:
        slot = office.hours.next_slot(slot.starts)
    return slot


def _compute_anew(
    connection: Connection, now: dt.datetime, of: Collection[str] | None, seen: dict[str, OfficeView]
) -> None:
    """Digests that had to wait, for a slot or for the provider, and may leave now: as of now.

    One whose slot has gone by while the machine was off may find another message of its reader about to leave: it goes
    on waiting.
    """
    waited = connection.execute(_WAITED, {"now": now}).all()
    offices = view_offices(connection, {row.office_id for row in waited}, seen)
    of_week: dict[tuple[str, str], DigestMessage] = {}
    for row in waited:
        office = offices[row.office_id]
        if of is not None and office.id not in of:
            continue
        if office.hours.slot_at(now) is None:
            continue
        old = _readable(row.payload)
        if old is None:
            continue
        waiting = update(MESSAGE).where(MESSAGE.c.id == row.id, MESSAGE.c.status == "queued")
        slot = _free_slot(connection, office, row.person_id, now, itself=row.id)
        if slot.starts > now and not row.attempts:  # behind one that was tried already, the others wait
            error = row.error if row.avoid else WAITS
            connection.execute(waiting.values(slot=slot.key, not_before=slot.starts, error=error))
            continue
        if (office.id, old.week) not in of_week:
            of_week[office.id, old.week] = _digest_as_of(connection, office, old.monday, now, "")
        message = replace(
            of_week[office.id, old.week],
            person=old.person,
            passed_over=old.passed_over,
            passed_on_time=old.passed_on_time,
            passed_late=old.passed_late,
        )
        connection.execute(waiting.values(payload=to_payload(message), error=row.error if row.avoid else None))


def _readable(payload: Any) -> DigestMessage | None:
    """The digest of a payload; None where it is none, which the outbox puts off and shows when it claims the row."""
    try:
        return digest_from(payload)
    except ValidationError:
        return None


_EARLIER = REMINDER.alias("earlier")
_REPEATS_AFTER_DIGEST = (
    select(
        REMINDER.c.id, REMINDER.c.office_id, OCCURRENCE.c.title, UNIT.c.name, MESSAGE.c.id.label("digest")
    )  # its words are long, and the same for many lines
    .join(MESSAGE, (MESSAGE.c.person_id == REMINDER.c.person_id) & (MESSAGE.c.sent_at >= bindparam("since")))
    .join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
    .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
    .where(
        REMINDER.c.status == "pending",
        REMINDER.c.says == Says.ESCALATION,
        exists().where(  # the first time, it comes with a number and the name of who does it
            _EARLIER.c.occurrence_id == REMINDER.c.occurrence_id,
            _EARLIER.c.person_id == REMINDER.c.person_id,
            _EARLIER.c.says == Says.ESCALATION,
            _EARLIER.c.status == "in_message",
        ),
        OCCURRENCE.c.doer_id.is_distinct_from(REMINDER.c.person_id),
        MESSAGE.c.kind == "digest",
        MESSAGE.c.status == "sent",
    )
)

# One question for all three: in most turns the answer is no. Of repeats it only asks whether one waits at all: over a
# long history PostgreSQL plans a join of five tables anew each time, which takes a fifth of a turn with nothing to do.
_WHAT_THERE_IS = select(
    exists().where(REMINDER.c.status == "pending", REMINDER.c.says == Says.ESCALATION).label("repeats"),
    _WAITED.exists().label("waited"),
    _DUE.exists().label("due"),
)
_SPARE = (
    update(REMINDER)
    .where(one_of(REMINDER.c.id, "b_said"), REMINDER.c.status == "pending")
    .values(status="suppressed", reason=SAID_IN_DIGEST)
)
_PAYLOADS = select(MESSAGE.c.id, MESSAGE.c.payload).where(one_of(MESSAGE.c.id, "messages"))


def _overdue_in(message: DigestMessage | None) -> set[tuple[str, str]]:
    return {(line.title, line.unit) for line in message.overdue} if message else set()


def _spare_who_was_told(connection: Connection, now: dt.datetime, of: Collection[str] | None) -> None:
    """Whoever has read today in the digest that something is overdue need not be told a second time."""
    repeats = [
        row
        for row in connection.execute(_REPEATS_AFTER_DIGEST, {"since": now - SAME_DAY})
        if of is None or row.office_id in of
    ]
    if not repeats:
        return
    read = connection.execute(_PAYLOADS, {"messages": sorted({row.digest for row in repeats})})
    told = {row.id: _overdue_in(_readable(row.payload)) for row in read}
    said = [row.id for row in repeats if (row.title, row.name) in told[row.digest]]
    if said:
        connection.execute(_SPARE, {"b_said": said})

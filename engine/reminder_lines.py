"""The lines of one reminder, built at the moment it leaves.

Between gathering and sending, work may have been finished, extended or handed over: such lines fall away here, with
the reason, so that nobody is told to do what is done.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, and_, bindparam, cast, select, update

from data import bulk, handles
from data.one_of import one_of
from data.rows import AnyRow, Taken
from engine.messages import HIDDEN_TITLE, HIDDEN_WORDS, Item, ReminderMessage, Says
from engine.office import EXTENSION, OBLIGATION, OCCURRENCE, REMINDER, UNIT, OfficeView
from engine.rules.lifecycle import OPEN, SILENT_BECAUSE, WorkState
from engine.rules.status import days_late

HANDED_ON = "việc đã được chuyển cho người khác"
MOST_LINES = 8  # a phone shows about eight two-line entries before one must scroll

# Worst first: what is late, then what somebody waits for, then what is coming.
_RANK: dict[str, int] = {
    Says.ESCALATION: 0,
    Says.OVERDUE: 1,
    Says.UNREACHED: 2,
    Says.DIFFICULTY: 2,
    Says.RETURNED: 3,
    Says.EXTENSION_REFUSED: 3,
    Says.HANDED_OVER: 3,
    Says.LAST_CALL: 4,
    Says.EXTENSION_ASKED: 5,
    Says.CONFIRM: 6,
    Says.WRITE: 7,
    Says.COLLECT: 8,
    Says.AGAIN: 9,
    Says.STANDS_IN: 9,
    Says.SOON: 9,
    Says.EXTENSION_GRANTED: 10,
    Says.WITHDRAWN: 10,
    Says.CONFIRMED: 11,
}
_CHASING = frozenset(
    {
        Says.COLLECT,
        Says.WRITE,
        Says.SOON,
        Says.LAST_CALL,
        Says.OVERDUE,
        Says.ESCALATION,
        Says.UNREACHED,
        Says.RETURNED,
        Says.DIFFICULTY,
        Says.HANDED_OVER,
        Says.AGAIN,
        Says.STANDS_IN,
    }
)
_PEOPLES_WORDS = frozenset(
    {Says.DIFFICULTY, Says.EXTENSION_ASKED, Says.EXTENSION_REFUSED, Says.RETURNED, Says.HANDED_OVER}
)
_PASSED = frozenset({Says.OVERDUE, Says.ESCALATION})

_LINES = (
    select(  # in the order of _Line
        REMINDER.c.id,
        REMINDER.c.message_id,
        REMINDER.c.says,
        REMINDER.c.revision,
        REMINDER.c.on_behalf_of,
        cast(REMINDER.c.detail, Text),
        OCCURRENCE.c.id,
        OCCURRENCE.c.title,
        OCCURRENCE.c.data_from,
        OCCURRENCE.c.cutoff,
        OCCURRENCE.c.nominal_due,
        OCCURRENCE.c.due,
        OCCURRENCE.c.internal_due,
        OCCURRENCE.c.due_time,
        OCCURRENCE.c.work_state,
        OCCURRENCE.c.doer_id,
        OCCURRENCE.c.revision,
        OCCURRENCE.c.version,
        OBLIGATION.c.secret,
        OBLIGATION.c.rule[("due", "before")].as_boolean(),
        UNIT.c.name,
        handles.HANDLE.c.number,
    )
    .join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
    .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
    .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
    .outerjoin(
        handles.HANDLE,
        and_(
            handles.HANDLE.c.person_id == REMINDER.c.person_id,
            handles.HANDLE.c.occurrence_id == OCCURRENCE.c.id,
            handles.HANDLE.c.released_at.is_(None),
        ),
    )
    .where(one_of(REMINDER.c.message_id, "messages"), REMINDER.c.status == "in_message")
)


class _Line(NamedTuple):
    """One reminder beside what has become of its occurrence. A row gives out its columns ten times slower."""

    reminder_id: int
    message_id: int
    says: str
    reminder_revision: int
    on_behalf_of: int | None
    detail: str | None  # as stored; most have none
    id: int
    title: str
    data_from: dt.date | None
    cutoff: dt.date | None
    nominal_due: dt.date
    due: dt.date
    internal_due: dt.date
    due_time: str | None
    work_state: str
    doer_id: int | None
    revision: int
    version: int
    secret: bool
    before: bool | None
    unit_name: str
    number: int | None


_AGE = attrgetter("reminder_id")  # the older first
_SAYS = {str(says): says for says in Says}  # to call Says() takes fifteen times as long
_TO_DOER = frozenset({Says.COLLECT, Says.WRITE, Says.SOON, Says.LAST_CALL, Says.HANDED_OVER, Says.AGAIN})
_CLOSED = {
    WorkState.DONE: "đã xong",
    WorkState.WAITING: "đã báo xong, đang chờ xác nhận",
    WorkState.SUSPENDED: "đang tạm dừng",
    WorkState.CANCELLED: "đã huỷ",
}
_JUDGED = {WorkState.DONE: "đã xác nhận", WorkState.RETURNED: "đã trả lại"}
_SUPPRESS = (
    update(REMINDER).where(REMINDER.c.id == bindparam("b_id")).values(status="suppressed", reason=bindparam("b_reason"))
)


def reminder_messages(
    connection: Connection, offices: Mapping[str, OfficeView], messages: Sequence[Taken], now: dt.datetime
) -> dict[int, ReminderMessage]:
    """The messages of the outbox as they should read now, by id; one that has nothing left to say is not among them."""
    lines = _lines_of(connection, [message.id for message in messages])
    kept: dict[int, list[_Line]] = {}
    gone: list[dict[str, object]] = []
    people = {message.id: message.person_id for message in messages}
    for message, rows in lines.items():
        kept[message], fallen = _still_true(connection, rows, people[message])
        gone += [{"b_id": reminder, "b_reason": reason} for reminder, reason in fallen]
    found = {
        message.id: _reminder_message(
            connection,
            offices[message.office_id],
            message.person_id,
            kept[message.id],
            _unreached(lines[message.id]),
            now,
        )
        for message in messages
        if kept[message.id]
    }
    bulk.write(connection, _SUPPRESS, gone)
    return found


def messages_as_they_stand(
    connection: Connection, offices: Mapping[str, OfficeView], messages: Sequence[AnyRow]
) -> dict[int, ReminderMessage]:
    """Messages that were sent (id, office_id, person_id, sent_at), with what has become of each line since.

    They keep their day and their lines; a line whose work has moved on says so in ``now``.
    """
    lines = _lines_of(connection, [message.id for message in messages])
    found = {}
    for message in messages:
        rows = {row.id: row for row in sorted(lines[message.id], key=_weight, reverse=True)}
        if rows:
            office, person = offices[message.office_id], message.person_id
            unreached = _unreached(lines[message.id])
            whole = _reminder_message(connection, office, person, list(rows.values()), unreached, message.sent_at)
            since = {row.id: _since(connection, office, row, person) for row in rows.values()}
            items = tuple(item._replace(now=since[item.occurrence_id]) for item in whole.items)
            found[message.id] = replace(whole, items=items)
    return found


def _since(connection: Connection, office: OfficeView, row: _Line, person_id: int) -> str | None:
    """What has become of a line's work; None while the line still says what is to be done."""
    says, state = Says(row.says), WorkState(row.work_state)
    if says is Says.CONFIRM:
        return None if state is WorkState.WAITING else _JUDGED.get(state, "không còn chờ xác nhận")
    if says is Says.EXTENSION_ASKED:
        return None if _extension_waits(connection, row) else "đề nghị đã được giải quyết"
    if state not in OPEN:
        return _CLOSED[state]
    theirs = row.doer_id in (person_id, row.on_behalf_of)
    return f"đã chuyển cho {office.name_of(row.doer_id)}" if says in _TO_DOER and not theirs else None


def _lines_of(connection: Connection, messages: list[int]) -> dict[int, list[_Line]]:
    lines: dict[int, list[_Line]] = {message: [] for message in messages}
    for line in map(_Line._make, connection.execute(_LINES, {"messages": messages}).all()):
        lines[line.message_id].append(line)
    return lines


def _weight(row: _Line) -> tuple[int, int]:
    """The weightiest first; of equal ones the older, in whatever order a database brings them."""
    return _RANK[row.says], row.reminder_id


def _unreached(rows: Sequence[_Line]) -> dict[int, str]:
    """Who could not be reached about each occurrence, said on the line that is kept, whichever that is."""
    return {row.id: _details(row)["reason"] for row in rows if row.says == Says.UNREACHED and row.detail}


def _reminder_message(
    connection: Connection,
    office: OfficeView,
    person_id: int,
    kept: Sequence[_Line],
    unreached: Mapping[int, str],
    now: dt.datetime,
) -> ReminderMessage:
    today = office.today(now)
    # Gathering has given each line its number; only one that is missing or resting by now needs a second look.
    missing = [(person_id, row.id) for row in kept if row.number is None]
    given = handles.give(connection, missing, now) if missing else {}
    items = [
        _item(office, row, row.number or given[person_id, row.id], person_id, today, unreached.get(row.id))
        for row in kept
    ]
    items.sort(key=lambda item: (_RANK[item.says], -item.days_late, _shown(item), item.number))
    behalf = {row.on_behalf_of for row in kept if row.on_behalf_of}
    return ReminderMessage(
        person=office.name_of(person_id),
        office=office.name,
        today=today,
        items=tuple(items[:MOST_LINES]),
        more=max(0, len(items) - MOST_LINES),
        standing_in_for=", ".join(office.name_of(p) for p in sorted(behalf)) or None,
        person_id=person_id,
    )


def _shown(item: Item) -> dt.date:
    """The day that the line names first."""
    return item.cutoff if item.says is Says.COLLECT and item.cutoff else item.internal_due


def _still_true(
    connection: Connection, rows: Sequence[_Line], person_id: int
) -> tuple[list[_Line], list[tuple[int, str]]]:
    """Lines that still hold, one for each occurrence (the weightiest), and those that fell away with the reason."""
    best: dict[int, _Line] = {}
    gone: list[tuple[int, str]] = []
    for row in sorted(rows, key=_AGE):
        says, state = row.says, row.work_state
        if says in _CHASING and (state not in OPEN or row.reminder_revision != row.revision):
            why = SILENT_BECAUSE.get(WorkState(state), "việc đã đổi hạn trước khi tin kịp đi")
            gone.append((row.reminder_id, why))
        elif says in _TO_DOER and row.doer_id not in (person_id, row.on_behalf_of):
            gone.append((row.reminder_id, HANDED_ON))
        elif says == Says.CONFIRM and state != WorkState.WAITING:
            gone.append((row.reminder_id, "không còn chờ xác nhận"))
        elif says == Says.EXTENSION_ASKED and not _extension_waits(connection, row):
            gone.append((row.reminder_id, "đề nghị gia hạn đã được giải quyết"))
        elif (other := best.get(row.id)) is None:
            best[row.id] = row
        else:
            best[row.id], lighter = sorted((row, other), key=_weight)
            gone.append((lighter.reminder_id, "gộp chung một dòng với lời nhắc khác về cùng việc"))
    return list(best.values()), gone


def _says_today(row: _Line, person_id: int, today: dt.date) -> Says:
    """What the line says, as of today: a rung that was pulled forward must not speak of a deadline as passed."""
    if row.says not in _PASSED or today > row.internal_due:
        return _SAYS[row.says]
    if row.doer_id not in (person_id, row.on_behalf_of):
        return Says.UNREACHED
    return Says.LAST_CALL if today == row.internal_due else Says.SOON


def _extension_waits(connection: Connection, row: _Line) -> bool:
    return bool(
        connection.execute(
            select(EXTENSION.c.id).where(
                EXTENSION.c.id == _details(row).get("extension"), EXTENSION.c.status == "waiting"
            )
        ).first()
    )


def _item(office: OfficeView, row: _Line, number: int, person_id: int, today: dt.date, unreached: str | None) -> Item:
    item = Item(
        number,
        row.id,
        _says_today(row, person_id, today),
        HIDDEN_TITLE if row.secret else row.title,
        row.unit_name,
        row.nominal_due,
        row.due,
        row.internal_due,
        row.due_time,
        row.cutoff,
        row.data_from,
        days_late(row.due, row.internal_due, today),
        bool(row.before),
        None if row.doer_id in (person_id, row.on_behalf_of) else office.name_of(row.doer_id),
        unreached=unreached,
        version=row.version,
    )
    return item if row.detail is None else _with_details(item, row)


def _details(row: _Line) -> dict[str, Any]:
    return json.loads(row.detail) if row.detail else {}


def _with_details(item: Item, row: _Line) -> Item:
    """What people wrote, or asked for."""
    detail = _details(row)
    words, until, since = detail.get("reason"), detail.get("until"), detail.get("since")
    return item._replace(
        reason=HIDDEN_WORDS if row.secret and words and row.says in _PEOPLES_WORDS else words,
        asked_until=dt.date.fromisoformat(until) if until else None,
        by=detail.get("from"),
        since=dt.date.fromisoformat(since) if since else None,
    )

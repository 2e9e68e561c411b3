"""What can be done to an occurrence, by chat, by the command line or by the console alike.

Each action has one name, one guard (the table in :mod:`engine.rules.lifecycle`), changes the row only if it still
looks as it was read, leaves one line of history, and tells whoever must hear of it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from data import handles, journal
from data.rows import AnyRow
from data.upsert import upsert
from engine.messages import Says
from engine.office import EVIDENCE, EXTENSION, OBLIGATION, OCCURRENCE, REMINDER, STAND_IN, OfficeView
from engine.rules.chain import confirmers, hearers
from engine.rules.ladder import anchors_of, climb, opens_at
from engine.rules.lifecycle import CLOSED, OPEN, SILENT_BECAUSE, Action, WorkState, after

ADDED = (
    OBLIGATION.c.ladder,
    OBLIGATION.c.confirm,
    OBLIGATION.c.evidence,
    OBLIGATION.c.secret,
    OBLIGATION.c.product,
    OBLIGATION.c.rule,
)
UNDO_KEEPS = (
    "work_state",
    "reported_at",
    "reported_by",
    "closed_at",
    "internal_due",
    "revision",
    "last_rung_at",
    "next_move_at",
    "doer_id",
    "chain",
    "difficulty",
    "snoozed_until",
)
_AS_THEY_ARE = frozenset({"work_state", "revision", "reported_by", "doer_id", "chain", "difficulty"})

ASK_CONFIRMER_AGAIN_AFTER = 3  # working days, as in the remind step
HANDED_ON = "việc đã được chuyển cho người khác"
#: What is said to whoever had heard of an action that was taken back, by the kind of news it was.
TAKEN_BACK = {
    "granted": "người duyệt đã rút lại quyết định, đề nghị gia hạn đang chờ duyệt lại",
    "refused": "người duyệt đã rút lại quyết định, đề nghị gia hạn đang chờ duyệt lại",
    "confirm": "người làm đã rút lại lời báo xong",
    "confirmed": "người xác nhận đã rút lại, việc đang chờ xác nhận",
    "returned": "việc không còn bị trả lại, đang chờ xác nhận",
    "extension": "đề nghị gia hạn đã được rút lại",
    "handed": "việc không còn chuyển cho đồng chí",
    "difficulty": "lời báo vướng mắc đã được rút lại",
    "leave": "lịch nghỉ đã huỷ, đồng chí không phải làm thay",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person of the office, or an operator at the command line (``person_id`` None)."""

    name: str
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class Acted:
    """What an action did. ``undo`` puts it back, as long as nothing else has happened since."""

    state: WorkState
    undo: dict[str, Any] = field(default_factory=dict)

    def remembering(self, **more: Any) -> Acted:
        """With more to put back: ``told`` is the rung of the news it sent, ``requests`` the status each had."""
        return replace(self, undo=self.undo | more)


class CannotDo(Exception):
    """The action makes no sense in the state the work is in; ``state`` says which."""

    def __init__(self, state: WorkState) -> None:
        super().__init__(state)
        self.state = state


def occurrence_row(connection: Connection, occurrence_id: int, office_id: str | None = None) -> AnyRow | None:
    """One occurrence with what its obligation adds; None where there is none, or it is not this office's."""
    query = (
        select(OCCURRENCE, *ADDED)
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(OCCURRENCE.c.id == occurrence_id)
    )
    if office_id is not None:
        query = query.where(OCCURRENCE.c.office_id == office_id)
    return connection.execute(query).first()


# ---- the doer's actions -------------------------------------------------------------------------------------------


def start(connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, now: dt.datetime) -> Acted:
    """đang làm: the work is in hand. Reminders go on."""
    state = _guard(row, Action.START)
    return _change(connection, office, row, actor, "started", {"work_state": state}, now)


def report(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    actor: Actor,
    now: dt.datetime,
    document: str | None = None,
) -> Acted:
    """xong: done, or waiting for confirmation where the obligation asks for it. The doer's time is the one that counts.

    The confirmer in person needs no second word; whoever only stands in for them does.
    """
    in_person = _chain(row)[row.confirm] if row.confirm != "none" else []
    needs = bool(in_person) and actor.person_id not in in_person
    state = _guard(row, Action.REPORT, needs_confirmation=needs)
    values: dict[str, Any] = {"work_state": state, "reported_at": now, "reported_by": actor.person_id}
    values |= {"difficulty": None, "snoozed_until": None}
    if state is WorkState.DONE:
        values |= {"closed_at": now, "next_move_at": None}
    else:
        values |= {"next_move_at": _ask_again_at(office, now)}
    acted = _change(connection, office, row, actor, "reported", values, now, {"document": document})
    if state is WorkState.DONE:
        handles.release(connection, row.id, now)
    else:
        acted = acted.remembering(told=_ask_confirmers(connection, office, row, actor.person_id, now, row.revision))
    return acted


def ask_extension(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    actor: Actor,
    until: dt.date,
    reason: str,
    now: dt.datetime,
) -> Acted:
    """gia hạn: ask the standing office to move the internal due. A second request takes the place of the first."""
    if WorkState(row.work_state) not in OPEN:
        raise CannotDo(WorkState(row.work_state))
    replaced = _withdraw_request(connection, row.id)
    extension_id = connection.execute(
        insert(EXTENSION)
        .values(
            office_id=office.id,
            occurrence_id=row.id,
            asked_by=actor.person_id or 0,
            asked_at=now,
            until=until,
            reason=reason,
            was=row.internal_due,
            status="waiting",
        )
        .returning(EXTENSION.c.id)
    ).scalar_one()
    acted = _change(connection, office, row, actor, "extension_asked", {}, now, {"until": until, "reason": reason})
    standing, _ = hearers(office.staff, _chain(row), ["standing"], office.today(now))
    detail = {"extension": extension_id, "until": until.isoformat(), "reason": reason, "from": actor.name}
    approvers = [h.person_id for h in standing if h.person_id != actor.person_id]
    if not approvers:  # the standing office itself asks: its leaders decide
        leaders, _ = hearers(office.staff, _chain(row), ["leaders"], office.today(now))
        approvers = [h.person_id for h in leaders]
    rung = _question(extension_id)
    _tell(connection, office, row, approvers, Says.EXTENSION_ASKED, rung, now, detail)
    return acted.remembering(told=rung, requests=[*replaced, (extension_id, "withdrawn")])


def hand_over(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    to: int,
    actor: Actor,
    reason: str | None,
    now: dt.datetime,
) -> Acted:
    """chuyển: somebody else does it from now on, and is told. The chain above stays as it was frozen.

    What had been asked or put off in the former doer's name falls away with them.
    """
    if WorkState(row.work_state) not in OPEN:
        raise CannotDo(WorkState(row.work_state))
    chain = {**_chain(row), "doer": [to]}
    values = {"doer_id": to, "chain": chain, "snoozed_until": None}
    data = {"from": office.name_of(row.doer_id), "to": office.name_of(to), "reason": reason}
    acted = _change(connection, office, row, actor, "handed_over", values, now, data)
    acted = acted.remembering(silenced=_suppress_pending(connection, row.id, HANDED_ON, row.doer_id))
    rung = f"handed:{row.version}"
    detail = {"reason": reason, "from": office.name_of(row.doer_id)}
    _tell(connection, office, row, [to] if to != actor.person_id else [], Says.HANDED_OVER, rung, now, detail)
    return acted.remembering(told=rung)


def raise_difficulty(
    connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, words: str, now: dt.datetime
) -> Acted:
    """vướng: the standing office hears what the doer is stuck on. Reminders go on."""
    if WorkState(row.work_state) not in OPEN:
        raise CannotDo(WorkState(row.work_state))
    values = {"difficulty": words, "work_state": after(WorkState(row.work_state), Action.START) or row.work_state}
    acted = _change(connection, office, row, actor, "difficulty", values, now, {"reason": words})
    heard, _ = hearers(office.staff, _chain(row), ["standing"], office.today(now))
    if all(hearer.person_id == actor.person_id for hearer in heard):  # the standing office itself is stuck
        heard, _ = hearers(office.staff, _chain(row), ["leaders"], office.today(now))
    rung = f"difficulty:{row.version}"
    others = [hearer.person_id for hearer in heard if hearer.person_id != actor.person_id]
    _tell(connection, office, row, others, Says.DIFFICULTY, rung, now, {"reason": words})
    return acted.remembering(told=rung)


def snooze(
    connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, until: dt.datetime, now: dt.datetime
) -> Acted:
    """nhắc … chiều mai: no early reminders to the doer before then, and one at that hour.

    What is urgent (last call, overdue) is said all the same.
    """
    if WorkState(row.work_state) not in OPEN:
        raise CannotDo(WorkState(row.work_state))
    acted = _change(connection, office, row, actor, "snoozed", {"snoozed_until": until}, now, {"until": until})
    rung = f"again:{row.version}"
    _tell(connection, office, row, [actor.person_id], Says.AGAIN, rung, now, at=until)
    return acted.remembering(told=rung)


def announce_leave(
    connection: Connection,
    office: OfficeView,
    rows: Iterable[AnyRow],
    actor: Actor,
    substitute: int,
    stand_in: tuple[int, dt.date, dt.date],
    now: dt.datetime,
) -> Acted:
    """nghỉ: the substitute hears at once what falls into the leave. ``stand_in``: its row, first and last day."""
    row_id, first, last = stand_in
    rung = f"leave:{row_id}"
    detail = {"reason": actor.name, "since": first.isoformat(), "until": last.isoformat()}
    for row in rows:
        _tell(connection, office, row, [substitute], Says.STANDS_IN, rung, now, detail, on_behalf_of=row.doer_id)
    data = {"person": actor.name, "substitute": office.name_of(substitute), "from": first, "to": last}
    journal.append(connection, office.id, now, [journal.Line(actor.name, "leave", None, data)])
    told = {"stand_in": row_id, "told": rung, "first": first.isoformat(), "last": last.isoformat()}
    return Acted(WorkState.NEW, told)


def take_back_leave(
    connection: Connection, office: OfficeView, actor: Actor, memory: dict[str, Any], now: dt.datetime
) -> bool:
    """The leave that was announced is off. False: somebody has removed it already."""
    gone = connection.execute(delete(STAND_IN).where(STAND_IN.c.id == memory["stand_in"]))
    told = connection.execute(
        select(REMINDER.c.occurrence_id)
        .where(REMINDER.c.office_id == office.id, REMINDER.c.rung == memory["told"])
        .distinct()
    ).scalars()
    for occurrence in told.all():
        _unsay(connection, occurrence, memory["told"])
        row = occurrence_row(connection, occurrence)
        if row is not None:
            _tell_withdrawn(connection, office, row, memory["told"], now)
    journal.append(connection, office.id, now, [journal.Line(actor.name, "leave_undone", None, {})])
    return bool(gone.rowcount)


# ---- the approver's and the confirmer's actions --------------------------------------------------------------------


def waiting_extension(connection: Connection, occurrence_id: int) -> AnyRow | None:
    """The request that waits for a decision, if any."""
    return connection.execute(
        select(EXTENSION).where(EXTENSION.c.occurrence_id == occurrence_id, EXTENSION.c.status == "waiting")
    ).first()


def grant_extension(
    connection: Connection, office: OfficeView, row: AnyRow, extension: AnyRow, actor: Actor, now: dt.datetime
) -> Acted:
    """đồng ý: the internal due moves, the ladder starts anew from there; the official due stays as it is."""
    _decide(connection, extension, "granted", actor, None, now)
    values = {"internal_due": extension.until, **_rearmed(office, row, extension.until, now)}
    if WorkState(row.work_state) is WorkState.SUSPENDED:  # since it was asked for: silent until it is resumed
        values["next_move_at"] = None
    data = {"was": row.internal_due, "until": extension.until, "reason": extension.reason}
    acted = _change(connection, office, row, actor, "extension_granted", values, now, data)
    connection.execute(  # what the doer asked to hear later is about the work, not about its date
        update(REMINDER)
        .where(REMINDER.c.occurrence_id == row.id, REMINDER.c.says == Says.AGAIN, REMINDER.c.status == "pending")
        .values(revision=row.revision + 1)
    )
    detail = {"until": extension.until.isoformat()}
    rung = f"granted:{extension.id}"
    # Told under the new revision: the old one's reminders fall away.
    asker = [extension.asked_by]
    _tell(connection, office, row, asker, Says.EXTENSION_GRANTED, rung, now, detail, revision=row.revision + 1)
    return acted.remembering(told=rung, requests=[(extension.id, "waiting")])


def refuse_extension(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    extension: AnyRow,
    actor: Actor,
    reason: str,
    now: dt.datetime,
) -> Acted:
    """từ chối: the internal due stays, and the asker is told why."""
    _decide(connection, extension, "refused", actor, reason, now)
    acted = _change(connection, office, row, actor, "extension_refused", {}, now, {"reason": reason})
    rung = f"refused:{row.version}"
    _tell(connection, office, row, [extension.asked_by], Says.EXTENSION_REFUSED, rung, now, {"reason": reason})
    return acted.remembering(told=rung, requests=[(extension.id, "waiting")])


def confirm(connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, now: dt.datetime) -> Acted:
    """xác nhận: the report is accepted. ``reported_at`` stays: the doer's time is the one that counts."""
    state = _guard(row, Action.CONFIRM)
    values = {"work_state": state, "closed_at": now, "next_move_at": None}
    acted = _change(connection, office, row, actor, "confirmed", values, now)
    handles.release(connection, row.id, now)
    if row.reported_by and row.reported_by != actor.person_id:
        rung = f"confirmed:{row.version}"
        _tell(connection, office, row, [row.reported_by], Says.CONFIRMED, rung, now)
        acted = acted.remembering(told=rung)
    return acted


def send_back(
    connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, reason: str, now: dt.datetime
) -> Acted:
    """trả lại: not accepted, to be done again; the ladder goes on from now."""
    state = _guard(row, Action.RETURN)
    values = {
        "work_state": state,
        "reported_at": None,
        "reported_by": None,
        "closed_at": None,
        **_rearmed(office, row, row.internal_due, now),
    }
    acted = _change(connection, office, row, actor, "returned", values, now, {"reason": reason})
    handles.hold_again(connection, row.id, now)
    doers = [row.reported_by] if row.reported_by else _chain(row)["doer"]
    rung = f"returned:{row.version}"
    _tell(connection, office, row, doers, Says.RETURNED, rung, now, {"reason": reason}, revision=row.revision + 1)
    return acted.remembering(told=rung)


# ---- the standing office's actions ---------------------------------------------------------------------------------


def aim_at(
    connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, day: dt.date, reason: str, now: dt.datetime
) -> Acted:
    """The office's own date of this one period is set by hand, never beyond the official deadline.

    What has opened climbs its ladder anew from now; what has not opens when the new date asks for it. Loading the
    office file again keeps the date (``internal_due`` differs from ``first_internal_due``).
    """
    if WorkState(row.work_state) not in OPEN:
        raise CannotDo(WorkState(row.work_state))
    values: dict[str, Any] = {"internal_due": day}
    if row.opened_at is not None:
        values |= _rearmed(office, row, day, now)
    else:
        anchors = anchors_of(row.cutoff, row.due, day)
        values |= {"next_move_at": opens_at(office.ladders[row.ladder], anchors, office.hours)}
    data = {"was": row.internal_due, "until": day, "reason": reason}
    return _change(connection, office, row, actor, "aimed", values, now, data)


def assign(
    connection: Connection, office: OfficeView, row: AnyRow, to: int, actor: Actor, reason: str | None, now: dt.datetime
) -> Acted:
    """This one period is somebody's, whomever the rule names: handed over, or noted for when it opens."""
    if row.opened_at is not None:
        return hand_over(connection, office, row, to, actor, reason, now)
    if WorkState(row.work_state) not in OPEN:
        raise CannotDo(WorkState(row.work_state))
    data = {"to": office.name_of(to), "reason": reason}
    return _change(connection, office, row, actor, "assigned", {"doer_id": to}, now, data)


def suspend(
    connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, reason: str, now: dt.datetime
) -> Acted:
    """tạm dừng: no reminders until it is resumed."""
    state = _guard(row, Action.SUSPEND)
    values = {"work_state": state, "next_move_at": None}
    told = {"reason": reason, "before": WorkState(row.work_state)}
    return _change(connection, office, row, actor, "suspended", values, now, told)


def resume(connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, now: dt.datetime) -> Acted:
    """tiếp tục: as it was when it was suspended; the ladder goes on from now."""
    begun = _guard(row, Action.RESUME)
    state = _before_suspension(connection, office, row) or begun
    values = {"work_state": state, **_rearmed(office, row, row.internal_due, now)}
    return _change(connection, office, row, actor, "resumed", values, now)


_SUSPENDED = (
    select(journal.JOURNAL.c.data)
    .where(
        journal.JOURNAL.c.office_id == bindparam("office"),
        journal.JOURNAL.c.occurrence_id == bindparam("occurrence"),
        journal.JOURNAL.c.action == "suspended",
    )
    .order_by(journal.JOURNAL.c.seq.desc())
    .limit(1)
)


def _before_suspension(connection: Connection, office: OfficeView, row: AnyRow) -> WorkState | None:
    """What the journal says it was; nothing in lines of an older program, which called it all begun."""
    told = connection.execute(_SUSPENDED, {"office": office.id, "occurrence": row.id}).scalar()
    before = json.loads(told).get("before") if told else None
    return WorkState(before) if before in OPEN else None


def cancel(
    connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, reason: str, now: dt.datetime
) -> Acted:
    """huỷ: this period need not be done; it stays in the record with the reason."""
    state = _guard(row, Action.CANCEL)
    values = {"work_state": state, "closed_at": now, "next_move_at": None}
    acted = _change(connection, office, row, actor, "cancelled", values, now, {"reason": reason})
    handles.release(connection, row.id, now)
    return acted


def reopen(connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, now: dt.datetime) -> Acted:
    """mở lại: what was cancelled is to be done after all; the ladder goes on from now.

    What had been reported waits for confirmation again, and the confirmers are asked as after the report.
    """
    state = _guard(row, Action.REOPEN, needs_confirmation=row.reported_at is not None)
    values = {"work_state": state, "closed_at": None, **_rearmed(office, row, row.internal_due, now)}
    if state is WorkState.WAITING:
        values |= {"next_move_at": _ask_again_at(office, now)}
    acted = _change(connection, office, row, actor, "reopened", values, now)
    handles.hold_again(connection, row.id, now)
    if state is WorkState.WAITING:
        rung = _ask_confirmers(connection, office, row, row.reported_by, now, row.revision + 1)
        acted = acted.remembering(told=rung)
    return acted


def undo(
    connection: Connection, office: OfficeView, row: AnyRow, actor: Actor, memory: dict[str, Any], now: dt.datetime
) -> bool:
    """hoàn tác: put the row back as it was, unless something else has happened to it since."""
    if row.version != memory["version"]:
        return False
    values = {name: _from_json(name, memory["before"][name]) for name in UNDO_KEEPS if name in memory["before"]}
    if WorkState(row.work_state) in CLOSED or values.get("revision") != row.revision:
        # A new revision, so that rungs suppressed by the closing may speak again; what was climbed stays climbed.
        values |= {"revision": row.revision + 1}
    if WorkState(values["work_state"]) in OPEN and values.get("next_move_at") is None:
        values |= _rearmed(office, row, values["internal_due"], now)
    _change(connection, office, row, actor, "undone", values, now)
    if memory.get("silenced"):  # what waited to be said waits again, under the revision that holds now
        connection.execute(
            update(REMINDER)
            .where(REMINDER.c.id.in_(memory["silenced"]), REMINDER.c.status == "suppressed")
            .values(status="pending", reason=None, revision=values.get("revision", row.revision))
        )
    _unsay(connection, row.id, memory.get("told"))
    _tell_withdrawn(connection, office, row, memory.get("told"), now, revision=values["revision"])
    if memory.get("evidence"):
        connection.execute(update(EVIDENCE).where(EVIDENCE.c.id.in_(memory["evidence"])).values(status="withdrawn"))
    for request, status in memory.get("requests", ()):
        _put_back(connection, row.id, request, status)
    if WorkState(values["work_state"]) in CLOSED:
        handles.release(connection, row.id, now)
    else:
        handles.hold_again(connection, row.id, now)
    return True


# ---- how every action is written -----------------------------------------------------------------------------------


def _guard(row: AnyRow, action: Action, *, needs_confirmation: bool = False) -> WorkState:
    state = after(WorkState(row.work_state), action, needs_confirmation=needs_confirmation)
    if state is None:
        raise CannotDo(WorkState(row.work_state))
    return state


def _change(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    actor: Actor,
    action: str,
    values: dict[str, Any],
    now: dt.datetime,
    data: dict[str, Any] | None = None,
) -> Acted:
    changed = connection.execute(
        update(OCCURRENCE)
        .where(OCCURRENCE.c.id == row.id, OCCURRENCE.c.office_id == office.id, OCCURRENCE.c.version == row.version)
        .values(version=row.version + 1, **values)
    )
    if changed.rowcount != 1:
        raise CannotDo(WorkState(row.work_state))
    state = WorkState(values.get("work_state", row.work_state))
    before = {name: _to_json(getattr(row, name)) for name in UNDO_KEEPS}
    acted = Acted(state, {"occurrence": row.id, "version": row.version + 1, "before": before})
    if state not in OPEN and WorkState(row.work_state) in OPEN:
        acted = acted.remembering(silenced=_suppress_pending(connection, row.id, SILENT_BECAUSE[state]))
    if state in CLOSED or state is WorkState.WAITING:  # nobody needs to decide about more time for what is done
        acted = acted.remembering(requests=_withdraw_request(connection, row.id))
    journal.append(
        connection,
        office.id,
        now,
        [journal.Line(actor.name, action, row.id, {"state": state, "title": row.title, **(data or {})})],
    )
    return acted


def _ask_again_at(office: OfficeView, now: dt.datetime) -> dt.datetime:
    """When the remind step asks the confirmers again, if nothing has happened; meanwhile the ladder stands still."""
    return office.hours.slot_on(office.calendar.add(office.today(now), ASK_CONFIRMER_AGAIN_AFTER), "morning").starts


def _ask_confirmers(
    connection: Connection, office: OfficeView, row: AnyRow, reporter: int | None, now: dt.datetime, revision: int
) -> str:
    """Ask whoever may confirm, now. Returns the rung of the question."""
    asked = confirmers(office.staff, _chain(row), row.confirm, reporter, office.today(now))
    rung = f"confirm:{row.version}"
    _tell(connection, office, row, [h.person_id for h in asked], Says.CONFIRM, rung, now, revision=revision)
    return rung


def _rearmed(office: OfficeView, row: AnyRow, internal_due: dt.date, now: dt.datetime) -> dict[str, Any]:
    """A new revision of the alarm: rungs up to now count as climbed, the next one is looked for."""
    ladder = office.ladders[row.ladder]
    found = climb(ladder, anchors_of(row.cutoff, row.due, internal_due), office.hours, climbed_to=now, now=now)
    return {"revision": row.revision + 1, "last_rung_at": now, "next_move_at": found.next_at, "pulled_forward": False}


def _decide(
    connection: Connection, extension: AnyRow, status: str, actor: Actor, reason: str | None, now: dt.datetime
) -> None:
    connection.execute(
        update(EXTENSION)
        .where(EXTENSION.c.id == extension.id, EXTENSION.c.status == "waiting")
        .values(status=status, decided_by=actor.person_id, decided_at=now, decision_reason=reason)
    )


def _tell(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    people: Iterable[int | None],
    says: Says,
    rung: str,
    now: dt.datetime,
    detail: dict[str, Any] | None = None,
    revision: int | None = None,
    at: dt.datetime | None = None,
    on_behalf_of: int | None = None,
) -> None:
    """Leave a line for these people; the remind step puts it into their next message, not before ``at``."""
    rows = [
        {
            "office_id": office.id,
            "occurrence_id": row.id,
            "revision": revision or row.revision,
            "rung": rung,
            "person_id": person,
            "says": says,
            "scheduled_at": at or now,
            "status": "pending",
            "detail": detail,
            "on_behalf_of": on_behalf_of,
        }
        for person in people
        if person
    ]
    if rows:
        connection.execute(upsert(connection, REMINDER).on_conflict_do_nothing(), rows)


def _suppress_pending(
    connection: Connection, occurrence_id: int, reason: str, person_id: int | None = None
) -> list[int]:
    """Lines that wait are not said. Returns them: undoing lets them wait again."""
    which = [REMINDER.c.occurrence_id == occurrence_id, REMINDER.c.status == "pending"]
    if person_id is not None:
        which.append(REMINDER.c.person_id == person_id)
    silenced = connection.execute(
        update(REMINDER).where(*which).values(status="suppressed", reason=reason).returning(REMINDER.c.id)
    )
    return list(silenced.scalars())


def _unsay(connection: Connection, occurrence_id: int, rung: str | None) -> bool:
    """Keep back the news of an action that is taken back. False: it has left already, or there was none."""
    kept_back = connection.execute(
        update(REMINDER)
        .where(REMINDER.c.occurrence_id == occurrence_id, REMINDER.c.rung == rung, REMINDER.c.status == "pending")
        .values(status="suppressed", reason="thao tác đã được rút lại")
    )
    return kept_back.rowcount > 0


def _tell_withdrawn(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    rung: str | None,
    now: dt.datetime,
    revision: int | None = None,
) -> None:
    """Whoever has already heard the news of an action hears that it was taken back: they may count on it."""
    if rung is None or (kind := rung.partition(":")[0]) not in TAKEN_BACK:
        return
    heard = connection.execute(
        select(REMINDER.c.person_id).where(
            REMINDER.c.occurrence_id == row.id, REMINDER.c.rung == rung, REMINDER.c.status == "in_message"
        )
    ).scalars()
    detail = {"reason": TAKEN_BACK[kind]}
    _tell(connection, office, row, heard.all(), Says.WITHDRAWN, f"withdrawn:{rung}", now, detail, revision=revision)


def _question(extension_id: int) -> str:
    """The rung under which approvers are asked."""
    return f"extension:{extension_id}"


def _withdraw_request(connection: Connection, occurrence_id: int) -> list[tuple[int, str]]:
    """Nobody need decide any more. Returns what undo needs: the request that waited."""
    waited = connection.execute(
        update(EXTENSION)
        .where(EXTENSION.c.occurrence_id == occurrence_id, EXTENSION.c.status == "waiting")
        .values(status="withdrawn")
        .returning(EXTENSION.c.id)
    )
    return [(request, "waiting") for request in waited.scalars()]


def _put_back(connection: Connection, occurrence_id: int, request: int, status: str) -> int:
    """A request as it was. Approvers whom the question had not reached are asked after all. Returns the asker."""
    if status == "waiting":
        connection.execute(
            update(REMINDER)
            .where(
                REMINDER.c.occurrence_id == occurrence_id,
                REMINDER.c.rung == _question(request),
                REMINDER.c.status == "suppressed",
            )
            .values(status="pending", reason=None, message_id=None)
        )
    asked_by: int = connection.execute(
        update(EXTENSION)
        .where(EXTENSION.c.id == request)
        .values(status=status, decided_by=None, decided_at=None, decision_reason=None)
        .returning(EXTENSION.c.asked_by)
    ).scalar_one()
    return asked_by


def _chain(row: AnyRow) -> dict[str, list[int]]:
    return row.chain or {"doer": [], "head": [], "standing": [], "leaders": []}


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else value


def _from_json(name: str, value: Any) -> Any:
    if value is None or name in _AS_THEY_ARE:
        return value
    return dt.date.fromisoformat(value) if name == "internal_due" else dt.datetime.fromisoformat(value)

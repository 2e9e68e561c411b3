"""What a change would do, before it is made: the same work is played out twice in a copy that nobody keeps.

First the work stays as it is, then the change is made by the very function that would make it in earnest. Both times
the engine's own decisions are asked from alarm to alarm, with nobody answering, and what differs is the effect: dates
of periods, and lines that somebody would hear on another day, no more, or anew. Decisions need no database and nothing
is sent: a year of one duty takes tens of milliseconds, where whole turns took one or two seconds.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, or_, select

from data.database import connect, create_schema
from data.rows import AnyRow
from engine.office import (
    CHAT,
    OBLIGATION,
    OCCURRENCE,
    OFFICE,
    PERSON,
    REMINDER,
    STAND_IN,
    UNIT,
    OfficeView,
    view_office,
)
from engine.plan import plan
from engine.remind import CASE_FROM, DUE, Case, Desk
from engine.rules.lifecycle import CLOSED, WorkState
from engine.why import SAYS
from schedules.office_model import ONCE, Kind

Change = Callable[[Connection, OfficeView], object]
Key = tuple[int, int, str, int]  # of a line: occurrence, revision, rung, person
REPEAT = "#"  # in a rung's name: the last one again, which goes on as long as nobody answers
FAR = dt.datetime.max.replace(tzinfo=dt.UTC)
#: How far ahead the effect is looked at: half a year shows the rhythm of short periods, a year that of long ones.
AHEAD: Mapping[Kind, int] = {Kind.WEEKLY: 45, Kind.MONTHLY: 190}
AHEAD_OF_OTHERS = 380  # days
UNTIL_ESCALATED = dt.timedelta(days=21)  # after the last deadline, so that its ladder is climbed to the top
MARGIN = dt.timedelta(days=45)  # a period at the end of the span may move beyond it


@dataclass(frozen=True, slots=True)
class Moved:
    """One period whose dates change. A day is None where the period has none, or where it comes or goes."""

    title: str
    unit: str
    was: tuple[dt.date | None, dt.date | None, dt.date | None]  # cut-off, due, internal due
    becomes: tuple[dt.date | None, dt.date | None, dt.date | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line that somebody would hear on another day (both), no more (``was`` only), or anew (``becomes`` only).

    ``why``: the engine's reason for a line that is heard no more.
    """

    title: str
    says: str
    person: str
    was: dt.date | None
    becomes: dt.date | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does up to ``until``. ``kept``: periods that are open already and keep their dates."""

    until: dt.date
    periods: tuple[Moved, ...]
    moved: tuple[Line, ...]
    lost: tuple[Line, ...]
    added: tuple[Line, ...]
    same: int
    kept: tuple[str, ...]
    besides: tuple[str, ...] = ()  # what else the same saving would bring

    @property
    def nothing(self) -> bool:
        """Whether nobody would notice within the span."""
        return not (self.periods or self.moved or self.lost or self.added)

    @property
    def in_words(self) -> str:
        """ "5 kỳ đổi ngày; 14 lời nhắc đổi ngày; không lời nhắc nào mất; thêm 2 lời nhắc." """
        lost = f"mất {len(self.lost)} lời nhắc" if self.lost else "không lời nhắc nào mất"
        parts = [
            f"{len(self.periods)} kỳ đổi ngày" if self.periods else "không kỳ nào đổi ngày",
            f"{len(self.moved)} lời nhắc đổi ngày" if self.moved else "không lời nhắc nào đổi ngày",
            lost,
            *([f"thêm {len(self.added)} lời nhắc"] if self.added else []),
        ]
        return f"{'; '.join(parts).capitalize()}."


def effect_of(
    connection: Connection,
    office: OfficeView,
    duty: AnyRow,
    change: Change,
    now: dt.datetime,
    only: int | None = None,
) -> tuple[Effect, object]:
    """The effect of ``change`` on one obligation's work, and what ``change`` returned. ``only``: on one period of it.

    ``change`` gets a connection to the copy, whose rows have the ids they have here; what it raises is raised here.
    """
    kind = Kind(duty.rule["kind"])
    until = office.today(now) + dt.timedelta(days=AHEAD.get(kind, AHEAD_OF_OTHERS))
    beyond = None if kind in ONCE else until + MARGIN
    with _copy(_rows_of(connection, office, duty.id, only, now)) as copy:
        with copy.begin_nested() as as_it_is:
            before, _ = _played(copy, office, lambda *_: None, now, beyond, only)
            as_it_is.rollback()
        after, answer = _played(copy, office, change, now, beyond, only)
    units = {unit.id: unit.name for unit in office.staff.units.values()}
    return _difference(office, units, before, after, until if beyond else None), answer


# ---- the copy -------------------------------------------------------------------------------------------------------


def _rows_of(
    connection: Connection, office: OfficeView, duty: int, only: int | None, now: dt.datetime
) -> list[tuple[Table, list[dict[str, Any]]]]:
    """Everything the engine needs to know about one obligation: the office, its people, and its work to come."""
    day = office.today(now) - MARGIN  # a period that was reported early must not be planned anew
    lives = or_(OCCURRENCE.c.work_state.not_in([str(state) for state in CLOSED]), OCCURRENCE.c.due >= day)
    mine = OCCURRENCE.c.id == only if only is not None else (OCCURRENCE.c.obligation_id == duty) & lives
    of_office = {table: table.c.office_id == office.id for table in (UNIT, PERSON, STAND_IN)}
    work = select(OCCURRENCE.c.id).where(mine)
    which = {
        OFFICE: OFFICE.c.id == office.id,
        **of_office,
        OBLIGATION: OBLIGATION.c.id == duty,
        OCCURRENCE: mine,
        REMINDER: REMINDER.c.occurrence_id.in_(work),
    }
    found = [
        (table, [dict(row) for row in connection.execute(select(table).where(clause)).mappings()])
        for table, clause in which.items()
    ]
    chats = [
        {"office_id": office.id, "person_id": member.id, "channel": "simulator", "bot": "simulator"}
        | {"address": str(member.id), "rank": 0}
        for member in office.staff.members.values()
        if member.reachable
    ]
    return [*found, (CHAT, chats)]


@dataclass(frozen=True, slots=True)
class _Played:
    occurrences: dict[tuple[str, int], AnyRow]  # by period and unit
    heard: dict[tuple[str, int, str, int], tuple[dt.date, str]]  # by period, unit, rung, person: when, and what is said
    kept: tuple[str, ...]  # titles of what had opened before anything was changed
    silent: dict[tuple[str, int, str, int], str]  # what is not said, and why


@cache
def _bench() -> tuple[Engine, Lock]:
    """A database in memory with all tables, for one at a time. Making it takes longer than all the rest."""
    engine = connect("sqlite://")
    create_schema(engine)
    return engine, Lock()


@contextmanager
def _copy(rows: list[tuple[Table, list[dict[str, Any]]]]) -> Iterator[Connection]:
    engine, one_at_a_time = _bench()
    with one_at_a_time, engine.connect() as copy, copy.begin() as transaction:
        for table, its in rows:
            if its:
                copy.execute(insert(table), its)
        yield copy
        transaction.rollback()  # as does every error: the bench is empty again


def _played(
    copy: Connection,
    office: OfficeView,
    change: Change,
    now: dt.datetime,
    beyond: dt.date | None,
    only: int | None,
) -> tuple[_Played, object]:
    opened = select(OCCURRENCE.c.id).where(OCCURRENCE.c.opened_at.is_not(None))
    open_already = set(copy.execute(opened).scalars())
    answer = change(copy, view_office(copy, office.id))
    if only is None:
        plan(copy, now)
    rows = {row.id: row for row in copy.execute(select(OCCURRENCE)) if WorkState(row.work_state) not in CLOSED}
    said = [dict(line) for line in copy.execute(select(REMINDER).order_by(REMINDER.c.id)).mappings()]
    said += _to_be_said(copy, view_office(copy, office.id), now, beyond, {_key(line) for line in said})
    heard, silent = {}, {}
    for line in said:
        row = rows.get(line["occurrence_id"])
        if row is None or line["scheduled_at"] < now:
            continue
        key = (row.period_key, row.unit_id, line["rung"], line["person_id"])
        if line["status"] == "suppressed":
            silent[key] = line["reason"] or ""
        elif REPEAT not in line["rung"]:
            heard[key] = line["scheduled_at"].astimezone(office.zone).date(), SAYS.get(line["says"], line["says"])
    kept = tuple(row.title for row in rows.values() if row.id in open_already)
    return _Played({(row.period_key, row.unit_id): row for row in rows.values()}, heard, kept, silent), answer


def _to_be_said(
    copy: Connection, office: OfficeView, now: dt.datetime, beyond: dt.date | None, there: set[Key]
) -> list[dict[str, Any]]:
    """Every line to come while nobody answers, decided from alarm to alarm as a turn decides it."""
    due = copy.execute(DUE, {"offices": [office.id], "now": FAR}).all()
    cases = [(row.id, row.version, Case._make((*row[CASE_FROM:], ()))) for row in due]
    played = [one for one in cases if beyond is None or one[2].due <= beyond]  # what falls due later: not looked at
    if not played:
        return []
    last = max(case.due for _, _, case in played)
    end = dt.datetime.combine(last, dt.time(), office.zone).astimezone(dt.UTC) + UNTIL_ESCALATED
    said: list[dict[str, Any]] = []
    for occurrence, version, case in played:
        for line in _climbed(office, occurrence, version, case, now, end):
            if (key := _key(line)) not in there:  # a rung that was said once is not said again
                there.add(key)
                said.append(line)
    return said


def _climbed(
    office: OfficeView, occurrence: int, version: int, case: Case, now: dt.datetime, end: dt.datetime
) -> Iterator[dict[str, Any]]:
    """What is said of one occurrence."""
    while (at := _at_work(office, max(case.next_move_at, now))) < end:
        decided = Desk(office, at).move(occurrence, version, case[:-1])
        moved, opens = decided.move, decided.opens
        yield from ({**line, "occurrence_id": occurrence} for line in decided.reminders)
        if moved["b_next"] is None or any(REPEAT in line["rung"] for line in decided.reminders):
            return
        fresh = {"chain": json.dumps(opens["b_chain"]), "opened_at": opens["b_opened"]} if opens else {}
        now = at
        case = case._replace(
            next_move_at=moved["b_next"], last_rung_at=moved["b_climbed"], pulled_forward=False, **fresh
        )


def _at_work(office: OfficeView, at: dt.datetime) -> dt.datetime:
    return at if office.hours.slot_at(at) else office.hours.next_slot(at).starts


def _key(line: Mapping[str, Any]) -> Key:
    return line["occurrence_id"], line["revision"], line["rung"], line["person_id"]


# ---- what differs ---------------------------------------------------------------------------------------------------


def _difference(
    office: OfficeView, units: Mapping[int, str], before: _Played, after: _Played, until: dt.date | None
) -> Effect:
    titles = {key: row.title for key, row in (before.occurrences | after.occurrences).items()}
    due = {key: row.due for key, row in (after.occurrences | before.occurrences).items()}
    keys = sorted((key for key in titles if until is None or due[key] <= until), key=lambda key: (due[key], key))
    periods = [
        Moved(titles[key], units.get(key[1], ""), was, becomes)
        for key in keys
        if (was := _dates(before.occurrences.get(key))) != (becomes := _dates(after.occurrences.get(key)))
    ]
    lines: list[Line] = []
    same = 0
    for heard in {**before.heard, **after.heard}:
        was_heard, is_heard = before.heard.get(heard), after.heard.get(heard)
        if heard[:2] not in keys:
            continue
        if was_heard == is_heard:
            same += 1
            continue
        said = is_heard or was_heard
        days = was_heard[0] if was_heard else None, is_heard[0] if is_heard else None
        why = "" if is_heard else after.silent.get(heard, "")
        lines.append(Line(titles[heard[:2]], said[1] if said else "", office.name_of(heard[3]), *days, why))
    lines.sort(key=lambda line: (line.becomes or line.was or dt.date.max, line.title, line.person))
    return Effect(
        until or max(due.values(), default=dt.date.min),
        tuple(periods),
        tuple(line for line in lines if line.was and line.becomes),
        tuple(line for line in lines if line.becomes is None),
        tuple(line for line in lines if line.was is None),
        same,
        before.kept,
    )


def _dates(row: AnyRow | None) -> tuple[dt.date | None, dt.date | None, dt.date | None]:
    return (row.cutoff, row.due, row.internal_due) if row is not None else (None, None, None)

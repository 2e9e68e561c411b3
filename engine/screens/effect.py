"""What a change would do, before it is made: the same work is played out twice in a copy that nobody keeps.

One copy stays as it is, in the other the change is made by the very function that would make it in earnest. Then the
engine's own steps run over both, with a virtual clock and nobody answering, and what differs is the effect: dates of
periods, and lines that somebody would hear on another day, no more, or anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select, update

from data.database import connect, create_schema, reading
from data.rows import AnyRow
from engine.clock import VirtualClock
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
from engine.preview import play
from engine.rules.lifecycle import CLOSED, WorkState
from engine.why import SAYS
from schedules.office_model import ONCE, Kind

Change = Callable[[Connection, OfficeView], object]
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
    connection: Connection, office: OfficeView, duty: AnyRow, change: Change, now: dt.datetime
) -> tuple[Effect, object]:
    """The effect of ``change`` on one obligation's work, and what ``change`` returned.

    ``change`` gets a connection to the copy, whose rows have the ids they have here; what it raises is raised here.
    """
    kind = Kind(duty.rule["kind"])
    until = office.today(now) + dt.timedelta(days=AHEAD.get(kind, AHEAD_OF_OTHERS))
    beyond = None if kind in ONCE else until + MARGIN
    rows = _rows_of(connection, office, duty.id)
    before, _ = _played(rows, office, lambda *_: None, now, beyond)
    after, answer = _played(rows, office, change, now, beyond)
    units = {unit.id: unit.name for unit in office.staff.units.values()}
    return _difference(office, units, before, after, until if beyond else None), answer


# ---- the copy -------------------------------------------------------------------------------------------------------


def _rows_of(connection: Connection, office: OfficeView, duty: int) -> list[tuple[Table, list[dict[str, Any]]]]:
    """Everything the engine needs to know about one obligation: the office, its people, and this work."""
    mine = OCCURRENCE.c.obligation_id == duty
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


def _played(
    rows: list[tuple[Table, list[dict[str, Any]]]],
    office: OfficeView,
    change: Change,
    now: dt.datetime,
    beyond: dt.date | None,
) -> tuple[_Played, object]:
    engine = connect("sqlite://")
    try:
        create_schema(engine)
        with engine.begin() as copy:
            for table, its in rows:
                if its:
                    copy.execute(insert(table), its)
            opened = select(OCCURRENCE.c.id).where(OCCURRENCE.c.opened_at.is_not(None))
            open_already = set(copy.execute(opened).scalars())
            answer = change(copy, view_office(copy, office.id))
            plan(copy, now)
            copy.execute(update(OFFICE).values(next_digest_at=None))  # digests tell of the whole office, not of this
            if beyond:  # what falls due later need not be played
                copy.execute(update(OCCURRENCE).where(OCCURRENCE.c.due > beyond).values(next_move_at=None))
            latest = select(func.max(OCCURRENCE.c.due)).where(OCCURRENCE.c.next_move_at.is_not(None))
            last = copy.execute(latest).scalar()
        if last is not None:
            end = dt.datetime.combine(last, dt.time(), office.zone).astimezone(dt.UTC) + UNTIL_ESCALATED
            for _ in play(engine, VirtualClock(now), end):
                pass
        return _read(engine, office, now, open_already), answer
    finally:
        engine.dispose()


def _read(engine: Engine, office: OfficeView, now: dt.datetime, open_already: set[int]) -> _Played:
    with reading(engine) as copy:
        occurrences = {
            (row.period_key, row.unit_id): row
            for row in copy.execute(select(OCCURRENCE))
            if WorkState(row.work_state) not in CLOSED
        }
        lines = copy.execute(
            select(REMINDER, OCCURRENCE.c.period_key, OCCURRENCE.c.unit_id)
            .join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
            .where(REMINDER.c.scheduled_at >= now)
        ).all()
    heard = {
        (line.period_key, line.unit_id, line.rung, line.person_id): (
            line.scheduled_at.astimezone(office.zone).date(),
            SAYS.get(line.says, line.says),
        )
        for line in lines
        if line.status == "in_message"
        and "#" not in line.rung  # repeats of the last rung go on as long as nobody answers
    }
    kept = tuple(row.title for row in occurrences.values() if row.id in open_already)
    silent = {
        (line.period_key, line.unit_id, line.rung, line.person_id): line.reason or ""
        for line in lines
        if line.status == "suppressed"
    }
    return _Played(occurrences, heard, kept, silent)


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

"""What should be true, in as few words as possible: written from DESIGN, not from the code.

The model knows the office file, the dates of each occurrence and the journal. From these it says in which state work
is, which rung must have been said or explained by now, who is to hear it, and what the digest counts. It shares the
calendar of days off with the product (that has tests of its own), and nothing else.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from schedules.office_file import ladder_of, ladders
from schedules.office_model import Ladder, Obligation, OfficeFile, Rung
from schedules.workdays import vietnam_calendar
from tests.sim.recipe import ZONE

OPEN = {"new", "doing", "returned"}
MORNING, NOON, AFTERNOON, EVENING = dt.time(7, 30), dt.time(11, 30), dt.time(13, 30), dt.time(17)
#: DESIGN section 6: these may come twice, everything else once.
TWICE = {"last_call", "overdue", "escalation", "confirm", "extension_asked", "returned", "extension_refused"}
TWICE |= {"unreached", "difficulty", "handed_over"}
ABOUT_OPEN_WORK = {"collect", "write", "soon", "last_call", "overdue", "escalation", "unreached", "returned"}
ABOUT_OPEN_WORK |= {"difficulty", "handed_over", "again", "stands_in"}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


# ---- time ---------------------------------------------------------------------------------------------------------


def slot_of(at: dt.datetime) -> str | None:
    """ "2026-03-16/am" while the office works, else None."""
    local = at.astimezone(ZONE)
    if not works(local.date()):
        return None
    if MORNING <= local.time() < NOON:
        return f"{local.date()}/am"
    return f"{local.date()}/pm" if AFTERNOON <= local.time() < EVENING else None


@cache
def works(day: dt.date) -> bool:
    """Whether the office works on that day."""
    return vietnam_calendar().is_working(day)


@cache
def walk(day: dt.date, working_days: int) -> dt.date:
    """So many working days later (earlier)."""
    step = 1 if working_days > 0 else -1
    while working_days:
        day += dt.timedelta(days=step)
        working_days -= step if works(day) else 0
    return day


@cache
def start_of(day: dt.date, slot: str) -> dt.datetime:
    """When that half of that day begins."""
    return dt.datetime.combine(day, MORNING if slot == "morning" else AFTERNOON, ZONE).astimezone(dt.UTC)


# ---- work ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """How a piece of work stands, by what people have done to it."""

    state: str
    internal_due: dt.date
    doer: int | None = None
    base: dt.datetime | None = None  # rungs up to here are over and done with
    reported_at: dt.datetime | None = None
    reporter: str | None = None
    asked: dt.date | None = None  # more time is asked for, until then
    granted: tuple[dt.datetime, ...] = ()
    highest: dt.datetime | None = None  # the highest rung said since then
    pulled: bool = False  # that one came before its time
    before: str = "doing"  # the state it was suspended in


@dataclass(slots=True)
class Work:
    """One occurrence, with its history."""

    id: int
    title: str
    unit: str
    duty: Obligation
    cutoff: dt.date | None
    due: dt.date
    now: Standing
    opened: bool = False
    chain: dict[str, list[int]] = field(default_factory=dict)
    changes: int = 0
    past: list[tuple[Standing, dict[str, list[int]]]] = field(default_factory=list)
    said: set[tuple[str, dt.datetime]] = field(default_factory=set)  # rungs that have a line, whatever became of it

    @property
    def ladder(self) -> Ladder:
        """Its ladder."""
        return ladders()[ladder_of(self.duty)]

    @property
    def open(self) -> bool:
        """Whether its doer is still to act."""
        return self.now.state in OPEN

    @property
    def deadline(self) -> dt.date:
        """The deadline that counts."""
        return max(self.due, self.now.internal_due)

    def rungs(self) -> list[tuple[Rung, dt.datetime]]:
        """Every rung at its moment, lowest first."""
        return _rungs(ladder_of(self.duty), self.cutoff, self.now.internal_due, self.deadline)


@cache
def _rungs(
    ladder: str, cutoff: dt.date | None, internal_due: dt.date, deadline: dt.date
) -> list[tuple[Rung, dt.datetime]]:
    anchors = {"cutoff": cutoff, "internal_due": internal_due, "deadline": deadline}
    found = []
    for rung in ladders()[ladder].rungs:
        day = anchors[rung.anchor]
        if day is not None:
            while not works(day):
                day -= dt.timedelta(days=1)
            found.append((rung, start_of(walk(day, rung.days), rung.slot)))
    return sorted(found, key=lambda pair: pair[1])


#: What each line of the journal does to the work it is about.
def _after(work: Work, action: str, at: dt.datetime, actor: str, data: Mapping[str, Any], people: People) -> Standing:
    now = work.now
    match action:
        case "started":
            return replace(now, state="doing")
        case "difficulty":
            return replace(now, state="doing")
        case "reported":
            level = work.duty.confirm
            judges = work.chain.get(level, []) if level != "none" else []
            waits = bool(judges) and people.named(actor) not in judges
            state = "waiting" if waits else "done"
            return replace(now, state=state, reported_at=at, reporter=actor, asked=None)
        case "extension_asked":
            return replace(now, asked=dt.date.fromisoformat(data["until"]))
        case "extension_granted":
            until = dt.date.fromisoformat(data["until"])
            fresh = replace(now, base=at, highest=None, pulled=False)
            return replace(fresh, internal_due=until, asked=None, granted=(*now.granted, at))
        case "extension_refused":
            return replace(now, asked=None)
        case "confirmed":
            return replace(now, state="done")
        case "returned":
            return replace(now, state="returned", base=at, highest=None, pulled=False, reported_at=None, reporter=None)
        case "handed_over":
            return replace(now, doer=people.named(data["to"]))
        case "suspended":
            return replace(now, state="suspended", before=now.state)
        case "resumed":
            return replace(now, state=now.before, base=at, highest=None, pulled=False)
        case "cancelled":
            return replace(now, state="cancelled", asked=None)
        case "reopened":
            state = "waiting" if now.reported_at else "new"
            return replace(now, state=state, base=at, highest=None, pulled=False)
        case "snoozed":
            return now
    raise AssertionError(f"the journal tells of {action!r}, which the model does not know")


@dataclass(slots=True)
class People:
    """Who is there, who is away, who can be reached."""

    office: OfficeFile
    ids: dict[str, int]
    active: set[int] = field(default_factory=set)
    reachable: set[int] = field(default_factory=set)
    away: list[tuple[int, int, dt.date, dt.date]] = field(default_factory=list)

    def named(self, name: str) -> int | None:
        """The person of that name."""
        return next((self.ids[person.id] for person in self.office.people if person.name == name), None)

    def stand_in(self, person: int, today: dt.date) -> int:
        """Who hears for this person today."""
        seen, current = {person}, person
        while True:
            found = [sub for who, sub, first, last in self.away if who == current and first <= today <= last]
            if not found:
                return current
            current = found[-1]
            if current in seen:
                return person
            seen.add(current)

    def acts_for(self, person: int, today: dt.date) -> set[int]:
        """Whose work this person may speak about today."""
        return {person} | {who for who, sub, first, last in self.away if sub == person and first <= today <= last}

    def hears(self, chain: Mapping[str, list[int]], levels: Iterable[str], today: dt.date) -> dict[int, bool]:
        """Who is to have a line, and whether they can be reached."""
        found: dict[int, bool] = {}
        for level in levels:
            for person in chain.get(level, ()):
                hearer = self.stand_in(person, today)
                there = hearer in self.active
                reached = there and hearer in self.reachable
                key = hearer if there else person
                found[key] = found.get(key, False) or reached
        return found

    def chain(self, unit: str, doer: str | None) -> dict[str, list[int]]:
        """chuyên viên → trưởng đơn vị → cơ quan thường trực → lãnh đạo."""
        units = {one.id: one for one in self.office.units}
        there = [person for person in self.office.people if self.ids[person.id] in self.active]
        officers = [p for p in there if p.unit == unit and p.role == "officer"]
        heads, above, seen = [], units.get(unit), set[str]()
        while above and above.id not in seen and units[unit].kind != "partner":
            seen.add(above.id)
            heads += [p for p in there if p.unit == above.id and p.role == "head"]
            above = units.get(above.escalates_to or "")
        standing_unit = self.office.office.standing_unit
        standing = [p for p in there if p.standing]
        standing += [p for p in there if p.unit == standing_unit and p.role == "head" and not p.standing]
        leaders = [p for p in there if p.role == "leader" and (not p.in_charge_of or unit in p.in_charge_of)]
        leaders.sort(key=lambda p: not p.in_charge_of)
        doers = [p for p in there if p.id == doer] or officers[:1] or heads[:1] or standing[:1]
        levels = {"doer": doers, "head": heads or standing[:1], "standing": standing, "leaders": leaders}
        return {level: list(dict.fromkeys(self.ids[p.id] for p in those)) for level, those in levels.items()}


class Model:
    """All work of the office."""

    def __init__(self, office: OfficeFile) -> None:
        self.office = office
        self.duties = {duty.id: duty for duty in office.obligations}
        self.people = People(office, {})
        self.works: dict[int, Work] = {}

    def learn(self, action: str, at: dt.datetime, actor: str, work_id: int | None, data: str) -> Work | None:
        """One line of the journal. Returns the work that somebody has changed, if any."""
        work = self.works.get(work_id or 0)
        if work is None or action == "unreached":
            return None
        if action == "opened":
            assert not work.opened, f"{work.title} is opened twice"
            work.opened = True
            return None
        told = json.loads(data)
        if action == "undone":
            back = work.now
            work.now, chain = work.past.pop()
            work.chain = chain or work.chain
            if work.now.doer is not None:
                work.chain = {**work.chain, "doer": [work.now.doer]}
            if back.state == "cancelled":
                raise AssertionError("nobody may undo a cancelling by chat")
        else:
            work.past.append((work.now, work.chain))
            work.now = _after(work, action, at, actor, told, self.people)
            if action == "handed_over" and work.now.doer is not None:
                work.chain = {**work.chain, "doer": [work.now.doer]}
        work.changes += 1
        assert told["state"] == work.now.state, f"{work.title}: {action} leads to {told['state']}, not {work.now.state}"
        return work

    def due_unsaid(self, work: Work, now: dt.datetime) -> list[tuple[Rung, dt.datetime]]:
        """Rungs that are due and have no line at all."""
        if not work.open:
            return []
        base = work.now.base
        return [
            (rung, at)
            for rung, at in work.rungs()
            if at <= now
            and (base is None or at > base)
            and (rung.id, at) not in work.said
            and not (work.now.pulled and work.now.highest and at <= work.now.highest)
        ]

    def next_unsaid(self, work: Work, now: dt.datetime) -> dt.datetime | None:
        """When the next rung is to be said, at the latest."""
        over = max((at for at in (work.now.base, work.now.highest) if at), default=now)
        return min((at for _, at in work.rungs() if at > now and at > over), default=None)

    # ---- the digest

    def digest(self, monday: dt.date, now: dt.datetime) -> dict[str, int]:
        """The numbers of the week's digest, counted from what the journal told."""
        first, after = _midnight(monday), _midnight(monday + dt.timedelta(days=7))
        last_coming = monday + dt.timedelta(days=13)
        counts = dict.fromkeys(("on_time", "late", "late_accepted", "overdue", "coming", "granted", "waiting"), 0)
        for work in self.works.values():
            at = work.now.reported_at
            counts["granted"] += sum(first <= when < after for when in work.now.granted)
            counts["waiting"] += work.now.asked is not None
            if at is not None and first <= at < after:
                late = at > self._ends(work.due, work.duty)
                counts["late" if late else "on_time"] += 1
                extended = work.now.internal_due > work.due
                counts["late_accepted"] += late and extended and at <= _midnight(_next(work.now.internal_due))
            elif at is None and work.open:
                if now > (
                    self._ends(work.due, work.duty)
                    if work.now.internal_due <= work.due
                    else _midnight(_next(work.deadline))
                ):
                    counts["overdue"] += 1
                elif work.now.internal_due <= last_coming:
                    counts["coming"] += 1
        return counts

    @staticmethod
    def _ends(day: dt.date, duty: Obligation) -> dt.datetime:
        clock = duty.due.time if duty.due else None
        if clock:
            return dt.datetime.combine(day, dt.time.fromisoformat(clock), ZONE).astimezone(dt.UTC)
        return _midnight(_next(day))


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZONE).astimezone(dt.UTC)


def _next(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=1)

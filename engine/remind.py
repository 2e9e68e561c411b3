"""Step 3, remind: who must hear something now, gathered into one polite message a person.

1. *Climb*: every occurrence whose alarm is due takes its newest rung; each hearer gets a reminder row, everyone who
   cannot or need not hear gets one with the reason why.
2. *Gather*: all pending reminders of one person become one message of the outbox for this slot.

Outside working hours nothing is decided: the alarms stay due until the next slot begins.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, and_, bindparam, cast, func, insert, or_, select, union, union_all, update
from sqlalchemy import case as sql_case

from data import bulk, handles, journal, setbacks
from data.one_of import one_of
from data.rows import AnyRow
from data.turns import alone_with, among
from engine.messages import AT_LEAST_ONCE, Says
from engine.office import MESSAGE, OBLIGATION, OCCURRENCE, PERSON, REMINDER, OfficeView, view_offices
from engine.outbox import PERHAPS_HEARD
from engine.rules.chain import Chain, Hearer, Unheard, chain_for, confirmers, hearers
from engine.rules.ladder import Anchors, Climb, Step, anchors_of, climb
from engine.rules.lifecycle import OPEN, WorkState
from schedules.hours import Slot

AT_ONCE_WITH_HIGHER = "cùng lúc với một bậc nhắc cao hơn"
PASSED_OVER = "đã tới bậc nhắc mới hơn khi hệ thống hoạt động lại"
GONE = "không còn công tác tại cơ quan"
ASKED_FOR_LATER = "người nhận đã xin nhắc lại sau"
NOBODY_NAMED = "khi mở việc không có ai ở bậc này"
ASK_CONFIRMER_AGAIN_AFTER = 3  # working days
LEADERS_CONFIRM_AFTER = 6  # working days since the report: two questions without an answer
MOST_AT_ONCE = 5_000  # occurrences in one turn; the rest wait for the next
Lines = dict[str, Any]  # rows of reminders that differ in their occurrence only: "occurrence_id" lists them all
CASE_FROM = 3  # in a row of DUE, before that: id, office, version
_EARLY = frozenset({Says.COLLECT, Says.WRITE, Says.SOON})
_URGENT = frozenset(str(says) for says in AT_LEAST_ONCE)

DUE = (
    select(
        OCCURRENCE.c.id,
        OCCURRENCE.c.office_id,
        OCCURRENCE.c.version,
        # from here on in the order of Case
        OCCURRENCE.c.unit_id,
        OCCURRENCE.c.cutoff,
        OCCURRENCE.c.due,
        OCCURRENCE.c.internal_due,
        OCCURRENCE.c.work_state,
        cast(OCCURRENCE.c.chain, Text),
        OCCURRENCE.c.opened_at,
        OCCURRENCE.c.reported_at,
        OCCURRENCE.c.reported_by,
        OCCURRENCE.c.revision,
        OCCURRENCE.c.last_rung_at,
        OCCURRENCE.c.pulled_forward,
        OCCURRENCE.c.next_move_at,
        OCCURRENCE.c.snoozed_until,
        OBLIGATION.c.ladder,
        OBLIGATION.c.confirm,
        sql_case(
            (
                OCCURRENCE.c.chain.is_(None),  # asked only where it opens
                # Of a period that somebody was given by hand before it opened, theirs is the name that counts.
                func.coalesce(
                    select(PERSON.c.slug).where(PERSON.c.id == OCCURRENCE.c.doer_id).scalar_subquery(),
                    OBLIGATION.c.rule["doer"].as_string(),
                ),
            )
        ),
    )
    .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
    .where(
        OCCURRENCE.c.next_move_at <= bindparam("now"),
        one_of(OCCURRENCE.c.office_id, "offices", seek=False),  # SQLite: nearly all that is due is theirs
    )
    .order_by(OCCURRENCE.c.next_move_at, OCCURRENCE.c.id)
    .limit(MOST_AT_ONCE)
    # Whoever acts on one at this moment has it; ours stay as read until they are moved. SQLite: one writer anyway.
    .with_for_update(skip_locked=True, of=OCCURRENCE)
)
# Two statements: what opens gets the chain of its case; whatever their chain, those of one ladder move alike.
_ALIKE = update(OCCURRENCE).where(one_of(OCCURRENCE.c.id, "b_ids"), OCCURRENCE.c.version == bindparam("b_version"))
_OPEN = _ALIKE.values(chain=bindparam("b_chain"), doer_id=bindparam("b_doer"), opened_at=bindparam("b_opened"))
_MOVE = _ALIKE.values(next_move_at=bindparam("b_next"), last_rung_at=bindparam("b_climbed"), pulled_forward=False)
_PUT_OFF = update(OCCURRENCE).where(OCCURRENCE.c.id == bindparam("b_id")).values(next_move_at=bindparam("b_next"))
_WAITING = union(
    select(OCCURRENCE.c.office_id).where(OCCURRENCE.c.next_move_at <= bindparam("now")),
    select(REMINDER.c.office_id).where(REMINDER.c.status == "pending", REMINDER.c.scheduled_at <= bindparam("now")),
)
_LOST = (
    select(REMINDER.c.occurrence_id, REMINDER.c.person_id, REMINDER.c.reason)
    .join(MESSAGE, MESSAGE.c.id == REMINDER.c.message_id)
    .where(
        one_of(REMINDER.c.occurrence_id, "occurrences"),
        REMINDER.c.status == "suppressed",
        MESSAGE.c.status == "refused",
    )
    .order_by(REMINDER.c.id.desc())
)
_PENDING = (
    select(REMINDER.c.id, REMINDER.c.office_id, REMINDER.c.person_id, REMINDER.c.says)
    .where(
        REMINDER.c.status == "pending",
        REMINDER.c.scheduled_at <= bindparam("now"),  # a line may be meant for later: "nhắc 3 chiều mai"
        one_of(REMINDER.c.office_id, "offices"),
    )
    .order_by(REMINDER.c.id)  # in this order they are locked, too
)
_PUT = (
    update(REMINDER)
    .where(REMINDER.c.id == bindparam("b_id"))
    .values(status="in_message", message_id=bindparam("b_message"))
)
_SILENCE = (
    update(REMINDER).where(REMINDER.c.id == bindparam("b_id")).values(status="suppressed", reason=bindparam("b_reason"))
)
# What never had a number. Asked of the messages just written to: of a thousand pairs on a later rung, none.
_UNNUMBERED = (
    select(REMINDER.c.person_id, REMINDER.c.occurrence_id, REMINDER.c.id)
    .outerjoin(
        handles.HANDLE,
        and_(
            handles.HANDLE.c.person_id == REMINDER.c.person_id,
            handles.HANDLE.c.occurrence_id == REMINDER.c.occurrence_id,
        ),
    )
    .where(
        one_of(REMINDER.c.message_id, "messages"),
        REMINDER.c.status == "in_message",
        handles.HANDLE.c.number.is_(None),
    )
    .order_by(REMINDER.c.id)
)
_WRITE = insert(MESSAGE)
_WRITTEN = select(MESSAGE.c.person_id, MESSAGE.c.id).where(
    one_of(MESSAGE.c.person_id, "people"), MESSAGE.c.slot == bindparam("slot")
)
_MAKE_URGENT = update(MESSAGE).where(MESSAGE.c.id == bindparam("b_id")).values(urgent=True)
_OF = select(MESSAGE.c.id, MESSAGE.c.person_id, MESSAGE.c.kind, MESSAGE.c.status).where(
    one_of(MESSAGE.c.person_id, "people")
)
_OF_PEOPLE = union_all(  # three small questions, each with its index: a person's history grows for years
    _OF.where(MESSAGE.c.slot == bindparam("slot")),
    _OF.where(
        MESSAGE.c.sent_at.is_(None),  # says nothing new, and leads SQLite to the index by person and moment
        MESSAGE.c.kind.in_(("reminder", "digest")),
        or_(
            MESSAGE.c.status == "claimed",  # on its way; or its sender died, and it is about to be sent again
            # to be tried now, or again: it will be heard
            (MESSAGE.c.status == "queued") & or_(MESSAGE.c.not_before <= bindparam("now"), MESSAGE.c.attempts > 0),
            PERHAPS_HEARD & (MESSAGE.c.claimed_at < bindparam("ends")),
        ),
    ),
    _OF.where(  # not what left while the clock was ahead: nobody waits for that day to come
        MESSAGE.c.sent_at >= bindparam("starts"),
        MESSAGE.c.sent_at < bindparam("ends"),
        MESSAGE.c.kind.not_in(("answer", "edit")),
    ),
)


def remind(
    connection: Connection,
    now: dt.datetime,
    of: Collection[str] | None = None,
    seen: dict[str, OfficeView] | None = None,
) -> int:
    """Climb and gather for every office, or each of these, that is at work. Returns the number of new messages."""
    waiting = connection.execute(_WAITING, {"now": now}).scalars().all()
    offices = view_offices(connection, alone_with(connection, among(of, waiting)), seen)
    slots = {office.id: slot for office in offices.values() if (slot := office.hours.slot_at(now)) is not None}
    if not slots:
        return 0
    said, due = _climb_all(connection, {office: offices[office] for office in slots}, now)
    # Offices of one country share their hours: nearly always this is one group.
    of_slot: dict[Slot, list[str]] = defaultdict(list)
    for office_id, slot in slots.items():
        of_slot[slot].append(office_id)
    return sum(
        _gather(
            connection,
            {office_id: offices[office_id] for office_id in group},
            slot,
            now,
            [line for office_id in group for line in said[office_id]],
            due,
        )
        for slot, group in of_slot.items()
    )


# ---- climb --------------------------------------------------------------------------------------------------------


def _climb_all(
    connection: Connection, offices: Mapping[str, OfficeView], now: dt.datetime
) -> tuple[dict[str, list[Lines]], list[int]]:
    """Move every alarm that is due.

    Returns the reminders of each office (what to say, and what not and why) and the occurrences, as they came due.
    """
    desks = {office.id: Desk(office, now) for office in offices.values()}
    found = connection.execute(DUE, {"offices": list(desks), "now": now}).all()
    due = [row[0] for row in found]
    lost = _lost(connection, [row[0] for row in found if row[_PULLED]])
    had_setback = setbacks.standing(connection, "occurrence").keys() if due else set()
    put_off: list[dict[str, Any]] = []
    for row in found:
        occurrence_id, office_id, version = row[:CASE_FROM]
        try:
            desks[office_id].move(occurrence_id, version, row[CASE_FROM:], lost.get(occurrence_id, ()))
        except Exception as error:  # one that cannot be decided must not silence the others
            setback = setbacks.note(connection, "occurrence", occurrence_id, office_id, error, now)
            put_off.append({"b_id": occurrence_id, "b_next": setback.try_after})
    bulk.write(connection, _PUT_OFF, put_off)
    if had_setback:
        setbacks.over(connection, "occurrence", had_setback & set(due) - {each["b_id"] for each in put_off})
    decided = [one for desk in desks.values() for one in desk.decided]
    bulk.write(connection, _OPEN, [row for one in decided if one.opens for row in one.all_of(one.opens)])
    bulk.write(connection, _MOVE, _together([row for one in decided for row in one.all_of(one.move)]))
    journal.append_each(connection, now, {office_id: desk.lines for office_id, desk in desks.items()})
    return {office_id: desk.reminders() for office_id, desk in desks.items()}, due


def _together(moves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for all, of whatever office, that go to the same rung."""
    alike: dict[tuple[object, ...], dict[str, Any]] = {}
    for move in moves:
        ids = move.pop("b_ids")
        alike.setdefault(tuple(move.values()), {**move, "b_ids": []})["b_ids"] += ids
    return list(alike.values())


def _lost(connection: Connection, occurrences: list[int]) -> dict[int, tuple[Unheard]]:
    """Whom the newest message about each of these did not reach, and why."""
    found: dict[int, tuple[Unheard]] = {}
    if occurrences:
        for row in connection.execute(_LOST, {"occurrences": occurrences}):
            found.setdefault(row.occurrence_id, (Unheard(row.person_id, row.reason),))
    return found


class Case(NamedTuple):
    """All that a decision rests on. Much of what is due on one morning is the same case: it is decided once."""

    unit_id: int
    cutoff: dt.date | None
    due: dt.date
    internal_due: dt.date
    work_state: str
    chain: str | None  # as stored
    opened_at: dt.datetime | None
    reported_at: dt.datetime | None
    reported_by: int | None
    revision: int
    last_rung_at: dt.datetime | None
    pulled_forward: bool
    next_move_at: dt.datetime
    snoozed_until: dt.datetime | None
    ladder: str
    confirm: str
    doer: str | None
    lost: tuple[Unheard, ...]  # whom the last message did not reach


_PULLED = CASE_FROM + Case._fields.index("pulled_forward")  # by its place: by its name it takes much longer


@dataclass(slots=True)
class Decided:
    """What becomes of every occurrence of one case: what is said, how it moves, and its chain if it opens."""

    reminders: list[dict[str, Any]]  # without the occurrence
    move: dict[str, Any]
    opens: dict[str, Any] | None
    told: dict[str, Any] | None  # of what opens, what its journal says
    unheard: list[dict[str, Any]]  # rungs for which the chain names nobody: no reminder row can say why
    of_version: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # the occurrences

    def all_of(self, change: Mapping[str, Any]) -> list[dict[str, Any]]:
        """This change to each of them: a row for each version that they stand at."""
        return [{**change, "b_version": version, "b_ids": ids} for version, ids in self.of_version.items()]


class Desk:
    """Collects what one office's climb decides, to be written together with the other offices' in four statements."""

    def __init__(self, office: OfficeView, now: dt.datetime) -> None:
        self.office = office
        self.now = now
        self.today = office.today(now)
        self.lines: list[journal.Line] = []
        self._unit_slugs = {unit.id: unit.slug for unit in office.staff.units.values()}
        self._chains: dict[tuple[str, str | None], Chain] = {}
        self._said: list[dict[str, Any]] = []  # about the case that is being decided
        self._unheard: list[dict[str, Any]] = []  # of the same case
        self._decided: dict[tuple[object, ...], Decided] = {}
        self._climbing = cache(self._climb_afresh)  # cases of other units have the same dates

    def move(
        self, occurrence_id: int, version: int, stored: tuple[Any, ...], lost: tuple[Unheard, ...] = ()
    ) -> Decided:
        """Decide about one occurrence whose alarm is due. ``stored``: the fields of its case, as they are read."""
        same = (stored, lost)
        decided = self._decided.get(same)
        if decided is None:
            decided = self._decided[same] = self._decide(Case._make((*stored, lost)))
        decided.of_version[version].append(occurrence_id)
        if decided.told is not None:
            self.lines.append(journal.Line("engine", "opened", occurrence_id, decided.told))
        if decided.unheard:
            self.lines += [journal.Line("engine", "unreached", occurrence_id, why) for why in decided.unheard]
        return decided

    @property
    def decided(self) -> Collection[Decided]:
        """Case by case."""
        return self._decided.values()

    def reminders(self) -> list[Lines]:
        """What is said, and what is not and why."""
        found: list[Lines] = []
        for decided in self.decided:
            occurrences = [one for same in decided.of_version.values() for one in same]
            found += [{**said, "occurrence_id": occurrences} for said in decided.reminders]
        return found

    def _decide(self, case: Case) -> Decided:
        self._said, self._unheard = [], []
        state = WorkState(case.work_state)
        chain: Chain = json.loads(case.chain) if case.chain else self._chain_of(case)
        if state in OPEN:
            climbed, next_at = self._climb(case, chain)
        elif state is WorkState.WAITING:
            climbed, next_at = case.last_rung_at, self._ask_again(case, chain)
        else:  # closed or suspended meanwhile: no alarm
            climbed, next_at = case.last_rung_at, None
        move: dict[str, Any] = {"b_next": next_at, "b_climbed": climbed}
        if case.chain:
            return Decided(self._said, move, None, None, self._unheard)
        # The chain is found once, and kept with the occurrence from now on.
        doer = next(iter(chain["doer"]), None)
        opens = {"b_chain": chain, "b_doer": doer, "b_opened": case.opened_at or self.now}
        names = {level: [self.office.name_of(p) for p in people] for level, people in chain.items()}
        return Decided(self._said, move, opens, {"due": case.due, "chain": names}, self._unheard)

    def _chain_of(self, case: Case) -> Chain:
        key = (self._unit_slugs[case.unit_id], case.doer)
        if key not in self._chains:
            self._chains[key] = chain_for(self.office.staff, *key)
        return self._chains[key]

    def _climb_afresh(
        self, ladder: str, anchors: Anchors, climbed_to: dt.datetime | None, *, pulled_forward: bool
    ) -> Climb:
        return climb(
            self.office.ladders[ladder],
            anchors,
            self.office.hours,
            climbed_to=climbed_to,
            now=self.now,
            pulled_forward=pulled_forward,
        )

    def _climb(self, case: Case, chain: Chain) -> tuple[dt.datetime | None, dt.datetime]:
        """Take the newest rung; while it reaches nobody, the next one too. Returns how far, and when to look again."""
        anchors = anchors_of(case.cutoff, case.due, case.internal_due)
        climbed, pulled = case.last_rung_at, case.pulled_forward
        if pulled:
            rung = f"unreached:{climbed or case.next_move_at:%Y-%m-%d %H:%M}"
            self._tell_standing(case, chain, rung, self.now, case.lost)
        own_pace = self._climbing(case.ladder, anchors, climbed, pulled_forward=False)
        said, silent = len(self._said), len(self._unheard)
        while True:
            found = self._climbing(case.ladder, anchors, climbed, pulled_forward=pulled)
            for step in found.skipped:
                self._pass_over(case, chain, step, found.step)
            if found.step is None:
                return climbed, found.next_at
            climbed = found.step.at
            heard, unheard = self._speak(case, chain, found.step)
            if heard:
                return climbed, found.next_at
            if found.step == own_pace.step:
                said, silent = len(self._said), len(self._unheard)
            if found.at_top:
                # Nobody above can be reached either: the ladder keeps its own pace, for whoever links a chat later.
                del self._said[said:], self._unheard[silent:]
                return own_pace.step.at if own_pace.step else case.last_rung_at, own_pace.next_at
            # This rung reached nobody: the next one is pulled forward, and the standing office sees why.
            self._tell_standing(case, chain, f"unreached:{found.step.name}", min(found.step.at, self.now), unheard)
            pulled = True

    def _speak(self, case: Case, chain: Chain, step: Step) -> tuple[list[Hearer], list[Unheard]]:
        heard, unheard = hearers(self.office.staff, chain, step.rung.to, self.today)
        put_off = case.snoozed_until is not None and self.now < case.snoozed_until and step.rung.says in _EARLY
        for hearer in heard:
            theirs = {hearer.person_id, hearer.on_behalf_of} & set(chain["doer"])
            later = ASKED_FOR_LATER if put_off and theirs else None
            self._remind(
                case,
                step.name,
                hearer.person_id,
                step.rung.says,
                min(step.at, self.now),  # pulled forward: said now, or as soon as the hearer may be written to
                reason=later,
                on_behalf_of=hearer.on_behalf_of,
            )
        for someone in unheard:
            if someone.person_id in self.office.staff.members:  # a row that is gone altogether can have no line
                self._remind(case, step.name, someone.person_id, step.rung.says, step.at, reason=someone.why)
        if not heard and not unheard:
            self._unheard.append({"rung": step.name, "why": NOBODY_NAMED})
        return heard, unheard

    def _pass_over(self, case: Case, chain: Chain, step: Step, taken: Step | None) -> None:
        why = AT_ONCE_WITH_HIGHER if taken and taken.at == step.at else PASSED_OVER
        heard, _ = hearers(self.office.staff, chain, step.rung.to, self.today)
        for hearer in heard:
            self._remind(case, step.name, hearer.person_id, step.rung.says, step.at, reason=why)

    def _tell_standing(self, case: Case, chain: Chain, rung: str, at: dt.datetime, unheard: Sequence[Unheard]) -> None:
        whom = "; ".join(f"{self.office.name_of(someone.person_id)} ({someone.why})" for someone in unheard)
        heard, _ = hearers(self.office.staff, chain, ["standing"], self.today)
        for hearer in heard:
            self._remind(case, rung, hearer.person_id, Says.UNREACHED, at, detail={"reason": whom} if whom else None)

    def _ask_again(self, case: Case, chain: Chain) -> dt.datetime:
        # The leaders may always confirm, and are asked too when the confirmer has twice stayed silent.
        level = case.confirm if case.confirm != "none" else "head"
        heard = confirmers(self.office.staff, chain, level, case.reported_by, self.today)
        calendar = self.office.calendar
        waited = calendar.count(self.office.today(case.reported_at), self.today) if case.reported_at else 0
        if waited >= LEADERS_CONFIRM_AFTER:
            leaders, _ = hearers(self.office.staff, chain, ["leaders"], self.today)
            heard = list({hearer.person_id: hearer for hearer in (*heard, *leaders)}.values())
        for hearer in heard:
            self._remind(case, f"confirm:{self.today}", hearer.person_id, Says.CONFIRM, self.now)
        later = calendar.add(self.today, ASK_CONFIRMER_AGAIN_AFTER)
        return self.office.hours.slot_on(later, "morning").starts

    def _remind(
        self,
        case: Case,
        rung: str,
        person_id: int,
        says: str,
        at: dt.datetime,
        *,
        reason: str | None = None,
        on_behalf_of: int | None = None,
        detail: dict[str, str] | None = None,
    ) -> None:
        self._said.append(
            {
                "office_id": self.office.id,
                "revision": case.revision,
                "rung": rung,
                "person_id": person_id,
                "says": says,
                "scheduled_at": at,
                "status": "suppressed" if reason else "pending",
                "reason": reason,
                "message_id": None,
                "on_behalf_of": on_behalf_of,
                "detail": detail,
            }
        )


# ---- gather -------------------------------------------------------------------------------------------------------


def _gather(
    connection: Connection,
    views: Mapping[str, OfficeView],
    slot: Slot,
    now: dt.datetime,
    fresh: list[Lines],
    due: list[int],
) -> int:
    """One message a person and slot, from what was just decided and what still waits from before.

    A person whose message still waits in the outbox gets the new lines into it; one who has had theirs waits.
    """
    offices = list(views)
    waiting = _still_here(connection, views, connection.execute(_PENDING, {"offices": offices, "now": now}).all())
    to_say = [line for line in fresh if line["status"] == "pending"]
    office_of: dict[int, str] = {row.person_id: row.office_id for row in waiting}
    office_of |= {line["person_id"]: line["office_id"] for line in to_say}
    if not fresh and not waiting:
        return 0
    busy, unsent = _this_slot(connection, sorted(office_of), slot, now)
    urgent = {row.person_id for row in waiting if row.says in _URGENT}
    urgent |= {line["person_id"] for line in to_say if line["says"] in _URGENT}
    rows = [
        {
            "office_id": office_id,
            "person_id": person_id,
            "kind": "reminder",
            "key": f"remind:{slot.key}",
            "slot": slot.key,
            "urgent": person_id in urgent,
            "status": "queued",
            "not_before": now,
            "attempts": 0,
            "copies": 0,
        }
        for person_id, office_id in sorted(office_of.items())
        if person_id not in busy and person_id not in unsent
    ]
    message_of = dict(unsent)
    if rows:
        bulk.write(connection, _WRITE, rows)
        written = {"people": [row["person_id"] for row in rows], "slot": slot.key}
        message_of.update(map(tuple, connection.execute(_WRITTEN, written)))
    _place(connection, fresh, waiting, message_of, due, now)
    bulk.write(connection, _MAKE_URGENT, [{"b_id": message} for person, message in unsent.items() if person in urgent])
    return len(rows)


def _still_here(connection: Connection, views: Mapping[str, OfficeView], waiting: Sequence[AnyRow]) -> list[AnyRow]:
    """Those whose person still works here; the lines of whoever has left meanwhile are not said, and say why."""
    here = {member.id for view in views.values() for member in view.staff.members.values() if member.active}
    gone = [{"b_id": row.id, "b_reason": GONE} for row in waiting if row.person_id not in here]
    bulk.write(connection, _SILENCE, gone)
    return [row for row in waiting if row.person_id in here]


def _place(
    connection: Connection,
    fresh: list[Lines],
    waiting: Sequence[AnyRow],
    message_of: Mapping[int, int],
    due: list[int],
    now: dt.datetime,
) -> None:
    """Put each line into its person's message, and give the work its number."""
    for lines in fresh:
        message = message_of.get(lines["person_id"])
        if message is not None and lines["status"] == "pending":
            lines |= {"status": "in_message", "message_id": message}
    bulk.add_missing_for_each(connection, REMINDER, "occurrence_id", fresh)
    late = [row for row in waiting if row.person_id in message_of]
    bulk.write(connection, _PUT, [{"b_id": row.id, "b_message": message_of[row.person_id]} for row in late])
    if message_of:
        unnumbered = connection.execute(_UNNUMBERED, {"messages": list(message_of.values())}).all()
        if unnumbered:  # what waited from before comes first, then as it came due
            order = {occurrence: n for n, occurrence in enumerate(due)}
            from_before = {row.id for row in late}
            unnumbered = sorted(unnumbered, key=lambda row: -1 if row[2] in from_before else order.get(row[1], -1))
            handles.give(connection, [(person, occurrence) for person, occurrence, _ in unnumbered], now)


def _this_slot(
    connection: Connection, people: list[int], slot: Slot, now: dt.datetime
) -> tuple[set[int], dict[int, int]]:
    """Who of these has had their message in this slot, and whose last message never left (person → message).

    A message of an earlier slot that could leave only now has been heard in this one.
    """
    busy: set[int] = set()
    unsent: dict[int, int] = {}
    for row in connection.execute(
        _OF_PEOPLE, {"people": people, "slot": slot.key, "starts": slot.starts, "ends": slot.ends, "now": now}
    ):
        if row.status == "queued" and row.kind == "reminder":
            unsent[row.person_id] = row.id
        else:
            busy.add(row.person_id)
    return busy - set(unsent), unsent

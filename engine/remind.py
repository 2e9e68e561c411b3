"""Step 2, remind: who must hear something now, gathered into one polite message a person.

1. *Climb*: every occurrence whose alarm is due takes its newest rung; each hearer gets a reminder row, everyone who
   cannot or need not hear gets one with the reason why.
2. *Gather*: all pending reminders of one person become one message of the outbox for this slot.

Outside working hours nothing is decided: the alarms stay due until the next slot begins.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, union, update

from data import handles, journal
from data.rows import AnyRow
from data.upsert import upsert
from engine.messages import AT_LEAST_ONCE, Says
from engine.office import MESSAGE, OBLIGATION, OCCURRENCE, REMINDER, OfficeView, view_office
from engine.rules.chain import Chain, chain_for, hearers
from engine.rules.ladder import Step, anchors_of, climb, steps_of
from engine.rules.lifecycle import OPEN, WorkState
from schedules.hours import Slot

AT_ONCE_WITH_HIGHER = "cùng lúc với một bậc nhắc cao hơn"
PASSED_OVER = "đã tới bậc nhắc mới hơn khi hệ thống hoạt động lại"
ASK_CONFIRMER_AGAIN_AFTER = 3  # working days
MOST_AT_ONCE = 5_000  # occurrences of one office in one turn; the rest wait for the next

_DUE = (
    select(
        OCCURRENCE.c.id,
        OCCURRENCE.c.unit_id,
        OCCURRENCE.c.cutoff,
        OCCURRENCE.c.due,
        OCCURRENCE.c.internal_due,
        OCCURRENCE.c.work_state,
        OCCURRENCE.c.chain,
        OCCURRENCE.c.opened_at,
        OCCURRENCE.c.revision,
        OCCURRENCE.c.version,
        OCCURRENCE.c.last_rung_at,
        OCCURRENCE.c.pulled_forward,
        OCCURRENCE.c.next_move_at,
        OBLIGATION.c.ladder,
        OBLIGATION.c.confirm,
        OBLIGATION.c.rule,
    )
    .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
    .where(OCCURRENCE.c.office_id == bindparam("office"), OCCURRENCE.c.next_move_at <= bindparam("now"))
    .order_by(OCCURRENCE.c.next_move_at, OCCURRENCE.c.id)
    .limit(MOST_AT_ONCE)
)
_MOVE = (
    update(OCCURRENCE)
    .where(OCCURRENCE.c.id == bindparam("b_id"), OCCURRENCE.c.version == bindparam("b_version"))
    .values(
        next_move_at=bindparam("b_next"),
        last_rung_at=bindparam("b_climbed"),
        pulled_forward=False,
        chain=bindparam("b_chain"),
        doer_id=bindparam("b_doer"),
        opened_at=bindparam("b_opened"),
    )
)
_PUT = (
    update(REMINDER)
    .where(REMINDER.c.id == bindparam("b_id"))
    .values(status="in_message", message_id=bindparam("b_message"))
)


def remind(connection: Connection, now: dt.datetime) -> int:
    """Climb and gather for every office that is at work. Returns the number of new messages."""
    waiting = union(
        select(OCCURRENCE.c.office_id).where(OCCURRENCE.c.next_move_at <= now),
        select(REMINDER.c.office_id).where(REMINDER.c.status == "pending"),
    )
    messages = 0
    for office_id in sorted(connection.execute(waiting).scalars()):
        office = view_office(connection, office_id)
        slot = office.hours.slot_at(now)
        if slot is not None:
            _climb_all(connection, office, now)
            messages += _gather(connection, office, slot, now)
    return messages


# ---- climb --------------------------------------------------------------------------------------------------------


def _climb_all(connection: Connection, office: OfficeView, now: dt.datetime) -> None:
    desk = _Desk(office, now)
    for row in connection.execute(_DUE, {"office": office.id, "now": now}).all():
        desk.move(row)
    if desk.reminders:
        connection.execute(upsert(connection, REMINDER).on_conflict_do_nothing(), desk.reminders)
    if desk.moves:
        connection.execute(_MOVE, desk.moves)
    journal.append(connection, office.id, now, desk.lines)


class _Desk:
    """Collects what one office's climb decides, to be written in three statements."""

    def __init__(self, office: OfficeView, now: dt.datetime) -> None:
        self.office = office
        self.now = now
        self.today = office.today(now)
        self.reminders: list[dict[str, Any]] = []
        self.moves: list[dict[str, Any]] = []
        self.lines: list[journal.Line] = []
        self._unit_slugs = {unit.id: unit.slug for unit in office.staff.units.values()}
        self._chains: dict[tuple[str, str | None], Chain] = {}

    def move(self, row: AnyRow) -> None:
        """Decide about one occurrence whose alarm is due."""
        state = WorkState(row.work_state)
        chain = row.chain or self._open(row)
        if state in OPEN:
            climbed, next_at = self._climb(row, chain)
        elif state is WorkState.WAITING:
            climbed, next_at = row.last_rung_at, self._ask_again(row, chain)
        else:  # closed or suspended meanwhile: no alarm
            climbed, next_at = row.last_rung_at, None
        self.moves.append(
            {
                "b_id": row.id,
                "b_version": row.version,
                "b_next": next_at,
                "b_climbed": climbed,
                "b_chain": chain,
                "b_doer": next(iter(chain["doer"]), None),
                "b_opened": row.opened_at or self.now,
            }
        )

    def _open(self, row: AnyRow) -> Chain:
        key = (self._unit_slugs[row.unit_id], row.rule.get("doer"))
        if key not in self._chains:
            self._chains[key] = chain_for(self.office.staff, *key)
        chain = self._chains[key]
        names = {level: [self.office.name_of(p) for p in people] for level, people in chain.items()}
        self.lines.append(journal.Line("engine", "opened", row.id, {"due": row.due, "chain": names}))
        return chain

    def _climb(self, row: AnyRow, chain: Chain) -> tuple[dt.datetime | None, dt.datetime]:
        """Take the newest rung; while it reaches nobody, the next one too. Returns how far, and when to look again."""
        ladder = self.office.ladders[row.ladder]
        anchors = anchors_of(row.cutoff, row.due, row.internal_due)
        climbing = partial(climb, ladder, anchors, self.office.hours, now=self.now)
        last = steps_of(ladder, anchors, self.office.hours)[-1].rung
        climbed, pulled = row.last_rung_at, row.pulled_forward
        if pulled:
            self._tell_standing(row, chain, f"unreached:{climbed or row.next_move_at:%Y-%m-%d %H:%M}", self.now)
        own_pace = climbing(climbed_to=climbed)
        said = len(self.reminders)
        while True:
            found = climbing(climbed_to=climbed, pulled_forward=pulled)
            for step in found.skipped:
                self._pass_over(row, chain, step, found.step)
            if found.step is None:
                return climbed, found.next_at
            climbed = found.step.at
            if self._speak(row, chain, found.step):
                return climbed, found.next_at
            if found.step == own_pace.step:
                said = len(self.reminders)
            if found.step.rung == last:
                # Nobody above can be reached either: the ladder keeps its own pace, for whoever links a chat later.
                del self.reminders[said:]
                return own_pace.step.at if own_pace.step else row.last_rung_at, own_pace.next_at
            # This rung reached nobody: the next one is pulled forward, and the standing office sees why.
            self._tell_standing(row, chain, f"unreached:{found.step.name}", found.step.at)
            pulled = True

    def _speak(self, row: AnyRow, chain: Chain, step: Step) -> bool:
        heard, unheard = hearers(self.office.staff, chain, step.rung.to, self.today)
        for hearer in heard:
            self._remind(row, step.name, hearer.person_id, step.rung.says, step.at, on_behalf_of=hearer.on_behalf_of)
        for someone in unheard:
            self._remind(row, step.name, someone.person_id, step.rung.says, step.at, reason=someone.why)
        return bool(heard)

    def _pass_over(self, row: AnyRow, chain: Chain, step: Step, taken: Step | None) -> None:
        why = AT_ONCE_WITH_HIGHER if taken and taken.at == step.at else PASSED_OVER
        heard, _ = hearers(self.office.staff, chain, step.rung.to, self.today)
        for hearer in heard:
            self._remind(row, step.name, hearer.person_id, step.rung.says, step.at, reason=why)

    def _tell_standing(self, row: AnyRow, chain: Chain, rung: str, at: dt.datetime) -> None:
        heard, _ = hearers(self.office.staff, chain, ["standing"], self.today)
        for hearer in heard:
            self._remind(row, rung, hearer.person_id, Says.UNREACHED, at)

    def _ask_again(self, row: AnyRow, chain: Chain) -> dt.datetime:
        # A confirmer who has left or cannot be reached is not waited for: the standing office may confirm in their
        # place, and the leaders always may.
        for level in (row.confirm if row.confirm != "none" else "head", "standing", "leaders"):
            heard, _ = hearers(self.office.staff, chain, [level], self.today)
            if heard:
                break
        for hearer in heard:
            self._remind(row, f"confirm:{self.today}", hearer.person_id, Says.CONFIRM, self.now)
        later = self.office.calendar.add(self.today, ASK_CONFIRMER_AGAIN_AFTER)
        return self.office.hours.slot_on(later, "morning").starts

    def _remind(
        self,
        row: AnyRow,
        rung: str,
        person_id: int,
        says: str,
        at: dt.datetime,
        *,
        reason: str | None = None,
        on_behalf_of: int | None = None,
    ) -> None:
        self.reminders.append(
            {
                "office_id": self.office.id,
                "occurrence_id": row.id,
                "revision": row.revision,
                "rung": rung,
                "person_id": person_id,
                "says": says,
                "scheduled_at": at,
                "status": "suppressed" if reason else "pending",
                "reason": reason,
                "on_behalf_of": on_behalf_of,
            }
        )


# ---- gather -------------------------------------------------------------------------------------------------------


def _gather(connection: Connection, office: OfficeView, slot: Slot, now: dt.datetime) -> int:
    """One message a person and slot. A person whose message still waits in the outbox gets the new lines into it."""
    pending = connection.execute(
        select(REMINDER.c.id, REMINDER.c.person_id, REMINDER.c.occurrence_id, REMINDER.c.says).where(
            REMINDER.c.office_id == office.id, REMINDER.c.status == "pending"
        )
    ).all()
    of_person: dict[int, list[AnyRow]] = defaultdict(list)
    for row in pending:
        of_person[row.person_id].append(row)
    busy, unsent = _this_slot(connection, list(of_person), slot)
    rows = []
    for person_id, lines in of_person.items():
        if person_id not in busy and person_id not in unsent:
            rows.append(
                {
                    "office_id": office.id,
                    "person_id": person_id,
                    "kind": "reminder",
                    "key": f"remind:{slot.key}",
                    "slot": slot.key,
                    "urgent": any(Says(line.says) in AT_LEAST_ONCE for line in lines),
                    "status": "queued",
                    "not_before": now,
                    "attempts": 0,
                    "copies": 0,
                }
            )
    message_of = dict(unsent)
    if rows:
        new = connection.execute(insert(MESSAGE).returning(MESSAGE.c.person_id, MESSAGE.c.id), rows)
        message_of |= {row.person_id: row.id for row in new}
    placed = [line for person, lines in of_person.items() if person in message_of for line in lines]
    if placed:
        connection.execute(_PUT, [{"b_id": line.id, "b_message": message_of[line.person_id]} for line in placed])
        handles.give(connection, [(line.person_id, line.occurrence_id) for line in placed], now)
    grown = [p for p in unsent if any(Says(line.says) in AT_LEAST_ONCE for line in of_person[p])]
    if grown:
        connection.execute(update(MESSAGE).where(MESSAGE.c.id.in_([unsent[p] for p in grown])).values(urgent=True))
    return len(rows)


def _this_slot(connection: Connection, people: list[int], slot: Slot) -> tuple[set[int], dict[int, int]]:
    """Who has had their message in this slot, and whose last message never left (person → message).

    A message of an earlier slot that could leave only now has been heard in this one.
    """
    busy: set[int] = set()
    unsent: dict[int, int] = {}
    if people:
        for row in connection.execute(
            select(MESSAGE.c.id, MESSAGE.c.person_id, MESSAGE.c.kind, MESSAGE.c.slot, MESSAGE.c.status).where(
                MESSAGE.c.person_id.in_(people),
                (MESSAGE.c.slot == slot.key)
                | ((MESSAGE.c.status == "queued") & (MESSAGE.c.kind == "reminder"))
                | ((MESSAGE.c.sent_at >= slot.starts) & (MESSAGE.c.kind != "answer")),
            )
        ):
            if row.status == "queued" and row.kind == "reminder":
                unsent[row.person_id] = row.id
            else:
                busy.add(row.person_id)
    return busy - set(unsent), unsent

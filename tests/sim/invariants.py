"""What must hold after every turn, read from the file itself and from the phones.

The checker asks the database with plain SQL through a connection of its own. Each broken promise is one
:class:`Violation` with a short name; shrinking keeps the name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.messages import Answer, DigestMessage, Edit, Message, Refused, ReminderMessage, Retry
from engine.payload import to_payload
from tests.sim.known import HELD_UP, KNOWN, STALE_DIGEST
from tests.sim.model import ABOUT_OPEN_WORK, OPEN, TWICE, Model, Standing, Work, slot_of, walk, works
from tests.sim.people import Utterance
from tests.sim.providers import Attempt
from tests.sim.recipe import ZONE

LADDER_SAYS = {"collect", "write", "soon", "last_call", "overdue", "escalation"}
NUMBER_RESTS = dt.timedelta(days=21)
UNDO_WITHIN = dt.timedelta(minutes=10)
#: What the journal may tell after somebody has said this.
DOES: dict[str, set[str]] = {
    "done": {"reported"},
    "bare": {"reported"},
    "start": {"started"},
    "extend": {"extension_asked"},
    "difficulty": {"difficulty"},
    "snooze": {"snoozed"},
    "hand": {"handed_over"},
    "confirm": {"confirmed"},
    "return": {"returned"},
    "approve": {"extension_granted"},
    "refuse": {"extension_refused"},
    "undo": {"undone", "leave_undone"},
    "leave": {"leave"},
    "asked": {"reported", "returned", "extension_refused", "extension_asked", "handed_over", "difficulty", "snoozed"},
    "looks": {"undone", "leave_undone"},
    "asks": set(),
    "wrong": set(),
    "nonsense": set(),
}
ENGINE = "engine"
SPANS_AFTER = 10_000  # milliseconds: no transaction of one turn takes so long


class Violation(Exception):
    """A promise is broken: which one (``name``), and how."""

    def __init__(self, name: str, details: object) -> None:
        super().__init__(f"{name}: {details}")
        self.name = name
        self.details = str(details)


def need(holds: object, name: str, details: object) -> None:
    """Raise where a promise does not hold."""
    if not holds:
        raise Violation(name, details)


def instant(text: str | None) -> dt.datetime | None:
    """A stored instant."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) if text else None


def spelled(at: dt.datetime) -> str:
    """An instant as it is stored."""
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"


def day(text: str | None) -> dt.date | None:
    """A stored day."""
    return dt.date.fromisoformat(text) if text else None


class Checker:
    """Holds one run against the model."""

    def __init__(self, file: Path, model: Model, addresses: dict[tuple[str, str], int]) -> None:
        self.model = model
        self.addresses = addresses  # (channel, address) → person
        self.names = {person.name: model.people.ids.get(person.id, 0) for person in model.office.people}
        self._file = file
        self.db: sqlite3.Connection
        self.open()
        self._seq, self._head = 0, "0" * 64
        self._reminder = self._occurrence = 0
        self._inbound = 0
        self._attempts: dict[int, list[Attempt]] = defaultdict(list)
        self._begun: set[tuple[int, int, str]] = set()  # answers that left: (message, attempts, when that began)
        self._heard: dict[tuple[int, str], set[int]] = defaultdict(set)
        self._told: dict[tuple[int, str, dt.datetime], set[int]] = defaultdict(set)  # (work, rung, moment) → people
        self._numbers: dict[tuple[int, int], int] = {}  # (person, number) → work, as the phones show it
        self._digests: dict[int, DigestMessage] = {}
        self._weeks: list[str] = []
        self._unsettled: dict[int, dt.datetime] = {}
        self.unmatched: list[tuple[dt.datetime, str, Utterance]] = []  # said, and not yet seen to have done something
        self.typed = 0  # updates that people have caused
        self._turns = 0

    def open(self) -> None:
        """Look at the file afresh."""
        self.db = sqlite3.connect(self._file, isolation_level=None, timeout=0)

    def close(self) -> None:
        """Look away."""
        self.db.close()

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Plain SQL."""
        return self.db.execute(sql, values).fetchall()

    # ---- while something is being sent ----------------------------------------------------------------------------

    def rings(self, attempt: Attempt) -> None:
        """A provider is asked to send."""
        try:
            # What is written beside it, in a thread, ends while we wait; what spans this send cannot end before it.
            self.db.execute(f"PRAGMA busy_timeout = {SPANS_AFTER}")
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("ROLLBACK")
            self.db.execute("PRAGMA busy_timeout = 0")
        except sqlite3.OperationalError:
            raise Violation("a transaction spans a send", attempt) from None
        person = self.addresses[attempt.channel, attempt.address]
        message, urgent, lines = self._row_of(attempt.message, person, attempt.address)
        if isinstance(attempt.message, Edit):
            return
        before = self._attempts[message]
        may_have = [a for a in before if not isinstance(a.outcome, Refused | Retry)]
        need(len(may_have) < (2 if urgent else 1), "copies", f"message {message} (urgent: {urgent}) leaves once more")
        if isinstance(attempt.message, ReminderMessage):
            need(
                attempt.message.resent or not may_have,
                "a second copy is marked",
                f"message {message}: {attempt.message.resent=} after {len(may_have)} copies",
            )
            classes = {says for _, says in lines}
            need(urgent == bool(classes & TWICE) or urgent, "class", f"message {message} has {classes}, {urgent=}")
        before.append(attempt)
        if not isinstance(attempt.message, Answer):
            local = attempt.at.astimezone(ZONE)
            need(slot_of(attempt.at), "working hours", f"{local:%a %d/%m %H:%M} to {person}: {attempt.message}")
            if attempt.arrived:
                self._disturbs(attempt, person, message)

    def _row_of(self, message: Message, person: int, address: str) -> tuple[int, bool, list[tuple[int, str]]]:
        """The claimed row of the outbox that this is: that it begins was written down before it left."""
        kind = {ReminderMessage: "reminder", DigestMessage: "digest", Answer: "answer", Edit: "edit"}[type(message)]
        claimed = self.rows(
            "SELECT id, urgent, payload, key, attempts, claimed_at FROM message "
            "WHERE status='claimed' AND begun IS NOT 0 AND kind=? "
            "AND (person_id=? OR (person_id IS NULL AND address=?)) ORDER BY not_before, id",  # a stranger has no name
            kind,
            person,
            address,
        )
        for id_, urgent, payload, key, claims, begun_at in claimed:
            lines: list[tuple[int, str]] = []
            if isinstance(message, ReminderMessage):
                lines = self.rows(
                    "SELECT occurrence_id, says FROM reminder WHERE message_id=? AND status='in_message'", id_
                )
                shown = {item.occurrence_id for item in message.items}
                if not shown <= {line[0] for line in lines} or len({w for w, _ in lines}) != len(shown) + message.more:
                    continue
            elif isinstance(message, DigestMessage):
                if key != f"digest:{message.week}":
                    continue
            elif isinstance(message, Answer):
                # Asked twice, one gets the same words twice. Whichever has left, or was on its way when the process
                # died, is not the one that leaves now: each row begins once for each time that it leaves.
                if (id_, claims, begun_at) in self._begun or json.loads(payload) != to_payload(message):
                    continue
                self._begun.add((id_, claims, begun_at))
            return id_, bool(urgent), lines
        raise Violation("record, act, record", f"no claimed row for {message} to {person}")

    def _disturbs(self, attempt: Attempt, person: int, message: int) -> None:
        slot = slot_of(attempt.at)
        heard = self._heard[person, slot or ""]
        heard.add(message)
        held_up = HELD_UP in KNOWN and any(len(self._attempts[one]) > 1 for one in heard)
        need(len(heard) == 1 or held_up, "one message a slot", f"{person} hears {sorted(heard)} in {slot}")
        if isinstance(attempt.message, ReminderMessage):
            need(attempt.message.person_id == person, "right person", f"{attempt.message.person_id} at {person}'s")
            self._reads(attempt, attempt.message, person)
        elif isinstance(attempt.message, DigestMessage) and not self._is_stale(message, attempt.at):
            self._digests[message] = attempt.message

    def _is_stale(self, message: int, now: dt.datetime) -> bool:
        """The one case in which the numbers may be old, until it is mended."""
        [(before, waited)] = self.rows("SELECT not_before < ?, error FROM message WHERE id=?", spelled(now), message)
        return STALE_DIGEST in KNOWN and bool(before) and not waited

    def _reads(self, attempt: Attempt, message: ReminderMessage, person: int) -> None:
        seen: set[int] = set()
        for item in message.items:
            work = self.model.works[item.occurrence_id]
            need(work.id not in seen, "one line for each work", message)
            seen.add(work.id)
            self.check_number(person, item.number, work, attempt.at)
            today = attempt.at.astimezone(ZONE).date()
            if item.says in ABOUT_OPEN_WORK:
                need(self._state(work.id) in OPEN, "no rung after done", f"{item} to {person}")
            if item.says in ("overdue", "escalation"):
                need(today > item.internal_due, "never early", f"{item} on {today}")
            if item.says == "confirm":
                need(self._state(work.id) == "waiting", "no question about what is settled", item)

    def _state(self, work: int) -> str:
        return str(self.rows("SELECT work_state FROM occurrence WHERE id=?", work)[0][0])

    def check_number(self, person: int, number: int, work: Work, at: dt.datetime) -> None:
        """A number means one piece of work while that is open, and for three weeks after."""
        holder = self._numbers.get((person, number))
        if holder is not None and holder != work.id:
            row = self.rows(
                "SELECT released_at FROM handle WHERE person_id=? AND occurrence_id=? AND number=?",
                person,
                holder,
                number,
            )
            released = instant(row[0][0]) if row else at - 2 * NUMBER_RESTS
            rested = released is not None and released < at - NUMBER_RESTS + dt.timedelta(hours=3)  # clocks are put
            need(rested, "numbers rest", f"{number} of {person}: {holder}, released {released}, now {work.id}")
        self._numbers[person, number] = work.id

    # ---- after each turn ------------------------------------------------------------------------------------------

    def check(self, now: dt.datetime, *, whole: bool, thorough: bool = False) -> None:
        """After a turn at ``now``; a turn that was cut short (not ``whole``) need only be safe."""
        self._turns += 1
        self._learn_people()
        self._learn_works()
        touched = self._learn_journal(now)
        lines = self._learn_reminders(now)
        self._check_rows(touched if not (thorough or self._turns % 16 == 0) else list(self.model.works.values()), now)
        self._check_replies(now)
        if self._digests:
            self._check_digests(now)
        if slot_of(now):
            self._check_lines(lines, now)
            if whole:
                self._check_climbed(now)
        if thorough or self._turns % 16 == 0:
            self._check_outbox(now)

    def _learn_people(self) -> None:
        people = self.model.people
        people.active = {row[0] for row in self.rows("SELECT id FROM person WHERE active")}
        people.reachable = {
            row[0] for row in self.rows("SELECT person_id FROM chat WHERE blocked_at IS NULL AND person_id IS NOT NULL")
        }
        people.away = [
            (person, substitute, dt.date.fromisoformat(first), dt.date.fromisoformat(last))
            for person, substitute, first, last in self.rows(
                "SELECT person_id, substitute_id, first_day, last_day FROM standin ORDER BY id"
            )
        ]

    def _learn_works(self) -> None:
        for id_, title, slug, unit, cutoff, due, internal in self.rows(
            "SELECT o.id, o.title, b.slug, u.slug, o.cutoff, o.due, o.first_internal_due FROM occurrence o "
            "JOIN obligation b ON b.id = o.obligation_id JOIN unit u ON u.id = o.unit_id WHERE o.id > ? ORDER BY o.id",
            self._occurrence,
        ):
            due_day, internal_day = dt.date.fromisoformat(due), dt.date.fromisoformat(internal)
            need(internal_day <= due_day, "internal due comes first", title)
            standing = Standing("new", internal_day)
            self.model.works[id_] = Work(id_, title, unit, self.model.duties[slug], day(cutoff), due_day, standing)
            self._occurrence = id_

    def _learn_journal(self, now: dt.datetime) -> list[Work]:
        touched = []
        for seq, at, actor, action, work_id, data, previous, mark in self.rows(
            "SELECT seq, at, actor, action, occurrence_id, data, previous, hash FROM journal "
            "WHERE seq > ? ORDER BY seq",
            self._seq,
        ):
            when = instant(at)
            assert when is not None
            text = "\n".join((self._head, "xa", str(seq), when.isoformat(), actor, action, str(work_id), data))
            right = hashlib.sha256(text.encode()).hexdigest()
            need(seq == self._seq + 1 and previous == self._head and mark == right, "journal verifies", f"line {seq}")
            self._seq, self._head = seq, mark
            if action == "opened":
                self._check_opening(self.model.works[work_id])
            if action == "digest":
                self._check_weeks(json.loads(data))
            if action == "snoozed":
                work = self.model.works[work_id]
                until = dt.datetime.fromisoformat(json.loads(data)["until"]).astimezone(ZONE).date()
                need(until <= work.now.internal_due, "snooze never passes the internal due", f"{work.title}: {until}")
            try:
                work_or_none = self.model.learn(action, when, actor, work_id, data)
            except AssertionError as wrong:
                raise Violation("the life of work", wrong) from None
            if work_or_none:
                touched.append(work_or_none)
            if actor in self.names:
                self._was_said(when, actor, action, work_id)
        return touched

    def _check_opening(self, work: Work) -> None:
        stored = json.loads(self.rows("SELECT chain FROM occurrence WHERE id=?", work.id)[0][0])
        work.chain = stored
        right = self.model.people.chain(work.unit, work.duty.doer)
        if work.past:  # handed over before it was opened cannot be
            return
        need(stored == right, "who is responsible", f"{work.title} of {work.unit}: {stored}, should be {right}")

    def _check_weeks(self, told: dict[str, Any]) -> None:
        week = told["week"]
        if self._weeks:
            expected = dt.date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
            last = self._weeks[-1]
            monday = dt.date.fromisocalendar(int(last[:4]), int(last[6:]), 1)
            while (monday := monday + dt.timedelta(days=7)) < expected:
                name = f"{monday.isocalendar().year}-W{monday.isocalendar().week:02d}"
                need(name in told["passed_over"], "no week without a digest or a word", f"{name} before {week}")
        self._weeks.append(max([week, *self._weeks[-1:]]))

    def _learn_reminders(self, now: dt.datetime) -> dict[tuple[int, str], list[tuple[Any, ...]]]:
        fresh: dict[tuple[int, str], list[tuple[Any, ...]]] = defaultdict(list)
        for id_, work_id, rung, person, says, at, status, reason in self.rows(
            "SELECT id, occurrence_id, rung, person_id, says, scheduled_at, status, reason FROM reminder "
            "WHERE id > ? ORDER BY id",
            self._reminder,
        ):
            self._reminder = id_
            work = self.model.works[work_id]
            when = instant(at)
            assert when is not None
            need(status != "suppressed" or reason, "every silence has a reason", f"{work.title} {rung} to {person}")
            if says in LADDER_SAYS:
                need(work.open, "no rung after done", f"{work.title} ({work.now.state}) {rung} to {person}")
                moment = next((at for one, at in work.rungs() if one.id == rung), when)
                need(when <= max(now, moment), "never early", f"{work.title} {rung}: {when}")
                work.said.add((rung, moment))
                fresh[work_id, rung].append((person, says, when, status, reason))
        return fresh

    def _check_lines(self, fresh: dict[tuple[int, str], list[tuple[Any, ...]]], now: dt.datetime) -> None:
        """The new lines of ladders: right moment, right order, right people."""
        today = now.astimezone(ZONE).date()
        for (work_id, name), rows in fresh.items():
            work = self.model.works[work_id]
            moments = {rung.id: (rung, at) for rung, at in work.rungs()}
            rung = moments[name.partition("#")[0]][0]
            at = rows[0][2]
            if "#" not in name:  # one that is pulled forward is said before its moment
                told, at = at, moments[name][1]
                need(told in (at, min(at, now)), "the ladder's moments", f"{work.title} {name}: {told}, should be {at}")
            hears = self.model.people.hears(work.chain, rung.to, today)
            said = {person for person, *_ in rows}
            # An undone handover gives a rung back to somebody who had not heard it: only that person hears it now.
            earlier = self._told[work_id, name, rows[0][2]]
            need(not said & earlier, "who hears", f"{work.title} {name}: {said & earlier} once more")
            need(said <= hears.keys(), "who hears", f"{work.title} {name}: {said}, should be {hears}")
            reasons = {reason for *_, reason in rows}
            passed = reasons & {
                "cùng lúc với một bậc nhắc cao hơn",
                "đã tới bậc nhắc mới hơn khi hệ thống hoạt động lại",
            }
            if not passed:
                need(said | earlier >= hears.keys(), "who hears", f"{work.title} {name}: {said}, should be {hears}")
                highest = work.now.highest
                need(
                    highest is None or at >= highest, "order of the ladder", f"{work.title} {name} {at} after {highest}"
                )
                work.now = replace(work.now, highest=at, pulled=work.now.pulled or at > now)
            earlier |= said
            if at > now:
                need(self._pulled(work), "never early", f"{work.title} {name} is for {at}, said {now}")

    def _pulled(self, work: Work) -> bool:
        """Whether something about this work has reached nobody lately."""
        return bool(
            self.rows("SELECT 1 FROM journal WHERE occurrence_id=? AND action='unreached' LIMIT 1", work.id)
            or self.rows(
                "SELECT 1 FROM reminder WHERE occurrence_id=? AND status='suppressed' "
                "AND reason IN ('chưa nối kênh nhắn tin', 'không còn công tác tại cơ quan') LIMIT 1",
                work.id,
            )
        )

    def _check_climbed(self, now: dt.datetime) -> None:
        """No due rung unexplained; nothing overdue is silent; an alarm for everything open and for nothing closed."""
        today = now.astimezone(ZONE).date()
        people = self.model.people
        for id_, state, alarm, pulled in self.rows(
            "SELECT id, work_state, next_move_at, pulled_forward FROM occurrence"
        ):
            work = self.model.works[id_]
            when = instant(alarm)
            if pulled and when and when <= now:  # a message has just been refused: the next turn sees to it
                continue
            if state in ("done", "cancelled", "suspended"):
                need(when is None, "no alarm on what is closed", f"{work.title} is {state}")
                continue
            need(when is not None and when > now, "an alarm on everything open", f"{work.title} is {state}: {alarm}")
            assert when is not None
            if state == "waiting":
                need(when <= start(walk(today, 4)), "confirmers are asked again", f"{work.title}: next look at {when}")
                continue
            for rung, at in self.model.due_unsaid(work, now):
                heard = people.hears(work.chain, rung.to, today)
                if any(heard.values()):
                    raise Violation("a due rung is explained", f"{work.title} {rung.id} of {at}, now {now}")
                work.said.add((rung.id, at))  # nobody was there to hear it
            ahead = self.model.next_unsaid(work, now)
            if ahead is not None:
                need(when <= ahead, "the alarm is not late", f"{work.title}: {when}, the next rung is at {ahead}")
            elif work.rungs()[-1][1] <= now:
                every = work.ladder.repeat_last_every
                need(when <= start(walk(today, 2 * every + 1)), "overdue is repeated", f"{work.title}: {when}")

    def _check_rows(self, some: list[Work], now: dt.datetime) -> None:
        """Rows say what the journal says."""
        for work in some:
            [(state, internal, reported, closed, doer, version, opened, extension)] = self.rows(
                "SELECT work_state, internal_due, reported_at, closed_at, doer_id, version, opened_at, "
                "(SELECT max(until) FROM extension WHERE occurrence_id = o.id AND status='waiting') "
                "FROM occurrence o WHERE id=?",
                work.id,
            )
            at = work.now
            told = (at.state, at.internal_due.isoformat(), at.asked.isoformat() if at.asked else None)
            need(
                told == (state, internal, extension),
                "rows and journal agree",
                f"{work.title}: {told}, row {state, internal, extension}",
            )
            need(
                instant(reported) == at.reported_at,
                "the doer's time counts",
                f"{work.title}: {reported}, {at.reported_at}",
            )
            need(
                bool(closed) == (state in ("done", "cancelled")), "closed is closed", f"{work.title}: {state}, {closed}"
            )
            need(
                version == 1 + work.changes,
                "every change is in the journal",
                f"{work.title}: {version}, {work.changes}",
            )
            if at.doer is None and opened:
                work.now = replace(at, doer=doer)
            elif opened:
                need(doer == at.doer, "who does it", f"{work.title}: {doer}, {at.doer}")

    # ---- replies --------------------------------------------------------------------------------------------------

    def _was_said(self, at: dt.datetime, actor: str, action: str, work_id: int | None) -> None:
        """Nothing happens in somebody's name that they did not say, and nothing twice."""
        person = self.names[actor]
        for index, (_, slug, words) in enumerate(self.unmatched):
            if self.model.people.ids[slug] != person or action not in DOES[words.verb]:
                continue
            meant = words.occurrence if words.verb not in ("undo", "asked") else None
            if meant is not None and meant != work_id and self._numbers.get((person, words.number or 0)) == meant:
                continue
            del self.unmatched[index]
            return
        raise Violation("only what was said, and once", f"{actor} {action} {work_id} at {at}")

    def _check_replies(self, now: dt.datetime) -> None:
        unanswered = self.rows(
            "SELECT i.id, i.said, (SELECT count(*) FROM message m WHERE m.key LIKE 'answer:' || i.id || ':%') "
            "FROM inbound i WHERE i.id > ? AND i.handled_at IS NOT NULL ORDER BY i.id",
            self._inbound,
        )
        if unanswered:
            [(stored,)] = self.rows("SELECT count(*) FROM inbound")
            need(stored <= self.typed, "an update counts once", f"{stored} stored, {self.typed} typed")
        for id_, said, answers in unanswered:
            self._inbound = id_
            need(said != "failed", "every reply can be acted upon", f"inbound {id_}")
            need(
                answers or said in (None, "silent", "stranger", "code_wrong"),
                "every reply is echoed",
                f"inbound {id_}: {said}",
            )
            need(answers <= 3, "every reply is echoed once", f"inbound {id_}: {answers} answers")

    # ---- digest ---------------------------------------------------------------------------------------------------

    def _check_digests(self, now: dt.datetime) -> None:
        for message in self._digests.values():
            right = self.model.digest(message.monday, now)
            told = {
                "on_time": message.on_time,
                "late": message.late,
                "late_accepted": message.late_accepted,
                "overdue": message.overdue_total,
                "coming": message.coming_total,
                "granted": message.extensions_granted,
                "waiting": message.extensions_waiting,
            }
            need(
                told == right, "the digest counts what the journal tells", f"{message.week}: {told}, should be {right}"
            )
        self._digests.clear()

    # ---- the outbox -----------------------------------------------------------------------------------------------

    def _check_outbox(self, now: dt.datetime) -> None:
        for id_, status, copies, error, urgent in self.rows(
            "SELECT id, status, copies, error, urgent FROM message WHERE kind != 'edit'"
        ):
            attempts = self._attempts.get(id_, [])
            arrived = sum(attempt.arrived for attempt in attempts)
            need(
                arrived <= copies or status in ("claimed", "queued"),
                "copies are counted",
                f"{id_}: {arrived}, {copies}",
            )
            if status == "sent":
                need(arrived, "sent has arrived", f"message {id_}")
            elif status in ("refused", "dropped", "unknown"):
                need(error, "every silence has a reason", f"message {id_} is {status}")
                need(
                    not urgent or status != "unknown" or copies == 2, "at least once", f"message {id_}: {copies} copies"
                )
        lost = self.rows(
            "SELECT r.id, r.rung, m.status FROM reminder r JOIN message m ON m.id = r.message_id "
            "WHERE r.status = 'in_message' AND m.status IN ('refused', 'dropped')"
        )
        need(not lost, "lost lines are marked", lost[:3])
        silent = self.rows("SELECT id FROM reminder WHERE status='suppressed' AND reason IS NULL")
        need(not silent, "every silence has a reason", silent[:3])
        nowhere = self.rows("SELECT id FROM reminder WHERE status='in_message' AND message_id IS NULL")
        need(not nowhere, "every line is in a message", nowhere[:3])

    def check_calm(self, now: dt.datetime) -> None:
        """At the end, when nothing has broken for a while: nothing hangs."""
        old = spelled(now - dt.timedelta(days=6))
        stuck = self.rows(
            "SELECT id, kind, status, not_before, error FROM message "
            "WHERE status IN ('queued', 'claimed') AND not_before < ?",
            old,
        )
        need(not stuck, "nothing hangs", f"messages {stuck[:3]}")
        waiting = self.rows(
            "SELECT r.id, r.person_id, r.rung, r.scheduled_at FROM reminder r "
            "WHERE r.status = 'pending' AND r.scheduled_at < ?",
            old,
        )
        need(not waiting, "nothing hangs", f"reminders {waiting[:3]}")
        need(not self.rows("SELECT id FROM inbound WHERE handled_at IS NULL"), "nothing hangs", "replies")

    def digest_of_all(self) -> str:
        """A mark of everything that happened: the journal's head says it in one word."""
        return self._head


def start(of: dt.date) -> dt.datetime:
    """When that day ends, in UTC."""
    return dt.datetime.combine(of, dt.time(23, 59), ZONE).astimezone(dt.UTC)


__all__ = ["Checker", "Violation", "need", "works"]

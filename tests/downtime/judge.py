"""What must hold after an outage, by comparison with the life of the same office without one.

Everything is read from the rows and from the phones; nothing is believed of what the engine says it did. Reminders
that repeat (the last rung, every few days) count as one rung: whoever hears the newest has heard of all before it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select

from data.database import reading
from data.rows import AnyRow
from engine.messages import DigestMessage, ReminderMessage
from engine.office import CHAT, MESSAGE, OCCURRENCE, PERSON, REMINDER
from engine.why import story_of
from tests.downtime.machine import Machine, Rang, at_work
from tests.downtime.outages import Outage
from tests.world import ZONE

#: What ladders say; the rest is news of what people did, which an outage only delays.
LADDER = {"collect", "write", "soon", "last_call", "overdue", "escalation"}
Rung = tuple[str, str, str]  # title, rung, person


@dataclass
class Line:
    """What has become of one rung for one person."""

    due: dt.datetime
    sent: dt.datetime | None
    reason: str | None
    status: str
    together: int  # how many lines its message has
    copies: int


@dataclass
class Verdict:
    """One cell of the matrix, and what is wrong with it."""

    due: int = 0
    said: int = 0
    merged: int = 0
    passed_over: int = 0
    done_meanwhile: int = 0
    earliest: dt.datetime | None = None
    burst: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Every promise."""
        return not (self.lost or self.doubled or self.wrong) and self.burst <= 1


def judge(calm: Machine, hit: Machine, outage: Outage) -> Verdict:
    """Compare the life that had the outage with the one that had not."""
    verdict = Verdict(wrong=list(hit.unwell))
    if calm.unwell:
        verdict.wrong.append(f"even without an outage: {calm.unwell[:1]}")
    _rungs(calm, hit, outage, verdict)
    _work(calm, hit, verdict)
    _phones(calm, hit, outage, verdict)
    _copies(hit, verdict)
    _reasons(hit, verdict)
    _digests(calm, hit, verdict)
    return verdict


def _rungs(calm: Machine, hit: Machine, outage: Outage, verdict: Verdict) -> None:
    """Every rung is said or explained, and none before its time."""
    expected, found = lines_of(calm), lines_of(hit)
    inside = (outage.begins, outage.over if outage.over > outage.begins else outage.begins + abs(outage.by))
    done = {row.title: row.reported_at for row in _rows(hit) if row.reported_at is not None}
    for rung, line in expected.items():
        title, name, person = rung
        meanwhile = inside[0] <= line.due <= inside[1]
        verdict.due += meanwhile
        there = found.get(rung)
        if there is None:
            if title in done:
                verdict.done_meanwhile += meanwhile
            else:
                verdict.lost.append(f"{title}: {name} to {person}, due {_civil(line.due)}")
            continue
        if there.sent is not None:
            verdict.said += meanwhile
            verdict.merged += meanwhile and there.together > 1
            # The second copy of what had begun before the clock was put back is not early: its time had come.
            if there.sent < there.due and there.copies < 2:
                verdict.wrong.append(
                    f"{title}: {name} was said at {_civil(there.sent)}, its time is {_civil(there.due)}"
                )
        elif there.status == "suppressed":
            verdict.passed_over += meanwhile
            if not there.reason:
                verdict.lost.append(f"{title}: {name} to {person} is silent without a reason")
        elif there.status == "unknown":
            verdict.said += meanwhile  # it may have arrived, and is shown as that
        else:
            verdict.lost.append(f"{title}: {name} to {person} is {there.status}")
        if there.due != line.due:
            verdict.wrong.append(f"{title}: {name} falls on {_civil(there.due)}, not {_civil(line.due)}")


def lines_of(machine: Machine) -> dict[Rung, Line]:
    """The first line of each rung for each person."""
    per_message = Counter(row.message_id for row in _reminders(machine))
    found: dict[Rung, Line] = {}
    for row in _reminders(machine):
        if row.says in LADDER:
            status = row.message_status if row.status == "in_message" else row.status
            line = Line(row.scheduled_at, row.sent_at, row.reason, status, per_message[row.message_id], row.copies or 0)
            key = (row.title, row.rung.partition("#")[0], row.slug)
            if key not in found or (found[key].sent is None and line.sent is not None and "#" not in row.rung):
                found[key] = line
    return found


def _reminders(machine: Machine) -> list[AnyRow]:
    return machine.rows(
        select(
            OCCURRENCE.c.title,
            REMINDER.c.rung,
            PERSON.c.slug,
            REMINDER.c.says,
            REMINDER.c.scheduled_at,
            REMINDER.c.status,
            REMINDER.c.reason,
            REMINDER.c.message_id,
            MESSAGE.c.status.label("message_status"),
            MESSAGE.c.sent_at,
            MESSAGE.c.copies,
        )
        .join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
        .join(PERSON, PERSON.c.id == REMINDER.c.person_id)
        .outerjoin(MESSAGE, MESSAGE.c.id == REMINDER.c.message_id)
        .order_by(REMINDER.c.id)
    )


def _work(calm: Machine, hit: Machine, verdict: Verdict) -> None:
    """The same answers lead to the same state of the work."""
    was = [(row.title, row.work_state, row.due, row.internal_due, row.doer_id) for row in _rows(calm)]
    became = [(row.title, row.work_state, row.due, row.internal_due, row.doer_id) for row in _rows(hit)]
    if was != became:
        verdict.wrong.append(f"the work stands differently: {set(was) ^ set(became)}")


def _rows(machine: Machine) -> list[AnyRow]:
    return machine.rows(select(OCCURRENCE).order_by(OCCURRENCE.c.id))


def _phones(calm: Machine, hit: Machine, outage: Outage, verdict: Verdict) -> None:
    """One message a person and slot, in working hours, nothing in a burst, nothing said again."""
    slots: Counter[tuple[str, str]] = Counter()
    for rang in hit.rang:
        if not rang.is_news:
            continue
        slot = at_work(rang.machine)
        if slot is None:
            verdict.wrong.append(f"{rang.address} outside working hours, at {_civil(rang.machine)}")
        elif not rang.resent:
            slots[rang.address, slot] += 1
    verdict.wrong += [f"{address}: {count} messages in {slot}" for (address, slot), count in slots.items() if count > 1]
    woken = [rang for rang in hit.rang[hit.rang_before :] if rang.is_news and not rang.resent]
    verdict.earliest = woken[0].machine if woken else None
    soon = [rang.address for rang in woken if rang.true <= outage.wakes + dt.timedelta(hours=1)]
    verdict.burst = max(Counter(soon).values(), default=0)
    usual, heard = _heard(calm.rang), _heard(hit.rang)
    for what, times in heard.items():
        if times > max(usual[what], 1):
            verdict.doubled.append(f"{what}: {times} times, {usual[what]} without the outage")


def _heard(rang: list[Rang]) -> Counter[tuple[str, int, str]]:
    """How often each phone rang for each thing, marked second copies aside."""
    return Counter(
        (one.address, item.occurrence_id, str(item.says))
        for one in rang
        if isinstance(one.message, ReminderMessage) and not one.resent
        for item in one.message.items
    )


def _copies(hit: Machine, verdict: Verdict) -> None:
    """At most two copies of what is urgent, one of the rest; nothing still hangs."""
    for row in hit.rows(select(MESSAGE)):
        if row.copies > (2 if row.urgent else 1):
            verdict.doubled.append(f"message {row.id} ({row.kind}): {row.copies} copies")
        if row.status in ("queued", "claimed") and row.not_before < hit.clock.now() - dt.timedelta(days=1):
            verdict.lost.append(f"message {row.id} ({row.kind}) hangs: {row.status} since {_civil(row.not_before)}")
        if row.status in ("unknown", "refused", "dropped") and not row.error:
            verdict.lost.append(f"message {row.id} is {row.status} without a reason")


def _reasons(hit: Machine, verdict: Verdict) -> None:
    """``nhacviec why`` has the reason of every silence."""
    with reading(hit.engine) as connection:
        for row in _rows(hit):
            for told in story_of(connection, row.id, hit.clock.now()).told:
                if told.status == "không gửi" and not told.reason:
                    verdict.lost.append(f"{row.title}: no reason in its story for {told.rung} to {told.person}")


def _digests(calm: Machine, hit: Machine, verdict: Verdict) -> None:
    """Each week is told to each reader once, or named as passed over."""
    usual, told = _weeks(calm.rang), _weeks(hit.rang)
    passed = {week for rang in hit.rang if isinstance(rang.message, DigestMessage) for week in rang.message.passed_over}
    verdict.doubled += [f"digest {key}: {times} times" for key, times in told.items() if times > 1]
    verdict.lost += [
        f"digest {key}" for key in usual.keys() - told.keys() if key[1] not in passed and not _lost_fate(hit, key)
    ]


def _weeks(rang: list[Rang]) -> Counter[tuple[str, str]]:
    return Counter((one.address, one.message.week) for one in rang if isinstance(one.message, DigestMessage))


def _lost_fate(hit: Machine, key: tuple[str, str]) -> bool:
    """A digest whose sending was cut off is at most once, and shown as unknown."""
    query = (
        select(MESSAGE.c.id)
        .join(CHAT, CHAT.c.person_id == MESSAGE.c.person_id)
        .where(CHAT.c.address == key[0], MESSAGE.c.kind == "digest", MESSAGE.c.status == "unknown")
    )
    return bool(hit.rows(query))


def _civil(moment: dt.datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"

"""What the doer says about their work."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert, select

from data.rows import AnyRow
from engine import actions
from engine.conversation import evidence, work
from engine.conversation.asking import Wanted, ask_for
from engine.conversation.naming import named
from engine.conversation.talk import Talk
from engine.messages import Answer, Said
from engine.office import OCCURRENCE, STAND_IN
from engine.rules.chain import Member
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.replies import Action, Decision
from engine.rules.rights import Part
from engine.rules.status import ends_at

LONGEST_LEAVE = 200  # days: a maternity leave; longer ones need the office's own decision
BY_CHAT = "báo nghỉ qua tin nhắn"


def done(talk: Talk, row: AnyRow, number: int, said: Decision) -> Answer:
    """xong: reported, with whatever shows it; where the work demands a product, it is asked for first."""
    if WorkState(row.work_state) in OPEN and not evidence.suffices(talk, row, said.intent):
        ask_for(talk, said, (number,), Wanted.EVIDENCE)
        return talk.answer(Said.NEEDS_EVIDENCE, row, number, verb=row.evidence)
    intent = said.intent
    acted = actions.report(talk.connection, talk.office, row, talk.actor, talk.said_at, intent.document)
    kept = evidence.keep(talk, row, intent)
    acted = talk.remember(acted, evidence=kept)
    late = talk.said_at > ends_at(row.due, row.due_time, talk.office.zone)
    return talk.answer(
        Said.DONE if acted.state is WorkState.DONE else Said.DONE_WAITING,
        row,
        number,
        due=row.due,
        until=row.internal_due if row.internal_due > row.due else None,
        late=late,
        undo_word=True,
        at=talk.said_at,
        document=intent.document,
        version=acted.undo["version"],
    )


def doing(talk: Talk, row: AnyRow, number: int, _: Decision) -> Answer:
    """đang làm."""
    version = row.version
    if WorkState(row.work_state) is not WorkState.DOING:
        acted = talk.remember(actions.start(talk.connection, talk.office, row, talk.actor, talk.now))
        version = acted.undo["version"]
    return talk.answer(
        Said.DOING, row, number, due=row.due, until=row.internal_due, undo_word=bool(talk.acted), version=version
    )


def extend(talk: Talk, row: AnyRow, number: int, said: Decision) -> Answer:
    """gia hạn … đến … vì …"""
    until, reason = said.intent.date, said.intent.reason
    if until is None and said.intent.more:  # "thêm 3 ngày": to the day that is aimed at now
        until = _later(talk, row.internal_due, said.intent.more, working=said.intent.working)
    shown: dict[str, Any] = {"due": row.due, "until": until, "first_day": row.internal_due}
    if until is None:
        ask_for(talk, said, (number,), Wanted.DATE)
        return talk.answer(Said.NEEDS_DATE, row, number, verb="gia hạn", **shown)
    if until < talk.today:
        ask_for(talk, said, (number,), Wanted.DATE)
        return talk.answer(Said.DATE_PAST, row, number, **shown)
    if until <= row.internal_due:
        ask_for(talk, said, (number,), Wanted.DATE)
        return talk.answer(Said.DATE_EARLIER, row, number, **shown)
    if not reason:
        ask_for(talk, said, (number,), Wanted.REASON)
        return talk.answer(Said.NEEDS_REASON, row, number, **shown)
    acted = talk.remember(actions.ask_extension(talk.connection, talk.office, row, talk.actor, until, reason, talk.now))
    # A day off is no day to send anything: the asker learns it while it can still be changed.
    day_off = until if not talk.office.calendar.is_working(until) else None
    return talk.answer(
        Said.EXTENSION_SENT,
        row,
        number,
        reason=reason,
        undo_word=True,
        version=acted.undo["version"],
        last_day=day_off,
        **shown,
    )


def _later(talk: Talk, day: dt.date, days: int, *, working: bool) -> dt.date:
    return talk.office.calendar.add(day, days) if working else day + dt.timedelta(days=days)


def hand_over(talk: Talk, row: AnyRow, number: int, said: Decision) -> Answer:
    """chuyển … cho …: to a colleague of the unit; the head and the standing office may choose anyone."""
    if WorkState(row.work_state) not in OPEN:
        raise actions.CannotDo(WorkState(row.work_state))
    staff = talk.office.staff
    wide = bool({Part.STANDING, Part.LEADER} & talk.parts(row))
    possible = [
        member
        for member in staff.members.values()
        if member.active
        and member.role in ("officer", "head")
        and member.id != row.doer_id
        and (wide or member.unit_id in (row.unit_id, talk.me.unit_id))
    ]
    who = " ".join(word for word in (said.intent.who, said.intent.who_unit) if word)
    found = named(who, possible, staff, row.unit_id)
    if len(found) != 1:
        names = tuple(member.name for member in (found or possible)[: work.MOST_LINES])
        ask_for(talk, said, (number,), Wanted.PERSON, names=names)
        told = Said.NEEDS_PERSON if not who else Said.WHICH_PERSON if found else Said.NO_SUCH_PERSON
        return talk.answer(told, row, number, who=who or None, names=names)
    [new_doer] = found
    acted = talk.remember(
        actions.hand_over(talk.connection, talk.office, row, new_doer.id, talk.actor, said.intent.reason, talk.now)
    )
    return talk.answer(Said.HANDED_OVER, row, number, who=new_doer.name, undo_word=True, version=acted.undo["version"])


def stuck(talk: Talk, row: AnyRow, number: int, said: Decision) -> Answer:
    """vướng …: the standing office hears of it."""
    words = said.intent.reason
    if not words:
        ask_for(talk, said, (number,), Wanted.REASON)
        return talk.answer(Said.NEEDS_WORDS, row, number)
    acted = talk.remember(actions.raise_difficulty(talk.connection, talk.office, row, talk.actor, words, talk.now))
    return talk.answer(
        Said.DIFFICULTY_SENT, row, number, reason=words, undo_word=True, version=acted.undo["version"], due=row.due
    )


def snooze(talk: Talk, row: AnyRow, number: int, said: Decision) -> Answer:
    """nhắc … chiều mai: never past the day the work is to be sent."""
    at = _at_work(talk, said.intent.date, said.intent.at)
    if at is None:
        ask_for(talk, said, (number,), Wanted.DATE)
        return talk.answer(Said.NEEDS_TIME, row, number, due=row.internal_due)
    last = row.internal_due
    if talk.today > last:
        return talk.answer(Said.SNOOZE_TOO_LATE, row, number, due=last, late=True)
    if talk.office.today(at) > last:
        return talk.answer(Said.SNOOZE_TOO_LATE, row, number, due=last, until=talk.office.today(at))
    acted = talk.remember(actions.snooze(talk.connection, talk.office, row, talk.actor, at, talk.now))
    return talk.answer(
        Said.SNOOZED, row, number, at=at.astimezone(talk.office.zone), undo_word=True, version=acted.undo["version"]
    )


def _at_work(talk: Talk, day: dt.date | None, clock: dt.time | None) -> dt.datetime | None:
    """The first moment at work from that day and hour on; an hour without a day is the next time it comes."""
    if day is None and clock is None:
        return None
    hours, zone = talk.office.hours, talk.office.zone
    wanted = hours.slot_on(day or talk.today, "morning").starts
    if clock is not None:
        wanted = dt.datetime.combine(day or talk.today, clock, zone).astimezone(dt.UTC)
    if day is None and wanted <= talk.now:
        wanted += dt.timedelta(days=1)
    wanted = max(wanted, talk.now + dt.timedelta(minutes=1))
    return wanted if hours.slot_at(wanted) else hours.next_slot(wanted).starts


def leave(talk: Talk, said: Decision) -> Answer:
    """nghỉ từ … đến …: the head of the unit stands in, and hears at once what falls into these days."""
    first, last = said.intent.date, said.intent.until
    if first is None or last is None or last < talk.today or (last - first).days > LONGEST_LEAVE:
        ask_for(talk, said, (), Wanted.DATE)
        return talk.answer(Said.NEEDS_LEAVE_DATES)
    substitute = _stands_in(talk, first, last)
    clash = any(a.person == talk.me.id and a.first_day <= last and first <= a.last_day for a in talk.office.staff.away)
    if substitute is None or clash:
        return talk.answer(Said.LEAVE_NOTED, first_day=first, last_day=last, late=clash)
    row_id = talk.connection.execute(
        insert(STAND_IN)
        .values(
            office_id=talk.office.id,
            person_id=talk.me.id,
            substitute_id=substitute.id,
            first_day=first,
            last_day=last,
            decision=BY_CHAT,
        )
        .returning(STAND_IN.c.id)
    ).scalar_one()
    own = work.rows(talk, OCCURRENCE.c.doer_id == talk.me.id, OPEN)
    falling = [row for row in own if row.internal_due <= last and (row.internal_due >= first or first <= talk.today)]
    acted = actions.announce_leave(
        talk.connection, talk.office, falling, talk.actor, substitute.id, (row_id, first, last), talk.now
    )
    talk.remember(acted)
    return talk.answer(
        Said.LEAVE_NOTED,
        first_day=first,
        last_day=last,
        who=substitute.name,
        lines=work.lines(talk, falling),
        undo_word=True,
    )


def _stands_in(talk: Talk, first: dt.date, last: dt.date) -> Member | None:
    """The head of the unit, else its other officer, else the standing office; for a leader another leader.

    Nobody who is away in these days, nor anybody the speaker stands in for then: that would be a circle.
    """
    staff = talk.office.staff
    away = set(
        talk.connection.execute(
            select(STAND_IN.c.person_id).where(
                STAND_IN.c.office_id == talk.office.id,
                STAND_IN.c.first_day <= last,
                STAND_IN.c.last_day >= first,
            )
        ).scalars()
    )
    others = [m for m in staff.members.values() if m.active and m.id != talk.me.id and m.id not in away]
    if talk.me.role == "leader":
        return next((m for m in others if m.role == "leader"), None)
    standing_unit = staff.units[staff.standing_unit].id
    unit = talk.me.unit_id
    by_turns = (
        [m for m in others if m.unit_id == unit and m.role == "head"],
        [m for m in others if m.unit_id == unit and m.role == "officer"],
        [m for m in others if m.unit_id == standing_unit and m.role == "head"],
        [m for m in others if m.standing],
    )
    return next((found[0] for found in by_turns if found), None)


#: What each reply of the doer does.
DEEDS = {
    Action.DONE: done,
    Action.DOING: doing,
    Action.EXTEND: extend,
    Action.HANDOVER: hand_over,
    Action.DIFFICULTY: stuck,
    Action.SNOOZE: snooze,
}

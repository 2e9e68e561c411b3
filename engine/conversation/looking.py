"""Lists: the speaker's work, their unit's, this week's, and everything about one piece of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from data.rows import AnyRow
from engine import signin
from engine.conversation import evidence, work
from engine.conversation.talk import Talk
from engine.messages import HIDDEN_TITLE, Answer, Said, WorkDetail
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.replies import Action, Decision
from engine.rules.rights import Right, may, parts_in_office
from engine.rules.status import in_words


def work_list(talk: Talk, _: Decision) -> Answer:
    """việc: what is open, and what waits for the speaker's word."""
    rows = work.open_rows(talk)
    waiting = work.candidates(talk, Action.CONFIRM) + work.candidates(talk, Action.APPROVE)
    rows += [row for row in waiting if row.id not in {known.id for known in rows} and row.doer_id != talk.me.id]
    theirs = None if rows or not _of_unit(talk) else "việc đơn vị"  # a head without work of their own has the unit's
    return _listed(talk, Said.WORK_LIST, rows, verb=theirs)


def unit_list(talk: Talk, _: Decision) -> Answer:
    """việc đơn vị: everything open in the unit; for leaders, in the units they answer for."""
    return _listed(talk, Said.UNIT_LIST, _of_unit(talk), verb="cơ quan" if _sees_office(talk) else "đơn vị")


def _sees_office(talk: Talk) -> bool:
    return talk.me.role == "leader" or may(Right.SEE_OFFICE, parts_in_office(talk.office.staff, talk.me.id))


def _of_unit(talk: Talk) -> list[AnyRow]:
    staff = talk.office.staff
    states = (*OPEN, WorkState.WAITING)
    if not may(Right.SEE_UNIT, parts_in_office(staff, talk.me.id)):
        return []
    if _sees_office(talk):
        units = [unit.id for slug, unit in staff.units.items() if slug in talk.me.in_charge_of]
        return work.of_units(talk, units if talk.me.in_charge_of else None, states)
    mine = {staff.members[person].unit_id for person in talk.mine if person in staff.members}
    below = {unit.id for unit in staff.units.values() if _under(talk, unit.escalates_to, mine)}
    return work.of_units(talk, mine | below, states)


def _under(talk: Talk, slug: str | None, mine: set[int]) -> bool:
    above = talk.office.staff.units.get(slug) if slug else None
    return talk.me.role == "head" and above is not None and above.id in mine


def week(talk: Talk, said: Decision) -> Answer:
    """tuần: what is to be sent in that week; this week's list begins with what is late."""
    monday = talk.today - dt.timedelta(days=talk.today.weekday())
    if said.intent.week:
        year, _, number = said.intent.week.partition("-W")
        try:
            monday = dt.date.fromisocalendar(int(year), int(number), 1)
            sunday = monday + dt.timedelta(days=6)
        except (ValueError, OverflowError):  # most years have no week 53
            return talk.answer(Said.NOT_UNDERSTOOD)
    sunday = monday + dt.timedelta(days=6)
    now = monday <= talk.today <= sunday
    rows = [r for r in work.open_rows(talk) if r.internal_due <= sunday and (now or r.internal_due >= monday)]
    reported = monday.isocalendar()
    return _listed(talk, Said.WEEK, rows, week=f"{reported.week}/{reported.year}", late=now)


def _listed(talk: Talk, said: Said, rows: list[AnyRow], **values: Any) -> Answer:
    lines = work.lines(talk, rows)
    return talk.answer(said, lines=lines, more=len(rows) - len(lines), **values)


def detail(talk: Talk, row: AnyRow, number: int, _: Decision) -> Answer:
    """chi tiết."""
    rule, secret = row.rule, row.secret
    source = rule.get("source") or {}
    units = talk.office.staff.units
    extension = work.extension_of(talk, row)
    found = WorkDetail(
        unit=next(unit.name for unit in units.values() if unit.id == row.unit_id),
        state=in_words(WorkState(row.work_state), row.due, row.internal_due, talk.today),
        nominal_due=row.nominal_due,
        due=row.due,
        internal_due=row.internal_due,
        doer=talk.office.name_of(row.doer_id) if row.doer_id else None,
        cutoff=row.cutoff,
        cooperating=tuple(units[slug].name for slug in rule.get("cooperating") or () if slug in units),
        product=None if secret else row.product,
        source=None if secret else source.get("where"),
        evidence=() if secret else evidence.in_words(talk, row),
        asked_until=extension.until if extension else None,
    )
    title = HIDDEN_TITLE if secret else row.title
    return talk.answer(Said.DETAIL, row, number, title=title, detail=found, reason=row.difficulty)


def web(talk: Talk) -> Answer:
    """web: a link into the console, for the speaker alone; in a group nobody is answered."""
    address = signin.address(talk.connection)
    if address is None:
        return talk.answer(Said.WEB_SHUT)
    try:
        token = signin.new_link(talk.connection, talk.me.id, talk.me.name, talk.now)
    except signin.TooManyLinks:
        return talk.answer(Said.WEB_TOO_MANY)
    return talk.answer(Said.WEB_LINK, link=signin.link_at(address, token))


#: What each request shows.
LISTS = {Action.LIST: work_list, Action.UNIT_LIST: unit_list, Action.WEEK: week}

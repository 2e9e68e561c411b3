"""Who may do what: one table, and nothing is allowed that does not stand in it.

A person has *parts* in a piece of work (its doer, the head above it …), found from the chain that was frozen when it
opened; and parts in the office, whatever the work. Chat, command line and pages all ask here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from engine.rules.chain import Member, Staff, confirmers, stand_in


class Part(StrEnum):
    """What somebody is to a piece of work, or to the office."""

    DOER = "doer"  # chuyên viên được giao
    HEAD = "head"  # trưởng đơn vị
    STANDING = "standing"  # cơ quan thường trực
    LEADER = "leader"  # lãnh đạo
    COLLEAGUE = "colleague"  # of the same unit
    VIEWER = "viewer"  # may look and change nothing
    ASKED = "asked"  # was asked to confirm this very report


class Right(StrEnum):
    """What can be asked for."""

    # about one piece of work
    START = "start"
    REPORT = "report"
    ASK_EXTENSION = "ask_extension"
    HAND_OVER = "hand_over"
    RAISE_DIFFICULTY = "raise_difficulty"
    SNOOZE = "snooze"
    GIVE_EVIDENCE = "give_evidence"
    DECIDE_EXTENSION = "decide_extension"
    CONFIRM_FOR_HEAD = "confirm_for_head"  # confirm or return what the head of the unit confirms
    CONFIRM_FOR_STANDING = "confirm_for_standing"  # … what the standing office confirms
    SUSPEND = "suspend"
    CANCEL = "cancel"
    SEE_WORK = "see_work"
    # about the office
    SEE_OWN = "see_own"
    UNDO_OWN = "undo_own"
    TAKE_LEAVE = "take_leave"
    SEE_UNIT = "see_unit"
    SEE_OFFICE = "see_office"
    SEE_DIGEST = "see_digest"
    SEE_JOURNAL = "see_journal"
    LOAD_PLAN = "load_plan"
    MANAGE_PEOPLE = "manage_people"


_P = Part
_EVERYONE = frozenset({_P.DOER, _P.HEAD, _P.STANDING, _P.LEADER, _P.COLLEAGUE, _P.VIEWER, _P.ASKED})
_STAFF = _EVERYONE - {_P.VIEWER}
TABLE: Mapping[Right, frozenset[Part]] = {
    Right.START: frozenset({_P.DOER, _P.HEAD}),
    Right.REPORT: frozenset({_P.DOER, _P.HEAD}),
    Right.ASK_EXTENSION: frozenset({_P.DOER, _P.HEAD}),
    Right.HAND_OVER: frozenset({_P.DOER, _P.HEAD, _P.STANDING}),
    Right.RAISE_DIFFICULTY: frozenset({_P.DOER, _P.HEAD}),
    Right.SNOOZE: frozenset({_P.DOER}),
    Right.GIVE_EVIDENCE: frozenset({_P.DOER, _P.HEAD}),
    Right.DECIDE_EXTENSION: frozenset({_P.STANDING, _P.LEADER}),
    Right.CONFIRM_FOR_HEAD: frozenset({_P.HEAD, _P.LEADER, _P.ASKED}),
    Right.CONFIRM_FOR_STANDING: frozenset({_P.STANDING, _P.LEADER, _P.ASKED}),
    Right.SUSPEND: frozenset({_P.STANDING}),
    Right.CANCEL: frozenset({_P.STANDING}),
    Right.SEE_WORK: _EVERYONE,
    Right.SEE_OWN: _EVERYONE,
    Right.UNDO_OWN: _EVERYONE,  # whoever may do nothing has nothing to undo
    Right.TAKE_LEAVE: _STAFF,
    Right.SEE_UNIT: _EVERYONE,
    Right.SEE_OFFICE: frozenset({_P.STANDING, _P.LEADER, _P.VIEWER}),
    Right.SEE_DIGEST: frozenset({_P.STANDING, _P.LEADER, _P.VIEWER}),
    Right.SEE_JOURNAL: frozenset({_P.STANDING, _P.LEADER}),
    Right.LOAD_PLAN: frozenset({_P.STANDING}),
    Right.MANAGE_PEOPLE: frozenset({_P.STANDING}),
}


def may(right: Right, parts: frozenset[Part]) -> bool:
    """Whether somebody with these parts has the right."""
    return bool(TABLE.get(right, frozenset()) & parts)


def acting_for(staff: Staff, person: int, today: dt.date) -> frozenset[int]:
    """The person, and everyone they stand in for today."""
    direct = {a.person for a in staff.away if a.substitute == person and a.first_day <= today <= a.last_day}
    # Whoever hears for somebody through a stand-in who is away too may act for them as well.
    return frozenset({person} | direct | {a.person for a in staff.away if stand_in(staff, a.person, today) == person})


def parts_in_work(
    staff: Staff, person: int, chain: Mapping[str, list[int]], unit_id: int, today: dt.date
) -> frozenset[Part]:
    """What this person is to a piece of work: by its frozen chain, through a stand-in, or as a colleague."""
    member = staff.members.get(person)
    if member is None or not member.active:
        return frozenset()
    if member.role == "viewer":  # whatever they were when the chain was frozen
        return frozenset({Part.VIEWER})
    mine = acting_for(staff, person, today)
    levels = {"doer": Part.DOER, "head": Part.HEAD, "standing": Part.STANDING, "leaders": Part.LEADER}
    parts = {part for level, part in levels.items() if mine & set(chain.get(level, ()))}
    if member.unit_id == unit_id:
        parts.add(Part.COLLEAGUE)
    return frozenset(parts)


def parts_in_office(staff: Staff, person: int) -> frozenset[Part]:
    """What this person is to the office, whatever the work."""
    member = staff.members.get(person)
    if member is None or not member.active:
        return frozenset()
    return frozenset(_parts_of(member, staff))


def _parts_of(member: Member, staff: Staff) -> set[Part]:
    if member.role == "viewer":
        return {Part.VIEWER}
    parts = {{"head": Part.HEAD, "leader": Part.LEADER}.get(member.role, Part.COLLEAGUE)}
    standing_unit = staff.units.get(staff.standing_unit)
    leads_it = member.role == "head" and standing_unit is not None and member.unit_id == standing_unit.id
    if member.standing or leads_it:
        parts.add(Part.STANDING)
    return parts


def may_confirm(
    staff: Staff,
    person: int,
    chain: Mapping[str, list[int]],
    unit_id: int,
    level: str,
    reporter: int | None,
    today: dt.date,
) -> bool:
    """Whether this person may confirm or return a report. ``level``: "head" or "standing", as the obligation says.

    Nobody confirms their own report as somebody's stand-in, only in their own name.
    """
    level = level if level in ("head", "standing") else "head"
    if person == reporter:
        return person in chain.get(level, ())
    parts = parts_in_work(staff, person, chain, unit_id, today)
    if person in {hearer.person_id for hearer in confirmers(staff, chain, level, reporter, today)}:
        parts |= {Part.ASKED}
    return may(Right.CONFIRM_FOR_HEAD if level == "head" else Right.CONFIRM_FOR_STANDING, parts)


def may_decide_extension(
    staff: Staff,
    person: int,
    chain: Mapping[str, list[int]],
    unit_id: int,
    asked_by: int | None,
    today: dt.date,
) -> bool:
    """Whether this person may approve or refuse more time; nobody decides about their own request."""
    return person != asked_by and may(Right.DECIDE_EXTENSION, parts_in_work(staff, person, chain, unit_id, today))

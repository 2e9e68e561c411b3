"""Who hears what: the chain chuyên viên → trưởng đơn vị → cơ quan thường trực → lãnh đạo.

The chain is worked out once, when an occurrence opens, and frozen in it: whoever joins or leaves later does not
rewrite who was responsible. People who have left, and stand-ins, are looked at when a rung speaks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LEVELS = ("doer", "head", "standing", "leaders")


@dataclass(frozen=True, slots=True)
class Member:
    """A person as far as the chain is concerned."""

    id: int
    slug: str
    name: str
    unit_id: int
    role: str
    standing: bool
    in_charge_of: tuple[str, ...]
    active: bool = True
    reachable: bool = True  # has an address that is not blocked


@dataclass(frozen=True, slots=True)
class UnitNode:
    """A unit as far as the chain is concerned."""

    id: int
    slug: str
    name: str
    kind: str
    escalates_to: str | None


@dataclass(frozen=True, slots=True)
class Away:
    """For these days, inclusive, ``substitute`` hears for ``person``."""

    person: int
    substitute: int
    first_day: dt.date
    last_day: dt.date
    decision: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Everyone of one office."""

    members: Mapping[int, Member]
    units: Mapping[str, UnitNode]
    standing_unit: str
    away: tuple[Away, ...] = ()
    by_slug: Mapping[str, Member] = field(default_factory=dict)


Chain = dict[str, list[int]]


def chain_for(staff: Staff, unit_slug: str, doer_slug: str | None) -> Chain:
    """The chain of an occurrence led by ``unit_slug``: person ids for each level.

    * doer: the one named, else the unit's first officer, else its head;
    * head: the heads of the unit, and of the units above it (``escalates_to``);
    * standing: the standing office's people, and the head of its unit;
    * leaders: those in charge of the unit, and those in charge of everything.

    A partner (Mặt trận, đoàn thể) can be asked but not escalated to: the standing office stands in for its head.
    """
    unit = staff.units[unit_slug]
    people = [member for member in staff.members.values() if member.active]
    own = [member for member in people if member.unit_id == unit.id]
    standing_unit = staff.units[staff.standing_unit]
    standing = [m for m in people if m.standing]
    standing += [m for m in people if m.unit_id == standing_unit.id and m.role == "head" and not m.standing]
    named = staff.by_slug.get(doer_slug or "")
    doers = [named] if named and named.active else [m for m in own if m.role == "officer"][:1]
    heads = _heads_upwards(staff, unit, people) if unit.kind != "partner" else []
    doers = doers or heads[:1] or standing[:1]
    leaders = [m for m in people if m.role == "leader" and (not m.in_charge_of or unit_slug in m.in_charge_of)]
    # The vice-chair in charge is named before the chair, who answers for everything.
    leaders.sort(key=lambda m: not m.in_charge_of)
    return {
        "doer": _ids(doers),
        "head": _ids(heads or standing[:1]),
        "standing": _ids(standing),
        "leaders": _ids(leaders),
    }


def _heads_upwards(staff: Staff, unit: UnitNode, people: list[Member]) -> list[Member]:
    heads: list[Member] = []
    seen: set[str] = set()
    node: UnitNode | None = unit
    while node and node.slug not in seen:  # a loaded file has no circle; a row edited by hand might
        seen.add(node.slug)
        heads += [m for m in people if m.unit_id == node.id and m.role == "head"]
        node = staff.units.get(node.escalates_to) if node.escalates_to else None
    return heads


def _ids(members: Iterable[Member]) -> list[int]:
    return list(dict.fromkeys(member.id for member in members))


@dataclass(frozen=True, slots=True)
class Hearer:
    """One person who is to hear a rung; ``on_behalf_of`` names whom they stand in for."""

    person_id: int
    on_behalf_of: int | None = None


@dataclass(frozen=True, slots=True)
class Unheard:
    """One person of the chain who cannot hear it, and why, in words."""

    person_id: int
    why: str


def hearers(
    staff: Staff, chain: Mapping[str, list[int]], levels: Iterable[str], today: dt.date
) -> tuple[list[Hearer], list[Unheard]]:
    """Who of these levels hears a rung today: each person once, stand-ins in the place of those away."""
    found: dict[int, Hearer] = {}
    unheard: list[Unheard] = []
    for level in levels:
        for person_id in chain.get(level, ()):
            substitute = stand_in(staff, person_id, today)
            hearer = Hearer(substitute, person_id) if substitute else Hearer(person_id)
            member = staff.members.get(hearer.person_id)
            if member is None or not member.active:
                unheard.append(Unheard(person_id, "không còn công tác tại cơ quan"))
            elif not member.reachable:
                unheard.append(Unheard(hearer.person_id, "chưa nối kênh nhắn tin"))
            else:
                found.setdefault(hearer.person_id, hearer)
    return list(found.values()), unheard


def confirmers(
    staff: Staff, chain: Mapping[str, list[int]], level: str, reporter: int | None, today: dt.date
) -> list[Hearer]:
    """Who is asked to confirm a report: the named level, else the standing office, else the leaders.

    Nobody is asked about their own report: whoever only stands in for their head is passed over.
    """
    for nearest in (level, "standing", "leaders"):
        heard, _ = hearers(staff, chain, [nearest], today)
        others = [hearer for hearer in heard if hearer.person_id != reporter]
        if others:
            return others
    return []


def stand_in(staff: Staff, person_id: int, today: dt.date) -> int | None:
    """Who hears for this person today; follows a stand-in of a stand-in, and gives up on a circle."""
    seen = {person_id}
    current = person_id
    while True:
        away = [a for a in staff.away if a.person == current and a.first_day <= today <= a.last_day]
        if not away:
            return None if current == person_id else current
        current = away[-1].substitute
        if current in seen:
            return None
        seen.add(current)

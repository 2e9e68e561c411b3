"""Who is meant by "chị Lan phòng kinh tế": the people whose name and unit hold every word."""

from __future__ import annotations

from collections.abc import Iterable

from engine.rules.chain import Member, Staff
from engine.rules.chat_words import fold

_TITLES = frozenset(["anh", "chi", "co", "chu", "bac", "em", "ong", "ba", "dong", "dc", "a", "c", "e", "thay"])


def named(who: str, possible: Iterable[Member], staff: Staff, unit_id: int) -> list[Member]:
    """Everyone it could be; those of the unit alone, if there are any.

    A full name goes before a part of it, and a given name (the last word) before any other word.
    """
    words = [word for word in fold(who).split() if word]
    if len(words) > 1:
        words = [word for word in words if word not in _TITLES] or words
    if not words:
        return []
    units = {unit.id: set(fold(unit.name).replace("-", " ").split()) for unit in staff.units.values()}
    found: list[tuple[int, Member]] = []
    for member in possible:
        name = fold(member.name).replace("-", " ").split()
        if words == name:
            found.append((0, member))
        elif words[0] in name and all(word in name or word in units.get(member.unit_id, ()) for word in words):
            found.append((1 if words[0] == name[-1] else 2, member))
    if not found:
        return []
    best = min(rank for rank, _ in found)
    nearest = [member for rank, member in found if rank == best]
    return [member for member in nearest if member.unit_id == unit_id] or nearest

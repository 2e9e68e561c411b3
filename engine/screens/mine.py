"""*Của tôi*: the keys that a person has made, and what they may make."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection

from engine import keys
from engine.keys import Opens
from engine.office import OfficeView
from engine.rules.rights import Right, may, parts_in_office


@dataclass(frozen=True, slots=True)
class Kept:
    """One key as its owner sees it: never the key itself."""

    id: int
    opens: Opens
    name: str
    unit: str | None
    read_only: bool
    made_at: dt.datetime
    used_at: dt.datetime | None
    expires_at: dt.datetime | None
    works: bool


@dataclass(frozen=True, slots=True)
class Mine:
    """The page. ``units``: those whose feed this person may have, as (id, name)."""

    keys: tuple[Kept, ...]
    units: tuple[tuple[int, str], ...]


def mine_of(connection: Connection, office: OfficeView, me: int, now: dt.datetime) -> Mine:
    """What this person has made."""
    kept = tuple(
        Kept(
            row.id,
            Opens(row.opens),
            row.name,
            row.unit_name,
            row.read_only,
            row.made_at,
            row.used_at,
            row.expires_at,
            row.revoked_at is None and (row.expires_at is None or row.expires_at > now),
        )
        for row in keys.keys_of(connection, me)
    )
    whole = may(Right.SEE_OFFICE, parts_in_office(office.staff, me))
    own = office.staff.members[me].unit_id
    units = tuple((unit.id, unit.name) for unit in office.staff.units.values() if whole or unit.id == own)
    return Mine(kept, units)

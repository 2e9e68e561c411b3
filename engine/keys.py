"""Keys to what is read without signing in: a calendar feed, or the API for another program.

A key is long and random, shown once and kept only as its hash; whoever made it can take it back at any time. It opens
what its person may see at the moment it is used: someone who has left opens nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, insert, or_, select, update

from data import journal
from data.rows import AnyRow
from data.tables import AccessKey
from engine.errors import NhacViecError
from engine.office import PERSON, UNIT

ACCESS_KEY = AccessKey.__table__  # type: ignore[attr-defined]
API_KEY_LASTS = dt.timedelta(days=365)
MOST_KEYS = 20  # that still work, of one person
LONGEST_NAME = 80  # letters
_NOTE_USED_EVERY = dt.timedelta(hours=1)
_PREFIXES = {"feed": "nvl_", "api": "nva_"}  # so that a leaked one is recognised for what it is


class Opens(StrEnum):
    """What a key is for."""

    FEED = "feed"
    API = "api"


class TooManyKeys(NhacViecError):
    """One person has as many keys as anybody needs."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that works, and whose it is. ``unit_id``: a feed of that unit's work instead of the person's."""

    id: int
    office_id: str
    person_id: int
    unit_id: int | None
    read_only: bool


def make(
    connection: Connection,
    office_id: str,
    person_id: int,
    opens: Opens,
    name: str,
    now: dt.datetime,
    *,
    unit_id: int | None = None,
    read_only: bool = True,
) -> str:
    """A fresh key; it is returned here and kept nowhere. A feed's works until it is taken back, an API key a year.

    :raises TooManyKeys: the person has :data:`MOST_KEYS` that work.
    """
    if len([row for row in keys_of(connection, person_id) if row.revoked_at is None]) >= MOST_KEYS:
        raise TooManyKeys(f"Mỗi người có tối đa {MOST_KEYS} mã. Đồng chí thu hồi bớt mã không dùng nữa.")
    key = _PREFIXES[opens] + secrets.token_urlsafe(30)
    connection.execute(
        insert(ACCESS_KEY).values(
            office_id=office_id,
            person_id=person_id,
            unit_id=unit_id,
            opens=str(opens),
            name=" ".join(name.split())[:LONGEST_NAME],
            key_hash=_hash(key),
            read_only=read_only,
            made_at=now,
            expires_at=now + API_KEY_LASTS if opens is Opens.API else None,
        )
    )
    _write(connection, office_id, person_id, "key_made", opens, name, now)
    return key


def opened_by(connection: Connection, key: str, opens: Opens, now: dt.datetime) -> Key | None:
    """Whose key this is; None: unknown, for something else, taken back, expired, or its person has left."""
    row = connection.execute(
        select(ACCESS_KEY)
        .join(PERSON, PERSON.c.id == ACCESS_KEY.c.person_id)
        .where(
            ACCESS_KEY.c.key_hash == _hash(key),
            ACCESS_KEY.c.opens == str(opens),
            ACCESS_KEY.c.revoked_at.is_(None),
            or_(ACCESS_KEY.c.expires_at.is_(None), ACCESS_KEY.c.expires_at > now),
            PERSON.c.active,
        )
    ).first()
    return Key(row.id, row.office_id, row.person_id, row.unit_id, row.read_only) if row else None


def note_used(connection: Connection, key: Key, now: dt.datetime) -> None:
    """Remember that it is in use, at most once an hour, so that its owner sees which ones are not."""
    connection.execute(
        update(ACCESS_KEY)
        .where(
            ACCESS_KEY.c.id == key.id,
            or_(ACCESS_KEY.c.used_at.is_(None), ACCESS_KEY.c.used_at < now - _NOTE_USED_EVERY),
        )
        .values(used_at=now)
    )


def keys_of(connection: Connection, person_id: int) -> Sequence[AnyRow]:
    """All keys of a person, the newest first, with the name of the unit where it is one's feed."""
    return connection.execute(
        select(ACCESS_KEY, UNIT.c.name.label("unit_name"))
        .outerjoin(UNIT, UNIT.c.id == ACCESS_KEY.c.unit_id)
        .where(ACCESS_KEY.c.person_id == person_id)
        .order_by(ACCESS_KEY.c.id.desc())
    ).all()


def take_back(connection: Connection, person_id: int, key_id: int, now: dt.datetime) -> bool:
    """Make a key of this person useless, at once. False: it is not theirs, or was taken back before."""
    row = connection.execute(
        update(ACCESS_KEY)
        .where(ACCESS_KEY.c.id == key_id, ACCESS_KEY.c.person_id == person_id, ACCESS_KEY.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ACCESS_KEY.c.office_id, ACCESS_KEY.c.opens, ACCESS_KEY.c.name)
    ).first()
    if row is None:
        return False
    _write(connection, row.office_id, person_id, "key_taken_back", row.opens, row.name, now)
    return True


def _write(
    connection: Connection, office_id: str, person_id: int, action: str, opens: str, name: str, now: dt.datetime
) -> None:
    who: str = connection.execute(select(PERSON.c.name).where(PERSON.c.id == person_id)).scalar_one()
    journal.append(connection, office_id, now, [journal.Line(who, action, None, {"for": str(opens), "name": name})])


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()

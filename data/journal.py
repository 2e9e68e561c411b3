"""The journal (nhật ký): append-only history in which every line's hash covers the line before.

Whoever changes or removes a line breaks every hash after it, and ``nhacviec journal verify`` names the first one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from data.tables import JournalEntry

JOURNAL = JournalEntry.__table__  # type: ignore[attr-defined]
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """One fact to write down: who did what to which occurrence."""

    actor: str
    action: str
    occurrence_id: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of one office's journal found. ``broken_at`` is the first line that does not fit."""

    office_id: str
    lines: int
    head: str
    broken_at: int | None = None


def append(connection: Connection, office_id: str, at: dt.datetime, lines: Iterable[Line]) -> None:
    """Write lines at the end of the office's journal. The caller's transaction holds the write lock."""
    last = connection.execute(
        select(JOURNAL.c.seq, JOURNAL.c.hash)
        .where(JOURNAL.c.office_id == office_id)
        .order_by(JOURNAL.c.seq.desc())
        .limit(1)
    ).first()
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    rows = []
    for line in lines:
        seq += 1
        data = json.dumps(line.data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
        digest = _hash(previous, office_id, seq, at, line.actor, line.action, line.occurrence_id, data)
        rows.append(
            {
                "office_id": office_id,
                "seq": seq,
                "at": at,
                "actor": line.actor,
                "action": line.action,
                "occurrence_id": line.occurrence_id,
                "data": data,
                "previous": previous,
                "hash": digest,
            }
        )
        previous = digest
    if rows:
        connection.execute(insert(JOURNAL), rows)


def verify(connection: Connection, office_id: str) -> Verdict:
    """Walk one office's journal from the first line and compare every hash."""
    previous, expected = GENESIS, 0
    for row in connection.execute(select(JOURNAL).where(JOURNAL.c.office_id == office_id).order_by(JOURNAL.c.seq)):
        expected += 1
        right = _hash(previous, office_id, row.seq, row.at, row.actor, row.action, row.occurrence_id, row.data)
        if row.seq != expected or row.previous != previous or row.hash != right:
            return Verdict(office_id, expected, previous, broken_at=expected)
        previous = row.hash
    return Verdict(office_id, expected, previous)


def _hash(
    previous: str,
    office_id: str,
    seq: int,
    at: dt.datetime,
    actor: str,
    action: str,
    occurrence_id: int | None,
    data: str,
) -> str:
    parts = (previous, office_id, str(seq), at.astimezone(dt.UTC).isoformat(), actor, action, str(occurrence_id), data)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

"""The journal (nhật ký): append-only history in which every line's hash covers the line before.

Whoever changes or removes a line breaks every hash after it, and ``nhacviec journal verify`` names the first one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select

from data import bulk
from data.one_of import one_of
from data.rows import AnyRow
from data.tables import JournalEntry, Office

JOURNAL = JournalEntry.__table__  # type: ignore[attr-defined]
GENESIS = "0" * 64
SHOWN = 16  # letters of a hash's 64 that people copy: 64 bits, more than anybody can hit by trying
_OFFICE = Office.__table__  # type: ignore[attr-defined]
_BEFORE = JOURNAL.alias("before")
# One look at the end of each office's key. Grouped by office, SQLite would read all that was ever written about it.
_HEADS = select(JOURNAL.c.office_id, JOURNAL.c.seq, JOURNAL.c.hash).where(
    JOURNAL.c.office_id == _OFFICE.c.id,
    JOURNAL.c.seq
    == select(func.max(_BEFORE.c.seq)).where(_BEFORE.c.office_id == _OFFICE.c.id).correlate(_OFFICE).scalar_subquery(),
    one_of(_OFFICE.c.id, "offices"),
)
_INSERT = insert(JOURNAL)
# SQLite lets one transaction write at a time; PostgreSQL is asked to let one at a time write about an office. Not FOR
# UPDATE: that would also stop everyone who only inserts a row that belongs to the office.
_ONE_AFTER_THE_OTHER = (
    select(_OFFICE.c.id).where(one_of(_OFFICE.c.id, "offices")).order_by(_OFFICE.c.id).with_for_update(key_share=True)
)
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode


class Line(NamedTuple):
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
    append_each(connection, at, {office_id: list(lines)})


def append_each(connection: Connection, at: dt.datetime, lines: Mapping[str, Sequence[Line]]) -> None:
    """Write lines at the ends of several offices' journals at once."""
    offices = sorted(office_id for office_id, its in lines.items() if its)
    if not offices:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(_ONE_AFTER_THE_OTHER, {"offices": offices}).all()
    heads = {row.office_id: (row.seq, row.hash) for row in connection.execute(_HEADS, {"offices": offices})}
    rows: list[dict[str, Any]] = []
    for office_id in offices:
        rows += _chained(office_id, at, lines[office_id], *heads.get(office_id, (0, GENESIS)))
    bulk.write(connection, _INSERT, rows)


def _chained(
    office_id: str, at: dt.datetime, lines: Sequence[Line], seq: int, previous: str
) -> Iterator[dict[str, Any]]:
    instant = _spelled(at)
    texts: dict[int, str] = {}  # of one morning's lines many share their data: it is spelled out once
    for line in lines:
        seq += 1
        data = texts.get(id(line.data)) or texts.setdefault(id(line.data), _canonical(line.data))
        digest = _hash(previous, office_id, seq, instant, line.actor, line.action, line.occurrence_id, data)
        yield {
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
        previous = digest


def verify(connection: Connection, office_id: str) -> Verdict:
    """Walk one office's journal from the first line and compare every hash."""
    previous, expected = GENESIS, 0
    for row in connection.execute(select(JOURNAL).where(JOURNAL.c.office_id == office_id).order_by(JOURNAL.c.seq)):
        expected += 1
        at = _spelled(row.at)
        right = _hash(previous, office_id, row.seq, at, row.actor, row.action, row.occurrence_id, row.data)
        if row.seq != expected or row.previous != previous or row.hash != right:
            return Verdict(office_id, expected, previous, broken_at=expected)
        previous = row.hash
    return Verdict(office_id, expected, previous)


def mark(seq: int, digest: str) -> str:
    """A head as people copy it: "124:1f2e3d4c5b6a7988"."""
    return f"{seq}:{digest[:SHOWN]}"


def mark_before(connection: Connection, office_id: str, moment: dt.datetime) -> str:
    """The mark of the last line written before ``moment``; "" where there is none. The same whenever it is asked."""
    last = connection.execute(
        select(JOURNAL.c.seq, JOURNAL.c.hash)
        .where(JOURNAL.c.office_id == office_id, JOURNAL.c.at < moment)
        .order_by(JOURNAL.c.seq.desc())
        .limit(1)
    ).first()
    return mark(last.seq, last.hash) if last else ""


def line_with(connection: Connection, office_id: str, digest: str, seq: int | None) -> AnyRow | None:
    """The line (``seq``, ``at``, ``hash``) whose hash somebody wrote down elsewhere, perhaps cut short and unnumbered.

    The chain alone cannot tell that its last lines are missing, or that all of it was written anew; a head kept
    outside the database can.
    """
    query = select(JOURNAL.c.seq, JOURNAL.c.at, JOURNAL.c.hash).where(
        JOURNAL.c.office_id == office_id, JOURNAL.c.hash.startswith(digest, autoescape=True)
    )
    return connection.execute(query if seq is None else query.where(JOURNAL.c.seq == seq)).first()


def _spelled(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat()


def _hash(
    previous: str,
    office_id: str,
    seq: int,
    at: str,
    actor: str,
    action: str,
    occurrence_id: int | None,
    data: str,
) -> str:
    parts = (previous, office_id, str(seq), at, actor, action, str(occurrence_id), data)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

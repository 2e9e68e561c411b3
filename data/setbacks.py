"""Setbacks: rows that could not be handled, by a defect of theirs or of ours.

One such row must stop nobody else. It is put off for longer and longer, stands here meanwhile for the operator to see
(``doctor``, ``/healthz``, ``why``), and goes when it is handled after all. Only the kind of error is kept: its words
may quote what people wrote.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection
from typing import Literal

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, select
from sqlalchemy.exc import InterfaceError, OperationalError

from data.rows import AnyRow
from data.tables import Setback
from data.upsert import upsert

SETBACK = Setback.__table__  # type: ignore[attr-defined]
LOG = logging.getLogger("nhacviec")

Kind = Literal["message", "occurrence", "obligation"]

PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440))  # then daily
GIVE_UP_AFTER = 6  # tries of a message: after a day and a half it makes no sense any more

#: The database itself is in trouble: no row is to blame, and the whole turn is tried again.
NOT_THE_ROW = (OperationalError, InterfaceError)

_STANDING = select(SETBACK).where(SETBACK.c.kind == bindparam("kind"))
_TIMES = select(SETBACK.c.times).where(SETBACK.c.kind == bindparam("kind"), SETBACK.c.row_id == bindparam("row"))


def note(
    connection: Connection, kind: Kind, row_id: int, office_id: str | None, error: Exception, now: dt.datetime
) -> AnyRow:
    """Write down that this row could not be handled. Returns the setback: ``times``, ``try_after``, ``why``."""
    times = (connection.execute(_TIMES, {"kind": kind, "row": row_id}).scalar() or 0) + 1
    try_after = now + PAUSES[min(times, len(PAUSES)) - 1]
    why = type(error).__name__
    statement = upsert(connection, SETBACK).values(
        kind=kind,
        row_id=row_id,
        office_id=office_id,
        times=times,
        first_at=now,
        last_at=now,
        try_after=try_after,
        why=why,
    )
    newer = {"times": times, "last_at": now, "try_after": try_after, "why": why}
    setback = connection.execute(
        statement.on_conflict_do_update(index_elements=["kind", "row_id"], set_=newer).returning(SETBACK)
    ).one()
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    spot = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
    LOG.error(
        "Chưa xử lý được %s %d (%s, %s), lần thứ %d; những việc khác vẫn tiếp tục.", kind, row_id, why, spot, times
    )
    return setback


def rests(kind: Kind, row_id: ColumnElement[int]) -> ColumnElement[bool]:
    """In a question with a parameter ``now``: this row is put off and not to be tried yet."""
    return exists().where(SETBACK.c.kind == kind, SETBACK.c.row_id == row_id, SETBACK.c.try_after > bindparam("now"))


def standing(connection: Connection, kind: Kind) -> dict[int, AnyRow]:
    """Every setback of this kind, by its row."""
    return {row.row_id: row for row in connection.execute(_STANDING, {"kind": kind})}


def over(connection: Connection, kind: Kind, row_ids: Collection[int]) -> None:
    """These were handled after all."""
    if row_ids:
        connection.execute(delete(SETBACK).where(SETBACK.c.kind == kind, SETBACK.c.row_id.in_(row_ids)))

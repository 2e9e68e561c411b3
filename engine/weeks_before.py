"""What the four digests before said: added to a digest when it leaves, so that its picture can compare.

The figures are those that were sent, not computed anew: nobody sees a past week change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, bindparam, func, select

from data.one_of import one_of
from data.rows import Taken
from engine.messages import DigestMessage, Message, WeekCount
from engine.office import MESSAGE, PERSON
from engine.payload import digest_from
from engine.rules.digest_numbers import monday_of, week_name

WEEKS_BEFORE = 4

_NEWEST = (  # every reader has one with the same figures
    select(func.max(MESSAGE.c.id))
    .join(PERSON, PERSON.c.id == MESSAGE.c.person_id)  # by way of the people: their messages' keys are indexed
    .where(PERSON.c.office_id == bindparam("office"), one_of(MESSAGE.c.key, "keys"))
    .group_by(MESSAGE.c.key)
)
_WRITTEN = select(MESSAGE.c.key, MESSAGE.c.payload).where(MESSAGE.c.id.in_(_NEWEST))


def with_weeks_before(
    connection: Connection, rows: Iterable[Taken], messages: Mapping[int, Message | None]
) -> dict[int, Message | None]:
    """The messages of these outbox rows, by id, each digest with what it is compared with."""
    whole = dict(messages)
    known: dict[tuple[str, str], tuple[WeekCount, ...]] = {}
    for row in rows:
        message = whole.get(row.id)
        if isinstance(message, DigestMessage):
            key = (row.office_id, message.week)
            if key not in known:
                known[key] = weeks_before(connection, *key)
            whole[row.id] = replace(message, office_id=row.office_id, before=known[key])
    return whole


def weeks_before(connection: Connection, office_id: str, week: str) -> tuple[WeekCount, ...]:
    """What was said of the four weeks before ``week`` ("2026-W11"), oldest first; one without a digest is missing."""
    wanted = [week_name(monday_of(week) - dt.timedelta(weeks=back)) for back in range(WEEKS_BEFORE, 0, -1)]
    said = digests_of(connection, office_id, wanted)
    return tuple(
        WeekCount(name, said[name].on_time, said[name].late, said[name].overdue_total)
        for name in wanted
        if name in said
    )


def digests_of(connection: Connection, office_id: str, weeks: Sequence[str]) -> dict[str, DigestMessage]:
    """The digests of these weeks as they were written for a reader of the office; the last written counts."""
    written = connection.execute(_WRITTEN, {"office": office_id, "keys": [f"digest:{week}" for week in weeks]})
    read = {row.key.removeprefix("digest:"): _readable(row.payload) for row in written}
    return {week: message for week, message in read.items() if message is not None}


def _readable(payload: Any) -> DigestMessage | None:
    try:
        return digest_from(payload)
    except ValidationError:  # its words were put away, or another program wrote it
        return None

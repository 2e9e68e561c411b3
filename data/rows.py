"""Rows as they are read: of any statement, and of the one that claims messages."""

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Row

AnyRow = Row[*tuple[Any, ...]]  # columns by name, values as the driver gave them


class Taken(NamedTuple):
    """A claimed row of the outbox. A row of SQLAlchemy's gives out its columns ten times slower.

    ``channel``, ``bot`` and ``address`` are there where it must leave by that chat, ``person_id`` where its reader is
    known.
    """

    id: int
    office_id: str
    person_id: Any
    kind: str
    payload: Any
    urgent: bool
    copies: int
    attempts: int
    not_before: dt.datetime
    channel: Any
    bot: Any
    address: Any
    avoid: list[int] | None
    error: str | None

"""One engine decides about an office at a time, however many share a PostgreSQL; the others pass it over.

Two that decided at once would double nothing, as unique keys forbid it; but one of them would write down what the other
had done. SQLite lets one transaction write at a time anyway.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

_DECIDING = 7_241_191  # the first half of the advisory lock; the second is the office
_TAKE = text(
    "SELECT office FROM unnest(:offices) AS office WHERE pg_try_advisory_xact_lock(:deciding, hashtext(office))"
).bindparams(bindparam("offices", type_=ARRAY(Text)))


def among(chosen: Collection[str] | None, offices: Collection[str]) -> list[str]:
    """Those of the offices that were chosen (None: all), in order."""
    return sorted(office for office in offices if chosen is None or office in chosen)


def alone_with(connection: Connection, offices: Collection[str]) -> list[str]:
    """Those of these offices about which nobody else decides now; nobody else will until this transaction ends."""
    if connection.dialect.name == "sqlite" or not offices:
        return sorted(offices)
    taken = connection.execute(_TAKE, {"offices": sorted(offices), "deciding": _DECIDING})
    return sorted(taken.scalars())

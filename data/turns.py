"""Who may do what, where several programs share a PostgreSQL.

One engine decides about an office at a time; the others pass it over. Two that decided at once would double nothing, as
unique keys forbid it; but one of them would write down what the other had done. SQLite lets one transaction write at a
time anyway.

A program that runs by itself (``nhacviec run``) shares the database with no other engine; workers share it with
workers. Whoever stands still in the middle of a transaction holds its locks for moments only.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, Text, bindparam, event, text
from sqlalchemy.dialects.postgresql import ARRAY

_DECIDING = 7_241_191  # the first half of the advisory lock; the second is the office
_TAKE = text(
    "SELECT office FROM unnest(:offices) AS office WHERE pg_try_advisory_xact_lock(:deciding, hashtext(office))"
).bindparams(bindparam("offices", type_=ARRAY(Text)))


_RUNNING = {"running": 7_241_192}  # the advisory lock of whoever runs an engine on this database
_RUN_ALONE = text("SELECT pg_try_advisory_lock(:running)")
_RUN_BESIDE = text("SELECT pg_try_advisory_lock_shared(:running)")
_WHO_RUNS = text(
    "SELECT DISTINCT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND classid = 0 AND objid = :running AND objsubid = 1 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND pid <> pg_backend_pid() ORDER BY application_name"
)
# Less than what others wait for a lock: they find it free, rather than give up. A second would end a busy machine's.
STANDS_STILL = "8s"


def among(chosen: Collection[str] | None, offices: Collection[str]) -> list[str]:
    """Those of the offices that were chosen (None: all), in order."""
    return sorted(office for office in offices if chosen is None or office in chosen)


def alone_with(connection: Connection, offices: Collection[str]) -> list[str]:
    """Those of these offices about which nobody else decides now; nobody else will until this transaction ends."""
    if connection.dialect.name == "sqlite" or not offices:
        return sorted(offices)
    taken = connection.execute(_TAKE, {"offices": sorted(offices), "deciding": _DECIDING})
    return sorted(taken.scalars())


def runs_here(connection: Connection, *, alone: bool) -> bool:
    """Say that an engine runs on this database for as long as this connection lives; False: another forbids it.

    ``alone``: no other engine may; else all others that are not alone.
    """
    taken: bool = connection.execute(_RUN_ALONE if alone else _RUN_BESIDE, _RUNNING).scalar_one()
    return taken


def who_runs_here(connection: Connection) -> list[str]:
    """The other engines on this database, by the names of their connections."""
    return list(connection.execute(_WHO_RUNS, _RUNNING).scalars())


def hold_nothing_while_still(engine: Engine) -> None:
    """Have PostgreSQL end a transaction in which nothing is asked for :data:`STANDS_STILL`.

    A process that is stopped, or whose machine is asleep, would keep its locks until it wakes, and with them whatever
    others must wait for: a lane, an office's journal, the job of a bot. What it had not committed, it does anew.
    """

    @event.listens_for(engine, "connect")
    def _limit(connection: Any, _record: object) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = '{STANDS_STILL}'")
        connection.commit()

    engine.dispose()  # what is connected already knows nothing of it

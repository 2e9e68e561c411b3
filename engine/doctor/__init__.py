"""``nhacviec doctor``: is everything in place, so that nobody who must hear something stays unaware?

Each check is a small function that looks at one thing and says what it found and what to do about it. In reading
order: ``storage`` (the database), ``machine`` (disk, files, the running engine), ``duties`` (rules and their
occurrences), ``reach`` (people, chats, messages), ``providers`` (asked over the network). Nothing here writes, and a
check that fails is itself a finding.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator

from sqlalchemy import Connection

from data.database import connect, explained, reading
from engine.doctor import duties, machine, providers, reach, storage
from engine.errors import NhacViecError
from engine.findings import Finding, any_bad, bad
from engine.messages import Channel
from engine.settings import Settings

__all__ = ["ask", "examine"]

ask = providers.ask


def examine(settings: Settings, channels: Collection[Channel], now: dt.datetime) -> list[Finding]:
    """Everything that can be told without asking anybody."""
    found = [*_each("zones", machine.zones), *_each("database", lambda: storage.database(settings.database))]
    found += _each("disk", lambda: machine.disk(settings.database))
    found += _each("permissions", lambda: machine.permissions(settings.database, settings.bots))
    found += _each("holidays", lambda: duties.holidays(now))
    found += _each("backups", lambda: machine.backups(getattr(settings, "backups", None), now))
    if any_bad(one for one in found if one.about == "database"):
        return found
    engine = connect(settings.database)
    try:
        with explained(settings.database), reading(engine) as connection:
            for about, check in _of_rows(connection, settings, channels, now):
                found += _each(about, check)
    except NhacViecError as trouble:
        found.append(bad("database", str(trouble)))
    finally:
        engine.dispose()
    return found


def _of_rows(
    connection: Connection, settings: Settings, channels: Collection[Channel], now: dt.datetime
) -> Iterator[tuple[str, Callable[[], Iterable[Finding]]]]:
    yield "zones", lambda: machine.zones_of_offices(connection)
    yield "engine", lambda: machine.running_engine(settings.database, connection, now)
    yield "rules", lambda: duties.rules(connection, now)
    yield "occurrences", lambda: duties.without_a_person(connection)
    yield "people", lambda: reach.people(connection, channels, now)
    yield "chats", lambda: reach.chats(connection)
    yield "bots", lambda: reach.bots(connection, channels, now)
    yield "offices", lambda: reach.offices(connection, settings, channels)
    yield "messages", lambda: reach.messages(connection, now)
    yield "held_up", lambda: reach.held_up(connection, now)
    yield "inbox", lambda: reach.inbox(connection, now)


def _each(about: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What one check found; the others go on when it breaks."""
    try:
        return list(check())
    except NhacViecError as trouble:
        return [bad(about, str(trouble))]
    except Exception as error:  # a row that nobody foresaw is what this command is for
        return [
            bad(about, f"Không kiểm tra được ({type(error).__name__}).", "Đây là lỗi của chương trình, xin báo lại.")
        ]

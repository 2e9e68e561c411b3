"""Work that must find a database at rest: no engine may write while it is replaced or moved away from.

What an engine wrote meanwhile would be lost, without a word. A backup needs none of this: it is of one instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import text

from data.database import address, connect, explained, named, reading
from engine.errors import DatabaseTrouble
from engine.lock import REPLACE, AlreadyRunning, alone, holder

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name LIKE 'nhacviec%' AND pid <> pg_backend_pid()"
)


@contextmanager
def at_rest(url: str) -> Iterator[None]:
    """Keep engines away from an SQLite file while the block runs; of PostgreSQL, make sure that none is connected.

    :raises DatabaseTrouble: one is at work there.
    """
    with ExitStack() as held:
        if address(url).get_backend_name() == "sqlite":
            _take_its_place(url, held)
        else:
            _look_for_others(url)
        yield


def _take_its_place(url: str, held: ExitStack) -> None:
    try:
        held.enter_context(alone(url, REPLACE))
    except AlreadyRunning:
        number = holder(url)
        which = f" (tiến trình {number})" if number else ""
        raise DatabaseTrouble(
            f"Nhắc Việc{which} đang chạy với {named(url)}. Hãy dừng nó (Ctrl+C hoặc dừng dịch vụ) rồi làm lại; "
            "chưa có gì thay đổi."
        ) from None
    except DatabaseTrouble:
        pass  # no lock can be written there, so no engine can run there either


def _look_for_others(url: str) -> None:
    engine = connect(url)
    try:
        with explained(url), reading(engine) as connection:
            others = connection.execute(_OTHERS).scalar_one()
    finally:
        engine.dispose()
    if others:
        raise DatabaseTrouble(
            f"Còn {others} kết nối của Nhắc Việc tới {named(url)}. Hãy dừng mọi nhacviec run và nhacviec worker rồi "
            "làm lại; chưa có gì thay đổi."
        )

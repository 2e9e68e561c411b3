"""The two ways to run on one PostgreSQL exclude each other: ``nhacviec run``, alone, or any number of workers.

Side by side they would double nothing, as rows and keys forbid it, but each would keep a bot's pace for itself, and so
together twice the pace. Each holds an advisory lock for as long as it runs, on a connection of its own: workers share
it, ``run`` shares it with nobody. It goes with the process, however that dies; where the connection breaks, it is taken
again. An SQLite file has its own lock (:mod:`engine.lock`).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from data.database import address, connect, explained, named
from data.turns import runs_here, who_runs_here
from engine.lock import AlreadyRunning

RUN, WORKER = "run", "worker"
LOOK_EVERY = 2.0  # seconds between two looks at the connection that holds the lock
PATIENCE = 3.0  # seconds for a program that has just ended to be gone from the server as well
# The name is read by whoever is refused. A machine that lost its power is found dead within half a minute, not hours.
_NAMED = text(
    "SELECT set_config('application_name', :name, false), set_config('tcp_keepalives_idle', '10', false), "
    "set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)"
)


@contextmanager
def running_as(mode: str, database: str, name: str = "") -> Iterator[None]:
    """Run in this mode (:data:`RUN`, :data:`WORKER`) while the block does; an SQLite file is not looked at.

    Should the other mode have begun while the database was out of reach, this process is asked to stop (SIGTERM).

    :raises AlreadyRunning: the other mode is at work there, before the block or since.
    :raises DatabaseTrouble: the database cannot be reached.
    """
    if address(database).get_backend_name() != "postgresql":
        yield
        return
    with explained(database):
        place = _Place(mode, database, name)
    try:
        yield
    finally:
        place.leave()
    if place.lost is not None:
        raise place.lost


class _Place:
    """The lock, and the thread that sees to it that it is held."""

    def __init__(self, mode: str, database: str, name: str) -> None:
        self._alone, self._database = mode == RUN, database
        self._name = f"nhacviec {mode} {name}".strip()[:63]
        self.lost: AlreadyRunning | None = None  # it could not be taken again
        self._engine: Engine = connect(database)
        self._left = threading.Event()
        try:
            self._held = self._take()
        except BaseException:
            self._engine.dispose()
            raise
        self._keeper = threading.Thread(target=self._keep, name="mode", daemon=True)
        self._keeper.start()

    def leave(self) -> None:
        """Let go of it."""
        self._left.set()
        self._keeper.join()
        with suppress(DBAPIError):
            self._held.close()
        self._engine.dispose()

    def _take(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            connection.execute(_NAMED, {"name": self._name})
            give_up = time.monotonic() + PATIENCE
            while not runs_here(connection, alone=self._alone):
                if time.monotonic() > give_up:
                    raise AlreadyRunning(_sentence(self._database, who_runs_here(connection)))
                self._left.wait(0.2)
        except BaseException:
            connection.invalidate()  # whatever was taken goes with it
            connection.close()
            raise
        return connection

    def _keep(self) -> None:
        while not self._left.wait(LOOK_EVERY):
            try:
                self._held.execute(text("SELECT 1"))
            except DBAPIError:
                if not self._take_again():
                    return

    def _take_again(self) -> bool:
        """False: the other mode was first."""
        with suppress(DBAPIError):
            self._held.invalidate()
            self._held.close()
        while not self._left.wait(0.2):
            try:
                self._held = self._take()
            except DBAPIError:  # said by whoever works with the database
                continue
            except AlreadyRunning as why:
                self.lost = why
                os.kill(os.getpid(), signal.SIGTERM)
                return False
            return True
        return False


def _sentence(database: str, others: list[str]) -> str:
    names = [name.removeprefix("nhacviec ") for name in others]
    if any(name.startswith(RUN) for name in names):
        return (
            f"nhacviec run đang chạy một mình với {named(database)}. Hãy dừng nó trước, rồi chạy lại lệnh này; "
            "chưa có gì thay đổi."
        )
    workers = [name.removeprefix(WORKER).strip() for name in names if name.startswith(WORKER)]
    which = f" (máy {', '.join(workers)})" if any(workers) else ""
    return (
        f"nhacviec worker{which} đang chạy với {named(database)}. Muốn thêm máy, hãy chạy nhacviec worker; "
        "muốn chạy nhacviec run một mình, hãy dừng mọi worker trước. Chưa có gì thay đổi."
    )

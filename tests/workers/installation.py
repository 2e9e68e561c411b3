"""A whole installation for one test: a PostgreSQL of its own, a provider, offices with their bots, and workers.

The database's clock is put to a working morning (a function of our own stands before PostgreSQL's), so the real
program runs as it is, at 08:00, on whatever day and hour the test runs.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from data.database import open_database
from tests.postgres.keeper import reachable
from tests.postgres.server import NoPostgres, binaries, run, socket_url, whoever_may_run_it
from tests.workers.spike import Size, fill

PROJECT = Path(__file__).parent.parent.parent
MORNING = dt.datetime(2026, 3, 16, 1, 0, tzinfo=dt.UTC)  # 08:00 on a Monday
# It must survive its own death, as a real one does; the machine's own is not played here.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "",
    "unix_socket_permissions": "0777",
    "log_min_messages": "fatal",
}


class Server:
    """A PostgreSQL that can be killed and started again."""

    def __init__(self, room: Path) -> None:
        self.place = room / "server"
        self._whoever = whoever_may_run_it()
        self._running: subprocess.Popen[bytes] | None = None
        self._environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        self._programs = reachable(binaries(), room, self._whoever)
        self.place.mkdir()
        self.place.chmod(0o755)
        if self._whoever:
            os.chown(self.place, self._whoever["user"], self._whoever["group"])
        made: list[str | Path] = [self._programs / "initdb", "-D", self.place / "data", "-U", "postgres", "-A", "trust"]
        made += ["-E", "UTF8", "--no-sync"]
        subprocess.run(
            made, check=True, cwd=self.place, env=self._environment, stdout=subprocess.DEVNULL, **self._whoever
        )
        self.start()
        self.url = socket_url(self.place)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command: list[str | Path] = [self._programs / "postgres", "-D", self.place / "data", "-k", self.place]
        command += [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self._running = subprocess.Popen(
            command,
            cwd=self.place,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._whoever,
        )
        wait_until(self._answers, 60)

    def _answers(self) -> bool:
        try:
            psycopg.connect(host=str(self.place), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """At once, as a crash would."""
        if self._running is not None:
            self._running.send_signal(signal.SIGQUIT)
            self._running.wait()
            self._running = None


def wait_until(true: Callable[[], bool], seconds: float, every: float = 0.1) -> float:
    """Poll until it holds. Returns the seconds that took; fails after ``seconds``."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"still not so after {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - began


def wait_until_it_lasts(true: Callable[[], bool], seconds: float, most: float) -> None:
    """Poll until it has held for so many ``seconds`` on end; fails after ``most``."""
    since = [time.monotonic()]

    def lasts() -> bool:
        if not true():
            since[0] = time.monotonic()
        return time.monotonic() - since[0] >= seconds

    wait_until(lasts, most)


@dataclass
class Installation:
    """Everything that runs."""

    room: Path
    server: Server
    engine: Engine
    size: Size
    provider_port: int
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def worker(self, *arguments: str, clock_off: float = 0.0, **settings: str) -> subprocess.Popen[bytes]:
        """One more machine: ``nhacviec worker``. ``clock_off``: seconds by which its own clock is wrong."""
        return self.program("worker", *arguments, clock_off=clock_off, **settings)

    def program(self, *words: str, clock_off: float = 0.0, **settings: str) -> subprocess.Popen[bytes]:
        """Any command that stays, with the bots of all offices; it stands among the workers."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NHACVIEC_")}
        environment |= {
            "NHACVIEC_DATABASE": self.server.url,
            "NHACVIEC_TELEGRAM_TOKEN": ",".join(f"{bot}:AAA" for bot in self.size.bots),
            "NHACVIEC_TELEGRAM_BASE_URL": f"http://127.0.0.1:{self.provider_port}/bot",
            "NHACVIEC_TURN_SECONDS": "2",
            **settings,
        }
        home = self.room / f"machine-{len(self.workers)}"
        home.mkdir()
        program = "import sys\nfrom tests.workers.machine import main\nmain(float(sys.argv.pop(1)))"
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", program, str(clock_off), *words],
                cwd=home,
                env=environment | {"PYTHONPATH": str(PROJECT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.workers.append(process)
        return process

    def log_of(self, index: int) -> str:
        """What one worker has said."""
        return (self.room / f"machine-{index}" / "log").read_text("utf-8")

    def heard(self) -> list[tuple[float, str, str, str]]:
        """Everything that reached the provider: when, by which bot, which chat, what."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.provider_port}/heard") as answer:  # local, ours
            return [(when, bot, chat, text) for when, bot, chat, text in json.loads(answer.read())]

    def types(self, bot: str, chat: int, words: str) -> None:
        """A person writes."""
        body = json.dumps({"bot": bot, "chat": chat, "words": words}).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.provider_port}/types", body).close()

    def counts(self) -> dict[str, int]:
        """The outbox by status."""
        return dict(run(self.server.url, "SELECT status, count(*) FROM message GROUP BY status"))

    def settled(self) -> bool:
        """Whether every message of the spike has an end, and none waits."""
        found = self.counts()
        return sum(found.values()) >= self.size.messages and not (found.get("queued") or found.get("claimed"))

    def rows(self) -> list[Any]:
        """Each message: its chat's address, whether it is urgent, its status, copies, attempts and error, when sent."""
        return run(
            self.server.url,
            "SELECT c.address, m.urgent, m.status, m.copies, m.attempts, m.error, m.sent_at "
            "FROM message m JOIN chat c USING (person_id)",
        )

    def close(self) -> None:
        """Stop what we started."""
        for process in self.workers:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.engine.dispose()


@contextmanager
def installation(size: Size) -> Iterator[Installation]:
    """Offices whose morning begins in a moment; no worker runs yet. Skipped where no PostgreSQL can be had."""
    if os.name != "posix":
        pytest.skip("kills are signals of POSIX")
    try:
        binaries()
    except NoPostgres as why:
        pytest.skip(f"no PostgreSQL: {why}")
    with tempfile.TemporaryDirectory(prefix="nv-workers-", ignore_cleanup_errors=True) as folder:
        room = Path(folder)
        room.chmod(0o711)  # the server may run as another user, who must pass through
        with _installation(room, size) as here:
            yield here


@contextmanager
def _installation(room: Path, size: Size) -> Iterator[Installation]:
    server = Server(room)
    provider = subprocess.Popen(
        [sys.executable, "-m", "tests.workers.provider"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    here: Installation | None = None
    try:
        assert provider.stdout is not None
        port = int(provider.stdout.readline())
        engine = open_database(server.url)
        fill(engine, size, MORNING)
        _put_clock(server.url, MORNING)
        here = Installation(room, server, engine, size, port)
        yield here
    finally:
        if here is not None:
            here.close()
        provider.kill()
        provider.wait()
        for pipe in (provider.stdin, provider.stdout):
            if pipe is not None:
                pipe.close()
        server.kill()


def _put_clock(url: str, moment: dt.datetime) -> None:
    ahead = (moment - dt.datetime.now(dt.UTC)).total_seconds()
    run(
        url,
        "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        f"$$ SELECT pg_catalog.clock_timestamp() + interval '{ahead:.3f} seconds' $$",
    )
    run(url, "ALTER DATABASE postgres SET search_path = public, pg_catalog")


# ---- what must hold -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What became of a spike."""

    messages: int
    lost: int  # neither arrived nor written down as unknown
    never_came: int  # written down as unknown, and indeed nothing arrived
    twice: int  # urgent ones that arrived twice, which is their side
    too_often: int  # beyond the class's ceiling
    fullest_second: int  # the most messages of one bot within one second
    the_lost: tuple[Any, ...] = ()  # some of their rows, for whoever looks for the reason


def judge(here: Installation) -> Verdict:
    """Hold what reached the provider against the rows."""
    rows = here.rows()
    heard = here.heard()  # after the rows: what they call sent has been heard
    arrived = Counter(chat for _, _, chat, _ in heard)
    never_came = twice = too_often = 0
    lost = []
    for row in rows:
        address, urgent, status, *_ = row
        copies = arrived[address]
        if not copies and status == "unknown":
            never_came += 1
        elif not copies:
            lost.append(row)
        twice += bool(urgent and copies == 2)
        too_often += copies > (2 if urgent else 1)
    fullest = _fullest_second(heard)
    return Verdict(here.size.messages, len(lost), never_came, twice, too_often, fullest, tuple(lost[:20]))


def _fullest_second(heard: list[tuple[float, str, str, str]]) -> int:
    of_bot: dict[str, list[float]] = {}
    for when, bot, _, _ in heard:
        of_bot.setdefault(bot, []).append(when)
    most = 0
    for times in of_bot.values():
        first = 0
        times.sort()
        for last, when in enumerate(times):
            while when - times[first] >= 1.0:
                first += 1
            most = max(most, last - first + 1)
    return most

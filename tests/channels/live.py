"""The live engine as its operator starts it: ``nhacviec run`` in a process of its own, on a real database file."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from data.database import open_database
from engine import linking, load
from engine.clock import SystemClock
from engine.cycle import decide
from engine.office import PERSON
from tests.servers import telegram_server, zalo_server
from tests.world import (
    DESK_OFFICER,
    HEAD,
    OFFICE_ID,
    OFFICER,
    PROJECT,
    ZONE,
    office_file,
    one_task,
)

ON_TELEGRAM = 7001  # the officer's telephone


class Commune:
    """A database file: one piece of work open since last week for the officer, one for the desk's; nobody linked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'nhacviec.db'}"
        self.now = SystemClock().now()
        engine = open_database(self.url)
        due = (self.now.astimezone(ZONE).date() + dt.timedelta(days=8)).isoformat()
        tasks = [one_task(due), one_task(due, "cong-khai", "Công khai thủ tục", lead="ttpvhcc")]
        with engine.begin() as connection:
            load.apply(connection, office_file(tasks), self.now - dt.timedelta(days=8))
        for day in range(7, 3, -1):  # among them are days of work, whatever day it is today
            morning = (self.now.astimezone(ZONE) - dt.timedelta(days=day)).replace(hour=8, minute=0)
            decide(engine, morning.astimezone(dt.UTC))
        with engine.begin() as connection:
            people = {row.slug: row.id for row in connection.execute(PERSON.select())}
            self.codes = {
                slug: linking.issue(connection, OFFICE_ID, person_id=people[slug], issued_by="văn thư", now=self.now)
                for slug in (OFFICER, DESK_OFFICER, HEAD)
            }
        engine.dispose()


class Running:
    """``nhacviec run`` against both local servers, until the block ends."""

    def __init__(
        self,
        commune: Commune,
        telegram: telegram_server.InThread,
        zalo: zalo_server.InThread,
        tokens: tuple[str, str] = (telegram_server.TOKEN, zalo_server.TOKEN),
        **settings: str,
    ) -> None:
        ours = {
            "DATABASE": commune.url,
            "EVIDENCE": str(commune.folder / "minh-chung"),
            "TURN_SECONDS": "1",
            "TELEGRAM_TOKEN": tokens[0],
            "TELEGRAM_BASE_URL": telegram.base_url,
            "ZALO_TOKEN": tokens[1],
            "ZALO_BASE_URL": zalo.base_url,
            **settings,
        }
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("NHACVIEC_")}
        self._environment |= {f"NHACVIEC_{name}": value for name, value in ours.items()}
        self.printed = ""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "run"],
            env=self._environment | {"PYTHONPATH": str(PROJECT)},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        self._read()

    def stop(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        took = time.monotonic() - began
        self._read()
        return code, took

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        self.process.kill()
        self.process.wait(60)

    def _read(self) -> None:
        assert self.process.stdout is not None
        if not self.process.stdout.closed:
            self.printed += self.process.stdout.read()
            self.process.stdout.close()

"""A real ``run`` in a process of its own, whose clock starts where the story is, and whose phones are a file.

``python -m tests.faults.machine DATABASE MOMENT CONTROL PHONES``. The file CONTROL says how many pages the database
may have ("" as many as it likes): SQLite itself answers that the disk is full when it wants more.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from bots.simulator import SimulatedMessage
from data import database
from engine.app import Product, build, run
from engine.lock import alone
from engine.logs import configure
from engine.settings import Settings

BUSY = float(os.environ.get("FAULTS_BUSY_SECONDS", "10"))


class RunningClock:
    """A right clock, of another day."""

    def __init__(self, start: dt.datetime) -> None:
        self._start, self._began = start, time.monotonic()

    def now(self) -> dt.datetime:
        """The story's present."""
        return self._start + dt.timedelta(seconds=time.monotonic() - self._began)


def keep_to(engine: Engine, control: Path) -> None:
    """Every transaction has the disk that CONTROL leaves it."""

    @event.listens_for(engine, "checkout")
    def _limit(connection: Any, *_: object) -> None:
        words = control.read_text() if control.exists() else ""
        connection.execute(f"PRAGMA max_page_count = {int(words) if words else 1 << 30}")
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY * 1000)}")


def main(file: str, moment: str, control: str, phones: str) -> None:
    """Run until told to stop."""

    def ring(message: SimulatedMessage) -> None:
        with open(phones, "a", encoding="utf-8") as out:
            out.write(json.dumps({"to": message.address, "text": message.text}, ensure_ascii=False) + "\n")

    settings = Settings(database=f"sqlite:///{file}", turn_seconds=1, evidence=Path(file).parent / "anh", console=False)
    configure(settings.log, ())
    with alone(settings.database):
        database.check_whole(settings.database)
        product: Product = build(settings, RunningClock(dt.datetime.fromisoformat(moment)), ring)
        keep_to(product.engine, Path(control))
        product.engine.dispose()
        asyncio.run(run(product))


if __name__ == "__main__":
    main(*sys.argv[1:])

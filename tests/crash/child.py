"""One process of the program, watched, and killed where it is told to be.

``python -m tests.crash.child <database> <channel> <base url> <now> <point> [moment …]`` does at ``now`` (ISO 8601) what
``nhacviec run`` does, with the channel's provider at ``base url``: answers, decides, delivers, listens. It prints every
point it reaches, and dies by SIGKILL at ``<point>``: a name, a number, or "trace" for none. When nothing is left to
be done it stops as the real program is stopped (SIGTERM), and lives on at each further ``moment``.

``--nursery <database> <now>`` reads such lives from stdin, one JSON object a line, and gives each a process of its
own: a fork of this one, so that Python's start, the imports and the calendars (two seconds of a processor) are paid
for once; it warms up with a copy of the database. What is killed is a real process all the same: no connection, loop
or thread is there when it is born.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import json
import logging
import os
import shutil
import signal
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

import bots.telegram
import bots.zalo
import web.console.app
import web.webhooks  # noqa: F401  (or each life would import both anew, the pages for two seconds)
from bots.pacing import Pace
from bots.simulator import Simulator
from bots.wording import plain
from data.database import open_database
from engine import app
from engine.clock import VirtualClock
from engine.cycle import turn
from engine.messages import Answer, Channel, Said
from engine.outbox import LEASE
from engine.settings import Settings
from schedules.workdays import vietnam_calendar
from tests.crash.points import TRACE, Points, watch_aiohttp, watch_database, watch_httpx, watch_webhooks
from tests.servers import telegram_server, zalo_server

HURRIED = Pace(per_second=10_000, burst=10_000)
QUIET = 0.08  # seconds without a point, after which it is looked whether anything is left to be done
GIVEN_UP = 1.2  # seconds of quiet after which an update that has not come will not come
AT_MOST = 60.0  # seconds of one moment; a busy machine needs many
NEVER_AT_REST = 3  # exit status
ARRIVED = "SELECT count(*) FROM inbound WHERE channel = :channel"
LEFT_TO_DO = """
    SELECT (SELECT count(*) FROM inbound WHERE handled_at IS NULL)
        + (SELECT count(*) FROM message WHERE status = 'queued' AND not_before <= :now)
        + (SELECT count(*) FROM message WHERE status = 'claimed' AND (claimed_at >= :now OR claimed_at < :abandoned))
"""
SECRET = "mot-khoa-bi-mat-de-thu"


@dataclass(frozen=True)
class Life:
    """What one process is to do. ``expect``: so many updates will be in the inbox when all have come."""

    database: str
    channel: str
    base_url: str
    moments: tuple[str, ...]
    kill: str = TRACE
    trace: str = "/dev/stdout"
    expect: int = 0
    webhook: str | None = None  # the public address; else the provider is asked
    port: int = 0

    def as_line(self) -> bytes:
        """For the nursery."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: str) -> Life:
        """In the nursery."""
        given = json.loads(line)
        return cls(**given | {"moments": tuple(given["moments"])})


def live(life: Life) -> int:
    """One life. Returns the exit status, if it ends by itself."""
    point = Points(Path(life.trace), life.kill)
    watch_httpx(point)
    watch_aiohttp(point)
    watch_webhooks(point)
    for moment in life.moments:
        now = dt.datetime.fromisoformat(moment).astimezone(dt.UTC)
        if not asyncio.run(_at(life, now, point)):
            return NEVER_AT_REST
    return 0


async def _at(life: Life, now: dt.datetime, point: Points) -> bool:
    url = f"sqlite:///{life.database}"
    settings = Settings(
        _env_file=None,
        database=url,
        evidence=Path(life.database).with_suffix(".evidence"),
        webhook_url=life.webhook,
        webhook_secret=SecretStr(SECRET) if life.webhook else None,
        webhook_port=life.port,
    )
    product = app.Product(settings, open_database(url), VirtualClock(now), [_channel(life)])
    watch_database(product.engine, point)
    running = asyncio.create_task(app.run(product))
    rested = await _at_rest(life, now, point, running)
    if not running.done():
        os.kill(os.getpid(), signal.SIGTERM)
    await running
    return rested


def _channel(life: Life) -> Channel:
    if life.channel == "zalo":
        polls = bots.zalo.Polls(idle=30, floor=0.05, backoff=(0.05,))
        zalo = bots.zalo.Zalo(zalo_server.TOKEN, life.base_url, pace=HURRIED, polls=polls)
        zalo.budget = 3_000  # as the program counts it
        return zalo
    return bots.telegram.Telegram(telegram_server.TOKEN, life.base_url, pace=HURRIED)


async def _at_rest(life: Life, now: dt.datetime, point: Points, running: asyncio.Task[bool]) -> bool:
    """Wait until nothing is left to be done at ``now``. False: that takes too long."""
    latest = time.monotonic() + AT_MOST
    point.stir()
    with closing(sqlite3.connect(life.database, isolation_level=None)) as eyes:  # its own: they are not watched
        while not running.done():
            await asyncio.sleep(QUIET / 4)
            quiet = time.monotonic() - point.last_at
            if quiet > QUIET:
                times = {"now": now, "abandoned": now - LEASE}
                seen = {"channel": life.channel, **{name: f"{at:%Y-%m-%d %H:%M:%S.%f}" for name, at in times.items()}}
                [arrived], [left] = eyes.execute(ARRIVED, seen).fetchone(), eyes.execute(LEFT_TO_DO, seen).fetchone()
                if not left and (arrived >= life.expect or quiet > GIVEN_UP):
                    return True
            if time.monotonic() > latest:
                return False
    return True


# ---- the nursery ----------------------------------------------------------------------------------------------------


def nursery(file: str, now: dt.datetime) -> None:
    """Bear one process for each line of stdin, and print how each has ended (-9: killed)."""
    _warm_up(file, now)
    gc.freeze()  # what is here stays in pages that all of them share
    print("ready", flush=True)  # noqa: T201
    for line in iter(sys.stdin.readline, ""):
        life = Life.from_line(line)
        born = os.fork()
        if not born:
            _be(life)
        _, status = os.waitpid(born, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _warm_up(file: str, now: dt.datetime) -> None:
    """Do once what every process would otherwise do at its beginning."""
    with TemporaryDirectory() as folder:
        copy = shutil.copy(file, folder)
        engine = open_database(f"sqlite:///{copy}")
        asyncio.run(turn(engine, [Simulator()], now))
        engine.dispose()
    for channel in ("zalo", "telegram"):
        _channel(Life("", channel, "http://127.0.0.1:9/bot", ()))
    plain(Answer(Said.HELP))
    vietnam_calendar().count(dt.date(now.year - 1, 1, 1), dt.date(now.year + 3, 12, 31))


def _be(life: Life) -> None:
    log = os.open(f"{life.trace}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (0, 1, 2):
        os.dup2(log, stream)
    status = 1
    try:
        logging.basicConfig(level=logging.WARNING)
        status = live(life)
    except BaseException:
        logging.exception("the life of %s ended", life)
    finally:
        logging.shutdown()
        os._exit(status)


if __name__ == "__main__":
    if sys.argv[1] == "--nursery":
        nursery(sys.argv[2], dt.datetime.fromisoformat(sys.argv[3]))
    else:
        file, channel, base_url, now, point, *moments = sys.argv[1:]
        raise SystemExit(live(Life(file, channel, base_url, (now, *moments), point)))

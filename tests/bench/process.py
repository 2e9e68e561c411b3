"""The real process, ``nhacviec run``: how soon it turns, and how much memory it holds."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select, update

from data.database import connect, open_database
from engine.office import OCCURRENCE, OFFICE
from engine.plan import plan
from engine.watch import heartbeat_file
from tests.bench.communes import at_work, crowded, full_size, link_all, loaded, multiply
from tests.bench.figures import Figure, Samples, seconds, timed, times_as_much, within
from tests.bench.history import ROWS_OF_OFFICE, fill
from tests.bench.sizes import Size
from tests.bench.stores import Bench

PROJECT = Path(__file__).parent.parent.parent
PATIENCE = 120.0  # seconds
HELP_AT_MOST = 6
LOG = "run.log"
START_AT_MOST = 2.0  # seconds


def live(size: Size, bench: Bench) -> Iterator[Figure]:
    """One commune, then a province."""
    for communes, rows, most in (
        (1, ROWS_OF_OFFICE * size.years // 2, 150),
        (size.province_communes, size.province_rows, 400),
    ):
        bench.say(f"{communes} communes with their years")
        url = with_years(bench, communes, rows)
        first, *_ = _watched(url, bench.folder, 1)
        found = [_watched(url, bench.folder, size.turns_watched) for _ in range(size.runs)]
        starts, held, peaks = zip(*found, strict=True)
        who = "one commune" if communes == 1 else f"a province of {communes} communes"
        yield within(
            f"nhacviec run for {who}, {rows:,} rows of history: resident memory after {size.turns_watched} idle turns",
            Samples(held, "MB"),
            most,
            f"at most {Samples(peaks, 'MB')} since its start",
        )
        yield within("   from start to the end of its first turn, after a tidy end", seconds(starts), START_AT_MOST)
        size_in_mb = f"{bench.sqlite.size(url) / 1e6:,.0f} MB"
        yield within(f"   as after a kill, where its file of {size_in_mb} is looked through first", seconds([first]))
        bench.sqlite.drop(url)


def morning(size: Size, bench: Bench) -> Iterator[Figure]:
    """The most memory that a turn with a whole province's work takes; the clock of the real process cannot be set."""
    due = size.due_each * size.province_communes
    held = []
    for _ in range(size.runs):
        url = bench.sqlite.new()
        at_work(url, [crowded(f"xa-{n}", size.due_each) for n in range(size.province_communes)])
        held.append(float(_python(_MORNING, url, bench.folder)) / 1024)
        bench.sqlite.drop(url)
    yield within(
        f"A turn with {due:,} due in {size.province_communes} communes, in a process of its own: most resident memory",
        Samples(tuple(held), "MB"),
        400,
    )


# Not getrusage: its peak counts that of the process which began this one, until this program took its place.
_MORNING = """
import asyncio, sys
from bots.simulator import Simulator
from data.database import connect
from engine.cycle import turn
from tests.bench.communes import BUSY
simulator = Simulator()
asyncio.run(turn(connect(sys.argv[1]), [simulator], BUSY))
assert simulator.sent
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""


def _python(program: str, argument: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, argument], check=False, capture_output=True, text=True, env=_clean(folder)
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def command_line(size: Size, bench: Bench) -> Iterator[Figure]:
    """``nhacviec --help`` beside an interpreter that does nothing, in turns."""
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(size.starts):
        with timed(ours):
            subprocess.run(
                [sys.executable, "-m", "engine.cli", "--help"],
                check=True,
                capture_output=True,
                env=_clean(bench.folder),
            )
        with timed(bare):
            subprocess.run([sys.executable, "-c", "pass"], check=True, capture_output=True)
    yield times_as_much("nhacviec --help", seconds(ours), seconds(bare), "python -c pass", HELP_AT_MOST)


def with_years(bench: Bench, communes: int, rows: int) -> str:
    """Communes that have worked for two years, up to now, as the command line would have made their database."""
    now = dt.datetime.now(dt.UTC)
    url = bench.sqlite.new(schema=False)
    open_database(url).dispose()
    loaded(url, [full_size("xa-0")], now)
    engine = connect(url)
    with engine.begin() as connection:
        link_all(connection, now)
        multiply(connection, "xa-0", [f"xa-{n}" for n in range(1, communes)])
        plan(connection, now)
        # What is measured must not depend on the hour of the day: nothing is due while we look.
        soon, later = now + dt.timedelta(hours=1), now + dt.timedelta(days=1)
        connection.execute(update(OCCURRENCE).where(OCCURRENCE.c.next_move_at < soon).values(next_move_at=later))
        connection.execute(update(OFFICE).values(next_digest_at=later))
        assert connection.execute(select(func.count()).select_from(OFFICE)).scalar_one() == communes
    engine.dispose()
    fill(url, "xa-0", rows, now, bench.say)
    return url


def _watched(url: str, folder: Path, turns: int) -> tuple[float, float, float]:
    """Seconds to the first turn, and MB resident after so many turns, now and at most."""
    beat = heartbeat_file(url)
    assert beat is not None
    beat.unlink(missing_ok=True)
    environment = _clean(folder) | {"NHACVIEC_DATABASE": url, "NHACVIEC_TURN_SECONDS": "0.5"}
    began = time.perf_counter()
    with _running(environment, folder) as process:
        _until(process, beat, 1)
        started = time.perf_counter() - began
        _until(process, beat, turns)
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
        )
    return started, _megabytes(status["VmRSS"]), _megabytes(status["VmHWM"])


@contextmanager
def _running(environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "run"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(process: subprocess.Popen[bytes], beat: Path, turns: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            last = (beat.parent / LOG).read_text("utf-8").strip().rpartition("\n")[2]
            raise AssertionError(f"nhacviec run ended by itself, code {process.returncode}: {last}")
        if beat.exists() and json.loads(beat.read_text("utf-8"))["turns"] >= turns:
            return
        time.sleep(0.005)
    raise AssertionError(f"no {turns} turns within {PATIENCE:g} s")


def _megabytes(text: str) -> float:
    return int(text.split(maxsplit=1)[0]) / 1024


def _clean(folder: Path) -> dict[str, str]:
    """The caller's environment without any setting of ours; nothing is written beside the sources."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("NHACVIEC_")}
    return own | {"PYTHONPATH": str(PROJECT), "HOME": str(folder)}

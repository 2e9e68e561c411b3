"""``python -m tests.bench [--quick]``: four figures, each with its goal, and whether it was reached.

Ours runs as in production (WAL, synchronous NORMAL, whole transactions); APScheduler runs as it comes. Both write to
the same disk in the same run. ``--quick`` only shows that the pieces work: its figures mean nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Engine, func, select, update

from bots.simulator import Simulator
from data.database import connect, create_schema
from engine import load
from engine.cycle import turn
from engine.office import OBLIGATION, OCCURRENCE, OFFICE, view_office
from engine.plan import plan
from engine.remind import remind
from engine.rules.ladder import anchors_of, steps_of
from schedules.office_file import read_office, shipped_offices
from schedules.office_model import Due, Kind, Obligation, OfficeFile, Source
from schedules.workdays import vietnam_calendar

LOADED = dt.datetime(2026, 1, 5, 3, tzinfo=dt.UTC)  # a Monday at 10:00 in Vietnam, after the week's digest
BUSY = dt.datetime(2026, 1, 6, 0, 30, tzinfo=dt.UTC)  # the Tuesday's first minute at work
BUSY_DUE = vietnam_calendar().add(BUSY.date(), 10)  # what is due then opens, and speaks its first rung, at BUSY
NIGHT = dt.datetime(2026, 1, 6, 15, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Size:
    """How much each figure measures."""

    communes: int = 120
    sample: int = 2_000  # add_job calls, scaled up to all
    few: int = 10_000
    many: int = 3_000_000
    turns: int = 101
    offices: int = 25
    due_each: int = 40
    runs: int = 5
    runs_of_theirs: int = 3
    starts: int = 15


FULL = Size()
QUICK = Size(
    communes=2, sample=20, few=200, many=2_000, turns=3, offices=2, due_each=10, runs=1, runs_of_theirs=1, starts=1
)


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``goal`` is a ratio to reach (``at_least``) or to stay under; None: for information."""

    what: str
    ours: str
    beside: str
    ratio: float
    goal: float | None = None
    at_least: bool = True

    @property
    def reached(self) -> bool | None:
        """Whether the goal is met."""
        if self.goal is None:
            return None
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal


# ---- a: a year made schedulable -----------------------------------------------------------------------------------


def plan_a_year(size: Size, folder: Path) -> list[Figure]:
    """Expand, ladder and insert for many communes, beside one add_job for each of the same reminders."""
    office = _shipped("hung-thang")
    loaded = _database(folder / "a.db", [_named(office, f"xa-{n}") for n in range(size.communes)])
    ours: list[float] = []
    for run in range(size.runs):
        engine = connect(f"sqlite:///{shutil.copy(loaded, folder / f'a{run}.db')}")
        with _timed(ours), engine.begin() as connection:
            occurrences = plan(connection, LOADED)
        with engine.begin() as connection:
            reminders = _reminders(connection)
        engine.dispose()
    theirs: list[float] = []
    for run in range(size.runs_of_theirs):
        scheduler = _scheduler(folder / f"aps-a{run}.db")
        with _timed(theirs):
            _add_jobs(scheduler, size.sample, LOADED + dt.timedelta(days=36_500))
        scheduler.shutdown()
    scaled = median(theirs) * reminders / size.sample
    return [
        Figure(
            f"a. A year made schedulable, {size.communes} communes: {occurrences:,} occurrences; "
            f"APScheduler adds their {reminders:,} reminders (measured on {size.sample:,}, scaled)",
            _seconds(median(ours)),
            _seconds(scaled),
            scaled / median(ours),
            goal=100,
        )
    ]


def _reminders(connection: Connection) -> int:
    """How many rungs the planned occurrences have in all: one job each, however many people hear it."""
    total = 0
    for office_id in connection.execute(select(OFFICE.c.id)).scalars():
        view = view_office(connection, office_id)
        for row in connection.execute(
            select(OCCURRENCE.c.cutoff, OCCURRENCE.c.due, OCCURRENCE.c.internal_due, OBLIGATION.c.ladder)
            .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
            .where(OCCURRENCE.c.office_id == office_id)
        ):
            anchors = anchors_of(row.cutoff, row.due, row.internal_due)
            total += len(steps_of(view.ladders[row.ladder], anchors, view.hours))
    return total


# ---- b: a turn with nothing to do ---------------------------------------------------------------------------------


def idle_turns(size: Size, folder: Path) -> list[Figure]:
    """A turn with nothing due over few and over many occurrences, turn about."""
    engines = {rows: _filled(folder / f"b{rows}.db", rows) for rows in (size.few, size.many)}
    taken: dict[int, list[float]] = {rows: [] for rows in engines}
    with asyncio.Runner() as runner:
        for index in range(size.turns + 2):
            for rows, engine in engines.items():
                start = time.perf_counter()
                done = runner.run(turn(engine, [Simulator()], NIGHT))
                if index >= 2:  # the first ones only warm up
                    taken[rows].append(time.perf_counter() - start)
                assert [done.planned, done.reminded, done.digests, done.delivered.sent] == [0, 0, 0, 0]
    for engine in engines.values():
        engine.dispose()
    few, many = median(taken[size.few]), median(taken[size.many])
    return [
        Figure(
            f"b. A turn with nothing due: {size.many:,} occurrences (a third open, alarms ahead) beside {size.few:,}",
            _seconds(many),
            _seconds(few),
            many / few,
            goal=1.5,
            at_least=False,
        )
    ]


def _filled(path: Path, rows: int) -> Engine:
    """A database of so many occurrences, 1,000 a commune and year, made by copying one real commune's rows."""
    _database(path, [_named(_shipped("hung-thang"), "xa")])
    engine = connect(f"sqlite:///{path}")
    with engine.begin() as connection:
        plan(connection, LOADED)
    engine.dispose()
    with sqlite3.connect(path, isolation_level=None) as raw:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "foreign_keys = OFF"):
            raw.execute(f"PRAGMA {pragma}")
        indexes = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'occurrence' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:  # made again at the end: sorting once is faster
            raw.execute(f"DROP INDEX {name}")
        communes = max(1, rows // 3_000)
        raw.execute("BEGIN")
        raw.execute("UPDATE occurrence SET next_move_at = NULL WHERE next_move_at < ?", (f"{NIGHT:%Y-%m-%d %H:%M:%S}",))
        _multiply(raw, "office", ((f"xa-{n}",) for n in range(communes)), id="?")
        offices = ((f"xa-{n}",) for n in range(communes))
        _multiply(raw, "obligation", offices, id="NULL", office_id="?")
        have = raw.execute("SELECT count(*) FROM occurrence").fetchone()[0]
        _copy_occurrences(raw, rows - have, communes)
        for _, sql in indexes:
            raw.execute(sql)
        raw.execute("COMMIT")
    raw.close()
    return connect(f"sqlite:///{path}")


def _columns(raw: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]


def _multiply(raw: sqlite3.Connection, table: str, rows: Iterator[tuple[str]], **changed: str) -> None:
    """Copy the template commune's rows of one table, once for each of ``rows``, some columns changed."""
    columns = _columns(raw, table)
    chosen = ", ".join(changed.get(column, column) for column in columns)
    key = "id" if table == "office" else "office_id"
    raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE {key} = 'xa'", rows)


def _copy_occurrences(raw: sqlite3.Connection, count: int, communes: int) -> None:
    """Two of three are closed history without an alarm; the third is open, its alarm in the year ahead."""
    columns = _columns(raw, "occurrence")
    template = dict(zip(columns, raw.execute("SELECT * FROM occurrence LIMIT 1").fetchone(), strict=True))
    obligations = [row[0] for row in raw.execute("SELECT id FROM obligation ORDER BY id")]

    def rows() -> Iterator[tuple[Any, ...]]:
        for n in range(count):
            history = n % 3
            day = LOADED + dt.timedelta(days=(n * 7) % 365 + (-730 if history else 10))
            date, instant = f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d %H:%M:%S}.000000"
            yield tuple(
                (
                    template
                    | {
                        "id": None,
                        "office_id": f"xa-{n * communes // count}",
                        "obligation_id": obligations[n * len(obligations) // count],
                        "period_key": f"P{n}",
                        "nominal_due": date,
                        "due": date,
                        "internal_due": date,
                        "first_internal_due": date,
                        "work_state": "done" if history else "new",
                        "reported_at": instant if history else None,
                        "closed_at": instant if history else None,
                        "next_move_at": None if history else instant,
                    }
                ).values()
            )

    raw.executemany(f"INSERT INTO occurrence VALUES ({', '.join('?' * len(columns))})", rows())


# ---- c: a busy turn -----------------------------------------------------------------------------------------------


def busy_turn(size: Size, folder: Path) -> list[Figure]:
    """Many occurrences due at one instant, beside APScheduler's wake-up with as many due jobs that do nothing.

    Twice: on the morning on which the work opens as well (chains, numbers, journal), and on a later rung, as on four
    mornings of five.
    """
    offices = [_crowded(f"xa-{n}", size.due_each) for n in range(size.offices)]
    opening = _database(folder / "c.db", offices)
    engine = connect(f"sqlite:///{opening}")
    with engine.begin() as connection:
        load.link_simulator(connection, LOADED)
        plan(connection, LOADED)
        connection.execute(update(OFFICE).values(next_digest_at=None))  # reminders are what is measured
        due = connection.execute(select(func.count()).where(OCCURRENCE.c.next_move_at == BUSY)).scalar_one()
    engine.dispose()
    assert due == size.offices * size.due_each
    later = folder / "c-later.db"
    shutil.copy(opening, later)
    engine = connect(f"sqlite:///{later}")
    with asyncio.Runner() as runner:
        runner.run(turn(engine, [Simulator()], BUSY))
    with engine.connect() as connection:
        alarms = set(connection.execute(select(OCCURRENCE.c.next_move_at).where(OCCURRENCE.c.next_move_at > BUSY)))
    engine.dispose()
    assert len(alarms) == 1
    theirs = _wake_up(size, folder, due)
    return [
        *_turns(size, folder, later, alarms.pop()[0], due, theirs, "c. A turn with {due:,} due in {offices} communes"),
        *_turns(size, folder, opening, BUSY, due, theirs, "c. The same, and every one of the {due:,} opens as well"),
    ]


def _turns(
    size: Size, folder: Path, prepared: Path, at: dt.datetime, due: int, theirs: float, what: str
) -> list[Figure]:
    whole: list[float] = []
    decided: list[float] = []
    for run in range(size.runs):
        simulator = Simulator()
        engine = connect(f"sqlite:///{shutil.copy(prepared, folder / f'turn{run}.db')}")
        with asyncio.Runner() as runner:
            runner.run(turn(engine, [simulator], at - dt.timedelta(seconds=1)))  # open, warm
            with _timed(whole):
                runner.run(turn(engine, [simulator], at))
        engine.dispose()
        engine = connect(f"sqlite:///{shutil.copy(prepared, folder / f'decide{run}.db')}")
        with _timed(decided), engine.begin() as connection:
            messages = remind(connection, at)
        engine.dispose()
        assert len(simulator.sent) == messages
    what = what.format(due=due, offices=size.offices)
    return [
        Figure(
            f"{what}: climb, gather, claim, send {messages:,} merged messages, record; APScheduler only wakes {due:,} "
            "jobs that send nothing",
            _seconds(median(whole)),
            _seconds(theirs),
            theirs / median(whole),
            goal=20,
        ),
        Figure(
            "   of it, what a wake-up does: see what is due and move it on (climb, gather, outbox written)",
            _seconds(median(decided)),
            _seconds(theirs),
            theirs / median(decided),
        ),
    ]


def _wake_up(size: Size, folder: Path, due: int) -> float:
    theirs: list[float] = []
    for run in range(size.runs_of_theirs):
        scheduler = _scheduler(folder / f"aps-c{run}.db")
        _add_jobs(scheduler, due, dt.datetime.now(dt.UTC))
        scheduler.state = STATE_RUNNING  # its thread sleeps on; the wake-up is called here, where it can be timed
        with _timed(theirs):
            scheduler._process_jobs()
        assert not scheduler.get_jobs()
        scheduler.shutdown()
    return median(theirs)


def _crowded(office_id: str, due: int) -> OfficeFile:
    """A commune that has so many one-off duties due on one day."""
    office = _shipped("hung-thang")
    titles = [obligation.title for obligation in office.obligations]
    units = [unit.id for unit in office.units if unit.kind == "unit"]
    duties = tuple(
        Obligation(
            id=f"viec-{n}",
            title=titles[n % len(titles)],
            lead=units[n % len(units)],
            kind=Kind.ONE_OFF_DATE,
            due=Due(date=BUSY_DUE),
            source=Source(where="bench"),
        )
        for n in range(due)
    )
    return _named(office, office_id).model_copy(update={"obligations": duties})


# ---- d: the command line ------------------------------------------------------------------------------------------


def help_page(size: Size, _folder: Path) -> list[Figure]:
    """``nhacviec --help`` beside an interpreter that does nothing, turn about."""
    command = Path(sys.executable).with_name("nhacviec")
    if not command.exists():
        return []
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(size.starts):
        with _timed(ours):
            subprocess.run([command, "--help"], check=True, capture_output=True)
        with _timed(bare):
            subprocess.run([sys.executable, "-c", "pass"], check=True, capture_output=True)
    return [
        Figure(
            "d. nhacviec --help beside python -c pass",
            _seconds(median(ours)),
            _seconds(median(bare)),
            median(ours) / median(bare),
            goal=6,
            at_least=False,
        )
    ]


# ---- both sides ---------------------------------------------------------------------------------------------------


class _NoOp(BaseExecutor):  # type: ignore[misc]
    def _do_submit_job(self, job: object, run_times: object) -> None:
        """Take the job and do nothing at all with it."""


def _scheduler(path: Path) -> BackgroundScheduler:
    """APScheduler as it comes: its SQLAlchemy job store on a SQLite file, no setting touched."""
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{path}")},
        executors={"default": _NoOp()},
        timezone=dt.UTC,
    )
    scheduler.start(paused=True)
    return scheduler


def _add_jobs(scheduler: BackgroundScheduler, count: int, at: dt.datetime) -> None:
    for n in range(count):
        scheduler.add_job(
            "tests.bench:send_reminder", "date", run_date=at, args=("xa", n, "soon-10"), misfire_grace_time=None
        )


def _shipped(office_id: str) -> OfficeFile:
    return read_office(next(path for path in shipped_offices() if path.stem == office_id))


def _named(office: OfficeFile, office_id: str) -> OfficeFile:
    return office.model_copy(update={"office": office.office.model_copy(update={"id": office_id})})


def _database(path: Path, offices: list[OfficeFile]) -> Path:
    """A database with these offices loaded and nothing planned."""
    engine = connect(f"sqlite:///{path}")
    create_schema(engine)
    with engine.begin() as connection:
        for office in offices:
            load.apply(connection, office, LOADED)
    engine.dispose()
    return path


class _timed:  # noqa: N801  (reads as a word: `with _timed(times)`)
    def __init__(self, times: list[float]) -> None:
        self._times = times

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._times.append(time.perf_counter() - self._start)


def _seconds(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f} s"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.2f} ms" if value < 0.1 else f"{value * 1000:.0f} ms"


# ---- the table ----------------------------------------------------------------------------------------------------

MEASURES: dict[str, Callable[[Size, Path], list[Figure]]] = {
    "planning": plan_a_year,
    "idle turns": idle_turns,
    "a busy turn": busy_turn,
    "the command line": help_page,
}


def machine(folder: Path) -> str:
    """The machine and the versions; what an fsync costs, because APScheduler pays one for every job."""
    times: list[float] = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(101):
            file.write(bytes(4096))
            file.flush()
            with _timed(times):
                os.fsync(file.fileno())
    versions = ", ".join(f"{name} {version(name)}" for name in ("SQLAlchemy", "APScheduler"))
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, fsync {median(times) * 1e6:.0f} µs; "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}"
    )


def table_of(figures: list[Figure]) -> Table:
    """The figures as people read them."""
    table = Table("figure", "ours", "beside", "ratio", "goal", "", show_lines=True)
    for column in table.columns[1:]:
        column.no_wrap = True
    table.columns[0].max_width = 62
    for figure in figures:
        goal = "" if figure.goal is None else f"{'≥' if figure.at_least else '≤'} {figure.goal:g}×"
        verdict = {True: "[green]reached", False: "[red]not reached", None: ""}[figure.reached]
        table.add_row(figure.what, figure.ours, figure.beside, f"{figure.ratio:.3g}×", goal, verdict)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Measure everything and print the table. Exit code 0 even when a goal is missed: it is said, not hidden."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Ratios beside APScheduler's own store.")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that the pieces work")
    quick = parser.parse_args(arguments).quick
    size = QUICK if quick else FULL
    console = Console(width=max(110, Console().width))
    began = time.perf_counter()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="nhacviec-bench-") as name:
        console.print(machine(Path(name)))
        for title, measure in MEASURES.items():
            with console.status(f"Measuring {title} …"):
                found = measure(size, Path(name))
            figures += found
            if not found:
                console.print(f"Skipped {title}: the nhacviec command is not installed beside this Python.")
    console.print(table_of(figures))
    console.print(
        f"Medians of {size.runs} runs of ours, {size.runs_of_theirs} of APScheduler's, {size.turns} idle turns, "
        f"{size.starts} starts. Took {time.perf_counter() - began:.0f} s."
    )
    if quick:
        console.print("[yellow]--quick: far too small to mean anything.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

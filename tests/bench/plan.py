"""A commune's year made schedulable: expand, ladder, insert; beside one APScheduler job for each reminder of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, func, select, update

from data.database import connect
from engine.office import OBLIGATION, OCCURRENCE, OFFICE, OfficeView, view_office
from engine.plan import plan
from engine.rules.chain import chain_for, hearers
from engine.rules.ladder import anchors_of, steps_of
from tests.bench import theirs
from tests.bench.communes import LOADED, full_size, loaded, multiply
from tests.bench.figures import Figure, Samples, seconds, timed, times_as_much, times_faster, within
from tests.bench.sizes import Size
from tests.bench.stores import Bench, Store

NEVER_PLANNED = LOADED.date() - dt.timedelta(days=1)
# Which store of theirs, and how many times as long it must take.
BESIDE: dict[str, tuple[tuple[str, Callable[[str], Engine], float], ...]] = {
    "SQLite": (
        ("its SQLite store as it comes", theirs.as_it_comes, 300),
        ("its SQLite store tuned (WAL, NORMAL)", theirs.tuned, 60),
    ),
    "PostgreSQL": (("its PostgreSQL store", theirs.as_it_comes, 100),),
}


def plan_a_year(size: Size, bench: Bench) -> Iterator[Figure]:
    """Both databases: first plan, plan again."""
    for store in bench.stores:
        yield from _on(size, store)


def _on(size: Size, store: Store) -> Iterator[Figure]:
    prepared = store.new()
    loaded(prepared, [full_size("xa-0")])
    engine = connect(prepared)
    with engine.begin() as connection:
        multiply(connection, "xa-0", [f"xa-{n}" for n in range(1, size.province)])
    engine.dispose()
    ours = _Plans()
    jobs: dict[str, list[float]] = {name: [] for name, _, _ in BESIDE[store.name]}
    for _ in range(size.runs):
        _plan_and_again(store, prepared, ours)
        for name, make, _ in BESIDE[store.name]:
            jobs[name].append(_add_jobs(store, make, size.sample) / size.sample)
    store.drop(prepared)
    yield from _first_plan(size, store, ours, jobs)
    yield times_as_much(
        f"Planned again from the beginning on {store.name}, every row being there: 0 new",
        seconds(ours.again),
        seconds(ours.first),
        "the first plan",
        1.0,
    )
    yield within(
        f"Rows that the next plan writes on {store.name} (it takes {seconds(ours.idle)})",
        Samples(tuple(map(float, ours.written)), ""),
        0,
    )


@dataclass
class _Plans:
    """What the runs of ours took and made."""

    first: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    written: list[int] = field(default_factory=list)  # by the plan that has nothing to do
    occurrences: int = 0
    rungs: int = 0
    reminders: int = 0


def _plan_and_again(store: Store, prepared: str, ours: _Plans) -> None:
    url = store.copy(prepared)
    engine = connect(url)
    ours.occurrences = _timed_plan(engine, ours.first)
    _timed_plan(engine, ours.idle, ours.written)
    with engine.begin() as connection:  # every duty is looked at again, as if nobody knew how far it had come
        connection.execute(update(OBLIGATION).values(planned_until=NEVER_PLANNED))
    new = _timed_plan(engine, ours.again)
    assert new == 0, f"planning again made {new} occurrences"
    with engine.begin() as connection:
        there = connection.execute(select(func.count()).select_from(OCCURRENCE)).scalar_one()
        assert there == ours.occurrences
        if not ours.rungs:
            ours.rungs, ours.reminders = _reminders(connection)
    engine.dispose()
    store.drop(url)


def _first_plan(size: Size, store: Store, ours: _Plans, jobs: dict[str, list[float]]) -> Iterator[Figure]:
    one = seconds([taken / size.province for taken in ours.first])
    rungs, reminders = ours.rungs / size.province, ours.reminders / size.province
    for name, _, least in BESIDE[store.name]:
        job = seconds(jobs[name])
        yield times_faster(
            f"A commune-year made schedulable on {store.name}: {ours.occurrences / size.province:,.0f} occurrences "
            f"(one of {size.province} planned together); beside it {reminders:,.0f} reminders, one a rung and person",
            one,
            seconds([taken * reminders for taken in job.values]),
            f"APScheduler.add_job, {name}",
            least,
            f"{1 / job.middle:,.0f} jobs/s, measured on {size.sample:,}; with one job a rung, for all its people "
            f"({rungs:,.0f} jobs): {job.middle * rungs / one.middle:.0f}×",
        )


def _timed_plan(engine: Engine, times: list[float], written: list[int] | None = None) -> int:
    with timed(times), engine.begin() as connection:
        before = _written(connection) if written is not None else 0
        planned = plan(connection, LOADED)
        if written is not None:
            written.append(_written(connection) - before)
    return planned


def _written(connection: Connection) -> int:
    """How many rows this connection (SQLite) or this transaction (PostgreSQL) has inserted, changed or deleted."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        return int(driver.total_changes)
    counted = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
    return int(connection.exec_driver_sql(counted).scalar_one())


def _add_jobs(store: Store, make: Callable[[str], Engine], count: int) -> float:
    """Seconds for so many ``add_job`` in a new and empty store."""
    taken: list[float] = []
    url = store.new(schema=False)
    with theirs.scheduler(make(url), theirs.NoOp()) as its, timed(taken):
        theirs.add_jobs(its, count)
    store.drop(url)
    return taken[0]


def _reminders(connection: Connection) -> tuple[int, int]:
    """How many rungs the planned occurrences have in all; and reminders, one for each person whom a rung tells."""
    rungs = reminders = 0
    for office_id in connection.execute(select(OFFICE.c.id)).scalars():
        view = view_office(connection, office_id)
        told: dict[tuple[str, str | None, tuple[str, ...]], int] = {}
        slugs = {unit.id: slug for slug, unit in view.staff.units.items()}
        for row in connection.execute(
            select(
                OCCURRENCE.c.cutoff,
                OCCURRENCE.c.due,
                OCCURRENCE.c.internal_due,
                OCCURRENCE.c.unit_id,
                OBLIGATION.c.ladder,
                OBLIGATION.c.rule["doer"].as_string().label("doer"),
            )
            .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
            .where(OCCURRENCE.c.office_id == office_id)
        ):
            anchors = anchors_of(row.cutoff, row.due, row.internal_due)
            for step in steps_of(view.ladders[row.ladder], anchors, view.hours):
                case = (slugs[row.unit_id], row.doer, tuple(step.rung.to))
                if case not in told:
                    told[case] = _hear(view, *case)
                rungs += 1
                reminders += told[case]
    return rungs, reminders


def _hear(view: OfficeView, unit: str, doer: str | None, to: Sequence[str]) -> int:
    heard, unheard = hearers(view.staff, chain_for(view.staff, unit, doer), list(to), view.today(LOADED))
    return len(heard) + len(unheard)

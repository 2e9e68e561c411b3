"""What a user would pick instead: APScheduler, one job for each reminder, in its own SQLAlchemy job store."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_PAUSED, STATE_RUNNING
from sqlalchemy import Engine, create_engine, event

from data.database import address

FAR = dt.datetime(2126, 1, 5, tzinfo=dt.UTC)


def send_reminder(office: str, occurrence: int, rung: str, person: int) -> None:
    """What a job of the naive design would call, where only its storing or waking is measured."""


class NoOp(BaseExecutor):  # type: ignore[misc]
    """Takes every job and does nothing at all with it."""

    def _do_submit_job(self, job: object, run_times: object) -> None: ...


def as_it_comes(url: str) -> Engine:
    """The engine APScheduler would make itself of a URL: nothing is set."""
    return create_engine(address(url))


def tuned(url: str) -> Engine:
    """For SQLite, what somebody who read its manual passes through ``engine=``: WAL, synchronous NORMAL."""
    engine = create_engine(address(url))

    @event.listens_for(engine, "connect")
    def _tune(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine


@contextmanager
def scheduler(
    engine: Engine | None, executor: BaseExecutor | None = None, **options: Any
) -> Iterator[BackgroundScheduler]:
    """One on a job store, or in memory without an engine. ``executor`` None: its default pool of ten threads."""
    stores = {"default": SQLAlchemyJobStore(engine=engine)} if engine else {}
    executors = {"default": executor} if executor else {}
    made = BackgroundScheduler(jobstores=stores, executors=executors, timezone=dt.UTC, **options)
    made.start(paused=True)
    try:
        yield made
    finally:
        if made.running:
            made.shutdown()
        if engine:
            engine.dispose()


def add_jobs(
    its: BackgroundScheduler,
    count: int,
    at: dt.datetime = FAR,
    call: Callable[..., None] = send_reminder,
    args: tuple[Any, ...] | None = None,
) -> None:
    """One job for each reminder, as its guide shows; none is dropped for being late."""
    for n in range(count):
        its.add_job(call, "date", run_date=at, args=args or ("xa", n, "soon-10", n), misfire_grace_time=None)


def wake(its: BackgroundScheduler) -> None:
    """One wake-up, here and now: its own thread sleeps on, so that the call can be timed."""
    its.state = STATE_RUNNING
    its._process_jobs()
    its.state = STATE_PAUSED

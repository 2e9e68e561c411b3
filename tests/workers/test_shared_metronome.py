"""What is asked of Procrastinate: its tables once, jobs in our transaction or not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, text

from data.database import connect
from engine.errors import DatabaseTrouble
from schedules.shared_metronome import Asking, SharedMetronome, prepare
from tests.databases import postgres_or_skip
from tests.postgres.server import drop_database

ONE, OTHER = ("telegram", "1"), ("zalo", "2")


@pytest.fixture
def engine() -> Iterator[Engine]:
    url = postgres_or_skip()
    engine = connect(url)
    yield engine
    engine.dispose()
    drop_database(url)


def waiting(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        query = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY 1"
        return list(connection.execute(text(query)).scalars())


def test_machines_that_start_together_make_the_tables_once(engine: Engine) -> None:
    troubles: list[BaseException] = []

    def start() -> None:
        try:
            prepare(engine)
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert troubles == []
    assert waiting(engine) == []


@pytest.mark.parametrize(("comment", "says"), [("nhacviec: 99.0", "mới hơn"), ("của ai đó", "chương trình khác")])
def test_tables_of_a_newer_or_another_program_are_left_alone(engine: Engine, comment: str, says: str) -> None:
    prepare(engine)
    with engine.begin() as connection:
        connection.execute(text(f"COMMENT ON TABLE procrastinate_jobs IS '{comment}'"))
    with pytest.raises(DatabaseTrouble, match=says):
        prepare(engine)


def test_an_older_version_is_brought_up_to_date(engine: Engine) -> None:
    scripts = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    older = [script for script in scripts if script.stem < "03.03"]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        for script in older:
            driver.execute(script.read_bytes())
        driver.execute(f"COMMENT ON TABLE procrastinate_jobs IS 'nhacviec: {older[-1].stem}'".encode())
    prepare(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT obj_description('procrastinate_jobs'::regclass)")).scalar_one()
        newer = connection.execute(text("SELECT to_regproc('procrastinate_retry_job_v2')")).scalar_one()
    assert found == f"nhacviec: {scripts[-1].stem}"
    assert newer is not None


def test_a_job_is_there_when_the_rows_are_and_never_otherwise(engine: Engine) -> None:
    prepare(engine)
    asking = Asking()
    with engine.connect() as connection, connection.begin() as transaction:
        asking.for_lanes(connection, [ONE, OTHER])
        transaction.rollback()
    assert waiting(engine) == []
    with engine.begin() as connection:
        asking.for_lanes(connection, [ONE])
    assert waiting(engine) == ["lane:telegram:1"]


def test_what_waits_already_is_not_asked_for_twice(engine: Engine) -> None:
    prepare(engine)
    asking = Asking()
    for _ in range(2):
        with engine.begin() as connection:
            asking.for_lanes(connection, [OTHER, ONE])
            asking.to_receive(connection, [ONE])
    assert waiting(engine) == ["lane:telegram:1", "lane:zalo:2", "receive:telegram:1"]


def test_who_is_second_keeps_its_transaction(engine: Engine) -> None:
    """Both have looked, and seen no job; the second then finds the first one's."""
    prepare(engine)
    asking = Asking()
    asked = threading.Event()

    def second() -> None:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE mark (id int)"))
            asked.set()
            asking.for_lanes(connection, [ONE, OTHER])  # waits for the first, then for nobody

    with engine.begin() as connection:
        asking.for_lanes(connection, [ONE])
        thread = threading.Thread(target=second)
        thread.start()
        assert asked.wait(60)
    thread.join(30)
    assert waiting(engine) == ["lane:telegram:1", "lane:zalo:2"]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('mark')")).scalar_one() is not None


def test_a_lane_that_runs_can_be_asked_for_again_or_left_alone(engine: Engine) -> None:
    prepare(engine)
    asking = Asking()
    with engine.begin() as connection:
        asking.for_lanes(connection, [ONE])
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        asking.for_lanes(connection, [ONE], unless_running=True)
    assert waiting(engine) == []
    with engine.begin() as connection:
        asking.for_lanes(connection, [ONE])
    assert waiting(engine) == ["lane:telegram:1"]


class Idle:
    """Work that never comes to anything."""

    async def turn(self, shard: int, of: int) -> None:
        """As :class:`schedules.shared_metronome.Work` says."""

    async def lane(self, bot: tuple[str, str]) -> None:
        """As :class:`schedules.shared_metronome.Work` says."""

    async def receive(self, bot: tuple[str, str]) -> None:
        """As :class:`schedules.shared_metronome.Work` says."""

    async def listen(self, bot: tuple[str, str]) -> None:
        """As :class:`schedules.shared_metronome.Work` says."""

    def sweep(self) -> None:
        """As :class:`schedules.shared_metronome.Work` says."""


def test_between_its_questions_the_library_holds_no_transaction_open(engine: Engine) -> None:
    """A program stopped within one would keep the job's row, and whoever wants to take the job over waits for it."""
    prepare(engine)
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    seen: list[str] = []

    async def watch() -> None:
        stop = asyncio.Event()
        metronome = SharedMetronome(url, Idle(), name="m1", shards=1, turn_every=1, lanes=1, listeners=0)
        running = asyncio.create_task(metronome.run(stop))
        async with asyncio.timeout(30):
            while not (asked := await asyncio.to_thread(_first_words, engine)):
                await asyncio.sleep(0.05)
        seen.extend(asked)
        stop.set()
        await running

    asyncio.run(watch())
    assert not {"BEGIN", "COMMIT"} & set(seen), seen


def _first_words(engine: Engine) -> list[str]:
    """Of the last question on each of the library's connections, once it has asked for jobs."""
    with engine.connect() as connection:
        query = "SELECT query FROM pg_stat_activity WHERE application_name = 'nhacviec m1'"
        found = [asked.split()[0] for asked in connection.execute(text(query)).scalars() if asked.split()]
    return found if len(found) > 2 else []

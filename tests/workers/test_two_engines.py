"""Two engines that turn at the same moment on one PostgreSQL: each thing is decided, and written down, once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select, update

from data import journal
from data.database import connect
from data.turns import alone_with
from engine.cycle import decide
from engine.office import MESSAGE, OCCURRENCE
from tests.databases import postgres_or_skip
from tests.postgres.server import drop_database
from tests.workers.installation import MORNING
from tests.workers.spike import Size, fill

NOW = MORNING + dt.timedelta(minutes=1)
SIZE = Size(offices=6, people=40)


@pytest.fixture
def url() -> Iterator[str]:
    url = postgres_or_skip()
    yield url
    drop_database(url)


def at_once(url: str, times: int) -> list[BaseException]:
    """So many engines, each with connections of its own, begin their turn together."""
    together = threading.Barrier(times)
    troubles: list[BaseException] = []

    def engine_of_its_own() -> None:
        engine = connect(url)
        try:
            engine.connect().close()
            together.wait(60)
            decide(engine, NOW)
        except BaseException as trouble:
            troubles.append(trouble)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=engine_of_its_own) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return troubles


def test_work_that_opens_is_journaled_once_by_whoever_opened_it(url: str) -> None:
    engine = connect(url)
    fill(engine, SIZE, MORNING)
    with engine.begin() as connection:
        connection.execute(update(OCCURRENCE).values(chain=None, opened_at=None))  # their ladders have not begun
    assert at_once(url, 3) == []
    decide(engine, NOW)  # an office that all passed over is decided now
    with engine.connect() as connection:
        opened = select(journal.JOURNAL.c.occurrence_id, func.count().label("lines")).where(
            journal.JOURNAL.c.action == "opened"
        )
        lines = connection.execute(opened.group_by(journal.JOURNAL.c.occurrence_id)).all()
        messages = connection.execute(select(func.count(MESSAGE.c.id))).scalar_one()
    engine.dispose()
    assert (len(lines), {line.lines for line in lines}) == (SIZE.messages, {1})
    assert messages >= SIZE.offices


def test_every_person_gets_one_message(url: str) -> None:
    engine = connect(url)
    fill(engine, SIZE, MORNING)
    assert at_once(url, 3) == []
    decide(engine, NOW)
    with engine.connect() as connection:
        per_person = connection.execute(
            select(MESSAGE.c.person_id, func.count().label("messages")).group_by(MESSAGE.c.person_id)
        ).all()
    engine.dispose()
    assert (len(per_person), {row.messages for row in per_person}) == (SIZE.messages, {1})


def test_an_office_that_another_decides_about_is_passed_over(url: str) -> None:
    first, second = connect(url), connect(url)
    with first.begin() as one, second.begin() as other:
        assert alone_with(one, ["a", "b"]) == ["a", "b"]
        assert alone_with(other, ["b", "c"]) == ["c"]
    with second.begin() as other:
        assert alone_with(other, ["a", "b"]) == ["a", "b"]
    for engine in (first, second):
        engine.dispose()


def test_work_that_somebody_acts_on_at_this_moment_is_looked_at_in_the_next_turn(url: str) -> None:
    engine: Engine = connect(url)
    fill(engine, Size(1, 2), MORNING)
    with engine.begin() as acting:
        busy = acting.execute(select(OCCURRENCE.c.id).order_by(OCCURRENCE.c.id).limit(1).with_for_update()).scalar_one()
        other = connect(url)
        assert decide(other, NOW).reminded == 1
        other.dispose()
    with engine.connect() as connection:
        left = connection.execute(select(OCCURRENCE.c.id).where(OCCURRENCE.c.next_move_at <= NOW)).scalars().all()
    assert left == [busy]
    assert decide(engine, NOW).reminded == 1
    engine.dispose()

"""``nhacviec run`` and ``nhacviec worker`` on one PostgreSQL: whoever is second says so and leaves. Real processes."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from engine.mode import RUN, WORKER, running_as
from tests.postgres.server import run as run_statement
from tests.workers.installation import Installation, installation, wait_until
from tests.workers.spike import Size

BEGUN = {"worker": "bắt đầu làm việc", "run": "Đang chạy trên kênh"}


@pytest.fixture
def here() -> Iterator[Installation]:
    with installation(Size(offices=1, people=1)) as here:
        yield here


def starts(here: Installation, *words: str) -> subprocess.Popen[bytes]:
    """A program that gets to work: ``run`` has turned once, a worker asks for jobs."""
    index = len(here.workers)
    process = here.program(*words)

    def is_at_work() -> bool:
        if words[0] == "run":
            return "Trả lời" in here.log_of(index)
        return f"nhacviec {words[-1]}" in _connections(here)

    wait_until(lambda: process.poll() is not None or is_at_work(), 60)
    assert process.poll() is None, here.log_of(index)
    return process


def is_refused(here: Installation, *words: str) -> str:
    """What a program says that leaves at once."""
    index = len(here.workers)
    assert here.program(*words).wait(60) == 1
    said = here.log_of(index)
    assert BEGUN[words[0]] not in said
    assert "Traceback" not in said
    return said


def ends(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_beside_workers_nobody_runs_alone_and_more_workers_may_come_and_go(here: Installation) -> None:
    first = starts(here, "worker", "--name", "m1")
    second = starts(here, "worker", "--name", "m2")
    said = is_refused(here, "run")
    assert "nhacviec worker (máy m1, m2) đang chạy" in said
    assert "hãy dừng mọi worker trước" in said
    ends(first)  # a rolling upgrade
    third = starts(here, "worker", "--name", "m3")
    ends(second)
    assert "(máy m3)" in is_refused(here, "run")
    ends(third)
    ends(starts(here, "run"))


def test_beside_one_that_runs_alone_there_is_no_worker_and_no_other(here: Installation) -> None:
    alone = starts(here, "run")
    for words in (("worker", "--name", "m1"), ("run",)):
        assert "nhacviec run đang chạy một mình" in is_refused(here, *words)
    alone.kill()  # however it dies, it stands in nobody's way
    alone.wait()
    ends(starts(here, "worker", "--name", "m1"))


def test_the_place_is_kept_when_postgresql_was_restarted(here: Installation) -> None:
    worker = starts(here, "worker", "--name", "m1")
    here.server.kill()
    here.server.start()
    wait_until(lambda: "nhacviec worker m1" in _connections(here, "locktype = 'advisory' AND mode = 'ShareLock'"), 60)
    assert "(máy m1)" in is_refused(here, "run")
    ends(worker)


def test_who_finds_its_place_taken_after_an_outage_says_so_and_leaves(here: Installation) -> None:
    worker = starts(here, "worker", "--name", "m1")
    worker.send_signal(signal.SIGSTOP)
    here.server.kill()
    here.server.start()
    with running_as(RUN, here.server.url):
        worker.send_signal(signal.SIGCONT)
        assert worker.wait(60) == 1
    assert "nhacviec run đang chạy một mình" in here.log_of(0)


def test_a_file_has_its_own_lock() -> None:
    with running_as(RUN, "sqlite:///nowhere.db"), running_as(WORKER, "sqlite:///nowhere.db"):
        pass


def _connections(here: Installation, which: str = "true") -> set[str]:
    """The names of the connections, of those that hold such locks."""
    try:
        rows = run_statement(
            here.server.url,
            f"SELECT application_name FROM pg_stat_activity LEFT JOIN pg_locks USING (pid) WHERE {which}",
        )
    except psycopg.OperationalError:
        return set()
    return {name for (name,) in rows}

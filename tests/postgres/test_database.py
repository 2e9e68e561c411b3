"""The product's own promises on PostgreSQL: sentences for trouble, a journal in one order, nothing claimed twice."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from bots.simulator import Simulator
from data import journal
from data.database import DRIVER, address, connect, explained, in_transaction, open_database
from engine import load
from engine.claim import claim
from engine.errors import DatabaseTrouble
from engine.office import MESSAGE, OFFICE, PERSON
from engine.outbox import bots_of
from tests.command import clean_environment, command
from tests.databases import postgres_or_skip
from tests.postgres import server
from tests.world import OFFICE_ID, PROJECT, civil, office_file, one_task

NOW = civil("2026-03-16 08:00")


@pytest.fixture
def url() -> Iterator[str]:
    url = postgres_or_skip()
    yield url
    server.drop_database(url)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = connect(url)
    with engine.begin() as connection:
        load.apply(connection, office_file([one_task("2026-03-27")]), NOW)
        load.link_simulator(connection, NOW)
    yield engine
    engine.dispose()


def trouble_with(url: str) -> str:
    with pytest.raises(DatabaseTrouble) as trouble, explained(url):
        open_database(url)
    return str(trouble.value)


# ---- trouble --------------------------------------------------------------------------------------------------------


def test_any_way_of_writing_the_address_means_our_driver() -> None:
    for written in ("postgres://a/b", "postgresql://a/b", "postgresql+psycopg://a/b"):
        assert address(written).drivername == DRIVER


@pytest.mark.parametrize("written", ["mysql://a/b", "postgresql+asyncpg://u:bi-mat@a/b", "bi-mat", "", "x://"])
def test_an_address_of_nothing_we_know_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(DatabaseTrouble, match="NHACVIEC_DATABASE") as trouble:
        connect(written)
    assert "bi-mat" not in str(trouble.value)


def test_no_server_there() -> None:
    said = trouble_with("postgresql://u:bi-mat@127.0.0.1:1/nv")
    assert "Không có máy chủ" in said
    assert "bi-mat" not in said


def test_no_such_host() -> None:
    assert "Không tìm thấy máy chủ" in trouble_with("postgresql://u@khong-co.invalid/nv")


def test_no_such_database(url: str) -> None:
    assert "chưa có cơ sở dữ liệu" in trouble_with(f"{url.replace('/nv_', '/khong_co_')}")


@pytest.mark.skipif(server.NAMED in os.environ, reason="the named server has rules of its own")
def test_a_wrong_password(url: str) -> None:
    server.run(url, "CREATE ROLE nhacviec_password LOGIN PASSWORD 'dung'")
    try:
        wrong = address(url).set(username="nhacviec_password", password="bi-mat")
        said = trouble_with(wrong.render_as_string(hide_password=False))
    finally:
        server.run(url, "DROP ROLE nhacviec_password")
    assert "mật khẩu" in said
    assert "bi-mat" not in said


def test_a_connection_cut_from_outside_is_told_and_replaced(url: str, engine: Engine) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nhacviec'"

    def look_twice() -> None:
        with explained(url), engine.begin() as connection:
            connection.execute(select(OFFICE))
            server.run(url, f"{cut} AND datname = current_database()")
            connection.execute(select(OFFICE))

    with pytest.raises(DatabaseTrouble, match="Mất kết nối"):
        look_twice()
    with engine.begin() as connection:
        assert connection.execute(select(OFFICE.c.id)).scalars().all() == [OFFICE_ID]


def test_waiting_for_a_lock_ends_with_a_sentence(url: str, engine: Engine) -> None:
    def change() -> None:
        with explained(url), engine.begin() as waiting:
            waiting.execute(text("SET LOCAL lock_timeout = '100ms'"))
            waiting.execute(update(OFFICE).values(name="cũng sửa"))

    with engine.begin() as holder:
        holder.execute(update(OFFICE).values(name="đang sửa"))
        with pytest.raises(DatabaseTrouble, match="chương trình khác giữ"):
            change()


def test_two_that_start_at_once_upgrade_once() -> None:
    empty = postgres_or_skip(empty=True)
    with ThreadPoolExecutor(4) as several:
        for opened in several.map(open_database, [empty] * 4):
            opened.dispose()
    server.drop_database(empty)


def test_the_command_line_works_on_it(url: str, tmp_path: Path) -> None:
    office = PROJECT / "schedules" / "offices" / "hung-thang.yaml"
    for words in (["load", "--yes", str(office)], ["status"], ["channels"], ["strangers"], ["people", "list"],
                  ["digest", "--week", "2026-W11"], ["journal", "verify"], ["unmute"]):  # fmt: skip
        done = command(tuple(words), clean_environment(NHACVIEC_DATABASE=url), tmp_path)
        assert done.returncode == 0, (words, done.stderr)


# ---- several at once ------------------------------------------------------------------------------------------------


def test_the_journal_keeps_one_order_whoever_writes(engine: Engine) -> None:
    def write(writer: int) -> None:
        for number in range(15):
            lines = [journal.Line(f"máy {writer}", "opened", None, {"n": number})] * 3
            with engine.begin() as connection:
                journal.append(connection, OFFICE_ID, NOW, lines)

    with engine.begin() as connection:
        before = journal.verify(connection, OFFICE_ID).lines
    with ThreadPoolExecutor(6) as writers:
        list(writers.map(write, range(6)))
    with engine.begin() as connection:
        verdict = journal.verify(connection, OFFICE_ID)
    assert (verdict.lines - before, verdict.broken_at) == (6 * 15 * 3, None)


def test_two_that_wait_for_each_other_both_arrive(engine: Engine) -> None:
    with engine.begin() as connection:
        first, second = connection.execute(select(PERSON.c.id).order_by(PERSON.c.id).limit(2)).scalars()

    def cross(order: tuple[int, int]) -> None:
        def work(connection: object) -> None:
            for person in order:
                connection.execute(update(PERSON).where(PERSON.c.id == person).values(phone="1"))  # type: ignore[attr-defined]
                time.sleep(0.2)

        in_transaction(engine, work)

    with ThreadPoolExecutor(2) as both:
        list(both.map(cross, [(first, second), (second, first)]))


def test_no_message_is_claimed_twice(engine: Engine) -> None:
    with engine.begin() as connection:
        person = connection.execute(select(PERSON.c.id).limit(1)).scalar_one()
        rows = [
            {
                "office_id": OFFICE_ID,
                "person_id": person,
                "kind": "answer",
                "key": f"answer:{n}:0",
                "payload": {"said": "help"},
                "not_before": NOW,
                "channel": "simulator",
                "bot": "simulator",
                "address": f"a/{n}",
            }
            for n in range(200)
        ]
        connection.execute(insert(MESSAGE), rows)
    bots = bots_of([Simulator()])

    def take(_: int) -> list[int]:
        taken: list[int] = []
        while True:
            with engine.begin() as connection:
                claimed = claim(connection, bots, NOW, {}, most=7)
            if not claimed.letters:
                return taken
            taken += [letter.id for letter in claimed.letters]

    with ThreadPoolExecutor(4) as workers:
        taken = [message for found in workers.map(take, range(4)) for message in found]
    assert len(taken) == len(set(taken)) == 200


def test_instants_come_back_in_utc_from_a_server_that_lives_elsewhere(url: str, engine: Engine) -> None:
    if server.NAMED not in os.environ:
        assert server.run(url, "SHOW timezone") == [("Asia/Ho_Chi_Minh",)]
    with engine.begin() as connection:
        at = connection.execute(select(OFFICE.c.next_digest_at)).scalar_one()
    assert at.utcoffset() == dt.timedelta()


def test_the_journal_is_append_only_there_too(engine: Engine) -> None:
    for change in ("UPDATE journal SET actor = 'x'", "DELETE FROM journal", "TRUNCATE journal"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(change))

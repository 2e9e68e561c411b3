"""``nhacviec worker``: what it refuses, whose time it keeps, and that people are answered."""

from __future__ import annotations

import datetime as dt
import json
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

from engine.clock import SharedClock
from engine.worker import shard_of
from tests.command import nhacviec
from tests.workers.installation import Installation, installation, wait_until
from tests.workers.spike import FIRST_CHAT, Size

BASE = dt.datetime(2026, 3, 16, 1, 0, tzinfo=dt.UTC)


def test_with_a_file_it_says_what_to_do_instead(tmp_path: Path) -> None:
    done = nhacviec("worker", database=tmp_path / "nv.db")
    assert done.returncode == 1
    assert "PostgreSQL" in done.stderr
    assert "nhacviec run" in done.stderr
    assert not (tmp_path / "nv.db").exists()


def test_the_shared_clock_counts_seconds_from_what_the_database_said() -> None:
    seconds = [100.0]
    said = [BASE]

    def ask() -> dt.datetime:
        seconds[0] += 2.0  # there and back
        return said[0]

    clock = SharedClock(ask, lambda: seconds[0])
    assert clock.now() == BASE + dt.timedelta(seconds=1)  # it was said half of the way
    seconds[0] += 59.0
    assert clock.now() == BASE + dt.timedelta(seconds=60)
    said[0] = BASE + dt.timedelta(hours=3)  # the database's clock was put right
    clock.set()
    assert clock.now() == BASE + dt.timedelta(hours=3, seconds=1)


def test_an_office_is_in_the_same_shard_on_every_machine() -> None:
    assert [shard_of(office, 8) for office in ("hung-thang", "ke-sat", "le-hong")] == [4, 6, 0]
    assert {shard_of(f"xa-{n}", 8) for n in range(200)} == set(range(8))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def test_people_are_answered_and_the_operator_sees_how_it_is() -> None:
    port = _free_port()
    with installation(Size(offices=2, people=2)) as here:
        process = here.worker(NHACVIEC_HEALTH_PORT=str(port))
        wait_until(here.settled, 60)
        here.types(here.size.bots[1], FIRST_CHAT + 3, "việc")
        _is_answered(here)
        wait_until(lambda: _healthy(port), 60)
        wait_until(lambda: 'nhacviec_sends_total{outcome="sent"} 5.0' in _numbers(port), 60)
        assert 'nhacviec_decided_total{what="handled"} 1.0' in _numbers(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert here.log_of(0).count("ERROR") == 0


def test_where_providers_call_a_worker_answers_what_it_is_called_for() -> None:
    port, secret = _free_port(), "mot-khoa-bi-mat-de-thu"
    with installation(Size(offices=2, people=2)) as here:
        here.worker(
            NHACVIEC_WEBHOOK_URL="https://nhacviec.example",
            NHACVIEC_WEBHOOK_PORT=str(port),
            NHACVIEC_WEBHOOK_SECRET=secret,
        )
        wait_until(here.settled, 60)
        chat = {"id": FIRST_CHAT + 3, "type": "private"}
        person = {"id": FIRST_CHAT + 3, "is_bot": False, "first_name": "Cán bộ"}
        message = {"message_id": 1, "date": 1, "chat": chat, "from": person, "text": "việc"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/webhook/telegram/{here.size.bots[1]}",
            json.dumps({"update_id": 1, "message": message}).encode(),
            {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"},
        )
        for _ in range(2):  # a provider that did not hear our answer calls again
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 200
        _is_answered(here)


def _is_answered(here: Installation) -> None:
    wait_until(lambda: len(here.heard()) > here.size.messages, 60)
    _, bot, chat, text = here.heard()[-1]
    assert (bot, chat) == (here.size.bots[1], str(FIRST_CHAT + 3))
    assert "Kế hoạch số 1" in text


def _numbers(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        numbers: str = answer.read().decode()
    return numbers


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            return bool(json.loads(answer.read())["ok"])
    except (urllib.error.URLError, OSError):
        return False

"""The watchdog: a healthy world is proved healthy, and whatever is due and unexplained is found."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, text, update

from bots.simulator import Simulator
from data.database import reading
from data.muted import mute
from engine.clock import SystemClock
from engine.findings import Finding, Level, bad
from engine.messages import Retry
from engine.metrics import Metrics
from engine.office import INBOUND, MESSAGE, OCCURRENCE, OFFICE, REMINDER
from engine.outbox import LEASE
from engine.watch import OutsideCall, Watchdog, heartbeat_file, lag, read_beat, unexplained, waiting
from tests.command import nhacviec
from tests.kept import lived_in
from tests.world import OFFICER, World, civil, monthly_report, one_task

TURN = 30.0
SMALL = ("SCAN CONSTANT ROW", "SCAN setback")  # what could not be handled: a handful of rows


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A Monday before work: one task due on Wednesday; its first reminder is out by 8."""
    opened = World(tmp_path, "2026-03-23 07:00", [one_task("2026-03-25"), monthly_report()], digests=False)
    opened.run_until("2026-03-24 08:00")
    opened.ignore_rest()
    yield opened
    opened.close()


def found(world: World, awake_since: dt.datetime | None = None) -> list[str]:
    with reading(world.engine) as connection:
        return [finding.about for finding in unexplained(connection, world.clock.now(), awake_since)]


def change(world: World, statement: Any) -> None:
    with world.engine.begin() as connection:
        connection.execute(statement)


def in_queue(world: World, **values: Any) -> dict[str, Any]:
    with reading(world.engine) as connection:
        person = connection.execute(text("SELECT id FROM person WHERE slug = :s"), {"s": OFFICER}).scalar_one()
    return {
        "office_id": "xa-mau",
        "person_id": person,
        "kind": "reminder",
        "key": "k",
        "status": "queued",
        "not_before": world.clock.now(),
        **values,
    }


def test_after_every_turn_of_a_quarter_everything_due_is_said_or_explained(world: World) -> None:
    for day in ("2026-03-25 07:30", "2026-03-25 13:30", "2026-04-14 09:00", "2026-04-17 16:59", "2026-05-04 07:30"):
        world.run_until(day)
        world.clock.advance(minutes=20)
        world.turn()
        assert found(world) == [], day


def test_an_alarm_nobody_looked_at_is_found_after_its_grace(world: World) -> None:
    ago = civil("2026-03-24 08:00")
    change(world, update(OCCURRENCE).where(OCCURRENCE.c.title.startswith("Kế hoạch")).values(next_move_at=ago))
    world.clock.move_to(civil("2026-03-24 08:05"))
    assert found(world) == []
    world.clock.move_to(civil("2026-03-24 08:06"))
    assert found(world) == ["alarms"]
    world.clock.move_to(civil("2026-03-24 12:00"))  # at lunch nothing is decided
    assert found(world) == []
    world.clock.move_to(civil("2026-03-24 13:31"))  # and the afternoon has only just begun
    assert found(world) == []


def test_what_the_machine_slept_through_is_not_held_against_it(world: World) -> None:
    ago = civil("2026-03-24 08:00")
    change(world, update(OCCURRENCE).where(OCCURRENCE.c.title.startswith("Kế hoạch")).values(next_move_at=ago))
    world.clock.move_to(civil("2026-03-24 10:00"))
    assert found(world, awake_since=civil("2026-03-24 09:58")) == []
    assert found(world, awake_since=civil("2026-03-24 09:50")) == ["alarms"]


def test_a_digest_that_was_not_written_is_found_in_working_hours_only(world: World) -> None:
    change(world, update(OFFICE).values(next_digest_at=civil("2026-03-24 07:30")))
    world.clock.move_to(civil("2026-03-24 08:30"))
    assert found(world) == ["digests"]
    world.clock.move_to(civil("2026-03-24 18:00"))
    assert found(world) == []


def test_a_message_that_waits_too_long_is_found_and_one_that_rests_is_not(world: World) -> None:
    now = world.clock.now()
    change(world, insert(MESSAGE).values(in_queue(world, not_before=now + dt.timedelta(hours=1), attempts=5)))
    world.clock.move_to(civil("2026-03-24 09:05"))
    assert found(world) == []  # it waits for its next try
    world.clock.move_to(civil("2026-03-24 09:11"))
    assert found(world) == ["outbox"]
    world.clock.move_to(civil("2026-03-24 20:00"))
    assert found(world) == []
    change(world, update(MESSAGE).where(MESSAGE.c.key == "k").values(kind="answer"))
    assert found(world) == ["outbox"]  # somebody asked, and reads at any hour


def test_a_claim_older_than_its_lease_is_found(world: World) -> None:
    now = world.clock.now()
    change(world, insert(MESSAGE).values(in_queue(world, status="claimed", claimed_at=now)))
    world.clock.move_to(now + LEASE)
    assert found(world) == []
    world.clock.move_to(now + LEASE + dt.timedelta(minutes=6))
    assert found(world) == ["claims"]


def test_a_reply_that_nothing_acted_upon_is_found_after_a_minute(world: World) -> None:
    world.hear(OFFICER, "việc")
    world.clock.advance(seconds=50)
    assert found(world) == []
    world.clock.advance(seconds=20)
    assert found(world) == ["inbox"]
    world.turn()
    assert found(world) == []


@pytest.mark.parametrize("fate", ["refused", "dropped"])
def test_a_line_whose_message_went_nowhere_without_a_reason_is_found(world: World, fate: str) -> None:
    change(world, update(MESSAGE).where(MESSAGE.c.kind == "reminder").values(status=fate))
    assert found(world) == ["unsaid"]
    reason = update(REMINDER).where(REMINDER.c.status == "in_message").values(status="suppressed", reason="vì sao")
    change(world, reason)
    assert found(world) == []


def test_a_line_may_wait_for_its_persons_next_slot_but_not_for_days(world: World) -> None:
    row = world.rows(select(REMINDER).where(REMINDER.c.status == "in_message"))[0]
    change(world, update(REMINDER).where(REMINDER.c.id == row.id).values(status="pending", message_id=None))
    since = civil("2026-03-24 07:30")
    change(world, update(REMINDER).where(REMINDER.c.id == row.id).values(scheduled_at=since))
    world.clock.move_to(civil("2026-03-27 16:00"))
    assert "lines" not in found(world)
    world.clock.move_to(civil("2026-03-30 08:00"))
    assert "lines" in found(world)


def test_a_message_that_fails_and_is_tried_again_is_explained(world: World) -> None:
    world.channels = [failing := Simulator()]
    failing.outcomes = [Retry("mất mạng", 30)] * 50
    world.run_until("2026-03-25 07:30")
    for _ in range(30):
        world.clock.advance(minutes=2)
        world.turn()
        assert found(world) == []


def test_the_questions_walk_no_table_that_grows(world: World) -> None:
    asked: list[tuple[str, Any]] = []
    with world.engine.connect() as connection:
        from sqlalchemy import event

        def listen(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        event.listen(world.engine, "before_cursor_execute", listen)
        unexplained(connection, world.clock.now())
        event.remove(world.engine, "before_cursor_execute", listen)
        selects = [(s, p) for s, p in asked if s.startswith("SELECT")]
        assert 6 <= len(selects) <= 12
        for statement, parameters in selects:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            walked = [row[3] for row in plan if row[3].startswith("SCAN") and "USING" not in row[3]]
            assert not [step for step in walked if step not in SMALL], (statement, plan)


def test_a_muted_installation_is_explained_and_is_not_forgotten(world: World) -> None:
    with world.engine.begin() as connection:
        mute(connection, "khôi phục từ bản sao lưu", world.clock.now())
    change(world, insert(MESSAGE).values(in_queue(world)))
    world.clock.advance(minutes=20)
    with reading(world.engine) as connection:
        (finding,) = unexplained(connection, world.clock.now())
    assert (finding.about, finding.level) == ("muted", Level.WARN)
    assert "tắt gửi từ 08:00 24/03/2026" in finding.what
    assert "khôi phục" in finding.what


def test_who_forgot_that_it_is_muted_is_alarmed_within_a_day(world: World) -> None:
    with world.engine.begin() as connection:
        mute(connection, "khôi phục từ bản sao lưu", world.clock.now())
    dog = Watchdog(world.engine, None, TURN)
    world.clock.advance(hours=23)
    assert dog.beat(world.clock.now()).healthy
    assert [finding.about for finding in dog.health(world.clock.now())] == ["muted"]
    world.clock.advance(hours=1)
    beat = dog.beat(world.clock.now())
    assert ("muted", Level.BAD) in [(finding.about, finding.level) for finding in beat.findings]


def test_the_status_says_that_nothing_is_sent_and_what_the_running_engine_found(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    engine = lived_in(f"sqlite:///{database}", tmp_path / "minh-chung")
    with engine.begin() as connection:
        mute(connection, "khôi phục từ bản sao lưu", civil("2026-03-24 08:20"))
    silent = bad("answering", "1 bot không trả lời.", "Hãy xem mạng.")
    file = heartbeat_file(f"sqlite:///{database}")
    Watchdog(engine, file, TURN, besides=lambda _: [silent]).beat(SystemClock().now())
    engine.dispose()
    said = nhacviec("status", "--all", database=database)
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("Đang tắt gửi từ 08:20 24/03/2026") == 1
    assert "nhacviec unmute" in said.stdout
    assert "1 bot không trả lời. Hãy xem mạng." in said.stdout
    for_programs = nhacviec("status", "--all", "--json", database=database)
    assert isinstance(json.loads(for_programs.stdout), list)
    assert "nhacviec unmute" in for_programs.stderr


# ---- the beat -------------------------------------------------------------------------------------------------------


def test_a_beat_is_a_file_that_tells_when_and_how(world: World, tmp_path: Path) -> None:
    file = tmp_path / "nhip.json"
    dog = Watchdog(world.engine, file, TURN)
    dog.beat(world.clock.now())
    said = json.loads(file.read_text(encoding="utf-8"))
    assert said["turns"] == 1
    assert said["findings"] == []
    assert said["lag_seconds"] == 0
    assert dt.datetime.fromisoformat(said["at"]) == world.clock.now()
    world.clock.advance(seconds=30)
    dog.beat(world.clock.now())
    dog.beat(world.clock.now(), turned=False)
    beat = read_beat(file)
    assert beat == dog.last
    assert beat is not None
    assert beat.turns == 2
    assert dog.health(world.clock.now()) == []
    assert not list(tmp_path.glob("*.new"))


def test_a_beat_with_a_finding_keeps_the_time_of_the_last_proof(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dog = Watchdog(world.engine, tmp_path / "nhip.json", TURN)
    proved = dog.beat(world.clock.now()).at
    change(world, update(OFFICE).values(next_digest_at=world.clock.now()))
    for _ in range(12):
        world.clock.advance(seconds=30)
        beat = dog.beat(world.clock.now())
    assert [finding.about for finding in beat.findings] == ["digests"]
    assert beat.proved_at is not None
    assert proved < beat.proved_at < beat.at
    assert beat.lag_seconds == 360
    assert [finding.about for finding in dog.health(world.clock.now())] == ["digests"]
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1  # not one every turn
    change(world, update(OFFICE).values(next_digest_at=None))
    assert dog.beat(world.clock.now()).healthy


def test_three_turns_without_a_beat_are_too_long(world: World) -> None:
    dog = Watchdog(world.engine, None, TURN)
    assert [f.about for f in dog.health(world.clock.now())] == ["heartbeat"]
    dog.beat(world.clock.now())
    assert dog.health(world.clock.now() + dt.timedelta(seconds=90)) == []
    late = dog.health(world.clock.now() + dt.timedelta(minutes=7))
    assert "cách đây 7 phút" in late[0].what


def test_deliveries_do_not_hide_that_no_turn_succeeds(world: World) -> None:
    dog = Watchdog(world.engine, None, TURN)
    dog.beat(world.clock.now())
    for _ in range(10):  # deciding fails, the postman goes on
        world.clock.advance(seconds=15)
        dog.beat(world.clock.now(), turned=False)
    assert [finding.about for finding in dog.health(world.clock.now())] == ["heartbeat"]


def test_a_machine_that_wakes_up_is_not_late_at_its_first_turn(world: World) -> None:
    dog = Watchdog(world.engine, None, TURN)
    dog.beat(world.clock.now())
    world.hear(OFFICER, "việc")
    world.clock.advance(hours=2)
    assert dog.beat(world.clock.now()).healthy
    for _ in range(3):
        world.clock.advance(seconds=30)
        beat = dog.beat(world.clock.now())
    assert [finding.about for finding in beat.findings] == ["inbox"]


def test_a_file_that_cannot_be_written_stops_nothing(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dog = Watchdog(world.engine, tmp_path / "khong-co" / "nhip.json", TURN)
    assert dog.beat(world.clock.now()).healthy
    assert "Chưa ghi được" in caplog.text


def test_a_file_that_is_no_beat_is_none(tmp_path: Path) -> None:
    file = tmp_path / "nhip.json"
    assert read_beat(file) is None
    for words in ("", "{", "[]", '{"at": 1}', '{"at": "2026", "findings": [1]}'):
        file.write_text(words, encoding="utf-8")
        assert read_beat(file) is None
    assert heartbeat_file("sqlite:////x/nv.db") == Path("/x/nv.db.heartbeat.json")
    assert heartbeat_file("sqlite://") is None
    assert heartbeat_file("postgresql://a/b") == Path("nhacviec.heartbeat.json")


# ---- the call outside -----------------------------------------------------------------------------------------------

SECRET_PATH = "5f1c7a52-9a0e-4c1e-bf0a-9c2d5f3b1a77"
Answer = Callable[[httpx.Request], httpx.Response]


def calls(answer: Answer, times: int = 1, **delta: float) -> list[str]:
    """Call so often, so far apart; the addresses that were called."""
    called: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        called.append(str(request.url))
        return answer(request)

    async def run() -> None:
        outside = OutsideCall(f"https://hc.example/{SECRET_PATH}", httpx.MockTransport(handle))
        now = civil("2026-03-24 08:00")
        for _ in range(times):
            task = outside.call(now)
            if task is not None:
                await task
            now += dt.timedelta(**delta)

    asyncio.run(run())
    return called


def test_the_address_outside_is_called_once_a_minute() -> None:
    called = calls(lambda _: httpx.Response(200), times=4, seconds=30)
    assert called == [f"https://hc.example/{SECRET_PATH}"] * 2


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(f"no way to {request.url}")


@pytest.mark.parametrize("answer", [lambda _: httpx.Response(500), refuse], ids=["500", "no way"])
def test_a_call_that_fails_is_told_once_and_without_the_address(
    answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "nhacviec")
    assert len(calls(answer, times=3, minutes=2)) == 3
    assert caplog.text.count("hc.example") == 1
    assert SECRET_PATH not in caplog.text


def test_a_beat_with_a_finding_calls_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[dt.datetime] = []
    monkeypatch.setattr(OutsideCall, "call", lambda _, now: called.append(now))
    dog = Watchdog(world.engine, None, TURN, f"https://hc.example/{SECRET_PATH}")
    dog.beat(world.clock.now())
    assert len(called) == 1
    change(world, update(MESSAGE).where(MESSAGE.c.kind == "reminder").values(status="dropped"))
    dog.beat(world.clock.now())
    assert len(called) == 1


# ---- numbers --------------------------------------------------------------------------------------------------------


def numbers(metrics: Metrics) -> dict[str, float]:
    lines = [line for line in metrics.text().decode().splitlines() if line.startswith("nhacviec_")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_the_numbers_tell_what_was_done_and_what_waits(world: World) -> None:
    from engine.cycle import Decided
    from engine.outbox import Delivered

    metrics, dog = Metrics(), Watchdog(world.engine, None, TURN)
    metrics.record_decided(Decided(handled=2, reminded=3))
    metrics.record_delivered(Delivered(sent=5, unknown=1))
    now = world.clock.now()
    change(world, insert(MESSAGE).values(in_queue(world, not_before=now - dt.timedelta(seconds=40))))
    world.hear(OFFICER, "việc")
    with reading(world.engine) as connection:
        metrics.observe(connection, now, world.channels, dog.beat(now))
        assert lag(waiting(connection, now), now) == dt.timedelta(seconds=40)
    said = numbers(metrics)
    assert said["nhacviec_turns_total"] == 1
    assert said['nhacviec_decided_total{what="reminded"}'] == 3
    assert said['nhacviec_sends_total{outcome="unknown"}'] == 1
    assert said["nhacviec_oldest_due_lag_seconds"] == 40
    assert said['nhacviec_outbox_messages{status="queued"}'] == 1
    assert said["nhacviec_outbox_lanes"] == 1
    assert said["nhacviec_inbox_unhandled"] == 1
    assert said['nhacviec_chats{bot="simulator",channel="simulator",state="linked"}'] == 10
    assert said["nhacviec_last_beat_timestamp_seconds"] == now.timestamp()


def test_findings_name_no_person_and_no_work(world: World) -> None:
    change(world, update(OFFICE).values(next_digest_at=world.clock.now()))
    change(
        world,
        insert(INBOUND).values(
            channel="s", bot="s", update_key="1", address="7001", text="bí mật", raw="", received_at=world.clock.now()
        ),
    )
    world.clock.advance(minutes=8)
    with reading(world.engine) as connection:
        findings: list[Finding] = unexplained(connection, world.clock.now())
    assert {finding.about for finding in findings} == {"digests", "inbox"}
    words = " ".join(finding.what + finding.what_to_do for finding in findings)
    for private in ("Chuyên viên", "7001", "bí mật", "Kế hoạch"):
        assert private not in words

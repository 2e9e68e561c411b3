"""What else lives by the machine's clock, when somebody puts it: the metronome, the heartbeat, backups, codes."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, select

from engine.backup import back_up, backups_in, is_due, made_at
from engine.claim import claim
from engine.cycle import decide
from engine.findings import any_bad
from engine.linking import issue
from engine.office import PERSON, REMINDER
from engine.outbox import bots_of
from engine.watch import Watchdog, read_beat, stillness
from schedules.metronome import Metronome
from tests.kept import lived_in
from tests.stories.conftest import OpenWorld, open_world
from tests.world import OFFICE_ID, OFFICER, civil, one_task

__all__ = ["open_world"]  # the stories' fixture

EVERY = 0.05  # seconds
WITHIN = 5.0


class _Clock(dt.datetime):
    """The machine's clock as APScheduler and the metronome read it, put by ``by``."""

    by = dt.timedelta(0)

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
        return dt.datetime.now(tz) + cls.by


@pytest.fixture
def put_clock(monkeypatch: pytest.MonkeyPatch) -> type[_Clock]:
    """Everything that times a beat reads this clock."""
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", _Clock)
    monkeypatch.setattr("apscheduler.executors.base.datetime", _Clock)
    monkeypatch.setattr("schedules.metronome.dt", SimpleNamespace(datetime=_Clock, UTC=dt.UTC, timedelta=dt.timedelta))
    monkeypatch.setattr(_Clock, "by", dt.timedelta(0))
    return _Clock


@pytest.mark.parametrize("hours", [-24, -2, 2, 24, 24 * 365 * 20], ids="{:+} h".format)
def test_the_metronome_beats_on_when_the_clock_is_put(put_clock: type[_Clock], hours: int) -> None:
    async def story() -> int:
        beats = 0
        beaten = asyncio.Event()

        async def beat() -> None:
            nonlocal beats
            beats += 1
            beaten.set()

        metronome = Metronome(beat, EVERY)
        metronome.start()
        await asyncio.wait_for(beaten.wait(), WITHIN)
        put_clock.by = dt.timedelta(hours=hours)
        for _ in range(4):  # the first may have been on its way
            beaten.clear()
            await asyncio.wait_for(beaten.wait(), WITHIN)
        metronome.stop()
        return beats

    assert asyncio.run(story()) >= 5


# ---- messages -------------------------------------------------------------------------------------------------------


def test_a_message_under_way_when_the_clock_goes_back_does_not_wait_for_that_day_to_come_again(
    open_world: OpenWorld,
) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-24 17:00")
    world.phone(OFFICER).put_aside()
    world.clock.move_to(civil("2026-03-25 07:30"))
    decide(world.engine, world.clock.now())
    with world.engine.begin() as connection:  # … and there the process dies
        assert claim(connection, bots_of(world.channels), world.clock.now(), {}).letters
    world.clock.move_to(civil("2026-03-24 07:31"))
    world.turn()
    world.clock.advance(minutes=2)
    world.turn()
    world.phone(OFFICER).expect("(gửi lại)", "Kế hoạch chuyển đổi số")


def test_after_a_day_ahead_nobody_has_to_wait_for_that_day_to_pass(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-24 17:00")
    world.sleep_until("2026-03-26 08:00")  # it is the 25th
    world.phone(OFFICER).put_aside()
    world.ignore_rest()
    world.sleep_until("2026-03-25 09:00")  # somebody puts it right
    row = world.occurrence("Kế hoạch")
    with world.engine.begin() as connection:
        line = {"says": "returned", "scheduled_at": world.clock.now(), "status": "pending"}
        line |= {"office_id": OFFICE_ID, "occurrence_id": row.id, "revision": row.revision, "rung": "thử"}
        connection.execute(insert(REMINDER).values(**line, person_id=row.doer_id, detail={"reason": "thiếu phụ lục"}))
    world.clock.advance(minutes=1)
    world.turn()
    world.phone(OFFICER).expect("CẦN LÀM LẠI", "thiếu phụ lục")


# ---- what looks after the engine ------------------------------------------------------------------------------------

TURN = dt.timedelta(seconds=30)


@pytest.mark.parametrize("hours", [-24, -2, 2, 24])
def test_the_watchdog_is_well_again_with_the_next_turn(open_world: OpenWorld, tmp_path: Path, hours: int) -> None:
    world = open_world("2026-03-24 08:00", [one_task("2026-03-25")])
    world.phone(OFFICER).put_aside()
    watchdog = Watchdog(world.engine, tmp_path / "nhip.json", TURN.total_seconds())
    assert watchdog.beat(world.clock.now()).healthy
    world.clock.advance(hours=hours)
    (finding,) = stillness(watchdog.last or pytest.fail("no beat"), world.clock.now())
    assert ("đồng hồ máy đã bị lùi" in finding.what) == (hours < 0)
    world.turn()
    assert watchdog.beat(world.clock.now()).healthy
    assert watchdog.health(world.clock.now()) == []
    written = read_beat(tmp_path / "nhip.json")
    assert written is not None
    assert written.at == world.clock.now()
    world.ignore_rest()


def test_a_dead_engine_does_not_look_alive_because_the_clock_went_back(open_world: OpenWorld, tmp_path: Path) -> None:
    world = open_world("2026-03-24 08:00", [])
    beat = Watchdog(world.engine, tmp_path / "nhip.json", TURN.total_seconds()).beat(world.clock.now())
    assert stillness(beat, world.clock.now() - dt.timedelta(seconds=1)) == []  # a network's clock corrects a little
    assert any_bad(stillness(beat, world.clock.now() - dt.timedelta(days=1)))


# ---- backups --------------------------------------------------------------------------------------------------------

MOMENT = dt.time(12, 30)


@pytest.mark.parametrize("ahead", [dt.timedelta(hours=2), dt.timedelta(days=1), dt.timedelta(days=3650)])
def test_a_backup_made_ahead_of_time_does_not_stand_for_those_to_come(tmp_path: Path, ahead: dt.timedelta) -> None:
    now = civil("2026-03-24 13:00")
    lived_in(f"sqlite:///{tmp_path / 'nv.db'}", tmp_path / "anh").dispose()

    def look(at: dt.datetime) -> bool:
        if not is_due(tmp_path / "sao-luu", MOMENT, at):
            return False
        back_up(f"sqlite:///{tmp_path / 'nv.db'}", tmp_path / "anh", tmp_path / "sao-luu", at)
        return True

    assert look(now)
    look(now + ahead)  # the clock is wrong
    made = [look(now + dt.timedelta(days=days)) for days in range(1, 4)]
    assert made.count(True) >= 2  # of three days; the one that was made ahead may stand for its own
    assert made[1:] == [True, True]
    assert now in {made_at(path) for path in backups_in(tmp_path / "sao-luu")}  # and none was lost


# ---- codes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-24, -2, 2, 24])
def test_a_code_stays_good_and_is_used_once_whatever_the_clock_does(open_world: OpenWorld, hours: int) -> None:
    world = open_world("2026-03-24 08:00", [one_task("2026-04-25")], unlinked=[OFFICER])
    with world.engine.begin() as connection:
        person = connection.execute(select(PERSON.c.id).where(PERSON.c.slug == OFFICER)).scalar_one()
        code = issue(connection, OFFICE_ID, person_id=person, issued_by="Người vận hành", now=world.clock.now())
    world.clock.advance(hours=hours)
    world.say("may-moi", code)
    world.phone("may-moi").expect("Đã liên kết")
    world.clock.advance(hours=-hours)
    world.say("may-khac", code)
    assert "Đã liên kết" not in "".join(world.phone("may-khac").put_aside())

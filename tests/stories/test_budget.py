"""A bot's month of messages runs low: what is early stops, what is urgent goes on."""

from __future__ import annotations

from sqlalchemy import insert, select

from bots.simulator import Simulator
from engine.messages import Channel
from engine.office import USAGE
from engine.outbox import OUT_OF_BUDGET
from tests.stories.conftest import OpenWorld
from tests.world import OFFICER, World, one_task


class Metered(Simulator):
    """A simulator whose provider counts."""

    budget: int | None = 10


def metered(open_world: OpenWorld, used: int) -> World:
    """A world before its first reminder whose bot has sent so many messages this month."""
    world = open_world("2026-03-10 08:00", [one_task("2026-03-25")])
    phone = Metered(world.ring)
    world.simulator, world.channels = phone, [phone]
    _use(world, "2026-03", used)
    return world


def _use(world: World, month: str, used: int) -> None:
    with world.engine.begin() as connection:
        connection.execute(insert(USAGE).values(channel="simulator", bot="simulator", month=month, sent=used))


def sent(world: World, month: str = "2026-03") -> int:
    [row] = world.rows(select(USAGE.c.sent).where(USAGE.c.month == month))
    return int(row.sent)


def test_every_message_is_counted_and_the_office_is_warned_once(open_world: OpenWorld) -> None:
    world = metered(open_world, used=6)
    world.run_until("2026-03-11 07:30")
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    assert sent(world) == 7
    assert world.history("budget_low") == 1  # 70 %
    world.say(OFFICER, "đang làm 1")
    world.phone(OFFICER).expect("Đã ghi nhận đang làm")
    assert (sent(world), world.history("budget_low")) == (8, 1)


def test_with_a_tenth_left_early_reminders_are_spared_and_last_calls_are_not(open_world: OpenWorld) -> None:
    world = metered(open_world, used=9)
    world.run_until("2026-03-24 17:00")
    world.phone(OFFICER).silent()
    assert {why for _, why in world.silences(OFFICER)} == {OUT_OF_BUDGET}
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.everyone_silent()  # that early reminders were spared is no reason to climb
    assert sent(world) == 9 + len(world.simulator.sent)


def test_with_nothing_left_what_is_urgent_is_tried_all_the_same(open_world: OpenWorld) -> None:
    world = metered(open_world, used=10)
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("HẠN HÔM NAY")


def test_a_new_month_begins_anew(open_world: OpenWorld) -> None:
    world = open_world("2026-03-01 08:00", [one_task("2026-04-15")])
    phone = Metered(world.ring)
    world.simulator = phone
    channels: list[Channel] = [phone]
    world.channels = channels
    _use(world, "2026-03", 10)
    world.run_until("2026-04-01 07:30")
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    assert sent(world, "2026-04") == 1

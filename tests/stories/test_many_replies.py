"""A whole district writes at once: what is answered leaves, whatever else still waits to be heard."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from sqlalchemy import func, select

from data.database import reading
from engine.app import Product, _Live
from engine.cycle import MOST_REPLIES, decide, turn
from engine.messages import Inbound
from engine.office import INBOUND
from engine.receive import store
from engine.settings import Settings
from tests.stories.conftest import OpenWorld
from tests.world import OFFICER, World, one_task

ASKED = 2 * MOST_REPLIES + 50


def ask(world: World, times: int) -> None:
    """The officer asks for the list of work, again and again."""
    address = f"xa-mau/{OFFICER}"
    asked = [Inbound("simulator", "simulator", uuid.uuid4().hex, address, "việc") for _ in range(times)]
    with world.engine.begin() as connection:
        store(connection, asked, world.clock.now())


def unheard(world: World) -> int:
    with reading(world.engine) as connection:
        return connection.execute(select(func.count()).where(INBOUND.c.handled_at.is_(None))).scalar_one()


def test_a_turn_acts_upon_so_many_and_no_more(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    ask(world, ASKED)
    assert decide(world.engine, world.clock.now()).handled == MOST_REPLIES
    assert unheard(world) == ASKED - MOST_REPLIES


def test_the_first_are_answered_while_the_last_still_wait_and_in_the_end_all_are(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    ask(world, ASKED)
    waited: list[int] = []
    world.simulator._on_message = lambda _: waited.append(unheard(world))
    done = world._runner.run(turn(world.engine, [world.simulator], world.clock.now()))
    assert (done.handled, done.delivered.sent, len(waited)) == (ASKED, ASKED, ASKED)
    assert sorted(set(waited), reverse=True) == [ASKED - MOST_REPLIES, ASKED - 2 * MOST_REPLIES, 0]


def test_the_live_engine_hears_the_rest_without_waiting_for_its_next_turn(
    open_world: OpenWorld, tmp_path: Path
) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    ask(world, ASKED)
    settings = Settings(database=f"sqlite:///{tmp_path / 'heartbeat.db'}")

    async def play() -> None:
        live = _Live(Product(settings, world.engine, world.clock, [world.simulator]), asyncio.Event(), lambda *_: None)
        await live.beat()
        async with asyncio.timeout(60):
            while unheard(world):
                await asyncio.sleep(0)

    world._runner.run(play())
    world.turn()
    assert len(world.phone(OFFICER).put_aside()) == ASKED

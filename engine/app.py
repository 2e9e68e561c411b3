"""Builds the program and knows everyone: database, channels, clock and metronome.

``run`` is the live engine: the metronome turns it, polled channels feed it, SIGTERM or Ctrl+C stops it after the turn
that is under way.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, select, update

from bots.simulator import SimulatedMessage, Simulator
from bots.wording import render
from data import inbox
from data.database import explained, open_database, reading
from engine.clock import Clock, SystemClock
from engine.cycle import Turned, turn
from engine.errors import DatabaseTrouble
from engine.load import link_simulator
from engine.messages import Answer, Channel, Inbound
from engine.office import INBOUND, MESSAGE
from engine.payload import answer_from
from engine.receive import handle_waiting, store
from engine.settings import Settings
from schedules.metronome import Metronome

log = logging.getLogger("nhacviec")
STOP_WITHIN = 4.0  # seconds: SIGTERM promises five


@dataclass
class Product:
    """Everything that is needed to turn the engine."""

    settings: Settings
    engine: Engine
    clock: Clock
    channels: dict[str, Channel] = field(default_factory=dict)

    async def turn(self) -> Turned:
        """One turn now."""
        with explained(self.settings.database):
            return await turn(self.engine, self.channels, self.clock.now())


def build(
    settings: Settings, clock: Clock | None = None, on_message: Callable[[SimulatedMessage], None] | None = None
) -> Product:
    """The program as the settings ask for it: Telegram where a token is set, else the simulator."""
    product = Product(settings, open_database(settings.database), clock or SystemClock())
    if settings.telegram_token:
        from bots.telegram import Telegram, hide_tokens  # noqa: PLC0415  (0.2 s that the simulator need not pay)

        hide_tokens()
        product.channels["telegram"] = Telegram(
            settings.telegram_token.get_secret_value(), base_url=settings.telegram_base_url
        )
    else:
        simulator = Simulator(on_message)
        product.channels[simulator.name] = simulator
        with product.engine.begin() as connection:
            link_simulator(connection, product.clock.now())
    return product


def hear(product: Product, inbound: Inbound) -> list[str]:
    """One reply, outside any turn: stored, acted upon, and its answers in words. Nobody else is told anything.

    The answers are shown here, so they leave the outbox; if a running engine was quicker, they are only read.
    """
    now = product.clock.now()
    with explained(product.settings.database):
        with product.engine.begin() as connection:
            store(connection, [inbound], now)
        handle_waiting(product.engine, now)
        with product.engine.begin() as connection:
            return [render(answer).text for answer in _take_answers(connection, inbound, now)]


def _take_answers(connection: Connection, inbound: Inbound, now: dt.datetime) -> list[Answer]:
    stored = connection.execute(
        select(INBOUND.c.id, INBOUND.c.person_id).where(
            INBOUND.c.channel == inbound.channel,
            INBOUND.c.bot == inbound.bot,
            INBOUND.c.update_key == inbound.update_key,
        )
    ).one()
    its_answers = (MESSAGE.c.person_id == stored.person_id, MESSAGE.c.key.startswith(f"answer:{stored.id}:"))
    rows = connection.execute(select(MESSAGE).where(*its_answers).order_by(MESSAGE.c.id)).all()
    answers = [answer_from(row.payload) for row in rows]
    for row, answer in zip(rows, answers, strict=True):
        connection.execute(
            update(MESSAGE)
            .where(MESSAGE.c.id == row.id, MESSAGE.c.status == "queued")
            .values(status="sent", sent_at=now, text=render(answer).text, copies=1)
        )
    return answers


async def run(product: Product, on_turn: Callable[[Turned], None] | None = None) -> None:
    """Turn until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with AsyncExitStack() as connections:
        for channel in product.channels.values():
            if isinstance(channel, AbstractAsyncContextManager):
                await connections.enter_async_context(channel)
        await _run(product, stop, on_turn)
    product.engine.dispose()


async def _run(product: Product, stop: asyncio.Event, on_turn: Callable[[Turned], None] | None) -> None:
    turning = asyncio.Lock()

    async def beat() -> None:
        async with turning:
            try:
                turned = await product.turn()
            except DatabaseTrouble as trouble:  # a locked or full disk may recover: the next turn tries again
                log.error("%s", trouble)
                return
            if on_turn:
                on_turn(turned)

    await beat()
    metronome = Metronome(beat, product.settings.turn_seconds)
    metronome.start()
    polling = [asyncio.create_task(_poll(product, channel, beat, stop)) for channel in product.channels.values()]
    await stop.wait()
    metronome.stop()
    for task in polling:
        task.cancel()
    await asyncio.wait_for(turning.acquire(), STOP_WITHIN)  # a send under way is recorded before we leave
    await asyncio.gather(*polling, return_exceptions=True)


async def _poll(
    product: Product, channel: Channel, beat: Callable[[], Coroutine[None, None, None]], stop: asyncio.Event
) -> None:
    """Feed what a polled channel brings: committed first, confirmed to the provider after, then acted upon."""
    poll = getattr(channel, "poll", None)
    if poll is None:
        return

    async def keep(inbounds: Sequence[Inbound], next_update: int) -> None:
        with product.engine.begin() as connection:
            store(connection, inbounds, product.clock.now())
            inbox.confirm_up_to(connection, channel.name, channel.bot, next_update)
        if inbounds:
            await beat()

    with reading(product.engine) as connection:
        offset = inbox.next_update(connection, channel.name, channel.bot)
    await poll(keep, offset, stop)

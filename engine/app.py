"""Builds the program and knows everyone: database, channels, clock and metronome.

``run`` is the live engine. The metronome turns it; what people write is stored the moment it arrives and answered at
once; a postman of its own empties the outbox, so that a long morning's sending keeps nobody's answer waiting. SIGTERM
or Ctrl+C stops it when the sends under way are recorded.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from bots.simulator import SimulatedMessage, Simulator
from bots.wording import render
from data import inbox, serving
from data.database import explained, must_exist, open_database, reading
from data.evidence_files import EvidenceFiles
from engine.answering import Answering, introduction
from engine.bots_file import Bot, bots_of, open_to_others, unknown_offices
from engine.chores import Chores
from engine.clock import Clock, SystemClock
from engine.collect import collect
from engine.cycle import MOST_REPLIES, Decided, Turned, decide, turn
from engine.deliver import deliver
from engine.errors import DatabaseTrouble
from engine.findings import Finding
from engine.load import link_simulator
from engine.messages import Answer, Channel, Inbound, office_of
from engine.metrics import Metrics
from engine.office import INBOUND, MESSAGE, OFFICE
from engine.outbox import Delivered, next_due
from engine.pages import Installation, open_pages
from engine.payload import answer_from
from engine.receive import handle_waiting, store
from engine.settings import Settings, unknown_settings
from engine.stopping import stop_when_asked
from engine.watch import Watchdog, heartbeat_file
from schedules.metronome import Metronome

log = logging.getLogger("nhacviec")
STOP_WITHIN = 4.0  # seconds: SIGTERM promises five
AT_A_TIME = 20  # replies acted upon before other tasks have their turn
LISTEN_OUT = 1.0  # seconds for a poll to notice that we stop
LOOK_AGAIN = 15.0  # seconds: messages to be tried again come due between the metronome's beats


@dataclass
class Product:
    """Everything that is needed to turn the engine."""

    settings: Settings
    engine: Engine
    clock: Clock
    channels: list[Channel] = field(default_factory=list)

    def named(self, channel: str) -> list[Channel]:
        """The running bots of one channel."""
        return [running for running in self.channels if running.name == channel]

    async def turn(self) -> Turned:
        """One whole turn now."""
        with explained(self.settings.database):
            return await turn(self.engine, self.channels, self.clock.now())


def build(
    settings: Settings, clock: Clock | None = None, on_message: Callable[[SimulatedMessage], None] | None = None
) -> Product:
    """The program as the settings ask for it: the channels that have a token, else the simulator.

    Which office each bot serves is written down before any bot is heard.
    """
    product = Product(settings, open_database(settings.database), clock or SystemClock())
    product.channels += chats_of(settings)
    if not product.channels:
        product.channels.append(Simulator(on_message))
        with product.engine.begin() as connection:
            link_simulator(connection, product.clock.now())
    if settings.smtp_host:
        product.channels.append(mail_of(settings, product.clock))
    bind_bots(product.engine, product.channels, product.clock.now())
    return product


def build_again(settings: Settings) -> Product:
    """As :func:`build`, over a database that is there already.

    :raises DatabaseTrouble: there is none.
    """
    must_exist(settings.database)
    return build(settings)


def bind_bots(engine: Engine, channels: Collection[Channel], now: dt.datetime) -> None:
    """Write down which office each of these bots serves, where that is news."""
    offices = {(channel.name, channel.bot): office_of(channel) for channel in channels}
    with reading(engine) as connection:
        known = serving.bound(connection)
    news = {bot: office_id for bot, office_id in offices.items() if known.get(bot) != office_id}
    if news:
        with engine.begin() as connection:
            serving.bind(connection, news, now)


def warnings_of_bots(settings: Settings, engine: Engine) -> list[str]:
    """What should be mended in the bots file, though the program runs as it is."""
    found = [open_to_others(settings.bots)] if settings.bots is not None else []
    with reading(engine) as connection:
        loaded = connection.execute(select(OFFICE.c.id)).scalars().all()
    return [said for said in found if said] + unknown_offices(bots_of(settings), loaded)


def chats_of(settings: Settings) -> list[Channel]:
    """The chat channels that have a token, in the settings or in the bots file.

    :raises BadSetting: the file cannot be used, or a bot stands twice.
    """
    return [_chat_of(settings, bot) for bot in bots_of(settings)]


def _chat_of(settings: Settings, bot: Bot) -> Channel:
    # Imported where they are used: 0.2 s that the simulator need not pay.
    if bot.channel == "zalo":
        from bots.zalo import Zalo  # noqa: PLC0415

        zalo = Zalo(bot.token, settings.zalo_base_url, settings.zalo_proxy)
        zalo.budget, zalo.office_id = bot.budget or settings.zalo_monthly_budget, bot.office_id
        return zalo
    from bots.telegram import Telegram  # noqa: PLC0415

    telegram = Telegram(bot.token, settings.telegram_base_url, settings.telegram_proxy)
    telegram.office_id = bot.office_id
    return telegram


def mail_of(settings: Settings, clock: Clock | None = None) -> Channel:
    """The e-mail channel; the settings name a host."""
    from bots.mail import Mail  # noqa: PLC0415

    assert settings.smtp_host is not None
    assert settings.smtp_from is not None
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return Mail(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_user,
        password,
        settings.smtp_from,
        settings.smtp_security,
        now=(clock or SystemClock()).now,
    )


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


# ---- the live engine ----------------------------------------------------------------------------------------------


async def run(product: Product, told: Callable[[Decided, Delivered], None] | None = None) -> bool:
    """Turn until told to stop. ``told`` hears of every turn that did something.

    Returns whether the database gave no trouble all the while.
    """
    stop = asyncio.Event()
    stop_when_asked(stop)  # before anything says that it runs: whoever reads that may ask it to stop
    every = product.settings.turn_seconds
    log.info("Đang chạy trên kênh %s, mỗi %g giây một lượt.", running(product.channels), every)
    for said in unknown_settings():
        log.warning("%s", said)
    async with AsyncExitStack() as connections:
        for channel in product.channels:
            if isinstance(channel, AbstractAsyncContextManager):
                await connections.enter_async_context(channel)
        live = _Live(product, stop, told or (lambda *_: None))
        await live.run()
    # A task that was called off may have left a thread in the middle of a look: its connection is to be closed as well.
    await asyncio.get_running_loop().shutdown_default_executor()
    product.engine.dispose()
    return live.sound


class _Live:
    """The parts of the live engine, each in a task of its own; the postman writes in a thread meanwhile."""

    def __init__(self, product: Product, stop: asyncio.Event, told: Callable[[Decided, Delivered], None]) -> None:
        self.product, self.stop, self.told = product, stop, told
        self.files = EvidenceFiles(product.settings.evidence)
        self.mail = asyncio.Event()  # something waits in the outbox
        self.decided = Decided()
        self.sound = True  # the database has given no trouble
        self.metrics = Metrics()
        settings = product.settings
        outside = settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else None
        file = heartbeat_file(settings.database)
        self.answering = Answering(product.channels, product.clock.now)
        self.watchdog = Watchdog(product.engine, file, settings.turn_seconds, outside, self.answering.findings)

    async def run(self) -> None:
        await self.beat()
        metronome = Metronome(self.beat, self.product.settings.turn_seconds)
        metronome.start()
        servers, listening = await self.listen()  # first: a taken port is said before anything is sent
        postman = asyncio.create_task(self.carry())
        collector = asyncio.create_task(self.fetch())
        keeper = asyncio.create_task(Chores(self.product.engine, self.product.settings).go_on(self.product.clock.now))
        asking = asyncio.create_task(self.answering.go_on())
        await self.stop.wait()
        metronome.stop()
        asking.cancel()
        collector.cancel()  # what it was fetching is fetched again
        keeper.cancel()
        if listening:  # what a provider has just handed over is still kept
            await asyncio.wait(listening, timeout=LISTEN_OUT)
        for task in listening:
            task.cancel()
        for server in servers:
            await server.stop()
        self.mail.set()
        try:
            await asyncio.wait_for(postman, STOP_WITHIN)  # a send under way is recorded before we leave
        except TimeoutError:
            log.warning("Dừng khi một tin còn đang gửi dở; lần chạy sau sẽ xử lý theo loại tin.")
        await asyncio.gather(collector, keeper, asking, *listening, return_exceptions=True)

    async def beat(self) -> None:
        """Decide what is to be said now; then the postman goes."""
        try:
            with explained(self.product.settings.database):
                decided = decide(self.product.engine, self.product.clock.now())
                self.decided.add(decided)
                if decided.handled == MOST_REPLIES:
                    asyncio.get_running_loop().call_soon(self.heard)
                self.metrics.record_decided(decided)
                self.watchdog.beat(self.product.clock.now())
        except DatabaseTrouble as trouble:  # a locked or full disk may recover: the next turn tries again
            self.complain(trouble)
            return
        except Exception:
            log.exception("Lượt tính gặp lỗi ngoài dự kiến; lượt sau sẽ thử lại.")
        self.mail.set()

    async def carry(self) -> None:
        """The postman: deliver whenever there may be something."""
        while not self.stop.is_set():
            self.mail.clear()
            try:
                with explained(self.product.settings.database):
                    channels, now = self.product.channels, self.product.clock.now
                    done = await deliver(self.product.engine, channels, now(), self.stop, now)
                    self.metrics.record_delivered(done)
                    self.watchdog.beat(now(), turned=False)
            except DatabaseTrouble as trouble:
                self.complain(trouble)
                done = Delivered()
            except Exception:  # whatever it is, tomorrow's reminders must still leave
                log.exception("Lượt gửi gặp lỗi ngoài dự kiến; lượt sau sẽ thử lại.")
                done = Delivered()
            decided, self.decided = self.decided, Decided()
            self.told(decided, done)
            try:
                await asyncio.wait_for(self.mail.wait(), self.until_next())
            except TimeoutError:
                continue

    def until_next(self) -> float:
        """Seconds until a message that waits for its time comes due, or until the postman looks again anyway."""
        try:
            with reading(self.product.engine) as connection:
                now = self.product.clock.now()
                due = next_due(connection, now)
        except Exception:  # said by the turn that follows
            return LOOK_AGAIN
        return LOOK_AGAIN if due is None else min(LOOK_AGAIN, max(0.05, (due - now).total_seconds()))

    async def fetch(self) -> None:
        """Bring in the photos and files that people have sent; it may take minutes, and nothing waits for it."""
        while True:
            try:
                with explained(self.product.settings.database):
                    now = self.product.clock.now()
                    fetched = await collect(self.product.engine, self.product.channels, self.files, now)
                if fetched.refused:
                    self.mail.set()
            except (DatabaseTrouble, OSError) as trouble:  # a full disk may recover; what was asked for stays asked for
                self.complain(trouble)
            except Exception:
                log.exception("Lấy ảnh, tệp gặp lỗi ngoài dự kiến; lát nữa sẽ thử lại.")
            await asyncio.sleep(LOOK_AGAIN)

    async def keep(self, inbounds: Sequence[Inbound]) -> None:
        """Commit what people wrote; nothing acts on it before."""
        with self.product.engine.begin() as connection:
            store(connection, inbounds, self.product.clock.now())

    def heard(self) -> None:
        """Something has been kept: act on it now."""
        try:
            with explained(self.product.settings.database):
                handled = handle_waiting(self.product.engine, self.product.clock.now(), AT_A_TIME)
            self.decided.handled += handled
            if handled == AT_A_TIME:  # a whole commune writes at once: the sends under way must not wait for it
                asyncio.get_running_loop().call_soon(self.heard)
        except DatabaseTrouble as trouble:
            self.complain(trouble)
        except Exception:  # what was kept is kept; the next turn tries again
            log.exception("Xử lý tin nhận được gặp lỗi ngoài dự kiến; lượt sau sẽ thử lại.")
        self.mail.set()

    def complain(self, trouble: DatabaseTrouble | OSError) -> None:
        """Say what is the matter with the database or the disk; what failed is tried again."""
        self.sound = False
        log.error("%s", trouble)

    def look(self) -> list[Finding]:
        """What is not well now, for /healthz."""
        return self.watchdog.health(self.product.clock.now())

    def numbers(self) -> bytes:
        """Everything that is counted, for /metrics."""
        with reading(self.product.engine) as connection:
            self.metrics.observe(connection, self.product.clock.now(), self.product.channels, self.watchdog.last)
        return self.metrics.text()

    async def listen(self) -> tuple[list[Any], list[asyncio.Task[None]]]:
        """Be called by the providers where a public address is set, else ask them; and be asked how we are."""
        settings = self.product.settings
        product = self.product
        installation = Installation(settings, product.engine, product.clock, product.channels, self.mail.set)
        servers: list[Any] = await open_pages(installation)
        if settings.health_port is not None:
            from web.health import build_health_app  # noqa: PLC0415
            from web.webhooks import WebhookServer  # noqa: PLC0415

            app = build_health_app(self.look, self.numbers)
            servers.append(WebhookServer(app, settings.webhook_host, settings.health_port, "NHACVIEC_HEALTH_PORT"))
            await servers[-1].start()
        if settings.webhook_url is None:
            return servers, [asyncio.create_task(self.poll(channel)) for channel in self.product.channels]
        from web.health import add_health  # noqa: PLC0415
        from web.webhooks import WebhookServer, build_app, webhook_path  # noqa: PLC0415

        assert settings.webhook_secret is not None
        secret = settings.webhook_secret.get_secret_value()
        app = build_app(self.product.channels, secret, self.keep, self.heard)
        if settings.health_port is None:
            add_health(app, self.look, self.numbers)
        server = WebhookServer(app, settings.webhook_host, settings.webhook_port)
        await server.start()
        for channel in self.product.channels:
            announce = getattr(channel, "set_webhook", None)
            introduce = introduction(channel)
            if announce is not None and introduce is not None:
                address = settings.webhook_url.rstrip("/") + webhook_path(channel)
                await announced(channel, introduce, partial(announce, address, secret))
        return [*servers, server], []

    async def poll(self, channel: Channel) -> None:
        """Feed what a polled channel brings: committed first, confirmed to the provider after, then acted upon."""
        poll = getattr(channel, "poll", None)
        if poll is None:
            return

        async def keep(inbounds: Sequence[Inbound], next_update: int | None) -> None:
            with self.product.engine.begin() as connection:
                store(connection, inbounds, self.product.clock.now())
                if next_update is not None:
                    inbox.confirm_up_to(connection, channel.name, channel.bot, next_update)
            if inbounds:
                self.heard()

        with reading(self.product.engine) as connection:
            offset = inbox.next_update(connection, channel.name, channel.bot)
        await poll(keep, offset, self.stop)


async def announced(channel: Channel, *calls: Callable[[], Awaitable[Any]]) -> None:
    """Learn the bot's name, by which groups call it, and have the provider call us."""
    try:
        for call in calls:
            await call()
        log.info("Đã đăng ký webhook cho %s %s.", channel.name, channel.bot)
    except Exception as error:  # the others go on; the operator sees which one does not
        log.error("Chưa đăng ký được webhook cho %s %s: %s", channel.name, channel.bot, error)


def running(channels: Collection[Channel]) -> str:
    """The channels in words."""
    return ", ".join(map(called, channels))


def called(channel: Channel) -> str:
    """A bot in words: "telegram (7001)"; of a channel that has one only, its name."""
    return channel.name if channel.bot == channel.name else f"{channel.name} ({channel.bot})"

"""One of several machines: what ``nhacviec worker`` does, on as many hosts as wanted, with one PostgreSQL.

The steps are those of ``nhacviec run``; only who calls them differs (:mod:`schedules.shared_metronome`). The offices
are divided into shards, each decided by one machine at a time; each bot is a lane, sent by one machine at a time.
Time is the database's, so that a machine whose clock is wrong does no harm.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from functools import partial
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Engine, select, text

from data import inbox
from data.database import address, explained, in_transaction, named, reading
from data.evidence_files import EvidenceFiles
from data.muted import is_muted
from data.trouble import sentence
from data.turns import alone_with, hold_nothing_while_still
from engine import lanes
from engine.answering import Answering, introduction
from engine.app import Product, announced
from engine.chores import Chores
from engine.clock import SharedClock
from engine.collect import collect
from engine.cycle import Decided, decide_for
from engine.deliver import deliver_lane
from engine.errors import BadSetting, DatabaseTrouble
from engine.findings import Finding
from engine.messages import Channel, Inbound
from engine.metrics import Metrics
from engine.office import INBOUND, OFFICE
from engine.outbox import NOWHERE, Channels, Lane, bots_of
from engine.pages import Installation, open_pages
from engine.receive import handle_waiting, store
from engine.record import recover
from engine.settings import unknown_settings
from engine.stopping import stop_when_asked
from engine.watch import OutsideCall, Watchdog, heartbeat_file
from schedules.shared_metronome import Asking, SharedMetronome, prepare

log = logging.getLogger("nhacviec")

LANES = 100  # at once; a bot's pace is kept by waiting, so one machine works on many
LISTENERS = 500  # providers asked at once; with more bots than that, webhooks are the way
LISTEN_FOR = 50.0  # seconds; then another machine may take it over
DATABASE_THREADS = 8
TURN_SECONDS = (5, 4, 3, 2, 1)  # parts of a minute, the longest that is asked for: a morning must not wait for its turn
BEAT_EVERY = 15.0
SERVE_EVERY = 60.0
LOOK_FOR_FILES = 15.0
SWEEP = "*"  # no office has this name


def check_database(database: str) -> None:
    """:raises BadSetting: several machines cannot share this one."""
    if address(database).get_backend_name() != "postgresql":
        raise BadSetting(
            "Lệnh worker cần PostgreSQL để nhiều máy cùng làm việc. Với tệp SQLite hãy dùng nhacviec run; "
            "muốn chuyển sang PostgreSQL, hãy chạy nhacviec db move rồi đặt NHACVIEC_DATABASE=postgresql://…"
        )


def database_time(engine: Engine) -> dt.datetime:
    """The instant it is by the database's clock."""
    with reading(engine) as connection:
        now: dt.datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now


def shard_of(office_id: str, shards: int) -> int:
    """To which shard an office belongs: the same on every machine, whatever Python it runs."""
    return crc32(office_id.encode()) % shards


class Worker:
    """One machine's part of the work. ``lanes_at_once``: bots by which it sends at the same time."""

    def __init__(self, product: Product, name: str, lanes_at_once: int = LANES) -> None:
        self.product, self.name = product, name
        hold_nothing_while_still(product.engine)
        self.me = secrets.token_hex(6)  # not the host's name: two machines may have the same
        self.stop = asyncio.Event()
        self.own = bots_of(product.channels)
        self.asking = Asking()
        self.metrics = Metrics()
        self.clock = SharedClock(lambda: database_time(product.engine))
        settings = product.settings
        outside = settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else None
        self.outside = OutsideCall(outside) if outside else None
        self.answering = Answering(product.channels, self.clock.now)
        file = heartbeat_file(settings.database)
        self.watchdog = Watchdog(product.engine, file, settings.turn_seconds, besides=self.answering.findings)
        self.polled = [] if settings.webhook_url else [bot for bot, its in self.own.items() if hasattr(its, "poll")]
        self._foreign: set[Lane] = set()
        self.metronome = SharedMetronome(
            settings.database,
            self,
            name=name,
            shards=settings.shards,
            turn_every=next((every for every in TURN_SECONDS if every <= settings.turn_seconds), 1),
            lanes=lanes_at_once,
            listeners=min(len(self.polled), LISTENERS),
            trouble=lambda error: sentence(named(settings.database), error),
        )

    async def run(self) -> None:
        """Work until told to stop."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(DATABASE_THREADS, "database"))
        stop_when_asked(self.stop)
        log.info("Máy %s bắt đầu làm việc, có %s.", self.name, running(self.product.channels))
        for said in unknown_settings():
            log.warning("%s", said)
        with explained(self.product.settings.database):
            prepare(self.product.engine)
            self._serve()
        async with AsyncExitStack() as connections:
            for channel in self.product.channels:
                if isinstance(channel, AbstractAsyncContextManager):
                    await connections.enter_async_context(channel)
            servers = await self._listen_to_the_web()
            beside = [
                asyncio.create_task(self._beat()),
                asyncio.create_task(self._fetch()),
                asyncio.create_task(Chores(self.product.engine, self.product.settings).go_on(self.clock.now)),
                asyncio.create_task(self._announce()),
                asyncio.create_task(self.answering.go_on()),
            ]
            await self.metronome.run(self.stop)
            for task in beside:
                task.cancel()
            for server in servers:
                await server.stop()
            await asyncio.gather(*beside, return_exceptions=True)
        self.product.engine.dispose()

    # ---- what the metronome asks for --------------------------------------------------------------------------------

    async def turn(self, shard: int, of: int) -> None:
        """Decide for one shard; what is to be sent is in its lanes, and they are asked for, when it is written."""

        def decide() -> Decided:
            engine, now = self.product.engine, self.clock.now()
            with reading(engine) as connection:
                all_offices = connection.execute(select(OFFICE.c.id)).scalars().all()
            ours = {office for office in all_offices if shard_of(office, of) == shard}
            return decide_for(engine, now, ours, lambda connection: self._hand_over(connection, now, ours))

        self.metrics.record_decided(await asyncio.to_thread(self._explained, decide))

    def _hand_over(self, connection: Connection, now: dt.datetime, offices: set[str]) -> None:
        assigned = lanes.assign(connection, self._everywhere(connection, now), now, offices)
        self.asking.for_lanes(connection, assigned)

    async def lane(self, bot: Lane) -> None:
        """Send what waits in one lane."""
        if bot not in self.own and bot != NOWHERE:
            if bot not in self._foreign:
                log.warning("Máy này không có bot %s %s, để máy khác gửi.", *bot)
            self._foreign.add(bot)
            return
        engine, now = self.product.engine, self.clock.now

        def bots() -> Channels:
            with reading(engine) as connection:
                return self._everywhere(connection, now())

        channels: Channels = await asyncio.to_thread(self._explained, bots)
        done = await deliver_lane(engine, channels, bot, now, self.stop, self.me, self.asking.for_lanes)
        self.metrics.record_delivered(done)
        if done.refused or done.unknown:
            log.info(
                "Bot %s %s: gửi %d tin, hoãn %d, từ chối %d, không rõ %d.",
                *bot,
                done.sent,
                done.retried,
                done.refused,
                done.unknown,
            )

    async def receive(self, bot: Lane) -> None:
        """Act on what people wrote to one bot; each answer's lane is asked for together with the answer."""
        engine, now = self.product.engine, self.clock.now()

        def answered(connection: Connection) -> None:
            self.asking.for_lanes(connection, [bot])

        handled = await asyncio.to_thread(self._explained, lambda: handle_waiting(engine, now, bot=bot, then=answered))
        self.metrics.record_handled(handled)

    async def listen(self, bot: Lane) -> None:
        """Ask one provider for a while: committed first, confirmed to the provider after, then acted upon."""
        channel = self.own.get(bot)
        if channel is None:
            return
        engine = self.product.engine

        def keep(inbounds: Sequence[Inbound], next_update: int | None) -> None:
            with engine.begin() as connection:
                self._store(connection, inbounds)
                if next_update is not None:
                    inbox.confirm_up_to(connection, *bot, next_update)

        def where() -> int | None:
            with reading(engine) as connection:
                return inbox.next_update(connection, *bot)

        async def kept(inbounds: Sequence[Inbound], next_update: int | None) -> None:
            await asyncio.to_thread(keep, inbounds, next_update)

        enough = asyncio.Event()
        bell = asyncio.create_task(self._ring(enough))
        try:
            offset = await asyncio.to_thread(self._explained, where)
            await channel.poll(kept, offset, enough)  # type: ignore[attr-defined]  # engine.messages.Listening
        finally:
            bell.cancel()

    async def _ring(self, enough: asyncio.Event) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), LISTEN_FOR)
        enough.set()

    def sweep(self) -> None:
        """Look for what is due and nobody was asked to do: one machine at a time, every two seconds."""
        with explained(self.product.settings.database):
            in_transaction(self.product.engine, self._sweep)

    def _sweep(self, connection: Connection) -> None:
        if not alone_with(connection, [SWEEP]):
            return
        now = self.clock.now()
        recover(connection, now)
        if not is_muted(connection):
            lanes.assign(connection, self._everywhere(connection, now), now)
            self.asking.for_lanes(connection, lanes.due_lanes(connection, now), unless_running=True)
        waiting = select(INBOUND.c.channel, INBOUND.c.bot).where(INBOUND.c.handled_at.is_(None)).distinct()
        self.asking.to_receive(connection, [(row.channel, row.bot) for row in connection.execute(waiting)])
        self.asking.to_listen(connection, self.polled)

    def _everywhere(self, connection: Connection, now: dt.datetime) -> Channels:
        """Every bot that some machine serves, ours among them."""
        return {**lanes.served(connection, now), **self.own}

    def _explained(self, work: Any) -> Any:
        with explained(self.product.settings.database):
            return work()

    # ---- what every machine does for itself -------------------------------------------------------------------------

    def _serve(self) -> None:
        with self.product.engine.begin() as connection:
            lanes.serve(connection, self.own, self.clock.now())

    async def _beat(self) -> None:
        """Follow the shared clock, say which bots are here, and let the watchdog look."""
        served = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                await asyncio.to_thread(self._explained, self.clock.set)
                if loop.time() - served > SERVE_EVERY or not served:
                    await asyncio.to_thread(self._explained, self._serve)
                    served = loop.time()
                beat = await asyncio.to_thread(self._explained, lambda: self.watchdog.beat(self.clock.now()))
                if self.outside is not None and beat.healthy:
                    self.outside.call(self.clock.now())
            except DatabaseTrouble:  # said by the metronome
                pass
            except Exception:
                log.exception("Lượt canh chừng gặp lỗi ngoài dự kiến; lát nữa sẽ thử lại.")
            await asyncio.sleep(min(BEAT_EVERY, self.product.settings.turn_seconds))

    async def _fetch(self) -> None:
        """Bring in photos and files; a row is claimed by one machine. They are kept in a folder all machines share."""
        files = EvidenceFiles(self.product.settings.evidence)
        while True:
            try:
                with explained(self.product.settings.database):
                    await collect(self.product.engine, self.product.channels, files, self.clock.now())
            except DatabaseTrouble:  # said by the metronome
                pass
            except OSError as trouble:
                log.error("%s", trouble)
            except Exception:
                log.exception("Lấy ảnh, tệp gặp lỗi ngoài dự kiến; lát nữa sẽ thử lại.")
            await asyncio.sleep(LOOK_FOR_FILES)

    # ---- the web ----------------------------------------------------------------------------------------------------

    async def keep(self, inbounds: Sequence[Inbound]) -> None:
        """Commit what people wrote, and with it the job that acts on it."""

        def commit() -> None:
            with self.product.engine.begin() as connection:
                self._store(connection, inbounds)

        await asyncio.to_thread(commit)

    def _store(self, connection: Connection, inbounds: Sequence[Inbound]) -> None:
        store(connection, inbounds, self.clock.now())
        self.asking.to_receive(connection, {(inbound.channel, inbound.bot) for inbound in inbounds})

    def look(self) -> list[Finding]:
        """What is not well now, for /healthz."""
        return self.watchdog.health(self.clock.now())

    def numbers(self) -> bytes:
        """Everything that is counted, for /metrics."""
        with reading(self.product.engine) as connection:
            self.metrics.observe(connection, self.clock.now(), self.product.channels, self.watchdog.last)
        return self.metrics.text()

    async def _listen_to_the_web(self) -> list[Any]:
        settings = self.product.settings
        servers: list[Any] = []
        if settings.health_port is not None:
            from web.health import build_health_app  # noqa: PLC0415
            from web.webhooks import WebhookServer  # noqa: PLC0415

            app = build_health_app(self.look, self.numbers)
            servers.append(WebhookServer(app, settings.webhook_host, settings.health_port, "NHACVIEC_HEALTH_PORT"))
        if settings.webhook_url is not None:
            from web.health import add_health  # noqa: PLC0415
            from web.webhooks import WebhookServer, build_app  # noqa: PLC0415

            assert settings.webhook_secret is not None
            secret = settings.webhook_secret.get_secret_value()
            app = build_app(self.product.channels, secret, self.keep, lambda: None)  # the job is there already
            if settings.health_port is None:
                add_health(app, self.look, self.numbers)
            servers.append(WebhookServer(app, settings.webhook_host, settings.webhook_port))
        for server in servers:
            await server.start()
        if settings.public_url is not None:  # people's browsers come by one address, whichever machine answers
            # What a page writes is found by the next sweep, within seconds.
            pages = Installation(settings, self.product.engine, self.clock, self.product.channels, lambda: None)
            servers += await open_pages(pages)
        return servers

    async def _announce(self) -> None:
        """Have the providers call us, one after the other; other machines say the same."""
        settings = self.product.settings
        if settings.webhook_url is None or settings.webhook_secret is None:
            return
        from web.webhooks import webhook_path  # noqa: PLC0415

        secret = settings.webhook_secret.get_secret_value()
        for channel in self.product.channels:
            announce = getattr(channel, "set_webhook", None)
            introduce = introduction(channel)
            if announce is not None and introduce is not None:
                address_of = settings.webhook_url.rstrip("/") + webhook_path(channel)
                await announced(channel, introduce, partial(announce, address_of, secret))


def running(channels: Sequence[Channel]) -> str:
    """How many bots of each channel."""
    names = sorted({channel.name for channel in channels})
    return ", ".join(f"{sum(channel.name == name for channel in channels)} bot {name}" for name in names)

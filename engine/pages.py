"""Opening the console, and where no bot is set the sandbox beside it: for ``nhacviec run`` and ``nhacviec worker``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from bots.simulator import Simulator
from data.evidence_files import EvidenceFiles
from engine import signin
from engine.clock import Clock
from engine.errors import BadSetting
from engine.messages import Channel
from engine.settings import Settings

log = logging.getLogger("nhacviec")


@dataclass(frozen=True, slots=True)
class Installation:
    """What the pages stand on. ``wake`` is called, in the event loop, when a page has written something to be sent."""

    settings: Settings
    engine: Engine
    clock: Clock
    channels: Sequence[Channel]
    wake: Callable[[], None]


async def open_pages(of: Installation) -> list[Any]:
    """The servers of the pages, each begun. A usual port that is taken gives way to a free one.

    :raises BadSetting: a port that was chosen is taken.
    """
    settings = of.settings
    if not settings.console:
        await asyncio.to_thread(_remember, of, None)
        return []
    # Imported where they are used: who turns the console off need not pay for it.
    from web.console import pictures  # noqa: PLC0415
    from web.console.app import build_console, secret_of  # noqa: PLC0415
    from web.console.frame import Console  # noqa: PLC0415

    loop = asyncio.get_running_loop()

    def wake() -> None:  # pages run in threads
        loop.call_soon_threadsafe(of.wake)

    console = Console(
        of.engine,
        of.clock,
        secret_of(of.engine, of.clock),
        wake,
        settings.public_url,
        evidence=EvidenceFiles(settings.evidence),
        settings=settings,
        channels=of.channels,
    )
    pictures.offer(console, of.channels)
    server = await _serve(build_console(console), settings, "console_port")
    address = settings.public_url or f"http://{settings.console_host}:{server.port}"
    _remember(of, address)
    log.info("Bảng điều hành: %s (nhắn “web” cho bot, hoặc chạy nhacviec login-link để vào).", address)
    if [channel.name for channel in of.channels] != [Simulator.name]:
        return [server]
    from web.sandbox import Sandbox  # noqa: PLC0415

    sandbox = Sandbox()
    beside = await _serve(sandbox, settings, "sandbox_port")
    sandbox.address = f"http://{settings.console_host}:{beside.port}"
    log.info("Trang chạy thử, không gửi gì ra ngoài: %s/thu", sandbox.address)
    return [server, beside]


def _remember(of: Installation, address: str | None) -> None:
    with of.engine.begin() as connection:
        signin.open_at(connection, address, of.clock.now())


async def _serve(app: Any, settings: Settings, port: str) -> Any:
    """Serve on the port of this setting; where nobody has chosen it and it is taken, on any free one."""
    from web.webhooks import WebhookServer  # noqa: PLC0415

    host, setting = settings.console_host, f"NHACVIEC_{port.upper()}"
    server = WebhookServer(app, host, getattr(settings, port), setting)
    try:
        await server.start()
    except BadSetting as taken:
        if port in settings.model_fields_set:
            raise
        server = WebhookServer(app, host, 0, setting)
        try:
            await server.start()
        except BadSetting:  # it is not the port
            raise taken from None
    return server

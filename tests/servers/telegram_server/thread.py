"""The server in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from tests.servers.telegram_server.chats import TOKEN
from tests.servers.telegram_server.server import TelegramServer

T = TypeVar("T")


class InThread:
    """For a test that is not asynchronous, or starts the product as a process.

    ``with InThread() as play: play.call(lambda server: server.person_types(7, "việc"))``
    """

    def __init__(self, token: str = TOKEN) -> None:
        self._token = token
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        async with TelegramServer(self._token) as self._server:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(60):
            raise RuntimeError("the Telegram server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def base_url(self) -> str:
        """What the product takes as ``telegram_base_url``."""
        return self._server.base_url

    def call(self, order: Callable[[TelegramServer], T]) -> T:
        """Give an order in the server's own thread, and return what it returns."""

        async def obey() -> T:
            return order(self._server)

        return asyncio.run_coroutine_threadsafe(obey(), self._loop).result(10)

    def until(self, seen: Callable[[TelegramServer], object], seconds: float = 60) -> None:
        """Wait until ``seen(server)`` is true."""
        waiting = self._server.until(lambda: seen(self._server), seconds)
        asyncio.run_coroutine_threadsafe(waiting, self._loop).result(seconds + 5)

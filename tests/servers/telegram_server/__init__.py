"""A small Telegram Bot API on this machine: real HTTP, the documented limits, and faults on demand.

A test plays the people:

    async with TelegramServer() as server:
        server.person_types(7, "việc")
        await server.until(lambda: server.inbox(7))
        server.person_presses(7, "Xong 3")

From another thread: :class:`InThread`. From another process, or to develop against: ``python -m
tests.servers.telegram_server``, which takes the same orders over HTTP under ``/play/``.

Clients that none of us wrote try it in ``tests/servers/test_telegram_by_others.py``.
"""

from tests.servers.telegram_server.chats import BOT_ID, BOT_NAME, TOKEN, Chat, Received
from tests.servers.telegram_server.limits import Limits
from tests.servers.telegram_server.server import TelegramServer
from tests.servers.telegram_server.thread import InThread

__all__ = ["BOT_ID", "BOT_NAME", "TOKEN", "Chat", "InThread", "Limits", "Received", "TelegramServer"]

"""A Telegram for thousands of messages a second: ``python -m tests.workers.provider``. Serves every token.

It takes what it is sent and remembers when, by which bot and to whom; ``GET /heard`` tells. Latency is 50 ms. It prints
its port. The strict server is ``tests/servers/telegram_server``; this one is only there to be quick.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from typing import Any
from urllib.parse import parse_qs

LATENCY = 0.05  # seconds
Heard = tuple[float, str, str, str]  # when (monotonic), bot, chat, text


class Provider:
    """What was heard, and what is answered."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.updates: dict[str, list[dict[str, Any]]] = {}  # by bot
        self._ids = itertools.count(1)

    def answer(self, method: str, bot: str, body: bytes, content_type: str) -> tuple[float, Any]:
        """Seconds to wait, and the result."""
        given = _parameters(body, content_type)
        if method == "sendMessage":
            self.heard.append((time.monotonic(), bot, str(given["chat_id"]), str(given["text"])))
            chat = {"id": int(given["chat_id"]), "type": "private"}
            return LATENCY, {"message_id": next(self._ids), "date": 1, "chat": chat, "text": given["text"]}
        if method == "getUpdates":
            offset = int(given.get("offset") or 0)
            waiting = [one for one in self.updates.get(bot, []) if one["update_id"] >= offset]
            return (LATENCY if waiting else 1.0), waiting
        if method == "getMe":
            return LATENCY, {"id": int(bot), "is_bot": True, "first_name": "Bot", "username": f"bot{bot}"}
        return LATENCY, True

    def types(self, bot: str, chat: int, words: str) -> None:
        """A person writes to a bot."""
        number = next(self._ids)
        person = {"id": chat, "is_bot": False, "first_name": "Cán bộ"}
        message = {
            "message_id": number,
            "date": 1,
            "chat": {"id": chat, "type": "private"},
            "from": person,
            "text": words,
        }
        self.updates.setdefault(bot, []).append({"update_id": number, "message": message})


class Connection(asyncio.Protocol):
    """HTTP/1.1, as far as a client of ours speaks it."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._buffer = b""
        self._wire: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody calls."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._wire = transport

    def data_received(self, data: bytes) -> None:
        """Perhaps a whole request."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._take(lines[0].split(" ")[1], rest[:length], headers.get("content-type", ""))

    def _take(self, path: str, body: bytes, content_type: str) -> None:
        if path == "/heard":
            self._reply(self._provider.heard)
        elif path == "/types":
            self._provider.types(**json.loads(body))
            self._reply(True)
        else:
            _, bot, method = path.split("/")
            wait, result = self._provider.answer(method, bot.removeprefix("bot").partition(":")[0], body, content_type)
            asyncio.get_running_loop().call_later(wait, self._reply, {"ok": True, "result": result})

    def _reply(self, what: Any) -> None:
        body = json.dumps(what).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if self._wire is not None and not self._wire.is_closing():
            self._wire.write(head.encode() + body)


def _parameters(body: bytes, content_type: str) -> dict[str, Any]:
    if content_type.startswith("application/json"):
        given: dict[str, Any] = json.loads(body or b"{}")
        return given
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


async def serve() -> None:
    """Until the reader of our output is gone."""
    provider = Provider()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(provider), "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())

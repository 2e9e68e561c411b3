"""A provider's end of the wire, as cheap as it can be made: ``python -m tests.bench.stub [--latency 0.05]``.

It takes any POST as a ``sendMessage`` of the Bot API, for any token, answers after the latency, and remembers who was
written to and when. A process of its own on a core of its own: what is measured is the client.

``GET /arrivals`` tells what arrived (bot, chat, seconds) and forgets it; ``GET /latency/0.05`` changes the latency.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_CHAT = re.compile(rb'chat_id"?(?:=|:\s*"?)(-?[0-9]+|%2D[0-9]+)')  # JSON, or a form as the library writes one
_BOT = re.compile(rb"/bot([0-9]+)")
_ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"B","username":"b_bot"}}'
Arrival = tuple[int, int, float]  # bot, chat, seconds by the stub's own clock


# ---- the server's side ----------------------------------------------------------------------------------------------


class _Connection(asyncio.Protocol):
    """One keep-alive connection; requests of a connection are answered one after the other."""

    def __init__(self, stub: _Stub) -> None:
        self._stub = stub
        self._waiting = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (ends := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._waiting[:ends])
            told = _LENGTH.search(head)
            whole = ends + 4 + (int(told[1]) if told else 0)
            if len(self._waiting) < whole:
                return
            body = bytes(self._waiting[ends + 4 : whole])
            del self._waiting[:whole]
            self._stub.asked(head, body, self._answer)

    def _answer(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )


class _Stub:
    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.arrivals: list[Arrival] = []
        self._number = 0

    def asked(self, head: bytes, body: bytes, answer: object) -> None:
        assert callable(answer)
        if head.startswith(b"GET "):
            answer(self._told(head.split(b" ", 2)[1].decode("ascii")))
            return
        if head.partition(b"\r\n")[0].lower().endswith(b"/getme http/1.1"):
            answer(_ME)
            return
        self._number += 1
        chat, bot = _CHAT.search(body), _BOT.search(head)
        to = int(chat[1].replace(b"%2D", b"-")) if chat else 0
        self.arrivals.append((int(bot[1]) if bot else 0, to, time.monotonic()))
        result = b'{"ok":true,"result":{"message_id":%d,"date":1767657600,"chat":{"id":%d,"type":"%b"},"text":"."}}' % (
            self._number,
            to,
            b"private" if to > 0 else b"supergroup",
        )
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, answer, result)
        else:
            answer(result)

    def _told(self, path: str) -> bytes:
        if path.startswith("/latency/"):
            self.latency = float(path.rpartition("/")[2])
            return b"{}"
        told, self.arrivals = json.dumps(self.arrivals).encode(), []
        return told


async def _serve(latency: float) -> None:
    stub = _Stub(latency)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(stub), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201
    # Whoever started us holds the other end of our input: when it is gone, in whatever way, so are we.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


# ---- the client's side ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A stub that runs."""

    root: str

    @property
    def base_url(self) -> str:
        """As Telegram's: a token follows directly."""
        return f"{self.root}/bot"

    def arrivals(self) -> list[Arrival]:
        """What arrived since the last time this was asked, in order."""
        return [(bot, chat, at) for bot, chat, at in json.loads(self._get("/arrivals"))]

    def set_latency(self, latency: float) -> None:
        """Seconds before every further answer."""
        self._get(f"/latency/{latency}")

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.root + path, timeout=30) as answer:
            found: bytes = answer.read()
        return found


@contextlib.contextmanager
def running(latency: float = 0.0) -> Iterator[Running]:
    """A stub in a process of its own, on the last core; this process keeps to the first ones meanwhile."""
    command = [sys.executable, "-m", "tests.bench.stub", "--latency", str(latency)]
    with (
        subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
        apart(process.pid),
    ):
        try:
            assert process.stdout is not None
            yield Running(process.stdout.readline().strip())
        finally:
            process.terminate()


@contextlib.contextmanager
def apart(*servers: int) -> Iterator[None]:
    """The last core for these processes, the others for this one, where there are several and the system can do it."""
    if not hasattr(os, "sched_setaffinity") or len(cores := sorted(os.sched_getaffinity(0))) < 2:
        yield
        return
    for server in servers:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(server, cores[-1:])
    os.sched_setaffinity(0, cores[:-1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    asyncio.run(_serve(parser.parse_args().latency))

"""Webhooks: what a chat provider posts to us is on the disk before it is answered, and acted upon after.

POST ``/webhook/<channel>/<bot>`` with the shared secret in the header that the provider uses (Telegram:
https://core.telegram.org/bots/api#setwebhook; Zalo: https://bot.zapps.me/docs/webhook/). The answers:

====  ==============================================================================================================
200   stored, stored before, a probe, or nobody's words; the provider forgets the update
400   the body is nothing this provider sends
401   the secret is missing or wrong; nothing was read
404   no such bot runs here, whatever the secret
408   the body did not arrive in time
413   the body is larger than :data:`LARGEST`; the rest of it was not read
500   we failed to understand it; 503 we could not store it; either way the provider tries again
====  ==============================================================================================================

No body, header or secret is ever logged. TLS is the business of the reverse proxy in front, which may ask ``/health``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Generator, Sequence
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from engine.errors import BadSetting, in_vietnamese
from engine.messages import Channel, Inbound

LOG = logging.getLogger("nhacviec.web")

LARGEST = 1024 * 1024  # bytes of one body; real updates have a few thousand
BODY_WITHIN = 20.0  # seconds; a provider sends its few thousand bytes at once
ACKNOWLEDGE_WITHIN = 10.0  # seconds for what a channel says back afterwards
STOP_WITHIN = 2  # seconds for requests that are under way; the whole program promises five
MOST_AT_ONCE = 200  # connections and requests; more are told 503

# A channel may name its header in an attribute ``secret_header``; these are the ones we know.
SECRET_HEADERS = {"telegram": "X-Telegram-Bot-Api-Secret-Token", "zalo": "X-Bot-Api-Secret-Token"}
# What both providers take: Zalo 8 to 256 characters, Telegram 1 to 256 of these.
_SECRET = re.compile(r"[A-Za-z0-9_-]{8,256}")

Keep = Callable[[Sequence[Inbound]], Awaitable[None]]
Wake = Callable[[], None]


def webhook_path(channel: Channel) -> str:
    """Where this channel's provider is to post: "/webhook/zalo/1234". What stands before it is the public address."""
    return f"/webhook/{quote(channel.name, safe='')}/{quote(channel.bot, safe='')}"


def webhook_routes(channels: Collection[Channel], secret: str, keep: Keep, wake: Wake) -> list[Route]:
    """The routes for these channels (those that can hear) and for ``/health``.

    ``keep`` has the updates in the database when it returns; a repeated update is no error to it. ``wake`` makes the
    engine act on them soon; it is called after the answer has left, as is ``channel.acknowledge(inbounds)``.

    :raises BadSetting: ``secret`` is not 8 to 256 letters, digits, ``_`` or ``-``.
    """
    if not _SECRET.fullmatch(secret):
        raise BadSetting(
            "NHACVIEC_WEBHOOK_SECRET không đúng dạng. Hãy đặt từ 8 đến 256 ký tự, chỉ gồm chữ cái không dấu, chữ số, "
            "dấu gạch dưới và dấu gạch nối."
        )
    webhooks = _Webhooks(channels, secret, keep, wake)
    return [
        Route("/webhook/{channel}/{bot}", webhooks.receive, methods=["POST"]),
        Route("/health", _health, methods=["GET"]),
    ]


def build_app(channels: Collection[Channel], secret: str, keep: Keep, wake: Wake) -> Starlette:
    """An application of these routes alone.

    :raises BadSetting: as :func:`webhook_routes`.
    """
    return Starlette(routes=webhook_routes(channels, secret, keep, wake))


async def _health(_: Request) -> Response:
    return JSONResponse({"ok": True})


class _Webhooks:
    def __init__(self, channels: Collection[Channel], secret: str, keep: Keep, wake: Wake) -> None:
        self._channels = {(channel.name, channel.bot): channel for channel in channels if hasattr(channel, "heard")}
        self._headers = {channel.name: _header_of(channel) for channel in self._channels.values()}
        self._secret = secret.encode()
        self._keep, self._wake = keep, wake

    async def receive(self, request: Request) -> Response:
        """One delivery: 1. whose bot, 2. the secret, 3. the body, 4. what it says, 5. store, answer, then act."""
        channel = self._channels.get((request.path_params["channel"], request.path_params["bot"]))
        if channel is None:
            return Response(status_code=404)
        if not self._knows_the_secret(request, channel):
            return Response(status_code=401)
        try:
            body = await _body(request)
        except _CannotRead as trouble:  # the rest of the body is still on its way: the connection is of no more use
            return Response(status_code=trouble.status, headers={"Connection": "close"})
        return await self._take(channel, body)

    def _knows_the_secret(self, request: Request, channel: Channel) -> bool:
        given = request.headers.get(self._headers[channel.name], "")
        return hmac.compare_digest(given.encode("latin-1"), self._secret)

    async def _take(self, channel: Channel, body: bytes) -> Response:
        try:
            inbounds = _heard(channel, body)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        except Exception as error:  # a defect of ours; its words may quote the body
            LOG.error("Lỗi khi đọc webhook của %s %s: %s", channel.name, channel.bot, type(error).__name__)
            return Response(status_code=500)
        if not inbounds:
            return Response()
        try:
            await self._keep(inbounds)
        except Exception as error:  # a driver's error quotes what it could not store
            LOG.error("Chưa lưu được tin webhook của %s %s: %s", channel.name, channel.bot, type(error).__name__)
            return Response(status_code=503, headers={"Retry-After": "5"})
        return Response(background=BackgroundTask(self._afterwards, channel, inbounds))

    async def _afterwards(self, channel: Channel, inbounds: Sequence[Inbound]) -> None:
        try:
            self._wake()
            acknowledge = getattr(channel, "acknowledge", None)
            if acknowledge is not None:
                async with asyncio.timeout(ACKNOWLEDGE_WITHIN):
                    await acknowledge(inbounds)
        except Exception as error:  # what is stored will be acted upon in the next turn
            LOG.warning("Lỗi sau khi nhận webhook của %s %s: %s", channel.name, channel.bot, type(error).__name__)


def _header_of(channel: Channel) -> str:
    named: str | None = getattr(channel, "secret_header", None)
    return named or SECRET_HEADERS[channel.name]


def _heard(channel: Channel, body: bytes) -> list[Inbound]:
    if not body.strip():
        return []  # a provider trying whether anybody is there
    heard: list[Inbound] = channel.heard(body)  # type: ignore[attr-defined]  # engine.messages.Listening
    return heard


class _CannotRead(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def _body(request: Request) -> bytes:
    if int(request.headers.get("Content-Length", 0)) > LARGEST:  # a length that is no number ends before us, as 400
        raise _CannotRead(413)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for piece in request.stream():
                body += piece
                if len(body) > LARGEST:
                    raise _CannotRead(413)
    except TimeoutError:
        raise _CannotRead(408) from None
    except ClientDisconnect:  # nobody will read this
        raise _CannotRead(400) from None
    return bytes(body)


# ---- the server ---------------------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """uvicorn inside our loop: signals belong to the program, and whoever starts it learns when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class WebhookServer:
    """Serves an application from within the running event loop. ``port`` 0 takes any free one; then it is known."""

    def __init__(
        self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0, setting: str = "NHACVIEC_WEBHOOK_PORT"
    ) -> None:
        self.host, self.port, self._setting = host, port, setting
        self._host_setting = "NHACVIEC_CONSOLE_HOST" if "CONSOLE" in setting else "NHACVIEC_WEBHOOK_HOST"
        config = uvicorn.Config(
            app,
            loop="none",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_AT_ONCE,
            timeout_graceful_shutdown=STOP_WITHIN,
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. When it returns, requests are answered.

        :raises BadSetting: the address is taken or is not this machine's.
        """
        try:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            listening = socket.create_server((self.host, self.port), family=family, backlog=MOST_AT_ONCE)
        except OSError as error:  # asked before uvicorn, which would end the program
            raise BadSetting(
                f"Không mở được cổng {self.port} trên {self.host} ({in_vietnamese(error)}). "
                f"Hãy kiểm tra {self._host_setting} và {self._setting}, có thể chương trình khác đang dùng."
            ) from None
        self.port = listening.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve([listening]))
        ready = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self._serving  # says what went wrong

    async def stop(self) -> None:
        """Take no more requests, finish those under way within :data:`STOP_WITHIN`. Harmless when not started."""
        if self._serving is not None:
            self._server.should_exit = True
            serving, self._serving = self._serving, None
            await serving

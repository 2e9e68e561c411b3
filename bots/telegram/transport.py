"""HTTP under python-telegram-bot: aiohttp in place of its own httpx, whose pool collapses with many in flight.

The library's seam for this is ``BaseRequest`` (ENGINES section 6 has the figures, ``tests/bench/telegram_transport.py``
measures them again). What certainly never left is told apart from what may have arrived: a request whose headers were
not handed to a connection raises :class:`NeverLeft`.

No error that leaves here holds a URL, as the URL holds the token; nor does it carry one as its cause or context.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bots.telegram.tokens import without_tokens
from engine.last_look import may_leave

if TYPE_CHECKING:
    from telegram._utils.types import ODVInput

T = TypeVar("T")

CHUNK = 64 * 1024  # bytes
JSON = {"Content-Type": "application/json"}


class NeverLeft(NetworkError):
    """No byte of the request left this machine: it may be repeated without fear of a second message."""


class BrokenOff(NetworkError):
    """The request went out and the connection ended before an answer: it may have been obeyed."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each part of a request; a long poll adds its own idle time to ``read``.

    ``connect`` covers the name, the connection and TLS (and a proxy's tunnel); ``pool`` the wait for a free one.
    """

    connect: float = 5
    read: float = 20
    write: float = 10
    pool: float = 10


class Transport(BaseRequest):
    """At most ``pool`` requests at a time over one aiohttp session. Belongs to one event loop."""

    __slots__ = ("_places", "_pool", "_proxy", "_session", "_timeouts")

    def __init__(self, pool: int, timeouts: Timeouts | None = None, proxy: str | None = None) -> None:
        self._pool, self._timeouts, self._proxy = pool, timeouts or Timeouts(), proxy
        self._session: aiohttp.ClientSession | None = None
        self._places = asyncio.Semaphore(pool)

    @property
    def read_timeout(self) -> float | None:
        """What a long poll adds its idle time to."""
        return self._timeouts.read

    async def initialize(self) -> None:
        """Open the session; again after :meth:`shutdown`."""
        if self._session is None:
            self._places = asyncio.Semaphore(self._pool)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # the places are counted here
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                trace_configs=[_departures()],
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer; the library's own would also write what it cannot read into the log, with a traceback."""
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        # Every answer of the Bot API says whether it is "ok" (api#making-requests), and one that is has a result.
        if not isinstance(answer, dict) or "ok" not in answer or (answer["ok"] and answer.get("result") is None):
            raise TelegramError("Invalid server response")
        return answer

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One call of the Bot API: the status and the body.

        :raises NeverLeft: no connection, no free place, no tunnel through the proxy.
        :raises TimedOut: sent, and no answer in time. :raises BrokenOff: sent, and the connection broke.
        """
        usual = self._timeouts
        timeout = _limits(
            _or(connect_timeout, usual.connect), _or(read_timeout, usual.read), _or(write_timeout, usual.write)
        )
        data, headers = _body(request_data)
        async with self._place(_or(pool_timeout, usual.pool)):
            return await self._exchange(_status_and_body, method, url, timeout, data=data, headers=headers)

    async def download(self, url: str, most: int, within: float) -> tuple[int, bytes | None]:
        """The status and the bytes of a file; None in place of the bytes as soon as they are more than ``most``.

        ``within``: seconds for all of it. Raises as :meth:`do_request` does.
        """

        async def read(answer: aiohttp.ClientResponse) -> tuple[int, bytes | None]:
            if answer.status != 200 or (answer.content_length or 0) > most:
                return answer.status, None
            content = bytearray()
            async for chunk in answer.content.iter_chunked(CHUNK):
                content += chunk
                if len(content) > most:
                    return answer.status, None
            return answer.status, bytes(content)

        usual = self._timeouts
        timeout = aiohttp.ClientTimeout(total=within, connect=usual.connect, sock_read=usual.read)
        async with self._place(usual.pool):
            return await self._exchange(read, "GET", url, timeout)

    @asynccontextmanager
    async def _place(self, seconds: float) -> AsyncIterator[None]:
        if self._places.locked():
            waited = True
            try:
                async with asyncio.timeout(seconds):
                    await self._places.acquire()
            except TimeoutError:
                waited = False
            if not waited:
                raise NeverLeft("no free connection")
        else:
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    async def _exchange(
        self,
        read: Callable[[aiohttp.ClientResponse], Awaitable[T]],
        method: str,
        url: str,
        timeout: aiohttp.ClientTimeout,
        **content: Any,
    ) -> T:
        if self._session is None:
            raise RuntimeError("the transport is not open: use it as `async with`")
        departure = SimpleNamespace(left=False)
        try:
            async with self._session.request(
                method,
                url,
                proxy=self._proxy,
                timeout=timeout,
                allow_redirects=False,
                trace_request_ctx=departure,
                **content,
            ) as answer:
                return await read(answer)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            trouble = _trouble(error, departure.left)
        raise trouble  # outside of the handler: the original, with its URL, is not its context


async def _status_and_body(answer: aiohttp.ClientResponse) -> tuple[int, bytes]:
    body = await answer.read()
    if answer.status < 300 and (b'"ok":false' in body or b'"ok": false' in body):
        return _code_in(body) or answer.status, body  # refused in a body that a gateway passed on with its own status
    if answer.status >= 300:  # an error page may quote the URL it was asked for
        body = without_tokens(body.decode("utf-8", "replace")).encode()
    return answer.status, body


def _code_in(body: bytes) -> int | None:
    """The error code of an answer that says it is one; None where those are the words of a message in it."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    if not isinstance(answer, dict) or answer.get("ok") is not False:
        return None
    code = answer.get("error_code")
    return code if type(code) is int and 400 <= code < 600 else 500


def _trouble(error: Exception, left: bool) -> NetworkError:
    kind = type(error).__name__
    if not left:
        return NeverLeft(f"not connected ({kind})")
    return TimedOut("no answer in time") if isinstance(error, TimeoutError) else BrokenOff(f"broken off ({kind})")


def _departures() -> aiohttp.TraceConfig:
    """Notes when a request's headers are handed to its own connection: after a proxy's tunnel, before any byte."""
    noting = aiohttp.TraceConfig()

    async def left(_: object, context: SimpleNamespace, __: object) -> None:
        if not await may_leave():  # a connection was waited for: perhaps the machine slept
            raise NeverLeft("not to leave any more")
        context.trace_request_ctx.left = True

    noting.on_request_headers_sent.append(left)
    return noting


def _body(request_data: RequestData | None) -> tuple[bytes | aiohttp.FormData | None, dict[str, str] | None]:
    if request_data is None:
        return None, None
    if not request_data.contains_files:
        return request_data.json_payload, JSON
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form, None


def _or(given: object, usual: float) -> float:
    """The library passes a mark of its own for "as usual"."""
    return float(given) if isinstance(given, int | float) else usual


@lru_cache(64)
def _limits(connect: float, read: float, write: float) -> aiohttp.ClientTimeout:
    # aiohttp has no limit for writing; a request that cannot be written runs into the sum of all.
    return aiohttp.ClientTimeout(total=connect + read + write, connect=connect, sock_read=read)

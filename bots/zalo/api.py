"""Calling Zalo's Bot API, and telling its four kinds of failure apart.

``https://<host>/bot<token>/<method>``, POST with JSON; the answer is ``{ok, result, description, error_code}`` and
``ok`` decides, not the HTTP status: a wrong token came as 200 with ``ok:false`` [M], an idle poll as 408 [M].
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from engine.errors import BadSetting
from engine.last_look import may_leave

CONNECTIONS = 30  # one of them is the long poll

# Refused before a byte of the request left: safe to repeat.
NEVER_LEFT = (
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ConnectError,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each part of a request; a long poll adds its own idle time to ``read``."""

    connect: float = 5
    read: float = 20
    write: float = 10
    pool: float = 10


class Trouble(Exception):
    """A call that did not come to ``ok: true``. Never carries the URL, which holds the token."""


class NeverLeft(Trouble):
    """No connection: Zalo has not seen the request."""


class NoAnswer(Trouble):
    """The request went out; the connection ended, or time was up, before an answer came."""


class Denied(Trouble):
    """Zalo's own ``ok: false``. ``wait`` is in seconds, where the answer names a time (not documented by Zalo)."""

    def __init__(self, code: int, description: str, wait: float | None = None) -> None:
        super().__init__(f"mã {code}: {description or 'không nói lý do'}")
        self.code = code
        self.description = description
        self.wait = wait


class NotZalo(Trouble):
    """An answer that is not Zalo's envelope: a gateway, a sign-in page, another host. ``wait`` in seconds."""

    def __init__(self, status: int, wait: float | None = None) -> None:
        super().__init__(f"HTTP {status}, không phải câu trả lời của Zalo Bot")
        self.status = status
        self.wait = wait


class Api:
    """The calls. Its connections belong to one event loop."""

    def __init__(self, token: str, base_url: str, proxy: str | None, timeouts: Timeouts) -> None:
        self._root = f"{base_url.rstrip('/').removesuffix('/bot')}/bot{token}"
        self._timeouts = timeouts
        try:
            self._client = httpx.AsyncClient(
                verify=_trusted(),
                proxy=proxy,  # else what the environment says (HTTPS_PROXY, NO_PROXY)
                timeout=self._timeout(),
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=10),
                headers={"User-Agent": "nhacviec"},
                follow_redirects=False,  # a POST that is redirected elsewhere is nobody's message
            )
        except (ValueError, ImportError, httpx.InvalidURL):  # not a URL, or SOCKS; its words may hold a password
            raise BadSetting("Máy chủ trung gian (proxy) cho Zalo phải là loại HTTP: http://máy-chủ:cổng.") from None

    def _timeout(self, idle: float = 0) -> httpx.Timeout:
        times = self._timeouts
        return httpx.Timeout(connect=times.connect, read=times.read + idle, write=times.write, pool=times.pool)

    async def open(self) -> None:
        """Make the connections usable."""
        await self._client.__aenter__()

    async def close(self) -> None:
        """Close them."""
        await self._client.aclose()

    async def call(self, method: str, parameters: dict[str, object] | None = None, idle: float = 0) -> Any:
        """The ``result`` of one call; None where the answer has none. ``idle``: seconds that the answer may take.

        :raises Trouble: one of its four kinds.
        """
        url = f"{self._root}/{method}"
        try:
            response = await self._client.post(
                url, json=parameters or {}, timeout=self._timeout(idle), extensions={"trace": _look_before_leaving}
            )
        except (*NEVER_LEFT, httpx.InvalidURL) as error:
            raise NeverLeft(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise NoAnswer(type(error).__name__) from None  # httpx errors lead to the URL
        return _result(response)


async def _look_before_leaving(step: str, _: object) -> None:
    """The library's hook: a connection was waited for, and perhaps the machine slept."""
    if step.endswith("send_request_headers.started") and not await may_leave():
        raise NeverLeft("not to leave any more")


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: an office's bots share it, and it takes longer to read than a call takes."""
    return httpx.create_ssl_context()


def _result(response: httpx.Response) -> Any:
    wait = _seconds(response.headers.get("Retry-After"))
    try:
        answer = json.loads(response.content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise NotZalo(response.status_code, wait)
    if answer["ok"]:
        return answer.get("result")
    named = answer.get("parameters") if isinstance(answer.get("parameters"), dict) else answer
    # testWebhook, called too often, spells it errorCode (a developer's note on its page).
    code = _number(answer.get("error_code", answer.get("errorCode")))
    description = answer.get("description") or answer.get("message") or ""
    waits = _seconds(named.get("retry_after")) if named else None
    raise Denied(code or response.status_code, str(description)[:200], waits if waits is not None else wait)


def _number(value: object) -> int:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0


def _seconds(value: object) -> float | None:
    """A wait in seconds; None for none, and for the date form of Retry-After, which nobody has seen here."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else -1.0
    except ValueError:
        return None
    return min(seconds, 24 * 3600.0) if seconds >= 0 else None

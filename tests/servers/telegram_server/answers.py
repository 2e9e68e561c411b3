"""How Telegram says no, and what the next calls meet when a test wants trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Json = dict[str, Any]


class ApiError(Exception):
    """An answer with ``ok: false``."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def response(self) -> web.Response:
        """As Telegram writes it, api#making-requests."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return web.json_response(body, status=self.code)


@dataclass
class Fault:
    """What the next calls of one method meet."""

    kind: str
    times: int
    method: str
    after: int  # calls that go well first
    options: Mapping[str, Any]


def too_fast(retry_after: int) -> ApiError:
    """429, with the seconds to wait (api#responseparameters)."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def _flood(retry_after: int = 5) -> web.Response:
    return too_fast(retry_after).response()


def _server_error(status: int = 502, text: str = "<html><h1>nginx</h1></html>") -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html")


def _bad_request(description: str = "something is wrong") -> web.Response:
    return ApiError(400, f"Bad Request: {description}").response()


def _conflict() -> web.Response:
    return ApiError(409, "Conflict: terminated by other getUpdates request").response()


async def _lost_answer(_: web.Request) -> web.Response:
    await asyncio.Event().wait()  # until the caller hangs up
    raise AssertionError


async def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _garbage(_: web.Request) -> web.Response:
    return web.Response(text="<html>Vui lòng đăng nhập Wi-Fi</html>", content_type="text/html")


BEFOREHAND: dict[str, Callable[..., web.Response]] = {
    "flood": _flood,
    "server_error": _server_error,
    "bad_request": _bad_request,
    "conflict": _conflict,
}
AFTERWARDS: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = {
    "lost_answer": _lost_answer,
    "hang_up": _hang_up,
    "garbage": _garbage,
}

"""Puts the console together: its pages, the door, static files, and what a browser is told not to do."""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence

from sqlalchemy import Engine, select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.muted import SETTING
from data.upsert import upsert
from engine.clock import Clock
from web.api import build_api
from web.api.app import problem
from web.console import (
    calendar,
    digest,
    export,
    intake,
    mine,
    obligations,
    operations,
    people,
    pictures,
    reports,
    signing_in,
    today,
    work,
)
from web.console.frame import Console, asset
from web.console.guard import Page, guarded, refusal
from web.feeds import feed_routes

PAGES: Sequence[Page] = (
    *mine.PAGES,
    *export.PAGES,
    *today.PAGES,
    *work.PAGES,
    *calendar.PAGES,
    *obligations.PAGES,
    *intake.PAGES,
    *people.PAGES,
    *digest.PAGES,
    *reports.PAGES,
    *operations.PAGES,
)
KEY = "web_secret"
API = "/api/v1"
#: Nothing comes from elsewhere, nothing goes elsewhere, nobody frames us, and no script stands in a page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
FOR_EVER = "public, max-age=31536000, immutable"
_SENTENCES = {
    403: "Đồng chí chưa có quyền xem trang này.",
    404: "Không có trang này.",
    405: "Không có trang này.",
    413: "Tệp lớn quá, đồng chí gửi tệp dưới 25 MB.",
}


def build_console(console: Console) -> Starlette:
    """The application of the console's pages."""
    routes = [
        *signing_in.routes(console),
        *pictures.routes(console),
        *(guarded(console, page) for page in PAGES),
        *feed_routes(console),
        Mount(API, build_api(console)),
        Route("/tinh/{name}", _static, methods=["GET"]),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _said, 500: _failed},
        middleware=[Middleware(_Headers)],
    )


def secret_of(engine: Engine, clock: Clock) -> str:
    """The key that signs cookies and links: made once, kept with the data."""
    with engine.begin() as connection:
        fresh = upsert(connection, SETTING).values(key=KEY, value=random.token_urlsafe(32), changed_at=clock.now())
        connection.execute(fresh.on_conflict_do_nothing())
        return str(connection.execute(select(SETTING.c.value).where(SETTING.c.key == KEY)).scalar_one())


async def _static(request: Request) -> Response:
    try:
        path = asset(request.path_params["name"])
    except KeyError:
        raise HTTPException(404) from None
    return FileResponse(path, headers={"Cache-Control": FOR_EVER})


async def _said(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith(API):  # an address that not even the API's own application takes
        return problem(error.status_code, "Không có địa chỉ này.")
    return refusal(error.status_code, _SENTENCES.get(error.status_code, "Trang này chưa mở được."))


async def _failed(_: Request, __: Exception) -> Response:
    return refusal(500, "Trang này gặp lỗi ngoài dự kiến. Dữ liệu không bị thay đổi; xin báo người quản trị.")


class _Headers:
    """What every answer carries. Pages are not kept by anybody; static files are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                added = {**HEADERS, "Cache-Control": "no-store"}
                message["headers"] = [
                    *message["headers"],
                    *((n.lower().encode(), v.encode()) for n, v in added.items() if n.lower().encode() not in present),
                ]
            await send(message)

        await self._app(scope, receive, with_headers)

"""The API's application: its routes, how trouble is told, and a page that lists the addresses."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from engine.errors import DatabaseTrouble, NhacViecError
from engine.screens.deeds import Refused
from web.api.caller import Trouble, served_from
from web.api.routes import router
from web.console.frame import Console

_ABOUT = (
    "What a commune has promised, and how it stands. Every key belongs to one person and one office; it sees and does "
    "what that person may. Days are civil days of the office, instants are UTC."
)


def build_api(console: Console) -> FastAPI:
    """The application, to be mounted at ``/api/v1``."""
    api = FastAPI(
        title="Nhắc Việc",
        version="1",
        description=_ABOUT,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=_named,
    )
    api.state.served = served_from(console)
    api.include_router(router)
    _add_troubles(api)
    api.add_api_route("/huong-dan", _guide(api), include_in_schema=False, response_class=HTMLResponse)
    return api


def _named(route: APIRoute) -> str:
    return route.name


# ---- what goes wrong ------------------------------------------------------------------------------------------------


def _add_troubles(api: FastAPI) -> None:
    @api.exception_handler(Trouble)
    async def trouble(_: Request, error: Trouble) -> JSONResponse:
        return problem(error.status, error.title, error.detail)

    @api.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return problem(409, str(error))

    @api.exception_handler(DatabaseTrouble)
    async def down(_: Request, __: DatabaseTrouble) -> JSONResponse:
        return problem(503, "Cơ sở dữ liệu đang bận hoặc gặp lỗi. Hãy thử lại sau.")

    @api.exception_handler(NhacViecError)
    async def wrong(_: Request, error: NhacViecError) -> JSONResponse:
        return problem(422, str(error))

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        where = sorted({".".join(str(part) for part in found["loc"]) for found in error.errors()})
        return problem(422, "Yêu cầu có chỗ chưa đúng.", where)

    @api.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        titles = {
            400: "Nội dung gửi lên không đọc được.",
            404: "Không có địa chỉ này.",
            405: "Địa chỉ này không nhận lệnh đó.",
        }
        return problem(error.status_code, titles.get(error.status_code, "Yêu cầu chưa thực hiện được."))


def problem(status: int, title: str, detail: list[str] | None = None) -> JSONResponse:
    """An answer that tells what is wrong (RFC 9457)."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    body = {"title": title, "status": status, "detail": detail or []}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


# ---- the guide ------------------------------------------------------------------------------------------------------


def _guide(api: FastAPI) -> Any:
    """A page that lists the addresses, made from the same description: no script, nothing from elsewhere."""

    def guide() -> HTMLResponse:
        said = api.openapi()
        lines = [
            f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{escape(about.get('description', ''))}</dd>"
            for path, methods in said["paths"].items()
            for method, about in methods.items()
        ]
        return HTMLResponse(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Nhắc Việc API</title></head><body>'
            f"<main><h1>Nhắc Việc API</h1><p>{escape(_ABOUT)}</p><p>Send <code>Authorization: Bearer nva_…</code>. "
            f'The whole description: <a href="openapi.json">openapi.json</a>.</p><dl>{"".join(lines)}</dl></main>'
            "</body></html>"
        )

    return guide

"""Signing in and out. A link shows a button, and only the button uses it up: chats open links to preview them."""

from __future__ import annotations

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from data.database import explained, reading
from engine.signin import sign_in, sign_out, signed_in
from web.console.frame import Console, read_said, templates, write_said
from web.console.guard import SIGN_IN, begin_session, end_session, refusal, session_of

LINK = "/vao/{token}"
_TRIES = parse("10 per minute")  # links are too long to be guessed; this keeps whoever tries from costing anything


def routes(console: Console) -> list[Route]:
    """The addresses that are open to everybody."""
    door = _Door(console)
    return [
        Route(SIGN_IN, door.explain, methods=["GET"]),
        Route(LINK, door.ask, methods=["GET"]),
        Route(LINK, door.enter, methods=["POST"]),
        Route("/ra", door.leave, methods=["POST"]),
    ]


class _Door:
    def __init__(self, console: Console) -> None:
        self.console = console
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def explain(self, request: Request) -> Response:
        """How to sign in."""
        said = read_said(self.console, request)
        page = templates().get_template("sign_in.j2")
        return HTMLResponse(page.render(said=said, sandbox=self.console.sandbox))

    async def ask(self, request: Request) -> Response:
        """The button. It says nothing about whether the link still works: trying is what uses it up."""
        page = templates().get_template("sign_in_button.j2")
        return HTMLResponse(page.render(token=request.path_params["token"]))

    async def enter(self, request: Request) -> Response:
        """Use the link up."""
        client = request.client.host if request.client else ""
        if not self._limiter.hit(_TRIES, client):
            return refusal(429, "Thử nhiều lần quá. Đồng chí chờ một phút rồi thử lại.")
        return await run_in_threadpool(self._enter, request.path_params["token"])

    def _enter(self, token: str) -> Response:
        with explained(str(self.console.engine.url)), self.console.engine.begin() as connection:
            session = sign_in(connection, token, self.console.clock.now())
        if session is None:
            response = RedirectResponse(SIGN_IN, status_code=303)
            sentence = "Liên kết này đã dùng hoặc đã quá 10 phút. Đồng chí nhắn /web cho bot để lấy liên kết mới."
            write_said(self.console, response, sentence, wrong=True)
            return response
        response = RedirectResponse("/", status_code=303)
        begin_session(self.console, response, session)
        return response

    async def leave(self, request: Request) -> Response:
        """Sign out, with the session's token."""
        async with request.form(max_files=0, max_fields=5) as form:
            return await run_in_threadpool(self._leave, request, str(form.get("csrf", "")))

    def _leave(self, request: Request, csrf: str) -> Response:
        session, now = session_of(self.console, request), self.console.clock.now()
        with reading(self.console.engine) as connection:
            who = signed_in(connection, session, now) if session else None
        if who is not None:
            if csrf != who.csrf:
                return refusal(403, "Trang này đã cũ. Đồng chí tải lại trang rồi thực hiện lại.")
            with self.console.engine.begin() as connection:
                sign_out(connection, who, now)
        response = RedirectResponse(SIGN_IN, status_code=303)
        end_session(response)
        return response

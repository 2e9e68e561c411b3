"""Signing in and out. A link shows a button, and only the button uses it up: chats open links to preview them."""

from __future__ import annotations

import secrets

from itsdangerous import BadSignature
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from data.database import explained, reading
from engine.office import PERSON
from engine.signin import begin, sign_in, sign_out, signed_in
from web.console.frame import Console, read_said, templates, write_said
from web.console.guard import SIGN_IN, begin_session, end_session, refusal, session_of
from web.console.other_ways import OtherWay, Proven

LINK = "/vao/{token}"
OTHER = "/vao-bang/{name}"
STATE = "nv_ve"  # the cookie that ties a provider's answer to the browser that asked
STATE_FOR = 600  # seconds
TOO_LATE = "Liên kết này đã dùng hoặc đã quá 10 phút. Đồng chí nhắn /web cho bot để lấy liên kết mới."
_TRIES = parse("10 per minute")  # links are too long to be guessed; this keeps whoever tries from costing anything


def routes(console: Console) -> list[Route]:
    """The addresses that are open to everybody."""
    door = _Door(console)
    return [
        Route(SIGN_IN, door.explain, methods=["GET"]),
        Route(LINK, door.ask, methods=["GET"]),
        Route(LINK, door.enter, methods=["POST"]),
        Route("/ra", door.leave, methods=["POST"]),
        Route(OTHER, door.go_elsewhere, methods=["GET"]),
        Route(f"{OTHER}/ve", door.come_back, methods=["GET"]),
    ]


class _Door:
    def __init__(self, console: Console) -> None:
        self.console = console
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def explain(self, request: Request) -> Response:
        """How to sign in."""
        said = read_said(self.console, request)
        page = templates().get_template("sign_in.j2")
        return HTMLResponse(page.render(said=said, sandbox=self.console.sandbox, ways=self.console.ways))

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
        return self._let_in(session, TOO_LATE)

    def _let_in(self, session: str | None, why_not: str) -> Response:
        response = RedirectResponse("/" if session else SIGN_IN, status_code=303)
        if session is None:
            write_said(self.console, response, why_not, wrong=True)
        else:
            begin_session(self.console, response, session)
        return response

    # ---- another way: see other_ways ----

    async def go_elsewhere(self, request: Request) -> Response:
        """To the provider's page."""
        way, state = self._way(request), secrets.token_urlsafe(24)
        response = RedirectResponse(way.begin(self._back(request, way), state), status_code=303)
        kept = self.console.signer("state").dumps([way.name, state])
        response.set_cookie(STATE, kept, STATE_FOR, httponly=True, samesite="lax", secure=self.console.secure, path="/")
        return response

    async def come_back(self, request: Request) -> Response:
        """From the provider's page, with its answer."""
        way = self._way(request)
        client = request.client.host if request.client else ""
        if not self._limiter.hit(_TRIES, client):
            return refusal(429, "Thử nhiều lần quá. Đồng chí chờ một phút rồi thử lại.")
        response = await run_in_threadpool(self._come_back, request, way)
        response.delete_cookie(STATE, path="/")
        return response

    def _come_back(self, request: Request, way: OtherWay) -> Response:
        try:
            name, state = self.console.signer("state").loads(request.cookies.get(STATE, ""), max_age=STATE_FOR)
        except BadSignature:
            name, state = "", ""
        answer = dict(request.query_params)
        proven = None
        if name == way.name and secrets.compare_digest(answer.get("state", "").encode(), str(state).encode()):
            proven = way.finish(answer, self._back(request, way), state)
        return self._let_in(self._session_of(proven, way), "Chưa vào được bằng cách này. Đồng chí nhắn /web cho bot.")

    def _session_of(self, proven: Proven | None, way: OtherWay) -> str | None:
        if proven is None:
            return None
        with explained(str(self.console.engine.url)), self.console.engine.begin() as connection:
            wanted = (PERSON.c.office_id == proven.office_id, PERSON.c.slug == proven.slug)
            person = connection.execute(select(PERSON.c.id).where(*wanted)).scalar()
            return begin(connection, proven.office_id, person, self.console.clock.now(), way.name) if person else None

    def _way(self, request: Request) -> OtherWay:
        found = next((way for way in self.console.ways if way.name == request.path_params["name"]), None)
        if found is None:
            raise HTTPException(404)
        return found

    def _back(self, request: Request, way: OtherWay) -> str:
        base = self.console.public_url or str(request.base_url)
        return f"{base.rstrip('/')}/vao-bang/{way.name}/ve"

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

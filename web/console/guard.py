"""The door: who may see which page. Deny by default: a page that names no right cannot be made.

Reading pages get a connection that only looks; writing ones a transaction that is kept only when the page returns.
Pages are plain functions and run in a thread, so that a slow one holds up neither the bots nor other viewers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from itsdangerous import BadSignature
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from data.database import explained, reading
from engine.errors import DatabaseTrouble, NhacViecError
from engine.office import view_office
from engine.rules.rights import Right, may, parts_in_office
from engine.signin import SignedIn, is_stale, note_seen, signed_in
from web.console.frame import Asked, Console, templates

SESSION = "nv_phien"
LARGEST_FORM = 26 * 1024 * 1024  # bytes: the largest document that is read, and the form around it
SIGN_IN = "/dang-nhap"


@dataclass(frozen=True, slots=True)
class Page:
    """One address of the console, and the right it needs."""

    path: str
    right: Right
    answer: Callable[[Asked], Response]
    writes: bool = False  # a POST, in a transaction of its own
    is_page: bool = True  # something to look at; False: a file to keep, or a piece of a page
    again: Callable[[Asked], Response] | None = None  # the form once more, as it was filled in, after a refusal

    @property
    def method(self) -> str:
        """The one HTTP method it answers."""
        return "POST" if self.writes else "GET"


def guarded(console: Console, page: Page) -> Route:
    """The route of a page: only for who is signed in, has the right, and (to write) sends the session's token."""

    async def endpoint(request: Request) -> Response:
        length = request.headers.get("content-length", "")  # browsers always say it; nothing is read before
        if not length.isdecimal() or int(length) > LARGEST_FORM:
            return refusal(413, "Tệp lớn quá, đồng chí gửi tệp dưới 25 MB.")
        async with request.form(max_files=2, max_fields=200, max_part_size=LARGEST_FORM) as form:
            return await run_in_threadpool(_answer, console, page, request, form)

    async def without_form(request: Request) -> Response:
        return await run_in_threadpool(_answer, console, page, request, FormData())

    return Route(page.path, endpoint if page.writes else without_form, methods=[page.method], name=page.path)


def _answer(console: Console, page: Page, request: Request, form: FormData) -> Response:
    try:
        with explained(str(console.engine.url)):
            return _let_in(console, page, request, form)
    except DatabaseTrouble as trouble:
        return refusal(503, str(trouble))
    except NhacViecError as wrong:
        return refusal(422, str(wrong))


def _let_in(console: Console, page: Page, request: Request, form: FormData) -> Response:
    now = console.clock.now()
    session = session_of(console, request)
    with reading(console.engine) as connection:
        who = signed_in(connection, session, now) if session else None
        stale = who is not None and is_stale(connection, who, now)
    if who is None:
        return _to_sign_in(request)
    if page.writes and not secrets.compare_digest(str(form.get("csrf", "")), who.csrf):
        return refusal(403, "Trang này đã cũ. Đồng chí tải lại trang rồi thực hiện lại.")
    if stale:
        with console.engine.begin() as connection:
            note_seen(connection, who, now)
    if not page.writes:
        with reading(console.engine) as connection:
            return page.answer(_asked(console, page, request, who, connection, form))
    with console.engine.begin() as connection:
        asked = _asked(console, page, request, who, connection, form)
        try:
            with connection.begin_nested():  # a refusal takes back what it had begun
                answer = page.answer(asked)
        except NhacViecError as wrong:
            if page.again is None:
                return asked.back(_path_of(request), str(wrong), wrong=True)
            asked.refusal = str(wrong)
            return page.again(asked)
    console.wake()
    return answer


def _asked(
    console: Console, page: Page, request: Request, who: SignedIn, connection: Connection, form: FormData
) -> Asked:
    office = view_office(connection, who.office_id)
    parts = parts_in_office(office.staff, who.person_id)
    if not may(page.right, parts):
        raise HTTPException(403)
    return Asked(
        console,
        request,
        connection,
        office,
        office.staff.members[who.person_id],
        parts,
        who.csrf,
        console.clock.now(),
        {name: value for name, value in form.items() if isinstance(value, str)},
        {name: value for name, value in form.items() if isinstance(value, UploadFile)},
    )


def _path_of(request: Request) -> str:
    """The page from which a form was sent, as a path of ours."""
    where = urlsplit(request.headers.get("referer", ""))
    return f"{where.path or '/'}{'?' + where.query if where.query else ''}"


def session_of(console: Console, request: Request) -> str | None:
    """The session's token from its signed cookie; a forged one never reaches the database."""
    value = request.cookies.get(SESSION)
    if not value:
        return None
    try:
        return str(console.signer("session").loads(value))
    except BadSignature:
        return None


def begin_session(console: Console, response: Response, session: str) -> None:
    """Put the session into the browser. It ends with the browser, or when the engine says so."""
    value = console.signer("session").dumps(session)
    response.set_cookie(SESSION, value, httponly=True, samesite="lax", secure=console.secure, path="/")


def end_session(response: Response) -> None:
    """Take it out again."""
    response.delete_cookie(SESSION, path="/")


def _to_sign_in(request: Request) -> Response:
    if "hx-request" in request.headers:  # a part of a page: the whole page must go
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    return RedirectResponse(SIGN_IN, status_code=303)


def refusal(status: int, sentence: str) -> Response:
    """A page that says why not, and leads home."""
    page = templates().get_template("refusal.j2")
    return HTMLResponse(page.render(status=status, sentence=sentence), status_code=status)

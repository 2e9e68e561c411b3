"""The sandbox's page, and the console of its commune beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from engine.errors import NhacViecError
from web.console.app import build_console, secret_of
from web.console.frame import Console, read_said, templates, write_said
from web.console.guard import refusal
from web.sandbox.play import CannotGo, Play

HERE = "/thu"
ROLES = {"officer": "Chuyên viên", "head": "Trưởng đơn vị", "leader": "Lãnh đạo", "viewer": "Người xem"}
_STEPS = {"gio": dt.timedelta(hours=1), "ngay": dt.timedelta(days=1)}


def build_sandbox(play: Play, address: str) -> Starlette:
    """The application: the telephones at ``/thu``, the console of the played commune at ``/``.

    ``address``: where browsers reach it, as "http://127.0.0.1:8041"; links into the console lead there.
    """
    play.move_in(address)
    console = Console(play.engine, play.clock, secret_of(play.engine, play.clock), public_url=address, sandbox=True)
    app = build_console(console)
    page = _Page(play, console)
    app.router.routes[0:0] = [
        Route(HERE, page.show, methods=["GET"]),
        Route(f"{HERE}/{{deed}}", page.act, methods=["POST"]),
    ]
    return app


class _Page:
    def __init__(self, play: Play, console: Console) -> None:
        self._play, self._console = play, console
        self._deeds: dict[str, Callable[[FormData], str]] = {
            "nhan": self._say,
            "bam": self._press,
            "dong-ho": self._clock,
            "xem": self._show,
            "lai": self._again,
        }

    async def show(self, request: Request) -> Response:
        """The telephones side by side, and the clock."""
        play = self._play
        last_day = dt.date(play.year_begins.year, 12, 31)
        said = read_said(self._console, request)
        page = templates().get_template("sandbox.j2")
        response = HTMLResponse(
            page.render(
                said=said,
                play=play,
                now=play.clock.now(),
                zone=play.zone,
                today=play.today,
                last_day=last_day,
                day_of_year=(play.today - play.year_begins).days,
                days=(last_day - play.year_begins).days,
                shown=[play.telephones[address] for address in play.shown],
                others=[t for t in play.telephones.values() if t.address not in play.shown],
                roles=ROLES,
            )
        )
        if said:
            response.delete_cookie("nv_said", path="/")
        return response

    async def act(self, request: Request) -> Response:
        """Do one thing, and come back."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return refusal(403, "Trang chạy thử chỉ nhận lệnh từ chính nó.")
        deed = self._deeds.get(request.path_params["deed"])
        if deed is None:
            return refusal(404, "Không có trang này.")
        async with request.form(max_files=0, max_fields=10) as form:
            try:
                sentence, wrong = await run_in_threadpool(deed, form), False
            except NhacViecError as trouble:
                sentence, wrong = str(trouble), True
        response = RedirectResponse(HERE, status_code=303)
        if sentence:
            write_said(self._console, response, sentence, wrong=wrong)
        return response

    def _say(self, form: FormData) -> str:
        self._play.say(_field(form, "address"), _field(form, "text")[:2000])
        return ""

    def _press(self, form: FormData) -> str:
        self._play.press(_field(form, "address"), _number(form, "bubble"), _number(form, "button"))
        return ""

    def _clock(self, form: FormData) -> str:
        by = _field(form, "by")
        if by in _STEPS:
            self._play.forward(_STEPS[by])
        elif by == "tin":
            if not self._play.go_to_next_message():
                return "Trong hơn một năm tới không còn tin nào."
        elif by == "toi":
            self._play.go_to(self._play.begins_at(_day(form, self._play)))
        return ""

    def _show(self, form: FormData) -> str:
        self._play.show(_field(form, "address"))
        return ""

    def _again(self, form: FormData) -> str:
        day = _day(form, self._play)
        self._play.start(day)
        return f"Đã chơi lại từ sáng {day:%d/%m/%Y}."


def _field(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _number(form: FormData, name: str) -> int:
    text = _field(form, name)
    if not text.isdecimal() or len(text) > 6:
        raise CannotGo("Lệnh này không đúng. Xin tải lại trang.")
    return int(text)


def _day(form: FormData, play: Play) -> dt.date:
    """The day chosen on the slider (days since the year began), or in the calendar field."""
    if _field(form, "slider") and not _field(form, "day"):
        return play.year_begins + dt.timedelta(days=min(_number(form, "slider"), 365))
    try:
        day = dt.date.fromisoformat(_field(form, "day"))
    except ValueError:
        raise CannotGo("Ngày chưa đúng, xin chọn lại.") from None
    if not play.year_begins.year <= day.year <= play.year_begins.year + 1:
        raise CannotGo(f"Chỉ chạy thử được trong hai năm {play.year_begins.year} và {play.year_begins.year + 1}.")
    return day

"""*Lịch*."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from engine.rules.rights import Right
from engine.screens.calendar import SHOWN_NAMES, YEARS, Filter, Shown, View, calendar_of
from web.console.frame import Asked
from web.console.guard import Page

_VIEWS = {View.MONTH: "Tháng", View.QUARTER: "Quý", View.YEAR: "Năm"}


def show(asked: Asked) -> Response:
    """What falls due when."""
    wanted = _wanted(asked)
    screen = calendar_of(asked.connection, asked.office, asked.me.id, wanted, asked.now)

    def at(view: View = wanted.view, day: dt.date = wanted.day, unit: int | None = wanted.unit) -> str:
        """The address of another part of the calendar, with the same filters."""
        parts = {"xem": view, "ngay": day, "don-vi": unit, "nguoi": wanted.person, "trang-thai": wanted.shown}
        return "/lich?" + urlencode({name: str(value) for name, value in parts.items() if value})

    return asked.show("lich.j2", screen=screen, at=at, views=_VIEWS, View=View, shown_names=SHOWN_NAMES)


def _wanted(asked: Asked) -> Filter:
    query = asked.query
    try:
        wanted = Filter(
            View(query.get("xem") or View.MONTH),
            dt.date.fromisoformat(query["ngay"]) if query.get("ngay") else asked.today,
            int(query["don-vi"]) if query.get("don-vi") else None,
            int(query["nguoi"]) if query.get("nguoi") else None,
            Shown(query.get("trang-thai", "")),
        )
    except ValueError:
        raise HTTPException(404) from None
    if not YEARS[0] <= wanted.day.year <= YEARS[1]:
        raise HTTPException(404)
    return wanted


PAGES = (Page("/lich", Right.SEE_UNIT, show),)

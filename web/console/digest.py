"""*Bản tin*: the weeks' digests, the lists behind their numbers, their pictures, and a copy on trial."""

from __future__ import annotations

import datetime as dt

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bots.picture import png
from engine.errors import NotFound
from engine.rules.rights import Right
from engine.screens.digest_page import (
    TITLES,
    List,
    digest_page,
    list_of,
    message_of,
    read_week,
    send_trial,
    units_of,
    week_of_next,
    weeks_of,
)
from web.console.frame import Asked
from web.console.guard import Page

READER = "lãnh đạo"  # whom the page's digest greets


def coming(asked: Asked) -> Response:
    """The next digest as it would leave now, and the weeks before."""
    week = week_of_next(asked.connection, asked.office, asked.now)
    return _page(asked, _monday(asked, week), with_weeks=True)


def one_week(asked: Asked) -> Response:
    """One week's digest."""
    return _page(asked, _monday(asked, asked.path["week"]), with_weeks=False)


def picture(asked: Asked) -> Response:
    """The picture of one week's digest."""
    monday = _monday(asked, asked.path["week"])
    message = message_of(asked.connection, asked.office, monday, asked.now, READER)
    return Response(png(message), media_type="image/png")


def lines(asked: Asked) -> Response:
    """The work behind one number."""
    monday = _monday(asked, asked.path["week"])
    try:
        which = List(asked.path["list"])
    except ValueError:
        raise HTTPException(404) from None
    unit = asked.query.get("don-vi", "")
    listed = list_of(asked.connection, asked.office, monday, which, asked.now, unit)
    return asked.show(
        "digest_list.j2", title=TITLES[which], unit=unit, week=asked.path["week"], monday=monday, listed=listed
    )


def trial(asked: Asked) -> Response:
    """Send it to the viewer alone."""
    monday = _monday(asked, asked.path["week"])
    said = send_trial(asked.connection, asked.office, asked.me, monday, asked.now)
    return asked.back(f"/ban-tin/{asked.path['week']}", said)


def _page(asked: Asked, monday: dt.date, *, with_weeks: bool) -> Response:
    page = digest_page(asked.connection, asked.office, monday, asked.now, READER)
    return asked.show(
        "digest.j2",
        page=page,
        units=units_of(page.message),
        weeks=weeks_of(asked.connection, asked.office, asked.now) if with_weeks else (),
        titles=TITLES,
        List=List,
    )


def _monday(asked: Asked, week: str) -> dt.date:
    try:
        return read_week(asked.connection, asked.office, week, asked.now)
    except NotFound:
        raise HTTPException(404) from None


PAGES = (
    Page("/ban-tin", Right.SEE_DIGEST, coming),
    Page("/ban-tin/{week}", Right.SEE_DIGEST, one_week),
    Page("/ban-tin/{week}/anh.png", Right.SEE_DIGEST, picture, is_page=False),
    Page("/ban-tin/{week}/gui-thu", Right.SEE_DIGEST, trial, writes=True),
    Page("/ban-tin/{week}/{list}", Right.SEE_DIGEST, lines),
)

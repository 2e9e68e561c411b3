"""*Hôm nay*."""

from __future__ import annotations

from starlette.responses import Response

from engine.rules.rights import Right
from engine.screens.deeds import ASKS, LABELS, Deed
from engine.screens.today import today_of
from web.console.frame import Asked
from web.console.guard import Page

SHOWN = 12  # lines of one list; the rest is folded


def show(asked: Asked) -> Response:
    """What needs somebody's hand now."""
    screen = today_of(asked.connection, asked.office, asked.me.id, asked.now)
    return asked.show("today.j2", screen=screen, labels=LABELS, asks=ASKS, Deed=Deed, shown=SHOWN)


PAGES = (Page("/", Right.SEE_OWN, show),)

"""*Của tôi* (``/toi``): calendar feeds and keys for other programs, made and taken back by their owner."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from engine import keys
from engine.errors import NhacViecError
from engine.keys import Opens
from engine.rules.rights import Right
from engine.screens.mine import mine_of
from web.console.frame import Asked
from web.console.guard import Page


class WrongForm(NhacViecError):
    """The form is not one of this page's."""


def show(asked: Asked) -> Response:
    """The keys, and the forms for new ones."""
    return _page(asked)


def new_feed(asked: Asked) -> Response:
    """A calendar feed: of the person's own work, or of a unit's. Its address is shown this once."""
    screen = mine_of(asked.connection, asked.office, asked.me.id, asked.now)
    chosen = asked.form.get("unit", "")
    unit = next((unit for unit in screen.units if str(unit[0]) == chosen), None)
    if chosen and unit is None:
        raise WrongForm("Đồng chí chưa có quyền xem lịch của đơn vị này.")
    name = f"Lịch việc của {unit[1]}" if unit else "Lịch việc của tôi"
    key = keys.make(
        asked.connection,
        asked.office.id,
        asked.me.id,
        Opens.FEED,
        name,
        asked.now,
        unit_id=unit[0] if unit else None,
    )
    base = asked.console.public_url or str(asked.request.base_url)
    return _page(asked, fresh=f"{base.rstrip('/')}/lich/{key}.ics", is_feed=True)


def new_api_key(asked: Asked) -> Response:
    """A key for another program; it is shown this once."""
    name = asked.form.get("name", "").strip()
    if not name:
        raise WrongForm("Đồng chí đặt tên cho mã, ví dụ: phần mềm một cửa của tỉnh.")
    read_only = asked.form.get("writes") != "yes"
    key = keys.make(asked.connection, asked.office.id, asked.me.id, Opens.API, name, asked.now, read_only=read_only)
    return _page(asked, fresh=key, is_feed=False)


def take_back(asked: Asked) -> Response:
    """Make one useless."""
    if not keys.take_back(asked.connection, asked.me.id, asked.path["id"], asked.now):
        raise HTTPException(404)
    return asked.back("/toi", "Đã thu hồi mã. Phần mềm đang dùng mã này sẽ không đọc được nữa.")


def _page(asked: Asked, *, fresh: str | None = None, is_feed: bool = False) -> Response:
    screen = mine_of(asked.connection, asked.office, asked.me.id, asked.now)
    return asked.show("toi.j2", screen=screen, fresh=fresh, is_feed=is_feed, Opens=Opens)


PAGES = (
    Page("/toi", Right.SEE_OWN, show),
    Page("/toi/lich", Right.SEE_OWN, new_feed, writes=True),
    Page("/toi/ma", Right.SEE_OWN, new_api_key, writes=True),
    Page("/toi/thu-hoi/{id:int}", Right.SEE_OWN, take_back, writes=True),
)

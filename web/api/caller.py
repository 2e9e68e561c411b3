"""Who asks: known by a key in the header, never by a cookie."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Connection

from data.database import explained, reading
from engine.keys import Key, Opens, note_used, opened_by
from engine.office import OfficeView, view_office
from engine.rules.chain import Member
from engine.rules.rights import Right, may, parts_in_office
from web.console.frame import Console

RATE = parse("600 per minute")  # one key's; a nightly copy of a whole office needs some hundred calls
_bearer = HTTPBearer(auto_error=False, description="A key made on the console's page “Của tôi”.")


class Trouble(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, title: str, detail: list[str] | None = None) -> None:
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail or []


@dataclass(frozen=True, slots=True)
class Served:
    """What the API answers from; one for each application."""

    console: Console
    limiter: MovingWindowRateLimiter


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks: their key, office and person."""

    console: Console
    key: Key
    office: OfficeView
    me: Member
    now: dt.datetime

    @property
    def today(self) -> dt.date:
        """The office's day."""
        return self.office.today(self.now)

    def need(self, right: Right) -> None:
        """:raises Trouble: 403, the person has not this right in the office."""
        if not may(right, parts_in_office(self.office.staff, self.me.id)):
            raise Trouble(403, "Mã truy cập này không có quyền xem mục này.")

    def reading(self) -> Connection:
        """A connection that only looks."""
        return reading(self.console.engine)


def served_from(console: Console) -> Served:
    """A fresh limiter over a console's database."""
    return Served(console, MovingWindowRateLimiter(MemoryStorage()))


def caller(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Iterator[Caller]:
    """The caller, for as long as the answer is made.

    :raises Trouble: 401, no key that works; 429, too many calls with it.
    """
    served: Served = request.app.state.served
    console, now = served.console, served.console.clock.now()
    with explained(str(console.engine.url)):
        with reading(console.engine) as connection:
            key = opened_by(connection, given.credentials, Opens.API, now) if given else None
            if key is None:
                raise Trouble(401, "Thiếu mã truy cập, hoặc mã không còn dùng được.")
            if not served.limiter.hit(RATE, str(key.id)):
                raise Trouble(429, "Gọi nhiều lần quá. Hãy chờ một phút.")
            office = view_office(connection, key.office_id)
        with console.engine.begin() as connection:
            note_used(connection, key, now)
        yield Caller(console, key, office, office.staff.members[key.person_id], now)

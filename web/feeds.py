"""Calendar feeds: ``/lich/<key>.ics``, read by telephones and mail programs (RFC 5545, RFC 7986).

Outside the door of the console: the key in the address is the right to read, and can be taken back. Whoever asks with
one that does not work is answered like whoever asks for nothing that exists.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from icalendar import Calendar, Event, vDuration
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from data.database import reading
from engine.keys import Opens, note_used, opened_by
from engine.office import view_office
from engine.screens.feed import Entry, Feed, feed_of
from web.console.frame import Console

ASK_AGAIN_AFTER = dt.timedelta(hours=2)
_NOT_KEPT = {"Cache-Control": "private, no-cache"}


def feed_routes(console: Console) -> list[Route]:
    """The one route."""

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(_answer, console, request)

    return [Route("/lich/{key}.ics", answer, methods=["GET"])]


def _answer(console: Console, request: Request) -> Response:
    now = console.clock.now()
    with reading(console.engine) as connection:
        key = opened_by(connection, request.path_params["key"], Opens.FEED, now)
        feed = feed_of(connection, view_office(connection, key.office_id), key, now) if key else None
    if key is None or feed is None:
        return PlainTextResponse("Không có lịch này.", status_code=404)
    with console.engine.begin() as connection:
        note_used(connection, key, now)
    body = as_ics(feed, console.public_url or str(request.base_url).rstrip("/"), now)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**_NOT_KEPT, "ETag": tag, "Content-Disposition": 'inline; filename="nhac-viec.ics"'}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/calendar; charset=utf-8")


def as_ics(feed: Feed, address: str, now: dt.datetime) -> bytes:
    """The feed as a calendar file; ``address`` is the console's. The same work gives the same bytes on the same day."""
    calendar = Calendar()
    calendar.add("prodid", "-//Nhac Viec//nhacviec//VI")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", feed.name)
    calendar.add("x-wr-calname", feed.name)
    calendar.add("refresh-interval", vDuration(ASK_AGAIN_AFTER), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(ASK_AGAIN_AFTER))
    stamp = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for entry in feed.entries:
        calendar.add_component(_event(entry, address, stamp))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Entry, address: str, stamp: dt.datetime) -> Event:
    event = Event()
    event.add("uid", f"viec-{entry.id}@nhacviec")
    event.add("sequence", entry.version)
    event.add("dtstamp", stamp)
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + dt.timedelta(days=1))
    mark = "✓ " if entry.is_done else ""
    event.add("summary", f"{mark}{entry.title} – {entry.unit}")
    told = [f"Tình trạng: {entry.state}."]
    if entry.due != entry.day:
        told.append(f"Hạn chính thức: {entry.due:%d/%m/%Y}.")
    if entry.doer:
        told.append(f"Người làm: {entry.doer}.")
    event.add("description", "\n".join(told))
    event.add("url", f"{address}/viec/{entry.id}")
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # a deadline keeps nobody busy
    return event

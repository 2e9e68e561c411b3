"""A digest's picture for a chat that can only take an address: signed, for a day, and nothing else behind it.

It stands outside the guard, as the provider that fetches it cannot sign in. Whoever holds the address sees the one
picture, which its reader was sent; it names no person and cannot be changed into another's.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.picture import png
from data.database import reading
from engine.messages import Channel, DigestMessage
from engine.office import view_office
from engine.rules.digest_numbers import monday_of
from engine.screens.digest_page import message_of
from engine.weeks_before import digests_of, weeks_before
from web.console.frame import Console

GOOD_FOR = 24 * 3600  # seconds: the provider fetches it within the minute, a telephone that was off somewhat later
PURPOSE = "picture"


def picture_link(public_url: str, signer: URLSafeTimedSerializer) -> Callable[[DigestMessage], str | None]:
    """What makes the address of a digest's picture; None for a digest of which the office is not known."""

    def link(message: DigestMessage) -> str | None:
        if not message.office_id:
            return None
        token = signer.dumps([message.office_id, message.week])
        return f"{public_url.rstrip('/')}/anh/{token}.png"

    return link


def offer(console: Console, channels: Iterable[Channel]) -> None:
    """Let the channels that take addresses of pictures have them, where the console has a public address."""
    if console.public_url is None:
        return
    link = picture_link(console.public_url, console.signer(PURPOSE))
    for channel in channels:
        if hasattr(channel, "picture_link"):
            channel.picture_link = link


def routes(console: Console) -> list[Route]:
    """The one address."""

    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, console, str(request.path_params["token"]))

    return [Route("/anh/{token}.png", show, methods=["GET"])]


def _show(console: Console, token: str) -> Response:
    try:
        office_id, week = console.signer(PURPOSE).loads(token, max_age=GOOD_FOR)
        with reading(console.engine) as connection:
            picture = png(_message(connection, str(office_id), str(week), console.clock.now()))
    except (BadSignature, KeyError, ValueError, TypeError):
        raise HTTPException(404) from None
    name = hashlib.sha256(token.encode()).hexdigest()[:16]
    return Response(picture, media_type="image/png", headers={"ETag": f'"{name}"'})


def _message(connection: Connection, office_id: str, week: str, now: dt.datetime) -> DigestMessage:
    """The digest that was sent; of one that was sent on trial only, as it would be now."""
    said = digests_of(connection, office_id, [week]).get(week)
    if said is not None:
        return replace(said, office_id=office_id, before=weeks_before(connection, office_id, week))
    return message_of(connection, view_office(connection, office_id), monday_of(week), now, "")

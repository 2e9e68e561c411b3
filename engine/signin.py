"""Signing in to the console: a link that works once, and the session it opens. No passwords.

The bot gives the link to whoever types ``/web`` in their own chat, so that being at that chat is the proof; an operator
at the machine may make one for anybody. Only hashes of links and sessions are kept: whoever reads the database, or a
backup of it, signs in nowhere.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from data import journal
from data.muted import SETTING
from data.tables import LoginLink, WebSession
from data.upsert import upsert
from engine.errors import NhacViecError
from engine.office import PERSON

LOGIN_LINK = LoginLink.__table__  # type: ignore[attr-defined]
WEB_SESSION = WebSession.__table__  # type: ignore[attr-defined]

LINK_IS_GOOD_FOR = dt.timedelta(minutes=10)
IDLE_FOR = dt.timedelta(hours=10)  # a working day: whoever comes back the next morning asks for a new link
ENDS_AFTER = dt.timedelta(days=7)
NOTE_SEEN_EVERY = dt.timedelta(minutes=5)  # so that looking at pages does not write with every click
MOST_LINKS = 6  # live links of one person: a seventh within ten minutes is refused


_ADDRESS = "console_address"


class TooManyLinks(NhacViecError):
    """Somebody asks for one link after another."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who looks at a page. ``csrf`` must come back with every form of this session."""

    session_id: int
    person_id: int
    office_id: str
    csrf: str


def open_at(connection: Connection, address: str | None, now: dt.datetime) -> None:
    """Remember where the console is reached from, so that links lead there; None: none runs."""
    if address is None:
        connection.execute(delete(SETTING).where(SETTING.c.key == _ADDRESS))
        return
    value = {"value": address.rstrip("/"), "changed_at": now}
    statement = upsert(connection, SETTING).values(key=_ADDRESS, **value)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=value))


def address(connection: Connection) -> str | None:
    """Where the console is reached from; None: none runs."""
    found: str | None = connection.execute(select(SETTING.c.value).where(SETTING.c.key == _ADDRESS)).scalar()
    return found


def link_at(address: str, token: str) -> str:
    """The link that carries a token."""
    return f"{address}/vao/{token}"


def new_link(connection: Connection, person_id: int, asked_by: str, now: dt.datetime) -> str:
    """A fresh token for a link; it is returned here and kept nowhere.

    :raises TooManyLinks: this person has several that still work.
    """
    person = connection.execute(select(PERSON.c.office_id, PERSON.c.name).where(PERSON.c.id == person_id)).one()
    live = (LOGIN_LINK.c.person_id == person_id, LOGIN_LINK.c.expires_at > now, LOGIN_LINK.c.used_at.is_(None))
    if connection.execute(select(func.count()).where(*live)).scalar_one() >= MOST_LINKS:
        raise TooManyLinks("Đã gửi nhiều liên kết đăng nhập. Hãy dùng liên kết mới nhất, hoặc thử lại sau 10 phút.")
    token = secrets.token_urlsafe(24)
    connection.execute(delete(LOGIN_LINK).where(LOGIN_LINK.c.expires_at < now - ENDS_AFTER))
    connection.execute(
        insert(LOGIN_LINK).values(
            token_hash=_hash(token),
            office_id=person.office_id,
            person_id=person_id,
            issued_at=now,
            expires_at=now + LINK_IS_GOOD_FOR,
        )
    )
    line = journal.Line(asked_by, "login_link", None, {"person": person.name})
    journal.append(connection, person.office_id, now, [line])
    return token


def sign_in(connection: Connection, token: str, now: dt.datetime) -> str | None:
    """Use a link up. Returns the session's token for the cookie; None: used, too old, or never ours."""
    used = connection.execute(
        update(LOGIN_LINK)
        .where(LOGIN_LINK.c.token_hash == _hash(token), LOGIN_LINK.c.used_at.is_(None), LOGIN_LINK.c.expires_at > now)
        .values(used_at=now)
        .returning(LOGIN_LINK.c.office_id, LOGIN_LINK.c.person_id)
    ).first()
    if used is None:
        return None
    return begin(connection, used.office_id, used.person_id, now)


def begin(connection: Connection, office_id: str, person_id: int, now: dt.datetime, way: str = "") -> str | None:
    """A session for somebody who has proven who they are: by a link of ours, or by another ``way``, which is named.

    Returns its token for the cookie; None: they no longer work in this office.
    """
    person = connection.execute(
        select(PERSON.c.name).where(PERSON.c.id == person_id, PERSON.c.office_id == office_id, PERSON.c.active)
    ).first()
    if person is None:
        return None
    session = secrets.token_urlsafe(32)
    connection.execute(delete(WEB_SESSION).where(WEB_SESSION.c.begun_at < now - ENDS_AFTER))
    connection.execute(
        insert(WEB_SESSION).values(
            token_hash=_hash(session),
            office_id=office_id,
            person_id=person_id,
            csrf=secrets.token_urlsafe(24),
            begun_at=now,
            seen_at=now,
        )
    )
    line = journal.Line(person.name, "signed_in", None, {"way": way} if way else {})
    journal.append(connection, office_id, now, [line])
    return session


def signed_in(connection: Connection, session: str, now: dt.datetime) -> SignedIn | None:
    """Who this session is; None: ended, idle for too long, or the person no longer works here."""
    row = connection.execute(
        select(WEB_SESSION)
        .join(PERSON, PERSON.c.id == WEB_SESSION.c.person_id)
        .where(
            WEB_SESSION.c.token_hash == _hash(session),
            WEB_SESSION.c.ended_at.is_(None),
            WEB_SESSION.c.seen_at > now - IDLE_FOR,
            WEB_SESSION.c.begun_at > now - ENDS_AFTER,
            PERSON.c.active,
        )
    ).first()
    return SignedIn(row.id, row.person_id, row.office_id, row.csrf) if row else None


def is_stale(connection: Connection, who: SignedIn, now: dt.datetime) -> bool:
    """Whether it is time to note that the session is still in use."""
    seen = connection.execute(select(WEB_SESSION.c.seen_at).where(WEB_SESSION.c.id == who.session_id)).scalar_one()
    return bool(now - seen > NOTE_SEEN_EVERY)


def note_seen(connection: Connection, who: SignedIn, now: dt.datetime) -> None:
    """The session is in use."""
    connection.execute(update(WEB_SESSION).where(WEB_SESSION.c.id == who.session_id).values(seen_at=now))


def sign_out(connection: Connection, who: SignedIn, now: dt.datetime) -> None:
    """End this session."""
    connection.execute(update(WEB_SESSION).where(WEB_SESSION.c.id == who.session_id).values(ended_at=now))


def _hash(token: str) -> str:
    # Tokens are random and long: a plain hash is enough, and quick enough for every page.
    return hashlib.sha256(token.encode()).hexdigest()

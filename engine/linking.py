"""Linking: a one-time code from the office joins a chat to a person, or a group to a unit.

A code is used once, expires, and is kept only as its hash. Whatever is not a live code is answered alike: unknown,
used, expired, withdrawn, or typed where it does not belong (at another office's bot, for one). Guessing is stopped by
the sender's own wrong tries and by those at the whole bot.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, delete, distinct, func, insert, or_, select, update

from data import journal, serving
from data.rows import AnyRow
from engine.actions import Actor
from engine.messages import Said
from engine.office import CHAT, INBOUND, LINK_CODE, PERSON, UNIT
from engine.rules.codes import code_in, hash_of, matching, new_code

GOOD_FOR_DAYS = 7
WRONG_BY_SENDER = 5
WRONG_AT_BOT = 100
WITHIN = dt.timedelta(hours=1)
MAIL = "email"  # a person's last resort: it is ranked behind every chat, and no code belongs to it
LAST_RESORT = 90  # the rank from which an address is a last resort
USERS_OF_ZALO = 50  # people a free Zalo bot may serve
NEARLY_FULL = 5

ACCOUNT_HOLDER = "người giữ tài khoản nhắn tin"  # no office's journal names another office's people

Outcome = Literal["linked", "unit_linked", "already_linked", "wrong"]


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What came of a code somebody typed. All is None but the outcome when it was wrong.

    ``replaced``: this chat was another person's until now.
    """

    outcome: Outcome
    person_id: int | None = None
    unit_id: int | None = None
    office_id: str | None = None
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was typed: one chat of one bot; ``sender`` is who wrote, in a group.

    ``office_id`` is the one office that the bot serves; None: it serves every office.
    """

    channel: str
    bot: str
    address: str
    sender: str | None = None
    office_id: str | None = None

    @property
    def is_group(self) -> bool:
        """Whether several people read here."""
        return self.sender is not None and self.sender != self.address


WRONG = Redeemed("wrong")


# ---- issuing ------------------------------------------------------------------------------------------------------


def issue(
    connection: Connection,
    office_id: str,
    *,
    person_id: int | None = None,
    unit_id: int | None = None,
    issued_by: str,
    now: dt.datetime,
    days: int = GOOD_FOR_DAYS,
) -> str:
    """A fresh code for a person, or for a unit's group; earlier ones that still live are withdrawn.

    It is returned here and kept nowhere.
    """
    if (person_id is None) == (unit_id is None):
        raise ValueError("a code belongs to one person or to one unit")
    owner = LINK_CODE.c.person_id == person_id if person_id is not None else LINK_CODE.c.unit_id == unit_id
    withdraw(connection, owner, now)
    code, expires_at = new_code(), now + dt.timedelta(days=days)
    connection.execute(
        insert(LINK_CODE).values(
            office_id=office_id,
            person_id=person_id,
            unit_id=unit_id,
            code_hash=hash_of(code),
            issued_at=now,
            issued_by=issued_by,
            expires_at=expires_at,
        )
    )
    data = {**_named(connection, person_id, unit_id), "until": expires_at}
    journal.append(connection, office_id, now, [journal.Line(issued_by, "code_issued", None, data)])
    return code


def withdraw(connection: Connection, whose: ColumnElement[bool], now: dt.datetime) -> int:
    """Codes that still live, of these owners, are good no longer. Returns how many."""
    return connection.execute(update(LINK_CODE).where(whose, *_LIVE, _unexpired(now)).values(withdrawn_at=now)).rowcount


_LIVE = (LINK_CODE.c.used_at.is_(None), LINK_CODE.c.withdrawn_at.is_(None))


def _unexpired(now: dt.datetime) -> ColumnElement[bool]:
    unexpired: ColumnElement[bool] = LINK_CODE.c.expires_at > now
    return unexpired


# ---- redeeming ----------------------------------------------------------------------------------------------------


def redeem(
    connection: Connection,
    *,
    channel: str,
    bot: str,
    address: str,
    sender: str | None = None,
    text: str,
    now: dt.datetime,
) -> Redeemed | None:
    """Link the chat in which a right code was typed. None: the text holds no code at all.

    Wrong tries are counted where they are recorded: in the inbox, by what was answered (``code_wrong``).
    """
    code = code_in(text)
    if code is None:
        return None
    place = Place(channel, bot, address, sender, serving.office_of(connection, channel, bot))
    if _too_many_wrong(connection, place, now):
        return WRONG
    code_hash = hash_of(code)
    live = connection.execute(_codes_for(place).where(*_LIVE, _unexpired(now))).all()
    right = matching(code_hash, [(row.id, row.code_hash) for row in live])
    if right is None:
        return _typed_again(connection, place, code_hash) or WRONG
    used = connection.execute(update(LINK_CODE).where(LINK_CODE.c.id == right, *_LIVE).values(used_at=now))
    if used.rowcount != 1:  # somebody else was quicker with it
        return WRONG
    return _link(connection, place, next(row for row in live if row.id == right), now)


def _codes_for(place: Place) -> Any:
    """A group is linked by a unit's code only, a private chat by a person's; nobody who has left is linked.

    A code is good only at a bot that serves its office.
    """
    wanted = select(
        LINK_CODE.c.id, LINK_CODE.c.code_hash, LINK_CODE.c.office_id, LINK_CODE.c.person_id, LINK_CODE.c.unit_id
    )
    if place.office_id is not None:
        wanted = wanted.where(LINK_CODE.c.office_id == place.office_id)
    if place.is_group:
        return wanted.join(UNIT, UNIT.c.id == LINK_CODE.c.unit_id).where(UNIT.c.active)
    return wanted.join(PERSON, PERSON.c.id == LINK_CODE.c.person_id).where(PERSON.c.active)


def _too_many_wrong(connection: Connection, place: Place, now: dt.datetime) -> bool:
    """Whether the sender, or all senders of this bot, have tried too often within the hour."""
    here = (INBOUND.c.channel == place.channel, INBOUND.c.bot == place.bot)
    addresses = [place.address, *([place.sender] if place.sender else [])]
    of_sender = or_(INBOUND.c.address.in_(addresses), INBOUND.c.sender.in_(addresses))
    wrong = (*here, INBOUND.c.said == Said.CODE_WRONG, INBOUND.c.handled_at > now - WITHIN)
    tried = connection.execute(
        select(func.count().label("all"), func.count().filter(of_sender).label("own")).where(*wrong)
    ).one()
    return bool(tried.own >= WRONG_BY_SENDER or tried.all >= WRONG_AT_BOT)


def _typed_again(connection: Connection, place: Place, code_hash: str) -> Redeemed | None:
    """The chat's own code once more (Telegram's Start button sends it again): nothing to do, and nothing to hide."""
    chat = _chat_at(connection, place)
    if chat is None or place.office_id not in (None, chat.office_id):
        return None
    owner = LINK_CODE.c.unit_id == chat.unit_id if place.is_group else LINK_CODE.c.person_id == chat.person_id
    used = connection.execute(
        _codes_for(place).where(owner, LINK_CODE.c.used_at.is_not(None), LINK_CODE.c.used_at >= chat.linked_at)
    )
    if matching(code_hash, [(row.id, row.code_hash) for row in used]) is None:
        return None
    return Redeemed("already_linked", chat.person_id, chat.unit_id, chat.office_id)


def _link(connection: Connection, place: Place, code: AnyRow, now: dt.datetime) -> Redeemed:
    """The chat is this owner's from now on, whoever had it before."""
    name = _named(connection, code.person_id, code.unit_id)
    actor = next(iter(name.values()))
    redeemed = Redeemed("unit_linked" if place.is_group else "linked", code.person_id, code.unit_id, code.office_id)
    there = _chat_at(connection, place)
    if there is not None and (there.person_id, there.unit_id) == (code.person_id, code.unit_id):
        connection.execute(update(CHAT).where(CHAT.c.id == there.id).values(**_OPEN))
        _write(connection, code.office_id, actor, "linked", {**name, "channel": place.channel, "again": True}, now)
        return replace(redeemed, outcome="already_linked")
    if there is not None:
        by = actor if there.office_id == code.office_id else ACCOUNT_HOLDER
        _drop(connection, [there], by, "địa chỉ được nối cho người khác bằng mã liên kết", now)
        redeemed = replace(redeemed, replaced=True)
    old = _chats_replaced(connection, place, code)
    rank = _rank(connection, code, old)
    _drop(connection, old, actor, "nối lại bằng máy, tài khoản hoặc nhóm mới", now)
    connection.execute(
        insert(CHAT).values(
            office_id=code.office_id,
            person_id=code.person_id,
            unit_id=code.unit_id,
            channel=place.channel,
            bot=place.bot,
            address=place.address,
            rank=rank,
            linked_at=now,
        )
    )
    _write(connection, code.office_id, actor, "linked", {**name, "channel": place.channel}, now)
    return redeemed


_OPEN: dict[str, Any] = {"blocked_at": None, "blocked_why": None, "failing_since": None, "failing_why": None}


def _chat_at(connection: Connection, place: Place) -> AnyRow | None:
    return connection.execute(
        select(CHAT).where(CHAT.c.channel == place.channel, CHAT.c.bot == place.bot, CHAT.c.address == place.address)
    ).first()


def _chats_replaced(connection: Connection, place: Place, code: AnyRow) -> Sequence[AnyRow]:
    """Each person, and each unit, has one chat at a bot; the simulator's gives way to any real one."""
    same = (CHAT.c.channel == place.channel) & (CHAT.c.bot == place.bot)
    return connection.execute(select(CHAT).where(_owned_by(code), or_(same, CHAT.c.channel == "simulator"))).all()


def _rank(connection: Connection, code: AnyRow, replaced: Sequence[AnyRow]) -> int:
    """Behind the owner's other chats; a new telephone keeps the place of the old one."""
    if replaced:
        return int(min(row.rank for row in replaced))
    chats = select(func.max(CHAT.c.rank)).where(_owned_by(code), CHAT.c.rank < LAST_RESORT)
    last = connection.execute(chats).scalar()
    return 0 if last is None else int(last) + 1


def _owned_by(code: AnyRow) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = (
        CHAT.c.person_id == code.person_id if code.person_id is not None else CHAT.c.unit_id == code.unit_id
    )
    return mine


# ---- unlinking ----------------------------------------------------------------------------------------------------


def unlink(
    connection: Connection,
    office_id: str,
    person_id: int,
    *,
    channel: str | None = None,
    now: dt.datetime,
    actor: Actor,
    why: str = "theo yêu cầu của cơ quan",
) -> int:
    """Take a person's chats away: those of one channel, or all, and with all of them the codes not yet used.

    Returns how many chats there were.
    """
    wanted = [CHAT.c.office_id == office_id, CHAT.c.person_id == person_id]
    if channel is not None:
        wanted.append(CHAT.c.channel == channel)
    else:
        withdraw(connection, LINK_CODE.c.person_id == person_id, now)
    chats = connection.execute(select(CHAT).where(*wanted)).all()
    _drop(connection, chats, actor.name, why, now)
    return len(chats)


def _drop(connection: Connection, chats: Iterable[AnyRow], actor: str, why: str, now: dt.datetime) -> None:
    for chat in chats:
        connection.execute(delete(CHAT).where(CHAT.c.id == chat.id))
        data = {**_named(connection, chat.person_id, chat.unit_id), "channel": chat.channel, "why": why}
        _write(connection, chat.office_id, actor, "unlinked", data, now)


# ---- how many people a bot serves -----------------------------------------------------------------------------------


def users_of(connection: Connection, channel: str, bot: str) -> int:
    """How many people have a chat with this bot."""
    people = select(func.count(distinct(CHAT.c.person_id))).where(CHAT.c.channel == channel, CHAT.c.bot == bot)
    return int(connection.execute(people).scalar_one())


def room_on(connection: Connection, channel: str, bot: str, most: int = USERS_OF_ZALO) -> str | None:
    """What to say about a bot that may serve no more than ``most`` people; None while there is plenty of room."""
    users = users_of(connection, channel, bot)
    if users < most - NEARLY_FULL:
        return None
    if users < most:
        return f"Bot {channel} ({bot}) đã nối {users} trên {most} người: còn {most - users} chỗ."
    return (
        f"Bot {channel} ({bot}) đã nối {users} người, tối đa {most}: người nối thêm có thể không nhận được tin. "
        "Hãy gỡ người đã nghỉ (nhacviec people unlink), nối qua Telegram, hoặc dùng thêm một bot."
    )


# ---- what the journal calls them ------------------------------------------------------------------------------------


def _named(connection: Connection, person_id: int | None, unit_id: int | None) -> dict[str, str]:
    if person_id is not None:
        return {"person": connection.execute(select(PERSON.c.name).where(PERSON.c.id == person_id)).scalar_one()}
    return {"unit": connection.execute(select(UNIT.c.name).where(UNIT.c.id == unit_id)).scalar_one()}


def _write(
    connection: Connection, office_id: str, actor: str, action: str, data: dict[str, Any], now: dt.datetime
) -> None:
    journal.append(connection, office_id, now, [journal.Line(actor, action, None, data)])

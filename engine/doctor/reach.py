"""People, their chats, the bots, and what became of messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, func, select

from engine.addresses import QUOTA_ZONE
from engine.bots_file import bots_of, unknown_offices
from engine.clock import CIVIL
from engine.doctor.duties import named
from engine.errors import BadSetting
from engine.findings import Finding, bad, ok, warn
from engine.linking import MAIL, room_on
from engine.messages import Channel, office_of, serves
from engine.office import CHAT, INBOUND, MESSAGE, OFFICE, PERSON, USAGE, view_office
from engine.people import calls
from engine.rules.budget import SPARE_AT, WARN_AT
from engine.settings import Settings
from engine.watch import WITHIN

UNKNOWN_FOR = dt.timedelta(days=7)
MOST_REASONS = 3


def people(connection: Connection, channels: Collection[Channel], now: dt.datetime) -> Iterator[Finding]:
    """Who has no chat at a running bot, and who must be called by telephone."""
    running = {(channel.name, channel.bot): channel for channel in channels}
    chats = select(CHAT.c.person_id, CHAT.c.office_id, CHAT.c.channel, CHAT.c.bot).where(CHAT.c.blocked_at.is_(None))
    reachable = {
        row.person_id
        for row in connection.execute(chats)
        if not running or ((bot := running.get((row.channel, row.bot))) and serves(bot, row.office_id))
    }
    everyone = connection.execute(
        select(PERSON.c.id, PERSON.c.name, PERSON.c.office_id, PERSON.c.slug)
        .where(PERSON.c.active, PERSON.c.role != "viewer")
        .order_by(PERSON.c.id)
    ).all()
    silent = [f"{row.name} ({row.office_id}/{row.slug})" for row in everyone if row.id not in reachable]
    if silent:
        yield warn(
            "people",
            f"{len(silent)} trên {len(everyone)} cán bộ chưa có kênh nào nhận được tin: {named(silent)}.",
            "Hãy phát mã liên kết: nhacviec people codes.",
        )
    elif everyone:
        yield ok("people", f"Cả {len(everyone)} cán bộ đều có kênh nhận tin.")
    to_call = sum(
        len(calls(connection, view_office(connection, office), now))
        for office in connection.execute(select(OFFICE.c.id)).scalars().all()
    )
    if to_call:
        yield warn(
            "calls",
            f"{to_call} người có việc đang mở mà chưa tin nào tới được.",
            "Xem ai và gọi: nhacviec people calls.",
        )


def chats(connection: Connection) -> Iterator[Finding]:
    """Addresses that take nothing."""
    blocked, failing = connection.execute(select(func.count(CHAT.c.blocked_at), func.count(CHAT.c.failing_since))).one()
    if blocked:
        yield warn("chats", f"{blocked} kênh bị chặn.", "Hãy nhờ người đó bỏ chặn và nhắn cho bot một chữ.")
    if failing:
        yield warn("chats", f"{failing} kênh đang lỗi, tin đi bằng kênh khác.", "Xem: nhacviec channels --check.")
    if not blocked and not failing:
        yield ok("chats", "Không kênh nào bị chặn hay đang lỗi.")


def bots(connection: Connection, channels: Collection[Channel], now: dt.datetime) -> Iterator[Finding]:
    """Bots near the people they may serve, or the messages they may send."""
    month = f"{now.astimezone(QUOTA_ZONE):%Y-%m}"
    for channel in channels:
        room = room_on(connection, channel.name, channel.bot) if channel.name == "zalo" else None
        if room:
            yield warn("bots", room, "Hãy chuẩn bị thêm một bot, hoặc nối bớt người qua Telegram.")
        budget: int | None = getattr(channel, "budget", None)
        used = connection.execute(
            select(USAGE.c.sent).where(
                USAGE.c.channel == channel.name, USAGE.c.bot == channel.bot, USAGE.c.month == month
            )
        ).scalar()
        if budget is None or (used or 0) < WARN_AT * budget:
            continue
        said = f"Bot {channel.name} ({channel.bot}) đã dùng {used} trên {budget} tin của tháng."
        if (used or 0) >= SPARE_AT * budget:
            yield bad(
                "bots", f"{said} Lời nhắc sớm không gửi nữa.", "Hãy dùng thêm một bot, hoặc nâng gói của bot này."
            )
        else:
            yield warn("bots", said, "Hãy theo dõi; từ 90% lời nhắc sớm sẽ tạm không gửi.")


def offices(connection: Connection, settings: Settings, channels: Collection[Channel]) -> Iterator[Finding]:
    """Whether every office has a bot, every bot of the bots file an office, and nobody the bot of another office."""
    loaded = {row.id: row.name for row in connection.execute(select(OFFICE.c.id, OFFICE.c.name).order_by(OFFICE.c.id))}
    for said in _bots_of_nobody(settings, loaded):
        yield bad("offices", said)
    chat_bots = [channel for channel in channels if channel.name != MAIL]
    silent = [f"{name} ({office})" for office, name in loaded.items() if not any(serves(b, office) for b in chat_bots)]
    if chat_bots and silent:
        yield bad(
            "offices",
            f"{len(silent)} cơ quan chưa có bot nào, không ai ở đó nhận được tin nhắn: {named(silent)}.",
            "Hãy ghi bot của cơ quan vào tệp NHACVIEC_BOTS, rồi chạy lại nhacviec run.",
        )
    theirs = {(channel.name, channel.bot): office_of(channel) for channel in channels}
    chats = select(CHAT.c.channel, CHAT.c.bot, CHAT.c.office_id)
    astray = sum(theirs.get((row.channel, row.bot)) not in (None, row.office_id) for row in connection.execute(chats))
    if astray:
        yield warn(
            "offices",
            f"{astray} kênh nối với bot nay phục vụ cơ quan khác: tin không đi qua đó nữa.",
            "Hãy cấp mã để nối lại với bot của đúng cơ quan: nhacviec people codes.",
        )
    if any(theirs.values()) and not silent and not astray:
        yield ok("offices", f"Cả {len(loaded)} cơ quan đều có bot, không ai nối nhầm bot của cơ quan khác.")


def _bots_of_nobody(settings: Settings, loaded: Collection[str]) -> list[str]:
    try:
        return unknown_offices(bots_of(settings), loaded)
    except BadSetting:  # told where the bots are built
        return []


def messages(connection: Connection, now: dt.datetime) -> Iterator[Finding]:
    """Messages of the last days of which nobody knows whether they arrived."""
    unknown = connection.execute(
        select(func.count()).where(MESSAGE.c.status == "unknown", MESSAGE.c.claimed_at > now - UNKNOWN_FOR)
    ).scalar_one()
    if unknown:
        yield warn(
            "messages",
            f"{unknown} tin trong {UNKNOWN_FOR.days} ngày qua không rõ đã tới hay chưa.",
            "Bậc nhắc sau sẽ nhắc lại; việc gấp thì nên gọi. Xem từng việc: nhacviec why MÃ.",
        )
    else:
        yield ok("messages", f"Không có tin nào của {UNKNOWN_FOR.days} ngày qua mà không rõ đã tới hay chưa.")


def held_up(connection: Connection, now: dt.datetime) -> Iterator[Finding]:
    """What was not taken and waits to be tried again: until then a mended bot says nothing of it."""
    waiting = connection.execute(
        select(MESSAGE.c.error, func.count().label("count"), func.min(MESSAGE.c.not_before).label("again"))
        .where(
            MESSAGE.c.status == "queued",
            MESSAGE.c.attempts > 0,
            MESSAGE.c.kind != "edit",
            MESSAGE.c.not_before > now,
            MESSAGE.c.error.is_not(None),
        )
        .group_by(MESSAGE.c.error)
        .order_by(func.count().desc(), MESSAGE.c.error)
        .limit(MOST_REASONS)
    ).all()
    for row in waiting:
        again = row.again.astimezone(CIVIL)
        yield warn(
            f"held up: {row.error}",
            f"{row.count} tin chưa gửi được ({row.error}), đang chờ gửi lại từ {again:%H:%M %d/%m}.",
            "Hãy xử lý nguyên nhân; tin tự đi vào giờ ấy. Việc gấp thì nên gọi: nhacviec people calls.",
        )


def inbox(connection: Connection, now: dt.datetime) -> Iterator[Finding]:
    """What people wrote and nothing has acted upon."""
    waits = connection.execute(
        select(func.count()).where(INBOUND.c.handled_at.is_(None), INBOUND.c.received_at < now - WITHIN["inbox"])
    ).scalar_one()
    if waits:
        yield bad(
            "inbox",
            f"{waits} tin cán bộ nhắn tới chưa được xử lý.",
            "Hãy chạy nhacviec run; nếu đang chạy, xem nhật ký chạy có dòng ERROR nào không.",
        )
    else:
        yield ok("inbox", "Mọi tin nhắn tới đã được xử lý.")

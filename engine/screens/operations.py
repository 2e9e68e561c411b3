"""*Vận hành*: is the engine awake, what waits, what stands ready, and what the operator should do.

Where several offices share one installation, only what concerns the machine, and this office, is shown to its people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import Connection, func, select, union_all

from data import journal
from data.journal import JOURNAL
from data.muted import muted_because
from engine.addresses import QUOTA_ZONE
from engine.backup import backups_in, made_at
from engine.doctor import examine
from engine.doctor.duties import ANNOUNCED_FROM
from engine.findings import Finding
from engine.messages import Channel
from engine.office import CHAT, INBOUND, MESSAGE, OFFICE, PERSON, USAGE, OfficeView
from engine.settings import Settings
from engine.watch import heartbeat_file, in_minutes, read_beat
from schedules.workdays import vietnam_calendar

LATELY = dt.timedelta(days=7)
#: What every office of an installation may read of the doctor's findings; the others name people and offices.
OF_THE_MACHINE = frozenset({"zones", "disk", "holidays", "backups", "heartbeat", "processes", "clock", "muted"})
MESSAGES = {
    "queued": "đang chờ gửi",
    "claimed": "đang gửi",
    "sent": "đã gửi",
    "unknown": "chưa rõ đã tới hay chưa",
    "refused": "không gửi được",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the page. ``well``: None where it is neither well nor not."""

    name: str
    said: str
    well: bool | None = None


@dataclass(frozen=True, slots=True)
class Bot:
    """One bot that speaks for the office, and its month."""

    name: str
    used: int
    budget: int | None
    people: int

    @property
    def share(self) -> int | None:
        """Percent of the month's messages that are used."""
        return round(100 * self.used / self.budget) if self.budget else None


@dataclass(frozen=True, slots=True)
class Operations:
    """The page."""

    facts: tuple[Fact, ...]
    messages: tuple[tuple[str, int], ...]  # of this office in the last days, by what became of them
    bots: tuple[Bot, ...]
    journal_mark: str
    journal_at: dt.datetime | None


def operations(
    connection: Connection,
    office: OfficeView,
    settings: Settings | None,
    channels: Collection[Channel],
    now: dt.datetime,
) -> Operations:
    """What can be told at once. ``settings``: None where the console runs alone (a sandbox)."""
    facts = [*_awake(settings, now), *_muted(connection, office), _inbox(connection, office)]
    facts += [_digest(connection, office), *_holidays(office.today(now)), *_backups(settings, now)]
    facts.append(Fact("Phiên bản", _version()))
    head = connection.execute(
        select(JOURNAL.c.seq, JOURNAL.c.hash, JOURNAL.c.at)
        .where(JOURNAL.c.office_id == office.id)
        .order_by(JOURNAL.c.seq.desc())
        .limit(1)
    ).first()
    return Operations(
        tuple(facts),
        _messages(connection, office, now),
        _bots(connection, office, settings, channels, now),
        journal.mark(head.seq, head.hash) if head else "",
        head.at if head else None,
    )


def findings(
    connection: Connection, settings: Settings | None, channels: Collection[Channel], now: dt.datetime
) -> Sequence[Finding]:
    """What ``nhacviec doctor`` finds, the worst first. It reads the whole file: some seconds where it is large."""
    if settings is None:
        return ()
    found = examine(settings, channels, now)
    if connection.execute(select(func.count()).select_from(OFFICE)).scalar_one() > 1:
        found = [one for one in found if one.about in OF_THE_MACHINE]
    order = {"bad": 0, "warn": 1, "ok": 2}
    return sorted(found, key=lambda one: order.get(str(one.level), 3))


def _awake(settings: Settings | None, now: dt.datetime) -> list[Fact]:
    beat = read_beat(heartbeat_file(settings.database)) if settings else None
    if beat is None:
        return [Fact("Chương trình", "chưa thấy lượt chạy nào được ghi lại", None if settings is None else False)]
    ago = in_minutes(max(now - beat.at, dt.timedelta(0)))
    if beat.stale(now):
        return [Fact("Chương trình", f"lượt gần nhất đã cách đây {ago}; cần xem nhacviec run còn chạy không", False)]
    lag = in_minutes(dt.timedelta(seconds=beat.lag_seconds))
    return [
        Fact("Chương trình", f"đang chạy, lượt gần nhất cách đây {ago}", True),
        Fact("Độ trễ", "không việc nào chờ" if beat.lag_seconds < 1 else f"việc chờ lâu nhất {lag}", beat.healthy),
    ]


def _muted(connection: Connection, office: OfficeView) -> list[Fact]:
    said = muted_because(connection)
    if said is None:
        return []
    why, since = said
    return [Fact("Tắt tiếng", f"không gửi tin nào từ {since.astimezone(office.zone):%H:%M %d/%m/%Y}: {why}", False)]


def _inbox(connection: Connection, office: OfficeView) -> Fact:
    waits = connection.execute(
        select(func.count())
        .select_from(INBOUND)
        .join(
            CHAT,
            (CHAT.c.channel == INBOUND.c.channel)
            & (CHAT.c.bot == INBOUND.c.bot)
            & (CHAT.c.address == INBOUND.c.address),
        )
        .where(INBOUND.c.handled_at.is_(None), CHAT.c.office_id == office.id)
    ).scalar_one()
    return Fact("Tin nhắn tới", f"{waits} tin chưa xử lý" if waits else "đã xử lý hết", waits == 0)


def _digest(connection: Connection, office: OfficeView) -> Fact:
    at = connection.execute(select(OFFICE.c.next_digest_at).where(OFFICE.c.id == office.id)).scalar_one()
    said = f"{at.astimezone(office.zone):%H:%M %d/%m/%Y}" if at else "chưa đặt lịch"
    return Fact("Bản tin kế tiếp", said)


def _holidays(today: dt.date) -> list[Fact]:
    calendar = vietnam_calendar()
    return [
        Fact(
            f"Lịch nghỉ {year}",
            "đã xác nhận theo văn bản" if calendar.signed_off(year) else "chưa xác nhận, đang dùng ngày dự kiến",
            # Next year's days off are announced in the autumn: before that there is nothing to be done.
            calendar.signed_off(year) or (None if year > today.year and today.month < ANNOUNCED_FROM else False),
        )
        for year in (today.year, today.year + 1)
    ]


def _backups(settings: Settings | None, now: dt.datetime) -> list[Fact]:
    if settings is None:
        return []
    if settings.backups is None:
        return [Fact("Sao lưu", "chưa đặt; cần đặt NHACVIEC_BACKUPS", False)]
    made = [at for path in backups_in(settings.backups) if (at := made_at(path)) is not None]
    if not made:
        return [Fact("Sao lưu", "chưa có bản nào", False)]
    age = max(now - max(made), dt.timedelta(0))
    return [Fact("Sao lưu", f"{len(made)} bản, bản mới nhất cách đây {in_minutes(age)}", age <= dt.timedelta(days=2))]


def _version() -> str:
    try:
        return version("nhacviec")
    except PackageNotFoundError:  # run from its folder, never installed
        return "chưa cài đặt thành gói"


def _messages(connection: Connection, office: OfficeView, now: dt.datetime) -> tuple[tuple[str, int], ...]:
    # By person and moment: that is the index; in years there is no other way to an office's last days.
    known = select(MESSAGE.c.status).where(MESSAGE.c.status.in_(list(MESSAGES)))
    to_people = known.join(PERSON, PERSON.c.id == MESSAGE.c.person_id).where(PERSON.c.office_id == office.id)
    to_nobody_known = known.where(MESSAGE.c.person_id.is_(None), MESSAGE.c.office_id == office.id)
    lately = union_all(
        *(which.where(MESSAGE.c.sent_at > now - LATELY) for which in (to_people, to_nobody_known)),
        *(
            which.where(MESSAGE.c.sent_at.is_(None), MESSAGE.c.not_before > now - LATELY)
            for which in (to_people, to_nobody_known)
        ),
    ).subquery()
    counted = connection.execute(select(lately.c.status, func.count()).group_by(lately.c.status))
    counts = {status: many for status, many in counted}  # noqa: C416  (types)
    return tuple((words, counts.get(status, 0)) for status, words in MESSAGES.items())


def _bots(
    connection: Connection,
    office: OfficeView,
    settings: Settings | None,
    channels: Collection[Channel],
    now: dt.datetime,
) -> tuple[Bot, ...]:
    running = {(channel.name, channel.bot): channel for channel in channels}
    month = f"{now.astimezone(QUOTA_ZONE):%Y-%m}"
    used = (
        select(USAGE.c.sent)
        .where(USAGE.c.channel == CHAT.c.channel, USAGE.c.bot == CHAT.c.bot, USAGE.c.month == month)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(CHAT.c.channel, CHAT.c.bot, func.count().label("people"), func.max(used).label("used"))
        .where(CHAT.c.office_id == office.id, CHAT.c.blocked_at.is_(None))
        .group_by(CHAT.c.channel, CHAT.c.bot)
        .order_by(CHAT.c.channel, CHAT.c.bot)
    )
    found = []
    for row in rows:
        budget: int | None = getattr(running.get((row.channel, row.bot)), "budget", None)
        if budget is None and row.channel == "zalo" and settings is not None:
            budget = settings.zalo_monthly_budget
        found.append(Bot(f"{row.channel} ({row.bot})", row.used or 0, budget, row.people))
    return tuple(found)

"""*Bản tin*: each week's digest as its readers get it, the work behind every number, and a copy on trial."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select

from bots.wording import plain
from engine.digest import WEEKDAYS, digest_of_week, due_at, next_digest
from engine.errors import NhacViecError, NotFound
from engine.messages import HIDDEN_TITLE, DigestMessage
from engine.office import CHAT, EXTENSION, MESSAGE, OBLIGATION, OCCURRENCE, OFFICE, PERSON, UNIT, OfficeView
from engine.payload import to_payload
from engine.rules.chain import Member
from engine.rules.digest_numbers import (
    LATE_PLACES,
    Place,
    coming_until,
    monday_of,
    reported_week,
    week_bounds,
    week_name,
)
from engine.screens.counted import Counted, Span, counted
from engine.weeks_before import digests_of, weeks_before

WEEKS_LISTED = 12
MOST_TRIALS = 3  # of one person in an hour: each is a message of the bot's month
TRIAL_WITHIN = dt.timedelta(hours=1)
STATUSES = {
    "queued": "chờ gửi",
    "claimed": "đang gửi",
    "sent": "đã gửi",
    "refused": "không gửi được",
    "unknown": "chưa rõ đã tới hay chưa",
    "dropped": "không gửi",
}


class TooManyTrials(NhacViecError):
    """Somebody asks for one trial after another."""


class List(StrEnum):
    """One number of the digest: the last part of the address of its list."""

    OVERDUE = "qua-han"
    LATE = "xong-muon"
    LATE_ACCEPTED = "xong-muon-da-gia-han"
    ON_TIME = "xong-dung-han"
    COMING = "sap-toi"
    GRANTED = "gia-han-da-duyet"
    WAITING = "gia-han-dang-cho"


TITLES: Mapping[List, str] = {
    List.OVERDUE: "Đang quá hạn",
    List.LATE: "Xong muộn",
    List.LATE_ACCEPTED: "Xong muộn, đã được gia hạn",
    List.ON_TIME: "Xong đúng hạn",
    List.COMING: "Cần hoàn thành trong tuần tới",
    List.GRANTED: "Gia hạn đã duyệt",
    List.WAITING: "Gia hạn đang chờ",
}
_PLACES: Mapping[List, frozenset[Place]] = {
    List.OVERDUE: frozenset({Place.OVERDUE}),
    List.LATE: LATE_PLACES,
    List.LATE_ACCEPTED: frozenset({Place.LATE_ACCEPTED}),
    List.ON_TIME: frozenset({Place.ON_TIME}),
    List.COMING: frozenset({Place.COMING}),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list: a piece of work, or a request for more time about one."""

    id: int
    title: str
    unit: str
    doer: str
    fact: str  # in words: "quá 3 ngày", "xong 16/3/2026", "xin đến 20/3/2026"
    late: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """What became of the digest of one reader."""

    name: str
    status: str  # in words
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Week:
    """A week in the list of weeks. ``said`` is what was sent; None: it had no digest."""

    week: str
    monday: dt.date
    sunday: dt.date
    said: DigestMessage | None


@dataclass(frozen=True, slots=True)
class DigestPage:
    """One digest."""

    message: DigestMessage
    words: str
    numbers: Mapping[List, int]
    leaves_at: dt.datetime  # when it is due
    is_next: bool  # it has not been sent yet
    copies: tuple[Copy, ...]
    changed: bool  # what was sent has other numbers than the rows give for its moment


def week_of_next(connection: Connection, office: OfficeView, now: dt.datetime) -> str:
    """The week that the next digest will report."""
    at = connection.execute(select(OFFICE.c.next_digest_at).where(OFFICE.c.id == office.id)).scalar_one()
    day = office.today(max(at or next_digest(office, now), now))  # one that is overdue tells of the latest week
    return week_name(reported_week(day, WEEKDAYS.index(office.definition.digest.weekday)))


def read_week(connection: Connection, office: OfficeView, week: str, now: dt.datetime) -> dt.date:
    """The Monday of a week that has a page: from the one the office was loaded in up to the next digest's.

    :raises NotFound: there is no such week, or it lies ahead.
    """
    try:
        monday = monday_of(week)
    except ValueError:
        raise NotFound(f"“{week}” không phải một tuần.") from None
    first = office.loaded_on - dt.timedelta(days=office.loaded_on.weekday() + 7)
    if not first <= monday <= monday_of(week_of_next(connection, office, now)) or week_name(monday) != week:
        raise NotFound("Tuần này chưa có bản tin.")
    return monday


def message_of(
    connection: Connection, office: OfficeView, monday: dt.date, now: dt.datetime, person: str
) -> DigestMessage:
    """The digest of this week, with what it is compared with. Its picture is drawn from it."""
    message = digest_of_week(connection, office, monday, now, person)
    return replace(message, office_id=office.id, before=weeks_before(connection, office.id, message.week))


def digest_page(
    connection: Connection, office: OfficeView, monday: dt.date, now: dt.datetime, person: str
) -> DigestPage:
    """The page of one week."""
    message = message_of(connection, office, monday, now, person)
    said = digests_of(connection, office.id, [message.week]).get(message.week)
    leaves_at = due_at(office, monday)
    return DigestPage(
        message,
        plain(message),
        {
            List.OVERDUE: message.overdue_total,
            List.LATE: message.late,
            List.LATE_ACCEPTED: message.late_accepted,
            List.ON_TIME: message.on_time,
            List.COMING: message.coming_total,
            List.GRANTED: message.extensions_granted,
            List.WAITING: message.extensions_waiting,
        },
        leaves_at,
        said is None and now < leaves_at,
        _copies(connection, office, message.week),
        said is not None and _counts(said) != _counts(message),
    )


def _counts(message: DigestMessage) -> tuple[int, ...]:
    return (message.overdue_total, message.late, message.late_accepted, message.on_time, message.coming_total)


def _copies(connection: Connection, office: OfficeView, week: str) -> tuple[Copy, ...]:
    rows = connection.execute(
        select(PERSON.c.name, MESSAGE.c.status, MESSAGE.c.sent_at)
        .join(PERSON, PERSON.c.id == MESSAGE.c.person_id)
        .where(PERSON.c.office_id == office.id, MESSAGE.c.key == f"digest:{week}")
        .order_by(PERSON.c.id)
    )
    return tuple(Copy(row.name, STATUSES.get(row.status, row.status), row.sent_at) for row in rows)


def weeks_of(connection: Connection, office: OfficeView, now: dt.datetime) -> tuple[Week, ...]:
    """The last weeks, the newest first, with what was said of each."""
    newest = monday_of(week_of_next(connection, office, now))
    mondays = [newest - dt.timedelta(weeks=back) for back in range(WEEKS_LISTED)]
    first = office.loaded_on - dt.timedelta(days=office.loaded_on.weekday() + 7)
    names = {week_name(monday): monday for monday in mondays if monday >= first}
    said = digests_of(connection, office.id, list(names))
    return tuple(Week(name, monday, monday + dt.timedelta(days=6), said.get(name)) for name, monday in names.items())


# ---- the lists ------------------------------------------------------------------------------------------------------


def list_of(
    connection: Connection, office: OfficeView, monday: dt.date, which: List, now: dt.datetime, unit: str = ""
) -> list[Listed]:
    """The lines behind one number of one week's digest; of one unit where it is named."""
    moment = min(now, due_at(office, monday))
    if which in (List.GRANTED, List.WAITING):
        return _requests(connection, office, monday, which, moment)
    span = Span(monday, monday + dt.timedelta(days=6), coming_until(monday), moment)
    return [
        _listed(office, line)
        for line in counted(connection, office, span)
        if line.place in _PLACES[which] and unit in ("", line.unit)
    ]


def _listed(office: OfficeView, line: Counted) -> Listed:
    if line.place is Place.OVERDUE:
        fact = f"hạn {_day(line.due)}, quá {line.days_late} ngày" if line.days_late else f"quá giờ hạn {_day(line.due)}"
    elif line.place is Place.COMING:
        fact = f"hạn {_day(line.due)}"
    else:
        assert line.reported_at is not None
        fact = f"hạn {_day(line.due)}, báo xong {_day(line.reported_at.astimezone(office.zone).date())}"
    return Listed(line.id, line.title, line.unit, line.doer, fact, line.place is Place.OVERDUE)


def _requests(
    connection: Connection, office: OfficeView, monday: dt.date, which: List, moment: dt.datetime
) -> list[Listed]:
    first, after = week_bounds(monday, office.zone)
    decided, asked = EXTENSION.c.decided_at, EXTENSION.c.asked_at
    held = (
        (EXTENSION.c.status == "granted") & (decided >= first) & (decided < after) & (decided <= moment)
        if which is List.GRANTED
        else (asked <= moment) & ((EXTENSION.c.status == "waiting") | (decided > moment))
    )
    rows = connection.execute(
        select(
            OCCURRENCE.c.id,
            OCCURRENCE.c.title,
            OBLIGATION.c.secret,
            UNIT.c.name,
            EXTENSION.c.asked_by,
            EXTENSION.c.until,
        )
        .join(OCCURRENCE, OCCURRENCE.c.id == EXTENSION.c.occurrence_id)
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
        .where(EXTENSION.c.office_id == office.id, held)
        .order_by(EXTENSION.c.id)
    )
    words = "được gia hạn đến" if which is List.GRANTED else "xin gia hạn đến"
    return [
        Listed(
            row.id,
            HIDDEN_TITLE if row.secret else row.title,
            row.name,
            office.name_of(row.asked_by),
            f"{words} {_day(row.until)}",
        )
        for row in rows
    ]


def _day(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"


# ---- on trial -------------------------------------------------------------------------------------------------------


def send_trial(connection: Connection, office: OfficeView, me: Member, monday: dt.date, now: dt.datetime) -> str:
    """Send this week's digest to the one who asks, marked as a trial, at any hour. Returns what was done, in words.

    :raises TooManyTrials: three within an hour. :raises NotFound: nothing reaches this person.
    """
    chats = select(func.count()).where(CHAT.c.person_id == me.id, CHAT.c.blocked_at.is_(None))
    if not connection.execute(chats).scalar_one():
        raise NotFound("Đồng chí chưa nối kênh nhắn tin nên chưa gửi thử được.")
    lately = select(func.count()).where(
        MESSAGE.c.person_id == me.id, MESSAGE.c.key.startswith("trial:"), MESSAGE.c.not_before > now - TRIAL_WITHIN
    )
    if connection.execute(lately).scalar_one() >= MOST_TRIALS:
        raise TooManyTrials(f"Mỗi giờ chỉ gửi thử {MOST_TRIALS} lần. Đồng chí thử lại sau.")
    message = replace(message_of(connection, office, monday, now, me.name), trial=True)
    connection.execute(
        insert(MESSAGE).values(
            office_id=office.id,
            person_id=me.id,
            kind="answer",  # it was asked for: at any hour, at most once
            key=f"trial:{message.week}:{now.isoformat()}",
            payload=to_payload(message),
            status="queued",
            not_before=now,
        )
    )
    return "Đã gửi thử bản tin tới kênh nhắn tin của đồng chí."


def units_of(message: DigestMessage) -> Sequence[tuple[str, Mapping[List, int]]]:
    """The numbers of each unit, as the picture has them."""
    return [
        (unit.unit, {List.ON_TIME: unit.on_time, List.LATE: unit.late, List.OVERDUE: unit.overdue})
        for unit in message.units
    ]

"""The watchdog: each turn proves from the rows that everything due was said or is explained; only then it beats.

What is due and neither done nor explained is a *finding*; it is looked for in the rows, not in what the steps believe
they did. A machine that slept is not late for the time it slept: everything is counted from when it was awake again.
A healthy beat is a file, an answer of ``/healthz``, and a call to an address outside, whose owner rings when it stops.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import BindParameter, Connection, Engine, bindparam, exists, func, literal, select

from data import setbacks
from data.database import address, reading
from data.muted import muted_because
from engine.clock import CIVIL
from engine.findings import Finding, Level, any_bad, bad, warn
from engine.lock import beside
from engine.messages import Said
from engine.office import INBOUND, MESSAGE, OCCURRENCE, OFFICE, REMINDER, hours_of, unreadable
from engine.outbox import LEASE
from schedules.hours import WorkingHours

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("nhacviec.watch")

MINUTE = dt.timedelta(minutes=1)
#: How long each may be due before it is unexplained.
WITHIN = {
    "alarms": 5 * MINUTE,  # ten turns; five thousand occurrences leave with each
    "digests": 5 * MINUTE,
    "outbox": 10 * MINUTE,  # a province's morning takes minutes at a provider's pace
    "claims": LEASE + 5 * MINUTE,  # recovered with the next delivery, which may be a long one
    "inbox": 1 * MINUTE,  # somebody looks at the telephone
    "lines": dt.timedelta(0),  # they have waited for days, see PENDING_DAYS
}
PENDING_DAYS = 3  # working days that a line may wait for its person's next free slot: two slots, and a digest's
LOOK_BACK = 20_000  # the newest reminders: an index on their state would cost every turn more than it tells
ANY_HOUR = ("answer", "edit")
SHOWN_FOR = dt.timedelta(days=7)
HELD_BY_MUTING = ("outbox", "claims")
# Whoever restored a backup has muted it, and needs an hour or two to look it over: so long it is a remark, and the
# installation is well. Forgotten for a day it silences everybody as a dead engine does: /healthz says 503, and the
# call outside stays away.
MUTED_FOR = dt.timedelta(days=1)
STALE_AFTER = 3  # turns without a beat
CALL_EVERY = dt.timedelta(seconds=60)
CALL_WITHIN = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due at this moment, of one sort: how much, and since when."""

    about: str
    count: int
    since: dt.datetime


def unexplained(connection: Connection, now: dt.datetime, awake_since: dt.datetime | None = None) -> list[Finding]:
    """What is due and was neither said nor explained. Empty is the proof.

    ``awake_since``: nothing is counted from before this moment (the program started, the machine woke up).
    """
    return _judged(connection, waiting(connection, now, awake_since), now)


def _judged(connection: Connection, due: Iterable[Waiting], now: dt.datetime) -> list[Finding]:
    muted = silenced(connection, now)
    late = [one for one in due if now - one.since > WITHIN[one.about] and not (muted and one.about in HELD_BY_MUTING)]
    return (
        [_in_words(one, now) for one in late]
        + _silent(connection)
        + muted
        + _set_aside(connection, now)
        + put_off(connection, now)
        + resting(connection)
    )


def lag(due: Iterable[Waiting], now: dt.datetime) -> dt.timedelta:
    """For how long the oldest due thing has been due."""
    return max((now - one.since for one in due), default=dt.timedelta(0))


def waiting(connection: Connection, now: dt.datetime, awake_since: dt.datetime | None = None) -> list[Waiting]:
    """Everything that is due now, sort by sort; what rests until working hours is not due."""
    hours = _Hours(connection, now)
    found = [
        *_of_offices(connection, _ALARMS, "alarms", hours, now),
        *_of_offices(connection, _DIGESTS, "digests", hours, now),
        *_of_offices(connection, _QUEUED.where(MESSAGE.c.kind.not_in(ANY_HOUR)), "outbox", hours, now),
        *_long_pending(connection, hours, now),
        *_anywhere(connection, _QUEUED_ANY_HOUR, "outbox", now),
        *_anywhere(connection, _CLAIMED, "claims", now),
        *_anywhere(connection, _UNHANDLED, "inbox", now),
    ]
    return list(_summed(replace(one, since=max(one.since, awake_since or one.since)) for one in found))


def _summed(found: Iterable[Waiting]) -> Iterator[Waiting]:
    of: dict[str, list[Waiting]] = {}
    for one in found:
        of.setdefault(one.about, []).append(one)
    for about, those in of.items():
        yield Waiting(about, sum(one.count for one in those), min(one.since for one in those))


# ---- the questions --------------------------------------------------------------------------------------------------

_NOW: BindParameter[dt.datetime] = bindparam("now")
_ALARMS = (
    select(OCCURRENCE.c.office_id, func.count().label("count"), func.min(OCCURRENCE.c.next_move_at).label("since"))
    .where(OCCURRENCE.c.next_move_at <= _NOW)
    .group_by(OCCURRENCE.c.office_id)
)
_DIGESTS = select(OFFICE.c.id, literal(1), OFFICE.c.next_digest_at).where(OFFICE.c.next_digest_at <= _NOW)
_QUEUED = (
    select(MESSAGE.c.office_id, func.count(), func.min(MESSAGE.c.not_before))
    .where(MESSAGE.c.status == "queued", MESSAGE.c.not_before <= _NOW)
    .group_by(MESSAGE.c.office_id)
)
_QUEUED_ANY_HOUR = select(func.count(), func.min(MESSAGE.c.not_before)).where(
    MESSAGE.c.status == "queued", MESSAGE.c.not_before <= _NOW, MESSAGE.c.kind.in_(ANY_HOUR)
)
_CLAIMED = select(func.count(), func.min(MESSAGE.c.claimed_at)).where(
    MESSAGE.c.status == "claimed", MESSAGE.c.claimed_at <= _NOW
)
_UNHANDLED = select(func.count(), func.min(INBOUND.c.received_at)).where(
    INBOUND.c.handled_at.is_(None), INBOUND.c.received_at <= _NOW
)
_PENDING = (
    select(REMINDER.c.office_id, func.count(), func.min(REMINDER.c.scheduled_at))
    .where(REMINDER.c.status == "pending", REMINDER.c.scheduled_at <= _NOW)
    .group_by(REMINDER.c.office_id)
)
# A line stands in a message that waits, is under way, went, or whose fate is written down as unknown. A message that
# was refused or dropped takes its lines along, each with the reason; one that did not has silenced somebody.
_SAID = exists().where(
    MESSAGE.c.id == REMINDER.c.message_id, MESSAGE.c.status.in_(("queued", "claimed", "sent", "unknown"))
)
_UNSAID = (
    select(func.count(), func.min(REMINDER.c.occurrence_id))
    .where(REMINDER.c.status == "in_message", ~_SAID)
    .where(REMINDER.c.id > select(func.coalesce(func.max(REMINDER.c.id), 0) - LOOK_BACK).scalar_subquery())
)


class _Hours:
    """The working hours of the offices, read only when something of theirs is due."""

    def __init__(self, connection: Connection, now: dt.datetime) -> None:
        self._connection, self._now = connection, now
        self._of: dict[str, WorkingHours] | None = None

    def of(self, office_id: str) -> WorkingHours:
        if self._of is None:
            self._of = hours_of(self._connection)
        return self._of[office_id]

    def at_work_since(self, office_id: str) -> dt.datetime | None:
        """When the office's present slot began; None in its quiet hours."""
        slot = self.of(office_id).slot_at(self._now)
        return slot.starts if slot else None


def _of_offices(connection: Connection, query: Any, about: str, hours: _Hours, now: dt.datetime) -> Iterator[Waiting]:
    for office_id, count, since in connection.execute(query, {"now": now}).all():
        began = hours.at_work_since(office_id)
        if began is not None:
            yield Waiting(about, count, max(since, began))


def _anywhere(connection: Connection, query: Any, about: str, now: dt.datetime) -> Iterator[Waiting]:
    count, since = connection.execute(query, {"now": now}).one()
    if count:
        yield Waiting(about, count, since)


def _long_pending(connection: Connection, hours: _Hours, now: dt.datetime) -> Iterator[Waiting]:
    """Lines that wait for their person's next slot are explained, for some days."""
    days = dt.timedelta(days=PENDING_DAYS)  # at least that many: the calendar is asked about these only
    for office_id, count, since in connection.execute(_PENDING, {"now": now - days}).all():
        of = hours.of(office_id)
        waited = of.calendar.count(of.civil_day(since), of.civil_day(now))
        if hours.at_work_since(office_id) is not None and waited > PENDING_DAYS:
            yield Waiting("lines", count, since)


def _silent(connection: Connection) -> list[Finding]:
    count, example = connection.execute(_UNSAID).one()
    if not count:
        return []
    return [
        bad(
            "unsaid",
            f"{count} lời nhắc nằm trong tin không còn gửi nữa mà không có lý do.",
            f"Hãy xem một việc trong số đó: nhacviec why {example}. Đây là lỗi của chương trình, xin báo lại.",
        )
    ]


def silenced(connection: Connection, now: dt.datetime) -> list[Finding]:
    """An installation that was told to send nothing: that explains what waits, and must not be forgotten."""
    said = muted_because(connection)
    if said is None:
        return []
    why, since = said
    what = f"Đang tắt gửi từ {since.astimezone(CIVIL):%H:%M %d/%m/%Y}, không tin nào đi: {why}."
    told = warn if now - since < MUTED_FOR else bad
    return [told("muted", what, "Khi đã kiểm tra xong, hãy cho gửi lại: nhacviec unmute.")]


def _set_aside(connection: Connection, now: dt.datetime) -> list[Finding]:
    """Words that a defect kept from being acted upon: whoever typed them was told, and the operator is."""
    failed = select(func.count()).where(
        INBOUND.c.id > select(func.coalesce(func.max(INBOUND.c.id), 0) - LOOK_BACK).scalar_subquery(),
        INBOUND.c.said == Said.FAILED,
        INBOUND.c.handled_at > now - SHOWN_FOR,
    )
    count = connection.execute(failed).scalar_one()
    if not count:
        return []
    what = f"{count} tin cán bộ nhắn tới trong {SHOWN_FOR.days} ngày qua không xử lý được vì lỗi chương trình."
    return [warn("set_aside", what, "Người nhắn đã được báo. Hãy xem dòng ERROR trong nhật ký chạy và báo lỗi.")]


def resting(connection: Connection) -> list[Finding]:
    """Offices whose definition cannot be read: nothing of theirs is said, so somebody has to look."""
    broken = unreadable(connection)
    if not broken:
        return []
    return [
        bad(
            "offices",
            f"Định nghĩa lưu của {len(broken)} cơ quan không đọc được nên chưa nhắc được ai: {', '.join(broken[:8])}.",
            "Các cơ quan khác vẫn chạy. Hãy nạp lại tệp nhiệm vụ của cơ quan: nhacviec load TỆP.",
        )
    ]


_KINDS = {
    "message": "tin chờ gửi",
    "occurrence": "việc (xem bằng nhacviec why MÃ)",
    "obligation": "nhiệm vụ",
}


def put_off(connection: Connection, now: dt.datetime) -> list[Finding]:
    """Rows that could not be handled by a defect: each is explained, and to be looked at."""
    of_kind: dict[str, list[int]] = {}
    table = setbacks.SETBACK.c
    lately = select(table.kind, table.row_id).where(table.last_at > now - SHOWN_FOR).order_by(table.row_id)
    for kind, row_id in connection.execute(lately):
        of_kind.setdefault(kind, []).append(row_id)
    return [
        warn(
            "setbacks",
            f"{len(ids)} {_KINDS[kind]} chưa xử lý được, đang để riêng và thử lại: số {', '.join(map(str, ids[:8]))}.",
            "Những việc khác không bị ảnh hưởng. Hãy xem dòng ERROR trong nhật ký chạy, nạp lại tệp nhiệm vụ nếu là "
            "nhiệm vụ hoặc việc, và báo lỗi.",
        )
        for kind, ids in sorted(of_kind.items())
    ]


_WORDS = {
    "alarms": (
        "{count} việc đã tới giờ nhắc mà chưa được xem tới, lâu nhất {ago}.",
        "Hãy xem nhật ký chạy có dòng ERROR nào không; nếu không có, hãy dừng và chạy lại nhacviec run.",
    ),
    "digests": (
        "Bản tin tuần của {count} cơ quan đã tới giờ mà chưa được lập, lâu nhất {ago}.",
        "Hãy xem nhật ký chạy có dòng ERROR nào không; nếu không có, hãy dừng và chạy lại nhacviec run.",
    ),
    "outbox": (
        "{count} tin đang chờ gửi, lâu nhất {ago}.",
        "Hãy xem mạng và các bot: nhacviec channels --check.",
    ),
    "claims": (
        "{count} tin đang gửi dở từ {ago} trước mà chưa biết kết quả.",
        "Hãy dừng và chạy lại nhacviec run; tin sẽ được xử lý theo loại tin.",
    ),
    "inbox": (
        "{count} tin cán bộ nhắn tới chưa được xử lý, lâu nhất {ago}.",
        "Hãy xem nhật ký chạy có dòng ERROR nào không; tin vẫn được giữ và sẽ được xử lý sau.",
    ),
    "lines": (
        "{count} lời nhắc chờ quá {days} ngày làm việc mà chưa vào tin nào, lâu nhất {ago}.",
        "Hãy xem người nhận và lý do bằng lệnh nhacviec status, nhacviec why MÃ.",
    ),
}


def _in_words(due: Waiting, now: dt.datetime) -> Finding:
    what, what_to_do = _WORDS[due.about]
    said = what.format(count=due.count, ago=in_minutes(now - due.since), days=PENDING_DAYS)
    return bad(due.about, said, what_to_do)


def in_minutes(span: dt.timedelta) -> str:
    """ "7 phút", "3 giờ", "2 ngày"."""
    minutes = int(span / MINUTE)
    if minutes < 120:
        return f"{minutes} phút"
    return f"{minutes // 60} giờ" if minutes < 48 * 60 else f"{minutes // (24 * 60)} ngày"


# ---- the beat -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Beat:
    """One look at the rows: when the last turn was, how late the oldest due thing was, and what was not explained."""

    at: dt.datetime
    turns: int
    lag_seconds: float
    findings: tuple[Finding, ...]
    turn_seconds: float
    proved_at: dt.datetime | None = None  # the last look that found nothing
    process: int = 0
    machine: str = ""

    @property
    def healthy(self) -> bool:
        """Everything due was said or explained; a warning is an explanation."""
        return not any_bad(self.findings)

    def stale(self, now: dt.datetime) -> bool:
        """Whether the engine has been still for longer than it should, or the clock was put back since.

        Whichever it was, an engine that lives beats again within a turn; a dead one must not look alive for a day.
        """
        return abs(now - self.at) > dt.timedelta(seconds=STALE_AFTER * self.turn_seconds)


class Watchdog:
    """Looks after each turn, and beats when all is well. Belongs to the running engine."""

    def __init__(
        self,
        engine: Engine,
        file: Path | None,
        turn_seconds: float,
        outside: str | None = None,
        besides: Callable[[dt.datetime], Sequence[Finding]] | None = None,
    ) -> None:
        """``besides``: what is found elsewhere than in the rows, as of a moment."""
        self.engine, self.file, self.turn_seconds = engine, file, turn_seconds
        self._besides = besides
        self.turns = 0
        self.last: Beat | None = None
        self._awake_since: dt.datetime | None = None
        self._outside = OutsideCall(outside) if outside else None

    def beat(self, now: dt.datetime, *, turned: bool = True) -> Beat:
        """Look, and write down what was seen. ``turned`` is False after a delivery, which is no turn of its own.

        It never stops the turn: a file that cannot be written is logged, the call outside runs beside it. A database
        that cannot be read raises, as it does everywhere else.
        """
        self.turns += turned
        if self.last is None or self.last.stale(now) or now < self.last.at:
            self._awake_since = now
        with reading(self.engine) as connection:
            due = waiting(connection, now, self._awake_since)
            findings = (*_judged(connection, due, now), *(self._besides(now) if self._besides else ()))
        proved = now if not any_bad(findings) else self.last.proved_at if self.last else None
        self._tell_changes(findings)
        lag_seconds = round(lag(due, now).total_seconds(), 1)
        at = now if turned or self.last is None else self.last.at  # a postman who goes on is no turn
        self.last = Beat(
            at, self.turns, lag_seconds, findings, self.turn_seconds, proved, os.getpid(), socket.gethostname()
        )
        self._write(self.last)
        if self._outside is not None and self.last.healthy:
            self._outside.call(now)
        return self.last

    def health(self, now: dt.datetime) -> list[Finding]:
        """What is not well now: no beat for three turns, or what the last one found. Empty: all is well."""
        if self.last is None:
            return [bad("heartbeat", "Chưa có lượt nào.", "Hãy chờ lượt đầu tiên.")]
        return [*stillness(self.last, now), *self.last.findings]

    def _tell_changes(self, findings: Sequence[Finding]) -> None:
        """Each finding once when it appears: not a line every turn."""
        known = {finding.about for finding in self.last.findings} if self.last else set()
        for finding in findings:
            if finding.about not in known:
                log.error("%s %s", finding.what, finding.what_to_do)
        for about in known - {finding.about for finding in findings}:
            log.info("Đã ổn trở lại: %s.", about)

    def _write(self, beat: Beat) -> None:
        if self.file is None:
            return
        fresh = self.file.with_name(f"{self.file.name}.new")
        try:
            fresh.write_text(json.dumps(asdict(beat), ensure_ascii=False, default=str) + "\n", encoding="utf-8")
            fresh.replace(self.file)  # whoever reads it sees the old one or the new one
        except OSError as error:  # a full disk may recover; the old file says by its age that something is wrong
            log.error("Chưa ghi được %s (%s).", self.file, error.strerror)


def stillness(beat: Beat, now: dt.datetime) -> list[Finding]:
    """A beat that is too old, in words."""
    if not beat.stale(now):
        return []
    if beat.at > now:
        return [
            bad(
                "heartbeat",
                f"Lượt gần nhất ghi giờ muộn hơn bây giờ {in_minutes(beat.at - now)}: đồng hồ máy đã bị lùi.",
                "Hãy chỉnh lại ngày giờ của máy; nếu một phút sau vẫn còn dòng này, hãy chạy lại nhacviec run.",
            )
        ]
    return [
        bad(
            "heartbeat",
            f"Lượt gần nhất đã cách đây {in_minutes(now - beat.at)}.",
            "Hãy xem nhacviec run còn chạy không, và chạy lại.",
        )
    ]


def heartbeat_file(database: str) -> Path | None:
    """Where the beat of this database's engine is written; None for a database in memory, which nobody else sees."""
    if address(database).get_backend_name() == "sqlite":
        return beside(database, ".heartbeat.json")
    return Path("nhacviec.heartbeat.json")


def read_beat(file: Path | None) -> Beat | None:
    """The last beat that was written; None: there is none that can be read."""
    if file is None:
        return None
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        found = [Finding(Level(f["level"]), f["about"], f["what"], f["what_to_do"]) for f in said["findings"]]
        proved = said["proved_at"]
        return Beat(
            dt.datetime.fromisoformat(said["at"]),
            said["turns"],
            said["lag_seconds"],
            tuple(found),
            said["turn_seconds"],
            dt.datetime.fromisoformat(proved) if proved else None,
            said["process"],
            said["machine"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


class OutsideCall:
    """A GET to an address outside, such as a dead man's switch: whoever stands there rings when it stays away.

    The address is a secret as a whole: only its host is ever written down.
    """

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url, self._transport = url, transport
        self.host = urlsplit(url).hostname or "?"
        self._called_at: dt.datetime | None = None
        self._under_way: asyncio.Task[None] | None = None
        self._failing = False

    def call(self, now: dt.datetime) -> asyncio.Task[None] | None:
        """Call in the background; None when the last call is too fresh, or still under way."""
        too_soon = self._called_at is not None and dt.timedelta(0) <= now - self._called_at < CALL_EVERY
        if too_soon or (self._under_way is not None and not self._under_way.done()):
            return None
        self._called_at = now
        self._under_way = asyncio.get_running_loop().create_task(self._get())
        return self._under_way

    async def _get(self) -> None:
        import httpx  # noqa: PLC0415  (a tenth of a second that an office without such an address need not pay)

        try:
            async with httpx.AsyncClient(timeout=CALL_WITHIN, transport=self._transport) as client:
                async with asyncio.timeout(CALL_WITHIN):
                    (await client.get(self._url)).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            if not self._failing:  # once, not every minute of an outage; and the error's words hold the address
                log.warning("Chưa gọi được địa chỉ theo dõi ngoài ở %s (%s).", self.host, type(error).__name__)
            self._failing = True
        else:
            self._failing = False

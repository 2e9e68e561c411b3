"""Collect: the photos and files that people sent are fetched from where the chat provider keeps them, and kept here.

A row of evidence waits with ``status`` "to_fetch" until its alarm ``fetch_after``. As with the outbox, claim, fetch and
record are three moments: the claim moves the alarm ahead before the network is asked, so that a crash repeats the
fetch after a while and two collectors do not fetch one row at once. A fetch that is repeated does no harm.

What is kept is told by what is in it (:mod:`engine.rules.files`); what is not kept is told to the person who sent it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from data import journal
from data.evidence_files import EvidenceFiles
from data.rows import AnyRow
from data.upsert import upsert
from engine.errors import in_vietnamese
from engine.messages import Answer, Attachment, Channel, Fetched, File, Kind, Refused, Retry, Said
from engine.office import EVIDENCE, INBOUND, MESSAGE, OBLIGATION, OCCURRENCE, view_office
from engine.payload import to_payload
from engine.rules import files as allowed

LOG = logging.getLogger("nhacviec.collect")

BATCH = 20  # rows a call; in the worst case five rounds of a minute, within the claim
AT_ONCE = 4  # files in memory: 80 MB
CLAIM = dt.timedelta(minutes=10)
BACKOFF = (60, 600, 3600)  # seconds; then hourly
GIVE_UP_AFTER = 24  # attempts: most of a day
AT_ANY_HOUR = dt.timedelta(hours=1)  # whoever sent it that lately still waits; later the news waits for working hours
LONGEST_NAME = 60

NOT_FETCHED = "không tải được tệp"
NOT_RUNNING = "kênh đã nhận tệp không còn chạy"
WRONG_KIND = f"nội dung không phải loại tệp được nhận ({allowed.ALLOWED})"


@dataclass(slots=True)
class Collected:
    """What one call did. ``moot``: taken back, or settled by another collector, while it was being fetched."""

    kept: int = 0
    later: int = 0
    refused: int = 0
    moot: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    sha256: str
    size: int
    mime: str


_Outcome = _Kept | Retry | Refused
_Channels = Mapping[tuple[str, str], Channel]


async def collect(engine: Engine, channels: Collection[Channel], files: EvidenceFiles, now: dt.datetime) -> Collected:
    """Fetch what is due, at most :data:`BATCH` rows; it may take minutes, so let the turns go on beside it."""
    with engine.begin() as connection:
        rows = _claim(connection, now)
    running = {(channel.name, channel.bot): channel for channel in channels if hasattr(channel, "fetch")}
    few = asyncio.Semaphore(AT_ONCE)
    done = Collected()

    async def one(row: AnyRow) -> None:
        async with few:
            outcome = await _fetch_and_keep(running, files, row)
            with engine.begin() as connection:
                _record(connection, row, outcome, now, done)

    came = await asyncio.gather(*(one(row) for row in rows), return_exceptions=True)
    for error in came:
        if error is not None:  # the database's: the rows it concerns come up again when their claim is over
            raise error
    return done


_CLAIM = (
    update(EVIDENCE)
    .where(
        EVIDENCE.c.id.in_(
            select(EVIDENCE.c.id)
            .where(EVIDENCE.c.status == "to_fetch", EVIDENCE.c.fetch_after <= bindparam("b_now"))
            .order_by(EVIDENCE.c.fetch_after, EVIDENCE.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(fetch_after=bindparam("b_until", type_=EVIDENCE.c.fetch_after.type), attempts=EVIDENCE.c.attempts + 1)
    .returning(EVIDENCE)
)


def _claim(connection: Connection, now: dt.datetime) -> list[AnyRow]:
    rows = connection.execute(_CLAIM, {"b_now": now, "b_until": now + CLAIM}).all()
    return sorted(rows, key=lambda row: row.id)


# ---- fetch --------------------------------------------------------------------------------------------------------


async def _fetch_and_keep(running: _Channels, files: EvidenceFiles, row: AnyRow) -> _Outcome:
    """What came of it, so far as the network and the disk are concerned."""
    attachment = Attachment(Kind(row.kind), row.reference or "", row.name, row.mime, row.size)
    fetched = await _fetched(running, row, attachment)
    if not isinstance(fetched, File):
        return fetched
    kind = allowed.type_of(fetched.content, row.kind, row.name)
    size = len(fetched.content)
    if size > allowed.LARGEST:
        return Refused(f"lớn hơn {allowed.LARGEST // 1024 // 1024} MB")
    if kind is None:
        return Refused(WRONG_KIND)
    try:
        sha256 = await asyncio.to_thread(files.keep, fetched.content)
    except OSError as error:  # a full disk may have room again
        LOG.error("Không ghi được tệp minh chứng vào %s: %s", files.folder, in_vietnamese(error))
        return Retry("không ghi được tệp")
    return _Kept(sha256, size, kind.mime)


async def _fetched(running: _Channels, row: AnyRow, attachment: Attachment) -> Fetched:
    channel: Any = running.get((row.channel, row.bot))
    if channel is None:
        return Retry(NOT_RUNNING)
    try:
        fetched: Fetched = await channel.fetch(attachment, allowed.LARGEST)
    except Exception as error:  # channels promise not to; one that does must not hold up the others
        LOG.error("Lỗi lạ khi tải tệp từ %s: %s", row.channel, type(error).__name__)
        return Retry(NOT_FETCHED)
    return fetched


# ---- record -------------------------------------------------------------------------------------------------------


def _record(connection: Connection, row: AnyRow, outcome: _Outcome, now: dt.datetime, done: Collected) -> None:
    if isinstance(outcome, Retry) and row.attempts < GIVE_UP_AFTER:
        counted = _settle(connection, row, fetch_after=now + _wait(row, outcome), reason=outcome.reason)
        done.later += counted
    elif isinstance(outcome, _Kept):
        if counted := _keep(connection, row, outcome, now):
            done.kept += 1
    else:
        why = outcome.reason if isinstance(outcome, Refused) or outcome.reason == NOT_RUNNING else NOT_FETCHED
        if counted := _refuse(connection, row, why, now):
            done.refused += 1
    done.moot += not counted


def _settle(connection: Connection, row: AnyRow, **values: Any) -> bool:
    """Change the row if it still looks as it was claimed: meanwhile it may have been taken back or fetched again."""
    changed = connection.execute(
        update(EVIDENCE)
        .where(EVIDENCE.c.id == row.id, EVIDENCE.c.status == "to_fetch", EVIDENCE.c.attempts == row.attempts)
        .values(**values)
    )
    return bool(changed.rowcount)


def _wait(row: AnyRow, outcome: Retry) -> dt.timedelta:
    if outcome.named:
        return dt.timedelta(seconds=outcome.seconds)
    return dt.timedelta(seconds=max(outcome.seconds, BACKOFF[min(row.attempts, len(BACKOFF)) - 1]))


def _keep(connection: Connection, row: AnyRow, kept: _Kept, now: dt.datetime) -> bool:
    values = {"sha256": kept.sha256, "size": kept.size, "mime": kept.mime}
    if not _settle(connection, row, status="kept", fetch_after=None, reason=None, **values):
        return False
    _write_down(connection, row, "evidence_kept", {"evidence": row.id, "kind": row.kind, **values}, now)
    return True


def _refuse(connection: Connection, row: AnyRow, why: str, now: dt.datetime) -> bool:
    if not _settle(connection, row, status="refused", fetch_after=None, reason=why):
        return False
    _write_down(connection, row, "evidence_refused", {"evidence": row.id, "kind": row.kind, "why": why}, now)
    duty = connection.execute(_DUTY, {"b_occurrence": row.occurrence_id}).one()
    if _is_left_without(connection, row, duty.evidence):
        _write_down(connection, row, "evidence_missing", {"wanted": duty.evidence}, now)
    # Several files may have come with one message. Of secret work not even a file's name is repeated.
    _tell(connection, row, why if duty.secret else _named(why, row.name), now)
    return True


def _write_down(connection: Connection, row: AnyRow, action: str, data: dict[str, Any], now: dt.datetime) -> None:
    journal.append(connection, row.office_id, now, [journal.Line("engine", action, row.occurrence_id, data)])


_DUTY = (
    select(OBLIGATION.c.evidence, OBLIGATION.c.secret)
    .join(OCCURRENCE, OCCURRENCE.c.obligation_id == OBLIGATION.c.id)
    .where(OCCURRENCE.c.id == bindparam("b_occurrence"))
)


def _is_left_without(connection: Connection, row: AnyRow, wanted: str) -> bool:
    """Whether the duty demands what this file could have been, and nothing of it is kept any more nor still to come."""
    if not allowed.SHOWS.get(wanted, frozenset()) & {Kind.PHOTO, Kind.FILE}:
        return False
    others = select(EVIDENCE.c.id).where(
        EVIDENCE.c.occurrence_id == row.occurrence_id,
        EVIDENCE.c.kind.in_(allowed.SHOWS[wanted]),
        EVIDENCE.c.status.in_(("kept", "to_fetch")),
    )
    return connection.execute(others.limit(1)).first() is None


def _tell(connection: Connection, row: AnyRow, reason: str, now: dt.datetime) -> None:
    """Whoever sent the file hears of it, in the chat it came from; without one, wherever they are reached."""
    came = connection.execute(
        select(INBOUND.c.channel, INBOUND.c.bot, INBOUND.c.address).where(INBOUND.c.id == row.inbound_id)
    ).first()
    if came is None and row.person_id is None:
        return
    values = {
        "office_id": row.office_id,
        "person_id": row.person_id,
        "kind": "answer",
        "key": f"file:{row.id}",
        "payload": to_payload(Answer(Said.EVIDENCE_REFUSED, reason=reason)),
        "status": "queued",
        "not_before": _when(connection, row, now),
        "channel": came.channel if came else None,
        "bot": came.bot if came else None,
        "address": came.address if came else None,
    }
    connection.execute(upsert(connection, MESSAGE).values(**values).on_conflict_do_nothing())


def _named(why: str, name: str | None) -> str:
    """The reason with the file's own name, as far as that fits."""
    shown = " ".join((name or "").split())
    if len(shown) > LONGEST_NAME:
        shown = shown[: LONGEST_NAME - 1] + "…"
    return f"{why} – {shown}" if shown else why


def _when(connection: Connection, row: AnyRow, now: dt.datetime) -> dt.datetime:
    """An answer may leave at any hour; news about a file of yesterday may not."""
    if now - row.given_at <= AT_ANY_HOUR:
        return now
    return max(now, view_office(connection, row.office_id).hours.this_or_next_slot(now).starts)

"""``preview``, ``why``, ``status``, ``digest`` and ``strangers``: looking without touching."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape
from sqlalchemy import Connection, Select, func, select

from data import serving
from data.database import reading
from engine.cli import output
from engine.cli.finding import database, loaded_offices, office_file, office_of_work
from engine.clock import CIVIL, SystemClock
from engine.errors import NhacViecError
from engine.findings import Finding, any_bad
from engine.office import CHAT, INBOUND, OCCURRENCE, OFFICE, PERSON, UNIT, OfficeView, view_office
from engine.rules.lifecycle import CLOSED, WorkState
from engine.rules.status import in_words
from engine.why import SAYS, details_of
from schedules.office_file import read_office

COMING = dt.timedelta(days=30)  # how far ahead "status" looks without --all
SHOWN_OF_A_STRANGER = 24  # letters
KINDS = {"reminder": "nhắc việc", "digest": "bản tin tuần", "answer": "trả lời"}


def preview(office: str, first: str, last: str, full: bool, as_json: bool) -> None:
    """Every message to come."""
    from engine.preview import foresee

    first_day, last_day = output.day(first), output.day(last)
    if last_day < first_day:
        raise NhacViecError("Ngày kết thúc sớm hơn ngày bắt đầu. Hãy xem lại --from và --to.")
    file = read_office(office_file(office))
    zone = ZoneInfo(file.office.timezone)
    with output.progress(file.office.name, (last_day - first_day).days + 1, hidden=as_json) as reached:
        messages = foresee(
            file, first_day, last_day, lambda now: reached((now.astimezone(zone).date() - first_day).days)
        )
    if as_json:
        output.as_json(
            [
                {**asdict(m), "at": m.at.astimezone(zone).isoformat(), "lines": [list(x) for x in m.lines]}
                for m in messages
            ]
        )
        return
    for message in messages:
        when = message.at.astimezone(zone).strftime("%d/%m/%Y %H:%M")
        if full:
            output.console.rule(f"{when}  {escape(message.person)}")
            output.line(message.text)
            continue
        what = "; ".join(f"{SAYS[says]}: {title}" for says, title in message.lines) or KINDS[message.kind]
        output.line(f"{when}  {message.person}: {what}")
    output.line(f"{len(messages)} tin từ {first_day:%d/%m/%Y} đến {last_day:%d/%m/%Y}.")


def why(occurrence: int, office: str | None, as_json: bool) -> None:
    """The story of one occurrence."""
    from engine.why import story_of

    engine = database()
    with reading(engine) as connection:
        office_id, office_name = office_of_work(connection, occurrence, office)
        story = story_of(connection, occurrence, SystemClock().now())
        zone = _zone_of(connection, occurrence)
    if as_json:
        output.as_json({"office": office_id, **asdict(story)})
        return
    show = output.console.print
    if office_name:
        show(escape(f"Cơ quan: {office_name} ({office_id})"), highlight=False)
    show(f"[bold]{story.id}. {escape(story.title)}[/] – {escape(story.unit)}: {escape(story.state)}", highlight=False)
    show(escape(", ".join(f"{name} {value}" for name, value in story.dates.items())), highlight=False)
    for reason in story.reasons:
        show(f"  {escape(reason)}", highlight=False)
    where = story.source.get("where", "")
    show(
        escape(f"Nguồn: {where}. {story.source.get('words') or ''} {story.source.get('basis') or ''}"), highlight=False
    )
    rows = [
        (t.at.astimezone(zone).strftime("%d/%m/%Y %H:%M"), t.says, t.person, t.status, t.reason or "")
        for t in story.told
    ]
    output.table("Các lời nhắc", ["Lúc", "Bậc", "Cho ai", "Kết quả", "Vì sao"], rows)
    lines = [
        (at.astimezone(zone).strftime("%d/%m/%Y %H:%M"), who, _with_details(what, data, zone))
        for at, who, what, data in story.history
    ]
    output.table("Nhật ký", ["Lúc", "Ai", "Việc gì"], lines)
    if story.next_at:
        when = story.next_at.astimezone(zone).strftime("%d/%m/%Y %H:%M")
        show(f"Lần tới: {when} ({story.next_rung or 'hỏi lại người xác nhận'}).", highlight=False)


def _with_details(what: str, data: str, zone: ZoneInfo) -> str:
    details = details_of(data, zone)
    return f"{what}: {details}" if details else what


def status(office: str | None, everything: bool, as_json: bool) -> None:
    """Open work, and what comes next."""
    engine = database()
    now = SystemClock().now()
    with reading(engine) as connection:
        offices = loaded_offices(connection, office)
        rows = [
            _work_row(view, row, now)
            for view in (view_office(connection, office_id) for office_id in offices)
            for row in connection.execute(_unfinished(view, None if everything else view.today(now) + COMING))
        ]
        troubles = _troubles(connection, now)
    for trouble in troubles:  # beside the rows, where a program reads them
        (sys.stderr.write if as_json else sys.stdout.write)(f"{trouble.what} {trouble.what_to_do}\n")
    if as_json:
        output.as_json(rows)
    elif rows:
        several = len(offices) > 1
        columns = ["Mã", *(["Cơ quan"] if several else []), "Việc", "Đơn vị", "Phụ trách", "Hạn", "Tình trạng"]
        shown = [_shown_work(row, several=several) for row in rows]
        output.table("Việc đang mở và sắp tới", columns, shown)
    elif not offices:
        output.line("Chưa nạp cơ quan nào. Hãy nạp tệp nhiệm vụ bằng: nhacviec load TỆP")
    elif everything:
        output.line("Không có việc nào chưa xong. Hãy xem lại tệp nhiệm vụ bằng: nhacviec check TỆP")
    else:
        output.line(
            f"Không có việc nào đang mở hay tới hạn trong {COMING.days} ngày. Xem cả năm: nhacviec status --all"
        )


def _troubles(connection: Connection, now: dt.datetime) -> list[Finding]:
    """Why nobody may hear of this work: nothing is sent at all, or the running engine found something wrong."""
    from engine.settings import read_settings
    from engine.watch import heartbeat_file, read_beat, silenced

    beat = read_beat(heartbeat_file(read_settings().database))
    found = beat.findings if beat is not None and not beat.stale(now) else ()
    return [*silenced(connection, now), *(one for one in found if any_bad([one]) and one.about != "muted")]


def _shown_work(row: dict[str, Any], *, several: bool) -> tuple[object, ...]:
    whose = (row["office"],) if several else ()
    days = _days(row["due"], row["internal_due"])
    return (row["id"], *whose, row["title"], row["unit"], row["doer"] or "", days, row["state"])


def _unfinished(view: OfficeView, until: dt.date | None) -> Select[Any]:
    """The work of an office that is not closed: everything, or what is open or due by ``until``."""
    query = (
        select(OCCURRENCE, UNIT.c.name.label("unit"), PERSON.c.name.label("doer"))
        .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
        .outerjoin(PERSON, PERSON.c.id == OCCURRENCE.c.doer_id)
        .where(OCCURRENCE.c.office_id == view.id, OCCURRENCE.c.work_state.not_in([str(state) for state in CLOSED]))
        .order_by(OCCURRENCE.c.internal_due, OCCURRENCE.c.id)
    )
    return query if until is None else query.where(OCCURRENCE.c.opened_at.is_not(None) | (OCCURRENCE.c.due <= until))


def _days(due: str, internal_due: str) -> str:
    """The deadline, and the office's own day where it is another."""
    day, own = (f"{dt.date.fromisoformat(iso):%d/%m/%Y}" for iso in (due, internal_due))
    return day if day == own else f"{day} (nội bộ {own})"


def _work_row(view: OfficeView, row: Any, now: dt.datetime) -> dict[str, Any]:
    words = in_words(WorkState(row.work_state), row.due, row.internal_due, view.today(now))
    return {
        "id": row.id,
        "office": view.id,
        "title": row.title,
        "unit": row.unit,
        "doer": row.doer,
        "due": row.due.isoformat(),
        "internal_due": row.internal_due.isoformat(),
        "opened": row.opened_at is not None,
        "state": words if row.opened_at else f"{words} (chưa mở)",
    }


def digest(week: str, office: str | None, as_json: bool) -> None:
    """One week's digest."""
    from bots.wording import render
    from engine.digest import digest_of_week
    from engine.rules.digest_numbers import monday_of

    try:
        monday = monday_of(week)
    except ValueError:
        raise NhacViecError(f"“{week}” không phải tuần. Hãy viết năm và số tuần, ví dụ 2026-W11.") from None
    engine = database()
    now = SystemClock().now()
    with reading(engine) as connection:
        offices = loaded_offices(connection, office)
        if not offices:
            raise NhacViecError("Chưa nạp cơ quan nào. Hãy nạp tệp nhiệm vụ bằng: nhacviec load TỆP")
        messages = []
        for office_id in offices:
            view = view_office(connection, office_id)
            messages.append(digest_of_week(connection, view, monday, now, "lãnh đạo"))
    if as_json:
        output.as_json([asdict(message) for message in messages])
        return
    for message in messages:
        output.line(render(message).text)


def strangers(as_json: bool) -> None:
    """Who wrote and is linked to nobody: what an operator needs for ``link``, and little of what was said."""
    known = select(CHAT.c.id).where(
        CHAT.c.channel == INBOUND.c.channel, CHAT.c.bot == INBOUND.c.bot, CHAT.c.address == INBOUND.c.address
    )
    unknown = (
        select(func.max(INBOUND.c.id).label("last"), func.count().label("times"))
        .where(INBOUND.c.person_id.is_(None), ~known.exists())
        .group_by(INBOUND.c.channel, INBOUND.c.bot, INBOUND.c.address)
        .subquery()
    )
    query = select(INBOUND, unknown.c.times).join(unknown, unknown.c.last == INBOUND.c.id).order_by(INBOUND.c.id.desc())
    with reading(database()) as connection:
        found = connection.execute(query).all()
        serves = serving.bound(connection)
    rows = [
        {
            "channel": row.channel,
            "bot": row.bot,
            "office": serves.get((row.channel, row.bot)),
            "address": row.address,
            "words": _beginning(row.text),
            "last_at": f"{row.received_at.astimezone(CIVIL):%Y-%m-%d %H:%M}",
            "times": row.times,
        }
        for row in found
    ]
    if as_json:
        output.as_json(rows)
    elif not rows:
        output.line(
            "Không có người lạ nào nhắn tới. Hãy nhờ cán bộ mở bot và bấm Start, trong lúc nhacviec run đang chạy."
        )
    else:
        shown = [
            (
                f"{r['channel']} ({r['office']})" if r["office"] else r["channel"],
                r["address"],
                r["words"],
                f"{r['last_at']:.16}".replace("T", " "),
                r["times"],
            )
            for r in rows
        ]
        output.table("Người nhắn tới mà chưa được nối", ["Kênh", "Địa chỉ", "Tin cuối", "Lúc", "Số tin"], shown)
        output.line("Hỏi đúng người rồi nối: nhacviec link MÃ-CÁN-BỘ --channel KÊNH --address ĐỊA-CHỈ")


def _beginning(text: str) -> str:
    """Enough to tell who it may be, on one line; the rest of a stranger's words is none of our business."""
    words = " ".join(text.split())
    return words if len(words) <= SHOWN_OF_A_STRANGER else words[:SHOWN_OF_A_STRANGER].rstrip() + "…"


def _zone_of(connection: Connection, occurrence: int) -> ZoneInfo:
    zone = connection.execute(
        select(OFFICE.c.timezone)
        .join(OCCURRENCE, OCCURRENCE.c.office_id == OFFICE.c.id)
        .where(OCCURRENCE.c.id == occurrence)
    ).scalar_one()
    return ZoneInfo(zone)

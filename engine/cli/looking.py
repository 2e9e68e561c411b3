"""``preview``, ``why``, ``status``, ``digest`` and ``journal verify``: looking without touching."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.markup import escape
from sqlalchemy import Connection, Engine, select

from data.database import explained, open_database, reading
from data.journal import verify
from engine.cli import output
from engine.clock import SystemClock
from engine.errors import NhacViecError, NotFound
from engine.office import OBLIGATION, OCCURRENCE, OFFICE, PERSON, UNIT, view_office
from engine.rules.lifecycle import CLOSED, WorkState
from engine.rules.status import in_words
from engine.settings import read_settings
from engine.why import SAYS
from schedules.office_file import read_office, shipped_offices

KINDS = {"reminder": "nhắc việc", "digest": "bản tin tuần", "answer": "trả lời"}


def preview(office: str, first: str, last: str, full: bool, as_json: bool) -> None:
    """Every message to come."""
    from rich.progress import Progress

    from engine.preview import foresee

    first_day, last_day = output.day(first), output.day(last)
    if last_day < first_day:
        raise NhacViecError("Ngày kết thúc sớm hơn ngày bắt đầu. Hãy xem lại --from và --to.")
    file = read_office(_office_path(office))
    zone = ZoneInfo(file.office.timezone)
    with Progress(console=output.console, transient=True, disable=as_json) as progress:
        task = progress.add_task(file.office.name, total=(last_day - first_day).days + 1)
        messages = foresee(
            file,
            first_day,
            last_day,
            lambda now: progress.update(task, completed=(now.astimezone(zone).date() - first_day).days),
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
            output.console.print(escape(message.text), highlight=False)
            continue
        what = "; ".join(f"{SAYS[says]}: {title}" for says, title in message.lines) or KINDS[message.kind]
        output.console.print(f"{when}  {message.person}: {what}", markup=False, highlight=False)
    output.console.print(f"{len(messages)} tin từ {first_day:%d/%m/%Y} đến {last_day:%d/%m/%Y}.", highlight=False)


def _office_path(office: str) -> Path:
    shipped = {path.stem: path for path in shipped_offices()}
    if office in shipped:
        return shipped[office]
    if Path(office).exists():
        return Path(office)
    raise NotFound(f"Không có cơ quan hay tệp nào tên “{office}”. Các tệp có sẵn: {', '.join(shipped)}.")


def why(occurrence: int, as_json: bool) -> None:
    """The story of one occurrence."""
    from engine.why import story_of

    engine = _open()
    with reading(engine) as connection:
        story = story_of(connection, occurrence, SystemClock().now())
        zone = _zone_of(connection, occurrence)
    if as_json:
        output.as_json(asdict(story))
        return
    show = output.console.print
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
    lines = [(at.astimezone(zone).strftime("%d/%m/%Y %H:%M"), who, what) for at, who, what, _ in story.history]
    output.table("Nhật ký", ["Lúc", "Ai", "Việc gì"], lines)
    if story.next_at:
        when = story.next_at.astimezone(zone).strftime("%d/%m/%Y %H:%M")
        show(f"Lần tới: {when} ({story.next_rung or 'hỏi lại người xác nhận'}).", highlight=False)


def status(office: str | None, everything: bool, as_json: bool) -> None:
    """Open work."""
    engine = _open()
    now = SystemClock().now()
    with reading(engine) as connection:
        rows = []
        for office_id in connection.execute(select(OFFICE.c.id).order_by(OFFICE.c.id)).scalars().all():
            if office not in (None, office_id):
                continue
            view = view_office(connection, office_id)
            query = (
                select(OCCURRENCE, UNIT.c.name.label("unit"), PERSON.c.name.label("doer"))
                .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
                .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
                .outerjoin(PERSON, PERSON.c.id == OCCURRENCE.c.doer_id)
                .where(
                    OCCURRENCE.c.office_id == office_id,
                    OCCURRENCE.c.work_state.not_in([str(state) for state in CLOSED]),
                )
                .order_by(OCCURRENCE.c.internal_due, OCCURRENCE.c.id)
            )
            if not everything:
                query = query.where(OCCURRENCE.c.opened_at.is_not(None))
            for row in connection.execute(query):
                state = in_words(WorkState(row.work_state), row.due, row.internal_due, view.today(now))
                rows.append(
                    {
                        "id": row.id,
                        "office": office_id,
                        "title": row.title,
                        "unit": row.unit,
                        "doer": row.doer,
                        "due": row.due.isoformat(),
                        "internal_due": row.internal_due.isoformat(),
                        "state": state,
                    }
                )
    if as_json:
        output.as_json(rows)
    elif not rows:
        output.console.print("Chưa có việc nào đang mở. Nạp tệp nhiệm vụ bằng: nhacviec load TỆP", highlight=False)
    else:
        shown = [(r["id"], r["title"], r["unit"], r["doer"] or "", r["internal_due"], r["state"]) for r in rows]
        output.table("Việc đang mở", ["Mã", "Việc", "Đơn vị", "Phụ trách", "Hạn nội bộ", "Tình trạng"], shown)


def digest(week: str, office: str | None, as_json: bool) -> None:
    """One week's digest."""
    from bots.wording import render
    from engine.digest import digest_of_week
    from engine.rules.digest_numbers import monday_of

    try:
        monday = monday_of(week)
    except ValueError:
        raise NhacViecError(f"“{week}” không phải tuần. Hãy viết năm và số tuần, ví dụ 2026-W11.") from None
    engine = _open()
    now = SystemClock().now()
    with reading(engine) as connection:
        offices = [o for o in connection.execute(select(OFFICE.c.id)).scalars() if office in (None, o)]
        if not offices:
            raise NotFound("Chưa nạp cơ quan nào. Hãy nạp tệp nhiệm vụ bằng: nhacviec load TỆP")
        messages = []
        for office_id in offices:
            view = view_office(connection, office_id)
            # A week gone by is judged as of its end, so that the numbers stay what they were.
            end = dt.datetime.combine(monday + dt.timedelta(days=7), dt.time(), view.zone).astimezone(dt.UTC)
            messages.append(digest_of_week(connection, view, monday, min(now, end), "lãnh đạo"))
    if as_json:
        output.as_json([asdict(message) for message in messages])
        return
    for message in messages:
        output.console.print(escape(render(message).text), highlight=False)


def verify_journal(as_json: bool) -> None:
    """Check every office's chain."""
    engine = _open()
    with reading(engine) as connection:
        verdicts = [verify(connection, o) for o in connection.execute(select(OFFICE.c.id)).scalars().all()]
    if as_json:
        output.as_json([asdict(verdict) for verdict in verdicts])
    for verdict in verdicts:
        if not as_json and verdict.broken_at is None:
            output.console.print(
                f"{verdict.office_id}: {verdict.lines} dòng, nguyên vẹn. Dấu cuối: {verdict.head[:16]}", highlight=False
            )
    broken = [f"{v.office_id}: nhật ký bị sửa hoặc mất từ dòng {v.broken_at}." for v in verdicts if v.broken_at]
    if broken:
        raise NhacViecError("\n".join(broken) + "\nHãy giữ nguyên tệp và đối chiếu với bản sao lưu.")


def _open() -> Engine:
    settings = read_settings()
    with explained(settings.database):
        return open_database(settings.database)


def _zone_of(connection: Connection, occurrence: int) -> ZoneInfo:
    zone = connection.execute(
        select(OFFICE.c.timezone)
        .join(OCCURRENCE, OCCURRENCE.c.office_id == OFFICE.c.id)
        .where(OCCURRENCE.c.id == occurrence)
    ).scalar_one()
    return ZoneInfo(zone)

"""The people of an office: ``people …``, ``stand-in`` and ``link``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select

from data.database import reading
from data.rows import AnyRow
from data.upsert import upsert
from engine import linking
from engine import people as staff
from engine.actions import Actor
from engine.app import Product, build, running
from engine.cli import output
from engine.cli.code_sheet import Slip, check_place, write_sheet
from engine.cli.finding import database, find_person, loaded_offices
from engine.clock import SystemClock
from engine.errors import NhacViecError, NotFound
from engine.office import CHAT, PERSON, UNIT, OfficeView, view_office
from engine.people import Handover, Listed
from engine.people_import import Change, compare_people, find_unit, import_people, nearest_unit, people_problems
from engine.people_import import placeholders as placeholders_of
from engine.people_list import BadPeopleList, read_list, same_name
from engine.settings import read_settings

OPERATOR = Actor("người vận hành")
ROLES = {"officer": "chuyên viên", "head": "trưởng đơn vị", "leader": "lãnh đạo", "viewer": "chỉ xem"}
HOW = {"added": "thêm", "changed": "sửa", "returned": "trở lại"}


# ---- the list -------------------------------------------------------------------------------------------------------


def show(office: str | None, as_json: bool) -> None:
    """Who there is, and by which channels they can be reached."""
    now = SystemClock().now()
    with reading(database()) as connection:
        views = [view_office(connection, name) for name in _offices(connection, office)]
        found = [(view, staff.roll(connection, view, now)) for view in views]
        rooms = _rooms(connection)
    if as_json:
        output.as_json(
            [{"office": view.id, **asdict(person), "linked": person.linked} for view, roll in found for person in roll]
        )
        return
    for view, roll in found:
        output.line(f"Cán bộ {view.name}")
        for unit, its in groupby(roll, key=lambda person: person.unit):
            output.line(f"\n{unit}")
            for person in its:
                output.line(f"  {_described(person, view)}")
        output.line("")
        linked = sum(person.linked for person in roll)
        output.line(f"{len(roll)} người, {linked} người đã nối kênh, {len(roll) - linked} người chưa.")
    _say_all(rooms)


def _described(person: Listed, view: OfficeView) -> str:
    """One line, not a cell of a table: a slug that was cut short could not be typed."""
    role = ROLES.get(person.role, person.role) + (", thường trực" if person.standing else "")
    heard = f"; nhắn tới lần cuối {_moment(person.heard_at, view)}" if person.heard_at else ""
    return f"{person.slug}: {person.name} ({role}). Kênh: {_channels(person, view)}{heard}"


def _channels(person: Listed, view: OfficeView) -> str:
    said = [f"{chat.channel} (bị chặn: {chat.blocked})" if chat.blocked else chat.channel for chat in person.chats]
    if not person.linked and person.code_until:
        said.append(f"đã cấp mã, đến {_moment(person.code_until, view)}")
    return ", ".join(said) or "chưa nối"


def import_list(file: Path, office: str | None, yes: bool, as_json: bool) -> None:
    """Show what would change, ask, apply. With a problem anywhere nothing is written."""
    engine, now = database(), SystemClock().now()
    found = read_list(file)
    with engine.begin() as connection:
        view = _office(connection, office)
        problems = [*found.problems, *people_problems(connection, view, found.rows, file.name)]
        if problems:
            raise BadPeopleList(sorted(problems, key=_line_of))
        changes = compare_people(connection, view, found.rows, now, file.name)
    if as_json:
        output.as_json([_without_id(change) for change in changes])
    else:
        _say_all(found.notes)
        _show_changes(file, changes)
    if not changes or (as_json and not yes):
        return
    if not yes:
        output.confirm("Ghi những thay đổi này?")
    with engine.begin() as connection:
        view = view_office(connection, view.id)
        changes = import_people(connection, view, found.rows, now, OPERATOR, file.name)
        roles = placeholders_of(connection, view, changes)
    if not as_json:
        output.line(f"Đã ghi {len(changes)} người. Cấp mã liên kết bằng: nhacviec people sheet TỆP.docx")
        _say_all(roles)


def _without_id(change: Change) -> dict[str, Any]:
    told = asdict(change)
    del told["person_id"]  # a rehearsal's
    return told


def _line_of(problem: str) -> int:
    found = re.search(r", dòng (\d+):", problem)
    return int(found[1]) if found else 0


def _show_changes(file: Path, changes: Sequence[Change]) -> None:
    if not changes:
        output.line(f"{file.name}: không có gì thay đổi.")
        return
    output.line(f"Thay đổi khi nhập {file.name}:")
    for change in changes:
        keys = f" (sửa {', '.join(change.keys)})" if change.how == "changed" else ""
        output.line(f"  {HOW[change.how]} {change.slug}: {change.name}, {change.unit}{keys}")


# ---- codes ----------------------------------------------------------------------------------------------------------


def codes(
    persons: Sequence[str], office: str | None, all_unlinked: bool, unit: str | None, days: int, as_json: bool
) -> None:
    """Issue codes and show them, this once."""
    if sum(map(bool, (persons, all_unlinked, unit))) != 1:
        raise NhacViecError("Hãy ghi mã của một hay nhiều cán bộ, hoặc --all-unlinked, hoặc --unit ĐƠN-VỊ.")
    engine, now = database(), SystemClock().now()
    with engine.begin() as connection:
        if persons:
            people = [_person(connection, name, office) for name in persons]
            slips = [_issued(connection, view_office(connection, p.office_id), p, days, now) for p in people]
        else:
            view = _office(connection, office)
            slips = [_for_group(connection, view, unit, days, now)] if unit else _for_all(connection, view, days, now)
        rooms = _rooms(connection)
    if as_json:
        output.as_json([asdict(slip) for slip in slips])
        return
    if not slips:
        output.line("Mọi người đều đã nối kênh; không cấp mã nào.")
        return
    output.line("Mã liên kết, chỉ hiện lần này:")
    for slip in slips:
        output.line(f"  {slip.code}  {slip.name}, {slip.unit}; đến {slip.until}")
    output.line("Trao tận tay từng người. Người nhận mở bot, nhắn đúng mã này; mã dùng một lần.")
    _say_all(rooms)


def _issued(connection: Connection, view: OfficeView, person: AnyRow, days: int, now: dt.datetime) -> Slip:
    code = linking.issue(connection, view.id, person_id=person.id, issued_by=OPERATOR.name, now=now, days=days)
    unit = next(unit.name for unit in view.staff.units.values() if unit.id == person.unit_id)
    return Slip(person.name, unit, person.phone, code, _moment(now + dt.timedelta(days=days), view))


def _for_all(connection: Connection, view: OfficeView, days: int, now: dt.datetime) -> list[Slip]:
    waiting = [person.id for person in staff.roll(connection, view, now) if not person.linked]
    rows = {row.id: row for row in connection.execute(select(PERSON).where(PERSON.c.id.in_(waiting)))}
    return [_issued(connection, view, rows[person], days, now) for person in waiting]


def _for_group(connection: Connection, view: OfficeView, name: str, days: int, now: dt.datetime) -> Slip:
    unit = _unit(connection, view, name)
    code = linking.issue(connection, view.id, unit_id=unit.id, issued_by=OPERATOR.name, now=now, days=days)
    return Slip("(nhóm chat của đơn vị)", unit.name, None, code, _moment(now + dt.timedelta(days=days), view))


def sheet(file: Path, office: str | None, zalo: str | None, telegram: str | None, days: int) -> None:
    """Codes for everybody who has no channel, on paper. Either the file is there and the codes hold, or neither."""
    check_place(file)
    engine, now = database(), SystemClock().now()
    with engine.begin() as connection:
        view = _office(connection, office)
        before = [p for p in staff.roll(connection, view, now) if p.code_until and not p.linked]
        slips = _for_all(connection, view, days, now)
        if slips:
            write_sheet(file, view.name, slips, zalo, telegram)
        rooms = _rooms(connection)
    if not slips:
        output.line("Mọi người đều đã nối kênh; không có phiếu nào để in.")
        return
    output.line(f"Đã ghi {len(slips)} phiếu vào {file}. Phát tận tay rồi xoá tệp.")
    if before:
        output.line(f"Mã cấp trước đây của {len(before)} người trong số đó hết hiệu lực: hãy thu lại phiếu cũ.")
    _say_all(rooms)


def unlink(person: str, channel: str | None, office: str | None, yes: bool) -> None:
    """Take a person's channels away."""
    engine, now = database(), SystemClock().now()
    with reading(engine) as connection:
        row = _person(connection, person, office)
    if not yes:
        output.confirm(f"Gỡ {channel or 'mọi kênh'} của {row.name}?")
    with engine.begin() as connection:
        gone = linking.unlink(connection, row.office_id, row.id, channel=channel, now=now, actor=OPERATOR)
    if not gone:
        raise NhacViecError(f"{row.name} chưa nối {channel or 'kênh nào'}. Xem: nhacviec people list")
    output.line(f"Đã gỡ {channel or 'mọi kênh'} của {row.name}. Nối lại bằng: nhacviec people codes {row.slug}")


def _rooms(connection: Connection) -> list[str]:
    """What is to be said of bots that are nearly full."""
    bots = connection.execute(select(CHAT.c.bot).where(CHAT.c.channel == "zalo").distinct()).scalars().all()
    return [said for bot in sorted(bots) if (said := linking.room_on(connection, "zalo", bot))]


# ---- going ----------------------------------------------------------------------------------------------------------


def move(person: str, to: str, give: Sequence[str], office: str | None, yes: bool) -> None:
    """To another unit; the open work stays with colleagues."""
    engine, now = database(), SystemClock().now()
    with reading(engine) as connection:
        row = _person(connection, person, office)
        view = view_office(connection, row.office_id)
        unit = _unit(connection, view, to)
        named = _given(connection, give, row.office_id)
        handed = staff.handovers(connection, view, row.id, named)
        rest = staff.still_named(connection, view, row.id)
    _show_handovers(row.name, handed)
    if not yes:
        output.confirm(f"Chuyển {row.name} sang {unit.name} và bàn giao như trên?")
    with engine.begin() as connection:
        view = view_office(connection, row.office_id)
        handed = staff.move(connection, view, row.id, unit.id, named, OPERATOR, now)
    output.line(f"{row.name} nay thuộc {unit.name}; đã bàn giao {len(handed)} việc.")
    _say_all(rest)


def left(person: str, on: str, give: Sequence[str], office: str | None, yes: bool) -> None:
    """Gone for good."""
    day = _day(on)
    engine, now = database(), SystemClock().now()
    with reading(engine) as connection:
        row = _person(connection, person, office)
        view = view_office(connection, row.office_id)
        named = _given(connection, give, row.office_id)
        handed = staff.handovers(connection, view, row.id, named)
        rest = staff.still_named(connection, view, row.id)
    _show_handovers(row.name, handed)
    if not yes:
        output.confirm(f"Ghi {row.name} thôi công tác từ {day:%d/%m/%Y}, gỡ mọi kênh và bàn giao như trên?")
    with engine.begin() as connection:
        view = view_office(connection, row.office_id)
        handed = staff.left(connection, view, row.id, day, named, OPERATOR, now)
    output.line(f"{row.name} thôi công tác từ {day:%d/%m/%Y}; đã bàn giao {len(handed)} việc, gỡ mọi kênh.")
    _say_all(rest)


def _show_handovers(name: str, handed: Sequence[Handover]) -> None:
    if not handed:
        output.line(f"{name} không có việc nào đang mở.")
        return
    output.line(f"Việc đang mở của {name}:")
    for item in handed:
        to = item.to_name or "(chưa có ai)"
        output.line(f"  {item.occurrence_id}. {item.title}, {item.unit}, hạn {item.due:%d/%m/%Y} → {to}")
    output.line("Giao cho người khác bằng --give MÃ-VIỆC=MÃ-CÁN-BỘ.")


def _given(connection: Connection, give: Sequence[str], office_id: str) -> dict[int, int]:
    """ "12=kinh-te-cv" as work and person."""
    named: dict[int, int] = {}
    for text in give:
        number, _, person = text.partition("=")
        if not (number.strip().isdecimal() and person.strip()):
            raise NhacViecError(f"“{text}” viết chưa đúng. Hãy viết MÃ-VIỆC=MÃ-CÁN-BỘ, ví dụ --give 12=kinh-te-cv.")
        named[int(number)] = int(_person(connection, person.strip(), office_id).id)
    return named


def stand_in(person: str, substitute: str, first: str, last: str, decision: str, office: str | None) -> None:
    """Away for some days under a decision, with somebody in their place."""
    first_day, last_day = _day(first), _day(last)
    engine, now = database(), SystemClock().now()
    with engine.begin() as connection:
        one, other = _person(connection, person, office), _person(connection, substitute, office)
        if one.office_id != other.office_id:
            raise NhacViecError("Người thay phải là một người khác trong cùng cơ quan.")
        view = view_office(connection, one.office_id)
        staff.leave(connection, view, one.id, first_day, last_day, other.id, decision, OPERATOR, now)
    output.line(
        f"Từ {first_day:%d/%m/%Y} đến hết {last_day:%d/%m/%Y}, {other.name} nhận tin thay {one.name} ({decision})."
    )


# ---- calls ----------------------------------------------------------------------------------------------------------


def calls(office: str | None, as_json: bool) -> None:
    """Whom to call by telephone."""
    now = SystemClock().now()
    with reading(database()) as connection:
        views = [view_office(connection, name) for name in _offices(connection, office)]
        found = [(view, call) for view in views for call in staff.calls(connection, view, now)]
    if as_json:
        output.as_json([{"office": view.id, **asdict(call)} for view, call in found])
        return
    if not found:
        output.line("Không cần gọi điện cho ai: mọi tin về việc đang mở đều có người nhận.")
        return
    output.line("Gọi điện cho những người này:")
    for _, call in found:
        output.line(f"\n{call.name}, {call.unit}. Điện thoại: {call.phone or 'chưa có'}")
        output.line(f"  Vì sao: {'; '.join(call.why)}")
        for item in call.work:
            late = f", quá hạn {item.days_late} ngày" if item.days_late else ""
            secret = " (việc Mật: không nói qua điện thoại)" if item.secret else ""
            output.line(f"  Việc {item.occurrence_id}: {item.title}, hạn {item.due:%d/%m/%Y}{late}{secret}")


# ---- by hand --------------------------------------------------------------------------------------------------------


def link(person: str, channel: str, address: str, office: str | None) -> None:
    """Give a person an address; it takes the place of the simulator's."""
    product = build(read_settings())
    bot = bot_of(product, channel)
    with product.engine.begin() as connection:
        row = _person(connection, person, office)
        taken = connection.execute(
            select(CHAT.c.id, CHAT.c.person_id).where(
                CHAT.c.channel == channel, CHAT.c.bot == bot, CHAT.c.address == address
            )
        ).first()
        if taken is not None and taken.person_id != row.id:
            raise NhacViecError("Địa chỉ này đã nối với một cán bộ khác, hoặc là nhóm của một đơn vị.")
        values = {
            "office_id": row.office_id,
            "person_id": row.id,
            "channel": channel,
            "bot": bot,
            "address": address,
            "linked_at": product.clock.now(),
        }
        connection.execute(delete(CHAT).where(CHAT.c.person_id == row.id, CHAT.c.channel == "simulator"))
        statement = upsert(connection, CHAT).values(**values)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["channel", "bot", "address"], set_={"blocked_at": None, "blocked_why": None}
            )
        )
    output.line(f"Đã nối {row.name} với {channel}.")


def bot_of(product: Product, channel: str) -> str:
    """The bot that serves a channel."""
    bots = product.named(channel)
    if not bots:
        raise NhacViecError(
            f"Kênh “{channel}” chưa được bật (đang bật: {running(product.channels)}). "
            "Zalo cần NHACVIEC_ZALO_TOKEN, Telegram cần NHACVIEC_TELEGRAM_TOKEN trong .env."
        )
    return bots[0].bot


# ---- finding --------------------------------------------------------------------------------------------------------


def _offices(connection: Connection, name: str | None) -> list[str]:
    found = loaded_offices(connection, name)
    if not found:
        raise NotFound("Chưa nạp cơ quan nào. Hãy nạp tệp nhiệm vụ bằng: nhacviec load TỆP")
    return found


def _office(connection: Connection, name: str | None) -> OfficeView:
    """The one office that is meant."""
    found = _offices(connection, name)
    if len(found) > 1:
        raise NotFound(f"Có nhiều cơ quan: {', '.join(found)}. Hãy thêm --office MÃ-CƠ-QUAN.")
    return view_office(connection, found[0])


def _person(connection: Connection, name: str, office: str | None) -> AnyRow:
    """By slug ("kinh-te-cv", "hung-thang/kinh-te-cv"), or by the whole name.

    :raises NotFound: there is none, or there are several.
    """
    try:
        return find_person(connection, name, office)
    except NotFound:
        if " " not in name.strip():  # no slug has a space, and few names have none
            raise
    offices = _offices(connection, office)
    query = select(PERSON).where(PERSON.c.active, PERSON.c.office_id.in_(offices)).order_by(PERSON.c.id)
    found = [row for row in connection.execute(query) if same_name(row.name) == same_name(name)]
    if not found:
        raise NotFound(f"Không có cán bộ nào tên “{name}”. Xem mã và họ tên bằng lệnh: nhacviec people list")
    if len(found) > 1:
        places = ", ".join(f"{row.office_id}/{row.slug}" for row in found)
        raise NotFound(f"Nhiều cán bộ tên “{name}”: {places}. Hãy ghi mã.")
    return found[0]


def _unit(connection: Connection, view: OfficeView, name: str) -> AnyRow:
    units = connection.execute(select(UNIT).where(UNIT.c.office_id == view.id, UNIT.c.active)).all()
    found = find_unit(units, name)
    if found is None:
        near = nearest_unit(units, name)
        hint = f"Có phải “{near}”?" if near else f"Các đơn vị: {', '.join(unit.slug for unit in units)}."
        raise NotFound(f"{view.name} không có đơn vị nào tên “{name}”. {hint}")
    return found


def _day(text: str) -> dt.date:
    """ "25/3/2026" or "2026-03-25".

    :raises NhacViecError: it is no day.
    """
    written = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text.strip())
    try:
        if written:
            return dt.date(int(written[3]), int(written[2]), int(written[1]))
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise NhacViecError(f"“{text}” không phải ngày có thật. Hãy viết 25/3/2026 hoặc 2026-03-25.") from None


def _moment(at: dt.datetime, view: OfficeView) -> str:
    local = at.astimezone(view.zone)
    return f"{local:%H:%M} ngày {local.day}/{local.month}/{local.year}"


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        output.line(line)

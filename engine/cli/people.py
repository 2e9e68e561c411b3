"""The people of an office: ``people …``, ``stand-in`` and ``link``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
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
from engine.app import Product, build_again, running
from engine.cli import output
from engine.cli.finding import database, find_person, loaded_offices
from engine.clock import SystemClock
from engine.code_sheet import Slip, check_place, write_sheet
from engine.errors import NhacViecError, NotFound
from engine.messages import office_of, serves
from engine.office import CHAT, PERSON, UNIT, OfficeView, view_office
from engine.people import ROLES, Handover, Listed, channel_name
from engine.people_import import Change, compare_people, find_unit, import_people, nearest_unit, people_problems
from engine.people_import import placeholders as placeholders_of
from engine.people_list import BadPeopleList, read_list, same_name
from engine.settings import read_settings

OPERATOR = Actor("người vận hành")
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
        output.line(_counted(roll))
    _say_all(rooms)


def _counted(roll: Sequence[Listed]) -> str:
    """How many can be reached; the simulator reaches nobody's telephone."""
    linked, trial = sum(person.linked for person in roll), sum(person.on_trial for person in roll)
    said = f"{len(roll)} người: {linked} đã nối kênh nhắn tin, {len(roll) - linked} chưa."
    if trial:
        said += f" {trial} người mới chỉ có {staff.SIMULATOR} (để thử trên máy này), không nhận tin ở điện thoại."
    return said


def _described(person: Listed, view: OfficeView) -> str:
    """One line, not a cell of a table: a slug that was cut short could not be typed."""
    role = ROLES.get(person.role, person.role) + (", thường trực" if person.standing else "")
    heard = f"; nhắn tới lần cuối {_moment(person.heard_at, view)}" if person.heard_at else ""
    return f"{person.slug}: {person.name} ({role}). Kênh: {_channels(person, view)}{heard}"


def _channels(person: Listed, view: OfficeView) -> str:
    said = [
        f"{channel_name(chat.channel)} (bị chặn: {chat.blocked})" if chat.blocked else channel_name(chat.channel)
        for chat in person.chats
    ]
    if not person.linked and person.code_until:
        said.append(f"đã cấp mã, đến {_moment(person.code_until, view)}")
    return ", ".join(said) or "chưa nối"


def import_list(file: Path, office: str | None, yes: bool, as_json: bool) -> None:
    """Show what would change, ask, apply. With a problem anywhere nothing is written."""
    engine, now = database(), SystemClock().now()
    found = read_list(file)
    with engine.begin() as connection:
        view = _office(connection, office)
        rows = sorted([*found.rows, *found.doubtful], key=lambda row: row.line)
        problems = [*found.problems, *people_problems(connection, view, rows, file.name)]
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
    told = {**asdict(change), "somebody_else": change.somebody_else}
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
        output.line(f"  {HOW[change.how]} {change.slug}: {change.name}, {change.unit}")
        for entry in change.altered:
            output.line(f"      {entry.what}: {entry.old} → {entry.new}")
        if change.somebody_else:
            output.line(
                f"      CHÚ Ý: họ tên, đơn vị và vai trò của {change.slug} đều đổi. Đây là người khác? "
                "Nếu phải, hãy sửa hoặc xoá ô Mã của dòng này rồi nhập lại."
            )


# ---- codes ----------------------------------------------------------------------------------------------------------


def codes(
    persons: Sequence[str],
    office: str | None,
    all_unlinked: bool,
    unit: str | None,
    days: int,
    again: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Issue codes and show them, this once."""
    if sum(map(bool, (persons, all_unlinked, unit))) != 1:
        raise NhacViecError("Hãy ghi mã của một hay nhiều cán bộ, hoặc --all-unlinked, hoặc --unit ĐƠN-VỊ.")
    engine, now = database(), SystemClock().now()
    found = _waiting_for(office, again, now) if all_unlinked else None
    if found is not None and found.withdrawn and not yes:
        if as_json:
            raise NhacViecError(f"{found.warning()} Thêm --yes để cấp lại.")
        output.line(found.warning())
        output.confirm(f"Cấp mã cho {len(found.people)} người?")
    with engine.begin() as connection:
        if found is not None:
            slips = _for_these(connection, found, days, now)
        elif persons:
            people = [_person(connection, name, office) for name in persons]
            slips = [_issued(connection, view_office(connection, p.office_id), p, days, now) for p in people]
        else:
            slips = [_for_group(connection, _office(connection, office), unit or "", days, now)]
        rooms = _rooms(connection)
    if as_json:
        output.as_json([asdict(slip) for slip in slips])
        return
    if not slips and found is not None:
        output.line(f"{found.nobody()} Không cấp mã nào.")
        return
    output.line("Mã liên kết, chỉ hiện lần này:")
    for slip in slips:
        output.line(f"  {slip.code}  {slip.name}, {slip.unit}; đến {slip.until}")
    output.line("Trao tận tay từng người. Người nhận mở bot, nhắn đúng mã này; mã dùng một lần.")
    _say_all(rooms)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Who is to have a code, and who has one on paper that still holds."""

    office: str
    people: tuple[Listed, ...]
    holders: tuple[Listed, ...]

    @property
    def withdrawn(self) -> list[str]:
        """Whose code of before would be good no longer."""
        return [person.name for person in self.people if person.code_until]

    def warning(self) -> str:
        """What is lost by issuing these codes."""
        names = self.withdrawn
        return f"Mã đã phát còn hiệu lực của {len(names)} người sẽ bị huỷ, phiếu cũ phải thu lại: {'; '.join(names)}."

    def nobody(self) -> str:
        """Why there is nobody to have a code."""
        if not self.holders:
            return "Mọi người đều đã nối kênh."
        names = "; ".join(person.name for person in self.holders)
        return (
            f"Ai chưa nối kênh đều đã có mã còn hiệu lực: {len(self.holders)} người ({names}). "
            "Mất phiếu một người: nhacviec people codes MÃ-CÁN-BỘ. Cấp lại cho tất cả: thêm --again."
        )


def _waiting_for(office: str | None, again: bool, now: dt.datetime) -> _Waiting:
    """Everybody without a chat; those whose code still holds only ``again``."""
    with reading(database()) as connection:
        view = _office(connection, office)
        unlinked = [person for person in staff.roll(connection, view, now) if not person.linked]
    wanted = tuple(person for person in unlinked if again or not person.code_until)
    return _Waiting(view.id, wanted, tuple(person for person in unlinked if person.code_until))


def _for_these(connection: Connection, found: _Waiting, days: int, now: dt.datetime) -> list[Slip]:
    """Codes for those who were shown, as far as they have not linked or got a code while the operator thought."""
    view = view_office(connection, found.office)
    still = {p.id: p.code_until for p in staff.roll(connection, view, now) if not p.linked}
    people = [p.id for p in found.people if p.id in still and still[p.id] == p.code_until]
    rows = {row.id: row for row in connection.execute(select(PERSON).where(PERSON.c.id.in_(people)))}
    return [_issued(connection, view, rows[person], days, now) for person in people]


def _issued(connection: Connection, view: OfficeView, person: AnyRow, days: int, now: dt.datetime) -> Slip:
    code = linking.issue(connection, view.id, person_id=person.id, issued_by=OPERATOR.name, now=now, days=days)
    unit = next(unit.name for unit in view.staff.units.values() if unit.id == person.unit_id)
    return Slip(person.name, unit, person.phone, code, _moment(now + dt.timedelta(days=days), view))


def _for_group(connection: Connection, view: OfficeView, name: str, days: int, now: dt.datetime) -> Slip:
    unit = _unit(connection, view, name)
    code = linking.issue(connection, view.id, unit_id=unit.id, issued_by=OPERATOR.name, now=now, days=days)
    return Slip("(nhóm chat của đơn vị)", unit.name, None, code, _moment(now + dt.timedelta(days=days), view))


def sheet(
    file: Path, office: str | None, zalo: str | None, telegram: str | None, days: int, again: bool, yes: bool
) -> None:
    """Codes for those who have no channel, on paper. Either the file is there and the codes hold, or neither."""
    check_place(file)
    engine, now = database(), SystemClock().now()
    found = _waiting_for(office, again, now)
    if not found.people:
        output.line(f"{found.nobody()} Không có phiếu nào để in.")
        return
    output.line("Cấp mã cho:")
    for person in found.people:
        old = f" (đã có mã, đến {person.code_until:%d/%m/%Y}: mã ấy sẽ bị huỷ)" if person.code_until else ""
        output.line(f"  {person.slug}: {person.name}, {person.unit}{old}")
    if found.withdrawn:
        output.line(found.warning())
    elif found.holders:
        output.line(f"{len(found.holders)} người khác đã có mã còn hiệu lực, mã ấy giữ nguyên (cấp lại: --again).")
    if not yes:
        output.confirm(f"Cấp mã cho {len(found.people)} người và ghi phiếu vào {file}?")
    with engine.begin() as connection:
        slips = _for_these(connection, found, days, now)
        if slips:
            write_sheet(file, view_office(connection, found.office).name, slips, zalo, telegram)
        rooms = _rooms(connection)
    if not slips:
        output.line("Trong lúc chờ trả lời, những người này đã nối kênh hoặc được cấp mã; không có phiếu nào để in.")
        return
    output.line(f"Đã ghi {len(slips)} phiếu vào {file}. Phát tận tay rồi xoá tệp.")
    if found.withdrawn:
        output.line(
            f"Mã cấp trước đây của {len(found.withdrawn)} người trong số đó hết hiệu lực: hãy thu lại phiếu cũ."
        )
    _say_all(rooms)


def unlink(person: str, channel: str | None, office: str | None, yes: bool) -> None:
    """Take a person's channels away."""
    engine, now = database(), SystemClock().now()
    with reading(engine) as connection:
        row = _person(connection, person, office)
        chats = connection.execute(select(CHAT.c.channel).where(CHAT.c.person_id == row.id)).scalars().all()
    if not [one for one in chats if channel in (None, one)]:
        raise NhacViecError(f"{row.name} chưa nối {channel or 'kênh nào'}. Xem: nhacviec people list")
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
        staff.check_move(view, row.id, unit.id)
        named = _given(connection, give, row.office_id)
        handed = staff.handovers(connection, view, row.id, named)
        rest = staff.still_named(connection, view, row.id)
        missed = staff.without_head(view, row.id)
    _show_handovers(row.name, handed)
    staff.check_handed(handed)
    _say_all(missed)
    if not yes:
        output.confirm(f"Chuyển {row.name} sang {unit.name} và bàn giao như trên?")
    with engine.begin() as connection:
        view = view_office(connection, row.office_id)
        handed = staff.move(connection, view, row.id, unit.id, named, OPERATOR, now)
    output.line(f"{row.name} nay thuộc {unit.name}; đã bàn giao {len(handed)} việc.")
    _say_all(rest)


def left(person: str, on: str, give: Sequence[str], office: str | None, yes: bool) -> None:
    """Gone for good."""
    day = output.day(on)
    engine, now = database(), SystemClock().now()
    with reading(engine) as connection:
        row = _person(connection, person, office)
        view = view_office(connection, row.office_id)
        staff.check_left(view, row.id, day, now)
        named = _given(connection, give, row.office_id)
        handed = staff.handovers(connection, view, row.id, named)
        rest = staff.still_named(connection, view, row.id)
        missed = staff.missed(connection, view, row.id, now)
    _show_handovers(row.name, handed)
    staff.check_handed(handed)
    _say_all(missed)
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
        if int(number) in named:
            raise NhacViecError(f"Việc {int(number)} được giao hai lần trong --give. Hãy giữ lại một người.")
        named[int(number)] = int(_person(connection, person.strip(), office_id).id)
    return named


def stand_in(person: str, substitute: str, first: str, last: str, decision: str, office: str | None) -> None:
    """Away for some days under a decision, with somebody in their place."""
    first_day, last_day = output.day(first), output.day(last)
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
    several = len(views) > 1
    for view, call in found:
        whose = f", {view.name}" if several else ""
        output.line(f"\n{call.name}, {call.unit}{whose}. Điện thoại: {call.phone or 'chưa có'}")
        output.line(f"  Vì sao: {'; '.join(call.why)}")
        for item in call.work:
            late = f", quá hạn {item.days_late} ngày" if item.days_late else ""
            secret = " (việc Mật: không nói qua điện thoại)" if item.secret else ""
            output.line(f"  Việc {item.occurrence_id}: {item.title}, hạn {item.due:%d/%m/%Y}{late}{secret}")


# ---- by hand --------------------------------------------------------------------------------------------------------


def link(person: str, channel: str, address: str, office: str | None) -> None:
    """Give a person an address; it takes the place of the simulator's."""
    product = build_again(read_settings())
    with product.engine.begin() as connection:
        row = _person(connection, person, office)
        bot = bot_of(product, channel, row.office_id)
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


def bot_of(product: Product, channel: str, office_id: str) -> str:
    """The bot by which this office is reached on a channel: its own before one that serves every office."""
    there = product.named(channel)
    bots = sorted((bot for bot in there if serves(bot, office_id)), key=lambda bot: office_of(bot) is None)
    if there and not bots:
        raise NhacViecError(f"Cơ quan {office_id} chưa có bot {channel}. Hãy ghi bot vào tệp NHACVIEC_BOTS.")
    if not bots:
        raise NhacViecError(
            f"Kênh “{channel}” chưa được bật (đang bật: {running(product.channels)}). "
            "Zalo cần NHACVIEC_ZALO_TOKEN, Telegram cần NHACVIEC_TELEGRAM_TOKEN trong .env, hoặc tệp NHACVIEC_BOTS."
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


def _moment(at: dt.datetime, view: OfficeView) -> str:
    local = at.astimezone(view.zone)
    return f"{local:%H:%M} ngày {local.day}/{local.month}/{local.year}"


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        output.line(line)

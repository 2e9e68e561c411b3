"""*Con người*: who works here, by what they can be reached, and what becomes of their work when they are away or go."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, select, update

from data import journal, serving
from engine import linking
from engine import people as staff
from engine.actions import Actor
from engine.code_sheet import Slip
from engine.errors import NhacViecError
from engine.messages import HIDDEN_TITLE
from engine.office import CHAT, OBLIGATION, OCCURRENCE, PERSON, UNIT, OfficeView
from engine.people import NOT_A_PHONE, OTHER_OFFICE, ROLES, Call, Handover, Listed
from engine.people_import import Change, compare_people, import_people, people_problems, placeholders
from engine.people_list import BadPeopleList, PeopleList, PersonRow, phone_of
from engine.rules.chain import Away
from engine.screens.child import LIST_AT_MOST, PEOPLE, in_child
from engine.screens.deeds import Refused

CHANNELS = {"zalo": "Zalo", "telegram": "Telegram", "email": "Email", "simulator": "Trình mô phỏng"}
CODE_DAYS = linking.GOOD_FOR_DAYS
LARGEST_LIST = 10 * 1024 * 1024  # bytes
LONGEST_NAME = 200

#: What the engine's sentences say about the command line, and what this page calls the same thing.
_ON_THIS_PAGE = (
    (r"nhacviec people move \S+ --to \S+", "mục “Chuyển đơn vị” ở trang của người ấy"),
    (r"nhacviec people import", "mục “Nhập danh sách”"),
    (r"nhacviec people leave", "mục “Nghỉ có người thay”"),
    (r"nhacviec people unlink", "mục “Gỡ kênh”"),
    (r"nhacviec people codes( \S+)?", "mục “Cấp mã”"),
    (r" bằng --give MÃ-VIỆC=MÃ-CÁN-BỘ", " ở ô “Người nhận”"),
    (r" sau --decision, ví dụ", ", ví dụ"),
    (r" ở --from và --to| --from và --to", " hai ngày đã chọn"),
    (r"ghi --from là ngày hôm nay", "chọn ngày hôm nay"),
)


def on_this_page(sentence: str) -> str:
    """A sentence of the engine, without the command line's words."""
    for command, place in _ON_THIS_PAGE:
        sentence = re.sub(command, place, sentence)
    return sentence


# ---- who there is ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Channel:
    """One address of a person: never the address itself."""

    channel: str
    name: str
    linked_at: dt.datetime | None
    blocked: str | None  # why it takes no message
    failing: str | None  # why the next one is used meanwhile
    failing_since: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """One person as the page shows them."""

    listed: Listed
    role: str  # in words
    channels: tuple[Channel, ...]
    away: tuple[Away, ...]  # today and later, the nearest first

    @property
    def reach(self) -> str:
        """How they are reached, in words."""
        if self.listed.linked:
            return "đã nối"
        return "chỉ có trình mô phỏng" if self.listed.on_trial else "chưa nối"


@dataclass(frozen=True, slots=True)
class UnitOf:
    """One unit and its people."""

    id: int | None
    name: str
    people: tuple[Person, ...]
    groups: tuple[Channel, ...] = ()  # its group chats


@dataclass(frozen=True, slots=True)
class Roll:
    """Everybody of an office."""

    units: tuple[UnitOf, ...]
    calls: tuple[Call, ...]  # who must be called by telephone
    rooms: tuple[str, ...]  # what is to be said of bots that are nearly full
    gone: tuple[tuple[str, dt.date | None], ...]  # who has left: name and day

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, unit by unit."""
        return tuple(person for unit in self.units for person in unit.people)

    @property
    def linked(self) -> int:
        """How many can be reached by a chat of their own."""
        return sum(person.listed.linked for person in self.people)


def roll_of(connection: Connection, office: OfficeView, now: dt.datetime) -> Roll:
    """Everybody by unit; units without people are shown empty."""
    listed = staff.roll(connection, office, now)
    chats = _chats(connection, office)
    by_unit: dict[str, list[Person]] = defaultdict(list)
    for one in listed:
        by_unit[one.unit].append(_person(office, one, chats[one.id], now))
    units = connection.execute(
        select(UNIT.c.id, UNIT.c.name).where(UNIT.c.office_id == office.id, UNIT.c.active).order_by(UNIT.c.id)
    ).all()
    groups = _groups(connection, office)
    gone = connection.execute(
        select(PERSON.c.name, PERSON.c.left_on)
        .where(PERSON.c.office_id == office.id, ~PERSON.c.active)
        .order_by(PERSON.c.left_on.desc(), PERSON.c.id)
    )
    rooms = [UnitOf(row.id, row.name, tuple(by_unit.pop(row.name, ())), tuple(groups[row.id])) for row in units]
    rooms += [UnitOf(None, name, tuple(people)) for name, people in by_unit.items()]
    return Roll(
        tuple(rooms),
        tuple(staff.calls(connection, office, now)),
        tuple(_rooms(connection, office)),
        tuple((row.name, row.left_on) for row in gone),
    )


def _chats(connection: Connection, office: OfficeView) -> dict[int, list[Channel]]:
    return _channels(connection, office, "person_id")


def _groups(connection: Connection, office: OfficeView) -> dict[int, list[Channel]]:
    return _channels(connection, office, "unit_id")


def _channels(connection: Connection, office: OfficeView, owner: str) -> dict[int, list[Channel]]:
    chats: dict[int, list[Channel]] = defaultdict(list)
    serves = serving.bound(connection)
    query = select(CHAT).where(CHAT.c.office_id == office.id, CHAT.c[owner].is_not(None))
    for row in connection.execute(query.order_by(CHAT.c.rank, CHAT.c.id)):
        blocked = (row.blocked_why or "đã chặn") if row.blocked_at else None
        if serves.get((row.channel, row.bot), office.id) != office.id:
            blocked = OTHER_OFFICE
        failing = row.failing_why if row.failing_since else None
        name = CHANNELS.get(row.channel, row.channel)
        found = Channel(row.channel, name, row.linked_at, blocked, failing, row.failing_since)
        chats[getattr(row, owner)].append(found)
    return chats


def _person(office: OfficeView, one: Listed, channels: Sequence[Channel], now: dt.datetime) -> Person:
    role = ROLES.get(one.role, one.role) + (", thường trực" if one.standing else "")
    today = office.today(now)
    away = sorted(
        (away for away in office.staff.away if away.person == one.id and away.last_day >= today),
        key=lambda away: away.first_day,
    )
    return Person(one, role, tuple(channels), tuple(away))


def _rooms(connection: Connection, office: OfficeView) -> list[str]:
    bots = select(CHAT.c.bot).where(CHAT.c.office_id == office.id, CHAT.c.channel == "zalo").distinct()
    said = (linking.room_on(connection, "zalo", bot) for bot in sorted(connection.execute(bots).scalars()))
    return [on_this_page(one) for one in said if one]


@dataclass(frozen=True, slots=True)
class OpenWork:
    """One piece of open work of a person."""

    id: int
    title: str
    due: dt.date


@dataclass(frozen=True, slots=True)
class OnePerson:
    """The page of one person."""

    person: Person
    work: tuple[OpenWork, ...]
    units: tuple[tuple[int, str], ...]  # where they could move to
    substitutes: tuple[tuple[int, str], ...]


def person_of(connection: Connection, office: OfficeView, person: int, now: dt.datetime) -> OnePerson | None:
    """One person who works here; None for anybody else."""
    one = next((one for one in staff.roll(connection, office, now) if one.id == person), None)
    if one is None:
        return None
    member = office.staff.members[person]
    others = [m for m in office.staff.members.values() if m.active and m.id != person]
    return OnePerson(
        _person(office, one, _chats(connection, office)[person], now),
        tuple(open_work_of(connection, office, person)),
        tuple((unit.id, unit.name) for unit in office.staff.units.values() if unit.id != member.unit_id),
        tuple((m.id, m.name) for m in others if m.role != "viewer"),
    )


def open_work_of(connection: Connection, office: OfficeView, person: int) -> list[OpenWork]:
    """What they are expected to do, by its day; secret work without its title."""
    rows = staff.open_work(connection, office, person)
    secret = _secret(connection, [row.id for row in rows])
    return [OpenWork(row.id, HIDDEN_TITLE if row.id in secret else row.title, row.internal_due) for row in rows]


def _secret(connection: Connection, occurrences: Sequence[int]) -> frozenset[int]:
    query = (
        select(OCCURRENCE.c.id)
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(OCCURRENCE.c.id.in_(occurrences), OBLIGATION.c.secret)
    )
    return frozenset(connection.execute(query).scalars())


# ---- one person more ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonWanted:
    """One person as typed. ``place``: the slug of the role in the office's file that this person fills, or ""."""

    name: str
    unit: str
    role: str
    phone: str = ""
    standing: bool = False
    place: str = ""


def open_places(connection: Connection, office: OfficeView) -> list[tuple[str, str]]:
    """(slug, name) of the roles in the office's file that no telephone belongs to yet."""
    linked = select(CHAT.c.person_id).where(CHAT.c.person_id.is_not(None), CHAT.c.channel.not_in(NOT_A_PHONE))
    rows = connection.execute(
        select(PERSON.c.slug, PERSON.c.name)
        .where(PERSON.c.office_id == office.id, PERSON.c.active, PERSON.c.origin == "file", PERSON.c.id.not_in(linked))
        .order_by(PERSON.c.id)
    )
    return [(row.slug, row.name) for row in rows]


def add_person(
    connection: Connection, office: OfficeView, wanted: PersonWanted, actor: Actor, now: dt.datetime
) -> Slip:
    """Take somebody in, and give them a code. Returns it, this once.

    :raises Refused: it makes no sense as it stands, or they are here already.
    """
    row = _row_of(connection, office, wanted)
    try:
        changes = import_people(connection, office, [row], now, actor, _ADDING)
    except BadPeopleList as problem:
        raise Refused(on_this_page(re.sub(rf"{_ADDING}, dòng 1: (.)", _capital, str(problem)))) from None
    if not changes or (changes[0].how == "changed" and not wanted.place):
        raise Refused(f"{row.name} đã có trong {row.unit}. Đồng chí mở trang của người ấy để sửa.")
    fresh = next(one for one in staff.roll(connection, office, now) if one.slug == changes[0].slug)
    [slip] = issue_codes(connection, office, [fresh], actor, now)
    return slip


_ADDING = "trang Con người"


def _capital(found: re.Match[str]) -> str:
    return found[1].upper()


def _row_of(connection: Connection, office: OfficeView, wanted: PersonWanted) -> PersonRow:
    name, phone = " ".join(wanted.name.split()), " ".join(wanted.phone.split())
    unit = next((unit for unit in office.staff.units.values() if str(unit.id) == wanted.unit), None)
    if not name:
        raise Refused("Đồng chí ghi giúp họ tên.")
    if len(name) > LONGEST_NAME:
        raise Refused(f"Họ tên dài quá {LONGEST_NAME} chữ, đồng chí xem lại.")
    if unit is None:
        raise Refused("Đồng chí chọn giúp đơn vị.")
    if wanted.role not in ROLES:
        raise Refused("Đồng chí chọn giúp vai trò.")
    if wanted.standing and wanted.role == "viewer":
        raise Refused("Người chỉ xem không thể là thường trực.")
    if phone and phone_of(phone) is None:
        raise Refused("Số điện thoại chưa đúng. Đồng chí ghi một số, ví dụ 0912 345 678, hoặc để trống.")
    if wanted.place and wanted.place not in dict(open_places(connection, office)):
        raise Refused("Chức danh này đã có người. Đồng chí chọn lại.")
    standing = True if wanted.standing else None
    number = phone_of(phone) if phone else None
    return PersonRow(1, name, unit.name, wanted.role, slug=wanted.place or None, phone=number, standing=standing)


# ---- a unit's group chat --------------------------------------------------------------------------------------------


def group_code(
    connection: Connection, office: OfficeView, unit: int, actor: Actor, now: dt.datetime
) -> tuple[str, Slip] | None:
    """A code that joins a unit's group chat. Returns the unit's name and the code, this once; None: no such unit."""
    found = next((one for one in office.staff.units.values() if one.id == unit), None)
    if found is None:
        return None
    code = linking.issue(connection, office.id, unit_id=unit, issued_by=actor.name, now=now, days=CODE_DAYS)
    return found.name, Slip("Nhóm chat của đơn vị", found.name, None, code, _code_until(office, now))


# ---- codes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who has no chat: without a code, and with one on paper that still holds."""

    without: tuple[Listed, ...]
    holders: tuple[Listed, ...]


def waiting_of(connection: Connection, office: OfficeView, now: dt.datetime) -> Waiting:
    """Everybody who is not linked."""
    unlinked = [one for one in staff.roll(connection, office, now) if not one.linked]
    return Waiting(
        tuple(one for one in unlinked if not one.code_until), tuple(one for one in unlinked if one.code_until)
    )


def issue_codes(
    connection: Connection, office: OfficeView, people: Sequence[Listed], actor: Actor, now: dt.datetime
) -> list[Slip]:
    """A fresh code for each; they are in what is returned, and kept nowhere. Earlier ones are good no longer."""
    until = _code_until(office, now)
    return [
        Slip(
            one.name,
            one.unit,
            one.phone,
            linking.issue(connection, office.id, person_id=one.id, issued_by=actor.name, now=now, days=CODE_DAYS),
            until,
        )
        for one in people
    ]


def _code_until(office: OfficeView, now: dt.datetime) -> str:
    local = (now + dt.timedelta(days=CODE_DAYS)).astimezone(office.zone)
    return f"{local:%H:%M} ngày {local.day}/{local.month}/{local.year}"


def unlink(
    connection: Connection, office: OfficeView, person: int, channel: str | None, actor: Actor, now: dt.datetime
) -> int:
    """Take one channel away, or all.

    :raises Refused: there is none.
    """
    gone = linking.unlink(connection, office.id, person, channel=channel, now=now, actor=actor)
    if not gone:
        raise Refused("Người này không còn kênh nào để gỡ.")
    return gone


def set_phone(
    connection: Connection, office: OfficeView, person: int, text: str, actor: Actor, now: dt.datetime
) -> str | None:
    """Write the telephone number down; an empty one is taken out. Returns it as it is kept.

    :raises Refused: it is no number.
    """
    text = " ".join(text.split())
    phone = phone_of(text) if text else None
    if text and phone is None:
        raise Refused("Số điện thoại chưa đúng. Đồng chí ghi một số, ví dụ 0912 345 678, hoặc để trống.")
    connection.execute(update(PERSON).where(PERSON.c.id == person, PERSON.c.office_id == office.id).values(phone=phone))
    slug = office.staff.members[person].slug
    data = {"source": "trang Con người", "changes": [f"changed {slug}: điện thoại"]}  # the number is nobody's history
    journal.append(connection, office.id, now, [journal.Line(actor.name, "people_imported", None, data)])
    return phone


# ---- away, moved, gone ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeaveWanted:
    """Days away, as typed."""

    first: str
    last: str
    substitute: str
    decision: str


def leave(
    connection: Connection, office: OfficeView, person: int, wanted: LeaveWanted, actor: Actor, now: dt.datetime
) -> str:
    """Write it down. Returns what holds from now on, in a sentence.

    :raises Refused: it makes no sense as it stands.
    """
    first, last = _day(wanted.first), _day(wanted.last)
    substitute = int(wanted.substitute) if wanted.substitute.isdecimal() else 0
    if substitute not in office.staff.members:
        raise Refused("Đồng chí chọn giúp người thay.")
    if len(wanted.decision) > 100:
        raise Refused("Số quyết định dài quá, đồng chí rút gọn lại.")
    with _said_for_this_page():
        staff.leave(connection, office, person, first, last, substitute, wanted.decision, actor, now)
    return (
        f"Từ {first:%d/%m/%Y} đến hết {last:%d/%m/%Y}, {office.name_of(substitute)} nhận tin và trả lời thay "
        f"{office.name_of(person)} ({wanted.decision.strip()})."
    )


def rehearsed_leave(
    connection: Connection, office: OfficeView, person: int, wanted: LeaveWanted, actor: Actor, now: dt.datetime
) -> str:
    """The same sentence, without writing anything.

    :raises Refused: it makes no sense as it stands.
    """
    with connection.begin_nested() as rehearsal:
        sentence = leave(connection, office, person, wanted, actor, now)
        rehearsal.rollback()
    return sentence


@dataclass(frozen=True, slots=True)
class Going:
    """What becomes of somebody's work when they move or go."""

    handovers: tuple[Handover, ...]
    takers: tuple[tuple[int, str], ...]
    warnings: tuple[str, ...]
    rest: tuple[str, ...]  # what still hangs on them afterwards


def moving(connection: Connection, office: OfficeView, person: int, to_unit: int) -> Going:
    """What a move would do.

    :raises Refused: it makes no sense.
    """
    with _said_for_this_page():
        staff.check_move(office, person, to_unit)
        return _going(connection, office, person, staff.without_head(office, person))


def leaving(connection: Connection, office: OfficeView, person: int, on: dt.date, now: dt.datetime) -> Going:
    """What going for good would do.

    :raises Refused: it makes no sense.
    """
    with _said_for_this_page():
        staff.check_left(office, person, on, now)
        return _going(connection, office, person, staff.missed(connection, office, person, now))


def _going(connection: Connection, office: OfficeView, person: int, warnings: Sequence[str]) -> Going:
    handed = staff.handovers(connection, office, person)
    secret = _secret(connection, [item.occurrence_id for item in handed])
    takers = (
        member
        for member in office.staff.members.values()
        if member.active and member.id != person and member.role in ("officer", "head")
    )
    return Going(
        tuple(replace(item, title=HIDDEN_TITLE) if item.occurrence_id in secret else item for item in handed),
        tuple((member.id, member.name) for member in takers),
        tuple(map(on_this_page, warnings)),
        tuple(map(on_this_page, staff.still_named(connection, office, person))),
    )


def move(
    connection: Connection,
    office: OfficeView,
    person: int,
    to_unit: int,
    given: Mapping[int, int],
    actor: Actor,
    now: dt.datetime,
) -> str:
    """Move them; their work stays with whom ``given`` names. Returns what was done.

    :raises Refused: it makes no sense, or their work has changed since it was shown.
    """
    with _said_for_this_page():
        _all_named(connection, office, person, given)
        handed = staff.move(connection, office, person, to_unit, given, actor, now)
    unit = next(unit.name for unit in office.staff.units.values() if unit.id == to_unit)
    return f"{office.name_of(person)} nay thuộc {unit}; đã bàn giao {len(handed)} việc."


def left(
    connection: Connection,
    office: OfficeView,
    person: int,
    on: dt.date,
    given: Mapping[int, int],
    actor: Actor,
    now: dt.datetime,
) -> str:
    """Write them down as gone; their work goes to whom ``given`` names. Returns what was done.

    :raises Refused: it makes no sense, or their work has changed since it was shown.
    """
    with _said_for_this_page():
        _all_named(connection, office, person, given)
        handed = staff.left(connection, office, person, on, given, actor, now)
    return f"{office.name_of(person)} thôi công tác từ {on:%d/%m/%Y}; đã bàn giao {len(handed)} việc, gỡ mọi kênh."


def _all_named(connection: Connection, office: OfficeView, person: int, given: Mapping[int, int]) -> None:
    """What is handed over is what the person at the page has seen."""
    if {row.id for row in staff.open_work(connection, office, person)} != set(given):
        raise Refused("Việc đang mở của người này vừa thay đổi. Đồng chí xem lại rồi hãy thực hiện.")


@contextmanager
def _said_for_this_page() -> Iterator[None]:
    """The engine's refusals in this page's words."""
    try:
        yield
    except NhacViecError as error:
        raise Refused(on_this_page(str(error))) from None


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise Refused("Đồng chí chọn giúp ngày.") from None


def day_of(text: str) -> dt.date:
    """A day of a form.

    :raises Refused: it is none.
    """
    return _day(text)


# ---- a list of people -----------------------------------------------------------------------------------------------


def read_people_list(name: str, content: bytes) -> PeopleList:
    """Read a list of people, in a child process.

    :raises Refused: it is too large, or cannot be read.
    """
    if not content:
        raise Refused("Đồng chí chọn giúp tệp danh sách rồi bấm gửi.")
    if len(content) > LARGEST_LIST:
        raise Refused("Danh sách lớn quá 10 MB. Đây có đúng là danh sách cán bộ không?")
    with _said_for_this_page():
        return PEOPLE.validate_json(in_child("people", name, content, at_most=LIST_AT_MOST))


@dataclass(frozen=True, slots=True)
class ListShown:
    """What importing a list would change, or why it cannot be used; ``mark`` tells whether it is still the same."""

    changes: tuple[Change, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    mark: str


def list_shown(connection: Connection, office: OfficeView, found: PeopleList, now: dt.datetime) -> ListShown:
    """A rehearsal of the import."""
    source = found.path.name
    rows = sorted([*found.rows, *found.doubtful], key=lambda row: row.line)
    problems = [*found.problems, *people_problems(connection, office, rows, source)]
    if problems:
        return ListShown((), tuple(map(on_this_page, problems)), found.notes, "")
    changes = compare_people(connection, office, found.rows, now, source)
    return ListShown(tuple(changes), (), found.notes, _mark_of(changes))


def _mark_of(changes: Sequence[Change]) -> str:
    said = json.dumps([{**asdict(change), "person_id": None} for change in changes], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def import_list(
    connection: Connection,
    office: OfficeView,
    rows: Sequence[PersonRow],
    source: str,
    mark: str,
    actor: Actor,
    now: dt.datetime,
) -> tuple[str, list[str]]:
    """Import what was shown. Returns what was done, and what else may be wanted.

    :raises Refused: it would no longer change the same.
    """
    try:
        if _mark_of(compare_people(connection, office, rows, now, source)) != mark:
            raise Refused("Danh sách cán bộ vừa thay đổi. Đồng chí gửi lại tệp để xem lại.")
        changes = import_people(connection, office, rows, now, actor, source)
    except BadPeopleList:
        raise Refused("Danh sách cán bộ vừa thay đổi. Đồng chí gửi lại tệp để xem lại.") from None
    return f"Đã ghi {len(changes)} người.", placeholders(connection, office, changes)


def packed(rows: Sequence[PersonRow]) -> list[Any]:
    """The rows as plain data, to travel through the page that shows them."""
    return [asdict(row) for row in rows]


def unpacked(data: Sequence[Mapping[str, Any]]) -> list[PersonRow]:
    """The rows again."""
    return [
        PersonRow(**{**row, "in_charge_of": tuple(row["in_charge_of"]) if row["in_charge_of"] is not None else None})
        for row in data
    ]

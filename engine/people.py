"""The people of an office: who there is, moved, gone, away with a stand-in; and who must be called by telephone.

Whoever goes leaves nothing behind: their open work is listed and handed to somebody by name, and the journal has both
names. What is frozen in an occurrence (its head, the standing office, the leaders) stays as it was.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from data import journal, serving
from data.rows import AnyRow
from engine import actions, linking
from engine.actions import Actor
from engine.errors import NhacViecError
from engine.linking import MAIL
from engine.office import (
    CHAT,
    INBOUND,
    LINK_CODE,
    MESSAGE,
    OBLIGATION,
    OCCURRENCE,
    PERSON,
    REMINDER,
    STAND_IN,
    UNIT,
    OfficeView,
)
from engine.rules.chain import Member, Staff, chain_for, confirmers
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.status import days_late

NOT_A_PHONE = (MAIL, "simulator")  # addresses that nobody has linked by a code
NOT_LINKED = "chưa nối kênh nhắn tin"
OTHER_OFFICE = "bot ấy nay phục vụ cơ quan khác"
SIMULATOR = "trình mô phỏng"  # as people are told of it
ROLES = {"officer": "chuyên viên", "head": "trưởng đơn vị", "leader": "lãnh đạo", "viewer": "chỉ xem"}
OF_THE_RECIPIENT = "người nhận "  # how the outbox begins the same reasons
LATE_AT_MOST = dt.timedelta(days=31)  # how long after its first day a leave may still be written down
GONE = "không còn công tác tại cơ quan"
_OPEN = [str(state) for state in OPEN]
_UNFINISHED = [*_OPEN, str(WorkState.WAITING)]


# ---- who there is ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """One chat of a person, as the list of people shows it."""

    channel: str
    bot: str
    blocked: str | None = None  # why it takes no message, where it takes none


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of the list of people."""

    id: int
    slug: str
    name: str
    unit: str
    role: str
    standing: bool
    phone: str | None
    chats: tuple[Address, ...]
    heard_at: dt.datetime | None
    code_until: dt.datetime | None  # a code that was handed out and not yet used

    @property
    def linked(self) -> bool:
        """Whether a chat was linked by them that still takes messages."""
        return any(chat.channel not in NOT_A_PHONE and chat.blocked is None for chat in self.chats)

    @property
    def on_trial(self) -> bool:
        """Whether all they have is the simulator, which reaches nobody's telephone."""
        return not self.linked and any(chat.channel == "simulator" for chat in self.chats)


def channel_name(channel: str) -> str:
    """A channel as people are told of it."""
    return SIMULATOR if channel == "simulator" else channel


def roll(connection: Connection, office: OfficeView, now: dt.datetime) -> list[Listed]:
    """Everyone who works there, by unit."""
    chats: dict[int, list[Address]] = defaultdict(list)
    serves = serving.bound(connection)
    for row in connection.execute(
        select(CHAT)
        .where(CHAT.c.office_id == office.id, CHAT.c.person_id.is_not(None))
        .order_by(CHAT.c.rank, CHAT.c.id)
    ):
        blocked = (row.blocked_why or "đã chặn") if row.blocked_at else None
        if serves.get((row.channel, row.bot), office.id) != office.id:
            blocked = OTHER_OFFICE
        chats[row.person_id].append(Address(row.channel, row.bot, blocked))
    codes = select(LINK_CODE.c.person_id, LINK_CODE.c.expires_at).where(
        LINK_CODE.c.office_id == office.id,
        LINK_CODE.c.used_at.is_(None),
        LINK_CODE.c.withdrawn_at.is_(None),
        LINK_CODE.c.expires_at > now,
    )
    until = {row.person_id: row.expires_at for row in connection.execute(codes)}
    heard = select(func.max(INBOUND.c.received_at)).where(INBOUND.c.person_id == PERSON.c.id).scalar_subquery()
    people = connection.execute(
        select(PERSON, UNIT.c.name.label("unit"), heard.label("heard_at"))
        .join(UNIT, UNIT.c.id == PERSON.c.unit_id)
        .where(PERSON.c.office_id == office.id, PERSON.c.active)
        .order_by(UNIT.c.id, PERSON.c.id)
    )
    return [
        Listed(
            row.id,
            row.slug,
            row.name,
            row.unit,
            row.role,
            row.standing,
            row.phone,
            tuple(chats[row.id]),
            row.heard_at,
            until.get(row.id),
        )
        for row in people
    ]


# ---- handing work over ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Handover:
    """One piece of open work and who takes it; nobody, where the unit has nobody left."""

    occurrence_id: int
    title: str
    unit: str
    due: dt.date
    to: int | None
    to_name: str | None


def open_work(connection: Connection, office: OfficeView, person: int) -> list[AnyRow]:
    """What this person is expected to do, by its day."""
    return list(
        connection.execute(
            select(OCCURRENCE, UNIT.c.name.label("unit_name"), UNIT.c.slug.label("unit_slug"))
            .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
            .where(
                OCCURRENCE.c.office_id == office.id, OCCURRENCE.c.doer_id == person, OCCURRENCE.c.work_state.in_(_OPEN)
            )
            .order_by(OCCURRENCE.c.internal_due, OCCURRENCE.c.id)
        ).all()
    )


def handovers(
    connection: Connection, office: OfficeView, person: int, handover: Mapping[int, int] | None = None
) -> list[Handover]:
    """The person's open work, and who takes each: the one named, else whom the unit would give it to without them.

    :raises NhacViecError: it names work that is not theirs, or somebody who cannot take it.
    """
    named = dict(handover or {})
    found = [_handover(office, person, row, named.pop(row.id, None)) for row in open_work(connection, office, person)]
    if named:
        numbers = ", ".join(str(number) for number in named)
        raise NhacViecError(
            f"{office.name_of(person)} không có việc đang mở nào mang mã {numbers}. Hãy xem lại danh sách."
        )
    return found


def _handover(office: OfficeView, person: int, row: AnyRow, to: int | None) -> Handover:
    if to is None:
        others = {key: member for key, member in office.staff.members.items() if key != person}
        staff = replace(office.staff, members=others, by_slug={})
        to = next(iter(chain_for(staff, row.unit_slug, None)["doer"]), None)
    else:
        taker = office.staff.members.get(to)
        if taker is None or not taker.active or taker.role in ("viewer", "leader") or to == person:
            raise NhacViecError(
                f"Không giao việc {row.id} cho {office.name_of(to)} được: phải là một cán bộ khác đang công tác, "
                "không phải lãnh đạo, không chỉ xem."
            )
    return Handover(row.id, row.title, row.unit_name, row.internal_due, to, office.name_of(to) if to else None)


def still_named(connection: Connection, office: OfficeView, person: int) -> list[str]:
    """What still hangs on this person and is settled elsewhere: duties that name them, work put off or reported."""
    member = office.staff.members[person]
    duties = connection.execute(
        select(OBLIGATION.c.slug)
        .where(
            OBLIGATION.c.office_id == office.id,
            OBLIGATION.c.active,
            OBLIGATION.c.rule["doer"].as_string() == member.slug,
        )
        .order_by(OBLIGATION.c.id)
    ).scalars()
    said = [f"Nhiệm vụ {slug} ghi đích danh “doer: {member.slug}”. Hãy sửa trong tệp nhiệm vụ." for slug in duties]
    resting = connection.execute(
        select(OCCURRENCE.c.id, OCCURRENCE.c.title, OCCURRENCE.c.work_state).where(
            OCCURRENCE.c.office_id == office.id,
            OCCURRENCE.c.doer_id == person,
            OCCURRENCE.c.work_state.in_([str(WorkState.SUSPENDED), str(WorkState.WAITING)]),
        )
    )
    words = {str(WorkState.SUSPENDED): "đang tạm dừng", str(WorkState.WAITING): "đang chờ xác nhận"}
    return said + [
        f"Việc {row.id} ({row.title}) {words[row.work_state]}, vẫn đứng tên {member.name}." for row in resting
    ]


def check_move(office: OfficeView, person: int, to_unit: int) -> None:
    """Whether there is anything to move.

    :raises NhacViecError: they do not work here, or they are there already.
    """
    member, unit = _member(office, person), _unit_of(office, to_unit)
    if member.unit_id == to_unit:
        raise NhacViecError(f"{member.name} đang ở {unit} rồi, không phải chuyển.")


def check_left(office: OfficeView, person: int, on: dt.date, now: dt.datetime) -> None:
    """Whether somebody can be written down as gone.

    :raises NhacViecError: they do not work here, or the day is still to come.
    """
    _member(office, person)
    if on > office.today(now):
        raise NhacViecError(
            f"Ngày {_day(on)} chưa tới. Hãy ghi vào đúng ngày ấy; nếu nghỉ trước đó, dùng nhacviec people leave."
        )


def check_handed(handed: Iterable[Handover]) -> None:
    """Whether somebody takes every piece of the work.

    :raises NhacViecError: of some, nobody does.
    """
    nobody = [item for item in handed if item.to is None]
    if nobody:
        works = "; ".join(f"{item.occurrence_id} ({item.title})" for item in nobody)
        raise NhacViecError(f"Chưa có ai nhận việc {works}. Hãy chỉ rõ bằng --give MÃ-VIỆC=MÃ-CÁN-BỘ.")


def missed(connection: Connection, office: OfficeView, person: int, now: dt.datetime) -> list[str]:
    """What the office is left without when this person goes: who is asked instead, and which places stand empty."""
    member = _member(office, person)
    members = {key: replace(one, active=one.active and key != person) for key, one in office.staff.members.items()}
    staff = replace(office.staff, members=members, by_slug={})
    left = [one for one in members.values() if one.active]
    said = []
    if member.role == "leader" and not any(one.role == "leader" for one in left):
        said.append(
            f"CHÚ Ý: {member.name} là lãnh đạo duy nhất. Sau đó việc quá hạn không lên được tới ai, bản tin tuần không "
            "có người đọc. Hãy thêm lãnh đạo mới trước: nhacviec people import"
        )
    if member.standing and not any(one.standing for one in left):
        rest = [one.name for one in left if one.id in chain_for(staff, staff.standing_unit, None)["standing"]]
        then = f"chỉ còn tới {', '.join(rest)}" if rest else "không tới ai"
        said.append(
            f"CHÚ Ý: {member.name} là cán bộ thường trực cuối cùng. Sau đó việc của thường trực (duyệt gia hạn, nghe "
            f"vướng mắc, đôn đốc) {then}. Hãy ghi người thường trực mới trước: nhacviec people import"
        )
    return [*said, *without_head(office, person), *_unconfirmed(connection, office, staff, member, now)]


def without_head(office: OfficeView, person: int) -> list[str]:
    """Whether their unit is left with no head."""
    member = _member(office, person)
    heads = [one for one in office.staff.members.values() if one.active and one.role == "head"]
    if [one.id for one in heads if one.unit_id == member.unit_id] != [person]:
        return []
    unit = _unit_of(office, member.unit_id)
    return [
        f"CHÚ Ý: sau khi {member.name} đi, {unit} không còn trưởng đơn vị. Hãy thêm người mới: nhacviec people import"
    ]


def _unconfirmed(
    connection: Connection, office: OfficeView, staff: Staff, member: Member, now: dt.datetime
) -> list[str]:
    """Reported work that waits for this person's word, and who is asked for it from now on."""
    waiting = connection.execute(
        select(OCCURRENCE, OBLIGATION.c.confirm)
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(OCCURRENCE.c.office_id == office.id, OCCURRENCE.c.work_state == str(WorkState.WAITING))
        .order_by(OCCURRENCE.c.id)
    ).all()
    today, said = office.today(now), []
    for row in waiting:
        chain = row.chain or {}
        level = row.confirm if row.confirm != "none" else "head"
        asked = confirmers(office.staff, chain, level, row.reported_by, today)
        awaited = {*chain.get(level, ()), *(one.person_id for one in asked)}  # with a telephone or without
        if member.id not in awaited or row.reported_by == member.id:
            continue
        instead = [office.name_of(one.person_id) for one in confirmers(staff, chain, level, row.reported_by, today)]
        then = f"Từ nay hỏi {', '.join(instead)}." if instead else "Sau đó không còn ai để hỏi: hãy xác nhận trước."
        said.append(f"Việc {row.id} ({row.title}) đang chờ {member.name} xác nhận. {then}")
    return said


def move(
    connection: Connection,
    office: OfficeView,
    person: int,
    to_unit: int,
    handover: Mapping[int, int] | None,
    actor: Actor,
    now: dt.datetime,
) -> list[Handover]:
    """The person works in another unit from now on; their open work stays with colleagues. Returns who took what.

    ``handover`` names who takes which occurrence; what it does not name goes to whom the unit would give it.

    :raises NhacViecError: it makes no sense as it stands; nothing is changed then.
    """
    check_move(office, person, to_unit)
    member, unit = _member(office, person), _unit_of(office, to_unit)
    handed = _hand_all(connection, office, person, handover, actor, f"{member.name} chuyển sang {unit}", now)
    old = _unit_of(office, member.unit_id)
    connection.execute(update(PERSON).where(PERSON.c.id == person).values(unit_id=to_unit, origin="list"))
    _write(connection, office, actor, "moved", {"person": member.name, "from": old, "to": unit, **_told(handed)}, now)
    return handed


def left(
    connection: Connection,
    office: OfficeView,
    person: int,
    on: dt.date,
    handover: Mapping[int, int] | None,
    actor: Actor,
    now: dt.datetime,
) -> list[Handover]:
    """The person works here no longer: their work is handed over, their chats and codes end. Returns who took what.

    :raises NhacViecError: it makes no sense as it stands; nothing is changed then.
    """
    check_left(office, person, on, now)
    member = _member(office, person)
    handed = _hand_all(connection, office, person, handover, actor, f"{member.name} nghỉ từ {_day(on)}", now)
    linking.unlink(connection, office.id, person, now=now, actor=actor, why=GONE)
    connection.execute(
        update(REMINDER)
        .where(REMINDER.c.office_id == office.id, REMINDER.c.person_id == person, REMINDER.c.status == "pending")
        .values(status="suppressed", reason=GONE)
    )
    _end_standing_in(connection, office, member, on, actor, now)
    connection.execute(
        update(PERSON).where(PERSON.c.id == person).values(active=False, left_on=on, standing=False, origin="list")
    )
    _write(connection, office, actor, "left", {"person": member.name, "on": on, **_told(handed)}, now)
    return handed


def _hand_all(
    connection: Connection,
    office: OfficeView,
    person: int,
    handover: Mapping[int, int] | None,
    actor: Actor,
    reason: str,
    now: dt.datetime,
) -> list[Handover]:
    handed = handovers(connection, office, person, handover)
    check_handed(handed)
    for item in handed:
        row = actions.occurrence_row(connection, item.occurrence_id)
        if row is not None and item.to is not None:
            actions.hand_over(connection, office, row, item.to, actor, reason, now)
    return handed


def _end_standing_in(
    connection: Connection, office: OfficeView, member: Member, on: dt.date, actor: Actor, now: dt.datetime
) -> None:
    """Those they stood in for hear for themselves again."""
    theirs = (STAND_IN.c.office_id == office.id, STAND_IN.c.substitute_id == member.id, STAND_IN.c.last_day >= on)
    for row in connection.execute(select(STAND_IN).where(*theirs)).all():
        if row.first_day >= on:
            connection.execute(delete(STAND_IN).where(STAND_IN.c.id == row.id))
        else:
            connection.execute(
                update(STAND_IN).where(STAND_IN.c.id == row.id).values(last_day=on - dt.timedelta(days=1))
            )
        data = {
            "person": office.name_of(row.person_id),
            "substitute": member.name,
            "from": on,
            "decision": row.decision,
        }
        _write(connection, office, actor, "stand_in_ended", data, now)


# ---- away with a stand-in -------------------------------------------------------------------------------------------


def leave(
    connection: Connection,
    office: OfficeView,
    person: int,
    first: dt.date,
    last: dt.date,
    substitute: int,
    decision: str,
    actor: Actor,
    now: dt.datetime,
) -> None:
    """For these days, inclusive, the substitute hears and answers for the person, under a decision's number.

    :raises NhacViecError: it makes no sense as it stands; nothing is changed then.
    """
    one, other = _member(office, person), _member(office, substitute)
    if last < first:
        raise NhacViecError("Ngày kết thúc sớm hơn ngày bắt đầu. Hãy xem lại --from và --to.")
    if last < office.today(now):
        raise NhacViecError(f"Những ngày nghỉ đã qua cả (đến hết {_day(last)}). Hãy xem lại năm ở --from và --to.")
    if first < office.today(now) - LATE_AT_MOST:
        raise NhacViecError(
            f"Ngày bắt đầu {_day(first)} đã qua hơn một tháng. Hãy xem lại năm, hoặc ghi --from là ngày hôm nay."
        )
    if one.id == other.id:
        raise NhacViecError("Người thay phải là một người khác trong cùng cơ quan.")
    if other.role == "viewer":
        raise NhacViecError(f"{other.name} chỉ được xem, không thay ai được. Hãy chọn người khác.")
    if not decision.strip():
        raise NhacViecError("Hãy ghi số quyết định cử người thay sau --decision, ví dụ 12/QĐ-UBND.")
    _no_overlap(office, one, first, last)
    _no_circle(office, one, other, first, last)
    connection.execute(
        insert(STAND_IN).values(
            office_id=office.id,
            person_id=person,
            substitute_id=substitute,
            first_day=first,
            last_day=last,
            decision=decision.strip(),
        )
    )
    data = {"person": one.name, "substitute": other.name, "from": first, "to": last, "decision": decision.strip()}
    _write(connection, office, actor, "stand_in", data, now)


def _no_overlap(office: OfficeView, one: Member, first: dt.date, last: dt.date) -> None:
    for away in office.staff.away:
        if away.person == one.id and away.first_day <= last and first <= away.last_day:
            raise NhacViecError(
                f"{one.name} đã có {office.name_of(away.substitute)} thay từ {_day(away.first_day)} đến hết "
                f"{_day(away.last_day)} ({away.decision}). Hãy chọn những ngày khác."
            )


def _no_circle(office: OfficeView, one: Member, other: Member, first: dt.date, last: dt.date) -> None:
    """On no day may the substitutes of substitutes lead back to the person."""
    # From one day to the next the trail changes only where a leave begins (or ends, which makes no circle).
    begins = {away.first_day for away in office.staff.away if first <= away.first_day <= last}
    for day in sorted({first, *begins}):
        trail = [other.id]
        while len(trail) <= len(office.staff.away) + 1:
            current = trail[-1]
            away = [a for a in office.staff.away if a.person == current and a.first_day <= day <= a.last_day]
            if not away:
                break
            trail.append(away[-1].substitute)
            if trail[-1] == one.id:
                names = " → ".join(office.name_of(person) for person in (one.id, *trail))
                raise NhacViecError(
                    f"Ngày {_day(day)} người thay đi vòng tròn: {names}. Hãy chọn người khác, hoặc những ngày khác."
                )


# ---- who must be called ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Untold:
    """One piece of open work that somebody has not heard about."""

    occurrence_id: int
    title: str
    due: dt.date
    days_late: int
    secret: bool = False  # not to be named on the telephone


@dataclass(frozen=True, slots=True)
class Call:
    """One person to be called, and why."""

    person_id: int
    slug: str
    name: str
    unit: str
    phone: str | None
    why: tuple[str, ...]
    work: tuple[Untold, ...]


def calls(connection: Connection, office: OfficeView, now: dt.datetime) -> list[Call]:
    """“Gọi điện cho người này”: whom no message about open work has reached since, the most urgent first."""
    today = office.today(now)
    why: dict[int, dict[str, None]] = defaultdict(dict)
    work: dict[int, dict[int, Untold]] = defaultdict(dict)
    for row in connection.execute(_untold(office.id)):
        concerned = {person for level in (row.chain or {}).values() for person in level}
        if not {row.person_id, row.on_behalf_of} & concerned:  # handed over meanwhile
            continue
        late = days_late(row.due, row.internal_due, today)
        due = max(row.due, row.internal_due)
        work[row.person_id][row.occurrence_id] = Untold(row.occurrence_id, row.title, due, late, row.secret)
        why[row.person_id].setdefault((row.reason or "tin không gửi được").removeprefix(OF_THE_RECIPIENT))
    for row in connection.execute(
        select(CHAT).where(CHAT.c.person_id.in_(list(work)), CHAT.c.channel != MAIL).order_by(CHAT.c.rank, CHAT.c.id)
    ):
        said = row.blocked_why or row.failing_why
        if said:
            why[row.person_id] = {f"{channel_name(row.channel)}: {said}": None} | {
                key: None for key in why[row.person_id] if key != said.removeprefix(OF_THE_RECIPIENT)
            }
    people = connection.execute(
        select(PERSON, UNIT.c.name.label("unit"))
        .join(UNIT, UNIT.c.id == PERSON.c.unit_id)
        .where(PERSON.c.id.in_(list(work)), PERSON.c.active)
    )
    found = [
        Call(
            row.id,
            row.slug,
            row.name,
            row.unit,
            row.phone,
            tuple(why[row.id]),
            tuple(sorted(work[row.id].values(), key=lambda item: (-item.days_late, item.due, item.occurrence_id))),
        )
        for row in people
    ]
    return sorted(found, key=lambda call: (-call.work[0].days_late, call.work[0].due, call.person_id))


def _untold(office_id: str) -> Any:
    """Reminders of open work that reached nobody, where no later one about the same work has reached that person."""
    later = REMINDER.alias("later")
    reached = (
        select(later.c.id)
        .join(MESSAGE, MESSAGE.c.id == later.c.message_id)
        .where(
            later.c.occurrence_id == REMINDER.c.occurrence_id,
            later.c.person_id == REMINDER.c.person_id,
            later.c.id > REMINDER.c.id,
            later.c.status == "in_message",
            MESSAGE.c.status == "sent",
        )
        .exists()
    )
    refused = select(MESSAGE.c.id).where(MESSAGE.c.id == REMINDER.c.message_id, MESSAGE.c.status == "refused").exists()
    return (
        select(
            REMINDER.c.person_id,
            REMINDER.c.on_behalf_of,
            REMINDER.c.reason,
            OCCURRENCE.c.id.label("occurrence_id"),
            OCCURRENCE.c.title,
            OCCURRENCE.c.due,
            OCCURRENCE.c.internal_due,
            OCCURRENCE.c.chain,
            OBLIGATION.c.secret,
        )
        .join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(
            OCCURRENCE.c.office_id == office_id,
            OCCURRENCE.c.opened_at.is_not(None),
            OCCURRENCE.c.work_state.in_(_UNFINISHED),
            REMINDER.c.status == "suppressed",
            (REMINDER.c.reason == NOT_LINKED) | refused,
            ~reached,
        )
        .order_by(REMINDER.c.id.desc())
    )


# ---- inside ---------------------------------------------------------------------------------------------------------


def _member(office: OfficeView, person: int) -> Member:
    member = office.staff.members.get(person)
    if member is None or not member.active:
        raise NhacViecError(f"{office.name_of(person)} không còn công tác tại {office.name}.")
    return member


def _unit_of(office: OfficeView, unit_id: int) -> str:
    name = next((unit.name for unit in office.staff.units.values() if unit.id == unit_id), None)
    if name is None:
        raise NhacViecError(f"{office.name} không có đơn vị này.")
    return name


def _told(handed: Iterable[Handover]) -> dict[str, Any]:
    return {"handed": [{"occurrence": item.occurrence_id, "title": item.title, "to": item.to_name} for item in handed]}


def _day(day: dt.date) -> str:
    return f"{day.day}/{day.month}/{day.year}"


def _write(
    connection: Connection, office: OfficeView, actor: Actor, action: str, data: dict[str, Any], now: dt.datetime
) -> None:
    journal.append(connection, office.id, now, [journal.Line(actor.name, action, None, data)])

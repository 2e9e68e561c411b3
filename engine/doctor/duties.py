"""The calendar, the rules, and the work that came of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import Connection, func, select

from data.rows import AnyRow
from engine.findings import Finding, bad, ok, warn
from engine.office import OBLIGATION, OCCURRENCE, OFFICE, PERSON
from engine.rules.lifecycle import OPEN, WorkState
from schedules.office_model import ONCE, UNDATED, Kind, Obligation
from schedules.workdays import vietnam_calendar

# Next year's days off can be announced from October on, and were as late as 25 December (DOMAIN, section 7): what
# nobody can mend yet is no fault.
ANNOUNCED_FROM = 10
LAST_CALL = (12, 25)
HOME = ZoneInfo("Asia/Ho_Chi_Minh")
MOST_NAMED = 8


def named(names: Sequence[str]) -> str:
    """A few of them by name, and how many more."""
    more = f" và {len(names) - MOST_NAMED} tên khác" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def holidays(now: dt.datetime) -> Iterator[Finding]:
    """Whether this year's and next year's days off have been checked against the documents."""
    today, calendar = now.astimezone(HOME).date(), vietnam_calendar()
    for year in (today.year, today.year + 1):
        if calendar.signed_off(year):
            yield ok("holidays", f"Lịch nghỉ năm {year} đã xác nhận theo văn bản.")
            continue
        if year > today.year and today.month < ANNOUNCED_FROM:
            yield ok("holidays", f"Lịch nghỉ năm {year} chưa tới kỳ công bố, đang dùng ngày dự kiến.")
            continue
        what = f"Lịch nghỉ năm {year} chưa được xác nhận, đang dùng ngày dự kiến."
        mend = f"Khi có thông báo nghỉ lễ, Tết năm {year}: hãy ghi vào data/holidays_vn.toml và đặt signed_off = true."
        urgent = year == today.year or (today.month, today.day) >= LAST_CALL
        yield bad("holidays", what, mend) if urgent else warn("holidays", what, mend)


def rules(connection: Connection, now: dt.datetime) -> Iterator[Finding]:
    """Duties that cannot be read, and duties from which nothing more will come."""
    today = now.astimezone(HOME).date()
    offices = {row.id: row for row in connection.execute(select(OFFICE.c.id, OFFICE.c.loaded_on, OFFICE.c.ladders))}
    if not offices:
        yield bad("rules", "Chưa nạp cơ quan nào.", "Hãy nạp tệp nhiệm vụ: nhacviec load TỆP.")
        return
    last_due = {
        row.obligation_id: row.last
        for row in connection.execute(
            select(OCCURRENCE.c.obligation_id, func.max(OCCURRENCE.c.due).label("last"))
            .where(OCCURRENCE.c.work_state != WorkState.CANCELLED)
            .group_by(OCCURRENCE.c.obligation_id)
        )
    }
    broken, without_a_date, without_a_future = [], [], []
    duties = connection.execute(select(OBLIGATION).where(OBLIGATION.c.active).order_by(OBLIGATION.c.id)).all()
    for row in duties:
        name, rule = f"{row.office_id}/{row.slug}", _rule(row)
        if rule is None or row.ladder not in (offices[row.office_id].ladders or {}):
            broken.append(name)
        elif rule.kind is Kind.UNKNOWN or (rule.kind not in UNDATED and rule.due is None):
            without_a_date.append(name)
        elif _should_come(rule, offices[row.office_id].loaded_on, today, last_due.get(row.id)):
            without_a_future.append(name)
    yield from _about_rules(len(duties), broken, without_a_date, without_a_future)


def _about_rules(
    count: int, broken: list[str], without_a_date: list[str], without_a_future: list[str]
) -> Iterator[Finding]:
    if broken:
        yield bad(
            "rules",
            f"{len(broken)} nhiệm vụ lưu hỏng, không lập kỳ và không nhắc được: {named(broken)}.",
            "Hãy nạp lại tệp nhiệm vụ của cơ quan: nhacviec load TỆP.",
        )
    if without_a_future:
        yield warn(
            "rules",
            f"{len(without_a_future)} nhiệm vụ định kỳ không còn kỳ nào sắp tới: {named(without_a_future)}.",
            "Hãy xem thời hạn trong tệp nhiệm vụ, rồi nạp lại.",
        )
    if without_a_date:
        yield warn(
            "rules",
            f"{len(without_a_date)} nhiệm vụ chưa có thời hạn nên không nhắc: {named(without_a_date)}.",
            "Hãy quyết định thời hạn (mục needs_review của tệp nhiệm vụ), rồi nạp lại.",
        )
    if not (broken or without_a_date or without_a_future):
        yield ok("rules", f"{count} nhiệm vụ đều đọc được và đều có kỳ sắp tới hoặc đã có kỳ của mình.")


def _rule(row: AnyRow) -> Obligation | None:
    try:
        return Obligation.model_validate(row.rule)
    except ValidationError:
        return None


def _should_come(rule: Obligation, loaded_on: dt.date, today: dt.date, last_due: dt.date | None) -> bool:
    """Whether this duty should have work ahead, or some work at all, and has none."""
    if rule.kind in UNDATED or (rule.active_until is not None and rule.active_until < today):
        return False
    if rule.kind in ONCE:
        day = rule.due.date if rule.due else None
        return last_due is None and day is not None and day >= loaded_on
    return last_due is None or last_due < today


def without_a_person(connection: Connection) -> Iterator[Finding]:
    """Open work of whose whole chain nobody works here any more, or that has nobody to do it."""
    here = set(connection.execute(select(PERSON.c.id).where(PERSON.c.active)).scalars())
    nobody, nobody_to_do_it = [], []
    opened = (
        select(OCCURRENCE.c.id, OCCURRENCE.c.chain, OCCURRENCE.c.doer_id)
        .where(
            OCCURRENCE.c.opened_at.is_not(None),
            OCCURRENCE.c.work_state.in_([str(state) for state in (*OPEN, WorkState.WAITING)]),
        )
        .order_by(OCCURRENCE.c.id)
    )
    for row in connection.execute(opened):
        if not here & set(_people_of(row.chain)):
            nobody.append(str(row.id))
        elif row.doer_id not in here:
            nobody_to_do_it.append(str(row.id))
    mend = "Hãy giao cho người khác: chuyển việc trong chat, hoặc sửa danh sách cán bộ (nhacviec people)."
    if nobody:
        yield bad(
            "occurrences", f"{len(nobody)} việc đang mở không còn ai trong chuỗi người nhận: {named(nobody)}.", mend
        )
    if nobody_to_do_it:
        yield warn(
            "occurrences",
            f"{len(nobody_to_do_it)} việc đang mở không có người phụ trách: {named(nobody_to_do_it)}.",
            mend,
        )
    if not nobody and not nobody_to_do_it:
        yield ok("occurrences", "Việc nào đang mở cũng có người phụ trách.")


def _people_of(chain: object) -> Iterable[int]:
    if isinstance(chain, dict):
        for level in chain.values():
            yield from level if isinstance(level, list) else ()

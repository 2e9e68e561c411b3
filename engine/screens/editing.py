"""Changing a duty: one period of it, or its rule from now on. What a change would do is known before it is made.

A changed rule goes the way of an office file that is loaded (:mod:`engine.load`): what nobody has heard of yet takes
the new dates, what is open keeps its own, what is closed is history.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, select

from data import journal
from data.rows import AnyRow
from engine import actions, load
from engine.actions import Actor
from engine.errors import NhacViecError
from engine.office import OBLIGATION, OfficeView
from engine.plan import plan
from engine.rules.lifecycle import OPEN, WorkState
from engine.screens.deeds import LONGEST_REASON
from engine.screens.effect import Effect, effect_of
from engine.screens.obligations import CONFIRMS
from engine.stored_file import stored_file
from engine.why import EVIDENCE_WANTED
from schedules.dates import expand
from schedules.office_file import ladder_of
from schedules.office_model import ONCE, Due, Kind, Obligation, OfficeFile
from schedules.recurrence import STEP, WEEKDAYS

LAST = "cuối tháng"
WEEKDAY_NAMES = dict(
    zip(WEEKDAYS, ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật"), strict=True)
)
NAMES = {
    "due": "hạn",
    "cutoff": "ngày chốt số liệu",
    "doer": "người làm",
    "ladder": "thang nhắc",
    "confirm": "người xác nhận",
    "evidence": "minh chứng",
}


class CannotEdit(NhacViecError):
    """The sentence says what is wrong with the form; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """A change that could be made, and what it would do. ``words``: the change itself in a few words."""

    words: tuple[str, ...]
    effect: Effect


# ---- from now on ----------------------------------------------------------------------------------------------------


def mark_of(row: AnyRow) -> str:
    """What a form remembers of the rule it showed: another mark means that somebody was faster."""
    return hashlib.sha256(json.dumps(row.rule, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def due_field(obligation: Obligation) -> str | None:
    """Which entry of the rule says the day, and so which field the form shows; None: not to be changed here."""
    due = obligation.due
    if due is None or obligation.kind == Kind.RRULE:
        return None
    return next((name for name in ("date", "weekday", "day", "dates") if getattr(due, name) is not None), None)


def changed_rule(office: OfficeView, obligation: Obligation, form: Mapping[str, str]) -> Obligation:
    """The rule with what the form says; fields that the form lacks stay as they are.

    :raises CannotEdit: a field makes no sense.
    """
    values: dict[str, Any] = {}
    field = due_field(obligation)
    if field and obligation.due and form.get("han", "").strip():
        values["due"] = obligation.due.model_copy(update={field: _READ_DUE[field](form["han"], obligation)})
    if obligation.cutoff and form.get("chot", "").strip():
        values["cutoff"] = obligation.cutoff.model_copy(update={"day": _day_of_month(form["chot"], obligation)})
    if "nguoi" in form:
        values["doer"] = _doer(office, obligation, form["nguoi"])
    for name, key, known in (
        ("thang", "ladder", office.ladders),
        ("xac-nhan", "confirm", CONFIRMS),
        ("minh-chung", "evidence", EVIDENCE_WANTED),
    ):
        if name in form and form[name] in known:
            values[key] = form[name]
    if values.get("ladder") == ladder_of(obligation):  # the usual one of its kind need not be named
        values["ladder"] = obligation.ladder
    if values.get("evidence") in ("photo", "link"):
        raise CannotEdit("Đồng chí chọn lại loại minh chứng.")
    try:
        changed = Obligation.model_validate(
            obligation.model_copy(update=values).model_dump(mode="json", exclude_defaults=True)
        )
    except ValidationError:
        raise CannotEdit("Ngày đã ghi không dùng được cho nhiệm vụ này. Đồng chí xem lại.") from None
    _check_order(office, changed)
    return changed


def _check_order(office: OfficeView, obligation: Obligation) -> None:
    """Figures cannot close after the report is due. A year tells: the rule is the same in the others."""
    year = obligation.due.date.year if obligation.due and obligation.due.date else office.loaded_on.year
    try:
        periods = expand(obligation, office.calendar, dt.date(year, 1, 1), dt.date(year, 12, 31))
    except ValueError as error:
        raise CannotEdit(str(error)) from None
    for dates in periods:
        if dates.cutoff and dates.cutoff > dates.nominal_due:
            raise CannotEdit(
                f"Chốt số liệu ngày {dates.cutoff:%d/%m/%Y} mà hạn là {dates.nominal_due:%d/%m/%Y}. "
                "Đồng chí chọn ngày chốt trước hạn."
            )


def _day_of_month(text: str, _: Obligation) -> int | str:
    text = " ".join(text.lower().split())
    if text in (LAST, "cuối", "last"):
        return "last"
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 31):
        raise CannotEdit(f"Đồng chí ghi ngày trong tháng từ 1 đến 31, hoặc “{LAST}”.")
    return int(text)


def _date(text: str, _: Obligation) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise CannotEdit("Đồng chí chọn lại ngày hạn.") from None


def _weekday(text: str, _: Obligation) -> str:
    if text not in WEEKDAY_NAMES:
        raise CannotEdit("Đồng chí chọn một ngày trong tuần.")
    return text


def _dates(text: str, obligation: Obligation) -> tuple[str, ...]:
    days = tuple(part.strip() for part in text.split(",") if part.strip())
    wanted = 12 // STEP[obligation.kind]
    if len(days) != wanted:
        raise CannotEdit(f"Nhiệm vụ này có {wanted} kỳ mỗi năm: đồng chí ghi đủ {wanted} ngày, ví dụ 15/3, 15/6.")
    return days


_READ_DUE: Mapping[str, Callable[[str, Obligation], Any]] = {
    "date": _date,
    "weekday": _weekday,
    "day": _day_of_month,
    "dates": _dates,
}


def _doer(office: OfficeView, obligation: Obligation, slug: str) -> str | None:
    if not slug or slug == obligation.doer:
        return slug or None
    member = office.staff.by_slug.get(slug)
    if member is None or not member.active or member.role not in ("officer", "head"):
        raise CannotEdit("Đồng chí chọn lại người làm.")
    return slug


def preview_rule(
    connection: Connection, office: OfficeView, row: AnyRow, changed: Obligation, now: dt.datetime
) -> Previewed:
    """What the changed rule would do; nothing is written."""
    words = words_of(office, Obligation.model_validate(row.rule), changed)

    def change(copy: Connection, _: OfficeView) -> list[load.Change]:
        return load.apply(copy, _with(stored_file(copy, office.id, row.id), changed), now)

    effect, changes = effect_of(connection, office, row, change, now)
    assert isinstance(changes, list)
    besides = tuple(
        "thang nhắc hoặc thông tin cơ quan theo bản chương trình mới" if made.what == "office" else made.name
        for made in changes
        if made.what != "obligation"
    )
    return Previewed(words, replace(effect, besides=besides))


def save_rule(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    changed: Obligation,
    mark: str,
    by: Actor,
    now: dt.datetime,
) -> tuple[str, ...]:
    """Make the changed rule the stored one, as loading a file that has it would. Returns what changed, in words.

    :raises CannotEdit: somebody changed it meanwhile, or there is nothing to change.
    """
    stored = connection.execute(
        select(OBLIGATION).where(OBLIGATION.c.id == row.id, OBLIGATION.c.office_id == office.id, OBLIGATION.c.active)
    ).first()
    if stored is None or mark_of(stored) != mark:
        raise CannotEdit("Nhiệm vụ này vừa được người khác sửa. Đồng chí xem lại rồi hãy sửa tiếp.")
    words = words_of(office, Obligation.model_validate(stored.rule), changed)
    if not words:
        raise CannotEdit("Chưa có gì thay đổi để lưu.")
    load.apply(connection, _with(stored_file(connection, office.id), changed), now, by)
    plan(connection, now)
    data = {"duty": row.title if not row.secret else "", "changed": list(words)}
    journal.append(connection, office.id, now, [journal.Line(by.name, "rule_changed", None, data)])
    return words


def _with(file: OfficeFile, changed: Obligation) -> OfficeFile:
    rules = tuple(changed if rule.id == changed.id else rule for rule in file.obligations)
    return file.model_copy(update={"obligations": rules})


def words_of(office: OfficeView, was: Obligation, becomes: Obligation) -> tuple[str, ...]:
    """What differs between two versions of a rule: "hạn: ngày 17 → ngày 15"."""
    old, new = _said(office, was), _said(office, becomes)
    return tuple(f"{NAMES[name]}: {old[name]} → {new[name]}" for name in NAMES if old[name] != new[name])


def _said(office: OfficeView, rule: Obligation) -> dict[str, str]:
    doer = office.staff.by_slug.get(rule.doer or "")
    ladder = office.ladders.get(ladder_of(rule))
    return {
        "due": _said_due(rule.due),
        "cutoff": "ngày cuối tháng"
        if rule.cutoff and rule.cutoff.day == "last"
        else f"ngày {rule.cutoff.day}"
        if rule.cutoff
        else "không có",
        "doer": doer.name if doer else "chuyên viên đầu tiên của đơn vị",
        "ladder": ladder.name if ladder else ladder_of(rule),
        "confirm": CONFIRMS[rule.confirm],
        "evidence": EVIDENCE_WANTED[rule.evidence],
    }


def _said_due(due: Due | None) -> str:
    if due is None:
        return "chưa có"
    if due.date:
        return f"{due.date:%d/%m/%Y}"
    if due.weekday:
        return WEEKDAY_NAMES[due.weekday]
    if due.dates:
        return ", ".join(due.dates)
    return "ngày cuối tháng" if due.day == "last" else f"ngày {due.day}"


# ---- this period only -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeriodEdit:
    """What the form says about one period: the office's own date, and whose it is; None leaves it as it is."""

    aim: dt.date | None
    doer: int | None
    reason: str


def period_edit(office: OfficeView, row: AnyRow, form: Mapping[str, str], today: dt.date) -> PeriodEdit:
    """Read the form about an ``actions.occurrence_row``.

    :raises CannotEdit: a field makes no sense.
    """
    reason = " ".join(form.get("ly-do", "").split())
    aim, doer = form.get("han", "").strip(), form.get("nguoi", "").strip()
    day: dt.date | None = None
    if WorkState(row.work_state) not in OPEN:
        raise CannotEdit("Kỳ này đã báo xong hoặc đã khép, không sửa được nữa.")
    if aim:
        try:
            day = dt.date.fromisoformat(aim)
        except ValueError:
            raise CannotEdit("Đồng chí chọn lại hạn nội bộ.") from None
        if day == row.internal_due:
            day = None
        elif day < today:
            raise CannotEdit("Hạn nội bộ không thể là ngày đã qua.")
        elif day > row.due:
            raise CannotEdit(f"Hạn nội bộ không muộn hơn hạn {row.due:%d/%m/%Y}; muốn muộn hơn thì xin gia hạn.")
        elif row.cutoff and day <= row.cutoff:
            raise CannotEdit(f"Hạn nội bộ phải sau ngày chốt số liệu {row.cutoff:%d/%m/%Y}.")
    to = None
    if doer and doer != str(row.doer_id or ""):
        members = office.staff.members.values()
        to = next((m.id for m in members if str(m.id) == doer and m.active and m.role in ("officer", "head")), None)
        if to is None:
            raise CannotEdit("Đồng chí chọn lại người làm.")
    if day is None and to is None:
        raise CannotEdit("Chưa có gì thay đổi để lưu.")
    if not reason:
        raise CannotEdit("Đồng chí ghi giúp lý do.")
    if len(reason) > LONGEST_REASON:
        raise CannotEdit(f"Lý do dài quá {LONGEST_REASON} chữ, đồng chí rút gọn lại.")
    return PeriodEdit(day, to, reason)


def preview_period(
    connection: Connection, office: OfficeView, duty: AnyRow, row: AnyRow, edit: PeriodEdit, now: dt.datetime
) -> Previewed:
    """What the change of one period would do; nothing is written."""

    def change(copy: Connection, of_copy: OfficeView) -> None:
        its = actions.occurrence_row(copy, row.id, office.id)
        assert its is not None
        _change_period(copy, of_copy, its, edit, Actor(""), now)

    effect, _ = effect_of(connection, office, duty, change, now, row.id)
    return Previewed(_period_words(office, row, edit), effect)


def save_period(
    connection: Connection,
    office: OfficeView,
    row: AnyRow,
    edit: PeriodEdit,
    version: int,
    by: Actor,
    now: dt.datetime,
) -> tuple[str, ...]:
    """Change one period. Returns what changed, in words.

    :raises CannotEdit: it has changed since the form showed it.
    """
    stale = CannotEdit("Kỳ này vừa thay đổi. Đồng chí xem lại trạng thái mới rồi hãy sửa.")
    if row.version != version:
        raise stale
    try:
        _change_period(connection, office, row, edit, by, now)
    except actions.CannotDo:
        raise stale from None
    return _period_words(office, row, edit)


def _change_period(
    connection: Connection, office: OfficeView, row: AnyRow, edit: PeriodEdit, by: Actor, now: dt.datetime
) -> None:
    if edit.doer is not None:
        actions.assign(connection, office, row, edit.doer, by, edit.reason, now)
    if edit.aim is not None:
        fresh = actions.occurrence_row(connection, row.id, office.id) if edit.doer is not None else row
        assert fresh is not None
        actions.aim_at(connection, office, fresh, by, edit.aim, edit.reason, now)


def _period_words(office: OfficeView, row: AnyRow, edit: PeriodEdit) -> tuple[str, ...]:
    words = []
    if edit.aim is not None:
        words.append(f"hạn nội bộ: {row.internal_due:%d/%m/%Y} → {edit.aim:%d/%m/%Y}")
    if edit.doer is not None:
        was = office.name_of(row.doer_id) if row.doer_id else "theo nhiệm vụ"
        words.append(f"người làm: {was} → {office.name_of(edit.doer)}")
    return tuple(words)


def editable_people(office: OfficeView) -> list[tuple[str, int, str]]:
    """(slug, id, name) of everybody who may be given work."""
    return [(m.slug, m.id, m.name) for m in office.staff.members.values() if m.active and m.role in ("officer", "head")]


def evidence_choices() -> dict[str, str]:
    """What a report may have to bring along, in words."""
    return {key: words for key, words in EVIDENCE_WANTED.items() if key in ("none", "document", "file", "any")}


def is_once(obligation: Obligation) -> bool:
    """Whether it comes once: then there is no "from now on", only this one."""
    return obligation.kind in ONCE

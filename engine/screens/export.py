"""Everything a viewer may see, row by row, for spreadsheets and other programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from data.journal import JOURNAL
from engine.messages import HIDDEN_TITLE, HIDDEN_WORDS
from engine.office import MESSAGE, OBLIGATION, OCCURRENCE, PERSON, UNIT, OfficeView
from engine.rules.lifecycle import WorkState
from engine.rules.rights import Right
from engine.rules.status import in_words
from engine.why import ACTIONS, ENGINE, STATUS

AT_ONCE = 2_000  # rows fetched from the database at a time

Row = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """One table to be had: who may have it, its columns, and where its rows come from."""

    name: str
    title: str
    right: Right
    columns: tuple[str, ...]
    query: Any
    row: Any


def _occurrences(office: OfficeView) -> Select[Any]:
    return (
        select(OCCURRENCE, OBLIGATION.c.secret, OBLIGATION.c.product, UNIT.c.name.label("unit"))
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
        .where(OCCURRENCE.c.office_id == office.id)
        .order_by(OCCURRENCE.c.due, OCCURRENCE.c.id)
    )


def _occurrence(row: Any, office: OfficeView, today: dt.date) -> Row:
    return (
        row.id,
        HIDDEN_TITLE if row.secret else row.title,
        row.unit,
        office.name_of(row.doer_id) if row.doer_id else "",
        _day(row.cutoff),
        _day(row.nominal_due),
        _day(row.due),
        _day(row.internal_due),
        in_words(WorkState(row.work_state), row.due, row.internal_due, today),
        _moment(row.reported_at, office),
        _moment(row.closed_at, office),
        None if row.secret else row.product,
    )


def _obligations(office: OfficeView) -> Select[Any]:
    return select(OBLIGATION).where(OBLIGATION.c.office_id == office.id, OBLIGATION.c.active).order_by(OBLIGATION.c.id)


def _obligation(row: Any, office: OfficeView, _: dt.date) -> Row:
    rule: Mapping[str, Any] = row.rule
    lead = office.staff.units.get(rule.get("lead") or "")
    source = rule.get("source") or {}
    return (
        row.slug,
        HIDDEN_TITLE if row.secret else row.title,
        lead.name if lead else "nhiều đơn vị",
        rule.get("kind"),
        row.ladder,
        None if row.secret else row.product,
        None if row.secret else source.get("where"),
    )


def _people(office: OfficeView) -> Select[Any]:
    return (
        select(PERSON, UNIT.c.name.label("unit"))
        .join(UNIT, UNIT.c.id == PERSON.c.unit_id)
        .where(PERSON.c.office_id == office.id, PERSON.c.active)
        .order_by(PERSON.c.id)
    )


def _person(row: Any, _: OfficeView, __: dt.date) -> Row:
    return (row.slug, row.name, row.unit, _ROLES.get(row.role, row.role), "x" if row.standing else "")


def _messages(office: OfficeView) -> Select[Any]:
    return (
        select(MESSAGE, PERSON.c.name)
        .join(PERSON, PERSON.c.id == MESSAGE.c.person_id)
        .where(MESSAGE.c.office_id == office.id, MESSAGE.c.kind.in_(("reminder", "digest")))
        .order_by(MESSAGE.c.id)
    )


def _message(row: Any, office: OfficeView, _: dt.date) -> Row:
    return (
        row.id,
        _moment(row.sent_at or row.not_before, office),
        row.name,
        _KINDS[row.kind],
        STATUS[row.status],
        row.copies,
        row.channel,
        row.error,
        row.text,
    )


def _journal(office: OfficeView) -> Select[Any]:
    return (
        select(JOURNAL, OBLIGATION.c.secret)
        .outerjoin(OCCURRENCE, OCCURRENCE.c.id == JOURNAL.c.occurrence_id)
        .outerjoin(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(JOURNAL.c.office_id == office.id)
        .order_by(JOURNAL.c.seq)
    )


def _line(row: Any, office: OfficeView, _: dt.date) -> Row:
    return (
        row.seq,
        _moment(row.at, office),
        "chương trình" if row.actor == ENGINE else row.actor,
        ACTIONS.get(row.action, row.action),
        row.occurrence_id,
        HIDDEN_WORDS if row.secret else row.data,
        row.hash,
    )


_ROLES = {"officer": "chuyên viên", "head": "trưởng đơn vị", "leader": "lãnh đạo", "viewer": "người xem"}
_KINDS = {"reminder": "nhắc việc", "digest": "bản tin tuần"}

EXPORTS: Mapping[str, Export] = {
    export.name: export
    for export in (
        Export(
            "cong-viec",
            "Các kỳ báo cáo và việc",
            Right.SEE_OFFICE,
            (
                "Mã",
                "Việc",
                "Đơn vị",
                "Người làm",
                "Chốt số liệu",
                "Hạn trong văn bản",
                "Hạn tính",
                "Hạn nội bộ",
                "Tình trạng",
                "Báo xong lúc",
                "Đóng lúc",
                "Sản phẩm",
            ),
            _occurrences,
            _occurrence,
        ),
        Export(
            "nhiem-vu",
            "Nhiệm vụ",
            Right.SEE_OFFICE,
            ("Mã", "Nhiệm vụ", "Đơn vị chủ trì", "Chu kỳ", "Thang nhắc", "Sản phẩm", "Nguồn"),
            _obligations,
            _obligation,
        ),
        Export(
            "can-bo",
            "Cán bộ",
            Right.SEE_OFFICE,
            ("Mã", "Họ tên", "Đơn vị", "Vai trò", "Thường trực"),
            _people,
            _person,
        ),
        Export(
            "tin-nhan",
            "Tin đã gửi",
            Right.SEE_JOURNAL,
            ("Mã", "Lúc", "Người nhận", "Loại", "Kết quả", "Số lần", "Kênh", "Vì sao", "Nội dung"),
            _messages,
            _message,
        ),
        Export(
            "nhat-ky",
            "Nhật ký",
            Right.SEE_JOURNAL,
            ("Số", "Lúc", "Ai", "Việc gì", "Mã việc", "Chi tiết", "Mã băm"),
            _journal,
            _line,
        ),
    )
}


def rows_of(connection: Connection, office: OfficeView, export: Export, now: dt.datetime) -> Iterator[Row]:
    """The rows of one table, fetched little by little: a year's journal need not fit into memory."""
    today = office.today(now)
    with connection.execution_options(yield_per=AT_ONCE).execute(export.query(office)) as found:
        for row in found:
            yield export.row(row, office, today)


def _day(day: dt.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _moment(at: dt.datetime | None, office: OfficeView) -> str:
    return f"{at.astimezone(office.zone):%d/%m/%Y %H:%M:%S}" if at else ""

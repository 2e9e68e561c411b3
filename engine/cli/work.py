"""``suspend``, ``resume`` and ``cancel``: what an operator does to one piece of work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import Connection

from data.rows import AnyRow
from engine import actions
from engine.actions import Acted, Actor, CannotDo
from engine.cli import output
from engine.cli.finding import database, office_of_work
from engine.clock import SystemClock
from engine.errors import NhacViecError, NotFound
from engine.office import OfficeView, view_office
from engine.rules.lifecycle import WorkState
from engine.rules.status import in_words

OPERATOR = Actor("người vận hành")
Act = Callable[[Connection, OfficeView, AnyRow, dt.datetime], Acted]


def suspend(occurrence: int, reason: str, office: str | None, yes: bool) -> None:
    """No reminders until it is resumed."""
    said = _reason(reason)
    _act(
        occurrence,
        office,
        "Tạm dừng",
        yes,
        lambda c, view, row, now: actions.suspend(c, view, row, OPERATOR, said, now),
    )


def resume(occurrence: int, office: str | None, yes: bool) -> None:
    """The reminders go on."""
    _act(occurrence, office, "Tiếp tục", yes, lambda c, view, row, now: actions.resume(c, view, row, OPERATOR, now))


def cancel(occurrence: int, reason: str, office: str | None, yes: bool) -> None:
    """This period need not be done."""
    said = _reason(reason)
    _act(occurrence, office, "Huỷ", yes, lambda c, view, row, now: actions.cancel(c, view, row, OPERATOR, said, now))


def _reason(text: str) -> str:
    if not text.strip():
        raise NhacViecError("Hãy ghi lý do sau --reason; nhật ký giữ lý do này.")
    return text.strip()


def _act(occurrence: int, office: str | None, name: str, yes: bool, act: Act) -> None:
    """Show which work is meant, ask, and act on it as it stands after the answer."""
    engine, now = database(), SystemClock().now()
    with engine.begin() as connection:
        _, office_name = office_of_work(connection, occurrence, office)
        row = _row(connection, occurrence)
        today = view_office(connection, row.office_id).today(now)
    state = in_words(WorkState(row.work_state), row.due, row.internal_due, today)
    whose = f" của {office_name}" if office_name else ""
    output.line(f"{name} việc {row.id}{whose}: {row.title} ({state}).")
    if not yes:
        output.confirm("Đúng việc này?")
    try:
        with engine.begin() as connection:
            row = _row(connection, occurrence)
            acted = act(connection, view_office(connection, row.office_id), row, now)
    except CannotDo as refusal:
        state = in_words(refusal.state, row.due, row.internal_due, today)
        raise NhacViecError(f"Không {name.lower()} được: việc {row.id} đang ở tình trạng “{state}”.") from None
    output.line(f"Đã ghi. Tình trạng mới: {in_words(acted.state, row.due, row.internal_due, today)}.")


def _row(connection: Connection, occurrence: int) -> AnyRow:
    row = actions.occurrence_row(connection, occurrence)
    if row is None:
        raise NotFound(f"Không có việc nào mang mã {occurrence}. Xem mã bằng lệnh: nhacviec status.")
    return row

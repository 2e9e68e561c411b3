"""The time state: what follows from dates and ``now``, in one place.

Late is judged against the official deadline (``due``, after the shift for days off), by the moment the doer reported
it; a granted extension does not move that date, it makes the lateness an accepted one (Nghị định 335/2025/NĐ-CP:
delays with an accepted reason are counted apart).
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from engine.rules.lifecycle import CLOSED, WorkState

DUE_SOON_DAYS = 3  # "sắp quá hạn" in the task systems of provinces means three days or fewer (DOMAIN section 5)


class TimeState(StrEnum):
    """Where an occurrence stands against its dates."""

    IN_TIME = "in_time"
    DUE_SOON = "due_soon"
    LATE = "late"
    LATE_ACCEPTED = "late_accepted"  # past the deadline, inside a granted extension


def ends_at(day: dt.date, clock: str | None, zone: dt.tzinfo) -> dt.datetime:
    """The instant after which ``day`` has passed: its end, or the clock time the document names."""
    if clock:
        return dt.datetime.combine(day, dt.time.fromisoformat(clock), zone).astimezone(dt.UTC)
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)


def time_state(
    *,
    due: dt.date,
    internal_due: dt.date,
    due_time: str | None,
    reported_at: dt.datetime | None,
    now: dt.datetime,
    zone: dt.tzinfo,
) -> TimeState:
    """Judge a report by its moment, open work by ``now``. With a clock time, the minute itself is still in time."""
    moment = reported_at or now
    extended = internal_due > due
    if moment > ends_at(due, due_time, zone):
        if extended and moment <= ends_at(internal_due, None, zone):
            return TimeState.LATE_ACCEPTED
        return TimeState.LATE
    if reported_at is None:
        left = (max(due, internal_due) - now.astimezone(zone).date()).days
        if left <= DUE_SOON_DAYS:
            return TimeState.DUE_SOON
    return TimeState.IN_TIME


def days_late(due: dt.date, internal_due: dt.date, today: dt.date) -> int:
    """Calendar days past the deadline that counts now (the extended one, if later); 0 while in time.

    Points are lost by calendar day (DOMAIN section 3), so weekends count here.
    """
    return max(0, (today - max(due, internal_due)).days)


def in_words(work: WorkState, due: dt.date, internal_due: dt.date, today: dt.date) -> str:
    """Both axes as an officer would say them: "đang làm, còn 3 ngày"."""
    words = {
        WorkState.NEW: "chưa làm",
        WorkState.DOING: "đang làm",
        WorkState.WAITING: "chờ xác nhận",
        WorkState.RETURNED: "bị trả lại",
        WorkState.SUSPENDED: "tạm dừng",
        WorkState.DONE: "đã xong",
        WorkState.CANCELLED: "đã huỷ",
    }[work]
    if work in CLOSED or work in (WorkState.WAITING, WorkState.SUSPENDED):
        return words
    late = days_late(due, internal_due, today)
    if late:
        return f"{words}, quá hạn {late} ngày"
    left = (max(due, internal_due) - today).days
    return f"{words}, hạn hôm nay" if left == 0 else f"{words}, còn {left} ngày"

"""The periodic report: what each unit and each person finished and owes, for any span of whole days.

It counts by the digest's own definition (:func:`engine.rules.digest_numbers.place_of`), so that the report of a week
and the digest of that week show the same numbers. What was not done counts once in every report until it is.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from engine.errors import NhacViecError
from engine.office import OfficeView
from engine.rules.digest_numbers import Place
from engine.screens.counted import Counted, Span, counted

LONGEST = dt.timedelta(days=800)  # two years and some: everything of it is read at once
NOBODY = "(chưa giao)"
#: What is printed under every report, so that nobody has to guess what a number counts.
DEFINITIONS = (
    "Mỗi con số đếm kỳ việc (sản phẩm); một nhiệm vụ giao nhiều đơn vị đếm theo từng đơn vị.",
    "Xong đúng hạn, xong muộn: báo xong trong kỳ báo cáo, so với hạn chính thức (đã dời nếu trùng ngày nghỉ).",
    "Muộn có lý do: xong sau hạn chính thức nhưng trong thời gian gia hạn đã được duyệt.",
    "Quá hạn chưa xong: chưa báo xong và đã qua hạn (qua hạn đã gia hạn, nếu có) tại thời điểm lấy số liệu.",
    "Chưa tới hạn: chưa báo xong, còn trong hạn, phải xong trong kỳ báo cáo.",
    "Được giao: tổng của xong đúng hạn, xong muộn, quá hạn chưa xong và chưa tới hạn.",
)
KPI_DEFINITIONS = (
    "Bảng theo cá nhân dùng khi chấm tiến độ theo Nghị định 335/2025/NĐ-CP, tính theo tháng và người được giao.",
    "Việc đã xong tính vào tháng báo xong; việc chưa xong tính vào tháng của hạn.",
    "Số lần chậm: xong muộn không có lý do được chấp nhận và quá hạn chưa xong, mỗi sản phẩm một lần.",
    "Tỷ lệ tiến độ: mỗi sản phẩm 100%, mỗi lần chậm trừ 25% của sản phẩm đó; muộn có lý do được chấp nhận không trừ. "
    "Việc chưa tới hạn không tính. Số lượng, chất lượng và điểm cuối cùng do cấp có thẩm quyền chấm.",
)


class BadPeriod(NhacViecError):
    """A period that cannot be reported."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers of one line. ``late`` includes ``accepted``, as in the digest."""

    on_time: int = 0
    late: int = 0
    accepted: int = 0
    overdue: int = 0
    in_time: int = 0

    @property
    def assigned(self) -> int:
        """Everything that the line counts."""
        return self.on_time + self.late + self.overdue + self.in_time

    @property
    def delays(self) -> int:
        """How often somebody was late without an accepted reason."""
        return self.late - self.accepted + self.overdue

    @property
    def progress(self) -> float | None:
        """The share of progress points that is left, in percent; None where nothing is to be judged yet."""
        judged = self.on_time + self.late + self.overdue
        return round(100 - 25 * self.delays / judged, 1) if judged else None


@dataclass(frozen=True, slots=True)
class OfPerson:
    """One person's month."""

    name: str
    unit: str
    month: dt.date  # its first day
    tally: Tally


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report prints."""

    office: str
    first: dt.date
    last: dt.date
    counted_at: dt.datetime  # in the office's zone
    total: Tally
    units: tuple[tuple[str, Tally], ...]
    people: tuple[OfPerson, ...]
    overdue: tuple[Counted, ...]
    definitions: tuple[str, ...] = DEFINITIONS
    kpi_definitions: tuple[str, ...] = KPI_DEFINITIONS


def report_of(connection: Connection, office: OfficeView, first: dt.date, last: dt.date, now: dt.datetime) -> Report:
    """The report from ``first`` to ``last``, both included. Of a period gone by, as of its first hour at work after.

    :raises BadPeriod: it ends before it begins, begins in the future, or is longer than two years.
    """
    if last < first:
        raise BadPeriod("Ngày kết thúc sớm hơn ngày bắt đầu. Đồng chí chọn lại kỳ báo cáo.")
    if last - first > LONGEST:
        raise BadPeriod("Kỳ báo cáo dài quá hai năm. Đồng chí chọn kỳ ngắn hơn.")
    if first > office.today(now):
        raise BadPeriod("Kỳ báo cáo chưa bắt đầu. Đồng chí chọn lại ngày bắt đầu.")
    moment = min(now, _ready_at(office, last))
    lines = counted(connection, office, Span(first, last, last, moment))
    by_unit: dict[str, list[Counted]] = defaultdict(list)
    by_person: dict[tuple[str, str, dt.date], list[Counted]] = defaultdict(list)
    for line in lines:
        by_unit[line.unit].append(line)
        by_person[line.doer or NOBODY, line.unit, _month(office, line)].append(line)
    return Report(
        office.name,
        first,
        last,
        moment.astimezone(office.zone),
        _tally(lines),
        tuple((unit, _tally(its)) for unit, its in sorted(by_unit.items())),
        tuple(OfPerson(*key, _tally(its)) for key, its in sorted(by_person.items())),
        tuple(line for line in lines if line.place is Place.OVERDUE),
    )


def _ready_at(office: OfficeView, last: dt.date) -> dt.datetime:
    """When all of a period that ends on this day is known: at the first hour at work after it."""
    after = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), office.zone).astimezone(dt.UTC)
    return after if office.rests else office.hours.this_or_next_slot(after).starts


def _month(office: OfficeView, line: Counted) -> dt.date:
    day = line.reported_at.astimezone(office.zone).date() if line.reported_at else line.due
    return day.replace(day=1)


def _tally(lines: Iterable[Counted]) -> Tally:
    of = Counter(line.place for line in lines)
    late, accepted = of[Place.LATE], of[Place.LATE_ACCEPTED]
    return Tally(of[Place.ON_TIME], late + accepted, accepted, of[Place.OVERDUE], of[Place.COMING])

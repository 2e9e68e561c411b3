"""What the rules find in a phrase: a spot in the year, a period, a weekday, a clock time, or why there is no date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schedules.office_model import Kind
from schedules.recurrence import DayOfMonth

#: The last month of whatever period it is: "tháng cuối kỳ".
LAST_PLACE = 99

Grain = Literal["day", "month", "quarter", "months", "year", "years"]
Unit = Literal["minute", "hour", "day", "working_day", "week", "month", "year"]


@dataclass(slots=True)
class Spot:
    """A place on the calendar: a day, or a longer piece of the year that is over at the end of ``month``.

    ``year`` is as printed, ``turn`` is −1 for "năm trước" and +1 for "năm sau". A spot with ``every`` comes back:
    in its ``month`` of the year, or in the ``place``-th month of each period, ``months_after`` later.
    """

    grain: Grain
    day: DayOfMonth | None = "last"
    month: int | None = None
    first_month: int | None = None
    first_year: int | None = None
    year: int | None = None
    turn: int = 0
    this_year: bool = False  # "năm nay": the plan's, and once
    every: Kind | None = None
    place: int | None = None
    months_after: int = 0
    names_month: bool = True  # "ngày 20" names none
    of_any_month: bool = False  # "tháng sau", "tháng báo cáo": of whatever period the report has
    working: bool = False  # "ngày làm việc cuối cùng"
    weekday: int | None = None  # "thứ Sáu cuối cùng": Monday 0; with ``nth``
    nth: int = 0  # of its month; −1 the last
    open_end: bool = False
    rough: str = ""  # why this is only our guess
    noun_before: bool = False  # "Kế hoạch năm 2026": the year may belong to the noun
    loose: bool = False  # "1/3" without "ngày" or a year may be a fraction
    cutoff: bool = False  # "chốt số liệu ngày 14"
    before: bool = False
    after: bool = False
    since: bool = False
    begins: bool = False  # "khởi công quý I/2026": the end comes later in the phrase
    upto: bool = False
    of_report: bool = False  # "năm báo cáo", "trước kỳ báo cáo"


@dataclass(slots=True)
class Span:
    """From one spot to another."""

    first: Spot | None
    last: Spot
    data_window: bool = False


@dataclass(slots=True)
class Label:
    """A period: "hằng quý", "6 tháng", "02 lần/năm"; ``explicit`` when it is said that it comes back."""

    kind: Kind | None
    step: tuple[int, Unit] | None = None  # every so many units, where no kind says it
    explicit: bool = True
    rough: str = ""
    whole_year: bool = False  # "cả năm"
    backward: bool = False  # "đối với báo cáo quý": belongs to the date before it


@dataclass(slots=True)
class Weekday:
    """A day of the week, Monday 0."""

    number: int
    weekly: bool = False  # "hằng tuần" was said with it
    before: bool = False


@dataclass(slots=True)
class Clock:
    """A time of day."""

    time: str


@dataclass(frozen=True, slots=True)
class Offset:
    """So many units after or before an event."""

    count: int
    unit: Unit
    direction: Literal["after", "before"]
    event: str = ""


@dataclass(slots=True)
class Undated:
    """Words that give no date: all the time, on demand, or somewhere else."""

    kind: Kind
    why: str
    offset: Offset | None = None


@dataclass(slots=True)
class Noise:
    """Something that looks like a date and is none: a paper's own date, a number of it, "15/13"."""

    why: str = ""


Piece = Spot | Span | Label | Weekday | Clock | Undated | Noise


@dataclass(slots=True)
class Placed:
    """A piece, and which tokens it was made of."""

    piece: Piece
    start: int
    end: int

    @property
    def spot(self) -> Spot | None:
        """The spot that decides: of a span its end."""
        if isinstance(self.piece, Span):
            return self.piece.last
        return self.piece if isinstance(self.piece, Spot) else None

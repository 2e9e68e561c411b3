"""Working days: which days an office works, and how to walk and count them.

A day is worked when it is Monday to Friday and no public holiday, or when a signed-off document swaps it in
("làm bù"). The yearly file ``data/holidays_vn.toml`` wins; for a year nobody has signed off, the package
``holidays`` guesses, and every guess is shown as "dự kiến". Pure look-ups: no clock, no database.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from engine.errors import BadSetting, in_vietnamese
from schedules.guessed_days import WORKED, guessed

#: Read as a plain file, so that the calendar does not import the storage layer above it.
SIGNED_OFF_FILE = Path(__file__).resolve().parent.parent / "data" / "holidays_vn.toml"

#: The settings name the day on or off; the day itself is what the Party resolution chose.
CULTURE_DAY = (11, 24)
CULTURE_DAY_SINCE = 2026
CULTURE_DAY_NAME = "Ngày Văn hóa Việt Nam"

GUESSED = "ước tính của gói holidays, chưa có văn bản"
WEEKEND_NAMES = {5: "thứ Bảy", 6: "Chủ nhật"}
ONE_DAY = dt.timedelta(days=1)

_TOP_KEYS = {"culture_day", "culture_day_source", "years"}
_YEAR_KEYS = {"signed_off", "days"}


class SpecialDay(NamedTuple):
    """One line of the yearly file: a day that the week alone does not explain."""

    date: dt.date
    worked: bool
    name: str
    source: str


@dataclass(frozen=True)
class SpecialYear:
    """What the file says of one year; the full list of it when ``signed_off``."""

    signed_off: bool = False
    days: Mapping[dt.date, SpecialDay] = field(default_factory=dict)


@dataclass(frozen=True)
class HolidayFile:
    """A yearly file, read and checked."""

    culture_day: bool = True
    culture_day_source: str = ""
    years: Mapping[int, SpecialYear] = field(default_factory=dict)


class _Year(NamedTuple):
    """One year made ready for look-ups; ``working`` is sorted and ``off`` is its complement."""

    working: list[dt.date]
    off: frozenset[dt.date]
    special: dict[dt.date, SpecialDay]


class WorkCalendar:
    """The working days of an office. Years are laid out when first asked for, then kept.

    ``is_working`` and the two roundings cost a set look-up; ``add`` and ``count`` a bisection.
    """

    def __init__(self, file: HolidayFile) -> None:
        self._file = file
        self._years: dict[int, _Year] = {}

    def is_working(self, day: dt.date) -> bool:
        """Whether the office works that day; a swapped-in Saturday counts."""
        return day not in self._year(day.year).off

    def on_or_before(self, day: dt.date) -> dt.date:
        """The last working day not after ``day``."""
        while day in (self._years.get(day.year) or self._year(day.year)).off:  # a look-up on the way of every date
            day -= ONE_DAY
        return day

    def on_or_after(self, day: dt.date) -> dt.date:
        """The first working day not before ``day``."""
        while day in self._year(day.year).off:
            day += ONE_DAY
        return day

    def add(self, day: dt.date, working_days: int) -> dt.date:
        """The n-th working day after ``day``, or before it when n is negative; ``day`` itself when n is 0.

        ``day`` need not be worked and is never counted: one after a Saturday is Monday, one before a Sunday is Friday.
        """
        if working_days == 0:
            return day
        year = day.year
        days = (self._years.get(year) or self._year(year)).working
        if working_days > 0:
            position = bisect_right(days, day) + working_days - 1
        else:
            position = bisect_left(days, day) + working_days
        while position >= len(days):
            position -= len(days)
            year += 1
            days = self._year(year).working
        while position < 0:
            year -= 1
            days = self._year(year).working
            position += len(days)
        return days[position]

    def count(self, start: dt.date, end: dt.date) -> int:
        """Working days from ``start``, which is not counted, to ``end``, which is; negative when ``end`` is earlier.

        The inverse of :meth:`add`: ``count(day, add(day, n)) == n`` for every day and n.
        """
        if end >= start:
            return self._worked_before(end + ONE_DAY, start.year) - self._worked_before(start + ONE_DAY, start.year)
        return self._worked_before(end, end.year) - self._worked_before(start, end.year)

    def why_off(self, day: dt.date) -> str | None:
        """Why nobody works that day, in Vietnamese: "thứ Bảy", "nghỉ Quốc khánh"; None for a working day."""
        year = self._year(day.year)
        if day not in year.off:
            return None
        special = year.special.get(day)
        if special is None:
            return WEEKEND_NAMES[day.weekday()]
        return special.name if special.name.startswith("nghỉ") else f"nghỉ {special.name}"

    def source(self, day: dt.date) -> str | None:
        """The document behind a day off or a swapped-in working day; None for an ordinary day of the week."""
        special = self._year(day.year).special.get(day)
        return special.source if special else None

    def signed_off(self, year: int) -> bool:
        """Whether somebody has checked that year against the official documents."""
        known = self._file.years.get(year)
        return known is not None and known.signed_off

    def warnings(self, years: Iterable[int]) -> list[str]:
        """One Vietnamese sentence for each of ``years`` that still rests on guesses."""
        return [
            f"Lịch nghỉ năm {year} chưa được xác nhận theo văn bản, đang tạm dùng ngày nghỉ dự kiến. "
            "Khi có thông báo chính thức, hãy cập nhật tệp holidays_vn.toml."
            for year in years
            if not self.signed_off(year)
        ]

    def _worked_before(self, day: dt.date, since: int) -> int:
        """Working days from 1 January of ``since`` up to, not including, ``day``."""
        whole_years = sum(len(self._year(year).working) for year in range(since, day.year))
        return whole_years + bisect_left(self._year(day.year).working, day)

    def _year(self, year: int) -> _Year:
        known = self._years.get(year)
        if known is None:
            # Two threads may both build it; they build the same value, so the last one may win.
            known = self._years[year] = self._lay_out(year)
        return known

    def _lay_out(self, year: int) -> _Year:
        special = self._special_days(year)
        working: list[dt.date] = []
        off: list[dt.date] = []
        for ordinal in range(dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal() + 1):
            day = dt.date.fromordinal(ordinal)
            known = special.get(day)
            worked = known.worked if known else day.weekday() not in WEEKEND_NAMES
            (working if worked else off).append(day)
        return _Year(working, frozenset(off), special)

    def _special_days(self, year: int) -> dict[dt.date, SpecialDay]:
        """Guesses first, then the culture day, then the file, each winning over the one before."""
        known = self._file.years.get(year, SpecialYear())
        special = {} if known.signed_off else _guessed_days(year)
        if self._file.culture_day and year >= CULTURE_DAY_SINCE:
            day = dt.date(year, *CULTURE_DAY)
            special[day] = SpecialDay(day, False, CULTURE_DAY_NAME, self._file.culture_day_source)
        elif not self._file.culture_day:
            special = {day: entry for day, entry in special.items() if CULTURE_DAY_NAME not in entry.name}
        return special | dict(known.days)


def _guessed_days(year: int) -> dict[dt.date, SpecialDay]:
    """Names are marked "dự kiến" because nobody signed them off."""
    return {day: SpecialDay(day, name == WORKED, f"{name} (dự kiến)", GUESSED) for day, name in guessed(year).items()}


@lru_cache(maxsize=32)
def vietnam_calendar(extra: Path | None = None) -> WorkCalendar:
    """The calendar of Vietnam, built once for each ``extra`` file.

    ``extra`` is a province's or an office's own file of the same shape; its days and settings win.
    Raises BadSetting, with the file and the line's trouble in words, when a file cannot be used.
    """
    file = read_holiday_file(SIGNED_OFF_FILE)
    return WorkCalendar(read_holiday_file(extra, over=file) if extra else file)


def read_holiday_file(path: Path, over: HolidayFile | None = None) -> HolidayFile:
    """Read a yearly file, laid over another one when given. Raises BadSetting with a Vietnamese sentence."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSetting(f"Không đọc được tệp ngày nghỉ {path}: {in_vietnamese(error)}.") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError alike
        raise BadSetting(f"Tệp ngày nghỉ {path} sai cú pháp TOML: {error}.") from error
    try:
        return _lay_over(over or HolidayFile(), content)
    except ValueError as error:
        raise BadSetting(f"Tệp ngày nghỉ {path}: {error}.") from error


def _lay_over(below: HolidayFile, content: dict[str, object]) -> HolidayFile:
    _refuse_unknown(content, _TOP_KEYS, "tệp")
    years = dict(below.years)
    for key, table in _table(content.get("years", {}), "years").items():
        if not (key.isdecimal() and len(key) == 4):
            raise ValueError(f'"years.{key}" không phải là một năm')
        year = int(key)
        years[year] = _lay_year_over(years.get(year, SpecialYear()), year, _table(table, f"years.{key}"))
    return HolidayFile(
        culture_day=_boolean(content.get("culture_day", below.culture_day), "culture_day"),
        culture_day_source=str(content.get("culture_day_source", below.culture_day_source)),
        years=years,
    )


def _lay_year_over(below: SpecialYear, year: int, table: dict[str, object]) -> SpecialYear:
    _refuse_unknown(table, _YEAR_KEYS, f"năm {year}")
    lines = table.get("days", [])
    if not isinstance(lines, list):
        raise ValueError(f"năm {year}: days phải là một danh sách")
    read = [_special_day(_table(line, f"năm {year}: mỗi ngày"), year) for line in lines]
    days = {entry.date: entry for entry in read}
    if len(days) < len(read):
        raise ValueError(f"năm {year} ghi trùng một ngày")
    signed_off = _boolean(table.get("signed_off", below.signed_off), f"năm {year}: signed_off")
    return SpecialYear(signed_off, {**below.days, **days})


def _special_day(line: dict[str, object], year: int) -> SpecialDay:
    kinds = [kind for kind in ("day_off", "worked") if kind in line]
    if len(kinds) != 1:
        raise ValueError(f"năm {year}: mỗi dòng phải có đúng một trong hai khóa day_off, worked")
    kind = kinds[0]
    _refuse_unknown(line, {kind, "name", "source"}, f"năm {year}")
    day = line[kind]
    if not isinstance(day, dt.date) or isinstance(day, dt.datetime):
        raise ValueError(f'năm {year}: "{day}" không phải là ngày (viết như {year}-01-31, không có dấu nháy)')
    if day.year != year:
        raise ValueError(f"ngày {day:%d/%m/%Y} nằm trong danh sách của năm {year}")
    name, source = line.get("name"), line.get("source")
    if not (isinstance(name, str) and name and isinstance(source, str) and source):
        raise ValueError(f"ngày {day:%d/%m/%Y} thiếu name (tên ngày) hoặc source (số văn bản)")
    return SpecialDay(day, kind == "worked", name, source)


def _table(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} phải là một bảng")
    return value


def _boolean(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{where} phải là true hoặc false")
    return value


def _refuse_unknown(table: Mapping[str, object], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise ValueError(f'{where} có khóa lạ "{unknown[0]}"')

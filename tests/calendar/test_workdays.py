"""Working days and working hours: the odd days first."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadSetting
from schedules import guessed_days
from schedules.hours import WorkingHours
from schedules.workdays import HolidayFile, WorkCalendar, vietnam_calendar

date = dt.date
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return vietnam_calendar()


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2025, 1, 27), "nghỉ Tết Nguyên đán (28 tháng Chạp)"),  # the library calls it "29 Tết"
        (date(2025, 4, 26), None),  # Saturday, worked for 2 May
        (date(2025, 5, 2), "nghỉ hoán đổi (làm bù thứ Bảy 26/04/2025)"),
        (date(2025, 8, 30), "thứ Bảy"),
        (date(2025, 9, 1), "nghỉ Quốc khánh"),
        (date(2025, 11, 24), None),  # no culture day yet
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), "nghỉ Tết Dương lịch"),
        (date(2026, 1, 2), "nghỉ hoán đổi (làm bù thứ Bảy 10/01/2026)"),  # the library misses both ends of this swap
        (date(2026, 1, 10), None),
        (date(2026, 1, 11), "Chủ nhật"),
        (date(2026, 2, 13), None),
        (date(2026, 2, 14), "nghỉ Tết Nguyên đán (27 tháng Chạp)"),
        (date(2026, 2, 17), "nghỉ Tết Nguyên đán (mùng 1)"),
        (date(2026, 2, 22), "nghỉ Tết Nguyên đán (mùng 6)"),
        (date(2026, 2, 23), None),
        (date(2026, 4, 27), "nghỉ bù Giỗ Tổ Hùng Vương"),
        (date(2026, 4, 28), None),
        (date(2026, 5, 1), "nghỉ Ngày Quốc tế Lao động"),
        (date(2026, 8, 22), None),  # Saturday, worked for 31 August
        (date(2026, 8, 31), "nghỉ hoán đổi (làm bù thứ Bảy 22/08/2026)"),
        (date(2026, 9, 3), None),
        (date(2026, 11, 24), "nghỉ Ngày Văn hóa Việt Nam"),
        (date(2027, 2, 4), "nghỉ Tết Nguyên đán (dự kiến)"),  # a guess says that it is one
        (date(2027, 5, 3), "nghỉ bù Ngày Quốc tế Lao động (dự kiến)"),
        (date(2027, 11, 24), "nghỉ Ngày Văn hóa Việt Nam"),  # a setting, not a guess
    ],
)
def test_a_day_says_why_nobody_works(calendar: WorkCalendar, day: dt.date, why: str | None) -> None:
    assert calendar.why_off(day) == why
    assert calendar.is_working(day) == (why is None)


def test_tet_2026_takes_five_working_days(calendar: WorkCalendar) -> None:
    assert calendar.count(date(2026, 2, 13), date(2026, 2, 23)) == 1
    assert calendar.add(date(2026, 2, 13), 1) == date(2026, 2, 23)


@pytest.mark.parametrize(
    ("start", "working_days", "expected"),
    [
        (date(2026, 3, 14), 0, date(2026, 3, 14)),  # a Saturday stays itself
        (date(2026, 3, 14), 1, date(2026, 3, 16)),
        (date(2026, 3, 15), -1, date(2026, 3, 13)),
        (date(2026, 3, 13), 1, date(2026, 3, 16)),
        (date(2025, 12, 31), 1, date(2026, 1, 5)),  # New Year and the day swapped beside it
        (date(2026, 1, 5), -1, date(2025, 12, 31)),
        (date(2026, 1, 9), 1, date(2026, 1, 10)),  # the worked Saturday
        (date(2026, 2, 13), -30, date(2026, 1, 5)),
        (date(2025, 1, 1), 499, date(2026, 12, 31)),  # 250 working days in 2025, 249 in 2026
    ],
)
def test_adding_working_days(calendar: WorkCalendar, start: dt.date, working_days: int, expected: dt.date) -> None:
    assert calendar.add(start, working_days) == expected


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2026, 3, 17), date(2026, 3, 17), date(2026, 3, 17)),
        (date(2026, 2, 17), date(2026, 2, 13), date(2026, 2, 23)),
        (date(2026, 1, 1), date(2025, 12, 31), date(2026, 1, 5)),
        (date(2026, 8, 30), date(2026, 8, 28), date(2026, 9, 3)),
    ],
)
def test_rounding_to_a_working_day(calendar: WorkCalendar, day: dt.date, before: dt.date, after: dt.date) -> None:
    assert (calendar.on_or_before(day), calendar.on_or_after(day)) == (before, after)


@given(day=DAYS, working_days=st.integers(-400, 400))
def test_count_undoes_add(day: dt.date, working_days: int) -> None:
    calendar = vietnam_calendar()
    assert calendar.count(day, calendar.add(day, working_days)) == working_days


@given(first=DAYS, second=DAYS)
def test_count_agrees_with_counting_on_fingers(first: dt.date, second: dt.date) -> None:
    calendar = vietnam_calendar()
    low, high = sorted((first, second))
    span = [low + dt.timedelta(days=n) for n in range(1, (high - low).days + 1)]
    assert calendar.count(low, high) == sum(map(calendar.is_working, span))


@given(day=DAYS)
def test_rounding_lands_on_the_nearest_working_day(day: dt.date) -> None:
    calendar = vietnam_calendar()
    before, after = calendar.on_or_before(day), calendar.on_or_after(day)
    assert before <= day <= after
    assert calendar.is_working(before)
    assert calendar.is_working(after)
    assert (before == day) == (after == day) == calendar.is_working(day)


def test_each_special_day_names_its_document(calendar: WorkCalendar) -> None:
    assert calendar.source(date(2026, 1, 10)) == "12729/VPCP-KGVX ngày 25/12/2025"
    assert calendar.source(date(2026, 3, 14)) is None
    assert calendar.source(date(2027, 2, 8)) == "ước tính của gói holidays, chưa có văn bản"


def test_a_year_nobody_signed_off_is_a_warning(calendar: WorkCalendar) -> None:
    assert calendar.signed_off(2026)
    assert not calendar.signed_off(2027)
    (warning,) = calendar.warnings([2025, 2026, 2027])
    assert warning.startswith("Lịch nghỉ năm 2027 chưa được xác nhận")
    assert not calendar.signed_off(2031)  # a year the file does not know at all


def test_the_same_calendar_is_built_once() -> None:
    assert vietnam_calendar() is vietnam_calendar()


def test_neither_signed_off_years_nor_those_written_down_load_the_holiday_library() -> None:
    program = (
        "import datetime, sys; from engine.rules.ladder import REPEATS_COUNT_FROM; "
        "from schedules.workdays import vietnam_calendar; "
        "vietnam_calendar().count(REPEATS_COUNT_FROM, datetime.date(2036, 3, 17)); "
        "print('holidays' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_what_is_written_down_is_what_the_package_supposes() -> None:
    """Where this fails after a new version of the package: ``make guesses``, and read the difference."""
    assert guessed_days.FILE.read_text(encoding="utf-8") == guessed_days.as_written(guessed_days.YEARS)
    for year in guessed_days.YEARS:
        assert guessed_days.guessed(year) == guessed_days.by_the_package(year)


def test_for_a_year_that_is_not_written_down_the_package_is_asked() -> None:
    later = guessed_days.YEARS[-1] + 1
    assert guessed_days.guessed(later)[date(later, 1, 1)] == "Tết Dương lịch"
    assert guessed_days.guessed(2019)[date(2019, 1, 5)] == guessed_days.WORKED
    assert WorkCalendar(HolidayFile()).is_working(date(2019, 1, 5))


# ---- An office's own file ----


def own_file(tmp_path: Path, text: str) -> WorkCalendar:
    path = tmp_path / "ngay-nghi.toml"
    path.write_text(text, encoding="utf-8")
    return vietnam_calendar(path)


def test_an_own_file_wins_over_the_signed_off_one(tmp_path: Path) -> None:
    calendar = own_file(
        tmp_path,
        """
        [years.2026]
        days = [
            { day_off = 2026-05-13, name = "Ngày Giải phóng Hải Phòng", source = "Công văn 1/UBND" },
            { worked = 2026-08-31, name = "không hoán đổi", source = "Công văn 2/UBND" },
        ]
        """,
    )
    assert calendar.why_off(date(2026, 5, 13)) == "nghỉ Ngày Giải phóng Hải Phòng"
    assert calendar.is_working(date(2026, 8, 31))
    assert calendar.why_off(date(2026, 9, 2)) == "nghỉ Quốc khánh"
    assert calendar.signed_off(2026)


def test_signing_off_a_year_silences_the_guesses(tmp_path: Path) -> None:
    calendar = own_file(
        tmp_path,
        '[years.2027]\nsigned_off = true\ndays = [{ day_off = 2027-01-01, name = "Tết Dương lịch", source = "x" }]',
    )
    assert calendar.warnings([2027]) == []
    assert calendar.is_working(date(2027, 2, 8))  # the library's guess of Tết is no longer asked


def test_the_culture_day_can_be_switched_off(tmp_path: Path) -> None:
    calendar = own_file(tmp_path, "culture_day = false")
    assert calendar.is_working(date(2026, 11, 24))
    assert calendar.is_working(date(2027, 11, 24))
    assert calendar.is_working(date(2029, 11, 26))  # nor the day in lieu that the library adds


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("years = [", "sai cú pháp TOML"),
        ("culture = true", 'tệp có khóa lạ "culture"'),
        ("culture_day = 1", "culture_day phải là true hoặc false"),
        ("[years.next]", '"years.next" không phải là một năm'),
        ("years = 2026", "years phải là một bảng"),
        ("[years.2026]\nsigned = true", 'năm 2026 có khóa lạ "signed"'),
        ("[years.2026]\ndays = 3", "năm 2026: days phải là một danh sách"),
        ('[years.2026]\ndays = [{ name = "x", source = "y" }]', "đúng một trong hai khóa day_off, worked"),
        ('[years.2026]\ndays = [{ day_off = "2026-01-01", name = "x", source = "y" }]', "không phải là ngày"),
        ('[years.2026]\ndays = [{ day_off = 2027-01-01, name = "x", source = "y" }]', "của năm 2026"),
        ('[years.2026]\ndays = [{ day_off = 2026-01-01, name = "x" }]', "thiếu name (tên ngày) hoặc source"),
        (
            '[years.2026]\ndays = [{ day_off = 2026-03-02, name = "x", source = "y" },'
            ' { worked = 2026-03-02, name = "x", source = "y" }]',
            "ghi trùng một ngày",
        ),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path: Path, text: str, trouble: str) -> None:
    with pytest.raises(BadSetting) as refused:
        own_file(tmp_path, text)
    assert trouble in str(refused.value)
    assert "ngay-nghi.toml" in str(refused.value)


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="Không đọc được tệp ngày nghỉ"):
        vietnam_calendar(tmp_path / "khong-co.toml")


# ---- Working hours ----

MORNING, AFTERNOON = ("07:30", "11:30"), ("13:30", "17:00")


def hours_in(zone: str) -> WorkingHours:
    return WorkingHours(vietnam_calendar(), zone, MORNING, AFTERNOON)


def utc(*moment: int) -> dt.datetime:
    return dt.datetime(*moment, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("instant", "here", "following"),
    [
        (utc(2026, 3, 16, 0, 29), None, "2026-03-16/am"),  # 07:29 at the office
        (utc(2026, 3, 16, 0, 30), "2026-03-16/am", "2026-03-16/pm"),  # a slot owns its first instant
        (utc(2026, 3, 16, 4, 30), None, "2026-03-16/pm"),  # and not its last: 11:30 is lunch
        (utc(2026, 3, 16, 6, 30), "2026-03-16/pm", "2026-03-17/am"),
        (utc(2026, 3, 16, 10, 0), None, "2026-03-17/am"),
        (utc(2026, 3, 16, 18, 0), None, "2026-03-17/am"),  # 01:00 on the 17th at the office
        (utc(2026, 3, 13, 10, 0), None, "2026-03-16/am"),  # Friday evening
        (utc(2026, 3, 14, 2, 0), None, "2026-03-16/am"),  # Saturday
        (utc(2026, 1, 10, 2, 0), "2026-01-10/am", "2026-01-10/pm"),  # the worked Saturday
        (utc(2026, 2, 13, 10, 0), None, "2026-02-23/am"),  # Tết
        (utc(2025, 12, 31, 10, 0), None, "2026-01-05/am"),
    ],
)
def test_slots_around_an_instant(instant: dt.datetime, here: str | None, following: str) -> None:
    hours = hours_in("Asia/Ho_Chi_Minh")
    slot = hours.slot_at(instant)
    assert (slot.key if slot else None) == here
    assert hours.next_slot(instant).key == following
    assert hours.this_or_next_slot(instant).key == (here or following)


def test_a_slot_keeps_utc_and_the_civil_day() -> None:
    slot = hours_in("Asia/Ho_Chi_Minh").slot_on(date(2026, 3, 16), "afternoon")
    assert (slot.day, slot.name) == (date(2026, 3, 16), "afternoon")
    assert (slot.starts, slot.ends) == (utc(2026, 3, 16, 6, 30), utc(2026, 3, 16, 10, 0))
    assert slot.starts.tzinfo is dt.UTC


def test_a_day_off_still_has_the_slots_it_would_have() -> None:
    assert hours_in("Asia/Ho_Chi_Minh").slot_on(date(2026, 2, 17), "morning").key == "2026-02-17/am"


def test_the_day_ends_at_midnight_of_the_office() -> None:
    hours = hours_in("Asia/Ho_Chi_Minh")
    assert hours.instant(date(2026, 3, 17)) == utc(2026, 3, 17, 17, 0)
    assert hours.instant(date(2026, 3, 20), "17:00") == utc(2026, 3, 20, 10, 0)
    assert hours.civil_day(utc(2026, 3, 17, 17, 0)) == date(2026, 3, 18)


def test_summer_time_moves_the_instant_and_not_the_wall_clock() -> None:
    hours = hours_in("Europe/Berlin")  # clocks go forward on Sunday 29/03/2026, back on 25/10/2026
    assert hours.slot_on(date(2026, 3, 27), "morning").starts == utc(2026, 3, 27, 6, 30)
    assert hours.next_slot(utc(2026, 3, 27, 20, 0)).starts == utc(2026, 3, 30, 5, 30)
    assert hours.next_slot(utc(2026, 10, 23, 20, 0)).starts == utc(2026, 10, 26, 6, 30)
    assert hours.instant(date(2026, 3, 29)) - hours.instant(date(2026, 3, 28)) == dt.timedelta(hours=23)


def test_a_clock_time_that_summer_time_skips_is_read_with_the_old_offset() -> None:
    hours = hours_in("Europe/Berlin")
    assert hours.instant(date(2026, 3, 29), "02:30") == utc(2026, 3, 29, 1, 30)
    assert hours.instant(date(2026, 10, 25), "02:30") == utc(2026, 10, 25, 0, 30)  # the first of the two


@given(
    instant=st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2026, 12, 20), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    zone=st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/St_Johns"]),
)
def test_the_next_slot_is_later_worked_and_the_first(instant: dt.datetime, zone: str) -> None:
    hours = hours_in(zone)
    slot = hours.next_slot(instant)
    assert slot.starts > instant
    assert hours.slot_at(slot.starts) == slot
    assert hours.next_slot(slot.starts - dt.timedelta(microseconds=1)) == slot
    here = hours.slot_at(instant)
    assert here is None or here.starts <= instant < here.ends <= slot.starts


@pytest.mark.parametrize(
    ("zone", "morning", "afternoon", "trouble"),
    [
        ("Asia/Hanoi", MORNING, AFTERNOON, 'Không có múi giờ "Asia/Hanoi"'),
        ("../etc", MORNING, AFTERNOON, "Không có múi giờ"),
        ("Asia/Ho_Chi_Minh", ("11:30", "07:30"), AFTERNOON, "không theo thứ tự"),
        ("Asia/Ho_Chi_Minh", MORNING, ("11:00", "17:00"), "không theo thứ tự"),
        ("Asia/Ho_Chi_Minh", ("7h30", "11:30"), AFTERNOON, 'Giờ "7h30" không đúng'),
    ],
)
def test_hours_without_sense_are_refused(
    zone: str, morning: tuple[str, str], afternoon: tuple[str, str], trouble: str
) -> None:
    with pytest.raises(BadSetting, match=trouble):
        WorkingHours(vietnam_calendar(), zone, morning, afternoon)

"""Periods by index, what they are called, and RRULE there and back."""

import datetime as dt
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.office_model import Due, Kind, Obligation, Source
from schedules.recurrence import (
    STEP,
    WEEKDAYS,
    DayOfMonth,
    day_in_month,
    days_in_month,
    from_rrule,
    index_of,
    month_number,
    named,
    period_at,
    periods,
    rrule_dates,
    single_period,
    to_rrule,
)

date = dt.date
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
REGULAR = st.sampled_from([*STEP, Kind.WEEKLY])


def duty(kind: Kind, due: Due) -> Obligation:
    return Obligation(id="viec", title="Việc", lead="vhxh", kind=kind, due=due, source=Source(where="I.1"))


@pytest.mark.parametrize(
    ("kind", "day", "key", "start", "end", "label"),
    [
        (Kind.MONTHLY, date(2026, 3, 31), "2026-M03", date(2026, 3, 1), date(2026, 3, 31), "tháng 3/2026"),
        (Kind.MONTHLY, date(2028, 2, 1), "2028-M02", date(2028, 2, 1), date(2028, 2, 29), "tháng 2/2028"),
        (Kind.QUARTERLY, date(2026, 1, 1), "2026-Q1", date(2026, 1, 1), date(2026, 3, 31), "quý I/2026"),
        (Kind.QUARTERLY, date(2026, 12, 31), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31), "quý IV/2026"),
        (Kind.HALF_YEARLY, date(2026, 6, 30), "2026-H1", date(2026, 1, 1), date(2026, 6, 30), "6 tháng đầu năm 2026"),
        (Kind.HALF_YEARLY, date(2026, 7, 1), "2026-H2", date(2026, 7, 1), date(2026, 12, 31), "6 tháng cuối năm 2026"),
        (Kind.NINE_MONTHLY, date(2026, 5, 5), "2026-9M", date(2026, 1, 1), date(2026, 9, 30), "9 tháng đầu năm 2026"),
        (Kind.YEARLY, date(2026, 5, 5), "2026", date(2026, 1, 1), date(2026, 12, 31), "năm 2026"),
        (Kind.WEEKLY, date(2026, 3, 15), "2026-W11", date(2026, 3, 9), date(2026, 3, 15), "tuần 11/2026"),
        # ISO weeks belong to the year of their Thursday.
        (Kind.WEEKLY, date(2025, 12, 29), "2026-W01", date(2025, 12, 29), date(2026, 1, 4), "tuần 1/2026"),
        (Kind.WEEKLY, date(2027, 1, 3), "2026-W53", date(2026, 12, 28), date(2027, 1, 3), "tuần 53/2026"),
    ],
)
def test_a_period_has_a_key_a_span_and_a_name(
    kind: Kind, day: dt.date, key: str, start: dt.date, end: dt.date, label: str
) -> None:
    assert period_at(kind, index_of(kind, day)) == (key, start, end, label)


def test_a_single_period_is_called_once() -> None:
    assert single_period(date(2026, 1, 1), date(2026, 1, 15)) == ("once", date(2026, 1, 1), date(2026, 1, 15), "")


HALF, NINE, YEAR = Kind.HALF_YEARLY, Kind.NINE_MONTHLY, Kind.YEARLY


@pytest.mark.parametrize(
    ("kind", "month", "stands_for", "label"),
    [
        (Kind.QUARTERLY, 3, (HALF, NINE, YEAR), "quý I/2026"),
        (Kind.QUARTERLY, 6, (HALF, NINE, YEAR), "quý II và 6 tháng đầu năm 2026"),
        (Kind.QUARTERLY, 9, (HALF, NINE, YEAR), "quý III và 9 tháng đầu năm 2026"),
        (Kind.QUARTERLY, 12, (HALF, NINE, YEAR), "quý IV và năm 2026"),  # the year swallows the second half
        (Kind.QUARTERLY, 12, (HALF,), "quý IV và 6 tháng cuối năm 2026"),
        (Kind.QUARTERLY, 9, (YEAR, HALF), "quý III/2026"),
        (Kind.HALF_YEARLY, 12, (YEAR,), "6 tháng cuối năm và năm 2026"),
        (Kind.MONTHLY, 3, (Kind.QUARTERLY, YEAR), "tháng 3 và quý I/2026"),
        # Five periods in one breath, as circulars write them.
        (Kind.MONTHLY, 6, (YEAR, NINE, HALF, Kind.QUARTERLY), "tháng 6, quý II và 6 tháng đầu năm 2026"),
        (Kind.YEARLY, 12, (Kind.QUARTERLY,), "năm 2026"),  # a shorter one is not a longer one
    ],
)
def test_a_report_that_stands_for_longer_ones_carries_their_names(
    kind: Kind, month: int, stands_for: tuple[Kind, ...], label: str
) -> None:
    assert period_at(kind, index_of(kind, date(2026, month, 1)), stands_for).label == label


@pytest.mark.parametrize(
    ("title", "label", "name"),
    [
        ("Báo cáo TTHC", "tháng 3/2026", "Báo cáo TTHC tháng 3/2026"),
        ("Báo cáo công tác CCHC tháng", "tháng 12/2026", "Báo cáo công tác CCHC tháng 12/2026"),
        ("Báo cáo CCHC hằng quý", "quý I/2026", "Báo cáo CCHC quý I/2026"),
        ("Lịch công tác Tuần", "tuần 49/2026", "Lịch công tác tuần 49/2026"),
        ("Báo cáo 6 tháng", "6 tháng đầu năm 2026", "Báo cáo 6 tháng đầu năm 2026"),
        ("Kế hoạch 5 năm", "năm 2026", "Kế hoạch 5 năm năm 2026"),
        ("Báo cáo 6 tháng", "tháng 3/2026", "Báo cáo 6 tháng tháng 3/2026"),
        ("Báo cáo quý", "tháng 3/2026", "Báo cáo quý tháng 3/2026"),
        ("Quý", "quý I/2026", "Quý quý I/2026"),
        ("Kiện toàn Ban chỉ đạo", "", "Kiện toàn Ban chỉ đạo"),
    ],
)
def test_a_name_does_not_say_its_period_twice(title: str, label: str, name: str) -> None:
    assert named(title, label) == name


def test_periods_of_a_span() -> None:
    quarters = periods(Kind.QUARTERLY, date(2025, 12, 31), date(2026, 4, 1))
    assert [period.key for period in quarters] == ["2025-Q4", "2026-Q1", "2026-Q2"]
    nine = periods(Kind.NINE_MONTHLY, date(2025, 10, 1), date(2026, 1, 1))
    assert [period.key for period in nine] == ["2026-9M"]  # in October the nine months are over


def test_the_31st_comes_back_after_february() -> None:
    january = month_number(date(2026, 1, 1))
    days = [day_in_month(january + n, 31) for n in range(4)]
    assert days == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


@given(kind=REGULAR, day=DAYS)
def test_a_day_lies_in_the_period_of_its_index(kind: Kind, day: dt.date) -> None:
    period = period_at(kind, index_of(kind, day))
    assert period.start <= day
    assert day <= period.end or (kind == Kind.NINE_MONTHLY and day.month > 9)
    assert index_of(kind, period.start) == index_of(kind, period.end) == index_of(kind, day)


@given(kind=REGULAR, day=DAYS)
def test_periods_follow_each_other_and_never_share_a_key(kind: Kind, day: dt.date) -> None:
    index = index_of(kind, day)
    this, following = period_at(kind, index), period_at(kind, index + 1)
    assert this.key != following.key
    gap = (following.start - this.end).days
    assert gap == 1 or (kind == Kind.NINE_MONTHLY and gap == 93)  # 1 October to 1 January


@given(months=st.integers(2000 * 12, 2100 * 12), day=st.integers(1, 31))
def test_a_day_is_clamped_to_its_month_and_never_leaves_it(months: int, day: int) -> None:
    found = day_in_month(months, day)
    assert month_number(found) == months
    assert found.day == min(day, days_in_month(found.year, found.month))


@pytest.mark.parametrize(("year", "days"), [(2024, 29), (2026, 28), (2000, 29), (2100, 28)])
def test_leap_years(year: int, days: int) -> None:
    assert days_in_month(year, 2) == days


# ---- RRULE ----


@pytest.mark.parametrize(
    ("kind", "due", "rule"),
    [
        (Kind.WEEKLY, Due(weekday="friday"), "FREQ=WEEKLY;BYDAY=FR"),
        (Kind.MONTHLY, Due(day=17), "FREQ=MONTHLY;BYMONTHDAY=17"),
        (Kind.MONTHLY, Due(day="last"), "FREQ=MONTHLY;BYMONTHDAY=-1"),
        (Kind.MONTHLY, Due(day=29), "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1"),
        (Kind.MONTHLY, Due(day=31), "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        (Kind.QUARTERLY, Due(day=17), "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=17"),
        (Kind.QUARTERLY, Due(day=5, months_after=1), "FREQ=MONTHLY;BYMONTH=1,4,7,10;BYMONTHDAY=5"),
        (Kind.HALF_YEARLY, Due(day=5), "FREQ=MONTHLY;BYMONTH=6,12;BYMONTHDAY=5"),
        (Kind.NINE_MONTHLY, Due(day=17), "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=17"),
        (Kind.YEARLY, Due(day=10), "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=10"),
        (Kind.YEARLY, Due(day=15, months_after=1), "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=15"),
        (Kind.YEARLY, Due(dates=("31/11",)), "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        (Kind.HALF_YEARLY, Due(dates=("5/6", "25/11")), None),  # two days of the month, no one rule
        (Kind.RRULE, Due(rrule="rrule:freq=daily;interval=10", start=date(2026, 1, 1)), "FREQ=DAILY;INTERVAL=10"),
        (Kind.ONE_OFF_DATE, Due(date=date(2026, 1, 15)), None),
    ],
)
def test_an_obligation_as_an_rrule(kind: Kind, due: Due, rule: str | None) -> None:
    assert to_rrule(duty(kind, due)) == rule


START = date(2026, 1, 1)  # a Thursday


@pytest.mark.parametrize(
    ("rule", "kind", "day", "month"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=17", Kind.MONTHLY, 17, None),
        ("RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1", Kind.MONTHLY, "last", None),
        ("FREQ=MONTHLY", Kind.MONTHLY, 1, None),  # the day is that of the start
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", Kind.MONTHLY, 30, None),
        ("FREQ=MONTHLY;BYMONTH=12,3,6,9;BYMONTHDAY=17", Kind.QUARTERLY, 17, None),
        ("FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=17", Kind.QUARTERLY, 17, None),
        ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=17", Kind.QUARTERLY, 17, 1),  # January, April, …: the first month
        ("FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=5", Kind.HALF_YEARLY, 5, 1),
        ("FREQ=MONTHLY;BYMONTH=6,12;BYMONTHDAY=5", Kind.HALF_YEARLY, 5, None),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31", Kind.YEARLY, 31, None),  # December always has a 31st
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=9", Kind.YEARLY, 9, 1),
        ("FREQ=YEARLY", Kind.YEARLY, 1, 1),
    ],
)
def test_simple_rules_become_our_own_kinds(
    rule: str, kind: Kind, day: int | Literal["last"], month: int | None
) -> None:
    assert from_rrule(rule, START) == (kind, Due(day=day, month=month, start=START))


def test_a_weekly_rule_takes_the_weekday_of_its_start_when_it_names_none() -> None:
    assert from_rrule("FREQ=WEEKLY", START) == (Kind.WEEKLY, Due(weekday="thursday", start=START))
    assert from_rrule("FREQ=WEEKLY;BYDAY=FR", START) == (Kind.WEEKLY, Due(weekday="friday", start=START))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR",
        "FREQ=WEEKLY;BYDAY=MO,TH",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=31",  # skips the short months, which our monthly kind does not
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTH=1,2,3;BYMONTHDAY=1",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=5;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=28,29,30;BYSETPOS=-1",  # BYSETPOS picks one day of the whole year
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",  # leap years only
        "FREQ=MONTHLY;COUNT=3;BYMONTHDAY=17",  # our kinds have no end of their own
        "FREQ=MONTHLY;UNTIL=20260630;BYMONTHDAY=17",
    ],
)
def test_other_rules_stay_rules(rule: str) -> None:
    assert from_rrule(rule, START) == (Kind.RRULE, Due(rrule=rule, start=START))


@pytest.mark.parametrize(
    ("rule", "trouble"),
    [
        ("", "không dùng được"),
        ("hằng tháng", "không dùng được"),
        ("FREQ=HOURLY", "phải có FREQ là DAILY, WEEKLY, MONTHLY hoặc YEARLY"),
        ("FREQ=MINUTELY;INTERVAL=5", "phải có FREQ"),
        ("BYMONTHDAY=17", "phải có FREQ"),
        ("FREQ=DAILY;BYHOUR=8", "đặt giờ bằng BYHOUR"),
        ("FREQ=DAILY;BYEASTER=1", "không dùng được"),  # dateutil's own, not in the RFC
        ("FREQ=DAILY;FREQ=WEEKLY", "không dùng được"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "chỉ được có một trong hai phần COUNT, UNTIL"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL phải là số nguyên dương"),
        ("FREQ=DAILY;COUNT=mười", "COUNT phải là số nguyên dương"),
        ("FREQ=DAILY;UNTIL=31/12/2026", "không phải là ngày"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY=32 không đúng"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY=0 không đúng"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH=13 không đúng"),
        ("FREQ=YEARLY;BYMONTH=1,", "BYMONTH=1, không đúng"),
        ("FREQ=WEEKLY;BYDAY=T6", "không đúng RFC 5545"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "không rơi vào ngày nào"),
        ("FREQ=DAILY\nDTSTART:20260101", "phải có FREQ"),
    ],
)
def test_a_bad_rule_is_refused_in_words(rule: str, trouble: str) -> None:
    with pytest.raises(ValueError, match="Quy tắc lặp") as refused:
        from_rrule(rule, START)
    assert trouble in str(refused.value)


def test_a_rule_counts_from_its_start() -> None:
    whole_year = (date(2026, 1, 1), date(2026, 12, 31))
    third = rrule_dates("FREQ=MONTHLY;BYMONTHDAY=17;COUNT=3", date(2025, 12, 1), *whole_year)
    assert third == [date(2026, 1, 17), date(2026, 2, 17)]  # the first of the three was in December
    until = rrule_dates("FREQ=WEEKLY;BYDAY=FR;UNTIL=20260116T170000Z", date(2026, 1, 1), *whole_year)
    assert until == [date(2026, 1, 2), date(2026, 1, 9), date(2026, 1, 16)]
    fortnight = rrule_dates("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", date(2025, 12, 22), date(2026, 1, 1), date(2026, 1, 31))
    assert fortnight == [date(2026, 1, 9), date(2026, 1, 23)]


DAY: st.SearchStrategy[DayOfMonth] = st.one_of(st.integers(1, 31), st.just("last"))
WEEKDAY = st.sampled_from(WEEKDAYS)
SIMPLE = st.one_of(
    st.builds(lambda day: (Kind.WEEKLY, Due(weekday=day)), WEEKDAY),
    st.builds(lambda day: (Kind.MONTHLY, Due(day=day)), DAY),
    st.builds(lambda day, month: (Kind.QUARTERLY, Due(day=day, month=month)), DAY, st.sampled_from([1, 2, None])),
    st.builds(lambda day, month: (Kind.HALF_YEARLY, Due(day=day, month=month)), DAY, st.sampled_from([2, 5, None])),
    st.builds(lambda day, month: (Kind.YEARLY, Due(day=day, month=month)), DAY, st.sampled_from([1, 2, 11, None])),
)


@given(simple=SIMPLE, start=DAYS)
def test_a_simple_kind_survives_the_way_out_and_back(simple: tuple[Kind, Due], start: dt.date) -> None:
    kind, due = simple
    rule = to_rrule(duty(kind, due))
    assert rule is not None
    assert from_rrule(rule, start) == (kind, due.model_copy(update={"start": start}))


@given(simple=SIMPLE, start=st.dates(date(2024, 1, 1), date(2026, 12, 31)))
def test_the_rule_falls_on_our_own_dates(simple: tuple[Kind, Due], start: dt.date) -> None:
    kind, due = simple
    rule = to_rrule(duty(kind, due))
    assert rule is not None
    end = start + dt.timedelta(days=400)
    spanned = range(index_of(kind, start), index_of(kind, end) + 1)
    if kind == Kind.WEEKLY:
        days = [
            period_at(kind, index).start + dt.timedelta(days=WEEKDAYS.index(due.weekday or "monday"))
            for index in spanned
        ]
    else:
        offset = (due.month or STEP[kind]) - 1
        days = [day_in_month(index * STEP[kind] + offset, due.day or "last") for index in spanned]
    assert rrule_dates(rule, start, start, end) == [day for day in days if start <= day <= end]

"""From an obligation to its dates: windows, month ends, days off, and the words for each."""

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.dates import Dates, due_sentence, expand
from schedules.office_model import Cutoff, Due, InternalDue, Kind, Obligation, Source
from schedules.recurrence import day_in_month
from schedules.workdays import vietnam_calendar

date = dt.date
LAW = "(Bộ luật Dân sự 2015, Điều 148)"


def duty(kind: Kind, due: Due | None = None, **more: Any) -> Obligation:
    return Obligation(id="viec", title="Việc", lead="vhxh", kind=kind, due=due, source=Source(where="I.1"), **more)


def in_year(obligation: Obligation, year: int = 2026) -> list[Dates]:
    return expand(obligation, vietnam_calendar(), date(year, 1, 1), date(year, 12, 31))


def only(obligation: Obligation, year: int = 2026) -> Dates:
    (dates,) = in_year(obligation, year)
    return dates


# ---- Data windows, as the reporting regime lists them ----

TWO_YEARS = (date(2025, 12, 15), date(2026, 12, 14))


@pytest.mark.parametrize(
    ("kind", "cumulative", "windows"),
    [
        (
            Kind.QUARTERLY,
            False,
            [
                (date(2025, 12, 15), date(2026, 3, 14)),
                (date(2026, 3, 15), date(2026, 6, 14)),
                (date(2026, 6, 15), date(2026, 9, 14)),
                (date(2026, 9, 15), date(2026, 12, 14)),
            ],
        ),
        (
            Kind.QUARTERLY,  # standing for the half-year, nine months and the year
            True,
            [
                (date(2025, 12, 15), date(2026, 3, 14)),
                (date(2025, 12, 15), date(2026, 6, 14)),
                (date(2025, 12, 15), date(2026, 9, 14)),
                (date(2025, 12, 15), date(2026, 12, 14)),
            ],
        ),
        (
            Kind.HALF_YEARLY,
            True,
            [(date(2025, 12, 15), date(2026, 6, 14)), (date(2025, 12, 15), date(2026, 12, 14))],
        ),
        (
            Kind.HALF_YEARLY,
            False,
            [(date(2025, 12, 15), date(2026, 6, 14)), (date(2026, 6, 15), date(2026, 12, 14))],
        ),
        # Nine months open in December even when nobody wrote "cumulative": no period ends there but the year.
        (Kind.NINE_MONTHLY, True, [(date(2025, 12, 15), date(2026, 9, 14))]),
        (Kind.NINE_MONTHLY, False, [(date(2025, 12, 15), date(2026, 9, 14))]),
        (Kind.YEARLY, False, [TWO_YEARS]),
        (Kind.YEARLY, True, [TWO_YEARS]),
    ],
)
def test_the_data_window_runs_from_the_15th_to_the_14th(
    kind: Kind, cumulative: bool, windows: list[tuple[dt.date, dt.date]]
) -> None:
    found = in_year(duty(kind, Due(day=17), cutoff=Cutoff(day=14, cumulative=cumulative)))
    assert [(dates.data_from, dates.cutoff) for dates in found] == windows


def test_the_monthly_window_crosses_the_month_and_the_year() -> None:
    january, february, *_ = in_year(duty(Kind.MONTHLY, Due(day=17), cutoff=Cutoff(day=14)))
    assert (january.data_from, january.cutoff) == (date(2025, 12, 15), date(2026, 1, 14))
    assert (february.data_from, february.cutoff) == (date(2026, 1, 15), date(2026, 2, 14))


def test_a_cut_off_on_the_last_day_follows_the_length_of_the_months() -> None:
    march = in_year(duty(Kind.MONTHLY, Due(day=5, months_after=1), cutoff=Cutoff(day="last")))[3]
    assert march.period.key == "2026-M03"
    assert (march.data_from, march.cutoff, march.nominal_due) == (
        date(2026, 3, 1),
        date(2026, 3, 31),
        date(2026, 4, 5),
    )


def test_a_cut_off_of_the_31st_is_clamped_without_a_word() -> None:
    february = in_year(duty(Kind.MONTHLY, Due(day=5, months_after=1), cutoff=Cutoff(day=31)))[2]
    assert (february.data_from, february.cutoff) == (date(2026, 2, 1), date(2026, 2, 28))
    assert february.flags == ()


def test_a_one_off_may_have_a_cut_off_in_its_month() -> None:
    dates = only(duty(Kind.ONE_OFF_DATE, Due(date=date(2026, 6, 17)), cutoff=Cutoff(day=14)))
    assert (dates.data_from, dates.cutoff) == (None, date(2026, 6, 14))


# ---- Nominal dates ----


def test_the_31st_of_every_month_comes_back() -> None:
    found = in_year(duty(Kind.MONTHLY, Due(day=31), shift="none"))
    assert [dates.nominal_due.day for dates in found] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert found[1].reasons[0] == "28/02 thay cho 31/02: tháng 2 chỉ có 28 ngày."
    assert found[1].flags == ()  # the 31st of every month is a way to say the last day


def test_february_has_29_days_in_a_leap_year() -> None:
    assert in_year(duty(Kind.MONTHLY, Due(day="last")), 2028)[1].nominal_due == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("kind", "due", "expected"),
    [
        (Kind.QUARTERLY, Due(day=17), ["2026-03-17", "2026-06-17", "2026-09-17", "2026-12-17"]),
        (Kind.QUARTERLY, Due(day=17, month=1), ["2026-01-17", "2026-04-17", "2026-07-17", "2026-10-17"]),
        # The report on quarter IV of last year comes first.
        (Kind.QUARTERLY, Due(day=5, months_after=1), ["2026-01-05", "2026-04-05", "2026-07-05", "2026-10-05"]),
        (Kind.HALF_YEARLY, Due(day=5), ["2026-06-05", "2026-12-05"]),
        (Kind.NINE_MONTHLY, Due(day=17), ["2026-09-17"]),
        (Kind.YEARLY, Due(day=15, months_after=1), ["2026-01-15"]),
        (Kind.YEARLY, Due(day=25, month=11), ["2026-11-25"]),
        (Kind.YEARLY, Due(dates=("15/1",)), ["2026-01-15"]),
        (Kind.HALF_YEARLY, Due(dates=("5/6", "25/11")), ["2026-06-05", "2026-11-25"]),
        # Quarter IV ends in December, so its "10/01" is in January of the year after.
        (
            Kind.QUARTERLY,
            Due(dates=("10/4", "10/7", "10/10", "10/01")),
            ["2026-01-10", "2026-04-10", "2026-07-10", "2026-10-10"],
        ),
    ],
)
def test_nominal_dates(kind: Kind, due: Due, expected: list[str]) -> None:
    assert [dates.nominal_due.isoformat() for dates in in_year(duty(kind, due))] == expected


def test_a_report_due_next_year_keeps_the_name_of_its_own() -> None:
    dates = only(duty(Kind.YEARLY, Due(day=15, months_after=1)))
    assert (dates.period.key, dates.period.label) == ("2025", "năm 2025")


def test_a_weekly_duty_belongs_to_the_iso_week() -> None:
    found = in_year(duty(Kind.WEEKLY, Due(weekday="friday", time="17:00")))
    assert len(found) == 52
    assert (found[0].period.key, found[0].nominal_due) == ("2026-W01", date(2026, 1, 2))
    tet = found[7]
    assert (tet.nominal_due, tet.due, tet.internal_due) == (date(2026, 2, 20), date(2026, 2, 23), date(2026, 2, 13))


def test_one_report_stands_for_the_longer_ones() -> None:
    longer = (Kind.HALF_YEARLY, Kind.NINE_MONTHLY, Kind.YEARLY)
    found = in_year(duty(Kind.QUARTERLY, Due(day=17), stands_for=longer))
    assert [dates.period.label for dates in found] == [
        "quý I/2026",
        "quý II và 6 tháng đầu năm 2026",
        "quý III và 9 tháng đầu năm 2026",
        "quý IV và năm 2026",
    ]


def test_an_rrule_starts_at_its_start_and_names_each_date() -> None:
    found = in_year(duty(Kind.RRULE, Due(rrule="FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", start=date(2026, 3, 1))))
    assert [dates.period.key for dates in found] == ["2026-03-27", "2026-04-24", "2026-05-29"]
    assert found[0].period.label == "ngày 27/03/2026"


@pytest.mark.parametrize("kind", [Kind.CONTINUOUS, Kind.ON_DEMAND, Kind.UNKNOWN])
def test_an_undated_duty_has_no_dates(kind: Kind) -> None:
    assert in_year(duty(kind)) == []


def test_a_weekly_duty_without_its_day_waits_for_a_person() -> None:
    assert in_year(duty(Kind.WEEKLY, needs_review="Chọn ngày trong tuần.")) == []


# ---- Spans ----


def test_both_ends_of_the_span_are_inside() -> None:
    monthly = duty(Kind.MONTHLY, Due(day=17))
    found = expand(monthly, vietnam_calendar(), date(2026, 3, 17), date(2026, 5, 17))
    assert [dates.period.key for dates in found] == ["2026-M03", "2026-M04", "2026-M05"]
    assert expand(monthly, vietnam_calendar(), date(2026, 3, 18), date(2026, 4, 16)) == []
    assert expand(monthly, vietnam_calendar(), date(2026, 5, 17), date(2026, 3, 17)) == []


def test_the_nominal_date_decides_even_when_the_deadline_moves_out_of_the_span() -> None:
    dates = only(duty(Kind.ONE_OFF_DATE, Due(date=date(2025, 1, 25))), 2025)
    assert dates.due == date(2025, 2, 3)
    assert expand(duty(Kind.MONTHLY, Due(day="last")), vietnam_calendar(), date(2026, 2, 1), date(2026, 2, 28))


def test_nothing_is_due_before_a_duty_begins_or_after_it_ends() -> None:
    found = in_year(duty(Kind.MONTHLY, Due(day=17), active_from=date(2026, 3, 17), active_until=date(2026, 5, 16)))
    assert [dates.period.key for dates in found] == ["2026-M03", "2026-M04"]
    begins = in_year(duty(Kind.MONTHLY, Due(day=17, start=date(2026, 11, 1))))
    assert [dates.period.key for dates in begins] == ["2026-M11", "2026-M12"]


def test_dates_that_do_not_fit_the_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="có 2 ngày trong dates, cần đúng 4 ngày"):
        in_year(duty(Kind.QUARTERLY, Due(dates=("5/6", "5/12"))))
    with pytest.raises(ValueError, match='Ngày "45/1" không có trong lịch'):
        in_year(duty(Kind.YEARLY, Due(dates=("45/1",))))


# ---- Days off ----


@pytest.mark.parametrize(
    ("nominal", "shift", "due", "internal", "reasons"),
    [
        (date(2026, 3, 17), "after", date(2026, 3, 17), date(2026, 3, 17), ()),
        (
            date(2026, 1, 31),
            "after",
            date(2026, 2, 2),
            date(2026, 1, 30),
            (f"Hạn 31/01/2026 rơi vào thứ Bảy, tính đến hết 02/02/2026 {LAW}.",),
        ),
        (
            date(2026, 1, 31),
            "before",
            date(2026, 1, 30),
            date(2026, 1, 30),
            ("Hạn 31/01/2026 rơi vào thứ Bảy, phải gửi hết ngày 30/01/2026.",),
        ),
        (
            date(2026, 1, 31),
            "none",
            date(2026, 1, 31),
            date(2026, 1, 30),
            ("Hạn 31/01/2026 rơi vào thứ Bảy nhưng không được lùi hạn.",),
        ),
        (
            date(2026, 2, 17),
            "after",
            date(2026, 2, 23),
            date(2026, 2, 13),
            (f"Hạn 17/02/2026 rơi vào ngày nghỉ Tết Nguyên đán (mùng 1), tính đến hết 23/02/2026 {LAW}.",),
        ),
        (date(2026, 1, 10), "after", date(2026, 1, 10), date(2026, 1, 10), ()),  # a worked Saturday is a working day
        (
            date(2026, 1, 1),
            "after",
            date(2026, 1, 5),
            date(2025, 12, 31),
            (f"Hạn 01/01/2026 rơi vào ngày nghỉ Tết Dương lịch, tính đến hết 05/01/2026 {LAW}.",),
        ),
    ],
)
def test_a_deadline_on_a_day_off(
    nominal: dt.date, shift: str, due: dt.date, internal: dt.date, reasons: tuple[str, ...]
) -> None:
    dates = only(duty(Kind.ONE_OFF_DATE, Due(date=nominal), shift=shift))
    assert (dates.period.key, dates.nominal_due) == ("once", nominal)
    assert (dates.due, dates.internal_due, dates.reasons) == (due, internal, reasons)


def test_before_a_date_is_due_on_it_and_aimed_at_the_day_before() -> None:
    dates = only(duty(Kind.ONE_OFF_DATE, Due(date=date(2026, 1, 15), before=True)))
    assert (dates.due, dates.internal_due) == (date(2026, 1, 15), date(2026, 1, 14))
    assert dates.reasons == ("Nên gửi hết ngày 14/01/2026 vì văn bản ghi “trước ngày 15/01/2026”.",)


def test_before_a_monday_is_aimed_at_friday() -> None:
    dates = only(duty(Kind.ONE_OFF_DATE, Due(date=date(2026, 3, 16), before=True)))
    assert (dates.due, dates.internal_due) == (date(2026, 3, 16), date(2026, 3, 13))


def test_before_a_sunday_gives_both_reasons() -> None:
    dates = only(duty(Kind.ONE_OFF_DATE, Due(date=date(2026, 3, 15), before=True)))
    assert (dates.due, dates.internal_due) == (date(2026, 3, 16), date(2026, 3, 13))
    assert dates.reasons == (
        f"Hạn 15/03/2026 rơi vào Chủ nhật, tính đến hết 16/03/2026 {LAW}.",
        "Nên gửi hết ngày 13/03/2026 vì văn bản ghi “trước ngày 15/03/2026”.",
    )


@pytest.mark.parametrize(
    ("nominal", "working_days", "expected"),
    [
        (date(2026, 3, 17), 0, date(2026, 3, 17)),
        (date(2026, 3, 17), 2, date(2026, 3, 13)),  # over the weekend
        (date(2026, 3, 15), 1, date(2026, 3, 12)),  # from the Friday before that Sunday
        (date(2026, 2, 23), 1, date(2026, 2, 13)),  # over Tết
    ],
)
def test_the_office_may_aim_earlier(nominal: dt.date, working_days: int, expected: dt.date) -> None:
    internal = InternalDue(working_days_before=working_days)
    assert only(duty(Kind.ONE_OFF_DATE, Due(date=nominal), internal_due=internal)).internal_due == expected


def test_an_impossible_date_is_clamped_and_flagged() -> None:
    dates = only(duty(Kind.YEARLY, Due(dates=("31/11",))))
    assert (dates.nominal_due, dates.due) == (date(2026, 11, 30), date(2026, 11, 30))
    assert dates.flags == ("impossible_date",)
    assert dates.reasons == ("30/11 thay cho 31/11: tháng 11 chỉ có 30 ngày.",)
    same_rule = only(duty(Kind.YEARLY, Due(day=31, month=11)))
    assert (same_rule.nominal_due, same_rule.flags) == (date(2026, 11, 30), ("impossible_date",))


def test_a_deadline_on_a_guessed_holiday_says_that_it_is_a_guess() -> None:
    dates = only(duty(Kind.ONE_OFF_DATE, Due(date=date(2027, 2, 8))), 2027)
    assert "nghỉ Mùng ba Tết Nguyên đán (dự kiến)" in dates.reasons[0]


# ---- What always holds ----

DAY = st.one_of(st.integers(1, 31), st.just("last"))
CALENDAR_KINDS = [Kind.MONTHLY, Kind.QUARTERLY, Kind.HALF_YEARLY, Kind.NINE_MONTHLY, Kind.YEARLY]
DUTIES = st.builds(
    lambda kind, day, after, before, shift, days: duty(
        kind,
        Due(day=day, months_after=after, before=before),
        shift=shift,
        cutoff=Cutoff(day=14),
        internal_due=InternalDue(working_days_before=days),
    ),
    st.sampled_from(CALENDAR_KINDS),
    DAY,
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from(["after", "before", "none"]),
    st.integers(0, 10),
)
SPAN = st.dates(date(2025, 6, 1), date(2026, 6, 30))


@given(obligation=DUTIES, first=SPAN, days=st.integers(0, 400))
def test_the_office_never_aims_later_than_the_deadline(obligation: Obligation, first: dt.date, days: int) -> None:
    calendar, last = vietnam_calendar(), first + dt.timedelta(days=days)
    found = expand(obligation, calendar, first, last)
    assert [dates.due for dates in found] == sorted(dates.due for dates in found)
    for dates in found:
        assert first <= dates.nominal_due <= last
        assert dates.internal_due <= dates.due
        assert calendar.is_working(dates.internal_due)
        assert obligation.shift == "none" or calendar.is_working(dates.due)
        assert dates.reasons or dates.due == dates.nominal_due


@given(obligation=DUTIES, first=SPAN, days=st.integers(0, 200), more=st.integers(1, 200))
def test_two_spans_side_by_side_find_what_one_finds(
    obligation: Obligation, first: dt.date, days: int, more: int
) -> None:
    calendar = vietnam_calendar()
    middle, last = first + dt.timedelta(days=days), first + dt.timedelta(days=days + more)
    halves = [
        *expand(obligation, calendar, first, middle),
        *expand(obligation, calendar, middle + dt.timedelta(days=1), last),
    ]
    whole = expand(obligation, calendar, first, last)
    assert {dates.period.key for dates in halves} == {dates.period.key for dates in whole}
    assert len(halves) == len(whole)


@given(day=st.integers(1, 31), cutoff=DAY, kind=st.sampled_from([Kind.MONTHLY, Kind.QUARTERLY, Kind.HALF_YEARLY]))
def test_windows_leave_no_gap(day: int, cutoff: Any, kind: Kind) -> None:
    found = in_year(duty(kind, Due(day=day), cutoff=Cutoff(day=cutoff), shift="none"))
    for this, following in pairwise(found):
        assert this.cutoff is not None
        assert following.data_from == this.cutoff + dt.timedelta(days=1)


@given(day=st.integers(1, 31))
def test_a_monthly_duty_comes_twelve_times_whatever_its_day(day: int) -> None:
    found = in_year(duty(Kind.MONTHLY, Due(day=day), shift="none"))
    assert [dates.nominal_due for dates in found] == [day_in_month(2026 * 12 + month, day) for month in range(12)]


# ---- The rule said back ----


@pytest.mark.parametrize(
    ("obligation", "sentence"),
    [
        (
            duty(Kind.MONTHLY, Due(day=17), cutoff=Cutoff(day=14)),
            "Hằng tháng, chốt số liệu ngày 14, gửi trước hoặc trong ngày 17",
        ),
        (duty(Kind.MONTHLY, Due(day=25)), "Hằng tháng, ngày 25"),
        (duty(Kind.MONTHLY, Due(day="last")), "Hằng tháng, ngày cuối tháng"),
        (duty(Kind.MONTHLY, Due(day=31)), "Hằng tháng, ngày 31 (hoặc ngày cuối tháng)"),
        (duty(Kind.MONTHLY, Due(day=5, months_after=1)), "Hằng tháng, ngày 5 tháng sau"),
        (duty(Kind.QUARTERLY, Due(day=17)), "Hằng quý, ngày 17 tháng cuối quý"),
        (
            duty(Kind.QUARTERLY, Due(day=17, before=True), cutoff=Cutoff(day=14)),
            "Hằng quý, chốt số liệu ngày 14, gửi trước ngày 17 tháng cuối quý",
        ),
        (
            duty(Kind.QUARTERLY, Due(day=5, months_after=1), cutoff=Cutoff(day="last")),
            "Hằng quý, chốt số liệu ngày cuối tháng cuối quý, gửi trước hoặc trong ngày 5 tháng đầu quý sau",
        ),
        (duty(Kind.HALF_YEARLY, Due(day=5)), "6 tháng một lần, ngày 5 tháng 6 và tháng 12"),
        (
            duty(Kind.HALF_YEARLY, Due(day=5, months_after=1)),
            "6 tháng một lần, ngày 5 tháng 7 và tháng 1 năm sau",
        ),
        (duty(Kind.NINE_MONTHLY, Due(day=17)), "9 tháng đầu năm, ngày 17/09"),
        (duty(Kind.YEARLY, Due(day=15, months_after=1)), "Hằng năm, ngày 15/01 năm sau"),
        (duty(Kind.YEARLY, Due(day=10, before=True)), "Hằng năm, trước ngày 10/12"),
        (duty(Kind.YEARLY, Due(day="last")), "Hằng năm, ngày 31/12"),
        (duty(Kind.YEARLY, Due(day="last", month=2)), "Hằng năm, ngày cuối tháng 2"),
        (duty(Kind.HALF_YEARLY, Due(dates=("5/6", "25/11"))), "6 tháng một lần, ngày 5/6, 25/11"),
        (duty(Kind.WEEKLY, Due(weekday="friday", time="17:00")), "Thứ Sáu hằng tuần, 17:00"),
        (duty(Kind.WEEKLY, needs_review="Chọn ngày."), "Hằng tuần, chưa chọn ngày"),
        (duty(Kind.ONE_OFF_DATE, Due(date=date(2026, 1, 15), before=True)), "Một lần, trước ngày 15/01/2026"),
        (duty(Kind.ONE_OFF_MONTH, Due(date=date(2026, 2, 28))), "Một lần, chậm nhất ngày 28/02/2026"),
        (
            duty(Kind.RANGE, Due(start=date(2026, 1, 1), date=date(2026, 12, 31))),
            "Từ ngày 01/01/2026 đến ngày 31/12/2026",
        ),
        (
            duty(Kind.RRULE, Due(rrule="FREQ=MONTHLY;BYMONTHDAY=17", start=date(2026, 1, 1))),
            "Hằng tháng, ngày 17, từ ngày 01/01/2026",
        ),
        (
            duty(Kind.RRULE, Due(rrule="FREQ=DAILY;INTERVAL=10", start=date(2026, 1, 1))),
            "Lặp theo quy tắc FREQ=DAILY;INTERVAL=10, từ ngày 01/01/2026",
        ),
        (duty(Kind.CONTINUOUS), "Thường xuyên"),
        (duty(Kind.ON_DEMAND), "Khi có yêu cầu"),
        (duty(Kind.UNKNOWN), "Chưa có hạn"),
    ],
)
def test_the_rule_is_said_back(obligation: Obligation, sentence: str) -> None:
    assert due_sentence(obligation) == sentence

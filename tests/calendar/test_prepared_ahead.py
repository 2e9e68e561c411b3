"""What is prepared for the next period: named after it, due before it begins, and not asked for when nobody works."""

import datetime as dt

import pytest

from schedules.dates import expand
from schedules.office_file import read_office, shipped_offices
from schedules.office_model import Due, Kind, Obligation, Source
from schedules.workdays import vietnam_calendar

CALENDAR = vietnam_calendar()
YEAR = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))


def ahead(kind: Kind, due: Due) -> Obligation:
    """Something that is made for the period to come."""
    source = Source(where="Chế độ chung")
    return Obligation(
        id="viec", title="Việc", lead="van-phong", kind=kind, due=due, named_for="next", shift="before", source=source
    )


WEEKLY = ahead(Kind.WEEKLY, Due(weekday="friday", time="17:00"))
MONTHLY = ahead(Kind.MONTHLY, Due(day=25))


@pytest.mark.parametrize(
    ("rule", "key", "label", "due"),
    [
        (WEEKLY, "2026-W02", "tuần 3/2026", dt.date(2026, 1, 9)),
        (WEEKLY, "2026-W53", "tuần 1/2027", dt.date(2026, 12, 31)),  # 1/1/2027 is a day off, and in another year
        (WEEKLY, "2026-W18", "tuần 19/2026", dt.date(2026, 4, 29)),  # Friday 1/5 and Thursday 30/4 are days off
        (WEEKLY, "2026-W08", "tuần 9/2026", dt.date(2026, 2, 13)),  # the whole of week 8 is Tết
        (MONTHLY, "2026-M01", "tháng 2/2026", dt.date(2026, 1, 23)),  # 25/1 is a Sunday
        (MONTHLY, "2026-M12", "tháng 1/2027", dt.date(2026, 12, 25)),
    ],
)
def test_it_is_named_after_the_period_to_come_and_is_due_before_that(
    rule: Obligation, key: str, label: str, due: dt.date
) -> None:
    found = {dates.period.key: dates for dates in expand(rule, CALENDAR, YEAR[0], dt.date(2027, 1, 1))}

    assert (found[key].period.label, found[key].due) == (label, due)


def test_no_schedule_is_asked_for_a_week_in_which_nobody_works() -> None:
    named = [dates.period.label for dates in expand(WEEKLY, CALENDAR, *YEAR)]

    assert "tuần 8/2026" not in named  # 16/2 to 22/2/2026: Tết
    assert named[5:8] == ["tuần 7/2026", "tuần 9/2026", "tuần 10/2026"]


@pytest.mark.parametrize("office", [path.stem for path in shipped_offices()])
def test_every_commune_has_its_schedules_before_the_week_or_month_they_are_for(office: str) -> None:
    file = read_office(next(path for path in shipped_offices() if path.stem == office))
    prepared = [rule for rule in file.obligations if rule.named_for == "next"]
    assert len(prepared) == 2
    for rule in prepared:
        for dates in expand(rule, CALENDAR, *YEAR):
            assert dates.due <= dates.period.end, dates

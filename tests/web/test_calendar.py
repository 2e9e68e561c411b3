"""*Lịch*: what falls due when, as each may see it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.database import reading
from engine import actions
from engine.office import view_office
from engine.screens.calendar import (
    CalendarScreen,
    Filter,
    Shown,
    View,
    calendar_of,
    is_crowded,
    shade_of,
    span,
)
from tests.web.desk import Desk
from tests.world import CHAIR, DESK_OFFICER, OFFICE_ID, OFFICER, PARTNER, STANDING_HEAD, World, monthly_report, one_task

TASKS = [
    monthly_report(),
    one_task("2026-03-17", "ke-hoach", "Kế hoạch <script>alert(1)</script>"),
    one_task("2026-03-18", "mot-cua", "Báo cáo một cửa").model_copy(update={"lead": "ttpvhcc"}),
    one_task("2026-03-27", "bi-mat", "Phương án tuyển quân", secret=True),
    one_task("2026-04-30", "cuoi-thang", "Tổng kết tháng tư"),  # a holiday: due on 4 May
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(tmp_path, "2026-03-10 08:00", TASKS)
    world.ignore_rest()
    yield Desk(world)
    world.close()


def screen(desk: Desk, slug: str = STANDING_HEAD, **asked: Any) -> CalendarScreen:
    """What this person sees of March 2026, unless ``asked`` says otherwise."""
    march: dict[str, Any] = {"view": View.MONTH, "day": dt.date(2026, 3, 10)}
    wanted = Filter(**march | asked)
    with reading(desk.world.engine) as connection:
        office = view_office(connection, OFFICE_ID)
        me = office.staff.by_slug[slug].id
        return calendar_of(connection, office, me, wanted, desk.world.clock.now())


def test_the_month_shows_each_piece_of_work_on_the_day_that_counts(desk: Desk) -> None:
    assert [(entry.day.day, entry.title) for entry in screen(desk).entries] == [
        (17, "Báo cáo TTHC tháng 3/2026"),
        (17, "Kế hoạch <script>alert(1)</script>"),
        (18, "Báo cáo một cửa"),
        (27, "Công việc không nêu tên trong tin (xem sổ theo dõi của cơ quan)"),
    ]
    days = {day.date: day for day in screen(desk, day=dt.date(2026, 4, 1)).days}
    assert days[dt.date(2026, 4, 30)].off == "nghỉ Ngày Chiến thắng"
    assert days[dt.date(2026, 4, 30)].entries == ()
    assert days[dt.date(2026, 4, 4)].off == "thứ Bảy"
    assert not days[dt.date(2026, 4, 4)].named
    moved = screen(desk, day=dt.date(2026, 5, 1)).entries[0]
    assert (moved.title, moved.day) == ("Tổng kết tháng tư", dt.date(2026, 5, 4))


def test_a_granted_extension_moves_the_work_to_its_new_day(desk: Desk) -> None:
    desk.world.say(OFFICER, "gia hạn 1 đến 2/4 vì chờ số liệu")
    desk.world.run_until("2026-03-10 14:00")
    desk.world.say(STANDING_HEAD, "đồng ý 1")
    before = {entry.title for entry in screen(desk).entries}
    after = {entry.title: entry.day for entry in screen(desk, day=dt.date(2026, 4, 1)).entries}
    [moved] = [title for title, day in after.items() if day == dt.date(2026, 4, 2)]
    assert moved not in before


def test_filters(desk: Desk) -> None:
    desk.world.say(OFFICER, "xong 1")
    desk.world.operate(actions.cancel, "Báo cáo một cửa", "thôi")
    desk.world.run_until("2026-03-19 08:00")

    def titles(**asked: Any) -> set[str]:
        return {entry.title.split(" ")[0] + entry.title[-1] for entry in screen(desk, **asked).entries}

    everything = titles()
    assert len(everything) == 3  # the cancelled one is no work any more
    assert titles(shown=Shown.DONE) | titles(shown=Shown.OPEN) == everything
    assert len(titles(shown=Shown.DONE)) == 1
    assert titles(shown=Shown.LATE) < titles(shown=Shown.OPEN)
    assert titles(shown=Shown.CANCELLED) == {"Báoa"}
    assert titles(shown=Shown.WAITING) == set()
    with reading(desk.world.engine) as connection:
        office = view_office(connection, OFFICE_ID)
    people = office.staff.by_slug
    assert titles(person=people[OFFICER].id) == everything
    assert titles(person=people[DESK_OFFICER].id) == set()
    april: dict[str, Any] = {"day": dt.date(2026, 4, 1)}  # not open yet: whose it will be
    assert {entry.doer for entry in screen(desk, person=people[OFFICER].id, **april).entries} == {
        "Chuyên viên Phòng Kinh tế"
    }
    assert titles(unit=office.staff.units["ttpvhcc"].id, shown=Shown.CANCELLED) == {"Báoa"}
    assert titles(unit=office.staff.units["ttpvhcc"].id) == set()


def test_the_strip_counts_what_the_lists_list(desk: Desk) -> None:
    """The year in weeks, the months of the year and the list of a week agree."""
    year = screen(desk, view=View.YEAR)
    whole, *units = year.strip
    assert [cell.count for cell in whole.cells] == [
        sum(cells) for cells in zip(*([cell.count for cell in line.cells] for line in units), strict=True)
    ]
    assert sum(cell.count for cell in whole.cells) == len(year.entries) == sum(month.total for month in year.months)
    for cell in whole.cells:
        assert cell.count == len(screen(desk, view=View.WEEK, day=cell.monday).entries)
    [busiest] = [cell for cell in whole.cells if cell.monday == dt.date(2026, 3, 16)]
    assert (busiest.count, busiest.shade, busiest.crowded) == (3, 4, False)


@pytest.mark.parametrize(
    ("count", "most", "shade", "crowded"),
    [
        (0, 0, 0, False),
        (0, 9, 0, False),
        (1, 1, 4, False),  # the darkest of a quiet year is not crowded
        (4, 4, 4, False),
        (1, 9, 1, False),
        (5, 9, 3, False),
        (7, 9, 4, True),
        (5, 5, 4, True),
    ],
)
def test_shades(count: int, most: int, shade: int, crowded: bool) -> None:
    assert shade_of(count, most) == shade
    assert is_crowded(count, most) is crowded


@pytest.mark.parametrize(
    ("view", "day", "first", "last"),
    [
        (View.MONTH, "2026-02-10", "2026-02-01", "2026-02-28"),
        (View.MONTH, "2028-02-29", "2028-02-01", "2028-02-29"),
        (View.MONTH, "2026-12-31", "2026-12-01", "2026-12-31"),
        (View.QUARTER, "2026-05-31", "2026-04-01", "2026-06-30"),
        (View.YEAR, "2026-05-31", "2026-01-01", "2026-12-31"),
        (View.WEEK, "2026-01-01", "2025-12-29", "2026-01-04"),
    ],
)
def test_spans(view: View, day: str, first: str, last: str) -> None:
    begin, end = span(Filter(view, dt.date.fromisoformat(day)))
    assert (begin.isoformat(), end.isoformat()) == (first, last)


def test_a_year_of_53_weeks_has_53_cells(desk: Desk) -> None:
    assert len(screen(desk, view=View.YEAR).strip[0].cells) == 53
    assert len(screen(desk, view=View.YEAR, day=dt.date(2027, 1, 1)).strip[0].cells) == 52


def test_who_may_not_see_the_office_sees_their_own_unit(desk: Desk) -> None:
    assert {entry.unit for entry in screen(desk, OFFICER).entries} == {"Phòng Kinh tế"}
    assert {entry.unit for entry in screen(desk, DESK_OFFICER).entries} == {"Trung tâm Phục vụ hành chính công"}
    assert screen(desk, PARTNER).entries == ()
    assert len(screen(desk, CHAIR).entries) == 4
    mine = desk.sign_in(DESK_OFFICER).get("/lich?ngay=2026-03-01").text
    assert "Báo cáo một cửa" in mine
    assert "TTHC tháng 3" not in mine
    units = screen(desk).units
    other = next(unit.id for unit in units if unit.slug == "kinh-te")
    assert "TTHC tháng 3" not in desk.sign_in(DESK_OFFICER).get(f"/lich?ngay=2026-03-01&don-vi={other}").text


def test_whoever_stands_in_sees_the_other_unit_too(desk: Desk) -> None:
    desk.world.stand_in(OFFICER, DESK_OFFICER, "2026-03-09", "2026-03-20")
    assert len({entry.unit for entry in screen(desk, DESK_OFFICER).entries}) == 2


@pytest.mark.parametrize("view", [str(view) for view in View])
def test_every_view_shows_titles_inert_and_secret_ones_not_at_all(desk: Desk, view: str) -> None:
    page = desk.sign_in(STANDING_HEAD).get(f"/lich?xem={view}&ngay=2026-03-17").text
    assert "<script>alert" not in page
    assert "tuyển quân" not in page
    assert "style=" not in page
    assert page.count("<h1") == 1
    if view != View.YEAR:
        assert "&lt;script&gt;alert(1)" in page


def test_every_cell_of_the_strip_has_words_and_leads_to_its_week(desk: Desk) -> None:
    browser = desk.sign_in(STANDING_HEAD)
    page = browser.get("/lich?xem=nam&ngay=2026-03-17").text
    cells = re.findall(r'<a class="cell[^"]*" href="([^"]+)" title="[^"]+" aria-label="([^"]+)"', page)
    assert len(cells) == 53 * 5  # the office and its four units
    [(address, words)] = [cell for cell in cells if "16/03" in cell[1] and "3 việc" in cell[1]]
    assert words == "Tuần 12 (16/03 – 22/03): 3 việc tới hạn"
    week = browser.get(address.replace("&amp;", "&")).text
    assert "Báo cáo TTHC tháng 3/2026" in week


@pytest.mark.parametrize(
    "query",
    ["xem=x", "ngay=2026-13-01", "don-vi=x", "nguoi=x", "trang-thai=x", "ngay=9999-12-31", "ngay=0001-01-01"],
)
def test_an_address_that_makes_no_sense_is_no_page(desk: Desk, query: str) -> None:
    desk.sign_in(STANDING_HEAD).get(f"/lich?{query}", status=404)

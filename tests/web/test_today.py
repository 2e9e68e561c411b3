"""*Hôm nay* and the frame around every page: whose work leads, what is said without any, what the menu marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schedules.office_model import Obligation
from tests.web.desk import Desk
from tests.world import CHAIR, HEAD, OFFICER, SECOND_OFFICER, STANDING_HEAD, World, monthly_report, one_task
from web.console.frame import is_under
from web.console.today import SHOWN

OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    worlds: list[World] = []

    def opened(*rules: Obligation, until: str = "2026-03-16 08:00") -> Desk:
        world = World(tmp_path, "2026-02-02 08:00", rules)
        world.ignore_rest()
        worlds.append(world)
        world.run_until(until)
        return Desk(world)

    yield opened
    for world in worlds:
        world.close()


def sections(page: str) -> dict[str, list[str]]:
    """The titles of each list, in order, by its heading."""
    found = re.findall(r'<h2 id="[^"]*">(.*?) <span.*?</h2>(.*?)</section>', page, re.DOTALL)
    return {name: re.findall(r'<a href="/viec/\d+">(.*?)</a>', body) for name, body in found}


def test_an_officers_own_work_leads_however_late_the_colleagues_is(open_desk: OpenDesk) -> None:
    desk = open_desk(
        one_task("2026-02-10", "cua-ban", "Việc của bạn", doer=SECOND_OFFICER),
        one_task("2026-03-05", "cua-toi", "Việc của tôi"),
        one_task("2026-03-18", "ban-tuan-nay", "Tuần này của bạn", doer=SECOND_OFFICER),
        one_task("2026-03-20", "toi-tuan-nay", "Tuần này của tôi"),
        one_task("2026-03-27", "sau", "Sau này của tôi"),
        one_task("2026-03-26", "ban-sau", "Sau này của bạn", doer=SECOND_OFFICER),
    )
    mine = desk.sign_in(OFFICER).get("/").text
    assert sections(mine) == {
        "Quá hạn": ["Việc của tôi", "Việc của bạn"],
        "Tới hạn trong tuần này": ["Tuần này của tôi", "Tuần này của bạn"],
        "Việc khác của đồng chí": ["Sau này của tôi"],
    }
    assert mine.count("đồng chí phụ trách") == 3
    whole = sections(desk.sign_in(CHAIR).get("/").text)
    assert whole["Quá hạn"] == ["Việc của bạn", "Việc của tôi"]
    assert whole["Tới hạn trong tuần này"] == ["Tuần này của bạn", "Tuần này của tôi"]
    assert "Việc khác của đồng chí" not in whole


def test_whoever_stands_in_finds_that_work_among_their_own(open_desk: OpenDesk) -> None:
    desk = open_desk(one_task("2026-03-27", "sau", "Việc được giao thay"))
    assert sections(desk.sign_in(SECOND_OFFICER).get("/").text) == {}
    desk.world.stand_in(OFFICER, SECOND_OFFICER, "2026-03-16", "2026-03-20")
    assert sections(desk.sign_in(SECOND_OFFICER).get("/").text) == {"Việc khác của đồng chí": ["Việc được giao thay"]}


@pytest.mark.parametrize("who", [STANDING_HEAD, CHAIR, HEAD, OFFICER])
def test_a_day_without_work_says_so_in_one_sentence(open_desk: OpenDesk, who: str) -> None:
    page = open_desk(one_task("2026-11-30")).sign_in(who).get("/").text
    assert page.count("Hôm nay không có việc nào chờ đồng chí") == 1
    assert "<h2" not in page
    assert 'href="/lich"' in page


def test_a_long_list_is_folded_and_complete(open_desk: OpenDesk) -> None:
    rules = [one_task("2026-03-05", f"viec-{number}", f"Việc thứ {number}") for number in range(SHOWN + 3)]
    page = open_desk(*rules).sign_in(STANDING_HEAD).get("/").text
    assert "Xem thêm 3 việc" in page
    before, folded = page.split("Xem thêm 3 việc")
    assert len(re.findall(r'<a href="/viec/\d+">', before)) == SHOWN
    assert len(set(re.findall(r"Việc thứ \d+", before + folded))) == SHOWN + 3


@pytest.mark.parametrize(
    ("here", "path", "lit"),
    [
        ("/", "/", True),
        ("/nhap", "/", False),
        ("/nhap", "/nhap", True),
        ("/nhap/3/muc/1", "/nhap", True),
        ("/nhap-2", "/nhap", False),
        ("/nhapnhang/3", "/nhap", False),
        ("/con-nguoi/ma", "/con-nguoi", True),
        ("/bao-cao.docx", "/bao-cao", False),
    ],
)
def test_the_menu_knows_where_the_viewer_is(here: str, path: str, *, lit: bool) -> None:
    assert is_under(here, path) is lit


@pytest.mark.parametrize(
    ("who", "path", "names"),
    [
        (STANDING_HEAD, "/", ["Hôm nay"]),
        (STANDING_HEAD, "/bao-cao", ["Báo cáo"]),
        (STANDING_HEAD, "/nhiem-vu/1", ["Nhiệm vụ"]),
        (STANDING_HEAD, "/van-hanh/nhat-ky", ["Vận hành"]),
        (STANDING_HEAD, "/toi", []),
        (OFFICER, "/lich", ["Lịch"]),
    ],
)
def test_one_entry_of_the_menu_is_lit(open_desk: OpenDesk, who: str, path: str, names: list[str]) -> None:
    page = open_desk(monthly_report(), until="2026-02-02 08:00").sign_in(who).get(path).text
    assert re.findall(r'aria-current="page">([^<]*)<', page) == names


def test_reports_and_exports_are_where_people_look(open_desk: OpenDesk) -> None:
    desk = open_desk(monthly_report(), until="2026-02-02 08:00")
    chair = desk.sign_in(CHAIR)
    assert '<a href="/bao-cao">Báo cáo</a>' in chair.get("/").text
    for path in ("/ban-tin", "/bao-cao"):
        assert 'href="/xuat"' in chair.get(path).text
    assert "/bao-cao" not in desk.sign_in(OFFICER).get("/").text

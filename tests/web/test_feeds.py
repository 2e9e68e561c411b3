"""Calendar feeds: two parsers that know nothing of us read the same, and a key that was taken back opens nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import icalendar
import ics
import pytest

from engine.actions import cancel
from tests.web.desk import Desk, Viewer
from tests.world import DESK_OFFICER, HEAD, OFFICER, STANDING_HEAD, World, monthly_report, one_task

AWKWARD = "Đề án; gồm 3 phần, \\ phụ lục – rất dài để phải gấp dòng nhiều lần trong tệp lịch của người nhận"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(
        tmp_path,
        "2026-03-10 08:00",
        [one_task("2026-03-17"), one_task("2026-03-27", "b", AWKWARD), monthly_report(secret=True)],
    )
    world.ignore_rest()
    yield Desk(world)
    world.close()


def feed_address(viewer: Viewer, unit: str = "") -> str:
    """Make a feed on the page and read its address there."""
    page = viewer.post("/toi/lich", 200, unit=unit).text
    found = re.search(r'value="(http[^"]+\.ics)"', page)
    assert found, page
    return found[1]


def read(desk: Desk, address: str, status: int = 200, **headers: str) -> httpx2.Response:
    """Ask for it as a calendar program does, without any cookie."""
    answer = desk.stranger().client.get(address, headers=headers)
    assert answer.status_code == status
    return answer


def parsed(answer: httpx2.Response) -> Any:
    """By the first parser; its types are too wide for a test."""
    return icalendar.Calendar.from_ical(answer.content)


def test_two_parsers_read_the_same(desk: Desk) -> None:
    answer = read(desk, feed_address(desk.sign_in(OFFICER)))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    one, other = parsed(answer), ics.Calendar(answer.text)
    theirs = {(str(e["UID"]), e.decoded("DTSTART"), str(e["SUMMARY"])) for e in one.walk("VEVENT")}
    others = {(e.uid, e.begin.date(), e.name) for e in other.events}
    assert theirs == others
    assert len(theirs) > 3
    titles = {title for _, _, title in theirs}
    assert f"{AWKWARD} – Phòng Kinh tế" in titles
    assert "Kế hoạch chuyển đổi số – Phòng Kinh tế" in titles
    assert not any("TTHC" in title for title in titles)  # nothing of what must not be named
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    assert str(one["X-WR-CALNAME"]) == "Việc của Chuyên viên Phòng Kinh tế, UBND xã Mẫu"


def test_a_day_is_a_day(desk: Desk) -> None:
    """All-day events carry no time, so that no telephone moves them to the evening before."""
    calendar = parsed(read(desk, feed_address(desk.sign_in(OFFICER))))
    plan = next(e for e in calendar.walk("VEVENT") if "chuyển đổi số" in e["SUMMARY"])
    assert plan.decoded("DTSTART") == dt.date(2026, 3, 17)
    assert plan["DTSTART"].params["VALUE"] == "DATE"
    assert plan.decoded("DTEND") == dt.date(2026, 3, 18)


def test_changes_count_up_and_what_is_cancelled_says_so(desk: Desk) -> None:
    address = feed_address(desk.sign_in(OFFICER))
    before = _plan(read(desk, address))
    desk.world.operate(cancel, "Kế hoạch", "trùng với đề án")
    after = _plan(read(desk, address))
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["UID"] == before["UID"]
    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")


def _plan(answer: httpx2.Response) -> Any:
    calendar = parsed(answer)
    return next(e for e in calendar.walk("VEVENT") if "chuyển đổi số" in e["SUMMARY"])


def test_unchanged_is_not_sent_again(desk: Desk) -> None:
    address = feed_address(desk.sign_in(OFFICER))
    tag = read(desk, address).headers["etag"]
    assert read(desk, address, 304, **{"If-None-Match": tag}).content == b""
    desk.world.say(OFFICER, "xong 1")
    read(desk, address, 200, **{"If-None-Match": tag})


def test_a_key_that_was_taken_back_opens_nothing(desk: Desk) -> None:
    viewer = desk.sign_in(OFFICER)
    address = feed_address(viewer)
    stranger = desk.sign_in(HEAD)
    stranger.post("/toi/thu-hoi/1", 404)
    read(desk, address)
    viewer.post("/toi/thu-hoi/1")
    read(desk, address, 404)
    viewer.post("/toi/thu-hoi/1", 404)


def test_who_has_left_reads_no_longer(desk: Desk) -> None:
    address = feed_address(desk.sign_in(OFFICER))
    desk.world.dismiss(OFFICER)
    read(desk, address, 404)


@pytest.mark.parametrize("guess", ["x", "nvl_", "nvl_" + "a" * 40, "..%2f..%2fetc"])
def test_a_guess_opens_nothing(desk: Desk, guess: str) -> None:
    read(desk, f"/lich/{guess}.ics", 404)


def test_an_api_key_is_no_feed(desk: Desk) -> None:
    page = desk.sign_in(OFFICER).post("/toi/ma", 200, name="thử").text
    key = re.search(r'value="(nva_[^"]+)"', page)
    assert key
    read(desk, f"/lich/{key[1]}.ics", 404)


def test_a_unit_feed_is_for_who_may_see_the_unit(desk: Desk) -> None:
    with desk.world.engine.connect() as connection:
        units = {slug: unit.id for slug, unit in desk.world.office(connection).staff.units.items()}
    own = parsed(read(desk, feed_address(desk.sign_in(HEAD), str(units["kinh-te"]))))
    assert "Phòng Kinh tế" in own["X-WR-CALNAME"]
    foreign = desk.sign_in(DESK_OFFICER)
    foreign.post("/toi/lich", 303, unit=str(units["kinh-te"]))
    assert "chưa có quyền" in foreign.said()
    feed_address(desk.sign_in(STANDING_HEAD), str(units["kinh-te"]))


def test_the_key_is_not_kept(desk: Desk) -> None:
    address = feed_address(desk.sign_in(OFFICER))
    key = address.rsplit("/", 1)[1].removesuffix(".ics").encode()
    assert key not in desk.world.file.read_bytes() + desk.world.file.with_suffix(".db-wal").read_bytes()

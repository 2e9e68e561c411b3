"""What a newcomer does in two minutes: sees a reminder, answers it, stays silent once and watches it climb."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import nothing_grave, picture
from tests.browser.serving import served
from tests.world import office_file, one_task
from web.sandbox import Play, build_sandbox

OFFICER = "Chuyên viên Phòng Kinh tế"
HEAD = "Trưởng phòng Kinh tế"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    file = office_file([one_task("2026-02-10"), one_task("2026-03-27", "de-an", "Đề án đô thị thông minh")])
    with ThreadPoolExecutor() as elsewhere:  # the browser's driver has an event loop in this thread
        play = elsewhere.submit(Play, file, tmp_path).result()
    with served(build_sandbox(play, "")) as address:
        play.move_in(address)
        yield address
    play.engine.dispose()


def _forward_until(page: Page, whose: str, words: str, most: int = 40) -> Locator:
    """Press "Đến tin tiếp theo" until this telephone says so."""
    telephone = page.get_by_role("article", name=whose, exact=True)
    for _ in range(most):
        if telephone.is_visible() and words in telephone.inner_text():
            return telephone
        clock = page.get_by_role("heading", level=1).inner_text()
        page.get_by_role("button", name="Đến tin tiếp theo").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text(clock)
    raise AssertionError(f"{whose} never heard {words!r}")


def test_two_minutes(window: BrowserContext, address: str) -> None:
    page = window.new_page()
    page.goto(f"{address}/thu")
    expect(page.get_by_role("heading", level=1)).to_contain_text("01/01/2026")
    picture(page, "chay-thu-dau")

    officer = _forward_until(page, OFFICER, "Kế hoạch chuyển đổi số")
    officer.get_by_role("textbox").fill("đang làm 1")
    officer.get_by_role("button", name="Gửi").click()
    expect(officer.get_by_role("log")).to_contain_text("Đã ghi nhận đang làm việc 1")

    _forward_until(page, HEAD, "QUÁ HẠN")  # silence climbs
    _forward_until(page, "Phó Chủ tịch UBND xã", "QUÁ HẠN")
    picture(page, "chay-thu-leo-thang", lambda size: nothing_grave(page, f"sandbox {size}"))

    officer.get_by_role("button", name="Xong").last.click()
    expect(officer.get_by_role("log")).to_contain_text("Đã ghi nhận xong việc 1")


def test_the_clock(window: BrowserContext, address: str) -> None:
    page = window.new_page()
    page.goto(f"{address}/thu")
    heading = page.get_by_role("heading", level=1)
    page.get_by_role("button", name="+1 giờ").click()
    expect(heading).to_have_text("08:00, thứ Năm 01/01/2026")
    page.get_by_role("button", name="+1 ngày").click()
    expect(heading).to_have_text("08:00, thứ Sáu 02/01/2026")
    slider = page.get_by_role("slider")
    slider.fill("83")  # days after the first of January
    expect(page.locator("output")).to_have_text("25/03/2026")
    page.get_by_role("button", name="Tới", exact=True).click()
    expect(heading).to_have_text("07:00, thứ Tư 25/03/2026")
    slider.fill("2")
    page.get_by_role("button", name="Tới", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Không lùi đồng hồ được")
    page.get_by_text("Chơi lại", exact=True).click()
    page.get_by_label("Từ sáng ngày").fill("2026-02-02")
    page.get_by_role("button", name="Chơi lại từ ngày này").click()
    expect(heading).to_have_text("07:00, thứ Hai 02/02/2026")


def test_into_the_console_by_the_bots_link(window: BrowserContext, address: str) -> None:
    page = window.new_page()
    page.goto(f"{address}/thu")
    head = page.get_by_role("article", name="Trưởng phòng Văn hóa - Xã hội", exact=True)
    head.get_by_role("textbox").fill("/web")
    head.get_by_role("button", name="Gửi").click()
    said = head.locator(".bubble:not(.mine)").last
    expect(said).to_contain_text(f"{address}/vao/")
    link = next(word for word in said.inner_text().split() if word.startswith(address))
    page.goto(link)
    page.get_by_role("button", name="Vào Nhắc Việc").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hôm nay")

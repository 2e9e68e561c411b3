"""Every page of the console in a real browser: how it looks, what axe finds, and the ways people go through it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import picture
from tests.browser.serving import served
from tests.web.desk import Desk, filled
from tests.world import CHAIR, OFFICER, STANDING_HEAD, World, monthly_report, one_task
from web.console.app import PAGES

LOOKED_AT = [page.path for page in PAGES if not page.writes and page.is_page]
GRAVE = ("serious", "critical")


class Visit:
    """One window on one console."""

    def __init__(self, desk: Desk, address: str, window: BrowserContext) -> None:
        self.desk, self.address, self.page = desk, address, window.new_page()

    def sign_in(self, slug: str) -> Page:
        """By the link and its button."""
        self.page.goto(f"{self.address}{self.desk.link(slug)}")
        self.page.get_by_role("button", name="Vào Nhắc Việc").click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Hôm nay")
        return self.page

    def go(self, path: str) -> Page:
        """Open a page."""
        self.page.goto(f"{self.address}{path}")
        return self.page


def _lived_in(folder: Path) -> World:
    world = World(
        folder,
        "2026-02-02 08:00",
        [
            one_task("2026-03-17", confirm="head"),
            one_task("2026-03-10", "cu", "Báo cáo sơ kết đợt cao điểm"),
            one_task("2026-03-27", "de-an", "Đề án đô thị thông minh"),
            monthly_report(),
        ],
        digests=True,
    )
    world.ignore_rest()
    world.run_until("2026-03-16 08:00")
    world.say(OFFICER, "gia hạn 1 đến 20/3 vì chờ số liệu của các thôn <b>và</b> xã bạn")
    return world


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ThreadPoolExecutor(1) as elsewhere:  # the browser's driver has an event loop in this thread
        world = elsewhere.submit(_lived_in, tmp_path).result()
        yield Desk(world)
        elsewhere.submit(world.close).result()


@pytest.fixture
def visit(desk: Desk, window: BrowserContext) -> Iterator[Visit]:
    with served(desk.app) as address:
        yield Visit(desk, address, window)


def test_signing_in_and_out(visit: Visit) -> None:
    page = visit.sign_in(CHAIR)
    page.get_by_role("button", name="Thoát").click()
    expect(page).to_have_url(re.compile("/dang-nhap$"))
    visit.go("/")
    expect(page).to_have_url(re.compile("/dang-nhap$"))
    picture(page, "dang-nhap")


def test_an_extension_is_approved(visit: Visit) -> None:
    page = visit.sign_in(STANDING_HEAD)
    requests = page.get_by_role("region", name="Đề nghị gia hạn")
    expect(requests).to_contain_text("chờ số liệu của các thôn <b>và</b> xã bạn")
    requests.get_by_role("button", name="Đồng ý gia hạn").click()
    expect(page.get_by_role("status")).to_contain_text("Đã đồng ý gia hạn đến 20/03/2026")
    expect(requests).to_contain_text("Không có đề nghị nào")
    assert visit.desk.world.extensions() == [("granted", dt.date(2026, 3, 20).isoformat())]


def test_a_reason_is_asked_for_before_a_refusal(visit: Visit) -> None:
    page = visit.sign_in(STANDING_HEAD)
    requests = page.get_by_role("region", name="Đề nghị gia hạn")
    requests.get_by_text("Từ chối gia hạn").first.click()
    requests.get_by_role("button", name="Từ chối gia hạn").click()
    assert visit.desk.world.extensions()[0][0] == "waiting"  # the browser asks for the reason
    requests.get_by_label("Lý do").fill("đã gia hạn một lần")
    requests.get_by_role("button", name="Từ chối gia hạn").click()
    expect(page.get_by_role("status")).to_contain_text("Đã từ chối gia hạn")
    assert visit.desk.world.extensions()[0][0] == "refused"


def test_it_works_without_a_mouse(visit: Visit) -> None:
    page = visit.sign_in(STANDING_HEAD)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Tới nội dung")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == "Đồng ý gia hạn":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Đã đồng ý gia hạn")


@pytest.mark.parametrize("path", LOOKED_AT)
def test_every_page_looks_right(visit: Visit, path: str) -> None:
    visit.sign_in(STANDING_HEAD)
    page = visit.go(filled(path))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    picture(page, re.sub(r"\W+", "-", filled(path)).strip("-") or "hom-nay")
    found = Axe().run(page).response["violations"]
    grave = [f"{v['id']}: {v['help']} ({n['html'][:120]})" for v in found if v["impact"] in GRAVE for n in v["nodes"]]
    assert not grave, grave

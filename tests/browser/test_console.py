"""Every page of the console in a real browser: how it looks, what axe finds, and the ways people go through it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from engine.actions import Actor
from engine.office import OBLIGATION, OCCURRENCE
from engine.screens import intake
from schedules.intake.readers import read_text
from schedules.intake.understand import understand
from schedules.office_model import Obligation
from tests.browser.conftest import PICTURES, nothing_grave, opened, picture
from tests.browser.serving import served
from tests.browser.visiting import Visit, elsewhere
from tests.intake.documents import SAMPLE, build, sample
from tests.web.desk import Desk, filled
from tests.world import CHAIR, OFFICER, SECOND_OFFICER, STANDING_HEAD, World, monthly_report, one_task
from web.console.app import PAGES

LOOKED_AT = [page.path for page in PAGES if not page.writes and page.is_page]
LONG = "Kế hoạch triển khai nhiệm vụ trọng tâm " + "cải cách hành chính, chuyển đổi số và Đề án 06 " * 8
UNBROKEN = "Số:123/KH-UBND-CCHC-" * 12


def _lived_in(folder: Path, rules: Sequence[Obligation] = ()) -> World:
    world = World(
        folder,
        "2026-02-02 08:00",
        [
            one_task("2026-03-17", confirm="head"),
            one_task("2026-03-10", "cu", "Báo cáo sơ kết đợt cao điểm"),
            one_task("2026-03-27", "de-an", "Đề án đô thị thông minh"),
            monthly_report(),
            *rules,
        ],
        digests=True,
    )
    world.ignore_rest()
    world.run_until("2026-03-16 08:00")
    world.say(OFFICER, "gia hạn 1 đến 20/3 vì chờ số liệu của các thôn <b>và</b> xã bạn")
    return world


def _with_a_draft(folder: Path) -> World:
    """Hùng Thắng's little sister on an ordinary Monday, a plan half gone through."""
    world = _lived_in(folder)
    found = understand(read_text(SAMPLE, "ke-hoach.txt"), None, this_year=2026)
    with world.engine.begin() as connection:
        now = world.clock.now()
        draft = intake.begin(connection, world.office(connection), "ke-hoach.txt", 900, Actor("Chuyên viên"), now)
    intake.keep_found(world.engine, draft, found)
    return world


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    """A console that is only looked at, and its address."""
    folder = tmp_path_factory.mktemp("lived")
    with elsewhere(lambda: _with_a_draft(folder)) as desk, served(desk.app) as address:
        yield desk, address


@pytest.fixture(scope="module")
def look(lived: tuple[Desk, str], browser: Browser) -> Iterator[tuple[Visit, list[str]]]:
    """The standing head's window, for looking only."""
    with opened(browser) as (window, errors):
        visit = Visit(*lived, window)
        visit.sign_in(STANDING_HEAD)
        yield visit, errors


@pytest.fixture
def guest(lived: tuple[Desk, str], window: BrowserContext) -> Visit:
    """A window of its own, for looking only."""
    return Visit(*lived, window)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with elsewhere(lambda: _lived_in(tmp_path)) as desk:
        yield desk


@pytest.fixture
def visit(desk: Desk, window: BrowserContext) -> Iterator[Visit]:
    with served(desk.app) as address:
        yield Visit(desk, address, window)


def test_signing_in_and_out(guest: Visit) -> None:
    page = guest.sign_in(CHAIR)
    page.get_by_role("button", name="Thoát").click()
    expect(page).to_have_url(re.compile("/dang-nhap$"))
    guest.go("/")
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


# ---- the ways of the work --------------------------------------------------------------------------------------------


def test_a_plan_becomes_work(visit: Visit, tmp_path: Path) -> None:
    """A Word file is sent, read, gone through and loaded; nothing is in use before the last button."""
    document = build(sample().blocks, tmp_path / "ke-hoach-an-binh.docx")
    page = visit.sign_in(STANDING_HEAD)
    page.get_by_role("link", name="Nhập kế hoạch").click()
    page.get_by_label("Tệp kế hoạch").set_input_files(document)
    page.get_by_role("button", name="Gửi và đọc").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "cải cách hành chính", ignore_case=True, timeout=30_000
    )
    picture(page, "nhap-can-xem")
    before = visit.desk.world.rows(select(OBLIGATION.c.id))
    page.get_by_role("link", name=re.compile("^Chắc chắn")).click()
    picture(page, "nhap-chac")
    page.get_by_role("button", name=re.compile("Nhận mọi mục chắc chắn")).click()
    expect(page.get_by_role("status")).to_contain_text("mục chắc chắn")
    page.get_by_role("link", name=re.compile("^Sửa mục")).first.click()
    page.get_by_label("Thời hạn").fill("trước ngày 25/9/2026")
    expect(page.get_by_text("Máy đọc là")).to_contain_text("25/09/2026")
    picture(page, "nhap-sua-mot-muc")
    page.get_by_role("button", name="Lưu và nhận").click()
    expect(page.get_by_role("status")).to_contain_text("Đã nhận")
    page.get_by_role("button", name="Xem thay đổi trước khi nạp").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thay đổi khi nạp")
    picture(page, "nhap-thay-doi")
    assert visit.desk.world.rows(select(OBLIGATION.c.id)) == before
    page.get_by_role("button", name="Nạp những thay đổi này").click()
    expect(page.get_by_role("status")).to_contain_text("Đã nạp: thêm")
    visit.go("/nhiem-vu")
    expect(page.get_by_role("main")).to_contain_text("Ban hành Kế hoạch cải cách hành chính năm 2026")
    assert len(visit.desk.world.rows(select(OBLIGATION.c.id))) > len(before)


def test_a_rule_is_changed_from_now_on_after_its_effect_was_seen(visit: Visit) -> None:
    world = visit.desk.world
    [rule] = world.rows(select(OBLIGATION).where(OBLIGATION.c.slug == "bao-cao-tthc"))
    planned = (
        select(OCCURRENCE.c.due)
        .where(OCCURRENCE.c.obligation_id == rule.id, OCCURRENCE.c.opened_at.is_(None))
        .order_by(OCCURRENCE.c.due)
    )
    days = world.rows(planned)
    page = visit.sign_in(STANDING_HEAD)
    visit.go("/nhiem-vu").get_by_role("link", name="Báo cáo TTHC").first.click()
    page.get_by_label("Hạn (ngày trong tháng)").fill("10")
    page.get_by_label("Chốt số liệu (ngày trong tháng)").fill("8")
    page.get_by_role("button", name="Xem trước ảnh hưởng").click()
    expect(page.get_by_role("main")).to_contain_text("hạn: ngày 17 → ngày 10")
    expect(page.get_by_role("status")).to_contain_text("kỳ đổi ngày")
    picture(page, "nhiem-vu-xem-truoc")
    assert world.rows(planned) == days  # looking is not doing
    page.get_by_role("button", name="Lưu").click()
    expect(page.get_by_role("status")).to_contain_text("hạn: ngày 17 → ngày 10")
    assert [row.due for row in world.rows(planned)][:2] == [dt.date(2026, 4, 10), dt.date(2026, 5, 11)]


def test_an_officer_is_sent_away_from_what_is_not_theirs(guest: Visit) -> None:
    page = guest.sign_in(OFFICER)
    for name in ("Nhập kế hoạch", "Con người", "Bản tin", "Báo cáo", "Vận hành"):
        expect(page.get_by_role("navigation").get_by_role("link", name=name)).to_have_count(0)
    rows = guest.desk.world.rows(select(OBLIGATION))
    for path in ("/nhap", "/con-nguoi"):
        answer = page.request.get(f"{guest.address}{path}")
        assert answer.status == 403
        page.set_content(answer.text())
        expect(page.get_by_role("main")).to_contain_text("chưa có quyền")
    assert guest.desk.world.rows(select(OBLIGATION)) == rows


# ---- how it looks ---------------------------------------------------------------------------------------------------


def _address(desk: Desk, path: str) -> str:
    """Where such a page has something to show."""
    [report] = desk.world.rows(select(OBLIGATION.c.id).where(OBLIGATION.c.slug == "bao-cao-tthc"))
    [period, *_] = desk.world.rows(
        select(OCCURRENCE.c.id)
        .where(OCCURRENCE.c.obligation_id == report.id, OCCURRENCE.c.opened_at.is_(None))
        .order_by(OCCURRENCE.c.due)
    )
    if path.startswith("/nhiem-vu/"):
        path = path.replace("{id:int}", str(report.id)).replace("{number:int}", str(period.id))
    if path.startswith("/viec/"):
        path = path.replace("{id:int}", str(desk.world.occurrence("Kế hoạch").id))
    asked = "?han=10&chot=8" if path.endswith("/xem-truoc") else ""
    return filled(path) + asked


@pytest.mark.parametrize("path", LOOKED_AT)
def test_every_page_looks_right(look: tuple[Visit, list[str]], path: str) -> None:
    visit, errors = look
    page = visit.go(_address(visit.desk, path))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    looks_right(page, re.sub(r"\W+", "-", filled(path)).strip("-") or "hom-nay")
    assert not errors, errors


def looks_right(page: Page, name: str) -> None:
    """Kept as a picture in both sizes, and in both axe has nothing grave to say."""
    picture(page, name, lambda size: nothing_grave(page, f"{name} {size}"))


def test_pages_that_are_none(look: tuple[Visit, list[str]], browser: Browser) -> None:
    """Sign-in, its button, and each way of saying no."""
    visit, _ = look
    with opened(browser) as (window, _errors):
        guest = Visit(visit.desk, visit.address, window)
        looks_right(guest.go("/dang-nhap"), "dang-nhap")
        looks_right(guest.go("/vao/x"), "dang-nhap-nut")
        page = guest.sign_in(OFFICER)
        for path, status in (("/van-hanh", 403), ("/khong-co", 404), ("/viec/99999", 404)):
            answer = page.goto(f"{guest.address}{path}")
            assert answer is not None
            assert answer.status == status
            looks_right(page, f"tu-choi-{status}")


def test_the_weeks_of_the_year_are_large_enough_for_a_finger(look: tuple[Visit, list[str]]) -> None:
    visit, _ = look
    page = visit.go("/lich?xem=nam")
    page.set_viewport_size({"width": 360, "height": 740})
    cells = page.locator("a.cell")
    sizes = cells.evaluate_all(
        "all => all.map(one => { const b = one.getBoundingClientRect(); return [b.width, b.height] })"
    )
    assert len(sizes) >= 52
    assert min(min(size) for size in sizes) >= 40
    row = page.locator("ol.weeks.dated")
    ends = row.evaluate("row => [row, ...row.querySelectorAll('.from')].map(one => one.getBoundingClientRect().right)")
    assert max(ends[1:]) <= ends[0]  # the last date is not cut off
    page.set_viewport_size({"width": 1280, "height": 900})


def test_paper_has_no_buttons(look: tuple[Visit, list[str]]) -> None:
    """The pages that are printed, as Chromium prints them; kept to be looked at."""
    visit, _ = look
    for path, name in (("/ban-tin", "ban-tin"), ("/bao-cao", "bao-cao"), ("/lich?xem=nam", "lich-nam")):
        page = visit.go(path)
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation").first).to_be_hidden()
        for button in page.get_by_role("button").all():
            expect(button).to_be_hidden()
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.pdf(path=PICTURES / f"in-{name}.pdf", format="A4")
        page.emulate_media(media="screen")


def test_one_person_more_and_their_slip_on_paper(visit: Visit) -> None:
    page = visit.sign_in(STANDING_HEAD)
    visit.go("/con-nguoi").get_by_role("link", name="Thêm một người").click()
    page.get_by_label("Họ tên").fill("Lê Thị Hạnh")
    page.get_by_label("Đơn vị").select_option("Phòng Kinh tế")
    page.get_by_label("Vai trò").select_option("Chuyên viên")
    page.get_by_role("button", name="Ghi và cấp mã").click()
    expect(page.get_by_role("main")).to_contain_text("Đã ghi Lê Thị Hạnh vào Phòng Kinh tế.")
    looks_right(page, "con-nguoi-phieu")
    page.emulate_media(media="print")
    expect(page.get_by_role("main")).to_contain_text("Mã dùng một lần")
    expect(page.get_by_text("Đồng chí in trang này")).to_be_hidden()
    page.pdf(path=PICTURES / "in-con-nguoi-phieu.pdf", format="A4")


def test_today_without_any_work(browser: Browser, tmp_path: Path) -> None:
    with (
        elsewhere(lambda: World(tmp_path, "2026-02-02 08:00", [one_task("2026-11-30")])) as desk,
        served(desk.app) as address,
        opened(browser) as (window, errors),
    ):
        visit = Visit(desk, address, window)
        page = visit.sign_in(STANDING_HEAD)
        expect(page.get_by_role("main")).to_contain_text("Hôm nay không có việc nào chờ đồng chí.")
        expect(page.get_by_role("region")).to_have_count(0)
        looks_right(page, "hom-nay-khong-viec")
        assert not errors, errors


def test_today_with_very_much_work(browser: Browser, tmp_path: Path) -> None:
    """Forty overdue items, some with endless titles: the worst are seen, the rest is one click away; own work leads."""
    titles = [LONG[:480], UNBROKEN, *(f"Báo cáo chuyên đề số {number}" for number in range(1, 39))]
    rules = [one_task(f"2026-02-{5 + index % 20:02}", f"viec-{index}", title) for index, title in enumerate(titles)]
    rules.append(one_task("2026-02-04", "nguoi-khac", "Việc của người thứ hai", doer=SECOND_OFFICER))

    def made() -> World:
        world = World(tmp_path, "2026-02-02 08:00", rules)
        world.ignore_rest()
        world.sleep_until("2026-03-16 08:00")
        return world

    with elsewhere(made) as desk, served(desk.app) as address, opened(browser) as (window, errors):
        visit = Visit(desk, address, window)
        page = visit.sign_in(STANDING_HEAD)
        overdue = page.get_by_role("region", name="Quá hạn")
        expect(overdue.get_by_role("heading")).to_contain_text("41")
        expect(overdue.get_by_role("listitem")).to_have_count(12)
        looks_right(page, "hom-nay-nhieu-viec")
        overdue.get_by_text("Xem thêm 29 việc").click()
        expect(overdue.get_by_role("listitem")).to_have_count(41)
        picture(page, "hom-nay-mo-het")
        window.clear_cookies()
        page = visit.sign_in(OFFICER)
        overdue = page.get_by_role("region", name="Quá hạn")
        expect(overdue.get_by_role("listitem").first).to_contain_text("đồng chí phụ trách")
        overdue.get_by_text(re.compile("Xem thêm")).click()
        expect(overdue.get_by_role("listitem").last).to_contain_text("Việc của người thứ hai")
        picture(page, "hom-nay-chuyen-vien")
        overdue.get_by_role("link", name=UNBROKEN).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(UNBROKEN)
        picture(page, "viec-ten-dai")
        assert not errors, errors

"""Who may come in, who may see which page, and what a browser is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine.rules.rights import TABLE, Part, parts_in_office
from tests.web.desk import Desk, filled
from tests.world import (
    CHAIR,
    DESK_OFFICER,
    HEAD,
    OFFICE_ID,
    OFFICER,
    PARTNER,
    STANDING,
    STANDING_HEAD,
    World,
    one_task,
)
from web.console.app import HEADERS, PAGES, build_console
from web.console.other_ways import Proven

VIEWER = "nguoi-xem"
EVERYBODY = (CHAIR, STANDING_HEAD, STANDING, HEAD, OFFICER, DESK_OFFICER, PARTNER, VIEWER)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(tmp_path, "2026-03-10 08:00", [one_task("2026-03-17")], viewers=[VIEWER])
    world.ignore_rest()
    yield Desk(world)
    world.close()


def test_a_link_works_once_and_only_by_its_button(desk: Desk) -> None:
    link, browser = desk.link(STANDING), desk.stranger()
    for _ in range(3):  # a chat that previews the link, an impatient reader
        assert "Vào Nhắc Việc" in browser.get(link).text
    assert browser.client.post(link).headers["location"] == "/"
    assert "Chuyên viên CCHC" in browser.get("/").text
    other = desk.stranger()
    assert other.client.post(link).headers["location"] == "/dang-nhap"
    assert "đã dùng hoặc đã quá 10 phút" in other.get("/dang-nhap").text


def test_a_link_grows_old(desk: Desk) -> None:
    link, browser = desk.link(STANDING), desk.stranger()
    desk.world.clock.advance(minutes=10)
    assert browser.client.post(link).headers["location"] == "/dang-nhap"
    assert browser.get("/", status=303).headers["location"] == "/dang-nhap"


def test_links_and_sessions_are_not_kept_in_clear(desk: Desk) -> None:
    link, browser = desk.link(STANDING), desk.stranger()
    browser.client.post(link)
    kept = desk.world.file.read_bytes() + desk.world.file.with_suffix(".db-wal").read_bytes()
    assert link.removeprefix("/vao/").encode() not in kept
    session = desk.console.signer("session").loads(browser.client.cookies["nv_phien"])
    assert len(session) > 40
    assert session.encode() not in kept


@pytest.mark.parametrize("idle", [{"hours": 10}, {"days": 7}])
def test_a_session_ends(desk: Desk, idle: dict[str, float]) -> None:
    browser = desk.sign_in(STANDING)
    desk.world.clock.advance(**idle)
    assert browser.get("/", status=303).headers["location"] == "/dang-nhap"


def test_a_session_in_use_goes_on_until_the_week_is_over(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    for _ in range(18):
        desk.world.clock.advance(hours=9)
        browser.get("/")
    desk.world.clock.advance(hours=9)
    browser.get("/", status=303)


def test_who_has_left_is_out_at_once(desk: Desk) -> None:
    browser, link = desk.sign_in(OFFICER), desk.link(OFFICER)
    desk.world.dismiss(OFFICER)
    browser.get("/", status=303)
    assert desk.stranger().client.post(link).headers["location"] == "/dang-nhap"


def test_signing_out_ends_the_session_in_the_database_too(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    cookie = browser.client.cookies["nv_phien"]
    browser.post("/ra")
    browser.client.cookies.set("nv_phien", cookie)
    browser.get("/", status=303)


@pytest.mark.parametrize("cookie", ["", "x", "bm8.x.y", "../../etc/passwd", "a" * 5000])
def test_a_forged_cookie_is_nobody(desk: Desk, cookie: str) -> None:
    browser = desk.stranger()
    browser.client.cookies.set("nv_phien", cookie)
    browser.get("/", status=303)


def test_a_cookie_signed_for_something_else_is_nobody(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    session = desk.console.signer("session").loads(browser.client.cookies["nv_phien"])
    browser.client.cookies.clear()
    browser.client.cookies.set("nv_phien", desk.console.signer("said").dumps(session))
    browser.get("/", status=303)


def test_cookies_are_shut(desk: Desk) -> None:
    answer = desk.stranger().client.post(desk.link(STANDING))
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age" not in cookie  # it goes with the browser


def test_trying_links_is_slowed_down(desk: Desk) -> None:
    browser = desk.stranger()
    answers = [browser.client.post(f"/vao/guess-{n}").status_code for n in range(12)]
    assert answers == [303] * 10 + [429] * 2


def test_every_page_is_shut_to_strangers(desk: Desk) -> None:
    browser = desk.stranger()
    for page in PAGES:
        answer = browser.client.request(page.method, filled(page.path))
        assert (answer.status_code, answer.headers["location"]) == (303, "/dang-nhap"), page.path


@pytest.mark.parametrize("slug", EVERYBODY)
def test_every_page_is_shut_to_who_lacks_its_right(desk: Desk, slug: str) -> None:
    """The whole matrix: refused exactly where the table of rights does not name any of the person's parts."""
    with desk.world.engine.connect() as connection:
        office = desk.world.office(connection)
    parts: frozenset[Part] = parts_in_office(office.staff, office.staff.by_slug[slug].id)
    browser = desk.sign_in(slug)
    token = browser.csrf()
    for page in PAGES:
        data = {"csrf": token} if page.writes else None
        answer = browser.client.request(page.method, filled(page.path), data=data)
        which = f"{page.method} {page.path}: {answer.status_code}"
        assert (answer.status_code == 403) is not bool(TABLE[page.right] & parts), which
        assert answer.status_code < 500, which


def test_every_form_needs_the_token_of_its_session(desk: Desk) -> None:
    mine, theirs = desk.sign_in(STANDING_HEAD), desk.sign_in(CHAIR)
    wrong = ("", "x", theirs.csrf())
    before = desk.world.snapshot()
    for page in PAGES:
        if page.writes:
            for token in wrong:
                assert "tải lại trang" in mine.post(filled(page.path), status=403, csrf=token).text
    assert desk.world.snapshot() == before


def test_every_answer_carries_the_headers(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    for path in ("/", "/dang-nhap", "/khong-co", "/tinh/console.css", "/tinh/khong-co.js", "/vao/x"):
        answer = browser.client.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        keeps = "immutable" in answer.headers["cache-control"]
        assert keeps is (path == "/tinh/console.css")


@pytest.mark.parametrize("name", ["../app.py", "..%2Fconsole%2Fapp.py", "%2Fetc%2Fpasswd", "templates", ""])
def test_only_static_files_are_served(desk: Desk, name: str) -> None:
    assert desk.stranger().client.get(f"/tinh/{name}").status_code == 404


@pytest.mark.parametrize("to", ["https://xau.example/", "//xau.example", "/\\xau.example", "javascript:alert(1)"])
def test_no_form_sends_people_elsewhere(desk: Desk, to: str) -> None:
    browser = desk.sign_in(STANDING_HEAD)
    work = desk.world.occurrence("Kế hoạch")
    answer = browser.post(f"/viec/{work.id}/tam-dung", version=str(work.version), reason="chờ", back=to)
    assert answer.headers["location"] == "/"


# ---- another way to sign in -----------------------------------------------------------------------------------------


class Card:
    """A provider that believes whoever shows a card, and remembers what it was asked."""

    name, label = "the-cong-vu", "Thẻ công vụ"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def begin(self, back: str, state: str) -> str:
        self.asked.append((back, state))
        return f"https://danh-tinh.example/hoi?state={state}"

    def finish(self, answer: Mapping[str, str], back: str, state: str) -> Proven | None:
        assert (back, state) == self.asked[-1]
        office, _, slug = answer.get("card", "").partition("/")
        return Proven(office, slug) if slug else None


@pytest.fixture
def card(desk: Desk) -> Card:
    card = Card()
    desk.console = replace(desk.console, ways=[card])
    desk.app = build_console(desk.console)
    return card


def test_another_way_proves_who_it_is_and_the_rights_stay_ours(desk: Desk, card: Card) -> None:
    browser = desk.stranger()
    assert "Thẻ công vụ" in browser.get("/dang-nhap").text
    assert browser.get("/vao-bang/the-cong-vu", status=303).headers["location"].startswith("https://danh-tinh.example/")
    [(back, state)] = card.asked
    assert back == "http://console/vao-bang/the-cong-vu/ve"
    answer = browser.get(f"/vao-bang/the-cong-vu/ve?state={state}&card={OFFICE_ID}/{OFFICER}", status=303)
    assert answer.headers["location"] == "/"
    browser.get("/")
    browser.get("/con-nguoi", status=403)
    again = browser.get(f"/vao-bang/the-cong-vu/ve?state={state}&card={OFFICE_ID}/{CHAIR}", status=303)
    assert again.headers["location"] == "/dang-nhap"  # an answer is good once


@pytest.mark.parametrize(
    "brought",
    ["card=xa-mau/{chair}", "state={state}", "state={state}&card=xa-khac/{chair}", "state={state}&card=xa-mau/la"],
    ids=["somebody else's answer", "refused there", "another office", "nobody of ours"],
)
def test_who_is_not_proven_stays_outside(desk: Desk, card: Card, brought: str) -> None:
    browser = desk.stranger()
    browser.get("/vao-bang/the-cong-vu", status=303)
    query = brought.format(state=card.asked[0][1], chair=CHAIR)
    answer = browser.get(f"/vao-bang/the-cong-vu/ve?{query}", status=303)
    assert answer.headers["location"] == "/dang-nhap"
    browser.get("/", status=303)


def test_without_another_way_there_is_none(desk: Desk) -> None:
    for path in ("/vao-bang/the-cong-vu", "/vao-bang/the-cong-vu/ve?card=xa-mau/chu-tich"):
        desk.stranger().get(path, status=404)

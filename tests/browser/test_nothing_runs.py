"""Whatever people write stays words: no title, name, reason or file name ever becomes a script or an element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from data.handles import HANDLE
from engine import actions
from engine.actions import Actor
from engine.messages import Attachment, Kind
from engine.office import OBLIGATION, OCCURRENCE, PERSON
from engine.screens import intake
from schedules.intake.readers import read_text
from schedules.intake.understand import understand
from schedules.office_model import Obligation, OfficeFile
from tests.browser.conftest import opened
from tests.browser.serving import served
from tests.browser.visiting import Visit, elsewhere
from tests.web.desk import filled
from tests.world import OFFICER, STANDING_HEAD, World, monthly_report, office_file, one_task
from web.console.app import PAGES

IMAGE = '<img src=x onerror="window.ran=1">'
SCRIPT = '"><script>window.ran=1</script><svg onload=window.ran=1>'
LINK = '<a href="javascript:window.ran=1">bấm</a> javascript:window.ran=1'
TEMPLATE = "tính{{7*7}}${7*7}"
EVIL = f"{IMAGE}{SCRIPT}' onfocus=window.ran=1 autofocus x='{LINK}{TEMPLATE}"
LISTENER = """
window.reports = [];
document.addEventListener('securitypolicyviolation', (e) => window.reports.push(e.violatedDirective + e.blockedURI));
"""
TROUBLE = """() => ({
  ran: window.ran ?? null,
  reports: window.reports ?? [],
  elements: [...document.querySelectorAll(
    'img[src="x"], a[href^="javascript:" i], script:not([src]), iframe, object, embed, base'
  )].map((one) => one.outerHTML),
  handlers: [...document.querySelectorAll('*')].flatMap(
    (one) => one.getAttributeNames().filter((name) => name.startsWith('on') || name === 'style')
  ),
  reckoned: document.body.textContent.includes('tính49'),
})"""
QUIET: dict[str, Any] = {"ran": None, "reports": [], "elements": [], "handlers": [], "reckoned": False}
KEPT = re.compile(r"\.(csv|docx|xlsx|png|yaml|ics)$|^/nhiem-vu/tep$|/tep/\d+$|^/api/|^/lich/|^/tinh/")


def _hostile() -> OfficeFile:
    """The small commune, every text of which means harm."""
    source = {"where": EVIL, "words": EVIL, "basis": EVIL, "text": EVIL, "line": 3}
    words = {"group": EVIL, "product": EVIL, "note": EVIL, "source": source}
    rules = [
        one_task("2026-03-17", "sap-toi", f"1 {EVIL}", confirm="head", evidence="file", **words),
        one_task("2026-03-10", "qua-han", f"2 {EVIL}", **words),
        one_task("2026-03-12", "xin-han", f"3 {EVIL}", **words),
        one_task("2026-03-13", "tam-dung", f"4 {EVIL}", **words),
        monthly_report(**words).model_copy(update={"title": f"5 {EVIL}"}),
        Obligation.model_validate(
            {"id": "chua-ro", "title": EVIL, "kind": "unknown", "lead": "vhxh", "needs_review": EVIL, **words}
        ),
    ]
    file = office_file(rules, name=f"UBND {EVIL}"[:500], province=EVIL)
    units = [unit.model_copy(update={"name": f"{unit.name} {EVIL}", "aliases": (EVIL,)}) for unit in file.units]
    people = [person.model_copy(update={"name": f"{person.name} {EVIL}"}) for person in file.people]
    plan = {**file.plan.model_dump(), "title": EVIL, "issuer": EVIL, "number": EVIL, "note": EVIL}
    return OfficeFile.model_validate({**file.model_dump(), "units": units, "people": people, "plan": plan})


def _lived(folder: Path) -> World:
    file = _hostile()
    world = World(folder, "2026-02-20 08:00", [], digests=True)
    world.ignore_rest()
    world.load(file)
    world.run_until("2026-03-16 08:00")
    known = select(HANDLE.c.number, HANDLE.c.occurrence_id)
    by_work = {row.occurrence_id: row.number for row in world.rows(known)}
    numbers = {first: by_work[world.occurrence(f"{first} ").id] for first in "123"}
    photo = Attachment(Kind.FILE, "tep-1", f"{EVIL}.pdf", "application/pdf", 900)
    world.say(OFFICER, f"gia hạn {numbers['3']} đến 20/3 vì {EVIL}")
    world.say(OFFICER, f"vướng {numbers['2']} {EVIL}")
    world.say(OFFICER, f"xong {numbers['1']}", attachments=(photo,))
    world.say(OFFICER, EVIL)
    world.operate(actions.suspend, "4 ", EVIL)
    rows = [
        ["TT", "Nội dung", "Cơ quan chủ trì", "Thời gian", "Sản phẩm"],
        ["---"] * 5,
        ["1", EVIL, "Phòng Kinh tế", "15/5/2026", IMAGE],
        ["2", f"Rà soát {IMAGE}", LINK, f"khi {SCRIPT}", TEMPLATE],
    ]
    paper = f"# Kế hoạch {EVIL}\n\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
    found = understand(read_text(paper, "a.md"), None, this_year=2026)
    with world.engine.begin() as connection:
        now, office = world.clock.now(), world.office(connection)
        draft = intake.begin(connection, office, f"{EVIL}.docx", 900, Actor(EVIL), now)
    intake.keep_found(world.engine, draft, found)
    return world


@pytest.fixture(scope="module")
def walk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Visit, list[str]]]:
    """The standing head's window on it, and what the browser complained of."""
    folder = tmp_path_factory.mktemp("walk")
    with (
        elsewhere(lambda: _lived(folder)) as desk,
        served(desk.app) as address,
        opened(browser) as (window, errors),
    ):
        window.add_init_script(LISTENER)
        visit = Visit(desk, address, window)
        visit.page.on("dialog", lambda dialog: errors.append(f"a dialog: {dialog.message}"))
        visit.sign_in(STANDING_HEAD)
        yield visit, errors


def _complaints(errors: list[str]) -> list[str]:
    """What the browser logged, but for addresses that are refused as they should be."""
    return [error for error in errors if "the server responded with a status of 4" not in error]


def _links(page: Page) -> list[str]:
    """Where the page's own links lead to, within the console."""
    found = page.eval_on_selector_all("a[href]:not([download])", "all => all.map((one) => one.getAttribute('href'))")
    parts = [urlsplit(urljoin(page.url, one)) for one in found]
    return [f"{one.path}?{one.query}".removesuffix("?") for one in parts if one.hostname == "127.0.0.1"]


def _kind(path: str) -> str:
    """Pages of one kind: "/viec/3" and "/viec/4" are."""
    plain, _, asked = path.partition("?")
    plain = re.sub(r"/\d{4}-W\d+", "/W", plain)
    return re.sub(r"/\d+", "/N", plain) + "".join(sorted(re.findall(r"(?:^|&)([\w-]+)=", asked)))


def test_no_page_runs_what_people_wrote(walk: tuple[Visit, list[str]]) -> None:
    """The standing head walks every link, and addresses with harm in them; everything is shown, nothing happens."""
    visit, errors = walk
    world, page = visit.desk.world, visit.page
    harm = quote(EVIL)
    [rule] = world.rows(select(OBLIGATION.c.id).where(OBLIGATION.c.slug == "bao-cao-tthc"))
    periods = world.rows(select(OCCURRENCE.c.id).where(OCCURRENCE.c.opened_at.is_(None)))
    pages = [entry.path for entry in PAGES if not entry.writes and entry.is_page]
    todo = [
        *(filled(path) for path in pages),
        *(f"/viec/{row.id}" for row in world.rows(select(OCCURRENCE.c.id).where(OCCURRENCE.c.opened_at.is_not(None)))),
        *(f"/nhiem-vu/{row.id}" for row in world.rows(select(OBLIGATION.c.id))),
        *(f"/con-nguoi/{row.id}" for row in world.rows(select(PERSON.c.id).limit(2))),
        f"/nhiem-vu/{rule.id}/ky/{periods[0].id}",
        f"/nhiem-vu/{rule.id}/xem-truoc?han=10&chot=8",
        f"/nhiem-vu/{rule.id}/xem-truoc?han={harm}&chot={harm}",
        "/nhap/1?xem=chac",
        "/nhap/1/muc/2",
        "/nhap/1/tinh-trang",
        f"/nhap/1/doc?words={harm}",
        f"/lich?don-vi={harm}&xem={harm}",
        f"/bao-cao?from={harm}&to={harm}",
        f"/ban-tin/{harm}",
        f"/{harm}",
    ]
    seen: dict[str, int] = {}
    shown: set[str] = set()
    while todo:
        path = todo.pop(0)
        kind = _kind(path)
        if seen.get(kind, 0) >= (6 if kind == "/viec/N" else 1) or KEPT.search(urlsplit(path).path):
            continue
        seen[kind] = seen.get(kind, 0) + 1
        answer = page.goto(f"{visit.address}{path}")
        assert answer is not None
        assert answer.status < 500, path
        assert page.evaluate(TROUBLE) == QUIET, path
        if TEMPLATE in (page.text_content("body") or ""):
            shown.add(kind)
        todo += _links(page)
    assert {_kind(filled(path)) for path in pages} <= seen.keys()
    for kind in ("/", "/viec/N", "/nhiem-vu", "/nhiem-vu/N", "/nhap", "/nhap/N", "/con-nguoi", "/ban-tin", "/bao-cao"):
        assert kind in shown, f"{kind} never showed what people wrote"
    assert _complaints(errors) == []


def test_pieces_put_into_a_page_run_nothing_either(walk: tuple[Visit, list[str]]) -> None:
    """The script that swaps pages does not bring to life what the pages keep dead."""
    visit, errors = walk
    page = visit.go("/")
    for name in ("Nhiệm vụ", "Nhập kế hoạch", "Con người", "Bản tin", "Hôm nay"):
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("navigation").locator("[aria-current=page]")).to_have_text(name)
        expect(page.get_by_role("main")).to_contain_text(TEMPLATE)
        assert page.evaluate(TROUBLE) == QUIET, name
    words = visit.go("/nhap/1/muc/1").get_by_label("Thời hạn")
    with page.expect_response(lambda answer: "/doc?" in answer.url):
        words.fill(EVIL)
    expect(page.locator("#doc-la")).to_have_attribute("for", "words")
    assert page.evaluate(TROUBLE) == QUIET
    assert _complaints(errors) == []


def test_the_watch_sees_what_it_watches_for(browser: Browser) -> None:
    """Without our escaping and policy, the same words do all of it."""
    with opened(browser) as (window, _):
        page = window.new_page()
        page.set_content(f"<p>{EVIL.replace('{{7*7}}', '49')}</p><script>window.ran=1</script>")
        page.wait_for_function("window.ran === 1")
        found = page.evaluate(TROUBLE)
        assert found["ran"] == 1
        assert len(found["elements"]) >= 3
        assert {"onerror", "onload"} <= set(found["handlers"])
        assert found["reckoned"]

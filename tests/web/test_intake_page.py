"""*Nhập kế hoạch*: a document becomes a draft, a person decides, and only what they took is loaded."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from data.database import reading
from engine.actions import Actor
from engine.load import compare
from engine.office import OBLIGATION, OFFICE
from engine.screens import child, intake
from engine.stored_file import as_file, as_tree, stored_file
from schedules.intake.readers import read_text
from schedules.intake.understand import understand
from tests.intake.documents import SAMPLE, build, sample
from tests.intake.test_readers_hostile import OLE, bomb, cut_pdf, endless_pdf, locked_pdf, lying_bomb, scanned
from tests.web.desk import Desk, Viewer
from tests.world import CHAIR, OFFICE_ID, OFFICER, STANDING, World, monthly_report, office_file, one_task

TITLE = "Ban hành Kế hoạch cải cách hành chính năm 2026"
UNDATED_TITLE = "Rà soát, đơn giản hóa thủ tục hành chính nội bộ"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(tmp_path, "2026-01-06 08:00", [one_task("2026-03-17"), monthly_report()])
    world.ignore_rest()
    yield Desk(world)
    world.close()


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "the child has not answered"
        time.sleep(0.02)


def drafts(desk: Desk) -> list[Any]:
    return list(desk.world.rows(select(intake.PLAN_DRAFT).order_by(intake.PLAN_DRAFT.c.id)))


def uploaded(desk: Desk, browser: Viewer, name: str = "ke-hoach.txt", content: bytes = SAMPLE.encode()) -> int:
    """Send a document and wait until it has been read. Returns the draft's number."""
    answer = browser.post("/nhap", files={"file": (name, content)})
    found = re.fullmatch(r"/nhap/(\d+)", answer.headers["location"])
    assert found, browser.said()
    wait_for(lambda: all(row.busy_since is None for row in drafts(desk)))
    return int(found[1])


def drafted(desk: Desk, text: str = SAMPLE, name: str = "ke-hoach.txt") -> int:
    """A draft of this text, as the child would have read it (that it does is told by the tests that upload)."""
    found = understand(read_text(text, name), None, this_year=2026)
    with desk.world.engine.begin() as connection:
        now, actor = desk.world.clock.now(), Actor("Chuyên viên CCHC")
        draft = intake.begin(connection, desk.world.office(connection), name, len(text), actor, now)
    intake.keep_found(desk.world.engine, draft, found)
    return draft


def row_of(desk: Desk, draft: int) -> Any:
    return next(row for row in drafts(desk) if row.id == draft)


def looked_at(desk: Desk, draft: int) -> intake.Draft:
    with reading(desk.world.engine) as connection:
        return intake.draft_of(connection, desk.world.office(connection), row_of(desk, draft))


def items(desk: Desk, draft: int) -> dict[str, intake.Item]:
    return {item.duty.title: item for item in looked_at(desk, draft).items}


def decide(desk: Desk, browser: Viewer, draft: int, which: str, do: str = "nhan", **fields: Any) -> None:
    number = next(item.number for name, item in items(desk, draft).items() if name.startswith(which))
    version = str(row_of(desk, draft).version)
    browser.post(f"/nhap/{draft}/muc/{number}", do=do, version=version, **fields)


def take_everything(desk: Desk, browser: Viewer, draft: int) -> None:
    for title, item in items(desk, draft).items():
        if item.state in ("new", "changed"):
            decide(desk, browser, draft, title)


def load(desk: Desk, browser: Viewer, draft: int) -> str:
    """Look at the difference, and load it. Returns the page of the difference."""
    page = browser.post(f"/nhap/{draft}/xem", status=200).text
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark, page
    browser.post(f"/nhap/{draft}/nap", mark=mark[1])
    return page


def in_use(desk: Desk) -> dict[str, dict[str, Any]]:
    query = select(OBLIGATION.c.title, OBLIGATION.c.rule).where(OBLIGATION.c.active)
    return {row.title: row.rule for row in desk.world.rows(query)}


# ---- what is stored, read back as a file ----------------------------------------------------------------------------


def test_what_is_stored_reads_back_as_the_file_that_was_loaded(desk: Desk) -> None:
    with desk.world.engine.begin() as connection:
        file = as_file(as_tree(stored_file(connection, OFFICE_ID)))
        assert compare(connection, file) == []
    assert file == office_file([one_task("2026-03-17"), monthly_report()])


# ---- from the document to the plan ----------------------------------------------------------------------------------


def test_nothing_is_loaded_before_the_person_says_so(desk: Desk) -> None:
    browser, before, used = desk.sign_in(STANDING), desk.world.snapshot(), in_use(desk)
    draft = drafted(desk)
    found = items(desk, draft)
    assert {TITLE, UNDATED_TITLE} <= set(found)
    browser.post(f"/nhap/{draft}/nhan-chac", version=str(row_of(desk, draft).version))
    browser.post(f"/nhap/{draft}/xem", status=200)
    assert in_use(desk) == used
    after = desk.world.snapshot()
    assert {key: after[key] for key in ("occurrence", "reminder", "message")} == {
        key: before[key] for key in ("occurrence", "reminder", "message")
    }


def test_the_page_shows_source_reading_and_doubts_side_by_side(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    shown = {item.duty.title: item for item in items(desk, draft).values()}
    page = browser.get(f"/nhap/{draft}?xem=can-xem").text
    unsure = [item for item in shown.values() if item.unsure]
    assert unsure
    for item in unsure:
        assert item.duty.title in page
        assert item.reading in page
        assert item.unsure[0].replace('"', "&#34;") in page
    assert "<mark>" in page
    sure = browser.get(f"/nhap/{draft}?xem=chac").text
    assert TITLE in sure
    assert "Nhận mọi mục chắc chắn" in sure


def test_only_what_was_taken_is_loaded_and_the_rest_stays_in_the_draft(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    decide(desk, browser, draft, TITLE)
    page = load(desk, browser, draft)
    assert TITLE in page
    assert "thêm 1, đổi 0, bỏ 0" in browser.said()
    used = in_use(desk)
    assert TITLE in used
    assert "Kế hoạch chuyển đổi số" in used  # what was there stays
    assert UNDATED_TITLE not in used
    assert used[TITLE]["lead"] == "vhxh"  # the office's own unit, no second one of its name
    assert used[TITLE]["due"] == {"date": "2026-01-15"}
    assert desk.world.occurrence(TITLE).due.isoformat() == "2026-01-15"
    assert row_of(desk, draft).loaded_at is not None
    assert items(desk, draft)[TITLE].state == "same"
    assert desk.world.history("loaded") == 2
    assert "Chuyên viên CCHC" in desk.world.rows(select(intake.PLAN_DRAFT.c.made_by))[0].made_by


def test_a_person_mends_what_was_read(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    edit = {
        "title": "Rà soát <b>TTHC</b>",
        "lead": "Phòng Kinh tế",
        "words": "trước ngày 20/11/2026",
        "product": "Quyết định",
        "cooperating": "Phòng Văn hóa - Xã hội; Mặt trận Tổ quốc",
    }
    decide(desk, browser, draft, UNDATED_TITLE, **edit)
    page = browser.get(f"/nhap/{draft}?xem=nhan").text
    assert "Rà soát &lt;b&gt;TTHC&lt;/b&gt;" in page
    assert "<b>TTHC" not in page
    load(desk, browser, draft)
    rule = in_use(desk)["Rà soát <b>TTHC</b>"]
    assert (rule["lead"], rule["due"]["date"], rule["product"]) == ("kinh-te", "2026-11-20", "Quyết định")
    assert set(rule["cooperating"]) == {"vhxh", "mat-tran"}
    assert "needs_review" not in rule


def test_a_unit_that_does_not_exist_is_not_written_down(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    before = row_of(desk, draft)
    decide(desk, browser, draft, TITLE, title="A", cooperating="Phòng Mây")
    assert "Không có đơn vị nào tên “Phòng Mây”" in browser.said()
    assert row_of(desk, draft) == before


def test_a_deadline_in_words_is_read_back_while_it_is_typed(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    assert "tháng cuối quý" in browser.get(f"/nhap/{draft}/doc?words=trước ngày 20 của tháng cuối quý").text
    assert "<script" not in browser.get(f"/nhap/{draft}/doc?words=<script>alert(1)</script>").text


def test_what_stays_unclear_reminds_nobody(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    decide(desk, browser, draft, UNDATED_TITLE)
    load(desk, browser, draft)
    rule = in_use(desk)[UNDATED_TITLE]
    assert rule["kind"] == "unknown"
    assert rule["needs_review"]


# ---- the same plan again, and a revised one -------------------------------------------------------------------------


def test_the_same_plan_again_changes_nothing(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    first = drafted(desk)
    take_everything(desk, browser, first)
    load(desk, browser, first)
    assert not drafts(desk)  # nothing left to decide: the draft is gone
    again = drafted(desk)
    assert {item.state for item in items(desk, again).values()} == {"same"}
    assert "Không có gì thay đổi" in browser.post(f"/nhap/{again}/xem", status=200).text


def test_a_revised_plan_shows_added_changed_and_dropped(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    first = drafted(desk)
    take_everything(desk, browser, first)
    load(desk, browser, first)
    revised = SAMPLE.replace("15/01/2026", "22/01/2026").replace("| 3 | Rà soát, đơn giản hóa", "| 3 | Tập huấn")
    revised += "| 4 | Khảo sát mức độ hài lòng | Phòng Kinh tế | | 30/6/2026 | Báo cáo |\n"
    draft = drafted(desk, revised, "ke-hoach-sua.txt")
    assert row_of(desk, draft).replaces  # the title says that it is the same plan
    found = items(desk, draft)
    assert found[TITLE].state == "changed"
    assert "15/01/2026" in (found[TITLE].before or "")
    assert found["Khảo sát mức độ hài lòng"].state == "new"
    take_everything(desk, browser, draft)
    page = load(desk, browser, draft)
    assert "Khảo sát mức độ hài lòng" in page
    used = in_use(desk)
    assert used[TITLE]["due"] == {"date": "2026-01-22"}
    assert "Kế hoạch chuyển đổi số" in used  # written by hand: no document takes it away


def test_an_entry_that_the_revised_plan_no_longer_has_goes_only_when_it_replaces(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    first = drafted(desk)
    take_everything(desk, browser, first)
    load(desk, browser, first)
    lines = [line for line in SAMPLE.split("\n") if not line.startswith("| 3 |")]
    draft = drafted(desk, "\n".join(lines), "ngan-hon.txt")
    assert UNDATED_TITLE in browser.get(f"/nhap/{draft}").text
    version = str(row_of(desk, draft).version)
    browser.post(f"/nhap/{draft}/kieu", replaces="", version=version)
    assert "Không có gì thay đổi" in browser.post(f"/nhap/{draft}/xem", status=200).text
    plan = next(name for name, count in looked_at(desk, draft).plans.items() if count)
    browser.post(f"/nhap/{draft}/kieu", replaces=plan, version=str(int(version) + 1))
    load(desk, browser, draft)
    assert UNDATED_TITLE not in in_use(desk)


def test_another_plan_beside_the_first_drops_nothing(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    first = drafted(desk)
    take_everything(desk, browser, first)
    load(desk, browser, first)
    used = in_use(desk)
    other = SAMPLE.replace("Cải cách hành chính năm 2026 của", "Chuyển đổi số năm 2026 của")
    other = other[: other.index("| 1 |")] + "| 1 | Mua máy quét | Phòng Kinh tế | | 30/6/2026 | |\n"
    draft = drafted(desk, other, "chuyen-doi-so.txt")
    assert not row_of(desk, draft).replaces
    decide(desk, browser, draft, "Mua máy quét")
    load(desk, browser, draft)
    assert used.keys() < in_use(desk).keys()


def test_of_two_plans_a_newer_version_takes_away_its_own_entries_only(desk: Desk) -> None:
    """The second plan comes again, shorter: the first one's work goes on, unless the person says otherwise."""
    browser = desk.sign_in(STANDING)
    first = drafted(desk)
    take_everything(desk, browser, first)
    load(desk, browser, first)
    of_first = in_use(desk).keys()
    head = SAMPLE.replace("Cải cách hành chính năm 2026 của", "Chuyển đổi số năm 2026 của").replace("15/KH", "16/KH")
    head = head[: head.index("| 1 |")]
    bought = "| 1 | Mua máy quét | Phòng Kinh tế | | 30/6/2026 | |\n"
    second = drafted(desk, f"{head}{bought}| 2 | Mua máy in | Phòng Kinh tế | | 30/7/2026 | |\n", "so.txt")
    version = str(row_of(desk, second).version)
    browser.post(f"/nhap/{second}/kieu", replaces="", version=version)
    decide(desk, browser, second, "Mua máy quét")
    decide(desk, browser, second, "Mua máy in")
    load(desk, browser, second)
    again = drafted(desk, f"{head}{bought}", "so-moi.txt")
    shown = looked_at(desk, again)
    assert len(shown.plans) == 3  # the office's own, which nothing was imported from, and two documents
    assert shown.gone == ("Mua máy in",)
    page = load(desk, browser, again)
    assert "Mua máy in" in page
    assert of_first < in_use(desk).keys()
    assert "Mua máy in" not in in_use(desk)
    every = drafted(desk, f"{head}{bought}", "so-moi-nua.txt")
    browser.post(f"/nhap/{every}/kieu", replaces=intake.EVERY_PLAN, version=str(row_of(desk, every).version))
    assert TITLE in looked_at(desk, every).gone
    browser.post(f"/nhap/{every}/kieu", replaces="Kế hoạch lạ", version=str(row_of(desk, every).version))
    assert "không còn dùng" in browser.said()


def test_a_persons_edits_stay_when_the_plan_comes_again(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    first = drafted(desk)
    decide(desk, browser, first, TITLE, title="Kế hoạch CCHC (sửa)", lead="Phòng Kinh tế", words="20/01/2026")
    load(desk, browser, first)
    browser.post(f"/nhap/{first}/bo")
    again = drafted(desk)
    assert items(desk, again)[TITLE].state == "same"
    rule = in_use(desk)["Kế hoạch CCHC (sửa)"]
    assert (rule["lead"], rule["due"]["date"]) == ("kinh-te", "2026-01-20")


def test_what_was_left_out_is_not_proposed_again(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    first = drafted(desk)
    decide(desk, browser, first, UNDATED_TITLE, "bo")
    decide(desk, browser, first, TITLE)
    load(desk, browser, first)
    browser.post(f"/nhap/{first}/bo")
    again = drafted(desk)
    assert items(desk, again)[UNDATED_TITLE].state == "left"


# ---- forms that have grown old --------------------------------------------------------------------------------------


def test_a_form_of_an_older_draft_is_refused(desk: Desk) -> None:
    mine, theirs = desk.sign_in(STANDING), desk.sign_in("vhxh-truong")
    draft = drafted(desk)
    mine.post(f"/nhap/{draft}/muc/1", do="nhan", version="0")
    before = row_of(desk, draft)
    theirs.post(f"/nhap/{draft}/muc/2", do="bo", version="0")
    assert "vừa thay đổi" in theirs.said()
    assert row_of(desk, draft) == before


def test_what_is_loaded_is_what_was_seen(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    decide(desk, browser, draft, TITLE)
    page = browser.post(f"/nhap/{draft}/xem", status=200).text
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark
    decide(desk, browser, draft, UNDATED_TITLE)
    used = in_use(desk)
    browser.post(f"/nhap/{draft}/nap", mark=mark[1])
    assert "vừa thay đổi" in browser.said()
    assert in_use(desk) == used


@pytest.mark.parametrize("number", ["0", "999"])
def test_no_such_duty(desk: Desk, number: str) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    browser.get(f"/nhap/{draft}/muc/{number}", status=404)


# ---- whose drafts ---------------------------------------------------------------------------------------------------


def test_drafts_of_another_office_are_not_there(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    with desk.world.engine.begin() as connection:
        office = connection.execute(select(OFFICE)).mappings().one()
        connection.execute(OFFICE.insert().values({**office, "id": "xa-khac", "name": "UBND xã Khác"}))
        connection.execute(intake.PLAN_DRAFT.update().values(office_id="xa-khac"))
    assert "ke-hoach.txt" not in browser.get("/nhap").text
    for path in ("", "/tinh-trang", "/muc/1", "/doc"):
        browser.get(f"/nhap/{draft}{path}", status=404)
    for path in ("/muc/1", "/nhan-chac", "/kieu", "/nam", "/xem", "/nap", "/bo"):
        browser.post(f"/nhap/{draft}{path}", status=404)
    assert len(drafts(desk)) == 1


@pytest.mark.parametrize("slug", [CHAIR, OFFICER])
def test_only_the_standing_office_loads_plans(desk: Desk, slug: str) -> None:
    browser = desk.sign_in(slug)
    browser.get("/nhap", status=403)
    browser.post("/nhap", status=403, files={"file": ("a.txt", b"x")})
    assert not drafts(desk)


# ---- hostile and broken files ---------------------------------------------------------------------------------------


def _text(path: Path, content: bytes) -> None:
    path.write_bytes(content)


HOSTILE: dict[str, Callable[[Path], None]] = {
    "bomb.docx": bomb,
    "lying.docx": lying_bomb,
    "scan.pdf": scanned,
    "locked.pdf": locked_pdf,
    "endless.pdf": endless_pdf,
    "cut.pdf": cut_pdf,
    "old.doc": lambda path: _text(path, OLE),
    "old-inside.docx": lambda path: _text(path, OLE),
    "program.exe": lambda path: _text(path, b"MZ" + b"\x00" * 500),
    "picture.txt": lambda path: _text(path, b"\x89PNG\r\n\x1a\n" + bytes(300)),
    "binary.txt": lambda path: _text(path, bytes(range(256)) * 50),
    "blank.txt": lambda path: _text(path, b" \n\n "),
    "noname": lambda path: _text(path, b"x"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_sentence_and_nothing_stored(desk: Desk, tmp_path: Path, name: str) -> None:
    HOSTILE[name](tmp_path / name)
    browser, before = desk.sign_in(STANDING), desk.world.snapshot()
    draft = uploaded(desk, browser, name, (tmp_path / name).read_bytes())
    row = row_of(desk, draft)
    assert row.found is None
    assert re.search(r"Hãy [^.]+.*\.$", row.failed), row.failed
    page = browser.get(f"/nhap/{draft}").text
    assert 'role="alert"' in page
    assert desk.world.snapshot() == before
    uploaded(desk, browser)  # the server goes on, and the failed one makes room
    assert [one.failed for one in drafts(desk)] == [None]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.txt", "C:\\x\\y.txt", "<b>.txt", "a" * 300 + ".txt", "\u202egpj.txt"]
)
def test_a_documents_name_is_only_a_name(desk: Desk, name: str) -> None:
    browser = desk.sign_in(STANDING)
    draft = uploaded(desk, browser, name)
    assert row_of(desk, draft).found is not None
    assert "<b>.txt" not in browser.get("/nhap").text


def test_a_reader_that_runs_for_ever_is_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # No document is read in that time: Python alone takes longer to start.
    monkeypatch.setattr(child.in_child, "__kwdefaults__", {**(child.in_child.__kwdefaults__ or {}), "at_most": 0.1})
    browser = desk.sign_in(STANDING)
    draft = uploaded(desk, browser)
    assert "quá lâu" in row_of(desk, draft).failed
    browser.get("/nhap")


def test_the_child_has_no_secrets(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHACVIEC_ZALO_TOKEN", "secret")
    assert "NHACVIEC_ZALO_TOKEN" not in child._without_secrets(os.environ)


def test_a_file_too_large_is_refused_before_it_is_read(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    browser.post("/nhap", status=413, files={"file": ("a.txt", b"x" * (27 * 1024 * 1024))})
    browser.post("/nhap", files={"file": ("a.txt", b"x" * (25 * 1024 * 1024 + 1))})
    assert "25 MB" in browser.said()
    assert not drafts(desk)


def test_no_file_no_draft(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    browser.post("/nhap")
    assert "chọn giúp tệp" in browser.said()
    assert not drafts(desk)


def test_a_reading_that_the_machine_lost_is_told(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    with desk.world.engine.begin() as connection:
        office = desk.world.office(connection)
        now = desk.world.clock.now()
        draft = intake.begin(connection, office, "a.docx", 10, Actor("Ai đó"), now)
    assert 'hx-trigger="every 1s"' in browser.get(f"/nhap/{draft}").text
    browser.post("/nhap", files={"file": ("b.txt", b"x")})
    assert "đang đọc một văn bản khác" in browser.said()
    desk.world.clock.advance(minutes=11)
    assert "dở dang" in browser.get(f"/nhap/{draft}").text
    assert browser.get(f"/nhap/{draft}/tinh-trang").headers["HX-Refresh"] == "true"
    uploaded(desk, browser)


@pytest.mark.parametrize("ending", [".docx", ".pdf", ".xlsx", ".csv", ".md", ".txt"])
def test_every_format_gives_the_draft(desk: Desk, tmp_path: Path, ending: str) -> None:
    path = build(sample().blocks, tmp_path / f"ke-hoach{ending}")
    browser = desk.sign_in(STANDING)
    draft = uploaded(desk, browser, path.name, path.read_bytes())
    assert row_of(desk, draft).failed is None
    assert TITLE in items(desk, draft)


# ---- the year -------------------------------------------------------------------------------------------------------


def test_the_year_is_what_the_engine_would_do(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    draft = drafted(desk)
    decide(desk, browser, draft, TITLE)
    browser.post(f"/nhap/{draft}/nam")
    wait_for(lambda: row_of(desk, draft).busy_since is None)
    year = child.YEAR.validate_python(row_of(desk, draft).year)
    assert len(year.months) == 12
    assert year.months[0].first.isoformat() == "2026-01-01"
    assert year.months[0].periods == 2  # the monthly report of January, and the plan that was taken
    assert year.months[2].periods == 2  # the report of March, and the task of 17 March
    assert 0 < len(year.messages) <= 10
    page = browser.get(f"/nhap/{draft}").text
    assert "Năm sẽ tạo" in page
    assert year.messages[0].person in page
    decide(desk, browser, draft, UNDATED_TITLE)
    assert row_of(desk, draft).year is None  # it is no longer true


def test_a_hostile_title_stays_text_everywhere(desk: Desk) -> None:
    hostile = "Mua <script>alert(1)</script> máy"
    text = SAMPLE.replace("Rà soát, đơn giản hóa thủ tục hành chính nội bộ", hostile)
    browser = desk.sign_in(STANDING)
    draft = drafted(desk, text, '"><script>.txt')
    title = next(name for name in items(desk, draft) if "script" in name)
    decide(desk, browser, draft, title)
    number = items(desk, draft)[title].number
    pages = [browser.get(path).text for path in ("/nhap", f"/nhap/{draft}?xem=nhan", f"/nhap/{draft}/muc/{number}")]
    pages.append(browser.post(f"/nhap/{draft}/xem", status=200).text)
    assert any("&lt;script&gt;" in page for page in pages)
    assert not any("<script>" in page for page in pages)


def test_pages_stay_quick_and_small_with_a_long_plan(desk: Desk) -> None:
    rows = "".join(
        f"| {n} | Thực hiện nhiệm vụ số {n} về mảng {n * 7} | Phòng Kinh tế | | {n % 27 + 1}/{n % 12 + 1}/2026 | |\n"
        for n in range(4, 300)
    )
    browser = desk.sign_in(STANDING)
    draft = drafted(desk, SAMPLE + rows, "dai.txt")
    assert len(items(desk, draft)) > 250
    page = browser.get(f"/nhap/{draft}?xem=chac").text
    assert page.count('class="from"') == 10
    assert "Trang 1/" in page


def test_a_plain_paragraph_is_no_plan(desk: Desk) -> None:
    """A document without duties is a draft without duties, not a failure."""
    browser = desk.sign_in(STANDING)
    draft = drafted(desk, "Hôm nay trời đẹp.", "tho.txt")
    assert row_of(desk, draft).decided == []
    assert "Không có mục nào" in browser.get(f"/nhap/{draft}").text

"""*Con người*: who can be reached, codes that are shown once, and work that is never left without somebody."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from data.database import reading
from data.journal import JOURNAL
from engine import people as staff
from engine.linking import redeem
from engine.office import CHAT, LINK_CODE, OCCURRENCE, OFFICE, PERSON, STAND_IN, UNIT
from engine.screens import people_page
from tests.web.desk import Desk, Viewer
from tests.world import CHAIR, HEAD, OFFICER, SECOND_OFFICER, STANDING, World, one_task

CODE = re.compile(r"<code>([^<]+)</code>")
VIEWER = "nguoi-xem"
LIST = "Họ tên,Đơn vị,Chức vụ,Điện thoại\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    tasks = [one_task("2026-03-17"), one_task("2026-03-20", "mat", "Chuyện kín", secret=True)]
    world = World(tmp_path, "2026-03-10 08:00", tasks, unlinked=[OFFICER], viewers=[VIEWER])
    world.ignore_rest()
    yield Desk(world)
    world.close()


def person(desk: Desk, slug: str) -> Any:
    return desk.world.rows(select(PERSON).where(PERSON.c.slug == slug))[0]


def path(desk: Desk, slug: str) -> str:
    return f"/con-nguoi/{person(desk, slug).id}"


def stored(desk: Desk) -> bytes:
    """Every byte that is kept."""
    folder = desk.world.file.parent
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


# ---- looking --------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_the_engine_says(desk: Desk) -> None:
    page = desk.sign_in(STANDING).get("/con-nguoi").text
    with reading(desk.world.engine) as connection:
        office, now = desk.world.office(connection), desk.world.clock.now()
        roll, calls = staff.roll(connection, office, now), staff.calls(connection, office, now)
    for one in roll:
        assert one.name in page
    assert [call.slug for call in calls] == [OFFICER]
    assert f"0 đã nối kênh nhắn tin</b>, {len(roll)} chưa" in page  # the simulator is nobody's telephone
    assert staff.NOT_LINKED in page


def test_a_channel_that_fails_or_is_blocked_says_why(desk: Desk) -> None:
    now = desk.world.clock.now()
    with desk.world.engine.begin() as connection:
        chat = {"office_id": "xa-mau", "person_id": person(desk, HEAD).id, "linked_at": now}
        common = {"blocked_at": None, "blocked_why": None, "failing_since": None, "failing_why": None}
        blocked = {
            "channel": "zalo",
            "bot": "b",
            "address": "dia-chi-kin",
            "blocked_at": now,
            "blocked_why": "đã chặn bot",
        }
        failing = {"channel": "telegram", "bot": "b", "address": "2", "failing_since": now, "failing_why": "mạng lỗi"}
        connection.execute(insert(CHAT), [{**common, **chat, **blocked}, {**common, **chat, **failing}])
    browser = desk.sign_in(STANDING)
    for where in ("/con-nguoi", path(desk, HEAD)):
        page = browser.get(where).text
        assert "bị chặn: đã chặn bot" in page
        assert "mạng lỗi" in page
        assert "dia-chi-kin" not in page


def test_a_viewer_looks_and_changes_nothing(desk: Desk) -> None:
    browser = desk.sign_in(VIEWER)
    page = browser.get(path(desk, OFFICER)).text
    assert "Cấp mã" not in page
    assert "Thôi công tác" not in page
    for what in ("/ma", "/go-kenh", "/dien-thoai", "/nghi", "/chuyen", "/thoi-viec"):
        browser.post(f"{path(desk, OFFICER)}{what}", status=403)


@pytest.mark.parametrize("slug", [OFFICER, HEAD])
def test_officers_do_not_see_the_page(desk: Desk, slug: str) -> None:
    desk.sign_in(slug).get("/con-nguoi", status=403)


def test_people_of_another_office_are_not_there(desk: Desk) -> None:
    with desk.world.engine.begin() as connection:
        office = connection.execute(select(OFFICE)).mappings().one()
        connection.execute(insert(OFFICE).values({**office, "id": "xa-khac", "name": "UBND xã Khác"}))
        unit = connection.execute(
            insert(UNIT).values(office_id="xa-khac", slug="p", name="Phòng Khác", kind="unit").returning(UNIT.c.id)
        ).scalar_one()
        theirs = connection.execute(
            insert(PERSON)
            .values(office_id="xa-khac", slug="x", name="Người Xã Khác", unit_id=unit, role="officer")
            .returning(PERSON.c.id)
        ).scalar_one()
    browser, before = desk.sign_in(STANDING), desk.world.rows(select(PERSON))
    assert "Người Xã Khác" not in browser.get("/con-nguoi").text
    browser.get(f"/con-nguoi/{theirs}", status=404)
    for what in ("/ma", "/go-kenh", "/dien-thoai", "/nghi", "/chuyen", "/thoi-viec"):
        browser.post(f"/con-nguoi/{theirs}{what}", status=404)
    browser.post(f"{path(desk, OFFICER)}/chuyen", to=str(unit), sure="1")
    assert "chọn giúp đơn vị" in browser.said()
    form: dict[str, Any] = {
        "first": "2026-03-16",
        "last": "2026-03-18",
        "decision": "1/QĐ",
        "substitute": str(theirs),
        "sure": "1",
    }
    browser.post(f"{path(desk, OFFICER)}/nghi", **form)
    assert "chọn giúp người thay" in browser.said()
    assert desk.world.rows(select(PERSON)) == before


def test_no_page_speaks_of_the_command_line(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    pages = [
        browser.get("/con-nguoi"),
        browser.post(f"{path(desk, HEAD)}/thoi-viec", status=200, on="2026-03-10"),
        browser.post(f"{path(desk, STANDING)}/thoi-viec", status=200, on="2026-03-10"),
        browser.post(f"{path(desk, CHAIR)}/thoi-viec", status=200, on="2026-03-10"),
    ]
    for page in pages:
        words = re.sub(r"<[^>]+>", " ", page.text)
        assert not re.search(r"nhacviec |--\w", words), words
    assert "không còn trưởng đơn vị" in pages[1].text
    assert "thường trực cuối cùng" in pages[2].text


# ---- codes ----------------------------------------------------------------------------------------------------------


def test_a_code_is_shown_once_and_works(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    browser = desk.sign_in(STANDING)
    answer = browser.post(f"{path(desk, OFFICER)}/ma", status=200)
    found = CODE.search(answer.text)
    assert found
    code = found[1]
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert code not in caplog.text
    assert code not in browser.get(path(desk, OFFICER)).text
    if desk.world.engine.dialect.name == "sqlite":
        assert code.encode() not in stored(desk)
    with desk.world.engine.begin() as connection:
        now = desk.world.clock.now()
        done = redeem(connection, channel="zalo", bot="b", address="1", text=code, now=now)
    assert done is not None
    assert (done.outcome, done.person_id) == ("linked", person(desk, OFFICER).id)


def test_codes_for_all_who_are_not_linked(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    count = len(people(desk).people)
    first = CODE.findall(browser.post("/con-nguoi/ma", status=200).text)
    assert len(set(first)) == count
    browser.post("/con-nguoi/ma")
    assert "Không có ai cần cấp mã" in browser.said()
    assert "phải thu lại" in browser.get("/con-nguoi/ma").text
    again = CODE.findall(browser.post("/con-nguoi/ma", status=200, again="1").text)
    assert len(again) == count
    assert not set(again) & set(first)
    live = select(LINK_CODE.c.id).where(LINK_CODE.c.withdrawn_at.is_(None))
    assert len(desk.world.rows(live)) == count


def people(desk: Desk) -> people_page.Roll:
    with reading(desk.world.engine) as connection:
        return people_page.roll_of(connection, desk.world.office(connection), desk.world.clock.now())


def test_the_sheet_is_a_word_file(desk: Desk) -> None:
    answer = desk.sign_in(STANDING).post(f"{path(desk, OFFICER)}/ma", status=200, **dict[str, Any]({"as": "docx"}))
    assert "attachment" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        text = package.read("word/document.xml").decode()
    assert "Chuyên viên Phòng Kinh tế" in text
    assert re.search(r">[A-Z0-9]{4,}-?[A-Z0-9]*<", text)


def test_unlinking_one_channel(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    browser.post(f"{path(desk, HEAD)}/go-kenh", channel="simulator")
    assert "Đã gỡ 1 kênh" in browser.said()
    assert not desk.world.rows(select(CHAT).where(CHAT.c.person_id == person(desk, HEAD).id))
    browser.post(f"{path(desk, HEAD)}/go-kenh", channel="simulator")
    assert "không còn kênh" in browser.said()
    assert desk.world.history("unlinked") == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0912 345 678", "0912345678"),
        ("+84 912 345 678", "0912345678"),
        ("", None),
        ("<b>", "0900000000"),
        ("12", "0900000000"),
    ],
)
def test_a_telephone_number(desk: Desk, typed: str, kept: str | None) -> None:
    with desk.world.engine.begin() as connection:
        connection.execute(update(PERSON).values(phone="0900000000"))
    desk.sign_in(STANDING).post(f"{path(desk, OFFICER)}/dien-thoai", phone=typed)
    assert person(desk, OFFICER).phone == kept
    told = desk.world.rows(select(JOURNAL.c.data).where(JOURNAL.c.action == "people_imported"))
    assert not any("0912345678" in row.data for row in told)


# ---- away, moved, gone ----------------------------------------------------------------------------------------------


def leave_form(desk: Desk, **changes: str) -> dict[str, Any]:
    substitute = str(person(desk, SECOND_OFFICER).id)
    form: dict[str, Any] = {
        "first": "2026-03-16",
        "last": "2026-03-18",
        "substitute": substitute,
        "decision": "12/QĐ-UBND",
    }
    return form | changes


def test_a_leave_is_shown_first_then_written(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    page = browser.post(f"{path(desk, OFFICER)}/nghi", status=200, **leave_form(desk)).text
    assert "Chuyên viên thứ hai Phòng Kinh tế nhận tin và trả lời thay" in page
    assert "Kế hoạch chuyển đổi số" in page
    assert "Chuyện kín" not in page
    assert not desk.world.rows(select(STAND_IN))
    assert desk.world.history("stand_in") == 0
    browser.post(f"{path(desk, OFFICER)}/nghi", **leave_form(desk, sure="1"))
    assert [row.first_day for row in desk.world.rows(select(STAND_IN))] == [dt.date(2026, 3, 16)]
    assert "12/QĐ-UBND" in browser.get("/con-nguoi").text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"first": ""}, "chọn giúp ngày"),
        ({"first": "2026-03-19"}, "sớm hơn ngày bắt đầu"),
        ({"first": "2025-03-16", "last": "2025-03-18"}, "đã qua"),
        ({"decision": " "}, "số quyết định"),
        ({"substitute": "x"}, "chọn giúp người thay"),
        ({"substitute": "self"}, "một người khác"),
        ({"decision": "a" * 101}, "dài quá"),
    ],
)
def test_a_leave_that_makes_no_sense(desk: Desk, wrong: dict[str, Any], sentence: str) -> None:
    if wrong.get("substitute") == "self":
        wrong = {"substitute": str(person(desk, OFFICER).id)}
    browser = desk.sign_in(STANDING)
    browser.post(f"{path(desk, OFFICER)}/nghi", **leave_form(desk, sure="1", **wrong))
    said = browser.said()
    assert sentence in said
    assert "--" not in said
    assert not desk.world.rows(select(STAND_IN))


def open_work(desk: Desk, slug: str) -> list[int]:
    query = select(OCCURRENCE.c.id).where(OCCURRENCE.c.doer_id == person(desk, slug).id)
    return [row.id for row in desk.world.rows(query)]


@pytest.mark.parametrize(("what", "field"), [("chuyen", "to"), ("thoi-viec", "on")])
def test_who_goes_hands_their_work_over_as_shown(desk: Desk, what: str, field: str) -> None:
    browser, mine = desk.sign_in(STANDING), open_work(desk, OFFICER)
    unit = desk.world.rows(select(UNIT.c.id).where(UNIT.c.slug == "ttpvhcc"))[0].id
    value, taker = {"to": str(unit), "on": "2026-03-10"}[field], str(person(desk, HEAD).id)
    page = browser.post(f"{path(desk, OFFICER)}/{what}", status=200, **dict[str, Any]({field: value})).text
    assert mine
    assert all(f'name="give-{work}"' in page for work in mine)
    assert "Chuyện kín" not in page
    assert open_work(desk, OFFICER) == mine  # only shown
    browser.post(f"{path(desk, OFFICER)}/{what}", **dict[str, Any]({field: value, "sure": "1"}))
    assert "vừa thay đổi" in browser.said()  # nothing was named
    assert open_work(desk, OFFICER) == mine
    named: dict[str, Any] = {f"give-{work}": taker for work in mine}
    browser.post(f"{path(desk, OFFICER)}/{what}", **dict[str, Any]({field: value, "sure": "1"}), **named)
    assert f"bàn giao {len(mine)} việc" in browser.said()
    assert not open_work(desk, OFFICER)
    assert set(mine) <= set(open_work(desk, HEAD))
    after = person(desk, OFFICER)
    assert after.unit_id == unit if what == "chuyen" else not after.active
    assert desk.world.history({"chuyen": "moved", "thoi-viec": "left"}[what]) == 1


def test_work_goes_to_nobody_who_cannot_take_it(desk: Desk) -> None:
    browser, mine = desk.sign_in(STANDING), open_work(desk, OFFICER)
    named: dict[str, Any] = {f"give-{work}": str(person(desk, CHAIR).id) for work in mine}
    browser.post(f"{path(desk, OFFICER)}/thoi-viec", on="2026-03-10", sure="1", **named)
    assert "Không giao việc" in browser.said()
    assert person(desk, OFFICER).active
    assert open_work(desk, OFFICER) == mine


def test_nobody_leaves_tomorrow(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    browser.post(f"{path(desk, OFFICER)}/thoi-viec", on="2026-03-11")
    assert "chưa tới" in browser.said()


# ---- a list of people -----------------------------------------------------------------------------------------------


def send_list(browser: Viewer, text: str, name: str = "danh-sach.csv") -> str:
    return browser.post("/con-nguoi/nhap", status=200, files={"file": (name, text.encode())}).text


def fields_of(page: str) -> dict[str, Any]:
    return dict(re.findall(r'name="(mark|list)" value="([^"]*)"', page))


def test_a_list_is_shown_old_and_new_before_it_is_saved(desk: Desk) -> None:
    browser, before = desk.sign_in(STANDING), desk.world.rows(select(PERSON))
    text = (
        LIST + "Chuyên viên Phòng Kinh tế,Phòng Kinh tế,Chuyên viên,0912345678\n<b>Lan</b>,phong kinh te,Chuyên viên,\n"
    )
    page = send_list(browser, text)
    assert "<td>(trống)</td><td>0912345678</td>" in page
    assert "&lt;b&gt;Lan&lt;/b&gt;" in page
    assert "<b>Lan" not in page.replace("<b>&lt;b&gt;Lan", "")
    assert desk.world.rows(select(PERSON)) == before
    browser.post("/con-nguoi/nhap/ghi", **fields_of(page))
    assert "Đã ghi 2 người" in browser.said()
    assert person(desk, OFFICER).phone == "0912345678"
    assert "Không có gì thay đổi" in send_list(browser, text)


def test_a_list_with_problems_tells_them_all_and_saves_nothing(desk: Desk) -> None:
    browser, before = desk.sign_in(STANDING), desk.world.rows(select(PERSON))
    page = send_list(browser, LIST + "A B,Phòng Mây,Chuyên viên,\nC D,Phòng Kinh tế,Chuyên viên,12\n")
    assert "dòng 2" in page
    assert "dòng 3" in page
    assert 'name="list"' not in page
    assert desk.world.rows(select(PERSON)) == before


def test_what_is_saved_is_what_was_shown(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    shown = fields_of(send_list(browser, LIST + "A B,Phòng Kinh tế,Chuyên viên,\n"))
    browser.post("/con-nguoi/nhap/ghi", **(shown | {"list": shown["list"][:-3] + "abc"}))
    assert "đã cũ" in browser.said()
    desk.sign_in("vhxh-truong").post("/con-nguoi/nhap/ghi", status=404, **shown)
    browser.post("/con-nguoi/nhap/ghi", **shown)
    browser.post("/con-nguoi/nhap/ghi", **shown)  # a second press
    assert "vừa thay đổi" in browser.said()
    assert len([row for row in desk.world.rows(select(PERSON.c.name)) if row.name == "A B"]) == 1


@pytest.mark.parametrize("name", ["danh-sach.docx", "danh-sach.xlsx", "x.exe", "a.csv"])
def test_a_broken_list_is_one_sentence(desk: Desk, name: str) -> None:
    browser = desk.sign_in(STANDING)
    browser.post("/con-nguoi/nhap", files={"file": (name, b"PK\x03\x04" + b"\x00" * 200)})
    said = browser.said()
    assert name in said
    assert "Hãy" in said


# ---- one person more, and a unit's group ----------------------------------------------------------------------------


def unit(desk: Desk, slug: str) -> int:
    return int(desk.world.rows(select(UNIT.c.id).where(UNIT.c.slug == slug))[0].id)


def test_one_person_more_gets_a_code_that_is_shown_once_and_works(desk: Desk) -> None:
    browser = desk.sign_in(STANDING)
    assert "Thêm một người" in browser.get("/con-nguoi/them").text
    fields: dict[str, Any] = {
        "name": " Lê  Thị Hạnh ",
        "unit": str(unit(desk, "kinh-te")),
        "role": "officer",
        "phone": "0912 345 678",
    }
    page = browser.post("/con-nguoi/them", status=200, **fields).text
    [code] = CODE.findall(page)
    assert "Đã ghi Lê Thị Hạnh vào Phòng Kinh tế." in page
    [new] = desk.world.rows(select(PERSON).where(PERSON.c.name == "Lê Thị Hạnh"))
    assert (new.role, new.phone, new.unit_id, new.standing) == ("officer", "0912345678", unit(desk, "kinh-te"), False)
    [line] = desk.world.rows(select(JOURNAL).where(JOURNAL.c.action == "people_imported"))
    assert line.actor.startswith("Chuyên viên CCHC")
    assert code.encode() not in stored(desk)
    before = desk.world.snapshot()
    again = browser.post("/con-nguoi/them", status=422, **fields).text  # the page sent once more
    assert "đã có trong Phòng Kinh tế" in again
    assert desk.world.snapshot() == before
    with desk.world.engine.begin() as connection:
        now = desk.world.clock.now()
        found = redeem(connection, channel="zalo", bot="b", address="moi", text=code, now=now)
    assert found is not None
    assert (found.outcome, found.person_id) == ("linked", new.id)


def test_somebody_fills_a_role_of_the_file(desk: Desk) -> None:
    role = person(desk, OFFICER)
    fields = {"name": "Trần Văn Bình", "unit": str(role.unit_id), "role": "officer", "place": OFFICER}
    assert "Trần Văn Bình" in desk.sign_in(STANDING).post("/con-nguoi/them", status=200, **fields).text
    assert person(desk, OFFICER).name == "Trần Văn Bình"
    assert person(desk, OFFICER).id == role.id


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"name": " "}, "ghi giúp họ tên"),
        ({"name": "x" * 201}, "dài quá 200 chữ"),
        ({"unit": "999"}, "chọn giúp đơn vị"),
        ({"unit": "kinh-te"}, "chọn giúp đơn vị"),
        ({"role": "admin"}, "chọn giúp vai trò"),
        ({"role": "viewer", "standing": "1"}, "không thể là thường trực"),
        ({"phone": "abc"}, "Số điện thoại chưa đúng"),
        ({"place": "khong-co"}, "đã có người"),
    ],
)
def test_nobody_is_taken_in_by_a_form_that_makes_no_sense(desk: Desk, form: dict[str, Any], why: str) -> None:
    browser = desk.sign_in(STANDING)
    before = desk.world.snapshot()
    fields: dict[str, Any] = {"name": "Lê Thị Hạnh", "unit": str(unit(desk, "kinh-te")), "role": "officer", **form}
    assert why in browser.post("/con-nguoi/them", status=422, **fields).text
    assert desk.world.snapshot() == before


def test_a_form_that_was_refused_keeps_what_was_filled_in(desk: Desk) -> None:
    fields = {
        "name": "Lê <Thị> Hạnh",
        "unit": str(unit(desk, "kinh-te")),
        "role": "head",
        "phone": "09x",
        "standing": "1",
    }
    page = desk.sign_in(STANDING).post("/con-nguoi/them", status=422, **fields).text
    assert 'value="Lê &lt;Thị&gt; Hạnh"' in page
    assert f'value="{fields["unit"]}" selected' in page
    assert 'value="head" selected' in page
    assert 'value="09x"' in page
    assert 'value="1" checked' in page


def test_a_unit_s_group_gets_a_code_that_links_the_group_and_no_person(desk: Desk) -> None:
    browser, group = desk.sign_in(STANDING), unit(desk, "kinh-te")
    page = browser.post(f"/con-nguoi/don-vi/{group}/ma", status=200).text
    [code] = CODE.findall(page)
    assert "Thêm bot của cơ quan vào nhóm chat" in page
    with desk.world.engine.begin() as connection:
        place: dict[str, Any] = {"channel": "zalo", "bot": "b", "text": code, "now": desk.world.clock.now()}
        alone = redeem(connection, address="mot-nguoi", **place)
        assert alone is not None
        assert alone.outcome == "wrong"
        together = redeem(connection, address="nhom", sender="mot-nguoi", **place)
    assert together is not None
    assert (together.outcome, together.unit_id) == ("unit_linked", group)
    assert 'Nhóm chat: <span class="channel">Zalo, nối 10/03/2026' in browser.get("/con-nguoi").text
    browser.post("/con-nguoi/don-vi/999/ma", status=404)

"""The page of one piece of work: the whole story, and the files that people sent."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from data.evidence_files import EvidenceFiles
from data.journal import JOURNAL
from data.rows import AnyRow
from engine.messages import HIDDEN_TITLE
from engine.office import EVIDENCE, OBLIGATION, OCCURRENCE
from engine.why import details_of
from tests.web.desk import Desk
from tests.world import DESK_OFFICER, HEAD, OFFICER, STANDING_HEAD, World, monthly_report
from web.console.app import build_console

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(tmp_path, "2026-03-02 08:00", [monthly_report(confirm="head")])
    world.ignore_rest()
    desk = Desk(world)
    desk.console = replace(desk.console, evidence=EvidenceFiles(tmp_path / "minh-chung"))
    desk.app = build_console(desk.console)
    yield desk
    world.close()


def test_the_story_tells_what_was_said_by_whom_and_why(desk: Desk) -> None:
    world = desk.world
    world.run_until("2026-03-16 08:00")
    world.say(OFFICER, "gia hạn 1 đến 19/3 vì chờ <b>số liệu</b>")
    world.run_until("2026-03-17 08:00")
    world.say(OFFICER, "xong 1 số 12/BC-UBND")
    work = world.occurrence("Báo cáo TTHC")
    page = desk.sign_in(STANDING_HEAD).get(f"/viec/{work.id}").text
    for words in (
        "gom số liệu",  # a line that was sent
        "đã gửi",
        "gia hạn 1 đến 19/3 vì chờ &lt;b&gt;số liệu&lt;/b&gt;",  # what was typed, inert
        "gửi đề nghị gia hạn",
        "ghi là báo xong, chờ xác nhận",
        "đến 19/03/2026; lý do: chờ",  # the journal, in words
        "văn bản 12/BC-UBND",
        "Số, ký hiệu văn bản",
        "người làm: Chuyên viên Phòng Kinh tế",
    ):
        assert words.lower() in page.lower(), words
    assert "<b>số liệu</b>" not in page
    assert "&#34;" not in page.split('id="nhat-ky"')[1]  # no JSON


def test_words_about_other_work_stay_out_of_the_story(desk: Desk) -> None:
    world = desk.world
    world.run_until("2026-03-16 08:00")
    world.say(OFFICER, "việc")
    world.say(OFFICER, "vướng 1 chưa có mẫu biểu")
    [march, april] = [row.id for row in _works(desk)[:2]]
    browser = desk.sign_in(STANDING_HEAD)
    assert "chưa có mẫu biểu" in browser.get(f"/viec/{march}").text
    assert "chưa có mẫu biểu" not in browser.get(f"/viec/{april}").text
    assert "“việc”" not in browser.get(f"/viec/{march}").text


def test_the_story_of_secret_work_repeats_nothing(desk: Desk) -> None:
    world = desk.world
    world.run_until("2026-03-16 08:00")
    world.say(OFFICER, "vướng 1 chờ công văn riêng")
    work = world.occurrence("Báo cáo TTHC")
    number = _keep(desk, work.id, b"x", "bi-mat.pdf")
    with world.engine.begin() as connection:
        connection.execute(update(OBLIGATION).values(secret=True))
    browser = desk.sign_in(STANDING_HEAD)
    page = browser.get(f"/viec/{work.id}").text
    assert HIDDEN_TITLE in page
    for words in ("Báo cáo TTHC", "công văn riêng", "bi-mat", "Báo cáo tháng"):
        assert words not in page
    browser.get(f"/viec/{work.id}/tep/{number}", status=404)


# ---- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "ending"),
    [
        ("anh.jpg", ".jpg"),
        ("Báo cáo.PDF", ".pdf"),
        ("x.html", ".html"),
        ('a"; filename="b.exe\r\nX: y.exe', ".exe"),
        ("../../etc/passwd", ""),
        ("x.tênlạ", ""),
        ("x." + "a" * 40, ""),
        (None, ""),
    ],
)
def test_a_kept_file_is_saved_under_a_name_of_ours(desk: Desk, named: str | None, ending: str) -> None:
    work = desk.world.occurrence("Báo cáo TTHC")
    content = b"<script>alert(1)</script>"
    number = _keep(desk, work.id, content, named)
    answer = desk.sign_in(STANDING_HEAD).get(f"/viec/{work.id}/tep/{number}")
    assert answer.content == content
    assert answer.headers["content-disposition"] == f'attachment; filename="minh-chung-{work.id}-{number}{ending}"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_who_may_not_see_the_work_gets_no_file(desk: Desk) -> None:
    work = desk.world.occurrence("Báo cáo TTHC")
    number = _keep(desk, work.id, b"x", "x.jpg")
    desk.sign_in(OFFICER).get(f"/viec/{work.id}/tep/{number}")
    desk.sign_in(DESK_OFFICER).get(f"/viec/{work.id}/tep/{number}", status=404)
    desk.sign_in(HEAD).get(f"/viec/{work.id}/tep/{number + 1}", status=404)
    other = _works(desk)[1]
    desk.sign_in(HEAD).get(f"/viec/{other.id}/tep/{number}", status=404)  # another work's


def test_a_damaged_or_missing_file_is_not_given_out(desk: Desk) -> None:
    work = desk.world.occurrence("Báo cáo TTHC")
    number = _keep(desk, work.id, b"as it was", "x.jpg")
    files = desk.console.evidence
    assert files is not None
    [path] = [path for path in files.folder.rglob("*") if path.is_file()]
    browser = desk.sign_in(STANDING_HEAD)
    path.write_bytes(b"changed since")
    assert "đã bị thay đổi" in browser.get(f"/viec/{work.id}/tep/{number}", status=422).text
    path.unlink()
    assert "không còn trên máy chủ" in browser.get(f"/viec/{work.id}/tep/{number}", status=422).text


# ---- the journal in words -------------------------------------------------------------------------------------------


CHAIN = {"doer": ["An"], "leaders": ["Cúc", "Dũng"]}
MOVED = {"until": "2026-03-19", "was": "2026-03-16", "reason": "chờ"}
PHOTO = {"kind": "photo", "size": 2400, "sha256": "ab" * 32, "mime": "image/jpeg"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"state": "done", "title": "Báo cáo", "document": None}, ""),
        ({"document": "12/BC-UBND", "state": "done"}, "văn bản 12/BC-UBND"),
        (MOVED, "trước là 16/03/2026; đến 19/03/2026; lý do: chờ"),
        ({"until": "2026-03-19T01:00:00+00:00"}, "đến 08:00 19/03/2026"),
        ({"from": "An", "to": "Bình", "reason": None}, "từ An; cho Bình"),
        ({"due": "2026-03-17", "chain": CHAIN}, "hạn 17/03/2026; người làm: An; lãnh đạo: Cúc, Dũng"),
        (PHOTO, "ảnh; 2 kB; dấu SHA-256 abababababababab…"),
        ({"wanted": "document"}, "cần số, ký hiệu văn bản"),
        ({"message": 7, "why": "chưa nối kênh nhắn tin"}, "vì chưa nối kênh nhắn tin"),
        ({"changed": ["hạn: ngày 17 → ngày 15", "chốt"]}, "hạn: ngày 17 → ngày 15, chốt"),
        ({"chưa-biết": 3}, "chưa-biết: 3"),  # shown rather than kept back
        ([], ""),
    ]
)  # fmt: skip
def test_what_a_line_of_the_journal_adds_is_said_in_words(data: object, words: str) -> None:
    assert details_of(json.dumps(data), ZONE) == words


def test_details_that_are_no_json_any_more_are_left_out() -> None:
    assert details_of("{broken") == ""


def test_every_line_that_stories_write_about_work_has_words(desk: Desk) -> None:
    """Nothing but what is known: a name of a program's entry is never shown to an officer."""
    world = desk.world
    world.run_until("2026-03-16 08:00")
    world.say(OFFICER, "vướng 1 chưa có mẫu")
    world.say(OFFICER, "gia hạn 1 đến 19/3 vì chờ số liệu")
    world.say(STANDING_HEAD, "đồng ý 1")
    world.say(OFFICER, "nhắc 1 chiều mai")
    world.run_until("2026-03-19 09:00")
    world.say(OFFICER, "xong 1")
    lines = world.rows(select(JOURNAL.c.action, JOURNAL.c.data).where(JOURNAL.c.occurrence_id.is_not(None)))
    assert {line.action for line in lines} >= {"opened", "difficulty", "extension_asked", "reported"}
    for line in lines:
        shown = details_of(line.data, ZONE)
        assert not [name for name in json.loads(line.data) if f"{name}: " in shown], shown


def _works(desk: Desk) -> list[AnyRow]:
    return desk.world.rows(select(OCCURRENCE.c.id).order_by(OCCURRENCE.c.due))


def _keep(desk: Desk, work: int, content: bytes, name: str | None) -> int:
    files = desk.console.evidence
    assert files is not None
    with desk.world.engine.begin() as connection:
        return int(
            connection.execute(
                insert(EVIDENCE)
                .values(
                    office_id="xa-mau",
                    occurrence_id=work,
                    given_at=dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC),
                    kind="file",
                    name=name,
                    size=len(content),
                    sha256=files.keep(content),
                    status="kept",
                )
                .returning(EVIDENCE.c.id)
            ).scalar_one()
        )

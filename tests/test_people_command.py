"""``nhacviec people …`` as the standing office meets it: lists, codes, sheets, moves, leaves, calls."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

from engine.errors import BadDocument
from engine.people_list import BadPeopleList, PersonRow, phone_of, read_list, read_people, role_of
from engine.rules.codes import code_in
from tests.test_bad_input import HUNG_THANG, nhacviec, refused

HEAD = "Họ và tên;Đơn vị;Chức vụ;Số điện thoại;E-mail;Thường trực;Phụ trách"
TWO = (
    f"{HEAD}\nKế toán Phòng Kinh tế;Phòng Kinh tế;Kế toán;912 345 678;kt@xa.gov.vn;;\n"
    "Văn thư xã;VP HĐND-UBND;Văn thư;;;;\n"
)


@pytest.fixture
def loaded(tmp_path: Path) -> Path:
    database = tmp_path / "nv.db"
    result = nhacviec("load", "--yes", str(HUNG_THANG), database=database)
    assert result.returncode == 0, result.stderr
    return database


def written(tmp_path: Path, text: str, name: str = "ds.csv", encoding: str = "utf-8-sig") -> Path:
    """A list on disk."""
    path = tmp_path / name
    path.write_text(text, encoding=encoding)
    return path


def said_json(*words: str, database: Path) -> Any:
    """What a command says with --json."""
    result = nhacviec("people", *words, "--json", database=database)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


# ---- reading lists --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_whatever_parts_its_columns(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = (
        "DANH SÁCH CÁN BỘ\nTT;Họ và tên;Đơn vị;Vai trò;Điện thoại;Thường trực\n"
        '1;Chuyên viên CCHC;"Phòng Văn hóa - Xã hội";Chuyên viên;0912.345.678;x\n\n'
        "2;Trưởng phòng;Phòng Kinh tế;Trưởng phòng;;\n"
    )
    rows = read_people(written(tmp_path, text.replace(";", delimiter), encoding=encoding))
    assert rows == [
        PersonRow(
            3, "Chuyên viên CCHC", "Phòng Văn hóa - Xã hội", "officer", "Chuyên viên", None, "0912345678", None, True
        ),
        PersonRow(5, "Trưởng phòng", "Phòng Kinh tế", "head", "Trưởng phòng", standing=False),
    ]


def test_a_workbook_is_read_with_its_header_some_rows_below(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (
        ["UBND XÃ MẪU"],
        [],
        ["DANH SÁCH CÁN BỘ"],
        ["STT", "Họ tên", "Đơn vị công tác", "Chức vụ, chức danh", "SĐT", "Phụ trách", "Mã"],
        [1, "Phó Chủ tịch UBND xã", "Lãnh đạo", "Phó Chủ tịch", 912345678, "Phòng Kinh tế;\nVăn phòng", "pho-ct"],
        [2.0, "Chuyên viên", "Phòng Kinh tế", "Chuyên viên", "+84 912 345 679", None, None],
        [None, "Tổng cộng: 2 người"],
    ):
        sheet.append(line)
    book.save(tmp_path / "ds.xlsx")
    found = read_list(tmp_path / "ds.xlsx")
    assert found.problems == ()
    assert [(row.line, row.slug, row.phone, row.in_charge_of) for row in found.rows] == [
        (5, "pho-ct", "0912345678", ("Phòng Kinh tế", "Văn phòng")),
        (6, None, "0912345679", ()),
    ]
    assert "dòng 7" in found.notes[0]


def test_the_header_may_be_english(tmp_path: Path) -> None:
    (row,) = read_people(written(tmp_path, "name,unit,role,phone,email\nChuyên viên,Phòng Kinh tế,officer,,A@b.vn\n"))
    assert (row.role, row.email, row.standing, row.in_charge_of) == ("officer", "a@b.vn", None, None)


@pytest.mark.parametrize(
    ("title", "role"),
    [
        *((t, "officer") for t in ("Chuyên viên", "chuyen vien", "Công chức địa chính", "Viên chức", "Kế toán")),
        *((t, "head") for t in ("Trưởng phòng Kinh tế", "Phó Trưởng phòng", "Giám đốc", "Phó giám đốc", "Trưởng ban")),
        *((t, "head") for t in ("Chánh Văn phòng", "Phó Chánh Văn phòng", "Trạm trưởng", "Trưởng đơn vị", "head")),
        *((t, "leader") for t in ("Chủ tịch UBND xã", "Phó Chủ tịch", "Lãnh đạo", "Bí thư Đảng ủy", "leader")),
        *((t, "viewer") for t in ("xem", "Người xem", "chỉ xem", "viewer", "Theo dõi")),
        *((t, None) for t in ("", "ABC", "Phó", "Ông")),
    ],
)
def test_roles_are_known_by_their_titles(title: str, role: str | None) -> None:
    assert role_of(title) == role


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        *((t, "0912345678") for t in ("0912345678", "912345678", "0912 345 678", "+84 912.345.678", "84912345678")),
        ("(0225) 3123456", "02253123456"),
        *((t, None) for t in ("123", "0912345678/0987654321", "không có", "0000000000", "09123456789012")),
    ],
)
def test_telephone_numbers(typed: str, phone: str | None) -> None:
    assert phone_of(typed) == phone


def test_every_problem_of_a_list_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = (
        f"{HEAD}\nA;Phòng Kinh tế;thợ;12;x@;có lẽ;\n;Phòng Kinh tế;Chuyên viên;;;;\nB;Phòng Kinh tế;Xem;;;x;\n"
        "C;Phòng Kinh tế;Chuyên viên;;c@xa.vn;;\nC;phòng kinh tế;Chuyên viên;;;;\n"
        "D;Phòng Kinh tế;Chuyên viên;;c@xa.vn;;\n"
    )
    with pytest.raises(BadPeopleList) as refusal:
        read_people(written(tmp_path, text))
    said = "\n".join(refusal.value.problems)
    for words in (
        "ds.csv, dòng 2: không rõ vai trò “thợ”",
        "ds.csv, dòng 2: số điện thoại “12”",
        "ds.csv, dòng 2: địa chỉ email “x@”",
        "ds.csv, dòng 2: cột Thường trực ghi “có lẽ”",
        "ds.csv, dòng 3: thiếu “Họ tên”",
        "ds.csv, dòng 4: người chỉ xem không thể làm thường trực",
        "ds.csv, dòng 6: trùng họ tên và đơn vị với dòng 5",
        "ds.csv, dòng 7: trùng địa chỉ email với dòng 5",
    ):
        assert words in said
    assert len(refusal.value.problems) == 8


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ds.csv", b"\xc1\xc2,x\n", "không phải mã UTF-8"),
        ("ds.csv", "Ai đó,ở đâu\n".encode(), "không thấy dòng tiêu đề"),
        ("ds.csv", HEAD.encode(), "không có ai"),
        ("ds.csv", b"", "tệp rỗng"),
        ("ds.pdf", b"%PDF-1.4", "phải là tệp .csv hoặc .xlsx"),
        ("ds.xlsx", b"PK\x03\x04rubbish", "hỏng"),
        ("ds.xls", b"\xd0\xcf\x11\xe0", "Hãy mở bằng Excel"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((BadPeopleList, BadDocument)) as refusal:
        read_people(tmp_path / name)
    assert words in str(refusal.value)


# ---- the commands ---------------------------------------------------------------------------------------------------


def test_importing_shows_the_difference_first_and_twice_changes_nothing(loaded: Path, tmp_path: Path) -> None:
    file = str(written(tmp_path, TWO))
    asked = nhacviec("people", "import", file, database=loaded)  # nobody answers
    assert "thêm ke-toan-phong-kinh-te: Kế toán Phòng Kinh tế, Phòng Kinh tế" in asked.stdout
    refused(asked, "chưa thay đổi gì")
    assert len(said_json("import", file, database=loaded)) == 2  # --json alone writes nothing either
    done = nhacviec("people", "import", file, "--yes", database=loaded)
    assert "Đã ghi 2 người" in done.stdout, done.stderr
    assert "(mã kinh-te-cv)" in done.stdout  # the role of the file is still nobody
    assert "không có gì thay đổi" in nhacviec("people", "import", file, database=loaded).stdout
    found = {person["slug"]: person for person in said_json("list", database=loaded)}
    assert found["ke-toan-phong-kinh-te"]["phone"] == "0912345678"
    assert found["ke-toan-phong-kinh-te"]["chats"][0]["channel"] in ("email", "simulator")
    assert found["van-thu-xa"]["unit"] == "Văn phòng HĐND và UBND"
    assert "không có gì thay đổi" in nhacviec("load", str(HUNG_THANG), database=loaded).stdout


def test_a_bad_list_is_told_whole_and_nothing_of_it_is_written(loaded: Path, tmp_path: Path) -> None:
    file = written(tmp_path, f"{HEAD}\nA;Phòng Kinh Tees;Chuyên viên;;;;\nB;Phòng Kinh tế;Chuyên viên;1;;;\n")
    result = nhacviec("people", "import", str(file), "--yes", database=loaded)
    refused(result, "ds.csv, dòng 2: không có đơn vị nào", "Có phải “Phòng Kinh tế”?", "ds.csv, dòng 3: số điện thoại")
    assert not {"a", "b"} & {person["slug"] for person in said_json("list", database=loaded)}


def test_codes_are_shown_once_and_kept_nowhere(loaded: Path) -> None:
    (slip,) = said_json("codes", "kinh-te-cv", database=loaded)
    assert code_in(slip["code"])
    assert slip["code"].encode() not in loaded.read_bytes()
    told = nhacviec("people", "codes", "Trưởng phòng Kinh tế", "--days", "3", database=loaded).stdout
    assert re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}  Trưởng phòng Kinh tế, Phòng Kinh tế", told)
    assert len(said_json("codes", "--all-unlinked", database=loaded)) == 12
    (group,) = said_json("codes", "--unit", "Phòng Kinh tế", database=loaded)
    assert group["unit"] == "Phòng Kinh tế"
    waiting = [person for person in said_json("list", database=loaded) if person["code_until"]]
    assert len(waiting) == 12
    for words, sentence in (
        ([], "Hãy ghi mã"),
        (["kinh-te-cv", "--all-unlinked"], "Hãy ghi mã"),
        (["khong-co"], "“khong-co”"),
        (["Không Có Ai"], "nhacviec people list"),
        (["--unit", "Phòng Kinh tee"], "Có phải “Phòng Kinh tế”?"),
    ):
        refused(nhacviec("people", "codes", *words, database=loaded), sentence)


def test_a_code_links_whoever_types_it(loaded: Path) -> None:
    (slip,) = said_json("codes", "kinh-te-cv", database=loaded)
    assert "Chuyên viên Phòng Kinh tế" in nhacviec("say", "--as", "kinh-te-cv", slip["code"], database=loaded).stdout


def test_the_sheet_has_a_box_for_everyone_without_a_channel(loaded: Path, tmp_path: Path) -> None:
    paper = tmp_path / "phieu.docx"
    result = nhacviec(
        "people", "sheet", str(paper), "--zalo", "Bot Nhắc Việc", "--telegram", "@NhacBot", database=loaded
    )
    assert "Đã ghi 12 phiếu" in result.stdout, result.stderr
    document = docx.Document(str(paper))
    boxes = [cell.text for row in document.tables[0].rows for cell in row.cells]
    assert len(boxes) == 12
    for box in boxes:
        assert any(code_in(line) for line in box.split("\n"))
        assert "Zalo, tìm “Bot Nhắc Việc” hoặc Telegram, tìm @NhacBot" in box
        assert "UBND xã Hùng Thắng" in box
        assert "dùng một lần" in box
    assert round(document.sections[0].page_width.cm, 1) == 21.0  # type: ignore[union-attr]
    refused(nhacviec("people", "sheet", str(paper), database=loaded), "đã có")
    refused(nhacviec("people", "sheet", str(tmp_path / "phieu.pdf"), database=loaded), ".docx")
    refused(nhacviec("people", "sheet", str(tmp_path / "khong" / "phieu.csv"), database=loaded), "Không có thư mục")
    again = nhacviec("people", "sheet", str(tmp_path / "phieu.csv"), database=loaded)
    assert "12 người trong số đó hết hiệu lực" in again.stdout
    with (tmp_path / "phieu.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 12
    assert all(code_in(line["Mã liên kết"]) for line in lines)


def test_a_person_moves_leaves_and_goes(loaded: Path) -> None:
    asked = nhacviec("people", "move", "kinh-te-cv", "--to", "Văn phòng HĐND-UBND xã", database=loaded)
    assert "không có việc nào đang mở" in asked.stdout
    refused(asked, "chưa thay đổi gì")
    moving = ("people", "move", "kinh-te-cv", "--to")
    refused(nhacviec(*moving, "kinh-te", "--yes", database=loaded), "đang ở Phòng Kinh tế")
    refused(nhacviec(*moving, "vhxh", "--give", "một=ai", database=loaded), "viết chưa đúng")
    moved = nhacviec(*moving, "van-phong", "--yes", database=loaded)
    assert "nay thuộc Văn phòng HĐND và UBND" in moved.stdout, moved.stderr
    assert "không có gì thay đổi" in nhacviec("load", str(HUNG_THANG), database=loaded).stdout

    leave = ("people", "leave", "kinh-te-cv", "--from", "1/12/2027", "--to", "2027-12-15", "--decision", "12/QĐ-UBND")
    away = nhacviec(*leave, "--stand-in", "van-phong-chanh", database=loaded)
    assert "nhận tin thay Chuyên viên Phòng Kinh tế (12/QĐ-UBND)" in away.stdout, away.stderr
    refused(nhacviec(*leave, "--stand-in", "van-phong-cv", database=loaded), "đã có Chánh Văn phòng")
    back = ("stand-in", "van-phong-chanh", "kinh-te-cv", "--from", "2027-12-15", "--to", "2027-12-20")
    refused(nhacviec(*back, "--decision", "13", database=loaded), "đi vòng tròn", "Ngày 15/12/2027")
    refused(nhacviec("people", "left", "kinh-te-cv", "--on", "31/2/2026", database=loaded), "không phải ngày có thật")
    refused(nhacviec("people", "left", "kinh-te-cv", "--on", "1/1/2099", "--yes", database=loaded), "chưa tới")

    gone = nhacviec("people", "left", "kinh-te-cv", "--on", "1/3/2026", "--yes", database=loaded)
    assert "thôi công tác từ 01/03/2026" in gone.stdout, gone.stderr
    assert "kinh-te-cv" not in {person["slug"] for person in said_json("list", database=loaded)}
    verified = nhacviec("journal", "verify", database=loaded)
    assert "nguyên vẹn" in verified.stdout, verified.stderr


def test_unlinking_asks_and_says_what_next(loaded: Path) -> None:
    refused(nhacviec("people", "unlink", "kinh-te-cv", database=loaded), "chưa thay đổi gì")
    done = nhacviec("people", "unlink", "kinh-te-cv", "--yes", database=loaded)
    assert "nhacviec people codes kinh-te-cv" in done.stdout, done.stderr
    refused(nhacviec("people", "unlink", "kinh-te-cv", "--channel", "zalo", "--yes", database=loaded), "chưa nối zalo")


def test_calls_are_listed_with_telephone_work_and_reason(loaded: Path) -> None:
    assert "Không cần gọi điện" in nhacviec("people", "calls", database=loaded).stdout
    with sqlite3.connect(loaded) as connection:
        (person,) = connection.execute("SELECT id FROM person WHERE slug = 'kinh-te-cv'").fetchone()
        connection.execute("UPDATE person SET phone = '0912345678' WHERE id = ?", (person,))
        (work,) = connection.execute("SELECT min(id) FROM occurrence").fetchone()
        chain = json.dumps({"doer": [person], "head": [], "standing": [], "leaders": []})
        connection.execute(
            "UPDATE occurrence SET opened_at = '2026-01-01 00:00:00', chain = ?, doer_id = ? WHERE id = ?",
            (chain, person, work),
        )
        connection.execute(
            "INSERT INTO reminder"
            " (office_id, occurrence_id, revision, rung, person_id, says, scheduled_at, status, reason)"
            " VALUES ('hung-thang', ?, 1, 'last-call', ?, 'last_call', '2026-01-01 00:00:00', 'suppressed', ?)",
            (work, person, "chưa nối kênh nhắn tin"),
        )
    connection.close()
    told = nhacviec("people", "calls", database=loaded).stdout
    for words in ("Chuyên viên Phòng Kinh tế, Phòng Kinh tế. Điện thoại: 0912345678", "chưa nối kênh", f"Việc {work}:"):
        assert words in told
    (call,) = said_json("calls", database=loaded)
    assert (call["slug"], call["phone"], call["work"][0]["occurrence_id"]) == ("kinh-te-cv", "0912345678", work)


def test_with_several_offices_the_one_that_is_meant_must_be_named(loaded: Path, tmp_path: Path) -> None:
    other = HUNG_THANG.parent / "ke-sat.yaml"
    assert nhacviec("load", "--yes", str(other), database=loaded).returncode == 0
    file = str(written(tmp_path, TWO))
    refused(nhacviec("people", "import", file, database=loaded), "Có nhiều cơ quan", "--office")
    assert len(said_json("import", file, "--office", "hung-thang", database=loaded)) == 2
    refused(nhacviec("people", "list", "--office", "nope", database=loaded), "“nope”")


def test_without_any_office_the_commands_say_so(tmp_path: Path) -> None:
    for words in (["list"], ["calls"], ["codes", "--all-unlinked"], ["sheet", str(tmp_path / "a.docx")]):
        refused(nhacviec("people", *words, database=tmp_path / "empty.db"), "Chưa nạp cơ quan nào")

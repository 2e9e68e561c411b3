"""``nhacviec people …`` as the standing office meets it: lists, codes, sheets, moves, leaves, calls."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import json
import re
import sqlite3
from pathlib import Path
from typing import Any, get_args

import docx
import openpyxl
import pytest

import engine
from data.database import open_database
from engine.errors import BadDocument
from engine.messages import Outcome, Says
from engine.people_list import BadPeopleList, PersonRow, phone_of, read_list, read_people, role_of
from engine.rules.codes import code_in
from engine.why import ACTIONS, SAYS
from tests.command import nhacviec
from tests.test_bad_input import HUNG_THANG, refused

ENGINE_FILES = Path(engine.__file__ or "").parent
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
    ("rows", "words"),
    [
        ('B;"Phòng Kinh tế;Xem;;;;\nC;Phòng Kinh tế;Xem;;;;\n', ["dòng 3: dấu nháy kép", "các dòng 3 đến 4"]),
        ('B;"Phòng Kinh tế;Xem;;;;\nC;"Phòng Kinh tế";Xem;;;;\n', ["dòng 3: dấu nháy kép", "các dòng 3 đến 4"]),
        ('B;"Phòng Kinh tế;Xem', ["dòng 3: dấu nháy kép"]),
    ],
)
def test_a_quotation_mark_that_is_not_closed_is_named(tmp_path: Path, rows: str, words: list[str]) -> None:
    found = read_list(written(tmp_path, f"{HEAD}\nA;Phòng Kinh tế;thợ;;;;\n{rows}"))
    assert "dòng 2: không rõ vai trò" in "\n".join(found.problems)  # what stands before it is read all the same
    (problem,) = [said for said in found.problems if "nháy" in said]
    for word in words:
        assert word in problem
    assert len(found.problems) == 2
    header = read_list(written(tmp_path, f'"UBND xã Mẫu\n{HEAD}\nA;Phòng Kinh tế;Xem;;;;\n'))
    assert ["dòng 1: dấu nháy kép" in said for said in header.problems] == [True]


def test_quotation_marks_that_are_closed_are_no_problem(tmp_path: Path) -> None:
    text = (
        f'{HEAD}\nA;"Phòng ""Kinh tế""";Lãnh đạo;;;;"Phòng Kinh tế;Văn phòng\nPhòng Văn hóa"\nB;Phòng "Một";Xem;;;;\n'
    )
    found = read_list(written(tmp_path, text))
    assert found.problems == ()
    assert [row.unit for row in found.rows] == ['Phòng "Kinh tế"', 'Phòng "Một"']
    assert found.rows[0].in_charge_of == ("Phòng Kinh tế", "Văn phòng", "Phòng Văn hóa")


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


# ---- the words for what the journal says ----------------------------------------------------------------------------


def written_actions() -> set[str]:
    """Every action that some line of engine/ writes into the journal, read from the source."""
    found: set[str] = set()
    for path in sorted(ENGINE_FILES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            call: function
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
        }
        for call, function in inside.items():
            if ast.unparse(call.func) == "journal.Line":
                found |= _actions(tree, function, argument(call, 1, "action"), f"{path}:{call.lineno}")
    return found


def argument(call: ast.Call, place: int, name: str) -> ast.expr:
    """What a call gives at this place, or by this name."""
    return next((word.value for word in call.keywords if word.arg == name), None) or call.args[place]


def _actions(tree: ast.Module, function: ast.FunctionDef, said: ast.expr, where: str) -> set[str]:
    """What an expression may come to: a word, one of two, or what the callers of its function say."""
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        return {said.value}
    if isinstance(said, ast.IfExp):
        return _actions(tree, function, said.body, where) | _actions(tree, function, said.orelse, where)
    if isinstance(said, ast.JoinedStr):
        assert ast.unparse(said).startswith("f'message_"), where
        return {f"message_{kind.__name__.lower()}" for kind in get_args(Outcome)}
    assert isinstance(said, ast.Name), f"{where}: which actions may this be?"
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == said.id for target in node.targets):
            found |= _actions(tree, function, node.value, where)
    names = [arg.arg for arg in function.args.args]
    for caller in ast.walk(tree) if said.id in names else ():
        if isinstance(caller, ast.FunctionDef):
            for call in ast.walk(caller):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == function.name:
                    found |= _actions(tree, caller, argument(call, names.index(said.id), said.id), where)
    assert found, f"{where}: nobody says which action"
    return found


def test_every_action_of_the_journal_has_vietnamese_words() -> None:
    written_down = written_actions()
    assert {"handed_over", "difficulty", "message_retry", "evidence_kept", "linked", "opened"} <= written_down
    assert written_down - ACTIONS.keys() == set()
    assert set(Says) - SAYS.keys() == set()


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


def test_a_change_is_shown_with_what_stands_now(loaded: Path, tmp_path: Path) -> None:
    header = "Mã,Họ tên,Đơn vị,Vai trò,Điện thoại,Email"
    wrong = f"{header}\nkinh-te-truong,Văn thư xã,van-phong,Chuyên viên,0912345678,vt@xa.vn\n"
    asked = nhacviec("people", "import", str(written(tmp_path, wrong)), database=loaded)
    refused(asked, "chưa thay đổi gì")
    for line in (
        "họ tên: Trưởng phòng Kinh tế → Văn thư xã",
        "đơn vị: Phòng Kinh tế → Văn phòng HĐND và UBND",
        "vai trò: trưởng đơn vị → chuyên viên",
        "điện thoại: (trống) → 0912345678",
        "email: (trống) → vt@xa.vn",
        "Đây là người khác?",
    ):
        assert line in asked.stdout, asked.stdout
    right = f"{header}\nkinh-te-truong,Người thật,kinh-te,Trưởng phòng,,\n"
    file = str(written(tmp_path, right))
    told = nhacviec("people", "import", file, database=loaded).stdout
    assert "họ tên: Trưởng phòng Kinh tế → Người thật" in told
    assert "người khác?" not in told
    (change,) = said_json("import", file, database=loaded)
    assert (change["altered"][0]["old"], change["somebody_else"]) == ("Trưởng phòng Kinh tế", False)


def test_problems_of_every_kind_are_told_together(loaded: Path, tmp_path: Path) -> None:
    text = (
        f"{HEAD}\nA;Phòng Kinh tế;thợ;;;;Phòng Kinh Tees\nB;Phòng Kinh tế;Chuyên viên;1;b@xa.vn;;\n"
        "B;Phòng Kinh tế;Chuyên viên;;;;\nC;Phòng Kinh tế;Chuyên viên;;b@xa.vn;;\nD;Nơi nào;thợ;;;;\n"
        "E;Phòng Kinh tế;Chuyên viên;;;;\nE;kinh-te;Chuyên viên;;;;\n"
    )
    result = nhacviec("people", "import", str(written(tmp_path, text)), "--yes", database=loaded)
    refused(
        result,
        "dòng 2: không rõ vai trò “thợ”",
        "dòng 2: không có đơn vị nào tên “Phòng Kinh Tees”",
        "dòng 3: số điện thoại",
        "dòng 4: trùng họ tên và đơn vị với dòng 3",
        "dòng 5: trùng địa chỉ email với dòng 3",
        "dòng 6: không rõ vai trò “thợ”",
        "dòng 6: không có đơn vị nào tên “Nơi nào”",
        "dòng 8: trùng người với dòng 7",
    )
    assert result.stderr.count("ds.csv, dòng") == 8, result.stderr


def test_codes_are_shown_once_and_kept_nowhere(loaded: Path) -> None:
    (slip,) = said_json("codes", "kinh-te-cv", database=loaded)
    assert code_in(slip["code"])
    assert slip["code"].encode() not in loaded.read_bytes()
    told = nhacviec("people", "codes", "Trưởng phòng Kinh tế", "--days", "3", database=loaded).stdout
    assert re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}  Trưởng phòng Kinh tế, Phòng Kinh tế", told)
    assert len(said_json("codes", "--all-unlinked", database=loaded)) == 10  # two have one that still holds
    assert said_json("codes", "--all-unlinked", database=loaded) == []
    every = ("people", "codes", "--all-unlinked", "--again")
    refused(nhacviec(*every, "--json", database=loaded), "còn hiệu lực của 12 người sẽ bị huỷ", "--yes")
    refused(nhacviec(*every, database=loaded), "chưa thay đổi gì")
    assert len(said_json(*every[1:], "--yes", database=loaded)) == 12
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
    words = ("people", "sheet", str(paper), "--zalo", "Bot Nhắc Việc", "--telegram", "@NhacBot")
    asked = nhacviec(*words, database=loaded)  # nobody answers
    assert "kinh-te-cv: Chuyên viên Phòng Kinh tế, Phòng Kinh tế" in asked.stdout
    refused(asked, "chưa thay đổi gì")
    assert not paper.exists()
    assert not any(person["code_until"] for person in said_json("list", database=loaded))
    result = nhacviec(*words, "--yes", database=loaded)
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
    second = ("people", "sheet", str(tmp_path / "phieu.csv"))
    assert "12 người" in nhacviec(*second, "--yes", database=loaded).stdout  # all have a code on paper
    assert not (tmp_path / "phieu.csv").exists()
    asked = nhacviec(*second, "--again", typed="n\n", database=loaded)
    assert "còn hiệu lực của 12 người sẽ bị huỷ" in asked.stdout
    refused(asked, "chưa thay đổi gì")
    again = nhacviec(*second, "--again", typed="y\n", database=loaded)
    assert "12 người trong số đó hết hiệu lực" in again.stdout, again.stderr
    with (tmp_path / "phieu.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 12
    assert all(code_in(line["Mã liên kết"]) for line in lines)


def test_a_person_moves_leaves_and_goes(loaded: Path) -> None:
    asked = nhacviec("people", "move", "kinh-te-cv", "--to", "Văn phòng HĐND-UBND xã", database=loaded)
    assert "không có việc nào đang mở" in asked.stdout
    refused(asked, "chưa thay đổi gì")
    moving = ("people", "move", "kinh-te-cv", "--to")
    for give in (["--yes"], []):
        asked = nhacviec(*moving, "kinh-te", *give, database=loaded)
        refused(asked, "đang ở Phòng Kinh tế rồi")
        assert "[c/K]" not in asked.stdout
    twice = ("--give", "2=kinh-te-truong", "--give", "2=van-phong-cv")
    refused(nhacviec(*moving, "vhxh", *twice, database=loaded), "Việc 2 được giao hai lần")
    refused(nhacviec(*moving, "vhxh", "--give", "một=ai", database=loaded), "viết chưa đúng")
    moved = nhacviec(*moving, "van-phong", "--yes", database=loaded)
    assert "nay thuộc Văn phòng HĐND và UBND" in moved.stdout, moved.stderr
    assert "không có gì thay đổi" in nhacviec("load", str(HUNG_THANG), database=loaded).stdout

    year = dt.datetime.now(dt.UTC).year + 1
    days = ("--from", f"1/12/{year}", "--to", f"{year}-12-15")
    leave = ("people", "leave", "kinh-te-cv", *days, "--decision", "12/QĐ-UBND")
    away = nhacviec(*leave, "--stand-in", "van-phong-chanh", database=loaded)
    assert "nhận tin thay Chuyên viên Phòng Kinh tế (12/QĐ-UBND)" in away.stdout, away.stderr
    refused(nhacviec(*leave, "--stand-in", "van-phong-cv", database=loaded), "đã có Chánh Văn phòng")
    back = ("stand-in", "van-phong-chanh", "kinh-te-cv", "--from", f"{year}-12-15", "--to", f"{year}-12-20")
    refused(nhacviec(*back, "--decision", "13", database=loaded), "đi vòng tròn", f"Ngày 15/12/{year}")
    refused(nhacviec("people", "left", "kinh-te-cv", "--on", "31/2/2026", database=loaded), "không phải ngày có thật")
    for text, words in (
        ("12/5", "thiếu năm"),
        ("12/5/26", "thiếu năm"),
        ("mai", "không phải cách viết ngày"),
        ("1/1/2099", "chưa tới"),
    ):
        asked = nhacviec("people", "left", "kinh-te-cv", "--on", text, database=loaded)
        refused(asked, words)
        assert "[c/K]" not in asked.stdout  # nothing is asked that is refused whatever the answer

    gone = nhacviec("people", "left", "kinh-te-cv", "--on", "1/3/2026", "--yes", database=loaded)
    assert "thôi công tác từ 01/03/2026" in gone.stdout, gone.stderr
    assert "kinh-te-cv" not in {person["slug"] for person in said_json("list", database=loaded)}
    verified = nhacviec("journal", "verify", database=loaded)
    assert "nguyên vẹn" in verified.stdout, verified.stderr


def work_of(loaded: Path, slug: str) -> int:
    """A piece of open work that is this person's."""
    with sqlite3.connect(loaded) as connection:
        (person,) = connection.execute("SELECT id FROM person WHERE slug = ?", (slug,)).fetchone()
        (work,) = connection.execute("SELECT min(id) FROM occurrence").fetchone()
        connection.execute(
            "UPDATE occurrence SET opened_at = '2026-01-01 00:00:00', work_state = 'new', doer_id = ?, chain = ?"
            " WHERE id = ?",
            (person, json.dumps({"doer": [person], "head": [], "standing": [], "leaders": []}), work),
        )
    connection.close()
    return int(work)


def test_work_is_not_given_to_leaders_and_what_nobody_takes_is_refused_before_asking(loaded: Path) -> None:
    work = work_of(loaded, "kinh-te-cv")
    moving = ("people", "move", "kinh-te-cv", "--to", "van-phong")
    leaders = [person["slug"] for person in said_json("list", database=loaded) if person["role"] == "leader"]
    for leader in leaders:
        refused(nhacviec(*moving, "--give", f"{work}={leader}", database=loaded), "không phải lãnh đạo")
    with sqlite3.connect(loaded) as connection:
        connection.execute("UPDATE person SET active = 0 WHERE slug != 'kinh-te-cv' AND role != 'leader'")
    connection.close()
    for words in (moving, ("people", "left", "kinh-te-cv", "--on", "1/3/2026")):
        asked = nhacviec(*words, database=loaded)
        refused(asked, f"Chưa có ai nhận việc {work} (")
        assert "[c/K]" not in asked.stdout


def test_who_is_missed_is_told_before_the_question(loaded: Path) -> None:
    people = said_json("list", database=loaded)
    leaders = [person["slug"] for person in people if person["role"] == "leader"]
    (standing,) = [person["slug"] for person in people if person["standing"]]
    with sqlite3.connect(loaded) as connection:
        connection.executemany("UPDATE person SET active = 0 WHERE slug = ?", [(slug,) for slug in leaders[1:]])
    connection.close()
    for slug, words in (
        (leaders[0], "là lãnh đạo duy nhất"),
        (standing, "là cán bộ thường trực cuối cùng"),
        ("kinh-te-truong", "Phòng Kinh tế không còn trưởng đơn vị"),
    ):
        asked = nhacviec("people", "left", slug, "--on", "1/3/2026", database=loaded)
        assert words in asked.stdout.partition("[c/K]")[0], asked.stdout
        refused(asked, "chưa thay đổi gì")
    assert "CHÚ Ý" not in nhacviec("people", "left", "kinh-te-cv", "--on", "1/3/2026", database=loaded).stdout


def test_a_leave_long_past_is_refused(loaded: Path) -> None:
    leave = ("people", "leave", "kinh-te-cv", "--stand-in", "van-phong-cv", "--decision", "1")
    refused(nhacviec(*leave, "--from", "1/4/2020", "--to", "15/4/2020", database=loaded), "đã qua cả", "năm")
    refused(nhacviec(*leave, "--from", "1/4/2020", "--to", "15/4/2099", database=loaded), "đã qua hơn một tháng")
    refused(nhacviec(*leave, "--from", "mai", "--to", "15/4/2099", database=loaded), "không phải cách viết ngày")
    refused(nhacviec(*leave, "--from", "12/5", "--to", "15/4/2099", database=loaded), "thiếu năm", "12/5/2")


def test_the_simulator_is_called_what_it_is(loaded: Path) -> None:
    told = nhacviec("people", "list", database=loaded).stdout
    assert "Kênh: trình mô phỏng" in told
    assert "simulator" not in told
    assert "12 người: 0 đã nối kênh nhắn tin, 12 chưa. 12 người mới chỉ có trình mô phỏng" in told


def test_a_slug_that_is_nobodys_points_to_the_list(loaded: Path) -> None:
    refused(nhacviec("people", "unlink", "khong-co", database=loaded), "nhacviec people list")


def test_unlinking_asks_and_says_what_next(loaded: Path) -> None:
    refused(nhacviec("people", "unlink", "kinh-te-cv", database=loaded), "chưa thay đổi gì")
    done = nhacviec("people", "unlink", "kinh-te-cv", "--yes", database=loaded)
    assert "nhacviec people codes kinh-te-cv" in done.stdout, done.stderr
    gone = nhacviec("people", "unlink", "kinh-te-cv", "--channel", "zalo", database=loaded)
    refused(gone, "chưa nối zalo")
    assert "[c/K]" not in gone.stdout


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
    open_database(f"sqlite:///{tmp_path / 'empty.db'}").dispose()
    for words in (["list"], ["calls"], ["codes", "--all-unlinked"], ["sheet", str(tmp_path / "a.docx")]):
        refused(nhacviec("people", *words, database=tmp_path / "empty.db"), "Chưa nạp cơ quan nào")

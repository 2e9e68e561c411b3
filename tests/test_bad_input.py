"""Bad input gets a clear sentence, a non-zero exit, no traceback, and nothing half-written."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest

from data.database import open_database
from schedules.office_file import shipped_offices
from tests.command import nhacviec

HUNG_THANG = next(path for path in shipped_offices() if path.stem == "hung-thang")


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """It said so in a sentence."""
    assert result.returncode != 0, result.stdout
    assert "Traceback" not in result.stderr + result.stdout
    for word in words:
        assert word in result.stderr, result.stderr


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """Hùng Thắng's file with one thing wrong."""
    text = HUNG_THANG.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "sai.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lead: kinh-te\n", "lead: kinh-tee\n", ["dòng", "không có đơn vị nào mã “kinh-tee”", "Có phải “kinh-te”?"]),
        ("cutoff: {day: 14}", "cutof: {day: 14}", ["dòng", "không có mục nào tên “cutof”", "“cutoff”"]),
        ("date: 2026-02-28", "date: 2026-02-31", ["dòng", "không phải ngày có thật"]),
        ("- id: ra-soat-tthc", "- id: cong-khai-tthc", ["dòng", "mã “cong-khai-tthc” bị dùng hai lần"]),
        ("kind: monthly\n", "kind: mothly\n", ["dòng", "mothly", "không có trong danh sách"]),
        ("kind: unknown\n    product: TTHC", "kind: yearly\n    product: TTHC", ["dòng", "thiếu hạn"]),
        ("    role: officer", "role: officer", ["dòng"]),
        ("kind: monthly\n", "kind: monthly\n    ladder: bao-cao-to\n", ["không có thang nhắc “bao-cao-to”", "dat-han"]),
        (
            "    due: {day: 17}\n    product: Báo cáo quý",
            '    due: {dates: ["15/3", "15/6", "15/9"]}\n    product: Báo cáo quý',
            ["dòng", "“dates” có 3 ngày", "4 kỳ mỗi năm"],
        ),
        (
            "    due: {day: 17}\n    product: Báo cáo quý",
            '    due: {dates: ["15/3", "15/6", "15/9", "15/13"]}\n    product: Báo cáo quý',
            ["dòng", "“15/13” không có trong lịch"],
        ),
        ("cutoff: {day: 14}", "cutoff: {day: 20}", ["dòng", "chốt số liệu ngày 20/01/2026 mà hạn là 17/01/2026"]),
        ("cutoff: {day: 14}", "cutoff: {day: 14, months_after: 1}", ["dòng", "chốt trước hạn"]),
        ("standing_unit: vhxh", "standing_unit: vhxh\n  standing_unit: kinh-te", ["viết hai lần"]),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    if old == "    role: officer":
        path = tmp_path / "sai.yaml"
        path.write_text("office:\n  id: x\n bad: [", encoding="utf-8")
    else:
        path = changed(tmp_path, old, new)
    refused(nhacviec("check", str(path)), str(path), *words)
    database = tmp_path / "nv.db"
    refused(nhacviec("load", "--yes", str(path), database=database), *words)
    assert not database.exists()  # nothing half-written


def test_units_that_escalate_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "  - id: kinh-te\n    name: Phòng Kinh tế",
        "  - {id: a, name: A, escalates_to: b}\n  - {id: b, name: B, escalates_to: a}\n"
        "  - id: kinh-te\n    name: Phòng Kinh tế",
    )
    refused(nhacviec("check", str(path)), "vòng tròn: a → b → a")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["tệp trống"]),
        ("office: Hùng Thắng".encode("utf-16"), ["UTF-8"]),
        (b"just a line", ["phải bắt đầu bằng"]),
        (b"a: \x00\x01", ["không hợp lệ"]),
        (b"#" * 50_000_000, ["tệp quá lớn (50 MB"]),
    ],
    ids=["empty", "wrong encoding", "not an office", "control characters", "50 MB"],
)
def test_a_file_that_is_no_office_file_is_refused(tmp_path: Path, content: bytes, words: list[str]) -> None:
    path = tmp_path / "sai.yaml"
    path.write_bytes(content)
    refused(nhacviec("check", str(path)), str(path), *words)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    refused(nhacviec("check", str(tmp_path / "khong-co.yaml")), "không có tệp này")
    refused(nhacviec("check", str(tmp_path)), "không đọc được tệp")


def test_a_31_november_is_clamped_and_flagged(tmp_path: Path) -> None:
    path = changed(tmp_path, "due: {day: 10, before: true}", 'due: {dates: ["31/11"]}')
    checked = nhacviec("check", str(path))
    assert checked.returncode == 0, checked.stderr
    assert "lấy ngày 30/11 thay cho 31/11: tháng 11 chỉ có 30 ngày. Hãy đối chiếu với văn bản." in checked.stdout
    assert "thay cho" not in nhacviec("check", str(HUNG_THANG)).stdout
    result = nhacviec("preview", "--office", str(path), "--from", "2026-11-25", "--to", "2026-12-01", "--full")
    assert result.returncode == 0, result.stderr
    assert "30/11/2026" in result.stdout


def test_a_locked_database_is_told_apart(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", str(HUNG_THANG), database=database).returncode == 0
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        refused(nhacviec("load", "--yes", str(HUNG_THANG), database=database), "chương trình khác giữ")
    finally:
        holder.close()


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", str(HUNG_THANG), database=database).returncode == 0
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    refused(nhacviec("status", database=database), "mới hơn", "9999")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    database.write_bytes(b"hello " * 1000)
    refused(nhacviec("status", database=database), "bị hỏng hoặc không phải cơ sở dữ liệu")
    assert database.read_bytes() == b"hello " * 1000


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused(nhacviec("load", "--yes", str(HUNG_THANG), database=tmp_path / "khong" / "co.db"), "Không mở được")


@pytest.mark.parametrize(
    "words",
    [["status"], ["run"], ["journal", "verify"], ["backup"], ["tidy", "--older-than", "24m", "--yes"], ["channels"]],
)
def test_a_database_that_is_not_there_is_not_begun_anew(tmp_path: Path, words: list[str]) -> None:
    missing = tmp_path / "khong-co.db"
    refused(nhacviec(*words, database=missing), f"Không có cơ sở dữ liệu {missing}", "nhacviec load")
    assert not list(tmp_path.glob("khong-co*"))


def test_a_restore_that_was_cut_short_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "nv.db.truoc-20260316-080000").write_bytes(b"")
    refused(
        nhacviec("run", database=tmp_path / "nv.db"), "nv.db.truoc-20260316-080000", "lần phục hồi trước đã bị ngắt"
    )
    assert not (tmp_path / "nv.db").exists()


def test_a_read_only_database_is_named(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", str(HUNG_THANG), database=database).returncode == 0
    # Opened read-only rather than with file rights taken away, so that it holds for root too.
    read_only = f"sqlite:///file:{database}?mode=ro&uri=true"
    refused(nhacviec("load", "--yes", str(HUNG_THANG), NHACVIEC_DATABASE=read_only), "chỉ cho đọc")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["preview", "--office", "khong-co", "--from", "2026-01-01", "--to", "2026-01-02"], "khong-co"),
        (["preview", "--office", "hung-thang", "--from", "2026-02-30", "--to", "2026-03-02"], "không phải ngày"),
        (["preview", "--office", "hung-thang", "--from", "2026-03-02", "--to", "2026-03-01"], "sớm hơn"),
        (["digest", "--week", "2026-W60"], "không phải tuần"),
        (["why", "12345"], "Không có việc nào"),
        (["say", "--as", "ai-do", "xong 1"], "Không có cán bộ"),
        (["say", "--as", "xa-nao/ai-do", "xong 1"], "Không có cơ quan nào mã “xa-nao”"),
        (["status", "--office", "nope"], "Chưa nạp cơ quan nào"),
        (["status", "--office", str(HUNG_THANG)], "chưa được nạp"),
        (["digest", "--week", "2026-W11", "--office", "nope"], "Không có cơ quan nào mã “nope”"),
        (["suspend", "12345", "--reason", "chờ", "--yes"], "Không có việc nào"),
        (["cancel", "1", "--reason", " ", "--yes"], "lý do"),
        (["journal", "verify", "--head", "12"], "không phải mã nhật ký"),
        (["link", "ai-do", "--channel", "zalo", "--address", "1"], "Không có cán bộ"),
        (["xyz"], "Không có lệnh “xyz”"),
        (["load"], "Thiếu"),
        (["status", "--nope"], "Không có tuỳ chọn --nope"),
        (["why", "ba"], "không đúng"),
    ],
)
def test_a_wrong_word_on_the_command_line_gets_a_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    open_database(f"sqlite:///{tmp_path / 'nv.db'}").dispose()
    refused(nhacviec(*words, database=tmp_path / "nv.db"), said)


def test_a_wrong_setting_stops_the_program_without_showing_its_value(tmp_path: Path) -> None:
    result = nhacviec("status", database=tmp_path / "nv.db", NHACVIEC_TURN_SECONDS="secret-word")
    refused(result, "NHACVIEC_TURN_SECONDS")
    assert "secret-word" not in result.stderr

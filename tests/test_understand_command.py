"""``nhacviec understand``: what a reply would be taken for, one or a whole file, without a database."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command import nhacviec
from tests.test_bad_input import refused

CASES = Path(__file__).parent / "rules" / "decisions_corpus.tsv"


def refusal(*words: str) -> str:
    result = nhacviec(*words)
    refused(result)
    return result.stderr


def understood(text: str, *options: str) -> dict[str, Any]:
    result = nhacviec("understand", text, "--today", "2026-03-10", "--json", *options)
    assert result.returncode == 0, result.stderr
    data: dict[str, Any] = json.loads(result.stdout)
    return data


def test_one_reply_as_json() -> None:
    data = understood("đã nộp 3 số 12/BC-UBND ngày 14/3", "--open", "3,5")
    assert list(data)[:6] == ["action", "numbers", "date", "reason", "document", "person"]
    assert data["action"] == "done"
    assert data["numbers"] == [3]
    assert data["document"] == "12/BC-UBND"
    assert data["date"] == data["document_date"] == "2026-03-14"
    assert data["reason"] is None


def test_each_field_is_told() -> None:
    extended = understood("gia hạn 3 đến 25/3 vì chờ số liệu", "--open", "3 5")
    assert (extended["date"], extended["reason"]) == ("2026-03-25", "chờ số liệu")
    assert understood("chuyển 3 cho chị Lan", "--open", "3")["person"] == "Lan"
    leave = understood("nghỉ từ 20/3 đến 25/3")
    assert (leave["date"], leave["until"]) == ("2026-03-20", "2026-03-25")
    snoozed = understood("nhắc 3 chiều mai", "--open", "3")
    assert (snoozed["date"], snoozed["time"]) == ("2026-03-11", "13:30")


def test_nothing_open_may_be_said_as_nothing() -> None:
    assert understood("xong", "--open", "")["missing"] == "which"
    assert understood("xong")["action"] == "ask"
    assert understood("hôm nay trời đẹp")["action"] == "none"


def test_people_read_a_line_or_two() -> None:
    shown = nhacviec("understand", "xong 3", "--open", "3,5", "--today", "2026-03-10").stdout
    assert shown == "Báo xong: việc 3\n"
    asked = nhacviec("understand", "xong", "--open", "3,5").stdout
    assert asked == "Hỏi lại: việc nào?\n  Đang mở: 3, 5\n"
    assert "hướng dẫn" in nhacviec("understand", "trời đẹp quá").stdout


def test_a_file_gives_one_json_a_line(tmp_path: Path) -> None:
    file = tmp_path / "replies.tsv"
    file.write_text("xong 3\t3,5\t2026-03-10\r\nchưa xong 3\t3\t2026-03-10\nviệc\t\t2026-03-10\n", encoding="utf-8-sig")
    result = nhacviec("understand", "--tsv", str(file))
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["action"] for line in lines] == ["done", "ask", "list"]
    assert [line["numbers"] for line in lines] == [[3], [3], []]


def test_a_heading_line_is_read_over(tmp_path: Path) -> None:
    file = tmp_path / "replies.tsv"
    file.write_text("text\topen\ttoday\nxong 3\t3\t\n", encoding="utf-8")
    assert len(nhacviec("understand", "--tsv", str(file), "--today", "2026-03-10").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("xong 3", "dòng 2: có 1 cột, cần 3 cột"),
        ("", "dòng 2: có 1 cột"),
        ("xong 3\t3\t2026-03-10\tthừa", "dòng 2: có 4 cột"),
        ("xong 3\t3\t31/2/2026", "dòng 2: “31/2/2026” không phải ngày"),
        ("xong 3\t3\t2026-02-30", "dòng 2: “2026-02-30” không phải ngày"),
        ("xong 3\tba\t2026-03-10", "dòng 2: “ba” không phải số của một việc"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_printed(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "replies.tsv"
    file.write_text(f"xong 3\t3\t2026-03-10\n{line}\nxong 5\t5\t2026-03-10\n", encoding="utf-8")
    result = nhacviec("understand", "--tsv", str(file))
    assert result.returncode == 1
    assert result.stdout == ""
    assert said in result.stderr
    assert str(file) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_file_in_another_encoding_or_none_at_all(tmp_path: Path) -> None:
    file = tmp_path / "replies.tsv"
    file.write_bytes("xong 3 ạ\t3\t2026-03-10\n".encode("utf-16"))
    assert "UTF-8" in refusal("understand", "--tsv", str(file))
    assert "Không đọc được" in refusal("understand", "--tsv", str(tmp_path / "nowhere.tsv"))
    assert "Không đọc được" in refusal("understand", "--tsv", str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Hãy ghi một câu trả lời"),
        (("xong 3", "--tsv", "x.tsv"), "Hãy ghi một câu trả lời"),
        (("xong 3", "--open", "3,b"), "“b” không phải số"),
        (("xong 3", "--open", "-3"), "“-3” không phải số"),
        (("xong 3", "--today", "hôm nay"), "không phải cách viết ngày hiểu được"),
        (("--tsv", "x.tsv", "--open", "3"), "--open chỉ dùng với một câu"),
    ],
)
def test_what_is_typed_wrongly_is_said_in_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal("understand", *arguments)


def seconds_of_children() -> float:
    """Processor time, so that a busy machine says nothing about the command."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_three_hundred_replies_take_less_than_two_seconds(tmp_path: Path) -> None:
    rows = [
        line.split("\t")[:3] for line in CASES.read_text(encoding="utf-8").splitlines() if not line.startswith("# ")
    ]
    file = tmp_path / "replies.tsv"
    lines = ("\t".join([*row, "", ""][:3]) for row in rows[:300])
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    began = seconds_of_children()
    result = nhacviec("understand", "--tsv", str(file), "--today", "2026-03-10")
    assert len(result.stdout.splitlines()) == 300
    assert seconds_of_children() - began < 2


def test_it_needs_neither_database_nor_telegram() -> None:
    code = (
        "import sys\nfrom engine.cli import app\n"
        "app(['understand', 'xong 3', '--open', '3'], standalone_mode=False)\n"
        "heavy = {'sqlalchemy', 'sqlmodel', 'telegram', 'apscheduler', 'holidays'} & set(sys.modules)\n"
        "sys.stderr.write(','.join(sorted(heavy)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "Báo xong: việc 3\n"
    assert result.stderr == ""

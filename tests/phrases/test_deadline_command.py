"""``nhacviec deadline`` as people and programs use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import nhacviec
from tests.test_bad_input import refused


def test_a_phrase_is_said_back_with_everything_it_means() -> None:
    result = nhacviec("deadline", "báo cáo 6 tháng trước ngày 15/6, báo cáo năm trước ngày 15/12", "--year", "2026")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Báo cáo 6 tháng đầu năm, hạn trước ngày 15/06 hằng năm; kỳ đầu 15/06/2026.\n")
    for words in ("Hạn đầu tiên: 15/06/2026", "BYMONTH=6", "nên gửi hết ngày hôm trước", "Ngoài ra", "15/12/2026"):
        assert words in result.stdout


def test_what_is_not_known_says_why() -> None:
    result = nhacviec("deadline", "theo quy định")
    assert result.returncode == 0
    assert "Chưa rõ thời hạn." in result.stdout
    assert "Vì sao: Câu chỉ dẫn đến quy định khác" in result.stdout


def test_a_program_gets_json() -> None:
    result = nhacviec("deadline", "quý, năm", "--year", "2026", "--json")
    read = json.loads(result.stdout)
    assert (read["kind"], read["first_due"], read["flags"]) == ("quarterly", "2026-03-31", ["default_anchor"])
    assert [also["kind"] for also in read["also"]] == ["yearly"]


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "cau.tsv"
    file.write_text(
        "phrase\tplan_year\tsource\nHằng tháng\t2025\tkế hoạch\n\t2026\ntrước ngày 15/12/2026\r\n", encoding="utf-8"
    )
    result = nhacviec("deadline", "--tsv", str(file))
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["kind"], line["first_due"]) for line in lines] == [
        ("monthly", "2025-01-31"),
        ("unknown", None),
        ("one_off_date", "2026-12-15"),
    ]
    assert {"phrase", "year", "kind", "first_due", "rrule", "flags", "reading", "start", "also"} <= set(lines[0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("Hằng tháng\thai nghìn\n".encode(), ["Dòng 1", "không phải năm"]),
        ("Hằng tháng\t1200\n".encode(), ["Dòng 1", "1200"]),
        ("Hằng tháng".encode("utf-16"), ["UTF-8"]),
        (None, ["Không đọc được tệp"]),
    ],
)
def test_a_bad_file_gets_a_sentence(tmp_path: Path, content: bytes | None, words: list[str]) -> None:
    file = tmp_path / "cau.tsv"
    if content is not None:
        file.write_bytes(content)
    result = nhacviec("deadline", "--tsv", str(file))
    refused(result, *words)
    assert result.stdout == ""


def test_bad_words_on_the_command_line_get_a_sentence(tmp_path: Path) -> None:
    refused(nhacviec("deadline", "hằng năm", "--year", "12"), "12 không phải năm của kế hoạch")
    refused(nhacviec("deadline"), "Hãy ghi một câu")
    refused(nhacviec("deadline", "hằng năm", "--tsv", str(tmp_path)), "Hãy ghi một câu")

"""From the document to the first reminder, at the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from schedules.office_file import read_office
from tests.command import nhacviec

PLAN = """ỦY BAN NHÂN DÂN
XÃ MINH TÂN

Số: 15/KH-UBND

Minh Tân, ngày 12 tháng 01 năm 2026

KẾ HOẠCH
Cải cách hành chính năm 2026 của xã Minh Tân

I. MỤC TIÊU

- Tỷ lệ hồ sơ giải quyết đúng hạn đạt từ 98% trở lên.

II. TỔ CHỨC THỰC HIỆN

1. Phòng Văn hóa - Xã hội

- Là cơ quan thường trực, theo dõi, đôn đốc, tổng hợp kết quả thực hiện Kế hoạch.

- Xây dựng báo cáo cải cách hành chính quý, gửi Sở Nội vụ trước ngày 17 của tháng cuối quý.

2. Phòng Kinh tế

- Thẩm định dự toán kinh phí cải cách hành chính năm 2027 trước ngày 30/9/2026.

DANH MỤC NHIỆM VỤ

| TT | Nhiệm vụ | Cơ quan chủ trì | Cơ quan phối hợp | Thời hạn hoàn thành | Sản phẩm |
|---|---|---|---|---|---|
| 1 | Ban hành Kế hoạch tuyên truyền cải cách hành chính | Phòng Văn hóa - Xã hội | Phòng Kinh tế | Trước ngày 10/02/2026 | Kế hoạch |
| 2 | Báo cáo tình hình giải quyết thủ tục hành chính | Trung tâm Phục vụ hành chính công | Các phòng | Trước ngày 16 hằng tháng | Báo cáo |
| 3 | Rà soát quy trình nội bộ | Trung tâm Phục vụ hành chính công | Các phòng | | Danh mục |
"""  # noqa: E501


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "ke-hoach.txt"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_where_nobody_can_be_asked_that_is_said(plan: Path, tmp_path: Path) -> None:
    imported = nhacviec("import", str(plan), "--out", str(tmp_path / "a.yaml"))
    assert imported.returncode == 0, imported.stderr
    assert "nên không hỏi từng mục" in imported.stdout
    imported = nhacviec("import", str(plan), "--accept-confident", "--out", str(tmp_path / "b.yaml"))
    assert "nên không hỏi từng mục" not in imported.stdout


def test_from_the_document_to_the_first_reminder(plan: Path, tmp_path: Path) -> None:
    draft, database = tmp_path / "minh-tan.yaml", tmp_path / "nhacviec.db"
    imported = nhacviec("import", str(plan), "--accept-confident", "--out", str(draft))
    assert imported.returncode == 0, imported.stderr
    assert "Đã ghi" in imported.stdout
    office = read_office(draft)
    assert office.office.id == "minh-tan"
    dated = {o.title: o for o in office.obligations if o.due}
    assert {"10/02/2026", "16"} <= {
        f"{o.due.date:%d/%m/%Y}" if o.due.date else str(o.due.day) for o in dated.values() if o.due
    }
    assert any(o.needs_review for o in office.obligations if "Rà soát" in o.title)

    assert nhacviec("load", str(draft), "--yes", database=database).returncode == 0
    foreseen = nhacviec("preview", "--office", str(draft), "--from", "2026-01-12", "--to", "2026-02-28", "--json")
    said = [line for message in json.loads(foreseen.stdout) for line in message["lines"]]
    assert any("tuyên truyền" in title for _, title in said)
    assert not any("Rà soát quy trình" in title for _, title in said), "nobody is reminded of what has no date"


def test_the_same_document_again_changes_nothing(plan: Path, tmp_path: Path) -> None:
    draft = tmp_path / "minh-tan.yaml"
    again = [nhacviec("import", str(plan), "--yes", "--out", str(draft)) for _ in range(2)]
    assert "không có gì thay đổi" in again[1].stdout


def test_a_revised_document_shows_its_changes_and_a_no_leaves_the_draft(plan: Path, tmp_path: Path) -> None:
    draft = tmp_path / "minh-tan.yaml"
    nhacviec("import", str(plan), "--yes", "--out", str(draft))
    before = draft.read_bytes()
    plan.write_text(PLAN.replace("10/02/2026", "20/02/2026"), encoding="utf-8")
    refused = nhacviec("import", str(plan), "--out", str(draft), typed="n\n")
    assert refused.returncode != 0
    assert "20/02/2026" in refused.stdout
    assert draft.read_bytes() == before
    nhacviec("import", str(plan), "--yes", "--out", str(draft))
    assert "2026-02-20" in draft.read_text(encoding="utf-8")


def test_what_was_found_as_json(plan: Path) -> None:
    found = json.loads(nhacviec("import", str(plan), "--json").stdout)
    assert found["document"] | {"title": ""} == {
        "title": "",
        "issuer": "UBND xã Minh Tân",
        "number": "15/KH-UBND",
        "date": "2026-01-12",
        "period": "2026",
        "default_year": 2026,
    }
    assert found["standing_office"] == "Phòng Văn hóa - Xã hội"
    assert found["table_rows"] == 3
    assert [(t["op"], t["value"], t["unit"]) for t in found["targets"]] == [(">=", 98.0, "%")]
    quarterly = next(o for o in found["obligations"] if o["kind"] == "quarterly")
    assert (quarterly["first_due"], quarterly["lead_unit"]) == ("2026-03-17", "Phòng Văn hóa - Xã hội")


def test_pasted_text_is_read_too() -> None:
    found = nhacviec("import", "-", "--json", typed=PLAN)
    assert len(json.loads(found.stdout)["obligations"]) >= 4


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal of Unix")
def test_a_person_reviews_each_duty_beside_its_source_line(plan: Path, tmp_path: Path) -> None:
    draft = tmp_path / "minh-tan.yaml"
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "engine.cli", "import", str(plan), "--out", str(draft)]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    # The first is taken as it is, the second gets a day of its own, the third is left out, the rest is put off.
    os.write(ours, "c\ns\n\n\nngày 5/3/2026\ny\n\nc\nb\nn\n".encode())
    said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, said
    assert "Nguồn:" in said
    assert "dòng" in said
    office = read_office(draft)
    decided = next(o for o in office.obligations if o.due and str(o.due.date) == "2026-03-05")
    assert decided.source.words == "Trước ngày 16 hằng tháng", "the plan's own words stay beside a person's decision"
    assert len(office.plan.skipped) == 1
    assert "Rà soát quy trình nội bộ" in office.plan.skipped[0]
    again = nhacviec("import", str(plan), "--yes", "--out", str(draft))
    assert "không có gì thay đổi" in again.stdout, again.stdout


def test_a_document_that_cannot_be_read_gets_a_sentence_and_no_draft(tmp_path: Path) -> None:
    scan = tmp_path / "trống.txt"
    scan.write_text("", encoding="utf-8")
    draft = tmp_path / "x.yaml"
    failed = nhacviec("import", str(scan), "--out", str(draft))
    assert failed.returncode == 1
    assert "trống" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not draft.exists()

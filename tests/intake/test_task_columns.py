"""What each column and cell of a task table means, by kinds of headers and cells; invented tables."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from engine.screens.child import PLAN, in_child
from schedules.intake.draft import is_confident, reading_of, to_office
from schedules.intake.readers import read_document, read_text
from schedules.intake.review import accepted
from schedules.intake.understand import understand
from schedules.office_file import read_office
from tests.command import nhacviec
from tests.intake.documents import build
from tests.intake.documents import sample as whole_plan
from tests.intake.made_tables import CULTURE, ECONOMY, HEAD, due, first, plan, table

# ---- a document that is only a table --------------------------------------------------------------------------------

ONLY_A_TABLE = table("TT | Nhiệm vụ | Chủ trì | Thời hạn", f"1 | Rà soát hộ nghèo | {ECONOMY} | 30/6/2026")


@pytest.mark.parametrize("ending", [".md", ".csv", ".xlsx", ".docx", ".pdf"])
def test_a_document_that_is_only_a_table_is_read(ending: str, tmp_path: Path) -> None:
    only = [block for block in whole_plan().blocks if not hasattr(block, "text")]
    found = understand(read_document(build(only, tmp_path / f"bang{ending}")), 2026)
    assert found.table_rows


def test_a_pasted_table_and_the_page_read_it_too() -> None:
    assert [duty.title for duty in understand(read_text(ONLY_A_TABLE, "dán"), 2026).duties] == ["Rà soát hộ nghèo"]
    answer = PLAN.validate_json(in_child("plan", "bang.md", ONLY_A_TABLE.encode(), this_year=2026))
    assert [duty.lead for duty in answer.duties] == [ECONOMY]


# ---- guesses ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Đầu quý III/2026", "phỏng đoán"),
        ("31/6/2026", "không có trong lịch"),
        ("Từ 15/12/2025 đến 14/12/2026", "kỳ số liệu"),
    ],
)
def test_a_guess_waits_for_a_person_with_its_reason(words: str, said: str) -> None:
    found = plan("TT | Nhiệm vụ | Chủ trì | Thời hạn", f"1 | Rà soát hộ nghèo | {ECONOMY} | {words}")
    (duty,) = found.duties
    assert said in " ".join(duty.needs_review)
    assert not is_confident(duty)
    (entry,) = to_office(found, "mau.txt")["obligations"]
    assert entry["kind"] == "unknown"
    assert "due" not in entry
    assert said in entry["needs_review"]


def test_what_is_a_guess_is_listed_with_its_reason_and_not_taken_with_what_is_sure(tmp_path: Path) -> None:
    (tmp_path / "bang.md").write_text(
        table("TT | Nhiệm vụ | Chủ trì | Thời hạn", f"1 | Rà soát hộ nghèo | {ECONOMY} | 31/6/2026"), encoding="utf-8"
    )
    draft = tmp_path / "nhap.yaml"
    ran = nhacviec("import", str(tmp_path / "bang.md"), "--accept-confident", "--yes", "--out", str(draft))
    assert ran.returncode == 0, ran.stderr
    assert "Cần xem: Ngày ghi trong" in ran.stdout
    assert "1 nhiệm vụ (1 cần xem)" in ran.stdout
    (obligation,) = read_office(draft).obligations
    assert obligation.due is None
    assert "không có trong lịch" in (obligation.needs_review or "")


def test_a_data_window_is_no_due_date_even_when_a_person_accepts_the_duty() -> None:
    found = plan("TT | Báo cáo | Chủ trì | Thời hạn", f"1 | Báo cáo năm | {ECONOMY} | Từ 15/12/2025 đến 14/12/2026")
    (entry,) = to_office(found, "mau.txt", [accepted(duty) for duty in found.duties])["obligations"]
    assert entry["kind"] == "unknown"
    assert entry["needs_review"]


# ---- which column says when ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("Kỳ báo cáo | Hạn gửi", "Quý | Trước ngày 17 tháng cuối quý", ("quarterly", "2026-03-17")),
        ("Kỳ báo cáo | Hạn gửi", "Năm | Trước 20/12", ("yearly", "2026-12-20")),
        ("Tần suất | Thời hạn báo cáo", "Tháng | Ngày 15", ("monthly", "2026-01-15")),
        ("Định kỳ | Ngày gửi", "6 tháng | 10/6; 10/12", ("half_yearly", "2026-06-10")),
        ("Kỳ báo cáo | Hạn gửi", "Quý | 30/4/2026", ("one_off_date", "2026-04-30")),
        ("Kỳ báo cáo | Hạn gửi", "Quý | ", ("quarterly", "2026-03-31")),
        ("Từ ngày | Đến ngày", "01/9/2026 | 14/12/2026", ("range", "2026-12-14")),
        ("Bắt đầu | Kết thúc", "T4/2026 | T8/2026", ("range", "2026-08-31")),
        ("Ngày giao | Hạn xử lý", "15/01/2026 | 14/12/2026", ("range", "2026-12-14")),
        ("Tiến độ thực hiện | Thời hạn", "Đang thực hiện | 30/4/2026", ("one_off_date", "2026-04-30")),
        ("Thời hạn | Ghi chú", "30/4/2026 | 30/6/2026", ("one_off_date", "2026-04-30")),
        ("Ghi chú", "Hoàn thành trước 30/4/2026", ("one_off_date", "2026-04-30")),
        ("Thời gian", "Bắt đầu: 01/3/2026<br>Kết thúc: 30/9/2026", ("range", "2026-09-30")),
        ("Thời gian", "Khởi công quý I/2026, hoàn thành quý IV/2027", ("range", "2027-12-31")),
    ],
)
def test_the_column_that_says_most_about_the_deadline_wins(
    header: str, cells: str, expected: tuple[str, str | None]
) -> None:
    duty = first(f"TT | Nội dung | Chủ trì | {header}", f"1 | Kiểm tra công vụ | {ECONOMY} | {cells}")
    assert due(duty) == expected
    assert not duty.needs_review


def test_from_and_to_are_the_start_and_the_due_date() -> None:
    duty = first("TT | Nội dung | Đơn vị | Từ ngày | Đến ngày", f"1 | Kiểm tra | {ECONOMY} | 01/9/2026 | 14/12/2026")
    assert reading_of(duty).start == dt.date(2026, 9, 1)


def test_a_column_of_progress_alone_is_no_deadline() -> None:
    duty = first("TT | Nhiệm vụ | Chủ trì | Tiến độ | Sản phẩm", f"1 | Việc một | {ECONOMY} | Chưa thực hiện | Báo cáo")
    assert due(duty) == ("unknown", None)
    assert duty.deadline_text == ""


def test_what_was_done_last_year_is_no_product() -> None:
    header = "TT | Nhiệm vụ | Kết quả thực hiện năm 2025 | Chủ trì | Thời hạn | Sản phẩm"
    assert first(header, f"1 | Kiểm tra | Đã kiểm tra 5 nơi | {ECONOMY} | 30/4/2026 | Báo cáo").product == "Báo cáo"


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Nơi nhận báo cáo | Thời hạn | Đơn vị thực hiện", f"Sở Nội vụ | 10/12/2026 | {ECONOMY}"),
        ("Cơ quan ban hành | Cơ quan soạn thảo | Thời gian trình", f"HĐND xã | {ECONOMY} | Tháng 12"),
        ("Đơn vị theo dõi | Đơn vị chủ trì | Thời hạn", f"{CULTURE} | {ECONOMY} | Tháng 12"),
    ],
)
def test_who_receives_or_issues_it_does_not_lead_it(header: str, cells: str) -> None:
    assert first(f"TT | Nội dung | {header}", f"1 | Dự toán năm sau | {cells}").lead == ECONOMY


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("mmm-yy", ("one_off_month", "2026-11-30")),
        ("mm/yyyy", ("one_off_month", "2026-11-30")),
        ("m/yyyy", ("one_off_month", "2026-11-30")),
        ('"Tháng "m/yyyy', ("one_off_month", "2026-11-30")),
        ("[$-42A]mmmm yyyy;@", ("one_off_month", "2026-11-30")),
        ("dd/mm/yyyy", ("one_off_date", "2026-11-01")),
    ],
)
def test_a_month_in_a_sheet_is_the_month_and_not_its_first_day(
    form: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["TT", "Nhiệm vụ", "Chủ trì", "Thời hạn"])
    sheet.append([1, "Cấp tài khoản định danh", ECONOMY, dt.date(2026, 11, 1)])
    sheet["D2"].number_format = form
    book.save(tmp_path / "bang.xlsx")
    (duty,) = understand(read_document(tmp_path / "bang.xlsx"), 2026).duties
    assert due(duty) == expected


# ---- whose it is -----------------------------------------------------------------------------------------------------


def units_of(*leads: str) -> list[str]:
    rows = [f"{n} | Công việc thứ {n} | {lead} | 30/6/2026" for n, lead in enumerate(leads, 1)]
    found = plan("TT | Nội dung | Chủ trì | Thời hạn", *rows)
    return [unit.name for unit in found.units]


def test_a_comma_inside_a_name_makes_no_second_unit() -> None:
    assert units_of("Phòng Kinh tế, Hạ tầng và Đô thị") == ["Phòng Kinh tế, Hạ tầng và Đô thị"]
    assert units_of("Toàn thể cán bộ, công chức") == []


def test_names_are_not_cut() -> None:
    assert units_of("Ban Quản lý chợ", "Đoàn TNCS Hồ Chí Minh xã") == ["Ban Quản lý chợ", "Đoàn TNCS Hồ Chí Minh xã"]


def test_abbreviations_are_the_unit_they_stand_for() -> None:
    desk = "Trung tâm Phục vụ hành chính công"
    assert units_of("Phòng Kinh tế", "Phòng KT", "P. Kinh tế") == ["Phòng Kinh tế"]
    assert units_of("TTPVHCC", "TT.PVHCC") == [desk]
    assert units_of("Phòng Kinh tế - Hạ tầng", "Phòng KTHT") == ["Phòng Kinh tế - Hạ tầng"]


def test_helpers_by_a_short_name_and_those_that_no_unit_stands_for() -> None:
    found = plan(
        "TT | Nội dung | Chủ trì | Phối hợp | Thời hạn",
        "1 | Việc một | Văn phòng HĐND và UBND | P. VH-XH | 30/6/2026",
        f"2 | Việc hai | {CULTURE} | VP; Các thôn; Bưu điện xã | 30/6/2026",
    )
    assert [duty.cooperating for duty in found.duties] == [(CULTURE,), ("Văn phòng HĐND và UBND",)]
    assert all(is_confident(duty) for duty in found.duties)
    said = next(text for text in found.warnings if "Phối hợp" in text)
    assert "Các thôn" in said
    assert "Bưu điện xã" in said


def test_a_unit_as_group_row_leads_the_rows_below_it() -> None:
    found = plan(
        "TT | Nhiệm vụ | Thời hạn | Sản phẩm",
        "I | PHÒNG KINH TẾ | | ",
        "1 | Lập dự toán | 30/6/2026 | Dự toán",
        "II | PHÒNG VĂN HÓA - XÃ HỘI | | ",
        "1 | Rà soát hộ nghèo | 30/11/2026 | Báo cáo",
    )
    assert [duty.lead for duty in found.duties] == [ECONOMY, CULTURE]


@pytest.mark.parametrize("numbers", [("a", "b"), ("-", "-"), ("1.1", "1.2")])
def test_sub_rows_have_the_lead_of_the_row_above(numbers: tuple[str, str]) -> None:
    found = plan(
        "TT | Nội dung | Chủ trì | Phối hợp | Thời hạn | Sản phẩm",
        f"1 | Công tác tuyên truyền | {ECONOMY} | | | ",
        f"{numbers[0]} | Xây dựng kế hoạch | | | 30/4/2026 | Kế hoạch",
        f"{numbers[1]} | Treo pano, áp phích | | {CULTURE} | 30/5/2026 | Pano",
        f"2 | Sơ kết công tác | {CULTURE} | | 30/6/2026 | Báo cáo",
    )
    assert [(duty.title, duty.lead) for duty in found.duties] == [
        ("Xây dựng kế hoạch", ECONOMY),
        ("Treo pano, áp phích", ECONOMY),
        ("Sơ kết công tác", CULTURE),
    ]


# ---- around the table ------------------------------------------------------------------------------------------------


def test_the_number_of_the_plan_an_annex_belongs_to_and_a_title_that_ends_before_the_list() -> None:
    head = "KẾ HOẠCH\nCông tác năm 2026\nDANH MỤC NHIỆM VỤ\n(Kèm theo Kế hoạch số 41/KH-UBND ngày 22/01/2026)\n\n"
    found = plan("TT | Nội dung | Chủ trì | Thời hạn", f"1 | Việc một | {ECONOMY} | 30/6/2026", head=head)
    assert found.facts.number == "41/KH-UBND"
    assert found.facts.title == "Kế hoạch Công tác năm 2026"


def test_the_name_of_a_sheet_is_no_duty(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("Nhiệm vụ", "Báo cáo định kỳ"):
        sheet = book.create_sheet(name)
        sheet.append(["TT", "Nội dung", "Chủ trì", "Thời hạn"])
        sheet.append([1, f"{name} của xã", ECONOMY, "30/6/2026"])
    book.remove(book.worksheets[0])
    book.save(tmp_path / "bang.xlsx")
    found = understand(read_document(tmp_path / "bang.xlsx"), 2026)
    assert [duty.title for duty in found.duties] == ["Nhiệm vụ của xã", "Báo cáo định kỳ của xã"]


ROW = f"1 | In pano | {ECONOMY} | Tháng 4/2026 | "
SENTENCE = "Các đơn vị gửi báo cáo kết quả về Phòng Văn hóa - Xã hội trước ngày 10/12/2026."


@pytest.mark.parametrize("note", [f"Ghi chú: {SENTENCE}", SENTENCE])
@pytest.mark.parametrize("cells", [1, 5])
@pytest.mark.parametrize(
    "head", [HEAD, "KẾ HOẠCH\nCông tác năm 2026\n\nI. NHIỆM VỤ\n1. Nâng cao chất lượng.\n\nPHỤ LỤC\n\n"]
)
def test_a_sentence_in_the_last_row_is_read_as_the_paragraph_it_is(note: str, cells: int, head: str) -> None:
    whole = " | ".join([note] * cells + [""] * (5 - cells))
    found = plan("TT | Hoạt động | Đơn vị thực hiện | Thời gian | Ghi chú", ROW, whole, head=head)
    assert found.table_rows == 1
    assert [(duty.lead, duty.lead_each) for duty in found.duties] == [(ECONOMY, False), ("Các đơn vị", True)]
    assert due(found.duties[1]) == ("one_off_date", "2026-12-10")


def test_a_note_between_rows_heads_nothing() -> None:
    header = "TT | Hoạt động | Đơn vị thực hiện | Thời gian | Ghi chú"
    found = plan(header, "Lưu ý: kinh phí do ngân sách xã bảo đảm. | | | | ", ROW)
    assert [duty.group for duty in found.duties] == [None]


def test_a_table_that_says_when_and_not_what_is_told_of() -> None:
    found = plan("TT | Đơn vị được kiểm tra | Thời gian kiểm tra", f"1 | {ECONOMY} | 15/5/2026")
    assert not found.duties
    (told,) = [text for text in found.warnings if "không có cột nhiệm vụ" in text]
    assert told.startswith("Bảng ở dòng 7 ")
    found = plan("TT | Chỉ tiêu | ĐVT | Kế hoạch năm 2026 | Đơn vị theo dõi", f"1 | Số hóa hồ sơ | % | 80 | {ECONOMY}")
    assert not [text for text in found.warnings if "không có cột nhiệm vụ" in text]

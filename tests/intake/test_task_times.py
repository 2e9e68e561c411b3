"""When a row of a task table is due: marks under periods, two columns, the note beside it; invented tables."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from schedules.intake.draft import is_confident
from schedules.intake.findings import PlanFound
from schedules.intake.readers import read_document
from schedules.intake.understand import understand
from tests.intake.made_tables import CULTURE, ECONOMY, due, first, plan

# ---- marks under quarters and months ---------------------------------------------------------------------------------

QUARTERS = ["Quý I", "Quý II", "Quý III", "Quý IV"]
WRITTEN, SHORT, BARE = ([f"{word}{n}" for n in range(1, 13)] for word in ("Tháng ", "T", ""))
FIRST = ["STT", "Công việc", "Chủ trì"]


def sheet(path: Path, *rows: list[str]) -> PlanFound:
    """A book that marks no header, as a reader finds it."""
    book = openpyxl.Workbook()
    written = book.active
    assert written is not None
    for cells in rows:
        written.append([cell or None for cell in cells])
    book.save(path / "bang.xlsx")
    return understand(read_document(path / "bang.xlsx"), 2026)


def marks(width: int, *places: int) -> list[str]:
    return ["x" if place in places else "" for place in range(1, width + 1)]


def said(found: PlanFound) -> list[str]:
    return [duty.deadline_text for duty in found.duties if duty.choice == 0]


@pytest.mark.parametrize(
    ("heads", "expected"),
    [
        (QUARTERS, "quý II, quý IV"),
        (WRITTEN, "tháng 2, tháng 4"),
        (SHORT, "tháng 2, tháng 4"),
        (BARE, "tháng 2, tháng 4"),
        (["Quý I/2026", "Quý II/2026", "Quý III/2026", "Quý IV/2026"], "quý II, quý IV"),
    ],
)
def test_a_header_of_periods_is_a_header_and_its_marks_say_when(
    heads: list[str], expected: str, tmp_path: Path
) -> None:
    found = sheet(tmp_path, [*FIRST, *heads], ["1", "Việc một", ECONOMY, *marks(len(heads), 2, 4)])
    assert [duty.title for duty in found.duties if duty.choice == 0] == ["Việc một"]
    assert said(found) == [expected]
    assert [unit.name for unit in found.units] == [ECONOMY]


@pytest.mark.parametrize(
    "above",
    [
        [quarter for quarter in QUARTERS for _ in range(3)],
        ["Quý I", "", "", "Quý II", "", "", "Quý III", "", "", "Quý IV", "", ""],
        ["Tiến độ thực hiện (tháng)"] * 12,
        ["Thời gian"] + [""] * 11,
    ],
)
@pytest.mark.parametrize("below", [SHORT, BARE])
def test_months_below_a_line_that_spreads_over_them(above: list[str], below: list[str], tmp_path: Path) -> None:
    spread = FIRST if above[1] else ["", "", ""]
    found = sheet(tmp_path, [*FIRST, *above], [*spread, *below], ["1", "Việc một", ECONOMY, *marks(12, 6, 12)])
    assert said(found) == ["tháng 6, tháng 12"]


def test_the_months_of_a_quarter_may_be_counted_anew() -> None:
    heads = " | ".join(f"{quarter}: {month}" for quarter in QUARTERS for month in (1, 2, 3))
    row = f"1 | Việc một | {ECONOMY} | {' | '.join(marks(12, 6, 12))}"
    assert said(plan(f"TT | Nhiệm vụ | Chủ trì | {heads}", row)) == ["tháng 6, tháng 12"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (" | | 20/9 | ", "20/9"),
        (" | | Trước 20/9 | ", "Trước 20/9"),
        ("Tháng 3 | x | | ", "Tháng 3; quý II"),
        ("x | x | x | x", "hằng quý"),
        (" | | | ", ""),
    ],
)
def test_a_date_under_a_quarter_says_when_beside_marks_too(cells: str, expected: str) -> None:
    header = f"TT | Nhiệm vụ | Chủ trì | {' | '.join(QUARTERS)}"
    assert said(plan(header, f"1 | Việc một | {ECONOMY} | {cells}")) == [expected]


def test_a_day_under_a_month_is_a_day_of_it_and_a_column_of_its_own_says_more_than_marks() -> None:
    found = plan("TT | Nhiệm vụ | Chủ trì | Tháng 8 | Tháng 9", f"1 | Việc một | {ECONOMY} | | Trước ngày 20")
    assert said(found) == ["Trước ngày 20 tháng 9"]
    found = plan("TT | Nhiệm vụ | Chủ trì | Quý I | Quý II | Thời hạn", f"1 | Việc một | {ECONOMY} | | x | 20/5/2026")
    assert said(found) == ["20/5/2026"]


def test_a_header_that_begins_with_the_number_column_is_one_whatever_else_it_names(tmp_path: Path) -> None:
    found = sheet(
        tmp_path,
        ["TT", "Tiêu chí", "Điểm tối đa", "Điểm năm 2025", "Phấn đấu 2026", "Giải pháp", "Đơn vị chủ trì", "Thời gian"],
        ["1", "Ban hành kịp thời", "1", "0,5", "1", "Rà soát văn bản", ECONOMY, "31/01/2026"],
    )
    assert [due(duty) for duty in found.duties] == [("one_off_date", "2026-01-31")]
    assert [duty.lead for duty in found.duties] == [ECONOMY]


# ---- what a time cell and the note beside it say ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("Ngay sau khi ban hành Kế hoạch | 31/3/2026", ("one_off_date", "2026-03-31")),
        ("Thường xuyên | ", ("continuous", None)),
        ("Tháng 3/2026 | Tháng 3/2026", ("one_off_month", "2026-03-31")),
        ("Quý I | Quý III", ("range", "2026-09-30")),
    ],
)
def test_a_start_in_words_leaves_the_due_date(cells: str, expected: tuple[str, str | None]) -> None:
    duty = first("TT | Nội dung | Chủ trì | Bắt đầu | Hoàn thành", f"1 | Cấp chữ ký số | {ECONOMY} | {cells}")
    assert due(duty) == expected
    assert not duty.needs_review


@pytest.mark.parametrize("cells", ["01/3/2026 | ", "Hằng quý | 31/12/2026", "Hai tuần một lần | "])
def test_a_start_that_leaves_the_due_date_open_waits_for_a_person(cells: str) -> None:
    duty = first("TT | Nội dung | Chủ trì | Bắt đầu | Hoàn thành", f"1 | Cấp chữ ký số | {ECONOMY} | {cells}")
    assert duty.needs_review


@pytest.mark.parametrize(
    ("time", "note", "expected", "asked"),
    [
        ("Hằng quý", "Gửi trước ngày 10 tháng cuối quý", ("quarterly", "2026-03-10"), "Ngày của kỳ đọc trong cột ghi"),
        ("6 tháng", "Trước 10/6 và 10/12", ("half_yearly", "2026-06-10"), "Ngày của kỳ đọc trong cột ghi chú"),
        ("Năm", "Gửi trước 10/12", ("yearly", "2026-12-10"), "Ngày của kỳ đọc trong cột ghi chú"),
        ("", "Hoàn thành trước 30/6/2026", ("one_off_date", "2026-06-30"), "Ô thời gian để trống; thời hạn đọc"),
        ("Hằng quý", "Hoàn thành trước 30/6/2026", ("quarterly", "2026-03-31"), "Cột ghi chú nêu thời hạn khác"),
        ("Hằng quý", "Gửi trước ngày 15 hằng tháng", ("quarterly", "2026-03-31"), "Cột ghi chú nêu thời hạn khác"),
        ("Tháng 8/2026", "Báo cáo trước 15/9/2026", ("one_off_month", "2026-08-31"), "Cột ghi chú nêu thời hạn khác"),
        ("Thường xuyên", "Báo cáo trước 15/12/2026", ("continuous", None), 'Cột ghi chú nêu thời hạn ("'),
        ("Trước ngày 10 hằng tháng", "Gửi trước ngày 18", ("monthly", "2026-01-10"), "Cột ghi chú nêu thời hạn khác"),
    ],
)
def test_a_deadline_in_the_note_is_used_or_told_of(
    time: str, note: str, expected: tuple[str, str | None], asked: str
) -> None:
    duty = first("TT | Nội dung | Chủ trì | Thời hạn | Ghi chú", f"1 | Việc một | {ECONOMY} | {time} | {note}")
    assert due(duty) == expected
    assert asked in " ".join(duty.needs_review)
    assert not is_confident(duty)


@pytest.mark.parametrize(
    "note",
    ["Kinh phí tự chủ năm 2026", "Theo Quyết định số 12/QĐ-UBND ngày 05/3/2026", "Đã hoàn thành ngày 15/01/2026",
     "Chào mừng ngày 20/10", "Gửi Sở Nội vụ", "Gửi trước ngày 31/3/2026"],
)  # fmt: skip
def test_a_note_without_another_deadline_changes_nothing(note: str) -> None:
    header = "TT | Nội dung | Chủ trì | Thời hạn | Ghi chú"
    duty = first(header, f"1 | Việc một | {ECONOMY} | 31/3/2026 | {note}")
    assert due(duty) == ("one_off_date", "2026-03-31")
    assert is_confident(duty)
    if "31/3" not in note:
        assert first(header, f"1 | Việc một | {ECONOMY} | | {note}").needs_review == (
            "Ô thời gian để trống; hãy ấn định ngày hoặc kỳ.",
        )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Quý I: 10/3<br>Quý II: 10/6<br>Năm: 30/11", "Quý I: 10/3; Quý II: 10/6; Năm: 30/11"),
        ("KH: 30/01/2026;<br>BC: 05/12/2026.", "KH: 30/01/2026; BC: 05/12/2026"),
        ("6 tháng: 10/6<br>Năm: 10/12", "6 tháng: 10/6; Năm: 10/12"),
        ("Trước ngày<br>30/6/2026", "Trước ngày 30/6/2026"),
    ],
)
def test_lines_with_labels_of_their_own_are_a_list(cell: str, expected: str) -> None:
    duty = first("TT | Nội dung | Chủ trì | Thời hạn", f"1 | Báo cáo | {ECONOMY} | {cell}")
    assert duty.deadline_text == duty.deadline.phrase == expected


@pytest.mark.parametrize(
    ("cell", "asked"),
    [
        ("Hai tuần một lần", "chưa cho biết ngày nào"),
        ("Hằng tuần", "chưa cho biết ngày nào"),
        ("Trước 15/01/2026 (đã hoàn thành)", 'ghi "đã hoàn thành"'),
    ],
)
def test_what_nobody_can_be_reminded_of_as_it_stands_is_listed_for_review(cell: str, asked: str) -> None:
    duty = first("TT | Nội dung | Chủ trì | Thời hạn", f"1 | Trực cơ quan | {ECONOMY} | {cell}")
    assert asked in " ".join(duty.needs_review)
    assert not is_confident(duty)


@pytest.mark.parametrize(
    ("task", "title"),
    [
        ("Giao ban công tác CCHC", "Giao ban công tác CCHC"),
        ("Giao lưu văn nghệ", "Giao lưu văn nghệ"),
        ("Giao dự toán thu", "Giao dự toán thu"),
        ("Phân công trực Tết Nguyên đán", "Phân công trực Tết Nguyên đán"),
        (f"Giao {CULTURE} rà soát hộ nghèo", "Rà soát hộ nghèo"),
        ("Giao các thôn rà soát hộ nghèo", "Rà soát hộ nghèo"),
    ],
)
def test_who_is_given_the_work_leaves_the_title_and_what_is_given_stays(task: str, title: str) -> None:
    assert first("TT | Nội dung | Chủ trì | Thời hạn", f"1 | {task} | {ECONOMY} | 30/6/2026").title == title

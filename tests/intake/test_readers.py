"""One plan in every format gives the same paragraphs and tables; and what each format does in its own way."""

from __future__ import annotations

import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from schedules.intake.blocks import Document, Paragraph, Table
from schedules.intake.readers import read_document, read_text
from tests.intake.documents import FONT, HUNG_THANG, build, long_plan, register_font, sample, shape

FORMATS = [".docx", ".pdf", ".xlsx", ".csv", ".md", ".txt"]
HEADER = ("TT", "Nội dung công việc", "Cơ quan chủ trì", "Cơ quan phối hợp", "Thời gian hoàn thành", "Sản phẩm")


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def tables(document: Document) -> list[Table]:
    return [block for block in document.blocks if isinstance(block, Table)]


# ---- the same plan ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_sample_is_the_same_in_every_format(suffix: str, tmp_path: Path) -> None:
    plan = sample()
    assert shape(read_document(build(plan.blocks, tmp_path / f"plan{suffix}"))) == shape(plan)


@pytest.mark.skipif(not HUNG_THANG.exists(), reason="the shared plans are not beside the repository")
@pytest.mark.parametrize("suffix", FORMATS)
def test_hung_thang_is_the_same_in_every_format(suffix: str, tmp_path: Path) -> None:
    plan = read_document(HUNG_THANG)
    assert shape(read_document(build(plan.blocks, tmp_path / f"plan{suffix}"))) == shape(plan)


@pytest.mark.skipif(not HUNG_THANG.exists(), reason="the shared plans are not beside the repository")
def test_hung_thang_table_split_by_a_page_is_one() -> None:
    plan = read_document(HUNG_THANG)
    (table,) = tables(plan)
    assert [row.cells[0] for row in table.rows] == ["1", "2", "1", "2", "3"]
    assert [row.group for row in table.rows][2:] == ["II. Cải cách thủ tục hành chính"] * 3
    assert table.rows[3].line == 192
    assert table.title
    assert table.title.startswith("DANH MỤC NHIỆM VỤ CẢI CÁCH HÀNH CHÍNH NĂM 2026 (Ban hành")


@pytest.mark.skipif(not HUNG_THANG.exists(), reason="the shared plans are not beside the repository")
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("start", ["ai-quoc", "ke-sat", "le-hong", "xuan-duong"])
def test_plans_without_a_table_are_the_same_in_every_format(start: str, suffix: str, tmp_path: Path) -> None:
    plan = read_document(next(HUNG_THANG.parent.glob(f"{start}*.txt")))
    assert shape(read_document(build(plan.blocks, tmp_path / f"plan{suffix}"))) == shape(plan)


@pytest.mark.skipif(not HUNG_THANG.exists(), reason="the shared plans are not beside the repository")
def test_wrapped_plan_is_joined_over_gaps_and_page_numbers() -> None:
    plan = read_document(HUNG_THANG.with_name("le-hong-2021-2025.txt"))
    assert not any(text.isdigit() for text in texts(plan))
    assert any("công tác điều tra xã hội học" in text for text in texts(plan))
    assert all(text[0].isupper() or not text[0].isalpha() or text[1] in ")." for text in texts(plan))


def test_sample_has_groups_and_title() -> None:
    (table,) = tables(sample())
    assert table.header == HEADER
    assert table.title == "DANH MỤC NHIỆM VỤ"
    assert [row.group for row in table.rows] == ["I. Chỉ đạo, điều hành"] * 2 + ["II. Cải cách thủ tục hành chính"]
    assert table.rows[1].cells[3] == ""


LONG = long_plan(rows=1400, paragraphs=1000)  # 208 pages of PDF
IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))
from schedules.intake.readers import read_document
print(len(read_document(Path(sys.argv[1])).blocks))
"""


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".xlsx"])
def test_two_hundred_pages_in_little_time_and_memory(suffix: str, tmp_path: Path) -> None:
    path = build(LONG, tmp_path / f"long{suffix}")
    shares: list[float] = []
    started = time.process_time()
    document = read_document(path, shares.append)
    assert time.process_time() - started < 20
    assert shape(document) == shape(Document("", LONG))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    if suffix != ".xlsx":  # the others are held to the same half a gigabyte on the whole way, in test_whole_way
        return
    done = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_MEMORY, str(path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.strip() == str(len(LONG)), done.stderr


# ---- text ------------------------------------------------------------------------------------------------------------


def test_text_is_composed_and_cleaned() -> None:
    raw = unicodedata.normalize("NFD", "Báo\u00a0cáo  quý\u200b gửi Sở Nội\u00advụ")
    assert texts(read_text(raw, "x")) == ["Báo cáo quý gửi Sở Nộivụ"]


def test_markdown_signs_fall_away_but_numbers_stay() -> None:
    document = read_text(
        "## **1. Mục đích**\n\n- *Báo cáo* [tại đây](http://a.vn)\n\n---\n\n**KẾ HOẠCH\nnăm 2026**\n\n1\\. A", "x"
    )
    assert texts(document) == ["1. Mục đích", "- Báo cáo tại đây", "KẾ HOẠCH", "năm 2026", "1. A"]


def test_bullets_are_all_alike() -> None:
    assert texts(read_text("• Một\n– Hai\n·Ba\n+ Bốn", "x")) == ["- Một", "- Hai", "- Ba", "+ Bốn"]


def test_wrapped_text_without_trailing_spaces() -> None:
    document = read_text(
        "1. Phòng Văn hóa - Xã hội chủ trì, phối hợp với các cơ quan, đơn vị có liên\n"
        "quan tổng hợp, báo cáo Ủy ban nhân dân xã và Sở Nội vụ giai đoạn 2026\n"
        "- 2030 trước ngày 10 tháng 12 hằng năm theo Quyết định số 12/QĐ-\n"
        "UBND của tỉnh.\n"
        "2. Phòng Kinh tế thẩm định kinh phí, trình Ủy ban nhân dân xã quyết định\n"
        "phân bổ kinh phí.\n",
        "x",
    )
    assert len(texts(document)) == 2
    assert "giai đoạn 2026 - 2030 trước" in texts(document)[0]
    assert texts(document)[0].endswith("12/QĐ-UBND của tỉnh.")


def test_table_pasted_with_tabs() -> None:
    document = read_text("TT\tNhiệm vụ\tThời hạn\n1\tBáo cáo\tQuý I\n2\tKiểm tra\t\n", "x")
    (table,) = tables(document)
    assert table.header == ("TT", "Nhiệm vụ", "Thời hạn")
    assert [row.cells for row in table.rows] == [("1", "Báo cáo", "Quý I"), ("2", "Kiểm tra", "")]


def test_grid_table() -> None:
    text = "+----+----------+------+\n| TT | Nhiệm vụ | Thời |\n|    |          | hạn  |\n+====+==========+======+\n"
    (table,) = tables(read_text(text + "| 1  | Báo cáo  | Quý I  |\n+----+----------+--------+\n", "x"))
    assert table.header == ("TT", "Nhiệm vụ", "Thời hạn")
    assert table.rows[0].cells == ("1", "Báo cáo", "Quý I")


def tones_apart(text: str) -> str:
    """As Windows-1258 has it: "ộ" is "ô" and a dot of its own."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    found = ""
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
        found += base + "".join(part for part in parts if part in tones)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    line = "Phòng Văn hóa - Xã hội báo cáo trước ngày 15/3/2026."
    path = tmp_path / "a.txt"
    path.write_bytes((tones_apart(line) if encoding == "cp1258" else line).encode(encoding))
    document = read_document(path)
    assert texts(document) == [line]
    assert len(document.warnings) == (encoding == "cp1258")


# ---- tables ----------------------------------------------------------------------------------------------------------


def one_table(*lines: str) -> Table:
    (table,) = tables(read_text("\n".join(lines), "x"))
    return table


def test_header_repeated_after_a_page_is_dropped() -> None:
    head = ["| TT | Nhiệm vụ | Thời hạn |", "|---|---|---|"]
    table = one_table(*head, "| 1 | A a | Quý I |", "", "2", "", *head, "| 2 | B b | Quý II |")
    assert [row.cells[0] for row in table.rows] == ["1", "2"]


def test_two_tables_with_different_headers_stay_two() -> None:
    document = read_text("| TT | Nhiệm vụ |\n|---|---|\n| 1 | A |\n\n| TT | Chỉ tiêu |\n|---|---|\n| 1 | 98% |", "x")
    assert [table.header[1] for table in tables(document)] == ["Nhiệm vụ", "Chỉ tiêu"]


def test_short_rows_column_numbers_and_empty_rows() -> None:
    table = one_table(
        "| TT | Nhiệm vụ | Chủ trì | Thời hạn |", "|---|---|---|---|", "| (1) | (2) | (3) | (4) |",
        "| | | | |", "| 1 | Báo cáo |",
    )  # fmt: skip
    assert [row.cells for row in table.rows] == [("1", "Báo cáo", "", "")]


def test_group_rows_of_every_kind() -> None:
    table = one_table(
        "| TT | Nhiệm vụ | Chủ trì | Thời hạn |", "|---|---|---|---|",
        "| I | Cải cách thể chế | | |", "| 1 | A a | P | Quý I |",
        "| II. Cải cách thủ tục | | | |", "| 2 | B b | P | |", "| 3 | Việc chưa có ai làm | | |",
        "| Nhóm gộp | Nhóm gộp | Nhóm gộp | Nhóm gộp |", "| 4 | C c | P | |",
        "| 5 | Nhóm theo số | | |", "| 5.1 | D d | P | |",
    )  # fmt: skip
    assert [(row.cells[0], row.group) for row in table.rows] == [
        ("1", "I. Cải cách thể chế"), ("2", "II. Cải cách thủ tục"), ("3", "II. Cải cách thủ tục"),
        ("4", "Nhóm gộp"), ("5.1", "5. Nhóm theo số"),
    ]  # fmt: skip


# ---- Word ------------------------------------------------------------------------------------------------------------


def word_with(tmp_path: Path, write: Any) -> Document:
    import docx

    document = docx.Document()
    write(document)
    document.save(str(tmp_path / "a.docx"))
    return read_document(tmp_path / "a.docx")


def test_word_numbers_and_bullets(tmp_path: Path) -> None:
    def write(document: Any) -> None:
        for text, style in [("Một", "List Number"), ("Hai", "List Number"), ("Gạch", "List Bullet"), ("Thường", None)]:
            document.add_paragraph(text, style=style)

    assert texts(word_with(tmp_path, write)) == ["1. Một", "2. Hai", "- Gạch", "Thường"]


def test_word_merged_cells_and_two_header_rows(tmp_path: Path) -> None:
    def write(document: Any) -> None:
        rows = [
            ("TT", "Nhiệm vụ", "Thời gian", ""), ("", "", "Bắt đầu", "Kết thúc"),
            ("1", "Rà soát", "01/01/2026", "30/6/2026"), ("2", "", "01/7/2026", "31/12/2026"),
        ]  # fmt: skip
        table = document.add_table(rows=4, cols=4)
        for at, cells in enumerate(rows):
            for place, text in zip(table.rows[at].cells, cells, strict=True):
                place.text = text
        for one, other in [((0, 0), (1, 0)), ((0, 1), (1, 1)), ((0, 2), (0, 3)), ((2, 1), (3, 1))]:
            table.cell(*one).merge(table.cell(*other))

    (table,) = tables(word_with(tmp_path, write))
    assert table.header == ("TT", "Nhiệm vụ", "Thời gian: Bắt đầu", "Thời gian: Kết thúc")
    assert [row.cells[1] for row in table.rows] == ["Rà soát", "Rà soát"]


def test_word_heading_table_becomes_text_and_line_breaks_paragraphs(tmp_path: Path) -> None:
    def write(document: Any) -> None:
        table = document.add_table(rows=1, cols=2)
        table.cell(0, 0).text = "UBND XÃ AN BÌNH"
        table.cell(0, 1).text = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc"
        document.add_paragraph("KẾ HOẠCH\nCải cách hành chính")

    document = word_with(tmp_path, write)
    assert not tables(document)
    assert texts(document)[0] == "UBND XÃ AN BÌNH"
    assert texts(document)[-2:] == ["KẾ HOẠCH", "Cải cách hành chính"]


def test_word_deleted_and_hidden_text_is_left_out(tmp_path: Path) -> None:
    def write(document: Any) -> None:
        paragraph = document.add_paragraph("Báo cáo ")
        paragraph.add_run("ẩn").font.hidden = True
        paragraph.add_run("trước 15/3")
        deleted = paragraph._p.makeelement(f"{paragraph._p.tag.rpartition('}')[0]}}}del", {})
        paragraph._p.append(deleted)
        deleted.append(paragraph.add_run("trước 20/3")._r)

    document = word_with(tmp_path, write)
    assert texts(document) == ["Báo cáo trước 15/3"]
    assert "Track Changes" in document.warnings[0]


# ---- sheets ----------------------------------------------------------------------------------------------------------


def test_sheet_values_as_people_see_them(tmp_path: Path) -> None:
    import datetime as dt

    import openpyxl

    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["KẾ HOẠCH NĂM 2026"])
    sheet.append([])
    sheet.append(["TT", "Nhiệm vụ", "Thời hạn", "Chỉ tiêu"])
    sheet.append([3.0, "Báo cáo", dt.date(2026, 3, 5), 0.985])
    sheet["D4"].number_format = "0.0%"
    sheet.append([])
    sheet.append(["II", "Nhóm", None, None])
    sheet.append([4, "Kiểm tra\nhiện trường", "Quý II", 12.5])
    hidden = book.create_sheet("Nháp")
    hidden.append(["bỏ"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    document = read_document(tmp_path / "a.xlsx")
    (table,) = tables(document)
    assert texts(document) == ["KẾ HOẠCH NĂM 2026"]
    assert [row.cells for row in table.rows] == [
        ("3", "Báo cáo", "05/03/2026", "98,5%"),
        ("4", "Kiểm tra\nhiện trường", "Quý II", "12,5"),
    ]
    assert table.rows[1].group == "II. Nhóm"
    assert table.rows[0].line == 4
    assert "Nháp" in document.warnings[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_delimiters(delimiter: str, tmp_path: Path) -> None:
    lines = [["TT", "Nhiệm vụ", "Thời hạn"], ["1", "Báo cáo", "Quý I"], ["2", '"Rà soát, kiểm tra; sửa"', ""]]
    (tmp_path / "a.csv").write_text("\n".join(delimiter.join(line) for line in lines), encoding="utf-8")
    (table,) = tables(read_document(tmp_path / "a.csv"))
    assert table.header == ("TT", "Nhiệm vụ", "Thời hạn")
    assert table.rows[1].cells == ("2", "Rà soát, kiểm tra; sửa", "")


def test_csv_of_sentences_is_not_split_at_commas(tmp_path: Path) -> None:
    lines = ["KẾ HOẠCH", "Phòng Kinh tế, Công an xã, Văn phòng báo cáo, đề xuất.", "Các cơ quan, đơn vị phối hợp."]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    assert texts(read_document(tmp_path / "a.csv")) == lines


# ---- PDF -------------------------------------------------------------------------------------------------------------


def drawn(path: Path) -> Path:
    """A PDF as Word makes it: two-column heading, indents, a landscape table cut by a page, a turned page."""
    from reportlab.lib.pagesizes import A4, landscape  # type: ignore[import-untyped]
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

    register_font()
    canvas = Canvas(str(path), pagesize=A4)

    def put(x: float, y: float, text: str) -> None:
        canvas.setFont(FONT, 10)
        canvas.drawString(x, canvas._pagesize[1] - y, text)

    for x, y, text in [
        (70, 60, "ỦY BAN NHÂN DÂN"),
        (320, 60, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        (85, 76, "XÃ AN BÌNH"), (350, 76, "Độc lập - Tự do - Hạnh phúc"), (260, 130, "KẾ HOẠCH"),
        (121, 190, "Thực hiện Quyết định số 12/QĐ-UBND ngày 05/01/2026 của UBND tỉnh về công tác"),
        (85, 205, "cải cách hành chính giai đoạn 2026-"), (85, 220, "2030 trên địa bàn xã."),
        (121, 240, unicodedata.normalize("NFD", "b) Báo cáo hằng quý gửi Phòng Văn hóa.")), (300, 815, "1"),
    ]:  # fmt: skip
        put(x, y, text)
    canvas.showPage()
    for number, ys, cells in [
        (2, [80, 100, 120, 160, 200], [
            (55, 105, "TT"), (100, 105, "Nội dung công việc"), (305, 105, "Cơ quan chủ trì"), (630, 95, "Thời gian"),
            (425, 115, "Bắt đầu"), (625, 115, "Kết thúc"), (55, 135, "1"), (95, 135, "Rà soát thủ tục"),
            (95, 150, "nội bộ"), (305, 135, "Phòng Văn hóa"), (305, 150, "- Xã hội"), (425, 135, "01/01/2026"),
            (625, 135, "30/6/2026"), (55, 175, "2"), (95, 175, "Báo cáo kết quả"), (305, 175, "Văn phòng"),
            (95, 190, "thực hiện năm")]),
        (3, [60, 90, 120], [(95, 80, "2026 gửi tỉnh"), (55, 110, "3"), (95, 110, "Việc ba"), (625, 110, "Quý III")]),
    ]:  # fmt: skip
        canvas.setPageSize(landscape(A4))
        xs, height = [50, 90, 300, 420, 620, 780], landscape(A4)[1]
        for y in ys:
            canvas.line(xs[3] if y == 100 else xs[0], height - y, xs[-1], height - y)
        for x in xs:
            canvas.line(x, height - (100 if x == 620 and number == 2 else ys[0]), x, height - ys[-1])
        for x, y, text in [*cells, (420, 30, str(number))]:
            put(x, y, text)
        canvas.showPage()
    canvas.setPageSize(A4)
    canvas.setPageRotation(90)
    canvas.translate(595, 0)
    canvas.rotate(90)
    canvas.setFont(FONT, 11)
    canvas.drawString(100, 400, "Trang xoay ngang: báo cáo trước ngày 10/12/2026.")
    canvas.save()
    return path


def test_pdf_layout(tmp_path: Path) -> None:
    document = read_document(drawn(tmp_path / "a.pdf"))
    assert texts(document) == [
        "ỦY BAN NHÂN DÂN", "XÃ AN BÌNH",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "KẾ HOẠCH",
        "Thực hiện Quyết định số 12/QĐ-UBND ngày 05/01/2026 của UBND tỉnh về công tác cải cách hành chính giai đoạn "
        "2026-2030 trên địa bàn xã.",
        "b) Báo cáo hằng quý gửi Phòng Văn hóa.", "Trang xoay ngang: báo cáo trước ngày 10/12/2026.",
    ]  # fmt: skip
    (table,) = tables(document)
    assert table.header == (
        "TT", "Nội dung công việc", "Cơ quan chủ trì", "Thời gian: Bắt đầu", "Thời gian: Kết thúc",
    )  # fmt: skip
    assert [row.cells for row in table.rows] == [
        ("1", "Rà soát thủ tục nội bộ", "Phòng Văn hóa - Xã hội", "01/01/2026", "30/6/2026"),
        ("2", "Báo cáo kết quả thực hiện năm 2026 gửi tỉnh", "Văn phòng", "", ""),
        ("3", "Việc ba", "", "", "Quý III"),
    ]
    assert table.page == 2

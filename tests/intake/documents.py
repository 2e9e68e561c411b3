"""Builders that write one plan as .docx, .pdf, .xlsx, .csv, .md and .txt, as the programs of an office would."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from schedules.intake.blocks import Block, Document, Paragraph, Row, Table
from schedules.intake.readers import read_text

HUNG_THANG = Path(__file__).parents[3] / "shared" / "plans" / "hung-thang-2026.txt"
FONT = "DejaVuSans"

SAMPLE = """
ỦY BAN NHÂN DÂN
XÃ AN BÌNH

KẾ HOẠCH
Cải cách hành chính năm 2026 của xã An Bình

Thực hiện Quyết định số 12/QĐ-UBND ngày 05/01/2026 của UBND tỉnh về công tác cải cách hành chính; UBND xã An Bình ban \
hành Kế hoạch thực hiện, cụ thể như sau:

I. MỤC ĐÍCH, YÊU CẦU
1. Mục đích
- Nâng cao chất lượng phục vụ Nhân dân; mức độ hài lòng của người dân đạt tối thiểu 90%.
- Giai đoạn 2026 - 2030 không còn hồ sơ quá hạn tại Trung tâm Phục vụ hành chính công xã.
II. TỔ CHỨC THỰC HIỆN
a) Phòng Văn hóa - Xã hội: tổng hợp, báo cáo UBND xã trước ngày 20 của tháng cuối quý; báo cáo năm gửi trước ngày \
10/12/2026 để gửi Sở Nội vụ.
b) Các cơ quan, đơn vị báo cáo hằng tháng về Phòng Văn hóa - Xã hội.
Trên đây là Kế hoạch cải cách hành chính năm 2026 của xã An Bình./.

DANH MỤC NHIỆM VỤ

| TT | Nội dung công việc | Cơ quan chủ trì | Cơ quan phối hợp | Thời gian hoàn thành | Sản phẩm |
|---|---|---|---|---|---|
| I. Chỉ đạo, điều hành | | | | | |
| 1 | Ban hành Kế hoạch cải cách hành chính năm 2026 | Phòng Văn hóa - Xã hội | Các cơ quan | 15/01/2026 | Kế hoạch |
| 2 | Kiểm tra công tác cải cách hành chính tại các đơn vị | Phòng Văn hóa - Xã hội | | Quý III | Báo cáo |
| II. Cải cách thủ tục hành chính | | | | | |
| 3 | Rà soát, đơn giản hóa thủ tục hành chính nội bộ | Trung tâm Phục vụ hành chính công | Các cơ quan | | Quyết định |
"""

Plan = Sequence[Block]
Builder = Callable[[Plan, Path], None]


def sample() -> Document:
    """A small plan of our own."""
    return read_text(SAMPLE, "an-binh.txt")


def shape(document: Document) -> list[object]:
    """What must be the same in every format: texts, headers, rows and groups; not the line numbers."""
    return [
        block.text if isinstance(block, Paragraph) else (block.header, [(row.group, row.cells) for row in block.rows])
        for block in document.blocks
    ]


def build(plan: Plan, path: Path) -> Path:
    """Write a plan in the format of the path's ending."""
    builders: dict[str, Builder] = {
        ".docx": _docx, ".pdf": _pdf, ".xlsx": _xlsx, ".csv": _csv, ".md": _markdown, ".txt": _markdown,
    }  # fmt: skip
    builders[path.suffix](plan, path)
    return path


def long_plan(rows: int, paragraphs: int) -> list[Block]:
    """A plan of many pages, all sentences different."""
    blocks: list[Block] = [Paragraph("KẾ HOẠCH", 1)]
    for number in range(1, paragraphs + 1):
        text = (
            f"{number}. Phòng Văn hóa - Xã hội chủ trì, phối hợp với đơn vị số {number * 7} rà soát {number * 13} "
            f"thủ tục hành chính, báo cáo Ủy ban nhân dân xã trước ngày {number % 28 + 1}/{number % 12 + 1}/2026; kinh "
            f"phí thực hiện lấy từ nguồn ngân sách nhà nước cấp năm {2026 + number % 5} và các nguồn hợp pháp khác."
        )
        blocks.append(Paragraph(text, number))
    header = ("TT", "Nội dung công việc", "Cơ quan chủ trì", "Cơ quan phối hợp", "Thời gian hoàn thành", "Sản phẩm")
    body = [
        Row(
            (
                str(number),
                f"Rà soát, đơn giản hóa thủ tục hành chính lĩnh vực số {number} trên địa bàn xã, công khai kết quả",
                f"Phòng chuyên môn {number % 9}",
                "Các cơ quan, đơn vị liên quan",
                f"Trước ngày {number % 28 + 1}/{number % 12 + 1}/2026",
                f"Báo cáo số {number}",
            ),
            number,
            f"{'I' * ((number - 1) // 200 % 3 + 1)}. Nhóm nhiệm vụ {(number - 1) // 200}",
        )
        for number in range(1, rows + 1)
    ]
    return [*blocks, Paragraph("DANH MỤC NHIỆM VỤ", 0), Table(header, tuple(body), 0)]


def printed_rows(table: Table) -> Iterator[tuple[str | None, tuple[str, ...]]]:
    """The rows as they stand on paper: a group's row before its first task."""
    last: str | None = None
    for row in table.rows:
        if row.group and row.group != last:
            last = row.group
            yield row.group, (row.group, *[""] * (len(row.cells) - 1))
        yield None, row.cells


def _markdown(plan: Plan, path: Path) -> None:
    lines: list[str] = []
    for block in plan:
        if isinstance(block, Paragraph):
            lines += [block.text, ""]
            continue
        lines += [_pipes(block.header), _pipes(["---"] * len(block.header))]
        lines += [_pipes(cells) for _group, cells in printed_rows(block)]
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


def _pipes(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\n", "<br>") for cell in cells) + " |"


def _csv(plan: Plan, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        for block in plan:
            if isinstance(block, Paragraph):
                writer.writerow([block.text])
                continue
            writer.writerow(block.header)
            writer.writerows(cells for _group, cells in printed_rows(block))


def _xlsx(plan: Plan, path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet: Any = book.active
    for block in plan:
        if isinstance(block, Paragraph):
            sheet.append([block.text])
            sheet.merge_cells(start_row=sheet.max_row, start_column=1, end_row=sheet.max_row, end_column=6)
            continue
        sheet.append(list(block.header))
        for group, cells in printed_rows(block):
            sheet.append([int(cell) if cell.isdigit() else cell or None for cell in cells])
            if group:
                sheet.merge_cells(start_row=sheet.max_row, start_column=1, end_row=sheet.max_row, end_column=len(cells))
    book.save(path)


def _docx(plan: Plan, path: Path) -> None:
    import docx
    from docx.oxml import OxmlElement

    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Đầu trang không thuộc nội dung"
    for block in plan:
        if isinstance(block, Paragraph):
            document.add_paragraph(block.text)
            continue
        table = document.add_table(rows=0, cols=len(block.header))
        for group, cells in [("", block.header), *printed_rows(block)]:
            row = table.add_row()
            if group == "":
                row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
            places = row.cells
            if group:
                places[0].merge(places[-1]).text = group
                continue
            for place, text in zip(places, cells, strict=True):
                place.text = text
    document.save(str(path))


def _pdf(plan: Plan, path: Path) -> None:
    from reportlab.lib import colors  # type: ignore[import-untyped]
    from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY  # type: ignore[import-untyped]
    from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
    from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
    from reportlab.lib.units import mm  # type: ignore[import-untyped]
    from reportlab.platypus import Paragraph as Flowing  # type: ignore[import-untyped]
    from reportlab.platypus import SimpleDocTemplate
    from reportlab.platypus import Table as FlowingTable

    register_font()
    body = ParagraphStyle(
        "body", fontName=FONT, fontSize=12, leading=16, alignment=TA_JUSTIFY, firstLineIndent=28, spaceAfter=6
    )
    heading = ParagraphStyle("heading", parent=body, alignment=TA_CENTER, firstLineIndent=0)
    cell = ParagraphStyle("cell", fontName=FONT, fontSize=9, leading=11)
    flow: list[Any] = []
    for block in plan:
        if isinstance(block, Paragraph):
            style = heading if block.text.isupper() and len(block.text) < 50 else body
            flow.append(Flowing(_escaped(block.text), style))
            continue
        printed = [(None, block.header), *printed_rows(block)]
        data = [[Flowing(_escaped(text), cell) for text in cells] for _group, cells in printed]
        spans = [("SPAN", (0, at), (-1, at)) for at, (group, _cells) in enumerate(printed) if group]
        grid = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)
        widths = [16 * mm, 48 * mm, 30 * mm, 24 * mm, 24 * mm, 24 * mm]
        flow.append(FlowingTable(data, colWidths=widths, repeatRows=1, style=[grid, *spans]))
    document = SimpleDocTemplate(
        str(path), pagesize=A4, leftMargin=30 * mm, rightMargin=14 * mm, topMargin=22 * mm, bottomMargin=20 * mm
    )
    document.build(flow, onLaterPages=_page_number)


def _page_number(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 11)
    canvas.drawCentredString(300, 815, str(document.page))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br/>")


def register_font() -> None:
    """A font with Vietnamese letters, for reportlab."""
    from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
    from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]

    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, str(Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{FONT}.ttf")))

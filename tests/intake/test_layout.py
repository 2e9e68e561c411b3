"""Tables that nobody ruled: columns kept apart by spaces in a text, or by their places on the page of a PDF."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import pytest

from schedules.intake.draft import reading_of
from schedules.intake.findings import PlanFound
from schedules.intake.readers import read_document, read_text
from schedules.intake.understand import understand
from tests.intake.documents import FONT, register_font

WIDTHS = (4, 30, 20, 16, 22)
HEADER = ("STT", "Nội dung công việc", "Cơ quan chủ trì", "Thời hạn hoàn thành", "Sản phẩm")
ROWS = (
    ("1", "Rà soát hộ nghèo, hộ cận nghèo trên địa bàn toàn xã", "Phòng Kinh tế", "Trước ngày 15/11/2026", "Báo cáo"),
    ("2", "Tổ chức Ngày hội đại đoàn kết", "Văn phòng HĐND và UBND", "Tháng 11/2026", "Kế hoạch"),
    ("3", "Kiểm tra công tác phòng cháy, chữa cháy tại các chợ, trường học và khu dân cư", "Công an xã",
     "Quý III/2026", "Biên bản kiểm tra có chữ ký"),
    ("4", "Tiêm chủng mở rộng", "Trạm Y tế", "Ngày 10 hằng tháng", "Danh sách"),
)  # fmt: skip
EXPECTED = [
    ("1", "Phòng Kinh tế", "2026-11-15", "Báo cáo"),
    ("2", "Văn phòng HĐND và UBND", "2026-11-30", "Kế hoạch"),
    ("3", "Công an xã", "2026-09-30", "Biên bản kiểm tra có chữ ký"),
    ("4", "Trạm Y tế", "2026-01-10", "Danh sách"),
]
ABOVE = "UBND XÃ AN MẪU\n\nKẾ HOẠCH\nCông tác năm 2026\n\nI. NHIỆM VỤ\nChi tiết tại Phụ lục kèm theo.\n\nPHỤ LỤC\n\n"
BELOW = (
    "\n\nII. TỔ CHỨC THỰC HIỆN\n"
    "1. Giao Phòng Kinh tế theo dõi, đôn đốc, tổng hợp báo cáo UBND xã trước ngày 20 tháng cuối quý.\n"
)


def laid(rows: Sequence[Sequence[str]], *, middle: bool = False, gap: int = 2, between: str = "") -> str:
    """The rows as text in columns; ``middle``: what is lower than its row stands in the middle of it."""
    lines: list[str] = []
    for row in rows:
        cells = [textwrap.wrap(text, width) or [""] for text, width in zip(row, WIDTHS, strict=True)]
        height = max(map(len, cells))
        if middle:
            cells = [[""] * ((height - len(cell)) // 2) + cell for cell in cells]
        for parts in zip_longest(*cells, fillvalue=""):
            texts = (part.ljust(width) for part, width in zip(parts, WIDTHS, strict=True))
            lines.append((" " * gap).join(texts).rstrip())
        lines += [between] if between else []
    return "\n".join(lines)


def found(table: str) -> PlanFound:
    return understand(read_text(ABOVE + table + BELOW, "mau.txt"))


def told(plan: PlanFound) -> list[tuple[str, str | None, str, str | None]]:
    duties = [duty for duty in plan.duties if duty.where.startswith("Phụ lục")]
    return [(d.where.split()[-1], d.lead, str(reading_of(d).first_due), d.product) for d in duties]


@pytest.mark.parametrize("middle", [False, True])
@pytest.mark.parametrize("between", ["", " "])
def test_columns_kept_apart_by_spaces(middle: bool, between: str) -> None:
    plan = found(laid([HEADER, *ROWS], middle=middle, between=between))
    assert told(plan) == EXPECTED
    assert plan.duties[2].title.endswith("tại các chợ, trường học và khu dân cư")
    assert [duty.where for duty in plan.duties][-1] == "II.1", "the text behind the table is still read"
    assert not [text for text in plan.warnings if "Phụ lục" in text]


def test_groups_a_page_break_and_a_repeated_header() -> None:
    groups = ("I   CÔNG TÁC XÃ HỘI", "II  AN NINH, Y TẾ")
    pages = [laid([HEADER]), groups[0], laid(ROWS[:2]), "", f"{' ' * 40}2", "\f" + laid([HEADER]), groups[1]]
    plan = found("\n".join([*pages, laid(ROWS[2:])]))
    assert [where for where, *_ in told(plan)] == ["I.1", "I.2", "II.3", "II.4"]
    assert [row[1:] for row in told(plan)] == [row[1:] for row in EXPECTED]


def test_a_row_that_the_end_of_a_page_cuts() -> None:
    top, *rest = laid(ROWS[2:]).split("\n")
    plan = found("\n".join([laid([HEADER, *ROWS[:2]]), top, "", f"{' ' * 40}2", "\f" + "\n".join(rest)]))
    assert told(plan) == EXPECTED


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(laid([HEADER, *ROWS], gap=1), id="no gap between the columns"),
        pytest.param("\n".join(cell for row in [HEADER, *ROWS] for cell in row), id="one cell a line"),
    ],
)
def test_columns_that_cannot_be_told_apart_are_said_and_invent_nothing(table: str) -> None:
    plan = found(table)
    assert told(plan) == []
    assert any("không đọc được các cột" in text for text in plan.warnings)
    assert not any("tệp không có" in text for text in plan.warnings)
    assert [unit.name for unit in plan.units if unit.kind == "unit"] == ["Phòng Kinh tế"]


SPREAD = """
TT    Nội dung nhiệm vụ               Đơn vị thực hiện                       Thời gian         Sản phẩm
                                      Chủ trì              Phối hợp
1     Rà soát hộ nghèo trên địa bàn   Phòng Kinh tế        Công an xã        15/11/2026        Báo cáo
2     Họp giao ban                    Công an xã           Trạm Y tế         Tháng 11/2026     Biên bản
"""


def test_a_header_word_over_two_columns() -> None:
    duties = [duty for duty in found(SPREAD).duties if duty.where.startswith("Phụ lục")]
    assert [(duty.lead, duty.cooperating) for duty in duties] == [
        ("Phòng Kinh tế", ("Công an xã",)),
        ("Công an xã", ("Trạm Y tế",)),
    ]
    assert [str(reading_of(duty).first_due) for duty in duties] == ["2026-11-15", "2026-11-30"]


def pdf_of(path: Path, header_again: bool) -> Path:
    from reportlab.lib.pagesizes import A4, landscape  # type: ignore[import-untyped]
    from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table  # type: ignore[import-untyped]

    register_font()
    style = ParagraphStyle("cell", fontName=FONT, fontSize=10, leading=12)

    def table(rows: Sequence[Sequence[str]]) -> Table:
        return Table([[Paragraph(text, style) for text in row] for row in rows], colWidths=[35, 220, 150, 130, 150])

    second = [HEADER, *ROWS[2:]] if header_again else ROWS[2:]
    heading = Paragraph("PHỤ LỤC", style), Paragraph("NHIỆM VỤ NĂM 2026", style)
    SimpleDocTemplate(str(path), pagesize=landscape(A4)).build(
        [*heading, table([HEADER, *ROWS[:2]]), PageBreak(), table(second)]
    )
    return path


def test_a_pdf_without_rules(tmp_path: Path) -> None:
    plan = understand(read_document(pdf_of(tmp_path / "mau.pdf", header_again=True)), 2026)
    assert [(duty.lead, str(reading_of(duty).first_due), duty.product) for duty in plan.duties] == [
        row[1:] for row in EXPECTED
    ]


def test_a_page_whose_columns_have_no_header_is_said(tmp_path: Path) -> None:
    document = read_document(pdf_of(tmp_path / "mau.pdf", header_again=False))
    assert any("trang 2" in text for text in document.warnings)

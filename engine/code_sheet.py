"""The sheet of link codes: one box a person, to be cut apart and handed out personally; or a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import NhacViecError
from engine.whole_file import write_whole

KINDS = (".docx", ".csv")
IN_A_ROW = 2


@dataclass(frozen=True, slots=True)
class Slip:
    """One person's code."""

    name: str
    unit: str
    phone: str | None
    code: str
    until: str  # "10:00 ngày 28/11/2026"


def check_place(path: Path) -> None:
    """Whether the sheet can be written there; asked before any code is issued.

    :raises NhacViecError: it can not.
    """
    if path.suffix.lower() not in KINDS:
        raise NhacViecError(f"{path.name}: phiếu mã chỉ ghi được thành .docx (để in) hoặc .csv. Hãy đổi đuôi tệp.")
    if path.exists():
        raise NhacViecError(f"{path} đã có. Hãy ghi tên tệp khác, hoặc xoá tệp cũ trước.")
    if not path.absolute().parent.is_dir():
        raise NhacViecError(f"Không có thư mục {path.absolute().parent}. Hãy kiểm tra lại đường dẫn.")


def write_sheet(path: Path, office: str, slips: Sequence[Slip], zalo: str | None, telegram: str | None) -> None:
    """Write the sheet, readable by its owner only.

    :raises NhacViecError: the place cannot be written.
    """
    content = sheet_of(office, slips, zalo, telegram) if path.suffix.lower() == ".docx" else _csv(slips)
    try:
        write_whole(path, lambda file: file.write(content), replace=False)
    except NhacViecError as error:
        raise NhacViecError(f"{error} Chưa có mã nào được cấp.") from None


def how_to(zalo: str | None, telegram: str | None) -> tuple[str, str]:
    """The two lines under a code."""
    names = [f"Zalo, tìm “{zalo}”"] if zalo else []
    if telegram:
        names.append(f"Telegram, tìm @{telegram.removeprefix('@')}")
    where = " hoặc ".join(names) or "Zalo (hoặc Telegram), tìm bot của cơ quan"
    return f"1. Mở {where}, bấm Bắt đầu.", "2. Nhắn đúng mã trên cho bot. Bot đáp “đã liên kết” là xong."


def _csv(slips: Sequence[Slip]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Họ tên", "Đơn vị", "Điện thoại", "Mã liên kết", "Hiệu lực đến"])
    for slip in slips:
        writer.writerow([_harmless(cell) for cell in (slip.name, slip.unit, slip.phone or "", slip.code, slip.until)])
    return text.getvalue().encode("utf-8-sig")  # Excel needs the mark to see UTF-8


def _harmless(cell: str) -> str:
    """A name that begins like a formula must not be one."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def sheet_of(office: str, slips: Sequence[Slip], zalo: str | None = None, telegram: str | None = None) -> bytes:
    """The sheet as a .docx."""
    import docx  # noqa: PLC0415  # 0.2 s that no other page or command should pay
    from docx.shared import Cm  # noqa: PLC0415

    document = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(1.5)
    document.styles["Normal"].font.name = "Times New Roman"
    rows = -(-len(slips) // IN_A_ROW)
    table = document.add_table(rows=rows, cols=IN_A_ROW, style="Table Grid")
    for row in table.rows:
        _keep_whole(row)
    for at, slip in enumerate(slips):
        _fill(table.cell(at // IN_A_ROW, at % IN_A_ROW), office, slip, how_to(zalo, telegram))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _keep_whole(row: Any) -> None:
    """A box must not be cut by the end of the page."""
    from docx.oxml import OxmlElement  # noqa: PLC0415

    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _fill(cell: Any, office: str, slip: Slip, lines: tuple[str, str]) -> None:
    from docx.shared import Pt  # noqa: PLC0415

    title = cell.paragraphs[0]
    title.add_run(f"{office} – Nhắc Việc").italic = True
    cell.add_paragraph().add_run(slip.name).bold = True
    cell.add_paragraph(slip.unit)
    code = cell.add_paragraph().add_run(slip.code)
    code.bold = True
    code.font.size = Pt(22)
    code.font.name = "Courier New"
    for line in lines:
        cell.add_paragraph(line)
    cell.add_paragraph(f"Mã dùng một lần, đến {slip.until}. Trao tận tay, không đưa cho người khác.")
    for paragraph in cell.paragraphs:
        paragraph.paragraph_format.space_after = Pt(2)

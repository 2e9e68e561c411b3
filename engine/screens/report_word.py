"""The report as a document (.docx), from a template that the office may change in its word processor.

The shipped template is built here, so that what it offers and what it is filled with stand side by side. An office
saves it (``nhacviec report --template FILE``), changes words and layout, and names its file in
``NHACVIEC_REPORT_TEMPLATE``.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.exceptions import OpcError
from docx.shared import Cm, Pt
from docxtpl import DocxTemplate  # type: ignore[import-untyped]
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from lxml.etree import LxmlError  # type: ignore[import-untyped]

from engine.errors import NhacViecError, in_vietnamese
from engine.screens.report import Report, Tally

MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_UNIT_COLUMNS = (
    ("Đơn vị", "{{ dong.ten }}"),
    ("Được giao", "{{ dong.duoc_giao }}"),
    ("Xong đúng hạn", "{{ dong.dung_han }}"),
    ("Xong muộn", "{{ dong.muon }}"),
    ("Muộn có lý do", "{{ dong.muon_co_ly_do }}"),
    ("Quá hạn chưa xong", "{{ dong.qua_han }}"),
    ("Chưa tới hạn", "{{ dong.chua_toi_han }}"),
)
_PERSON_COLUMNS = (
    ("Cá nhân", "{{ dong.ten }}"),
    ("Tháng", "{{ dong.thang }}"),
    *_UNIT_COLUMNS[1:],
    ("Số lần chậm", "{{ dong.so_lan_cham }}"),
    ("Tỷ lệ tiến độ (%)", "{{ dong.ty_le_tien_do }}"),
)
_OVERDUE_COLUMNS = (
    ("Việc", "{{ dong.viec }}"),
    ("Đơn vị", "{{ dong.don_vi }}"),
    ("Người phụ trách", "{{ dong.nguoi }}"),
    ("Hạn", "{{ dong.han }}"),
    ("Quá (ngày)", "{{ dong.so_ngay }}"),
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot carry


class BadTemplate(NhacViecError):
    """The office's own template cannot be filled in."""


def document(report: Report, template: Path | None = None) -> bytes:
    """The filled document. ``template``: the office's own; None: the shipped one.

    :raises BadTemplate: it cannot be read, or asks for what the report does not have.
    """
    try:
        source = shipped_template() if template is None else template.read_bytes()
        filled = DocxTemplate(io.BytesIO(source))
        # Whoever may change the file may not run anything with it.
        environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
        filled.render(_values(report), environment)
        file = io.BytesIO()
        filled.save(file)
    except OSError as error:
        raise BadTemplate(f"Không đọc được mẫu báo cáo {template}: {in_vietnamese(error)}.") from error
    except TemplateError as error:
        raise BadTemplate(
            f"Mẫu báo cáo {template} có chỗ viết chưa đúng: {error}. "
            "Hãy so với mẫu gốc: nhacviec report --template TỆP."
        ) from error
    except (zipfile.BadZipFile, OpcError, LxmlError, KeyError, ValueError, TypeError) as error:
        raise BadTemplate(
            f"Mẫu báo cáo {template} không phải tệp Word (.docx) dùng được. "
            "Hãy lưu lại dạng .docx, hoặc lấy mẫu gốc: nhacviec report --template TỆP."
        ) from error
    return file.getvalue()


def _values(report: Report) -> dict[str, Any]:
    """Everything a template may name."""
    values: dict[str, Any] = _without_control(
        {
            "co_quan": report.office,
            "tu_ngay": _day(report.first),
            "den_ngay": _day(report.last),
            "so_lieu_den": f"{report.counted_at:%H:%M} ngày {_day(report.counted_at.date())}",
            "tong": _line("Tổng cộng", report.total),
            "don_vi": [_line(unit, tally) for unit, tally in report.units],
            "ca_nhan": [
                _line(person.name, person.tally)
                | {"don_vi": person.unit, "thang": f"{person.month:%m/%Y}"}
                | {"so_lan_cham": person.tally.delays, "ty_le_tien_do": _percent(person.tally.progress)}
                for person in report.people
            ],
            "viec_qua_han": [
                {
                    "viec": line.title,
                    "don_vi": line.unit,
                    "nguoi": line.doer,
                    "han": _day(line.due),
                    "so_ngay": line.days_late,
                }
                for line in report.overdue
            ],
            "cach_tinh": list(report.definitions),
            "cach_tinh_ca_nhan": list(report.kpi_definitions),
        }
    )
    return values


def _line(name: str, tally: Tally) -> dict[str, Any]:
    return {
        "ten": name,
        "duoc_giao": tally.assigned,
        "dung_han": tally.on_time,
        "muon": tally.late,
        "muon_co_ly_do": tally.accepted,
        "qua_han": tally.overdue,
        "chua_toi_han": tally.in_time,
    }


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:g}".replace(".", ",")


def _day(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"


def _without_control(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_control(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_control(one) for one in value]
    return _CONTROL.sub("", value) if isinstance(value, str) else value


# ---- the shipped template -------------------------------------------------------------------------------------------


@cache
def shipped_template() -> bytes:
    """The template that comes with the program, as a file."""
    made = Document()
    style = made.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(13)
    for section in made.sections:
        section.left_margin, section.right_margin = Cm(3), Cm(1.5)
        section.top_margin = section.bottom_margin = Cm(2)
    _paragraph(made, "{{ co_quan }}", bold=True)
    _paragraph(made, "BÁO CÁO", bold=True, middle=True)
    _paragraph(made, "Tình hình thực hiện nhiệm vụ từ {{ tu_ngay }} đến {{ den_ngay }}", bold=True, middle=True)
    _paragraph(made, "Số liệu tính đến {{ so_lieu_den }}.")
    _paragraph(
        made,
        "Trong kỳ, {{ co_quan }} có {{ tong.duoc_giao }} việc: {{ tong.dung_han }} việc xong đúng hạn; "
        "{{ tong.muon }} việc xong muộn (trong đó {{ tong.muon_co_ly_do }} việc có lý do được chấp nhận); "
        "{{ tong.qua_han }} việc quá hạn chưa xong; {{ tong.chua_toi_han }} việc chưa tới hạn.",
    )
    _paragraph(made, "1. Theo đơn vị", bold=True)
    _table(made, _UNIT_COLUMNS, "don_vi")
    _paragraph(made, "2. Việc quá hạn chưa xong", bold=True)
    _table(made, _OVERDUE_COLUMNS, "viec_qua_han")
    _paragraph(made, "3. Theo cá nhân và tháng", bold=True)
    _table(made, _PERSON_COLUMNS, "ca_nhan")
    _paragraph(made, "4. Cách tính", bold=True)
    for name in ("cach_tinh", "cach_tinh_ca_nhan"):
        _paragraph(made, f"{{%p for dong in {name} %}}")
        _paragraph(made, "– {{ dong }}")
        _paragraph(made, "{%p endfor %}")
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _paragraph(made: Any, words: str, *, bold: bool = False, middle: bool = False) -> None:
    paragraph = made.add_paragraph()
    paragraph.add_run(words).bold = bold
    if middle:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _table(made: Any, columns: tuple[tuple[str, str], ...], rows: str) -> None:
    """A heading, and one row for each line: the rows around it are instructions, and are not there afterwards."""
    table = made.add_table(rows=4, cols=len(columns), style="Table Grid")
    for place, (name, value) in enumerate(columns):
        heading = table.cell(0, place).paragraphs[0].add_run(name)
        heading.bold, heading.font.size = True, Pt(10)
        table.cell(2, place).paragraphs[0].add_run(value).font.size = Pt(10)
    table.cell(1, 0).text = f"{{%tr for dong in {rows} %}}"
    table.cell(3, 0).text = "{%tr endfor %}"

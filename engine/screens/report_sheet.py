"""The report as a workbook (.xlsx). What people typed is text in it, whatever it begins with: never a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from engine.screens.report import Report, Tally

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NUMBERS = ("Được giao", "Xong đúng hạn", "Xong muộn", "Muộn có lý do", "Quá hạn chưa xong", "Chưa tới hạn")
_ASKS_FOR_TEXT = ("=", "+", "-", "@", "\t", "\r")
_HEAD = PatternFill("solid", fgColor="EFEEE9")


def workbook(report: Report) -> bytes:
    """The file: units, people by month, what is overdue, and how it is counted."""
    book = Workbook()
    by_unit = book.active
    assert isinstance(by_unit, Worksheet)
    by_unit.title = "Theo đơn vị"
    _sheet(
        by_unit,
        report,
        ("Đơn vị", *NUMBERS),
        [*((unit, *_numbers(tally)) for unit, tally in report.units), ("Tổng cộng", *_numbers(report.total))],
        bold_last=True,
    )
    _sheet(
        book.create_sheet("Theo cá nhân, tháng"),
        report,
        ("Cá nhân", "Đơn vị", "Tháng", *NUMBERS, "Số lần chậm", "Tỷ lệ tiến độ (%)"),
        [
            (
                person.name,
                person.unit,
                f"{person.month:%m/%Y}",
                *_numbers(person.tally),
                person.tally.delays,
                person.tally.progress,
            )
            for person in report.people
        ],
        notes=report.kpi_definitions,
    )
    _sheet(
        book.create_sheet("Quá hạn chưa xong"),
        report,
        ("Việc", "Đơn vị", "Người phụ trách", "Hạn", "Quá hạn (ngày)"),
        [(line.title, line.unit, line.doer, line.due, line.days_late) for line in report.overdue],
    )
    _sheet(
        book.create_sheet("Cách tính"), report, ("Cách tính",), [(line,) for line in report.definitions], widths=(110,)
    )
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _numbers(tally: Tally) -> tuple[int, ...]:
    return (tally.assigned, tally.on_time, tally.late, tally.accepted, tally.overdue, tally.in_time)


def _sheet(
    sheet: Worksheet,
    report: Report,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    bold_last: bool = False,
    notes: Sequence[str] = (),
    widths: Sequence[int] = (),
) -> None:
    _write(sheet.cell(1, 1), report.office, bold=True)
    _write(sheet.cell(2, 1), f"Tình hình thực hiện nhiệm vụ từ {report.first:%d/%m/%Y} đến {report.last:%d/%m/%Y}")
    _write(sheet.cell(3, 1), f"Số liệu tính đến {report.counted_at:%H:%M ngày %d/%m/%Y}")
    for place, name in enumerate(columns, start=1):
        cell = sheet.cell(5, place)
        _write(cell, name, bold=True)
        cell.fill, cell.alignment = _HEAD, Alignment(wrap_text=True, vertical="top")
        wide = (
            widths[place - 1] if widths else 44 if place == 1 else 34 if name in ("Đơn vị", "Người phụ trách") else 14
        )
        sheet.column_dimensions[get_column_letter(place)].width = wide
    for number, row in enumerate(rows, start=6):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place)
            _write(cell, value, bold=bold_last and number == len(rows) + 5)
            if isinstance(value, str):
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    for number, note in enumerate(notes, start=len(rows) + 7):
        _write(sheet.cell(number, 1), note)
    sheet.freeze_panes = "A6"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _write(cell: Cell | Any, value: Any, *, bold: bool = False) -> None:
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(_ASKS_FOR_TEXT)
    elif hasattr(value, "year"):
        cell.number_format = "dd/mm/yyyy"
    if bold:
        cell.font = Font(bold=True)

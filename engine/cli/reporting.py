"""``nhacviec report``: the periodic report as a document or a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import NhacViecError
from engine.whole_file import FOR_ALL, write_whole


def register(app: typer.Typer) -> None:
    """Add the command to the program's."""
    app.command()(report)


def report(
    out: Annotated[Path | None, typer.Option("--out", help="Tệp ghi ra: .docx hoặc .xlsx.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="Từ ngày, năm-tháng-ngày.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Đến hết ngày.")] = None,
    office: Annotated[str | None, typer.Option(help="Cơ quan; bỏ trống khi chỉ có một.")] = None,
    template: Annotated[
        Path | None, typer.Option("--template", help="Ghi mẫu báo cáo gốc ra tệp này để cơ quan sửa.")
    ] = None,
) -> None:
    """Báo cáo định kỳ theo đơn vị, cá nhân và tháng: văn bản (.docx) hoặc bảng tính (.xlsx)."""
    if template is not None:
        _save_template(template)
    if out is not None or template is None:
        _save_report(out, first, last, office)


def _save_template(template: Path) -> None:
    from engine.cli import output
    from engine.screens.report_word import shipped_template

    if template.exists():
        raise NhacViecError(f"Đã có tệp {template}. Hãy chọn tên khác để không ghi đè.")
    write_whole(template, lambda file: file.write(shipped_template()), replace=True, mode=FOR_ALL)
    output.line(f"Đã ghi mẫu báo cáo vào {template}. Sửa xong, hãy đặt NHACVIEC_REPORT_TEMPLATE là tệp này.")


def _save_report(out: Path | None, first: str | None, last: str | None, office: str | None) -> None:
    from data.database import reading
    from engine.cli import output
    from engine.cli.finding import database, loaded_offices
    from engine.clock import SystemClock
    from engine.office import view_office
    from engine.screens import report_sheet, report_word
    from engine.screens.report import report_of
    from engine.settings import read_settings

    if out is None or first is None or last is None:
        raise NhacViecError("Hãy viết đủ: nhacviec report --from 2026-03-01 --to 2026-03-31 --out bao-cao.docx")
    if out.suffix.lower() not in (".docx", ".xlsx"):
        raise NhacViecError(f"Tệp {out} phải có đuôi .docx hoặc .xlsx.")
    first_day, last_day = output.day(first), output.day(last)
    settings = read_settings()
    with reading(database()) as connection:
        offices = loaded_offices(connection, office)
        if len(offices) != 1:
            raise NhacViecError(
                f"Hãy chọn một cơ quan bằng --office: {', '.join(offices)}."
                if offices
                else "Chưa nạp cơ quan nào. Hãy nạp tệp nhiệm vụ bằng: nhacviec load TỆP"
            )
        made = report_of(connection, view_office(connection, offices[0]), first_day, last_day, SystemClock().now())
    is_word = out.suffix.lower() == ".docx"
    content = report_word.document(made, settings.report_template) if is_word else report_sheet.workbook(made)
    write_whole(out, lambda file: file.write(content), replace=True, mode=FOR_ALL)
    total = made.total
    output.line(
        f"Đã ghi {out}: {total.assigned} việc, {total.on_time} xong đúng hạn, {total.late} xong muộn, "
        f"{total.overdue} quá hạn chưa xong, {total.in_time} chưa tới hạn."
    )

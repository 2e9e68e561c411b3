"""*Báo cáo*: the periodic report on a page, as a document and as a workbook."""

from __future__ import annotations

import datetime as dt

from starlette.responses import Response

from engine.rules.rights import Right
from engine.screens import report_sheet, report_word
from engine.screens.report import BadPeriod, Report, report_of
from web.console.frame import Asked
from web.console.guard import Page


def show(asked: Asked) -> Response:
    """The report of a period: this month's, until another one is chosen."""
    wrong = ""
    try:
        first, last = _period(asked)
        report = report_of(asked.connection, asked.office, first, last, asked.now)
    except BadPeriod as error:
        wrong, (first, last) = str(error), _this_month(asked)
        report = report_of(asked.connection, asked.office, first, last, asked.now)
    return asked.show("report.j2", status=422 if wrong else 200, report=report, wrong=wrong)


def word(asked: Asked) -> Response:
    """As .docx, by the office's own template where one is set."""
    settings = asked.console.settings
    report = _report(asked)
    return _file(report_word.document(report, settings.report_template if settings else None), report, "docx")


def sheet(asked: Asked) -> Response:
    """As .xlsx."""
    report = _report(asked)
    return _file(report_sheet.workbook(report), report, "xlsx")


def _report(asked: Asked) -> Report:
    return report_of(asked.connection, asked.office, *_period(asked), asked.now)


def _file(content: bytes, report: Report, ending: str) -> Response:
    name = f"bao-cao-{report.first}-{report.last}.{ending}"
    mime = report_word.MIME if ending == "docx" else report_sheet.MIME
    return Response(content, media_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _period(asked: Asked) -> tuple[dt.date, dt.date]:
    first, last = _this_month(asked)
    try:
        return (
            dt.date.fromisoformat(asked.query.get("from") or first.isoformat()),
            dt.date.fromisoformat(asked.query.get("to") or last.isoformat()),
        )
    except ValueError:
        raise BadPeriod("Ngày chọn chưa đúng. Đồng chí chọn lại kỳ báo cáo.") from None


def _this_month(asked: Asked) -> tuple[dt.date, dt.date]:
    first = asked.today.replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


PAGES = (
    Page("/bao-cao", Right.SEE_OFFICE, show),
    Page("/bao-cao.docx", Right.SEE_OFFICE, word, is_page=False),
    Page("/bao-cao.xlsx", Right.SEE_OFFICE, sheet, is_page=False),
)

"""*Xuất dữ liệu* (``/xuat``): everything a viewer may see, as CSV.

UTF-8 with its mark and semicolons: Excel with Vietnamese settings, where the comma is the decimal point, opens that by
a double click with every letter and column right.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from data.database import reading
from engine.rules.rights import Right
from engine.screens.export import EXPORTS, Row, rows_of
from web.console.frame import Asked
from web.console.guard import Page

MARK = "\ufeff"
LINES_AT_ONCE = 500
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def show(asked: Asked) -> Response:
    """What can be had."""
    return asked.show("xuat.j2", exports=[export for export in EXPORTS.values() if asked.may(export.right)])


def download(asked: Asked) -> Response:
    """One table, sent as it is read."""
    export = EXPORTS.get(asked.path["table"])
    if export is None:
        raise HTTPException(404)
    if not asked.may(export.right):
        raise HTTPException(403)
    office, now, engine = asked.office, asked.now, asked.console.engine

    def lines() -> Iterator[bytes]:
        with reading(engine) as connection:  # the page's own has ended by the time this is sent
            yield MARK.encode()
            yield from as_csv([export.columns])
            yield from as_csv(rows_of(connection, office, export, now))

    name = f"{office.id}-{export.name}-{asked.today:%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def as_csv(rows: Iterable[Row]) -> Iterator[bytes]:
    """Rows as lines of CSV, some hundred at a time; what a spreadsheet would run as a formula stays text."""
    paper = io.StringIO()
    writer = csv.writer(paper, delimiter=";", lineterminator="\r\n")
    for number, row in enumerate(rows, 1):
        writer.writerow([_harmless(cell) for cell in row])
        if number % LINES_AT_ONCE == 0:
            yield _taken(paper)
    yield _taken(paper)


def _harmless(cell: str | int | None) -> str | int:
    if cell is None:
        return ""
    # An apostrophe in front is how spreadsheets are told that it is text (OWASP, "CSV injection").
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_BEGINS_A_FORMULA) else cell


def _taken(paper: io.StringIO) -> bytes:
    text = paper.getvalue()
    paper.seek(0)
    paper.truncate()
    return text.encode()


PAGES = (
    Page("/xuat", Right.SEE_OFFICE, show),
    Page("/xuat/{table}.csv", Right.SEE_OFFICE, download, is_page=False),
)

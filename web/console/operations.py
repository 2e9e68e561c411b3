"""*Vận hành*: how the program itself is."""

from __future__ import annotations

from starlette.responses import Response

from data import journal
from engine.rules.rights import Right
from engine.screens.operations import findings, operations
from web.console.frame import Asked
from web.console.guard import Page


def show(asked: Asked) -> Response:
    """What can be told at once."""
    console = asked.console
    state = operations(asked.connection, asked.office, console.settings, console.channels, asked.now)
    return asked.show("operations.j2", state=state)


def wait_for_check(asked: Asked) -> Response:
    """The page of the doctor's findings, which come by themselves when they are there."""
    return asked.show("operations_wait.j2", title="Kiểm tra toàn bộ", meanwhile="Máy đang kiểm tra")


def check(asked: Asked) -> Response:
    """Everything ``nhacviec doctor`` looks at: seconds, where the database is large."""
    console = asked.console
    found = findings(asked.connection, console.settings, console.channels, asked.now)
    return asked.show("operations_check.j2", found=found, piece=asked.wants_a_piece)


def wait_for_verdict(asked: Asked) -> Response:
    """The page of the journal's verdict."""
    return asked.show("operations_wait.j2", title="Kiểm tra nhật ký", meanwhile="Máy đang đọc lại nhật ký từ dòng đầu")


def verify(asked: Asked) -> Response:
    """Walk the office's journal from its first line: a second in some years."""
    verdict = journal.verify(asked.connection, asked.office.id)
    mark = journal.mark(verdict.lines, verdict.head)
    return asked.show("operations_journal.j2", verdict=verdict, mark=mark, piece=asked.wants_a_piece)


PAGES = (
    Page("/van-hanh", Right.SEE_JOURNAL, show),
    Page("/van-hanh/kiem-tra", Right.SEE_JOURNAL, wait_for_check),
    Page("/van-hanh/kiem-tra/ket-qua", Right.SEE_JOURNAL, check, is_page=False),
    Page("/van-hanh/nhat-ky", Right.SEE_JOURNAL, wait_for_verdict),
    Page("/van-hanh/nhat-ky/ket-qua", Right.SEE_JOURNAL, verify, is_page=False),
)

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


def check(asked: Asked) -> Response:
    """Everything ``nhacviec doctor`` looks at."""
    console = asked.console
    found = findings(asked.connection, console.settings, console.channels, asked.now)
    return asked.show("operations_check.j2", found=found)


def verify(asked: Asked) -> Response:
    """Walk the office's journal from its first line."""
    verdict = journal.verify(asked.connection, asked.office.id)
    mark = journal.mark(verdict.lines, verdict.head)
    return asked.show("operations_journal.j2", verdict=verdict, mark=mark)


PAGES = (
    Page("/van-hanh", Right.SEE_JOURNAL, show),
    Page("/van-hanh/kiem-tra", Right.SEE_JOURNAL, check),
    Page("/van-hanh/nhat-ky", Right.SEE_JOURNAL, verify),
)

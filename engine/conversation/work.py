"""Which piece of work is meant, and how it is listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, true

from data import handles
from data.rows import AnyRow
from engine import actions
from engine.conversation.talk import Talk
from engine.messages import HIDDEN_TITLE, WorkLine
from engine.office import OBLIGATION, OCCURRENCE, UNIT
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.replies import Action
from engine.rules.rights import may_confirm, may_decide_extension
from engine.rules.status import days_late, in_words

MOST_LINES = 15
SCANNED_WITHIN = dt.timedelta(days=1)


def numbered(talk: Talk, number: int) -> AnyRow | None:
    """The work this person calls ``number``."""
    occurrence = handles.occurrence_of(talk.connection, talk.me.id, number)
    return actions.occurrence_row(talk.connection, occurrence, talk.office.id) if occurrence else None


def number_of(talk: Talk, row: AnyRow) -> int:
    """The number under which this person knows the work; given now if there was none."""
    return handles.give(talk.connection, [(talk.me.id, row.id)], talk.now)[talk.me.id, row.id]


def open_rows(talk: Talk) -> list[AnyRow]:
    """The open work of the speaker, and of whom they stand in for."""
    return rows(talk, OCCURRENCE.c.doer_id.in_(talk.mine), OPEN)


def for_a_file(talk: Talk) -> list[AnyRow]:
    """What a photo or file without words can be for: the open work, and what the speaker has just reported done.

    People say "xong 5" first and send the scan when they are back at the machine.
    """
    reported = OCCURRENCE.c.reported_by.in_(talk.mine) & (OCCURRENCE.c.reported_at >= talk.said_at - SCANNED_WITHIN)
    return open_rows(talk) + rows(talk, reported, [WorkState.DONE, WorkState.WAITING])


def known_rows(talk: Talk, states: Iterable[WorkState]) -> list[AnyRow]:
    """Work the speaker has a number for."""
    known = select(handles.HANDLE.c.occurrence_id).where(
        handles.HANDLE.c.person_id == talk.me.id, handles.HANDLE.c.released_at.is_(None)
    )
    return rows(talk, OCCURRENCE.c.id.in_(known), states)


def candidates(talk: Talk, action: Action) -> list[AnyRow]:
    """What words without a number could mean."""
    if action in (Action.CONFIRM, Action.RETURN):
        return [row for row in known_rows(talk, [WorkState.WAITING]) if can_confirm(talk, row)]
    if action in (Action.APPROVE, Action.REFUSE):
        return [row for row in known_rows(talk, OPEN) if can_decide(talk, row) and extension_of(talk, row)]
    return open_rows(talk)


def can_confirm(talk: Talk, row: AnyRow) -> bool:
    """Whether the speaker may confirm or return this."""
    chain = row.chain or {}
    return may_confirm(talk.office.staff, talk.me.id, chain, row.unit_id, row.confirm, row.reported_by, talk.today)


def can_decide(talk: Talk, row: AnyRow) -> bool:
    """Whether the speaker may approve or refuse more time for this."""
    extension = extension_of(talk, row)
    asker = extension.asked_by if extension else None
    return may_decide_extension(talk.office.staff, talk.me.id, row.chain or {}, row.unit_id, asker, talk.today)


def extension_of(talk: Talk, row: AnyRow) -> AnyRow | None:
    """The request for more time that waits, if any."""
    return actions.waiting_extension(talk.connection, row.id)


def rows(talk: Talk, which: Any, states: Iterable[WorkState]) -> list[AnyRow]:
    """Opened work of this office in these states, the nearest date first."""
    return list(
        talk.connection.execute(
            select(OCCURRENCE, *actions.ADDED, UNIT.c.name.label("unit_name"))
            .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
            .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
            .where(
                OCCURRENCE.c.office_id == talk.office.id,
                OCCURRENCE.c.opened_at.is_not(None),
                OCCURRENCE.c.work_state.in_([str(state) for state in states]),
                which,
            )
            .order_by(OCCURRENCE.c.internal_due, OCCURRENCE.c.id)
        ).all()
    )


def of_units(talk: Talk, units: Iterable[int] | None, states: Iterable[WorkState]) -> list[AnyRow]:
    """Work led by these units (all: None)."""
    return rows(talk, true() if units is None else OCCURRENCE.c.unit_id.in_(list(units)), states)


def lines(talk: Talk, listed: list[AnyRow], most: int = MOST_LINES) -> tuple[WorkLine, ...]:
    """One line each, numbered for the speaker."""
    listed = listed[:most]
    numbers = handles.give(talk.connection, [(talk.me.id, row.id) for row in listed], talk.now)
    return tuple(
        WorkLine(
            number=numbers[talk.me.id, row.id],
            occurrence_id=row.id,
            title=HIDDEN_TITLE if row.secret else row.title,
            unit=row.unit_name,
            due=max(row.due, row.internal_due),
            state=in_words(WorkState(row.work_state), row.due, row.internal_due, talk.today),
            days_late=days_late(row.due, row.internal_due, talk.today),
            doer=None if row.doer_id in talk.mine else talk.office.name_of(row.doer_id),
        )
        for row in listed
    )

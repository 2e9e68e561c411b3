"""Letting go of old words: what people wrote and read long ago. That it was said, when, and to whom, stays.

The rows stay, and with them every count, every reason and the keys that make a repeat harmless; the journal is not
touched at all. Nothing that belongs to open work is touched either.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta
from sqlalchemy import Connection, Engine, delete, exists, func, null, or_, select, update

from data import journal
from data.tables import PlanDraft
from engine.office import INBOUND, MESSAGE, OCCURRENCE, PERSON, REMINDER
from engine.rules.lifecycle import CLOSED

PLAN_DRAFT = PlanDraft.__table__  # type: ignore[attr-defined]
DRAFTS_KEPT = dt.timedelta(days=90)  # a quarter: whoever has not come back by then sends the document again
LEAST_MONTHS = 3  # a quarter: what is still asked about
MOST_AT_ONCE = 5_000  # rows a transaction: whoever waits to write waits a moment
OPERATOR = "người vận hành"
_FINISHED = ("sent", "refused", "unknown", "dropped")
_CLOSED = [str(state) for state in CLOSED]


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many messages and how many replies have lost their words."""

    messages: int
    replies: int


def kept_since(now: dt.datetime, months: int) -> dt.datetime:
    """The instant from which words are kept, where they are kept for so many months."""
    return now - relativedelta(months=months)


def let_go_of_drafts(connection: Connection, now: dt.datetime) -> int:
    """Plan drafts that nobody has loaded from for long go; what was loaded stays. Returns how many went."""
    touched = func.coalesce(PLAN_DRAFT.c.loaded_at, PLAN_DRAFT.c.made_at)
    idle = or_(PLAN_DRAFT.c.busy_since.is_(None), PLAN_DRAFT.c.busy_since < now - DRAFTS_KEPT)
    return connection.execute(delete(PLAN_DRAFT).where(touched < now - DRAFTS_KEPT, idle)).rowcount


def tidy_all(engine: Engine, before: dt.datetime, now: dt.datetime, *, actor: str = OPERATOR) -> Tidied:
    """:func:`tidy` until nothing is left to do, in transactions of a moment each."""
    messages = replies = 0
    while True:
        with engine.begin() as connection:
            done = tidy(connection, before, now, actor=actor)
        messages, replies = messages + done.messages, replies + done.replies
        if max(done.messages, done.replies) < MOST_AT_ONCE:
            return Tidied(messages, replies)


def tidy(connection: Connection, before: dt.datetime, now: dt.datetime, *, actor: str = OPERATOR) -> Tidied:
    """Remove the words of what is older than ``before`` and needed by no open work: some thousand rows of each kind.

    Each office's journal says how many of its own.
    """
    messages, replies = _messages(connection, before), _replies(connection, before)
    lines = {
        office: [_line(actor, before, messages[office], replies[office])]
        for office in {*messages, *replies}
        if office is not None
    }
    journal.append_each(connection, now, lines)
    return Tidied(messages.total(), replies.total())


def _messages(connection: Connection, before: dt.datetime) -> Counter[str | None]:
    about_open_work = (
        exists()
        .where(REMINDER.c.message_id == MESSAGE.c.id, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
        .where(OCCURRENCE.c.work_state.not_in(_CLOSED))
    )
    old = (
        select(MESSAGE.c.id)
        .where(
            MESSAGE.c.status.in_(_FINISHED),
            MESSAGE.c.not_before < before,
            or_(MESSAGE.c.text.is_not(None), MESSAGE.c.payload.is_not(None)),
            ~about_open_work,
        )
        .limit(MOST_AT_ONCE)
    )
    gone = (
        update(MESSAGE)
        .where(MESSAGE.c.id.in_(old))
        .values(text=None, payload=null(), provider_id=None, editable=False)
        .returning(MESSAGE.c.office_id)
    )
    return Counter(connection.execute(gone).scalars())


def _replies(connection: Connection, before: dt.datetime) -> Counter[str | None]:
    """By office; a stranger's belong to none."""
    old = (
        select(INBOUND.c.id)
        .where(
            INBOUND.c.handled_at.is_not(None),
            INBOUND.c.received_at < before,
            or_(INBOUND.c.text != "", INBOUND.c.raw != ""),
        )
        .limit(MOST_AT_ONCE)
    )
    whose = select(PERSON.c.office_id).where(PERSON.c.id == INBOUND.c.person_id).scalar_subquery()
    gone = (
        update(INBOUND)
        .where(INBOUND.c.id.in_(old))
        .values(text="", raw="", attachments=null(), undo=null(), asked=null(), unreadable=None)
        .returning(whose)
    )
    return Counter(connection.execute(gone).scalars())


def _line(actor: str, before: dt.datetime, messages: int, replies: int) -> journal.Line:
    data = {"before": before.date().isoformat(), "messages": messages, "replies": replies}
    return journal.Line(actor, "tidied", None, data)

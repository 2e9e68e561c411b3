"""hoàn tác: the speaker's last action is taken back, as long as nothing else has happened since."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select, update

from data import handles
from data.rows import AnyRow
from engine import actions
from engine.conversation.talk import Talk
from engine.messages import Answer, Press, Said
from engine.office import INBOUND
from engine.rules.replies import Intent, Verb, understand

UNDO_WITHIN = dt.timedelta(minutes=10)


def undo(talk: Talk, press: Press | None = None) -> list[Answer]:
    """Take back the last reply that did something; a pressed button takes back only what it stood under."""
    remembered = last_act(talk, press)
    if remembered is None:
        return [talk.answer(Said.NOTHING_TO_UNDO)]
    answers = [_take_back(talk, act) for act in remembered.undo["acts"]]
    if all(answer.said is Said.NOT_UNDONE for answer in answers):
        return answers
    talk.connection.execute(update(INBOUND).where(INBOUND.c.id == remembered.id).values(undone_at=talk.now))
    return answers


def behind_slip(text: str, today: dt.date) -> Intent | None:
    """What is reported behind a slip that is taken back: ``nhầm, việc 4 mới xong``."""
    slip, _, rest = text.partition(",")
    taken_back, told = understand(slip, today), understand(rest, today)
    plain = taken_back.verb is Verb.UNDO and not taken_back.doubt and not taken_back.numbers
    return told if plain and told.verb is Verb.DONE and told.numbers and not told.doubt else None


def last_act(talk: Talk, press: Press | None = None) -> AnyRow | None:
    """The speaker's last reply that did something and may still be taken back."""
    recent = talk.connection.execute(
        select(INBOUND)
        .where(
            INBOUND.c.person_id == talk.me.id,
            INBOUND.c.undone_at.is_(None),
            INBOUND.c.handled_at >= talk.said_at - UNDO_WITHIN,
        )
        .order_by(INBOUND.c.id.desc())
        .limit(50)
    ).all()
    return next((row for row in recent if row.undo and _stands_under(row.undo, press)), None)


def _stands_under(memory: dict[str, Any], press: Press | None) -> bool:
    if press is None:
        return True
    return any(
        act.get("occurrence") == press.occurrence_id and press.version in (None, act["version"])
        for act in memory["acts"]
    )


def _take_back(talk: Talk, act: dict[str, Any]) -> Answer:
    if "stand_in" in act:
        back = actions.take_back_leave(talk.connection, talk.office, talk.actor, act, talk.now)
        if not back:
            return talk.answer(Said.NOTHING_TO_UNDO)
        first, last = dt.date.fromisoformat(act["first"]), dt.date.fromisoformat(act["last"])
        return talk.answer(Said.LEAVE_UNDONE, first_day=first, last_day=last)
    row = _put_back(talk, act)
    if row is None:  # somebody else has acted on it since
        changed = actions.occurrence_row(talk.connection, act["occurrence"], talk.office.id)
        known = handles.give(talk.connection, [(talk.me.id, act["occurrence"])], talk.now)
        return talk.answer(Said.NOT_UNDONE, changed, known[talk.me.id, act["occurrence"]])
    number = handles.give(talk.connection, [(talk.me.id, row.id)], talk.now)[talk.me.id, row.id]
    return talk.answer(Said.UNDONE, row, number, due=row.internal_due)


def _put_back(talk: Talk, act: dict[str, Any]) -> AnyRow | None:
    row = actions.occurrence_row(talk.connection, act["occurrence"], talk.office.id)
    if row is None or not actions.undo(talk.connection, talk.office, row, talk.actor, act, talk.now):
        return None
    talk.put_back.add(row.id)
    return actions.occurrence_row(talk.connection, row.id, talk.office.id)

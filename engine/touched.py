"""Messages on people's phones that speak of work which has just moved on: on channels that can, they are edited."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, func, select

from data.rows import AnyRow
from data.upsert import upsert
from engine.conversation import Talk
from engine.messages import Press
from engine.office import MESSAGE, REMINDER

LOOK_BACK = dt.timedelta(days=14)
MOST_EDITS = 3  # the newest messages about one piece of work; older ones have scrolled away


def queue_edits(connection: Connection, talk: Talk, press: Press | None, row: AnyRow, now: dt.datetime) -> None:
    """Write an edit for each newest message of this person about the work that was acted upon, or pressed at."""
    touched = talk.put_back | {act.undo["occurrence"] for act in talk.acted if "occurrence" in act.undo}
    if press is not None:  # an old button is put right even where nothing was changed
        touched.add(press.occurrence_id)
    if not touched:
        return
    newest = connection.execute(
        select(MESSAGE.c.id, MESSAGE.c.office_id, MESSAGE.c.channel, MESSAGE.c.bot, MESSAGE.c.address)
        .join(REMINDER, REMINDER.c.message_id == MESSAGE.c.id)
        .where(
            REMINDER.c.occurrence_id.in_(touched),
            MESSAGE.c.person_id == talk.me.id,
            MESSAGE.c.status == "sent",
            MESSAGE.c.editable,
            MESSAGE.c.sent_at > now - LOOK_BACK,
        )
        .group_by(MESSAGE.c.id, MESSAGE.c.office_id, MESSAGE.c.channel, MESSAGE.c.bot, MESSAGE.c.address)
        .order_by(func.max(MESSAGE.c.sent_at).desc())
        .limit(MOST_EDITS)
    ).all()
    edits = [
        {
            "office_id": message.office_id,
            "person_id": talk.me.id,
            "kind": "edit",
            "key": f"edit:{row.id}:{message.id}",
            "payload": {"message": message.id},
            "status": "queued",
            "not_before": now,
            "channel": message.channel,
            "bot": message.bot,
            "address": message.address,
        }
        for message in newest
    ]
    if edits:
        connection.execute(upsert(connection, MESSAGE).on_conflict_do_nothing(), edits)

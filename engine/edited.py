"""Messages that were sent before, as they should read now: what each line's work has become since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from data.rows import Taken
from engine.messages import Edit
from engine.office import MESSAGE, OfficeView
from engine.reminder_lines import messages_as_they_stand


def as_they_read_now(
    connection: Connection, offices: Mapping[str, OfficeView], edits: Sequence[Taken]
) -> dict[int, Edit]:
    """The edits by the id of their own row in the outbox."""
    if not edits:
        return {}
    of_edit = {edit.id: edit.payload["message"] for edit in edits}
    sent = connection.execute(
        select(MESSAGE.c.id, MESSAGE.c.office_id, MESSAGE.c.person_id, MESSAGE.c.sent_at, MESSAGE.c.provider_id).where(
            MESSAGE.c.id.in_(set(of_edit.values())), MESSAGE.c.kind == "reminder", MESSAGE.c.status == "sent"
        )
    ).all()
    name_of = {message.id: message.provider_id for message in sent}
    now = messages_as_they_stand(connection, offices, sent)
    return {edit: Edit(name_of[message], now[message]) for edit, message in of_edit.items() if message in now}

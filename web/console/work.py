"""The page of one piece of work: its whole story, its evidence, and what may be done to it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from data.rows import AnyRow
from engine import actions
from engine.rules.rights import Right, may, parts_in_work
from engine.screens.deeds import ASKS, LABELS, Deed, Filled, do, possible, receivers
from engine.screens.story import evidence_file, whole_story
from web.console.frame import Asked
from web.console.guard import Page


def show(asked: Asked) -> Response:
    """The story of one occurrence."""
    row = _row(asked)
    extension = actions.waiting_extension(asked.connection, row.id)
    return asked.show(
        "work.j2",
        row=row,
        whole=whole_story(asked.connection, asked.office, row, asked.now),
        deeds=possible(asked.office, asked.me.id, row, extension, asked.today),
        extension=extension,
        receivers=receivers(asked.office, asked.me.id, row, asked.today),
        labels=LABELS,
        asks=ASKS,
        Deed=Deed,
    )


def download(asked: Asked) -> Response:
    """One kept file: to be saved, never shown in the browser as a page of ours."""
    row = _row(asked)
    files = asked.console.evidence
    found = evidence_file(asked.connection, files, row, asked.path["number"]) if files else None
    if found is None:
        raise HTTPException(404)
    name, content = found
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def act(asked: Asked) -> Response:
    """Do what a button says."""
    row = _row(asked)
    try:
        deed = Deed(asked.path["deed"])
        version = int(asked.form.get("version", ""))
    except ValueError:
        raise HTTPException(404) from None
    fields = ("reason", "until", "to", "document")
    filled = Filled(**{name: asked.form.get(name, "") for name in fields})
    sentence = do(asked.connection, asked.office, asked.me, row, deed, filled, version, asked.now)
    title = "Việc không nêu tên" if row.secret else row.title
    return asked.back(asked.form.get("back") or f"/viec/{row.id}", f"{title}: {sentence}")


def _row(asked: Asked) -> AnyRow:
    """The work, if it is of this office and the viewer may see it; whoever may not learns nothing of it."""
    row = actions.occurrence_row(asked.connection, asked.path["id"], asked.office.id)
    if row is None:
        raise HTTPException(404)
    parts = parts_in_work(asked.office.staff, asked.me.id, row.chain or {}, row.unit_id, asked.today)
    if not (may(Right.SEE_WORK, parts) or asked.may(Right.SEE_OFFICE)):
        raise HTTPException(404)
    return row


PAGES = (
    Page("/viec/{id:int}", Right.SEE_OWN, show),
    Page("/viec/{id:int}/tep/{number:int}", Right.SEE_OWN, download, is_page=False),
    Page("/viec/{id:int}/{deed}", Right.SEE_OWN, act, writes=True),
)

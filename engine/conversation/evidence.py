"""What shows that work was done: a document's number, a link, a photo, a file.

Words are kept at once. A photo or file is written down first and fetched after the answer (``engine.collect``), so
that a crash in between loses neither.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, insert, select

from data.rows import AnyRow
from engine.conversation.talk import Talk
from engine.messages import Attachment
from engine.office import EVIDENCE
from engine.rules.files import SHOWS, refused
from engine.rules.replies import Intent


def suffices(talk: Talk, row: AnyRow, intent: Intent) -> bool:
    """Whether the work has what its obligation demands, with what is being given now."""
    wanted = SHOWS.get(row.evidence)
    if wanted is None:
        return True
    now = {kind for kind, _, _ in _words(intent)} | {str(a.kind) for a in acceptable(talk)}
    return bool(wanted & (now | set(_kinds(talk, row))))


def shows_more(talk: Talk, row: AnyRow, intent: Intent) -> bool:
    """Whether this message brings a paper about the work that is not kept yet."""
    known = set(
        talk.connection.execute(
            select(EVIDENCE.c.text).where(*_about(talk, row), EVIDENCE.c.status == "kept")
        ).scalars()
    )
    return bool(acceptable(talk)) or any(text not in known for _, text, _ in _words(intent))


def acceptable(talk: Talk) -> list[Attachment]:
    """The attachments of this message that may be kept."""
    return [attachment for attachment in talk.attachments if refused(attachment) is None]


def refusals(talk: Talk) -> list[str]:
    """Why the others may not, in words."""
    return [why for attachment in talk.attachments if (why := refused(attachment))]


def keep(talk: Talk, row: AnyRow, intent: Intent | None) -> list[int]:
    """Write down everything this message shows about the work. Returns the rows, so that they can be taken back."""
    common = {
        "office_id": talk.office.id,
        "occurrence_id": row.id,
        "person_id": talk.me.id,
        "inbound_id": talk.inbound_id,
        "given_at": talk.said_at,
    }
    rows: list[dict[str, Any]] = [
        {**common, "kind": kind, "text": text, "dated": dated, "status": "kept"}
        for kind, text, dated in (_words(intent) if intent else ())
    ]
    rows += [
        {
            **common,
            "kind": str(attachment.kind),
            "name": attachment.name,
            "mime": attachment.mime,
            "size": attachment.size,
            "channel": talk.channel,
            "bot": talk.bot,
            "reference": attachment.reference,
            "status": "to_fetch",
            "fetch_after": talk.now,
        }
        for attachment in acceptable(talk)
    ]
    return [
        talk.connection.execute(insert(EVIDENCE).values(**values).returning(EVIDENCE.c.id)).scalar_one()
        for values in rows
    ]


def in_words(talk: Talk, row: AnyRow) -> tuple[str, ...]:
    """What is kept about this work, one phrase each."""
    found = talk.connection.execute(
        select(EVIDENCE).where(*_about(talk, row), EVIDENCE.c.status.in_(("kept", "to_fetch"))).order_by(EVIDENCE.c.id)
    )
    return tuple(_phrase(evidence) for evidence in found)


def _about(talk: Talk, row: AnyRow) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return EVIDENCE.c.occurrence_id == row.id, EVIDENCE.c.office_id == talk.office.id


def _phrase(evidence: AnyRow) -> str:
    if evidence.kind == "document":
        return f"văn bản {evidence.text}" + (f" ngày {evidence.dated:%d/%m/%Y}" if evidence.dated else "")
    if evidence.kind == "link":
        return str(evidence.text)
    return ("ảnh" if evidence.kind == "photo" else "tệp") + (f" {evidence.name}" if evidence.name else "")


def _words(intent: Intent) -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    if intent.document:
        found.append(("document", intent.document, intent.document_date))
    if intent.link:
        found.append(("link", intent.link, None))
    return found


def _kinds(talk: Talk, row: AnyRow) -> list[str]:
    return list(
        talk.connection.execute(
            select(EVIDENCE.c.kind).where(*_about(talk, row), EVIDENCE.c.status.in_(("kept", "to_fetch")))
        ).scalars()
    )


_ATTACHMENTS = TypeAdapter(tuple[Attachment, ...])


def attachments_to(attachments: tuple[Attachment, ...]) -> Any:
    """Attachments as JSON."""
    return _ATTACHMENTS.dump_python(attachments, mode="json")


def attachments_from(stored: Any) -> tuple[Attachment, ...]:
    """Attachments from JSON."""
    return _ATTACHMENTS.validate_python(stored or ())

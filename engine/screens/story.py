"""The whole story of one piece of work: its dates, everything that was said about it by us and by people, its evidence.

What the story of the command line tells (:mod:`engine.why`) is joined by what people typed, by the files that they
sent, and by the words of each line of the journal.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import Connection, select

from data.evidence_files import EvidenceFiles
from data.rows import AnyRow
from engine.errors import NhacViecError
from engine.messages import HIDDEN_TITLE, HIDDEN_WORDS, Said
from engine.office import EVIDENCE, INBOUND, OfficeView
from engine.why import EVIDENCE_KINDS, Story, details_of, story_of

CHANNELS = {"zalo": "Zalo", "telegram": "Telegram", "email": "thư điện tử", "simulator": "kênh thử"}
EVIDENCE_STATUS = {
    "kept": "đã lưu",
    "to_fetch": "đang lấy về",
    "refused": "không lưu được",
    "withdrawn": "đã rút lại",
}
#: What the bot did upon people's words; anything else was a question back or a refusal.
OUTCOMES: Mapping[str, str] = {
    Said.DONE: "ghi là xong",
    Said.DONE_WAITING: "ghi là báo xong, chờ xác nhận",
    Said.DOING: "ghi là đang làm",
    Said.EXTENSION_SENT: "gửi đề nghị gia hạn",
    Said.EXTENSION_GRANTED: "duyệt gia hạn",
    Said.EXTENSION_REFUSED: "từ chối gia hạn",
    Said.CONFIRMED: "ghi là đã xác nhận",
    Said.RETURNED: "trả lại để làm lại",
    Said.UNDONE: "hoàn tác",
    Said.HANDED_OVER: "chuyển người làm",
    Said.DIFFICULTY_SENT: "báo vướng mắc",
    Said.SNOOZED: "hẹn nhắc lại",
    Said.EVIDENCE_KEPT: "lưu minh chứng",
    Said.EVIDENCE_REFUSED: "không nhận minh chứng",
    Said.NEEDS_EVIDENCE: "hỏi minh chứng",
    Said.NEEDS_DATE: "hỏi ngày",
    Said.NEEDS_REASON: "hỏi lý do",
    Said.DETAIL: "trả lời chi tiết việc",
    Said.ALREADY_DONE: "báo là việc đã xong",
    Said.OLD_BUTTON: "báo là nút đã cũ",
    Said.NOT_ALLOWED: "báo là không có quyền",
}
_WORDS_GONE = "(lời nhắn cũ đã được dọn)"


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed or pressed about this work, and what came of it."""

    at: dt.datetime
    person: str
    words: str
    channel: str
    outcome: str
    undone: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """One piece of evidence. ``can_open``: a kept file that may be downloaded here."""

    id: int
    at: dt.datetime
    person: str
    kind: str
    words: str  # the document's number and date, the link, or the file's name
    status: str
    reason: str | None
    size: int | None  # bytes
    sha256: str | None
    can_open: bool


@dataclass(frozen=True, slots=True)
class Wrote:
    """One line of the journal, in words."""

    at: dt.datetime
    who: str
    what: str
    details: str


@dataclass(frozen=True, slots=True)
class WholeStory:
    """Everything the page shows. ``title`` is the neutral one where the work is secret."""

    title: str
    story: Story
    typed: tuple[Typed, ...]
    evidence: tuple[Kept, ...]
    wrote: tuple[Wrote, ...]
    product: str | None


def whole_story(connection: Connection, office: OfficeView, row: AnyRow, now: dt.datetime) -> WholeStory:
    """The story of an ``actions.occurrence_row`` of this office. Of secret work no words of people are repeated."""
    story = story_of(connection, row.id, now)
    evidence = connection.execute(
        select(EVIDENCE)
        .where(EVIDENCE.c.office_id == office.id, EVIDENCE.c.occurrence_id == row.id)
        .order_by(EVIDENCE.c.id)
    ).all()
    history = (Wrote(at, who, what, details_of(data, office.zone)) for at, who, what, data in story.history)
    return WholeStory(
        HIDDEN_TITLE if row.secret else story.title,
        story,
        _typed(connection, office, row, {line.inbound_id for line in evidence}),
        tuple(_kept(office, line, secret=row.secret) for line in evidence),
        tuple(Wrote(line.at, line.who, line.what, "") if row.secret else line for line in history),
        None if row.secret else row.product,
    )


def _typed(connection: Connection, office: OfficeView, row: AnyRow, brought: set[int | None]) -> tuple[Typed, ...]:
    """What people of the office wrote that acted on this work, was pressed under it, or brought its evidence.

    Asked person by person of those who have a part in it: replies know their person, not their work.
    """
    if row.opened_at is None:
        return ()
    chain = row.chain or {}
    people = {person for level in chain.values() for person in level} | {row.doer_id, row.reported_by}
    heard = connection.execute(
        select(
            INBOUND.c.id,
            INBOUND.c.person_id,
            INBOUND.c.text,
            INBOUND.c.about,
            INBOUND.c.undo,
            INBOUND.c.said,
            INBOUND.c.channel,
            INBOUND.c.received_at,
            INBOUND.c.undone_at,
        )
        .where(
            INBOUND.c.person_id.in_({person for person in people if person} | set(_once_doers(office, row))),
            INBOUND.c.received_at >= row.opened_at,
            INBOUND.c.handled_at.is_not(None),
        )
        .order_by(INBOUND.c.id)
    )
    return tuple(
        Typed(
            line.received_at,
            office.name_of(line.person_id),
            HIDDEN_WORDS if row.secret else line.text or _WORDS_GONE,
            CHANNELS.get(line.channel, line.channel),
            OUTCOMES.get(line.said or "", "trả lời, không thay đổi việc"),
            line.undone_at is not None,
        )
        for line in heard
        if line.about == row.id or line.id in brought or _acted_on(line.undo, row.id)
    )


def _once_doers(office: OfficeView, row: AnyRow) -> list[int]:
    """Whoever of the unit may have had the work before it was handed on."""
    return [member.id for member in office.staff.members.values() if member.unit_id == row.unit_id]


def _acted_on(undo: dict[str, object] | None, occurrence: int) -> bool:
    acts = (undo or {}).get("acts")
    return isinstance(acts, list) and any(act.get("occurrence") == occurrence for act in acts)


def _kept(office: OfficeView, line: AnyRow, *, secret: bool) -> Kept:
    dated = f" ngày {line.dated:%d/%m/%Y}" if line.dated else ""
    words = f"{line.text}{dated}" if line.text else line.name or ""
    return Kept(
        line.id,
        line.given_at,
        office.name_of(line.person_id) if line.person_id else "",
        EVIDENCE_KINDS.get(line.kind, line.kind),
        HIDDEN_WORDS if secret else words,
        EVIDENCE_STATUS.get(line.status, line.status),
        line.reason,
        line.size,
        line.sha256,
        not secret and line.sha256 is not None and line.status in ("kept", "withdrawn"),
    )


# ---- a kept file ----------------------------------------------------------------------------------------------------

_ENDING = re.compile(r"\.[a-z0-9]{1,5}", re.ASCII)


def evidence_file(
    connection: Connection, files: EvidenceFiles, row: AnyRow, evidence_id: int
) -> tuple[str, bytes] | None:
    """A kept file of this work under a name of ours, and its bytes; None where there is none to be had.

    :raises NhacViecError: it was kept, and is damaged or missing now.
    """
    line = connection.execute(
        select(EVIDENCE.c.sha256, EVIDENCE.c.name, EVIDENCE.c.status).where(
            EVIDENCE.c.id == evidence_id,
            EVIDENCE.c.occurrence_id == row.id,
            EVIDENCE.c.office_id == row.office_id,
        )
    ).first()
    if line is None or row.secret or not line.sha256 or line.status not in ("kept", "withdrawn"):
        return None
    try:
        content = files.open(line.sha256)
    except FileNotFoundError:
        raise NhacViecError(
            "Tệp minh chứng này không còn trên máy chủ. Hãy báo người quản trị khôi phục từ bản sao lưu."
        ) from None
    except OSError:
        raise NhacViecError("Máy chủ chưa đọc được tệp minh chứng này. Hãy báo người quản trị.") from None
    return f"minh-chung-{row.id}-{evidence_id}{_ending(line.name)}", content


def _ending(name: str | None) -> str:
    """The ending of a name that somebody chose, if it is a plain one; nothing else of it is used."""
    ending = PurePosixPath(name or "").suffix.lower()
    return ending if _ENDING.fullmatch(ending) else ""

"""The evidence bundle: everything about one occurrence in one file that somebody else can check.

Facts, reminders and what became of them, the occurrence's lines of the journal with their hashes and the head of its
office's journal, and the files with theirs. Work marked secret is left out unless it is asked for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, select

from data import journal
from data.evidence_files import DamagedEvidence, EvidenceFiles
from data.journal import JOURNAL
from engine.errors import NotFound
from engine.messages import HIDDEN_TITLE
from engine.office import EVIDENCE, OBLIGATION, OCCURRENCE, OFFICE, view_office
from engine.whole_file import check_place, write_whole
from engine.why import ACTIONS, ENGINE, EVIDENCE_KINDS, Story, details_of, story_of

_SHOWN = ("at", "actor", "action", "seq", "data", "previous", "hash")


def bundle(
    connection: Connection,
    files: EvidenceFiles,
    occurrence_id: int,
    out: Path,
    now: dt.datetime,
    *,
    secret: bool,
    replace: bool = False,
) -> dict[str, Any]:
    """Write the bundle to ``out``, for its owner's eyes only. Returns its facts. ``replace``: a file there gives way.

    :raises NhacViecError: there is no such occurrence, or the file cannot be written.
    """
    check_place(out, replace=replace)
    story = story_of(connection, occurrence_id, now)
    row = connection.execute(
        select(OCCURRENCE, OBLIGATION.c.secret, OFFICE.c.name.label("office_name"))
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .join(OFFICE, OFFICE.c.id == OCCURRENCE.c.office_id)
        .where(OCCURRENCE.c.id == occurrence_id)
    ).first()
    if row is None:
        raise NotFound(f"Không có việc nào mang mã {occurrence_id}. Xem mã bằng lệnh: nhacviec status.")
    hidden = bool(row.secret) and not secret
    verdict = journal.verify(connection, row.office_id)
    evidence, contents = _evidence(connection, files, row.office_id, occurrence_id, hidden=hidden)
    office = view_office(connection, row.office_id)
    facts: dict[str, Any] = {
        "occurrence": occurrence_id,
        "office": {"id": row.office_id, "name": row.office_name},
        "title": HIDDEN_TITLE if hidden else story.title,
        "period": row.period_key,
        "unit": story.unit,
        "state": story.state,
        "doer": office.name_of(row.doer_id) if row.doer_id else None,
        "dates": story.dates,
        "reported_at": row.reported_at,
        "closed_at": row.closed_at,
        "reasons": [] if hidden else list(story.reasons),
        "reminders": [
            {"at": t.at, "rung": t.rung, "person": t.person, "status": t.status, "reason": t.reason} for t in story.told
        ],
        "journal": _lines(connection, row.office_id, occurrence_id, hidden=hidden),
        "journal_head": {"lines": verdict.lines, "hash": verdict.head, "unbroken": verdict.broken_at is None},
        "evidence": evidence,
        "made_at": now,
    }
    entries = _entries(facts, _in_words(story, facts, now.astimezone(office.zone)), contents)
    write_whole(out, lambda file: _pack(file, entries), replace=replace)
    return facts


def _lines(connection: Connection, office_id: str, occurrence_id: int, *, hidden: bool) -> list[dict[str, Any]]:
    its = (JOURNAL.c.office_id == office_id, JOURNAL.c.occurrence_id == occurrence_id)
    rows = connection.execute(select(JOURNAL).where(*its).order_by(JOURNAL.c.seq))
    lines = [{name: getattr(row, name) for name in _SHOWN} for row in rows]
    for line in lines:
        line["at"] = line["at"].astimezone(dt.UTC)
        if hidden:
            line["data"] = None  # its words may tell what the title does not
    return lines


def _evidence(
    connection: Connection, files: EvidenceFiles, office_id: str, occurrence_id: int, *, hidden: bool
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    listed: list[dict[str, Any]] = []
    contents: dict[str, bytes] = {}
    for row in connection.execute(
        select(EVIDENCE)
        .where(EVIDENCE.c.office_id == office_id, EVIDENCE.c.occurrence_id == occurrence_id)
        .order_by(EVIDENCE.c.id)
    ):
        entry: dict[str, Any] = {"kind": row.kind, "given_at": row.given_at, "status": row.status, "sha256": row.sha256}
        if not hidden:
            entry |= {"text": row.text, "dated": row.dated, "name": row.name, "mime": row.mime, "reason": row.reason}
            if row.sha256 and row.status == "kept":
                try:
                    content = files.open(row.sha256)
                    entry["file"] = f"minh-chung/{row.sha256[:16]}{_ending(row.name)}"
                    contents[entry["file"]] = content
                except (FileNotFoundError, DamagedEvidence) as error:
                    missing = isinstance(error, FileNotFoundError)
                    entry["problem"] = "không còn tệp này" if missing else str(error)
        listed.append(entry)
    return listed, contents


def _ending(name: str | None) -> str:
    """The ending of a name somebody chose, if it is a plain one."""
    ending = Path(name or "").suffix.lower()
    return ending if 1 < len(ending) <= 6 and ending[1:].isascii() and ending[1:].isalnum() else ""


def _in_words(story: Story, facts: dict[str, Any], local: dt.datetime) -> str:
    zone = local.tzinfo
    lines = [f"HỒ SƠ VIỆC SỐ {story.id}", f"{facts['title']}", f"Cơ quan: {facts['office']['name']}"]
    lines += [f"Đơn vị chủ trì: {story.unit}", f"Người phụ trách: {facts['doer'] or 'chưa giao'}"]
    lines += [f"Tình trạng: {story.state}", *(f"{name}: {value}" for name, value in story.dates.items())]
    for name, key in (("Báo xong lúc", "reported_at"), ("Khép lại lúc", "closed_at")):
        if facts[key]:
            lines.append(f"{name}: {facts[key].astimezone(zone):%H:%M %d/%m/%Y}")
    lines += [*facts["reasons"], "", "CÁC LẦN NHẮC"]
    lines += [
        f"- {told.at.astimezone(zone):%H:%M %d/%m/%Y}: {told.person}: {told.status}"
        + (f" ({told.reason})" if told.reason else "")
        for told in story.told
    ] or ["- chưa có"]
    lines += ["", "MINH CHỨNG"]
    lines += [
        f"- {entry.get('text') or entry.get('name') or EVIDENCE_KINDS.get(entry['kind'], entry['kind'])}: "
        f"{entry.get('file') or _EVIDENCE_STATUS.get(entry['status'], entry['status'])}"
        + (f", SHA-256 {entry['sha256']}" if entry["sha256"] else "")
        + (f" ({entry['problem']})" if "problem" in entry else "")
        for entry in facts["evidence"]
    ] or ["- không có"]
    lines += ["", "NHẬT KÝ CỦA VIỆC"]
    lines += [_journal_line(line, zone) for line in facts["journal"]]
    head = facts["journal_head"]
    whole = "chuỗi nguyên vẹn" if head["unbroken"] else "CHUỖI BỊ HỎNG"
    lines += ["", f"Mã nhật ký của cơ quan: {head['lines']}:{head['hash']} ({whole})"]
    lines += [f"Lập lúc {local:%H:%M %d/%m/%Y} bằng Nhắc Việc."]
    return "\n".join(lines) + "\n"


_EVIDENCE_STATUS = {
    "kept": "đã lưu",
    "to_fetch": "đang chờ tải về",
    "refused": "không tải được",
    "withdrawn": "đã rút lại",
}


def _journal_line(line: dict[str, Any], zone: dt.tzinfo | None) -> str:
    who = "chương trình" if line["actor"] == ENGINE else line["actor"]
    details = details_of(line["data"], zone) if line["data"] else ""
    said = ACTIONS.get(line["action"], line["action"]) + (f" ({details})" if details else "")
    return f"- dòng {line['seq']}, {line['at'].astimezone(zone):%H:%M %d/%m/%Y}, {who}: {said}; dấu {line['hash'][:16]}"


def _entries(facts: dict[str, Any], words: str, contents: dict[str, bytes]) -> dict[str, bytes]:
    """Everything that goes in, by name; the sums of all the rest come last."""
    texts = {
        "ho-so.json": json.dumps(facts, ensure_ascii=False, indent=1, default=_said).encode(),
        "ho-so.txt": words.encode(),
    }
    whole = texts | contents
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in whole.items())
    return {**whole, "SHA256SUMS": sums.encode()}


def _pack(file: BinaryIO, entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def _said(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)

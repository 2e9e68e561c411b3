"""Why was this sent, why was that not? The whole story of one occurrence from the rows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from data import setbacks
from data.journal import JOURNAL
from engine.errors import NotFound
from engine.office import EXTENSION, MESSAGE, OBLIGATION, OCCURRENCE, PERSON, REMINDER, UNIT, view_office
from engine.rules.ladder import anchors_of, climb
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.status import in_words

SAYS = {
    "collect": "gom số liệu",
    "write": "viết báo cáo",
    "soon": "sắp tới hạn",
    "last_call": "ngày cuối",
    "overdue": "quá hạn",
    "escalation": "báo lên trên",
    "confirm": "hỏi xác nhận",
    "extension_asked": "hỏi duyệt gia hạn",
    "extension_granted": "báo được gia hạn",
    "extension_refused": "báo không được gia hạn",
    "returned": "báo trả lại",
    "confirmed": "báo đã xác nhận",
    "unreached": "báo không liên lạc được",
    "difficulty": "báo vướng mắc",
    "handed_over": "báo việc được chuyển giao",
    "stands_in": "báo việc làm thay",
    "again": "nhắc lại theo đề nghị",
    "file_lost": "báo tệp chưa lưu được",
    "withdrawn": "báo đã rút lại",
}
STATUS = {
    "queued": "đang chờ gửi",
    "claimed": "đang gửi",
    "sent": "đã gửi",
    "refused": "không gửi được",
    "unknown": "không rõ đã tới chưa",
    "dropped": "thôi không gửi",
    "pending": "chờ lượt nhắn tới",
    "suppressed": "không gửi",
}
ACTIONS = {  # every action that is written anywhere; a test looks for those that are missing
    "opened": "mở việc, chốt người chịu trách nhiệm",
    "started": "báo đang làm",
    "reported": "báo xong",
    "confirmed": "xác nhận",
    "returned": "trả lại",
    "extension_asked": "xin gia hạn",
    "extension_granted": "duyệt gia hạn",
    "extension_refused": "từ chối gia hạn",
    "handed_over": "chuyển việc cho người khác",
    "difficulty": "báo vướng mắc",
    "snoozed": "xin nhắc lại sau",
    "aimed": "đặt lại hạn nội bộ của kỳ này",
    "assigned": "giao người làm kỳ này",
    "rule_changed": "sửa nhiệm vụ từ nay về sau",
    "suspended": "tạm dừng",
    "resumed": "tiếp tục",
    "cancelled": "huỷ",
    "reopened": "mở lại",
    "undone": "hoàn tác",
    "unreached": "tin không tới được ai",
    "evidence_kept": "lưu tệp minh chứng",
    "evidence_refused": "không lưu được tệp minh chứng",
    "evidence_missing": "báo xong mà thiếu minh chứng",
    "message_sent": "gửi tin",
    "message_retry": "gửi tin chưa được, thôi thử lại",
    "message_refused": "kênh từ chối tin",
    "message_unknown": "không rõ tin đã tới chưa",
    "budget_low": "kênh sắp hết số tin trong tháng",
    "digest": "soạn bản tin tuần",
    "leave": "báo nghỉ, cử người thay",
    "leave_undone": "rút lại báo nghỉ",
    "stand_in": "ghi nghỉ có người thay theo quyết định",
    "stand_in_ended": "thôi thay vì người thay nghỉ việc",
    "moved": "chuyển đơn vị",
    "left": "thôi công tác",
    "people_imported": "nhập danh sách cán bộ",
    "code_issued": "cấp mã liên kết",
    "login_link": "lấy liên kết vào bảng điều hành",
    "signed_in": "vào bảng điều hành",
    "key_made": "tạo mã truy cập",
    "key_taken_back": "thu hồi mã truy cập",
    "linked": "nối kênh nhắn tin",
    "unlinked": "gỡ kênh nhắn tin",
    "loaded": "nạp tệp nhiệm vụ",
    "restored": "phục hồi từ bản sao lưu",
    "unmuted": "cho gửi tin trở lại",
    "tidied": "dọn dữ liệu cũ",
}
ENGINE = "engine"  # who acts in the journal where nobody did
EXTENSIONS = {
    "waiting": "đang chờ duyệt",
    "granted": "đã duyệt",
    "refused": "không được duyệt",
    "withdrawn": "đã rút lại",
}
LEVELS = {"doer": "người làm", "head": "trưởng đơn vị", "standing": "thường trực", "leaders": "lãnh đạo"}
EVIDENCE_KINDS = {"document": "số, ký hiệu văn bản", "link": "đường dẫn", "photo": "ảnh", "file": "tệp"}
EVIDENCE_WANTED = EVIDENCE_KINDS | {
    "none": "không cần minh chứng",
    "file": "ảnh hoặc tệp",
    "any": "văn bản, ảnh hoặc tệp",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One rung for one person: what became of it, and why."""

    at: dt.datetime
    rung: str
    says: str
    person: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one occurrence."""

    id: int
    title: str
    unit: str
    state: str
    dates: dict[str, str]
    reasons: tuple[str, ...]
    told: tuple[Told, ...]
    history: tuple[tuple[dt.datetime, str, str, str], ...]  # when, who, what, details
    next_at: dt.datetime | None
    next_rung: str | None
    source: dict[str, Any]


def story_of(connection: Connection, occurrence_id: int, now: dt.datetime) -> Story:
    """The story of one occurrence.

    :raises NotFound: there is none with this number.
    """
    row = connection.execute(
        select(OCCURRENCE, OBLIGATION.c.ladder, OBLIGATION.c.rule, UNIT.c.name.label("unit_name"))
        .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
        .where(OCCURRENCE.c.id == occurrence_id)
    ).first()
    if row is None:
        raise NotFound(f"Không có việc nào mang mã {occurrence_id}. Xem mã bằng lệnh: nhacviec status.")
    office = view_office(connection, row.office_id)
    told = tuple(
        Told(
            at=(line.sent_at or line.scheduled_at),
            rung=line.rung,
            says=SAYS[line.says],
            person=line.name,
            status=STATUS[line.message_status if line.status == "in_message" else line.status],
            reason=line.reason or line.error,
        )
        for line in connection.execute(
            select(
                REMINDER,
                PERSON.c.name,
                MESSAGE.c.status.label("message_status"),
                MESSAGE.c.sent_at,
                MESSAGE.c.error,
            )
            .join(PERSON, PERSON.c.id == REMINDER.c.person_id)
            .outerjoin(MESSAGE, MESSAGE.c.id == REMINDER.c.message_id)
            .where(REMINDER.c.occurrence_id == occurrence_id)
            .order_by(REMINDER.c.scheduled_at, REMINDER.c.id)
        )
    )
    history = tuple(
        (
            line.at,
            "chương trình" if line.actor == ENGINE else line.actor,
            ACTIONS.get(line.action, line.action),
            line.data,
        )
        for line in connection.execute(
            select(JOURNAL)
            .where(JOURNAL.c.office_id == office.id, JOURNAL.c.occurrence_id == occurrence_id)
            .order_by(JOURNAL.c.seq)
        )
    )
    dates = {"Hạn trong văn bản": row.nominal_due, "Hạn tính": row.due, "Hạn nội bộ": row.internal_due}
    if row.cutoff:
        dates = {"Chốt số liệu": row.cutoff, **dates}
    if row.first_internal_due != row.internal_due:
        dates["Hạn nội bộ ban đầu"] = row.first_internal_due
    next_rung = None
    if row.next_move_at and WorkState(row.work_state) in OPEN and row.ladder in office.ladders:
        anchors = anchors_of(row.cutoff, row.due, row.internal_due)
        found = climb(
            office.ladders[row.ladder],
            anchors,
            office.hours,
            climbed_to=row.last_rung_at,
            now=max(now, row.next_move_at),
        )
        next_rung = SAYS[found.step.rung.says] if found.step else "mở việc"
    extensions = connection.execute(select(EXTENSION).where(EXTENSION.c.occurrence_id == occurrence_id)).all()
    reasons = [*(row.reasons or [])]
    setback = setbacks.standing(connection, "occurrence").get(row.id)
    if setback is not None:
        again = setback.try_after.astimezone(office.zone)
        reasons.append(
            f"Chưa tính được lần nhắc ({setback.why}), đã thử {setback.times} lần, thử lại lúc {again:%H:%M %d/%m/%Y}."
        )
    reasons += [f"Gia hạn đến {e.until:%d/%m/%Y}: {e.reason} ({EXTENSIONS[e.status]})." for e in extensions]
    return Story(
        id=row.id,
        title=row.title,
        unit=row.unit_name,
        state=in_words(WorkState(row.work_state), row.due, row.internal_due, office.today(now)),
        dates={name: f"{value:%d/%m/%Y}" for name, value in dates.items()},
        reasons=tuple(reasons),
        told=told,
        history=history,
        next_at=row.next_move_at,
        next_rung=next_rung,
        source=row.rule["source"],
    )


# ---- a line of the journal in words ---------------------------------------------------------------------------------


def details_of(data: str, zone: dt.tzinfo | None = None) -> str:
    """What a line of the journal adds to its action, in words: "đến 19/03/2026; lý do: chờ số liệu".

    ``data`` is the line's JSON. What only programs need, and what the story says elsewhere (title, state), is left out;
    an entry nobody has words for is shown under its own name rather than kept back.
    """
    try:
        entries = json.loads(data)
    except ValueError:
        return ""
    if not isinstance(entries, dict):
        return ""
    said = (_entry(name, entries[name], zone) for name in _in_order(entries))
    return "; ".join(words for words in said if words)


def _in_order(entries: Mapping[str, Any]) -> list[str]:
    known = [name for name in _ENTRIES if name in entries]
    return [*known, *sorted(name for name in entries if name not in _ENTRIES and name not in _FOR_PROGRAMS)]


def _entry(name: str, value: Any, zone: dt.tzinfo | None) -> str:
    if value in (None, "", [], {}):
        return ""
    say = _ENTRIES.get(name)
    return say(value, zone) if say else f"{name}: {_plain(value, zone)}"


def _plain(value: Any, zone: dt.tzinfo | None) -> str:
    """A day or an instant as people write it, a list with commas, anything else as it stands."""
    if isinstance(value, list):
        return ", ".join(_plain(part, zone) for part in value)
    if not isinstance(value, str):
        return str(value)
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    if len(value) == len("2026-03-17"):
        return f"{moment:%d/%m/%Y}"
    return f"{moment.astimezone(zone):%H:%M %d/%m/%Y}" if moment.tzinfo else value


def _with(words: str) -> Callable[[Any, dt.tzinfo | None], str]:
    return lambda value, zone: words.format(_plain(value, zone))


def _chain_in_words(value: Any, _: dt.tzinfo | None) -> str:
    if not isinstance(value, dict):
        return ""
    return "; ".join(f"{LEVELS[level]}: {', '.join(value[level])}" for level in LEVELS if value.get(level))


def _evidence_wanted(value: Any, _: dt.tzinfo | None) -> str:
    return f"cần {EVIDENCE_WANTED.get(value, value)}"


def _size(value: Any, _: dt.tzinfo | None) -> str:
    return f"{max(1, round(value / 1000))} kB" if isinstance(value, int) else ""


_FOR_PROGRAMS = frozenset({"state", "before", "title", "message", "evidence", "mime", "rung"})
_ENTRIES: Mapping[str, Callable[[Any, dt.tzinfo | None], str]] = {
    "document": _with("văn bản {}"),
    "kind": lambda value, _: EVIDENCE_KINDS.get(value, str(value)),
    "size": _size,
    "sha256": lambda value, _: f"dấu SHA-256 {str(value)[:16]}…",
    "due": _with("hạn {}"),
    "was": _with("trước là {}"),
    "until": _with("đến {}"),
    "from": _with("từ {}"),
    "to": _with("cho {}"),
    "chain": _chain_in_words,
    "wanted": _evidence_wanted,
    "changed": _with("{}"),
    "reason": _with("lý do: {}"),
    "why": _with("vì {}"),
}

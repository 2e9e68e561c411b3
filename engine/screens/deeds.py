"""What somebody may do to a piece of work on its page, and doing it: the actions and the rights are those of chat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, insert

from data.rows import AnyRow
from engine import actions
from engine.actions import Actor
from engine.errors import NhacViecError
from engine.office import EVIDENCE, OfficeView
from engine.rules.chain import Member
from engine.rules.lifecycle import Action, WorkState, after
from engine.rules.rights import Part, Right, may, may_confirm, may_decide_extension, parts_in_office, parts_in_work

LONGEST_REASON = 300  # letters: it is read in a chat message


class Deed(StrEnum):
    """The name of a button, and the last part of its address."""

    START = "dang-lam"
    REPORT = "xong"
    EXTEND = "xin-gia-han"
    HAND_OVER = "chuyen"
    DIFFICULTY = "vuong"
    CONFIRM = "xac-nhan"
    RETURN = "tra-lai"
    GRANT = "dong-y"
    REFUSE = "tu-choi"
    SUSPEND = "tam-dung"
    RESUME = "tiep-tuc"
    CANCEL = "huy"
    REOPEN = "mo-lai"


LABELS: Mapping[Deed, str] = {
    Deed.START: "Đang làm",
    Deed.REPORT: "Báo xong",
    Deed.EXTEND: "Xin gia hạn",
    Deed.HAND_OVER: "Chuyển người khác",
    Deed.DIFFICULTY: "Báo vướng mắc",
    Deed.CONFIRM: "Xác nhận",
    Deed.RETURN: "Trả lại",
    Deed.GRANT: "Đồng ý gia hạn",
    Deed.REFUSE: "Từ chối gia hạn",
    Deed.SUSPEND: "Tạm dừng",
    Deed.RESUME: "Tiếp tục",
    Deed.CANCEL: "Huỷ kỳ này",
    Deed.REOPEN: "Mở lại",
}
#: What must be filled in: "reason", "until" (a day), "to" (a person); "document" may stay empty.
ASKS: Mapping[Deed, tuple[str, ...]] = {
    Deed.REPORT: ("document",),
    Deed.EXTEND: ("until", "reason"),
    Deed.HAND_OVER: ("to", "reason"),
    Deed.DIFFICULTY: ("reason",),
    Deed.RETURN: ("reason",),
    Deed.REFUSE: ("reason",),
    Deed.SUSPEND: ("reason",),
    Deed.CANCEL: ("reason",),
}
_OF_THE_OFFICE = frozenset({Right.SUSPEND, Right.CANCEL})
_MAY_STAY_EMPTY = {"document", (Deed.HAND_OVER, "reason")}
_BY_RIGHT: Mapping[Deed, tuple[Right, Action | None]] = {
    Deed.START: (Right.START, Action.START),
    Deed.REPORT: (Right.REPORT, Action.REPORT),
    Deed.HAND_OVER: (Right.HAND_OVER, None),
    Deed.DIFFICULTY: (Right.RAISE_DIFFICULTY, None),
    Deed.EXTEND: (Right.ASK_EXTENSION, None),
    Deed.SUSPEND: (Right.SUSPEND, Action.SUSPEND),
    Deed.RESUME: (Right.SUSPEND, Action.RESUME),
    Deed.CANCEL: (Right.CANCEL, Action.CANCEL),
    Deed.REOPEN: (Right.CANCEL, Action.REOPEN),
}


class Refused(NhacViecError):
    """The sentence says why it was not done; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What stood in the form, as typed."""

    reason: str = ""
    until: str = ""
    to: str = ""
    document: str = ""


def possible(office: OfficeView, me: int, row: AnyRow, extension: AnyRow | None, today: dt.date) -> tuple[Deed, ...]:
    """What this person may do to this work as it stands, in the order of :class:`Deed`.

    ``row`` is an ``actions.occurrence_row``; ``extension`` its waiting request for more time, if any.
    """
    return tuple(deed for deed in Deed if _is_possible(deed, office, me, row, extension, today))


def _is_possible(
    deed: Deed, office: OfficeView, me: int, row: AnyRow, extension: AnyRow | None, today: dt.date
) -> bool:
    state = WorkState(row.work_state)
    chain = row.chain or {}
    if deed in (Deed.CONFIRM, Deed.RETURN):
        action = Action.CONFIRM if deed is Deed.CONFIRM else Action.RETURN
        mine = may_confirm(office.staff, me, chain, row.unit_id, row.confirm, row.reported_by, today)
        return after(state, action) is not None and mine
    if deed in (Deed.GRANT, Deed.REFUSE):
        return extension is not None and may_decide_extension(
            office.staff, me, chain, row.unit_id, extension.asked_by, today
        )
    right, leads_on = _BY_RIGHT[deed]
    if leads_on is None:  # what is about open work
        if row.opened_at is None or after(state, Action.REPORT) is None:
            return False
        if deed is Deed.EXTEND and extension is not None:
            return False
    elif after(state, leads_on) is None:
        return False
    parts = _parts(office, me, row, today)
    if right in _OF_THE_OFFICE:  # also before the work opens, when it has no chain yet
        parts |= parts_in_office(office.staff, me)
    return may(right, parts)


def _parts(office: OfficeView, me: int, row: AnyRow, today: dt.date) -> frozenset[Part]:
    return parts_in_work(office.staff, me, row.chain or {}, row.unit_id, today)


def receivers(office: OfficeView, me: int, row: AnyRow, today: dt.date) -> list[Member]:
    """To whom this person may hand the work over: their unit; the standing office and the leaders to anybody."""
    wide = bool({Part.STANDING, Part.LEADER} & _parts(office, me, row, today))
    return [
        member
        for member in office.staff.members.values()
        if member.active
        and member.role in ("officer", "head")
        and member.id != row.doer_id
        and (wide or member.unit_id == row.unit_id)
    ]


def do(
    connection: Connection,
    office: OfficeView,
    me: Member,
    row: AnyRow,
    deed: Deed,
    filled: Filled,
    version: int,
    now: dt.datetime,
) -> str:
    """Do it, and say what was done in a sentence. ``version``: the state of the work that the page showed.

    :raises Refused: not allowed, not possible any more, or the form is not filled in.
    """
    today = office.today(now)
    extension = actions.waiting_extension(connection, row.id)
    if row.office_id != office.id or row.version != version:
        raise Refused("Việc này vừa thay đổi. Đồng chí xem lại trạng thái mới rồi hãy thực hiện.")
    if deed not in possible(office, me.id, row, extension, today):
        raise Refused("Việc này không thực hiện được: trạng thái hoặc quyền của đồng chí không cho phép.")
    for name in ASKS.get(deed, ()):
        if not getattr(filled, name).strip() and not ({name, (deed, name)} & _MAY_STAY_EMPTY):
            raise Refused(_MISSING[name])
    if len(filled.reason) > LONGEST_REASON:
        raise Refused(f"Lý do dài quá {LONGEST_REASON} chữ, đồng chí rút gọn lại.")
    work = _Work(connection, office, me, row, extension, filled, now)
    try:
        return _DO[deed](work)
    except actions.CannotDo:
        raise Refused("Việc này vừa thay đổi. Đồng chí xem lại trạng thái mới rồi hãy thực hiện.") from None


_MISSING = {
    "reason": "Đồng chí ghi giúp lý do.",
    "until": "Đồng chí chọn giúp ngày xin gia hạn.",
    "to": "Đồng chí chọn giúp người nhận việc.",
}


@dataclass(frozen=True, slots=True)
class _Work:
    connection: Connection
    office: OfficeView
    me: Member
    row: AnyRow
    extension: AnyRow | None
    filled: Filled
    now: dt.datetime

    @property
    def actor(self) -> Actor:
        return Actor(self.me.name, self.me.id)

    @property
    def reason(self) -> str:
        return " ".join(self.filled.reason.split())


def _start(work: _Work) -> str:
    actions.start(work.connection, work.office, work.row, work.actor, work.now)
    return "Đã ghi: đang làm."


def _report(work: _Work) -> str:
    document = " ".join(work.filled.document.split()) or None
    if work.row.evidence not in ("none", None) and not document:
        raise Refused(
            "Việc này cần số, ký hiệu văn bản hoặc minh chứng. Đồng chí ghi số văn bản, hoặc gửi ảnh qua bot."
        )
    acted = actions.report(work.connection, work.office, work.row, work.actor, work.now, document)
    if document:
        work.connection.execute(
            insert(EVIDENCE).values(
                office_id=work.office.id,
                occurrence_id=work.row.id,
                person_id=work.me.id,
                given_at=work.now,
                kind="document",
                text=document,
            )
        )
    return "Đã ghi: hoàn thành." if acted.state is WorkState.DONE else "Đã ghi: báo xong, chờ xác nhận."


def _extend(work: _Work) -> str:
    try:
        until = dt.date.fromisoformat(work.filled.until.strip())
    except ValueError:
        raise Refused("Ngày xin gia hạn chưa đúng. Đồng chí chọn lại ngày.") from None
    if until <= max(work.row.internal_due, work.office.today(work.now) - dt.timedelta(days=1)):
        raise Refused(f"Ngày xin gia hạn phải sau hạn hiện nay, {work.row.internal_due:%d/%m/%Y}.")
    actions.ask_extension(work.connection, work.office, work.row, work.actor, until, work.reason, work.now)
    return f"Đã gửi đề nghị gia hạn đến {until:%d/%m/%Y}."


def _hand_over(work: _Work) -> str:
    may_receive = {str(m.id): m for m in receivers(work.office, work.me.id, work.row, work.office.today(work.now))}
    to = may_receive.get(work.filled.to.strip())
    if to is None:
        raise Refused(_MISSING["to"])
    actions.hand_over(work.connection, work.office, work.row, to.id, work.actor, work.reason or None, work.now)
    return f"Đã chuyển cho {to.name}."


def _difficulty(work: _Work) -> str:
    actions.raise_difficulty(work.connection, work.office, work.row, work.actor, work.reason, work.now)
    return "Đã báo vướng mắc tới cơ quan thường trực."


def _confirm(work: _Work) -> str:
    actions.confirm(work.connection, work.office, work.row, work.actor, work.now)
    return "Đã xác nhận hoàn thành."


def _return(work: _Work) -> str:
    actions.send_back(work.connection, work.office, work.row, work.actor, work.reason, work.now)
    return "Đã trả lại để làm lại."


def _grant(work: _Work) -> str:
    assert work.extension is not None
    actions.grant_extension(work.connection, work.office, work.row, work.extension, work.actor, work.now)
    return f"Đã đồng ý gia hạn đến {work.extension.until:%d/%m/%Y}."


def _refuse(work: _Work) -> str:
    assert work.extension is not None
    actions.refuse_extension(work.connection, work.office, work.row, work.extension, work.actor, work.reason, work.now)
    return "Đã từ chối gia hạn."


def _suspend(work: _Work) -> str:
    actions.suspend(work.connection, work.office, work.row, work.actor, work.reason, work.now)
    return "Đã tạm dừng, không nhắc cho tới khi tiếp tục."


def _resume(work: _Work) -> str:
    actions.resume(work.connection, work.office, work.row, work.actor, work.now)
    return "Đã tiếp tục, thang nhắc chạy từ bây giờ."


def _cancel(work: _Work) -> str:
    actions.cancel(work.connection, work.office, work.row, work.actor, work.reason, work.now)
    return "Đã huỷ kỳ này."


def _reopen(work: _Work) -> str:
    actions.reopen(work.connection, work.office, work.row, work.actor, work.now)
    return "Đã mở lại."


_DO: Mapping[Deed, Callable[[_Work], str]] = {
    Deed.START: _start,
    Deed.REPORT: _report,
    Deed.EXTEND: _extend,
    Deed.HAND_OVER: _hand_over,
    Deed.DIFFICULTY: _difficulty,
    Deed.CONFIRM: _confirm,
    Deed.RETURN: _return,
    Deed.GRANT: _grant,
    Deed.REFUSE: _refuse,
    Deed.SUSPEND: _suspend,
    Deed.RESUME: _resume,
    Deed.CANCEL: _cancel,
    Deed.REOPEN: _reopen,
}

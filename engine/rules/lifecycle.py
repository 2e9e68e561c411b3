"""The life of an occurrence: one table says which action is possible in which state, and where it leads.

Two axes (DOMAIN section 5): this is the work state; the time state (in time, due soon, late) follows from dates and
is never stored. "Quá hạn" is therefore not a state here.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum


class WorkState(StrEnum):
    """What has become of the work."""

    NEW = "new"  # chưa thực hiện
    DOING = "doing"  # đang thực hiện
    WAITING = "waiting"  # chờ xác nhận
    RETURNED = "returned"  # trả lại, thực hiện lại
    SUSPENDED = "suspended"  # tạm dừng
    DONE = "done"  # đã hoàn thành
    CANCELLED = "cancelled"  # đã huỷ


#: Why a reminder that was on its way is not said any more.
SILENT_BECAUSE = {
    WorkState.WAITING: "việc đang chờ xác nhận",
    WorkState.SUSPENDED: "việc đang tạm dừng",
    WorkState.DONE: "việc đã xong trước bậc nhắc này",
    WorkState.CANCELLED: "kỳ này đã huỷ",
}


class Action(StrEnum):
    """What can happen to it."""

    START = "start"
    REPORT = "report"  # the doer says it is done
    CONFIRM = "confirm"
    RETURN = "return"
    SUSPEND = "suspend"
    RESUME = "resume"
    CANCEL = "cancel"
    REOPEN = "reopen"  # cancelled by mistake


OPEN = frozenset({WorkState.NEW, WorkState.DOING, WorkState.RETURNED})
"""States in which the doer is still expected to act."""

CLOSED = frozenset({WorkState.DONE, WorkState.CANCELLED})

_S, _A = WorkState, Action
_MOVES: dict[tuple[WorkState, Action], WorkState] = {
    **{(state, _A.START): _S.DOING for state in (_S.NEW, _S.RETURNED)},
    **{(state, _A.REPORT): _S.DONE for state in OPEN},
    (_S.WAITING, _A.CONFIRM): _S.DONE,
    (_S.WAITING, _A.RETURN): _S.RETURNED,
    # A confirmer who learns later that it was not right may still send it back.
    (_S.DONE, _A.RETURN): _S.RETURNED,
    **{(state, _A.SUSPEND): _S.SUSPENDED for state in OPEN},
    (_S.SUSPENDED, _A.RESUME): _S.DOING,  # or what it was before, where that is known
    **{(state, _A.CANCEL): _S.CANCELLED for state in (*OPEN, _S.SUSPENDED, _S.WAITING)},
    (_S.CANCELLED, _A.REOPEN): _S.NEW,
}


def after(state: WorkState, action: Action, *, needs_confirmation: bool = False) -> WorkState | None:
    """The state that ``action`` leads to, or None where it makes no sense.

    A report leads to "waiting for confirmation" where the obligation asks for it; so does opening again what waited.
    """
    target = _MOVES.get((state, action))
    if target and needs_confirmation and action in (Action.REPORT, Action.REOPEN):
        return WorkState.WAITING
    return target


def state_at(
    moment: dt.datetime, state: WorkState, reported_at: dt.datetime | None, closed_at: dt.datetime | None
) -> WorkState:
    """The state at an earlier moment, as far as the row still tells: what was reported or cancelled later was open."""
    if reported_at is not None:
        return state if reported_at <= moment else WorkState.NEW
    return WorkState.NEW if closed_at is not None and closed_at > moment else state

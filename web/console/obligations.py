"""*Nhiệm vụ*: the duties, one of them, and changing one period or the rule, always with a look at the effect first."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from data.rows import AnyRow
from engine import actions
from engine.actions import Actor
from engine.errors import NhacViecError
from engine.office import OBLIGATION
from engine.rules.rights import Right
from engine.screens.deeds import ASKS, LABELS, Deed, possible
from engine.screens.editing import (
    WEEKDAY_NAMES,
    CannotEdit,
    Previewed,
    changed_rule,
    due_field,
    editable_people,
    evidence_choices,
    mark_of,
    period_edit,
    preview_period,
    preview_rule,
    save_period,
    save_rule,
)
from engine.screens.obligations import CONFIRMS, duties_of, duty_row, duty_screen
from engine.stored_file import as_yaml, stored_file
from web.console.frame import Asked
from web.console.guard import Page

_RULE_FIELDS = ("han", "chot", "nguoi", "thang", "xac-nhan", "minh-chung")
_PERIOD_FIELDS = ("han", "nguoi", "ly-do")


def show_all(asked: Asked) -> Response:
    """Every duty, in the groups of the plan."""
    return asked.show("nhiem_vu.j2", duties=duties_of(asked.connection, asked.office, asked.me.id, asked.now))


def show_one(asked: Asked) -> Response:
    """One duty."""
    row = _duty(asked)
    screen = duty_screen(asked.connection, asked.office, row, asked.me.id, asked.now)
    return asked.show(
        "nhiem_vu_mot.j2",
        screen=screen,
        field=due_field(screen.obligation),
        people=editable_people(asked.office),
        weekdays=WEEKDAY_NAMES,
        ladders=asked.office.ladders,
        confirms=CONFIRMS,
        evidences=evidence_choices(),
    )


def preview_of_rule(asked: Asked) -> Response:
    """What the change of a rule would do: shown, not made."""
    row = _duty(asked)
    screen = duty_screen(asked.connection, asked.office, row, asked.me.id, asked.now)
    filled = _filled(asked.query, _RULE_FIELDS)
    previewed, wrong = None, ""
    try:
        changed = changed_rule(asked.office, screen.obligation, filled)
        previewed = preview_rule(asked.connection, asked.office, row, changed, asked.now)
    except CannotEdit as error:
        wrong = str(error)
    remembered = {"mark": mark_of(row)}
    to = f"/nhiem-vu/{row.id}/sua"
    return _shown(asked, screen.duty.title, previewed, wrong, filled, to, remembered, hidden_title=row.secret)


def change_rule(asked: Asked) -> Response:
    """Change the rule from now on."""
    row = _duty(asked)
    screen = duty_screen(asked.connection, asked.office, row, asked.me.id, asked.now)
    changed = changed_rule(asked.office, screen.obligation, _filled(asked.form, _RULE_FIELDS))
    mark = asked.form.get("mark", "")
    words = save_rule(asked.connection, asked.office, row, changed, mark, _actor(asked), asked.now)
    return asked.back(f"/nhiem-vu/{row.id}", f"Đã lưu: {'; '.join(words)}. Đồng chí tải tệp mới về để cất.")


def show_period(asked: Asked) -> Response:
    """One period and the form to change it, or what the change would do."""
    duty, row = _duty(asked), _period(asked)
    filled = _filled(asked.query, _PERIOD_FIELDS)
    title = "Việc không nêu tên" if row.secret else row.title
    if filled:
        previewed, wrong = None, ""
        try:
            edit = period_edit(asked.office, row, filled, asked.today)
            previewed = preview_period(asked.connection, asked.office, duty, row, edit, asked.now)
        except CannotEdit as error:
            wrong = str(error)
        here = f"/nhiem-vu/{duty.id}/ky/{row.id}"
        remembered = {"version": str(row.version)}
        return _shown(asked, title, previewed, wrong, filled, here, remembered, hidden_title=row.secret)
    extension = actions.waiting_extension(asked.connection, row.id)
    deeds = possible(asked.office, asked.me.id, row, extension, asked.today)
    return asked.show(
        "nhiem_vu_ky.j2",
        row=row,
        duty=duty,
        title=title,
        people=editable_people(asked.office),
        deeds=[deed for deed in deeds if deed in (Deed.SUSPEND, Deed.RESUME, Deed.CANCEL)],
        labels=LABELS,
        asks=ASKS,
    )


def change_period(asked: Asked) -> Response:
    """Change this period only."""
    _duty(asked)
    row = _period(asked)
    edit = period_edit(asked.office, row, _filled(asked.form, _PERIOD_FIELDS), asked.today)
    version = asked.form.get("version", "")
    if not version.isascii() or not version.isdecimal():
        raise HTTPException(404)
    words = save_period(asked.connection, asked.office, row, edit, int(version), _actor(asked), asked.now)
    return asked.back(f"/viec/{row.id}", f"Đã sửa riêng kỳ này: {'; '.join(words)}.")


def download_file(asked: Asked) -> Response:
    """The office's file with every change in it."""
    hidden = select(OBLIGATION.c.id).where(
        OBLIGATION.c.office_id == asked.office.id, OBLIGATION.c.active, OBLIGATION.c.secret
    )
    if asked.connection.execute(hidden.limit(1)).first() is not None:
        raise NhacViecError(
            "Cơ quan có nhiệm vụ Mật, nên tệp không gửi qua mạng. Đồng chí nhờ người quản trị lấy tệp trên máy chủ."
        )
    content = as_yaml(stored_file(asked.connection, asked.office.id), f"{asked.today:%d/%m/%Y}")
    name = f"{asked.office.id}-{asked.today:%Y-%m-%d}.yaml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/yaml", headers=headers)


# ---- inside ---------------------------------------------------------------------------------------------------------


def _shown(
    asked: Asked,
    title: str,
    previewed: Previewed | None,
    wrong: str,
    filled: Mapping[str, str],
    to: str,
    remembered: Mapping[str, str],
    *,
    hidden_title: bool,
) -> Response:
    return asked.show(
        "nhiem_vu_truoc.j2",
        status=422 if wrong else 200,
        title=title,
        previewed=previewed,
        wrong=wrong,
        to=to,
        hidden={**filled, **remembered},
        hidden_title=hidden_title,
        duty=asked.path["id"],
    )


def _filled(form: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: form[name] for name in names if name in form}


def _actor(asked: Asked) -> Actor:
    return Actor(asked.me.name, asked.me.id)


def _duty(asked: Asked) -> AnyRow:
    row = duty_row(asked.connection, asked.office, asked.me.id, asked.path["id"], asked.now)
    if row is None:
        raise HTTPException(404)
    return row


def _period(asked: Asked) -> AnyRow:
    row = actions.occurrence_row(asked.connection, asked.path["number"], asked.office.id)
    if row is None or row.obligation_id != asked.path["id"]:
        raise HTTPException(404)
    return row


PAGES = (
    Page("/nhiem-vu", Right.SEE_UNIT, show_all),
    Page("/nhiem-vu/tep", Right.LOAD_PLAN, download_file, is_page=False),
    Page("/nhiem-vu/{id:int}", Right.SEE_UNIT, show_one),
    Page("/nhiem-vu/{id:int}/xem-truoc", Right.LOAD_PLAN, preview_of_rule),
    Page("/nhiem-vu/{id:int}/sua", Right.LOAD_PLAN, change_rule, writes=True),
    Page("/nhiem-vu/{id:int}/ky/{number:int}", Right.LOAD_PLAN, show_period),
    Page("/nhiem-vu/{id:int}/ky/{number:int}", Right.LOAD_PLAN, change_period, writes=True),
)

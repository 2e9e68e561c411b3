"""*Nhiệm vụ*: each duty with its rule as a sentence, its next periods, its ladder in words, and where it comes from."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from data.rows import AnyRow
from engine.messages import HIDDEN_TITLE
from engine.office import OBLIGATION, OCCURRENCE, OfficeView
from engine.rules.chain import UnitNode
from engine.rules.lifecycle import CLOSED, OPEN, WorkState
from engine.rules.status import in_words
from engine.screens.calendar import units_seen
from engine.why import EVIDENCE_WANTED, LEVELS, SAYS
from schedules.dates import due_sentence
from schedules.office_model import Ladder, Obligation, Rung

NEXT = 3  # periods shown ahead
CONFIRMS = {"none": "không cần", "head": "trưởng đơn vị", "standing": "cơ quan thường trực"}
_CLOSED = [str(state) for state in CLOSED]


@dataclass(frozen=True, slots=True)
class Period:
    """One period to come."""

    id: int
    title: str
    unit: str
    cutoff: dt.date | None
    nominal_due: dt.date
    due: dt.date
    internal_due: dt.date
    set_by_hand: bool
    reasons: tuple[str, ...]
    state: str
    may_change: bool  # not reported and not closed


@dataclass(frozen=True, slots=True)
class Duty:
    """One obligation as a line of the list."""

    id: int
    title: str
    rule: str
    units: str
    group: str
    next_due: dt.date | None
    needs_review: str | None
    dated: bool


@dataclass(frozen=True, slots=True)
class DutyScreen:
    """The page of one obligation. ``row`` is its row, ``obligation`` its rule as the model."""

    row: AnyRow
    obligation: Obligation
    duty: Duty
    doer: str
    ladder_name: str
    ladder: tuple[str, ...]
    confirm: str
    evidence: str
    periods: tuple[Period, ...]
    open_periods: int


def duties_of(connection: Connection, office: OfficeView, me: int, now: dt.datetime) -> tuple[Duty, ...]:
    """Every duty in force that this person may see, as the plan orders them."""
    seen = units_seen(office, me, office.today(now))
    rows = connection.execute(
        select(OBLIGATION).where(OBLIGATION.c.office_id == office.id, OBLIGATION.c.active).order_by(OBLIGATION.c.id)
    ).all()
    ahead: dict[int, dt.date] = {}
    for duty, due in connection.execute(
        select(OCCURRENCE.c.obligation_id, OCCURRENCE.c.internal_due)
        .where(OCCURRENCE.c.office_id == office.id, OCCURRENCE.c.work_state.not_in(_CLOSED))
        .order_by(OCCURRENCE.c.internal_due.desc())
    ):
        ahead[duty] = due
    rules = ((row, Obligation.model_validate(row.rule)) for row in rows)
    return tuple(_duty(office, row, rule, ahead.get(row.id)) for row, rule in rules if _is_seen(rule, office, seen))


def duty_row(connection: Connection, office: OfficeView, me: int, duty: int, now: dt.datetime) -> AnyRow | None:
    """The row of a duty in force, if it is of this office and this person may see it."""
    row = connection.execute(
        select(OBLIGATION).where(OBLIGATION.c.id == duty, OBLIGATION.c.office_id == office.id, OBLIGATION.c.active)
    ).first()
    seen = units_seen(office, me, office.today(now))
    return row if row is not None and _is_seen(Obligation.model_validate(row.rule), office, seen) else None


def duty_screen(connection: Connection, office: OfficeView, row: AnyRow, me: int, now: dt.datetime) -> DutyScreen:
    """One duty, whole."""
    obligation = Obligation.model_validate(row.rule)
    seen = {unit.id: unit.name for unit in units_seen(office, me, office.today(now))}
    coming = [
        line
        for line in connection.execute(
            select(OCCURRENCE)
            .where(OCCURRENCE.c.obligation_id == row.id, OCCURRENCE.c.work_state.not_in(_CLOSED))
            .order_by(OCCURRENCE.c.due, OCCURRENCE.c.id)
        )
        if line.unit_id in seen
    ]
    shown = _first_periods(coming)
    named = office.staff.by_slug.get(obligation.doer or "")
    ladder = office.ladders.get(row.ladder)
    return DutyScreen(
        row,
        obligation,
        _duty(office, row, obligation, shown[0].internal_due if shown else None),
        named.name if named else "chuyên viên đầu tiên của đơn vị chủ trì",
        ladder.name if ladder else row.ladder,
        tuple(ladder_sentences(ladder)) if ladder else (),
        CONFIRMS[row.confirm],
        EVIDENCE_WANTED[row.evidence],
        tuple(_period(line, seen[line.unit_id], office.today(now), secret=row.secret) for line in shown),
        sum(line.opened_at is not None for line in coming),
    )


def _first_periods(coming: Sequence[AnyRow]) -> list[AnyRow]:
    """The rows of the next periods; a period that falls on each unit has several."""
    by_period: dict[str, list[AnyRow]] = defaultdict(list)
    for line in coming:
        by_period[line.period_key].append(line)
    return [line for lines in list(by_period.values())[:NEXT] for line in lines]


def _period(row: AnyRow, unit: str, today: dt.date, *, secret: bool) -> Period:
    state = WorkState(row.work_state)
    return Period(
        row.id,
        HIDDEN_TITLE if secret else row.title,
        unit,
        row.cutoff,
        row.nominal_due,
        row.due,
        row.internal_due,
        row.internal_due != row.first_internal_due,
        tuple(row.reasons or ()),
        in_words(state, row.due, row.internal_due, today) if row.opened_at else "chưa mở",
        state in OPEN,
    )


def _is_seen(obligation: Obligation, office: OfficeView, seen: Iterable[UnitNode]) -> bool:
    slugs = {unit.slug for unit in seen}
    return bool(slugs & set(_leads(obligation, office)))


def _leads(obligation: Obligation, office: OfficeView) -> list[str]:
    if obligation.lead:
        return [obligation.lead]
    if obligation.lead_each == "all":
        return [unit.slug for unit in office.staff.units.values() if unit.kind == "unit"]
    return list(obligation.lead_each or ())


def _duty(office: OfficeView, row: AnyRow, obligation: Obligation, next_due: dt.date | None) -> Duty:
    names = {unit.slug: unit.name for unit in office.staff.units.values()}
    units = names[obligation.lead] if obligation.lead else ""  # of "each unit" the rule itself tells
    return Duty(
        row.id,
        HIDDEN_TITLE if row.secret else row.title,
        rule_sentence(obligation, names),
        units,
        obligation.group or "",
        next_due,
        obligation.needs_review if not row.secret else None,
        obligation.due is not None,
    )


# ---- a rule, and a ladder, as sentences -----------------------------------------------------------------------------


def rule_sentence(obligation: Obligation, units: Mapping[str, str]) -> str:
    """The whole rule in one Vietnamese sentence; ``units`` are names by slug."""
    try:
        parts = [due_sentence(obligation)]
    except ValueError as error:  # an RRULE that nobody can read: said as it is
        return str(error)
    if obligation.lead_each == "all":
        parts.append("mỗi đơn vị một bản")
    elif obligation.lead_each:
        parts.append(f"mỗi đơn vị một bản: {', '.join(units.get(slug, slug) for slug in obligation.lead_each)}")
    if obligation.named_for == "next":
        parts.append("chuẩn bị cho kỳ sau")
    if obligation.internal_due and obligation.internal_due.working_days_before:
        parts.append(f"hạn nội bộ sớm hơn {obligation.internal_due.working_days_before} ngày làm việc")
    if obligation.due and obligation.shift != "after":
        parts.append(_SHIFTS[obligation.shift])
    if obligation.active_from:
        parts.append(f"từ ngày {obligation.active_from:%d/%m/%Y}")
    if obligation.active_until:
        parts.append(f"đến hết ngày {obligation.active_until:%d/%m/%Y}")
    return f"{'; '.join(parts)}."


_SHIFTS = {"before": "gặp ngày nghỉ thì gửi trước ngày nghỉ", "none": "gặp ngày nghỉ vẫn giữ nguyên hạn"}
_ANCHORS = {"cutoff": "ngày chốt số liệu", "internal_due": "hạn nội bộ", "deadline": "hạn"}


def ladder_sentences(ladder: Ladder) -> list[str]:
    """The rungs in words, in the ladder's order, and how often the last one comes again."""
    again = f"Sau đó cứ {ladder.repeat_last_every} ngày làm việc nhắc lại một lần, tới khi việc xong."
    return [*(_rung_sentence(rung) for rung in ladder.rungs), again]


def _rung_sentence(rung: Rung) -> str:
    anchor = _ANCHORS[rung.anchor]
    when = f"Đúng {anchor}" if rung.days == 0 else f"{abs(rung.days)} ngày làm việc {_side(rung.days)} {anchor}"
    afternoon = ", buổi chiều" if rung.slot == "afternoon" else ""
    return f"{when}{afternoon}: {SAYS[rung.says]}, gửi {', '.join(LEVELS[level] for level in rung.to)}."


def _side(days: int) -> str:
    return "trước" if days < 0 else "sau"

"""Reading an office file: the schema, and what only the whole file can tell.

Every problem becomes one Vietnamese sentence that names the file, the line, what is wrong and what to do. All
problems are collected before any is reported, so that one reading of the list mends the file.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.errors import BadOfficeFile
from schedules.dates import IMPOSSIBLE_DATE, expand
from schedules.office_model import ONCE, Kind, Ladder, Obligation, OfficeFile
from schedules.recurrence import STEP, from_rrule
from schedules.workdays import vietnam_calendar
from schedules.yaml_file import Mapped, Where, at_line, read_yaml

HERE = Path(__file__).parent


def read_office(path: Path) -> OfficeFile:
    """Read and check one office file.

    :raises BadOfficeFile: with every problem found, one sentence each.
    """
    tree = _parse(path)
    try:
        office = OfficeFile.model_validate(tree)
    except ValidationError as error:
        problems = [_schema_sentence(path, tree, dict(e)) for e in error.errors(include_url=False)]
        raise BadOfficeFile(list(dict.fromkeys(problems))) from None
    problems = [f"{at_line(path, tree, where)}: {sentence}" for where, sentence in _whole_file_problems(office)]
    if problems:
        raise BadOfficeFile(problems)
    return office


def problems_of(office: OfficeFile) -> list[str]:
    """What only the whole of it can tell, of an office that comes from no file."""
    return [sentence for _, sentence in _whole_file_problems(office)]


def warnings_of(office: OfficeFile) -> list[str]:
    """What a person should still look at; the file can be loaded all the same."""
    to_decide = [f"{o.id}: {o.needs_review}" for o in office.obligations if o.needs_review]
    return [*to_decide, *_days_that_do_not_exist(office)]


def _days_that_do_not_exist(office: OfficeFile) -> Iterator[str]:
    year = office.plan.period[0]
    for obligation in office.obligations:
        for dates in expand(obligation, vietnam_calendar(), dt.date(year, 1, 1), dt.date(year, 12, 31)):
            if IMPOSSIBLE_DATE in dates.flags:
                yield f"{obligation.id}: lấy ngày {dates.reasons[0]} Hãy đối chiếu với văn bản."


@cache
def ladders() -> dict[str, Ladder]:
    """The ladders under ``schedules/ladders``, by id."""
    found = {}
    for path in sorted((HERE / "ladders").glob("*.yaml")):
        tree = _parse(path)
        try:
            ladder = Ladder.model_validate(tree)
        except ValidationError as error:
            raise BadOfficeFile([_schema_sentence(path, tree, dict(e)) for e in error.errors()]) from None
        found[ladder.id] = ladder
    return found


def ladder_of(obligation: Obligation) -> str:
    """The ladder an obligation climbs: its own, or the usual one of its kind."""
    if obligation.ladder:
        return obligation.ladder
    if obligation.strength == "weak":
        return "nhe"
    if obligation.cutoff:
        return "bao-cao"
    if obligation.kind == Kind.WEEKLY:
        return "hang-tuan"
    if obligation.kind in (Kind.RANGE, Kind.MULTI_YEAR, Kind.YEARLY):
        return "dai-han"
    return "dat-han"


def units_of(obligation: Obligation, office: OfficeFile) -> list[str]:
    """The units an obligation is made for: its lead, or each unit of a fan-out duty."""
    if obligation.lead:
        return [obligation.lead]
    if obligation.lead_each == "all":
        return [unit.id for unit in office.units if unit.kind == "unit"]
    return list(obligation.lead_each or ())


def shipped_offices() -> list[Path]:
    """The office files that come with the program."""
    return sorted((HERE / "offices").glob("*.yaml"))


# ---- reading ----------------------------------------------------------------------------------------------------


def _parse(path: Path) -> Mapped:
    tree = read_yaml(path)
    if tree is None:
        raise BadOfficeFile([f"{path}: tệp trống. Hãy sao chép một tệp mẫu trong schedules/offices rồi sửa."])
    if not isinstance(tree, Mapped):
        raise BadOfficeFile(
            [f"{path}, dòng 1: tệp phải bắt đầu bằng các mục office, plan, units, people, obligations."]
        )
    return tree


# ---- the schema's complaints, in words ---------------------------------------------------------------------------

_OWN_RULES = {
    "one_lead": "phải có đúng một trong hai: “lead” (một đơn vị) hoặc “lead_each” (mỗi đơn vị một việc)",
    "due_on_undated": "loại này không có hạn; hãy bỏ “due” hoặc đổi “kind”",
    "due_missing": "thiếu hạn: hãy thêm “due”, hoặc đổi “kind” thành unknown kèm “needs_review”",
    "due_fits_kind": "“due” không khớp với “kind”: một lần dùng date, hằng tuần dùng weekday, "
    "định kỳ dùng day hoặc dates",
    "rrule_needs_start": "“rrule” cần có “start” là ngày bắt đầu",
}
_TYPES = {
    "missing": "còn thiếu, hãy thêm vào",
    "string_type": "phải là chữ; hãy đặt trong nháy kép",
    "string_pattern_mismatch": "viết không đúng mẫu; mã chỉ gồm chữ thường không dấu, số và gạch nối; giờ viết 07:30; "
    "ngày viết 15/12",
    "string_too_short": "không được để trống",
    "string_too_long": "dài quá, hãy rút gọn",
    "literal_error": "giá trị không có trong danh sách cho phép",
    "enum": "giá trị không có trong danh sách cho phép",
    "date_from_datetime_parsing": "không phải ngày có thật; hãy viết năm-tháng-ngày, ví dụ 2026-03-17",
    "date_parsing": "không phải ngày có thật; hãy viết năm-tháng-ngày, ví dụ 2026-03-17",
    "date_type": "phải là ngày, viết năm-tháng-ngày, ví dụ 2026-03-17",
    "greater_than_equal": "số quá nhỏ",
    "less_than_equal": "số quá lớn",
    "int_parsing": "phải là số nguyên",
    "int_type": "phải là số nguyên",
    "bool_type": "phải là true hoặc false",
    "bool_parsing": "phải là true hoặc false",
    "tuple_type": "phải là một danh sách",
    "model_type": "phải là một nhóm mục con (khoá: giá trị)",
}


def _schema_sentence(path: Path, tree: Any, error: dict[str, Any]) -> str:
    where: Where = error["loc"]
    name = ".".join(str(step) for step in where if isinstance(step, str)) or "tệp"
    kind, said = error["type"], str(error.get("ctx", {}).get("error", ""))
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(where[-1]), _known_keys(), n=1)
        hint = f" Có phải ý là “{near[0]}”?" if near else " Hãy xoá hoặc sửa lại."
        return f"{at_line(path, tree, where)}: không có mục nào tên “{where[-1]}”.{hint}"
    if said in _OWN_RULES:
        return f"{at_line(path, tree, where)}: {_OWN_RULES[said]}."
    sentence = _TYPES.get(kind, "giá trị không hợp lệ")
    value = error.get("input")
    shown = f" (đang là “{value}”)" if isinstance(value, str | int | float | bool) else ""
    allowed = error.get("ctx", {}).get("expected")
    choices = f": {allowed.replace(' or ', ', ')}" if kind in ("literal_error", "enum") and allowed else ""
    return f"{at_line(path, tree, where)}: mục “{name}”{shown} {sentence}{choices}."


@cache
def _known_keys() -> list[str]:
    schema = OfficeFile.model_json_schema()
    definitions = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for definition in definitions for key in definition.get("properties", {})})


# ---- what only the whole file can tell ---------------------------------------------------------------------------


def _whole_file_problems(office: OfficeFile) -> Iterator[tuple[Where, str]]:
    units = {unit.id: unit for unit in office.units}
    people = {person.id: person for person in office.people}
    for part in ("units", "people", "obligations"):
        yield from _duplicates(part, [entry.id for entry in getattr(office, part)])
    if office.office.standing_unit not in units:
        yield ("office", "standing_unit"), _no_unit(office.office.standing_unit, units)
    for index, person in enumerate(office.people):
        here: Where = ("people", index)
        if person.unit not in units:
            yield (*here, "unit"), _no_unit(person.unit, units)
        for slug in person.in_charge_of:
            if slug not in units:
                yield (*here, "in_charge_of"), _no_unit(slug, units)
    for index, unit in enumerate(office.units):
        if unit.escalates_to and unit.escalates_to not in units:
            yield ("units", index, "escalates_to"), _no_unit(unit.escalates_to, units)
    yield from _circles(office)
    if not any(person.role == "leader" for person in office.people):
        yield ("people",), "chưa có ai là lãnh đạo (role: leader), nên việc quá hạn không lên được tới đâu. Hãy thêm."
    for index, obligation in enumerate(office.obligations):
        yield from _obligation_problems(("obligations", index), obligation, office, set(units), set(people))


def _obligation_problems(
    here: Where, obligation: Obligation, office: OfficeFile, units: set[str], people: set[str]
) -> Iterator[tuple[Where, str]]:
    leads = [obligation.lead] if obligation.lead else list(units_of(obligation, office))
    for key, slugs in (("lead" if obligation.lead else "lead_each", leads), ("cooperating", obligation.cooperating)):
        for slug in slugs:
            if slug not in units:
                yield (*here, key), _no_unit(slug, units)
    if obligation.doer and obligation.doer not in people:
        yield (*here, "doer"), f"không có cán bộ nào mã “{obligation.doer}” trong mục people."
    if obligation.ladder and obligation.ladder not in ladders():
        yield (*here, "ladder"), f"không có thang nhắc “{obligation.ladder}”. Các thang có sẵn: {', '.join(ladders())}."
    if obligation.kind == Kind.UNKNOWN and not obligation.needs_review:
        yield here, "chưa rõ hạn (kind: unknown) thì phải ghi “needs_review”: cần hỏi ai, quyết điều gì."
    if obligation.active_from and obligation.active_until and obligation.active_from > obligation.active_until:
        yield (*here, "active_until"), "“active_until” sớm hơn “active_from”."
    dates = list(_date_problems(here, obligation))
    yield from dates or _cutoff_problems(here, obligation, office.plan.period[0])


def _date_problems(here: Where, obligation: Obligation) -> Iterator[tuple[Where, str]]:
    due = obligation.due
    if due is None:
        return
    if obligation.kind in ONCE and due.start and due.date and due.start > due.date:
        yield (*here, "due"), "ngày bắt đầu sau ngày kết thúc."
    if due.dates is not None and obligation.kind in STEP:
        periods = 12 // STEP[obligation.kind]
        if len(due.dates) != periods:
            yield (
                (*here, "due"),
                f"“dates” có {len(due.dates)} ngày, mà loại “{obligation.kind}” có {periods} kỳ mỗi năm. "
                "Hãy ghi đúng một ngày cho mỗi kỳ, theo thứ tự.",
            )
        for text in due.dates:
            day, month = (int(number) for number in text.split("/"))
            if not (1 <= day <= 31 and 1 <= month <= 12):
                yield (*here, "due"), f"“{text}” không có trong lịch; hãy viết ngày/tháng như 15/12."
    if due.rrule and due.start:
        try:
            from_rrule(due.rrule, due.start)
        except ValueError as error:
            yield (*here, "due"), str(error)


def _cutoff_problems(here: Where, obligation: Obligation, year: int) -> Iterator[tuple[Where, str]]:
    """Figures cannot close after the report is due. One year tells: the rule is the same in the others."""
    due = obligation.due
    if obligation.cutoff is None or due is None:
        return
    if due.date:
        year = due.date.year
    if obligation.active_from:
        year = max(year, obligation.active_from.year)
    for dates in expand(obligation, vietnam_calendar(), dt.date(year, 1, 1), dt.date(year, 12, 31)):
        if dates.cutoff and dates.cutoff > dates.nominal_due:
            yield (
                (*here, "cutoff"),
                f"chốt số liệu ngày {dates.cutoff:%d/%m/%Y} mà hạn là {dates.nominal_due:%d/%m/%Y}. "
                "Hãy sửa “cutoff” hoặc “due” để chốt trước hạn.",
            )
            return


def _duplicates(part: str, ids: Iterable[str]) -> Iterator[tuple[Where, str]]:
    seen: set[str] = set()
    for index, slug in enumerate(ids):
        if slug in seen:
            yield (part, index), f"mã “{slug}” bị dùng hai lần trong mục {part}. Hãy đặt mã khác."
        seen.add(slug)


def _circles(office: OfficeFile) -> Iterator[tuple[Where, str]]:
    above = {unit.id: unit.escalates_to for unit in office.units}
    reported: set[str] = set()
    for index, unit in enumerate(office.units):
        trail: list[str] = []
        current: str | None = unit.id
        while current and current not in trail:
            trail.append(current)
            current = above.get(current)
        if current == unit.id and not reported & set(trail):
            reported |= set(trail)
            path = " → ".join([*trail, unit.id])
            yield ("units", index, "escalates_to"), f"đơn vị báo lên vòng tròn: {path}. Hãy bỏ một “escalates_to”."


def _no_unit(slug: str | None, units: Iterable[str]) -> str:
    near = difflib.get_close_matches(slug or "", list(units), n=1)
    hint = f" Có phải “{near[0]}”?" if near else " Hãy thêm vào mục units hoặc sửa lại."
    return f"không có đơn vị nào mã “{slug}”.{hint}"

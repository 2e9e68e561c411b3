"""A plan as found → a draft office file: the same YAML as ``schedules/offices``, with what a person must still check.

Drafting invents no date. A duty whose deadline is not certain keeps its words and becomes ``kind: unknown`` with a
``needs_review``; nobody is reminded of it until a person has decided.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from schedules.intake.addressees import means_departments, units_of_group
from schedules.intake.findings import Duty, Facts, PlanFound, UnitFound
from schedules.office_model import PERIODIC, UNDATED, Kind, OfficeFile
from schedules.phrases import Reading, due_of, office_kind, say

CONFIDENT = 0.8  # from here on, and with nothing to review, a duty may be accepted without a look
LONGEST_TEXT = 500
LONGEST_ID = 60
ROOM = LONGEST_ID - 4  # for "-12"
LEADERSHIP = "lanh-dao"
MOST_COOPERATING = 12
Entry = dict[str, Any]
_LEVEL = re.compile(r"\b(xã|phường|đặc khu|thị trấn)\b", re.IGNORECASE)
_OFFICE_WORDS = re.compile(
    r"^(chủ tịch\s+)?(ubnd|[uủ][ỷy] ban nhân dân)\s+((xã|phường|đặc khu|thị trấn)\s+)?", re.IGNORECASE
)


def reading_of(duty: Duty) -> Reading:
    """The reading of this duty's deadline, of the several its words may carry."""
    return duty.deadline.head if duty.choice == 0 else duty.deadline.also[duty.choice - 1]


def is_confident(duty: Duty) -> bool:
    """Whether the duty may be accepted without a person looking at it."""
    return duty.confidence >= CONFIDENT and not duty.needs_review and duty.lead is not None


def to_json(plan: PlanFound) -> dict[str, Any]:
    """What was found, for programs. Dates are ISO; ``needs_review`` is null or the sentences in one text."""
    facts = plan.facts
    return {
        "document": {
            "title": facts.title,
            "issuer": facts.issuer,
            "number": facts.number,
            "date": facts.date.isoformat() if facts.date else None,
            "period": "-".join(str(year) for year in dict.fromkeys(facts.period)) if facts.period else None,
            "default_year": facts.default_year,
        },
        "units": [unit.name for unit in plan.units],
        "unit_details": [{"name": u.name, "aliases": list(u.aliases), "kind": u.kind} for u in plan.units],
        "standing_office": plan.standing_office,
        "obligations": [_duty_json(duty) for duty in plan.duties],
        "targets": [
            {
                "text": t.text,
                "op": t.op,
                "value": t.value,
                "unit": t.unit,
                "by": t.by,
                "where": t.where,
                "source_line": t.source_line,
            }
            for t in plan.targets
        ],
        "warnings": list(plan.warnings),
        "table_rows": plan.table_rows,
    }


def _duty_json(duty: Duty) -> dict[str, Any]:
    reading = reading_of(duty)
    return {
        "title": duty.title,
        "lead_unit": duty.lead,
        "each_unit": duty.lead_each,
        "cooperating_units": list(duty.cooperating),
        "deadline_text": duty.deadline_text,
        "kind": str(reading.kind),
        "first_due": reading.first_due.isoformat() if reading.first_due else None,
        "rrule": reading.rrule,
        "reading": say(reading),
        "product": duty.product,
        "group": duty.group,
        "where": duty.where,
        "source_line": duty.source_line,
        "source_text": duty.source_text,
        "strength": duty.strength,
        "confidence": round(duty.confidence, 2),
        "needs_review": " ".join(duty.needs_review) or None,
        "flags": list(dict.fromkeys((*duty.flags, *reading.flags))),
    }


# ---- the office file ----------------------------------------------------------------------------------------------


def source_of(duty: Duty) -> tuple[str, str | None, str]:
    """What makes a duty the same one when the plan is read again: place, deadline's words, sentence."""
    words = _cut(duty.deadline_text) if duty.deadline_text else None
    return _cut(duty.where or f"dòng {duty.source_line}"), words, _cut(duty.source_text)


def skip_key(duty: Duty) -> str:
    """How a duty that a person has left out is remembered in the draft."""
    where, words, _ = source_of(duty)
    return _cut(f"{where}: {duty.title}{f' ({words})' if words else ''}")


def to_office(
    plan: PlanFound, file_name: str, duties: Sequence[Duty] | None = None, skipped: Iterable[Duty] = ()
) -> Entry:
    """The draft as plain data, ready to be written as YAML. ``duties``: the accepted ones; all when absent.

    ``skipped``: those a person has left out.

    People are roles, two for each unit ("Trưởng …", "Chuyên viên …"): messages need somebody to go to, and the
    office puts its own officers in their place.
    """
    chosen = plan.duties if duties is None else duties
    units = _units(plan, chosen)
    ids = {name: slug for slug, unit in units.items() for name in (unit.name, *unit.aliases)}
    standing = ids.get(plan.standing_office or "") or next(s for s, u in units.items() if u.kind == "unit")
    office_name = (plan.facts.issuer or "UBND xã (chưa rõ tên)").removeprefix("Chủ tịch ")
    first, last = plan.facts.period or (plan.facts.default_year, plan.facts.default_year)
    return {
        "office": {
            "id": slug_of(_OFFICE_WORDS.sub("", office_name)) or "co-quan",
            "name": office_name,
            "province": plan.facts.province or "(chưa rõ tỉnh, thành phố)",
            "standing_unit": standing,
        },
        "plan": _without_none(
            {
                "title": _cut(plan.facts.title or f"Kế hoạch nhập từ {file_name}"),
                "issuer": _cut(office_name),
                "number": plan.facts.number,
                "date": plan.facts.date,
                "file": _cut(file_name),
                "period": [first, last],
                "skipped": [skip_key(duty) for duty in skipped] or None,
            }
        ),
        "units": [_unit_entry(slug, unit) for slug, unit in units.items()],
        "people": list(_people(units, standing, _leadership_of(office_name))),
        "obligations": _obligations(chosen, ids, standing, _opens(plan.facts, first)),
    }


def checked(entry: Entry) -> OfficeFile:
    """The draft as the model: a draft that its own program refuses would be a fault of ours.

    :raises pydantic.ValidationError: it does not fit the model.
    """
    return OfficeFile.model_validate(entry)


def _units(plan: PlanFound, duties: Iterable[Duty]) -> dict[str, UnitFound]:
    """The leadership first, then every unit found; leads that are no unit of the list are added."""
    units = {LEADERSHIP: UnitFound("Lãnh đạo UBND", kind="leadership")}
    known: set[str] = set()
    named = [duty.lead for duty in duties if duty.lead and not duty.lead_each]
    for unit in (*plan.units, *(UnitFound(name) for name in named), UnitFound("Cơ quan thường trực")):
        enough = any(u.kind == "unit" for u in units.values())
        if unit.kind == "leadership" or unit.name in known or (unit.name == "Cơ quan thường trực" and enough):
            continue
        units[_free(slug_of(unit.name) or "don-vi", units)] = unit
        known |= {unit.name, *unit.aliases}
    return units


def _unit_entry(slug: str, unit: UnitFound) -> Entry:
    entry: Entry = {"id": slug, "name": _cut(unit.name)}
    if unit.aliases:
        entry["aliases"] = [_cut(alias) for alias in unit.aliases]
    if unit.kind != "unit":
        entry["kind"] = unit.kind
    return entry


def _leadership_of(office_name: str) -> str:
    level = _LEVEL.search(office_name)
    return f"UBND {level.group().lower()}" if level else "UBND"


def _people(units: dict[str, UnitFound], standing: str, leads: str) -> Iterable[Entry]:
    yield {"id": "chu-tich", "name": f"Chủ tịch {leads}", "unit": LEADERSHIP, "role": "leader"}
    for slug, unit in units.items():
        short = slug[: LONGEST_ID - 7].rstrip("-")
        if unit.kind == "partner":
            yield {"id": f"{short}-dm", "name": _cut(f"Đầu mối {unit.name}"), "unit": slug, "role": "officer"}
        elif unit.kind == "unit":
            yield {"id": f"{short}-truong", "name": _cut(_head_of(unit.name)), "unit": slug, "role": "head"}
            officer: Entry = {"id": f"{short}-cv", "name": _cut(f"Chuyên viên {unit.name}"), "unit": slug}
            yield officer | {"role": "officer"} | ({"standing": True} if slug == standing else {})


def _head_of(unit: str) -> str:
    for start, title in (("Phòng ", "Trưởng phòng "), ("Ban ", "Trưởng ban "), ("Văn phòng", "Chánh Văn phòng")):
        if unit.startswith(start):
            return title + unit[len(start) :]
    return f"Giám đốc {unit}" if unit.startswith("Trung tâm") else f"Thủ trưởng {unit}"


def _opens(facts: Facts, first_year: int) -> dt.date | None:
    """The first day of a plan that was signed before it, or that bears no date: nobody is asked for the year before."""
    opens = dt.date(first_year, 1, 1)
    return opens if facts.date is None or facts.date < opens else None


def _obligations(duties: Iterable[Duty], ids: dict[str, str], standing: str, opens: dt.date | None) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for duty in duties:
        slug = _free(slug_of(f"{duty.title} {_period_word(duty)}") or "nhiem-vu", entries)
        entries[slug] = _obligation(slug, duty, ids, standing, opens)
    return list(entries.values())


def _period_word(duty: Duty) -> str:
    """Reports of one title differ by their period: the id says which."""
    words = {
        Kind.MONTHLY: "thang",
        Kind.QUARTERLY: "quy",
        Kind.HALF_YEARLY: "sau-thang",
        Kind.NINE_MONTHLY: "chin-thang",
        Kind.YEARLY: "nam",
    }
    several = duty.deadline.also
    return words.get(reading_of(duty).kind, "") if several else ""


def _obligation(slug: str, duty: Duty, ids: dict[str, str], standing: str, opens: dt.date | None) -> Entry:
    reading = reading_of(duty)
    review = list(duty.needs_review)
    lead, each = ids.get(duty.lead or ""), _each(duty, ids)
    if lead is None and each is None:
        review.append("Chưa rõ cơ quan chủ trì, đang tạm giao cơ quan thường trực.")
    is_window = "data_window" in reading.flags  # its last day is when figures are taken, not when they are sent
    due = due_of(reading) if reading.kind not in UNDATED and not is_window else None
    kind = office_kind(reading) if due is not None or reading.kind in UNDATED else Kind.UNKNOWN
    if kind not in UNDATED and (not is_confident(duty) or (duty.lead_each and each is None)):
        # Somebody would be reminded of a date that nobody has confirmed.
        review.append(f"Đọc là: {say(reading)} Nếu đúng, hãy ghi kind và due; đang để chưa có hạn.")
        kind, due = Kind.UNKNOWN, None
    if kind is Kind.UNKNOWN and not review:
        review.append(reading.why or "Văn bản không nêu thời hạn.")
    where, words, text = source_of(duty)
    cooperating = [ids[name] for name in duty.cooperating if name in ids and ids[name] != lead]
    return _without_none(
        {
            "id": slug,
            "title": _cut(duty.title),
            "group": _cut(duty.group) if duty.group else None,
            "lead": None if each else lead or standing,
            "lead_each": each,
            "cooperating": list(dict.fromkeys(cooperating))[:MOST_COOPERATING] or None,
            "kind": str(kind),
            "due": due.model_dump(exclude_defaults=True) if due else None,
            "product": _cut(duty.product) if duty.product else None,
            "active_from": opens if due and kind in PERIODIC and not reading.start else None,
            "active_until": reading.until if due else None,
            "strength": None if duty.strength == "duty" else duty.strength,
            "source": _without_none(
                {
                    "where": where,
                    "words": words,
                    "line": duty.source_line or None,
                    "text": text,
                    "confidence": round(duty.confidence, 2),
                }
            ),
            "needs_review": _cut(" ".join(dict.fromkeys(review))) if review else None,
        }
    )


def _each(duty: Duty, ids: dict[str, str]) -> str | list[str] | None:
    """Every unit for "các phòng, ban", the schools of the list for "các trường học", nobody for what is no unit."""
    if not duty.lead_each:
        return None
    words = duty.lead or ""
    named = dict.fromkeys(ids[name] for name in units_of_group(words, ids))
    return "all" if means_departments(words) else list(named) or None


def slug_of(text: str) -> str:
    """ "Báo cáo CCHC năm" → "bao-cao-cchc-nam", at most 60 letters, cut between words."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    words = re.findall(r"[a-z0-9]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word[:ROOM]
        if len(longer) > ROOM:
            break
        slug = longer
    return slug


def _free(slug: str, taken: Iterable[str]) -> str:
    candidate, number = slug, 1
    while candidate in set(taken):
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1].rstrip() + "…"


def _without_none(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if value is not None}

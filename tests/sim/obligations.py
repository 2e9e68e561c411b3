"""A random commune: three to six units, one to three people in each, five to fifteen duties of every kind."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from schedules.office_model import OfficeFile
from tests.sim.recipe import Recipe

OFFICE = "xa"
_UNITS = ("Phòng Văn hóa - Xã hội", "Phòng Kinh tế", "Trung tâm Phục vụ hành chính công", "Trạm Y tế", "Ban Quân sự")
_OFFICERS = [
    *("Nguyễn An", "Trần Bình", "Lê Cúc", "Phạm Dung", "Hoàng Giang"),
    *("Vũ Hà", "Đặng Khoa", "Bùi Lan", "Đỗ Minh", "Hồ Nga"),
]
_PARTNER = "Mặt trận Tổ quốc"
#: (kind, how often it is drawn)
_KINDS = {
    "monthly": 1.5,
    "quarterly": 4,
    "one_off_date": 6,
    "range": 2,
    "multi_year": 1,
    "weekly": 0.25,
    "half_yearly": 2,
    "nine_monthly": 1,
    "yearly": 3,
    "rrule": 0.7,
    "one_off_month": 1,
    "one_off_quarter": 1,
    "continuous": 0.5,
    "on_demand": 0.5,
}
_LADDERS = ("bao-cao", "dai-han", "dat-han", "hang-tuan", "nhe")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def office_of(recipe: Recipe) -> OfficeFile:
    """The office file of one run."""
    dice = recipe.dice("office")
    units, people = _units_and_people(dice)
    count = dice.choice([5, 6, 7, 8, 9, 15])
    duties = [
        _duty(recipe.dice("duty", number), number, recipe.start.date(), units)
        for number in range(count)
        if f"duty:{number}" not in recipe.without
    ]
    return OfficeFile.model_validate(
        {
            "office": {
                "id": OFFICE,
                "name": "UBND xã Thử",
                "province": "Thành phố Hải Phòng",
                "standing_unit": "u0",
                "digest": {"weekday": dice.choice(_DAYS[:5]), "slot": dice.choice(["morning", "morning", "afternoon"])},
            },
            "plan": {"title": "Kế hoạch", "issuer": "UBND xã Thử", "period": [2026, 2030]},
            "units": units,
            "people": people,
            "obligations": duties,
        }
    )


def _units_and_people(dice: random.Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    units: list[dict[str, Any]] = [{"id": "ld", "name": "Lãnh đạo UBND xã", "kind": "leadership"}]
    people: list[dict[str, Any]] = [{"id": "chu-tich", "name": "Chủ tịch", "unit": "ld", "role": "leader"}]
    count = dice.randint(2, 5)
    for number, unit_name in enumerate(_UNITS[:count]):
        unit: dict[str, Any] = {"id": f"u{number}", "name": unit_name}
        if number > 1 and dice.random() < 0.2:
            unit["escalates_to"] = f"u{dice.randrange(number)}"
        units.append(unit)
        if number == 0:
            standing = {"id": "u0-cchc", "name": "Chuyên viên CCHC", "unit": "u0", "role": "officer", "standing": True}
            people.append(standing)
        if dice.random() < 0.9:
            people.append(
                {"id": f"u{number}-truong", "name": f"Trưởng {unit_name}", "unit": f"u{number}", "role": "head"}
            )
        for officer in range(dice.choice([0, 1, 1, 1, 2])):
            name = _OFFICERS[2 * number + officer]
            who = {"id": f"u{number}-cv{officer}", "name": name, "unit": f"u{number}"}
            people.append({**who, "role": "officer"})
    if dice.random() < 0.4:
        units.append({"id": "mt", "name": _PARTNER, "kind": "partner"})
        people.append({"id": "mt-cv", "name": "Cán bộ Mặt trận", "unit": "mt", "role": "officer"})
    if dice.random() < 0.6:
        in_charge = dice.sample([f"u{n}" for n in range(count)], dice.randint(1, count - 1))
        vice = {"id": "pho-chu-tich", "name": "Phó Chủ tịch", "unit": "ld", "role": "leader"}
        people.append({**vice, "in_charge_of": in_charge})
    return units, people


def _duty(dice: random.Random, number: int, start: dt.date, units: list[dict[str, Any]]) -> dict[str, Any]:
    kind = dice.choices(list(_KINDS), list(_KINDS.values()))[0]
    leads = [unit["id"] for unit in units if unit.get("kind") != "leadership"]
    duty: dict[str, Any] = {
        "id": f"viec-{number}",
        "title": f"Việc {number}",
        "kind": kind,
        "source": {"where": "Danh mục"},
        "shift": dice.choice(["after", "after", "after", "before", "none"]),
        "confirm": dice.choice(["none", "none", "none", "head", "standing"]),
        "evidence": dice.choice(["none", "none", "none", "none", "document", "any"]),
        "secret": dice.random() < 0.05,
        **_lead(dice, leads, often=kind in ("weekly", "monthly", "rrule")),
    }
    if dice.random() < 0.1:
        duty["strength"] = "weak"
    if dice.random() < 0.25:
        duty["ladder"] = dice.choice(_LADDERS)
    if kind in ("continuous", "on_demand"):
        return duty
    duty |= _dates(dice, kind, start)
    if dice.random() < 0.3:
        duty["internal_due"] = {"working_days_before": dice.randint(0, 4)}
    if kind in ("weekly", "monthly", "quarterly") and dice.random() < 0.2:
        duty["named_for"] = "next"
    return duty


def _lead(dice: random.Random, leads: list[str], *, often: bool) -> dict[str, Any]:
    if not often and dice.random() < 0.1:
        return {"lead_each": dice.choice(["all", dice.sample(leads, min(2, len(leads)))])}
    return {"lead": dice.choice(leads)}


def _dates(dice: random.Random, kind: str, start: dt.date) -> dict[str, Any]:
    due: dict[str, Any] = {}
    more: dict[str, Any] = {}
    if kind in ("one_off_date", "one_off_month", "one_off_quarter", "range", "multi_year"):
        due["date"] = (start + dt.timedelta(days=dice.randint(3, 380))).isoformat()
        due["before"] = dice.random() < 0.2
    elif kind == "weekly":
        due["weekday"] = dice.choice(_DAYS[:6])
    elif kind == "rrule":
        rule = dice.choice(["FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYMONTHDAY=10", "FREQ=MONTHLY;INTERVAL=2"])
        due |= {"rrule": rule, "start": (start + dt.timedelta(days=dice.randrange(40))).isoformat()}
    else:
        months = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "nine_monthly": 9, "yearly": 12}[kind]
        day = dice.randint(5, 28)
        due["day"] = dice.choice([day, day, day, 31, "last"])
        if months > 1 and dice.random() < 0.4:
            due["month"] = dice.randint(1, months)
        if dice.random() < 0.4 and isinstance(due["day"], int):
            cutoff: dict[str, Any] = {"day": max(1, min(day, 28) - dice.randint(2, 6))}
            more["cutoff"] = cutoff | ({"month": due["month"]} if "month" in due else {})
            due["day"] = day
        due["before"] = dice.random() < 0.1
    if dice.random() < 0.15:
        due["time"] = dice.choice(["10:00", "11:30", "16:00"])
    return {"due": due, **more}

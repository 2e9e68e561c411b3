"""The rows of an 08:00 spike: offices with a bot each, people with a chat and one thing to be reminded of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, insert, select

from data import bulk
from engine.office import CHAT, OBLIGATION, OCCURRENCE, OFFICE, PERSON, UNIT
from schedules.office_file import ladders
from tests.world import obligation, office_file

FIRST_BOT, FIRST_CHAT = 7_000_000, 1_000_000


@dataclass(frozen=True)
class Size:
    """``offices`` with a bot each, and so many ``people`` in each who are to hear something at 08:00."""

    offices: int
    people: int

    @property
    def messages(self) -> int:
        """In all."""
        return self.offices * self.people

    @property
    def bots(self) -> list[str]:
        """One for each office."""
        return [str(FIRST_BOT + index) for index in range(self.offices)]


def fill(engine: Engine, size: Size, morning: dt.datetime) -> None:
    """Half of the people have a last call (urgent), half an early reminder; every alarm is due from ``morning`` on."""
    today = morning.date()
    with engine.begin() as connection:
        for index, bot in enumerate(size.bots):
            office = f"xa-{index:04}"
            connection.execute(insert(OFFICE).values(_office(office, today)))
            unit = {"office_id": office, "slug": "kinh-te", "name": "Phòng Kinh tế", "kind": "unit", "aliases": []}
            standing = unit | {"slug": "vhxh", "name": "Phòng Văn hóa - Xã hội"}
            connection.execute(insert(UNIT), [unit, standing])
            unit_id = connection.execute(
                select(UNIT.c.id).where(UNIT.c.office_id == office, UNIT.c.slug == "kinh-te")
            ).scalar_one()
            rule = obligation("ke-hoach", "Kế hoạch", kind="one_off_date", due={"date": str(today)})
            duty = {
                "office_id": office,
                "slug": "ke-hoach",
                "title": "Kế hoạch",
                "rule": rule.model_dump(mode="json"),
                "ladder": "dat-han",
                "planned_until": today + dt.timedelta(days=400),
            }
            duty_id = connection.execute(insert(OBLIGATION).values(duty).returning(OBLIGATION.c.id)).scalar_one()
            people = [
                {"office_id": office, "slug": f"p{n}", "name": f"Cán bộ {n}", "unit_id": unit_id, "role": "officer"}
                for n in range(size.people)
            ]
            bulk.add_missing(connection, PERSON, people)
            ids = connection.execute(select(PERSON.c.id).where(PERSON.c.office_id == office)).scalars().all()
            first = FIRST_CHAT + index * size.people
            chats = [
                {"office_id": office, "person_id": one, "channel": "telegram", "bot": bot, "address": str(first + n)}
                for n, one in enumerate(ids)
            ]
            bulk.add_missing(connection, CHAT, chats)
            work = [_work(office, duty_id, unit_id, one, n, today, morning) for n, one in enumerate(ids)]
            bulk.add_missing(connection, OCCURRENCE, work)


def _office(office: str, today: dt.date) -> dict[str, Any]:
    file = office_file([], morning=("07:30", "11:30"))
    return {
        "id": office,
        "name": f"UBND {office}",
        "timezone": file.office.timezone,
        "definition": file.office.model_dump(mode="json") | {"id": office},
        "plan": file.plan.model_dump(mode="json"),
        "ladders": {key: ladder.model_dump(mode="json") for key, ladder in ladders().items()},
        "loaded_on": today - dt.timedelta(days=30),
    }


def _work(
    office: str, duty: int, unit: int, person: int, number: int, today: dt.date, morning: dt.datetime
) -> dict[str, Any]:
    due = today if number % 2 else today + dt.timedelta(days=3)  # last call; three working days before
    return {
        "office_id": office,
        "obligation_id": duty,
        "unit_id": unit,
        "period_key": f"k{number}",
        "title": f"Kế hoạch số {number}",
        "nominal_due": due,
        "due": due,
        "internal_due": due,
        "first_internal_due": due,
        "work_state": "doing",
        "doer_id": person,
        "chain": {"doer": [person], "head": [], "standing": [], "leaders": []},
        "opened_at": morning - dt.timedelta(days=1),
        "last_rung_at": morning - dt.timedelta(days=1),
        "next_move_at": morning,
    }

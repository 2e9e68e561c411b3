"""What is stored of an office, as the office file that would be loaded: the plan's pages revise it and load it again.

Loading it unchanged changes nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from engine.errors import BadOfficeFile
from engine.office import OBLIGATION, OFFICE, PERSON, UNIT
from schedules.office_file import problems_of
from schedules.office_model import OfficeFile

Tree = dict[str, Any]


def stored_file(connection: Connection, office_id: str) -> Tree:
    """The office as plain data in the shape of :class:`OfficeFile`; what is no longer in use is left out."""
    office = connection.execute(select(OFFICE).where(OFFICE.c.id == office_id)).one()
    units = connection.execute(select(UNIT).where(UNIT.c.office_id == office_id, UNIT.c.active).order_by(UNIT.c.id))
    found = {unit.id: unit for unit in units}
    slugs = {unit.slug for unit in found.values()}
    people = connection.execute(
        select(PERSON).where(PERSON.c.office_id == office_id, PERSON.c.active).order_by(PERSON.c.id)
    )
    rules = select(OBLIGATION.c.rule).where(OBLIGATION.c.office_id == office_id, OBLIGATION.c.active)
    return {
        "office": dict(office.definition),
        "plan": {key: value for key, value in office.plan.items() if value is not None},
        "units": [
            {
                "id": unit.slug,
                "name": unit.name,
                "kind": unit.kind,
                "aliases": list(unit.aliases or ()),
                "escalates_to": unit.escalates_to,
            }
            for unit in found.values()
        ],
        "people": [
            {
                "id": person.slug,
                "name": person.name,
                "unit": found[person.unit_id].slug,
                "role": person.role,
                "standing": person.standing,
                "in_charge_of": [slug for slug in person.in_charge_of or () if slug in slugs],
            }
            for person in people
            if person.unit_id in found
        ],
        "obligations": [dict(rule) for rule in connection.execute(rules.order_by(OBLIGATION.c.id)).scalars()],
    }


def as_file(tree: Tree) -> OfficeFile:
    """The tree as the file that is loaded.

    :raises BadOfficeFile: something in it does not fit together.
    """
    file = OfficeFile.model_validate(tree)
    problems = problems_of(file)
    if problems:
        raise BadOfficeFile(problems)
    return file

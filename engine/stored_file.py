"""The office as it is stored, as an office file again: what loading it would change nothing of.

The console changes rules where they are stored. The file on somebody's disk does not know that, so it can be had
from here: whoever loads this one keeps every change, whoever loads an older one is shown what it would undo.
"""

from __future__ import annotations

import io
import json
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy import Connection, or_, select

from engine.errors import BadOfficeFile, NhacViecError
from engine.office import OBLIGATION, OFFICE, PERSON, UNIT
from schedules.office_file import problems_of
from schedules.office_model import OfficeFile

Tree = dict[str, Any]

ENTRIES_KEPT = 3_000  # some twenty communes' duties, about 2 MB
PARTS_KEPT = 100
_HEAD = """\
# {name}: tệp nhiệm vụ lấy từ Nhắc Việc ngày {day}, gồm mọi sửa đổi đã lưu tới lúc đó.
# Hãy cất tệp này thay cho tệp cũ. Nạp lại bằng: nhacviec load TỆP (chương trình cho xem khác biệt trước khi ghi).
"""


def stored_file(connection: Connection, office_id: str, only: int | None = None) -> OfficeFile:
    """What is stored of an office, in the shape of its file. ``only``: with this one obligation, by its row's id.

    People are those who work here, whether the file or a list brought them, and those who have left while a rule
    still names them: loading does not bring them back, and without them the file would not fit together.

    :raises NhacViecError: what is stored makes no office file.
    """
    office = connection.execute(select(OFFICE).where(OFFICE.c.id == office_id)).one()
    units = connection.execute(
        select(UNIT).where(UNIT.c.office_id == office_id, UNIT.c.active).order_by(UNIT.c.id)
    ).all()
    in_use = {row.slug for row in units}
    rules = select(OBLIGATION.c.rule).where(OBLIGATION.c.office_id == office_id, OBLIGATION.c.active)
    named = rules.with_only_columns(OBLIGATION.c.rule["doer"].as_string())
    people = connection.execute(
        select(PERSON, UNIT.c.slug.label("unit"))
        .join(UNIT, UNIT.c.id == PERSON.c.unit_id)
        .where(PERSON.c.office_id == office_id, UNIT.c.active, or_(PERSON.c.active, PERSON.c.slug.in_(named)))
        .order_by(PERSON.c.id)
    )
    if only is not None:
        rules = rules.where(OBLIGATION.c.id == only)
    try:
        return OfficeFile.model_validate(
            {
                "office": office.definition,
                "plan": office.plan,
                "units": [
                    {
                        "id": row.slug,
                        "name": row.name,
                        "aliases": row.aliases or (),
                        "kind": row.kind,
                        "escalates_to": row.escalates_to,
                    }
                    for row in units
                ],
                "people": [
                    {
                        "id": row.slug,
                        "name": row.name,
                        "unit": row.unit,
                        "role": row.role,
                        "standing": row.standing,
                        "in_charge_of": [slug for slug in row.in_charge_of or () if slug in in_use],
                    }
                    for row in people
                ],
                "obligations": list(connection.execute(rules.order_by(OBLIGATION.c.id)).scalars()),
            }
        )
    except ValueError:
        raise NhacViecError(
            "Dữ liệu đang lưu của cơ quan chưa dựng lại được thành tệp. Hãy báo người quản trị chạy: nhacviec doctor"
        ) from None


def as_tree(file: OfficeFile) -> Tree:
    """The file as plain data, as its YAML reads: without what is as usual, dates as "2026-03-17"."""
    return file.model_dump(mode="json", exclude_defaults=True)


def as_file(tree: Tree) -> OfficeFile:
    """Plain data as the file that is loaded.

    :raises BadOfficeFile: something in it does not fit together.
    """
    file = OfficeFile.model_validate(tree)
    problems = problems_of(file)
    if problems:
        raise BadOfficeFile(problems)
    return file


def as_yaml(file: OfficeFile, day: str) -> bytes:
    """The file as YAML, as people edit it. ``day``: when it was taken, in words."""
    tree = as_tree(file)
    parts = [_part(name, json.dumps(tree[name], ensure_ascii=False)) for name in tree if name != "obligations"]
    parts.append("obligations:\n" if tree.get("obligations") else "obligations: []\n")
    parts += [_entry(json.dumps(entry, ensure_ascii=False)) for entry in tree.get("obligations", ())]
    return (_HEAD.format(name=" ".join(file.office.name.split()), day=day) + "".join(parts)).encode()


# Writing YAML is slow, and of a hundred and fifty entries an edit changes one: what was written once is kept.


@lru_cache(maxsize=PARTS_KEPT)
def _part(name: str, entry: str) -> str:
    return _written({name: json.loads(entry)})


@lru_cache(maxsize=ENTRIES_KEPT)
def _entry(entry: str) -> str:
    """One entry of a list, without the list's own line."""
    return _written({"": [json.loads(entry)]}).partition("\n")[2]


def _written(tree: Tree) -> str:
    out = io.StringIO()
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 118
    yaml.dump(tree, out)
    return out.getvalue()

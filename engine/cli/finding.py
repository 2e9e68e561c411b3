"""Finding what a command needs: the kept database, an office by its id or its file, a person by a slug."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, select

from data.database import explained, must_exist, named, open_database
from data.rows import AnyRow
from data.trouble import sentence
from engine.errors import NotFound
from engine.office import OCCURRENCE, OFFICE, PERSON
from schedules.office_file import read_office, shipped_offices


def database() -> Engine:
    """The database of the settings, opened; commands that talk to nobody need no channel.

    :raises DatabaseTrouble: there is none: only ``load`` begins one.
    """
    from engine.settings import read_settings

    settings = read_settings()
    must_exist(settings.database)
    with explained(settings.database):
        return open_database(settings.database)


def office_file(name: str) -> Path:
    """The file of an office named by its id, if it is one that comes with the program, or by its path.

    :raises NotFound: there is neither.
    """
    shipped = {path.stem: path for path in shipped_offices()}
    if name in shipped:
        return shipped[name]
    if Path(name).exists():
        return Path(name)
    raise NotFound(f"Không có cơ quan hay tệp nào tên “{name}”. Các tệp có sẵn: {', '.join(shipped)}.")


def loaded_offices(connection: Connection, name: str | None) -> list[str]:
    """The offices of the database: all of them, or the one named by its id or its file.

    :raises NotFound: the one named has not been loaded.
    """
    loaded = list(connection.execute(select(OFFICE.c.id).order_by(OFFICE.c.id)).scalars())
    if name is None or name in loaded:
        return loaded if name is None else [name]
    if Path(name).is_file():
        office_id = read_office(Path(name)).office.id
        if office_id in loaded:
            return [office_id]
        raise NotFound(f"Tệp {name} chưa được nạp. Hãy chạy: nhacviec load {name}")
    known = f"Các cơ quan đã nạp: {', '.join(loaded)}." if loaded else "Chưa nạp cơ quan nào: nhacviec load TỆP."
    raise NotFound(f"Không có cơ quan nào mã “{name}”. {known}")


def office_of_work(connection: Connection, occurrence: int, office: str | None) -> tuple[str, str | None]:
    """The id of the office whose work this is, and its name where it must be shown: where several are loaded.

    :raises NotFound: there is no such work, or it is not the named office's.
    """
    found = connection.execute(
        select(OFFICE.c.id, OFFICE.c.name)
        .join(OCCURRENCE, OCCURRENCE.c.office_id == OFFICE.c.id)
        .where(OCCURRENCE.c.id == occurrence)
    ).first()
    wanted = loaded_offices(connection, office)
    if found is None or found.id not in wanted:
        whose = f"Cơ quan {office} không" if office else "Không"
        raise NotFound(f"{whose} có việc nào mang mã {occurrence}. Xem mã bằng lệnh: nhacviec status.")
    return found.id, found.name if len(loaded_offices(connection, None)) > 1 else None


def find_person(connection: Connection, name: str, office: str | None) -> AnyRow:
    """A person by "slug" or "office/slug".

    :raises NotFound: there is none, or several offices have one of this name.
    """
    prefix, _, slug = name.rpartition("/")
    query = select(PERSON).where(PERSON.c.slug == slug, PERSON.c.active)
    if prefix or office:
        query = query.where(PERSON.c.office_id.in_(loaded_offices(connection, prefix or office)))
    rows = connection.execute(query).all()
    if not rows:
        raise NotFound(f"Không có cán bộ nào mã “{name}”. Xem mã và họ tên bằng lệnh: nhacviec people list")
    if len(rows) > 1:
        places = ", ".join(f"{row.office_id}/{row.slug}" for row in rows)
        raise NotFound(f"Nhiều cơ quan có mã “{slug}”: {places}. Hãy viết kèm mã cơ quan.")
    return rows[0]


def in_a_sentence(error: Exception) -> str:
    """What the database of the settings said when it failed in the middle of a command."""
    from engine.settings import read_settings

    return sentence(named(read_settings().database), getattr(error, "orig", None) or error)

"""From one database into another, every row of every table, compared afterwards by number and by content.

SQLite to PostgreSQL and back, and a PostgreSQL database into a file that is its backup. The source is only looked at,
at one instant; the target must be empty, and keeps nothing unless everything has arrived.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, String, Table, func, insert, inspect, select, text
from sqlmodel import SQLModel

from data import journal
from data.database import at_one_instant, connect, explained, migrate, newest_version, reading, version_of
from data.rows import AnyRow
from engine.errors import NhacViecError
from engine.office import OFFICE

BATCH = 2_000
BROKEN = "bị hỏng từ dòng"
_MODULUS = 1 << 256
Progress = Callable[[str, int, int], None]  # table, rows done, rows in all


class MoveTrouble(NhacViecError):
    """The rows cannot be moved, or did not arrive as they left."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is in one table: how many rows, and one number for all that stands in them, in whatever order."""

    rows: int = 0
    digest: str = "0" * 64


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved. ``mended``: zero bytes in texts, which PostgreSQL cannot hold, were replaced."""

    tables: dict[str, Content] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    mended: int = 0


def move(source_url: str, target_url: str, progress: Progress | None = None, *, broken_journals: bool = False) -> Moved:
    """Copy everything and compare. ``broken_journals``: also journals that no longer verify, as they are.

    :raises NhacViecError: the source is not of this version, the target is not empty, or something differs.
    """
    source, target = connect(source_url), connect(target_url)
    try:
        with explained(source_url), at_one_instant(source) as reader:
            _check_version(reader)
            ends = heads(reader)
            if broken(ends) and not broken_journals:
                raise MoveTrouble("\n".join([*broken(ends), "Chưa chuyển gì; hãy xem rõ chỗ hỏng trước."]))
            with explained(target_url):
                _prepare(target)
                return _copy(reader, ends, target, progress or (lambda *_: None))
    finally:
        source.dispose()
        target.dispose()


def tables() -> Sequence[Table]:
    """Every table of ours, those first that others point at."""
    return SQLModel.metadata.sorted_tables


def contents(connection: Connection) -> dict[str, Content]:
    """What is in every table."""
    return {table.name: _content(_rows(connection, table)) for table in tables()}


def heads(connection: Connection) -> dict[str, str]:
    """Each office's journal, walked from its first line: "124:1f2e…"; "bị hỏng từ dòng 7" where it does not verify."""
    found = {}
    for office in connection.execute(select(OFFICE.c.id).order_by(OFFICE.c.id)).scalars().all():
        verdict = journal.verify(connection, office)
        broken = verdict.broken_at is not None
        found[office] = f"{BROKEN} {verdict.broken_at}" if broken else f"{verdict.lines}:{verdict.head}"
    return found


def broken(heads: Mapping[str, str]) -> list[str]:
    """Which journals do not verify, each in a sentence."""
    return [
        f"Nhật ký của {office} {head}. Chạy: nhacviec journal verify"
        for office, head in heads.items()
        if head.startswith(BROKEN)
    ]


def _check_version(connection: Connection) -> None:
    found = version_of(connection)
    if found != newest_version():
        raise MoveTrouble(
            f"Cơ sở dữ liệu nguồn ở phiên bản {found or 'chưa có'}, chương trình cần {newest_version()}. "
            "Hãy mở nó một lần bằng chương trình này (nhacviec status) rồi chạy lại; nguồn chưa bị thay đổi."
        )


def _prepare(target: Engine) -> None:
    with reading(target) as connection:
        known = {table.name for table in tables()}
        there = set(inspect(connection).get_table_names()) - {"alembic_version"}
        full = [name for name in sorted(there & known) if connection.execute(_any_row(name)).first()]
        strange = sorted(there - known)
    if full or strange:
        raise MoveTrouble(
            f"Cơ sở dữ liệu đích không trống (bảng {', '.join([*full, *strange][:3])}). "
            "Hãy chọn một cơ sở dữ liệu mới; chưa có gì bị ghi."
        )
    migrate(target, "head")


def _any_row(name: str) -> Any:
    return select(SQLModel.metadata.tables[name]).limit(1)


def _copy(reader: Connection, ends: dict[str, str], target: Engine, progress: Progress) -> Moved:
    moved = Moved()
    mended = 0
    with target.begin() as writer:
        strict = writer.dialect.name == "postgresql"
        for table in tables():
            total = reader.execute(select(func.count()).select_from(table)).scalar_one()
            digest, done = 0, 0
            for rows in _batches(reader, table):
                values = [dict(row._mapping) for row in rows]
                if strict:
                    mended += sum(map(_without_zero_bytes, values))
                digest += sum(map(_row_number, values))
                writer.execute(insert(table), values)
                done += len(values)
                progress(table.name, done, total)
            moved.tables[table.name] = Content(done, _spelled(digest))
            if strict:
                _set_sequence(writer, table)
        arrived = contents(writer)
        for name, content in moved.tables.items():
            if arrived[name] != content:
                raise MoveTrouble(f"Bảng {name} ở đích khác với nguồn. Đích đã được bỏ trống lại; nguồn còn nguyên.")
        if heads(writer) != ends:
            raise MoveTrouble("Nhật ký ở đích khác với nguồn. Đích đã được bỏ trống lại; nguồn còn nguyên.")
    return Moved(moved.tables, ends, mended)


def _batches(connection: Connection, table: Table) -> Iterator[Sequence[AnyRow]]:
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    yield from connection.execute(query).partitions()


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    for rows in _batches(connection, table):
        for row in rows:
            yield dict(row._mapping)


def _content(rows: Iterable[dict[str, Any]]) -> Content:
    digest, count = 0, 0
    for row in rows:
        digest += _row_number(row)
        count += 1
    return Content(count, _spelled(digest))


def _row_number(row: dict[str, Any]) -> int:
    """Added up over a table these are the same in any order: databases sort texts each in their own way."""
    words = json.dumps(row, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=_said)
    return int.from_bytes(hashlib.sha256(words.encode()).digest())


def _said(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in a table")


def _spelled(number: int) -> str:
    return f"{number % _MODULUS:064x}"


def _without_zero_bytes(row: dict[str, Any]) -> int:
    found = [name for name, value in row.items() if isinstance(value, str) and "\x00" in value]
    for name in found:
        row[name] = row[name].replace("\x00", "\ufffd")
    return len(found)


def _set_sequence(connection: Connection, table: Table) -> None:
    column = table.autoincrement_column
    if column is None or isinstance(column.type, String):
        return
    highest = connection.execute(select(func.max(column))).scalar()
    if highest is not None:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
            {"table": f'"{table.name}"', "column": column.name, "highest": highest},
        )

"""Many rows by one statement, at nearly the driver's own speed.

SQLAlchemy binds row by row: each row gets a dict of its own, and every instant and document in it a call. A thousand
rows of one morning share a handful of instants. So the statement is compiled once for each engine, and a value that
comes again is translated once. What runs is what SQLAlchemy compiled, with every value bound.

SQLite runs the statement once for each row, which is a function call. PostgreSQL is another process: it gets all rows
as one document, and one statement that reads them from there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Dialect,
    Insert,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

from data.one_of import as_listed, several

Rows = Sequence[Mapping[str, Any]]
Translate = Callable[[Any], Any]
AT_ONCE = 5_000  # rows of one document: some megabytes
_DOCUMENT = "all_rows"


def write(connection: Connection, statement: Insert | Update, rows: Rows) -> int:
    """Run ``statement`` once for each row. Returns how many rows of the table it touched.

    Build the statement once, at import: it is remembered by identity. Every row names the same parameters as the
    first, and no two rows are about the same row of the table. Nothing comes back: what the database made up (ids) has
    to be asked for.
    """
    if not rows:
        return 0
    prepared = _prepare(statement, connection.dialect, tuple(rows[0]))
    return sum(connection.exec_driver_sql(prepared.sql, given).rowcount for given in prepared.given(rows))


def add_missing(connection: Connection, table: Table, rows: Rows) -> int:
    """Insert the rows that no unique key of the table has yet. Returns how many those were."""
    return write(connection, _unless_there(table, connection.dialect.name), rows)


def add_missing_for_each(connection: Connection, table: Table, listed: str, rows: Rows) -> int:
    """Like :func:`add_missing`, of rows that stand for several: ``listed`` holds a list, and each value gets its row.

    The database sets them out.

    :raises TypeError: the rows do not name a column that has a default: nobody asks it here.
    """
    if not rows:
        return 0
    statement = _for_each(table, connection.dialect.name, listed, tuple(rows[0]))
    return write(connection, statement, rows)


def add_or_replace(connection: Connection, table: Table, key: tuple[str, ...], rows: Rows) -> None:
    """Insert the rows; where ``key`` is there already, what the new row names takes the place of what stood there."""
    if rows:
        write(connection, _in_place(table, connection.dialect.name, key, tuple(rows[0])), rows)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement in one database's words: what each row brings in order, and the values that no row brings."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    translate: Mapping[str, Translate]
    in_one: bool  # all rows go as one document

    def given(self, rows: Rows) -> Iterator[Any]:
        """The parameters, as the driver takes them, of one call after the other."""
        if not self.in_one:
            yield list(zip(*(self._column(name, rows) for name in self.names), strict=True))
            return
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            columns = [self._column(name, some) for name in self.names]
            document = [dict(zip(self.names, values, strict=True)) for values in zip(*columns, strict=True)]
            yield {_DOCUMENT: _spell(document), **self.fixed}

    def _column(self, name: str, rows: Rows) -> Iterable[Any]:
        if name in self.fixed:
            return [self.fixed[name]] * len(rows)
        values = list(map(itemgetter(name), rows))
        translate = self.translate.get(name)
        if translate is None:
            return values
        # By identity: documents cannot be hashed. `values` keeps each object alive, so no two share an id.
        ids = list(map(id, values))
        known = {key: translate(value) for key, value in dict(zip(ids, values, strict=True)).items()}
        return [known[key] for key in ids]


@lru_cache(maxsize=128)
def _prepare(statement: Insert | Update, dialect: Dialect, names: tuple[str, ...]) -> _Prepared:
    compiled = _compiled(statement, dialect, names)
    types = {name: bound.type for name, bound in compiled.binds.items()}
    in_one = dialect.name == "postgresql"
    if in_one:
        compiled = _compiled(_reading(statement, {name: types[name] for name in names}), dialect)
    translate = {name: how for name, type_ in types.items() if (how := _translation(type_, dialect))}
    values = {**compiled.params, **_defaults(compiled)}
    fixed = {}
    for name in values.keys() - {*names, _DOCUMENT}:
        if compiled.binds[name].required:
            raise KeyError(f"no row names {name!r}")
        fixed[name] = translate[name](values[name]) if name in translate else values[name]
    return _Prepared(str(compiled), names if in_one else tuple(compiled.positiontup or ()), fixed, translate, in_one)


def _compiled(statement: Insert | Update, dialect: Dialect, names: tuple[str, ...] = ()) -> SQLCompiler:
    columns = names if isinstance(statement, Insert) and statement.select is None else None
    compiled = statement.compile(dialect=dialect, column_keys=columns, for_executemany=True)
    assert isinstance(compiled, SQLCompiler)
    return compiled


def _reading(statement: Insert | Update, types: Mapping[str, TypeEngine[Any]]) -> Insert | Update:
    """The statement for all rows of a document: each parameter that a row would bring is a column of it."""
    document = func.json_to_recordset(cast(bindparam(_DOCUMENT, type_=Text()), JSON))
    columns = (column(name, as_listed(type_)) for name, type_ in types.items())
    rows = document.table_valued(*columns).render_derived("given", with_types=True)
    if isinstance(statement, Insert) and statement.select is None:
        return statement.from_select(list(types), select(rows))

    def in_its_place(element: object, **_: object) -> ColumnElement[Any] | None:
        return rows.c.get(element.key) if isinstance(element, BindParameter) else None

    replaced = visitors.replacement_traverse(statement, {}, in_its_place)
    assert isinstance(replaced, Insert | Update)
    return replaced


def _spelled(value: object) -> str:
    """What JSON has no word for: days and instants."""
    if not isinstance(value, dt.date):
        raise TypeError(f"{type(value).__name__} cannot be stored")
    return value.isoformat()


_spell = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_spelled).encode


def _translation(type_: TypeEngine[Any], dialect: Dialect) -> Translate | None:
    """What the driver takes in place of a value; days are remembered, as a year's work shares a few hundred of them."""
    translate = type_.bind_processor(dialect)
    return lru_cache(maxsize=4096)(translate) if translate and isinstance(type_, Date) else translate


def _defaults(compiled: SQLCompiler) -> dict[str, Any]:
    """The table's own values for columns that no row names; one that is computed for each row is not guessed at."""
    defaults = {filled: filled.default for filled in compiled.insert_prefetch}
    defaults |= {filled: filled.onupdate for filled in compiled.update_prefetch}
    fixed = {}
    for filled, default in defaults.items():
        if not isinstance(default, ScalarElementColumnDefault):
            raise TypeError(f"{filled} is computed for each row: name it in the rows")
        fixed[filled.key] = default.arg
    return fixed


@cache
def _insert(dialect: str) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
    return sqlite.insert if dialect == "sqlite" else postgresql.insert


@cache
def _unless_there(table: Table, dialect: str) -> Insert:
    return _insert(dialect)(table).on_conflict_do_nothing()


@cache
def _for_each(table: Table, dialect: str, listed: str, names: tuple[str, ...]) -> Insert:
    if forgotten := [each.name for each in table.columns if each.default is not None and each.name not in names]:
        raise TypeError(f"name {', '.join(forgotten)} in the rows")
    types = {name: table.c[name].type for name in names}
    rows = _set_out(types, several(listed, types.pop(listed)), names, dialect)
    return _insert(dialect)(table).from_select(names, rows, include_defaults=False).on_conflict_do_nothing()


def _set_out(
    types: Mapping[str, TypeEngine[Any]], listed: BindParameter[Any], names: tuple[str, ...], dialect: str
) -> Select[Any]:
    given = {name: bindparam(name, type_=type_) for name, type_ in types.items()}
    if dialect == "postgresql":
        return select(*(given.get(name, func.unnest(listed)) for name in names))
    each = func.json_each(listed).table_valued("value")
    # The condition is always true. Without one, SQLite would read ON CONFLICT as the beginning of a join.
    return select(*(given.get(name, each.c.value) for name in names)).where(each.c.value.is_not(None))


@cache
def _in_place(table: Table, dialect: str, key: tuple[str, ...], names: tuple[str, ...]) -> Insert:
    statement = _insert(dialect)(table)
    fresh = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=fresh)

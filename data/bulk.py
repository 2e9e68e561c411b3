"""Many rows by one statement, at nearly the driver's own speed.

SQLAlchemy binds row by row: each row gets a dict of its own, and every instant and document in it a call. A thousand
rows of one morning share a handful of instants. So the statement is compiled once for each engine, and a value that
comes again is translated once. What runs is what SQLAlchemy compiled, with every value bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Date, Dialect, Insert, Table, Update, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

from data.one_of import each_of

Rows = Sequence[Mapping[str, Any]]
Translate = Callable[[Any], Any]


def write(connection: Connection, statement: Insert | Update, rows: Rows) -> int:
    """Run ``statement`` once for each row. Returns how many rows of the table it touched.

    Build the statement once, at import: it is remembered by identity. Every row names the same parameters as the
    first. Nothing comes back: what the database made up (ids) has to be asked for.
    """
    if not rows:
        return 0
    prepared = _prepare(statement, connection.dialect, tuple(rows[0]))
    bound: list[Any] = list(zip(*(prepared.column(name, rows) for name in prepared.names), strict=True))
    if not prepared.positional:
        bound = [dict(zip(prepared.names, values, strict=True)) for values in bound]
    return connection.exec_driver_sql(prepared.sql, bound).rowcount


def add_missing(connection: Connection, table: Table, rows: Rows) -> int:
    """Insert the rows that no unique key of the table has yet. Returns how many those were."""
    return write(connection, _unless_there(table, connection.dialect.name), rows)


def add_missing_for_each(connection: Connection, table: Table, column: str, rows: Rows) -> int:
    """Like :func:`add_missing`, of rows that stand for several: ``column`` holds a list, and each value gets its row.

    The database sets them out.

    :raises TypeError: the rows do not name a column that has a default: nobody asks it here.
    """
    if not rows:
        return 0
    statement = _for_each(table, connection.dialect.name, column, tuple(rows[0]))
    return write(connection, statement, rows)


def add_or_replace(connection: Connection, table: Table, key: tuple[str, ...], rows: Rows) -> None:
    """Insert the rows; where ``key`` is there already, what the new row names takes the place of what stood there."""
    if rows:
        write(connection, _in_place(table, connection.dialect.name, key, tuple(rows[0])), rows)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement in one database's words: its parameters in order, and the values that no row names."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    translate: Mapping[str, Translate]
    positional: bool

    def column(self, name: str, rows: Rows) -> Iterable[Any]:
        """One parameter of every row, as the driver takes it."""
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
    columns = names if isinstance(statement, Insert) and statement.select is None else None
    compiled = statement.compile(dialect=dialect, column_keys=columns, for_executemany=True)
    assert isinstance(compiled, SQLCompiler)
    order = tuple(compiled.positiontup or dict.fromkeys(compiled.bind_names.values()))
    types = {name: compiled.binds[name].type.dialect_impl(dialect) for name in order}
    translate = {name: how for name, type_ in types.items() if (how := _translation(type_, dialect))}
    values = {**compiled.params, **_defaults(compiled)}
    fixed = {}
    for name in set(order).difference(names):
        if compiled.binds[name].required:
            raise KeyError(f"no row names {name!r}")
        fixed[name] = translate[name](values[name]) if name in translate else values[name]
    return _Prepared(str(compiled), order, fixed, translate, bool(compiled.positional))


def _translation(type_: TypeEngine[Any], dialect: Dialect) -> Translate | None:
    """What the driver takes in place of a value; days are remembered, as a year's work shares a few hundred of them."""
    translate = type_.bind_processor(dialect)
    return lru_cache(maxsize=4096)(translate) if translate and isinstance(type_, Date) else translate


def _defaults(compiled: SQLCompiler) -> dict[str, Any]:
    """The table's own values for columns that no row names; one that is computed for each row is not guessed at."""
    defaults = {column: column.default for column in compiled.insert_prefetch}
    defaults |= {column: column.onupdate for column in compiled.update_prefetch}
    fixed = {}
    for column, default in defaults.items():
        if not isinstance(default, ScalarElementColumnDefault):
            raise TypeError(f"{column} is computed for each row: name it in the rows")
        fixed[column.key] = default.arg
    return fixed


@cache
def _insert(dialect: str) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
    return sqlite.insert if dialect == "sqlite" else postgresql.insert


@cache
def _unless_there(table: Table, dialect: str) -> Insert:
    return _insert(dialect)(table).on_conflict_do_nothing()


@cache
def _for_each(table: Table, dialect: str, column: str, names: tuple[str, ...]) -> Insert:
    if forgotten := [each.name for each in table.columns if each.default is not None and each.name not in names]:
        raise TypeError(f"name {', '.join(forgotten)} in the rows")
    several = each_of(table.c[column].type, column, dialect)
    values = [several.c.value if name == column else bindparam(name, type_=table.c[name].type) for name in names]
    # The condition is always true. Without one, SQLite would read ON CONFLICT as the beginning of a join.
    rows = select(*values).select_from(several).where(several.c.value.is_not(None))
    return _insert(dialect)(table).from_select(names, rows, include_defaults=False).on_conflict_do_nothing()


@cache
def _in_place(table: Table, dialect: str, key: tuple[str, ...], names: tuple[str, ...]) -> Insert:
    statement = _insert(dialect)(table)
    fresh = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=fresh)

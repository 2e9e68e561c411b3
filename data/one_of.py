"""``column IN (…)`` with all the values as one parameter, or with none; and the values of one as a table.

A parameter for each value makes a new statement for each number of values, built, sent and planned anew each time. For
a batch of two hundred that costs a sixth of the work it is for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, String, TableValuedAlias, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


def one_of(which: ColumnElement[Any], values: str, *, seek: bool = True) -> ColumnElement[bool]:
    """Whether the column's value is one of those that the parameter named ``values`` brings: any list, or none.

    Without ``seek`` SQLite only compares: it walks the index by another column, in that column's order.
    """
    bound = bindparam(values, type_=_Several(which.type))
    return _OneOf(which, bound) if seek else _ComparedWith(which, bound)


def each_of(type_: TypeEngine[Any], values: str, dialect: str) -> TableValuedAlias:
    """A table with one column, ``value``: what the parameter named ``values`` brings."""
    several = bindparam(values, type_=_Several(type_))
    if dialect == "postgresql":
        return func.unnest(several).table_valued(column("value", type_)).render_derived()
    return func.json_each(several).table_valued(column("value", type_))


class _Several(TypeDecorator[Iterable[Any]]):
    """Values of one type: an array for PostgreSQL, a JSON list for SQLite."""

    impl = String
    cache_ok = True

    def __init__(self, each: TypeEngine[Any]) -> None:
        super().__init__()
        self.each = each

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """How the database takes it."""
        return dialect.type_descriptor(ARRAY(self.each) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:
        """One parameter out of all of them; None, which is no list, is a mistake and raises."""
        several = list(value)  # type: ignore[arg-type]
        return several if dialect.name == "postgresql" else json.dumps(several)


class _OneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> _OneOf:  # noqa: ARG002
        """A condition as it stands: for SQLite "= 1" would be added, and then no index is used."""
        return self


class _ComparedWith(_OneOf):
    inherit_cache = True


@compiles(_OneOf, "sqlite")
def _in_json(element: _OneOf, compiler: SQLCompiler, **kw: Any) -> str:
    which, values = (compiler.process(clause, **kw) for clause in element.clauses)
    # A sign before a column: no index is used for it.
    sign = "+" if isinstance(element, _ComparedWith) else ""
    return f"({sign}{which} IN (SELECT value FROM json_each({values})))"  # noqa: S608  (a parameter)


@compiles(_OneOf, "postgresql")
def _in_array(element: _OneOf, compiler: SQLCompiler, **kw: Any) -> str:
    which, values = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({which} = ANY({values}))"

"""``column IN (…)`` with all the values as one parameter, or with none.

A parameter for each value makes a new statement for each number of values, built, sent and planned anew each time. For
a batch of two hundred that costs a sixth of the work it is for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BindParameter, Boolean, ColumnElement, Dialect, String, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


def one_of(which: ColumnElement[Any], values: str, *, seek: bool = True) -> ColumnElement[bool]:
    """Whether the column's value is one of those that the parameter named ``values`` brings: any list, or none.

    Without ``seek`` SQLite only compares: it walks the index by another column, in that column's order.
    """
    bound = several(values, which.type)
    return _OneOf(which, bound) if seek else _ComparedWith(which, bound)


def several(name: str, of: TypeEngine[Any]) -> BindParameter[Any]:
    """A parameter that brings any number of values of one type."""
    return bindparam(name, type_=_Several(of))


def as_listed(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """What PostgreSQL reads from a document where a parameter of this type would stand."""
    return ARRAY(type_.each) if isinstance(type_, _Several) else type_


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

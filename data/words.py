"""Columns that hold one of a few words of ours: a state, a kind.

Compared with such a word, the column spells it out in the statement. Bound as a parameter it would hide from the
database whether an index holds that has only the rows "WHERE status = 'queued'": SQLite then plans the statement anew
each time it is run (sqlite.org/c3ref/prepare.html, on values that "might influence the choice of query plan"), which
takes twenty times as long as asking it; PostgreSQL does the same, or passes the index over.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

from sqlalchemy import ColumnElement, String, literal_column
from sqlalchemy.sql import operators
from sqlalchemy.sql.operators import OperatorType
from sqlmodel import Field

_COMPARED = {operators.eq, operators.ne, operators.in_op, operators.not_in_op}


class Word(String):
    """A text that is one of our words."""

    class Comparator(String.Comparator[str]):
        """As any text's; but a word it is compared with is spelled out."""

        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:
            """The comparison."""
            if op in _COMPARED:
                other = tuple(map(_spelled_out, other))
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator


def word(**how: Any) -> Any:
    """A field of a table that holds one of our words; ``how`` as for any field (default, primary_key)."""
    return Field(sa_type=Word, **how)


def _spelled_out(compared: object) -> object:
    """The word, or each of several, as it stands in a statement; what is none (a column, any other text) as it was."""
    if isinstance(compared, str):
        text = str.__str__(compared)
        return literal_column(f"'{text}'", String()) if text.isascii() and text.isidentifier() else compared
    if isinstance(compared, Iterable):
        return [_spelled_out(one) for one in (sorted(compared) if isinstance(compared, Set) else compared)]
    return compared

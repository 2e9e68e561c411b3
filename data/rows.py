"""The type of a row read with Core: columns by name, values as the driver gave them."""

from typing import Any

from sqlalchemy import Row

AnyRow = Row[*tuple[Any, ...]]

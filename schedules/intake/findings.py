"""What the intake finds in a plan document: its facts, units, duties and targets, each with the line it stands on.

Nothing here is believed yet: every duty carries how sure the reading is and what a person must check.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from schedules.phrases import Deadline

Strength = Literal["duty", "weak"]


@dataclass(frozen=True, slots=True)
class Facts:
    """The head of the document. ``period`` is the first and the last year it plans for."""

    title: str | None
    issuer: str | None
    number: str | None
    date: dt.date | None
    period: tuple[int, int] | None
    default_year: int
    province: str | None = None  # "Thành phố Hải Phòng", "Tỉnh Nghệ An"


@dataclass(frozen=True, slots=True)
class UnitFound:
    """One unit, under its fullest name; ``aliases`` are the other ways this document writes it.

    ``partner``: Mặt trận and mass organisations, who can be asked but not escalated to.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Literal["unit", "leadership", "partner"] = "unit"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty with one deadline. A row or sentence with several periods gives several.

    * ``lead``: the fullest name of a unit found, None when nobody is named; with ``lead_each``, the words as printed
      ("Thủ trưởng các cơ quan chuyên môn");
    * ``lead_each``: "mỗi đơn vị": one for each unit;
    * ``beside``: who is told with the lead and is no unit, "các thôn" of "Công an xã và các thôn";
    * ``deadline_text``: the deadline's words as printed, "" when there are none; ``deadline`` their reading, of which
      ``choice`` says which one is this duty's (0: the head, n: ``also[n - 1]``);
    * ``where``: the place in the plan, such as "V.1.c" or "Danh mục II.3";
    * ``source_line`` and ``source_text``: the line, and the sentence or row as printed;
    * ``confidence`` 0 to 1; ``needs_review``: Vietnamese sentences, what a person must decide;
    * ``flags``: the deadline's, and ``shifted_cell``, ``period_in_product``, ``lead_inferred``, ``each_unit``,
      ``stale`` (an older plan's words).
    """

    title: str
    lead: str | None
    deadline_text: str
    deadline: Deadline
    where: str
    source_line: int
    source_text: str
    choice: int = 0
    lead_each: bool = False
    cooperating: tuple[str, ...] = ()
    product: str | None = None
    group: str | None = None
    strength: Strength = "duty"
    confidence: float = 1.0
    needs_review: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """One quantified target (chỉ tiêu): "từ 98% trở lên" is op ">=", value 98, unit "%"."""

    text: str
    op: Literal["=", ">=", "<=", ">", "<"]
    value: float
    unit: str
    by: str | None
    where: str
    source_line: int


@dataclass(frozen=True, slots=True)
class PlanFound:
    """Everything found in one document. ``table_rows`` counts task rows, without headers and groups."""

    facts: Facts
    units: tuple[UnitFound, ...]
    standing_office: str | None
    duties: tuple[Duty, ...]
    targets: tuple[Target, ...]
    warnings: tuple[str, ...] = ()
    table_rows: int = 0
    in_place_of: str | None = None  # the plan in use that a person chose to be replaced; None: nobody chose

"""What the API says and takes, as OpenAPI describes it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from engine.rules.lifecycle import WorkState
from engine.rules.status import TimeState
from engine.screens.deeds import Deed

Slug = Annotated[str, Field(description="Short name, unique in the office.", examples=["kinh-te"])]


class Shape(BaseModel):
    """Common to all: read from the engine's own values, nothing besides."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Office(Shape):
    """The office that the key belongs to."""

    id: Slug
    name: str = Field(examples=["UBND xã Hùng Thắng"])
    timezone: str = Field(examples=["Asia/Ho_Chi_Minh"])
    today: dt.date = Field(description="The civil day in the office's zone.")


class Unit(Shape):
    """A unit (đơn vị)."""

    id: Slug
    name: str = Field(examples=["Phòng Kinh tế"])
    kind: str = Field(examples=["unit", "leadership", "partner"])


class Person(Shape):
    """An officer (cán bộ) who works here now."""

    id: Slug
    name: str
    unit: Slug
    role: str = Field(examples=["officer", "head", "leader", "viewer"])
    standing: bool = Field(description="Belongs to the standing office (cơ quan thường trực).")
    reachable: bool = Field(description="Has a chat that is not blocked.")


class Obligation(Shape):
    """A duty (nhiệm vụ) and its rule, as in the office file."""

    id: Slug
    title: str
    ladder: str
    confirm: str = Field(examples=["none", "head", "standing"])
    product: str | None
    rule: dict[str, Any]


class Occurrence(Shape):
    """One period (kỳ) of an obligation for one unit."""

    id: int
    version: int = Field(description="Counts every change; a deed names the version it was decided on.")
    obligation: Slug
    period: str = Field(examples=["2026-03"])
    title: str
    unit: Slug
    doer: Slug | None
    cutoff: dt.date | None
    nominal_due: dt.date = Field(description="As the document says.")
    due: dt.date = Field(description="After the shift for days off.")
    internal_due: dt.date = Field(description="The day to aim at; a granted extension moves this one only.")
    work_state: WorkState
    time_state: TimeState
    reported_at: dt.datetime | None = Field(description="When the doer reported it done; this moment counts.")
    closed_at: dt.datetime | None
    deeds: list[Deed] = Field(description="What the key's person may do to it now.")


class Occurrences(Shape):
    """A page of occurrences."""

    items: list[Occurrence]
    next: str | None = Field(description="Give this as `cursor` for the next page; null on the last one.")


class Told(Shape):
    """One reminder to one person: said, or not said and why."""

    at: dt.datetime
    rung: str
    says: str
    person: str
    status: str
    reason: str | None


class Happened(Shape):
    """One line of the journal about this work."""

    at: dt.datetime
    who: str
    what: str


class Story(Shape):
    """Everything about one occurrence, in the words that people read."""

    id: int
    title: str
    unit: str
    state: str
    dates: dict[str, str]
    reasons: list[str]
    told: list[Told]
    history: list[Happened]
    next_at: dt.datetime | None
    next_rung: str | None


class DigestUnit(Shape):
    """One unit's numbers of a week."""

    unit: str
    on_time: int
    late: int
    overdue: int


class Digest(Shape):
    """The numbers of one week's digest."""

    week: str = Field(examples=["2026-W11"])
    monday: dt.date
    sunday: dt.date
    on_time: int
    late: int
    late_accepted: int = Field(description="Of the late ones, those inside a granted extension.")
    overdue: int
    coming: int
    extensions_granted: int
    extensions_waiting: int
    units: list[DigestUnit]


class JournalLine(Shape):
    """One line of the hash-chained history."""

    seq: int
    at: dt.datetime
    actor: str
    action: str
    occurrence: int | None
    data: str = Field(description="The canonical JSON that was hashed.")
    previous: str
    hash: str


class Journal(Shape):
    """A page of the journal."""

    items: list[JournalLine]
    next: int | None = Field(description="Give this as `after` for the next page; null on the last one.")


class Finding(Shape):
    """Something that is not well, and what to do."""

    level: str
    about: str
    what: str
    what_to_do: str


class DeedWanted(Shape):
    """A deed to be done. What must be filled in depends on the deed."""

    version: int = Field(ge=0, le=2**31 - 1, description="The occurrence's version as last read.")
    reason: str = Field(default="", max_length=1000)
    until: dt.date | None = Field(default=None, description="For xin-gia-han.")
    to: Slug | None = Field(default=None, description="For chuyen: who takes it over.")
    document: str = Field(default="", max_length=200, description="For xong: number and symbol of the document.")


class Done(Shape):
    """What was done, in a sentence, and the occurrence as it stands now."""

    said: str
    occurrence: Occurrence


class Problem(Shape):
    """What went wrong (RFC 9457)."""

    title: str = Field(description="A Vietnamese sentence that can be shown to people.")
    status: int
    detail: list[str] = Field(default=[], description="What in the request was not right.")

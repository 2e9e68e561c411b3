"""The shape of an office file: one commune's units, people and obligations, as people write them in YAML.

The five communes under ``schedules/offices`` are written in this shape, the import of documents drafts it, and
``schedules/office.schema.json`` publishes it to editors. Meaning that spans several entries (does the unit exist?)
is checked in :mod:`schedules.office_file`, where the line numbers are known.

Days are data, not code: every date below is what a document says, or a default the province may move.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
DayMonth = Annotated[str, StringConstraints(pattern=r"^\d{1,2}/\d{1,2}$")]


class Kind(StrEnum):
    """How often an obligation comes due; the words of the deadline readings in ``schedules.phrases`` are the same."""

    ONE_OFF_DATE = "one_off_date"
    ONE_OFF_MONTH = "one_off_month"
    ONE_OFF_QUARTER = "one_off_quarter"
    RANGE = "range"
    MULTI_YEAR = "multi_year"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    NINE_MONTHLY = "nine_monthly"
    YEARLY = "yearly"
    RRULE = "rrule"
    CONTINUOUS = "continuous"
    ON_DEMAND = "on_demand"
    UNKNOWN = "unknown"


ONCE = frozenset({Kind.ONE_OFF_DATE, Kind.ONE_OFF_MONTH, Kind.ONE_OFF_QUARTER, Kind.RANGE, Kind.MULTI_YEAR})
PERIODIC = frozenset(
    {Kind.WEEKLY, Kind.MONTHLY, Kind.QUARTERLY, Kind.HALF_YEARLY, Kind.NINE_MONTHLY, Kind.YEARLY, Kind.RRULE}
)
UNDATED = frozenset({Kind.CONTINUOUS, Kind.ON_DEMAND, Kind.UNKNOWN})


class Strict(BaseModel):
    """Unknown keys are mistakes, not extras: a misspelt ``cutof`` must not silently drop a cut-off."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Due(Strict):
    """When one period's product is due, as the document names it (the *nominal* date; shifts come later).

    Which keys make sense depends on the obligation's kind:

    * one-off kinds, ``range``, ``multi_year``: ``date``, with ``start`` where the document names one;
    * ``weekly``: ``weekday`` (and ``time``);
    * periodic kinds: ``day`` in the period's last month, or in its ``month``-th month (counted from 1), or
      ``months_after`` the period's end; or ``dates``, one "dd/mm" for each period of the year in order;
    * ``rrule``: ``rrule`` (RFC 5545, without DTSTART) and ``start``.
    """

    date: dt.date | None = None
    start: dt.date | None = None
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None
    day: Annotated[int, Field(ge=1, le=31)] | Literal["last"] | None = None
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    months_after: Annotated[int, Field(ge=0, le=12)] = 0
    dates: tuple[DayMonth, ...] | None = None
    rrule: Text | None = None
    time: ClockTime | None = Field(default=None, description="Clock time on that day; the day's end when absent.")
    before: bool = Field(
        default=False,
        description='True for "trước ngày D": due on D as official tracking records it, aimed at the day before.',
    )


class Cutoff(Strict):
    """The day the figures of a period close ("chốt số liệu").

    The data window runs from the day after the previous cut-off, or, when ``cumulative``, from the day after the
    last cut-off of the year before (half-year and nine-month reports: 15/12 to 14/06, 15/12 to 14/09).
    """

    day: Annotated[int, Field(ge=1, le=31)] | Literal["last"]
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    months_after: Annotated[int, Field(ge=0, le=12)] = 0
    cumulative: bool = False


class InternalDue(Strict):
    """The office's own earlier date: so many working days before the deadline. An extension moves only this one."""

    working_days_before: Annotated[int, Field(ge=0, le=60)] = 0


class Source(Strict):
    """Where an obligation comes from, so that anyone can check it against the paper."""

    where: Text = Field(description='Place in the plan, such as "V.1.c" or "Danh mục II.3".')
    words: Text | None = Field(default=None, description="The deadline's words as printed.")
    basis: Text | None = Field(default=None, description="Other document that sets or supports the day.")
    line: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Line of the plan, as imported.")
    text: Text | None = Field(default=None, description="The sentence or table row as printed, as imported.")
    plan: Text | None = Field(
        default=None, description="Number or title of the document it was imported from; absent: the office's plan."
    )
    confidence: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="How sure the import was of its reading; absent once a person has written the entry."
    )


class Obligation(Strict):
    """One duty (nhiệm vụ): a rule from which its occurrences (kỳ) are made."""

    id: Slug
    title: Text
    group: Text | None = None
    lead: Slug | None = Field(default=None, description="Unit in charge (cơ quan chủ trì).")
    lead_each: Literal["all"] | tuple[Slug, ...] | None = Field(
        default=None,
        description='"Mỗi đơn vị": one occurrence for each unit named; "all" is every unit of the office but partners.',
    )
    doer: Slug | None = Field(default=None, description="The person in charge; the unit's first officer when absent.")
    cooperating: tuple[Slug, ...] = ()
    kind: Kind
    due: Due | None = None
    cutoff: Cutoff | None = None
    internal_due: InternalDue | None = None
    shift: Literal["after", "before", "none"] = Field(
        default="after",
        description="Where the deadline goes when it falls on a day off (Bộ luật Dân sự 2015, Điều 148: after); "
        "before, for what must be there when the next period begins.",
    )
    named_for: Literal["this", "next"] = Field(
        default="this",
        description='"next" for what is prepared ahead (lịch công tác tuần liền sau): it is named after the period '
        "that follows, and not asked for when nobody works in that one. Regular periods only, weekly to yearly.",
    )
    stands_for: tuple[Kind, ...] = Field(
        default=(), description="Longer reports that this one also is: the quarter III report is the nine-month one."
    )
    product: Text | None = None
    ladder: Slug | None = Field(default=None, description="Reminder ladder; chosen by kind when absent.")
    confirm: Literal["none", "head", "standing"] = "none"
    evidence: Literal["none", "document", "file", "any"] = Field(
        default="none",
        description="What a report of done must bring along: a document's number, a photo or file, or any of these.",
    )
    strength: Literal["duty", "weak"] = "duty"
    secret: bool = Field(default=False, description="Marked Mật: messages carry neither its title nor its number.")
    active_from: dt.date | None = None
    active_until: dt.date | None = None
    source: Source
    needs_review: Text | None = Field(default=None, description="What a person must still decide, in words.")
    note: Text | None = None

    @model_validator(mode="after")
    def _one_lead(self) -> Obligation:
        if (self.lead is None) == (self.lead_each is None):
            raise ValueError("one_lead")
        return self

    @model_validator(mode="after")
    def _due_fits_kind(self) -> Obligation:
        """An obligation without a usable date must say so in ``needs_review``, or be of an undated kind."""
        if self.kind in UNDATED:
            if self.due is not None:
                raise ValueError("due_on_undated")
            return self
        if self.due is None:
            if self.kind == Kind.WEEKLY and self.needs_review:
                return self
            raise ValueError("due_missing")
        wanted = {"date"} if self.kind in ONCE else {"weekday"} if self.kind == Kind.WEEKLY else {"day", "dates"}
        if self.kind == Kind.RRULE:
            wanted = {"rrule"}
        given = {name for name in ("date", "weekday", "day", "dates", "rrule") if getattr(self.due, name) is not None}
        if len(given) != 1 or not given <= wanted:
            raise ValueError("due_fits_kind")
        if self.kind == Kind.RRULE and self.due.start is None:
            raise ValueError("rrule_needs_start")
        return self


class Person(Strict):
    """One officer. Files that are shared name roles, not people: "Chuyên viên Phòng Kinh tế"."""

    id: Slug
    name: Text
    unit: Slug
    role: Literal["officer", "head", "leader", "viewer"]
    standing: bool = Field(default=False, description="Works for the standing office (cơ quan thường trực).")
    in_charge_of: tuple[Slug, ...] = Field(
        default=(), description="For a leader: the units they answer for; all if empty."
    )


class Unit(Strict):
    """A unit of the office, or a partner that can be asked but not escalated to (Mặt trận, đoàn thể)."""

    id: Slug
    name: Text
    aliases: tuple[Text, ...] = ()
    kind: Literal["unit", "leadership", "partner"] = "unit"
    escalates_to: Slug | None = Field(default=None, description="The unit above this one, before the standing office.")


class WeeklyDigest(Strict):
    """When the leadership's weekly digest leaves."""

    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday"] = "monday"
    slot: Literal["morning", "afternoon"] = "morning"


class Office(Strict):
    """The commune itself: the tenant."""

    id: Slug
    name: Text
    province: Text
    timezone: Text = "Asia/Ho_Chi_Minh"
    morning: tuple[ClockTime, ClockTime] = ("07:30", "11:30")
    afternoon: tuple[ClockTime, ClockTime] = ("13:30", "17:00")
    digest: WeeklyDigest = WeeklyDigest()
    standing_unit: Slug


class Plan(Strict):
    """The document the obligations were taken from."""

    title: Text
    issuer: Text
    number: Text | None = None
    date: dt.date | None = None
    file: Text | None = None
    period: tuple[Annotated[int, Field(ge=2000, le=2100)], Annotated[int, Field(ge=2000, le=2100)]]
    note: Text | None = None
    skipped: tuple[Text, ...] = Field(
        default=(), description="What the import found and a person has left out, so that it is not proposed again."
    )


class OfficeFile(Strict):
    """A whole office file."""

    office: Office
    plan: Plan
    units: tuple[Unit, ...]
    people: tuple[Person, ...]
    obligations: tuple[Obligation, ...]


class Rung(Strict):
    """One step of a ladder: when, counted in working days from an anchor, and to whom."""

    id: Slug
    anchor: Literal["cutoff", "internal_due", "deadline"] = Field(
        default="internal_due",
        description="deadline is the later of the due date and an extended internal due.",
    )
    days: Annotated[int, Field(ge=-60, le=60)]
    slot: Literal["morning", "afternoon"] = "morning"
    to: tuple[Literal["doer", "head", "standing", "leaders"], ...]
    says: Literal["collect", "write", "soon", "last_call", "overdue", "escalation"]


class Ladder(Strict):
    """A ladder (thang nhắc): its rungs in order, and how often the last one comes again while nobody answers."""

    id: Slug
    name: Text
    rungs: tuple[Rung, ...]
    repeat_last_every: Annotated[int, Field(ge=1, le=60)] = Field(default=5, description="In working days.")

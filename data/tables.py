"""What is stored. One class a table; the words are those of the glossary (DESIGN, section 2).

Instants are stored in UTC; days (``date``) are civil days in the office's zone and are never converted.
States that follow from time alone (late, due soon) are not stored: :mod:`engine.rules.status` computes them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, Text, TypeDecorator, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from data.words import word


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware instant in, the same instant out, in UTC. SQLite forgets zones, so a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Aware instant to what the driver stores."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: which zone?")
        if value.tzinfo is not dt.UTC:
            value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002  (the library's signature)
        """What the driver stored to an aware instant."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=dt.UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[dt.datetime | None], Any] | None:
        """Remembered for all columns together: the thousand rows of one morning share a handful of instants."""
        return _remembered("in", dialect, super().bind_processor(dialect))

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], dt.datetime | None] | None:
        """Remembered, as above."""
        return _remembered("out", dialect, super().result_processor(dialect, coltype))


_REMEMBERED: dict[tuple[str, str], Callable[[Any], Any]] = {}


def _remembered(way: str, dialect: Dialect, process: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    if process is None:
        return None
    return _REMEMBERED.setdefault((way, dialect.name), lru_cache(maxsize=4096)(process))


def instant(*, nullable: bool = True) -> Any:
    """A column that holds an instant."""
    return Field(default=None, sa_column=Column(UtcDateTime(), nullable=nullable))


def json_column() -> Any:
    """A column that holds a small JSON document, or nothing."""
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


class Office(SQLModel, table=True):
    """One commune (cơ quan): the tenant everything else belongs to. ``id`` is its short name in files."""

    id: str = Field(primary_key=True)
    name: str
    timezone: str
    definition: dict[str, Any] = json_column()  # the `office` part of the file: hours, digest day, standing unit
    plan: dict[str, Any] = json_column()
    ladders: dict[str, Any] = json_column()
    loaded_on: dt.date  # no occurrence due before this day is made
    next_digest_at: dt.datetime | None = instant()
    __table_args__ = (Index("office_next_digest", "next_digest_at"),)


class Unit(SQLModel, table=True):
    """A unit (đơn vị) of an office."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    slug: str
    name: str
    kind: str
    aliases: list[str] = json_column()
    escalates_to: str | None = None
    active: bool = True
    __table_args__ = (UniqueConstraint("office_id", "slug", name="unit_slug"),)


class Person(SQLModel, table=True):
    """An officer (cán bộ): who is reminded, who may do what."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    slug: str
    name: str
    unit_id: int = Field(foreign_key="unit.id")
    role: str
    standing: bool = False
    in_charge_of: list[str] = json_column()
    active: bool = True
    viewer: bool = False  # may look at everything of the office, and change nothing
    phone: str | None = None  # for the list of people to be called
    origin: str = "file"  # "file": the office file names them; "list": a list of people brought them
    left_on: dt.date | None = None
    __table_args__ = (UniqueConstraint("office_id", "slug", name="person_slug"),)


class Chat(SQLModel, table=True):
    """An address on one channel (kênh): one person's, or the group of one unit."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    channel: str
    bot: str
    address: str
    rank: int = 0  # a person's chats are tried from the lowest
    linked_at: dt.datetime | None = instant()
    blocked_at: dt.datetime | None = instant()
    blocked_why: str | None = None
    failing_since: dt.datetime | None = instant()  # the next chat is used meanwhile; tried again now and then
    failing_why: str | None = None
    __table_args__ = (
        UniqueConstraint("channel", "bot", "address", name="chat_address"),
        Index("chat_person", "person_id"),
        Index("chat_unit", "unit_id"),
        Index("chat_office", "office_id"),
    )


class LinkCode(SQLModel, table=True):
    """A one-time code that links a chat to a person or to a unit's group. Only its hash is kept."""

    __tablename__ = "link_code"

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    code_hash: str
    issued_at: dt.datetime | None = instant(nullable=False)
    issued_by: str
    expires_at: dt.datetime | None = instant(nullable=False)
    used_at: dt.datetime | None = instant()
    withdrawn_at: dt.datetime | None = instant()
    __table_args__ = (
        Index(
            "link_code_live",
            "expires_at",
            sqlite_where=sql("used_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sql("used_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )


class Usage(SQLModel, table=True):
    """How many messages a bot has sent in one month, as its provider counts them."""

    channel: str = Field(primary_key=True)
    bot: str = Field(primary_key=True)
    month: str = Field(primary_key=True)  # "2026-03", in Vietnam's time
    sent: int = 0


class StandIn(SQLModel, table=True):
    """For these days, inclusive, the substitute hears what the person would hear, under a decision number."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    person_id: int = Field(foreign_key="person.id")
    substitute_id: int = Field(foreign_key="person.id")
    first_day: dt.date
    last_day: dt.date
    decision: str
    __table_args__ = (Index("stand_in_days", "office_id", "last_day"),)


class Obligation(SQLModel, table=True):
    """A duty (nhiệm vụ): ``rule`` is the entry of the office file, whole."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    slug: str
    title: str
    rule: dict[str, Any] = json_column()
    ladder: str  # these four stand in the rule too; the steps read them without opening it
    confirm: str = "none"
    product: str | None = None
    evidence: str = "none"  # what `xong` must bring along: none, document, file, any
    secret: bool = False
    active: bool = True
    planned_until: dt.date  # occurrences due up to this day exist
    __table_args__ = (
        UniqueConstraint("office_id", "slug", name="obligation_slug"),
        # SQLite takes a partial index only when the question spells its condition the same way.
        Index("obligation_to_plan", "planned_until", sqlite_where=sql("active = 1"), postgresql_where=sql("active")),
    )


class Occurrence(SQLModel, table=True):
    """One period (kỳ) of an obligation, for one unit. **The row is the schedule**: ``next_move_at`` is its alarm."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    obligation_id: int = Field(foreign_key="obligation.id")
    unit_id: int = Field(foreign_key="unit.id")
    period_key: str
    title: str  # with the period: "Báo cáo công tác CCHC quý I/2026"
    data_from: dt.date | None = None
    cutoff: dt.date | None = None
    nominal_due: dt.date  # as the document says
    due: dt.date  # after the shift for days off
    internal_due: dt.date  # the day to aim at; an extension moves this one only
    first_internal_due: dt.date  # before any extension
    due_time: str | None = None
    reasons: list[str] | None = json_column()

    work_state: str = word(default="new")
    doer_id: int | None = Field(default=None, foreign_key="person.id")
    chain: dict[str, Any] | None = json_column()  # frozen when the occurrence opens
    opened_at: dt.datetime | None = instant()
    reported_at: dt.datetime | None = instant()  # the doer's time: the one that counts
    reported_by: int | None = None
    closed_at: dt.datetime | None = instant()
    difficulty: str | None = None  # what the doer is stuck on, in their words
    snoozed_until: dt.datetime | None = instant()  # the doer asked not to be reminded before

    revision: int = 1  # which version of the due date the reminders speak of
    version: int = 1  # every change counts up: "change it only if it still looks as read"
    last_rung_at: dt.datetime | None = instant()  # the ladder has been climbed up to here
    pulled_forward: bool = False  # the last rung reached nobody: take the next one now
    next_move_at: dt.datetime | None = instant()
    __table_args__ = (
        UniqueConstraint("obligation_id", "period_key", "unit_id", name="occurrence_once"),
        # Only open occurrences carry an alarm, so years of history cost an idle turn nothing.
        Index(
            "occurrence_alarm",
            "next_move_at",
            sqlite_where=sql("next_move_at IS NOT NULL"),
            postgresql_where=sql("next_move_at IS NOT NULL"),
        ),
        Index(
            "occurrence_office_alarm",
            "office_id",
            "next_move_at",
            sqlite_where=sql("next_move_at IS NOT NULL"),
            postgresql_where=sql("next_move_at IS NOT NULL"),
        ),
        Index("occurrence_office_due", "office_id", "due"),
        Index("occurrence_office_closed", "office_id", "closed_at"),
        Index("occurrence_doer", "doer_id", "work_state"),
    )


class Extension(SQLModel, table=True):
    """One request to move the internal due, and what became of it."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    occurrence_id: int = Field(foreign_key="occurrence.id")
    asked_by: int
    asked_at: dt.datetime | None = instant(nullable=False)
    until: dt.date
    reason: str
    was: dt.date  # the internal due it asked to move
    status: str = word(default="waiting")  # waiting, granted, refused, withdrawn
    decided_by: int | None = None
    decided_at: dt.datetime | None = instant()
    decision_reason: str | None = None
    __table_args__ = (
        Index("extension_occurrence", "occurrence_id"),
        Index("extension_office_decided", "office_id", "decided_at"),
    )


class Evidence(SQLModel, table=True):
    """What shows that work was done: a document's number and date, a link, a photo or a file."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    occurrence_id: int = Field(foreign_key="occurrence.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    inbound_id: int | None = None
    given_at: dt.datetime | None = instant(nullable=False)
    kind: str  # document, link, photo, file
    text: str | None = None  # the document's number, or the link
    dated: dt.date | None = None
    name: str | None = None  # the file's own name, for showing only
    mime: str | None = None
    size: int | None = None  # bytes
    sha256: str | None = None  # where the file is kept
    channel: str | None = None
    bot: str | None = None
    reference: str | None = None  # what the channel needs to fetch it
    status: str = word(default="kept")  # kept, to_fetch, refused, withdrawn
    reason: str | None = None
    attempts: int = 0
    fetch_after: dt.datetime | None = instant()
    __table_args__ = (
        Index("evidence_occurrence", "occurrence_id"),
        Index(
            "evidence_to_fetch",
            "fetch_after",
            sqlite_where=sql("status = 'to_fetch'"),
            postgresql_where=sql("status = 'to_fetch'"),
        ),
    )


class Reminder(SQLModel, table=True):
    """One rung for one person: said in ``message_id``, still pending, or suppressed with the reason why."""

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    occurrence_id: int = Field(foreign_key="occurrence.id")
    revision: int
    rung: str
    person_id: int = Field(foreign_key="person.id")
    says: str = word()
    scheduled_at: dt.datetime | None = instant(nullable=False)
    status: str = word()  # pending, in_message, suppressed
    reason: str | None = None
    message_id: int | None = None
    on_behalf_of: int | None = None  # the person this one stands in for
    detail: dict[str, Any] | None = json_column()
    __table_args__ = (
        UniqueConstraint("occurrence_id", "revision", "rung", "person_id", name="reminder_once"),
        Index(
            "reminder_pending",
            "office_id",
            "person_id",
            sqlite_where=sql("status = 'pending'"),
            postgresql_where=sql("status = 'pending'"),
        ),
        Index("reminder_message", "message_id"),
    )


class OutboxMessage(SQLModel, table=True):
    """One row of the outbox (tin). It exists before the network call; claim, send and record are three moments."""

    __tablename__ = "message"

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    kind: str = word()  # reminder, digest, answer, edit
    key: str  # what makes it unique: "remind:2026-03-16/am", "digest:2026-W11", "answer:<inbound>"
    slot: str | None = None  # a person hears at most one message in a slot; answers stand outside
    urgent: bool = False  # at least once (DESIGN section 6), else at most once
    payload: dict[str, Any] | None = json_column()
    status: str = word(default="queued")  # queued, claimed, sent, refused, unknown, dropped
    not_before: dt.datetime | None = instant(nullable=False)
    attempts: int = 0
    copies: int = 0  # sends that arrived or may have arrived
    claim: str | None = None
    claimed_at: dt.datetime | None = instant()
    begun: bool | None = None  # of a claim by a bot that keeps a pace: whether its send has begun; None by others
    sent_at: dt.datetime | None = instant()
    channel: str | None = None  # where it went; before that its lane, or (with ``address``) where it must go
    bot: str | None = None
    address: str | None = None
    provider_id: str | None = None
    text: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    editable: bool = False  # the channel that took it can change it afterwards
    avoid: list[int] | None = json_column()  # chats that failed for this message: the person's next one is used
    error: str | None = None
    __table_args__ = (
        UniqueConstraint("person_id", "key", name="message_once"),
        UniqueConstraint("person_id", "slot", name="message_slot_once"),
        Index("message_person_sent", "person_id", "sent_at"),
        Index(
            "message_queue",
            "not_before",
            "id",
            sqlite_where=sql("status = 'queued'"),
            postgresql_where=sql("status = 'queued'"),
        ),
        Index(  # whoever has typed is answered before all that wait: their answers are found without them
            "message_answers",
            "kind",
            "not_before",
            "id",
            sqlite_where=sql("status = 'queued' AND kind = 'answer'"),
            postgresql_where=sql("status = 'queued' AND kind = 'answer'"),
        ),
        Index(
            "message_claimed",
            "claimed_at",
            sqlite_where=sql("status = 'claimed'"),
            postgresql_where=sql("status = 'claimed'"),
        ),
        # Rows that nobody has put into a lane are not in it: one machine alone pays nothing for it.
        Index(
            "message_lane",
            "channel",
            "bot",
            "not_before",
            "id",
            sqlite_where=sql("status = 'queued' AND channel IS NOT NULL"),
            postgresql_where=sql("status = 'queued' AND channel IS NOT NULL"),
        ),
        # Whether anything is due in a lane: without the id, what waits for one moment is one entry, six times smaller.
        Index(
            "message_lane_due",
            "channel",
            "bot",
            "not_before",
            sqlite_where=sql("id IS NULL"),  # there the index above is as short: it needs no id
            postgresql_where=sql("status = 'queued' AND channel IS NOT NULL"),
        ),
        Index(
            "message_laneless",
            "not_before",
            "id",
            sqlite_where=sql("id IS NULL"),  # no row at all: several machines are never on SQLite
            postgresql_where=sql("status = 'queued' AND channel IS NULL"),
        ),
    )


class Lane(SQLModel, table=True):
    """One bot as all machines see it: who serves it, until when it must rest, and when its last message left."""

    channel: str = Field(primary_key=True)
    bot: str = Field(primary_key=True)
    served_at: dt.datetime | None = instant(nullable=False)  # a running program has this bot
    paused_until: dt.datetime | None = instant()  # the provider wants nothing from the whole bot before
    last_sent_at: dt.datetime | None = instant()
    last_sent_by: str | None = None  # the run that holds it; once it was let go, the process that keeps its pace


class InboundUpdate(SQLModel, table=True):
    """One raw update, stored under its key before anything acts on it."""

    __tablename__ = "inbound"

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    bot: str
    update_key: str
    address: str
    sender: str | None = None  # in a group: who wrote
    text: str
    about: int | None = None  # a pressed button: its occurrence, state, person and message
    about_version: int | None = None
    about_person: int | None = None
    pressed: str | None = None
    attachments: list[dict[str, Any]] | None = json_column()
    unreadable: str | None = None
    raw: str = Field(default="", sa_column=Column(Text, nullable=False))
    received_at: dt.datetime | None = instant(nullable=False)
    person_id: int | None = None
    handled_at: dt.datetime | None = instant()
    said: str | None = None
    undo: dict[str, Any] | None = json_column()  # how to take the action back, while nothing else has changed
    undone_at: dt.datetime | None = instant()
    asked: dict[str, Any] | None = json_column()  # what the answer asked back; the next words may complete it
    __table_args__ = (
        UniqueConstraint("channel", "bot", "update_key", name="inbound_once"),
        Index("inbound_address", "channel", "bot", "address", "id"),
        Index(
            "inbound_unhandled",
            "id",
            sqlite_where=sql("handled_at IS NULL"),
            postgresql_where=sql("handled_at IS NULL"),
        ),
        Index("inbound_person", "person_id", "id"),
    )


class Handle(SQLModel, table=True):
    """The short number under which one person knows one occurrence; stable while the work is open."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    number: int
    occurrence_id: int = Field(foreign_key="occurrence.id")
    given_at: dt.datetime | None = instant(nullable=False)
    released_at: dt.datetime | None = instant()
    __table_args__ = (
        UniqueConstraint("person_id", "occurrence_id", name="handle_once"),
        Index("handle_number", "person_id", "number"),
        Index("handle_in_use", "person_id", "released_at"),
        Index("handle_occurrence", "occurrence_id"),
    )


class JournalEntry(SQLModel, table=True):
    """One line of history (nhật ký): append-only, each line's hash covers the one before."""

    __tablename__ = "journal"

    office_id: str = Field(primary_key=True, foreign_key="office.id")
    seq: int = Field(primary_key=True)
    at: dt.datetime | None = instant(nullable=False)
    actor: str
    action: str
    occurrence_id: int | None = None
    data: str = Field(sa_column=Column(Text, nullable=False))  # canonical JSON: the bytes that were hashed
    previous: str
    hash: str
    __table_args__ = (Index("journal_occurrence", "occurrence_id"),)


class PollOffset(SQLModel, table=True):
    """Up to where a polled bot's updates are stored; confirmed to the provider only from here."""

    __tablename__ = "poll_offset"

    channel: str = Field(primary_key=True)
    bot: str = Field(primary_key=True)
    next_update: int


class Setting(SQLModel, table=True):
    """What the whole installation remembers about itself, beside what it is told by its settings: that it is muted."""

    key: str = Field(primary_key=True)
    value: str
    changed_at: dt.datetime | None = instant(nullable=False)


class Setback(SQLModel, table=True):
    """A row that could not be handled, by a defect: shown to the operator, tried again, gone when it succeeds."""

    kind: str = word(primary_key=True)  # message, occurrence, obligation
    row_id: int = Field(primary_key=True)
    office_id: str | None = Field(default=None, foreign_key="office.id")
    times: int
    first_at: dt.datetime | None = instant(nullable=False)
    last_at: dt.datetime | None = instant(nullable=False)
    try_after: dt.datetime | None = instant(nullable=False)
    why: str  # the kind of error; its words may quote what people wrote


class LoginLink(SQLModel, table=True):
    """A link that signs one person in to the console, once. Only its hash is kept."""

    __tablename__ = "login_link"

    token_hash: str = Field(primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    person_id: int = Field(foreign_key="person.id")
    issued_at: dt.datetime | None = instant(nullable=False)
    expires_at: dt.datetime | None = instant(nullable=False)
    used_at: dt.datetime | None = instant()
    __table_args__ = (Index("login_link_person", "person_id", "expires_at"),)


class WebSession(SQLModel, table=True):
    """One browser that is signed in to the console. Only the hash of its token is kept."""

    __tablename__ = "web_session"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    office_id: str = Field(foreign_key="office.id")
    person_id: int = Field(foreign_key="person.id")
    csrf: str
    begun_at: dt.datetime | None = instant(nullable=False)
    seen_at: dt.datetime | None = instant(nullable=False)
    ended_at: dt.datetime | None = instant()


class PlanDraft(SQLModel, table=True):
    """A plan document as it was read, while a person goes through it; nothing of it is loaded yet."""

    __tablename__ = "plan_draft"

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    name: str  # of the document
    made_at: dt.datetime | None = instant(nullable=False)
    made_by: str
    version: int = 0  # a form that was made of an older one is refused
    busy_since: dt.datetime | None = instant()  # while it is read, or its year is worked out
    progress: int = 0  # per cent
    failed: str | None = None  # why the document could not be read
    found: dict[str, Any] | None = json_column()  # a schedules.intake.findings.PlanFound
    decided: list[str] | None = json_column()  # for each duty: "", "taken" or "left"
    replaces: bool = False  # the document takes the place of the plan that is loaded
    year: dict[str, Any] | None = json_column()  # what it would make of the next twelve months
    loaded_at: dt.datetime | None = instant()
    __table_args__ = (Index("plan_draft_office", "office_id"),)


class AccessKey(SQLModel, table=True):
    """A key to a calendar feed or to the API. Only its hash is kept."""

    __tablename__ = "access_key"

    id: int | None = Field(default=None, primary_key=True)
    office_id: str = Field(foreign_key="office.id")
    person_id: int = Field(foreign_key="person.id")
    unit_id: int | None = Field(default=None, foreign_key="unit.id")  # a feed of this unit's work
    opens: str  # feed, api
    name: str  # for its owner to know it by
    key_hash: str = Field(unique=True)
    read_only: bool = True
    made_at: dt.datetime | None = instant(nullable=False)
    expires_at: dt.datetime | None = instant()
    used_at: dt.datetime | None = instant()
    revoked_at: dt.datetime | None = instant()
    __table_args__ = (Index("access_key_person", "person_id"),)

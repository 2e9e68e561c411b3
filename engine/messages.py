"""What the engine says and hears, as types: no channel, no wording, no storage.

A channel turns a :data:`Message` into words and sends it; whatever comes back is one of four outcomes. What a person
types or presses arrives as an :class:`Inbound`. These are the only words that the engine and the bots share.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

# Work marked Mật is named nowhere on a networked channel (Law on State Secrets 117/2025/QH15, article 5).
HIDDEN_TITLE = "Công việc không nêu tên trong tin (xem sổ theo dõi của cơ quan)"
HIDDEN_WORDS = "không nêu trong tin (xem sổ theo dõi của cơ quan)"  # what people write about it


class Says(StrEnum):
    """What one line of a reminder says about one occurrence."""

    COLLECT = "collect"  # figures close soon
    WRITE = "write"  # figures have closed, write the report
    SOON = "soon"  # the deadline comes nearer
    LAST_CALL = "last_call"  # today is the day
    OVERDUE = "overdue"  # the internal due has passed
    ESCALATION = "escalation"  # somebody above must look at it
    CONFIRM = "confirm"  # to the confirmer: reported done, please confirm or return
    EXTENSION_ASKED = "extension_asked"  # to the standing office: please approve or refuse
    EXTENSION_GRANTED = "extension_granted"  # to the doer
    EXTENSION_REFUSED = "extension_refused"  # to the doer
    RETURNED = "returned"  # to the doer: do it again
    CONFIRMED = "confirmed"  # to the doer
    UNREACHED = "unreached"  # to the standing office: this could not be told to that person
    DIFFICULTY = "difficulty"  # to the standing office: the doer is stuck, and why
    HANDED_OVER = "handed_over"  # to the new doer: this is yours from now on
    STANDS_IN = "stands_in"  # to the stand-in: this falls into somebody's leave
    AGAIN = "again"  # to the doer, who asked to be reminded at this hour
    WITHDRAWN = "withdrawn"  # to whoever was told: it has been taken back
    FILE_LOST = "file_lost"  # to the doer: the photo or file could not be kept, and why


# DESIGN section 6: no channel has an idempotency key, so each class takes a side when an outcome is unknown.
# A question to an approver is with the first group: lost, it would silence the work behind it.
AT_LEAST_ONCE = frozenset(
    {
        Says.LAST_CALL,
        Says.OVERDUE,
        Says.ESCALATION,
        Says.CONFIRM,
        Says.EXTENSION_ASKED,
        Says.RETURNED,
        Says.EXTENSION_REFUSED,
        Says.UNREACHED,
        Says.DIFFICULTY,
        Says.HANDED_OVER,
    }
)


class Item(NamedTuple):
    """One numbered line of a reminder: one occurrence, and what is said about it.

    ``due`` is the deadline with any shift; ``nominal_due`` the day as printed; ``internal_due`` the day to aim at.
    ``days_late`` counts calendar days past the deadline (0 when in time).
    """

    number: int
    occurrence_id: int
    says: Says
    title: str
    unit: str
    nominal_due: dt.date
    due: dt.date
    internal_due: dt.date
    due_time: str | None = None
    cutoff: dt.date | None = None
    data_from: dt.date | None = None
    days_late: int = 0
    before: bool = False  # the document says "trước ngày"
    doer: str | None = None  # named to everyone but the doer
    reason: str | None = None  # what the asker or refuser wrote
    unreached: str | None = None  # whom no message about it could reach, and why
    asked_until: dt.date | None = None
    version: int = 0  # the state the line was written for; a button pressed later is measured against it
    by: str | None = None  # who asked, or had it before
    since: dt.date | None = None  # the first day of a leave
    now: str | None = None  # what has become of it since the message left: "đã xong lúc 8 giờ 15"


@dataclass(frozen=True, slots=True)
class ReminderMessage:
    """What one person should hear in one slot: worst first, numbered, in one message."""

    person: str
    office: str
    today: dt.date
    items: tuple[Item, ...]
    more: int = 0  # further lines left out; `việc` lists them
    standing_in_for: str | None = None
    resent: bool = False  # "(gửi lại)"
    person_id: int | None = None  # whose buttons these are
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class UnitRate:
    """One unit's share in the digest."""

    unit: str
    on_time: int
    late: int
    overdue: int


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One piece of work named in the digest."""

    title: str
    unit: str
    due: dt.date
    days_late: int = 0


@dataclass(frozen=True, slots=True)
class WeekCount:
    """What the digest of an earlier week said, for comparison."""

    week: str  # "2026-W10"
    on_time: int
    late: int
    overdue: int


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """The leadership's weekly digest: five lines, worst first, never more than one screen."""

    person: str
    office: str
    week: str  # "2026-W11", the week that is reported
    monday: dt.date
    sunday: dt.date
    on_time: int
    late: int
    late_accepted: int
    overdue: tuple[DigestLine, ...]
    overdue_total: int
    coming: tuple[DigestLine, ...]
    coming_total: int
    extensions_granted: int
    extensions_waiting: int
    units: tuple[UnitRate, ...] = ()
    passed_over: tuple[str, ...] = ()  # weeks before this one that had no digest of their own: "2026-W07"
    passed_on_time: int = 0
    passed_late: int = 0
    journal_mark: str = ""  # "124:1f2e…": where the office's history ended; whoever keeps the message is its witness
    # Filled in when it leaves (engine.weeks_before): what it is compared with says nothing about what it says.
    office_id: str = field(default="", compare=False)
    before: tuple[WeekCount, ...] = field(default=(), compare=False)  # four weeks, oldest first; some may be missing
    trial: bool = False  # shown to one reader who asked for it, before its time or again

    @property
    def coming_from(self) -> dt.date:
        """The Monday after the reported week."""
        return self.sunday + dt.timedelta(days=1)

    @property
    def coming_to(self) -> dt.date:
        """The Sunday of that week."""
        return self.sunday + dt.timedelta(days=7)


class Said(StrEnum):
    """What an answer to a person's own words says; each has its sentence in ``bots/templates/answer.j2``."""

    DONE = "done"
    DONE_WAITING = "done_waiting"
    ALREADY_DONE = "already_done"
    ALREADY_CONFIRMED = "already_confirmed"
    ALREADY_CANCELLED = "already_cancelled"
    DOING = "doing"
    EXTENSION_SENT = "extension_sent"
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_REFUSED = "extension_refused"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    UNDONE = "undone"
    LEAVE_UNDONE = "leave_undone"
    NOT_UNDONE = "not_undone"
    DROPPED = "dropped"
    NOTHING_TO_UNDO = "nothing_to_undo"
    WORK_LIST = "work_list"
    WEEK = "week"
    HELP = "help"
    WEB_LINK = "web_link"
    WEB_SHUT = "web_shut"  # no console runs here
    WEB_TOO_MANY = "web_too_many"
    GREETING = "greeting"
    ACKNOWLEDGED = "acknowledged"  # "ok", "cảm ơn": it needs no greeting
    STILL_ASKED = "still_asked"  # the same, while a question waits for its answer
    WHICH_ONE = "which_one"
    NOTHING_OPEN = "nothing_open"
    NO_SUCH_NUMBER = "no_such_number"
    NOT_ALLOWED = "not_allowed"
    NOT_UNDERSTOOD = "not_understood"
    NOT_YET = "not_yet"  # "chưa xong 3", "mai xong 3": nothing is recorded, and how to say what is meant
    NEEDS_DATE = "needs_date"
    NEEDS_REASON = "needs_reason"
    DATE_PAST = "date_past"
    DATE_EARLIER = "date_earlier"
    NOT_WAITING = "not_waiting"
    OTHER_DATE = "other_date"
    CANNOT_NOW = "cannot_now"
    STRANGER = "stranger"
    LINKED = "linked"
    UNIT_LINKED = "unit_linked"
    ALREADY_LINKED = "already_linked"
    CODE_WRONG = "code_wrong"
    UNIT_LIST = "unit_list"
    DETAIL = "detail"
    HANDED_OVER = "handed_over"
    NEEDS_PERSON = "needs_person"
    WHICH_PERSON = "which_person"
    NO_SUCH_PERSON = "no_such_person"
    DIFFICULTY_SENT = "difficulty_sent"
    NEEDS_WORDS = "needs_words"
    SNOOZED = "snoozed"
    NEEDS_TIME = "needs_time"
    SNOOZE_TOO_LATE = "snooze_too_late"
    LEAVE_NOTED = "leave_noted"
    NEEDS_LEAVE_DATES = "needs_leave_dates"
    OLD_BUTTON = "old_button"
    NOT_YOUR_BUTTON = "not_your_button"
    WORDLESS = "wordless"
    NEEDS_EVIDENCE = "needs_evidence"
    EVIDENCE_KEPT = "evidence_kept"
    EVIDENCE_WHICH = "evidence_which"
    EVIDENCE_REFUSED = "evidence_refused"
    FAILED = "failed"  # a defect of ours: nothing was done


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One line of a work list: an occurrence as its person would see it."""

    number: int
    occurrence_id: int
    title: str
    unit: str
    due: dt.date
    state: str  # both axes in words: "đang làm, còn 3 ngày"
    days_late: int = 0
    doer: str | None = None  # named where it is not the reader


@dataclass(frozen=True, slots=True)
class WorkDetail:
    """Everything about one occurrence that its person may want to look up."""

    unit: str
    state: str
    nominal_due: dt.date
    due: dt.date
    internal_due: dt.date
    doer: str | None = None
    cutoff: dt.date | None = None
    cooperating: tuple[str, ...] = ()
    product: str | None = None
    source: str | None = None
    evidence: tuple[str, ...] = ()
    asked_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The echo of one inbound message."""

    said: Said
    person: str = ""
    number: int | None = None
    occurrence_id: int | None = None
    title: str = ""
    due: dt.date | None = None
    until: dt.date | None = None
    late: bool = False
    reason: str | None = None
    undo_word: bool = False
    lines: tuple[WorkLine, ...] = ()
    more: int = 0
    week: str | None = None
    at: dt.datetime | None = None
    who: str | None = None
    names: tuple[str, ...] = ()  # people to choose from
    document: str | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    detail: WorkDetail | None = None
    version: int = 0
    person_id: int | None = None  # whose button it is
    verb: str | None = None  # the command word to show in an example: "xong", "gia hạn"
    addressed: bool = False  # said where others read too: the person is named
    link: str | None = None  # into the console
    replaced: bool = False  # the chat was another person's until now


@dataclass(frozen=True, slots=True)
class Edit:
    """A message that was sent before, as it should read now. Only channels that can edit show it."""

    provider_id: str
    message: ReminderMessage


Message = ReminderMessage | DigestMessage | Answer | Edit


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it. ``provider_id`` is its name for the message; ``text`` is what the person sees.

    ``parts`` counts the provider's messages it was cut into: quotas count them. ``moved_to`` is the chat's new
    address, where the provider has told of one (a group that was upgraded).
    """

    provider_id: str
    text: str
    parts: int = 1
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Certainly not delivered, and worth trying again after ``seconds``.

    ``named``: the provider itself named the time (``retry_after``); it is obeyed to the second.
    """

    reason: str
    seconds: float = 30.0
    named: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly not delivered, and never will be on this address (blocked, unknown chat, bad token)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request went out and no answer came back: it may have arrived."""

    reason: str


Outcome = Sent | Retry | Refused | Unknown


class Kind(StrEnum):
    """What a person sent besides words."""

    PHOTO = "photo"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or file that came with a message. ``reference`` is what the channel needs to fetch it; size in bytes."""

    kind: Kind
    reference: str
    name: str | None = None
    mime: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed: whose it was, under which message, about which occurrence in which state."""

    occurrence_id: int
    version: int | None = None  # None: a button of the time before versions
    person_id: int | None = None
    message: str | None = None  # the provider's name for the message it stands under


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a person typed, pressed or sent.

    ``update_key`` is unique for the bot, so that storing it twice is harmless. ``address`` is the chat, ``sender``
    the person in it where the two differ (a group). A pressed button carries the command it stands for in ``text``.
    ``unreadable`` names what came instead of words and cannot be taken ("nhãn dán", "ghi âm", "nội dung").
    """

    channel: str
    bot: str
    update_key: str
    address: str
    text: str
    press: Press | None = None
    sender: str | None = None
    attachments: tuple[Attachment, ...] = ()
    unreadable: str | None = None
    raw: str = field(default="", repr=False)


class Channel(Protocol):
    """A way to reach people. One file or package in ``bots/`` each; the contract is ``tests/bots/test_contract.py``.

    ``bot`` names the account that sends, so that one channel may have several. One that keeps a pace shows it as
    ``turns`` (:class:`bots.pacing.Lanes`), so that only what is about to leave is unknown after a kill, and says in
    ``at_once`` how many messages to claim together (:attr:`bots.pacing.Pace.ahead`). One with few ``connections`` says
    how many.
    """

    name: str
    bot: str

    async def send(self, address: str, message: Message) -> Outcome:
        """Send one message to one address; never raises for anything the provider or the network does.

        Calls for one address leave in the order in which they were made. The channel keeps the provider's pace.
        """
        ...


def office_of(channel: Channel) -> str | None:
    """The one office that a bot serves (its ``office_id``); None: every office."""
    office_id: str | None = getattr(channel, "office_id", None)
    return office_id


def serves(channel: Channel, office_id: str) -> bool:
    """Whether this bot may speak for the office."""
    return office_of(channel) in (None, office_id)


class Listening(Protocol):
    """A channel that is told of what people type. Storing comes before acting, and before confirming."""

    async def poll(self, store: Store, offset: int | None, stop: asyncio.Event) -> None:
        """Ask the provider until ``stop``. ``store`` commits what arrived with the offset to go on from."""
        ...

    def heard(self, body: bytes) -> list[Inbound]:
        """What one webhook request says; an empty list for a probe or for nobody's words.

        :raises ValueError: the body is nothing this provider sends.
        """
        ...


class Fetching(Protocol):
    """A channel from which photos and files can be fetched."""

    async def fetch(self, attachment: Attachment, most: int) -> Fetched:
        """The bytes of an attachment, at most ``most`` of them; never raises for what the provider does."""
        ...


@dataclass(frozen=True, slots=True)
class File:
    """A fetched attachment."""

    content: bytes = field(repr=False)


Store = Callable[[Sequence[Inbound], int | None], Awaitable[None]]
Fetched = File | Retry | Refused

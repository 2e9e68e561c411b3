"""What a reply can mean: the answer of the grammar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What a reply asks for or states."""

    DONE = "done"
    DOING = "doing"
    EXTEND = "extend"
    APPROVE = "approve"
    REFUSE = "refuse"
    CONFIRM = "confirm"
    RETURN = "return"
    HAND_OVER = "hand_over"
    STUCK = "stuck"
    SNOOZE = "snooze"
    WORK = "work"
    UNIT_WORK = "unit_work"
    WEEK = "week"
    DETAILS = "details"
    UNDO = "undo"
    LEAVE = "leave"
    HELP = "help"
    WEB = "web"  # a link to the console
    GREETING = "greeting"
    UNKNOWN = "unknown"


class Doubt(StrEnum):
    """Why a reply is not certain. With a doubt nothing may be changed: the engine asks back."""

    ALL = "all"  # "xong hết": which ones?
    NAMES_A_THING = "names_a_thing"  # "đã nộp báo cáo tháng 3": which number is that?
    COUNT = "count"  # "xong 3 việc": three of them, or number 3?
    RANGE = "range"  # "xong 3-5": a range, two numbers, a day in May?
    SEVERAL = "several"  # more than one thing was said
    ONLY_NUMBER = "only_number"  # "3"
    NOT_DONE = "not_done"
    QUESTION = "question"
    ALMOST = "almost"
    PARTLY = "partly"
    LATER = "later"
    CONDITION = "condition"
    MUST = "must"
    BUT = "but"
    UNSURE = "unsure"  # "hình như", "chắc là"
    JOKE = "joke"
    UNCLEAR = "unclear"
    UNREAD = "unread"  # words the grammar does not know
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Intent:
    """One reply, understood. With a ``doubt`` nothing may be changed: the engine asks back."""

    verb: Verb
    numbers: tuple[int, ...] = ()
    date: dt.date | None = None
    until: dt.date | None = None  # the last day of a leave; `date` is the first
    reason: str | None = None
    document: str | None = None
    document_date: dt.date | None = None
    link: str | None = None
    who: str | None = None
    who_unit: str | None = None  # "cho chị Lan phòng kinh tế": where Lan works
    at: dt.time | None = None  # of a snooze; without a date, the next time that hour comes
    week: str | None = None  # "2026-W11"; None means the usual one
    doubt: str | None = None
    more: int | None = None  # "thêm 3 ngày": days after the present day; instead of a date
    working: bool = False  # they are working days

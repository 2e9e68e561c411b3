"""Deciding: what a reply comes to, against the numbers of the work that is open. Acting is left to the caller.

``understand`` knows the words only; ``decide`` adds what stands open: a number that must exist, a bare "xong" that can
mean one thing only, a request that lacks its date or reason. Whoever has to ask back finds in ``missing`` what for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from engine.rules.replies.meaning import Doubt, Intent, Verb


class Action(StrEnum):
    """What is to be done about a reply."""

    DONE = "done"
    DOING = "doing"
    EXTEND = "extend"
    APPROVE = "approve"
    REFUSE = "refuse"
    CONFIRM = "confirm"
    RETURN = "return"
    HANDOVER = "handover"
    DIFFICULTY = "difficulty"
    SNOOZE = "snooze"
    LIST = "list"
    UNIT_LIST = "unit_list"
    WEEK = "week"
    DETAIL = "detail"
    UNDO = "undo"
    LEAVE = "leave"
    HELP = "help"
    WEB = "web"
    ASK = "ask"  # ask back: `missing` says for what
    NONE = "none"  # not about work, or not readable: answer with help


class Missing(StrEnum):
    """What has to be asked for."""

    WHICH = "which"  # no number was given, and not exactly one piece of work is open
    NO_SUCH_NUMBER = "no_such_number"
    DATE = "date"  # until when, or the days of a leave
    REASON = "reason"  # why, or what the difficulty is
    PERSON = "person"  # handed over to whom
    DOUBT = "doubt"  # the words themselves leave it open: `intent.doubt` says how


@dataclass(frozen=True, slots=True)
class Decision:
    """One reply, decided. ``numbers`` are those acted upon; when asking, those that were read.

    Everything else that was said (dates, reason, document, person) stands in ``intent``, whose verb also says what the
    reply wanted when the answer is a question.
    """

    action: Action
    intent: Intent
    numbers: tuple[int, ...] = ()
    missing: Missing | None = None


_ON_WORK = {
    Verb.DONE: Action.DONE,
    Verb.DOING: Action.DOING,
    Verb.EXTEND: Action.EXTEND,
    Verb.APPROVE: Action.APPROVE,
    Verb.REFUSE: Action.REFUSE,
    Verb.CONFIRM: Action.CONFIRM,
    Verb.RETURN: Action.RETURN,
    Verb.HAND_OVER: Action.HANDOVER,
    Verb.STUCK: Action.DIFFICULTY,
    Verb.SNOOZE: Action.SNOOZE,
    Verb.DETAILS: Action.DETAIL,
}
_ON_NO_NUMBER = {
    Verb.WORK: Action.LIST,
    Verb.UNIT_WORK: Action.UNIT_LIST,
    Verb.WEEK: Action.WEEK,
    Verb.UNDO: Action.UNDO,  # takes back the last answer; a number beside it may be closed by now
    Verb.LEAVE: Action.LEAVE,
    Verb.HELP: Action.HELP,
    Verb.WEB: Action.WEB,
    Verb.GREETING: Action.NONE,
    Verb.UNKNOWN: Action.NONE,
}


def decide(intent: Intent, open_numbers: Collection[int]) -> Decision:
    """What to do about a reply when the work with these numbers is open (or waits, for those who confirm)."""
    if intent.doubt == Doubt.JOKE and not intent.numbers:
        return Decision(Action.NONE, intent)
    all_of_one = intent.doubt == Doubt.ALL and intent.verb is Verb.DONE and len(open_numbers) == 1  # "xong hết rồi"
    if intent.doubt is not None and not all_of_one:
        return Decision(Action.ASK, intent, intent.numbers, Missing.DOUBT)
    if intent.verb in _ON_NO_NUMBER:
        missing = Missing.DATE if intent.verb is Verb.LEAVE and not (intent.date and intent.until) else None
        return Decision(Action.ASK if missing else _ON_NO_NUMBER[intent.verb], intent, intent.numbers, missing)
    numbers = intent.numbers or (tuple(open_numbers) if len(open_numbers) == 1 else ())
    missing = _missing_number(numbers, open_numbers) or _missing_words(intent)
    return Decision(Action.ASK if missing else _ON_WORK[intent.verb], intent, numbers, missing)


def _missing_number(numbers: tuple[int, ...], open_numbers: Collection[int]) -> Missing | None:
    if not numbers:
        return Missing.WHICH
    return None if all(number in open_numbers for number in numbers) else Missing.NO_SUCH_NUMBER


def _missing_words(intent: Intent) -> Missing | None:
    """What this verb can not do without."""
    verb = intent.verb
    if verb is Verb.EXTEND and intent.date is None and intent.more is None:
        return Missing.DATE
    if verb is Verb.SNOOZE and intent.date is None and intent.at is None:
        return Missing.DATE
    if verb is Verb.HAND_OVER and not intent.who:
        return Missing.PERSON
    if verb in (Verb.EXTEND, Verb.REFUSE, Verb.RETURN, Verb.STUCK) and not intent.reason:
        return Missing.REASON
    return None


def action_of(verb: Verb) -> Action | None:
    """What this verb does to a piece of work; None for a verb that needs none."""
    return _ON_WORK.get(verb)

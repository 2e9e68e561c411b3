"""Asking back, and taking the next words as the answer.

What was asked is kept with the reply that caused it. The next reply of the same person may complete it: "xong" →
"việc nào?" → "3". It does so only with words that can mean nothing else; whatever is a command by itself is that
command, and words that cast doubt on the work (chưa, sắp, …) complete nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from engine.conversation.evidence import attachments_to
from engine.conversation.talk import Talk
from engine.rules.chat_words import Lean, fold, read_date
from engine.rules.replies import Decision, Doubt, Intent, Verb, understand

ANSWER_WITHIN = dt.timedelta(minutes=30)
_INTENT = TypeAdapter(Intent)


class Wanted(StrEnum):
    """What the next words are asked to say."""

    WHICH = "which"
    DATE = "date"
    REASON = "reason"
    PERSON = "person"
    EVIDENCE = "evidence"
    WHICH_FOR_FILE = "which_for_file"  # a photo or file came without a number


# Doubts about which work was meant; any other doubt is about whether it is done at all, and no number settles that.
ABOUT_WHICH = frozenset({None, Doubt.ALL, Doubt.NAMES_A_THING, Doubt.COUNT, Doubt.RANGE, Doubt.ONLY_NUMBER})


def ask_for(talk: Talk, said: Decision, numbers: tuple[int, ...], wanted: Wanted, **more: Any) -> None:
    """Keep what this answer asks for."""
    if talk.asked is not None or (wanted is Wanted.WHICH and said.intent.doubt not in ABOUT_WHICH):
        return  # one question at a time: with several works, the first one's
    talk.asked = {
        "intent": _INTENT.dump_python(said.intent, mode="json"),
        "numbers": list(numbers),
        "wanted": str(wanted),
        "at": talk.said_at.isoformat(),
        "attachments": attachments_to(talk.attachments),
        "inbound": talk.inbound_id,
        **more,
    }


def cancels(text: str, said: Intent) -> bool:
    """Whether these words call off what was asked: "thôi", "khoan đã", "không cần nữa", "hoàn tác"."""
    if said.verb is Verb.UNDO:
        return True
    words = re.findall(r"\w+", fold(text))
    return bool(words) and _free(said) and (words[0] in _OFF or any(part in " ".join(words) for part in _OFF_ANYWHERE))


def hails(text: str) -> bool:
    """Whether these courteous words open a talk ("chào bot") and do not answer one ("ok", "cảm ơn")."""
    return bool(_HAILING & set(re.findall(r"\w+", fold(text))))


_HAILING = frozenset(["chao", "hello", "hi", "alo"])
_OFF = frozenset(["thoi", "khoan", "khoi", "dung", "huy", "bo"])
_OFF_ANYWHERE = ("khong can", "ko can", "khong nua", "thoi khoi", "thoi khong", "bo qua", "de sau")
_LEADS = ("vì ", "do ", "vi ", "lý do ", "ly do ", "lí do ", "tại ", "tai ", "bởi ", "boi ")
# Nothing but these is no reason: "không", "chưa", "là sao", "lý do gì", "xong rồi khỏi".
_NO_REASON = frozenset(
    """
    khong ko k kg hong hok chua co gi ha sao la biet cho ti chut xiu xi khoi can nua thoi xong roi r dau ai
    the nao vay lam ly do a ah e em anh chi nhe vi tai duoc dc phai het do
    """.split()  # noqa: SIM905
)
_SMALL_TALK = frozenset("vang da ok oke okie okay u uh um cam hi hello alo chao de sao gi ua".split())  # noqa: SIM905


def completed(asked: dict[str, Any] | None, text: str, said: Intent, today: dt.date) -> Intent | None:
    """What was asked about, completed by these words; None when they are something else."""
    if not asked or asked["wanted"] == Wanted.WHICH_FOR_FILE:
        return None
    intent, numbers = _INTENT.validate_python(asked["intent"]), tuple(asked["numbers"])
    complete: dict[str, Callable[[], Intent | None]] = {
        Wanted.WHICH: lambda: _chosen(intent, numbers, said),
        Wanted.DATE: lambda: _dated(intent, numbers, text, said, today),
        Wanted.REASON: lambda: _reasoned(intent, numbers, text, said),
        Wanted.PERSON: lambda: _named(intent, numbers, text, said, asked.get("names") or []),
        Wanted.EVIDENCE: lambda: _shown(numbers, text, said, today),
    }
    return complete[asked["wanted"]]()


def only_numbers(said: Intent) -> tuple[int, ...]:
    """The numbers of a reply that is nothing but numbers."""
    return said.numbers if said.doubt == Doubt.ONLY_NUMBER else ()


def _chosen(intent: Intent, offered: tuple[int, ...], said: Intent) -> Intent | None:
    chosen = only_numbers(said)
    if chosen and all(number in offered for number in chosen):
        return replace(intent, numbers=chosen, doubt=None)
    return None


def _free(said: Intent) -> bool:
    """Whether the words are no command of their own; "chờ xong số liệu" is a reason, whatever it sounds like."""
    return said.verb in (Verb.UNKNOWN, Verb.GREETING) or (said.verb is Verb.DONE and said.doubt is not None)


def _dated(intent: Intent, numbers: tuple[int, ...], text: str, said: Intent, today: dt.date) -> Intent | None:
    if not _free(said):
        return None
    number = numbers[0] if numbers else ""
    leads = {Verb.SNOOZE: f"nhắc {number} ", Verb.LEAVE: "nghỉ "}
    spoken = text.strip().removeprefix("đến ").removeprefix("den ")
    for lead in _lengths(number, spoken) if intent.verb is Verb.EXTEND else ():  # "thêm 2 ngày", "3 ngày"
        longer = understand(lead, today)
        if longer.verb is Verb.EXTEND and longer.more and not longer.doubt:
            return replace(longer, numbers=numbers, reason=longer.reason or intent.reason)
    found = understand(leads.get(intent.verb, f"gia hạn {number} đến ") + spoken, today)
    if found.verb is not intent.verb or found.doubt:
        return None
    if intent.verb is Verb.EXTEND and found.date is None:
        gone_by = read_date(spoken, today, Lean.BEHIND)
        found = replace(found, date=gone_by if gone_by and gone_by < today else None)
    if not (found.date or found.at):
        return None
    return replace(found, numbers=numbers, reason=found.reason or intent.reason)


def _lengths(number: int | str, spoken: str) -> tuple[str, ...]:
    return tuple(f"gia hạn {number} {lead}{spoken}" for lead in ("", "thêm "))


def _reasoned(intent: Intent, numbers: tuple[int, ...], text: str, said: Intent) -> Intent | None:
    words = text.strip()
    lead = next((lead for lead in _LEADS if words.lower().startswith(lead)), None)
    if lead is not None:
        words = words[len(lead) :].lstrip(": ")
    letters = sum(character.isalpha() for character in words)
    if not _free(said) or letters < 2 or only_numbers(said):
        return None
    said_words = re.findall(r"\w+", fold(words))
    first = said_words[0]
    if set(said_words) <= _NO_REASON:
        return None
    if lead is None and (words.endswith("?") or said.verb is Verb.GREETING or first in _SMALL_TALK):
        return None
    return replace(intent, numbers=numbers, reason=words, doubt=None)


def _named(intent: Intent, numbers: tuple[int, ...], text: str, said: Intent, names: list[str]) -> Intent | None:
    chosen = only_numbers(said)
    if chosen:
        if not 1 <= chosen[0] <= len(names):
            return None
        return replace(intent, numbers=numbers, who=names[chosen[0] - 1], who_unit=None, doubt=None)
    if not _free(said) or not text.strip():
        return None
    return replace(intent, numbers=numbers, who=text.strip().removeprefix("cho ").strip(), who_unit=None, doubt=None)


def _shown(numbers: tuple[int, ...], text: str, said: Intent, today: dt.date) -> Intent | None:
    if not _free(said):
        return None
    listed = ",".join(map(str, numbers))
    spoken = text.strip()
    for lead in (f"đã nộp {listed} ", f"đã nộp {listed} số "):
        found = understand(lead + spoken, today)
        if found.verb is Verb.DONE and not found.doubt and found.numbers == numbers and (found.document or found.link):
            return found
    return None

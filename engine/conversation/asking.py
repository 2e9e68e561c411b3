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
from engine.conversation.work import MOST_LINES
from engine.rules.chat_words import Lean, can_be, fold, read_date
from engine.rules.replies import Decision, Doubt, Intent, Verb, understand
from engine.rules.replies.pieces import without_tail

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
    entirely = "thoi" in words and set(words) <= _OFF_ENTIRELY
    anywhere = entirely or any(part in " ".join(words) for part in _OFF_ANYWHERE)
    first = re.findall(r"\w+", text)[:1]  # "đúng" is no "đừng", "bộ" no "bỏ"
    off = any(can_be(word, spelled) for word in first for spelled in _OFF)
    return bool(words) and _free(said) and (off or anywhere)


def hails(text: str) -> bool:
    """Whether these courteous words open a talk ("chào bot") and do not answer one ("ok", "cảm ơn")."""
    return bool(_HAILING & set(re.findall(r"\w+", fold(text))))


_HAILING = frozenset(["chao", "hello", "hi", "alo"])
_OFF = ("thôi", "khoan", "khỏi", "đừng", "dừng", "huỷ", "bỏ")
_OFF_ENTIRELY = frozenset(["thoi", "a", "ma", "ah", "u", "ua", "em", "e", "oi", "nhe", "da"])  # "à mà thôi"
_OFF_ANYWHERE = ("khong can", "ko can", "khong nua", "thoi khoi", "thoi khong", "bo qua", "de sau")
_LEADS = ("vì ", "do ", "vi ", "lý do ", "ly do ", "lí do ", "tại ", "tai ", "bởi ", "boi ")
# Nothing but these is no reason: "không", "chưa", "là sao", "lý do gì", "xong rồi khỏi".
_NO_REASON = frozenset(
    """
    khong ko k kg hong hok chua co gi ha sao la biet cho ti chut xiu xi khoi can nua thoi xong roi r dau ai
    the nao vay lam ly do a ah e em anh chi nhe vi tai duoc dc phai het do thi doi
    """.split()  # noqa: SIM905
)
# Nor do these tell why: "mai tính", "đợi anh tí", "em gửi sau nhé", "nói rồi mà".
_PUTS_OFF = _NO_REASON | frozenset(
    """
    mai tinh doi de xem da noi ma gui nop sau nha chieu toi sang nay lat tra loi bao nua ngay sep bac roi oi day
    """.split()  # noqa: SIM905
)
_OPENS = re.compile(r"^(?:dạ|da|vâng|vang|em|e|thưa anh|thưa chị|thưa sếp)[\s,]+", re.IGNORECASE)
_SMALL_TALK = frozenset("vang da ok oke okie okay u uh um cam hi hello alo chao de sao gi ua".split())  # noqa: SIM905


def completed(asked: dict[str, Any] | None, text: str, said: Intent, today: dt.date) -> Intent | None:
    """What was asked about, completed by these words; None when they are something else."""
    if not asked or asked["wanted"] == Wanted.WHICH_FOR_FILE:
        return None
    intent, numbers = _INTENT.validate_python(asked["intent"]), tuple(asked["numbers"])
    complete: dict[str, Callable[[], Intent | None]] = {
        Wanted.WHICH: lambda: _chosen(intent, numbers, text, said),
        Wanted.DATE: lambda: _dated(intent, numbers, text, said, today),
        Wanted.REASON: lambda: _reasoned(intent, numbers, text, said),
        Wanted.PERSON: lambda: _named(intent, numbers, text, said, asked.get("names") or []),
        Wanted.EVIDENCE: lambda: _shown(numbers, text, said, today),
    }
    return complete[asked["wanted"]]()


def only_numbers(said: Intent) -> tuple[int, ...]:
    """The numbers of a reply that is nothing but numbers."""
    return said.numbers if said.doubt == Doubt.ONLY_NUMBER else ()


def _chosen(intent: Intent, offered: tuple[int, ...], text: str, said: Intent) -> Intent | None:
    chosen = only_numbers(said) or _picked(offered, text, said)
    if chosen and all(number in offered for number in chosen):
        return replace(intent, numbers=chosen, doubt=None)
    return None


_AROUND = frozenset("da a em e y la viec cai so nhe nha bot thoi oi vang ok roi anh chi luon".split())  # noqa: SIM905
_NO_CHOICE = re.compile(r"[0-9]\s*[-/.:%][0-9%]?|\?")  # "1/2", "1-3", "50%"
_COUNTED = re.compile(r"[0-9]\s*(?:viec|cai)")  # "2 việc": number 2, or two of them?
_BOTH = {"ca 2": 2, "ca hai": 2, "ca 3": 3, "ca ba": 3}
_EVERY = frozenset(["tat ca", "het", "tat ca deu", "toan bo", "tat"])


def _picked(offered: tuple[int, ...], text: str, said: Intent) -> tuple[int, ...]:
    """The answer to "which?": ``1 thôi ạ``, ``ý em là việc 1``; ``cả 2`` of two, ``tất cả`` of what was listed."""
    folded = fold(text)
    words = [word for word in re.findall(r"\w+", folded) if word not in _AROUND]
    if not _free(said) or said.doubt == Doubt.QUESTION or not words or _NO_CHOICE.search(folded):
        return ()
    if all(word.isdecimal() for word in words):
        return () if _COUNTED.search(folded) else tuple(int(word) for word in words)
    meant = " ".join(words)
    every = meant in _EVERY and 1 < len(offered) < MOST_LINES
    return offered if every or _BOTH.get(meant) == len(offered) else ()


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


_TELLING = re.compile(r"tỉnh|\bsở\b|\bbão\b")  # folded, these look like "tính", "số", "báo"


def _opened(text: str) -> str:
    """``dạ vì chờ sở`` → ``vì chờ sở``; words that give no "vì" stay as they are."""
    rest = text
    while (opening := _OPENS.match(rest)) is not None:
        rest = rest[opening.end() :]
    return rest if rest.lower().startswith(_LEADS) else text


def _reasoned(intent: Intent, numbers: tuple[int, ...], text: str, said: Intent) -> Intent | None:
    words = _opened(text.strip())
    lead = next((lead for lead in _LEADS if words.lower().startswith(lead)), None)
    if lead is not None:
        words = words[len(lead) :].lstrip(": ")
    letters = sum(character.isalpha() for character in words)
    if not _free(said) or letters < 2 or only_numbers(said):
        return None
    said_words = re.findall(r"\w+", fold(words))
    first = said_words[0]
    waits = bool(lead) or first in ("cho", "doi")  # "đợi anh tí" tells nothing, "chờ trả lời" does
    if set(said_words) <= (_NO_REASON if waits else _PUTS_OFF) and not _TELLING.search(words.lower()):
        return None
    if lead is None and (words.endswith("?") or said.verb is Verb.GREETING or first in _SMALL_TALK):
        return None
    return replace(intent, numbers=numbers, reason=without_tail(words) or words, doubt=None)


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

"""The same duty told twice, in the table and in the text or in two sections, made one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from schedules.intake.draft import reading_of
from schedules.intake.findings import Duty
from schedules.intake.wording import content_words, fold

ALIKE = 0.6
ALIKE_NEARBY = 0.85  # two items of one section are two duties unless they say the same
INSIDE = 0.85
SEARCHED = 60  # of the duties that share a word, the latest so many are compared: work stays linear
_OPEN = ("unknown", "on_demand", "continuous")
_ABBREVIATED = (
    ("cchc", "cải cách hành chính"),
    ("tthc", "thủ tục hành chính"),
    ("vbqppl", "văn bản quy phạm pháp luật"),
    ("ubnd", "ủy ban nhân dân"),
)


def merged(duties: Iterable[Duty]) -> list[Duty]:
    """The duties in order, each told once: a row of a table wins, then a date, then a duty over a wish."""
    kept: list[Duty] = []
    words: list[frozenset[str]] = []
    near: dict[str, list[int]] = defaultdict(list)
    for duty in duties:
        own = words_of(duty)
        keys = {word for word in own if len(word) > 3} or set(own)
        close = {index for key in keys for index in near[key][-SEARCHED:]}
        twin = next((index for index in sorted(close) if _same(kept[index], words[index], duty, own)), None)
        if twin is not None:
            kept[twin] = _one(kept[twin], duty)
            continue
        for key in keys:
            near[key].append(len(kept))
        kept.append(duty)
        words.append(own)
    return kept


def words_of(duty: Duty) -> frozenset[str]:
    """The words of a title, abbreviations spelled out."""
    text = fold(duty.title)
    for short, long in _ABBREVIATED:
        text = re.sub(rf"\b{short}\b", long, text)
    return content_words(text)


def _same(one: Duty, own: frozenset[str], other: Duty, its: frozenset[str]) -> bool:
    if one.source_line == other.source_line or one.lead_each != other.lead_each:
        return False
    inferred = "lead_inferred" in (*one.flags, *other.flags)
    if one.lead != other.lead and not inferred:
        return False
    if _in_table(one) and _in_table(other):
        return False
    common = len(own & its)
    if common < 3:
        return False
    alike = common / len(own | its)
    if one.where.split(".")[0] == other.where.split(".")[0]:
        return alike >= ALIKE_NEARBY and _compatible(one, other)
    inside = common / min(len(own), len(its))
    return (alike >= ALIKE or (inside >= INSIDE and min(len(own), len(its)) >= 5 and alike >= 0.4)) and _compatible(
        one, other
    )


def _compatible(one: Duty, other: Duty) -> bool:
    """Not a monthly and a quarterly report: those are two."""
    kinds = (str(reading_of(one).kind), str(reading_of(other).kind))
    if kinds[0] == kinds[1]:
        return reading_of(one).first_due == reading_of(other).first_due
    return bool(set(kinds) & set(_OPEN)) or "weak" in (one.strength, other.strength)


def _one(first: Duty, second: Duty) -> Duty:
    best = max(first, second, key=_worth)
    where = " / ".join(dict.fromkeys((first.where, second.where)))
    strength = "duty" if "duty" in (first.strength, second.strength) else "weak"
    named = next((d for d in (first, second) if d.lead and "lead_inferred" not in d.flags), None)
    if named and "lead_inferred" in best.flags:
        flags = tuple(flag for flag in best.flags if flag != "lead_inferred")
        review = tuple(text for text in best.needs_review if "suy ra" not in text)
        best = replace(best, lead=named.lead, flags=flags, needs_review=review)
    cooperating = tuple(
        n for n in dict.fromkeys((*best.cooperating, *first.cooperating, *second.cooperating)) if n != best.lead
    )
    return replace(best, where=where, strength="duty" if strength == "duty" else "weak", cooperating=cooperating)


def _in_table(duty: Duty) -> bool:
    return " | " in duty.source_text


def _worth(duty: Duty) -> tuple[bool, bool, bool, float]:
    return _in_table(duty), reading_of(duty).first_due is not None, duty.strength == "duty", duty.confidence

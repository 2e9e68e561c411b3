"""Deadlines that stand in a sentence and that no duty has taken up: a person is told of each, none is lost silently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from schedules.intake.findings import Duty
from schedules.intake.outline import Item
from schedules.intake.verbs import asks_for_something
from schedules.intake.wording import sentences

# "trước ngày 15/02/2026": words that no cited document has before its date
_DEADLINE = re.compile(
    r"\b(?:trước|chậm nhất(?: là)?|muộn nhất(?: là)?|đến hết|hoàn thành|xong)\s+(?:trước\s+)?(?:ngày\s+)?"
    r"(?P<date>\d{1,2}\s?/\s?\d{1,2}(?:\s?/\s?(?P<one>\d{4}))?"
    r"|\d{1,2}\s+tháng\s+\d{1,2}(?:\s+năm\s+(?P<other>\d{4}))?)\b",
    re.IGNORECASE,
)
MOST_TOLD = 6


def passed_over(items: Iterable[Item], duties: Iterable[Duty], first_year: int) -> Iterator[str]:
    """One sentence with every such deadline: "“trước ngày 15/02/2026” (II.1, dòng 8)"; older years are none."""
    read: dict[int, str] = {}
    for duty in duties:
        read[duty.source_line] = " ".join((read.get(duty.source_line, ""), duty.deadline_text, *duty.needs_review))
    told = [
        f"“{match.group()}” ({f'{item.where}, ' if item.where else ''}dòng {item.line})"
        for item in items
        if item.role != "goal"
        for sentence in sentences(item.text)
        if asks_for_something(sentence)
        for match in _DEADLINE.finditer(sentence)
        if int(match.group("one") or match.group("other") or first_year) >= first_year
        and match.group("date") not in read.get(item.line, "")
    ]
    if told:
        yield f"Thời hạn chưa thành nhiệm vụ nào: {_some(told)}. Hãy kiểm tra các câu này."


def _some(told: Sequence[str]) -> str:
    more = len(told) - MOST_TOLD
    return "; ".join(told[:MOST_TOLD]) + (f" và {more} nơi khác" if more > 0 else "")

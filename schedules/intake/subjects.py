"""Who is in charge of a subject, where the sentence itself does not say.

"Tổ chức thực hiện" gives every unit its fields ("Phòng Kinh tế: chủ trì các nhiệm vụ về cải cách tài chính công").
A duty under "5. Cải cách tài chính công" is then most likely that unit's; a person has to confirm it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from schedules.intake.outline import Item, role_of
from schedules.intake.wording import bigrams, fold, runs

# One thing under two names, or short and in full.
_SAME_THING = (("chính phủ", "chính quyền"), ("tthc", "thủ tục hành chính"), ("cchc", "cải cách hành chính"))
_MONEY = ("tài chính", "ngân sách", "dự toán", "kinh phí", "quyết toán")
_ONLY_HELPS = re.compile(r"^(?:[^;:.]{0,160}:\s*)?(?:có trách nhiệm\s+)?phối hợp\b")  # helping is not being in charge
# Whom a report goes to says nothing about its subject.
_OFFICES = re.compile(
    r"(?:(?:phó )?chủ tịch )?(?:ubnd|ủy ban nhân dân)(?: (?:xã|phường|thị trấn|đặc khu|tỉnh|thành phố))?"
)
LONGEST_RUN = 8
LONG_ENOUGH = 3  # "chỉ đạo, điều hành" is four syllables; two may be anything
ENOUGH_BY_WORDS = 1.0
ENOUGH_OUTSIDE_TASKS = 4.0


class Subjects:
    """The fields of every unit: runs of syllables for headings, pairs of them for sentences."""

    def __init__(self, assigned: Iterable[tuple[str, str]], standing: str | None) -> None:
        self._standing = standing
        self._runs: dict[str, set[str]] = {}
        self._pairs: dict[str, Counter[str]] = {}
        for unit, text in assigned:
            if _ONLY_HELPS.match(fold(text)):
                continue
            plain = _plain(text)
            self._runs.setdefault(unit, set()).update(runs(plain, LONG_ENOUGH, LONGEST_RUN))
            self._pairs.setdefault(unit, Counter()).update(bigrams(plain))
        self._owners = Counter(pair for pairs in self._pairs.values() for pair in pairs)

    @property
    def standing(self) -> str | None:
        """The unit that gathers the reports."""
        return self._standing

    def lead_for(self, item: Item, clause: str) -> str | None:
        """The unit most likely in charge of a duty: by the heading, by its words, else the standing office."""
        roles = {role_of(heading.text) for heading in item.headings[:1]}
        if item.role == "money":
            return self._richest() or self._standing
        tasks = "solution" not in roles
        for heading in item.headings if tasks else ():
            if heading.label and len(heading.text) < 110 and role_of(heading.text) == "other":
                unit = self._by_heading(heading.text)
                if unit:
                    return unit
        unit, score = self._by_words(clause)
        enough = ENOUGH_BY_WORDS if tasks and item.role != "goal" else ENOUGH_OUTSIDE_TASKS
        return unit if unit and score >= enough else self._standing

    def _by_heading(self, text: str) -> str | None:
        """The unit whose fields repeat most of a heading in one run; the standing office where two do."""
        found = runs(_plain(text), LONG_ENOUGH, LONGEST_RUN)
        scores = {unit: max((run.count(" ") + 1 for run in found & own), default=0) for unit, own in self._runs.items()}
        best = max(scores.values(), default=0)
        units = [unit for unit, score in scores.items() if score == best]
        if not best:
            return None
        return self._standing if self._standing in units else units[0]

    def _by_words(self, text: str) -> tuple[str | None, float]:
        found = bigrams(_plain(text))
        scores = {
            unit: sum(self._weight(pair) for pair in found if pair in pairs) for unit, pairs in self._pairs.items()
        }
        if not scores:
            return None, 0.0
        best = max(scores, key=lambda unit: (scores[unit], unit == self._standing))
        return best, scores[best]

    def _weight(self, pair: str) -> float:
        owners = self._owners[pair]
        return 1.0 if owners == 1 else 0.4 if owners == 2 else 0.0

    def _richest(self) -> str | None:
        scores = {unit: sum(pairs[pair] for pair in _MONEY) for unit, pairs in self._pairs.items()}
        best = max(scores, key=lambda unit: scores[unit], default=None)
        return best if best and scores[best] >= 2 else None


def _plain(text: str) -> str:
    folded = _OFFICES.sub(" ", fold(text))
    for one, other in _SAME_THING:
        folded = re.sub(rf"\b{one}\b", other, folded)
    return folded

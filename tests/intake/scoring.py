"""How well a plan was understood: what was found against what a person found, item by item.

* An expected duty is found when one found duty has the right lead, a right kind, the right first date where one is
  given, and a title that shares enough words with it.
* A found ``duty`` is right when it is an expected duty or a row of the expected table. One that a person called weak
  counts as wrong, unless a table of the tests argues for it.
* A target is found with its value, its comparison and its line or place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from schedules.intake.draft import reading_of
from schedules.intake.findings import Duty, PlanFound, Target
from schedules.intake.merge import words_of
from schedules.intake.units import key_of
from schedules.intake.wording import content_words, fold

_SHORT = (
    ("cchc", "cải cách hành chính"), ("tthc", "thủ tục hành chính"), ("qppl", "quy phạm pháp luật"),
    ("ubnd", "ủy ban nhân dân"), ("hđnd", "hội đồng nhân dân"), ("csdlqg", "cơ sở dữ liệu quốc gia"),
    ("vh-xh", "văn hóa - xã hội"), ("vbqppl", "văn bản quy phạm pháp luật"),
)  # fmt: skip
#: Readings that stand for one another: a period without a name, and an event without a date.
OPEN = {"unknown", "on_demand"}
Expected = Mapping[str, Any]


@dataclass(slots=True)
class Score:
    """The figures of one plan, and the items behind them."""

    name: str
    expected: int = 0
    found: int = 0
    called: int = 0
    right: int = 0
    targets: int = 0
    targets_found: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    missed_targets: list[str] = field(default_factory=list)
    extra_targets: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Share of the expected duties that were found."""
        return self.found / self.expected if self.expected else 1.0

    @property
    def precision(self) -> float:
        """Share of what is called a duty that is one."""
        return self.right / self.called if self.called else 1.0

    def __str__(self) -> str:
        lines = [
            f"{self.name}: recall {self.found}/{self.expected} = {self.recall:.0%}, precision"
            f" {self.right}/{self.called} = {self.precision:.0%}, targets {self.targets_found}/{self.targets}"
            f" (+{len(self.extra_targets)})"
        ]
        lines += [f"   missed: {text}" for text in self.missed]
        lines += [f"   wrong:  {text}" for text in self.wrong]
        lines += [f"   target missed: {text}" for text in self.missed_targets]
        lines += [f"   target extra:  {text}" for text in self.extra_targets]
        return "\n".join(lines)


def read_expectation(path: Path) -> Expected:
    """One expectation file."""
    loaded: Expected = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return loaded


def score(plan: PlanFound, expected: Expected, defended: Collection[tuple[str, str]] = ()) -> Score:
    """The figures of one plan.

    :param defended: (where, words of the title) of found duties that are argued for in the tests.
    """
    result = Score(str(expected["file"]))
    wanted = [*_table_duties(expected), *expected["duties"]]
    duties = [duty for duty in plan.duties if duty.strength == "duty"]
    used: set[int] = set()
    for item in (one for one in wanted if one["strength"] == "duty"):
        result.expected += 1
        match = _best(item, duties, used)
        if match is None:
            result.missed.append(f"{item['where']} {item['what']} [{item['lead']}] {item['kind']}")
        else:
            result.found += 1
            used.add(match)
    result.called = len(duties)
    for index, duty in enumerate(duties):
        argued = any(where in duty.where and fold(words) in fold(duty.title) for where, words in defended)
        if index in used or argued:
            result.right += 1
        else:
            kind = reading_of(duty).kind
            result.wrong.append(f"{duty.where} {duty.title} [{duty.lead}] {kind} <{duty.deadline_text}>")
    _score_targets(result, plan.targets, expected.get("targets", ()))
    return result


def _table_duties(expected: Expected) -> list[Expected]:
    """The rows of the expected table as duties."""
    table = expected.get("table") or {}
    return [
        {
            "where": f"Danh mục {row['tt']}", "what": row["task"], "lead": row["lead"], "kind": row["kind"],
            "first_due": row.get("first_due"), "strength": "duty",
        }
        for row in table.get("rows") or ()
    ]  # fmt: skip


def _best(item: Expected, duties: Sequence[Duty], used: set[int]) -> int | None:
    likely = [
        (_likeness(item, duty), -index)
        for index, duty in enumerate(duties)
        if index not in used and same_lead(item["lead"], duty) and same_reading(item, duty)
    ]
    best = max(likely, default=(0.0, 0))
    return -best[1] if best[0] >= 0.3 else None


def _likeness(item: Expected, duty: Duty) -> float:
    """How much of what a person wrote stands in the title; the product and the sentence count a little."""
    wanted = _words(str(item["what"]))
    title = words_of(duty) | _words(duty.title)
    printed = _words(f"{duty.title} {duty.product or ''} {duty.source_text}")
    place = 0.1 if {part.strip() for part in str(item["where"]).split("/")} & set(duty.where.split(" / ")) else 0.0
    return 0.7 * len(wanted & title) / len(wanted) + 0.2 * len(wanted & printed) / len(wanted) + place


def _words(text: str) -> frozenset[str]:
    folded = fold(text)
    for short, long in _SHORT:
        folded = re.sub(rf"\b{short}\b", long, folded)
    return content_words(folded)


def same_lead(expected: str, duty: Duty) -> bool:
    """The same unit under any spelling; "các cơ quan" are the words for every unit."""
    if re.match(r"(?:thủ trưởng|lãnh đạo)?\s*các (?:cơ quan|đơn vị|phòng|trường)|thủ trưởng", fold(expected)):
        return duty.lead_each
    return duty.lead is not None and not duty.lead_each and key_of(expected) == key_of(duty.lead)


def same_reading(item: Expected, duty: Duty) -> bool:
    """A right kind, and the right date where one is expected."""
    reading = reading_of(duty)
    kinds = set(item.get("kinds") or [item["kind"]])
    if kinds & OPEN and str(item.get("phrase", "")).startswith("định kỳ,"):
        kinds |= OPEN  # "định kỳ, đột xuất" without a period: either word is defensible (shared/data)
    if str(reading.kind) not in kinds:
        return False
    wanted = item.get("first_due")
    return wanted is None or (reading.first_due is not None and reading.first_due.isoformat() == str(wanted))


def _score_targets(result: Score, found: Sequence[Target], expected: Sequence[Expected]) -> None:
    left = list(found)
    for item in expected:
        match = next((target for target in left if _same_target(item, target)), None)
        if match:
            left.remove(match)
        if item.get("optional"):
            continue
        result.targets += 1
        if match:
            result.targets_found += 1
        else:
            result.missed_targets.append(f"{item['where']} {item['text']} {item['op']} {item['value']}")
    result.extra_targets = [f"{t.where} {t.op} {t.value:g} {t.unit} {t.text}" for t in left]


def _same_target(item: Expected, target: Target) -> bool:
    """``-`` of the expectation is a cut by so much: the number itself is the target."""
    op = "=" if item["op"] == "-" else item["op"]
    by = item.get("by")
    if op != target.op or float(item["value"]) != target.value or item["unit"] not in target.unit:
        return False
    if by is not None and target.by not in (by, None):
        return False
    if item.get("line") is not None:
        return int(item["line"]) == target.source_line
    return str(item["where"]).replace("table", "Danh mục").split(" ")[0] == target.where.split(",")[0].split(" ")[0]

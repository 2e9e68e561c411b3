"""The five real plans against what people found in them; the figures are printed, and the limits held.

Two expectations came with the plans, three were made by hand for these tests, before the program read the plans.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from schedules.intake.findings import PlanFound
from schedules.intake.readers import read_document
from schedules.intake.understand import understand
from schedules.intake.units import key_of
from tests.intake.scoring import Score, read_expectation, score

PLANS = Path(__file__).resolve().parents[3] / "shared" / "plans"
GIVEN, OURS = PLANS / "expected", Path(__file__).parent / "expected"
NAMES = ("ai-quoc-2026-2030", "hung-thang-2026", "ke-sat-2026-2030", "le-hong-2021-2025", "xuan-duong-2026-2030")
#: Found duties that no expectation has and that are argued for here: (plan, where, words of the title) → why.
DEFENDED: dict[tuple[str, str, str], str] = {}

pytestmark = pytest.mark.skipif(not PLANS.is_dir(), reason="the five plans in ../shared/plans are not here")


@cache
def found(name: str) -> PlanFound:
    return understand(read_document(PLANS / f"{name}.txt"))


def expectation(name: str) -> Path:
    given = GIVEN / f"{name}.yaml"
    return given if given.exists() else OURS / f"{name}.yaml"


def scored(name: str) -> Score:
    argued = [(where, words) for plan, where, words in DEFENDED if plan == name]
    return score(found(name), read_expectation(expectation(name)), argued)


@pytest.mark.parametrize("name", NAMES)
def test_duties_and_targets_of_a_real_plan(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = scored(name)
    with capsys.disabled():
        print(f"\n{result}", end="")  # noqa: T201
    assert result.recall >= 0.9, result.missed
    assert result.precision >= 0.85, result.wrong
    assert not result.missed_targets


@pytest.mark.parametrize("name", NAMES)
def test_head_units_and_standing_office(name: str) -> None:
    plan, expected = found(name), read_expectation(expectation(name))
    years = plan.facts.period
    assert years
    assert "-".join(str(year) for year in dict.fromkeys(years)) == str(expected["period"])
    assert plan.facts.default_year == expected["default_year"]
    assert plan.facts.issuer == expected["issuer"]
    assert plan.facts.number == expected["number"]
    assert plan.standing_office is not None
    assert key_of(plan.standing_office) == key_of(expected["standing_office"])
    keys = {key_of(unit.name, unit.kind) for unit in plan.units}
    for name_of_unit in expected["units"]:
        if name_of_unit.startswith("Thủ trưởng"):
            continue
        kind = "partner" if name_of_unit.startswith("Mặt trận") else "unit"
        assert key_of(name_of_unit, kind) in keys  # type: ignore[arg-type]


def test_the_date_of_the_annex_is_taken_where_the_heading_is_blank() -> None:
    date = found("hung-thang-2026").facts.date
    assert date is not None
    assert date.isoformat() == "2026-01-14"


def test_task_rows_of_the_only_table() -> None:
    assert {name: found(name).table_rows for name in NAMES} == {name: 5 if "hung" in name else 0 for name in NAMES}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hung-thang-2026", "3 trên 5 dòng"),
        ("hung-thang-2026", "Hai mục cùng đánh số II"),
        ("hung-thang-2026", "hạn 15/01/2026"),
        ("hung-thang-2026", "6 tháng cuối năm 2025"),
        ("ai-quoc-2026-2030", "Phụ lục II"),
        ("ai-quoc-2026-2030", "từ III sang V"),
        ("ke-sat-2026-2030", "Danh mục nhiệm vụ"),
    ],
)
def test_what_a_plan_leaves_open_is_said(name: str, words: str) -> None:
    assert any(words in warning for warning in found(name).warnings), found(name).warnings


def test_stale_words_are_flagged_and_never_a_deadline() -> None:
    plan = found("hung-thang-2026")
    assert any("stale" in duty.flags for duty in plan.duties)
    assert not [duty for duty in plan.duties if "2025" in duty.deadline_text]


def test_partners_lead_no_duty() -> None:
    for name in NAMES:
        partners = {unit.name for unit in found(name).units if unit.kind == "partner"}
        assert not [duty for duty in found(name).duties if duty.lead in partners and duty.strength == "duty"]

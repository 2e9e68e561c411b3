"""Some tens of seeds, the same run twice, and a failure made small."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import reminder_lines
from tests.sim.__main__ import main
from tests.sim.planted import BUGS
from tests.sim.recipe import Recipe
from tests.sim.run import run
from tests.sim.shrink import shrink

PROJECT = Path(__file__).parents[2]
HALF_A_YEAR = 182


@pytest.mark.parametrize("seed", range(20))
def test_half_a_year_of_a_random_commune_breaks_no_promise(seed: int) -> None:
    outcome = run(Recipe(seed, HALF_A_YEAR))
    assert not outcome.broken, f"{outcome.broken}: {outcome.details}\n{outcome.recipe.command}"


def test_what_may_have_been_heard_in_this_slot_is_not_followed_by_another_message() -> None:
    """A long run found it: a message of the day before, tried once more at 07:30 with an unknown fate."""
    outcome = run(Recipe(19, 365))
    assert not outcome.broken, f"{outcome.broken}: {outcome.details}\n{outcome.recipe.command}"


def test_the_same_answer_given_twice_is_told_apart_when_the_process_dies_behind_the_first() -> None:
    """A long run took the second, which had not begun, for another copy of the first."""
    outcome = run(Recipe(3108, 365))
    assert not outcome.broken, f"{outcome.broken}: {outcome.details}\n{outcome.recipe.command}"


def test_who_gets_a_work_back_hears_the_rung_that_went_to_the_other() -> None:
    """A long run asked everybody's line anew, when a handover was undone a minute behind an escalation."""
    outcome = run(Recipe(3274, 365))
    assert not outcome.broken, f"{outcome.broken}: {outcome.details}\n{outcome.recipe.command}"


def test_the_same_seed_gives_the_same_run_in_another_process() -> None:
    """Byte for byte, whatever order sets and dictionaries have there."""
    here = run(Recipe(3, 60))
    command = [sys.executable, "-m", "tests.sim", "--seed", "3", "--days", "60", "--no-shrink"]
    there = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, "PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert f"{here.turns} turns, mark {here.mark}" in there.stdout


def test_another_seed_gives_another_run() -> None:
    assert run(Recipe(1, 40)).mark != run(Recipe(2, 40)).mark


def test_a_failure_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = next(bug for bug in BUGS if bug.name == "a line is missing in the journal")
    bug.plant(monkeypatch)
    found = run(Recipe(bug.seed, bug.days))
    small = shrink(found, most=60)
    assert small.broken == found.broken == bug.found_as
    assert small.recipe.days <= found.recipe.days
    assert sum(name.startswith("duty:") for name in small.recipe.without) >= 4
    assert sum(name.startswith("fault:") for name in small.recipe.without) >= 3
    again = run(small.recipe)
    assert (again.broken, again.mark) == (small.broken, small.mark)


def test_the_command_says_how_to_see_a_failure_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bug = next(bug for bug in BUGS if bug.name == "a line is missing in the journal")
    bug.plant(monkeypatch)
    assert main(["--seed", str(bug.seed), "--days", str(bug.days), "--no-shrink"]) == 1
    said = capsys.readouterr().out
    assert f"BROKEN: {bug.found_as}" in said
    assert f"nhacviec-sim --seed {bug.seed} --days {bug.days}" in said


def test_a_defect_that_the_product_survives_is_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reminder_lines, "_still_true", fall)
    assert run(Recipe(0, 120)).broken in ("no defect of our own", "raised ZeroDivisionError")


def test_many_seeds_are_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "0-1", "--days", "30", "--jobs", "1"]) == 0
    assert "every promise kept" in capsys.readouterr().out


@pytest.mark.parametrize("nonsense", ["0-2000-2249", "9-3", "0--1", "all", ""])
def test_seeds_that_are_none_are_refused(nonsense: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main([f"--seeds={nonsense}", "--days", "3"])
    assert refused.value.code == 2
    assert "names no seeds" in capsys.readouterr().err

"""Each bug planted on purpose is found: the simulation is only as good as what it notices.

The seeds are known, to be quick. ``NHACVIEC_PLANTED=all pytest -s`` looks for them anew, from seed 0, and prints them.
"""

from __future__ import annotations

import os
import sys

import pytest

from tests.sim.planted import BUGS, Bug
from tests.sim.recipe import Recipe
from tests.sim.run import Outcome, run

WITHIN = 100  # seeds
SEARCH = os.environ.get("NHACVIEC_PLANTED") == "all"


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    found = _search(bug) if SEARCH else _played(bug, bug.seed, bug.days)
    assert found.broken, f"seed {bug.seed} does not find it any more: look anew with NHACVIEC_PLANTED=all"
    assert SEARCH or found.broken == bug.found_as


def _search(bug: Bug) -> Outcome:
    for seed in range(WITHIN):
        outcome = _played(bug, seed, 180)
        if outcome.broken and run(Recipe(seed, 180)).broken is None:
            at = outcome.broke_at or outcome.recipe.end
            days = (at - outcome.recipe.start).days + 1
            sys.stdout.write(f"\n{bug.name}: seed {seed}, day {days}, {outcome.broken}: {outcome.details}\n")
            return outcome
    raise AssertionError(f"{bug.name}: not found within {WITHIN} seeds")


def _played(bug: Bug, seed: int, days: int) -> Outcome:
    with pytest.MonkeyPatch.context() as patch:
        bug.plant(patch)
        return run(Recipe(seed, days))

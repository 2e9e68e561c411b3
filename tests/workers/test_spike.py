"""A morning's spike over several machines, and what may happen to them in the middle of it.

The small size runs with every test; NHACVIEC_FULL_SPIKE=1 plays 12,000 messages over 120 bots.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import pytest

from tests.timing import in_time, once_in_three
from tests.workers import scenarios
from tests.workers.installation import Verdict
from tests.workers.scenarios import Figures
from tests.workers.spike import Size

FULL = bool(os.environ.get("NHACVIEC_FULL_SPIKE"))
SIZE = Size(offices=120, people=100) if FULL else Size(offices=12, people=50)
MOST_A_SECOND = 30  # what Telegram allows a bot
CLOCK_OFF = 180.0

Scenario = Callable[[Size], Figures]
ASLEEP = "a machine sleeps, and wakes when its lanes are others'"
QUICK: dict[str, Scenario] = {
    "one of two is killed": partial(scenarios.kill_one, workers=2),
    ASLEEP: scenarios.sleep_and_wake,
}
MORE: dict[str, Scenario] = {
    "one of four is killed": partial(scenarios.kill_one, workers=4),
    "two machines of one name": scenarios.same_name,
    "a clock three minutes ahead": partial(scenarios.wrong_clock, seconds=CLOCK_OFF),
    "a clock three minutes behind": partial(scenarios.wrong_clock, seconds=-CLOCK_OFF),
    "a machine sleeps, and wakes when its lanes are others': four": partial(scenarios.sleep_and_wake, workers=4),
}
#: Nothing dies here without having written down what it did: nothing may be unknown, or arrive twice.
GENTLE: dict[str, Scenario] = {
    "PostgreSQL is restarted": scenarios.restart_database,
    "a rolling upgrade": scenarios.roll_over,
}


def _holds(figures: Figures) -> Verdict:
    verdict = figures.verdict
    assert verdict.lost == 0, figures
    assert verdict.too_often == 0, figures
    assert verdict.fullest_second <= MOST_A_SECOND, figures
    in_time(figures.after, 60, figures)
    return verdict


@once_in_three
@pytest.mark.parametrize("name", [*QUICK, *(MORE if FULL else ())])
def test_when_a_machine_dies_nothing_is_lost_or_comes_too_often(name: str) -> None:
    verdict = _holds((QUICK | MORE)[name](SIZE))
    assert verdict.never_came <= verdict.messages // 20, verdict  # few wait for their turn with their send begun


@once_in_three
@pytest.mark.parametrize("name", list(GENTLE) if FULL else ["a rolling upgrade"])
def test_when_nothing_dies_unawares_every_message_comes_once(name: str) -> None:
    verdict = _holds(GENTLE[name](SIZE))
    assert (verdict.never_came, verdict.twice) == (0, 0), verdict

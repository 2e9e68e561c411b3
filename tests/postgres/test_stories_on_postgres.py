"""A story of each kind, told again on PostgreSQL. ``make test-postgres`` tells them all."""

from __future__ import annotations

import pytest

from tests.databases import CHOICE, postgres_or_skip
from tests.stories.conftest import OpenWorld, open_world
from tests.stories.test_asleep import (
    test_off_over_tet_each_person_gets_one_message_with_the_newest_rung_of_everything as test_asleep,
)
from tests.stories.test_budget import (
    test_with_a_tenth_left_early_reminders_are_spared_and_last_calls_are_not as test_budget,
)
from tests.stories.test_chat import test_an_extension_is_asked_for_step_by_step as test_questions
from tests.stories.test_confirmation import test_confirmed_two_days_later_the_doers_time_counts as test_confirmation
from tests.stories.test_done import test_the_same_update_twice_acts_once_and_echoes_once as test_repeated
from tests.stories.test_extension import (
    test_a_granted_extension_moves_the_day_to_aim_at_and_starts_the_ladder_anew as test_extension,
)
from tests.stories.test_loading import (
    test_open_work_of_a_dropped_obligation_is_cancelled_and_planned_work_goes as test_loading,
)
from tests.stories.test_people import test_from_the_list_to_the_first_reminder as test_people
from tests.stories.test_sending import (
    test_killed_while_sending_a_last_call_it_is_repeated_once_and_marked as test_killed,
)
from tests.stories.test_silence import (
    test_silence_climbs_from_the_officer_to_the_head_the_standing_office_and_the_leaders as test_silence,
)
from tests.stories.test_stand_in import (
    test_the_stand_in_hears_for_a_week_and_then_the_officer_again as test_stand_in,
)
from tests.stories.test_weekly_digest import (
    test_work_of_the_readers_own_goes_before_the_digest_which_is_then_computed_anew as test_digest,
)
from tests.world import one_task

__all__ = [
    "open_world",
    "test_asleep",
    "test_budget",
    "test_confirmation",
    "test_digest",
    "test_extension",
    "test_killed",
    "test_loading",
    "test_people",
    "test_questions",
    "test_repeated",
    "test_silence",
    "test_stand_in",
]


@pytest.fixture(autouse=True)
def _on_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOICE, "postgres")
    postgres_or_skip(begin_only=True)


def test_it_is_postgresql_that_the_stories_are_told_on(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [one_task("2026-03-27")])
    assert world.engine.dialect.name == "postgresql"
    world.ignore_rest()

"""What years of simulated communes have found, each told as a story of its own."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from bots.simulator import Simulator
from data.journal import JOURNAL
from engine.messages import Retry
from engine.remind import NOBODY_NAMED
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    DESK_OFFICER,
    HEAD,
    OFFICER,
    SECOND_OFFICER,
    STANDING,
    STANDING_HEAD,
    VICE_CHAIR,
    World,
    one_task,
)


def told(world: World, action: str) -> list[dict[str, Any]]:
    """What the journal says under this action, in order."""
    rows = world.rows(select(JOURNAL.c.data).where(JOURNAL.c.action == action).order_by(JOURNAL.c.seq))
    return [json.loads(row.data) for row in rows]


def held_up_in_the_outbox(world: World, moment: str, seconds: float = 30) -> None:
    """Live on until then while the provider takes nothing."""
    provider = Simulator()
    provider.outcomes = [Retry("gặp trục trặc mạng", seconds, named=True) for _ in range(9)]
    world.channels = [provider]
    world.run_until(moment)
    world.channels = [world.simulator]


def test_a_last_call_whose_sender_died_is_one_message_with_what_is_due_the_next_morning(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25"), one_task("2026-03-26", "hai", "Việc hai")])
    world.run_until("2026-03-24 17:00")
    world.phone(OFFICER).put_aside()
    held_up_in_the_outbox(world, "2026-03-25 07:30")
    world.clock.advance(seconds=31)
    assert "HẠN HÔM NAY" in world.die_while_sending()

    world.sleep_until("2026-03-26 08:00")  # the claim is a dead run's; "Việc hai" is due today
    world.phone(HEAD).expect("QUÁ HẠN")
    world.everyone_silent()
    world.run_until("2026-03-26 11:29")
    text = world.phone(OFFICER).expect("(gửi lại)", "Kế hoạch chuyển đổi số", "Việc hai")
    assert text.count("Kế hoạch chuyển đổi số") == text.count("Việc hai") == 1
    world.everyone_silent()


def test_a_rung_that_names_nobody_climbs_and_the_journal_says_why(open_world: OpenWorld) -> None:
    staff = (OFFICER, "kinh-te-cv-2", HEAD, DESK_OFFICER, "ttpvhcc-giam-doc", STANDING, STANDING_HEAD)
    world = open_world("2026-03-02 07:00", [one_task("2026-03-25")])
    for person in staff:
        world.dismiss(person)

    world.run_until("2026-03-11 17:00")  # it opens, and only leaders are left
    for leader in (VICE_CHAIR, CHAIR):
        text = world.phone(leader).expect("Kế hoạch chuyển đổi số", "thứ Tư 25/3/2026")
        assert "QUÁ HẠN" not in text
    rungs = ["soon-10", "soon-3", "last-call", "overdue", "standing"]
    assert told(world, "unreached") == [{"rung": rung, "why": NOBODY_NAMED} for rung in rungs]


def test_where_nobody_is_left_at_all_each_rung_is_told_once_at_its_own_time(open_world: OpenWorld) -> None:
    staff = (OFFICER, "kinh-te-cv-2", HEAD, DESK_OFFICER, "ttpvhcc-giam-doc", STANDING, STANDING_HEAD)
    world = open_world("2026-03-02 07:00", [one_task("2026-03-25")])
    for person in (*staff, VICE_CHAIR, CHAIR):
        world.dismiss(person)

    world.run_until("2026-03-25 17:00")
    assert [line["rung"] for line in told(world, "unreached")] == ["soon-10", "soon-3", "last-call"]


def test_weeks_off_are_named_although_nobody_has_ever_read_a_digest(open_world: OpenWorld) -> None:
    world = open_world("2026-03-30 07:00", [one_task("2026-12-01")], unlinked=[VICE_CHAIR, CHAIR], digests=True)
    world.run_until("2026-03-30 17:00")
    world.sleep_until("2026-04-22 08:00")
    assert [(line["week"], line["passed_over"]) for line in told(world, "digest")] == [
        ("2026-W13", []),
        ("2026-W16", ["2026-W14", "2026-W15"]),
    ]

    for leader in (VICE_CHAIR, CHAIR):
        world.link(leader)
    world.run_until("2026-04-28 17:00")  # Monday 27/4 is a holiday
    for leader in (VICE_CHAIR, CHAIR):
        assert "chưa có bản tin" not in world.phone(leader).expect("Bản tin tuần 17/2026")


def test_a_digest_that_waited_goes_on_waiting_behind_a_reminder_that_was_held_up(open_world: OpenWorld) -> None:
    # The chairman's own work is due on the Monday of the digest: its last call goes first, the digest in the afternoon.
    own = one_task("2026-04-06", lead="lanh-dao", doer=CHAIR)
    world = open_world("2026-04-03 07:00", [own], digests=True)
    world.run_until("2026-04-03 17:00")
    world.phone(VICE_CHAIR).put_aside()
    world.phone(CHAIR).put_aside()
    held_up_in_the_outbox(world, "2026-04-06 07:30", seconds=3600)

    world.sleep_until("2026-04-07 08:00")  # switched off meanwhile: both are due now
    world.phone(CHAIR).expect("Kế hoạch chuyển đổi số")
    world.phone(CHAIR).silent()
    world.run_until("2026-04-07 17:00")
    world.phone(CHAIR).expect("Bản tin tuần 14/2026")
    world.ignore_rest()


def test_of_two_digests_that_come_due_together_the_older_leaves_first(open_world: OpenWorld) -> None:
    world = open_world("2026-04-06 07:00", [one_task("2026-12-01")], digests=True)
    a_week = 7 * 24 * 3600 + 6.5 * 3600
    world.simulator.outcomes = [Retry("bot hết lượt gửi", a_week, named=True) for _ in (VICE_CHAIR, CHAIR)]
    world.run_until("2026-04-13 13:59")
    world.everyone_silent()

    world.run_until("2026-04-13 17:00")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 14/2026")
    world.everyone_silent()
    world.run_until("2026-04-14 08:00")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 15/2026")


def test_a_digest_told_more_than_a_week_late_names_what_has_gone_overdue_meanwhile(open_world: OpenWorld) -> None:
    world = open_world("2026-04-06 07:00", [one_task("2026-04-14")], digests=True)
    days = 9 * 24 * 3600 + 0.5 * 3600
    world.simulator.outcomes = [Retry("bot hết lượt gửi", days, named=True) for _ in (VICE_CHAIR, CHAIR)]
    world.run_until("2026-04-15 08:30")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 14/2026", "Đang quá hạn: 1", "Kế hoạch chuyển đổi số")
        world.phone(leader).silent()
    world.ignore_rest()


def test_work_at_the_top_of_its_ladder_that_goes_to_somebody_out_of_reach_keeps_its_rhythm(
    open_world: OpenWorld,
) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25", ladder="hang-tuan")], unlinked=[SECOND_OFFICER])
    world.run_until("2026-03-30 17:00")
    for person in (HEAD, STANDING, STANDING_HEAD):
        world.phone(person).put_aside()
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.phone(OFFICER).expect("Đã chuyển việc 1")
    world.run_until("2026-03-31 17:00")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHƯA LIÊN LẠC ĐƯỢC", "Chuyên viên thứ hai")
    world.everyone_silent()

    world.run_until("2026-05-29 17:00")  # every twentieth working day, the first one of them included
    for person in (HEAD, STANDING, STANDING_HEAD):
        world.phone(person).expect("QUÁ HẠN")

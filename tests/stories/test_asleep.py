"""The machine is off for a night, over Tết, for a month: nothing is lost, and nothing comes in a burst."""

from __future__ import annotations

from engine.remind import PASSED_OVER
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    DESK_OFFICER,
    HEAD,
    OFFICER,
    STANDING,
    STANDING_HEAD,
    VICE_CHAIR,
    monthly_report,
    one_task,
)


def test_off_for_a_night_the_morning_is_as_usual(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-24 18:00")
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.everyone_silent()

    world.sleep_until("2026-03-25 06:40")  # the caretaker is early; the reminder is not
    world.everyone_silent()
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("HẠN HÔM NAY")


def test_off_over_tet_each_person_gets_one_message_with_the_newest_rung_of_everything(open_world: OpenWorld) -> None:
    world = open_world(
        "2026-02-02 07:00",
        [
            one_task("2026-02-12", "truoc-tet", "Báo cáo trực Tết"),  # due before the holiday, the machine was off
            one_task("2026-02-24", "sau-tet", "Kế hoạch ra quân đầu năm"),
            one_task("2026-02-23", "mot-cua", "Khai trương một cửa", lead="ttpvhcc"),
        ],
    )
    world.run_until("2026-02-11 17:00")
    for person in (OFFICER, DESK_OFFICER):
        world.phone(person).put_aside()
    world.everyone_silent()

    # Off from 11/2 in the evening; Tết is 14/2 to 22/2; somebody switches it on late on Monday 23/2.
    world.sleep_until("2026-02-23 08:45")
    text = world.phone(OFFICER).expect(
        "QUÁ HẠN", "Báo cáo trực Tết", "đã quá 11 ngày", "SẮP TỚI HẠN", "ra quân đầu năm"
    )
    assert text.count("Báo cáo trực Tết") == 1
    world.phone(DESK_OFFICER).expect("HẠN HÔM NAY", "Khai trương một cửa")
    for person in (HEAD, STANDING, STANDING_HEAD):
        world.phone(person).expect("QUÁ HẠN", "Báo cáo trực Tết")
    world.everyone_silent()
    assert ("last-call", PASSED_OVER) in world.silences(OFFICER)
    assert ("overdue", PASSED_OVER) in world.silences(HEAD)

    world.run_until("2026-02-23 17:00")  # and nothing follows
    world.everyone_silent()
    world.run_until("2026-02-24 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "ra quân đầu năm")
    world.phone(DESK_OFFICER).expect("QUÁ HẠN", "Khai trương một cửa")
    world.ignore_rest()


def test_switched_on_during_tet_nobody_is_disturbed(open_world: OpenWorld) -> None:
    world = open_world("2026-02-12 07:00", [one_task("2026-02-13")])
    world.run_until("2026-02-12 17:00")
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.everyone_silent()

    world.sleep_until("2026-02-18 09:00")  # mùng 2
    world.everyone_silent()
    world.run_until("2026-02-22 23:00")
    world.everyone_silent()
    world.run_until("2026-02-23 08:00")
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 10 ngày")
    world.phone(HEAD).expect("QUÁ HẠN")
    world.everyone_silent()


def test_off_for_a_month_the_leaders_hear_once_of_what_was_missed(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [one_task("2026-03-25"), monthly_report()])
    world.run_until("2026-03-09 17:00")
    world.everyone_silent()

    world.sleep_until("2026-04-09 08:00")
    for person in (HEAD, STANDING, STANDING_HEAD):
        world.phone(person).expect("QUÁ HẠN", "Báo cáo TTHC tháng 3/2026", "Kế hoạch chuyển đổi số")
    world.phone(OFFICER).expect("SẮP CHỐT SỐ LIỆU", "Báo cáo TTHC tháng 4/2026")
    world.everyone_silent()
    world.run_until("2026-04-09 17:00")
    for leader in (VICE_CHAIR, CHAIR):  # the morning was the digest's
        world.phone(leader).expect("QUÁ HẠN", "Báo cáo TTHC tháng 3/2026", "Kế hoạch chuyển đổi số")
    world.everyone_silent()
    passed_over = [rung for rung, reason in world.silences(OFFICER) if reason == PASSED_OVER]
    assert passed_over.count("last-call") == 2  # both are told as passed over, with the reason


def test_a_turn_repeated_at_once_says_nothing_twice(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    before = world.snapshot()

    world.turn()
    world.turn()
    world.everyone_silent()
    assert world.snapshot() == before


def test_a_clock_set_back_by_a_day_says_nothing_twice(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.phone(OFFICER).expect("HẠN HÔM NAY")

    world.sleep_until("2026-03-24 08:00")  # the battery of the office machine is old
    world.run_until("2026-03-25 17:00")
    world.everyone_silent()

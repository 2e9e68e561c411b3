"""The network, the provider and the machine misbehave: each class of message takes the side that was promised."""

from __future__ import annotations

from bots.simulator import Simulator
from engine import actions
from engine.messages import Retry, Unknown
from tests.stories.conftest import OpenWorld
from tests.world import CHAIR, HEAD, OFFICER, STANDING, STANDING_HEAD, VICE_CHAIR, World, monthly_report, one_task


def before_the_last_call(open_world: OpenWorld) -> World:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-24 17:00")
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.everyone_silent()
    return world


def before_an_early_reminder(open_world: OpenWorld) -> World:
    world = open_world("2026-03-12 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-19 17:00")
    world.phone(OFFICER).put_aside()
    world.everyone_silent()
    return world


def gather_without_sending(world: World, moment: str) -> None:
    """Up to the point where a message waits in the outbox; its delivery belongs to somebody else."""
    waiting = Simulator()
    waiting.outcomes = [Retry("gặp trục trặc mạng", 30)]
    world.channels = [waiting]
    world.run_until(moment)
    world.channels = [world.simulator]
    world.clock.advance(seconds=31)


def test_killed_while_sending_a_last_call_it_is_repeated_once_and_marked(open_world: OpenWorld) -> None:
    world = before_the_last_call(open_world)
    gather_without_sending(world, "2026-03-25 07:30")

    copy = world.die_while_sending()
    assert "HẠN HÔM NAY" in copy
    assert "1. Kế hoạch chuyển đổi số" in copy
    assert "(gửi lại)" not in copy
    world.turn()  # started again at once: the claim may still be alive, nothing is repeated
    world.everyone_silent()

    world.run_until("2026-03-25 11:29")
    world.phone(OFFICER).expect("(gửi lại)", "HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")
    world.everyone_silent()
    assert world.outbox(OFFICER)[1:] == [("reminder", "sent", 2)]


def test_killed_twice_while_sending_a_last_call_there_are_never_three_copies(open_world: OpenWorld) -> None:
    world = before_the_last_call(open_world)
    gather_without_sending(world, "2026-03-25 07:30")

    world.die_while_sending()
    world.clock.advance(minutes=3)
    world.turn()  # the dead claim is found and the message put back
    world.clock.advance(minutes=2)
    assert "(gửi lại)" in world.die_while_sending()
    world.run_until("2026-03-25 17:00")
    world.everyone_silent()
    assert world.outbox(OFFICER)[1:] == [("reminder", "unknown", 2)]


def test_killed_while_sending_an_early_reminder_it_is_not_repeated_and_the_next_rung_covers_it(
    open_world: OpenWorld,
) -> None:
    world = before_an_early_reminder(open_world)
    gather_without_sending(world, "2026-03-20 07:30")

    assert "SẮP TỚI HẠN" in world.die_while_sending()
    world.run_until("2026-03-24 17:00")
    world.everyone_silent()
    assert world.outbox(OFFICER)[-1] == ("reminder", "unknown", 1)
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")


def test_an_unknown_fate_of_a_last_call_repeats_it_once_and_marks_it(open_world: OpenWorld) -> None:
    world = before_the_last_call(open_world)
    world.simulator.outcomes = [Unknown("hết thời gian chờ")]

    world.run_until("2026-03-25 07:30")
    world.everyone_silent()
    world.run_until("2026-03-25 07:35")
    world.phone(OFFICER).expect("(gửi lại)", "HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")
    assert world.outbox(OFFICER)[1:] == [("reminder", "sent", 2)]


def test_an_unknown_fate_twice_ends_as_unknown_for_the_operator(open_world: OpenWorld) -> None:
    world = before_the_last_call(open_world)
    world.simulator.outcomes = [Unknown("hết thời gian chờ"), Unknown("hết thời gian chờ")]

    world.run_until("2026-03-25 17:00")
    world.everyone_silent()
    assert world.outbox(OFFICER)[1:] == [("reminder", "unknown", 2)]


def test_an_unknown_fate_of_an_early_reminder_is_left_to_the_next_rung(open_world: OpenWorld) -> None:
    world = before_an_early_reminder(open_world)
    world.simulator.outcomes = [Unknown("hết thời gian chờ")]

    world.run_until("2026-03-24 17:00")
    world.everyone_silent()
    assert world.outbox(OFFICER)[-1] == ("reminder", "unknown", 1)
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY")


def test_a_channel_that_raises_is_an_unknown_fate_and_stops_nobody_else(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-24")])
    world.run_until("2026-03-24 17:00")
    world.phone(OFFICER).put_aside()
    world.simulator.outcomes = [ConnectionResetError("mất mạng")]

    world.run_until("2026-03-25 07:30")
    heard = [person for person in (OFFICER, HEAD) if world.phone(person).unread]
    assert len(heard) == 1
    world.run_until("2026-03-25 08:00")
    for person in (OFFICER, HEAD):
        world.phone(person).expect("QUÁ HẠN")


def test_a_busy_provider_is_asked_again_when_it_said(open_world: OpenWorld) -> None:
    world = before_the_last_call(open_world)
    world.simulator.outcomes = [Retry("quá nhiều yêu cầu", 300), Retry("quá nhiều yêu cầu", 1), Retry("lỗi mạng")]

    world.run_until("2026-03-25 07:34")
    world.everyone_silent()
    world.run_until("2026-03-25 07:35")  # obeyed: 300 s; then our own patience: 120 s, 600 s
    world.everyone_silent()
    world.run_until("2026-03-25 07:46")
    world.everyone_silent()
    world.run_until("2026-03-25 07:47")
    text = world.phone(OFFICER).expect("HẠN HÔM NAY")
    assert "gửi lại" not in text  # certainly not delivered before: no second copy
    assert world.outbox(OFFICER)[1:] == [("reminder", "sent", 1)]


def test_a_message_that_could_not_leave_until_the_next_morning_says_what_is_true_then(open_world: OpenWorld) -> None:
    world = before_the_last_call(open_world)
    world.simulator.outcomes = [Retry("mất mạng cả ngày", 23 * 3600)]

    world.run_until("2026-03-25 17:00")
    world.everyone_silent()
    world.run_until("2026-03-26 17:00")
    text = world.phone(OFFICER).expect("Nhắc việc 26/3/2026", "QUÁ HẠN", "đã quá 1 ngày")
    assert text.count("Kế hoạch chuyển đổi số") == 1
    world.phone(HEAD).expect("QUÁ HẠN")
    world.everyone_silent()


def test_an_officer_who_blocked_the_bot_is_told_of_by_the_head_and_the_standing_office(open_world: OpenWorld) -> None:
    world = before_the_last_call(open_world)
    world.block(OFFICER)

    world.run_until("2026-03-25 17:00")
    world.phone(HEAD).expect("Kế hoạch chuyển đổi số", "Chuyên viên Phòng Kinh tế", "thứ Tư 25/3/2026")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect(
            "CHƯA LIÊN LẠC ĐƯỢC", "Không nhắn được tới Chuyên viên Phòng Kinh tế (người nhận đã chặn bot)"
        )
    world.everyone_silent()
    assert ("last-call", "người nhận đã chặn bot") in world.silences(OFFICER)

    world.run_until("2026-03-31 17:00")  # the ladder goes on above
    for person in (HEAD, STANDING, STANDING_HEAD):
        world.phone(person).expect("QUÁ HẠN", "đã quá 2 ngày")
        world.phone(person).expect("QUÁ HẠN", "đã quá 6 ngày")
    for person in (VICE_CHAIR, CHAIR):
        world.phone(person).expect("QUÁ HẠN", "đã quá 6 ngày")


def test_a_rung_pulled_forward_says_nothing_of_a_deadline_that_has_not_passed(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report()], unlinked=[OFFICER])

    world.run_until("2026-03-10 17:00")  # a week before the deadline; the officer has no chat
    text = world.phone(HEAD).expect("Báo cáo TTHC tháng 3/2026", "thứ Ba 17/3/2026")
    assert "QUÁ HẠN" not in text
    assert "đã qua" not in text
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHƯA LIÊN LẠC ĐƯỢC", "Chuyên viên Phòng Kinh tế")
    world.everyone_silent()
    assert ("collect", "chưa nối kênh nhắn tin") in world.silences(OFFICER)


def test_one_of_two_hearers_blocked_does_not_climb_over_the_other(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-24")])
    world.run_until("2026-03-24 17:00")
    world.phone(OFFICER).put_aside()
    world.block(HEAD)

    world.run_until("2026-03-25 17:00")  # officer and head were to hear; the officer did
    world.phone(OFFICER).expect("QUÁ HẠN")
    world.everyone_silent()


def test_an_office_where_nobody_has_linked_a_chat_waits_and_then_goes_on(open_world: OpenWorld) -> None:
    everyone = [OFFICER, HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR]
    for_all = one_task("2026-03-25", ladder="nhe")  # a ladder that never reaches the leaders
    world = open_world("2026-03-02 07:00", [monthly_report(), for_all], unlinked=everyone)

    world.run_until("2026-03-12 17:00")
    world.everyone_silent()
    for person in everyone:
        world.link(person)
    world.run_until("2026-03-16 08:00")
    world.phone(OFFICER).expect("ĐÃ CHỐT SỐ LIỆU", "Báo cáo TTHC tháng 3/2026")
    world.everyone_silent()


def test_a_message_held_up_until_the_afternoon_is_that_afternoons_message(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:00", [one_task("2026-03-25"), one_task("2026-03-26", "hai", "Việc hai")])
    world.simulator.outcomes = [Retry("mất mạng cả buổi sáng", 6 * 3600)]
    world.run_until("2026-03-25 14:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")

    world.operate(actions.report, "Việc hai")
    world.operate(actions.send_back, "Việc hai", "thiếu chữ ký")
    world.run_until("2026-03-25 16:59")  # one message a slot: the officer has had this afternoon's
    world.everyone_silent()
    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).expect("Việc hai")
    world.ignore_rest()

"""Some work is done only when somebody else says so; the doer's own time is the one that counts."""

from __future__ import annotations

from sqlalchemy import select

from data.handles import HANDLE
from engine import actions
from tests.stories.conftest import OpenWorld
from tests.world import CHAIR, HEAD, OFFICER, STANDING, STANDING_HEAD, VICE_CHAIR, World, civil, one_task


def reported(open_world: OpenWorld) -> World:
    """Reported on the last day at nine; the head is asked to confirm."""
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", confirm="head")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.run_until("2026-03-25 09:00")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1", "Đang chờ xác nhận", "lúc đồng chí báo")
    world.phone(HEAD).expect("CHỜ XÁC NHẬN", "Chuyên viên Phòng Kinh tế báo đã xong", "xác nhận 1", "trả lại 1")
    world.everyone_silent()
    return world


def test_confirmed_two_days_later_the_doers_time_counts(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.run_until("2026-03-27 10:00")
    world.everyone_silent()  # nobody is late: the work waits for the head

    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("Đã xác nhận hoàn thành việc 1")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN", "1. Kế hoạch chuyển đổi số")
    row = world.occurrence("Kế hoạch")
    assert row.work_state == "done"
    assert (row.reported_at, row.closed_at) == (civil("2026-03-25 09:00"), civil("2026-03-27 10:00"))
    world.run_until("2026-04-10 17:00")
    world.everyone_silent()


def test_after_confirmation_the_numbers_are_free_again(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.run_until("2026-03-26 10:00")
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).put_aside()
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN")
    assert world.rows(select(HANDLE).where(HANDLE.c.released_at.is_(None))) == []


def test_returned_with_a_reason_it_is_done_again(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.run_until("2026-03-25 14:00")

    world.say(HEAD, "trả lại 1")
    world.phone(HEAD).expect("Xin cho biết lý do")
    world.say(HEAD, "trả lại 1 vì thiếu phụ lục 2")
    world.phone(HEAD).expect("Đã trả lại việc 1", "thiếu phụ lục 2")
    world.phone(OFFICER).expect("CẦN LÀM LẠI", "1. Kế hoạch chuyển đổi số", "thiếu phụ lục 2")
    assert world.occurrence("Kế hoạch").reported_at is None

    world.run_until("2026-03-26 09:00")  # not done again yet: the ladder has gone on
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1", "Đang chờ xác nhận")
    world.run_until("2026-03-26 14:00")
    world.phone(HEAD).expect("CHỜ XÁC NHẬN")
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("Đã xác nhận")
    world.run_until("2026-03-27 08:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN")
    assert world.occurrence("Kế hoạch").reported_at == civil("2026-03-26 09:00")


def test_a_confirmer_who_keeps_silent_is_asked_again_and_then_the_leaders_too(open_world: OpenWorld) -> None:
    world = reported(open_world)
    for day, asked in (("2026-03-30", [HEAD]), ("2026-04-02", [HEAD, VICE_CHAIR, CHAIR])):
        world.run_until(f"{day} 07:29")
        world.everyone_silent()
        world.run_until(f"{day} 08:00")
        for person in asked:
            world.phone(person).expect("CHỜ XÁC NHẬN", "1. Kế hoạch chuyển đổi số")
    world.everyone_silent()
    world.say(CHAIR, "xác nhận 1")
    world.phone(CHAIR).expect("Đã xác nhận hoàn thành")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN")


def test_a_confirmer_who_cannot_be_reached_any_more_is_replaced_by_the_standing_office(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.block(HEAD)
    world.run_until("2026-03-30 17:00")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHỜ XÁC NHẬN", "Chuyên viên Phòng Kinh tế báo đã xong")
    world.say(STANDING, "xác nhận")
    world.phone(STANDING).expect("Đã xác nhận hoàn thành")
    world.run_until("2026-03-31 08:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN")


def test_a_head_without_a_chat_does_not_let_work_close_unconfirmed(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", confirm="head")], unlinked=[HEAD])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đang chờ xác nhận")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHỜ XÁC NHẬN")
    world.say(STANDING_HEAD, "trả lại 1 vì thiếu số văn bản")
    world.phone(STANDING_HEAD).expect("Đã trả lại việc 1")
    world.run_until("2026-03-25 14:00")
    world.phone(OFFICER).expect("CẦN LÀM LẠI", "thiếu số văn bản")


def test_the_standing_office_without_anybody_reachable_leaves_it_to_the_leaders(open_world: OpenWorld) -> None:
    world = reported(open_world)
    for person in (HEAD, STANDING, STANDING_HEAD):
        world.block(person)
    world.run_until("2026-03-31 17:00")
    world.phone(CHAIR).expect("CHỜ XÁC NHẬN", "Chuyên viên Phòng Kinh tế báo đã xong")
    world.say(CHAIR, "xác nhận")
    world.phone(CHAIR).expect("Đã xác nhận hoàn thành")
    assert world.occurrence("Kế hoạch").work_state == "done"
    world.ignore_rest()


def test_the_doer_cannot_confirm_and_neither_can_the_standing_office(open_world: OpenWorld) -> None:
    world = reported(open_world)
    task = world.occurrence("Kế hoạch").id
    for person in (OFFICER, STANDING):
        world.say(person, "xác nhận", about=task)
        world.phone(person).expect("không được giao quyền này")
    assert world.occurrence("Kế hoạch").work_state == "waiting"


def test_a_head_who_reports_their_own_units_work_needs_no_second_word(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", confirm="head")])
    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).put_aside()
    world.phone(HEAD).expect("QUÁ HẠN", "1. Kế hoạch")
    world.say(HEAD, "xong 1")
    world.phone(HEAD).expect("Đã ghi nhận xong việc 1", "sau hạn")
    assert world.occurrence("Kế hoạch").work_state == "done"


def test_undo_while_the_confirmer_is_asked_brings_the_work_and_its_reminders_back(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác", "Việc 1")
    assert world.occurrence("Kế hoạch").work_state == "new"
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("không có gì đang chờ")
    world.run_until("2026-03-25 13:30")
    world.phone(HEAD).expect("ĐÃ RÚT LẠI", "Người làm đã rút lại lời báo xong")
    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).expect("QUÁ HẠN", "1. Kế hoạch chuyển đổi số")
    world.phone(HEAD).expect("QUÁ HẠN")

    world.say(OFFICER, "xong 1")  # and the head is asked anew
    world.phone(OFFICER).expect("Đang chờ xác nhận")
    world.run_until("2026-03-26 14:00")
    world.phone(HEAD).expect("CHỜ XÁC NHẬN")


def test_once_confirmed_the_doer_can_no_longer_take_it_back(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("Đã xác nhận")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("đã có thay đổi khác sau đó nên không hoàn tác được")
    assert world.occurrence("Kế hoạch").work_state == "done"
    world.ignore_rest()


def test_a_confirmation_taken_back_waits_again(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("Đã xác nhận hoàn thành việc 1", "hoàn tác")
    world.say(HEAD, "hoàn tác")
    world.phone(HEAD).expect("Đã hoàn tác")
    assert world.occurrence("Kế hoạch").work_state == "waiting"
    world.run_until("2026-03-25 17:00")
    world.everyone_silent()  # the doer has not been told that it was confirmed
    world.run_until("2026-03-30 08:00")
    world.phone(HEAD).expect("CHỜ XÁC NHẬN", "1. Kế hoạch chuyển đổi số")


def test_a_return_taken_back_waits_again(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.say(HEAD, "trả lại 1 vì thiếu phụ lục 2")
    world.phone(HEAD).expect("Đã trả lại việc 1", "hoàn tác")
    world.say(HEAD, "hoàn tác")
    world.phone(HEAD).expect("Đã hoàn tác")
    row = world.occurrence("Kế hoạch")
    assert (row.work_state, row.reported_at) == ("waiting", civil("2026-03-25 09:00"))
    world.run_until("2026-03-27 17:00")
    world.everyone_silent()
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("Đã xác nhận hoàn thành việc 1")
    world.run_until("2026-03-30 08:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN")


def test_a_return_can_not_be_taken_back_once_the_work_is_done_again(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.say(HEAD, "trả lại 1 vì thiếu phụ lục 2")
    world.run_until("2026-03-25 14:00")
    world.say(OFFICER, "xong 1")
    world.phone(HEAD).put_aside()
    world.say(HEAD, "hoàn tác")
    world.phone(HEAD).expect("Không có thao tác nào để hoàn tác")
    world.ignore_rest()


def test_confirming_twice_says_that_it_is_confirmed(open_world: OpenWorld) -> None:
    world = reported(open_world)
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("Đã xác nhận")
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("Việc 1 (Kế hoạch chuyển đổi số) đã được xác nhận hoàn thành trước đó")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("đã được báo xong trước đó")
    world.ignore_rest()


def test_what_waited_when_it_was_cancelled_waits_again_when_opened_and_the_confirmer_is_asked(
    open_world: OpenWorld,
) -> None:
    world = reported(open_world)
    world.operate(actions.cancel, "Kế hoạch", "nhầm")
    world.run_until("2026-03-26 08:00")
    world.everyone_silent()
    world.operate(actions.reopen, "Kế hoạch")
    assert world.occurrence("Kế hoạch").work_state == "waiting"
    assert world.occurrence("Kế hoạch").next_move_at == civil("2026-03-31 07:30")  # as after a report
    world.run_until("2026-03-26 14:00")
    world.phone(HEAD).expect("CHỜ XÁC NHẬN", "Kế hoạch chuyển đổi số")
    world.run_until("2026-03-30 17:00")
    world.everyone_silent()
    world.run_until("2026-03-31 08:00")
    world.phone(HEAD).expect("CHỜ XÁC NHẬN")

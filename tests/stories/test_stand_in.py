"""Somebody is away under a decision: for these days, and only these, the stand-in hears and answers."""

from __future__ import annotations

from tests.stories.conftest import OpenWorld
from tests.world import CHAIR, HEAD, OFFICER, SECOND_OFFICER, STANDING, STANDING_HEAD, VICE_CHAIR, one_task


def test_the_stand_in_hears_for_a_week_and_then_the_officer_again(open_world: OpenWorld) -> None:
    world = open_world(
        "2026-03-20 07:30", [one_task("2026-03-25"), one_task("2026-03-30", "ra-soat", "Rà soát thủ tục")]
    )
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số", "2. Rà soát thủ tục")
    world.stand_in(OFFICER, SECOND_OFFICER, "2026-03-23", "2026-03-27")

    world.run_until("2026-03-25 08:00")
    world.phone(SECOND_OFFICER).expect(
        "Kính gửi Chuyên viên thứ hai Phòng Kinh tế (thay Chuyên viên Phòng Kinh tế)",
        "HẠN HÔM NAY",
        "1. Kế hoạch chuyển đổi số",
        "xong 1",  # the hint: the stand-in may answer
        "SẮP TỚI HẠN",
        "2. Rà soát thủ tục",
    )
    world.everyone_silent()  # the officer on leave is left in peace
    world.say(SECOND_OFFICER, "xong 1")
    world.phone(SECOND_OFFICER).expect("Đã ghi nhận xong việc 1: Kế hoạch chuyển đổi số")

    world.run_until("2026-03-30 08:00")
    world.phone(OFFICER).expect("Kính gửi Chuyên viên Phòng Kinh tế:", "HẠN HÔM NAY", "2. Rà soát thủ tục")
    world.everyone_silent()
    world.say(SECOND_OFFICER, "xong 2")  # no longer theirs
    world.phone(SECOND_OFFICER).expect("không được giao quyền này")
    assert world.occurrence("Rà soát").work_state == "new"


def test_the_stand_in_finds_the_work_in_the_list_while_it_is_theirs(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.stand_in(OFFICER, SECOND_OFFICER, "2026-03-23", "2026-03-24")

    world.run_until("2026-03-24 16:00")
    world.say(SECOND_OFFICER, "việc")
    world.phone(SECOND_OFFICER).expect("1. Kế hoạch chuyển đổi số", "còn 1 ngày")
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.say(SECOND_OFFICER, "việc")
    world.phone(SECOND_OFFICER).expect("không có việc nào đang mở")


def test_the_officer_on_leave_may_still_answer(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.stand_in(OFFICER, SECOND_OFFICER, "2026-03-23", "2026-03-27")
    world.run_until("2026-03-24 09:00")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.run_until("2026-04-10 17:00")
    world.everyone_silent()


def test_a_stand_in_of_a_stand_in_hears(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.stand_in(OFFICER, SECOND_OFFICER, "2026-03-23", "2026-03-27")
    world.stand_in(SECOND_OFFICER, HEAD, "2026-03-25", "2026-03-25")

    world.run_until("2026-03-25 08:00")
    world.phone(HEAD).expect("thay Chuyên viên Phòng Kinh tế", "HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")
    world.everyone_silent()


def test_the_stand_in_of_the_head_confirms(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", confirm="head")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.stand_in(HEAD, SECOND_OFFICER, "2026-03-25", "2026-03-27")

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đang chờ xác nhận")
    world.phone(SECOND_OFFICER).expect("CHỜ XÁC NHẬN", "Chuyên viên Phòng Kinh tế báo đã xong", "xác nhận 1")
    world.say(SECOND_OFFICER, "xác nhận 1")
    world.phone(SECOND_OFFICER).expect("Đã xác nhận hoàn thành việc 1")
    world.run_until("2026-03-25 14:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN")


def test_a_doer_who_stands_in_for_the_head_does_not_confirm_their_own_work(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", confirm="head")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.stand_in(HEAD, OFFICER, "2026-03-25", "2026-03-27")

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đang chờ xác nhận")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHỜ XÁC NHẬN", "Chuyên viên Phòng Kinh tế báo đã xong")
    world.say(OFFICER, "xác nhận 1")
    world.phone(OFFICER).expect("không được giao quyền này")
    world.say(STANDING, "xác nhận 1")
    world.phone(STANDING).expect("Đã xác nhận hoàn thành việc 1")
    world.run_until("2026-03-25 14:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN")


def test_the_standing_office_standing_in_for_its_head_is_confirmed_by_the_leaders(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", lead="vhxh", doer=STANDING, confirm="head")])
    world.phone(STANDING).expect("HẠN HÔM NAY")
    world.stand_in(STANDING_HEAD, STANDING, "2026-03-25", "2026-03-27")

    world.say(STANDING, "xong 1")
    world.phone(STANDING).expect("Đang chờ xác nhận")
    world.phone(CHAIR).expect("CHỜ XÁC NHẬN")
    world.say(STANDING, "xác nhận 1")
    world.phone(STANDING).expect("không được giao quyền này")
    world.say(CHAIR, "xác nhận 1")
    world.phone(CHAIR).expect("Đã xác nhận hoàn thành việc 1")
    world.run_until("2026-03-25 14:00")
    world.phone(STANDING).expect("ĐÃ ĐƯỢC XÁC NHẬN")


def test_the_stand_in_of_the_approver_grants(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")], without=["vhxh-truong"])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.stand_in(STANDING, VICE_CHAIR, "2026-03-25", "2026-03-25")

    world.say(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn")
    world.phone(VICE_CHAIR).expect("CHỜ DUYỆT GIA HẠN", "thứ Tư 1/4/2026")
    world.phone(CHAIR).silent()
    world.say(VICE_CHAIR, "đồng ý 1")
    world.phone(VICE_CHAIR).expect("Đã duyệt gia hạn việc 1")
    world.run_until("2026-03-25 14:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC GIA HẠN")

"""Nobody answers: the reminder climbs, on the right days and not one message more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine import actions
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    DESK_HEAD,
    DESK_OFFICER,
    HEAD,
    OFFICER,
    PARTNER,
    STANDING,
    STANDING_HEAD,
    VICE_CHAIR,
    World,
    monthly_report,
    obligation,
    one_task,
)


def test_silence_climbs_from_the_officer_to_the_head_the_standing_office_and_the_leaders(
    open_world: OpenWorld,
) -> None:
    world = open_world("2026-03-02 07:00", [one_task("2026-03-25")])  # a Wednesday

    world.run_until("2026-03-11 08:00")  # ten working days before
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "1. Kế hoạch chuyển đổi số", "thứ Tư 25/3/2026", "còn 14 ngày")
    world.run_until("2026-03-20 08:00")  # three working days before: a weekend lies between
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "còn 5 ngày", "xong 1")
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "Cần gửi trong hôm nay")
    world.everyone_silent()

    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN", "Phụ trách: Chuyên viên Phòng Kinh tế")
    world.everyone_silent()

    world.run_until("2026-03-27 08:00")
    for person in (OFFICER, HEAD, STANDING, STANDING_HEAD):
        world.phone(person).expect("QUÁ HẠN", "Kế hoạch chuyển đổi số", "đã quá 2 ngày")
    world.everyone_silent()

    world.run_until("2026-03-31 08:00")
    for person in (HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR):
        world.phone(person).expect("QUÁ HẠN", "Phòng Kinh tế", "đã quá 6 ngày")
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 6 ngày", "xong 1")
    world.everyone_silent()


def test_the_last_rung_comes_again_every_five_working_days_while_nobody_answers(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-31 17:00")
    for phone in world.phones.values():
        phone.put_aside()

    for day in ("2026-04-08", "2026-04-15", "2026-04-22"):
        world.run_until(f"{day} 07:29")
        world.everyone_silent()
        world.run_until(f"{day} 08:00")
        for person in (OFFICER, HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR):
            world.phone(person).expect("QUÁ HẠN", "Kế hoạch chuyển đổi số")
    world.everyone_silent()


def test_repeats_keep_their_rhythm_when_a_turn_comes_late(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25")])
    world.run_until("2026-03-31 17:00")
    for phone in world.phones.values():
        phone.put_aside()

    world.sleep_until("2026-04-10 09:00")  # the repeat of Wednesday 8/4 is told on Friday
    world.phone(HEAD).expect("QUÁ HẠN", "đã quá 16 ngày")
    world.run_until("2026-04-14 17:00")
    world.phone(HEAD).silent()
    world.run_until("2026-04-15 08:00")  # the next one is a Wednesday again
    world.phone(HEAD).expect("QUÁ HẠN", "đã quá 21 ngày")
    world.ignore_rest()


def test_everything_overdue_is_repeated_in_one_message(open_world: OpenWorld) -> None:
    tasks = [one_task("2026-03-25"), one_task("2026-03-24", id="ra-soat", title="Rà soát thủ tục")]
    world = open_world("2026-03-23 07:00", tasks)
    world.run_until("2026-03-31 17:00")
    for phone in world.phones.values():
        phone.put_aside()

    world.run_until("2026-04-08 08:00")
    for person in (OFFICER, HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR):
        world.phone(person).expect("Kế hoạch chuyển đổi số", "Rà soát thủ tục")
    world.everyone_silent()


def test_a_report_with_a_cutoff_is_heard_before_it_after_it_and_on_the_day(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report()])

    world.run_until("2026-03-10 08:00")  # 14/3 is a Saturday: three working days before Friday 13/3
    world.phone(OFFICER).expect("SẮP CHỐT SỐ LIỆU", "Báo cáo TTHC tháng 3/2026", "Số liệu từ 15/2/2026 đến 14/3/2026")
    world.run_until("2026-03-16 08:00")
    world.phone(OFFICER).expect("ĐÃ CHỐT SỐ LIỆU", "gửi chậm nhất thứ Ba 17/3/2026")
    world.run_until("2026-03-17 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Báo cáo TTHC tháng 3/2026")
    # Head and standing office hear on the same morning: one line each, and the officer one line, not two.
    world.run_until("2026-03-18 17:00")
    for person in (OFFICER, HEAD, STANDING, STANDING_HEAD):
        world.phone(person).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.everyone_silent()


def test_one_message_carries_everything_worst_first(open_world: OpenWorld) -> None:
    world = open_world(
        "2026-03-12 07:00",
        [
            one_task("2026-03-30", "sap-toi", "Rà soát thủ tục"),  # -10 working days: 16/3
            one_task("2026-03-16", "hom-nay", "Công khai ngân sách"),
            one_task("2026-03-13", "qua-han", "Báo cáo đột xuất"),
        ],
    )
    world.run_until("2026-03-13 17:00")
    world.phone(OFFICER).put_aside()

    world.run_until("2026-03-16 17:00")
    text = world.phone(OFFICER).expect("Nhắc việc 16/3/2026")
    said = ["QUÁ HẠN", "Báo cáo đột xuất", "HẠN HÔM NAY", "Công khai ngân sách", "SẮP TỚI HẠN", "Rà soát thủ tục"]
    assert [text.index(words) for words in said] == sorted(text.index(words) for words in said)
    world.phone(HEAD).expect("QUÁ HẠN", "Báo cáo đột xuất")
    world.everyone_silent()


def test_a_duty_of_every_unit_falls_on_each_of_them_but_on_no_partner(open_world: OpenWorld) -> None:
    world = open_world("2026-03-16 07:00", [one_task("2026-03-25", title="Tự kiểm tra CCHC", lead_each="all")])

    world.run_until("2026-03-25 08:00")
    for person in (OFFICER, DESK_OFFICER, STANDING):
        world.phone(person).expect("Tự kiểm tra CCHC", "còn 9 ngày")
        world.phone(person).expect("Tự kiểm tra CCHC", "còn 5 ngày")
        world.phone(person).expect("HẠN HÔM NAY", "1. Tự kiểm tra CCHC")
    world.phone(PARTNER).silent()
    world.run_until("2026-03-26 08:00")  # each head hears of their own unit only
    world.phone(HEAD).expect("1. Tự kiểm tra CCHC – Phòng Kinh tế")
    world.phone(DESK_HEAD).expect("1. Tự kiểm tra CCHC – Trung tâm Phục vụ hành chính công")
    world.phone(STANDING_HEAD).expect("1. Tự kiểm tra CCHC – Phòng Văn hóa - Xã hội")
    world.ignore_rest()


def test_a_partner_is_asked_and_then_the_standing_office_not_a_head(open_world: OpenWorld) -> None:
    world = open_world("2026-03-23 07:00", [one_task("2026-03-25", title="Giám sát", lead="mat-tran")])

    world.run_until("2026-03-25 08:00")
    world.phone(PARTNER).expect("SẮP TỚI HẠN", "Giám sát")
    world.phone(PARTNER).expect("HẠN HÔM NAY", "Giám sát")
    world.run_until("2026-03-26 08:00")
    world.phone(PARTNER).expect("QUÁ HẠN", "Giám sát")
    world.phone(STANDING).expect("QUÁ HẠN", "Giám sát – Mặt trận Tổ quốc")
    world.everyone_silent()


def test_month_ends_come_back_to_the_thirty_first(open_world: OpenWorld) -> None:
    # 31/1 and 28/2/2026 are Saturdays: one aims at the Friday. 31/3 is a Tuesday.
    world = open_world(
        "2026-01-05 07:00", [obligation("ngan-sach", "Báo cáo thu chi", kind="monthly", due={"day": 31})]
    )

    for day in ("2026-01-30", "2026-02-27", "2026-03-31"):
        world.run_until(f"{day} 07:29")
        world.phone(OFFICER).put_aside()
        world.run_until(f"{day} 08:00")
        world.phone(OFFICER).expect("HẠN HÔM NAY", f"Báo cáo thu chi tháng {int(day[5:7])}/2026")
        world.say(OFFICER, "xong")
        world.phone(OFFICER).expect("Đã ghi nhận xong", f"tháng {int(day[5:7])}/2026")
    world.everyone_silent()


def test_a_deadline_on_new_years_day_is_reminded_on_the_old_years_last_day(open_world: OpenWorld) -> None:
    # 1/1 and 2/1/2026 are off, then a weekend: due 1/1, counted until Monday 5/1, aimed at Wednesday 31/12.
    world = open_world("2025-12-26 07:00", [one_task("2026-01-01", title="Báo cáo năm 2025")])

    world.run_until("2025-12-31 08:00")
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "thứ Tư 31/12/2025")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "Hạn 1/1/2026 là ngày nghỉ Tết Dương lịch", "đến hết thứ Hai 5/1/2026")
    world.run_until("2026-01-04 23:00")
    world.everyone_silent()
    world.run_until("2026-01-05 08:00")  # past the day to aim at, not late
    world.phone(OFFICER).expect("ĐÃ QUA HẠN NỘI BỘ", "Hạn chính thức thứ Hai 5/1/2026")
    world.phone(HEAD).expect("ĐÃ QUA HẠN NỘI BỘ")
    world.everyone_silent()


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda world: world.operate(actions.suspend, "Kế hoạch", "xã dừng"), "việc đang tạm dừng"),
        (lambda world: world.operate(actions.cancel, "Kế hoạch", "xã dừng"), "kỳ này đã huỷ"),
        (lambda world: world.say(OFFICER, "xong 1"), "việc đang chờ xác nhận"),
    ],
)
def test_a_line_that_is_not_said_names_what_happened_to_the_work(
    open_world: OpenWorld, happens: Callable[[World], None], reason: str
) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", confirm="head")])
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu")
    world.say(STANDING, "từ chối 1 vì không có lý do")  # the officer has had a message: this line waits
    happens(world)
    assert [why for rung, why in world.silences(OFFICER) if rung.startswith("refused")] == [reason]
    world.ignore_rest()

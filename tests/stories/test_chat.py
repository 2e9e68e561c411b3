"""Everything an officer can say: questions asked back, passing work on, difficulties, leave, lists, old buttons."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert, select

from engine.messages import Press
from engine.office import CHAT, OCCURRENCE, REMINDER, STAND_IN, UNIT
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    DESK_OFFICER,
    HEAD,
    OFFICE_ID,
    OFFICER,
    SECOND_OFFICER,
    STANDING,
    STANDING_HEAD,
    STRANGER,
    VICE_CHAIR,
    World,
    one_task,
)

MORNING = "2026-03-20 07:30"


def two_open(open_world: OpenWorld) -> World:
    """Two pieces of work, told this morning."""
    world = open_world(MORNING, [one_task("2026-03-25"), one_task("2026-03-25", "z-bien-ban", "Biên bản kiểm tra")])
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số", "2. Biên bản kiểm tra")
    return world


def one_open(open_world: OpenWorld, **changes: Any) -> World:
    world = open_world(MORNING, [one_task("2026-03-25", **changes)])
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số")
    return world


def state_of(world: World, title: str = "Kế hoạch") -> str:
    return str(world.occurrence(title).work_state)


# ---- asked back, and answered --------------------------------------------------------------------------------------


def test_a_number_alone_answers_the_question_which_one(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong rồi ạ")
    world.phone(OFFICER).expect("Đồng chí báo việc nào ạ?", "xong 1", "2. Biên bản kiểm tra")
    world.say(OFFICER, "2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2: Biên bản kiểm tra")
    assert (state_of(world), state_of(world, "Biên bản")) == ("new", "done")
    world.say(OFFICER, "1")  # the question has been answered: a number alone says nothing
    world.phone(OFFICER).expect("chưa hiểu")
    assert state_of(world) == "new"


def test_a_number_after_a_doubtful_word_closes_nothing(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    for words in ("chưa xong", "sắp xong rồi", "xong chưa?"):
        world.say(OFFICER, words)
        world.phone(OFFICER).put_aside()
        world.say(OFFICER, "1")
        world.phone(OFFICER).put_aside()
    assert state_of(world) == "new"


def test_the_question_is_forgotten_after_half_an_hour(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong")
    world.phone(OFFICER).put_aside()
    world.clock.advance(seconds=31 * 60)
    world.say(OFFICER, "2")
    world.phone(OFFICER).put_aside()
    assert state_of(world, "Biên bản") == "new"


def test_an_extension_is_asked_for_step_by_step(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1")
    world.phone(OFFICER).expect("gia hạn việc 1 đến ngày nào?")
    world.say(OFFICER, "đến 1/4")
    world.phone(OFFICER).expect("lý do")
    world.say(OFFICER, "chờ số liệu của thôn")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn việc 1", "thứ Tư 1/4/2026")
    assert world.extensions() == [("waiting", "2026-04-01")]
    world.phone(STANDING).expect("chờ số liệu của thôn")
    world.phone(STANDING_HEAD).put_aside()


def test_more_days_are_counted_from_the_day_to_aim_at(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 thêm 5 ngày vì chờ số liệu")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn việc 1", "thứ Hai 30/3/2026")
    assert world.extensions() == [("waiting", "2026-03-30")]
    world.ignore_rest()


def test_another_command_in_between_is_that_command(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "gia hạn 1")
    world.phone(OFFICER).expect("đến ngày nào?")
    world.say(OFFICER, "xong 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")
    world.say(OFFICER, "25/4")  # nobody asks any more
    world.phone(OFFICER).put_aside()
    assert world.extensions() == []


def test_an_extension_to_a_day_off_is_pointed_out(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 28/3 vì chờ số liệu")
    world.phone(OFFICER).expect("thứ Bảy 28/3/2026", "ngày nghỉ")
    world.phone(STANDING).put_aside()
    world.phone(STANDING_HEAD).put_aside()


# ---- evidence by words ---------------------------------------------------------------------------------------------


def test_where_a_document_is_demanded_done_without_it_asks_and_the_first_moment_counts(open_world: OpenWorld) -> None:
    world = one_open(open_world, evidence="document")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("cần kèm số, ký hiệu văn bản", "chưa ghi nhận xong")
    assert state_of(world) == "new"
    said_at = world.clock.now()
    world.clock.advance(seconds=300)
    world.say(OFFICER, "số 12/BC-UBND ngày 14/3")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1", "12/BC-UBND")
    assert world.occurrence("Kế hoạch").reported_at == said_at
    world.say(OFFICER, "chi tiết 1")
    world.phone(OFFICER).expect("Minh chứng: văn bản 12/BC-UBND ngày 14/03/2026")


def test_the_document_in_the_same_words_is_enough(open_world: OpenWorld) -> None:
    world = one_open(open_world, evidence="document")
    world.say(OFFICER, "đã nộp 1 số 12/BC-UBND ngày 14/3")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")


# ---- passing on ----------------------------------------------------------------------------------------------------


def test_work_is_handed_to_a_colleague_who_is_told_and_answers(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.phone(OFFICER).expect("Đã chuyển việc 1", "Chuyên viên thứ hai Phòng Kinh tế")
    world.phone(SECOND_OFFICER).expect("1. Kế hoạch chuyển đổi số", "Chuyên viên Phòng Kinh tế")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("không được giao quyền này")
    world.say(SECOND_OFFICER, "xong 1")
    world.phone(SECOND_OFFICER).expect("Đã ghi nhận xong việc 1")
    assert world.history("handed_over") == 1


def test_a_handover_is_taken_back_before_it_was_told(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.hear(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.say(OFFICER, "hoàn tác")
    assert [t.splitlines()[0][:9] for t in world.phone(OFFICER).put_aside()] == ["Đã chuyển", "Đã hoàn t"]
    world.phone(SECOND_OFFICER).silent()
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")


def test_an_unknown_receiver_is_asked_for_and_chosen_by_number(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "chuyển 1 cho chị Hoa")
    text = world.phone(OFFICER).expect("Chưa tìm thấy", "1) ")
    chosen = next(line[0] for line in text.splitlines() if "thứ hai" in line)
    world.say(OFFICER, chosen)
    world.phone(OFFICER).expect("Đã chuyển việc 1", "Chuyên viên thứ hai")
    world.phone(SECOND_OFFICER).put_aside()


def test_an_officer_cannot_hand_work_to_another_unit_but_the_standing_office_can(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "chuyển 1 cho chuyên viên trung tâm phục vụ hành chính công")
    world.phone(OFFICER).expect("Chưa tìm thấy")
    world.say(OFFICER, "vướng 1 vì đây là phần của trung tâm")
    world.phone(OFFICER).expect("Đã báo cơ quan thường trực")
    world.phone(STANDING).expect("đây là phần của trung tâm", "1. Kế hoạch chuyển đổi số")
    world.phone(STANDING_HEAD).put_aside()
    world.say(STANDING, "chuyển 1 cho Chuyên viên Trung tâm Phục vụ hành chính công")
    world.phone(STANDING).expect("Đã chuyển việc 1", "Trung tâm Phục vụ hành chính công")
    world.phone(DESK_OFFICER).expect("Kế hoạch chuyển đổi số")


def test_a_difficulty_reaches_the_standing_office_in_the_persons_own_words(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "vướng 1 chưa có số liệu của công an xã")
    world.phone(OFFICER).expect("Đã báo cơ quan thường trực", "chưa có số liệu của công an xã")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("chưa có số liệu của công an xã", "Chuyên viên Phòng Kinh tế")
    assert state_of(world) == "doing"


# ---- later, please -------------------------------------------------------------------------------------------------


def test_a_snooze_is_quiet_until_then_and_reminds_at_that_hour(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "nhắc 1 chiều thứ ba")
    world.phone(OFFICER).expect("Sẽ nhắc lại việc 1", "13 giờ 30 thứ Ba 24/3/2026")
    world.run_until("2026-03-24 13:29")
    world.phone(OFFICER).silent()
    world.run_until("2026-03-24 13:30")
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số")
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("HẠN HÔM NAY")


def test_a_snooze_never_passes_the_day_to_send(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "nhắc 1 ngày 26/3")
    world.phone(OFFICER).expect("không lùi lời nhắc qua ngày này được", "thứ Tư 25/3/2026")
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("HẠN HÔM NAY")


def test_a_snoozed_early_reminder_is_quiet_for_the_doer(open_world: OpenWorld) -> None:
    world = open_world("2026-03-11 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.say(OFFICER, "nhắc 1 ngày 23/3")
    world.phone(OFFICER).put_aside()
    world.run_until("2026-03-20 17:00")  # the rung of the 20th is not said
    world.phone(OFFICER).silent()
    world.run_until("2026-03-23 07:30")
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số")
    assert ("-3", "người nhận đã xin nhắc lại sau") in [(rung[-2:], why) for rung, why in world.silences(OFFICER)] or [
        why for _, why in world.silences(OFFICER)
    ] == ["người nhận đã xin nhắc lại sau"]


# ---- leave ---------------------------------------------------------------------------------------------------------


def test_a_leave_makes_the_head_stand_in_and_names_the_work(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "nghỉ từ 24/3 đến 27/3")
    world.phone(OFFICER).expect("nghỉ từ thứ Ba 24/3/2026 đến hết thứ Sáu 27/3/2026", "Trưởng phòng Kinh tế", "1. Kế")
    world.phone(HEAD).expect("1. Kế hoạch chuyển đổi số", "Chuyên viên Phòng Kinh tế")
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).silent()
    world.phone(HEAD).expect("thay Chuyên viên Phòng Kinh tế", "HẠN HÔM NAY")
    world.say(HEAD, "xong 1")
    world.phone(HEAD).expect("Đã ghi nhận xong việc 1")


def test_a_leave_is_taken_back(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.hear(OFFICER, "nghỉ từ 24/3 đến 27/3")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).put_aside()
    world.phone(HEAD).silent()
    assert world.rows(select(STAND_IN)) == []
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("HẠN HÔM NAY")


# ---- lists ---------------------------------------------------------------------------------------------------------


def test_the_heads_list_names_the_doer_and_leaders_see_their_units(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(HEAD, "việc đơn vị")
    world.phone(HEAD).expect("Việc đang mở của đơn vị", "Kế hoạch chuyển đổi số (Chuyên viên Phòng Kinh tế)")
    world.say(VICE_CHAIR, "việc đơn vị")
    world.phone(VICE_CHAIR).expect("Kế hoạch chuyển đổi số (Chuyên viên Phòng Kinh tế)")
    world.say(DESK_OFFICER, "việc đơn vị")
    world.phone(DESK_OFFICER).expect("không có việc nào đang mở")
    world.say(HEAD, "chi tiết 1")
    world.phone(HEAD).expect("Đơn vị chủ trì: Phòng Kinh tế", "Người thực hiện: Chuyên viên Phòng Kinh tế")


def test_somebody_of_another_unit_cannot_look_at_it_by_number_or_button(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    task = world.occurrence("Kế hoạch").id
    world.say(DESK_OFFICER, "chi tiết", about=task)
    world.phone(DESK_OFFICER).expect("không được giao quyền này")


# ---- patience ------------------------------------------------------------------------------------------------------


def test_after_five_unhelpful_answers_there_is_silence_until_something_is_understood(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    for _ in range(8):
        world.say(OFFICER, "Xin chào, tôi đang bận, sẽ trả lời sau")
    assert len(world.phone(OFFICER).put_aside()) == 5
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.say(OFFICER, "abc xyz")
    world.phone(OFFICER).expect("chưa hiểu")


def test_a_sticker_or_a_forwarded_message_closes_nothing(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "", unreadable="nhãn dán")
    world.phone(OFFICER).expect("chưa đọc được nhãn dán", "xong 1")
    assert state_of(world) == "new"


# ---- buttons -------------------------------------------------------------------------------------------------------


def test_a_button_of_the_right_state_acts_and_a_second_press_changes_nothing(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    row = world.occurrence("Kế hoạch")
    press = Press(row.id, row.version, None, "m1")
    world.say(OFFICER, "xong", press=press)
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    closed = world.occurrence("Kế hoạch")
    world.say(OFFICER, "xong", press=press)
    world.phone(OFFICER).expect("đã được báo xong trước đó")
    assert world.occurrence("Kế hoạch") == closed


def test_a_button_of_an_older_state_is_answered_kindly_and_changes_nothing(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    row = world.occurrence("Kế hoạch")
    world.say(OFFICER, "đang làm 1")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "xong", press=Press(row.id, row.version))
    world.phone(OFFICER).expect("Nút vừa bấm đã cũ", "đang làm", "xong 1")
    assert state_of(world) == "doing"


def test_somebody_elses_button_does_nothing(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    row = world.occurrence("Kế hoạch")
    world.say(HEAD, "xong", press=Press(row.id, row.version, person_id=row.doer_id))
    world.phone(HEAD).expect("Nút này dành cho người được nhắc")
    assert state_of(world) == "new"


def test_the_undo_button_takes_back_only_what_it_stands_under(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    first = world.occurrence("Kế hoạch")
    world.say(OFFICER, "xong 1")
    world.say(OFFICER, "xong 2")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "hoàn tác", press=Press(first.id, world.occurrence("Kế hoạch").version))
    world.phone(OFFICER).expect("Đã hoàn tác. Việc 1")
    assert (state_of(world), state_of(world, "Biên bản")) == ("new", "done")


def test_undo_is_good_for_ten_minutes(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("“hoàn tác” trong 10 phút")
    world.clock.advance(seconds=601)
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("10 phút")
    assert state_of(world) == "done"


# ---- groups --------------------------------------------------------------------------------------------------------


def in_a_group(open_world: OpenWorld) -> World:
    world = open_world(MORNING, [one_task("2026-03-25")], unlinked=[SECOND_OFFICER])
    world.phone(OFFICER).put_aside()
    with world.engine.begin() as connection:
        unit = connection.execute(select(UNIT.c.id).where(UNIT.c.slug == "kinh-te")).scalar_one()
        connection.execute(
            insert(CHAT).values(
                office_id=OFFICE_ID, unit_id=unit, channel="simulator", bot="simulator", address="nhom-kinh-te"
            )
        )
    return world


def test_in_a_group_a_clear_report_counts_and_chatter_is_left_alone(open_world: OpenWorld) -> None:
    world = in_a_group(open_world)
    for words in ("trưa nay ăn gì mọi người", "xong chưa", "ok", "nộp chưa em?", "99"):
        world.say(OFFICER, words, address="nhom-kinh-te")
    world.phone("nhom-kinh-te").silent()
    world.say(OFFICER, "xong 1", address="nhom-kinh-te")
    world.phone("nhom-kinh-te").expect("Đã ghi nhận xong việc 1")
    world.phone(OFFICER).silent()


def test_a_stranger_in_a_group_hears_nothing(open_world: OpenWorld) -> None:
    world = in_a_group(open_world)
    world.say(STRANGER, "xong 1", address="nhom-kinh-te")
    world.phone("nhom-kinh-te").silent()
    assert state_of(world) == "new"


def test_whoever_has_no_chat_is_reminded_in_the_units_group(open_world: OpenWorld) -> None:
    world = in_a_group(open_world)
    world.say(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.phone(OFFICER).expect("Đã chuyển việc 1")
    world.phone("nhom-kinh-te").expect("Kính gửi Chuyên viên thứ hai Phòng Kinh tế", "Kế hoạch chuyển đổi số")
    world.run_until("2026-03-25 07:30")
    world.phone("nhom-kinh-te").expect("HẠN HÔM NAY")
    reasons = [why for _, why in world.silences(SECOND_OFFICER)]
    assert not any("chưa nối kênh" in (why or "") for why in reasons)


def test_silence_is_never_broken_for_the_chair_by_a_snooze(open_world: OpenWorld) -> None:
    """A snooze is the doer's own; the ladder above goes its way."""
    world = one_open(open_world)
    world.say(OFFICER, "nhắc 1 ngày 25/3")
    world.phone(OFFICER).put_aside()
    world.run_until("2026-04-03 17:00")
    for person in (OFFICER, HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR):
        assert world.phone(person).put_aside(), person
    assert world.rows(select(REMINDER.c.id).join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id))
    assert world.clock.now() > dt.datetime(2026, 4, 3, tzinfo=dt.UTC)

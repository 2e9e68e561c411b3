"""A reminder is answered: the work closes, is echoed, and nobody hears of it again."""

from __future__ import annotations

from sqlalchemy import select

from data.journal import JOURNAL
from data.muted import mute, unmute
from engine import actions
from engine.office import INBOUND, OCCURRENCE
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    DESK_OFFICER,
    HEAD,
    OFFICER,
    STANDING,
    STRANGER,
    World,
    civil,
    forget_number_rest,
    monthly_report,
    one_task,
)

NOT_UNDERSTOOD = "hệ thống chưa hiểu"


def two_things_open(open_world: OpenWorld) -> World:
    """Both speak in one message: 1 is due today, 2 in three working days."""
    world = open_world(
        "2026-03-25 07:30", [one_task("2026-03-25"), one_task("2026-03-30", "ra-soat", "Rà soát thủ tục")]
    )
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số", "2. Rà soát thủ tục")
    return world


def test_a_monthly_report_is_collected_written_called_for_and_done(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report()])
    world.run_until("2026-03-17 09:30")
    world.phone(OFFICER).expect("SẮP CHỐT SỐ LIỆU", "1. Báo cáo TTHC tháng 3/2026")
    world.phone(OFFICER).expect("ĐÃ CHỐT SỐ LIỆU", "1. Báo cáo TTHC tháng 3/2026")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Báo cáo TTHC tháng 3/2026", "xong 1")

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Báo cáo TTHC tháng 3/2026", "hoàn tác")
    world.run_until("2026-04-09 17:00")  # silence, until the figures of April close
    world.phone(OFFICER).expect("SẮP CHỐT SỐ LIỆU", "Báo cáo TTHC tháng 4/2026")
    world.everyone_silent()
    done = world.occurrence("Báo cáo TTHC tháng 3")
    assert (done.work_state, done.reported_at) == ("done", civil("2026-03-17 09:30"))


def test_an_answer_at_night_is_echoed_at_once(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.run_until("2026-03-25 22:10")

    world.say(OFFICER, "xong 1")
    text = world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    assert "sau hạn" not in text  # the day ends at midnight


def test_done_after_the_deadline_says_so(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.run_until("2026-03-26 09:00")
    world.phone(OFFICER).put_aside()
    world.phone(HEAD).put_aside()

    world.say(OFFICER, "xong")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1", "sau hạn 25/3/2026")


def test_words_typed_before_midnight_count_from_then_even_when_handled_after_it(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.run_until("2026-03-25 23:58")
    world.hear(OFFICER, "xong 1")  # stored; then the machine is switched off

    world.sleep_until("2026-03-26 07:30")
    text = world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    assert "sau hạn" not in text
    assert world.occurrence("Kế hoạch").reported_at == civil("2026-03-25 23:58")
    world.everyone_silent()  # nor did the overdue rung of that morning speak


def test_the_same_update_twice_acts_once_and_echoes_once(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")

    world.say(OFFICER, "xong 1", key="update-77")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.say(OFFICER, "xong 1", key="update-77")  # the provider repeats it
    world.everyone_silent()
    assert world.history("reported") == 1
    assert len(world.rows(select(INBOUND.c.id))) == 1


def test_typing_done_twice_is_kindly_told_once_is_enough(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Việc 1 (Kế hoạch chuyển đổi số) đã được báo xong trước đó")
    assert world.history("reported") == 1


def test_cancelled_work_is_said_to_be_cancelled(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.operate(actions.cancel, "Kế hoạch", "không còn phải làm")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Việc 1 (Kế hoạch chuyển đổi số) đã được huỷ")


def test_a_greeting_is_answered_in_one_line(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.say(OFFICER, "chào em")
    assert "\n" not in world.phone(OFFICER).expect("Xin chào", "việc", "trợ giúp")


def test_doubtful_words_about_work_are_asked_back_with_the_open_work(open_world: OpenWorld) -> None:
    world = two_things_open(open_world)
    for words in ("chưa xong", "2"):
        world.say(OFFICER, words)
        world.phone(OFFICER).expect(NOT_UNDERSTOOD, "trợ giúp", "1. Kế hoạch chuyển đổi số", "2. Rà soát thủ tục")
    world.say(OFFICER, "việc 2 sao rồi")
    world.phone(OFFICER).expect("Chưa ghi nhận gì cho việc 2: Rà soát thủ tục", "xong 2")
    assert world.history("reported") == 0


def test_one_document_number_after_several_numbers_is_that_of_each(open_world: OpenWorld) -> None:
    world = two_things_open(open_world)
    world.say(OFFICER, "xong 1 số 12/BC-UBND, 2")  # whose is it?
    world.phone(OFFICER).expect("việc nào")
    world.say(OFFICER, "xong 1, 2 số 12/BC-UBND")
    assert len(world.phone(OFFICER).put_aside()) == 2
    told = world.rows(select(JOURNAL.c.data).where(JOURNAL.c.action == "reported"))
    assert ["12/BC-UBND" in row.data for row in told] == [True, True]


def test_a_bare_done_acts_when_one_thing_is_open(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.say(OFFICER, "Xong")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Kế hoạch chuyển đổi số")


def test_a_bare_done_asks_which_when_two_things_are_open(open_world: OpenWorld) -> None:
    world = two_things_open(open_world)

    world.say(OFFICER, "xong")
    world.phone(OFFICER).expect("việc nào", "1. Kế hoạch chuyển đổi số", "2. Rà soát thủ tục")
    assert world.history("reported") == 0
    world.say(OFFICER, "xong 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2: Rà soát thủ tục")
    world.say(OFFICER, "xong")  # now there is no doubt
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Kế hoạch chuyển đổi số")


def test_two_numbers_in_one_reply_are_both_done(open_world: OpenWorld) -> None:
    world = two_things_open(open_world)
    world.say(OFFICER, "xong 1, 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Kế hoạch chuyển đổi số")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2: Rà soát thủ tục")


def test_a_number_nobody_gave_changes_nothing(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.say(OFFICER, "xong 9")
    world.phone(OFFICER).expect("Không có việc nào số 9", "1. Kế hoạch chuyển đổi số")
    assert world.occurrence("Kế hoạch").work_state == "new"


def test_numbers_are_each_persons_own_and_nobody_closes_anothers_work(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")
    task = world.occurrence("Kế hoạch").id

    world.say(DESK_OFFICER, "xong 1")
    world.phone(DESK_OFFICER).expect("Không có việc nào số 1")
    world.say(DESK_OFFICER, "xong", about=task)  # not even with a button that was forwarded
    world.phone(DESK_OFFICER).expect("không được giao quyền này")
    assert world.occurrence("Kế hoạch").work_state == "new"


def test_a_pressed_button_means_the_work_it_stood_under(open_world: OpenWorld) -> None:
    world = two_things_open(open_world)
    world.say(OFFICER, "xong", about=world.occurrence("Rà soát").id)
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2: Rà soát thủ tục")


def test_the_head_may_report_for_the_officer(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).put_aside()
    world.phone(HEAD).expect("QUÁ HẠN", "1. Kế hoạch chuyển đổi số")
    world.say(HEAD, "xong 1")
    world.phone(HEAD).expect("Đã ghi nhận xong việc 1")
    world.run_until("2026-04-10 17:00")
    world.everyone_silent()


def test_undo_restores_the_work_its_number_and_its_reminders(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "1. Kế hoạch chuyển đổi số")

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1", "hoàn tác")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác", "Việc 1 (Kế hoạch chuyển đổi số)", "thứ Tư 25/3/2026")
    restored = world.occurrence("Kế hoạch")
    assert (restored.work_state, restored.reported_at, restored.closed_at) == ("new", None, None)
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")


def test_undo_works_once_and_within_a_day(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Không có thao tác nào để hoàn tác")

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong")
    world.run_until("2026-03-21 07:31")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Không có thao tác nào để hoàn tác")
    assert world.occurrence("Kế hoạch").work_state == "done"


def test_undo_of_a_reply_with_two_numbers_restores_both(open_world: OpenWorld) -> None:
    world = two_things_open(open_world)
    world.say(OFFICER, "xong 1, 2")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "hoàn tác")
    undone = "\n".join(world.phone(OFFICER).put_aside())
    assert "Việc 1 (Kế hoạch chuyển đổi số)" in undone
    assert "Việc 2 (Rà soát thủ tục)" in undone
    assert {row.work_state for row in world.rows(select(OCCURRENCE.c.work_state))} == {"new"}


def test_undo_gives_way_to_what_somebody_else_did_since(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.say(OFFICER, "đang làm 1")
    world.phone(OFFICER).expect("Đã ghi nhận đang làm việc 1")
    world.operate(actions.suspend, "Kế hoạch", "chờ hướng dẫn của thành phố")

    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("đã có thay đổi khác sau đó nên không hoàn tác được")
    assert world.occurrence("Kế hoạch").work_state == "suspended"


def test_doing_is_noted_and_reminders_go_on(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.say(OFFICER, "đang làm 1")
    world.phone(OFFICER).expect("Đã ghi nhận đang làm việc 1", "thứ Tư 25/3/2026")
    world.say(OFFICER, "việc")
    world.phone(OFFICER).expect("Việc đang mở", "1. Kế hoạch chuyển đổi số: đang làm, còn 5 ngày")
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY")


def test_work_finished_between_gathering_and_sending_is_not_asked_for(open_world: OpenWorld) -> None:
    world = open_world("2026-03-24 08:00", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    running = world.channels
    world.channels = []  # nobody sends meanwhile: the morning's message waits
    world.clock.move_to(civil("2026-03-24 23:00"))
    world.hear(OFFICER, "xong 1")
    world.channels = running

    world.sleep_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.everyone_silent()


def test_a_freed_number_rests_so_that_a_late_done_cannot_close_other_work(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25"), one_task("2026-04-09", "moi", "Việc mới")])
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).expect("2. Việc mới")  # not 1

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Kế hoạch chuyển đổi số", "đã được báo xong trước đó")
    assert world.occurrence("Việc mới").work_state == "new"


def test_work_sent_back_after_its_number_was_given_away_gets_a_number_of_its_own(open_world: OpenWorld) -> None:
    world = open_world(
        "2026-03-20 07:30",
        [one_task("2026-03-25", confirm="head"), one_task("2026-04-09", "moi", "Việc mới")],
    )
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số")
    world.operate(actions.report, "Kế hoạch")
    world.turn()
    world.phone(HEAD).expect("CHỜ XÁC NHẬN", "1. Kế hoạch")
    world.say(HEAD, "xác nhận 1")
    world.phone(HEAD).expect("Đã xác nhận hoàn thành việc 1")
    forget_number_rest(world, days=30)
    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).expect("1. Việc mới")

    world.operate(actions.send_back, "Kế hoạch", "thiếu phụ lục")  # found out later
    world.run_until("2026-03-27 08:00")
    world.phone(OFFICER).expect("CẦN LÀM LẠI", "2. Kế hoạch chuyển đổi số", "thiếu phụ lục")
    world.phone(OFFICER).expect("QUÁ HẠN", "2. Kế hoạch chuyển đổi số")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Việc mới")
    world.ignore_rest()


def test_work_done_while_its_reminder_waited_holds_no_number(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:00", [one_task("2026-03-25"), one_task("2026-04-09", "moi", "Việc mới")])
    with world.engine.begin() as connection:
        mute(connection, "đang thử bản sao lưu", world.clock.now())
    world.run_until("2026-03-20 08:00")
    world.operate(actions.report, "Kế hoạch")
    forget_number_rest(world, days=30)
    world.run_until("2026-03-26 08:00")  # the newer work joins the message that waits
    world.phone(OFFICER).silent()
    with world.engine.begin() as connection:
        unmute(connection)
    world.turn()
    assert "Kế hoạch" not in world.phone(OFFICER).expect("1. Việc mới")

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Việc mới")
    world.ignore_rest()


def test_a_stranger_gets_one_neutral_line_and_not_for_every_line_typed(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).put_aside()

    world.say(STRANGER, "xong 1")
    text = world.phone(STRANGER).expect("chỉ dành cho cán bộ đã được cơ quan cấp mã liên kết")
    assert "Kế hoạch" not in text
    world.say(STRANGER, "việc")
    world.clock.advance(minutes=9)
    world.say(STRANGER, "alo")
    world.phone(STRANGER).silent()
    world.clock.advance(minutes=2)
    world.say(STRANGER, "alo")
    world.phone(STRANGER).expect("chỉ dành cho cán bộ")
    assert world.occurrence("Kế hoạch").work_state == "new"


def test_words_without_meaning_change_nothing_and_are_answered_kindly(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.say(OFFICER, "trời hôm nay đẹp quá")
    world.phone(OFFICER).expect(NOT_UNDERSTOOD)
    assert world.occurrence("Kế hoạch").work_state == "new"


def test_a_suspended_task_is_silent_and_goes_on_when_resumed(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.operate(actions.suspend, "Kế hoạch", "chờ hướng dẫn của thành phố")
    world.run_until("2026-04-06 17:00")
    world.everyone_silent()

    world.operate(actions.resume, "Kế hoạch")
    assert world.occurrence("Kế hoạch").work_state == "new"  # nobody has begun it meanwhile
    world.run_until("2026-04-08 08:00")  # the next rung from here on: the repeat of the leaders'
    for person in (HEAD, STANDING, CHAIR):
        world.phone(person).expect("QUÁ HẠN", "đã quá 14 ngày")
    world.ignore_rest()


def test_a_cancelled_period_is_never_heard_of_again(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.operate(actions.cancel, "Kế hoạch", "thành phố bãi bỏ")
    world.run_until("2026-04-20 17:00")
    world.everyone_silent()
    world.say(OFFICER, "việc")
    world.phone(OFFICER).expect("không có việc nào đang mở")

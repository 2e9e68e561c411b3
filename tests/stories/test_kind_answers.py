"""Answers that fit what was said: each was once an answer to something else, found by listening to conversations."""

from __future__ import annotations

import pytest

from tests.stories.conftest import MORNING, OpenWorld, one_open, two_open
from tests.world import CHAIR, HEAD, OFFICER, SECOND_OFFICER, STANDING, STANDING_HEAD, World, one_task


def approvers_have_read(world: World) -> None:
    for approver in (STANDING, STANDING_HEAD):
        world.phone(approver).put_aside()


@pytest.mark.parametrize("words", ["chưa xong 1 ạ", "1 chưa kịp anh ơi", "mai em nộp 1", "việc 1 sang tuần xong ạ"])
def test_not_yet_is_answered_as_such(open_world: OpenWorld, words: str) -> None:
    world = two_open(open_world)
    world.say(OFFICER, words)
    said = world.phone(OFFICER).expect("Chưa ghi nhận gì cho việc 1")
    assert "xin nhắn “gia hạn 1 đến ngày/tháng vì …”" in said
    assert world.occurrence("Kế hoạch").work_state == "new"


def test_five_courtesies_do_not_silence_the_question_that_matters(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    for words in ("ok", "dạ", "vâng ạ", "cảm ơn sếp", "ok bot"):
        world.say(OFFICER, words)
        world.phone(OFFICER).expect("Vâng, thưa đồng chí.")
    world.say(OFFICER, "xong")
    world.phone(OFFICER).expect("Đồng chí báo việc nào ạ?")


def test_after_five_courtesies_the_sixth_is_silent_at_once_and_answered_later(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    for _ in range(6):
        world.say(OFFICER, "ok")
    assert len(world.phone(OFFICER).put_aside()) == 5
    world.run_until("2026-03-20 08:00")
    world.phone(OFFICER).silent()
    world.say(OFFICER, "cảm ơn")
    world.phone(OFFICER).expect("Vâng, thưa đồng chí.")


def test_who_says_hello_is_greeted(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "chào bot")
    world.phone(OFFICER).expect("Xin chào đồng chí.")


def test_courtesy_in_the_middle_of_a_question_is_reminded_of_it(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4")
    world.phone(OFFICER).expect("lý do")
    world.say(OFFICER, "dạ")
    world.phone(OFFICER).expect("Câu hỏi ở trên vẫn chờ đồng chí trả lời")


def test_a_double_tap_and_hoan_tac_take_back_what_was_done(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "xong")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.say(OFFICER, "xong")
    world.phone(OFFICER).expect("Hiện không có việc nào phù hợp")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác. Việc 1")


def test_hoan_tac_before_an_open_question_says_what_still_stands(open_world: OpenWorld) -> None:
    world = open_world(
        MORNING,
        [one_task("2026-03-25", name, title) for name, title in (("a", "Việc a"), ("b", "Việc b"), ("c", "Việc c"))],
    )
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "xong 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")
    world.say(OFFICER, "xong")
    world.phone(OFFICER).expect("Đồng chí báo việc nào ạ?")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Thao tác đã ghi nhận trước đó vẫn giữ nguyên")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác. Việc 2")


@pytest.mark.parametrize("words", ["không", "ko", "chưa", "chờ tí", "là sao", "k biết", "lý do gì", "xong rồi khỏi"])
def test_what_is_no_reason_is_not_passed_on_as_one(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, words)
    world.phone(OFFICER).put_aside()
    assert world.extensions() == []
    world.say(OFFICER, "vì chưa có số liệu")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn việc 1")
    approvers_have_read(world)


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("thêm 2 ngày", "thứ Sáu 27/3/2026"),
        ("3 ngày làm việc", "thứ Hai 30/3/2026"),
        ("hết quý II", "thứ Ba 30/6/2026"),
    ],
)
def test_the_question_until_when_takes_a_length_and_a_quarter(open_world: OpenWorld, words: str, until: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 vì chờ số liệu")
    world.phone(OFFICER).expect("đến ngày nào?")
    world.say(OFFICER, words)
    world.phone(OFFICER).expect(f"đến {until}")
    approvers_have_read(world)


def test_a_day_that_has_passed_answers_the_question_until_when_as_such(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 vì chờ số liệu")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "10/3")
    world.phone(OFFICER).expect("Ngày 10/3/2026 đã qua")


def test_the_first_words_of_a_difficulty_are_not_lost_as_a_count(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "vướng 1 hồ sơ nhiều quá")
    world.phone(OFFICER).expect("vướng mắc của việc 1 (Kế hoạch")
    world.phone(STANDING).expect("hồ sơ nhiều quá")
    world.phone(STANDING_HEAD).put_aside()


def test_nothing_more_can_be_asked_for_finished_work(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì ốm")
    world.phone(OFFICER).expect("nên không gia hạn được nữa")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("không cần báo lại")


def test_with_nothing_to_decide_the_approver_reads_so(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(STANDING, "đồng ý")
    world.phone(STANDING).expect("Hiện không có đề nghị gia hạn nào chờ đồng chí duyệt.")


def test_of_two_requests_the_approver_reads_the_days_that_are_asked_for(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu")
    world.say(OFFICER, "gia hạn 2 đến 2/4 vì chờ số liệu")
    world.run_until("2026-03-20 14:00")
    world.phone(OFFICER).put_aside()
    approvers_have_read(world)
    world.say(STANDING, "đồng ý")
    said = world.phone(STANDING).expect("Đồng chí báo việc nào ạ?")
    assert "xin gia hạn đến 1/4" in said
    assert "xin gia hạn đến 2/4" in said


def test_whoever_grants_it_in_the_askers_words_is_told_how(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu")
    world.phone(OFFICER).put_aside()
    approvers_have_read(world)
    world.say(CHAIR, "việc đơn vị")
    world.phone(CHAIR).put_aside()
    world.say(CHAIR, "cho gia hạn 1 đến 1/4 vì có lý do")
    world.phone(CHAIR).expect("xin nhắn “đồng ý 1”")


def test_a_granted_extension_names_the_official_day_too(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu")
    world.phone(OFFICER).put_aside()
    approvers_have_read(world)
    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("đến thứ Tư 1/4/2026; hạn chính thức vẫn là thứ Tư 25/3/2026")
    world.phone(OFFICER).put_aside()


def test_a_head_without_work_of_their_own_is_shown_the_way_to_the_units(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(HEAD, "việc")
    world.phone(HEAD).expect("Nhắn “việc đơn vị” để xem các việc đồng chí theo dõi.")
    world.say(CHAIR, "việc đơn vị")
    world.phone(CHAIR).expect("Việc đang mở của cơ quan:")


def test_a_number_given_while_answering_is_said_to_be_new(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.stand_in(OFFICER, SECOND_OFFICER, "2026-03-20", "2026-03-22")
    world.say(SECOND_OFFICER, "nhắc 1 chiều mai")
    world.phone(SECOND_OFFICER).expect("Số 1 vừa được đặt cho một việc dưới đây")
    world.say(SECOND_OFFICER, "xong 7")
    world.phone(SECOND_OFFICER).expect("Không có việc nào số 7")


def test_one_day_of_leave_is_one_day(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "nghỉ 27/3")
    said = world.phone(OFFICER).expect("Đã ghi nhận đồng chí nghỉ thứ Sáu 27/3/2026.")
    assert "đến hết" not in said
    world.phone(HEAD).put_aside()

"""Answers that are none: called off, put off, somebody's note; and those that name what was meant in other words."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.office import STAND_IN
from tests.stories.conftest import OpenWorld
from tests.stories.test_chat import one_open, state_of, two_open
from tests.world import OFFICER, STANDING, STANDING_HEAD


@pytest.mark.parametrize("words", ["à mà thôi", "ừ thôi", "mà thôi em nhé"])
def test_a_reason_is_called_off_in_passing(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4")
    world.phone(OFFICER).expect("lý do")
    world.say(OFFICER, words)
    world.phone(OFFICER).expect("Đã bỏ qua, chưa ghi nhận gì")
    assert world.extensions() == []


@pytest.mark.parametrize(
    "words",
    [
        *(
            "mai tính",
            "đợi anh tí",
            "để xem đã",
            "mai em nộp",
            "em gửi sau nhé",
            "nói rồi mà",
            "lý do thì anh biết rồi",
        ),
        *("chiều em trả lời", "để mai em báo", "lát em nói"),
    ],
)
def test_what_puts_off_the_reason_is_asked_again(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4")
    world.phone(OFFICER).expect("lý do")
    world.say(OFFICER, words)
    world.phone(OFFICER).expect("Câu hỏi ở trên vẫn chờ đồng chí trả lời")
    assert world.extensions() == []
    world.say(OFFICER, "dạ vì chờ sở chị ơi")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn việc 1")
    world.phone(STANDING).expect("lý do: chờ sở")
    world.phone(STANDING_HEAD).put_aside()


@pytest.mark.parametrize(
    "words", ["chờ tỉnh", "đợi sở gửi", "bão", "chờ trả lời", "đợi sếp", "chờ sếp Hùng nói", "mai mới có số liệu"]
)
def test_a_short_reason_is_still_one(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, words)
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn việc 1")
    world.phone(STANDING).put_aside()
    world.phone(STANDING_HEAD).put_aside()


@pytest.mark.parametrize("words", ["đã nhận 1 ạ", "đã xem 1", "1/2", "1-2", "1 à", "2 việc", "1 việc", "1 chưa"])
def test_a_note_or_a_share_does_not_answer_which(open_world: OpenWorld, words: str) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong")
    world.phone(OFFICER).expect("Đồng chí báo việc nào ạ?")
    world.say(OFFICER, words)
    world.phone(OFFICER).put_aside()
    assert (state_of(world), state_of(world, "Biên bản")) == ("new", "new")


@pytest.mark.parametrize("words", ["1 thôi ạ", "ý em là việc 1", "việc 1 nhé bot", "ok 1", "1 rồi ạ", "đúng việc 1"])
def test_one_is_chosen_in_passing_words(open_world: OpenWorld, words: str) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, words)
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    assert (state_of(world), state_of(world, "Biên bản")) == ("done", "new")


@pytest.mark.parametrize("words", ["cả 2", "cả hai ạ", "cả 2 việc", "tất cả", "dạ tất cả ạ"])
def test_both_of_two_are_chosen(open_world: OpenWorld, words: str) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, words)
    world.phone(OFFICER).put_aside()
    assert (state_of(world), state_of(world, "Biên bản")) == ("done", "done")


def test_a_slip_is_taken_back_and_what_was_meant_is_recorded(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.say(OFFICER, "nhầm, việc 2 mới xong")
    world.phone(OFFICER).expect("Đã hoàn tác. Việc 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")
    assert (state_of(world), state_of(world, "Biên bản")) == ("new", "done")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác. Việc 2")


@pytest.mark.parametrize("words", ["mai nghỉ tết", "hôm nay nghỉ mà nhắc gì", "mai nghỉ làm 1", "em nghĩ mai xong"])
def test_a_doubtful_leave_is_not_recorded(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, words)
    world.phone(OFFICER).put_aside()
    assert world.rows(select(STAND_IN.c.id)) == []


def test_the_example_names_a_number_that_is_open(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "kẹt xe quá")
    world.phone(OFFICER).expect("hệ thống chưa hiểu. Nhắn “xong 2” để báo xong việc số 2")

"""What a hostile or hurried conversation must not do: found by attacking the chat, each with the words that did it."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from engine.messages import Attachment, Kind
from engine.office import CHAT, EVIDENCE, INBOUND, STAND_IN, UNIT
from tests.stories.conftest import OpenWorld, one_open, two_open
from tests.world import (
    CHAIR,
    HEAD,
    OFFICE_ID,
    OFFICER,
    SECOND_OFFICER,
    STANDING,
    STANDING_HEAD,
    VICE_CHAIR,
    World,
)

PHOTO = Attachment(Kind.PHOTO, "anh-1", None, "image/jpeg", 200_000)
OTHER_PHOTO = Attachment(Kind.PHOTO, "anh-2", None, "image/jpeg", 200_000)
GROUP = "nhom-kinh-te"


def states(world: World) -> list[str]:
    return [world.occurrence(title).work_state for title in ("Kế hoạch", "Biên bản")]


def with_group(world: World) -> None:
    with world.engine.begin() as connection:
        unit = connection.execute(select(UNIT.c.id).where(UNIT.c.slug == "kinh-te")).scalar_one()
        group = {"office_id": OFFICE_ID, "unit_id": unit, "channel": "simulator", "bot": "simulator", "address": GROUP}
        connection.execute(insert(CHAT).values(**group))


# ---- groups --------------------------------------------------------------------------------------------------------


def test_in_a_group_nothing_without_a_number_acts_nor_completes_anything(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    with_group(world)
    for words in ("xong", "2", "xong rồi nhé", "vướng 1", "chiều nay mọi người họp nhé", "việc", "thôi"):
        world.say(OFFICER, words, address=GROUP)
    world.say(OFFICER, "", address=GROUP, attachments=(PHOTO,))
    world.phone(GROUP).put_aside()
    assert states(world) == ["new", "new"]
    assert world.rows(select(EVIDENCE)) == []


def test_in_a_group_the_person_is_named(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    with_group(world)
    world.say(OFFICER, "xong 2", address=GROUP)
    world.phone(GROUP).expect("Chuyên viên Phòng Kinh tế: Đã ghi nhận xong việc 2")


# ---- reasons -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["thôi", "khoan, không trả lại nữa", "thôi không cần nữa", "bỏ qua", "hoàn tác"])
def test_whoever_calls_it_off_has_not_given_a_reason(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4")
    world.phone(OFFICER).expect("lý do")
    world.say(OFFICER, words)
    world.phone(OFFICER).expect("Đã bỏ qua, chưa ghi nhận gì")
    assert world.extensions() == []


@pytest.mark.parametrize("words", ["cảm ơn", "😀😀😀", "vâng ạ", "sao phải có lý do?", "để tôi xem đã"])
def test_small_talk_is_no_reason_and_the_question_stands(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "gia hạn 1 đến 1/4")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, words)
    world.phone(OFFICER).put_aside()
    assert world.extensions() == []
    world.say(OFFICER, "vì ốm")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn việc 1")
    world.phone(STANDING).expect("lý do: ốm")
    world.phone(STANDING_HEAD).put_aside()


def test_a_question_survives_a_list_and_words_nobody_understands(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong")
    world.say(OFFICER, "abc")
    world.say(OFFICER, "việc")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")
    assert states(world) == ["new", "done"]


def test_hoan_tac_with_a_question_open_does_not_reach_behind_it(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong 2")
    world.say(OFFICER, "gia hạn 1 đến 1/4")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).put_aside()
    assert states(world) == ["new", "done"]


def test_a_number_beyond_the_list_chooses_nobody(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    doer = world.occurrence("Kế hoạch").doer_id
    world.say(OFFICER, "chuyển 1")
    for number in ("0", "9"):
        world.say(OFFICER, number)
    world.phone(OFFICER).put_aside()
    assert world.occurrence("Kế hoạch").doer_id == doer


# ---- photos --------------------------------------------------------------------------------------------------------


def photos(world: World) -> list[tuple[str, str]]:
    query = select(EVIDENCE.c.occurrence_id, EVIDENCE.c.reference, EVIDENCE.c.status).order_by(EVIDENCE.c.id)
    mine = world.occurrence("Biên bản").id
    assert all(row.occurrence_id == mine for row in world.rows(query))
    return [(row.reference, row.status) for row in world.rows(query)]


def test_a_photo_waits_for_the_words_that_name_its_work(open_world: OpenWorld) -> None:
    world = two_open(open_world, evidence="file")
    world.say(OFFICER, "", attachments=(PHOTO,))
    world.phone(OFFICER).expect("Ảnh hoặc tệp này là của việc nào?")
    world.say(OFFICER, "", attachments=(OTHER_PHOTO,))
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "xong 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")
    assert photos(world) == [("anh-1", "to_fetch"), ("anh-2", "to_fetch")]


def test_a_photo_with_a_bare_xong_goes_with_the_number_that_follows(open_world: OpenWorld) -> None:
    world = two_open(open_world, evidence="file")
    world.say(OFFICER, "xong", attachments=(PHOTO,))
    world.phone(OFFICER).expect("Đồng chí báo việc nào ạ?")
    world.say(OFFICER, "2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")
    assert photos(world) == [("anh-1", "to_fetch")]


@pytest.mark.parametrize("caption", ["ảnh họp thôn", "ảnh 1", "quý 1", "việc này"])
def test_a_photo_with_an_unclear_caption_is_asked_about_not_lost(open_world: OpenWorld, caption: str) -> None:
    world = two_open(open_world)
    world.say(OFFICER, caption, attachments=(PHOTO,))
    world.phone(OFFICER).expect("Ảnh hoặc tệp này là của việc nào?")
    world.say(OFFICER, "2")
    world.phone(OFFICER).expect("Đã lưu minh chứng cho việc 2")
    assert photos(world) == [("anh-1", "to_fetch")]


def test_a_scan_sent_after_xong_is_kept_with_what_was_reported(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong")
    world.say(OFFICER, "đã nộp 2", attachments=(PHOTO,))
    world.phone(OFFICER).expect("Đã lưu minh chứng cho việc 2")
    world.say(OFFICER, "bổ sung cho việc 2", attachments=(OTHER_PHOTO,))
    world.phone(OFFICER).expect("Đã lưu minh chứng cho việc 2")
    assert photos(world) == [("anh-1", "to_fetch"), ("anh-2", "to_fetch")]


@pytest.mark.parametrize(
    "words",
    [
        "đã nộp 2 số 45/BC-TTPVHCC ngày 16/3",
        "bổ sung việc 2 số 45/BC-TTPVHCC ngày 16/3",
        "bo sung vb 45/BC-TTPVHCC cho viec 2",
        "việc 2 số 45/BC-TTPVHCC nhé",
        "em gửi bổ sung minh chứng việc 2: https://xa.example/45.pdf",
    ],
)
def test_a_number_or_a_link_sent_after_xong_is_kept_once(open_world: OpenWorld, words: str) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong")
    world.say(OFFICER, words)
    world.phone(OFFICER).expect("Đã lưu minh chứng cho việc 2")
    [kept] = world.rows(select(EVIDENCE))
    assert kept.text in ("45/BC-TTPVHCC", "https://xa.example/45.pdf")
    assert kept.status == "kept"
    world.say(OFFICER, "đã nộp 2 số 45/BC-TTPVHCC") if kept.kind == "document" else world.say(OFFICER, "xong 2")
    world.phone(OFFICER).expect("không cần báo lại")
    assert len(world.rows(select(EVIDENCE))) == 1


def test_a_number_sent_before_xong_is_kept_and_closes_nothing(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "số văn bản việc 2: 45/BC-UBND")
    world.phone(OFFICER).expect("Đã lưu minh chứng cho việc 2", "45/BC-UBND", "chưa được báo xong")
    assert states(world) == ["new", "new"]


@pytest.mark.parametrize(
    "words",
    ["việc 2 theo công văn 45/BC-UBND thì làm sao", "việc 2 chưa có số 45/BC-UBND", "việc 2 số 45/BC-UBND phải không?"],
)
def test_a_number_among_other_words_is_not_taken_for_a_paper(open_world: OpenWorld, words: str) -> None:
    world = two_open(open_world)
    world.say(OFFICER, words)
    world.phone(OFFICER).put_aside()
    assert world.rows(select(EVIDENCE)) == []
    assert states(world) == ["new", "new"]


def test_a_bare_scan_after_xong_is_not_taken_for_the_other_work(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "xong 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong")
    world.say(OFFICER, "", attachments=(PHOTO,))
    world.phone(OFFICER).expect("Ảnh hoặc tệp này là của việc nào?", "Biên bản")
    world.say(OFFICER, "2")
    world.phone(OFFICER).expect("Đã lưu minh chứng cho việc 2")
    assert photos(world) == [("anh-1", "to_fetch")]


def test_a_bare_scan_is_for_the_only_work_it_can_be_for(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong")
    world.say(OFFICER, "", attachments=(PHOTO,))
    world.phone(OFFICER).expect("Đã lưu minh chứng cho việc 1")


def test_undo_takes_the_photo_back_with_the_action_it_came_with(open_world: OpenWorld) -> None:
    world = two_open(open_world)
    world.say(OFFICER, "gia hạn 2 đến 1/4 vì chờ số liệu", attachments=(PHOTO,))
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).put_aside()
    assert photos(world) == [("anh-1", "withdrawn")]
    world.ignore_rest()


# ---- undo ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["xong 1", "chuyển 1 cho chuyên viên thứ hai"])
def test_undo_brings_back_the_reminder_that_was_asked_for(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "nhắc 1 ngày 24/3")
    world.hear(OFFICER, words)
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).put_aside()
    world.run_until("2026-03-24 08:00")
    world.phone(OFFICER).expect("NHẮC LẠI THEO ĐỀ NGHỊ")
    world.ignore_rest()


def test_the_new_doer_hears_that_the_handover_is_off(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.run_until("2026-03-20 13:28")
    world.say(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.run_until("2026-03-20 13:30")
    world.phone(SECOND_OFFICER).expect("VIỆC ĐƯỢC CHUYỂN GIAO")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).put_aside()
    world.run_until("2026-03-23 08:00")
    world.phone(SECOND_OFFICER).expect("ĐÃ RÚT LẠI", "Việc không còn chuyển cho đồng chí")
    world.ignore_rest()


def test_the_approver_reads_who_asked_whoever_does_it_by_then(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.hear(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu")
    world.say(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.phone(STANDING).expect("Chuyên viên Phòng Kinh tế xin gia hạn")
    world.ignore_rest()


# ---- leave ---------------------------------------------------------------------------------------------------------


def test_a_leader_is_stood_in_for_by_a_leader(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(CHAIR, "nghỉ từ 20/3 đến 27/3")
    world.phone(CHAIR).expect("Phó Chủ tịch UBND xã")
    world.say(VICE_CHAIR, "nghỉ từ 23/3 đến 24/3")  # there is no third leader: nobody is named by chance
    world.phone(VICE_CHAIR).expect("Chưa ghi nhận được lịch nghỉ", "cơ quan thường trực")
    assert len(world.rows(select(STAND_IN))) == 1


def test_two_who_are_away_together_do_not_stand_in_for_each_other(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "nghỉ từ 23/3 đến 27/3")
    world.phone(OFFICER).expect("Trưởng phòng Kinh tế")
    world.say(HEAD, "nghỉ từ 23/3 đến 27/3")
    text = "\n".join(world.phone(HEAD).put_aside())
    assert "Chuyên viên thứ hai Phòng Kinh tế" in text
    world.say(OFFICER, "nghỉ từ 25/3 đến 30/3")
    world.phone(OFFICER).expect("trùng với lịch nghỉ đã ghi")
    world.ignore_rest()


def test_work_due_before_the_leave_is_not_in_it(open_world: OpenWorld) -> None:
    world = one_open(open_world)
    world.say(OFFICER, "nghỉ từ 30/3 đến 3/4")
    text = world.phone(OFFICER).expect("Đã ghi nhận đồng chí nghỉ")
    assert "Việc cần xong trong thời gian này" not in text
    world.phone(HEAD).silent()


# ---- secret work ---------------------------------------------------------------------------------------------------


def test_what_people_write_about_secret_work_is_repeated_nowhere(open_world: OpenWorld) -> None:
    world = one_open(open_world, secret=True)
    world.say(OFFICER, "vướng 1 phương án tác chiến chưa duyệt")
    world.say(OFFICER, "chi tiết 1")
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì phương án tác chiến chưa duyệt")
    world.run_until("2026-03-23 08:00")
    told = [text for person in (OFFICER, STANDING, STANDING_HEAD, HEAD) for text in world.phone(person).put_aside()]
    assert told
    assert not [text for text in told if "tác chiến" in text]
    world.ignore_rest()


# ---- words that must stop nobody ------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["tuần 53", "tuần 52/9999", "tuần 99/99", "x" * 5000, "\ud800 chào", "chào\x00bạn"])
def test_no_words_of_one_person_keep_others_from_being_heard(open_world: OpenWorld, words: str) -> None:
    world = one_open(open_world)
    world.hear(OFFICER, words)
    world.say(HEAD, "việc đơn vị")
    world.phone(HEAD).expect("Kế hoạch chuyển đổi số")
    assert not world.rows(select(INBOUND.c.id).where(INBOUND.c.handled_at.is_(None)))
    world.phone(OFFICER).put_aside()
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY")

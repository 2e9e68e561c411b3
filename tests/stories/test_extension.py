"""More time is asked for, granted or refused; the official date never moves."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from data.database import reading
from engine import actions
from engine.office import REMINDER
from engine.why import story_of
from tests.stories.conftest import OpenWorld
from tests.world import CHAIR, HEAD, OFFICER, STANDING, STANDING_HEAD, VICE_CHAIR, World, one_task


def asked(open_world: OpenWorld) -> World:
    """On the last day the officer asks for a week more; the standing office has the question."""
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY", "gia hạn 1 đến")
    world.run_until("2026-03-25 09:00")
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu của thôn")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn việc 1", "thứ Tư 1/4/2026", "hạn vẫn là thứ Tư 25/3/2026")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHỜ DUYỆT GIA HẠN", "thứ Tư 1/4/2026", "chờ số liệu của thôn", "đồng ý 1")
    world.everyone_silent()
    return world


def test_a_granted_extension_moves_the_day_to_aim_at_and_starts_the_ladder_anew(open_world: OpenWorld) -> None:
    world = asked(open_world)

    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("Đã duyệt gia hạn việc 1", "thứ Tư 1/4/2026")
    world.run_until("2026-03-25 17:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC GIA HẠN", "thứ Tư 1/4/2026", "Hạn chính thức vẫn là thứ Tư 25/3/2026")
    row = world.occurrence("Kế hoạch")
    assert (row.due, row.internal_due) == (dt.date(2026, 3, 25), dt.date(2026, 4, 1))
    assert row.first_internal_due == dt.date(2026, 3, 25)  # the record keeps what was promised first

    world.run_until("2026-03-26 17:00")  # no head, no standing office: the day was moved
    world.everyone_silent()
    world.run_until("2026-03-27 08:00")
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "1. Kế hoạch chuyển đổi số", "thứ Tư 1/4/2026")
    world.run_until("2026-04-01 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.run_until("2026-04-02 08:00")
    world.phone(OFFICER).expect("QUÁ HẠN", "Đã gia hạn đến thứ Tư 1/4/2026", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN")
    world.run_until("2026-04-07 17:00")
    for person in (VICE_CHAIR, CHAIR):
        world.phone(person).expect("QUÁ HẠN", "đã quá 6 ngày")
    world.ignore_rest()


def test_granted_to_work_that_was_suspended_meanwhile_it_stays_silent_until_resumed(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.operate(actions.suspend, "Kế hoạch", "chờ hướng dẫn của thành phố")

    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("Đã duyệt gia hạn việc 1", "thứ Tư 1/4/2026")
    row = world.occurrence("Kế hoạch")
    assert (row.work_state, row.internal_due, row.next_move_at) == ("suspended", dt.date(2026, 4, 1), None)
    world.run_until("2026-03-30 17:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC GIA HẠN", "thứ Tư 1/4/2026")
    world.everyone_silent()

    world.operate(actions.resume, "Kế hoạch")
    world.run_until("2026-04-01 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.ignore_rest()


def test_a_refused_extension_says_why_and_the_ladder_goes_on(open_world: OpenWorld) -> None:
    world = asked(open_world)

    world.say(STANDING_HEAD, "từ chối 1 vì thành phố đã chốt lịch")
    world.phone(STANDING_HEAD).expect("Đã từ chối gia hạn việc 1", "thành phố đã chốt lịch")
    world.run_until("2026-03-25 17:00")
    world.phone(OFFICER).expect("GIA HẠN KHÔNG ĐƯỢC DUYỆT", "thành phố đã chốt lịch", "Hạn vẫn là thứ Tư 25/3/2026")
    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN")
    assert world.extensions() == [("refused", "2026-04-01")]


def test_a_refusal_needs_a_reason(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(STANDING, "từ chối 1")
    world.phone(STANDING).expect("Xin cho biết lý do")
    assert world.extensions() == [("waiting", "2026-04-01")]


def test_a_request_needs_a_later_day_and_a_reason(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    for words, answer in (
        ("gia hạn 1", "đến ngày nào"),
        ("gia hạn 1 đến 1/4", "Xin cho biết lý do"),
        ("gia hạn 1 đến 20/3/2026 vì bận", "đã qua"),
        ("gia hạn 1 đến 25/3 vì bận", "không muộn hơn hạn hiện tại"),
    ):
        world.say(OFFICER, words)
        world.phone(OFFICER).expect(answer)
    assert world.extensions() == []


def test_a_day_that_has_passed_is_named_as_such_even_without_a_year(open_world: OpenWorld) -> None:
    world = open_world("2026-03-27 07:30", [one_task("2026-03-31")])
    world.run_until("2026-03-28 09:00")
    world.phone(OFFICER).put_aside()
    world.say(OFFICER, "gia hạn 1 đến 25/3 vì chờ số liệu")
    world.phone(OFFICER).expect("Ngày 25/3/2026 đã qua", "sau hôm nay")
    world.say(OFFICER, "gia hạn 1 vì 25/3 mới họp")  # a day in the reason is not the one asked for
    world.phone(OFFICER).expect("đến ngày nào")
    assert world.extensions() == []


def test_why_tells_what_became_of_a_request_in_vietnamese(open_world: OpenWorld) -> None:
    world = asked(open_world)
    task = world.occurrence("Kế hoạch").id
    with reading(world.engine) as connection:
        assert "đang chờ duyệt" in story_of(connection, task, world.clock.now()).reasons[-1]
    world.say(OFFICER, "hoàn tác")
    world.say(OFFICER, "gia hạn 1 đến 2/4 vì chờ số liệu")
    world.say(STANDING, "từ chối 1 vì muộn")
    world.say(OFFICER, "gia hạn 1 đến 3/4 vì chờ số liệu")
    world.say(STANDING, "đồng ý 1")
    with reading(world.engine) as connection:
        reasons = story_of(connection, task, world.clock.now()).reasons
    assert [reason.rpartition("(")[2].rstrip(").") for reason in reasons] == [
        "đã rút lại",
        "không được duyệt",
        "đã duyệt",
    ]
    world.ignore_rest()


def test_an_approval_that_names_another_day_is_asked_back(open_world: OpenWorld) -> None:
    world = asked(open_world)
    for day in ("31/3", "20/3"):  # the second has passed
        world.say(STANDING, f"đồng ý 1 đến {day}")
        world.phone(STANDING).expect("đề nghị gia hạn đến thứ Tư 1/4/2026", "đồng ý 1")
    assert world.extensions() == [("waiting", "2026-04-01")]
    world.say(STANDING, "đồng ý 1 đến 1/4")
    world.phone(STANDING).expect("Đã duyệt gia hạn việc 1")
    world.ignore_rest()


def test_only_the_standing_office_and_the_leaders_may_grant(open_world: OpenWorld) -> None:
    world = asked(open_world)
    task = world.occurrence("Kế hoạch").id
    for person in (OFFICER, HEAD):
        world.say(person, "đồng ý", about=task)
        world.phone(person).expect("không được giao quyền này")
    assert world.extensions() == [("waiting", "2026-04-01")]


def test_the_second_of_two_approvers_learns_that_it_is_decided(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("Đã duyệt")
    world.say(STANDING_HEAD, "từ chối 1 vì không có lý do chính đáng")
    world.phone(STANDING_HEAD).expect("không có gì đang chờ duyệt")
    assert world.extensions() == [("granted", "2026-04-01")]
    world.ignore_rest()


def test_a_second_request_takes_the_place_of_the_first(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(OFFICER, "gia hạn 1 đến 3/4 vì chờ số liệu của thôn")
    world.phone(OFFICER).expect("thứ Sáu 3/4/2026")
    world.run_until("2026-03-25 14:00")  # the standing office has had its message this morning
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHỜ DUYỆT GIA HẠN", "thứ Sáu 3/4/2026")
    assert world.extensions() == [("withdrawn", "2026-04-01"), ("waiting", "2026-04-03")]


def test_a_request_taken_back_is_no_longer_asked(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác", "Việc 1")
    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("không có gì đang chờ duyệt")
    assert world.extensions() == [("withdrawn", "2026-04-01")]


def test_work_done_while_a_request_waits_needs_no_decision_any_more(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("không có gì đang chờ duyệt")
    assert world.extensions() == [("withdrawn", "2026-04-01")]
    world.run_until("2026-04-10 17:00")
    world.everyone_silent()


def test_done_by_mistake_and_taken_back_the_request_waits_again(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác")
    assert world.extensions() == [("waiting", "2026-04-01")]
    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("Đã duyệt gia hạn việc 1")
    world.run_until("2026-03-25 14:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC GIA HẠN")


def test_a_request_that_the_approvers_had_not_heard_of_yet_is_asked_after_all(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(OFFICER, "gia hạn 1 đến 3/4 vì chờ số liệu của thôn")  # waits for the afternoon
    world.say(OFFICER, "xong 1")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).put_aside()
    world.run_until("2026-03-25 14:00")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHỜ DUYỆT GIA HẠN", "thứ Sáu 3/4/2026")
    assert world.extensions() == [("withdrawn", "2026-04-01"), ("waiting", "2026-04-03")]


def test_a_second_request_taken_back_leaves_the_first_one_waiting(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(OFFICER, "gia hạn 1 đến 3/4 vì chờ số liệu của thôn")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).put_aside()
    assert world.extensions() == [("waiting", "2026-04-01"), ("withdrawn", "2026-04-03")]
    world.run_until("2026-03-25 17:00")
    world.everyone_silent()  # the approvers have had the first question


def test_a_grant_taken_back_at_once_was_never_told(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("Đã duyệt gia hạn việc 1", "hoàn tác")
    world.say(STANDING, "hoàn tác")
    world.phone(STANDING).expect("Đã hoàn tác", "hạn thứ Tư 25/3/2026")
    assert world.extensions() == [("waiting", "2026-04-01")]
    world.run_until("2026-03-25 17:00")
    world.everyone_silent()
    world.run_until("2026-03-26 08:00")  # the day to aim at is the old one, and so is the ladder
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN")


def test_whoever_counts_on_a_grant_hears_that_it_was_taken_back(open_world: OpenWorld) -> None:
    world = asked(open_world)
    world.run_until("2026-03-25 13:25")
    world.say(STANDING, "đồng ý 1")
    world.run_until("2026-03-25 13:31")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC GIA HẠN")
    world.say(STANDING, "hoàn tác")
    world.phone(STANDING).put_aside()
    world.run_until("2026-03-26 08:00")
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN")
    rung = select(REMINDER.c.rung).where(REMINDER.c.says == "withdrawn")
    assert len(world.rows(rung)) == 1
    world.say(STANDING, "từ chối 1 vì đã quá hạn")
    world.phone(STANDING).expect("Đã từ chối gia hạn việc 1")
    assert world.extensions() == [("refused", "2026-04-01")]
    world.ignore_rest()


def test_the_standing_office_does_not_grant_its_own_request(open_world: OpenWorld) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", lead="vhxh")], without=[STANDING_HEAD])
    world.phone(STANDING).expect("HẠN HÔM NAY")
    world.say(STANDING, "gia hạn 1 đến 1/4 vì chờ thành phố")
    world.phone(STANDING).expect("Đã gửi đề nghị")
    world.phone(CHAIR).expect("CHỜ DUYỆT GIA HẠN", "chờ thành phố")
    world.say(STANDING, "đồng ý 1")
    world.phone(STANDING).expect("không được giao quyền này")
    world.say(CHAIR, "đồng ý 1")
    world.phone(CHAIR).expect("Đã duyệt gia hạn việc 1")
    world.run_until("2026-03-25 14:00")
    world.phone(STANDING).expect("ĐÃ ĐƯỢC GIA HẠN")

"""The leaders' weekly digest, with every number counted by hand."""

from __future__ import annotations

import json

from sqlalchemy import delete, select

from data.database import reading
from data.journal import JOURNAL, Line, append, line_with, verify
from engine import actions
from engine.digest import SAID_IN_DIGEST, digest_of_week
from engine.messages import DigestMessage, Retry, Unknown
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    DESK_OFFICER,
    HEAD,
    OFFICE_ID,
    OFFICER,
    STANDING,
    STANDING_HEAD,
    VICE_CHAIR,
    World,
    civil,
    monthly_report,
    office_file,
    one_task,
)

UNGUARD = {
    "sqlite": "DROP TRIGGER journal_no_delete",
    "postgresql": "DROP TRIGGER journal_no_change ON journal",
}
OTHERS = (OFFICER, HEAD, DESK_OFFICER, "ttpvhcc-giam-doc", STANDING, STANDING_HEAD)


def put_others_aside(world: World) -> None:
    """These stories read the leaders' phones only."""
    for person in OTHERS:
        world.phone(person).put_aside()


def report_at(world: World, moment: str, person: str, title: str) -> None:
    """This person reports this piece of work at that moment."""
    world.run_until(moment)
    world.say(person, "xong", about=world.occurrence(title).id)
    put_others_aside(world)


def test_three_digests_across_the_years_end(open_world: OpenWorld) -> None:
    # 1/1 and 2/1/2026 are days off; Saturday 10/1/2026 is worked in place of 2/1.
    world = open_world(
        "2025-12-22 07:00",
        [
            one_task("2025-12-24", "a", "Việc A"),
            one_task("2025-12-26", "b", "Việc B"),
            one_task("2025-12-31", "c", "Việc C"),
            one_task("2025-12-30", "d", "Việc D"),
            one_task("2025-12-29", "e", "Việc E", lead="ttpvhcc"),
            one_task("2026-01-07", "f", "Việc F"),
        ],
        digests=True,
    )
    for leader in (VICE_CHAIR, CHAIR):  # the digest of the day it was loaded: nothing has happened yet
        world.run_until("2025-12-22 08:00")
        world.phone(leader).expect("Bản tin tuần 51/2025", "Đang quá hạn: 0", "Xong muộn: 0", "Xong đúng hạn: 0")
    report_at(world, "2025-12-24 16:00", OFFICER, "Việc A")

    # Week 52. A in time; B was due on Friday 26/12: three days over. C, D, E are due in the week to come.
    world.run_until("2025-12-29 07:30")
    for leader in (VICE_CHAIR, CHAIR):
        text = world.phone(leader).expect(
            "Bản tin tuần 52/2025 (22/12/2025 – 28/12/2025)",
            "Đang quá hạn: 1",
            "Việc B (Phòng Kinh tế): quá 3 ngày",
            "Xong muộn: 0",
            "Xong đúng hạn: 1",
            "3 việc",
            "thứ Hai 29/12/2025: Việc E (Trung tâm Phục vụ hành chính công)",
            "thứ Ba 30/12/2025: Việc D",
            "thứ Tư 31/12/2025: Việc C",
            "Gia hạn: 0\n",
        )
        assert "Việc A" not in text
        assert "Việc F" not in text

    world.run_until("2025-12-29 09:00")
    world.say(OFFICER, "gia hạn đến 8/1 vì chờ quyết toán", about=world.occurrence("Việc D").id)
    world.run_until("2025-12-29 10:00")
    world.say(STANDING, "đồng ý", about=world.occurrence("Việc D").id)
    report_at(world, "2025-12-30 10:00", OFFICER, "Việc B")  # four days late
    report_at(world, "2025-12-31 09:00", OFFICER, "Việc C")  # in time

    # Week 1 of 2026 begins on 29/12/2025. D is past 30/12, yet inside its extension: neither late nor overdue.
    world.run_until("2026-01-05 07:30")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        text = world.phone(leader).expect(
            "Bản tin tuần 1/2026 (29/12/2025 – 4/1/2026)",
            "Đang quá hạn: 1",
            "Việc E (Trung tâm Phục vụ hành chính công): quá 7 ngày",
            "Xong muộn: 1",
            "Xong đúng hạn: 1",
            "2 việc",
            "thứ Tư 7/1/2026: Việc F",
            "thứ Năm 8/1/2026: Việc D",
            "Gia hạn: 1 đã duyệt, 0 đang chờ",
        )
        assert "được gia hạn)" not in text
    world.run_until("2026-01-06 08:00")
    world.phone(CHAIR).expect("QUÁ HẠN", "Việc E", "đã quá 8 ngày")  # the leaders' rung, not the digest

    report_at(world, "2026-01-07 15:00", OFFICER, "Việc D")  # late, with an accepted reason
    report_at(world, "2026-01-07 16:00", OFFICER, "Việc F")  # in time
    report_at(world, "2026-01-10 09:00", DESK_OFFICER, "Việc E")  # the worked Saturday: late

    world.run_until("2026-01-12 07:30")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect(
            "Bản tin tuần 2/2026 (5/1/2026 – 11/1/2026)",
            "Đang quá hạn: 0\n",
            "Xong muộn: 2 (trong đó 1 việc đã được gia hạn)",
            "Xong đúng hạn: 1",
            "0 việc",
            "Gia hạn: 0\n",
        )


def test_reminders_of_the_same_morning_wait_for_the_digest(open_world: OpenWorld) -> None:
    # Due on Tuesday 24/3: the leaders' rung is Monday 30/3, the morning of the digest.
    world = open_world("2026-03-24 07:00", [one_task("2026-03-24")], digests=True)
    world.run_until("2026-03-30 11:29")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 13/2026", "Đang quá hạn: 1")
        world.phone(leader).silent()
    world.run_until("2026-03-30 14:00")
    for leader in (VICE_CHAIR, CHAIR):  # the first time: with its number, and who does it
        world.phone(leader).expect("QUÁ HẠN", "1. Kế hoạch", "đã quá 6 ngày. Phụ trách: Chuyên viên Phòng Kinh tế")


def test_what_the_digest_has_said_is_not_repeated_that_day(open_world: OpenWorld) -> None:
    # The leaders' rung is Friday 8/5; it comes again on Monday 18/5, the morning of a digest.
    world = open_world("2026-05-04 07:00", [one_task("2026-05-04")], digests=True)
    world.run_until("2026-05-15 17:00")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).put_aside()
    world.run_until("2026-05-19 17:00")
    world.phone(STANDING).expect("QUÁ HẠN", "đã quá 14 ngày")  # reads no digest
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 20/2026", "Kế hoạch chuyển đổi số (Phòng Kinh tế): quá 14 ngày")
        world.phone(leader).silent()
        assert ("leaders#2", SAID_IN_DIGEST) in world.silences(leader)


def test_a_digest_that_did_not_arrive_spares_nobody_the_repeat(open_world: OpenWorld) -> None:
    world = open_world("2026-05-04 07:00", [one_task("2026-05-04")], digests=True)
    world.run_until("2026-05-15 17:00")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).put_aside()
    world.simulator.outcomes = [Unknown("hết thời gian chờ"), Unknown("hết thời gian chờ")]
    world.run_until("2026-05-18 17:00")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("QUÁ HẠN", "đã quá 14 ngày")


def test_work_of_the_readers_own_goes_before_the_digest_which_is_then_computed_anew(open_world: OpenWorld) -> None:
    world = open_world("2026-03-30 07:00", [one_task("2026-04-06", doer=HEAD)], digests=True)
    world.stand_in(CHAIR, HEAD, "2026-04-06", "2026-04-10")
    world.run_until("2026-04-06 07:29")
    world.phone(VICE_CHAIR).put_aside()
    world.phone(CHAIR).put_aside()
    world.phone(HEAD).put_aside()
    world.run_until("2026-04-06 08:00")
    world.phone(HEAD).expect("HẠN HÔM NAY")
    world.phone(HEAD).silent()
    world.phone(VICE_CHAIR).expect("Bản tin tuần 14/2026", "thứ Hai 6/4/2026: Kế hoạch chuyển đổi số")
    world.run_until("2026-04-06 09:30")
    world.say(HEAD, "xong 1")
    world.phone(HEAD).expect("xong")
    world.run_until("2026-04-06 14:00")
    text = world.phone(HEAD).expect("Bản tin tuần 14/2026", "12/4/2026: 0 việc")
    assert "Kế hoạch" not in text


def test_a_digest_that_the_provider_held_back_is_computed_anew(open_world: OpenWorld) -> None:
    world = open_world("2026-04-01 07:00", [one_task("2026-04-09")], digests=True)
    world.run_until("2026-04-06 07:00")
    for person in (VICE_CHAIR, CHAIR, OFFICER):
        world.phone(person).put_aside()
    world.simulator.outcomes = [Retry("gặp trục trặc mạng", 30)] * 200
    world.run_until("2026-04-06 09:00")
    world.simulator.outcomes = []
    world.say(OFFICER, "xong", about=world.occurrence("Kế hoạch").id)
    world.run_until("2026-04-06 11:00")
    world.phone(OFFICER).put_aside()
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 14/2026", "12/4/2026: 0 việc")


def test_a_digest_does_not_join_a_reminder_that_could_leave_only_now(open_world: OpenWorld) -> None:
    # The leaders' rung is Friday 27/3, but the provider is down until Monday, the morning of the digest.
    world = open_world("2026-03-23 07:00", [one_task("2026-03-23")], digests=True)
    world.run_until("2026-03-26 17:00")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).put_aside()
    world.simulator.outcomes = [Retry("gặp trục trặc mạng", 30)] * 200
    world.run_until("2026-03-27 17:00")
    world.simulator.outcomes = []
    world.run_until("2026-03-30 11:29")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("QUÁ HẠN", "đã quá 7 ngày")
        world.phone(leader).silent()
    world.run_until("2026-03-30 14:00")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 13/2026")


def test_a_digest_does_not_follow_what_may_have_been_heard_in_its_slot(open_world: OpenWorld) -> None:
    # The leaders' rung is Friday 27/3; on Monday another machine tries it once more, and twice its fate is unknown.
    world = open_world("2026-03-23 07:00", [one_task("2026-03-23")], digests=True)
    world.run_until("2026-03-26 17:00")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).put_aside()
    world.simulator.outcomes = [Retry("gặp trục trặc mạng", 30)] * 200
    world.run_until("2026-03-27 17:00")
    world.simulator.outcomes = []
    for moment in ("2026-03-30 07:30", "2026-03-30 07:32"):
        world.clock.move_to(civil(moment))
        world.simulator.outcomes = [Unknown("mất kết nối")] * 10
        world.send()
    world.simulator.outcomes = []
    assert [status for _, status, _ in world.outbox(CHAIR)].count("unknown") == 1
    world.run_until("2026-03-30 11:29")
    for leader in (VICE_CHAIR, CHAIR):
        for text in world.phone(leader).put_aside():
            assert "Bản tin" not in text
    world.run_until("2026-03-30 14:00")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 13/2026")


def test_loading_a_file_while_the_digest_is_due_does_not_lose_it(open_world: OpenWorld) -> None:
    world = open_world("2026-04-03 17:00", [monthly_report()], digests=True)
    world.clock.move_to(civil("2026-04-06 09:00"))  # switched on late on Monday, and a file is loaded first
    world.load(office_file([monthly_report(product="Báo cáo")]))
    world.turn()
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 14/2026")
    world.run_until("2026-04-13 08:00")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 15/2026")


def test_a_digest_moved_to_another_weekday_leaves_on_that_day(open_world: OpenWorld) -> None:
    world = open_world("2026-04-06 12:00", [monthly_report()], digests=True)
    world.load(office_file([monthly_report()], digest={"weekday": "friday", "slot": "afternoon"}))
    world.run_until("2026-04-10 13:29")
    put_others_aside(world)
    world.everyone_silent()
    world.run_until("2026-04-10 14:00")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 15/2026")


def test_the_digest_of_a_week_gone_by_is_what_it_was(open_world: OpenWorld) -> None:
    world = open_world(
        "2026-03-16 07:30",
        [
            one_task("2026-03-18", "a", "Việc A"),
            one_task("2026-03-18", "b", "Việc B"),
            one_task("2026-03-19", "c", "Việc C"),
            one_task("2026-03-20", "d", "Việc D", confirm="head"),
            one_task("2026-03-24", "e", "Việc E"),
            one_task("2026-03-26", "f", "Việc F"),
            one_task("2026-03-27", "g", "Việc G"),
        ],
        digests=True,
    )
    world.ignore_rest()
    report_at(world, "2026-03-18 09:00", OFFICER, "Việc A")
    report_at(world, "2026-03-20 09:00", OFFICER, "Việc D")
    world.say(OFFICER, "gia hạn đến 10/4 vì chờ số liệu", about=world.occurrence("Việc C").id)
    world.run_until("2026-03-23 17:00")
    told = [m.message for m in world.simulator.sent if isinstance(m.message, DigestMessage)][-1]
    assert (told.week, told.on_time, told.overdue_total) == ("2026-W12", 2, 2)
    assert (told.coming_total, told.extensions_waiting) == (3, 1)

    # Since then everything has changed.
    report_at(world, "2026-03-24 09:00", OFFICER, "Việc B")
    report_at(world, "2026-03-24 09:05", OFFICER, "Việc E")
    world.say(STANDING, "đồng ý", about=world.occurrence("Việc C").id)
    world.say(HEAD, "xác nhận", about=world.occurrence("Việc D").id)
    world.operate(actions.cancel, "Việc F", "không còn phải làm")
    world.say(OFFICER, "gia hạn đến 20/4 vì chờ số liệu", about=world.occurrence("Việc G").id)
    world.run_until("2026-04-02 09:00")
    with reading(world.engine) as connection:
        office = world.office(connection)
        again = digest_of_week(connection, office, told.monday, world.clock.now(), told.person)
    assert again == told


def test_work_marked_secret_is_not_named_in_the_digest(open_world: OpenWorld) -> None:
    world = open_world("2026-04-06 07:00", [one_task("2026-04-09", title="Việc mật", secret=True)], digests=True)
    world.run_until("2026-04-06 08:00")
    for leader in (VICE_CHAIR, CHAIR):
        assert "Việc mật" not in world.phone(leader).expect("Bản tin tuần 14/2026", "Công việc không nêu tên")
    world.ignore_rest()


def test_a_digest_whose_monday_is_a_holiday_comes_on_the_next_working_day(open_world: OpenWorld) -> None:
    world = open_world("2026-04-24 17:00", [monthly_report()], digests=True)
    world.run_until("2026-04-27 23:00")  # Monday 27/4/2026: Giỗ Tổ, made up for
    world.everyone_silent()
    world.run_until("2026-04-28 08:00")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 17/2026 (20/4/2026 – 26/4/2026)")


def test_after_three_weeks_off_only_the_latest_week_is_told_and_the_others_are_named(open_world: OpenWorld) -> None:
    world = open_world("2026-03-30 07:00", [monthly_report()], digests=True)
    world.run_until("2026-03-30 07:30")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 13/2026")
    world.sleep_until("2026-04-22 08:00")
    put_others_aside(world)
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect(
            "Bản tin tuần 16/2026 (13/4/2026 – 19/4/2026)",
            "Các tuần 14, 15/2026 chưa có bản tin: xong đúng hạn 0, xong muộn 0.",
        )
        world.phone(leader).silent()
    world.run_until("2026-04-22 17:00")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("QUÁ HẠN")
    rows = world.rows(select(JOURNAL.c.data).where(JOURNAL.c.action == "digest").order_by(JOURNAL.c.seq))
    assert [json.loads(row.data).get("passed_over") for row in rows] == [[], ["2026-W14", "2026-W15"]]


def test_the_week_before_tet_is_told_after_tet(open_world: OpenWorld) -> None:
    # Tết 2026 is 14/2 to 22/2: the digest of week 7 would have been due on Monday 16/2.
    tasks = [one_task("2026-02-10", "a", "Việc A"), one_task("2026-02-12")]
    world = open_world("2026-02-09 07:00", tasks, digests=True)
    report_at(world, "2026-02-10 09:00", OFFICER, "Việc A")
    report_at(world, "2026-02-13 09:00", OFFICER, "Kế hoạch")  # a day late
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).put_aside()
    world.run_until("2026-02-23 08:00")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect(
            "Bản tin tuần 8/2026",
            "Xong đúng hạn: 0\nTuần 7/2026 chưa có bản tin: xong đúng hạn 1, xong muộn 1.\n",
        )


def test_a_digest_of_unknown_fate_is_not_repeated(open_world: OpenWorld) -> None:
    world = open_world("2026-04-06 07:00", [monthly_report()], digests=True)
    world.simulator.outcomes = [Unknown("hết thời gian chờ"), Unknown("hết thời gian chờ")]
    world.run_until("2026-04-08 17:00")
    world.everyone_silent()
    assert world.outbox(CHAIR) == [("digest", "unknown", 1)]


def test_a_leader_who_is_away_has_the_digest_read_by_the_stand_in(open_world: OpenWorld) -> None:
    world = open_world("2026-04-06 07:00", [monthly_report()], digests=True)
    world.stand_in(CHAIR, VICE_CHAIR, "2026-04-06", "2026-04-10")
    world.run_until("2026-04-06 17:00")
    world.phone(VICE_CHAIR).expect("Bản tin tuần 14/2026")  # once, although both would get it
    world.everyone_silent()


def test_the_digest_carries_the_mark_of_a_line_that_stands_in_the_journal(open_world: OpenWorld) -> None:
    world = open_world("2026-04-06 07:00", [monthly_report()], digests=True)
    world.run_until("2026-04-06 08:00")
    told = {world.phone(leader).expect("Bản tin tuần 14/2026").splitlines()[-1] for leader in (VICE_CHAIR, CHAIR)}
    [line] = told  # every leader is a witness of the same history
    seq, mark = line.removeprefix("Mã nhật ký: ").split(":")
    with reading(world.engine) as connection:
        found = line_with(connection, OFFICE_ID, mark, int(seq))
        assert found is not None
        assert found.at < civil("2026-04-06 07:30")  # what the turn itself wrote comes after it
        later = connection.execute(select(JOURNAL.c.at).where(JOURNAL.c.seq == int(seq) + 1)).scalar_one()
        assert later >= civil("2026-04-06 07:30")


def test_a_rewritten_history_no_longer_has_the_mark(open_world: OpenWorld) -> None:
    """Whoever can write to the file can compute a whole new chain; what stands in the chairman's chat stays."""
    world = open_world("2026-04-06 07:00", [monthly_report()], digests=True)
    world.run_until("2026-04-06 08:00")
    mark = world.phone(CHAIR).expect("Bản tin tuần 14/2026").splitlines()[-1].split(":")[-1]
    world.phone(VICE_CHAIR).put_aside()
    with world.engine.begin() as connection:
        lines = connection.execute(select(JOURNAL).order_by(JOURNAL.c.seq)).all()
        connection.exec_driver_sql(UNGUARD[connection.dialect.name])
        connection.execute(delete(JOURNAL))
        for line in lines:
            who = "ai đó" if line.seq == 1 else line.actor
            written = [Line(who, line.action, line.occurrence_id, json.loads(line.data))]
            append(connection, OFFICE_ID, line.at, written)
    with world.engine.begin() as connection:
        assert verify(connection, OFFICE_ID).broken_at is None
        assert line_with(connection, OFFICE_ID, mark, None) is None

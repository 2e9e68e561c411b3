"""The operator loads an office file: again, changed, or with somebody gone. History stays as it was."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from engine.office import OCCURRENCE
from tests.stories.conftest import OpenWorld
from tests.world import (
    HEAD,
    OFFICER,
    SECOND_OFFICER,
    STANDING,
    STANDING_HEAD,
    World,
    monthly_report,
    office_file,
    one_task,
)


def dues(world: World, title: str) -> list[str]:
    """The deadlines of every period, in order."""
    query = select(OCCURRENCE.c.due).where(OCCURRENCE.c.title.startswith(title)).order_by(OCCURRENCE.c.due)
    return [row.due.isoformat() for row in world.rows(query)]


def test_loading_the_same_file_again_changes_nothing(open_world: OpenWorld) -> None:
    rules = [monthly_report(), one_task("2026-03-25")]
    world = open_world("2026-03-02 07:00", rules)
    world.run_until("2026-03-10 08:00")
    world.phone(OFFICER).expect("SẮP CHỐT SỐ LIỆU")
    before = world.snapshot()

    assert world.load(office_file(rules)) == []
    world.turn()
    assert world.snapshot() == before


def test_a_changed_day_holds_for_periods_nobody_has_heard_of_yet(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report()])
    world.run_until("2026-03-10 08:00")
    world.phone(OFFICER).expect("Báo cáo TTHC tháng 3/2026", "gửi chậm nhất thứ Ba 17/3/2026")

    changes = world.load(office_file([monthly_report(due={"day": 20})]))
    assert [(change.what, change.how, change.keys) for change in changes] == [("obligation", "changed", ("due",))]
    world.turn()
    assert dues(world, "Báo cáo TTHC")[:3] == ["2026-03-17", "2026-04-20", "2026-05-20"]
    world.run_until("2026-03-17 08:00")  # what has been promised for March stays promised
    world.phone(OFFICER).expect("ĐÃ CHỐT SỐ LIỆU", "thứ Ba 17/3/2026")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Báo cáo TTHC tháng 3/2026")
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong")
    world.run_until("2026-04-20 08:00")
    texts = world.phone(OFFICER).put_aside()
    assert "HẠN HÔM NAY" in texts[-1]
    assert "Báo cáo TTHC tháng 4/2026" in texts[-1]


def test_a_dropped_obligation_makes_no_more_periods_and_the_opened_one_stays(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report(), one_task("2026-12-15")])
    world.run_until("2026-03-10 08:00")
    world.phone(OFFICER).expect("Báo cáo TTHC tháng 3/2026")

    changes = world.load(office_file([one_task("2026-12-15")]))
    assert [(change.how, change.slug) for change in changes] == [("dropped", "bao-cao-tthc")]
    world.turn()
    assert dues(world, "Báo cáo TTHC") == ["2026-03-17"]
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Báo cáo TTHC tháng 3/2026")
    world.run_until("2026-05-29 17:00")
    world.everyone_silent()


def test_an_extension_survives_a_new_file(open_world: OpenWorld) -> None:
    world = open_world("2026-03-17 07:30", [monthly_report()])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.say(OFFICER, "gia hạn 1 đến 24/3 vì chờ số liệu")
    world.phone(OFFICER).expect("Đã gửi đề nghị")
    world.say(STANDING, "đồng ý")
    world.load(office_file([monthly_report(due={"day": 20}, product="Báo cáo")]))
    world.turn()

    row = world.occurrence("Báo cáo TTHC tháng 3")
    assert (row.due, row.internal_due) == (dt.date(2026, 3, 17), dt.date(2026, 3, 24))
    world.ignore_rest()


def test_an_officer_who_has_left_is_not_written_to_and_the_head_is_told_at_once(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25"), one_task("2026-04-15", "moi", "Việc mới")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "1. Kế hoạch chuyển đổi số")

    world.load(office_file([one_task("2026-03-25"), one_task("2026-04-15", "moi", "Việc mới")], without=[OFFICER]))
    world.run_until("2026-03-25 08:00")
    world.phone(HEAD).expect("Không nhắn được tới Chuyên viên Phòng Kinh tế", "Kế hoạch chuyển đổi số")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHƯA LIÊN LẠC ĐƯỢC", "Kế hoạch chuyển đổi số")
    assert ("last-call", "không còn công tác tại cơ quan") in world.silences(OFFICER)

    world.say(HEAD, "xong 1")  # the head closes it; what opens from now on is the other officer's
    world.phone(HEAD).expect("Đã ghi nhận xong việc 1")
    world.run_until("2026-04-01 08:00")
    world.phone(SECOND_OFFICER).expect("SẮP TỚI HẠN", "Việc mới")

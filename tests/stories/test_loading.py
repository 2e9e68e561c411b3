"""The operator loads an office file: again, changed, or with somebody gone. History stays as it was."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select

from data.journal import JOURNAL
from engine import actions, load
from engine.office import OCCURRENCE
from schedules.office_file import ladder_of, ladders
from schedules.workdays import vietnam_calendar
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    HEAD,
    OFFICER,
    SECOND_OFFICER,
    STANDING,
    STANDING_HEAD,
    ZONE,
    World,
    civil,
    monthly_report,
    obligation,
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


def test_open_work_of_a_dropped_obligation_is_cancelled_and_planned_work_goes(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report(), one_task("2026-12-15")])
    world.run_until("2026-03-10 08:00")
    world.phone(OFFICER).expect("Báo cáo TTHC tháng 3/2026")
    without_it = office_file([one_task("2026-12-15")])

    with world.engine.begin() as connection:  # what is shown first is what happens then
        shown = load.compare(connection, without_it)
    assert [(c.how, c.slug, c.keys) for c in shown] == [
        ("dropped", "bao-cao-tthc", ("huỷ 1 kỳ đang mở", "bỏ 12 kỳ chưa mở"))
    ]
    assert dues(world, "Báo cáo TTHC")[1] == "2026-04-17"  # nothing has happened yet
    assert world.load(without_it) == shown
    assert world.load(without_it) == []
    world.turn()
    assert dues(world, "Báo cáo TTHC") == ["2026-03-17"]
    assert world.occurrence("Báo cáo TTHC").work_state == "cancelled"
    told = [row.data for row in world.rows(select(JOURNAL.c.data).where(JOURNAL.c.action == "cancelled"))]
    assert len(told) == 1
    assert "nhiệm vụ không còn trong tệp" in told[0]
    world.run_until("2026-05-29 17:00")
    world.everyone_silent()


def test_an_obligation_that_comes_back_in_time_is_to_be_done_after_all(open_world: OpenWorld) -> None:
    both, without_it = [monthly_report(), one_task("2026-12-15")], [one_task("2026-12-15")]
    world = open_world("2026-03-02 07:00", both)
    world.run_until("2026-03-10 08:00")
    world.phone(OFFICER).expect("SẮP CHỐT SỐ LIỆU", "1. Báo cáo TTHC tháng 3/2026")
    world.load(office_file(without_it))  # the wrong file
    world.run_until("2026-03-11 08:00")
    assert [change.how for change in world.load(office_file(both))] == ["changed"]
    assert world.load(office_file(both)) == []
    world.run_until("2026-03-16 08:00")
    world.phone(OFFICER).expect("ĐÃ CHỐT SỐ LIỆU", "1. Báo cáo TTHC tháng 3/2026")
    assert dues(world, "Báo cáo TTHC")[:2] == ["2026-03-17", "2026-04-17"]

    world.load(office_file(without_it))
    world.run_until("2026-04-20 08:00")  # back too late for March, and for April, which was never opened
    world.load(office_file(both))
    world.turn()
    assert world.occurrence("Báo cáo TTHC tháng 3").work_state == "cancelled"
    assert dues(world, "Báo cáo TTHC")[:2] == ["2026-03-17", "2026-05-18"]  # 17/5/2026 is a Sunday


def test_what_an_operator_cancelled_beforehand_stays_cancelled_when_the_rule_changes(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report()])
    world.operate(actions.cancel, "Báo cáo TTHC tháng 4", "không phải làm")
    world.load(office_file([monthly_report(due={"day": 20})]))
    world.turn()
    april = world.occurrence("Báo cáo TTHC tháng 4")
    assert (april.due.isoformat(), april.work_state) == ("2026-04-17", "cancelled")
    assert dues(world, "Báo cáo TTHC")[:3] == ["2026-03-20", "2026-04-17", "2026-05-20"]


def test_a_changed_rule_does_not_lose_what_came_due_while_the_machine_was_off(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report()])
    world.clock.move_to(civil("2026-03-20 08:00"))  # off since then; the new file is loaded first
    world.load(office_file([monthly_report(product="Báo cáo")]))
    world.turn()
    assert dues(world, "Báo cáo TTHC")[0] == "2026-03-17"
    world.run_until("2026-03-20 13:30")  # the morning was the digest's
    world.phone(CHAIR).expect("QUÁ HẠN", "Báo cáo TTHC tháng 3/2026")
    world.ignore_rest()


def test_a_new_day_off_moves_planned_work_when_the_office_is_loaded_again(
    open_world: OpenWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [monthly_report()]
    world = open_world("2026-03-02 07:00", rules)
    world.run_until("2026-03-10 08:00")
    world.phone(OFFICER).put_aside()
    extra = tmp_path / "extra.toml"
    days = [f'{{ day_off = {day}, name = "nghỉ", source = "QĐ 1" }}' for day in ("2026-03-17", "2026-04-17")]
    extra.write_text(f"[years.2026]\ndays = [{', '.join(days)}]\n", encoding="utf-8")
    monkeypatch.setattr("engine.office.vietnam_calendar", lambda: vietnam_calendar(extra))

    changes = world.load(office_file(rules))
    assert [(c.what, c.how, c.keys) for c in changes] == [("obligation", "changed", ("ngày của 1 kỳ",))]
    assert world.load(office_file(rules)) == []
    assert dues(world, "Báo cáo TTHC")[:2] == ["2026-03-17", "2026-04-20"]  # what is open keeps its promise
    april = world.rows(select(OCCURRENCE).order_by(OCCURRENCE.c.due))[1]
    assert "rơi vào ngày nghỉ" in april.reasons[0]
    assert april.internal_due == april.first_internal_due == dt.date(2026, 4, 16)


def test_new_working_hours_move_every_alarm_but_no_date(open_world: OpenWorld) -> None:
    rules = [monthly_report(), one_task("2026-03-25", "xong-roi", "Việc đã xong")]
    world = open_world("2026-03-02 07:00", rules)
    world.run_until("2026-03-11 08:00")
    world.say(OFFICER, "xong", about=world.occurrence("Việc đã xong").id)
    world.phone(OFFICER).put_aside()
    dates = dues(world, "")
    later = office_file(rules, morning=("08:30", "11:30"))

    assert [(c.what, c.keys) for c in world.load(later)] == [("office", ("definition",))]
    assert world.load(later) == []
    assert dues(world, "") == dates
    alarms = [row.next_move_at for row in world.rows(select(OCCURRENCE.c.next_move_at)) if row.next_move_at]
    assert {alarm.astimezone(ZONE).strftime("%H:%M") for alarm in alarms} == {"08:30"}
    assert world.occurrence("Việc đã xong").next_move_at is None
    world.run_until("2026-03-16 08:29")
    world.everyone_silent()
    world.run_until("2026-03-16 08:30")
    world.phone(OFFICER).expect("ĐÃ CHỐT SỐ LIỆU")


def test_a_changed_ladder_rings_for_work_that_is_already_open(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [one_task("2026-03-25")]
    world = open_world("2026-03-12 07:00", rules)
    world.run_until("2026-03-12 08:00")
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    name = ladder_of(rules[0])
    old = ladders()[name]
    rungs = [rung.model_copy(update={"days": -5}) if rung.days == -3 else rung for rung in old.rungs]
    changed = {**ladders(), name: old.model_copy(update={"rungs": tuple(rungs)})}
    monkeypatch.setattr("engine.load.ladders", lambda: changed)

    assert [(c.what, c.keys) for c in world.load(office_file(rules))] == [("office", ("ladders",))]
    assert world.load(office_file(rules)) == []
    world.run_until("2026-03-18 08:00")  # five working days before, instead of three
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "còn 7 ngày")
    world.run_until("2026-03-24 17:00")
    world.everyone_silent()


def test_a_new_unit_gets_its_share_of_what_every_unit_owes(open_world: OpenWorld) -> None:
    rules = [obligation("tu-kiem-tra", "Tự kiểm tra", kind="one_off_date", due={"date": "2026-06-15"}, lead_each="all")]
    world = open_world("2026-03-02 07:00", rules)
    before = len(dues(world, "Tự kiểm tra"))
    file = office_file(rules)
    unit = file.units[2].model_copy(update={"id": "van-phong", "name": "Văn phòng"})
    world.load(file.model_copy(update={"units": (*file.units, unit)}))
    world.turn()
    assert len(dues(world, "Tự kiểm tra")) == before + 1


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
        world.phone(person).expect("CHƯA LIÊN LẠC ĐƯỢC", "(không còn công tác tại cơ quan)", "Kế hoạch chuyển đổi số")
    assert ("last-call", "không còn công tác tại cơ quan") in world.silences(OFFICER)

    world.say(HEAD, "xong 1")  # the head closes it; what opens from now on is the other officer's
    world.phone(HEAD).expect("Đã ghi nhận xong việc 1")
    world.run_until("2026-04-01 08:00")
    world.phone(SECOND_OFFICER).expect("SẮP TỚI HẠN", "Việc mới")

"""*Nhiệm vụ*: rules said back, and changes whose effect is known before they are made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from data.database import connect, create_schema, reading
from data.journal import JOURNAL
from engine import load
from engine.actions import Actor, occurrence_row
from engine.messages import HIDDEN_TITLE
from engine.office import OBLIGATION, OCCURRENCE, REMINDER, view_office
from engine.people import left
from engine.people_import import import_people
from engine.people_list import PersonRow
from engine.screens.editing import (
    CannotEdit,
    Previewed,
    changed_rule,
    mark_of,
    period_edit,
    preview_period,
    preview_rule,
    save_period,
    save_rule,
)
from engine.screens.obligations import ladder_sentences, rule_sentence
from engine.stored_file import as_file, as_tree, as_yaml, stored_file
from schedules.office_file import ladders, read_office, shipped_offices
from schedules.office_model import Obligation
from tests.web.desk import Desk
from tests.world import (
    DESK_OFFICER,
    HEAD,
    OFFICE_ID,
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

REPORT = monthly_report()
BY = Actor("Trưởng phòng Văn hóa - Xã hội")
UNITS = {"kinh-te": "Phòng Kinh tế", "vhxh": "Phòng Văn hóa - Xã hội"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(tmp_path, "2026-03-20 08:00", [REPORT, one_task("2026-05-20", title="Kế hoạch <img src=x>")])
    world.ignore_rest()
    yield Desk(world)
    world.close()


# ---- sentences ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (REPORT, "Hằng tháng, chốt số liệu ngày 14, gửi trước hoặc trong ngày 17."),
        (obligation("a", "A", kind="quarterly", due={"day": 15}), "Hằng quý, ngày 15 tháng cuối quý."),
        (one_task("2026-03-25"), "Một lần, chậm nhất ngày 25/03/2026."),
        (one_task("2026-03-25", due={"date": "2026-03-25", "before": True}), "Một lần, trước ngày 25/03/2026."),
        (
            obligation("a", "A", kind="monthly", due={"day": 25}, lead_each="all"),
            "Hằng tháng, ngày 25; mỗi đơn vị một bản.",
        ),
        (
            obligation("a", "A", kind="monthly", due={"day": "last"}, lead_each=["kinh-te", "vhxh"]),
            "Hằng tháng, ngày cuối tháng; mỗi đơn vị một bản: Phòng Kinh tế, Phòng Văn hóa - Xã hội.",
        ),
        (
            monthly_report(internal_due={"working_days_before": 2}),
            "Hằng tháng, chốt số liệu ngày 14, gửi trước hoặc trong ngày 17; hạn nội bộ sớm hơn 2 ngày làm việc.",
        ),
        (
            obligation("a", "A", kind="weekly", due={"weekday": "friday"}, named_for="next", shift="before"),
            "Thứ Sáu hằng tuần; chuẩn bị cho kỳ sau; gặp ngày nghỉ thì gửi trước ngày nghỉ.",
        ),
        (
            obligation("a", "A", kind="yearly", due={"day": 10}, shift="none", active_until="2028-12-31"),
            "Hằng năm, ngày 10/12; gặp ngày nghỉ vẫn giữ nguyên hạn; đến hết ngày 31/12/2028.",
        ),
        (
            obligation("a", "A", kind="half_yearly", due={"dates": ["5/6", "25/11"]}, active_from="2027-01-01"),
            "6 tháng một lần, ngày 5/6, 25/11; từ ngày 01/01/2027.",
        ),
        (obligation("a", "A", kind="continuous"), "Thường xuyên."),
        (obligation("a", "A", kind="on_demand"), "Khi có yêu cầu."),
        (obligation("a", "A", kind="unknown", needs_review="?"), "Chưa có hạn."),
        (
            obligation("a", "A", kind="range", due={"start": "2026-01-01", "date": "2026-12-31"}),
            "Từ ngày 01/01/2026 đến ngày 31/12/2026.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_is_one_sentence(rule: Obligation, sentence: str) -> None:
    assert rule_sentence(rule, UNITS) == sentence


def test_every_rule_of_the_shipped_offices_can_be_said() -> None:
    for path in shipped_offices():
        office = read_office(path)
        names = {unit.id: unit.name for unit in office.units}
        for rule in office.obligations:
            sentence = rule_sentence(rule, names)
            assert re.fullmatch(r"[A-ZĐÀ-Ỹ0-9].*\.", sentence), sentence
            assert "None" not in sentence


def test_a_ladder_in_words() -> None:
    assert ladder_sentences(ladders()["bao-cao"]) == [
        "3 ngày làm việc trước ngày chốt số liệu: gom số liệu, gửi người làm.",
        "1 ngày làm việc sau ngày chốt số liệu: viết báo cáo, gửi người làm.",
        "Đúng hạn nội bộ: ngày cuối, gửi người làm.",
        "1 ngày làm việc sau hạn nội bộ: quá hạn, gửi người làm, trưởng đơn vị.",
        "1 ngày làm việc sau hạn: báo lên trên, gửi người làm, trưởng đơn vị, thường trực.",
        "3 ngày làm việc sau hạn: báo lên trên, gửi người làm, trưởng đơn vị, thường trực, lãnh đạo.",
        "Sau đó cứ 5 ngày làm việc nhắc lại một lần, tới khi việc xong.",
    ]


# ---- the stored office as a file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", shipped_offices(), ids=lambda path: path.stem)
def test_the_stored_office_is_its_file_again(path: Path, tmp_path: Path) -> None:
    """What can be had from the console is the file that was loaded: nothing is lost, loading it changes nothing."""
    office = read_office(path)
    engine = connect("sqlite://")
    create_schema(engine)
    with engine.begin() as connection:
        load.apply(connection, office, civil("2026-01-05 08:00"))
        had = stored_file(connection, office.office.id)
        assert had == office
        copy = tmp_path / "tep.yaml"
        copy.write_bytes(as_yaml(had, "05/01/2026"))
        assert read_office(copy) == office
        assert load.compare(connection, read_office(copy)) == []
    engine.dispose()


def test_a_lived_in_office_is_a_file_that_changes_nothing(tmp_path: Path) -> None:
    """After edits, a list of people, a unit that went and a doer who left: what is had can be loaded, and is stored."""
    rules = [REPORT, one_task("2026-05-20", doer=OFFICER), one_task("2026-06-10", "mat", "Kế hoạch kín", secret=True)]
    world = World(tmp_path, "2026-03-20 08:00", rules)
    world.ignore_rest()
    whole = office_file(rules)
    fewer = whole.model_copy(
        update={
            "units": tuple(unit for unit in whole.units if unit.id != "mat-tran"),
            "people": tuple(person for person in whole.people if person.unit != "mat-tran"),
        }
    )
    world.load(fewer)
    now = world.clock.now()
    with world.engine.begin() as connection:
        office = world.office(connection)
        rows = [
            PersonRow(2, "Trần Thị Mới", "Phòng Kinh tế", "officer"),
            PersonRow(3, "Lê Văn Thêm", "VHXH", "officer"),
        ]
        import_people(connection, office, rows, now, BY)
        left(connection, office, office.staff.by_slug[OFFICER].id, dt.date(2026, 3, 20), None, BY, now)
    saved(Desk(world), han="10", chot="8")
    with world.engine.begin() as connection:
        had = stored_file(connection, OFFICE_ID)
        copy = tmp_path / "tep.yaml"
        copy.write_bytes(as_yaml(had, "20/03/2026"))
        assert read_office(copy) == had == as_file(as_tree(had))
        assert load.compare(connection, had) == []
        assert [change.slug for change in load.compare(connection, fewer)] == ["bao-cao-tthc"]
    assert {"Trần Thị Mới", "Lê Văn Thêm"} < {person.name for person in had.people}
    assert "mat-tran" not in {unit.id for unit in had.units}
    due = had.obligations[0].due
    assert due
    assert due.day == 10
    world.close()


# ---- from now on ----------------------------------------------------------------------------------------------------


def duty(desk: Desk, slug: str = "bao-cao-tthc") -> Any:
    """The stored row of an obligation."""
    [row] = desk.world.rows(select(OBLIGATION).where(OBLIGATION.c.slug == slug))
    return row


def previewed(desk: Desk, slug: str = "bao-cao-tthc", **form: str) -> Previewed:
    """What this form would do."""
    row = duty(desk, slug)
    with reading(desk.world.engine) as connection:
        office = view_office(connection, OFFICE_ID)
        changed = changed_rule(office, Obligation.model_validate(row.rule), form)
        return preview_rule(connection, office, row, changed, desk.world.clock.now())


def saved(desk: Desk, slug: str = "bao-cao-tthc", mark: str | None = None, **form: str) -> tuple[str, ...]:
    """Save this form."""
    row = duty(desk, slug)
    with desk.world.engine.begin() as connection:
        office = view_office(connection, OFFICE_ID)
        changed = changed_rule(office, Obligation.model_validate(row.rule), form)
        return save_rule(connection, office, row, changed, mark or mark_of(row), BY, desk.world.clock.now())


def dues(desk: Desk) -> list[tuple[str, str, str]]:
    """(period, cut-off, due) of the first periods of the report."""
    query = select(OCCURRENCE).where(OCCURRENCE.c.title.startswith("Báo cáo TTHC")).order_by(OCCURRENCE.c.due).limit(3)
    return [(row.period_key, f"{row.cutoff:%d/%m}", f"{row.due:%d/%m}") for row in desk.world.rows(query)]


def test_what_was_foreseen_is_what_happens(desk: Desk) -> None:
    """The heart of it: every line that the preview names is written on its day, and no other."""
    foreseen = previewed(desk, han="10", chot="8")
    assert foreseen.words == ("hạn: ngày 17 → ngày 10", "ngày chốt số liệu: ngày 14 → ngày 8")
    assert foreseen.effect.in_words.startswith("6 kỳ đổi ngày; ")
    saved(desk, han="10", chot="8")
    assert dues(desk) == [
        ("2026-M04", "08/04", "10/04"),
        ("2026-M05", "08/05", "11/05"),
        ("2026-M06", "08/06", "10/06"),
    ]
    desk.world.run_until("2026-06-05 08:00")
    query = (
        select(REMINDER.c.scheduled_at, REMINDER.c.rung, OCCURRENCE.c.title)
        .join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
        .where(REMINDER.c.status == "in_message", OCCURRENCE.c.title.startswith("Báo cáo TTHC"))
    )
    happened = sorted(
        (row.title, row.scheduled_at.astimezone(ZONE).date()) for row in desk.world.rows(query) if "#" not in row.rung
    )
    lines = (*foreseen.effect.moved, *foreseen.effect.added)
    until = dt.date(2026, 6, 5)
    told = sorted((line.title, line.becomes) for line in lines if line.becomes and line.becomes <= until)
    assert len(told) > 10
    assert told == happened


def test_looking_writes_nothing(desk: Desk) -> None:
    before, rule = desk.world.snapshot(), duty(desk).rule
    browser = desk.sign_in(STANDING_HEAD)
    counted = desk.world.snapshot()
    page = browser.get(f"/nhiem-vu/{duty(desk).id}/xem-truoc?han=10&chot=8").text
    assert "6 kỳ đổi ngày" in page
    assert desk.world.snapshot() == counted
    assert duty(desk).rule == rule
    assert before["occurrence"] == counted["occurrence"]


def test_the_page_saves_what_it_showed_and_the_journal_names_who(desk: Desk) -> None:
    browser, row = desk.sign_in(STANDING_HEAD), duty(desk)
    page = browser.get(f"/nhiem-vu/{row.id}/xem-truoc?han=10&chot=8").text
    hidden = dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.split('action="/nhiem-vu')[1])
    )
    assert browser.post(f"/nhiem-vu/{row.id}/sua", **hidden).headers["location"] == f"/nhiem-vu/{row.id}"
    assert "hạn: ngày 17 → ngày 10" in browser.said()
    assert dues(desk)[0] == ("2026-M04", "08/04", "10/04")
    [line] = desk.world.rows(select(JOURNAL).where(JOURNAL.c.action == "rule_changed"))
    assert line.actor == "Trưởng phòng Văn hóa - Xã hội"
    assert "ngày 17 → ngày 10" in line.data
    before = desk.world.snapshot()
    browser.post(f"/nhiem-vu/{row.id}/sua", **hidden)  # pressed twice, or an old page
    assert "vừa được người khác sửa" in browser.said()
    assert desk.world.snapshot() == before


def test_saving_the_same_again_is_refused_as_nothing(desk: Desk) -> None:
    with pytest.raises(CannotEdit, match="Chưa có gì thay đổi"):
        saved(desk, han="17", chot="14", nguoi="", thang="bao-cao", **{"xac-nhan": "none", "minh-chung": "none"})


def test_what_is_open_keeps_its_dates_and_what_is_closed_is_history(desk: Desk) -> None:
    world = desk.world
    world.run_until("2026-04-10 08:00")
    world.say(OFFICER, "xong 1")
    world.run_until("2026-05-12 08:00")  # May's is open
    april, may = world.rows(
        select(OCCURRENCE).where(OCCURRENCE.c.title.startswith("Báo cáo TTHC")).order_by(OCCURRENCE.c.due).limit(2)
    )
    foreseen = previewed(desk, han="10", chot="8")
    assert foreseen.effect.kept == ("Báo cáo TTHC tháng 5/2026",)
    assert not [moved for moved in foreseen.effect.periods if "tháng 4" in moved.title or "tháng 5" in moved.title]
    saved(desk, han="10", chot="8")
    assert [day for _, _, day in dues(desk)] == ["17/04", "18/05", "10/06"]
    assert world.occurrence("Báo cáo TTHC tháng 4").version == april.version
    assert world.occurrence("Báo cáo TTHC tháng 5").due == may.due


def test_an_older_file_shows_what_it_would_undo(desk: Desk) -> None:
    """Edit and file go together: loading an old one tells the difference, loading the new one changes nothing."""
    old = office_file([REPORT, one_task("2026-05-20", title="Kế hoạch <img src=x>")])
    saved(desk, han="10", chot="8")
    with desk.world.engine.begin() as connection:
        assert [(c.slug, c.how, c.keys) for c in load.compare(connection, old)] == [
            ("bao-cao-tthc", "changed", ("cutoff", "due"))
        ]
        assert load.compare(connection, stored_file(connection, OFFICE_ID)) == []


def test_the_file_can_be_had_with_the_change_in_it(desk: Desk, tmp_path: Path) -> None:
    saved(desk, han="10", chot="8")
    answer = desk.sign_in(STANDING).get("/nhiem-vu/tep")
    assert answer.headers["content-disposition"] == 'attachment; filename="xa-mau-2026-03-20.yaml"'
    path = tmp_path / "tai-ve.yaml"
    path.write_bytes(answer.content)
    rule = read_office(path).obligations[0]
    assert rule.due
    assert rule.cutoff
    assert (rule.due.day, rule.cutoff.day) == (10, 8)


def test_secret_work_does_not_travel_in_a_file(desk: Desk) -> None:
    with desk.world.engine.begin() as connection:
        connection.execute(update(OBLIGATION).where(OBLIGATION.c.slug == "ke-hoach").values(secret=True))
    browser = desk.sign_in(STANDING)
    assert "Mật" in browser.get("/nhiem-vu/tep", status=422).text
    for path in ("/nhiem-vu", f"/nhiem-vu/{duty(desk, 'ke-hoach').id}"):
        page = browser.get(path).text
        assert HIDDEN_TITLE in page
        assert "Kế hoạch &lt;img" not in page


@pytest.mark.parametrize(
    ("slug", "form", "words"),
    [
        ("bao-cao-tthc", {"nguoi": SECOND_OFFICER}, "người làm: chuyên viên đầu tiên của đơn vị → Chuyên viên thứ hai"),
        ("bao-cao-tthc", {"thang": "nhe"}, "thang nhắc: Báo cáo định kỳ có chốt số liệu → Nhắc nhẹ"),
        ("bao-cao-tthc", {"xac-nhan": "head"}, "người xác nhận: không cần → trưởng đơn vị"),
        ("bao-cao-tthc", {"minh-chung": "document"}, "minh chứng: không cần minh chứng → số, ký hiệu văn bản"),
        ("bao-cao-tthc", {"han": "cuối tháng"}, "hạn: ngày 17 → ngày cuối tháng"),
        ("ke-hoach", {"han": "2026-06-10"}, "hạn: 20/05/2026 → 10/06/2026"),
    ],
)
def test_each_part_of_a_rule_can_be_changed(desk: Desk, slug: str, form: dict[str, str], words: str) -> None:
    foreseen = previewed(desk, slug, **form)
    assert len(foreseen.words) == 1
    assert foreseen.words[0].startswith(words)
    assert saved(desk, slug, **form) == foreseen.words


def test_another_doer_is_who_hears(desk: Desk) -> None:
    foreseen = previewed(desk, nguoi=SECOND_OFFICER)
    assert {line.person for line in foreseen.effect.lost} == {"Chuyên viên Phòng Kinh tế"}
    assert {line.person for line in foreseen.effect.added} == {"Chuyên viên thứ hai Phòng Kinh tế"}
    saved(desk, nguoi=SECOND_OFFICER)
    desk.world.run_until("2026-04-09 08:00")
    desk.world.phone(SECOND_OFFICER).expect("Báo cáo TTHC tháng 4/2026")
    desk.world.phone(OFFICER).silent()


@pytest.mark.parametrize(
    ("slug", "form", "why"),
    [
        ("bao-cao-tthc", {"han": "0"}, "từ 1 đến 31"),
        ("bao-cao-tthc", {"han": "٣"}, "từ 1 đến 31"),  # a digit, but not one of ours
        ("bao-cao-tthc", {"han": "32"}, "từ 1 đến 31"),
        ("bao-cao-tthc", {"han": "<b>"}, "từ 1 đến 31"),
        ("bao-cao-tthc", {"chot": "20"}, "Đồng chí chọn ngày chốt trước hạn"),
        ("bao-cao-tthc", {"nguoi": "nguoi-la"}, "chọn lại người làm"),
        ("ke-hoach", {"han": "2026-02-30"}, "chọn lại ngày hạn"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_in_words(desk: Desk, slug: str, form: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotEdit, match=why):
        previewed(desk, slug, **form)
    browser, row = desk.sign_in(STANDING_HEAD), duty(desk, slug)
    query = "&".join(f"{name}={value}" for name, value in form.items())
    page = browser.get(f"/nhiem-vu/{row.id}/xem-truoc?{query}", status=422).text
    assert why in page
    assert "<b>" not in page.split("<main")[1].split("said wrong")[1]
    browser.post(f"/nhiem-vu/{row.id}/sua", mark=mark_of(row), **form)
    assert why in browser.said()
    assert duty(desk, slug).rule == row.rule


# ---- this period only -----------------------------------------------------------------------------------------------


def period(desk: Desk, title: str, **form: str) -> tuple[Previewed, Any]:
    """Change one period: what was foreseen, and its row afterwards."""
    form = {"ly-do": "lãnh đạo yêu cầu", **form}
    now = desk.world.clock.now()
    row = desk.world.occurrence(title)
    with reading(desk.world.engine) as connection:
        office, its = view_office(connection, OFFICE_ID), occurrence_row(connection, row.id)
        assert its is not None
        edit = period_edit(office, its, form, office.today(now))
        foreseen = preview_period(connection, office, duty(desk), its, edit, now)
    with desk.world.engine.begin() as connection:
        save_period(connection, view_office(connection, OFFICE_ID), its, edit, its.version, BY, now)
    return foreseen, desk.world.occurrence(title)


def test_one_period_gets_a_date_of_its_own_and_keeps_it(desk: Desk) -> None:
    foreseen, row = period(desk, "Báo cáo TTHC tháng 4", han="2026-04-15")
    assert foreseen.words == ("hạn nội bộ: 17/04/2026 → 15/04/2026",)
    assert [moved.title for moved in foreseen.effect.periods] == ["Báo cáo TTHC tháng 4/2026"]
    assert {line.title for line in foreseen.effect.moved} == {"Báo cáo TTHC tháng 4/2026"}
    assert (row.internal_due, row.due) == (dt.date(2026, 4, 15), dt.date(2026, 4, 17))
    with desk.world.engine.begin() as connection:  # an edit of the rule, or a file loaded later, leaves it alone
        load.apply(connection, office_file([REPORT]), desk.world.clock.now())
    assert desk.world.occurrence("Báo cáo TTHC tháng 4").internal_due == dt.date(2026, 4, 15)
    desk.world.run_until("2026-04-15 08:00")
    desk.world.phone(OFFICER).put_aside()
    [(rung, day)] = [
        (line.rung, line.scheduled_at.astimezone(ZONE).date())
        for line in desk.world.rows(select(REMINDER).where(REMINDER.c.rung == "last-call"))
    ]
    assert (rung, day) == ("last-call", dt.date(2026, 4, 15))


def test_one_period_is_given_to_somebody_before_it_opens(desk: Desk) -> None:
    with reading(desk.world.engine) as connection:
        second = view_office(connection, OFFICE_ID).staff.by_slug[SECOND_OFFICER].id
    foreseen, _ = period(desk, "Báo cáo TTHC tháng 4", nguoi=str(second))
    assert {line.person for line in foreseen.effect.added} == {"Chuyên viên thứ hai Phòng Kinh tế"}
    desk.world.run_until("2026-04-09 08:00")
    desk.world.phone(SECOND_OFFICER).expect("Báo cáo TTHC tháng 4/2026")
    desk.world.phone(OFFICER).silent()
    desk.world.run_until("2026-05-11 08:00")
    assert desk.world.occurrence("Báo cáo TTHC tháng 5").doer_id != second  # May's goes by the rule


def test_an_open_period_is_handed_over_and_its_ladder_climbs_anew(desk: Desk) -> None:
    world = desk.world
    world.run_until("2026-04-09 08:00")
    with reading(world.engine) as connection:
        second = view_office(connection, OFFICE_ID).staff.by_slug[SECOND_OFFICER].id
    before = world.occurrence("Báo cáo TTHC tháng 4")
    _, row = period(desk, "Báo cáo TTHC tháng 4", han="2026-04-16", nguoi=str(second))
    assert (row.doer_id, row.internal_due) == (second, dt.date(2026, 4, 16))
    assert row.revision == before.revision + 1
    assert world.history("aimed") == world.history("handed_over") == 1


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"han": "2026-03-19"}, "ngày đã qua"),
        ({"han": "2026-04-18"}, "xin gia hạn"),
        ({"han": "2026-04-14"}, "sau ngày chốt số liệu"),
        ({"han": "hôm nay"}, "chọn lại hạn nội bộ"),
        ({"han": "2026-04-17"}, "Chưa có gì thay đổi"),
        ({"han": "2026-04-16", "ly-do": " "}, "ghi giúp lý do"),
        ({"han": "2026-04-16", "ly-do": "x" * 301}, "dài quá 300 chữ"),
        ({"nguoi": "999"}, "chọn lại người làm"),
    ],
)
def test_a_period_is_not_changed_against_sense(desk: Desk, form: dict[str, str], why: str) -> None:
    row = desk.world.occurrence("Báo cáo TTHC tháng 4")
    browser = desk.sign_in(STANDING_HEAD)
    fields: dict[str, Any] = {"ly-do": "lãnh đạo yêu cầu", **form}
    browser.post(f"/nhiem-vu/{row.obligation_id}/ky/{row.id}", version=str(row.version), **fields)
    assert why in browser.said()
    assert desk.world.occurrence("Báo cáo TTHC tháng 4").version == row.version


def test_a_stale_form_about_a_period_is_refused(desk: Desk) -> None:
    row = desk.world.occurrence("Báo cáo TTHC tháng 4")
    browser = desk.sign_in(STANDING_HEAD)
    path = f"/nhiem-vu/{row.obligation_id}/ky/{row.id}"
    fields: dict[str, Any] = {"han": "2026-04-16", "ly-do": "họp", "version": str(row.version)}
    browser.post(path, **fields)
    assert "Đã sửa riêng kỳ này" in browser.said()
    browser.post(path, **(fields | {"han": "2026-04-15"}))
    assert "vừa thay đổi" in browser.said()
    assert desk.world.occurrence("Báo cáo TTHC tháng 4").internal_due == dt.date(2026, 4, 16)


# ---- who, and what is shown -----------------------------------------------------------------------------------------


def test_the_pages_show_the_rule_its_periods_and_its_source(desk: Desk) -> None:
    browser, row = desk.sign_in(STANDING_HEAD), duty(desk)
    listed = browser.get("/nhiem-vu").text
    assert "Hằng tháng, chốt số liệu ngày 14, gửi trước hoặc trong ngày 17." in listed
    assert "Kế hoạch &lt;img src=x&gt;" in listed
    assert "<img" not in listed
    page = browser.get(f"/nhiem-vu/{row.id}").text
    for words in ("tháng 4/2026", "tháng 5/2026", "tháng 6/2026", "Hạn 17/05/2026 rơi vào Chủ nhật", "Danh mục"):
        assert words in page
    assert "tháng 7/2026" not in page
    assert "style=" not in page


def test_the_standing_office_edits_and_the_others_look(desk: Desk) -> None:
    row = duty(desk)
    for slug in (HEAD, OFFICER):
        page = desk.sign_in(slug).get(f"/nhiem-vu/{row.id}").text
        assert "Sửa từ nay về sau" not in page
        assert "Sửa riêng kỳ này" not in page
        desk.sign_in(slug).get(f"/nhiem-vu/{row.id}/xem-truoc?han=10", status=403)
    assert "Sửa từ nay về sau" in desk.sign_in(STANDING).get(f"/nhiem-vu/{row.id}").text
    other_unit = desk.sign_in(DESK_OFFICER)
    other_unit.get(f"/nhiem-vu/{row.id}", status=404)
    assert "Báo cáo TTHC" not in other_unit.get("/nhiem-vu").text


def test_a_period_of_another_duty_is_no_page(desk: Desk) -> None:
    work = desk.world.occurrence("Kế hoạch")
    desk.sign_in(STANDING).get(f"/nhiem-vu/{duty(desk).id}/ky/{work.id}", status=404)

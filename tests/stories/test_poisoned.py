"""One poisoned row postpones itself and is shown; it never stops the turn, nor anybody else's messages.

A row is poisoned when reading it raises: a payload that is no message, a person who is no more, words that nothing
can act upon, a rule or a ladder that does not fit. A defect of ours looks the same.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from data.database import reading
from engine import load, receive
from engine.findings import Finding, any_bad
from engine.messages import DigestMessage
from engine.office import INBOUND, MESSAGE, OBLIGATION, OCCURRENCE, PERSON, REMINDER
from engine.watch import unexplained
from engine.why import story_of
from schedules.office_model import Obligation
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    DESK_OFFICER,
    HEAD,
    OFFICE_ID,
    OFFICER,
    STANDING,
    VICE_CHAIR,
    World,
    civil,
    monthly_report,
    obligation,
    office_file,
    one_task,
)

TASK = "Kế hoạch chuyển đổi số"
OTHER = "Công khai thủ tục"


def two() -> list[Obligation]:
    return [one_task("2026-03-25"), one_task("2026-03-25", "cong-khai", OTHER, lead="ttpvhcc")]


def two_tasks(open_world: OpenWorld, **options: Any) -> World:
    """Phòng Kinh tế's task and the desk's, both due on the 25th; the morning's last calls are still to come."""
    world = open_world("2026-03-23 07:00", two(), **options)
    world.run_until("2026-03-24 17:00")
    for person in (OFFICER, DESK_OFFICER):
        world.phone(person).put_aside()
    world.everyone_silent()
    return world


def change(world: World, statement: Any) -> None:
    with world.engine.begin() as connection:
        connection.execute(statement)


def person(world: World, slug: str) -> int:
    return int(world.rows(select(PERSON.c.id).where(PERSON.c.slug == slug))[0].id)


def findings(world: World) -> list[Finding]:
    with reading(world.engine) as connection:
        return unexplained(connection, world.clock.now())


def is_shown(world: World, what: str) -> None:
    """/healthz and doctor tell of it; it is an explanation, not an alarm."""
    found = findings(world)
    assert not any_bad(found), found
    assert [finding.what for finding in found if what in finding.what], found


def nothing_is_shown(world: World) -> None:
    assert findings(world) == []


def vanish(world: World, slug: str) -> None:
    """The row goes, by the hand of somebody with another program."""
    raw = sqlite3.connect(world.file)
    number = person(world, slug)
    raw.execute("DELETE FROM chat WHERE person_id = ?", (number,))
    raw.execute("DELETE FROM person WHERE id = ?", (number,))
    raw.commit()
    raw.close()


# ---- the outbox -----------------------------------------------------------------------------------------------------


def poisoned_message(world: World, kind: str, payload: Any, slug: str = CHAIR) -> None:
    change(
        world,
        insert(MESSAGE).values(
            office_id=OFFICE_ID,
            person_id=person(world, slug),
            kind=kind,
            key="digest:2026-W11" if kind == "digest" else "hỏng",
            payload=payload,
            status="queued",
            not_before=world.clock.now(),
        ),
    )


UNREADABLE = [
    ("digest", {"tuần": 12}),
    ("digest", None),
    ("answer", {"said": "điều chưa ai nói"}),
    ("answer", None),
    ("edit", {"tin": 1}),
    ("edit", None),
]


@pytest.mark.parametrize(("kind", "payload"), UNREADABLE)
def test_a_payload_that_cannot_be_read_holds_up_nobody(open_world: OpenWorld, kind: str, payload: Any) -> None:
    world = two_tasks(open_world)
    poisoned_message(world, kind, payload)
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect("HẠN HÔM NAY", TASK)
    world.phone(DESK_OFFICER).expect("HẠN HÔM NAY", OTHER)
    is_shown(world, "tin chờ gửi chưa xử lý được")
    for _ in range(3):  # and when its time comes again
        world.clock.advance(minutes=10)
        world.turn()
    is_shown(world, "tin chờ gửi chưa xử lý được")


def test_it_is_tried_again_after_longer_and_longer_pauses_and_given_up(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    poisoned_message(world, "answer", None)
    tries: list[dt.datetime] = []
    for _ in range(3 * 24 * 12):
        world.clock.advance(minutes=5)
        world.turn()
        row = world.rows(select(MESSAGE).where(MESSAGE.c.key == "hỏng"))[0]
        if row.status != "queued":
            break
        if not tries or row.claimed_at != tries[-1]:
            tries.append(row.claimed_at)
    pauses = [later - sooner for sooner, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= dt.timedelta(hours=2)
    assert row.status == "refused"
    assert row.error
    world.ignore_rest()


def test_what_is_mended_leaves_and_is_shown_no_more(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    world.run_until("2026-03-25 07:30")
    for slug in (OFFICER, DESK_OFFICER):
        world.phone(slug).put_aside()
    world.say(OFFICER, "việc")
    world.phone(OFFICER).put_aside()
    right = world.rows(select(MESSAGE).where(MESSAGE.c.kind == "answer"))[0]
    poisoned_message(world, "answer", None, OFFICER)
    world.turn()
    change(
        world,
        update(MESSAGE)
        .where(MESSAGE.c.key == "hỏng")
        .values(payload=right.payload, channel=right.channel, bot=right.bot, address=right.address),
    )
    world.clock.advance(minutes=2)
    world.turn()
    world.phone(OFFICER).expect("Việc đang mở", TASK)
    nothing_is_shown(world)


def test_a_reminder_whose_lines_cannot_be_read_holds_up_nobody_else(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    world.simulator.outcomes = []
    waits_for_the_next_slot(world, OFFICER, says="không-rõ")  # a word of no program that there is
    world.run_until("2026-03-25 07:30")
    world.phone(DESK_OFFICER).expect("HẠN HÔM NAY", OTHER)
    is_shown(world, "tin chờ gửi")
    change(world, update(REMINDER).where(REMINDER.c.says == "không-rõ").values(says="overdue"))
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", TASK)
    nothing_is_shown(world)


# ---- people ---------------------------------------------------------------------------------------------------------


def waits_for_the_next_slot(world: World, slug: str, says: str = "overdue") -> None:
    """A line of this person's that is to be said in the morning."""
    occurrence = world.occurrence(TASK)
    change(
        world,
        insert(REMINDER).values(
            office_id=OFFICE_ID,
            occurrence_id=occurrence.id,
            revision=occurrence.revision,
            rung="thu",
            person_id=person(world, slug),
            says=says,
            scheduled_at=world.clock.now(),
            status="pending",
        ),
    )


def test_whoever_has_left_is_not_told_what_still_waited_for_them(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    waits_for_the_next_slot(world, STANDING)
    world.dismiss(STANDING)
    world.run_until("2026-03-25 07:30")
    world.phone(STANDING).silent()
    world.phone(OFFICER).expect(TASK)
    world.phone(DESK_OFFICER).expect(OTHER)
    assert ("thu", "không còn công tác tại cơ quan") in world.silences(STANDING)
    nothing_is_shown(world)


def test_a_message_for_somebody_who_left_this_minute_is_not_sent(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    waits_for_the_next_slot(world, STANDING)
    world.channels = []  # it is written, and nothing carries it
    world.run_until("2026-03-25 07:30")
    change(
        world,
        update(MESSAGE).where(MESSAGE.c.kind == "reminder", MESSAGE.c.status == "refused").values(status="queued"),
    )
    world.dismiss(STANDING)
    world.channels = [world.simulator]
    world.clock.advance(minutes=1)
    world.turn()
    world.phone(STANDING).silent()
    world.ignore_rest()
    (row,) = world.rows(select(MESSAGE).where(MESSAGE.c.person_id == person(world, STANDING)))
    assert "không còn công tác" in row.error


def test_a_person_whose_row_is_gone_stops_nobody(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    if world.engine.dialect.name != "sqlite":
        pytest.skip("foreign keys forbid this there")
    waits_for_the_next_slot(world, STANDING)
    vanish(world, STANDING)
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER).expect(TASK)
    world.phone(DESK_OFFICER).expect(OTHER)
    nothing_is_shown(world)


def test_a_doer_whose_row_is_gone_wakes_those_above(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    if world.engine.dialect.name != "sqlite":
        pytest.skip("foreign keys forbid this there")
    vanish(world, OFFICER)
    world.run_until("2026-03-25 07:30")
    world.phone(DESK_OFFICER).expect(OTHER)
    world.phone(HEAD).expect(TASK)
    world.ignore_rest()
    nothing_is_shown(world)


# ---- what people type -----------------------------------------------------------------------------------------------


def poisoned_words(world: World, slug: str = OFFICER) -> None:
    world.hear(slug, "xong 1")
    change(world, update(INBOUND).where(INBOUND.c.handled_at.is_(None)).values(attachments=[{"lạ": 1}]))


def test_words_that_cannot_be_acted_upon_hold_up_nobody_else(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    poisoned_words(world)
    world.hear(DESK_OFFICER, "việc")
    world.turn()
    world.phone(DESK_OFFICER).expect("Việc đang mở", OTHER)
    world.phone(OFFICER).expect("Hệ thống gặp lỗi")  # whoever typed them is told, and may say it again
    world.say(OFFICER, "việc")
    world.phone(OFFICER).expect("Việc đang mở", TASK)
    is_shown(world, "1 tin cán bộ nhắn tới trong 7 ngày qua không xử lý được")
    world.clock.advance(days=8)
    assert not [finding for finding in findings(world) if finding.about == "set_aside"]


def test_words_that_cannot_be_acted_upon_do_nothing_by_halves(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(*_: Any, **__: Any) -> None:
        raise RuntimeError("lỗi của chương trình")

    world = two_tasks(open_world)
    before = world.snapshot()
    monkeypatch.setattr(receive, "queue_edits", half)  # after the deed, before the echo
    world.hear(OFFICER, "xong 1")
    world.turn()
    world.phone(OFFICER).expect("Hệ thống gặp lỗi")
    assert {**world.snapshot(), "message": 0} == {**before, "message": 0}
    assert world.occurrence(TASK).work_state == "new"


# ---- offices --------------------------------------------------------------------------------------------------------


def with_a_neighbour(open_world: OpenWorld) -> World:
    """Two communes in one database: xã Mẫu, and xã Bạn with a task of its own."""
    world = two_tasks(open_world)
    theirs = office_file([one_task("2026-03-25", "ban", "Việc của xã Bạn")])
    world.load(theirs.model_copy(update={"office": theirs.office.model_copy(update={"id": "xa-ban"})}))
    with world.engine.begin() as connection:
        load.link_simulator(connection, world.clock.now())
    return world


BROKEN = [
    ("definition", '{"id": "xa-mau"}'),
    ("definition", "{không phải JSON"),
    ("definition", '{"id":"xa-mau","name":"X","province":"P","standing_unit":"vhxh","timezone":"Sao/Hoa"}'),
    ("definition", '{"id":"xa-mau","name":"X","province":"P","standing_unit":"vhxh","morning":["11:30","07:30"]}'),
    ("ladders", '{"dat-han": {"bậc": 1}}'),
    ("ladders", "null"),
    ("ladders", "]"),
]


@pytest.mark.parametrize(("column", "stored"), BROKEN)
def test_an_office_that_cannot_be_read_rests_and_the_others_go_on(
    open_world: OpenWorld, column: str, stored: str
) -> None:
    world = with_a_neighbour(open_world)
    if world.engine.dialect.name != "sqlite":
        pytest.skip("the server checks what is stored as JSON")
    world.turn()
    in_sql(world, f"UPDATE office SET {column} = ? WHERE id = ?", stored, OFFICE_ID)
    world.run_until("2026-03-25 08:00")
    for slug in (OFFICER, DESK_OFFICER):  # a phone for both communes: only one of them rings
        assert [text for text in world.phone(slug).put_aside() if "Việc của xã Bạn" not in text] == []
    assert sent_by(world, "xa-ban") == {"Việc của xã Bạn"}
    assert sent_by(world, OFFICE_ID) == set()
    found = [finding for finding in findings(world) if finding.about == "offices"]
    assert any_bad(found)
    assert OFFICE_ID in found[0].what
    assert "nhacviec load" in found[0].what_to_do

    world.hear(OFFICER, "việc")  # whoever writes is answered, and nobody waits behind
    world.turn()
    assert world.rows(select(INBOUND.c.id).where(INBOUND.c.handled_at.is_(None))) == []
    world.phone(OFFICER).put_aside()

    world.load(office_file(two()))  # what the finding says to do
    world.run_until("2026-03-25 08:30")
    world.phone(OFFICER).expect("HẠN HÔM NAY", TASK)
    world.phone(DESK_OFFICER).expect("HẠN HÔM NAY", OTHER)
    assert [finding for finding in findings(world) if finding.about == "offices"] == []
    world.ignore_rest()


def in_sql(world: World, statement: str, *values: Any) -> None:
    """By the hand of somebody with another program."""
    raw = sqlite3.connect(world.file)
    raw.execute(statement, values)
    raw.commit()
    raw.close()


def sent_by(world: World, office: str) -> set[str]:
    """The titles that this office's reminders spoke of since the day began."""
    query = (
        select(OCCURRENCE.c.title)
        .join(REMINDER, REMINDER.c.occurrence_id == OCCURRENCE.c.id)
        .join(MESSAGE, MESSAGE.c.id == REMINDER.c.message_id)
        .where(MESSAGE.c.office_id == office, MESSAGE.c.sent_at > civil("2026-03-25 00:00"))
    )
    return {row.title for row in world.rows(query)}


def test_a_leader_whose_units_cannot_be_read_hears_of_all_and_the_office_goes_on(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 07:00", two())  # neither is open yet: nobody's name is frozen with it
    world.ignore_rest()
    if world.engine.dialect.name != "sqlite":
        pytest.skip("the server checks what is stored as JSON")
    in_sql(world, "UPDATE person SET in_charge_of = '[hỏng' WHERE slug = ?", VICE_CHAIR)
    world.run_until("2026-03-31 17:00")  # the ladder of both has reached the leaders
    heard = "\n".join(world.phone(VICE_CHAIR).put_aside())
    assert TASK in heard
    assert OTHER in heard  # the desk's is not among the units they are in charge of


# ---- rules and ladders ----------------------------------------------------------------------------------------------


def test_a_ladder_that_is_not_there_stops_its_own_work_only(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    change(world, update(OBLIGATION).where(OBLIGATION.c.slug == "ke-hoach").values(ladder="khong-co"))
    world.run_until("2026-03-25 07:30")
    world.phone(DESK_OFFICER).expect("HẠN HÔM NAY", OTHER)
    is_shown(world, "việc (xem bằng nhacviec why MÃ) chưa xử lý được")
    with reading(world.engine) as connection:
        story = story_of(connection, world.occurrence(TASK).id, world.clock.now())
    assert [reason for reason in story.reasons if "Chưa tính được lần nhắc" in reason]
    change(world, update(OBLIGATION).where(OBLIGATION.c.slug == "ke-hoach").values(ladder="dat-han"))
    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", TASK)
    nothing_is_shown(world)


@pytest.mark.parametrize("rule", [{"kind": "hằng tháng"}, {}, None])
def test_a_rule_that_cannot_be_read_stops_its_own_planning_only(open_world: OpenWorld, rule: Any) -> None:
    world = open_world("2026-03-02 07:00", [monthly_report(), another_report()])
    world.ignore_rest()
    change(world, OCCURRENCE.delete().where(OCCURRENCE.c.due > dt.date(2026, 12, 31)))
    change(world, update(OBLIGATION).values(planned_until=dt.date(2026, 12, 31)))
    change(world, update(OBLIGATION).where(OBLIGATION.c.slug == "khac").values(rule=rule))
    world.clock.advance(minutes=1)
    assert world.turn().planned > 0
    is_shown(world, "nhiệm vụ chưa xử lý được")
    change(
        world,
        update(OBLIGATION).where(OBLIGATION.c.slug == "khac").values(rule=another_report().model_dump(mode="json")),
    )
    world.clock.advance(minutes=2)
    assert world.turn().planned > 0
    nothing_is_shown(world)


def another_report() -> Obligation:
    return obligation("khac", "Báo cáo khác", kind="monthly", due={"day": 20})


# ---- channels -------------------------------------------------------------------------------------------------------


def test_a_channel_that_raises_stops_nobody_else(open_world: OpenWorld) -> None:
    world = two_tasks(open_world)
    world.simulator.outcomes = [KeyError("mẫu tin hỏng")]
    world.run_until("2026-03-25 07:30")
    heard = [slug for slug in (OFFICER, DESK_OFFICER) if world.phone(slug).unread]
    assert len(heard) == 1
    world.run_until("2026-03-25 08:00")  # a last call is repeated once
    world.phone(OFFICER).expect("HẠN HÔM NAY", TASK)
    world.phone(DESK_OFFICER).expect("HẠN HÔM NAY", OTHER)
    nothing_is_shown(world)


def test_a_digest_that_cannot_be_shown_leaves_the_others_alone(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 18:00", [one_task("2026-03-25")])
    send = world.simulator.send

    async def sending(address: str, message: Any) -> Any:
        if isinstance(message, DigestMessage):
            raise ValueError("mẫu bản tin hỏng")
        return await send(address, message)

    world.simulator.send = sending  # type: ignore[method-assign]
    world.run_until("2026-03-25 07:30")
    assert ("digest", "unknown", 1) in world.outbox(CHAIR)
    assert "HẠN HÔM NAY" in world.phone(OFFICER).put_aside()[-1]
    nothing_is_shown(world)

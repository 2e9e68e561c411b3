"""The people of an office come, link a telephone, change it, move, go on leave and go for good."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from data import journal
from engine import actions, linking, load, people
from engine.actions import Actor
from engine.errors import NhacViecError
from engine.linking import WRONG, Redeemed, redeem
from engine.messages import Said
from engine.office import CHAT, INBOUND, LINK_CODE, MESSAGE, PERSON, REMINDER, STAND_IN, UNIT
from engine.people_import import compare_people, import_people
from engine.people_list import BadPeopleList, PersonRow
from engine.rules.codes import code_in
from tests.stories.conftest import OpenWorld
from tests.world import (
    CHAIR,
    DESK_OFFICER,
    HEAD,
    OFFICE_ID,
    OFFICER,
    SECOND_OFFICER,
    STANDING,
    STANDING_HEAD,
    STRANGER,
    VICE_CHAIR,
    World,
    office_file,
    one_task,
)

OPERATOR = Actor("người vận hành")
NEW_PHONE = "may-moi"
ALMOST = "K2KK-2K22"  # a code that nobody has been given


def person_id(world: World, slug: str) -> int:
    """Whom a story means."""
    return int(world.rows(select(PERSON.c.id).where(PERSON.c.slug == slug))[0].id)


def unit_id(world: World, slug: str) -> int:
    """Which unit a story means."""
    return int(world.rows(select(UNIT.c.id).where(UNIT.c.slug == slug))[0].id)


def code_for(world: World, slug: str, days: int = 7) -> str:
    """The office issues a code."""
    person = person_id(world, slug)
    with world.engine.begin() as connection:
        now = world.clock.now()
        return linking.issue(connection, OFFICE_ID, person_id=person, issued_by=OPERATOR.name, now=now, days=days)


def group_code(world: World, unit: str) -> str:
    """The office issues a code for a unit's group."""
    identity = unit_id(world, unit)
    with world.engine.begin() as connection:
        return linking.issue(connection, OFFICE_ID, unit_id=identity, issued_by=OPERATOR.name, now=world.clock.now())


def type_code(world: World, text: str, address: str, sender: str | None = None, **place: str) -> Redeemed | None:
    """Somebody types it, and the inbox keeps what came of it, as ``receive`` does."""
    channel, bot = place.get("channel", "telegram"), place.get("bot", "nhacviec_bot")
    now = world.clock.now()
    with world.engine.begin() as connection:
        result = redeem(connection, channel=channel, bot=bot, address=address, sender=sender, text=text, now=now)
        count = len(connection.execute(select(INBOUND.c.id)).all())
        connection.execute(
            insert(INBOUND).values(
                channel=channel,
                bot=bot,
                update_key=f"typed-{count}",
                address=address,
                sender=sender,
                text=text,
                raw="",
                received_at=now,
                handled_at=now,
                said=Said.CODE_WRONG if result == WRONG else None,
            )
        )
    return result


def chats(world: World, slug: str) -> list[tuple[str, str, int]]:
    """(channel, address, rank) of a person's chats."""
    query = (
        select(CHAT.c.channel, CHAT.c.address, CHAT.c.rank)
        .where(CHAT.c.person_id == person_id(world, slug))
        .order_by(CHAT.c.rank, CHAT.c.id)
    )
    return [tuple(row) for row in world.rows(query)]


def journal_of(world: World, action: str) -> list[dict[str, Any]]:
    """What the journal says of an action, in order."""
    query = select(journal.JOURNAL.c.data).where(journal.JOURNAL.c.action == action).order_by(journal.JOURNAL.c.seq)
    return [json.loads(row.data) for row in world.rows(query)]


def whole_journal(world: World) -> str:
    """Everything the journal says."""
    return "\n".join(row.data for row in world.rows(select(journal.JOURNAL.c.data)))


@contextmanager
def office_of(world: World) -> Iterator[tuple[Connection, Any]]:
    """A transaction with the office as it stands."""
    with world.engine.begin() as connection:
        yield connection, world.office(connection)


def row(name: str, unit: str = "Phòng Kinh tế", role: str = "officer", **more: Any) -> PersonRow:
    """A line of a list."""
    return PersonRow(line=more.pop("line", 2), name=name, unit=unit, role=role, **more)


def bring(world: World, *rows: PersonRow) -> list[str]:
    """The operator imports a list. Returns what changed, in short."""
    with office_of(world) as (connection, office):
        changes = import_people(connection, office, list(rows), world.clock.now(), OPERATOR)
    return [f"{change.how} {change.slug}" for change in changes]


# ---- from the list to the first reminder ----------------------------------------------------------------------------


def test_from_the_list_to_the_first_reminder(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 08:00", [one_task("2026-03-25")], without=[OFFICER, SECOND_OFFICER])
    assert bring(world, row("Chuyên viên mới Phòng Kinh tế", phone="0912345678")) == [
        "added chuyen-vien-moi-phong-kinh-te"
    ]
    code = code_for(world, "chuyen-vien-moi-phong-kinh-te")
    assert code.replace("-", "") not in whole_journal(world).replace("-", "")

    world.say(NEW_PHONE, f"mã {code.lower()} ạ")
    world.phone(NEW_PHONE).expect("Chuyên viên mới Phòng Kinh tế")
    assert journal_of(world, "linked") == [{"person": "Chuyên viên mới Phòng Kinh tế", "channel": "simulator"}]

    world.run_until("2026-03-11 08:00")
    world.phone(NEW_PHONE).expect("Kính gửi Chuyên viên mới Phòng Kinh tế", "1. Kế hoạch chuyển đổi số")
    world.say(NEW_PHONE, "xong 1")
    world.phone(NEW_PHONE).expect("Đã ghi nhận xong việc 1")


def test_a_new_phone_takes_the_place_of_the_old_one(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [one_task("2026-03-25")])
    world.say(NEW_PHONE, code_for(world, OFFICER))
    world.phone(NEW_PHONE).expect("Chuyên viên Phòng Kinh tế")
    assert chats(world, OFFICER) == [("simulator", f"{OFFICE_ID}/{NEW_PHONE}", 0)]
    (unlinked,) = journal_of(world, "unlinked")
    assert (unlinked["person"], unlinked["channel"]) == ("Chuyên viên Phòng Kinh tế", "simulator")

    world.run_until("2026-03-11 08:00")
    world.phone(NEW_PHONE).expect("1. Kế hoạch chuyển đổi số")
    world.say(OFFICER, "xong 1")  # the old telephone is a stranger's now
    assert "Kế hoạch" not in "".join(world.phone(OFFICER).put_aside())
    assert world.occurrence("Kế hoạch").work_state == "new"


def test_a_stranger_learns_nothing(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [one_task("2026-03-25")])
    used = code_for(world, OFFICER)
    world.say(NEW_PHONE, used)
    world.phone(NEW_PHONE).put_aside()
    expired = code_for(world, HEAD, days=1)
    world.sleep_until("2026-03-10 08:01")
    withdrawn = code_for(world, SECOND_OFFICER)
    code_for(world, SECOND_OFFICER)

    heard = []
    for number, text in enumerate(("xin chào", ALMOST, used, expired, withdrawn)):
        world.say(f"{STRANGER}-{number}", text)
        heard.append(tuple(world.phone(f"{STRANGER}-{number}").put_aside()))
    assert len(set(heard)) == 1  # the same one line, whatever was typed
    (line,) = heard[0]
    for word in ("Phòng", "Chuyên viên", "hết hạn", "sai", OFFICE_ID):
        assert word not in line
    world.say(f"{STRANGER}-0", "xin chào ạ")  # and not for every line
    world.phone(f"{STRANGER}-0").silent()
    world.ignore_rest()


# ---- codes ----------------------------------------------------------------------------------------------------------


def test_a_code_is_good_once(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    code = code_for(world, OFFICER)
    assert type_code(world, code, "100") == Redeemed("linked", person_id(world, OFFICER), None, OFFICE_ID)
    assert type_code(world, code, "200") == WRONG
    assert type_code(world, f"/start {code}", "100") == Redeemed(
        "already_linked", person_id(world, OFFICER), None, OFFICE_ID
    )
    assert chats(world, OFFICER) == [("telegram", "100", 0)]  # the simulator has made way


def test_a_code_expires_and_a_fresh_one_withdraws_the_last(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    first = code_for(world, OFFICER)
    second = code_for(world, OFFICER)
    assert type_code(world, first, "100") == WRONG
    world.sleep_until("2026-03-16 08:00")
    assert type_code(world, second, "100") == WRONG  # seven days, to the minute
    third = code_for(world, OFFICER)
    world.sleep_until("2026-03-23 07:59")
    linked = type_code(world, third, "100")
    assert linked is not None
    assert linked.outcome == "linked"


def test_words_without_a_code_are_none_of_its_business(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    assert type_code(world, "xong 3", "100") is None
    assert type_code(world, "/start", "100") is None


def test_after_five_wrong_codes_even_the_right_one_is_refused_for_an_hour(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    code = code_for(world, OFFICER)
    for _ in range(5):
        assert type_code(world, ALMOST, "100") == WRONG
    assert type_code(world, code, "100") == WRONG
    other = code_for(world, HEAD)
    assert type_code(world, other, "200") == Redeemed("linked", person_id(world, HEAD), None, OFFICE_ID)
    world.sleep_until("2026-03-09 09:01")
    assert type_code(world, code, "100") == Redeemed("linked", person_id(world, OFFICER), None, OFFICE_ID)


def test_a_sender_cannot_guess_on_in_a_group(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    code = code_for(world, OFFICER)
    for _ in range(5):
        assert type_code(world, ALMOST, "-700", sender="100") == WRONG
    assert type_code(world, code, "100") == WRONG


def test_a_hundred_wrong_codes_at_one_bot_close_it_for_an_hour(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    code = code_for(world, OFFICER)
    for number in range(100):
        assert type_code(world, ALMOST, f"{1000 + number}") == WRONG
    assert type_code(world, code, "100") == WRONG
    elsewhere = type_code(world, code, "100", channel="zalo", bot="bot-zalo")
    assert elsewhere is not None
    assert elsewhere.outcome == "linked"


def test_one_person_has_several_channels_in_the_order_of_linking(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    type_code(world, code_for(world, OFFICER), "z-1", channel="zalo", bot="bot-zalo")
    type_code(world, code_for(world, OFFICER), "100")
    assert chats(world, OFFICER) == [("zalo", "z-1", 0), ("telegram", "100", 1)]
    type_code(world, code_for(world, OFFICER), "z-2", channel="zalo", bot="bot-zalo")  # a new telephone
    assert chats(world, OFFICER) == [("zalo", "z-2", 0), ("telegram", "100", 1)]


def test_a_mail_address_stays_the_last_resort(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [], unlinked=[OFFICER])
    assert bring(world, row("Chuyên viên Phòng Kinh tế", email="kinh-te@xa-mau.gov.vn")) == [f"changed {OFFICER}"]
    type_code(world, code_for(world, OFFICER), "100")
    assert chats(world, OFFICER) == [("telegram", "100", 0), ("email", "kinh-te@xa-mau.gov.vn", 90)]


def test_only_a_right_code_moves_an_address_to_somebody_else(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    type_code(world, code_for(world, OFFICER), "100")
    assert type_code(world, ALMOST, "100") == WRONG
    assert chats(world, OFFICER) == [("telegram", "100", 0)]
    type_code(world, code_for(world, HEAD), "100")
    assert chats(world, OFFICER) == []
    assert chats(world, HEAD) == [("telegram", "100", 0)]
    assert [line["person"] for line in journal_of(world, "unlinked")] == [
        "Chuyên viên Phòng Kinh tế",  # her simulator
        "Chuyên viên Phòng Kinh tế",
        "Trưởng phòng Kinh tế",
    ]


def test_linking_again_opens_a_blocked_chat(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    type_code(world, code_for(world, OFFICER), "100")
    with world.engine.begin() as connection:
        connection.execute(CHAT.update().where(CHAT.c.address == "100").values(blocked_at=world.clock.now()))
    again = type_code(world, code_for(world, OFFICER), "100")
    assert again is not None
    assert again.outcome == "already_linked"
    assert world.rows(select(CHAT.c.blocked_at).where(CHAT.c.address == "100"))[0].blocked_at is None


def test_a_group_takes_a_units_code_and_a_private_chat_a_persons(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    group, private = group_code(world, "kinh-te"), code_for(world, OFFICER)
    assert type_code(world, group, "100") == WRONG
    assert type_code(world, private, "-700", sender="100") == WRONG
    assert type_code(world, group, "-700", sender="100") == Redeemed(
        "unit_linked", None, unit_id(world, "kinh-te"), OFFICE_ID
    )
    assert type_code(world, private, "100", sender="100") == Redeemed(
        "linked", person_id(world, OFFICER), None, OFFICE_ID
    )
    with world.engine.begin() as connection:  # a group is nobody's own chat: the others keep their simulator
        load.link_simulator(connection, world.clock.now())
    assert chats(world, HEAD) == [("simulator", f"{OFFICE_ID}/{HEAD}", 0)]


def test_unlinking_takes_the_chats_and_the_codes(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    type_code(world, code_for(world, OFFICER), "z-1", channel="zalo", bot="bot-zalo")
    type_code(world, code_for(world, OFFICER), "100")
    code = code_for(world, OFFICER)
    someone, now = person_id(world, OFFICER), world.clock.now()
    with world.engine.begin() as connection:
        assert linking.unlink(connection, OFFICE_ID, someone, channel="zalo", now=now, actor=OPERATOR) == 1
    assert chats(world, OFFICER) == [("telegram", "100", 1)]
    with world.engine.begin() as connection:
        assert linking.unlink(connection, OFFICE_ID, someone, now=now, actor=OPERATOR) == 1
    assert chats(world, OFFICER) == []
    assert type_code(world, code, "100") == WRONG


def test_a_bot_says_when_it_is_nearly_full(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    place = {"channel": "zalo", "bot": "bot-zalo"}
    type_code(world, code_for(world, OFFICER), "z-1", **place)
    type_code(world, code_for(world, HEAD), "z-2", **place)
    with world.engine.begin() as connection:
        assert linking.users_of(connection, "zalo", "bot-zalo") == 2
        assert linking.room_on(connection, "zalo", "bot-zalo") is None
        assert "còn 2 chỗ" in (linking.room_on(connection, "zalo", "bot-zalo", most=4) or "")
        assert "tối đa 2" in (linking.room_on(connection, "zalo", "bot-zalo", most=2) or "")


# ---- the list -------------------------------------------------------------------------------------------------------


def test_importing_twice_changes_nothing_and_a_rehearsal_never_does(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    rows = [
        row("Chuyên viên Phòng Kinh tế", phone="0912345678", email="cv@xa-mau.gov.vn"),
        row("Phó Trưởng phòng Kinh tế", "phong kinh tế", "head"),
        row("Người xem của Đảng uỷ", "Lãnh đạo UBND xã", "viewer"),
        row("Phó Chủ tịch thứ hai", "Lãnh đạo UBND xã", "leader", in_charge_of=("Phòng Kinh tế, vhxh",)),
        row("Chủ tịch Hội Nông dân", "Mặt trận Tổ quốc", "leader"),
    ]
    with office_of(world) as (connection, office):
        rehearsed = compare_people(connection, office, rows, world.clock.now())
    assert [change.how for change in rehearsed] == ["changed", "added", "added", "added", "added"]
    assert world.rows(select(PERSON.c.id).where(PERSON.c.origin == "list")) == []
    assert len(bring(world, *rows)) == 5
    assert bring(world, *rows) == []
    stored = {r.name: r for r in world.rows(select(PERSON))}
    assert stored["Phó Chủ tịch thứ hai"].in_charge_of == ["kinh-te", "vhxh"]
    assert stored["Chủ tịch Hội Nông dân"].role == "head"  # of a partner: no leader of the committee
    viewer = stored["Người xem của Đảng uỷ"]
    assert (viewer.role, viewer.viewer, viewer.origin) == ("viewer", True, "list")
    assert stored["Chuyên viên Phòng Kinh tế"].origin == "file"  # a telephone number says nothing against the file


def test_a_viewer_is_in_no_chain(open_world: OpenWorld) -> None:
    world = open_world("2026-03-02 08:00", [one_task("2026-03-25")], without=[OFFICER, SECOND_OFFICER])
    bring(world, row("Người xem Phòng Kinh tế", role="viewer"))
    world.run_until("2026-03-11 08:00")
    chain = world.occurrence("Kế hoạch").chain
    assert chain["doer"] == [person_id(world, HEAD)]
    assert person_id(world, "nguoi-xem-phong-kinh-te") not in {p for level in chain.values() for p in level}
    world.ignore_rest()


def test_loading_the_file_again_leaves_people_of_lists_alone(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    bring(world, row("Cán bộ mới", "Mặt trận Tổ quốc"), row("Chuyên viên chính Phòng Kinh tế", slug=OFFICER))
    assert world.load(office_file([])) == []
    world.load(office_file([], without=[OFFICER, DESK_OFFICER]))
    active = {r.slug: (r.name, r.active) for r in world.rows(select(PERSON))}
    assert active["can-bo-moi"] == ("Cán bộ mới", True)
    assert active[OFFICER] == ("Chuyên viên chính Phòng Kinh tế", True)  # the list has the last word
    assert active[DESK_OFFICER][1] is False


def test_a_person_of_a_list_who_comes_into_the_file_is_the_same_person(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [], without=[OFFICER])
    bring(world, row("Chuyên viên Phòng Kinh tế"))
    changes = world.load(office_file([]))
    assert [(change.slug, change.keys) for change in changes] == [(OFFICER, ("slug",))]
    assert len(world.rows(select(PERSON).where(PERSON.c.name == "Chuyên viên Phòng Kinh tế"))) == 1
    assert world.load(office_file([])) == []


def test_what_a_list_gets_wrong_is_told_with_its_lines_and_nothing_is_written(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [one_task("2026-03-20")])
    bring(world, row("Cán bộ Mặt trận Tổ quốc", "Mặt trận Tổ quốc", email="mt@xa-mau.gov.vn"))
    bad = [
        row("Cán bộ thứ nhất", "Phòng Kinh tế xã hội", line=5),
        row("Cán bộ thứ hai", "Phòng Kinh tế", line=6),
        row("Cán bộ thứ ba", "Phòng Kinh tế", line=7, email="mt@xa-mau.gov.vn"),
        row("Chuyên viên Phòng Kinh tế", "Phòng Văn hóa - Xã hội", slug=OFFICER, line=8),
    ]
    with pytest.raises(BadPeopleList) as refused, office_of(world) as (connection, office):
        import_people(connection, office, bad, world.clock.now(), OPERATOR, "ds.csv")
    first, second, third = refused.value.problems
    assert "ds.csv, dòng 5" in first
    assert "Có phải “Phòng Kinh tế”?" in first
    assert "dòng 7" in second
    assert "Cán bộ Mặt trận Tổ quốc" in second
    assert "people move" in third
    assert world.rows(select(PERSON).where(PERSON.c.name.startswith("Cán bộ thứ"))) == []
    world.ignore_rest()


# ---- moving and leaving ---------------------------------------------------------------------------------------------


def two_tasks() -> list[Any]:
    """Two pieces of work of the same officer."""
    return [one_task("2026-03-25"), one_task("2026-03-26", "ra-soat", "Rà soát thủ tục")]


def test_whoever_moves_leaves_the_open_work_to_named_colleagues(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", two_tasks())
    world.phone(OFFICER).expect("Kế hoạch chuyển đổi số", "Rà soát thủ tục")
    survey = world.occurrence("Rà soát").id
    with office_of(world) as (connection, office):
        who = person_id(world, OFFICER)
        handed = people.move(
            connection,
            office,
            who,
            unit_id(world, "vhxh"),
            {survey: person_id(world, HEAD)},
            OPERATOR,
            world.clock.now(),
        )
    assert [(item.title, item.to_name) for item in handed] == [
        ("Kế hoạch chuyển đổi số", "Chuyên viên thứ hai Phòng Kinh tế"),  # whom the unit would give it to
        ("Rà soát thủ tục", "Trưởng phòng Kinh tế"),
    ]
    plan = world.occurrence("Kế hoạch")
    assert (plan.doer_id, plan.chain["doer"]) == (person_id(world, SECOND_OFFICER), [person_id(world, SECOND_OFFICER)])
    assert plan.chain["head"] == [person_id(world, HEAD)]  # frozen
    (line,) = journal_of(world, "moved")
    assert (line["person"], line["from"], line["to"]) == (
        "Chuyên viên Phòng Kinh tế",
        "Phòng Kinh tế",
        "Phòng Văn hóa - Xã hội",
    )
    assert {(d["from"], d["to"]) for d in journal_of(world, "handed_over")} == {
        ("Chuyên viên Phòng Kinh tế", "Chuyên viên thứ hai Phòng Kinh tế"),
        ("Chuyên viên Phòng Kinh tế", "Trưởng phòng Kinh tế"),
    }
    world.run_until("2026-03-20 14:00")
    world.phone(SECOND_OFFICER).expect("Kế hoạch chuyển đổi số", "chuyển sang Phòng Văn hóa - Xã hội")
    world.phone(HEAD).expect("Rà soát thủ tục")
    world.run_until("2026-03-25 08:00")
    world.phone(SECOND_OFFICER).expect("HẠN HÔM NAY", "Kế hoạch chuyển đổi số")
    world.phone(OFFICER).silent()
    assert world.load(office_file(two_tasks())) == []  # the file still names the old unit, and has no say any more
    world.ignore_rest()


def test_a_move_that_makes_no_sense_changes_nothing(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", two_tasks())
    world.phone(OFFICER).put_aside()
    who, work = person_id(world, OFFICER), world.occurrence("Kế hoạch").id
    for unit, handover, words in (
        ("kinh-te", {}, "đang ở Phòng Kinh tế rồi"),
        ("vhxh", {9999: person_id(world, HEAD)}, "không có việc đang mở nào mang mã 9999"),
        ("vhxh", {work: who}, "phải là một cán bộ khác"),
    ):
        with pytest.raises(NhacViecError, match=words), office_of(world) as (connection, office):
            people.move(connection, office, who, unit_id(world, unit), handover, OPERATOR, world.clock.now())
    assert world.occurrence("Kế hoạch").doer_id == who
    assert journal_of(world, "moved") == []


def test_work_is_given_to_no_leader(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", two_tasks())
    world.phone(OFFICER).put_aside()
    given = {world.occurrence("Kế hoạch").id: person_id(world, CHAIR)}
    with pytest.raises(NhacViecError, match="không phải lãnh đạo"), office_of(world) as (connection, office):
        people.handovers(connection, office, person_id(world, OFFICER), given)


def test_who_confirms_instead_of_a_head_who_goes_is_told(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25", confirm="head")])
    world.say(OFFICER, "xong 1")
    work = world.occurrence("Kế hoạch")
    assert work.work_state == "waiting"
    with office_of(world) as (connection, office):
        now = world.clock.now()
        empty, waiting = people.missed(connection, office, person_id(world, HEAD), now)
        assert people.missed(connection, office, person_id(world, DESK_OFFICER), now) == []
    assert "Phòng Kinh tế không còn trưởng đơn vị" in empty
    assert f"Việc {work.id} (Kế hoạch chuyển đổi số) đang chờ Trưởng phòng Kinh tế xác nhận" in waiting
    assert "Từ nay hỏi Chuyên viên CCHC Phòng Văn hóa - Xã hội" in waiting
    world.ignore_rest()


def test_the_last_leader_and_the_last_standing_officer_are_missed(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [], without=[VICE_CHAIR])
    with office_of(world) as (connection, office):
        now = world.clock.now()
        (leader,) = people.missed(connection, office, person_id(world, CHAIR), now)
        (standing,) = people.missed(connection, office, person_id(world, STANDING), now)
    assert "lãnh đạo duy nhất" in leader
    assert "cán bộ thường trực cuối cùng" in standing
    assert "chỉ còn tới Trưởng phòng Văn hóa - Xã hội" in standing


def test_work_nobody_can_take_must_be_given_by_name(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).put_aside()
    others = [SECOND_OFFICER, HEAD, STANDING, STANDING_HEAD]
    with world.engine.begin() as connection:
        connection.execute(PERSON.update().where(PERSON.c.slug.in_(others)).values(active=False))
    with pytest.raises(NhacViecError, match="Chưa có ai nhận việc"), office_of(world) as (connection, office):
        people.left(
            connection, office, person_id(world, OFFICER), dt.date(2026, 3, 20), None, OPERATOR, world.clock.now()
        )
    world.ignore_rest()


def test_whoever_is_gone_hears_nothing_and_leaves_nothing(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", two_tasks())
    world.phone(OFFICER).put_aside()
    world.stand_in(HEAD, OFFICER, "2026-03-19", "2026-03-31")
    code = code_for(world, OFFICER)
    with office_of(world) as (connection, office):
        handed = people.left(
            connection, office, person_id(world, OFFICER), dt.date(2026, 3, 20), None, OPERATOR, world.clock.now()
        )
    assert [item.to_name for item in handed] == ["Chuyên viên thứ hai Phòng Kinh tế"] * 2
    gone = world.rows(select(PERSON).where(PERSON.c.slug == OFFICER))[0]
    assert (gone.active, gone.left_on) == (False, dt.date(2026, 3, 20))
    assert chats(world, OFFICER) == []
    assert type_code(world, code, "100") == WRONG
    (line,) = journal_of(world, "left")
    assert (line["person"], [item["to"] for item in line["handed"]]) == (
        "Chuyên viên Phòng Kinh tế",
        ["Chuyên viên thứ hai Phòng Kinh tế"] * 2,
    )
    assert world.rows(select(STAND_IN.c.last_day))[0].last_day == dt.date(2026, 3, 19)  # the head hears for herself
    world.say(OFFICER, "việc")
    assert "Kế hoạch" not in "".join(world.phone(OFFICER).put_aside())
    world.load(office_file(two_tasks()))  # the file still names them
    assert world.rows(select(PERSON.c.active).where(PERSON.c.slug == OFFICER))[0].active is False
    assert bring(world, row("Chuyên viên Phòng Kinh tế")) == [f"returned {OFFICER}"]  # a list brings them back
    world.ignore_rest()


# ---- leave ----------------------------------------------------------------------------------------------------------


def take_leave(world: World, person: str, first: str, last: str, substitute: str, decision: str = "12/QĐ-UBND") -> None:
    """The operator writes a leave down."""
    with office_of(world) as (connection, office):
        people.leave(
            connection,
            office,
            person_id(world, person),
            dt.date.fromisoformat(first),
            dt.date.fromisoformat(last),
            person_id(world, substitute),
            decision,
            OPERATOR,
            world.clock.now(),
        )


def test_on_leave_the_stand_in_hears_and_the_journal_has_both_names(open_world: OpenWorld) -> None:
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).put_aside()
    take_leave(world, OFFICER, "2026-03-23", "2026-03-27", SECOND_OFFICER)
    (line,) = journal_of(world, "stand_in")
    assert line == {
        "person": "Chuyên viên Phòng Kinh tế",
        "substitute": "Chuyên viên thứ hai Phòng Kinh tế",
        "from": "2026-03-23",
        "to": "2026-03-27",
        "decision": "12/QĐ-UBND",
    }
    world.run_until("2026-03-25 08:00")
    world.phone(SECOND_OFFICER).expect("(thay Chuyên viên Phòng Kinh tế)", "HẠN HÔM NAY")
    world.phone(OFFICER).silent()
    world.ignore_rest()


@pytest.mark.parametrize(
    ("leave", "words"),
    [
        (lambda w: take_leave(w, OFFICER, "2026-03-27", "2026-03-23", HEAD), "sớm hơn ngày bắt đầu"),
        (lambda w: take_leave(w, OFFICER, "2025-03-23", "2025-03-27", HEAD), "đã qua cả"),
        (lambda w: take_leave(w, OFFICER, "2025-03-23", "2026-03-27", HEAD), "đã qua hơn một tháng"),
        (lambda w: take_leave(w, OFFICER, "2026-03-23", "2026-03-27", OFFICER), "một người khác"),
        (lambda w: take_leave(w, OFFICER, "2026-03-23", "2026-03-27", HEAD, "  "), "số quyết định"),
        (lambda w: take_leave(w, STANDING, "2026-03-05", "2026-03-20", HEAD), "đã có .* thay từ 1/3/2026 .*9/QĐ"),
        (lambda w: take_leave(w, HEAD, "2026-03-08", "2026-03-20", STANDING), "đi vòng tròn: Trưởng phòng Kinh tế"),
        (lambda w: take_leave(w, HEAD, "2026-02-20", "2026-03-01", STANDING), "Ngày 1/3/2026 người thay đi vòng tròn"),
    ],
)
def test_a_leave_that_makes_no_sense_is_refused_in_words(
    open_world: OpenWorld, leave: Callable[[World], None], words: str
) -> None:
    world = open_world("2026-02-10 07:30", [])
    take_leave(world, STANDING, "2026-03-01", "2026-03-10", STANDING_HEAD, "9/QĐ-UBND")
    take_leave(world, STANDING_HEAD, "2026-03-01", "2026-03-10", HEAD, "10/QĐ-UBND")
    with pytest.raises(NhacViecError, match=words):
        leave(world)
    take_leave(world, HEAD, "2026-03-11", "2026-03-20", STANDING, "11/QĐ-UBND")  # after the circle's last day
    assert len(world.rows(select(STAND_IN))) == 3


# ---- calls ----------------------------------------------------------------------------------------------------------


def calls(world: World) -> list[people.Call]:
    """Who is to be called by telephone now."""
    with office_of(world) as (connection, office):
        return people.calls(connection, office, world.clock.now())


def test_whom_no_message_reaches_is_to_be_called(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [one_task("2026-03-11"), one_task("2026-03-25", "ra-soat", "Rà soát")])
    for phone in (OFFICER, HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR):
        world.phone(phone).put_aside()
    assert calls(world) == []
    bring(world, row("Chuyên viên Phòng Kinh tế", phone="0912345678"))
    world.block(OFFICER)
    world.run_until("2026-03-12 08:00")
    first = calls(world)[0]
    assert (first.slug, first.phone, first.unit) == (OFFICER, "0912345678", "Phòng Kinh tế")
    assert (first.work[0].title, first.work[0].days_late) == ("Kế hoạch chuyển đổi số", 1)
    assert first.why

    world.link(OFFICER)
    world.run_until("2026-03-13 08:00")  # one of the two is told again; of the other every rung was used up in vain
    (work,) = [call.work for call in calls(world) if call.slug == OFFICER]
    assert [item.title for item in work] == ["Rà soát"]
    world.ignore_rest()


def test_whoever_has_no_channel_is_called_until_the_work_is_done(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [one_task("2026-03-11")], unlinked=[OFFICER])
    world.run_until("2026-03-11 08:00")
    (call,) = calls(world)
    assert (call.slug, call.why, call.phone) == (OFFICER, ("chưa nối kênh nhắn tin",), None)
    world.operate(actions.cancel, "Kế hoạch", "không phải làm nữa")
    assert calls(world) == []
    world.ignore_rest()


def test_one_reason_is_told_once_though_two_steps_name_it(open_world: OpenWorld) -> None:
    tasks = [one_task("2026-03-11"), one_task("2026-03-11", "ra-soat", "Rà soát")]
    world = open_world("2026-03-09 08:00", tasks, unlinked=[OFFICER])
    world.run_until("2026-03-11 08:00")
    with world.engine.begin() as connection:  # the outbox says it in other words
        told = "người nhận chưa nối kênh nhắn tin"
        mine = (REMINDER.c.person_id == person_id(world, OFFICER), REMINDER.c.status == "suppressed")
        last = connection.execute(select(REMINDER.c.id).where(*mine).order_by(REMINDER.c.id.desc())).scalars().first()
        refused = insert(MESSAGE).values(
            office_id=OFFICE_ID,
            person_id=person_id(world, OFFICER),
            kind="reminder",
            key="refused",
            urgent=False,
            status="refused",
            not_before=world.clock.now(),
            attempts=1,
            copies=0,
            editable=False,
        )
        message = connection.execute(refused.returning(MESSAGE.c.id)).scalar_one()
        connection.execute(REMINDER.update().where(REMINDER.c.id == last).values(reason=told, message_id=message))
    (call,) = calls(world)
    assert call.why == ("chưa nối kênh nhắn tin",)
    world.ignore_rest()


def test_whose_work_was_handed_over_need_not_be_called(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [one_task("2026-03-11")], unlinked=[OFFICER])
    world.run_until("2026-03-11 08:00")
    assert [call.slug for call in calls(world)] == [OFFICER]
    with office_of(world) as (connection, office):
        unit = unit_id(world, "vhxh")
        people.move(connection, office, person_id(world, OFFICER), unit, None, OPERATOR, world.clock.now())
    assert calls(world) == []
    world.ignore_rest()


def test_nothing_of_a_code_is_kept_but_its_hash(open_world: OpenWorld) -> None:
    world = open_world("2026-03-09 08:00", [])
    code = code_in(code_for(world, OFFICER))
    (kept,) = world.rows(select(LINK_CODE))
    assert code is not None
    assert code not in json.dumps([str(value) for value in kept])
    assert code not in whole_journal(world).replace("-", "")

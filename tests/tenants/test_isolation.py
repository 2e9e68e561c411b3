"""One office at a time: codes, chats, numbers, buttons and files of one office are nothing at the bot of another."""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from data import serving
from data.database import at_one_instant, reading
from data.evidence_files import EvidenceFiles
from data.handles import HANDLE
from data.journal import JOURNAL
from engine import actions, linking
from engine.addresses import NOT_LINKED
from engine.app import bind_bots
from engine.bundle import bundle
from engine.cycle import turn
from engine.doctor import reach
from engine.findings import Level
from engine.linking import MAIL
from engine.messages import Press
from engine.office import CHAT, EVIDENCE, INBOUND, LINK_CODE, MESSAGE, OCCURRENCE, PERSON, REMINDER, view_office
from engine.people import roll
from engine.people_import import people_problems
from engine.people_list import PersonRow
from engine.receive import handle_waiting
from engine.settings import Settings
from tests.tenants.province import (
    CHAIR,
    DONG,
    GROUP,
    HEAD,
    MARKS,
    NAM,
    OFFICER,
    OWN_BOT,
    SECOND_OFFICER,
    SHARED,
    STANDING,
    TAY,
    Province,
    address_of,
)

NOBODY = "88"  # an address that is linked nowhere
NEUTRAL = "chỉ dành cho cán bộ đã được cơ quan cấp mã liên kết"


def says(province: Province, where: tuple[str, str], address: str, text: str, **more: Any) -> list[str]:
    return asyncio.run(province.say(where, address, text, **more))


def change(province: Province, statement: Any) -> None:
    with province.engine.begin() as connection:
        connection.execute(statement)


def code_for(province: Province, office_id: str, slug: str) -> str:
    person = province.person(office_id, slug)
    with province.engine.begin() as connection:
        return linking.issue(connection, office_id, person_id=person, issued_by="văn thư", now=province.clock.now())


def owner_at(province: Province, where: tuple[str, str], address: str) -> tuple[str, str] | None:
    """Who is linked there: office and slug."""
    here = (CHAT.c.channel == where[0], CHAT.c.bot == where[1], CHAT.c.address == address)
    query = select(PERSON.c.office_id, PERSON.c.slug).join(CHAT, CHAT.c.person_id == PERSON.c.id).where(*here)
    rows = province.rows(query)
    return (rows[0].office_id, rows[0].slug) if rows else None


# ---- codes ----------------------------------------------------------------------------------------------------------


def test_a_code_at_the_bot_of_another_office_is_answered_like_a_wrong_one_and_stays_good(province: Province) -> None:
    code = code_for(province, DONG, SECOND_OFFICER)
    assert says(province, OWN_BOT[TAY], NOBODY, code) == says(province, OWN_BOT[NAM], NOBODY, "K7QM-29RT")
    assert owner_at(province, OWN_BOT[TAY], NOBODY) is None
    [row] = province.rows(select(LINK_CODE.c.used_at).order_by(LINK_CODE.c.id.desc()).limit(1))
    assert row.used_at is None
    [linked] = says(province, OWN_BOT[DONG], NOBODY, code)
    assert MARKS[DONG] in linked
    assert owner_at(province, OWN_BOT[DONG], NOBODY) == (DONG, SECOND_OFFICER)


def test_who_is_linked_there_gets_the_sentence_of_a_wrong_code_and_keeps_the_chat(province: Province) -> None:
    here = address_of(HEAD)
    [foreign] = says(province, OWN_BOT[TAY], here, code_for(province, DONG, HEAD))
    [wrong] = says(province, OWN_BOT[TAY], here, "K7QM-29RT")
    assert foreign == wrong
    assert owner_at(province, OWN_BOT[TAY], here) == (TAY, HEAD)


def test_a_group_is_not_linked_by_the_code_of_another_offices_unit(province: Province) -> None:
    [unit] = province.rows(select(CHAT.c.unit_id).where(CHAT.c.office_id == DONG, CHAT.c.unit_id.is_not(None)))
    with province.engine.begin() as connection:
        code = linking.issue(connection, DONG, unit_id=unit.unit_id, issued_by="văn thư", now=province.clock.now())
    assert says(province, OWN_BOT[TAY], "-77", code, sender=address_of(CHAIR)) == []
    assert province.rows(select(CHAT.c.id).where(CHAT.c.address == "-77")) == []


# ---- chats that stand where they must not be used -------------------------------------------------------------------


def test_an_officer_seconded_to_two_communes_is_two_people_of_one_account(province: Province) -> None:
    """The same account, "4", at the bots of all three communes: each bot speaks of its own commune's work."""
    shown = {office: says(province, OWN_BOT[office], address_of(HEAD), "việc đơn vị") for office in MARKS}
    for office_id, [text] in shown.items():
        assert [mark for mark in MARKS.values() if mark in text] == [MARKS[office_id]]


def test_a_chat_row_at_another_offices_bot_is_nobodys(province: Province) -> None:
    [answer] = says(province, OWN_BOT[TAY], "66", "việc")  # the chair of Đông stands there, by a mistake of long ago
    assert NEUTRAL in answer
    [row] = province.rows(select(INBOUND.c.person_id).order_by(INBOUND.c.id.desc()).limit(1))
    assert row.person_id is None


def test_the_person_is_reached_by_a_chat_of_their_own_office_instead(province: Province) -> None:
    sent = province.rows(
        select(MESSAGE.c.bot, MESSAGE.c.address)
        .join(PERSON, PERSON.c.id == MESSAGE.c.person_id)
        .where(PERSON.c.office_id == DONG, PERSON.c.slug == CHAIR, MESSAGE.c.status == "sent")
    )
    assert sent
    assert {(row.bot, row.address) for row in sent} == {("1001", address_of(CHAIR))}


def test_who_has_no_other_chat_is_written_to_by_nobody_and_it_says_why(province: Province) -> None:
    person = province.person(DONG, OFFICER)
    change(province, update(CHAT).where(CHAT.c.person_id == person).values(bot=OWN_BOT[TAY][1], address="71"))
    change(province, delete(CHAT).where(CHAT.c.unit_id.is_not(None), CHAT.c.office_id == DONG))
    for _ in range(3):
        asyncio.run(province.wait())
    reasons = province.rows(
        select(REMINDER.c.reason)
        .join(MESSAGE, MESSAGE.c.id == REMINDER.c.message_id)
        .where(REMINDER.c.person_id == person, MESSAGE.c.status == "refused")
    )
    assert NOT_LINKED in {row.reason for row in reasons}
    assert not province.rows(select(MESSAGE.c.id).where(MESSAGE.c.person_id == person, MESSAGE.c.address == "71"))


def test_without_a_chat_of_their_own_they_hear_in_their_units_group(province: Province) -> None:
    person = province.person(NAM, SECOND_OFFICER)
    change(province, delete(CHAT).where(CHAT.c.person_id == person, CHAT.c.bot == OWN_BOT[NAM][1]))
    for _ in range(4):  # what is left is a chat at the bot of Đông
        asyncio.run(province.wait())
    last = select(MESSAGE.c.bot, MESSAGE.c.address).where(MESSAGE.c.person_id == person, MESSAGE.c.status == "sent")
    row = province.rows(last.order_by(MESSAGE.c.id.desc()).limit(1))[0]
    assert (row.bot, row.address) == (OWN_BOT[NAM][1], GROUP)


def test_an_answer_that_still_waited_when_the_bot_changed_hands_does_not_leave(province: Province) -> None:
    where = OWN_BOT[DONG]
    province.hear(where, address_of(HEAD), "việc đơn vị")
    handle_waiting(province.engine, province.clock.now())
    province.bots[where].office_id = TAY
    asyncio.run(turn(province.engine, province.channels, province.clock.now()))
    assert province.bots[where].left == []
    [row] = province.rows(select(MESSAGE.c.status, MESSAGE.c.error).order_by(MESSAGE.c.id.desc()).limit(1))
    assert (row.status, "cơ quan khác" in row.error) == ("refused", True)


def test_the_bot_of_an_office_that_is_not_loaded_speaks_to_nobody(province: Province) -> None:
    bot = province.bots[OWN_BOT[NAM]]
    bot.office_id = "xa-chua-nap"
    bind_bots(province.engine, province.channels, province.clock.now())
    assert says(province, OWN_BOT[NAM], NOBODY, "chào") == []
    assert says(province, OWN_BOT[NAM], address_of(HEAD), "việc") == []


def test_a_bot_that_serves_every_office_again_is_forgotten_as_ones_own(province: Province) -> None:
    province.bots[OWN_BOT[NAM]].office_id = None
    bind_bots(province.engine, province.channels, province.clock.now())
    with at_one_instant(province.engine) as connection:
        assert serving.bound(connection) == {OWN_BOT[DONG]: DONG, OWN_BOT[TAY]: TAY, ("zalo", "2001"): DONG}


# ---- one bot for several offices ------------------------------------------------------------------------------------


def test_at_a_shared_bot_an_account_belongs_to_the_last_code_and_is_told_so(province: Province) -> None:
    before = next(address for address, office in province.shared.items() if office == DONG)
    province.shared[before] = TAY
    [said] = says(province, SHARED, before, code_for(province, TAY, SECOND_OFFICER))
    assert "mỗi tài khoản chỉ nối được với một người" in said
    assert owner_at(province, SHARED, before) == (TAY, SECOND_OFFICER)
    lines = province.rows(select(JOURNAL).where(JOURNAL.c.office_id == DONG).order_by(JOURNAL.c.seq.desc()).limit(1))
    assert (lines[0].action, lines[0].actor) == ("unlinked", linking.ACCOUNT_HOLDER)


def test_the_list_of_people_says_whose_bot_a_chat_stands_at(province: Province) -> None:
    """A chat at the bot of another office counts for nothing: its owner is to have a new code."""
    person = province.person(DONG, HEAD)
    change(province, update(CHAT).where(CHAT.c.person_id == person).values(bot=OWN_BOT[TAY][1], address="71"))
    with reading(province.engine) as connection:
        office = view_office(connection, DONG)
        [listed] = [one for one in roll(connection, office, province.clock.now()) if one.id == person]
    assert not listed.linked
    assert "cơ quan khác" in (listed.chats[0].blocked or "")


def test_the_doctor_counts_the_chats_that_stand_astray_and_the_offices_without_a_bot(province: Province) -> None:
    province.bots.pop(SHARED)
    province.bots.pop(OWN_BOT[NAM])
    with reading(province.engine) as connection:
        found = list(reach.offices(connection, Settings(_env_file=None), province.channels))
    assert [finding.level for finding in found] == [Level.BAD, Level.WARN]
    assert f"({NAM})" in found[0].what
    assert found[1].what.startswith("2 kênh")  # the third stands at a bot that does not run here


def test_linked_for_the_first_time_nothing_is_said_of_others(province: Province) -> None:
    province.shared[NOBODY] = TAY
    [said] = says(province, SHARED, NOBODY, code_for(province, TAY, SECOND_OFFICER))
    assert "mỗi tài khoản" not in said


def test_an_e_mail_address_of_another_office_is_refused_without_a_name(province: Province) -> None:
    """The server of the e-mail is shared by all: an address belongs to one person."""
    values = {"office_id": DONG, "person_id": province.person(DONG, HEAD), "channel": MAIL, "bot": MAIL}
    change(province, insert(CHAT).values(**values, address="binh@xa.gov.vn"))
    row = PersonRow(2, "Nguyễn Văn Bình Tâyq", "Phòng Kinh tế", "head", "Trưởng phòng", email="binh@xa.gov.vn")
    with reading(province.engine) as connection:
        [problem] = people_problems(connection, view_office(connection, TAY), [row], "ds.csv")
    assert "một người ở cơ quan khác" in problem


# ---- numbers and buttons --------------------------------------------------------------------------------------------


def test_a_forged_button_of_another_offices_work_is_a_button_of_no_work(province: Province) -> None:
    foreign, here = province.work(DONG, "Kế hoạch"), (OWN_BOT[TAY], address_of(HEAD))
    forged = says(province, *here, "xong", press=Press(foreign.id, foreign.version, None, None))
    assert forged == says(province, *here, "xong", press=Press(999_999, 1, None, None))
    assert province.work(DONG, "Kế hoạch").version == foreign.version


def test_the_same_number_is_other_work_in_each_office(province: Province) -> None:
    for office_id in MARKS:
        person, work = province.person(office_id, SECOND_OFFICER), province.work(office_id, "Kỷ yếu")
        with province.engine.begin() as connection:
            connection.execute(delete(HANDLE).where(HANDLE.c.person_id == person))
            connection.execute(
                insert(HANDLE).values(person_id=person, number=1, occurrence_id=work.id, given_at=province.clock.now())
            )
    says(province, OWN_BOT[TAY], address_of(SECOND_OFFICER), "xong 1 số 12/BC-UBND")
    states = {office: province.work(office, "Kỷ yếu").work_state for office in MARKS}
    assert states == {DONG: "new", TAY: "done", NAM: "new"}


def test_a_number_that_leads_to_another_office_leads_nowhere(province: Province) -> None:
    """A row that should not be: whoever wrote it, nothing of the other office is shown or changed by it."""
    person, foreign = province.person(TAY, HEAD), province.work(DONG, "Rà soát")
    values = {"person_id": person, "number": 77, "occurrence_id": foreign.id, "given_at": province.clock.now()}
    change(province, insert(HANDLE).values(**values))
    province.hear(OWN_BOT[TAY], address_of(HEAD), "xong 77")
    asyncio.run(turn(province.engine, province.channels, province.clock.now()))
    shown = [text for _, _, text in province.bots[OWN_BOT[TAY]].left]
    assert shown
    assert not any(MARKS[DONG] in text for text in shown)
    assert province.work(DONG, "Rà soát").work_state == foreign.work_state


@pytest.mark.parametrize("who", ["Đàn", "Hoàng Đàn", "anh Đàn phòng kinh tế"])
def test_work_cannot_be_handed_to_somebody_of_another_office(province: Province, who: str) -> None:
    work = province.work(DONG, "Kỷ yếu")
    [number] = province.numbers_at(OWN_BOT[DONG], address_of(SECOND_OFFICER))[:1]
    [answer] = says(province, OWN_BOT[DONG], address_of(SECOND_OFFICER), f"chuyển {number} cho {who}")
    assert "Đàn" in answer  # as it was typed, and not as a name that was found
    assert province.work(DONG, "Kỷ yếu").doer_id == work.doer_id


# ---- files ----------------------------------------------------------------------------------------------------------


def test_a_file_of_one_office_cannot_be_read_through_the_work_of_another(province: Province, tmp_path: Path) -> None:
    files, content = EvidenceFiles(tmp_path / "minh-chung"), b"%PDF-1.7 a report of Dong"
    own, foreign = province.work(TAY, "Kế hoạch"), province.work(DONG, "Kế hoạch")
    row = {"kind": "file", "status": "kept", "name": "bao-cao.pdf", "sha256": files.keep(content)}
    for office_id, work in ((DONG, own), (DONG, foreign)):  # the first row is one that should not be
        values = {"office_id": office_id, "occurrence_id": work.id, "given_at": province.clock.now(), **row}
        change(province, insert(EVIDENCE).values(**values))
    with at_one_instant(province.engine) as connection:
        facts = bundle(connection, files, own.id, tmp_path / "tay.zip", province.clock.now(), secret=True)
        bundle(connection, files, foreign.id, tmp_path / "dong.zip", province.clock.now(), secret=True)
    assert facts["evidence"] == []
    digest = hashlib.sha256(content).hexdigest()[:16]
    assert not any(digest in name for name in zipfile.ZipFile(tmp_path / "tay.zip").namelist())
    assert any(digest in name for name in zipfile.ZipFile(tmp_path / "dong.zip").namelist())


def test_an_action_with_another_offices_view_changes_nothing(province: Province) -> None:
    """The last gate, behind all the others: a row is changed only in the name of its own office."""
    foreign = province.work(DONG, "Kế hoạch")
    with province.engine.begin() as connection:
        row = actions.occurrence_row(connection, foreign.id)
        assert row is not None
        with pytest.raises(actions.CannotDo):
            actions.cancel(
                connection, view_office(connection, TAY), row, actions.Actor("ai đó"), "nhầm", province.clock.now()
            )
    [after] = province.rows(select(OCCURRENCE.c.version).where(OCCURRENCE.c.id == foreign.id))
    assert after.version == foreign.version


def test_everybody_of_the_standing_office_sees_their_own_office_only(province: Province) -> None:
    for office_id in MARKS:
        for slug in (STANDING, CHAIR):
            [text] = says(province, OWN_BOT[office_id], address_of(slug), "việc đơn vị")
            assert [mark for mark in MARKS.values() if mark in text] == [MARKS[office_id]]

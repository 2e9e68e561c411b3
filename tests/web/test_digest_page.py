"""*Bản tin*: who sees what, a copy on trial, and the picture's signed address."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bots.picture import png
from engine.messages import Channel, DigestMessage
from engine.office import MESSAGE, OBLIGATION, PERSON
from tests.web.desk import Desk
from tests.world import CHAIR, OFFICE_ID, OFFICER, STANDING, VICE_CHAIR, World, one_task
from web.console.app import build_console
from web.console.pictures import GOOD_FOR, PURPOSE, offer, picture_link

EVIL = '<script>alert("x")</script> & Báo cáo'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    tasks = [one_task("2026-03-11", "a", EVIL), one_task("2026-03-19", "b", "Việc B")]
    world = World(tmp_path, "2026-03-09 07:00", tasks, digests=True)
    world.ignore_rest()
    world.run_until("2026-03-17 09:00")
    for phone in world.phones.values():
        phone.put_aside()
    yield Desk(world)
    world.close()


def digests(desk: Desk) -> list[DigestMessage]:
    return [one.message for one in desk.world.simulator.sent if isinstance(one.message, DigestMessage)]


def test_the_next_digest_is_shown_with_the_weeks_before(desk: Desk) -> None:
    page = desk.sign_in(CHAIR).get("/ban-tin").text
    assert "<h1>Bản tin tuần 12/2026</h1>" in page
    assert "sẽ gửi lúc 07:30 23/03/2026" in page
    assert "Đang quá hạn: 1" in page
    assert 'href="/ban-tin/2026-W11"' in page


def test_what_was_sent_says_to_whom(desk: Desk) -> None:
    page = desk.sign_in(STANDING).get("/ban-tin/2026-W11").text
    assert page.count("<td>đã gửi</td>") == 2
    assert "07:30 16/03/2026" in page


def test_titles_are_only_words(desk: Desk) -> None:
    viewer = desk.sign_in(CHAIR)
    for path in ("/ban-tin", "/ban-tin/2026-W11", "/ban-tin/2026-W11/qua-han"):
        page = viewer.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_work_that_is_secret_is_named_nowhere(desk: Desk) -> None:
    with desk.world.engine.begin() as connection:
        connection.execute(update(OBLIGATION).where(OBLIGATION.c.slug == "a").values(secret=True))
    viewer = desk.sign_in(CHAIR)
    for path in ("/ban-tin", "/ban-tin/2026-W11/qua-han", "/bao-cao?from=2026-03-09&to=2026-03-15"):
        page = viewer.get(path).text
        assert "alert" not in page
        assert "Công việc không nêu tên" in page


@pytest.mark.parametrize(
    "path",
    [
        "/ban-tin/2026-W13",  # it has not begun
        "/ban-tin/2025-W50",  # before the office was loaded
        "/ban-tin/2026-W99",
        "/ban-tin/2026-W1",
        "/ban-tin/hom-nay",
        "/ban-tin/2026-W11/khac",
        "/ban-tin/2026-W13/anh.png",
    ],
)
def test_what_is_not_there_is_not_found(desk: Desk, path: str) -> None:
    desk.sign_in(CHAIR).get(path, status=404)


def test_the_page_shows_the_picture(desk: Desk) -> None:
    viewer = desk.sign_in(CHAIR)
    assert 'src="/ban-tin/2026-W11/anh.png"' in viewer.get("/ban-tin/2026-W11").text
    answer = viewer.get("/ban-tin/2026-W11/anh.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == png(digests(desk)[-1])


# ---- on trial -------------------------------------------------------------------------------------------------------


def test_a_trial_reaches_its_asker_alone_at_any_hour(desk: Desk) -> None:
    desk.world.run_until("2026-03-17 20:15")
    viewer = desk.sign_in(STANDING)
    before = len(desk.world.simulator.sent)
    viewer.post("/ban-tin/2026-W12/gui-thu")
    assert "Đã gửi thử" in viewer.said()
    assert desk.woken == 1
    desk.world._runner.run(_deliver(desk))
    [trial] = desk.world.simulator.sent[before:]
    assert trial.address == f"{OFFICE_ID}/{STANDING}"
    assert trial.text.startswith("(Bản gửi thử)\nBản tin tuần 12/2026")
    assert isinstance(trial.message, DigestMessage)
    assert [week.week for week in trial.message.before] == ["2026-W10", "2026-W11"]


async def _deliver(desk: Desk) -> None:
    from engine.cycle import turn

    await turn(desk.world.engine, desk.world.channels, desk.world.clock.now())


def test_a_trial_changes_nothing_about_the_real_one(desk: Desk) -> None:
    viewer = desk.sign_in(CHAIR)
    viewer.post("/ban-tin/2026-W12/gui-thu")
    desk.world._runner.run(_deliver(desk))
    desk.world.run_until("2026-03-23 09:00")
    texts = [one.text for one in desk.world.simulator.sent if isinstance(one.message, DigestMessage)]
    assert sum(text.startswith("Bản tin tuần 12/2026") for text in texts) == 2  # the chair and the vice-chair
    assert sum(text.startswith("(Bản gửi thử)") for text in texts) == 1
    assert not any("chưa có bản tin" in text for text in texts)


def test_three_trials_an_hour(desk: Desk) -> None:
    viewer = desk.sign_in(CHAIR)
    for _ in range(4):
        viewer.post("/ban-tin/2026-W12/gui-thu")
        desk.world.clock.advance(seconds=1)
    assert "Mỗi giờ chỉ gửi thử 3 lần" in viewer.said()
    trials = select(MESSAGE.c.id).where(MESSAGE.c.key.startswith("trial:"))
    assert len(desk.world.rows(trials)) == 3
    other = desk.sign_in(VICE_CHAIR)
    other.post("/ban-tin/2026-W12/gui-thu")
    desk.world.clock.advance(hours=1)
    viewer.post("/ban-tin/2026-W12/gui-thu")
    assert len(desk.world.rows(trials)) == 5


def test_whoever_has_no_chat_is_told_so(desk: Desk) -> None:
    from engine.office import CHAT

    with desk.world.engine.begin() as connection:
        person = connection.execute(select(PERSON.c.id).where(PERSON.c.slug == CHAIR)).scalar_one()
        connection.execute(CHAT.delete().where(CHAT.c.person_id == person))
    viewer = desk.sign_in(CHAIR)
    viewer.post("/ban-tin/2026-W12/gui-thu")
    assert "chưa nối kênh nhắn tin" in viewer.said()


def test_an_officer_sees_no_digest(desk: Desk) -> None:
    viewer = desk.sign_in(OFFICER)
    for path in ("/ban-tin", "/ban-tin/2026-W11/qua-han", "/ban-tin/2026-W11/anh.png"):
        viewer.get(path, status=403)


# ---- the picture's signed address -----------------------------------------------------------------------------------


def link_to(desk: Desk, message: DigestMessage) -> str:
    link = picture_link("https://nhacviec.xa.example/", desk.console.signer(PURPOSE))(message)
    assert link is not None
    assert link.startswith("https://nhacviec.xa.example/anh/")
    return link.removeprefix("https://nhacviec.xa.example")


def test_the_address_shows_the_picture_that_was_sent_and_needs_no_session(desk: Desk) -> None:
    said = digests(desk)[-1]
    answer = desk.stranger().get(link_to(desk, said))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content == png(said)


def test_the_address_of_a_digest_that_is_not_sent_yet(desk: Desk) -> None:
    said = replace(digests(desk)[-1], week="2026-W12")
    assert desk.stranger().get(link_to(desk, said)).content.startswith(b"\x89PNG")


def test_the_address_ends_after_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path, now = link_to(desk, digests(desk)[-1]), time.time()
    monkeypatch.setattr(time, "time", lambda: now + GOOD_FOR - 5)
    desk.stranger().get(path)
    monkeypatch.setattr(time, "time", lambda: now + GOOD_FOR + 5)
    desk.stranger().get(path, status=404)


@pytest.mark.parametrize("office_id", ["xa-khac", "", "../xa-mau"])
def test_an_office_that_is_not_there(desk: Desk, office_id: str) -> None:
    token = desk.console.signer(PURPOSE).dumps([office_id, "2026-W11"])
    desk.stranger().get(f"/anh/{token}.png", status=404)


def test_only_what_was_signed_for_it_is_taken(desk: Desk) -> None:
    path = link_to(desk, digests(desk)[-1])
    token = path.removeprefix("/anh/").removesuffix(".png")
    said, signature = token.rsplit(".", 1)
    stolen: list[Any] = [
        desk.console.signer("session").dumps([OFFICE_ID, "2026-W11"]),
        desk.console.signer(PURPOSE).dumps("2026-W11"),
        desk.console.signer(PURPOSE).dumps([OFFICE_ID, "hom-nay"]),
        # Not its last letter: of that one two bits mean nothing, and another may stand for the same signature.
        f"{said}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "x",
    ]
    for wrong in stolen:
        desk.stranger().get(f"/anh/{wrong}.png", status=404)


class TakesAddresses:
    name, bot = "zalo", "1"
    picture_link: Any = None


def test_only_a_console_with_a_public_address_offers_one(desk: Desk) -> None:
    channel: Any = TakesAddresses()
    channels: list[Channel] = [channel, desk.world.simulator]
    offer(desk.console, channels)
    assert vars(channel) == {}
    public = replace(desk.console, public_url="https://nhacviec.xa.example")
    offer(public, channels)
    link = channel.picture_link(digests(desk)[-1])
    desk.app = build_console(public)
    assert desk.stranger().get(link.removeprefix("https://nhacviec.xa.example")).content.startswith(b"\x89PNG")
    assert channel.picture_link(replace(digests(desk)[-1], office_id="")) is None

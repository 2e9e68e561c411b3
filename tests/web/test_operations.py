"""*Vận hành*: what the operator of an office sees, and what the neighbours of an installation do not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from data.database import open_database
from data.muted import mute
from engine import load
from engine.clock import VirtualClock
from engine.office import CHAT, MESSAGE, USAGE
from engine.screens.operations import OF_THE_MACHINE
from engine.settings import Settings
from engine.watch import Watchdog, heartbeat_file
from tests.web.desk import Desk, Viewer
from tests.world import CHAIR, HEAD, STANDING, World, office_file, one_task
from web.console.app import build_console

TOKEN = "4000000001:AAbi-mat-khong-duoc-lo-ra-ngoai-xyz"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(tmp_path, "2026-03-10 08:00", [one_task("2026-03-17")])
    world.ignore_rest()
    yield Desk(world)
    world.close()


def running(desk: Desk, tmp_path: Path, **settings: Any) -> Viewer:
    """A viewer of the console of a program that runs with these settings."""
    kept = f"sqlite:///{tmp_path / 'kept.db'}"
    desk.console = replace(desk.console, settings=Settings(database=kept, **settings))
    desk.app = build_console(desk.console)
    return desk.sign_in(STANDING)


def beats(desk: Desk, tmp_path: Path) -> None:
    """The engine of this database has just turned."""
    Watchdog(desk.world.engine, heartbeat_file(f"sqlite:///{tmp_path / 'kept.db'}"), 30).beat(desk.world.clock.now())


def test_an_engine_that_is_awake_and_one_that_is_not(desk: Desk, tmp_path: Path) -> None:
    viewer = running(desk, tmp_path)
    assert "chưa thấy lượt chạy nào" in viewer.get("/van-hanh").text
    beats(desk, tmp_path)
    page = viewer.get("/van-hanh").text
    assert "đang chạy, lượt gần nhất cách đây 0 phút" in page
    assert "không việc nào chờ" in page
    desk.world.clock.advance(minutes=10)
    assert "lượt gần nhất đã cách đây 10 phút" in viewer.get("/van-hanh").text


def test_backups_and_their_age(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "sao-luu"
    folder.mkdir()
    viewer = running(desk, tmp_path, backups=folder)
    assert "chưa có bản nào" in viewer.get("/van-hanh").text
    (folder / "nhacviec-20260309-164500.db.gz").touch()
    assert "1 bản, bản mới nhất cách đây 15 giờ" in viewer.get("/van-hanh").text
    assert "chưa đặt; cần đặt NHACVIEC_BACKUPS" in running(desk, tmp_path).get("/van-hanh").text


def test_an_installation_that_is_muted_says_why(desk: Desk) -> None:
    with desk.world.engine.begin() as connection:
        mute(connection, "phục hồi để <b>kiểm tra</b>", desk.world.clock.now())
    page = desk.sign_in(CHAIR).get("/van-hanh").text
    assert "không gửi tin nào từ 08:00 10/03/2026: phục hồi để &lt;b&gt;kiểm tra&lt;/b&gt;" in page


def test_the_months_budget_of_each_bot_of_the_office(desk: Desk, tmp_path: Path) -> None:
    with desk.world.engine.begin() as connection:
        connection.execute(update(CHAT).values(channel="zalo", bot="77"))
        for bot, month, sent in (("77", "2026-03", 750), ("77", "2026-02", 2999), ("88", "2026-03", 1)):
            connection.execute(insert(USAGE).values(channel="zalo", bot=bot, month=month, sent=sent))
    page = running(desk, tmp_path, zalo_token=f"77:{TOKEN.partition(':')[2]}").get("/van-hanh").text
    row = page.split("<td>zalo (77)</td>")[1].split("</tr>")[0]
    assert [cell.split("</td>")[0] for cell in row.split('<td class="number">')[1:]] == ["10", "750", "3000", "25%"]
    assert "zalo (88)" not in page


def test_what_became_of_the_last_messages(desk: Desk) -> None:
    desk.world.run_until("2026-03-17 09:00")
    counted = desk.world.rows(MESSAGE.select().where(MESSAGE.c.status == "sent"))
    lately = [row for row in counted if row.not_before > desk.world.clock.now() - dt.timedelta(days=7)]
    page = desk.sign_in(STANDING).get("/van-hanh").text
    assert f"<dt>Đã gửi</dt><dd>{len(lately)}</dd>" in page


def test_the_journal_is_walked_and_a_changed_line_is_named(desk: Desk) -> None:
    viewer = desk.sign_in(STANDING)
    page = viewer.get("/van-hanh/nhat-ky/ket-qua").text
    assert "Nhật ký nguyên vẹn" in page
    mark = page.split("<code>")[1].split("</code>")[0]
    assert mark in viewer.get("/van-hanh").text
    with desk.world.engine.begin() as connection:
        on = " ON journal" if connection.dialect.name == "postgresql" else ""
        name = "journal_no_change" if on else "journal_no_update"
        connection.execute(text(f"DROP TRIGGER {name}{on}"))
        connection.execute(text("UPDATE journal SET actor = 'ai khác' WHERE seq = 2"))
    assert "không khớp từ dòng 2" in viewer.get("/van-hanh/nhat-ky/ket-qua").text


@pytest.mark.parametrize("path", ["/van-hanh/kiem-tra", "/van-hanh/nhat-ky"])
def test_what_takes_long_comes_into_a_page_that_is_there_at_once(desk: Desk, path: str) -> None:
    viewer = desk.sign_in(STANDING)
    assert f'hx-get="{path}/ket-qua"' in viewer.get(path).text
    whole, piece = viewer.get(f"{path}/ket-qua").text, viewer.get(f"{path}/ket-qua", 200, **{"HX-Request": "true"}).text
    assert "<h1>" in whole
    assert "<html" not in piece
    assert "<p" in piece


def test_the_same_findings_as_the_doctors(desk: Desk, tmp_path: Path) -> None:
    kept(tmp_path, office_file([one_task("2026-03-17")]))
    page = running(desk, tmp_path).get("/van-hanh/kiem-tra/ket-qua").text
    assert "Chưa đặt sao lưu." in page
    assert "Hãy đặt NHACVIEC_BACKUPS là một thư mục ở ổ đĩa khác." in page
    assert "cán bộ chưa có kênh nào nhận được tin" in page
    assert page.index("Nên xem.") < page.index('class="well"')


def test_of_a_shared_installation_only_what_is_nobodys_secret(desk: Desk, tmp_path: Path) -> None:
    other = office_file([one_task("2026-03-17")], id="xa-ben-canh", name="UBND xã Bên Cạnh")
    kept(tmp_path, office_file([one_task("2026-03-17")]), other)
    viewer = running(desk, tmp_path)
    with desk.world.engine.begin() as connection:
        load.apply(connection, other, desk.world.clock.now())
    page = viewer.get("/van-hanh/kiem-tra/ket-qua").text
    assert "Chưa đặt sao lưu." in page
    assert "cán bộ chưa có kênh" not in page
    assert "xa-ben-canh" not in page
    assert {"people", "rules", "bots", "offices", "permissions", "database"}.isdisjoint(OF_THE_MACHINE)


def kept(folder: Path, *files: Any) -> None:
    """A database as an operator keeps it, with these offices."""
    engine = open_database(f"sqlite:///{folder / 'kept.db'}")
    with engine.begin() as connection:
        for file in files:
            load.apply(connection, file, VirtualClock(dt.datetime(2026, 3, 10, 1, tzinfo=dt.UTC)).now())
    engine.dispose()


@pytest.mark.parametrize("path", ["/van-hanh", "/van-hanh/kiem-tra/ket-qua", "/van-hanh/nhat-ky/ket-qua"])
def test_nothing_secret_is_shown(desk: Desk, tmp_path: Path, path: str) -> None:
    kept(tmp_path, office_file([one_task("2026-03-17")]))
    secrets = {
        "telegram_token": TOKEN,
        "smtp_password": "mat-khau-thu-dien-tu",
        "heartbeat_url": "https://chuong.example/ping/khoa-rieng",
    }
    page = running(desk, tmp_path, **secrets).get(path).text
    for secret in (*secrets.values(), desk.console.secret, "khoa-rieng"):
        assert secret not in page


def test_a_head_of_unit_has_no_business_here(desk: Desk) -> None:
    viewer = desk.sign_in(HEAD)
    for path in ("/van-hanh", "/van-hanh/kiem-tra", "/van-hanh/nhat-ky", "/van-hanh/nhat-ky/ket-qua"):
        viewer.get(path, status=403)

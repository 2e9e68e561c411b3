"""A bot whose provider does not answer is found, though nothing is to be sent; so is a mail server."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
from pathlib import Path

import pytest

from bots.simulator import Simulator
from bots.zalo import Zalo
from engine.answering import Answering
from engine.app import Product, _Live, announced
from engine.clock import VirtualClock
from engine.findings import Level
from engine.settings import Settings
from tests.command import nhacviec
from tests.servers import zalo_server
from tests.world import World, civil

NOW = civil("2026-03-24 08:10")
KNOWN = "1234567890:mot-ma-bot-that"


def test_a_bot_that_does_not_answer_is_found_after_ten_minutes() -> None:
    clock = VirtualClock(NOW)

    async def story(address: str) -> None:
        async with Zalo(KNOWN, address) as good, Zalo("99:khong-ai-biet", address) as unknown:
            asked = Answering([good, unknown], clock.now)
            await asked.ask()
            clock.advance(minutes=9)
            await asked.ask()
            assert asked.findings(clock.now()) == []
            clock.advance(minutes=1)
            (finding,) = asked.findings(clock.now())
            assert (finding.level, finding.about) == (Level.BAD, "answering")
            assert "zalo 99" in finding.what
            assert "1 bot" in finding.what
            assert "khong-ai-biet" not in finding.what + finding.what_to_do

    with zalo_server.InThread(token=KNOWN) as server:
        asyncio.run(story(server.base_url))


def test_a_bot_that_answers_again_is_forgotten() -> None:
    async def story() -> None:
        clock = VirtualClock(NOW)
        async with zalo_server.ZaloServer(token=KNOWN) as server, Zalo(KNOWN, server.base_url) as bot:
            asked = Answering([bot], clock.now)
            server.fail_next("garbage", method="getMe")
            await asked.ask()
            later = clock.now() + dt.timedelta(minutes=10)
            assert asked.findings(later)
            await asked.ask()
            assert asked.findings(later) == []

    asyncio.run(story())


def test_the_running_engine_is_not_well_while_a_bot_is_silent(tmp_path: Path) -> None:
    world = World(tmp_path, "2026-03-23 07:00", [])
    with zalo_server.InThread(token=KNOWN) as server:
        gone = server.base_url

    async def story() -> None:
        async with Zalo(KNOWN, gone) as bot:
            settings = Settings(_env_file=None, database=f"sqlite:///{world.file}")
            live = _Live(Product(settings, world.engine, world.clock, [bot]), asyncio.Event(), lambda *_: None)
            await live.answering.ask()
            world.clock.advance(minutes=10)
            live.watchdog.beat(world.clock.now())
            assert [(f.about, f.level) for f in live.look()] == [("answering", Level.BAD)]

    try:
        asyncio.run(story())
    finally:
        world.close()


def test_the_channels_are_asked_and_a_dead_mail_server_is_told(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", "hung-thang", database=database).returncode == 0
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        said = nhacviec(
            "channels",
            "--check",
            database=database,
            NHACVIEC_SMTP_HOST="127.0.0.1",
            NHACVIEC_SMTP_PORT=str(port),
            NHACVIEC_SMTP_FROM="nhacviec@xa.gov.vn",
            NHACVIEC_TELEGRAM_TOKEN="7001:AAmot-ma",
            NHACVIEC_TELEGRAM_BASE_URL=f"http://127.0.0.1:{port}/bot",
        )
    assert said.returncode == 1
    telegram, mail = (line for line in said.stdout.splitlines() if "Nhà cung cấp" in line)
    assert "không dùng được: Chưa hỏi được Telegram. Hãy" in telegram
    assert f"không dùng được: Máy chủ thư 127.0.0.1:{port}" in mail
    assert ".." not in said.stdout
    assert "NeverLeft" not in said.stdout
    assert "\nemail: " in said.stdout
    assert "Traceback" not in said.stderr


def test_a_bot_that_does_not_say_who_it_is_is_not_announced(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    async def introduce() -> None:
        raise OSError("không có mạng")

    async def announce() -> None:
        asked.append("webhook")

    asyncio.run(announced(Simulator(), introduce, announce))
    assert asked == []
    assert "Chưa đăng ký được webhook" in caplog.text

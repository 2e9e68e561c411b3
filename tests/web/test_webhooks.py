"""Webhooks over real HTTP: who may deliver, what is stored before the answer, and what happens after it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select

from bots.simulator import Simulator
from bots.telegram import Telegram
from bots.zalo import SECRET_HEADER, Polls, Zalo
from data.database import connect, create_schema, reading
from data.rows import AnyRow
from engine import receive
from engine.errors import BadSetting
from engine.messages import Inbound
from engine.office import INBOUND
from tests.servers import zalo_server
from tests.servers.telegram_server import BOT_ID, TOKEN, TelegramServer
from tests.servers.zalo_server import ZaloServer
from web import webhooks
from web.webhooks import LARGEST, SECRET_HEADERS, WebhookServer, build_app, webhook_path

SECRET = "mot-bi-mat-dai-va-kho-doan"
NOW = dt.datetime(2026, 3, 16, 1, 0, tzinfo=dt.UTC)
HUONG = "6ede9afa66b88fe6d6a9"
TELEGRAM_HEADER = SECRET_HEADERS["telegram"]


def zalo_event(key: str, text: str = "xong 3", **message: Any) -> dict[str, Any]:
    """As captured: flat."""
    return {
        "event_name": "message.text.received",
        "message": {
            "from": {"id": HUONG, "display_name": "Hường", "is_bot": False},
            "chat": {"id": HUONG, "chat_type": "PRIVATE"},
            "message_id": key,
            "date": 1_773_622_800_000,
            "text": text,
            **message,
        },
    }


def telegram_update(number: int, text: str = "xong 3") -> dict[str, Any]:
    person = {"id": 7001, "is_bot": False, "first_name": "Hường"}
    message = {"message_id": number, "date": 1_773_622_800, "chat": {"id": 7001, "type": "private"}, "from": person}
    return {"update_id": number, "message": message | {"text": text}}


class House:
    """Our side: two bots behind one server, a database on the disk, and notes of what happened in which order."""

    def __init__(self, engine: Engine, zalo: Zalo, telegram: Telegram) -> None:
        self.engine, self.zalo, self.telegram = engine, zalo, telegram
        self.happened: list[str] = []
        self.fails: list[Exception] = []  # what the next stores come to instead
        self.woken = asyncio.Event()
        self.slow = 0.0
        app = build_app([Simulator(), zalo, telegram], SECRET, self._keep, self._wake)
        self.server = WebhookServer(app)
        self.client = httpx.AsyncClient()

    async def _keep(self, inbounds: Sequence[Inbound]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        if self.slow:
            await asyncio.sleep(self.slow)
        await asyncio.to_thread(self._commit, inbounds)
        self.happened.append("stored")

    def _commit(self, inbounds: Sequence[Inbound]) -> None:
        with self.engine.begin() as connection:
            receive.store(connection, inbounds, NOW)

    def _wake(self) -> None:
        self.happened.append("woken")
        self.woken.set()

    def forget(self) -> None:
        self.happened.clear()
        self.fails.clear()
        self.slow = 0.0
        self.woken = asyncio.Event()
        with self.engine.begin() as connection:
            connection.execute(INBOUND.delete())

    async def at_rest(self) -> None:
        """What follows an answer has been done too."""
        while self.server._server.server_state.tasks:
            await asyncio.sleep(0.01)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    async def zalo_posts(self, body: Any, secret: str | None = SECRET, path: str | None = None) -> httpx.Response:
        headers = {SECRET_HEADER: secret} if secret is not None else {}
        return await self._post(path or webhook_path(self.zalo), body, headers)

    async def telegram_posts(self, body: Any, secret: str | None = SECRET) -> httpx.Response:
        headers = {TELEGRAM_HEADER: secret} if secret is not None else {}
        return await self._post(webhook_path(self.telegram), body, headers)

    async def _post(self, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return await self.client.post(self.url(path), content=content, headers=headers)

    def stored(self) -> list[AnyRow]:
        with reading(self.engine) as connection:
            return list(connection.execute(select(INBOUND).order_by(INBOUND.c.id)).all())

    def texts(self) -> list[str]:
        return [row.text for row in self.stored()]

    async def raw(self, request: bytes) -> bytes:
        """What the server says to these bytes while the sender keeps the connection open."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            writer.write(request)
            await writer.drain()
            return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        finally:
            writer.close()


@asynccontextmanager
async def a_house(folder: Path, telegram_base_url: str = "http://127.0.0.1:9/bot") -> AsyncIterator[House]:
    engine = connect(f"sqlite:///{folder}/webhooks.db")
    create_schema(engine)
    zalo = Zalo(zalo_server.TOKEN, "http://127.0.0.1:9", polls=Polls(idle=1))
    async with Telegram(TOKEN, telegram_base_url) as telegram:
        house = House(engine, zalo, telegram)
        await house.server.start()
        try:
            yield house
        finally:
            await house.client.aclose()
            await house.server.stop()
            engine.dispose()


Story = Callable[[House], Awaitable[None]]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Story], None]]:
    """Tell a story with the server running and nothing stored: one house for all, as it is slow to come and go."""
    with asyncio.Runner() as runner, contextlib.ExitStack() as leaving:
        opening = a_house(tmp_path_factory.mktemp("house"))
        house = runner.run(opening.__aenter__())
        leaving.callback(lambda: runner.run(opening.__aexit__(None, None, None)))

        async def with_patience(story: Story) -> None:
            async with asyncio.timeout(20):
                await story(house)
                await house.at_rest()

        def tell(story: Story) -> None:
            house.forget()
            runner.run(with_patience(story))

        yield tell


Play = Callable[[Story], None]


# ---- who may deliver ----------------------------------------------------------------------------------------------


def test_a_delivery_with_the_secret_is_stored_and_answered_with_200(play: Play) -> None:
    async def story(house: House) -> None:
        answers = [await house.zalo_posts(zalo_event("a1")), await house.telegram_posts(telegram_update(1, "việc"))]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert [answer.content for answer in answers] == [b"", b""]
        [hers, mine] = house.stored()
        assert (hers.channel, hers.bot, hers.update_key, hers.address) == ("zalo", house.zalo.bot, "a1", HUONG)
        assert (mine.channel, mine.bot, mine.update_key, mine.text) == ("telegram", str(BOT_ID), "1", "việc")
        assert "server" not in answers[0].headers

    play(story)


@pytest.mark.parametrize("secret", [None, "", "sai", SECRET[:-1], SECRET + "x", SECRET.upper(), "é" * 20])
def test_a_wrong_or_missing_secret_is_401_and_nothing_is_stored(play: Play, secret: str | None) -> None:
    async def story(house: House) -> None:
        headers = {SECRET_HEADER.encode(): secret.encode("latin-1")} if secret is not None else {}
        hers = await house.client.post(
            house.url(webhook_path(house.zalo)), content=json.dumps(zalo_event("a1")), headers=headers
        )
        mine = await house.telegram_posts(telegram_update(1), None)

        assert (hers.status_code, mine.status_code) == (401, 401)
        assert not house.stored()
        assert not house.happened

    play(story)


def test_the_header_of_one_provider_does_not_open_the_other(play: Play) -> None:
    async def story(house: House) -> None:
        body = json.dumps(telegram_update(1)).encode()
        crossed = await house.client.post(
            house.url(webhook_path(house.telegram)), content=body, headers={SECRET_HEADER: SECRET}
        )

        assert crossed.status_code == 401

    play(story)


def test_an_unknown_bot_is_404_whatever_the_secret(play: Play) -> None:
    async def story(house: House) -> None:
        paths = ["/webhook/zalo/999", f"/webhook/telegram/{house.zalo.bot}", "/webhook/simulator/simulator"]
        answers = [
            await house.zalo_posts(zalo_event("a1"), secret, path) for path in paths for secret in (SECRET, "sai", None)
        ]

        seen = {(a.status_code, a.content, tuple(sorted(set(a.headers) - {"date"}))) for a in answers}
        assert len(seen) == 1
        assert answers[0].status_code == 404

    play(story)


def test_a_secret_that_the_providers_would_not_take_stops_the_program() -> None:
    async def keep(_: Sequence[Inbound]) -> None: ...

    for secret in ("", "ngan", "có dấu và dài", "x" * 257):
        with pytest.raises(BadSetting, match="NHACVIEC_WEBHOOK_SECRET") as said:
            build_app([], secret, keep, lambda: None)
        assert not secret or secret not in str(said.value)


def test_a_channel_may_name_its_own_header(play: Play) -> None:
    async def story(house: House) -> None:
        class Other(Simulator):
            name, bot, secret_header = "oa", "42", "X-OA-Secret"

            def heard(self, body: bytes) -> list[Inbound]:
                return [self.typed("hung-thang/huong", body.decode())]

        server = WebhookServer(build_app([Other()], SECRET, house._keep, house._wake))
        await server.start()
        url = f"http://127.0.0.1:{server.port}/webhook/oa/42"
        answer = await house.client.post(url, content="xong 3", headers={"X-OA-Secret": SECRET})
        await server.stop()

        assert (answer.status_code, house.texts()) == (200, ["xong 3"])

    play(story)


# ---- what is delivered --------------------------------------------------------------------------------------------


def test_flat_and_wrapped_bodies_of_zalo_say_the_same(play: Play) -> None:
    async def story(house: House) -> None:
        flat = await house.zalo_posts(zalo_event("a1", "xong 3"))
        wrapped = await house.zalo_posts({"ok": True, "result": zalo_event("a2", "việc")})

        assert (flat.status_code, wrapped.status_code) == (200, 200)
        assert house.texts() == ["xong 3", "việc"]

    play(story)


@pytest.mark.parametrize("body", [b"", b" \r\n", b"{}", b'{"ok":true,"result":{}}'])
def test_a_probe_is_200_and_wakes_nobody(play: Play, body: bytes) -> None:
    async def story(house: House) -> None:
        assert (await house.zalo_posts(body)).status_code == 200
        assert (await house.telegram_posts(b"")).status_code == 200
        await house.at_rest()
        assert not house.happened

    play(story)


@pytest.mark.parametrize("body", [b"{", b"xong 3", b"[1, 2]", b"\xff\xfe", b"null", b"[" * 50_000])
def test_what_is_not_this_providers_is_400(play: Play, body: bytes) -> None:
    async def story(house: House) -> None:
        answers = [await house.zalo_posts(body), await house.telegram_posts(body)]

        assert [answer.status_code for answer in answers] == [400, 400]
        assert not house.stored()

    play(story)


def test_a_body_over_a_megabyte_is_413_before_it_has_arrived(play: Play) -> None:
    async def story(house: House) -> None:
        head = f"POST {webhook_path(house.zalo)} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\n"
        announced = await house.raw(f"{head}Content-Length: {LARGEST + 1}\r\n\r\n{{".encode())
        piece = b"x" * 65_536
        chunk = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        in_pieces = await house.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 17)

        assert announced.startswith(b"HTTP/1.1 413")
        assert in_pieces.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in announced.lower()

    play(story)


def test_a_body_of_just_a_megabyte_is_taken(play: Play) -> None:
    async def story(house: House) -> None:
        body = json.dumps(zalo_event("a1")).encode()
        answer = await house.zalo_posts(body + b" " * (LARGEST - len(body)))

        assert answer.status_code == 200
        assert house.texts() == ["xong 3"]

    play(story)


def test_without_the_secret_a_large_body_is_not_even_measured(play: Play) -> None:
    async def story(house: House) -> None:
        head = f"POST {webhook_path(house.zalo)} HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n{{"

        assert (await house.raw(head.encode())).startswith(b"HTTP/1.1 401")

    play(story)


def test_a_body_that_never_ends_is_given_up(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "BODY_WITHIN", 0.1)

    async def story(house: House) -> None:
        head = f"POST {webhook_path(house.zalo)} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\n"

        assert (await house.raw(f"{head}Content-Length: 100\r\n\r\n{{".encode())).startswith(b"HTTP/1.1 408")

    play(story)


def test_other_methods_are_405_and_health_is_ok(play: Play) -> None:
    async def story(house: House) -> None:
        looked = await house.client.get(house.url(webhook_path(house.zalo)))
        health = await house.client.get(house.url("/health"))
        elsewhere = await house.client.get(house.url("/docs"))

        assert (looked.status_code, elsewhere.status_code) == (405, 404)
        assert (health.status_code, health.json()) == (200, {"ok": True})

    play(story)


# ---- stored before answered ---------------------------------------------------------------------------------------


def test_the_answer_leaves_only_after_the_commit(play: Play) -> None:
    async def story(house: House) -> None:
        house.slow = 0.2
        delivery = asyncio.create_task(house.zalo_posts(zalo_event("a1")))
        await asyncio.sleep(0.1)
        assert not delivery.done()
        answer = await delivery
        house.happened.append("answered")  # by now it was stored, whoever is woken first
        await asyncio.wait_for(house.woken.wait(), 5)

        assert answer.status_code == 200
        assert house.happened[0] == "stored"
        assert sorted(house.happened[1:]) == ["answered", "woken"]
        assert house.texts() == ["xong 3"]

    play(story)


def test_one_update_delivered_twice_is_one_row(play: Play) -> None:
    async def story(house: House) -> None:
        answers = [await house.zalo_posts(zalo_event("a1")) for _ in range(2)]
        answers += await asyncio.gather(*(house.telegram_posts(telegram_update(5)) for _ in range(5)))

        assert {answer.status_code for answer in answers} == {200}
        assert [(row.channel, row.update_key) for row in house.stored()] == [("zalo", "a1"), ("telegram", "5")]

    play(story)


def test_updates_out_of_order_are_all_kept(play: Play) -> None:
    async def story(house: House) -> None:
        for number in (9, 7, 8):
            await house.telegram_posts(telegram_update(number, f"xong {number}"))

        assert house.texts() == ["xong 9", "xong 7", "xong 8"]

    play(story)


def test_what_cannot_be_stored_is_503_and_the_second_delivery_works(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(house: House) -> None:
        house.fails.append(RuntimeError("INSERT INTO inbound … 'xong 3 riêng tư'"))
        first = await house.zalo_posts(zalo_event("a1", "xong 3 riêng tư"))
        assert not house.stored()
        second = await house.zalo_posts(zalo_event("a1", "xong 3 riêng tư"))

        assert (first.status_code, second.status_code) == (503, 200)
        assert first.headers["Retry-After"] == "5"
        assert house.texts() == ["xong 3 riêng tư"]

    with caplog.at_level(logging.DEBUG):
        play(story)
    assert "Chưa lưu được tin webhook của zalo" in caplog.text
    assert "riêng tư" not in caplog.text
    assert SECRET not in caplog.text


def test_a_defect_in_reading_is_500_without_a_traceback(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(house: House) -> None:
        def broken(body: bytes) -> list[Inbound]:
            raise KeyError(body.decode())

        monkeypatch.setattr(house.zalo, "heard", broken)
        answer = await house.zalo_posts(zalo_event("a1", "riêng tư"))
        assert (answer.status_code, answer.content) == (500, b"")

    play(story)
    assert "KeyError" in caplog.text
    assert "riêng tư" not in caplog.text


def test_trouble_after_the_answer_harms_nobody(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(house: House) -> None:
        tried = asyncio.Event()

        async def broken(_: Sequence[Inbound]) -> None:
            tried.set()
            raise RuntimeError("api.telegram.org does not answer")

        monkeypatch.setattr(house.telegram, "acknowledge", broken)
        assert (await house.telegram_posts(telegram_update(1))).status_code == 200
        await asyncio.wait_for(tried.wait(), 5)
        assert (await house.telegram_posts(telegram_update(2))).status_code == 200
        await house.at_rest()
        assert house.happened.count("woken") == 2

    play(story)


def test_fifty_deliveries_at_once_are_fifty_rows(play: Play) -> None:
    async def story(house: House) -> None:
        deliveries = [house.zalo_posts(zalo_event(f"z{n}")) for n in range(25)]
        deliveries += [house.telegram_posts(telegram_update(n)) for n in range(25)]
        answers = await asyncio.gather(*deliveries)

        assert {answer.status_code for answer in answers} == {200}
        assert len({(row.channel, row.update_key) for row in house.stored()}) == 50

    play(story)


# ---- with the providers' own behaviour ----------------------------------------------------------------------------


def test_telegram_delivers_until_it_is_taken_and_its_press_is_acknowledged(tmp_path: Path) -> None:
    async def story(server: TelegramServer, house: House) -> None:
        house.fails.append(OSError("disk full"))
        await house.telegram.set_webhook(house.url(webhook_path(house.telegram)), SECRET)
        server.person_types(7001, "xong 3")
        server.repeats()
        server.happens("callback_query", _press())
        await server.until(lambda: "answerCallbackQuery" in server.calls)

        assert house.texts() == ["xong 3", "xong"]

    async def run() -> None:
        async with (
            asyncio.timeout(20),
            TelegramServer() as server,
            a_house(tmp_path, server.base_url) as house,
        ):
            await story(server, house)

    asyncio.run(run())


def _press() -> dict[str, Any]:
    person = {"id": 7001, "is_bot": False, "first_name": "Hường"}
    bot = {"id": BOT_ID, "is_bot": True, "first_name": "Nhắc Việc"}
    under = {
        "message_id": 101,
        "date": 1_773_622_800,
        "chat": {"id": 7001, "type": "private"},
        "from": bot,
        "text": "…",
    }
    return {"id": "5001", "from": person, "chat_instance": "1", "message": under, "data": "xong|12|4|31"}


@pytest.mark.parametrize("wrapped", [False, True])
def test_zalo_delivers_flat_wrapped_and_probes(tmp_path: Path, wrapped: bool) -> None:
    async def run() -> None:
        async with (
            asyncio.timeout(20),
            a_house(tmp_path) as house,
            ZaloServer() as server,
            Zalo(zalo_server.TOKEN, server.base_url) as zalo,
        ):
            server.opens("Nguyễn Thị Hường", HUONG)
            server.leads("https://nhacviec.example.vn", house.url(webhook_path(zalo)))
            server.webhook_is_wrapped = wrapped
            set_up = await zalo.set_webhook("https://nhacviec.example.vn" + webhook_path(zalo), SECRET)
            server.person_types(HUONG, "xong 3")
            server.probes()
            await server.until(lambda: len(server.deliveries) == 3)

            assert set_up.verification is not None
            assert set_up.verification.ok
            assert [delivery.status for delivery in server.deliveries] == [200, 200, 200]
            assert house.texts() == ["xong 3"]

    asyncio.run(run())


# ---- the server itself --------------------------------------------------------------------------------------------


def test_it_starts_and_stops_inside_our_loop_and_leaves_signals_alone(tmp_path: Path) -> None:
    async def run() -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        async with a_house(tmp_path) as house:
            assert house.server.port > 0
            assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
            port = house.server.port
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await house.server.stop()  # a second time is harmless

    asyncio.run(run())


def test_a_taken_port_is_a_sentence_and_no_exit(tmp_path: Path) -> None:
    async def run() -> None:
        async with a_house(tmp_path) as house:
            other = WebhookServer(build_app([], SECRET, house._keep, house._wake), port=house.server.port)
            with pytest.raises(BadSetting, match="NHACVIEC_WEBHOOK_PORT"):
                await other.start()

    asyncio.run(run())


def test_a_delivery_under_way_is_finished_before_it_stops(tmp_path: Path) -> None:
    async def run() -> None:
        async with a_house(tmp_path) as house:
            house.slow = 0.3
            delivery = asyncio.create_task(house.zalo_posts(zalo_event("a1")))
            await asyncio.sleep(0.1)
            await house.server.stop()

            assert (await delivery).status_code == 200
            assert house.texts() == ["xong 3"]

    asyncio.run(run())

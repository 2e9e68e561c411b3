"""The connections under the library: what never left, what may have arrived, and that no token is ever logged."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from telegram import Bot
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData

from bots.telegram import Telegram, TelegramTrouble, Timeouts, hide_tokens, without_tokens
from bots.telegram.proxy import proxy_for
from bots.telegram.transport import BrokenOff, NeverLeft, Transport
from engine.errors import BadSetting
from engine.last_look import look_before_leaving
from engine.messages import Attachment, Edit, Kind, Retry, Unknown
from tests.bots.telegram_story import (
    BINH,
    HUONG,
    NOTE,
    SECRET,
    Inbox,
    closed_port,
    play,
    polling,
    reminder,
)
from tests.servers.telegram_server import BOT_ID, TOKEN, TelegramServer

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def somebody(behaves: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A host that behaves in its own way; where it is."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaves(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def ask(url: str, proxy: str | None = None, timeouts: Timeouts | None = None) -> tuple[int, bytes]:
    """One call with the token in its URL; whatever it raises must not show it, in any corner."""
    async with Transport(1, timeouts or Timeouts(connect=0.3, read=0.3, write=0.3, pool=0.3), proxy) as transport:
        try:
            return await transport.do_request(f"{url}/bot{TOKEN}/sendMessage", "POST", RequestData())
        except NetworkError as error:
            seen: BaseException | None = error
            while seen is not None:
                assert SECRET not in f"{seen!r} {seen.args}"
                seen = seen.__cause__ or seen.__context__
            raise


async def hangs_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def keeps_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def hangs_up_halfway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()


async def trickles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await asyncio.sleep(0.1)


async def speaks_no_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.7\r\n")
    await writer.drain()


async def refuses_to_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


# ---- may it have arrived? -----------------------------------------------------------------------------------------


def test_a_refused_connection_never_left() -> None:
    with pytest.raises(NeverLeft):
        asyncio.run(ask(f"http://127.0.0.1:{closed_port()}"))


def test_a_host_without_a_name_never_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*_: object, **__: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", nobody)
    monkeypatch.setattr("aiohttp.resolver.AsyncResolver.resolve", nobody)
    with pytest.raises(NeverLeft):
        asyncio.run(ask("http://api.telegram.invalid"))


def test_a_connection_that_takes_too_long_never_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("aiohttp.connector.TCPConnector._wrap_create_connection", slow)
    with pytest.raises(NeverLeft):
        asyncio.run(ask("http://127.0.0.1:1"))


def test_a_handshake_that_fails_never_left() -> None:
    async def story() -> None:
        async with somebody(speaks_no_http) as host:
            await ask(f"https://{host}")

    with pytest.raises(NeverLeft):
        asyncio.run(story())


def test_a_handshake_that_takes_too_long_never_left() -> None:
    async def story() -> None:
        async with somebody(keeps_silent) as host:
            await ask(f"https://{host}")

    with pytest.raises(NeverLeft):
        asyncio.run(story())


@pytest.mark.parametrize("proxy", [refuses_to_connect, hangs_up, keeps_silent])
def test_a_proxy_that_opens_no_tunnel_means_it_never_left(proxy: Behaviour) -> None:
    async def story() -> None:
        async with somebody(proxy) as host:
            await ask("https://api.telegram.org", f"http://{host}")

    with pytest.raises(NeverLeft):
        asyncio.run(story())


def test_a_proxy_that_is_not_there_means_it_never_left() -> None:
    with pytest.raises(NeverLeft):
        asyncio.run(ask("https://api.telegram.org", f"http://127.0.0.1:{closed_port()}"))


@pytest.mark.parametrize("behaves", [hangs_up, hangs_up_halfway, speaks_no_http])
def test_a_connection_that_breaks_after_the_request_may_have_delivered_it(behaves: Behaviour) -> None:
    async def story() -> None:
        async with somebody(behaves) as host:
            await ask(f"http://{host}")

    with pytest.raises(BrokenOff):
        asyncio.run(story())


@pytest.mark.parametrize("behaves", [keeps_silent, trickles])
def test_an_answer_that_is_late_may_mean_it_was_delivered(behaves: Behaviour) -> None:
    async def story() -> None:
        async with somebody(behaves) as host:
            await ask(f"http://{host}")

    with pytest.raises(TimedOut):
        asyncio.run(story())


def test_a_call_through_an_http_proxy_arrives() -> None:
    async def proxies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked.startswith(b"POST http://api.telegram.invalid/bot")
        assert b"Proxy-Authorization: Basic" in asked
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()

    async def story() -> None:
        async with somebody(proxies) as host:
            assert await ask("http://api.telegram.invalid", f"http://an:bi-mat@{host}") == (200, b"{}")

    asyncio.run(story())


def test_a_message_that_found_no_free_connection_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.telegram.channel.POOL", 1)

    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("lost_answer")
        stuck = asyncio.create_task(channel.send(str(HUONG), NOTE))
        await server.until(lambda: server.inbox(HUONG))

        outcome = await channel.send(str(BINH), NOTE)

        assert outcome == Retry("chưa kết nối được tới Telegram", 30)
        assert not server.inbox(BINH)
        assert isinstance(await stuck, Unknown)

    play(story, Timeouts(read=0.4, pool=0.1))


def test_it_is_a_transport_as_the_library_wants_one() -> None:
    async def story(server: TelegramServer, _: Telegram) -> None:
        async with Bot(TOKEN, server.base_url, request=Transport(2), get_updates_request=Transport(1)) as bot:
            assert bot.username == "nhacviec_bot"
            sent = await bot.send_message(HUONG, "Chào đồng chí & cơ quan")
            assert sent.text == server.inbox(HUONG)[0].text == "Chào đồng chí & cơ quan"
            server.person_types(HUONG, "việc")
            [update] = await bot.get_updates(timeout=1)
            assert update.message
            assert update.message.text == "việc"

    play(story)


def test_it_can_be_opened_again_after_it_was_closed() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        async with Transport(1) as transport:
            await transport.shutdown()
            await transport.shutdown()
            await transport.initialize()
            assert (await transport.do_request(f"{server.base_url}{TOKEN}/getMe", "GET"))[0] == 200

    play(story)


# ---- proxy --------------------------------------------------------------------------------------------------------


def test_the_environments_proxy_is_used_unless_it_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.tinh.gov.vn:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")

    assert proxy_for("https://api.telegram.org/bot", None) == "http://proxy.tinh.gov.vn:3128"
    assert proxy_for("https://api.telegram.org/bot", "http://khac:8080") == "http://khac:8080"
    assert proxy_for("https://127.0.0.1:8081/bot", None) is None


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1080", "proxy.tinh.gov.vn:3128", "http://[x", "http://a:b", "http://"]
)
def test_a_proxy_of_another_kind_stops_the_program(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match=r"NHACVIEC_TELEGRAM_PROXY.*proxy"):
        Telegram(TOKEN, proxy=proxy)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(BadSetting, match=r"HTTPS_PROXY.*proxy"):
        Telegram(TOKEN)


# ---- secrets ------------------------------------------------------------------------------------------------------


async def everything_that_can_be_logged(server: TelegramServer, channel: Telegram) -> None:
    """Sends, edits, polls, presses, files and webhooks, each well and each with every trouble there is."""
    sent = await channel.send(str(HUONG), reminder("Báo cáo A"))
    url = f"{server.base_url}{TOKEN}/sendMessage"
    quotes_the_url: dict[str, Any] = {"status": 502, "text": f"<p>Cannot reach {url}</p>"}
    for fault in ("server_error", "hang_up", "lost_answer", "garbage", "bad_request"):
        server.fail_next(fault)
        await channel.send(str(HUONG), reminder("Báo cáo A"))
    server.fail_next("flood", retry_after=60)
    await channel.send(str(BINH), NOTE)
    server.fail_next("server_error", **quotes_the_url)
    await channel.send(str(HUONG), NOTE)
    await channel.send(str(HUONG), Edit(getattr(sent, "provider_id", ""), reminder("Báo cáo A", now="đã xong")))
    for fault in ("conflict", "garbage", "hang_up"):
        server.fail_next(fault, method="getUpdates")
    server.fail_next("server_error", method="getUpdates", **quotes_the_url)
    server.person_presses(HUONG, "Đang làm 1")
    server.person_sends(HUONG, "photo")
    inbox = Inbox(failures=1)
    async with polling(channel, inbox):
        await server.until(lambda: server.answered)
    for fault in ("server_error", "hang_up", "lost_answer"):
        server.fail_next(fault, method="getFile")
        server.fail_next(fault, method="download")
        for _ in range(2):
            await channel.fetch(Attachment(Kind.PHOTO, next(iter(server.files))), 100_000)
    await channel.fetch(Attachment(Kind.PHOTO, "none"), 100)
    await channel.fetch(Attachment(Kind.PHOTO, next(iter(server.files))), 100)
    await channel.set_webhook("https://nhacviec.xa.vn/telegram", "bi-mat")
    with pytest.raises(TelegramTrouble):
        await channel.set_webhook("http://nhacviec.xa.vn/telegram", "bi-mat")
    await channel.webhook_info()
    with pytest.raises(ValueError, match=r".*"):
        channel.heard(TOKEN.encode())
    async with Telegram(TOKEN, f"http://127.0.0.1:{closed_port()}/bot") as lost:
        await lost.send(str(HUONG), NOTE)
        await lost.fetch(Attachment(Kind.PHOTO, "f"), 100)
        with pytest.raises(TelegramTrouble) as trouble:
            await lost.whoami()
    assert SECRET not in f"{trouble.value!r}{trouble.value.__cause__!r}"


def test_the_token_is_in_no_log_of_a_whole_run(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        asyncio.get_running_loop().set_debug(True)
        asyncio.get_running_loop().slow_callback_duration = 0.0  # asyncio speaks of every callback
        await everything_that_can_be_logged(server, channel)

    caplog.set_level(logging.DEBUG)
    for talkative in ("httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, talkative)
    play(story, Timeouts(read=0.2))

    assert "sendMessage" in caplog.text
    assert f"{BOT_ID}:***" in caplog.text  # it was there to be hidden
    assert SECRET not in caplog.text
    assert not [record.__dict__ for record in caplog.records if SECRET in f"{record.__dict__}"]


def test_the_token_is_taken_out_of_tracebacks_and_arguments(caplog: pytest.LogCaptureFixture) -> None:
    hide_tokens()
    try:
        raise OSError(f"https://api.telegram.org/bot{TOKEN}/getMe")
    except OSError:
        logging.getLogger("anything.at.all").exception("không mở được %s", f"/bot{TOKEN}/x")

    assert SECRET not in caplog.text
    assert f"không mở được /bot{BOT_ID}:***/x" in caplog.text
    assert f"OSError: https://api.telegram.org/bot{BOT_ID}:***/getMe" in caplog.text


@pytest.mark.parametrize("text", ["xong 3", "Hạn 17:30 ngày 25/3/2026", "127.0.0.1:8443", "số 12:BC-UBND"])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert without_tokens(text) == text


def test_a_request_that_must_not_leave_any_more_once_it_has_a_connection_does_not() -> None:
    received: list[bytes] = []

    async def listens(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        received.append(await reader.read(-1))

    async def no() -> bool:
        return False

    async def play_it() -> None:
        async with somebody(listens) as host:
            look_before_leaving(no)
            with pytest.raises(NeverLeft, match="not to leave"):
                await ask(f"http://{host}")
            async with asyncio.timeout(10):
                while not received:
                    await asyncio.sleep(0.01)

    asyncio.run(play_it())
    assert received == [b""]  # a connection was there, and not a byte went over it

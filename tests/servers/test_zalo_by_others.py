"""The local Zalo server, asked by two clients that none of us wrote: python-zalo-bot and Apprise.

What they can do against Zalo they must be able to do here. Where python-zalo-bot is itself at fault (CHANNELS 1.6:
a refused call is None, an idle poll an error, a replayed message handled again and again), that is what is expected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import apprise
import pytest
from apprise.plugins.zalo import NotifyZalo
from zalo_bot import Bot, Update
from zalo_bot.error import NetworkError
from zalo_bot.ext import ApplicationBuilder, CommandHandler

from tests.servers.zalo_server import BOT_ID, DISPLAY_NAME, TOKEN, InThread, Received, ZaloServer

HUONG = "6ede9afa66b88fe6d6a9"
PHOTO = "https://hungthang.gov.vn/anh.jpg"

# ---- python-zalo-bot ----------------------------------------------------------------------------------------------


def play(story: Callable[[ZaloServer, Any], Awaitable[None]], **options: Any) -> None:
    """Tell a story with python-zalo-bot's client in hand."""

    async def told() -> None:
        async with ZaloServer(**{"patience": 0.05} | options) as server:
            server.opens("Nguyễn Thị Hường", HUONG)
            async with asyncio.timeout(10), Bot(TOKEN, base_url=server.base_url) as bot:
                await story(server, bot)

    asyncio.run(told())


def kinds(received: list[Received]) -> list[tuple[str, str, str | None]]:
    return [(one.kind, one.text, one.url) for one in received]


def test_python_zalo_bot_learns_who_it_is() -> None:
    async def story(_: ZaloServer, bot: Any) -> None:
        me = await bot.get_me()

        assert (me.id, me.display_name, me.account_type, me.can_join_groups) == (BOT_ID, DISPLAY_NAME, "BASIC", False)

    play(story)


def test_python_zalo_bot_sends_words_pictures_stickers_and_types() -> None:
    async def story(server: ZaloServer, bot: Any) -> None:
        sent = [
            await bot.send_message(HUONG, "Báo cáo tháng 3: xong 3", reply_to_message_id="2d758cb5e222177a4e35"),
            await bot.send_photo(HUONG, "Biểu 02", PHOTO),
            await bot.send_sticker(HUONG, "0e078a2fb66a5f34067b"),
        ]
        await bot.send_chat_action(HUONG, "typing")

        shown = server.inbox(HUONG)
        assert kinds(shown) == [
            ("text", "Báo cáo tháng 3: xong 3", None),
            ("photo", "Biểu 02", PHOTO),
            ("sticker", "", "0e078a2fb66a5f34067b"),
        ]
        assert [message.message_id for message in sent] == [one.message_id for one in shown]
        assert all(message.date.year >= 2026 for message in sent)  # milliseconds, read as such
        assert server.typing == [HUONG]

    play(story)


def test_python_zalo_bot_reads_every_kind_of_message() -> None:
    async def story(server: ZaloServer, bot: Any) -> None:
        told = [
            server.person_types(HUONG, "xong 3"),
            server.person_sends_photo(HUONG, caption="biên bản"),
            server.person_sends_sticker(HUONG),
            server.person_sends_voice(HUONG),
            server.person_sends_link(HUONG),
        ]

        messages = [(await bot.get_update(timeout=1)).message for _ in told]

        assert [message.message_id for message in messages] == told
        assert {message.chat.id for message in messages} == {message.from_user.id for message in messages} == {HUONG}
        assert [message.text for message in messages] == ["xong 3", None, None, None, None]
        assert messages[1].photo_url
        assert [message.message_type for message in messages[1:4]] == ["CHAT_PHOTO", "CHAT_MESSAGE", "CHAT_VOICE"]

    play(story)


@pytest.mark.parametrize("by_status", [True, False])
def test_python_zalo_bot_takes_an_idle_poll_for_an_error_or_for_nothing(by_status: bool) -> None:
    async def story(_: ZaloServer, bot: Any) -> None:
        if by_status:
            with pytest.raises(NetworkError, match="Request timeout"):
                await bot.get_update(timeout=1)
        else:
            assert await bot.get_update(timeout=1) is None

    play(story, idle_status=408 if by_status else 200)


def test_python_zalo_bot_does_not_notice_a_refusal() -> None:
    async def story(server: ZaloServer, bot: Any) -> None:
        server.blocks(HUONG)
        assert await bot.send_message(HUONG, "xong 3") is None

        async with Bot("1234:junk", base_url=server.base_url) as stranger:  # 401 under HTTP 200
            assert await stranger.get_me() is None

        assert server.inbox(HUONG) == []

    play(story)


def test_python_zalo_bot_sets_looks_at_and_deletes_a_webhook() -> None:
    """Its public calls do it with asyncio.run, so from a thread; each with a client of its own, as loops differ."""

    async def story(server: ZaloServer, _: Any) -> None:
        def client() -> Any:
            return Bot(TOKEN, base_url=server.base_url)

        url = "https://nhacviec.example.vn/zalo"
        assert await asyncio.to_thread(client().set_webhook, url, "mot-khoa-bi-mat") is True
        assert (await asyncio.to_thread(client().get_webhook_info)).url == url
        assert await asyncio.to_thread(client().delete_webhook) is True
        assert server.webhook is None

    play(story)


@pytest.mark.parametrize("replay", [True, False], ids=["comes back", "is served once"])
def test_python_zalo_bots_own_loop_shows_both_behaviours(replay: bool) -> None:
    """As measured on live Zalo: without a floor and a memory, a replayed message is handled many times a second."""
    handled: list[str] = []

    async def story(server: ZaloServer, _: Any) -> None:
        async def done(update: Update, __: object) -> None:
            handled.append(update.message.text)

        application = ApplicationBuilder().token(TOKEN).base_url(server.base_url).build()
        application.add_handler(CommandHandler("xong", done))
        server.person_types(HUONG, "/xong 3")
        loop = asyncio.create_task(application._polling_loop())
        await server.until(lambda: len(handled) > 12 if replay else len(server.asked_at) > 1)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    play(story, replay=replay, patience=5)

    assert len(handled) > 12 if replay else handled == ["/xong 3"]


# ---- Apprise ------------------------------------------------------------------------------------------------------


def notify(base_url: str, monkeypatch: pytest.MonkeyPatch, *targets: str, token: str = TOKEN, **said: Any) -> bool:
    """Send with Apprise's ``zalo://``, whose host is a constant of the class."""
    monkeypatch.setattr(NotifyZalo, "notify_url", f"{base_url}/bot{{token}}/sendMessage")
    monkeypatch.setattr(NotifyZalo, "request_rate_per_sec", 0)
    # Not by its URL alone: for that Apprise loads all its plugins, some of which warn.
    address = NotifyZalo.parse_url(f"zalo://{token}/{'/'.join(targets)}")
    assert address
    sender = apprise.Apprise()
    assert sender.add(NotifyZalo(**address))
    return bool(sender.notify(**said))


def test_apprise_sends_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with InThread() as play_on:
        huong = play_on.call(lambda server: server.opens("Nguyễn Thị Hường"))
        binh = play_on.call(lambda server: server.opens("Lê Văn Bình"))

        assert notify(play_on.base_url, monkeypatch, huong, binh, title="Nhắc việc", body="Báo cáo tháng 3: **xong 3**")

        screens = play_on.call(lambda server: [server.inbox(huong), server.inbox(binh)])
        for [shown] in screens:
            assert "Nhắc việc" in shown.text
            assert "Báo cáo tháng 3" in shown.text


def test_apprise_marks_words_up_and_cuts_them_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with InThread() as play_on:
        huong = play_on.call(lambda server: server.opens("Nguyễn Thị Hường"))
        said = {"body": "Báo cáo kết quả nhiệm vụ. " * 150, "body_format": apprise.NotifyFormat.MARKDOWN}

        assert not notify(play_on.base_url, monkeypatch, huong, **said)  # as it is: over 2,000
        assert notify(play_on.base_url, monkeypatch, f"{huong}?overflow=split", **said)

        shown = play_on.call(lambda server: server.inbox(huong))
        assert len(shown) > 1
        assert {received.parse_mode for received in shown} == {"markdown"}
        assert max(len(received.text) for received in shown) <= 2000


@pytest.mark.parametrize("trouble", ["blocked", "stranger", "token", "quota", "page", "cut_off"])
def test_apprise_notices_a_refusal(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with InThread(quota=0 if trouble == "quota" else 3000) as play_on:
        huong = play_on.call(lambda server: server.opens("Nguyễn Thị Hường"))
        if trouble == "blocked":
            play_on.call(lambda server: server.blocks(huong))
        if trouble in {"page", "cut_off"}:
            play_on.call(lambda server: server.fail_next(trouble, times=5))

        address = "0" * 20 if trouble == "stranger" else huong
        token = f"{BOT_ID}:junk" if trouble == "token" else TOKEN
        assert not notify(play_on.base_url, monkeypatch, address, token=token, body="xong 3")
        assert play_on.call(lambda server: server.inbox(huong)) == []

"""Photos and files fetched from Telegram, over real HTTP."""

from __future__ import annotations

import asyncio

import pytest

from bots.telegram import Telegram, Timeouts
from bots.telegram.channel import OFFICIAL, files_beside
from engine.messages import Attachment, File, Kind, Refused, Retry
from tests.bots.telegram_story import HUONG, NOTE, closed_port, play
from tests.servers.telegram_server import TOKEN, TelegramServer

MEGABYTE = 1_000_000


def sent(server: TelegramServer, content: bytes = b"%PDF-1.7 ...") -> Attachment:
    """A file that Hường has sent; its size is not known beforehand."""
    server.person_sends(HUONG, "document", content=content)
    return Attachment(Kind.FILE, list(server.files)[-1])


def test_a_file_comes_whole() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        content = bytes(range(256)) * 2000

        assert await channel.fetch(sent(server, content), MEGABYTE) == File(content)
        assert await channel.fetch(sent(server, b""), MEGABYTE) == File(b"")

    play(story)


def test_a_file_that_says_it_is_too_big_is_not_asked_for() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        outcome = await channel.fetch(Attachment(Kind.FILE, "file-1", size=10 * MEGABYTE + 1), 10 * MEGABYTE)

        assert outcome == Refused("tệp lớn hơn 10 MB")
        assert not server.calls

    play(story)


@pytest.mark.parametrize("unsized", [False, True])
def test_a_file_that_grows_too_big_is_dropped_on_the_way(unsized: bool) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        file = sent(server, b"x" * 19 * MEGABYTE)
        if unsized:
            server.fail_next("lost_answer", method="download", unsized=True)  # and it would never end

        async with asyncio.timeout(5):
            assert await channel.fetch(file, 30_000) == Refused("tệp lớn hơn 0 MB")

    play(story)


def test_what_telegram_gives_to_no_bot_is_refused() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        outcome = await channel.fetch(sent(server, b"x" * 20_000_001), 50 * MEGABYTE)

        assert outcome == Refused("Telegram không cho bot tải tệp này (quá 20 MB)")
        assert await channel.fetch(Attachment(Kind.FILE, "none"), MEGABYTE) == Refused("Telegram không còn giữ tệp này")

    play(story)


@pytest.mark.parametrize("method", ["getFile", "download"])
@pytest.mark.parametrize("fault", ["server_error", "hang_up", "flood", "lost_answer"])
def test_trouble_on_the_way_is_worth_another_try(method: str, fault: str) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        content = b"x" * 200_000
        file = sent(server, content)
        server.fail_next(fault, method=method)

        assert isinstance(await channel.fetch(file, MEGABYTE), Retry)
        assert await channel.fetch(file, MEGABYTE) == File(content)

    play(story, Timeouts(read=0.2))


def test_a_network_that_is_away_is_worth_another_try() -> None:
    async def told() -> None:
        async with Telegram(TOKEN, f"http://127.0.0.1:{closed_port()}/bot") as channel:
            outcome = await channel.fetch(Attachment(Kind.PHOTO, "f"), MEGABYTE)
            assert outcome == Retry("chưa kết nối được tới Telegram", 30)

    asyncio.run(told())


def test_downloads_leave_the_way_free_for_messages() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        files = [sent(server, b"x" * 200_000) for _ in range(6)]
        server.fail_next("lost_answer", method="download", times=6)
        fetching = [asyncio.create_task(channel.fetch(file, MEGABYTE)) for file in files]
        await server.until(lambda: server.calls.count("download") == 4)  # at once; the others wait

        await channel.send(str(HUONG), NOTE)

        assert len(server.inbox(HUONG)) == 1
        for task in fetching:
            task.cancel()

    play(story)


def test_files_stand_beside_the_methods() -> None:
    assert files_beside(OFFICIAL) == "https://api.telegram.org/file/bot"
    assert files_beside("http://127.0.0.1:8081/bot") == "http://127.0.0.1:8081/file/bot"

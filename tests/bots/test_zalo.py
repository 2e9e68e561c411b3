"""What is particular to Zalo Bot, over real HTTP against the server in ``tests/servers``."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import socket
import time
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import httpx
import pytest
from aiohttp import web

from bots.pacing import Pace
from bots.wording import plain
from bots.zalo import Account, Polls, Timeouts, Verification, Zalo, ZaloTrouble, hide, without_secrets
from bots.zalo.api import Api, Denied, NeverLeft, NoAnswer, NotZalo
from bots.zalo.fate import outcome_of
from bots.zalo.parts import split, units
from bots.zalo.polling import Poll
from engine.errors import BadSetting
from engine.last_look import look_before_leaving
from engine.messages import (
    Answer,
    Edit,
    Inbound,
    Item,
    Listening,
    Outcome,
    Refused,
    ReminderMessage,
    Retry,
    Said,
    Says,
    Sent,
    Unknown,
    WorkLine,
)
from tests.servers.zalo_server import BOT_ID, DISPLAY_NAME, TOKEN, InThread, ZaloServer

SECRET = TOKEN.partition(":")[2]
WEBHOOK_SECRET = "gio-lanh-dau-mua-2026"
HUONG, BINH = "6ede9afa66b88fe6d6a9", "82599fa32f56d00e8941"  # the clerk of the one-stop office; her head of unit
AT_ONCE = Pace(per_second=10_000, burst=10_000)
QUICK = Polls(idle=1, floor=0.01, backoff=(0.01,))
HELP = Answer(Said.HELP)

Story = Callable[[ZaloServer, Zalo], Awaitable[None]]


def play(story: Story, *, server: dict[str, Any] | None = None, **channel: Any) -> None:
    """Tell a story in which Hường and Bình have written to the bot before."""

    async def told() -> None:
        options: dict[str, Any] = {"pace": AT_ONCE, "polls": QUICK} | channel
        async with (
            ZaloServer(**{"patience": 0.2} | (server or {})) as zalo_server,
            Zalo(TOKEN, zalo_server.base_url, **options) as zalo,
        ):
            zalo_server.opens("Nguyễn Thị Hường", HUONG)
            zalo_server.opens("Lê Văn Bình", BINH)
            async with asyncio.timeout(10):
                await story(zalo_server, zalo)

    asyncio.run(told())


def reminder(*titles: str) -> ReminderMessage:
    day = dt.date(2026, 3, 25)
    items = tuple(
        Item(number, 400 + number, Says.SOON, title, "Phòng Kinh tế", day, day, day)
        for number, title in enumerate(titles, start=1)
    )
    return ReminderMessage("đồng chí Hường", "UBND xã Hưng Thắng", dt.date(2026, 3, 20), items)


def work_list(lines: int) -> Answer:
    due = dt.date(2026, 3, 25)
    title = "Báo cáo kết quả thực hiện nhiệm vụ cải cách hành chính và chuyển đổi số quý"
    work = (WorkLine(n, n, f"{title} {n}", "Phòng Kinh tế", due, "đang làm, còn 3 ngày") for n in range(1, lines + 1))
    return Answer(Said.WORK_LIST, lines=tuple(work))


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---- settings -----------------------------------------------------------------------------------------------------


def test_it_is_known_by_its_number_never_by_its_secret() -> None:
    channel = Zalo(f"  {TOKEN}\n")  # as copied from a chat

    listening: Listening = channel

    assert (channel.name, channel.bot, channel.edits) == ("zalo", BOT_ID, False)
    assert listening
    assert SECRET not in repr(channel)


@pytest.mark.parametrize(
    "token", ["", "nonsense", "bot123:abc", ":abc", "123:", "123:ab c", "123:ab/c", "١٢٣:abcdefgh"]
)
def test_a_malformed_token_stops_the_program_without_showing_it(token: str) -> None:
    with pytest.raises(BadSetting) as stopped:
        Zalo(token)

    assert "NHACVIEC_ZALO_TOKEN" in str(stopped.value)
    assert not token or token not in str(stopped.value)


@pytest.mark.parametrize("base_url", ["", "bot-api.zaloplatforms.com", "ftp://x", "https://"])
def test_a_malformed_host_stops_the_program(base_url: str) -> None:
    with pytest.raises(BadSetting, match="NHACVIEC_ZALO_BASE_URL"):
        Zalo(TOKEN, base_url)


@pytest.mark.parametrize("ending", ["", "/", "/bot", "/bot/"])
def test_the_address_of_another_server_may_end_as_telegrams_does(ending: str) -> None:
    async def story(server: ZaloServer, _: Zalo) -> None:
        async with Zalo(TOKEN, server.base_url + ending, pace=AT_ONCE, polls=QUICK) as channel:
            await channel.send(HUONG, reminder("Báo cáo A"))

        assert len(server.inbox(HUONG)) == 1

    play(story)


@pytest.mark.parametrize("proxy", ["ftp://u:mat-khau@x:1", "socks5://u:mat-khau@x:1", "mat-khau"])
def test_a_proxy_that_is_none_stops_the_program(proxy: str) -> None:
    with pytest.raises(BadSetting, match="loại HTTP") as stopped:
        Zalo(TOKEN, proxy=proxy)

    assert "mat-khau" not in str(stopped.value)


# ---- send: what arrives -------------------------------------------------------------------------------------------


def test_words_arrive_plain_composed_and_unmarked() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        title = unicodedata.normalize("NFD", "Thu < 50% & **chi** _tăng_ {red}")

        outcome = await channel.send(HUONG, reminder(title))

        [shown] = server.inbox(HUONG)
        assert "Thu < 50% & **chi** _tăng_ {red}" in shown.text
        assert shown.parse_mode is None
        assert outcome == Sent(shown.message_id, shown.text, parts=1)

    play(story)


def test_an_edit_is_taken_and_shown_nowhere() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        outcome = await channel.send(HUONG, Edit("82599fa3", reminder("Báo cáo A")))

        assert outcome == Sent("82599fa3", "", parts=0)
        assert server.calls == []

    play(story)


def test_a_long_list_arrives_in_whole_items_and_each_part_is_counted() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        message = work_list(60)

        outcome = await channel.send(HUONG, message)

        parts = server.inbox(HUONG)
        assert "\n".join(part.text for part in parts) == plain(message)
        assert all(part.text.split(".")[0].isdecimal() for part in parts[1:])  # each begins with an item
        assert outcome == Sent(parts[-1].message_id, plain(message), parts=len(parts))
        assert sum(server.sent_in.values()) == len(parts) > 3

    play(story)


def test_messages_to_one_chat_do_not_mix_their_parts() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        first, second = work_list(30), reminder(*(f"Báo cáo số {n} " + "rất dài " * 20 for n in range(1, 15)))

        await asyncio.gather(channel.send(HUONG, first), channel.send(HUONG, second), channel.send(BINH, HELP))

        shown = "\n".join(part.text for part in server.inbox(HUONG))
        assert shown.split() == f"{plain(first)}\n{plain(second)}".split()
        assert len(server.inbox(BINH)) == 1

    play(story, server={"latency": 0.01})


def test_the_pace_is_kept() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        began = time.monotonic()

        await asyncio.gather(*(channel.send(HUONG, HELP) for _ in range(3)))

        assert time.monotonic() - began >= 0.2
        assert len(server.inbox(HUONG)) == 3

    play(story, pace=Pace(per_second=100, per_chat_seconds=0.1))


def test_a_message_without_a_name_gets_one_from_the_time() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("nameless", times=2)

        outcomes = [await channel.send(HUONG, HELP) for _ in range(2)]

        names = {outcome.provider_id for outcome in outcomes if isinstance(outcome, Sent)}
        assert len(names) == 2
        assert all(names)

    play(story)


# ---- cutting ------------------------------------------------------------------------------------------------------


def test_what_fits_is_one_part() -> None:
    assert split("xong 3") == ["xong 3"]
    assert split("đ" * 1900) == ["đ" * 1900]
    assert split("  \n ") == []


def test_parts_begin_at_a_block_where_there_is_one() -> None:
    block = "\n".join(["dòng " * 40 + "cuối"] * 4)  # some 800 units

    assert split(f"{block}\n\n{block}\n\n{block}") == [f"{block}\n\n{block}", block]


def test_an_item_of_two_lines_stays_whole() -> None:
    items = [f"{n}. Báo cáo {n} {'dài ' * 50}\n   Hạn thứ Tư 25/3/2026 {'rất ' * 20}" for n in range(1, 30)]

    parts = split("Sắp tới hạn\n" + "\n".join(items))

    assert all(units(part) <= 1900 for part in parts)
    assert all(any(item.strip() in part for part in parts) for item in items)


def test_an_endless_line_is_cut_between_words() -> None:
    line = "chờ số liệu của đơn vị phối hợp " * 300

    parts = split(line)

    assert " ".join(parts).split() == line.split()
    assert len(parts) == -(-units(line) // 1900)


@pytest.mark.parametrize("character", ["x", "đ", "📌", "a📌"])
def test_an_endless_word_is_never_cut_within_a_character(character: str) -> None:
    word = character * 5000

    parts = split(word)

    assert "".join(parts) == word
    assert all(1800 < units(part) <= 1900 for part in parts[:-1])
    assert all(part.encode("utf-16-le").decode("utf-16-le") == part for part in parts)


def test_a_heading_stays_with_what_it_heads() -> None:
    block = "Quá hạn\n" + "\n".join(f"{n}. Báo cáo {n} {'dài ' * 40}" for n in range(1, 9))

    parts = split(f"Kính gửi đồng chí\n\n{block}\n\n{block}")

    assert not any(part.endswith("Quá hạn") for part in parts)


# ---- send: what came of it ----------------------------------------------------------------------------------------


def test_a_stranger_and_a_blocked_bot_are_refused() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.blocks(HUONG)

        assert await channel.send(HUONG, HELP) == Refused("người nhận đã chặn bot")
        assert await channel.send("0" * 20, HELP) == Refused("không tìm thấy cuộc trò chuyện này trên Zalo")
        assert isinstance(await channel.send(BINH, HELP), Sent)

    play(story)


def test_a_wrong_token_is_nobodys_refusal(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: ZaloServer, _: Zalo) -> None:
        async with Zalo(f"{BOT_ID}:another-secret-of-the-same-shape-0123456", server.base_url) as channel:
            assert await channel.send(HUONG, HELP) == Retry("Zalo không nhận token của bot", 3600)

    play(story)

    assert "NHACVIEC_ZALO_TOKEN" in caplog.text


def test_a_wrong_host_is_nobodys_refusal(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: ZaloServer, _: Zalo) -> None:
        async with Zalo(TOKEN, f"{server.base_url}/v2") as channel:  # 404 with a page of somebody's
            assert await channel.send(HUONG, HELP) == Retry("mạng hoặc địa chỉ máy chủ Zalo không đúng", 3600)

    play(story)

    assert "NHACVIEC_ZALO_BASE_URL" in caplog.text


def test_a_refused_connection_may_be_tried_again() -> None:
    async def told() -> Outcome:
        async with Zalo(TOKEN, f"http://127.0.0.1:{closed_port()}") as channel:
            return await channel.send(HUONG, HELP)

    assert asyncio.run(told()) == Retry("chưa kết nối được tới Zalo", 30)


@pytest.mark.parametrize("fault", ["hang_up", "lost_answer", "garbage"])
def test_an_answer_that_never_came_leaves_it_unknown(fault: str) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next(fault)

        outcome = await channel.send(HUONG, HELP)

        assert isinstance(outcome, Unknown)
        assert len(server.inbox(HUONG)) == 1  # this time it had arrived

    play(story, timeouts=Timeouts(read=0.2))


def test_a_connection_that_ended_before_it_was_obeyed_is_as_unknown() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("cut_off")

        assert isinstance(await channel.send(HUONG, HELP), Unknown)
        assert not server.inbox(HUONG)

    play(story)


def test_a_slow_answer_is_waited_for() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("slow", seconds=0.2)

        assert isinstance(await channel.send(HUONG, HELP), Sent)

    play(story)


def test_when_a_later_part_fails_the_whole_is_unknown() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("denied", code=429, after=1)

        outcome = await channel.send(HUONG, work_list(30))

        assert outcome == Unknown("mới gửi được 1/2 phần của tin")
        assert len(server.inbox(HUONG)) == 1

    play(story)


def test_a_wait_that_zalo_names_is_obeyed_for_this_chat_only() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("denied", code=429, description="Too many requests", retry_after=17)

        first, second = await channel.send(HUONG, HELP), await channel.send(HUONG, HELP)

        assert first == Retry("Zalo báo vượt hạn mức gửi", 17, named=True)
        assert isinstance(second, Retry)
        assert second.named
        assert 7 < second.seconds <= 17  # what is left of it
        assert server.calls == ["sendMessage"]  # the second was not even asked
        assert isinstance(await channel.send(BINH, HELP), Sent)

    play(story)


def test_a_short_wait_is_waited_out() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("denied", code=429, retry_after=1)
        began = time.monotonic()

        assert isinstance(await channel.send(HUONG, HELP), Sent)
        assert time.monotonic() - began > 0.9

    play(story)


def test_when_the_months_messages_are_spent_nobody_is_asked_again_for_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        outcomes = [await channel.send(address, HELP) for address in (HUONG, BINH, HUONG, BINH)]

        assert [type(outcome) for outcome in outcomes] == [Sent, Sent, Retry, Retry]
        assert outcomes[2] == Retry("bot đã dùng hết số tin của gói trong tháng", 3600)
        assert isinstance(outcomes[3], Retry)
        assert 3500 < outcomes[3].seconds <= 3600
        assert server.calls == ["sendMessage"] * 3

    play(story, server={"quota": 2})

    assert "hết hạn mức" in caplog.text


def test_a_message_that_never_got_its_turn_may_be_tried_again() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        outcomes = await asyncio.gather(*(channel.send(HUONG, HELP) for _ in range(3)))

        assert [type(outcome) for outcome in outcomes] == [Sent, Retry, Retry]
        assert len(server.inbox(HUONG)) == 1

    play(story, pace=Pace(per_second=100, per_chat_seconds=60), send_at_most=0.3)


def test_a_message_that_took_too_long_is_unknown() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("lost_answer")

        assert await channel.send(HUONG, HELP) == Unknown("gửi quá lâu, chưa rõ tin đã tới hay chưa")

    play(story, send_at_most=0.2)


@pytest.mark.parametrize("status", [403, 404, 429, 503])
def test_what_somebody_in_between_refused_may_be_tried_again(status: int) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("page", status=status)

        assert isinstance(await channel.send(HUONG, HELP), Retry)

    play(story)


@pytest.mark.parametrize("status", [200, 408, 500, 502, 504, 520])
def test_what_somebody_in_between_may_have_passed_on_is_unknown(status: int) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("page", status=status)

        assert isinstance(await channel.send(HUONG, HELP), Unknown)

    play(story)


def test_a_page_to_sign_in_to_the_network_is_not_followed() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("redirect")

        assert await channel.send(HUONG, HELP) == Retry("mạng hoặc địa chỉ máy chủ Zalo không đúng", 3600)

    play(story)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_ok_decides_whatever_the_http_status(status: int) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("denied", code=403, description="Internal server error", status=status)

        assert await channel.send(HUONG, HELP) == Retry("máy chủ Zalo đang trục trặc", 30)

    play(story)


CHAT_UNKNOWN = Refused("không tìm thấy cuộc trò chuyện này trên Zalo")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Denied(400, "User has blocked the bot"), Refused("người nhận đã chặn bot")),
        (Denied(403, "Forbidden: bot was blocked by the user"), Refused("người nhận đã chặn bot")),
        (Denied(400, "Người dùng đã chặn bot"), Refused("người nhận đã chặn bot")),
        (Denied(400, "User has not interacted with the bot"), Refused("người nhận chưa nhắn tin cho bot lần nào")),
        (Denied(403, "bot can't initiate conversation"), Refused("người nhận chưa nhắn tin cho bot lần nào")),
        (Denied(400, "user is deactivated"), Refused("tài khoản Zalo của người nhận không còn hoạt động")),
        (Denied(403, "bot was removed from the group"), Refused("bot đã bị đưa ra khỏi nhóm")),
        (Denied(404, "Chat not found"), CHAT_UNKNOWN),
        (Denied(400, "chat_id is invalid"), CHAT_UNKNOWN),
        (Denied(400, "Invalid chat_id"), Refused("không tìm thấy cuộc trò chuyện này trên Zalo")),
        (Denied(400, "recipient does not exist"), CHAT_UNKNOWN),
        # Zalo's verdict on the bot, not on a person: nobody may be marked as unreachable for it.
        (Denied(403, "Your bot has been blocked"), Retry("máy chủ Zalo đang trục trặc", 30)),
        (Denied(401, "user blocked"), Retry("Zalo không nhận token của bot", 3600)),
        (Denied(429, "user not found"), Retry("Zalo báo vượt hạn mức gửi", 60)),
        (Denied(400, "text is too long"), Retry("Zalo không nhận nội dung tin", 3600)),
        (Denied(400, ""), Retry("Zalo không nhận nội dung tin", 3600)),
        (Denied(404, "Not Found"), Retry("Zalo không có lệnh gửi tin ở địa chỉ này", 3600)),
        (Denied(408, "Request timeout"), Unknown("Zalo hết thời gian chờ, chưa rõ tin đã tới hay chưa")),
        (Denied(429, "Quota exceeded"), Retry("Zalo báo vượt hạn mức gửi", 60)),
        (Denied(429, "", wait=2.5), Retry("Zalo báo vượt hạn mức gửi", 2.5, named=True)),
        (Denied(429, "vượt hạn mức tháng"), Retry("bot đã dùng hết số tin của gói trong tháng", 3600)),
        (Denied(500, "Internal"), Retry("máy chủ Zalo đang trục trặc", 30)),
        (Denied(504, "x"), Unknown("Zalo hết thời gian chờ, chưa rõ tin đã tới hay chưa")),
        (Denied(-216, "something new"), Retry("Zalo không nhận tin", 3600)),
        (NeverLeft("ConnectError"), Retry("chưa kết nối được tới Zalo", 30)),
        (NoAnswer("ReadTimeout"), Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")),
        (NotZalo(503, wait=9), Retry("máy chủ Zalo đang trục trặc", 9, named=True)),
        (NotZalo(429), Retry("Zalo báo vượt hạn mức gửi", 60)),
        (KeyError("x"), Unknown("lỗi lạ khi gửi (KeyError)")),
    ],
    ids=repr,
)
def test_what_an_error_says_about_the_message(error: Exception, outcome: Outcome) -> None:
    assert outcome_of(error) == outcome


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"null", b'"ok"', b"{}", b'{"error": "not found"}', b'{"ok": "true"}', b"\xff\xfe", b'{"ok": true'],
)
def test_an_answer_that_is_not_zalos_is_nobodys_refusal(answer: bytes) -> None:
    async def told() -> Outcome:
        async def answers(_: web.Request) -> web.Response:
            return web.Response(body=answer, status=404)

        async with serving(answers) as local, Zalo(TOKEN, local) as channel:
            return await channel.send(HUONG, HELP)

    assert asyncio.run(told()) == Retry("mạng hoặc địa chỉ máy chủ Zalo không đúng", 3600)


# ---- poll ---------------------------------------------------------------------------------------------------------


class Inbox:
    """Where a poll stores what it heard; it can be made to fail."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[Inbound] = []
        self.offsets: list[int | None] = []
        self.tries = 0
        self._failures = failures
        self._changed = asyncio.Condition()

    async def store(self, inbounds: Sequence[Inbound], offset: int | None) -> None:
        async with self._changed:
            self.tries += 1
            self._changed.notify_all()
            if self.tries <= self._failures:
                raise OSError("đĩa đầy")
            self.heard.extend(inbounds)
            self.offsets.append(offset)

    async def until(self, seen: Callable[[], object]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(seen)

    @property
    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.heard]


@asynccontextmanager
async def polling(channel: Zalo, inbox: Inbox) -> AsyncIterator[None]:
    """A poll that runs meanwhile, and must end within two seconds afterwards."""
    stop = asyncio.Event()
    task = asyncio.create_task(channel.poll(inbox.store, None, stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(2):
            await task


both_ways = pytest.mark.parametrize("replay", [True, False], ids=["comes back", "is served once"])


@both_ways
def test_each_update_is_stored_once_before_the_next_is_asked_for(replay: bool) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        keys = [server.person_types(HUONG, "xong 1"), server.person_types(BINH, "việc")]
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: len(inbox.heard) == 2)
            await server.until(lambda: len(server.asked_at) >= 5)

        assert [(i.channel, i.bot, i.update_key, i.address, i.text) for i in inbox.heard] == [
            ("zalo", BOT_ID, keys[0], HUONG, "xong 1"),
            ("zalo", BOT_ID, keys[1], BINH, "việc"),
        ]
        assert inbox.offsets == [None, None]
        assert json.loads(inbox.heard[0].raw)["message"]["text"] == "xong 1"
        assert server.parameters[-1] == {"timeout": "1"}

    play(story, server={"replay": replay, "patience": 0.02})


@both_ways
def test_what_could_not_be_stored_is_kept_and_tried_again(replay: bool) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.person_types(HUONG, "xong 1")
        server.person_types(HUONG, "xong 2")
        inbox = Inbox(failures=3)

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.tries == 3)
            assert len(server.asked_at) == 1  # nothing else is asked for meanwhile: it might get lost too
            await inbox.until(lambda: len(inbox.heard) == 2)

        assert inbox.texts == ["xong 1", "xong 2"]

    play(story, server={"replay": replay})


def test_what_could_not_be_stored_before_a_pause_is_stored_after_it() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.person_types(HUONG, "xong 1")
        failing = Inbox(failures=1000)
        async with polling(channel, failing):
            await failing.until(lambda: failing.tries)

        inbox = Inbox()
        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert inbox.texts == ["xong 1"]

    play(story)


def test_a_stop_gives_the_store_one_last_chance() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.person_types(HUONG, "xong 1")
        inbox = Inbox(failures=1)

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.tries)

        assert inbox.texts == ["xong 1"]

    play(story, polls=Polls(idle=1, floor=0.01, backoff=(60,)))


def test_a_program_that_died_hears_it_again_and_the_key_is_the_same() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        key = server.person_types(HUONG, "xong 1")
        before, after = Inbox(), Inbox()
        async with polling(channel, before):
            await before.until(lambda: before.heard)

        async with Zalo(TOKEN, server.base_url, polls=QUICK) as restarted, polling(restarted, after):
            await after.until(lambda: after.heard)

        assert [inbox.heard[0].update_key for inbox in (before, after)] == [key, key]

    play(story, server={"replay": True})


def test_duplicates_and_disorder_are_harmless() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        with server.out_of_order():
            server.person_types(HUONG, "xong 1")
            server.person_types(HUONG, "xong 2")
        server.again()
        server.person_types(HUONG, "việc")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: len(inbox.heard) == 3)

        assert inbox.texts == ["xong 2", "xong 1", "việc"]

    play(story)


def test_only_so_many_ids_are_remembered() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        for n in range(5):
            server.person_types(HUONG, f"xong {n}")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: len(inbox.heard) == 5)

        assert len(channel._poll._known._ids) == 2

    play(story, polls=Polls(idle=1, floor=0.0, backoff=(0.01,), remembered=2))


@both_ways
def test_there_is_time_between_polls_that_bring_nothing_new_even_when_answers_come_at_once(replay: bool) -> None:
    asked: list[float] = []

    async def ask() -> list[Inbound]:
        asked.append(asyncio.get_running_loop().time())
        if not replay:
            raise Denied(408, "Request timeout")
        return heard(event(text="xong 1"))

    async def no_webhook() -> bool:
        return False

    async def told() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(Poll("1", ask, no_webhook, Polls(floor=0.05)).run(Inbox().store, stop))
        while len(asked) < 5:
            await asyncio.sleep(0.01)
        stop.set()
        await task

    asyncio.run(told())

    gaps = [after - before for before, after in pairwise(asked)]
    if replay:
        assert gaps.pop(0) < 0.049, "words were brought: there may be more"
    assert min(gaps) >= 0.049


def test_the_floor_is_a_second_unless_told_otherwise() -> None:
    assert Polls().floor >= 1.0


@pytest.mark.parametrize("idle_status", [408, 200], ids=["by status", "by body"])
def test_an_idle_poll_is_no_trouble(idle_status: int, caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        inbox = Inbox()

        async with polling(channel, inbox):
            await server.until(lambda: len(server.asked_at) >= 3)
            server.person_types(HUONG, "việc")
            await inbox.until(lambda: inbox.heard)

    caplog.set_level(logging.INFO)
    play(story, server={"idle_status": idle_status, "patience": 0.02}, polls=Polls(idle=1, floor=0.01, backoff=(60,)))

    assert caplog.records == []


def test_words_that_come_while_it_waits_are_heard_at_once() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        inbox = Inbox()

        async with polling(channel, inbox):
            await server.until(lambda: server.asked_at)
            server.person_types(HUONG, "MA-LIEN-KET-7")
            await inbox.until(lambda: inbox.heard)

        assert len(server.asked_at) <= 2

    play(story, server={"patience": 5}, polls=Polls(idle=5, floor=0.01))


def test_an_outage_is_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        for fault in ("page", "cut_off", "redirect"):
            server.fail_next(fault, method="getUpdates")
        server.fail_next("denied", method="getUpdates", code=403, description="Internal server error")
        server.fail_next("denied", method="getUpdates", code=429, retry_after=0)
        server.person_types(HUONG, "xong 1")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert inbox.texts == ["xong 1"]

    play(story)

    assert caplog.text.count("chưa nhận được tin") == 5


@pytest.mark.parametrize("fault", ["hang_up", "garbage"])
def test_an_update_that_was_lost_on_its_way_comes_back_where_zalo_replays(fault: str) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.person_types(HUONG, "xong 1")
        server.fail_next(fault, method="getUpdates")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

    play(story, server={"replay": True})


@pytest.mark.parametrize("told", [True, False], ids=["in words", "only by its webhook"])
def test_a_webhook_beside_the_poll_is_named_in_the_log(told: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.webhook = {"url": "https://nhacviec.example.vn/zalo", "secret_token": WEBHOOK_SECRET, "updated_at": 1}
        if not told:
            server.fail_next("denied", method="getUpdates", code=400, description="Bad Request")

        async with polling(channel, Inbox()):
            await server.until(lambda: "getUpdates" in server.calls and (told or "getWebhookInfo" in server.calls))
            await asyncio.sleep(0.05)

        assert server.calls.count("getUpdates") == 1  # it backs off
        assert server.webhook  # and takes nothing away by itself

    play(story, polls=Polls(idle=1, floor=0.01, backoff=(0.01, 60)))

    assert "bot đang đặt webhook nên không hỏi tin được" in caplog.text


def test_a_wrong_token_is_named_and_not_asked_with_all_the_time(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: ZaloServer, _: Zalo) -> None:
        polls = Polls(idle=1, floor=0.01, backoff=(0.01, 60))
        wrong = Zalo(f"{BOT_ID}:another-secret-of-the-same-shape-0123456", server.base_url, polls=polls)
        async with wrong, polling(wrong, Inbox()):
            await asyncio.sleep(0.1)

    play(story)

    assert caplog.text.count("NHACVIEC_ZALO_TOKEN") == 1


def test_it_stops_within_two_seconds_while_it_waits_for_words() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        async with polling(channel, Inbox()):
            await server.until(lambda: server.asked_at)

    play(story, server={"patience": 30}, polls=Polls())


def test_it_stops_within_two_seconds_while_it_waits_out_an_outage() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("page", method="getUpdates")

        async with polling(channel, Inbox()):
            await server.until(lambda: "getUpdates" in server.calls)
            await asyncio.sleep(0.05)

        assert server.calls == ["getMe", "getUpdates"]

    play(story, polls=Polls(idle=1, backoff=(600,)))


def test_cancelling_the_poll_leaves_nothing_running() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        task = asyncio.create_task(channel.poll(Inbox().store, None, asyncio.Event()))
        await server.until(lambda: server.asked_at)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        ours = {one for one in asyncio.all_tasks() if "bots/zalo" in one.get_coro().cr_code.co_filename}  # type: ignore[union-attr]
        assert not ours

    play(story)


# ---- what people said ---------------------------------------------------------------------------------------------


def event(name: str = "message.text.received", **message: Any) -> dict[str, Any]:
    """An event as captured, from Hường."""
    whole = {
        "from": {"id": HUONG, "display_name": "Nguyễn Thị Hường", "is_bot": False},
        "chat": {"id": HUONG, "chat_type": "PRIVATE"},
        "message_id": "2d758cb5e222177a4e35",
        "date": 1750316131602,
    }
    return {"event_name": name, "message": whole | message}


def heard(said: object, channel: Zalo | None = None) -> list[Inbound]:
    return (channel or Zalo(TOKEN)).heard(said if isinstance(said, bytes) else json.dumps(said).encode())


@pytest.mark.parametrize("wrapped", [False, True], ids=["flat", "wrapped"])
def test_a_webhook_is_read_flat_and_wrapped(wrapped: bool) -> None:
    said = event(text="đã nộp 3 số 12/BC-UBND")

    [inbound] = heard({"ok": True, "result": said} if wrapped else said)

    assert inbound == Inbound("zalo", BOT_ID, "2d758cb5e222177a4e35", HUONG, "đã nộp 3 số 12/BC-UBND", raw=inbound.raw)
    assert json.loads(inbound.raw) == said


@pytest.mark.parametrize(
    ("said", "text", "unreadable"),
    [
        (event(text=unicodedata.normalize("NFD", "đã nộp")), "đã nộp", None),
        (event("message.image.received", photo="https://x/y.jpg"), "", "ảnh"),
        (event("message.image.received", photo_url="https://x/y.jpg", message_type="CHAT_PHOTO"), "", "ảnh"),
        (event("message.image.received", photo_url="https://x/y.jpg", caption="xong 3"), "xong 3", "ảnh"),
        (event("message.sticker.received", sticker="0e07", url="https://x/s"), "", "nhãn dán"),
        (event("message.voice.received", voice_url="https://x/a.aac"), "", "ghi âm"),
        (event("message.unsupported.received"), "", "nội dung"),
        (event("message.reaction.received"), "", "nội dung"),
        (event("message.link.received", text="https://hungthang.gov.vn"), "https://hungthang.gov.vn", None),
        (event("message.text.received"), "", "nội dung"),
        (event("message.text.received", text=""), "", "nội dung"),
        (event("message.text.received", text=3), "", "nội dung"),
        (event("message.text.received", text="xong\x00 3 \ud83d"), "xong 3 \ufffd", None),  # what no database takes
        (event("message.text.received", text="xong 3", date="hôm qua"), "xong 3", None),
    ],
    ids=lambda value: value["event_name"] if isinstance(value, dict) else None,
)
def test_what_came_and_what_could_not_be_taken(said: dict[str, Any], text: str, unreadable: str | None) -> None:
    [inbound] = heard(said)

    assert (inbound.text, inbound.unreadable, inbound.attachments, inbound.press) == (text, unreadable, (), None)
    assert f"{inbound.text}{inbound.raw}".encode()


@pytest.mark.parametrize(
    "body",
    [b"", b"  \n", b"{}", b'{"ok": true}', b'{"ok": true, "result": null}', b'{"ok": true, "result": {}}', b'{"x": 1}'],
)
def test_a_probe_is_nobodys_words(body: bytes) -> None:
    assert heard(body) == []


@pytest.mark.parametrize("body", [b"xong 3", b"<html>", b"[]", b'"xong"', b"3", b"\xff\xfe{}", b'{"ok": true'])
def test_what_is_not_zalos_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(ValueError, match="webhook body") as refused:
        heard(body)

    assert "xong" not in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        {"event_name": "message.text.received"},
        {"event_name": "message.text.received", "message": None},
        {"event_name": "message.text.received", "message": []},
        {"event_name": None, "message": {"text": "bí mật"}},
        {"event_name": ["x"], "message": 3},
        event(message_id=None, text="bí mật"),
        event(message_id=True, text="bí mật"),
        event(chat=None, text="bí mật"),
        event(chat={"chat_type": "PRIVATE"}, text="bí mật"),
        {"ok": True, "result": "bí mật"},
        {"ok": True, "result": [3, None, "bí mật"]},
    ],
)
def test_missing_fields_are_passed_over_and_said_once_without_content(
    said: object, caplog: pytest.LogCaptureFixture
) -> None:
    channel = Zalo(TOKEN)

    assert heard(said, channel) == heard(said, channel) == []

    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.WARNING
    assert "bí mật" not in caplog.text


def test_a_sender_who_is_missing_costs_nothing() -> None:
    said = event(text="xong 3")
    del said["message"]["from"]

    [inbound] = heard(said)

    assert (inbound.address, inbound.sender, inbound.text) == (HUONG, None, "xong 3")


BOTS_WORDS = event(text="xong 3")["message"] | {"from": {"id": HUONG, "display_name": "Bot Thời Tiết", "is_bot": True}}


def test_bots_do_not_talk_to_each_other(caplog: pytest.LogCaptureFixture) -> None:
    assert heard(event(text="xong 3") | {"message": BOTS_WORDS}) == []
    assert not caplog.records


def in_group(text: str) -> dict[str, Any]:
    return event(text=text, chat={"id": "f0e1d2c3b4a5968778", "chat_type": "GROUP"})


@pytest.mark.parametrize(
    ("text", "known", "unknown"),
    [
        ("@Bot Nhắc Việc xong 3", "xong 3", "Nhắc Việc xong 3"),
        ("xong 3 @Bot Nhắc Việc ", "xong 3", "xong 3 @Bot Nhắc Việc "),
        ("  @bot nhắc việc: xong 3", "xong 3", "nhắc việc: xong 3"),
        ("@bot.NhacViec xong 3", "xong 3", "xong 3"),
        ("xong 3", "xong 3", "xong 3"),
        ("xong 3 @Bình", "xong 3 @Bình", "xong 3 @Bình"),
    ],
)
def test_in_a_group_the_mention_goes_and_the_sender_is_named(text: str, known: str, unknown: str) -> None:
    async def story(_: ZaloServer, channel: Zalo) -> None:
        [before] = heard(in_group(text), channel)
        assert (before.address, before.sender, before.text) == ("f0e1d2c3b4a5968778", HUONG, unknown)

        assert (await channel.me()).display_name == DISPLAY_NAME
        assert heard(in_group(text), channel)[0].text == known

    play(story)


def test_a_poll_learns_its_names_once_before_it_listens() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        group = server.founds("Phòng Văn hóa - Xã hội")
        server.person_types(group, "@Bot Nhắc Việc xong 3", sender=HUONG)
        server.person_types(group, "@Bot Nhắc Việc việc", sender=BINH)
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: len(inbox.heard) == 2)

        assert [(i.address, i.sender, i.text) for i in inbox.heard] == [(group, HUONG, "xong 3"), (group, BINH, "việc")]
        assert server.calls.count("getMe") == 1

    play(story)


def test_a_poll_listens_even_when_it_cannot_learn_its_names() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.fail_next("page", method="getMe")
        server.person_types(HUONG, "xong 1")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)
            await server.until(lambda: server.calls.count("getMe") == 2)  # and asks again

        assert inbox.texts == ["xong 1"]

    play(story)


def test_in_a_private_chat_an_at_sign_stays() -> None:
    assert heard(event(text="@Bình xong 3"))[0].text == "@Bình xong 3"


# ---- the webhook --------------------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A local web server with one handler for everything; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("wrapped", [False, True], ids=["flat", "wrapped"])
def test_what_people_write_reaches_the_webhook(wrapped: bool) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        got: list[Inbound] = []

        async def receives(request: web.Request) -> web.Response:
            assert request.headers["X-Bot-Api-Secret-Token"] == WEBHOOK_SECRET
            assert request.headers["User-Agent"].startswith("Java/")
            got.extend(channel.heard(await request.read()))
            return web.Response()

        async with serving(receives) as local:
            server.webhook_is_wrapped = wrapped
            server.leads("https://nhacviec.example.vn", local)
            webhook = await channel.set_webhook("https://nhacviec.example.vn/zalo", WEBHOOK_SECRET)
            server.probes()
            server.person_types(HUONG, "xong 1")
            server.again() if server._updates else server.person_types(HUONG, "xong 2")
            server.person_sends_photo(BINH, caption="xong 4")
            await server.until(lambda: len(server.deliveries) == 5)

        assert webhook.verification == Verification(True, "ok", 200)
        assert [(i.address, i.text, i.unreadable) for i in got] == [
            (HUONG, "xong 1", None),
            (HUONG, "xong 2", None),
            (BINH, "xong 4", "ảnh"),
        ]
        assert {delivery.status for delivery in server.deliveries} == {200}

    play(story)


def test_a_webhook_behind_a_firewall_is_told_with_zalos_own_hint() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        async def forbids(_: web.Request) -> web.Response:
            return web.Response(status=403)

        async with serving(forbids) as local:
            server.leads("https://nhacviec.example.vn", local)
            webhook = await channel.set_webhook("https://nhacviec.example.vn/zalo", WEBHOOK_SECRET)
            tested = await channel.test_webhook()

        assert webhook.url == "https://nhacviec.example.vn/zalo"  # stored all the same
        assert webhook.updated_at is not None
        assert webhook.updated_at.tzinfo is dt.UTC
        hint = "Your server refused the call; check its firewall."
        assert webhook.verification == Verification(False, "http_error", 403, hint=hint)
        assert (tested.ok, tested.status_code, tested.hint) == (False, 403, hint)
        assert tested.latency_ms is not None

    play(story)


def test_the_webhook_can_be_looked_at_tested_and_taken_away() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        assert await channel.webhook_info() is None
        with pytest.raises(ZaloTrouble, match="mã 404"):
            await channel.test_webhook()
        await channel.set_webhook("https://nhacviec.example.vn/zalo", WEBHOOK_SECRET)
        found = await channel.webhook_info()
        assert found
        assert found.url == "https://nhacviec.example.vn/zalo"
        assert (await channel.test_webhook()).outcome == "unreachable"
        with pytest.raises(ZaloTrouble, match="chờ vài phút"):
            await channel.test_webhook()
        assert (await channel.delete_webhook()).url == ""
        assert (await channel.delete_webhook()).url == ""  # none is no harm
        assert await channel.webhook_info() is None

    play(story)


@pytest.mark.parametrize(
    ("url", "secret"), [("http://x.vn", WEBHOOK_SECRET), ("https://x.vn", "ngắn"), ("https://x.vn", "x" * 257)]
)
def test_a_webhook_that_zalo_would_refuse_is_not_asked_for(url: str, secret: str) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        with pytest.raises(BadSetting) as stopped:
            await channel.set_webhook(url, secret)

        assert secret not in str(stopped.value)
        assert server.calls == []

    play(story)


def test_who_the_bot_is() -> None:
    async def story(_: ZaloServer, channel: Zalo) -> None:
        assert await channel.me() == Account(BOT_ID, "bot.NhacViec", DISPLAY_NAME, "BASIC", False)

    play(story)


@pytest.mark.parametrize(
    ("fault", "options", "words"),
    [
        ("denied", {"code": 401, "description": "Unauthorized"}, "NHACVIEC_ZALO_TOKEN"),
        ("denied", {"code": 403, "description": "Internal server error"}, "Internal server error"),
        ("page", {"status": 502}, "NHACVIEC_ZALO_BASE_URL"),
        ("cut_off", {}, "kiểm tra mạng"),
    ],
)
def test_trouble_is_told_to_the_operator_in_a_sentence(fault: str, options: dict[str, Any], words: str) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        for method, call in (("getMe", channel.me), ("getWebhookInfo", channel.webhook_info)):
            server.fail_next(fault, method=method, **options)
            with pytest.raises(ZaloTrouble, match=words) as told:
                await call()
            assert SECRET not in str(told.value)

    play(story)


# ---- secrets ------------------------------------------------------------------------------------------------------


def test_no_token_and_no_secret_is_in_any_log_of_a_whole_run(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        for talkative in ("httpx", "httpcore"):
            caplog.set_level(logging.DEBUG, talkative)
        await channel.me()
        for fault in ("denied", "page", "redirect", "cut_off", "hang_up", "garbage", "nameless"):
            server.fail_next(fault)
            await channel.send(HUONG, reminder("Báo cáo A"))
        server.fail_next("denied", description=f"bad path /bot{TOKEN}/sendMessage")
        await channel.send(HUONG, HELP)
        server.fail_next("page", method="getUpdates")
        server.person_types(HUONG, "xong 1")
        inbox = Inbox(failures=1)
        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)
        await channel.set_webhook("https://nhacviec.example.vn/zalo", WEBHOOK_SECRET)
        async with polling(channel, Inbox()):
            await asyncio.sleep(0.05)
        logging.getLogger("httpx").info("secret %s", WEBHOOK_SECRET)
        async with Zalo(TOKEN, f"http://127.0.0.1:{closed_port()}/bot{'x' * 3}") as lost:
            await lost.send(HUONG, HELP)

    caplog.set_level(logging.DEBUG)
    play(story)

    assert "sendMessage" in caplog.text
    assert f"/bot{BOT_ID}:***" in caplog.text  # it was there to be hidden
    for secret in (SECRET, WEBHOOK_SECRET):
        assert secret not in caplog.text
        assert not any(secret in f"{record.__dict__}" for record in caplog.records)


def test_the_token_is_taken_out_of_tracebacks_and_arguments(caplog: pytest.LogCaptureFixture) -> None:
    hide(SECRET)
    try:
        raise OSError(f"https://bot-api.zaloplatforms.com/bot{TOKEN}/getMe")
    except OSError:
        logging.getLogger("anything.at.all").exception("không mở được %s", f"/bot{TOKEN}/x")

    assert SECRET not in caplog.text
    assert f"không mở được /bot{BOT_ID}:***/x" in caplog.text
    assert f"OSError: https://bot-api.zaloplatforms.com/bot{BOT_ID}:***/getMe" in caplog.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("POST https://h/bot12345689:abc-xyz/getMe", "POST https://h/bot12345689:***/getMe"),
        ("POST https://h/bot12345689%3Aabc-xyz/getMe", "POST https://h/bot12345689%3A***/getMe"),
        ("token 12345689:kXwPqRzNvTbMhLcJdG", "token 12345689:***"),
    ],
)
def test_another_bots_token_is_hidden_too(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@pytest.mark.parametrize("text", ["xong 3", "Hạn 17:30 ngày 25/3/2026", "127.0.0.1:8443", "số 12:BC-UBND"])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert without_secrets(text) == text


# ---- the server itself --------------------------------------------------------------------------------------------


def test_a_message_that_nobody_announced_fails_a_strict_test() -> None:
    async def story(announce: Callable[[ZaloServer], None]) -> None:
        async with ZaloServer(strict=True) as server, Zalo(TOKEN, server.base_url, pace=AT_ONCE) as channel:
            server.opens("Nguyễn Thị Hường", HUONG)
            announce(server)
            await channel.send(HUONG, HELP)

    asyncio.run(story(lambda server: server.expects(HUONG, "báo đã xong việc số 3")))
    with pytest.raises(AssertionError, match="nobody announced"):
        asyncio.run(story(lambda server: None))
    with pytest.raises(AssertionError, match="never came"):
        asyncio.run(story(lambda server: server.expects(HUONG, "trợ", "hoàn tác", "gia hạn")))


@pytest.mark.parametrize("how", ["query", "form", "json", "multipart", "post query"])
def test_the_server_takes_parameters_in_every_documented_way(how: str) -> None:
    async def story(server: ZaloServer, _: Zalo) -> None:
        said = {"chat_id": HUONG, "text": f"qua {how}"}
        ways: dict[str, dict[str, Any]] = {
            "query": {"method": "GET", "params": said},
            "form": {"method": "POST", "data": said},
            "json": {"method": "POST", "json": said},
            "multipart": {"method": "POST", "files": {name: (None, value) for name, value in said.items()}},
            "post query": {"method": "POST", "params": said},
        }
        async with httpx.AsyncClient() as client:
            answer = await client.request(url=f"{server.base_url}/bot{TOKEN}/sendMessage", **ways[how])

        [shown] = server.inbox(HUONG)
        assert shown.text == f"qua {how}"
        assert answer.json()["ok"] is True
        assert answer.json()["result"]["message_id"] == shown.message_id

    play(story)


@pytest.mark.parametrize(
    ("method", "parameters", "answer"),
    [
        ("sendMessage", {"text": "x" * 2000}, None),
        ("sendMessage", {"text": "📌" * 1000}, None),
        ("sendMessage", {"text": "📌" * 1000 + "x"}, (200, 400)),
        ("sendMessage", {"text": "x" * 2001}, (200, 400)),
        ("sendMessage", {"text": ""}, (200, 400)),
        ("sendMessage", {"text": "x", "parse_mode": "MarkdownV2"}, (200, 400)),
        ("sendMessage", {"text": "x", "chat_id": "0" * 20}, (200, 404)),
        ("sendMessage", {"text": "x", "chat_id": ""}, (200, 400)),
        ("sendPhoto", {"photo": "https://x.vn/a.jpg", "caption": "x" * 2001}, (200, 400)),
        ("sendPhoto", {"photo": "a.jpg"}, (200, 400)),
        ("sendSticker", {}, (200, 400)),
        ("sendVoice", {"voice_url": "https://x.vn/a.aac"}, None),
        ("sendVoice", {"voice_url": "https://x.vn/a.mp3"}, (200, 400)),
        ("sendChatAction", {"action": "typing"}, None),
        ("sendChatAction", {"action": "upload_photo"}, (200, 400)),
        ("setWebhook", {"url": "http://x.vn", "secret_token": "12345678"}, (200, 400)),
        ("setWebhook", {"url": "https://x.vn", "secret_token": "1234567"}, (200, 400)),
        ("getWebhookInfo", {}, (404, 404)),
        ("testWebhook", {}, (404, 404)),
        ("deleteWebhook", {}, None),
        ("getUpdates", {"timeout": "0"}, (408, 408)),
        ("getme", {}, (400, 400)),  # names mind their case
        ("sendDocument", {}, (400, 400)),
        ("editMessageText", {}, (400, 400)),
    ],
)
def test_the_server_has_the_documented_limits(
    method: str, parameters: dict[str, str], answer: tuple[int, int] | None
) -> None:
    async def story(server: ZaloServer, _: Zalo) -> None:
        async with httpx.AsyncClient() as client:
            got = await client.post(f"{server.base_url}/bot{TOKEN}/{method}", json={"chat_id": HUONG} | parameters)

        if answer:
            assert (got.status_code, got.json()["ok"], got.json()["error_code"]) == (answer[0], False, answer[1])
        else:
            assert (got.status_code, got.json()["ok"]) == (200, True)

    play(story)


def test_the_server_knows_a_junk_token_as_zalo_does() -> None:
    async def story(server: ZaloServer, _: Zalo) -> None:
        async with httpx.AsyncClient() as client:
            got = await client.get(f"{server.base_url}/bot1:junk/getMe")

        assert got.status_code == 200
        assert got.json() == {"ok": False, "description": "Unauthorized", "error_code": 401}

    play(story)


def test_the_server_counts_its_quota_by_the_month() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        server.today = dt.date(2026, 3, 31)
        await channel.send(HUONG, HELP)
        server.today = dt.date(2026, 4, 1)

        assert isinstance(await channel.send(HUONG, HELP), Sent)
        assert dict(server.sent_in) == {"2026-03": 1, "2026-04": 1}

    play(story, server={"quota": 1})


def test_the_server_can_be_played_from_another_thread() -> None:
    async def send(base_url: str) -> Outcome:
        async with Zalo(TOKEN, base_url) as channel:
            return await channel.send(HUONG, HELP)

    with InThread() as play_on:
        play_on.call(lambda server: server.opens("Nguyễn Thị Hường", HUONG))
        outcome = asyncio.run(send(play_on.base_url))
        play_on.until(lambda server: server.inbox(HUONG))

    assert isinstance(outcome, Sent)


def test_a_request_that_must_not_leave_any_more_once_it_has_a_connection_does_not() -> None:
    received: list[bytes] = []

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(-1))
        writer.close()

    async def no() -> bool:
        return False

    async def play_it() -> None:
        server = await asyncio.start_server(listens, "127.0.0.1", 0)
        api = Api(TOKEN, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", None, Timeouts())
        async with server:
            await api.open()
            look_before_leaving(no)
            with pytest.raises(NeverLeft, match="not to leave"):
                await api.call("sendMessage", {"chat_id": HUONG, "text": "x"})
            await api.close()
            async with asyncio.timeout(10):
                while not received:
                    await asyncio.sleep(0.01)

    asyncio.run(play_it())
    assert received == [b""]  # a connection was there, and not a byte went over it

"""What is particular to Telegram, over real HTTP against the server in ``tests/servers``."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError, TimedOut

from bots.telegram import Telegram, Timeouts, hide_tokens, keyboard, outcome_of, split, without_tokens
from bots.wording import Button, Rendered, render
from engine.errors import BadSetting
from engine.messages import (
    Answer,
    Inbound,
    Item,
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
from tests.servers.telegram_server import BOT_ID, TOKEN, InThread, TelegramServer

SECRET = TOKEN.partition(":")[2]
HUONG, BINH = 7001, 7002  # the clerk of the one-stop office; her head of unit
QUICK = (0.01,)  # seconds between failed polls
HELP = Answer(Said.HELP)

Story = Callable[[TelegramServer, Telegram], Awaitable[None]]


def play(story: Story, timeouts: Timeouts | None = None) -> None:
    """Tell a story in which Hường and Bình have pressed Start."""

    async def told() -> None:
        async with TelegramServer() as server, Telegram(TOKEN, server.base_url, timeouts=timeouts) as channel:
            server.opens(HUONG)
            server.opens(BINH)
            async with asyncio.timeout(20):
                await story(server, channel)

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


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---- send: what arrives -------------------------------------------------------------------------------------------


def test_it_is_known_by_its_number_never_by_its_secret() -> None:
    channel = Telegram(TOKEN)

    assert channel.bot == str(BOT_ID)
    assert SECRET not in repr(channel)


@pytest.mark.parametrize("token", ["", "nonsense", "bot123:abc", ":abc", "123:"])
def test_a_malformed_token_stops_the_program_without_showing_it(token: str) -> None:
    with pytest.raises(BadSetting) as stopped:
        Telegram(token)

    assert "NHACVIEC_TELEGRAM_TOKEN" in str(stopped.value)
    assert not token or token not in str(stopped.value)


def test_a_title_is_escaped_and_what_stands_out_is_bold() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder("Thu < 50% & chi <b>tăng</b>"))

        [shown] = server.inbox(HUONG)
        assert "Thu < 50% & chi <b>tăng</b>" in shown.text
        assert "<b>Thu &lt; 50% &amp; chi &lt;b&gt;tăng&lt;/b&gt;</b>" in shown.source
        assert shown.parse_mode == "HTML"
        assert not shown.link_preview

    play(story)


def test_buttons_stand_in_rows_and_carry_the_occurrence() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder("Báo cáo A", "Báo cáo B"))

        [shown] = server.inbox(HUONG)
        assert shown.buttons == [["Xong 1", "Đang làm 1"], ["Xong 2", "Đang làm 2"]]
        assert shown.keyboard[1][1]["callback_data"] == "đang làm|402"

    play(story)


def test_a_button_that_does_not_fit_is_left_out() -> None:
    fits = Button("Vừa", "x" * 60, 123)  # 64 bytes
    too_long = Button("Dài", "đ" * 31, 12)  # 34 letters and signs, 65 bytes

    laid_out = keyboard([[fits, too_long], [too_long]])

    assert laid_out is not None
    assert [[button.text for button in row] for row in laid_out.inline_keyboard] == [["Vừa"]]
    assert keyboard([[too_long]]) is None


def test_a_long_list_arrives_in_parts_cut_between_lines() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        message = work_list(100)

        outcome = await channel.send(str(HUONG), message)

        parts = server.inbox(HUONG)
        assert len(parts) == 4
        assert "\n".join(part.text for part in parts) == render(message).text
        assert outcome == Sent(str(parts[-1].message_id), render(message).text)

    play(story)


def test_a_long_reminder_is_cut_between_its_items_with_the_buttons_at_the_end() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder(*(f"Báo cáo số {n} " + "rất dài " * 30 for n in range(1, 25))))

        parts = server.inbox(HUONG)
        assert len(parts) > 1
        assert all(part.parse_mode == "HTML" for part in parts)
        assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]

    play(story)


def test_one_endless_line_arrives_whole() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        reason = "chờ số liệu & ý kiến <của> đơn vị " * 300
        message = Answer(Said.RETURNED, number=3, title="Báo cáo A", reason=reason.strip())

        await channel.send(str(HUONG), message)

        arrived = " ".join(part.text for part in server.inbox(HUONG))
        assert arrived.split() == render(message).text.split()

    play(story)


def test_parts_are_measured_as_telegram_does() -> None:
    # 📌 is one character and two UTF-16 units: 3,000 of them look short and are not.
    rendered = Rendered(text="📌" * 3000, html="📌" * 3000)

    parts = split(rendered)

    assert "".join(part.text for part in parts) == rendered.text
    assert all(utf16(part.text) <= 4096 for part in parts)


def test_parts_begin_at_a_block_where_there_is_one() -> None:
    block = "\n".join(["dòng " * 100] * 3)  # 1,500 units
    text = f"{block}\n\n{block}\n\n{block}"

    parts = split(Rendered(text=text, html=text))

    assert [part.text for part in parts] == [f"{block}\n\n{block}", block]


# ---- send: what came of it ----------------------------------------------------------------------------------------


def test_a_flood_wait_is_obeyed() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("flood", retry_after=17)

        outcome = await channel.send(str(HUONG), HELP)

        assert isinstance(outcome, Retry)
        assert outcome.seconds == 17
        assert not server.inbox(HUONG)

    play(story)


@pytest.mark.parametrize("address", ["999", "nobody", ""])
def test_an_unknown_address_is_refused(address: str) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        outcome = await channel.send(address, HELP)

        assert outcome == Refused("không tìm thấy cuộc trò chuyện này trên Telegram")
        assert server.calls == ["sendMessage"]  # not tried again in plain text

    play(story)


@pytest.mark.parametrize("complaint", ["can't parse entities: Unsupported start tag", "BUTTON_DATA_INVALID"])
def test_words_refused_with_their_marks_arrive_without(complaint: str) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("bad_request", description=complaint)

        outcome = await channel.send(str(HUONG), reminder("Thu < chi"))

        [shown] = server.inbox(HUONG)
        assert isinstance(outcome, Sent)
        assert "Thu < chi" in shown.text
        assert (shown.parse_mode, shown.buttons, shown.link_preview) == (None, [], False)

    play(story)


def test_words_refused_even_plain_do_not_close_the_chat() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("bad_request", times=2, description="message is strange")

        outcome = await channel.send(str(HUONG), HELP)

        assert outcome == Retry("Telegram không nhận nội dung tin", 3600)
        assert server.calls == ["sendMessage", "sendMessage"]

    play(story)


def test_a_wrong_token_is_nobodys_refusal() -> None:
    async def story(server: TelegramServer, _: Telegram) -> None:
        async with Telegram(f"{BOT_ID}:AAanotherSecretOfTheSameShape0123456", server.base_url) as channel:
            outcome = await channel.send(str(HUONG), HELP)

        assert outcome == Retry("Telegram không nhận token của bot", 3600)

    play(story)


def test_a_group_that_moved_gets_the_message_at_its_new_address() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.migrates(-5, -1005)

        outcome = await channel.send("-5", HELP)

        assert isinstance(outcome, Sent)
        assert len(server.inbox(-1005)) == 1

    play(story)


@pytest.mark.parametrize("fault", ["lost_answer", "hang_up", "garbage"])
def test_an_answer_that_never_came_leaves_it_unknown(fault: str) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next(fault)

        outcome = await channel.send(str(HUONG), HELP)

        assert isinstance(outcome, Unknown)
        assert len(server.inbox(HUONG)) == 1  # this time it had arrived

    play(story, Timeouts(read=0.2))


def test_a_refused_connection_may_be_tried_again() -> None:
    async def told() -> Outcome:
        async with Telegram(TOKEN, f"http://127.0.0.1:{closed_port()}/bot") as channel:
            return await channel.send(str(HUONG), HELP)

    assert asyncio.run(told()) == Retry("chưa kết nối được tới Telegram", 30)


def test_a_message_that_found_no_free_connection_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.telegram.POOL", 1)

    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("lost_answer")
        stuck = asyncio.create_task(channel.send(str(HUONG), HELP))
        await server.until(lambda: server.inbox(HUONG))

        outcome = await channel.send(str(BINH), HELP)

        assert isinstance(outcome, Retry)
        assert not server.inbox(BINH)
        assert isinstance(await stuck, Unknown)

    play(story, Timeouts(read=1, pool=0.1))


@pytest.mark.parametrize(("status", "kind"), [(500, Retry), (502, Retry), (503, Retry), (504, Unknown)])
def test_a_server_in_trouble_is_tried_again_unless_a_gateway_lost_sight_of_it(
    status: int, kind: type[Retry | Unknown]
) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("server_error", status=status)

        assert isinstance(await channel.send(str(HUONG), HELP), kind)

    play(story)


def test_half_a_message_is_not_sent_a_second_time() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("flood", after=1)

        outcome = await channel.send(str(HUONG), work_list(100))

        assert outcome == Unknown("mới gửi được 1/4 phần của tin")

    play(story)


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), Refused("người nhận đã chặn bot")),
        (
            Forbidden("Forbidden: bot can't initiate conversation with a user"),
            Refused("người nhận chưa bấm Start với bot"),
        ),
        (
            Forbidden("Forbidden: user is deactivated"),
            Refused("tài khoản Telegram của người nhận không còn hoạt động"),
        ),
        (Forbidden("Forbidden: bot was kicked from the group chat"), Refused("bot đã bị đưa ra khỏi nhóm")),
        (Forbidden("Forbidden: something new"), Refused("Telegram từ chối gửi tới địa chỉ này")),
        (
            BadRequest("Bad Request: PEER_ID_INVALID"),
            Refused("không tìm thấy cuộc trò chuyện này trên Telegram"),
        ),
        (ChatMigrated(-1005), Refused("nhóm đã đổi địa chỉ nhiều lần")),
        (InvalidToken("Unauthorized"), Retry("Telegram không nhận token của bot", 3600)),
        (caused(TimedOut(), httpx.ConnectTimeout("")), Retry("chưa kết nối được tới Telegram", 30)),
        (caused(TimedOut(), httpx.PoolTimeout("")), Retry("chưa kết nối được tới Telegram", 30)),
        (caused(TimedOut(), httpx.ReadTimeout("")), Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")),
        # Bytes were on their way, and the other side may have read enough.
        (caused(TimedOut(), httpx.WriteTimeout("")), Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")),
        (TimedOut(), Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")),
        (caused(NetworkError("x"), OSError()), Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")),
        (NetworkError("Bad Gateway"), Retry("máy chủ Telegram đang trục trặc", 30)),
        (KeyError("message_id"), Unknown("lỗi lạ khi gửi (KeyError)")),
    ],
    ids=repr,
)
def test_what_an_error_says_about_the_message(error: Exception, outcome: Outcome) -> None:
    assert outcome_of(error) == outcome


# ---- poll ---------------------------------------------------------------------------------------------------------


class Inbox:
    """Where a poll stores what it heard; it can be made to fail."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[Inbound] = []
        self.offset: int | None = None
        self.tries = 0
        self._failures = failures
        self._changed = asyncio.Condition()

    async def store(self, inbounds: Sequence[Inbound], next_offset: int) -> None:
        async with self._changed:
            self.tries += 1
            self._changed.notify_all()
            if self.tries <= self._failures:
                raise OSError("đĩa đầy")
            self.heard.extend(inbounds)
            self.offset = next_offset

    async def until(self, seen: Callable[[], object]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(seen)

    @property
    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.heard]


@asynccontextmanager
async def polling(
    channel: Telegram, inbox: Inbox, offset: int | None = None, backoff: Sequence[float] = QUICK
) -> AsyncIterator[None]:
    """A poll that runs meanwhile, and must end within two seconds afterwards."""
    stop = asyncio.Event()
    task = asyncio.create_task(channel.poll(inbox.store, offset, stop, backoff=backoff))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(2):
            await task


def test_an_update_is_confirmed_only_after_it_is_stored() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        first = server.person_types(HUONG, "xong 1")
        last = server.person_types(BINH, "việc")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)
            await server.until(lambda: len(server.asked) == 2)

        assert "offset" not in server.asked[0]
        assert server.asked[1]["offset"] == str(last + 1)
        assert server.asked[0]["allowed_updates"] == ["message", "callback_query"]
        assert inbox.offset == last + 1
        assert [(i.update_key, i.address, i.text) for i in inbox.heard] == [
            (str(first), str(HUONG), "xong 1"),
            (str(last), str(BINH), "việc"),
        ]
        assert json.loads(inbox.heard[0].raw)["message"]["text"] == "xong 1"

    play(story)


def test_what_could_not_be_stored_is_asked_for_again() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        update = server.person_types(HUONG, "xong 1")
        inbox = Inbox(failures=2)

        async with polling(channel, inbox, offset=update):
            await inbox.until(lambda: inbox.heard)
            await server.until(lambda: len(server.asked) == 4)

        assert [asked["offset"] for asked in server.asked] == [str(update)] * 3 + [str(update + 1)]
        assert inbox.texts == ["xong 1"]

    play(story)


def test_a_program_that_died_before_storing_hears_it_again_after_its_start() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.person_types(HUONG, "xong 1")
        dying = Inbox(failures=1000)
        async with polling(channel, dying):
            await dying.until(lambda: dying.tries)

        inbox = Inbox()
        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert inbox.texts == ["xong 1"]

    play(story)


def test_words_that_come_while_it_waits_are_heard_at_once() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        inbox = Inbox()

        async with polling(channel, inbox):
            await server.until(lambda: server.asked)
            server.person_types(HUONG, "/start MA-LIEN-KET-7")
            await inbox.until(lambda: inbox.heard)

        assert inbox.texts == ["/start MA-LIEN-KET-7"]

    play(story)


def test_a_photo_is_an_empty_text_and_its_caption_is_words() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.person_sends(HUONG, "sticker")
        server.person_sends(HUONG, "voice")
        server.person_sends(HUONG, "photo")
        server.person_sends(HUONG, "photo", caption="xong 3")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert inbox.texts == ["", "", "", "xong 3"]

    play(story)


def test_what_is_nobodys_words_is_passed_over() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.person_edits(HUONG, "xong 4")
        chat = {"id": HUONG, "type": "private"}
        server.happens("message", {"message_id": 1, "date": 1, "chat": chat, "group_chat_created": True})
        server.happens("message", {"of": "a shape this library has never seen"})
        last = server.person_types(HUONG, "việc")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert inbox.texts == ["việc"]
        assert inbox.offset == last + 1

    play(story)


def test_a_press_is_answered_once_it_is_stored() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder("Báo cáo A"))
        server.person_presses(HUONG, "Đang làm 1")
        inbox = Inbox(failures=1)

        async with polling(channel, inbox):
            await server.until(lambda: server.answered)

        [pressed] = inbox.heard
        assert (pressed.text, pressed.about, pressed.address) == ("đang làm", 401, str(HUONG))
        assert len(server.answered) == 1

    play(story)


@pytest.mark.parametrize(
    ("data", "text", "about"),
    [("xong|12", "xong", 12), ("xong", "xong", None), ("a|b|3", "a|b", 3), ("xong|ba", "xong|ba", None)],
)
def test_a_press_from_an_older_version_is_read_as_far_as_possible(data: str, text: str, about: int | None) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        person = {"id": HUONG, "is_bot": False, "first_name": "Hường"}
        # No message: it is too old for Telegram to show.
        server.happens("callback_query", {"id": "1", "from": person, "chat_instance": "1", "data": data})
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        [pressed] = inbox.heard
        assert (pressed.text, pressed.about, pressed.address) == (text, about, str(HUONG))

    play(story)


@pytest.mark.parametrize("fault", ["bad_request", "server_error", "hang_up", "flood"])
def test_a_spinner_that_cannot_be_stopped_harms_nothing(fault: str) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder("Báo cáo A"))
        server.fail_next(fault, method="answerCallbackQuery")
        server.person_presses(HUONG, "Xong 1")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)
            await server.until(lambda: "answerCallbackQuery" in server.calls)
            server.person_types(HUONG, "việc")
            await inbox.until(lambda: len(inbox.heard) == 2)

        assert inbox.texts == ["xong", "việc"]

    play(story)


def test_an_outage_is_waited_out() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        for fault in ("server_error", "hang_up", "garbage", "conflict"):
            server.fail_next(fault, method="getUpdates")
        server.person_types(HUONG, "xong 1")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert inbox.texts == ["xong 1"]

    play(story)


def test_a_second_program_with_the_same_token_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        inbox = Inbox()

        async with polling(channel, inbox), Telegram(TOKEN, server.base_url) as second:
            await server.until(lambda: server.asked)
            async with polling(second, Inbox(), backoff=[60]):
                await server.until(lambda: len(server.asked) >= 3)  # the first came back, and ended the second

        assert "một chương trình khác (hoặc một webhook) đang nhận tin bằng cùng token" in caplog.text

    play(story)


def test_a_forgotten_webhook_gives_way_to_the_poll() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.webhook_url = "https://example.vn/telegram"
        server.person_types(HUONG, "xong 1")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert server.webhook_url == ""

    play(story)


def test_it_stops_within_two_seconds_while_it_waits_for_words() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        async with polling(channel, Inbox()):
            await server.until(lambda: server.asked)

    play(story)


def test_it_stops_within_two_seconds_while_it_waits_out_an_outage() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("server_error", method="getUpdates")

        async with polling(channel, Inbox(), backoff=[600]):
            await server.until(lambda: server.calls == ["getUpdates"])

        assert server.calls == ["getUpdates"]

    play(story)


def test_cancelling_the_poll_leaves_nothing_running() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        task = asyncio.create_task(channel.poll(Inbox().store, None, asyncio.Event()))
        await server.until(lambda: server.asked)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        ours = {one for one in asyncio.all_tasks() if "bots/telegram" in one.get_coro().cr_code.co_filename}  # type: ignore[union-attr]
        assert not ours

    play(story)


# ---- secrets ------------------------------------------------------------------------------------------------------


def test_the_token_is_in_no_log_of_a_whole_run(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        for talkative in ("httpx", "httpcore"):
            caplog.set_level(logging.DEBUG, talkative)
        for fault in ("flood", "server_error", "hang_up", "garbage", "bad_request"):
            server.fail_next(fault)
            await channel.send(str(HUONG), reminder("Báo cáo A"))
        server.fail_next("conflict", method="getUpdates")
        server.person_presses(HUONG, "Xong 1")
        inbox = Inbox(failures=1)
        async with polling(channel, inbox):
            await server.until(lambda: server.answered)
        async with Telegram(TOKEN, f"http://127.0.0.1:{closed_port()}/bot{'x' * 3}") as lost:
            await lost.send(str(HUONG), HELP)

    caplog.set_level(logging.DEBUG)
    play(story)

    assert "sendMessage" in caplog.text
    assert f"{BOT_ID}:***" in caplog.text  # it was there to be hidden
    assert SECRET not in caplog.text
    assert not any(SECRET in f"{record.__dict__}" for record in caplog.records)


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


# ---- the server itself, from another thread -----------------------------------------------------------------------


def test_the_server_can_be_played_from_another_thread() -> None:
    async def send(base_url: str) -> Outcome:
        async with Telegram(TOKEN, base_url) as channel:
            return await channel.send(str(HUONG), HELP)

    with InThread() as play_on:
        play_on.call(lambda server: server.opens(HUONG))
        outcome = asyncio.run(send(play_on.base_url))
        play_on.until(lambda server: server.inbox(HUONG))

    assert isinstance(outcome, Sent)

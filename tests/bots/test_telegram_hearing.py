"""What is heard over Telegram: by asking, and by webhook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from bots.telegram import Account, Telegram, TelegramTrouble, Webhook
from bots.telegram import polling as polling_module
from engine.messages import Attachment, Inbound, Kind, Press, Sent
from tests.bots.telegram_story import BINH, GROUP, HUONG, Inbox, Story, play, polling, reminder
from tests.servers.telegram_server import BOT_ID, TOKEN, TelegramServer

# ---- poll ---------------------------------------------------------------------------------------------------------


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


def test_one_update_that_nobody_can_read_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """Without an id, with one that no store can hold, with words that are none: each is set aside, and said."""

    async def story(server: TelegramServer, channel: Telegram) -> None:
        chat = {"id": HUONG, "type": "private"}
        server.happens("message", {"message_id": 1, "date": 1, "chat": chat, "text": 5})
        update = {"message": {"message_id": 2, "date": 1, "chat": chat, "text": "việc"}}
        strange = [{}, None, 7, {"update_id": None}, {"update_id": "8"}, {"update_id": 2**63} | update]
        answer = {"ok": True, "result": [*strange, {"update_id": 12} | update]}
        server.fail_next("server_error", method="getUpdates", status=200, text=json.dumps(answer))
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert (inbox.texts, inbox.offset) == (["việc"], 13)

    play(story)
    assert "6 cập nhật Telegram không có mã hợp lệ" in caplog.text


def test_a_gateway_that_answers_at_once_with_nothing_is_not_asked_again_at_once() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        nothing = json.dumps({"ok": True, "result": []})
        server.fail_next("server_error", 1000, method="getUpdates", status=200, text=nothing)

        async with polling(channel, Inbox()):
            await server.until(lambda: server.calls.count("getUpdates") == 2)

        assert server.calls.count("getUpdates") == 2

    play(story)


def test_a_button_whose_spinner_hangs_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling_module, "SPINNER", 0.2)

    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder("Báo cáo A"))
        never = asyncio.Event()
        stopping = asyncio.Event()

        async def hangs(*_: object, **__: object) -> None:
            stopping.set()
            await never.wait()

        monkeypatch.setattr(type(channel._client), "answer_callback_query", hangs)
        server.person_presses(HUONG, "Xong 1")
        inbox = Inbox()
        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)
            await stopping.wait()
            server.person_types(HUONG, "việc")
            await inbox.until(lambda: len(inbox.heard) == 2)
        assert inbox.texts == ["xong", "việc"]

    play(story)


def test_a_press_is_answered_once_it_is_stored() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder("Báo cáo A"))
        server.person_presses(HUONG, "Đang làm 1")
        inbox = Inbox(failures=1)

        async with polling(channel, inbox):
            await server.until(lambda: server.answered)

        [pressed] = inbox.heard
        assert (pressed.text, pressed.press and pressed.press.occurrence_id, pressed.address) == (
            "đang làm",
            401,
            str(HUONG),
        )
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
        assert (pressed.text, pressed.press and pressed.press.occurrence_id, pressed.address) == (
            text,
            about,
            str(HUONG),
        )

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


def test_an_outage_is_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        for fault in ("server_error", "hang_up", "garbage", "conflict"):
            server.fail_next(fault, method="getUpdates")
        server.person_types(HUONG, "xong 1")
        inbox = Inbox()

        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)

        assert inbox.texts == ["xong 1"]
        assert f"Bot Telegram {TOKEN.partition(':')[0]} chưa nhận được tin: chưa kết nối được" in caplog.text

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


def test_a_forgotten_webhook_gives_way_to_the_poll(caplog: pytest.LogCaptureFixture) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.webhook_url = "https://example.vn/telegram"
        server.person_types(HUONG, "xong 1")
        inbox = Inbox()

        async with polling(channel, inbox, backoff=[600]):  # asked again at once
            await inbox.until(lambda: inbox.heard)

        assert server.webhook_url == ""

    play(story)
    assert "đã gỡ webhook cũ" in caplog.text


def test_it_stops_within_two_seconds_while_it_waits_for_words() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        async with polling(channel, Inbox()):
            await server.until(lambda: server.asked)

    play(story)


def test_it_stops_within_two_seconds_while_it_waits_out_an_outage() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("server_error", method="getUpdates")

        async with polling(channel, Inbox(), backoff=[600]):
            await server.until(lambda: "getUpdates" in server.calls)

        assert server.calls.count("getUpdates") == 1

    play(story)


def test_cancelling_the_poll_leaves_nothing_running() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        task = asyncio.create_task(channel.poll(Inbox().store, None, asyncio.Event()))
        await server.until(lambda: server.asked)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        ours = {one for one in asyncio.all_tasks() if "bots/telegram/" in one.get_coro().cr_code.co_filename}  # type: ignore[union-attr]
        assert not ours

    play(story)


# ---- what was said ------------------------------------------------------------------------------------------------


def hearing(*tells: Story) -> list[Inbound]:
    """What a poll hears of the things that these stories let happen, in order."""
    inbox = Inbox()

    async def story(server: TelegramServer, channel: Telegram) -> None:
        for tell in tells:
            await tell(server, channel)
        server.person_types(BINH, "hết")
        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.texts[-1:] == ["hết"])

    play(story)
    return inbox.heard[:-1]


def told(order: str, *arguments: object, **named: object) -> Story:
    """One order to the server."""

    async def tell(server: TelegramServer, _: Telegram) -> None:
        getattr(server, order)(*arguments, **named)

    return tell


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("sticker", "nhãn dán"),
        ("voice", "ghi âm"),
        ("audio", "âm thanh"),
        ("video", "video"),
        ("video_note", "video"),
        ("animation", "ảnh động"),
        ("location", "vị trí"),
        ("contact", "danh bạ"),
        ("dice", "biểu tượng"),
    ],
)
def test_what_cannot_be_taken_is_named(kind: str, word: str) -> None:
    [heard] = hearing(told("person_sends", HUONG, kind))

    assert (heard.text, heard.unreadable, heard.attachments) == ("", word, ())


def test_words_under_what_cannot_be_taken_are_words() -> None:
    [heard] = hearing(told("person_sends", HUONG, "video", "xong 3"))

    assert (heard.text, heard.unreadable) == ("xong 3", None)


def test_a_photo_comes_in_its_largest_size_with_its_caption() -> None:
    bare, spoken = hearing(
        told("person_sends", HUONG, "photo"), told("person_sends", HUONG, "photo", "xong 3", content=b"x" * 5000)
    )

    assert (bare.text, bare.unreadable) == ("", None)
    assert spoken.text == "xong 3"
    assert spoken.attachments == (Attachment(Kind.PHOTO, "file-2", None, "image/jpeg", 5000),)


def test_a_file_comes_with_its_name_and_kind() -> None:
    [heard] = hearing(
        told("person_sends", HUONG, "document", content=b"%PDF", name="BC-12.pdf", mime="application/pdf")
    )

    assert heard.attachments == (Attachment(Kind.FILE, "file-1", "BC-12.pdf", "application/pdf", 4),)


def test_a_forwarded_message_is_nobodys_word() -> None:
    [heard] = hearing(told("person_forwards", HUONG, "xong 3"))

    assert (heard.text, heard.unreadable) == ("", "tin chuyển tiếp")


def test_in_a_private_chat_the_sender_is_the_chat() -> None:
    [heard] = hearing(told("person_types", HUONG, "@nhacviec_bot xong 3"))

    assert (heard.address, heard.sender) == (str(HUONG), None)
    assert heard.text == "@nhacviec_bot xong 3"  # as typed: nobody calls the bot by name there


def test_in_a_group_the_sender_is_the_person_and_the_bots_name_is_left_out() -> None:
    heard = hearing(
        told("person_types", GROUP, "@NhacViec_Bot xong 3", sender=HUONG),
        told("person_types", GROUP, "/viec@nhacviec_bot tuần này", sender=HUONG),
        told("person_types", GROUP, "xong 4", sender=BINH, topic=45),
        told("person_sends", GROUP, "photo", "@nhacviec_bot xong 5", sender=HUONG),
        told("person_types", GROUP, "xong 6 @nhacviec_bot", sender=HUONG),
        told("person_types", GROUP, "xong 7 @another_bot", sender=HUONG),
    )

    assert [(one.address, one.sender, one.text) for one in heard] == [
        (str(GROUP), str(HUONG), "xong 3"),
        (str(GROUP), str(HUONG), "/viec tuần này"),
        (f"{GROUP}/45", str(BINH), "xong 4"),
        (str(GROUP), str(HUONG), "@nhacviec_bot xong 5"),  # no entities in this caption: the words stay
        (str(GROUP), str(HUONG), "xong 6"),
    ]


def test_what_a_group_says_among_itself_is_not_heard() -> None:
    heard = hearing(
        told("person_types", GROUP, "@another_bot xong 3", sender=HUONG),
        told("person_types", GROUP, "/start@another_bot", sender=HUONG),
        told("person_sends", GROUP, "sticker", sender=HUONG),
        told("person_sends", GROUP, "photo", sender=HUONG),
        told("person_forwards", GROUP, "xong 3", sender=HUONG),
        told("happens", "message", joined(GROUP)),
        told("happens", "channel_post", joined(-1009) | {"text": "xong 3"}),
    )

    assert not heard


def joined(chat: int) -> dict[str, object]:
    person = {"id": BINH, "is_bot": False, "first_name": "Bình"}
    return {
        "message_id": 5,
        "date": 1,
        "chat": {"id": chat, "type": "supergroup", "title": "Nhóm"},
        "from": person,
        "new_chat_members": [person],
    }


def test_a_photo_in_answer_to_the_bot_is_heard_in_a_group() -> None:
    async def answers(server: TelegramServer, channel: Telegram) -> None:
        server.opens(GROUP)
        sent = await channel.send(str(GROUP), reminder("Báo cáo A"))
        assert isinstance(sent, Sent)
        server.person_sends(GROUP, "photo", sender=HUONG, reply_to=int(sent.provider_id))

    [heard] = hearing(answers)

    assert (heard.sender, len(heard.attachments)) == (str(HUONG), 1)


def test_a_press_says_whose_button_it_was_and_who_pressed_it() -> None:
    async def presses(server: TelegramServer, channel: Telegram) -> None:
        server.has_topics(GROUP, 45)
        await channel.send(f"{GROUP}/45", reminder("Báo cáo A"))
        server.person_presses(GROUP, "Xong 1", sender=BINH)

    [heard] = hearing(presses)

    assert (heard.text, heard.address, heard.sender) == ("xong", f"{GROUP}/45", str(BINH))
    assert heard.press == Press(401, 5, 31, "101")


def test_a_double_press_is_heard_twice_and_each_spinner_stopped() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder("Báo cáo A"))
        server.person_presses(HUONG, "Xong 1")
        server.person_presses(HUONG, "Xong 1")
        inbox = Inbox()
        async with polling(channel, inbox):
            await server.until(lambda: len(server.answered) == 2)

        assert len({inbound.update_key for inbound in inbox.heard}) == 2

    play(story)


def test_updates_that_come_twice_or_out_of_order_keep_their_keys() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        keys = [str(server.person_types(HUONG, text)) for text in ("xong 1", "xong 2", "việc")]
        server.repeats()
        server.reverses()
        inbox = Inbox()
        async with polling(channel, inbox):
            await server.until(lambda: len(server.asked) == 2)

        assert sorted({inbound.update_key for inbound in inbox.heard}) == keys
        assert inbox.offset == int(keys[-1]) + 1  # nothing is left behind unconfirmed
        assert server.asked[1]["offset"] == str(inbox.offset)

    play(story)


def test_asking_waits_for_no_turn_of_sending() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        channel._lanes.hold(str(HUONG), 15)
        waiting = asyncio.create_task(channel.send(str(HUONG), reminder("Báo cáo A")))
        server.person_types(HUONG, "việc")
        inbox = Inbox()
        async with polling(channel, inbox):
            await inbox.until(lambda: inbox.heard)
        waiting.cancel()

    play(story)


@asynccontextmanager
async def listening(receive: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A web server of ours, as the product's will be; its URL."""
    app = web.Application()
    app.router.add_post("/telegram", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/telegram"
    finally:
        await runner.cleanup()


# ---- webhook ------------------------------------------------------------------------------------------------------


def test_a_webhook_hears_what_a_poll_hears() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await channel.send(str(HUONG), reminder("Báo cáo A"))
        server.person_types(HUONG, "xong 3")
        server.person_presses(HUONG, "Xong 1")
        server.person_sends(HUONG, "document")
        bodies = [json.dumps(update).encode() for update in server._updates]
        inbox = Inbox()
        async with polling(channel, inbox):
            await server.until(lambda: server.answered)

        by_webhook = [one for body in bodies for one in channel.heard(body)]
        assert [replace(one, raw="") for one in by_webhook] == [replace(one, raw="") for one in inbox.heard]

    play(story)


def test_updates_arrive_with_the_secret_until_they_are_taken_and_a_spinner_stops() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        heard: list[Inbound] = []
        secrets: list[str | None] = []
        refusals = [503]

        async def receive(request: web.Request) -> web.Response:
            secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
            if refusals:
                return web.Response(status=refusals.pop())
            inbounds = channel.heard(await request.read())
            heard.extend(inbounds)
            await channel.acknowledge(inbounds)
            return web.Response()

        async with listening(receive) as url:
            await channel.send(str(HUONG), reminder("Báo cáo A"))
            await channel.set_webhook(url, "bi-mat_1")
            server.person_presses(HUONG, "Đang làm 1")
            server.person_types(HUONG, "việc")
            await server.until(lambda: server.answered and not server._updates)
            info = await channel.webhook_info()

        assert [one.text for one in heard] == ["đang làm", "việc"]
        assert secrets == ["bi-mat_1"] * 3
        assert (info.url, info.waiting) == (url, 0)
        assert "503" in (info.last_error or "")
        assert server._allowed == ["message", "callback_query"]
        await channel.delete_webhook()
        assert await channel.webhook_info() == Webhook("", 0)

    play(story)


def test_an_acknowledgement_that_fails_is_quiet() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        query = {"id": "1", "from": {"id": HUONG, "is_bot": False, "first_name": "H"}, "chat_instance": "1"}
        body = json.dumps({"update_id": 5, "callback_query": query | {"data": "xong|12"}}).encode()
        await channel.acknowledge(channel.heard(body))  # too old
        server.fail_next("hang_up", method="answerCallbackQuery")
        await channel.acknowledge(channel.heard(body))

        assert server.calls == ["answerCallbackQuery"] * 2

    play(story)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"update_id": "7"}', b'{"update_id": true}', b"\xff\xfe", b"[" * 100_000, b"xong 3"],
)
def test_what_is_no_update_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Telegram(TOKEN).heard(body)


@pytest.mark.parametrize(
    "content",
    [{}, {"message": {"of": "a shape nobody knows"}}, {"message": None}, {"my_chat_member": {}}, {"tin": "mới"}],
)
def test_an_update_that_says_nothing_to_us_is_taken_in_silence(content: dict[str, object]) -> None:
    assert Telegram(TOKEN).heard(json.dumps({"update_id": 7} | content).encode()) == []


# ---- for the operator ---------------------------------------------------------------------------------------------


def test_the_bot_knows_itself() -> None:
    async def story(_: TelegramServer, channel: Telegram) -> None:
        assert await channel.whoami() == Account(str(BOT_ID), "nhacviec_bot", "Nhắc Việc", True, False)

    play(story)


def test_what_telegram_refuses_an_operator_is_said_in_vietnamese() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        with pytest.raises(TelegramTrouble, match="https url must be provided"):
            await channel.set_webhook("http://nhacviec.xa.vn/telegram", "bi-mat")
        server.fail_next("flood", method="getWebhookInfo", retry_after=7)
        with pytest.raises(TelegramTrouble, match="chờ 7 giây"):
            await channel.webhook_info()
        async with Telegram(f"{BOT_ID}:AAanotherSecretOfTheSameShape0123456", server.base_url) as wrong:
            with pytest.raises(TelegramTrouble, match="NHACVIEC_TELEGRAM_TOKEN"):
                await wrong.whoami()

    play(story)

"""The local Telegram under clients that none of us wrote: python-telegram-bot as it comes, and Apprise's ``tgram://``.

What they can be made to do against it, they do here: getMe, getChat, getUpdates with an offset, sendMessage with HTML,
buttons and a topic, editMessageText, editMessageReplyMarkup, answerCallbackQuery, setWebhook, getWebhookInfo,
deleteWebhook, getFile and the download; and they see each refusal as they would see Telegram's: 400, 401, 403, 404,
409, 429, 502, a moved group, an answer that never comes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import apprise
import pytest
from apprise.plugins.telegram import NotifyTelegram
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters
from telegram.request import HTTPXRequest

from bots.telegram import hide_tokens
from tests.servers.telegram_server import BOT_ID, TOKEN, InThread, Limits, TelegramServer

HUONG, GROUP = 7001, -1001234
Story = Callable[[TelegramServer, Bot], Awaitable[None]]
DONE = InlineKeyboardMarkup([[InlineKeyboardButton("Xong 3", callback_data="xong|417|5|31")]])


# Of Markdown, which Apprise brings along.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture(autouse=True)
def _times_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's coming behaviour; the present one warns."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


def with_ptb(story: Story, limits: Limits | None = None) -> None:
    """The library's own bot, over its own HTTP."""

    async def told() -> None:
        hide_tokens()
        async with TelegramServer(limits=limits) as server:
            server.opens(HUONG)
            files = server.base_url.replace("/bot", "/file/bot")
            request = HTTPXRequest(16)
            async with asyncio.timeout(10), Bot(TOKEN, server.base_url, files, request) as bot:
                await story(server, bot)

    asyncio.run(told())


# ---- python-telegram-bot ------------------------------------------------------------------------------------------


def test_ptb_knows_the_bot_and_its_chats() -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        assert (bot.id, bot.username, bot.can_join_groups) == (BOT_ID, "nhacviec_bot", True)
        server.has_topics(GROUP, 45)
        assert (await bot.get_chat(HUONG)).type == "private"
        group = await bot.get_chat(GROUP)
        assert (group.type, group.is_forum) == ("supergroup", True)

    with_ptb(story)


def test_ptb_sends_edits_and_answers_a_press() -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        sent = await bot.send_message(
            HUONG,
            "Kính gửi <b>đồng chí</b> &lt;Hường&gt;",
            "HTML",
            reply_markup=DONE,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        [shown] = server.inbox(HUONG)
        assert (sent.text, shown.text, shown.link_preview) == (shown.text, "Kính gửi đồng chí <Hường>", False)

        server.person_presses(HUONG, "Xong 3")
        [update] = await bot.get_updates(timeout=1)
        query = update.callback_query
        assert query
        assert query.data == "xong|417|5|31"
        assert query.message
        assert query.message.message_id == sent.message_id
        assert await query.answer("Đã ghi nhận")
        await query.edit_message_text("Đã xong")
        assert (shown.text, shown.buttons, shown.edits) == ("Đã xong", [], 1)
        await query.edit_message_reply_markup(DONE)
        assert shown.buttons == [["Xong 3"]]

    with_ptb(story)


def test_ptb_sends_into_a_topic_and_reads_what_a_group_says() -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        server.has_topics(GROUP, 45)
        sent = await bot.send_message(GROUP, "Nhắc việc", message_thread_id=45)
        assert (sent.is_topic_message, sent.message_thread_id) == (True, 45)

        server.person_types(GROUP, "/viec@nhacviec_bot tuần", sender=HUONG, topic=45, reply_to=sent.message_id)
        [update] = await bot.get_updates(timeout=1)
        message = update.message
        assert message
        assert message.from_user
        assert message.reply_to_message
        assert (message.from_user.id, message.reply_to_message.message_id) == (HUONG, sent.message_id)
        assert list(message.parse_entities().values()) == ["/viec@nhacviec_bot"]

    with_ptb(story)


def test_ptb_confirms_with_an_offset() -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        server.person_types(HUONG, "xong 1")
        last = server.person_types(HUONG, "xong 2")

        assert [update.update_id for update in await bot.get_updates(limit=1)] == [last - 1]
        assert [update.update_id for update in await bot.get_updates(offset=last)] == [last]
        assert await bot.get_updates(offset=last + 1) == ()
        assert await bot.get_updates() == ()

    with_ptb(story)


@pytest.mark.parametrize("kind", ["photo", "document"])
def test_ptb_downloads_what_a_person_sent(kind: str) -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        server.person_sends(HUONG, kind, "xong 3", content=b"%PDF" * 50_000)
        [update] = await bot.get_updates()
        message = update.message
        assert message
        assert message.caption == "xong 3"
        found = message.photo[-1] if kind == "photo" else message.document
        assert found
        file = await found.get_file()
        assert bytes(await file.download_as_bytearray()) == b"%PDF" * 50_000

    with_ptb(story)


@pytest.mark.parametrize(
    "kind", ["sticker", "voice", "audio", "video", "video_note", "animation", "location", "contact"]
)
def test_ptb_reads_whatever_else_a_person_sends(kind: str) -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        server.person_sends(HUONG, kind)
        [update] = await bot.get_updates()
        assert update.message
        assert update.message.effective_attachment is not None

    with_ptb(story)


def test_ptb_reads_what_a_person_passes_on() -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        server.person_forwards(HUONG, "xong 3")
        [update] = await bot.get_updates()
        assert update.message
        assert update.message.forward_origin

    with_ptb(story)


def test_ptb_sets_a_webhook_and_takes_it_away() -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        assert await bot.set_webhook("https://xa.vn:8443/telegram", secret_token="bi-mat", allowed_updates=["message"])
        info = await bot.get_webhook_info()
        assert (info.url, info.pending_update_count) == ("https://xa.vn:8443/telegram", 0)
        assert info.allowed_updates == ("message",)
        with pytest.raises(Conflict, match="webhook"):
            await bot.get_updates()
        for url, secret in (("http://xa.vn", ""), ("https://xa.vn:9000", ""), ("https://xa.vn", "bí mật")):
            with pytest.raises(BadRequest):
                await bot.set_webhook(url, secret_token=secret)
        assert await bot.delete_webhook(drop_pending_updates=True)
        assert (await bot.get_webhook_info()).url == ""

    with_ptb(story)


Arrange = Callable[[TelegramServer], None]
Ask = Callable[[Bot], Awaitable[Any]]


def nothing(_: TelegramServer) -> None:
    """As it is."""


def fault(kind: str, **options: Any) -> Arrange:
    """The next message meets this."""
    return lambda server: server.fail_next(kind, **options)


def to(chat: int, text: str = "x", **how: Any) -> Ask:
    """Send it."""
    return lambda bot: bot.send_message(chat, text, **how)


REFUSALS: list[tuple[str, Arrange, Ask, type[TelegramError], str]] = [
    ("nobody", nothing, to(404), BadRequest, "Chat not found"),
    ("no words", nothing, to(HUONG, " "), BadRequest, "text is empty"),
    ("too long", nothing, to(HUONG, "📌" * 2049), BadRequest, "too long"),
    ("bad tag", nothing, to(HUONG, "<p>x</p>", parse_mode="HTML"), BadRequest, "unsupported start tag"),
    ("open tag", nothing, to(HUONG, "<b>x", parse_mode="HTML"), BadRequest, "end tag"),
    ("no topic", nothing, to(HUONG, message_thread_id=5), BadRequest, "thread not found"),
    ("no message", nothing, lambda bot: bot.edit_message_text("x", HUONG, 5), BadRequest, "edit not found"),
    ("no press", nothing, lambda bot: bot.answer_callback_query("5"), BadRequest, "too old"),
    ("no file", nothing, lambda bot: bot.get_file("none"), BadRequest, "file_id"),
    ("no method", nothing, lambda bot: bot.send_dice(HUONG), InvalidToken, "Not Found"),
    ("blocked", lambda server: server.blocks(HUONG), to(HUONG), Forbidden, "blocked by the user"),
    ("kicked", lambda server: server.blocks(GROUP), to(GROUP), Forbidden, "kicked"),
    ("moved", lambda server: server.migrates(-5, GROUP), to(-5), ChatMigrated, str(GROUP)),
    ("too fast", fault("flood", retry_after=7), to(HUONG), RetryAfter, "7"),
    ("in trouble", fault("server_error"), to(HUONG), NetworkError, "Bad Gateway"),
    ("late", fault("lost_answer"), to(HUONG, read_timeout=0.2), TimedOut, "Timed out"),
    ("hung up", fault("hang_up"), to(HUONG), NetworkError, "RemoteProtocolError"),
]


@pytest.mark.parametrize(
    ("arrange", "ask", "error", "says"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_ptb_sees_each_refusal_as_telegrams(arrange: Arrange, ask: Ask, error: type[TelegramError], says: str) -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        arrange(server)
        with pytest.raises(error, match=says):
            await ask(bot)

    with_ptb(story)


def test_ptb_is_told_of_a_wrong_token() -> None:
    async def told() -> None:
        async with TelegramServer() as server, HTTPXRequest() as request:
            with pytest.raises(InvalidToken):
                await Bot(f"{BOT_ID}:AAanotherSecretOfTheSameShape0123456", server.base_url, request=request).get_me()

    asyncio.run(told())


def test_ptb_meets_the_limits() -> None:
    async def story(server: TelegramServer, bot: Bot) -> None:
        people = range(8001, 8011)
        for person in people:
            server.opens(person)
        outcomes = await asyncio.gather(*(bot.send_message(person, "x") for person in people), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, RetryAfter)]
        assert 1 <= len(refused) <= 7  # ten at once, three a second
        assert {error.retry_after for error in refused} == {dt.timedelta(seconds=1)}

    with_ptb(story, Limits(per_second=3))


def test_ptb_runs_a_whole_bot_on_it() -> None:
    """Its Application with its Updater: the two programs that this product does without."""

    async def story(server: TelegramServer, _: Bot) -> None:
        async def said(update: Any, context: ContextTypes.DEFAULT_TYPE) -> None:
            await update.effective_message.reply_text(f"Đã nghe: {update.message.text}", reply_markup=DONE)

        async def pressed(update: Any, context: ContextTypes.DEFAULT_TYPE) -> None:
            await update.callback_query.answer()
            await update.callback_query.edit_message_text("Đã xong", reply_markup=None)

        app = Application.builder().token(TOKEN).base_url(server.base_url).build()
        app.add_handler(MessageHandler(filters.TEXT, said))
        app.add_handler(CallbackQueryHandler(pressed))
        async with app:
            assert app.updater
            await app.updater.start_polling(timeout=dt.timedelta(seconds=1))
            await app.start()
            server.person_types(HUONG, "việc")
            await server.until(lambda: server.inbox(HUONG))
            server.person_presses(HUONG, "Xong 3")
            await server.until(lambda: server.inbox(HUONG)[0].edits)
            await app.updater.stop()
            await app.stop()
        assert server.answered

    with_ptb(story)


# ---- Apprise ------------------------------------------------------------------------------------------------------


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server, and Apprise sent to it: its host can only be set on the class."""
    with InThread() as play:
        play.call(lambda server: server.opens(HUONG))
        monkeypatch.setattr(NotifyTelegram, "notify_url", play.base_url)
        monkeypatch.setattr(NotifyTelegram, "request_rate_per_sec", 0)
        hide_tokens()
        yield play


def notify(url: str, body: str, **how: Any) -> bool:
    """Through Apprise itself, which converts and cuts; only its hundred other services are not loaded."""
    target = apprise.Apprise()
    service = NotifyTelegram(**NotifyTelegram.parse_url(url))  # type: ignore[no-untyped-call]
    assert target.add(service)
    return bool(target.notify(body=body, **how))


def test_apprise_sends_a_message(telegram: InThread) -> None:
    assert notify(f"tgram://{TOKEN}/{HUONG}/?image=no", "Số liệu < 5 & > 3", title="Nhắc việc", body_format="text")

    [shown] = telegram.call(lambda server: server.inbox(HUONG))
    assert "Nhắc việc" in shown.text
    assert "Số liệu < 5 & > 3" in shown.text
    assert shown.parse_mode == "HTML"


def test_apprise_sends_marked_up_words(telegram: InThread) -> None:
    body = "<b>Báo cáo</b> <i>tháng 3</i><br/><a href='https://xa.vn'>sổ</a>"
    assert notify(f"tgram://{TOKEN}/{HUONG}/?image=no&format=html", body, body_format="html")

    [shown] = telegram.call(lambda server: server.inbox(HUONG))
    assert shown.text.split() == ["Báo", "cáo", "tháng", "3", "sổ"]


def test_apprise_cuts_what_is_too_long_and_all_of_it_arrives(telegram: InThread) -> None:
    words = [f"việc-{n}" for n in range(1500)]
    assert notify(f"tgram://{TOKEN}/{HUONG}/?image=no&overflow=split", " ".join(words))

    shown = telegram.call(lambda server: server.inbox(HUONG))
    assert len(shown) > 1
    assert " ".join(part.text for part in shown).split() == words


def test_apprise_finds_out_whom_it_serves(telegram: InThread) -> None:
    telegram.call(lambda server: server.person_types(HUONG, "/start"))
    assert notify(f"tgram://{TOKEN}/?image=no", "Chào đồng chí")

    assert len(telegram.call(lambda server: server.inbox(HUONG))) == 1


def test_apprise_sends_into_a_topic(telegram: InThread) -> None:
    telegram.call(lambda server: server.has_topics(GROUP, 45))
    assert notify(f"tgram://{TOKEN}/{GROUP}:45/?image=no", "Nhắc việc")

    assert [shown.topic for shown in telegram.call(lambda server: server.inbox(GROUP))] == [45]


@pytest.mark.parametrize("trouble", ["blocked", "flood", "server_error", "nobody", "bad token"])
def test_apprise_reports_what_was_refused(telegram: InThread, trouble: str) -> None:
    token, chat = TOKEN, HUONG
    if trouble == "blocked":
        telegram.call(lambda server: server.blocks(HUONG))
    elif trouble == "nobody":
        chat = 404
    elif trouble == "bad token":
        token = f"{BOT_ID}:AAanotherSecretOfTheSameShape012345"
    else:
        telegram.call(lambda server: server.fail_next(trouble))

    assert not notify(f"tgram://{token}/{chat}/?image=no", "x")
    assert not telegram.call(lambda server: server.inbox(HUONG))

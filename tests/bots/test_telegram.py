"""What is particular to sending over Telegram: real HTTP against the server in ``tests/servers``."""

from __future__ import annotations

import asyncio
import json

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError, TimedOut

from bots.telegram import Telegram, Timeouts, keyboard, outcome_of, split
from bots.telegram.keyboard import pressed
from bots.telegram.transport import BrokenOff, NeverLeft
from bots.wording import Button, Rendered, render
from engine.errors import BadSetting
from engine.messages import (
    Answer,
    Channel,
    Edit,
    Fetching,
    Listening,
    Outcome,
    Press,
    Refused,
    Retry,
    Said,
    Sent,
    Unknown,
)
from tests.bots.telegram_story import GROUP, HUONG, NOTE, SECRET, closed_port, play, reminder, work_list
from tests.servers.telegram_server import BOT_ID, TOKEN, InThread, TelegramServer


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


# ---- send: what arrives -------------------------------------------------------------------------------------------


def test_it_is_known_by_its_number_never_by_its_secret() -> None:
    channel = Telegram(TOKEN)

    assert channel.bot == str(BOT_ID)
    assert SECRET not in repr(channel)


def test_it_is_all_that_a_channel_can_be() -> None:
    channel = Telegram(TOKEN)
    sends: Channel = channel
    hears: Listening = channel
    fetches: Fetching = channel

    assert channel.edits
    assert [sends, hears, fetches] == [channel] * 3


@pytest.mark.parametrize("token", ["", "nonsense", "bot123:abc", ":abc", "123:"])
def test_a_malformed_token_stops_the_program_without_showing_it(token: str) -> None:
    with pytest.raises(BadSetting) as stopped:
        Telegram(token)

    assert "NHACVIEC_TELEGRAM_TOKEN" in str(stopped.value)
    assert not token or token not in str(stopped.value)


@pytest.mark.parametrize("ending", ["", "/", "/bot", "/bot/"])
def test_the_address_of_another_server_may_end_with_bot_or_without(ending: str) -> None:
    async def story(server: TelegramServer, _: Telegram) -> None:
        async with Telegram(TOKEN, server.base_url.removesuffix("/bot") + ending) as channel:
            await channel.send(str(HUONG), reminder("Báo cáo A"))

        assert len(server.inbox(HUONG)) == 1

    play(story)


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
        assert shown.keyboard[1][1]["callback_data"] == "đang làm|402|5|31"

    play(story)


def test_a_button_that_does_not_fit_is_left_out() -> None:
    fits = Button("Vừa", "x" * 55, 123, 4, 31)  # 64 bytes
    too_long = Button("Dài", "x" + "đ" * 28, 12, 4, 31)  # 37 letters and signs, 65 bytes

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
        assert outcome == Sent(str(parts[-1].message_id), render(message).text, parts=4)

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


@pytest.mark.parametrize("address", ["999", "nobody", ""])
def test_an_unknown_address_is_refused(address: str) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        outcome = await channel.send(address, NOTE)

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

        outcome = await channel.send(str(HUONG), NOTE)

        assert outcome == Retry("Telegram không nhận nội dung tin", 3600)
        assert server.calls == ["sendMessage", "sendMessage"]

    play(story)


def test_a_wrong_token_is_nobodys_refusal() -> None:
    async def story(server: TelegramServer, _: Telegram) -> None:
        async with Telegram(f"{BOT_ID}:AAanotherSecretOfTheSameShape0123456", server.base_url) as channel:
            outcome = await channel.send(str(HUONG), NOTE)

        assert outcome == Retry("Telegram không nhận token của bot", 3600)

    play(story)


def test_a_group_that_moved_gets_the_message_at_its_new_address() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.migrates(-5, GROUP)

        outcome = await channel.send("-5", work_list(60))  # in parts: the second goes there at once

        assert isinstance(outcome, Sent)
        assert (outcome.moved_to, outcome.parts) == (str(GROUP), len(server.inbox(GROUP)))
        assert server.calls == ["sendMessage"] * (1 + outcome.parts)

    play(story)


def test_a_message_stands_in_its_groups_topic() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.has_topics(GROUP, 45)

        outcome = await channel.send(f"{GROUP}/45", NOTE)
        nowhere = await channel.send(f"{GROUP}/46", NOTE)
        general = await channel.send(str(GROUP), NOTE)

        assert isinstance(outcome, Sent)
        assert isinstance(general, Sent)
        assert [received.topic for received in server.inbox(GROUP)] == [45, None]
        assert nowhere == Refused("chủ đề này của nhóm không còn hoặc đã đóng")

    play(story)


def test_a_group_that_threw_the_bot_out_is_refused() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.blocks(GROUP)

        assert await channel.send(str(GROUP), NOTE) == Refused("bot đã bị đưa ra khỏi nhóm")

    play(story)


@pytest.mark.parametrize("fault", ["lost_answer", "hang_up", "garbage"])
def test_an_answer_that_never_came_leaves_it_unknown(fault: str) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next(fault)

        outcome = await channel.send(str(HUONG), NOTE)

        assert isinstance(outcome, Unknown)
        assert len(server.inbox(HUONG)) == 1  # this time it had arrived

    play(story, Timeouts(read=0.2))


def test_a_refused_connection_may_be_tried_again() -> None:
    async def told() -> Outcome:
        async with Telegram(TOKEN, f"http://127.0.0.1:{closed_port()}/bot") as channel:
            return await channel.send(str(HUONG), NOTE)

    assert asyncio.run(told()) == Retry("chưa kết nối được tới Telegram", 30)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, Retry) for status in (302, 403, 404, 413, 451, 503)),  # turned away: it reached no bot
        *((status, Unknown) for status in (408, 500, 502, 504, 520, 522, 524)),  # what stands behind may have obeyed
    ],
)
def test_a_page_of_somebody_in_between_is_tried_again_unless_it_lost_sight_of_the_message(
    status: int, kind: type[Retry | Unknown]
) -> None:
    """Never a word about the person, whose chat stays open. 502 was tried again once, and told an officer twice."""

    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("server_error", status=status)

        assert isinstance(await channel.send(str(HUONG), NOTE), kind)

    play(story)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (500, {"ok": False, "error_code": 500, "description": "Internal Server Error"}, Retry),
        (502, {"ok": False, "error_code": 502, "description": "Bad Gateway"}, Retry),
        (504, {"ok": False, "error_code": 504, "description": "Gateway Timeout"}, Unknown),
        (200, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}, Refused),
        (200, {"ok": False, "error_code": 500, "description": "Internal Server Error"}, Retry),
        (200, {"ok": False}, Retry),
        (200, {"ok": True}, Unknown),
        (200, {"ok": True, "result": None}, Unknown),
        (200, {"message": "welcome"}, Unknown),
        (502, {"message": "An invalid response was received from the upstream server"}, Unknown),
    ],
)
def test_telegrams_own_word_is_taken_whatever_status_it_comes_with(
    status: int, answer: dict[str, object], kind: type[Outcome]
) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("server_error", status=status, text=json.dumps(answer))

        assert isinstance(await channel.send(str(HUONG), NOTE), kind)

    play(story)


def test_half_a_message_is_not_sent_a_second_time() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("flood", after=1, retry_after=60)

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
        (
            caused(InvalidToken("Not Found (404). Parsing …"), TelegramError("")),
            Retry("máy chủ Telegram đang trục trặc", 30),
        ),
        (NeverLeft("not connected"), Retry("chưa kết nối được tới Telegram", 30)),
        (BrokenOff("broken off"), Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")),
        (TimedOut(), Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")),
        (
            NetworkError("Gateway Timeout"),
            Unknown("Telegram hết thời gian chờ, chưa rõ tin đã tới hay chưa"),
        ),
        (BadRequest("Bad Request: TOPIC_CLOSED"), Refused("chủ đề này của nhóm không còn hoặc đã đóng")),
        (
            Forbidden("Forbidden: bot is not a member of the supergroup chat"),
            Refused("bot không còn trong nhóm"),
        ),
        (NetworkError("Bad Gateway"), Retry("máy chủ Telegram đang trục trặc", 30)),
        (KeyError("message_id"), Unknown("lỗi lạ khi gửi (KeyError)")),
    ],
    ids=repr,
)
def test_what_an_error_says_about_the_message(error: Exception, outcome: Outcome) -> None:
    assert outcome_of(error) == outcome


# ---- buttons ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "command", "press"),
    [
        ("xong|12|4|31", "xong", Press(12, 4, 31, "7")),
        ("xong|12|0|", "xong", Press(12, 0, None, "7")),  # shown to whoever it was
        ("đang làm|12", "đang làm", Press(12, None, None, "7")),  # sent before versions existed
        ("xong|12|4", "xong|12", Press(4, None, None, "7")),  # nobody ever sent this
        ("xong|ba|4|31", "xong|ba|4", Press(31, None, None, "7")),
        ("xong|" + "9" * 30, "xong|" + "9" * 30, None),
        ("xong", "xong", None),
        ("", "", None),
    ],
)
def test_a_buttons_data_says_whose_it_is_and_for_which_state(data: str, command: str, press: Press | None) -> None:
    assert pressed(data, "7") == (command, press)


def test_what_a_button_carries_is_what_its_press_says() -> None:
    laid_out = keyboard([[Button("Xong 3", "xong", 417, 6, 31)]])

    assert laid_out is not None
    assert pressed(str(laid_out.inline_keyboard[0][0].callback_data), None) == ("xong", Press(417, 6, 31))


# ---- edits --------------------------------------------------------------------------------------------------------


def test_a_message_shows_what_has_become_of_its_work() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        sent = await channel.send(str(HUONG), reminder("Báo cáo A", "Báo cáo B"))
        assert isinstance(sent, Sent)

        settled = Edit(sent.provider_id, reminder("Báo cáo A", "Báo cáo B", now="đã xong lúc 8 giờ 15"))
        edited = await channel.send(str(HUONG), settled)

        [shown] = server.inbox(HUONG)
        assert edited == Sent(sent.provider_id, render(settled.message).text)
        assert shown.text == render(settled.message).text
        assert shown.buttons == [["Xong 2", "Đang làm 2"]]
        assert (shown.edits, shown.parse_mode, shown.link_preview) == (1, "HTML", False)

    play(story, strict=True)


def test_an_edit_that_changes_nothing_or_finds_nothing_is_no_refusal() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        message = reminder("Báo cáo A")
        sent = await channel.send(str(HUONG), message)
        assert isinstance(sent, Sent)
        server.person_types(HUONG, "việc")  # message 102, which no bot may edit
        unchanged = await channel.send(str(HUONG), Edit(sent.provider_id, message))
        server.deletes(HUONG, int(sent.provider_id))
        gone = await channel.send(str(HUONG), Edit(sent.provider_id, message))
        hers = await channel.send(str(HUONG), Edit("102", message))
        of_another_channel = await channel.send(str(HUONG), Edit("zalo-5f", message))

        assert unchanged == gone == sent
        assert (hers, of_another_channel) == (Sent("102", sent.text), Sent("zalo-5f", sent.text))
        assert server.calls == ["sendMessage"] + ["editMessageText"] * 3

    play(story)


def test_an_edit_in_a_chat_that_blocked_the_bot_is_a_refusal() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        sent = await channel.send(str(HUONG), reminder("Báo cáo A"))
        assert isinstance(sent, Sent)
        server.blocks(HUONG)

        edited = await channel.send(str(HUONG), Edit(sent.provider_id, reminder("Báo cáo A", now="đã xong")))

        assert edited == Refused("người nhận đã chặn bot")

    play(story)


@pytest.mark.parametrize("fault", ["hang_up", "server_error", "lost_answer"])
def test_an_edit_of_unknown_fate_may_be_repeated(fault: str) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        sent = await channel.send(str(HUONG), reminder("Báo cáo A"))
        assert isinstance(sent, Sent)
        server.fail_next(fault, method="editMessageText")
        settled = Edit(sent.provider_id, reminder("Báo cáo A", now="đã xong"))

        assert isinstance(await channel.send(str(HUONG), settled), Retry)
        assert isinstance(await channel.send(str(HUONG), settled), Sent)

    play(story, Timeouts(read=0.2))


def test_of_a_message_in_parts_only_the_buttons_change() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        titles = [f"Báo cáo số {n} " + "rất dài " * 30 for n in range(1, 25)]
        sent = await channel.send(str(HUONG), reminder(*titles))
        assert isinstance(sent, Sent)
        before = [received.text for received in server.inbox(HUONG)]

        edited = await channel.send(str(HUONG), Edit(sent.provider_id, reminder(*titles, now="đã xong")))

        last = server.inbox(HUONG)[-1]
        assert isinstance(edited, Sent)
        assert str(last.message_id) == sent.provider_id
        assert last.buttons[0] == ["Xong 2", "Đang làm 2"]
        assert [received.text for received in server.inbox(HUONG)] == before

    play(story)


def test_an_edit_after_the_group_moved_tells_the_new_address() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.migrates(-5, GROUP)
        message = reminder("Báo cáo A", now="đã xong")

        edited = await channel.send("-5", Edit("120", message))

        assert edited == Sent("120", render(message).text, moved_to=str(GROUP))
        assert not server.inbox(GROUP)

    play(story)


# ---- the server itself, from another thread -----------------------------------------------------------------------


def test_the_server_can_be_played_from_another_thread() -> None:
    async def send(base_url: str) -> Outcome:
        async with Telegram(TOKEN, base_url) as channel:
            return await channel.send(str(HUONG), NOTE)

    with InThread() as play_on:
        play_on.call(lambda server: server.opens(HUONG))
        outcome = asyncio.run(send(play_on.base_url))
        play_on.until(lambda server: server.inbox(HUONG))

    assert isinstance(outcome, Sent)

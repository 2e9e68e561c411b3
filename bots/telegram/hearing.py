"""What people did, from Telegram's updates (https://core.telegram.org/bots/api#update).

Messages and presses only. An edited message is not asked for and not heard: what was acted upon stays, and "xong 3"
turned into "xong 4" afterwards would close a second duty without undoing the first. Nor are changes of membership: a
person who blocked the bot is learned of by the next send.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from telegram import CallbackQuery, Message, MessageEntity, Update
from telegram.constants import ChatType

from bots.telegram.keyboard import pressed
from engine.messages import Attachment, Inbound, Kind, Press

LOG = logging.getLogger(__name__)

ASKED_FOR = [Update.MESSAGE, Update.CALLBACK_QUERY]
PASSED_OVER = "Bỏ qua cập nhật Telegram %s: không đọc được (%s)"
FORWARDED = "tin chuyển tiếp"
# What is neither words nor a paper, as the answer names it.
UNREADABLE = {
    "sticker": "nhãn dán",
    "voice": "ghi âm",
    "audio": "âm thanh",
    "video": "video",
    "video_note": "video",
    "animation": "ảnh động",
    "location": "vị trí",
    "venue": "vị trí",
    "contact": "danh bạ",
    "poll": "bình chọn",
    "dice": "biểu tượng",
    "story": "tin",
    "game": "trò chơi",
}


class Ears:
    """Turns one bot's updates into what the engine hears.

    ``username``: the bot's own, once it is known; in groups it tells whether "@… xong 3" is meant for this bot.
    """

    def __init__(self, channel: str, bot: str) -> None:
        self._channel, self.bot = channel, bot
        self.username: str | None = None

    def heard(self, updates: Sequence[Update]) -> list[Inbound]:
        """What was said to the bot, in order; other updates are passed over."""
        heard = []
        for update in updates:
            try:
                inbound = self._heard(update)
            except Exception as error:  # a field of another kind than the library believes: the others are heard
                LOG.error(PASSED_OVER, update.update_id, type(error).__name__)
                continue
            if inbound:
                heard.append(inbound)
        return heard

    def heard_by_webhook(self, body: bytes) -> list[Inbound]:
        """The same, from the body of one webhook request (api#setwebhook: one update as JSON).

        :raises ValueError: the body is not an update.
        """
        try:
            given = json.loads(body)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if not isinstance(given, dict) or type(given.get("update_id")) is not int:
            raise ValueError("not an update of the Telegram Bot API")
        update = read_update(given)
        return self.heard([update]) if update else []

    def _heard(self, update: Update) -> Inbound | None:
        if update.callback_query:
            return self._of_press(update, update.callback_query)
        message = update.message
        if not message or not self._is_for_us(message):
            return None
        text, attachments, unreadable = self._said(message)
        if not (text or attachments or unreadable):
            return None  # a service message: somebody joined, a title changed
        address, sender = address_of(message), message.from_user
        return self._inbound(
            update,
            address,
            str(sender.id) if sender else None,
            text,
            attachments=attachments,
            unreadable=unreadable,
        )

    def _of_press(self, update: Update, query: CallbackQuery) -> Inbound:
        # Without its message (too old, or inline) a press still comes from a person, whose chat has the same id.
        message, sender = query.message, str(query.from_user.id)
        if message is None:
            address = sender
        elif isinstance(message, Message):
            address = address_of(message)
        else:
            address = str(message.chat.id)
        text, press = pressed(query.data or "", str(message.message_id) if message else None)
        return self._inbound(update, address, sender, text, press)

    def _inbound(
        self,
        update: Update,
        address: str,
        sender: str | None,
        text: str,
        press: Press | None = None,
        attachments: tuple[Attachment, ...] = (),
        unreadable: str | None = None,
    ) -> Inbound:
        return Inbound(
            channel=self._channel,
            bot=self.bot,
            update_key=str(update.update_id),
            address=address,
            text=text,
            press=press,
            sender=None if sender == address else sender,
            attachments=attachments,
            unreadable=unreadable,
            raw=update.to_json(),
        )

    # ---- words ----------------------------------------------------------------------------------------------------

    def _said(self, message: Message) -> tuple[str, tuple[Attachment, ...], str | None]:
        """Words, papers, and what is neither. A caption is words, whatever it stands under."""
        if message.forward_origin:  # somebody else's words: a forwarded "xong 3" closes nothing
            return "", (), FORWARDED
        attachments = _attachments(message)
        text = self._without_mention(message.text or message.caption or "", message)
        if text or attachments:
            return text, attachments, None
        return "", (), next((word for kind, word in UNREADABLE.items() if getattr(message, kind, None)), None)

    def _is_for_us(self, message: Message) -> bool:
        """In a group: words, unless they name another bot, and what answers one of our messages.

        How much of a group's talk arrives is BotFather's privacy mode.
        """
        if message.chat.type not in (ChatType.GROUP, ChatType.SUPERGROUP):
            return message.chat.type == ChatType.PRIVATE
        answered = message.reply_to_message
        if answered and answered.from_user and str(answered.from_user.id) == self.bot:
            return True
        if message.forward_origin or not (message.text or message.caption):
            return False
        named = _named(message)
        return named is None or self.username is None or named.lower() == self.username.lower()

    def _without_mention(self, text: str, message: Message) -> str:
        """In a group: "@nhacviec_bot xong 3" and "/viec@nhacviec_bot" without the bot's name."""
        named = _named(message)
        return text.replace(f"@{named}", "", 1).strip() if named else text


def address_of(message: Message) -> str:
    """The chat, with the topic of a group that has topics: "-1001234/45" (api#message, message_thread_id)."""
    chat = str(message.chat.id)
    return f"{chat}/{message.message_thread_id}" if message.is_topic_message and message.message_thread_id else chat


def read_update(given: dict[str, Any]) -> Update | None:
    """The library's object; None, with a line in the log, for an update that it cannot read."""
    try:
        return Update.de_json(given)
    except Exception as error:
        LOG.error(PASSED_OVER, given["update_id"], type(error).__name__)
        return None


def presses_in(inbounds: Sequence[Inbound]) -> Iterator[str]:
    """The ids of the callback queries whose buttons still show a spinner."""
    for inbound in inbounds:
        if '"callback_query"' in inbound.raw:
            query = json.loads(inbound.raw).get("callback_query")
            if query:
                yield str(query["id"])


def _named(message: Message) -> str | None:
    """The bot that a group message begins or ends with: "@nhacviec_bot xong 3", "/viec@nhacviec_bot", "xong 3 @…"."""
    if message.chat.type == ChatType.PRIVATE:
        return None
    entities = message.parse_entities() if message.text else message.parse_caption_entities()
    said = (message.text or message.caption or "").rstrip()
    for entity, words in entities.items():
        _, at, name = words.partition("@")
        at_an_end = not entity.offset or said.endswith(words)
        if not at_an_end or not at or not name.lower().endswith("bot"):  # every bot's name ends so (bots/features)
            continue
        if entity.type in (MessageEntity.MENTION, MessageEntity.BOT_COMMAND):
            return name
    return None


def _attachments(message: Message) -> tuple[Attachment, ...]:
    if message.photo:  # the same picture in several sizes
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return (Attachment(Kind.PHOTO, largest.file_id, mime="image/jpeg", size=largest.file_size),)
    if message.document and not message.animation:  # an animation comes as a document too, api#message
        file = message.document
        return (Attachment(Kind.FILE, file.file_id, file.file_name, file.mime_type, file.file_size),)
    return ()

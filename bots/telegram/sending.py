"""One message on its way to one chat: its parts, its turns, and what is known of it at every moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, RetryAfter

from bots.pacing import Held, Lanes
from bots.telegram.keyboard import keyboard
from bots.telegram.outcomes import TOO_FAST, TRY_LATER, is_about_address, outcome_of, seconds_of
from bots.telegram.parts import Part, split, units
from bots.wording import Rendered
from engine.messages import Outcome, Retry, Sent, Unknown

T = TypeVar("T")

LOG = logging.getLogger(__name__)

PATIENCE = 20.0  # seconds of a flood wait that are waited out in the chat's lane; a longer one goes back to the outbox

# What a 400 says of an edit that has no object any more, or nothing to change; lower case.
NOT_TO_EDIT = (
    "message is not modified",
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
)
LONGEST_CAPTION = 1024  # UTF-16 units after entity parsing (api#sendphoto)
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Sending:
    """One message; to be used within its chat's turn. ``deadline`` is in the loop's time."""

    def __init__(self, ask: Bot, lanes: Lanes, address: str, deadline: float) -> None:
        self._ask, self._lanes, self._deadline = ask, lanes, deadline
        self.chat, self.topic = chat_and_topic(address)
        self._moved_to: str | None = None
        self._parts, self._arrived = 1, 0
        self._out = False  # a request may be there, and has no answer yet
        self._harmless = False  # to do it twice is to do it once

    @property
    def is_group(self) -> bool:
        """Groups have ids below zero."""
        return self.chat.startswith("-")

    async def write(self, rendered: Rendered) -> Outcome:
        """Send it, in parts where it is long, with the buttons under the last."""
        parts = split(rendered)
        self._parts = len(parts)
        provider_id = ""
        for part in parts:
            under = keyboard(rendered.buttons) if part is parts[-1] else None
            try:
                if self._arrived:
                    await self._next_turn()
                provider_id = await self._post(part, under)
            except Exception as error:
                return self._partly() or _outcome_of(error)
            self._arrived += 1
        return Sent(provider_id, rendered.text, len(parts), self._moved_to)

    async def show(self, picture: bytes | None, rendered: Rendered) -> Outcome:
        """Send a picture with the words as its caption; words too long for one go before it.

        The words never depend on the picture: whatever Telegram has against it, they are sent without.
        """
        if picture is None:
            return await self.write(rendered)
        if units(rendered.text) <= LONGEST_CAPTION:
            try:
                provider_id = await self._show(picture, rendered)
            except Exception as error:
                outcome = _outcome_of(error)
                if isinstance(outcome, Unknown):  # it may well be there, words and all
                    return outcome
                if isinstance(outcome, Retry) and outcome.named:  # asked to write nothing at all meanwhile
                    return outcome
                LOG.warning("Telegram chưa nhận ảnh của bản tin (%s); gửi riêng phần chữ", type(error).__name__)
                await self._next_turn()
                return await self.write(rendered)
            return Sent(provider_id, rendered.text, 1, self._moved_to)
        sent = await self.write(rendered)
        if not isinstance(sent, Sent):
            return sent
        try:
            await self._next_turn()
            await self._show(picture, None)
        except Exception as error:  # the words are there
            LOG.warning("Telegram chưa nhận ảnh của bản tin (%s)", type(error).__name__)
            return sent
        return replace(sent, parts=sent.parts + 1)

    async def change(self, provider_id: str, rendered: Rendered) -> Outcome:
        """Let a message that was sent read so from now on.

        Telegram's refusals of an edit (it reads so already, it was deleted, it is too old) say nothing about the chat:
        they come to Sent, as nothing more can or need be done. An edit whose fate is unknown may be repeated.
        """
        self._harmless = True
        sent = Sent(provider_id, rendered.text)
        if not (provider_id.isascii() and provider_id.isdigit()):
            return sent
        parts, under = split(rendered), keyboard(rendered.buttons)
        try:
            if len(parts) == 1:
                await self._edit(int(provider_id), parts[0], under)
            else:  # where it was cut is not known any more: to replace the last part might lose a line
                await self._edit_buttons(int(provider_id), under)
        except ChatMigrated as moved:  # the old group's messages stayed behind
            return replace(sent, moved_to=str(moved.new_chat_id))
        except BadRequest as error:
            LOG.debug("Telegram không sửa tin %s: %s", provider_id, error)
        except Exception as error:
            outcome = _outcome_of(error)
            return Retry(outcome.reason, TRY_LATER) if isinstance(outcome, Unknown) else outcome
        return sent

    def broken_off(self) -> Outcome:
        """What is known when the time for it is over."""
        if self._out and not self._harmless:
            return self._partly() or Unknown("gửi quá lâu, chưa rõ tin đã tới hay chưa")
        held = self._lanes.held_for(self.chat)
        return self._partly() or Retry("chưa tới lượt gửi", held or TRY_LATER, named=held > 0)

    def _partly(self) -> Outcome | None:
        """Once a part has arrived, "not delivered" would have all of it sent again."""
        return Unknown(f"mới gửi được {self._arrived}/{self._parts} phần của tin") if self._arrived else None

    # ---- calls ----------------------------------------------------------------------------------------------------

    async def _post(self, part: Part, under: InlineKeyboardMarkup | None) -> str:
        async def post(words: str, mode: ParseMode | None, under: InlineKeyboardMarkup | None) -> Message:
            return await self._call(
                lambda: self._ask.send_message(
                    self.chat,
                    words,
                    parse_mode=mode,
                    reply_markup=under,
                    link_preview_options=NO_PREVIEW,
                    message_thread_id=self.topic,
                )
            )

        sent = await self._with_marks_or_without(
            lambda: post(part.html, ParseMode.HTML, under), lambda: post(part.text, None, None)
        )
        return str(sent.message_id)

    async def _show(self, picture: bytes, rendered: Rendered | None) -> str:
        async def show(words: str | None, mode: ParseMode | None) -> Message:
            return await self._call(
                lambda: self._ask.send_photo(
                    self.chat, picture, words, parse_mode=mode, message_thread_id=self.topic, filename="ban-tin.png"
                )
            )

        if rendered is None:
            sent = await show(None, None)
        else:
            sent = await self._with_marks_or_without(
                lambda: show(rendered.html, ParseMode.HTML), lambda: show(rendered.text, None)
            )
        return str(sent.message_id)

    async def _edit(self, message_id: int, part: Part, under: InlineKeyboardMarkup | None) -> None:
        async def edit(words: str, mode: ParseMode | None) -> Message | bool:
            return await self._call(
                lambda: self._ask.edit_message_text(
                    words, self.chat, message_id, parse_mode=mode, reply_markup=under, link_preview_options=NO_PREVIEW
                )
            )

        await self._with_marks_or_without(lambda: edit(part.html, ParseMode.HTML), lambda: edit(part.text, None))

    async def _edit_buttons(self, message_id: int, under: InlineKeyboardMarkup | None) -> None:
        await self._call(lambda: self._ask.edit_message_reply_markup(self.chat, message_id, reply_markup=under))

    async def _with_marks_or_without(self, marked: Callable[[], Awaitable[T]], plain: Callable[[], Awaitable[T]]) -> T:
        try:
            return await marked()
        except BadRequest as error:
            if is_about_address(error) or is_about_message(error):
                raise
            # The words matter more than their marks and buttons: everything can be typed.
            LOG.warning("Telegram không nhận định dạng của tin (%s); gửi lại bằng chữ thường", error)
        await self._next_turn()
        return await plain()

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T:
        """One call, through flood waits that are short enough and through a move to a new address."""
        while True:
            self._out = True
            try:
                answer = await call()
            except RetryAfter as error:
                await self._wait_out(error)
            except ChatMigrated as moved:
                await self._move(moved)
            except Exception:  # whatever it says, it says it now
                self._out = False
                raise
            else:
                self._out = False
                return answer

    async def _wait_out(self, error: RetryAfter) -> None:
        """A flood wait holds this chat's lane, and nobody else's."""
        self._out = False
        wait = seconds_of(error)
        self._lanes.hold(self.chat, wait)
        if wait > PATIENCE or asyncio.get_running_loop().time() + wait > self._deadline:
            raise error
        await self._next_turn()

    async def _move(self, moved: ChatMigrated) -> None:
        """A group became a supergroup, api#responseparameters. Topics are of the new one: the old had none."""
        self._out = False
        if self._moved_to is not None or self._harmless:
            raise moved
        LOG.warning("Nhóm Telegram %s nay là %s; tin được gửi tới địa chỉ mới", self.chat, moved.new_chat_id)
        self.chat, self.topic = str(moved.new_chat_id), None
        self._moved_to = self.chat
        await self._next_turn()

    async def _next_turn(self) -> None:
        await self._lanes.again(self.chat, group=self.is_group, patience=PATIENCE)


def chat_and_topic(address: str) -> tuple[str, int | None]:
    """ "-1001234/45" as the chat and its topic; any other address is a chat."""
    chat, slash, topic = address.partition("/")
    return (chat, int(topic)) if slash and topic.isascii() and topic.isdigit() else (address, None)


def is_about_message(error: BadRequest) -> bool:
    """True when an edit is refused for what the message is, not for what it should say."""
    return any(sign in error.message.lower() for sign in NOT_TO_EDIT)


def _outcome_of(error: Exception) -> Outcome:
    return Retry(TOO_FAST, error.seconds, named=True) if isinstance(error, Held) else outcome_of(error)

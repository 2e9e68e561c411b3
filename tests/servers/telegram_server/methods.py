"""The methods of the Bot API that the product uses (https://core.telegram.org/bots/api#available-methods)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from tests.servers.telegram_server.answers import ApiError, Json, too_fast
from tests.servers.telegram_server.chats import BOT, Chat, Received
from tests.servers.telegram_server.limits import Limits
from tests.servers.telegram_server.people import People
from tests.servers.telegram_server.words import LONGEST_CAPTION, is_true, keyboard_of, previews, readable

MOST_UPDATES = 100  # api#getupdates
LARGEST_FILE = 20_000_000  # bytes, api#getfile
LARGEST_PHOTO = 10_000_000  # bytes, api#sending-files
WEBHOOK_PORTS = {443, 80, 88, 8443}  # api#setwebhook


class Methods(People):
    """One coroutine for each method: its parameters in, its result out, :class:`ApiError` for a refusal."""

    def __init__(self, limits: Limits | None) -> None:
        super().__init__()
        self.limits = limits
        self.asked: list[Json] = []  # the parameters of every getUpdates
        self.calls: list[str] = []  # the methods called, in order
        self.answered: list[str] = []  # callback queries whose spinner has stopped
        self.floods: Counter[int] = Counter()  # by chat: the seconds it was told to wait, in all
        self.flooded_last = 0  # which call, counted from 1, was the last to be told so
        self.webhook_url = ""
        self.webhook_secret = ""
        self.webhook_error = ""
        self._polls = 0
        self._flood_every = (0, 0)
        self._sends = 0
        self._refused: set[tuple[int, str]] | None = None

    def floods_every(self, nth: int, retry_after: int = 1, *, repeats: bool = True) -> None:
        """From now on every nth sendMessage or edit meets a 429; ``repeats``: also what was refused before."""
        self._flood_every, self._sends = (nth, retry_after), 0
        self._refused = None if repeats else set()

    # ---- the bot itself -------------------------------------------------------------------------------------------

    async def get_me(self, _: Json) -> Json:
        return BOT | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    async def get_chat(self, parameters: Json) -> Json:
        return self._chat(parameters).as_json() | {"accent_color_id": 0, "max_reaction_count": 11} | TAKES_NO_GIFTS

    # ---- updates --------------------------------------------------------------------------------------------------

    async def get_updates(self, parameters: Json) -> list[Json]:
        """api#getupdates: an offset confirms, and so forgets, everything below it."""
        self.asked.append(parameters)
        if self.webhook_url:
            hint = "use deleteWebhook to delete the webhook first"
            raise ApiError(409, f"Conflict: can't use getUpdates method while webhook is active; {hint}")
        self._allowed = parameters.get("allowed_updates", self._allowed)
        self._confirm(int(parameters.get("offset", 0)))
        self._polls += 1
        mine = self._polls
        self._stir()  # an older poll sees that it is no longer the only one
        try:
            await self.until(lambda: self._updates or mine != self._polls, float(parameters.get("timeout", 0)))
        except TimeoutError:
            return []
        if mine != self._polls:
            hint = "terminated by other getUpdates request; make sure that only one bot instance is running"
            raise ApiError(409, f"Conflict: {hint}")
        return self._updates[: int(parameters.get("limit", MOST_UPDATES))]

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._updates = self._updates[offset:]
        else:
            self._updates = [update for update in self._updates if update["update_id"] >= offset]

    async def set_webhook(self, parameters: Json) -> bool:
        url, secret = str(parameters.get("url", "")), str(parameters.get("secret_token", ""))
        place = urlsplit(url)
        if url and place.scheme != "https" and place.hostname != "127.0.0.1":  # loopback: for tests
            raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if place.scheme == "https" and (place.port or 443) not in WEBHOOK_PORTS:
            raise ApiError(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise ApiError(400, "Bad Request: secret token contains unallowed characters")
        self.webhook_url, self.webhook_secret, self.webhook_error = url, secret, ""
        self._allowed = parameters.get("allowed_updates", self._allowed)
        self._drop(parameters)
        return True

    async def delete_webhook(self, parameters: Json) -> bool:
        self.webhook_url = self.webhook_secret = self.webhook_error = ""
        self._drop(parameters)
        return True

    def _drop(self, parameters: Json) -> None:
        if is_true(parameters.get("drop_pending_updates")):
            self._updates.clear()

    async def get_webhook_info(self, _: Json) -> Json:
        info: Json = {
            "url": self.webhook_url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }
        if self.webhook_error:
            info |= {"last_error_date": 1_770_000_000, "last_error_message": self.webhook_error}
        return info | ({"allowed_updates": self._allowed} if self._allowed else {})

    async def answer_callback_query(self, parameters: Json) -> bool:
        query = str(parameters["callback_query_id"])
        if query not in self._queries:
            hint = "query is too old and response timeout expired or query ID is invalid"
            raise ApiError(400, f"Bad Request: {hint}")
        if len(str(parameters.get("text", ""))) > 200:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        self.answered.append(query)
        return True

    # ---- messages -------------------------------------------------------------------------------------------------

    async def send_message(self, parameters: Json) -> Json:
        chat = self._chat(parameters)
        topic = int(parameters.get("message_thread_id") or 0) or None
        if topic and topic not in chat.topics:
            raise ApiError(400, "Bad Request: message thread not found")
        text, source, mode = readable(parameters)
        keyboard = keyboard_of(parameters)
        self._allow(chat.id, source)
        received = Received(self._number("message"), text, source, mode, keyboard, previews(parameters), topic)
        chat.inbox.append(received)
        return chat.message(received)

    async def send_photo(self, parameters: Json) -> Json:
        """api#sendphoto, of a file that comes with the request."""
        chat = self._chat(parameters)
        topic = int(parameters.get("message_thread_id") or 0) or None
        if topic and topic not in chat.topics:
            raise ApiError(400, "Bad Request: message thread not found")
        photo = parameters.get("photo")
        if not isinstance(photo, bytes) or not photo.startswith(b"\x89PNG"):
            raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
        if len(photo) > LARGEST_PHOTO:
            raise ApiError(400, "Bad Request: PHOTO_SAVE_FILE_INVALID")
        text, source, mode = readable(parameters, "caption", LONGEST_CAPTION)
        self._allow(chat.id, f"{len(photo)} {source}")
        received = Received(self._number("message"), text, source, mode, [], False, topic, photo=photo)
        chat.inbox.append(received)
        return chat.message(received)

    async def edit_message_text(self, parameters: Json) -> Json:
        chat, received = self._to_edit(parameters)
        text, source, mode = readable(parameters)
        return self._edit(chat, received, text, source, mode, keyboard_of(parameters))

    async def edit_message_reply_markup(self, parameters: Json) -> Json:
        chat, received = self._to_edit(parameters)
        return self._edit(chat, received, received.text, received.source, received.parse_mode, keyboard_of(parameters))

    def _to_edit(self, parameters: Json) -> tuple[Chat, Received]:
        chat = self._chat(parameters)
        message_id = int(parameters.get("message_id") or 0)
        if not message_id:
            raise ApiError(400, "Bad Request: message identifier is not specified")
        if message_id in chat.written:
            raise ApiError(400, "Bad Request: message can't be edited")
        for received in chat.inbox:
            if received.message_id == message_id:
                return chat, received
        raise ApiError(400, "Bad Request: message to edit not found")

    def _edit(
        self, chat: Chat, received: Received, text: str, source: str, mode: str | None, keyboard: list[list[Json]]
    ) -> Json:
        if (text, source, keyboard) == (received.text, received.source, received.keyboard):
            hint = "specified new message content and reply markup are exactly the same as a current content"
            raise ApiError(400, f"Bad Request: message is not modified: {hint} and reply markup of the message")
        self._allow(chat.id, source)
        received.text, received.source, received.parse_mode, received.keyboard = text, source, mode, keyboard
        received.edits += 1
        return chat.message(received) | {"edit_date": 1}

    def _allow(self, chat_id: int, source: str) -> None:
        nth, retry_after = self._flood_every
        if nth and not (self._refused and (chat_id, source) in self._refused):
            self._sends += 1
            if self._sends % nth == 0:
                self.floods[chat_id] += retry_after
                self.flooded_last = len(self.calls)
                if self._refused is not None:
                    self._refused.add((chat_id, source))
                raise too_fast(retry_after)
        if self.limits:
            self.limits.allow(chat_id)

    def _chat(self, parameters: Json) -> Chat:
        chat_id = str(parameters.get("chat_id", ""))
        if not chat_id:
            raise ApiError(400, "Bad Request: chat_id is empty")
        chat = self._chats.get(int(chat_id)) if re.fullmatch(r"-?\d+", chat_id) else None
        if chat is None:
            raise ApiError(400, "Bad Request: chat not found")
        if chat.blocked:
            who = "blocked by the user" if chat.id > 0 else f"kicked from the {chat.type} chat"
            raise ApiError(403, f"Forbidden: bot was {who}")
        if chat.moved_to is not None:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, description, migrate_to_chat_id=chat.moved_to)
        return chat

    # ---- files ----------------------------------------------------------------------------------------------------

    async def get_file(self, parameters: Json) -> Json:
        file_id = str(parameters.get("file_id", ""))
        if file_id not in self.files:
            raise ApiError(400, "Bad Request: invalid file_id")
        path, content = self.files[file_id]
        if len(content) > LARGEST_FILE:
            raise ApiError(400, "Bad Request: file is too big")
        return {"file_id": file_id, "file_unique_id": f"u-{file_id}", "file_size": len(content), "file_path": path}


TAKES_NO_GIFTS: dict[str, Any] = {
    "accepted_gift_types": {
        "unlimited_gifts": False,
        "limited_gifts": False,
        "unique_gifts": False,
        "premium_subscription": False,
        "gifts_from_channels": False,
    }
}
METHODS = {
    "getme": Methods.get_me,
    "getchat": Methods.get_chat,
    "getupdates": Methods.get_updates,
    "setwebhook": Methods.set_webhook,
    "deletewebhook": Methods.delete_webhook,
    "getwebhookinfo": Methods.get_webhook_info,
    "sendmessage": Methods.send_message,
    "sendphoto": Methods.send_photo,
    "editmessagetext": Methods.edit_message_text,
    "editmessagereplymarkup": Methods.edit_message_reply_markup,
    "answercallbackquery": Methods.answer_callback_query,
    "getfile": Methods.get_file,
}

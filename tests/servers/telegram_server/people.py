"""What people do on their phones; each becomes an update (https://core.telegram.org/bots/api#update)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tests.servers.telegram_server.answers import Json
from tests.servers.telegram_server.chats import Chat, Received, person
from tests.servers.telegram_server.words import entities_of

PICTURE = b"\xff\xd8\xff\xe0 a small picture \xff\xd9"


class People:
    """The orders of a test. They are plain calls, and wake whoever waits."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}  # by file_id: the path, and what is in it
        self._chats: dict[int, Chat] = {}
        self._updates: list[Json] = []
        self._allowed: list[str] = []  # empty: all; sticks from one getUpdates or setWebhook to the next
        self._numbers = {"update": 70_000_000, "message": 100, "press": 5_000, "file": 0}
        self._queries: set[str] = set()  # presses that may still be answered
        self._stirred = asyncio.Event()

    # ---- chats ----------------------------------------------------------------------------------------------------

    def opens(self, chat_id: int) -> Chat:
        """A person presses Start for the first time, or a group takes the bot in: before that it cannot write."""
        return self._chats.setdefault(chat_id, Chat(chat_id))

    def has_topics(self, chat_id: int, *topics: int) -> None:
        """A group is cut into topics."""
        self.opens(chat_id).topics.update(topics)

    def blocks(self, chat_id: int) -> None:
        """A person blocks the bot, or a group throws it out."""
        self.opens(chat_id).blocked = True

    def migrates(self, chat_id: int, new_chat_id: int) -> None:
        """A group becomes a supergroup, with another id."""
        self.opens(chat_id).moved_to = new_chat_id
        self.opens(new_chat_id)

    def inbox(self, chat_id: int) -> list[Received]:
        """What one chat shows from the bot, oldest first; the test has seen it then."""
        shown = self._chats[chat_id].inbox if chat_id in self._chats else []
        for received in shown:
            received.seen = True
        return shown

    def deletes(self, chat_id: int, message_id: int) -> None:
        """A person deletes one of the bot's messages."""
        chat = self._chats[chat_id]
        chat.inbox[:] = [received for received in chat.inbox if received.message_id != message_id]

    def unannounced(self) -> list[str]:
        """Messages that no test has looked at: "7001: Kính gửi …"."""
        return [f"{chat.id}: {r.text}" for chat in self._chats.values() for r in chat.inbox if not r.seen]

    # ---- words ----------------------------------------------------------------------------------------------------

    def person_types(
        self,
        chat_id: int,
        text: str,
        sender: int | None = None,
        topic: int | None = None,
        reply_to: int | None = None,
    ) -> int:
        """A person writes; returns the update id. ``sender`` writes where the chat is a group."""
        content: Json = {"text": text} | ({"entities": entities} if (entities := entities_of(text)) else {})
        return self._happens("message", self._message(chat_id, content, sender, topic, reply_to))

    def person_sends(
        self,
        chat_id: int,
        kind: str,
        caption: str | None = None,
        *,
        sender: int | None = None,
        reply_to: int | None = None,
        content: bytes = PICTURE,
        name: str = "bao-cao.docx",
        mime: str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ) -> int:
        """A person sends something that is not text: ``photo``, ``document``, ``sticker``, ``voice``, ``location`` …"""
        said = {kind: self._thing(kind, content, name, mime)} | ({"caption": caption} if caption else {})
        if kind == "animation":  # comes as a document too, api#message
            said["document"] = said["animation"]
        return self._happens("message", self._message(chat_id, said, sender, None, reply_to))

    def person_forwards(self, chat_id: int, text: str, sender: int | None = None) -> int:
        """A person passes on what somebody else wrote."""
        origin = {"type": "user", "date": 1, "sender_user": person(9_999)}
        return self._happens("message", self._message(chat_id, {"text": text, "forward_origin": origin}, sender))

    def person_edits(self, chat_id: int, text: str) -> int:
        """A person changes what they wrote before."""
        return self._happens("edited_message", self._message(chat_id, {"text": text, "edit_date": int(time.time())}))

    def person_presses(self, chat_id: int, label: str, sender: int | None = None) -> int:
        """A person presses the newest button with this label; returns the update id."""
        chat = self._chats[chat_id]
        for received in reversed(chat.inbox):
            for button in (button for row in received.keyboard for button in row):
                if button["text"] == label:
                    return self._press(chat, received, button, sender or chat_id)
        raise AssertionError(f"no button {label!r} in chat {chat_id}")

    def happens(self, kind: str, content: Json) -> int:
        """Any other update, as it would stand in getUpdates; returns its id."""
        return self._happens(kind, content)

    # ---- disorder -------------------------------------------------------------------------------------------------

    def repeats(self) -> None:
        """Every update that still waits is delivered twice."""
        self._updates = [update for update in self._updates for _ in range(2)]
        self._stir()

    def reverses(self) -> None:
        """The updates that still wait are delivered newest first."""
        self._updates.reverse()
        self._stir()

    # ---- how it becomes an update ---------------------------------------------------------------------------------

    async def until(self, seen: Callable[[], object], seconds: float = 60) -> None:
        """Wait until ``seen()`` is true; raises ``TimeoutError`` when it stays false."""
        async with asyncio.timeout(seconds):
            while not seen():
                await self._stirred.wait()

    def _stir(self) -> None:
        stirred, self._stirred = self._stirred, asyncio.Event()
        stirred.set()

    def _press(self, chat: Chat, received: Received, button: Json, sender: int) -> int:
        query = {
            "id": str(self._number("press")),
            "from": person(sender),
            "chat_instance": "1",
            "message": chat.message(received),
            "data": button["callback_data"],
        }
        self._queries.add(str(query["id"]))
        return self._happens("callback_query", query)

    def _message(
        self,
        chat_id: int,
        content: Json,
        sender: int | None = None,
        topic: int | None = None,
        reply_to: int | None = None,
    ) -> Json:
        chat = self.opens(chat_id)
        message: Json = {
            "message_id": self._number("message"),
            "date": int(time.time()),
            "chat": chat.as_json(),
            "from": person(sender or chat_id),
        } | content
        chat.written.add(message["message_id"])
        if topic:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        if reply_to:
            [answered] = [received for received in chat.inbox if received.message_id == reply_to]
            message["reply_to_message"] = chat.message(answered)
        return message

    def _thing(self, kind: str, content: bytes, name: str, mime: str) -> Any:
        number = self._number("file")
        file: Json = {"file_id": f"file-{number}", "file_unique_id": f"u{number}", "file_size": len(content)}
        size = {"width": 1280, "height": 960}
        if kind in {"photo", "document", "video"}:
            self.files[file["file_id"]] = (f"{kind}s/file_{number}", content)
        things: dict[str, Any] = {
            "photo": [file | {"file_id": f"thumb-{number}", "width": 90, "height": 67, "file_size": 900}, file | size],
            "document": file | {"file_name": name, "mime_type": mime},
            "animation": file | size | {"duration": 3},
            "sticker": file | size | {"type": "regular", "is_animated": False, "is_video": False},
            "voice": file | {"duration": 3},
            "audio": file | {"duration": 3},
            "video": file | size | {"duration": 3},
            "video_note": file | {"duration": 3, "length": 240},
            "location": {"latitude": 20.98, "longitude": 105.61},
            "contact": {"phone_number": "0", "first_name": "Bình"},
            "dice": {"emoji": "🎲", "value": 3},
        }
        return things[kind]

    def _number(self, what: str) -> int:
        self._numbers[what] += 1
        return self._numbers[what]

    def _happens(self, kind: str, content: Json) -> int:
        number = self._number("update")
        if not self._allowed or kind in self._allowed:
            self._updates.append({"update_id": number, kind: content})
        self._stir()
        return number

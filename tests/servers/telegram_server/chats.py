"""The chats: what the phones show, and how a message looks in the API."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tests.servers.telegram_server.answers import Json

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcU"
BOT_ID = int(TOKEN.partition(":")[0])
BOT_NAME = "nhacviec_bot"
BOT = {"id": BOT_ID, "is_bot": True, "first_name": "Nhắc Việc", "username": BOT_NAME}


@dataclass
class Received:
    """One message of the bot in a chat, as the phone shows it."""

    message_id: int
    text: str
    source: str  # as the bot sent it, with its tags
    parse_mode: str | None
    keyboard: list[list[Json]]
    link_preview: bool
    topic: int | None = None
    edits: int = 0
    seen: bool = False  # a test has looked at it
    photo: bytes | None = None  # whose caption the text is

    @property
    def buttons(self) -> list[list[str]]:
        """The labels, row by row."""
        return [[button["text"] for button in row] for row in self.keyboard]


@dataclass
class Chat:
    """One person or group: what arrived, and whether the bot may write."""

    id: int
    inbox: list[Received] = field(default_factory=list)
    written: set[int] = field(default_factory=set)  # ids of people's messages, which no bot may edit
    topics: set[int] = field(default_factory=set)
    blocked: bool = False
    moved_to: int | None = None

    @property
    def type(self) -> str:
        """By the id, as Telegram's are: people above zero, supergroups from -100… on."""
        if self.id > 0:
            return "private"
        return "supergroup" if str(self.id).startswith("-100") else "group"

    def as_json(self) -> Json:
        """api#chat."""
        if self.id > 0:
            return {"id": self.id, "type": "private", "first_name": "Người dân"}
        forum = {"is_forum": True} if self.topics else {}
        return {"id": self.id, "type": self.type, "title": "Nhóm của cơ quan"} | forum

    def message(self, received: Received) -> Json:
        """api#message."""
        message: Json = {
            "message_id": received.message_id,
            "date": int(time.time()),
            "chat": self.as_json(),
            "from": BOT,
        }
        if received.photo is None:
            message["text"] = received.text
        else:
            size = {"file_id": f"p-{received.message_id}", "file_unique_id": f"q-{received.message_id}"}
            message["photo"] = [size | {"width": 1080, "height": 2000, "file_size": len(received.photo)}]
            message |= {"caption": received.text} if received.text else {}
        if received.keyboard:
            message["reply_markup"] = {"inline_keyboard": received.keyboard}
        if received.topic:
            message |= {"message_thread_id": received.topic, "is_topic_message": True}
        return message


def person(person_id: int) -> Json:
    """api#user."""
    return {"id": abs(person_id), "is_bot": False, "first_name": "Người dân"}

"""The providers and the people on them. Their state is the providers': it outlives the killed process."""

from __future__ import annotations

import asyncio
import json
import socket
from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import aiohttp

from tests.crash.child import SECRET
from tests.servers import telegram_server, zalo_server
from tests.servers.telegram_server import Received, TelegramServer
from tests.servers.zalo_server import ZaloServer
from tests.world import (
    CHAIR,
    DESK_HEAD,
    DESK_OFFICER,
    HEAD,
    OFFICER,
    PARTNER,
    SECOND_OFFICER,
    STANDING,
    STANDING_HEAD,
    VICE_CHAIR,
)

OFFICE = (OFFICER, SECOND_OFFICER, HEAD, DESK_OFFICER, DESK_HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR)
EVERYBODY = (*OFFICE, PARTNER)
BOTS = {"zalo": zalo_server.BOT_ID, "telegram": str(telegram_server.BOT_ID)}
CALLED_AGAIN_AFTER = 0.03  # seconds


def address_of(channel: str, who: str) -> str:
    """Where a person is reached."""
    number = 7001 + EVERYBODY.index(who)
    return str(number) if channel == "telegram" else f"{number:020x}"


class Provider(ABC):
    """One provider's server, with everybody on it."""

    channel: str
    server: Any
    webhook: str | None = None  # the public address it calls
    port = 0

    @property
    def base_url(self) -> str:
        """Where the program finds it."""
        return str(self.server.base_url)

    @property
    def phones(self) -> dict[str, tuple[str, ...]]:
        """What every chat shows, oldest first."""
        return {there: self._texts(there) for there in (address_of(self.channel, who) for who in EVERYBODY)}

    def writes(self, who: str, words: str) -> str:
        """A person writes; returns the update's key."""
        return self._types(address_of(self.channel, who), words)

    async def calls(self) -> None:
        """Call the webhook, where there is one, with every update until it is taken."""
        return

    @abstractmethod
    def _texts(self, address: str) -> tuple[str, ...]: ...

    @abstractmethod
    def _types(self, address: str, words: str) -> str: ...


class OnZalo(Provider):
    """``replay``: what getUpdates once gave comes back at every poll, as one report says; else it is never served
    again, as another says.
    """

    channel = "zalo"

    def __init__(self, *, replay: bool = True) -> None:
        self.server: ZaloServer = ZaloServer(replay=replay)
        for who in EVERYBODY:
            self.server.opens(who, address_of("zalo", who))

    def _texts(self, address: str) -> tuple[str, ...]:
        return tuple(received.text for received in self.server.inbox(address))

    def _types(self, address: str, words: str) -> str:
        return self.server.person_types(address, words)


class OnTelegram(Provider):
    """``shown``: messages that stand in chats already, with their buttons."""

    channel = "telegram"

    def __init__(self, shown: Sequence[tuple[str, Received]] = ()) -> None:
        self.server: TelegramServer = TelegramServer()
        for who in EVERYBODY:
            self.server.opens(int(address_of("telegram", who)))
        for chat, received in shown:
            self.server.opens(int(chat)).inbox.append(deepcopy(received))

    def presses(self, who: str, label: str) -> str:
        """A person presses a button; returns the update's key."""
        return str(self.server.person_presses(int(address_of("telegram", who)), label))

    def _texts(self, address: str) -> tuple[str, ...]:
        return tuple(received.text for received in self.server.inbox(int(address)))

    def _types(self, address: str, words: str) -> str:
        return str(self.server.person_types(int(address), words))


class _Calling(Provider):
    """Updates are posted, and posted again until they are answered with 200."""

    def __init__(self) -> None:
        super().__init__()
        self.webhook = "https://nhac-viec.example.vn"
        self.port = _free_port()
        self._posts: list[bytes] = []

    async def calls(self) -> None:
        url = f"http://127.0.0.1:{self.port}/webhook/{self.channel}/{BOTS[self.channel]}"
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "X-Bot-Api-Secret-Token": SECRET}
        async with aiohttp.ClientSession() as session:
            for body in self._posts:
                while not await self._taken(session, url, body, headers):
                    await asyncio.sleep(CALLED_AGAIN_AFTER)

    @staticmethod
    async def _taken(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> bool:
        try:
            async with session.post(url, data=body, headers=headers) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError):
            return False


class CallingZalo(_Calling, OnZalo):
    """Zalo documents no repetition of a webhook call; a proxy that repeats stands in front."""

    def _types(self, address: str, words: str) -> str:
        key = f"{len(self._posts) + 1:020x}"
        chat = {"id": address, "chat_type": "PRIVATE"}
        message = {"from": {"id": address, "is_bot": False}, "chat": chat, "message_id": key, "text": words}
        self._posts.append(json.dumps({"event_name": "message.text.received", "message": message}).encode())
        return key


class CallingTelegram(_Calling, OnTelegram):
    """Telegram repeats a call until it is answered with 2xx (api#setwebhook)."""

    def _types(self, address: str, words: str) -> str:
        number = 70_000_001 + len(self._posts)
        message = {
            "message_id": number,
            "date": 1,
            "chat": {"id": int(address), "type": "private"},
            "from": {"id": int(address), "is_bot": False, "first_name": "Người dân"},
            "text": words,
        }
        self._posts.append(json.dumps({"update_id": number, "message": message}).encode())
        return str(number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

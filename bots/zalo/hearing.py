"""What people wrote: an event of Zalo's as an :class:`Inbound`.

An event is ``{event_name, message}``, alone (as captured [M]) or as ``{"ok": true, "result": event}`` (as documented
[O: https://bot.zapps.me/docs/webhook/]). Nothing in it is taken for granted: what cannot be used is passed over.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from engine.messages import Inbound

LOG = logging.getLogger(__name__)

SECRET_HEADER = "X-Bot-Api-Secret-Token"  # noqa: S105  (the header's name; its value is compared as it is [O])
MOST_KINDS_NAMED = 100  # of events that cannot be used; a stranger may invent more

# What came instead of words. A link was seen to arrive as "unsupported" with no text at all [M], and so does whatever
# a person sends whose account Zalo protects [O].
_WORDLESS = {
    "message.image.received": "ảnh",
    "message.sticker.received": "nhãn dán",
    "message.voice.received": "ghi âm",
}
_CONTENT = "nội dung"
_MENTION = re.compile(r"@\S+")


class Ears:
    """Reads events for one bot. ``names``: what people call it in a group ("Bot Nhắc Việc"), learned from getMe."""

    def __init__(self, channel: str, bot: str) -> None:
        self.names: tuple[str, ...] = ()
        self._channel, self._bot = channel, bot
        self._complained: set[str] = set()

    def heard(self, body: bytes) -> list[Inbound]:
        """What one webhook request says; an empty list for an empty body, a probe, or nobody's words.

        :raises ValueError: the body is not a JSON object.
        """
        if not body.strip():
            return []  # a probe without content was seen once [M]
        try:
            said = json.loads(body)
        except ValueError:  # json and utf-8 have their own, which quote the body
            raise ValueError("webhook body is not JSON") from None
        if not isinstance(said, dict):
            raise ValueError("webhook body is not a JSON object")
        return self.understand(said["result"] if "result" in said and "event_name" not in said else said)

    def understand(self, result: Any) -> list[Inbound]:
        """The words in one event, or in a list of them; an empty list for none."""
        events: Iterable[Any] = result if isinstance(result, list) else [result]
        return [inbound for event in events if event and (inbound := self._inbound(event))]

    def _inbound(self, event: Any) -> Inbound | None:
        message = _object(event, "message")
        chat, sender = _object(message, "chat"), _object(message, "from")
        if sender.get("is_bot") is True:  # ours, or another: bots do not talk to each other
            return None
        key, address = _id(message.get("message_id")), _id(chat.get("id"))
        if not (key and address):
            self._pass_over(event)
            return None
        person = _id(sender.get("id"))
        among_others = bool(person) and person != address
        text, unreadable = _words(str(event.get("event_name", "")), message)
        if among_others or chat.get("chat_type") == "GROUP":
            text = self._without_mention(text)
        return Inbound(
            self._channel,
            self._bot,
            key,
            address,
            text,
            sender=person if among_others else None,
            unreadable=unreadable,
            raw=_storable(json.dumps(event, ensure_ascii=False)),
        )

    def _without_mention(self, text: str) -> str:
        """A group's message reaches the bot when it is mentioned [O]; that this reads "@name" in it is a guess."""
        said = text.lstrip()
        for name in sorted(self.names, key=len, reverse=True):
            if said.casefold().startswith(f"@{name.casefold()}"):
                return said[len(name) + 1 :].lstrip(" ,:")
            if said.rstrip().casefold().endswith(f" @{name.casefold()}"):
                return said.rstrip()[: -len(name) - 1].rstrip(" ,:")
        return _MENTION.sub("", said, count=1).lstrip(" ,:") if said.startswith("@") else text

    def _pass_over(self, event: Any) -> None:
        """Say it once for each kind: a replayed update would say it at every poll. Never what stood in it."""
        kind = str(event.get("event_name", ""))[:60] if isinstance(event, dict) else ""
        again = kind in self._complained or len(self._complained) >= MOST_KINDS_NAMED
        self._complained.update([] if again else [kind])
        LOG.log(
            logging.DEBUG if again else logging.WARNING,
            "Bỏ qua một sự kiện Zalo (%r): thiếu người gửi hoặc mã tin",
            kind,
        )


def _words(event_name: str, message: dict[str, Any]) -> tuple[str, str | None]:
    """The text, and the name of what came besides it and cannot be taken."""
    text = message.get("text") or message.get("caption") or ""
    text = unicodedata.normalize("NFC", _storable(text)) if isinstance(text, str) else ""
    # The documents say photo, captured events photo_url [M]; either shows an image under any name of the event.
    if message.get("photo") or message.get("photo_url"):
        return text, _WORDLESS["message.image.received"]
    if event_name in _WORDLESS:
        return text, _WORDLESS[event_name]
    return text, None if text.strip() else _CONTENT  # an unknown kind of event that carries words is words


def _object(holder: Any, name: str) -> dict[str, Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def _id(value: Any) -> str:
    return _storable(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _storable(text: str) -> str:
    """Without what no database takes (half a surrogate pair, NUL): it would be offered to the store for ever."""
    return text.replace("\x00", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

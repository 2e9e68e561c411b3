"""Telegram: the second channel. python-telegram-bot serves as a client only.

Neither its Updater, its JobQueue nor its AIORateLimiter carries anything: the loop that asks is ``polling.py``, the
pace is ``bots/pacing.py``, the connections are ``transport.py``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bots import picture
from bots.pacing import Held, Lanes, Pace
from bots.telegram import fetching, polling
from bots.telegram.hearing import ASKED_FOR, Ears
from bots.telegram.outcomes import TOO_FAST, seconds_of
from bots.telegram.proxy import proxy_for
from bots.telegram.sending import PATIENCE, Sending
from bots.telegram.tokens import hide_tokens, without_tokens
from bots.telegram.transport import Timeouts, Transport
from bots.wording import render
from engine.errors import BadSetting, NhacViecError
from engine.messages import (
    Answer,
    Attachment,
    DigestMessage,
    Edit,
    Fetched,
    Inbound,
    Message,
    Outcome,
    Retry,
    Store,
)

T = TypeVar("T")

LOG = logging.getLogger(__name__)

OFFICIAL = "https://api.telegram.org/bot"
SEND_AT_MOST = 90.0  # seconds for one message, under the lease of its claim
POOL = 30  # connections
DOWNLOADS = 4
# https://core.telegram.org/bots/faq: about 30 a second for the bot, 1 a second for a chat ("short bursts" pass, how
# short nobody says: we send none), 20 a minute for a group. Under the first, as what leaves evenly arrives bunched:
# new connections take their time.
PACE = Pace(per_second=27, burst=2, per_chat_seconds=1.0, group_per_minute=20)


class TelegramTrouble(NhacViecError):
    """Telegram did not do what an operator asked of it."""


@dataclass(frozen=True, slots=True)
class Account:
    """What Telegram says of the bot itself (api#getme)."""

    id: str
    username: str
    name: str
    can_join_groups: bool
    hears_whole_groups: bool  # privacy mode is off


@dataclass(frozen=True, slots=True)
class Webhook:
    """What Telegram says of the webhook (api#webhookinfo). ``url`` is empty where there is none."""

    url: str
    waiting: int  # updates not delivered yet
    last_error: str | None = None
    last_error_at: dt.datetime | None = None
    ip: str | None = None


class Telegram:
    """A channel whose addresses are chat ids, with the topic in a group that has topics: "7001", "-1001234/45".

    Its connections belong to one event loop: ``async with Telegram(token) as channel``.
    """

    name = "telegram"
    edits = True
    office_id: str | None = None  # the one office it serves; None: every office

    def __init__(
        self,
        token: str,
        base_url: str = OFFICIAL,
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        *,
        file_base_url: str | None = None,
        pace: Pace = PACE,
    ) -> None:
        """``base_url``: the server, with or without the ``/bot`` that stands before the token. ``file_base_url``: where
        files are, before the token; it follows from the first.

        ``proxy``: an HTTP proxy; else the environment's.

        :raises BadSetting: the token has not a token's shape, or the proxy is of another kind.
        """
        number, _, secret = token.partition(":")
        if not (number.isascii() and number.isdigit() and secret):
            raise BadSetting("NHACVIEC_TELEGRAM_TOKEN không đúng dạng. Hãy chép lại token do @BotFather cấp.")
        base_url = before_token(base_url)
        hide_tokens()  # before the library logs its own URL
        # The library's coming behaviour (times as timedelta); without it every 429 brings a deprecation warning too.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self.bot = number
        self._file_address = f"{file_base_url or files_beside(base_url)}{token}"
        proxy, timeouts = proxy_for(base_url, proxy), timeouts or Timeouts()
        self._asks = polling.ReadableUpdates(1, timeouts, proxy)
        self._sends = Transport(POOL, timeouts, proxy)
        self._files = Transport(DOWNLOADS, timeouts, proxy)
        # The library would write a file's whole address into objects that it also gives to its log.
        self._client = Bot(
            token,
            base_url=base_url,
            base_file_url=lambda _: "",
            request=self._sends,
            get_updates_request=self._asks,
        )
        self._lanes = self.turns = Lanes(pace)
        self.at_once = pace.ahead
        self._ears = Ears(self.name, self.bot)

    async def __aenter__(self) -> Self:
        for request in (self._asks, self._sends, self._files):
            await request.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for request in (self._asks, self._sends, self._files):
            await request.shutdown()

    # ---- send -----------------------------------------------------------------------------------------------------

    async def send(self, address: str, message: Message) -> Outcome:
        """Send one message to one chat, in its turn; a long one in parts, with the buttons under the last.

        ``Sent.provider_id`` names the last part. A flood wait of up to ``PATIENCE`` seconds is waited out while other
        chats go on; a longer one is returned, and so is every further message to this chat until it is over.

        An :class:`Edit` changes a message sent before. Where Telegram has nothing to change (it reads so already, it
        was deleted) the answer is Sent all the same: the chat is not at fault. Words that have become longer than one
        message stay as they are, and only the buttons under them change.
        """
        rendered = render(message.message if isinstance(message, Edit) else message)
        sending = Sending(self._client, self._lanes, address, asyncio.get_running_loop().time() + SEND_AT_MOST)
        try:
            async with (
                asyncio.timeout(SEND_AT_MOST),
                self._lanes.turn(
                    sending.chat, group=sending.is_group, patience=PATIENCE, first=isinstance(message, Answer)
                ),
            ):
                if isinstance(message, Edit):
                    return await sending.change(message.provider_id, rendered)
                if isinstance(message, DigestMessage):
                    return await sending.show(await _picture_of(message), rendered)
                return await sending.write(rendered)
        except Held as held:  # nothing has been asked of Telegram yet
            return Retry(TOO_FAST, held.seconds, named=True)
        except TimeoutError:
            return sending.broken_off()

    # ---- hear -----------------------------------------------------------------------------------------------------

    async def poll(
        self,
        store: Store,
        offset: int | None,
        stop: asyncio.Event,
        idle_seconds: float = 25,
        backoff: Sequence[float] = polling.BACKOFF,
    ) -> None:
        """Receive until ``stop``: ask, store, and only then confirm by asking from the next offset.

        ``store`` commits what arrived together with the next offset; when it raises, the same updates are asked for
        again. A press is answered after it is stored, which stops the spinner on the button.
        """
        await polling.Poll(self._client, self._ears, idle_seconds, backoff).run(store, offset, stop)

    def heard(self, body: bytes) -> list[Inbound]:
        """What one webhook request says (api#update); an empty list for what is nobody's words.

        :raises ValueError: the body is not an update.
        """
        return self._ears.heard_by_webhook(body)

    async def acknowledge(self, inbounds: Sequence[Inbound]) -> None:
        """Stop the spinners of stored presses (api#answercallbackquery). ``poll`` does it by itself. Never raises."""
        await polling.acknowledge(self._client, inbounds)

    async def fetch(self, attachment: Attachment, most: int) -> Fetched:
        """The bytes of a photo or file, at most ``most`` of them."""
        return await fetching.fetch(self._client, self._files, self._file_address, attachment, most)

    # ---- for the operator -----------------------------------------------------------------------------------------

    async def whoami(self) -> Account:
        """The bot as Telegram knows it; also learns the name by which groups call it.

        :raises TelegramTrouble: in words for a person, as the other calls here.
        """
        me = await _explained(self._client.get_me())
        self._ears.username = me.username
        return Account(
            str(me.id), me.username or "", me.full_name, bool(me.can_join_groups), bool(me.can_read_all_group_messages)
        )

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have updates delivered to ``url`` (HTTPS, port 443, 80, 88 or 8443) with the secret header (api#setwebhook).

        ``secret``: 1 to 256 of A-Z, a-z, 0-9, _ and -; it comes as ``X-Telegram-Bot-Api-Secret-Token``.
        """
        await _explained(self._client.set_webhook(url, secret_token=secret, allowed_updates=ASKED_FOR))

    async def delete_webhook(self) -> None:
        """Let updates be asked for again; those that wait are kept."""
        await _explained(self._client.delete_webhook(drop_pending_updates=False))

    async def webhook_info(self) -> Webhook:
        """Where updates go, how many wait, and what last went wrong."""
        info = await _explained(self._client.get_webhook_info())
        return Webhook(
            info.url, info.pending_update_count, info.last_error_message, info.last_error_date, info.ip_address
        )


async def _picture_of(message: DigestMessage) -> bytes | None:
    """The digest's picture, drawn beside the sends under way; None where that failed: its words go alone."""
    try:
        return await asyncio.to_thread(picture.png, message)
    except Exception:  # whatever it is: the words must leave
        LOG.exception("Chưa vẽ được ảnh của bản tin tuần; bản tin đi bằng chữ.")
        return None


def before_token(base_url: str) -> str:
    """``…/bot``, which people leave out, as Zalo's address has none."""
    return f"{base_url.rstrip('/').removesuffix('/bot')}/bot"


def files_beside(base_url: str) -> str:
    """Where files are downloaded: ``…/file/bot`` beside ``…/bot`` (api#getfile)."""
    return f"{base_url.removesuffix('/bot')}/file/bot"


async def _explained(call: Coroutine[Any, Any, T]) -> T:
    trouble = ""
    try:
        return await call
    except InvalidToken:
        trouble = "Telegram không nhận token của bot. Hãy kiểm tra NHACVIEC_TELEGRAM_TOKEN hoặc tệp NHACVIEC_BOTS."
    except BadRequest as error:
        trouble = f"Telegram không nhận: {without_tokens(error.message)}"
    except RetryAfter as error:
        trouble = f"Telegram yêu cầu chờ {seconds_of(error):.0f} giây. Hãy làm lại sau."
    except TelegramError:
        trouble = "Chưa hỏi được Telegram. Hãy kiểm tra mạng, proxy rồi làm lại."
    raise TelegramTrouble(trouble)

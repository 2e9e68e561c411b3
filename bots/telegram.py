"""Telegram: the second channel. python-telegram-bot serves as a client only; the polling loop is our own.

Its Updater confirms an update before anything has kept it, so a crash would lose an officer's "xong". Here
:meth:`Telegram.poll` stores first and confirms with the next request (https://core.telegram.org/bots/api#getupdates).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import html
import logging
import os
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from telegram import Bot, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram import Message as TelegramMessage
from telegram.constants import ParseMode
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
from telegram.request import HTTPXRequest

from bots.wording import Button, Rendered, render
from engine.errors import BadSetting
from engine.messages import Inbound, Message, Outcome, Refused, Retry, Sent, Unknown

T = TypeVar("T")
Store = Callable[[Sequence[Inbound], int], Awaitable[None]]

LOG = logging.getLogger(__name__)

OFFICIAL = "https://api.telegram.org/bot"
LONGEST_PART = 3900  # UTF-16 units; api#sendmessage allows 4096 after entity parsing, the rest is margin
LONGEST_CALLBACK_DATA = 64  # bytes, api#inlinekeyboardbutton
SEND_AT_MOST = 90.0  # seconds for one message, under the lease of its claim
POOL = 30  # connections; all chats together may get about 30 messages a second (bots/faq)
TRY_LATER = 30.0
MENDED_BY_HAND = 3600.0  # a wrong token or refused content does not mend itself in a minute
BACKOFF = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)  # seconds between failed polls; then the last one

# Refused before a byte of the request left: safe to repeat.
NEVER_LEFT = (
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ConnectError,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

# What a 400 says when the address, not the text, is at fault; lower case.
BAD_ADDRESS = (
    "chat not found",
    "chat_id is empty",
    "user not found",
    "peer_id_invalid",
    "group chat was deactivated",
    "chat_write_forbidden",
    "have no rights to send a message",
    "not enough rights",
)

# What a 403 says, and how the standing office reads it.
WHY_FORBIDDEN = {
    "blocked": "người nhận đã chặn bot",
    "deactivated": "tài khoản Telegram của người nhận không còn hoạt động",
    "initiate conversation": "người nhận chưa bấm Start với bot",
    "kicked": "bot đã bị đưa ra khỏi nhóm",
}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each part of a request; a long poll adds its own idle time to ``read``."""

    connect: float = 5
    read: float = 20
    write: float = 10
    pool: float = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a message that fits Telegram, with and without its marks."""

    html: str
    text: str


class Telegram:
    """A channel whose addresses are Telegram chat ids.

    Its connections belong to one event loop: ``async with Telegram(token) as channel``.
    """

    name = "telegram"

    def __init__(
        self, token: str, base_url: str = OFFICIAL, proxy: str | None = None, timeouts: Timeouts | None = None
    ) -> None:
        number, _, secret = token.partition(":")
        if not (number.isascii() and number.isdigit() and secret):
            raise BadSetting("NHACVIEC_TELEGRAM_TOKEN không đúng dạng. Hãy chép lại token do @BotFather cấp.")
        hide_tokens()  # before the library logs its own URL
        # The library's coming behaviour (times as timedelta); without it every 429 brings a deprecation warning too.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self.bot = number
        timeouts = timeouts or Timeouts()
        self._requests = (
            _ReadableUpdates(1, timeouts.read, timeouts.write, timeouts.connect, timeouts.pool, proxy=proxy),
            HTTPXRequest(POOL, timeouts.read, timeouts.write, timeouts.connect, timeouts.pool, proxy=proxy),
        )
        poll, send = self._requests
        self._client = Bot(token, base_url=base_url, request=send, get_updates_request=poll)

    async def __aenter__(self) -> Self:
        for request in self._requests:
            await request.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for request in self._requests:
            await request.shutdown()

    # ---- send -----------------------------------------------------------------------------------------------------

    async def send(self, address: str, message: Message) -> Outcome:
        """Send one message to one chat; a long one in parts, with the buttons under the last."""
        rendered = render(message)
        try:
            async with asyncio.timeout(SEND_AT_MOST):
                return await self._send_parts(address, rendered)
        except TimeoutError:
            return Unknown("gửi quá lâu, chưa rõ tin đã tới hay chưa")

    async def _send_parts(self, address: str, rendered: Rendered) -> Outcome:
        parts = split(rendered)
        provider_id = ""
        for sent, part in enumerate(parts):
            buttons = rendered.buttons if part is parts[-1] else ()
            try:
                provider_id = await self._send_part(address, part, keyboard(buttons))
            except Exception as error:
                # Once a part has arrived, "not delivered" would have all of it sent again.
                return Unknown(f"mới gửi được {sent}/{len(parts)} phần của tin") if sent else outcome_of(error)
        return Sent(provider_id, rendered.text)

    async def _send_part(self, address: str, part: Part, under: InlineKeyboardMarkup | None) -> str:
        try:
            return await self._post(address, part, under)
        except ChatMigrated as moved:  # a group became a supergroup, api#responseparameters
            LOG.warning("Nhóm Telegram %s nay là %s; tin được gửi tới địa chỉ mới", address, moved.new_chat_id)
            return await self._post(str(moved.new_chat_id), part, under)
        except BadRequest as error:
            if is_about_address(error):
                raise
            # The words matter more than their marks and buttons: everything can be typed.
            LOG.warning("Telegram không nhận định dạng của tin (%s); gửi lại bằng chữ thường", error)
            return await self._post_plain(address, part)

    async def _post(self, address: str, part: Part, under: InlineKeyboardMarkup | None) -> str:
        sent = await self._client.send_message(
            address,
            part.html,
            parse_mode=ParseMode.HTML,
            reply_markup=under,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return str(sent.message_id)

    async def _post_plain(self, address: str, part: Part) -> str:
        sent = await self._client.send_message(
            address, part.text, link_preview_options=LinkPreviewOptions(is_disabled=True)
        )
        return str(sent.message_id)

    # ---- poll -----------------------------------------------------------------------------------------------------

    async def poll(
        self,
        store: Store,
        offset: int | None,
        stop: asyncio.Event,
        idle_seconds: float = 25,
        backoff: Sequence[float] = BACKOFF,
    ) -> None:
        """Receive until ``stop``: ask, store, and only then confirm by asking from the next offset.

        ``store`` commits what arrived together with the next offset; when it raises, the same updates are asked for
        again. A press is answered after it is stored, which stops the spinner on the button.
        """
        failures = 0
        while not stop.is_set():
            try:
                updates = await _unless(stop, self._ask(offset, idle_seconds))
                if updates:
                    following = updates[-1].update_id + 1
                    await store(list(self._inbounds(updates)), following)
                    offset = following
                    await _unless(stop, self._answer_presses(updates))
                failures = 0
            except Exception as error:  # whatever it is, the bot must still be listening afterwards
                failures += 1
                LOG.warning("Chưa nhận được tin từ Telegram: %s", _why(error), exc_info=_unforeseen(error))
                await _unless(stop, self._recover(error, backoff[min(failures, len(backoff)) - 1], backoff[-1]))

    async def _ask(self, offset: int | None, idle_seconds: float) -> tuple[Update, ...]:
        # allowed_updates stays in force at Telegram until another request changes it, so it is said every time.
        return await self._client.get_updates(
            offset=offset,
            timeout=dt.timedelta(seconds=max(1, round(idle_seconds))),
            allowed_updates=[Update.MESSAGE, Update.CALLBACK_QUERY],
        )

    async def _recover(self, error: Exception, pause: float, longest: float) -> None:
        if isinstance(error, Conflict) and "webhook" in error.message.lower():
            await self._quietly(self._client.delete_webhook(drop_pending_updates=False))
        if isinstance(error, RetryAfter):
            pause = _seconds(error)
        elif isinstance(error, Conflict | InvalidToken | Forbidden):
            pause = longest
        await asyncio.sleep(pause)

    def _inbounds(self, updates: Sequence[Update]) -> Iterator[Inbound]:
        for update in updates:
            said = _said(update)
            if said:
                address, text, about = said
                yield Inbound(self.name, self.bot, str(update.update_id), address, text, about, update.to_json())

    async def _answer_presses(self, updates: Sequence[Update]) -> None:
        presses = [update.callback_query.id for update in updates if update.callback_query]
        await asyncio.gather(*(self._quietly(self._client.answer_callback_query(press)) for press in presses))

    async def _quietly(self, call: Coroutine[Any, Any, object]) -> None:
        try:
            await call
        except TelegramError as error:  # the words are stored; an old spinner is not worth a retry
            LOG.debug("Telegram không nhận một lệnh phụ: %s", error)


# ---- what people said ---------------------------------------------------------------------------------------------


def _said(update: Update) -> tuple[str, str, int | None] | None:
    """Who said what about which occurrence; None for what is nobody's words (an edit, a pinned message)."""
    if update.callback_query:
        return _pressed(update.callback_query)
    if update.message:
        return _typed(update.message)
    return None


def _typed(message: TelegramMessage) -> tuple[str, str, None] | None:
    text = message.text or message.caption or ""
    if not text and message.effective_attachment is None:
        return None
    return str(message.chat.id), text, None  # a photo or sticker is an empty text: the engine answers with help


def _pressed(query: CallbackQuery) -> tuple[str, str, int | None]:
    # Without its message (too old, or inline) a press still comes from a person, whose private chat has the same id.
    chat = query.message.chat.id if query.message else query.from_user.id
    command, bar, occurrence = (query.data or "").rpartition("|")
    if bar and occurrence.isdecimal():
        return str(chat), command, int(occurrence)
    return str(chat), query.data or "", None


class _ReadableUpdates(HTTPXRequest):
    """Receives updates, and empties those the library cannot read.

    A single one would otherwise fail its whole batch, at every poll, for ever.
    """

    __slots__ = ()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer, in which every update can be read."""
        answer = HTTPXRequest.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [_readable(update) for update in answer["result"]]
        return answer


def _readable(update: dict[str, Any]) -> dict[str, Any]:
    try:
        Update.de_json(update)
    except Exception as error:
        LOG.error("Bỏ qua cập nhật Telegram %s: không đọc được (%s)", update["update_id"], type(error).__name__)
        return {"update_id": update["update_id"]}
    return update


# ---- what to send -------------------------------------------------------------------------------------------------


def keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    """Buttons whose data is ``command|occurrence``; one that would not fit is left out, as it can be typed."""
    laid_out = [[_button(button) for button in row if _fits(button)] for row in rows]
    laid_out = [row for row in laid_out if row]
    return InlineKeyboardMarkup(laid_out) if laid_out else None


def _button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(button.label, callback_data=_data(button))


def _fits(button: Button) -> bool:
    return len(_data(button).encode()) <= LONGEST_CALLBACK_DATA


def _data(button: Button) -> str:
    return f"{button.command}|{button.occurrence_id}"


def split(rendered: Rendered) -> list[Part]:
    """Parts that fit, cut between lines, and between blocks where there is a blank line to cut at."""
    if _length(rendered.text) <= LONGEST_PART:
        return [Part(rendered.html, rendered.text)]
    parts: list[list[Part]] = []
    current: list[Part] = []
    for line in _lines(rendered):
        while current and _units([*current, line]) > LONGEST_PART:
            cut = max((i for i, one in enumerate(current) if i and not one.text.strip()), default=len(current))
            parts.append(current[:cut])
            current = current[cut:]
            while current and not current[0].text.strip():  # a part does not begin with a blank line
                del current[0]
        current.append(line)
    return [_joined(part) for part in [*parts, current] if any(line.text.strip() for line in part)]


def _lines(rendered: Rendered) -> Iterator[Part]:
    marked, plain = rendered.html.split("\n"), rendered.text.split("\n")
    if len(marked) != len(plain):
        marked = [html.escape(line, quote=False) for line in plain]
    for with_marks, line in zip(marked, plain, strict=True):
        if _length(line) <= LONGEST_PART:
            yield Part(with_marks, line)
        else:  # one endless line: its marks are lost, its words are not
            yield from (Part(html.escape(piece, quote=False), piece) for piece in _pieces(line))


def _pieces(line: str) -> Iterator[str]:
    """Cut after a space where there is one. Half the limit in characters is within it in UTF-16 units, always."""
    most = LONGEST_PART // 2
    while len(line) > most:
        cut = line.rfind(" ", 1, most) + 1 or most
        yield line[:cut]
        line = line[cut:]
    yield line


def _joined(lines: list[Part]) -> Part:
    return Part("\n".join(line.html for line in lines), "\n".join(line.text for line in lines))


def _units(lines: list[Part]) -> int:
    return sum(_length(line.text) + 1 for line in lines)


def _length(text: str) -> int:
    """In UTF-16 units, as Telegram counts (api#messageentity)."""
    return len(text.encode("utf-16-le")) // 2


# ---- what came of it ----------------------------------------------------------------------------------------------


def outcome_of(error: Exception) -> Outcome:
    """What an error says about the message. Refused speaks of the address only, as it closes the chat."""
    match error:
        case RetryAfter():
            return Retry("Telegram yêu cầu chờ vì gửi quá nhanh", _seconds(error))
        case Forbidden():
            return Refused(_why_forbidden(error))
        case ChatMigrated():
            return Refused("nhóm đã đổi địa chỉ nhiều lần")
        case InvalidToken():  # not the person's fault: nobody may be marked as unreachable for it
            LOG.error("Telegram không nhận token của bot. Hãy kiểm tra NHACVIEC_TELEGRAM_TOKEN.")
            return Retry("Telegram không nhận token của bot", MENDED_BY_HAND)
        case BadRequest() if is_about_address(error):
            return Refused("không tìm thấy cuộc trò chuyện này trên Telegram")
        case BadRequest():
            LOG.error("Telegram không nhận nội dung tin: %s", error)
            return Retry("Telegram không nhận nội dung tin", MENDED_BY_HAND)
        case NetworkError():
            return _outcome_of_network(error)
        case TelegramError():
            return Unknown("Telegram trả lời không đọc được, chưa rõ tin đã tới hay chưa")
        case _:
            LOG.error("Lỗi lạ khi gửi qua Telegram", exc_info=error)
            return Unknown(f"lỗi lạ khi gửi ({type(error).__name__})")


def _outcome_of_network(error: NetworkError) -> Outcome:
    """The library keeps the client's own error as the cause; without one, the server has answered."""
    if isinstance(error.__cause__, NEVER_LEFT):
        return Retry("chưa kết nối được tới Telegram", TRY_LATER)
    if isinstance(error, TimedOut) or not _was_answered(error):
        return Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")
    if "(504)" in error.message:  # a gateway gave up waiting: what stands behind it may well have obeyed
        return Unknown("cổng Telegram hết thời gian chờ, chưa rõ tin đã tới hay chưa")
    return Retry("máy chủ Telegram đang trục trặc", TRY_LATER)


def _was_answered(error: NetworkError) -> bool:
    return error.__cause__ is None or isinstance(error.__cause__, TelegramError)


def is_about_address(error: BadRequest) -> bool:
    """True when no text at all would be taken for this chat."""
    return any(sign in error.message.lower() for sign in BAD_ADDRESS)


def _why_forbidden(error: Forbidden) -> str:
    said = error.message.lower()
    return next((why for sign, why in WHY_FORBIDDEN.items() if sign in said), "Telegram từ chối gửi tới địa chỉ này")


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, dt.timedelta) else float(wait)


def _why(error: Exception) -> str:
    match error:
        case Conflict():
            return (
                "một chương trình khác (hoặc một webhook) đang nhận tin bằng cùng token. "
                f"Mỗi bot chỉ chạy ở một nơi; hãy dừng nơi kia. ({error})"
            )
        case InvalidToken():
            return "token không đúng. Hãy kiểm tra NHACVIEC_TELEGRAM_TOKEN."
        case _:
            return f"{type(error).__name__}: {error}"


def _unforeseen(error: Exception) -> Exception | None:
    """The network is expected to fail; for the rest (a store, a defect) the log needs the traceback."""
    return None if isinstance(error, TelegramError) else error


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Do the work, but drop it when ``stop`` is set first; None then."""
    task, bell = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, bell}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        bell.cancel()
        await asyncio.gather(task, bell, return_exceptions=True)


# ---- secrets ------------------------------------------------------------------------------------------------------

# The token is part of every URL (api#making-requests): "bot<number>:<secret>". The number is no secret.
TOKEN = re.compile(r"(\d{4,}(?::|%3A))[A-Za-z0-9_-]{16,}", re.IGNORECASE)
TALKATIVE = ("httpx", "httpcore", "telegram", "asyncio", __name__)
# A logger's filter does not see what its children log; these are made late, so they are named.
MADE_LATE = tuple(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))


class _TokenFilter(logging.Filter):
    """Takes tokens out of whatever a record would print."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            said = record.getMessage()
        except (TypeError, ValueError):  # words and arguments do not match: the handler will complain, as always
            return True
        if TOKEN.search(said):
            record.msg, record.args = without_tokens(said), ()
        if record.exc_info and record.exc_info[1] is not None:
            trace = record.exc_text or logging.Formatter().formatException(record.exc_info)
            if TOKEN.search(trace):
                # Formatters print exc_text when there is one; the exception itself goes, or another would print it.
                record.exc_text, record.exc_info = without_tokens(trace), None
        return True


_FILTER = _TokenFilter()


def without_tokens(text: str) -> str:
    """The text with every bot's secret replaced."""
    return TOKEN.sub(r"\1***", text)


def hide_tokens() -> None:
    """Keep tokens out of every log: at the loggers that meet them, and at the handlers of the root logger.

    May be called again, as when logging is set up after the channel.
    """
    for name in [*TALKATIVE, *MADE_LATE, *logging.root.manager.loggerDict]:
        if name.startswith(TALKATIVE):
            logging.getLogger(name).addFilter(_FILTER)
    for handler in logging.root.handlers:
        handler.addFilter(_FILTER)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it writes the URL of every request

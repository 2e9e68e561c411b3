"""Receiving by asking: our own loop, with an offset that is stored before it is confirmed.

The library's Updater confirms an update before anything has kept it, so a crash would lose an officer's "xong". Here
an update is confirmed by the request after the one that stored it (https://core.telegram.org/bots/api#getupdates).
Asking takes no turn of the sending pace.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from telegram import Bot, Update
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bots.telegram.hearing import ASKED_FOR, Ears, presses_in, read_update
from bots.telegram.outcomes import seconds_of
from bots.telegram.transport import BrokenOff, NeverLeft, Transport
from engine.messages import Inbound, Store

T = TypeVar("T")

LOG = logging.getLogger(__name__)

UNREADABLE = "Invalid server response"  # as our transport says it
FLOOR = 1.0  # seconds from one poll's start to the next where nothing came: a gateway in between may answer at once
SPINNER = 3.0  # seconds for stopping it: nobody's words wait so long behind a button
LARGEST = 2**62  # of an update's id: what the store can hold, and far above any of Telegram's
BACKOFF = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)  # seconds between failed polls; then the last one


class ReadableUpdates(Transport):
    """Receives updates, and empties those the library cannot read.

    A single one would otherwise fail its whole batch, at every poll, for ever.
    """

    __slots__ = ()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer, in which every update can be read."""
        answer = Transport.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            given = [update for update in answer["result"] if _has_id(update)]
            if len(given) < len(answer["result"]):
                LOG.error("Bỏ qua %d cập nhật Telegram không có mã hợp lệ", len(answer["result"]) - len(given))
            answer["result"] = [u if read_update(u) else {"update_id": u["update_id"]} for u in given]
        return answer


def _has_id(update: object) -> bool:
    number = update.get("update_id") if isinstance(update, dict) else None
    return type(number) is int and 0 <= number < LARGEST


class Poll:
    """One loop of asking. ``ask`` is the library's bot; ``ears`` turn updates into what the engine hears."""

    def __init__(self, ask: Bot, ears: Ears, idle_seconds: float, backoff: Sequence[float]) -> None:
        self._ask_bot, self._ears = ask, ears
        self._idle, self._backoff = max(1, round(idle_seconds)), backoff
        self._spinners: set[asyncio.Task[None]] = set()

    async def run(self, store: Store, offset: int | None, stop: asyncio.Event) -> None:
        """Ask, store, and only then confirm by asking from the next offset; until ``stop``."""
        try:
            await self._run(store, offset, stop)
        finally:
            for spinner in self._spinners:
                spinner.cancel()
            await asyncio.gather(*self._spinners, return_exceptions=True)

    async def _run(self, store: Store, offset: int | None, stop: asyncio.Event) -> None:
        failures = 0
        clock = asyncio.get_running_loop().time
        while not stop.is_set():
            began = clock()
            try:
                updates = await _unless(stop, self._ask(offset))
                if updates:
                    # Not "never backwards": after a quiet week ids may begin anywhere (api#update).
                    following = max(update.update_id for update in updates) + 1
                    inbounds = self._ears.heard(updates)
                    await store(inbounds, following)
                    offset = following
                    self._stop_spinners(inbounds)
                elif (early := began + FLOOR - clock()) > 0:
                    await _unless(stop, asyncio.sleep(early))
                failures = 0
            except Exception as error:  # whatever it is, the bot must still be listening afterwards
                failures += 1
                trouble = _why(error)
                LOG.warning(
                    "Bot Telegram %s chưa nhận được tin: %s", self._ears.bot, trouble, exc_info=_unforeseen(error)
                )
                if failures == 1 and await self._took_away_webhook(error):
                    continue
                pause = self._backoff[min(failures, len(self._backoff)) - 1]
                await _unless(stop, self._recover(error, pause))

    async def _ask(self, offset: int | None) -> tuple[Update, ...]:
        if self._ears.username is None:
            await learn_name(self._ask_bot, self._ears)
        # allowed_updates stays in force at Telegram until another request changes it, so it is said every time.
        return await self._ask_bot.get_updates(
            offset=offset, timeout=dt.timedelta(seconds=self._idle), allowed_updates=ASKED_FOR
        )

    def _stop_spinners(self, inbounds: Sequence[Inbound]) -> None:
        """Beside the asking: what others type meanwhile is heard at once."""
        task = asyncio.create_task(acknowledge(self._ask_bot, inbounds))
        self._spinners.add(task)
        task.add_done_callback(self._spinners.discard)

    async def _took_away_webhook(self, error: Exception) -> bool:
        """A webhook of this bot keeps us from asking; this installation asks, so it goes."""
        if not isinstance(error, Conflict) or "webhook" not in error.message.lower():
            return False
        gone = await _quietly(self._ask_bot.delete_webhook(drop_pending_updates=False))
        if gone:
            LOG.warning("Bot Telegram %s: đã gỡ webhook cũ, nay hỏi tin trực tiếp.", self._ears.bot)
        return bool(gone)

    async def _recover(self, error: Exception, pause: float) -> None:
        if isinstance(error, RetryAfter):
            pause = max(seconds_of(error), FLOOR)
        elif isinstance(error, Conflict | InvalidToken | Forbidden):
            pause = self._backoff[-1]
        await asyncio.sleep(pause)


async def acknowledge(ask: Bot, inbounds: Sequence[Inbound]) -> None:
    """Stop the spinners on pressed buttons; an old one is not worth a retry, as the words are stored."""
    await asyncio.gather(
        *(_quietly(asyncio.wait_for(ask.answer_callback_query(query), SPINNER)) for query in presses_in(inbounds))
    )


async def learn_name(ask: Bot, ears: Ears) -> None:
    """Ask once for the bot's own name; without it, words that begin with any bot's name are taken as ours."""
    me = await _quietly(ask.get_me())
    if me:
        ears.username = me.username


async def _quietly(call: Coroutine[Any, Any, T]) -> T | None:
    try:
        return await call
    except Exception as error:  # whatever it is: the words were stored
        LOG.debug("Telegram không nhận một lệnh phụ: %s", type(error).__name__)
        return None


def _why(error: Exception) -> str:
    match error:
        case Conflict():
            return (
                "một chương trình khác (hoặc một webhook) đang nhận tin bằng cùng token. "
                f"Mỗi bot chỉ chạy ở một nơi; hãy dừng nơi kia. ({error})"
            )
        case InvalidToken():
            return "token không đúng. Hãy kiểm tra NHACVIEC_TELEGRAM_TOKEN hoặc tệp NHACVIEC_BOTS."
        case RetryAfter():
            return f"Telegram yêu cầu chờ {seconds_of(error):.0f} giây."
        case TelegramError() if isinstance(error.__cause__, TelegramError) or error.message == UNREADABLE:
            said = error.message.partition(". Parsing the server response")[0]
            return f"máy chủ Telegram hoặc mạng ở giữa trả lời không đúng, sẽ hỏi lại. ({said})"
        case NeverLeft() | BrokenOff() | TimedOut():
            return "chưa kết nối được tới Telegram hoặc mất kết nối, sẽ hỏi lại."
        case NetworkError() if not isinstance(error, BadRequest):  # which the library counts among them
            return f"máy chủ Telegram đang trục trặc, sẽ hỏi lại. ({error})"
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

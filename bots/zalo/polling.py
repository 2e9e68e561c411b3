"""Asking Zalo for what people wrote, safely under both things that getUpdates is said to do.

getUpdates has no offset and no receipt [O], gives one object at a time, and two reports disagree: that an update comes
back at every poll, at once [M: zalo-bot-mcp], or is never served again (openclaw pull 110803). So an update is stored
before the next one is asked for, is kept here until it is stored, and is not stored twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bots.zalo.api import Denied, NotZalo, Trouble
from bots.zalo.fate import in_words
from engine.messages import Inbound, Store

T = TypeVar("T")

LOG = logging.getLogger(__name__)

IDLE = 408  # "Request timeout", by HTTP status or in the body, is how an idle poll ends [M]
PERHAPS_A_WEBHOOK = frozenset({400, 403, 404, 409})  # what a poll beside a webhook gets is not documented


@dataclass(frozen=True, slots=True)
class Polls:
    """How to ask. All in seconds but ``remembered``.

    ``idle``: how long Zalo may keep a poll waiting (its own default is 30). ``floor``: at least so long from the start
    of a poll that brought nothing new to the next: a replayed update answers at once, some twelve times a second [M].
    ``backoff``: after failures; then the last one. ``remembered``: ids of updates that need not be stored again.
    """

    idle: float = 30
    floor: float = 1.0
    backoff: Sequence[float] = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
    remembered: int = 10_000


class Poll:
    """One long poll after another."""

    def __init__(
        self,
        bot: str,
        ask: Callable[[], Awaitable[list[Inbound]]],
        has_webhook: Callable[[], Awaitable[bool]],
        polls: Polls,
    ) -> None:
        self._bot = bot
        self._ask, self._has_webhook, self._polls = ask, has_webhook, polls
        self._known = _Remembered(polls.remembered)
        self._unstored: list[Inbound] = []

    async def run(self, store: Store, stop: asyncio.Event) -> None:
        """Ask, store, and only then ask again, until ``stop``.

        What ``store`` could not keep is offered to it again before anything else is asked for: Zalo may never tell it
        a second time.
        """
        failures = 0
        while not stop.is_set():
            began = _now()
            pause, news = 0.0, False
            try:
                await self._listen(stop)
                news = bool(self._unstored)
                await self._keep(store)
                failures = 0
            except Exception as error:  # whatever it is, the bot must still be listening afterwards
                failures += 1
                pause = await self._explain(error, failures)
            if pause or not news:  # one object at a time: a morning's backlog is not made to wait
                await unless(stop, asyncio.sleep(max(pause, began + self._polls.floor - _now())))
        await self._last_try(store)

    async def _listen(self, stop: asyncio.Event) -> None:
        if self._unstored:
            return
        try:
            heard = await unless(stop, self._ask()) or []
        except (Denied, NotZalo) as answer:
            if IDLE not in (getattr(answer, "code", None), getattr(answer, "status", None)):
                raise
            return
        self._unstored = [inbound for inbound in heard if inbound.update_key not in self._known]

    async def _keep(self, store: Store) -> None:
        if self._unstored:
            await store(self._unstored, None)
            self._known.add(inbound.update_key for inbound in self._unstored)
            self._unstored = []

    async def _last_try(self, store: Store) -> None:
        try:
            await self._keep(store)
        except Exception:
            LOG.exception("Dừng khi còn %d tin Zalo chưa lưu được; Zalo có thể không gửi lại", len(self._unstored))

    async def _explain(self, error: Exception, failures: int) -> float:
        """Log what went wrong, in words; how long to wait before the next try."""
        steps = self._polls.backoff
        if not isinstance(error, Trouble):  # a store, a defect: the log needs the traceback
            kind = type(error).__name__
            LOG.warning("Bot Zalo %s chưa nhận hoặc chưa lưu được tin: %s", self._bot, kind, exc_info=error)
        elif isinstance(error, Denied) and error.code in PERHAPS_A_WEBHOOK and await self._beside_a_webhook(error):
            LOG.warning(
                "Bot Zalo %s chưa nhận được tin: bot đang đặt webhook nên không hỏi tin được. "
                "Hãy gỡ webhook, hoặc nhận tin qua webhook. (%s)",
                self._bot,
                error,
            )
            return steps[-1]
        else:
            LOG.warning("Bot Zalo %s chưa nhận được tin: %s", self._bot, in_words(error))
            if isinstance(error, Denied) and error.code == 401:  # mended by hand
                return steps[-1]
        named = getattr(error, "wait", None)
        return max(named or 0.0, steps[min(failures, len(steps)) - 1])

    async def _beside_a_webhook(self, denied: Denied) -> bool:
        if "webhook" in denied.description.lower():
            return True
        try:
            return await self._has_webhook()
        except Trouble:
            return False


class _Remembered:
    """The last so many ids, oldest forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._ids

    def add(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._ids[key] = None
        while len(self._ids) > self._most:
            self._ids.popitem(last=False)


async def unless(stop: asyncio.Event, work: Awaitable[T]) -> T | None:
    """Do the work, but drop it when ``stop`` is set first; None then."""
    task, bell = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, bell}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        bell.cancel()
        await asyncio.gather(task, bell, return_exceptions=True)


def _now() -> float:
    return asyncio.get_running_loop().time()

"""Whether the bots' providers answer: asked now and then, since an outage shows nowhere else while nothing is sent.

People who write meanwhile are not heard, and a token that was taken back stays so until somebody looks.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from engine.findings import Finding, bad
from engine.messages import Channel
from engine.watch import MINUTE, in_minutes

FIRST_AFTER, ASK_EVERY, ANSWER_WITHIN = 60.0, 300.0, 20.0  # seconds
SILENT_FOR = 10 * MINUTE
AT_ONCE = 20  # a province's machine has a hundred bots
MOST_NAMED = 8

Bot = tuple[str, str]


class Answering:
    """Asks each bot who it is. ``now``: what the clock says."""

    def __init__(self, channels: Collection[Channel], now: Callable[[], dt.datetime]) -> None:
        self._now = now
        self._bots = {(c.name, c.bot): ask for c in channels if (ask := introduction(c)) is not None}
        self._silent_since: dict[Bot, dt.datetime] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def go_on(self) -> None:
        """Ask for ever."""
        await asyncio.sleep(FIRST_AFTER)
        while True:
            await self.ask()
            await asyncio.sleep(ASK_EVERY)

    async def ask(self) -> None:
        """Ask every bot once."""
        await asyncio.gather(*(self._ask(bot, introduce) for bot, introduce in self._bots.items()))

    async def _ask(self, bot: Bot, introduce: Callable[[], Awaitable[Any]]) -> None:
        try:
            async with self._room, asyncio.timeout(ANSWER_WITHIN):
                await introduce()
        except Exception:  # the network, the token, a defect: whichever, it does not answer us
            self._silent_since.setdefault(bot, self._now())
        else:
            self._silent_since.pop(bot, None)

    def findings(self, now: dt.datetime) -> list[Finding]:
        """The bots that have not answered for ten minutes. May be asked from another thread."""
        silent = {bot: since for bot, since in list(self._silent_since.items()) if now - since >= SILENT_FOR}
        if not silent:
            return []
        names = ", ".join(f"{name} {number}" for name, number in list(silent)[:MOST_NAMED])
        return [
            bad(
                "answering",
                f"{len(silent)} bot không trả lời, lâu nhất {in_minutes(now - min(silent.values()))}: {names}.",
                "Tin chưa đi và chưa tới qua đó. Hãy xem mạng, proxy, mã bot: nhacviec channels --check.",
            )
        ]


def introduction(channel: Any) -> Callable[[], Awaitable[Any]] | None:
    """How to ask this channel who it is; None: it runs in this process, or by mail."""
    asked: Callable[[], Awaitable[Any]] | None = getattr(channel, "whoami", None) or getattr(channel, "me", None)
    return asked

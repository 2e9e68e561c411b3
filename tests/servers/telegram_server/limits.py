"""The pace that Telegram asks for, enforced (https://core.telegram.org/bots/faq): whoever is faster meets a 429."""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

from tests.servers.telegram_server.answers import too_fast


@dataclass
class Limits:
    """Messages in any second for the bot; for one chat one every so often, after a short burst; a group's minute."""

    per_second: int = 30
    chat_seconds: float = 1.0
    chat_burst: int = 4  # "short bursts" pass; how short, nobody says
    group_messages: int = 20
    group_seconds: float = 60.0
    refused: int = 0  # calls that were too fast
    _bot: deque[float] = field(default_factory=deque)
    _groups: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _left: dict[int, tuple[float, float]] = field(default_factory=dict)  # of a chat's burst, and since when

    def allow(self, chat_id: int) -> None:
        """Count one message, or raise the 429 that it meets."""
        now = time.monotonic()
        left, since = self._left.get(chat_id, (float(self.chat_burst), now))
        left = min(self.chat_burst, left + (now - since) / self.chat_seconds)
        wait = max(_wait(self._bot, self.per_second, 1.0, now), (1 - left) * self.chat_seconds)
        if chat_id < 0:
            wait = max(wait, _wait(self._groups[chat_id], self.group_messages, self.group_seconds, now))
        if wait > 0:
            self.refused += 1
            raise too_fast(max(1, math.ceil(wait)))
        self._bot.append(now)
        self._left[chat_id] = (left - 1, now)
        if chat_id < 0:
            self._groups[chat_id].append(now)


def _wait(lately: deque[float], most: int, seconds: float, now: float) -> float:
    while len(lately) > most:
        lately.popleft()
    return lately[0] + seconds - now if len(lately) >= most else 0.0

"""Two providers in memory. They take messages, lose them, refuse them or go away, and know what really arrived."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from bots.pacing import Pace
from engine.messages import Answer, Edit, Inbound, Message, Outcome, Press, Refused, Retry, Sent, Unknown
from tests.sim.faults import Crashes
from tests.sim.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of ``send``, as the provider saw it. ``outcome`` None: the process died in it."""

    at: dt.datetime
    channel: str
    address: str
    message: Message
    arrived: bool
    outcome: Outcome | None
    provider_id: str


@dataclass(frozen=True, slots=True)
class Unhurried:
    """A bot that keeps a pace, and that nobody has to wait for: no more than a few of its letters begin at a time."""

    pace: Pace
    waiting: int = 0


class Provider:
    """One provider: the channel that the engine sees, and everybody's phone behind it."""

    def __init__(
        self,
        name: str,
        recipe: Recipe,
        crashes: Crashes,
        clock: Callable[[], dt.datetime],
        rings: Callable[[Attempt], None],
        *,
        edits: bool,
    ) -> None:
        self.name, self.bot, self.edits = name, f"bot-{name}", edits
        self.blocked: set[str] = set()
        self.away_until: dt.datetime | None = None
        self.unread: list[Inbound] = []  # updates that the program has not taken yet
        self._recipe, self._crashes, self._clock, self._rings = recipe, crashes, clock, rings
        self._attempts: dict[tuple[object, ...], int] = {}
        self._known = {fault for fault in ("retry", "unknown", "raise") if recipe.has(fault)}
        self._rate = recipe.dice(name, "rate").choice([0.01, 0.03, 0.1, 0.25])
        self._sent = 0
        self._typed = 0
        dice = recipe.dice(name, "budget")
        self.budget = dice.randint(30, 200) if recipe.has("budget") and dice.random() < 0.4 else None
        dice = recipe.dice(name, "pace")
        if dice.random() < 0.6:
            self.turns = Unhurried(Pace(per_second=dice.choice([1, 40, 400])))

    async def send(self, address: str, message: Message) -> Outcome:
        """What the engine calls."""
        self._crashes.perhaps("before a send")
        await asyncio.sleep(0)  # other lanes send meanwhile
        self._sent += 1
        provider_id = f"{self.name}-{self._sent}"
        arrived, outcome = self._fate(address, message, provider_id)
        crash = self._crashes.due("after a send") if arrived else None
        attempt = Attempt(self._clock(), self.name, address, message, arrived, None if crash else outcome, provider_id)
        self._rings(attempt)
        if crash:
            self._crashes.disarm()
            raise crash
        if isinstance(outcome, Unknown) and outcome.reason == "raise":
            raise RuntimeError("a channel must not raise")
        return outcome

    def _fate(self, address: str, message: Message, provider_id: str) -> tuple[bool, Outcome]:
        now = self._clock()
        if self.away_until and now < self.away_until:
            return False, Retry("nhà cung cấp không trả lời", 5)
        if address in self.blocked:
            return False, Refused("người nhận đã chặn bot")
        if now < self._recipe.calm_from:
            key = (address, now, type(message).__name__)
            again = self._attempts[key] = self._attempts.get(key, 0) + 1
            dice = self._recipe.dice(self.name, "fate", *key, again)
            if dice.random() < self._rate:
                mishap = self._mishap(
                    dice.choice(["retry", "named", "lost", "no answer", "raise"]), dice.random() * 900
                )
                if mishap:
                    return mishap
        return True, Sent(provider_id, "")

    def _mishap(self, which: str, seconds: float) -> tuple[bool, Outcome] | None:
        if which in ("retry", "named") and "retry" in self._known:
            return False, Retry("quá nhiều yêu cầu", round(seconds), named=which == "named")
        if which in ("lost", "no answer") and "unknown" in self._known:
            return which == "no answer", Unknown("hết thời gian chờ")
        if which == "raise" and "raise" in self._known:
            return seconds < 450, Unknown("raise")
        return None

    def types(self, address: str, text: str, press: Press | None, *, twice: bool) -> str:
        """A person writes (or presses); returns the update's key. ``twice``: the provider delivers it two times."""
        self._typed += 1
        key = f"{self._typed:06}"
        update = Inbound(self.name, self.bot, key, address, text, press)
        self.unread += [update, update] if twice else [update]
        self.blocked.discard(address)  # whoever writes has unblocked the bot
        return key


def is_push(message: Message) -> bool:
    """Whether a person is disturbed by it unasked."""
    return not isinstance(message, Answer | Edit)

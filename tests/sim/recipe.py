"""What one run is made from: a seed, a length, and what was left out of it."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field, replace
from functools import cached_property
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FAULTS = (
    "crash",  # the process dies somewhere
    "downtime",  # it is off for minutes to weeks
    "night",  # it is off every night
    "step",  # the clock is put forward or back by up to two hours
    "retry",  # "try again later", with and without a named time
    "unknown",  # no answer to a send, which may have arrived
    "raise",  # a channel that raises, which it must not
    "refused",  # a person blocks the bot for a while
    "outage",  # a provider is away for hours
    "twice",  # an update is delivered twice
    "leave",  # people on leave, with and without stand-ins
    "gone",  # people who leave the office for good
    "unlinked",  # people without a chat
    "operator",  # the standing office suspends, resumes, cancels and opens again
    "budget",  # a bot that may send only so many messages a month
)


@dataclass(frozen=True)
class Recipe:
    """One run. Nothing else decides what happens in it.

    ``without`` names what is left out: "duty:3", "person:u1-cv" (never says a word), "fault:crash". Every choice is
    drawn from a source of its own (:meth:`dice`), so that leaving one thing out does not throw the others.
    """

    seed: int
    days: int = 365
    without: frozenset[str] = field(default_factory=frozenset)

    def dice(self, *about: object) -> random.Random:
        """The same dice for the same question, whatever else has been asked."""
        return random.Random("/".join(map(str, (self.seed, *about))))

    def has(self, fault: str) -> bool:
        """Whether this run knows that kind of accident: most runs know about half of them."""
        return f"fault:{fault}" not in self.without and self.dice("has", fault).random() < 0.55

    @cached_property
    def start(self) -> dt.datetime:
        """Some day of 2026, at night."""
        day = dt.date(2026, 1, 1) + dt.timedelta(days=self.dice("start").randrange(365))
        return dt.datetime.combine(day, dt.time(), ZONE).astimezone(dt.UTC)

    @cached_property
    def end(self) -> dt.datetime:
        """When it is over. The last week knows no accidents: whatever hangs then hangs for ever."""
        return self.start + dt.timedelta(days=self.days)

    @cached_property
    def calm_from(self) -> dt.datetime:
        """From here on nothing breaks any more."""
        return self.end - dt.timedelta(days=12)

    def leaving_out(self, *names: str) -> Recipe:
        """The same run without these."""
        return replace(self, without=self.without | set(names))

    @property
    def command(self) -> str:
        """What to type to see it again."""
        words = f"nhacviec-sim --seed {self.seed} --days {self.days}"
        return words + (f" --without {','.join(sorted(self.without))}" if self.without else "")

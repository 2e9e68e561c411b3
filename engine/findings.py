"""What is found when the program looks at itself: one sentence that says what is, one that says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  # should be looked at this week
    BAD = "bad"  # somebody may not hear what they must hear


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. Neither sentence holds a secret."""

    level: Level
    about: str  # a short name that stays the same, for programs: "alarms", "disk"
    what: str
    what_to_do: str = ""


def ok(about: str, what: str) -> Finding:
    """All is well here."""
    return Finding(Level.OK, about, what)


def warn(about: str, what: str, what_to_do: str) -> Finding:
    """To be looked at."""
    return Finding(Level.WARN, about, what, what_to_do)


def bad(about: str, what: str, what_to_do: str = "") -> Finding:
    """To be mended now. ``what`` may be an error's own sentence, which says both."""
    return Finding(Level.BAD, about, what, what_to_do)


def any_bad(findings: Iterable[Finding]) -> bool:
    """Whether one of them is to be mended now."""
    return any(finding.level is Level.BAD for finding in findings)

"""A figure: what was measured, what stands beside it, and whether the goal is met. No goal is ever bent to be met."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

Unit = Literal["s", "/s", "MB", ""]


@dataclass(frozen=True)
class Samples:
    """What several runs gave, all in one unit."""

    values: tuple[float, ...]
    unit: Unit = "s"

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    def __str__(self) -> str:
        least, most = min(self.values), max(self.values)
        if len(self.values) == 1 or least == most:
            return _in_words(self.middle, self.unit)
        return f"{_in_words(self.middle, self.unit)} ({_in_words(least, self.unit)}–{_in_words(most, self.unit)})"


@dataclass(frozen=True)
class Goal:
    """A limit: to be reached (``at_least``) or to stay under."""

    limit: float
    at_least: bool = True
    unit: Unit | Literal["×"] = "×"

    def met_by(self, value: float) -> bool:
        """Whether the value as measured, not as printed, is on the right side."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {_value(self.limit, self.unit)}"


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    ``value`` is what the goal judges: a ratio where something stands beside it, else our own median. ``goal`` None:
    for information. ``note``: what one must know to read it.
    """

    what: str
    ours: Samples
    value: float
    beside: Samples | None = None
    against: str = ""
    goal: Goal | None = None
    note: str = ""
    spread: tuple[float, float] | None = None  # of the ratios of runs that took turns
    busy: float | None = None  # cores that others used meanwhile; None where it is not known

    @property
    def reached(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        return self.goal.met_by(self.value) if self.goal else None

    @property
    def result(self) -> str:
        """The value as people read it: "128× (120×–131×)"."""
        unit = "×" if self.beside else self.ours.unit
        if self.spread is None or self.spread[0] == self.spread[1]:
            return _value(self.value, unit)
        return f"{_value(self.value, unit)} ({_value(self.spread[0], unit)}–{_value(self.spread[1], unit)})"

    @property
    def verdict(self) -> str:
        """The goal and whether it is met: "≥ 100×: reached", "≥ 300×: not reached, 120×"."""
        if self.goal is None:
            return ""
        if self.reached:
            return f"{self.goal}: reached"
        return f"{self.goal}: not reached, {_value(self.value, self.goal.unit)}"


def times_faster(
    what: str, ours: Samples, beside: Samples, against: str, least: float | None = None, note: str = ""
) -> Figure:
    """How many times sooner ours is done (durations), or how many times more it does in a second (rates)."""
    up = ours.unit == "/s"
    ratios = [_ratio(mine, other) if up else _ratio(other, mine) for mine, other in _pairs(ours, beside)]
    value = _ratio(ours.middle, beside.middle) if up else _ratio(beside.middle, ours.middle)
    return Figure(what, ours, value, beside, against, Goal(least) if least else None, note, _span(ratios))


def times_as_much(
    what: str, ours: Samples, beside: Samples, against: str, most: float | None = None, note: str = ""
) -> Figure:
    """How many times the time (or whatever it is) of what stands beside it ours takes."""
    ratios = [_ratio(mine, other) for mine, other in _pairs(ours, beside)]
    goal = Goal(most, at_least=False) if most else None
    return Figure(what, ours, _ratio(ours.middle, beside.middle), beside, against, goal, note, _span(ratios))


def within(what: str, ours: Samples, most: float | None = None, note: str = "") -> Figure:
    """A figure of ours alone: its median against a limit that it may not pass."""
    goal = None if most is None else Goal(most, at_least=False, unit=ours.unit)
    return Figure(what, ours, ours.middle, goal=goal, note=note)


def never_above(
    what: str, ours: Samples, most: float, beside: Samples | None = None, against: str = "", note: str = ""
) -> Figure:
    """A limit that no run may pass: the worst of them is judged. What stands beside it is only shown."""
    worst = Samples((max(ours.values),), ours.unit)
    shown = f"beside: {against} {max(beside.values):g}" if beside else ""
    return within(what, worst, most, "; ".join(part for part in (note, shown) if part))


class timed:  # noqa: N801  (reads as a word: `with timed(times)`)
    """Adds the seconds that the block took to the list. What was made before it is tidied away first, on both sides."""

    def __init__(self, times: list[float]) -> None:
        self._times = times

    def __enter__(self) -> None:
        gc.collect()
        self._start = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._times.append(time.perf_counter() - self._start)


def seconds(values: Sequence[float]) -> Samples:
    """Durations."""
    return Samples(tuple(values), "s")


def rates(count: int, durations: Sequence[float]) -> Samples:
    """So many in each of these durations, as so many a second."""
    return Samples(tuple(count / duration for duration in durations), "/s")


# ---- the machine ----------------------------------------------------------------------------------------------------

QUIET = 0.25  # cores; more than that, and the figure says so
LOOK = 0.5  # seconds


def cores_others_use(look: float = LOOK) -> float | None:
    """How many cores are busy while this process only waits; None where the system does not tell."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    before = _jiffies(stat)
    time.sleep(look)
    after = _jiffies(stat)
    ticks = [new - old for old, new in zip(before, after, strict=True)]
    cores = _cores(stat)
    idle = ticks[3] + ticks[4]  # proc(5): user nice system idle iowait …
    return cores * (1 - idle / max(1, sum(ticks)))


def _jiffies(stat: Path) -> list[int]:
    return [int(word) for word in stat.read_text("ascii").splitlines()[0].split()[1:9]]


def _cores(stat: Path) -> int:
    return sum(line[:3] == "cpu" and line[3].isdigit() for line in stat.read_text("ascii").splitlines())


# ---- words ----------------------------------------------------------------------------------------------------------


def _pairs(ours: Samples, beside: Samples) -> list[tuple[float, float]]:
    """Runs that took turns; none where the sides ran unequally often."""
    return list(zip(ours.values, beside.values, strict=True)) if len(ours.values) == len(beside.values) else []


def _ratio(above: float, below: float) -> float:
    return above / below if below else float("inf")


def _span(ratios: Sequence[float]) -> tuple[float, float] | None:
    return (min(ratios), max(ratios)) if len(ratios) > 1 else None


def _value(value: float, unit: str) -> str:
    return f"{_three_digits(value)}×" if unit == "×" else _in_words(value, unit)


def _in_words(value: float, unit: str) -> str:
    if unit == "s":
        return _duration(value)
    return f"{_three_digits(value)}{f' {unit}' if unit == 'MB' else unit}"


def _duration(value: float) -> str:
    if value >= 1:
        return f"{value:,.0f} s" if value >= 100 else f"{value:.3g} s"
    return f"{value * 1000:.3g} ms" if value >= 0.001 else f"{value * 1e6:.3g} µs"


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

"""The figures as a page: ``docs/benchmarks.md``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.figures import QUIET, Figure

PROJECT = Path(__file__).parent.parent.parent
FILE = "docs/benchmarks.md"

HOW_TO_READ = """\
## How to read it

- *Ours* is the product as it runs for a user: SQLite in WAL with `synchronous = FULL`, PostgreSQL with its usual
  durability, whole transactions. *Beside* is what a user would pick instead, as it comes unless it says otherwise.
- Medians of at least five runs of each side, the least and the most in brackets. The sides take turns where they can.
- *Result* is a ratio where something stands beside ours: how many times faster, or how many times as long where the
  goal is a ceiling. Ratios travel between machines, seconds do not: here an fsync is cheap, and on a disk where it
  takes milliseconds everything that commits for each message falls back much further.
- A goal that was missed says so, with the value. No goal was moved to be met.
- Client and server keep to a core each where a figure has both.
- ⚠ marks a figure during which other programs used the machine.
"""
NOT_MEASURED = """\
## What these figures do not say

- One machine, one disk, the loopback: no real network, no real provider. Against a provider, its own limit (Telegram:
  30 messages a second for one bot) is reached long before ours.
- APScheduler's `add_job` is measured on 2,000 reminders of a commune's 8,127 and scaled to all of them; its speed does
  not depend on how many there are within that range.
- The history is made in the database from a pattern; its proportions are those of communes at work (one occurrence,
  four reminders, two messages, three journal lines, one number), its words are all alike.
- The workers share two cores with the provider and PostgreSQL; with few lanes each they wait for the bots' pace, as
  they would on machines of their own. What happens to them in a spike is told by `tests/workers`.
"""


def write(
    found: Mapping[str, Sequence[Figure]],
    titles: Mapping[str, str],
    about: str,
    left_out: Sequence[str],
    took: float,
) -> None:
    """Write the page anew."""
    (PROJECT / FILE).write_text("\n".join(lines(found, titles, about, left_out, took, dt.date.today())), "utf-8")  # noqa: DTZ011


def lines(
    found: Mapping[str, Sequence[Figure]],
    titles: Mapping[str, str],
    about: str,
    left_out: Sequence[str],
    took: float,
    day: dt.date,
) -> Iterator[str]:
    """The page, line by line."""
    yield "# Benchmarks"
    yield ""
    yield f"Measured on {day.isoformat()} by one run of `make bench` ({took / 60:.0f} minutes) on:"
    yield ""
    yield from (f"- {part}" for part in about.split("; "))
    yield from (f"- left out: {words}" for words in left_out)
    figures = [figure for group in found.values() for figure in group]
    goals = [figure for figure in figures if figure.goal]
    missed = [figure for figure in goals if not figure.reached]
    yield ""
    yield f"{len(goals) - len(missed)} of {len(goals)} goals were reached."
    for name, group in found.items():
        yield f"\n## {titles[name]}\n"
        yield "| figure | ours | beside | result | goal |"
        yield "| --- | --- | --- | --- | --- |"
        yield from map(_row, group)
    yield "\n## Not reached\n"
    yield from (f"- {figure.what.strip()}: {figure.verdict}" for figure in missed)
    if not missed:
        yield "Nothing."
    yield f"\n{HOW_TO_READ}"
    yield NOT_MEASURED


def _row(figure: Figure) -> str:
    what = figure.what.strip() + (f" ({figure.note})" if figure.note else "")
    beside = f"{figure.beside}, {figure.against}" if figure.beside else ""
    mark = " ⚠" if figure.busy is not None and figure.busy > QUIET else ""
    goal = f"**{figure.verdict}**" if figure.reached is False else figure.verdict
    return f"| {what} | {figure.ours} | {beside} | {figure.result}{mark} | {goal} |"

"""``python -m tests.bench [--only plan,turn] [--quick] [--write]``: every figure with its goal, in one run.

Ours runs as in production; what stands beside it runs as a user would get it. Both write to the same disk in the same
run, in turns. ``--quick`` only shows that the pieces work: its figures mean nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from engine.memory import settle_in
from tests.bench import page
from tests.bench.claim import claims
from tests.bench.deliver import deliveries
from tests.bench.figures import QUIET, Figure, cores_others_use
from tests.bench.lanes import bots_with_something_due
from tests.bench.machine import machine
from tests.bench.pace import pacing
from tests.bench.pages import pages
from tests.bench.plan import plan_a_year
from tests.bench.process import command_line, live, morning
from tests.bench.sizes import FULL, QUICK, Size
from tests.bench.spike import spike
from tests.bench.stores import Bench, opened
from tests.bench.telegram_transport import transports
from tests.bench.turn import turns
from tests.bench.wake import busy_turn
from tests.bench.workers import workers


@dataclass(frozen=True)
class Measure:
    """One group of figures. What it yields is shown at once: some groups take minutes."""

    title: str
    figures: Callable[[Size, Bench], Iterator[Figure]]


MEASURES: dict[str, Measure] = {
    "plan": Measure("A year made schedulable", plan_a_year),
    "turn": Measure("Turns over a long history", turns),
    "lanes": Measure("Which bots have something due", bots_with_something_due),
    "wake": Measure("A thousand due at one moment", busy_turn),
    "claim": Measure("Claims from a long queue", claims),
    "deliver": Measure("Delivery", deliveries),
    "telegram": Measure("python-telegram-bot's transport", transports),
    "pace": Measure("Pace", pacing),
    "spike": Measure("Ten thousand due within one second", spike),
    "workers": Measure("Several workers", workers),
    "process": Measure("The real process", live),
    "morning": Measure("Memory of a province's morning", morning),
    "pages": Measure("The console's pages", pages),
    "help": Measure("The command line", command_line),
}


def measured(names: list[str], size: Size, bench: Bench, console: Console) -> dict[str, list[Figure]]:
    """All figures of these groups, each printed as soon as it is there; marked where others used the machine.

    A group that breaks is told among what was left out: it must not take twenty minutes' figures along.
    """
    found: dict[str, list[Figure]] = {}
    for number, name in enumerate(names, start=1):
        title, began = MEASURES[name].title, time.perf_counter()
        found[name] = []
        console.rule(f"{number}/{len(names)} {title}", align="left")
        with console.status(title) as status:
            bench.say = lambda what, title=title: status.update(f"{title}: {what} …")  # type: ignore[misc]
            try:
                for figure in _marked(MEASURES[name].figures(size, bench)):
                    found[name].append(figure)
                    console.print(f"{figure.what}: [bold]{figure.result}[/] {_colour(figure)}{_busy(figure)}")
            except Exception as error:
                console.print_exception()
                bench.broken.append(f"{title}: {type(error).__name__}: {error}")
        console.print(f"[dim]{time.perf_counter() - began:.0f} s")
    return found


def _marked(figures: Iterator[Figure]) -> Iterator[Figure]:
    """Each with what others used of the machine just before and just after it."""
    before = cores_others_use()
    for figure in figures:
        after = cores_others_use()
        yield replace(figure, busy=max((cores for cores in (before, after) if cores is not None), default=None))
        before = after


def table_of(figures: list[Figure]) -> Table:
    """The figures as people read them on a terminal."""
    table = Table("figure", "ours", "beside", "result", "goal", show_lines=True)
    for figure in figures:
        beside = f"{figure.beside}\n[dim]{figure.against}" if figure.beside else ""
        what = f"{figure.what}\n[dim]{figure.note}" if figure.note else figure.what
        table.add_row(what, str(figure.ours), beside, figure.result + _busy(figure), _colour(figure))
    return table


def _colour(figure: Figure) -> str:
    if figure.reached is None:
        return ""
    return f"[{'green' if figure.reached else 'red'}]{figure.verdict}[/]"


def _busy(figure: Figure) -> str:
    if figure.busy is None or figure.busy <= QUIET:
        return ""
    return f" [yellow](others used {figure.busy:.1f} cores)[/]"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print. A missed goal is said, and no failure; a group that breaks is one: exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that the pieces work")
    parser.add_argument("--only", metavar="a,b", help=f"some groups: {', '.join(MEASURES)}")
    parser.add_argument("--rows", type=int, help=f"of history ({FULL.many:,})")
    parser.add_argument("--write", action="store_true", help=f"write {page.FILE} as well")
    options = parser.parse_args(arguments)
    names = options.only.split(",") if options.only else list(MEASURES)
    if unknown := [name for name in names if name not in MEASURES]:
        parser.error(f"no such group: {', '.join(unknown)}")
    if options.write and (options.quick or options.only):
        parser.error("--write needs a whole run: neither --quick nor --only")
    size = QUICK if options.quick else FULL
    size = replace(size, many=options.rows) if options.rows else size
    console = Console(width=max(120, Console().width))
    settle_in()  # as the programs that are measured do; what stands beside them has it too
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="nhacviec-bench-") as folder, opened(Path(folder)) as bench:
        about = machine(bench)
        console.print(about)
        found = measured(names, size, bench, console)
        left_out = [*bench.left_out, *bench.broken]
    took = time.perf_counter() - began
    figures = [figure for group in found.values() for figure in group]
    console.print(table_of(figures))
    goals = [figure for figure in figures if figure.goal]
    console.print(
        f"{sum(bool(figure.reached) for figure in goals)} of {len(goals)} goals reached. Medians of at least "
        f"{size.runs} runs of each side (least–most), {size.idle_turns} idle turns. Took {took / 60:.1f} minutes."
    )
    for words in left_out:
        console.print(f"[yellow]Left out: {words}")
    if options.quick:
        console.print("[yellow]--quick: far too small to mean anything.")
    if options.write:
        titles = {name: measure.title for name, measure in MEASURES.items()}
        page.write(found, titles, about, left_out, took)
        console.print(f"Written: {page.FILE}")
    return 1 if bench.broken else 0


if __name__ == "__main__":
    # Told to stop, it still takes its gigabytes away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())

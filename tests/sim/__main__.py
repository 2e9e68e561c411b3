"""``nhacviec-sim``: play one seed, or many.

nhacviec-sim --seed 7 --years 3        one run; what broke is made small, and the command to see it is printed
nhacviec-sim --seed 7 --days 90 --tell the same, told line by line
nhacviec-sim --seeds 0-999             many runs of a year, with a progress bar
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.sim.recipe import Recipe
from tests.sim.run import Outcome, run
from tests.sim.shrink import shrink

OUT = Console(highlight=False, soft_wrap=True)
TELL_EVERY = 50  # seeds


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns 1 when a promise is broken."""
    wanted = _parser().parse_args(arguments)
    days = wanted.days or round(365 * wanted.years)
    if wanted.seeds:
        return _many(wanted.seeds, days, wanted.jobs)
    recipe = Recipe(wanted.seed, days, frozenset(filter(None, wanted.without.split(","))))
    outcome = run(recipe, tell=OUT.print if wanted.tell else None)
    OUT.print(f"seed {recipe.seed}: {days} days, {outcome.turns} turns, mark {outcome.mark}")
    if outcome.broken and not recipe.without and wanted.shrink:
        OUT.print(f"broken: {outcome.broken}; making it small …")
        outcome = shrink(outcome)
    return _tell(outcome)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nhacviec-sim", description="A random commune, year after year, from one seed.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=_seeds, help="many: 0-999")
    parser.add_argument("--years", type=float, default=1)
    parser.add_argument("--days", type=int, help="instead of years")
    parser.add_argument("--without", default="", help='what to leave out: "duty:3,fault:crash,person:u1-cv0"')
    parser.add_argument("--tell", action="store_true", help="tell everything that happens")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false")
    parser.add_argument("--jobs", type=int, default=2, help="processes for --seeds")
    return parser


def _seeds(text: str) -> range:
    """A range that is empty would keep every promise."""
    told = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    seeds = range(int(told[1]), int(told[2] or told[1]) + 1) if told else range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"{text!r} names no seeds; write 7, or 0-999")
    return seeds


def _tell(outcome: Outcome) -> int:
    if outcome.broken:
        OUT.print(f"BROKEN: {outcome.broken}\n  {outcome.details}\n  {outcome.recipe.command}", markup=False)
    return 1 if outcome.broken else 0


def _many(seeds: range, days: int, jobs: int) -> int:
    began, broken, turns, done = time.monotonic(), [], 0, 0
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=OUT) as progress:
        bar = progress.add_task("0 broken", total=len(seeds))
        for outcome in _outcomes(seeds, days, jobs):
            turns += outcome.turns
            if outcome.broken:
                broken.append(outcome)
                _tell(outcome)
            done += 1
            progress.update(bar, advance=1, description=f"{len(broken)} broken")
            if not OUT.is_terminal and done % TELL_EVERY == 0:  # into a file no bar is drawn
                OUT.print(f"{done} of {len(seeds)}, {len(broken)} broken, {time.monotonic() - began:.0f} s")
    years = len(seeds) * days / 365
    OUT.print(f"{len(seeds)} seeds, {years:g} years, {turns} turns in {time.monotonic() - began:.0f} s: ", end="")
    OUT.print(f"{len(broken)} broken" if broken else "every promise kept")
    for name in sorted({outcome.broken or "" for outcome in broken}):
        first = min((o for o in broken if o.broken == name), key=lambda o: o.broke_at or o.recipe.end)
        OUT.print(f"making the first small: {name} …")
        _tell(shrink(first, most=40))
    return 1 if broken else 0


def _outcomes(seeds: range, days: int, jobs: int) -> Iterator[Outcome]:
    if jobs <= 1:
        yield from (run(Recipe(seed, days)) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run, Recipe(seed, days)) for seed in seeds]
        yield from (done.result() for done in as_completed(waiting))


if __name__ == "__main__":
    sys.exit(main())

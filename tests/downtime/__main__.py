"""The downtime matrix as a table: ``python -m tests.downtime [outage …]``."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.downtime.judge import Verdict
from tests.downtime.outages import OUTAGES, Falls
from tests.downtime.play import play
from tests.world import ZONE

COLUMNS = ("due", "said", "merged", "passed over", "done", "earliest after", "burst", "lost", "doubled", "promises")


def main(wanted: list[str]) -> int:
    """Play every case, print a row for each, and what is wrong below. Returns how many break a promise."""
    console = Console(width=160)
    table = Table("outage", "falls on", *COLUMNS, box=box.SIMPLE)
    wrong: list[str] = []
    started, cases = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="downtime-") as folder:
        for name in wanted or OUTAGES:
            for falls in Falls:
                cases += 1
                verdict = play(Path(folder) / str(cases), name, falls)
                table.add_row(name, falls, *_row(verdict))
                wrong += [f"{name} / {falls}: {what}" for what in (*verdict.lost, *verdict.doubled, *verdict.wrong)]
            table.add_section()
    console.print(table)
    for what in wrong:
        console.print(what, markup=False, highlight=False)
    console.print(f"{cases} cases, {len(wrong)} faults, {time.monotonic() - started:.0f} s")
    return min(len(wrong), 1)


def _row(verdict: Verdict) -> list[str]:
    earliest = f"{verdict.earliest.astimezone(ZONE):%d/%m %H:%M}" if verdict.earliest else "-"
    counts = (verdict.due, verdict.said, verdict.merged, verdict.passed_over, verdict.done_meanwhile)
    ends = (verdict.burst, len(verdict.lost), len(verdict.doubled), "kept" if verdict.kept else "BROKEN")
    return [str(one) for one in (*counts, earliest, *ends)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

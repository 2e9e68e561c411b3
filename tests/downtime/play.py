"""One cell of the matrix: the same script lived twice, with the outage and without."""

from __future__ import annotations

from pathlib import Path

from tests.downtime.judge import Verdict, judge
from tests.downtime.machine import life
from tests.downtime.outages import Falls, place, script


def play(folder: Path, name: str, falls: Falls) -> Verdict:
    """Live it twice and compare."""
    outage = place(name, falls)
    story = script(outage, falls)
    with life(folder / "calm", story) as calm, life(folder / "hit", story) as hit:
        calm.live_until(story.ends)
        hit.suffer(outage, falls)
        hit.live_until(story.ends - hit.wrong_by)  # until their clocks show the same
        return judge(calm, hit, outage)

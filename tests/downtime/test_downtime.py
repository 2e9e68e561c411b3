"""The downtime matrix: whatever the machine was doing, nothing is lost, nothing comes twice, nothing in a burst.

A choice of cells here; all of them by ``python -m tests.downtime`` or with NHACVIEC_EVERY_OUTAGE=1.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.downtime.outages import OUTAGES, Falls
from tests.downtime.play import play

EVERY_OUTAGE = os.environ.get("NHACVIEC_EVERY_OUTAGE") == "1"
ALL = [(name, falls) for name in OUTAGES for falls in Falls]
#: Every outage, and everything it can fall upon at least twice.
SOME = [(name, list(Falls)[(3 * number + 1) % len(Falls)]) for number, name in enumerate(OUTAGES)]


@pytest.mark.parametrize(("name", "falls"), ALL if EVERY_OUTAGE else SOME)
def test_every_promise_is_kept(tmp_path: Path, name: str, falls: Falls) -> None:
    verdict = play(tmp_path, name, falls)
    assert verdict.kept, [*verdict.lost, *verdict.doubled, *verdict.wrong, f"burst {verdict.burst}"]


def test_the_choice_leaves_nothing_out() -> None:
    assert {name for name, _ in SOME} == set(OUTAGES)
    assert {falls for _, falls in SOME} == set(Falls)

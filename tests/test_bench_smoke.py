"""The bench's pieces work, and its verdicts are honest; what they measure is for ``make bench`` to say."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from data.database import connect
from data.handles import HANDLE
from data.journal import JOURNAL
from engine.office import MESSAGE, OCCURRENCE, OFFICE, REMINDER
from tests.bench import page
from tests.bench.__main__ import MEASURES, Measure, main
from tests.bench.communes import at_work, crowded
from tests.bench.figures import Figure, Goal, Samples, never_above, seconds, times_as_much, times_faster, within
from tests.bench.history import EACH, fill
from tests.bench.pace import most_within
from tests.bench.sizes import QUICK, Size
from tests.bench.stores import Bench, opened

EVERY_BENCH = os.environ.get("NHACVIEC_EVERY_BENCH") == "1"
SLOW = ("pages", "process", "workers")  # half a minute each; what they start is started by other tests as well


@pytest.mark.parametrize("name", [name for name in MEASURES if EVERY_BENCH or name not in SLOW])
def test_each_group_gives_figures(name: str, tmp_path: Path) -> None:
    with opened(tmp_path) as bench:
        found = list(MEASURES[name].figures(QUICK, bench))
    assert found
    for figure in found:
        assert figure.what
        assert math.isfinite(figure.value)
        assert figure.value >= 0


# ---- verdicts --------------------------------------------------------------------------------

TWO, SIX = seconds([2.0]), seconds([6.0])
PER_SECOND = Samples((6.0,), "/s"), Samples((2.0,), "/s")


@pytest.mark.parametrize(
    ("figure", "reached", "verdict"),
    [
        (times_faster("", TWO, SIX, "", 3), True, "≥ 3×: reached"),
        (times_faster("", TWO, SIX, "", 3.01), False, "≥ 3.01×: not reached, 3×"),
        (times_faster("", *PER_SECOND, "", 3), True, "≥ 3×: reached"),  # of rates the greater is the better
        (times_faster("", TWO, SIX, ""), None, ""),
        (times_as_much("", TWO, SIX, "", 0.4), True, "≤ 0.4×: reached"),
        (times_as_much("", SIX, TWO, "", 1.5), False, "≤ 1.5×: not reached, 3×"),
        (within("", TWO, 2), True, "≤ 2 s: reached"),
        (within("", seconds([0.021]), 0.02), False, "≤ 20 ms: not reached, 21 ms"),
        (within("", Samples((0.0,), ""), 0), True, "≤ 0: reached"),
        # A limit that no run may pass: one of three passed it.
        (never_above("", Samples((20.0, 21.0, 20.0), ""), 20), False, "≤ 20: not reached, 21"),
        # What is printed alike is not therefore reached.
        (times_faster("", seconds([1.0]), seconds([299.99]), "", 300), False, "≥ 300×: not reached, 300×"),
    ],
)
def test_a_goal_is_judged_from_its_own_side(figure: Figure, reached: bool | None, verdict: str) -> None:
    assert figure.reached is reached
    assert figure.verdict == verdict


def test_the_median_is_shown_with_the_least_and_the_most() -> None:
    figure = times_faster("", seconds([0.001, 0.002, 0.004]), seconds([1.0, 1.0, 1.0]), "")
    assert str(figure.ours) == "2 ms (1 ms–4 ms)"
    assert figure.result == "500× (250×–1,000×)"


@pytest.mark.parametrize(
    ("times", "window", "most"),
    [
        ([], 1.0, 0),
        ([5.0], 1.0, 1),
        ([0.0, 0.4, 0.9], 1.0, 3),
        ([0.0, 0.5, 1.0], 1.0, 2),  # exactly a second later is the next second
        ([3.0, 0.9, 1.0, 1.8, 0.0], 1.0, 3),  # in any order; a window may begin anywhere
        ([0.0, 59.9, 60.0], 60.0, 2),
    ],
)
def test_the_fullest_window_is_found(times: list[float], window: float, most: int) -> None:
    assert most_within(times, window) == most


# ---- history --------------------------------------------------------------------------------


def test_history_has_the_rows_it_says_and_nothing_due(tmp_path: Path) -> None:
    with opened(tmp_path) as bench:
        for store in bench.stores:
            url = store.new()
            at_work(url, [crowded("xa-0", 3), crowded("xa-1", 3)])
            before = _counts(url)
            made = fill(url, "xa-0", 60_000)  # three communes' worth: one more is made
            added = {table: count - before[table] for table, count in _counts(url).items()}
            assert added.pop("office") == 1
            assert added.pop("due") == 0
            assert sum(added.values()) == made
            assert added == {table: made // sum(EACH.values()) * each for table, each in EACH.items()}
            store.drop(url)


def _counts(url: str) -> dict[str, int]:
    engine = connect(url)
    with engine.connect() as connection:
        found = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (OFFICE, OCCURRENCE, REMINDER, MESSAGE, JOURNAL, HANDLE)
        }
        due = select(func.count()).where(OCCURRENCE.c.next_move_at.is_not(None))
        found["due"] = connection.execute(due).scalar_one()
    engine.dispose()
    return found


# ---- the command and its page ---------------------------------------------------------------------------


def test_one_group_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--only", "help"]) == 0
    printed = capsys.readouterr().out
    assert "nhacviec --help" in printed
    assert "mean anything" in printed


def test_a_group_that_breaks_is_said_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(size: Size, bench: Bench) -> Iterator[Figure]:
        yield within("before it broke", Samples((1.0,), ""))
        raise OSError("the disk is full")

    monkeypatch.setitem(MEASURES, "plan", Measure("A year", breaks))
    assert main(["--quick", "--only", "plan,help"]) == 1
    printed = capsys.readouterr().out
    assert "before it broke" in printed
    assert "Left out: A year: OSError: the disk is full" in printed
    assert "nhacviec --help" in printed


@pytest.mark.parametrize("words", [["--only", "nonsense"], ["--quick", "--write"], ["--only", "help", "--write"]])
def test_what_would_mislead_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2


def test_the_page_names_what_was_missed() -> None:
    missed = Figure("B is fast", seconds([3.0]), 3.0, seconds([1.0]), "C", Goal(1.5, at_least=False), busy=1.2)
    found = {"a": [within("A is small", Samples((2.0,), "MB"), 3)], "b": [missed]}
    written = "\n".join(
        page.lines(found, {"a": "Size", "b": "Speed"}, "2 cores; Python", ["aiolimiter"], 90, dt.date(2026, 1, 6))
    )
    assert "1 of 2 goals were reached." in written
    assert "- B is fast: ≤ 1.5×: not reached, 3×" in written
    assert "| B is fast | 3 s | 1 s, C | 3× ⚠ | **≤ 1.5×: not reached, 3×** |" in written
    assert "- left out: aiolimiter" in written

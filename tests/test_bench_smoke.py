"""The bench's pieces work; what they measure is for ``make bench`` to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.__main__ import MEASURES, QUICK, Figure, main


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_gives_figures(name: str, tmp_path: Path) -> None:
    for figure in MEASURES[name](QUICK, tmp_path):
        assert figure.ratio > 0
        assert figure.ours
        assert figure.beside


def test_a_goal_is_judged_from_its_own_side() -> None:
    assert Figure("", "", "", ratio=99.9, goal=100).reached is False
    assert Figure("", "", "", ratio=1.4, goal=1.5, at_least=False).reached is True
    assert Figure("", "", "", ratio=3).reached is None


def test_quick_run_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick"]) == 0
    printed = capsys.readouterr().out
    assert "APScheduler" in printed
    assert "mean anything" in printed

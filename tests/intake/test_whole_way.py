"""The whole way from a file to obligations: the same in every format, and long documents in bounded time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schedules.intake.draft import to_json
from schedules.intake.readers import read_document
from schedules.intake.understand import understand
from tests.intake.documents import HUNG_THANG, build, long_plan, sample

FORMATS = [".docx", ".pdf", ".xlsx", ".md", ".txt"]
OF_THE_FILE = {"where", "source_line"}  # lines are counted differently in each format
WITH_LITTLE_MEMORY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))
from engine.cli import main
sys.argv[0] = "nhacviec"
main()
"""


def obligations(path: Path) -> list[dict[str, Any]]:
    found = to_json(understand(read_document(path), 2026))
    return [{key: value for key, value in duty.items() if key not in OF_THE_FILE} for duty in found["obligations"]]


def seconds_of_children() -> float:
    """Processor time: other tests on the same machine make a program wait, not work."""
    used = os.times()
    return used.children_user + used.children_system


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_plan_gives_the_same_obligations_in_every_format(suffix: str, tmp_path: Path) -> None:
    expected = obligations(build(sample().blocks, tmp_path / "as-text.txt"))
    assert len(expected) >= 5
    assert obligations(build(sample().blocks, tmp_path / f"plan{suffix}")) == expected


@pytest.mark.skipif(not HUNG_THANG.exists(), reason="the shared plans are not beside the repository")
@pytest.mark.parametrize("suffix", FORMATS)
def test_hung_thang_gives_the_same_obligations_in_every_format(suffix: str, tmp_path: Path) -> None:
    path = build(read_document(HUNG_THANG).blocks, tmp_path / f"plan{suffix}")
    assert obligations(path) == obligations(HUNG_THANG)


@pytest.mark.parametrize("suffix", [".pdf", ".docx"])
def test_two_hundred_pages_are_imported_in_twenty_seconds_and_half_a_gigabyte(suffix: str, tmp_path: Path) -> None:
    path = build(long_plan(rows=1400, paragraphs=1000), tmp_path / f"long{suffix}")
    began = seconds_of_children()
    done = subprocess.run(
        [sys.executable, "-c", WITH_LITTLE_MEMORY, "import", str(path), "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert seconds_of_children() - began < 20
    assert json.loads(done.stdout)["table_rows"] == 1400

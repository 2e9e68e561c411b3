"""The real phrases of the development set: how many kinds and first dates are right, and how many are surely wrong."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

from schedules.phrases import Deadline, read_deadline

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "deadline_phrases_dev.tsv"

#: Readings that the notes of the set call defensible beside the expected one: beginning of the phrase → kind, date.
ACCEPTED = {
    # "monthly is the better head reading; kept here for the nine-month part"
    "báo cáo định kỳ (tháng, quý, 6 tháng, 9 tháng,năm) gửi về": ("monthly", "2014-01-07"),
}
UNSURE = {"ambiguous", "data_window"}


class Expected(NamedTuple):
    """One row of the set."""

    phrase: str
    year: int
    kind: str
    first_due: str


def expectations() -> list[Expected]:
    with SHARED.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Expected(row["phrase"], int(row["plan_year"]), row["expected_kind"], row["expected_first_due"])
            for row in rows
        ]


def as_expected(row: Expected, read: Deadline) -> tuple[bool, bool]:
    """Whether the kind and the date are right, or accepted."""
    due = read.head.first_due.isoformat() if read.head.first_due else ""
    accepted = next((value for start, value in ACCEPTED.items() if row.phrase.startswith(start)), None)
    if accepted == (str(read.head.kind), due):
        return True, True
    return str(read.head.kind) == row.kind, due == row.first_due


@pytest.mark.skipif(not SHARED.exists(), reason="the shared phrases are not beside this checkout")
def test_the_development_phrases_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    rows = expectations()
    reads = [read_deadline(row.phrase, row.year) for row in rows]
    verdicts = [as_expected(row, read) for row, read in zip(rows, reads, strict=True)]
    dated = [right for row, (_, right) in zip(rows, verdicts, strict=True) if row.first_due]
    kinds = [right for right, _ in verdicts]
    certain = [
        row.phrase
        for row, read, (_, right) in zip(rows, reads, verdicts, strict=True)
        if read.head.first_due and not right and UNSURE.isdisjoint(read.head.flags)
    ]
    with capsys.disabled():
        print(  # noqa: T201 - the three figures are what one looks for in this test
            f"\nphrases: kind {sum(kinds)}/{len(kinds)}, first due {sum(dated)}/{len(dated)}, "
            f"certain but wrong {len(certain)}/{len(rows)}"
        )
    assert sum(kinds) / len(kinds) >= 0.95
    assert sum(dated) / len(dated) >= 0.95
    assert len(certain) / len(rows) <= 0.01, certain

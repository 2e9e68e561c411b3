"""CSV for spreadsheets: everything a viewer may see, letters and columns right, and no formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from data.journal import JOURNAL
from engine.office import OCCURRENCE
from engine.screens.export import EXPORTS
from tests.web.desk import Desk, Viewer
from tests.world import CHAIR, OFFICER, STANDING_HEAD, World, monthly_report, one_task

FORMULA = '=HYPERLINK("http://xau.example";"Bấm vào đây")'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(
        tmp_path,
        "2026-03-10 08:00",
        [one_task("2026-03-17"), one_task("2026-03-27", "b", FORMULA), monthly_report(secret=True)],
        viewers=["nguoi-xem"],
    )
    world.ignore_rest()
    world.say(OFFICER, "gia hạn 1 đến 20/3 vì =1+1 chờ; số liệu")
    yield Desk(world)
    world.close()


def table(viewer: Viewer, name: str) -> list[list[str]]:
    """One export, read as a spreadsheet reads it."""
    answer = viewer.get(f"/xuat/{name}.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


@pytest.mark.parametrize("name", EXPORTS)
def test_every_table_has_its_columns_in_every_row(desk: Desk, name: str) -> None:
    rows = table(desk.sign_in(STANDING_HEAD), name)
    assert tuple(rows[0]) == EXPORTS[name].columns
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("name", EXPORTS)
def test_no_cell_begins_a_formula(desk: Desk, name: str) -> None:
    cells = [cell for row in table(desk.sign_in(STANDING_HEAD), name) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    if name == "cong-viec":
        assert f"'{FORMULA}" in cells


def test_nothing_is_missing(desk: Desk) -> None:
    head = desk.sign_in(STANDING_HEAD)
    with desk.world.engine.connect() as connection:
        work = connection.execute(select(func.count()).select_from(OCCURRENCE)).scalar_one()
        lines = connection.execute(select(func.max(JOURNAL.c.seq))).scalar_one()
    assert len(table(head, "cong-viec")) == work + 1
    assert len(table(head, "nhat-ky")) == lines + 1


def test_what_must_not_be_named_is_not(desk: Desk) -> None:
    head = desk.sign_in(STANDING_HEAD)
    assert not [cell for name in EXPORTS for row in table(head, name) for cell in row if "TTHC" in cell]


def test_who_may_have_what(desk: Desk) -> None:
    desk.sign_in(OFFICER).get("/xuat/cong-viec.csv", 403)
    viewer = desk.sign_in("nguoi-xem")
    table(viewer, "cong-viec")
    viewer.get("/xuat/nhat-ky.csv", 403)
    assert "nhat-ky" not in viewer.get("/xuat").text
    assert "nhat-ky" in desk.sign_in(CHAIR).get("/xuat").text
    viewer.get("/xuat/khong-co.csv", 404)

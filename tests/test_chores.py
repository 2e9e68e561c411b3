"""What a running installation does for itself once a day: the backup, and letting go of old words where that is set."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, func, insert, select, update

from data import journal
from data.database import connect, reading
from data.journal import JOURNAL
from engine import tidy as tidying
from engine.backup import backups_in, restore
from engine.chores import Chores
from engine.errors import NhacViecError
from engine.office import INBOUND, MESSAGE, OCCURRENCE
from engine.settings import Settings
from engine.tidy import DRAFTS_KEPT, PLAN_DRAFT, tidy_all
from tests.databases import postgres_or_skip
from tests.kept import lived_in
from tests.world import OFFICE_ID, civil

LATER = civil("2028-06-01 17:00")
WORDS = select(func.count()).select_from(MESSAGE).where(MESSAGE.c.text.is_not(None))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'nv.db'}" if request.param == "sqlite" else postgres_or_skip(empty=True)


@pytest.fixture
def office(url: str, tmp_path: Path) -> Iterator[Engine]:
    engine = lived_in(url, tmp_path / "minh-chung")
    with engine.begin() as connection:  # two years on, nothing of it is open any more
        connection.execute(update(OCCURRENCE).values(work_state="done"))
    yield engine
    engine.dispose()


def chores(
    engine: Engine, url: str, folder: Path, backups: Path | None = None, keep_months: int | None = None
) -> Chores:
    evidence = folder / "minh-chung"
    return Chores(engine, Settings(database=url, evidence=evidence, backups=backups, keep_months=keep_months))


def words(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(WORDS).scalar_one())


def tidied(engine: Engine) -> list[tuple[str, int, int]]:
    """Who let go of how many messages and replies, by the journal, which must hold together."""
    with reading(engine) as connection:
        assert journal.verify(connection, OFFICE_ID).broken_at is None
        rows = connection.execute(select(JOURNAL.c.actor, JOURNAL.c.data).where(JOURNAL.c.action == "tidied")).all()
    return [(row.actor, data["messages"], data["replies"]) for row in rows if (data := json.loads(row.data))]


def test_without_being_asked_nothing_is_let_go_of(url: str, office: Engine, tmp_path: Path) -> None:
    before = words(office)
    chores(office, url, tmp_path).look(LATER)
    assert words(office) == before > 0


def test_old_words_go_once_a_day_and_the_days_backup_still_has_them(url: str, office: Engine, tmp_path: Path) -> None:
    before = words(office)
    daily = chores(office, url, tmp_path, backups=tmp_path / "sao-luu", keep_months=24)
    daily.look(LATER)
    assert words(office) == 0
    [(actor, messages, replies)] = tidied(office)
    assert (actor, replies) == ("engine", 1)
    assert messages >= before
    daily.look(LATER)
    assert len(tidied(office)) == 1
    [file] = backups_in(tmp_path / "sao-luu")
    restore(file, f"sqlite:///{tmp_path / 'xem-lai.db'}", tmp_path / "khac", LATER)
    again = connect(f"sqlite:///{tmp_path / 'xem-lai.db'}")
    assert words(again) == before
    again.dispose()


def test_young_words_stay(url: str, office: Engine, tmp_path: Path) -> None:
    before = words(office)
    chores(office, url, tmp_path, keep_months=3).look(civil("2026-04-01 17:00"))
    assert words(office) == before
    assert tidied(office) == []


def test_drafts_that_nobody_comes_back_to_go_after_a_quarter(url: str, office: Engine, tmp_path: Path) -> None:
    made = {"office_id": OFFICE_ID, "made_by": "Chuyên viên", "version": 0, "progress": 0, "replaces": False}
    with office.begin() as connection:
        for name, made_at, loaded_at in (
            ("bỏ quên", LATER - DRAFTS_KEPT - dt.timedelta(minutes=1), None),
            ("mới gửi", LATER - DRAFTS_KEPT, None),
            ("mới nạp một phần", LATER - 2 * DRAFTS_KEPT, LATER - dt.timedelta(days=1)),
        ):
            row = {**made, "name": name, "made_at": made_at, "loaded_at": loaded_at}
            connection.execute(insert(PLAN_DRAFT).values(**row))
    chores(office, url, tmp_path).look(LATER)
    with reading(office) as connection:
        left = connection.execute(select(PLAN_DRAFT.c.name).order_by(PLAN_DRAFT.c.id)).scalars().all()
    assert left == ["mới gửi", "mới nạp một phần"]


def test_without_a_backup_nothing_is_let_go_of(url: str, office: Engine, tmp_path: Path) -> None:
    (tmp_path / "sao-luu").write_text("a file where the folder should be")
    before = words(office)
    with pytest.raises(NhacViecError, match="Không ghi được bản sao lưu"):
        chores(office, url, tmp_path, backups=tmp_path / "sao-luu", keep_months=24).look(LATER)
    assert words(office) == before


def test_many_rows_go_in_steps_and_none_is_forgotten(url: str, office: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "MOST_AT_ONCE", 1)
    done = tidy_all(office, LATER, LATER)
    assert words(office) == 0
    steps = tidied(office)
    assert len(steps) > 2
    assert sum(messages for _, messages, _ in steps) == done.messages
    with reading(office) as connection:
        assert set(connection.execute(select(INBOUND.c.text)).scalars()) == {""}


@pytest.mark.parametrize("months", [0, 2, 601])
def test_a_choice_that_makes_no_sense_is_refused(months: int) -> None:
    with pytest.raises(ValidationError, match="keep_months"):
        Settings(keep_months=months)

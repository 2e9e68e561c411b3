"""Everything moves to another database and back, and is compared; what an office asks to see or to forget."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from data import journal
from data.database import connect, create_schema, open_database, reading
from data.evidence_files import EvidenceFiles
from engine.bundle import bundle
from engine.errors import NhacViecError
from engine.messages import HIDDEN_TITLE
from engine.move import contents, move
from engine.office import EVIDENCE, INBOUND, MESSAGE, OBLIGATION, OCCURRENCE, PERSON, REMINDER, UNIT
from engine.tidy import tidy
from tests.databases import postgres_or_skip
from tests.kept import MORNING, PHOTO, lived_in
from tests.world import OFFICE_ID, civil

LATER = civil("2028-06-01 08:00")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'nv.db'}" if request.param == "sqlite" else postgres_or_skip(empty=True)


@pytest.fixture
def office(url: str, tmp_path: Path) -> Iterator[Engine]:
    engine = lived_in(url, tmp_path / "minh-chung")
    yield engine
    engine.dispose()


def elsewhere(url: str, tmp_path: Path) -> str:
    """An empty database of the other kind."""
    return postgres_or_skip(empty=True) if url.startswith("sqlite") else f"sqlite:///{tmp_path / 'khac.db'}"


# ---- moving ---------------------------------------------------------------------------------------------------------


def test_everything_arrives_and_goes_on(url: str, office: Engine, tmp_path: Path) -> None:
    there = elsewhere(url, tmp_path)
    told: list[tuple[str, int, int]] = []
    moved = move(url, there, lambda *progress: told.append(progress))
    engine = open_database(there)
    with reading(office) as old, engine.begin() as new:
        assert contents(old) == contents(new) == moved.tables
        assert moved.heads[OFFICE_ID].startswith(f"{moved.tables['journal'].rows}:")
        highest = max(new.execute(select(UNIT.c.id)).scalars())
        row = {"office_id": OFFICE_ID, "slug": "moi", "name": "Mới", "kind": "unit"}
        fresh = new.execute(insert(UNIT).values(**row).returning(UNIT.c.id)).scalar_one()
        assert fresh > highest, "numbers go on where they stopped"
        journal.append(new, OFFICE_ID, MORNING, [journal.Line("engine", "opened", None, {})])
        assert journal.verify(new, OFFICE_ID).broken_at is None
    engine.dispose()
    assert told
    assert all(done <= total for _, done, total in told)


def test_there_and_back_is_the_same(url: str, office: Engine, tmp_path: Path) -> None:
    there = elsewhere(url, tmp_path)
    back = f"sqlite:///{tmp_path / 'tro-lai.db'}" if url.startswith("sqlite") else postgres_or_skip(empty=True)
    assert move(url, there).tables == move(there, back).tables


def test_a_target_with_something_in_it_is_left_alone(url: str, office: Engine, tmp_path: Path) -> None:
    there = elsewhere(url, tmp_path)
    move(url, there)
    with pytest.raises(NhacViecError, match="không trống"):
        move(url, there)


def test_a_target_of_somebody_else_is_left_alone(url: str, office: Engine, tmp_path: Path) -> None:
    there = elsewhere(url, tmp_path)
    engine = connect(there)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE luong (id INTEGER)")
    engine.dispose()
    with pytest.raises(NhacViecError, match="luong"):
        move(url, there)


def test_a_source_without_a_version_is_not_read(tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path / 'a.db'}"
    engine = connect(source)
    create_schema(engine)
    engine.dispose()
    with pytest.raises(NhacViecError, match="phiên bản"):
        move(source, f"sqlite:///{tmp_path / 'b.db'}")


def test_a_broken_journal_does_not_arrive(office: Engine, url: str, tmp_path: Path) -> None:
    with office.begin() as connection:
        guard = "journal_no_change ON journal" if office.dialect.name == "postgresql" else "journal_no_update"
        connection.exec_driver_sql(f"DROP TRIGGER {guard}")
        connection.exec_driver_sql("UPDATE journal SET actor = 'ai đó' WHERE seq = 2")
    there = elsewhere(url, tmp_path)
    with pytest.raises(NhacViecError, match="dòng 2"):
        move(url, there)
    engine = open_database(there)
    with reading(engine) as connection:
        assert not any(content.rows for content in contents(connection).values())
    engine.dispose()


def test_a_zero_byte_is_replaced_where_it_cannot_be_kept(tmp_path: Path) -> None:
    there = postgres_or_skip(empty=True)
    here = f"sqlite:///{tmp_path / 'nv.db'}"
    engine = lived_in(here, tmp_path / "minh-chung")
    with engine.begin() as connection:
        connection.execute(update(INBOUND).values(raw="a\x00b"))
    engine.dispose()
    assert move(here, there).mended > 0


# ---- forgetting -----------------------------------------------------------------------------------------------------


def counted(connection: Connection) -> dict[str, int]:
    return {name: content.rows for name, content in contents(connection).items() if name != "journal"}


def test_old_words_go_and_everything_else_stays(office: Engine) -> None:
    with office.begin() as connection:
        connection.execute(update(OCCURRENCE).where(OCCURRENCE.c.opened_at.is_not(None)).values(work_state="done"))
        before = counted(connection)
        done = tidy(connection, LATER - dt.timedelta(days=730), LATER)
        assert done.messages > 1
        assert done.replies == 1
        assert counted(connection) == before
        assert not connection.execute(select(MESSAGE.c.id).where(MESSAGE.c.text.is_not(None))).all()
        assert set(connection.execute(select(INBOUND.c.text)).scalars()) == {""}
        assert journal.verify(connection, OFFICE_ID).broken_at is None
        assert tidy(connection, LATER - dt.timedelta(days=730), LATER).messages == 0


def test_open_work_keeps_its_words(office: Engine) -> None:
    with office.begin() as connection:
        open_work = connection.execute(
            select(MESSAGE.c.id)
            .join(REMINDER, REMINDER.c.message_id == MESSAGE.c.id)
            .join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
            .where(OCCURRENCE.c.work_state == "new", MESSAGE.c.text.is_not(None))
        )
        theirs = set(open_work.scalars())
        assert theirs
        tidy(connection, LATER, LATER)
        kept = select(MESSAGE.c.id).where(MESSAGE.c.text.is_not(None))
        assert theirs <= set(connection.execute(kept).scalars())


# ---- showing --------------------------------------------------------------------------------------------------------


def with_photo(connection: Connection) -> int:
    return int(connection.execute(select(EVIDENCE.c.occurrence_id).where(EVIDENCE.c.kind == "photo")).scalar_one())


def test_a_bundle_can_be_checked_by_somebody_else(office: Engine, tmp_path: Path) -> None:
    out = tmp_path / "ho-so.zip"
    with reading(office) as connection:
        occurrence = with_photo(connection)
        head = journal.verify(connection, OFFICE_ID)
        name = connection.execute(select(PERSON.c.name).where(PERSON.c.slug == "kinh-te-cv")).scalar_one()
        bundle(connection, EvidenceFiles(tmp_path / "minh-chung"), occurrence, out, MORNING, secret=True)
    with zipfile.ZipFile(out) as archive:
        facts = json.loads(archive.read("ho-so.json"))
        words = archive.read("ho-so.txt").decode()
        [photo] = [entry for entry in archive.namelist() if entry.startswith("minh-chung/")]
        assert archive.read(photo) == PHOTO
        assert photo.endswith(".jpg")
        assert all("/../" not in f"/{entry}" for entry in archive.namelist())
    assert facts["journal_head"] == {"lines": head.lines, "hash": head.head, "unbroken": True}
    assert [line["action"] for line in facts["journal"]][:1] == ["opened"]
    for said in (f"HỒ SƠ VIỆC SỐ {occurrence}", name, "MINH CHỨNG", f"{head.lines}:{head.head}", "12/BC-UBND"):
        assert said in words


def test_secret_work_keeps_its_title_and_its_files_to_itself(office: Engine, tmp_path: Path) -> None:
    with office.begin() as connection:
        occurrence = with_photo(connection)
        its = select(OCCURRENCE.c.obligation_id).where(OCCURRENCE.c.id == occurrence).scalar_subquery()
        connection.execute(update(OBLIGATION).where(OBLIGATION.c.id == its).values(secret=True, title="Chuyện kín"))
        connection.execute(update(OCCURRENCE).where(OCCURRENCE.c.id == occurrence).values(title="Chuyện kín"))
        files = EvidenceFiles(tmp_path / "minh-chung")
        bundle(connection, files, occurrence, tmp_path / "kin.zip", MORNING, secret=False)
    with zipfile.ZipFile(tmp_path / "kin.zip") as archive:
        assert sorted(archive.namelist()) == ["SHA256SUMS", "ho-so.json", "ho-so.txt"]
        whole = b"".join(archive.read(entry) for entry in archive.namelist()).decode()
    assert HIDDEN_TITLE in whole
    for kept_in in ("Chuyện kín", "12/BC-UBND", "anh.jpg"):
        assert kept_in not in whole


def test_a_changed_photo_is_told_and_left_out(office: Engine, tmp_path: Path) -> None:
    [photo] = [path for path in (tmp_path / "minh-chung").rglob("*") if path.is_file()]
    photo.chmod(0o600)
    photo.write_bytes(b"another")
    with reading(office) as connection:
        files = EvidenceFiles(tmp_path / "minh-chung")
        facts = bundle(connection, files, with_photo(connection), tmp_path / "x.zip", MORNING, secret=True)
    assert any("bị thay đổi" in entry.get("problem", "") for entry in facts["evidence"])

"""The command line as a user meets it: every command, JSON, a quick start and a graceful stop."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ruamel.yaml import YAML
from sqlmodel import SQLModel

from data.database import open_database
from schedules.office_file import shipped_offices
from schedules.office_schema import schema
from tests.test_bad_input import HUNG_THANG, nhacviec


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("cli") / "nv.db"
    result = nhacviec("load", "--yes", str(HUNG_THANG), database=database)
    assert result.returncode == 0, result.stderr
    return database


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom engine.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'sqlalchemy', 'sqlmodel', 'telegram', 'matplotlib', 'apscheduler', 'holidays'} & set(sys.modules)\n"
        "sys.stderr.write(','.join(sorted(heavy)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "preview" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("path", shipped_offices(), ids=lambda path: path.stem)
def test_every_shipped_commune_is_valid_and_fits_the_published_schema(path: Path) -> None:
    result = nhacviec("check", str(path), "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["ok"] is True
    published = (Path(path).parent.parent / "office.schema.json").read_text(encoding="utf-8")
    assert published == schema()
    tree = YAML(typ="safe").load(path)
    jsonschema.validate(json.loads(json.dumps(tree, default=str)), json.loads(published))


def test_loading_twice_changes_nothing(loaded: Path) -> None:
    again = nhacviec("load", str(HUNG_THANG), database=loaded)
    assert again.returncode == 0
    assert "không có gì thay đổi" in again.stdout


def test_loading_shows_the_difference_and_a_no_leaves_everything(loaded: Path, tmp_path: Path) -> None:
    changed = tmp_path / "moi.yaml"
    changed.write_text(HUNG_THANG.read_text(encoding="utf-8").replace("due: {day: 25}", "due: {day: 24}"), "utf-8")
    result = nhacviec("load", str(changed), database=loaded)  # nobody answers the question
    assert "chuong-trinh-cong-tac" in result.stdout
    assert result.returncode != 0
    assert "không có gì thay đổi" in nhacviec("load", str(HUNG_THANG), database=loaded).stdout


def test_run_stops_within_five_seconds_of_sigterm(loaded: Path, tmp_path: Path) -> None:
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "run"],
        stderr=log,
        stdout=subprocess.DEVNULL,
        env={"NHACVIEC_DATABASE": f"sqlite:///{loaded}", "PATH": ""},
    )
    deadline = time.monotonic() + 20
    while "lập" not in Path(log.name).read_text(encoding="utf-8"):
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0
    log.close()
    status = json.loads(nhacviec("status", "--all", "--json", database=loaded).stdout)
    assert len(status) > 50
    story = json.loads(nhacviec("why", str(status[0]["id"]), "--json", database=loaded).stdout)
    assert story["title"] == status[0]["title"]


def test_a_person_is_answered_on_the_simulator(loaded: Path) -> None:
    result = nhacviec("say", "--as", "ttpvhcc-cv", "trợ giúp", database=loaded)
    assert result.returncode == 0, result.stderr
    assert "xong 3" in result.stdout


def test_a_stand_in_is_written_down_and_the_journal_verifies(loaded: Path) -> None:
    result = nhacviec(
        "stand-in",
        "kinh-te-cv",
        "kinh-te-truong",
        "--from",
        "2026-03-01",
        "--to",
        "2026-03-15",
        "--decision",
        "QĐ 12/QĐ-UBND",
        database=loaded,
    )
    assert "nhận tin thay" in result.stdout, result.stderr
    verified = nhacviec("journal", "verify", "--json", database=loaded)
    assert verified.returncode == 0
    assert json.loads(verified.stdout)[0]["broken_at"] is None


def test_the_digest_of_a_week_can_be_asked_for(loaded: Path) -> None:
    numbers = json.loads(nhacviec("digest", "--week", "2026-W11", "--json", database=loaded).stdout)
    assert numbers[0]["week"] == "2026-W11"


def test_the_demo_loses_nothing() -> None:
    result = nhacviec("demo")
    assert result.returncode == 0, result.stderr
    for words in ("Thất lạc", "gia hạn", "Chủ tịch UBND xã", "đồng ý", "Bản tin tuần"):
        assert words in result.stdout


def test_the_migrations_lead_to_the_tables_of_the_code(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'nv.db'}")
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert found == []
    engine.dispose()

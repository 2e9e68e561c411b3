"""A damaged file: a sentence that says what to do, a failure to the shell, and not a byte of the file changed."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from data.database import check_whole
from engine.backup import back_up
from engine.errors import DatabaseTrouble
from tests.command import nhacviec
from tests.kept import MORNING, lived_in
from tests.test_bad_input import refused
from tests.world import PROJECT

EVERY_DAMAGE = os.environ.get("NHACVIEC_EVERY_DAMAGE") == "1"
PAGE = 4096
Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office's database, put away tidily."""
    file = tmp_path_factory.mktemp("whole") / "nv.db"
    lived_in(f"sqlite:///{file}", file.parent / "anh").dispose()
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("PRAGMA page_size").fetchone() == (PAGE,)
    return file


def page_of(file: Path, name: str) -> int:
    """Where a table or an index begins in the file."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as raw:
        (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        return (int(root) - 1) * PAGE


def scribble(file: Path, at: int, length: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(random.Random(at).randbytes(length))


def in_a_table(file: Path) -> None:
    scribble(file, page_of(file, "message"), 2000)


def in_the_journal(file: Path) -> None:
    scribble(file, page_of(file, "journal"), PAGE)


def in_an_index(file: Path) -> None:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as raw:
        name = raw.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'occurrence'").fetchone()
    scribble(file, page_of(file, name[0]), 1000)


def in_the_header(file: Path) -> None:
    scribble(file, 0, 100)


def in_the_list_of_tables(file: Path) -> None:
    scribble(file, 100, 800)


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 // PAGE * PAGE)


def cut_in_a_page(file: Path) -> None:
    os.truncate(file, PAGE * 3 + 100)


DAMAGES: list[Damage] = [
    in_a_table,
    in_the_journal,
    in_an_index,
    in_the_header,
    in_the_list_of_tables,
    cut_short,
    cut_in_a_page,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: str(damage.__name__))
def test_a_damaged_file_is_named_and_left_as_it_is(whole: Path, tmp_path: Path, damage: Damage) -> None:
    file = tmp_path / "nv.db"
    shutil.copy(whole, file)
    damage(file)
    before = file.read_bytes()
    with pytest.raises(DatabaseTrouble, match=r"bị hỏng.*nhacviec restore"):
        check_whole(f"sqlite:///{file}")
    assert file.read_bytes() == before
    if EVERY_DAMAGE or damage in (in_a_table, in_the_header):  # seconds each
        refused(nhacviec("run", database=file), "bị hỏng", "nhacviec restore")
        assert file.read_bytes() == before


def test_a_whole_file_is_whole(whole: Path, tmp_path: Path) -> None:
    check_whole(f"sqlite:///{whole}")
    check_whole(f"sqlite:///{tmp_path / 'chua-co.db'}")
    check_whole("sqlite://")
    assert not (tmp_path / "chua-co.db").exists()


@pytest.mark.parametrize("damage", DAMAGES if EVERY_DAMAGE else [in_a_table], ids=lambda damage: str(damage.__name__))
def test_every_other_command_says_it_in_a_sentence_too(whole: Path, tmp_path: Path, damage: Damage) -> None:
    file = tmp_path / "nv.db"
    shutil.copy(whole, file)
    damage(file)
    before = file.read_bytes()
    commands = [["why", "1"], ["backup", "--to", str(tmp_path / "sao-luu")], ["journal", "verify"]]
    for words in commands if EVERY_DAMAGE else commands[:2]:
        told = nhacviec(*words, database=file)
        assert "Traceback" not in told.stderr, told.stderr
        if told.returncode:  # what it asked for may lie in a whole page
            assert "nhacviec restore" in told.stderr or "bị hỏng" in told.stderr, told.stderr
    assert file.read_bytes() == before


def test_another_databases_log_beside_it_is_not_taken_for_its_own(whole: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "nv.db", tmp_path / "khac.db"
    shutil.copy(whole, file)
    with closing(sqlite3.connect(other, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("CREATE TABLE x (y)")
        for number in range(400):
            raw.execute("INSERT INTO x VALUES (?)", ("chữ " * 200 + str(number),))
        shutil.copy(f"{other}-wal", f"{file}-wal")  # somebody put the files together by hand
    before = file.read_bytes(), Path(f"{file}-wal").read_bytes()
    refused(nhacviec("why", "1", database=file), "-wal bên cạnh", "nhacviec restore")
    with pytest.raises(DatabaseTrouble, match="nhacviec restore"):
        check_whole(f"sqlite:///{file}")
    assert (file.read_bytes(), Path(f"{file}-wal").read_bytes()) == before


def test_what_the_sentence_says_works(whole: Path, tmp_path: Path) -> None:
    file, folder = tmp_path / "nv.db", tmp_path / "sao-luu"
    shutil.copy(whole, file)
    back_up(f"sqlite:///{file}", tmp_path / "anh", folder, MORNING)
    in_a_table(file)
    broken = file.read_bytes()
    (backup,) = folder.glob("nhacviec-*.db")
    done = nhacviec("restore", str(backup), "--replace", "--yes", database=file)
    assert done.returncode == 0, done.stderr
    assert "TẮT GỬI" in done.stdout
    (kept,) = tmp_path.glob("nv.db.truoc-*")
    assert kept.read_bytes()[100:] == broken[100:]  # all but the header, which no longer speaks of a log
    check_whole(f"sqlite:///{file}")


# ---- read-only ------------------------------------------------------------------------------------------------------


def obey_rights() -> None:
    """In the child, before it starts: root without the right to pass over rights (CAP_DAC_OVERRIDE), or anybody."""
    if os.geteuid() == 0:
        import ctypes

        PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # noqa: N806
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def with_rights(*words: str, database: Path) -> tuple[int, str]:
    """The command line as somebody whom rights stop."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("NHACVIEC_")}
    told = subprocess.run(
        [sys.executable, "-m", "engine.cli", *words],
        capture_output=True,
        text=True,
        env=env | {"NHACVIEC_DATABASE": f"sqlite:///{database}", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=PROJECT,
        timeout=60,
        check=False,
        preexec_fn=obey_rights,
    )
    return told.returncode, told.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="rights as Linux has them")
@pytest.mark.parametrize(("folder_rights", "file_rights"), [(0o755, 0o444), (0o555, 0o644)])
def test_what_may_only_be_read_is_named(whole: Path, tmp_path: Path, folder_rights: int, file_rights: int) -> None:
    folder = tmp_path / "chi-doc"
    folder.mkdir()
    file = folder / "nv.db"
    shutil.copy(whole, file)
    before = file.read_bytes()
    file.chmod(file_rights)
    folder.chmod(folder_rights)
    try:
        code, said = with_rights("run", database=file)
    finally:
        folder.chmod(0o755)
    assert code == 1, said
    assert "Traceback" not in said
    assert "quyền ghi" in said
    assert file.read_bytes() == before

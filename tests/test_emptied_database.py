"""A database file that a power cut left without a byte is a loss to be mended, not a beginning."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.command import nhacviec
from tests.test_bad_input import refused


def test_an_emptied_file_sends_to_the_backups(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", "hung-thang", database=database).returncode == 0
    (tmp_path / "nv.db.heartbeat.json").write_text("{}", encoding="utf-8")  # what a run leaves beside it
    database.write_bytes(b"")
    refused(nhacviec("status", database=database), "rỗng (0 byte)", "nhacviec restore")
    refused(nhacviec("load", "--yes", "hung-thang", database=database), "rỗng (0 byte)", "nhacviec restore")
    assert "rỗng (0 byte)" in nhacviec("doctor", database=database).stdout
    assert database.stat().st_size == 0


def test_an_empty_file_on_which_nothing_ran_is_a_beginning(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    database.touch()
    refused(nhacviec("status", database=database), "nhacviec load")
    said = nhacviec("load", "--yes", "hung-thang", database=database)
    assert said.returncode == 0, said.stderr


def test_a_damaged_database_is_said_to_be_the_damaged_one(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", "hung-thang", database=database).returncode == 0
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'reminder'").fetchone()[0]
    content = bytearray(database.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    database.write_bytes(content)
    said = nhacviec("backup", "--to", str(tmp_path / "sao-luu"), database=database)
    refused(said, "nhacviec restore")
    assert "Hãy dùng bản khác" not in said.stderr

"""``nhacviec bundle``: the file is whole, for its owner's eyes only, and takes no other file's place unasked."""

from __future__ import annotations

import os
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from engine.errors import NhacViecError
from engine.whole_file import write_whole
from tests.command import nhacviec
from tests.test_bad_input import refused


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("bundle") / "nv.db"
    result = nhacviec("load", "--yes", "hung-thang", database=database)
    assert result.returncode == 0, result.stderr
    return database


def bundle(database: Path, out: Path | str, *words: str) -> subprocess.CompletedProcess[str]:
    return nhacviec("bundle", "1", "--out", str(out), *words, database=database)


@pytest.mark.skipif(os.name != "posix", reason="rights of files are told otherwise there")
def test_only_its_owner_reads_the_bundle(loaded: Path, tmp_path: Path) -> None:
    out = tmp_path / "viec.zip"
    said = bundle(loaded, out)
    assert said.returncode == 0, said.stderr
    assert f"Đã ghi {out}" in said.stdout
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None


def test_the_dossier_is_in_vietnamese(loaded: Path, tmp_path: Path) -> None:
    said = nhacviec("suspend", "1", "--reason", "chờ văn bản mới", "--yes", database=loaded)
    assert said.returncode == 0, said.stderr
    assert nhacviec("resume", "1", "--yes", database=loaded).returncode == 0
    assert bundle(loaded, tmp_path / "viec.zip").returncode == 0
    with zipfile.ZipFile(tmp_path / "viec.zip") as archive:
        words = archive.read("ho-so.txt").decode()
    assert "người vận hành: tạm dừng (lý do: chờ văn bản mới)" in words
    assert not {"suspended", "resumed", "engine"} & set(words.replace(":", " ").split())


def test_a_file_that_is_there_stays_until_told_to_go(loaded: Path, tmp_path: Path) -> None:
    out = tmp_path / "viec.zip"
    out.write_text("của người khác", encoding="utf-8")
    refused(bundle(loaded, out), f"Đã có tệp {out}", "--force")
    assert out.read_text(encoding="utf-8") == "của người khác"
    assert bundle(loaded, out, "--force").returncode == 0
    assert zipfile.is_zipfile(out)
    assert [path.name for path in tmp_path.iterdir()] == ["viec.zip"]


@pytest.mark.skipif(os.name != "posix", reason="pipes have no names there")
def test_no_folder_device_or_pipe_is_written(loaded: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "ong"
    os.mkfifo(pipe)
    for place in (".", "..", str(tmp_path), "/dev/null", str(pipe)):
        refused(bundle(loaded, place, "--force"), place, "không phải tệp thường")
    refused(bundle(loaded, tmp_path / "khong" / "viec.zip"), "chọn nơi khác")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["ong"]


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    out = tmp_path / "viec.zip"
    out.write_text("cũ", encoding="utf-8")

    def fill(file: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(NhacViecError, match="ổ đĩa đã đầy"):
        write_whole(out, fill, replace=True)
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["cũ"]


@pytest.mark.parametrize("number", ["99999999999999999999", "-99999999999999999999"])
@pytest.mark.parametrize("words", [["why"], ["bundle"], ["suspend", "--reason", "chờ", "--yes"]])
def test_a_number_that_no_row_can_have_gets_a_sentence(loaded: Path, words: list[str], number: str) -> None:
    refused(nhacviec(*words, "--", number, database=loaded), f"Không có việc nào mang mã {number}")

"""``nhacviec export``: the stored office as its file again, and ``load`` by the id of an office that is shipped."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from schedules.office_file import read_office, shipped_offices
from tests.command import nhacviec
from tests.test_bad_input import HUNG_THANG, changed, refused


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("export") / "nv.db"
    result = nhacviec("load", "--yes", "hung-thang", database=database)
    assert result.returncode == 0, result.stderr
    return database


def test_an_office_that_is_shipped_is_loaded_by_its_id(loaded: Path, tmp_path: Path) -> None:
    assert "không có gì thay đổi" in nhacviec("load", str(HUNG_THANG), database=loaded).stdout
    database = tmp_path / "nv.db"
    refused(nhacviec("load", "--yes", "hung-thangg", database=database), "“hung-thangg”", "hung-thang")
    assert not database.exists()


def test_what_is_exported_is_what_was_loaded(loaded: Path, tmp_path: Path) -> None:
    out = tmp_path / "tep.yaml"
    said = nhacviec("export", "hung-thang", "--out", str(out), database=loaded)
    assert said.returncode == 0, said.stderr
    assert f"Đã ghi {out}. UBND xã Hùng Thắng: " in said.stdout
    assert said.stderr == ""
    assert read_office(out) == read_office(HUNG_THANG)
    assert "không có gì thay đổi" in nhacviec("load", str(out), database=loaded).stdout
    for words in (["export", "hung-thang"], ["export", "hung-thang", "--out", "-"], ["export", str(HUNG_THANG)]):
        assert nhacviec(*words, database=loaded).stdout == out.read_text(encoding="utf-8")


def test_a_file_is_overwritten_only_when_that_was_asked_for(loaded: Path, tmp_path: Path) -> None:
    out = tmp_path / "tep.yaml"
    out.write_text("của người khác", encoding="utf-8")
    refused(nhacviec("export", "hung-thang", "--out", str(out), database=loaded), f"Đã có tệp {out}", "--force")
    assert out.read_text(encoding="utf-8") == "của người khác"
    assert nhacviec("export", "hung-thang", "--out", str(out), "--force", database=loaded).returncode == 0
    assert read_office(out) == read_office(HUNG_THANG)
    refused(nhacviec("export", "hung-thang", "--out", str(tmp_path / "khong" / "a.yaml"), database=loaded), "chọn nơi")
    assert [path.name for path in tmp_path.iterdir()] == ["tep.yaml"]  # nothing half-written beside it


def test_secret_work_comes_along_and_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    marked = changed(tmp_path, "kind: monthly\n", "kind: monthly\n    secret: true\n")
    database, out = tmp_path / "nv.db", tmp_path / "ra.yaml"
    assert nhacviec("load", "--yes", str(marked), database=database).returncode == 0
    assert nhacviec("export", "hung-thang", "--out", str(out), database=database).returncode == 0
    assert read_office(out) == read_office(marked)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "khong-co"], "Không có cơ quan nào mã “khong-co”"),
        (["export", str(next(path for path in shipped_offices() if path != HUNG_THANG))], "chưa được nạp"),
        (["export"], "Thiếu"),
    ],
)
def test_an_office_that_is_not_there_gets_a_sentence(loaded: Path, words: list[str], said: str) -> None:
    refused(nhacviec(*words, database=loaded), said)


def test_help_is_vietnamese() -> None:
    said = nhacviec("export", "--help").stdout
    assert "Lấy tệp nhiệm vụ từ dữ liệu đang lưu" in said
    assert "--force" in said

"""Settings: a wrong one is named with what it should be, an empty path is none, and nothing secret is shown."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from data.database import named
from engine.errors import BadSetting
from engine.settings import read_settings, unknown_settings
from tests.command import clean_environment, command, nhacviec
from tests.test_bad_input import refused

SECRET = "MatKhau"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, without anybody's settings."""
    for name in [name for name in os.environ if name.startswith("NHACVIEC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def status_in(folder: Path) -> subprocess.CompletedProcess[str]:
    return command(("status",), clean_environment(), folder)


# ---- the file -------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_utf_8_is_named_with_its_line(here: Path) -> None:
    content = f"NHACVIEC_LOG=text\nNHACVIEC_SMTP_PASSWORD={SECRET}é\n".encode("latin-1")
    (here / ".env").write_bytes(content)
    said = status_in(here)
    refused(said, str(here / ".env"), "dòng 2", "UTF-8")
    assert SECRET not in said.stderr + said.stdout


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_named(here: Path) -> None:
    (here / ".env").touch(mode=0)
    refused(status_in(here), str(here / ".env"), "quyền đọc")


def test_a_file_whose_reading_fails_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").touch()

    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(BadSetting, match="quyền đọc"):
        read_settings()


def test_a_line_that_is_no_setting_is_named(here: Path) -> None:
    (here / ".env").write_text(f"NHACVIEC_LOG=text\n\n# ghi chú\nNHACVIEC_ZALO_TOKEN: {SECRET}\n", encoding="utf-8")
    said = status_in(here)
    refused(said, str(here / ".env"), "dòng 4:", "TÊN=giá trị")
    assert SECRET not in said.stderr
    assert "python-dotenv" not in said.stderr


def test_the_mark_that_windows_puts_first_hides_nothing(here: Path) -> None:
    (here / ".env").write_text("NHACVIEC_SHARDS=3\n", encoding="utf-8-sig")
    assert read_settings().shards == 3
    assert unknown_settings() == []


# ---- one setting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("TURN_SECONDS", "0", "số lớn hơn 0, nhiều nhất 3600"),
        ("KEEP_MONTHS", "chín", "số ít nhất 3, nhiều nhất 600"),
        ("WEBHOOK_PORT", "65536", "số ít nhất 0, nhỏ hơn 65536"),
        ("SMTP_SECURITY", "ssl", "starttls, tls hoặc none"),
        ("LOG", "xml", "text hoặc json"),
        ("CONSOLE", "có", "true hoặc false"),
        ("BACKUP_AT", "5 giờ", "16:45"),
        ("PUBLIC_URL", "nhacviec.xa.gov.vn", "https://"),
        ("CONSOLE_HOST", "a..b", "127.0.0.1"),
    ],
)
def test_a_wrong_one_is_told_what_it_should_be(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: str
) -> None:
    monkeypatch.setenv(f"NHACVIEC_{name}", value)
    with pytest.raises(BadSetting) as refusal:
        read_settings()
    assert f"NHACVIEC_{name} (" in str(refusal.value)
    assert wanted in str(refusal.value)


@pytest.mark.parametrize(
    "name",
    [
        "TELEGRAM_PROXY",
        "ZALO_PROXY",
        "TELEGRAM_BASE_URL",
        "ZALO_BASE_URL",
        "WEBHOOK_URL",
        "PUBLIC_URL",
        "HEARTBEAT_URL",
    ],
)
@pytest.mark.parametrize("address", [f"http://u:{SECRET}@[::bad", f"http://u:{SECRET}@x:99999/", f"http://u:{SECRET}@"])
def test_an_address_that_cannot_be_taken_apart_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(f"NHACVIEC_{name}", address)
    with pytest.raises(BadSetting, match=f"NHACVIEC_{name}") as refusal:
        read_settings()
    assert SECRET not in str(refusal.value)


def test_a_broken_proxy_ends_in_a_sentence(tmp_path: Path) -> None:
    said = nhacviec("run", database=tmp_path / "nv.db", NHACVIEC_TELEGRAM_PROXY=f"http://u:{SECRET}@[::bad")
    refused(said, "NHACVIEC_TELEGRAM_PROXY")
    assert SECRET not in said.stderr


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_path_is_none(here: Path, monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    for name in ("BACKUPS", "BOTS", "EVIDENCE", "REPORT_TEMPLATE"):
        monkeypatch.setenv(f"NHACVIEC_{name}", empty)
    settings = read_settings()
    assert (settings.backups, settings.bots, settings.report_template) == (None, None, None)
    assert settings.evidence == Path("minh-chung")


def test_a_name_that_no_setting_has_is_told_with_the_nearest(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHACVIEC_BACKUPZ", "/sao-luu")
    (here / ".env").write_text("NHACVIEC_XYZXYZ=1\nNHACVIEC_SHARDS=2\nPATHS=3\n", encoding="utf-8")
    backups, other = unknown_settings()
    assert "NHACVIEC_BACKUPZ" in backups
    assert "Có phải NHACVIEC_BACKUPS?" in backups
    assert "NHACVIEC_XYZXYZ" in other
    assert "/sao-luu" not in backups


def test_the_running_program_names_the_setting_that_is_wrong(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", "hung-thang", database=database).returncode == 0
    not_here = "192.0.2.1"  # RFC 5737: nobody's address
    said = nhacviec("run", database=database, NHACVIEC_CONSOLE_HOST=not_here, NHACVIEC_BACKUPZ="/sao-luu")
    refused(said, not_here, "NHACVIEC_CONSOLE_HOST", "cổng 8040")
    assert "NHACVIEC_WEBHOOK_HOST" not in said.stderr
    assert said.stderr.count("Có phải NHACVIEC_BACKUPS?") == 1
    assert "trên kênh simulator," in said.stderr


# ---- the address of the database ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:MatKhau@may-chu:5432/nv", "postgresql://u:***@may-chu:5432/nv"),
        ("postgresql://u:Mat@Khau@127.0.0.1:1/x", "postgresql://u:***@127.0.0.1:1/x"),
        ("postgresql://u:Mat/Khau@h/x", "postgresql://u:***@h/x"),
        ("postgresql://u:1?Mat@Khau/x", "postgresql://***"),
        ("postgresql://u:MatKhau", "postgresql://***"),
        ("postgresql://h/x?user=u&password=MatKhau", "postgresql://h/x"),
        ("postgresql://h/x?password=Mat@Khau", "postgresql://***"),
        ("postgresql:u:MatKhau@h/x", "***"),
        ("MatKhau", "***"),
        ("sqlite:///nhacviec.db", "nhacviec.db"),
        ("sqlite://", "sqlite://"),
    ],
)
def test_no_part_of_a_password_is_shown(url: str, shown: str) -> None:
    assert named(url) == shown


def test_a_command_shows_no_part_of_the_password() -> None:
    said = nhacviec("status", NHACVIEC_DATABASE="postgresql://u:MAT@KHAU@127.0.0.1:1/x")
    refused(said, "***")
    for part in ("MAT", "KHAU"):
        assert part not in said.stderr + said.stdout

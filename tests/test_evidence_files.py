"""Kept photos and files: under the hash of what is in them, whole, private, and under no other name."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data.evidence_files import DamagedEvidence, EvidenceFiles

PHOTO = b"\xff\xd8\xff\xe0 a photo of a stamped page"


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    return EvidenceFiles(tmp_path / "minh-chung")


def on_disk(files: EvidenceFiles) -> list[Path]:
    return [path for path in files.folder.rglob("*") if path.is_file()]


def test_what_is_kept_can_be_opened_by_its_hash(files: EvidenceFiles) -> None:
    sha256 = files.keep(PHOTO)

    assert sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert files.open(sha256) == PHOTO
    assert files.path(sha256) == files.folder / sha256[:2] / sha256[2:]
    assert on_disk(files) == [files.path(sha256)]


def test_the_same_content_is_one_file_and_is_not_written_again(files: EvidenceFiles) -> None:
    sha256 = files.keep(PHOTO)
    before = files.path(sha256).stat()
    assert files.keep(PHOTO) == sha256
    after = files.path(sha256).stat()

    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_many_at_once_keep_one_whole_file(files: EvidenceFiles) -> None:
    content = os.urandom(300_000)
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(files.keep, [content] * 16))

    [sha256] = names
    assert files.open(sha256) == content
    assert len(on_disk(files)) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_only_this_account_may_read_and_nobody_run(files: EvidenceFiles) -> None:
    old = os.umask(0)
    try:
        sha256 = files.keep(PHOTO)
    finally:
        os.umask(old)

    path = files.path(sha256)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, files.folder)} == {0o700}


def test_a_full_disk_leaves_nothing_half_written(files: EvidenceFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            files.keep(PHOTO)
    assert not on_disk(files)
    assert files.open(files.keep(PHOTO)) == PHOTO  # once there is room again


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "a" * 63,
        "a" * 65,
        "g" * 64,
        "A" * 64,
        "a" * 64 + "\n",
        "../" + "a" * 61,
        "١" * 64,  # digits to Unicode, not to us
        "bien-ban.pdf",
    ],
)
def test_no_other_name_reaches_the_disk(files: EvidenceFiles, name: str) -> None:
    for ask in (files.path, files.open):
        with pytest.raises(ValueError, match="not the SHA-256"):
            ask(name)


def test_what_was_never_kept_or_was_changed_is_said_so(files: EvidenceFiles) -> None:
    with pytest.raises(FileNotFoundError):
        files.open("0" * 64)
    sha256 = files.keep(PHOTO)
    files.path(sha256).write_bytes(PHOTO + b"!")
    with pytest.raises(DamagedEvidence, match="đã bị thay đổi"):
        files.open(sha256)

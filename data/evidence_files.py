"""Where photos and files are kept: under the SHA-256 of what is in them, never under a name that somebody chose.

The same content is one file, however often it is sent. Nothing here is executable, and only this account may read it.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from engine.errors import NhacViecError

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
PRIVATE_FOLDER = 0o700  # files are 0600: tempfile.mkstemp makes them so


class DamagedEvidence(NhacViecError):
    """A kept file no longer has the content it was kept with."""


class EvidenceFiles:
    """Files under ``folder/ab/cdef…``; the folder is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes) -> str:
        """Store these bytes; they are on the disk when it returns. The name to open them by: 64 hex digits.

        :raises OSError: the disk is full, or the folder may not be written.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            _private(self.folder)
            _private(path.parent)
            _write(path, content)
        return sha256

    def open(self, sha256: str) -> bytes:
        """What was kept under this name.

        :raises ValueError: this is no such name.
        :raises FileNotFoundError: nothing was kept under it.
        :raises DamagedEvidence: the file was changed since.
        """
        content = self.path(sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DamagedEvidence(
                f"Tệp minh chứng {sha256[:12]}… đã bị thay đổi so với lúc lưu. Hãy khôi phục từ bản sao lưu."
            )
        return content

    def path(self, sha256: str) -> Path:
        """Where it stands, or would.

        :raises ValueError: not 64 hex digits in small letters: no other name reaches the disk.
        """
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not the SHA-256 of a kept file")
        return self.folder / sha256[:2] / sha256[2:]


def _private(folder: Path) -> None:
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Beside its place, then moved there: a name that exists has its whole content."""
    number, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _settle(path.parent)
    _settle(path.parent.parent)


def _settle(folder: Path) -> None:
    """New names in a folder survive a power cut too (POSIX; Windows has no such call)."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

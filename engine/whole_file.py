"""Writing a file for somebody to take away: all of it or nothing, and never over what was not to be lost."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from engine.errors import NhacViecError, in_vietnamese

PRIVATE, FOR_ALL = 0o600, 0o644


def write_whole(path: Path, fill: Callable[[BinaryIO], object], *, replace: bool, mode: int = PRIVATE) -> None:
    """Write what ``fill`` writes to ``path``. ``replace``: a file that is there gives way.

    :raises NhacViecError: a file is there and may not be replaced; this is a folder, a device or such; it cannot be
        written.
    """
    check_place(path, replace=replace)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as opened:
                fill(opened)
            beside.chmod(mode)
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise NhacViecError(f"Không ghi được {path}: {in_vietnamese(error)}. Hãy chọn nơi khác.") from error


def check_place(path: Path, *, replace: bool) -> None:
    """Whether a file may be written there.

    :raises NhacViecError: it may not.
    """
    there = os.path.lexists(path)
    if not path.name or (there and not path.is_file()):  # a folder, a device, a pipe, a link to nowhere
        raise NhacViecError(f"Không ghi vào {path} được: đó không phải tệp thường. Hãy ghi tên một tệp.")
    if there and not replace:
        raise NhacViecError(f"Đã có tệp {path}. Hãy chọn tên khác, hoặc thêm --force để ghi đè.")

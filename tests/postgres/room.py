"""The session owns a *room*: a folder with the server's data, its socket, and a pipe.

The session holds the pipe's only writing end. :mod:`tests.postgres.keeper` reads at the other end; when the session
ends, in whatever way, the kernel closes the pipe, and the keeper stops the server and takes the room away.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

ROOM = "NHACVIEC_TEST_ROOM"  # how the workers of one session find each other
_session: list[tuple[Path, int]] = []  # the room and the writing end of its pipe


def open_room() -> None:
    """Called once by the process that owns the session; its workers inherit the room's name."""
    if ROOM in os.environ or os.name != "posix":
        return
    room = Path(tempfile.mkdtemp(prefix="nv-pg-"))
    room.chmod(0o711)  # the server may run as another user, who must pass through
    os.mkfifo(room / "alive", 0o600)
    # Opened for both: opening for writing alone would wait for the keeper. No child inherits it.
    _session.append((room, os.open(room / "alive", os.O_RDWR)))
    os.environ[ROOM] = str(room)


def close_room() -> None:
    """The session is over: the server stops, and its folder goes."""
    for room, pipe in _session:
        os.environ.pop(ROOM, None)
        kept = (room / "keeper").exists()
        os.close(pipe)
        until = time.monotonic() + 60
        while kept and room.exists() and time.monotonic() < until:
            time.sleep(0.02)
        shutil.rmtree(room, ignore_errors=True)
    _session.clear()

"""The tests' own server: it leaves nothing behind, even when the session is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.databases import postgres_or_skip
from tests.postgres.room import ROOM
from tests.postgres.server import NAMED
from tests.world import PROJECT

SESSION = """
import sys
from tests.postgres.room import open_room
from tests.postgres.server import fresh_database
open_room()
print(fresh_database(), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(NAMED in os.environ, reason="the named server is not ours to stop")
def test_it_dies_with_a_session_that_is_killed() -> None:
    postgres_or_skip()
    environment = {name: value for name, value in os.environ.items() if name != ROOM}
    session = subprocess.Popen(
        [sys.executable, "-c", SESSION],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert session.stdout is not None
    url = session.stdout.readline()
    assert "/nv-pg-" in url.replace("%2F", "/"), url
    room = Path(url.replace("%2F", "/").partition("host=")[2].strip()).parent
    assert (room / "server" / "data" / "postmaster.pid").exists()
    server = int((room / "server" / "data" / "postmaster.pid").read_text("utf-8").split()[0])
    session.send_signal(signal.SIGKILL)
    session.communicate()
    until = time.monotonic() + 60
    while time.monotonic() < until and (room.exists() or _runs(server)):
        time.sleep(0.05)
    assert not room.exists()
    assert not _runs(server)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True

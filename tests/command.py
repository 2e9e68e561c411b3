"""The command line as a user starts it: a process of its own, with its own folder, surroundings, input and exit status.

``nhacviec`` gives each command a fork of a process in which everything is imported already, for that is most of what a
command takes; where there is no fork, it starts Python anew. What the start itself does (what ``--help`` loads, a
signal to the living engine) is tested with processes started from cold, in test_command_line.py.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parent.parent
SECONDS = 60  # for one command


def clean_environment(**ours: str) -> dict[str, str]:
    """The surroundings of whoever runs the tests, without their settings of the product, and with ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NHACVIEC_")} | ours


def nhacviec(
    *words: str, database: Path | None = None, typed: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """One command on an SQLite file, or on a database in memory."""
    ours = {"NHACVIEC_DATABASE": f"sqlite:///{database}" if database else "sqlite://", **environment}
    return command(words, clean_environment(**ours), Path(tempfile.gettempdir()), typed)  # where no .env lies


def command(
    words: tuple[str, ...], environment: Mapping[str, str], folder: Path, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """One command in a folder, with exactly these surroundings.

    :raises subprocess.TimeoutExpired: it did not end within a minute.
    """
    if not hasattr(os, "fork"):
        return subprocess.run(
            [sys.executable, "-m", "engine.cli", *words],
            capture_output=True,
            input=typed,
            encoding="utf-8",
            env={**environment, "PYTHONPATH": str(PROJECT)},
            cwd=folder,
            timeout=SECONDS,
            check=False,
        )
    with tempfile.TemporaryDirectory(prefix="nv-lenh-") as place:
        files = {name: Path(place) / name for name in ("typed", "stdout", "stderr")}
        files["typed"].write_text(typed, "utf-8")
        told = {
            "words": words,
            "environment": dict(environment),
            "folder": str(folder),
            "seconds": SECONDS,
            "files": {name: str(path) for name, path in files.items()},
        }
        code = _parent().ask(json.dumps(told))
        said = {name: path.read_text("utf-8") if path.exists() else "" for name, path in files.items()}
    if code is None:
        raise subprocess.TimeoutExpired(list(words), SECONDS, said["stdout"], said["stderr"])
    return subprocess.CompletedProcess(["nhacviec", *words], code, said["stdout"], said["stderr"])


class _Parent:
    """The process whose forks the commands are. It ends with us: its input does."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.command_parent"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clean_environment(),
            text=True,
        )
        atexit.register(self.close)

    def ask(self, line: str) -> int | None:
        """Run one; None where it had to be killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._one_at_a_time:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        code: int | None = json.loads(answer)
        return code

    def close(self) -> None:
        """Let it go."""
        self._process.communicate()


@cache
def _parent() -> _Parent:
    return _Parent()

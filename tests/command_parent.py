"""``python -m tests.command_parent``: reads commands from stdin, one JSON object a line, and forks for each.

Before a fork only imports have been made: no connection, loop or thread is there that a child could inherit.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
import time
import traceback
from typing import Any

import engine.cli.output
from schedules.workdays import vietnam_calendar

NEVER = ("engine.cli.__main__",)  # it would run
# What commands import on the way.
LATER = (
    "bots.simulator",
    "bots.telegram",
    "bots.zalo",
    "docx",
    "engine.app",
    "engine.demo",
    "engine.doctor",
    "engine.preview",
    "engine.worker",
    "openpyxl",
    "web.console.app",
    "web.webhooks",
)


def main() -> None:
    """Import, then serve until stdin ends."""
    for module in pkgutil.iter_modules(engine.cli.__path__, "engine.cli."):
        if module.name not in NEVER:
            importlib.import_module(module.name)
    for name in LATER:
        importlib.import_module(name)
    vietnam_calendar()
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            _be(told)
        print(json.dumps(_wait(child, told["seconds"])), flush=True)  # noqa: T201


def _wait(child: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _be(told: dict[str, Any]) -> None:
    """Become the command. Never returns."""
    files = told["files"]
    for number, name, how in (
        (0, "typed", os.O_RDONLY),
        (1, "stdout", os.O_WRONLY | os.O_CREAT),
        (2, "stderr", os.O_WRONLY | os.O_CREAT),
    ):
        opened = os.open(files[name], how)
        os.dup2(opened, number)
        os.close(opened)
    # They live as long as the process.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    os.chdir(told["folder"])
    sys.argv = ["nhacviec", *told["words"]]
    if told["environment"].get("COLUMNS", "").isdigit():  # else read when it was imported
        engine.cli.output.console.width = int(told["environment"]["COLUMNS"])
    code = 0
    try:
        engine.cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()

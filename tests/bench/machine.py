"""What the figures were measured on: they mean nothing without it."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from tests.bench.figures import timed
from tests.bench.stores import Bench
from tests.postgres import server

LIBRARIES = ("SQLAlchemy", "psycopg", "APScheduler", "python-telegram-bot", "aiolimiter", "aiohttp", "httpx", "Jinja2")
ONE_GIB = 1024**3


def machine(bench: Bench) -> str:
    """Processor, memory, disk and versions; what an fsync costs, because APScheduler pays one for every job."""
    parts = [
        f"{_processor()}, {os.cpu_count()} cores, {_memory()}",
        f"{platform.system()} {platform.machine()}, fsync {_fsync(bench.folder) * 1e6:.0f} µs",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}{_postgres(bench)}",
        ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name))),
    ]
    return "; ".join(part for part in parts if part)


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def _memory() -> str:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # not everywhere
        return "unknown memory"
    return f"{pages * size / ONE_GIB:.0f} GiB"


def _fsync(folder: Path) -> float:
    times: list[float] = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(101):
            file.write(bytes(4096))
            file.flush()
            with timed(times):
                os.fsync(file.fileno())
    return median(times)


def _postgres(bench: Bench) -> str:
    if len(bench.stores) < 2:
        return ""
    ((found,),) = server.run(server.server()["url"], "SHOW server_version")
    return f", PostgreSQL {found}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

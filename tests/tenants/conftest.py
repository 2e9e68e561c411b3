"""The province, founded once for each process; every test gets one of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.rules import codes
from tests.tenants.province import Province, copied, founded, on_file

OpenProvince = Callable[[], Province]


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    province = asyncio.run(founded(on_file(tmp_path_factory.mktemp("province") / "first.db")))
    yield province
    province.close()


@pytest.fixture
def open_province(first: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenProvince]:
    """Opens the province on its second Friday."""
    monkeypatch.setattr(codes, "_HARDNESS", 2**4)  # slow on purpose
    opened: list[Province] = []

    def _open() -> Province:
        opened.append(copied(first, tmp_path / f"{len(opened)}.db"))
        return opened[-1]

    yield _open
    for province in opened:
        province.close()


@pytest.fixture
def province(open_province: OpenProvince) -> Province:
    """The province on its second Friday."""
    return open_province()

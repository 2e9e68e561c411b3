"""The fixture every story on a channel begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.rules import codes
from tests.channels.line import LineWorld

OpenLines = Callable[..., LineWorld]


@pytest.fixture
def open_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenLines]:
    """Opens the story's world at these lines; when the story ends, no telephone may hold an unread message."""
    monkeypatch.setattr(codes, "_HARDNESS", 2**4)  # slow on purpose; a story issues six codes
    opened: list[LineWorld] = []

    def _open(lines: Any, *args: Any, **kwargs: Any) -> LineWorld:
        opened.append(LineWorld(tmp_path, lines, *args, **kwargs))
        return opened[-1]

    yield _open
    for world in opened:
        world.close()

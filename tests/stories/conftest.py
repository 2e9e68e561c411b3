"""The fixture every story begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.world import World

OpenWorld = Callable[..., World]


@pytest.fixture
def open_world(tmp_path: Path) -> Iterator[OpenWorld]:
    """Opens the story's world; when the story ends, no phone may hold an unread message."""
    opened: list[World] = []

    def _open(*args: Any, **kwargs: Any) -> World:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(World(folder, *args, **kwargs))
        return opened[-1]

    yield _open
    for world in opened:
        world.close()

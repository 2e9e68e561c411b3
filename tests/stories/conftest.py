"""The fixture every story begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.world import OFFICER, World, one_task

OpenWorld = Callable[..., World]
MORNING = "2026-03-20 07:30"


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


def two_open(open_world: OpenWorld, **changes: Any) -> World:
    """Two pieces of work, numbers 1 and 2, of which their officer has been reminded."""
    world = open_world(
        MORNING,
        [one_task("2026-03-25", **changes), one_task("2026-03-25", "z-bien-ban", "Biên bản kiểm tra", **changes)],
    )
    world.phone(OFFICER).put_aside()
    return world


def one_open(open_world: OpenWorld, **changes: Any) -> World:
    """One piece of work, number 1, of which its officer has been reminded."""
    world = open_world(MORNING, [one_task("2026-03-25", **changes)])
    world.phone(OFFICER).put_aside()
    return world

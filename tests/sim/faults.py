"""Accidents of the process: it dies at some statement, at a commit, or in a send; and it is off for a while."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Engine, event

from tests.sim.recipe import Recipe

#: Where a process may die, and how many passages it may survive there before it does.
PLACES = {
    "before a send": 6,
    "after a send": 6,
    "before a statement": 120,
    "before a commit": 8,
    "after a commit": 8,
}


class Crash(SystemExit):
    """The process is gone. asyncio lets only this kind of exception out of a task at once, as a kill would."""


class Crashes:
    """Counts down to the next death. A turn is armed or not; the rest is where it happens to be."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}

    def arm(self, recipe: Recipe, turn: object) -> None:
        """Let the coming turn die: somewhere, if it gets there."""
        dice = recipe.dice("crash", turn)
        place = dice.choice(list(PLACES))
        self._left = {place: dice.randrange(PLACES[place])}

    def disarm(self) -> None:
        """Nothing happens any more."""
        self._left = {}

    def due(self, place: str) -> Crash | None:
        """The death that happens here and now, if any."""
        if place not in self._left:
            return None
        self._left[place] -= 1
        return Crash(place) if self._left[place] < 0 else None

    def perhaps(self, place: str) -> None:
        """Die here, if it is time."""
        crash = self.due(place)
        if crash:
            self.disarm()
            raise crash

    def watch(self, engine: Engine) -> None:
        """Let statements and commits of this engine be places to die."""

        @event.listens_for(engine, "before_cursor_execute")
        def _statement(*_: Any) -> None:
            if self._left:
                self.perhaps("before a statement")

        commit = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            if not self._left:
                commit(connection)
                return
            self.perhaps("before a commit")
            commit(connection)
            self.perhaps("after a commit")

        engine.dialect.do_commit = do_commit  # type: ignore[method-assign,assignment]


def hurry(engine: Engine) -> None:
    """A simulated power cut kills the process, not the disk: no need to wait for it."""

    @event.listens_for(engine, "connect")
    def _tune(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

"""A failing run, made as small as it can be while the same promise stays broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.sim.obligations import office_of
from tests.sim.recipe import FAULTS, Recipe
from tests.sim.run import Outcome, run


def shrink(outcome: Outcome, *, most: int = 120, tell: Callable[[str], None] | None = None) -> Outcome:
    """Leave out time, accidents, duties and people, as long as it still breaks. At most so many runs.

    1. Nothing after the moment at which it broke is needed.
    2. Then halves of what can be left out, then single things, until nothing more goes.
    """
    tries = _Tries(outcome, most, tell)
    tries.shorten()
    names = list(_removable(tries.best.recipe))
    size = max(1, len(names) // 2)
    while size >= 1:
        names = [name for name in names if name not in tries.best.recipe.without]
        for start in range(0, len(names), size):
            tries.attempt(tries.best.recipe.leaving_out(*names[start : start + size]))
        size //= 2
    tries.shorten()
    return tries.best


class _Tries:
    def __init__(self, outcome: Outcome, most: int, tell: Callable[[str], None] | None) -> None:
        assert outcome.broken, "nothing is broken"
        self.best, self._left, self._tell = outcome, most, tell

    def attempt(self, recipe: Recipe) -> bool:
        if self._left <= 0 or recipe == self.best.recipe:
            return False
        self._left -= 1
        outcome = run(recipe)
        if outcome.broken != self.best.broken:
            return False
        self.best = outcome
        if self._tell:
            self._tell(recipe.command)
        return True

    def shorten(self) -> None:
        """End soon after it breaks; the calm days at the end may have to be tried one by one."""
        recipe = self.best.recipe
        at = self.best.broke_at
        needed = (at - recipe.start).days + 1 if at else recipe.days
        for days in (needed, needed + 1, needed + 13):
            if days < recipe.days and self.attempt(replace(recipe, days=days)):
                return


def _removable(recipe: Recipe) -> Iterator[str]:
    yield from (f"fault:{fault}" for fault in FAULTS if recipe.has(fault))
    office = office_of(recipe)
    yield from (f"duty:{duty.id.removeprefix('viec-')}" for duty in office.obligations)
    yield from (f"person:{person.id}" for person in office.people)

"""One seed, one outcome."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from tests.sim.invariants import Violation
from tests.sim.recipe import Recipe
from tests.sim.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run came to. ``mark`` is the same for the same recipe, byte for byte."""

    recipe: Recipe
    turns: int
    mark: str
    broken: str | None = None  # the name of the promise that was broken
    details: str = ""
    broke_at: dt.datetime | None = None


def run(recipe: Recipe, tell: Callable[[str], None] | None = None) -> Outcome:
    """Play one recipe."""
    log = logging.getLogger("nhacviec")
    level = log.level
    log.setLevel(logging.ERROR)  # a bot's budget that runs low is no news here
    world = World(recipe, tell=tell)
    broken, details = None, ""
    try:
        world.live()
    except Violation as violation:
        broken, details = violation.name, f"{world.now}: {violation.details}"
    except Exception as error:
        broken = f"raised {type(error).__name__}"
        details = f"{world.now}: {error}\n{traceback.format_exc(limit=-12)}"
    finally:
        world.close()
        log.setLevel(level)
    return Outcome(recipe, world.turns, world.mark, broken, details, world.now if broken else None)

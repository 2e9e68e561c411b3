"""The last look before a message leaves: whether it may still.

Between the moment at which a message is put on its way and the moment at which its first byte leaves lies the wait for
the bot's pace, and a machine may stand still there: a laptop that sleeps, a machine that is moved, a process that is
stopped. So whoever sends leaves a question behind, in the context of the task that sends, and whoever hands over to
the network asks it right before. What lies between that and the network itself cannot be closed; it is microseconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

LastLook = Callable[[], Awaitable[bool]]
_LOOK: ContextVar[LastLook | None] = ContextVar("last_look", default=None)


def look_before_leaving(look: LastLook) -> None:
    """What this task sends from now on leaves only where ``look`` says yes."""
    _LOOK.set(look)


async def may_leave() -> bool:
    """Whether what this task is about to send may leave now; True where nobody asked to be asked."""
    look = _LOOK.get()
    return look is None or await look()

"""A process that dies inside its first send: ``python -m tests.stories.dying_sender <database> <now>``."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import sys

from bots.wording import render
from data.database import connect
from engine.deliver import deliver
from engine.messages import Message, Outcome


class DyingChannel:
    """Puts the message on the wire, and is gone before it can say so."""

    name = "simulator"
    bot = "simulator"

    async def send(self, address: str, message: Message) -> Outcome:
        """Print the message, then die as a machine does that loses its power."""
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        print(render(message).text, flush=True)  # noqa: T201
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")


if __name__ == "__main__":
    url, now = sys.argv[1:]
    asyncio.run(deliver(connect(url), [DyingChannel()], dt.datetime.fromisoformat(now)))

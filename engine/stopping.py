"""How a program that stays is asked to stop: Ctrl+C, or SIGTERM from whatever looks after it."""

from __future__ import annotations

import asyncio
import signal


def stop_when_asked(stop: asyncio.Event) -> None:
    """Set ``stop`` at either; to be called within the loop that waits for it."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))

"""A program alone that sends by one Telegram bot, in the middle of a rush, to be killed from outside.

``python -m tests.crash.rush <database> <now> <base url>``: the bot is the one of the tests, at its real pace.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys

from bots.telegram import Telegram
from data.database import connect
from engine.deliver import deliver
from tests.servers import telegram_server


async def send(database: str, now: str, base_url: str) -> None:
    """Until nothing more waits, or until it is killed."""
    async with Telegram(telegram_server.TOKEN, base_url) as telegram:
        await deliver(connect(database), [telegram], dt.datetime.fromisoformat(now))


if __name__ == "__main__":
    asyncio.run(send(*sys.argv[1:]))

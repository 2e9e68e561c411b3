"""A program alone, killed in the middle of a rush: only what was about to leave is unknown, the rest comes in time."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import Engine, select, update

from bots.telegram import Telegram
from data.database import connect, create_schema
from engine.cycle import decide_for
from engine.deliver import deliver
from engine.office import CHAT, MESSAGE
from engine.outbox import LEASE
from engine.post import FEW
from engine.record import MOST_COPIES, RESEND_AFTER
from tests.command import PROJECT
from tests.servers import telegram_server
from tests.servers.telegram_server import TelegramServer
from tests.workers.installation import MORNING
from tests.workers.spike import FIRST_CHAT, Size, fill

SIZE = Size(offices=1, people=120)  # half have a last call, half an early reminder: four seconds of the bot's pace
HAVE_LEFT = 40
AT_MOST = 2 * FEW + 4  # begun and not recorded: those that wait for their turn, and what came back a moment ago
KILLED = -9


def test_what_was_not_about_to_leave_is_neither_lost_nor_late(tmp_path: Path) -> None:
    engine = connect(url := f"sqlite:///{tmp_path / 'nv.db'}")
    create_schema(engine)
    fill(engine, SIZE, MORNING)
    with engine.begin() as connection:
        connection.execute(update(CHAT).values(bot=telegram_server.TOKEN.partition(":")[0]))
    now = MORNING + dt.timedelta(minutes=1)
    assert decide_for(engine, now) is not None
    chats = range(FIRST_CHAT, FIRST_CHAT + SIZE.people)

    async def story() -> tuple[Counter[bool], list[int], int]:
        async with TelegramServer() as server:
            for chat in chats:
                server.opens(chat)
            rush = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.crash.rush", url, now.isoformat(), server.base_url), cwd=PROJECT
            )
            await server.until(lambda: server.calls.count("sendMessage") >= HAVE_LEFT, 60)
            rush.kill()
            assert await rush.wait() == KILLED
            left_behind = claims(engine)
            async with Telegram(telegram_server.TOKEN, server.base_url) as telegram:
                await deliver(engine, [telegram], now + dt.timedelta(seconds=5))
                at_once = sum(bool(server.inbox(chat)) for chat in chats)
                for later in (LEASE, LEASE + RESEND_AFTER):
                    await deliver(engine, [telegram], now + later + dt.timedelta(seconds=1))
            return left_behind, [len(server.inbox(chat)) for chat in chats], at_once

    left_behind, copies, at_once = asyncio.run(story())
    assert left_behind[False] > AT_MOST, f"claimed ahead: {left_behind}"
    assert left_behind[True] <= AT_MOST, f"begun: {left_behind}"
    with engine.connect() as connection:
        rows = connection.execute(select(MESSAGE.c.status, MESSAGE.c.urgent, MESSAGE.c.copies)).all()
    engine.dispose()
    unknown = [row for row in rows if row.status == "unknown"]
    assert Counter(row.status for row in rows if row.status != "unknown") == {"sent": SIZE.people - len(unknown)}
    assert not any(row.urgent for row in unknown)
    assert len(unknown) <= left_behind[True]
    assert at_once >= SIZE.people - left_behind[True], "what had not begun waits for nothing"
    assert all(row.copies <= (MOST_COPIES if row.urgent else 1) for row in rows)
    assert sum(copies) <= sum(row.copies for row in rows)
    assert copies.count(0) <= len(unknown)


def claims(engine: Engine) -> Counter[bool]:
    """What the dead process had claimed: whether its send had begun."""
    with engine.connect() as connection:
        return Counter(connection.execute(select(MESSAGE.c.begun).where(MESSAGE.c.status == "claimed")).scalars())

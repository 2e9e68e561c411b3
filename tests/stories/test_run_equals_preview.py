"""What the engine sends, turned by a steady beat, is what the preview said: message by message, for a whole year."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from pathlib import Path

from bots.simulator import SimulatedMessage
from engine import load
from engine.app import Product, build
from engine.clock import CIVIL, VirtualClock
from engine.load import link_simulator
from engine.preview import foresee
from engine.settings import Settings
from schedules.office_file import read_office, shipped_offices
from schedules.workdays import vietnam_calendar

XUAN_DUONG = next(path for path in shipped_offices() if path.stem == "xuan-duong")
START = dt.datetime(2025, 12, 31, 17, tzinfo=dt.UTC)  # 1 January 2026, 00:00 in the commune
END = dt.datetime(2026, 12, 31, 17, tzinfo=dt.UTC)
BEAT, AT_REST = dt.timedelta(minutes=30), dt.timedelta(hours=2)  # at night and on days off nothing may be said
MARK = re.compile(r"\nMã nhật ký: \d+:[0-9a-f]{16}$")


def test_a_year_of_run_equals_the_preview_message_by_message(tmp_path: Path) -> None:
    office = read_office(XUAN_DUONG)
    foreseen = [(m.at, m.person, m.text) for m in foresee(office, dt.date(2026, 1, 1), dt.date(2026, 12, 31))]
    clock = VirtualClock(START)
    sent: list[tuple[dt.datetime, str, str]] = []

    def hear(message: SimulatedMessage) -> None:
        text = MARK.sub("", message.text)  # the one line that no preview can know
        sent.append((clock.now(), getattr(message.message, "person", ""), text))

    settings = Settings(database=f"sqlite:///{tmp_path / 'nv.db'}", telegram_token=None)
    product = build(settings, clock, hear)
    with product.engine.begin() as connection:
        load.apply(connection, office, clock.now())
        link_simulator(connection, clock.now())
    asyncio.run(_beat(product, clock))
    assert sent == foreseen


async def _beat(product: Product, clock: VirtualClock) -> None:
    while clock.now() < END:
        await product.turn()
        now = clock.now().astimezone(CIVIL)
        beat = BEAT if 5 <= now.hour < 20 and vietnam_calendar().is_working(now.date()) else AT_REST
        clock.advance(minutes=beat.total_seconds() / 60)

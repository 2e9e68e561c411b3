"""A kept database with some life in it, as the program itself leaves it: for backups, moves and bundles."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

from sqlalchemy import Engine, insert, select

from bots.simulator import Simulator
from data.evidence_files import EvidenceFiles
from engine import load, receive
from engine.cycle import turn
from engine.office import EVIDENCE, OCCURRENCE
from tests.databases import new_database
from tests.world import OFFICE_ID, OFFICER, civil, monthly_report, office_file, one_task

MORNING = civil("2026-03-16 08:00")
PHOTO = b"\xff\xd8\xff a photo"


def lived_in(url: str, evidence: Path) -> Engine:
    """An office in March: messages sent and waiting, a reply answered, a photo kept. The caller disposes of it."""
    engine = new_database(url)
    simulator = Simulator()
    with engine.begin() as connection:
        file = office_file([one_task("2026-03-17"), monthly_report(secret=True), one_task("2026-03-27", "b", "Đề án")])
        load.apply(connection, file, civil("2026-03-01 08:00"))
        load.link_simulator(connection, civil("2026-03-01 08:00"))
    for at in (civil("2026-03-02 08:00"), civil("2026-03-10 08:00"), MORNING):
        asyncio.run(turn(engine, [simulator], at))
    say(engine, "xong 1 số 12/BC-UBND", MORNING)
    asyncio.run(turn(engine, [simulator], MORNING))
    with engine.begin() as connection:
        done = (
            connection.execute(select(OCCURRENCE.c.id).where(OCCURRENCE.c.reported_at.is_not(None))).scalars().first()
        )
        assert done is not None
        connection.execute(
            insert(EVIDENCE).values(
                office_id=OFFICE_ID,
                occurrence_id=done,
                given_at=MORNING,
                kind="photo",
                name="../../anh.jpg",
                mime="image/jpeg",
                sha256=EvidenceFiles(evidence).keep(PHOTO),
            )
        )
    return engine


def say(engine: Engine, words: str, at: dt.datetime) -> None:
    """The officer types this on the simulator; it waits for the next turn."""
    with engine.begin() as connection:
        receive.store(connection, [Simulator().typed(f"{OFFICE_ID}/{OFFICER}", words)], at)

"""How much each group measures: in full, and quickly, where only the pieces are tried."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Counts; ``…_seconds`` are seconds."""

    runs: int = 5  # of each side
    # plan
    sample: int = 2_000  # add_job calls, scaled up to a commune's reminders
    province: int = 25  # communes planned together
    # history
    few: int = 10_000  # rows
    many: int = 20_000_000
    idle_turns: int = 101
    busy_turns: int = 11
    bots: int = 3_321
    lane_rows: int = 1_000_000
    # turn
    offices: int = 25
    due_each: int = 40
    mornings: int = 11  # runs of each side: a turn of 50 ms is easily hit by what else the machine does
    # claim
    short_queue: int = 1_000
    long_queue: int = 20_000
    claims: int = 21
    # deliver
    messages: int = 4_000
    # pace
    paced: int = 1_800  # messages of one bot, a little over a minute at its rate
    to_group: int = 25  # of them
    spurt: int = 150
    # spike
    spike: int = 10_000
    work_seconds: float = 0.01
    threads: int = 10
    # workers
    worker_bots: int = 120
    worker_people: int = 20  # of each bot
    morning_people: int = 40
    few_lanes: int = 4  # of a worker, where it is to wait for the bots' pace
    # telegram
    telegram_messages: int = 1_500
    # memory
    years: int = 2
    province_communes: int = 120
    province_rows: int = 2_400_000
    turns_watched: int = 6
    # pages
    page_rows: int = 22_000  # two years of a commune: 2,000 pieces of work
    visits: int = 7
    # the command line
    starts: int = 15


FULL = Size()
QUICK = Size(
    runs=1,
    sample=20,
    province=2,
    few=2_000,
    many=6_000,
    idle_turns=2,
    busy_turns=1,
    bots=20,
    lane_rows=2_000,
    offices=2,
    mornings=1,
    due_each=10,
    short_queue=120,
    long_queue=160,
    claims=1,
    messages=30,
    paced=40,
    to_group=3,
    spurt=40,
    spike=60,
    worker_bots=3,
    worker_people=4,
    morning_people=4,
    few_lanes=100,  # as many as usual: one of the two settings is enough to see that it works
    telegram_messages=40,
    years=1,
    province_communes=3,
    province_rows=3_000,
    turns_watched=2,
    page_rows=400,
    visits=1,
    starts=1,
)

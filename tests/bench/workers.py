"""Several workers on one PostgreSQL: two beside one, beside plain rows with a lease, and a province's morning.

Real processes, real HTTP to a stub with latency, the product's own pace for each bot (27 messages a second). The
provider and PostgreSQL share the machine's cores with the workers, so the first figures give each worker few lanes:
they wait for the bots' pace, as they would with cores of their own, and what is seen is the spreading. The figures with
the usual number of lanes are limited by the machine.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy import make_url, text

from data.database import connect
from engine import lanes
from engine.cycle import decide_for
from engine.messages import Channel
from engine.outbox import Lane
from schedules.shared_metronome import prepare
from tests.bench import stub
from tests.bench.figures import Figure, Goal, Samples, rates, seconds, times_faster, within
from tests.bench.pace import most_within
from tests.bench.process import LOG, _clean
from tests.bench.sizes import Size
from tests.bench.stores import Bench, Store
from tests.postgres import server
from tests.workers.spike import Size as Spike
from tests.workers.spike import fill

LATENCY = 0.05
MORNING = dt.datetime(2026, 3, 16, 1, 0, tzinfo=dt.UTC)  # 08:00 on a Monday
USUAL = 100  # lanes at once
PATIENCE = 180.0  # seconds
A_SECOND = 30  # what Telegram allows a bot
MORNING_AT_MOST = 60.0
LATER = MORNING + dt.timedelta(days=1)


def workers(size: Size, bench: Bench) -> Iterator[Figure]:
    """PostgreSQL alone: a file is not shared."""
    store = next((one for one in bench.stores if one.name == "PostgreSQL"), None)
    if store is None:
        return
    with stub.running(LATENCY) as provider:
        yield from _spread(size, bench, store, provider)
        yield from _morning(size, bench, store, provider)


def _spread(size: Size, bench: Bench, store: Store, provider: stub.Running) -> Iterator[Figure]:
    spike = Spike(size.worker_bots, size.worker_people)
    prepared = store.new()
    _in_their_lanes(prepared, spike)
    for at_once in dict.fromkeys((size.few_lanes, USUAL)):
        least = at_once == size.few_lanes  # there the machine is not what limits both
        runs = size.runs if least else min(3, size.runs)
        taken: dict[tuple[int, bool], list[float]] = {(1, False): [], (2, False): [], (2, True): []}
        for number in range(runs):
            for (count, by_leases), times in taken.items():
                bench.say(f"{count} × {at_once} lanes{', leases' if by_leases else ''}, {number + 1} of {runs}")
                play = _Play(bench, store, prepared, spike, provider, "message SET not_before")
                times.append(play.took(count, at_once, by_leases=by_leases).sending)
        one, two, leased = (rates(spike.messages, times) for times in taken.values())
        what = f"{spike.messages:,} messages over {spike.offices} bots, {at_once} lanes a worker, from first to last: 2"
        yield times_faster(f"{what} workers beside 1", two, one, "1 worker", 1.7 if least else None)
        yield times_faster(
            f"{what} workers beside plain rows with a lease", two, leased, "2 workers by leases", 0.8 if least else None
        )
    store.drop(prepared)


def _morning(size: Size, bench: Bench, store: Store, provider: stub.Running) -> Iterator[Figure]:
    spike = Spike(size.worker_bots, size.morning_people)
    prepared = store.new()
    engine = connect(prepared)
    fill(engine, spike, MORNING)
    prepare(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE occurrence SET next_move_at = :later"), {"later": LATER})
    engine.dispose()
    whole: list[float] = []
    fullest = 0
    for number in range(min(3, size.runs)):
        bench.say(f"a province's morning, {number + 1}")
        play = _Play(bench, store, prepared, spike, provider, "occurrence SET next_move_at").took(2, USUAL)
        whole.append(play.whole)
        fullest = max(fullest, play.fullest)
    store.drop(prepared)
    yield within(
        f"A province's morning: {spike.offices} offices × {spike.people} people due at one instant, 2 workers, until "
        "the last message has arrived",
        seconds(whole),
        MORNING_AT_MOST,
        "decided, divided among the bots, sent and written down; a bot for each office",
    )
    yield Figure(
        "   most messages of one bot within a second",
        Samples((float(fullest),), ""),
        fullest,
        goal=Goal(A_SECOND, at_least=False, unit=""),
    )


def _in_their_lanes(url: str, spike: Spike) -> None:
    """Everything is decided and stands in its lane, and may leave tomorrow."""
    engine = connect(url)
    fill(engine, spike, MORNING)
    prepare(engine)
    channels: dict[Lane, Channel] = {("telegram", bot): lanes.Elsewhere("telegram", bot) for bot in spike.bots}
    now = MORNING + dt.timedelta(seconds=1)
    assigned: set[Lane] = set()
    decide_for(engine, now, None, lambda connection: assigned.update(lanes.assign(connection, channels, now)))
    assert assigned == set(channels)
    with engine.begin() as connection:
        connection.execute(text("UPDATE message SET not_before = :later"), {"later": LATER})
        connection.execute(text("CREATE TABLE bench_lease (channel text, bot text, until timestamptz)"))
        connection.execute(
            text("INSERT INTO bench_lease SELECT channel, bot, '-infinity' FROM message GROUP BY channel, bot")
        )
    engine.dispose()


@dataclass(frozen=True)
class Took:
    """One run, in seconds: from the release to the last arrival, and from the first arrival to the last."""

    whole: float
    sending: float
    fullest: int  # messages of one bot within a second


@dataclass(frozen=True)
class _Play:
    """A copy of what was prepared, some workers, and the release of what they wait for."""

    bench: Bench
    store: Store
    prepared: str
    spike: Spike
    provider: stub.Running
    released: str  # the column that says when

    def took(self, count: int, at_once: int, *, by_leases: bool = False) -> Took:
        """Seconds, of real processes that were there before anything was due."""
        url = self.store.copy(self.prepared)
        server.run(
            url,
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT "
            f"pg_catalog.clock_timestamp() + interval '{(MORNING - dt.datetime.now(dt.UTC)).total_seconds()} s' $$",
        )
        server.run(url, f'ALTER DATABASE "{make_url(url).database}" SET search_path = public, pg_catalog')
        self.provider.arrivals()
        with ExitStack() as running:
            for _ in range(count):
                running.enter_context(self._worker(url, at_once, by_leases))
            released = time.monotonic()
            server.run(url, f"UPDATE {self.released} = '{MORNING.isoformat()}'")
            arrived = self._all_that_arrive(url)
        self.store.drop(url)
        times = sorted(when for _, _, when in arrived)
        of_bot: dict[int, list[float]] = {}
        for bot, _, when in arrived:
            of_bot.setdefault(bot, []).append(when)
        fullest = max(most_within(its, 1.0) for its in of_bot.values())
        return Took(times[-1] - released, times[-1] - times[0], fullest)

    def _all_that_arrive(self, url: str) -> list[stub.Arrival]:
        """Until every row has its end: the provider is asked once, and has nothing else to do meanwhile."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            ((sent,),) = server.run(url, "SELECT count(*) FROM message WHERE status = 'sent'")
            if sent == self.spike.messages:
                arrived = self.provider.arrivals()
                assert len(arrived) == sent, f"{len(arrived)} arrived, {sent} were sent"
                return arrived
            time.sleep(0.25)
        raise AssertionError(f"not all were sent within {PATIENCE:g} s")

    @contextmanager
    def _worker(self, url: str, at_once: int, by_leases: bool) -> Iterator[None]:
        folder = self.bench.folder
        environment = _clean(folder) | {
            "NHACVIEC_DATABASE": url,
            "NHACVIEC_TELEGRAM_TOKEN": ",".join(f"{bot}:AAA" for bot in self.spike.bots),
            "NHACVIEC_TELEGRAM_BASE_URL": self.provider.base_url,
            "NHACVIEC_TURN_SECONDS": "2",
            "NHACVIEC_WEBHOOK_URL": "https://nhacviec.example",  # nothing is asked for: it would be called
            "NHACVIEC_WEBHOOK_SECRET": "mot-khoa-bi-mat-de-do",
        }
        words = ["-m", "tests.bench.one_worker", str(at_once), *(["--leases"] if by_leases else [])]
        with (
            (folder / LOG).open("ab") as log,
            subprocess.Popen(
                [sys.executable, *words],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=folder,
            ) as process,
        ):
            try:
                assert process.stdout is not None
                assert process.stdout.readline().strip() == "ready"
                yield
            finally:
                process.kill()
                process.wait()

"""What happens to a spike, and what must hold all the same. Each returns figures; the tests judge them."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.timing import in_time
from tests.workers.installation import Installation, Verdict, installation, judge, wait_until, wait_until_it_lasts
from tests.workers.spike import Size

PATIENCE = 180.0


@dataclass(frozen=True)
class Figures:
    """One spike: how it went, in seconds."""

    verdict: Verdict
    first: float  # from the last worker's start to the first message
    whole: float  # from the first message to the end of the last row
    after: float  # from what happened to the end of the last row


def kill_one(size: Size, workers: int) -> Figures:
    """SIGKILL one worker in the middle."""

    def happen(here: Installation) -> None:
        here.workers[0].kill()
        here.workers[0].wait()

    return _play(size, [_named(n) for n in range(workers)], happen)


def restart_database(size: Size) -> Figures:
    """PostgreSQL dies in the middle and comes back after two seconds."""

    def happen(here: Installation) -> None:
        here.server.kill()
        time.sleep(2)  # the outage itself
        here.server.start()

    return _play(size, [_named(0), _named(1)], happen)


def roll_over(size: Size) -> Figures:
    """A rolling upgrade: a new worker comes, an old one is asked to stop."""

    def happen(here: Installation) -> None:
        here.worker("--name", "new")
        asked = time.monotonic()
        here.workers[0].send_signal(signal.SIGTERM)
        assert here.workers[0].wait(60) == 0
        stopped = time.monotonic() - asked
        in_time(stopped, 6, "SIGTERM promises five seconds")

    return _play(size, [_named(0), _named(1)], happen)


def wrong_clock(size: Size, seconds: float) -> Figures:
    """One machine's clock is wrong all the while; the other is killed in the middle."""

    def happen(here: Installation) -> None:
        here.workers[1].kill()
        here.workers[1].wait()

    return _play(size, [_named(0), _named(1)], happen, clocks_off=(seconds, 0.0))


def same_name(size: Size) -> Figures:
    """Two machines of one name; one is killed in the middle."""

    def happen(here: Installation) -> None:
        here.workers[0].kill()
        here.workers[0].wait()

    name = ("--name", socket.gethostname())
    return _play(size, [name, name], happen)


def sleep_and_wake(size: Size, workers: int = 2) -> Figures:
    """A machine stands still until its lanes are taken over, and wakes up at the very moment at which they are."""

    def happen(here: Installation) -> None:
        here.workers[0].send_signal(signal.SIGSTOP)
        others = range(1, workers)
        wait_until(lambda: any("dừng đột ngột" in here.log_of(other) for other in others), PATIENCE, 0.01)
        here.workers[0].send_signal(signal.SIGCONT)

    return _play(size, [_named(n) for n in range(workers)], happen)


def _named(number: int) -> tuple[str, ...]:
    return ("--name", f"m{number}")


def _play(
    size: Size,
    workers: list[tuple[str, ...]],
    happen: Callable[[Installation], None],
    clocks_off: tuple[float, float] = (0.0, 0.0),
) -> Figures:
    with installation(size) as here:
        for number, arguments in enumerate(workers):
            here.worker(*arguments, clock_off=clocks_off[number % len(clocks_off)])
        began = time.monotonic()
        wait_until(lambda: bool(here.heard()), PATIENCE)
        first = time.monotonic()
        wait_until(lambda: len(here.heard()) > size.messages // 3, PATIENCE)
        happened = time.monotonic()
        happen(here)
        wait_until(here.settled, PATIENCE)
        ended = time.monotonic()
        # Whoever woke up may still set right what was given up as unknown: it never left, so it waits again.
        wait_until_it_lasts(here.settled, 3, PATIENCE)
        verdict = judge(here)
        return Figures(verdict, first - began, ended - first, ended - happened)

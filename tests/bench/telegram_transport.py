"""``python -m tests.bench.telegram_transport [--storm]``: our transport beside python-telegram-bot's own.

Both send with the same ``Bot.send_message``, thirty in flight, to the local stub in another process, in turns within
one run; the goal is six times as many messages a second (``make bench`` has it too). ``--storm`` plays a flood of flood
waits at Telegram's rate.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from telegram import Bot
from telegram.request import BaseRequest, HTTPXRequest

from bots.pacing import Pace
from bots.telegram import PACE, Telegram, hide_tokens
from bots.telegram.transport import Transport
from engine.messages import Answer, Said, Sent
from tests.bench import stub
from tests.bench.figures import Figure, Samples, times_faster
from tests.bench.sizes import Size
from tests.bench.stores import Bench
from tests.servers.telegram_server import TOKEN, TelegramServer

IN_FLIGHT = 30
GOAL = 6.0
TELEGRAMS_RATE = 30  # messages a second for one bot, https://core.telegram.org/bots/faq
LATENCY = 0.05  # seconds, in a storm
PEOPLE = range(8001, 8061)  # sixty
MESSAGES = 3  # to each of them
WORDS = "Kính gửi đồng chí Hường: <b>Báo cáo công tác kiểm soát thủ tục hành chính</b> tới hạn thứ Tư 25/3/2026."

Makes = Callable[[], BaseRequest]
MAKES: dict[str, Makes] = {
    "HTTPXRequest (of the library)": lambda: HTTPXRequest(IN_FLIGHT, 20, 20, 20, 20),
    "Transport (ours)": lambda: Transport(IN_FLIGHT),
}


async def rate(base_url: str, make: Makes, messages: int) -> tuple[float, float]:
    """Messages a second, with so many in flight all the time, and this process's CPU time for one, in ms."""
    async with Bot(TOKEN, base_url, request=make(), get_updates_request=Transport(1)) as bot:
        left = iter(range(messages))

        async def send() -> None:
            for _ in left:
                await bot.send_message(7001, WORDS, parse_mode="HTML")

        began, busy = time.perf_counter(), time.process_time()
        await asyncio.gather(*(send() for _ in range(IN_FLIGHT)))
        busy = time.process_time() - busy
        return messages / (time.perf_counter() - began), busy / messages * 1000


def compare(rounds: int, messages: int) -> dict[str, list[tuple[float, float]]]:
    """Both, round by round in turns: what :func:`rate` found, by name."""
    with stub.running() as provider:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in MAKES}
        for _ in range(rounds):
            for name, make in MAKES.items():
                found[name].append(asyncio.run(rate(provider.base_url, make, messages)))
        return found


def transports(size: Size, bench: Bench) -> Iterator[Figure]:
    """The figure of the bench."""
    hide_tokens()
    theirs, ours = compare(size.runs, size.telegram_messages).values()
    their_cpu, our_cpu = (median(busy for _, busy in measured) for measured in (theirs, ours))
    yield times_faster(
        f"python-telegram-bot's Bot.send_message on our transport, {IN_FLIGHT} in flight, no latency",
        Samples(tuple(rate for rate, _ in ours), "/s"),
        Samples(tuple(rate for rate, _ in theirs), "/s"),
        "the same on its own HTTPXRequest",
        GOAL,
        f"CPU for one message: {our_cpu:.2f} ms beside {their_cpu:.2f} ms",
    )


@dataclass(frozen=True)
class Storm:
    """What became of it; seconds. ``last_of_the_lucky``: when the last person was served who was told nothing."""

    took: float
    minimum: float
    calls: int
    floods: int
    in_order: int  # people who got their three messages, in order, once each
    last_of_the_lucky: float


async def storm(pace: Pace, limit: float, *, repeats: bool) -> Storm:
    """Sixty people, three messages each, and every third send is told to wait a second.

    The limit's own minimum is the longest of three, none of which any sender could beat: all calls, those refused too,
    at the limit's rate (``limit``, messages a second); the calls up to the last one that was refused, at that rate,
    and the second it was told to wait; the seconds that the unluckiest person was told to wait, in all, and those
    between three messages to one chat (one a second at Telegram's own rate).
    """
    between = (MESSAGES - 1) * TELEGRAMS_RATE / limit
    served: dict[int, float] = {}
    async with TelegramServer() as server, Telegram(TOKEN, server.base_url, pace=pace) as channel:
        for person in PEOPLE:
            server.opens(person)
        server.floods_every(3, retry_after=1, repeats=repeats)
        server.latency = LATENCY
        began = time.monotonic()

        async def send(person: int, number: int) -> None:
            outcome = await channel.send(str(person), Answer(Said.DONE, number=number, title="Báo cáo A"))
            assert isinstance(outcome, Sent), outcome
            served[person] = time.monotonic() - began

        await asyncio.gather(*(send(person, number) for number in range(1, MESSAGES + 1) for person in PEOPLE))
        took = time.monotonic() - began
        wanted = [f"việc {number}:" for number in range(1, MESSAGES + 1)]
        shown = Counter(
            len(inbox) == 3 and all(words in one.text for words, one in zip(wanted, inbox, strict=True))
            for inbox in map(server.inbox, PEOPLE)
        )
        return Storm(
            took,
            max(
                (len(server.calls) - 1) / limit,
                (server.flooded_last - 1) / limit + 1,
                *(told + between for told in server.floods.values()),
            ),
            len(server.calls),
            sum(server.floods.values()),
            shown[True],
            max(at for person, at in served.items() if not server.floods[person]),
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--storm", action="store_true", help="sixty people and a 429 on every third send")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=1_500, help="for each round of each transport")
    options = parser.parse_args()
    hide_tokens()
    if options.storm:
        told = asyncio.run(storm(PACE, TELEGRAMS_RATE, repeats=True))
        print(f"{told}\n{told.took / told.minimum:.2f} times the limit's own minimum (goal 1.3)")  # noqa: T201
    else:
        for name, measured in compare(options.rounds, options.messages).items():
            rates, busy = zip(*measured, strict=True)
            print(f"{name:30} {Samples(rates, '/s')}, CPU {median(busy):.2f} ms for one message")  # noqa: T201


if __name__ == "__main__":
    main()

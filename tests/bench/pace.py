"""One bot's pace, as it arrives: how long a morning takes, and how much any second or minute holds.

Several bots at once, each a run of its own, in real time. Beside ours stands python-telegram-bot's own
``AIORateLimiter``, where its package aiolimiter is installed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from typing import Any

from telegram.request import BaseRequest

from bots.telegram import PACE, Telegram
from bots.telegram.transport import Transport
from engine.messages import Answer, Message, Said, Sent
from tests.bench import stub
from tests.bench.figures import Figure, Samples, never_above, seconds, times_as_much
from tests.bench.sizes import Size
from tests.bench.stores import Bench
from tests.bench.stub import Arrival

SECRET = "AAFD39kkdpWt3ywyRZergyOLMaJhac60qcU"  # the shape of one; nobody's
TELEGRAMS_RATE = (
    30  # messages a second of a bot; one a second of a chat, 20 a minute of a group (core.telegram.org/bots/faq)
)
GROUP = -1001
TO_BUSY_CHAT = 8
BUSY_CHAT = 9_001
IN_TIME = 1.05
SEED = 7


def pacing(size: Size, bench: Bench) -> Iterator[Figure]:
    """A long morning, then a spurt beside the library's limiter."""
    with stub.running() as provider:
        bench.say(f"{size.paced / PACE.per_second:.0f} s of real time")
        took = asyncio.run(_mornings(size, provider))
        arrivals = _by_bot(provider.arrivals())
        yield from _morning(size, took, arrivals)
        ours = asyncio.run(_spurts(size, provider, _our_spurt))
        theirs = asyncio.run(_spurts(size, provider, _their_spurt)) if find_spec("aiolimiter") else None
        if theirs is None:
            bench.left_out.append("AIORateLimiter: the package aiolimiter is not installed")
        yield never_above(
            f"{size.spurt} messages to {size.spurt} people at once: most in any second",
            ours,
            TELEGRAMS_RATE,
            theirs,
            "python-telegram-bot's AIORateLimiter",
            "as it arrives; Telegram's limit",
        )


def _morning(size: Size, took: Sequence[float], arrivals: Sequence[list[Arrival]]) -> Iterator[Figure]:
    rate = PACE.per_second
    what = f"One bot, {size.paced:,} messages ({size.to_group} of them to a group)"
    yield times_as_much(
        f"{what}, at our pace of {rate:g} a second",
        seconds(took),
        seconds([size.paced / rate]),
        "messages / rate",
        IN_TIME,
    )
    seconds_of = [float(most_within([at for _, _, at in one], 1.0)) for one in arrivals]
    yield never_above(
        "   most in any second, as it arrives", Samples(tuple(seconds_of), ""), TELEGRAMS_RATE, note="Telegram's limit"
    )
    chats = [max(most_within(times, 1.0) for times in _by_chat(one).values()) for one in arrivals]
    yield never_above(
        f"   most to one chat in any second ({TO_BUSY_CHAT} messages wait for one chat)",
        Samples(tuple(map(float, chats)), ""),
        1,
    )
    groups = [float(most_within(_by_chat(one)[GROUP], 60.0)) for one in arrivals]
    yield never_above("   most to one group in any minute", Samples(tuple(groups), ""), 20, note="Telegram's limit")


def most_within(times: Sequence[float], window: float) -> int:
    """The most of these moments that any stretch of ``window`` seconds holds, its end not included."""
    ordered, first, most = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


async def _mornings(size: Size, provider: stub.Running) -> list[float]:
    return list(await asyncio.gather(*(_bot(number, size, provider) for number in range(size.runs))))


async def _bot(number: int, size: Size, provider: stub.Running) -> float:
    to = [GROUP] * size.to_group + [BUSY_CHAT] * TO_BUSY_CHAT
    to += list(range(10_001, 10_001 + max(0, size.paced - len(to))))
    to = to[: size.paced]
    random.Random(SEED + number).shuffle(to)
    # The group comes first: its own minute is the longest wait, whatever the bot's rate.
    to.sort(key=lambda chat: chat != GROUP)
    async with Telegram(f"{100 + number}:{SECRET}", provider.base_url) as channel:
        began = time.perf_counter()
        outcomes = await asyncio.gather(*(channel.send(str(chat), _message(n)) for n, chat in enumerate(to)))
        took = time.perf_counter() - began
    assert all(isinstance(outcome, Sent) for outcome in outcomes), set(map(str, outcomes))
    return took


def _message(number: int) -> Message:
    return Answer(Said.DONE, number=number % 97 + 1, title="Báo cáo công tác kiểm soát thủ tục hành chính")


# ---- a spurt ---------------------------------------------------------------------------------------------------------


async def _spurts(size: Size, provider: stub.Running, spurt: Any) -> Samples:
    provider.arrivals()
    await asyncio.gather(*(spurt(300 + number, size.spurt, provider.base_url) for number in range(size.runs)))
    most = [most_within([at for _, _, at in one], 1.0) for one in _by_bot(provider.arrivals())]
    return Samples(tuple(map(float, most)), "")


async def _our_spurt(bot: int, messages: int, base_url: str) -> None:
    async with Telegram(f"{bot}:{SECRET}", base_url) as channel:
        await asyncio.gather(*(channel.send(str(10_001 + n), _message(n)) for n in range(messages)))


async def _their_spurt(bot: int, messages: int, base_url: str) -> None:
    """As its guide shows: an ExtBot with the limiter, nothing set. Our transport under it, to be kind to it."""
    from telegram.ext import AIORateLimiter, ExtBot

    async with AsyncExitStack() as stack:
        request: BaseRequest = Transport(30)
        client: ExtBot[Any] = ExtBot(
            f"{bot}:{SECRET}",
            base_url,
            request=request,
            get_updates_request=Transport(1),
            rate_limiter=AIORateLimiter(),
        )
        for part in (request,):
            await part.initialize()
            stack.push_async_callback(part.shutdown)
        limiter = client.rate_limiter
        assert limiter is not None
        await limiter.initialize()
        stack.push_async_callback(limiter.shutdown)
        await asyncio.gather(*(client.send_message(10_001 + n, "Báo cáo") for n in range(messages)))


def _by_bot(arrivals: Sequence[Arrival]) -> list[list[Arrival]]:
    found: dict[int, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        found[arrival[0]].append(arrival)
    return list(found.values())


def _by_chat(arrivals: Sequence[Arrival]) -> dict[int, list[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    for _, chat, at in arrivals:
        found[chat].append(at)
    return found

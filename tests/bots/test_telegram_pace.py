"""Flood waits and the pace, over real HTTP: the server refuses whoever is too fast."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from bots.pacing import Pace
from bots.telegram import PACE, Telegram
from bots.telegram.outcomes import TOO_FAST
from engine.messages import Answer, Retry, Sent
from tests.bench.telegram_transport import TELEGRAMS_RATE, storm
from tests.bots.telegram_story import BINH, GROUP, HUONG, NOTE, play, reminder, work_list
from tests.servers.telegram_server import Limits, TelegramServer
from tests.timing import in_time, once_in_three

PEOPLE = range(8001, 8061)  # sixty


def numbered(number: int) -> Answer:
    return replace(NOTE, number=number)


@once_in_three
def test_a_short_flood_wait_is_waited_out_in_its_chat_alone() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("flood", retry_after=1)
        began = time.monotonic()
        first = asyncio.create_task(channel.send(str(HUONG), numbered(1)))
        await server.until(lambda: server.calls)
        second = asyncio.create_task(channel.send(str(HUONG), numbered(2)))

        assert isinstance(await channel.send(str(BINH), NOTE), Sent)
        in_time(time.monotonic() - began, 0.9)
        assert isinstance(await first, Sent)
        assert isinstance(await second, Sent)
        assert time.monotonic() - began >= 1
        assert ["việc 1:" in shown.text for shown in server.inbox(HUONG)] == [True, False]

    play(story, pace=PACE)


def test_a_long_flood_wait_goes_back_to_the_outbox_and_so_does_all_that_follows() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("flood", retry_after=300)

        outcomes = await asyncio.gather(*(channel.send(str(HUONG), numbered(n)) for n in range(3)))

        assert outcomes[0] == Retry(TOO_FAST, 300, named=True)
        for later in outcomes[1:]:
            assert isinstance(later, Retry)
            assert later.named
            assert 290 < later.seconds <= 300  # what is left of it
        assert server.calls == ["sendMessage"]  # the others did not knock
        assert isinstance(await channel.send(str(BINH), NOTE), Sent)

    play(story, pace=PACE)


def test_a_flood_wait_that_does_not_fit_the_time_for_a_message_goes_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.telegram.channel.SEND_AT_MOST", 3.0)

    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("flood", retry_after=5)

        assert await channel.send(str(HUONG), NOTE) == Retry(TOO_FAST, 5, named=True)

    play(story)


def test_a_message_whose_turn_never_came_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.telegram.channel.SEND_AT_MOST", 0.2)

    async def story(server: TelegramServer, channel: Telegram) -> None:
        outcomes = await asyncio.gather(*(channel.send(str(HUONG), NOTE) for _ in range(2)))

        assert isinstance(outcomes[0], Sent)
        assert outcomes[1] == Retry("chưa tới lượt gửi", 30)
        assert len(server.inbox(HUONG)) == 1

    play(story, pace=Pace(per_second=1))


def test_a_flood_wait_between_parts_is_waited_out() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next("flood", after=1, retry_after=1)

        outcome = await channel.send(str(HUONG), work_list(100))

        assert isinstance(outcome, Sent)
        assert len(server.inbox(HUONG)) == outcome.parts == 4

    play(story)


def test_parts_of_one_message_are_not_parted_by_another() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        await asyncio.gather(channel.send(str(HUONG), work_list(60)), channel.send(str(HUONG), reminder("Báo cáo A")))

        assert "Báo cáo A" in server.inbox(HUONG)[-1].text

    play(story, pace=Pace(per_second=100, per_chat_seconds=0.05))


@once_in_three
def test_as_it_comes_it_never_meets_the_bots_limit() -> None:
    """Forty people in the first seconds, at Telegram's own figures: none is refused."""

    async def story(server: TelegramServer, channel: Telegram) -> None:
        for person in PEOPLE:
            server.opens(person)
        began = time.monotonic()
        outcomes = await asyncio.gather(*(channel.send(str(person), NOTE) for person in PEOPLE[:40]))

        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert server.limits is not None
        assert server.limits.refused == 0
        in_time(time.monotonic() - began, 40 / PACE.per_second + 0.7)

    play(story, pace=PACE, limits=Limits())


def test_a_chat_and_a_group_keep_their_limits_too() -> None:
    """At ten times the speed, as their limits last a second and a minute."""

    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.opens(GROUP)
        sends = [channel.send(str(chat), numbered(n)) for n in range(12) for chat in (HUONG, GROUP)]
        assert all(isinstance(outcome, Sent) for outcome in await asyncio.gather(*sends))
        assert server.limits is not None
        assert server.limits.refused == 0

    quick = Pace(per_second=280, burst=5, per_chat_seconds=0.1, group_per_minute=20)
    play(story, pace=quick, limits=Limits(per_second=300, chat_seconds=0.1, chat_burst=4))


def test_whoever_is_too_fast_meets_the_limit() -> None:
    """The server's own limits bite: without a pace the same messages are refused, and still none is lost."""

    async def story(server: TelegramServer, channel: Telegram) -> None:
        outcomes = await asyncio.gather(*(channel.send(str(HUONG), numbered(n)) for n in range(7)))

        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert server.limits is not None
        assert server.limits.refused == 1  # the sixth; it waits a whole second, and then there is room for all
        assert len(server.inbox(HUONG)) == 7

    play(story, limits=Limits(chat_seconds=0.2, chat_burst=5))


def test_no_more_are_under_way_at_once_than_there_are_connections() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.latency = 0.5  # long enough for thirty to be under way, however slow the machine is
        for person in PEOPLE:
            server.opens(person)
        outcomes = await asyncio.gather(*(channel.send(str(person), NOTE) for person in PEOPLE))

        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert server.most_at_once == 30

    play(story)


@once_in_three
def test_a_flood_of_flood_waits_delays_nobody_it_does_not_concern() -> None:
    """Sixty people, three messages each, and every third send is told to wait a second.

    Four times Telegram's rate, and a repeat is not refused again, to be quick. At Telegram's own rate, with repeats
    refused as well: ``python -m tests.bench.telegram_transport --storm``.
    """
    quick = replace(
        PACE, per_second=4 * PACE.per_second, burst=4 * PACE.burst, per_chat_seconds=PACE.per_chat_seconds / 4
    )

    told = asyncio.run(storm(quick, 4 * TELEGRAMS_RATE, repeats=False))

    in_time(told.took, 1.3 * told.minimum, told)
    assert told.floods == 60
    assert told.in_order == 60
    # Whoever was told nothing was served as if nobody had been.
    in_time(told.last_of_the_lucky, told.calls / quick.per_second + 0.5, told)

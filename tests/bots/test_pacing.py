"""The pace of a bot, of a chat and of a group, in virtual time: nothing here waits for real."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.mail import Mail
from bots.pacing import FEW_LANES, Held, Lanes, NotAnyMore, Pace
from bots.telegram import Telegram
from bots.zalo import Zalo
from engine.last_look import look_before_leaving
from engine.messages import Channel
from tests.bots.virtual_time import VirtualLoop, run
from tests.servers import zalo_server
from tests.servers.telegram_server import TOKEN

HUONG, BINH, GROUP = "7001", "7002", "-1005"
UNPACED = Pace(per_second=1_000_000, burst=1_000_000)
TELEGRAM = Pace(per_second=28, burst=5, per_chat_seconds=1.0, group_per_minute=20)


class Notes:
    """Sends that take no time, or ``latency``; when each left, and whose it was."""

    def __init__(self, lanes: Lanes, latency: float = 0.0) -> None:
        self.lanes, self.latency = lanes, latency
        self.left: list[tuple[float, str, int]] = []

    async def send(self, address: str, number: int = 0) -> None:
        async with self.lanes.turn(address, group=address.startswith("-")):
            self.left.append((now(), address, number))
            if self.latency:
                await asyncio.sleep(self.latency)

    def times(self, address: str | None = None) -> list[float]:
        return [at for at, whose, _ in self.left if address in (None, whose)]

    def numbers(self, address: str) -> list[int]:
        return [number for _, whose, number in self.left if whose == address]


def now() -> float:
    return asyncio.get_running_loop().time()


def most_in(times: Sequence[float], seconds: float) -> int:
    """The fullest window [t, t + seconds)."""
    times = sorted(times)
    return max((sum(1 for t in times if at <= t < at + seconds - 1e-9) for at in times), default=0)


@pytest.mark.parametrize(
    ("channel", "two_seconds"),
    [
        (Telegram(TOKEN), 54),
        (Telegram(TOKEN, pace=Pace(per_second=0.2)), 1),
        (Zalo(zalo_server.TOKEN), 10),
        (Mail("localhost", 25, None, None, "nhacviec@xa.gov.vn", "none", now=lambda: dt.datetime.now(dt.UTC)), 10),
    ],
    ids=["telegram", "a slow one", "zalo", "email"],
)
def test_no_channel_asks_for_more_than_leaves_within_two_seconds(channel: Channel, two_seconds: int) -> None:
    assert getattr(channel, "at_once", None) == two_seconds


def test_a_bot_keeps_its_rate_from_the_first_second_on() -> None:
    async def story() -> None:
        notes = Notes(Lanes(Pace(per_second=28, burst=5)))
        await asyncio.gather(*(notes.send(str(n)) for n in range(300)))

        times = notes.times()
        assert times[:5] == [0.0] * 5  # the burst
        assert times[5] == pytest.approx(1 / 28)
        assert most_in(times, 1.0) == 28
        assert times[-1] == pytest.approx(299 / 28, abs=0.3)  # and no slower than it must be

    run(story())


def test_a_crowd_that_takes_its_time_to_be_worded_arrives_no_thicker() -> None:
    """A message counted before the others were worded would leave after that, among those of a later second."""

    async def story() -> None:
        notes = Notes(Lanes(Pace(per_second=27, burst=2)))
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        arrived: list[float] = []

        async def send(number: int) -> None:
            loop.spend(0.001)  # its words
            async with notes.lanes.turn(str(number)):
                await asyncio.sleep(0)  # the network takes it when it is its turn in the loop
                arrived.append(now())

        await asyncio.gather(*(send(number) for number in range(150)))

        assert len(arrived) == 150
        assert arrived[0] == pytest.approx(0.15)
        assert most_in(arrived, 1.0) == 27

    run(story())


def test_a_rest_does_not_save_up_more_than_a_burst() -> None:
    async def story() -> None:
        notes = Notes(Lanes(Pace(per_second=10, burst=4)))
        await notes.send("1")
        await asyncio.sleep(3600)
        await asyncio.gather(*(notes.send(str(n)) for n in range(30)))

        assert most_in(notes.times(), 0.05) == 4
        assert most_in(notes.times(), 1.0) == 10

    run(story())


def test_a_rate_below_one_a_second_is_kept_too() -> None:
    async def story() -> None:
        notes = Notes(Lanes(Pace(per_second=0.5)))
        await asyncio.gather(*(notes.send(str(n)) for n in range(4)))

        assert notes.times() == [0.0, 2.0, 4.0, 6.0]

    run(story())


def test_a_chat_gets_one_a_second_counted_from_when_the_provider_answered() -> None:
    async def story() -> None:
        notes = Notes(Lanes(TELEGRAM), latency=0.25)
        await asyncio.gather(*(notes.send(HUONG, n) for n in range(4)))
        await asyncio.sleep(60)
        await notes.send(HUONG, 4)

        assert notes.times() == pytest.approx([0, 1.25, 2.5, 3.75, 64])
        assert notes.numbers(HUONG) == [0, 1, 2, 3, 4]

    run(story())


def test_a_group_gets_twenty_in_any_minute() -> None:
    async def story() -> None:
        notes = Notes(Lanes(TELEGRAM), latency=0.3)
        await asyncio.gather(*(notes.send(GROUP, n) for n in range(65)))

        assert most_in(notes.times(), 60.0) == 20
        # Even if Telegram counted the last of a window at its end and the first of the next at its beginning.
        ends = [at + 0.3 for at in notes.times()]
        assert all(later - earlier > 59.999999 for earlier, later in zip(ends, notes.times()[20:], strict=False))
        assert notes.numbers(GROUP) == list(range(65))

    run(story())


def test_a_person_has_no_groups_minute() -> None:
    async def story() -> None:
        notes = Notes(Lanes(TELEGRAM))
        await asyncio.gather(*(notes.send(HUONG) for _ in range(40)))

        assert notes.times()[-1] == pytest.approx(39)

    run(story())


def test_a_chat_that_waits_delays_nobody_else() -> None:
    async def story() -> None:
        lanes = Lanes(TELEGRAM)
        notes = Notes(lanes)
        lanes.hold(HUONG, 17)
        await asyncio.gather(*(notes.send(address) for address in (HUONG, HUONG, BINH, GROUP)))

        assert notes.times(BINH) == [0.0]
        assert notes.times(GROUP) == [0.0]
        assert notes.times(HUONG) == pytest.approx([17, 18])

    run(story())


def test_turns_of_one_chat_follow_each_other_and_never_overlap() -> None:
    async def story() -> None:
        lanes = Lanes(UNPACED)
        inside: list[str] = []
        seen: list[int] = []

        async def send(address: str, number: int) -> None:
            async with lanes.turn(address):
                assert address not in inside
                inside.append(address)
                await asyncio.sleep(0.1 if number % 3 else 0.5)
                inside.remove(address)
                seen.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(9):
                group.create_task(send(HUONG, number))
            group.create_task(send(BINH, 100))

        assert [number for number in seen if number < 100] == list(range(9))
        assert seen[0] == 100  # Bình's was alone in its lane

    run(story())


def test_a_hold_set_during_a_turn_is_waited_out_within_it() -> None:
    async def story() -> None:
        lanes = Lanes(TELEGRAM)
        notes = Notes(lanes)

        async def first() -> None:
            async with lanes.turn(HUONG):
                lanes.hold(HUONG, 5)
                assert lanes.held_for(HUONG) == 5
                await lanes.again(HUONG)
                notes.left.append((now(), HUONG, 0))

        await asyncio.gather(first(), notes.send(HUONG, 1))

        assert [number for _, _, number in notes.left] == [0, 1]
        assert notes.times() == pytest.approx([5, 6])
        assert lanes.held_for(HUONG) == 0

    run(story())


def test_a_hold_that_is_too_long_is_said_at_once() -> None:
    async def story() -> None:
        lanes = Lanes(TELEGRAM)
        lanes.hold(HUONG, 300)
        await asyncio.sleep(100)

        with pytest.raises(Held) as held:
            async with lanes.turn(HUONG, patience=20):
                raise AssertionError("it had a turn")

        assert (held.value.seconds, now()) == (200, 100)
        assert lanes.held_for(BINH) == 0

    run(story())


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    async def story() -> None:
        lanes = Lanes(TELEGRAM)
        lanes.hold(HUONG, 30)
        lanes.hold(HUONG, 2)

        assert lanes.held_for(HUONG) == 30

    run(story())


def test_a_repeat_goes_before_what_came_after_it() -> None:
    async def story() -> None:
        lanes = Lanes(Pace(per_second=1))
        notes = Notes(lanes)

        async def refused_once() -> None:
            async with lanes.turn(HUONG):
                lanes.hold(HUONG, 1)
                await lanes.again(HUONG)
                notes.left.append((now(), HUONG, 0))

        await asyncio.gather(refused_once(), *(notes.send(str(n)) for n in range(60)))

        assert notes.times(HUONG) == [2]  # one of the sixty had its second meanwhile

    run(story())


def test_one_that_gives_up_leaves_its_place_to_the_next() -> None:
    async def story() -> None:
        notes = Notes(Lanes(Pace(per_second=1)))
        tasks = [asyncio.create_task(notes.send(str(n), n)) for n in range(4)]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

        assert [number for _, _, number in notes.left] == [0, 2, 3]
        assert notes.times() == pytest.approx([0, 1, 2])  # its second was not lost

    run(story())


def test_a_send_that_fails_frees_the_lane() -> None:
    async def story() -> None:
        lanes = Lanes(UNPACED)
        with pytest.raises(OSError, match="mất mạng"):
            async with lanes.turn(GROUP, group=True):
                raise OSError("mất mạng")
        async with asyncio.timeout(1), lanes.turn(GROUP, group=True):
            pass

    run(story())


def test_idle_chats_are_forgotten() -> None:
    async def story() -> None:
        lanes = Lanes(Pace(per_second=1000, burst=10, per_chat_seconds=1, group_per_minute=20))
        notes = Notes(lanes)
        for number in range(20 * FEW_LANES):
            await notes.send(str(number))
            assert len(lanes._lanes) <= 10 * FEW_LANES
        lanes.hold(HUONG, 1000)
        await asyncio.sleep(61)

        assert len(lanes) == 1
        await asyncio.sleep(1000)
        assert len(lanes) == 0

    run(story())


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(
        st.tuples(st.floats(0, 90), st.sampled_from([HUONG, BINH, GROUP, "-7", "7003"]), st.sampled_from([0, 0, 0, 4])),
        max_size=120,
    ),
    per_second=st.sampled_from([0.7, 3, 12.5, 28]),
    burst=st.integers(1, 6),
    latency=st.sampled_from([0.0, 0.2]),
)
def test_no_window_is_ever_too_full_and_no_order_ever_changed(
    asked: list[tuple[float, str, int]], per_second: float, burst: int, latency: float
) -> None:
    async def story() -> None:
        lanes = Lanes(Pace(per_second, burst, per_chat_seconds=1.0, group_per_minute=20))
        notes = Notes(lanes, latency)

        tasks = []
        for number, (at, address, hold) in enumerate(sorted(asked, key=lambda one: one[0])):
            await asyncio.sleep(max(0, at - now()))
            if hold:
                lanes.hold(address, hold)
            tasks.append(asyncio.create_task(notes.send(address, number)))
        await asyncio.gather(*tasks)

        assert len(notes.left) == len(asked)
        assert most_in(notes.times(), max(1.0, 1 / per_second)) <= max(1, int(per_second))
        wanted = defaultdict[str, list[int]](list)
        for number, (_, address, _) in enumerate(sorted(asked, key=lambda one: one[0])):
            wanted[address].append(number)
        for address, numbers in wanted.items():
            assert notes.numbers(address) == numbers
            assert most_in(notes.times(address), 1.0 + latency) == 1 or not numbers
            if address.startswith("-"):
                assert most_in(notes.times(address), 60.0) <= 20

    run(story())


def test_a_bot_that_another_machine_has_just_used_rests_and_goes_on_at_its_rate() -> None:
    async def story() -> None:
        lanes = Lanes(Pace(per_second=10, burst=2))
        notes = Notes(lanes)
        lanes.rest(0.7)
        await asyncio.gather(*(notes.send(str(n)) for n in range(30)))

        assert notes.times()[0] == pytest.approx(0.7)
        assert most_in(notes.times(), 1.0) == 10

    run(story())


def test_those_who_wait_for_the_bots_rate_are_counted_and_those_who_wait_for_their_chat_are_not() -> None:
    async def story() -> None:
        lanes = Lanes(Pace(per_second=10, per_chat_seconds=5.0))
        notes = Notes(lanes)
        lanes.hold(BINH, 60)
        sends = [asyncio.create_task(notes.send(chat)) for chat in (HUONG, "1", "2", "3", HUONG, BINH)]
        await asyncio.sleep(0.01)

        assert len(notes.left) == 1
        assert lanes.waiting == 3  # "1", "2", "3"; the second to Hương waits for her chat, Bình is held
        sends[1].cancel()
        await asyncio.sleep(0.01)
        assert lanes.waiting == 2
        await asyncio.gather(*sends, return_exceptions=True)
        assert lanes.waiting == 0

    run(story())


def test_what_must_not_leave_any_more_when_its_turn_comes_takes_nothing_of_the_rate() -> None:
    async def story() -> None:
        lanes = Lanes(Pace(per_second=1, per_chat_seconds=5.0))
        notes = Notes(lanes)
        asked: list[float] = []

        async def refuse() -> bool:
            asked.append(now())
            return False

        async def woken() -> None:
            look_before_leaving(refuse)
            await notes.send(HUONG)

        await notes.send("1")
        sends = [asyncio.create_task(woken()) for _ in range(3)]
        after = asyncio.create_task(notes.send(HUONG))
        refused = await asyncio.gather(*sends, return_exceptions=True)
        await after

        assert [type(error) for error in refused] == [NotAnyMore] * 3
        assert asked == [1.0] * 3  # at its turn, not before
        assert notes.times(HUONG) == [1.0]  # and neither the bot's second nor the chat's was used up

    run(story())

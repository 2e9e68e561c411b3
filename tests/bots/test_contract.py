"""What every channel promises, asked of each: the same expectations over the simulator, Telegram and Zalo.

A new channel adds one :class:`Phone` here: a person who holds it, and the channel at the other end.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest

from bots.pacing import Pace
from bots.simulator import Simulator
from bots.telegram import Telegram
from bots.zalo import Polls, Zalo
from engine.messages import (
    Answer,
    Channel,
    Inbound,
    Item,
    Message,
    Press,
    Refused,
    ReminderMessage,
    Retry,
    Said,
    Says,
    Sent,
    Unknown,
)
from tests.servers import zalo_server
from tests.servers.telegram_server import TOKEN, TelegramServer
from tests.servers.zalo_server import ZaloServer

REPORT = Item(
    number=3,
    occurrence_id=417,
    says=Says.LAST_CALL,
    title="Báo cáo công tác kiểm soát thủ tục hành chính tháng 3/2026",
    unit="Trung tâm Phục vụ hành chính công",
    nominal_due=dt.date(2026, 3, 25),
    due=dt.date(2026, 3, 25),
    internal_due=dt.date(2026, 3, 25),
)
REMINDER = ReminderMessage(
    person="đồng chí Nguyễn Thị Hường",
    office="UBND xã Hưng Thắng",
    today=dt.date(2026, 3, 25),
    items=(REPORT,),
)


class Phone(Protocol):
    """Hường's phone on one channel. Bình's is next to hers, so that addresses can be told apart."""

    channel: Channel
    huong: str
    binh: str
    has_buttons: bool  # without them a person types what would stand on the button

    def shows(self, address: str) -> list[str]:
        """The messages on the screen, oldest first."""
        ...

    def blocks(self, address: str) -> None:
        """This person wants no more messages."""
        ...

    async def types(self, address: str, text: str) -> Inbound:
        """A person types; what the engine hears."""
        ...

    async def presses(self, address: str, label: str) -> Inbound:
        """A person presses a button that is on the screen; what the engine hears."""
        ...

    async def fails(self, message: Message) -> Sequence[object]:
        """Send to Hường through every trouble that this channel can be made to have; the outcomes."""
        ...


class SimulatedPhone:
    """The simulator: the list of what it sent is the screen."""

    huong, binh = "hung-thang/nguyen-thi-huong", "hung-thang/le-van-binh"
    has_buttons = True

    def __init__(self) -> None:
        self.simulator = Simulator()
        self.channel: Channel = self.simulator

    def shows(self, address: str) -> list[str]:
        return [sent.text for sent in self.simulator.sent if sent.address == address]

    def blocks(self, address: str) -> None:
        self.simulator.blocked.add(address)

    async def types(self, address: str, text: str) -> Inbound:
        return self.simulator.typed(address, text)

    async def presses(self, address: str, label: str) -> Inbound:
        shown = [sent for sent in self.simulator.sent if sent.address == address]
        button = next(b for sent in reversed(shown) for row in sent.buttons for b in row if b.label == label)
        return self.simulator.typed(address, button.command, press=Press(button.occurrence_id))

    async def fails(self, message: Message) -> Sequence[object]:
        self.simulator.outcomes += [Retry("bận", 5), Unknown("mất kết nối"), Refused("đã chặn")]
        return [await self.channel.send(self.huong, message) for _ in range(3)]


class TelegramPhone:
    """Telegram over real HTTP, against the server in ``tests/servers``."""

    huong, binh = "7001", "7002"
    has_buttons = True

    def __init__(self, server: TelegramServer, channel: Telegram) -> None:
        self.server = server
        self.telegram = channel
        self.channel: Channel = channel
        self.next_offset: int | None = None
        for address in (self.huong, self.binh):
            server.opens(int(address))

    def shows(self, address: str) -> list[str]:
        return [received.text for received in self.server.inbox(int(address))]

    def blocks(self, address: str) -> None:
        self.server.blocks(int(address))

    async def types(self, address: str, text: str) -> Inbound:
        self.server.person_types(int(address), text)
        return await self._heard()

    async def presses(self, address: str, label: str) -> Inbound:
        self.server.person_presses(int(address), label)
        return await self._heard()

    async def _heard(self) -> Inbound:
        heard: list[Inbound] = []
        stop = asyncio.Event()

        async def store(inbounds: Sequence[Inbound], next_offset: int | None) -> None:
            heard.extend(inbounds)
            self.next_offset = next_offset
            stop.set()

        async with asyncio.timeout(5):
            await self.telegram.poll(store, self.next_offset, stop)
        [inbound] = heard
        return inbound

    async def fails(self, message: Message) -> Sequence[object]:
        self.server.fail_next("server_error")
        self.server.fail_next("hang_up")
        self.server.fail_next("flood", retry_after=60)  # the last, as nothing more leaves for her until it is over
        outcomes = [await self.channel.send(self.huong, message) for _ in range(4)]
        return [
            *outcomes,
            await self.channel.send("404404", message),
            await self.channel.send("không phải số", message),
        ]


class ZaloPhone:
    """Zalo Bot over real HTTP, against the server in ``tests/servers``."""

    huong, binh = "6ede9afa66b88fe6d6a9", "82599fa32f56d00e8941"
    has_buttons = False

    def __init__(self, server: ZaloServer, channel: Zalo) -> None:
        self.server = server
        self.zalo = channel
        self.channel: Channel = channel
        for name, address in (("Nguyễn Thị Hường", self.huong), ("Lê Văn Bình", self.binh)):
            server.opens(name, address)

    def shows(self, address: str) -> list[str]:
        return [received.text for received in self.server.inbox(address)]

    def blocks(self, address: str) -> None:
        self.server.blocks(address)

    async def types(self, address: str, text: str) -> Inbound:
        self.server.person_types(address, text)
        return await self._heard()

    async def presses(self, address: str, label: str) -> Inbound:
        return await self.types(address, label)

    async def _heard(self) -> Inbound:
        heard: list[Inbound] = []
        stop = asyncio.Event()

        async def store(inbounds: Sequence[Inbound], _: int | None) -> None:
            heard.extend(inbounds)
            stop.set()

        async with asyncio.timeout(5):
            await self.zalo.poll(store, None, stop)
        [inbound] = heard
        return inbound

    async def fails(self, message: Message) -> Sequence[object]:
        self.server.fail_next("denied", code=429, description="Quota exceeded")
        self.server.fail_next("denied", code=403, description="Internal server error")
        self.server.fail_next("page", status=502)
        self.server.fail_next("hang_up")
        addresses = [self.huong] * 4 + ["404404", "không phải mã", ""]
        return [await self.channel.send(address, message) for address in addresses]


@asynccontextmanager
async def a_simulated_phone() -> AsyncIterator[Phone]:
    yield SimulatedPhone()


@asynccontextmanager
async def a_telegram_phone() -> AsyncIterator[Phone]:
    async with TelegramServer() as server, Telegram(TOKEN, server.base_url) as channel:
        yield TelegramPhone(server, channel)


@asynccontextmanager
async def a_zalo_phone() -> AsyncIterator[Phone]:
    pace, polls = Pace(per_second=1000, burst=1000), Polls(idle=1, floor=0.01)
    async with (
        ZaloServer() as server,
        Zalo(zalo_server.TOKEN, server.base_url, pace=pace, polls=polls) as channel,
    ):
        yield ZaloPhone(server, channel)


APhone = Callable[[], AbstractAsyncContextManager[Phone]]


@pytest.fixture(params=[a_simulated_phone, a_telegram_phone, a_zalo_phone], ids=["simulator", "telegram", "zalo"])
def a_phone(request: pytest.FixtureRequest) -> APhone:
    """Opens a phone; inside the test's own event loop."""
    opens: APhone = request.param
    return opens


def play(a_phone: APhone, story: Callable[[Phone], Awaitable[None]]) -> None:
    """Tell the story with a phone in hand."""

    async def told() -> None:
        async with a_phone() as phone:
            await story(phone)

    asyncio.run(told())


def test_a_reminder_arrives_as_words_with_their_marks(a_phone: APhone) -> None:
    async def story(phone: Phone) -> None:
        outcome = await phone.channel.send(phone.huong, REMINDER)

        [shown] = phone.shows(phone.huong)
        assert "Báo cáo công tác kiểm soát thủ tục hành chính tháng 3/2026" in shown
        assert "đồng chí Nguyễn Thị Hường" in shown
        assert "xong 3" in shown  # every button can be typed instead
        assert shown == unicodedata.normalize("NFC", shown)
        assert isinstance(outcome, Sent)
        assert outcome.text == shown
        assert outcome.provider_id
        assert not phone.shows(phone.binh)

    play(a_phone, story)


def test_marks_of_a_markup_language_arrive_as_they_were_written(a_phone: APhone) -> None:
    async def story(phone: Phone) -> None:
        answer = Answer(
            Said.DOING, number=3, title='Biểu <b>02</b> & "phụ lục" _a_ *b* &lt; 5', due=dt.date(2026, 3, 25)
        )
        await phone.channel.send(phone.huong, answer)

        [shown] = phone.shows(phone.huong)
        assert 'Biểu <b>02</b> & "phụ lục" _a_ *b* &lt; 5' in shown

    play(a_phone, story)


def test_each_message_has_its_own_provider_id(a_phone: APhone) -> None:
    async def story(phone: Phone) -> None:
        outcomes = [await phone.channel.send(address, REMINDER) for address in (phone.huong, phone.binh, phone.huong)]

        ids = [outcome.provider_id for outcome in outcomes if isinstance(outcome, Sent)]
        assert len(set(ids)) == 3

    play(a_phone, story)


def test_a_person_who_blocked_the_bot_is_refused_and_only_she(a_phone: APhone) -> None:
    async def story(phone: Phone) -> None:
        phone.blocks(phone.huong)

        refused = await phone.channel.send(phone.huong, REMINDER)
        sent = await phone.channel.send(phone.binh, REMINDER)

        assert refused == Refused("người nhận đã chặn bot")
        assert not phone.shows(phone.huong)
        assert isinstance(sent, Sent)

    play(a_phone, story)


def test_trouble_is_an_outcome_with_a_reason_and_never_an_exception(a_phone: APhone) -> None:
    async def story(phone: Phone) -> None:
        outcomes = await phone.fails(REMINDER)

        assert {type(outcome) for outcome in outcomes} == {Retry, Unknown, Refused}
        for outcome in outcomes:
            assert isinstance(outcome, Retry | Unknown | Refused)
            assert outcome.reason
            assert "http" not in outcome.reason  # the standing office reads it

    play(a_phone, story)


def test_what_a_person_types_is_heard_with_where_it_came_from(a_phone: APhone) -> None:
    async def story(phone: Phone) -> None:
        heard = await phone.types(phone.huong, "đã nộp 3 số 12/BC-UBND")

        assert heard.text == "đã nộp 3 số 12/BC-UBND"
        assert (heard.channel, heard.bot, heard.address) == (phone.channel.name, phone.channel.bot, phone.huong)
        assert heard.press is None

    play(a_phone, story)


def test_the_same_words_twice_are_two_updates(a_phone: APhone) -> None:
    async def story(phone: Phone) -> None:
        heard = [
            await phone.types(phone.huong, "xong"),
            await phone.types(phone.huong, "xong"),
            await phone.types(phone.binh, "xong"),
        ]

        assert len({inbound.update_key for inbound in heard}) == 3
        assert [inbound.address for inbound in heard] == [phone.huong, phone.huong, phone.binh]

    play(a_phone, story)


def test_a_press_says_the_command_and_what_it_is_about(a_phone: APhone) -> None:
    async def story(phone: Phone) -> None:
        await phone.channel.send(phone.huong, REMINDER)

        pressed = await phone.presses(phone.huong, "Xong 3")

        about = pressed.press and pressed.press.occurrence_id
        expected = ("xong", 417) if phone.has_buttons else ("Xong 3", None)
        assert (pressed.text, about, pressed.address) == (*expected, phone.huong)

    play(a_phone, story)

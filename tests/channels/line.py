"""The world of ``tests/world.py`` with real telephones: at the simulator, at the Telegram or the Zalo server of this
machine over real HTTP, or at a mail server over real SMTP.

A :class:`Line` is one provider: the bot at our end, and the people's telephones at the other. A :class:`LineWorld` has
one or several. Its people are linked as in life (a code is issued, typed to the bot, stored, acted upon), what they
type is polled or posted to a webhook, and what :meth:`~tests.world.World.phone` shows is what stands on the provider's
screen. The engine's clock is moved by hand; nobody sleeps.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import email.policy
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import insert, select

from bots.mail import Mail
from bots.pacing import Pace
from bots.simulator import SimulatedMessage, Simulator
from bots.telegram import Telegram
from bots.telegram import Timeouts as TelegramTimeouts
from bots.telegram.polling import BACKOFF
from bots.zalo import Polls, Zalo
from bots.zalo import Timeouts as ZaloTimeouts
from data import inbox
from data.database import reading
from data.rows import AnyRow
from engine import linking, receive
from engine.clock import SystemClock
from engine.messages import Channel, DigestMessage, Edit, Inbound, Message, Outcome, Retry, Sent
from engine.office import CHAT, MESSAGE, PERSON, UNIT
from schedules.office_model import Obligation
from tests.servers import telegram_server, zalo_server
from tests.servers.telegram_server import TelegramServer
from tests.servers.zalo_server import ZaloServer
from tests.world import (
    CHAIR,
    HEAD,
    OFFICE_ID,
    OFFICER,
    STANDING,
    STANDING_HEAD,
    VICE_CHAIR,
    Phone,
    World,
    civil,
    office_file,
)
from web.webhooks import WebhookServer, build_app, webhook_path

EVERYBODY = (OFFICER, HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR)
SECRET = "khoa-bi-mat-cua-webhook"
HURRIED = Pace(per_second=1000, burst=1000)
AT_ONCE = Polls(idle=1, floor=0.002, backoff=(0.01,))

Keep = Callable[[Sequence[Inbound], int | None], Awaitable[None]]


# ---- one provider -------------------------------------------------------------------------------------------------


class Line:
    """One provider and the telephones on it. Addresses are the provider's; a person may have had several."""

    name: ClassVar[str]
    channel: Channel

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}  # by person: the telephone they use now
        self._stack = AsyncExitStack()

    def address(self, person: str) -> str:
        """This person's telephone; a first one where there is none."""
        if person not in self.addresses:
            self.addresses[person] = self.opens(person)
        return self.addresses[person]

    async def start(self, keep: Keep) -> None:
        """Open the server and the bot. ``keep`` stores what a webhook brings."""

    async def close(self) -> None:
        """Close both."""
        await self._stack.aclose()

    async def listen(self, keep: Keep, offset: int | None) -> None:
        """Until everything that people have done is kept."""

    # -- what people and providers do

    def opens(self, person: str) -> str:
        """A new telephone writes to the bot for the first time; its address."""
        raise NotImplementedError

    def types(self, address: str, text: str) -> None:
        """Somebody types."""
        raise NotImplementedError

    def code_typed(self, code: str) -> str:
        """How a code reaches the bot."""
        return code

    def shown(self, address: str) -> list[str]:
        """What stands on that telephone, oldest first."""
        raise NotImplementedError

    def blocks(self, person: str, blocked: bool = True) -> None:
        """This person blocks the bot, or lets it in again."""
        raise NotImplementedError

    async def goes_down(self) -> None:
        """Nobody answers at the provider's address any more."""
        raise NotImplementedError

    async def recovers(self) -> None:
        """The provider answers again."""
        raise NotImplementedError


class _Reachable(Simulator):
    """A simulator that can be out of reach."""

    down = False

    async def send(self, address: str, message: Message) -> Outcome:
        return Retry("chưa kết nối được tới trình mô phỏng", 30) if self.down else await super().send(address, message)


class SimulatorLine(Line):
    """The simulator: what it sent is the screen."""

    name = "simulator"

    def __init__(self) -> None:
        super().__init__()
        self.simulator = _Reachable()
        self.channel = self.simulator
        self.waiting: list[Inbound] = []
        self._opened = 0

    async def listen(self, keep: Keep, offset: int | None) -> None:
        waiting, self.waiting = self.waiting, []
        await keep(waiting, None)

    def opens(self, person: str) -> str:
        self._opened += 1
        return f"{OFFICE_ID}/{person}/{self._opened}"

    def types(self, address: str, text: str) -> None:
        self.waiting.append(self.simulator.typed(address, text))

    def shown(self, address: str) -> list[str]:
        return [sent.text for sent in self.simulator.sent if sent.address == address]

    def blocks(self, person: str, blocked: bool = True) -> None:
        (self.simulator.blocked.add if blocked else self.simulator.blocked.discard)(self.address(person))

    async def goes_down(self) -> None:
        self.simulator.down = True

    async def recovers(self) -> None:
        self.simulator.down = False


class TelegramLine(Line):
    """Telegram over real HTTP, asked by long polls or calling our webhook."""

    name = "telegram"
    webhook = False
    token = telegram_server.TOKEN
    timeouts: TelegramTimeouts | None = None

    def __init__(self) -> None:
        super().__init__()
        self.server = TelegramServer(self.token)
        self.newest = 0  # update id
        self._opened = 7000

    async def start(self, keep: Keep) -> None:
        await self._stack.enter_async_context(self.server)
        self.telegram = await self._stack.enter_async_context(
            Telegram(self.token, self.server.base_url, timeouts=self.timeouts, pace=HURRIED)
        )
        self.channel = self.telegram
        if self.webhook:
            here = await _open_webhook(self._stack, self.telegram, keep)
            await self.telegram.set_webhook(here, SECRET)

    async def listen(self, keep: Keep, offset: int | None) -> None:
        if self.webhook:
            await self.server.until(lambda: not self.server._updates)
            return
        stop = asyncio.Event()
        begun = len(self.server.asked)
        poll = asyncio.create_task(self.telegram.poll(keep, offset, stop, 1, BACKOFF))
        try:
            # Whoever asks for what comes after the newest has kept the newest.
            await self.server.until(
                lambda: any(int(asked.get("offset", 0)) > self.newest for asked in self.server.asked[begun:])
            )
        finally:
            stop.set()
            await poll

    def opens(self, person: str) -> str:
        self._opened += 1
        self.server.opens(self._opened)
        return str(self._opened)

    def types(self, address: str, text: str) -> None:
        self.newest = self.server.person_types(int(address), text)

    def presses(self, address: str, label: str, sender: str | None = None) -> None:
        """Somebody presses the newest button with this label."""
        self.newest = self.server.person_presses(int(address), label, int(sender) if sender else None)

    def code_typed(self, code: str) -> str:
        return f"/start {code}"

    def shown(self, address: str) -> list[str]:
        return [received.text for received in self.server.inbox(int(address.partition("/")[0]))]

    def blocks(self, person: str, blocked: bool = True) -> None:
        self.server.opens(int(self.address(person))).blocked = blocked

    async def goes_down(self) -> None:
        await self.server.__aexit__(None, None, None)

    async def recovers(self) -> None:
        await self.server.__aenter__()


class TelegramWebhookLine(TelegramLine):
    """Telegram that posts what people do."""

    name = "telegram-webhook"
    webhook = True


class ZaloLine(Line):
    """Zalo over real HTTP, asked by long polls or calling our webhook."""

    name = "zalo"
    webhook = False
    replay = False
    token = zalo_server.TOKEN
    timeouts: ZaloTimeouts | None = None

    def __init__(self) -> None:
        super().__init__()
        self.server = ZaloServer(self.token, replay=self.replay)
        self.happened = 0  # updates that people caused
        self._taken = 0  # of them, what earlier listening has taken

    async def start(self, keep: Keep) -> None:
        await self._stack.enter_async_context(self.server)
        await self.open_bot()
        if self.webhook:
            here = await _open_webhook(self._stack, self.zalo, keep)
            public = "https://nhacviec.xa.example/zalo"
            self.server.leads(public, here)
            await self.zalo.set_webhook(public, SECRET)
            self._taken = self.happened = len(self.server.deliveries)  # Zalo tried it once

    async def open_bot(self) -> None:
        """The program starts (again): a channel that remembers nothing."""
        self.zalo = await self._stack.enter_async_context(
            Zalo(self.token, self.server.base_url, timeouts=self.timeouts, pace=HURRIED, polls=AT_ONCE)
        )
        self.channel = self.zalo

    async def listen(self, keep: Keep, offset: int | None) -> None:
        fresh, self._taken = self.happened - self._taken, self.happened
        if self.webhook:
            await self.server.until(lambda: len(self.server.deliveries) >= self.happened)
            return
        stop = asyncio.Event()
        asked = len(self.server.asked_at)
        poll = asyncio.create_task(self.zalo.poll(keep, None, stop))
        try:
            # One at a time: whoever asks once more has kept the last; twice more, should an old one come first.
            await self.server.until(lambda: len(self.server.asked_at) > asked + fresh + 2 * self.replay)
        finally:
            stop.set()
            await poll

    def listened(self) -> None:
        """A test has polled by itself."""
        self._taken = self.happened

    def opens(self, person: str) -> str:
        return self.server.opens(person)

    def types(self, address: str, text: str) -> None:
        self.server.person_types(address, text)
        self.happened += 1

    def again(self) -> None:
        """Zalo gives the newest update a second time."""
        self.server.again()
        self.happened += 1

    def shown(self, address: str) -> list[str]:
        return [received.text for received in self.server.inbox(address)]

    def blocks(self, person: str, blocked: bool = True) -> None:
        self.server._chats[self.address(person)].blocked = blocked

    async def goes_down(self) -> None:
        await self.server.__aexit__(None, None, None)

    async def recovers(self) -> None:
        await self.server.__aenter__()


class ZaloWebhookLine(ZaloLine):
    """Zalo that posts what people do."""

    name = "zalo-webhook"
    webhook = True


class ReplayingZaloLine(ZaloLine):
    """Zalo as zalo-bot-mcp measured it: an update comes back at every poll."""

    name = "zalo-replaying"
    replay = True


MAIL_FROM = "Nhắc việc <nhacviec@xa.example>"


class MailLine(Line):
    """E-mail over real SMTP: nothing comes back this way."""

    name = "email"

    def __init__(self) -> None:
        super().__init__()
        self.letters: dict[str, list[str]] = defaultdict(list)
        self.unknown: set[str] = set()  # mailboxes that are gone
        self._port = 0

    async def start(self, keep: Keep) -> None:
        await self.recovers()
        self._stack.push_async_callback(self.goes_down)
        self.channel = Mail("127.0.0.1", self._port, None, None, MAIL_FROM, "none", now=SystemClock().now)

    def opens(self, person: str) -> str:
        return f"{person}@xa.example"

    def shown(self, address: str) -> list[str]:
        return self.letters[address]

    def blocks(self, person: str, blocked: bool = True) -> None:
        (self.unknown.add if blocked else self.unknown.discard)(self.address(person))

    async def goes_down(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def recovers(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The mail server is told for whom."""
        if address in self.unknown:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail server is given the letter."""
        assert isinstance(envelope.content, bytes)
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        words = letter.get_body(("plain",))
        assert words is not None
        for address in envelope.rcpt_tos:
            self.letters[address].append(words.get_content())
        return "250 OK"


async def _open_webhook(stack: AsyncExitStack, channel: Channel, keep: Keep) -> str:
    """The real webhook server before a channel; where it listens."""

    async def kept(inbounds: Sequence[Inbound]) -> None:
        await keep(inbounds, None)

    server = WebhookServer(build_app([channel], SECRET, kept, lambda: None))
    await server.start()
    stack.push_async_callback(server.stop)
    return f"http://127.0.0.1:{server.port}{webhook_path(channel)}"


# ---- the world ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """One send, and what came of it."""

    address: str
    message: Message
    outcome: Outcome


class Overheard:
    """A channel, and what it was given to send since somebody last looked."""

    def __init__(self, channel: Channel) -> None:
        self.name, self.bot = channel.name, channel.bot
        self.edits = bool(getattr(channel, "edits", False))
        self.told: list[Told] = []
        self._channel = channel

    async def send(self, address: str, message: Message) -> Outcome:
        """As the channel does."""
        outcome = await self._channel.send(address, message)
        self.told.append(Told(address, message, outcome))
        return outcome


class LineWorld(World):
    """A world whose people have telephones at one line, or at several: the first is where everybody is linked."""

    def __init__(
        self,
        folder: Path,
        lines: Sequence[Line],
        start: str,
        obligations: Sequence[Obligation],
        *,
        linked: Iterable[str] = EVERYBODY,
        without: Iterable[str] = (),
        digests: bool = False,
    ) -> None:
        """The evening before ``start`` the people link their telephones; then the plan is loaded, and the day begins.

        ``linked``: who has one. The others stay without any.
        """
        self.lines = list(lines)
        self.overheard: dict[str, Overheard] = {}  # by line
        self._seen: dict[tuple[str, str], int] = defaultdict(int)  # by line and address: what has been gathered
        self._names: dict[tuple[str, str], str] = {}  # by line and address: whose telephone it was
        self._old: dict[str, str] = {}  # by person: the address before the last change
        without = list(without)
        everybody = [person.id for person in office_file([], without).people]
        evening = f"{dt.date.fromisoformat(start[:10]) - dt.timedelta(days=1)} 19:00"
        super().__init__(folder, evening, [], without=without, unlinked=everybody, digests=digests)
        for line in self.lines:
            self.run(line.start(self.keep_for(line)))
            self.overheard[line.name] = Overheard(line.channel)
        self.channels = list(self.overheard.values())
        for person in linked:
            self.hear(person, self.main.code_typed(self.code(person)))
        self.turn()
        for person in linked:
            self.phone(person).expect("Đã liên kết với")
        self.clock.move_to(civil(start))
        self.load(office_file(obligations, without))
        self.turn()

    @property
    def main(self) -> Line:
        """The line at which everybody is linked."""
        return self.lines[0]

    def run(self, work: Any) -> Any:
        """Something asynchronous, in the world's own loop."""
        return self._runner.run(work)

    # -- linking

    def code(self, person: str, days: int = linking.GOOD_FOR_DAYS) -> str:
        """The office hands this person a fresh code."""
        with self.engine.begin() as connection:
            who = self._person_id(connection, person)
            now = self.clock.now()
            return linking.issue(connection, OFFICE_ID, person_id=who, issued_by="văn thư", now=now, days=days)

    def code_of_unit(self, unit: str) -> str:
        """A code for the group of a unit."""
        with self.engine.begin() as connection:
            which = connection.execute(UNIT.select().where(UNIT.c.slug == unit)).one().id
            return linking.issue(connection, OFFICE_ID, unit_id=which, issued_by="văn thư", now=self.clock.now())

    def link_on(self, line: Line, person: str) -> None:
        """This person links a telephone at (another) line, or is given an e-mail address by the office."""
        if isinstance(line, MailLine):  # as engine.people_import does it, and for the address that sends
            with self.engine.begin() as connection:
                who = self._person_id(connection, person)
                address, bot = line.address(person), line.channel.bot
                connection.execute(
                    insert(CHAT).values(
                        office_id=OFFICE_ID,
                        person_id=who,
                        channel=linking.MAIL,
                        bot=bot,
                        address=address,
                        rank=linking.LAST_RESORT,
                    )
                )
            return
        self.say(person, line.code_typed(self.code(person)), on=line)
        self.phone(person, on=line).expect("Đã liên kết với")

    def new_phone(self, person: str) -> None:
        """From now on this person uses another telephone; :meth:`old_phone` is the one before."""
        line = self.main
        self._old[person] = line.address(person)
        self._names[line.name, self._old[person]] = f"{person} (máy cũ)"
        line.addresses[person] = line.opens(person)

    def old_phone(self, person: str) -> Phone:
        """The telephone before the last change."""
        return super().phone(f"{person} (máy cũ)")

    def old_address(self, person: str) -> str:
        """Where :meth:`old_phone` rings."""
        return self._old[person]

    # -- what people do

    def phone(self, person: str, on: Line | None = None) -> Phone:
        """This person's telephone at the first line, or ``on`` another."""
        return super().phone(self._key(person, on or self.main))

    def hear(
        self, person: str, text: str, *, about: int | None = None, address: str | None = None, **more: Any
    ) -> None:
        """Somebody types; it is stored, not yet acted upon. ``on``: at another line than the first."""
        assert about is None, "a button is pressed, not typed: see press()"
        line: Line = more.pop("on", self.main)
        assert not more, more
        line.types(address or line.address(person), text)
        self.listen(line)

    def press(self, person: str, label: str) -> None:
        """Somebody presses a button that stands on their telephone, and the engine turns."""
        assert isinstance(self.main, TelegramLine)
        self.main.presses(self.main.address(person), label)
        self.listen(self.main)
        self.turn()

    def listen(self, line: Line) -> None:
        """Whatever people have done at this line is stored."""
        with reading(self.engine) as connection:
            offset = inbox.next_update(connection, line.channel.name, line.channel.bot)
        self.run(line.listen(self.keep_for(line), offset))

    def keep_for(self, line: Line) -> Keep:
        """As the live engine keeps things: the update and the offset in one transaction."""

        async def keep(inbounds: Sequence[Inbound], offset: int | None) -> None:
            with self.engine.begin() as connection:
                receive.store(connection, inbounds, self.clock.now())
                if offset is not None:
                    inbox.confirm_up_to(connection, line.channel.name, line.channel.bot, offset)

        return keep

    def look_away(self) -> None:
        """Whatever stands on the screens now is looked at no more: a test has put it there, or has taken some away."""
        for line in self.lines:
            for address in line.addresses.values():
                self._seen[line.name, address] = len(line.shown(address))

    def block(self, person: str) -> None:
        """This person blocks the bot of the first line."""
        self.main.blocks(person)

    # -- what is stored

    def chats(self, person: str) -> dict[str, tuple[str | None, str | None]]:
        """By channel: why it is blocked, and why it is passed over."""
        with reading(self.engine) as connection:
            query = CHAT.select().where(CHAT.c.person_id == self._person_id(connection, person)).order_by(CHAT.c.rank)
            return {row.channel: (row.blocked_why, row.failing_why) for row in connection.execute(query)}

    def messages(self, person: str) -> list[AnyRow]:
        """Everything written for this person, in order."""
        query = select(MESSAGE).join(PERSON, PERSON.c.id == MESSAGE.c.person_id).where(PERSON.c.slug == person)
        return self.rows(query.order_by(MESSAGE.c.id))

    # -- how it ends

    def close(self) -> None:
        for line in self.lines:
            self.run(line.close())
        super().close()

    # -- inside

    def _key(self, person: str, line: Line) -> str:
        return person if line is self.lines[0] else f"{person} @ {line.name}"

    def _owner(self, line: Line, address: str) -> str:
        renamed = self._names.get((line.name, address))
        if renamed:
            return renamed
        person = next((who for who, used in line.addresses.items() if used == address), address)
        return self._key(person, line)

    def _check(self) -> None:
        for line in self.lines:
            if line.name in self.overheard:
                self._gather(line, self.overheard[line.name])
        super()._check()

    def _gather(self, line: Line, channel: Overheard) -> None:
        """What has arrived since, held against what was sent: word for word, whole, in order, and nothing else."""
        told, channel.told = channel.told, []
        for one in told:
            if not isinstance(one.outcome, Sent) or isinstance(one.message, Edit):
                continue
            parts = self._arrived(line, one.address, one.outcome.parts)
            assert " ".join(parts).split() == one.outcome.text.split(), "the words on the telephone are other words"
            owner = self._owner(line, one.address)
            self._rang.append(SimulatedMessage(owner.partition(" ")[0], one.outcome.text, one.message))
            if self.digests or not isinstance(one.message, DigestMessage):
                self._show(line, one.address, parts, one.message)
        for address in {one.address for one in told} | set(line.addresses.values()):
            left = self._arrived(line, address, None)  # of a send whose fate is unknown
            for one in told:
                if one.address == address:
                    self._show(line, address, left, one.message)
                    break
            else:
                assert not left, f"{self._owner(line, address)}: nobody sent this\n{left}"

    def _arrived(self, line: Line, address: str, count: int | None) -> list[str]:
        seen = self._seen[line.name, address]
        texts = line.shown(address)[seen : None if count is None else seen + count]
        self._seen[line.name, address] += len(texts)
        return texts

    def _show(self, line: Line, address: str, texts: Sequence[str], message: Message) -> None:
        phone = super().phone(self._owner(line, address))
        phone.unread += [SimulatedMessage(address, text, message) for text in texts]

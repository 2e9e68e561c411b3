"""One commune played on one machine: the real engine over a throw-away file, its clock moved by hand."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, event, select
from sqlmodel import SQLModel

from bots.simulator import SimulatedMessage, Simulator
from bots.wording import Button
from data.database import connect, create_schema, reading
from engine import load, signin
from engine.clock import VirtualClock
from engine.cycle import turn
from engine.errors import NhacViecError
from engine.messages import Press
from engine.office import PERSON, UNIT
from engine.preview import next_wake
from engine.receive import store
from schedules.office_model import OfficeFile

MOST_SHOWN = 4  # telephones side by side, unless more than that are played
MOST_BUBBLES = 60  # a telephone's
LOOKS_AHEAD = dt.timedelta(days=400)
BEGINS_AT = dt.time(7, 0)


class CannotGo(NhacViecError):
    """The clock cannot be moved there."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on a telephone. ``mine``: its owner wrote it."""

    at: dt.datetime
    text: str
    mine: bool = False
    buttons: tuple[tuple[Button, ...], ...] = ()


@dataclass(slots=True)
class Telephone:
    """One person's telephone. ``rang_at``: when it last had something new; ``kept``: somebody plays this person."""

    address: str
    name: str
    unit: str
    role: str
    bubbles: list[Bubble] = field(default_factory=list)
    rang_at: dt.datetime | None = None
    kept: bool = False


class Play:
    """The world of the sandbox. One thing happens at a time, whoever asks for it."""

    def __init__(self, file: OfficeFile, folder: Path) -> None:
        self.file = file
        self.zone = ZoneInfo(file.office.timezone)
        self.engine = _throw_away(folder / "thu.db")
        self.clock = VirtualClock(self.begins_at(dt.date(file.plan.period[0], 1, 1)))
        self.telephones: dict[str, Telephone] = {}
        self.shown: list[str] = []
        self.address: str | None = None  # of its console
        self._simulator = Simulator(self._ring)
        self._one_at_a_time = threading.Lock()
        self.start(self.year_begins)

    # -- what is asked for from outside

    @property
    def year_begins(self) -> dt.date:
        """The first day of the plan's year."""
        return dt.date(self.file.plan.period[0], 1, 1)

    @property
    def today(self) -> dt.date:
        """The day on the wall of this office."""
        return self.clock.now().astimezone(self.zone).date()

    def begins_at(self, day: dt.date) -> dt.datetime:
        """The first moment of a day that is played: before anybody is at work."""
        return dt.datetime.combine(day, BEGINS_AT, self.zone).astimezone(dt.UTC)

    def move_in(self, address: str) -> None:
        """This is where browsers reach the sandbox: links into its console lead there."""
        self.address = address
        with self._alone(), self.engine.begin() as connection:
            signin.open_at(connection, address, self.clock.now())

    def start(self, day: dt.date) -> None:
        """Everything anew, as if the plan had been loaded on the morning of that day."""
        with self._alone():
            SQLModel.metadata.drop_all(self.engine)
            create_schema(self.engine)
            self.clock.move_to(self.begins_at(day))
            now = self.clock.now()
            with self.engine.begin() as connection:
                load.apply(connection, self.file, now)
                load.link_simulator(connection, now)
                signin.open_at(connection, self.address, now)
            self.telephones = self._telephones()
            self.shown = self._first_shown()
            self._turn()

    def say(self, address: str, text: str, press: Press | None = None) -> None:
        """Somebody types, or presses a button."""
        with self._alone():
            telephone = self._telephone(address)
            text = text.strip()
            if not text:
                return
            self._put(telephone, Bubble(self.clock.now(), text, mine=True))
            with self.engine.begin() as connection:
                store(connection, [self._simulator.typed(address, text, press=press)], self.clock.now())
            telephone.kept = True
            self._turn()

    def press(self, address: str, bubble: int, button: int) -> None:
        """Press the nth button under the nth bubble of a telephone."""
        try:
            pressed = [b for row in self._telephone(address).bubbles[bubble].buttons for b in row][button]
        except IndexError:
            raise CannotGo("Nút này không còn nữa. Xin tải lại trang.") from None
        self.say(address, pressed.command, Press(pressed.occurrence_id, pressed.version, pressed.person_id))

    def forward(self, by: dt.timedelta) -> None:
        """Let so much time pass, doing everything that comes due on the way."""
        self.go_to(self.clock.now() + by)

    def go_to(self, moment: dt.datetime) -> None:
        """Let the time pass until then.

        :raises CannotGo: it is past, or further ahead than anybody plans.
        """
        with self._alone():
            if moment < self.clock.now():
                raise CannotGo(
                    "Không lùi đồng hồ được. Muốn xem lại từ một ngày trước, xin bấm “Chơi lại từ ngày này”."
                )
            if moment - self.clock.now() > LOOKS_AHEAD:
                raise CannotGo("Chỉ tới được trong vòng hơn một năm.")
            self._pass_until(moment)
            self.clock.move_to(moment)
            self._turn()

    def go_to_next_message(self) -> bool:
        """Let the time pass until somebody's telephone rings. False: nothing comes within the year ahead."""
        with self._alone():
            return self._pass_until(self.clock.now() + LOOKS_AHEAD, until_it_rings=True)

    def show(self, address: str) -> None:
        """Put this telephone among those side by side, or take it away."""
        with self._alone():
            telephone = self._telephone(address)
            if address in self.shown:
                self.shown.remove(address)
                telephone.kept = False
            else:
                self._bring_into_view(telephone)
                telephone.kept = True

    # -- inside

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._one_at_a_time:
            yield

    def _pass_until(self, end: dt.datetime, *, until_it_rings: bool = False) -> bool:
        while True:
            with reading(self.engine) as connection:
                wake = next_wake(connection, self.clock.now())
            if wake is None or wake > end:
                return False
            self.clock.move_to(wake)
            if self._turn() and until_it_rings:
                return True

    def _turn(self) -> int:
        """One turn of the engine; how many telephones rang."""
        before = len(self._simulator.sent)
        asyncio.run(turn(self.engine, [self._simulator], self.clock.now()))
        rang = len(self._simulator.sent) - before
        self._simulator.sent.clear()
        return rang

    def _ring(self, message: SimulatedMessage) -> None:
        telephone = self.telephones.get(message.address)
        if telephone is None:  # somebody who joined meanwhile, by the console
            self.telephones = {**self._telephones(), **self.telephones}
            telephone = self._telephone(message.address)
        self._put(telephone, Bubble(self.clock.now(), message.text, buttons=message.buttons))
        self._bring_into_view(telephone)

    def _put(self, telephone: Telephone, bubble: Bubble) -> None:
        telephone.bubbles.append(bubble)
        del telephone.bubbles[:-MOST_BUBBLES]
        telephone.rang_at = bubble.at

    def _bring_into_view(self, telephone: Telephone) -> None:
        """Beside the others; where there is no room, in the place of the one that has been still for longest."""
        if telephone.address in self.shown:
            return
        free = [address for address in self.shown if not self.telephones[address].kept]
        if len(self.shown) < MOST_SHOWN or not free:
            self.shown.append(telephone.address)
            return
        long_ago = dt.datetime.min.replace(tzinfo=dt.UTC)
        still = min(free, key=lambda address: self.telephones[address].rang_at or long_ago)
        self.shown[self.shown.index(still)] = telephone.address

    def _telephone(self, address: str) -> Telephone:
        try:
            return self.telephones[address]
        except KeyError:
            raise CannotGo("Không có điện thoại này.") from None

    def _telephones(self) -> dict[str, Telephone]:
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(PERSON.c.office_id, PERSON.c.slug, PERSON.c.name, PERSON.c.role, UNIT.c.name.label("unit"))
                .join(UNIT, UNIT.c.id == PERSON.c.unit_id)
                .where(PERSON.c.active)
                .order_by(PERSON.c.id)
            ).all()
        return {
            f"{row.office_id}/{row.slug}": Telephone(f"{row.office_id}/{row.slug}", row.name, row.unit, row.role)
            for row in rows
        }

    def _first_shown(self) -> list[str]:
        """One of each: an officer, a head, the standing office, a leader."""
        chosen: list[str] = []
        standing = next((p.id for p in self.file.people if p.standing), None)
        for role, other in (("officer", False), ("head", False), ("officer", True), ("leader", False)):
            for telephone in self.telephones.values():
                is_standing = telephone.address == f"{self.file.office.id}/{standing}"
                if telephone.role == role and is_standing is other and telephone.address not in chosen:
                    chosen.append(telephone.address)
                    break
        return chosen


def _throw_away(path: Path) -> Engine:
    """A database that nobody keeps: it need not survive a power cut."""
    engine = connect(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _quick(connection: object, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")  # type: ignore[attr-defined]

    return engine

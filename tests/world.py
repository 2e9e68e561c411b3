"""A small commune for stories: a real database file, a clock that is moved by hand, and a phone for everybody.

A story says what happens and what people read. The world checks by itself, after every turn, what must hold in every
story: nothing leaves outside working hours, nobody hears twice in one slot, nobody is told to do what is done, and
the journal fits together. A message that no story expected fails it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from bots.simulator import SimulatedMessage, Simulator
from data import journal
from data.database import reading
from data.rows import AnyRow
from engine import load, receive
from engine.actions import Actor, occurrence_row
from engine.clock import VirtualClock
from engine.cycle import Turned, turn
from engine.deliver import deliver
from engine.messages import Answer, Channel, DigestMessage, Press, ReminderMessage, Says
from engine.office import CHAT, EXTENSION, MESSAGE, OCCURRENCE, PERSON, REMINDER, STAND_IN, OfficeView, view_office
from engine.outbox import Delivered
from engine.preview import next_wake
from engine.rules.lifecycle import OPEN, WorkState
from schedules.office_model import Obligation, OfficeFile
from schedules.workdays import vietnam_calendar
from tests.databases import story_database

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PROJECT = Path(__file__).parent.parent
OFFICE_ID = "xa-mau"

# Who is who. Stories name people by what they do.
OFFICER, SECOND_OFFICER, HEAD = "kinh-te-cv", "kinh-te-cv-2", "kinh-te-truong"
DESK_OFFICER, DESK_HEAD = "ttpvhcc-cv", "ttpvhcc-giam-doc"
STANDING, STANDING_HEAD = "vhxh-cchc", "vhxh-truong"
VICE_CHAIR, CHAIR = "pho-chu-tich", "chu-tich"
PARTNER = "mat-tran-cv"
STRANGER = "nguoi-la"

_UNITS = [
    {"id": "lanh-dao", "name": "Lãnh đạo UBND xã", "kind": "leadership"},
    {"id": "vhxh", "name": "Phòng Văn hóa - Xã hội"},
    {"id": "kinh-te", "name": "Phòng Kinh tế"},
    {"id": "ttpvhcc", "name": "Trung tâm Phục vụ hành chính công"},
    {"id": "mat-tran", "name": "Mặt trận Tổ quốc", "kind": "partner"},
]
_PEOPLE: list[dict[str, Any]] = [
    {"id": CHAIR, "name": "Chủ tịch UBND xã", "unit": "lanh-dao", "role": "leader"},
    {
        "id": VICE_CHAIR,
        "name": "Phó Chủ tịch UBND xã",
        "unit": "lanh-dao",
        "role": "leader",
        "in_charge_of": ["kinh-te"],
    },
    {"id": STANDING_HEAD, "name": "Trưởng phòng Văn hóa - Xã hội", "unit": "vhxh", "role": "head"},
    {
        "id": STANDING,
        "name": "Chuyên viên CCHC Phòng Văn hóa - Xã hội",
        "unit": "vhxh",
        "role": "officer",
        "standing": True,
    },
    {"id": HEAD, "name": "Trưởng phòng Kinh tế", "unit": "kinh-te", "role": "head"},
    {"id": OFFICER, "name": "Chuyên viên Phòng Kinh tế", "unit": "kinh-te", "role": "officer"},
    {"id": SECOND_OFFICER, "name": "Chuyên viên thứ hai Phòng Kinh tế", "unit": "kinh-te", "role": "officer"},
    {"id": DESK_HEAD, "name": "Giám đốc Trung tâm Phục vụ hành chính công", "unit": "ttpvhcc", "role": "head"},
    {"id": DESK_OFFICER, "name": "Chuyên viên Trung tâm Phục vụ hành chính công", "unit": "ttpvhcc", "role": "officer"},
    {"id": PARTNER, "name": "Cán bộ Mặt trận Tổ quốc", "unit": "mat-tran", "role": "officer"},
]


# ---- obligations --------------------------------------------------------------------------------------------------


def obligation(slug: str, title: str, **rule: Any) -> Obligation:
    """An obligation of Phòng Kinh tế, unless ``rule`` says otherwise."""
    lead = {} if "lead_each" in rule else {"lead": "kinh-te"}
    return Obligation.model_validate({"id": slug, "title": title, "source": {"where": "Danh mục"}, **lead, **rule})


def monthly_report(**changes: Any) -> Obligation:
    """Figures close on the 14th, the report goes on the 17th: "Báo cáo TTHC tháng 3/2026"."""
    rule: dict[str, Any] = {"kind": "monthly", "cutoff": {"day": 14}, "due": {"day": 17}, "product": "Báo cáo tháng"}
    return obligation("bao-cao-tthc", "Báo cáo TTHC", **rule | changes)


def one_task(day: str, slug: str = "ke-hoach", title: str = "Kế hoạch chuyển đổi số", **changes: Any) -> Obligation:
    """A task with one deadline, on the ladder -10, -3, 0, +1 (head), +2 (standing office), +4 (leaders)."""
    return obligation(slug, title, **{"kind": "one_off_date", "due": {"date": day}} | changes)


def office_file(
    obligations: Iterable[Obligation], without: Iterable[str] = (), viewers: Iterable[str] = (), **office: Any
) -> OfficeFile:
    """A commune of five units and one person a role; ``without`` names people who are not in it, ``viewers`` more.

    ``office`` are other settings of the office itself: hours, digest day.
    """
    return OfficeFile.model_validate(
        {
            "office": {
                "id": OFFICE_ID,
                "name": "UBND xã Mẫu",
                "province": "Thành phố Hải Phòng",
                "standing_unit": "vhxh",
                **office,
            },
            "plan": {"title": "Kế hoạch CCHC năm 2026", "issuer": "UBND xã Mẫu", "period": [2026, 2026]},
            "units": _UNITS,
            "people": [
                *(person for person in _PEOPLE if person["id"] not in set(without)),
                *({"id": slug, "name": "Người xem", "unit": "lanh-dao", "role": "viewer"} for slug in viewers),
            ],
            "obligations": [rule.model_dump(mode="json", exclude_defaults=True) for rule in obligations],
        }
    )


# ---- phones -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Phone:
    """What one person has received and not yet read."""

    owner: str
    unread: list[SimulatedMessage] = field(default_factory=list)

    def expect(self, *words: str) -> str:
        """The next unread message must carry all these words. Returns its text."""
        assert self.unread, f"{self.owner}: expected a message with {words}, the phone is silent"
        text = self.unread.pop(0).text
        missing = [word for word in words if word not in text]
        assert not missing, f"{self.owner}: {missing} not in\n{text}"
        return text

    def silent(self) -> None:
        """Nothing unread."""
        assert not self.unread, f"{self.owner}: unexpected\n" + "\n---\n".join(m.text for m in self.unread)

    def put_aside(self) -> list[str]:
        """Read everything without looking at it closely."""
        texts = [message.text for message in self.unread]
        self.unread.clear()
        return texts


# ---- the world ----------------------------------------------------------------------------------------------------

# Lines that ask somebody to act on work that is still open.
_ASKS_FOR_WORK = {
    Says.COLLECT,
    Says.WRITE,
    Says.SOON,
    Says.LAST_CALL,
    Says.OVERDUE,
    Says.ESCALATION,
    Says.UNREACHED,
    Says.RETURNED,
}


def civil(text: str) -> dt.datetime:
    """ "2026-03-17 08:00" as it stands on the wall of the office, in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(dt.UTC)


class World:
    """One office with its clock, its phones and its database file."""

    def __init__(
        self,
        folder: Path,
        start: str,
        obligations: Sequence[Obligation],
        *,
        without: Iterable[str] = (),
        unlinked: Iterable[str] = (),
        viewers: Iterable[str] = (),
        digests: bool = False,
    ) -> None:
        """``unlinked`` people have no chat yet. Without ``digests`` the weekly one is put aside unread."""
        self.file = folder / "story.db"
        self.database = story_database(self.file)
        self.engine = self.database.engine
        self.clock = VirtualClock(civil(start))
        self.simulator = Simulator(self.ring)
        self.channels: list[Channel] = [self.simulator]
        self.phones: dict[str, Phone] = {}
        self.digests = digests
        self._rang: list[SimulatedMessage] = []
        self._heard: set[tuple[str, str]] = set()  # (address, slot)
        self._expects_nothing_more = True
        self._runner = asyncio.Runner()
        self.load(office_file(obligations, without, viewers))
        with self.engine.begin() as connection:
            load.link_simulator(connection, self.clock.now())
            for slug in unlinked:
                connection.execute(CHAT.delete().where(CHAT.c.person_id == self._person_id(connection, slug)))
        self.turn()

    # -- what happens

    def load(self, file: OfficeFile) -> list[load.Change]:
        """Load an office file, as the operator does."""
        with self.engine.begin() as connection:
            return load.apply(connection, file, self.clock.now())

    def turn(self) -> Turned:
        """One turn of the engine at this moment."""
        self._rang.clear()
        turned = self._runner.run(turn(self.engine, self.channels, self.clock.now()))
        self._check()
        return turned

    def send(self) -> Delivered:
        """Another machine sends what waits before this office has its turn."""
        self._rang.clear()
        delivered = self._runner.run(deliver(self.engine, self.channels, self.clock.now()))
        self._check()
        return delivered

    def run_until(self, moment: str) -> None:
        """Live on from alarm to alarm; the last turn is at ``moment`` itself."""
        end = civil(moment)
        assert end >= self.clock.now(), f"{moment} has passed"
        while True:
            with reading(self.engine) as connection:
                wake = next_wake(connection, self.clock.now())
            if wake is None or wake > end:
                break
            self.clock.move_to(wake)
            self.turn()
        self.sleep_until(moment)

    def sleep_until(self, moment: str) -> None:
        """The machine is off until then; the first turn after it is at ``moment``."""
        self.clock.move_to(civil(moment))
        self.turn()

    def say(self, person: str, text: str, *, about: int | None = None, **more: Any) -> None:
        """Somebody types (or presses a button shown under ``about``), and the engine turns."""
        self.hear(person, text, about=about, **more)
        self.turn()

    def hear(
        self, person: str, text: str, *, about: int | None = None, address: str | None = None, **more: Any
    ) -> None:
        """Somebody types while the engine is busy elsewhere: stored, not yet acted upon.

        ``more``: what ``Simulator.typed`` takes; ``address``: a group they write in.
        """
        if about is not None:
            more["press"] = Press(about)
        if address is not None:
            more["sender"] = _address(person)
        inbound = self.simulator.typed(address or _address(person), text, **more)
        with self.engine.begin() as connection:
            receive.store(connection, [inbound], self.clock.now())

    def phone(self, person: str) -> Phone:
        """This person's phone."""
        return self.phones.setdefault(person, Phone(person))

    def everyone_silent(self) -> None:
        """No phone has anything unread."""
        for phone in self.phones.values():
            phone.silent()

    def ignore_rest(self) -> None:
        """This story is over before its messages are."""
        self._expects_nothing_more = False

    def block(self, person: str) -> None:
        """This person blocks the bot."""
        self.simulator.blocked.add(_address(person))

    def link(self, person: str) -> None:
        """This person links a (new) chat."""
        self.simulator.blocked.discard(_address(person))
        with self.engine.begin() as connection:
            connection.execute(CHAT.delete().where(CHAT.c.address == _address(person)))
            load.link_simulator(connection, self.clock.now())

    def dismiss(self, person: str) -> None:
        """This person works here no longer."""
        with self.engine.begin() as connection:
            connection.execute(update(PERSON).where(PERSON.c.slug == person).values(active=False))

    def stand_in(self, person: str, substitute: str, first: str, last: str) -> None:
        """A decision names a stand-in for these days, inclusive."""
        with self.engine.begin() as connection:
            connection.execute(
                insert(STAND_IN).values(
                    office_id=OFFICE_ID,
                    person_id=self._person_id(connection, person),
                    substitute_id=self._person_id(connection, substitute),
                    first_day=dt.date.fromisoformat(first),
                    last_day=dt.date.fromisoformat(last),
                    decision="12/QĐ-UBND",
                )
            )

    def operate(self, action: Any, title: str, *words: str) -> Any:
        """An operator acts at the command line: one of the functions of ``engine.actions``."""
        with self.engine.begin() as connection:
            row = occurrence_row(connection, self.occurrence(title).id)
            actor = Actor("Người vận hành")
            return action(connection, self.office(connection), row, actor, *words, self.clock.now())

    def die_while_sending(self) -> str:
        """A second process takes this turn's delivery and is killed (SIGKILL) inside its first send.

        Returns what it had put on the wire: the copy that may have arrived.
        """
        command = [sys.executable, "-m", "tests.stories.dying_sender", self.database.url, self.clock.now().isoformat()]
        died = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, encoding="utf-8", check=False)
        assert died.returncode == -9, died.stderr
        return died.stdout

    # -- what is stored

    def occurrence(self, title: str) -> AnyRow:
        """The one occurrence whose title begins so (the earliest of several)."""
        query = select(OCCURRENCE).where(OCCURRENCE.c.title.startswith(title)).order_by(OCCURRENCE.c.due)
        with reading(self.engine) as connection:
            row = connection.execute(query.limit(1)).first()
        assert row is not None, f"no occurrence {title!r}"
        return row

    def rows(self, query: Any) -> list[AnyRow]:
        """Whatever a story must look up in the database."""
        with reading(self.engine) as connection:
            return list(connection.execute(query).all())

    def silences(self, person: str | None = None) -> list[tuple[str, str]]:
        """(rung, reason) of every reminder that was not said, in order."""
        query = (
            select(REMINDER.c.rung, REMINDER.c.reason)
            .join(PERSON, PERSON.c.id == REMINDER.c.person_id)
            .where(REMINDER.c.status == "suppressed")
            .order_by(REMINDER.c.scheduled_at, REMINDER.c.id)
        )
        if person:
            query = query.where(PERSON.c.slug == person)
        return [(row.rung, row.reason) for row in self.rows(query)]

    def extensions(self) -> list[tuple[str, str]]:
        """(status, day asked for) of every request, in order."""
        query = select(EXTENSION.c.status, EXTENSION.c.until).order_by(EXTENSION.c.id)
        return [(row.status, row.until.isoformat()) for row in self.rows(query)]

    def outbox(self, person: str) -> list[tuple[str, str, int]]:
        """(kind, status, copies) of everything written for this person, in order."""
        query = (
            select(MESSAGE.c.kind, MESSAGE.c.status, MESSAGE.c.copies)
            .join(PERSON, PERSON.c.id == MESSAGE.c.person_id)
            .where(PERSON.c.slug == person)
            .order_by(MESSAGE.c.id)
        )
        return [(row.kind, row.status, row.copies) for row in self.rows(query)]

    def history(self, action: str) -> int:
        """How often the journal tells of this."""
        query = select(journal.JOURNAL.c.seq).where(journal.JOURNAL.c.action == action)
        return len(self.rows(query))

    def snapshot(self) -> Mapping[str, int]:
        """How many rows each busy table has."""
        tables = {"occurrence": OCCURRENCE, "reminder": REMINDER, "message": MESSAGE, "journal": journal.JOURNAL}
        return {name: len(self.rows(select(table))) for name, table in tables.items()}

    def office(self, connection: Connection) -> OfficeView:
        """The office as a step sees it."""
        return view_office(connection, OFFICE_ID)

    # -- how it ends

    def close(self) -> None:
        """Nothing may be left unread, unless the story said so."""
        self._runner.close()
        self.database.close()
        if self._expects_nothing_more:
            self.everyone_silent()

    # -- inside

    @staticmethod
    def _person_id(connection: Connection, slug: str) -> int:
        return int(connection.execute(select(PERSON.c.id).where(PERSON.c.slug == slug)).scalar_one())

    def ring(self, message: SimulatedMessage) -> None:
        self._rang.append(message)
        if "/" not in message.address:  # a group's
            self.phone(message.address).unread.append(message)
        elif self.digests or not isinstance(message.message, DigestMessage):
            self.phone(message.address.split("/")[1]).unread.append(message)

    def _check(self) -> None:
        now = self.clock.now().astimezone(ZONE)
        for message in self._rang:
            if not isinstance(message.message, Answer):
                self._check_hours(message, now)
            if isinstance(message.message, ReminderMessage):
                self._check_lines(message.message)
        with reading(self.engine) as connection:
            verdict = journal.verify(connection, OFFICE_ID)
        assert verdict.broken_at is None, f"the journal breaks at line {verdict.broken_at}"

    def _check_hours(self, message: SimulatedMessage, now: dt.datetime) -> None:
        clock = now.strftime("%H:%M")
        at_work = "07:30" <= clock < "11:30" or "13:30" <= clock < "17:00"
        assert at_work, f"outside working hours ({now}):\n{message.text}"
        assert vietnam_calendar().is_working(now.date()), f"on a day off ({now}):\n{message.text}"
        resent = isinstance(message.message, ReminderMessage) and message.message.resent
        slot = (message.address, f"{now.date()} {'am' if clock < '12:00' else 'pm'}")
        assert resent or slot not in self._heard, f"a second message in one slot ({now}):\n{message.text}"
        self._heard.add(slot)

    def _check_lines(self, message: ReminderMessage) -> None:
        assert len({item.occurrence_id for item in message.items}) == len(message.items), "one line for each work"
        for item in message.items:
            if item.says in _ASKS_FOR_WORK:
                query = select(OCCURRENCE.c.work_state).where(OCCURRENCE.c.id == item.occurrence_id)
                state = WorkState(self.rows(query)[0].work_state)
                assert state in OPEN, f"{item.title} is {state}, yet {message.person} is told {item.says}"


def _address(person: str) -> str:
    return f"{OFFICE_ID}/{person}"


def forget_number_rest(world: World, days: int) -> None:
    """Let numbers that rest have been resting for so many days longer."""
    from data.handles import HANDLE

    with world.engine.begin() as connection:
        for row in connection.execute(select(HANDLE).where(HANDLE.c.released_at.is_not(None))).all():
            older = row.released_at - dt.timedelta(days=days)
            connection.execute(update(HANDLE).where(HANDLE.c.id == row.id).values(released_at=older))

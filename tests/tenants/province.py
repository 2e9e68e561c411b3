"""A province of three offices in one database, as alike as they can be, with a telephone for everybody.

The slugs, roles, numbers, several titles and several names are the same in all three. What must not cross is marked:
each office has a word that stands nowhere else, in titles, products, names of people and of units, and in the reasons
its people give. :func:`watch` looks at everything that left and everything that was written since it looked last.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, and_, event, insert, or_, select

from bots.wording import plain
from data import serving
from data.database import connect, create_schema, reading
from data.handles import HANDLE
from data.journal import JOURNAL, verify
from data.rows import AnyRow
from engine import load, receive
from engine.app import bind_bots
from engine.clock import VirtualClock
from engine.cycle import turn
from engine.messages import Answer, Attachment, Channel, Edit, Inbound, Message, Outcome, Press, ReminderMessage, Sent
from engine.office import (
    CHAT,
    EVIDENCE,
    EXTENSION,
    INBOUND,
    LINK_CODE,
    MESSAGE,
    OBLIGATION,
    OCCURRENCE,
    PERSON,
    REMINDER,
    STAND_IN,
    UNIT,
)
from engine.preview import next_wake
from schedules.office_model import OfficeFile
from tests.databases import StoryDatabase
from tests.world import civil

#: Each office's own word; a person's given name that no other office has stands before it.
MARKS = {"xa-dong": "Đôngq", "xa-tay": "Tâyq", "xa-nam": "Namq"}
GIVEN = {"xa-dong": "Thụ", "xa-tay": "Đàn", "xa-nam": "Giót"}
DONG, TAY, NAM = MARKS
BEGINS, ASKED, OPENS = "2026-03-02 07:00", "2026-03-11 10:00", "2026-03-13 14:00"

CHAIR, STANDING_HEAD, STANDING = "chu-tich", "vhxh-truong", "vhxh-cchc"
HEAD, OFFICER, SECOND_OFFICER = "kinh-te-truong", "kinh-te-cv", "kinh-te-cv-2"
PEOPLE = (CHAIR, STANDING_HEAD, STANDING, HEAD, OFFICER, SECOND_OFFICER)

#: (channel, bot) → office. The last one is shared by all.
BOTS: dict[tuple[str, str], str | None] = {
    ("telegram", "1001"): DONG,
    ("telegram", "1002"): TAY,
    ("telegram", "1003"): NAM,
    ("zalo", "2001"): DONG,
    ("telegram", "1999"): None,
}
OWN_BOT = {DONG: ("telegram", "1001"), TAY: ("telegram", "1002"), NAM: ("telegram", "1003")}
SHARED = ("telegram", "1999")
GROUP = "-5"  # of the office's Phòng Kinh tế, at its own bot


def office_of_the_province(office_id: str) -> OfficeFile:
    """One of the three: five pieces of work, six people."""
    mark, given = MARKS[office_id], GIVEN[office_id]
    source = {"where": f"Danh mục {mark}"}
    duty: dict[str, Any] = {"source": source, "lead": "kinh-te"}
    return OfficeFile.model_validate(
        {
            "office": {
                "id": office_id,
                "name": f"UBND xã {mark}",
                "province": "Thành phố Hải Phòng",
                "standing_unit": "vhxh",
            },
            "plan": {"title": "Kế hoạch CCHC năm 2026", "issuer": "UBND xã", "period": [2026, 2026]},
            "units": [
                {"id": "lanh-dao", "name": "Lãnh đạo UBND xã", "kind": "leadership"},
                {"id": "vhxh", "name": f"Phòng Văn hóa {mark}"},
                {"id": "kinh-te", "name": "Phòng Kinh tế"},
            ],
            "people": [
                {"id": CHAIR, "name": "Chủ tịch UBND xã", "unit": "lanh-dao", "role": "leader"},
                {"id": STANDING_HEAD, "name": f"Trưởng phòng Văn hóa {mark}", "unit": "vhxh", "role": "head"},
                {"id": STANDING, "name": "Chuyên viên CCHC", "unit": "vhxh", "role": "officer", "standing": True},
                {"id": HEAD, "name": f"Nguyễn Văn Bình {mark}", "unit": "kinh-te", "role": "head"},
                {"id": OFFICER, "name": "Chuyên viên Phòng Kinh tế", "unit": "kinh-te", "role": "officer"},
                {"id": SECOND_OFFICER, "name": f"Hoàng {given} {mark}", "unit": "kinh-te", "role": "officer"},
            ],
            "obligations": [
                {
                    "id": "ke-hoach",
                    "title": "Kế hoạch chuyển đổi số",
                    "product": f"Kế hoạch {mark}",
                    "kind": "one_off_date",
                    "due": {"date": "2026-03-20"},
                    **duty,
                },
                {
                    "id": "bao-cao",
                    "title": f"Báo cáo TTHC {mark}",
                    "kind": "monthly",
                    "cutoff": {"day": 14},
                    "due": {"day": 17},
                    "confirm": "head",
                    **duty,
                },
                {
                    "id": "ky-yeu",
                    "title": "Kỷ yếu",
                    "kind": "one_off_date",
                    "due": {"date": "2026-03-25"},
                    "doer": SECOND_OFFICER,
                    "evidence": "any",
                    **duty,
                },
                {
                    "id": "ra-soat",
                    "title": f"Rà soát thủ tục {mark}",
                    "kind": "one_off_date",
                    "due": {"date": "2026-03-13"},
                    **duty,
                },
                {
                    "id": "cong-khai",
                    "title": "Công khai thủ tục",
                    "product": f"Bảng {mark}",
                    "kind": "one_off_date",
                    "due": {"date": "2026-03-18"},
                    "source": source,
                    "lead": "vhxh",
                },
            ],
        }
    )


class Leak(AssertionError):
    """Something of one office has reached another."""


class Bot:
    """A channel whose telephones stand in this process; its words are those of every channel."""

    edits = True

    def __init__(self, channel: str, bot: str, office_id: str | None) -> None:
        self.name, self.bot, self.office_id = channel, bot, office_id
        self.left: list[tuple[str, Message, str]] = []  # address, message, words
        self._sent = 0

    async def send(self, address: str, message: Message) -> Outcome:
        """Show it on the telephone."""
        text = plain(message.message if isinstance(message, Edit) else message)
        self.left.append((address, message, text))
        self._sent += 1
        return Sent(f"{self.bot}-{self._sent}", text)


@dataclass
class Province:
    """The three offices in one database, their bots, and a clock that is moved by hand."""

    database: StoryDatabase
    now: str
    clock: VirtualClock = field(init=False)
    bots: dict[tuple[str, str], Bot] = field(init=False)
    shared: dict[str, str] = field(default_factory=dict)  # address at the shared bot → office
    _seen: dict[str, int] = field(default_factory=dict)  # up to which row each table has been looked at
    _keys: int = 0

    def __post_init__(self) -> None:
        self.clock = VirtualClock(civil(self.now))
        self.bots = {(channel, bot): Bot(channel, bot, office) for (channel, bot), office in BOTS.items()}

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.database.engine

    @property
    def channels(self) -> list[Channel]:
        """Every bot, as the engine gets them."""
        return list(self.bots.values())

    # -- what happens

    async def turn(self) -> None:
        """One turn of the engine, and a look at what came of it."""
        await turn(self.engine, self.channels, self.clock.now())
        watch(self)

    async def wait(self) -> None:
        """Until the next moment at which something is due."""
        with reading(self.engine) as connection:
            wake = next_wake(connection, self.clock.now())
        if wake is not None:
            self.clock.move_to(wake)
        await self.turn()

    def hear(
        self,
        where: tuple[str, str],
        address: str,
        text: str,
        *,
        press: Press | None = None,
        sender: str | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> None:
        """Somebody types or presses there; stored, not yet acted upon."""
        self._keys += 1
        inbound = Inbound(*where, f"k{self._keys}", address, text, press, sender, attachments)
        with self.engine.begin() as connection:
            receive.store(connection, [inbound], self.clock.now())

    async def say(self, where: tuple[str, str], address: str, text: str, **more: Any) -> list[str]:
        """… and the engine turns. Returns what that telephone shows of it."""
        for bot in self.bots.values():
            bot.left.clear()
        self.hear(where, address, text, **more)
        await turn(self.engine, self.channels, self.clock.now())
        shown = [words for at, _, words in self.bots[where].left if at == address]
        watch(self)
        return shown

    # -- what is stored

    def rows(self, query: Any) -> list[AnyRow]:
        """Whatever must be looked up."""
        with reading(self.engine) as connection:
            return list(connection.execute(query).all())

    def person(self, office_id: str, slug: str) -> int:
        """A person's id."""
        [row] = self.rows(select(PERSON.c.id).where(PERSON.c.office_id == office_id, PERSON.c.slug == slug))
        return int(row.id)

    def work(self, office_id: str, title: str) -> AnyRow:
        """The earliest occurrence of this office whose title begins so."""
        query = select(OCCURRENCE).where(OCCURRENCE.c.office_id == office_id, OCCURRENCE.c.title.startswith(title))
        return self.rows(query.order_by(OCCURRENCE.c.due).limit(1))[0]

    def numbers_at(self, where: tuple[str, str], address: str) -> list[int]:
        """The numbers that whoever is linked here knows open work by."""
        query = select(HANDLE.c.number).join(CHAT, CHAT.c.person_id == HANDLE.c.person_id)
        here = (_at(CHAT, where), CHAT.c.address == address, HANDLE.c.released_at.is_(None))
        return [row.number for row in self.rows(query.where(*here).order_by(HANDLE.c.number))]

    def audience(self, where: tuple[str, str], address: str) -> str | None:
        """Whose telephone this is, by how it was linked; None: a stranger's at the shared bot."""
        return BOTS[where] or self.shared.get(address)

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


def address_of(slug: str) -> str:
    """At every bot of every office the same addresses stand for other people."""
    return str(PEOPLE.index(slug) + 1)


async def founded(database: StoryDatabase) -> Province:
    """The province on its second Friday: everything loaded, everybody linked, the first reminders heard.

    In each office one report waits to be confirmed, and one request for more time to be decided.
    One person of each office is linked at the shared bot only, another at both. Three chats stand where they must not
    be used: at the bot of another office.
    """
    province = Province(database, BEGINS)
    now = province.clock.now()
    with province.engine.begin() as connection:
        for office_id in MARKS:
            load.apply(connection, office_of_the_province(office_id), now)
    bind_bots(province.engine, province.channels, now)
    people = {(row.office_id, row.slug): row.id for row in province.rows(select(PERSON))}
    kinh_te = province.rows(select(UNIT.c.id, UNIT.c.office_id).where(UNIT.c.slug == "kinh-te"))
    chats = [
        _chat(office_id, OWN_BOT[office_id], address_of(slug), person_id=person)
        for (office_id, slug), person in people.items()
        if slug != OFFICER
    ]
    for number, office_id in enumerate(MARKS):
        for slug, rank in ((OFFICER, 0), (STANDING, 1)):
            address = f"{number}{address_of(slug)}"
            province.shared[address] = office_id
            chats.append(_chat(office_id, SHARED, address, person_id=people[office_id, slug], rank=rank))
    chats += [_chat(row.office_id, OWN_BOT[row.office_id], GROUP, unit_id=row.id) for row in kinh_te]
    chats += [
        _chat(DONG, OWN_BOT[TAY], "66", person_id=people[DONG, CHAIR], rank=-1),
        _chat(TAY, OWN_BOT[NAM], "66", person_id=people[TAY, HEAD], rank=-1),
        _chat(NAM, ("zalo", "2001"), "67", person_id=people[NAM, SECOND_OFFICER], rank=-1),
    ]
    with province.engine.begin() as connection:
        connection.execute(insert(CHAT), chats)
    await province.turn()
    while province.clock.now() < civil(ASKED):
        await province.wait()
    for address, office_id in province.shared.items():
        if address[1:] == address_of(OFFICER):
            more = f"gia hạn {_number(province, office_id, 'Kế hoạch')} đến 27/3 vì chờ số liệu {MARKS[office_id]}"
            province.hear(SHARED, address, more)
            province.hear(SHARED, address, f"xong {_number(province, office_id, 'Báo cáo')}")
    while province.clock.now() < civil(OPENS):
        await province.wait()
    return province


def _number(province: Province, office_id: str, title: str) -> int:
    """By which the officer knows this work."""
    officer, work = province.person(office_id, OFFICER), province.work(office_id, title).id
    [row] = province.rows(select(HANDLE.c.number).where(HANDLE.c.person_id == officer, HANDLE.c.occurrence_id == work))
    return int(row.number)


def _chat(
    office_id: str,
    where: tuple[str, str],
    address: str,
    *,
    person_id: int | None = None,
    unit_id: int | None = None,
    rank: int = 0,
) -> dict[str, Any]:
    return {
        "office_id": office_id,
        "person_id": person_id,
        "unit_id": unit_id,
        "channel": where[0],
        "bot": where[1],
        "address": address,
        "rank": rank,
        "linked_at": civil(BEGINS),
    }


def copied(first: Province, file: Path) -> Province:
    """The same province in a file of its own."""
    first.engine.dispose()
    shutil.copy(first.engine.url.database or "", file)
    province = Province(on_file(file), OPENS, shared=dict(first.shared))
    province.clock.move_to(first.clock.now())
    province._seen, province._keys = dict(first._seen), first._keys
    return province


def on_file(file: Path) -> StoryDatabase:
    """This file as a database; its tables are there, or are made."""
    url = f"sqlite:///{file}"
    engine = connect(url)
    event.listen(engine, "connect", lambda opened, _: opened.execute("PRAGMA synchronous = OFF"))  # nobody pulls a plug
    if not file.exists():
        create_schema(engine)
    return StoryDatabase(url, engine)


# ---- the watch ------------------------------------------------------------------------------------------------------


def watch(province: Province) -> None:
    """Look at everything that left and was written since the last look.

    :raises Leak: something of one office has reached another.
    """
    homes = {row.id: row.office_id for row in province.rows(select(OCCURRENCE.c.id, OCCURRENCE.c.office_id))}
    for where, bot in province.bots.items():
        for address, message, text in bot.left:
            _look_at_message(province, homes, where, address, message, text)
        bot.left.clear()
    for what, query in _CROSSED.items():
        if found := province.rows(query.limit(1)):
            raise Leak(f"{what}: {found[0]}")
    _look_at_bots(province)
    _look_at_words(province)


def check_journals(province: Province) -> None:
    """Each office's chain of history is its own, and whole."""
    with reading(province.engine) as connection:
        for office_id in MARKS:
            assert verify(connection, office_id).broken_at is None, office_id


def _look_at_message(
    province: Province,
    homes: dict[int, str],
    where: tuple[str, str],
    address: str,
    message: Message,
    text: str,
) -> None:
    audience = province.audience(where, address)
    foreign = [mark for office_id, mark in MARKS.items() if office_id != audience and mark in text]
    if foreign:
        raise Leak(f"{where} {address} of {audience} was told of {foreign}:\n{text}")
    strange = [number for number in _work_in(message) if homes[number] != audience]
    if strange:
        raise Leak(f"{where} {address} of {audience} was told of work {strange}:\n{text}")


def _work_in(message: Message) -> Iterable[int]:
    inner = message.message if isinstance(message, Edit) else message
    if isinstance(inner, ReminderMessage):
        yield from (item.occurrence_id for item in inner.items)
    if isinstance(inner, Answer):
        yield from (line.occurrence_id for line in inner.lines)
        if inner.occurrence_id:
            yield inner.occurrence_id


_DOER, _AWAY = PERSON.alias("doer"), PERSON.alias("away")
#: Rows whose parts are of two offices. Each question must find nothing.
_CROSSED: dict[str, Any] = {
    "occurrence and its obligation": select(OCCURRENCE.c.id)
    .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
    .where(OBLIGATION.c.office_id != OCCURRENCE.c.office_id),
    "occurrence and its unit": select(OCCURRENCE.c.id)
    .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
    .where(UNIT.c.office_id != OCCURRENCE.c.office_id),
    "occurrence and its doer, or who reported it": select(OCCURRENCE.c.id)
    .join(_DOER, or_(_DOER.c.id == OCCURRENCE.c.doer_id, _DOER.c.id == OCCURRENCE.c.reported_by))
    .where(_DOER.c.office_id != OCCURRENCE.c.office_id),
    "reminder": select(REMINDER.c.id)
    .join(PERSON, PERSON.c.id == REMINDER.c.person_id)
    .join(OCCURRENCE, OCCURRENCE.c.id == REMINDER.c.occurrence_id)
    .where(or_(PERSON.c.office_id != REMINDER.c.office_id, OCCURRENCE.c.office_id != REMINDER.c.office_id)),
    "reminder and its message": select(REMINDER.c.id)
    .join(MESSAGE, MESSAGE.c.id == REMINDER.c.message_id)
    .where(or_(MESSAGE.c.office_id != REMINDER.c.office_id, MESSAGE.c.person_id != REMINDER.c.person_id)),
    "reminder on behalf of": select(REMINDER.c.id)
    .join(_AWAY, _AWAY.c.id == REMINDER.c.on_behalf_of)
    .where(_AWAY.c.office_id != REMINDER.c.office_id),
    "message": select(MESSAGE.c.id)
    .join(PERSON, PERSON.c.id == MESSAGE.c.person_id)
    .where(PERSON.c.office_id != MESSAGE.c.office_id),
    "extension": select(EXTENSION.c.id)
    .join(OCCURRENCE, OCCURRENCE.c.id == EXTENSION.c.occurrence_id)
    .join(PERSON, or_(PERSON.c.id == EXTENSION.c.asked_by, PERSON.c.id == EXTENSION.c.decided_by))
    .where(or_(OCCURRENCE.c.office_id != EXTENSION.c.office_id, PERSON.c.office_id != EXTENSION.c.office_id)),
    "evidence": select(EVIDENCE.c.id)
    .join(OCCURRENCE, OCCURRENCE.c.id == EVIDENCE.c.occurrence_id)
    .join(PERSON, PERSON.c.id == EVIDENCE.c.person_id)
    .where(or_(OCCURRENCE.c.office_id != EVIDENCE.c.office_id, PERSON.c.office_id != EVIDENCE.c.office_id)),
    "number": select(HANDLE.c.id)
    .join(OCCURRENCE, OCCURRENCE.c.id == HANDLE.c.occurrence_id)
    .join(PERSON, PERSON.c.id == HANDLE.c.person_id)
    .where(OCCURRENCE.c.office_id != PERSON.c.office_id),
    "stand-in": select(STAND_IN.c.id)
    .join(PERSON, or_(PERSON.c.id == STAND_IN.c.person_id, PERSON.c.id == STAND_IN.c.substitute_id))
    .where(PERSON.c.office_id != STAND_IN.c.office_id),
    "code": select(LINK_CODE.c.id)
    .join(PERSON, PERSON.c.id == LINK_CODE.c.person_id)
    .where(PERSON.c.office_id != LINK_CODE.c.office_id),
    "chat": select(CHAT.c.id)
    .join(PERSON, PERSON.c.id == CHAT.c.person_id)
    .where(PERSON.c.office_id != CHAT.c.office_id),
    "chat of a group": select(CHAT.c.id)
    .join(UNIT, UNIT.c.id == CHAT.c.unit_id)
    .where(UNIT.c.office_id != CHAT.c.office_id),
    "line of the journal": select(JOURNAL.c.office_id, JOURNAL.c.seq)
    .join(OCCURRENCE, OCCURRENCE.c.id == JOURNAL.c.occurrence_id)
    .where(JOURNAL.c.office_id != OCCURRENCE.c.office_id),
}


def _at(table: Any, where: tuple[str, str]) -> Any:
    return and_(table.c.channel == where[0], table.c.bot == where[1])


def _look_at_bots(province: Province) -> None:
    """Through a bot of one office nobody of another is heard, written to, or linked."""
    for where, office_id in BOTS.items():
        if office_id is None:
            continue
        heard = (
            select(INBOUND.c.id, PERSON.c.office_id)
            .join(PERSON, PERSON.c.id == INBOUND.c.person_id)
            .where(_at(INBOUND, where), PERSON.c.office_id != office_id)
        )
        sent = select(MESSAGE.c.id, MESSAGE.c.office_id).where(
            _at(MESSAGE, where), MESSAGE.c.status != "refused", MESSAGE.c.office_id != office_id
        )
        linked = select(CHAT.c.id, CHAT.c.office_id).where(
            _at(CHAT, where), CHAT.c.office_id != office_id, CHAT.c.linked_at > civil(BEGINS)
        )
        for what, query in (("heard", heard), ("written to", sent), ("linked", linked)):
            if found := province.rows(query.limit(1)):
                raise Leak(f"{what} by the bot of {office_id}: {found[0]}")


def _look_at_words(province: Province) -> None:
    """What was written down since the last look, in the journal and in the outbox, speaks of its own office only."""
    journal = select(JOURNAL.c.office_id, JOURNAL.c.seq, JOURNAL.c.actor, JOURNAL.c.data)
    for office_id in MARKS:
        key = f"journal of {office_id}"
        seq = JOURNAL.c.seq > province._seen.get(key, 0)
        lines = province.rows(journal.where(JOURNAL.c.office_id == office_id, seq).order_by(JOURNAL.c.seq))
        _check_words(key, office_id, [f"{line.actor} {line.data}" for line in lines])
        if lines:
            province._seen[key] = lines[-1].seq
    texts = select(MESSAGE.c.id, MESSAGE.c.office_id, MESSAGE.c.text, MESSAGE.c.payload)
    written = province.rows(texts.where(MESSAGE.c.id > province._seen.get("outbox", 0)).order_by(MESSAGE.c.id))
    for row in written:
        _check_words("outbox", row.office_id, [f"{row.text} {row.payload}"])
    if written:
        province._seen["outbox"] = written[-1].id


def _check_words(place: str, office_id: str, words: Sequence[str]) -> None:
    for mark_of, mark in MARKS.items():
        found = [text for text in words if mark in text] if mark_of != office_id else []
        if found:
            raise Leak(f"{place} of {office_id} tells of {mark_of}: {found[0]}")


def served(province: Province) -> dict[tuple[str, str], str]:
    """Which bots are known to serve one office."""
    with reading(province.engine) as connection:
        return serving.bound(connection)

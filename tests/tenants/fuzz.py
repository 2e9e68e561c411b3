"""Random hours of the province: whatever people of one office can type, press or forge, and the days that pass."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from sqlalchemy import select

from data.handles import HANDLE
from engine import linking
from engine.messages import Attachment, Kind, Press
from engine.office import CHAT, EXTENSION, OCCURRENCE, PERSON
from tests.tenants.province import (
    BOTS,
    GIVEN,
    GROUP,
    MARKS,
    OFFICER,
    OWN_BOT,
    PEOPLE,
    SECOND_OFFICER,
    SHARED,
    Province,
    check_journals,
)

COMMANDS = (
    "xong {n}",
    "xong {n} số 12/BC-UBND ngày 16/3/2026",
    "xong",
    "{n}",
    "đang làm {n}",
    "việc",
    "việc đơn vị",
    "tuần",
    "việc đơn vị",
    "chi tiết {n}",
    "gia hạn {n} đến {day}/4 vì chờ số liệu {mark}",
    "gia hạn {n}",
    "đồng ý {n}",
    "đồng ý",
    "xác nhận",
    "từ chối {n} vì {mark} muộn",
    "xác nhận {n}",
    "trả lại {n} vì {mark} thiếu phụ lục",
    "chuyển {n} cho {who}",
    "chuyển {n}",
    "vướng {n}: {mark} thiếu người",
    "nhắc {n} chiều mai",
    "hoàn tác",
    "nghỉ từ 23/3 đến 24/3",
    "trợ giúp",
    "chào bot",
)
VERBS = ("xong", "đang làm", "xác nhận", "đồng ý", "hoàn tác", "chi tiết", "trả lại")


class Fuzz:
    """One seed's hours."""

    def __init__(self, province: Province, seed: int) -> None:
        self.province, self.random = province, random.Random(seed)
        self.works = {row.id: row for row in province.rows(select(OCCURRENCE.c.id, OCCURRENCE.c.office_id))}

    async def live(self, steps: int) -> None:
        """So many things happen, one after the other.

        :raises Leak: as soon as something of one office has reached another.
        """
        moves: list[tuple[int, Callable[[], None]]] = [
            (10, self.somebody_types),
            (5, self.somebody_presses),
            (4, self.somebody_decides),
            (2, self.somebody_types_in_a_group),
            (2, self.somebody_types_a_code),
            (1, self.somebody_sends_a_photo),
            (1, self.somebody_takes_it_back),
        ]
        for _ in range(steps):
            if self.random.random() < 0.25:
                await self.province.wait()
                continue
            [move] = self.random.choices([move for _, move in moves], [weight for weight, _ in moves])
            for _ in range(self.random.randint(1, 3)):
                move()
            await self.province.turn()
        check_journals(self.province)

    # -- what they do

    def somebody_types(self) -> None:
        where, address = self._chat()
        self.province.hear(where, address, self._words(where, address))
        if self.random.random() < 0.3:
            self.province.hear(where, address, self.random.choice(["hoàn tác", "1", "2", "chờ số liệu"]))

    def somebody_presses(self) -> None:
        """A button of one's own, or one made up from another office's numbers."""
        where, address = self._chat()
        rows = self.province.rows(
            select(OCCURRENCE.c.id, OCCURRENCE.c.version).where(OCCURRENCE.c.opened_at.is_not(None))
        )
        row = self.random.choice(rows)
        version = self.random.choice([row.version, row.version, 0, 1])
        owner = self.random.choice([None, None, self.random.randint(1, 3 * len(PEOPLE))])
        press = Press(row.id, version, owner, self.random.choice([None, "1001-3"]))
        self.province.hear(where, address, self.random.choice(VERBS), press=press)

    def somebody_decides(self) -> None:
        """Whoever has a number for work that waits for a word says it, or takes something back."""
        waits = select(EXTENSION.c.occurrence_id).where(EXTENSION.c.status == "waiting")
        here = select(HANDLE.c.number, CHAT.c.channel, CHAT.c.bot, CHAT.c.address, OCCURRENCE.c.work_state)
        here = here.join(OCCURRENCE, OCCURRENCE.c.id == HANDLE.c.occurrence_id)
        here = here.join(CHAT, CHAT.c.person_id == HANDLE.c.person_id).join(PERSON, PERSON.c.id == CHAT.c.person_id)
        waiting = OCCURRENCE.c.id.in_(waits) | (OCCURRENCE.c.work_state == "waiting")
        decides = PERSON.c.slug.not_in((OFFICER, SECOND_OFFICER))
        found = self.province.rows(here.where(waiting, decides).order_by(HANDLE.c.id, CHAT.c.id))
        if not found:
            return self.somebody_types()
        row = self.random.choice(found)
        verb = "xác nhận" if row.work_state == "waiting" else "đồng ý"
        said = self.random.choice([f"{verb} {row.number}", f"{verb} {row.number}", verb, "hoàn tác"])
        return self.province.hear((row.channel, row.bot), row.address, said)

    def somebody_types_in_a_group(self) -> None:
        office_id = self.random.choice(list(MARKS))
        where = self.random.choice(list(OWN_BOT.values()))
        sender = str(self.random.randint(1, len(PEOPLE)))
        self.province.hear(where, GROUP, self._command(office_id, BOTS[where] or office_id), sender=sender)

    def somebody_types_a_code(self) -> None:
        """A code of any office's at any bot: at its own it links, at another's it must not."""
        office_id = self.random.choice(list(MARKS))
        where, address = self.random.choice(list(BOTS)), str(self.random.randint(1, 90))
        if where == SHARED:
            address = str(self.random.randint(100, 900))  # a stranger there: an account can change its owner for good
        person = self.province.person(office_id, self.random.choice(PEOPLE))
        with self.province.engine.begin() as connection:
            code = linking.issue(
                connection, office_id, person_id=person, issued_by="văn thư", now=self.province.clock.now()
            )
        if where == SHARED:
            self.province.shared.setdefault(address, office_id)
            if self.province.shared[address] != office_id:
                return
        self.province.hear(where, address, code)

    def somebody_sends_a_photo(self) -> None:
        where, address = self._chat()
        photo = Attachment(Kind.PHOTO, f"anh-{self.random.random()}", "anh.jpg", "image/jpeg", 1000)
        text = self.random.choice(["", "xong {n}", "{n}"]).format(n=self.random.randint(1, 5))
        self.province.hear(where, address, text, attachments=(photo,))

    def somebody_takes_it_back(self) -> None:
        where, address = self._chat()
        for number in self.province.numbers_at(where, address)[:1]:
            self.province.hear(where, address, f"{self.random.choice(['đang làm', 'xong'])} {number}")
        self.province.hear(where, address, "hoàn tác")

    # -- with which words, and where

    def _chat(self) -> tuple[tuple[str, str], str]:
        """Mostly a chat that is linked, or stands where it must not be; now and then a stranger's."""
        if self.random.random() < 0.1:
            return self.random.choice(list(BOTS)), str(self.random.randint(1, 70))
        chats = select(CHAT.c.channel, CHAT.c.bot, CHAT.c.address).where(CHAT.c.unit_id.is_(None)).order_by(CHAT.c.id)
        if self.random.random() < 0.6:  # somebody who has work
            chats = chats.where(CHAT.c.person_id.in_(select(OCCURRENCE.c.doer_id)))
        chat = self.random.choice(self.province.rows(chats))
        return (chat.channel, chat.bot), chat.address

    def _words(self, where: tuple[str, str], address: str) -> str:
        home = self.province.audience(where, address)
        return self._command(self.random.choice(list(MARKS)), home, self.province.numbers_at(where, address))

    def _command(self, other: str, home: str | None, known: Sequence[int] = ()) -> str:
        """With the numbers and names of any office; only one's own mark is ever typed, so that no echo looks a leak."""
        number = self.random.choice([*range(1, 6), self.random.choice(list(self.works))])
        if known and self.random.random() < 0.8:
            number = self.random.choice(known)
        who = self.random.choice([GIVEN[other], f"Hoàng {GIVEN[other]}", "Bình", "chị Bình phòng kinh tế", "1"])
        mark = MARKS[home] if home else ""
        template = self.random.choice(COMMANDS)
        return template.format(n=number, day=self.random.randint(1, 28), who=who, mark=mark)

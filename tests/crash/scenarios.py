"""What is going on when the machine dies: an office with something in its outbox, and people who write meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select, update

from bots.simulator import SimulatedMessage
from bots.telegram.keyboard import keyboard
from data.database import open_database
from data.rows import AnyRow
from engine import linking
from engine.cycle import decide
from engine.messages import Said
from engine.office import CHAT, EXTENSION, LINK_CODE, MESSAGE, OCCURRENCE, PERSON
from engine.rules.lifecycle import WorkState
from tests.crash.ledger import Facts, eyes_on
from tests.crash.providers import (
    BOTS,
    CallingTelegram,
    CallingZalo,
    OnTelegram,
    OnZalo,
    Provider,
    address_of,
)
from tests.servers.telegram_server import Received
from tests.world import DESK_OFFICER, OFFICE_ID, OFFICER, PARTNER, STANDING, World, civil, one_task

NOW = civil("2026-03-25 07:31")
# After the kill: started again within the claim's lease, beyond it, and beyond the wait before a second copy.
AFTERWARDS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 4, 6))
SHOWN_BEFORE = 50  # the provider's number of a message that was sent before the story begins
OURS, TODAYS, EARLY = "Báo cáo rà soát thủ tục", "Niêm yết công khai", "Tập huấn một cửa"


# ---- the office as it stands before ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """A database to copy, what stands in Telegram's chats by then, and a code nobody has used yet."""

    file: Path
    shown: tuple[tuple[str, Received], ...]
    code: str


def prepare(folder: Path, channel: str, *, asked: bool) -> Prepared:
    """On the morning of 25 March: two messages wait in the outbox, a last call and an early reminder.

    The officer has number 1 on the phone since yesterday, due on the 27th. If ``asked``, for more time: the standing
    office has the question. A code for the partner's telephone lies on somebody's desk.
    """
    folder.mkdir(parents=True)
    open_database(f"sqlite:///{folder / 'story.db'}").dispose()  # as the program makes it: with its version
    world = World(
        folder,
        "2026-03-23 07:00",
        [
            one_task("2026-03-27", "ra-soat", OURS),
            one_task("2026-03-25", "niem-yet", TODAYS, lead="ttpvhcc"),
            one_task("2026-03-30", "tap-huan", EARLY, lead="vhxh"),
        ],
        unlinked=[PARTNER],
        digests=True,
    )
    world.ignore_rest()
    world.run_until("2026-03-24 09:00")
    if asked:
        world.say(OFFICER, "gia hạn 1 đến 8/4 vì chờ số liệu của thôn")
    world.run_until("2026-03-25 07:29")
    world.clock.move_to(civil("2026-03-25 07:30"))
    decide(world.engine, world.clock.now())
    shown = _move_to(world, channel)
    with world.engine.begin() as connection:
        partner = connection.execute(select(PERSON.c.id).where(PERSON.c.slug == PARTNER)).scalar_one()
        now = world.clock.now()
        code = linking.issue(connection, OFFICE_ID, person_id=partner, issued_by="người vận hành", now=now)
    world.close()
    return Prepared(world.file, shown, code)


def _move_to(world: World, channel: str) -> tuple[tuple[str, Received], ...]:
    """From the simulator to a real channel: everybody's chat, and the messages that were sent before."""
    shown: list[tuple[str, Received]] = []
    with world.engine.begin() as connection:
        for person in connection.execute(select(PERSON.c.id, PERSON.c.slug)).all():
            there = {"channel": channel, "bot": BOTS[channel], "address": address_of(channel, person.slug)}
            connection.execute(update(CHAT).where(CHAT.c.person_id == person.id).values(**there))
            sent = select(MESSAGE).where(MESSAGE.c.person_id == person.id, MESSAGE.c.status == "sent")
            for row in connection.execute(sent).all():
                number = SHOWN_BEFORE + row.id
                values = there | {"provider_id": str(number), "editable": channel == "telegram"}
                connection.execute(update(MESSAGE).where(MESSAGE.c.id == row.id).values(**values))
                simulated = next(m for m in world.phone(person.slug).unread if m.text == row.text)
                shown.append((there["address"], _on_telegram(simulated, number)))
    return tuple(shown)


def _on_telegram(simulated: SimulatedMessage, number: int) -> Received:
    under = keyboard(simulated.buttons)
    rows = [list(row) for row in under.to_dict()["inline_keyboard"]] if under else []
    return Received(number, simulated.text, simulated.text, None, rows, link_preview=False)


# ---- what happens, and what must come of it -------------------------------------------------------------------------


@dataclass(frozen=True)
class Ending:
    """What a scenario may look at in the end. ``kept``: which of its updates reached the inbox, in order."""

    file: Path
    channel: str
    before: Facts
    seen: Facts
    kept: tuple[bool, ...]
    keys: tuple[str, ...]

    def once(self, action: str, times: int = 1) -> None:
        """The journal tells of this so many times more than before."""
        told = self.seen.journal[action] - self.before.journal[action]
        assert told == times, f"{action}: {told} times, not {times}"

    def answered(self, *said: Said) -> None:
        """These answers were written, and no others."""
        answers = self.seen.answers() - self.before.answers()
        assert sorted(answers.elements()) == sorted(said)

    def shows(self, who: str, words: str) -> int:
        """How many new messages on a phone have these words."""
        there = address_of(self.channel, who)
        return sum(words in text for text in self.seen.phones[there][len(self.before.phones[there]) :])

    def row(self, query: Select[Any]) -> AnyRow | None:
        """The first row of a query."""
        with eyes_on(self.file) as connection:
            return connection.execute(query).first()

    def work(self, title: str) -> AnyRow:
        """An occurrence."""
        row = self.row(select(OCCURRENCE).where(OCCURRENCE.c.title == title))
        assert row is not None
        return row


@dataclass(frozen=True)
class Scenario:
    """``happens`` before the program starts: the updates lie with the provider. Returns their keys, in order."""

    happens: Callable[[Provider, Prepared], list[str]]
    holds: Callable[[Ending], None]
    updates: int = 1
    asked: bool = False  # there is a request already


def _done(provider: Provider, _: Prepared) -> list[str]:
    key = provider.writes(OFFICER, "xong 1")
    if type(provider) is OnTelegram:
        provider.server.repeats()  # and the update comes twice, besides
    return [key]


def _done_is_done_once(end: Ending) -> None:
    """With what waited in the outbox beside it: the last call and the early reminder."""
    [kept], [key], work = end.kept, end.keys, end.work(OURS)
    end.once("reported", int(kept))
    end.answered(*[Said.DONE] * kept)
    assert work.work_state == (WorkState.DONE if kept else WorkState.NEW)
    assert work.reported_at == (end.seen.inbox[key].received_at if kept else None)
    assert end.shows(OFFICER, "Đã ghi nhận xong việc 1") <= 1
    given_up = any(letter.urgent and letter.status == "unknown" for letter in end.seen.letters.values())
    assert (0 if given_up else 1) <= end.shows(DESK_OFFICER, TODAYS) <= 2  # given up: after two deaths inside its send
    assert end.shows(STANDING, EARLY) <= 1


def _pressed(provider: Provider, _: Prepared) -> list[str]:
    assert isinstance(provider, OnTelegram)
    return [provider.presses(OFFICER, "Xong 1")]


def _more_time(provider: Provider, _: Prepared) -> list[str]:
    asked = provider.writes(OFFICER, "gia hạn 1 đến 10/4 vì chờ số liệu của thôn")  # in place of the first request
    return [asked, provider.writes(STANDING, "đồng ý 2")]


def _more_time_is_given_once(end: Ending) -> None:
    asked, granted = end.kept
    end.once("extension_asked", int(asked))
    end.once("extension_granted", int(granted))
    end.answered(*[Said.EXTENSION_SENT] * asked, *[Said.EXTENSION_GRANTED] * granted)
    until, first = dt.date(2026, 4, 10) if asked else dt.date(2026, 4, 8), dt.date(2026, 3, 27)
    last = end.row(select(EXTENSION.c.status, EXTENSION.c.until).order_by(EXTENSION.c.id.desc()))
    assert last is not None
    assert (last.status, last.until) == ("granted" if granted else "waiting", until)
    assert end.work(OURS).internal_due == (until if granted else first)
    assert end.shows(OFFICER, "Đã gửi đề nghị gia hạn") <= 1
    assert end.shows(STANDING, "Đã duyệt gia hạn") <= 1


def _links(provider: Provider, prepared: Prepared) -> list[str]:
    return [provider.writes(PARTNER, prepared.code)]


def _is_linked_once(end: Ending) -> None:
    [kept] = end.kept
    end.once("linked", int(kept))
    end.answered(*[Said.LINKED] * kept)
    code = end.row(select(LINK_CODE.c.used_at))
    assert code is not None
    assert (code.used_at is not None) == kept
    chat = end.row(select(CHAT.c.id).where(CHAT.c.address == address_of(end.channel, PARTNER)))
    assert (chat is not None) == kept
    assert end.shows(PARTNER, "") <= 1


SCENARIOS = {
    "xong": Scenario(_done, _done_is_done_once),
    "nút bấm": Scenario(_pressed, _done_is_done_once),
    "gia hạn": Scenario(_more_time, _more_time_is_given_once, updates=2, asked=True),
    "mã liên kết": Scenario(_links, _is_linked_once),
}

PROVIDERS: dict[str, Callable[[Prepared], Provider]] = {
    "zalo": lambda _: OnZalo(replay=True),
    "zalo once": lambda _: OnZalo(replay=False),
    "telegram": lambda prepared: OnTelegram(prepared.shown),
    "zalo webhook": lambda _: CallingZalo(),
    "telegram webhook": lambda _: CallingTelegram(),
}

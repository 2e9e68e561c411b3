"""What must hold whenever and wherever the program is killed: nothing lost, nothing twice, copies as promised.

The ledger compares three moments: before, the instant of death, and in the end. From the outbox as the dead process
left it follows how many copies each chat must show in the end, neither more nor fewer:

- a message that was not claimed, or whose send had not begun, leaves once more, and once only;
- one that had begun may have arrived. If it is urgent it comes again, marked, unless two copies may be there already;
  else it stays as it is, and the operator sees it as unknown (DESIGN section 6).
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, select

from data import inbox, journal
from engine.office import INBOUND, MESSAGE, PERSON
from engine.record import MOST_COPIES
from tests.crash.providers import BOTS, Provider, address_of
from tests.world import OFFICE_ID

AGAIN = "(gửi lại)"


@dataclass(frozen=True, slots=True)
class Letter:
    """One row of the outbox."""

    address: str
    kind: str
    urgent: bool
    status: str
    copies: int
    said: str | None  # what an answer says


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of the inbox."""

    received_at: dt.datetime
    handled_at: dt.datetime | None


@dataclass(frozen=True)
class Facts:
    """Everything that counts at one moment: in the database, and on the provider's side."""

    letters: dict[int, Letter]
    phones: dict[str, tuple[str, ...]]  # by address
    inbox: dict[str, Kept]  # by update key
    next_update: int | None
    journal: Counter[str]  # how often each action
    broken_at: int | None  # where the journal's chain breaks

    def answers(self) -> Counter[str]:
        """What was answered, how often."""
        return Counter(letter.said for letter in self.letters.values() if letter.said)

    def at(self, address: str) -> dict[int, Letter]:
        """The letters to one chat. An edit is none: it changes what is there."""
        return {
            letter_id: letter
            for letter_id, letter in self.letters.items()
            if letter.address == address and letter.kind != "edit"
        }


_looking_at: list[Path] = []
# One engine for all the files of a test: what it has compiled once need not be compiled for each.
_EYES = create_engine("sqlite://", creator=lambda: sqlite3.connect(_looking_at[-1]), poolclass=NullPool)


@contextmanager
def eyes_on(file: Path) -> Iterator[Connection]:
    """A connection that looks at this database and changes nothing."""
    _looking_at.append(file)
    try:
        with _EYES.connect() as connection:
            yield connection
    finally:
        _looking_at.pop()


def look(file: Path, provider: Provider) -> Facts:
    """What there is to be seen now."""
    channel = provider.channel
    with eyes_on(file) as connection:
        people = {
            row.id: address_of(channel, row.slug) for row in connection.execute(select(PERSON.c.id, PERSON.c.slug))
        }
        letters = {
            row.id: Letter(
                row.address or people[row.person_id],
                row.kind,
                row.urgent,
                "queued" if row.status == "claimed" and row.begun is False else row.status,
                row.copies,
                row.payload["said"] if row.kind == "answer" else None,
            )
            for row in connection.execute(select(MESSAGE))
        }
        kept = connection.execute(select(INBOUND).where(INBOUND.c.channel == channel))
        return Facts(
            letters,
            provider.phones,
            {row.update_key: Kept(row.received_at, row.handled_at) for row in kept},
            inbox.next_update(connection, channel, BOTS[channel]),
            Counter(connection.execute(select(journal.JOURNAL.c.action)).scalars()),
            journal.verify(connection, OFFICE_ID).broken_at,
        )


def judge(before: Facts, death: Facts, end: Facts, updates: Collection[str]) -> None:
    """Everything that holds for any scenario. ``updates``: the keys of what people did."""
    assert end.broken_at is None, f"the journal breaks at line {end.broken_at}"
    _judge_inbox(death, end, updates)
    for letter_id, letter in end.letters.items():
        _judge_letter(death.letters.get(letter_id), letter)
    for address in end.phones:
        _judge_phone(address, before, death, end)


def _judge_inbox(death: Facts, end: Facts, updates: Collection[str]) -> None:
    assert set(end.inbox) <= set(updates), "an update that nobody caused"
    for key, kept in end.inbox.items():
        assert kept.handled_at is not None, f"update {key} waits for ever"
        if key in death.inbox:
            assert kept.received_at == death.inbox[key].received_at, f"update {key} was received twice"
    for seen in (death, end):  # the provider may forget what is below the offset: all of it must be here
        confirmed = {key for key in updates if seen.next_update is not None and int(key) < seen.next_update}
        assert confirmed <= set(seen.inbox), f"confirmed to the provider, and not kept: {confirmed - set(seen.inbox)}"


def _judge_letter(then: Letter | None, now: Letter) -> None:
    assert now.status in ("sent", "unknown", "dropped"), f"still {now.status}: {now}"
    assert now.copies <= (MOST_COPIES if now.urgent else 1), f"too many copies: {now}"
    if then is None or then.status == "queued":  # nothing was known of it, or that it had not left
        assert now.status in ("sent", "dropped"), f"lost: {now}"
    if then is not None and then.status == "claimed":
        comes_again = then.urgent and then.copies + 1 < MOST_COPIES
        assert now.status == ("sent" if comes_again else "unknown"), f"{then} became {now}"
        assert now.copies == then.copies + (2 if comes_again else 1)


def _judge_phone(address: str, before: Facts, death: Facts, end: Facts) -> None:
    had, had_then, has = len(before.phones[address]), len(death.phones[address]), len(end.phones[address])
    least, most = _copies_by(before, death, address)
    assert least <= had_then - had <= most, f"{had_then - had} messages at {address}, not {least} to {most}"
    then = death.at(address)
    later = [
        letter
        for letter_id, letter in end.at(address).items()
        if letter.status == "sent" and (letter_id not in then or then[letter_id].status != "sent")
    ]
    texts = "\n---\n".join(end.phones[address][had:])
    assert has == had_then + len(later), f"{has - had} copies at {address}, not {had_then - had + len(later)}:\n{texts}"
    repeated = sum(1 for letter in later if letter.copies > 1)
    marked = sum(AGAIN in text for text in end.phones[address][had_then:])
    assert marked == repeated, f"{repeated} repeated at {address}, {marked} marked:\n{texts}"


def _copies_by(before: Facts, death: Facts, address: str) -> tuple[int, int]:
    """How many messages may have arrived at an address by then: those recorded, and those that may be on their way."""
    least = most = 0
    for letter_id, letter in death.at(address).items():
        earlier = before.letters.get(letter_id)
        least += letter.status == "sent" and (earlier is None or earlier.status != "sent")
        most += letter.copies - (earlier.copies if earlier else 0) + (letter.status == "claimed")
    return least, most


def silenced(before: Facts, death: Facts) -> list[str]:
    """The kinds of letters of which no copy will ever arrive: claimed, at most once, and never on their way."""
    found = []
    for address in death.phones:
        least, _ = _copies_by(before, death, address)
        arrived = len(death.phones[address]) - len(before.phones[address]) - least
        unsure = [letter.kind for letter in death.at(address).values() if letter.status == "claimed"]
        urgent = any(letter.urgent for letter in death.at(address).values() if letter.status == "claimed")
        if not urgent:
            found += unsure[arrived:]
    return found

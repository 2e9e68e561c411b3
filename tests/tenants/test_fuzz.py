"""Whatever is typed, pressed or forged in one office, nothing of it reaches another; the watch would see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from data import serving
from engine import actions, addresses, digest, linking
from engine.conversation import work
from engine.office import INBOUND, MESSAGE, PERSON
from engine.rules import codes
from engine.rules.chain import Hearer
from tests.databases import CHOICE, postgres_or_skip, story_database
from tests.tenants.conftest import OpenProvince
from tests.tenants.fuzz import Fuzz
from tests.tenants.province import DONG, NAM, TAY, Leak, Province, founded

SEEDS = range(32)
STEPS = 25
FOUND_WITHIN = 12  # seeds

Live = Callable[[int], Province]


@pytest.fixture
def live(open_province: OpenProvince) -> Live:
    """Lives through one seed. Returns the province as it is then."""

    def _live(seed: int) -> Province:
        province = open_province()
        asyncio.run(Fuzz(province, seed).live(STEPS))
        return province

    return _live


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_of_one_office_reaches_another(live: Live, seed: int) -> None:
    live(seed)


def test_the_random_hours_are_busy_ones(live: Live) -> None:
    """Every kind of answer, message and refusal comes up: a fuzz of silence would prove nothing."""
    said: set[str] = set()
    kinds: set[str] = set()
    for seed in range(10):
        province = live(seed)
        said |= {row.said for row in province.rows(select(INBOUND.c.said).distinct()) if row.said}
        kinds |= {row.kind for row in province.rows(select(MESSAGE.c.kind).distinct())}
    assert kinds == {"reminder", "digest", "answer", "edit"}
    wanted = {"done", "handed_over", "extension_sent", "extension_granted", "confirmed", "undone", "work_list"}
    wanted |= {"unit_list", "week", "detail", "linked", "code_wrong", "stranger", "not_allowed", "no_such_person"}
    assert wanted <= said, wanted - said


def test_on_postgresql_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOICE, "postgres")
    monkeypatch.setattr(codes, "_HARDNESS", 2**4)
    postgres_or_skip(begin_only=True)

    async def _live() -> None:
        province = await founded(story_database(tmp_path / "unused.db"))
        try:
            await Fuzz(province, 1).live(STEPS)
        finally:
            province.close()

    asyncio.run(_live())


# ---- planted leaks --------------------------------------------------------------------------------------------------


def _any_bot_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox takes any chat row for good."""
    monkeypatch.setattr(addresses, "serves", lambda *_: True)


def _any_bot_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a chat row is spoken with, at whichever bot."""
    monkeypatch.setattr(serving, "office_of", lambda *_: None)


def _codes_are_good_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A code links at any bot."""
    honest = linking._codes_for
    monkeypatch.setattr(
        linking, "_codes_for", lambda place: honest(linking.Place(place.channel, place.bot, place.address))
    )


def _lists_show_everybodys_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question behind "việc", "tuần" and every bare command forgets the office."""

    honest = work.rows

    def rows(talk: Any, which: Any, states: Any) -> Any:
        return [row for office in (DONG, TAY, NAM) for row in honest(_in(talk, office), which, states)]

    monkeypatch.setattr(work, "rows", rows)


def _in(talk: Any, office_id: str) -> Any:
    return SimpleNamespace(connection=talk.connection, office=SimpleNamespace(id=office_id))


def _buttons_reach_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forged button finds the other office's work, and nothing asks whose it is."""
    honest = actions.occurrence_row
    monkeypatch.setattr(actions, "occurrence_row", lambda connection, number, _=None: honest(connection, number))


def _leaders_of_another_office_read_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest goes to a leader by the wrong number."""
    honest = digest._readers

    def readers(office: Any, today: Any) -> list[Hearer]:
        return [Hearer((hearer.person_id + 5) % 18 + 1) for hearer in honest(office, today)]

    monkeypatch.setattr(digest, "_readers", readers)


def _work_is_handed_to_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "chuyển 3 cho Đàn" finds the Đàn of another office."""
    honest = actions.hand_over

    def hand_over(connection: Any, office: Any, row: Any, to: int, *rest: Any) -> Any:
        others = connection.execute(select(PERSON.c.id).where(PERSON.c.office_id != office.id)).scalars().all()
        return honest(connection, office, row, others[to % len(others)], *rest)

    monkeypatch.setattr(actions, "hand_over", hand_over)


PLANTED = (
    _any_bot_serves,
    _any_bot_is_heard,
    _codes_are_good_anywhere,
    _lists_show_everybodys_work,
    _buttons_reach_any_work,
    _leaders_of_another_office_read_the_digest,
    _work_is_handed_to_anybody,
)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_leak_is_found(live: Live, plant: Callable[[pytest.MonkeyPatch], None]) -> None:
    with pytest.MonkeyPatch.context() as planted:
        plant(planted)
        for seed in range(FOUND_WITHIN):
            try:
                live(seed)
            except Leak:
                return
    pytest.fail(f"{FOUND_WITHIN} seeds have not found it")

"""What holds for every ladder, calendar, long text and journal that can be thought of."""

from __future__ import annotations

import datetime as dt
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from bots.telegram.parts import LONGEST_PART as LONGEST_ON_TELEGRAM
from bots.telegram.parts import split as split_for_telegram
from bots.wording import Rendered
from bots.zalo.parts import LONGEST_PART as LONGEST_ON_ZALO
from bots.zalo.parts import split as split_for_zalo
from data import journal
from data.database import connect, create_schema
from engine.office import OFFICE
from engine.rules.ladder import anchors_of, climb, opens_at, steps_of
from schedules.hours import WorkingHours
from schedules.office_model import Ladder, Rung
from schedules.workdays import vietnam_calendar

HOURS = WorkingHours(vietnam_calendar(), "Asia/Ho_Chi_Minh", ("07:30", "11:30"), ("13:30", "17:00"))
DAYS = st.dates(dt.date(2026, 1, 15), dt.date(2027, 11, 30))
AT = dt.datetime(2026, 3, 16, 1, tzinfo=dt.UTC)


# ---- ladders --------------------------------------------------------------------------------------------------------


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Any ladder: rungs in any order, several at one moment, before and after any anchor."""
    rungs = [
        Rung(
            id=f"rung-{number}",
            anchor=draw(st.sampled_from(["cutoff", "internal_due", "deadline"])) if number else "internal_due",
            days=draw(st.integers(-12, 12)),
            slot=draw(st.sampled_from(["morning", "afternoon"])),
            to=("doer",),
            says="soon",
        )
        for number in range(draw(st.integers(1, 7)))
    ]
    return Ladder(id="any", name="Bất kỳ", rungs=tuple(rungs), repeat_last_every=draw(st.integers(1, 20)))


@st.composite
def lives(draw: st.DrawFn) -> tuple[Ladder, dt.date | None, dt.date, dt.date, list[dt.datetime]]:
    """A ladder, its dates, and the moments at which somebody looks, in order; the last is a year after the deadline."""
    due = draw(DAYS)
    internal = due - dt.timedelta(days=draw(st.integers(0, 20)))
    cutoff = draw(st.none() | st.integers(1, 15).map(lambda days: internal - dt.timedelta(days=days)))
    start = HOURS.instant(due - dt.timedelta(days=60), "07:30")
    gaps = draw(st.lists(st.integers(1, 40 * 24 * 60), min_size=1, max_size=14))
    looks = [start]
    for minutes in gaps:
        looks.append(looks[-1] + dt.timedelta(minutes=minutes))
    return draw(ladders()), cutoff, due, internal, looks


@given(life=lives())
@settings(max_examples=150, deadline=None)
def test_whenever_one_looks_rungs_come_in_order_and_never_early_and_none_is_unexplained(
    life: tuple[Ladder, dt.date | None, dt.date, dt.date, list[dt.datetime]],
) -> None:
    ladder, cutoff, due, internal, looks = life
    anchors = anchors_of(cutoff, due, internal)
    steps = steps_of(ladder, anchors, HOURS)
    climbed, told = None, []
    for now in looks:
        found = climb(ladder, anchors, HOURS, climbed_to=climbed, now=now)
        assert found.next_at > now  # the alarm never rings twice for the same
        for step in (*found.skipped, *([found.step] if found.step else [])):
            assert step.at <= now  # never early
            assert climbed is None or step.at > climbed  # never again, never back
            told.append(step.name)
        ahead = [step.at for step in steps if step.at > now]
        assert not ahead or found.next_at <= ahead[0]  # never late
        if found.step:
            climbed = found.step.at
    due_by_then = [step.name for step in steps if step.at <= looks[-1]]
    assert [name for name in told if "#" not in name] == due_by_then  # each once, in order, said or passed over
    assert len(told) == len(set(told))


@given(ladder=ladders(), due=DAYS, extended=st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_an_extension_moves_no_rung_forward(ladder: Ladder, due: dt.date, extended: int) -> None:
    before = {step.name: step.at for step in steps_of(ladder, anchors_of(None, due, due), HOURS)}
    later = due + dt.timedelta(days=extended)
    after = {step.name: step.at for step in steps_of(ladder, anchors_of(None, due, later), HOURS)}
    assert all(after[name] >= at for name, at in before.items())


@given(ladder=ladders(), due=DAYS, cutoff=st.none() | st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_work_opens_with_or_before_its_first_rung_before_the_deadline(
    ladder: Ladder, due: dt.date, cutoff: int | None
) -> None:
    closes = due - dt.timedelta(days=cutoff) if cutoff else None
    anchors = anchors_of(closes, due, due)
    opens = opens_at(ladder, anchors, HOURS)
    assert all(opens <= step.at for step in steps_of(ladder, anchors, HOURS))


@given(ladder=ladders(), due=DAYS, late=st.integers(1, 300))
@settings(max_examples=100, deadline=None)
def test_overdue_work_is_never_silent_for_longer_than_two_repeats(ladder: Ladder, due: dt.date, late: int) -> None:
    anchors = anchors_of(None, due, due)
    last = steps_of(ladder, anchors, HOURS)[-1]
    now = last.at + dt.timedelta(days=late)
    found = climb(ladder, anchors, HOURS, climbed_to=last.at, now=now)
    working_days = HOURS.calendar.count(HOURS.civil_day(now), HOURS.civil_day(found.next_at))
    assert working_days <= 2 * ladder.repeat_last_every


# ---- working days ---------------------------------------------------------------------------------------------------


@given(day=DAYS, days=st.integers(1, 60))
def test_walking_there_and_back_from_a_working_day_ends_where_it_began(day: dt.date, days: int) -> None:
    calendar = vietnam_calendar()
    start = calendar.on_or_after(day)
    assert calendar.add(calendar.add(start, days), -days) == start
    assert calendar.add(calendar.add(start, -days), days) == start


@given(day=DAYS, one=st.integers(0, 40), two=st.integers(0, 40))
def test_walking_in_two_stretches_is_walking_in_one(day: dt.date, one: int, two: int) -> None:
    calendar = vietnam_calendar()
    start = calendar.on_or_after(day)
    assert calendar.add(calendar.add(start, one), two) == calendar.add(start, one + two)


# ---- long texts -----------------------------------------------------------------------------------------------------

WORDS = st.text(st.sampled_from("aăđê0 .–\n\U0001f600\u0301"), max_size=40)
TEXTS = st.tuples(WORDS, st.integers(1, 400), WORDS, st.integers(0, 60)).map(lambda t: t[0] * t[1] + t[2] * t[3])


@given(words=TEXTS)
@settings(max_examples=150, deadline=None)
def test_nothing_of_a_long_text_is_lost_on_zalo_and_no_part_is_too_long(words: str) -> None:
    parts = split_for_zalo(words)
    assert all(0 < utf16(part) <= LONGEST_ON_ZALO for part in parts)
    assert visible("".join(parts)) == visible(words)


@given(words=TEXTS)
@settings(max_examples=150, deadline=None)
def test_nothing_of_a_long_text_is_lost_on_telegram_and_no_part_is_too_long(words: str) -> None:
    parts = split_for_telegram(Rendered(words, words))
    assert all(utf16(part.text) <= LONGEST_ON_TELEGRAM for part in parts)
    assert visible("".join(part.text for part in parts)) == visible(words)


def utf16(words: str) -> int:
    """The length as both providers count it."""
    return len(words.encode("utf-16-le")) // 2


def visible(words: str) -> str:
    """What a reader sees, whatever the line ends."""
    return re.sub(r"\s+", "", words)


# ---- the journal ----------------------------------------------------------------------------------------------------

LINES = st.lists(
    st.tuples(st.sampled_from(["An", "Bình", "engine"]), st.text(max_size=8), st.none() | st.integers(1, 9)),
    min_size=2,
    max_size=6,
)
TAMPERING = {
    "actor": "UPDATE journal SET actor = actor || '!' WHERE seq = :seq",
    "action": "UPDATE journal SET action = 'other ' || action WHERE seq = :seq",
    "work": "UPDATE journal SET occurrence_id = coalesce(occurrence_id, 0) + 1 WHERE seq = :seq",
    "data": "UPDATE journal SET data = data || ' ' WHERE seq = :seq",
    "time": "UPDATE journal SET at = datetime(at, '+1 hour') || '.000000' WHERE seq = :seq",
    "hash": "UPDATE journal SET hash = substr(hash, 2) || 'g' WHERE seq = :seq",
    "previous": "UPDATE journal SET previous = substr(previous, 2) || 'g' WHERE seq = :seq",
    "gone": "DELETE FROM journal WHERE seq = :seq",
}


@given(lines=LINES, how=st.sampled_from(sorted(TAMPERING)), where=st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_whatever_is_changed_in_the_journal_is_noticed_at_that_line(
    lines: list[tuple[str, str, int | None]], how: str, where: int
) -> None:
    engine = journal_of(lines)
    seq = 1 + where % (len(lines) - 1)  # not the last one: a tail that is cut off shows only beside a written-down head
    with engine.begin() as connection:
        assert journal.verify(connection, "xa").broken_at is None
        for trigger in ("journal_no_update", "journal_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.execute(text(TAMPERING[how]), {"seq": seq})
        assert journal.verify(connection, "xa").broken_at == seq
    engine.dispose()


@given(lines=LINES)
@settings(max_examples=20, deadline=None)
def test_a_tail_that_is_cut_off_shows_beside_a_head_that_was_written_down(
    lines: list[tuple[str, str, int | None]],
) -> None:
    engine = journal_of(lines)
    with engine.begin() as connection:
        head = journal.verify(connection, "xa").head
        connection.exec_driver_sql("DROP TRIGGER journal_no_delete")
        connection.execute(text("DELETE FROM journal WHERE seq = :seq"), {"seq": len(lines)})
        assert journal.verify(connection, "xa").broken_at is None
        assert journal.line_with(connection, "xa", head, len(lines)) is None
    engine.dispose()


def journal_of(lines: list[tuple[str, str, int | None]]) -> Engine:
    """A database in memory with an office and these lines."""
    engine = connect("sqlite://")
    create_schema(engine)
    with engine.begin() as connection:
        connection.execute(
            OFFICE.insert().values(id="xa", name="Xã", timezone="Asia/Ho_Chi_Minh", loaded_on=dt.date(2026, 1, 1))
        )
        told = [journal.Line(actor, action, work, {"words": action}) for actor, action, work in lines]
        journal.append(connection, "xa", AT, told)
    return engine

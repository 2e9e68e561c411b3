"""What holds for every text: no error, one reading for every spelling, and dates that the calendar agrees with."""

from __future__ import annotations

import datetime as dt
import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.dates import expand
from schedules.office_model import ONCE, PERIODIC
from schedules.phrases import Reading, as_obligation, read_deadline, say
from schedules.phrases.words import SMOOTHING, VOCABULARY, clean
from schedules.recurrence import rrule_dates
from schedules.workdays import WorkCalendar, vietnam_calendar
from tests.phrases.own_phrases import OWN, Row
from tests.timing import promptly

WORDS = sorted({word for spellings in VOCABULARY.values() for word in spellings.split(" | ")} | SMOOTHING)
PARTS = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(["15/3", "31/11", "29/2/2027", "15/12/2026", "12/KH-UBND", "I", "II", "IV", "16h30", "100%"]),
    st.sampled_from(["ngày", "tháng", "quý", "năm", "hằng", "trước", "đến", "từ", "cuối", "đầu", "sau", "lần"]),
    st.integers(0, 40).map(str),
    st.integers(1990, 2100).map(str),
    st.sampled_from(["2026-03-20", "2026-12", "l5/3/2026", "15/O3", "quýII", "Q.III/2026", "II/2026", "lần 1:", "1/2"]),
    st.sampled_from([",", ";", "-", " - ", "(", ")", "/", "."]),
)
#: Text that looks like deadlines, so that the rules are met in every order.
PHRASES = st.lists(PARTS, max_size=14).map(" ".join)
YEARS = st.integers(2000, 2100)


@pytest.fixture(scope="module", autouse=True)
def grammar() -> None:
    """Compiled at its first use, once a process: that is no phrase's own time."""
    read_deadline("Trước ngày 15/3", 2026)


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return vietnam_calendar()


def meaning(phrase: str, year: int = 2026) -> tuple[Reading, tuple[Reading, ...]]:
    """The readings; the words of an event stay as they were printed, so they are compared in small letters."""
    read = read_deadline(phrase, year)
    head, *also = (
        replace(reading, offset=replace(reading.offset, event=clean(reading.offset.event)))
        if reading.offset
        else reading
        for reading in (read.head, *read.also)
    )
    return head, tuple(also)


@settings(deadline=None)  # held to processor time instead: see promptly
@given(st.text(), st.integers())
def test_no_text_and_no_year_is_an_error(text: str, year: int) -> None:
    with promptly():
        read = read_deadline(text, year)
    assert all(say(reading) for reading in (read.head, *read.also))


@given(PHRASES, YEARS)
@settings(max_examples=400, deadline=None)
def test_no_phrase_is_an_error(phrase: str, year: int) -> None:
    with promptly():
        read = read_deadline(phrase, year)
    for reading in (read.head, *read.also):
        assert say(reading).endswith(".")
        assert (reading.first_due is not None) or reading.kind not in PERIODIC - {"weekly"}
        assert reading.why or reading.kind != "unknown"


@given(PHRASES | st.sampled_from([row.phrase for row in OWN]))
def test_the_form_of_the_letters_makes_no_difference(phrase: str) -> None:
    expected = meaning(phrase)
    assert meaning(unicodedata.normalize("NFD", phrase)) == expected
    assert meaning(phrase.upper()) == expected


@pytest.mark.parametrize("phrase", sorted({row.phrase for row in OWN}))
def test_spellings_make_no_difference(phrase: str) -> None:
    expected = meaning(phrase)
    for one, other in (("ằng", "àng"), ("quý", "quí"), ("Quý", "Quí"), ("kỳ", "kì"), ("Kỳ", "Kì"), ("quy", "qui")):
        assert meaning(phrase.replace(one, other)) == expected, other
    assert meaning(f"  {phrase}\u00a0 ") == expected


def agrees_with_the_calendar(reading: Reading, year: int, calendar: WorkCalendar) -> None:
    """The office form of a reading falls due first on the day that the reading says; so does its RRULE."""
    obligation = as_obligation(reading)
    if obligation is None or reading.first_due is None:
        return
    first = min(dt.date(year, 1, 1), reading.first_due)
    expanded = expand(obligation, calendar, first, reading.first_due)
    assert [dates.nominal_due for dates in expanded] == [reading.first_due]
    if reading.rrule and reading.kind not in ONCE:
        begins = reading.start or first
        assert rrule_dates(reading.rrule, begins, begins, reading.first_due) == [reading.first_due]


@pytest.mark.parametrize("row", OWN, ids=lambda row: row.phrase)
def test_an_own_phrase_agrees_with_the_calendar(calendar: WorkCalendar, row: Row) -> None:
    read = read_deadline(row.phrase, row.year)
    for reading in (read.head, *read.also):
        agrees_with_the_calendar(reading, row.year, calendar)


@given(PHRASES, st.integers(2020, 2035))
@settings(max_examples=300, deadline=None)
def test_any_reading_agrees_with_the_calendar(calendar: WorkCalendar, phrase: str, year: int) -> None:
    read = read_deadline(phrase, year)
    for reading in (read.head, *read.also):
        agrees_with_the_calendar(reading, year, calendar)


@pytest.mark.parametrize(
    "text",
    ["ngày 15/3/2026 và ", "(", "từ ngày ", "năm ", "quý I, ", "luật ", "sau khi ", "12/kh-ub ngày ", "- ", "trước x "],
)
def test_a_hundred_thousand_letters_take_no_second(text: str) -> None:
    started = time.process_time()
    read_deadline(text * (100_000 // len(text)), 2026)
    assert time.process_time() - started < 1

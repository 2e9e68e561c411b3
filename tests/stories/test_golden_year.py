"""Every message of Hùng Thắng's 2026, as the people of the demo answer, kept as a file that was read by a person.

``make golden`` writes it again; the difference is to be read before it is committed.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.demo import Demo, Event
from engine.preview import Foreseen, foresee
from schedules.office_file import read_office, shipped_offices
from schedules.workdays import vietnam_calendar

GOLDEN = Path(__file__).parent / "golden" / "hung-thang-2026.txt"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICES = {path.stem: path for path in shipped_offices()}


@cache
def year_of(office: str) -> tuple[Foreseen, ...]:
    """The messages of 2026."""
    return tuple(foresee(read_office(OFFICES[office]), dt.date(2026, 1, 1), dt.date(2026, 12, 31)))


def as_text(events: list[Event]) -> str:
    """The golden file's form."""
    parts = []
    for event in events:
        when = f"{event.at.astimezone(ZONE):%Y-%m-%d %H:%M}"
        if event.shown:
            parts.append(f"===== {when}  {event.person}\n{event.shown.text}\n")
        else:
            parts.append(f"----- {when}  {event.person} trả lời: {event.typed}\n")
    return "\n".join(parts)


def test_every_message_of_the_year_reads_as_it_did_when_it_was_reviewed() -> None:
    events: list[Event] = []
    Demo(events.append, lambda _: None, until=dt.datetime(2027, 1, 1, tzinfo=dt.UTC)).play()
    text = as_text(events)
    if os.environ.get("NHACVIEC_WRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("office", sorted(OFFICES))
def test_no_message_leaves_on_a_day_off_or_outside_working_hours(office: str) -> None:
    calendar = vietnam_calendar()
    messages = year_of(office)
    assert len(messages) > 50
    for message in messages:
        civil = message.at.astimezone(ZONE)
        assert calendar.is_working(civil.date()), (civil, message.person)
        morning = dt.time(7, 30) <= civil.time() < dt.time(11, 30)
        afternoon = dt.time(13, 30) <= civil.time() < dt.time(17)
        assert morning or afternoon, civil


@pytest.mark.parametrize("office", sorted(OFFICES))
def test_nobody_hears_more_than_one_message_in_a_slot(office: str) -> None:
    slots = Counter((m.person, m.at.astimezone(ZONE).strftime("%Y-%m-%d %p")) for m in year_of(office))
    assert [slot for slot, n in slots.items() if n > 1] == []


@pytest.mark.parametrize("office", sorted(OFFICES))
def test_every_message_fits_a_zalo_message_and_has_no_loose_ends(office: str) -> None:
    for message in year_of(office):
        assert len(message.text.encode("utf-16-le")) // 2 <= 2000, message.text
        assert not re.search(r"\{|\}|None|  |\n\n\n| \.|\.\.(?!\.)", message.text), message.text

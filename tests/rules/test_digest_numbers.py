"""What the digest names: whole duties, as many as fit on a phone, and the rest as a number that is true."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bots.wording import plain
from engine.messages import DigestMessage
from engine.rules.digest_numbers import Fact, numbers
from engine.rules.lifecycle import WorkState

MONDAY = dt.date(2026, 3, 9)
NOW = dt.datetime(2026, 3, 16, 0, 30, tzinfo=dt.UTC)
UNITS = ("Phòng Kinh tế", "Phòng Văn hóa - Xã hội", "Trung tâm Phục vụ hành chính công")


def digest(*duties: tuple[str, dt.date], units: tuple[str, ...] = UNITS) -> DigestMessage:
    """A digest of duties, each of which falls on every unit, none of them done."""
    return numbers(
        [Fact(title, unit, due, due, None, WorkState.NEW, None) for title, due in duties for unit in units],
        person="Chủ tịch UBND xã",
        office="UBND xã Mẫu",
        monday=MONDAY,
        now=NOW,
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        extensions_granted=0,
        extensions_waiting=0,
    )


@pytest.mark.parametrize(("due", "total"), [(dt.date(2026, 3, 20), "coming"), (dt.date(2026, 3, 12), "overdue")])
def test_five_duties_are_named_with_all_their_units_and_the_rest_are_counted(due: dt.date, total: str) -> None:
    message = digest(*((f"Việc {letter}", due) for letter in "ABCDEF"))
    text = plain(message)

    named = [line for line in text.splitlines() if "Phòng Kinh tế; Phòng Văn hóa - Xã hội; Trung tâm" in line]
    assert (len(named), getattr(message, f"{total}_total")) == (5, 18)
    assert "Việc F" not in text
    assert "– và 3 việc khác\n" in text  # Việc F of three units


def test_two_duties_of_many_units_are_both_named_and_nothing_is_left_over() -> None:
    text = plain(digest(("Việc A", dt.date(2026, 3, 20)), ("Việc B", dt.date(2026, 3, 20))))

    assert "Việc A" in text
    assert "Việc B" in text
    assert "việc khác" not in text


def test_a_duty_of_all_schools_does_not_fill_the_screen() -> None:
    text = plain(digest(("Việc A", dt.date(2026, 3, 20)), units=tuple(f"Trường số {n}" for n in range(1, 13))))

    assert "Việc A (Trường số 1; Trường số 2; Trường số 3 và 9 đơn vị khác)\n" in text

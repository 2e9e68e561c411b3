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

from bots.wording import WEEKDAYS, render
from engine.demo import Demo, Event
from engine.messages import DigestLine, DigestMessage, Item, ReminderMessage, Says
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
    """The golden file's form. The journal's hashes are left out: they change with whatever is written in it."""
    parts = []
    for event in events:
        when = f"{event.at.astimezone(ZONE):%Y-%m-%d %H:%M}"
        if event.shown:
            text = re.sub(r"(?m)^(Mã nhật ký: \d+):[0-9a-f]{16}$", r"\1:…", event.shown.text)
            parts.append(f"===== {when}  {event.person}\n{text}\n")
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


def day_of(text: str) -> dt.date:
    """17/3/2026."""
    day, month, year = (int(number) for number in text.split("/"))
    return dt.date(year, month, day)


@pytest.mark.parametrize("office", sorted(OFFICES))
def test_every_weekday_and_every_count_of_days_is_true(office: str) -> None:
    for message in year_of(office):
        today = message.at.astimezone(ZONE).date()
        for weekday, day in re.findall(rf"({'|'.join(WEEKDAYS)}) (\d+/\d+/\d+)", message.text):
            assert WEEKDAYS[day_of(day).weekday()] == weekday, message.text
        for day, left in re.findall(r"(\d+/\d+/\d+), còn (\d+) ngày", message.text):
            assert (day_of(day) - today).days == int(left), message.text
        for day, late in re.findall(r"(\d+/\d+/\d+), đã quá (\d+) ngày", message.text):
            assert (today - day_of(day)).days == int(late), message.text


@pytest.mark.parametrize("office", sorted(OFFICES))
def test_titles_read_well_with_their_period(office: str) -> None:
    for message in year_of(office):
        assert not re.search(r"\b(\w+) \1\b|h[àằ]ng (năm|tháng|tuần)|(tuần|tháng) sau", message.text), message.text


def reminder(*items: Item, today: dt.date = dt.date(2026, 3, 17)) -> ReminderMessage:
    """A message to the doer of ``items``."""
    return ReminderMessage(person="Chuyên viên Phòng Kinh tế", office="UBND xã Mẫu", today=today, items=items)


def item(says: Says, number: int = 1, internal_due: dt.date = dt.date(2026, 3, 17), **more: object) -> Item:
    """The doer's own report, due on 17/3/2026."""
    due = dt.date(2026, 3, 17)
    fields = {"occurrence_id": number, "title": "Báo cáo TTHC", "unit": "Phòng Kinh tế", "nominal_due": due, "due": due}
    return Item(number=number, says=says, internal_due=internal_due, **(fields | more))  # type: ignore[arg-type]


def test_the_doer_can_answer_an_escalation_by_text_and_by_button() -> None:
    shown = render(reminder(item(Says.ESCALATION, days_late=2), today=dt.date(2026, 3, 19)))

    assert "Trả lời “xong 1” khi đã hoàn thành" in shown.text
    assert [button.label for row in shown.buttons for button in row] == ["Xong 1", "Đang làm 1"]


def test_a_window_without_a_first_day_is_named_by_its_last() -> None:
    shown = render(reminder(item(Says.WRITE, cutoff=dt.date(2026, 3, 14))))

    assert "Số liệu đến 14/3/2026; gửi chậm nhất thứ Ba 17/3/2026." in shown.text


@pytest.mark.parametrize(
    ("internal_due", "words"),
    [
        (dt.date(2026, 3, 17), ["HẠN HÔM NAY\n", "Cần gửi trong hôm nay.\n"]),
        (dt.date(2026, 3, 16), ["HẠN HÔM NAY (NỘI BỘ)\n", "hôm nay. Hạn chính thức thứ Ba 17/3/2026.\n"]),
        (dt.date(2026, 3, 19), ["HẠN HÔM NAY (ĐÃ GIA HẠN)\n", "hôm nay. Hạn chính thức thứ Ba 17/3/2026 đã qua.\n"]),
    ],
)
def test_the_last_call_says_which_deadline_is_today(internal_due: dt.date, words: list[str]) -> None:
    text = render(reminder(item(Says.LAST_CALL, internal_due=internal_due), today=internal_due)).text

    assert [word for word in words if word not in text] == []


def test_days_late_are_counted_from_the_day_that_is_named() -> None:
    late = item(Says.OVERDUE, internal_due=dt.date(2026, 3, 19), days_late=1)
    text = render(reminder(late, today=dt.date(2026, 3, 20))).text

    assert "Đã gia hạn đến thứ Năm 19/3/2026, đã quá 1 ngày. Hạn chính thức thứ Ba 17/3/2026." in text


def test_each_heading_comes_once() -> None:
    text = render(
        reminder(
            item(Says.LAST_CALL, 1),
            item(Says.LAST_CALL, 2, due=dt.date(2026, 3, 18)),
            item(Says.LAST_CALL, 3, due=dt.date(2026, 3, 18), before=True),
        )
    ).text

    assert text.count("HẠN HÔM NAY\n") == text.count("HẠN HÔM NAY (NỘI BỘ)\n") == 1


def test_the_digest_names_the_units_of_one_duty_in_one_line() -> None:
    friday = dt.date(2026, 3, 20)
    units = ["Phòng Kinh tế", "Trung tâm Phục vụ hành chính công"]
    message = DigestMessage(
        person="Chủ tịch UBND xã",
        office="UBND xã Mẫu",
        week="2026-W11",
        monday=dt.date(2026, 3, 9),
        sunday=dt.date(2026, 3, 15),
        on_time=0,
        late=0,
        late_accepted=0,
        overdue=(),
        overdue_total=0,
        coming=tuple(DigestLine("Tự kiểm tra", unit, friday) for unit in units),
        coming_total=2,
        extensions_granted=0,
        extensions_waiting=0,
    )

    text = render(message).text
    assert "Cần hoàn thành đến hết Chủ nhật 22/3/2026: 2 việc" in text
    assert "– thứ Sáu 20/3/2026: Tự kiểm tra (Phòng Kinh tế; Trung tâm Phục vụ hành chính công)\n" in text

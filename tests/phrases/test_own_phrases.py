"""Every phrase of our own is read as the conventions say; what is unsure says so; what else it says is kept."""

from __future__ import annotations

import datetime as dt

import pytest

from schedules.office_model import Kind
from schedules.phrases import Offset, due_of, read_deadline, say
from tests.phrases.own_phrases import OWN, Row


@pytest.mark.parametrize("row", OWN, ids=lambda row: row.phrase)
def test_a_phrase_is_read(row: Row) -> None:
    head = read_deadline(row.phrase, row.year).head
    due = head.first_due.isoformat() if head.first_due else ""
    assert (str(head.kind), due, head.rrule) == (row.kind, row.first_due, row.rrule)
    assert head.why or head.kind != Kind.UNKNOWN


@pytest.mark.parametrize(
    ("phrase", "flags"),
    [
        ("trước ngày 15/12/2026", {"strict_reading"}),
        ("chậm nhất ngày 15/12/2026", set()),
        ("trước 16h00 ngày 15/12/2026", set()),  # before the hour, on the day [10]
        ("ngày 31/11 hằng năm", {"impossible_date"}),
        ("hằng quý", {"default_anchor"}),
        ("15/3", {"inferred_year"}),
        ("báo cáo gửi trước ngày 20/11", {"inferred_year", "ambiguous", "strict_reading"}),
        ("từ năm 2026", {"open_end"}),
        ("giữa năm 2026", {"ambiguous"}),
        ("Thường xuyên trong năm 2026", {"ambiguous"}),
        ("Ban hành Kế hoạch CCHC năm 2026", {"ambiguous"}),
        ("2/3 số hộ dân", {"inferred_year", "ambiguous"}),
        ("từ ngày 15/12/2025 đến ngày 14/3/2026", {"data_window"}),
        ("03 lần/năm", {"default_anchor", "ambiguous"}),
        ("ngày làm việc cuối cùng của tháng", {"ambiguous"}),
        ("15/l2/2026", {"ambiguous"}),  # a letter where a digit belongs
        ("quý lI/2026", {"ambiguous"}),
        ("II/2026", {"ambiguous"}),
        ("quý V/2026", {"ambiguous"}),  # something unread touches the year
        ("1 5/3/2026", {"ambiguous"}),  # one number, printed apart
        ("31/1 2/2026", {"ambiguous"}),
        ("15/3/202 6", {"ambiguous", "inferred_year"}),
        ("15/12/Z026", {"ambiguous", "inferred_year"}),
        ("Quý I I/2026", {"ambiguous"}),
        ("Quý II năm 202", {"ambiguous", "inferred_year"}),
        ("…/3/2026", {"ambiguous"}),
        ("2026-13-45", {"ambiguous"}),
        ("Báo cáo quý trước 15, 16 tháng đó", {"ambiguous", "default_anchor"}),
        ("trước 15 của tháng", {"ambiguous", "strict_reading"}),  # a day, or a length
        ("15 ngày làm việc kể từ ngày 01/4/2026", {"ambiguous"}),  # holidays are not counted
        ("tháng Chạp", {"ambiguous", "inferred_year"}),  # of the moon's year
        ("10/3 âm lịch hằng năm", {"ambiguous"}),
        ("từ tháng 11 đến tháng 02 năm sau", {"ambiguous", "inferred_year"}),  # once, or every year
        ("01.07.26", {"ambiguous"}),
        ("17:00 15/3/2026", set()),
        ("Trước ngày 26/5/2026 (gia hạn đến 10/6/2026)", {"ambiguous", "strict_reading"}),
        ("Hạn cũ 15/5/2026, gia hạn đến 17/6/2026", set()),
        ("Tổ dân phố 2/9", {"ambiguous", "inferred_year"}),
        ("Rà soát đối tượng sinh trước ngày 01/01/2020, báo cáo trước 17/6/2026", {"ambiguous", "strict_reading"}),
        ("số liệu tính đến 14/6/2026", {"data_window"}),
        ("Thứ Sáu cuối cùng của tháng", set()),
        ("thứ Tư tuần thứ 2 hàng tháng", {"ambiguous"}),
        ("Thứ Bảy cuối cùng của tháng 10 hằng năm", {"ambiguous"}),
        ("Hàng tháng, trừ tháng cuối quý", {"ambiguous", "default_anchor"}),
        ("Trước ngày 20 hằng tháng, riêng tháng 12 trước ngày 15", {"ambiguous", "strict_reading"}),
        ("theo kế hoạch riêng, trước ngày 15/12/2026", {"strict_reading"}),
        ("trước tháng 6 hằng năm", {"ambiguous"}),
        ("Quý I hoặc Quý II/2026", {"ambiguous"}),
        ("Rằm tháng Bảy", {"ambiguous", "inferred_year"}),
        ("Trước ngày 15/3/2026¹", {"strict_reading"}),
        ("QuýII/2026", set()),
    ],
)
def test_what_is_unsure_is_flagged(phrase: str, flags: set[str]) -> None:
    assert set(read_deadline(phrase, 2026).head.flags) == flags


@pytest.mark.parametrize(
    ("phrase", "also"),
    [
        ("quý, năm", ["yearly"]),
        ("định kỳ hằng quý và khi cần thiết", ["on_demand"]),
        ("quý I/2026 và quý III/2026", ["one_off_quarter"]),
        ("Hằng tháng (ngày 20), hằng quý (ngày 20 tháng cuối quý), hằng năm (ngày 15/12)", ["quarterly", "yearly"]),
        ("Báo cáo quý I, 6 tháng, quý III và năm", ["half_yearly", "yearly"]),
        ("thứ 2, thứ 5 hàng tuần", ["weekly"]),
        ("trước ngày 15/12 hằng năm", []),
        ("Lần 1: 15/4/2026; lần 2: 15/10/2026", ["one_off_date"]),
        ("Khởi công quý I/2026, hoàn thành quý IV/2027", []),
    ],
)
def test_what_else_a_phrase_says_is_kept(phrase: str, also: list[str]) -> None:
    assert [str(reading.kind) for reading in read_deadline(phrase, 2026).also] == also


def test_the_most_frequent_dated_schedule_leads() -> None:
    read = read_deadline("báo cáo năm trước ngày 10/12; trước ngày 25 hằng tháng; hằng quý", 2026)
    assert (read.head.kind, read.head.first_due) == (Kind.MONTHLY, dt.date(2026, 1, 25))


def test_a_data_window_stands_beside_the_date_to_send_by() -> None:
    head = read_deadline("số liệu từ 15/12/2025 đến 14/3/2026, gửi trước ngày 16/3/2026", 2026).head
    assert (head.first_due, head.window) == (
        dt.date(2026, 3, 16),
        (dt.date(2025, 12, 15), dt.date(2026, 3, 14)),
    )
    assert "data_window" not in head.flags


@pytest.mark.parametrize(
    ("phrase", "offset"),
    [
        (
            "trong 05 (năm) ngày làm việc kể từ ngày nhận được",
            Offset(5, "working_day", "after", "kể từ ngày nhận được"),
        ),
        ("chậm nhất 30 ngày trước khi hết hạn", Offset(30, "day", "before", "trước khi hết hạn")),
        ("Trước kỳ họp cuối năm 20 ngày", Offset(20, "day", "before")),
        ("trong 24 giờ kể từ khi có sự cố", Offset(24, "hour", "after", "kể từ khi có sự cố")),
    ],
)
def test_an_offset_keeps_its_event(phrase: str, offset: Offset) -> None:
    head = read_deadline(phrase, 2026).head
    assert (head.kind, head.offset) == (Kind.ON_DEMAND, offset)


def test_a_clock_time_is_kept_in_the_office_form() -> None:
    due = due_of(read_deadline("trước 16h00 thứ Sáu hàng tuần", 2026).head)
    assert due is not None
    assert (due.weekday, due.time, due.before) == ("friday", "16:00", False)


@pytest.mark.parametrize(
    ("phrase", "start"),
    [
        ("Khởi công quý I/2026, hoàn thành quý IV/2027", dt.date(2026, 1, 1)),
        ("Bắt đầu: 01/3/2026\nKết thúc: 30/9/2026", dt.date(2026, 3, 1)),
        ("Từ tháng 9 năm nay đến tháng 3 năm sau", dt.date(2026, 9, 1)),
        ("Tháng 11 - tháng 02/2027", dt.date(2026, 11, 1)),
    ],
)
def test_a_stretch_of_time_keeps_its_beginning(phrase: str, start: dt.date) -> None:
    assert read_deadline(phrase, 2026).head.start == start


@pytest.mark.parametrize(("phrase", "time"), [("17:00:30 ngày 20/3/2026", "17:00"), ("20/3/2026 00:00:00", None)])
def test_an_empty_hour_of_a_spreadsheet_is_none(phrase: str, time: str | None) -> None:
    assert read_deadline(phrase, 2026).head.time == time


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("ngày 25 tháng cuối quý", "Hằng quý, hạn ngày 25 tháng cuối quý; kỳ đầu 25/03/2026."),
        ("trước ngày 10 hằng tháng", "Hằng tháng, hạn trước ngày 10; kỳ đầu 10/01/2026."),
        ("31/01 năm sau đối với báo cáo năm", "Hằng năm, hạn ngày 31/01 năm sau; kỳ đầu 31/01/2027."),
        ("6 tháng (trước ngày 16/6)", "Báo cáo 6 tháng đầu năm, hạn trước ngày 16/06 hằng năm; kỳ đầu 16/06/2026."),
        ("16h30 thứ Sáu hằng tuần", "Thứ Sáu hằng tuần, 16:30; kỳ đầu 02/01/2026."),
        ("Hằng năm, giai đoạn 2026-2030", "Hằng năm, hạn ngày 31/12; kỳ đầu 31/12/2026; đến hết ngày 31/12/2030."),
        ("trước 17h00 ngày 20/3/2026", "Một lần, chậm nhất ngày 20/03/2026 lúc 17:00."),
        ("Quý II/2026", "Trong quý II/2026, chậm nhất ngày 30/06/2026."),
        ("từ 01/3 đến 31/5/2026", "Từ ngày 01/03/2026 đến ngày 31/05/2026."),
        ("2026-2030", "Giai đoạn 2026 - 2030, chậm nhất ngày 31/12/2030."),
        ("2 tháng một lần", "2 tháng một lần, hạn ngày cuối tháng; kỳ đầu 28/02/2026."),
        ("hai tuần một lần", "Hai tuần hoặc nhiều tuần một lần, chưa rõ ngày."),
        ("trong 05 ngày làm việc kể từ ngày nhận", "Trong 5 ngày làm việc kể từ ngày nhận."),
        ("Thường xuyên", "Thường xuyên, không có hạn."),
        ("theo quy định", "Chưa rõ thời hạn."),
    ],
)
def test_a_reading_is_said_back(phrase: str, said: str) -> None:
    assert say(read_deadline(phrase, 2026).head) == said

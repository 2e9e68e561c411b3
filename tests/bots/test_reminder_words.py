"""How each kind of line reads, and what surrounds it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bots.wording import plain, render, weeks
from engine.messages import Item, ReminderMessage, Says

TUESDAY = dt.date(2026, 3, 17)
day = dt.date


def message(*items: Item, today: dt.date = TUESDAY) -> ReminderMessage:
    """A message to one officer."""
    return ReminderMessage(person="Chuyên viên Phòng Kinh tế", office="UBND xã Mẫu", today=today, items=items)


def item(says: Says, number: int = 1, title: str = "Báo cáo TTHC tháng 3/2026", **more: object) -> Item:
    """One line about a report that is due on Tuesday 17/3/2026."""
    dates = {"nominal_due": TUESDAY, "due": TUESDAY, "internal_due": TUESDAY}
    return Item(number=number, occurrence_id=number, says=says, title=title, unit="Phòng Kinh tế", **(dates | more))  # type: ignore[arg-type]


ROLLED: dict[str, Any] = {"nominal_due": day(2026, 1, 17), "due": day(2026, 1, 19), "internal_due": day(2026, 1, 16)}
ROLLED_BACK: dict[str, Any] = {
    "nominal_due": day(2026, 5, 1),
    "due": day(2026, 4, 29),
    "internal_due": day(2026, 4, 29),
}
EXTENDED: dict[str, Any] = {  # to a Saturday
    "nominal_due": day(2026, 9, 15),
    "due": day(2026, 9, 15),
    "internal_due": day(2026, 9, 19),
}


@pytest.mark.parametrize(
    ("line", "today", "words"),
    [
        (
            item(Says.SOON, **ROLLED),
            day(2026, 1, 13),
            "Nên gửi chậm nhất thứ Sáu 16/1/2026, còn 3 ngày. "
            "Hạn 17/1/2026 là thứ Bảy, được tính đến hết thứ Hai 19/1/2026.\n",
        ),
        (
            item(Says.LAST_CALL, **ROLLED),
            day(2026, 1, 16),
            "Cần gửi trong hôm nay. Hạn 17/1/2026 là thứ Bảy, được tính đến hết thứ Hai 19/1/2026.\n",
        ),
        (
            item(Says.LAST_CALL, title="Lịch công tác", due_time="17:00", **ROLLED_BACK),
            day(2026, 4, 29),
            "Cần hoàn thành trước 17 giờ hôm nay. "
            "Hạn 1/5/2026 là Ngày Quốc tế Lao động nên chuyển sớm lên thứ Tư 29/4/2026.\n",
        ),
        (
            item(Says.LAST_CALL, **EXTENDED),
            day(2026, 9, 18),
            "SẮP TỚI HẠN (ĐÃ GIA HẠN)\n1. Báo cáo TTHC tháng 3/2026\n"
            "Đã gia hạn đến thứ Bảy 19/9/2026 (ngày nghỉ), nên gửi trong hôm nay. "
            "Hạn chính thức thứ Ba 15/9/2026 đã qua.\n",
        ),
        (  # pulled forward: the last call is not of today
            item(Says.LAST_CALL, internal_due=day(2026, 3, 20), due=day(2026, 3, 20), nominal_due=day(2026, 3, 20)),
            TUESDAY,
            "SẮP TỚI HẠN\n1. Báo cáo TTHC tháng 3/2026\nHạn thứ Sáu 20/3/2026.\n",
        ),
        (
            item(Says.EXTENSION_ASKED, doer="Lan", reason="chờ số liệu", asked_until=day(2026, 3, 21)),
            TUESDAY,
            "Lan xin gia hạn đến thứ Bảy 21/3/2026 (ngày nghỉ), lý do: chờ số liệu.",
        ),
        (
            item(Says.EXTENSION_ASKED, doer="Lan", reason="chờ số liệu", asked_until=day(2026, 8, 22)),
            TUESDAY,
            "Lan xin gia hạn đến thứ Bảy 22/8/2026, lý do",  # worked in place of 31/8
        ),
        (
            item(Says.DIFFICULTY, doer="Lan", reason="chưa có số liệu của công an xã."),
            TUESDAY,
            "CÓ VƯỚNG MẮC\n1. Báo cáo TTHC tháng 3/2026 – Phòng Kinh tế\n"
            "Lan báo vướng mắc: chưa có số liệu của công an xã. Hạn thứ Ba 17/3/2026.\n",
        ),
        (
            item(Says.HANDED_OVER, reason="anh Bình đi học"),
            day(2026, 3, 16),
            "VIỆC ĐƯỢC CHUYỂN GIAO\n1. Báo cáo TTHC tháng 3/2026\n"
            "Từ nay đồng chí phụ trách việc này, lý do: anh Bình đi học. Hạn thứ Ba 17/3/2026, còn 1 ngày.\n",
        ),
        (
            item(Says.HANDED_OVER, by="Trưởng phòng Kinh tế"),
            TUESDAY,
            "Trưởng phòng Kinh tế chuyển việc này cho đồng chí. Cần gửi trong hôm nay.\n",
        ),
        (
            item(Says.STANDS_IN, reason="Lan", asked_until=day(2026, 3, 20), doer="Lan"),
            TUESDAY,
            "VIỆC LÀM THAY\n1. Báo cáo TTHC tháng 3/2026 – Phòng Kinh tế\n"
            "Làm thay Lan nghỉ đến hết thứ Sáu 20/3/2026. Cần gửi trong hôm nay.\n",
        ),
        (
            item(Says.AGAIN, days_late=2),
            day(2026, 3, 19),
            "NHẮC LẠI THEO ĐỀ NGHỊ\n1. Báo cáo TTHC tháng 3/2026\nHạn thứ Ba 17/3/2026, đã quá 2 ngày.\n",
        ),
        (
            item(Says.FILE_LOST, reason="tệp lớn hơn 20 MB"),
            TUESDAY,
            "TỆP CHƯA LƯU ĐƯỢC\n1. Báo cáo TTHC tháng 3/2026\nLý do: tệp lớn hơn 20 MB. Xin gửi lại ảnh hoặc tệp.\n",
        ),
        (item(Says.CONFIRMED), TUESDAY, "Việc đã hoàn thành, xin cảm ơn đồng chí.\n"),
    ],
    ids=str,
)
def test_a_line_says_what_is_the_matter_and_until_when(line: Item, today: dt.date, words: str) -> None:
    assert words in plain(message(line, today=today))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("2026-W07",), "Tuần 7/2026"),
        (("2026-W07", "2026-W08"), "Các tuần 7, 8/2026"),
        (("2025-W52", "2026-W01"), "Các tuần 52/2025, 1/2026"),
        (("2025-W51", "2025-W52", "2026-W01", "2026-W02"), "Các tuần 51/2025 – 2/2026"),
        (("2026-W14", "2026-W15", "2026-W16", "2026-W17"), "Các tuần 14 – 17/2026"),
    ],
)
def test_weeks_are_named_as_people_name_them(names: tuple[str, ...], words: str) -> None:
    assert weeks(names) == words


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Báo cáo TTHC tháng 3/2026", "Cần gửi"),
        ("Gửi Phòng Văn hóa - Xã hội báo cáo kết quả CCHC của đơn vị năm 2026", "Cần gửi"),
        ("Ban hành Kế hoạch CCHC năm 2026", "Cần hoàn thành"),
        ("Tự đánh giá, chấm điểm Chỉ số CCHC (PAR Index) của xã năm 2025", "Cần hoàn thành"),
        ("Trình UBND xã phê duyệt kinh phí CCHC năm 2026", "Cần hoàn thành"),
    ],
)
def test_a_paper_is_sent_and_other_work_is_finished(title: str, words: str) -> None:
    assert f"{words} trong hôm nay." in plain(message(item(Says.LAST_CALL, title=title)))


def test_the_hint_names_the_one_thing_that_is_open() -> None:
    text = plain(message(item(Says.LAST_CALL, 3), item(Says.CONFIRMED, 4), item(Says.OVERDUE, 5, doer="Lan")))

    assert "\nTrả lời “xong 3” khi đã hoàn thành; “gia hạn 3 đến ngày/tháng vì …” khi cần thêm thời gian.\n" in text


def test_with_several_things_open_the_hint_asks_for_the_number_of_the_one_that_is_done() -> None:
    text = plain(message(item(Says.LAST_CALL, 3), item(Says.SOON, 4)))

    assert "\nTrả lời “xong” kèm số của việc đã hoàn thành, ví dụ “xong 3”; “gia hạn 3 đến ngày/tháng" in text


def test_work_that_has_moved_on_since_is_ticked_off_without_instructions() -> None:
    shown = render(message(item(Says.LAST_CALL, 3, now="đã xong lúc 8 giờ 15"), item(Says.LAST_CALL, 4, "Kế hoạch")))

    assert "✓ 3. Báo cáo TTHC tháng 3/2026 – đã xong lúc 8 giờ 15\n4. Kế hoạch\nCần gửi trong hôm nay.\n" in shown.text
    assert "Trả lời “xong 4” khi đã hoàn thành" in shown.text


def test_when_everything_has_moved_on_nothing_is_asked() -> None:
    text = plain(message(item(Says.LAST_CALL, now="đã xong lúc 8 giờ 15")))

    assert "Trả lời" not in text
    assert text.startswith("Nhắc việc 17/3/2026\n")


@pytest.mark.parametrize(
    ("kinds", "title"),
    [
        ([Says.CONFIRMED, Says.EXTENSION_GRANTED], "Thông báo"),
        ([Says.DIFFICULTY], "Thông báo"),
        ([Says.CONFIRMED, Says.SOON], "Nhắc việc"),
        ([Says.HANDED_OVER], "Nhắc việc"),
    ],
)
def test_a_message_that_asks_for_nothing_is_a_notice(kinds: list[Says], title: str) -> None:
    items = [item(says, n, reason="ốm", asked_until=day(2026, 3, 20)) for n, says in enumerate(kinds, start=1)]

    assert plain(message(*items)).startswith(f"{title} 17/3/2026\n")

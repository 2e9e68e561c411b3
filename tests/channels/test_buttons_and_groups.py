"""What only Telegram has: buttons that act, messages that are put right afterwards, a unit's group with a topic."""

from __future__ import annotations

from typing import Any

from tests.channels.conftest import OpenLines
from tests.channels.line import LineWorld, TelegramLine
from tests.servers.telegram_server import BOT_NAME, Received
from tests.world import HEAD, OFFICER, SECOND_OFFICER, STANDING, STANDING_HEAD, STRANGER, one_task

GROUP, TOPIC = -1001234, 45
PLACE = f"{GROUP}/{TOPIC}"


def on_the_last_day(open_lines: OpenLines, **changes: Any) -> tuple[LineWorld, TelegramLine]:
    line = TelegramLine()
    world = open_lines([line], "2026-03-25 07:30", [one_task("2026-03-25", **changes)])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    return world, line


def newest(line: TelegramLine, person: str) -> Received:
    return line.server.inbox(int(line.address(person)))[-1]


# ---- buttons --------------------------------------------------------------------------------------------------------


def test_a_pressed_button_reports_its_work_and_the_echo_can_be_taken_back_by_a_button(open_lines: OpenLines) -> None:
    world, line = on_the_last_day(open_lines)
    assert newest(line, OFFICER).buttons == [["Xong 1", "Đang làm 1"]]
    world.press(OFFICER, "Xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Kế hoạch chuyển đổi số")
    assert newest(line, OFFICER).buttons == [["Hoàn tác"]]
    assert len(line.server.answered) == 1  # the spinner has stopped
    world.press(OFFICER, "Hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác. Việc 1")
    assert world.occurrence("Kế hoạch").work_state == "new"


def test_a_double_press_changes_nothing_and_is_answered_kindly(open_lines: OpenLines) -> None:
    world, line = on_the_last_day(open_lines)
    address = line.address(OFFICER)
    line.presses(address, "Xong 1")
    line.presses(address, "Xong 1")  # before anything has happened
    world.listen(line)
    world.turn()
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.phone(OFFICER).expect("đã được báo xong trước đó")
    assert world.history("reported") == 1
    assert len(line.server.answered) == 2


def test_a_stale_button_says_where_the_work_stands_and_changes_nothing(open_lines: OpenLines) -> None:
    world, line = on_the_last_day(open_lines)
    address = line.address(OFFICER)
    shown = [row[:] for row in newest(line, OFFICER).keyboard]  # an old telephone that shows no edits
    world.say(OFFICER, "đang làm 1")
    world.phone(OFFICER).expect("Đã ghi nhận đang làm việc 1")
    line.server.inbox(int(address))[-2].keyboard = shown
    world.press(OFFICER, "Xong 1")
    world.phone(OFFICER).expect("Nút vừa bấm đã cũ", "đang làm", "xong 1")
    assert world.occurrence("Kế hoạch").work_state == "doing"


def test_the_confirmer_and_the_approver_press_too(open_lines: OpenLines) -> None:
    world, _ = on_the_last_day(open_lines, confirm="head")
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHỜ DUYỆT GIA HẠN")
    world.press(STANDING, "Đồng ý 1")
    world.phone(STANDING).expect("Đã duyệt gia hạn việc 1")
    world.press(STANDING_HEAD, "Đồng ý 1")  # the second of two
    world.phone(STANDING_HEAD).expect("không có gì đang chờ duyệt")
    assert world.extensions() == [("granted", "2026-04-01")]

    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1", "Đang chờ xác nhận")
    world.phone(HEAD).expect("CHỜ XÁC NHẬN")
    world.press(HEAD, "Xác nhận 1")
    world.phone(HEAD).expect("Đã xác nhận hoàn thành việc 1")
    world.press(HEAD, "Hoàn tác")
    world.phone(HEAD).expect("Đã hoàn tác")
    assert world.occurrence("Kế hoạch").work_state == "waiting"
    world.ignore_rest()


# ---- messages put right ---------------------------------------------------------------------------------------------


def two_lines(open_lines: OpenLines) -> tuple[LineWorld, Received]:
    """A reminder of two pieces of work, on the officer's telephone."""
    line = TelegramLine()
    tasks = [one_task("2026-03-25"), one_task("2026-03-25", "z-bien-ban", "Biên bản kiểm tra")]
    world = open_lines([line], "2026-03-25 07:30", tasks)
    world.phone(OFFICER).expect("1. Kế hoạch chuyển đổi số", "2. Biên bản kiểm tra")
    return world, newest(line, OFFICER)


def test_the_message_shows_what_has_become_of_its_work_and_has_no_button_for_it(open_lines: OpenLines) -> None:
    world, reminder = two_lines(open_lines)
    assert reminder.buttons == [["Xong 1", "Đang làm 1"], ["Xong 2", "Đang làm 2"]]

    world.press(OFFICER, "Xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    assert "✓ 1. Kế hoạch chuyển đổi số" in reminder.text
    assert "2. Biên bản kiểm tra\n" in reminder.text
    assert reminder.buttons == [["Xong 2", "Đang làm 2"]]
    assert reminder.edits == 1

    world.say(OFFICER, "xong 2")  # typed, it is the same
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")
    assert "✓ 2. Biên bản kiểm tra" in reminder.text
    assert reminder.buttons == []
    assert {world.occurrence(title).work_state for title in ("Kế hoạch", "Biên bản")} == {"done"}


def test_taken_back_by_its_button_the_message_asks_again(open_lines: OpenLines) -> None:
    world, reminder = two_lines(open_lines)
    world.press(OFFICER, "Xong 2")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")
    world.press(OFFICER, "Hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác. Việc 2")
    assert "✓" not in reminder.text
    assert reminder.buttons == [["Xong 1", "Đang làm 1"], ["Xong 2", "Đang làm 2"]]
    world.press(OFFICER, "Xong 2")  # of the state as it is now: it acts
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 2")


def test_taken_back_by_a_word_the_message_asks_again(open_lines: OpenLines) -> None:
    world, reminder = two_lines(open_lines)
    world.ignore_rest()
    world.say(OFFICER, "xong 1, 2")
    assert "✓ 2." in reminder.text
    world.say(OFFICER, "hoàn tác")
    assert "✓" not in reminder.text
    assert reminder.buttons == [["Xong 1", "Đang làm 1"], ["Xong 2", "Đang làm 2"]]


def test_a_stale_press_puts_the_message_right(open_lines: OpenLines) -> None:
    world, line = on_the_last_day(open_lines)
    reminder = newest(line, OFFICER)
    shown = [row[:] for row in reminder.keyboard]
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).put_aside()
    reminder.keyboard, reminder.text, edits = shown, "cũ", reminder.edits  # the edit never came through
    world.press(OFFICER, "Xong 1")
    world.phone(OFFICER).expect("đã được báo xong trước đó")
    assert "✓ 1. Kế hoạch chuyển đổi số" in reminder.text
    assert reminder.buttons == []
    assert reminder.edits == edits + 1


def test_an_edit_of_a_message_that_was_deleted_is_no_trouble(open_lines: OpenLines) -> None:
    world, line = on_the_last_day(open_lines)
    line.server.deletes(int(line.address(OFFICER)), newest(line, OFFICER).message_id)
    world.look_away()
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    assert world.chats(OFFICER) == {"telegram": (None, None)}


# ---- groups ---------------------------------------------------------------------------------------------------------


def in_a_group(open_lines: OpenLines) -> tuple[LineWorld, TelegramLine]:
    """The unit's code is typed in a topic of its group; the second officer has no chat of their own."""
    world, line = on_the_last_day(open_lines)
    line.server.has_topics(GROUP, TOPIC)
    says(world, line, OFFICER, f"@{BOT_NAME} {world.code_of_unit('kinh-te')}")
    world.phone(PLACE).expect("Đã liên kết nhóm này với Phòng Kinh tế", "UBND xã Mẫu")
    return world, line


def says(world: LineWorld, line: TelegramLine, person: str, text: str) -> None:
    """Somebody writes in the topic, and the engine turns."""
    line.newest = line.server.person_types(GROUP, text, sender=int(line.address(person)), topic=TOPIC)
    world.listen(line)
    world.turn()


def test_whoever_has_no_chat_is_reminded_in_the_topic_of_the_units_group(open_lines: OpenLines) -> None:
    world, line = in_a_group(open_lines)
    world.say(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.phone(OFFICER).expect("Đã chuyển việc 1")
    world.phone(PLACE).expect("Kính gửi Chuyên viên thứ hai Phòng Kinh tế", "Kế hoạch chuyển đổi số")
    assert {received.topic for received in line.server.inbox(GROUP)} == {TOPIC}
    assert world.chats(SECOND_OFFICER) == {}


def test_in_the_topic_a_report_is_echoed_and_chatter_and_strangers_are_left_alone(open_lines: OpenLines) -> None:
    world, line = in_a_group(open_lines)
    for person, words in ((OFFICER, "trưa nay ăn gì mọi người"), (STRANGER, "xong 1"), (STRANGER, "K7QM-29RT")):
        says(world, line, person, words)
    world.everyone_silent()
    says(world, line, OFFICER, f"@{BOT_NAME} xong 1")
    world.phone(PLACE).expect("Đã ghi nhận xong việc 1")
    assert world.occurrence("Kế hoạch").work_state == "done"


def test_somebody_elses_button_in_the_group_does_nothing(open_lines: OpenLines) -> None:
    world, line = in_a_group(open_lines)
    world.say(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.phone(OFFICER).put_aside()
    world.phone(PLACE).expect("Kính gửi Chuyên viên thứ hai")
    line.presses(str(GROUP), "Xong 1", sender=line.address(HEAD))
    world.listen(line)
    world.turn()
    world.phone(PLACE).expect("Nút này dành cho người được nhắc")
    assert world.occurrence("Kế hoạch").work_state != "done"


def test_a_closed_topic_is_like_a_blocked_chat(open_lines: OpenLines) -> None:
    world, line = in_a_group(open_lines)
    line.server.opens(GROUP).topics.clear()
    world.say(OFFICER, "chuyển 1 cho chuyên viên thứ hai")
    world.phone(OFFICER).expect("Đã chuyển việc 1")
    world.run_until("2026-03-25 17:00")
    assert ("refused", "chủ đề này của nhóm không còn hoặc đã đóng") in [
        (row.status, row.error) for row in world.messages(SECOND_OFFICER)
    ]
    world.ignore_rest()

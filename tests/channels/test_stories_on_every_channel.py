"""One contract: the same stories on the simulator, on Telegram and on Zalo, over real HTTP, from plan to phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from data.database import reading
from data.journal import JOURNAL
from engine import people
from engine.actions import Actor
from engine.office import INBOUND, MESSAGE
from engine.people_import import import_people
from engine.people_list import PersonRow
from tests.channels.conftest import OpenLines
from tests.channels.line import (
    Line,
    LineWorld,
    MailLine,
    ReplayingZaloLine,
    SimulatorLine,
    TelegramLine,
    TelegramWebhookLine,
    ZaloLine,
    ZaloWebhookLine,
)
from tests.world import CHAIR, HEAD, OFFICER, STANDING, STANDING_HEAD, STRANGER, VICE_CHAIR, one_task

CHANNELS = pytest.mark.parametrize("a_line", [SimulatorLine, TelegramLine, ZaloLine], ids=lambda line: line.name)
AND_WEBHOOKS = pytest.mark.parametrize(
    "a_line",
    [SimulatorLine, TelegramLine, TelegramWebhookLine, ZaloLine, ZaloWebhookLine],
    ids=lambda line: line.name,
)
ALine = Callable[[], Line]


@AND_WEBHOOKS
def test_reminded_done_undone_done_again_confirmed(a_line: ALine, open_lines: OpenLines) -> None:
    world = open_lines([a_line()], "2026-03-25 07:30", [one_task("2026-03-25", confirm="head")])
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số", "xong 1")

    world.say(OFFICER, "xong")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1", "Đang chờ xác nhận", "hoàn tác")
    world.phone(HEAD).expect("CHỜ XÁC NHẬN", "Chuyên viên Phòng Kinh tế báo đã xong")
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác. Việc 1", "hạn thứ Tư 25/3/2026")
    assert world.occurrence("Kế hoạch").work_state == "new"
    world.say(HEAD, "xác nhận 1")  # an old question
    world.phone(HEAD).expect("Việc 1", "không có gì đang chờ duyệt hoặc chờ xác nhận")
    assert world.occurrence("Kế hoạch").work_state == "new"

    world.run_until("2026-03-25 10:00")
    world.say(OFFICER, "Xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.run_until("2026-03-25 14:00")  # one message a slot: the head has had this morning's
    world.phone(HEAD).expect("CHỜ XÁC NHẬN", "xác nhận 1")
    world.say(HEAD, "xác nhận")
    world.phone(HEAD).expect("Đã xác nhận hoàn thành việc 1")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC XÁC NHẬN", "1. Kế hoạch chuyển đổi số")
    assert world.occurrence("Kế hoạch").work_state == "done"
    assert len(world.rows(select(INBOUND.c.id).where(INBOUND.c.said.is_(None)))) == 0
    world.run_until("2026-04-10 17:00")
    world.everyone_silent()


# ---- more time ------------------------------------------------------------------------------------------------------


def asked_for_more_time(a_line: ALine, open_lines: OpenLines) -> LineWorld:
    world = open_lines([a_line()], "2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY", "gia hạn 1 đến")
    world.say(OFFICER, "gia hạn 1 đến 1/4 vì chờ số liệu của thôn")
    world.phone(OFFICER).expect("Đã gửi đề nghị gia hạn việc 1", "thứ Tư 1/4/2026")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHỜ DUYỆT GIA HẠN", "chờ số liệu của thôn", "đồng ý 1")
    world.everyone_silent()
    return world


@CHANNELS
def test_more_time_is_asked_for_and_granted(a_line: ALine, open_lines: OpenLines) -> None:
    world = asked_for_more_time(a_line, open_lines)
    world.say(STANDING, "đồng ý")
    world.phone(STANDING).expect("Đã duyệt gia hạn việc 1", "thứ Tư 1/4/2026")
    world.run_until("2026-03-25 17:00")
    world.phone(OFFICER).expect("ĐÃ ĐƯỢC GIA HẠN", "thứ Tư 1/4/2026", "Hạn chính thức vẫn là thứ Tư 25/3/2026")
    assert world.extensions() == [("granted", "2026-04-01")]
    world.run_until("2026-04-01 08:00")
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "còn 5 ngày")
    world.phone(OFFICER).expect("HẠN HÔM NAY (ĐÃ GIA HẠN)")


@CHANNELS
def test_more_time_is_refused_with_a_reason_that_the_asker_reads(a_line: ALine, open_lines: OpenLines) -> None:
    world = asked_for_more_time(a_line, open_lines)
    world.say(STANDING_HEAD, "từ chối 1")
    world.phone(STANDING_HEAD).expect("Xin cho biết lý do")
    world.say(STANDING_HEAD, "vì thành phố đã chốt lịch")
    world.phone(STANDING_HEAD).expect("Đã từ chối gia hạn việc 1", "thành phố đã chốt lịch")
    world.run_until("2026-03-25 17:00")
    world.phone(OFFICER).expect("GIA HẠN KHÔNG ĐƯỢC DUYỆT", "thành phố đã chốt lịch", "Hạn vẫn là thứ Tư 25/3/2026")
    assert world.extensions() == [("refused", "2026-04-01")]
    world.run_until("2026-03-26 08:00")  # the ladder goes on
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN", "đã quá 1 ngày")


# ---- silence --------------------------------------------------------------------------------------------------------


@CHANNELS
def test_silence_climbs_to_the_leadership_with_the_weeks_digest(a_line: ALine, open_lines: OpenLines) -> None:
    world = open_lines([a_line()], "2026-03-20 08:00", [one_task("2026-03-25")], digests=True)  # a Friday
    world.phone(OFFICER).expect("SẮP TỚI HẠN", "còn 5 ngày")
    world.run_until("2026-03-23 08:00")  # Monday
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 12/2026", "Đang quá hạn: 0", "thứ Tư 25/3/2026: Kế hoạch")
    world.everyone_silent()

    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.everyone_silent()
    world.run_until("2026-03-26 08:00")
    for person in (OFFICER, HEAD):
        world.phone(person).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.everyone_silent()
    world.run_until("2026-03-27 08:00")
    for person in (OFFICER, HEAD, STANDING, STANDING_HEAD):
        world.phone(person).expect("QUÁ HẠN", "đã quá 2 ngày")
    world.everyone_silent()
    world.run_until("2026-03-30 17:00")
    for leader in (VICE_CHAIR, CHAIR):
        world.phone(leader).expect("Bản tin tuần 13/2026", "Đang quá hạn: 1", "Kế hoạch chuyển đổi số (Phòng Kinh tế)")
    world.everyone_silent()
    world.run_until("2026-03-31 08:00")
    for person in (OFFICER, HEAD, STANDING, STANDING_HEAD, VICE_CHAIR, CHAIR):
        world.phone(person).expect("QUÁ HẠN", "đã quá 6 ngày")
    world.everyone_silent()


# ---- one chat fails, the next takes over ----------------------------------------------------------------------------

WITH_A_SECOND = pytest.mark.parametrize(
    ("a_line", "a_second"),
    [
        (SimulatorLine, MailLine),
        (TelegramLine, ZaloLine),
        (TelegramLine, MailLine),
        (ZaloLine, TelegramLine),
        (ZaloLine, MailLine),
    ],
    ids=lambda line: line.name,
)


def linked_twice(a_line: ALine, a_second: ALine, open_lines: OpenLines) -> tuple[LineWorld, Line]:
    """The officer has a second chat; nothing is due yet."""
    first, second = a_line(), a_second()
    world = open_lines([first, second], "2026-03-23 08:00", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.link_on(second, OFFICER)
    return world, second


def reasons_told(world: LineWorld) -> list[str]:
    """Why messages went another way, as the outbox says it, in order."""
    query = select(MESSAGE.c.error).where(MESSAGE.c.error.is_not(None), MESSAGE.c.status == "sent")
    return [row.error for row in world.rows(query.order_by(MESSAGE.c.id))]


@WITH_A_SECOND
def test_a_blocked_chat_gives_way_to_the_next_until_its_person_writes_again(
    a_line: ALine, a_second: ALine, open_lines: OpenLines
) -> None:
    world, second = linked_twice(a_line, a_second, open_lines)
    world.block(OFFICER)

    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER, on=second).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")
    world.everyone_silent()  # nothing climbs: the officer was reached
    assert world.outbox(OFFICER)[-1] == ("reminder", "sent", 1)
    assert reasons_told(world) == [f"{world.main.channel.name}: người nhận đã chặn bot"]
    journal = world.rows(select(JOURNAL.c.data).where(JOURNAL.c.action == "message_sent").order_by(JOURNAL.c.seq))
    assert "người nhận đã chặn bot" in journal[-1].data
    assert world.chats(OFFICER)[world.main.channel.name] == ("người nhận đã chặn bot", None)

    world.run_until("2026-03-26 07:30")  # remembered: the blocked chat is not even tried
    world.phone(OFFICER, on=second).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN")
    world.main.blocks(OFFICER, blocked=False)
    world.say(OFFICER, "việc")
    world.phone(OFFICER).expect("Việc đang mở", "1. Kế hoạch chuyển đổi số")
    assert world.chats(OFFICER)[world.main.channel.name] == (None, None)
    world.run_until("2026-03-27 07:30")
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 2 ngày")
    for person in (HEAD, STANDING, STANDING_HEAD):
        world.phone(person).expect("QUÁ HẠN")
    world.everyone_silent()


@WITH_A_SECOND
def test_a_channel_that_is_down_gives_way_to_the_next_until_it_recovers(
    a_line: ALine, a_second: ALine, open_lines: OpenLines
) -> None:
    world, second = linked_twice(a_line, a_second, open_lines)
    world.run(world.main.goes_down())

    world.run_until("2026-03-25 07:32")
    world.everyone_silent()  # it is tried again first
    world.run_until("2026-03-25 07:45")
    world.phone(OFFICER, on=second).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")
    [why] = reasons_told(world)
    assert why.startswith(f"{world.main.channel.name}: chưa kết nối được")
    blocked, failing = world.chats(OFFICER)[world.main.channel.name]
    assert blocked is None
    assert failing is not None
    assert why.endswith(failing)

    world.run(world.main.recovers())
    world.run_until("2026-03-26 07:30")
    world.phone(OFFICER).expect("QUÁ HẠN", "đã quá 1 ngày")
    world.phone(HEAD).expect("QUÁ HẠN")
    assert world.chats(OFFICER)[world.main.channel.name] == (None, None)
    world.everyone_silent()


@CHANNELS
def test_with_no_other_chat_the_next_rung_comes_forward_and_the_person_is_to_be_called(
    a_line: ALine, open_lines: OpenLines
) -> None:
    world = open_lines([a_line()], "2026-03-23 08:00", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    world.block(OFFICER)
    world.run_until("2026-03-25 17:00")
    world.phone(HEAD).expect("Kế hoạch chuyển đổi số", "Chuyên viên Phòng Kinh tế", "thứ Tư 25/3/2026")
    for person in (STANDING, STANDING_HEAD):
        world.phone(person).expect("CHƯA LIÊN LẠC ĐƯỢC", "Chuyên viên Phòng Kinh tế (người nhận đã chặn bot)")
    assert ("last-call", "người nhận đã chặn bot") in world.silences(OFFICER)
    with reading(world.engine) as connection:
        [call] = people.calls(connection, world.office(connection), world.clock.now())
    assert (call.slug, [work.title for work in call.work]) == (OFFICER, ["Kế hoạch chuyển đổi số"])
    assert call.why[0].endswith(": người nhận đã chặn bot")


def test_an_address_from_the_list_of_people_is_written_to(open_lines: OpenLines) -> None:
    mail = MailLine()
    world = open_lines([ZaloLine(), mail], "2026-03-23 08:00", [one_task("2026-03-25")])
    world.ignore_rest()
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    with world.engine.begin() as connection:
        office, now = world.office(connection), world.clock.now()
        listed = PersonRow(2, "Chuyên viên Phòng Kinh tế", "Phòng Kinh tế", "officer", slug=OFFICER)
        row = replace(listed, email=mail.address(OFFICER))
        import_people(connection, office, [row], now, Actor("người vận hành"))
    world.block(OFFICER)
    world.run_until("2026-03-25 07:30")
    world.phone(OFFICER, on=mail).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")


# ---- codes and strangers --------------------------------------------------------------------------------------------

NEUTRAL = "Xin chào. Kênh này chỉ dành cho cán bộ đã được cơ quan cấp mã liên kết."


@CHANNELS
def test_a_stranger_learns_nothing_whatever_they_type(a_line: ALine, open_lines: OpenLines) -> None:
    world = open_lines([a_line()], "2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).put_aside()
    line, used = world.main, world.code(HEAD)
    world.say(HEAD, used)
    world.phone(HEAD).expect("Kênh này đã được liên kết với Trưởng phòng Kinh tế")
    withdrawn, expired = world.code(HEAD), world.code(OFFICER, days=1)
    world.code(HEAD)
    world.clock.advance(seconds=25 * 3600)
    world.turn()
    for person in (OFFICER, HEAD):
        world.phone(person).put_aside()
    tries = {
        "words": "xong 1",
        "greeting": line.code_typed("").strip(),
        "wrong": line.code_typed("K7QM-29RT"),
        "used": line.code_typed(used),
        "withdrawn": line.code_typed(withdrawn),
        "expired": line.code_typed(expired),
    }
    for name, words in tries.items():
        world.say(f"nguoi-la-{name}", words or "alo")
        assert world.phone(f"nguoi-la-{name}").expect("").strip() == NEUTRAL
    assert world.occurrence("Kế hoạch").work_state == "new"
    world.everyone_silent()


@CHANNELS
def test_a_stranger_hears_one_line_in_ten_minutes(a_line: ALine, open_lines: OpenLines) -> None:
    world = open_lines([a_line()], "2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).put_aside()
    world.say(STRANGER, "việc")
    world.phone(STRANGER).expect(NEUTRAL)
    for words in ("việc", "K7QM-29RT", "xong 1"):
        world.say(STRANGER, words)
    world.clock.advance(minutes=9)
    world.say(STRANGER, "alo")
    world.phone(STRANGER).silent()
    world.clock.advance(minutes=2)
    world.say(STRANGER, "alo")
    world.phone(STRANGER).expect(NEUTRAL)


@CHANNELS
def test_a_right_code_is_not_taken_from_whoever_has_guessed_too_often(a_line: ALine, open_lines: OpenLines) -> None:
    world = open_lines([a_line()], "2026-03-25 07:30", [one_task("2026-03-25")], linked=[OFFICER])
    world.phone(OFFICER).put_aside()
    for guess in range(5):
        world.hear(STRANGER, f"K7QM-29R{guess + 2}")
    world.say(STRANGER, world.code(HEAD))
    assert world.phone(STRANGER).put_aside() == [NEUTRAL]
    assert world.chats(HEAD) == {}
    world.ignore_rest()


@CHANNELS
def test_a_new_telephone_takes_the_place_of_the_old_one(a_line: ALine, open_lines: OpenLines) -> None:
    world = open_lines([a_line()], "2026-03-24 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("SẮP TỚI HẠN")
    code = world.code(OFFICER)
    world.new_phone(OFFICER)
    world.say(OFFICER, world.main.code_typed(code))
    world.phone(OFFICER).expect("Đã liên kết với Chuyên viên Phòng Kinh tế")
    assert len(world.chats(OFFICER)) == 1

    world.run_until("2026-03-25 08:00")
    world.phone(OFFICER).expect("HẠN HÔM NAY", "1. Kế hoạch chuyển đổi số")
    world.old_phone(OFFICER).silent()
    world.say(OFFICER, "xong 1", address=world.old_address(OFFICER))  # whoever has the old telephone now
    world.old_phone(OFFICER).expect(NEUTRAL)
    assert world.occurrence("Kế hoạch").work_state == "new"
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")


@CHANNELS
def test_a_code_is_good_once(a_line: ALine, open_lines: OpenLines) -> None:
    world = open_lines([a_line()], "2026-03-24 07:30", [one_task("2026-03-25")], linked=[OFFICER])
    world.phone(OFFICER).put_aside()
    code = world.main.code_typed(world.code(HEAD))
    world.say(HEAD, code)
    world.phone(HEAD).expect("Đã liên kết với Trưởng phòng Kinh tế", "UBND xã Mẫu")
    world.say(HEAD, code)  # Telegram's Start button sends it again
    world.phone(HEAD).expect("Kênh này đã được liên kết với Trưởng phòng Kinh tế")
    world.say(STRANGER, code)
    world.phone(STRANGER).expect(NEUTRAL)
    world.run_until("2026-03-26 08:00")
    world.phone(HEAD).expect("QUÁ HẠN")
    world.ignore_rest()


# ---- disorder -------------------------------------------------------------------------------------------------------


def on_the_last_day(line: Line, open_lines: OpenLines) -> LineWorld:
    world = open_lines([line], "2026-03-25 07:30", [one_task("2026-03-25")])
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    return world


def test_an_update_that_zalo_gives_twice_acts_once(open_lines: OpenLines) -> None:
    line = ZaloLine()
    world = on_the_last_day(line, open_lines)
    world.hear(OFFICER, "xong 1")
    line.again()
    world.listen(line)
    world.turn()
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.run(line.open_bot())  # started anew, the program remembers nothing; the database does
    line.again()
    world.listen(line)
    world.turn()
    world.everyone_silent()
    assert world.history("reported") == 1


def test_zalo_that_replays_at_every_poll_acts_once(open_lines: OpenLines) -> None:
    line = ReplayingZaloLine()
    world = on_the_last_day(line, open_lines)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    for _ in range(3):
        world.run(line.open_bot())
        world.listen(line)
        world.turn()
    world.everyone_silent()
    world.say(OFFICER, "hoàn tác")
    world.phone(OFFICER).expect("Đã hoàn tác")
    world.listen(line)
    world.turn()
    assert (world.history("reported"), world.occurrence("Kế hoạch").work_state) == (1, "new")


def test_zalo_out_of_order_acts_on_each_update_once(open_lines: OpenLines) -> None:
    line = ZaloLine()
    world = on_the_last_day(line, open_lines)
    with line.server.out_of_order():
        line.types(line.address(OFFICER), "đang làm 1")
        line.types(line.address(OFFICER), "xong 1")
    world.listen(line)
    world.turn()
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.phone(OFFICER).expect("đã được báo xong trước đó")  # what came late does not open it again
    assert (world.history("reported"), world.occurrence("Kế hoạch").work_state) == (1, "done")


def test_a_webhook_call_repeated_by_zalo_acts_once(open_lines: OpenLines) -> None:
    line = ZaloWebhookLine()
    world = on_the_last_day(line, open_lines)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    body = line.server.deliveries[-1].body
    line.server.webhook_is_wrapped = True
    line.server.probes()
    for _ in range(2):
        line.server._pushes.put_nowait(body)
    line.happened += 3
    world.listen(line)
    world.turn()
    world.everyone_silent()
    assert [delivery.status for delivery in line.server.deliveries] == [200] * len(line.server.deliveries)
    assert world.history("reported") == 1


def test_updates_of_telegram_twice_and_newest_first_act_once_each(open_lines: OpenLines) -> None:
    line = TelegramLine()
    world = on_the_last_day(line, open_lines)
    line.types(line.address(OFFICER), "xong 1")
    line.types(line.address(HEAD), "việc đơn vị")
    line.server.repeats()
    line.server.reverses()
    world.listen(line)
    world.turn()
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    world.phone(HEAD).expect("Việc đang mở của đơn vị")  # asked first, as it arrived
    world.everyone_silent()
    assert world.history("reported") == 1


def test_updates_of_telegram_that_were_kept_and_not_confirmed_come_again_and_act_once(open_lines: OpenLines) -> None:
    line = TelegramLine()
    world = on_the_last_day(line, open_lines)
    world.say(OFFICER, "xong 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    update = line.server.happens("message", _as_telegram_writes(line, OFFICER, "xong 1"))
    line.server._updates[-1]["update_id"] = update - 1  # the program was killed after the commit: the same again
    line.newest = update - 1
    world.run(line.listen(world.keep_for(line), update - 1))
    world.turn()
    world.everyone_silent()
    assert world.history("reported") == 1


def _as_telegram_writes(line: TelegramLine, person: str, text: str) -> dict[str, object]:
    return line.server._message(int(line.address(person)), {"text": text})


# ---- a long morning -------------------------------------------------------------------------------------------------


TITLE = "Báo cáo kết quả rà soát, đơn giản hóa thủ tục hành chính nội bộ thuộc phạm vi quản lý của Ủy ban nhân dân"
REST = "xã, các phòng, ban, trung tâm trực thuộc và các đơn vị sự nghiệp công lập trên địa bàn theo kế hoạch"


def eight_long_duties(a_line: ALine, open_lines: OpenLines) -> LineWorld:
    """All due today; together some 2,300 characters, more than Zalo takes at once."""
    works = [one_task("2026-03-25", f"viec-{n}", f"Việc thứ {n}: {TITLE} {REST} lần {n}") for n in range(1, 9)]
    return open_lines([a_line()], "2026-03-25 07:30", works)


@CHANNELS
def test_a_long_reminder_arrives_in_whole_items_and_every_number_can_be_answered(
    a_line: ALine, open_lines: OpenLines
) -> None:
    world = eight_long_duties(a_line, open_lines)
    parts = world.phone(OFFICER).put_aside()
    assert (len(parts) > 1) == (a_line is ZaloLine)
    for n in range(1, 9):
        [whole] = [part for part in parts if f"\n{n}. Việc thứ {n}: " in f"\n{part}"]
        after = whole.partition(f"{n}. Việc thứ {n}: ")[2]
        assert after.startswith(f"{TITLE} {REST} lần {n}\n")
        assert "Cần " in after.partition("\n")[2].partition("\n")[0]  # its deadline stands with it
    world.say(OFFICER, "xong 1, 8")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1: Việc thứ 1")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 8: Việc thứ 8")
    world.say(OFFICER, "việc")
    assert "7. Việc thứ 7" in "\n".join(world.phone(OFFICER).put_aside())
    assert world.occurrence("Việc thứ 8").work_state == "done"


def test_a_long_reminder_costs_zalo_no_message_more_than_it_must(open_lines: OpenLines) -> None:
    world = eight_long_duties(ZaloLine, open_lines)
    assert len(world.phone(OFFICER).put_aside()) == 2

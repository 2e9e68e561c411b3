"""Who may do what, as a matrix: every part a person can have, every action of the chat, through the conversation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from engine.conversation import RIGHTS
from engine.rules.replies import Action
from engine.rules.rights import TABLE, Part, Right, may
from tests.stories.conftest import OpenWorld
from tests.world import (
    DESK_OFFICER,
    HEAD,
    OFFICER,
    SECOND_OFFICER,
    STANDING,
    STANDING_HEAD,
    STRANGER,
    VICE_CHAIR,
    World,
    one_task,
)

VIEWER = "nguoi-xem"
#: What each person is to the work of Phòng Kinh tế.
PEOPLE = {
    OFFICER: {Part.DOER, Part.COLLEAGUE},
    SECOND_OFFICER: {Part.COLLEAGUE},
    HEAD: {Part.HEAD, Part.COLLEAGUE},
    STANDING: {Part.STANDING},
    STANDING_HEAD: {Part.STANDING},
    VICE_CHAIR: {Part.LEADER},
    DESK_OFFICER: set(),
    VIEWER: {Part.VIEWER},
}
SAYS = {
    Action.DONE: "xong",
    Action.DOING: "đang làm",
    Action.EXTEND: "gia hạn đến 1/4 vì chờ số liệu",
    Action.HANDOVER: "chuyển cho chuyên viên thứ hai",
    Action.DIFFICULTY: "vướng vì chưa có số liệu",
    Action.SNOOZE: "nhắc chiều mai",
    Action.APPROVE: "đồng ý",
    Action.REFUSE: "từ chối vì đã muộn",
    Action.CONFIRM: "xác nhận",
    Action.RETURN: "trả lại vì thiếu phụ lục",
    Action.DETAIL: "chi tiết",
}
NO = "không được giao quyền này"
NEUTRAL = "Xin chào. Kênh này chỉ dành cho cán bộ đã được cơ quan cấp mã liên kết."


def test_every_action_of_the_chat_has_a_right_and_every_right_somebody() -> None:
    assert set(RIGHTS) == set(Action) - {Action.HELP, Action.ASK, Action.NONE}
    assert set(TABLE) == set(Right)
    assert all(TABLE.values())


def test_nothing_is_allowed_to_nobody() -> None:
    assert not any(may(right, frozenset()) for right in Right)


def test_a_viewer_changes_nothing() -> None:
    reading = {Right.SEE_WORK, Right.SEE_OWN, Right.SEE_UNIT, Right.SEE_OFFICE, Right.SEE_DIGEST, Right.UNDO_OWN}
    assert {right for right in Right if may(right, frozenset({Part.VIEWER}))} == reading


def prepared(open_world: OpenWorld, action: Action) -> World:
    """Work in the state in which the action makes sense, and every phone put aside."""
    world = open_world("2026-03-20 07:30", [one_task("2026-03-25", confirm="head")], viewers=[VIEWER])
    if action in (Action.APPROVE, Action.REFUSE):
        world.say(OFFICER, "gia hạn 1 đến 2/4 vì chờ thành phố")
    if action in (Action.CONFIRM, Action.RETURN):
        world.say(OFFICER, "xong 1")
    world.clock.advance(seconds=60)
    for phone in world.phones.values():
        phone.put_aside()
    world.ignore_rest()
    return world


@pytest.mark.parametrize("action", SAYS, ids=str)
def test_each_person_may_do_exactly_what_the_table_says(open_world: OpenWorld, action: Action) -> None:
    right = RIGHTS[action]
    for person, parts in PEOPLE.items():
        world = _fresh(open_world, action)
        before = world.snapshot()["journal"], world.occurrence("Kế hoạch").version
        world.say(person, SAYS[action], about=world.occurrence("Kế hoạch").id)
        [answer, *_] = world.phone(person).put_aside()
        allowed = may(right, frozenset(parts))
        assert (NO not in answer) == allowed, f"{person} {action}: {answer}"
        if not allowed:
            assert world.occurrence("Kế hoạch").version == before[1], f"{person} {action} changed it"


def _fresh(open_world: Callable[..., World], action: Action) -> World:
    return prepared(open_world, action)


def test_a_stranger_may_do_nothing(open_world: OpenWorld) -> None:
    world = prepared(open_world, Action.DONE)
    task = world.occurrence("Kế hoạch")
    for words in SAYS.values():
        world.say(STRANGER, words, about=task.id)
    assert world.phone(STRANGER).put_aside() == [
        "Xin chào. Kênh này chỉ dành cho cán bộ đã được cơ quan cấp mã liên kết."
    ]
    assert world.occurrence("Kế hoạch") == task


def test_a_stand_in_has_the_rights_of_the_person_while_it_lasts_and_not_after(open_world: OpenWorld) -> None:
    world = prepared(open_world, Action.DONE)
    task = world.occurrence("Kế hoạch").id
    world.stand_in(OFFICER, DESK_OFFICER, "2026-03-20", "2026-03-20")
    world.say(DESK_OFFICER, "đang làm", about=task)
    assert "Đã ghi nhận đang làm" in world.phone(DESK_OFFICER).put_aside()[0]
    world.sleep_until("2026-03-21 08:00")
    world.phone(DESK_OFFICER).put_aside()
    world.say(DESK_OFFICER, "xong", about=task)
    assert NO in world.phone(DESK_OFFICER).put_aside()[0]


def test_somebody_who_has_left_is_a_stranger(open_world: OpenWorld) -> None:
    world = prepared(open_world, Action.DONE)
    world.dismiss(OFFICER)
    world.say(OFFICER, "xong 1")
    assert world.phone(OFFICER).put_aside() == [
        "Xin chào. Kênh này chỉ dành cho cán bộ đã được cơ quan cấp mã liên kết."
    ]
    assert world.clock.now() > dt.datetime(2026, 3, 20, tzinfo=dt.UTC)

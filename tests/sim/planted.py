"""Bugs planted on purpose: each breaks one promise, and the simulation must notice."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine

from data import journal
from engine import actions, claim, conversation, digest, outbox, receive, record, remind, reminder_lines
from engine.conversation import doing
from engine.messages import Said, Says
from engine.rules import chain, digest_numbers, ladder
from engine.rules.replies import Action
from schedules import hours

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Bug:
    """One planted bug. ``seed``: one that finds it within ``days``, as this broken promise."""

    name: str
    plant: Callable[[Patch], None]
    seed: int = 0
    days: int = 0
    found_as: str = ""


def _sends_in_the_evening(patch: Patch) -> None:
    slot_on = hours.WorkingHours.slot_on

    def longer(self: hours.WorkingHours, day: dt.date, name: hours.SlotName) -> hours.Slot:
        slot = slot_on(self, day, name)
        return replace(slot, ends=slot.ends + dt.timedelta(hours=6)) if name == "afternoon" else slot

    patch.setattr(hours.WorkingHours, "slot_on", longer)


def _skips_a_rung_silently(patch: Patch) -> None:
    patch.setattr(remind.Desk, "_pass_over", lambda *_: None)


def _reminds_of_what_is_done(patch: Patch) -> None:
    def keep_all(_: Any, rows: Any, *__: Any) -> Any:
        return list({row.id: row for row in rows}.values()), []

    patch.setattr(actions, "_suppress_pending", lambda *_: [])
    patch.setattr(reminder_lines, "_still_true", keep_all)


def _escalates_before_the_deadline(patch: Patch) -> None:
    def anchors_of(cutoff: dt.date | None, due: dt.date, internal_due: dt.date) -> ladder.Anchors:
        return ladder.Anchors(cutoff, internal_due, min(due, internal_due) - dt.timedelta(days=7))

    patch.setattr(remind, "anchors_of", anchors_of)


def _sends_a_third_copy(patch: Patch) -> None:
    patch.setattr(record, "MOST_COPIES", 3)


def _repeats_early_reminders_too(patch: Patch) -> None:
    unknown = record._unknown

    def repeat(connection: Any, message: int, _: bool, *rest: Any, **options: Any) -> None:
        unknown(connection, message, True, *rest, **options)

    patch.setattr(record, "_unknown", repeat)


def _never_repeats(patch: Patch) -> None:
    unknown = record._unknown

    def once(connection: Any, message: int, _: bool, *rest: Any, **options: Any) -> None:
        unknown(connection, message, False, *rest, **options)

    patch.setattr(record, "_unknown", once)


def _loses_what_is_refused(patch: Patch) -> None:
    def close(connection: Any, _: Any, message: int, why: str, __: Any) -> None:
        outbox.close(connection, message, "refused", why)

    for module in (claim, record):
        patch.setattr(module, "unreached", close)


def _forgets_what_was_being_sent(patch: Patch) -> None:
    from engine import deliver

    patch.setattr(deliver, "recover", lambda *_, **__: outbox.Delivered())


def _counts_one_too_many(patch: Patch) -> None:
    numbers = digest_numbers.numbers

    def one_more(*facts: Any, **more: Any) -> Any:
        counted = numbers(*facts, **more)
        return replace(counted, on_time=counted.on_time + (1 if counted.late else 0))

    patch.setattr(digest, "numbers", one_more)


def _undo_leaves_no_alarm(patch: Patch) -> None:
    change = actions._change

    def without_alarm(c: Any, o: Any, r: Any, a: Any, action: str, values: Any, *more: Any) -> Any:
        return change(c, o, r, a, action, values | ({"next_move_at": None} if action == "undone" else {}), *more)

    patch.setattr(actions, "_change", without_alarm)


def _acts_twice_on_one_update(patch: Patch) -> None:
    store, number = receive.store, count()

    def store_again(connection: Any, inbounds: Any, now: dt.datetime) -> None:
        store(connection, [replace(i, update_key=f"{i.update_key}-{next(number)}") for i in inbounds], now)

    patch.setattr(receive, "store", store_again)


def _ignores_stand_ins(patch: Patch) -> None:
    patch.setattr(chain, "stand_in", lambda *_: None)


def _leaves_a_line_out_of_the_journal(patch: Patch) -> None:
    append = journal.append

    def forgetful(connection: Any, office: str, at: dt.datetime, lines: Any) -> None:
        append(connection, office, at, [line for line in lines if line.action != "started"])

    patch.setattr(journal, "append", forgetful)


def _breaks_the_chain_of_hashes(patch: Patch) -> None:
    spelled = journal._spelled
    patch.setattr(journal, "_spelled", lambda at: spelled(at) if at.day != 13 else spelled(at)[:10])


def _does_not_merge(patch: Patch) -> None:
    gathered: list[None] = []

    def a_slot_of_its_own(*_: Any) -> tuple[set[int], dict[int, int]]:
        gathered.append(None)
        return set(), {}

    patch.setattr(hours.Slot, "key", property(lambda self: f"{self.day}/{len(gathered)}"))
    patch.setattr(remind, "_this_slot", a_slot_of_its_own)


def _snoozes_past_the_due_day(patch: Patch) -> None:
    def snooze(talk: Any, row: Any, number: int, said: Any) -> Any:
        at = doing._at_work(talk, said.intent.date, said.intent.at)
        assert at is not None
        talk.remember(actions.snooze(talk.connection, talk.office, row, talk.actor, at, talk.now))
        return talk.answer(Said.SNOOZED, row, number, at=at)

    patch.setitem(conversation._DEEDS, Action.SNOOZE, snooze)


def _does_not_repeat_overdue(patch: Patch) -> None:
    repeats = ladder._repeats

    def much_later(*arguments: Any) -> Any:
        found = repeats(*arguments)
        step = replace(found.upcoming, at=found.upcoming.at + dt.timedelta(days=90))
        return replace(found, upcoming=step)

    patch.setattr(ladder, "_repeats", much_later)


def _gives_numbers_again_at_once(patch: Patch) -> None:
    from data import handles

    patch.setattr(handles, "REST", dt.timedelta())


def _does_not_reset_the_ladder(patch: Patch) -> None:
    def rearmed(office: Any, row: Any, *_: Any) -> dict[str, Any]:
        return {"revision": row.revision + 1, "next_move_at": row.next_move_at}

    patch.setattr(actions, "_rearmed", rearmed)


def _confirms_for_everybody(patch: Patch) -> None:
    report = actions.report

    def done(connection: Any, office: Any, row: Any, *more: Any) -> Any:
        without: Any = _Without(row)
        return report(connection, office, without, *more)

    patch.setattr(actions, "report", done)


class _Without:
    """A row whose obligation asks for no confirmation."""

    def __init__(self, row: Any) -> None:
        self._row = row
        self.confirm = "none"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def _forgets_the_mark_of_a_second_copy(patch: Patch) -> None:
    from engine import post

    def unmarked(message: Any, **changes: Any) -> Any:
        return replace(message, **({} if "resent" in changes else changes))

    patch.setattr(post, "replace", unmarked)


def _escalates_in_words_too_soon(patch: Patch) -> None:
    patch.setattr(reminder_lines, "_says_today", lambda row, *_: Says(row.says))


def _keeps_a_transaction_open(patch: Patch) -> None:
    from engine import deliver
    from engine.post import Post

    written, take = deliver._written, Post.take
    engines: list[Engine] = []

    async def remember(engine: Engine, work: Any) -> Any:
        engines[:] = [engine]
        return await written(engine, work)

    def take_within(post: Post, letters: Any) -> None:
        take(post, letters)
        if letters:
            connection = engines[0].connect()
            connection.begin()
            asyncio.get_running_loop().call_later(0.05, connection.close)

    patch.setattr(deliver, "_written", remember)
    patch.setattr(Post, "take", take_within)


def _begins_without_a_word(patch: Patch) -> None:
    from engine import deliver

    patch.setattr(deliver, "begin", lambda _connection, letters, _now: {letter.id for letter in letters})


BUGS = [
    Bug("messages leave in the evening", _sends_in_the_evening, 1, 120, "working hours"),
    Bug("a rung is passed over without a word", _skips_a_rung_silently, 0, 120, "a due rung is explained"),
    Bug("people are reminded of what is done", _reminds_of_what_is_done, 47, 120, "no rung after done"),
    Bug("escalation comes before the deadline", _escalates_before_the_deadline, 6, 120, "never early"),
    Bug("a message is sent a third time", _sends_a_third_copy, 25, 120, "copies"),
    Bug("an early reminder is sent twice", _repeats_early_reminders_too, 6, 120, "copies"),
    Bug("an urgent message of unknown fate is not repeated", _never_repeats, 6, 120, "at least once"),
    Bug("a second copy is not marked", _forgets_the_mark_of_a_second_copy, 6, 120, "a second copy is marked"),
    Bug("a refused message is lost", _loses_what_is_refused, 36, 120, "lost lines are marked"),
    Bug("what was being sent at a crash is forgotten", _forgets_what_was_being_sent, 25, 120, "nothing hangs"),
    Bug("the digest counts one too many", _counts_one_too_many, 36, 120, "the digest counts what the journal tells"),
    Bug("undo leaves no alarm", _undo_leaves_no_alarm, 6, 120, "an alarm on everything open"),
    Bug("an update that is delivered twice acts twice", _acts_twice_on_one_update, 4, 120, "an update counts once"),
    Bug("stand-ins are ignored", _ignores_stand_ins, 47, 120, "who hears"),
    Bug("a line is missing in the journal", _leaves_a_line_out_of_the_journal, 6, 120, "rows and journal agree"),
    Bug("a hash of the journal is wrong", _breaks_the_chain_of_hashes, 6, 120, "journal verifies"),
    Bug("messages are not merged", _does_not_merge, 6, 120, "one message a slot"),
    Bug("snoozing passes the internal due", _snoozes_past_the_due_day, 6, 120, "snooze never passes the internal due"),
    Bug("overdue work falls silent", _does_not_repeat_overdue, 6, 120, "overdue is repeated"),
    Bug("a number is given again at once", _gives_numbers_again_at_once, 6, 120, "numbers rest"),
    Bug("the ladder does not begin anew", _does_not_reset_the_ladder, 6, 120, "an alarm on everything open"),
    Bug("nobody has to confirm", _confirms_for_everybody, 6, 120, "the life of work"),
    Bug("a send begins and nobody has written it", _begins_without_a_word, 6, 120, "record, act, record"),
    Bug("a rung pulled forward speaks of a deadline as passed", _escalates_in_words_too_soon, 47, 120, "never early"),
    Bug(
        "a transaction is open during a send",
        _keeps_a_transaction_open,
        6,
        120,
        "a transaction spans a send",
    ),
]

"""How people answer: at once, late, wrongly, twice, never; and what they type.

A person reacts to what stands on the phone, and only to that. Each reaction is drawn from its own dice, so that it is
the same in a run from which something else was left out.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from engine.messages import Answer, Item, Message, ReminderMessage, Said, Says
from tests.sim.recipe import ZONE, Recipe

_DOER = {Says.COLLECT, Says.WRITE, Says.SOON, Says.LAST_CALL, Says.OVERDUE, Says.ESCALATION, Says.RETURNED}
_DOER |= {Says.HANDED_OVER, Says.AGAIN, Says.STANDS_IN, Says.EXTENSION_REFUSED}
_INFORMS = {Says.WITHDRAWN, Says.EXTENSION_GRANTED, Says.CONFIRMED, Says.DIFFICULTY, Says.STANDS_IN}
_NONSENSE = (
    "ok",
    "vâng ạ",
    "số mấy",
    "chưa xong",
    "sắp xong 1",
    "alo",
    "???",
    "xong chưa nhỉ",
    "mai họp 8h",
    "99",
    "\u200b",
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody is going to type or press.

    ``verb`` is what they mean, ``number`` and ``occurrence`` the work as their phone showed it; ``press``: by button,
    on a message that showed the work in this version.
    """

    person: str
    text: str
    verb: str
    number: int | None = None
    occurrence: int | None = None
    version: int | None = None
    press: bool = False
    twice: bool = False
    until: dt.date | None = None
    document: bool = False


class Character:
    """One person's habits."""

    def __init__(self, recipe: Recipe, slug: str) -> None:
        self.slug = slug
        self._recipe = recipe
        dice = recipe.dice("person", slug)
        self._mute = f"person:{slug}" in recipe.without or dice.random() < 0.12
        self._answers = dice.choice([0.15, 0.35, 0.6, 0.9])  # how often a line is answered at all
        self._slow = dice.choice([0.2, 3, 30, 100])  # hours, on average
        self._sloppy = dice.choice([0.02, 0.1, 0.3])  # how often it is not what was asked for
        self._buttons = dice.random() < 0.7

    def reads(self, message: Message, at: dt.datetime) -> list[tuple[dt.datetime, Utterance]]:
        """What they will say to this message, and when."""
        if self._mute:
            return []
        if isinstance(message, ReminderMessage):
            said = [found for item in message.items if (found := self._to_line(item, at))]
            return said + self._by_the_way(at)
        if isinstance(message, Answer):
            return self._to_answer(message, at)
        return self._by_the_way(at)

    # ---- reminders

    def _to_line(self, item: Item, at: dt.datetime) -> tuple[dt.datetime, Utterance] | None:
        dice = self._recipe.dice(self.slug, item.occurrence_id, item.says, at)
        if item.says in _INFORMS or dice.random() > self._answers:
            return None
        when = at + dt.timedelta(minutes=1) + dt.timedelta(hours=dice.expovariate(1 / self._slow))
        if dice.random() < self._sloppy:
            return when, self._sloppily(dice, item)
        if item.says is Says.CONFIRM:
            return when, self._judge(dice, item, ("xác nhận", "confirm"), ("trả lại", "return"))
        if item.says is Says.EXTENSION_ASKED:
            return when, self._judge(dice, item, ("đồng ý", "approve"), ("từ chối", "refuse"))
        return when, self._work(dice, item, when)

    def _judge(self, dice: random.Random, item: Item, yes: tuple[str, str], no: tuple[str, str]) -> Utterance:
        if dice.random() < 0.7:
            return self._command(dice, item, f"{yes[0]} {item.number}", yes[1], button=yes[0])
        reason = dice.choice([" vì thiếu số liệu", " vì chưa đủ chữ ký", ""])
        return self._command(dice, item, f"{no[0]} {item.number}{reason}", no[1] if reason else "asks")

    def _work(self, dice: random.Random, item: Item, when: dt.datetime) -> Utterance:
        n = item.number
        what = dice.choices(
            ["xong", "nộp", "đang làm", "gia hạn", "vướng", "nhắc", "chuyển", "trần"], [38, 12, 12, 12, 5, 8, 4, 3]
        )[0]
        if what == "xong":
            return self._command(
                dice, item, f"{dice.choice(['xong', 'Xong', 'da xong', 'đã xong'])} {n}", "done", button="xong"
            )
        if what == "nộp":
            text = f"đã nộp {n} số {dice.randint(1, 300)}/BC-UBND"
            return Utterance(self.slug, text, "done", n, item.occurrence_id, document=True, twice=self._doubled(dice))
        if what == "đang làm":
            return self._command(dice, item, f"đang làm {n}", "start", button="đang làm")
        if what == "gia hạn":
            until = when.astimezone(ZONE).date() + dt.timedelta(days=dice.randint(1, 25))
            text = f"gia hạn {n} đến {until.day}/{until.month}/{until.year} vì thiếu số liệu"
            return Utterance(self.slug, text, "extend", n, item.occurrence_id, until=until, twice=self._doubled(dice))
        if what == "vướng":
            return Utterance(self.slug, f"vướng {n} vì chưa có kinh phí", "difficulty", n, item.occurrence_id)
        if what == "nhắc":
            day = when.astimezone(ZONE).date() + dt.timedelta(days=dice.randint(1, 12))
            text = dice.choice([f"nhắc {n} chiều mai", f"nhắc {n} {day.day}/{day.month}/{day.year}"])
            return Utterance(self.slug, text, "snooze", n, item.occurrence_id)
        if what == "chuyển":
            return Utterance(self.slug, f"chuyển {n} cho {dice.choice(['Bình', 'Lê Cúc', 'Dung', 'Hà'])}", "hand", n)
        return Utterance(self.slug, "xong", "bare")

    def _command(self, dice: random.Random, item: Item, text: str, verb: str, button: str | None = None) -> Utterance:
        press = bool(button) and self._buttons and dice.random() < 0.5
        words = button if press and button else text
        return Utterance(
            self.slug,
            words,
            verb,
            item.number,
            item.occurrence_id,
            item.version,
            press=press,
            twice=self._doubled(dice),
        )

    def _sloppily(self, dice: random.Random, item: Item) -> Utterance:
        return dice.choice(
            [
                Utterance(self.slug, dice.choice(_NONSENSE), "nonsense"),
                Utterance(self.slug, f"xong {item.number + 40}", "wrong"),
                Utterance(self.slug, "xong", "bare"),
                Utterance(self.slug, f"gia hạn {item.number}", "asks"),
            ]
        )

    def _doubled(self, dice: random.Random) -> bool:
        return self._recipe.has("twice") and dice.random() < 0.15

    # ---- answers to what they said

    def _to_answer(self, answer: Answer, at: dt.datetime) -> list[tuple[dt.datetime, Utterance]]:
        dice = self._recipe.dice(self.slug, "answer", answer.said, answer.number, at)
        soon = at + dt.timedelta(minutes=dice.choice([1, 2, 5, 12, 50]))
        n = answer.number
        if answer.undo_word and dice.random() < 0.08:
            return [(soon, Utterance(self.slug, "hoàn tác", "undo", n, answer.occurrence_id))]
        if answer.said is Said.NEEDS_EVIDENCE and dice.random() < 0.7:
            return [(soon, Utterance(self.slug, f"số {dice.randint(1, 99)}/BC-UBND", "asked", n))]
        if answer.said is Said.NEEDS_REASON and dice.random() < 0.7:
            return [(soon, Utterance(self.slug, "vì thiếu số liệu của các thôn", "asked", n))]
        if answer.said is Said.NEEDS_DATE and dice.random() < 0.5:
            until = soon.astimezone(ZONE).date() + dt.timedelta(days=dice.randint(2, 9))
            return [(soon, Utterance(self.slug, f"{until.day}/{until.month}/{until.year}", "asked", n))]
        if answer.said is Said.WHICH_ONE and answer.lines and dice.random() < 0.6:
            return [(soon, Utterance(self.slug, str(dice.choice(answer.lines).number), "asked"))]
        return []

    def _by_the_way(self, at: dt.datetime) -> list[tuple[dt.datetime, Utterance]]:
        dice = self._recipe.dice(self.slug, "by the way", at)
        said: list[tuple[dt.datetime, Utterance]] = []
        if dice.random() < 0.02:
            soon = at + dt.timedelta(hours=dice.random() * 5)
            said.append((soon, Utterance(self.slug, dice.choice(["việc", "tuần", "trợ giúp", "hoàn tác"]), "looks")))
        if self._recipe.has("leave") and dice.random() < 0.01:
            first = at.astimezone(ZONE).date() + dt.timedelta(days=dice.randint(1, 8))
            last = first + dt.timedelta(days=dice.randint(0, 10))
            text = f"nghỉ từ {first.day}/{first.month}/{first.year} đến {last.day}/{last.month}/{last.year}"
            said.append((at + dt.timedelta(minutes=30), Utterance(self.slug, text, "leave")))
        return said

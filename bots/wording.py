"""Finding the words: a typed message becomes Vietnamese text, its HTML twin, and buttons for channels that have them.

One template serves both: it is rendered once plain and once with autoescape, where ``b`` marks what stands out. The
text must do without buttons: everything a button does can be typed (CHANNELS: Zalo has none).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from engine.messages import Answer, DigestLine, DigestMessage, Item, Message, ReminderMessage, Said, Says
from schedules.workdays import vietnam_calendar

TEMPLATES = Path(__file__).parent / "templates"
TRIAL = "(Bản gửi thử)"
MOST_UNITS = 4  # named in one line of a digest
WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")

_HEADINGS = {
    Says.ESCALATION: "Quá hạn",
    Says.OVERDUE: "Quá hạn",
    Says.UNREACHED: "Chưa liên lạc được",
    Says.DIFFICULTY: "Có vướng mắc",
    Says.RETURNED: "Cần làm lại",
    Says.EXTENSION_REFUSED: "Gia hạn không được duyệt",
    Says.EXTENSION_ASKED: "Chờ duyệt gia hạn",
    Says.CONFIRM: "Chờ xác nhận",
    Says.WRITE: "Đã chốt số liệu, cần viết báo cáo",
    Says.COLLECT: "Sắp chốt số liệu",
    Says.SOON: "Sắp tới hạn",
    Says.HANDED_OVER: "Việc được chuyển giao",
    Says.WITHDRAWN: "Đã rút lại",
    Says.STANDS_IN: "Việc làm thay",
    Says.AGAIN: "Nhắc lại theo đề nghị",
    Says.FILE_LOST: "Tệp chưa lưu được",
    Says.EXTENSION_GRANTED: "Đã được gia hạn",
    Says.CONFIRMED: "Đã được xác nhận",
}
_DOER_ACTS = frozenset(
    {
        Says.COLLECT,
        Says.WRITE,
        Says.SOON,
        Says.LAST_CALL,
        Says.OVERDUE,
        Says.ESCALATION,
        Says.RETURNED,
        Says.EXTENSION_REFUSED,
        Says.HANDED_OVER,
        Says.STANDS_IN,
        Says.AGAIN,
    }
)
_PASSED = frozenset({Says.OVERDUE, Says.ESCALATION})
_NEWS = frozenset(
    {Says.WITHDRAWN, Says.EXTENSION_GRANTED, Says.CONFIRMED, Says.DIFFICULTY, Says.FILE_LOST}
)  # nothing falls due
_PAPERS = ("Báo cáo", "Kế hoạch", "Gửi", "Đăng ký")  # titles that name what is sent; others name work to finish


_TELL_THEIR_NUMBER = frozenset({Says.CONFIRM, Says.EXTENSION_ASKED})  # in the words under the title


class Facts(NamedTuple):
    """What the words under a title depend on, and nothing else: a morning's lines share a few dozen of these.

    The first two are worked out: what is to be done with it ("gửi"), and its number where the words name it. The others
    are fields of :class:`engine.messages.Item`, as they are.
    """

    act: str
    number: int | None
    says: Says
    nominal_due: dt.date
    due: dt.date
    internal_due: dt.date
    due_time: str | None
    cutoff: dt.date | None
    data_from: dt.date | None
    days_late: int
    before: bool
    doer: str | None
    reason: str | None
    unreached: str | None
    asked_until: dt.date | None
    by: str | None
    since: dt.date | None


_AS_THEY_ARE: Callable[[Item], tuple[Any, ...]] = itemgetter(*map(Item._fields.index, Facts._fields[2:]))


class Entry(NamedTuple):
    """One line of a reminder as it is shown. ``under``: what stands under the title, in words."""

    number: int
    title: str
    unit: str
    doer: str | None
    now: str | None
    under: str


class Button(NamedTuple):
    """An extra over typing: pressing it is typing ``command`` about this occurrence."""

    label: str
    command: str
    occurrence_id: int
    version: int = 0  # the state it was shown for
    person_id: int | None = None  # whom it was shown to


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words. ``buttons`` are rows of buttons, empty where there is nothing to press."""

    text: str
    html: str
    buttons: tuple[tuple[Button, ...], ...] = ()


def render(message: Message) -> Rendered:
    """The words for any message of the engine, plain and marked up."""
    return Rendered(plain(message), _words(message, html=True), buttons(message))


def plain(message: Message) -> str:
    """The words alone, for channels that show nothing else."""
    return _words(message, html=False)


def _words(message: Message, *, html: bool) -> str:
    name, values = _template_of(message, html=html)
    words = _template(html, name).render(values).strip()
    return f"{TRIAL}\n{words}" if isinstance(message, DigestMessage) and message.trial else words


def _template_of(message: Message, *, html: bool) -> tuple[str, dict[str, Any]]:
    if isinstance(message, ReminderMessage):
        heading = "Thông báo" if all(item.says in _NEWS for item in message.items) else "Nhắc việc"
        groups = _groups(message, html=html)
        return "reminder.j2", {"m": message, "heading": heading, "groups": groups, "open": _open(message)}
    if isinstance(message, DigestMessage):
        return "digest.j2", {"m": message, "overdue": by_duty(message.overdue), "coming": by_duty(message.coming)}
    return "answer.j2", {"m": message, "said": Said}


def by_duty(lines: tuple[DigestLine, ...]) -> list[tuple[DigestLine, str]]:
    """A duty that falls on several units is one line that names them all."""
    units: dict[tuple[str, dt.date, int], list[DigestLine]] = {}
    for line in lines:
        units.setdefault((line.title, line.due, line.days_late), []).append(line)
    return [(same[0], _named([line.unit for line in same])) for same in units.values()]


def _named(units: list[str]) -> str:
    if len(units) <= MOST_UNITS:
        return "; ".join(units)
    return f"{'; '.join(units[: MOST_UNITS - 1])} và {len(units) - MOST_UNITS + 1} đơn vị khác"


def _groups(message: ReminderMessage, *, html: bool) -> list[tuple[str, list[Entry]]]:
    """Items under their headings, each heading once, where its worst item stands."""
    groups: dict[str, list[Entry]] = {}
    for item in message.items:
        under = "" if item.now else _under_its_title(item, message.today, html=html)
        entry = Entry(item.number, item.title, item.unit, item.doer, item.now, under)
        groups.setdefault(_heading(item, message.today), []).append(entry)
    return list(groups.items())


def _heading(item: Item, today: dt.date) -> str:
    if item.says in _PASSED and not item.days_late:
        return "Đã qua hạn nội bộ"
    if item.says is Says.LAST_CALL:
        return _heading_of_the_day(item, today)
    return _HEADINGS[item.says]


def _heading_of_the_day(item: Item, today: dt.date) -> str:
    """Which deadline it is that falls on today: the official one, the office's own, or an extended one."""
    if item.internal_due > today:
        return "Sắp tới hạn (đã gia hạn)" if item.internal_due > item.due else "Sắp tới hạn"
    if item.internal_due < today:
        return "Tới hạn"
    if item.internal_due > item.due:
        return "Hạn hôm nay (đã gia hạn)"
    if item.internal_due < item.due and not item.before:
        return "Hạn hôm nay (nội bộ)"
    return "Hạn hôm nay"


def _open(message: ReminderMessage) -> list[int]:
    """The numbers of the work that the reader can answer for."""
    return [item.number for item in message.items if item.says in _DOER_ACTS and item.doer is None and not item.now]


def buttons(message: Message) -> tuple[tuple[Button, ...], ...]:
    """What can be pressed under a message, row by row."""
    if isinstance(message, ReminderMessage):
        return tuple(row for item in message.items if (row := _buttons_of(item, message.person_id)))
    if isinstance(message, Answer) and message.undo_word and message.occurrence_id:
        return ((Button("Hoàn tác", "hoàn tác", message.occurrence_id, message.version, message.person_id),),)
    return ()


def _buttons_of(item: Item, person_id: int | None) -> tuple[Button, ...]:
    if item.now:  # it has been settled since
        return ()
    n, occurrence, version = item.number, item.occurrence_id, item.version
    if item.says is Says.CONFIRM:
        return (Button(f"Xác nhận {n}", "xác nhận", occurrence, version, person_id),)
    if item.says is Says.EXTENSION_ASKED:
        return (Button(f"Đồng ý {n}", "đồng ý", occurrence, version, person_id),)
    if item.says in _DOER_ACTS and item.doer is None:
        return (
            Button(f"Xong {n}", "xong", occurrence, version, person_id),
            Button(f"Đang làm {n}", "đang làm", occurrence, version, person_id),
        )
    return ()


@cache
def _environments() -> tuple[Environment, Environment]:
    """Plain and HTML. Compiled once: compiling for each message costs eighty times a rendering (ENGINES section 7)."""
    pair = []
    for html in (False, True):
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=html,  # noqa: S701  (the plain twin is never read as HTML)
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # else the file is looked at for each message
        )
        environment.filters["day"] = day
        environment.filters["weekday"] = weekday
        environment.filters["clock"] = clock
        environment.filters["hour"] = hour
        environment.filters["day_off"] = day_off
        environment.filters["weeks"] = weeks
        environment.filters["last_chance"] = vietnam_calendar().on_or_before
        environment.filters["b"] = _bold if html else str
        pair.append(environment)
    return pair[0], pair[1]


@cache
def _template(html: bool, name: str) -> Template:
    """Its globals as one dict: copied out of the library's chain of them, they take a third of a rendering."""
    template = _environments()[html].get_template(name)
    template.globals = dict(template.globals)
    return template


def _under_its_title(item: Item, today: dt.date, *, html: bool) -> str:
    number = item.number if item.says in _TELL_THEIR_NUMBER else None
    return _in_words(html, today, act(item), number, _AS_THEY_ARE(item))


@lru_cache(maxsize=4096)
def _in_words(html: bool, today: dt.date, act: str, number: int | None, others: tuple[Any, ...]) -> str:
    """Markup where ``html``: what is in it is escaped already."""
    module: Any = _environments()[html].get_template("reminder_line.j2").module
    words: str = module.line(Facts(act, number, *others), today).strip()
    return words


def _bold(value: object) -> Markup:
    return Markup(f"<b>{escape(value)}</b>")  # noqa: S704  (format() would parse these words anew each time)


@lru_cache(maxsize=1024)
def day(value: dt.date) -> str:
    """17/3/2026, as people write it."""
    return f"{value.day}/{value.month}/{value.year}"


@lru_cache(maxsize=1024)
def weekday(value: dt.date) -> str:
    """thứ Ba 17/3/2026."""
    return f"{WEEKDAYS[value.weekday()]} {day(value)}"


def weeks(names: tuple[str, ...]) -> str:
    """Tuần 7/2026; Các tuần 7, 8/2026; Các tuần 52/2025, 1/2026; of more than three, the first and the last."""
    of_year = [(int(number), year) for year, _, number in (name.partition("-W") for name in names)]
    far = of_year if len(of_year) <= 3 else [of_year[0], of_year[-1]]
    said = [
        f"{number}/{year}" if (number, year) == far[-1] or year != far[-1][1] else str(number) for number, year in far
    ]
    return f"{'Tuần' if len(said) == 1 else 'Các tuần'} {(', ' if far is of_year else ' – ').join(said)}"


def day_off(value: dt.date) -> str:
    """thứ Bảy, ngày nghỉ Quốc khánh, Ngày Quốc tế Lao động; "" for a day on which people work."""
    why = (vietnam_calendar().why_off(value) or "").split(" (")[0]
    if why.startswith("nghỉ Ngày"):
        return why.removeprefix("nghỉ ")
    return f"ngày {why}" if why.startswith("nghỉ") else why


def clock(value: str) -> str:
    """ "17:00" as "17 giờ", "16:30" as "16 giờ 30"."""
    hours, minutes = value.split(":")
    return f"{int(hours)} giờ" + (f" {minutes}" if minutes != "00" else "")


def hour(value: dt.datetime) -> str:
    """13 giờ 30, of an instant in the reader's own zone."""
    return clock(f"{value:%H:%M}")


def act(item: Item) -> str:
    """What is to be done: a paper is sent, other work is finished."""
    return "gửi" if item.title.startswith(_PAPERS) else "hoàn thành"

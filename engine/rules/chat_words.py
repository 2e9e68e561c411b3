"""Vietnamese as people type it in a chat: folding, tokens, number words and dates.

Pure functions over text. Two ideas carry the file:

* **Folding keeps positions.** One typed letter becomes one folded letter, so that what matched in the folded text can
  be shown again as it was typed (a reason, a name, a document number).
* **A mark may be missing, never wrong.** "nop" and "nôp" can both be "nộp"; "nằm" can not be "năm", nor "chờ" "cho".
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from dateutil.relativedelta import relativedelta

LONGEST = 1000  # a reply is a line or two; more is a pasted document, and its length must not cost time
# "5/1" said in December is next year's; "1/3" said on 10 March is a slip, and not next year's.
JUMP = relativedelta(months=6)
FAR = dt.timedelta(days=3700)  # nobody puts work off by ten years; also keeps dates within the calendar


class Kind(StrEnum):
    """What a piece of text looks like, before anybody asks what it means."""

    WORD = "word"
    NUMBER = "number"
    DAY = "day"  # 25/3, 25-3-2026, 2026-03-25; perhaps also "3 to 5"
    MONTH = "month"  # 3/2026
    ODD = "odd"  # digits that are no number, day or month: 3-5-7, a telephone number
    PERCENT = "percent"
    TIME = "time"  # 17h30
    DOCUMENT = "document"  # 12/BC-UBND
    LINK = "link"
    QUESTION = "question"
    COMMA = "comma"
    STOP = "stop"
    MARK = "mark"  # quotes, brackets, dashes: say nothing
    ICON = "icon"  # whatever else was typed, emoji included


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: folded, as a dictionary would hold it, and where it stood. "Rồiiii" is the word "rồi"."""

    kind: Kind
    folded: str
    word: str
    start: int
    end: int


# Folding ------------------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """The text as it will be shown: composed (NFC), cut, without control or invisible characters."""
    composed = unicodedata.normalize("NFC", text[:LONGEST])
    return "".join(_visible(letter) for letter in composed).strip()


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter == "\n" or category[0] == "Z" or category == "Cc":
        return "\n" if letter in "\n\r" else " "
    # stray combining marks, joiners, variation selectors, keycap rings, skin tones, lone surrogates
    if category in ("Mn", "Me", "Cf", "Cs") or "\U0001f3fb" <= letter <= "\U0001f3ff":
        return ""
    return letter


def fold(text: str) -> str:
    """Lower case and without Vietnamese marks, letter for letter: ``Gia hạn đến`` → ``gia han den``."""
    return "".join(_fold_letter(letter) for letter in text)


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    digit = unicodedata.decimal(letter, None)
    if digit is not None:
        return str(digit)
    if letter.isalpha():  # only letters are taken apart: "≠" must not become "="
        letter = unicodedata.normalize("NFD", letter.lower())[0]
    return _SAME.get(letter, letter)


_SAME = {"đ": "d", "？": "?", "，": ",", "–": "-", "—": "-", "（": "(", "）": ")", "：": ":", "！": "!"}


_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


@lru_cache(maxsize=8192)
def _marks(word: str) -> tuple[frozenset[str], tuple[frozenset[str], ...]]:
    """The tones of a word (their place is a matter of taste: hoà, hòa) and the shape of each letter (ă â ê ô ơ ư đ)."""
    tones: set[str] = set()
    shapes: list[frozenset[str]] = []
    for letter in unicodedata.normalize("NFC", word.lower()):
        parts = unicodedata.normalize("NFD", letter)
        tones.update(mark for mark in parts[1:] if mark in _TONES)
        shapes.append(frozenset("đ" if parts[0] == "đ" else "") | {mark for mark in parts[1:] if mark not in _TONES})
    return frozenset(tones), tuple(shapes)


def is_marked(word: str) -> bool:
    """Whether it was typed with any Vietnamese mark."""
    tones, shapes = _marks(word)
    return bool(tones) or any(shapes)


@lru_cache(maxsize=8192)
def can_be(typed: str, spelled: str) -> bool:
    """Whether the typed word is the spelled one with some marks left out, and none that do not belong."""
    if fold(typed) != fold(spelled):
        return False
    (tones, shapes), (spelled_tones, spelled_shapes) = _marks(typed), _marks(spelled)
    return tones <= spelled_tones and all(a <= b for a, b in zip(shapes, spelled_shapes, strict=True))


def same_spelling(typed: str, spelled: str) -> bool:
    """Whether it was typed with exactly these marks, wherever the tone was put."""
    return can_be(typed, spelled) and can_be(spelled, typed)


def is_slip_of(typed: str, meant: str) -> bool:
    """Whether one slip of a finger (a letter missing, extra, wrong, or two swapped) turns ``meant`` into ``typed``.

    The first letter must be right: it is the one people watch, and most Vietnamese opposites differ in it.
    """
    if typed[:1] != meant[:1] or typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    a, b = typed[same:], meant[same:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


# Tokens -------------------------------------------------------------------------------------------------------------

_DOCUMENT_KINDS = re.compile(
    r"(?:bc|kh|cv|qd|ttr|tb|ubnd|hdnd|nq|ct|gm|bb|hd|da|pa|gt|tt|nd|vp|vpubnd|pvhcc|bcd|dtn|ttvh|mttq)\b"
)
_DRAWN_OUT = re.compile(r"(.)\1{2,}", re.IGNORECASE)
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.LINK, re.compile(r"(?:https?://|www\.)\S+|[a-z0-9.-]{3,80}\.(?:vn|com|net|org)/\S*")),
    (
        Kind.DOCUMENT,
        re.compile(
            r"[0-9]{1,5}[a-z]?\s?/\s?(?:[0-9]{4}\s?/\s?)?[a-z]{2,12}"
            r"(?:-[a-z][a-z0-9&.]*[a-z0-9]|-[a-z]|\s?-\s?(?:ubnd|hdnd)\b)*(?![a-z0-9])"
        ),
    ),
    (Kind.PERCENT, re.compile(r"[0-9]+(?:[.,][0-9]+)?\s?%")),
    (Kind.TIME, re.compile(r"[0-9]{1,2}(?:[hg](?:[0-9]{2})?|:[0-9]{2})(?![0-9a-z])")),
    (Kind.DAY, re.compile(r"[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{4})?(?=-[0-9]{1,2}/)")),  # 20/3-25/3
    (Kind.ODD, re.compile(r"[0-9]+(?:[/.-][0-9]+)+|[0-9]{7,}")),
    (Kind.NUMBER, re.compile(r"[0-9]+")),
    (Kind.WORD, re.compile(r"[^\W\d_]+")),
    (Kind.ICON, re.compile(r"!=")),
    (Kind.QUESTION, re.compile(r"\?")),
    (Kind.COMMA, re.compile(r"[,;+&]")),
    (Kind.STOP, re.compile(r"[.!…\n]+")),
    (Kind.MARK, re.compile(r"[-()\[\]{}\"'“”‘’«»:*_=|/\\<>#^•]")),
    (Kind.ICON, re.compile(r"\S")),
)


def tokens_of(said: str) -> tuple[Token, ...]:
    """Cut a cleaned text into tokens."""
    folded = fold(said)
    return tuple(_cut(said, folded))


def _cut(said: str, folded: str) -> Iterator[Token]:
    at = 0
    while at < len(folded):
        if folded[at] in " \t":
            at += 1
            continue
        kind, end = _next_piece(said, folded, at)
        word = _DRAWN_OUT.sub(r"\1", said[at:end]) if kind is Kind.WORD else said[at:end]
        yield Token(kind, fold(word), word, at, end)
        at = end


def _next_piece(said: str, folded: str, at: int) -> tuple[Kind, int]:
    for kind, pattern in _PATTERNS:
        match = pattern.match(folded, at)
        if match is None:
            continue
        end = match.end()
        if kind is Kind.DOCUMENT and not _names_document(said[at:end], match.group()):
            continue
        if kind is Kind.LINK:
            end = at + len(match.group().rstrip(".,;!)\"'>"))
        return (_digits_look_like(match.group()) if kind is Kind.ODD else kind), end
    return Kind.ICON, at + 1


def _names_document(typed: str, folded: str) -> bool:
    """``12/BC-UBND`` and ``12/bc`` name a document; ``3/xong`` does not."""
    letters = folded.rsplit("/", 1)[1].strip()
    return bool(_DOCUMENT_KINDS.match(letters)) or ("-" in letters and typed.upper() == typed)


def _digits_look_like(digits: str) -> Kind:
    lengths = tuple(len(part) for part in re.split(r"[/.-]", digits))
    if len(set(re.findall(r"[/.-]", digits))) != 1:
        return Kind.ODD
    match lengths:
        case (1 | 2, 1 | 2) | (1 | 2, 1 | 2, 2 | 4) | (4, 1 | 2, 1 | 2):
            return Kind.DAY
        case (1 | 2, 4):
            return Kind.MONTH
    return Kind.ODD


def is_word(tokens: Sequence[Token], at: int, *spelled: str) -> bool:
    """Whether the token there is one of these words, perhaps with marks left out."""
    if not 0 <= at < len(tokens) or tokens[at].kind is not Kind.WORD:
        return False
    token = tokens[at]
    return any(len(token.word) == len(word) and can_be(token.word, word) for word in spelled)


def are_words(tokens: Sequence[Token], at: int, phrase: str) -> bool:
    """Whether the tokens from there are the words of this phrase."""
    return all(is_word(tokens, at + i, word) for i, word in enumerate(phrase.split()))


# Numbers in words ---------------------------------------------------------------------------------------------------

_UNITS = {"một": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8, "chín": 9}
_AFTER_TEN = {**_UNITS, "mốt": 1, "tư": 4, "lăm": 5, "nhăm": 5}
# Without marks these are as likely another word: sau (after), mot (the day after tomorrow), tam (for now), tu (from).
_TWO_FACED = frozenset({"sau", "mot", "tam", "tu"})


def number_words_at(tokens: Sequence[Token], at: int, *, sure: bool) -> tuple[int, int] | None:
    """Read ``hai mươi mốt`` there: its value and where it ends, or None.

    ``sure`` says that a number must stand here (after "số"); otherwise a two-faced word is not taken for one.
    """
    first = _digit_word(tokens, at, _AFTER_TEN if sure else _UNITS)
    if is_word(tokens, at, "mười"):
        second = _digit_word(tokens, at + 1, _AFTER_TEN)
        return (10 + second, at + 2) if second else (10, at + 1)
    if first is None:
        return None
    if is_word(tokens, at + 1, "mươi", "mười"):
        second = _digit_word(tokens, at + 2, _AFTER_TEN)
        return (first * 10 + second, at + 3) if second else (first * 10, at + 2)
    if not sure and tokens[at].folded in _TWO_FACED and not is_marked(tokens[at].word):
        return None
    return first, at + 1


def _digit_word(tokens: Sequence[Token], at: int, words: dict[str, int]) -> int | None:
    return next((value for word, value in words.items() if is_word(tokens, at, word)), None)


# Dates --------------------------------------------------------------------------------------------------------------


class Lean(StrEnum):
    """Which way to look for a date without a year: ahead for a promise, behind for what has happened."""

    AHEAD = "ahead"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class DateThere:
    """A date phrase was found: what it means, or None when that is not sure, and the token after it."""

    date: dt.date | None
    end: int


def read_date(text: str, today: dt.date, lean: Lean = Lean.AHEAD) -> dt.date | None:
    """The date a whole text names ("thứ sáu", "25/3", "cuối tháng"), or None when it names none or is unsure."""
    tokens = tokens_of(clean(text))
    there = date_at(tokens, 0, today, lean)
    if there is None and is_word(tokens, 0, "đến", "tới", "sang", "qua", "hết"):
        there = date_at(tokens, 1, today, lean)
    if there is None or any(token.kind not in (Kind.STOP, Kind.MARK) for token in tokens[there.end :]):
        return None
    return there.date


def date_at(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean = Lean.AHEAD) -> DateThere | None:
    """Read the date phrase that starts there. None: there is none, and the tokens may mean something else."""
    start = _skip_time_of_day(tokens, at)
    there = (
        _numeric_day(tokens, start, today, lean)
        or _day_of_month(tokens, start, today, lean)
        or _near_day(tokens, start, today)
        or _weekday(tokens, start, today, lean)
        or _edge_of_period(tokens, start, today, lean)
        or _some_days_ahead(tokens, start, today)
    )
    if there is None or there.date is None or abs(there.date - today) <= FAR:
        return there
    return DateThere(None, there.end)


def _skip_time_of_day(tokens: Sequence[Token], at: int) -> int:
    """``9h sáng mai``, ``chiều thứ 6``: the engine works in days, so the hour is read over."""
    start = at
    while start < len(tokens) and (
        tokens[start].kind is Kind.TIME
        or is_word(tokens, start, "sáng", "trưa", "chiều", "tối", "đêm", "lúc", "vào", "khoảng")
    ):
        start += 1
    return start


def _numeric_day(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean) -> DateThere | None:
    if is_word(tokens, at, "ngày", "hôm"):
        at += 1
    if at >= len(tokens) or tokens[at].kind is not Kind.DAY:
        return None
    parts = [int(part) for part in re.split(r"[/.-]", tokens[at].folded)]
    end = at + 1
    if len(parts) == 2 and is_word(tokens, end, "năm") and (year := _number(tokens, end + 1)) and year > 1900:
        parts, end = [*parts, year], end + 2
    match parts:
        case [day, month]:
            return DateThere(_without_year(day, month, today, lean), end)
        case [year, month, day] if year > 99:
            return DateThere(_calendar_day(year, month, day), end)
        case [day, month, year]:
            return DateThere(_calendar_day(year if year > 99 else 2000 + year, month, day), end)
    return None


def _day_of_month(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean) -> DateThere | None:
    """``ngày 25``, ``mùng 5``, ``25 tháng 3``, ``ngày 25 tháng sau``, ``ngày 25 tháng 3 năm 2026``."""
    named = is_word(tokens, at, "ngày", "mùng", "mồng")
    first = at + 1 if named else at
    if named and is_word(tokens, first, "mùng", "mồng"):
        first += 1
    found = number_there(tokens, first)
    if found is None:
        return None
    day, end = found
    if is_word(tokens, end, "tháng"):
        in_month = _day_in_month(tokens, end + 1, day, today, lean)
        if in_month is not None:
            return in_month
    return DateThere(day_named(day, today, lean), end) if named else None


def _day_in_month(tokens: Sequence[Token], at: int, day: int, today: dt.date, lean: Lean) -> DateThere | None:
    """What follows "ngày 25 tháng …"."""
    if is_word(tokens, at, "này"):
        return DateThere(_calendar_day(today.year, today.month, day), at + 1)
    if is_word(tokens, at, "sau", "tới"):
        later = today + relativedelta(months=1)
        return DateThere(_calendar_day(later.year, later.month, day), at + 1)
    if at < len(tokens) and tokens[at].kind is Kind.MONTH:
        month_of, year_of = (int(part) for part in re.split(r"[/.-]", tokens[at].folded))
        return DateThere(_calendar_day(year_of, month_of, day), at + 1)
    month = number_there(tokens, at)
    if month is None:
        return None
    value, end = month
    if is_word(tokens, end, "năm") and (year := _number(tokens, end + 1)) and year > 1900:
        return DateThere(_calendar_day(year, value, day), end + 2)
    return DateThere(_without_year(day, value, today, lean), end)


_NEAR = (
    ("hôm nay", 0),
    ("bữa nay", 0),
    ("ngày hôm nay", 0),
    ("ngày mai", 1),
    ("ngày mốt", 2),
    ("ngày kia", 2),
    ("hôm qua", -1),
    ("bữa qua", -1),
    ("ngày hôm qua", -1),
    ("hôm kia", -2),
    ("nay", 0),
    ("mai", 1),
    ("qua", -1),
)


def _near_day(tokens: Sequence[Token], at: int, today: dt.date) -> DateThere | None:
    for phrase, days in _NEAR:
        # "chiều qua" is yesterday; a bare "qua" is "through"
        alone = phrase == "qua" and not is_word(tokens, at - 1, "sáng", "trưa", "chiều", "tối", "đêm")
        if are_words(tokens, at, phrase) and not alone:
            return DateThere(today + dt.timedelta(days=days), at + len(phrase.split()))
    # typed without marks, "mot" is rather "một"
    if is_word(tokens, at, "mốt") and is_marked(tokens[at].word):
        return DateThere(today + dt.timedelta(days=2), at + 1)
    return None


_WEEKDAYS = {"hai": 0, "ba": 1, "tư": 2, "bốn": 2, "năm": 3, "sáu": 4, "bảy": 5, "bẩy": 5}


def _weekday(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean) -> DateThere | None:
    if is_word(tokens, at, "hôm", "ngày"):
        at += 1
    found = _weekday_name(tokens, at)
    if found is None:
        return None
    day, end = found
    monday = today - dt.timedelta(days=today.weekday())
    in_week = _week_named(tokens, end)
    if in_week is not None:
        weeks, end = in_week
        date = monday + dt.timedelta(days=day, weeks=weeks)
        return DateThere(date if date >= today else None, end)
    if is_word(tokens, end, "này"):
        date = monday + dt.timedelta(days=day)
        return DateThere(date if date >= today else None, end + 1)
    coming = today + dt.timedelta(days=(day - today.weekday()) % 7 or 7)
    if is_word(tokens, end, "tới"):
        return DateThere(coming, end + 1)
    if is_word(tokens, end, "sau"):  # the coming one or the one after? People mean both.
        return DateThere(None, end + 1)
    unsure = day == today.weekday() or lean is Lean.BEHIND  # "thứ sáu" said on a Friday
    return DateThere(None if unsure else coming, end)


def _weekday_name(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    if are_words(tokens, at, "chủ nhật"):
        return 6, at + 2
    if is_word(tokens, at, "cn"):
        return 6, at + 1
    if not is_word(tokens, at, "thứ", "t"):
        return None
    number = _number(tokens, at + 1)
    if number is not None:
        return (number - 2, at + 2) if 2 <= number <= 7 else None
    if is_word(tokens, at, "thứ"):
        return next(((day, at + 2) for word, day in _WEEKDAYS.items() if is_word(tokens, at + 1, word)), None)
    return None


def _week_named(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """``tuần này`` 0, ``tuần sau`` 1: weeks ahead, and the token after."""
    if not is_word(tokens, at, "tuần"):
        return None
    if is_word(tokens, at + 1, "này"):
        return 0, at + 2
    if is_word(tokens, at + 1, "sau", "tới"):
        return 1, at + 2
    return None


_FRIDAY = 4  # the end of an office's week
_MIDWEEK = 2


def _edge_of_period(tokens: Sequence[Token], at: int, today: dt.date, lean: Lean) -> DateThere | None:
    """``cuối tháng``, ``đầu tuần sau``, ``hết quý``, ``tuần sau``. What is over, or too loose, is None."""
    edge = next((word for word in ("đầu", "giữa", "cuối", "hết") if is_word(tokens, at, word)), None)
    if edge is None:
        week = _week_named(tokens, at)
        return DateThere(None, week[1]) if week and week[0] == 1 else None
    if is_word(tokens, at + 1, "tuần"):
        there = _edge_of_week(tokens, at + 1, edge, today)
    elif is_word(tokens, at + 1, "tháng"):
        there = _edge_of_month(tokens, at + 1, edge, today)
    elif is_word(tokens, at + 1, "quý"):
        there = DateThere(_end_of_quarter(today) if edge in ("cuối", "hết") else None, at + 2)
    elif is_word(tokens, at + 1, "năm"):
        named = 3 if is_word(tokens, at + 2, "nay") else 2
        there = DateThere(dt.date(today.year, 12, 31) if edge in ("cuối", "hết") else None, at + named)
    else:
        return None
    past = there.date is not None and there.date < today
    return DateThere(None, there.end) if past or lean is Lean.BEHIND else there


def _edge_of_week(tokens: Sequence[Token], at: int, edge: str, today: dt.date) -> DateThere:
    monday = today - dt.timedelta(days=today.weekday())
    weeks, end = _week_named(tokens, at) or (1 if edge == "đầu" else 0, at + 1)
    days = {"đầu": 0, "giữa": _MIDWEEK}.get(edge, _FRIDAY)
    return DateThere(monday + dt.timedelta(days=days, weeks=weeks), end)


def _edge_of_month(tokens: Sequence[Token], at: int, edge: str, today: dt.date) -> DateThere:
    """``at`` stands on "tháng"."""
    month, end = today.replace(day=1), at + 1
    if is_word(tokens, end, "này"):
        end += 1
    elif is_word(tokens, end, "sau", "tới"):
        month, end = month + relativedelta(months=1), end + 1
    elif (number := _number(tokens, end)) is not None and 1 <= number <= 12:
        month, end = month.replace(month=number), end + 1
        if month < today.replace(day=1):
            month += relativedelta(years=1)
    elif edge == "đầu":
        month += relativedelta(months=1)
    if edge == "giữa":
        return DateThere(None, end)
    day = 1 if edge == "đầu" else calendar.monthrange(month.year, month.month)[1]
    return DateThere(month.replace(day=day), end)


def _end_of_quarter(today: dt.date) -> dt.date:
    month = (today.month + 2) // 3 * 3
    return dt.date(today.year, month, calendar.monthrange(today.year, month)[1])


def _some_days_ahead(tokens: Sequence[Token], at: int, today: dt.date) -> DateThere | None:
    """``2 ngày nữa``, ``sau 2 ngày``, ``một tuần nữa``. "thêm 2 ngày" counts from the deadline: not known here."""
    after = is_word(tokens, at, "sau")
    found = number_there(tokens, at + 1 if after else at)
    if found is None:
        return None
    count, end = found
    days = 7 if is_word(tokens, end, "tuần") else 1 if is_word(tokens, end, "ngày", "hôm", "bữa") else 0
    more = is_word(tokens, end + 1, "nữa")
    if not days or not (after or more):
        return None
    end += 2 if more else 1
    return DateThere(today + dt.timedelta(days=days * count) if count * days < FAR.days else None, end)


def _number(tokens: Sequence[Token], at: int) -> int | None:
    if 0 <= at < len(tokens) and tokens[at].kind is Kind.NUMBER:
        return int(tokens[at].folded)
    return None


def number_there(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """The number there, in digits or words, where a number must stand; and where it ends."""
    number = _number(tokens, at)
    return (number, at + 1) if number is not None else number_words_at(tokens, at, sure=True)


def _calendar_day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:  # 31/2 was typed: ask
        return None


def _without_year(day: int, month: int, today: dt.date, lean: Lean) -> dt.date | None:
    years = (_calendar_day(today.year + step, month, day) for step in (-1, 0, 1))
    dates = [date for date in years if date is not None]
    if lean is Lean.BEHIND:
        return min(dates, key=lambda date: abs(date - today), default=None)
    ahead = min((date for date in dates if date >= today), default=None)
    if ahead is None or (ahead.year > today.year and ahead > today + JUMP):
        return None
    return ahead


def day_named(day: int, today: dt.date, lean: Lean = Lean.AHEAD) -> dt.date | None:
    """``ngày 25``: the coming 25th; looking behind, this month's if it has come."""
    if lean is Lean.BEHIND:
        return _calendar_day(today.year, today.month, day) if day <= today.day else None
    first = today.replace(day=1)
    months = (first + relativedelta(months=step) for step in range(3))
    dates = (_calendar_day(month.year, month.month, day) for month in months)
    return min((date for date in dates if date is not None and date >= today), default=None)

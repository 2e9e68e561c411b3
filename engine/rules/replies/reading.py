"""Reading: tokens become pieces. The readers are asked in order; the first that knows a token takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from engine.rules.chat_words import (
    Kind,
    Token,
    can_be,
    date_at,
    fold,
    is_marked,
    is_slip_of,
    is_word,
    number_there,
    number_words_at,
    same_spelling,
)
from engine.rules.replies.meaning import Doubt, Verb
from engine.rules.replies.phrases import (
    ASKING_ICONS,
    BAD_ICONS,
    COURTEOUS,
    GOOD_ICONS,
    NOT_XONG,
    PHRASES,
    SLIPPERY,
    TICKS,
    Phrase,
    Role,
    Value,
    words_of,
)
from engine.rules.replies.pieces import Piece

MOST_WORDS = 80  # a reply is a line or two; what follows may be a reason, but is not read for meaning
Reader = Callable[[Sequence[Token], int, Sequence[Piece], dt.date], Piece | None]


def pieces_of(tokens: Sequence[Token], today: dt.date) -> tuple[Piece, ...]:
    marked = any(is_marked(token.word) for token in tokens if token.kind is Kind.WORD)
    readers: tuple[Reader, ...] = (*_READERS, partial(_phrase, marked=marked), _slip)
    pieces: list[Piece] = []
    at = 0
    while at < len(tokens):
        found = (reader(tokens, at, pieces, today) for reader in readers)
        piece = next((piece for piece in found if piece is not None), None) or _leftover(tokens, at)
        if at > MOST_WORDS:
            piece = Piece(Role.UNREAD, at, len(tokens))
        pieces.append(piece)
        at = piece.end
    return tuple(pieces)


def _paper(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """A link, or a document with the words before its number: ``số 12/BC-UBND``, ``công văn số 12``."""
    if tokens[at].kind is Kind.LINK:
        return Piece(Role.LINK, at, at + 1)
    if tokens[at].kind is Kind.DOCUMENT:
        return Piece(Role.DOCUMENT, at, at + 1)
    end = next((at + len(words) for words in _LETTERS if are(tokens, at, words)), None)
    if end is None:
        return None
    if is_word(tokens, end, "số"):
        end += 1
    if end < len(tokens) and tokens[end].kind is Kind.NUMBER and date_at(tokens, end, _today) is None:
        return Piece(Role.DOCUMENT, at, end + 1)
    return None


_LETTERS = words_of("công văn | văn bản | tờ trình | cv | vb | ttr")


def are(tokens: Sequence[Token], at: int, words: Sequence[str]) -> bool:
    return all(is_word(tokens, at + i, word) for i, word in enumerate(words))


def _called_by_name(tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``chị Mai ơi``, ``anh Hùng, …``, ``… ạ chị Lan``: the reader is spoken to. ``chị Lan xong 3`` is about her."""
    title = 2 if are(tokens, at, ("đồng", "chí")) else 1 if is_word(tokens, at, *TITLES) else 0
    if not title:
        return None
    end = at + title
    while end < len(tokens) and end - at - title < 3 and _may_be_name(tokens[end]):
        end += 1
    if is_word(tokens, end, "ơi"):
        return Piece(Role.POLITE, at, end + 1)
    opens = all(piece.role in COURTEOUS or tokens[piece.start].folded == "bao" for piece in before)
    if opens and end < len(tokens) and tokens[end].folded in (",", ":", ";"):
        return Piece(Role.POLITE, at, end)
    if end == at + title:
        return None
    closes = bool(before) and before[-1].role in (Role.POLITE, Role.PAST, Role.GREET)
    last = end == len(tokens) or tokens[end].kind is Kind.STOP or is_word(tokens, end, "ạ", "nhé", "nha")
    return Piece(Role.POLITE, at, end) if closes and last else None


TITLES = ("anh", "chị", "em", "bác", "cô", "chú", "sếp", "thầy", "c", "a")


_ALSO_NAMES = frozenset({"mai", "ha", "hong", "thi", "do", "dinh"})


def _may_be_name(token: Token) -> bool:
    if token.kind is not Kind.WORD or not token.word[0].isupper():
        return False
    return token.folded not in PHRASES or (token.folded in _ALSO_NAMES and token.word.istitle())


def _task_number(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """``việc số 3``, ``số ba``, ``#3``, ``việc thứ 3``."""
    end, named = _past_naming(tokens, at)
    if end == at:
        return None
    found = number_there(tokens, end) if named else None
    if found is None:
        found = _digits(tokens, end) or number_words_at(tokens, end, sure=False)
    if found is None or (end < len(tokens) and date_at(tokens, end, today) is not None):
        return None
    if is_word(tokens, at, "số") and before and before[-1].role is Role.NUMBERS:
        return Piece(Role.COUNT, at, found[1], Doubt.UNCLEAR)  # "đã nộp 3 số 12": a document without its letters?
    piece = _list_from(tokens, at, found, today, counted=False)
    weekday = any(is_word(tokens, i, "thứ") for i in range(at, end))  # "việc thứ sáu": number 6, or Friday's?
    return replace(piece, value=Doubt.RANGE) if weekday else piece


def _past_naming(tokens: Sequence[Token], at: int) -> tuple[int, bool]:
    """The token after "việc", "việc số", "#"; and whether "số" was said, after which only a number can stand."""
    end, named = at, False
    for words in (("công", "việc"), ("đầu", "việc"), ("nhiệm", "vụ"), ("mục", "việc"), ("việc",), ("cái",)):
        if are(tokens, end, words):
            end += len(words)
            break
    if end > at and is_word(tokens, end, "thứ"):
        end += 1
    if is_word(tokens, end, "số", "sô", "stt"):
        end, named = end + 1, True
    while end < len(tokens) and tokens[end].folded in ("#", ":") and (end > at or tokens[end].folded == "#"):
        end, named = end + 1, True
    return end, named


def _digits(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    if at < len(tokens) and tokens[at].kind is Kind.NUMBER:
        return int(tokens[at].folded), at + 1
    return None


def _plain_number(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """``3``, ``3, 5 và 7``; in words only straight after a command: "xong ba", but not "anh Ba"."""
    found = _digits(tokens, at)
    if is_word(tokens, at + 1, "phần", "nửa"):  # "một phần"
        return None
    if found is None and before and before[-1].role in (Role.FINISHED, Role.COMMAND):
        found = number_words_at(tokens, at, sure=False)
    return _list_from(tokens, at, found, today, counted=True) if found else None


def _list_from(tokens: Sequence[Token], start: int, first: tuple[int, int], today: dt.date, *, counted: bool) -> Piece:
    """Read the rest of a list of task numbers; the first is read already."""
    numbers, end = [first[0]], first[1]
    value: Value = None
    while (following := _next_in_list(tokens, end, today)) is not None:
        number, end, ranged = following
        numbers.append(number)
        value = Doubt.RANGE if ranged else value
    if counted and (unit := _unit(tokens, end, today)) is not None:
        role = Role.DURATION if unit in _TIME_UNITS else Role.COUNT
        if role is Role.COUNT or len(numbers) == 1:
            return Piece(role, start, end + len(unit), Doubt.COUNT, tuple(numbers))
    return Piece(Role.NUMBERS, start, end, value, tuple(numbers))


def _next_in_list(tokens: Sequence[Token], at: int, today: dt.date) -> tuple[int, int, bool] | None:
    end, ranged = at, False
    while end < len(tokens) and (tokens[end].kind is Kind.COMMA or is_word(tokens, end, "và", "với")):
        end += 1
    joined = end > at
    if not joined and end < len(tokens) and tokens[end].folded in ("-", "/", "="):
        ranged = tokens[end].folded == "-"
        end += 2 if end + 1 < len(tokens) and tokens[end + 1].folded == ">" else 1
        joined = True
    end, named = _past_naming(tokens, end) if joined else (end, False)
    found = _digits(tokens, end)
    if found is None and joined:
        found = number_words_at(tokens, end, sure=named)
    if found is None or date_at(tokens, end, today) is not None or _unit(tokens, found[1], today) in _TIME_UNITS:
        return None
    return found[0], found[1], ranged


_TIME_UNITS = words_of("ngày | tuần | tháng | hôm | bữa | giờ | phút | tiếng | năm | quý")
_COUNTED = (
    *_TIME_UNITS,
    *words_of(
        "báo cáo | văn bản | công văn | hồ sơ | đầu việc | công việc | nhiệm vụ | việc | bc | cái | file | bản | mục"
    ),
    *words_of("phần | hộ | người | lần | bước | phiếu | biểu | đơn | trang | thôn | mẫu | món | xã | vb | cv | tr"),
)


def _unit(tokens: Sequence[Token], at: int, today: dt.date) -> tuple[str, ...] | None:
    """The thing counted there. "xong 3 việc" counts; in "xong 3 báo cáo số 12/BC-UBND" the report is a name."""
    unit = next((words for words in _COUNTED if are(tokens, at, words)), None)
    if unit is None or date_at(tokens, at, today) is not None:  # "xong 3 hôm qua"
        return None
    after = at + len(unit)
    if is_word(tokens, after, "số"):
        after += 1
    named = after < len(tokens) and tokens[after].kind in (Kind.DOCUMENT, Kind.NUMBER, Kind.DAY, Kind.MONTH)
    return None if named else unit


def _date(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """A date; after a command also ``đến 25``, a day of the month without the word."""
    there = date_at(tokens, at, today)
    if there is not None:
        added = is_word(tokens, at - 1, "thêm")  # "thêm 5 ngày nữa" counts from the deadline, not from today
        return Piece(Role.DURATION if added else Role.DATE, at, there.end)
    hour = at + 1 if is_word(tokens, at, "lúc", "khoảng", "vào") else at
    if hour < len(tokens) and tokens[hour].kind is Kind.TIME:
        return Piece(Role.DATE, at, hour + 1)
    asks_a_day = (Verb.EXTEND, Verb.LEAVE, Verb.SNOOZE)
    if is_word(tokens, at, "đến", "tới", "sang", "từ") and any(piece.value in asks_a_day for piece in before):
        first = at + 2 if is_word(tokens, at + 1, "hết", "ngày") else at + 1
        day = _digits(tokens, first)
        if day is not None and _unit(tokens, day[1], today) is None:
            return Piece(Role.DATE, at, day[1], day=day[0])
    return None


_NUMBERED_THINGS = words_of(
    "tháng | quý | năm | tuần | kỳ | đợt | thôn | xóm | ấp | bản | tổ | khu | phố | lần | điều | mục | biểu | mẫu"
    " | trang | phường | quận | khoá | bước | nhóm | chương | xã | cấp | tập | vòng"
)
_ROMAN = frozenset({"i", "ii", "iii", "iv", "v"})


def _numbered_thing(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``tháng 3``, ``quý I``, ``thôn 2``: the number is part of a name."""
    if not any(are(tokens, at, words) for words in _NUMBERED_THINGS) or at + 1 >= len(tokens):
        return None
    following = tokens[at + 1]
    if following.kind in (Kind.MONTH, Kind.DAY, Kind.ODD) or following.folded in _ROMAN:
        return Piece(Role.THING, at, at + 2)
    found = number_there(tokens, at + 1)
    return Piece(Role.THING, at, found[1]) if found else None


def _phrase(
    tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date, *, marked: bool
) -> Piece | None:
    """The best row of the table that fits here. In a text without any mark, no spelling is exact."""
    if tokens[at].kind not in (Kind.WORD, Kind.NUMBER):
        return None
    best: tuple[tuple[int, bool, bool, int], Phrase] | None = None
    for phrase in PHRASES.get(tokens[at].folded, ()):
        typed = [token.word for token in tokens[at : at + len(phrase.words)]]
        if not _fits(typed, phrase):
            continue
        exact = marked and all(same_spelling(a, b) for a, b in zip(typed, phrase.words, strict=True))
        weight = (len(phrase.words), exact, phrase.role is Role.HEDGE, -phrase.rank)
        if best is None or weight > best[0]:
            best = weight, phrase
    if best is None:
        return None
    return Piece(best[1].role, at, at + len(best[1].words), best[1].value)


def _fits(typed: Sequence[str], phrase: Phrase) -> bool:
    if len(typed) != len(phrase.words):
        return False
    if phrase.role is Role.HEDGE:
        return all(fold(a) == fold(b) for a, b in zip(typed, phrase.words, strict=True))
    return all(can_be(a, b) for a, b in zip(typed, phrase.words, strict=True))


def _slip(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``xogn``, ``gai han``, ``dag lam``. Nothing that a negation could turn into is forgiven."""
    token = tokens[at]
    if token.kind is not Kind.WORD:
        return None
    slipped = is_slip_of(token.folded, "xong") and not is_marked(token.word) and len(token.folded) >= 3
    spelled = any(other.folded == "xong" for other in tokens)  # then this is a slip of something else
    if slipped and not spelled and token.folded not in NOT_XONG:
        return Piece(Role.FINISHED, at, at + 1)
    typed = ""
    for end in range(at + 1, min(at + 4, len(tokens)) + 1):
        if tokens[end - 1].kind is not Kind.WORD:
            return None
        typed += tokens[end - 1].folded
        if is_slip_of(typed, "hoanthanh"):
            return Piece(Role.FINISHED, at, end)
        near = SLIPPERY.get(typed[0], {})
        verb = next((v for meant, v in near.items() if typed == meant or is_slip_of(typed, meant)), None)
        if verb is not None:
            return Piece(Role.COMMAND, at, end, verb)
    return None


_READERS: tuple[Reader, ...] = (
    _paper,
    _called_by_name,
    _task_number,
    _date,
    _numbered_thing,
    _plain_number,
)
_LEFTOVERS: dict[Kind, tuple[Role, Value]] = {
    Kind.PERCENT: (Role.HEDGE, Doubt.PARTLY),
    Kind.QUESTION: (Role.HEDGE, Doubt.QUESTION),
    Kind.MONTH: (Role.THING, None),
    Kind.ODD: (Role.UNREAD, Doubt.RANGE),
    Kind.COMMA: (Role.BREAK, None),
    Kind.STOP: (Role.BREAK, None),
    Kind.MARK: (Role.BREAK, None),
}


def _leftover(tokens: Sequence[Token], at: int) -> Piece:
    """A token that no reader wanted."""
    token = tokens[at]
    if token.kind is Kind.ICON:
        return _icon(token.word, at)
    if token.kind is Kind.PERCENT and token.folded.replace(" ", "") == "100%":
        return Piece(Role.WAY, at, at + 1)
    role, value = _LEFTOVERS.get(token.kind, (Role.UNREAD, None))
    return Piece(role, at, at + 1, value)


def _icon(icon: str, at: int) -> Piece:
    if icon in TICKS:
        return Piece(Role.FINISHED, at, at + 1, Doubt.UNCLEAR)
    if icon in GOOD_ICONS:
        return Piece(Role.GREET, at, at + 1)
    if icon in BAD_ICONS:
        return Piece(Role.HEDGE, at, at + 1, Doubt.UNCLEAR)
    if icon in ASKING_ICONS:
        return Piece(Role.HEDGE, at, at + 1, Doubt.QUESTION)
    return Piece(Role.UNREAD, at, at + 1)

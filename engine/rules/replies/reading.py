"""Reading: tokens become pieces. The readers are asked in order; the first that knows a token takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

from engine.rules.chat_letters import can_be, fold, is_marked, is_slip_of, same_spelling
from engine.rules.chat_tokens import Kind, Token, is_word, number_there
from engine.rules.chat_words import ROMAN, date_at, spoken_hour_ends
from engine.rules.replies.addresses import (
    TITLES,
    addressed,
    called_by_name,
    closing_a,
    doer_by_name,
    humble_person,
    invites_a_look,
    wishes,
)
from engine.rules.replies.leaves import is_from_to
from engine.rules.replies.meaning import Doubt, Verb
from engine.rules.replies.numbering import counted_at, digits, plain_number, task_number
from engine.rules.replies.phrases import (
    ASKING_ICONS,
    BAD_ICONS,
    GOOD_ICONS,
    PHRASES,
    SAD,
    TICKS,
    Phrase,
    Role,
    Value,
    are,
    words_of,
)
from engine.rules.replies.pieces import Piece
from engine.rules.replies.slips import hoan_thanh, slip

MOST_WORDS = 80  # a reply is a line or two; what follows may be a reason, but is not read for meaning


Reader = Callable[[Sequence[Token], int, Sequence[Piece], dt.date], Piece | None]


def pieces_of(tokens: Sequence[Token], today: dt.date) -> tuple[Piece, ...]:
    marked = any(is_marked(token.word) for token in tokens if token.kind is Kind.WORD)
    readers: tuple[Reader, ...] = (
        *_READERS,
        hoan_thanh,
        partial(closing_a, marked=marked),
        partial(humble_person, marked=marked),
        partial(_phrase, marked=marked),
        slip,
    )
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
    following = at + 2 if is_word(tokens, at + 1, "số") else at + 1
    if is_word(tokens, at, "kh", "qđ", "nq", "ttr", "tb", "ct") and _is_document(tokens, following):
        return Piece(Role.THING, at, following)  # a plan here, not "không"
    if is_word(tokens, at, "theo") and any(_is_document(tokens, at + step) for step in (1, 2, 3, 4)):
        words = tokens[at + 1 : next(i for i in range(at + 1, len(tokens)) if tokens[i].kind is Kind.DOCUMENT)]
        if not is_word(words, 0, "số") and words and all(is_word(words, i, *_PAPERS) for i in range(len(words))):
            return Piece(Role.WAY, at, at + 1)  # "theo công văn số 45/UBND-VX"
    if tokens[at].kind is Kind.DOCUMENT:
        return Piece(Role.DOCUMENT, at, at + 1)
    spelled_out = _document_in_words(tokens, at)
    if spelled_out is not None:
        return Piece(Role.DOCUMENT, at, spelled_out)
    end = next((at + len(words) for words in _LETTERS if are(tokens, at, words)), None)
    if end is None:
        return None
    if is_word(tokens, end, "số"):
        end += 1
    if end < len(tokens) and tokens[end].kind is Kind.NUMBER and date_at(tokens, end, _today) is None:
        return Piece(Role.DOCUMENT, at, end + 1)
    return None


_PAPERS = ("công", "văn", "bản", "cv", "bc", "báo", "cáo", "kế", "hoạch", "kh", "quyết", "định", "qđ", "số", "tb")


def _is_document(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].kind is Kind.DOCUMENT


def _abbreviation(tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``Báo cáo TTHC``: capitals behind a thing name what it is about, if they are no words of the table."""
    word = tokens[at].word
    capitals = tokens[at].kind is Kind.WORD and 2 <= len(word) <= 8 and word.isupper() and not is_marked(word)
    behind = bool(before) and before[-1].role is Role.THING
    if not capitals or not behind or tokens[at].folded in PHRASES or _may_negate(tokens[at].folded):
        return None
    shouted = sum(token.word.isupper() for token in tokens if token.kind is Kind.WORD and len(token.word) > 1) > 3
    return None if shouted else Piece(Role.THING, at, at + 1)


def _may_negate(folded: str) -> bool:
    return any(is_slip_of(folded, word) or folded == word for word in ("chua", "khong", "chang", "dung", "cx"))


def _document_in_words(tokens: Sequence[Token], at: int) -> int | None:
    """``số 12 bc ubnd``: where it ends. Without "số", the number may be a task's."""
    if not (is_word(tokens, at, "số") and at + 3 < len(tokens) and tokens[at + 1].kind is Kind.NUMBER):
        return None
    dashed = tokens[at + 3].folded == "-"
    organ = at + 4 if dashed else at + 3
    named = is_word(tokens, at + 2, "bc", "kh", "cv", "qđ", "ttr", "tb", "nq", "ct", "gm", "bb")
    return organ + 1 if named and is_word(tokens, organ, "ubnd", "hđnd", "vp", "đu") else None


_LETTERS = words_of("công văn | văn bản | tờ trình | cv | vb | ttr")


def _date(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """A date; after a command also ``đến 25``, a day of the month without the word."""
    there = date_at(tokens, at, today)
    if there is not None:
        added = is_word(tokens, at - 1, "thêm")  # "thêm 5 ngày nữa" counts from the deadline, not from today
        return Piece(Role.DURATION if added else Role.DATE, at, there.end)
    if is_from_to(tokens[at]) and any(piece.value is Verb.LEAVE for piece in before):
        return Piece(Role.DATE, at, at + 1)
    if is_word(tokens, at, "đến", "tới", "sang", "qua", "wa", "lại") and date_at(tokens, at + 1, today) is not None:
        return Piece(Role.TO, at, at + 1)  # so that "ngày kia" and "hết tuần" stay whole
    hour = at + 1 if is_word(tokens, at, "lúc", "khoảng", "vào") else at
    if hour < len(tokens) and tokens[hour].kind is Kind.TIME:
        return Piece(Role.DATE, at, hour + 1)
    if hour > at and (end := spoken_hour_ends(tokens, hour)) is not None:
        return Piece(Role.DATE, at, end)
    asks_a_day = (Verb.EXTEND, Verb.LEAVE, Verb.SNOOZE)
    if is_word(tokens, at, "đến", "tới", "sang", "từ") and any(piece.value in asks_a_day for piece in before):
        first = at + 2 if is_word(tokens, at + 1, "hết", "ngày") else at + 1
        day = digits(tokens, first)
        if day is not None and counted_at(tokens, day[1], today) is None:
            end = day[1] + 1 if is_word(tokens, day[1], "tây") else day[1]
            return Piece(Role.DATE, at, end, day=day[0])
    return None


_NUMBERED_THINGS = words_of(
    "tháng | quý | năm | tuần | kỳ | đợt | thôn | xóm | ấp | bản | tổ | khu | phố | lần | điều | mục | biểu | mẫu"
    " | trang | phường | quận | khoá | bước | nhóm | chương | xã | cấp | tập | vòng"
)


def _numbered_thing(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``tháng 3``, ``quý I``, ``thôn 2``: the number is part of a name."""
    if not any(are(tokens, at, words) for words in _NUMBERED_THINGS) or at + 1 >= len(tokens):
        return None
    named = tokens[at].word.istitle() and is_word(tokens, at - 1, "cho", *TITLES)
    if named or (is_word(tokens, at - 1, *TITLES) and is_word(tokens, at - 2, "cho")):  # "cho chị Lan 3" is no "lần 3"
        return None
    following = tokens[at + 1]
    if following.kind in (Kind.MONTH, Kind.DAY, Kind.ODD) or following.folded in ROMAN:
        year = digits(tokens, at + 3) if at + 2 < len(tokens) and tokens[at + 2].folded == "/" else None
        return Piece(Role.THING, at, year[1] if year and year[0] > 1900 else at + 2)  # "quý I/2026"
    found = number_there(tokens, at + 1)
    return Piece(Role.THING, at, found[1]) if found else None


def _phrase(
    tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date, *, marked: bool
) -> Piece | None:
    """The best row of the table that fits here. In a text without any mark, no spelling is exact."""
    if tokens[at].kind not in (Kind.WORD, Kind.NUMBER):
        return None
    best: tuple[tuple[int, bool, bool, int], Phrase] | None = None
    for phrase in PHRASES.get(tokens[at].folded, ()) or _drawn_out(tokens[at].folded):
        typed = [token.word for token in tokens[at : at + len(phrase.words)]]
        if tokens[at].folded not in PHRASES:
            typed = [tokens[at].word[:-1]]
        if not _fits(typed, phrase):
            continue
        exact = marked and all(same_spelling(a, b) for a, b in zip(typed, phrase.words, strict=True))
        weight = (len(phrase.words), exact, phrase.role is Role.HEDGE, -phrase.rank)
        if best is None or weight > best[0]:
            best = weight, phrase
    if best is None:
        return None
    return Piece(best[1].role, at, at + len(best[1].words), best[1].value)


def _drawn_out(folded: str) -> list[Phrase]:
    """``nhaa``, ``nhéé``: courtesies with their last letter twice."""
    if len(folded) < 3 or folded[-1] != folded[-2]:
        return []
    return [phrase for phrase in PHRASES.get(folded[:-1], ()) if phrase.role is Role.POLITE and len(phrase.words) == 1]


def _fits(typed: Sequence[str], phrase: Phrase) -> bool:
    if len(typed) != len(phrase.words):
        return False
    if phrase.role is Role.HEDGE:
        return all(fold(a) == fold(b) for a, b in zip(typed, phrase.words, strict=True))
    return all(can_be(a, b) for a, b in zip(typed, phrase.words, strict=True))


_READERS: tuple[Reader, ...] = (
    _paper,
    addressed,
    invites_a_look,
    wishes,
    called_by_name,
    task_number,
    doer_by_name,
    _date,
    _numbered_thing,
    plain_number,
    _abbreviation,
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
    if len(icon) > 1 and icon != "!=":
        return Piece(Role.HEDGE, at, at + 1, Doubt.UNCLEAR) if SAD.search(icon) else Piece(Role.GREET, at, at + 1)
    if icon in TICKS:
        return Piece(Role.FINISHED, at, at + 1, Doubt.UNCLEAR)
    if icon in GOOD_ICONS:
        return Piece(Role.GREET, at, at + 1)
    if icon in BAD_ICONS:
        return Piece(Role.HEDGE, at, at + 1, Doubt.UNCLEAR)
    if icon in ASKING_ICONS:
        return Piece(Role.HEDGE, at, at + 1, Doubt.QUESTION)
    return Piece(Role.UNREAD, at, at + 1)

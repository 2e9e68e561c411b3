"""Task numbers (``3, 5 và 7``, ``việc số ba``), and the numbers that only count (``3 báo cáo``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from engine.rules.chat_letters import is_marked
from engine.rules.chat_tokens import Kind, Token, is_word, number_there, number_words_at
from engine.rules.chat_words import date_at
from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import COURTEOUS, Role, Value, are, words_of
from engine.rules.replies.pieces import Piece


def task_number(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """``việc số 3``, ``số ba``, ``#3``, ``việc thứ 3``."""
    end, named = _past_naming(tokens, at)
    if end == at and _opens_with_item(tokens, at, before):
        end, named = at + 1, True
    if end == at:
        return None
    found = number_there(tokens, end) if named else None
    if found is None:
        found = digits(tokens, end) or number_words_at(tokens, end, sure=False)
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
    for words in (("công", "việc"), ("đầu", "việc"), ("nhiệm", "vụ"), ("mục", "việc"), ("việc",), ("vc",), ("cái",)):
        if are(tokens, end, words):
            end += len(words)
            break
    glued = end + 1 < len(tokens) and tokens[end].end == tokens[end + 1].start
    if end == at and is_word(tokens, at, "v") and glued and tokens[at + 1].kind is Kind.NUMBER:  # "v3"
        return at + 1, True
    dotted = are(tokens, at, ("v",)) and at + 2 < len(tokens) and tokens[at + 1].folded == "."
    if end == at and dotted and tokens[at + 2].kind is Kind.NUMBER and tokens[at + 1].end == tokens[at + 2].start:
        return at + 2, True  # "v.3"
    if end > at and is_word(tokens, end, "thứ"):
        end += 1
    if is_word(tokens, end, "số", "sô", "stt"):
        end, named = end + 1, True
    while end < len(tokens) and tokens[end].folded in ("#", ":") and (end > at or tokens[end].folded == "#"):
        end, named = end + 1, True
    return end, named


def _opens_with_item(tokens: Sequence[Token], at: int, before: Sequence[Piece]) -> bool:
    """``mục 3 xong``: an item of the list that was sent; "mục 3 của báo cáo" is a part of something."""
    opens = is_word(tokens, at, "mục") and all(piece.role in COURTEOUS for piece in before)
    number = digits(tokens, at + 1) if opens else None
    return number is not None and is_word(tokens, number[1], "xong", "hoàn", "đã", "em", "e", "done")


def digits(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    if at < len(tokens) and tokens[at].kind is Kind.NUMBER:
        return int(tokens[at].folded), at + 1
    return None


def plain_number(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """``3``, ``3, 5 và 7``; in words only straight after a command: "xong ba", but not "anh Ba"."""
    found = digits(tokens, at)
    if is_word(tokens, at + 1, "phần", "nửa") and not is_word(tokens, at + 2, "mềm"):  # "một phần"
        return None
    if (
        found is None
        and before
        and (before[-1].role in (Role.FINISHED, Role.COMMAND) or is_word(tokens, at - 1, "thêm"))
    ):
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
    if counted and (unit := counted_at(tokens, end, today)) is not None:
        role = Role.DURATION if unit in _TIME_UNITS else Role.COUNT
        if role is Role.COUNT or len(numbers) == 1:
            after = end + len(unit)
            of_work = unit == ("ngày",) and are(tokens, after, ("làm", "việc"))  # but "2 ngày làm việc 3": to do it
            if of_work and number_there(tokens, after + 2) is None:
                after += 2
            return Piece(role, start, after, Doubt.COUNT, tuple(numbers))
    return Piece(Role.NUMBERS, start, end, value, tuple(numbers))


def _next_in_list(tokens: Sequence[Token], at: int, today: dt.date) -> tuple[int, int, bool] | None:
    end, ranged = at, False
    while end < len(tokens) and (tokens[end].kind is Kind.COMMA or is_word(tokens, end, "và", "với", "vs")):
        end += 1
    joined = end > at
    if not joined and end < len(tokens) and tokens[end].folded in ("-", "/", "="):
        ranged = True
        end += 2 if end + 1 < len(tokens) and tokens[end + 1].folded == ">" else 1
        joined = True
    end, named = _past_naming(tokens, end) if joined else (end, False)
    found = digits(tokens, end)
    if found is None and joined:
        found = number_words_at(tokens, end, sure=named)
    if found is None or date_at(tokens, end, today) is not None or counted_at(tokens, found[1], today) in _TIME_UNITS:
        return None
    return found[0], found[1], ranged


_TIME_UNITS = words_of("ngày | tuần | tháng | hôm | bữa | giờ | phút | tiếng | năm | quý")


_COUNTED = (
    *_TIME_UNITS,
    *words_of(
        "báo cáo | văn bản | công văn | hồ sơ | đầu việc | công việc | nhiệm vụ | việc | bc | cái | file | bản | mục"
    ),
    *words_of(
        "kế hoạch | tờ trình | quyết định | thông báo | tài liệu | danh sách | đơn thư | thủ tục | phòng |"
        " hội nghị | chỉ tiêu | nội dung | loại | dự án | kết quả"
    ),
    *words_of(
        "phần | hộ | người | lần | bước | phiếu | biểu | đơn | trang | thôn | mẫu | món | xã | vb | cv | tr |"
        " anh em | chị em | anh chị | đồng chí | cán bộ"
    ),
)


_COUNTED_IF_MARKED = ("sở", "sổ", "bảng")  # without marks "so" is "số", "bang" is "bằng"


def counted_at(tokens: Sequence[Token], at: int, today: dt.date) -> tuple[str, ...] | None:
    """The thing counted there. "xong 3 việc" counts; in "xong 3 báo cáo số 12/BC-UBND" the report is a name."""
    unit = next((words for words in _COUNTED if are(tokens, at, words)), None)
    if unit is None:
        spelled = (w for w in _COUNTED_IF_MARKED if is_word(tokens, at, w) and is_marked(tokens[at].word))
        unit = next(((word,) for word in spelled), None)
    if unit is None or date_at(tokens, at, today) is not None:  # "xong 3 hôm qua"
        return None
    after = at + len(unit)
    if is_word(tokens, after, "số"):
        after += 1
    named = after < len(tokens) and tokens[after].kind in (Kind.DOCUMENT, Kind.NUMBER, Kind.DAY, Kind.MONTH)
    return None if named else unit

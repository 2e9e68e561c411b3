"""To whom work is handed over: ``cho chị Lan phòng kinh tế`` is Lan, of the economy room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.rules.chat_letters import is_marked
from engine.rules.chat_tokens import Kind, Token, are_words, is_word
from engine.rules.chat_words import date_at
from engine.rules.replies.addresses import TITLES

_ALSO_TITLES = ("đc", "bạn", "ông", "bà", "e", "dì", "cậu", "cháu", "cán")
_PLACES = ("phòng", "ban", "bên", "tổ", "trung", "ubnd", "ở", "của", "vp", "bộ", "khối", "đơn", "hội", "đoàn")
_PLACES_OF_TWO = ("văn phòng", "công an", "công chức", "kế toán", "tư pháp", "địa chính", "chuyên viên", "cán bộ")
_CLOSES = (
    *("nhé", "nha", "nghe", "nghen", "rồi", "r", "rùi", "nữa", "luôn", "ngay", "vì", "do", "việc", "số", "giúp", "hộ"),
    *("giùm", "dùm", "làm", "xử", "thực", "theo", "phụ", "phối", "để", "nhưng", "với", "từ", "trong", "vào"),
    *("được", "đc", "dc", "không", "ko", "hoặc", "hay", "và", "chưa"),
)
_POSTS = ("trưởng", "phó", "chánh", "chủ", "bí", "giám", "hiệu")
GIVES = ("cho", "sang", "qua", "tới", "đến")


def receiver_in(tokens: Sequence[Token], first: int) -> tuple[int, int, int, int] | None:
    """Where the receiver stands: the "cho", the first and the last word of the name, and the end of their unit.

    None when no "cho" follows.
    """
    give = next((at for at in range(first, len(tokens)) if is_word(tokens, at, *GIVES)), None)
    if give is None:
        titled = next((at for at in range(first, len(tokens)) if _is_titled_name(tokens, at)), None)
        written_short = titled is not None and _title_length(tokens, titled - 2) == 3  # "đ/c Lan"
        give = None if titled is None else titled - 3 if written_short else titled - 1
    if give is None:
        return None
    start = give + 1
    while is_word(tokens, start, *GIVES):
        start += 1
    start = _past_title(tokens, start)
    name_end = start
    post = is_word(tokens, start, *_POSTS) and _goes_on(tokens, start + 1, start)
    post = post or are_words(tokens, start, "văn phòng")
    while _goes_on(tokens, name_end, start) and not (name_end > start and not post and _is_place(tokens, name_end)):
        name_end += 1
    end = name_end
    while _goes_on(tokens, end, start):
        end += 1
    return give, start, name_end, end


def _is_titled_name(tokens: Sequence[Token], at: int) -> bool:
    """``giao 3 anh Tuấn``: without "cho" only a title and a capital make a receiver."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    return is_word(tokens, at, *TITLES) and following is not None and following.word[:1].isupper()


def _past_title(tokens: Sequence[Token], at: int) -> int:
    length = _title_length(tokens, at)
    after = at + length
    named = after < len(tokens) and tokens[after].kind is Kind.WORD and not is_word(tokens, after, "nhé", "nha")
    return after if length and named and not _is_given_name(tokens[at]) else at


def _title_length(tokens: Sequence[Token], at: int) -> int:
    """``đồng chí``, ``đ/c``, ``đ.c``, ``chị``, ``c.``"""
    if are_words(tokens, at, "đồng chí"):
        return 2
    if is_word(tokens, at, "đ") and _is_sign(tokens, at + 1, "/", ".") and is_word(tokens, at + 2, "c"):
        return 4 if _is_sign(tokens, at + 3, ".") else 3
    if not is_word(tokens, at, *TITLES, *_ALSO_TITLES):
        return 0
    return 2 if _is_sign(tokens, at + 1, ".") else 1


def _is_sign(tokens: Sequence[Token], at: int, *signs: str) -> bool:
    return at < len(tokens) and tokens[at].folded in signs


def no_receiver(tokens: Sequence[Token], first: int, today: dt.date) -> bool:
    """``sang thứ 6``, ``sang tháng sau``: a day to come; ``cho tỉnh``: it was sent, not handed over."""
    found = receiver_in(tokens, first)
    if found is None:
        return False
    give, start, _, end = found
    if start >= len(tokens):
        return False
    lower = not tokens[start].word[:1].isupper() or tokens[start].word.isupper()
    dated = date_at(tokens, give + 1, today) is not None or date_at(tokens, start, today) is not None
    timed = dated or is_word(tokens, start, "tháng", "tuần", "quý", "năm", "kỳ", "đợt", "hôm", "buổi")
    named = start > give + 1 or (is_word(tokens, give, "cho") and end == start + 1)  # "cho anh tuan", "cho mai"
    if timed and lower and not named:
        return True
    office = is_word(tokens, start, "tỉnh", "huyện", "sở") or are_words(tokens, start, "cấp trên")
    return office or (is_word(tokens, start, "ubnd") and is_word(tokens, start + 1, "tỉnh", "huyện"))


def _goes_on(tokens: Sequence[Token], at: int, start: int) -> bool:
    if at >= len(tokens) or tokens[at].kind is not Kind.WORD:
        return False
    polite = is_word(tokens, at, "ạ") and not tokens[at].word.isupper()  # but "Nguyễn Văn A"
    closing = is_word(tokens, at, *_CLOSES) and (at > start or is_word(tokens, at, "vì", "việc"))
    return not (polite or closing)


def _is_place(tokens: Sequence[Token], at: int) -> bool:
    if any(are_words(tokens, at, place) for place in _PLACES_OF_TWO):
        return True
    return is_word(tokens, at, *_PLACES) and not tokens[at].word[0].isupper()  # "Trần Đoàn" is a name


def _is_given_name(token: Token) -> bool:
    """ "Chi Lan" is a name; "chị Lan" and "chi Lan" are a title and a name."""
    return token.word[0].isupper() and not is_marked(token.word) and not token.word.isupper()

"""What of a phrase was left unread so near a date that the date may be another one.

"1 5/3/2026", "quý V/2026", "15/3/202 6": the rules read a date in each, but not all that was printed of it. Such a
date is never sure, whatever else it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from schedules.phrases.pieces import Label, Placed
from schedules.phrases.tokens import WHY_EXCEPTION, WHY_LUNAR, Token

WHY_UNREAD = "Cạnh ngày tháng có chữ hoặc số không đọc được; hãy so với bản gốc."
WHY_EITHER = "Câu nêu thời hạn này hoặc thời hạn khác."
WHY_PLACE = "Ngày tháng trong câu có thể là tên đường, tên trường, tên thôn."
WHY_MOVED = "Câu nêu cả thời hạn trước và sau khi gia hạn; hãy so với bản gốc."
WHY_UNREAD_NUMBER = "Câu có một số chỉ ngày hoặc quý không đọc được; ngày ghi đây là cuối kỳ."

_UNREAD = {"…", "#", "R", "Y"}
_SIGNS = {"/", "-", "."}
#: What says that a deadline has been put off, or brought forward.
_MOVED = ("gia hạn", "lùi thời", "điều chỉnh thời", "thay đổi thời", "chuyển thời")
#: Before and behind a number that can only be a day: "trước 15, quý".
_CALLS_A_DAY = {"trước", "chậm_nhất", "đến", "ngày"}
_BEHIND_A_DAY = {"", ",", ";", "(", ")", "tháng", "quý", "kỳ", "hằng"}


def doubts_of(placed: Sequence[Placed], tokens: Sequence[Token], text: str) -> Iterator[str]:
    """Why the dates of the phrase are not sure."""
    read = {at for one in placed for at in range(one.start, one.end)}
    dates = {at for one in placed if one.spot for at in range(one.start, one.end)}
    for one in placed:
        if one.spot is None:
            continue
        yield from (token.doubt for token in tokens[one.start : one.end] if token.doubt)
        if _touches_before(one, tokens, text, read, dates) or _touches_behind(one, tokens, text, read):
            yield WHY_UNREAD
        if _names_a_place(one, tokens, text):
            yield WHY_PLACE
    if any(year.symbol == "năm" and short.symbol == "#" and short.value >= 100 for year, short in pairwise(tokens)):
        yield WHY_UNREAD  # "quý II năm 202"
    yield from {token.doubt for token in tokens if token.doubt == WHY_EXCEPTION}
    for one, other in pairwise(placed):
        if one.spot and other.spot and "hoặc" in [token.symbol for token in tokens[one.end : other.start]]:
            yield WHY_EITHER  # "quý I hoặc quý II"
    if sum(one.spot is not None for one in placed) > 1 and any(word in text.lower() for word in _MOVED):
        yield WHY_MOVED
    if any(token.symbol == "âm_lịch" for token in tokens):
        yield WHY_LUNAR
    if any(isinstance(one.piece, Label) for one in placed) and any(_unread_numbers(tokens, read)):
        yield WHY_UNREAD_NUMBER


def _touches_before(one: Placed, tokens: Sequence[Token], text: str, read: set[int], dates: set[int]) -> bool:
    """ "l5/3", "1 5/3" and "31/1 2/2026" (one number, printed apart), "V/2026", "…/3/2026", "quý V năm 2026"."""
    at = one.start - 1
    if at < 0:
        return False
    first, last = tokens[one.start], tokens[at]
    if at in read:
        return at in dates and last.symbol in {"#", "R"} and first.symbol == last.symbol
    if last.symbol in _UNREAD and last.end == first.start:
        return text[first.start].isdigit() or text[last.end - 1].isdigit()
    if last.symbol == "#" and first.symbol in {"#", "Y"}:
        return True
    if at and last.symbol in _SIGNS and last.end == first.start:
        blank = last.symbol == "/" and first.symbol in {"#", "Y"}
        return blank or (at - 1 not in read and tokens[at - 1].symbol in _UNREAD)
    is_year = one.spot is not None and one.spot.grain == "year"
    return is_year and at > 0 and last.symbol in _UNREAD and tokens[at - 1].symbol == "quý"


def _touches_behind(one: Placed, tokens: Sequence[Token], text: str, read: set[int]) -> bool:
    """ "15/3/202 6", "15/3/Z026", "15/3/2026x"."""
    at = one.end
    if at >= len(tokens) or at in read:
        return False
    last, following = tokens[at - 1], tokens[at]
    if following.symbol in _UNREAD and following.start == last.end:
        return text[following.start].isdigit() or text[last.end - 1].isdigit()
    if following.symbol in _SIGNS and at + 1 < len(tokens) and at + 1 not in read:
        unread = {"#", "Y", "…"} if following.symbol == "/" else {"#", "Y"}
        return tokens[at + 1].symbol in unread and tokens[at + 1].start == following.end
    return following.symbol == "#" and last.symbol == "#"


_PLACES = {"đường", "phố", "ấp", "thôn", "khu", "kdc", "phường", "trường", "thcs", "thpt", "học", "nhà", "km", "quỹ"}


def _names_a_place(one: Placed, tokens: Sequence[Token], text: str) -> bool:
    """ "Đường 30/4", "Trường THCS 2/9", "tổ dân phố 19/5"."""
    spot, before = one.spot, tokens[one.start - 1] if one.start else None
    if spot is None or before is None or before.symbol != "…" or spot.year or tokens[one.start].symbol != "#":
        return False
    return text[before.start : before.end].lower() in _PLACES


def _unread_numbers(tokens: Sequence[Token], read: set[int]) -> Iterator[int]:
    symbols = ["", *(token.symbol for token in tokens), ""]
    for at, token in enumerate(tokens):
        named = symbols[at] in _CALLS_A_DAY and symbols[at + 2] in _BEHIND_A_DAY
        day = token.symbol == "#" and named and 1 <= token.value <= 31
        quarter = token.symbol == "R" and symbols[at + 2] in {"/", ")"}  # "quý (II)/2026"
        if at not in read and (day or quarter):
            yield at

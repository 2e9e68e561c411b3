"""A token of a phrase, and why a date that is made of it may not be sure."""

from __future__ import annotations

from typing import NamedTuple

WHY_EXCEPTION = "Câu có phần “trừ …”, “riêng …”; hạn của phần đó chưa được đọc."
WHY_LUNAR = "Ngày tháng âm lịch; ngày dương lịch ghi đây chưa đổi."


class Token(NamedTuple):
    """One symbol of the phrase: a word of the vocabulary, a sign, "#" with its value, or "…" for any other word.

    ``doubt`` says why a date that is made of it is not sure.
    """

    symbol: str
    value: int
    start: int
    end: int
    doubt: str = ""

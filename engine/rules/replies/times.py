"""The time of day in a request to be reminded: ``lúc 9h``, ``9 giờ rưỡi``, ``3h chiều``, ``sáng mai``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from engine.rules.chat_tokens import Kind, Token, is_word, number_there

# What an office means by a part of the day: its beginning, when people are at their desks.
_PARTS = {
    "sáng": dt.time(7, 30),
    "trưa": dt.time(11, 30),
    "chiều": dt.time(13, 30),
    "tối": dt.time(19, 0),
}
_HOURS_LATER = 6  # "sau 2h" is a length; "sau 14h" an hour of the day
_IN_THE_AFTERNOON = ("trưa", "chiều", "tối")  # "3h chiều" is 15:00


def time_of_day(tokens: Sequence[Token]) -> dt.time | None:
    """The hour named there, or the part of the day; None when there is neither."""
    part = next((word for at in range(len(tokens)) if (word := _part_at(tokens, at))), None)
    for at in range(len(tokens)):
        clock = _clock_at(tokens, at)
        if clock is not None:
            hour, minute = clock
            later = part in _IN_THE_AFTERNOON and 1 <= hour < 11
            return _time(hour + 12 if later else hour, minute)
    return _PARTS[part] if part else None


def _part_at(tokens: Sequence[Token], at: int) -> str | None:
    """A part of the day. Without marks "sang" is rather "sang", so that a day must stand beside it."""
    word = next((word for word in _PARTS if is_word(tokens, at, word)), None)
    if word == "sáng" and tokens[at].word.lower() == "sang":
        beside = is_word(tokens, at + 1, "mai", "nay", "mốt", "ngày", "sớm")
        return word if beside or (at > 0 and tokens[at - 1].kind is Kind.TIME) else None
    return word


def _clock_at(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """Hours and minutes: a token like 9h30, or a number before "giờ" that is no length of time."""
    if tokens[at].kind is Kind.TIME:
        parts = [int(part) for part in re.findall(r"[0-9]+", tokens[at].folded)]
        if parts[0] <= _HOURS_LATER and is_word(tokens, at - 1, "sau", "thêm"):
            return None  # "sau 2h": in two hours
        half = is_word(tokens, at + 1, "rưỡi")
        return parts[0], parts[1] if len(parts) > 1 else 30 if half else 0
    found = number_there(tokens, at)
    if found is None or not is_word(tokens, found[1], "giờ") or is_word(tokens, at - 1, "sau", "thêm"):
        return None
    hour, end = found
    if is_word(tokens, end + 1, "nữa"):
        return None
    minutes = number_there(tokens, end + 1)
    if is_word(tokens, end + 1, "rưỡi"):
        return hour, 30
    return hour, minutes[0] if minutes else 0


def _time(hour: int, minute: int) -> dt.time | None:
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None

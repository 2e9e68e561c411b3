"""Columns that stand for a quarter or a month: "Quý I | Quý II | …", "T1 | T2 | …", "Thời gian (tháng): 1 | 2 | …"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schedules.intake.wording import fold

_YEAR = r"(?:\s*/\s*20\d{2}|\s+năm\s+20\d{2})?$"
_QUARTER = re.compile(rf"(?:^|\s)(?:quý|q)\s*\.?\s*(iv|i{{1,3}}|[1-4]){_YEAR}")
_MONTH = re.compile(rf"(?:^|\s)(?:tháng|t)\s*\.?\s*(0?[1-9]|1[0-2]){_YEAR}")
_BARE = re.compile(r"^(?:(.*)[:\n])?\s*\(?(iv|i{1,3}|0?[1-9]|1[0-2])\)?\s*$", re.DOTALL)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_QUARTERS = ("I", "II", "III", "IV")
FEWEST_MARKED = 2  # one column named "Quý I" may be anything
MONTHS = 12


def period_columns(header: Sequence[str]) -> dict[int, str]:
    """Place → the quarter or month it stands for, of a table whose times are marks under "Quý I | Quý II | …"."""
    found = {place: period for place, text in enumerate(header) if (period := period_of(text))}
    found = found or _all_months(header)
    return found if len(found) >= FEWEST_MARKED else {}


def period_of(head: str) -> str | None:
    """ "quý III", "tháng 4": what one header stands for, whatever stands above it; None where it names no period."""
    folded = " ".join(fold(head).split())
    quarter, month = _QUARTER.search(folded), _MONTH.search(folded)
    if quarter:
        return _quarter(quarter.group(1))
    return f"tháng {int(month.group(1))}" if month else _under(head)


def _under(head: str) -> str | None:
    """A bare number below the word it counts: "Tiến độ thực hiện (tháng): 4", "Quý: II", "Quý II: 4"."""
    above, number = _bare(head)
    if not number:
        return None
    quarter = _QUARTER.search(above)
    if quarter or re.search(r"(?<!\d )\btháng\b", above):
        return None if number in _ROMAN else f"tháng {_month(int(number), quarter)}"
    if re.search(r"\bquý\b", above) and (number in _ROMAN or int(number) <= len(_QUARTERS)):
        return _quarter(number)
    return None


def _month(number: int, quarter: re.Match[str] | None) -> int:
    """Months under a quarter may be counted anew: the third of "Quý II" is June."""
    first = 3 * (_value(quarter.group(1)) - 1) if quarter else 0
    return first + number if first and number <= 3 else number


def _all_months(header: Sequence[str]) -> dict[int, str]:
    """The heads 1 to 12 in a row under one name, or under none: months, though nothing says so."""
    bare = [(place, *_bare(text)) for place, text in enumerate(header)]
    months = [(place, above, number) for place, above, number in bare if number.isdigit()]
    in_a_row = [int(number) for _, _, number in months] == list(range(1, MONTHS + 1))
    if not in_a_row or len({above for _, above, _ in months}) > 1:
        return {}
    return {place: f"tháng {int(number)}" for place, _, number in months}


def _bare(head: str) -> tuple[str, str]:
    """What stands above a number, and the number: ("thời gian (tháng)", "4"); ("", "") where there is none."""
    match = _BARE.match(fold(head.strip()))
    return (" ".join((match.group(1) or "").split()), match.group(2)) if match else ("", "")


def _quarter(number: str) -> str:
    return f"quý {_QUARTERS[_value(number) - 1]}"


def _value(number: str) -> int:
    return _ROMAN.get(number) or int(number)

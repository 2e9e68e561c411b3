"""What the package ``holidays`` supposes of the days off of a year that nobody has signed off.

Importing the package brings 250 countries: a fifth of a second and 11 MB, which every command and every running
program would spend. So its guesses for the years that are ever asked about are written down in
``data/holidays_guessed.toml``, and a test compares them with the package; for any other year the package is asked.
``python -m schedules.guessed_days`` prints the file.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "data" / "holidays_guessed.toml"
YEARS = range(2023, 2037)  # the repeats of every ladder count from the end of 2023
WORKED = "làm bù"  # a Saturday or Sunday that is worked
_HEAD = """\
# Ngày nghỉ mà gói holidays ước tính cho những năm chưa có văn bản. Không sửa tệp này: làm lại bằng `make guesses`.
# Ngày nghỉ đã công bố thì ghi vào holidays_vn.toml; năm nào ở đó đã có signed_off = true thì không dùng tới tệp này.
"""


def guessed(year: int) -> Mapping[dt.date, str]:
    """The days of ``year`` that the week alone does not explain, and what each is called in Vietnamese.

    One that is worked is called :data:`WORKED`.
    """
    return _written_down().get(year) or by_the_package(year)


def by_the_package(year: int) -> dict[dt.date, str]:
    """The same, asked of the package itself."""
    from holidays import country_holidays  # noqa: PLC0415  (slow to import, see above)

    guesses = country_holidays("VN", years=year, language="vi")
    days = {day: _plain_name(name) for day, name in guesses.items() if day.year == year}
    days |= {day: WORKED for day in guesses.weekend_workdays if day.year == year}
    return dict(sorted(days.items()))


@cache
def _written_down() -> dict[int, dict[dt.date, str]]:
    found: dict[int, dict[dt.date, str]] = {}
    for day, name in tomllib.loads(FILE.read_text(encoding="utf-8")).items():
        date = dt.date.fromisoformat(day)
        found.setdefault(date.year, {})[date] = name
    return found


def as_written(years: Iterable[int]) -> str:
    """The file, with the guesses of these years."""
    blocks = ["\n".join(f'{day} = "{name}"' for day, name in by_the_package(year).items()) for year in years]
    return "\n".join([_HEAD, "\n\n".join(blocks), ""])


def _plain_name(name: str) -> str:
    """The library's name in the words of the yearly file.

    Its days before Tết carry a wrong count of the twelfth month ("29 Tết" for the 28th), so they lose the count.
    """
    if name == "29 Tết" or name.startswith("Giao thừa"):
        return "Tết Nguyên đán"
    observed = " (nghỉ bù)"
    if name.endswith(observed):
        return f"nghỉ bù {_plain_name(name.removesuffix(observed))}"
    return name.replace("Nguyên Đán", "Nguyên đán")


if __name__ == "__main__":
    print(as_written(YEARS), end="")  # noqa: T201

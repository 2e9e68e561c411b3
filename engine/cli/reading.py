"""``deadline``: what a phrase from a plan's time column means, one phrase or a whole file of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.cli import output
from engine.clock import CIVIL, SystemClock
from engine.errors import NhacViecError
from schedules.phrases import FLAGS_IN_WORDS, KINDS_IN_WORDS, YEARS, Deadline, Reading, read_deadline, say


def deadline(phrase: str | None, year: int | None, tsv: Path | None, as_json: bool) -> None:
    """Read one phrase, or every line of a file."""
    if (phrase is None) == (tsv is None):
        raise NhacViecError('Hãy ghi một câu, hoặc --tsv TỆP. Ví dụ: nhacviec deadline "trước ngày 15/12 hằng năm"')
    plan_year = SystemClock().now().astimezone(CIVIL).year if year is None else year
    _check_year(plan_year, "--year")
    if tsv is not None:
        for line in _lines(tsv, plan_year):
            output.line(line)
        return
    read = read_deadline(phrase or "", plan_year)
    if as_json:
        output.as_json(_as_data(read))
        return
    _show(read.head)
    for reading in read.also:
        output.line("")
        output.line("Ngoài ra:")
        _show(reading)


def _check_year(year: int, where: str) -> None:
    if year not in YEARS:
        raise NhacViecError(f"{where}: {year} không phải năm của kế hoạch. Hãy viết năm từ {YEARS[0]} đến {YEARS[-1]}.")


def _lines(path: Path, plan_year: int) -> list[str]:
    """One JSON document a line; everything is read before the first is printed."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NhacViecError(f"Tệp {path} không phải UTF-8. Hãy lưu lại tệp bằng bảng mã UTF-8.") from None
    except OSError:
        raise NhacViecError(f"Không đọc được tệp {path}. Hãy xem lại đường dẫn.") from None
    rows = text.split("\n")
    if rows[-1] == "":
        rows.pop()
    read = []
    for number, row in enumerate(rows, start=1):
        phrase, _, rest = row.rstrip("\r").partition("\t")
        if number == 1 and phrase.strip().lower() == "phrase":
            continue
        year = _year(rest.partition("\t")[0].strip(), plan_year, number)
        read.append(json.dumps(_as_data(read_deadline(phrase, year)), ensure_ascii=False))
    return read


def _year(text: str, otherwise: int, number: int) -> int:
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) == 4):
        raise NhacViecError(f"Dòng {number}: “{text}” không phải năm. Cột thứ hai ghi năm của kế hoạch, ví dụ 2026.")
    _check_year(int(text), f"Dòng {number}")
    return int(text)


def _as_data(read: Deadline) -> dict[str, Any]:
    also = [_reading_as_data(reading) for reading in read.also]
    return {"phrase": read.phrase, "year": read.year, **_reading_as_data(read.head), "also": also}


def _reading_as_data(reading: Reading) -> dict[str, Any]:
    """Dates in ISO form, for programs."""
    offset = reading.offset
    return {
        "kind": str(reading.kind),
        "first_due": _iso(reading.first_due),
        "rrule": reading.rrule,
        "flags": list(reading.flags),
        "reading": say(reading),
        "why": reading.why,
        "start": _iso(reading.start),
        "until": _iso(reading.until),
        "window": [_iso(day) for day in reading.window] if reading.window else None,
        "time": reading.time,
        "before": reading.before,
        "offset": {"count": offset.count, "unit": offset.unit, "direction": offset.direction, "event": offset.event}
        if offset
        else None,
        "open_end": reading.open_end,
    }


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None


def _show(reading: Reading) -> None:
    output.line(say(reading))
    output.line(f"  Loại: {KINDS_IN_WORDS[reading.kind]}")
    if reading.first_due:
        output.line(f"  Hạn đầu tiên: {reading.first_due:%d/%m/%Y}")
    if reading.rrule:
        output.line(f"  Quy tắc lặp: {reading.rrule}")
    if reading.flags:
        output.line(f"  Lưu ý: {'; '.join(FLAGS_IN_WORDS[flag] for flag in reading.flags)}")
    if reading.why:
        output.line(f"  Vì sao: {reading.why}")

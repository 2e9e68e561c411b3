"""A reading said back in Vietnamese, so that a person can see what was understood."""

from __future__ import annotations

import datetime as dt

from schedules.dates import WEEKDAY_NAMES, due_sentence
from schedules.office_model import PERIODIC, Kind
from schedules.phrases.pieces import Offset
from schedules.phrases.readings import Flag, Reading, as_obligation, office_kind
from schedules.recurrence import ROMAN

KINDS_IN_WORDS = {
    Kind.ONE_OFF_DATE: "một lần, có ngày",
    Kind.ONE_OFF_MONTH: "một lần, trong tháng",
    Kind.ONE_OFF_QUARTER: "một lần, trong quý",
    Kind.RANGE: "một khoảng thời gian",
    Kind.MULTI_YEAR: "nhiều năm",
    Kind.WEEKLY: "hằng tuần",
    Kind.MONTHLY: "hằng tháng",
    Kind.QUARTERLY: "hằng quý",
    Kind.HALF_YEARLY: "6 tháng",
    Kind.NINE_MONTHLY: "9 tháng",
    Kind.YEARLY: "hằng năm",
    Kind.RRULE: "chu kỳ riêng",
    Kind.CONTINUOUS: "thường xuyên",
    Kind.ON_DEMAND: "khi có sự việc hoặc yêu cầu",
    Kind.UNKNOWN: "chưa rõ",
}
FLAGS_IN_WORDS: dict[Flag, str] = {
    "ambiguous": "có thể hiểu khác, cần người xem lại",
    "data_window": "là kỳ số liệu, không phải ngày gửi",
    "default_anchor": "câu không nêu ngày, lấy ngày cuối kỳ",
    "impossible_date": "ngày ghi trong câu không có trong lịch, lấy ngày cuối tháng",
    "inferred_year": "câu không ghi năm, lấy năm của kế hoạch",
    "open_end": "không có ngày kết thúc",
    "strict_reading": "“trước ngày” tính hạn là chính ngày đó, nên gửi hết ngày hôm trước",
}
_UNITS_IN_WORDS = {
    "minute": "phút", "hour": "giờ", "day": "ngày", "working_day": "ngày làm việc",
    "week": "tuần", "month": "tháng", "year": "năm",
}  # fmt: skip


def say(reading: Reading) -> str:
    """The reading as one short sentence: "Hằng quý, hạn ngày 25 tháng cuối quý; kỳ đầu 25/03/2026."."""
    said = _recurring(reading) if reading.kind in PERIODIC else _once(reading)
    if "data_window" in reading.flags:
        said = said.replace("hạn ", "chốt số liệu ", 1)
    if reading.window:
        said += f"; số liệu từ ngày {_full(reading.window[0])} đến ngày {_full(reading.window[1])}"
    return f"{said}."


def _recurring(reading: Reading) -> str:
    obligation = as_obligation(reading)
    if obligation is None or reading.first_due is None:
        every = "Hai tuần hoặc nhiều tuần một lần" if "INTERVAL" in (reading.rrule or "") else "Hằng tuần"
        return f"{every}, chưa rõ ngày"
    when = f"kỳ đầu {_full(reading.first_due)}"
    until = f"; đến hết ngày {_full(reading.until)}" if reading.until else ""
    if reading.kind == Kind.WEEKLY:
        return f"{due_sentence(obligation)}; {when}{until}"
    if office_kind(reading) == Kind.RRULE:
        return f"{_of_own_rule(reading)}; {when}{until}"
    how_often, _, day = due_sentence(obligation).partition(", ")
    return f"{how_often}, hạn {day}; {when}{until}"


def _of_own_rule(reading: Reading) -> str:
    """What the office file can only write as an RRULE."""
    before = "trước " if reading.before else ""
    day = reading.first_due or dt.date.min
    clock = f", {reading.time}" if reading.time else ""
    rule = reading.rrule or ""
    if "BYDAY=" in rule and "BYSETPOS" not in rule:
        nth = rule.partition("BYDAY=")[2].partition(";")[0][:-2]
        which = f"{WEEKDAY_NAMES[day.weekday()]} { {'-1': 'cuối cùng', '1': 'đầu tiên'}.get(nth, f'lần thứ {nth}') }"
        period = "tháng" if reading.kind == Kind.MONTHLY else f"tháng {'đầu' if day.month % 3 == 1 else 'cuối'} quý"
        return f"{KINDS_IN_WORDS[reading.kind].capitalize()}, hạn {before}{which} của {period}{clock}"
    if "BYDAY" in rule:
        period = {Kind.MONTHLY: "tháng", Kind.QUARTERLY: "quý", Kind.HALF_YEARLY: "6 tháng"}.get(reading.kind, "năm")
        return f"Hằng {period}, hạn {before}ngày làm việc cuối cùng của {period}{clock}"
    if reading.kind == Kind.HALF_YEARLY:
        half = "6 tháng đầu năm" if 3 <= day.month <= 8 else "6 tháng cuối năm"
        return f"Báo cáo {half}, hạn {before}ngày {day:%d/%m} hằng năm{clock}"
    count = rule.partition("INTERVAL=")[2].partition(";")[0]
    return f"{count} tháng một lần, hạn ngày cuối tháng{clock}"


def _once(reading: Reading) -> str:
    due, clock = reading.first_due, f" lúc {reading.time}" if reading.time else ""
    if due is None:
        return _undated(reading)
    by = f"{'trước' if reading.before else 'chậm nhất'} ngày {_full(due)}{clock}"
    if reading.kind == Kind.ONE_OFF_MONTH:
        return f"Trong tháng {due.month}/{due.year}, {by}"
    if reading.kind == Kind.ONE_OFF_QUARTER:
        return f"Trong quý {ROMAN[(due.month - 1) // 3]}/{due.year}, {by}"
    if reading.start and reading.start != due:
        years = reading.kind == Kind.MULTI_YEAR and reading.start.month == 1 and due.month == 12
        span = f"Giai đoạn {reading.start.year} - {due.year}" if years else f"Từ ngày {_full(reading.start)}"
        return f"{span}, {by}" if years else f"{span} đến {'trước ' if reading.before else ''}ngày {_full(due)}{clock}"
    return f"Một lần, {by}"


def _undated(reading: Reading) -> str:
    if reading.kind == Kind.MULTI_YEAR and reading.start:
        return f"Từ năm {reading.start.year} trở đi, không có ngày kết thúc"
    if reading.kind == Kind.CONTINUOUS:
        return f"Thường xuyên từ ngày {_full(reading.start)}" if reading.start else "Thường xuyên, không có hạn"
    if reading.kind == Kind.ON_DEMAND:
        return _from_event(reading.offset) if reading.offset else "Khi có sự việc hoặc yêu cầu, không có hạn sẵn"
    return "Chưa rõ thời hạn"


def _from_event(offset: Offset) -> str:
    count = f"{offset.count} {_UNITS_IN_WORDS[offset.unit]}"
    if offset.direction == "before":
        return f"Trước {count} so với sự việc" + (f" ({offset.event})" if offset.event else "")
    return f"Trong {count}" + (f" {offset.event}" if offset.event else " tính từ khi có sự việc")


def _full(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"

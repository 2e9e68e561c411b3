"""A clause that names several dates, as one clause for every date: each keeps its verb and its object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from schedules.intake.spans import Span, belong_together
from schedules.intake.units import Units
from schedules.intake.verbs import verb_at
from schedules.intake.wording import fold

_ROUND = re.compile(
    r"\b(?:(?:lần|đợt|kỳ)\s+(?:thứ\s+)?(?:\d|I{1,3}|một|hai|ba|nhất)|kỳ họp\s+(?:thường lệ\s+)?(?:đầu|giữa|cuối)\s+năm)"
    r"\b\s*:?",
    re.IGNORECASE,
)
_NUMBERED_QUARTER = re.compile(r"(?:quý|quí)\s+(?:I|[1-4])", re.IGNORECASE)
_PERIOD_DATE = re.compile(
    r"(?:(?:quý|quí)\s+(?:I{1,3}V?|IV|[1-4])|(?:0?[69]|sáu|chín)\s+tháng(?:\s+đầu năm)?|cả năm|năm)\s*:?\s*\(?"
    r"(?:(?:là|gửi)\s+)?(?:trước|chậm nhất(?: là)?)\s+(?:ngày\s+)?\d{1,2}\s?/\s?\d{1,2}(?:/\d{4})?",
    re.IGNORECASE,
)
_LOOSE_END = re.compile(r"[\s,;:(–-]*(?:\b(?:ít nhất|tối thiểu|vào|trong|như sau|cụ thể))*[\s,;:(–-]*$")
_NEXT_VERB = re.compile(r"(?:,|;|\bvà\b)\s*", re.IGNORECASE)
_REPORT_NEXT = re.compile(r"\b(?:và|,)\s*(?:tổng hợp,?\s*)?(?:báo cáo|gửi|trình)\b", re.IGNORECASE)
_THING = (
    r"(?:kế hoạch|quyết định|quy chế|quy định|quy trình|nghị quyết|đề án|phương án|chương trình|tờ trình|báo cáo"
    r"|danh sách|danh mục|dự toán|hướng dẫn|thông báo|hội nghị|hội thi|lớp)"
)
# ", Kế hoạch B (": the next thing, without a verb of its own
_NEXT_THING = re.compile(
    rf"(?P<close>\)?)\s*(?:[,;]|\bvà\b)\s*(?:và\s+)?(?={_THING}\b[^;()]{{0,120}}\(?\s*$)", re.IGNORECASE
)
_MAKING = re.compile(
    rf"(?:ban hành|xây dựng|trình|lập|phê duyệt|hoàn thành|hoàn thiện|tổ chức|mở|gửi|nộp)\s(?:[^,;()]{{0,40}}?\s)?"
    rf"(?={_THING}\b)",
    re.IGNORECASE,
)
_GATHERED = re.compile(
    r"[\s,]*\bđể\s+(?:kịp thời\s+)?(?:theo dõi,\s*)?tổng hợp\b[\s,]*(?:và\s+)?(?=(?:báo cáo|trình|gửi|tham mưu)\b)"
)
_SENT_TO = re.compile(r"\b(?:về|qua|cho|gửi)\s*$")


def one_clause_a_date(clause: str, spans: Sequence[Span]) -> list[str]:
    """The clauses of a clause, each with one schedule of its own; the clause itself where it has no more."""
    return _rounds(clause, spans) or _by_period(clause, spans) or _parts(clause, spans)


def gathered(clause: str, spans: Sequence[Span], units: Units) -> tuple[str, str, str] | None:
    """What the others send, what is done with it, and by whom, where the last date is for that.

    "các đơn vị gửi báo cáo về Phòng X để tổng hợp, báo cáo UBND xã trước ngày 18": the date is Phòng X's.
    """
    match = _GATHERED.search(fold(clause))
    if match is None or not any(span.dated and span.start >= match.end() for span in spans):
        return None
    before = clause[: match.start()]
    to = [m for m in units.named(before) if m.kind == "unit" and _SENT_TO.search(fold(before[: m.start]))]
    return (before, f"tổng hợp, {clause[match.end() :]}", to[-1].text) if to else None


def _rounds(clause: str, spans: Sequence[Span]) -> list[str]:
    """ "Họp ít nhất 02 lần/năm: lần 1 trước ngày 30/6, lần 2 trước ngày 15/12" as two clauses, one for every round."""
    labels = list(_ROUND.finditer(clause))
    ends = [*(label.start() for label in labels[1:]), len(clause)]
    dated = [
        next((s for s in spans if s.dated and label.end() <= s.end <= end), None)
        for label, end in zip(labels, ends, strict=False)
    ]
    if len(labels) < 2 or not all(dated):
        return []
    base = clause[: labels[0].start()]
    for span in reversed([s for s in spans if s.end <= labels[0].start() and not s.dated]):
        base = f"{base[: span.start].rstrip()} {base[span.end :].lstrip()}"
    base = _LOOSE_END.sub("", base)
    return [
        f"{base} ({label.group().strip(' :,')}) ({span.text})"
        for label, span in zip(labels, dated, strict=True)
        if span
    ]


def _by_period(clause: str, spans: Sequence[Span]) -> list[str]:
    """ "Báo cáo: quý I trước ngày 10/3, 6 tháng trước ngày 10/6, …" as one clause for every named period."""
    for span in spans:
        named = list(_PERIOD_DATE.finditer(span.text))
        if len(named) > 1 and any(_NUMBERED_QUARTER.match(match.group()) for match in named):
            before = clause[: span.start].rstrip(" :,(")
            return [f"{before} {match.group().strip(' ,(')}" for match in named]
    return []


def _parts(clause: str, spans: Sequence[Span]) -> list[str]:
    """A clause with several schedules, cut before every further verb or thing that has its own.

    "Sơ kết 6 tháng (trước ngày 15/6), tổng kết năm (trước ngày 05/12)"; "… trong tháng 4 và báo cáo Sở theo quy định";
    "Ban hành Kế hoạch A (trước ngày 15/02), Kế hoạch B (trước ngày 28/02)", where both are to be made.
    """
    parts: list[str] = []
    start, making = 0, ""
    strong = [span for span in spans if not span.only("continuous", "own_year")]
    for before, after in pairwise(strong):
        if belong_together(before, after):
            continue
        verb, thing = _verb_between(clause, before, after), _NEXT_THING.match(clause[before.end : after.start])
        made = making or _making_of(clause[start : before.start])
        if verb is not None:
            parts.append(making + clause[start:verb].strip(" ,;"))
            start, making = verb, ""
        elif thing and made and before.dated and after.dated:
            parts.append(making + clause[start : before.end + thing.end("close")].strip(" ,;"))
            start, making = before.end + thing.end(), made
    return [*parts, making + clause[start:].strip(" ,;")]


def _verb_between(clause: str, before: Span, after: Span) -> int | None:
    """Where between two schedules something new is to be done."""
    between = clause[before.end : after.start]
    report = _REPORT_NEXT.search(between)
    starts = [match for match in _NEXT_VERB.finditer(between) if verb_at(between[match.end() :])]
    if starts and not (before.only("vague", "event") or after.only("vague", "event")):
        return before.end + starts[0].start()
    if report and not before.only("vague", "event"):
        return before.end + report.start()
    return None


def _making_of(words: str) -> str:
    """The words before the first thing that is made: "Công an xã ban hành " of "Công an xã ban hành Kế hoạch A"."""
    match = _MAKING.search(words)
    return words[: match.end()] if match else ""

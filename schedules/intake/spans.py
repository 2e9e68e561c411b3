"""Where in a sentence its schedule stands: the smallest run of words that carries it.

This only finds the words; what they mean is the business of :mod:`schedules.phrases`. Each atom of the table below
is one way to say when. Atoms that touch, or have nothing but a comma, a bracket or "và" between them, are one span:
"quý (trước ngày 15 tháng cuối quý), 6 tháng, năm".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from schedules.intake.wording import blot, fold, mask

Sort = Literal["exact", "span", "recurring", "year", "own_year", "multi", "continuous", "event", "vague", "loose"]

_DAY = r"\d{1,2}"
_DM = r"\d{1,2}\s?[/.-]\s?\d{1,2}(?:\s?[/.-]\s?\d{4})?"
_DMW = r"\d{1,2}\s+tháng\s+\d{1,2}(?:\s+năm\s+(?:\d{4}|sau|trước)|/\d{4})?"
_EACH = r"(?:hàng|hằng|mỗi)"
_REPORT = (
    r"(?:báo cáo\s+(?:định kỳ\s+)?(?:tuần|tháng|quý|0?6 tháng|sáu tháng|0?9 tháng|chín tháng"
    r"|năm)(?:\s+\d{4})?\s*(?:gửi|nộp|:|là)?\s*)?"
)
_AT_LATEST = (
    r"(?:(?:hoàn thành|xong|gửi|nộp)\s+)?(?:chậm nhất|muộn nhất|trễ nhất)?\s*(?:là|vào)?\s*(?:trong"
    r"|trước|đến|đến hết|hết)?\s*(?:(?:\d{1,2}\s?(?:h|giờ)\s?\d{0,2}(?:\s+phút)?)\s+)?"
)
_OF = (
    rf"(?:\s+(?:của\s+)?(?:{_EACH}\s+(?:tuần|tháng|quý|năm)|tháng(?:\s+(?:cuối(?:\s+cùng)?(?:\s+(?:của\s+)?(?:mỗi"
    rf"\s+)?(?:quý|kỳ(?:\s+báo cáo)?)"
    rf"|\s+kỳ báo cáo)?|đầu(?:\s+(?:của\s+)?quý(?:\s+(?:sau|tiếp theo))?)?|sau|kế tiếp|liền kề|báo cáo|tiếp theo))"
    r"|của\s+năm(?:\s+(?:sau|báo cáo|kế hoạch))?|năm\s+(?:sau|trước|báo cáo|liền kề|kế tiếp|tiếp"
    r" theo)(?:\s+liền kề)?)|\s+của\s+tháng)*"
)
_PERIOD = r"(?:tuần|tháng|quý|0?6 tháng|sáu tháng|0?9 tháng|chín tháng|năm)"
_QUARTERLY = r"(?:quý\s+(?:I{1,3}V?|IV)(?!\w)|(?:0?[69]|sáu|chín) tháng(?:\s+đầu năm)?|(?:cả )?năm(?!\s+\d))"
_QUARTER = r"(?:quý|quí)\s+(?:I{1,3}V?|IV|[1-4])"

_ABOVE = (
    r"(?:(?:UBND|ủy ban nhân dân|chủ tịch ubnd)\s+)?(?:thành phố|tỉnh|huyện|quận|trung ương|cấp trên"
    r"|cấp có thẩm quyền|chính phủ|(?:các\s+)?(?:sở|bộ|ngành|cấp)(?:,? (?:sở|ngành"
    r"|ban))*(?:(?:\s+[^\W\d]\w*){1,7}(?=\s*(?:[,;.()]|$)))?)(?!\w)"
)
# What a phrase says, and the words that say it; earlier rows win where two begin at the same place.
_ATOMS: tuple[tuple[Sort, str], ...] = (
    ("exact", rf"từ\s+(?:ngày\s+)?(?:{_DMW}|{_DM})\s*(?:đến|-|–)\s*(?:hết\s+)?(?:ngày\s+)?(?:{_DMW}|{_DM})"),
    ("exact", r"từ\s+tháng\s+\d{1,2}(?:\s?/\s?\d{4}|\s+năm\s+\d{4})?\s*(?:đến|-"
              r"|–)\s*(?:hết\s+)?tháng\s+\d{1,2}(?:\s?/\s?\d{4}|\s+năm\s+\d{4})?"),
    ("exact", rf"{_REPORT}{_AT_LATEST}ngày\s+(?:{_DMW}|{_DM})(?:\s*(?:\((?:quý [IV]+|0?[69] tháng|cả năm"
              rf"|năm)[^)]{{0,12}}\)\s*)?(?:,|và)\s*(?:trước\s+)?(?:ngày\s+)?(?:{_DMW}|{_DM}))*{_OF}"),
    ("exact", rf"{_REPORT}{_AT_LATEST}ngày\s+{_DAY}(?!\s?[/.]\d){_OF}"),
    ("exact", rf"{_AT_LATEST}ngày\s+(?:làm việc\s+)?(?:cuối(?:\s+cùng)?"
              rf"|đầu(?:\s+tiên)?)(?:\s+của)?\s+(?:{_EACH}\s+|mỗi\s+)?(?:tuần|tháng|quý|năm)(?:\s+cuối\s+quý)?"),
    ("exact", rf"{_REPORT}(?:(?:hoàn thành|xong)\s+)?(?:trước|chậm nhất|đến)\s+(?:ngày"
              rf"\s+)?\d{{1,2}}\s?/\s?\d{{1,2}}(?:\s?/\s?\d{{4}})?{_OF}"),
    ("exact", r"\d{1,2}\s?/\s?\d{1,2}\s?/\s?20\d{2}"),
    ("exact", rf"{_REPORT}(?:(?:hoàn thành|xong)\s+)?(?:trong|trước|đến|đến hết|hết|vào|cuối|đầu"
              rf"|giữa)\s+tháng\s+\d{{1,2}}(?:\s?/\s?\d{{4}}|\s+năm\s+\d{{4}})?(?:\s*(?:,|và|-|–)\s*(?:tháng\s+)?\d{{1,2}}(?:\s?/\s?\d{{4}}|\s+năm\s+\d{{4}})?)*{_OF}"),
    ("exact", r"tháng\s+\d{1,2}(?:\s*(?:,|và|-|–)\s*(?:tháng\s+)?\d{1,2})*(?:\s?/\s?\d{4}|\s+năm\s+\d{4}"
              r"|\s+(?:hàng|hằng)\s+năm)"),
    ("exact", rf"(?:(?:hoàn thành|xong)\s+)?(?:(?:trong|trước|đến|đến hết|hết|vào|cuối"
              rf"|đầu)\s+)?{_QUARTER}\b(?:\s*(?:,|và|-|–)\s*(?:quý\s+)?(?:I{{1,3}}V?|IV|[1-4])\b)*(?:\s?[/-]\s?\d{{4}}|\s+năm\s+\d{{4}}|\s+(?:hàng|hằng)\s+năm)?"),
    ("exact", r"(?<=\()tháng\s+\d{1,2}(?:\s*(?:,|và|-|–)\s*(?:tháng\s+)?\d{1,2})*(?=\s*\))"),
    ("span", r"(?:0?6|sáu|3|ba|9|chín)\s+tháng\s+(?:đầu|cuối)\s+năm(?:\s+\d{4})?"),
    ("recurring", rf"(?:định kỳ\s+)?(?:(?:ít nhất|tối thiểu|không ít hơn)\s+)?\d{{1,2}}\s+(?:lần|buổi|đợt|cuộc|kỳ"
                  rf"|số|lớp|hội nghị|bản tin|tin(?:,? bài)?|bài)\s*(?:/|mỗi|một"
                  rf"|trong)\s*(?:một\s+)?{_PERIOD}"),
    ("recurring", r"(?:định kỳ\s+)?\d{1,2}\s+(?:ngày|tuần|tháng)\s?/\s?(?:0?1\s+)?lần"),
    ("recurring", rf"(?:định kỳ\s+)?(?:{_EACH}|từng)\s+{_PERIOD}(?:\s+một lần|/lần|\s+(?:ít nhất|tối thiểu)"
                  rf"\s+\d{{1,2}}\s+(?:lần|cuộc|đợt|buổi))?"
                  rf"(?:\s*(?:,|và)\s*{_PERIOD}(?!\w)(?!\s+(?:\d|đó|nay|sau)))*"),
    ("recurring", r"(?:sáng|chiều)?\s*thứ\s+(?:hai|ba|tư|năm|sáu|bảy)(?=\s*\))"),
    ("recurring", r"(?:vào\s+)?(?:sáng|chiều|ngày)\s+thứ\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7])(?!\s+(?:hàng|hằng|mỗi))"),
    ("recurring", rf"(?:{_EACH}|từng)\s+thứ\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7])"
                  rf"|(?:(?:trước|vào|chậm nhất)\s+)?(?:\d{{1,2}}\s?(?:h|giờ)\s?\d{{0,2}}\s+)?(?:chiều|sáng"
                  rf"|ngày)?\s*thứ\s+(?:hai"
                  rf"|ba|tư|năm|sáu|bảy|[2-7])\s+{_EACH}\s+tuần"),
    ("recurring", rf"(?:định kỳ\s+)?{_PERIOD}\s*(?=\(\s*(?:trước|chậm nhất|muộn nhất|ngày|gửi|vào|nộp|hoàn thành)\s)"),
    ("recurring", rf"(?:định kỳ\s+)?{_PERIOD}(?=\s+(?:trước|chậm nhất|muộn nhất|vào|là)\s+(?:là\s+|trước\s+)?"
                  r"(?:ngày\s|\d{1,2}\s?/\s?\d))"),
    ("recurring", rf"(?:định kỳ|báo cáo|báo cáo định kỳ)\s*:?\s*\(?{_PERIOD}(?![\w])(?!\s+\d)(?:\s*(?:,|và"
                  rf"|hoặc|/)\s*(?:định kỳ\s+)?{_PERIOD}(?![\w])(?!\s+\d))*(?!\s+[IV]+\b)"),
    ("recurring", rf"báo cáo\s+(?:định kỳ\s+)?{_QUARTERLY}(?:\s*(?:,|và|;)\s*{_QUARTERLY})+"),
    ("recurring", rf"{_PERIOD}(?:\s*,\s*{_PERIOD})+(?:\s+và\s+{_PERIOD})?(?![\w])(?!\s+\d)"
                  rf"|(?<![\w/])(?:tháng|quý|0?6 tháng|0?9 tháng)\s+và\s+(?:quý|0?6 tháng|0?9 tháng"
                  rf"|năm)(?![\w])(?!\s+\d)"),
    ("recurring", r"(?:định kỳ\s+)?(?:0?[369]|sáu|ba|chín)\s+tháng(?:/lần|\s+(?:một\s+)?lần|\s+một"
                  r" lần)?(?!\s+(?:kể|tính|từ|sau|đầu|cuối))"),
    ("multi", r"(?:trong\s+)?giai đoạn\s+\d{4}\s?[-–]\s?\d{4}(?:\s+và\s+(?:các|những)\s+năm\s+tiếp theo)?"),
    ("multi", r"(?:từ\s+)?năm\s+\d{4}\s*(?:[-–]|đến)\s*(?:năm\s+)?\d{4}"),
    ("year", r"(?:hoàn thành\s+)?(?:vào|đến|đến hết|đến cuối|hết|trong|trước|cuối|đầu)\s+năm\s+20\d{2}|vào"
             r" cuối năm|cuối năm(?!\s+20)|trong năm(?!\s+(?:qua|học))"),
    ("own_year", r"năm\s+20\d{2}"),
    ("recurring", r"từng\s+(?:năm|thời gian|thời kỳ|giai đoạn)"),
    ("continuous", r"(?:duy trì,\s*)?thường xuyên(?:,?\s*(?:liên tục|kịp thời))*|theo thời gian thực|24/7"),
    ("event", r"(?:định kỳ\s*(?:hoặc|,|và)\s*)?đột xuất(?:\s+(?:khi|theo)\s+(?:có\s+)?(?:yêu cầu|chỉ đạo))?"),
    ("event", r"khi (?:có|cần|phát sinh|được)\s+(?:kế hoạch|yêu cầu|hướng dẫn|chỉ đạo|văn bản|quyết định"
              r"|thông báo|sửa đổi|thay đổi|thiết|giao|biến động)(?:[^,;.()]{0,40}(?=,))?"
              r"(?:\s+(?:của"
              r"|từ)\s+[^,;.()]{2,40})?"),
    ("event", rf"theo\s+(?:(?:đúng|tình hình)\s+)?(?:kế hoạch|hướng dẫn|chỉ đạo|yêu cầu|tiến độ|lộ"
              rf" trình)(?:,\s*(?:kế hoạch|hướng dẫn|chỉ đạo|yêu cầu|tiến độ|lộ trình))*\s+(?:(?:của"
              rf"|do)\s+(?:{_ABOVE})|được\s+(?:cấp có thẩm quyền\s+)?(?:phê duyệt|giao))"),
    ("event", r"(?:sau|trong(?:\s+(?:thời hạn|vòng))?|chậm nhất(?:"
              r" là)?)\s+\d{1,3}\s*(?:\([^)]{1,20}\)\s*)?(?:ngày|giờ|tháng)(?:\s+làm việc)?(?:,?\s*(?:kể từ"
              r"|tính từ|sau khi|từ khi|trước khi|trước)\s+[^,;.()]{3,60})?"),
    ("event", r"ngay\s+(?:sau\s+)?khi\s+[^,;.()]{3,50}"),
    ("event", r"(?<!\w )(?:ngay\s+)?sau khi\s+[^,;.()]{3,50}"),
    ("vague", r"theo\s+(?:đúng\s+)?(?:thời gian|thời hạn|chế độ|định kỳ)?\s*(?:quy định|định kỳ)|theo"
              r" (?:đúng )?(?:thời gian|thời hạn)"),
    ("vague", r"(?:theo\s+)?định kỳ"),
)  # fmt: skip
_ATOM = re.compile(
    "|".join(f"(?P<a{n}>(?<![\\w¤]){pattern})(?![\\w])" for n, (_, pattern) in enumerate(_ATOMS)), re.IGNORECASE
)
_GLUE = re.compile(r"[\s,()\-:]*(?:và|hoặc|;|,|cùng với|đối với|gửi)?[\s,(]*", re.IGNORECASE)
# One of these stands in every schedule; most sentences have none, and need no closer look.
_MAY_SAY_WHEN = re.compile(
    r"ngày|tháng|quý|quí|năm|tuần|thứ|định kỳ|thường xuyên|thời|khi|sau|trong|giai đoạn|theo|đột xuất|24/7|\d\s?/\s?\d",
    re.IGNORECASE,
)
REMEMBERED = 4096  # one sentence is asked about several times: by its clauses, its lead, its heading


@dataclass(frozen=True, slots=True)
class Span:
    """Words that say when. ``sorts`` are those of its atoms."""

    text: str
    start: int
    end: int
    sorts: frozenset[Sort]

    @property
    def dated(self) -> bool:
        """Whether it names a day, a month or a quarter."""
        return "exact" in self.sorts

    def only(self, *sorts: Sort) -> bool:
        """Whether nothing else but these is in it."""
        return self.sorts <= set(sorts)


def schedules_in(text: str, own_period: tuple[int, int] | None = None) -> list[Span]:
    """Every schedule in a sentence, in order. The plan's own years, in its name, are no schedule."""
    return list(_found(text, own_period)) if _MAY_SAY_WHEN.search(text) else []


@lru_cache(maxsize=REMEMBERED)
def _found(text: str, own_period: tuple[int, int] | None) -> tuple[Span, ...]:
    hidden = fold(mask(text))
    if own_period and own_period[0] != own_period[1]:
        hidden = blot(hidden, re.compile(rf"giai đoạn\s+{own_period[0]}\s?[-–]\s?{own_period[1]}"))
    spans: list[Span] = []
    for match in _ATOM.finditer(hidden):
        sort: Sort = _ATOMS[int((match.lastgroup or "a0")[1:])][0]
        atom = _trimmed(text, match.start(), match.end(), frozenset({sort}))
        last = spans[-1] if spans else None
        if last and _may_join(last, atom) and _GLUE.fullmatch(hidden[last.end : atom.start]):
            spans[-1] = _joined(text, last, atom)
        else:
            spans.append(atom)
    return tuple(spans)


def best_span(spans: Iterable[Span]) -> Span | None:
    """The span that says most: a date before a period before a year before a manner."""
    order: tuple[Sort, ...] = (
        "exact",
        "recurring",
        "span",
        "year",
        "multi",
        "continuous",
        "event",
        "own_year",
        "vague",
        "loose",
    )
    return min(spans, key=lambda span: min(order.index(sort) for sort in span.sorts), default=None)


def _is_regular(one: Span, other: Span) -> bool:
    """ "Định kỳ trước ngày 10/12" comes every year; "theo định kỳ (báo cáo năm …)" says it twice."""
    return fold(one.text) == "định kỳ" and other.dated and not re.search(r"\b20\d{2}\b", other.text)


def belong_together(one: Span, other: Span) -> bool:
    """A period and, words later, its date: "Hằng quý, các đơn vị báo cáo … trước ngày 15 của tháng cuối quý"."""
    dated = (
        other.dated
        and "recurring" not in other.sorts
        and not re.search(r"\b20\d{2}\b|(?<!kỳ )báo cáo", fold(other.text))
    )
    if fold(one.text).endswith("tuần") and one.only("recurring") and other.only("recurring"):
        return bool(re.search(r"(?:sáng|chiều|ngày)\s+thứ", fold(other.text)))
    return dated and ((one.only("recurring", "vague") and "recurring" in one.sorts) or fold(one.text) == "định kỳ")


def together(one: Span, other: Span) -> Span:
    """Both as one span; the words between are left out, which "…" says."""
    return Span(f"{one.text} … {other.text}", one.start, other.end, one.sorts | other.sorts)


def _trimmed(text: str, start: int, end: int, sorts: frozenset[Sort]) -> Span:
    while start < end and text[start] in " ,:;(":
        start += 1
    while end > start and text[end - 1] in " ,:;":
        end -= 1
    if text[start:end].count("(") > text[start:end].count(")") and text[end : end + 1] == ")":
        end += 1
    return Span(text[start:end], start, end, sorts)


def _may_join(one: Span, other: Span) -> bool:
    weak: tuple[Sort, ...] = ("own_year", "multi", "year", "continuous", "loose")
    return not (one.only(*weak) or other.only(*weak))


def _joined(text: str, one: Span, other: Span) -> Span:
    """Both as one span; words that say nothing ("theo định kỳ") are left out where the other says something."""
    if one.only("vague") and not other.only("vague", "event") and not _is_regular(one, other):
        return other
    if other.only("vague") and not one.only("vague"):
        return one
    return _trimmed(text, one.start, other.end, one.sorts | other.sorts)

"""The head of a plan: title, who issued it, number, date, the years it is for."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from engine.errors import BadDocument
from schedules.intake.blocks import Block, Paragraph, Table
from schedules.intake.findings import Facts
from schedules.intake.outline import marker
from schedules.intake.wording import UPPER, capital, fold, shorten

_COMMITTEE = r"(?:UBND|ỦY BAN NHÂN DÂN|UỶ BAN NHÂN DÂN|Ủy ban nhân dân|Uỷ ban nhân dân|Ủy ban Nhân dân)"
_LEVEL = r"(?:xã|phường|thị trấn|đặc khu|huyện|quận|thị xã|thành phố|tỉnh)"
_PLACE = rf"(?:[{UPPER}][\w’'-]*)(?:[^\S\n]+(?:[{UPPER}][\w’'-]*|\d{{1,2}}\b))*"
_ISSUER = re.compile(rf"(Chủ tịch\s+)?{_COMMITTEE}\s+((?i:{_LEVEL}))\s+({_PLACE})")
_ISSUES = re.compile(
    rf"(Chủ tịch\s+)?{_COMMITTEE}\s+((?i:{_LEVEL}))(?:\s+({_PLACE}))?\s+(?:ban hành|xây dựng|quyết"
    rf" định)\s+(?:[Kk]ế hoạch|[Qq]uyết định|[Cc]hương trình)"
)
_OWN_PLACE = re.compile(rf"\b(?i:(xã|phường|thị trấn|đặc khu))\s+({_PLACE})")
_NUMBER = re.compile(r"\bSố\s*:?\s*(\d+\s*(?:/\s*\d{4}\s*)?[/-]\s*[A-ZĐ][\w.-]*(?:-[\w.]+)*)")
_DATED = re.compile(rf"(?:{_PLACE}),?\s+ngày\s+(\d{{1,2}})\s+tháng\s+(\d{{1,2}})\s+năm\s+(\d{{4}})")
_ANNEX_DATE = re.compile(
    r"(?:kèm theo|ban hành theo)[^()]{0,60}?(?:kế hoạch|quyết định|chương trình)[^()]{0,40}?ngày\s+"
    r"(?:(\d{1,2})\s?/\s?(\d{1,2})\s?/\s?(\d{4})|(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4}))",
    re.IGNORECASE,
)
_ANNEX_NUMBER = re.compile(
    r"(?:kèm theo|ban hành theo)[^()]{0,60}?(?:kế hoạch|quyết định|chương trình)\s+số\s*:?\s*"
    r"(\d+\s*(?:/\s*\d{4}\s*)?[/-]\s*[A-ZĐ][\w.-]*)",
    re.IGNORECASE,
)
_NEXT_PART = re.compile(r"^(?:DANH MỤC|PHỤ LỤC|BIỂU|BẢNG)\b")
_KIND = re.compile(
    r"^\W*(KẾ HOẠCH|CHƯƠNG TRÌNH(?: CÔNG TÁC| HÀNH ĐỘNG)?|ĐỀ ÁN|QUYẾT ĐỊNH|CÔNG VĂN|THÔNG BÁO|PHƯƠNG ÁN)\b[\s:]*(.*)$"
)
_BEGINS = re.compile(
    r"^(?:căn cứ|thực hiện (?:quyết định|nghị quyết|kế hoạch|công văn|chương trình|chỉ thị)|thi hành|nhằm|để |\()"
)
_PERIOD = re.compile(
    r"giai đoạn\s+(\d{4})\s?[-–]\s?(\d{4})|(?:từ\s+)?năm\s+(\d{4})\s?(?:[-–]|đến(?: năm)?)\s?(\d{4})", re.I
)
_YEAR = re.compile(r"\bnăm\s+(20\d{2})\b|\b(?:tháng|quý)\s+[\dIVX]{1,3}\s?/\s?(20\d{2})", re.IGNORECASE)
_PROVINCE = re.compile(rf"\b(thành phố|tỉnh)\s+({_PLACE})")
_COMMUNE = ("xã", "phường", "đặc khu", "thị trấn")
_HEADS = re.compile(rf"{_NEXT_PART.pattern}|KẾ HOẠCH|CHƯƠNG TRÌNH|ĐỀ ÁN|QUYẾT ĐỊNH|CÔNG VĂN|THÔNG BÁO|PHƯƠNG ÁN|LỊCH")
# What stands beside the issuer in a heading of two columns.
_MOTTO = re.compile(
    r"[^\S\n]*(?:CỘNG H(?:ÒA|OÀ) XÃ HỘI CHỦ NGHĨA VIỆT NAM|Độc lập\s?[-–]\s?Tự do\s?[-–]\s?Hạnh phúc)", re.IGNORECASE
)
_SHORT_IN_CAPITALS = re.compile(r"\b(?:ubnd|[bcdđghklmnpqrstvx]{2,})\b")  # CCHC, TTHC, HĐND: words without a vowel
_PLACE_IN_SMALL = re.compile(
    r"\b(xã|phường|thị trấn|đặc khu)\s(?!(?:hội|ban|thực|quản|triển|năm)\b)((?:[^\W\d_]+\s?){1,3})$"
)
SHORTEST_SENTENCE = 60
HEAD = 40  # paragraphs in which the head of a document is looked for


def read_facts(blocks: Sequence[Block], year: int | None = None, this_year: int | None = None) -> Facts:
    """What the head says; blanks ("Số: /KH-UBND", "ngày tháng năm 2026") are None.

    :raises BadDocument: no year is given, none is found, and nobody has said which year it is.
    """
    paragraphs = [block.text for block in blocks if isinstance(block, Paragraph)]
    head = paragraphs[:HEAD]
    title = _title(head)
    signed = _date(head, paragraphs, [b.title for b in blocks if isinstance(b, Table) and b.title])
    period = _period(title, head, signed)
    default_year = year or (period[0] if period else signed.year if signed else this_year)
    if default_year is None:
        raise BadDocument("Văn bản không cho biết là kế hoạch của năm nào. Hãy thêm --year, ví dụ --year 2026.")
    return Facts(
        title=title,
        issuer=_issuer(head, title),
        number=_number(head, paragraphs),
        date=signed,
        period=period,
        default_year=default_year,
        province=_province(paragraphs),
    )


def _title(head: Sequence[str]) -> str | None:
    for index, text in enumerate(head):
        match = _KIND.match(text)
        if not match:
            continue
        parts = [match.group(2)] if match.group(2) else []
        for below in head[index + 1 : index + 6]:
            if _begins_the_text(below, parts) or marker(below)[0] or len(" ".join(parts)) > 200 or _DATED.search(below):
                break
            if parts and _NEXT_PART.match(below) and below.isupper():
                break
            if len(below) > 220 or re.match(r"^[-_*]{2,}", below):
                break
            parts.append(below.strip("*# "))
        parts = [_in_small(part) if part.isupper() and len(part) > 12 else part for part in parts]
        return shorten(" ".join([match.group(1).capitalize(), *parts]), 300)
    return None


def _begins_the_text(line: str, title: Sequence[str]) -> bool:
    """Whether a line below the title is its text: "Căn cứ …;", "Định kỳ trước ngày 15, các đơn vị báo cáo."

    "Thực hiện Nghị quyết 57-NQ/TW năm 2026" just below "KẾ HOẠCH" is what the plan is about.
    """
    if not title and fold(line).startswith("thực hiện ") and not line.endswith((",", ";", ".", ":")):
        return False
    return bool(_BEGINS.match(fold(line))) or (bool(title) and len(line) > SHORTEST_SENTENCE and line.endswith("."))


def _in_small(line: str) -> str:
    """A title in capitals as it is written elsewhere: "Công tác năm 2026 của UBND phường Tân An"."""
    small = _SHORT_IN_CAPITALS.sub(lambda match: match.group().upper(), line.lower())
    return capital(_PLACE_IN_SMALL.sub(lambda match: f"{match.group(1)} {match.group(2).title()}", small))


def _issuer(head: Sequence[str], title: str | None) -> str | None:
    """ "UBND xã Mẫu", or "Chủ tịch UBND …" where the plan itself is his."""
    text = _MOTTO.sub("", "\n".join(head))
    own = _OWN_PLACE.search(title or "")
    place = f"{own.group(1).lower()} {own.group(2)}" if own else None
    commune = [m for m in _ISSUES.finditer(text) if m.group(2).lower() in _COMMUNE]
    issues = next(iter(commune), None if place else next(_ISSUES.finditer(text), None))
    if issues and (issues.group(3) or place):
        name = f"{issues.group(2).lower()} {issues.group(3)}" if issues.group(3) else place
        return f"{'Chủ tịch ' if issues.group(1) else ''}UBND {name}"
    if place:
        return f"UBND {place}"
    found = [match for match in _ISSUER.finditer(text) if _is_a_place(match)]
    local = next((m for m in found if m.group(2).lower() in _COMMUNE), None)
    match = local or (found[0] if found else None)
    if match is None:
        return None
    name = match.group(3).title() if match.group(3).isupper() else match.group(3)
    return f"UBND {match.group(2).lower()} {name}"


def _is_a_place(issuer: re.Match[str]) -> bool:
    """Whether a name follows the level; "Nhiệm vụ UBND xã" over "BẢNG PHÂN CÔNG …" is a sheet and a title."""
    level_end, name_start = issuer.end(2) - issuer.start(), issuer.start(3) - issuer.start()
    on_next_line = "\n" in issuer.group()[level_end:name_start]
    return not on_next_line or (issuer.group(2).isupper() and not _HEADS.match(issuer.group(3)))


def _number(head: Sequence[str], paragraphs: Sequence[str]) -> str | None:
    broken = (f"{one} {two}" for one, two in pairwise(head) if len(one) < 12)
    for text in (*head, *broken):
        match = _NUMBER.search(text)
        if match and not re.search(r"kèm theo|căn cứ|thực hiện", fold(text)):
            return "".join(match.group(1).split())
    annex = next(filter(None, map(_ANNEX_NUMBER.search, paragraphs)), None)
    return "".join(annex.group(1).split()) if annex else None


def _date(head: Sequence[str], paragraphs: Sequence[str], titles: Sequence[str]) -> dt.date | None:
    broken = (f"{one} {two}" for one, two in pairwise(head) if len(one) < 40)
    for text in (*head, *broken):
        if len(text) > 120 or re.match(r"căn cứ|thực hiện|\(", fold(text)):
            continue
        match = _DATED.search(text)
        if match:
            return _real(match.group(3), match.group(2), match.group(1))
    for text in (*paragraphs, *titles):
        annex = _ANNEX_DATE.search(text)
        if annex:
            day, month, year = (part for part in annex.groups() if part)
            return _real(year, month, day)
    return None


def _real(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _period(title: str | None, head: Sequence[str], signed: dt.date | None) -> tuple[int, int] | None:
    for text in (title or "", *(line for line in head if not _BEGINS.match(fold(line)))):
        match = _PERIOD.search(text)
        if match:
            first, last = (int(part) for part in match.groups() if part)
            return first, last
        years = [int(a or b) for a, b in _YEAR.findall(text)]
        if years and text:
            return years[-1], years[-1]
    return (signed.year, signed.year) if signed else None


def _province(paragraphs: Sequence[str]) -> str | None:
    found = Counter(
        f"{level.capitalize()} {name}"
        for text in paragraphs
        for level, name in _PROVINCE.findall(text)
        if not re.match(r"Trung ương|Chủ|Số", name)
    )
    return found.most_common(1)[0][0] if found else None

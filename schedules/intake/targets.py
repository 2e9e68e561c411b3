"""Quantified targets (chỉ tiêu): a number, how to compare with it, of what, and by when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from schedules.intake.blocks import Row, Table
from schedules.intake.columns import column_named
from schedules.intake.findings import Target
from schedules.intake.outline import Item
from schedules.intake.wording import fold, mask, sentences, shorten

Op = Literal["=", ">=", "<=", ">", "<"]
_VALUE = r"(?P<value>(?<!\d)\d{1,3}(?:\.\d{3}){1,4}(?!\d)|(?<!\d)\d{1,9}(?:[.,]\d{1,4})?)"
_THINGS = (
    r"phút|giờ|điểm|mô hình|sáng kiến|lượt|cuộc|hội nghị|thủ tục|dịch vụ|tin,? bài|bài|lớp|người|hồ sơ|công"
    r" trình|sản phẩm"
    r"|bậc|hộ|cây|thôn|trường|đơn vị|tỷ đồng|triệu đồng|nghìn đồng|km|ha|m2|doanh nghiệp|hợp tác xã|cấp độ"
)
_BEFORE = (
    r"(?:tối thiểu|ít nhất|tối đa|không quá|không dưới|không thấp hơn|đạt|còn|trên|dưới|hơn|từ|≥|>=|≤"
    r"|<=|>|<|khoảng|giảm|tăng|bình quân)"
)
_PERCENT = re.compile(_VALUE + r"(?:\s?[-–]\s?\d+(?:[.,]\d+)?)?\s?%")
_THING = re.compile(
    rf"(?P<lead>(?<!\w){_BEFORE}(?:\s+(?:từ|đa|là|trên|xuống|còn))*)\s+{_VALUE}(?:\s?/\s?(?P<of>\d+))?\s+(?P<unit>{_THINGS})\b(?!\s+(?:lần|năm))"
)
_CREATES = re.compile(
    r"(?:xây dựng|triển khai|thành lập|có|nhân rộng|tổ chức|trồng(?: mới)?)\s+(?P<lead>)(?P<value>0\d"
    r"|[1-9]\d{0,2}(?:\.\d{3})*)(?P<of>)\s+(?P<unit>cây|mô hình|sáng kiến|sản phẩm|công trình|thủ tục|dịch vụ)\b"
)
_VALUE_CELL = re.compile(
    rf"^(?P<lead>(?:{_BEFORE}\s*)*){_VALUE}\s*(?P<unit>%|{_THINGS}|trở lên|trở xuống"
    rf"|)(?:\s*trở lên)?\s*$"
)
_OPS: tuple[tuple[Op, re.Pattern[str], re.Pattern[str]], ...] = (
    ("<=",
     re.compile(r"(?:tối đa|không quá|không vượt quá|không cao hơn|≤|<=)(?: là)?\s*$"),
     re.compile(r"^\s*(?:trở xuống)")),
    (">=", re.compile(r"(?:tối thiểu|ít nhất|không dưới|không thấp hơn|≥|>=|đạt từ)(?: là| từ|"
                      r" đạt)?\s*$"), re.compile(r"^\s*(?:trở lên)")),
    ("<", re.compile(r"(?:dưới|thấp hơn|<)\s*$"), re.compile(r"^$")),
    (">", re.compile(r"(?:trên|hơn|vượt|>)\s*$"), re.compile(r"^$")),
)  # fmt: skip
_BY = re.compile(r"(?:đến|tới|hết|cuối|trong|vào)\s+(?:hết\s+|cuối\s+)?năm\s+(20\d{2})")
_YEARS = re.compile(r"giai đoạn\s+20\d{2}\s?[-–]\s?(20\d{2})|\bnăm\s+(20\d{2})", re.IGNORECASE)
_YEARLY = re.compile(r"(?:hàng|hằng|mỗi)\s+năm")
_TARGET_START = re.compile(
    r"^(?:tỷ lệ|tỉ lệ|mức độ|phấn đấu|\d+(?:[.,]\d+)?\s?%|tối thiểu|ít nhất|trên \d|đạt\b|chỉ số|hoàn thành"
    r" \d|bảo đảm \d+\s?%|giảm|cắt giảm|cung cấp \d+\s?%|duy trì tỷ lệ)"
)
_LOOKS_BACK = re.compile(
    r"^(?:đánh giá (?:kết quả|tình hình)|kết quả (?:thực hiện|đạt được)|thực trạng|tình hình|tồn tại)\b"
)
_BARE_PERCENT = re.compile(r"^\s*\d+(?:[.,]\d+)?\s?%\s*$")
_NOT_A_TARGET = re.compile(r"(?:thuế|lãi suất|phạt|trừ|hệ số|ngân sách[^,;]{0,20}hỗ trợ)[^,;]{0,30}$")


def prose_targets(items: Iterable[Item]) -> Iterator[Target]:
    """Every target of the running text; not those of the documents it cites."""
    for item in items:
        if not item.path or any(_LOOKS_BACK.search(fold(heading.text[:120])) for heading in item.path):
            continue
        by = _by_headings(item)
        for sentence in sentences(item.text):
            yield from targets_in(sentence, item.where, item.line, by)


def targets_in(sentence: str, where: str, line: int, by: str | None) -> Iterator[Target]:
    """The targets of one sentence, each with the words around its number."""
    hidden = fold(mask(sentence))
    hits = sorted(
        (*_PERCENT.finditer(hidden), *_THING.finditer(hidden), *_CREATES.finditer(hidden)), key=lambda m: m.start()
    )
    hits = [hit for hit in hits if not _NOT_A_TARGET.search(hidden[: hit.start()])]
    for index, hit in enumerate(hits):
        start, end = _around(
            hidden, hit, hits[index - 1] if index else None, hits[index + 1] if index + 1 < len(hits) else None
        )
        value = _number(hit.group("value"))
        percent = hit.re is _PERCENT
        of = None if percent else hit.group("of")
        lead = hidden[max(0, hit.start() - 30) : hit.start()] + ("" if percent else hit.group("lead"))
        yield Target(
            text=shorten(sentence[start:end], 160),
            op=_op(lead, hidden[hit.end() : hit.end() + 12]),
            value=value,
            unit="%" if percent else f"/{of} {hit.group('unit')}" if of else hit.group("unit"),
            by=_by(hidden[start:end]) or by,
            where=where,
            source_line=line,
        )


def table_targets(tables: Iterable[Table]) -> Iterator[Target]:
    """The targets of the tables: the rows of a table of targets, and every percentage in any other."""
    for table in tables:
        place = next((n for n, text in enumerate(table.header) if column_named(text) == "target"), None)
        for row in table.rows:
            where = f"{'Danh mục' if place is None else 'Bảng chỉ tiêu'}, dòng {row.line}"
            if place is not None and place < len(row.cells):
                yield from _of_row(table.header, row, place, where)
                continue
            for cell in dict.fromkeys(row.cells):
                if "%" in cell and not _BARE_PERCENT.match(cell):
                    yield from targets_in(" ".join(cell.split()), where, row.line, None)


def _of_row(header: Sequence[str], row: Row, place: int, where: str) -> Iterator[Target]:
    """A row of a table of targets: its name in one cell, its number in another, or both in one."""
    name = " ".join(row.cells[place].split())
    for number, cell in enumerate(row.cells):
        match = _VALUE_CELL.match(fold(cell))
        head = header[number] if number < len(header) else ""
        if number <= place or not match or re.search(r"thực hiện|ghi chú|stt", fold(head)):
            continue
        unit = "%" if "%" in " ".join((*row.cells, head)) else match.group("unit").strip() or _unit_cell(header, row)
        year = re.search(r"20\d{2}", head)
        yield Target(
            text=shorten(name, 160),
            op=_op(match.group("lead"), match.group("unit")),
            value=_number(match.group("value")),
            unit=unit,
            by=year.group() if year else None,
            where=where,
            source_line=row.line,
        )
        return
    yield from targets_in(name, where, row.line, None)


def _unit_cell(header: Sequence[str], row: Row) -> str:
    """The text under "Đơn vị tính"."""
    place = next((n for n, text in enumerate(header) if re.search(r"đơn vị tính|đvt", fold(text))), None)
    return row.cells[place].strip() if place is not None and place < len(row.cells) else ""


def is_target(clause: str) -> bool:
    """Whether a clause states a target and not something to do."""
    folded = fold(clause.lstrip("-+ "))
    return bool(_PERCENT.search(folded)) and bool(_TARGET_START.match(folded))


def _around(
    text: str, hit: re.Match[str], before: re.Match[str] | None, after: re.Match[str] | None
) -> tuple[int, int]:
    """The part of the sentence that belongs to one number: up to the comma or semicolon between it and the next."""
    start = 0
    if before:
        cut = max(text.rfind(mark, before.end(), hit.start()) for mark in (",", ";", ":"))
        start = cut + 1 if cut > 0 else before.end()
    end = len(text)
    if after:
        cut = max(text.rfind(mark, hit.end(), after.start()) for mark in (",", ";"))
        end = cut if cut > 0 else after.start()
    semicolon = text.find(";", hit.end(), end)
    return start, semicolon if semicolon > 0 else end


def _op(before: str, after: str) -> Op:
    for op, left, right in _OPS:
        if left.search(before) or (right.pattern != "^$" and right.search(after)):
            return op
    return "="


def _number(text: str) -> float:
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", text):
        return float(text.replace(".", ""))
    return float(text.replace(",", "."))


def _by(text: str) -> str | None:
    match = _BY.search(text)
    if match:
        return match.group(1)
    return "hằng năm" if _YEARLY.search(text) else None


def _by_headings(item: Item) -> str | None:
    for heading in reversed(item.headings):
        match = _YEARS.search(heading.text[:120])
        if match:
            return match.group(1) or match.group(2)
    return None

"""What the plan itself leaves open: sentences for the person who reviews the draft."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from schedules.intake.blocks import Block, Table
from schedules.intake.columns import is_timetable, with_whole_header
from schedules.intake.draft import reading_of
from schedules.intake.findings import Duty, Facts
from schedules.intake.outline import Item, roman
from schedules.intake.task_table import TableResult
from schedules.intake.unread import annex_titles, unread_table
from schedules.intake.wording import fold, mask

_DEMANDS_DATES = re.compile(
    r"(?:100\s?%|mọi|tất cả|từng|các) nhiệm vụ[^.;]{0,80}thời hạn|rõ (?:thời gian|tiến độ|thời hạn)|có thời"
    r" hạn hoàn thành"
)
_ANNEX = re.compile(
    r"\bphụ lục(?:\s+(?:số\s+)?([IVX]+|\d+))?|(?:kèm theo|trong|tại)\s+(danh mục nhiệm vụ)", re.IGNORECASE
)
_OWN_ANNEX = re.compile(r"kèm theo|phụ lục|danh mục", re.IGNORECASE)
_OLD = re.compile(
    r"(?:6 tháng (?:đầu|cuối) năm|trong năm|quý [IVX]{1,3}[/ ](?:năm )?|tháng \d{1,2}[/ ](?:năm )?)\s?(20\d{2})",
    re.IGNORECASE,
)
TOO_CLOSE = dt.timedelta(days=3)


def lint(
    facts: Facts, items: Sequence[Item], blocks: Sequence[Block], found: TableResult, duties: Sequence[Duty]
) -> Iterator[str]:
    """Every sentence, in the order a person would ask."""
    yield from _blank_head(facts)
    yield from _undated_rows(items, found)
    yield from _unread_tables(blocks)
    yield from _timetables(blocks)
    yield from _missing_annexes(items, blocks)
    yield from _numbering(items)
    yield from _too_late(facts, duties)
    yield from _without_lead(duties)
    yield from _helpers_left_out(found)
    yield from _old_years(facts, items)


def _blank_head(facts: Facts) -> Iterator[str]:
    if facts.number is None and facts.date is None:
        yield "Số và ngày của văn bản để trống."
    elif facts.number is None:
        yield "Số của văn bản để trống."
    elif facts.date is None:
        yield "Ngày của văn bản để trống."


def _undated_rows(items: Sequence[Item], found: TableResult) -> Iterator[str]:
    if not found.undated:
        return
    rows = (
        f"{len(found.undated)} trên {found.rows} dòng của danh mục không có thời hạn đọc được"
        f" ({', '.join(found.undated[:8])})"
    )
    demanding = next((item for item in items if _DEMANDS_DATES.search(fold(item.text))), None)
    if demanding:
        yield f"{rows}, dù văn bản đòi mọi nhiệm vụ phải có thời hạn (mục {demanding.where}, dòng {demanding.line})."
    else:
        yield f"{rows}."


def _unread_tables(blocks: Sequence[Block]) -> Iterator[str]:
    """Tables that are in the file, and whose columns could not be told apart."""
    line = unread_table(blocks)
    if line is not None:
        yield (
            f"Có bảng nhiệm vụ (từ dòng {line}) nhưng không đọc được các cột, nên nhiệm vụ trong bảng chưa được nhập."
            " Hãy nhập bản Word, Excel hoặc PDF có kẻ ô."
        )
        return
    titles = annex_titles(blocks)
    if titles and not any(isinstance(block, Table) for block in blocks):
        yield (
            f"Có tiêu đề phụ lục (dòng {min(titles.values())}) nhưng không đọc được bảng nào;"
            " hãy kiểm tra các nhiệm vụ trong phụ lục."
        )


def _timetables(blocks: Sequence[Block]) -> Iterator[str]:
    """Tables that say when, and nowhere what is to be done: nothing of them can be drafted."""
    for table in (block for block in blocks if isinstance(block, Table) and is_timetable(with_whole_header(block))):
        yield (
            f"Bảng ở dòng {table.line} có cột thời gian nhưng không có cột nhiệm vụ, nên {len(table.rows)} dòng của"
            " bảng chưa được nhập. Hãy thêm cột “Nội dung” vào bảng rồi nhập lại, hoặc tự thêm các nhiệm vụ đó."
        )


def _missing_annexes(items: Sequence[Item], blocks: Sequence[Block]) -> Iterator[str]:
    """Annexes that the text points to and the file does not hold."""
    tables = [block for block in blocks if isinstance(block, Table)]
    shown = annex_titles(blocks)
    titles = " ".join(fold(table.title or "") for table in tables)
    own = {item.path[-1].label.lower() for item in items if item.style == "annex"}
    told: set[str] = set()
    for item in items:
        if not _OWN_ANNEX.search(item.text) or item.style == "annex":
            continue
        for match in _ANNEX.finditer(mask(item.text)):
            name = (
                f"Phụ lục {match.group(1)}" if match.group(1) else "Danh mục nhiệm vụ" if match.group(2) else "Phụ lục"
            )
            here = (
                bool(tables) if name in ("Phụ lục", "Danh mục nhiệm vụ") else fold(name) in titles or fold(name) in own
            )
            here = here or (match.group(1) or "") in shown or (bool(shown) and not match.group(1))
            if not here and name not in told:
                told.add(name)
                yield f"Văn bản dẫn {name} (dòng {item.line}) nhưng tệp không có; nhiệm vụ trong đó chưa được đọc."


def _numbering(items: Sequence[Item]) -> Iterator[str]:
    tops = [(item, _printed(item)) for item in items if item.style == "roman" and len(item.path) == 1]
    for (before, one), (after, other) in pairwise(tops):
        if one == other:
            yield f"Hai mục cùng đánh số {one} (dòng {before.line} và {after.line})."
        elif roman(after.path[-1].label) > roman(before.path[-1].label) + 1:
            yield f"Số mục nhảy từ {one} sang {other} (dòng {after.line})."


def _printed(item: Item) -> str:
    return item.printed or item.path[-1].label


def _too_late(facts: Facts, duties: Sequence[Duty]) -> Iterator[str]:
    if facts.date is None:
        return
    for duty in duties:
        due = reading_of(duty).first_due
        if due is None or not str(reading_of(duty).kind).startswith("one_off") or due - facts.date > TOO_CLOSE:
            continue
        how = "sau" if due < facts.date else "chỉ ngay trước"
        yield (
            f"Văn bản ký ngày {facts.date:%d/%m/%Y}, {how} hạn {due:%d/%m/%Y} của nhiệm vụ “{duty.title}”"
            f" ({duty.where})."
        )


def _without_lead(duties: Sequence[Duty]) -> Iterator[str]:
    missing = [duty.where for duty in duties if duty.lead is None and duty.strength == "duty"]
    if missing:
        yield f"{len(missing)} nhiệm vụ không rõ đơn vị chủ trì ({', '.join(missing[:8])})."


def _helpers_left_out(found: TableResult) -> Iterator[str]:
    """Groups and bodies that no unit stands for: the draft cannot hold them, so a person is told."""
    told = [
        f"{words} ({', '.join(places[:3])}{' …' if len(places) > 3 else ''})" for words, places in found.unnamed.items()
    ]
    if told:
        more = f" và {len(told) - 6} nơi khác" if len(told) > 6 else ""
        yield f"Phối hợp chưa ghi được: {'; '.join(told[:6])}{more}. Nếu cần, hãy bổ sung đơn vị."


def _old_years(facts: Facts, items: Sequence[Item]) -> Iterator[str]:
    """Words of an older plan left in this one."""
    first = facts.period[0] if facts.period else facts.default_year
    for item in items:
        if not item.path or item.role == "goal":
            continue
        for match in _OLD.finditer(mask(item.text)):
            if int(match.group(1)) < first:
                yield f"Dòng {item.line} (mục {item.where}) còn ghi “{match.group()}”, thời gian trước kế hoạch này."

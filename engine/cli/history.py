"""``journal verify``: is every line of history as it was written, and as outside witnesses have seen it?

Each weekly digest carries the mark of its office's journal. Whoever kept one can ask here, years later, whether the
history up to that line is still the one that was told then.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from data.database import at_one_instant, journal_is_guarded
from data.journal import Verdict, line_with, mark, verify
from engine.cli import output
from engine.cli.finding import database, loaded_offices
from engine.errors import NhacViecError
from engine.office import OFFICE

LEAST_OF_A_HEAD = 8  # letters: fewer would fit some line by chance
_HEAD = re.compile(rf"(?:(?P<seq>\d{{1,12}})\s*:\s*)?(?P<hash>[0-9a-f]{{{LEAST_OF_A_HEAD},64}})…?")


@dataclass(frozen=True, slots=True)
class Kept:
    """A head that somebody kept, and the line that has it. ``unchanged``: nothing up to that line has been altered."""

    head: str
    office: str
    line: int
    at: dt.datetime
    unchanged: bool


def verify_journal(heads: list[str], as_json: bool) -> None:
    """Check every office's chain, and that the heads kept elsewhere still stand in one of them."""
    wanted = [(text, *read_head(text)) for text in heads]
    with at_one_instant(database()) as connection:
        verdicts = {office: verify(connection, office) for office in loaded_offices(connection, None)}
        kept = {text: _find(connection, verdicts, text, seq, digest) for text, seq, digest in wanted}
        guarded = journal_is_guarded(connection)
        zones = {row.id: ZoneInfo(row.timezone) for row in connection.execute(select(OFFICE.c.id, OFFICE.c.timezone))}
    if not verdicts:
        raise NhacViecError("Chưa nạp cơ quan nào, nên không có nhật ký để kiểm tra. Hãy xem lại NHACVIEC_DATABASE.")
    if as_json:
        output.as_json([_as_data(verdict, kept) for verdict in verdicts.values()])
    else:
        for verdict in verdicts.values():
            if verdict.broken_at is None and verdict.lines:
                output.line(f"{verdict.office_id}: {verdict.lines} dòng, nguyên vẹn. Mã nhật ký: {_mark(verdict)}")
        for found in kept.values():
            if found is not None:
                output.line(_in_words(found, verdicts[found.office], zones[found.office]))
    broken = [
        f"{v.office_id}: nhật ký bị sửa hoặc mất từ dòng {v.broken_at}." for v in verdicts.values() if v.broken_at
    ]
    broken += [
        f"Mã {text.strip()} không còn trong nhật ký: có dòng đã bị xoá hoặc sửa, hoặc mã chép chưa đúng."
        for text, found in kept.items()
        if found is None
    ]
    broken += [f"{v.office_id}: nhật ký trống: mọi dòng đã bị xoá." for v in verdicts.values() if not v.lines]
    if not guarded:
        broken.append("Chốt chống sửa nhật ký trong cơ sở dữ liệu đã bị gỡ: ai đó đã hoặc sắp sửa được các dòng cũ.")
    if broken:
        raise NhacViecError("\n".join(broken) + "\nHãy giữ nguyên tệp và đối chiếu với bản sao lưu.")


def read_head(text: str) -> tuple[int | None, str]:
    """ "Mã nhật ký: 124:1f2e3d4c5b6a7988" as line and hash; the hash may be cut short, the line be left out.

    :raises NhacViecError: it is none.
    """
    found = _HEAD.fullmatch(text.strip().lower().removeprefix("mã nhật ký:").strip())
    if found is None:
        raise NhacViecError(
            f"“{text}” không phải mã nhật ký. Hãy chép cả dòng trong bản tin, ví dụ 124:1f2e3d4c5b6a7988."
        )
    return (int(found["seq"]) if found["seq"] else None), found["hash"]


def _find(
    connection: Connection, verdicts: Mapping[str, Verdict], text: str, seq: int | None, digest: str
) -> Kept | None:
    for office, verdict in verdicts.items():
        line = line_with(connection, office, digest, seq)
        if line is not None:
            unchanged = verdict.broken_at is None or line.seq < verdict.broken_at
            return Kept(text, office, line.seq, line.at, unchanged)
    return None


def _in_words(found: Kept, verdict: Verdict, zone: ZoneInfo) -> str:
    written = f"{found.at.astimezone(zone):%H:%M ngày %d/%m/%Y}"
    which = f"Mã {found.head.strip()} là dòng {found.line} của {found.office}, ghi lúc {written}"
    if not found.unchanged:
        return f"{which}, nhưng trước đó đã có dòng bị sửa."
    after = verdict.lines - found.line
    if verdict.broken_at is not None:
        return f"{which}: mọi dòng đến đó còn nguyên; chỗ hỏng ở sau."
    return f"{which}: từ đó đến nay, mọi dòng trước nó còn nguyên; {after} dòng ghi sau nối tiếp đúng."


def _as_data(verdict: Verdict, kept: Mapping[str, Kept | None]) -> dict[str, object]:
    theirs = [asdict(found) for found in kept.values() if found is not None and found.office == verdict.office_id]
    return {**asdict(verdict), "mark": _mark(verdict), "heads": theirs}


def _mark(verdict: Verdict) -> str:
    return mark(verdict.lines, verdict.head)

"""``understand``: what a reply would be taken for, one reply or a whole file of them; nothing is stored or sent.

The same two functions as in production: ``understand`` reads the words, ``decide`` holds them against the open numbers.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

from engine.cli import output
from engine.clock import CIVIL, SystemClock
from engine.errors import NhacViecError
from engine.rules.replies import Action, Decision, Missing, decide, understand

EXAMPLE = 'nhacviec understand "xong 3" --open 3,5 --today 2026-03-10'
_HEADER = ("text", "open", "today")


def understand_reply(text: str | None, open_: str | None, today: str | None, tsv: Path | None, as_json: bool) -> None:
    """Read one reply, or every line of a file."""
    if (text is None) == (tsv is None):
        raise NhacViecError(f"Hãy ghi một câu trả lời, hoặc --tsv TỆP. Ví dụ: {EXAMPLE}")
    said_on = output.day(today) if today is not None else SystemClock().now().astimezone(CIVIL).date()
    if tsv is not None:
        if open_ is not None:
            raise NhacViecError("--open chỉ dùng với một câu; trong tệp --tsv, cột thứ hai ghi số các việc đang mở.")
        for line in _lines(tsv, said_on):
            output.line(line)
        return
    open_numbers = _open_numbers(open_ or "", "--open")
    decision = decide(understand(text or "", said_on), open_numbers)
    if as_json:
        output.as_json(_as_data(decision))
    else:
        _show(decision, open_numbers)


def _lines(path: Path, otherwise: dt.date) -> list[str]:
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
        cells = row.rstrip("\r").split("\t")
        if number == 1 and cells[0].strip().lower() == _HEADER[0] and len(cells) == len(_HEADER):
            continue
        data = _as_data(_decided(cells, otherwise, f"Tệp {path}, dòng {number}"))
        read.append(json.dumps(data, ensure_ascii=False))
    return read


def _decided(cells: list[str], otherwise: dt.date, where: str) -> Decision:
    if len(cells) != len(_HEADER):
        raise NhacViecError(
            f"{where}: có {len(cells)} cột, cần 3 cột cách nhau bằng dấu tab: câu trả lời, số các việc đang mở, "
            "ngày (2026-03-10). Hãy sửa dòng này."
        )
    text, open_, day = cells
    return decide(understand(text, _day(day.strip(), otherwise, where)), _open_numbers(open_, where))


def _day(text: str, otherwise: dt.date, where: str) -> dt.date:
    if not text:
        return otherwise
    try:
        return output.day(text)
    except NhacViecError as error:
        raise NhacViecError(f"{where}: {error}") from None


def _open_numbers(text: str, where: str) -> tuple[int, ...]:
    """``3,5`` or ``3 5``; nothing means that no work is open."""
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    wrong = next((word for word in words if not re.fullmatch(r"[0-9]{1,9}", word)), None)
    if wrong is not None:
        raise NhacViecError(
            f"{where}: “{wrong}” không phải số của một việc. Hãy viết các số cách nhau bằng dấu phẩy: 3,5"
        )
    return tuple(dict.fromkeys(int(word) for word in words))


def _as_data(decision: Decision) -> dict[str, Any]:
    """For programs. ``date`` is the day that was named, a document's own when it is the only one."""
    intent = decision.intent
    return {
        "action": str(decision.action),
        "numbers": list(decision.numbers),
        "date": _iso(intent.date or intent.document_date),
        "reason": intent.reason,
        "document": intent.document,
        "person": intent.who,
        "until": _iso(intent.until),
        "time": intent.at.strftime("%H:%M") if intent.at else None,
        "link": intent.link,
        "document_date": _iso(intent.document_date),
        "week": intent.week,
        "missing": str(decision.missing) if decision.missing else None,
        "doubt": str(intent.doubt) if intent.doubt else None,
        "more_days": intent.more,
    }


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


_IN_WORDS = {
    Action.DONE: "Báo xong",
    Action.DOING: "Đang làm",
    Action.EXTEND: "Xin gia hạn",
    Action.APPROVE: "Đồng ý gia hạn",
    Action.REFUSE: "Từ chối gia hạn",
    Action.CONFIRM: "Xác nhận đã xong",
    Action.RETURN: "Trả lại",
    Action.HANDOVER: "Chuyển việc",
    Action.DIFFICULTY: "Báo vướng mắc",
    Action.SNOOZE: "Nhắc lại sau",
    Action.LIST: "Xem danh sách việc",
    Action.UNIT_LIST: "Xem việc của đơn vị",
    Action.WEEK: "Xem việc trong tuần",
    Action.DETAIL: "Xem chi tiết",
    Action.UNDO: "Hoàn tác",
    Action.LEAVE: "Báo nghỉ",
    Action.HELP: "Xem hướng dẫn",
    Action.WEB: "Xin liên kết vào bảng điều hành",
    Action.NONE: "Không nhận ra lệnh nào: trả lời bằng hướng dẫn",
}
_ASKED = {
    Missing.WHICH: "việc nào?",
    Missing.NO_SUCH_NUMBER: "không có việc mang số này",
    Missing.DATE: "đến ngày nào, lúc nào?",
    Missing.REASON: "vì sao, vướng gì?",
    Missing.PERSON: "chuyển cho ai?",
    Missing.DOUBT: "câu chưa rõ ý",
}


def _show(decision: Decision, open_numbers: tuple[int, ...]) -> None:
    intent, named = decision.intent, ", ".join(str(number) for number in decision.numbers)
    if decision.missing is not None:
        output.line(f"Hỏi lại: {_ASKED[decision.missing]}")
        output.line(f"  Đang mở: {', '.join(str(number) for number in open_numbers) or 'không có việc nào'}")
    else:
        output.line(_IN_WORDS[decision.action] + (f": việc {named}" if named else ""))
    told = {
        "Số đã đọc": named if decision.missing else None,
        "Ngày": _shown(intent.date),
        "Đến hết ngày": _shown(intent.until),
        "Lúc": f"{intent.at:%H:%M}" if intent.at else None,
        "Lý do": intent.reason,
        "Văn bản": intent.document,
        "Ngày văn bản": _shown(intent.document_date),
        "Liên kết": intent.link,
        "Người nhận": intent.who,
        "Tuần": intent.week,
    }
    for name, value in told.items():
        if value:
            output.line(f"  {name}: {value}")


def _shown(day: dt.date | None) -> str | None:
    return f"{day:%d/%m/%Y}" if day else None

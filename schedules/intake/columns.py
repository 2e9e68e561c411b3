"""What every column of a task table holds: by its header, and where that says nothing, by its cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from schedules.intake.blocks import Table
from schedules.intake.period_heads import FEWEST_MARKED, period_columns, period_of
from schedules.intake.spans import schedules_in
from schedules.intake.units import EACH, mentions
from schedules.intake.wording import fold

Column = Literal[
    "number", "task", "lead", "support", "start", "time", "period", "product", "basis", "person", "funding", "target",
    "status", "recipient", "note",
]  # fmt: skip

# The words of a header, and what it heads. Earlier rows win where two words stand at the same place.
_HEADERS: tuple[tuple[Column, str], ...] = (
    ("number", r"^(?:tt|stt|số tt|số thứ tự|#|no\.?)\W*$"),
    ("recipient", r"(?:nơi|cơ quan|đơn vị|cấp) (?:tiếp )?nhận(?! nhiệm vụ| việc)"
                  r"|^(?:nơi gửi|gửi (?:đến|cho|về)|cấp trình)"),
    ("status", r"kết quả (?:đã )?(?:thực hiện|đạt được|triển khai) (?:trong |đến )?(?:năm|quý|tháng|kỳ|0?[69] tháng)"
               r"|(?:kết quả )?đã (?:thực hiện|đạt|hoàn thành)|tình (?:hình|trạng)|trạng thái"
               r"|(?:mức độ|tỷ lệ) hoàn thành|đánh giá"),
    ("support", r"phối hợp|cùng thực hiện|đơn vị tham gia|cơ quan tham gia"),
    ("person", r"người (?:phụ trách|thực hiện|chịu trách nhiệm|chủ trì|theo dõi|đầu mối)|lãnh đạo|cán bộ"
               r"|chuyên viên|công chức|họ (?:và )?tên|đồng chí"),
    ("lead", r"chủ trì|(?:cơ quan|đơn vị|phòng|ban|bộ phận|nơi)[^:]{0,20}(?:thực hiện|tham mưu|soạn thảo|đầu mối|phụ"
             r" trách|chịu trách nhiệm|được giao|báo cáo|giao)"
             r"|phân công|trách nhiệm|giao cho|^đơn vị(?! tính)|^cơ quan|^phòng|^thực hiện$|^phụ trách$"),
    ("time", r"(?:^|\s)(?:kết thúc|đến (?:ngày|tháng))$|^đến$|^(?:tháng|quý|ngày|kỳ)$"
             r"|thời gian|thời hạn|hạn (?:hoàn|chót|cuối|nộp|gửi|xử)|^hạn\b|tiến độ|ngày (?:hoàn"
             r"|nộp|gửi|báo)"
             r"|kỳ (?:báo cáo|hạn)|chu kỳ|lộ trình|thời điểm|định kỳ|tần suất|hoàn thành"),
    ("product", r"sản phẩm|kết quả|đầu ra|hình thức văn bản|thể thức"),
    ("basis", r"căn cứ|cơ sở pháp lý|văn bản (?:chỉ đạo|giao|quy định|liên quan)|nguồn văn bản|tham chiếu"),
    ("funding", r"kinh phí|nguồn vốn|dự toán"),
    ("target", r"chỉ tiêu|mục tiêu|đơn vị tính|đvt"),
    ("note", r"ghi chú|ý kiến"),
    ("task", r"nội dung|nhiệm vụ|công việc|hoạt động|tên|giải pháp|danh mục|việc|báo cáo|đề án"),
)  # fmt: skip
_HEADER = tuple((column, re.compile(pattern)) for column, pattern in _HEADERS)
_START = re.compile(r"(?:^|\s)(?:bắt đầu|khởi đầu|khởi công|từ (?:ngày|tháng))$|^(?:thời gian.*\s)?từ$|^ngày giao$")
# Where several columns are of one kind, the one whose header says more wins: patterns from the most exact on; a header
# of none of them comes after all.
_EXACT: dict[Column, tuple[re.Pattern[str], ...]] = {
    "time": (
        re.compile(r"(?<!kỳ )hạn\b|ngày (?:hoàn|nộp|gửi|báo)|hoàn thành|(?:kết thúc|đến(?: ngày| tháng)?)$"
                   r"|thời (?:gian|điểm) (?:gửi|nộp|trình|báo)"),
        re.compile(r"thời gian|thời điểm|tiến độ|lộ trình|^(?:tháng|quý|ngày)$"),
    ),
    "lead": (
        re.compile(r"chủ trì"),
        re.compile(r"thực hiện|tham mưu|soạn thảo|đầu mối|phụ trách|trách nhiệm|phân công|được giao|giao cho|báo cáo"),
        re.compile(r"^(?:cơ quan|đơn vị|phòng|ban)(?!.*(?:ban hành|trình|duyệt|ký|thẩm|kiểm tra|theo dõi|giao|nhận))"),
    ),
    "product": (re.compile(r"sản phẩm|đầu ra"),),
}  # fmt: skip
# What stands in a column of progress: how far it is, never when it is due.
_STATUS = re.compile(
    r"(?:đã |đang |chưa |không )?(?:hoàn thành|thực hiện|triển khai|xử lý|làm|xong|bắt đầu)"
    r"(?: xong| quá hạn| đúng hạn)?|(?:chậm|đúng|quá|trong|trễ|sắp quá)(?: tiến độ| hạn)?|tạm (?:hoãn|dừng)|mới"
    r"|(?:không )?đạt|\d{1,3}\s?%"
)
_NUMBER = re.compile(r"^(?:\d{1,3}(?:\.\d{1,3})*|[IVX]{1,6}|[A-Za-zđ])?\s*[.)]?$")
_PRODUCT = re.compile(
    r"^(?:-\s*)?(?:các\s+)?(?:báo cáo|kế hoạch|quyết định|văn bản|công văn|tờ trình|nghị quyết|thông báo"
    r"|danh sách|danh mục|biên bản|hội nghị"
    r"|đề án|quy chế|quy định|chương trình|hồ sơ|tin|bài|biểu|phiếu|dự toán|đường link|hình ảnh|cuộc|lớp"
    r"|bảng|kết luận|tài liệu|dữ liệu|phần mềm|hệ thống|phương án)\b"
)
SURE = 0.5
LONGEST_HEADER = 40


def columns_of(table: Table) -> dict[Column, int]:
    """Column → its place. Empty where this is no table of tasks."""
    found = _told(table)
    if "task" not in found or not ({"lead", "time", "product", "person"} & found.keys()):
        return {}
    return found


def is_timetable(table: Table) -> bool:
    """Whether it says when, and nothing in it says what is to be done: "Đơn vị được kiểm tra | Thời gian"."""
    found = _told(table)
    dated = any(looks_like_time(text) and not text.isdigit() for text in _filled(table, found.get("time")))
    return dated and not ({"task", "target"} & found.keys())


def _told(table: Table) -> dict[Column, int]:
    """Every column whose meaning its header or its cells tell."""
    found = _by_header(table)
    periods = period_columns(table.header)
    if periods and not any(looks_like_time(text) for text in _filled(table, found.get("time"))):
        found.pop("time", None)
        found.pop("period", None)
    width = max((len(row.cells) for row in table.rows), default=0)
    for column, place in _by_content(table, width, found).items():
        found.setdefault(column, place)
    note = found.get("note")
    untimed = "time" not in found and not periods
    if untimed and note is not None and _share(_filled(table, note), looks_like_time) > SURE:
        found["time"] = note  # "Hoàn thành trước 30/4" under "Ghi chú", where no other column says when
    return found


def with_whole_header(table: Table) -> Table:
    """The table with a second line of its header, that stands as its first row, made part of the header."""
    if not table.header or not table.rows:
        return table
    cells = table.rows[0].cells
    header = _two_lines(table.header, cells)
    own = {place: text for place, text in enumerate(cells) if text.strip() and text != _at(table.header, place)}
    periods = period_columns(header).keys() | {place for place, text in own.items() if period_of(text)}
    if len(own) < FEWEST_MARKED or any(len(text) > LONGEST_HEADER for text in own.values()):
        return table
    if any(
        not column_named(text) or mentions(text) or looks_like_time(text)
        for place, text in own.items()
        if place not in periods
    ):
        return table
    return replace(table, header=header, rows=table.rows[1:])


def _two_lines(header: Sequence[str], below: Sequence[str]) -> tuple[str, ...]:
    """Both lines of a header as one; a name above empty heads spreads over what stands below them."""
    whole: list[str] = []
    for place in range(max(len(header), len(below))):
        name, own = _at(below, place), _at(header, place)
        above = own or (whole[-1].split("\n")[0] if whole and name else "")
        whole.append(f"{above}\n{name}" if name and name != above else above)
    return tuple(whole)


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _by_header(table: Table) -> dict[Column, int]:
    """Column → place; of several of one kind the most exact one, and of those the first."""
    found: dict[Column, list[tuple[int, int]]] = {}
    periods = period_columns(table.header)
    for place, text in enumerate(table.header):
        column = None if place in periods or period_of(text) else column_named(text)
        if column in ("time", "product") and _share(_filled(table, place), _says_how_far) > SURE:
            column = "status"
        if column:
            found.setdefault(column, []).append((_exactness(column, text), place))
    best = {column: min(places)[1] for column, places in found.items()}
    others = sorted(found.get("time", ()))[1:]
    if others:
        best["period"] = others[0][1]  # "Kỳ báo cáo" beside "Hạn gửi"
    return best


def _exactness(column: Column, header: str) -> int:
    folded = _plain(header)
    patterns = _EXACT.get(column, ())
    return next((rank for rank, pattern in enumerate(patterns) if pattern.search(folded)), len(patterns))


def _says_how_far(cell: str) -> bool:
    return bool(_STATUS.fullmatch(_plain(cell)))


def _filled(table: Table, place: int | None) -> list[str]:
    return [text for row in table.rows if place is not None and (text := _at(row.cells, place))]


def _plain(text: str) -> str:
    return " ".join(fold(text).split()).strip(" .:;()")


def column_named(header: str) -> Column | None:
    """What a header's words say: the word that stands first, "phối hợp" before all."""
    folded = _plain(header)
    if not folded:
        return None
    if re.search(r"phối hợp", folded) and not re.search(r"chủ trì|nhiệm vụ", folded):
        return "support"
    if _START.search(folded):
        return "start"
    hits = [
        (match.start(), row, column)
        for row, (column, pattern) in enumerate(_HEADER)
        if (match := pattern.search(folded))
    ]
    return min(hits)[2] if hits else None


def _by_content(table: Table, width: int, known: dict[Column, int]) -> dict[Column, int]:
    """The columns that no header names, by what most of their cells look like."""
    taken = {*known.values(), *period_columns(table.header)}
    free = [place for place in range(width) if place not in taken and not _says_what(table.header, place)]
    cells = {
        place: [row.cells[place] for row in table.rows if place < len(row.cells) and row.cells[place]] for place in free
    }
    found: dict[Column, int] = {}
    for place in free:
        if _share(cells[place], lambda cell: bool(_NUMBER.match(cell))) > SURE and place == 0 and cells[place]:
            found["number"] = place
    rest = [place for place in free if place not in found.values() and cells[place]]
    units = [place for place in rest if _share(cells[place], looks_like_unit) > SURE]
    for column, place in zip(("lead", "support"), units, strict=False):
        found[column] = place  # type: ignore[index]
    rest = [place for place in rest if place not in units]
    times = sorted(rest, key=lambda place: -_share(cells[place], looks_like_time))
    if times and _share(cells[times[0]], looks_like_time) >= SURE - 0.1:
        found["time"] = times[0]
        rest.remove(times[0])
    if rest and "task" not in known:
        task = max(rest, key=lambda place: sum(map(len, cells[place])) / len(cells[place]))
        found["task"] = task
        rest.remove(task)
    products = [place for place in rest if _share(cells[place], looks_like_product) > SURE - 0.2]
    if products:
        found["product"] = products[0]
    return found


def _says_what(header: Sequence[str], place: int) -> bool:
    name = _at(header, place)
    return column_named(name) is not None or period_of(name) is not None


def _share(cells: Sequence[str], test: object) -> float:
    assert callable(test)
    return sum(bool(test(cell)) for cell in cells) / len(cells) if cells else 0.0


def looks_like_time(cell: str) -> bool:
    """Whether a cell says when, and little else."""
    text = " ".join(cell.split())
    if re.fullmatch(
        r"20\d{2}(?:\s?[-–]\s?20\d{2})?|(?:\d{1,2}/){1,2}\d{1,4}|(?:tháng\s+)?\d{1,2}|(?:tháng\s+|t\.?\s?)\d{1,2}\s?/\s?20\d{2}",
        fold(text),
    ):
        return True
    spans = schedules_in(text)
    return bool(spans) and sum(len(span.text) for span in spans) >= 0.45 * len(text)


def looks_like_unit(cell: str) -> bool:
    """Whether a cell names units, and little else."""
    text = " ".join(cell.split())
    covered = sum(mention.end - mention.start for mention in mentions(text))
    covered += sum(match.end() - match.start() for match in EACH.finditer(text))
    return covered >= 0.5 * len(text) > 0


def looks_like_product(cell: str) -> bool:
    """Whether a cell begins with the name of something that is handed in."""
    return bool(_PRODUCT.match(fold(cell.strip())))

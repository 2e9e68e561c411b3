"""A list of people as an office keeps it: CSV or a sheet of Excel, with a header in Vietnamese or English.

Every problem is told with its line, and all of them at once; a list with a problem is not used at all.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import NhacViecError
from engine.rules.chat_words import fold
from schedules.intake.opening import check_package, kind_of
from schedules.intake.tidy import tidy, tidy_lines
from schedules.intake.wording import new_tones

MOST_ROWS = 5_000
MOST_COLUMNS = 60
HEADER_WITHIN = 30  # rows: titles and the name of the office stand above it
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the list. Units are kept as they are written; the office knows what they mean."""

    line: int
    name: str
    unit: str
    role: str  # officer, head, leader, viewer
    title: str = ""  # the role as it is written
    slug: str | None = None
    phone: str | None = None
    email: str | None = None
    standing: bool | None = None  # None: the list has no such column
    in_charge_of: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class PeopleList:
    """What was read, and what is wrong with it, one sentence each."""

    path: Path
    rows: tuple[PersonRow, ...]
    problems: tuple[str, ...] = ()
    doubtful: tuple[PersonRow, ...] = ()  # rows with a problem, as far as they could be read
    notes: tuple[str, ...] = ()  # what was passed over, and may be looked at


class BadPeopleList(NhacViecError):
    """A list that cannot be used as it stands."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def read_people(path: Path) -> list[PersonRow]:
    """The people of a list.

    :raises BadPeopleList: with every problem found, one sentence each.
    :raises BadDocument: the file itself cannot be read.
    """
    found = read_list(path)
    if found.problems:
        raise BadPeopleList(found.problems)
    return list(found.rows)


def read_list(path: Path) -> PeopleList:
    """The people of a list, and its problems.

    :raises BadDocument: the file itself cannot be read.
    """
    kind = kind_of(path)
    if kind not in ("csv", "xlsx", "text"):
        raise BadPeopleList([f"{path.name}: danh sách cán bộ phải là tệp .csv hoặc .xlsx. Hãy lưu lại từ Excel."])
    rows, problems = (_of_workbook(path), []) if kind == "xlsx" else _of_csv(path)
    head = next((at for at, (_, cells) in enumerate(rows[:HEADER_WITHIN]) if _is_header(cells)), None)
    if head is None:
        return PeopleList(path, (), tuple(problems) or (f"{path.name}: {_NO_HEADER}",))
    return _Reader(path, _columns(rows[head][1]), problems).read(rows[head + 1 :])


# ---- files to rows --------------------------------------------------------------------------------------------------


def _of_csv(path: Path) -> tuple[list[tuple[int, Cells]], list[str]]:
    """The rows, and what is wrong with the quotation marks."""
    content = path.read_bytes()
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadPeopleList(
            [
                f"{path.name}, dòng {line}: chữ không phải mã UTF-8. "
                "Hãy lưu lại từ Excel với loại “CSV UTF-8”, hoặc lưu thành .xlsx."
            ]
        ) from None
    delimiter = _delimiter(text)
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[tuple[int, Cells]] = []
    problems: list[str] = []
    line = 1
    try:
        for cells in reader:
            if _unclosed(lines[line - 1 : reader.line_num], delimiter):
                swallowed = (
                    f" nên các dòng {line} đến {reader.line_num} dính thành một ô" if reader.line_num > line else ""
                )
                problems.append(
                    f'{path.name}, dòng {line}: dấu nháy kép (") mở ra mà không đóng lại{swallowed}. '
                    "Hãy thêm hoặc xoá dấu nháy kép ở dòng này rồi nhập lại."
                )
            else:
                rows.append((line, tuple(tidy_lines(cell) for cell in cells[:MOST_COLUMNS])))
            line = reader.line_num + 1
    except csv.Error:
        raise BadPeopleList(
            [f"{path.name}, dòng {line}: thừa hoặc thiếu dấu nháy kép. Hãy sửa dòng này, hoặc lưu lại thành .xlsx."]
        ) from None
    return _limited(path, rows), problems


def _unclosed(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a quotation mark of this row was meant to end earlier: at the end of the file, or lines before."""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return len(lines) > 1 or "end of data" in str(error)
    return False


def _delimiter(text: str) -> str:
    """The one under which a header comes out; ties go to the one that gives more columns."""

    def columns(delimiter: str) -> int:
        rows = csv.reader(text.splitlines()[:HEADER_WITHIN], delimiter=delimiter)
        return max((len(_columns(tuple(cells))) for cells in rows), default=0)

    return max(",;\t", key=columns)


def _of_workbook(path: Path) -> list[tuple[int, Cells]]:
    """The first sheet, numbers and all, as text."""
    import warnings  # noqa: PLC0415

    import openpyxl  # noqa: PLC0415  # 0.3 s that no other command should pay

    check_package(path, "xl/workbook.xml")
    try:
        with path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns about styles it drops
            sheet = openpyxl.load_workbook(stream, read_only=True, data_only=True).worksheets[0]
            sheet.reset_dimensions()  # what a file declares about its size is not believed
            rows = [
                (line, tuple(_text(value) for value in values))
                for line, values in enumerate(
                    sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS + HEADER_WITHIN + 1, values_only=True), 1
                )
            ]
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, SyntaxError):
        raise BadPeopleList(
            [f"{path.name}: bảng tính bị hỏng. Hãy mở bằng Excel, sửa và lưu lại thành .xlsx."]
        ) from None
    return _limited(path, rows)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "x" if value else ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else tidy_lines(str(value))


def _limited(path: Path, rows: list[tuple[int, Cells]]) -> list[tuple[int, Cells]]:
    if len(rows) > MOST_ROWS:
        raise BadPeopleList(
            [f"{path.name}: danh sách dài quá {MOST_ROWS} dòng. Đây có đúng là danh sách cán bộ không?"]
        )
    return rows


# ---- the header -----------------------------------------------------------------------------------------------------

_NO_HEADER = (
    "không thấy dòng tiêu đề. Cần ít nhất ba cột: Họ tên, Đơn vị, Vai trò (hoặc Chức vụ); "
    "có thể thêm: Mã, Điện thoại, Email, Thường trực, Phụ trách."
)
_HEADS = {
    "name": ("ho ten", "ho va ten", "ho ten can bo", "ten", "can bo", "name", "full name", "fullname"),
    "unit": ("don vi", "phong ban", "phong", "co quan", "co quan don vi", "don vi cong tac", "unit", "department"),
    "role": ("vai tro", "chuc vu", "chuc danh", "chuc vu chuc danh", "role", "position", "title"),
    "slug": ("ma", "ma can bo", "id", "slug", "code"),
    "phone": ("dien thoai", "so dien thoai", "sdt", "dt", "di dong", "dien thoai di dong", "phone", "mobile", "tel"),
    "email": ("email", "thu dien tu", "hop thu", "dia chi email", "mail"),
    "standing": ("thuong truc", "co quan thuong truc", "standing"),
    "in_charge_of": ("phu trach", "don vi phu trach", "linh vuc phu trach", "in charge of"),
}
_COLUMN_OF = {spelling: column for column, spellings in _HEADS.items() for spelling in spellings}


def _plain(text: str) -> str:
    """Lower case, without marks, only letters and digits: how headers and roles are compared."""
    return " ".join(re.findall(r"[a-z0-9]+", fold(text)))


def _columns(cells: Cells) -> dict[str, int]:
    """Where each column stands; the first of two that say the same counts."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        column = _COLUMN_OF.get(_plain(cell.replace("e-mail", "email").replace("E-mail", "email")))
        if column:
            found.setdefault(column, at)
    return found


def _is_header(cells: Cells) -> bool:
    return {"name", "unit", "role"} <= _columns(cells).keys()


# ---- the rows -------------------------------------------------------------------------------------------------------

_ROLES: tuple[tuple[str, str], ...] = (  # by how the title begins, the first that fits
    ("viewer", r"viewer|(nguoi |chi )*xem\b|theo doi\b|quan sat\b"),
    ("leader", r"(pho )?(chu tich|bi thu)\b|lanh dao\b|leader"),
    (
        "head",
        r"(pho )?(truong|giam doc|chanh)\b|quyen (truong|giam doc)\b|phu trach (phong|trung tam|ban|don vi)\b"
        r"|(tram|hieu|doi|to|chi huy|vien) truong\b|(pho )?(hieu|tram) truong\b|chi huy\b|head",
    ),
    ("officer", r"chuyen vien\b|cong chuc\b|vien chuc\b|nhan vien\b|can bo\b|can su\b|ke toan\b|van thu\b|officer"),
)
_YES = frozenset({"x", "co", "yes", "y", "1", "true", "dung", "v"})
_NO = frozenset({"", "khong", "no", "n", "0", "false", "k"})
_TICKS = frozenset("✓✔☑√")
_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_EMAIL = re.compile(r"^[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[a-z]{2,}$", re.IGNORECASE)


class _Reader:
    """Reads the rows below one header, and keeps account of what is wrong."""

    def __init__(self, path: Path, columns: dict[str, int], problems: Iterable[str]) -> None:
        self.path = path
        self.columns = columns
        self.problems = list(problems)
        self.notes: list[str] = []
        self.doubtful: list[PersonRow] = []

    def read(self, rows: Iterable[tuple[int, Cells]]) -> PeopleList:
        found = [row for line, cells in rows if any(cells) and (row := self._row(line, cells)) is not None]
        self._doubles(sorted([*found, *self.doubtful], key=lambda row: row.line))
        if not found and not self.problems:
            self.problems.append(
                f"{self.path.name}: dưới dòng tiêu đề không có ai. Hãy kiểm tra lại đúng trang tính chưa."
            )
        return PeopleList(self.path, tuple(found), tuple(self.problems), tuple(self.doubtful), tuple(self.notes))

    def _row(self, line: int, cells: Cells) -> PersonRow | None:
        if _is_header(cells):  # repeated after a page break
            return None
        name, unit, title = (self._cell(cells, column) for column in ("name", "unit", "role"))
        if not unit and not title and not (name and self._cell(cells, "phone")):
            text = next(cell for cell in cells if cell)  # a signature, a total, the name of a group
            self.notes.append(f"{self.path.name}, dòng {line}: bỏ qua, không có đơn vị và vai trò (“{name or text}”).")
            return None
        before = len(self.problems)
        for column, value in (("Họ tên", name), ("Đơn vị", unit), ("Vai trò", title)):
            if not value:
                self._wrong(line, f"thiếu “{column}”. Hãy ghi vào ô này.")
        role = self._role(line, title) if title else None
        standing = self._standing(line, cells)
        row = PersonRow(
            line=line,
            name=name,
            unit=unit,
            role=role or "",
            title=title,
            slug=self._slug(line, cells),
            phone=self._phone(line, cells),
            email=self._email(line, cells),
            standing=standing,
            in_charge_of=_names(self._cell(cells, "in_charge_of")) if "in_charge_of" in self.columns else None,
        )
        if len(name) > 200:
            self._wrong(line, "họ tên dài quá 200 chữ. Hãy kiểm tra lại ô này.")
        if standing and role == "viewer":
            self._wrong(line, "người chỉ xem không thể làm thường trực. Hãy bỏ một trong hai.")
        if len(self.problems) == before:
            return row
        self.doubtful.append(row)  # what else is wrong with it is to be told with this
        return None

    def _cell(self, cells: Cells, column: str) -> str:
        at = self.columns.get(column)
        text = cells[at] if at is not None and at < len(cells) else ""
        return text if column == "in_charge_of" else text.replace("\n", " ")

    def _wrong(self, line: int, what: str) -> None:
        self.problems.append(f"{self.path.name}, dòng {line}: {what}")

    def _role(self, line: int, title: str) -> str | None:
        role = role_of(title)
        if role is None:
            self._wrong(
                line,
                f"không rõ vai trò “{title}”. Hãy ghi một trong: chuyên viên, trưởng đơn vị, lãnh đạo, người xem.",
            )
        return role

    def _standing(self, line: int, cells: Cells) -> bool | None:
        if "standing" not in self.columns:
            return None
        text = self._cell(cells, "standing")
        if _plain(text) in _YES or _TICKS & set(text):
            return True
        if _plain(text) not in _NO:
            self._wrong(
                line, f"cột Thường trực ghi “{text}”. Hãy ghi x cho người thường trực, để trống cho người khác."
            )
        return False

    def _slug(self, line: int, cells: Cells) -> str | None:
        slug = self._cell(cells, "slug").lower()
        if slug and not (_SLUG.match(slug) and len(slug) <= 60):
            self._wrong(line, f"mã “{slug}” chỉ được gồm chữ không dấu, số và gạch nối, ví dụ kinh-te-cv. Hãy sửa lại.")
        return slug or None

    def _phone(self, line: int, cells: Cells) -> str | None:
        text = self._cell(cells, "phone")
        if not text:
            return None
        phone = phone_of(text)
        if phone is None:
            self._wrong(line, f"số điện thoại “{text}” không đúng. Hãy ghi một số, ví dụ 0912 345 678, hoặc để trống.")
        return phone

    def _email(self, line: int, cells: Cells) -> str | None:
        text = self._cell(cells, "email").lower()
        if text and not _EMAIL.match(text):
            self._wrong(
                line, f"địa chỉ email “{text}” không đúng. Hãy ghi một địa chỉ, ví dụ ten@xa.gov.vn, hoặc để trống."
            )
        return text or None

    def _doubles(self, rows: Sequence[PersonRow]) -> None:
        for column, what, key in (
            ("slug", "mã", lambda row: row.slug),
            ("email", "địa chỉ email", lambda row: row.email),
            ("name", "họ tên và đơn vị", _whom),
        ):
            first: dict[object, int] = {}
            for row in rows:
                value = key(row)
                if value is None:
                    continue
                if value in first:
                    mend = (
                        "Nếu là hai người, hãy ghi mã khác nhau ở cột Mã." if column == "name" else "Hãy sửa một dòng."
                    )
                    self._wrong(row.line, f"trùng {what} với dòng {first[value]}. {mend}")
                first.setdefault(value, row.line)


def _whom(row: PersonRow) -> tuple[str, str] | None:
    """By what a row without a slug is known."""
    return None if row.slug or not (row.name and row.unit) else (same_name(row.name), same_name(row.unit))


def role_of(title: str) -> str | None:
    """officer, head, leader or viewer, by the title as it is written; None when it says none of them."""
    plain = _plain(title)
    return next((role for role, pattern in _ROLES if re.match(pattern, plain)), None)


def phone_of(text: str) -> str | None:
    """A Vietnamese number as it is dialled: "0912345678". Excel drops the 0 in front; +84 stands for it."""
    if not re.fullmatch(r"[+(\d][\d .()-]*", text):
        return None
    digits = re.sub(r"\D", "", text)
    if text.startswith("+") or (digits.startswith("84") and len(digits) == 11):
        digits = "0" + digits.removeprefix("84")
    elif not digits.startswith("0"):
        digits = "0" + digits
    return digits if len(digits) in (10, 11) and digits[1] != "0" else None


def same_name(text: str) -> str:
    """Names are the same whatever their case, spaces and the place of their tones (hoà, hòa)."""
    return new_tones(tidy(text).casefold())


def _names(text: str) -> tuple[str, ...]:
    """Units named in one cell, apart by ";" or new lines; commas may stand inside a name, so the office decides."""
    return tuple(part for piece in re.split(r"[;\n]", text) if (part := piece.strip()))

"""Before a file is read: is it there, is it what its name says, and is it safe to unpack?

Files come from mail and from old disks. Each way they can be unreadable gets its own sentence, and nothing is
unpacked before its size is known, declared and real.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

from engine.errors import BadDocument

LARGEST_FILE = 200_000_000
LARGEST_TEXT = 20_000_000  # a plan of 1,000 pages has 3 MB
LARGEST_UNPACKED = 200_000_000
LARGEST_XML = 40_000_000  # one part; a document of 1,000 pages has some 25 MB
LARGEST_RATIO = 100  # unpacked to packed
HARMLESS = 5_000_000  # unpacked; below this no ratio is a bomb
MOST_PAGES = 1_000
CHUNK = 1 << 20

KINDS = {
    ".docx": "docx", ".pdf": "pdf", ".xlsx": "xlsx", ".csv": "csv", ".tsv": "csv",
    ".md": "text", ".markdown": "text", ".txt": "text", ".text": "text",
}  # fmt: skip
_NAMES = {"docx": "Word (.docx)", "pdf": "PDF", "xlsx": "Excel (.xlsx)", "text": "văn bản thuần (.txt)"}
_SAVE_AS = {".docx": {".doc", ".docm", ".dot", ".dotx", ".rtf", ".odt", ".wps", ".html", ".htm", ".mht", ".pages"},
            ".xlsx": {".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".et"}}  # fmt: skip
_PICTURES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".heic", ".bmp", ".gif", ".webp"}
_DOCTYPE = re.compile(b"<\x00?!\x00?(?:D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E|E\x00?N\x00?T\x00?I\x00?T\x00?Y)")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = (
    (b"{\\rtf", "rtf"), (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"), (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"), (b"GIF8", "picture"), (b"Rar!", "archive"), (b"7z\xbc\xaf", "archive"),
    (b"\x1f\x8b", "archive"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (_OLE, "ole"),
)  # fmt: skip


def kind_of(path: Path) -> str:
    """docx, pdf, xlsx, csv or text, once name and content agree.

    :raises BadDocument: where the file is not there, not readable, or not what its name says.
    """
    wanted = _kind_by_name(path)
    head, size = _look_at(path)
    if size == 0:
        raise BadDocument(f"{path.name}: tệp rỗng, không có chữ nào. Hãy kiểm tra lại đúng tệp chưa.")
    found = _kind_by_content(path, head)
    if found in ("text", wanted) and wanted in ("text", "csv"):
        found = wanted
    if found != wanted:
        raise BadDocument(f"{path.name}: {_mismatch(wanted, found)}")
    limit = LARGEST_TEXT if wanted in ("text", "csv") else LARGEST_FILE
    if size > limit:
        raise BadDocument(
            f"{path.name}: tệp quá lớn ({size / 1e6:.0f} MB, tối đa {limit / 1e6:.0f} MB). "
            "Hãy chỉ nhập phần kế hoạch và phụ lục nhiệm vụ."
        )
    return wanted


def check_package(path: Path, needs: str) -> None:
    """Walk through a .docx or .xlsx once, counting what really unpacks.

    :param needs: the part that makes it a document of its kind.
    :raises BadDocument: for a bomb, a broken or encrypted package, and XML that defines entities.
    """
    try:
        with zipfile.ZipFile(path) as package:
            _check_sizes(path, package)
            if needs not in package.namelist():
                raise BadDocument(f"{path.name}: tệp hỏng, thiếu phần chính. Hãy mở bằng Word hoặc Excel rồi lưu lại.")
            total = 0
            for part in package.infolist():
                with package.open(part) as stream:
                    total += _unpacked(path, part, stream, LARGEST_UNPACKED - total)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise BadDocument(
            f"{path.name}: tệp hỏng hoặc tải về chưa hết. Hãy mở bằng Word hoặc Excel rồi lưu lại, hoặc tải lại."
        ) from None


# ---- names and contents ----------------------------------------------------------------------------------------------


def _kind_by_name(path: Path) -> str:
    suffix = path.suffix.lower()
    for target, suffixes in _SAVE_AS.items():
        if suffix in suffixes and path.exists():
            program = "Word" if target == ".docx" else "Excel"
            raise BadDocument(
                f"{path.name}: không đọc được loại {suffix}. Hãy mở bằng {program} và lưu lại thành {target}."
            )
    if suffix in _PICTURES and path.exists():
        raise BadDocument(f"{path.name}: {_mismatch('', 'picture')}")
    if suffix not in KINDS and path.is_file():
        raise BadDocument(
            f"{path.name}: không biết đọc loại tệp “{suffix or 'không đuôi'}”. "
            "Hãy dùng .docx, .pdf, .xlsx, .csv, .md hoặc .txt."
        )
    return KINDS.get(suffix, "text")


def _look_at(path: Path) -> tuple[bytes, int]:
    try:
        if path.is_dir():
            raise BadDocument(f"{path}: đây là thư mục, không phải tệp. Hãy chỉ đúng một tệp kế hoạch.")
        if path.exists() and not path.is_file():
            raise BadDocument(f"{path}: đây không phải tệp thường. Hãy chỉ đúng một tệp kế hoạch.")
        with path.open("rb") as stream:
            return stream.read(4096), path.stat().st_size
    except FileNotFoundError:
        raise BadDocument(f"{path}: không có tệp này. Hãy kiểm tra lại đường dẫn.") from None
    except PermissionError:
        raise BadDocument(f"{path}: không có quyền đọc tệp. Hãy cấp quyền đọc hoặc chép tệp ra chỗ khác.") from None
    except (OSError, ValueError) as error:
        raise BadDocument(f"{path}: không đọc được tệp ({error}). Hãy chép tệp ra chỗ khác rồi thử lại.") from None


def _kind_by_content(path: Path, head: bytes) -> str:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return _ole_kind(path) if kind == "ole" else _zip_kind(path) if kind == "zip" else kind
    if b"%PDF-" in head[:1024]:
        return "pdf"
    start = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"mime-version:")):
        return "html"
    return "text" if _is_text(head) else "binary"


def _is_text(head: bytes) -> bool:
    """No control characters that a text has not; UTF-16 is full of zeros, but only every second byte."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or is_bare_utf16(head):
        return True
    odd = sum(byte < 32 and byte not in (9, 10, 11, 12, 13, 26, 27) for byte in head)
    return b"\x00" not in head and odd * 50 < len(head)


def is_bare_utf16(head: bytes) -> str | None:
    """UTF-16 without its mark: spaces and digits have a zero on one side, and no character is 0."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half < 4 or (even and odd) or max(even, odd) * 5 < half:
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _ole_kind(path: Path) -> str:
    """The old container of Office: a .doc, a .xls, or a new document behind a password."""
    content = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else b""
    for name, kind in (("EncryptedPackage", "locked"), ("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls")):
        if name.encode("utf-16-le") in content:
            return kind
    return "ole"


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "docx" if path.suffix.lower() == ".docx" else "xlsx" if path.suffix.lower() == ".xlsx" else "archive"
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    return "odf" if "content.xml" in names else "archive"


def _mismatch(wanted: str, found: str) -> str:
    """What to say of a file that is not what its name promises."""
    sentences = {
        "locked": "tệp có mật khẩu nên không đọc được. Hãy mở bằng mật khẩu, gỡ mật khẩu rồi lưu lại.",
        "doc": "đây là tệp Word đời cũ (.doc). Hãy mở bằng Word và lưu lại thành .docx.",
        "xls": "đây là tệp Excel đời cũ (.xls). Hãy mở bằng Excel và lưu lại thành .xlsx.",
        "ole": "đây là tệp Office đời cũ. Hãy mở bằng Word hoặc Excel và lưu lại thành .docx hoặc .xlsx.",
        "rtf": "bên trong là tệp RTF. Hãy mở bằng Word và lưu lại thành .docx.",
        "html": "bên trong là trang web (HTML). Hãy mở bằng Word và lưu lại thành .docx.",
        "odf": "bên trong là tệp OpenDocument. Hãy mở bằng LibreOffice và lưu lại thành .docx hoặc .xlsx.",
        "picture": "đây là ảnh, không có chữ để đọc. Hãy nhận dạng chữ (OCR) hoặc dùng bản Word.",
        "archive": "đây là tệp nén, hoặc tệp Office bị hỏng. Hãy giải nén hay lưu lại, rồi nhập tệp bên trong.",
        "binary": "bên trong không phải chữ. Hãy kiểm tra lại đúng tệp chưa, hoặc lưu lại từ Word.",
    }
    if found in sentences:
        return sentences[found]
    suffix = {"docx": ".docx", "pdf": ".pdf", "xlsx": ".xlsx", "text": ".txt"}[found]
    return (
        f"đuôi tệp không đúng: bên trong là {_NAMES[found]}, không phải {_NAMES.get(wanted, wanted)}. "
        f"Hãy đổi đuôi thành {suffix} rồi nhập lại."
    )


# ---- packages --------------------------------------------------------------------------------------------------------


def _check_sizes(path: Path, package: zipfile.ZipFile) -> None:
    """The sizes the package declares, before anything is unpacked."""
    parts = package.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise BadDocument(f"{path.name}: {_mismatch('', 'locked')}")
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    if (
        len(parts) > 20_000
        or unpacked > LARGEST_UNPACKED
        or (unpacked > HARMLESS and unpacked > packed * LARGEST_RATIO)
    ):
        raise BadDocument(_bomb(path))


def _unpacked(path: Path, part: zipfile.ZipInfo, stream: IO[bytes], left: int) -> int:
    """The real size of one part; XML is searched for entity definitions on the way."""
    is_xml = part.filename.lower().endswith((".xml", ".rels", ".vml"))
    limit = min(left, LARGEST_XML if is_xml else left)
    size, tail = 0, b""
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise BadDocument(_bomb(path))
        if is_xml and _DOCTYPE.search(tail + chunk):
            raise BadDocument(
                f"{path.name}: tệp có khai báo XML lạ (DOCTYPE), không phải do Word hay Excel lưu ra, nên không mở. "
                "Hãy xin lại bản gốc."
            )
        tail = chunk[-24:]
    return size


def _bomb(path: Path) -> str:
    return (
        f"{path.name}: tệp bung ra quá lớn so với một kế hoạch (có thể là bom nén), nên không mở. "
        "Hãy bỏ ảnh lớn, hoặc lưu lại từ Word hay Excel."
    )

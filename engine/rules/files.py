"""Which photos and files may be kept: by size, by name, and by their first bytes; never by what they call themselves.

Nothing that is kept is ever run, unpacked or shown inside a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.messages import Attachment, Kind

LARGEST = 20 * 1024 * 1024  # bytes; what Telegram lets a bot download (api#getfile)
ALLOWED = "ảnh, PDF, Word, Excel, PowerPoint"


#: What counts where an obligation demands evidence: its word → the kinds that show it.
SHOWS = {
    "document": frozenset({"document"}),
    "file": frozenset({"photo", "file"}),
    "any": frozenset({"document", "link", "photo", "file"}),
}


@dataclass(frozen=True, slots=True)
class FileType:
    """One type that is taken: its usual endings, and how its bytes begin."""

    mime: str
    endings: tuple[str, ...]
    begins: tuple[bytes, ...]
    at: int = 0  # where the sign stands


_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
TYPES = (
    FileType("image/jpeg", (".jpg", ".jpeg"), (b"\xff\xd8\xff",)),
    FileType("image/png", (".png",), (b"\x89PNG\r\n\x1a\n",)),
    FileType("image/webp", (".webp",), (b"WEBP",), at=8),
    FileType("image/heic", (".heic", ".heif"), (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"), at=4),
    FileType("application/pdf", (".pdf",), (b"%PDF-",)),
    FileType(_OPEN_XML + "wordprocessingml.document", (".docx",), (_ZIP,)),
    FileType(_OPEN_XML + "spreadsheetml.sheet", (".xlsx",), (_ZIP,)),
    FileType(_OPEN_XML + "presentationml.presentation", (".pptx",), (_ZIP,)),
    FileType("application/msword", (".doc",), (_OLE,)),
    FileType("application/vnd.ms-excel", (".xls",), (_OLE,)),
    FileType("application/vnd.ms-powerpoint", (".ppt",), (_OLE,)),
)
_BY_ENDING = {ending: kind for kind in TYPES for ending in kind.endings}
_PHOTOS = tuple(kind for kind in TYPES if kind.mime.startswith("image/"))


def refused(attachment: Attachment) -> str | None:
    """Why this may not be kept, before it is fetched; None when it may."""
    if attachment.size is not None and attachment.size > LARGEST:
        return f"lớn hơn {LARGEST // 1024 // 1024} MB"
    if attachment.kind is Kind.FILE and _ending(attachment.name) not in _BY_ENDING:
        return f"không phải loại tệp được nhận ({ALLOWED})"
    return None


def type_of(content: bytes, attachment_kind: str, name: str | None) -> FileType | None:
    """The type of fetched bytes: a photo is any picture, a file is what both its name and its bytes say."""
    if attachment_kind == Kind.PHOTO:
        return next((kind for kind in _PHOTOS if _begins(content, kind)), None)
    kind = _BY_ENDING.get(_ending(name))
    return kind if kind is not None and _begins(content, kind) else None


def _ending(name: str | None) -> str:
    return PurePosixPath(name or "").suffix.lower()


def _begins(content: bytes, kind: FileType) -> bool:
    return any(content[kind.at : kind.at + len(sign)] == sign for sign in kind.begins)

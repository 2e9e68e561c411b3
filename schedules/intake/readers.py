"""From a file, or a pasted text, to its paragraphs and tables: one door for every format."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import BadDocument
from schedules.intake.blocks import Block, Document, Paragraph
from schedules.intake.opening import LARGEST_TEXT, is_bare_utf16, kind_of
from schedules.intake.pdf import read_pdf
from schedules.intake.sheets import read_csv, read_workbook
from schedules.intake.tables import Piece, finish
from schedules.intake.text import mended, pieces_of_text
from schedules.intake.tidy import old_font
from schedules.intake.word import read_word

Progress = Callable[[float], None]
_NOT_UTF8 = "Tệp không ở mã UTF-8, đã đọc theo mã Windows-1258. Hãy kiểm tra lại dấu tiếng Việt."


def read_document(path: Path, progress: Progress | None = None) -> Document:
    """Read one file into blocks.

    :param progress: called with the share done, from 0 to 1.
    :raises BadDocument: with one sentence that says what to do.
    """
    kind = kind_of(path)
    if progress:
        progress(0.0)
    pieces, warnings = _read(path, kind, progress)
    document = _document(path.name, pieces, warnings)
    if progress:
        progress(1.0)
    return document


def read_text(text: str, name: str) -> Document:
    """Blocks of a text that somebody pasted.

    :raises BadDocument: when it is empty, too long or no text.
    """
    if len(text) > LARGEST_TEXT:
        raise BadDocument(f"{name}: văn bản dán vào quá dài. Hãy chỉ dán phần kế hoạch và phụ lục nhiệm vụ.")
    return _document(name, pieces_of_text(text), ())


def _read(path: Path, kind: str, progress: Progress | None) -> tuple[list[Piece], list[str]]:
    if kind == "docx":
        return read_word(path, progress)
    if kind == "pdf":
        return read_pdf(path, progress)
    if kind == "xlsx":
        return read_workbook(path, progress)
    text, warnings = _decoded(path)
    return (read_csv(text, path.name) if kind == "csv" else pieces_of_text(text, progress)), warnings


def _decoded(path: Path) -> tuple[str, list[str]]:
    """The text of a file in UTF-8, UTF-16 or, with a warning, Windows-1258."""
    content = path.read_bytes()
    bare = is_bare_utf16(content[:4096])
    if bare or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode(bare or "utf-16", errors="replace"), []
    try:
        text, warnings = content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        western = content.decode("cp1252", errors="replace")
        if old_font([western])[0]:
            return western, []  # TCVN3 or VNI; the sentence about them comes later
        text, warnings = content.decode("cp1258", errors="replace"), [_NOT_UTF8]
    if (
        text.count("\x00")
        or sum(unicodedata.category(c) == "Cc" and c not in "\t\n\r\f\v" for c in text[:100_000]) > 200
    ):
        raise BadDocument(
            f"{path.name}: bên trong không phải chữ. Hãy kiểm tra lại đúng tệp chưa, hoặc lưu lại từ Word."
        )
    return text, warnings


def _document(name: str, pieces: Sequence[Piece], warnings: Sequence[str]) -> Document:
    blocks = finish(mended(pieces))
    if not blocks:
        raise BadDocument(f"{name}: không có chữ nào để đọc. Hãy kiểm tra lại đúng tệp chưa.")
    return Document(name, blocks, (*warnings, *_font_warning(name, blocks)))


def _font_warning(name: str, blocks: Sequence[Block]) -> list[str]:
    """Refuse a text in an old font; warn where only some of it is."""
    font, mostly = old_font(_texts(blocks))
    if font is None:
        return []
    mend = f"phông chữ cũ {font}. Hãy chuyển mã sang Unicode (UniKey, Ctrl+Shift+F6) rồi nhập lại"
    if mostly:
        raise BadDocument(f"{name}: văn bản dùng {mend}.")
    return [f"Một phần văn bản dùng {mend}; các chữ đó đang đọc sai dấu."]


def _texts(blocks: Sequence[Block]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            found.append(block.text)
        else:
            found += block.header
            found += (cell for row in block.rows for cell in row.cells)
    return found

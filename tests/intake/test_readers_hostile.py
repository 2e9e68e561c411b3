"""Files that cannot be read: each gets one clear sentence that says what to do, quickly and in little memory."""

from __future__ import annotations

import os
import re
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BadDocument
from schedules.intake import opening
from schedules.intake.readers import read_document, read_text
from tests.intake.documents import FONT, build, register_font, sample

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 1000


def refusal(path: Path) -> str:
    """The sentence of the refusal, checked for what every sentence must be."""
    started = time.process_time()
    with pytest.raises(BadDocument) as caught:
        read_document(path)
    assert time.process_time() - started < 5
    sentence = str(caught.value)
    assert path.name in sentence
    assert "\n" not in sentence
    assert re.search(r"Hãy [^.]+.*\.$", sentence), sentence
    return sentence


def scanned(path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

    canvas = Canvas(str(path))
    canvas.rect(50, 50, 400, 600, fill=1)
    canvas.save()


def locked_pdf(path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption  # type: ignore[import-untyped]
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), encrypt=StandardEncryption("secret", strength=128))
    canvas.drawString(100, 700, "Ke hoach")
    canvas.save()


def endless_pdf(path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    for _page in range(1001):
        canvas.showPage()
    canvas.save()


def cut_pdf(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog")


def package(path: Path, parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)


def bomb(path: Path) -> None:
    package(path, {"word/document.xml": b"<a/>", "word/media/a.bin": b"\x00" * 30_000_000})


def lying_bomb(path: Path) -> None:
    """A part that says it has 10 bytes and has many more."""
    package(path, {"word/document.xml": b"<a>" + b" " * 400_000 + b"</a>"})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(mark) + offset
        content[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(content))


def entities(path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    part = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]><d>&l9;</d>'
    package(path, {"word/document.xml": part.encode()})


def broken_xml(path: Path) -> None:
    good = path.with_name("good.docx")
    build(sample().blocks, good)
    with zipfile.ZipFile(good) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts["word/document.xml"] = parts["word/document.xml"][:500]
    package(path, parts)


def broken_sheet(path: Path) -> None:
    good = path.with_name("good.xlsx")
    build(sample().blocks, good)
    with zipfile.ZipFile(good) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts["xl/worksheets/sheet1.xml"] = b"<worksheet><row"
    package(path, parts)


def cut_zip(path: Path) -> None:
    build(sample().blocks, path)
    path.write_bytes(path.read_bytes()[:-400])


def damaged_zip(path: Path) -> None:
    build(sample().blocks, path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 3
    content[middle : middle + 200] = b"\x55" * 200
    path.write_bytes(bytes(content))


def pdf_named_docx(path: Path) -> None:
    register_font()
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    canvas.setFont(FONT, 12)
    canvas.drawString(100, 700, "Kế hoạch")
    canvas.save()


def of(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


TCVN3 = "KÕ ho¹ch c¶i c¸ch hµnh chÝnh n¨m 2026 cña x· An B×nh, b¸o c¸o tr­íc ngµy 15/3; ®¬n vÞ chñ tr×: V¨n phßng."
VNI = "Keá hoaïch caûi caùch haønh chính naêm 2026 cuûa xaõ An Bình, baùo caùo tröôùc ngaøy 15/3; ñôn vò chuû trì."

HOSTILE: list[tuple[str, Callable[[Path], None], str]] = [
    ("quet.pdf", scanned, "OCR"),
    ("khoa.pdf", locked_pdf, "mật khẩu"),
    ("dai.pdf", endless_pdf, "1001 trang"),
    ("cut.pdf", cut_pdf, "PDF hỏng"),
    ("khoa.docx", of(OLE + "EncryptedPackage".encode("utf-16-le")), "mật khẩu"),
    ("khoa.xlsx", of(OLE + "EncryptedPackage".encode("utf-16-le")), "mật khẩu"),
    ("cu.docx", of(OLE + "WordDocument".encode("utf-16-le")), "lưu lại thành .docx"),
    ("cu.doc", of(OLE + "WordDocument".encode("utf-16-le")), "lưu lại thành .docx"),
    ("cu.xls", of(OLE + "Workbook".encode("utf-16-le")), "lưu lại thành .xlsx"),
    ("cu.xlsx", of(OLE + "Workbook".encode("utf-16-le")), "lưu lại thành .xlsx"),
    ("rong.docx", of(b""), "tệp rỗng"),
    ("trang.txt", of(b"  \n\n \t"), "không có chữ nào"),
    ("nham.docx", pdf_named_docx, "bên trong là PDF"),
    ("nham.txt", pdf_named_docx, "đổi đuôi thành .pdf"),
    ("nham.pdf", bomb, "bên trong là Word"),
    ("chu.docx", of("Kế hoạch".encode()), "đổi đuôi thành .txt"),
    ("rtf.docx", of(b"{\\rtf1 abc}"), "RTF"),
    ("web.docx", of(b"<html><body>a</body></html>"), "HTML"),
    ("anh.png", of(b"\x89PNG\r\n"), "OCR"),
    ("anh.pdf", of(b"\xff\xd8\xff\xe0 JFIF"), "OCR"),
    ("la.xyz", of(b"abc"), "không biết đọc loại tệp"),
    ("khongduoi", of(b"abc"), "không biết đọc loại tệp"),
    ("bom.docx", bomb, "bom nén"),
    ("noidoi.docx", lying_bomb, "hỏng"),
    ("thucthe.docx", entities, "DOCTYPE"),
    ("vo.docx", broken_xml, "hỏng"),
    ("vo.xlsx", broken_sheet, "hỏng"),
    ("cat.docx", cut_zip, "hỏng"),
    ("loi.docx", damaged_zip, "hỏng"),
    ("nen.docx", lambda path: package(path, {"a.txt": b"abc"}), "tệp nén"),
    ("rac.txt", of(bytes(range(256)) * 40), "không phải chữ"),
    ("rac.csv", of(b"\x00\x01\x02\x03abc" * 500), "không phải chữ"),
    ("nhay.csv", of(b'a,b\n"' + b"x" * 200_000 + b"\n"), "CSV"),
    ("tcvn3.txt", of(TCVN3.encode()), "TCVN3"),
    ("tcvn3-cu.txt", of(TCVN3.encode("cp1252")), "TCVN3"),
    ("vni.txt", of(VNI.encode()), "VNI"),
]


@pytest.mark.parametrize(("name", "write", "says"), HOSTILE, ids=[name for name, _write, _says in HOSTILE])
def test_hostile_file_gets_a_sentence(
    name: str, write: Callable[[Path], None], says: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    path = tmp_path / name
    write(path)
    sentence = refusal(path)
    record_property("sentence", sentence)
    assert says in sentence


def test_missing_file_and_directory(tmp_path: Path) -> None:
    assert "không có tệp này" in refusal(tmp_path / "khong.docx")
    assert "không có tệp này" in refusal(tmp_path / "khong.xyz")
    (tmp_path / "thumuc.docx").mkdir()
    assert "thư mục" in refusal(tmp_path / "thumuc.docx")
    assert "thư mục" in refusal(tmp_path)


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ong.txt")
    assert "không phải tệp thường" in refusal(tmp_path / "ong.txt")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kin.txt"
    path.write_text("abc", encoding="utf-8")
    path.chmod(stat.S_IWUSR)
    if os.access(path, os.R_OK):  # root reads everything

        def refuse(self: Path, *args: object, **options: object) -> object:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    assert "quyền đọc" in refusal(path)


def test_huge_text_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "to.txt"
    with path.open("wb") as stream:
        stream.write(b"Bao cao hang thang. " * 1000)
        stream.truncate(60_000_000)
    assert "quá lớn (60 MB" in refusal(path)


def test_pasted_text_has_limits() -> None:
    with pytest.raises(BadDocument, match="dán"):
        read_text("x" * (opening.LARGEST_TEXT + 1), "văn bản dán")
    with pytest.raises(BadDocument, match="không có chữ"):
        read_text(" \n", "văn bản dán")


def test_some_old_letters_are_a_warning() -> None:
    modern = "Ủy ban nhân dân xã báo cáo kết quả cải cách hành chính hằng năm. " * 8
    document = read_text(f"{modern}\n{TCVN3}", "x")
    assert "TCVN3" in document.warnings[0]
    assert not read_text(modern, "x").warnings


def test_words_printed_over_one_another_are_read(tmp_path: Path) -> None:
    """Two texts side by side, and a third over both: no place to part the line."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"))
    for x, text in [(60, "M" * 40), (62, "UBND"), (430, "CONG HOA")]:
        canvas.drawString(x, 700, text)
    canvas.save()
    assert read_document(tmp_path / "a.pdf").blocks


def test_good_package_with_a_picture_is_no_bomb(tmp_path: Path) -> None:
    import random

    path = build(sample().blocks, tmp_path / "a.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package_:
        package_.writestr("word/media/image1.bmp", random.Random(1).randbytes(3_000_000) + b"\x00" * 3_000_000)
    assert read_document(path).blocks

"""*Báo cáo*: the period, the two files, what people typed inside them, and the office's own template."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import update

from data.database import open_database
from engine import load
from engine.cli import app as command_line
from engine.clock import SystemClock
from engine.errors import NhacViecError
from engine.office import PERSON, UNIT
from engine.plan import plan
from engine.screens.report import NOBODY
from engine.screens.report_word import shipped_template
from engine.settings import Settings
from tests.web.desk import Desk
from tests.world import CHAIR, HEAD, OFFICE_ID, OFFICER, STANDING, ZONE, World, office_file, one_task
from web.console.app import build_console

MARCH = "from=2026-03-01&to=2026-03-31"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    tasks = [
        one_task("2026-03-11", "a", "Việc A"),
        one_task("2026-03-12", "b", "Việc B"),
        one_task("2026-03-27", "c", "Việc C"),
    ]
    world = World(tmp_path, "2026-03-09 07:00", tasks)
    world.ignore_rest()
    world.run_until("2026-03-10 09:00")
    world.say(OFFICER, "xong", about=world.occurrence("Việc A").id)
    world.run_until("2026-03-17 09:00")
    yield Desk(world)
    world.close()


def test_the_month_on_the_page(desk: Desk) -> None:
    page = desk.sign_in(STANDING).get("/bao-cao").text
    assert "<h1>Báo cáo từ 01/03/2026 đến 31/03/2026</h1>" in page
    foot = re.findall(r'<td class="number">(\d+)</td>', page.split("<tfoot>")[1].split("</tfoot>")[0])
    assert foot == ["3", "1", "0", "0", "1", "1"]
    assert "Nghị định 335/2025/NĐ-CP" in page


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        ("from=2026-03-31&to=2026-03-01", "sớm hơn ngày bắt đầu"),
        ("from=2020-01-01&to=2026-03-01", "quá hai năm"),
        ("from=2026-04-01&to=2026-04-30", "chưa bắt đầu"),
        ("from=hom-nay&to=2026-03-31", "Ngày chọn chưa đúng"),
        ("from=9999-12-31&to=9999-12-31", "chưa bắt đầu"),
    ],
)
def test_a_period_that_makes_no_sense(desk: Desk, period: str, sentence: str) -> None:
    viewer = desk.sign_in(STANDING)
    assert sentence in viewer.get(f"/bao-cao?{period}", status=422).text
    for ending in ("docx", "xlsx"):
        assert sentence in viewer.get(f"/bao-cao.{ending}?{period}", status=422).text


def test_a_head_and_an_officer_may_not_have_it(desk: Desk) -> None:
    for slug in (HEAD, OFFICER):
        viewer = desk.sign_in(slug)
        for path in ("/bao-cao", "/bao-cao.docx", "/bao-cao.xlsx"):
            viewer.get(path, status=403)


@pytest.mark.parametrize("begins", ["=1+1", "+84", "-2", "@SUM(A1)", "\t=1+1", '=HYPERLINK("http://xau.example")'])
def test_no_cell_is_a_formula(desk: Desk, begins: str) -> None:
    name = f"{begins} Phòng\x0b lạ"
    with desk.world.engine.begin() as connection:
        connection.execute(update(UNIT).where(UNIT.c.slug == "kinh-te").values(name=name))
        connection.execute(update(PERSON).where(PERSON.c.slug == OFFICER).values(name=name))
    file = desk.sign_in(CHAIR).get(f"/bao-cao.xlsx?{MARCH}").content
    for data_only in (False, True):
        book = load_workbook(io.BytesIO(file), data_only=data_only)
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type in ("s", "n", "d"), cell.coordinate
        cell = book["Theo đơn vị"]["A6"]
        assert cell.value == name.replace("\x0b", "")
        assert cell.quotePrefix
    sheets = [name for name in zipfile.ZipFile(io.BytesIO(file)).namelist() if "worksheets/sheet" in name]
    assert all(b"<f>" not in zipfile.ZipFile(io.BytesIO(file)).read(sheet) for sheet in sheets)


def test_the_workbook_says_how_it_counts(desk: Desk) -> None:
    book = load_workbook(io.BytesIO(desk.sign_in(CHAIR).get(f"/bao-cao.xlsx?{MARCH}").content))
    assert book.sheetnames == ["Theo đơn vị", "Theo cá nhân, tháng", "Quá hạn chưa xong", "Cách tính"]
    said = [str(cell.value) for row in book["Theo cá nhân, tháng"].iter_rows() for cell in row if cell.value]
    assert any("mỗi lần chậm trừ 25%" in text for text in said)
    assert "Số liệu tính đến 09:00 ngày 17/03/2026" in said


def test_what_nobody_has_been_given_has_a_line_of_its_own(desk: Desk) -> None:
    from engine.office import OCCURRENCE

    with desk.world.engine.begin() as connection:
        connection.execute(update(OCCURRENCE).where(OCCURRENCE.c.title == "Việc C").values(doer_id=None))
    assert NOBODY in desk.sign_in(CHAIR).get(f"/bao-cao?{MARCH}").text


# ---- the office's own template --------------------------------------------------------------------------------------


def with_template(desk: Desk, file: Path) -> Desk:
    settings = Settings(database=desk.world.database.url, report_template=file)
    desk.console = replace(desk.console, settings=settings)
    desk.app = build_console(desk.console)
    return desk


def edited(folder: Path, *paragraphs: str) -> Path:
    """The shipped template with paragraphs of the office's own at its end."""
    document = Document(io.BytesIO(shipped_template()))
    for words in paragraphs:
        document.add_paragraph(words)
    file = folder / "mau.docx"
    document.save(str(file))
    return file


def test_the_offices_own_words_are_filled_in(desk: Desk, tmp_path: Path) -> None:
    file = edited(tmp_path, "Nơi nhận: Sở Nội vụ. Quá hạn: {{ tong.qua_han }} việc.")
    made = with_template(desk, file).sign_in(CHAIR).get(f"/bao-cao.docx?{MARCH}").content
    assert "Nơi nhận: Sở Nội vụ. Quá hạn: 1 việc." in [p.text for p in Document(io.BytesIO(made)).paragraphs]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("{{ khong_co }}", "có chỗ viết chưa đúng"),
        ("{{ tong.qua_han", "có chỗ viết chưa đúng"),
        ("{% for x in don_vi %}", "có chỗ viết chưa đúng"),
        ("{{ co_quan.__class__.__mro__ }}", "có chỗ viết chưa đúng"),
        ("{{ ''.__class__.__base__.__subclasses__() }}", "có chỗ viết chưa đúng"),
    ],
)
def test_a_template_that_asks_for_what_it_may_not_have(desk: Desk, tmp_path: Path, words: str, sentence: str) -> None:
    viewer = with_template(desk, edited(tmp_path, words)).sign_in(CHAIR)
    assert sentence in viewer.get(f"/bao-cao.docx?{MARCH}", status=422).text


@pytest.mark.parametrize("content", [b"", b"khong phai docx", b"PK\x03\x04" + b"\0" * 40, None])
def test_a_template_that_is_no_document(desk: Desk, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "mau.docx"
    if content is not None:
        file.write_bytes(content)
    page = with_template(desk, file).sign_in(CHAIR).get(f"/bao-cao.docx?{MARCH}", status=422).text
    assert ("không phải tệp Word" in page) or ("Không đọc được mẫu báo cáo" in page)


def test_names_with_marks_of_xml_and_of_templates_are_words(desk: Desk) -> None:
    name = "<w:p>{{ tong }}</w:p> & {% raw %}"
    with desk.world.engine.begin() as connection:
        connection.execute(update(UNIT).where(UNIT.c.slug == "kinh-te").values(name=name))
    made = Document(io.BytesIO(desk.sign_in(CHAIR).get(f"/bao-cao.docx?{MARCH}").content))
    assert [row.cells[0].text for row in made.tables[0].rows] == ["Đơn vị", name]


# ---- the command ----------------------------------------------------------------------------------------------------


TODAY = SystemClock().now().astimezone(ZONE).date()  # commands live in real time
IN_TWO_WEEKS = TODAY + dt.timedelta(days=14)
Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    engine = open_database(url)
    with engine.begin() as connection:
        load.apply(connection, office_file([one_task(IN_TWO_WEEKS.isoformat())]), SystemClock().now())
        plan(connection, SystemClock().now())
    engine.dispose()
    monkeypatch.setenv("NHACVIEC_DATABASE", url)
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> str:
        try:
            command_line(["report", *words], standalone_mode=False)
        except NhacViecError as error:
            return str(error)
        return capsys.readouterr().out

    return command


def test_the_command_writes_both_files(run: Run, tmp_path: Path) -> None:
    period = ("--from", TODAY.isoformat(), "--to", (IN_TWO_WEEKS + dt.timedelta(days=7)).isoformat())
    for name in ("a.docx", "a.xlsx"):
        assert run(*period, "--office", OFFICE_ID, "--out", name).endswith("quá hạn chưa xong, 1 chưa tới hạn.\n")
    assert Document(str(tmp_path / "a.docx")).tables
    assert load_workbook(tmp_path / "a.xlsx").sheetnames[0] == "Theo đơn vị"
    assert "phải có đuôi" in run(*period, "--out", "a.pdf")
    assert "viết đủ" in run("--out", "a.docx")
    assert "Không ghi được" in run(*period, "--out", "khong/co/a.xlsx")
    assert "Không có cơ quan nào" in run(*period, "--office", "xa-khac", "--out", "a.xlsx")


def test_the_command_hands_out_the_template_once(run: Run, tmp_path: Path) -> None:
    assert "Đã ghi mẫu" in run("--template", "mau.docx")
    assert (tmp_path / "mau.docx").read_bytes() == shipped_template()
    assert "để không ghi đè" in run("--template", "mau.docx")

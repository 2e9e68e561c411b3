"""One set of numbers, wherever it is read: three weeks counted by hand, one of them across New Year.

What happened (all of Phòng Kinh tế but E, which is the one-stop centre's; 1/1 and 2/1/2026 are days off):

    work  due    what became of it
    A     24/12  reported 24/12
    B     26/12  reported 30/12
    C     31/12  reported 31/12
    D     30/12  on 29/12 asked for and was granted 6/1, reported 5/1
    E     29/12  reported 7/1
    F     7/1    reported 7/1
    G     8/1    never
    H     15/1   never

What each week therefore is, as of the Monday morning after it:

    week             in time  late (accepted)  overdue        coming in the next week
    52  22/12–28/12  A        –                B (3 days)     C, D, E
    1   29/12–4/1    C        B                E (7 days)     D (6/1), F, G
    2   5/1–11/1     F        D*, E (*: 1)     G (4 days)     H
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook

from bots.picture import svg
from bots.wording import plain
from data.database import reading
from engine.messages import DigestMessage
from engine.rules.digest_numbers import monday_of
from engine.screens.digest_page import List, message_of
from tests.web.desk import Desk, Viewer
from tests.world import CHAIR, DESK_OFFICER, OFFICER, STANDING, World, one_task

#            week: on time, late, accepted, overdue, coming, the oldest overdue in days
BY_HAND = {
    "2025-W52": (1, 0, 0, 1, 3, 3),
    "2026-W01": (1, 1, 0, 1, 3, 7),
    "2026-W02": (1, 2, 1, 1, 1, 4),
}
#            week, unit: on time, late, overdue
UNITS_BY_HAND = {
    ("2025-W52", "Phòng Kinh tế"): (1, 0, 1),
    ("2026-W01", "Phòng Kinh tế"): (1, 1, 0),
    ("2026-W01", "Trung tâm Phục vụ hành chính công"): (0, 0, 1),
    ("2026-W02", "Phòng Kinh tế"): (1, 1, 1),
    ("2026-W02", "Trung tâm Phục vụ hành chính công"): (0, 1, 0),
}
WEEKS = pytest.mark.parametrize("week", BY_HAND)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("weeks")
    dues = {"A": "12-24", "B": "12-26", "C": "12-31", "D": "12-30", "F": "01-07", "G": "01-08", "H": "01-15"}
    tasks = [
        one_task(f"{2025 if due.startswith('12') else 2026}-{due}", letter.lower(), f"Việc {letter}")
        for letter, due in dues.items()
    ]
    tasks.append(one_task("2025-12-29", "e", "Việc E", lead="ttpvhcc"))
    world = World(folder, "2025-12-22 07:00", tasks, digests=True)
    world.ignore_rest()

    def done(moment: str, person: str, letter: str) -> None:
        world.run_until(moment)
        world.say(person, "xong", about=world.occurrence(f"Việc {letter}").id)

    done("2025-12-24 16:00", OFFICER, "A")
    world.run_until("2025-12-29 09:00")
    world.say(OFFICER, "gia hạn đến 6/1 vì chờ số liệu", about=world.occurrence("Việc D").id)
    world.say(STANDING, "đồng ý", about=world.occurrence("Việc D").id)
    done("2025-12-30 09:00", OFFICER, "B")
    done("2025-12-31 09:00", OFFICER, "C")
    done("2026-01-05 09:00", OFFICER, "D")
    done("2026-01-07 09:00", OFFICER, "F")
    done("2026-01-07 09:05", DESK_OFFICER, "E")
    world.run_until("2026-01-14 09:00")
    assert [row.status for row in world.rows(_extensions())] == ["granted"]
    yield Desk(world)
    world.close()


def _extensions() -> object:
    from sqlalchemy import select

    from engine.office import EXTENSION

    return select(EXTENSION.c.status)


@pytest.fixture(scope="module")
def viewer(desk: Desk) -> Viewer:
    return desk.sign_in(CHAIR)


def sent(desk: Desk, week: str) -> DigestMessage:
    [first, *_] = [
        one.message
        for one in desk.world.simulator.sent
        if isinstance(one.message, DigestMessage) and one.message.week == week
    ]
    return first


@WEEKS
def test_the_digest_that_was_sent(desk: Desk, week: str) -> None:
    on_time, late, accepted, overdue, coming, days = BY_HAND[week]
    words = plain(sent(desk, week))
    assert f"Đang quá hạn: {overdue}\n" in words
    assert f": quá {days} ngày\n" in words
    assert f"Xong muộn: {late}" in words
    assert (f"(trong đó {accepted} việc đã được gia hạn)" in words) is (accepted > 0)
    assert f"Xong đúng hạn: {on_time}\n" in words
    assert f": {coming} việc\n" in words


@WEEKS
def test_its_picture(desk: Desk, week: str) -> None:
    on_time, late, accepted, overdue, coming, days = BY_HAND[week]
    picture = svg(sent(desk, week))
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    large = re.findall(r'<text[^>]*font-size="104"[^>]*>([^<]*)</text>', picture)
    assert large == [str(overdue), str(late), str(on_time)]
    assert (f"{accepted} đã được gia hạn" in texts) is (accepted > 0)
    assert f"Đang quá hạn: {overdue} việc" in texts
    assert f"quá {days} ngày" in texts
    assert any(text.endswith(f": {coming} việc") and text.startswith("Cần xong") for text in texts)
    for (of_week, unit), (in_time, too_late, owed) in UNITS_BY_HAND.items():
        if of_week == week:
            said = [f"{n} {w}" for n, w in ((in_time, "đúng hạn"), (too_late, "muộn"), (owed, "quá hạn")) if n]
            assert texts[texts.index(unit) + 2] == ", ".join(said)
            assert texts[texts.index(unit) + 1] == f"{round(100 * in_time / (in_time + too_late + owed))}%"


def test_the_picture_compares_with_what_was_said_before(desk: Desk) -> None:
    """Week 51 was told when the office was loaded: nothing yet. Weeks 50 and 49 had no digest."""
    last = sent(desk, "2026-W02")
    assert [(w.week, w.on_time, w.late, w.overdue) for w in last.before] == [
        ("2025-W51", 0, 0, 0),
        ("2025-W52", 1, 0, 1),
        ("2026-W01", 1, 1, 1),
    ]
    rows = re.findall(r'<text[^>]*font-size="3[68]"[^>]*text-anchor="middle"[^>]*>([^<]*)</text>', svg(last))
    assert rows == [*("–", "0", "1", "1", "1"), *("–", "0", "0", "1", "2"), *("–", "0", "1", "1", "1")]
    names = re.findall(r">(Tuần \d+)<", svg(last))
    assert names == ["Tuần 50", "Tuần 51", "Tuần 52", "Tuần 1", "Tuần 2"]


@WEEKS
def test_the_page_and_the_lists_behind_its_numbers(desk: Desk, viewer: Viewer, week: str) -> None:
    on_time, late, accepted, overdue, coming, _ = BY_HAND[week]
    page = viewer.get(f"/ban-tin/{week}").text
    shown = dict(re.findall(rf'<a href="/ban-tin/{week}/([a-z-]+)"><b>(\d+)</b>', page))
    assert shown == {
        List.OVERDUE: str(overdue),
        List.LATE: str(late),
        List.LATE_ACCEPTED: str(accepted),
        List.ON_TIME: str(on_time),
        List.COMING: str(coming),
        List.GRANTED: "1" if week == "2026-W01" else "0",
        List.WAITING: "0",
    }
    assert "vài số khác" not in page
    links = [(f"/ban-tin/{week}/{which}", int(count)) for which, count in shown.items()]
    links += [
        (link.replace("&amp;", "&"), int(count))
        for link, count in re.findall(rf'<a href="(/ban-tin/{week}/[^"]*don-vi=[^"]*)"[^>]*>(\d+)</a>', page)
    ]
    assert len(links) == 7 + 3 * sum(of_week == week for of_week, _ in UNITS_BY_HAND)
    for link, count in links:
        assert viewer.get(link).text.count('<li class="work') == count, link


@WEEKS
def test_the_page_is_what_was_sent(desk: Desk, week: str) -> None:
    said = sent(desk, week)
    with reading(desk.world.engine) as connection:
        office = desk.world.office(connection)
        again = message_of(connection, office, monday_of(week), desk.world.clock.now(), said.person)
    assert again == said
    assert again.before == said.before


@WEEKS
def test_the_document_and_the_workbook(viewer: Viewer, week: str) -> None:
    on_time, late, accepted, overdue, _, days = BY_HAND[week]
    monday = monday_of(week)
    period = f"from={monday}&to={monday + dt.timedelta(days=6)}"
    document = Document(io.BytesIO(viewer.get(f"/bao-cao.docx?{period}").content))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert f"{on_time} việc xong đúng hạn; {late} việc xong muộn (trong đó {accepted} việc có lý do" in words
    assert f"{overdue} việc quá hạn chưa xong" in words
    by_unit = {row.cells[0].text: [cell.text for cell in row.cells[1:]] for row in document.tables[0].rows[1:]}
    assert document.tables[1].rows[1].cells[4].text == str(days)

    book = load_workbook(io.BytesIO(viewer.get(f"/bao-cao.xlsx?{period}").content))
    rows = {row[0]: row[1:] for row in book["Theo đơn vị"].iter_rows(min_row=6, values_only=True)}
    total = rows.pop("Tổng cộng")
    assert total[1:5] == (on_time, late, accepted, overdue)
    assert total[0] == on_time + late + overdue + int(str(total[5]))
    assert {unit: [str(number) for number in numbers] for unit, numbers in rows.items()} == by_unit
    for (of_week, unit), (in_time, too_late, owed) in UNITS_BY_HAND.items():
        if of_week == week:
            assert (rows[unit][1], rows[unit][2], rows[unit][4]) == (in_time, too_late, owed)
    people = list(book["Theo cá nhân, tháng"].iter_rows(min_row=6, values_only=True))
    counts = [row for row in people if isinstance(row[3], int)]
    assert [sum(int(str(row[3 + k])) for row in counts) for k in range(6)] == list(total)

    page = viewer.get(f"/bao-cao?{period}").text
    foot = re.findall(r'<td class="number">(\d+)</td>', page.split("<tfoot>")[1].split("</tfoot>")[0])
    assert [int(number) for number in foot] == list(total)


def test_a_month_by_person_with_accepted_and_other_delays(viewer: Viewer) -> None:
    """1/12–31/1, as of 14/1. The officer: A, B (late), C in December; D (accepted), F, G (overdue), H in January.

    December: three, of which one was late: (100 + 75 + 100) / 3. January: D, F, G are judged: (100 + 100 + 75) / 3.
    """
    file = viewer.get("/bao-cao.xlsx?from=2025-12-01&to=2026-01-31").content
    rows = list(load_workbook(io.BytesIO(file))["Theo cá nhân, tháng"].iter_rows(min_row=6, values_only=True))
    #       assigned, on time, late, accepted, overdue, in time, delays, progress
    assert {(row[0], row[2]): row[3:] for row in rows if isinstance(row[3], int)} == {
        ("Chuyên viên Phòng Kinh tế", "12/2025"): (3, 2, 1, 0, 0, 0, 1, 91.7),
        ("Chuyên viên Phòng Kinh tế", "01/2026"): (4, 1, 1, 1, 1, 1, 1, 91.7),
        ("Chuyên viên Trung tâm Phục vụ hành chính công", "01/2026"): (1, 0, 1, 0, 0, 0, 1, 75),
    }

"""The console's pages at one commune's two years of data, and at a province's, beside a page that reads nothing.

Every address that can be looked at, those with variable parts too; a page without an address here is an error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, delete, func, select, update
from starlette.testclient import TestClient

from data import journal
from data.database import connect
from data.journal import JOURNAL
from engine.actions import Actor
from engine.clock import CIVIL, SystemClock
from engine.office import OBLIGATION, OCCURRENCE, PERSON, view_office
from engine.remind import remind
from engine.screens import intake
from engine.settings import Settings
from engine.signin import new_link
from schedules.intake.readers import read_text
from schedules.intake.understand import understand
from schedules.office_model import Kind
from tests.bench.figures import Figure, Samples, timed, within
from tests.bench.process import with_years
from tests.bench.sizes import Size
from tests.bench.stores import Bench
from tests.intake.documents import SAMPLE
from web.console.app import PAGES, build_console, secret_of
from web.console.frame import Console

EMPTY = "/dang-nhap"  # signs nobody in and reads nothing
COMMUNE_AT_MOST, PROVINCE_AT_MOST = 0.1, 0.3  # seconds
OURS = "xa-0"  # the commune that looks; those that stand for a province's history come beside it
OVERDUE = 60  # pieces of work on its bad morning
IN_DRAFT = 150  # duties of the plan that lies in the draft
JOURNAL_LINES = 6_000  # of two years, with hashes that hold


def pages(size: Size, bench: Bench) -> Iterator[Figure]:
    """Every page that can be looked at, as the head of the standing office; server time, without a browser."""
    for communes, rows, most in (
        (1, size.page_rows, COMMUNE_AT_MOST),
        (size.province_communes, size.province_rows, PROVINCE_AT_MOST),
    ):
        bench.say(f"{communes} communes with their years")
        url = with_years(bench, communes, rows)
        yield from _visited(url, bench, f"{communes} communes" if communes > 1 else "one commune", most, size.visits)
        bench.sqlite.drop(url)


@dataclass(frozen=True)
class _Things:
    """Numbers that stand in addresses."""

    work: int
    head: int
    draft: int
    duties: dict[str, int]  # one of each kind
    period: tuple[int, int, dt.date]  # one to come: its duty, itself, a day before its date
    week: str


def addresses(of: _Things) -> dict[str, tuple[str, ...]]:
    """Every page's addresses, by its path."""
    duty, period, day = of.period
    recurring = {kind: number for kind, number in of.duties.items() if kind in (Kind.MONTHLY, Kind.QUARTERLY)}
    one = next(iter(recurring.values()), duty)
    return {
        "/viec/{id:int}": (f"/viec/{of.work}",),
        "/viec/{id:int}/tep/{number:int}": (),  # streams a file that lies on the disk
        "/lich": ("/lich", "/lich?xem=quy", "/lich?xem=nam"),
        "/nhiem-vu/{id:int}": (f"/nhiem-vu/{one}",),
        "/nhiem-vu/{id:int}/xem-truoc": tuple(
            f"/nhiem-vu/{number}/xem-truoc?thang={ladder}"
            for kind, number in of.duties.items()
            for ladder in ("nhe", "bao-cao")[: 2 if kind == Kind.MONTHLY else 1]
        ),
        "/nhiem-vu/{id:int}/ky/{number:int}": (
            f"/nhiem-vu/{duty}/ky/{period}",
            f"/nhiem-vu/{duty}/ky/{period}?han={day}&nguoi=&ly-do=h%E1%BB%8Dp",
        ),
        "/con-nguoi/{id:int}": (f"/con-nguoi/{of.head}",),
        "/nhap/{id:int}": (f"/nhap/{of.draft}", f"/nhap/{of.draft}?muc=tat-ca"),
        "/nhap/{id:int}/tinh-trang": (f"/nhap/{of.draft}/tinh-trang",),
        "/nhap/{id:int}/doc": (f"/nhap/{of.draft}/doc?words=ng%C3%A0y+25",),
        "/nhap/{id:int}/muc/{number:int}": (f"/nhap/{of.draft}/muc/3",),
        "/ban-tin/{week}": (f"/ban-tin/{of.week}",),
        "/ban-tin/{week}/anh.png": (f"/ban-tin/{of.week}/anh.png",),
        "/ban-tin/{week}/{list}": (f"/ban-tin/{of.week}/qua-han",),
        "/xuat/{table}.csv": ("/xuat/cong-viec.csv", "/xuat/tin-nhan.csv"),
    }


def _visited(url: str, bench: Bench, who: str, most: float, visits: int) -> Iterator[Figure]:
    engine = connect(url)
    clock = SystemClock()
    things, link = _prepared(engine, clock.now())
    console = Console(engine, clock, secret_of(engine, clock), settings=Settings(database=url))
    client = TestClient(build_console(console), base_url="http://console", follow_redirects=False)
    client.post(f"/vao/{link}")
    empty = _times(client, EMPTY, visits)
    known = addresses(things)
    for page in PAGES:
        if page.writes:
            continue
        for path in known[page.path] if "{" in page.path else known.get(page.path, (page.path,)):
            bench.say(f"{who}: {path}")
            taken = _times(client, path, visits)
            note = f"{taken.middle / empty.middle:.1f} times a page that reads nothing ({empty})"
            if not page.is_page:
                note = f"a file, or what comes into a page that is there already; {note}"
            yield within(f"{path} at two years of {who}", taken, most if page.is_page else None, note)
    engine.dispose()


def _prepared(engine: Engine, now: dt.datetime) -> tuple[_Things, str]:
    """A bad morning in our commune, and a plan half gone through."""
    _bad_morning(engine, now)
    with engine.begin() as connection:
        head = connection.execute(
            select(PERSON.c.id).where(PERSON.c.office_id == OURS, PERSON.c.slug == "vhxh-truong")
        ).scalar_one()
        link = new_link(connection, head, "bench", now)
        _true_journal(connection, now)
        draft = intake.begin(connection, view_office(connection, OURS), "ke-hoach.txt", 900, Actor("bench"), now)
    found = understand(read_text(SAMPLE, "ke-hoach.txt"), None, this_year=now.year)
    duties = [
        replace(duty, title=f"{duty.title} phần {part}")
        for part in range(1 + IN_DRAFT // len(found.duties))
        for duty in found.duties
    ]
    intake.keep_found(engine, draft, replace(found, duties=tuple(duties[:IN_DRAFT])))
    with engine.connect() as connection:
        mine = OCCURRENCE.c.office_id == OURS
        work = connection.execute(
            select(func.min(OCCURRENCE.c.id)).where(mine, OCCURRENCE.c.opened_at.is_not(None))
        ).scalar_one()
        duties_by_kind: dict[str, int] = {}
        for row in connection.execute(
            select(OBLIGATION.c.id, OBLIGATION.c.rule).where(OBLIGATION.c.office_id == OURS).order_by(OBLIGATION.c.id)
        ):
            duties_by_kind.setdefault(row.rule["kind"], row.id)
        period = connection.execute(
            select(OCCURRENCE.c.obligation_id, OCCURRENCE.c.id, OCCURRENCE.c.due)
            .where(mine, OCCURRENCE.c.opened_at.is_(None), OCCURRENCE.c.cutoff.is_(None))
            .order_by(OCCURRENCE.c.due.desc())
        ).first()
    assert period is not None
    before = period.due - dt.timedelta(days=1)
    week = f"{now.astimezone(CIVIL) - dt.timedelta(days=7):%G-W%V}"
    return _Things(work, head, draft, duties_by_kind, (period.obligation_id, period.id, before), week), link


def _bad_morning(engine: Engine, now: dt.datetime) -> None:
    """So many things overdue, opened and said by the engine itself."""
    with engine.begin() as connection:
        office = view_office(connection, OURS)
        soonest = connection.execute(
            select(OCCURRENCE.c.id)
            .where(OCCURRENCE.c.office_id == OURS, OCCURRENCE.c.opened_at.is_(None))
            .order_by(OCCURRENCE.c.due, OCCURRENCE.c.id)
            .limit(OVERDUE)
        ).scalars()
        for number, one in enumerate(soonest.all()):
            day = office.today(now) - dt.timedelta(days=2 + number % 20)
            dates = dict.fromkeys(("due", "internal_due", "first_internal_due", "nominal_due"), day)
            connection.execute(
                update(OCCURRENCE).where(OCCURRENCE.c.id == one).values(**dates, cutoff=None, next_move_at=now)
            )
        at = now
        while office.hours.slot_at(at) is None:
            at = office.hours.next_slot(at).starts
        assert remind(connection, at) > 0


def _true_journal(connection: Connection, now: dt.datetime) -> None:
    """Two years' lines whose hashes hold, in place of the filling: a walk along the filling ends at its first line."""
    connection.exec_driver_sql("DROP TRIGGER journal_no_delete")
    connection.execute(delete(JOURNAL).where(JOURNAL.c.office_id == OURS))
    data = {"kind": "ReminderMessage", "message": 12345, "person": 7, "items": ["Báo cáo tháng 3/2026"]}
    journal.append(connection, OURS, now, [journal.Line("engine", "message_sent", None, data)] * JOURNAL_LINES)


def _times(client: TestClient, path: str, visits: int) -> Samples:
    taken: list[float] = []
    client.get(path)  # templates compiled, caches filled
    for _ in range(visits):
        with timed(taken):
            answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return Samples(tuple(taken))

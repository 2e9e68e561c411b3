"""The console's pages at one commune's two years of data, and at a province's, beside a page that reads nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from starlette.testclient import TestClient

from data.database import connect
from engine.clock import SystemClock
from engine.office import OBLIGATION, OCCURRENCE, OFFICE, PERSON
from engine.signin import new_link
from tests.bench.figures import Figure, Samples, timed, within
from tests.bench.process import with_years
from tests.bench.sizes import Size
from tests.bench.stores import Bench
from web.console import Console, build_console
from web.console.app import PAGES, secret_of

EMPTY = "/dang-nhap"  # signs nobody in and reads nothing
COMMUNE_AT_MOST, PROVINCE_AT_MOST = 0.1, 0.3  # seconds


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


def _visited(url: str, bench: Bench, who: str, most: float, visits: int) -> Iterator[Figure]:
    engine = connect(url)
    clock = SystemClock()
    with engine.begin() as connection:
        office = connection.execute(select(OFFICE.c.id).order_by(OFFICE.c.id).limit(1)).scalar_one()
        head = connection.execute(
            select(PERSON.c.id).where(PERSON.c.office_id == office, PERSON.c.slug == "vhxh-truong")
        ).scalar_one()
        link = new_link(connection, head, "bench", clock.now())
        of_office = OCCURRENCE.c.office_id == office
        work = connection.execute(select(func.max(OCCURRENCE.c.id)).where(of_office)).scalar_one()
        duty = connection.execute(
            select(func.min(OBLIGATION.c.id)).where(OBLIGATION.c.office_id == office)
        ).scalar_one()
    one = {"/viec/{id:int}": f"/viec/{work}", "/nhiem-vu/{id:int}": f"/nhiem-vu/{duty}"}
    console = Console(engine, clock, secret_of(engine, clock))
    client = TestClient(build_console(console), base_url="http://console", follow_redirects=False)
    client.post(f"/vao/{link}")
    empty = _times(client, EMPTY, visits)
    for page in PAGES:
        path = one.get(page.path, page.path)
        if page.writes or not page.is_page or "{" in path:
            continue
        bench.say(f"{who}: {path}")
        taken = _times(client, path, visits)
        note = f"{taken.middle / empty.middle:.1f} times a page that reads nothing ({empty})"
        yield within(f"{page.path} at two years of {who}", taken, most, note)
    engine.dispose()


def _times(client: TestClient, path: str, visits: int) -> Samples:
    taken: list[float] = []
    client.get(path)  # templates compiled, caches filled
    for _ in range(visits):
        with timed(taken):
            answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return Samples(tuple(taken))

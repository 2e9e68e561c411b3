"""The API: what it describes is what it does, for whoever may; nothing a stranger sends is an error of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from engine.actions import start
from engine.rules.rights import TABLE, Right, parts_in_office
from tests.web.desk import BASE, Desk
from tests.world import CHAIR, DESK_OFFICER, HEAD, OFFICER, PARTNER, STANDING, STANDING_HEAD, World, monthly_report
from tests.world import one_task as task

EXAMPLES = 25  # of each address
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EVERYBODY = (CHAIR, STANDING_HEAD, STANDING, HEAD, OFFICER, DESK_OFFICER, PARTNER, "nguoi-xem")
NEEDS: dict[str, Right] = {
    "/office": Right.SEE_OWN,
    "/units": Right.SEE_OWN,
    "/occurrences": Right.SEE_OWN,
    "/people": Right.SEE_OFFICE,
    "/obligations": Right.SEE_OFFICE,
    "/digests/2026-W10": Right.SEE_DIGEST,
    "/journal": Right.SEE_JOURNAL,
    "/findings": Right.SEE_JOURNAL,
}


class Program:
    """Another program with one person's key."""

    def __init__(self, desk: Desk, slug: str, *, writes: bool = False) -> None:
        fields = {"name": "phần mềm của tỉnh"} | ({"writes": "yes"} if writes else {})
        page = desk.sign_in(slug).post("/toi/ma", 200, **fields).text
        found = re.search(r'value="(nva_[^"]+)"', page)
        assert found
        self.key = found[1]
        self.client = TestClient(desk.app, base_url=BASE)

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        """Ask."""
        answer = self.client.get(f"/api/v1{path}", params=query, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        """Do."""
        answer = self.client.post(f"/api/v1{path}", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    @property
    def headers(self) -> dict[str, str]:
        """The key, where it belongs."""
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(
        tmp_path,
        "2026-03-10 08:00",
        [task("2026-03-17", confirm="head"), monthly_report(secret=True), task("2026-03-20", "b", "<b>Đề án</b>")],
        viewers=["nguoi-xem"],
    )
    world.ignore_rest()
    yield Desk(world)
    world.close()


# ---- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*NEEDS, "/occurrences/1/story"])
@pytest.mark.parametrize("given", [None, "Bearer x", "Bearer nva_" + "a" * 40, "Basic eDp4", "Bearer"])
def test_without_a_key_nothing(desk: Desk, path: str, given: str | None) -> None:
    headers = {"Authorization": given} if given else {}
    answer = TestClient(desk.app, base_url=BASE).get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_is_no_key(desk: Desk) -> None:
    assert desk.sign_in(STANDING_HEAD).client.get("/api/v1/office").status_code == 401


@pytest.mark.parametrize("slug", EVERYBODY)
def test_the_matrix_of_rights(desk: Desk, slug: str) -> None:
    program = Program(desk, slug)
    with desk.world.engine.connect() as connection:
        staff = desk.world.office(connection).staff
    parts = parts_in_office(staff, staff.by_slug[slug].id)
    for path, right in NEEDS.items():
        program.get(path, 200 if TABLE[right] & parts else 403)


def test_a_key_that_was_taken_back_or_grew_old_opens_nothing(desk: Desk) -> None:
    program, other = Program(desk, OFFICER), Program(desk, HEAD)
    desk.sign_in(OFFICER).post("/toi/thu-hoi/1")
    program.get("/office", 401)
    other.get("/office")
    desk.world.clock.advance(days=366)
    other.get("/office", 401)


def test_who_has_left_reads_no_longer(desk: Desk) -> None:
    program = Program(desk, OFFICER)
    desk.world.dismiss(OFFICER)
    program.get("/office", 401)


def test_a_flood_is_slowed_down(desk: Desk) -> None:
    program = Program(desk, OFFICER)
    answers = [program.client.get("/api/v1/units", headers=program.headers).status_code for _ in range(605)]
    assert answers[:600] == [200] * 600
    assert set(answers[600:]) == {429}


# ---- what is read ---------------------------------------------------------------------------------------------------


def test_pages_together_are_the_whole(desk: Desk) -> None:
    program = Program(desk, STANDING_HEAD)
    whole = program.get("/occurrences", limit=500)
    assert whole["next"] is None
    found, cursor = [], None
    while True:
        page = program.get("/occurrences", limit=3, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["items"]) == 3
    assert found == whole["items"]
    assert len(found) > 6


def test_filters(desk: Desk) -> None:
    program = Program(desk, STANDING_HEAD)
    march = program.get("/occurrences", due_from="2026-03-01", due_to="2026-03-19", unit="kinh-te")["items"]
    assert {(item["obligation"], item["due"]) for item in march} == {
        ("bao-cao-tthc", "2026-03-17"),
        ("ke-hoach", "2026-03-17"),
    }
    assert program.get("/occurrences", unit="khong-co")["items"] == []
    assert program.get("/occurrences", state="done")["items"] == []
    program.get("/occurrences", 422, state="xong")
    program.get("/occurrences", 422, cursor="2026-03-17")


def test_officers_see_their_unit_only(desk: Desk) -> None:
    assert Program(desk, DESK_OFFICER).get("/occurrences")["items"] == []
    work = desk.world.occurrence("Kế hoạch")
    Program(desk, DESK_OFFICER).get(f"/occurrences/{work.id}/story", 404)
    assert {i["unit"] for i in Program(desk, OFFICER).get("/occurrences")["items"]} == {"kinh-te"}


def test_what_must_not_be_named_is_not(desk: Desk) -> None:
    program = Program(desk, STANDING_HEAD)
    for path in ("/occurrences", "/obligations", "/journal"):
        assert "TTHC" not in program.client.get(f"/api/v1{path}", headers=program.headers).text


def test_the_journal_can_be_copied_and_checked(desk: Desk) -> None:
    program = Program(desk, CHAIR)
    lines, after = [], 0
    while True:
        page = program.get("/journal", after=after, limit=2)
        lines += page["items"]
        if page["next"] is None:
            break
        after = page["next"]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(later["previous"] == line["hash"] for line, later in pairwise(lines))


# ---- what is done ---------------------------------------------------------------------------------------------------


def test_a_deed_needs_a_key_that_writes_and_the_right(desk: Desk) -> None:
    work = desk.world.occurrence("Kế hoạch")
    path = f"/occurrences/{work.id}/xong"
    Program(desk, OFFICER).post(path, 403, version=work.version)
    Program(desk, CHAIR, writes=True).post(path, 409, version=work.version)
    Program(desk, DESK_OFFICER, writes=True).post(path, 404, version=work.version)
    assert desk.world.occurrence("Kế hoạch").work_state == "new"
    done = Program(desk, OFFICER, writes=True).post(path, version=work.version, document="12/BC-UBND")
    assert done["said"] == "Đã ghi: báo xong, chờ xác nhận."
    assert done["occurrence"]["work_state"] == "waiting"
    assert desk.world.occurrence("Kế hoạch").work_state == "waiting"
    assert desk.woken
    confirmed = Program(desk, HEAD, writes=True).post(
        f"/occurrences/{work.id}/xac-nhan", version=done["occurrence"]["version"]
    )
    assert confirmed["occurrence"]["deeds"] == ["tra-lai"]


def test_a_stale_version_changes_nothing(desk: Desk) -> None:
    work = desk.world.occurrence("Kế hoạch")
    desk.world.operate(start, "Kế hoạch")
    before = desk.world.snapshot()
    said = Program(desk, OFFICER, writes=True).post(f"/occurrences/{work.id}/xong", 409, version=work.version)
    assert "vừa thay đổi" in said["title"]
    assert desk.world.snapshot()["reminder"] == before["reminder"]
    assert desk.world.occurrence("Kế hoạch").work_state == "doing"


# ---- the description ------------------------------------------------------------------------------------------------


def test_the_guide_lists_every_address(desk: Desk) -> None:
    client = TestClient(desk.app, base_url=BASE)
    described = client.get("/api/v1/openapi.json").json()
    guide = client.get("/api/v1/huong-dan").text
    assert len(described["paths"]) >= 10
    assert all(path in guide for path in described["paths"])
    assert "<script" not in guide


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_it_does_what_it_describes(desk: Desk, mode: GenerationMode) -> None:
    """Schemathesis, which none of us wrote, asks whatever the description allows, and whatever it does not."""
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", desk.app)
    asked: Counter[str] = Counter()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        program = Program(desk, STANDING_HEAD, writes=True)  # its own key: none is slowed down

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            answer = case.call(headers=program.headers)  # noqa: B023  (asked at once)
            case.validate_response(answer, checks=CHECKS)
            asked[f"{case.method} {case.path}"] += 1

        try:
            ask()
        except Unsatisfiable:  # an address without anything to vary has no wrong request
            assert mode is GenerationMode.NEGATIVE
    assert len(asked) >= (10 if mode is GenerationMode.POSITIVE else 5), asked

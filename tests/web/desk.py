"""The console over a story's world: whoever signs in looks at pages and sends forms, as a browser would."""

from __future__ import annotations

import re
from typing import Any

import httpx2
from sqlalchemy import select
from starlette.testclient import TestClient

from engine.office import PERSON
from engine.signin import new_link
from tests.world import World
from web.console.app import build_console, secret_of
from web.console.frame import Console

BASE = "http://console"


class Viewer:
    """One person's browser. Every answer is looked at: none may be an error of ours, each carries the policy."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200, **headers: str) -> httpx2.Response:
        """Look at a page."""
        return self._looked_at(self.client.get(path, headers=headers), status)

    def post(
        self, path: str, status: int = 303, *, files: Any = None, csrf: str | None = None, **fields: str
    ) -> httpx2.Response:
        """Send a form with the token of this session."""
        fields = {"csrf": self.csrf() if csrf is None else csrf, **fields}
        answer = self.client.post(path, data=fields, files=files, headers={"Referer": f"{BASE}/"})
        return self._looked_at(answer, status)

    def csrf(self) -> str:
        """The token that stands in this person's forms."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/").text)
        assert found, "not signed in"
        return found[1]

    def said(self) -> str:
        """The sentence that the next page shows."""
        found = re.search(r'<p class="said[^"]*"[^>]*>([^<]*)</p>', self.client.get("/").text)
        return found[1] if found else ""

    @staticmethod
    def _looked_at(answer: httpx2.Response, status: int) -> httpx2.Response:
        assert answer.status_code == status, f"{answer.status_code}\n{answer.text[:2000]}"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        return answer


class Desk:
    """The console of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.woken = 0
        self.console = Console(world.engine, world.clock, secret_of(world.engine, world.clock), self._wake)
        self.app = build_console(self.console)

    def _wake(self) -> None:
        self.woken += 1

    def stranger(self) -> Viewer:
        """Somebody who is not signed in."""
        return Viewer(TestClient(self.app, base_url=BASE, follow_redirects=False, raise_server_exceptions=True))

    def link(self, slug: str) -> str:
        """The path of a fresh link for this person."""
        with self.world.engine.begin() as connection:
            person = connection.execute(select(PERSON.c.id).where(PERSON.c.slug == slug)).scalar_one()
            return f"/vao/{new_link(connection, person, 'operator', self.world.clock.now())}"

    def sign_in(self, slug: str) -> Viewer:
        """This person's browser, signed in."""
        viewer = self.stranger()
        assert viewer.client.post(self.link(slug)).headers["location"] == "/"
        return viewer


def filled(path: str) -> str:
    """A page's address with something in its variable parts."""
    path = path.replace("{number:int}", "1")
    return (
        path.replace("{id:int}", "1")
        .replace("{deed}", "xong")
        .replace("{name}", "x")
        .replace("{token}", "x")
        .replace("{table}", "cong-viec")
        .replace("{week}", "2026-W10")
        .replace("{list}", "qua-han")
    )

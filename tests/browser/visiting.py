"""One window on the console of one world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Page, expect

from tests.web.desk import Desk
from tests.world import World


class Visit:
    """One window on one console."""

    def __init__(self, desk: Desk, address: str, window: BrowserContext) -> None:
        self.desk, self.address, self.page = desk, address, window.new_page()

    def sign_in(self, slug: str) -> Page:
        """By the link and its button."""
        self.page.goto(f"{self.address}{self.desk.link(slug)}")
        self.page.get_by_role("button", name="Vào Nhắc Việc").click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Hôm nay")
        return self.page

    def go(self, path: str) -> Page:
        """Open a page, which must be there."""
        answer = self.page.goto(f"{self.address}{path}")
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.page


@contextmanager
def elsewhere(made: Callable[[], World]) -> Iterator[Desk]:
    """The console over a world that is made, and ends, in another thread: the browser's driver has the loop of ours."""
    with ThreadPoolExecutor(1) as thread:
        world = thread.submit(made).result()
        yield Desk(world)
        thread.submit(world.close).result()

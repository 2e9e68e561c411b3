"""One browser a module; a fresh window for every test. Whatever goes wrong in a page fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
PICTURES = Path(__file__).parent.parent.parent / "build" / "screenshots"  # kept to be looked at
GRAVE = ("serious", "critical")
SIZES = {"wide": (1280, 900), "phone": (360, 740)}


@pytest.fixture(scope="module")  # not longer: its driver's event loop would stand in the way of the tests after it
def browser() -> Iterator[Browser]:
    """Chromium, headless; where there is none, these tests are skipped and say so."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium in PATH: the pages were not tried in a browser")
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=as_root)
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: Browser) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A window without cookies, and what went wrong in it: errors a page logs, and asking anybody but this machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="vi-VN")
    context.set_default_timeout(10_000)
    errors: list[str] = []

    def look(request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme in ("http", "https", "ws", "wss") and where.hostname != "127.0.0.1":
            errors.append(f"a request left the machine: {request.url}")

    context.on("request", look)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield context, errors
    context.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A window without cookies. It fails the test when anything went wrong in it."""
    with opened(browser) as (context, errors):
        yield context
    assert not errors, errors


def picture(page: Page, name: str, also: Callable[[str], None] = lambda _: None) -> None:
    """Keep how the page looks on a desk and on a telephone; neither may need scrolling sideways.

    ``also`` is called at each size, with its name.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        # The caret as it is: hiding it would put a style into the page, which the policy forbids.
        page.screenshot(path=PICTURES / f"{name}-{size}.png", full_page=True, caret="initial")
        needed = page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width, f"{name} needs {needed} px of {width}"
        also(size)
    page.set_viewport_size({"width": 1280, "height": 900})


def nothing_grave(page: Page, where: str) -> None:
    """Axe finds no serious fault."""
    found = Axe().run(page).response["violations"]
    grave = [f"{v['id']}: {v['help']} ({n['html'][:120]})" for v in found if v["impact"] in GRAVE for n in v["nodes"]]
    assert not grave, (where, grave)

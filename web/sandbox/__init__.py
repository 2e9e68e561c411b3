"""The sandbox: a commune of its own to play with, telephones side by side and a clock that can be moved.

It has its own database, thrown away afterwards, and the simulator as its only channel: it cannot reach a provider.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from schedules.office_file import HERE, read_office
from web.sandbox.pages import build_sandbox
from web.sandbox.play import Play

__all__ = ["Play", "Sandbox", "build_sandbox"]

PLAYED = HERE / "offices" / "hung-thang.yaml"


class Sandbox:
    """The sandbox as an application that begins to live with its first visitor: most programs never have one."""

    def __init__(self, office: Path = PLAYED) -> None:
        self.address = ""
        self._office = office
        self._app: ASGIApp | None = None
        self._building = asyncio.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._building:
            if self._app is None:
                self._app = await run_in_threadpool(self._build)
        await self._app(scope, receive, send)

    def _build(self) -> ASGIApp:
        self._folder = tempfile.TemporaryDirectory(prefix="nhacviec-thu-")  # gone with the program
        return build_sandbox(Play(read_office(self._office), Path(self._folder.name)), self.address)

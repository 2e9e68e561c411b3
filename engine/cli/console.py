"""``login-link`` and ``sandbox``: the pages, from the machine itself."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from engine import signin
from engine.cli import output
from engine.cli.finding import database, find_person, office_file
from engine.clock import SystemClock
from engine.errors import NhacViecError
from engine.load import OPERATOR
from engine.stopping import stop_when_asked


def login_link(person: str, office: str | None) -> None:
    """A link into the console for one person, from whoever is at the machine."""
    engine, now = database(), SystemClock().now()
    with engine.begin() as connection:
        address = signin.address(connection)
        if address is None:
            raise NhacViecError("Bảng điều hành chưa chạy. Hãy chạy nhacviec run (không đặt NHACVIEC_CONSOLE=no).")
        row = find_person(connection, person, office)
        link = signin.link_at(address, signin.new_link(connection, row.id, OPERATOR.name, now))
    output.line(f"Liên kết của {row.name}, dùng một lần trong 10 phút:")
    output.line(link)


def sandbox(office: str, wanted_port: int | None) -> None:
    """Play a commune in the browser until Ctrl+C."""
    from engine.settings import read_settings
    from schedules.office_file import read_office
    from web.sandbox import Play, build_sandbox
    from web.webhooks import WebhookServer

    file = read_office(office_file(office))
    port = read_settings().sandbox_port if wanted_port is None else wanted_port

    async def serve(folder: Path) -> None:
        stop = asyncio.Event()
        stop_when_asked(stop)
        play = await asyncio.to_thread(Play, file, folder)
        server = WebhookServer(await asyncio.to_thread(build_sandbox, play, ""), "127.0.0.1", port, "--port")
        await server.start()
        play.move_in(f"http://127.0.0.1:{server.port}")
        output.line(f"Trang chạy thử của {file.office.name}: {play.address}/thu (Ctrl+C để dừng).")
        await stop.wait()
        await server.stop()

    with tempfile.TemporaryDirectory(prefix="nhacviec-thu-") as folder:
        asyncio.run(serve(Path(folder)))

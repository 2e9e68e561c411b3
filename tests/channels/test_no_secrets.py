"""No token, code, secret or password in any log at any level, in the journal or in the outbox: a full run is grepped.

Everything that goes wrong between us and a provider goes wrong here, with every logger at DEBUG. What a record would
print counts, and so do its arguments, its traceback and its exception, as another formatter or a collector of logs
may print those.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import sqlite3
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from bots.mail import Mail
from bots.telegram import TelegramTrouble
from bots.telegram import Timeouts as TelegramTimeouts
from bots.zalo import Timeouts as ZaloTimeouts
from bots.zalo import ZaloTrouble
from data.evidence_files import EvidenceFiles
from engine import receive
from engine.clock import SystemClock
from engine.collect import collect
from engine.messages import Answer, Attachment, Inbound, Kind, Said
from tests.channels.line import MAIL_FROM, SECRET, LineWorld, MailLine, TelegramLine, ZaloLine, _open_webhook
from tests.channels.live import ON_TELEGRAM, Commune, Running
from tests.servers import telegram_server, zalo_server
from tests.servers.telegram_server import TOKEN as TELEGRAM
from tests.world import DESK_OFFICER, OFFICER, PARTNER, STRANGER, one_task

ZALO = "2718281828459:k~Xw.P-q_Rz"  # no filter would know this for a secret by its shape
PASSWORD = "Mat-khau/thu+2026="
HIDING_PLACES = 400  # records: that many at least, or the run was not at DEBUG


class Remembering(logging.Handler):
    """Keeps whatever a record carries, as words; the first is the logger's name."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = [record.name, str(record.msg), repr(record.args), self.format(record), repr(record.__dict__)]
        if record.exc_info and record.exc_info[1]:
            said += traceback.format_exception(record.exc_info[1])
        self.words.append("\n".join(said))


@contextmanager
def everything_logged() -> Iterator[Remembering]:
    """Every logger at DEBUG, those too that are made later; put back afterwards."""
    handler, root = Remembering(), logging.getLogger()
    levels = {logger: logger.level for logger in (root, *map(logging.getLogger, logging.root.manager.loggerDict))}
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        for logger, level in levels.items():
            logger.setLevel(level)


def nothing_held_back() -> None:
    """Also what the product keeps quiet (httpx): an operator may turn it up.

    SQLAlchemy stays as it is: whoever asks it for every row has asked for what people type.
    """
    for name in list(logging.root.manager.loggerDict):
        if not name.startswith("sqlalchemy"):
            logging.getLogger(name).setLevel(logging.DEBUG)


def forms_of(*secrets: str) -> set[str]:
    """A secret as it may be written: whole, without its public number, in a URL, in base64, in lower case."""
    forms: set[str] = set()
    for secret in secrets:
        for part in (secret, secret.partition(":")[2]):
            if part:
                forms |= {part, quote(part, safe=""), part.lower(), repr(part)[1:-1]}
                forms.add(base64.b64encode(part.encode()).decode())
                forms.add(base64.b64encode(f"\0{USER}\0{part}".encode()).decode())  # AUTH PLAIN
    return forms


USER = "nhacviec"


def codes_as_typed(codes: Iterable[str]) -> set[str]:
    """A code as it may be written."""
    return {form for code in codes for form in (code, code.replace("-", ""), code.lower(), code.replace("-", " "))}


def found_in(places: Iterable[str], secrets: Iterable[str]) -> list[str]:
    """Where a secret stands: its first letters, the logger, and what stands before it."""
    return [
        f"{secret[:4]}… by {place.splitlines()[0]}: {place[max(0, place.find(secret) - 90) : place.find(secret)]}…"
        for place in places
        for secret in secrets
        if secret in place
    ]


# ---- in this process, everything that can go wrong ------------------------------------------------------------------


class Telegrams(TelegramLine):
    timeouts = TelegramTimeouts(read=0.2)


class Zalos(ZaloLine):
    token = ZALO
    timeouts = ZaloTimeouts(read=0.2)


class Mails(MailLine):
    """A mail server that wants a password."""

    password = PASSWORD

    async def start(self, keep: Any) -> None:
        await super().start(keep)
        self.channel = Mail("127.0.0.1", self._port, USER, PASSWORD, MAIL_FROM, "none", now=SystemClock().now)

    async def recovers(self) -> None:
        loop = asyncio.get_running_loop()

        def server() -> SMTP:
            return SMTP(self, authenticator=self._lets_in, auth_require_tls=False, loop=loop)

        self._server = await loop.create_server(server, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def _lets_in(self, server: SMTP, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and given.password.decode() == self.password
        return AuthResult(success=right, handled=False)


@dataclass(frozen=True)
class Run:
    """What a full run wrote: into logs that were set up before the channels, into others set up later, and stored."""

    early: list[str]
    late: list[str]
    stored: list[str]
    secrets: set[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Everything that can go wrong, once."""
    folder = tmp_path_factory.mktemp("run")
    telegram, zalo, mail = Telegrams(), Zalos(), Mails()
    with everything_logged() as early:
        world = LineWorld(folder, [telegram, zalo, mail], "2026-03-25 07:30", [one_task("2026-03-25")])
        nothing_held_back()
        world.ignore_rest()
        with everything_logged() as late:
            world.link_on(zalo, OFFICER)
            codes = [world.code(OFFICER), world.code(DESK_OFFICER), world.code(PARTNER)]
            _wrong_codes(world, codes)
            _the_store_fails(world, telegram, zalo, codes[2])
            world.link_on(mail, OFFICER)
            world.run(_sends_fail(world, telegram, zalo, mail))
            world.look_away()
            world.run(_polls_fail(telegram, zalo))
            world.run(_webhooks_fail(telegram, zalo))
            world.run(_operator_asks(telegram, zalo))
            _files_fail(world, telegram, folder)
            _the_outbox_fails(world, telegram, zalo, mail)
        world.close()
    secrets = forms_of(TELEGRAM, ZALO, SECRET, PASSWORD) | codes_as_typed(codes)
    return Run(early.words, late.words, everything_stored(world.file), secrets)


def is_the_librarys(words: str) -> bool:
    """Written by python-telegram-bot."""
    return words.startswith("telegram.")


def is_about_the_store(words: str) -> bool:
    """Written when the database took nothing."""
    return "readonly database" in words


def test_a_full_run_tells_no_secret(run: Run) -> None:
    assert len(run.early) > HIDING_PLACES
    assert len(run.late) > HIDING_PLACES
    own = [words for words in run.early + run.late if not is_the_librarys(words) and not is_about_the_store(words)]
    assert not found_in(own, run.secrets)


def test_neither_the_journal_nor_the_outbox_holds_a_secret(run: Run) -> None:
    assert any("401" in cell or "token" in cell for cell in run.stored), "nothing went wrong in the outbox"
    assert not found_in(run.stored, run.secrets)


def test_the_library_logs_neither_what_people_type_nor_our_secrets(run: Run) -> None:
    assert not found_in(filter(is_the_librarys, run.early + run.late), run.secrets)


def test_the_library_logs_no_token(run: Run) -> None:
    assert not found_in(filter(is_the_librarys, run.early + run.late), forms_of(TELEGRAM))


def test_a_store_that_fails_does_not_log_what_it_could_not_keep(run: Run) -> None:
    told = list(filter(is_about_the_store, run.early + run.late))
    assert told
    assert not found_in(told, run.secrets)


def _wrong_codes(world: LineWorld, codes: list[str]) -> None:
    """A live code in the wrong hands, in the wrong place, and among other words."""
    for line in world.lines[:2]:
        world.hear(STRANGER, "K7QM-29RT", on=line)
        world.hear(OFFICER, line.code_typed(codes[0]), on=line)
        world.hear(DESK_OFFICER, f"mã của em là {codes[1].lower()} ạ", on=line)
        world.hear(OFFICER, f"xong 1 {codes[2]} rồi chị ơi", on=line)
    world.turn()


def _the_store_fails(world: LineWorld, telegram: Telegrams, zalo: Zalos, code: str) -> None:
    """The disk takes nothing when a code arrives; the database says so with the words it could not keep."""

    async def poll(line: Telegrams | Zalos, **quickly: Any) -> None:
        keep, stop, tries = world.keep_for(line), asyncio.Event(), iter(range(2))

        async def store(inbounds: Sequence[Inbound], offset: int | None) -> None:
            if next(tries, None) is None:
                await keep(inbounds, offset)
                stop.set()
                return
            with world.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA query_only = 1")
                try:
                    receive.store(connection, inbounds, world.clock.now())
                finally:
                    connection.exec_driver_sql("PRAGMA query_only = 0")

        async with asyncio.timeout(20):
            await line.channel.poll(store, None, stop, **quickly)  # type: ignore[attr-defined]

    for line in (telegram, zalo):
        line.types(line.address(STRANGER), line.code_typed(code))
    world.run(poll(telegram, idle_seconds=1, backoff=(0.01,)))
    world.run(poll(zalo))
    zalo.listened()


async def _sends_fail(world: LineWorld, telegram: Telegrams, zalo: Zalos, mail: Mails) -> None:
    note = Answer(Said.HELP)
    address = telegram.address(OFFICER)
    for kind in ("flood", "server_error", "bad_request", "hang_up", "garbage", "lost_answer"):
        options: dict[str, Any] = {"retry_after": 100} if kind == "flood" else {}
        telegram.server.fail_next(kind, **options)
        await telegram.telegram.send(address, note)
        telegram.telegram._lanes._lanes.clear()
    faults: list[tuple[str, dict[str, Any]]] = [
        *(("denied", {"code": code, "description": f"no {ZALO}"}) for code in (400, 401, 403, 404, 408, 429, 500)),
        *(("page", {"status": status}) for status in (302, 403, 429, 500, 502)),
        *((kind, {}) for kind in ("redirect", "cut_off", "hang_up", "lost_answer", "garbage", "nameless")),
    ]
    for kind, options in faults:
        zalo.server.fail_next(kind, **options)
        await zalo.zalo.send(zalo.address(OFFICER), note)
    for line in (telegram, zalo):
        token, line.server.token = line.server.token, "1:bi-doi"  # reset by its owner: 401
        await line.channel.send(line.address(OFFICER), note)
        line.server.token = token
        await line.channel.send("không phải địa chỉ", note)
        await line.goes_down()
        await line.channel.send(line.address(OFFICER), note)
        await line.recovers()
    mail.password = "khác"
    await mail.channel.send(mail.address(OFFICER), note)
    mail.password = PASSWORD
    await mail.channel.send(mail.address(OFFICER), note)
    mail.unknown.add("khong-co@xa.example")
    await mail.channel.send("khong-co@xa.example", note)
    await mail.goes_down()
    await mail.channel.send(mail.address(OFFICER), note)
    await mail.recovers()


async def _polls_fail(telegram: Telegrams, zalo: Zalos) -> None:
    """One failure after another, and then something to hear."""

    async def poll(channel: Any, **quickly: Any) -> None:
        stop, failures = asyncio.Event(), iter(range(1))

        async def store(inbounds: Any, offset: Any) -> None:
            for _ in failures:
                raise OSError("đĩa đầy")
            stop.set()

        async with asyncio.timeout(20):
            await channel.poll(store, None, stop, **quickly)

    server = telegram.server
    for kind in ("server_error", "conflict", "bad_request", "garbage", "hang_up", "flood"):
        quickly: dict[str, Any] = {"retry_after": 0} if kind == "flood" else {}
        server.fail_next(kind, method="getUpdates", **quickly)
    server.happens("message", {"message_id": "không phải số", "chat": None})  # malformed
    telegram.types(telegram.address(OFFICER), "việc")
    await poll(telegram.telegram, idle_seconds=1, backoff=(0.01,))
    for kind, options in (("denied", {"code": 500}), ("page", {}), ("garbage", {}), ("hang_up", {}), ("cut_off", {})):
        zalo.server.fail_next(kind, method="getUpdates", **options)
    zalo.server.happens({"event_name": "lạ", "message": "không phải tin"})
    for _ in range(6):  # what Zalo gave into a broken connection it does not give again
        zalo.types(zalo.address(OFFICER), "việc")
    await poll(zalo.zalo)
    zalo.listened()


async def _webhooks_fail(telegram: Telegrams, zalo: Zalos) -> None:
    heard: list[Any] = []

    async def keep(inbounds: Any, offset: Any) -> None:
        heard.extend(inbounds)
        if len(heard) == 1:
            raise OSError("đĩa đầy")

    async with AsyncExitStack() as stack, httpx.AsyncClient() as caller:
        for line, header in ((telegram, "X-Telegram-Bot-Api-Secret-Token"), (zalo, "X-Bot-Api-Secret-Token")):
            url = await _open_webhook(stack, line.channel, keep)
            bodies = [b"", b"{", b"[]", b"x" * 2_000_000, f'{{"update_id": 1, "lạ": "{SECRET}"}}'.encode()]
            for body in bodies:
                await caller.post(url, content=body, headers={header: SECRET})
                await caller.post(url, content=body, headers={header: f"{SECRET}x"})
            assert (await caller.post(f"{url}0", content=b"{}", headers={header: SECRET})).status_code == 404
        here = await _open_webhook(stack, telegram.telegram, keep)
        await telegram.telegram.set_webhook(here, SECRET)
        telegram.types(telegram.address(OFFICER), "việc")
        await telegram.server.until(lambda: len(heard) >= 2)  # refused once, posted again
        await telegram.telegram.delete_webhook()
        with pytest.raises(TelegramTrouble):
            await telegram.telegram.set_webhook("http://10.0.0.1/x", SECRET)
        await zalo.zalo.set_webhook("https://khong-co.example/x", SECRET)
        await zalo.zalo.test_webhook()
        await zalo.zalo.delete_webhook()


async def _operator_asks(telegram: Telegrams, zalo: Zalos) -> None:
    """What the operator is told when it fails is shown on a screen, so it is looked at as well."""
    log = logging.getLogger("nhacviec")
    for line in (telegram, zalo):
        token, line.server.token = line.server.token, "1:bi-doi"
        for ask in (getattr(line.channel, "whoami", None) or line.channel.me, line.channel.webhook_info):  # type: ignore[attr-defined]
            with pytest.raises((TelegramTrouble, ZaloTrouble)) as trouble:
                await ask()
            log.error("%s", trouble.value, exc_info=trouble.value)
        line.server.token = token


def _files_fail(world: LineWorld, telegram: Telegrams, folder: Path) -> None:
    server, address = telegram.server, int(telegram.address(OFFICER))
    telegram.newest = server.person_sends(address, "document", caption="1")
    telegram.newest = server.person_sends(address, "photo")
    world.listen(telegram)
    world.turn()
    files = EvidenceFiles(folder / "minh-chung")
    for kind in ("server_error", "hang_up", "garbage"):
        server.fail_next(kind, method="download")
    for hour in range(5):
        world.clock.advance(seconds=3600 * (hour + 1))
        world.run(collect(world.engine, [telegram.telegram], files, world.clock.now()))
    world.run(telegram.telegram.fetch(Attachment(Kind.FILE, "không có"), 1000))


def _the_outbox_fails(world: LineWorld, telegram: Telegrams, zalo: Zalos, mail: Mails) -> None:
    """The same through the engine, so that reasons are written to the outbox, the chats and the journal."""
    for line in (telegram, zalo):
        line.server.token = "1:bi-doi"
    mail.password = "khác"
    world.run_until("2026-03-26 09:00")
    for line in (telegram, zalo):
        world.run(line.goes_down())
    world.run_until("2026-03-27 17:00")
    for line in (telegram, zalo):
        world.run(line.recovers())


def everything_stored(file: Path) -> list[str]:
    """Every cell of the database but the inbox: what people typed stands there as they typed it."""
    cells: list[str] = []
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert {"journal", "message", "chat", "inbound"} <= set(tables)
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"') if table != "inbound" else ():
                cells.append(" ".join(map(str, row)))
    database.close()
    return cells


# ---- as a process ---------------------------------------------------------------------------------------------------


def test_the_running_program_prints_no_secret(tmp_path: Path) -> None:
    commune = Commune(tmp_path)
    settings = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "9",  # nobody listens
        "SMTP_USER": USER,
        "SMTP_PASSWORD": PASSWORD,
        "SMTP_FROM": "nhacviec@xa.example",
    }
    with telegram_server.InThread() as telegram, zalo_server.InThread(token=ZALO) as zalo:
        desk = zalo.call(lambda server: server.opens("Cán bộ Trung tâm"))
        for fault in ("server_error", "garbage"):
            telegram.call(lambda server, fault=fault: server.fail_next(fault, method="getUpdates"))  # type: ignore[misc]
        for fault in ("page", "cut_off"):
            zalo.call(lambda server, fault=fault: server.fail_next(fault, method="getUpdates"))  # type: ignore[misc]
        with Running(commune, telegram, zalo, (TELEGRAM, ZALO), **settings) as running:
            telegram.call(lambda server: server.person_types(ON_TELEGRAM, f"/start {commune.codes[OFFICER]}"))
            zalo.call(lambda server: server.person_types(desk, commune.codes[DESK_OFFICER]))
            telegram.until(lambda server: server.inbox(ON_TELEGRAM))
            zalo.until(lambda server: server.inbox(desk))
            zalo.call(lambda server: server.fail_next("denied", code=401, description=f"bad token {ZALO}"))
            telegram.call(lambda server: server.fail_next("bad_request", description=f"no such {TELEGRAM}"))
            telegram.call(lambda server: server.person_types(ON_TELEGRAM, "việc"))
            zalo.call(lambda server: server.person_types(desk, "việc"))
            telegram.until(lambda server: server.calls.count("sendMessage") >= 2)
            zalo.until(lambda server: server.calls.count("sendMessage") >= 2)
            code, _ = running.stop()
    assert code == 0, running.printed
    assert re.search(r"WARNING|ERROR", running.printed), "the faults left no line in the log"
    secrets = forms_of(TELEGRAM, ZALO, PASSWORD) | codes_as_typed(commune.codes.values())
    assert not found_in([running.printed], secrets)
    assert not found_in(everything_stored(tmp_path / "nhacviec.db"), secrets)

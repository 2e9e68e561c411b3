"""The metronome of several machines: Procrastinate, on the PostgreSQL they share, decides who does what.

It owns no business state. What is due stands in the rows; a job only says "look at this lane", and doing one twice,
late, or on another machine changes nothing but lateness. There are four kinds: the *turn* of one shard of offices, a
*lane* (the sending of one bot), *receive* (what one bot's people wrote) and *listen* (asking one provider). Each holds
a lock of its own, so it runs once at a time; a second one may wait.

Whoever dies is missed after :data:`STALLED_AFTER` seconds. The jobs it held are *failed* and asked for anew: to retry
them, as is usual, would run into the waiting second job of the same lock and leave the bot silent for ever.

This is the only file that imports Procrastinate.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString, Protocol

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url

from engine.errors import DatabaseTrouble

LOG = logging.getLogger("nhacviec")

HEARTBEAT = 2.0  # seconds between a program's signs of life
STALLED_AFTER = 15.0  # seconds without one: it is dead, or might as well be
LOOK_EVERY = 2.0  # seconds: for the dead, for what no job was asked for, for what has come due
FETCH_EVERY = 5.0  # seconds; jobs are announced, so this only catches what an announcement missed
KEEP_FAILED = 24  # hours
FINISH_WITHIN = 65.0  # seconds for jobs to end when their worker lost the database: they wait for it to come back
STOP_WITHIN = 4.0  # seconds for jobs to end when the program stops
PAUSES = (0.2, 0.5, *(1.0 for _ in range(5)), *(3.0 for _ in range(18)))  # about a minute, while the database is gone
PAUSE = 1.0  # seconds before a worker that ended by itself begins anew

TURNS, LANES, LISTENING = "turns", "lanes", "listening"  # queues: none of the three kinds of work waits for another
_UPGRADING = 7_241_190_002  # the advisory lock of whoever changes Procrastinate's tables

Bot = tuple[str, str]  # channel, bot


class Work(Protocol):
    """What the metronome makes happen. Every call may be cancelled, and may be repeated."""

    async def turn(self, shard: int, of: int) -> None:
        """Decide for one shard of the offices."""
        ...

    async def lane(self, bot: Bot) -> None:
        """Send what waits in one lane."""
        ...

    async def receive(self, bot: Bot) -> None:
        """Act on what people wrote to one bot."""
        ...

    async def listen(self, bot: Bot) -> None:
        """Ask one provider for a while."""
        ...

    def sweep(self) -> None:
        """Look for what is due and was not asked for; called in a thread, everywhere, every two seconds."""
        ...


# ---- Procrastinate's own tables -------------------------------------------------------------------------------------


def prepare(engine: Engine) -> None:
    """Make Procrastinate's tables, or bring them up to date; once, however many programs start together.

    Which of its versions made them is written down as their comment.

    :raises DatabaseTrouble: a newer program made them, or another one altogether.
    """
    shipped = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    newest = shipped[-1].stem
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADING})
        there, found = connection.execute(_VERSION).one()
        if there is None:
            _run(connection, SchemaManager.get_schema())
        elif found is None or not found.startswith(_MARK):
            raise DatabaseTrouble(
                "Cơ sở dữ liệu đã có bảng procrastinate của chương trình khác. Hãy dùng một cơ sở dữ liệu riêng."
            )
        elif found.removeprefix(_MARK) > newest:
            raise DatabaseTrouble(
                "Hàng đợi do bản Nhắc Việc mới hơn tạo. Hãy cập nhật chương trình rồi chạy lại; chưa có gì bị thay đổi."
            )
        else:
            for script in shipped:
                if script.stem > found.removeprefix(_MARK):
                    _run(connection, script.read_text(encoding="utf-8"))
        connection.execute(text(f"COMMENT ON TABLE procrastinate_jobs IS '{_MARK}{newest}'"))


_MARK = "nhacviec: "
_VERSION = text("SELECT to_regclass('procrastinate_jobs'), obj_description(to_regclass('procrastinate_jobs'))")


def _run(connection: Connection, script: str) -> None:
    _driver(connection).execute(script.encode())


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """The connection under SQLAlchemy's: what is asked for by it is part of its transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


# ---- asking for jobs ------------------------------------------------------------------------------------------------

_KNOWN = text("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(:locks)")
_KNOWN_OR_RUNNING = text(
    "SELECT queueing_lock FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND queueing_lock = ANY(:locks)"
)


class Asking:
    """Asks for jobs within somebody's transaction: they are there when it commits, or never were."""

    def __init__(self) -> None:
        _quiet()
        self._jobs: JobManager = App(connector=SyncPsycopgConnector()).job_manager  # never opened: the caller connects

    def for_lanes(self, connection: Connection, bots: Collection[Bot], *, unless_running: bool = False) -> None:
        """Have these lanes worked on."""
        self._ask(connection, [_job("lane", LANES, bot) for bot in bots], unless_running)

    def to_receive(self, connection: Connection, bots: Collection[Bot]) -> None:
        """Have what was written to these bots acted upon."""
        self._ask(connection, [_job("receive", TURNS, bot, priority=1) for bot in bots], False)

    def to_listen(self, connection: Connection, bots: Collection[Bot]) -> None:
        """Have these providers asked, where nobody does."""
        self._ask(connection, [_job("listen", LISTENING, bot) for bot in bots], True)

    def _ask(self, connection: Connection, jobs: list[Job], unless_running: bool) -> None:
        """In the order of their locks: two that ask for the same lanes must not wait for each other."""
        if not jobs:
            return
        known = _KNOWN_OR_RUNNING if unless_running else _KNOWN
        there = set(connection.execute(known, {"locks": [job.queueing_lock for job in jobs]}).scalars())
        wanted = sorted((job for job in jobs if job.queueing_lock not in there), key=lambda job: job.lock or "")
        if not wanted or self._defer(connection, wanted):
            return
        for job in wanted:  # somebody was first with one of them
            self._defer(connection, [job])

    def _defer(self, connection: Connection, jobs: list[Job]) -> bool:
        """False: one is there already; the transaction is as before."""
        try:
            with connection.begin_nested():
                self._jobs.batch_defer_jobs(jobs, connection=_driver(connection))
        except AlreadyEnqueued:
            return False
        return True


def _job(task: str, queue: str, bot: Bot, priority: int = 0) -> Job:
    lock = f"{task}:{bot[0]}:{bot[1]}"
    kwargs: dict[str, Any] = {"channel": bot[0], "bot": bot[1]}
    return Job(task_name=task, queue=queue, priority=priority, lock=lock, queueing_lock=lock, task_kwargs=kwargs)


def _quiet() -> None:
    """The libraries have a line for every job and connection; ours say what matters."""
    for chatty in ("procrastinate", "psycopg"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)


class _Connector(PsycopgConnector):
    """Finishing a job and showing a sign of life wait for the database; fetching one does not, its worker begins anew.

    A job whose end could not be written down would hold its lock for as long as its worker lives.
    """

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run it, again where the connection was lost; by another's doing it may be done already."""
        for pause in (*PAUSES, None):
            try:
                await super().execute_query_async(query, **arguments)
            except ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    return  # the job is not running any more: we were taken for dead, or the answer was lost
                if pause is None or not isinstance(error.__cause__, psycopg.OperationalError):
                    raise
                await asyncio.sleep(pause)
            else:
                return


async def _commit_each_statement(connection: psycopg.AsyncConnection[Any]) -> None:
    """Every question of the library is one statement; in a transaction begun for it, it takes three round trips.

    And a program that is stopped between the statement and the commit holds the job's row until it wakes: nobody could
    fail the job, and its bot would be silent for as long.
    """
    await connection.set_autocommit(True)


# ---- the metronome --------------------------------------------------------------------------------------------------


class SharedMetronome:
    """One program's part in it: fetches jobs, shows that it lives, and looks for those who do not.

    ``database``: the address, in SQLAlchemy's spelling. ``turn_every``: whole seconds, a part of a minute.
    ``trouble``: puts an error of the database into a sentence.
    """

    def __init__(
        self,
        database: str,
        work: Work,
        *,
        name: str,
        shards: int,
        turn_every: int,
        lanes: int,
        listeners: int,
        trouble: Callable[[BaseException], str] = str,
    ) -> None:
        _quiet()
        self.work, self.name, self.trouble = work, name, trouble
        self._connector = _Connector(
            conninfo=make_url(database).set(drivername="postgresql").render_as_string(hide_password=False),
            kwargs={"application_name": f"nhacviec {name}"[:63], "connect_timeout": 5},
            configure=_commit_each_statement,
            reconnect_timeout=5.0,
            min_size=1,
            max_size=4,
            timeout=10.0,
        )
        self._turns = App(connector=self._connector)
        self._lanes = App(connector=self._connector)
        self._listening = App(connector=self._connector)
        self._define(shards, turn_every)
        self._at_once = {TURNS: 2, LANES: lanes, LISTENING: listeners}
        self._stop = asyncio.Event()
        self._answering_since: float | None = None
        self._said_gone = False
        self._tidied = 0.0

    def _define(self, shards: int, turn_every: int) -> None:
        turn = self._turns.task(name="turn", queue=TURNS)(self._turn)
        for shard in range(shards):
            lock = f"turn:{shard}/{shards}"
            self._turns.periodic(
                cron=f"* * * * * */{turn_every}",  # the sixth field is seconds
                periodic_id=lock,
                lock=lock,
                queueing_lock=lock,
                task_kwargs={"shard": shard, "of": shards},
            )(turn)
        self._turns.task(name="receive", queue=TURNS)(self._receive)
        self._lanes.task(name="lane", queue=LANES)(self._lane)
        self._listening.task(name="listen", queue=LISTENING)(self._listen)

    async def _turn(self, timestamp: int, shard: int, of: int) -> None:  # noqa: ARG002  (the library passes it)
        await self._done(self.work.turn(shard, of), "Lượt tính")

    async def _receive(self, channel: str, bot: str) -> None:
        await self._done(self.work.receive((channel, bot)), "Xử lý tin nhận được")

    async def _lane(self, channel: str, bot: str) -> None:
        await self._done(self.work.lane((channel, bot)), "Lượt gửi")

    async def _listen(self, channel: str, bot: str) -> None:
        await self._done(self.work.listen((channel, bot)), "Nhận tin")

    async def _done(self, work: Awaitable[None], what: str) -> None:
        """Whatever goes wrong in one job, the next look at the rows tries again; it must not pass in silence."""
        try:
            await work
        except DatabaseTrouble as trouble:
            self._gone(str(trouble))
        except Exception:
            LOG.exception("%s gặp lỗi ngoài dự kiến; lát nữa sẽ thử lại.", what)

    # ---- life -------------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; then fetch nothing more, and leave when what runs has ended, or after four seconds."""
        await self._connector.open_async()
        tasks = [
            asyncio.create_task(self._keep(self._turns, TURNS)),
            asyncio.create_task(self._keep(self._lanes, LANES)),
            asyncio.create_task(self._look()),
        ]
        if self._at_once[LISTENING]:
            tasks.append(asyncio.create_task(self._keep(self._listening, LISTENING)))
        try:
            await stop.wait()
        finally:
            self._stop.set()
            for task in tasks:
                task.cancel()  # a worker takes it as: fetch nothing more, and end when what runs has ended
            _, late = await asyncio.wait(tasks, timeout=STOP_WITHIN)
            if late:
                LOG.warning("Dừng khi còn tin đang gửi dở; máy khác sẽ xử lý theo loại tin.")
            else:
                await self._connector.close_async()

    async def _keep(self, app: App, queue: str) -> None:
        """A worker that ends by itself has lost the database, or was taken for dead: it begins anew, as a new one."""
        while not self._stop.is_set():
            try:
                await app.run_worker_async(
                    queues=[queue],
                    name=f"{self.name}/{queue}",
                    concurrency=self._at_once[queue],
                    fetch_job_polling_interval=FETCH_EVERY,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED_AFTER,
                    shutdown_graceful_timeout=FINISH_WITHIN,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            except (ConnectorException, psycopg.Error, OSError) as error:
                self._gone(self.trouble(error.__cause__ or error))
            except Exception:
                LOG.exception("Bộ phận nhận việc dừng ngoài dự kiến; đang chạy lại.")
            await asyncio.sleep(PAUSE)

    # ---- looking after the others -----------------------------------------------------------------------------------

    async def _look(self) -> None:
        while True:
            try:
                await self._miss_the_dead()
                await asyncio.to_thread(self.work.sweep)
                await self._tidy()
                self._back()
            except (ConnectorException, psycopg.Error, OSError, DatabaseTrouble) as error:
                self._gone(str(error) if isinstance(error, DatabaseTrouble) else self.trouble(error.__cause__ or error))
            except Exception:
                LOG.exception("Việc dò các lượt bị sót gặp lỗi ngoài dự kiến; lát nữa sẽ thử lại.")
            await asyncio.sleep(LOOK_EVERY)

    async def _miss_the_dead(self) -> None:
        """Fail the jobs of programs that show no life, and ask for them anew.

        Only when the database has answered for so long that everybody who lives can have shown it: after a restart of
        the database all have been silent alike.
        """
        stalled = list(await self._turns.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER))
        now = time.monotonic()
        if self._answering_since is None:
            self._answering_since = now
        if now - self._answering_since < STALLED_AFTER:
            return
        for job in stalled:
            await self._turns.job_manager.finish_job(job, Status.FAILED, delete_job=False)
            if job.task_name != "turn":  # the next one is on its way
                with suppress(AlreadyEnqueued):
                    await self._turns.job_manager.defer_job_async(job.evolve(id=None, status=None, worker_id=None))
        if stalled:
            LOG.warning("Một máy đã dừng đột ngột; %d phần việc của nó được làm lại ở nơi khác.", len(stalled))

    async def _tidy(self) -> None:
        if time.monotonic() - self._tidied > 3600 or not self._tidied:
            self._tidied = time.monotonic()
            await self._turns.job_manager.delete_old_jobs(
                nb_hours=KEEP_FAILED, include_failed=True, include_cancelled=True, include_aborted=True
            )

    def _gone(self, sentence: str) -> None:
        """Said once, not by every job."""
        self._answering_since = None
        if not self._said_gone and not self._stop.is_set():
            LOG.error("%s", sentence)
            self._said_gone = True

    def _back(self) -> None:
        if self._said_gone:
            LOG.info("Đã nối lại cơ sở dữ liệu; tiếp tục làm việc.")
            self._said_gone = False

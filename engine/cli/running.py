"""``demo``, ``run`` and ``say``: the engine at work."""

from __future__ import annotations

import asyncio
import logging

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select

from bots.simulator import SimulatedMessage, Simulator
from data.database import reading
from engine.cli import output
from engine.clock import CIVIL
from engine.errors import NhacViecError
from engine.office import CHAT


def demo(quiet: bool) -> None:
    """Play the quarter with a transcript and a closing table."""
    from engine.demo import FIRST_DAY, LAST_DAY, Demo, Event, closing, is_highlight

    console = output.console
    digests = 0
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
    ) as progress:
        task = progress.add_task("Hùng Thắng, quý I/2026", total=(LAST_DAY - FIRST_DAY).total_seconds())

        def tell(event: Event) -> None:
            nonlocal digests
            if quiet:
                return
            when = event.at.astimezone(CIVIL).strftime("%d/%m %H:%M")
            if event.typed:
                console.print(f"[dim]{when}[/] [green]{escape(event.person)} ▸ {escape(event.typed)}[/]")
            elif event.shown and is_highlight(event.shown):
                from engine.messages import DigestMessage

                if isinstance(event.shown.message, DigestMessage):
                    digests += 1
                    if digests not in (1, 12, 23):  # two leaders read each week's digest; three are shown whole
                        console.print(f"[dim]{when}[/] [cyan]Bản tin tuần ▸ {escape(event.person)}[/]")
                        return
                console.rule(f"{when}  {escape(event.person)}", style="yellow")
                console.print(escape(event.shown.text), highlight=False)
                console.rule(style="yellow")
            elif event.shown:
                console.print(f"[dim]{when}[/] [cyan]◂ {escape(event.person)}[/] {escape(_in_short(event.shown))}")

        player = Demo(tell, lambda now: progress.update(task, completed=(now - FIRST_DAY).total_seconds()))
        player.play()
    result = closing(player.engine)
    rows: list[tuple[object, ...]] = [
        ("Tin nhắc việc đã gửi", result.messages.get("reminder", 0)),
        ("Bản tin tuần đã gửi", result.messages.get("digest", 0)),
        ("Câu trả lời đã gửi", result.messages.get("answer", 0)),
        ("Lời nhắc đã nói", result.lines_told),
        ("  trong đó gộp chung vào một tin", result.merged),
        ("Lời nhắc không gửi", sum(result.suppressed.values())),
        *((f"  vì {reason}", n) for reason, n in sorted(result.suppressed.items())),
        ("Dòng nhật ký, chuỗi nguyên vẹn", result.journal_lines),
        ("Thất lạc", result.lost),
    ]
    output.table("Tổng kết quý I/2026, UBND xã Hùng Thắng", ["", "Số lượng"], rows)
    if result.lost or result.journal_lines < 0:
        raise NhacViecError("Có lời nhắc thất lạc hoặc nhật ký bị hỏng: đây là lỗi của chương trình, xin báo lại.")


def _in_short(shown: SimulatedMessage) -> str:
    from engine.messages import ReminderMessage
    from engine.why import SAYS

    if isinstance(shown.message, ReminderMessage):
        return "; ".join(f"{SAYS[item.says]}: {item.number}. {item.title}" for item in shown.message.items)
    return shown.text.replace("\n", " ")


def run() -> None:
    """The live engine."""
    from data.database import must_exist
    from engine import whole
    from engine.app import build, warnings_of_bots
    from engine.app import run as run_forever
    from engine.cycle import Decided
    from engine.lock import alone
    from engine.logs import configure, secrets_of
    from engine.memory import settle_in
    from engine.mode import RUN, running_as
    from engine.outbox import Delivered
    from engine.settings import read_settings

    def show(message: SimulatedMessage) -> None:
        output.console.rule(escape(message.address), style="cyan")
        output.line(message.text)

    settings = read_settings()
    configure(settings.log, secrets_of(settings))
    log = logging.getLogger("nhacviec")
    first = True

    def told(decided: Decided, done: Delivered) -> None:
        nonlocal first
        if first or decided.handled or decided.planned or done.sent or done.retried or done.refused or done.unknown:
            log.info(
                "Trả lời %d, lập %d kỳ, gửi %d tin, hoãn %d, từ chối %d, không rõ %d.",
                decided.handled,
                decided.planned,
                done.sent,
                done.retried,
                done.refused,
                done.unknown,
            )
        first = False

    must_exist(settings.database)
    # Before the database is opened: a second program must not bring it up to date.
    with alone(settings.database), running_as(RUN, settings.database):
        whole.check(settings.database)
        product = build(settings, on_message=show)
        for said in warnings_of_bots(settings, product.engine):
            log.warning("%s", said)
        settle_in()
        if asyncio.run(run_forever(product, told)):
            whole.closed(settings.database)
    log.info("Đã dừng.")


def say(person: str, words: str) -> None:
    """One line typed by one person on the simulator, and what comes back to them alone."""
    from engine.app import build_again, hear
    from engine.cli.finding import find_person
    from engine.settings import read_settings

    product = build_again(read_settings())
    simulator = next(iter(product.named("simulator")), None)
    if not isinstance(simulator, Simulator):
        raise NhacViecError("Lệnh say chỉ dùng với trình mô phỏng. Đang có mã bot thật: hãy trả lời trên điện thoại.")
    with reading(product.engine) as connection:
        row = find_person(connection, person, None)
        chats = connection.execute(select(CHAT.c.channel, CHAT.c.address).where(CHAT.c.person_id == row.id)).all()
    address = next((chat.address for chat in chats if chat.channel == simulator.name), None)
    if address is None:
        raise NhacViecError(f"{row.name} đã nối với {chats[0].channel}: hãy trả lời trên điện thoại của người đó.")
    for text in hear(product, simulator.typed(address, words)):
        output.line(text)


def worker(lanes: int | None, name: str | None) -> None:
    """One of several machines."""
    import socket

    from engine.app import build
    from engine.logs import configure, secrets_of
    from engine.memory import settle_in
    from engine.mode import WORKER, running_as
    from engine.settings import read_settings
    from engine.worker import LANES, Worker, check_database

    settings = read_settings()
    configure(settings.log, secrets_of(settings))
    check_database(settings.database)
    log = logging.getLogger("nhacviec")
    called = name or socket.gethostname()
    with running_as(WORKER, settings.database, called):
        product = build(settings)
        if product.named("simulator"):
            raise NhacViecError(
                "Chưa có mã bot nào: hãy đặt NHACVIEC_BOTS, NHACVIEC_ZALO_TOKEN hoặc NHACVIEC_TELEGRAM_TOKEN."
            )
        settle_in()
        asyncio.run(Worker(product, called, lanes or LANES).run())
    log.info("Đã dừng.")

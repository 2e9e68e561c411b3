"""``backup``, ``restore``, ``unmute``, ``db move`` and ``tidy``: what keeps the records safe."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict
from pathlib import Path

from engine.cli import output
from engine.cli.finding import database
from engine.clock import CIVIL, SystemClock
from engine.errors import NhacViecError
from engine.settings import read_settings

KINDS = {"reminder": "tin nhắc việc", "digest": "bản tin tuần", "answer": "câu trả lời", "edit": "sửa tin đã gửi"}
FOLDER = Path("sao-luu")
SURE = "THAY"


def backup(to: Path | None, keep: int | None, zipped: bool, as_json: bool) -> None:
    """One backup now. A journal that does not verify is kept as it is, and told of."""
    from engine.backup import back_up, backups_in
    from engine.doctor.storage import in_megabytes
    from engine.move import broken

    settings = read_settings()
    folder = to or settings.backups or FOLDER
    database().dispose()  # an older schema is brought up to date before it is kept
    before, days = backups_in(folder), keep or settings.backup_keep
    made = back_up(settings.database, settings.evidence, folder, SystemClock().now(), keep=days, zipped=zipped)
    gone = len(set(before).difference(backups_in(folder)))
    damaged = broken(made.heads)
    if as_json:
        output.as_json(asdict(made) | {"folder": str(folder), "removed": gone})
    else:
        output.line(f"Đã sao lưu và kiểm tra: {folder / made.file} ({in_megabytes(made.size)}).")
        output.line(f"{sum(made.rows.values())} dòng, {made.evidence} tệp minh chứng ({made.evidence_new} tệp mới).")
        if gone:
            output.line(f"Đã bỏ {gone} bản cũ: giữ {days} ngày và 12 tháng gần nhất.")
        for office, head in made.heads.items():
            output.line(f"Mã nhật ký {office}: {_short(head)}")
        if made.evidence_missing:
            lost = len(made.evidence_missing)
            output.line(f"Chú ý: {lost} tệp minh chứng không còn hoặc đã hỏng, không sao lưu được.")
    if damaged:
        raise NhacViecError("\n".join(["Bản sao lưu đã có đủ dữ liệu, nhưng cần xem ngay:", *damaged]))


def restore(file: Path, to: str | None, replace: bool, keep_queued: bool, yes: bool) -> None:
    """Put a backup in place, muted."""
    from engine.backup import examine, target_is_taken
    from engine.backup import restore as put_back
    from engine.move import broken

    settings = read_settings()
    url = to or settings.database
    note = examine(file)
    if note is None:
        output.line("Chú ý: bên cạnh bản sao lưu không có tệp ghi chú .json, nên chỉ kiểm tra được bên trong.")
    else:
        output.line(f"Bản sao lưu lúc {_when(note.made_at)}, {sum(note.rows.values())} dòng, đúng mã kiểm tra.")
    if target_is_taken(url) and replace and not yes:
        output.typed(f"Sẽ thay cơ sở dữ liệu đang dùng. Gõ {SURE} để tiếp tục: ", SURE)
    done = put_back(file, url, settings.evidence, SystemClock().now(), replace=replace, keep_queued=keep_queued)
    damaged = broken(done.heads)
    whole = len(done.heads) - len(damaged)
    output.line(f"Đã phục hồi {sum(done.rows.values())} dòng; nhật ký của {whole} cơ quan nguyên vẹn.")
    for said in damaged:
        output.line(f"Chú ý: {said}")
    if done.replaced:
        output.line(f"Tệp cũ được giữ ở {done.replaced}.")
    for kind, count in done.dropped.items():
        output.line(f"Bỏ {count} {KINDS.get(kind, kind)} đang chờ trong bản sao lưu: có thể đã gửi rồi.")
    if done.again:
        output.line(f"Giữ {done.again} tin về hạn cuối, quá hạn đang chờ; khi gửi sẽ ghi “(gửi lại)”.")
    if done.evidence_missing:
        output.line(f"Chú ý: thiếu {done.evidence_missing} tệp minh chứng.")
    if to and to != settings.database:  # the bare command would act on the database in use
        output.line(f"Xem bản này bằng: NHACVIEC_DATABASE={to} nhacviec status. Trong bản này hệ thống TẮT GỬI.")
    else:
        output.line("Hệ thống đang TẮT GỬI: chưa tin nào đi. Xem và bật lại bằng: nhacviec unmute")


def unmute(yes: bool, keep_old: bool) -> None:
    """Show what would leave, ask, let it."""
    from data.muted import muted_because
    from engine import muting
    from engine.cycle import decide_for

    engine, now = database(), SystemClock().now()
    with engine.begin() as connection:
        why = muted_because(connection)
    if why is None:
        output.line("Hệ thống đang gửi bình thường.")
        return
    decide_for(engine, now)  # what is due and was not looked at since leaves too: it is shown before anybody says yes
    with engine.begin() as connection:
        found = muting.waiting(connection, now)
    output.line(f"Đang tắt gửi từ {_when(why[1])}: {why[0]}.")
    for kind in found:
        old = f"; {kind.too_old} quá cũ, {'vẫn gửi' if keep_old else 'sẽ bỏ'}" if kind.too_old else ""
        name = KINDS.get(kind.kind, kind.kind)
        output.line(f"Sẽ gửi ngay: {kind.count} {name}, cũ nhất từ {_when(kind.oldest)}{old}.")
    if not found:
        output.line("Không có tin nào chờ gửi ngay.")
    if not yes:
        output.confirm("Bật gửi lại?")
    with engine.begin() as connection:
        dropped = muting.unmute(connection, now, keep_old=keep_old)
    output.line(f"Đã bật gửi lại{f', bỏ {dropped} tin quá cũ' if dropped else ''}.")


def move(source: str, target: str, as_json: bool) -> None:
    """Copy everything from one database to another."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from data.database import named
    from engine.at_rest import at_rest
    from engine.move import move as copy_all

    here, there = _place(source), _place(target)
    if here == there:
        raise NhacViecError("Nguồn và đích là một cơ sở dữ liệu. Hãy chọn đích khác.")
    if isinstance(here, Path) and not here.exists():
        raise NhacViecError(f"Không có cơ sở dữ liệu {named(source)} để chuyển. Hãy xem lại đường dẫn.")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bars = Progress(*columns, console=output.console, transient=True, disable=as_json)
    with at_rest(source), at_rest(target), bars as progress:  # what is written to the source now would stay behind
        task = progress.add_task("", total=None)

        def tell(table: str, done: int, total: int) -> None:
            progress.update(task, description=table, completed=done, total=total)

        moved = copy_all(source, target, tell)
    if as_json:
        output.as_json(asdict(moved))
        return
    rows = [(name, content.rows, content.digest[:16]) for name, content in moved.tables.items() if content.rows]
    output.table("Đã chuyển, số dòng và dấu của từng bảng giống nhau ở hai nơi", ["Bảng", "Dòng", "Dấu"], rows)
    for office, head in moved.heads.items():
        output.line(f"Nhật ký {office} nguyên vẹn: {_short(head)}")
    if moved.mended:
        output.line(f"{moved.mended} chỗ có ký tự rỗng đã được thay, vì PostgreSQL không lưu được.")
    new = target if isinstance(there, Path) else f"{named(target)} (với mật khẩu)"
    output.line(f"Nguồn còn nguyên. Để dùng nơi mới, đặt NHACVIEC_DATABASE={new}.")


def tidy(older_than: str, yes: bool) -> None:
    """Let go of old words."""
    from engine.tidy import LEAST_MONTHS, kept_since, tidy_all

    months = re.fullmatch(r"(\d{1,3})m", older_than.strip())
    if months is None or int(months[1]) < LEAST_MONTHS:
        raise NhacViecError("Hãy viết --older-than bằng số tháng, ví dụ 24m; ít nhất 3m.")
    now = SystemClock().now()
    before = kept_since(now, int(months[1]))
    if not yes:
        output.confirm(f"Xoá nội dung các tin trước ngày {before:%d/%m/%Y}? Số đếm và nhật ký được giữ lại.")
    done = tidy_all(database(), before, now)
    output.line(f"Đã xoá nội dung {done.messages} tin đã gửi và {done.replies} tin nhận; nhật ký còn nguyên.")


def _place(url: str) -> object:
    """Where a database is, however it was written: a file, or an address."""
    from data.database import address

    found = address(url)
    lite = found.get_backend_name() == "sqlite" and found.database not in (None, "", ":memory:")
    return Path(str(found.database)).resolve() if lite else found


def _short(head: str) -> str:
    lines, separator, mark = head.partition(":")
    return f"{lines}{separator}{mark[:16]}"


def _when(at: dt.datetime) -> str:
    return f"{at.astimezone(CIVIL):%H:%M %d/%m/%Y}"

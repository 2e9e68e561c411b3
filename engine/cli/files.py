"""``check``, ``load`` and ``export``: office files."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from engine.cli import output
from engine.errors import BadOfficeFile, NhacViecError
from schedules.office_file import problems_of, read_office, warnings_of
from schedules.office_model import UNDATED

HOW = {"added": "thêm", "changed": "sửa", "dropped": "bỏ"}
WHAT = {"office": "cơ quan", "unit": "đơn vị", "person": "cán bộ", "obligation": "nhiệm vụ"}


def check(files: list[Path], as_json: bool) -> None:
    """Check files; every problem of every file is told before leaving."""
    from schedules.workdays import vietnam_calendar

    problems: list[str] = []
    report = []
    for path in files:
        try:
            office = read_office(path)
        except BadOfficeFile as error:
            problems += error.problems
            report.append({"file": str(path), "ok": False, "problems": error.problems})
            continue
        undated = sum(o.kind in UNDATED for o in office.obligations)
        warnings = warnings_of(office)
        years = range(office.plan.period[0], office.plan.period[1] + 1)
        calendar = vietnam_calendar().warnings([year for year in years if year >= 2026])
        report.append({"file": str(path), "ok": True, "warnings": warnings, "calendar": calendar})
        if not as_json:
            dated = len(office.obligations) - undated
            output.line(
                f"{path}: hợp lệ. {office.office.name}: {len(office.obligations)} nhiệm vụ ({dated} có hạn), "
                f"{len(office.units)} đơn vị, {len(office.people)} cán bộ."
            )
            for line in calendar:
                output.line(f"  lịch nghỉ: {line}")
            for line in warnings:
                output.line(f"  cần xem: {line}")
    if as_json:
        output.as_json(report)
    if problems:
        raise NhacViecError("\n".join(problems))


def load(name: str, yes: bool, as_json: bool) -> None:
    """Show what would change, ask, apply. ``name``: a file, or the id of an office that comes with the program."""
    from engine.app import build
    from engine.cli.finding import office_file
    from engine.load import apply, compare
    from engine.plan import plan
    from engine.settings import read_settings

    path = office_file(name)
    office = read_office(path)
    product = build(read_settings())
    with product.engine.begin() as connection:
        changes = compare(connection, office)
    if as_json:
        output.as_json([asdict(change) for change in changes])
    elif not changes:
        output.line(f"{office.office.name}: không có gì thay đổi.")
    else:
        rows = [(HOW[c.how], WHAT[c.what], c.slug, c.name, ", ".join(c.keys)) for c in changes]
        output.table(f"Thay đổi khi nạp {path}", ["", "", "Mã", "Tên", "Mục sửa"], rows)
    if not changes:
        return
    if as_json and not yes:
        return
    if not yes:
        output.confirm("Ghi những thay đổi này?")
    with product.engine.begin() as connection:
        apply(connection, office, product.clock.now())
        planned = plan(connection, product.clock.now())  # the next turn would; so "status" knows it at once
    if product.named("simulator"):
        from engine.load import link_simulator

        with product.engine.begin() as connection:
            link_simulator(connection, product.clock.now())
    counts = Counter(HOW[c.how] for c in changes)
    if not as_json:
        told = ", ".join(f"{how} {n}" for how, n in counts.items())
        output.line(f"Đã nạp {office.office.name}: {told}. Lập {planned} kỳ; xem bằng: nhacviec status")


def export(office: str, out: Path | None, force: bool) -> None:
    """The stored office as its file again, to ``out`` or to standard output.

    :raises NhacViecError: no such office; the file is there already, or cannot be written.
    """
    from zoneinfo import ZoneInfo

    from data.database import reading
    from engine.cli.finding import database, loaded_offices
    from engine.clock import SystemClock
    from engine.stored_file import as_yaml, stored_file

    with reading(database()) as connection:
        file = stored_file(connection, loaded_offices(connection, office)[0])
    today = SystemClock().now().astimezone(ZoneInfo(file.office.timezone))
    content = as_yaml(file, f"{today:%d/%m/%Y}")
    if out is None or str(out) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        _write(out, content, force=force, private=any(rule.secret for rule in file.obligations))
        output.line(
            f"Đã ghi {out}. {file.office.name}: {len(file.obligations)} nhiệm vụ, {len(file.units)} đơn vị, "
            f"{len(file.people)} cán bộ."
        )
    for sentence in problems_of(file):  # what load would say of it; it is better known now
        sys.stderr.write(f"Cần sửa trước khi nạp lại: {sentence}\n")


def _write(path: Path, content: bytes, *, force: bool, private: bool) -> None:
    """All of it or nothing. ``private``: no other account of this machine may read it."""
    if path.exists() and not force:
        raise NhacViecError(f"Đã có tệp {path}. Hãy chọn tên khác, hoặc thêm --force để ghi đè.")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        try:
            with os.fdopen(handle, "wb") as beside:
                beside.write(content)
            Path(name).chmod(0o600 if private else 0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise NhacViecError(f"Không ghi được {path}: {error.strerror or error}. Hãy chọn nơi khác.") from error

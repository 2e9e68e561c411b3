"""``check``, ``load`` and ``export``: office files; ``bundle``: one piece of work in a file."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from engine.cli import output
from engine.errors import BadOfficeFile, NhacViecError
from engine.whole_file import FOR_ALL, PRIVATE, write_whole
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
        mode = PRIVATE if any(rule.secret for rule in file.obligations) else FOR_ALL
        write_whole(out, lambda to: to.write(content), replace=force, mode=mode)
        output.line(
            f"Đã ghi {out}. {file.office.name}: {len(file.obligations)} nhiệm vụ, {len(file.units)} đơn vị, "
            f"{len(file.people)} cán bộ."
        )
    for sentence in problems_of(file):  # what load would say of it; it is better known now
        sys.stderr.write(f"Cần sửa trước khi nạp lại: {sentence}\n")


def bundle(occurrence: int, out: Path | None, office: str | None, *, secret: bool, force: bool) -> None:
    """Everything about one occurrence in one file."""
    from data.database import at_one_instant
    from data.evidence_files import EvidenceFiles
    from engine.bundle import bundle as pack
    from engine.cli.finding import database, office_of_work
    from engine.clock import SystemClock
    from engine.settings import read_settings

    path = out or Path(f"viec-{occurrence}.zip")
    with at_one_instant(database()) as connection:
        office_of_work(connection, occurrence, office)
        files = EvidenceFiles(read_settings().evidence)
        facts = pack(connection, files, occurrence, path, SystemClock().now(), secret=secret, replace=force)
    head = facts["journal_head"]
    output.line(f"Việc {occurrence} của {facts['office']['name']}.")
    output.line(f"Đã ghi {path}: {len(facts['journal'])} dòng nhật ký, {len(facts['evidence'])} minh chứng.")
    output.line(f"Mã nhật ký của cơ quan: {head['lines']}:{head['hash'][:16]}")

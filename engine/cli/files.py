"""``check`` and ``load``: office files."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

from engine.cli import output
from engine.errors import BadOfficeFile, NhacViecError
from schedules.office_file import read_office, warnings_of
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


def load(path: Path, yes: bool, as_json: bool) -> None:
    """Show what would change, ask, apply."""
    from engine.app import build
    from engine.load import apply, compare
    from engine.plan import plan
    from engine.settings import read_settings

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

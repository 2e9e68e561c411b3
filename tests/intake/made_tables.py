"""Plans that are little more than one invented table, and what is read from them."""

from __future__ import annotations

from schedules.intake.draft import reading_of
from schedules.intake.findings import Duty, PlanFound
from schedules.intake.readers import read_text
from schedules.intake.understand import understand

ECONOMY, CULTURE = "Phòng Kinh tế", "Phòng Văn hóa - Xã hội"
HEAD = "KẾ HOẠCH\nCông tác năm 2026\nUBND xã An Mẫu\n\nDANH MỤC\n\n"


def table(header: str, *rows: str) -> str:
    columns = header.count("|") + 1
    return "\n".join(f"| {line} |" for line in (header, " | ".join(["---"] * columns), *rows)) + "\n"


def plan(header: str, *rows: str, head: str = HEAD) -> PlanFound:
    return understand(read_text(head + table(header, *rows), "mau.txt"), 2026)


def first(header: str, *rows: str) -> Duty:
    return plan(header, *rows).duties[0]


def due(duty: Duty) -> tuple[str, str | None]:
    reading = reading_of(duty)
    return str(reading.kind), reading.first_due.isoformat() if reading.first_due else None

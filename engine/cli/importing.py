"""``import``: a plan document goes in, a draft office file comes out, looked over by a person."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from engine.cli import output
from engine.clock import SystemClock
from engine.errors import NhacViecError
from schedules.intake.blocks import Document
from schedules.intake.draft import is_confident, reading_of, skip_key, source_of, to_json, to_office
from schedules.intake.findings import Duty, PlanFound
from schedules.intake.readers import read_document, read_text
from schedules.intake.review import accepted, edited, spoken, unsure
from schedules.intake.revise import Change, decided, differences, write_again, write_new
from schedules.intake.understand import understand
from schedules.phrases import read_deadline, say

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST_PASTE = 2_000_000  # letters
HOW = {"added": "thêm", "changed": "sửa", "dropped": "bỏ"}
WHAT = {"plan": "văn bản", "unit": "đơn vị", "person": "cán bộ", "obligation": "nhiệm vụ"}
ACCEPT, EDIT, SKIP, LATER, STOP = "c", "s", "b", "d", "n"
NOT_ASKED = (
    "Lệnh không chạy trong cửa sổ gõ lệnh nên không hỏi từng mục: mục chắc chắn được nhận, mục khác chờ quyết định."
)
QUESTION = "c: chấp nhận, s: sửa, b: bỏ qua, d: để sau, n: ngừng"


def import_plan(
    path: Path, year: int | None, out: Path | None, as_json: bool, accept_confident: bool, yes: bool
) -> None:
    """Read, show, ask, write."""
    plan = _read(path, year, quiet=as_json)
    may_ask = out is not None and not (as_json or accept_confident or yes)
    asks = may_ask and sys.stdin.isatty()
    known, left_out = decided(out) if out is not None and out.exists() else (set(), set())
    wanted = [duty for duty in plan.duties if skip_key(duty) not in left_out]
    if as_json:
        output.as_json(to_json(plan))
    else:
        _summary(path, plan)
    old = [duty for duty in wanted if source_of(duty) in known]
    new = [duty for duty in wanted if source_of(duty) not in known]
    chosen, skipped = review(plan, new) if asks else (new, [])
    if may_ask and new and not asks:
        output.line(NOT_ASKED)
    if out is not None:
        duties = [*old, *chosen]
        draft = to_office(plan, path.name, duties, skipped)
        _write(out, draft, duties, quiet=as_json, yes=yes or accept_confident)


def _read(path: Path, year: int | None, *, quiet: bool) -> PlanFound:
    with output.progress(path.name, 1.0, hidden=quiet) as reached:

        def part(start: float, share: float) -> Callable[[float], None]:
            return lambda done: reached(start + share * done)

        document = _pasted() if str(path) == "-" else read_document(path, part(0, 0.7))
        return understand(document, year, part(0.7, 0.3), this_year=SystemClock().now().year)


def _pasted() -> Document:
    try:
        text = sys.stdin.buffer.read(LARGEST_PASTE + 1).decode("utf-8")
    except UnicodeDecodeError:
        raise NhacViecError("Văn bản dán vào không phải UTF-8. Hãy lưu thành tệp rồi nhập tệp đó.") from None
    if len(text) > LARGEST_PASTE:
        raise NhacViecError("Văn bản dán vào quá dài. Hãy lưu thành tệp rồi nhập tệp đó.")
    return read_text(text, "văn bản dán")


def _place(duty: Duty) -> str:
    """ "II.1, dòng 8"; "dòng 8" in a document without numbers."""
    return f"{duty.where}, dòng {duty.source_line}" if duty.where else f"dòng {duty.source_line}"


def _summary(path: Path, plan: PlanFound) -> None:
    facts = plan.facts
    output.line(f"{facts.title or path.name}")
    known = [
        f"Cơ quan ban hành: {facts.issuer}" if facts.issuer else "Chưa rõ cơ quan ban hành",
        f"số {facts.number}" if facts.number else "chưa có số",
        f"ngày {facts.date:%d/%m/%Y}" if facts.date else "chưa có ngày",
        f"cơ quan thường trực: {plan.standing_office or 'chưa rõ'}",
    ]
    output.line("; ".join(known) + ".")
    output.line("")
    for number, duty in enumerate(plan.duties, 1):
        output.line(f"{number}. {duty.title}{'' if is_confident(duty) else '  [cần xem]'}")
        output.line(f"   {duty.lead or 'Chưa rõ cơ quan chủ trì'}. {say(reading_of(duty))}")
        output.line(f"   {_place(duty)}; chắc {duty.confidence:.0%}.")
        for sentence in duty.needs_review:
            output.line(f"   Cần xem: {sentence}")
    output.line("")
    if plan.targets:
        targets = [(t.where, t.text, f"{t.op} {t.value:g}{t.unit}", t.by or "") for t in plan.targets]
        output.table("Chỉ tiêu", ["Ở đâu", "Nội dung", "Mức", "Năm"], targets)
    for warning in plan.warnings:
        output.line(f"Lưu ý: {warning}")
    need = len(unsure(plan.duties))
    output.line(f"{len(plan.duties)} nhiệm vụ ({need} cần xem), {len(plan.targets)} chỉ tiêu.")


def _write(out: Path, draft: dict[str, object], duties: Sequence[Duty], *, quiet: bool, yes: bool) -> None:
    if not out.parent.exists():
        raise NhacViecError(f"Không có thư mục {out.parent}. Hãy tạo thư mục rồi chạy lại.")
    if not out.exists():
        write_new(out, draft)
        if not quiet:
            waiting = len(unsure(duties))
            output.line(
                f"Đã ghi {out}: {len(duties)} nhiệm vụ, {waiting} mục chờ quyết định. Kiểm tra: nhacviec check {out}"
            )
        return
    changes = differences(out, draft)
    if not changes:
        if not quiet:
            output.line(f"{out}: không có gì thay đổi.")
        return
    if not quiet:
        _show(out, changes)
    if not yes:
        output.confirm("Ghi những thay đổi này?")
    write_again(out, draft)
    if not quiet:
        output.line(f"Đã ghi {out}.")


def _show(out: Path, changes: Sequence[Change]) -> None:
    rows = [(HOW[c.how], WHAT[c.what], c.slug, c.before, c.after) for c in changes]
    output.table(f"Thay đổi so với {out}", ["", "", "Mã", "Đang ghi", "Văn bản mới"], rows)


# ---- review -------------------------------------------------------------------------------------------------------


def review(plan: PlanFound, duties: Sequence[Duty]) -> tuple[list[Duty], list[Duty]]:
    """Ask about each duty, beside its source line. Returns what stays and what is left out.

    What is put off, or left when stopping, stays as unsure as it is.
    """
    kept: list[Duty] = []
    left_out: list[Duty] = []
    for index, found in enumerate(duties):
        answer, duty = _decide(plan, found, f"{index + 1}/{len(duties)}")
        if answer == STOP:
            return [*kept, *duties[index:]], left_out
        if answer == SKIP:
            left_out.append(found)
        else:
            kept.append(accepted(duty) if answer == ACCEPT else duty)
    return kept, left_out


def _decide(plan: PlanFound, duty: Duty, place: str) -> tuple[str, Duty]:
    while True:
        _present(place, duty)
        answer = str(typer.prompt(QUESTION, default=ACCEPT if is_confident(duty) else LATER)).strip().lower()[:1]
        if answer in (ACCEPT, SKIP, LATER, STOP):
            return answer, duty
        if answer == EDIT:
            duty = _edit(plan, duty)


def _present(place: str, duty: Duty) -> None:
    output.line("")
    output.line(f"{place}. {duty.title}")
    output.line(f"  Nguồn: {_place(duty)}: {duty.source_text}")
    output.line(f"  Chủ trì: {duty.lead or 'chưa rõ'}{' (từng đơn vị)' if duty.lead_each else ''}")
    words = f"“{spoken(duty)}” – " if spoken(duty) else ""
    output.line(f"  Thời hạn: {words}{say(reading_of(duty))}")
    if duty.product:
        output.line(f"  Sản phẩm: {duty.product}")
    output.line(f"  Chắc chắn: {duty.confidence:.0%}")
    for sentence in duty.needs_review:
        output.line(f"  Cần xem: {sentence}")


def _edit(plan: PlanFound, duty: Duty) -> Duty:
    title = str(typer.prompt("Việc", default=duty.title))
    units = [unit.name for unit in plan.units if unit.kind != "leadership"]
    for number, name in enumerate(units, 1):
        output.line(f"  {number}. {name}")
    lead = str(typer.prompt("Chủ trì (số hoặc tên)", default=duty.lead or ""))
    if lead.isdigit() and 0 < int(lead) <= len(units):
        lead = units[int(lead) - 1]
    while True:
        words = str(typer.prompt("Thời hạn, viết bằng lời", default=spoken(duty)))
        head = reading_of(duty) if words == spoken(duty) else read_deadline(words, plan.facts.default_year).head
        output.line(f"  Đọc là: {say(head)}")
        if output.yes("Đúng chưa?", if_silent=True):
            break
    product = str(typer.prompt("Sản phẩm", default=duty.product or ""))
    return edited(duty, title=title, lead=lead or None, words=words, product=product, year=plan.facts.default_year)

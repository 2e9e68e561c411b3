"""From what was found to the draft, and the draft written again: nothing invented, nothing of a person's lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import BadOfficeFile
from schedules.intake.draft import checked, is_confident, slug_of, to_json, to_office
from schedules.intake.findings import Duty, Facts, PlanFound, Target, UnitFound
from schedules.intake.review import accepted, edited
from schedules.intake.revise import differences, write_again, write_new
from schedules.office_file import read_office
from schedules.phrases import read_deadline

FINANCE, DESK, CULTURE = "Phòng Kinh tế", "Trung tâm Phục vụ hành chính công", "Phòng Văn hóa - Xã hội"


def duty(title: str, words: str, lead: str | None = CULTURE, **changes: Any) -> Duty:
    return Duty(
        title=title,
        lead=lead,
        deadline_text=words,
        deadline=read_deadline(words, 2026),
        where="Danh mục I.1",
        source_line=40,
        source_text=f"{title} | {lead} | {words}",
        **changes,
    )


PLAN = PlanFound(
    facts=Facts("Kế hoạch CCHC năm 2026", "UBND xã Mẫu", "12/KH-UBND", dt.date(2026, 1, 14), (2026, 2026), 2026),
    units=(
        UnitFound(CULTURE, ("Phòng VH-XH",)),
        UnitFound(FINANCE),
        UnitFound(DESK),
        UnitFound("Mặt trận Tổ quốc", kind="partner"),
    ),
    standing_office=CULTURE,
    duties=(
        duty("Ban hành Kế hoạch CCHC", "Trước ngày 15/01/2026"),
        duty("Báo cáo cải cách TTHC", "trước ngày 16 hằng tháng", DESK, cooperating=(FINANCE, "Sở Nội vụ")),
        duty("Báo cáo năm", "trước ngày 10/12 hằng năm", "Thủ trưởng các cơ quan chuyên môn", lead_each=True),
        duty("Rà soát TTHC", "", DESK, needs_review=("Ô thời gian để trống.",), confidence=0.5),
        duty("Đối thoại với doanh nghiệp", "trong quý II/2026", FINANCE, confidence=0.6),
    ),
    targets=(Target("hồ sơ đúng hạn", ">=", 98.0, "%", "2026", "II", 20),),
    warnings=("1 trong 5 dòng không có thời hạn.",),
    table_rows=5,
)


def draft(plan: PlanFound = PLAN) -> dict[str, Any]:
    return to_office(plan, "ke-hoach.docx")


def entries(plan: PlanFound = PLAN) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in draft(plan)["obligations"]}


def test_a_draft_passes_the_check_that_every_office_file_passes() -> None:
    office = checked(draft())
    assert office.office.standing_unit == "phong-van-hoa-xa-hoi"
    assert [unit.kind for unit in office.units].count("partner") == 1
    assert {person.role for person in office.people} == {"leader", "head", "officer"}


def test_a_certain_deadline_is_kept_and_an_unsure_one_reminds_nobody() -> None:
    found = entries()
    assert found["ban-hanh-ke-hoach-cchc"]["due"] == {"date": dt.date(2026, 1, 15), "before": True}
    assert found["bao-cao-cai-cach-tthc"]["due"] == {"day": 16, "before": True}
    assert found["bao-cao-nam"]["lead_each"] == "all"
    unsure = found["doi-thoai-voi-doanh-nghiep"]
    assert unsure["kind"] == "unknown"
    assert "due" not in unsure
    assert "30/06/2026" in unsure["needs_review"]
    assert "để trống" in found["ra-soat-tthc"]["needs_review"]


@pytest.mark.parametrize(
    ("signed", "opens"),
    [(dt.date(2025, 12, 20), dt.date(2026, 1, 1)), (None, dt.date(2026, 1, 1)), (dt.date(2026, 3, 12), None)],
)
def test_what_comes_back_begins_with_the_plan(signed: dt.date | None, opens: dt.date | None) -> None:
    found = entries(replace(PLAN, facts=replace(PLAN.facts, date=signed, period=(2026, 2026))))
    begins = {
        entry.get("active_from") for entry in found.values() if entry["kind"] in ("monthly", "quarterly", "yearly")
    }
    assert begins == {opens}
    assert not [entry for entry in found.values() if entry["kind"].startswith("one_off") and "active_from" in entry]


@pytest.mark.parametrize(
    ("lead", "units", "leads"),
    [
        ("Các phòng, ban, đơn vị", (), (None, "all")),
        ("Các phòng, ban; Trưởng các thôn", (), (None, "all")),
        ("Các thôn", (), ("phong-van-hoa-xa-hoi", None)),
        ("Các trường học", ("Trường Mầm non Mẫu",), (None, ["truong-mam-non-mau"])),
    ],
)
def test_words_for_many_are_every_department_or_the_units_they_name(
    lead: str, units: tuple[str, ...], leads: tuple[str | None, object]
) -> None:
    plan = replace(PLAN, units=(*PLAN.units, *map(UnitFound, units)))
    told = duty("Lập danh sách", "trước ngày 15/4/2026", lead, lead_each=True)
    entry = to_office(plan, "ke-hoach.docx", [told])["obligations"][0]
    assert (entry.get("lead"), entry.get("lead_each")) == leads
    assert (entry["kind"] == "unknown") is (leads[1] is None)
    assert ("needs_review" in entry) is (leads[1] is None)


def test_every_entry_says_where_it_comes_from_and_how_sure_it_is() -> None:
    source = entries()["doi-thoai-voi-doanh-nghiep"]["source"]
    assert source == {
        "where": "Danh mục I.1",
        "words": "trong quý II/2026",
        "line": 40,
        "text": f"Đối thoại với doanh nghiệp | {FINANCE} | trong quý II/2026",
        "confidence": 0.6,
    }


def test_a_person_decides_and_the_entry_is_live() -> None:
    looked = accepted(edited(PLAN.duties[4], title="Đối thoại", lead=DESK, words="ngày 20/5/2026", product="",
                             year=2026))  # fmt: skip
    assert is_confident(looked)
    entry = to_office(PLAN, "ke-hoach.docx", [looked])["obligations"][0]
    assert (entry["kind"], entry["due"]) == ("one_off_date", {"date": dt.date(2026, 5, 20)})
    assert entry["lead"] == slug_of(DESK)


def test_json_has_the_keys_that_programs_read() -> None:
    found = to_json(PLAN)
    assert set(found) >= {
        "document", "units", "standing_office", "obligations", "targets", "warnings", "table_rows",
    }  # fmt: skip
    assert found["document"]["period"] == "2026"
    first = found["obligations"][0]
    assert (first["kind"], first["first_due"], first["lead_unit"]) == ("one_off_date", "2026-01-15", CULTURE)


# ---- written, and written again ------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "mau.yaml"
    write_new(path, draft())
    return path


def test_the_same_plan_again_changes_nothing(written: Path) -> None:
    before = written.read_bytes()
    assert differences(written, draft()) == []
    assert write_again(written, draft()) == []
    assert written.read_bytes() == before


def test_what_a_person_wrote_stays_while_the_sentence_stays(written: Path) -> None:
    text = written.read_text(encoding="utf-8").replace("title: Rà soát TTHC", "title: Rà soát TTHC nội bộ  # đã sửa")
    written.write_text(text, encoding="utf-8")
    assert differences(written, draft()) == []


def test_a_revised_plan_shows_what_it_adds_changes_and_drops(written: Path) -> None:
    first, monthly, _, *rest = PLAN.duties
    later = replace(
        first,
        deadline_text="Trước ngày 20/01/2026",
        deadline=read_deadline("Trước ngày 20/01/2026", 2026),
        source_text=first.source_text.replace("15/01", "20/01"),
    )
    fresh = duty("Tổng kết công tác CCHC", "trước ngày 05/12/2026")
    revised = draft(replace(PLAN, duties=(later, monthly, *rest, fresh)))

    shown = [(c.how, c.what, c.slug) for c in differences(written, revised)]

    assert shown == [
        ("changed", "obligation", "ban-hanh-ke-hoach-cchc"),
        ("added", "obligation", "tong-ket-cong-tac-cchc"),
        ("dropped", "obligation", "bao-cao-nam"),
    ]
    write_again(written, revised)
    office = read_office(written)
    kept = {o.id: o for o in office.obligations}
    assert set(kept) == {entry["id"] for entry in revised["obligations"]}
    assert kept["ban-hanh-ke-hoach-cchc"].due is not None
    assert kept["ban-hanh-ke-hoach-cchc"].due.date == dt.date(2026, 1, 20)
    assert written.read_text(encoding="utf-8").startswith("# Bản nháp")
    assert differences(written, revised) == []


def test_a_unit_the_office_has_renamed_is_recognised_by_its_name(written: Path) -> None:
    text = written.read_text(encoding="utf-8").replace("phong-kinh-te", "kt")
    written.write_text(text, encoding="utf-8")
    assert differences(written, draft()) == []


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ghi-chu.yaml"
    path.write_text("ghi chú: gọi điện cho Sở\n", encoding="utf-8")
    with pytest.raises(BadOfficeFile):
        write_again(path, draft())
    assert path.read_text(encoding="utf-8") == "ghi chú: gọi điện cho Sở\n"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Báo cáo CCHC năm", "bao-cao-cchc-nam"),
        ("Đề án 06/CP – Đợt 2", "de-an-06-cp-dot-2"),
        ("…", ""),
        ("x" * 80, "x" * 56),
    ],
)
def test_ids_are_plain_words(text: str, slug: str) -> None:
    assert slug_of(text) == slug

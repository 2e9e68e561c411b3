"""Sentences that tell several bodies, or name several dates: nobody is told too much, and no date is lost."""

# ruff: noqa: E501 (a paragraph of a document is one line)
from __future__ import annotations

import pytest

from schedules.intake.draft import is_confident, reading_of
from schedules.intake.findings import Duty, PlanFound
from schedules.intake.readers import read_text
from schedules.intake.understand import understand

HEAD = """ỦY BAN NHÂN DÂN
XÃ AN MẪU
Số: 45/KH-UBND
An Mẫu, ngày 09 tháng 01 năm 2026

KẾ HOẠCH
Công tác năm 2026 của xã An Mẫu

III. TỔ CHỨC THỰC HIỆN
"""
CULTURE = "Phòng Văn hóa - Xã hội"


def plan(text: str) -> PlanFound:
    return understand(read_text(HEAD + text, "mau.txt"))


def told(duty: Duty) -> tuple[str, str | None, str]:
    """What, who, when."""
    return duty.title, duty.lead, str(reading_of(duty).first_due)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        pytest.param(
            "Ban hành Kế hoạch A (trước ngày 15/02/2026), Kế hoạch B (trước ngày 28/02/2026) và Kế hoạch C (trước ngày 31/3/2026).",
            [
                ("Ban hành Kế hoạch A", "2026-02-15"),
                ("Ban hành Kế hoạch B", "2026-02-28"),
                ("Ban hành Kế hoạch C", "2026-03-31"),
            ],
            id="several things of one verb",
        ),
        pytest.param(
            "Ban hành Quyết định kiện toàn Tổ công tác trước ngày 31/01/2026, Quy chế hoạt động trước ngày 15/02/2026.",
            [("Ban hành Quyết định kiện toàn Tổ công tác", "2026-01-31"), ("Ban hành Quy chế hoạt động", "2026-02-15")],
            id="no brackets",
        ),
        pytest.param(
            "Tổ chức kiểm tra đợt 1 (tháng 4), đợt 2 (tháng 9).",
            [("Kiểm tra (đợt 1)", "2026-04-30"), ("Kiểm tra (đợt 2)", "2026-09-30")],
            id="rounds in bare months",
        ),
        pytest.param(
            "Trình HĐND xã Nghị quyết về ngân sách (kỳ họp giữa năm, trước ngày 30/6/2026; kỳ họp cuối năm, trước ngày 10/12/2026).",
            [
                ("Trình HĐND xã Nghị quyết về ngân sách (kỳ họp giữa năm)", "2026-06-30"),
                ("Trình HĐND xã Nghị quyết về ngân sách (kỳ họp cuối năm)", "2026-12-10"),
            ],
            id="sessions in one bracket",
        ),
        pytest.param(
            "Báo cáo UBND xã kết quả kiểm soát TTHC: Quý I trước 18/3, quý II trước 18/6, năm trước 18/12.",
            [
                ("Báo cáo UBND xã kết quả kiểm soát TTHC", "2026-03-18"),
                ("Báo cáo UBND xã kết quả kiểm soát TTHC", "2026-06-18"),
                ("Báo cáo UBND xã kết quả kiểm soát TTHC", "2026-12-18"),
            ],
            id="periods behind a colon",
        ),
    ],
)
def test_every_date_of_a_sentence_is_a_duty(sentence: str, expected: list[tuple[str, str]]) -> None:
    duties = plan(f"1. Phòng Kinh tế\n- {sentence}\n").duties
    assert [told(duty) for duty in duties] == [(title, "Phòng Kinh tế", due) for title, due in expected]
    assert not [duty.needs_review for duty in duties if duty.needs_review]


def test_a_further_date_without_a_thing_of_its_own_is_shown_to_a_person() -> None:
    (duty,) = plan(
        "1. Phòng Kinh tế\n- Tập huấn cho cán bộ (trước ngày 15/5/2026) và người dân (trước ngày 30/6/2026).\n"
    ).duties
    assert str(reading_of(duty).first_due) == "2026-05-15"
    assert any("trước ngày 30/6/2026" in text for text in duty.needs_review)


def test_a_deadline_that_became_no_duty_is_told() -> None:
    found = plan("1. Phòng Kinh tế\n- Thông báo ghi “ban hành kế hoạch trước ngày 15/02/2026”, đề nghị rà soát.\n")
    assert not [duty for duty in found.duties if duty.deadline_text]
    assert any("trước ngày 15/02/2026" in text and "III.1" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            f"1. Các đơn vị gửi báo cáo về {CULTURE} để tổng hợp, báo cáo UBND xã trước ngày 18/6/2026.\n",
            [("Tổng hợp, báo cáo UBND xã", CULTURE, "2026-06-18")],
        ),
        (
            f"1. Trước ngày 15/6/2026, các đơn vị gửi báo cáo về {CULTURE} để tổng hợp, báo cáo UBND xã trước ngày 18/6/2026.\n",
            [
                (f"Gửi báo cáo về {CULTURE}", "các đơn vị", "2026-06-15"),
                ("Tổng hợp, báo cáo UBND xã", CULTURE, "2026-06-18"),
            ],
        ),
        (
            f"1. Các đơn vị gửi báo cáo về {CULTURE} trước ngày 15/6/2026 để tổng hợp, báo cáo UBND xã.\n",
            [(f"Gửi báo cáo về {CULTURE} để tổng hợp, báo cáo UBND xã", "Các đơn vị", "2026-06-15")],
        ),
    ],
)
def test_who_gathers_has_a_date_of_its_own(sentence: str, expected: list[tuple[str, str, str]]) -> None:
    assert [told(duty) for duty in plan(sentence).duties] == expected


# ---- several bodies --------------------------------------------------------------------------------------------------


def test_bodies_that_are_no_unit_wait_for_a_person() -> None:
    (duty,) = plan("1. Các thôn lập danh sách hộ nghèo trước ngày 15/3/2026.\n").duties
    assert duty.lead == "Các thôn"
    assert duty.needs_review == ("Thôn chưa có trong danh sách đơn vị; hãy chọn đơn vị theo dõi.",)
    assert not is_confident(duty)


def test_schools_that_the_plan_names_are_units() -> None:
    text = "1. Các trường học tập huấn trước ngày 15/3/2026.\n2. Trường Mầm non Mẫu báo cáo trước ngày 20/3/2026.\n"
    first, _ = plan(text).duties
    assert first.lead_each
    assert not first.needs_review


def test_bodies_told_beside_others_are_named_in_a_warning() -> None:
    found = plan(
        "1. Thủ trưởng các phòng, ban; Trưởng các thôn xây dựng kế hoạch, gửi UBND xã trước ngày 15/02/2026.\n"
        "2. Công an xã và các ấp rà soát cư trú trước ngày 15/3/2026.\n"
    )
    assert [duty.lead for duty in found.duties] == ["Thủ trưởng các phòng, ban, Trưởng các thôn", "Công an xã"]
    assert all(is_confident(duty) for duty in found.duties)
    assert "Chủ trì chưa ghi được: các thôn (III.1); các ấp (III.2). Nếu cần, hãy bổ sung đơn vị." in found.warnings, (
        found.warnings
    )


def test_bodies_in_the_cell_of_a_lead_are_named_in_a_warning() -> None:
    table = "| TT | Nhiệm vụ | Chủ trì | Phối hợp | Thời hạn |\n|---|---|---|---|---|\n| 1 | Rà soát | Công an xã; Ban CHQS xã; các thôn | Các phòng | 30/6/2026 |\n| 2 | Thu thuế | Phòng Kinh tế | | 30/6/2026 |\n"
    found = plan(f"PHỤ LỤC\n\n{table}")
    assert found.duties[0].cooperating == ("Ban Chỉ huy Quân sự xã",)
    assert any("các thôn (" in text and "Các phòng (" in text for text in found.warnings), found.warnings

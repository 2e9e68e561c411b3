"""Invented plans of other shapes than the five real ones: other column orders, other wordings, other kinds"
" of office."""

# ruff: noqa: E501 (a paragraph of a document is one line)
from __future__ import annotations

import pytest

from schedules.intake.draft import reading_of
from schedules.intake.findings import Duty, PlanFound
from schedules.intake.readers import read_text
from schedules.intake.understand import understand

HEAD = """ỦY BAN NHÂN DÂN
XÃ AN MẪU
Số: 45/KH-UBND
An Mẫu, ngày 09 tháng 02 năm 2026

KẾ HOẠCH
Chuyển đổi số năm 2026 trên địa bàn xã An Mẫu

"""


def plan(text: str, head: str = HEAD) -> PlanFound:
    return understand(read_text(head + text, "mau.txt"))


def row(duty: Duty) -> tuple[str | None, str, str | None]:
    """Who, what kind, when."""
    reading = reading_of(duty)
    return duty.lead, str(reading.kind), reading.first_due.isoformat() if reading.first_due else None


LEAD_FIRST = """
| Đơn vị chủ trì | STT | Nhiệm vụ | Thời hạn | Sản phẩm đầu ra |
|---|---|---|---|---|
| Phòng Kinh tế | 1 | Rà soát quỹ đất công | Trước ngày 30/6/2026 | Báo cáo |
| Trạm Y tế | 2 | Tiêm chủng mở rộng | Hằng tháng | Danh sách |
| Công an xã | 3 | Thu nhận định danh điện tử | Quý II/2026 | Báo cáo |
"""
LEGAL_BASIS = """
| TT | Căn cứ | Tên nhiệm vụ | Tiến độ | Chủ trì | Phối hợp |
|---|---|---|---|---|---|
| 1 | Kế hoạch số 12/KH-UBND ngày 05/01/2026 | Lập danh sách hộ nghèo | Trước 15/11/2026 | Phòng VH-XH | Các thôn |
| 2 | Nghị quyết 57-NQ/TW ngày 22/12/2024 | Tập huấn kỹ năng số | Tháng 5/2026 | Phòng Văn hóa - Xã hội | Công an xã |
"""
NO_PRODUCT = """
| STT | Nội dung công việc | Cơ quan thực hiện | Thời gian hoàn thành |
|---|---|---|---|
| 1 | Kiện toàn Tổ công nghệ số cộng đồng | Văn phòng HĐND và UBND xã | Tháng 3/2026 |
| 2 | Vận hành trang thông tin điện tử | Trung tâm Dịch vụ sự nghiệp công | Thường xuyên |
"""
RESPONSIBLE = """
| STT | Công việc | Người phụ trách | Đơn vị thực hiện | Ghi chú | Thời hạn hoàn thành |
|---|---|---|---|---|---|
| 1 | Số hóa hồ sơ hộ tịch | Ông Nguyễn Văn A | Văn phòng HĐND&UBND | | 30/9/2026 |
| 2 | Báo cáo chuyển đổi số | Bà Trần Thị B | Phòng Văn hoá - Xã hội | gửi Sở | Trước ngày 15 hằng tháng |
"""
HEADERLESS = """
| 1 | Rà soát thủ tục hành chính nội bộ của xã | Trung tâm Phục vụ hành chính công | Trước ngày 31/3/2026 |
| 2 | Xây dựng dự toán kinh phí chuyển đổi số | Phòng Kinh tế | Tháng 7/2026 |
| 3 | Diễn tập ứng cứu sự cố an toàn thông tin | Công an xã | Quý III/2026 |
"""
SHIFTED = """
| TT | Nhiệm vụ | Cơ quan chủ trì | Thời gian | Kết quả |
|---|---|---|---|---|
| 1 | Công khai dịch vụ công | Trung tâm Phục vụ hành chính công | Phòng Kinh tế | Thông báo |
| 2 | Thống kê máy trạm | Phòng Kinh tế | Báo cáo thống kê | Trước ngày 20/5/2026 |
| 3 | Họp giao ban chuyển đổi số | Văn phòng HĐND và UBND | Thứ Sáu hằng tuần | Biên bản |
| 4 | Phổ biến chữ ký số | Các cơ quan, đơn vị | Năm 2026 | Báo cáo |
"""


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(
            LEAD_FIRST,
            [
                ("Phòng Kinh tế", "one_off_date", "2026-06-30"),
                ("Trạm Y tế", "monthly", "2026-01-31"),
                ("Công an xã", "one_off_quarter", "2026-06-30"),
            ],
            id="the lead's column first",
        ),
        pytest.param(
            LEGAL_BASIS,
            [
                ("Phòng Văn hóa - Xã hội", "one_off_date", "2026-11-15"),
                ("Phòng Văn hóa - Xã hội", "one_off_month", "2026-05-31"),
            ],
            id="a legal basis, whose dates are no deadlines",
        ),
        pytest.param(
            NO_PRODUCT,
            [
                ("Văn phòng HĐND và UBND", "one_off_month", "2026-03-31"),
                ("Trung tâm Dịch vụ sự nghiệp công", "continuous", None),
            ],
            id="no product",
        ),
        pytest.param(
            RESPONSIBLE,
            [
                ("Văn phòng HĐND và UBND", "one_off_date", "2026-09-30"),
                ("Phòng Văn hóa - Xã hội", "monthly", "2026-01-15"),
            ],
            id="a responsible person, the time last",
        ),
        pytest.param(
            HEADERLESS,
            [
                ("Trung tâm Phục vụ hành chính công", "one_off_date", "2026-03-31"),
                ("Phòng Kinh tế", "one_off_month", "2026-07-31"),
                ("Công an xã", "one_off_quarter", "2026-09-30"),
            ],
            id="no header",
        ),
        pytest.param(
            SHIFTED,
            [
                ("Trung tâm Phục vụ hành chính công", "unknown", None),
                ("Phòng Kinh tế", "unknown", None),
                ("Văn phòng HĐND và UBND", "weekly", "2026-01-02"),
                ("Các cơ quan, đơn vị", "range", "2026-12-31"),
            ],
            id="cells in the wrong column",
        ),
    ],
)
def test_a_task_table_of_any_shape(table: str, expected: list[tuple[str, str, str | None]]) -> None:
    found = plan(f"DANH MỤC NHIỆM VỤ\n\n{table}")
    assert [row(duty) for duty in found.duties] == [*expected]
    assert found.table_rows == len(expected)


def test_shifted_cells_are_flagged_and_wait_for_a_person() -> None:
    first, second, third, fourth = plan(f"DANH MỤC\n\n{SHIFTED}").duties
    assert "shifted_cell" in first.flags
    assert "shifted_cell" in second.flags
    assert any("Trước ngày 20/5/2026" in text for text in second.needs_review)
    assert not third.needs_review
    assert fourth.lead_each


def test_the_lines_of_a_time_cell_are_a_list_and_no_stretch_of_time() -> None:
    table = """
| TT | Nhiệm vụ | Chủ trì | Hạn |
|---|---|---|---|
| 1 | Rà soát thủ tục hành chính | Văn phòng HĐND và UBND | - Quý I/2026<br>- Quý III/2026 |
| 2 | Kiểm tra công vụ | Văn phòng HĐND và UBND | Từ ngày 01/6/2026<br>- 30/6/2026 |
"""
    found = plan(f"DANH MỤC\n\n{table}")
    assert [row(duty)[1:] for duty in found.duties] == [
        ("one_off_quarter", "2026-03-31"),
        ("one_off_quarter", "2026-09-30"),
        ("range", "2026-06-30"),
    ]


def test_support_units_cooperate_and_a_second_lead_too() -> None:
    table = """
| TT | Nhiệm vụ | Chủ trì | Phối hợp | Hạn |
|---|---|---|---|---|
| 1 | Diễn tập | Công an xã; Ban Chỉ huy Quân sự xã | Trạm Y tế | 30/8/2026 |
"""
    (duty,) = plan(f"DANH MỤC\n\n{table}").duties
    assert duty.lead == "Công an xã"
    assert duty.cooperating == ("Ban Chỉ huy Quân sự xã", "Trạm Y tế xã") or duty.cooperating == (
        "Ban Chỉ huy Quân sự xã",
        "Trạm Y tế",
    )


def test_two_rows_fused_into_one_are_flagged() -> None:
    table = """
| TT | Nhiệm vụ | Chủ trì | Thời hạn |
|---|---|---|---|
| 3 4 | Lập kế hoạch; Tổng kết công tác | Phòng Kinh tế | 30/8/2026 |
"""
    (duty,) = plan(f"DANH MỤC\n\n{table}").duties
    assert "fused_rows" in duty.flags
    assert duty.needs_review


def test_periods_hidden_in_the_product_column_become_duties() -> None:
    table = """
| TT | Nhiệm vụ | Chủ trì | Thời gian | Sản phẩm |
|---|---|---|---|---|
| 1 | Theo dõi giải ngân | Phòng Kinh tế | | Báo cáo giải ngân tuần, tháng; báo cáo đầu tư công 6 tháng, năm |
"""
    base, *hidden = plan(f"DANH MỤC\n\n{table}").duties
    assert row(base) == ("Phòng Kinh tế", "unknown", None)
    assert [(duty.title, str(reading_of(duty).kind)) for duty in hidden] == [
        ("Báo cáo giải ngân", "weekly"),
        ("Báo cáo giải ngân", "monthly"),
        ("Báo cáo đầu tư công", "half_yearly"),
        ("Báo cáo đầu tư công", "yearly"),
    ]
    assert all("period_in_product" in duty.flags for duty in hidden)


DECISION = """ỦY BAN NHÂN DÂN
PHƯỜNG TÂN MẪU
Số: 310/QĐ-UBND
Tân Mẫu, ngày 20 tháng 01 năm 2026

QUYẾT ĐỊNH
Ban hành Quy chế phối hợp năm 2026

Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025;
Theo đề nghị của Chánh Văn phòng HĐND và UBND phường,

Điều 1. Ban hành kèm theo Quyết định này Quy chế phối hợp.
Điều 2. Giao Phòng Kinh tế, Hạ tầng và Đô thị chủ trì, phối hợp với Công an phường kiểm tra trật tự đô thị, báo cáo UBND phường trước ngày 25 hằng tháng.
Điều 3. Chánh Văn phòng HĐND và UBND phường, Trưởng các phòng chuyên môn có trách nhiệm thi hành Quyết định này; gửi báo cáo tổng kết về Văn phòng HĐND và UBND chậm nhất ngày 05/12/2026.
"""


def test_a_ward_decision_in_articles() -> None:
    found = plan(DECISION, head="")
    assert found.facts.issuer == "UBND phường Tân Mẫu"
    assert found.facts.number == "310/QĐ-UBND"
    duties = {duty.where: duty for duty in found.duties if duty.strength == "duty"}
    assert row(duties["Điều 2"]) == ("Phòng Kinh tế, Hạ tầng và Đô thị", "monthly", "2026-01-25")
    assert duties["Điều 2"].cooperating == ("Công an phường",)
    assert row(duties["Điều 3"])[1:] == ("one_off_date", "2026-12-05")
    assert set(duties) == {"Điều 2", "Điều 3"}


REPORTING = """
I. NHIỆM VỤ
1. Chuyển đổi số
- Tiếp tục đẩy mạnh tuyên truyền thường xuyên về chuyển đổi số.
- Hoàn thành số hóa 100% sổ hộ tịch trước ngày 30/10/2026.
- Phấn đấu tối thiểu 70% hồ sơ nộp trực tuyến; thời gian chờ không quá 10 phút; xây dựng 02 mô hình thôn thông minh.
2. Thông tin, truyền thông
- Mỗi quý tổ chức ít nhất 01 hội nghị đối thoại với doanh nghiệp.

II. TỔ CHỨC THỰC HIỆN
1. Phòng Văn hóa - Xã hội
a) Là cơ quan thường trực, tham mưu UBND xã theo dõi, đôn đốc việc thực hiện Kế hoạch này.
b) Chủ trì, tham mưu các nội dung về chuyển đổi số.
c) Tổ chức sơ kết 6 tháng (trước ngày 15/6), tổng kết năm (trước ngày 05/12).
2. Trung tâm Dịch vụ sự nghiệp công: Mỗi tuần đăng ít nhất 02 tin, bài trên trang thông tin điện tử xã.
3. Đề nghị Ủy ban Mặt trận Tổ quốc Việt Nam xã tuyên truyền, vận động hội viên hằng năm.
4. Chế độ báo cáo
Định kỳ hằng quý (trước ngày 20 của tháng cuối quý), các cơ quan, đơn vị báo cáo kết quả về Phòng Văn hóa - Xã hội để tổng hợp.
Trong quá trình thực hiện nếu có khó khăn, vướng mắc, các đơn vị báo cáo UBND xã xem xét, quyết định./.
"""


def test_prose_of_another_plan() -> None:
    found = plan(REPORTING)
    duties = {(duty.where, *row(duty)) for duty in found.duties if duty.strength == "duty"}
    culture = "Phòng Văn hóa - Xã hội"
    assert ("I.1", culture, "one_off_date", "2026-10-30") in duties
    assert ("II.2", "Trung tâm Dịch vụ sự nghiệp công", "weekly", None) in duties
    assert ("II.4", "các cơ quan, đơn vị", "quarterly", "2026-03-20") in duties
    assert {kind for where, _, kind, _ in duties if where == "II.1.c"} == {"half_yearly", "yearly"}
    assert found.standing_office == culture
    assert not [duty for duty in found.duties if "khó khăn" in duty.source_text]
    assert all(duty.strength == "weak" for duty in found.duties if duty.where == "II.3")


def test_prose_targets_are_no_duties() -> None:
    found = plan(REPORTING)
    targets = {(target.op, target.value, target.unit) for target in found.targets}
    assert {("=", 100.0, "%"), (">=", 70.0, "%"), ("<=", 10.0, "phút"), ("=", 2.0, "mô hình")} <= targets
    assert not [duty for duty in found.duties if "70%" in duty.title]


LETTER = """ỦY BAN NHÂN DÂN
XÃ BÌNH MẪU
Số: 88/UBND-VP
Bình Mẫu, ngày 03 tháng 3 năm 2026
V/v báo cáo tình hình sử dụng phần mềm

Kính gửi: Các cơ quan, đơn vị thuộc UBND xã.

Thực hiện Công văn số 512/SKHCN-CĐS ngày 26/02/2026 của Sở Khoa học và Công nghệ, UBND xã yêu cầu:
Các cơ quan, đơn vị rà soát việc sử dụng phần mềm, gửi báo cáo về Văn phòng HĐND và UBND trước ngày 12/3/2026 để tổng hợp.
Giao Văn phòng HĐND và UBND tổng hợp, trình Chủ tịch UBND xã chậm nhất ngày 16/3/2026.
"""


def test_a_letter_without_any_number() -> None:
    found = plan(LETTER, head="")
    duties = [row(duty) for duty in found.duties if duty.strength == "duty"]
    assert duties == [
        ("Các cơ quan, đơn vị", "one_off_date", "2026-03-12"),
        ("Văn phòng HĐND và UBND", "one_off_date", "2026-03-16"),
    ]


def test_a_table_of_targets_gives_targets_and_no_duties() -> None:
    table = """
| TT | Chỉ tiêu | Đơn vị tính | Kế hoạch năm 2026 | Đơn vị theo dõi |
|---|---|---|---|---|
| 1 | Tỷ lệ hồ sơ trực tuyến | % | ≥ 80 | Trung tâm Phục vụ hành chính công |
| 2 | Số mô hình thôn thông minh | mô hình | 03 | Phòng Kinh tế |
"""
    found = plan(f"PHỤ LỤC CHỈ TIÊU\n\n{table}")
    assert [(t.text, t.op, t.value, t.unit, t.by) for t in found.targets] == [
        ("Tỷ lệ hồ sơ trực tuyến", ">=", 80.0, "%", "2026"),
        ("Số mô hình thôn thông minh", "=", 3.0, "mô hình", "2026"),
    ]
    assert not found.duties
    assert found.table_rows == 0


MERGED_CELLS = """
| TT | Nhiệm vụ | Chủ trì | Phối hợp | Thời gian | Sản phẩm |
|---|---|---|---|---|---|
| I | Cải cách thể chế | | | | |
| 1 | Rà soát văn bản | Văn phòng HĐND và UBND | Các phòng | Quý I/2026 | Báo cáo |
| 2 | Tự kiểm tra văn bản | nt | nt | Quý IV/2026 | Báo cáo |
| II | Tài chính công | | | | |
| 1 | Công khai dự toán | Phòng Kinh tế | | Trước 31/01/2026 | Thông báo |
"""


def test_ditto_marks_and_group_rows() -> None:
    found = plan(f"DANH MỤC\n\n{MERGED_CELLS}")
    assert [(duty.where, duty.group, duty.lead) for duty in found.duties] == [
        ("Danh mục I.1", "Cải cách thể chế", "Văn phòng HĐND và UBND"),
        ("Danh mục I.2", "Cải cách thể chế", "Văn phòng HĐND và UBND"),
        ("Danh mục II.1", "Tài chính công", "Phòng Kinh tế"),
    ]
    assert found.table_rows == 3


PROCEDURES = """ỦY BAN NHÂN DÂN
PHƯỜNG ĐÔNG MẪU
Số: 27/KH-UBND
Đông Mẫu, ngày 16 tháng 01 năm 2026

KẾ HOẠCH
Kiểm soát thủ tục hành chính năm 2026 trên địa bàn phường Đông Mẫu

Thực hiện Kế hoạch số 05/KH-UBND ngày 06/01/2026 của UBND tỉnh, Ủy ban nhân dân phường ban hành Kế hoạch như sau:
I. NỘI DUNG
1. Niêm yết công khai TTHC tại Trung tâm Phục vụ hành chính công chậm nhất 03 ngày làm việc kể từ ngày nhận Quyết định.
2. Ban hành Kế hoạch kiểm tra trong Quý I/2026; tiến hành kiểm tra ít nhất 02 lần/năm tại các đơn vị.
3. Nâng cao chất lượng giải đáp thắc mắc cho người dân.
II. TỔ CHỨC THỰC HIỆN
1. Giao Trung tâm Phục vụ hành chính công phường là đầu mối, chủ trì tham mưu UBND phường triển khai Kế hoạch này; định kỳ hằng quý, năm tổng hợp, báo cáo UBND tỉnh (qua Văn phòng UBND tỉnh) trước ngày 15 của tháng cuối kỳ báo cáo.
2. Phòng Văn hóa - Xã hội, Công an phường có trách nhiệm rà soát TTHC, gửi kết quả về Trung tâm trước ngày 30/8/2026.
3. Các cơ quan, đơn vị thuộc phường gửi báo cáo tháng trước ngày 15 hàng tháng về Trung tâm để tổng hợp.
Yêu cầu Thủ trưởng các cơ quan, đơn vị định kỳ trước ngày 10/12 báo cáo kết quả về UBND phường (qua Văn phòng HĐND và UBND).
"""


def test_a_plan_whose_periods_and_dates_stand_apart() -> None:
    found = plan(PROCEDURES, head="")
    desk = "Trung tâm Phục vụ hành chính công"
    duties = [(duty.where, *row(duty)) for duty in found.duties if duty.strength == "duty"]
    assert found.standing_office == desk
    assert ("I.1", desk, "on_demand", None) in duties
    assert ("I.2", desk, "one_off_quarter", "2026-03-31") in duties
    assert ("I.2", desk, "half_yearly", "2026-06-30") in duties
    assert ("II.1", desk, "quarterly", "2026-03-15") in duties
    assert ("II.1", desk, "yearly", "2026-12-15") in duties
    assert ("II.2", "Phòng Văn hóa - Xã hội", "one_off_date", "2026-08-30") in duties
    assert ("II.3", "Các cơ quan, đơn vị thuộc phường", "monthly", "2026-01-15") in duties
    assert {kind for where, lead, kind, _ in duties if lead == "Thủ trưởng các cơ quan, đơn vị"} == {"yearly"}
    assert not [where for where, *_ in duties if where == "I.3"]
    second = next(duty for duty in found.duties if duty.where == "II.2")
    assert second.cooperating == ("Công an phường",)


def duties_of(text: str) -> list[tuple[str | None, str, str | None]]:
    return [row(duty) for duty in plan(text).duties if duty.strength == "duty"]


MARKED = """
| TT | Nhiệm vụ | Quý I | Quý II | Quý III | Quý IV | Cơ quan thực hiện |
|---|---|---|---|---|---|---|
| 1 | Lập danh sách hộ cần hỗ trợ | x | | | | Phòng Kinh tế |
| 2 | Kiểm tra bãi tập kết rác | | x | | x | Phòng Kinh tế |
| 3 | Báo cáo thu gom rác | x | x | x | x | Trạm Y tế |
"""
FROM_TO = """
| STT | Nội dung công việc | Đơn vị thực hiện | | Thời gian thực hiện | |
|---|---|---|---|---|---|
| | | Chủ trì | Phối hợp | Bắt đầu | Kết thúc |
| 1 | Cắm mốc lộ giới | Phòng Kinh tế | Công an xã | 01/02/2026 | 30/4/2026 |
"""
PEOPLE = """
| STT | Nội dung công việc | Người thực hiện | Thời gian |
|---|---|---|---|
| 1 | Chỉnh lý hồ sơ địa chính | Phòng Kinh tế (đ/c Mẫu) | Quý 1 |
| 2 | Kiểm kê kho lưu trữ | // | 3 tháng/lần |
| 3 | Tiếp đại diện các hộ kinh doanh | Chủ tịch UBND xã | Tháng 2 - 3 |
"""
SHORT_NAMES = """
| TT | Nhiệm vụ | Chủ trì | Thời gian |
|---|---|---|---|
| 1 | Khám tuyển dân quân | Ban CHQS xã | Tháng 3/2026 |
| 2 | Xét gia đình văn hóa | Phòng VH-XH | Tháng 11/2026 |
| 3 | Đo lường sự hài lòng | TT Phục vụ HCC | Quý II/2026 |
| 4 | Đo lường sự hài lòng lần hai | Trung tâm Phục vụ hành chính công | Quý IV/2026 |
"""


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(
            MARKED,
            [
                ("Phòng Kinh tế", "one_off_quarter", "2026-03-31"),
                ("Phòng Kinh tế", "one_off_quarter", "2026-06-30"),
                ("Phòng Kinh tế", "one_off_quarter", "2026-12-31"),
                ("Trạm Y tế", "quarterly", "2026-03-31"),
            ],
            id="marks under quarters",
        ),
        pytest.param(
            FROM_TO, [("Phòng Kinh tế", "range", "2026-04-30")], id="a header of two lines, a beginning and an end"
        ),
        pytest.param(
            PEOPLE,
            [
                ("Phòng Kinh tế", "one_off_quarter", "2026-03-31"),
                ("Phòng Kinh tế", "quarterly", "2026-03-31"),
                (None, "range", "2026-03-31"),
            ],
            id="units in the column of persons, a leader among them",
        ),
        pytest.param(
            SHORT_NAMES,
            [
                ("Ban Chỉ huy Quân sự xã", "one_off_month", "2026-03-31"),
                ("Phòng Văn hóa - Xã hội", "one_off_month", "2026-11-30"),
                ("Trung tâm Phục vụ hành chính công", "one_off_quarter", "2026-06-30"),
                ("Trung tâm Phục vụ hành chính công", "one_off_quarter", "2026-12-31"),
            ],
            id="names only abbreviated",
        ),
    ],
)
def test_tables_of_rarer_shapes(table: str, expected: list[tuple[str | None, str, str | None]]) -> None:
    assert duties_of(f"DANH MỤC NHIỆM VỤ\n\n{table}") == expected


def test_a_leader_as_lead_is_no_shifted_cell_but_waits_for_a_unit() -> None:
    *_, last = plan(f"DANH MỤC\n\n{PEOPLE}").duties
    assert "shifted_cell" not in last.flags
    assert any("hãy chọn đơn vị" in text for text in last.needs_review)


WHO = """
I. NỘI DUNG
1. Họp dân: các thôn tổ chức họp dân ít nhất 02 lần/năm, lần 1 trước ngày 30/5, lần 2 trước ngày 30/11/2026.
2. Lập hồ sơ xây dựng chợ; hoàn thành trước ngày 15/8/2026.
II. TỔ CHỨC THỰC HIỆN
1. Bà Lê Thị Mẫu, Trưởng phòng Kinh tế - Thành viên: lập dự toán, hoàn thành chậm nhất ngày 31/3/2026.
2. Thành viên Ban Chỉ đạo gửi báo cáo về Phòng Kinh tế trước ngày 20 tháng cuối quý.
3. Trưởng thôn, Tổ trưởng tổ dân phố rà soát hộ kinh doanh trước ngày 31/10/2026.
4. Phòng Văn hóa - Xã hội
a) Ban hành Quy chế quản lý nhà văn hóa thôn.
b) Thành lập Tổ kiểm tra trước ngày 28/02/2026 và tổ chức kiểm tra mỗi quý ít nhất 01 lần.
c) Báo cáo UBND tỉnh: quý I trước ngày 10/3, 6 tháng trước ngày 10/6, quý III trước ngày 10/9.
5. Trạm Y tế: chủ trì kiểm tra nguồn nước 6 tháng một lần.
Số liệu báo cáo tính từ ngày 15 tháng trước đến ngày 14 tháng báo cáo.
Căn cứ Kế hoạch này, các phòng, ban xây dựng kế hoạch cụ thể trước ngày 20/02/2026 và định kỳ báo cáo kết quả trước ngày 25 hàng tháng.
"""


def test_who_is_told_and_when_in_rarer_sentences() -> None:
    duties = {(duty.where, *row(duty)) for duty in plan(WHO).duties if duty.strength == "duty"}
    culture = "Phòng Văn hóa - Xã hội"
    assert {
        ("I.1", "các thôn", "one_off_date", "2026-05-30"),
        ("I.1", "các thôn", "one_off_date", "2026-11-30"),
        ("II.1", "Phòng Kinh tế", "one_off_date", "2026-03-31"),
        ("II.2", "Thành viên Ban Chỉ đạo", "quarterly", "2026-03-20"),
        ("II.3", "Trưởng thôn, Tổ trưởng tổ dân phố", "one_off_date", "2026-10-31"),
        ("II.4.a", culture, "unknown", None),
        ("II.4.b", culture, "one_off_date", "2026-02-28"),
        ("II.4.b", culture, "quarterly", "2026-03-31"),
        ("II.4.c", culture, "one_off_date", "2026-03-10"),
        ("II.4.c", culture, "one_off_date", "2026-09-10"),
        ("II.5", "Trạm Y tế", "half_yearly", "2026-06-30"),
        ("II.5", "các phòng, ban", "one_off_date", "2026-02-20"),
        ("II.5", "các phòng, ban", "monthly", "2026-01-25"),
    } <= duties
    assert not [duty for duty in plan(WHO).duties if duty.source_text.startswith("Số liệu")]


def test_titles_begin_with_what_has_to_be_done() -> None:
    titles = {duty.where: duty.title for duty in plan(WHO).duties}
    assert titles["I.2"] == "Lập hồ sơ xây dựng chợ"
    assert titles["II.1"] == "Lập dự toán"
    assert titles["II.3"] == "Rà soát hộ kinh doanh"
    assert plan("II. CHẾ ĐỘ BÁO CÁO\n1. Báo cáo năm: trước ngày 10/12/2026.\n").duties[0].title == "Báo cáo năm"


def test_what_was_reached_last_year_is_no_target() -> None:
    found = plan(
        "I. ĐÁNH GIÁ KẾT QUẢ NĂM 2025\nThu gom rác đạt 92%.\nII. CHỈ TIÊU\n1. Trồng mới 5.000 cây xanh.\n2. Thu gom rác đạt 95%.\n"
    )
    assert [(target.value, target.unit) for target in found.targets] == [(5000.0, "cây"), (95.0, "%")]


BY_MONTH = """
| Tháng | Nội dung thực hiện | Chủ trì - Phối hợp | Kết quả |
|---|---|---|---|
| Tháng 2 | Kiểm tra kho vật tư | Phòng Kinh tế | Biên bản |
| Tháng 5 | Kiểm tra bếp ăn trường học | Trạm Y tế | Biên bản |
"""


def test_a_table_that_begins_with_the_month() -> None:
    assert duties_of(f"LỊCH KIỂM TRA\n\n{BY_MONTH}") == [
        ("Phòng Kinh tế", "one_off_month", "2026-02-28"),
        ("Trạm Y tế", "one_off_month", "2026-05-31"),
    ]


def test_reports_of_numbered_quarters_hidden_in_the_product_column() -> None:
    table = """
| TT | Nhiệm vụ | Chủ trì | Thời gian | Sản phẩm |
|---|---|---|---|---|
| 1 | Báo cáo giảm nghèo | Phòng Kinh tế | Theo quy định | Báo cáo quý I, 6 tháng, quý III, năm |
"""
    _, *hidden = plan(f"DANH MỤC\n\n{table}").duties
    assert [(str(reading_of(duty).kind), duty.title) for duty in hidden] == [
        ("one_off_quarter", "Báo cáo quý I: giảm nghèo"),
        ("half_yearly", "Báo cáo 6 tháng: giảm nghèo"),
        ("one_off_quarter", "Báo cáo quý III: giảm nghèo"),
        ("yearly", "Báo cáo năm: giảm nghèo"),
    ]


ONE_LINE = """
II. NHIỆM VỤ
1. Dữ liệu số
a) Lắp camera tại chợ (Phòng Kinh tế chủ trì, hoàn thành trước ngày 30/6/2026).
b) Tạo lập dữ liệu đất đai. Thời hạn: tháng 9/2026. Giao Phòng Kinh tế chủ trì.
c) Giao Công an xã chủ trì rà soát dữ liệu an sinh; thời gian hoàn thành: Quý II/2026.
2. Xây dựng công dân số
Kiểm tra thẻ của 100% người dân trước ngày 01/4/2026 (Chủ trì: Công an xã).
III. PHÂN CÔNG TRÁCH NHIỆM
1. Các phòng, trung tâm gửi báo cáo quý I, 6 tháng, quý III và năm về Công an xã trước ngày 05 của tháng cuối kỳ báo cáo.
2. Kế toán xã bố trí kinh phí.
Yêu cầu các đơn vị gửi kế hoạch về UBND xã trong vòng 05 ngày kể từ ngày ban hành Kế hoạch này.
"""


def test_lead_and_date_at_the_end_of_a_line() -> None:
    found = [duty for duty in plan(ONE_LINE).duties if duty.strength == "duty"]
    assert [(duty.title, *row(duty)) for duty in found if duty.where.startswith("II.")] == [
        ("Lắp camera tại chợ", "Phòng Kinh tế", "one_off_date", "2026-06-30"),
        ("Tạo lập dữ liệu đất đai", "Phòng Kinh tế", "one_off_month", "2026-09-30"),
        ("Rà soát dữ liệu an sinh", "Công an xã", "one_off_quarter", "2026-06-30"),
        ("Kiểm tra thẻ của 100% người dân", "Công an xã", "one_off_date", "2026-04-01"),
    ]
    assert [row(duty) for duty in found if duty.where.startswith("III.")] == [
        ("Các phòng, trung tâm", "quarterly", "2026-03-05"),
        ("Các phòng, trung tâm", "half_yearly", "2026-06-05"),
        ("Các phòng, trung tâm", "yearly", "2026-12-05"),
        ("các đơn vị", "on_demand", None),
    ]

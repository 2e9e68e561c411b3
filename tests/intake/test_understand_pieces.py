"""The steps of the understanding one by one: spans, units, targets, numbering, tasks told line by line."""

from __future__ import annotations

import time

import pytest

from schedules.intake.addressees import means_departments, outsiders
from schedules.intake.blocks import Document, Paragraph
from schedules.intake.columns import column_named
from schedules.intake.draft import reading_of
from schedules.intake.facts import read_facts
from schedules.intake.outline import outline
from schedules.intake.readers import read_text
from schedules.intake.spans import schedules_in
from schedules.intake.targets import targets_in
from schedules.intake.understand import understand
from schedules.intake.units import each_unit, find_units, mentions


@pytest.mark.parametrize(
    ("sentence", "spans"),
    [
        ("Báo cáo kết quả về Phòng Nội vụ trước ngày 10/12/2026 để tổng hợp", ["trước ngày 10/12/2026"]),
        ("Thực hiện Quyết định số 12/QĐ-UBND ngày 26/12/2025 của UBND tỉnh", []),
        ("Triển khai Nghị quyết 57-NQ/TW ngày 22 tháng 12 năm 2024", []),
        ("theo định kỳ (báo cáo năm gửi trước ngày 10/12) về Phòng", ["báo cáo năm gửi trước ngày 10/12"]),
        ("quý (trước ngày 15 tháng cuối quý), năm (trước ngày 05/12)", None),  # one span with both
        ("Bố trí chi thường xuyên cho đơn vị", []),
        ("thực hiện Luật Viên chức năm 2025", []),
        ("Đề án “Chuyển đổi số giai đoạn 2021 - 2030” của Bộ", []),
        ("tăng 5% so với năm 2024", []),
        ("Hằng năm, tổ chức tập huấn", ["Hằng năm"]),
        ("đối thoại định kỳ, đột xuất với doanh nghiệp", ["định kỳ, đột xuất"]),
        ("nhập ngày cuối tháng; họp thứ Sáu hằng tuần", ["ngày cuối tháng", "thứ Sáu hằng tuần"]),
        (
            "trong 05 ngày làm việc kể từ ngày nhận được văn bản",
            ["trong 05 ngày làm việc kể từ ngày nhận được văn bản"],
        ),
        ("Kế hoạch chuyển đổi số của xã trước ngày 15/02/2026", ["trước ngày 15/02/2026"]),
        ("Báo cáo Chỉ số CCHC trước ngày 20/02/2026", ["trước ngày 20/02/2026"]),
        ("Quyết định lập Tổ công nghệ số, hoàn thành ngày 28/02/2026", ["hoàn thành ngày 28/02/2026"]),
        ("Kế hoạch kiểm tra số …/KH-UBND của UBND xã ngày 05/01/2026", []),
        ("Công văn số: 123 ngày 26/12/2025", []),
        ("Thực hiện Kế hoạch số 12/KH-UBND, báo cáo trước ngày 15/3/2026", ["trước ngày 15/3/2026"]),
        ("Theo Kế hoạch số 12/KH-UBND gửi báo cáo ngày 15/3/2026", ["ngày 15/3/2026"]),
        ("Phổ biến pháp luật trước ngày 15 tháng 6 năm 2026", ["trước ngày 15 tháng 6 năm 2026"]),
        ("Chốt số liệu đến ngày 14, gửi báo cáo trước ngày 17 hằng tháng", ["trước ngày 17 hằng tháng"]),
        ("Trình Đề án trước ngày 15/3/2026 để thực hiện đến năm 2030", ["trước ngày 15/3/2026", "đến năm 2030"]),
        ("Kiểm tra đợt 1 (tháng 4), đợt 2 (tháng 9)", ["tháng 4", "tháng 9"]),
        ("6 tháng trước 15/6, năm trước 15/12", None),
    ],
)
def test_the_words_that_carry_the_schedule(sentence: str, spans: list[str] | None) -> None:
    found = [span.text for span in schedules_in(sentence)]
    assert found == ([sentence] if spans is None else spans)


@pytest.mark.parametrize(
    ("lines", "title", "issuer"),
    [
        (["Nhiệm vụ UBND xã", "BẢNG PHÂN CÔNG NHIỆM VỤ NĂM 2026"], None, None),
        (
            ["ỦY BAN NHÂN DÂN CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "PHƯỜNG AN MẪU Độc lập - Tự do - Hạnh phúc"],
            None,
            "UBND phường An Mẫu",
        ),
        (
            ["UBND XÃ AN MẪU", "KẾ HOẠCH", "Thực hiện Nghị quyết 57-NQ/TW năm 2026", "Căn cứ Luật Tổ chức;"],
            "Kế hoạch Thực hiện Nghị quyết 57-NQ/TW năm 2026",
            "UBND xã An Mẫu",
        ),
        (
            ["KẾ HOẠCH", "Công tác năm 2026", "Trước ngày 15 của tháng cuối quý, các đơn vị gửi báo cáo về xã An Mẫu."],
            "Kế hoạch Công tác năm 2026",
            None,
        ),
        (
            ["KẾ HOẠCH CCHC NĂM 2026 CỦA UBND PHƯỜNG AN MẪU"],
            "Kế hoạch CCHC năm 2026 của UBND phường An Mẫu",
            "UBND phường An Mẫu",
        ),
    ],
)
def test_the_head_of_a_document(lines: list[str], title: str | None, issuer: str | None) -> None:
    facts = read_facts([Paragraph(text, number) for number, text in enumerate(lines)], 2026)
    assert (facts.title, facts.issuer) == (title, issuer)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("gửi Phòng Kinh tế để thẩm định", ["Phòng Kinh tế"]),
        ("Phòng Kinh tế, Hạ tầng và Đô thị chủ trì", ["Phòng Kinh tế, Hạ tầng và Đô thị"]),
        ("Phòng Văn hóa - Xã hội tổng hợp", ["Phòng Văn hóa - Xã hội"]),
        ("VP HĐND&UBND xã và TT PVHCC", ["VP HĐND&UBND xã", "TT PVHCC"]),
        ("qua phòng Văn hóa - Xã hội", ["phòng Văn hóa - Xã hội"]),
        ("Công chức Tư pháp - Hộ tịch, Công an xã", ["Công chức Tư pháp - Hộ tịch", "Công an xã"]),
        ("Sở Nội vụ, Bộ Nội vụ và UBND thành phố", []),
        ("phòng chống tham nhũng; Ban Chỉ đạo", []),
        ("Trường Tiểu học Nguyễn Trãi", ["Trường Tiểu học Nguyễn Trãi"]),
    ],
)
def test_units_are_recognised_by_their_kind(text: str, names: list[str]) -> None:
    assert [mention.text for mention in mentions(text)] == names


def test_the_spellings_of_one_unit_are_one_unit() -> None:
    texts = [
        "Trung tâm Phục vụ hành chính công xã",
        "TT PVHCC",
        "Trung tâm Hành chính công",
        "trung tâm phục vụ hành chính công",
    ]
    units = find_units((text, line) for line, text in enumerate(texts))
    assert [unit.name for unit in units.found] == ["Trung tâm Phục vụ hành chính công"]
    assert units.own("gửi TT PVHCC") == ["Trung tâm Phục vụ hành chính công"]


@pytest.mark.parametrize(("text", "name"), [("Các phòng", None), ("Trung tâm", None), ("VP", "Văn phòng HĐND và UBND")])
def test_the_noun_of_a_kind_is_no_name(text: str, name: str | None) -> None:
    told = ["Phòng Kinh tế", "Trung tâm Dịch vụ sự nghiệp công", "Văn phòng HĐND và UBND"]
    units = find_units((unit, line) for line, unit in enumerate(told))
    assert units.by_text(text) == ([name] if name else [])


@pytest.mark.parametrize(
    ("text", "departments", "others"),
    [
        ("Các phòng, ban, đơn vị", True, []),
        ("các cơ quan, đơn vị thuộc UBND xã", True, []),
        ("Thành viên Ban Chỉ đạo", True, []),
        ("Thủ trưởng các phòng, ban; Trưởng các thôn", True, ["thôn"]),
        ("Hiệu trưởng các trường", False, ["trường"]),
        ("Trưởng thôn, Tổ trưởng tổ dân phố", False, ["thôn", "tổ dân phố"]),
        ("UBND các xã, phường", False, ["xã"]),
    ],
)
def test_whom_the_words_for_many_mean(text: str, departments: bool, others: list[str]) -> None:
    assert (means_departments(text), outsiders(text)) == (departments, others)


@pytest.mark.parametrize(
    ("text", "each"),
    [
        ("Thủ trưởng các cơ quan chuyên môn chỉ đạo", True),
        ("Các phòng, ban chuyên môn", True),
        ("Mỗi đơn vị báo cáo", True),
        ("Phòng Kinh tế báo cáo", False),
        ("UBND các xã, phường báo cáo", True),
    ],
)
def test_words_that_tell_every_unit(text: str, each: bool) -> None:
    assert (each_unit(text) is not None) is each


@pytest.mark.parametrize(
    ("text", "op", "value", "unit"),
    [
        ("đạt từ 98% trở lên", ">=", 98, "%"),
        ("tối thiểu 90% hồ sơ", ">=", 90, "%"),
        ("tỷ lệ quá hạn dưới 5%", "<", 5, "%"),
        ("không quá 2% hồ sơ trễ", "<=", 2, "%"),
        ("trên 95% người dân hài lòng", ">", 95, "%"),
        ("100% văn bản", "=", 100, "%"),
        ("đạt 87,5%", "=", 87.5, "%"),
        ("chỉ số đạt 8/10 điểm", "=", 8, "/10 điểm"),
        ("xây dựng 01 mô hình điểm", "=", 1, "mô hình"),
        ("tối đa 15 phút một lượt", "<=", 15, "phút"),
    ],
)
def test_targets(text: str, op: str, value: float, unit: str) -> None:
    (target,) = targets_in(text, "II", 1, "2026")
    assert (target.op, target.value, target.unit, target.by) == (op, value, unit, "2026")


def test_the_year_of_a_target_is_the_nearest_one() -> None:
    first, second = targets_in("đạt từ 90% trở lên; đến năm 2025 đạt từ 95% trở lên", "II", 1, None)
    assert (first.by, second.by) == (None, "2025")


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("TT", "number"), ("Nội dung công việc", "task"), ("Tên nhiệm vụ", "task"), ("Cơ quan, đơn vị chủ trì", "lead"),
        ("Đơn vị thực hiện", "lead"), ("Cơ quan phối hợp", "support"), ("Thời gian thực hiện/ hoàn thành", "time"),
        ("Thời hạn", "time"), ("Tiến độ", "time"), ("Sản phẩm đầu ra", "product"), ("Kết quả", "product"),
        ("Căn cứ", "basis"), ("Người phụ trách", "person"), ("Ghi chú", "note"), ("Lãnh đạo phụ trách", "person"),
        ("Dự kiến sản phẩm", "product"), ("Hạn hoàn thành", "time"), ("Kinh phí", "funding"),
    ],
)  # fmt: skip
def test_headers_by_their_meaning(header: str, column: str) -> None:
    assert column_named(header) == column


def test_the_place_of_a_paragraph() -> None:
    lines = [
        "I. CHUNG",
        "1. Một",
        "a) A",
        "- x",
        "II. RIÊNG",
        "1. Hai",
        "1.1. Ba",
        "- y",
        "II. LẠI",
        "1. Bốn",
        "IV. HẾT",
    ]
    items = outline([Paragraph(text, number) for number, text in enumerate(lines, start=1)])
    assert [item.where for item in items] == [
        "I", "I.1", "I.1.a", "I.1.a", "II", "II.1", "II.1.1", "II.1.1", "III", "III.1", "IV",
    ]  # fmt: skip


TOLD_LINE_BY_LINE = """KẾ HOẠCH
Kiểm tra công tác văn thư năm 2026 của UBND xã Mẫu
I. NỘI DUNG
1. Ban hành Kế hoạch kiểm tra văn thư
- Đơn vị chủ trì: Phòng Văn hóa - Xã hội.
- Đơn vị phối hợp: Văn phòng HĐND và UBND xã.
- Thời gian hoàn thành: trước ngày 15/3/2026.
2. Tập huấn văn thư. Đơn vị chủ trì: Phòng Kinh tế; thời gian: Tháng 4/2026; sản phẩm: Lớp tập huấn.
3. Số hóa tài liệu
Thời gian thực hiện: Quý II/2026
Cơ quan thực hiện: Văn phòng HĐND và UBND xã
"""


def test_tasks_told_line_by_line() -> None:
    duties = understand(read_text(TOLD_LINE_BY_LINE, "mau.txt")).duties
    told = [(d.where, d.title, d.lead, d.cooperating, str(reading_of(d).first_due)) for d in duties]
    office = "Văn phòng HĐND và UBND"
    assert told == [
        ("I.1", "Ban hành Kế hoạch kiểm tra văn thư", "Phòng Văn hóa - Xã hội", (office,), "2026-03-15"),
        ("I.2", "Tập huấn văn thư", "Phòng Kinh tế", (), "2026-04-30"),
        ("I.3", "Số hóa tài liệu", office, (), "2026-06-30"),
    ]


def test_two_hundred_pages_take_seconds() -> None:
    page = [
        "1. Phòng Văn hóa - Xã hội",
        *(f"- Rà soát hồ sơ loại {n}, báo cáo UBND xã trước ngày {n % 28 + 1}/{n % 12 + 1}/2026." for n in range(12)),
        *(f"- Nâng cao chất lượng phục vụ người dân trong lĩnh vực số {n}, đạt tối thiểu 9{n}%." for n in range(8)),
    ]
    numbered = enumerate(page * 200, start=1)  # no two paragraphs alike: nothing can be remembered
    paragraphs = [Paragraph(text.replace("loại", f"{line} loại"), line) for line, text in numbered]
    shares: list[float] = []
    started = time.process_time()  # of this process alone: others use the machine as well
    found = understand(Document("dai.txt", [Paragraph("I. NHIỆM VỤ", 0), *paragraphs]), 2026, shares.append)
    assert time.process_time() - started < 10
    assert len(found.targets) == 1600
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

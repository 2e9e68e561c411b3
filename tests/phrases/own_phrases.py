"""Phrases of our own, in the manner of plans, decisions and letters, with what the conventions make of them.

The numbers in brackets are the conventions of the shared deadline phrases' README. The expectations were written
before the grammar was run on them. A row is phrase, plan year, kind, first due date ("" for none), rule.
"""

from __future__ import annotations

from typing import NamedTuple

MONTH_END = "FREQ=MONTHLY;BYMONTHDAY=-1"
QUARTER_END = "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1"
HALF_END = "FREQ=MONTHLY;BYMONTH=6,12;BYMONTHDAY=-1"
YEAR_END = "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1"


class Row(NamedTuple):
    """One phrase and what it means."""

    phrase: str
    year: int
    kind: str
    first_due: str
    rrule: str | None = None


def monthly(day: int) -> str:
    return f"FREQ=MONTHLY;BYMONTHDAY={day}"


def quarterly(day: int, months: str = "3,6,9,12") -> str:
    return f"FREQ=MONTHLY;BYMONTH={months};BYMONTHDAY={day}"


def yearly(day: int | str, month: int) -> str:
    return f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}"


OWN = [
    # One day [1, 2]
    Row("15/3/2026", 2026, "one_off_date", "2026-03-15"),
    Row("15.3.2026", 2026, "one_off_date", "2026-03-15"),
    Row("15-3-2026", 2026, "one_off_date", "2026-03-15"),
    Row("ngày 05/9/26", 2026, "one_off_date", "2026-09-05"),
    Row("Ngày 15 tháng 3 năm 2026", 2026, "one_off_date", "2026-03-15"),
    Row("Trong ngày 22/5/2026", 2026, "one_off_date", "2026-05-22"),
    Row("Đến hết ngày 30/9/2026", 2026, "one_off_date", "2026-09-30"),
    Row("muộn nhất ngày 10 tháng 4 năm 2026", 2026, "one_off_date", "2026-04-10"),
    Row("TRƯỚC NGÀY 20/8/2026", 2026, "one_off_date", "2026-08-20"),
    Row("Xong trước 25/12/2026", 2026, "one_off_date", "2026-12-25"),
    Row("không muộn hơn ngày 18/6/2026", 2026, "one_off_date", "2026-06-18"),
    Row("hạn cuối: 12/02/2026", 2026, "one_off_date", "2026-02-12"),
    Row("Gửi về Phòng Kinh tế trước ngày 11 /12 /2026 để tổng hợp", 2026, "one_off_date", "2026-12-11"),
    Row("trước 17 giờ 00 phút ngày 20/3/2026", 2026, "one_off_date", "2026-03-20"),
    Row("trước 16h30 ngày 05/02/2026 (thứ Năm)", 2026, "one_off_date", "2026-02-05"),
    Row("Thứ Sáu, ngày 20 tháng 3 năm 2026", 2026, "one_off_date", "2026-03-20"),
    Row("ngày30/4/2026", 2026, "one_off_date", "2026-04-30"),
    Row("mùng 5 tháng 2 năm 2026", 2026, "one_off_date", "2026-02-05"),
    Row("15 tháng 7", 2026, "one_off_date", "2026-07-15"),
    Row("ngày 31/11/2026", 2026, "one_off_date", "2026-11-30"),  # [11]
    Row("trước ngày 30/2/2026", 2026, "one_off_date", "2026-02-28"),
    Row("trước ngày 30/11 trong năm 2027", 2026, "one_off_date", "2027-11-30"),
    Row("Trong 30 ngày kể từ ngày 01/3/2026", 2026, "one_off_date", "2026-03-31"),
    Row("Báo cáo quý I/2026 trước ngày 15/3/2026", 2026, "one_off_date", "2026-03-15"),
    Row("Báo cáo 6 tháng đầu năm 2026 gửi trước ngày 10/6/2026", 2026, "one_off_date", "2026-06-10"),
    Row(
        "Thực hiện Kế hoạch số 12/KH-UBND ngày 05/01/2026, hoàn thành trước ngày 28/02/2026",
        2026, "one_off_date", "2026-02-28",
    ),
    Row(
        "Theo Quyết định số 5256/QĐ-UBND ngày 26/12/2025, chậm nhất ngày 31/3/2026",
        2026, "one_off_date", "2026-03-31",
    ),
    # A month [3]
    Row("tháng3/2026", 2026, "one_off_month", "2026-03-31"),
    Row("Tháng Hai năm 2028", 2026, "one_off_month", "2028-02-29"),
    Row("T9/2026", 2026, "one_off_month", "2026-09-30"),
    Row("5/2026", 2026, "one_off_month", "2026-05-31"),
    Row("Hết tháng 6/2026", 2026, "one_off_month", "2026-06-30"),
    Row("Hoàn thành trong tháng 9", 2026, "one_off_month", "2026-09-30"),
    Row("cuối tháng 10/2026", 2026, "one_off_month", "2026-10-31"),
    Row("Chậm nhất tháng 11 năm 2026", 2026, "one_off_month", "2026-11-30"),
    Row("Tháng mười hai năm 2026", 2026, "one_off_month", "2026-12-31"),
    Row("Trước tháng 7/2026", 2026, "one_off_month", "2026-06-30"),
    # A quarter [3]
    Row("quý 1", 2026, "one_off_quarter", "2026-03-31"),
    Row("QUÝ II NĂM 2026", 2026, "one_off_quarter", "2026-06-30"),
    Row("Quí III.2026", 2026, "one_off_quarter", "2026-09-30"),
    Row("đến hết quý III", 2026, "one_off_quarter", "2026-09-30"),
    Row("trong quý IV năm 2027", 2026, "one_off_quarter", "2027-12-31"),
    Row("Cuối quý II/2026", 2026, "one_off_quarter", "2026-06-30"),
    Row("quý I/2026 và quý III/2026", 2026, "one_off_quarter", "2026-03-31"),
    Row("Q3/2026", 2026, "one_off_quarter", "2026-09-30"),
    Row("QIV/2026", 2026, "one_off_quarter", "2026-12-31"),
    Row("Quý I, III/2026", 2026, "one_off_quarter", "2026-03-31"),
    # Stretches of time [4, 5]
    Row("từ 01/3 đến 31/5/2026", 2026, "range", "2026-05-31"),
    Row("Từ ngày 05 đến ngày 20/4/2026", 2026, "range", "2026-04-20"),
    Row("Từ ngày 10 đến 15 tháng 6 năm 2026", 2026, "range", "2026-06-15"),
    Row("15/3 - 20/3/2026", 2026, "range", "2026-03-20"),
    Row("01-10/7/2026", 2026, "range", "2026-07-10"),
    Row("Từ 15/12/2025 đến 14/3/2026", 2026, "range", "2026-03-14"),
    Row("tháng 3 - tháng 5/2026", 2026, "range", "2026-05-31"),
    Row("Tháng 9-10/2026", 2026, "range", "2026-10-31"),
    Row("tháng 9, 10/2026", 2026, "range", "2026-10-31"),
    Row("T3-T5/2026", 2026, "range", "2026-05-31"),
    Row("Từ tháng 11/2025 đến tháng 02/2026", 2026, "range", "2026-02-28"),
    Row("Quý II - Quý III/2026", 2026, "range", "2026-09-30"),
    Row("Quý I, II/2026", 2026, "range", "2026-06-30"),
    Row("từ quý III năm 2026 đến quý I năm 2027", 2026, "range", "2027-03-31"),
    Row("6 tháng đầu năm 2026", 2026, "range", "2026-06-30"),
    Row("3 tháng cuối năm 2026", 2026, "range", "2026-12-31"),
    Row("9 tháng đầu năm 2026", 2026, "range", "2026-09-30"),
    Row("Cuối năm 2027", 2026, "range", "2027-12-31"),
    Row("cuối năm", 2026, "range", "2026-12-31"),
    Row("trong năm", 2026, "range", "2026-12-31"),
    Row("Cả năm", 2026, "range", "2026-12-31"),
    Row("Trước năm 2028", 2026, "range", "2027-12-31"),
    Row("Đến hết năm 2027", 2026, "range", "2027-12-31"),
    Row("từ nay đến hết năm 2026", 2026, "range", "2026-12-31"),
    Row("Hoàn thành trong năm 2026", 2026, "range", "2026-12-31"),
    # Years [5]
    Row("2026-2030", 2026, "multi_year", "2030-12-31"),
    Row("GIAI ĐOẠN 2026 – 2030", 2026, "multi_year", "2030-12-31"),
    Row("Từ năm 2026 đến năm 2028", 2026, "multi_year", "2028-12-31"),
    Row("Các năm 2026, 2027, 2028", 2026, "multi_year", "2028-12-31"),
    Row("nhiệm kỳ 2025 - 2030", 2026, "multi_year", "2030-12-31"),
    Row("Từ năm 2026", 2026, "multi_year", ""),
    Row("Từ năm 2027 trở đi", 2026, "multi_year", ""),
    Row("Năm 2026 và các năm tiếp theo", 2026, "multi_year", ""),
    Row("2026 và những năm tiếp theo", 2026, "multi_year", ""),
    # Every week
    Row("thứ Hai hằng tuần", 2026, "weekly", "2026-01-05", "FREQ=WEEKLY;BYDAY=MO"),
    Row("Trước 10 giờ thứ Hai hàng tuần", 2026, "weekly", "2026-01-05", "FREQ=WEEKLY;BYDAY=MO"),
    Row("chiều thứ 6 mỗi tuần", 2026, "weekly", "2026-01-02", "FREQ=WEEKLY;BYDAY=FR"),
    Row("Chủ nhật hằng tuần", 2026, "weekly", "2026-01-04", "FREQ=WEEKLY;BYDAY=SU"),
    Row("17h00 thứ Năm hàng tuần", 2026, "weekly", "2026-01-01", "FREQ=WEEKLY;BYDAY=TH"),
    Row("01 lần/tuần", 2026, "weekly", "", "FREQ=WEEKLY"),
    Row("hai tuần một lần", 2026, "weekly", "", "FREQ=WEEKLY;INTERVAL=2"),
    Row("định kỳ hằng tuần", 2026, "weekly", "", "FREQ=WEEKLY"),
    # Every month [6]
    Row("Mỗi tháng một lần", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("ít nhất 01 lần/tháng", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("Trước ngày 05 tháng sau", 2026, "monthly", "2026-01-05", monthly(5)),
    Row("trước ngày 05 của tháng liền kề", 2026, "monthly", "2026-01-05", monthly(5)),
    Row("Chậm nhất ngày 03 của tháng tiếp theo", 2026, "monthly", "2026-01-03", monthly(3)),
    Row("ngày 20 hằng tháng", 2026, "monthly", "2026-01-20", monthly(20)),
    Row("Hằng tháng, trước ngày 25", 2026, "monthly", "2026-01-25", monthly(25)),
    Row("từ ngày 5 - 10 hàng tháng", 2026, "monthly", "2026-01-10", monthly(10)),
    Row("từ ngày 25 đến ngày 28 hằng tháng", 2026, "monthly", "2026-01-28", monthly(28)),
    Row("Ngày cuối cùng của tháng", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("cuối mỗi tháng", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("Trước 15 hằng tháng", 2026, "monthly", "2026-01-15", monthly(15)),
    Row("định kỳ hàng tháng (trước ngày 20)", 2026, "monthly", "2026-01-20", monthly(20)),
    Row("Báo cáo tháng: trước ngày 18 của tháng báo cáo", 2026, "monthly", "2026-01-18", monthly(18)),
    Row("hằng tháng, hằng quý, hằng năm", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("tháng, quý, 6 tháng, 9 tháng và năm", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("Thường xuyên, hằng tháng", 2026, "monthly", "2026-01-31", MONTH_END),  # [9]
    Row("trong 05 ngày đầu của tháng sau", 2026, "monthly", "2026-01-05", monthly(5)),
    Row("Hằng tháng kể từ tháng 3/2026", 2026, "monthly", "2026-03-31", MONTH_END),
    Row("Từ tháng 02/2026, hằng tháng báo cáo trước ngày 10", 2026, "monthly", "2026-02-10", monthly(10)),
    # Every quarter
    Row("Mỗi quý 01 lần", 2026, "quarterly", "2026-03-31", QUARTER_END),
    Row("ít nhất 1 lần/quý", 2026, "quarterly", "2026-03-31", QUARTER_END),
    Row("3 tháng một lần", 2026, "quarterly", "2026-03-31", QUARTER_END),
    Row("định kỳ 03 tháng/lần", 2026, "quarterly", "2026-03-31", QUARTER_END),
    Row("04 lần/năm", 2026, "quarterly", "2026-03-31", QUARTER_END),
    Row("ngày 20 của tháng cuối quý", 2026, "quarterly", "2026-03-20", quarterly(20)),
    Row("trước ngày 10 tháng cuối mỗi quý", 2026, "quarterly", "2026-03-10", quarterly(10)),
    Row("ngày 15 tháng đầu quý sau", 2026, "quarterly", "2026-01-15", quarterly(15, "1,4,7,10")),
    Row("trước ngày 05 của tháng đầu tiên quý tiếp theo", 2026, "quarterly", "2026-01-05", quarterly(5, "1,4,7,10")),
    Row("ngày 10 tháng thứ hai của quý", 2026, "quarterly", "2026-02-10", quarterly(10, "2,5,8,11")),
    Row("cuối quý", 2026, "quarterly", "2026-03-31", QUARTER_END),
    Row("Hằng quý, chậm nhất ngày 25 tháng cuối quý", 2026, "quarterly", "2026-03-25", quarterly(25)),
    Row("trước ngày 15/3, 15/6, 15/9 và 15/12 hằng năm", 2026, "quarterly", "2026-03-15", quarterly(15)),
    Row("Báo cáo quý trước ngày 10 tháng sau", 2026, "quarterly", "2026-01-10", quarterly(10, "1,4,7,10")),
    Row("định kỳ quý, năm và đột xuất khi có yêu cầu", 2026, "quarterly", "2026-03-31", QUARTER_END),
    Row("Định kì hàng quí theo quy định", 2026, "quarterly", "2026-03-31", QUARTER_END),
    # Every half-year
    Row("02 lần/năm", 2026, "half_yearly", "2026-06-30", HALF_END),
    Row("Định kỳ 06 tháng", 2026, "half_yearly", "2026-06-30", HALF_END),
    Row("6 tháng một lần", 2026, "half_yearly", "2026-06-30", HALF_END),
    Row("sáu tháng/lần", 2026, "half_yearly", "2026-06-30", HALF_END),
    Row("06 tháng, năm", 2026, "half_yearly", "2026-06-30", HALF_END),
    Row("Báo cáo sơ kết 6 tháng đầu năm và tổng kết năm", 2026, "half_yearly", "2026-06-30", HALF_END),
    Row("mỗi năm hai lần", 2026, "half_yearly", "2026-06-30", HALF_END),
    Row(
        "báo cáo 6 tháng trước ngày 15/6, báo cáo năm trước ngày 15/12",
        2026, "half_yearly", "2026-06-15", yearly(15, 6),
    ),
    Row(
        "6 tháng đầu năm (trước ngày 10/6) và cả năm (trước ngày 10/12)",
        2026, "half_yearly", "2026-06-10", yearly(10, 6),
    ),
    Row("trước ngày 15/6 và 15/12 hằng năm", 2026, "half_yearly", "2026-06-15", quarterly(15, "6,12")),
    Row(
        "trước ngày 30/6 và ngày 25/12 hàng năm", 2026, "half_yearly", "2026-06-30",
        "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=25,30;BYSETPOS=2,3",
    ),
    Row("trước ngày 15/6 (đối với báo cáo 6 tháng)", 2026, "half_yearly", "2026-06-15", yearly(15, 6)),
    Row("Tháng 6 và tháng 12 hằng năm", 2026, "half_yearly", "2026-06-30", HALF_END),
    # Nine months
    Row("Báo cáo 9 tháng", 2026, "nine_monthly", "2026-09-30", yearly(-1, 9)),
    Row("báo cáo 9 tháng gửi trước ngày 17/9", 2026, "nine_monthly", "2026-09-17", yearly(17, 9)),
    Row("9 tháng (chậm nhất ngày 20 tháng 9)", 2026, "nine_monthly", "2026-09-20", yearly(20, 9)),
    # Every year
    Row("Mỗi năm một lần", 2026, "yearly", "2026-12-31", YEAR_END),
    Row("01 lần/năm", 2026, "yearly", "2026-12-31", YEAR_END),
    Row("từng năm", 2026, "yearly", "2026-12-31", YEAR_END),
    Row("Hằng năm, trước ngày 05/12", 2026, "yearly", "2026-12-05", yearly(5, 12)),
    Row("Ngày 10/10 hằng năm", 2026, "yearly", "2026-10-10", yearly(10, 10)),
    Row("Quý IV hằng năm", 2026, "yearly", "2026-12-31", YEAR_END),
    Row("tháng 11 hằng năm", 2026, "yearly", "2026-11-30", yearly(-1, 11)),
    Row("Từ 15/9 đến 15/10 hằng năm", 2026, "yearly", "2026-10-15", yearly(15, 10)),
    Row("trước ngày 15/01 của năm sau", 2026, "yearly", "2027-01-15", yearly(15, 1)),
    Row("báo cáo năm trước ngày 31/01 năm tiếp theo", 2026, "yearly", "2027-01-31", yearly(31, 1)),
    Row("ngày 30 tháng 11 năm trước", 2026, "yearly", "2025-11-30", yearly(30, 11)),
    Row(
        "Chậm nhất vào ngày 31 tháng 11 hàng năm", 2026, "yearly", "2026-11-30",
        yearly("28,29,30,31;BYSETPOS=-1", 11),
    ),
    Row("hằng năm và khi có yêu cầu", 2026, "yearly", "2026-12-31", YEAR_END),
    Row("Hằng năm, giai đoạn 2026-2030", 2026, "yearly", "2026-12-31", f"{YEAR_END};UNTIL=20301231"),
    Row("Thường xuyên, báo cáo trước ngày 10/12 hằng năm", 2026, "yearly", "2026-12-10", yearly(10, 12)),
    # Data windows [12]
    Row(
        "Báo cáo 6 tháng: số liệu từ ngày 15/12 năm trước đến ngày 14/6",
        2026, "half_yearly", "2026-06-14", yearly(14, 6),
    ),
    Row(
        "từ ngày 15 tháng trước đến ngày 14 của tháng báo cáo", 2026, "monthly", "2026-01-14", monthly(14),
    ),
    # All the time
    Row("Thường xuyên", 2026, "continuous", ""),
    Row("THƯỜNG XUYÊN, LIÊN TỤC", 2026, "continuous", ""),
    Row("hàng ngày", 2026, "continuous", ""),
    Row("24/7", 2026, "continuous", ""),
    Row("Thường xuyên theo quy định", 2026, "continuous", ""),
    Row("cập nhật liên tục, kịp thời", 2026, "continuous", ""),
    Row("Theo thời gian thực", 2026, "continuous", ""),
    # When something happens [13]
    Row("trong 05 ngày làm việc kể từ ngày nhận được hồ sơ", 2026, "on_demand", ""),
    Row("Trong vòng 03 ngày sau khi có kết quả", 2026, "on_demand", ""),
    Row("chậm nhất 30 ngày trước khi hết nhiệm kỳ", 2026, "on_demand", ""),
    Row("chậm nhất là 30 ngày, trước ngày khai mạc kỳ họp", 2026, "on_demand", ""),
    Row("trước 15 ngày so với ngày tổ chức", 2026, "on_demand", ""),
    Row("Ngay sau khi Kế hoạch được ban hành", 2026, "on_demand", ""),
    Row("khi có yêu cầu", 2026, "on_demand", ""),
    Row("Đột xuất", 2026, "on_demand", ""),
    Row("theo yêu cầu của cấp trên", 2026, "on_demand", ""),
    Row("Theo Kế hoạch số 45/KH-UBND ngày 12/02/2026 của UBND tỉnh", 2026, "on_demand", ""),
    Row("Kịp thời khi có văn bản mới", 2026, "on_demand", ""),
    Row("không quá 02 ngày làm việc", 2026, "on_demand", ""),
    Row("trong 24 giờ kể từ khi xảy ra sự cố", 2026, "on_demand", ""),
    Row("sau khi Luật Cán bộ, công chức năm 2025 có hiệu lực", 2026, "on_demand", ""),
    # Not known [14]
    Row("   ", 2026, "unknown", ""),
    Row("-", 2026, "unknown", ""),
    Row("Theo quy định của pháp luật", 2026, "unknown", ""),
    Row("định kỳ", 2026, "unknown", ""),
    Row("Báo cáo, văn bản hướng dẫn", 2026, "unknown", ""),
    Row("Danh sách 100% hộ dân được rà soát", 2026, "unknown", ""),
    Row("Phòng Văn hóa - Xã hội", 2026, "unknown", ""),
    Row("Kế hoạch số 12/KH-UBND ngày 5/1/2026", 2026, "unknown", ""),
    Row("Quyết định số 5256/QĐ-UBND ngày 26/12/2025", 2026, "unknown", ""),
    Row("Nghị quyết số 57-NQ/TW ngày 22 tháng 12 năm 2024 của Bộ Chính trị", 2026, "unknown", ""),
    Row("đạt tỷ lệ 95,5% trở lên", 2026, "unknown", ""),
    Row("ngày 32/13/2026", 2026, "unknown", ""),
    Row("Nghị định 118/2025/NĐ-CP", 2026, "unknown", ""),
    Row("Trước ngày 20", 2026, "unknown", ""),
    Row("Tết Nguyên đán", 2026, "unknown", ""),
    # Met while reading more plans
    Row("ngày 15 và ngày cuối tháng", 2026, "monthly", "2026-01-15", monthly(15)),
    Row("định kỳ 6 tháng, 1 năm", 2026, "half_yearly", "2026-06-30", HALF_END),
    Row("2025, 2026", 2026, "multi_year", "2026-12-31"),
    Row("trong thời hạn 10 ngày, kể từ ngày 15/3/2026", 2026, "one_off_date", "2026-03-25"),
    Row("Sau 30 ngày kể từ ngày kết thúc đợt kiểm tra", 2026, "on_demand", ""),
    Row("lần thứ hai", 2026, "unknown", ""),
    Row("Từ 8h00 ngày 15/3/2026 đến 17h00 ngày 20/3/2026", 2026, "range", "2026-03-20"),
    Row(
        "Chậm nhất ngày 10 của tháng đầu tiên sau quý báo cáo",
        2026, "quarterly", "2026-01-10", quarterly(10, "1,4,7,10"),
    ),
    Row("Trước ngày bầu cử 30 ngày", 2026, "on_demand", ""),
    Row("Từ tháng 01 - 12/2026", 2026, "range", "2026-12-31"),
    Row("Hội nghị lần thứ 4", 2026, "unknown", ""),
    Row("Quý I/2026 và hằng năm", 2026, "yearly", "2026-03-31", yearly(-1, 3)),
    Row("Ngày 20 tháng 3, 6, 9, 12", 2026, "one_off_date", "2026-03-20"),
    Row("ngày 05 của các tháng 4, 7, 10", 2026, "one_off_date", "2026-04-05"),
    Row("ngày 25 tháng 3, tháng 6, tháng 9 và tháng 12 hằng năm", 2026, "quarterly", "2026-03-25", quarterly(25)),
    Row("Thường xuyên trong năm", 2026, "continuous", ""),
    Row("Báo cáo quý I, 6 tháng, quý III và năm", 2026, "quarterly", "2026-03-31", QUARTER_END),
    # Numbered dates are days, not hours
    Row("Lần 1: 15/4/2026; lần 2: 15/10/2026", 2026, "one_off_date", "2026-04-15"),
    Row("Bước 1: 20/5/2026; bước 2: 20/11/2026", 2026, "one_off_date", "2026-05-20"),
    Row("Đợt 1 - 15/4/2026; Đợt 2 - 15/10/2026", 2026, "one_off_date", "2026-04-15"),
    Row("Giai đoạn 1: 01/3 - 30/6/2026", 2026, "range", "2026-06-30"),
    Row("Hạn 1:15/3/2026", 2026, "one_off_date", "2026-03-15"),
    Row("Vòng 1: 15-4-2026", 2026, "one_off_date", "2026-04-15"),
    Row("Mốc 1: 15 tháng 4 năm 2026", 2026, "one_off_date", "2026-04-15"),
    Row("Kỳ 1: 15/6; kỳ 2: 15/12", 2026, "one_off_date", "2026-06-15"),
    Row("Lần 1: 30/6; lần 2: 30/12 hằng năm", 2026, "half_yearly", "2026-06-30", quarterly(30, "6,12")),
    Row("trước 17:00 15/3/2026", 2026, "one_off_date", "2026-03-15"),
    # A sign between a quarter or month and its number
    Row("Q.III/2026", 2026, "one_off_quarter", "2026-09-30"),
    Row("Q. II/2026", 2026, "one_off_quarter", "2026-06-30"),
    Row("Quý: II/2026", 2026, "one_off_quarter", "2026-06-30"),
    Row("Quý.IV năm 2026", 2026, "one_off_quarter", "2026-12-31"),
    Row("Q.4/2026", 2026, "one_off_quarter", "2026-12-31"),
    Row("Quý thứ II năm 2026", 2026, "one_off_quarter", "2026-06-30"),
    Row("T. 9/2026", 2026, "one_off_month", "2026-09-30"),
    Row("Báo cáo quý. 3 lần/năm", 2026, "quarterly", "2026-03-31", QUARTER_END),
    # A day without the word "ngày"
    Row("trước 15 tháng cuối quý", 2026, "quarterly", "2026-03-15", quarterly(15)),
    Row("Quý: trước 15 tháng cuối quý; năm: trước 15/12", 2026, "quarterly", "2026-03-15", quarterly(15)),
    Row("chậm nhất 20 tháng cuối mỗi quý", 2026, "quarterly", "2026-03-20", quarterly(20)),
    Row("Quý: trước 17 tháng cuối kỳ", 2026, "quarterly", "2026-03-17", quarterly(17)),
    Row("Trước 05 tháng sau", 2026, "monthly", "2026-01-05", monthly(5)),
    Row("Trước 10 tháng đầu quý sau", 2026, "quarterly", "2026-01-10", quarterly(10, "1,4,7,10")),
    Row("không quá 15 tháng kể từ ngày ký", 2026, "on_demand", ""),
    Row("trước 6 tháng cuối năm 2026", 2026, "range", "2026-06-30"),
    # The first days
    Row("10 ngày đầu tháng sau", 2026, "monthly", "2026-01-10", monthly(10)),
    Row("05 ngày đầu tháng", 2026, "monthly", "2026-01-05", monthly(5)),
    Row("Trong 05 ngày đầu của tháng đầu quý", 2026, "quarterly", "2026-01-05", quarterly(5, "1,4,7,10")),
    Row("Trong 10 ngày đầu tháng 3/2026", 2026, "one_off_date", "2026-03-10"),
    Row("Ngày đầu tháng", 2026, "monthly", "2026-01-01", monthly(1)),
    Row("ngày đầu tiên của tháng 4/2026", 2026, "one_off_date", "2026-04-01"),
    Row("Ngày đầu tiên của quý", 2026, "quarterly", "2026-01-01", quarterly(1, "1,4,7,10")),
    Row("Trong 10 ngày cuối tháng 6/2026", 2026, "one_off_month", "2026-06-30"),
    # Letters that ran together or are not what they look like
    Row("QuýII/2026", 2026, "one_off_quarter", "2026-06-30"),
    Row("Hàngtháng", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("Thườngxuyên", 2026, "continuous", ""),
    Row("Quý lI/2026", 2026, "one_off_quarter", "2026-06-30"),
    Row("quý 1V/2026", 2026, "one_off_quarter", "2026-12-31"),
    Row("Quý Ⅲ/2026", 2026, "one_off_quarter", "2026-09-30"),
    Row("trước ngày l5/3/2026", 2026, "one_off_date", "2026-03-15"),
    Row("15/l2/2026", 2026, "one_off_date", "2026-12-15"),
    Row("Quý 11/2026", 2026, "unknown", ""),
    Row("ngày … tháng … năm 2026", 2026, "unknown", ""),
    Row("Thường\u200b xuyên", 2026, "continuous", ""),
    Row("Hằng\u00ad tháng", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("20／3／2026", 2026, "one_off_date", "2026-03-20"),
    Row("hang thang", 2026, "monthly", "2026-01-31", MONTH_END),
    Row("truoc ngay 15 thang cuoi quy", 2026, "quarterly", "2026-03-15", quarterly(15)),
    # This year, the year after, the month after a quarter
    Row("Từ tháng 9 năm nay đến tháng 3 năm sau", 2026, "range", "2027-03-31"),
    Row("Từ 01/10 năm nay đến 31/3 năm sau", 2026, "range", "2027-03-31"),
    Row("từ tháng 11 đến tháng 02 năm sau", 2026, "range", "2027-02-28"),
    Row("Hằng năm, từ tháng 11 đến tháng 2 năm sau", 2026, "yearly", "2027-02-28", yearly(-1, 2)),
    Row("Tháng 11 - tháng 02/2027", 2026, "range", "2027-02-28"),
    Row("Báo cáo trước ngày 15/12 năm nay", 2026, "one_off_date", "2026-12-15"),
    Row("Cuối năm sau", 2026, "range", "2027-12-31"),
    Row(
        "Chậm nhất ngày 15 của tháng tiếp theo sau quý",
        2026, "quarterly", "2026-01-15", quarterly(15, "1,4,7,10"),
    ),
    Row("Trước ngày 5 của tháng sau quý báo cáo", 2026, "quarterly", "2026-01-05", quarterly(5, "1,4,7,10")),
    Row(
        "ngày 20 tháng sau khi hết quý",
        2026, "quarterly", "2026-01-20", quarterly(20, "1,4,7,10"),
    ),
    # A first year does not end what comes every year
    Row("Năm 2026 và hàng năm", 2026, "yearly", "2026-12-31", YEAR_END),
    Row("2027 và hằng năm", 2026, "yearly", "2027-12-31", YEAR_END),
    Row("Hằng tháng trong năm 2026", 2026, "monthly", "2026-01-31", f"{MONTH_END};UNTIL=20261231"),
    # Fractions, lengths and events
    Row("1/2 ngày làm việc", 2026, "on_demand", ""),
    Row("1/2 tháng", 2026, "on_demand", ""),
    Row("48 giờ", 2026, "on_demand", ""),
    Row("24/24 giờ", 2026, "continuous", ""),
    Row("Sau hội nghị tổng kết năm", 2026, "on_demand", ""),
    Row("Sau đợt rà soát cuối năm 2026", 2026, "on_demand", ""),
    Row("Sau mỗi kỳ họp", 2026, "on_demand", ""),
    Row("Sau Tết Nguyên đán Bính Ngọ 2026", 2026, "on_demand", ""),
    Row("Trước kỳ họp cuối năm 20 ngày", 2026, "on_demand", ""),
    Row("Trước kỳ họp thường lệ giữa năm", 2026, "on_demand", ""),
    Row("Trước kỳ họp tháng 7/2026", 2026, "on_demand", ""),
    Row("15 ngày làm việc, kể từ ngày 01/4/2026", 2026, "one_off_date", "2026-04-22"),
    Row("tháng Chạp", 2026, "one_off_month", "2026-12-31"),
    # The year first
    Row("2026-03-20", 2026, "one_off_date", "2026-03-20"),
    Row("trước ngày 2026/03/20", 2026, "one_off_date", "2026-03-20"),
    Row("2026-03-20T17:30:00", 2026, "one_off_date", "2026-03-20"),
    Row("2026-12", 2026, "one_off_month", "2026-12-31"),
    Row("2026-03 đến 2026-09", 2026, "range", "2026-09-30"),
    Row("01.07.26", 2026, "one_off_date", "2026-07-01"),
    # One stretch of time, its beginning and its end said apart
    Row("Khởi công quý I/2026, hoàn thành quý IV/2027", 2026, "range", "2027-12-31"),
    Row("Bắt đầu tháng 3/2026, hoàn thành tháng 9/2026", 2026, "range", "2026-09-30"),
    Row("Bắt đầu: 01/3/2026\nKết thúc: 30/9/2026", 2026, "range", "2026-09-30"),
    Row("Ngày bắt đầu: 01/3/2026 - Ngày kết thúc: 30/9/2026", 2026, "range", "2026-09-30"),
    Row("Khởi công xây dựng trong quý II/2026, dự kiến hoàn thành quý I/2027", 2026, "range", "2027-03-31"),
    Row("Bắt đầu năm 2026, hoàn thành năm 2028", 2026, "multi_year", "2028-12-31"),
    Row("Tổ chức tháng 3/2026; gửi báo cáo trước ngày 15/4/2026", 2026, "one_off_month", "2026-03-31"),
    # Months that frame what comes back
    Row(
        "Hàng tháng (từ tháng 3 đến tháng 12/2026)",
        2026, "monthly", "2026-03-31", f"{MONTH_END};UNTIL=20261231",
    ),
    Row(
        "Hằng tháng, trước ngày 25 (từ tháng 3 đến tháng 12/2026)",
        2026, "monthly", "2026-03-25", f"{monthly(25)};UNTIL=20261231",
    ),
    Row("hằng tháng từ tháng 5 đến tháng 10", 2026, "monthly", "2026-05-31", f"{MONTH_END};UNTIL=20261031"),
    Row(
        "hằng tháng, từ tháng 11 đến tháng 3 năm sau",
        2026, "monthly", "2026-11-30", f"{MONTH_END};UNTIL=20270331",
    ),
    Row(
        "Hằng quý (từ quý II/2026 đến quý IV/2027)",
        2026, "quarterly", "2026-06-30", f"{QUARTER_END};UNTIL=20271231",
    ),
    Row(
        "thứ Sáu hằng tuần từ tháng 3 đến tháng 5/2026",
        2026, "weekly", "2026-03-06", "FREQ=WEEKLY;BYDAY=FR;UNTIL=20260531",
    ),
]  # fmt: skip

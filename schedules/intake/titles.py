"""A short title for a duty: its verb and its object, without who, when and how."""

from __future__ import annotations

import re

from schedules.intake.spans import Span
from schedules.intake.units import EACH, mentions
from schedules.intake.wording import capital, shorten

LONGEST_TITLE = 160
SHORTEST = 9
_BODY = (
    r"(?:(?:Chủ tịch\s+)?(?:UBND|HĐND|Ủy ban nhân dân|Uỷ ban nhân dân|Ủy ban nhân)(?:\s+(?:các\s+)?(?:xã"
    r"|phường|thành phố|tỉnh|huyện|thị trấn|đặc khu))?)"
)
_BEFORE_VERB = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:yêu cầu|đề nghị)(?:\s+cho)?\s+",
        r"^(?:mời\s+)?(?:ông|bà|đồng chí|đ/c)\s[^:;]{3,120}:\s*",
        r"^căn cứ\s+(?:kế hoạch|quyết định|chương trình|nội dung|nhiệm vụ)[^,;]{0,40}?\s(?:này|trên)\s*,?\s*",
        r"^(?:trên cơ sở|căn cứ)\s[^,;]{5,90},\s*",
        r"^phối hợp\s+(?:với|cùng)\s+các\s[^,;]{3,60}?\s(?=(?:tham mưu|xây dựng|kiểm tra|rà soát|tổ chức|tổng hợp)\b)",
        r"^(?:đồng chí\s+)?(?:phó\s+)?(?:trưởng|chánh|giám đốc|lãnh đạo|thủ trưởng)\s+(?=(?:phòng|văn phòng|trung"
        r" tâm|ban"
        r"|công an|trạm)\b)",
        r"^(?:trong|theo|căn cứ)\s+(?:phạm vi\s+)?chức năng[^;]{0,60}?(?=có trách nhiệm|chủ động|chủ trì|phối hợp)",
        r"^(?:có trách nhiệm|chịu trách nhiệm|là cơ quan[^:]{0,80}:|có nhiệm vụ)\s*:?\s*",
        r"^(?:chủ trì|đầu mối),?\s*(?:,|và)?\s*(?=phối hợp)",
        r"^phối hợp(?:\s+chặt chẽ)?(?:\s+(?:với|cùng))?\s+(?:các\s+)?(?:cơ quan|phòng|đơn vị|công chức|ban"
        r"|ngành|bộ phận|sở|địa phương)[^;]{0,90}?(?:liên quan|thành phố|chuyên môn)\s*,?\s*",
        r"^(?:chủ trì|đầu mối)\s*,?\s+",
        rf"^(?:tham mưu|giúp|đề xuất)(?:,\s*(?:giúp|đề xuất))?(?:\s+(?:cho|với|giúp))?\s+(?:lãnh"
        rf" đạo\s+)?{_BODY}(?:,?\s*Trưởng ban Ban Chỉ đạo)?\s*,?\s*",
        r"^(?:thường xuyên|định kỳ|duy trì|kịp thời|chủ động|tập trung|tích cực|tiếp tục|đồng thời|và)\b\s*,?\s*",
        r"^(?:liên tục)\b\s*,?\s*",
        r"^(?:đổi mới|nâng cao|đa dạng hóa)(?:(?:,|\s+và)?\s*(?:đổi mới|nâng cao|đa dạng hóa|cải"
        r" tiến))*\s+(?:hơn nữa\s+)?(?:(?:chất lượng|hiệu quả|phương pháp|hình thức)(?:,\s*(?:chất lượng"
        r"|hiệu quả|hình thức))*\s+)?(?:công tác|việc)?\s*(?:tổ chức\s+)?(?=\w)",
        r"^(?:chỉ đạo\s+)?thực hiện nghiêm(?:\s+túc)?\s+(?:chế độ\s+)?(?:thông tin,?\s+)?",
        r"^(?:tiến hành|tổ chức|triển khai|thực hiện)(?:,?\s*(?:tiến hành|tổ chức|triển khai|thực"
        r" hiện))*\s+(?:có\s+hiệu quả\s+)?(?:công tác\s+|việc\s+)?(?=(?:tự kiểm tra|kiểm tra|rà soát|đánh"
        r" giá|khảo sát|đo lường|tổng kết|sơ kết|theo dõi|đối thoại|thống kê|giám sát|đôn đốc|xác định)\b)",
        r"^[\s,;:.–-]+",
    )
)  # fmt: skip
# "Tổ chức triển khai có hiệu quả công tác A và theo dõi B hằng năm": what comes every year is B.
_OPENING = re.compile(
    r"^(?:tổ chức triển khai|thực thi|triển khai|thực hiện (?:tốt|hiệu quả))\b[^;]{20,}\bvà\s+(?=(?:theo dõi"
    r"|đánh giá|kiểm tra|báo cáo|tổng kết)\b)"
    r"|^các\s+",
    re.IGNORECASE,
)


# "Giao Phòng Kinh tế rà soát …" gives work to somebody; "Giao ban", "Giao dự toán" are the work itself.
_GIVEN = re.compile(r"^(?:giao|phân công)(?:\s+cho)?\s+", re.IGNORECASE)
_SOMEBODY = re.compile(
    r"(?:các |toàn thể )?(?:ông|bà|đồng chí|đ/c|công chức|cán bộ|viên chức|chuyên viên|lãnh đạo|trưởng|thủ trưởng|chánh"
    r"|giám đốc|chủ tịch|phó|đơn vị|cơ quan|bộ phận|phòng(?! chống)|ban ngành|thành viên|thôn|tổ(?! chức))\b",
    re.IGNORECASE,
)
_WHO_IN_BRACKETS = re.compile(r"\s*\((?:[^()]*\bchủ trì\b[^()]*|giao\s[^()]*)\)", re.IGNORECASE)
_JOINING = re.compile(r"^\s*(?:và|đồng thời)\b[\s,]*", re.IGNORECASE)
_TOPIC = re.compile(r"^[^:;.]{5,110}:\s+")
_REPORT_NAMED = re.compile(
    r"báo cáo(?:\s+định kỳ)?(?:\s+(?:tuần|tháng|quý|0?6 tháng|sáu tháng|0?9 tháng|chín tháng|năm)(?:\s+\d{4})?"
    r"(?=\s*:?\s*(?:gửi|nộp|là|chậm|muộn|trước|trong|vào|ngày)))?[\s:,(]*",
    re.IGNORECASE,
)


def title_of(clause: str, span: Span | None) -> str:
    """The title of the duty a clause speaks of."""
    text = _JOINING.sub("", _WHO_IN_BRACKETS.sub("", _without(clause, span) if span else clause))
    for _ in range(8):
        shorter = _one_less(text)
        if shorter == text or len(shorter) < SHORTEST:
            break
        text = shorter
    text = _OPENING.sub("", text) if span and len(text) > 40 else text
    return capital(shorten(text, LONGEST_TITLE)) or capital(shorten(clause, LONGEST_TITLE))


def _without(clause: str, span: Span) -> str:
    """The clause without its deadline; a bracket with nothing else in it goes too."""
    if (named := _REPORT_NAMED.match(span.text)) and named.end() < len(span.text):
        start = span.start + named.end()  # "báo cáo năm: trước ngày 10/12": what is handed in stays
        span = Span(span.text[named.end() :], start, span.end, span.sorts)
    if " … " in span.text:
        first, last = span.text.split(" … ", 1)
        middle = clause[span.start + len(first) : span.end - len(last)].strip(" ,")
        return f"{clause[: span.start].strip()} {middle} {clause[span.end :].strip()}".strip(" ,;:")
    before, after = clause[: span.start].rstrip(), clause[span.end :].lstrip()
    if before.endswith("(") and after.startswith(")"):
        before, after = before[:-1].rstrip(), after[1:].lstrip()
    before = re.sub(r"[\s,]*(?:\b(?:theo định kỳ|vào|trong|theo giai đoạn))?\s*$", "", before) if span.start else ""
    text = f"{before} {after}".strip(" ,;:")
    if re.search(r"quy định|quy chế", span.text):
        after = re.sub(r"^\s*của\s[^,;.]*", "", after)
        text = f"{before} {after}".strip(" ,;:")
    text = re.sub(r",?\s+theo hướng\s.*$", "", text)
    text = re.sub(r",\s*theo (?:đúng )?quy định.*$|\s+theo quy định$", "", text)
    return re.sub(r"\s*\(\s*\)", "", re.sub(r"\s+,", ",", text))


def _one_less(text: str) -> str:
    """The text with one thing less before its verb."""
    topic = _TOPIC.match(text)
    rest = text[topic.end() :] if topic else ""
    if rest and (EACH.match(rest) or any(mention.start == 0 for mention in mentions(rest[:140]))):
        return rest
    each = EACH.match(text)
    named = mentions(text[:140])
    longer = bool(each and named) and named[0].start == 0 and named[0].end > each.end()  # type: ignore[union-attr]
    if each and each.end() < len(text) - 12 and not longer:
        return text[each.end() :].lstrip(" ,:-–")
    if named and named[0].start == 0 and named[0].end < len(text) - 12:
        return text[named[0].end :].lstrip(" ,:-–")
    given = _GIVEN.match(text)
    if given and _begins_with_somebody(text[given.end() :]):
        return text[given.end() :]
    for pattern in _BEFORE_VERB:
        match = pattern.match(text)
        if match and match.end():
            return text[match.end() :]
    cooperates = re.match(r"phối hợp(?:\s+(?:với|cùng))?\s+", text, re.IGNORECASE)
    if cooperates and named and named[0].start <= cooperates.end() + 2:
        last = named[0]
        for mention in named[1:]:
            if mention.start - last.end > 6:
                break
            last = mention
        rest = re.sub(
            r"^\s*(?:,|và)?\s*(?:các\s+)?(?:cơ quan|phòng|đơn vị)[^;]{0,40}?liên quan\s*,?", "", text[last.end :]
        )
        if len(rest) > 12:
            return rest.lstrip(" ,")
    return text


def _begins_with_somebody(text: str) -> bool:
    """Whether a unit, a group of units or a person stands first."""
    named = mentions(text[:140])
    return bool((named and named[0].start == 0) or EACH.match(text) or _SOMEBODY.match(text))

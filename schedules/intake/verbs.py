"""What a sentence tells somebody to do, and whether it is a duty or only a wish.

"Rà soát", "báo cáo", "ban hành" leave something behind that can be asked for; "nâng cao", "đẩy mạnh", "phát huy" do
not. A plan is full of the second kind, with a "thường xuyên" or a "hằng năm" in it; nobody can be reminded of those.
"""

from __future__ import annotations

import re

from schedules.intake.findings import Strength
from schedules.intake.outline import Role
from schedules.intake.spans import Span
from schedules.intake.wording import fold, mask

_DOING = (
    "báo cáo", "tổng hợp", "xây dựng", "ban hành", "lập", "trình", "gửi", "nộp", "rà soát", "tự kiểm tra", "kiểm tra",
    "đánh giá", "khảo sát", "đo lường", "thẩm định", "tổng kết", "sơ kết", "công khai", "công bố", "cập nhật",
    "niêm yết", "tập huấn", "bồi dưỡng", "đối thoại", "theo dõi", "đôn đốc", "hướng dẫn", "quyết toán", "dự toán",
    "chấn chỉnh", "hoàn thành", "hoàn thiện", "sắp xếp", "kết thúc", "cử", "thống kê", "tuyên truyền", "phổ biến",
    "thông tin", "đăng ký", "chấm điểm", "tự chấm", "xác định", "phê duyệt", "phân bổ", "họp", "giao ban",
    "tiếp công dân", "số hóa", "số hoá", "kiểm kê", "áp dụng", "vận hành", "bảo trì", "sao lưu", "đăng tải", "đăng",
    "phát sóng", "chuyên đề", "tin tức", "tin bài", "tin, bài", "cung cấp", "xếp loại", "khen thưởng", "bình xét",
    "đối chiếu", "nhập", "ký kết", "phát động", "kiện toàn", "thành lập", "giám sát", "thanh tra", "diễn tập",
    "triển khai", "tổ chức", "giải quyết", "xử lý", "tham mưu", "mua sắm", "lắp đặt", "nâng cấp", "bàn giao",
    "thực hiện", "công nhận", "bố trí", "phát hành", "lấy ý kiến", "góp ý", "tiếp nhận", "điều tra", "kết nối",
    "chuyển đổi", "sửa đổi", "bổ sung", "bảo đảm", "đảm bảo", "sử dụng", "khai thác", "ra quân", "vệ sinh", "thu",
)  # fmt: skip
_EMPTY_DOING = (
    "bảo đảm",
    "đảm bảo",
    "thực hiện",
    "triển khai",
    "tổ chức",
    "sử dụng",
    "khai thác",
    "tham mưu",
    "bổ sung",
    "thu",
)
_CONCRETE = re.compile(
    r"(?<!\w)(?:" + "|".join(sorted(set(_DOING) - set(_EMPTY_DOING), key=len, reverse=True)) + r")(?!\w)"
)
_ANY_DOING = re.compile(r"(?<!\w)(?:" + "|".join(sorted(_DOING, key=len, reverse=True)) + r")(?!\w)")
_WISH = re.compile(
    r"(?:gắn|xác định(?! chỉ số| mức)|coi trọng|chú trọng|ứng dụng|tạo (?:điều kiện|sự|chuyển)|huy động|ưu"
    r" tiên|quan tâm|phấn đấu"
    r"|tham gia|lấy(?! ý kiến| mẫu| phiếu)|quán triệt"
    r"|cụ thể hóa|kế thừa|khuyến khích|đẩy mạnh|đề cao|phát huy|không ngừng|tích cực"
    r"|tăng cường|thực hiện nghiêm|nghiêm túc|siết chặt|xây dựng được|làm tốt|chủ động nghiên cứu|nâng cao"
    r" (?:nhận thức|trách nhiệm|ý thức|vai trò|tinh thần))\b"
)
_COMPLETES = re.compile(
    r"(?:hoàn thành|kết thúc|chấm dứt|thực hiện xong|hoàn tất)\b(?! (?:tốt|xuất sắc|vượt|thắng lợi))"
)
_REPORTS = re.compile(
    r"(?<!để )(?:(?<!chế độ )(?<!được )(?<!thông tin )(?<!hệ thống thông tin )báo cáo)\b(?!\s+(?:định"
    r" kỳ\s+)?(?:được|là|viên))"
)
_GATHERS = re.compile(
    r"(?<!để )(?:tổng hợp,?(?: và)? báo cáo|báo cáo (?:kết quả|tình hình|tiến độ)|báo cáo (?:về )?(?:UBND|ủy"
    r" ban|sở|chủ tịch|thường trực))",
    re.I,
)
_MAKES = re.compile(
    r"\b(?:lập|xây dựng)\s+(?:\w+\s+)?(?:danh sách|dự trù|dự toán|tờ trình|báo cáo)\b"
    r"|\b(?:ban hành|xây dựng|trình)\s+(?:quy chế|quy định|đề án|phương án|kế hoạch|quyết định|nội quy|quy trình)\b"
)
_WRITES = re.compile(r"\b(?:ban hành|xây dựng|trình|phê duyệt|tổng kết|lập)\b")
_CONDITION = re.compile(
    r"(?<!\()\bnếu (?:có|phát sinh|cần|thấy)|trong quá trình (?:tổ chức )?(?:thực hiện|triển khai)|trên đây"
    r" là|phát sinh (?:các )?(?:nội dung|vướng mắc|khó khăn)"
    r"|khó khăn, vướng mắc|quá hạn(?! nộp)|không để xảy ra"
)
_FUNDED = re.compile(r"^(?:nguồn )?kinh phí[^;.]{0,140}?(?:bố trí|bảo đảm|đảm bảo|lấy|cân đối|chi từ)")
_DOCUMENT_STARTS = re.compile(
    r"^(?:căn cứ\s|(?:kế hoạch|văn bản|chương trình) này|quyết định này|ban hành kèm theo|trên cơ sở\b(?!.*\bbáo cáo))"
)
_ENDS_ELSEWHERE = re.compile(r"(?:lộ trình|tiến độ)\b")
_MANNER_AFTER = re.compile(
    r"^[\s,]*(?:và\s+|tiến hành\s+|tổ chức\s+|thực hiện\s+|chủ động\s+|kịp thời\s+|làm tốt\s+|có\s+|công"
    r" tác\s+|việc\s+|chủ trì,?\s+|phối hợp[^,;]{0,60}?\s|đồng bộ\s+){0,4}"
)
# "tối thiểu 4 đợt/năm": whoever says how often means it
_COUNTED = re.compile(r"\d\s+\w+\s?/\s?(?:năm|quý|tháng|tuần)|ít nhất \d|tối thiểu \d")
_LIGHT = re.compile(r"^(?:(?:tổ chức|tiến hành|triển khai|thực hiện|định kỳ|thường xuyên)\s+)+(?=\w)")
_HARDER = re.compile(r"^(?:tiếp tục|đổi mới|nâng cao (?:chất lượng|hiệu quả)|đa dạng hóa)")


def strength_of(clause: str, span: Span, role: Role) -> Strength | None:
    """A duty, a wish with a date in it, or None where the words are no schedule of anything."""
    text = fold(mask(clause))
    before, after = text[: span.start], text[span.end :]
    head = headless(text)
    if _CONDITION.search(text) and not span.dated:
        return None
    if _DOCUMENT_STARTS.match(headless(fold(clause))) and not span.dated:
        return None
    if role == "goal":
        return _goal_strength(head, span)
    if role == "money" or _FUNDED.match(head):
        return "weak" if span.only("recurring") else "duty" if span.dated and _CONCRETE.search(text) else None
    if span.dated:
        return "duty" if _ANY_DOING.search(text) else "weak" if role == "organise" else None
    if "từng" in fold(span.text):
        return "weak"
    leads = _leads_a_verb(before, after)
    wish = bool(_WISH.match(head)) and not leads
    if span.only("own_year"):
        return "weak" if _WRITES.match(head) or (role == "organise" and _WRITES.search(before)) else None
    if span.only("vague"):
        return _vague_strength(span, before, after, head, wish)
    if span.only("continuous"):
        return _continuous_strength(before, after, wish)
    if span.only("year", "multi"):
        concrete = _COMPLETES.search(text) or _WRITES.search(text) or re.search(r"sơ kết|tổng kết|sắp xếp", text)
        return "duty" if concrete and not wish else "weak"
    if wish or (span.only("event") and _ENDS_ELSEWHERE.search(fold(span.text))):
        return "weak"
    return "duty" if _CONCRETE.search(text) or _COUNTED.search(fold(span.text)) else "weak"


def _goal_strength(head: str, span: Span) -> Strength | None:
    """A goal is a wish, unless something has to be finished by a date."""
    if _COMPLETES.match(head) and not span.only("own_year", "vague", "event", "continuous"):
        return "duty"
    return "weak" if span.dated else None


def inherited_strength(clause: str, role: Role) -> Strength | None:
    """For an item under a heading that is a date: "Giai đoạn 2026 - 2027:", "Quý I:"."""
    head = headless(fold(mask(clause)))
    if role == "goal":
        return "duty" if _COMPLETES.match(head) else None
    if _WISH.match(head):
        return "weak"
    return "duty" if _CONCRETE.match(head) else None


def _vague_strength(span: Span, before: str, after: str, head: str, wish: bool) -> Strength | None:
    """ "Định kỳ kiểm tra" is a duty whose period is missing; "theo quy định" says nothing except of a report."""
    if "quy định" in fold(span.text) or "thời" in fold(span.text):
        nearby = before[-160:]
        if _REPORTS.search(nearby) and not re.search(r"để (?:tổng hợp,? )?báo cáo[^;]*$", nearby):
            return "weak" if wish else "duty"
        return "duty" if _COMPLETES.match(head) else None
    if _leads_a_verb(before, after):
        return "duty"
    asked = re.search(
        r"(?:báo cáo|đối thoại|kiểm tra|rà soát|đánh giá|giao ban|họp|tập huấn|khảo sát)(?: \w+){0,4}\s*$", before
    )
    return ("weak" if wish else "duty") if asked else None


def _continuous_strength(before: str, after: str, wish: bool) -> Strength | None:
    if _leads_a_verb(before, after) or "thời gian thực" in after:
        return "duty"
    if not after.strip(" .") or after.lstrip().startswith((",", "(", ";")):
        return "weak" if wish or not _CONCRETE.search(before) else "duty"
    return "weak" if _CONCRETE.search(before) or _CONCRETE.search(after[:40]) else None


def _leads_a_verb(before: str, after: str) -> bool:
    """Whether the span stands where an adverb does: at the start of a clause, with a verb right after it."""
    starts = not before.strip(" ,") or bool(
        re.search(r"(?:[,;:]|\bvà|có trách nhiệm|chủ trì|đơn vị|duy trì)\s*$", before)
    )
    rest = after[(_MANNER_AFTER.match(after) or re.compile("").match(after)).end() :]  # type: ignore[union-attr]
    return starts and bool(
        _CONCRETE.match(rest)
        or (not before.strip(" ,") and _ANY_DOING.search(rest[:60]) is not None and not _WISH.match(rest))
    )


def verb_at(text: str) -> bool:
    """Whether a text begins with something that can be asked for."""
    return bool(_CONCRETE.match(_LIGHT.sub("", fold(text))))


def asks_for_something(text: str) -> bool:
    """Whether a text has a verb that leaves something behind: "ban hành", "báo cáo", "rà soát"."""
    return bool(_CONCRETE.search(fold(text)))


def headless(text: str) -> str:
    """A folded clause without the words before its verb."""
    return re.sub(
        r"^(?:[\s,–-]|và\b|đồng thời,?|trong đó,?|chủ trì,?|tham mưu(?: cho)?|tiếp tục|giúp|(?:chủ động|tập"
        r" trung|kịp thời|cần|phải)\b)+",
        "",
        text,
    )


def reports(clause: str) -> bool:
    """Whether the clause asks for a report, and does not only send something to somebody who will report."""
    folded = fold(clause)
    return bool(_GATHERS.search(folded)) and not _CONDITION.search(folded)


def makes_something(clause: str) -> bool:
    """Whether the clause asks for a list, a budget, a draft: something to hand in, though no date is named."""
    folded = fold(clause)
    return bool(_MAKES.search(folded)) and not _CONDITION.search(folded) and not headless(folded).startswith("phối hợp")


def product_of(clause: str, span: Span | None) -> str | None:
    """What is handed in, by the words of the clause."""
    folded = fold(clause)
    if re.search(r"tổng kết", folded):
        return "Báo cáo tổng kết"
    if re.search(r"sơ kết", folded):
        return "Báo cáo sơ kết"
    if _REPORTS.search(folded) or (span and "báo cáo" in fold(span.text)):
        period = re.search(
            r"báo cáo (?:định kỳ )?(tuần|tháng|quý|0?6 tháng|0?9 tháng|năm)\b", fold(span.text if span else "")
        )
        return f"Báo cáo {period.group(1)}" if period else "Báo cáo"
    match = re.search(
        r"(?:lập|xây dựng|ban hành|trình)\s+(?:[^,;]{0,40}?\b)?(dự toán(?: kinh phí)?|dự trù(?: kinh phí)?"
        r"|danh sách|kế hoạch(?: kiểm tra)?|đề án|quy chế|quyết định|tờ trình|chương trình|phương án)\b",
        folded,
    )
    if match:
        word = match.group(1)
        return word[:1].upper() + word[1:]
    if re.search(r"tin tức|tin,? bài|chuyên đề,? tin", folded):
        return "Tin, bài"
    return None


def from_the_making(clause: str) -> str:
    """The clause from the verb that makes something: "… được giao chủ trì … xây dựng dự trù" begins at "xây dựng"."""
    match = _MAKES.search(fold(clause))
    return clause[match.start() :] if match else clause


def is_conditional(sentence: str) -> bool:
    """Whether a sentence only says what to do if something happens: "nếu có khó khăn, vướng mắc …"."""
    return bool(_CONDITION.search(fold(sentence)))

"""Small tools for Vietnamese official prose: comparison, citations out of sight, sentences and clauses.

Every function keeps offsets: a mask or a fold is exactly as long as the text, so that words found in one stand at
the same place in the other.
"""

from __future__ import annotations

import re
from itertools import pairwise

MASK = "¤"
UPPER = "A-ZĐ" + "".join(chr(n) for n in range(0xC0, 0x1EFA) if chr(n).isupper())  # for character classes
_TONES = {
    "oà": "òa", "oá": "óa", "oả": "ỏa", "oã": "õa", "oạ": "ọa",
    "oè": "òe", "oé": "óe", "oẻ": "ỏe", "oẽ": "õe", "oẹ": "ọe",
    "uỳ": "ùy", "uý": "úy", "uỷ": "ủy", "uỹ": "ũy", "uỵ": "ụy",
}  # fmt: skip
_OLD_TONES = re.compile(r"(?<![qQ])(?:" + "|".join(_TONES) + r")(?![^\W\d_])")
_DATE = r"ngày\s+(?:\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?\d{4}|\d{1,2}\s+tháng\s+\d{1,2}\s+năm\s+\d{4})"
_CITING = (
    r"(?:nghị quyết|nghị định|quyết định|thông tư|chỉ thị|kế hoạch|công văn|luật|bộ luật|kết luận|chương trình"
    r"|thông báo|công điện|văn bản|hướng dẫn|tờ trình|quy định|báo cáo|pháp lệnh|đề án)"
)
# "12/QĐ-UBND", "57-NQ/TW", "/KH-UBND" where the number is still blank: what makes "số" the number of a document.
# "chuyển đổi số", "Chỉ số CCHC" have none.
_SIGN = r"[\d.…_]*\s?(?:/\s?\d{4}\s?)?(?:/\s?|-)(?-i:[A-ZĐ])[\w.&/-]*"
# What may stand between a document's number and its own date; "…, gửi trước ngày 15/3/2026" tells a deadline.
_OF_DATE = (
    rf"(?:(?!\b(?:gửi|nộp|hoàn thành|chậm nhất|muộn nhất)\b)[^;]){{0,40}}?"
    rf"(?<!trước )(?<!đến )(?<!hết )(?<!là )(?<!xong ){_DATE}"
)
# What stands behind the days between which figures are taken, and is told for itself: ", gửi báo cáo trước ngày 17".
_SENT = (
    r"(?:,|\bvà\b|\bđể\b|\brồi\b)\s*(?:gửi|nộp|trình|hoàn thành|chậm nhất|tổng hợp"
    r"|báo cáo\s+(?:về|UBND|ủy ban|sở|chủ tịch|kết quả))"
)
_FIGURES = rf"(?:(?!{_SENT})[^.;])*"
# What looks like a deadline and is none. Each is blotted out before anybody looks for dates.
_NO_DEADLINE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Quyết định số 12/QĐ-UBND ngày 26/12/2025; Kế hoạch kiểm tra số …/KH-UBND ngày …; Công văn số 512 ngày …
        rf"{_CITING}\b[^;.]{{0,40}}?\bsố\s*:?\s*{_SIGN}{_OF_DATE}",
        rf"{_CITING}\s+số\s*:?\s*\d+,?\s+{_DATE}",
        rf"\b\d+(?:\.\d+)?(?:/\d{{4}})?/(?-i:[A-ZĐ])[\w-]*,?\s+{_DATE}",  # 1478/QĐ-UBND ngày 14/4/2026
        rf"\b\d+-(?-i:[A-ZĐ]{{1,4}}/[A-ZĐ]+),?\s+{_DATE}",  # 68-NQ/TW ngày 04 tháng 5 năm 2025
        # Luật Viên chức năm 2025; not "phổ biến pháp luật trước ngày 15 tháng 6 năm 2026"
        r"(?<!pháp )(?<!kỷ )(?<!quy )\b(?:bộ )?luật\s(?:(?!\b(?:trước|chậm nhất|ngày|tháng|quý)\s)[^,;.¤]){2,60}?"
        r"\snăm\s\d{4}",
        rf"(?:thời gian )?chốt số liệu{_FIGURES}",
        rf"(?:số liệu|kỳ báo cáo)[^.;]{{0,30}}?(?:tính|lấy)\s+từ\s+(?:ngày|đầu|tháng){_FIGURES}",
        r"từ ngày \d{1,2} tháng \d{1,2} năm trước[^.;]{0,40}?kỳ báo cáo(?:[^.;]{0,60}kỳ báo cáo)?",
        r"“[^”]{0,300}”",
        r'"[^"]{0,300}"',
        r"\bchi(?:\s+đầu tư, chi)?\s+thường xuyên",
        r"\bcơ quan thường trực|\bthường trực\b",
        r"nhiệm vụ\s+(?:trọng tâm|chính trị|quan trọng|then chốt)[^;.\d]{0,40}?thường xuyên",
        r"so với(?:\s+cùng kỳ)?(?:\s+giai đoạn\s+\d{4}\s?[-–]\s?\d{4}|\s+năm\s+(?:\d{4}|trước))",
        r"(?:chương trình|chiến lược|đề án|tầm nhìn|mục tiêu)\s(?:(?!\b(?:ngày|tháng|quý)\s)[^,;.:]){0,70}?(?:đến|tới)"
        r"\s+(?:hết\s+)?năm\s+\d{4}",
        r"(?:phương pháp|chế độ)[^;.\d]{0,40}đánh giá định kỳ",
        r"từ năm \d{4} đến nay|trong những năm qua|thời gian qua",
    )
)
_SENTENCE_END = re.compile(rf"(?<=[.!?])\s+(?=[{UPPER}“(])|(?<=[.!?])\s*$|\n")
_NOT_AN_END = re.compile(r"(?:\b(?:TS|ThS|TP|Tp|v\.v|vv|Đ/c|đ/c|TM|KT)|\b[A-ZĐ])\.$")
_CLAUSE_END = re.compile(rf";\s*|:\s+(?!(?:Quý|Quí|Tháng|Đợt|Lần|Kỳ)\s)(?=[{UPPER}])")
_WORD = re.compile(r"\w+")
_EMPTY_WORDS = frozenset((
    "và", "của", "các", "cho", "với", "về", "trong", "tại", "do", "được", "có", "theo", "là", "những", "đối",
    "một", "số", "việc", "công", "tác", "thực", "hiện", "triển", "khai", "tổ", "chức", "hiệu", "quả", "xã",
    "phường", "trên", "địa", "bàn", "nhà", "nước", "đến", "từ", "này", "đề", "ra", "bảo", "đảm", "đảm",
))  # fmt: skip


def fold(text: str) -> str:
    """Lower case with one place for the tone mark (hoá is hóa), as long as the text itself."""
    lowered = text.lower() if len(text.lower()) == len(text) else text
    return _OLD_TONES.sub(lambda match: _TONES[match.group()], lowered)


def new_tones(text: str) -> str:
    """The text with one place for the tone mark, letters' case kept."""
    return _OLD_TONES.sub(lambda match: _TONES[match.group()], text)


def mask(text: str) -> str:
    """The text with cited documents, quotations and false friends blotted out."""
    for pattern in _NO_DEADLINE:
        text = pattern.sub(lambda match: MASK * len(match.group()), text)
    return text


def blot(text: str, pattern: re.Pattern[str]) -> str:
    """The text with one more pattern blotted out."""
    return pattern.sub(lambda match: MASK * len(match.group()), text)


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; a full stop inside a number or after an initial ends nothing."""
    found: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _NOT_AN_END.search(text[max(0, match.start() - 5) : match.start()]):
            continue
        found.append(text[start : match.start()].strip())
        start = match.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def clauses(sentence: str) -> list[str]:
    """The clauses of a sentence: at semicolons, and at a colon before a capital; not inside brackets."""
    found: list[str] = []
    start = 0
    for match in _CLAUSE_END.finditer(sentence):
        before = sentence[start : match.start()]
        if before.count("(") > before.count(")"):
            continue
        found.append(before.strip(" .;"))
        start = match.end()
    found.append(sentence[start:].strip(" .;/"))
    return [clause for clause in found if clause]


_INITIALS = frozenset(("HĐND", "UBND", "MTTQ", "TNCS", "CHQS", "PVHCC", "HCC", "DVSNC", "KT", "VHXH", "QLDA"))
_BIG_INSIDE = re.compile(r"(?:(?<=^phòng )|(?<=^ban )|(?<=^trạm )|(?<=^trung tâm )|(?<= - )|(?<=, ))\w")


def unshouted(text: str) -> str:
    """A name in capitals as it is written elsewhere: "PHÒNG VĂN HÓA - XÃ HỘI" is "Phòng Văn hóa - Xã hội"."""
    if not text.isupper():
        return text
    small = " ".join(word if word.strip(" ,.-") in _INITIALS else word.lower() for word in text.split())
    return capital(_BIG_INSIDE.sub(lambda match: match.group().upper(), small))


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, for comparing two texts."""
    return frozenset(word for word in _WORD.findall(fold(text)) if word not in _EMPTY_WORDS and len(word) > 1)


def bigrams(text: str) -> frozenset[str]:
    """Neighbouring syllables: "thủ tục", "tục hành", "hành chính"; Vietnamese words are mostly two of them."""
    words = _WORD.findall(fold(text))
    return frozenset(f"{a} {b}" for a, b in pairwise(words))


def runs(text: str, shortest: int, longest: int) -> set[str]:
    """Every run of so many syllables in a text."""
    words = _WORD.findall(fold(text))
    return {
        " ".join(words[start : start + length])
        for length in range(shortest, longest + 1)
        for start in range(len(words) - length + 1)
    }


def shorten(text: str, longest: int) -> str:
    """The text, cut at a comma or a word where it is too long."""
    text = " ".join(text.split()).strip(" ,;:.-–")
    if len(text) <= longest:
        return text
    cut = text[:longest]
    comma = cut.rfind(",")
    cut = cut[:comma] if comma > longest * 0.55 else cut[: cut.rfind(" ")]
    return cut.strip(" ,;:-–")


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]

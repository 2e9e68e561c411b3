"""Which units a document names, under which spellings, and which of them gathers the reports.

There is no list of units here, only of the kinds of units a Vietnamese commune may have and of the words their names
are made of. A name runs as long as its words are of that kind or capitalised.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from schedules.intake.findings import UnitFound
from schedules.intake.wording import UPPER, fold, new_tones

UnitKind = Literal["unit", "leadership", "partner"]

_PLACE = r"(?:xã|phường|thị trấn|đặc khu)"
_ABOVE = r"(?:huyện|quận|thị xã|thành phố|tỉnh)"
# Words that may stand in a unit's name in small letters, longest first where one begins another.
_NAME_WORDS = (
    "phục vụ hành chính công", "hành chính công", "dịch vụ sự nghiệp công lập", "dịch vụ sự nghiệp công",
    "dịch vụ tổng hợp", "sự nghiệp công", "dịch vụ công", "cung ứng dịch vụ", "dịch vụ", "công ích", "quản lý dự án",
    "quản lý",
    "đầu tư xây dựng", "đầu tư", "dự án", "phát triển quỹ đất", "quỹ đất", "văn hóa", "văn hoá", "xã hội", "kinh tế",
    "hạ tầng", "kỹ thuật", "đô thị", "nông thôn", "nông nghiệp", "môi trường", "tài nguyên", "địa chính", "xây dựng",
    "thông tin", "truyền thông", "truyền thanh", "thể dục", "thể thao", "du lịch", "thư viện", "nội vụ", "tư pháp",
    "hộ tịch", "tài chính", "kế hoạch", "kế toán", "thống kê", "lao động", "thương binh", "giáo dục", "đào tạo",
    "khoa học", "công nghệ", "công thương", "công nghiệp", "thương mại", "y tế", "dân số", "khuyến nông",
    "an ninh", "nội chính", "cơ yếu", "lưu trữ", "quốc phòng", "cán bộ", "tuyên giáo", "dân vận", "bảo trợ xã hội",
    "văn thư", "chính trị", "bồi dưỡng", "chăn nuôi", "thú y", "trồng trọt", "bảo vệ thực vật", "dân tộc", "tôn giáo",
    "pháp chế", "tổng hợp", "hành chính", "quản trị", "tiếp dân", "tiếp công dân", "đất đai", "đô thị hóa",
    "đảng ủy", "đảng uỷ", "vh", "xh", "văn xã", "việc làm", "giao thông", "điện tử",
)  # fmt: skip
_WORDS = "|".join(sorted(_NAME_WORDS, key=len, reverse=True))
_CAPITAL = (
    r"(?!Phòng\b|Trung tâm\b|Văn phòng\b|Công an\b|Ban\b|UBND\b|HĐND\b|Ủy\b|Uỷ\b|Sở\b|Trạm\b|Trường\b|Chủ\b|Mặt\b"
    r"|Công chức\b|Đài\b|Hội\b|Đoàn\b|Tổ\b|Bộ\b|TT\b|VP\b|Phó\b|Trưởng\b|Thành viên\b|Ông\b|Bà\b|Đồng chí\b|Chủ"
    r" trì\b|Phối hợp\b|Các\b|Tham mưu\b|Là\b|Có\b|Theo\b)"
    rf"[{UPPER}]\w*"
)
# Words that are verbs as often as names: they belong to a name only when capitalised or joined to it.
_VERBS = {
    "tổng hợp", "xây dựng", "quản lý", "kế hoạch", "đầu tư", "thống kê", "đào tạo", "bồi dưỡng", "lao động", "quản trị",
    "tiếp dân", "tiếp công dân", "hành chính", "dịch vụ", "dự án", "công nghệ", "chính trị", "điện tử",
}  # fmt: skip
_SAFE = "|".join(sorted(set(_NAME_WORDS) - _VERBS, key=len, reverse=True))
_BIG = "|".join(f"{word[0].upper()}{word[1:]}" for word in _WORDS.split("|"))
_PART = rf"(?:(?i:{_WORDS})(?!\w)|{_CAPITAL})"
_AFTER = (
    rf"(?:(?:\s*[-–&]\s*|\s+và\s+){_PART}|\s+(?:(?:(?i:{_SAFE})|{_BIG})(?!\w)|{_CAPITAL})"
    rf"|\s*,\s*(?:(?:{_BIG})(?!\w)|{_CAPITAL}))"
)
_NAME = rf"{_PART}{_AFTER}*"
_LOCAL = rf"(?:\s+(?:nhân dân\s+)?(?:của\s+)?(?:{_PLACE}|{_ABOVE})(?!\w))?"
_COUNCIL = r"(?:HĐND|Hội đồng nhân dân)"
_COMMITTEE = r"(?:UBND|Ủy ban nhân dân|Uỷ ban nhân dân|Ủy ban nhân)"

_KINDS: tuple[tuple[UnitKind, str], ...] = (
    ("partner", rf"(?:(?:Ủy ban|Uỷ ban|Ban Thường trực(?: Ủy ban)?|UB)\s*)?(?:Mặt trận Tổ quốc"
                rf"|MTTQ)(?:\s+(?:Việt Nam|VN))?{_LOCAL}"
                rf"(?:\s+và\s+các\s+(?:đoàn thể|tổ chức|ban, ngành, đoàn thể)(?:\s+chính trị\s*[-–]\s*xã"
                rf" hội)?{_LOCAL})?"),
    ("partner", rf"(?:các\s+)?(?:đoàn thể|tổ chức)\s+chính trị\s*[-–]\s*xã hội(?!\s*[,-]\s*nghề){_LOCAL}"
                rf"|(?:các|và)\s+đoàn thể{_LOCAL}"),
    ("partner", rf"(?:Hội (?:Nông dân|Cựu chiến binh|Liên hiệp Phụ nữ|LHPN|Phụ nữ|Người cao tuổi|Chữ thập đỏ)"
                rf"|Đoàn (?:Thanh niên|TNCSHCM|TNCS)(?:\s+(?:[Cc]ộng sản\s+)?(?:Hồ Chí Minh|HCM))?"
                rf"|Liên đoàn Lao động){_LOCAL}"),
    ("unit", rf"(?:Văn phòng|VP)\s*{_COUNCIL}\s*(?:và|&|-|–|,)?\s*{_COMMITTEE}{_LOCAL}"),
    ("unit", rf"Văn phòng\s+{_COMMITTEE}{_LOCAL}"),
    ("unit", rf"(?:Ban Chỉ huy|BCH)\s*(?:Quân sự|quân sự|QS){_LOCAL}|Ban\s+CHQS{_LOCAL}"),
    ("unit", rf"Công chức\s+(?:Văn phòng\s*(?:[-–]\s*)?)?{_NAME}"),
    ("unit", rf"(?:Văn phòng|VP)\s+(?:Đảng ủy|Đảng uỷ){_LOCAL}"),
    ("unit", rf"Ban\s+[Qq]uản lý\s+(?:các\s+)?(?:khu\s+)?(?:chợ|di tích|rừng|nghĩa trang|bến xe|bến|cụm công nghiệp"
             rf"|công trình công cộng|công trình|khu dân cư)(?:\s+{_CAPITAL})*{_LOCAL}"),
    ("unit", rf"(?:Phòng|Ban)\s+{_NAME}{_LOCAL}|P\.\s?(?:KT|VH ?-? ?XH|(?i:{_WORDS})(?!\w){_AFTER}*){_LOCAL}"),
    ("unit", rf"(?:Trung tâm|TT\.?)\s*(?:Phục vụ\s+)?(?:PVHCC|HCC|DVSNC)\b{_LOCAL}"),
    ("unit", rf"(?:Trung tâm)\s+{_NAME}{_LOCAL}"),
    ("unit", rf"Trạm\s+{_NAME}{_LOCAL}"),
    ("unit", rf"Công an\s+(?:{_PLACE}|huyện|quận|thị xã|thành phố|tỉnh)\b|CA\s+{_PLACE}\b"),
    ("unit", rf"(?:Các\s+)?(?:Ban\s+xây dựng Đảng|Ủy ban Kiểm tra(?: Đảng ủy)?|Ban Tổ chức Đảng ủy|Ban Tuyên"
             rf" giáo(?: và Dân vận)?){_LOCAL}"),
    ("unit", rf"Đài\s+{_NAME}{_LOCAL}|Bộ phận\s+(?:Một cửa|tiếp nhận và trả kết quả){_LOCAL}|Ban\s+Quản lý\s+{_NAME}"),
    ("unit", rf"Trường\s+(?:(?:Mầm non|Tiểu học|THCS|THPT|PTDTBT|Trung học cơ sở|TH&THCS|TH"
             rf"|MN)\b(?:\s+[{UPPER}]\w*)*)"),
    ("unit", r"Tổ\s+(?:công nghệ số cộng đồng|công tác Đề án 06|Tư pháp|Văn phòng)"),
    ("leadership", rf"(?:Phó\s+)?Chủ tịch\s+{_COMMITTEE}(?:\s+{_PLACE})?(?!\s+(?:thành phố|tỉnh|huyện|TP))"
                   rf"|Lãnh đạo\s+{_COMMITTEE}\s*{_PLACE}"),
)  # fmt: skip


def _when_needed(pattern: str) -> Callable[[], re.Pattern[str]]:
    """Long lists of names, each compiled at its first use: half a second that most programs need not spend."""
    return cache(lambda: re.compile(pattern))


_unit = _when_needed("|".join(f"(?P<k{n}>(?<![\\w]){pattern})(?![\\w])" for n, (_, pattern) in enumerate(_KINDS)))
_small = _when_needed(
    rf"(?<![\w])(?:(?:phòng|trạm)\s+{_NAME}|trung tâm\s+(?:phục vụ\s+)?hành chính công|công an\s+{_PLACE}"
    rf"|văn phòng\s+{_COUNCIL}\s*(?:và|&|-|–)\s*{_COMMITTEE}){_LOCAL}(?![\w])",
)
# The first word of every kind of unit; a text without any needs no closer look.
_MAY_NAME = re.compile(
    r"phòng|ban|trung tâm|trạm|công an|văn phòng|trường|tổ|đài|bộ|mặt trận|mttq|đoàn|hội|chủ tịch|lãnh đạo"
    r"|công chức|vp|tt|ca|bch|sở|p\.",
    re.IGNORECASE,
)
_NOT_UNITS = re.compile(
    r"^(?:ban (?:chỉ(?! huy)|hành|thường|chấp|nhân|đầu|giám|bí)|phòng (?:chống|,|và|ngừa|họp|ban|là)"
    r"|trung tâm (?:dữ liệu|thông tin|chỉ|của|giám sát|điều hành)|công chức (?:xã|thuộc|trong)|phòng, )"
)
_outside = _when_needed(
    rf"(?:Sở\s+{_NAME}|Bộ\s+{_NAME}|Văn phòng Chính phủ|Chính phủ|Tỉnh ủy|Thành ủy"
    rf"|(?:Chủ tịch\s+)?{_COMMITTEE}\s+(?:thành phố|tỉnh|huyện|quận|TP)|(?:các\s+)?sở,?\s+(?:ban,\s+)?ngành)"
)
_above_province = _when_needed(rf"Bộ\s+(?!Chỉ huy){_NAME}|Văn phòng Chính phủ|Chính phủ")
_department = _when_needed(rf"(?<!\w)Sở\s+{_NAME}|(?<!\w)Bộ Chỉ huy Quân sự tỉnh")
# One syllable that is no word of a unit's name: the rest of the name was not understood.
# "quốc phòng Xây dựng", "văn phòng Sở": the first syllable belongs to the word before.
_OF_ABOVE = re.compile(r"\s(?:tỉnh|thành phố|TP)$")
_WORD_BEFORE = re.compile(r"(?:quốc|văn|dự|hải|đề|tiêu|xung|biên|chánh văn)\s$", re.IGNORECASE)
_HALF_A_NAME = re.compile(rf"^(?:Phòng|Ban|Trung tâm|Trạm|Đài)\s+(?!(?i:{_WORDS})$)[{UPPER}][^\W{UPPER}]+$")
EACH = re.compile(
    r"(?:các\s+)?(?:đồng chí\s+)?(?:ủy viên (?:UBND|ủy ban nhân dân)(?:\s+(?:xã|phường|thị trấn|đặc khu))?\s*(?:,"
    r"|và)\s*)?"
    r"(?:(?:thủ trưởng|lãnh đạo|người đứng đầu|(?:hiệu )?trưởng)\s+)?"
    r"(?:các|mỗi|từng|toàn bộ|toàn thể|tất cả các)\s+"
    r"(?:(?:cơ quan|đơn vị|phòng|ban|ngành|sở|đoàn thể|UBND các xã|UBND xã|bộ phận|công chức|viên chức|cán bộ|thôn|ấp"
    r"|xóm|khóm|buôn|khu phố|khu dân cư|tổ dân phố|trung tâm(?!\s+(?:phục vụ|dịch vụ|văn hóa|văn hoá|y tế|cung ứng|hành"
    r" chính|chính trị|PV|HCC|học tập))"
    r"|trường(?: học)?|địa phương|xã|phường)\b"
    r"(?:\s+(?:chuyên môn|trực thuộc|sự nghiệp|liên quan|có liên quan|công lập))*(?:\s*(?:,|và|-)\s*)?)+"
    r"(?:\s*(?:thuộc|của|trên địa bàn|trực thuộc)\s+(?:UBND\s+|Ủy ban nhân dân\s+)?(?:xã|phường|thị trấn|đặc khu))?"
    r"|(?:UBND|ủy ban nhân dân)\s+các\s+(?:xã|phường|thị trấn)(?:\s*(?:,|và|-)\s*(?:xã|phường|thị trấn|đặc khu))*"
    r"(?:,\s*(?:thủ trưởng\s+)?các\s+(?:cơ quan|phòng|đơn vị)(?:,\s*(?:ban|đơn vị))*(?:\s+(?:chuyên môn"
    r"|thuộc\s+\w+))*)?"
    r"|(?:thủ trưởng|người đứng đầu)\s+(?:cơ quan|đơn vị)(?:,\s*đơn vị)?"
    r"|(?:(?:bí thư|trưởng|tổ trưởng)\s+(?:các\s+)?(?:chi bộ|thôn|ấp|bản|xóm|khóm|buôn|khu phố|khu dân cư|tổ dân phố)\b"
    r"(?:\s*(?:,|và)\s*)?)+"
    r"|(?:các\s+)?thành viên\s+(?:(?:ban chỉ đạo|tổ công tác|hội đồng|ban chỉ huy|tổ giúp việc)\b)",
    re.IGNORECASE,
)
# "Thủ trưởng các phòng, ban; Trưởng các thôn": one group after another
_EACH_OF_ALL = re.compile(rf"(?:{EACH.pattern})(?:\s*[,;]?\s*(?:và\s+)?(?:{EACH.pattern}))*", re.IGNORECASE)
# The noun of a kind alone is no unit's name: "Các phòng" is not the only Phòng of the plan.
_KIND_ALONE = frozenset(
    ("phòng", "ban", "trung tâm", "trạm", "đài", "hội", "đoàn", "tổ", "trường", "bộ phận", "cơ quan", "đơn vị")
)
_SHORT = (
    ("ủy ban nhân dân", "ubnd"), ("ủy ban nhân", "ubnd"), ("hội đồng nhân dân", "hđnd"), ("vh xh", "văn hóa xã hội"),
    ("vhxh", "văn hóa xã hội"), ("vhxx", "văn hóa xã hội"), ("vp ", "văn phòng "), ("tt ", "trung tâm "),
    ("pvhcc", "hành chính công"), ("hcc", "hành chính công"), ("phục vụ hành chính công", "hành chính công"),
    ("dvsnc", "dịch vụ sự nghiệp công"), ("bch ", "ban chỉ huy "), ("ban chqs", "ban chỉ huy quân sự"),
    ("phòng kt ", "phòng kinh tế "), (" qs", " quân sự"), ("mttq", "mặt trận tổ quốc"),
    ("ca ", "công an "), ("y tế", "ytế"),
)  # fmt: skip
_GLUED = re.compile(r"^(tt|vp|bch)(?=pvhcc|hcc|dvsnc|hđnd|qs)")  # "TTPVHCC"
# A name that a document only abbreviates, spelled out.
_SPELLED = (
    (re.compile(r"^TT(?=PVHCC|HCC|DVSNC)"), "TT "),
    (re.compile(r"\bVH ?-? ?XH\b"), "Văn hóa - Xã hội"),
    (re.compile(r"\b(?:Phục vụ )?(?:PV)?HCC\b"), "Phục vụ hành chính công"),
    (re.compile(r"\bCHQS\b"), "Chỉ huy Quân sự"),
    (re.compile(r"^(?:P\. ?|Phòng )KT\b"), "Phòng Kinh tế"), (re.compile(r"^P\. ?"), "Phòng "),
    (re.compile(r"^(?:BCH|Ban Chỉ huy) (?:QS|quân sự)\b"), "Ban Chỉ huy Quân sự"),
    (re.compile(r"^TT\.? ?(?=Phục|Văn|Dịch)"), "Trung tâm "), (re.compile(r"^CA (?=xã|phường)"), "Công an "),
    (re.compile(r"\bDVSNC\b"), "Dịch vụ sự nghiệp công"),
)  # fmt: skip
_ACRONYM = re.compile(r"\b[A-ZĐ]{2,}\b")
_TAIL = re.compile(rf"\s+(?:nhân dân\s+)?(?:của\s+)?(?:{_PLACE}|{_ABOVE})$")
_SPELLED_OUT = re.compile(rf"{_COUNCIL}\s*(?:và|&|-|–|,)?\s*{_COMMITTEE}")


LEADER_TITLE = 10  # "Đồng chí " may stand before a leader


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a unit is named; ``key`` is the same for all its spellings."""

    text: str
    key: str
    kind: UnitKind
    start: int
    end: int


class Units:
    """The units of one document: their spellings made one, and found again in any of its sentences."""

    def __init__(self, found: Sequence[UnitFound], keys: dict[str, str], *, province: bool = False) -> None:
        self._province = province
        self.found = tuple(found)
        self._names = keys  # key → the unit's name
        self._kinds = {unit.name: unit.kind for unit in found}

    def named(self, text: str) -> list[Mention]:
        """The document's units in a sentence, in order, under their names, partners among them."""
        return [
            Mention(self._names[m.key], m.key, self._kinds[self._names[m.key]], m.start, m.end)
            for m in mentions(text, province=self._province)
            if m.key in self._names
        ]

    def own(self, text: str) -> list[str]:
        """The names of the units in a sentence that can be told to do something; no leadership, nobody twice."""
        return list(dict.fromkeys(m.text for m in self.named(text) if m.kind != "leadership"))

    def leader(self, text: str) -> str | None:
        """The leadership, where a text begins with it: "Chủ tịch UBND xã"."""
        first = next(iter(self.named(text)), None)
        return first.text if first and first.kind == "leadership" and first.start <= LEADER_TITLE else None

    def by_text(self, text: str) -> list[str]:
        """The unit a whole text spells, for units of a kind nobody knows, or begins: "VP" where there is only one."""
        key = key_of(text.strip(" -."))
        if key in self._names:
            return [self._names[key]]
        if key in _KIND_ALONE:
            return []
        begun = {name for full, name in self._names.items() if key and full.startswith(f"{key} ")}
        return list(begun) if len(begun) == 1 else []

    def kind_of(self, name: str) -> UnitKind:
        """Unit, leadership or partner."""
        return self._kinds.get(name, "unit")


def mentions(text: str, *, province: bool = False) -> list[Mention]:
    """Every unit named in a text, as printed; superior and outside bodies are none."""
    return list(_mentions(text, province)) if _MAY_NAME.search(text) else []


@lru_cache(maxsize=4096)
def _mentions(text: str, province: bool) -> tuple[Mention, ...]:
    outside = [match.span() for match in (_above_province if province else _outside)().finditer(text)]
    found: list[Mention] = []
    for match in sorted(
        (*_unit().finditer(text), *_small().finditer(text), *(_department().finditer(text) if province else ())),
        key=lambda m: (m.start(), -m.end()),
    ):
        printed = match.group().strip(" ,-–&")
        if not province and _OF_ABOVE.search(printed):
            continue
        if _WORD_BEFORE.search(text[max(0, match.start() - 10) : match.start()]):
            continue
        inside = any(start <= match.start() < end for start, end in outside)
        if (
            inside
            or (found and match.start() < found[-1].end)
            or _NOT_UNITS.match(fold(printed))
            or _HALF_A_NAME.match(printed)
        ):
            continue
        group = match.lastgroup  # of a kind; the other patterns have no names
        kind: UnitKind = _KINDS[int(group[1:])][0] if group else "unit"
        found.append(Mention(printed, key_of(printed, kind), kind, match.start(), match.start() + len(printed)))
    return tuple(found)


def key_of(printed: str, kind: UnitKind = "unit") -> str:
    """What all spellings of one unit have in common."""
    if kind == "partner" and re.search(r"mặt trận|mttq|đoàn thể|tổ chức chính trị", fold(printed)):
        return "mặt trận"
    if kind == "leadership":
        return "lãnh đạo"
    text = f"{fold(printed)} "
    text = " ".join(re.sub(r"[^\w\s]", " ", text).split())
    text = re.sub(r"^các ", "", f"{text} ")
    text = _GLUED.sub(r"\1 ", re.sub(r"^p ", "phòng ", text))
    for short, long in _SHORT:
        text = text.replace(short, long)
    text = re.sub(r"\bvà\b", " ", text)
    return _TAIL.sub("", " ".join(text.split()))


def find_units(
    texts: Iterable[tuple[str, int]], extra: Iterable[tuple[str, int]] = (), *, province: bool = False
) -> Units:
    """The units of a document.

    :param texts: every paragraph and cell with its line.
    :param extra: cells of a lead column, which name a unit even where its kind is not known.
    """
    spellings: dict[str, Counter[str]] = {}
    kinds: dict[str, UnitKind] = {}
    lines: dict[str, int] = {}
    for text, line in texts:
        for mention in mentions(text, province=province):
            spellings.setdefault(mention.key, Counter())[mention.text] += 1
            kinds.setdefault(mention.key, mention.kind)
            lines.setdefault(mention.key, line)
    for text, line in extra:
        key = key_of(text)
        spellings.setdefault(key, Counter())[text] += 1
        kinds.setdefault(key, "unit")
        lines.setdefault(key, line)
    if not any(re.search(r"mặt trận|mttq|đoàn thể", fold(text)) for text in spellings.get("mặt trận", ())):
        spellings.pop("mặt trận", None)  # "các tổ chức chính trị - xã hội" of the whole country
    merged = _spelled_out(_merged(spellings), spellings)
    found: list[UnitFound] = []
    names: dict[str, str] = {}
    for key, keys in merged.items():
        printed = sum((spellings[one] for one in keys), Counter[str]())
        name = _fullest(printed, key, kinds[key])
        aliases = tuple(sorted({text for text in printed if text != name}))
        found.append(UnitFound(name, aliases, kinds[key], min(lines[one] for one in keys)))
        names |= dict.fromkeys(keys, name)
    return Units(sorted(found, key=lambda unit: unit.line), names, province=province)


def _merged(spellings: dict[str, Counter[str]]) -> dict[str, list[str]]:
    """Keys that mean one unit: "phòng kinh tế" where the only longer one is "phòng kinh tế hạ tầng đô thị"."""
    keys = sorted(spellings, key=len, reverse=True)
    result: dict[str, list[str]] = {}
    for key in keys:
        longer = [full for full in result if full.startswith(f"{key} ") and len(key.split()) > 1]
        if len(longer) == 1 and not key.startswith(("trường", "công chức")):
            result[longer[0]].append(key)
        else:
            result[key] = [key]
    return result


def _spelled_out(merged: dict[str, list[str]], spellings: dict[str, Counter[str]]) -> dict[str, list[str]]:
    """Abbreviations joined to the only unit whose first letters they are: "Phòng KTHT", "Phòng Kinh tế - Hạ tầng"."""
    letters = {key: {_initials(text) for one in keys for text in spellings[one]} for key, keys in merged.items()}
    result = dict(merged)
    for key in merged:
        if not any(_ACRONYM.search(text) for text in spellings[key]):
            continue
        full = [other for other in result if other != key and letters[other] & letters[key]]
        if len(full) == 1 and not any(_ACRONYM.search(text) for text in spellings[full[0]]):
            result[full[0]] = [*result[full[0]], *result.pop(key)]
    return result


def _initials(text: str) -> str:
    words = (word for word in re.findall(r"\w+", _TAIL.sub("", text)) if word not in ("và", "của"))
    return "".join(word if word.isupper() else word[0] for word in words).casefold()


def _fullest(printed: Counter[str], key: str, kind: UnitKind) -> str:
    """The best spelling of a unit: spelled out, as a name, without "xã" where the name does not need it."""
    if kind == "leadership":
        return "Lãnh đạo UBND"
    if "hđnd" in key and "ubnd" in key:
        return "Văn phòng HĐND và UBND"
    if key == "mặt trận" and (named := [text for text in printed if re.search(r"mặt trận|mttq", fold(text))]):
        return max(named, key=len)
    short = [text for text in printed if not _ACRONYM.search(text)] or list(printed)
    best = max(short, key=lambda t: (len(key_of(t, kind).split()), "hục vụ" in t, _capitals(t), printed[t], len(t)))
    best = re.sub(r"(?<=\w)\s*[-–]\s*(?=\w)", " - ", new_tones(best[:1].upper() + best[1:]))
    for abbreviated, spelled in _SPELLED:
        best = abbreviated.sub(spelled, best)
    needs_place = key.startswith(("công an", "ban chỉ huy", "trạm", "đài")) or kind == "partner"
    return best if needs_place else _TAIL.sub("", best)


def _capitals(text: str) -> int:
    return min(2, sum(word[:1].isupper() for word in text.split()))


def listed(text: str) -> list[str]:
    """The parts of a cell that lists units; a comma inside a unit's own name, or in "các phòng, ban", parts nothing."""
    whole = [(mention.start, mention.end) for mention in mentions(text)] + [m.span() for m in EACH.finditer(text)]
    cuts = [m for m in re.finditer(r"[\n;,]", text) if not any(start <= m.start() < end for start, end in whole)]
    starts, ends = [0, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), len(text)]
    parts = (" ".join(text[start:end].split()).strip(" -–+.") for start, end in zip(starts, ends, strict=True))
    return [part for part in parts if part]


def each_unit(text: str) -> str | None:
    """The words of a text that begins by telling every unit to do something, "Thủ trưởng các cơ quan chuyên môn"."""
    start = re.match(r"(?:giao|yêu cầu|đề nghị|phân công)?\s*", text, re.IGNORECASE)
    offset = start.end() if start else 0
    match = _EACH_OF_ALL.match(text, offset)
    if not match or re.match(r"\s*(?:liên quan|có liên quan)\s*phối hợp\b", text[match.end() :]):
        return None
    words = match.group().strip(" ,-và")
    return words if len(words) > 6 else match.group().strip(" ,-")


# ---- the standing office ---------------------------------------------------------------------------------------------

_STANDING = (
    (6, re.compile(r"cơ quan thường trực|đơn vị thường trực|là thường trực|bộ phận thường trực")),
    (5, re.compile(r"(?:công chức|cơ quan|đơn vị) đầu mối|(?:làm|là) đầu mối")),
    (2, re.compile(r"tổng hợp,?(?: và)? báo cáo|tham mưu tổng hợp|tổng hợp chung|tổng hợp kết quả")),
    (2, re.compile(r"(?:hướng dẫn|theo dõi|đôn đốc)[^;.]{0,60}(?:thực hiện|triển khai)[^;.]{0,20}kế hoạch")),
)
_GATHERS = re.compile(r"(?:qua|về|gửi|cho)\s*$")


def standing_office(units: Units, sections: Iterable[tuple[str | None, str]]) -> str | None:
    """The unit that gathers the others' reports.

    :param sections: for every paragraph the unit it stands under, if any, and its text.
    """
    points: Counter[str] = Counter()
    for unit, text in sections:
        folded = fold(text)
        for worth, pattern in _STANDING:
            for match in pattern.finditer(folded):
                if folded[max(0, match.start() - 4) : match.start()] == "để ":
                    continue
                named = [m.text for m in units.named(text[match.start() : match.end() + 80]) if m.kind == "unit"]
                if worth == 6 and (named or unit):
                    points[named[0] if named and not unit else unit or named[0]] += worth
                elif unit:
                    points[unit] += worth
        for mention in units.named(text):
            before, after = folded[max(0, mention.start - 8) : mention.start], folded[mention.end : mention.end + 40]
            if mention.kind == "unit" and _GATHERS.search(before) and ("tổng hợp" in after or "qua" in before):
                points[mention.text] += 2
    own = [(score, name) for name, score in points.items() if units.kind_of(name) == "unit"]
    return max(own)[1] if own else None

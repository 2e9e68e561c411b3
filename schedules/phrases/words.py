"""A phrase cut into tokens: every spelling of a word becomes the one symbol that the rules know.

Normal form first (NFC, lower case, one place for the tone mark: hóa and hoá, quí and quý), then numbers and number
words ("02 (hai)", "mười lăm"), document numbers ("12/KH-UBND"), signs, and the vocabulary below, longest first. Words
that only smooth a sentence ("của", "vào", "là") are left out, so that a rule need not name them. Words that ran
together ("hằngtháng") are taken apart, and a phrase without any Vietnamese letter is looked up without them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

from schedules.phrases.spelling import WHY_LOOKALIKE, repaired, unaccented, visible
from schedules.phrases.tidying import tidied
from schedules.phrases.tokens import WHY_LUNAR, Token

#: A deadline is a cell or a sentence. What stands behind these many characters is not read (and that is said).
LONGEST = 2_000

#: symbol: the words that mean it, in normal form.
VOCABULARY = {
    # units of time
    "ngày": "ngày | mùng | mồng | ngày mùng | ngày mồng",
    "ngày_làm_việc": "ngày làm việc",
    "tuần": "tuần | tuần lễ",
    "tháng": "tháng",
    "quý": "quý | q",
    "năm": "năm",
    "kỳ": "kỳ",
    "giờ": "giờ | h | g | tiếng",
    "phút": "phút | ph",
    "thứ": "thứ",
    "chủ_nhật": "chủ nhật",
    "lần": "lần | đợt | lượt | bước | vòng",
    "năm_học": "năm học",
    "giai_đoạn": "giai đoạn | gđ | thời kỳ | nhiệm kỳ | niên độ",
    # how often
    "hằng": "hằng | hàng | mỗi | từng | các | mọi | tất cả các",
    "định_kỳ": "định kỳ | thường kỳ",
    "báo_cáo": "báo cáo | bc | báo cáo định kỳ | sơ kết | tổng kết | tổng hợp",
    "với": "đối với | với | cho",
    # where in a period
    "đầu": "đầu | đầu tiên | thượng tuần",
    "giữa": "giữa | trung tuần",
    "cuối": "cuối | cuối cùng | hạ tuần",
    "cả": "cả | toàn | suốt cả",
    "này": "này | nay | hiện tại | đó",
    "năm_nay": "năm nay",
    "sau": "sau | tiếp theo | kế tiếp | tiếp sau | liền sau | liền kề | sau liền kề | liền kề sau | kế sau | kề sau"
    " | liền kề tiếp theo | tiếp theo liền kề | kế tiếp liền kề | sau đó",
    "trước": "trước | trước liền kề | liền trước | liền kề trước | trước kề | trước thời điểm",
    # what a date is to the work
    "chậm_nhất": "chậm nhất | muộn nhất | trễ nhất | không quá | không muộn hơn | không chậm hơn | hạn cuối"
    " | hạn chót | hạn",
    "xong": "xong | hoàn thành | hoàn tất | hoàn thiện",
    "gửi": "gửi | nộp | trình",
    "thời_hạn": "thời hạn | thời gian | thời điểm | mốc",
    "kết_thúc": "kết thúc | hết hạn",
    "thực_hiện": "thực hiện | triển khai | tiến hành | tổ chức | khoảng | dự kiến",
    "khởi_đầu": "bắt đầu | khởi công | khởi động | khởi đầu",
    "trong": "trong | trong vòng | trong thời hạn | trong thời gian | trong khoảng | trong khoảng thời gian",
    "từ": "từ | bắt đầu từ | khởi công từ | thực hiện từ | triển khai từ | áp dụng từ | từ sau",
    "kể_từ": "kể từ | tính từ | kể từ sau | được tính từ",
    "đến": "đến | tới | đến hết | tới hết | hết | cho đến | cho tới | cho đến hết | kéo dài đến",
    "từ_nay": "từ nay | kể từ nay | từ bây giờ",
    "trở_đi": "trở đi | trở về sau | và các năm tiếp theo | và những năm tiếp theo | và các năm sau | và những năm sau"
    " | các năm tiếp theo | những năm tiếp theo | các năm sau | những năm sau | và các năm sau đó | và năm tiếp theo"
    " | và các năm tiếp | và các năm kế tiếp | các năm kế tiếp | và những năm kế tiếp | và tiếp tục các năm sau",
    "số_liệu": "số liệu | chốt | chốt số liệu | lấy số liệu | kỳ số liệu | thời gian lấy số liệu"
    " | thời gian chốt số liệu",
    "dịp": "dịp | nhân dịp",
    # no date of their own: all the time, on an event, somewhere else
    "thường_xuyên": "thường xuyên | th.xuyên | t.xuyên | tx"
    " | liên tục | hằng ngày | hàng ngày | hằng giờ | mỗi ngày | xuyên suốt | quanh năm"
    " | trong giờ hành chính | trong quá trình | trong suốt quá trình | thường xuyện | th/xuyên"
    " | thường nhật | theo thời gian thực | lâu dài | cả nhiệm kỳ | suốt nhiệm kỳ | toàn nhiệm kỳ | trong suốt"
    " | 24/24 | 24/24 giờ | 24/24h | 24h/24h"
    " | các ngày làm việc | tất cả các ngày làm việc | mọi thời điểm | không thời hạn | thường trực",
    "kịp_thời": "kịp thời | duy trì",
    "khi": "khi | ngay khi | khi có | ngay sau khi | sau khi | từ khi | đến khi | ngay sau | nếu có"
    " | trong trường hợp | trường hợp",
    "trước_khi": "trước khi",
    "đột_xuất": "đột xuất | bất thường | phát sinh | chuyên đề | theo chuyên đề | theo đợt | theo từng đợt"
    " | theo vụ việc | theo từng vụ việc | theo tình hình thực tế | tuỳ tình hình | tuỳ theo tình hình",
    "theo": "theo | theo đúng | bảo đảm theo | đảm bảo theo | tuỳ theo | tuỳ thuộc | căn cứ | đúng",
    "quy_định": "quy định",
    # papers, whose own dates are no deadlines
    "văn_bản": "kế hoạch | quyết định | nghị quyết | nghị định | thông tư | công văn | chỉ thị | kết luận | thông báo"
    " | văn bản | tờ trình | hướng dẫn | công điện | chương trình | đề án | pháp lệnh | hiến pháp | biên bản | hợp đồng"
    " | giấy mời | chương trình hành động | quy chế | quy hoạch | dự án | dự toán | lệnh | thông báo kết luận",
    "luật": "luật | bộ luật",
    "mẫu": "mẫu | biểu mẫu",
    "kỳ_họp": "kỳ họp | kỳ họp thứ | phiên họp",
    "số": "số",
    # joints
    "và": "và | cùng với | &",
    "hoặc": "hoặc | hay",
    # longer words that would be misread by their parts
    "…": "theo dõi | kèm theo | trước đây | trước mắt | một cửa | một cửa liên thông | một số | hàng hoá | ngân hàng"
    " | khách hàng | cửa hàng | hàng không | mặt hàng | hết sức | thời hạn giải quyết | hằng số | bán hàng"
    " | đơn hàng | xếp hàng | hàng rào | hàng đầu | đứng đầu | người đứng đầu | ban đầu | bước đầu | đầu mối | đầu tư"
    " | năm tốt | kết quả | đến với | liên quan đến | bắt đầu tư | kỳ thi | học kỳ | bất kỳ | tuần tra | tuần tự"
    " | tuần hoàn | quý vị | quý trọng | quý khách | năng lực | thứ tự | thứ trưởng | thứ nhất | cơ sở | tháng tuổi"
    " | năm tuổi | ngày công | ngày tuổi | ngày lễ | trung hạn | ngắn hạn | dài hạn | có hiệu lực | lộ trình"
    " | quá trình"
    " | quy trình | công trình | quyền hạn | giới hạn | hạn chế | hạn hán | hạn mức | trình độ | trình bày | xong xuôi"
    " | sau đây | lần thứ | đợt thứ | khoá thứ",
    "T": "t",
    "âm_lịch": "âm lịch | rằm",
}  # fmt: skip

SMOOTHING = {"của", "vào", "là", "thì", "thuộc", "cứ", "ít nhất", "tối thiểu", "tối đa", "mức", "đã", "sẽ", "được"}

#: A short form that hides a second word.
_UNFOLDED = {
    "qi": "quý i", "qii": "quý ii", "qiii": "quý iii", "qiv": "quý iv",
    "năm tới": "năm sau", "tháng tới": "tháng sau", "quý tới": "quý sau", "tuần tới": "tuần sau",
    "tháng giêng": "tháng 1", "tháng chạp": "tháng 12", "tháng tư": "tháng 4", "thứ tư": "thứ 4", "thứ năm": "thứ 5",
    "thứ bẩy": "thứ 7", "sáu tháng": "6 tháng", "nửa năm": "6 tháng", "nửa đầu năm": "6 tháng đầu năm",
    "nửa cuối năm": "6 tháng cuối năm", "cuối tuần": "thứ 6", "ngày làm việc cuối tuần": "thứ 6",
    "trong năm ngày làm việc": "trong 5 ngày_làm_việc", "ngày cuối cùng": "ngày cuối",
    "tháng thứ nhất": "tháng thứ 1",
    "tháng năm năm": "tháng 5 năm", "tháng năm hằng năm": "tháng 5 hằng năm", "tháng năm hàng năm": "tháng 5 hằng năm",
    "trong tháng năm": "trong tháng 5", "đến tháng năm": "đến tháng 5", "đến hết tháng năm": "đến tháng 5",
    "quý tư": "quý 4", "thường niên": "hằng năm", "cn hằng tuần": "chủ_nhật hằng tuần",
    "cn hàng tuần": "chủ_nhật hằng tuần",
    "h.tuần": "hằng tuần", "h.tháng": "hằng tháng", "h.quý": "hằng quý", "h.năm": "hằng năm",
    "t.đầu": "tháng đầu", "t.cuối": "tháng cuối",
    "ngày làm việc cuối cùng": "ngày_làm_việc cuối",
}  # fmt: skip

_UNITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười")
_NUMBER_WORDS = {word: value for value, word in enumerate(_UNITS) if word not in {"không", "năm"}}
_AFTER_TENS = _NUMBER_WORDS | {"mốt": 1, "tư": 4, "năm": 5, "lăm": 5, "nhăm": 5}
_LUNAR = {"tháng 1", "tháng 12"}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}

#: Tone marks stand on either vowel in print, and schools write i for y; "trứơc" is a slip of the keyboard.
_TONE_PLACES = {
    "òa": "oà", "óa": "oá", "ỏa": "oả", "õa": "oã", "ọa": "oạ", "òe": "oè", "óe": "oé", "ỏe": "oẻ",
    "ùy": "uỳ", "úy": "uý", "ủy": "uỷ", "ũy": "uỹ", "ụy": "uỵ", "ứơ": "ướ", "ừơ": "ườ", "ựơ": "ượ",
    "quí": "quý", "qui": "quy", "kì": "kỳ",
}  # fmt: skip
_TONE = re.compile("|".join(_TONE_PLACES))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−÷~→", "-") | {"\u00a0": " ", "’": "'", "⁄": "/", "∕": "/"})

_SCAN = re.compile(
    r"""
      (?P<code> [0-9]+ (?:/[0-9]{4})? / [a-zđ]{2,} (?:[-/.][a-zđ0-9]+)* (?!\w)   # 12/KH-UBND, 06/2025/TT-TTCP
              | [0-9]+ - [a-zđ]{2,4} / [a-zđ]{2,} (?!\w)                         # 57-NQ/TW
              | / [a-zđ]{2,} - [a-zđ]{2,} (?:[-/][a-zđ0-9]+)* (?!\w)             # /KH-UBND, its number still blank
              | (?:iso|tcvn) [ ] [0-9]{3,5} (?:[:-][0-9]{4})? (?![\w/]) )         # ISO 9001:2015
    | (?P<percent> [0-9]+ (?:[.,][0-9]+)? \s? % )
    | (?P<number> [0-9]+ )
    | (?P<word> [^\W\d_]+ )
    | (?P<sign> \S )
    """,
    re.VERBOSE,
)


def clean(phrase: str) -> str:
    """The phrase in normal form, not cut; as long as what of it is visible."""
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", visible(phrase)).lower())
    return _TONE.sub(lambda found: _TONE_PLACES[found.group()], text.translate(_DASHES))


def tokens_of(text: str) -> list[Token]:
    """The tokens of a clean text."""
    text, lookalikes = repaired(text)
    known = _UNACCENTED if text.isascii() else _SPELLED
    raw = [piece for found in _SCAN.finditer(text) for piece in _apart(found)]
    tokens: list[Token] = []
    at = 0
    while at < len(raw):
        taken, new = _next(text, raw, at, known)
        tokens += new
        at += taken
    if lookalikes:
        tokens = [
            token if lookalikes.isdisjoint(range(token.start, token.end)) else token._replace(doubt=WHY_LOOKALIKE)
            for token in tokens
        ]
    return tidied(text, tokens)


_Raw = tuple[str, str, int, int]


def _apart(found: re.Match[str]) -> list[_Raw]:
    """The raw pieces of one match of the scanner: one, or the words that ran together in it."""
    sort, word, start = str(found.lastgroup), found.group(), found.start()
    pieces: list[_Raw] = []
    for part in _GLUED.get(word, (word,)) if sort == "word" else (word,):
        pieces.append((sort, part, start, start + len(part)))
        start += len(part)
    return pieces


def _next(text: str, raw: list[_Raw], at: int, known: Spelled) -> tuple[int, list[Token]]:
    """How many raw pieces the next symbol takes, and its tokens."""
    sort, word, start, end = raw[at]
    if sort in {"code", "percent"}:
        return 1, [Token("MÃ" if sort == "code" else "…", 0, start, end)]
    number = _number_in_words(raw, at)
    for length in range(min(_LONGEST_ENTRY, len(raw) - at), 0, -1):
        if number and length <= number[0]:
            break
        phrase = " ".join(piece[1] for piece in raw[at : at + length])
        last = raw[at + length - 1][3]
        if phrase in known.unfolded:
            long = known.unfolded[phrase]
            doubt = WHY_LUNAR if long in _LUNAR else ""
            return length, [_named(symbol, start, last)._replace(doubt=doubt) for symbol in long.split()]
        if phrase in known.smoothing:
            return length, []
        if phrase in known.symbols:
            return length, [Token(known.symbols[phrase], 0, start, last)]
    if number:
        return number[0], [Token("#", number[1], start, raw[at + number[0] - 1][3])]
    if sort == "number":
        value = int(word) if len(word) <= 4 else 9999
        return 1, [Token("#" if len(word) < 4 else "Y" if 1900 <= value <= 2200 else "…", value, start, end)]
    if sort == "word":
        return 1, [Token("R", _ROMAN[word], start, end) if word in _ROMAN else Token("…", 0, start, end)]
    return 1, [_sign(text, word, start, end)]


def _named(symbol: str, start: int, end: int) -> Token:
    """A token of an unfolded short form."""
    if symbol.isdecimal():
        return Token("#", int(symbol), start, end)
    if symbol in _ROMAN:
        return Token("R", _ROMAN[symbol], start, end)
    return Token(_SPELLED.symbols.get(symbol, symbol), 0, start, end)


def _sign(text: str, sign: str, start: int, end: int) -> Token:
    """A dash between spaces joins two dates ("–"), a tight one may join day and month; a stop ends a sentence."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if sign in "-+" and _is_bullet(text, start):
        return Token(";", 0, start, end)
    if sign == "-":
        return Token("-" if not before.isspace() and not after.isspace() else "–", 0, start, end)
    if sign == ".":
        return Token("." if before.isdigit() and after.isdigit() else ";", 0, start, end)
    if sign in {"…", "'", '"', "“", "”", "*", "_"}:
        return Token(",", 0, start, end)
    return Token(sign if sign in SIGNS else "?", 0, start, end)


_LINE = re.compile(r"^[ \t]*[-+]", re.MULTILINE)


def _is_bullet(text: str, at: int) -> bool:
    """The dash or plus that opens a line of a list, not the one of a stretch of time that was wrapped there."""
    opened = [found.end() - 1 for found in _LINE.finditer(text)]
    if at not in opened or "\n" not in text:
        return False
    return len(opened) > 1 or not text[at + 1 :].lstrip()[:1].isdigit()


#: Signs with a meaning; every other one is "?".
SIGNS = frozenset("/,;:()+")


def _number_in_words(raw: list[_Raw], at: int) -> tuple[int, int] | None:
    """ "hai mươi tư" → (3 words, 24); None where no number stands."""
    words = [piece[1] for piece in raw[at : at + 3]]
    ones = _NUMBER_WORDS.get(words[0])
    if ones is None:
        return None
    if len(words) > 1 and words[1] == "mươi" and 2 <= ones <= 9:
        rest = _AFTER_TENS.get(words[2]) if len(words) > 2 else None
        return (3, ones * 10 + rest) if rest and rest < 10 else (2, ones * 10)
    if ones == 10 and len(words) > 1 and words[1] != "năm" and (_AFTER_TENS.get(words[1], 10) < 10):
        return 2, 10 + _AFTER_TENS[words[1]]
    return 1, ones


def _in_pieces(phrase: str) -> str:
    """A vocabulary entry as the scanner will cut it ("24/7" → "24 / 7")."""
    return " ".join(found.group() for found in _SCAN.finditer(clean(phrase)))


class Spelled(NamedTuple):
    """The vocabulary as it is looked up."""

    symbols: Mapping[str, str]
    unfolded: Mapping[str, str]
    smoothing: frozenset[str]

    def unaccented(self) -> Spelled:
        """The same without Vietnamese letters; of words that then look alike the first is meant ("sau", not "sáu")."""
        symbols: dict[str, str] = {}
        for words, symbol in self.symbols.items():
            symbols.setdefault(unaccented(words), symbol)
        unfolded = {unaccented(short): long for short, long in self.unfolded.items() if not short.startswith("sáu")}
        smoothing = frozenset(unaccented(words) for words in self.smoothing) - symbols.keys()
        return Spelled(symbols, {short: unfolded[short] for short in unfolded.keys() - symbols.keys()}, smoothing)


_SPELLED = Spelled(
    {_in_pieces(words): symbol for symbol, spellings in VOCABULARY.items() for words in spellings.split(" | ")},
    {_in_pieces(short): long for short, long in _UNFOLDED.items()},
    frozenset(_in_pieces(words) for words in SMOOTHING),
)
_UNACCENTED = _SPELLED.unaccented()
_LONGEST_ENTRY = max(len(key.split()) for key in (*_SPELLED.symbols, *_SPELLED.unfolded))

#: Words that are often printed without the space between them, by what they look like then.
_SYLLABLES = ["ngày", "tuần", "tháng", "quý", "năm", "hằng", "hàng", "mỗi", "trước", "từ", "đến", "hết"]
_SYLLABLES += ["trong", "cuối", "giữa", "đầu", "sau"]
_GLUED: dict[str, tuple[str, ...]] = {
    **{one + other: (one, other) for one, other in product(_SYLLABLES, repeat=2)},
    **{"quý" + roman: ("quý", roman) for roman in _ROMAN},
    **{
        words.replace(" ", ""): tuple(words.split())
        for words in (*_SPELLED.symbols, *_SPELLED.unfolded)
        if " " in words and len(words) > 7 and words.replace(" ", "").isalpha()
    },
}

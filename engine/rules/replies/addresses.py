"""Who is spoken to: ``anh Hùng ơi``, ``báo cáo đồng chí chủ tịch, …``, ``… ạ chị Lan``, ``… nhé a``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.rules.chat_letters import can_be, is_marked, same_spelling
from engine.rules.chat_tokens import Kind, Token, is_word
from engine.rules.chat_words import ROMAN, date_at
from engine.rules.replies.phrases import COURTEOUS, PHRASES, Role, are, words_of
from engine.rules.replies.pieces import Piece

_ADDRESSES = words_of(
    "báo cáo | em báo cáo | e báo cáo | em xin báo cáo | xin báo cáo | kính báo cáo | kính gửi | kính thưa | thưa"
)

# Given names that mean nothing else in a reply, so that "… nhé chị lan" typed without capitals is an address.
NAMES = (
    *("hùng", "lan", "hoa", "minh", "tuấn", "dũng", "sơn", "hải", "nam", "long", "thảo", "trang", "linh", "hương"),
    *("thuỷ", "nga", "ngọc", "hằng", "hạnh", "phương", "quang", "đức", "thắng", "cường", "trung", "kiên", "hiếu"),
    *("bình", "tâm", "vân", "yến", "oanh", "loan", "liên", "hiền", "huệ", "cúc", "phúc", "lộc", "thọ", "tùng"),
    *("toàn", "tân", "vinh", "việt", "khánh", "quân", "đạt", "giang", "duy", "khoa", "hưng", "thịnh", "phong"),
    *("nhung", "ngân", "diệp", "xuân", "hà", "huyền", "thanh", "quỳnh", "hậu", "mạnh", "tuyết", "thuý", "ánh"),
)

_HEARERS = (
    *(
        "anh",
        "chị",
        "em",
        "bác",
        "cô",
        "chú",
        "sếp",
        "thầy",
        "a",
        "c",
        "các",
        "đồng",
        "chí",
        "đc",
        "phó",
        "chủ",
        "tịch",
    ),
    *("bí", "thư", "chánh", "văn", "phòng", "trưởng", "thủ", "lãnh", "đạo", "ban", "giám", "đốc", "ubnd", "xã", "vp"),
)


def addressed(tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``báo cáo đồng chí chủ tịch, …``: an address when nothing but courtesies went before, and a comma closes it."""
    if any(piece.role not in COURTEOUS for piece in before):
        return None
    words = next((words for words in _ADDRESSES if are(tokens, at, words)), None)
    if words is None:
        return None
    end = at + len(words)
    while end < len(tokens) and (is_word(tokens, end, *_HEARERS, *NAMES) or _may_be_name(tokens[end])):
        end += 1
    closed = end < len(tokens) and tokens[end].folded in (",", ":") and end > at + len(words)
    return Piece(Role.POLITE, at, end) if closed else None


TITLES = ("anh", "chị", "em", "bác", "cô", "chú", "sếp", "thầy", "c", "a")


def called_by_name(tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``chị Mai ơi``, ``anh Hùng, …``, ``… ạ chị Lan``: the reader is spoken to. ``chị Lan xong 3`` is about her."""
    of_two = (("đồng", "chí"), ("các", "anh"), ("các", "chị"), ("các", "em"), ("anh", "chị"), ("mọi", "người"))
    title = 2 if any(are(tokens, at, words) for words in of_two) else 1 if is_word(tokens, at, *TITLES) else 0
    if not title:
        return None
    end = at + title
    while end < len(tokens) and end - at - title < 3 and _may_be_name(tokens[end]):
        end += 1
    if end == at + title and is_word(tokens, end, *NAMES):  # typed without capitals
        end += 1
    if is_word(tokens, end, "ơi"):
        return Piece(Role.POLITE, at, end + 1)
    opens = all(piece.role in COURTEOUS or tokens[piece.start].folded == "bao" for piece in before)
    quoted = not before and end < len(tokens) and tokens[end].folded == ":"  # "Chị Lan: xong 3" is a line of hers
    if opens and not quoted and end < len(tokens) and tokens[end].folded in (",", ":", ";"):
        return Piece(Role.POLITE, at, end)
    if end == at + title:
        return None
    if opens and before and is_word(tokens, end, "em", "e", "cháu", "con", "tôi"):  # "dạ chị Lan em xong 3 rồi"
        return Piece(Role.POLITE, at, end)
    closes = bool(before) and before[-1].role in (Role.POLITE, Role.PAST, Role.GREET)
    last = end == len(tokens) or tokens[end].kind is Kind.STOP or is_word(tokens, end, "ạ", "nhé", "nha")
    return Piece(Role.POLITE, at, end) if closes and last else None


_ALSO_NAMES = frozenset({"mai", "ha", "hong", "thi", "do", "dinh"})
# Names that are harmless words too: "Nam" without marks is "năm", "Công" begins "công việc".
_WORDS_TOO = ("nam", "năm", "quý", "tuấn", "tuân", "chi", "công", "bằng", "tư", "sang", "minh")
_OF_TIME = (
    *("nay", "này", "ngoái", "trước", "sau", "tới", "qua", "vừa", "đầu", "cuối", "tuần", "tháng", "quý", "năm"),
    *("ngày", "thứ", "mai", "học"),
)
_TIME_GOES_ON = ("hết", "cuối", "đầu", "giữa", "trong", "cả", "hàng", "mỗi", "sang", "từ", "đến", "tới")
_FULL_TITLES = ("anh", "chị", "bác", "cô", "chú", "ông", "bà")


_DOES = tuple(
    word
    for (word,) in words_of(
        "xong | nộp | gửi | gởi | đã | làm | hoàn | đang | vướng | xin | nghỉ | vừa | up | ht | gia | chuyển | đồng"
        " | xác | nhắc | báo | xử | trình"
    )
)


def doer_by_name(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """``Nam xong 3``, ``việc 3 quý gửi rồi``, ``anh Năm nộp 9``: somebody else did it. "năm nay", "quý I" are time."""
    if not is_word(tokens, at, *_WORDS_TOO) or _is_period(tokens, at, today):
        return None
    token = tokens[at]
    titled = is_word(tokens, at - 1, *_FULL_TITLES) and before[-1].role is Role.PERSON
    capital = token.word.istitle() and any(other.word.islower() for other in tokens if other.kind is Kind.WORD)
    thing = bool(before) and before[-1].role in (Role.THING, Role.WAY, Role.GREET)  # "báo cáo quý xong rồi"
    doer = is_word(tokens, at + 1, *_DOES) and not thing and token.folded not in ("minh", "chi")
    if not (capital or titled or doer or is_word(tokens, at - 1, "cho")):
        return None
    if any(len(phrase.words) > 1 and are(tokens, at, phrase.words) for phrase in PHRASES.get(token.folded, ())):
        return None
    called = is_word(tokens, at + 1, "ơi")
    return Piece(Role.POLITE if called else Role.UNREAD, at, at + 1)


def _is_period(tokens: Sequence[Token], at: int, today: dt.date) -> bool:
    """Whether a number or a word of time stands beside it: ``quý I``, ``cuối năm``, ``Năm vừa rồi``."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    counted = following is not None and (following.kind in _NUMERIC or following.folded in ROMAN)
    lower = tokens[at].word.islower()
    given = is_word(tokens, at - 1, "cho")  # "cho Nam rồi"; but "năm rồi"
    gone_by = is_word(tokens, at + 1, "rồi") and (lower or not at) and not given
    goes_on = is_word(tokens, at + 1, *_OF_TIME) or date_at(tokens, at + 1, today) is not None
    named = is_word(tokens, at - 1, "báo", "cáo") and lower  # "báo cáo năm"
    return counted or goes_on or gone_by or named or is_word(tokens, at - 1, *_TIME_GOES_ON)


_NUMERIC = frozenset({Kind.NUMBER, Kind.MONTH, Kind.DAY, Kind.ODD})


def _may_be_name(token: Token) -> bool:
    if token.kind is not Kind.WORD or not token.word[0].isupper():
        return False
    also = token.folded in _ALSO_NAMES or any(can_be(token.word, name) for name in _WORDS_TOO)
    return token.folded not in PHRASES or (also and token.word.istitle())


_SPEAKERS = ("em", "e", "cháu", "tôi", "tui", "mình", "thưa")


def closing_a(
    tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date, *, marked: bool
) -> Piece | None:
    """The last word "a" or "ak": "ạ", "anh", or the asking "à", which without marks looks the same.

    It is polite behind "nhé", beside marked words ("à" would have got its mark too), and when the reply opens with
    "dạ" or with the one who speaks: nobody asks the machine "dạ em xong 3 rồi à".
    """
    if tokens[at].folded not in ("a", "ak") or is_marked(tokens[at].word) or not before:
        return None
    rest = [token for token in tokens[at + 1 :] if token.kind is Kind.WORD]
    last = not rest or is_word(rest, 0, *TITLES)
    answers = _answers(tokens, before)
    if tokens[at - 1].kind is Kind.NUMBER and tokens[at - 1].end == tokens[at].start:  # "3a"
        return None
    if last and _is_bare_report(tokens[:at]):
        return Piece(Role.POLITE, at, at + 1)
    after_polite = is_word(tokens, at - 1, "nhé", "nha", "nhá", "vâng")
    if after_polite or (marked and tokens[at].folded == "a") or (answers and last):
        return Piece(Role.POLITE, at, at + 1)
    return None


def _is_bare_report(tokens: Sequence[Token]) -> bool:
    """``xong roi a``: nobody asks the machine about the one thing that is open; but who asks, asks by number."""
    return len(tokens) == 2 and is_word(tokens, 0, "xong") and is_word(tokens, 1, "rồi", "rùi")


_CON_SAYS = ("xong", "nộp", "gửi", "đã", "làm", "hoàn", "báo", "chào", "cảm", "xin", "vừa", "mới")


def humble_person(
    tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date, *, marked: bool
) -> Piece | None:
    """``dạ chú ơi con nộp …``: the writer, not "còn"; ``… rồi đồng chí nhé``: the reader, at the end."""
    opens = all(piece.role in COURTEOUS for piece in before)
    says = is_word(tokens, at + 1, *_CON_SAYS)
    if opens and says and marked and tokens[at].word.lower() == "con":
        return Piece(Role.PERSON, at, at + 1)
    closes = bool(before) and before[-1].role in (Role.POLITE, Role.PAST)
    if is_word(tokens, at, "ad") and (closes or is_word(tokens, at + 1, "ơi")):
        return Piece(Role.PERSON, at, at + 1)
    if closes and are(tokens, at, ("đồng", "chí")) and (at + 2 == len(tokens) or is_word(tokens, at + 2, *_ENDS)):
        return Piece(Role.PERSON, at, at + 2)
    return None


_ENDS = ("ạ", "nhé", "nha", "nhá", "ơi")
_WISHES = (
    *(("chúc", whom) for whom in (*TITLES, "cả", "mọi", "các", "bot", "đồng", "một", "ngày", "buổi", "cuối", "mừng")),
    *words_of("kính chúc | có gì anh | có gì chị | có gì bác | có gì cô | có gì chú | có gì sếp | có gì thì"),
)
_TAKES_BACK = frozenset(
    "chua khong ko k chang nhung thieu sai con mai neu cho de se dung xong nop gui lam han phai can".split()  # noqa: SIM905
)


def wishes(tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``… chúc anh ngày tốt lành``, ``… có gì chị báo em nhé``: how a report ends; nothing in it tells of work."""
    reported = any(piece.role in (Role.FINISHED, Role.DEED) for piece in before)
    if not reported or not any(are(tokens, at, words) for words in _WISHES):
        return None
    rest = tokens[at:]
    plain = all(token.kind in (Kind.WORD, Kind.COMMA, Kind.STOP, Kind.ICON) for token in rest)
    return Piece(Role.POLITE, at, len(tokens)) if plain and not _TAKES_BACK & {t.folded for t in rest} else None


_INVITES = words_of("chờ | mời | nhờ | xin mời | kính mời")
_LOOKS = words_of("xác nhận | kiểm tra | xem | xem lại | xem xét | kiểm tra lại")
_LOOK_ENDS = ("giúp", "hộ", "em", "e", "lại", "ạ", "nhé", "nha", "với", "luôn", "cho", "a")


def invites_a_look(tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``… chờ anh xác nhận ạ``, ``… mời chị kiểm tra``: how a report ends."""
    if not any(piece.role in (Role.FINISHED, Role.DEED) for piece in before):
        return None
    invite = max((words for words in _INVITES if are(tokens, at, words)), key=len, default=None)
    if invite is None or (tokens[at].word == "cho" and any(is_marked(token.word) for token in tokens)):
        return None
    hearer = at + len(invite)
    end = hearer
    while is_word(tokens, end, *TITLES, "đồng", "chí", "lãnh", "đạo", "các", "đc"):
        end += 1
    looks = max((words for words in _LOOKS if are(tokens, end, words)), key=len, default=None)
    if end == hearer or looks is None:
        return None
    end += len(looks)
    while is_word(tokens, end, *_LOOK_ENDS):
        end += 1
    closed = all(token.kind in (Kind.STOP, Kind.ICON, Kind.MARK) for token in tokens[end:])
    return Piece(Role.POLITE, at, end) if closed else None


def _answers(tokens: Sequence[Token], before: Sequence[Piece]) -> bool:
    """Whether somebody answers here: with "dạ", with "vâng", or speaking of themselves (``3 em nộp rồi``)."""
    if same_spelling(tokens[0].word, "dạ") or is_word(tokens, 0, "vâng", "thưa"):
        return True
    verbs = (Role.FINISHED, Role.DEED)
    told = next((i for i, piece in enumerate(before) if piece.role in verbs), len(before) - 1)
    speaks = any(piece.role is Role.PERSON and is_word(tokens, piece.start, *_SPEAKERS) for piece in before[:told])
    # "da xong 3 roi a" may be "đã xong", "da viec 3 xong roi a" can not
    yes = is_word(tokens, 0, "dạ") and len(before) > 1 and before[0].end == 1
    return speaks or (yes and before[1].role in (Role.NUMBERS, Role.PERSON, Role.WAY))

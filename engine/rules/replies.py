"""The chat grammar: what a person's reply means, or what is doubtful about it.

One reply is read in three steps, each over a small table:

1. ``chat_words`` cuts it into typed tokens;
2. readers turn tokens into *pieces*: a command, a task number, a date, a document, a courtesy, a hedge ("chưa",
   "sắp", "nếu", "?"), or something unread;
3. the pieces are a *command* (``gia hạn 3 đến 25/3 vì …``) or a *statement* (``em nộp 3 rồi ạ``).

Closing work is the one thing that must never happen by mistake. So a statement is "done" without doubt only when every
piece of it is known and harmless: any hedge makes it something else, and any unread word makes the engine ask.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from engine.rules.chat_words import (
    LONGEST,
    Kind,
    Lean,
    Token,
    can_be,
    clean,
    date_at,
    day_named,
    fold,
    is_marked,
    is_slip_of,
    is_word,
    number_there,
    number_words_at,
    same_spelling,
    tokens_of,
)


class Verb(StrEnum):
    """What a reply asks for or states."""

    DONE = "done"
    DOING = "doing"
    EXTEND = "extend"
    APPROVE = "approve"
    REFUSE = "refuse"
    CONFIRM = "confirm"
    RETURN = "return"
    HAND_OVER = "hand_over"
    STUCK = "stuck"
    SNOOZE = "snooze"
    WORK = "work"
    UNIT_WORK = "unit_work"
    WEEK = "week"
    DETAILS = "details"
    UNDO = "undo"
    LEAVE = "leave"
    HELP = "help"
    GREETING = "greeting"
    UNKNOWN = "unknown"


class Doubt(StrEnum):
    """Why a reply is not certain. With a doubt nothing may be changed: the engine asks back."""

    ALL = "all"  # "xong hết": which ones?
    NAMES_A_THING = "names_a_thing"  # "đã nộp báo cáo tháng 3": which number is that?
    COUNT = "count"  # "xong 3 việc": three of them, or number 3?
    RANGE = "range"  # "xong 3-5": a range, two numbers, a day in May?
    SEVERAL = "several"  # more than one thing was said
    ONLY_NUMBER = "only_number"  # "3"
    NOT_DONE = "not_done"
    QUESTION = "question"
    ALMOST = "almost"
    PARTLY = "partly"
    LATER = "later"
    CONDITION = "condition"
    MUST = "must"
    BUT = "but"
    UNSURE = "unsure"  # "hình như", "chắc là"
    JOKE = "joke"
    UNCLEAR = "unclear"
    UNREAD = "unread"  # words the grammar does not know
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Intent:
    """One reply, understood. With a ``doubt`` nothing may be changed: the engine asks back."""

    verb: Verb
    numbers: tuple[int, ...] = ()
    date: dt.date | None = None
    until: dt.date | None = None  # the last day of a leave; `date` is the first
    reason: str | None = None
    document: str | None = None
    document_date: dt.date | None = None
    link: str | None = None
    who: str | None = None
    week: str | None = None  # "2026-W11"; None means the usual one
    doubt: str | None = None


# The table of phrases -----------------------------------------------------------------------------------------------


class Role(StrEnum):
    """What a piece does in a reply."""

    COMMAND = "command"
    FINISHED = "finished"  # says by itself that work is done
    DEED = "deed"  # says so only with a past beside it: "nộp" + "rồi"
    PAST = "past"
    HEDGE = "hedge"  # takes the certainty away
    ALL = "all"
    POLITE = "polite"
    PERSON = "person"
    PLEASE = "please"
    GREET = "greet"
    THING = "thing"  # what work is about: known and harmless, but it names one
    WAY = "way"  # how and where it went: known, harmless, names nothing
    BODY = "body"  # an office or somebody else: work went to them, or they did it
    REASON = "reason"
    TO = "to"
    GIVE = "give"
    NUMBERS = "numbers"
    COUNT = "count"
    DURATION = "duration"
    DATE = "date"
    DOCUMENT = "document"
    LINK = "link"
    BREAK = "break"
    UNREAD = "unread"


_COURTEOUS = frozenset({Role.POLITE, Role.PERSON, Role.GREET, Role.BREAK})
Value = Verb | Doubt | None

# A word may be typed without its marks; a hedge counts even with wrong ones. Where two rows fit, the longer phrase
# wins, then the one spelled exactly so, then a hedge, then the earlier row.
_TABLE: tuple[tuple[Role, Value, str], ...] = (
    (
        Role.FINISHED,
        None,
        """
        xong | xong xuôi | đã xong | làm xong | xg | hoàn thành | hoàn thành xong | hoàn tất | done | finished | ht |
        đã báo cáo | đã ban hành | đã phát hành | complete | completed
        """,
    ),
    (Role.FINISHED, Doubt.UNCLEAR, "x"),
    (Role.DEED, None, "nộp | gửi | gởi | up | upload | nộp báo cáo | gửi báo cáo | nộp bc | gửi bc"),
    (Role.DEED, Doubt.UNCLEAR, "làm | thực hiện | trả lời"),
    (Role.PAST, None, "đã | rồi | r | rùi | ròi | gòi | rầu | vừa | vừa mới | mới | mới vừa | hồi nãy | lúc nãy | nãy"),
    (
        Role.PAST,
        None,
        "từ sáng | hồi sáng | ban sáng | lúc sáng | hồi chiều | hồi trưa | tuần trước | hôm trước | hôm nọ",
    ),
    (
        Role.COMMAND,
        Verb.DOING,
        """
        đang làm | đang xử lý | đang thực hiện | đang viết | đang soạn | đang tổng hợp | đang triển khai |
        đang tiến hành | đang hoàn thiện | đg làm | đang lm | đg lm | đang giải quyết | đang xử lí |
        đang chuẩn bị | bắt đầu làm | mới bắt đầu | đang dở | đang làm dở | doing | đang thu thập | đang rà soát |
        đang lấy số liệu
        """,
    ),
    (
        Role.COMMAND,
        Verb.EXTEND,
        """
        gia hạn | xin gia hạn | lùi | xin lùi | lùi hạn | dời | dời hạn | xin dời | hoãn | ra hạn | xin hoãn |
        kéo dài | giãn hạn | xin thêm thời gian | thêm thời gian | xin thêm hạn | cho gia hạn | cho lùi |
        cho dời | cho hoãn | gh | xin thêm
        """,
    ),
    (
        Role.COMMAND,
        Verb.APPROVE,
        """
        đồng ý | đồng í | đồng ý gia hạn | đồng ý cho gia hạn | đồng ý cho lùi | duyệt | duyệt gia hạn |
        phê duyệt | chấp thuận | chấp nhận | nhất trí | ok duyệt | đồng ý cho
        """,
    ),
    (
        Role.COMMAND,
        Verb.REFUSE,
        """
        từ chối | từ chối gia hạn | không đồng ý | không đồng ý gia hạn | không duyệt | không duyệt gia hạn |
        không chấp nhận | không chấp thuận | ko đồng ý | k đồng ý | ko duyệt | k duyệt | không nhất trí |
        không cho gia hạn | ko cho gia hạn | không cho lùi
        """,
    ),
    (Role.COMMAND, Verb.CONFIRM, "xác nhận | xn | confirm | xác nhận đã xong | xác nhận xong | xác nhận hoàn thành"),
    (Role.COMMAND, Verb.RETURN, "trả lại | trả về | làm lại | yêu cầu làm lại | đề nghị làm lại | trả lại làm lại"),
    (Role.COMMAND, Verb.HAND_OVER, "chuyển | chuyển giao | bàn giao | giao lại | giao | chuyển việc | giao việc"),
    (
        Role.COMMAND,
        Verb.STUCK,
        """
        vướng | bị vướng | đang vướng | đang bị vướng | vướng mắc | gặp khó | gặp khó khăn | kẹt | khó khăn |
        bị kẹt | đang kẹt | đang gặp khó | đang gặp khó khăn | có vướng mắc | khó
        """,
    ),
    (
        Role.COMMAND,
        Verb.SNOOZE,
        """
        nhắc | nhắc lại | nhắc em | nhắc tôi | nhắc mình | nhắc lại em | nhắc lại tôi | để mai nhắc | hẹn nhắc |
        báo lại | nhắc sau
        """,
    ),
    (
        Role.COMMAND,
        Verb.DETAILS,
        """
        chi tiết | ct | xem | xem chi tiết | là gì | là việc gì | là cái gì | thông tin | detail
        """,
    ),
    (
        Role.COMMAND,
        Verb.UNDO,
        """
        hoàn tác | undo | lỡ tay | huỷ lệnh | huỷ lệnh vừa rồi | huỷ vừa rồi | nhầm | bấm nhầm | gõ nhầm |
        nhắn nhầm | báo nhầm | gửi nhầm lệnh | bị nhầm | lộn | gõ lộn | lỡ bấm | lỡ gõ | lỡ nhắn |
        huỷ xong | bấm lộn | nhắn lộn | bỏ lệnh | rút lại | thu hồi lệnh | lỡ tay bấm | lỡ tay gõ | lỡ tay nhắn
        """,
    ),
    (Role.COMMAND, Verb.LEAVE, "nghỉ | nghỉ phép | xin nghỉ | xin nghỉ phép | đi công tác | nghỉ ốm | xin phép nghỉ"),
    (
        Role.HEDGE,
        Doubt.NOT_DONE,
        """
        chưa | chửa | chưa được | không | ko | k | kg | kh | khg | hok | hong | hem | hổng | khum | khom | hk |
        chẳng | chả | éo | đéo | đếch | đừng | khỏi | thôi | chx | cx chưa | chuwa | chuaw | cuhwa | cưa | chư |
        khoong | khoogn | khogn | đâu | not | no | never | hết hạn | quá hạn | trễ | đang | vẫn | hoài | mãi |
        chậm
        """,
    ),
    (
        Role.HEDGE,
        Doubt.QUESTION,
        """
        à | ah | ak | hả | hở | hử | ha | nhỉ | chăng | ư | sao | nào | gì | ai | mấy | bao nhiêu | được không |
        được ko | dc ko | đc ko | dc k | được chưa | phải không | đúng không | thế nào | bao lâu | làm sao |
        ra sao | vậy | hỏi | xin hỏi | cho hỏi | được hay chưa
        """,
    ),
    (
        Role.HEDGE,
        Doubt.ALMOST,
        """
        sắp | gần | gần như | sắp sửa | suýt | tí nữa | chút nữa | xíu nữa | lát nữa | sắp sắp
        """,
    ),
    (
        Role.HEDGE,
        Doubt.PARTLY,
        """
        một phần | một nửa | 1 phần | nửa | phần | phần trăm | còn | thiếu | trừ | ngoại trừ | tạm | cơ bản |
        tương đối | sơ bộ | nháp | dự thảo | sót | mới được | phần lớn | hầu hết | 1 nửa
        """,
    ),
    (
        Role.HEDGE,
        Doubt.LATER,
        """
        sẽ | định | dự kiến | chuẩn bị | chờ | đợi | để | sau | tuần sau | tháng sau | lát | tí | mai | kịp |
        hứa | hẹn | tính | tranh thủ | tiếp tục | trước | trong | theo kế hoạch | kế hoạch xong |
        kế hoạch hoàn thành
        """,
    ),
    (
        Role.HEDGE,
        Doubt.CONDITION,
        """
        nếu | khi nào | bao giờ | lúc nào | hễ | khi | thì | giả sử | miễn | lúc | hôm nào | giá mà | giá như
        """,
    ),
    (
        Role.HEDGE,
        Doubt.MUST,
        """
        phải | cần | cố | cố gắng | ráng | gắng | nên | hãy | đi | bắt | buộc | mau | nhanh | lẹ | kêu
        """,
    ),
    (Role.HEDGE, Doubt.BUT, "nhưng | nhg | mà | song | tuy | tuy nhiên | sai | lỗi | hỏng"),
    (
        Role.HEDGE,
        Doubt.UNSURE,
        """
        hình như | chắc | có lẽ | tưởng | nghe nói | coi như | xem như | hy vọng | hi vọng | lẽ ra | đáng lẽ |
        có thể | giả vờ | bảo | nói | kêu là | cứ cho là | như | hy | mơ
        """,
    ),
    (Role.HEDGE, Doubt.JOKE, "đời | phim | nợ | chết | toi rồi | toang"),
    (
        Role.ALL,
        None,
        """
        hết | tất cả | toàn bộ | cả | mọi việc | tất | hết sạch | hết cả | hết tất cả | tất tần tật | sạch | all |
        các việc | mọi thứ | mọi
        """,
    ),
    (
        Role.REASON,
        None,
        """
        vì | do | bởi | bởi vì | tại | tại vì | lý do | lí do | do là | vì lý do | nguyên nhân | với lý do
        """,
    ),
    (Role.TO, None, "đến | tới | sang | qua | đến hết | tới hết | đến ngày | từ | đến lúc"),
    (Role.GIVE, None, "cho"),
    (
        Role.PLEASE,
        None,
        """
        xin | xin phép | cho em | cho tôi | cho mình | cho xin | cho phép | đề nghị | mong | nhờ | giúp | hộ |
        được | cho em xin | cho tôi xin | cho phép em | thêm | kính đề nghị | muốn | giùm | dùm | phép | yêu cầu
        """,
    ),
    (
        Role.GREET,
        None,
        """
        chào | xin chào | hello | hi | alo | cảm ơn | cám ơn | thanks | thank | tks | thank you | ok | okay |
        oke | okie | oki | okê | vâng | ừ | uh | ừm | đã rõ | rõ | đã nhận | nhận rồi | đã xem | đã biết |
        đã nhận được | em biết rồi | biết rồi | nhận được rồi | rõ rồi | hihi | hehe | haha | kk | camon |
        đã tiếp nhận | tiếp nhận | yes | good | tốt | tuyệt | tuyệt vời | giỏi quá | cảm ơn nhiều
        """,
    ),
    (
        Role.POLITE,
        None,
        """
        ạ | ạh | dạ | nhé | nha | nhá | nhe | nghen | nghe | hen | nhen | ơi | đó | đấy | nè | nhoa | luôn | lun |
        thưa anh | thưa chị | thưa sếp | thưa bác | thưa cô | thưa lãnh đạo | thưa các anh | thưa đồng chí |
        thưa các đồng chí | kính gửi | kính | xin báo cáo | em báo cáo | tôi báo cáo | báo cáo là | kính báo cáo |
        và | nhiều
        """,
    ),
    (Role.PERSON, None, "em | e | tôi | tui | mình | anh | chị | bác | cô | c"),
    (
        Role.WAY,
        None,
        """
        việc | công việc | nhiệm vụ | đầu việc | số | mail | email | gmail | zalo | telegram | fax | ioffice |
        vnpt | trục liên thông | hệ thống | phần mềm | link | tại link | kèm | đính kèm | kèm theo | bằng | lên |
        về | trên | ở | vào | của | lên tỉnh | về tỉnh | ra tỉnh | gửi tỉnh | nộp tỉnh | đúng hạn | đầy đủ |
        cho huyện | cho tỉnh | cho phòng | cho sở | cho ubnd | cho văn phòng | cho cấp trên | cho xã
        """,
    ),
    (
        Role.BODY,
        None,
        """
        huyện | tỉnh | xã | phường | phòng | sở | ban | ubnd | hđnd | uỷ ban | văn phòng | vp | cấp trên |
        tư pháp | địa chính | công an | quân sự | kế toán | nội vụ | tài chính | mttq | đoàn | hội | đảng uỷ |
        thanh tra | lãnh đạo | anh chị | các anh | các chị | mọi người | sếp | thầy | bot | admin
        """,
    ),
    (
        Role.THING,
        None,
        """
        báo cáo | bc | văn bản | vb | công văn | cv | kế hoạch | kh số | tờ trình | quyết định | thông báo |
        số liệu | biểu | biểu mẫu | mẫu | thống kê | hồ sơ | file | bản giấy | bản mềm | bản cứng | tài liệu |
        danh sách | kết quả | phiếu | bảng | sổ | hộ tịch | môi trường | nông nghiệp | y tế | giáo dục | văn hoá |
        xã hội | kinh tế | hộ nghèo | cận nghèo | hộ cận nghèo | trẻ em | dân số | người có công |
        bảo trợ xã hội | cải cách hành chính | cchc | chuyển đổi số | cđs | an ninh | trật tự | tôn giáo |
        dân tộc | tiếp dân | tiếp công dân | đơn thư | thu chi | ngân sách | giải ngân | dịch bệnh |
        nông thôn mới | ntm | định kỳ | tuần | tháng | quý | năm | tổng kết | sơ kết | phòng chống | khiếu nại |
        tố cáo | tiêm chủng | phòng cháy | pccc | thuỷ lợi | đất đai | xây dựng | giao thông | du lịch |
        hành chính | thủ tục | một cửa
        """,
    ),
)

_GOOD_ICONS = frozenset("👍🎉😊🙏💪👌❤😀😁😃😄🙂😇🥳🫡💯🌹👏☺😍🤝💐")
_TICKS = frozenset("✅✔☑✓🗹")
_BAD_ICONS = frozenset("❌✖❎🚫⛔👎❗⏳⌛😭😢🤣😂🙅✗✘☒")
_ASKING_ICONS = frozenset("❓❔⁉🤔")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of the table. ``words`` may be a joined spelling: ``giahan``."""

    words: tuple[str, ...]
    role: Role
    value: Value
    rank: int


def _words(phrases: str) -> tuple[tuple[str, ...], ...]:
    """``"công văn | cv"`` → its phrases, as words."""
    return tuple(tuple(phrase.split()) for phrase in phrases.split("|"))


def _phrases() -> dict[str, list[Phrase]]:
    """The table by the folded first word of each phrase."""
    by_first: dict[str, list[Phrase]] = {}
    for rank, (role, value, phrases) in enumerate(_TABLE):
        for words in _words(phrases):
            spellings = [words]
            if role in (Role.COMMAND, Role.FINISHED) and len(words) > 1 and len("".join(words)) >= 5:
                spellings.append(("".join(words),))
            for spelling in spellings:
                by_first.setdefault(fold(spelling[0]), []).append(Phrase(spelling, role, value, rank))
    return by_first


_PHRASES = _phrases()
# A slip of the finger is forgiven only in commands that close nothing, allow nothing and take nothing back.
_FORGIVING = (Verb.DOING, Verb.EXTEND, Verb.REFUSE, Verb.RETURN, Verb.HAND_OVER, Verb.DETAILS, Verb.SNOOZE)
_SLIPPERY = {
    fold("".join(words)): verb
    for role, verb, phrases in _TABLE
    if role is Role.COMMAND and verb in _FORGIVING
    for words in _words(phrases)
    if len("".join(words)) >= 6
}
# Words of their own; and "xhong" is as near to "không".
_NOT_XONG = frozenset({"xung", "xang", "xuong", "xoong", "xoang", "xhong"})


# Pieces -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """Some tokens that belong together, and what they do."""

    role: Role
    start: int
    end: int
    value: Value = None
    numbers: tuple[int, ...] = ()
    day: int | None = None  # "đến 25": a day of the month without the word


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply cut and read: everything the last step looks at."""

    said: str
    tokens: tuple[Token, ...]
    pieces: tuple[Piece, ...]
    today: dt.date

    def shown(self, start: int, end: int) -> str | None:
        """The tokens from ``start`` to before ``end`` as they were typed."""
        if start >= end:
            return None
        return self.said[self.tokens[start].start : self.tokens[end - 1].end].strip() or None

    def folded(self, piece: Piece) -> str:
        """One piece, folded."""
        return " ".join(token.folded for token in self.tokens[piece.start : piece.end])


MOST_WORDS = 80  # a reply is a line or two; what follows may be a reason, but is not read for meaning
Reader = Callable[[Sequence[Token], int, Sequence[Piece], dt.date], Piece | None]


def _read(tokens: Sequence[Token], today: dt.date) -> tuple[Piece, ...]:
    marked = any(is_marked(token.word) for token in tokens if token.kind is Kind.WORD)
    readers: tuple[Reader, ...] = (*_READERS, partial(_phrase, marked=marked), _slip)
    pieces: list[Piece] = []
    at = 0
    while at < len(tokens):
        found = (reader(tokens, at, pieces, today) for reader in readers)
        piece = next((piece for piece in found if piece is not None), None) or _leftover(tokens, at)
        if at > MOST_WORDS:
            piece = Piece(Role.UNREAD, at, len(tokens))
        pieces.append(piece)
        at = piece.end
    return tuple(pieces)


def _paper(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """A link, or a document with the words before its number: ``số 12/BC-UBND``, ``công văn số 12``."""
    if tokens[at].kind is Kind.LINK:
        return Piece(Role.LINK, at, at + 1)
    if tokens[at].kind is Kind.DOCUMENT:
        return Piece(Role.DOCUMENT, at, at + 1)
    end = next((at + len(words) for words in _LETTERS if _are(tokens, at, words)), None)
    if end is None:
        return None
    if is_word(tokens, end, "số"):
        end += 1
    if end < len(tokens) and tokens[end].kind is Kind.NUMBER and date_at(tokens, end, _today) is None:
        return Piece(Role.DOCUMENT, at, end + 1)
    return None


_LETTERS = _words("công văn | văn bản | tờ trình | cv | vb | ttr")


def _are(tokens: Sequence[Token], at: int, words: Sequence[str]) -> bool:
    return all(is_word(tokens, at + i, word) for i, word in enumerate(words))


def _called_by_name(tokens: Sequence[Token], at: int, before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``chị Mai ơi``, ``anh Hùng, …``, ``… ạ chị Lan``: the reader is spoken to. ``chị Lan xong 3`` is about her."""
    title = 2 if _are(tokens, at, ("đồng", "chí")) else 1 if is_word(tokens, at, *_TITLES) else 0
    if not title:
        return None
    end = at + title
    while end < len(tokens) and end - at - title < 3 and _may_be_name(tokens[end]):
        end += 1
    if is_word(tokens, end, "ơi"):
        return Piece(Role.POLITE, at, end + 1)
    opens = all(piece.role in _COURTEOUS or tokens[piece.start].folded == "bao" for piece in before)
    if opens and end < len(tokens) and tokens[end].folded in (",", ":", ";"):
        return Piece(Role.POLITE, at, end)
    if end == at + title:
        return None
    closes = bool(before) and before[-1].role in (Role.POLITE, Role.PAST, Role.GREET)
    last = end == len(tokens) or tokens[end].kind is Kind.STOP or is_word(tokens, end, "ạ", "nhé", "nha")
    return Piece(Role.POLITE, at, end) if closes and last else None


_TITLES = ("anh", "chị", "em", "bác", "cô", "chú", "sếp", "thầy", "c", "a")


_ALSO_NAMES = frozenset({"mai", "ha", "hong", "thi", "do", "dinh"})


def _may_be_name(token: Token) -> bool:
    if token.kind is not Kind.WORD or not token.word[0].isupper():
        return False
    return token.folded not in _PHRASES or (token.folded in _ALSO_NAMES and token.word.istitle())


def _task_number(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """``việc số 3``, ``số ba``, ``#3``, ``việc thứ 3``."""
    end, named = _past_naming(tokens, at)
    if end == at:
        return None
    found = number_there(tokens, end) if named else None
    if found is None:
        found = _digits(tokens, end) or number_words_at(tokens, end, sure=False)
    if found is None or (end < len(tokens) and date_at(tokens, end, today) is not None):
        return None
    if is_word(tokens, at, "số") and before and before[-1].role is Role.NUMBERS:
        return Piece(Role.COUNT, at, found[1], Doubt.UNCLEAR)  # "đã nộp 3 số 12": a document without its letters?
    piece = _list_from(tokens, at, found, today, counted=False)
    weekday = any(is_word(tokens, i, "thứ") for i in range(at, end))  # "việc thứ sáu": number 6, or Friday's?
    return replace(piece, value=Doubt.RANGE) if weekday else piece


def _past_naming(tokens: Sequence[Token], at: int) -> tuple[int, bool]:
    """The token after "việc", "việc số", "#"; and whether "số" was said, after which only a number can stand."""
    end, named = at, False
    for words in (("công", "việc"), ("đầu", "việc"), ("nhiệm", "vụ"), ("mục", "việc"), ("việc",), ("cái",)):
        if _are(tokens, end, words):
            end += len(words)
            break
    if end > at and is_word(tokens, end, "thứ"):
        end += 1
    if is_word(tokens, end, "số", "sô", "stt"):
        end, named = end + 1, True
    while end < len(tokens) and tokens[end].folded in ("#", ":") and (end > at or tokens[end].folded == "#"):
        end, named = end + 1, True
    return end, named


def _digits(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    if at < len(tokens) and tokens[at].kind is Kind.NUMBER:
        return int(tokens[at].folded), at + 1
    return None


def _plain_number(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """``3``, ``3, 5 và 7``; in words only straight after a command: "xong ba", but not "anh Ba"."""
    found = _digits(tokens, at)
    if is_word(tokens, at + 1, "phần", "nửa"):  # "một phần"
        return None
    if found is None and before and before[-1].role in (Role.FINISHED, Role.COMMAND):
        found = number_words_at(tokens, at, sure=False)
    return _list_from(tokens, at, found, today, counted=True) if found else None


def _list_from(tokens: Sequence[Token], start: int, first: tuple[int, int], today: dt.date, *, counted: bool) -> Piece:
    """Read the rest of a list of task numbers; the first is read already."""
    numbers, end = [first[0]], first[1]
    value: Value = None
    while (following := _next_in_list(tokens, end, today)) is not None:
        number, end, ranged = following
        numbers.append(number)
        value = Doubt.RANGE if ranged else value
    if counted and (unit := _unit(tokens, end, today)) is not None:
        role = Role.DURATION if unit in _TIME_UNITS else Role.COUNT
        if role is Role.COUNT or len(numbers) == 1:
            return Piece(role, start, end + len(unit), Doubt.COUNT, tuple(numbers))
    return Piece(Role.NUMBERS, start, end, value, tuple(numbers))


def _next_in_list(tokens: Sequence[Token], at: int, today: dt.date) -> tuple[int, int, bool] | None:
    end, ranged = at, False
    while end < len(tokens) and (tokens[end].kind is Kind.COMMA or is_word(tokens, end, "và", "với")):
        end += 1
    joined = end > at
    if not joined and end < len(tokens) and tokens[end].folded in ("-", "/", "="):
        ranged = tokens[end].folded == "-"
        end += 2 if end + 1 < len(tokens) and tokens[end + 1].folded == ">" else 1
        joined = True
    end, named = _past_naming(tokens, end) if joined else (end, False)
    found = _digits(tokens, end)
    if found is None and joined:
        found = number_words_at(tokens, end, sure=named)
    if found is None or date_at(tokens, end, today) is not None or _unit(tokens, found[1], today) in _TIME_UNITS:
        return None
    return found[0], found[1], ranged


_TIME_UNITS = _words("ngày | tuần | tháng | hôm | bữa | giờ | phút | tiếng | năm | quý")
_COUNTED = (
    *_TIME_UNITS,
    *_words(
        "báo cáo | văn bản | công văn | hồ sơ | đầu việc | công việc | nhiệm vụ | việc | bc | cái | file | bản | mục"
    ),
    *_words("phần | hộ | người | lần | bước | phiếu | biểu | đơn | trang | thôn | mẫu | món | xã | vb | cv | tr"),
)


def _unit(tokens: Sequence[Token], at: int, today: dt.date) -> tuple[str, ...] | None:
    """The thing counted there. "xong 3 việc" counts; in "xong 3 báo cáo số 12/BC-UBND" the report is a name."""
    unit = next((words for words in _COUNTED if _are(tokens, at, words)), None)
    if unit is None or date_at(tokens, at, today) is not None:  # "xong 3 hôm qua"
        return None
    after = at + len(unit)
    if is_word(tokens, after, "số"):
        after += 1
    named = after < len(tokens) and tokens[after].kind in (Kind.DOCUMENT, Kind.NUMBER, Kind.DAY, Kind.MONTH)
    return None if named else unit


def _date(tokens: Sequence[Token], at: int, before: Sequence[Piece], today: dt.date) -> Piece | None:
    """A date; after a command also ``đến 25``, a day of the month without the word."""
    there = date_at(tokens, at, today)
    if there is not None:
        added = is_word(tokens, at - 1, "thêm")  # "thêm 5 ngày nữa" counts from the deadline, not from today
        return Piece(Role.DURATION if added else Role.DATE, at, there.end)
    hour = at + 1 if is_word(tokens, at, "lúc", "khoảng", "vào") else at
    if hour < len(tokens) and tokens[hour].kind is Kind.TIME:
        return Piece(Role.DATE, at, hour + 1)
    asks_a_day = (Verb.EXTEND, Verb.LEAVE, Verb.SNOOZE)
    if is_word(tokens, at, "đến", "tới", "sang", "từ") and any(piece.value in asks_a_day for piece in before):
        first = at + 2 if is_word(tokens, at + 1, "hết", "ngày") else at + 1
        day = _digits(tokens, first)
        if day is not None and _unit(tokens, day[1], today) is None:
            return Piece(Role.DATE, at, day[1], day=day[0])
    return None


_NUMBERED_THINGS = _words(
    "tháng | quý | năm | tuần | kỳ | đợt | thôn | xóm | ấp | bản | tổ | khu | phố | lần | điều | mục | biểu | mẫu"
    " | trang | phường | quận | khoá | bước | nhóm | chương | xã | cấp | tập | vòng"
)
_ROMAN = frozenset({"i", "ii", "iii", "iv", "v"})


def _numbered_thing(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``tháng 3``, ``quý I``, ``thôn 2``: the number is part of a name."""
    if not any(_are(tokens, at, words) for words in _NUMBERED_THINGS) or at + 1 >= len(tokens):
        return None
    following = tokens[at + 1]
    if following.kind in (Kind.MONTH, Kind.DAY, Kind.ODD) or following.folded in _ROMAN:
        return Piece(Role.THING, at, at + 2)
    found = number_there(tokens, at + 1)
    return Piece(Role.THING, at, found[1]) if found else None


def _phrase(
    tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date, *, marked: bool
) -> Piece | None:
    """The best row of the table that fits here. In a text without any mark, no spelling is exact."""
    if tokens[at].kind not in (Kind.WORD, Kind.NUMBER):
        return None
    best: tuple[tuple[int, bool, bool, int], Phrase] | None = None
    for phrase in _PHRASES.get(tokens[at].folded, ()):
        typed = [token.word for token in tokens[at : at + len(phrase.words)]]
        if not _fits(typed, phrase):
            continue
        exact = marked and all(same_spelling(a, b) for a, b in zip(typed, phrase.words, strict=True))
        weight = (len(phrase.words), exact, phrase.role is Role.HEDGE, -phrase.rank)
        if best is None or weight > best[0]:
            best = weight, phrase
    if best is None:
        return None
    return Piece(best[1].role, at, at + len(best[1].words), best[1].value)


def _fits(typed: Sequence[str], phrase: Phrase) -> bool:
    if len(typed) != len(phrase.words):
        return False
    if phrase.role is Role.HEDGE:
        return all(fold(a) == fold(b) for a, b in zip(typed, phrase.words, strict=True))
    return all(can_be(a, b) for a, b in zip(typed, phrase.words, strict=True))


def _slip(tokens: Sequence[Token], at: int, _before: Sequence[Piece], _today: dt.date) -> Piece | None:
    """``xogn``, ``gai han``, ``dag lam``. Nothing that a negation could turn into is forgiven."""
    token = tokens[at]
    if token.kind is not Kind.WORD:
        return None
    slipped = is_slip_of(token.folded, "xong") and not is_marked(token.word) and len(token.folded) >= 3
    spelled = any(other.folded == "xong" for other in tokens)  # then this is a slip of something else
    if slipped and not spelled and token.folded not in _NOT_XONG:
        return Piece(Role.FINISHED, at, at + 1)
    typed = ""
    for end in range(at + 1, min(at + 4, len(tokens)) + 1):
        if tokens[end - 1].kind is not Kind.WORD:
            return None
        typed += tokens[end - 1].folded
        if is_slip_of(typed, "hoanthanh"):
            return Piece(Role.FINISHED, at, end)
        verb = next((v for meant, v in _SLIPPERY.items() if typed == meant or is_slip_of(typed, meant)), None)
        if verb is not None:
            return Piece(Role.COMMAND, at, end, verb)
    return None


_READERS: tuple[Reader, ...] = (
    _paper,
    _called_by_name,
    _task_number,
    _date,
    _numbered_thing,
    _plain_number,
)
_LEFTOVERS: dict[Kind, tuple[Role, Value]] = {
    Kind.PERCENT: (Role.HEDGE, Doubt.PARTLY),
    Kind.QUESTION: (Role.HEDGE, Doubt.QUESTION),
    Kind.MONTH: (Role.THING, None),
    Kind.ODD: (Role.UNREAD, Doubt.RANGE),
    Kind.COMMA: (Role.BREAK, None),
    Kind.STOP: (Role.BREAK, None),
    Kind.MARK: (Role.BREAK, None),
}


def _leftover(tokens: Sequence[Token], at: int) -> Piece:
    """A token that no reader wanted."""
    token = tokens[at]
    if token.kind is Kind.ICON:
        return _icon(token.word, at)
    if token.kind is Kind.PERCENT and token.folded.replace(" ", "") == "100%":
        return Piece(Role.WAY, at, at + 1)
    role, value = _LEFTOVERS.get(token.kind, (Role.UNREAD, None))
    return Piece(role, at, at + 1, value)


def _icon(icon: str, at: int) -> Piece:
    if icon in _TICKS:
        return Piece(Role.FINISHED, at, at + 1, Doubt.UNCLEAR)
    if icon in _GOOD_ICONS:
        return Piece(Role.GREET, at, at + 1)
    if icon in _BAD_ICONS:
        return Piece(Role.HEDGE, at, at + 1, Doubt.UNCLEAR)
    if icon in _ASKING_ICONS:
        return Piece(Role.HEDGE, at, at + 1, Doubt.QUESTION)
    return Piece(Role.UNREAD, at, at + 1)


# Requests: the whole reply is the name of a list ---------------------------------------------------------------------

_REQUESTS: tuple[tuple[Verb, str], ...] = (
    (
        Verb.WORK,
        """
        viec | viec gi | viec nao | con viec gi | co viec gi | viec hom nay | hom nay co viec gi | ds | list |
        ds viec | danh sach viec | danh sach | viec chua xong | viec con lai | con viec nao | cong viec | works |
        nhac viec | viec qua han | viec sap den han | con gi chua xong | viec dang mo | dau viec | liet ke viec |
        con may viec | con bao nhieu viec | viec can lam | viec phai lam | liet ke | nhiem vu
        """,
    ),
    (Verb.UNDO, "huy | huy bo | huy di | huy nhe"),
    (
        Verb.UNIT_WORK,
        """
        viec don vi | viec phong | viec ca phong | don vi | viec ban | viec bo phan | viec xa | viec to |
        viec ca don vi | viec co quan | viec ca xa | danh sach viec don vi | viec dv | cong viec don vi
        """,
    ),
    (
        Verb.WEEK,
        """
        tuan | tuan nay | tuan truoc | tuan sau | tuan toi | tuan qua | bao cao tuan | tong hop tuan | viec tuan |
        viec tuan nay | viec tuan sau | lich tuan | tuan nay co gi | tuan nay co viec gi | bc tuan | tuan roi
        """,
    ),
    (
        Verb.HELP,
        """
        tro giup | help | huong dan | hd | giup | giup do | cach dung | menu | lenh | start | cu phap | dung sao |
        huong dan su dung | lam sao | lam the nao | cac lenh | tro giup voi | hdsd | cach su dung | su dung sao |
        dung the nao | nhan the nao | tra loi the nao | go gi | nhan gi | bot lam duoc gi
        """,
    ),
)
_REQUEST_OF = {" ".join(words): verb for verb, phrases in _REQUESTS for words in _words(phrases)}
_COURTESIES = frozenset(
    word
    for (word,) in _words(
        """
        cho | em | e | toi | minh | tui | xem | voi | a | nhe | nha | da | oi | anh | chi | sep | bot | cua | gui |
        xin | muon | vay | ah | the | ad | c
        """
    )
)
_WEEK_STEPS = {"nay": 0, "sau": 1, "toi": 1, "truoc": -1, "qua": -1, "roi": -1}


def _request(reply: Reply) -> Intent | None:
    """``việc``, ``tuần 11``, ``trợ giúp``, ``?``: only reading, so that the spelling is taken easily."""
    said = [token for token in reply.tokens if token.kind not in (Kind.MARK, Kind.STOP, Kind.COMMA)]
    if said and all(token.kind is Kind.QUESTION for token in said):
        return Intent(Verb.HELP)
    words = [token.folded for token in said if token.kind is not Kind.QUESTION]
    named = next((words[i:] for i, word in enumerate(words) if word == "tuan"), [])
    if len(named) == 2 and " ".join(words[:-1]) in _REQUEST_OF and (week := _week_numbered(named[1], reply.today)):
        return Intent(Verb.WEEK, week=week)
    for spoken in (words, [word for word in words if word not in _COURTESIES]):
        verb = _REQUEST_OF.get(" ".join(spoken))
        if verb is not None:
            return Intent(verb, week=_week_beside(named, reply.today) if verb is Verb.WEEK else None)
    return None


def _week_numbered(number: str, today: dt.date) -> str | None:
    week, _, year = number.partition("/")
    if not (week.isdigit() and 1 <= int(week) <= 53):
        return None
    return f"{int(year) if year.isdigit() else today.isocalendar().year}-W{int(week):02d}"


def _week_beside(named: Sequence[str], today: dt.date) -> str | None:
    steps = next((_WEEK_STEPS[word] for word in named[1:2] if word in _WEEK_STEPS), None)
    if steps is None:
        return None
    year, week, _ = (today + dt.timedelta(weeks=steps)).isocalendar()
    return f"{year}-W{week:02d}"


# Commands -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand after a command."""

    reason: bool = False
    date: bool = False
    may_ask: bool = False  # "gia hạn 3 đến 25/3 được không?" is still the request
    strict: bool = False  # it allows or closes something: every word must be known
    bears: frozenset[Doubt] = frozenset()  # hedges that change nothing about it


_SHAPES: dict[Verb, Shape] = {
    Verb.DOING: Shape(
        bears=frozenset({Doubt.NOT_DONE, Doubt.ALMOST, Doubt.PARTLY, Doubt.LATER, Doubt.BUT, Doubt.MUST, Doubt.UNSURE})
    ),
    Verb.EXTEND: Shape(reason=True, date=True, may_ask=True, bears=frozenset({Doubt.LATER})),
    Verb.APPROVE: Shape(date=True, strict=True),
    Verb.REFUSE: Shape(reason=True),
    Verb.CONFIRM: Shape(strict=True),
    Verb.RETURN: Shape(reason=True),
    Verb.HAND_OVER: Shape(reason=True),
    Verb.STUCK: Shape(reason=True),
    Verb.SNOOZE: Shape(date=True, may_ask=True, bears=frozenset({Doubt.LATER, Doubt.MUST})),
    Verb.DETAILS: Shape(may_ask=True),
    Verb.UNDO: Shape(strict=True, bears=frozenset({Doubt.NOT_DONE})),
    Verb.LEAVE: Shape(reason=True, date=True, may_ask=True),
}
_LEADS_IN = _COURTEOUS | {Role.PLEASE, Role.PAST, Role.THING, Role.WAY, Role.NUMBERS, Role.COUNT, Role.DATE, Role.TO}
_FREE = frozenset([Role.UNREAD, Role.HEDGE, Role.DEED, Role.PAST, Role.FINISHED, Role.COMMAND, Role.ALL, Role.GIVE])


def _command(reply: Reply) -> Intent | None:
    """A reply that begins with a command, courtesies and the number aside; None when it is no command."""
    lead = next((i for i, piece in enumerate(reply.pieces) if piece.role is Role.COMMAND), None)
    if lead is None:
        return None
    verb = reply.pieces[lead].value
    assert isinstance(verb, Verb)
    before, reason = reply.pieces[:lead], None
    because = next((i for i, piece in enumerate(before) if piece.role is Role.REASON), None)
    if because is not None and verb in (Verb.EXTEND, Verb.LEAVE):  # "do chưa có số liệu, xin gia hạn 3 đến 25/3"
        reason = _trimmed(reply, before[because + 1 : _last_break(before)])
        before = before[:because]
    if any(piece.role not in _LEADS_IN for piece in before):
        return None
    return _commanded(reply, verb, before, reply.pieces[lead + 1 :], reason)


def _last_break(before: Sequence[Piece]) -> int:
    """Where "…, em xin" begins, behind a reason that was given first."""
    breaks = [i for i, piece in enumerate(before) if piece.role is Role.BREAK]
    closing = breaks and all(piece.role in _COURTEOUS | {Role.PLEASE} for piece in before[breaks[-1] :])
    return breaks[-1] if closing else len(before)


def _commanded(
    reply: Reply, verb: Verb, before: Sequence[Piece], after: Sequence[Piece], early_reason: str | None
) -> Intent:
    shape = _SHAPES[verb]
    who, after = _receiver(reply, after) if verb is Verb.HAND_OVER else (None, after)
    cut = _reason_begins(after, verb) if shape.reason else len(after)
    stated = (*before, *after[:cut])
    told = after[cut + 1 :] if cut < len(after) and after[cut].role is Role.REASON else after[cut:]
    numbers = _numbers(stated) or (_numbers(told) if verb is Verb.STUCK else ())
    hedge = _hedge_of_command(shape, stated)
    if hedge is not None:
        return Intent(Verb.UNKNOWN, numbers, doubt=hedge)
    doubt = _doubt_of_command(reply, verb, shape, stated)
    if verb is Verb.UNDO and doubt is not None:  # undoing acts on "the last one", so that asking back needs no verb
        return Intent(Verb.UNKNOWN, numbers, doubt=doubt)
    date, until, told = _dates_of_command(reply, verb, stated, told)
    if verb is Verb.LEAVE:
        numbers = ()
    return Intent(
        verb,
        numbers,
        date=date if shape.date else None,
        until=until,
        reason=_trimmed(reply, told) or early_reason,
        document=_document(reply, stated)[0],
        link=_link(reply),
        who=who,
        doubt=doubt,
    )


def _reason_begins(after: Sequence[Piece], verb: Verb) -> int:
    """Where the reason starts: at "vì", or with the first words that belong to no command."""
    for i, piece in enumerate(after):
        rest = after[i:]
        if piece.role is Role.REASON:
            return i
        loose = piece.role is Role.TO and not any(later.role is Role.DATE for later in rest[1:2])
        names = piece.role in (Role.THING, Role.WAY, Role.BODY) and not (
            any(later.role in (Role.NUMBERS, Role.DATE) for later in rest) and verb is not Verb.STUCK
        )
        counts = piece.role is Role.GIVE or piece.value is Doubt.LATER  # "xin thêm 2 ngày cho việc 3"
        if counts and any(later.role is Role.NUMBERS for later in rest[1:2]):
            continue
        if (piece.role in _FREE or loose or names) and not _only_asks(rest):
            return i
    return len(after)


def _only_asks(pieces: Sequence[Piece]) -> bool:
    """``… chưa?``, ``… được không ạ``: words that ask and tell nothing."""
    telling = [piece for piece in pieces if piece.role not in _COURTEOUS | {Role.PLEASE}]
    return all(piece.role is Role.HEDGE and piece.value in (Doubt.QUESTION, Doubt.NOT_DONE) for piece in telling)


def _hedge_of_command(shape: Shape, stated: Sequence[Piece]) -> Doubt | None:
    for i, piece in enumerate(stated):
        if piece.role is not Role.HEDGE or not isinstance(piece.value, Doubt):
            continue
        if piece.value is Doubt.QUESTION and shape.may_ask:
            continue
        # "đang làm 3 chưa" asks; "đang làm 3, chưa xong" tells
        asks = piece.value is Doubt.NOT_DONE and _only_asks(stated[i:])
        if piece.value not in shape.bears or asks:
            return piece.value
    return None


def _doubt_of_command(reply: Reply, verb: Verb, shape: Shape, stated: Sequence[Piece]) -> Doubt | None:
    roles = {piece.role for piece in stated}
    hedged = Role.HEDGE in roles
    finished = Role.FINISHED in roles
    if any(piece.role is Role.COMMAND and piece.value is not verb for piece in stated):
        return Doubt.SEVERAL
    if finished and verb is Verb.DOING and not (hedged and Role.NUMBERS in roles):
        return Doubt.ALMOST if hedged else Doubt.SEVERAL
    if finished and verb not in (Verb.DOING, Verb.CONFIRM, Verb.UNDO):
        return Doubt.SEVERAL
    if Role.ALL in roles:
        return Doubt.ALL
    if Role.COUNT in roles:
        return Doubt.COUNT
    if any(piece.value is Doubt.RANGE for piece in stated) or (
        verb not in (Verb.LEAVE, Verb.DOING) and Role.NUMBERS not in roles and _stray_day(reply, stated, verb)
    ):
        return Doubt.RANGE
    if shape.strict and roles & {Role.UNREAD, Role.DEED, Role.GIVE, Role.REASON}:
        return Doubt.UNREAD
    if verb in (Verb.APPROVE, Verb.CONFIRM) and Role.PLEASE in roles:  # "nhờ anh duyệt 3" asks for it
        return Doubt.MUST
    if verb in (Verb.SNOOZE, Verb.DETAILS) and Role.UNREAD in roles and Role.NUMBERS not in roles:
        return Doubt.UNREAD
    return None


def _stray_day(reply: Reply, pieces: Sequence[Piece], verb: Verb | None = None) -> bool:
    """Whether a bare 3/5 or 3-5 stands where a number would: it may be two numbers."""
    for i, piece in enumerate(pieces):
        token = reply.tokens[piece.start]
        if piece.role is not Role.DATE or token.kind is not Kind.DAY:
            continue
        if i and pieces[i - 1].role is Role.TO:
            continue
        if verb is not Verb.SNOOZE or "/" not in token.folded:
            return True
    return False


def _dates_of_command(
    reply: Reply, verb: Verb, stated: Sequence[Piece], told: Sequence[Piece]
) -> tuple[dt.date | None, dt.date | None, Sequence[Piece]]:
    """First day, last day (of a leave), and the reason without a date that ended it."""
    dates = [piece for piece in stated if piece.role is Role.DATE]
    if verb is Verb.LEAVE:
        return *_leave(reply, stated, dates), told
    if dates:
        return _date_of(reply, dates[-1]), None, told
    closing = [piece for piece in told if piece.role not in (Role.POLITE, Role.BREAK)][-2:]
    if verb is Verb.EXTEND and [piece.role for piece in closing] == [Role.TO, Role.DATE]:
        return _date_of(reply, closing[1]), None, told[: list(told).index(closing[0])]
    if verb is Verb.EXTEND and closing and closing[-1].role is Role.DATE and closing[-1].day is not None:
        return _date_of(reply, closing[-1]), None, told[: list(told).index(closing[-1])]
    return None, None, told


def _leave(reply: Reply, stated: Sequence[Piece], dates: Sequence[Piece]) -> tuple[dt.date | None, dt.date | None]:
    found = [date for piece in dates if (date := _date_of(reply, piece)) is not None]
    if len(found) == 1 and len(dates) == 1:
        first = _numbers(stated)[:1]  # "nghỉ từ 20 đến 25/3"
        if first and 1 <= first[0] <= found[0].day:
            return found[0].replace(day=first[0]), found[0]
        at = stated.index(dates[0])
        opens = any(piece.role is Role.DURATION for piece in stated) or (at and reply.folded(stated[at - 1]) == "tu")
        return found[0], None if opens else found[0]
    if len(found) == 2 and found[0] <= found[1]:
        return found[0], found[1]
    return None, None


def _date_of(reply: Reply, piece: Piece, lean: Lean = Lean.AHEAD) -> dt.date | None:
    if piece.day is not None:
        return day_named(piece.day, reply.today, lean)
    there = date_at(reply.tokens, piece.start, reply.today, lean)
    return there.date if there else None


def _receiver(reply: Reply, after: Sequence[Piece]) -> tuple[str | None, Sequence[Piece]]:
    """The name after "cho", as typed and without its title; and the pieces without it."""
    tokens = reply.tokens
    first = after[0].start if after else len(tokens)
    give = next((at for at in range(first, len(tokens)) if is_word(tokens, at, "cho", "sang", "qua")), None)
    if give is None:
        return None, after
    start = end = give + 1
    while end < len(tokens) and tokens[end].kind is Kind.WORD and not _ends_name(tokens, end, start):
        end += 1
    rest = [piece for piece in after if piece.end <= give or piece.start >= end]
    titled = 2 if _are(tokens, start, ("đồng", "chí")) else 1 if is_word(tokens, start, *_TITLES, "đc") else 0
    if titled and start + titled < end and not _is_given_name(tokens[start]):
        start += titled
    return reply.shown(start, end), rest


def _ends_name(tokens: Sequence[Token], at: int, start: int) -> bool:
    closing = is_word(tokens, at, "nhé", "nha", "vì", "do", "việc", "số", "giúp", "làm", "xử", "thực", "theo", "phụ")
    polite = is_word(tokens, at, "ạ") and not tokens[at].word.isupper()  # but "Nguyễn Văn A"
    return polite or (closing and (at > start or is_word(tokens, at, "vì", "việc")))


def _is_given_name(token: Token) -> bool:
    """ "Chi Lan" is a name; "chị Lan" and "chi Lan" are a title and a name."""
    return token.word[0].isupper() and not is_marked(token.word) and not token.word.isupper()


# Statements ---------------------------------------------------------------------------------------------------------

_SMALL_TALK = _COURTEOUS | {Role.PAST}
_STILL_WORKING = (Doubt.ALMOST, Doubt.PARTLY)
_QUITE_PAST = frozenset(["da", "vua", "vua moi", "moi vua"])
_PLAIN_PAST = frozenset(["roi", "r", "rui", "goi", "rau"])


def _statement(reply: Reply) -> Intent:
    """A reply that tells something. Done only when nothing in it speaks against it."""
    pieces = reply.pieces
    numbers = _numbers(pieces)
    document, document_date = _document(reply, pieces)
    done = any(piece.role is Role.FINISHED for piece in pieces) or any(_is_past(reply, i) for i in range(len(pieces)))
    if not done:
        return _no_statement(reply, numbers, document, document_date)
    hedges = [piece.value for piece in pieces if piece.role is Role.HEDGE and isinstance(piece.value, Doubt)]
    if hedges:
        first = next((hedge for hedge in hedges if hedge not in _STILL_WORKING), hedges[0])
        verb = Verb.DOING if first in _STILL_WORKING else Verb.UNKNOWN
        return Intent(verb, numbers, document=document, link=_link(reply), doubt=first)
    if any(piece.role is Role.COMMAND for piece in pieces):
        return Intent(Verb.UNKNOWN, numbers, document=document, link=_link(reply), doubt=Doubt.SEVERAL)
    doubt = next((doubt for asks in _DOUBTS_OF_DONE if (doubt := asks(reply)) is not None), None)
    return Intent(
        Verb.UNKNOWN if doubt is Doubt.LATER else Verb.DONE,
        () if doubt is Doubt.ALL else numbers,
        date=None if doubt else _day_done(reply),
        document=document,
        document_date=document_date,
        link=_link(reply),
        doubt=doubt,
    )


def _no_statement(
    reply: Reply, numbers: tuple[int, ...], document: str | None, document_date: dt.date | None
) -> Intent:
    """Small talk, a bare number, or words that the grammar can not place."""
    roles = {piece.role for piece in reply.pieces}
    if (
        roles
        and roles <= _SMALL_TALK
        and roles & {Role.GREET, Role.POLITE}
        and (Role.GREET in roles or Role.PAST not in roles)
    ):
        return Intent(Verb.GREETING)
    about_work = roles & {Role.NUMBERS, Role.COUNT, Role.FINISHED, Role.DEED, Role.COMMAND, Role.DOCUMENT, Role.LINK}
    hedge = next((piece.value for piece in reply.pieces if piece.role is Role.HEDGE), None)
    doubt: Value = None
    if about_work:
        only = roles <= _SMALL_TALK | {Role.NUMBERS, Role.WAY}
        doubt = hedge or (Doubt.ONLY_NUMBER if only and numbers else Doubt.UNCLEAR)
    elif hedge and roles <= _SMALL_TALK | {Role.HEDGE}:
        doubt = hedge  # "chưa"
    elif Role.PAST in roles and roles <= _SMALL_TALK:
        doubt = Doubt.UNCLEAR  # "rồi": perhaps "done already", perhaps "I see"
    link = _link(reply)
    return Intent(Verb.UNKNOWN, numbers, document=document, document_date=document_date, link=link, doubt=doubt)


def _is_past(reply: Reply, at: int) -> bool:
    """Whether the deed there has been done: ``đã nộp``, ``nộp 3 rồi``, ``nộp 3 xong``; not ``xong rồi nộp``."""
    pieces = reply.pieces
    if pieces[at].role is not Role.DEED:
        return False
    for later in pieces[at + 1 :]:
        if later.role in (Role.DEED, Role.HEDGE, Role.COMMAND):
            break
        if later.role is Role.FINISHED or (later.role is Role.PAST and reply.folded(later) in _PLAIN_PAST):
            return True
    if not at or pieces[at - 1].role is not Role.PAST or pieces[at].value is Doubt.UNCLEAR:
        return False
    past = reply.folded(pieces[at - 1])
    finished_before = any(piece.role is Role.FINISHED for piece in pieces[:at])
    return past in _QUITE_PAST or (past == "moi" and not finished_before)


def _doubt_all(reply: Reply) -> Doubt | None:
    several = len(_numbers(reply.pieces)) > 1
    return Doubt.ALL if any(piece.role is Role.ALL for piece in reply.pieces) and not several else None


def _doubt_numbers(reply: Reply) -> Doubt | None:
    for piece in reply.pieces:
        if piece.role in (Role.COUNT, Role.DURATION):
            return Doubt.COUNT
        if piece.value is Doubt.RANGE:
            return Doubt.RANGE
    return None


def _doubt_day(reply: Reply) -> Doubt | None:
    """A day to come is a promise; today's hour needs a word of the past beside it."""
    told_past = any(piece.role is Role.PAST for piece in reply.pieces)
    for piece in _days_told(reply):
        token = reply.tokens[piece.start]
        if token.kind is Kind.DAY and ("/" not in token.folded or not _numbers(reply.pieces)):
            return Doubt.RANGE
        date = _date_of(reply, piece, Lean.BEHIND)
        if token.kind is Kind.NUMBER and (date is None or date <= reply.today):
            return Doubt.RANGE  # "xong 3 tháng 3": number 3, or the third of March?
        hour = date is None and reply.tokens[piece.end - 1].kind is Kind.TIME
        if hour or (date == reply.today and not _is_numeric(reply, piece)):
            if not told_past:
                return Doubt.LATER
        elif date is None or date > reply.today:
            return Doubt.LATER
    return None


def _is_numeric(reply: Reply, piece: Piece) -> bool:
    return any(token.kind in (Kind.DAY, Kind.NUMBER) for token in reply.tokens[piece.start : piece.end])


def _doubt_deeds(reply: Reply) -> Doubt | None:
    """``xong rồi nộp 3`` has a deed still to do."""
    deeds = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.DEED]
    return None if all(_is_past(reply, at) for at in deeds) else Doubt.UNCLEAR


_KNOWN = _COURTEOUS | {Role.FINISHED, Role.DEED, Role.PAST, Role.ALL, Role.THING, Role.WAY, Role.NUMBERS}
_KNOWN |= {Role.BODY, Role.DATE, Role.DOCUMENT, Role.LINK}


_PLACES = (Role.WAY, Role.THING, Role.PERSON, Role.BODY)


def _doubt_unread(reply: Reply) -> Doubt | None:
    """Unknown words; or "kế toán xong 3", which tells of somebody else."""
    told = next(i for i, piece in enumerate(reply.pieces) if piece.role in (Role.FINISHED, Role.DEED))
    for i, piece in enumerate(reply.pieces):
        following = reply.pieces[i + 1].role if i + 1 < len(reply.pieces) else None
        sent_somewhere = piece.role in (Role.TO, Role.GIVE) and following in _PLACES
        sent_somewhere |= piece.role is Role.TO and following is Role.DATE  # "nộp từ hôm qua rồi"
        by_somebody = piece.role is Role.BODY and i < told
        if by_somebody or (piece.role not in _KNOWN and not sent_somewhere):
            return Doubt.UNREAD
    return None


def _doubt_several(reply: Reply) -> Doubt | None:
    """``xong 3 rồi 5``: with more than one group of numbers, each needs its own "xong"."""
    groups = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.NUMBERS]
    if len(groups) < 2:
        return None
    finished = (i > 0 and (reply.pieces[i - 1].role is Role.FINISHED or _said_done(reply, i - 1)) for i in groups)
    return None if all(finished) else Doubt.SEVERAL


def _said_done(reply: Reply, at: int) -> bool:
    return at > 0 and reply.pieces[at].role is Role.DEED and reply.folded(reply.pieces[at - 1]) in _QUITE_PAST


def _doubt_sign(reply: Reply) -> Doubt | None:
    """``x`` needs its number straight behind it, ✅ a number somewhere; or another word that says it."""
    pieces = reply.pieces
    clear = any(piece.role is Role.FINISHED and piece.value is None for piece in pieces)
    if clear or any(piece.role is Role.DEED for piece in pieces):
        return None
    for i, piece in enumerate(pieces):
        if piece.role is Role.FINISHED and piece.value is Doubt.UNCLEAR:
            letter = reply.folded(piece) == "x"
            beside = pieces[i + 1 : i + 2] if letter else pieces
            if not _numbers(beside):
                return Doubt.UNCLEAR
    return None


def _doubt_thing(reply: Reply) -> Doubt | None:
    named = any(piece.role is Role.THING for piece in reply.pieces)
    return Doubt.NAMES_A_THING if named and not _numbers(reply.pieces) else None


_DOUBTS_OF_DONE: tuple[Callable[[Reply], Doubt | None], ...] = (
    _doubt_all,
    _doubt_numbers,
    _doubt_day,
    _doubt_deeds,
    _doubt_unread,
    _doubt_several,
    _doubt_sign,
    _doubt_thing,
)


# What pieces carry --------------------------------------------------------------------------------------------------


def _numbers(pieces: Sequence[Piece]) -> tuple[int, ...]:
    counted = (piece for piece in pieces if piece.role is Role.NUMBERS)
    return tuple(dict.fromkeys(number for piece in counted for number in piece.numbers))


def _document(reply: Reply, pieces: Sequence[Piece]) -> tuple[str | None, dt.date | None]:
    """The document's number as typed, and the date that stands straight behind it."""
    at = next((i for i, piece in enumerate(pieces) if piece.role is Role.DOCUMENT), None)
    if at is None:
        return None, None
    piece = pieces[at]
    shown = reply.shown(piece.start, piece.end)
    if shown and reply.tokens[piece.start].kind is Kind.DOCUMENT:
        shown = shown.replace(" ", "")
    dated = _dated_behind(pieces, at)
    return shown, _date_of(reply, dated, Lean.BEHIND) if dated else None


def _dated_behind(pieces: Sequence[Piece], at: int) -> Piece | None:
    behind = next((piece for piece in pieces[at + 1 :] if piece.role is not Role.BREAK), None)
    return behind if behind is not None and behind.role is Role.DATE else None


def _days_told(reply: Reply) -> list[Piece]:
    """The date pieces of a statement that do not belong to a document."""
    documents = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.DOCUMENT]
    taken = [_dated_behind(reply.pieces, i) for i in documents]
    return [piece for piece in reply.pieces if piece.role is Role.DATE and piece not in taken]


def _day_done(reply: Reply) -> dt.date | None:
    return next((_date_of(reply, piece, Lean.BEHIND) for piece in _days_told(reply)), None)


def _link(reply: Reply) -> str | None:
    piece = next((piece for piece in reply.pieces if piece.role is Role.LINK), None)
    return reply.shown(piece.start, piece.end) if piece else None


def _trimmed(reply: Reply, pieces: Sequence[Piece]) -> str | None:
    """A reason in its own spelling, without the commas before it and the courtesies after it."""
    kept = list(pieces)
    while kept and kept[0].role is Role.BREAK:
        kept.pop(0)
    while kept and (
        kept[-1].role in (Role.POLITE, Role.BREAK, Role.PLEASE)
        or (kept[-1].role is Role.HEDGE and kept[-1].value is Doubt.QUESTION)
    ):
        kept.pop()
    return reply.shown(kept[0].start, kept[-1].end) if kept else None


# The one door -------------------------------------------------------------------------------------------------------

_CHANGES_NOTHING = frozenset(
    [Verb.UNKNOWN, Verb.GREETING, Verb.HELP, Verb.WORK, Verb.UNIT_WORK, Verb.WEEK, Verb.DETAILS]
)


def understand(text: str, today: dt.date) -> Intent:
    """What this reply means. Never raises; takes no action on anything it doubts."""
    said = clean(text)
    tokens = tokens_of(said)
    reply = Reply(said, tokens, _read(tokens, today), today)
    intent = _request(reply) or _command(reply) or _statement(reply)
    if len(text) > LONGEST and intent.doubt is None and intent.verb not in _CHANGES_NOTHING:
        return replace(intent, doubt=Doubt.TOO_LONG)
    return intent

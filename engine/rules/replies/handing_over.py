"""Work handed over (``chuyển 3 cho chị Lan``), and what was only sent on (``chuyển hồ sơ 3 cho chị Lan ký rồi``)."""

from __future__ import annotations

from collections.abc import Sequence

from engine.rules.chat_tokens import Kind, Token, is_word
from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import Role, are, words_of
from engine.rules.replies.pieces import Piece, Reply, date_of, lead_ends
from engine.rules.replies.receivers import GIVES, receiver_in
from engine.rules.replies.spoken import PLAIN_PAST


def receiver_of(reply: Reply, after: Sequence[Piece]) -> tuple[str | None, str | None, Sequence[Piece]]:
    """The name after "cho", as typed and without its title; the unit behind it; and the pieces without both."""
    found = receiver_in(reply.tokens, after[0].start if after else len(reply.tokens))
    if found is None:
        return None, None, after
    give, start, name_end, end = found
    told = give if is_word(reply.tokens, give, *GIVES) else give + 1  # "giao 3 anh Tuấn"
    rest = [piece for piece in after if piece.end <= told or piece.start >= end]
    if any(piece.role is Role.NUMBERS and piece.end <= told for piece in rest):  # "Trường Tiểu học số 2" is a name
        rest = [piece for piece in rest if piece.role is not Role.NUMBERS or piece.end <= told]
    if is_word(reply.tokens, start, "ai") or is_word(reply.tokens, end, "hoặc", "hay"):  # it asks, or leaves it open
        return None, None, rest
    return reply.shown(start, name_end), reply.shown(name_end, end), rest


_PAPERS = words_of(
    "số liệu | biểu | biểu mẫu | mẫu | file | tài liệu | danh sách | phiếu | bảng | hồ sơ | công văn | văn bản"
    " | cv | vb | tờ trình | quyết định | thông báo | zalo | mail | email | gmail | tiền | giấy | bản | ảnh | link"
    " | thư | tin"
)
_REPORT = words_of("báo cáo | bc")
_PURPOSES = words_of(
    "ký | kí | kiểm tra | xem | đóng dấu | duyệt | phê duyệt | trình | thẩm định | góp ý | đọc | rà soát | xác nhận"
    " | tham khảo | chỉnh | sửa | phát hành | ban hành | tổng hợp | in | biết | lưu"
)
_NO_PERSONS = words_of("trạng thái | mục | cột | danh sách | nhóm | hệ thống | phần mềm | zalo | mail | email | gmail")
_WRITER = ("em", "e", "tôi", "mình", "tui", "cháu", "con")
_PLEADS = ("việc", "số", "với", "đi", "nhé", "nha", "ạ", "luôn", "làm", "giùm", "dùm", "giúp", "nghe", "nhá")


def is_sent_on(reply: Reply, before: Sequence[Piece], after: Sequence[Piece]) -> bool:
    """``đã chuyển hồ sơ 3 …``, ``chuyển 3 cho sếp ký rồi``, ``chuyển 3 sang mục đã xong``: no work changes hands."""
    tokens, first = reply.tokens, lead_ends(reply)
    last = next((piece.start for piece in after if piece.role is Role.REASON), len(tokens))
    found = receiver_in(tokens, first)
    give = min(found[0], last) if found else last
    end = next((piece.start for piece in after if piece.role is Role.BREAK and piece.start > give + 1), last)
    told = bool(before) and before[-1].role is Role.PAST and reply.folded(before[-1]) != "roi"
    past = told or any(token.folded in PLAIN_PAST for token in tokens[give if found else first : min(end, last)])
    report = any(are(tokens, at, words) for words in _REPORT for at in range(first, give))
    numbered = any(piece.role is Role.NUMBERS and piece.end <= give for piece in after)
    papers = _stands_in(tokens, first, give, _PAPERS) or (report and not numbered)
    purpose = _stands_in(tokens, give + 1, min(end, last), _PURPOSES)
    nobody = any(are(tokens, give + 1, words) for words in _NO_PERSONS)
    told_of = [piece for piece in (*before, *after) if piece.start < last]
    finished = any(piece.role is Role.FINISHED or _is_gone_by(reply, piece) for piece in told_of)
    return papers or past or purpose or nobody or finished or _to_writer(tokens, found)


def _is_gone_by(reply: Reply, piece: Piece) -> bool:
    """``hôm qua giao 3 cho Lan``"""
    day = date_of(reply, piece) if piece.role is Role.DATE else None
    return day is not None and day < reply.today


def _stands_in(tokens: Sequence[Token], first: int, last: int, phrases: Sequence[tuple[str, ...]]) -> bool:
    """Whether one of these phrases stands there; "anh Trình" with a capital is a name."""
    return any(
        are(tokens, at, words) and not (len(words) == 1 and tokens[at].word.istitle())
        for at in range(first, last)
        for words in phrases
    )


def _to_writer(tokens: Sequence[Token], found: tuple[int, int, int, int] | None) -> bool:
    """``chuyển 3 cho em với``: the writer asks for the work; "cho em Thảo" names a person."""
    if found is None:
        return False
    at = found[0] + 1
    alone = at + 1 >= len(tokens) or tokens[at + 1].kind is not Kind.WORD or is_word(tokens, at + 1, *_PLEADS)
    return is_word(tokens, at, *_WRITER) and alone and not tokens[at].word.isupper()


def doubt_of_day(reply: Reply, before: Sequence[Piece]) -> Doubt | None:
    """``mai giao 3 cho Lan``: not today."""
    days = [date_of(reply, piece) for piece in before if piece.role is Role.DATE]
    return Doubt.LATER if any(day is None or day > reply.today for day in days) else None

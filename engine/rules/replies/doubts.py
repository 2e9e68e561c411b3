"""What may be wrong with a reply that says "done": each check looks for one kind of doubt.

Every piece must be known and harmless. That is not enough: harmless words can promise ("xong 3 em báo cáo"), order
("hoàn thành 3 nhé em") or count ("xong 3 kế hoạch"), and these checks know how.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import pairwise, zip_longest

from engine.rules.chat_letters import same_spelling
from engine.rules.chat_tokens import Kind
from engine.rules.chat_words import Lean
from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import COURTEOUS, Role
from engine.rules.replies.pieces import Piece, Reply, date_of, dated_behind, numbers_in
from engine.rules.replies.several import doubt_of_several
from engine.rules.replies.spoken import (
    PLAIN_PAST,
    QUITE_PAST,
    doubt_of_c,
    doubt_of_next_step,
    doubt_of_order,
    doubt_of_promise,
    doubt_of_speech,
    told_at,
)
from engine.rules.replies.things import doubt_of_going_on, doubt_of_part, doubt_of_period, doubt_of_receivers


def doubt_of_done(reply: Reply) -> Doubt | None:
    """The first doubt about a reply that says "done"; None when it is plain."""
    return next((doubt for asks in _DOUBTS if (doubt := asks(reply)) is not None), None)


def is_past(reply: Reply, at: int) -> bool:
    """Whether the deed there has been done: ``đã nộp``, ``nộp 3 rồi``, ``nộp 3 xong``; not ``xong rồi nộp``."""
    pieces = reply.pieces
    if pieces[at].role is not Role.DEED:
        return False
    for later in pieces[at + 1 :]:
        if later.role in (Role.DEED, Role.HEDGE, Role.COMMAND):
            break
        if later.role is Role.FINISHED or (later.role is Role.PAST and reply.folded(later) in PLAIN_PAST):
            return True
    if _goes_on_sending(reply, at):
        return True
    if not at or pieces[at - 1].role is not Role.PAST or pieces[at].value is Doubt.UNCLEAR:
        return False
    past = reply.folded(pieces[at - 1])
    finished_before = any(piece.role is Role.FINISHED for piece in pieces[:at])
    return past in QUITE_PAST or (past in ("moi", "ms") and not finished_before)


def _goes_on_sending(reply: Reply, at: int) -> bool:
    """``đã nộp 3, số 12/BC-UBND, gửi Sở Nội vụ``: the same deed, and where it went."""
    pieces = reply.pieces
    sent = [i for i in range(at) if pieces[i].role is Role.DEED and pieces[i].value is None]
    between = (Role.NUMBERS, Role.DOCUMENT, Role.DATE, Role.BREAK, Role.THING, Role.WAY)
    if not sent or reply.folded(pieces[at]) not in ("gui", "goi") or pieces[at - 1].role is not Role.BREAK:
        return False
    somewhere = at + 1 < len(pieces) and pieces[at + 1].role is Role.BODY
    plain = all(piece.role in between for piece in pieces[sent[-1] + 1 : at])
    return plain and somewhere and is_past(reply, sent[-1])


def _doubt_all(reply: Reply) -> Doubt | None:
    """``xong hết``: which? ``xong cả 3``: all three, or number 3 too? "xong hết việc 3" is plain."""
    if len(numbers_in(reply.pieces)) > 1:
        return None
    for i, piece in enumerate(reply.pieces):
        if piece.role is not Role.ALL:
            continue
        behind_number = i > 0 and reply.pieces[i - 1].role is Role.NUMBERS and reply.folded(piece) in ("het", "sach")
        following = reply.pieces[i + 1] if i + 1 < len(reply.pieces) else None
        before_name = following is not None and following.role is Role.NUMBERS and _is_named(reply, following)
        if not (behind_number or before_name):
            return Doubt.ALL
    return None


def _is_named(reply: Reply, piece: Piece) -> bool:
    """``việc 3``, ``số 3``: said in a way that is no count."""
    return reply.tokens[piece.start].kind is Kind.WORD and len(reply.folded(piece).split()) > 1


def _doubt_numbers(reply: Reply) -> Doubt | None:
    for i, piece in enumerate(reply.pieces):
        if piece.role in (Role.COUNT, Role.DURATION):
            return Doubt.COUNT
        if piece.role is Role.NUMBERS and _goes_on_from_thing(reply, i):
            return Doubt.RANGE
        if piece.value is Doubt.RANGE:
            return Doubt.RANGE
    return None


def _goes_on_from_thing(reply: Reply, at: int) -> bool:
    """``xong thôn 3 và 5``: the 5 may be a village too."""
    if _is_named(reply, reply.pieces[at]):
        return False
    joins = (
        piece for piece in reversed(reply.pieces[:at]) if piece.role is not Role.BREAK and reply.folded(piece) != "va"
    )
    before = next(joins, None)
    return (
        before is not None
        and before.role is Role.THING
        and before.end - before.start > 1
        and (reply.tokens[before.end - 1].kind is Kind.NUMBER)
    )


def _doubt_day(reply: Reply) -> Doubt | None:
    """A day to come is a promise; today's hour needs a word of the past beside it."""
    told_past = any(piece.role is Role.PAST for piece in reply.pieces)
    for piece in _days_told(reply):
        token = reply.tokens[piece.start]
        if token.kind is Kind.DAY and ("/" not in token.folded or not numbers_in(reply.pieces)):
            return Doubt.RANGE
        if token.kind is Kind.DAY and _may_be_share(token.folded):
            return Doubt.PARTLY
        date = date_of(reply, piece, Lean.BEHIND)
        if token.kind is Kind.NUMBER and (date is None or date <= reply.today):
            return Doubt.RANGE  # "xong 3 tháng 3": number 3, or the third of March?
        hour = date is None and reply.tokens[piece.end - 1].kind is Kind.TIME
        if hour and _reports_hour(reply, piece):
            continue
        if hour or (date == reply.today and not _is_numeric(reply, piece)):
            if not told_past:
                return Doubt.LATER
        elif date is None or date > reply.today:
            return Doubt.LATER
    return None


def _reports_hour(reply: Reply, piece: Piece) -> bool:
    """``xong 3 lúc 15h ạ`` reports; ``xong 3 lúc 17h`` may still promise."""
    after = reply.pieces.index(piece) > told_at(reply) and reply.folded(piece).startswith("luc")
    polite = any(same_spelling(token.word, "ạ") or same_spelling(token.word, "dạ") for token in reply.tokens)
    return after and polite and reply.folded(reply.pieces[told_at(reply)]) in ("xong", "da xong")


def _may_be_share(day: str) -> bool:
    """``xong 1/2``: half of it, or the first of February?"""
    parts = [int(part) for part in day.split("/")]
    return len(parts) == 2 and parts[0] < parts[1] <= 10


def _days_told(reply: Reply) -> list[Piece]:
    """The date pieces of a statement that do not belong to a document."""
    documents = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.DOCUMENT]
    taken = [dated_behind(reply.pieces, i) for i in documents]
    return [piece for piece in reply.pieces if piece.role is Role.DATE and piece not in taken]


def day_done(reply: Reply) -> dt.date | None:
    return next((date_of(reply, piece, Lean.BEHIND) for piece in _days_told(reply)), None)


def _is_numeric(reply: Reply, piece: Piece) -> bool:
    return any(token.kind in (Kind.DAY, Kind.NUMBER) for token in reply.tokens[piece.start : piece.end])


def _doubt_deeds(reply: Reply) -> Doubt | None:
    """``xong rồi nộp 3`` has a deed still to do."""
    deeds = [i for i, piece in enumerate(reply.pieces) if piece.role is Role.DEED]
    return None if all(is_past(reply, at) for at in deeds) else Doubt.UNCLEAR


_KNOWN = COURTEOUS | {Role.FINISHED, Role.DEED, Role.PAST, Role.ALL, Role.THING, Role.WAY, Role.NUMBERS}
_KNOWN |= {Role.BODY, Role.DATE, Role.DOCUMENT, Role.LINK, Role.COUNT, Role.DURATION}  # what counts is doubted later


_PLACES = (Role.WAY, Role.THING, Role.PERSON, Role.BODY)


def _doubt_unread(reply: Reply) -> Doubt | None:
    """Unknown words; or "kế toán xong 3", which tells of somebody else."""
    told = told_at(reply)
    for i, piece in enumerate(reply.pieces):
        following = reply.pieces[i + 1].role if i + 1 < len(reply.pieces) else None
        sent_somewhere = piece.role in (Role.TO, Role.GIVE) and following in _PLACES
        # "nộp từ hôm qua rồi"
        since = piece.role is Role.TO and reply.folded(piece) == "tu" and following in (Role.DATE, Role.PAST)
        sent_somewhere |= since
        by_somebody = piece.role is Role.BODY and i < told
        if by_somebody or (piece.role not in _KNOWN and not sent_somewhere):
            return Doubt.UNREAD
    return None


def _doubt_sign(reply: Reply) -> Doubt | None:
    """``x`` needs its number straight behind it, ✅ a number somewhere; or another word that says it."""
    pieces = reply.pieces
    clear = any(piece.role is Role.FINISHED and piece.value is None for piece in pieces)
    if clear or any(piece.role is Role.DEED for piece in pieces):
        return None
    for i, piece in enumerate(pieces):
        if piece.role is Role.FINISHED and piece.value is Doubt.UNCLEAR:
            letter = reply.folded(piece) == "x"
            if letter and i and pieces[i - 1].role is Role.GREET:  # "cảm ơn x3"
                return Doubt.UNCLEAR
            beside = pieces[i + 1 : i + 2] if letter else pieces
            if not numbers_in(beside):
                return Doubt.UNCLEAR
    return None


def _doubt_thing(reply: Reply) -> Doubt | None:
    named = any(piece.role is Role.THING or _is_bare_paper(reply, piece) for piece in reply.pieces)
    named |= any(reply.folded(piece) == "tra loi" for piece in reply.pieces)  # "em trả lời rồi": to whom, about what?
    return Doubt.NAMES_A_THING if named and not numbers_in(reply.pieces) else None


def _is_bare_paper(reply: Reply, piece: Piece) -> bool:
    """``công văn 5``: a document's number, or the task's?"""
    tokens = reply.tokens[piece.start : piece.end]
    plain = all(token.kind is not Kind.DOCUMENT and token.folded != "so" for token in tokens)
    return piece.role is Role.DOCUMENT and plain


def _doubt_idiom(reply: Reply) -> Doubt | None:
    """``rồi xong``, ``xong em rồi``, ``xong luôn``: without a number, a sigh as likely as a report."""
    spoken = [piece for piece in reply.pieces if piece.role is not Role.BREAK]
    if numbers_in(spoken) or any(piece.role is Role.DEED for piece in spoken):
        return None
    told = next(i for i, piece in enumerate(spoken) if piece.role is Role.FINISHED)
    after = [piece.role for piece in spoken[told + 1 :]]
    sighs = told > 0 and reply.folded(spoken[told - 1]) in PLAIN_PAST
    about_me = after[:1] == [Role.PERSON] and (len(after) == 1 or after[1] is Role.PAST)
    at_once = after[:1] == [Role.POLITE] and reply.folded(spoken[told + 1]) in ("luon", "lun")
    at_once = at_once and all(role is Role.POLITE for role in after)
    return Doubt.UNCLEAR if sighs or about_me or at_once else None


def _doubt_first(reply: Reply) -> Doubt | None:
    """``xong 3 đã``: "đã" behind it means "first", and the work is still to be done."""
    spoken = [piece for piece in reply.pieces if piece.role not in COURTEOUS]
    return Doubt.LATER if spoken and reply.folded(spoken[-1]) in ("da", "moi", "ms", "vua") else None


def _doubt_other_deed(reply: Reply) -> Doubt | None:
    """``đã xem xong 3``, ``thống kê xong 3``, ``nghe xong 3``: something else was finished."""
    for piece, following in pairwise(reply.pieces):
        words = reply.folded(piece)
        took_note = piece.role is Role.GREET and any(verb in words.split() for verb in ("nhan", "xem", "biet", "ro"))
        if took_note and following.role is not Role.BREAK:
            return Doubt.UNREAD
        if following.role is Role.FINISHED and (words in _OTHER_DEEDS or words in _DIRECTIONS):
            return Doubt.UNREAD
    return None


_OTHER_DEEDS = frozenset(
    ["nghe", "thong bao", "tong ket", "so ket", "thong ke", "tiep dan", "tiep cong dan", "giai ngan", "tiem chung"]
)


def _doubt_halfway(reply: Reply) -> Doubt | None:
    """``đã gửi công an``: it went to a neighbour, perhaps only to be signed; ``đã báo cáo sếp việc 3``: about it."""
    told = [piece for piece in reply.pieces if piece.role is Role.FINISHED]
    reported = [i for i, piece in enumerate(reply.pieces) if piece in told and reply.folded(piece) == "da bao cao"]
    if told and len(told) == len(reported):
        hearers = (reply.pieces[i + 1] for i in reported if i + 1 < len(reply.pieces))
        heard = any(reply.folded(hearer) in _NEIGHBOURS | _ABOVE or hearer.role is Role.PERSON for hearer in hearers)
        return Doubt.UNCLEAR if heard else None
    if told:
        return None
    beside = any(piece.role is Role.BODY and reply.folded(piece) in _NEIGHBOURS for piece in reply.pieces)
    return Doubt.UNCLEAR if beside else None


_NEIGHBOURS = frozenset(
    [
        "cong an",
        "ke toan",
        "tu phap",
        "dia chinh",
        "doan",
        "hoi",
        "mttq",
        "quan su",
        "thanh tra",
        "anh chi",
        "moi nguoi",
    ]
)
_ABOVE = frozenset(["lanh dao", "sep", "thay", "cap tren"])


def _doubt_direction(reply: Reply) -> Doubt | None:
    """``xong 3 về``: a word of direction must lead somewhere."""
    for number, piece, following in zip_longest(reply.pieces, reply.pieces[1:], reply.pieces[2:]):
        bare = piece and piece.role is Role.WAY and reply.folded(piece) == "so" and number.role is Role.NUMBERS
        if bare and (following is None or following.role in (Role.PAST, Role.POLITE)):  # "xong 3 so roi": "sở"?
            return Doubt.UNREAD
    pieces = [piece for piece in reply.pieces if piece.role not in COURTEOUS]
    loose = bool(pieces) and pieces[-1].role is Role.WAY and reply.folded(pieces[-1]) in _DIRECTIONS
    if loose and reply.folded(pieces[-1]) == "so" and reply.folded(pieces[-2]) in ("len", "ve", "cho"):
        return None  # "da nop len so": to the department
    return Doubt.UNREAD if loose else None


_DIRECTIONS = frozenset(["ve", "len", "vao", "tren", "o", "cua", "bang", "so"])


# Whether it is done comes before which work is meant: to "which?" a number is answer enough.
_DOUBTS: tuple[Callable[[Reply], Doubt | None], ...] = (
    _doubt_day,
    _doubt_deeds,
    _doubt_unread,
    _doubt_first,
    _doubt_other_deed,
    _doubt_halfway,
    doubt_of_speech,
    doubt_of_promise,
    doubt_of_next_step,
    doubt_of_period,
    doubt_of_part,
    _doubt_idiom,
    doubt_of_order,
    _doubt_direction,
    doubt_of_c,
    _doubt_sign,
    doubt_of_several,
    doubt_of_going_on,
    _doubt_numbers,
    doubt_of_receivers,
    _doubt_thing,
    _doubt_all,  # the last: with one thing open, this doubt alone is none
)

"""Who speaks to whom: thanks for what others did, orders to do it, promises in answer to one, and "c" for "chưa"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, zip_longest

from engine.rules.chat_letters import is_slip_of
from engine.rules.chat_tokens import Kind
from engine.rules.chat_words import Lean
from engine.rules.replies.meaning import Doubt
from engine.rules.replies.phrases import Role
from engine.rules.replies.pieces import Piece, Reply, date_of, dated_behind

QUITE_PAST = frozenset(["da", "vua"])
PLAIN_PAST = frozenset(["roi", "r", "rui", "goi", "rau", "oi", "oy"])
SUPERIORS = frozenset(["anh", "chi", "bac", "co", "chu", "dong chi", "c", "sep"])
_VERBS = (Role.FINISHED, Role.DEED)
_ACTS = (*_VERBS, Role.COMMAND)
_THANKS = ("cam on", "camon", "thank", "tks")
_PRAISE = frozenset(["tot", "tuyet", "tuyet voi", "gioi qua", "good"])
_GREETINGS = ("chao", "xin chao", "hello", "hi", "alo", "hihi", "hehe", "haha", "kk")
_AUDIENCE = frozenset(["cac dong chi", "ca nha", "cac bac", "cac sep", "cac anh", "cac chi", "moi nguoi", "anh chi"])
_SOFT = frozenset(["nhe", "nha", "nhen", "nghen", "hen", "nghe", "nhoa"])
_MANNERS = frozenset(
    [
        *("dung han", "day du", "xuat sac", "tot", "theo chi dao", "theo yeu cau", "theo quy dinh", "theo mau"),
        *(
            "theo huong dan",
            "gui tinh",
            "nop tinh",
            "len tinh",
            "ve tinh",
            "ra tinh",
            "dung thoi gian",
            "dung thoi gian quy dinh",
            "dung tien do",
            "dung thoi han",
        ),
    ]
)
_AT_ONCE = ("luon", "lun")


def told_at(reply: Reply) -> int:
    return next(i for i, piece in enumerate(reply.pieces) if piece.role in _VERBS)


def thanks_for(reply: Reply) -> bool:
    """``cảm ơn em đã nộp 1``: thanks and a deed in one breath tell what somebody else did."""
    for i, piece in enumerate(reply.pieces):
        if piece.role is not Role.GREET or not reply.folded(piece).startswith(_THANKS):
            continue
        for later in reply.pieces[i + 1 :]:
            if later.role is Role.BREAK:
                break
            if later.role in _ACTS:
                return True
    return False


def speaks_to_many(reply: Reply, pieces: Sequence[Piece]) -> bool:
    """``các đồng chí hoàn thành …``: those who are told to; but "cả nhà ơi, …" only calls them."""
    for i, piece in enumerate(pieces):
        following = pieces[i + 1] if i + 1 < len(pieces) else None
        called = following is not None and (
            following.role in (Role.BREAK, Role.PERSON) or reply.folded(following) == "oi"
        )
        if reply.folded(piece) in _AUDIENCE and not called:
            return True
    return False


def is_soft(reply: Reply, piece: Piece) -> bool:
    """``nhé``, ``nhaa``: asks the hearer to agree."""
    word = reply.folded(piece)
    return piece.role is Role.POLITE and (word in _SOFT or word[:-1] in _SOFT)


def tells_past(reply: Reply) -> bool:
    """Whether more than the verb says that it has happened: "đã", "rồi" behind it, a day, a document, a link."""
    told, pieces = told_at(reply), reply.pieces
    if any(piece.role is Role.FINISHED and reply.folded(piece).startswith("da ") for piece in pieces):
        return True
    asks = any(is_soft(reply, piece) for piece in pieces)  # "hoàn thành 3 nhé, mẫu ở https://…"
    return any(
        _is_past(reply, i, told)
        or (piece.role is Role.LINK and not asks)
        or _is_paper(reply, i)
        or _is_day_gone(reply, piece)
        for i, piece in enumerate(pieces)
    )


def _is_past(reply: Reply, at: int, told: int) -> bool:
    piece = reply.pieces[at]
    if piece.role is not Role.PAST:
        return False
    words = reply.folded(piece)
    if words in PLAIN_PAST:  # "rồi em hoàn thành" says yes, "em hoàn thành rồi" tells
        return at > told
    following = reply.pieces[at + 1].role if at + 1 < len(reply.pieces) else None
    return words != "da" or following in _ACTS  # "da em hoan thanh" is "dạ"


def _is_paper(reply: Reply, at: int) -> bool:
    """A document that was made; ``theo công văn 45/UBND-VX`` is one that asks for the work."""
    piece = reply.pieces[at]
    asked = any(reply.folded(earlier) == "theo" for earlier in reply.pieces[max(at - 3, 0) : at])
    numbered = any(token.kind is Kind.DOCUMENT for token in reply.tokens[piece.start : piece.end])
    return piece.role is Role.DOCUMENT and not asked and (numbered or piece.end - piece.start > 2)


def _is_day_gone(reply: Reply, piece: Piece) -> bool:
    if piece.role is not Role.DATE:
        return False
    papers = (i for i, other in enumerate(reply.pieces) if other.role is Role.DOCUMENT)
    day = date_of(reply, piece, Lean.BEHIND)
    return day is not None and day < reply.today and all(dated_behind(reply.pieces, i) is not piece for i in papers)


def doubt_of_speech(reply: Reply) -> Doubt | None:
    """``cảm ơn em đã nộp``, ``các đồng chí hoàn thành 3 nhé``, ``vâng em hoàn thành ạ``, ``anh gửi việc 3 rồi``."""
    told = told_at(reply)
    if thanks_for(reply) or _hands_out(reply) or any(reply.folded(p) in _PRAISE for p in reply.pieces[:told]):
        return Doubt.UNCLEAR
    if speaks_to_many(reply, reply.pieces[:told]):
        return Doubt.UNREAD
    return None if tells_past(reply) else _order_or_promise(reply, told)


def _order_or_promise(reply: Reply, told: int) -> Doubt | None:
    """With nothing that tells of the past, "hoàn thành 3" can be said to somebody, or promised."""
    verb = reply.pieces[told]
    before, after = reply.pieces[:told], reply.pieces[told + 1 :]
    says_yes = any(
        (piece.role is Role.GREET and not reply.folded(piece).startswith(_GREETINGS))
        or (piece.role is Role.PAST and reply.folded(piece) in PLAIN_PAST)
        for piece in before
    )
    at_once = any(reply.folded(piece) in _AT_ONCE for piece in after)
    if verb.role is not Role.FINISHED:
        return None
    soft = any(is_soft(reply, piece) for piece in after)
    manner = any(reply.folded(piece) in _MANNERS or reply.folded(piece) == "theo" for piece in (*before, *after))
    gives = any(p.role is Role.GIVE and q.role in (Role.PERSON, Role.BODY) for p, q in pairwise(after))
    if not _is_work(reply, verb):
        if soft and (manner or gives):  # "xong 3 đúng hạn nhé", "xong 3 cho chị nhé"
            return Doubt.MUST
        return Doubt.LATER if says_yes and at_once else None
    if says_yes or at_once:
        return Doubt.LATER
    if soft or speaks_to_many(reply, after):
        return Doubt.MUST
    if not _is_to_do(reply, verb):
        return None
    if any(piece.role is Role.PERSON for piece in before):
        return Doubt.LATER
    return Doubt.MUST if manner else None


def _is_work(reply: Reply, verb: Piece) -> bool:
    """``hoàn thành``, ``làm xong``: can be told to somebody; ``xong`` can not."""
    return _is_to_do(reply, verb) or (len(reply.folded(verb).split()) > 1 and not _is_xong(reply, verb))


def _is_to_do(reply: Reply, verb: Piece) -> bool:
    words = reply.folded(verb)
    return words == "ht" or (not _is_xong(reply, verb) and words.startswith("ho"))


def _is_xong(reply: Reply, verb: Piece) -> bool:
    first = reply.folded(verb).split()[0]
    return first == "xong" or (verb.end - verb.start == 1 and is_slip_of(first, "xong"))


def _hands_out(reply: Reply) -> bool:
    """``anh gửi việc 3 rồi nhé``, ``đã gửi các đồng chí việc 3``: the one who is above sends it out."""
    speaker = None
    sent = False
    for i, piece in enumerate(reply.pieces):
        if piece.role is Role.PERSON and not sent:
            speaker = reply.folded(piece)
        if piece.role is Role.DEED:
            sends = reply.folded(piece) in ("gui", "goi")
            sent = sends and speaker in SUPERIORS
            if sends and i + 1 < len(reply.pieces) and reply.folded(reply.pieces[i + 1]) in _AUDIENCE:
                return True
        if sent and piece.role is Role.NUMBERS:
            return True
    return False


def doubt_of_c(reply: Reply) -> Doubt | None:
    """``c xong``, ``3 xong c``: "chưa", unless the verb and a word of the past or a courtesy went before: "chị"."""
    acts = [i for i, piece in enumerate(reply.pieces) if piece.role in _ACTS]
    for i, piece in enumerate(reply.pieces):
        if reply.folded(piece) == "cx" and not any(later.role is Role.PAST for later in reply.pieces[i:]):
            return Doubt.QUESTION  # "cx xong rồi" is "cũng"
        if piece.role is not Role.PERSON or reply.folded(piece) != "c":
            continue
        since = reply.pieces[acts[0] + 1 : i] if acts and acts[-1] < i else ()
        if not any(earlier.role in (Role.PAST, Role.POLITE) for earlier in since):
            return Doubt.QUESTION
    return None


_DIRECTIONS = ("len", "ve", "vao", "o", "len tinh", "ve tinh", "ra tinh", "gui tinh", "nop tinh")


def doubt_of_next_step(reply: Reply) -> Doubt | None:
    """``xong 3 em lên phòng anh``, ``xong 3 lên cổng nhé``: what comes when it is done."""
    verb: Piece | None = None
    past = tells_past(reply)
    for i, piece in enumerate(reply.pieces):
        if piece.role in _VERBS:
            verb = piece
        if verb is None or verb.role is not Role.FINISHED:
            continue
        before = reply.pieces[i - 1]
        goes = piece.role is Role.WAY and reply.folded(piece) in _DIRECTIONS
        goes_over = piece.role is Role.TO and reply.folded(piece) != "tu"  # "xong 3 em qua phòng chị"
        body = i + 1 < len(reply.pieces) and reply.pieces[i + 1].role in (Role.BODY, Role.PERSON)
        told_after = any(later.role is Role.PAST for later in reply.pieces[i:])
        person = before.role is Role.PERSON or reply.folded(before) == "toi"
        if (goes or goes_over or reply.folded(piece) == "tren") and person:
            return Doubt.LATER
        if _tells_somebody(reply, i) and (before.role is Role.PAST or not (past or told_after)):
            return Doubt.LATER
        if (
            (goes or (goes_over and body))
            and before.role in (Role.NUMBERS, Role.PAST, Role.POLITE)
            and not (told_after or _said_before(reply))
        ):
            return Doubt.LATER if not past or before.role is Role.PAST else None
    return None


_TO_TELL = frozenset(["zalo", "mail", "email", "gmail", "telegram", "fax", "alo", "bao cao", "bc", "thong bao"])


def _tells_somebody(reply: Reply, at: int) -> bool:
    """``xong 3 zalo anh nhé``, ``xong 3 rồi mail tỉnh``, ``xong 3 rồi báo cáo nhé``, ``xong 3 rồi cho anh``."""
    pieces = reply.pieces
    following = pieces[at + 1] if at + 1 < len(pieces) else None
    told = following is not None and following.role in (Role.PERSON, Role.BODY)
    called = at + 2 < len(pieces) and reply.folded(pieces[at + 2]) == "oi"  # "xong 3, alo anh ơi"
    if reply.folded(pieces[at]) in _TO_TELL:
        next_step = pieces[at - 1].role is Role.PAST and (following is None or following.role is Role.POLITE)
        return next_step or (told and not called)
    return told and pieces[at].role is Role.GIVE and pieces[at - 1].role is Role.PAST


def _said_before(reply: Reply) -> bool:
    """``đã xong 3``: told as past before the verb."""
    told = told_at(reply)
    earlier = [reply.folded(piece) for piece in reply.pieces[:told] if piece.role is Role.PAST]
    return "da" in earlier or "vua" in earlier or reply.folded(reply.pieces[told]).startswith("da ")


def doubt_of_promise(reply: Reply) -> Doubt | None:
    """``xong 3 em báo cáo``, ``xong việc 3 báo cáo anh``: what comes after it is done."""
    pieces = reply.pieces[told_at(reply) + 1 :]
    for piece, following in zip_longest(pieces, pieces[1:]):
        words, beside = reply.folded(piece), following.role if following else None
        subject = piece.role is Role.PERSON and beside is Role.THING
        reports = piece.role is Role.THING and words in _ALSO_VERBS and beside in (Role.PERSON, Role.BODY)
        if subject or reports or words in ("em bao cao", "toi bao cao", "bao cao la"):
            return Doubt.LATER
    return None


_ALSO_VERBS = frozenset(["bao cao", "bc", "thong bao", "tong ket", "so ket", "thong ke"])


def doubt_of_order(reply: Reply) -> Doubt | None:
    """``hoàn thành 3 nhé em``: said to those who have to do it."""
    spoken = [piece for piece in reply.pieces if piece.role is not Role.BREAK]
    while len(spoken) > 1 and reply.folded(spoken[-1]) in ("a", "ah"):
        spoken.pop()
    last = reply.folded(spoken[-1])
    told = reply.folded(reply.pieces[told_at(reply)])
    tells = told == "xong" and len(spoken) > 1 and reply.folded(spoken[-2]) != "nghe"
    if last in ("em", "e") and tells:  # "xong 3 nhé em"
        return None
    to_doers = last in _DOERS and (len(spoken) < 2 or spoken[-2].role is not Role.GREET)
    return Doubt.MUST if to_doers and not any(piece.role is Role.PAST for piece in spoken) else None


_DOERS = frozenset(
    ["em", "e", "chau", "con", "dong chi", "moi nguoi", "cac dong chi", "anh chi", "cac anh", "cac chi", "cac anh chi"]
)

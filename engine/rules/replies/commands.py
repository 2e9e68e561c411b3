"""Commands: a reply that begins with what it asks for (``gia hạn 3 đến 25/3 vì …``), courtesies aside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engine.rules.chat_words import Kind, Token, is_marked, is_word
from engine.rules.replies.meaning import Doubt, Intent, Verb
from engine.rules.replies.phrases import COURTEOUS, Role
from engine.rules.replies.pieces import Piece, Reply, date_of, document_in, link_in, numbers_in, trimmed
from engine.rules.replies.reading import TITLES, are


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
_LEADS_IN = COURTEOUS | {Role.PLEASE, Role.PAST, Role.THING, Role.WAY, Role.NUMBERS, Role.COUNT, Role.DATE, Role.TO}
_FREE = frozenset([Role.UNREAD, Role.HEDGE, Role.DEED, Role.PAST, Role.FINISHED, Role.COMMAND, Role.ALL, Role.GIVE])


def command(reply: Reply) -> Intent | None:
    """A reply that begins with a command, courtesies and the number aside; None when it is no command."""
    lead = next((i for i, piece in enumerate(reply.pieces) if piece.role is Role.COMMAND), None)
    if lead is None:
        return None
    verb = reply.pieces[lead].value
    assert isinstance(verb, Verb)
    before, reason = reply.pieces[:lead], None
    because = next((i for i, piece in enumerate(before) if piece.role is Role.REASON), None)
    if because is not None and verb in (Verb.EXTEND, Verb.LEAVE):  # "do chưa có số liệu, xin gia hạn 3 đến 25/3"
        reason = trimmed(reply, before[because + 1 : _last_break(before)])
        before = before[:because]
    if any(piece.role not in _LEADS_IN for piece in before):
        return None
    return _commanded(reply, verb, before, reply.pieces[lead + 1 :], reason)


def _last_break(before: Sequence[Piece]) -> int:
    """Where "…, em xin" begins, behind a reason that was given first."""
    breaks = [i for i, piece in enumerate(before) if piece.role is Role.BREAK]
    closing = breaks and all(piece.role in COURTEOUS | {Role.PLEASE} for piece in before[breaks[-1] :])
    return breaks[-1] if closing else len(before)


def _commanded(
    reply: Reply, verb: Verb, before: Sequence[Piece], after: Sequence[Piece], early_reason: str | None
) -> Intent:
    shape = _SHAPES[verb]
    who, after = _receiver(reply, after) if verb is Verb.HAND_OVER else (None, after)
    cut = _reason_begins(after, verb) if shape.reason else len(after)
    stated = (*before, *after[:cut])
    told = after[cut + 1 :] if cut < len(after) and after[cut].role is Role.REASON else after[cut:]
    numbers = numbers_in(stated) or (numbers_in(told) if verb is Verb.STUCK else ())
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
        reason=trimmed(reply, told) or early_reason,
        document=document_in(reply, stated)[0],
        link=link_in(reply),
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
    telling = [piece for piece in pieces if piece.role not in COURTEOUS | {Role.PLEASE}]
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


def _stray_day(reply: Reply, pieces: Sequence[Piece], verb: Verb) -> bool:
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
        return date_of(reply, dates[-1]), None, told
    closing = [piece for piece in told if piece.role not in (Role.POLITE, Role.BREAK)][-2:]
    if verb is Verb.EXTEND and [piece.role for piece in closing] == [Role.TO, Role.DATE]:
        return date_of(reply, closing[1]), None, told[: list(told).index(closing[0])]
    if verb is Verb.EXTEND and closing and closing[-1].role is Role.DATE and closing[-1].day is not None:
        return date_of(reply, closing[-1]), None, told[: list(told).index(closing[-1])]
    return None, None, told


def _leave(reply: Reply, stated: Sequence[Piece], dates: Sequence[Piece]) -> tuple[dt.date | None, dt.date | None]:
    found = [date for piece in dates if (date := date_of(reply, piece)) is not None]
    if len(found) == 1 and len(dates) == 1:
        first = numbers_in(stated)[:1]  # "nghỉ từ 20 đến 25/3"
        if first and 1 <= first[0] <= found[0].day:
            return found[0].replace(day=first[0]), found[0]
        at = stated.index(dates[0])
        opens = any(piece.role is Role.DURATION for piece in stated) or (at and reply.folded(stated[at - 1]) == "tu")
        return found[0], None if opens else found[0]
    if len(found) == 2 and found[0] <= found[1]:
        return found[0], found[1]
    return None, None


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
    titled = 2 if are(tokens, start, ("đồng", "chí")) else 1 if is_word(tokens, start, *TITLES, "đc") else 0
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

"""Commands: a reply that begins with what it asks for (``gia hạn 3 đến 25/3 vì …``), courtesies aside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engine.rules.chat_tokens import Kind
from engine.rules.replies.command_dates import dates_of_command, days_more, stray_day, two_days
from engine.rules.replies.grants import doubt_of_grant
from engine.rules.replies.handing_over import receiver_of
from engine.rules.replies.leads import LEADS_IN, asked_behind, last_break, opening_number, says_not_done, therefore
from engine.rules.replies.leaves import doubt_of_leave, is_leave
from engine.rules.replies.meaning import Doubt, Intent, Verb
from engine.rules.replies.phrases import COURTEOUS, Role
from engine.rules.replies.pieces import Piece, Reply, document_in, lead_ends, link_in, numbers_in, trimmed
from engine.rules.replies.receivers import no_receiver
from engine.rules.replies.second_clauses import doubt_of_second_clause
from engine.rules.replies.tellings import doubt_of_telling, tells_only, took_note
from engine.rules.replies.times import time_of_day


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand after a command."""

    reason: bool = False
    date: bool = False
    after_no: bool = False  # may follow "chưa xong"
    may_ask: bool = False  # "gia hạn 3 đến 25/3 được không?" is still the request
    strict: bool = False  # it allows or closes something: every word must be known
    bears: frozenset[Doubt] = frozenset()  # hedges that change nothing about it


_SHAPES: dict[Verb, Shape] = {
    Verb.DOING: Shape(
        after_no=True,
        bears=frozenset({Doubt.NOT_DONE, Doubt.ALMOST, Doubt.PARTLY, Doubt.LATER, Doubt.BUT, Doubt.MUST, Doubt.UNSURE}),
    ),
    Verb.EXTEND: Shape(reason=True, date=True, after_no=True, may_ask=True, bears=frozenset({Doubt.LATER})),
    Verb.APPROVE: Shape(date=True, strict=True),
    Verb.REFUSE: Shape(reason=True),
    Verb.CONFIRM: Shape(strict=True),
    Verb.RETURN: Shape(reason=True),
    Verb.HAND_OVER: Shape(reason=True),
    Verb.STUCK: Shape(reason=True, after_no=True),
    Verb.SNOOZE: Shape(date=True, after_no=True, may_ask=True, bears=frozenset({Doubt.LATER, Doubt.MUST})),
    Verb.DETAILS: Shape(may_ask=True, bears=frozenset({Doubt.CONDITION})),
    Verb.UNDO: Shape(strict=True, after_no=True, bears=frozenset({Doubt.NOT_DONE})),
    Verb.LEAVE: Shape(reason=True, date=True, may_ask=True),
}
_TELL_ABOUT_ONE = (Verb.STUCK, Verb.RETURN, Verb.REFUSE)  # behind these a number is the work's, whatever follows it
_FREE = frozenset([Role.UNREAD, Role.HEDGE, Role.DEED, Role.PAST, Role.FINISHED, Role.COMMAND, Role.ALL, Role.GIVE])


def command(reply: Reply) -> Intent | None:
    """A reply that begins with a command, courtesies and the number aside; None when it is no command."""
    lead = next((i for i, piece in enumerate(reply.pieces) if piece.role is Role.COMMAND), None)
    if lead is None:
        return None
    verb = reply.pieces[lead].value
    assert isinstance(verb, Verb)
    if verb is Verb.LEAVE and not is_leave(reply, lead):
        return None
    if verb is Verb.DETAILS and took_note(reply, reply.pieces[:lead]):
        numbers = numbers_in(reply.pieces)
        return Intent(Verb.UNKNOWN, numbers, doubt=Doubt.UNCLEAR) if numbers else Intent(Verb.GREETING)
    before, reason = reply.pieces[:lead], None
    because = next((i for i, piece in enumerate(before) if piece.role is Role.REASON), None)
    if because is not None and verb in (Verb.EXTEND, Verb.LEAVE):  # "do chưa có số liệu, xin gia hạn 3 đến 25/3"
        reason = trimmed(reply, before[because + 1 : last_break(before)])
        before = before[:because]
    if verb is Verb.STUCK and (asked := asked_behind(reply, lead)) is not None:
        verb, before, reason, lead = Verb.EXTEND, asked.before, asked.reason, asked.lead
        if asked.doubt:
            return Intent(Verb.UNKNOWN, numbers_in(reply.pieces), doubt=asked.doubt)
    shape = _SHAPES[verb]
    if verb is Verb.EXTEND and before and (so := therefore(reply, before)) is not None:
        named = opening_number(before[:so])
        reason = trimmed(reply, before[before.index(named) + 1 if named else 0 : so])
        before = (*((named,) if named else ()), *before[so + 1 :])
    if shape.after_no and says_not_done(before):
        if len(set(map(numbers_in, (before, reply.pieces[lead:]))) - {()}) > 1:
            return Intent(Verb.UNKNOWN, numbers_in(reply.pieces), doubt=Doubt.SEVERAL)  # "chưa xong 3, gia hạn 5"
        before = tuple(piece for piece in before if piece.role in LEADS_IN)
    if any(piece.role not in LEADS_IN and piece.value not in shape.bears for piece in before):
        return None
    after = reply.pieces[lead + 1 :]
    if verb in _TELL_ABOUT_ONE and after and after[0].role is Role.COUNT and not numbers_in(reply.pieces):
        after = (*_number_and_thing(reply, after[0]), *after[1:])
    return _commanded(reply, verb, before, after, reason)


def _number_and_thing(reply: Reply, piece: Piece) -> tuple[Piece, ...]:
    """``vướng 1 hồ sơ …``: work 1, and the first words of what is the matter with it."""
    if len(piece.numbers) != 1 or reply.tokens[piece.start].kind is not Kind.NUMBER:
        return (piece,)
    number = Piece(Role.NUMBERS, piece.start, piece.start + 1, None, piece.numbers)
    return number, Piece(Role.UNREAD, piece.start + 1, piece.end)


def _commanded(
    reply: Reply, verb: Verb, before: Sequence[Piece], after: Sequence[Piece], early_reason: str | None
) -> Intent:
    shape = _SHAPES[verb]
    whole = after
    who, unit, after = receiver_of(reply, after) if verb is Verb.HAND_OVER else (None, None, after)
    cut = _reason_begins(after, verb) if shape.reason else len(after)
    stated = (*before, *after[:cut])
    told = after[cut + 1 :] if cut < len(after) and after[cut].role is Role.REASON else after[cut:]
    numbers = numbers_in(stated) or (numbers_in(told) if verb is Verb.STUCK else ())
    doubt = _hedge_of_command(shape, stated) or tells_only(reply, verb, before, whole)
    if doubt is not None:
        return Intent(Verb.UNKNOWN, numbers, doubt=doubt)
    doubt = doubt_of_second_clause(reply, verb, whole) or _doubt_of_command(reply, verb, shape, stated)
    doubt = doubt or _says_more(told, numbers) or doubt_of_telling(reply, verb, before, after, told)
    if doubt is None and verb is Verb.LEAVE:
        doubt = doubt_of_leave(reply, told)
    if doubt is None and verb in (Verb.EXTEND, Verb.SNOOZE, Verb.APPROVE) and two_days(reply, stated, told):
        doubt = Doubt.RANGE
    if doubt is None and who and any(piece.role is Role.GIVE for piece in after):  # "3 cho Lan, 5 cho Hùng"
        doubt = Doubt.SEVERAL
    if verb is Verb.HAND_OVER and no_receiver(reply.tokens, lead_ends(reply), reply.today):
        return Intent(Verb.UNKNOWN, numbers, doubt=Doubt.UNCLEAR)  # "chuyển 3 sang tháng sau", "chuyển 3 cho tỉnh"
    if verb is Verb.UNDO and doubt is not None:  # undoing acts on "the last one", so that asking back needs no verb
        return Intent(Verb.UNKNOWN, numbers, doubt=doubt)
    date, until, told = dates_of_command(reply, verb, stated, told)
    more, working = days_more(reply, stated) if verb is Verb.EXTEND and date is None else (None, False)
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
        who_unit=unit,
        at=_hour(reply, stated) if verb is Verb.SNOOZE else None,
        doubt=doubt,
        more=more,
        working=working,
    )


def _hour(reply: Reply, stated: Sequence[Piece]) -> dt.time | None:
    """The time of day of a snooze, wherever it stands but in the task number."""
    told = [
        token for piece in stated if piece.role is not Role.NUMBERS for token in reply.tokens[piece.start : piece.end]
    ]
    return time_of_day(told)


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
        kind_of_leave = verb is Verb.LEAVE and any(later.role is Role.DATE for later in rest)  # "nghỉ thai sản từ …"
        if kind_of_leave:
            continue
        if (piece.role in _FREE or loose or names) and not _only_asks(rest):
            return _because(after, i) if loose else i
    return len(after)


def _because(after: Sequence[Piece], at: int) -> int:
    """``đến hôm 25 vì …``: a day that could not be read is no part of the reason that is given behind it."""
    return next((i for i, piece in enumerate(after) if i >= at and piece.role is Role.REASON), at)


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
    if any(_is_another_command(stated, at, verb) for at in range(len(stated))):
        return Doubt.SEVERAL
    if finished and verb is Verb.DOING and not (hedged and Role.NUMBERS in roles):
        return Doubt.ALMOST if hedged else Doubt.SEVERAL
    if finished and verb not in (Verb.DOING, Verb.CONFIRM, Verb.UNDO):
        return Doubt.SEVERAL
    if Role.ALL in roles and len(numbers_in(stated)) < 2:  # "cả 3 và 5" names them
        return Doubt.ALL
    if Role.COUNT in roles:
        return Doubt.COUNT
    if verb is Verb.APPROVE and Role.DURATION in roles:  # "đồng ý cho lùi 2 ngày": as many as were asked for?
        return Doubt.PARTLY
    if any(piece.value is Doubt.RANGE for piece in stated) or (
        verb not in (Verb.LEAVE, Verb.DOING) and Role.NUMBERS not in roles and stray_day(reply, stated, verb)
    ):
        return Doubt.RANGE
    unread = any(piece.role in _OUTSIDE and not _pleads(reply, verb, piece) for piece in stated)
    if shape.strict and unread:
        return Doubt.UNREAD
    if shape.strict and any(piece.role is Role.GREET and "nhan" in reply.folded(piece) for piece in stated):
        return Doubt.UNCLEAR  # "xác nhận đã nhận báo cáo 3"
    if verb in (Verb.APPROVE, Verb.CONFIRM):  # "nhờ anh duyệt 3" asks for it
        return Doubt.MUST if Role.PLEASE in roles else doubt_of_grant(reply, verb)
    if verb is Verb.UNDO and Role.THING in roles:  # "báo cáo bị nhầm số liệu"
        return Doubt.UNREAD
    if verb in (Verb.SNOOZE, Verb.DETAILS) and Role.UNREAD in roles and Role.NUMBERS not in roles:
        return Doubt.UNREAD
    return None


_OUTSIDE = frozenset([Role.UNREAD, Role.DEED, Role.GIVE, Role.REASON])


def _pleads(reply: Reply, verb: Verb, piece: Piece) -> bool:
    """``hoàn tác giúp em với``, ``rút lại giúp em câu vừa rồi``"""
    return verb is Verb.UNDO and reply.folded(piece) in ("voi", "cau", "tin", "lenh")


def _is_another_command(stated: Sequence[Piece], at: int, verb: Verb) -> bool:
    piece = stated[at]
    if piece.role is not Role.COMMAND or piece.value is verb:
        return False
    # "đồng ý cho 3 gia hạn" names what is approved; "đồng ý 3, gia hạn 5" is two
    names_it = verb is Verb.APPROVE and piece.value is Verb.EXTEND and not numbers_in(stated[at:])
    return not names_it


def _says_more(told: Sequence[Piece], numbers: tuple[int, ...]) -> Doubt | None:
    """A second thing after the reason: ``gia hạn 3 … vì chờ số liệu, xong 5``."""
    clause: list[Piece] = []
    for piece in (*told, None):
        if piece is not None and piece.role is not Role.BREAK:
            clause.append(piece)
            continue
        others = set(numbers_in(clause)) - set(numbers)
        acts = any(part.role in (Role.FINISHED, Role.COMMAND) for part in clause)
        if others and acts and clause[0] is not told[0]:
            return Doubt.SEVERAL
        clause = []
    return None

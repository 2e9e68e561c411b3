"""Commands: a reply that begins with what it asks for (``gia hạn 3 đến 25/3 vì …``), courtesies aside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engine.rules.chat_letters import fold
from engine.rules.chat_tokens import Kind, is_word
from engine.rules.replies.command_dates import dates_of_command, days_more, stray_day, two_days
from engine.rules.replies.grants import doubt_of_grant
from engine.rules.replies.leaves import doubt_of_leave
from engine.rules.replies.meaning import Doubt, Intent, Verb
from engine.rules.replies.phrases import COURTEOUS, Role
from engine.rules.replies.pieces import Piece, Reply, date_of, document_in, link_in, numbers_in, trimmed
from engine.rules.replies.receivers import GIVES, no_receiver, receiver_in
from engine.rules.replies.second_clauses import asks_about_extension, doubt_of_second_clause, doubt_of_trouble
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
    Verb.UNDO: Shape(strict=True, bears=frozenset({Doubt.NOT_DONE})),
    Verb.LEAVE: Shape(reason=True, date=True, may_ask=True),
}
_TELL_ABOUT_ONE = (Verb.STUCK, Verb.RETURN, Verb.REFUSE)  # behind these a number is the work's, whatever follows it
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
    if verb is Verb.STUCK and (asked := _asked_behind(reply, lead)) is not None:
        verb, before, reason, lead = Verb.EXTEND, asked.before, asked.reason, asked.lead
        if asked.doubt:
            return Intent(Verb.UNKNOWN, numbers_in(reply.pieces), doubt=asked.doubt)
    shape = _SHAPES[verb]
    if verb is Verb.EXTEND and before and (so := _therefore(reply, before)) is not None:
        named = _opening_number(before[:so])
        reason = trimmed(reply, before[before.index(named) + 1 if named else 0 : so])
        before = (*((named,) if named else ()), *before[so + 1 :])
    if shape.after_no and _says_not_done(before):
        if len(set(map(numbers_in, (before, reply.pieces[lead:]))) - {()}) > 1:
            return Intent(Verb.UNKNOWN, numbers_in(reply.pieces), doubt=Doubt.SEVERAL)  # "chưa xong 3, gia hạn 5"
        before = tuple(piece for piece in before if piece.role in _LEADS_IN)
    if any(piece.role not in _LEADS_IN and piece.value not in shape.bears for piece in before):
        return None
    after = reply.pieces[lead + 1 :]
    if verb in _TELL_ABOUT_ONE and after and after[0].role is Role.COUNT and not numbers_in(reply.pieces):
        after = (*_number_and_thing(reply, after[0]), *after[1:])
    return _commanded(reply, verb, before, after, reason)


@dataclass(frozen=True, slots=True)
class _Asked:
    """``việc 2 khó, xin lùi đến 25/12``: more time is asked for, and the trouble is why."""

    before: tuple[Piece, ...]
    reason: str | None
    lead: int
    doubt: Doubt | None


def _asked_behind(reply: Reply, stuck: int) -> _Asked | None:
    """The request for more time behind a trouble, if there is one; its words were not the reason's."""
    pieces = reply.pieces
    lead = next((i for i in range(stuck + 1, len(pieces)) if pieces[i].value is Verb.EXTEND), None)
    if lead is None:
        return None
    told = pieces[:lead]
    nearest = next((piece for piece in reversed(told) if piece.role not in COURTEOUS | {Role.PLEASE}), None)
    if nearest is not None and nearest.role in (Role.HEDGE, Role.PAST) and reply.folded(nearest) != "nen":
        return None  # "3 khó, không xin gia hạn", "vướng 3, đã xin gia hạn rồi"
    end = _last_break(told)
    numbers = tuple(piece for piece in told if piece.role is Role.NUMBERS)
    behind = numbers_in(pieces[lead:])
    several = len(numbers) > 1 or (numbers and behind and set(behind) != set(numbers_in(numbers)))
    begins = stuck + 1 if stuck + 1 < end and pieces[stuck + 1].role in (Role.NUMBERS, Role.BREAK) else stuck
    because = [piece for piece in pieces[begins:end] if piece.role not in (Role.NUMBERS, Role.REASON)]
    told_why = trimmed(reply, because) if because else reply.folded(pieces[stuck])
    return _Asked(numbers, told_why, lead, Doubt.SEVERAL if several else None)


def _number_and_thing(reply: Reply, piece: Piece) -> tuple[Piece, ...]:
    """``vướng 1 hồ sơ …``: work 1, and the first words of what is the matter with it."""
    if len(piece.numbers) != 1 or reply.tokens[piece.start].kind is not Kind.NUMBER:
        return (piece,)
    number = Piece(Role.NUMBERS, piece.start, piece.start + 1, None, piece.numbers)
    return number, Piece(Role.UNREAD, piece.start + 1, piece.end)


def _therefore(reply: Reply, before: Sequence[Piece]) -> int | None:
    """``3 chưa có số liệu nên xin gia hạn``: where the "nên" stands that all before it is the reason of."""
    for i in reversed(range(len(before))):
        if reply.folded(before[i]) == "nen":
            return i if i else None
        if before[i].role not in COURTEOUS | {Role.PLEASE}:
            return None
    return None


def _opening_number(pieces: Sequence[Piece]) -> Piece | None:
    """The number that the reply opens with, courtesies aside."""
    opening = next((piece for piece in pieces if piece.role not in COURTEOUS), None)
    return opening if opening is not None and opening.role is Role.NUMBERS else None


def _says_not_done(before: Sequence[Piece]) -> bool:
    """``chưa xong 3, …``, ``3 không kịp, …``: what makes people ask for more time."""
    known = _LEADS_IN | {Role.FINISHED, Role.DEED, Role.HEDGE}
    hedges = {piece.value for piece in before if piece.role is Role.HEDGE}
    told = any(piece.role in (Role.FINISHED, Role.DEED) or piece.value is Doubt.LATER for piece in before)
    negates_command = before[-1].value is Doubt.NOT_DONE if before else True  # "không gia hạn 3"
    return (
        told
        and not negates_command
        and Doubt.NOT_DONE in hedges
        and hedges <= {Doubt.NOT_DONE, Doubt.LATER}
        and all(piece.role in known for piece in before)
    )


def _last_break(before: Sequence[Piece]) -> int:
    """Where "…, em xin" begins, behind a reason that was given first."""
    breaks = [i for i, piece in enumerate(before) if piece.role is Role.BREAK]
    closing = breaks and all(piece.role in COURTEOUS | {Role.PLEASE} for piece in before[breaks[-1] :])
    return breaks[-1] if closing else len(before)


def _commanded(
    reply: Reply, verb: Verb, before: Sequence[Piece], after: Sequence[Piece], early_reason: str | None
) -> Intent:
    shape = _SHAPES[verb]
    whole = after
    who, unit, after = _receiver(reply, after) if verb is Verb.HAND_OVER else (None, None, after)
    cut = _reason_begins(after, verb) if shape.reason else len(after)
    stated = (*before, *after[:cut])
    told = after[cut + 1 :] if cut < len(after) and after[cut].role is Role.REASON else after[cut:]
    numbers = numbers_in(stated) or (numbers_in(told) if verb is Verb.STUCK else ())
    hedge = _hedge_of_command(shape, stated)
    if hedge is not None:
        return Intent(Verb.UNKNOWN, numbers, doubt=hedge)
    doubt = doubt_of_second_clause(reply, verb, whole) or _doubt_of_command(reply, verb, shape, stated)
    doubt = doubt or _says_more(told, numbers) or _doubt_of_telling(reply, verb, before, after, told)
    if doubt is None and verb is Verb.LEAVE:
        doubt = doubt_of_leave(reply, told)
    if doubt is None and verb in (Verb.EXTEND, Verb.SNOOZE, Verb.APPROVE) and two_days(reply, stated, told):
        doubt = Doubt.RANGE
    if doubt is None and who and any(piece.role is Role.GIVE for piece in after):  # "3 cho Lan, 5 cho Hùng"
        doubt = Doubt.SEVERAL
    if verb is Verb.HAND_OVER and no_receiver(reply.tokens, _lead_ends(reply), reply.today):
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


_IS_DATA = ("số liệu", "biểu", "biểu mẫu", "mẫu", "file", "tài liệu", "danh sách", "phiếu", "bảng")


def _doubt_of_telling(
    reply: Reply, verb: Verb, before: Sequence[Piece], after: Sequence[Piece], told: Sequence[Piece]
) -> Doubt | None:
    """A report or a plan in a command's words."""
    if verb is Verb.EXTEND:
        reasoned = any(piece.role is Role.REASON for piece in after)
        return Doubt.QUESTION if not reasoned and asks_about_extension(reply, before, told) else None
    if verb is Verb.STUCK:
        return doubt_of_trouble(reply, told)
    if verb is Verb.RETURN and is_word(reply.tokens, _lead_ends(reply) - 2, "làm"):  # "em làm lại 3 xong rồi"
        over = any(piece.role in (Role.FINISHED, Role.PAST) for piece in told)
        return Doubt.UNCLEAR if over and not any(piece.value is Doubt.NOT_DONE for piece in told) else None
    if verb is Verb.HAND_OVER:
        if after and after[0].role is Role.THING and reply.folded(after[0]) in map(fold, _IS_DATA):
            return Doubt.PARTLY  # "chuyển số liệu 3 cho chị Lan"
        days = [date_of(reply, piece) for piece in before if piece.role is Role.DATE]
        return Doubt.LATER if any(day is None or day > reply.today for day in days) else None
    return None


def _lead_ends(reply: Reply) -> int:
    return next(piece.end for piece in reply.pieces if piece.role is Role.COMMAND)


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
    """``hoàn tác giúp em với``"""
    return verb is Verb.UNDO and reply.folded(piece) == "voi"


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


def _receiver(reply: Reply, after: Sequence[Piece]) -> tuple[str | None, str | None, Sequence[Piece]]:
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

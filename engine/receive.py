"""Replies enter here: stored first, then understood, then acted upon, then echoed.

``store`` keeps the raw update under its key, so that a repeat is harmless and a crash loses nothing; ``handle_waiting``
acts on what is stored, each update in a transaction of its own together with its echo. An action is taken only when
the words leave no doubt; otherwise the person is asked (:mod:`engine.conversation`).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from data import serving
from data.rows import AnyRow
from data.upsert import upsert
from engine.conversation import Talk, evidence, reply_to
from engine.linking import Redeemed, redeem
from engine.messages import Answer, Inbound, Press, Said
from engine.office import CHAT, INBOUND, MESSAGE, OFFICE, PERSON, UNIT, view_office
from engine.payload import to_payload
from engine.rules.replies import Verb, understand
from engine.touched import queue_edits

LOG = logging.getLogger("nhacviec")

STRANGERS_ANSWER_EVERY = dt.timedelta(minutes=10)
PATIENCE = 5  # unhelpful answers in a row, and within moments; then silence until something is understood
IN_A_ROW = dt.timedelta(minutes=10)  # a telephone that replies by itself needs seconds, a person's five "ok" take days

#: Answers that lead nowhere by themselves. A telephone that replies by itself would draw them for ever.
UNHELPFUL = frozenset(
    {
        Said.NOT_UNDERSTOOD,
        Said.WORDLESS,
        Said.GREETING,
        Said.ACKNOWLEDGED,
        Said.STILL_ASKED,
        Said.NOTHING_OPEN,
        Said.NO_SUCH_NUMBER,
        Said.EVIDENCE_WHICH,
        Said.NOTHING_TO_UNDO,
    }
)
#: In a group only what was surely meant for us is answered; its members talk to each other.
_NOT_IN_GROUPS = UNHELPFUL | {Said.WHICH_ONE, Said.NOT_ALLOWED, Said.HELP}
_SILENT = "silent"


def store(connection: Connection, inbounds: Iterable[Inbound], now: dt.datetime) -> None:
    """Keep raw updates. One that is already there is left alone."""
    rows = [
        {
            "channel": i.channel,
            "bot": i.bot,
            "update_key": _storable(i.update_key),
            "address": _storable(i.address),
            "sender": _storable(i.sender) if i.sender else None,
            "text": _storable(i.text),
            "about": _number(i.press.occurrence_id) if i.press else None,
            "about_version": _number(i.press.version) if i.press else None,
            "about_person": _number(i.press.person_id) if i.press else None,
            "pressed": i.press.message if i.press else None,
            "attachments": [asdict(attachment) for attachment in i.attachments] or None,
            "unreadable": i.unreadable,
            "raw": _storable(i.raw),
            "received_at": now,
        }
        for i in inbounds
    ]
    if rows:
        connection.execute(upsert(connection, INBOUND).on_conflict_do_nothing(), rows)


def _storable(text: str) -> str:
    """What every database takes: one update that none took would come back for ever, before all others."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _number(number: int | None) -> int | None:
    """No row of ours has a number that long; whoever sends one has not pressed our button."""
    return number if number is None or 0 <= number < 2**31 else 0


_OLDEST_WAITING = (
    select(INBOUND).where(INBOUND.c.handled_at.is_(None)).order_by(INBOUND.c.id).limit(1).with_for_update()
)
_OLDEST_OF_BOT = _OLDEST_WAITING.where(INBOUND.c.channel == bindparam("channel"), INBOUND.c.bot == bindparam("bot"))


def handle_waiting(
    engine: Engine,
    now: dt.datetime,
    most: int | None = None,
    bot: tuple[str, str] | None = None,
    then: Callable[[Connection], None] | None = None,
) -> int:
    """Act on every stored update that has not been acted upon, oldest first; ``most`` at once. Returns how many.

    ``bot``: only what came by this channel and bot. ``then`` is called in the transaction of each update, when its
    answer is written. One that we cannot act upon, for a defect of ours, is set aside and said to be: it must not
    stand before all others.
    """
    handled = 0
    while most is None or handled < most:
        with engine.begin() as connection:
            oldest = _OLDEST_WAITING if bot is None else _OLDEST_OF_BOT
            row = connection.execute(oldest, {} if bot is None else {"channel": bot[0], "bot": bot[1]}).first()
            if row is None:
                return handled
            try:
                with connection.begin_nested():
                    _handle(connection, row, now)
            except (OperationalError, InterfaceError):
                raise  # the database's trouble, not the words': the next turn tries again
            except Exception as error:  # a defect of ours must cost one reply, never everybody's
                _set_aside(connection, row, error, now)
            if then is not None:
                then(connection)
            handled += 1
    return handled


def _set_aside(connection: Connection, row: AnyRow, error: Exception, now: dt.datetime) -> None:
    """Nothing was changed by it; the person hears that, and may say it again."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    LOG.error("Lỗi lạ khi xử lý tin đến %d: %s tại %s", row.id, type(error).__name__, where)  # never the words
    if row.sender is None or row.sender == row.address:
        _queue(connection, row, 0, Answer(Said.FAILED), _Reaction([]), now)
    connection.execute(update(INBOUND).where(INBOUND.c.id == row.id).values(handled_at=now, said=Said.FAILED))


@dataclass(frozen=True, slots=True)
class _Reaction:
    """What is answered to one update, and what is kept with it."""

    answers: list[Answer]
    office_id: str | None = None
    person_id: int | None = None
    undo: dict[str, Any] | None = None
    asked: dict[str, Any] | None = None
    said: str | None = None


def _handle(connection: Connection, row: AnyRow, now: dt.datetime) -> None:
    reaction = _react(connection, row, now)
    answers, said = reaction.answers, reaction.said
    asked = reaction.asked
    if said is None and answers:
        said = answers[0].said
        if said in UNHELPFUL and _has_lost_patience(connection, row):
            answers, said, asked = [], _SILENT, None
    for index, answer in enumerate(answers):
        _queue(connection, row, index, answer, reaction, now)
    connection.execute(
        update(INBOUND)
        .where(INBOUND.c.id == row.id)
        .values(handled_at=now, person_id=reaction.person_id, said=said, undo=reaction.undo, asked=asked)
    )


def _react(connection: Connection, row: AnyRow, now: dt.datetime) -> _Reaction:
    in_group = row.sender is not None and row.sender != row.address
    chat = _chat_of(connection, row, row.sender if in_group else row.address)
    knows = chat is not None and chat.person_id is not None
    redeemed = _redeemed(connection, row, now)
    if redeemed is not None and not (knows and redeemed.outcome == "wrong" and _means_something(row, now)):
        return _linked(connection, row, redeemed, now, in_group=in_group)
    group = _chat_of(connection, row, row.address) if in_group else None
    if chat is None or chat.person_id is None or (in_group and (group is None or group.office_id != chat.office_id)):
        return _Reaction([]) if in_group else _Reaction(_to_stranger(connection, row, now))
    return _conversation(connection, row, chat, now, in_group=in_group)


def _conversation(connection: Connection, row: AnyRow, chat: AnyRow, now: dt.datetime, *, in_group: bool) -> _Reaction:
    office = view_office(connection, chat.office_id)
    me = office.staff.members[chat.person_id]
    if not me.active:
        return _Reaction(_to_stranger(connection, row, now))
    here = _chat_of(connection, row, row.address) if in_group else chat
    if here is not None and (here.blocked_at is not None or here.failing_since is not None):
        connection.execute(  # where somebody writes, the bot can write: there, and nowhere else
            update(CHAT)
            .where(CHAT.c.id == here.id)
            .values(blocked_at=None, blocked_why=None, failing_since=None, failing_why=None)
        )
    talk = Talk(
        connection,
        office,
        me,
        said_at=row.received_at,
        now=now,
        inbound_id=row.id,
        channel=row.channel,
        bot=row.bot,
        in_group=in_group,
        attachments=evidence.attachments_from(row.attachments),
    )
    press = None
    if row.about is not None:
        press = Press(row.about, row.about_version, row.about_person, row.pressed)
    answers = reply_to(talk, row.text, press, _asked_before(connection, row, me.id), row.unreadable)
    undo = {"acts": [acted.undo for acted in talk.acted]} if talk.acted else None
    said = answers[0].said if answers else None
    if in_group and press is None:
        answers = [answer for answer in answers if answer.said not in _NOT_IN_GROUPS]
    queue_edits(connection, talk, press, row, now)
    asked = None if in_group else talk.asked  # a question that others read too is nobody's in particular
    return _Reaction(answers, office.id, me.id, undo, asked, said if in_group and not answers else None)


def _chat_of(connection: Connection, row: AnyRow, address: str) -> AnyRow | None:
    """Whose chat this is; nobody's, where the bot serves another office."""
    chat = connection.execute(
        select(CHAT).where(CHAT.c.channel == row.channel, CHAT.c.bot == row.bot, CHAT.c.address == address)
    ).first()
    if chat is None or serving.office_of(connection, row.channel, row.bot) not in (None, chat.office_id):
        return None
    return chat


def _asked_before(connection: Connection, row: AnyRow, person_id: int) -> dict[str, Any] | None:
    """What the answer to this person's last words asked back, in the same chat."""
    last = connection.execute(
        select(INBOUND.c.asked, INBOUND.c.address, INBOUND.c.channel, INBOUND.c.bot)
        .where(INBOUND.c.person_id == person_id, INBOUND.c.id < row.id, INBOUND.c.handled_at.is_not(None))
        .order_by(INBOUND.c.id.desc())
        .limit(1)
    ).first()
    return (
        last.asked if last and (last.channel, last.bot, last.address) == (row.channel, row.bot, row.address) else None
    )


def _has_lost_patience(connection: Connection, row: AnyRow) -> bool:
    """Whether the last answers in this chat were all unhelpful."""
    last = connection.execute(
        select(INBOUND.c.said)
        .where(
            INBOUND.c.channel == row.channel,
            INBOUND.c.bot == row.bot,
            INBOUND.c.address == row.address,
            INBOUND.c.id < row.id,
            INBOUND.c.received_at >= row.received_at - IN_A_ROW,
        )
        .order_by(INBOUND.c.id.desc())
        .limit(PATIENCE)
    ).scalars()
    heard = list(last)
    return len(heard) == PATIENCE and all(said in UNHELPFUL or said == _SILENT for said in heard)


# ---- codes and strangers --------------------------------------------------------------------------------------------


def _redeemed(connection: Connection, row: AnyRow, now: dt.datetime) -> Redeemed | None:
    if row.about is not None or not row.text:
        return None
    return redeem(
        connection,
        channel=row.channel,
        bot=row.bot,
        address=row.address,
        sender=row.sender,
        text=row.text,
        now=now,
    )


def _means_something(row: AnyRow, now: dt.datetime) -> bool:
    return understand(row.text, now.date()).verb is not Verb.UNKNOWN


def _linked(connection: Connection, row: AnyRow, redeemed: Redeemed, now: dt.datetime, *, in_group: bool) -> _Reaction:
    if redeemed.outcome == "wrong":
        # A stranger learns nothing from a wrong code, not even that it was one; the count of tries is kept.
        known = not in_group and _chat_of(connection, row, row.address)
        answers = [Answer(Said.CODE_WRONG)] if known else [] if in_group else _to_stranger(connection, row, now)
        return _Reaction(answers, said=Said.CODE_WRONG)
    named = PERSON if redeemed.person_id is not None else UNIT
    owner = connection.execute(
        select(named.c.name, OFFICE.c.name.label("office"))
        .join(OFFICE, OFFICE.c.id == named.c.office_id)
        .where(named.c.id == (redeemed.person_id or redeemed.unit_id))
    ).one()
    said = {"linked": Said.LINKED, "unit_linked": Said.UNIT_LINKED, "already_linked": Said.ALREADY_LINKED}
    answer = Answer(said[redeemed.outcome], person=owner.name, who=owner.office, replaced=redeemed.replaced)
    return _Reaction([answer], redeemed.office_id, redeemed.person_id)


def _to_stranger(connection: Connection, row: AnyRow, now: dt.datetime) -> list[Answer]:
    # One neutral line that teaches nothing, and not for every line a stranger types.
    recent = connection.execute(
        select(INBOUND.c.id)
        .where(
            INBOUND.c.channel == row.channel,
            INBOUND.c.bot == row.bot,
            INBOUND.c.address == row.address,
            INBOUND.c.said.in_((Said.STRANGER, Said.CODE_WRONG)),
            INBOUND.c.handled_at > now - STRANGERS_ANSWER_EVERY,
        )
        .limit(1)
    ).first()
    return [] if recent else [Answer(Said.STRANGER)]


def _speaks_for(connection: Connection, row: AnyRow) -> str | None:
    """In whose name a stranger is answered: of the bot's own office, else of any office that it serves."""
    own = serving.office_of(connection, row.channel, row.bot)
    if own is not None:
        known: str | None = connection.execute(select(OFFICE.c.id).where(OFFICE.c.id == own)).scalar()
        return known
    at_this_bot = select(CHAT.c.office_id).where(CHAT.c.channel == row.channel, CHAT.c.bot == row.bot).limit(1)
    office_id: str | None = connection.execute(at_this_bot).scalar()
    return office_id or connection.execute(select(OFFICE.c.id).limit(1)).scalar()


def _queue(
    connection: Connection, row: AnyRow, index: int, answer: Answer, reaction: _Reaction, now: dt.datetime
) -> None:
    office_id = reaction.office_id or _speaks_for(connection, row)
    if office_id is None:  # nobody is loaded yet: nobody to speak for
        return
    connection.execute(
        insert(MESSAGE).values(
            office_id=office_id,
            person_id=reaction.person_id,
            kind="answer",
            key=f"answer:{row.id}:{index}",
            payload=to_payload(answer),
            status="queued",
            not_before=now,
            channel=row.channel,
            bot=row.bot,
            address=row.address,
        )
    )

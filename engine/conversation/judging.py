"""What the approver and the confirmer say."""

from __future__ import annotations

from data.rows import AnyRow
from engine import actions
from engine.conversation import work
from engine.conversation.asking import Wanted, ask_for
from engine.conversation.talk import Talk
from engine.messages import Answer, Said
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.replies import Action, Decision


def approve(talk: Talk, row: AnyRow, number: int, said: Decision) -> Answer:
    """đồng ý: exactly what was asked for, or not at all."""
    extension = work.extension_of(talk, row)
    if extension is None:
        return talk.answer(Said.NOT_WAITING, row, number)
    if said.intent.date not in (None, extension.until):
        return talk.answer(Said.OTHER_DATE, row, number, until=extension.until)
    acted = actions.grant_extension(talk.connection, talk.office, row, extension, talk.actor, talk.now)
    version = talk.remember(acted).undo["version"]
    return talk.answer(
        Said.EXTENSION_GRANTED, row, number, due=row.due, until=extension.until, undo_word=True, version=version
    )


def refuse(talk: Talk, row: AnyRow, number: int, said: Decision) -> Answer:
    """từ chối … vì …"""
    extension, reason = work.extension_of(talk, row), said.intent.reason
    if extension is None:
        return talk.answer(Said.NOT_WAITING, row, number)
    if not reason:
        ask_for(talk, said, (number,), Wanted.REASON)
        return talk.answer(Said.NEEDS_REASON, row, number, verb="vì đã lùi hạn một lần")
    acted = actions.refuse_extension(talk.connection, talk.office, row, extension, talk.actor, reason, talk.now)
    version = talk.remember(acted).undo["version"]
    return talk.answer(Said.EXTENSION_REFUSED, row, number, reason=reason, undo_word=True, version=version)


def confirm(talk: Talk, row: AnyRow, number: int, _: Decision) -> Answer:
    """xác nhận."""
    if WorkState(row.work_state) in OPEN:
        return talk.answer(Said.NOT_WAITING, row, number)
    version = talk.remember(actions.confirm(talk.connection, talk.office, row, talk.actor, talk.now)).undo["version"]
    return talk.answer(Said.CONFIRMED, row, number, undo_word=True, version=version)


def send_back(talk: Talk, row: AnyRow, number: int, said: Decision) -> Answer:
    """trả lại … vì …"""
    reason = said.intent.reason
    if WorkState(row.work_state) in OPEN:
        return talk.answer(Said.NOT_WAITING, row, number)
    if not reason:
        ask_for(talk, said, (number,), Wanted.REASON)
        return talk.answer(Said.NEEDS_REASON, row, number, verb="vì còn thiếu phụ lục số liệu")
    acted = actions.send_back(talk.connection, talk.office, row, talk.actor, reason, talk.now)
    version = talk.remember(acted).undo["version"]
    return talk.answer(Said.RETURNED, row, number, reason=reason, undo_word=True, version=version)


#: What each reply of an approver or a confirmer does.
DEEDS = {
    Action.APPROVE: approve,
    Action.REFUSE: refuse,
    Action.CONFIRM: confirm,
    Action.RETURN: send_back,
}

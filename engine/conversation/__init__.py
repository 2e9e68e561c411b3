"""One reply of one person: understood, held against what they may do, acted upon, answered.

In reading order: ``talk`` (who speaks), ``work`` (which work is meant), ``doing`` (the doer's words), ``judging`` (the
approver's and the confirmer's), ``looking`` (lists), ``undoing``, ``evidence`` and ``asking`` (back). The words
themselves are read by :mod:`engine.rules.replies`; who may do what stands in :mod:`engine.rules.rights`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from data.rows import AnyRow
from engine import actions
from engine.actions import CannotDo
from engine.conversation import doing, evidence, judging, looking, work
from engine.conversation.asking import (
    ABOUT_WHICH,
    ANSWER_WITHIN,
    Wanted,
    ask_for,
    cancels,
    completed,
    hails,
    only_numbers,
)
from engine.conversation.talk import Talk
from engine.conversation.undoing import behind_slip, last_act, undo
from engine.messages import Answer, Press, Said, WorkLine
from engine.rules.chat_words import Lean, clean, date_at, fold, tokens_of
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.replies import Action, Decision, Doubt, Intent, Missing, Verb, decide, only_papers, understand
from engine.rules.replies.deciding import action_of
from engine.rules.rights import Right, may, parts_in_office
from engine.rules.status import in_words

__all__ = ["RIGHTS", "Talk", "reply_to"]

Deed = Callable[[Talk, AnyRow, int, Decision], Answer]
_DEEDS: Mapping[Action, Deed] = {**doing.DEEDS, **judging.DEEDS, Action.DETAIL: looking.detail}

#: What each action needs. Confirming and deciding ask for more (nobody judges their own): ``work.can_…``.
RIGHTS: Mapping[Action, Right] = {
    Action.DONE: Right.REPORT,
    Action.DOING: Right.START,
    Action.EXTEND: Right.ASK_EXTENSION,
    Action.HANDOVER: Right.HAND_OVER,
    Action.DIFFICULTY: Right.RAISE_DIFFICULTY,
    Action.SNOOZE: Right.SNOOZE,
    Action.APPROVE: Right.DECIDE_EXTENSION,
    Action.REFUSE: Right.DECIDE_EXTENSION,
    Action.CONFIRM: Right.CONFIRM_FOR_HEAD,
    Action.RETURN: Right.CONFIRM_FOR_HEAD,
    Action.DETAIL: Right.SEE_WORK,
    Action.LIST: Right.SEE_OWN,
    Action.UNIT_LIST: Right.SEE_UNIT,
    Action.WEEK: Right.SEE_OWN,
    Action.UNDO: Right.UNDO_OWN,
    Action.LEAVE: Right.TAKE_LEAVE,
    Action.WEB: Right.SEE_OWN,
}


def reply_to(
    talk: Talk, text: str, press: Press | None, asked: dict[str, Any] | None, unreadable: str | None
) -> list[Answer]:
    """The answers to one reply. ``asked`` is what the answer before it asked back."""
    said = understand(text, talk.said_on)
    if said.date is None and said.verb in (Verb.EXTEND, Verb.APPROVE):
        said = replace(said, date=_day_gone_by(text, said.reason, talk.said_on))
    if press is not None:
        return _pressed(talk, press, said)
    if talk.in_group and not _is_sure(said):  # its members talk to each other
        return []
    if not text.strip() and unreadable and not talk.attachments:
        return [talk.answer(Said.WORDLESS, reason=unreadable, lines=work.lines(talk, work.open_rows(talk), 1))]
    asked = None if talk.in_group else _fresh(asked, talk.said_at)
    if asked and cancels(text, said):  # before anything older is taken back
        stands = said.verb is Verb.UNDO and last_act(talk) is not None
        return [talk.answer(Said.DROPPED, verb="hoàn tác" if stands else None)]
    if (rest := behind_slip(text, talk.said_on)) is not None and not talk.in_group:
        return [*undo(talk), *_answers(talk, rest)]
    _take_along(talk, asked, said)
    answers = _understood(talk, text, said, asked)
    if asked and talk.asked is None and not talk.acted and answers and answers[0].said in _LEAVES_OPEN:
        talk.asked = asked  # a list, or words that were not understood, do not answer the question
    return answers


#: Answers after which a question that was asked before still stands.
_LEAVES_OPEN = frozenset(
    {
        Said.NOT_UNDERSTOOD,
        Said.WORK_LIST,
        Said.UNIT_LIST,
        Said.WEEK,
        Said.DETAIL,
        Said.HELP,
        Said.WEB_LINK,
        Said.GREETING,
        Said.ACKNOWLEDGED,
        Said.STILL_ASKED,
        Said.NO_SUCH_NUMBER,
        Said.WORDLESS,
    }
)


def _take_along(talk: Talk, asked: dict[str, Any] | None, said: Intent) -> None:
    """A photo that waits for its work goes with whatever names the work next; so does the next photo."""
    if not asked or not asked.get("attachments"):
        return
    if talk.attachments or asked["wanted"] == Wanted.WHICH or action_of(said.verb) is not None:
        waiting = evidence.attachments_from(asked["attachments"])
        talk.attachments = (*waiting, *(new for new in talk.attachments if new not in waiting))


def _understood(talk: Talk, text: str, said: Intent, asked: dict[str, Any] | None) -> list[Answer]:
    if talk.attachments or (asked and asked["wanted"] == Wanted.WHICH_FOR_FILE):
        filed = _filed(talk, text, said, asked)
        if filed is not None:
            return filed
    if not (asked and asked["wanted"] == Wanted.EVIDENCE) and (paper := _paper(talk, text, said)) is not None:
        return [paper]
    intent = completed(asked, text, said, talk.said_on)
    if intent is not None and asked and asked["wanted"] == Wanted.EVIDENCE:
        # "xong 3" was said before the document was named: that is the moment that counts.
        talk.said_at = dt.datetime.fromisoformat(asked["at"])
    answers = _answers(talk, intent or said)
    if answers[0].said is Said.NOT_UNDERSTOOD and asked and asked["wanted"] == Wanted.REASON:
        answers = [talk.answer(Said.STILL_ASKED)]
    if answers[0].said is Said.GREETING:
        courtesy = Said.STILL_ASKED if asked else Said.GREETING if hails(text) else Said.ACKNOWLEDGED
        answers = [talk.answer(courtesy)]
    if talk.attachments and not talk.acted and answers[0].said in (Said.NOT_UNDERSTOOD, Said.NOT_YET):
        answers = [_which_for_file(talk)]
    return answers + [talk.answer(Said.EVIDENCE_REFUSED, reason=why) for why in evidence.refusals(talk)]


def _is_sure(said: Intent) -> bool:
    """A command that names its work; undoing is sure by itself, as it takes back the speaker's own words."""
    if said.doubt is not None:
        return False
    return said.verb is Verb.UNDO or (action_of(said.verb) is not None and bool(said.numbers))


def _fresh(asked: dict[str, Any] | None, said_at: dt.datetime) -> dict[str, Any] | None:
    return asked if asked and said_at - dt.datetime.fromisoformat(asked["at"]) <= ANSWER_WITHIN else None


def _answers(talk: Talk, intent: Intent) -> list[Answer]:
    action = action_of(intent.verb)
    if action is None:
        return _without_number(talk, intent)
    if intent.numbers:
        meant = {number: row for number in intent.numbers if (row := work.numbered(talk, number))}
    else:
        meant = {work.number_of(talk, row): row for row in work.candidates(talk, action)}
    said = decide(intent, meant)
    if said.missing is Missing.NO_SUCH_NUMBER:
        wrong = next(number for number in said.numbers if number not in meant)
        return [talk.answer(Said.NO_SUCH_NUMBER, number=wrong, lines=work.lines(talk, work.open_rows(talk)))]
    if said.missing in (Missing.WHICH, Missing.DOUBT):
        return [_which(talk, said, action)]
    if len(said.numbers) == 1 and _is_late_scan(talk, action, meant[said.numbers[0]], intent):
        return [_kept(talk, meant[said.numbers[0]], said.numbers[0], intent)]
    answers = [_deed(talk, action, meant[number], number, said) for number in dict.fromkeys(said.numbers)]
    if talk.acted and evidence.acceptable(talk) and action is not Action.DONE:
        number = said.numbers[0]
        answers.append(_kept(talk, meant[number], number))
    return answers


def _without_number(talk: Talk, intent: Intent) -> list[Answer]:
    said = decide(intent, ())
    if said.action in looking.LISTS:
        if not may(RIGHTS[said.action], parts_in_office(talk.office.staff, talk.me.id)):
            return [talk.answer(Said.NOT_ALLOWED)]
        return [looking.LISTS[said.action](talk, said)]
    if intent.verb is Verb.UNDO and said.action is Action.UNDO:
        return undo(talk)
    if intent.verb is Verb.LEAVE and not intent.doubt:
        allowed = may(Right.TAKE_LEAVE, parts_in_office(talk.office.staff, talk.me.id))
        return [doing.leave(talk, said) if allowed else talk.answer(Said.NOT_ALLOWED)]
    if said.action is Action.HELP:
        return [talk.answer(Said.HELP)]
    if said.action is Action.WEB:
        return [looking.web(talk)]
    if intent.verb is Verb.GREETING and not intent.doubt:
        return [talk.answer(Said.GREETING)]
    if (row := _spoken_of(talk, intent)) is not None:
        return [_not_yet(talk, row, intent.numbers[0])]
    about_work = said.action is Action.ASK
    lines = work.lines(talk, work.open_rows(talk), work.MOST_LINES if about_work else 1)
    example = lines[0].number if lines else None  # of "xong 3", which should name a number they have
    return [talk.answer(Said.NOT_UNDERSTOOD, number=example, lines=lines if about_work else ())]


def _spoken_of(talk: Talk, intent: Intent) -> AnyRow | None:
    """The one open work that was named, where the words cast doubt on it and not on which it is."""
    if len(intent.numbers) != 1 or intent.doubt in _ABOUT_OTHERS:
        return None
    row = work.numbered(talk, intent.numbers[0])
    mine = row is not None and row.doer_id in talk.mine and WorkState(row.work_state) in OPEN
    return row if mine else None


_ABOUT_OTHERS = ABOUT_WHICH | {Doubt.SEVERAL, Doubt.JOKE, Doubt.TOO_LONG}


def _not_yet(talk: Talk, row: AnyRow, number: int) -> Answer:
    return talk.answer(Said.NOT_YET, row, number, due=max(row.due, row.internal_due))


def _which(talk: Talk, said: Decision, action: Action) -> Answer:
    row = _spoken_of(talk, said.intent) if action in (Action.DONE, Action.DOING) else None
    if row is not None:
        return _not_yet(talk, row, said.intent.numbers[0])
    rows = work.candidates(talk, action)
    lines = work.lines(talk, rows)
    if action in (Action.APPROVE, Action.REFUSE):
        lines = tuple(_with_wish(talk, line, row) for line, row in zip(lines, rows, strict=False))
    if rows:
        ask_for(talk, said, tuple(line.number for line in lines), Wanted.WHICH)
    return talk.answer(Said.WHICH_ONE if rows else Said.NOTHING_OPEN, lines=lines, verb=_COMMANDS.get(action, "xong"))


def _with_wish(talk: Talk, line: WorkLine, row: AnyRow) -> WorkLine:
    """With the day that is asked for: it is what has to be decided."""
    extension = work.extension_of(talk, row)
    return replace(line, state=f"xin gia hạn đến {extension.until.day}/{extension.until.month}") if extension else line


_COMMANDS = {
    Action.DONE: "xong",
    Action.DOING: "đang làm",
    Action.EXTEND: "gia hạn",
    Action.HANDOVER: "chuyển",
    Action.DIFFICULTY: "vướng",
    Action.SNOOZE: "nhắc",
    Action.APPROVE: "đồng ý",
    Action.REFUSE: "từ chối",
    Action.CONFIRM: "xác nhận",
    Action.RETURN: "trả lại",
    Action.DETAIL: "chi tiết",
}


# ---- one action on one piece of work ------------------------------------------------------------------------------


def _deed(talk: Talk, action: Action, row: AnyRow, number: int, said: Decision) -> Answer:
    if not _allowed(talk, action, row):
        return _not_allowed(talk, action, row, number)
    try:
        return _DEEDS[action](talk, row, number, said)
    except CannotDo as refusal:
        refused = _refused(refusal.state, action, row)
        return talk.answer(refused, row, number, at=row.reported_at, verb=_TOO_LATE_TO.get(action))


_TOO_LATE_TO = {
    Action.DOING: "ghi đang làm",
    Action.EXTEND: "gia hạn",
    Action.HANDOVER: "chuyển",
    Action.DIFFICULTY: "báo vướng mắc",
    Action.SNOOZE: "nhắc lại",
}


def _not_allowed(talk: Talk, action: Action, row: AnyRow, number: int) -> Answer:
    """With the name of whoever does it now, for those who may know; "cho gia hạn 2" may have been meant to grant it."""
    if action is Action.EXTEND and work.extension_of(talk, row) is not None and work.can_decide(talk, row):
        return talk.answer(Said.NOT_ALLOWED, row, number, verb=f"đồng ý {number}")
    if action in judging.DEEDS:
        return talk.answer(Said.NOT_ALLOWED, row, number)
    passed_on = row.doer_id is not None and row.doer_id not in talk.mine and may(Right.SEE_WORK, talk.parts(row))
    return talk.answer(Said.NOT_ALLOWED, row, number, who=talk.office.name_of(row.doer_id) if passed_on else None)


def _allowed(talk: Talk, action: Action, row: AnyRow) -> bool:
    if action in (Action.CONFIRM, Action.RETURN):
        return work.can_confirm(talk, row)
    if action in (Action.APPROVE, Action.REFUSE):
        return work.can_decide(talk, row)
    return may(RIGHTS[action], talk.parts(row))


def _refused(state: WorkState, action: Action, row: AnyRow) -> Said:
    """Why this cannot be done to work in that state."""
    if state is WorkState.CANCELLED:
        return Said.ALREADY_CANCELLED
    confirmed = row.confirm != "none" and row.reported_by not in row.chain[row.confirm]
    if state is WorkState.DONE and action is Action.CONFIRM and confirmed:
        return Said.ALREADY_CONFIRMED
    return Said.ALREADY_DONE if state in (WorkState.DONE, WorkState.WAITING) else Said.CANNOT_NOW


# ---- buttons ------------------------------------------------------------------------------------------------------


def _pressed(talk: Talk, press: Press, said: Intent) -> list[Answer]:
    """A button is bound to a person, to one piece of work and to the state it was shown for."""
    if press.person_id not in (None, talk.me.id):
        return [talk.answer(Said.NOT_YOUR_BUTTON)]
    if said.verb is Verb.UNDO:
        return undo(talk, press)
    row = actions.occurrence_row(talk.connection, press.occurrence_id, talk.office.id)
    action = action_of(said.verb)
    if row is None or action is None:  # another office's work is as if it were not there
        return [talk.answer(Said.NO_SUCH_NUMBER)]
    number = work.number_of(talk, row)
    if not _allowed(talk, action, row):
        return [talk.answer(Said.NOT_ALLOWED, row, number)]
    if press.version and press.version != row.version:
        return [_overtaken(talk, action, row, number)]
    return [_deed(talk, action, row, number, decide(replace(said, numbers=(number,)), (number,)))]


def _overtaken(talk: Talk, action: Action, row: AnyRow, number: int) -> Answer:
    """The work has moved on since the button was shown: say where it stands, change nothing."""
    state = WorkState(row.work_state)
    possible = {
        Action.CONFIRM: state is WorkState.WAITING,
        Action.APPROVE: work.extension_of(talk, row) is not None,
    }.get(action, state in OPEN)
    if not possible:
        if action is Action.APPROVE:
            return talk.answer(Said.NOT_WAITING, row, number)
        return talk.answer(_refused(state, action, row), row, number, at=row.reported_at)
    return talk.answer(
        Said.OLD_BUTTON,
        row,
        number,
        due=max(row.due, row.internal_due),
        reason=in_words(state, row.due, row.internal_due, talk.today),
        verb=_COMMANDS[action],
    )


# ---- photos and files ---------------------------------------------------------------------------------------------


def _filed(talk: Talk, text: str, said: Intent, asked: dict[str, Any] | None) -> list[Answer] | None:
    """A photo or file without a command: for the work that asked for it, the only one it can be for, or "which?"."""
    plain = said.verb is Verb.UNKNOWN and said.doubt not in _ABOUT_OTHERS
    captioned = plain and bool(talk.attachments) and _NAMES_WORK.search(fold(text))  # "bổ sung cho việc 5" under a scan
    numbers = said.numbers if captioned else only_numbers(said)
    if asked and asked["wanted"] == Wanted.WHICH_FOR_FILE and numbers and not talk.attachments:
        talk.attachments = evidence.attachments_from(asked["attachments"])
        talk.inbound_id = asked["inbound"]
    elif not talk.attachments or (text.strip() and not numbers):
        return None
    if asked and asked["wanted"] == Wanted.WHICH and numbers:  # the number answers "which one?", the photo goes with it
        return None
    if not evidence.acceptable(talk):
        return [talk.answer(Said.EVIDENCE_REFUSED, reason=why) for why in evidence.refusals(talk)]
    if asked and asked["wanted"] == Wanted.EVIDENCE and not numbers:
        intent = Intent(Verb.DONE, tuple(asked["numbers"]))
        talk.said_at = dt.datetime.fromisoformat(asked["at"])
        return _answers(talk, intent)
    known = {number: row for number in numbers if (row := work.numbered(talk, number))}
    if not numbers:
        rows = work.for_a_file(talk)
        known = {work.number_of(talk, rows[0]): rows[0]} if len(rows) == 1 else {}
    if len(known) != 1:
        return [_which_for_file(talk)]
    [(number, row)] = known.items()
    if not may(Right.GIVE_EVIDENCE, talk.parts(row)):
        return [talk.answer(Said.NOT_ALLOWED, row, number)]
    return [_kept(talk, row, number)]


_NAMES_WORK = re.compile(r"\b(?:viec|nhiem vu|vc|nv)\s+(?:so\s+)?[0-9]")  # "ảnh 2" is the second photo


def _is_late_scan(talk: Talk, action: Action, row: AnyRow, intent: Intent) -> bool:
    """ "đã nộp 5" under a scan, or with a number, of work that is reported already: the paper is what is new."""
    reported = WorkState(row.work_state) in (WorkState.DONE, WorkState.WAITING)
    may_give = may(Right.GIVE_EVIDENCE, talk.parts(row))
    return action is Action.DONE and reported and may_give and evidence.shows_more(talk, row, intent)


def _which_for_file(talk: Talk) -> Answer:
    """Ask which work a photo or file is for; it is kept with the question."""
    talk.asked = {
        "wanted": str(Wanted.WHICH_FOR_FILE),
        "attachments": evidence.attachments_to(talk.attachments),
        "inbound": talk.inbound_id,
        "at": talk.said_at.isoformat(),
    }
    return talk.answer(Said.EVIDENCE_WHICH, lines=work.lines(talk, work.for_a_file(talk)))


def _paper(talk: Talk, text: str, said: Intent) -> Answer | None:
    """ "bổ sung việc 2 số 45/BC-UBND": kept as a scan would be; None where more or something else was said."""
    if talk.in_group or not only_papers(text, said):
        return None
    [number] = said.numbers
    row = work.numbered(talk, number)
    if row is None or not may(Right.GIVE_EVIDENCE, talk.parts(row)):
        return None
    return _kept(talk, row, number, said)


def _kept(talk: Talk, row: AnyRow, number: int, intent: Intent | None = None) -> Answer:
    kept = evidence.keep(talk, row, intent)
    if talk.acted:  # it goes when the action it came with is taken back
        talk.acted[-1] = talk.acted[-1].remembering(evidence=kept)
    still_open = WorkState(row.work_state) in OPEN
    document = intent.document if intent else None
    return talk.answer(Said.EVIDENCE_KEPT, row, number, late=still_open, verb="xong", document=document)


def _day_gone_by(text: str, reason: str | None, today: dt.date) -> dt.date | None:
    """The day that was named, where reading it as a day to come gave none: "đến 25/3" said on 28/3."""
    words = clean(text)
    tokens = tokens_of(words[: words.find(reason)] if reason and reason in words else words)
    named = (date_at(tokens, at, today, Lean.BEHIND) for at in range(len(tokens)))
    return next((there.date for there in named if there and there.date), None)

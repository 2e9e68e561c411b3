"""Replies enter here: stored first, then understood, then acted upon, then echoed.

``store`` keeps the raw update under its key, so that a repeat is harmless and a crash loses nothing; ``handle_waiting``
acts on what is stored, each update in a transaction of its own together with its echo. An action is taken only when
the words leave no doubt; otherwise the person is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from data import handles
from data.rows import AnyRow
from data.upsert import upsert
from engine import actions
from engine.actions import Acted, Actor, CannotDo
from engine.messages import HIDDEN_TITLE, Answer, Inbound, Said, WorkLine
from engine.office import CHAT, INBOUND, MESSAGE, OBLIGATION, OCCURRENCE, UNIT, OfficeView, view_office
from engine.payload import to_payload
from engine.rules.chain import confirmers
from engine.rules.chat_words import Lean, clean, date_at, tokens_of
from engine.rules.lifecycle import OPEN, WorkState
from engine.rules.replies import Intent, Verb, understand
from engine.rules.status import days_late, ends_at, in_words

MOST_LINES = 15
UNDO_WITHIN = dt.timedelta(hours=24)
STRANGERS_ANSWER_EVERY = dt.timedelta(minutes=10)


def store(connection: Connection, inbounds: Iterable[Inbound], now: dt.datetime) -> None:
    """Keep raw updates. One that is already there is left alone."""
    rows = [
        {
            "channel": i.channel,
            "bot": i.bot,
            "update_key": i.update_key,
            "address": i.address,
            "text": i.text,
            "about": i.about,
            "raw": i.raw,
            "received_at": now,
        }
        for i in inbounds
    ]
    if rows:
        connection.execute(upsert(connection, INBOUND).on_conflict_do_nothing(), rows)


def handle_waiting(engine: Engine, now: dt.datetime) -> int:
    """Act on every stored update that has not been acted upon, oldest first. Returns how many."""
    handled = 0
    while True:
        with engine.begin() as connection:
            row = connection.execute(
                select(INBOUND).where(INBOUND.c.handled_at.is_(None)).order_by(INBOUND.c.id).limit(1)
            ).first()
            if row is None:
                return handled
            _handle(connection, row, now)
            handled += 1


def _handle(connection: Connection, row: AnyRow, now: dt.datetime) -> None:
    chat = connection.execute(
        select(CHAT).where(CHAT.c.channel == row.channel, CHAT.c.bot == row.bot, CHAT.c.address == row.address)
    ).first()
    if chat is None:
        answers, undo, person_id, office_id = _to_stranger(connection, row, now), None, None, None
    else:
        office = view_office(connection, chat.office_id)
        conversation = Conversation(connection, office, chat.person_id, row.received_at, now)
        answers = conversation.reply_to(row.text, row.about)
        undo, person_id, office_id = conversation.memory(), chat.person_id, chat.office_id
    for index, answer in enumerate(answers):
        _queue(connection, row, index, answer, person_id, office_id, now)
    connection.execute(
        update(INBOUND)
        .where(INBOUND.c.id == row.id)
        .values(handled_at=now, person_id=person_id, said=answers[0].said if answers else None, undo=undo)
    )


def _queue(
    connection: Connection,
    row: AnyRow,
    index: int,
    answer: Answer,
    person_id: int | None,
    office_id: str | None,
    now: dt.datetime,
) -> None:
    office_id = office_id or connection.execute(select(CHAT.c.office_id).limit(1)).scalar()
    if office_id is None:  # nobody is loaded yet: nobody to speak for
        return
    connection.execute(
        insert(MESSAGE).values(
            office_id=office_id,
            person_id=person_id,
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


def _to_stranger(connection: Connection, row: AnyRow, now: dt.datetime) -> list[Answer]:
    # One neutral line that teaches nothing, and not for every line a stranger types.
    recent = connection.execute(
        select(INBOUND.c.id)
        .where(
            INBOUND.c.channel == row.channel,
            INBOUND.c.bot == row.bot,
            INBOUND.c.address == row.address,
            INBOUND.c.said == Said.STRANGER,
            INBOUND.c.handled_at > now - STRANGERS_ANSWER_EVERY,
        )
        .limit(1)
    ).first()
    return [] if recent else [Answer(Said.STRANGER)]


class Conversation:
    """One reply of one person: understood against the work they know by number.

    ``said_at`` is when the words reached us: the doer's time, which counts; ``now`` is this turn's time.
    """

    def __init__(
        self, connection: Connection, office: OfficeView, person_id: int, said_at: dt.datetime, now: dt.datetime
    ) -> None:
        self.connection = connection
        self.office = office
        self.me = office.staff.members[person_id]
        self.actor = Actor(self.me.name, person_id)
        self.said_at = said_at
        self.now = now
        self.today = office.today(now)
        self._acted: list[Acted] = []

    def reply_to(self, text: str, about: int | None) -> list[Answer]:
        """The answers to these words. ``about`` is the occurrence a pressed button was shown under."""
        said_on = self.office.today(self.said_at)
        intent = understand(text, said_on)
        if intent.date is None and intent.verb in (Verb.EXTEND, Verb.APPROVE):
            intent = replace(intent, date=_day_gone_by(text, intent.reason, said_on))
        simple: dict[Verb, Callable[[Intent], list[Answer]]] = {
            Verb.WORK: lambda _: [self._work_list()],
            Verb.WEEK: lambda _: [self._week()],
            Verb.UNDO: lambda _: self._undo(),
            Verb.HELP: lambda _: [self._answer(Said.HELP)],
            Verb.GREETING: lambda _: [self._answer(Said.GREETING)],
        }
        if intent.verb in simple:
            return simple[intent.verb](intent)
        acts = self._acts().get(intent.verb)
        if acts is None:
            meant = self._open_rows() if intent.doubt else []  # it was about work: which?
            return [self._answer(Said.NOT_UNDERSTOOD, lines=self._lines(meant))]
        if intent.doubt:
            return [self._ask_which(intent.verb)]
        if about is not None:
            return [self._about(about, intent, acts)]
        if not intent.numbers:
            return [self._bare(intent, acts)]
        return [self._numbered(number, intent, acts) for number in dict.fromkeys(intent.numbers)]

    # -- which piece of work is meant

    def _acts(self) -> dict[Verb, Callable[[AnyRow, int, Intent], Answer]]:
        return {
            Verb.DONE: self._done,
            Verb.DOING: self._doing,
            Verb.EXTEND: self._extend,
            Verb.APPROVE: self._approve,
            Verb.REFUSE: self._refuse,
            Verb.CONFIRM: self._confirm,
            Verb.RETURN: self._return,
        }

    def _numbered(self, number: int, intent: Intent, act: Callable[..., Answer]) -> Answer:
        occurrence_id = handles.occurrence_of(self.connection, self.me.id, number)
        row = actions.occurrence_row(self.connection, occurrence_id) if occurrence_id else None
        if row is None:
            return self._answer(Said.NO_SUCH_NUMBER, number=number, lines=self._lines(self._open_rows()))
        return self._act(row, number, intent, act)

    def _about(self, occurrence_id: int, intent: Intent, act: Callable[..., Answer]) -> Answer:
        row = actions.occurrence_row(self.connection, occurrence_id)
        if row is None or row.office_id != self.office.id:
            return self._answer(Said.NO_SUCH_NUMBER)
        number = handles.give(self.connection, [(self.me.id, row.id)], self.now)[self.me.id, row.id]
        return self._act(row, number, intent, act)

    def _bare(self, intent: Intent, act: Callable[..., Answer]) -> Answer:
        """Words without a number act only when exactly one thing is open; otherwise ask."""
        rows = self._candidates(intent.verb)
        if not rows:
            return self._answer(Said.NOTHING_OPEN)
        if len(rows) > 1:
            return self._ask_which(intent.verb)
        number = handles.give(self.connection, [(self.me.id, rows[0].id)], self.now)[self.me.id, rows[0].id]
        return self._act(rows[0], number, intent, act)

    def _act(self, row: AnyRow, number: int, intent: Intent, act: Callable[..., Answer]) -> Answer:
        try:
            answer = act(row, number, intent)
            return replace(answer, occurrence_id=row.id, title=HIDDEN_TITLE if row.secret else answer.title)
        except CannotDo as refusal:
            shown = HIDDEN_TITLE if row.secret else row.title
            said = _refused(refusal.state, intent.verb, row)
            return self._answer(said, number=number, title=shown, at=row.reported_at)

    def _ask_which(self, verb: Verb) -> Answer:
        rows = self._candidates(verb)
        return self._answer(Said.WHICH_ONE if rows else Said.NOTHING_OPEN, lines=self._lines(rows))

    def _candidates(self, verb: Verb) -> list[AnyRow]:
        if verb in (Verb.CONFIRM, Verb.RETURN):
            return [row for row in self._known_rows(WorkState.WAITING) if self._may_confirm(row)]
        if verb in (Verb.APPROVE, Verb.REFUSE):
            waiting = self._known_rows(*OPEN)
            return [r for r in waiting if actions.waiting_extension(self.connection, r.id) and self._may_approve(r)]
        return self._open_rows()

    # -- what the doer says

    def _done(self, row: AnyRow, number: int, intent: Intent) -> Answer:
        if not self._may_do(row):
            return self._answer(Said.NOT_ALLOWED, number=number, title=row.title)
        acted = actions.report(self.connection, self.office, row, self.actor, self.said_at, intent.document)
        self._remember(acted)
        late = self.said_at > ends_at(row.due, row.due_time, self.office.zone)
        said = Said.DONE if acted.state is WorkState.DONE else Said.DONE_WAITING
        return self._answer(
            said, number=number, title=row.title, due=row.due, late=late, undo_word=True, at=self.said_at
        )

    def _doing(self, row: AnyRow, number: int, _: Intent) -> Answer:
        if not self._may_do(row):
            return self._answer(Said.NOT_ALLOWED, number=number, title=row.title)
        if WorkState(row.work_state) is not WorkState.DOING:
            self._remember(actions.start(self.connection, self.office, row, self.actor, self.now))
        return self._answer(Said.DOING, number=number, title=row.title, due=row.internal_due, undo_word=True)

    def _extend(self, row: AnyRow, number: int, intent: Intent) -> Answer:
        shown = {"number": number, "title": row.title, "due": row.internal_due}
        if not self._may_do(row):
            return self._answer(Said.NOT_ALLOWED, **shown)
        if intent.date is None:
            return self._answer(Said.NEEDS_DATE, **shown)
        if intent.date < self.today:
            return self._answer(Said.DATE_PAST, until=intent.date, **shown)
        if intent.date <= row.internal_due:
            return self._answer(Said.DATE_EARLIER, until=intent.date, **shown)
        if not intent.reason:
            return self._answer(Said.NEEDS_REASON, until=intent.date, **shown)
        self._remember(
            actions.ask_extension(self.connection, self.office, row, self.actor, intent.date, intent.reason, self.now)
        )
        return self._answer(Said.EXTENSION_SENT, until=intent.date, reason=intent.reason, undo_word=True, **shown)

    # -- what the approver and the confirmer say

    def _approve(self, row: AnyRow, number: int, intent: Intent) -> Answer:
        extension = actions.waiting_extension(self.connection, row.id)
        if not self._may_approve(row):
            return self._answer(Said.NOT_ALLOWED, number=number, title=row.title)
        if extension is None:
            return self._answer(Said.NOT_WAITING, number=number, title=row.title)
        if intent.date not in (None, extension.until):
            return self._answer(Said.OTHER_DATE, number=number, title=row.title, until=extension.until)
        self._remember(actions.grant_extension(self.connection, self.office, row, extension, self.actor, self.now))
        return self._answer(
            Said.EXTENSION_GRANTED, number=number, title=row.title, until=extension.until, undo_word=True
        )

    def _refuse(self, row: AnyRow, number: int, intent: Intent) -> Answer:
        extension = actions.waiting_extension(self.connection, row.id)
        if not self._may_approve(row):
            return self._answer(Said.NOT_ALLOWED, number=number, title=row.title)
        if extension is None:
            return self._answer(Said.NOT_WAITING, number=number, title=row.title)
        if not intent.reason:
            return self._answer(Said.NEEDS_REASON, number=number, title=row.title)
        self._remember(
            actions.refuse_extension(self.connection, self.office, row, extension, self.actor, intent.reason, self.now)
        )
        return self._answer(
            Said.EXTENSION_REFUSED, number=number, title=row.title, reason=intent.reason, undo_word=True
        )

    def _confirm(self, row: AnyRow, number: int, _: Intent) -> Answer:
        if not self._may_confirm(row):
            return self._answer(Said.NOT_ALLOWED, number=number, title=row.title)
        if WorkState(row.work_state) in OPEN:
            return self._answer(Said.NOT_WAITING, number=number, title=row.title)
        self._remember(actions.confirm(self.connection, self.office, row, self.actor, self.now))
        return self._answer(Said.CONFIRMED, number=number, title=row.title, undo_word=True)

    def _return(self, row: AnyRow, number: int, intent: Intent) -> Answer:
        if not self._may_confirm(row):
            return self._answer(Said.NOT_ALLOWED, number=number, title=row.title)
        if WorkState(row.work_state) in OPEN:
            return self._answer(Said.NOT_WAITING, number=number, title=row.title)
        if not intent.reason:
            return self._answer(Said.NEEDS_REASON, number=number, title=row.title)
        self._remember(actions.send_back(self.connection, self.office, row, self.actor, intent.reason, self.now))
        return self._answer(Said.RETURNED, number=number, title=row.title, reason=intent.reason, undo_word=True)

    # -- who may do what (deny by default)

    def _in_chain(self, row: AnyRow, *levels: str) -> bool:
        chain = row.chain or {}
        stands_for = {a.person for a in self.office.staff.away if a.substitute == self.me.id and self._now_in(a)}
        mine = {self.me.id, *stands_for}
        return any(mine & set(chain.get(level, ())) for level in levels)

    def _now_in(self, away: Any) -> bool:
        return bool(away.first_day <= self.today <= away.last_day)

    def _may_do(self, row: AnyRow) -> bool:
        return self._in_chain(row, "doer", "head")

    def _may_approve(self, row: AnyRow) -> bool:
        # The standing office approves, but nobody approves their own request: then the leaders do.
        extension = actions.waiting_extension(self.connection, row.id)
        if extension is not None and extension.asked_by == self.me.id:
            return False
        return self._in_chain(row, "standing", "leaders")

    def _may_confirm(self, row: AnyRow) -> bool:
        level = row.confirm if row.confirm != "none" else "head"
        chain = row.chain or {}
        if row.reported_by == self.me.id:  # whoever only stands in for the confirmer does not confirm their own work
            return self.me.id in chain.get(level, ())
        if self._in_chain(row, level, "leaders"):
            return True
        asked = confirmers(self.office.staff, chain, level, row.reported_by, self.today)
        return self.me.id in {hearer.person_id for hearer in asked}

    # -- lists

    def _open_rows(self) -> list[AnyRow]:
        return self._rows(OCCURRENCE.c.doer_id.in_(self._mine()), OPEN)

    def _mine(self) -> list[int]:
        return [self.me.id] + [
            a.person for a in self.office.staff.away if a.substitute == self.me.id and self._now_in(a)
        ]

    def _known_rows(self, *states: WorkState) -> list[AnyRow]:
        known = select(handles.HANDLE.c.occurrence_id).where(
            handles.HANDLE.c.person_id == self.me.id, handles.HANDLE.c.released_at.is_(None)
        )
        return self._rows(OCCURRENCE.c.id.in_(known), states)

    def _rows(self, which: Any, states: Iterable[WorkState]) -> list[AnyRow]:
        return list(
            self.connection.execute(
                select(
                    OCCURRENCE,
                    OBLIGATION.c.ladder,
                    OBLIGATION.c.confirm,
                    OBLIGATION.c.secret,
                    OBLIGATION.c.rule,
                    UNIT.c.name.label("unit_name"),
                )
                .join(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
                .join(UNIT, UNIT.c.id == OCCURRENCE.c.unit_id)
                .where(
                    OCCURRENCE.c.office_id == self.office.id,
                    OCCURRENCE.c.opened_at.is_not(None),
                    OCCURRENCE.c.work_state.in_([str(state) for state in states]),
                    which,
                )
                .order_by(OCCURRENCE.c.internal_due, OCCURRENCE.c.id)
            ).all()
        )

    def _lines(self, rows: list[AnyRow]) -> tuple[WorkLine, ...]:
        rows = rows[:MOST_LINES]
        numbers = handles.give(self.connection, [(self.me.id, row.id) for row in rows], self.now)
        return tuple(
            WorkLine(
                number=numbers[self.me.id, row.id],
                occurrence_id=row.id,
                title=HIDDEN_TITLE if row.secret else row.title,
                unit=row.unit_name,
                due=max(row.due, row.internal_due),
                state=in_words(WorkState(row.work_state), row.due, row.internal_due, self.today),
                days_late=days_late(row.due, row.internal_due, self.today),
            )
            for row in rows
        )

    def _work_list(self) -> Answer:
        rows = self._open_rows()
        asked = [r for r in self._known_rows(WorkState.WAITING) if self._may_confirm(r) and r.doer_id != self.me.id]
        asked += [r for r in self._candidates(Verb.APPROVE) if r.id not in {row.id for row in rows}]
        every = rows + asked
        return self._answer(Said.WORK_LIST, lines=self._lines(every), more=max(0, len(every) - MOST_LINES))

    def _week(self) -> Answer:
        monday = self.today - dt.timedelta(days=self.today.weekday())
        sunday = monday + dt.timedelta(days=6)
        rows = [row for row in self._open_rows() if row.internal_due <= sunday]
        year, week, _ = monday.isocalendar()
        return self._answer(Said.WEEK, lines=self._lines(rows), week=f"{week}/{year}")

    # -- undo

    def memory(self) -> dict[str, Any] | None:
        """How to take this reply back: everything it did, for one reply may name several numbers."""
        return {"acts": [acted.undo for acted in self._acted]} if self._acted else None

    def _remember(self, acted: Acted) -> None:
        self._acted.append(acted)

    def _undo(self) -> list[Answer]:
        last = self.connection.execute(
            select(INBOUND)
            .where(
                INBOUND.c.person_id == self.me.id,
                INBOUND.c.undone_at.is_(None),
                INBOUND.c.handled_at > self.now - UNDO_WITHIN,
            )
            .order_by(INBOUND.c.id.desc())
            .limit(20)
        ).all()
        remembered = next((row for row in last if row.undo), None)
        restored = [row for act in remembered.undo["acts"] if (row := self._take_back(act))] if remembered else []
        if remembered is None or not restored:
            return [self._answer(Said.NOTHING_TO_UNDO)]
        self.connection.execute(update(INBOUND).where(INBOUND.c.id == remembered.id).values(undone_at=self.now))
        numbers = handles.give(self.connection, [(self.me.id, row.id) for row in restored], self.now)
        return [
            self._answer(
                Said.UNDONE,
                number=numbers[self.me.id, row.id],
                title=HIDDEN_TITLE if row.secret else row.title,
                due=row.internal_due,
            )
            for row in restored
        ]

    def _take_back(self, act: dict[str, Any]) -> AnyRow | None:
        """The occurrence, if it could be put back as it was."""
        row = actions.occurrence_row(self.connection, act["occurrence"])
        if row is None or not actions.undo(self.connection, self.office, row, self.actor, act, self.now):
            return None
        return actions.occurrence_row(self.connection, row.id)

    def _answer(self, said: Said, **values: Any) -> Answer:
        return Answer(said, person=self.me.name, **values)


def _refused(state: WorkState, verb: Verb, row: AnyRow) -> Said:
    """Why this cannot be done to work in that state."""
    if state is WorkState.CANCELLED:
        return Said.ALREADY_CANCELLED
    confirmed = row.confirm != "none" and row.reported_by not in row.chain[row.confirm]
    if state is WorkState.DONE and verb is Verb.CONFIRM and confirmed:
        return Said.ALREADY_CONFIRMED
    return Said.ALREADY_DONE if state in (WorkState.DONE, WorkState.WAITING) else Said.CANNOT_NOW


def _day_gone_by(text: str, reason: str | None, today: dt.date) -> dt.date | None:
    """The day that was named, where reading it as a day to come gave none: "đến 25/3" said on 28/3."""
    words = clean(text)
    tokens = tokens_of(words[: words.find(reason)] if reason and reason in words else words)
    named = (date_at(tokens, at, today, Lean.BEHIND) for at in range(len(tokens)))
    return next((there.date for there in named if there and there.date), None)

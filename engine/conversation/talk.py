"""What one reply is answered with: who speaks, when, and what they have done so far in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from data.rows import AnyRow
from engine.actions import Acted, Actor
from engine.messages import HIDDEN_TITLE, HIDDEN_WORDS, Answer, Attachment, Said
from engine.office import OfficeView
from engine.rules.chain import Member
from engine.rules.rights import Part, acting_for, parts_in_work


@dataclass
class Talk:
    """One reply of one person.

    ``said_at`` is when the words reached us: the doer's time, which counts; ``now`` is this turn's time.
    """

    connection: Connection
    office: OfficeView
    me: Member
    said_at: dt.datetime
    now: dt.datetime
    inbound_id: int | None = None
    channel: str = ""
    bot: str = ""
    in_group: bool = False
    attachments: tuple[Attachment, ...] = ()
    acted: list[Acted] = field(default_factory=list)
    put_back: set[int] = field(default_factory=set)  # occurrences whose last action was taken back
    asked: dict[str, Any] | None = None  # what the answer asks back, for the reply after this one

    @property
    def actor(self) -> Actor:
        """The speaker, as the journal names them."""
        return Actor(self.me.name, self.me.id)

    @cached_property
    def today(self) -> dt.date:
        """The office's day of this turn."""
        return self.office.today(self.now)

    @cached_property
    def said_on(self) -> dt.date:
        """The office's day on which the words were said."""
        return self.office.today(self.said_at)

    @cached_property
    def mine(self) -> frozenset[int]:
        """The speaker, and whom they stand in for."""
        return acting_for(self.office.staff, self.me.id, self.today)

    def parts(self, row: AnyRow) -> frozenset[Part]:
        """What the speaker is to this piece of work."""
        return parts_in_work(self.office.staff, self.me.id, row.chain or {}, row.unit_id, self.today)

    def answer(self, said: Said, row: AnyRow | None = None, number: int | None = None, **values: Any) -> Answer:
        """An answer to the speaker, about ``row`` where there is one."""
        if row is not None:
            values = {
                "occurrence_id": row.id,
                "title": HIDDEN_TITLE if row.secret else row.title,
                "version": row.version,
                **values,
            }
            if row.secret and values.get("reason"):
                values["reason"] = HIDDEN_WORDS
        return Answer(said, person=self.me.name, person_id=self.me.id, addressed=self.in_group, number=number, **values)

    def remember(self, acted: Acted, **more: Any) -> Acted:
        """Keep what was done, so that it can be taken back."""
        acted = acted.remembering(**more) if more else acted
        self.acted.append(acted)
        return acted

"""Which of a person's chats a message goes to.

The first by rank that is linked, not blocked and served by a running bot. One that keeps failing is passed over for the
next, with the reason, and tried again later; a blocked one waits until its person writes again. What fits no chat goes
to the group of the person's unit.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from data.one_of import one_of
from data.rows import AnyRow, Taken
from engine.messages import Channel, serves
from engine.office import CHAT, PERSON, USAGE
from engine.outbox import OUT_OF_BUDGET, Channels, Chat, Lane, Letter
from engine.rules.budget import Weight, may_send

TRY_AGAIN_AFTER = dt.timedelta(hours=1)  # a chat that failed: whether it works again
OTHER_OFFICE = "bot này nay phục vụ cơ quan khác"
NOT_LINKED = "người nhận chưa nối kênh nhắn tin"
QUOTA_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")  # the provider's months
_Candidate = tuple[Chat, dt.datetime | None]  # a chat, and since when it has been failing

_CHATS = (
    select(CHAT.c.id, CHAT.c.person_id, CHAT.c.channel, CHAT.c.bot, CHAT.c.address, CHAT.c.failing_since)
    .where(one_of(CHAT.c.person_id, "people"), CHAT.c.blocked_at.is_(None))
    .order_by(CHAT.c.rank, CHAT.c.id)
)
_GROUPS = (
    select(
        CHAT.c.id,
        PERSON.c.id.label("person_id"),
        CHAT.c.channel,
        CHAT.c.bot,
        CHAT.c.address,
        CHAT.c.failing_since,
    )
    .join(PERSON, PERSON.c.unit_id == CHAT.c.unit_id)
    .where(one_of(PERSON.c.id, "people"), CHAT.c.blocked_at.is_(None))
    .order_by(CHAT.c.rank, CHAT.c.id)
)


class Addresses:
    """The chats of the people a batch is for, read once; and how much of each bot's budget is left."""

    def __init__(
        self, connection: Connection, channels: Channels, rows: Sequence[Taken | AnyRow], now: dt.datetime
    ) -> None:
        self.channels, self.now = channels, now
        self.office_of = {row.person_id: row.office_id for row in rows if row.person_id is not None}
        people = sorted(self.office_of)
        self.chats: dict[int, list[_Candidate]] = defaultdict(list)
        if people:
            self._read(connection, _CHATS, people)
            alone = [person for person in people if not self.chats[person]]
            if alone:
                self._read(connection, _GROUPS, alone)
        self.used = _used(connection, channels, now)

    def _read(self, connection: Connection, query: Any, people: list[int]) -> None:
        for chat_id, person, channel, bot, address, failing in connection.execute(query, {"people": people}).all():
            if may_use(self.channels, (channel, bot), self.office_of[person]):
                chat = Chat(channel, bot, address, chat_id, failing is not None)
                self.chats[person].append((chat, failing))

    def of(self, row: Taken | AnyRow) -> tuple[Chat | None, str]:
        """The chat to use, or why there is none."""
        weight = _weight(row)
        if row.address:
            there = (row.channel, row.bot)
            if there not in self.channels:
                return None, "kênh này không còn chạy"
            if not serves(self.channels[there], row.office_id):
                return None, OTHER_OFFICE
            if not self._afford(there, weight):
                return None, OUT_OF_BUDGET
            return Chat(row.channel, row.bot, row.address), ""
        avoid = row.avoid or ()
        possible = [candidate for candidate in self.chats.get(row.person_id, ()) if candidate[0].id not in avoid]
        possible.sort(key=self._is_to_rest)
        for chat, _ in possible:
            if self._afford((chat.channel, chat.bot), weight):
                return chat, ""
        if possible:
            return None, OUT_OF_BUDGET
        return None, (row.error if avoid and row.error else NOT_LINKED)

    def _is_to_rest(self, candidate: _Candidate) -> bool:
        _, failing_since = candidate
        return failing_since is not None and failing_since > self.now - TRY_AGAIN_AFTER

    def _afford(self, bot: tuple[str, str], weight: Weight) -> bool:
        budget = budget_of(self.channels[bot])
        if not may_send(self.used.get(bot, 0), budget, weight):
            return False
        self.used[bot] = self.used.get(bot, 0) + 1
        return True


def _weight(row: Taken | AnyRow) -> Weight:
    if row.kind in ("answer", "edit"):
        return Weight.ANSWER
    if row.kind == "digest":
        return Weight.DIGEST
    return Weight.URGENT if row.urgent else Weight.ROUTINE


def budget_of(channel: Channel) -> int | None:
    """Messages a month that this bot may send; None: as many as it likes."""
    budget: int | None = getattr(channel, "budget", None)
    return budget


def month_of(now: dt.datetime) -> str:
    """The month for which a message counts: 2026-03."""
    return f"{now.astimezone(QUOTA_ZONE):%Y-%m}"


def _used(connection: Connection, channels: Channels, now: dt.datetime) -> dict[tuple[str, str], int]:
    if all(budget_of(channel) is None for channel in channels.values()):
        return {}
    rows = connection.execute(select(USAGE.c.channel, USAGE.c.bot, USAGE.c.sent).where(USAGE.c.month == month_of(now)))
    return {(row.channel, row.bot): row.sent for row in rows}


def has_another(connection: Connection, channels: Channels, letter: Letter) -> bool:
    """Whether the person has one more chat that a running bot serves and this letter has not tried."""
    tried = {*letter.avoid, letter.chat.id}
    chats = connection.execute(_CHATS, {"people": [letter.person_id]})
    return any(chat.id not in tried and may_use(channels, (chat.channel, chat.bot), letter.office_id) for chat in chats)


def may_use(channels: Channels, bot: Lane, office_id: str) -> bool:
    """Whether this bot runs, and may serve the office."""
    channel = channels.get(bot)
    return channel is not None and serves(channel, office_id)


def has_group(connection: Connection, channels: Channels, letter: Letter) -> bool:
    """Whether the person's unit has a group that this letter has not tried."""
    tried = {*letter.avoid, letter.chat.id}
    groups = connection.execute(_GROUPS, {"people": [letter.person_id]})
    return any(
        group.id not in tried and may_use(channels, (group.channel, group.bot), letter.office_id) for group in groups
    )

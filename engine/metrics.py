"""Numbers for Prometheus, in a registry of our own: what the turns did, and what the rows say when they are asked.

Counters count what this process did; gauges are read from the rows at the moment somebody asks, so that they are as
true after a restart as before it. No label names a person, a piece of work or an address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from sqlalchemy import Connection, distinct, func, select

from engine.addresses import QUOTA_ZONE
from engine.cycle import Decided
from engine.messages import Channel
from engine.office import CHAT, INBOUND, MESSAGE, USAGE
from engine.outbox import Delivered
from engine.watch import LOOK_BACK, Beat, lag, waiting

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UNKNOWN_FOR = dt.timedelta(days=7)


class Metrics:
    """The numbers of one running engine."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for every counter, which says when the program started
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._turns = self._counter("turns", "Turns since the program started.")
        self._decided = self._counter("decided", "What the turns decided.", "what")
        self._sends = self._counter("sends", "Messages, by what came of sending them.", "outcome")
        self._lag = self._gauge("oldest_due_lag_seconds", "For how long the oldest due thing has been due.")
        self._due = self._gauge("due", "What is due at this moment.", "what")
        self._findings = self._gauge("unexplained", "What the last turn could not explain, by sort.", "what")
        self._beat = self._gauge("last_beat_timestamp_seconds", "When the watchdog last looked.")
        self._proved = self._gauge("last_proof_timestamp_seconds", "When everything due was last said or explained.")
        self._queued = self._gauge("outbox_messages", "Messages that wait or are under way.", "status")
        self._lanes = self._gauge("outbox_lanes", "People with something in the outbox: each is a lane of its own.")
        self._held = self._gauge("outbox_lanes_held", "Lanes whose message failed and waits to be tried again.")
        self._chats = self._gauge("chats", "Linked chats by state.", "channel", "bot", "state")
        self._used = self._gauge("budget_used_messages", "Messages of this month.", "channel", "bot")
        self._budget = self._gauge("budget_messages", "Messages a month may have.", "channel", "bot")
        self._unknown = self._gauge("unknown_messages", "Messages of 7 days that may or may not have arrived.")
        self._unhandled = self._gauge("inbox_unhandled", "What people wrote and nothing has acted upon yet.")

        for outcome in Delivered.__slots__:  # from the first look on: a rate needs the zero before the one
            self._sends.labels(outcome)
        for what in Decided.__slots__:
            self._decided.labels(what)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"nhacviec_{name}", says, labels, registry=self.registry)

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(f"nhacviec_{name}", says, labels, registry=self.registry)

    # ---- what was done

    def record_decided(self, decided: Decided) -> None:
        """One turn has decided."""
        self._turns.inc()
        for name in Decided.__slots__:
            self._decided.labels(name).inc(getattr(decided, name))

    def record_handled(self, handled: int) -> None:
        """So many replies were acted upon, outside a turn."""
        self._decided.labels("handled").inc(handled)

    def record_delivered(self, delivered: Delivered) -> None:
        """One delivery has ended."""
        for name in Delivered.__slots__:
            self._sends.labels(name).inc(getattr(delivered, name))

    # ---- what the rows say

    def observe(
        self, connection: Connection, now: dt.datetime, channels: Collection[Channel] = (), beat: Beat | None = None
    ) -> None:
        """Read everything that stands in the rows, as of ``now``."""
        due = waiting(connection, now)
        self._lag.set(lag(due, now).total_seconds())
        for about in ("alarms", "digests", "outbox", "claims", "inbox", "lines"):
            self._due.labels(about).set(sum(one.count for one in due if one.about == about))
        self._outbox(connection, now)
        self._bots(connection, now, channels)
        if beat is not None:
            self._of_beat(beat)

    def _outbox(self, connection: Connection, now: dt.datetime) -> None:
        lanes: set[int] = set()
        for status in ("queued", "claimed"):  # one by one: each has an index of its own
            people = list(connection.execute(select(MESSAGE.c.person_id).where(MESSAGE.c.status == status)).scalars())
            self._queued.labels(status).set(len(people))
            lanes.update(people)
        self._lanes.set(len(lanes))
        again = (MESSAGE.c.status == "queued", MESSAGE.c.attempts > 0, MESSAGE.c.not_before > now)
        held = select(func.count(distinct(MESSAGE.c.person_id))).where(*again)
        self._held.set(connection.execute(held).scalar_one())
        newest = select(func.coalesce(func.max(MESSAGE.c.id), 0) - LOOK_BACK).scalar_subquery()
        unknown = select(func.count()).where(
            MESSAGE.c.id > newest, MESSAGE.c.status == "unknown", MESSAGE.c.claimed_at > now - UNKNOWN_FOR
        )
        self._unknown.set(connection.execute(unknown).scalar_one())
        unhandled = select(func.count()).select_from(INBOUND).where(INBOUND.c.handled_at.is_(None))
        self._unhandled.set(connection.execute(unhandled).scalar_one())

    def _bots(self, connection: Connection, now: dt.datetime, channels: Collection[Channel]) -> None:
        self._chats.clear()
        of_bot = (
            func.count().label("all"),
            func.count(CHAT.c.blocked_at).label("blocked"),
            func.count(CHAT.c.failing_since).label("failing"),
        )
        for row in connection.execute(select(CHAT.c.channel, CHAT.c.bot, *of_bot).group_by(CHAT.c.channel, CHAT.c.bot)):
            for state, count in (("linked", row.all), ("blocked", row.blocked), ("failing", row.failing)):
                self._chats.labels(row.channel, row.bot, state).set(count)
        month = f"{now.astimezone(QUOTA_ZONE):%Y-%m}"
        self._used.clear()  # last month's numbers are not this month's
        for row in connection.execute(select(USAGE).where(USAGE.c.month == month)):
            self._used.labels(row.channel, row.bot).set(row.sent)
        for channel in channels:
            budget: int | None = getattr(channel, "budget", None)
            if budget is not None:
                self._budget.labels(channel.name, channel.bot).set(budget)

    def _of_beat(self, beat: Beat) -> None:
        self._beat.set(beat.at.timestamp())
        if beat.proved_at is not None:
            self._proved.set(beat.proved_at.timestamp())
        self._findings.clear()
        for finding in beat.findings:
            self._findings.labels(finding.about).inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format (:data:`CONTENT_TYPE`)."""
        return generate_latest(self.registry)

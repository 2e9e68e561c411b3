"""The ladder (thang nhắc): which rung is due now, and when to look again.

Rungs are counted in working days from a date of the occurrence and start with a slot of working hours. After a
silence of any length only the newest rung that is due is taken; the older ones are named as passed over, so that
whoever was away hears one line and not ten.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from schedules.hours import WorkingHours
from schedules.office_model import Ladder, Rung

REPEATS_COUNT_FROM = dt.date(2023, 12, 29)  # a Friday: without holidays, every fifth working day is a Friday
OPENS_WORKING_DAYS_BEFORE = 10  # two working weeks: long enough to plan, short enough to keep `việc` readable


@dataclass(frozen=True, slots=True)
class Anchors:
    """The dates rungs are counted from. ``deadline`` is the later of the due date and an extended internal due."""

    cutoff: dt.date | None
    internal_due: dt.date
    deadline: dt.date


@dataclass(frozen=True, slots=True)
class Step:
    """One rung at its moment. ``name`` is unique on the ladder: repeats of the last rung are "leaders#2" and so on."""

    name: str
    rung: Rung
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Climb:
    """The decision: take ``step`` (or nothing yet), having passed over ``skipped``; look again at ``next_at``.

    ``at_top``: the step is the ladder's last rung, or a repeat of it.
    """

    step: Step | None
    skipped: tuple[Step, ...]
    next_at: dt.datetime
    at_top: bool = False


def anchors_of(cutoff: dt.date | None, due: dt.date, internal_due: dt.date) -> Anchors:
    """The anchors of an occurrence; an extension beyond the due date takes the escalation with it."""
    return Anchors(cutoff=cutoff, internal_due=internal_due, deadline=max(due, internal_due))


def steps_of(ladder: Ladder, anchors: Anchors, hours: WorkingHours) -> list[Step]:
    """Every rung of the ladder at its moment, in order of time. Rungs anchored on a missing cut-off fall away."""
    moments = _moments(ladder.rungs, anchors, hours)
    steps = [Step(rung.id, rung, moments[rung.id]) for rung in ladder.rungs if rung.id in moments]
    steps.sort(key=lambda step: step.at)  # stable: rungs of one moment keep the ladder's order
    return steps


def _moments(rungs: Iterable[Rung], anchors: Anchors, hours: WorkingHours) -> dict[str, dt.datetime]:
    moments = {}
    for rung in rungs:
        anchor: dt.date | None = getattr(anchors, rung.anchor)
        if anchor is not None:
            moments[rung.id] = hours.slot_on(_working_day(anchor, rung.days, hours), rung.slot).starts
    return moments


def _working_day(anchor: dt.date, days: int, hours: WorkingHours) -> dt.date:
    # An anchor may stand on a day off (a cut-off on a Sunday). Rungs before it count back from the last working
    # day, rungs after it forward; the rung of the day itself comes early rather than late.
    start = hours.calendar.on_or_before(anchor)
    return hours.calendar.add(start, days) if days else start


def opens_at(ladder: Ladder, anchors: Anchors, hours: WorkingHours) -> dt.datetime:
    """When the occurrence opens (and its chain is frozen): ten working days before, or with its first rung."""
    usual = hours.calendar.add(anchors.internal_due, -OPENS_WORKING_DAYS_BEFORE)
    early = [rung for rung in ladder.rungs if rung.days < 0 or rung.anchor == "cutoff"]  # no other comes before it
    return min([hours.slot_on(usual, "morning").starts, *_moments(early, anchors, hours).values()])


def climb(
    ladder: Ladder,
    anchors: Anchors,
    hours: WorkingHours,
    *,
    climbed_to: dt.datetime | None,
    now: dt.datetime,
    pulled_forward: bool = False,
) -> Climb:
    """Take the newest rung due by ``now`` after ``climbed_to``; with ``pulled_forward``, the next one at once.

    Of the repeats none is pulled forward: nobody stands above the last rung, and its rhythm would lose a beat.

    1. The ladder's own rungs, then repeats of its last one, every ``repeat_last_every`` working days, without end:
       nothing overdue is ever silent.
    2. Everything due and not yet climbed is passed over but for the newest.
    """
    steps = steps_of(ladder, anchors, hours)
    ahead: list[Step] = []
    skipped: list[Step] = []
    taken: Step | None = None
    for step in steps:
        if climbed_to is not None and step.at <= climbed_to:
            continue
        if step.at <= now:
            if taken:
                skipped.append(taken)
            taken = step
        else:
            ahead.append(step)
    above = bool(ahead)
    if not above:
        repeats = _repeats(ladder, steps[-1], hours, climbed_to, now)
        for step in repeats.passed:
            if taken:
                skipped.append(taken)
            taken = step
        ahead.append(repeats.upcoming)
    if pulled_forward and above and taken is None:
        taken = ahead.pop(0)
        while ahead and ahead[0].at == taken.at:  # of two rungs at one moment the higher is taken, as always
            skipped.append(taken)
            taken = ahead.pop(0)
        if not ahead:
            ahead.append(_repeats(ladder, steps[-1], hours, taken.at, taken.at).upcoming)
    return Climb(taken, tuple(skipped), ahead[0].at, at_top=taken is not None and taken.rung == steps[-1].rung)


@dataclass(frozen=True, slots=True)
class _Repeats:
    passed: list[Step]
    upcoming: Step


def _repeats(
    ladder: Ladder, last: Step, hours: WorkingHours, climbed_to: dt.datetime | None, now: dt.datetime
) -> _Repeats:
    """Repeats of the last rung: the newest one passed by ``now`` (if not yet climbed), and the one to come.

    All work that repeats every n working days does so on the same days, so that who has five things overdue hears of
    them in one message; the first repeat leaves at least half of n after the rung itself. Counted by index, never
    from the previous repeat: a late turn must not shift the rhythm.
    """
    calendar, every = hours.calendar, ladder.repeat_last_every
    earliest = calendar.count(REPEATS_COUNT_FROM, hours.civil_day(last.at)) + (every + 1) // 2
    first = -(-earliest // every)
    number = max(1, calendar.count(REPEATS_COUNT_FROM, hours.civil_day(now)) // every - first)
    passed: list[Step] = []
    while True:
        day = calendar.add(REPEATS_COUNT_FROM, (first + number - 1) * every)
        at = hours.slot_on(day, last.rung.slot).starts
        step = Step(f"{last.name}#{number + 1}", last.rung, at)
        if at > now and (climbed_to is None or at > climbed_to):
            return _Repeats(passed[-1:], step)
        if climbed_to is None or at > climbed_to:
            passed.append(step)
        number += 1

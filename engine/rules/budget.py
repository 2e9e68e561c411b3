"""A bot's monthly budget of messages: what may still be sent as it runs low.

A free Zalo bot may send about 3,000 messages a month (CHANNELS, section 1.5; the figure is a setting). Running out in
the last week would silence exactly what must not be silent, so the early reminders stop first.
"""

from __future__ import annotations

from enum import StrEnum

WARN_AT = 0.70
SPARE_AT = 0.90


class Weight(StrEnum):
    """How much a message matters when not all can be sent."""

    URGENT = "urgent"  # last call, overdue, escalation, a question to an approver
    DIGEST = "digest"
    ANSWER = "answer"  # to a person's own words: without it they would type again
    ROUTINE = "routine"  # early reminders and good news


def may_send(used: int, budget: int | None, weight: Weight) -> bool:
    """Whether a message may go out when ``used`` of ``budget`` have been sent this month (None: no budget)."""
    if budget is None or weight is Weight.URGENT:
        return True
    if used >= budget:
        return False
    return weight is not Weight.ROUTINE or used < SPARE_AT * budget


def crosses_warning(before: int, after: int, budget: int) -> bool:
    """Whether the office must be told now that the budget runs low."""
    return any(before < share * budget <= after for share in (WARN_AT, SPARE_AT, 1.0))

"""Review: what a person decides about one duty that was found. The questions themselves are the command line's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schedules.intake.draft import is_confident
from schedules.intake.findings import Duty
from schedules.phrases import read_deadline


def accepted(duty: Duty) -> Duty:
    """The duty as a person has confirmed it: nothing about it is unsure any more."""
    return replace(duty, confidence=1.0, needs_review=())


def edited(duty: Duty, *, title: str, lead: str | None, deadline_text: str, product: str | None, year: int) -> Duty:
    """The duty in a person's own words; a deadline they have typed is read anew."""
    if deadline_text != duty.deadline_text:
        deadline = read_deadline(deadline_text, year)
        duty = replace(duty, deadline_text=deadline_text, deadline=deadline, choice=0)
    each = duty.lead_each and lead == duty.lead
    return replace(duty, title=title, lead=lead, lead_each=each, product=product or None)


def unsure(duties: Iterable[Duty]) -> list[Duty]:
    """The duties a person must look at."""
    return [duty for duty in duties if not is_confident(duty)]

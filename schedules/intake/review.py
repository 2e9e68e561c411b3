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


def edited(duty: Duty, *, title: str, lead: str | None, words: str, product: str | None, year: int) -> Duty:
    """The duty in a person's own words. A deadline they typed is read anew; the printed one stays as its source."""
    if words != spoken(duty):
        duty = replace(duty, deadline=read_deadline(words, year), choice=0)
    each = duty.lead_each and lead == duty.lead
    return replace(duty, title=title, lead=lead, lead_each=each, product=product or None)


def spoken(duty: Duty) -> str:
    """The deadline in words: a person's, once they have typed them, else the plan's."""
    return duty.deadline.phrase or duty.deadline_text


def unsure(duties: Iterable[Duty]) -> list[Duty]:
    """The duties a person must look at."""
    return [duty for duty in duties if not is_confident(duty)]

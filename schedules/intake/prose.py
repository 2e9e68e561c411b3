"""Duties that stand in sentences: a clause with a schedule, or with something to hand in, and who has to do it.

For every paragraph that is not a mere heading:

1. who is told: the sentence ("Giao Phòng X chủ trì"), else the heading, else the unit in charge of the subject;
2. every clause with a schedule is a duty or a wish (:mod:`schedules.intake.verbs`);
3. under "Tổ chức thực hiện" a report or a list without any date is a duty too: its deadline is what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from schedules.intake.addressees import group_after, with_their_verb
from schedules.intake.findings import Duty, Strength
from schedules.intake.outline import Heading, Item
from schedules.intake.reading import doubts_of, reads, review_of, with_choices
from schedules.intake.several import gathered, one_clause_a_date
from schedules.intake.spans import Span, belong_together, best_span, schedules_in, together
from schedules.intake.subjects import Subjects
from schedules.intake.targets import is_target
from schedules.intake.titles import title_of
from schedules.intake.units import Units, each_unit, mentions
from schedules.intake.verbs import (
    from_the_making,
    headless,
    inherited_strength,
    is_conditional,
    makes_something,
    product_of,
    reports,
    strength_of,
)
from schedules.intake.wording import clauses, fold, sentences, shorten
from schedules.phrases import Deadline

# "Bà Lê Thị Mẫu, ", and the head of an organisation for the organisation
_PERSON = (
    r"(?:(?:mời\s+)?(?:ông|bà|đồng chí|đ/c)\s+[^\W\d][^,:;–-]{3,40}\s*[,–-]\s*)?"
    r"(?:chủ tịch\s+(?=hội|mặt trận|mttq|ủy ban m))?"
)
_LEAD_WORDS = re.compile(
    rf"^\s*(?:giao(?:\s+cho)?|yêu cầu|đề nghị|phân công)?\s*{_PERSON}(?:đồng chí\s+)?(?:(?:phó\s+)?trưởng\s+"
    rf"|chánh\s+|giám đốc\s+)?",
    re.IGNORECASE,
)
_GIVEN = re.compile(r"(?:\bgiao(?:\s+cho)?\s+|\bdo\s+)(?=\w)", re.IGNORECASE)
_WITH = re.compile(r"phối hợp(?:\s+(?:với|cùng|chặt chẽ với))?\s+", re.IGNORECASE)
_NOT_LEAD_AFTER = re.compile(r"^\s*(?:để|tổng hợp)\b")
_SUBJECT_TO = re.compile(r"^\s*tổng hợp\b")
# "(Chủ trì: Phòng Kinh tế)", "(Phòng Kinh tế chủ trì)", "(giao Phòng Kinh tế)"
_IN_BRACKETS = re.compile(
    r"\((?:(?:cơ quan|đơn vị)\s+)?(?:(?:chủ trì|thực hiện)\s*:\s*|giao\s+)([^();]{4,120})[^()]*\)"
    r"|\((?=[^()]{4,90}\bchủ trì\b)([^();]{4,120})[^()]*\)",
    re.IGNORECASE,
)
_ASSIGNS = re.compile(r"^(?:giao|phân công)\s[^;:]{4,120}\b(?:chủ trì|thực hiện)\W*$", re.IGNORECASE)
_GROUND = re.compile(r"^(?:căn cứ|trên cơ sở|theo)\s[^,;:]{3,90},\s*", re.IGNORECASE)
_TOPIC = re.compile(r"^[^:;.]{5,110}:\s+")
_HEAD_OF_UNIT = re.compile(
    rf"^{_PERSON}(?:(?:trách nhiệm|nhiệm vụ)(?: cụ thể)?(?: của)?|đối với|giao|đề nghị|yêu cầu|đồng chí)?\s*(?:các"
    r" đồng chí\s+)?(?:trưởng\s+|chánh\s+|giám đốc\s+|lãnh đạo\s+)?",
    re.IGNORECASE,
)
_COMPLETION = re.compile(r"\b(?:và|phải|cần|hoàn thành|hoàn tất|xong|thực hiện|thời gian|thời hạn|gửi)\b")
SHORTEST_TITLE = 9  # "Tổng kết" alone does not say of what: the sentence has to
_RECIPIENT = re.compile(r"(?:gửi|về|qua|phối hợp|với|cho|cùng|báo cáo)\s*$")


@dataclass(frozen=True, slots=True)
class Lead:
    """Who has to do it. ``each``: the words that tell every unit; ``inferred``: nobody was named.

    ``beside``: who is told with them and is no unit, "các thôn".
    """

    name: str | None
    others: tuple[str, ...] = ()
    each: bool = False
    inferred: bool = False
    partner: bool = False
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the sentences of one plan are read with."""

    units: Units
    subjects: Subjects
    year: int
    period: tuple[int, int] | None


def prose_duties(items: Iterable[Item], plan: Plan) -> Iterator[Duty]:
    """Every duty and wish of the running text, in order."""
    for item in items:
        if (item.leaf or _is_content(item)) and not item.text.isupper():
            yield from _duties_of(item, plan)


def has_numbers(items: Iterable[Item]) -> bool:
    """Whether the document is numbered at all; a short letter is not."""
    return any(item.path for item in items)


def _is_content(item: Item) -> bool:
    """A heading with a sentence of its own: long, and not only an introduction."""
    return (
        len(item.text) > 90 and not item.text.rstrip().endswith(":") and any(s.dated for s in schedules_in(item.text))
    )


def _duties_of(item: Item, plan: Plan) -> Iterator[Duty]:
    lead = lead_of_headings(item, plan.units)
    inherited = _inherited(item, plan)
    told = _with_bare_dates(sentences(item.text), plan)
    lead = _assigned_last(told, plan) or lead
    for sentence in told:
        lead = lead_in(sentence, plan.units) or lead
        yield from _duties_in(sentence, item, lead, inherited, plan)


def _assigned_last(told: Sequence[str], plan: Plan) -> Lead | None:
    """Who a short closing sentence gives everything before it to: "Giao Phòng Kinh tế chủ trì."."""
    if len(told) > 1 and _ASSIGNS.match(told[-1]) and not schedules_in(told[-1], plan.period):
        return lead_in(told[-1], plan.units)
    return None


def _duties_in(sentence: str, item: Item, lead: Lead | None, inherited: Span | None, plan: Plan) -> Iterator[Duty]:
    parts = _with_bare_dates(with_their_verb(clauses(sentence)), plan)
    made: list[Duty] = []
    loose: list[tuple[str, Lead | None]] = []
    for part in parts:
        lead = lead_in(part, plan.units) or lead
        found = list(_in_clause(part, sentence, item, lead, inherited, plan))
        made += found
        if not found:
            loose.append((part, lead))
    reporting = [(part, who) for part, who in loose if reports(part) and item.role == "organise"]
    if made and reporting and not any("báo cáo" in fold(duty.title) for duty in made):
        made[-1] = _with_report(made[-1], reporting[0][0])
    elif not made and item.role == "organise":
        asked = (
            []
            if is_conditional(sentence)
            else reporting[:1] or [(part, who) for part, who in loose if makes_something(part)][:1]
        )
        made += [_duty(part, None, "duty", sentence, item, who, plan) for part, who in asked]
    yield from _with_further_dates(made, parts, plan)


def _with_further_dates(made: Sequence[Duty], parts: Sequence[str], plan: Plan) -> list[Duty]:
    """The duties of a sentence; the last one says which dates of the sentence none of them is for."""
    read = [duty.deadline_text for duty in made if duty.deadline_text]
    left = [
        f'"{span.text}"'
        for part in parts
        for span in schedules_in(part, plan.period)
        if span.dated and not _foreign(span, plan) and not any(span.text in one or one in span.text for one in read)
    ]
    if not made or not left:
        return list(made)
    said = f"Câu còn nêu thời hạn khác: {', '.join(dict.fromkeys(left))}; hãy kiểm tra."
    return [*made[:-1], replace(made[-1], needs_review=(*made[-1].needs_review, said))]


def _with_bare_dates(parts: Sequence[str], plan: Plan) -> list[str]:
    """ "Phê duyệt phương án; hoàn thành trước ngày 15/5" is one clause: the second part only says when."""
    joined: list[str] = []
    for part in parts:
        if len(joined) > 1 and _only_says_when(part, plan) and not _COMPLETION.sub("", fold(joined[-1])).strip(" .,;:"):
            joined.pop()  # "…; thời gian hoàn thành: Quý II": the label, cut from its date
        if joined and _only_says_when(part, plan) and not any(s.dated for s in schedules_in(joined[-1], plan.period)):
            joined[-1] = f"{joined[-1].rstrip(' ;,')}, {schedules_in(part, plan.period)[0].text}"
        else:
            joined.append(part)
    return joined


def _only_says_when(part: str, plan: Plan) -> bool:
    span = next(iter(schedules_in(part, plan.period)), None)
    if span is None or not (span.dated or "year" in span.sorts) or "báo cáo" in fold(part):
        return False
    rest = fold(f"{part[: span.start]} {part[span.end :]}")
    return not _COMPLETION.sub("", rest).strip(" .,;:")


def _in_clause(
    clause: str, sentence: str, item: Item, lead: Lead | None, inherited: Span | None, plan: Plan
) -> Iterator[Duty]:
    """The duties of one clause: one for its best schedule, and one for every further report with its own."""
    every = schedules_in(clause, plan.period)
    spans = [span for span in every if not _foreign(span, plan)]
    if is_target(clause) and not any(span.dated for span in spans):
        return
    if gathering := gathered(clause, spans, plan.units):
        sent, sent_on, unit = gathering
        yield from _in_clause(sent, sentence, item, lead, None, plan)
        yield from _in_clause(sent_on, sentence, item, Lead(unit), None, plan)
        return
    made = False
    stale = len(spans) < len(every)
    for part in one_clause_a_date(clause, spans):
        main = _main([span for span in schedules_in(part, plan.period) if not _foreign(span, plan)])
        if main is None or (inherited and main.only("event", "vague", "own_year")):
            continue
        strength = strength_of(part, main, item.role)
        if strength:
            made = True
            yield from with_choices(_duty(part, main, strength, sentence, item, lead, plan, stale=stale))
    if not made and inherited:
        strength = inherited_strength(clause, item.role)
        if strength:
            duty = _duty(clause, None, strength, sentence, item, lead, plan)
            reading = reads(inherited.text, plan.year)
            review = (*doubts_of(inherited.text, reading.head), *duty.needs_review[1:])
            yield replace(duty, deadline_text=inherited.text, deadline=reading, needs_review=review, confidence=0.6)
            return
    if not made and stale and item.role == "organise" and makes_something(clause):
        yield _duty(clause, None, "duty", sentence, item, lead, plan, stale=True)


def _main(spans: Sequence[Span]) -> Span | None:
    """The schedule of one part: its best span, a period and its date taken together."""
    for one, other in pairwise(spans):
        if belong_together(one, other):
            return together(one, other)
    return best_span(spans)


def _foreign(span: Span, plan: Plan) -> bool:
    """Words of another plan's time: a year before this plan begins, a period that is not inside its own."""
    years = [int(year) for year in re.findall(r"20\d{2}", span.text)]
    if not years:
        return False
    first, last = plan.period or (plan.year, plan.year)
    if span.only("multi"):
        return max(years) < first or max(years) > max(last, first + 10)
    return max(years) < first


def _duty(
    clause: str,
    span: Span | None,
    strength: Strength,
    sentence: str,
    item: Item,
    lead: Lead | None,
    plan: Plan,
    *,
    stale: bool = False,
) -> Duty:
    who = lead or Lead(_likely_lead(clause, sentence, item, plan), inferred=True)
    words = span.text if span else ""
    deadline: Deadline = reads(words, plan.year)
    title = title_of(clause if span else from_the_making(clause), span)
    others = tuple(name for name in (*who.others, *cooperating(clause, plan.units)) if name != who.name)
    review = [*review_of(words, deadline)]
    if stale:
        review.append("Câu còn nhắc thời gian của kế hoạch cũ; hãy kiểm tra còn áp dụng không.")
    if who.inferred:
        review.append(
            f"Văn bản không nêu đơn vị chủ trì; suy ra là {who.name}, hãy xác nhận."
            if who.name
            else "Văn bản không nêu đơn vị chủ trì; hãy chọn."
        )
    flags = [
        name for name, holds in (("lead_inferred", who.inferred), ("each_unit", who.each), ("stale", stale)) if holds
    ]
    return Duty(
        title=title if len(title) >= SHORTEST_TITLE else title_of(sentence, None),
        lead=who.name,
        deadline_text=words,
        deadline=deadline,
        where=item.where,
        source_line=item.line,
        source_text=sentence,
        lead_each=who.each,
        cooperating=tuple(dict.fromkeys(others)),
        product=product_of(clause, span),
        strength="weak" if who.partner else strength,
        confidence=_confidence(deadline, who, span),
        needs_review=tuple(review),
        flags=tuple(flags),
        beside=(who.beside,) if who.beside else (),
    )


def _likely_lead(clause: str, sentence: str, item: Item, plan: Plan) -> str | None:
    """Who prepares it where no unit is told: the standing office for what a leader does himself."""
    start = _LEAD_WORDS.match(sentence)
    if plan.units.leader(sentence[start.end() if start else 0 :]):
        return plan.subjects.standing
    return _only_unit(clause, plan.units) or plan.subjects.lead_for(item, clause)


def _only_unit(clause: str, units: Units) -> str | None:
    """The one unit a clause names, where it is not only told or asked: "công khai tại Trung tâm …"."""
    named = [mention for mention in units.named(clause) if mention.kind == "unit"]
    if len({mention.text for mention in named}) != 1:
        return None
    return None if _RECIPIENT.search(fold(clause[: named[0].start])) else named[0].text


def _confidence(deadline: Deadline, who: Lead, span: Span | None) -> float:
    sure = 0.85 if span and span.dated else 0.7 if str(deadline.head.kind) != "unknown" else 0.4
    return round(sure - (0.2 if who.inferred else 0.0), 2)


def _with_report(duty: Duty, clause: str) -> Duty:
    """ "Theo dõi kế hoạch hằng năm; tổng hợp, báo cáo" is one duty, and its product is the report."""
    title = f"{shorten(duty.title, 110)}; {shorten(clause, 90)}"
    strength: Strength = "duty" if duty.strength == "duty" or _report_strength(clause) == "duty" else "weak"
    return replace(duty, title=title, product="Báo cáo", strength=strength)


def _report_strength(clause: str) -> Strength:
    return "duty" if headless(fold(clause)).startswith(("tổng hợp", "báo cáo")) else "weak"


def _inherited(item: Item, plan: Plan) -> Span | None:
    """The schedule of a heading that is nothing else: "Giai đoạn 2026 - 2027:"."""
    for heading in reversed(item.headings):
        text = heading.text.strip(" :.")
        span = best_span(schedules_in(text, plan.period))
        if span and len(span.text) >= 0.75 * len(text) and not _foreign(span, plan):
            return span
    return None


# ---- who -------------------------------------------------------------------------------------------------------------


def lead_of_headings(item: Item, units: Units) -> Lead | None:
    """The nearest heading that is a unit, or every unit."""
    for heading in reversed(item.path if item.style else item.headings or item.path):
        if heading.label or heading.style in ("dash", "plus"):
            lead = heading_lead(heading, units)
            if lead:
                return lead
    return None


def heading_lead(heading: Heading, units: Units) -> Lead | None:
    """The unit a heading names: "c. Phòng Kinh tế", "2. Các phòng, ban chuyên môn"."""
    start = _HEAD_OF_UNIT.match(heading.text)
    text = heading.text[start.end() if start else 0 :]
    named = [mention for mention in units.named(text) if mention.kind != "leadership"]
    colon = text.find(":")
    shown = text[: colon if 0 < colon < 160 else 160]
    if named and named[0].start <= 1 and (colon > 0 or named[0].end > 0.55 * len(text) or len(text) < 90):
        inside = [mention for mention in named if mention.end <= len(shown)] or named[:1]
        names = list(dict.fromkeys(mention.text for mention in inside))
        return Lead(names[0], tuple(names[1:]), partner=inside[0].kind == "partner")
    words = each_unit(text)
    if words and (colon >= 0 or len(text) < len(words) + 60):
        return Lead(words, each=True)
    return None


def lead_in(sentence: str, units: Units) -> Lead | None:
    """Who a sentence tells, by its first words or by "giao …", "do … chủ trì"."""
    bracket = _IN_BRACKETS.search(sentence)
    if bracket and (
        named := [
            m for m in units.named(bracket.group(1) or bracket.group(2)) if m.kind != "leadership" and m.start <= 1
        ]
    ):
        names = list(dict.fromkeys(mention.text for mention in named))
        return Lead(names[0], tuple(names[1:]), partner=named[0].kind == "partner")
    start = _LEAD_WORDS.match(sentence)
    offset = start.end() if start else 0
    text = sentence[offset:]
    named = [mention for mention in units.named(text[:400]) if mention.kind != "leadership"]
    starts_here = sentence[:1].isupper() and bool(named) and bool(_SUBJECT_TO.match(text[named[0].end :]))
    if named and named[0].start == 0 and (starts_here or not _NOT_LEAD_AFTER.match(text[named[0].end :])):
        run = [named[0]]
        for mention in named[1:]:
            if not re.fullmatch(r"\s*(?:,|và|;)?\s*(?:,|và)?\s*", text[run[-1].end : mention.start]):
                break
            run.append(mention)
        others = tuple(dict.fromkeys(m.text for m in run[1:]))
        return Lead(run[0].text, others, partner=run[0].kind == "partner", beside=group_after(text[run[-1].end :]))
    words = each_unit(sentence)
    if words:
        return Lead(words, each=True)
    first = next(iter(schedules_in(sentence[:160])), None)
    if first and first.start <= 2 and sentence[first.end : first.end + 1] == ",":
        return lead_in(sentence[first.end + 1 :].strip(), units)
    ground = _GROUND.match(sentence)
    if ground and (told := lead_in(sentence[ground.end() :], units)):
        return told
    topic = _TOPIC.match(sentence)
    if topic and (told := lead_in(sentence[topic.end() :], units)):
        return told
    for given in _GIVEN.finditer(sentence):
        after = [m for m in units.named(sentence[given.end() : given.end() + 160]) if m.kind == "unit"]
        if (
            after
            and after[0].start <= 12
            and ("giao" in fold(given.group()) or "chủ trì" in sentence[given.end() :][:120])
        ):
            return Lead(after[0].text)
    return None


def cooperating(clause: str, units: Units) -> Sequence[str]:
    """The units somebody has to work with: "phối hợp với Phòng Kinh tế, Công an xã"."""
    found: list[str] = []
    for match in _WITH.finditer(clause):
        rest = clause[match.end() :]
        last = 0
        for mention in units.named(rest):
            if mention.start - last > 8 or mention.kind == "leadership":
                break
            found.append(mention.text)
            last = mention.end
    return found


def unit_sections(items: Iterable[Item], units: Units) -> Iterator[tuple[str | None, Item]]:
    """Every paragraph with the unit it stands under, None where it stands under none."""
    for item in items:
        lead = lead_of_headings(item, units)
        own = lead_in(item.text, units)
        chosen = own or lead
        yield (None if chosen is None or chosen.each else chosen.name), item


def names_a_unit(text: str) -> bool:
    """Whether any unit is named in a text."""
    return bool(mentions(text)) or each_unit(text) is not None

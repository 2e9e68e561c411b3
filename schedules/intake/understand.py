"""A document as read → everything found in it, in seven steps.

1. the head: title, issuer, date, the years it is for;
2. where every paragraph stands;
3. the units, and the one that gathers the reports;
4. the duties of the tables;
5. the duties of the sentences;
6. the same duty told twice made one;
7. the targets, and what the plan leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from schedules.intake.addressees import leads_left_out, waiting_for_a_unit
from schedules.intake.blocks import Block, Document, Paragraph, Table
from schedules.intake.entries import entries
from schedules.intake.facts import read_facts
from schedules.intake.findings import PlanFound
from schedules.intake.groups import says_note
from schedules.intake.lint import lint
from schedules.intake.merge import merged
from schedules.intake.outline import LONGEST_HEADING, Item, outline
from schedules.intake.passed_over import passed_over
from schedules.intake.prose import Plan, has_numbers, prose_duties, unit_sections
from schedules.intake.spans import schedules_in
from schedules.intake.subjects import Subjects
from schedules.intake.targets import prose_targets, table_targets
from schedules.intake.task_rows import name_of
from schedules.intake.task_table import entry_duties, lead_cells, task_duties
from schedules.intake.units import find_units, standing_office
from schedules.intake.unread import unread_table, without_torn
from schedules.intake.wording import unshouted

Progress = Callable[[float], None]
MOST_TITLES = 3  # paragraphs above a table that may name it: the sheet, the annex, the plan
_ENDS = (".", ";", ":", ",")


def understand(
    document: Document, year: int | None = None, progress: Progress | None = None, *, this_year: int | None = None
) -> PlanFound:
    """Everything a plan says: its head, units, duties, targets, and what it leaves open.

    :param year: completes dates without a year; the plan's first year where it is not given.
    :param this_year: the year where neither is known.
    :param progress: called with the share done, from 0 to 1.
    """
    step = progress or _silent
    facts = read_facts(document.blocks, year, this_year)
    items = outline(document.blocks)
    tables = [block for block in document.blocks if isinstance(block, Table)]
    body = _without_titles(_body(items, document.blocks), document.blocks)
    step(0.1)
    unread = unread_table(document.blocks)
    units = find_units(
        _texts(list(without_torn(items, unread)), tables), lead_cells(tables), province=_is_province(facts.issuer)
    )
    sections = list(unit_sections(body, units))
    standing = standing_office(units, ((unit, item.text) for unit, item in sections))
    step(0.3)
    from_tables = task_duties(tables, units, facts.default_year)
    step(0.5)
    assigned = [(unit, item.text) for unit, item in sections if unit and units.kind_of(unit) == "unit"]
    plan = Plan(units, Subjects(assigned, standing), facts.default_year, facts.period)
    told, sentences = entries(body)
    from_prose = [*entry_duties(told, units, facts.default_year), *prose_duties(sentences, plan)]
    step(0.8)
    duties = merged(waiting_for_a_unit(duty, units.found) for duty in (*from_tables.duties, *from_prose))
    step(0.9)
    first_year = facts.period[0] if facts.period else facts.default_year
    warnings = (
        *document.warnings,
        *lint(facts, items, document.blocks, from_tables, duties),
        *leads_left_out(duties, units.found),
        *passed_over(sentences, from_prose, first_year),
    )
    targets = (*prose_targets(body), *table_targets(tables))
    step(1.0)
    return PlanFound(facts, units.found, standing, tuple(duties), targets, warnings, from_tables.rows)


def _silent(share: float) -> None:
    """Nobody asked how far it is."""


def _body(items: Sequence[Item], blocks: Sequence[Block]) -> list[Item]:
    """The paragraphs from the first number on; all of them where the document has no numbers.

    An annex counts anew, and what stands under its table belongs to the plan too: "Ghi chú: các đơn vị gửi …".
    """
    if not has_numbers(items):
        return list(items)
    notes = _under_tables(blocks)
    return [item for item in items if item.path or item.text in notes]


def _under_tables(blocks: Sequence[Block]) -> set[str]:
    """The sentence that stands right under a table, and the notes behind it."""
    found: set[str] = set()
    for above, block in pairwise(blocks):
        if not isinstance(block, Paragraph) or not block.text.endswith("."):
            continue
        if isinstance(above, Table) or (above.text in found and says_note(block.text)):
            found.add(block.text)
    return found


def _without_titles(body: Sequence[Item], blocks: Sequence[Block]) -> list[Item]:
    """The paragraphs without those that only name a table or its sheet: "Báo cáo định kỳ" is no duty."""
    names: set[str] = set()
    for at, block in enumerate(blocks):
        if isinstance(block, Table):
            above = (one for one in blocks[max(0, at - MOST_TITLES) : at] if isinstance(one, Paragraph))
            names |= {one.text for one in above if len(one.text) <= LONGEST_HEADING and not one.text.endswith(_ENDS)}
    return [
        item
        for item in body
        if item.path or item.text not in names or not all(span.only("vague") for span in schedules_in(item.text))
    ]


def _is_province(issuer: str | None) -> bool:
    """A province's own units are the Sở, which are outside a commune."""
    return (bool(issuer) and " tỉnh " in f" {issuer} ") or " thành phố " in f" {issuer} "


def _texts(items: Sequence[Item], tables: Sequence[Table]) -> Iterator[tuple[str, int]]:
    yield from ((item.text, item.line) for item in items)
    for table in tables:
        yield from ((cell.replace("\n", " ; "), row.line) for row in table.rows for cell in row.cells)
        yield from ((unshouted(name_of(row.group) or ""), row.line) for row in table.rows if row.group)

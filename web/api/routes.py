"""What can be asked of the API."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import select

from data.journal import JOURNAL
from engine import actions
from engine.digest import digest_of_week
from engine.messages import HIDDEN_TITLE, HIDDEN_WORDS
from engine.office import OBLIGATION, OCCURRENCE
from engine.rules.digest_numbers import monday_of
from engine.rules.lifecycle import WorkState
from engine.rules.rights import Right
from engine.screens.deeds import Deed, Filled, do
from engine.screens.listing import MOST, Listed, Wanted, listed, one
from engine.watch import unexplained
from engine.why import story_of
from web.api import shapes
from web.api.caller import Caller, Trouble, caller

LARGEST = 2**31 - 1
Asks = Annotated[Caller, Depends(caller)]
Id = Annotated[int, Path(ge=1, le=LARGEST)]
_PROBLEM = {"model": shapes.Problem, "content": {"application/problem+json": {}}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {**_PROBLEM, "description": said}
    for status, said in (
        (400, "The body is no JSON."),
        (401, "No key, or one that does not work."),
        (403, "The key's person has not this right."),
        (404, "There is none, or none that this person may see."),
        (422, "The request is not right."),
        (429, "Too many requests."),
    )
}
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {**_PROBLEM, "description": "It cannot be done as things stand: read the occurrence again."}
}

router = APIRouter(responses=_PROBLEMS)


@router.get("/office", tags=["office"])
def office(asks: Asks) -> shapes.Office:
    """The office of the key."""
    view = asks.office
    return shapes.Office(id=view.id, name=view.name, timezone=view.definition.timezone, today=asks.today)


@router.get("/units", tags=["office"])
def units(asks: Asks) -> list[shapes.Unit]:
    """Its units."""
    return [shapes.Unit(id=u.slug, name=u.name, kind=u.kind) for u in asks.office.staff.units.values()]


@router.get("/people", tags=["office"])
def people(asks: Asks) -> list[shapes.Person]:
    """Who works there now. Needs the right to see the whole office."""
    asks.need(Right.SEE_OFFICE)
    slug_of = {unit.id: unit.slug for unit in asks.office.staff.units.values()}
    return [
        shapes.Person(
            id=member.slug,
            name=member.name,
            unit=slug_of[member.unit_id],
            role=member.role,
            standing=member.standing,
            reachable=member.reachable,
        )
        for member in asks.office.staff.members.values()
        if member.active
    ]


@router.get("/obligations", tags=["work"])
def obligations(asks: Asks) -> list[shapes.Obligation]:
    """What the office has promised. Needs the right to see the whole office."""
    asks.need(Right.SEE_OFFICE)
    rows = select(OBLIGATION).where(OBLIGATION.c.office_id == asks.office.id, OBLIGATION.c.active)
    with asks.reading() as connection:
        return [
            shapes.Obligation(
                id=row.slug,
                title=HIDDEN_TITLE if row.secret else row.title,
                ladder=row.ladder,
                confirm=row.confirm,
                product=None if row.secret else row.product,
                rule={} if row.secret else row.rule,
            )
            for row in connection.execute(rows.order_by(OBLIGATION.c.id))
        ]


@router.get("/occurrences", tags=["work"])
def occurrences(
    asks: Asks,
    unit: Annotated[str | None, Query(description="Slug of a unit.")] = None,
    doer: Annotated[str | None, Query(description="Slug of a person.")] = None,
    state: WorkState | None = None,
    due_from: dt.date | None = None,
    due_to: dt.date | None = None,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> shapes.Occurrences:
    """The periods of all duties, by due date: the whole office's, or the key's person's and their unit's."""
    wanted = Wanted(unit, doer, state, due_from, due_to, _cursor(cursor), limit)
    with asks.reading() as connection:
        page, more = listed(connection, asks.office, asks.me.id, wanted, asks.now)
    last = f"{page[-1].due.isoformat()}.{page[-1].id}" if more else None
    return shapes.Occurrences(items=[_occurrence(item) for item in page], next=last)


@router.get("/occurrences/{id}/story", tags=["work"])
def story(asks: Asks, id: Id) -> shapes.Story:
    """Its dates and why they moved, every reminder said or not said and why, and its history."""
    with asks.reading() as connection:
        row = one(connection, asks.office, asks.me.id, id, asks.today)
        if row is None:
            raise Trouble(404, "Không có việc này.")
        told = story_of(connection, row.id, asks.now)
    return shapes.Story(
        id=told.id,
        title=HIDDEN_TITLE if row.secret else told.title,
        unit=told.unit,
        state=told.state,
        dates=told.dates,
        reasons=list(told.reasons),
        told=[shapes.Told.model_validate(asdict(line)) for line in told.told],
        history=[shapes.Happened(at=at, who=who, what=what) for at, who, what, *_ in told.history],
        next_at=told.next_at,
        next_rung=told.next_rung,
    )


@router.post("/occurrences/{id}/{deed}", tags=["work"], responses=_CONFLICT)
def act(asks: Asks, id: Id, deed: Deed, wanted: shapes.DeedWanted) -> shapes.Done:
    """Do something to it in the name of the key's person; the key must allow writing."""
    if asks.key.read_only:
        raise Trouble(403, "Mã truy cập này chỉ để đọc.")
    to = asks.office.staff.by_slug.get(wanted.to or "")
    filled = Filled(
        wanted.reason,
        wanted.until.isoformat() if wanted.until else "",
        str(to.id) if to else "",
        wanted.document,
    )
    with asks.console.engine.begin() as connection:
        row = one(connection, asks.office, asks.me.id, id, asks.today)
        if row is None:
            raise Trouble(404, "Không có việc này.")
        said = do(connection, asks.office, asks.me, row, deed, filled, wanted.version, asks.now)
        fresh = actions.occurrence_row(connection, id)
        assert fresh is not None
        page, _ = listed(
            connection, asks.office, asks.me.id, Wanted(due_from=fresh.due, due_to=fresh.due, most=MOST), asks.now
        )
    asks.console.wake()
    return shapes.Done(said=said, occurrence=_occurrence(next(item for item in page if item.id == id)))


@router.get("/digests/{week}", tags=["office"])
def digest(asks: Asks, week: Annotated[str, Path(pattern=r"^20\d\d-W(0[1-9]|[1-4]\d|5[0-3])$")]) -> shapes.Digest:
    """The numbers of one ISO week, counted as the leadership's digest counts them."""
    asks.need(Right.SEE_DIGEST)
    try:
        monday = monday_of(week)
    except ValueError:  # most years have no week 53
        raise Trouble(404, "Năm này không có tuần đó.") from None
    with asks.reading() as connection:
        found = digest_of_week(connection, asks.office, monday, asks.now, asks.me.name)
    return shapes.Digest(
        week=found.week,
        monday=found.monday,
        sunday=found.sunday,
        on_time=found.on_time,
        late=found.late,
        late_accepted=found.late_accepted,
        overdue=found.overdue_total,
        coming=found.coming_total,
        extensions_granted=found.extensions_granted,
        extensions_waiting=found.extensions_waiting,
        units=[shapes.DigestUnit.model_validate(asdict(unit)) for unit in found.units],
    )


@router.get("/journal", tags=["operation"])
def journal(
    asks: Asks,
    after: Annotated[int, Query(ge=0, le=LARGEST, description="The last line already read.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> shapes.Journal:
    """The history, line by line; each line's hash covers the one before, so that a copy can be checked."""
    asks.need(Right.SEE_JOURNAL)
    lines = (
        select(JOURNAL, OBLIGATION.c.secret)
        .outerjoin(OCCURRENCE, OCCURRENCE.c.id == JOURNAL.c.occurrence_id)
        .outerjoin(OBLIGATION, OBLIGATION.c.id == OCCURRENCE.c.obligation_id)
        .where(JOURNAL.c.office_id == asks.office.id, JOURNAL.c.seq > after)
        .order_by(JOURNAL.c.seq)
        .limit(limit + 1)
    )
    with asks.reading() as connection:
        rows = connection.execute(lines).all()
    items = [
        shapes.JournalLine(
            seq=row.seq,
            at=row.at,
            actor=row.actor,
            action=row.action,
            occurrence=row.occurrence_id,
            data=HIDDEN_WORDS if row.secret else row.data,
            previous=row.previous,
            hash=row.hash,
        )
        for row in rows[:limit]
    ]
    return shapes.Journal(items=items, next=items[-1].seq if len(rows) > limit else None)


@router.get("/findings", tags=["operation"])
def findings(asks: Asks) -> list[shapes.Finding]:
    """What is due and neither said nor explained. Empty: all is well."""
    asks.need(Right.SEE_JOURNAL)
    with asks.reading() as connection:
        return [
            shapes.Finding(level=f.level, about=f.about, what=f.what, what_to_do=f.what_to_do)
            for f in unexplained(connection, asks.now)
        ]


def _occurrence(item: Listed) -> shapes.Occurrence:
    return shapes.Occurrence.model_validate(asdict(item) | {"deeds": list(item.deeds)})


def _cursor(text: str | None) -> tuple[dt.date, int] | None:
    if text is None:
        return None
    day, _, last = text.partition(".")
    try:
        found = dt.date.fromisoformat(day), int(last)
    except ValueError:
        raise Trouble(422, "Con trỏ trang không đúng.", ["cursor"]) from None
    if not 0 <= found[1] <= LARGEST:
        raise Trouble(422, "Con trỏ trang không đúng.", ["cursor"])
    return found

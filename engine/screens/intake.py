"""*Nhập kế hoạch*: a plan document as a draft, gone through by a person, and then loaded.

The draft holds what was found in the document and what was decided about each duty. Only duties that a person has
taken are ever loaded; the others stay in the draft. What the office already has is not asked about again: an entry
belongs to a sentence of the plan, and while that sentence stays the same, whatever a person has since written in it
stays too (see :mod:`schedules.intake.revise`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, Engine, delete, insert, null, or_, select, update

from data.rows import AnyRow
from data.tables import PlanDraft
from engine.actions import Actor
from engine.errors import BadDocument
from engine.load import Change as LoadChange
from engine.load import apply, compare
from engine.office import UNIT, OfficeView
from engine.people_import import find_unit
from engine.plan import plan as plan_ahead
from engine.screens.child import PLAN, YEAR, YearWanted, in_child
from engine.screens.deeds import Refused
from engine.screens.year import Year
from engine.stored_file import Tree, as_file, as_tree, stored_file
from engine.tidy import DRAFTS_KEPT
from schedules.dates import due_sentence
from schedules.intake.draft import is_confident, reading_of, skip_key, source_of, to_office
from schedules.intake.findings import Duty, PlanFound, UnitFound
from schedules.intake.review import accepted, edited, spoken
from schedules.intake.revise import Change, pairs_of, renamed, revise, same_source, same_unit
from schedules.office_model import UNDATED, OfficeFile
from schedules.phrases import read_deadline, say

PLAN_DRAFT = PlanDraft.__table__  # type: ignore[attr-defined]
LARGEST_FILE = 25 * 1024 * 1024  # bytes
MOST_DRAFTS = 20  # of one office
LOST_AFTER = dt.timedelta(minutes=10)  # by then a reading is over, or the machine was switched off
LONGEST_TITLE = 500

State = Literal["new", "changed", "same", "taken", "left"]
STATES: Mapping[State, str] = {
    "new": "Mới",
    "changed": "Có thay đổi",
    "taken": "Đã nhận",
    "left": "Bỏ ra",
    "same": "Đang dùng, không đổi",
}
TAKEN, LEFT, OPEN = "taken", "left", ""


# ---- the drafts of an office ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """One draft in the list."""

    id: int
    name: str
    made_at: dt.datetime
    made_by: str
    busy: bool
    progress: int
    failed: str | None
    duties: int
    open: int
    loaded_at: dt.datetime | None

    @property
    def goes_at(self) -> dt.datetime:
        """When it is let go of, if nobody loads anything from it before."""
        return (self.loaded_at or self.made_at) + DRAFTS_KEPT


LOST = "Việc đọc dở dang, có thể máy đã khởi động lại. Đồng chí gửi lại tệp."


def drafts_of(connection: Connection, office: OfficeView, now: dt.datetime) -> list[Listed]:
    """The office's drafts, the newest first."""
    rows = connection.execute(
        select(PLAN_DRAFT).where(PLAN_DRAFT.c.office_id == office.id).order_by(PLAN_DRAFT.c.id.desc())
    )
    return [_listed(row, now) for row in rows]


def _listed(row: AnyRow, now: dt.datetime) -> Listed:
    decided = row.decided or []
    return Listed(
        row.id,
        row.name,
        row.made_at,
        row.made_by,
        is_busy(row, now),
        row.progress,
        _failed(row, now),
        len(decided),
        decided.count(OPEN),
        row.loaded_at,
    )


def is_busy(row: AnyRow, now: dt.datetime) -> bool:
    """Whether something is being worked out for this draft."""
    return row.busy_since is not None and now - row.busy_since < LOST_AFTER


def _failed(row: AnyRow, now: dt.datetime) -> str | None:
    lost = row.found is None and row.failed is None and not is_busy(row, now)
    return LOST if lost else row.failed


def draft_row(connection: Connection, office: OfficeView, draft: int) -> AnyRow | None:
    """One draft of this office."""
    query = select(PLAN_DRAFT).where(PLAN_DRAFT.c.id == draft, PLAN_DRAFT.c.office_id == office.id)
    return connection.execute(query).first()


def begin(connection: Connection, office: OfficeView, name: str, size: int, actor: Actor, now: dt.datetime) -> int:
    """A draft that waits for its document to be read.

    :raises Refused: too large, empty, or another one is being read.
    """
    if not size:
        raise Refused("Đồng chí chọn giúp tệp kế hoạch rồi bấm gửi.")
    if size > LARGEST_FILE:
        raise Refused("Tệp lớn quá 25 MB. Đồng chí chỉ gửi phần kế hoạch và phụ lục nhiệm vụ.")
    over = or_(PLAN_DRAFT.c.failed.is_not(None), PLAN_DRAFT.c.busy_since < now - LOST_AFTER)
    connection.execute(
        delete(PLAN_DRAFT).where(PLAN_DRAFT.c.office_id == office.id, PLAN_DRAFT.c.found.is_(null()), over)
    )
    there = drafts_of(connection, office, now)
    if any(one.busy for one in there):
        raise Refused("Máy đang đọc một văn bản khác của cơ quan. Đồng chí chờ đọc xong rồi gửi tiếp.")
    if len(there) >= MOST_DRAFTS:
        raise Refused(f"Cơ quan đang có {len(there)} bản nháp. Đồng chí bỏ bớt bản không dùng rồi gửi lại.")
    row = {"office_id": office.id, "name": _short(name), "made_at": now, "made_by": actor.name, "busy_since": now}
    start = {"version": 0, "progress": 0, "replaces": False}
    return int(connection.execute(insert(PLAN_DRAFT).values(**row, **start).returning(PLAN_DRAFT.c.id)).scalar_one())


def _short(name: str) -> str:
    """A document's name that fits a line; its ending says what it is, and stays."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem[:150]}{dot}{ending[:10]}" if dot else name[:150]


def read_into(engine: Engine, draft: int, content: bytes, this_year: int) -> None:
    """Read the document in a child process and keep what was found; the document itself is not kept."""
    row = _stored(engine, draft)
    if row is None:
        return
    try:
        found = PLAN.validate_json(
            in_child("plan", row.name, content, lambda done: _note(engine, draft, done), this_year=this_year)
        )
    except BadDocument as wrong:
        _finish(engine, draft, failed=str(wrong))
    except Exception:
        _finish(engine, draft, failed="Văn bản này chưa đọc được. Đồng chí thử lưu lại từ Word rồi gửi lại.")
        raise
    else:
        keep_found(engine, draft, found)


def keep_found(engine: Engine, draft: int, found: PlanFound) -> None:
    """What was read in the document is the draft's from now on; nothing is decided yet."""
    with engine.begin() as connection:
        office = select(PLAN_DRAFT.c.office_id).where(PLAN_DRAFT.c.id == draft)
        tree = as_tree(stored_file(connection, connection.execute(office).scalar_one()))
        replaces = _guess(tree, found) is not None
        _keep(connection, draft, found, [OPEN] * len(found.duties), replaces=replaces, busy_since=None)


def _stored(engine: Engine, draft: int) -> AnyRow | None:
    with engine.connect() as connection:
        return connection.execute(select(PLAN_DRAFT).where(PLAN_DRAFT.c.id == draft)).first()


def _note(engine: Engine, draft: int, done: int) -> None:
    if done % 5 == 0:  # every step would be a write
        with engine.begin() as connection:
            connection.execute(update(PLAN_DRAFT).where(PLAN_DRAFT.c.id == draft).values(progress=done))


def _finish(engine: Engine, draft: int, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(PLAN_DRAFT).where(PLAN_DRAFT.c.id == draft).values(busy_since=None, **values))


def _keep(connection: Connection, draft: int, found: PlanFound, decided: Sequence[str], **values: Any) -> None:
    kept = {"found": PLAN.dump_python(found, mode="json"), "decided": list(decided), **values}
    connection.execute(update(PLAN_DRAFT).where(PLAN_DRAFT.c.id == draft).values(**kept))


# ---- which plan an entry belongs to ---------------------------------------------------------------------------------

EVERY_PLAN = "*"


def _name_of(plan: Mapping[str, Any]) -> str:
    """What a plan is known by: its number, or else its title."""
    return str(plan.get("number") or plan["title"])


def _plan_of(tree: Tree, entry: Mapping[str, Any]) -> str | None:
    """The plan an entry was imported from; None: a person wrote it, no document takes it away."""
    source = entry["source"]
    return str(source.get("plan") or _name_of(tree["plan"])) if source.get("text") is not None else None


def plans_in_use(tree: Tree) -> dict[str, int]:
    """How many entries each plan has brought, the office's own plan first."""
    counts = Counter(plan for entry in tree["obligations"] if (plan := _plan_of(tree, entry)) is not None)
    return {_name_of(tree["plan"]): counts.pop(_name_of(tree["plan"]), 0), **counts}


def _guess(tree: Tree, found: PlanFound) -> str | None:
    """The plan in use that the document seems to be a newer version of; the person may correct it.

    By its number or its title; or because most of what was imported from that plan stands in it, word for word.
    """
    facts, main = found.facts, tree["plan"]
    if facts.title and _same_words(facts.title, main["title"]):
        return _name_of(main)
    here = {source_of(duty) for duty in found.duties}
    for plan in plans_in_use(tree):
        if plan == facts.number or (facts.title and _same_words(facts.title, plan)):
            return plan
        sources = [entry["source"] for entry in tree["obligations"] if _plan_of(tree, entry) == plan]
        known = sum((source["where"], source.get("words"), source["text"]) in here for source in sources)
        if sources and known * 2 > len(sources):
            return plan
    return None


def _same_words(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def discard(connection: Connection, office: OfficeView, draft: int) -> None:
    """The draft goes; what was loaded from it stays."""
    connection.execute(delete(PLAN_DRAFT).where(PLAN_DRAFT.c.id == draft, PLAN_DRAFT.c.office_id == office.id))


# ---- one draft, beside what the office has --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One duty of the document, as it was read and as it stands to what the office has."""

    number: int  # from 1
    duty: Duty
    state: State
    unsure: tuple[str, ...]  # what a person must look at, with the reason
    reading: str  # the deadline in words
    dated: bool
    words: str  # the deadline's words: the document's, or a person's
    before: str | None = None  # the entry of the office that it would change

    @property
    def sure(self) -> bool:
        """Whether it may be taken without a look."""
        return not self.unsure


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft, ready to be looked at."""

    row: AnyRow
    found: PlanFound
    items: tuple[Item, ...]
    gone: tuple[str, ...]  # duties of the plan it takes the place of that the document no longer has
    plans: Mapping[str, int]  # in use: name, and how many entries it has brought
    replaced: str | None  # which of them the document takes the place of, or EVERY_PLAN
    units: tuple[str, ...]  # names to choose the lead from
    year: Year | None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many duties stand how; ``sure`` and ``unsure`` are those not yet decided."""
        waiting = [item for item in self.items if item.state in ("new", "changed")]
        sure = sum(item.sure for item in waiting)
        return {
            **dict.fromkeys(STATES, 0),
            **Counter(item.state for item in self.items),
            "sure": sure,
            "unsure": len(waiting) - sure,
        }


def draft_of(connection: Connection, office: OfficeView, row: AnyRow) -> Draft:
    """A draft whose document has been read."""
    return _Bench(connection, office, row).draft()


class _Bench:
    """A draft and the office side by side."""

    def __init__(self, connection: Connection, office: OfficeView, row: AnyRow) -> None:
        self.row = row
        self.tree = as_tree(stored_file(connection, office.id))
        self._old = {id(entry): entry for entry in self.tree["obligations"]}
        units = connection.execute(select(UNIT).where(UNIT.c.office_id == office.id, UNIT.c.active)).all()
        standing = next(unit.name for unit in units if unit.slug == office.definition.standing_unit)
        self.found = in_the_offices_words(PLAN.validate_python(row.found), units, standing)
        self.decided: list[str] = list(row.decided)
        duties = [
            accepted(duty) if decided == TAKEN else duty
            for duty, decided in zip(self.found.duties, self.decided, strict=True)
        ]
        self.fresh = to_office(self.found, row.name, duties)
        ids = {unit["id"]: same_unit(self.tree["units"], unit) or unit["id"] for unit in self.fresh["units"]}
        self.entries = [renamed(entry, ids) for entry in self.fresh["obligations"]]
        self.pairs: dict[int, dict[str, Any]] = pairs_of(self.tree["obligations"], self.entries)
        self.plans = plans_in_use(self.tree)
        self.replaced = self._replaced()
        self.unit_names = [unit.name for unit in units if unit.kind != "leadership"]

    def _replaced(self) -> str | None:
        if not self.row.replaces:
            return None
        chosen = self.found.in_place_of
        known = chosen == EVERY_PLAN or chosen in self.plans
        return chosen if known else _guess(self.tree, self.found) or _name_of(self.tree["plan"])

    def _of_the_replaced(self, entry: Mapping[str, Any]) -> bool:
        plan = _plan_of(self.tree, entry)
        return plan is not None and self.replaced in (plan, EVERY_PLAN)

    def draft(self) -> Draft:
        items = tuple(self._item(index) for index in range(len(self.entries)))
        paired = {id(old) for old in self.pairs.values()}
        gone = [
            old["title"] for old in self.tree["obligations"] if id(old) not in paired and self._of_the_replaced(old)
        ]
        names = [*self.unit_names, *(unit.name for unit in self.found.units if unit.kind != "leadership")]
        year = YEAR.validate_python(self.row.year) if self.row.year else None
        unit_names = tuple(dict.fromkeys(names))
        return Draft(self.row, self.found, items, tuple(gone), self.plans, self.replaced, unit_names, year)

    def state(self, index: int) -> State:
        old = self.pairs.get(index)
        if old is not None and same_source(old, self.entries[index]):
            return "same"
        if self.decided[index]:
            return "taken" if self.decided[index] == TAKEN else "left"
        if old is not None:
            return "changed"
        return "left" if skip_key(self.found.duties[index]) in self.tree["plan"].get("skipped", ()) else "new"

    def _item(self, index: int) -> Item:
        duty, state = self.found.duties[index], self.state(index)
        old = self.pairs.get(index)
        reading = reading_of(duty)
        before = _said(old) if old is not None and state != "same" else None
        doubts = () if state in ("same", "taken") else tuple(doubts_of(duty))
        is_window = "data_window" in reading.flags
        dated = reading.kind not in UNDATED and reading.first_due is not None and not is_window
        return Item(index + 1, duty, state, doubts, say(reading), dated, spoken(duty), before)

    def future(self) -> tuple[Tree, list[Change]]:
        """The office file with the taken duties in it, and what that changes."""
        tree = deepcopy(self.tree)
        copies = {id(old): new for old, new in zip(self.tree["obligations"], tree["obligations"], strict=True)}
        taken = [index for index, _ in enumerate(self.entries) if self.state(index) == "taken"]
        replaced = {id(self.pairs[index]) for index in taken if index in self.pairs}
        paired = {id(old) for old in self.pairs.values()}
        stays = {id(old) for old in self.tree["obligations"] if id(old) in paired or not self._of_the_replaced(old)}
        keep = [copies[one] for one in copies if one in stays and one not in replaced]
        left = [self.found.duties[index] for index, one in enumerate(self.decided) if one == LEFT]
        draft = {**self.fresh, "obligations": [self.fresh["obligations"][index] for index in taken]}
        used = {slug for entry in draft["obligations"] for slug in (entry.get("lead"), *entry.get("cooperating", ()))}
        draft["units"] = [
            unit for unit in self.fresh["units"] if unit["id"] in used or same_unit(tree["units"], unit) is not None
        ]
        anew = self.replaced in (_name_of(tree["plan"]), EVERY_PLAN)  # the office's own plan is another one then
        draft["plan"] = {**(self.fresh["plan"] if anew else {}), "skipped": list(map(skip_key, left))}
        self._label(draft["obligations"], [copies[one] for one in paired if self._of_the_replaced(self._old[one])])
        if not anew:  # a second document widens the years that are planned for
            first, last = zip(tree["plan"]["period"], self.fresh["plan"]["period"], strict=True)
            tree["plan"]["period"] = [min(first), max(last)]
        changes = revise(tree, draft, keep)
        if not any(change.what == "obligation" for change in changes):  # nor is it another plan then
            tree["plan"] = {**self.tree["plan"], **{k: v for k, v in tree["plan"].items() if k == "skipped"}}
        self._edits_of_changed(tree, taken)
        return tree, changes

    def _label(self, taken: Sequence[dict[str, Any]], goes_on: Sequence[dict[str, Any]]) -> None:
        """Say of which document they are; the office's own plan needs no naming unless another one was named before."""
        name = _name_of(self.fresh["plan"])
        for entry in taken:
            entry["source"] = {**entry["source"], "plan": name}
        for entry in goes_on:
            if "plan" in entry["source"]:
                entry["source"] = {**entry["source"], "plan": name}

    def _edits_of_changed(self, tree: Tree, taken: Sequence[int]) -> None:
        """Of a duty that was revised a person has seen who leads it: that is theirs to say, too."""
        by_id = {entry["id"]: entry for entry in tree["obligations"]}
        for index in taken:
            old = self.pairs.get(index)
            if old is not None and "reviewed" in self.found.duties[index].flags:
                entry = by_id[old["id"]]
                for key in ("lead", "lead_each", "cooperating"):
                    entry.pop(key, None)
                    if key in self.entries[index]:
                        entry[key] = self.entries[index][key]


def _said(entry: Mapping[str, Any]) -> str:
    words = entry["source"].get("words")
    return f"{entry['title']}{f' ({words})' if words else ''}"


def doubts_of(duty: Duty) -> list[str]:
    """What the reader was not sure of, each with its reason."""
    doubts = list(duty.needs_review)
    if duty.lead is None:
        doubts.append("Chưa rõ cơ quan chủ trì.")
    if not doubts and not is_confident(duty):
        doubts.append(f"Máy chỉ chắc {duty.confidence:.0%}: đồng chí đối chiếu với văn bản.")
    return list(dict.fromkeys(doubts))


def in_the_offices_words(found: PlanFound, units: Sequence[AnyRow], standing: str) -> PlanFound:
    """The same, with the office's own names for the units it has, however the document writes them."""
    names: dict[str, str] = {}
    for unit in found.units:
        known = next((row for name in (unit.name, *unit.aliases) if (row := find_unit(units, name)) is not None), None)
        if known is None and unit.kind == "leadership":
            known = next((row for row in units if row.kind == "leadership"), None)
        names |= dict.fromkeys((unit.name, *unit.aliases), known.name if known is not None else unit.name)

    def named(name: str | None) -> str | None:
        return names.get(name, name) if name else name

    fresh = {names[unit.name]: replace(unit, name=names[unit.name]) for unit in reversed(found.units)}
    for row in units:  # a person may choose any of them, also where the document names it nowhere
        fresh.setdefault(row.name, UnitFound(row.name, kind=row.kind))
    duties = tuple(
        replace(
            duty,
            lead=duty.lead if duty.lead_each else named(duty.lead),
            cooperating=tuple(dict.fromkeys(names.get(name, name) for name in duty.cooperating)),
        )
        for duty in found.duties
    )
    return replace(found, units=tuple(reversed(fresh.values())), standing_office=standing, duties=duties)


# ---- deciding -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person wrote about one duty."""

    title: str
    lead: str
    cooperating: tuple[str, ...]
    words: str  # of the deadline
    product: str


def _changing(connection: Connection, row: AnyRow, version: int) -> None:
    """From now on the draft is ours to change.

    :raises Refused: it has changed since the person saw it.
    """
    of_this_version = (PLAN_DRAFT.c.id == row.id, PLAN_DRAFT.c.version == version)
    changed = connection.execute(update(PLAN_DRAFT).where(*of_this_version).values(version=version + 1, year=None))
    if changed.rowcount != 1:
        raise Refused("Bản nháp này vừa thay đổi. Đồng chí xem lại rồi hãy thực hiện.")


def decide(connection: Connection, row: AnyRow, number: int, decision: str, edit: Edit | None, version: int) -> Duty:
    """Decide about one duty, after writing what the person changed in it. ``decision``: taken, left, or "" for later.

    :raises Refused: it makes no sense, or the draft has changed meanwhile.
    """
    _changing(connection, row, version)
    found, decided = PLAN.validate_python(row.found), list(row.decided)
    duties = list(found.duties)
    if edit is not None:
        duties[number - 1] = written(duties[number - 1], edit, found.facts.default_year)
    decided[number - 1] = decision
    _keep(connection, row.id, replace(found, duties=tuple(duties)), decided)
    return duties[number - 1]


def written(duty: Duty, edit: Edit, year: int) -> Duty:
    """The duty in the person's own words.

    :raises Refused: without a title.
    """
    title = " ".join(edit.title.split())
    if not title:
        raise Refused("Đồng chí ghi giúp tên việc.")
    if len(title) > LONGEST_TITLE:
        raise Refused(f"Tên việc dài quá {LONGEST_TITLE} chữ, đồng chí rút gọn lại.")
    words, product = " ".join(edit.words.split()), " ".join(edit.product.split())
    new = edited(duty, title=title, lead=edit.lead or None, words=words, product=product, year=year)
    new = replace(new, cooperating=tuple(name for name in edit.cooperating if name != edit.lead))
    if new == duty:
        return duty
    flags = tuple(dict.fromkeys((*new.flags, "reviewed")))
    doubts = () if words != spoken(duty) else duty.needs_review  # a deadline that a person wrote is theirs to vouch for
    return replace(new, flags=flags, needs_review=doubts, confidence=1.0 if words != spoken(duty) else duty.confidence)


def take_all_sure(connection: Connection, office: OfficeView, row: AnyRow, version: int) -> int:
    """Take every duty that needs no look. Returns how many.

    :raises Refused: the draft has changed meanwhile.
    """
    _changing(connection, row, version)
    items = draft_of(connection, office, row).items
    sure = {item.number for item in items if item.state in ("new", "changed") and item.sure}
    decided = [TAKEN if number in sure else one for number, one in enumerate(row.decided, 1)]
    connection.execute(update(PLAN_DRAFT).where(PLAN_DRAFT.c.id == row.id).values(decided=decided))
    return len(sure)


def set_replaces(connection: Connection, office: OfficeView, row: AnyRow, plan: str | None, version: int) -> None:
    """Which plan in use the document takes the place of (or :data:`EVERY_PLAN`); None: it stands beside them.

    :raises Refused: there is no such plan, or the draft has changed meanwhile.
    """
    tree = as_tree(stored_file(connection, office.id))
    if plan is not None and plan != EVERY_PLAN and plan not in plans_in_use(tree):
        raise Refused("Kế hoạch này không còn dùng. Đồng chí chọn lại.")
    _changing(connection, row, version)
    found = replace(PLAN.validate_python(row.found), in_place_of=plan)
    _keep(connection, row.id, found, row.decided, replaces=plan is not None)


def reading_in_words(words: str, year: int) -> str:
    """How a deadline's words are understood, as one sentence."""
    return say(read_deadline(" ".join(words.split())[:300], year).head)


# ---- what loading would do, and doing it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """What loading the taken duties changes; ``mark`` tells whether it is still what the person saw."""

    duties: tuple[Change, ...]
    others: tuple[LoadChange, ...]  # units, people, and what becomes of the periods
    taken: int
    dues: Mapping[str, str]  # when each duty would be due, in words, by its slug
    mark: str

    @property
    def empty(self) -> bool:
        """Whether there is nothing to load."""
        return not (self.duties or self.others)


def difference(connection: Connection, office: OfficeView, row: AnyRow) -> Difference:
    """A rehearsal: nothing of it stays.

    :raises BadOfficeFile: what would come of it does not fit together.
    """
    return _difference(connection, _Bench(connection, office, row))[1]


def _difference(connection: Connection, bench: _Bench) -> tuple[OfficeFile, Difference]:
    tree, changes = bench.future()
    file = as_file(tree)
    loaded = compare(connection, file)
    duties = tuple(change for change in changes if change.what == "obligation")
    told = {change.slug for change in duties if change.how != "dropped"}
    others = tuple(one for one in loaded if one.what != "obligation" or one.slug not in told)
    taken = sum(one == TAKEN for one in bench.decided)
    said = json.dumps([[str(one) for one in (*duties, *loaded)], bench.row.version], ensure_ascii=False)
    dues = {duty.id: due_sentence(duty) for duty in file.obligations}
    return file, Difference(duties, others, taken, dues, hashlib.sha256(said.encode()).hexdigest()[:16])


def load_taken(
    connection: Connection, office: OfficeView, row: AnyRow, mark: str, actor: Actor, now: dt.datetime
) -> str:
    """Load what the person has seen. Returns what was done, in a sentence.

    :raises Refused: it is no longer what they saw.
    """
    file, told = _difference(connection, _Bench(connection, office, row))
    if told.mark != mark:
        raise Refused("Bản nháp hoặc nhiệm vụ của cơ quan vừa thay đổi. Đồng chí xem lại các thay đổi rồi hãy nạp.")
    if told.empty:
        raise Refused("Không có gì thay đổi để nạp.")
    apply(connection, file, now, actor)
    planned = plan_ahead(connection, now)
    counts = Counter(change.how for change in told.duties)
    row = draft_row(connection, office, row.id) or row
    rest = _Bench(connection, office, row).draft()
    waiting = sum(item.state in ("new", "changed") for item in rest.items)
    if waiting:
        connection.execute(
            update(PLAN_DRAFT).where(PLAN_DRAFT.c.id == row.id).values(loaded_at=now, version=row.version + 1)
        )
    else:
        discard(connection, office, row.id)
    left = f" Còn {waiting} mục trong bản nháp chưa quyết." if waiting else ""
    return (
        f"Đã nạp: thêm {counts['added']}, đổi {counts['changed']}, bỏ {counts['dropped']} nhiệm vụ; "
        f"lập {planned} kỳ.{left}"
    )


def ask_for_year(connection: Connection, office: OfficeView, row: AnyRow, now: dt.datetime) -> bytes:
    """What the year is to be worked out from; the draft is busy until :func:`year_into` is done.

    :raises Refused: it is busy already.
    """
    if is_busy(row, now):
        raise Refused("Máy đang tính cho bản nháp này, đồng chí chờ một chút.")
    file = as_file(_Bench(connection, office, row).future()[0])
    connection.execute(
        update(PLAN_DRAFT).where(PLAN_DRAFT.c.id == row.id).values(busy_since=now, progress=0, year=None)
    )
    return YearWanted(file=file, first=office.today(now)).model_dump_json().encode()


def year_into(engine: Engine, draft: int, wanted: bytes) -> None:
    """Work the year out in a child process and keep it with the draft."""
    row = _stored(engine, draft)
    if row is None:
        return
    year: Any = None
    try:
        answer = in_child("year", "year.json", wanted, lambda done: _note(engine, draft, done))
        year = YEAR.dump_python(YEAR.validate_json(answer), mode="json")
    finally:
        with engine.begin() as connection:  # of a draft that was changed meanwhile the year is no longer true
            same = (PLAN_DRAFT.c.id == draft, PLAN_DRAFT.c.version == row.version)
            connection.execute(update(PLAN_DRAFT).where(*same).values(year=year))
        _finish(engine, draft)

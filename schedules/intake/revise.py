"""Writing a draft, and writing it again: the same plan changes nothing, a revised one shows what it changes first.

An entry belongs to a sentence of the plan. While that sentence stays the same, whatever a person has since written in
the entry is theirs and stays; when the sentence has changed, the entry takes the new reading and keeps its id.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from engine.errors import BadOfficeFile
from schedules.office_file import read_office

ALIKE = 0.75  # two sentences at least so alike are one sentence, revised
FROM_THE_PLAN = ("title", "group", "kind", "due", "product", "strength", "source", "needs_review")
HEADING = (
    "Bản nháp nhập từ văn bản. Mục có needs_review chưa nhắc ai cho tới khi người phụ trách quyết định.\n"
    "Sửa xong, kiểm tra bằng: nhacviec check TỆP; nạp bằng: nhacviec load TỆP\n"
)
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference that writing the draft would make: ``before`` and ``after`` are short texts for people."""

    how: Literal["added", "changed", "dropped"]
    what: Literal["plan", "unit", "person", "obligation"]
    slug: str
    before: str
    after: str


def write_new(path: Path, draft: Entry) -> None:
    """Write a draft where there is no file yet; all or nothing.

    :raises BadOfficeFile: the draft does not pass our own check (a fault of ours, told as it is).
    """
    tree = _commented(draft)
    tree.yaml_set_start_comment(HEADING)
    _replace(path, tree)


def decided(path: Path) -> tuple[set[tuple[str, str | None, str]], set[str]]:
    """The sources of a draft's entries, and what was left out of it: nobody is asked about these again.

    :raises BadOfficeFile: the file there is not an office file.
    """
    office = read_office(path)
    sources = {(o.source.where, o.source.words, o.source.text) for o in office.obligations if o.source.text}
    return sources, set(office.plan.skipped)


def differences(path: Path, draft: Entry) -> list[Change]:
    """What writing the draft over ``path`` would change.

    :raises BadOfficeFile: the file there is not an office file.
    """
    _, changes = _revised(path, draft)
    return changes


def write_again(path: Path, draft: Entry) -> list[Change]:
    """Apply the differences to the file; comments and a person's own edits stay. Returns what was changed."""
    tree, changes = _revised(path, draft)
    if changes:
        _replace(path, tree)
    return changes


def _revised(path: Path, draft: Entry) -> tuple[CommentedMap, list[Change]]:
    read_office(path)
    tree = _yaml().load(path.read_text(encoding="utf-8"))
    return tree, revise(tree, draft)


def revise(tree: Any, draft: Entry, keep: Iterable[Entry] = ()) -> list[Change]:
    """Bring an office file in line with a draft. ``keep``: entries of the file that stay, whatever the draft has."""
    changes = [*_plan_changes(tree["plan"], draft["plan"])]
    ids = {unit["id"]: same_unit(tree["units"], unit) for unit in draft["units"]}
    for unit in draft["units"]:
        if ids[unit["id"]] is None:
            changes += _add_unit(tree, unit, [p for p in draft["people"] if p["unit"] == unit["id"]])
            ids[unit["id"]] = unit["id"]
    fresh = [renamed(obligation, ids) for obligation in draft["obligations"]]
    changes += _left_out(tree["plan"], draft["plan"])
    changes += _revise_obligations(tree["obligations"], [*map(dict, keep), *fresh])
    return changes


# ---- what changes ----


def _plan_changes(plan: CommentedMap, fresh: Entry) -> Iterable[Change]:
    for key in ("title", "number", "date", "period"):
        before, after = plan.get(key), fresh.get(key)
        if after is not None and str(before) != str(after) and list(before or ()) != after:
            yield Change("changed", "plan", key, str(before or ""), str(after))
            plan[key] = _commented_value(after)


def _left_out(plan: CommentedMap, fresh: Entry) -> Iterable[Change]:
    for key in fresh.get("skipped", ()):
        if key not in plan.setdefault("skipped", CommentedSeq()):
            plan["skipped"].append(key)
            yield Change("changed", "plan", "skipped", "", key)


def same_unit(units: Iterable[Entry], unit: Entry) -> str | None:
    """The id under which the file already has this unit."""
    names = {unit["name"], *unit.get("aliases", ())}
    for known in units:
        if unit.get("kind") == known.get("kind") == "leadership" or names & {known["name"], *known.get("aliases", ())}:
            return str(known["id"])
    return None


def _add_unit(tree: CommentedMap, unit: Entry, people: Iterable[Entry]) -> Iterable[Change]:
    tree["units"].append(_commented_value(unit))
    yield Change("added", "unit", unit["id"], "", unit["name"])
    for person in people:
        tree["people"].append(_commented_value(person))
        yield Change("added", "person", person["id"], "", person["name"])


def renamed(obligation: Entry, ids: Mapping[str, str | None]) -> dict[str, Any]:
    """The obligation with the unit ids of the file."""
    entry = dict(obligation)
    if "lead" in entry:
        entry["lead"] = ids[entry["lead"]]
    if "cooperating" in entry:
        entry["cooperating"] = [ids[unit] for unit in entry["cooperating"]]
    return entry


def _revise_obligations(known: CommentedSeq, fresh: list[dict[str, Any]]) -> list[Change]:
    changes: list[Change] = []
    pairs = pairs_of(known, fresh)
    before = list(known)
    for index, entry in enumerate(fresh):
        old = pairs.get(index)
        if old is None:
            taken = {o["id"] for o in known}
            if entry["id"] in taken:
                entry["id"] = next(f"{entry['id']}-{n}" for n in range(2, 1000) if f"{entry['id']}-{n}" not in taken)
            known.append(_commented_value(entry))
            changes.append(Change("added", "obligation", entry["id"], "", _short(entry)))
        elif not same_source(old, entry):
            changes.append(Change("changed", "obligation", old["id"], _short(old), _short(entry)))
            _take_over(old, entry)
    kept = {id(old) for old in pairs.values()}
    for old in before:
        written_by_hand = old.get("source", {}).get("text") is None
        if id(old) not in kept and not written_by_hand:
            changes.append(Change("dropped", "obligation", old["id"], _short(old), ""))
            known.remove(old)
    return changes


def pairs_of(known: Iterable[Any], fresh: Sequence[Entry]) -> dict[int, Any]:
    """Which entry of the file each fresh one is: the same sentence, else the same id, else a sentence much alike."""
    left = list(known)
    pairs: dict[int, Any] = {}

    def match(test: Any) -> None:
        for index, entry in enumerate(fresh):
            if index not in pairs:
                found = next((old for old in left if test(old, entry)), None)
                if found is not None:
                    pairs[index] = found
                    left.remove(found)

    match(lambda old, entry: old["id"] == entry["id"] and same_source(old, entry))
    match(same_source)
    match(lambda old, entry: old["id"] == entry["id"])
    match(_alike)
    return pairs


def same_source(old: Entry, entry: Entry) -> bool:
    """Whether both belong to one sentence of the plan."""
    keys = ("where", "words", "text")
    return [old["source"].get(key) for key in keys] == [entry["source"].get(key) for key in keys]


def _alike(old: Entry, entry: Entry) -> bool:
    before, after = old["source"].get("text"), entry["source"]["text"]
    if before is None or old.get("lead") != entry.get("lead"):
        return False
    return difflib.SequenceMatcher(None, before, after, autojunk=False).ratio() >= ALIKE


def _take_over(old: CommentedMap, entry: Entry) -> None:
    for key in FROM_THE_PLAN:
        if key in entry:
            old[key] = _commented_value(entry[key])
        else:
            old.pop(key, None)


def _short(entry: Entry) -> str:
    words = entry["source"].get("words")
    return f"{entry['title']}{f' ({words})' if words else ''}"


# ---- YAML ----


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.width = 116
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.allow_unicode = True
    return yaml


def _commented(draft: Entry) -> CommentedMap:
    tree = CommentedMap((key, _commented_value(value)) for key, value in draft.items())
    for key in list(tree)[1:]:
        tree.yaml_set_comment_before_after_key(key, before="\n")
    return tree


def _commented_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return CommentedMap((key, _commented_value(one)) for key, one in value.items())
    if isinstance(value, list | tuple):
        if all(isinstance(one, str | int) for one in value):
            return _flow(value)
        return CommentedSeq(_commented_value(one) for one in value)
    return value


def _flow(value: Any) -> Any:
    made = CommentedMap(value) if isinstance(value, Mapping) else CommentedSeq(value)
    made.fa.set_flow_style()
    return made


def _replace(path: Path, tree: CommentedMap) -> None:
    """Write beside the file, check, then put it in its place: a failure leaves what was there."""
    text = StringIO()
    try:
        _yaml().dump(tree, text)
    except YAMLError as error:
        raise BadOfficeFile([f"{path}: không ghi được bản nháp ({error})."]) from error
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".yaml")
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text.getvalue())
        read_office(beside)
        beside.chmod(0o644)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise

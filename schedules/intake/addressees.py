"""Words that tell many at once, "các phòng, ban", "Trưởng các thôn", and which units of the office they mean.

"Every unit" of an office are the departments of its People's Committee. Villages, schools and mass organisations are
none of them: they are told only where the plan itself names them as units, and a person is told of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from schedules.intake.findings import Duty, UnitFound
from schedules.intake.units import EACH, listed, mentions
from schedules.intake.wording import capital, fold

_DEPARTMENTS = re.compile(
    r"\b(?:cơ quan|đơn vị|phòng|ban|ngành|sở|bộ phận|công chức|viên chức|cán bộ|trung tâm|thành viên|ủy viên)\b"
)
_OTHERS = re.compile(
    r"\b(?:thôn|ấp|bản|xóm|khóm|buôn|khu phố|khu dân cư|tổ dân phố|chi bộ|trường học|trường|đoàn thể|địa phương"
    r"|(?<=các )(?:xã|phường))\b"
)
_BELONGING = re.compile(r"\s(?:trực thuộc|thuộc|của|trên địa bàn)\s.*")  # "các đơn vị thuộc xã" are no "các xã"
_BETWEEN_BODIES = re.compile(r"\b(?:và|cùng)\b|\W+")
_NEXT_BODY = re.compile(r"\s*[,;]?\s*(?:và\s+)?")
MOST_TOLD = 6


def outsiders(words: str) -> list[str]:
    """The bodies in such words that are no department: "thôn" of "Trưởng các thôn"."""
    return list(dict.fromkeys(match.group() for match in _OTHERS.finditer(_BELONGING.sub("", fold(words)))))


def means_departments(words: str) -> bool:
    """Whether such words tell every department, "các phòng, ban, thôn" too; "các thôn" tell none."""
    return bool(_DEPARTMENTS.search(_BELONGING.sub("", fold(words)))) or not outsiders(words)


def units_of_group(words: str, names: Iterable[str]) -> list[str]:
    """The units that "các trường học" means: "Trường Tiểu học Mẫu" is one of the list."""
    kinds = tuple(f"{kind.removesuffix(' học')} " for kind in outsiders(words))
    return [name for name in names if kinds and fold(name).startswith(kinds)]


def only_bodies(text: str) -> bool:
    """Whether a text names bodies and says nothing of them: "Thủ trưởng các phòng, ban, ngành"."""
    rest = EACH.sub(" ", text)
    for mention in mentions(rest):
        rest = rest.replace(mention.text, " ")
    return rest != text and not _BETWEEN_BODIES.sub("", rest)


def with_their_verb(parts: Sequence[str]) -> list[str]:
    """ "Thủ trưởng các phòng; Trưởng các thôn lập kế hoạch" is one clause: its first part has no verb of its own."""
    joined: list[str] = []
    for part in reversed(parts):
        if joined and only_bodies(part):
            joined[-1] = f"{part.strip(' ;,')}, {joined[-1]}"
        else:
            joined.append(part)
    return joined[::-1]


def group_after(text: str) -> str | None:
    """Bodies that stand behind a unit and are no department: "các thôn" of "Công an xã và các thôn rà soát …"."""
    between = _NEXT_BODY.match(text)
    group = EACH.match(text, between.end()) if between and between.end() else None
    if group is None or means_departments(group.group()):
        return None
    return group.group().strip(" ,;-")


def groups_beside(duty: Duty, cell: str) -> list[str]:
    """The groups of a lead cell beside the unit that leads: "các thôn" of "Công an xã; các thôn"."""
    return [] if duty.lead_each or not duty.lead else [part for part in listed(cell) if EACH.match(part)]


def waiting_for_a_unit(duty: Duty, units: Sequence[UnitFound]) -> Duty:
    """A duty of bodies that no unit of the plan stands for waits for a person to name who follows it."""
    words = duty.lead or ""
    missing = _missing(words, units) if duty.lead_each and not means_departments(words) else []
    if not missing:
        return duty
    said = f"{capital(', '.join(missing))} chưa có trong danh sách đơn vị; hãy chọn đơn vị theo dõi."
    return replace(duty, needs_review=(*duty.needs_review, said))


def leads_left_out(duties: Iterable[Duty], units: Sequence[UnitFound]) -> Iterator[str]:
    """One sentence with the bodies that were told beside others, and that the draft cannot hold."""
    places: dict[str, list[str]] = {}
    for duty in duties:
        words = duty.lead or ""
        mixed = _missing(words, units) if duty.lead_each and means_departments(words) else []
        for body in dict.fromkeys((*(f"các {kind}" for kind in mixed), *duty.beside)):
            places.setdefault(body, []).append(duty.where)
    told = [f"{body} ({', '.join(dict.fromkeys(where))})" for body, where in places.items()]
    if told:
        more = f" và {len(told) - MOST_TOLD} nơi khác" if len(told) > MOST_TOLD else ""
        yield f"Chủ trì chưa ghi được: {'; '.join(told[:MOST_TOLD])}{more}. Nếu cần, hãy bổ sung đơn vị."


def _missing(words: str, units: Sequence[UnitFound]) -> list[str]:
    """The bodies of such words that no unit stands for; a mass organisation stands for "đoàn thể"."""
    partners = any(unit.kind == "partner" for unit in units)
    return [
        kind
        for kind in outsiders(words)
        if not units_of_group(kind, (unit.name for unit in units)) and not (kind == "đoàn thể" and partners)
    ]

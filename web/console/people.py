"""*Con người*: the people of the office, their channels and codes, and what becomes of their work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from itsdangerous import BadSignature
from starlette.exceptions import HTTPException
from starlette.responses import Response

from engine.actions import Actor
from engine.code_sheet import Slip, how_to, sheet_of
from engine.people import ROLES, Listed
from engine.rules.rights import Right
from engine.screens import people_page as people
from engine.screens.deeds import Refused
from web.console.frame import Asked
from web.console.guard import Page

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LIST_GOOD_FOR = 3600  # seconds between seeing what a list changes and saving it
HOW = {"added": "Thêm", "changed": "Sửa", "returned": "Trở lại"}


def show(asked: Asked) -> Response:
    """Everybody, unit by unit."""
    return asked.show("con_nguoi.j2", roll=people.roll_of(asked.connection, asked.office, asked.now))


def show_person(asked: Asked) -> Response:
    """One person."""
    return asked.show("con_nguoi_mot.j2", one=_one(asked))


# ---- one person more ------------------------------------------------------------------------------------------------


def show_adding(asked: Asked) -> Response:
    """The form for one person more."""
    places = people.open_places(asked.connection, asked.office)
    units, status = asked.office.staff.units.values(), 422 if asked.refusal else 200
    return asked.show("con_nguoi_them.j2", status, units=units, roles=ROLES, places=places, filled=asked.form)


def add(asked: Asked) -> Response:
    """Take somebody in; their code is in the answer, this once."""
    form = asked.form
    wanted = people.PersonWanted(
        form.get("name", ""),
        form.get("unit", ""),
        form.get("role", ""),
        form.get("phone", ""),
        form.get("standing") == "1",
        form.get("place", ""),
    )
    slip = people.add_person(asked.connection, asked.office, wanted, _actor(asked), asked.now)
    done = f"Đã ghi {slip.name} vào {slip.unit}."
    return asked.show("con_nguoi_phieu.j2", slips=[slip], lines=how_to(None, None), done=done)


def issue_for_group(asked: Asked) -> Response:
    """A code for a unit's group chat, in the answer, this once."""
    found = people.group_code(asked.connection, asked.office, asked.path["id"], _actor(asked), asked.now)
    if found is None:
        raise HTTPException(404)
    return asked.show("con_nguoi_phieu.j2", slips=[found[1]], lines=_FOR_A_GROUP, done="")


_FOR_A_GROUP = (
    "1. Thêm bot của cơ quan vào nhóm chat của đơn vị.",
    "2. Một người trong nhóm nhắn đúng mã trên. Bot đáp “đã liên kết” là xong.",
)


# ---- codes and channels ---------------------------------------------------------------------------------------------


def show_waiting(asked: Asked) -> Response:
    """Who would get a code."""
    return asked.show("con_nguoi_ma.j2", waiting=people.waiting_of(asked.connection, asked.office, asked.now))


def issue_all(asked: Asked) -> Response:
    """A code for everybody who has none, to be printed."""
    waiting = people.waiting_of(asked.connection, asked.office, asked.now)
    wanted = [*waiting.without, *(waiting.holders if asked.form.get("again") == "1" else ())]
    if not wanted:
        raise Refused("Không có ai cần cấp mã.")
    return _codes(asked, wanted)


def issue_one(asked: Asked) -> Response:
    """A code for one person; whatever code they had is good no longer."""
    return _codes(asked, [_one(asked).person.listed])


def _codes(asked: Asked, wanted: Sequence[Listed]) -> Response:
    """The codes in the answer itself, this once: no cookie, no address and no log carries them."""
    slips = people.issue_codes(asked.connection, asked.office, wanted, _actor(asked), asked.now)
    if asked.form.get("as") == "docx":
        return _sheet(asked, slips)
    return asked.show("con_nguoi_phieu.j2", slips=slips, lines=how_to(None, None), done="")


def _sheet(asked: Asked, slips: Sequence[Slip]) -> Response:
    content = sheet_of(asked.office.name, slips)
    return Response(
        content, media_type=WORD, headers={"Content-Disposition": 'attachment; filename="phieu-ma-lien-ket.docx"'}
    )


def unlink(asked: Asked) -> Response:
    """Take one channel away, or all."""
    one = _one(asked).person
    channel = asked.form.get("channel") or None
    gone = people.unlink(asked.connection, asked.office, one.listed.id, channel, _actor(asked), asked.now)
    return asked.back(f"/con-nguoi/{one.listed.id}", f"Đã gỡ {gone} kênh của {one.listed.name}.")


def set_phone(asked: Asked) -> Response:
    """Write the telephone number down."""
    one = _one(asked).person.listed
    typed = asked.form.get("phone", "")
    phone = people.set_phone(asked.connection, asked.office, one.id, typed, _actor(asked), asked.now)
    said = f"Đã ghi số {phone} của {one.name}." if phone else f"Đã bỏ số điện thoại của {one.name}."
    return asked.back(f"/con-nguoi/{one.id}", said)


# ---- away, moved, gone ----------------------------------------------------------------------------------------------


def leave(asked: Asked) -> Response:
    """Some days away with a stand-in: shown first, then written."""
    one, form = _one(asked), asked.form
    wanted = people.LeaveWanted(*(form.get(name, "").strip() for name in ("first", "last", "substitute", "decision")))
    of = (asked.connection, asked.office, one.person.listed.id, wanted, _actor(asked), asked.now)
    if form.get("sure") == "1":
        return asked.back(f"/con-nguoi/{one.person.listed.id}", people.leave(*of))
    return asked.show("con_nguoi_nghi.j2", one=one, wanted=wanted, sentence=people.rehearsed_leave(*of))


def move(asked: Asked) -> Response:
    """To another unit: who takes the work is shown first."""
    one, to = _one(asked), asked.form.get("to", "")
    unit = next((name for number, name in one.units if str(number) == to), None)
    if unit is None:
        raise Refused("Đồng chí chọn giúp đơn vị mới.")
    person = one.person.listed.id
    if asked.form.get("sure") == "1":
        given = _given(asked)
        said = people.move(asked.connection, asked.office, person, int(to), given, _actor(asked), asked.now)
        return asked.back(f"/con-nguoi/{person}", said)
    going = people.moving(asked.connection, asked.office, person, int(to))
    title = f"Chuyển {one.person.listed.name} sang {unit}"
    return asked.show(
        "con_nguoi_di.j2", one=one, going=going, title=title, action="chuyen", name="to", value=to, button="Chuyển"
    )


def left(asked: Asked) -> Response:
    """Gone for good: who takes the work is shown first."""
    one, on = _one(asked), people.day_of(asked.form.get("on", ""))
    person = one.person.listed.id
    if asked.form.get("sure") == "1":
        given = _given(asked)
        said = people.left(asked.connection, asked.office, person, on, given, _actor(asked), asked.now)
        return asked.back("/con-nguoi", said)
    going = people.leaving(asked.connection, asked.office, person, on, asked.now)
    title = f"{one.person.listed.name} thôi công tác từ {on:%d/%m/%Y}"
    return asked.show(
        "con_nguoi_di.j2",
        one=one,
        going=going,
        title=title,
        action="thoi-viec",
        name="on",
        value=on.isoformat(),
        button="Ghi thôi công tác, gỡ mọi kênh",
    )


def _given(asked: Asked) -> dict[int, int]:
    """Who takes which work, as chosen on the page."""
    given = {}
    for name, value in asked.form.items():
        work = name.removeprefix("give-")
        if work != name and work.isdecimal():
            if not value.isdecimal():
                raise Refused("Đồng chí chọn giúp người nhận cho từng việc.")
            given[int(work)] = int(value)
    return given


# ---- a list of people -----------------------------------------------------------------------------------------------


def show_list(asked: Asked) -> Response:
    """Where to send a list."""
    return asked.show("con_nguoi_nhap.j2", shown=None, name="", packed="", how=HOW)


def send_list(asked: Asked) -> Response:
    """What a list would change, before anything is."""
    file = asked.files.get("file")
    name = PurePath((file.filename or "") if file else "").name
    content = file.file.read(people.LARGEST_LIST + 1) if file and name else b""
    found = people.read_people_list(name, content)
    shown = people.list_shown(asked.connection, asked.office, found, asked.now)
    packed = asked.console.signer("people list").dumps(
        [asked.office.id, asked.me.id, found.path.name, people.packed(found.rows)]
    )
    return asked.show("con_nguoi_nhap.j2", shown=shown, name=found.path.name, packed=packed, how=HOW)


def import_list(asked: Asked) -> Response:
    """Save what was shown."""
    try:
        office, person, name, rows = asked.console.signer("people list").loads(
            asked.form.get("list", ""), max_age=LIST_GOOD_FOR
        )
    except BadSignature:
        raise Refused("Trang xem trước đã cũ. Đồng chí gửi lại tệp danh sách.") from None
    if (office, person) != (asked.office.id, asked.me.id):
        raise HTTPException(404)
    said, more = people.import_list(
        asked.connection,
        asked.office,
        people.unpacked(rows),
        name,
        asked.form.get("mark", ""),
        _actor(asked),
        asked.now,
    )
    return asked.back("/con-nguoi", " ".join([said, *more[:3]]))


# ---- inside ---------------------------------------------------------------------------------------------------------


def _one(asked: Asked) -> people.OnePerson:
    """The person, if they work in this office."""
    one = people.person_of(asked.connection, asked.office, asked.path["id"], asked.now)
    if one is None:
        raise HTTPException(404)
    return one


def _actor(asked: Asked) -> Actor:
    return Actor(asked.me.name, asked.me.id)


_ID = "/con-nguoi/{id:int}"
PAGES = (
    Page("/con-nguoi", Right.SEE_OFFICE, show),
    Page(_ID, Right.SEE_OFFICE, show_person),
    Page("/con-nguoi/them", Right.MANAGE_PEOPLE, show_adding),
    Page("/con-nguoi/them", Right.MANAGE_PEOPLE, add, writes=True, again=show_adding),
    Page("/con-nguoi/don-vi/{id:int}/ma", Right.MANAGE_PEOPLE, issue_for_group, writes=True),
    Page("/con-nguoi/ma", Right.MANAGE_PEOPLE, show_waiting),
    Page("/con-nguoi/ma", Right.MANAGE_PEOPLE, issue_all, writes=True),
    Page(f"{_ID}/ma", Right.MANAGE_PEOPLE, issue_one, writes=True),
    Page(f"{_ID}/go-kenh", Right.MANAGE_PEOPLE, unlink, writes=True),
    Page(f"{_ID}/dien-thoai", Right.MANAGE_PEOPLE, set_phone, writes=True),
    Page(f"{_ID}/nghi", Right.MANAGE_PEOPLE, leave, writes=True),
    Page(f"{_ID}/chuyen", Right.MANAGE_PEOPLE, move, writes=True),
    Page(f"{_ID}/thoi-viec", Right.MANAGE_PEOPLE, left, writes=True),
    Page("/con-nguoi/nhap", Right.MANAGE_PEOPLE, show_list),
    Page("/con-nguoi/nhap", Right.MANAGE_PEOPLE, send_list, writes=True),
    Page("/con-nguoi/nhap/ghi", Right.MANAGE_PEOPLE, import_list, writes=True),
)

"""*Nhập kế hoạch*: send a plan document, go through what was read, see the year it makes, load it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import PurePath

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import Response

from data.rows import AnyRow
from engine.actions import Actor
from engine.rules.rights import Right
from engine.screens import intake
from engine.screens.deeds import Refused
from engine.tidy import DRAFTS_KEPT
from web.console.frame import Asked
from web.console.guard import Page

#: What the list shows, by what stands in the address: its name, and which duties.
VIEWS: Mapping[str, tuple[str, Callable[[intake.Item], bool]]] = {
    "can-xem": ("Cần xem", lambda item: item.state in ("new", "changed") and not item.sure),
    "chac": ("Chắc chắn", lambda item: item.state in ("new", "changed") and item.sure),
    "nhan": ("Đã nhận", lambda item: item.state == "taken"),
    "bo": ("Bỏ ra", lambda item: item.state == "left"),
    "cu": ("Đang dùng, không đổi", lambda item: item.state == "same"),
}
ON_A_PAGE = 10
DECISIONS = {"nhan": intake.TAKEN, "bo": intake.LEFT, "sau": intake.OPEN, "luu": intake.OPEN}
SAID = {
    "nhan": "Đã nhận",
    "bo": "Đã bỏ ra",
    "sau": "Để lại sau",
    "luu": "Đã lưu",
}


def show(asked: Asked) -> Response:
    """The drafts, and where to send the next document."""
    drafts = intake.drafts_of(asked.connection, asked.office, asked.now)
    return asked.show("nhap.j2", drafts=drafts, busy=any(draft.busy for draft in drafts), kept_days=DRAFTS_KEPT.days)


def send(asked: Asked) -> Response:
    """A document arrives: it is read after this page has answered."""
    file = asked.files.get("file")
    name = PurePath((file.filename or "") if file else "").name
    size = (file.size or 0) if file and name else 0
    draft = intake.begin(asked.connection, asked.office, name, size, Actor(asked.me.name, asked.me.id), asked.now)
    assert file is not None  # or it would have been refused
    content, engine, year = file.file.read(), asked.console.engine, asked.today.year
    return _then(
        asked.back(f"/nhap/{draft}", "Đã nhận tệp, máy đang đọc."),
        lambda: intake.read_into(engine, draft, content, year),
    )


def show_draft(asked: Asked) -> Response:
    """One draft: being read, not readable, or ready to be gone through."""
    row = _row(asked)
    if row.found is None:
        return asked.show("nhap_doc.j2", draft=_one(asked, row))
    draft = intake.draft_of(asked.connection, asked.office, row)
    view = asked.query.get("xem", "")
    if view not in VIEWS:
        view = next((name for name, (_, wanted) in VIEWS.items() if any(map(wanted, draft.items))), "can-xem")
    items = [item for item in draft.items if VIEWS[view][1](item)]
    pages = max(1, -(-len(items) // ON_A_PAGE))
    page = min(max(1, _number(asked.query.get("trang", "1"))), pages)
    return asked.show(
        "nhap_ban_nhap.j2",
        draft=draft,
        row=row,
        view=view,
        views=[(name, label, sum(map(wanted, draft.items))) for name, (label, wanted) in VIEWS.items()],
        items=[(item, *_marked(item)) for item in items[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]],
        page=page,
        pages=pages,
        busy=intake.is_busy(row, asked.now),
        most=max([month.periods for month in draft.year.months] + [1]) if draft.year else 1,
    )


def show_status(asked: Asked) -> Response:
    """How far the reading is, for a page that asks again and again."""
    row = _row(asked)
    response = asked.show("nhap_tinh_trang.j2", draft=_one(asked, row))
    if not intake.is_busy(row, asked.now):
        response.headers["HX-Refresh"] = "true"
    return response


def show_item(asked: Asked) -> Response:
    """One duty beside its source, to be mended."""
    row, item, draft = _item(asked)
    return asked.show("nhap_muc.j2", row=row, item=item, draft=draft, source=_marked(item), year=_year(draft))


def show_reading(asked: Asked) -> Response:
    """How a deadline's words would be read."""
    row = _ready(asked)
    words, year = asked.query.get("words", ""), row.found["facts"]["default_year"]
    return asked.show("nhap_loi.j2", reading=intake.reading_in_words(words, year))


def decide(asked: Asked) -> Response:
    """What a button says about one duty."""
    row, item, draft = _item(asked)
    do = asked.form.get("do", "")
    if do not in DECISIONS:
        raise HTTPException(404)
    if item.state == "same":
        raise Refused("Mục này cơ quan đang dùng, không đổi; đồng chí sửa ở trang Nhiệm vụ.")
    edit = None
    if "title" in asked.form:
        wanted = ("title", "lead", "words", "product")
        with_whom = tuple(part.strip() for part in asked.form.get("cooperating", "").split(";") if part.strip())
        strange = [name for name in with_whom if name not in {*draft.units, *item.duty.cooperating}]
        if strange:
            raise Refused(f"Không có đơn vị nào tên “{strange[0][:80]}”. Đồng chí chọn tên trong danh sách gợi ý.")
        edit = intake.Edit(cooperating=with_whom, **{name: asked.form.get(name, "") for name in wanted})
    duty = intake.decide(asked.connection, row, item.number, DECISIONS[do], edit, _version(asked))
    here = f"/nhap/{row.id}/muc/{item.number}"
    to = here if do == "luu" else (asked.form.get("back") or f"/nhap/{row.id}")
    return asked.back(to, f"{SAID[do]}: {duty.title[:120]}.")


def take_all_sure(asked: Asked) -> Response:
    """“Nhận mọi mục chắc chắn”."""
    row = _ready(asked)
    taken = intake.take_all_sure(asked.connection, asked.office, row, _version(asked))
    return asked.back(f"/nhap/{row.id}?xem=can-xem", f"Đã nhận {taken} mục chắc chắn. Chưa nạp gì vào kế hoạch.")


def set_replaces(asked: Asked) -> Response:
    """Which plan in use the document replaces, if any."""
    row, plan = _ready(asked), asked.form.get("replaces") or None
    intake.set_replaces(asked.connection, asked.office, row, plan, _version(asked))
    said = "bổ sung, giữ mọi nhiệm vụ đang dùng"
    if plan is not None:
        said = "thay mọi kế hoạch đang dùng" if plan == intake.EVERY_PLAN else f"là bản mới của “{plan}”"
    return asked.back(f"/nhap/{row.id}", f"Văn bản này: {said}.")


def work_year_out(asked: Asked) -> Response:
    """What the next twelve months would be, worked out after this page has answered."""
    row, engine = _ready(asked), asked.console.engine
    wanted = intake.ask_for_year(asked.connection, asked.office, row, asked.now)
    answer = asked.back(f"/nhap/{row.id}#nam", "Máy đang tính năm sẽ tạo.")
    return _then(answer, lambda: intake.year_into(engine, row.id, wanted))


def show_difference(asked: Asked) -> Response:
    """What loading would change, before anything is."""
    row = _ready(asked)
    told = intake.difference(asked.connection, asked.office, row)
    return asked.show("nhap_thay_doi.j2", row=row, told=told)


def load(asked: Asked) -> Response:
    """Load what the person has seen."""
    row, actor = _ready(asked), Actor(asked.me.name, asked.me.id)
    mark = asked.form.get("mark", "")
    sentence = intake.load_taken(asked.connection, asked.office, row, mark, actor, asked.now)
    return asked.back("/nhap", sentence)


def discard(asked: Asked) -> Response:
    """The draft goes."""
    row = _row(asked)
    intake.discard(asked.connection, asked.office, row.id)
    return asked.back("/nhap", f"Đã bỏ bản nháp {row.name}. Nhiệm vụ đang dùng giữ nguyên.")


# ---- inside ---------------------------------------------------------------------------------------------------------


def _row(asked: Asked) -> AnyRow:
    """The draft, if it is of this office."""
    row = intake.draft_row(asked.connection, asked.office, asked.path["id"])
    if row is None:
        raise HTTPException(404)
    return row


def _ready(asked: Asked) -> AnyRow:
    """The draft, once its document has been read."""
    row = _row(asked)
    if row.found is None:
        raise HTTPException(404)
    return row


def _one(asked: Asked, row: AnyRow) -> intake.Listed:
    return next(one for one in intake.drafts_of(asked.connection, asked.office, asked.now) if one.id == row.id)


def _item(asked: Asked) -> tuple[AnyRow, intake.Item, intake.Draft]:
    row = _ready(asked)
    draft = intake.draft_of(asked.connection, asked.office, row)
    number = asked.path["number"]
    if not 0 < number <= len(draft.items):
        raise HTTPException(404)
    return row, draft.items[number - 1], draft


def _version(asked: Asked) -> int:
    return _number(asked.form.get("version", ""))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _year(draft: intake.Draft) -> int:
    return draft.found.facts.default_year


def _marked(item: intake.Item) -> tuple[str, str, str]:
    """The source in three pieces: before the deadline's words, these, and after."""
    text, words = item.duty.source_text, item.duty.deadline_text
    before, found, after = text.rpartition(words) if words else (text, "", "")
    return (before, found, after) if found or not words else (text, "", "")


def _then(response: Response, job: Callable[[], None]) -> Response:
    """Begin a job once the answer is out, and with it everything it stands on is stored.

    In a thread of its own: it may take minutes, and those who look at pages share a few threads.
    """
    thread = threading.Thread(target=job, name="nhap-ke-hoach", daemon=True)
    response.background = BackgroundTask(thread.start)
    return response


_ID = "/nhap/{id:int}"
PAGES = (
    Page("/nhap", Right.LOAD_PLAN, show),
    Page("/nhap", Right.LOAD_PLAN, send, writes=True),
    Page(_ID, Right.LOAD_PLAN, show_draft),
    Page(f"{_ID}/tinh-trang", Right.LOAD_PLAN, show_status, is_page=False),
    Page(f"{_ID}/doc", Right.LOAD_PLAN, show_reading, is_page=False),
    Page(f"{_ID}/muc/{{number:int}}", Right.LOAD_PLAN, show_item),
    Page(f"{_ID}/muc/{{number:int}}", Right.LOAD_PLAN, decide, writes=True),
    Page(f"{_ID}/nhan-chac", Right.LOAD_PLAN, take_all_sure, writes=True),
    Page(f"{_ID}/kieu", Right.LOAD_PLAN, set_replaces, writes=True),
    Page(f"{_ID}/nam", Right.LOAD_PLAN, work_year_out, writes=True),
    Page(f"{_ID}/xem", Right.LOAD_PLAN, show_difference, writes=True),
    Page(f"{_ID}/nap", Right.LOAD_PLAN, load, writes=True),
    Page(f"{_ID}/bo", Right.LOAD_PLAN, discard, writes=True),
)

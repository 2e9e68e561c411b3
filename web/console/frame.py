"""What every page of the console works with: who asks, in which office, and how a page is answered."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Connection, Engine
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from data.evidence_files import EvidenceFiles
from engine.clock import Clock
from engine.messages import Channel
from engine.office import OfficeView
from engine.rules.chain import Member
from engine.rules.rights import Part, Right, may
from engine.settings import Settings
from web.console.other_ways import OtherWay

HERE = Path(__file__).parent.parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
SAID = "nv_said"  # the cookie with the one sentence that the next page shows
SAID_FOR = 60  # seconds
MENU = (
    ("/", "Hôm nay", Right.SEE_OWN),
    ("/lich", "Lịch", Right.SEE_UNIT),
    ("/nhiem-vu", "Nhiệm vụ", Right.SEE_UNIT),
    ("/nhap", "Nhập kế hoạch", Right.LOAD_PLAN),
    ("/con-nguoi", "Con người", Right.SEE_OFFICE),
    ("/ban-tin", "Bản tin", Right.SEE_DIGEST),
    ("/bao-cao", "Báo cáo", Right.SEE_OFFICE),
    ("/van-hanh", "Vận hành", Right.SEE_JOURNAL),
)
#: What a table wider than a phone stands in: it can be pulled aside by hand, and by keyboard.
WIDE_TABLE = Markup('class="scroll" tabindex="0" role="group" aria-label="Bảng rộng, kéo ngang để xem hết"')
WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True)
class Console:
    """One running console. ``wake`` is called after anything was written: there may be something to send."""

    engine: Engine
    clock: Clock
    secret: str  # signs cookies and links; kept in the database, so that a restart signs nobody out
    wake: Callable[[], None] = lambda: None
    public_url: str | None = None
    sandbox: bool = False
    evidence: EvidenceFiles | None = None  # where photos and files are kept
    settings: Settings | None = None  # of the running program; None where the console stands alone
    channels: Sequence[Channel] = ()  # its bots
    ways: Sequence[OtherWay] = ()  # to sign in, beside the bot's link

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https: then cookies never travel without it."""
        return (self.public_url or "").startswith("https:")

    def signer(self, purpose: str) -> URLSafeTimedSerializer:
        """Signs for one purpose: what was signed for another does not pass."""
        return URLSafeTimedSerializer(self.secret, salt=f"nhacviec {purpose}")


@dataclass
class Asked:
    """One request of somebody who is signed in."""

    console: Console
    request: Request
    connection: Connection
    office: OfficeView
    me: Member
    parts: frozenset[Part]
    csrf: str
    now: dt.datetime
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    refusal: str = ""  # why the form that is shown once more was not taken

    @property
    def today(self) -> dt.date:
        """The office's day."""
        return self.office.today(self.now)

    @property
    def query(self) -> Mapping[str, str]:
        """What stands behind the question mark."""
        return self.request.query_params

    @property
    def wants_a_piece(self) -> bool:
        """Whether a page that is open already asks for the part that was not ready; else it is a whole page."""
        headers = self.request.headers
        return "hx-request" in headers and "hx-boosted" not in headers

    @property
    def menu(self) -> tuple[tuple[str, str, Right, bool], ...]:
        """The pages of the menu: address, name, the right each needs, and whether the viewer is there."""
        here = self.request.url.path
        return tuple((path, name, right, is_under(here, path)) for path, name, right in MENU)

    @property
    def path(self) -> Mapping[str, Any]:
        """The variable parts of the address."""
        return self.request.path_params

    def may(self, right: Right) -> bool:
        """Whether the viewer has a right in the office."""
        return may(right, self.parts)

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page."""
        page = templates().get_template(template)
        said = (self.refusal, True) if self.refusal else read_said(self.console, self.request)
        response = HTMLResponse(
            page.render(
                asked=self,
                office=self.office,
                me=self.me,
                may=self.may,
                Right=Right,
                csrf=self.csrf,
                today=self.today,
                now=self.now,
                here=self.request.url.path,
                said=said,
                sandbox=self.console.sandbox,
                zone=self.office.zone,
                **values,
            ),
            status_code=status,
        )
        if said:
            response.delete_cookie(SAID, path="/")
        return response

    def back(self, to: str, sentence: str = "", *, wrong: bool = False) -> Response:
        """To another page, with a sentence to be shown there."""
        response = RedirectResponse(own_path(to), status_code=303)
        if sentence:
            write_said(self.console, response, sentence, wrong=wrong)
        return response


def is_under(here: str, path: str) -> bool:
    """Whether a page is the one at ``path`` or lies below it: "/nhap/3" is under "/nhap", "/nhap-2" is not."""
    return here == path or (path != "/" and here.startswith(f"{path}/"))


def own_path(address: str) -> str:
    """The path of an address of ours; anything else leads home, so that no link sends people to a foreign site."""
    parts = urlsplit(address)
    safe = (
        not parts.scheme and not parts.netloc and parts.path.startswith("/") and not address.startswith(("//", "/\\"))
    )
    return address if safe and "\\" not in address else "/"


# ---- the sentence that the next page shows --------------------------------------------------------------------------


def write_said(console: Console, response: Response, sentence: str, *, wrong: bool) -> None:
    """Keep a sentence for the next page."""
    value = console.signer("said").dumps([sentence, wrong])
    response.set_cookie(SAID, value, max_age=SAID_FOR, httponly=True, samesite="lax", secure=console.secure, path="/")


def read_said(console: Console, request: Request) -> tuple[str, bool] | None:
    """The sentence, and whether it tells of something that went wrong."""
    value = request.cookies.get(SAID)
    if not value:
        return None
    try:
        sentence, wrong = console.signer("said").loads(value, max_age=SAID_FOR)
    except BadSignature:
        return None
    return str(sentence), bool(wrong)


# ---- templates ------------------------------------------------------------------------------------------------------


@cache
def templates() -> Environment:
    """The console's templates, compiled once; everything that people typed is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = lambda day: f"{day:%d/%m/%Y}" if day else ""
    environment.filters["weekday"] = lambda day: f"{WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}"
    environment.filters["moment"] = lambda at, zone: f"{at.astimezone(zone):%H:%M %d/%m/%Y}" if at else ""
    environment.globals["static"] = static_address
    environment.globals["wide_table"] = WIDE_TABLE
    return environment


@cache
def asset(name: str) -> Path:
    """Where a static file lies: ours, or the one script that a package brings.

    :raises KeyError: there is no such file.
    """
    if name == "htmx.min.js":  # https://htmx.org, in the wheel of django-js-lib-htmx, which needs no Django
        found = find_spec("js_lib_htmx")
        assert found is not None
        assert found.submodule_search_locations
        return Path(found.submodule_search_locations[0]) / "static" / "htmx" / "htmx.min.js"
    path = STATIC / name
    if path.parent != STATIC or not path.is_file():
        raise KeyError(name)
    return path


@cache
def static_address(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    return f"/tinh/{name}?v={hashlib.sha256(asset(name).read_bytes()).hexdigest()[:12]}"

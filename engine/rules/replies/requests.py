"""Requests: the whole reply is the name of a list (``việc``, ``tuần 11``, ``trợ giúp``)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from engine.rules.chat_tokens import Kind
from engine.rules.replies.meaning import Intent, Verb
from engine.rules.replies.phrases import words_of
from engine.rules.replies.pieces import Reply

_REQUESTS: tuple[tuple[Verb, str], ...] = (
    (
        Verb.WORK,
        """
        viec | viec gi | viec nao | con viec gi | co viec gi | viec hom nay | hom nay co viec gi | ds | list |
        ds viec | danh sach viec | danh sach | viec chua xong | viec con lai | con viec nao | cong viec | works |
        nhac viec | viec qua han | viec sap den han | con gi chua xong | viec dang mo | dau viec | liet ke viec |
        con may viec | con bao nhieu viec | viec can lam | viec phai lam | liet ke |
        viec chua lam | viec chua nop | viec chua hoan thanh | nhiem vu | con may viec nua | con bao nhieu viec nua |
        con viec gi nua | con gi chua lam | con gi chua nop | con gi chua hoan thanh | con gi nua khong |
        viec tre han | viec tre | viec den han
        """,
    ),
    (Verb.UNDO, "huy | huy bo | huy di | huy nhe | thoi huy | thoi huy di | thoi huy nhe"),
    (
        Verb.UNIT_WORK,
        """
        viec don vi | viec phong | viec ca phong | don vi | viec ban | viec bo phan | viec xa | viec to |
        viec ca don vi | viec co quan | viec ca xa | danh sach viec don vi | viec dv | cong viec don vi
        """,
    ),
    (
        Verb.WEEK,
        """
        tuan | tuan nay | tuan truoc | tuan sau | tuan toi | tuan qua | bao cao tuan | tong hop tuan | viec tuan |
        viec tuan nay | viec tuan sau | lich tuan | tuan nay co gi | tuan nay co viec gi | bc tuan | tuan roi |
        ban tin tuan | ban tin | tin tuan | lich tuan nay | viec trong tuan | tuan sau co gi | tuan sau co gi khong |
        tuan sau co viec gi | tuan sau co viec gi khong | tuan nay co gi khong | tuan nay co viec gi khong |
        tuan toi co gi | tuan toi co gi khong | tuan toi co viec gi khong
        """,
    ),
    (
        Verb.HELP,
        """
        tro giup | help | huong dan | hd | giup | giup do | cach dung | menu | lenh | start | cu phap | dung sao |
        huong dan su dung | lam sao | lam the nao | cac lenh | tro giup voi | hdsd | cach su dung | su dung sao |
        dung the nao | nhan the nao | tra loi the nao | go gi | nhan gi | bot lam duoc gi
        """,
    ),
    (
        Verb.WEB,
        """
        web | trang web | vao web | mo web | dang nhap | link web | dang nhap web | lien ket web | console |
        link dang nhap | lien ket dang nhap | bang dieu hanh
        """,
    ),
)
_REQUEST_OF = {" ".join(words): verb for verb, phrases in _REQUESTS for words in words_of(phrases)}
_COURTESIES = frozenset(
    word
    for (word,) in words_of(
        """
        cho | em | e | toi | minh | tui | xem | voi | a | nhe | nha | da | oi | anh | chi | sep | bot | cua | gui |
        xin | muon | vay | ah | the | ad | c | nhi | hoi
        """
    )
)
_NAMES_WORK = frozenset(["viec", "nhiem", "bc"])
_LISTS = frozenset(["gi", "nao", "may", "nhieu", "xem", "danh", "ds", "liet", "dau", "con", "nhung", "list", "sap"])
_FILLS = frozenset(
    word
    for (word,) in words_of(
        """
        co | cac | vu | sach | ke | bao | hom | nay | mai | den | het | han | qua | tre | chua | lam | nop | xong |
        nua | khong | ko | k | dang | mo | phai | can | ngay | thang | trong | sau | toi | truoc | cong | lai |
        duoc | giao | dc | v | no
        """
    )
)
_UNITS = frozenset(["phong", "don", "vi", "ban", "to", "ca", "quan", "xa", "dv", "phuong"])
_WEEKS = frozenset(["tuan"])
_WEEK_STEPS = {"nay": 0, "sau": 1, "toi": 1, "truoc": -1, "qua": -1, "roi": -1}


def request(reply: Reply) -> Intent | None:
    """``việc``, ``tuần 11``, ``trợ giúp``, ``?``: only reading, so that the spelling is taken easily."""
    said = [token for token in reply.tokens if token.kind not in (Kind.MARK, Kind.STOP, Kind.COMMA)]
    if said and all(token.kind is Kind.QUESTION for token in said):
        return Intent(Verb.HELP)
    words = [token.folded for token in said if token.kind is not Kind.QUESTION]
    named = next((words[i:] for i, word in enumerate(words) if word == "tuan"), [])
    if len(named) == 2 and " ".join(words[:-1]) in _REQUEST_OF and (week := _week_numbered(named[1], reply.today)):
        return Intent(Verb.WEEK, week=week)
    plain = [word for word in words if word not in _COURTESIES]
    verb = _REQUEST_OF.get(" ".join(words)) or _REQUEST_OF.get(" ".join(plain)) or _asked_freely(plain)
    if verb is None or _tells(words, verb):
        return None
    return Intent(verb, week=_week_beside(named, reply.today) if verb is Verb.WEEK else None)


_DENIES = re.compile(r"\bdau phai\b|\bphai viec\b.*\bdau$|\b(?:khong|ko|k) (?:co|con) viec\b")
_PROMISES = re.compile(r"\btuan\b.*\bgui\b|\b(?:em|e|toi|minh) gui\b|^tuan (?:sau|toi|nay) (?:nhe|nha)$")


def _tells(words: Sequence[str], verb: Verb) -> bool:
    """``đâu phải việc em``, ``tuần sau em gửi nhé``: said about work, and no list is asked for."""
    said = " ".join(words)
    return bool(_DENIES.search(said)) or (verb is Verb.WEEK and bool(_PROMISES.search(said)))


def _asked_freely(words: Sequence[str]) -> Verb | None:
    """``cả phòng còn những việc gì``: any order of words that only a request is made of."""
    said = set(words)
    if "xong" in said and "chua" not in said:  # "việc đầu xong" tells something
        return None
    if not said & _NAMES_WORK or not said <= _NAMES_WORK | _LISTS | _FILLS | _UNITS | _WEEKS:
        return None
    if said & _WEEKS:
        return Verb.UNIT_WORK if said & _UNITS else Verb.WEEK if "trong" in said or said & _LISTS else None
    if not said & _LISTS:
        return None
    return Verb.UNIT_WORK if said & _UNITS else Verb.WORK


def _week_numbered(number: str, today: dt.date) -> str | None:
    week, _, year = number.partition("/")
    if not (week.isdigit() and 1 <= int(week) <= 53):
        return None
    return f"{int(year) if year.isdigit() else today.isocalendar().year}-W{int(week):02d}"


def _week_beside(named: Sequence[str], today: dt.date) -> str | None:
    steps = next((_WEEK_STEPS[word] for word in named[1:2] if word in _WEEK_STEPS), None)
    if steps is None:
        return None
    year, week, _ = (today + dt.timedelta(weeks=steps)).isocalendar()
    return f"{year}-W{week:02d}"

"""One-time codes that link a chat to a person: making them, finding one in what somebody typed, comparing them.

A code is read from paper and typed on a telephone whose keyboard writes Vietnamese. So it has no vowel and no W, D:
Telex and VNI put marks on those; without vowels it is no word either. It has no letter that looks like a digit, and
no H, X: "ht 3" and "xn 3" close work in chat.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from itertools import groupby

from engine.rules.chat_words import clean, fold

ALPHABET = "CFJKMNPQRTV23456789"  # 19 symbols, eight of them: 1.7e10 codes
_GROUP = 4
_VOWELS = frozenset("aeiouy")
_SALT = b"nhacviec link code"
_HARDNESS = 2**12  # 10 ms: nothing for whoever types a code, much for whoever would try them all on a stolen database

# Two groups of four; a lookahead, so that "ma K7QM 29XD" is tried from every word.
_TWO_GROUPS = re.compile(r"(?<![a-z0-9])(?=(([a-z0-9]{4})[ ._-]{0,3}([a-z0-9]{4})(?![a-z0-9])))")
_WORD = re.compile(r"[a-z0-9]+")
_COMMAND = re.compile(r"^/start(@\w+)?")
_CALLED = re.compile(r"^@\D*$")  # "@Bot Nhắc Việc": in a group the bot must be called by its name
_SAYS_CODE = re.compile(r"\b(?:ma|code)(?: so)?(?: lien ket)?(?: cua (?:em|toi|minh|anh|chi))?(?: la)?[\s:=]*$")
_MAY_STAND_BESIDE = frozenset(
    (
        *("a", "ah", "ak", "anh", "bac", "bot", "cam", "chao", "chi", "chu", "co", "code", "cua", "da", "dang"),
        *("day", "dong", "em", "gui", "ha", "hi", "hoat", "ket", "kich", "ky", "la", "lien", "ma", "minh", "nay"),
        *("nha", "nhan", "nhap", "nhe", "ok", "on", "so", "start", "thua", "toi", "vang", "voi", "xac", "xin"),
    )
)


def new_code() -> str:
    """A fresh code as it is printed: "K7QM-29RT"."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(2 * _GROUP))
        if _is_shaped(code.lower()):
            return f"{code[:_GROUP]}-{code[_GROUP:]}"


def code_in(text: str) -> str | None:
    """The code in what a person typed, without its dash; None when they typed none.

    Beside it only the words one says with a code may stand, or it is called one ("mã của em là …"). Anything else is a
    reply about work, whatever it contains. Letters that no code has are read all the same: a misread code is a wrong
    code, not a riddle.
    """
    said = _COMMAND.sub("start", fold(clean(text)))
    for found in _TWO_GROUPS.finditer(said):
        code = found[2] + found[3]
        before, after = said[: found.start()], said[found.end(1) :]
        if _is_shaped(code) and (_harmless(before, after) or _SAYS_CODE.search(before)):
            return code.upper()
    return None


def hash_of(code: str) -> str:
    """What is kept of a code. Dash, spaces and case do not count."""
    plain = "".join(symbol for symbol in code.upper() if symbol.isalnum())
    return hashlib.scrypt(plain.encode(), salt=_SALT, n=_HARDNESS, r=8, p=1, dklen=32).hex()


def matching(code_hash: str, live: Iterable[tuple[int, str]]) -> int | None:
    """Which of the live codes, (id, hash), this is. Every one is compared, so that time tells nothing."""
    found = None
    for identity, kept in live:
        if hmac.compare_digest(code_hash, kept):
            found = identity
    return found


def _is_shaped(code: str) -> bool:
    """Digits among letters: neither a word, a number, nor a word and its number ("viec 1234", "12BCTTHC")."""
    digits = sum(symbol.isdigit() for symbol in code)
    runs = sum(1 for _ in groupby(code, str.isdigit))
    return 2 <= digits <= len(code) - 2 and runs >= 3 and not _VOWELS & set(code)


def _harmless(before: str, after: str) -> bool:
    called = "" if _CALLED.match(before) else before
    return all(word in _MAY_STAND_BESIDE for word in _WORD.findall(f"{called} {after}"))

"""Text as every reader hands it on: NFC, single spaces, no invisible characters; and old fonts found out.

TCVN3 (.VnTime) and VNI put Vietnamese into the bytes of Western letters. Read as Unicode such a text is rubbish
that no rule understands, so it is recognised and named instead of being believed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffc\ufffe]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
_SPACES = re.compile(r"[^\S\n]+")
_BULLET = re.compile("^[•·●○▪■◦‣∙❖➢►✓\uf0b7\uf0a7\uf0d8\uf02d\uf0fc–—−‒*](?:\\s+|(?=[^\\W\\d]))")
_MARKER = re.compile(
    r"""(?: [-+]\s                                             # - a bullet
          | \d{1,3}(?:\.\d{1,3}){0,4}\s?[.)]\s?(?=\D|$)        # 1.  2.1.  3)
          | \d{1,2}/\s                                          # 1/ but not 06/QĐ-TTg
          | \d{1,2}(?:\.\d{1,2}){1,4}\s+(?=[^\W\d_])           # 2.1 Công tác
          | [IVXLC]{1,7}\s?[.)/-]\s                            # IV.
          | [a-zđA-ZĐ]\s?[.)]\s                                # a)  đ.
        )""",
    re.VERBOSE | re.IGNORECASE,
)
_SMALL_DASH = re.compile(r"^- [^\W\d_]")
_YEAR_DASH = re.compile(r"^[-–]\s?\d{4}\b")
_CUT_DATE = re.compile(r"\d/\n\d|\d/\d{1,2}/(?:\d\n\d{3}|\d\d\n\d\d|\d{3}\n\d)\b")
_WORD = re.compile(r"[^\W\d_]+")
_TCVN3 = re.compile(r"[A-Za-z][¶¸µ·¹¨¾»¼½©ª«¬®](?![\d.,%/])|®[¸µ¶·¹¨©ªÊÌÞßãèéêëìíîïðñòóôõö÷øùúûüýþia]")
_VNI = re.compile(r"[aeoAEO][ûõïåäüë]|[aAeE][ùøÙØ]|[aeoAEO][âÂ]|[öôÖÔ][ùøûõïÙØÛÕÏ]|ñ[aeiouyöôAEIOUY]")
_MODERN = re.compile("[ạ-ỹẠ-ỸăĂđĐơƠưƯ]")


def tidy(text: str) -> str:
    """One line: NFC, inner spaces single, nothing invisible."""
    return " ".join(_visible(text).split())


def tidy_lines(text: str) -> str:
    """Several lines, each tidy; empty lines fall away."""
    lines = (tidy(line) for line in re.split(r"\r\n|[\r\n\v\f\x85\u2028\u2029]", text))
    return "\n".join(line for line in lines if line)


def tidy_paragraph(text: str) -> str:
    """One tidy line whose bullet, whatever its shape, is "- "."""
    return _BULLET.sub("- ", tidy(text))


def begins_item(text: str) -> bool:
    """Whether the text begins with a bullet, a number or a letter of a list: "- ", "2.1.", "a)", "IV."."""
    return _MARKER.match(text) is not None


def goes_on_with_dash(above: str, below: str) -> bool:
    """A dash or a year that is no bullet but the middle of a sentence: "kinh tế | - xã hội", "2026 | - 2030"."""
    if above.endswith((".", ";", ":")):
        return False
    return (bool(_SMALL_DASH.match(below)) and below[2].islower()) or (
        above[-1:].isdigit() and bool(_YEAR_DASH.match(below))
    )


def run_on(above: str, below: str) -> str:
    """Two lines of one paragraph as one: "QĐ-" and "UBND" or "31/12/20" and "26" without a space between."""
    cut = below[:1].isalnum() and (ends_in_hyphen(above) or _CUT_DATE.search(f"{above[-12:]}\n{below[:5]}"))
    return above + below if cut else f"{above} {below}"


def ends_in_hyphen(text: str) -> bool:
    """A line cut behind a hyphen inside a word: "2026-", not "Văn hóa -"."""
    return len(text) > 1 and text[-1] == "-" and text[-2].isalnum()


def same_words(text: str) -> str:
    """A text for comparison: case, accents' order and punctuation do not matter."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def old_font(texts: Iterable[str]) -> tuple[str | None, bool]:
    """The old font that words are written in, if any, and whether most of the text is."""
    counts = {"TCVN3": 0, "VNI": 0}
    words = modern = 0
    for text in texts:
        words += len(text.split())
        modern += len(_MODERN.findall(text))
        counts["TCVN3"] += len(_TCVN3.findall(text))
        counts["VNI"] += len(_VNI.findall(text))
    name = max(counts, key=lambda font: counts[font])
    found = counts[name]
    if found < 3 or found * 100 < words:
        return None, False
    return name, found > modern and found * 10 > words


def _visible(text: str) -> str:
    if text.isascii() and "\x00" not in text:
        return _CONTROL.sub("", text)
    return unicodedata.normalize("NFC", _CONTROL.sub("", _INVISIBLE.sub("", text)))

"""What scanners, copying and hurried typing do to letters, undone before words are looked up.

Signs that nobody sees go, and wide or ready-made forms become plain ones ("20／3", "Ⅲ"). A letter that stands where
only a digit can ("l5/3/2026", "quý lI") is read as that digit, but the place is remembered: such a date is never sure.
"""

from __future__ import annotations

import re
import unicodedata

WHY_LOOKALIKE = "Có chữ giống số (l, I, O) trong ngày tháng; hãy so với bản gốc."

#: Wide digits and signs, ready-made Roman numbers, spaces of every width. "…" and "²" have a meaning of their own.
_COMPATIBLE = re.compile("[\u2000-\u200a\u202f\u205f\u2160-\u217f\u3000\ufe63\uff01-\uff5e]+")

#: The mark of a footnote behind a year: "15/3/2026¹".
_FOOTNOTE = re.compile("(?<=[0-9]{4})[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]+")

_NUMBER = "(?=[loi]*[0-9])[0-9loi]{1,2}"
_YEAR = "(?=[lo]*[0-9])[0-9lo]{4}"
_SIGN = r"\s?[/.\-]\s?"
_LOOKALIKES = re.compile(
    rf"(?<![\w/.\-])(?:{_NUMBER}{_SIGN}(?:{_NUMBER}|l)(?:{_SIGN}{_YEAR})?|{_NUMBER}{_SIGN}{_YEAR})(?!\w)"
    rf"|(?:(?<=ngày\s)|(?<=tháng\s))(?:{_NUMBER}|l)(?!\w)"
    r"|(?<!\w)2[0o][0-9lo]{2}(?!\w)"
)
_ROMAN_LOOKALIKES = re.compile(r"(?<!\w)((?:quý|q)[\s.:]*)([il1]{1,3}v?)(?!\w)")


def visible(phrase: str) -> str:
    """The phrase without signs that nobody sees, its wide and ready-made forms made plain."""
    if phrase.isascii():
        return phrase
    shown = "".join(sign for sign in phrase if unicodedata.category(sign) != "Cf")
    shown = _FOOTNOTE.sub("", shown)
    return _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found.group()), shown)


def repaired(text: str) -> tuple[str, set[int]]:
    """A clean text with digits where letters stand for them, and at which places; as long as it was."""
    mended = _LOOKALIKES.sub(lambda found: found.group().translate(_DIGITS), text)
    mended = _ROMAN_LOOKALIKES.sub(_as_roman, mended)
    return mended, {at for at, (one, other) in enumerate(zip(text, mended, strict=True)) if one != other}


_DIGITS = str.maketrans("lio", "110")
_STROKES = str.maketrans("l1", "ii")


def _as_roman(found: re.Match[str]) -> str:
    """ "quý lI", "quý 1V"; "quý 1" is a number, and of "quý 11" nobody knows what it should be."""
    strokes = found.group(2)
    return found.group() if strokes.isdecimal() else found.group(1) + strokes.translate(_STROKES)


def unaccented(words: str) -> str:
    """The words as they are typed without Vietnamese letters: "hằng tháng" → "hang thang"."""
    plain = unicodedata.normalize("NFD", words.replace("đ", "d"))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))

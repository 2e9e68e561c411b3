"""The pieces of a phrase, with what stands before each ("trước", "từ", "sau"), and without bare words of no meaning."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from schedules.office_model import Kind
from schedules.phrases.making import WHY_ALWAYS
from schedules.phrases.pieces import Clock, Label, Piece, Placed, Spot, Undated, Weekday
from schedules.phrases.rules import TABLE
from schedules.phrases.tokens import Token

#: What a bare "quý", "năm" stands between when it is a period and not a part of the sentence.
_BEFORE_A_LABEL = {"", ",", ";", "và", "hoặc", "(", ":", "–", "+", "/"}
_AFTER_A_LABEL = {"", ",", ";", "và", "hoặc", "(", ")", ":", "–", "-", "+", "/"}
_AFTER_A_LABEL |= {"trước", "chậm_nhất", "xong", "gửi", "theo"}
_CALLS_A_LABEL = {"báo_cáo", "định_kỳ", "với", "theo"}
_NOUNS = {"…", "kỳ_họp", "văn_bản", "luật", "báo_cáo", "?"}


def place(tokens: Sequence[Token], symbols: list[str]) -> list[Placed]:
    placed: list[Placed] = []
    for found, pieces in TABLE.scan(tokens):
        for piece in pieces:
            one = Placed(_round_the_clock(piece, symbols[: found.start]) or piece, found.start, found.end)
            _look_back(one, placed, symbols)
            placed.append(one)
    _drop_bare_words(placed, symbols)
    return placed


def _round_the_clock(piece: Piece, before: list[str]) -> Undated | None:
    """ "24/7" is no 24 July, unless it is called a date."""
    if not isinstance(piece, Spot) or not piece.loose or (piece.day, piece.month) != (24, 7):
        return None
    return None if set(before[-2:]) & {"trước", "chậm_nhất", "từ", "đến"} else Undated(Kind.CONTINUOUS, WHY_ALWAYS)


def _look_back(one: Placed, placed: list[Placed], symbols: list[str]) -> None:
    """Note "trước", "từ", "sau" before a date. "Trước 17h00 ngày 15/3" is before the hour, on the day."""
    at = one.start - 1
    clocked = bool(placed) and isinstance(placed[-1].piece, Clock) and placed[-1].end == one.start
    if clocked:
        at = placed[-1].start - 1
    while at >= 0 and symbols[at] in {"ngày", "thời_hạn"}:
        at -= 1
    behind = symbols[at] if at >= 0 else ""
    piece = one.piece
    if isinstance(piece, Weekday):
        piece.before = behind == "trước" and not clocked
    spot = one.spot
    if spot is None:
        return
    spot.before = spot.before or (behind == "trước" and not clocked)
    spot.cutoff = _is_cutoff(symbols[: one.start])
    spot.after = behind == "sau"
    spot.since = behind in {"từ", "kể_từ"} and isinstance(piece, Spot) and not _is_stretch(spot)
    spot.begins = _is_beginning(symbols[: one.start])
    spot.upto = behind == "đến"
    spot.noun_before = behind in _NOUNS and spot.grain in {"year", "years"}
    following = symbols[one.end] if one.end < len(symbols) else ""
    if behind in {"trước", "chậm_nhất", "từ", "đến"} or following not in _NOUNS | {"số"}:
        spot.loose = False


def _is_cutoff(before: list[str]) -> bool:
    """Whether figures close on a date: behind "chốt số liệu ngày", "số liệu lấy đến hết ngày", "số liệu tính đến"."""
    at = len(before) - 1
    while at >= 0 and before[at] in {"ngày", "thời_hạn", "trong", "trước", "chậm_nhất", ":"}:
        at -= 1
    if before[at : at + 1] == ["đến"]:
        at -= 1
        while at >= 0 and before[at] in {"…", "báo_cáo"} and len(before) - at <= 6:
            at -= 1
    return at >= 0 and before[at] == "số_liệu" and "gửi" not in before[max(at - 1, 0) : at]


def _is_beginning(before: list[str]) -> bool:
    """Whether "khởi công xây dựng nhà văn hóa trong …" or "thực hiện …" stands before a date."""
    at = len(before) - 1
    while at >= 0 and before[at] in {"ngày", "thời_hạn", "trong", ":"}:
        at -= 1
    if at >= 0 and before[at] == "thực_hiện":
        return True
    while at >= 0 and before[at] == "…":
        at -= 1
    return at >= 0 and before[at] == "khởi_đầu"


def _is_stretch(spot: Spot) -> bool:
    """ "Tháng 1 - 12", "quý I, II": ends by itself."""
    length = {"month": 1, "quarter": 3}.get(spot.grain)
    return length is not None and (spot.month or 0) - (spot.first_month or 0) + 1 > length


def _drop_bare_words(placed: list[Placed], symbols: list[str]) -> None:
    """Keep "quý, năm" and "báo cáo năm"; drop the "năm" of a sentence that is no period."""
    kept = {id(one) for one in placed if not _is_bare(one) or _stands_as_label(one, symbols)}
    for order in (placed, placed[::-1]):  # neighbours of a period are periods: "tháng, quý, 6 tháng, 9 tháng và năm"
        for one, other in pairwise(order):
            first, last = sorted((one, other), key=lambda each: each.start)
            between = symbols[first.end : last.start]
            is_period = isinstance(one.piece, Label) or (
                one.spot is not None and one.spot.grain in {"months", "quarter"}
            )
            if id(one) in kept and is_period and between and set(between) <= {",", "và", "hoặc", "/", "+", "báo_cáo"}:
                kept.add(id(other))
    for one in placed:
        if isinstance(one.piece, Label):
            before = symbols[max(one.start - 2, 0) : one.start]
            one.piece.backward = "với" in before or before == ["(", "báo_cáo"] or before[-1:] == ["("]
    placed[:] = [one for one in placed if id(one) in kept]


def _is_bare(one: Placed) -> bool:
    piece = one.piece
    return isinstance(piece, Label) and not piece.explicit and piece.kind not in {Kind.HALF_YEARLY, Kind.NINE_MONTHLY}


def _stands_as_label(one: Placed, symbols: list[str]) -> bool:
    before = symbols[one.start - 1] if one.start else ""
    after = symbols[one.end] if one.end < len(symbols) else ""
    return before in _CALLS_A_LABEL or (before in _BEFORE_A_LABEL and after in _AFTER_A_LABEL)

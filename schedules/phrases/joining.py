"""From pieces to pairs: which dates are one stretch of time, which period a date belongs to.

1. ``_stretches`` makes one piece of "từ … đến …"; ``_share`` gives a list its one year and its one "hằng năm";
2. ``_bind`` gives each date its period ("báo cáo 6 tháng … trước ngày 15/6, năm trước ngày 15/12").

What each pair means on the calendar is decided in :mod:`schedules.phrases.composing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf

from schedules.office_model import Kind
from schedules.phrases.doubting import doubts_of
from schedules.phrases.pieces import Clock, Label, Noise, Placed, Span, Spot, Undated, Weekday
from schedules.phrases.placing import place
from schedules.phrases.tokens import Token
from schedules.recurrence import LENGTH

When = Spot | Span

#: What may stand between the dates of one list.
_JOINTS = {",", "và", "hoặc", "+", "trước", "chậm_nhất", "từ", "thời_hạn"}
_DASHES = {"đến", "–", "-"}
#: What may stand between a beginning and "hoàn thành", and behind that word.
_ROUND_AN_END = {",", ";", ":", "(", "–", "-", "và", "thời_hạn", "ngày", "trong", "trước", "chậm_nhất", "đến", "…"}
_ROUND_AN_END |= {"thực_hiện"}
_MONTH_OF_LABEL = {Kind.QUARTERLY: 3, Kind.HALF_YEARLY: 6, Kind.NINE_MONTHLY: 9, Kind.YEARLY: 12}


@dataclass(slots=True)
class Pair:
    """A period and its dates; either may be missing. ``starting``: the first date, after which it comes back."""

    label: Label | None
    whens: list[When] = field(default_factory=list)
    starting: bool = False


@dataclass(slots=True)
class Joined:
    """Everything a phrase says, sorted by what it is good for."""

    pairs: list[Pair] = field(default_factory=list)
    bounds: list[When] = field(default_factory=list)  # years, stretches of years, and what is open at its end
    weekdays: list[Weekday] = field(default_factory=list)
    undated: list[Undated] = field(default_factory=list)
    time: str | None = None
    whys: list[str] = field(default_factory=list)
    reports: bool = False  # "báo cáo", "tổng hợp", "định kỳ": such a duty comes back
    periodic: bool = False  # "định kỳ" was said
    onwards: bool = False  # "và các năm tiếp theo"
    doubts: list[str] = field(default_factory=list)  # why the dates may have been misread


def join(tokens: Sequence[Token], text: str) -> Joined:
    """The phrase's pieces, joined. ``text`` is what the tokens were cut from, in capitals and small letters."""
    symbols = [token.symbol for token in tokens]
    placed = place(tokens, symbols)
    doubts = list(doubts_of(placed, tokens, text))
    _join_lists(placed, symbols)
    placed = _with_their_day(_stretches(_with_their_year(placed, symbols), symbols), symbols)
    _close_figures(placed, symbols)
    _share(placed, symbols)
    shortest = _shortest_period(placed)
    placed = _without_containers(placed, symbols, shortest)
    joined = Joined(
        reports=not {"báo_cáo", "định_kỳ"}.isdisjoint(symbols),
        periodic="định_kỳ" in symbols,
        onwards="trở_đi" in symbols,
        doubts=doubts,
    )
    dated: list[Placed] = []
    for one in placed:
        piece = one.piece
        if isinstance(piece, Spot | Span) and (_is_bound(piece) or _is_last_time(piece, shortest)):
            joined.bounds.append(piece)
        elif isinstance(piece, Spot | Span | Label):
            dated.append(one)
        elif isinstance(piece, Weekday):
            joined.weekdays.append(piece)
        elif isinstance(piece, Clock):
            joined.time = joined.time or piece.time
        elif isinstance(piece, Undated):
            joined.undated.append(_with_event(piece, one, tokens, text))
        elif isinstance(piece, Noise) and piece.why:
            joined.whys.append(piece.why)
    joined.pairs = _bind(dated, symbols)
    return joined


def _with_event(undated: Undated, one: Placed, tokens: Sequence[Token], text: str) -> Undated:
    """The words of the event, as they stand behind "kể từ", "sau khi", "trước"."""
    if undated.offset is None:
        return undated
    openers = {"kể_từ", "khi", "trước_khi", "sau", "trước"}
    end = tokens[one.end].start if one.end < len(tokens) else len(text)
    for token in tokens[one.start + 1 : one.end]:
        if token.symbol in openers:
            words = " ".join(text[token.start : end].split()).rstrip(" ,;.()")
            return replace(undated, offset=replace(undated.offset, event=words[:200]))
    return undated


# ---- 1. Stretches of time, and what a list shares ----


def _join_lists(placed: list[Placed], symbols: list[str]) -> None:
    """Read "15/6; 15/12 hằng năm", "tháng 6/tháng 12", "15/3 - 15/6 - 15/9" as if commas stood between the dates."""
    gaps: list[tuple[int, str]] = []  # where a dash, a slash or a semicolon stands between two dates alike
    for one, other in pairwise(placed):
        between = symbols[one.end : other.start]
        signs = [at for at in range(one.end, other.start) if symbols[at] in {";", "/", "-", "–"}]
        alike = isinstance(one.piece, Spot) and isinstance(other.piece, Spot) and one.piece.grain == other.piece.grain
        plain = len(signs) == 1 and set(between) - {symbols[signs[0]]} <= {"trước", "chậm_nhất", "ngày"}
        listed = alike and plain and one.spot is not None and one.spot.grain in {"day", "month", "quarter"}
        gaps.append((signs[0], symbols[signs[0]]) if listed else (-1, ""))
    for nth, (at, sign) in enumerate(gaps):
        chained = any(0 <= near < len(gaps) and gaps[near][1] == sign for near in (nth - 1, nth + 1))
        if sign in {";", "/"} or (sign and chained):
            symbols[at] = ","


def _stretches(placed: list[Placed], symbols: list[str]) -> list[Placed]:
    """ "từ … đến …", "A - B" as one piece; "từ …" with nothing behind stays, and is open."""
    joined: list[Placed] = []
    for one in placed:
        clock = joined.pop() if len(joined) > 1 and isinstance(joined[-1].piece, Clock) else None
        before = joined[-1] if joined else None
        if before and isinstance(before.piece, Spot) and isinstance(one.piece, Spot):
            between = symbols[before.end : clock.start if clock else one.start]
            if _are_one_stretch(before.piece, between):
                whole = _stretch(before.piece, one.piece, symbols[: before.start])
                joined = [each for each in joined[:-1] if not isinstance(each.piece, Clock)]  # the opening hour
                joined.append(Placed(whole, before.start, one.end))
                joined += [clock] if clock else []
                continue
        joined += [clock, one] if clock else [one]
    return joined


def _are_one_stretch(first: Spot, between: list[str]) -> bool:
    if set(between) & {"–", "-"} and set(between) & {"trước", "chậm_nhất"}:
        return False  # "Quý III - trước ngày 30/9"
    tight = [symbol for symbol in between if symbol not in {",", "thời_hạn", "trước", "chậm_nhất", "ngày", "này"}]
    if tight and tight[0] in _DASHES and len(tight) == 1:
        return not first.before
    ends = {"xong", "kết_thúc"} & set(between)
    if ends and (first.begins or first.since) and len(between) <= 12 and set(between) <= _ROUND_AN_END | ends:
        return True
    return first.since and "đến" in between[-3:] and ";" not in between


def _close_figures(placed: list[Placed], symbols: list[str]) -> None:
    """ "Báo cáo kết quả từ 01/7/2025 đến 31/5/2026 gửi trước ngày 17/6/2026": what is reported, and when it is sent."""
    for one, following in pairwise(placed):
        span, sent = one.piece, following.spot
        if not isinstance(span, Span) or span.last.grain != "day" or sent is None or sent.grain != "day":
            continue
        reported = "báo_cáo" in symbols[: one.start] or symbols[max(one.start - 1, 0) : one.start] == ["kỳ"]
        if reported and {"gửi", "trước", "chậm_nhất"} & set(symbols[one.end : following.start]):
            span.data_window = True


def _with_their_year(placed: list[Placed], symbols: list[str]) -> list[Placed]:
    """ "Năm 2026: 31/3; năm 2027: 30/6": the year holds for the dates behind its colon, up to the next year."""
    kept: list[Placed] = []
    year: int | None = None
    headed: Placed | None = None
    for one in placed:
        spot = one.spot
        if isinstance(one.piece, Spot) and one.piece.grain == "year" and one.piece.year:
            headed = one if symbols[one.end : one.end + 1] == [":"] else None
            year = one.piece.year if headed else None
        elif year and spot and spot.year is None and spot.every is None and not spot.turn and spot.names_month:
            spot.year = year
            kept = [other for other in kept if other is not headed]
        kept.append(one)
    return kept


def _with_their_day(placed: list[Placed], symbols: list[str]) -> list[Placed]:
    """ "Tháng 6, 12 hằng năm, trước ngày 15": the day is that of every month in the list."""
    kept: list[Placed] = []
    for one in placed:
        listed = [other for other in kept if (other.start, other.end) == (kept[-1].start, kept[-1].end)]
        months = [other.spot for other in listed if other.spot and other.spot.grain == "month"]
        single = all(month.first_month == month.month and month.day == "last" for month in months)
        spot = one.piece
        if not (isinstance(spot, Spot) and spot.grain == "day" and not spot.names_month and spot.every is None):
            kept.append(one)
        elif (
            len(months) > 1 and len(months) == len(listed) and single and _follows(symbols[listed[-1].end : one.start])
        ):
            for month in months:
                month.grain, month.day, month.before = "day", spot.day, spot.before
        else:
            kept.append(one)
    return kept


def _follows(between: list[str]) -> bool:
    return set(between) <= {",", "(", ":", "trước", "chậm_nhất", "gửi", "xong"}


def _stretch(first: Spot, last: Spot, symbols_before: list[str]) -> When:
    if first.grain == "year" and last.grain == "year" and first.year and last.year and first.year < last.year:
        last = replace(last, grain="years", first_year=first.year, since=False, upto=False)
        return replace(last, noun_before=first.noun_before)
    # "từ ngày 15/12 … đến ngày 14/3": figures open and close on these days everywhere
    open_and_close = (first.day, last.day) == (15, 14)
    window = first.turn < 0 or "số_liệu" in symbols_before or (first.of_report and last.of_report) or open_and_close
    if first.month is None and not first.every:
        first = replace(first, month=last.month, year=first.year or last.year, names_month=last.names_month)
    return Span(first, last, data_window=window)


def _shortest_period(placed: list[Placed]) -> float:
    """How many months the shortest period lasts of which the phrase says that it comes back."""
    labels = [one.piece for one in placed if isinstance(one.piece, Label) and one.piece.explicit]
    weekly = any(isinstance(one.piece, Weekday) and one.piece.weekly for one in placed)
    kinds = {label.kind for label in labels} | {one.spot.every for one in placed if one.spot}
    lengths = [LENGTH[kind] for kind in kinds if kind in LENGTH]
    return min(lengths + [0] * (weekly or Kind.WEEKLY in kinds), default=inf)


def _months_of(when: When) -> int:
    """How long a stretch of named months is; "hằng tháng (từ tháng 3 đến tháng 12)" frames what comes back."""
    if isinstance(when, Span):
        first, last = when.first, when.last
        if first is None or when.data_window or not last.names_month or first.every or last.every:
            return 0
        years = (last.year or 0) - (first.year or 0) if last.year and first.year else last.turn - first.turn
        return years * 12 + (last.month or 12) - (first.first_month or first.month or 1) + 1
    if when.every or when.grain not in {"month", "quarter"} or when.first_month is None:
        return 0
    length = (when.month or 12) - when.first_month + 1
    return length if length > {"month": 1, "quarter": 3}[when.grain] else 0


def _is_last_time(when: When, shortest: float) -> bool:
    """ "hằng tháng (từ tháng 3 đến tháng 12)", "hằng tháng, đến hết tháng 9/2026": how long it comes back."""
    upto = isinstance(when, Spot) and when.upto and when.grain in {"month", "quarter"} and when.every is None
    return _months_of(when) > shortest or (upto and shortest < LENGTH[Kind.YEARLY])


def _is_bound(when: When) -> bool:
    """A year, years, or a beginning without an end: they frame other dates, or are the deadline if alone."""
    spot = when.last if isinstance(when, Span) else when
    if isinstance(when, Span):
        return when.first is not None and when.first.grain == "year" and spot.grain == "year"
    return spot.grain in {"year", "years"} or spot.since or spot.after or spot.open_end


def _share(placed: list[Placed], symbols: list[str]) -> None:
    """In "trước ngày 15/6 và 15/12 hằng năm", "15/3, 15/6/2026" what stands once holds for the whole list."""
    for one, following in zip(placed[-2::-1], placed[:0:-1], strict=False):
        spot, other = one.spot, following.spot
        if spot is None or other is None or not set(symbols[one.end : following.start]) <= _JOINTS:
            continue
        if other.grain in {"year", "years"} or spot.grain in {"year", "years"} or other.since:
            continue
        if not spot.names_month and spot.every is None and (other.day != "last" or other.every):
            spot.month, spot.every, spot.place = other.month, other.every, other.place
            spot.months_after, spot.names_month = other.months_after, other.names_month
        if spot.year is None and spot.every is None and not spot.turn:
            spot.year, spot.turn = other.year, other.turn
            spot.every = other.every if spot.names_month else spot.every
    for one, following in pairwise(placed):
        spot, other = one.spot, following.spot
        if spot and other and spot.cutoff and not other.names_month and other.every is None:
            other.every, other.place, other.months_after = spot.every, spot.place, spot.months_after
        if spot and other and spot.before and set(symbols[one.end : following.start]) <= {",", "và", "hoặc"}:
            other.before = True


def _without_containers(placed: list[Placed], symbols: list[str], shortest: float) -> list[Placed]:
    """In "báo cáo 6 tháng đầu năm 2026 trước ngày 15/6" and "quý I/2026 (trước ngày 15/3)" only the day is a deadline.

    Without a year, half a year and nine months are the names of periods once anything else stands beside them.
    """
    company = len([one for one in placed if isinstance(one.piece, Spot | Span | Label)]) > 1
    company = company or "báo_cáo" in symbols or "định_kỳ" in symbols
    kept: list[Placed] = []
    quarters = _quarters_that_name_reports(placed)
    for at, one in enumerate(placed):
        if id(one) in quarters:
            kept.append(Placed(Label(Kind.QUARTERLY, explicit=False), one.start, one.end))
            continue
        following = placed[at + 1] if at + 1 < len(placed) else None
        spot, inner = one.piece, following.spot if following else None
        if isinstance(spot, Spot) and spot.grain in {"month", "quarter", "months"}:
            names_report = spot.grain == "months" and spot.year is None and not spot.turn and company
            period = {6: Kind.HALF_YEARLY, 9: Kind.NINE_MONTHLY}.get(spot.month or 0)
            period = Kind.HALF_YEARLY if spot.first_month == 7 and spot.month == 12 else period
            if names_report and period:
                kept.append(Placed(Label(period, explicit=False), one.start, one.end))
                continue
            if _months_of(spot) > shortest:
                kept.append(one)  # "trước ngày 25 hằng tháng (tháng 3 - 12/2026)"
                continue
            outer = placed[at - 1].spot if at else None
            if outer and outer.grain == "day" and {"(", "với"} & set(symbols[max(one.start - 2, 0) : one.start]):
                continue  # "trước ngày 20/3 (quý I)", "… đối với báo cáo quý I"
            joint = symbols[one.end : following.start] if following else ["và"]
            if inner and inner.grain == "day" and not {"và", "hoặc", ";"} & set(joint) and _holds(spot, inner):
                continue
        kept.append(one)
    return kept


def _quarters_that_name_reports(placed: list[Placed]) -> set[int]:
    """The quarters of "quý I, 6 tháng, quý III và năm": four reports, one each quarter."""
    longer = {Kind.HALF_YEARLY, Kind.NINE_MONTHLY, Kind.YEARLY}
    labels = [(one, one.piece) for one in placed if isinstance(one.piece, Label) and one.piece.kind in longer]
    # "hằng năm (quý I)" says when in the year; "quý I, 6 tháng và năm" names what is reported
    named = [one for one, label in labels if label.kind != Kind.YEARLY or not label.explicit]
    named += [one for one in placed if one.spot and one.spot.grain == "months" and one.spot.year is None]
    quarters = [one for one in placed if isinstance(one.piece, Spot) and one.piece.grain == "quarter"]
    bare = [one for one in quarters if one.spot and not (one.spot.year or one.spot.every or one.spot.turn)]
    return {id(one) for one in bare} if named and len(bare) == len(quarters) else set()


def _holds(outer: Spot, inner: Spot) -> bool:
    """Give the day the year, and if need be the month, of the longer time that it stands in."""
    if inner.every == Kind.QUARTERLY and outer.year and outer.grain == "quarter" and outer.first_month:
        return _is_in_quarter(outer, inner)
    if inner.every is not None:
        return outer.year is None and outer.every is None
    if not inner.names_month:
        if outer.month is None or outer.first_month != outer.month:
            return False
        inner.month, inner.names_month, inner.every = outer.month, True, outer.every
    inner.year = inner.year or outer.year
    inner.every = inner.every or outer.every
    return True


def _is_in_quarter(outer: Spot, inner: Spot) -> bool:
    """ "Quý II/2026 (chậm nhất ngày 20 tháng cuối quý)": that one quarter's, and once."""
    first = outer.first_month or 1
    months = (outer.year or 0) * 12 + first - 1 + (inner.place or LENGTH[Kind.QUARTERLY]) - 1 + inner.months_after
    if outer.month != first + 2:
        return False
    inner.year, inner.month = months // 12, months % 12 + 1
    inner.every, inner.place, inner.months_after, inner.names_month = None, None, 0, True
    return True


# ---- 2. Dates and their periods ----


def _bind(placed: list[Placed], symbols: list[str]) -> list[Pair]:
    pairs: list[Pair] = []
    pending: list[Label] = []
    apart = False  # a new sentence began between the last date and the period
    end = 0
    for run in _runs(placed, symbols):
        first = run[0].piece
        apart = ";" in symbols[end : run[0].start]
        end = run[-1].end
        if isinstance(first, Label):
            if first.backward and pairs and pairs[-1].label is None and not pending:
                pairs[-1].label = first
            else:
                pending.append(first)
            continue
        whens = [one.piece for one in run if isinstance(one.piece, Spot | Span)]
        pairs += _assigned(pending, whens)
        pending = []
    return _merged(pairs + ([Pair(label) for label in pending] if apart else _left_over(pending, pairs)))


def _merged(pairs: list[Pair]) -> list[Pair]:
    """Quarters named one by one ("quý I …, quý III …") are one period."""
    quarterly = [pair for pair in pairs if pair.label and pair.label.kind == Kind.QUARTERLY and not pair.starting]
    for pair in quarterly[1:]:
        quarterly[0].whens += pair.whens
    spare = {id(pair) for pair in quarterly[1:]}
    return [pair for pair in pairs if id(pair) not in spare]


def _runs(placed: list[Placed], symbols: list[str]) -> list[list[Placed]]:
    """Labels one by one; dates that are listed together."""
    runs: list[list[Placed]] = []
    for one in placed:
        last = runs[-1][-1] if runs else None
        listed = (
            last is not None
            and not isinstance(one.piece, Label)
            and not isinstance(last.piece, Label)
            and set(symbols[last.end : one.start]) <= _JOINTS
        )
        if listed:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _assigned(labels: list[Label], whens: list[When]) -> list[Pair]:
    if not labels:
        return [Pair(None, whens)]
    if len(labels) == len(whens) > 1:
        return [Pair(label, [when]) for label, when in zip(labels, whens, strict=True)]
    if len(labels) == 1:
        return _one_label(labels[0], whens)
    spot = _end_of(whens[0])
    if spot.every in {label.kind for label in labels} and not spot.of_any_month:
        return [Pair(label, whens if label.kind == spot.every else []) for label in labels]
    if not spot.names_month:  # "quý, 6 tháng, năm: ngày 15 tháng cuối kỳ"
        return [Pair(label, list(whens)) for label in labels]
    named = [label for label in labels if label.kind and _MONTH_OF_LABEL.get(label.kind) == spot.month]
    chosen = named[0] if named and len(whens) == 1 else labels[-1]
    return [pair for label in labels for pair in (_one_label(label, whens) if label is chosen else [Pair(label)])]


def _one_label(label: Label, whens: list[When]) -> list[Pair]:
    """A date that says itself how often it comes keeps that, but "báo cáo 6 tháng … 15/6 hằng năm" is half-yearly."""
    every = _end_of(whens[0]).every
    same = every is None or every == label.kind or _end_of(whens[0]).of_any_month
    narrower = every == Kind.YEARLY and label.kind in {Kind.HALF_YEARLY, Kind.NINE_MONTHLY, Kind.QUARTERLY}
    if same or narrower:
        return [Pair(label, whens)]
    return [Pair(None, whens), Pair(label)] if label.kind != Kind.YEARLY or not label.explicit else [Pair(None, whens)]


def _left_over(labels: list[Label], pairs: list[Pair]) -> list[Pair]:
    """A period after the date: "trước ngày 20 tháng 11 năm 2025 và hằng tháng", "ngày 20, hằng tháng"."""
    last = pairs[-1] if pairs else None
    if len(labels) != 1 or last is None or last.label is not None or len(last.whens) != 1:
        return [Pair(label) for label in labels]
    spot = _end_of(last.whens[0])
    if spot.every is not None:
        return [Pair(labels[0])]
    last.label = labels[0]
    last.starting = spot.year is not None or (spot.names_month and labels[0].kind != Kind.YEARLY)
    return []


def _end_of(when: When) -> Spot:
    return when.last if isinstance(when, Span) else when

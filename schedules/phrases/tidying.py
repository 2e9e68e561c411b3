"""Tokens before the rules see them: one form for what people print in several, and nothing that names no time.

"Q.III", "02 (hai) ngày", "Lần 1: 15/4", "15 - 6 - 2026", "5h chiều", "thứ Hai (16/3/2026)", "trừ tháng 12".
"""

from __future__ import annotations

from itertools import pairwise

from schedules.phrases.tokens import WHY_EXCEPTION, Token


def tidied(text: str, tokens: list[Token]) -> list[Token]:
    """The tokens in one form. ``text`` is what they were cut from."""
    tokens = _with_dates_in_one_form(text, _in_the_afternoon(text, tokens))
    tokens = _without_numbering(text, _without_spelled_out(_without_inner_signs(text, tokens)))
    tokens = _without_names_of_quarters(_without_the_old_date(text, _counted_in_times(text, tokens)))
    return _without_exceptions(text, _without_names_of_days(tokens))


def _without_inner_signs(text: str, tokens: list[Token]) -> list[Token]:
    """Drop the sign of "Q.III", "Quý: II", "T. 9": behind a short form, or between a quarter and its number."""
    kept: list[Token] = []
    for at, token in enumerate(_with_lengths(tokens)):
        if kept and at + 1 < len(tokens) and _is_inner(text, kept[-1], token, tokens[at + 1 : at + 3]):
            continue
        kept.append(token)
    return kept


def _with_lengths(tokens: list[Token]) -> list[Token]:
    """The "T" of "BC 6T: 15/6" is "tháng"; that of "6 T2" is not."""
    made = list(tokens)
    for at, (number, letter) in enumerate(pairwise(tokens), start=1):
        behind = tokens[at + 1].symbol if at + 1 < len(tokens) else ""
        glued = letter.symbol == "T" and number.end == letter.start and number.value in {3, 6, 9}
        if glued and behind not in {"#", "."}:
            made[at] = letter._replace(symbol="tháng")
    return made


def _is_inner(text: str, noun: Token, sign: Token, behind: list[Token]) -> bool:
    mark, number = text[sign.start : sign.end], behind[0]
    ends = len(behind) == 1 or behind[1].symbol != ";"  # "quý: I. Mục tiêu" begins a chapter
    if noun.symbol == "quý" and number.symbol == "R":
        return mark in {".", ":", "-", "/"} and ends
    if noun.symbol not in {"quý", "tháng", "T"} or number.symbol != "#":
        return False
    if mark == ":":
        return noun.symbol == "quý" and number.value <= 4 and len(behind) > 1 and behind[1].symbol in {"năm", "/"}
    return mark == "." and (noun.end - noun.start == 1 or number.start == sign.end)


def _without_spelled_out(tokens: list[Token]) -> list[Token]:
    """Drop the "(hai)" of "02 (hai) ngày"; "năm" in such brackets is five, not a year."""
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        three = [token.symbol for token in tokens[at : at + 3]]
        if kept and kept[-1].symbol == "#" and three[:1] == ["("] and three[2:] == [")"]:
            inside = tokens[at + 1]
            if (inside.symbol == "#" and inside.value == kept[-1].value) or (
                inside.symbol == "năm" and kept[-1].value == 5
            ):
                at += 3
                continue
            if inside.symbol == "#" and kept[-1].value == 0:
                kept[-1] = inside
        kept.append(tokens[at])
        at += 1
    return kept


def _with_dates_in_one_form(text: str, tokens: list[Token]) -> list[Token]:
    """ "15 - 6 - 2026", "15. 6 .2026": a date, however far apart its signs stand."""
    made = list(tokens)
    for at in range(len(tokens) - 4):
        day, one, month, other, year = tokens[at : at + 5]
        noun = tokens[at - 1].symbol if at else ""
        signs = {text[sign.start : sign.end] for sign in (one, other)}
        numbers = day.symbol == month.symbol == "#" and year.symbol == "Y"
        if numbers and signs in ({"-"}, {"."}) and 1 <= day.value <= 31 and noun not in {"tháng", "T", "quý"}:
            made[at + 1], made[at + 3] = one._replace(symbol="/"), other._replace(symbol="/")
    return made


def _in_the_afternoon(text: str, tokens: list[Token]) -> list[Token]:
    """ "5h chiều" is 17:00; "chiều 20/3", "sáng ngày 16/3" is that day."""
    kept: list[Token] = []
    for at, token in enumerate(tokens):
        word = text[token.start : token.end]
        if token.symbol != "…" or word not in {"sáng", "chiều", "tối", "trưa", "buổi"}:
            kept.append(token)
            continue
        clock = [place for place in range(max(len(kept) - 4, 0), len(kept)) if _is_hour(kept, place)]
        if clock and word in {"chiều", "tối"} and kept[clock[-1]].value < 12:
            hour = kept[clock[-1]]
            kept[clock[-1]] = hour._replace(value=hour.value + 12)
        following = tokens[at + 1].symbol if at + 1 < len(tokens) else ""
        if not clock and following not in {"#", "ngày", "thứ", "chủ_nhật", "…"}:
            kept.append(token)
    return kept


def _is_hour(tokens: list[Token], at: int) -> bool:
    behind = tokens[at + 1].symbol if at + 1 < len(tokens) else ""
    return tokens[at].symbol == "#" and behind in {"giờ", ":"}


def _without_names_of_days(tokens: list[Token]) -> list[Token]:
    """Drop the "thứ Hai" of "thứ Hai (16/3/2026)", "thứ Hai, ngày 16/3": the date says it all."""
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        symbols = [token.symbol for token in tokens[at : at + 8]]
        name = 2 if symbols[:2] == ["thứ", "#"] else 1 if symbols[:1] == ["chủ_nhật"] else 0
        date = symbols[name:]
        opened = date[:1] == ["("]
        date = date[1:] if opened or date[:1] == [","] else date
        date = date[1:] if date[:1] == ["ngày"] else date
        if not name or date[:3] != ["#", "/", "#"]:
            kept.append(tokens[at])
            at += 1
            continue
        at += name + (1 if opened or symbols[name] == "," else 0)
        closing = next((place for place in range(at, len(tokens)) if tokens[place].symbol == ")"), None)
        if opened and closing is not None:
            tokens = [*tokens[:closing], *tokens[closing + 1 :]]
    return kept


_EXCEPT = {"trừ", "riêng", "tru", "rieng"}


def _without_exceptions(text: str, tokens: list[Token]) -> list[Token]:
    """Drop "(trừ các tháng cuối quý)", ", riêng tháng 12 trước ngày 15"; what is left is not sure."""
    for at, token in enumerate(tokens):
        if token.symbol != "…" or text[token.start : token.end] not in _EXCEPT:
            continue
        ends = {")", ";"} if text[token.start] == "r" else {")", ";", "trước", "chậm_nhất", "gửi"}
        end = next((place for place in range(at, len(tokens)) if tokens[place].symbol in ends), len(tokens))
        if any(each.symbol in {"tháng", "quý", "tuần", "kỳ", "năm", "thứ"} for each in tokens[at + 1 : at + 4]):
            left = [each._replace(doubt=each.doubt or WHY_EXCEPTION) for each in (*tokens[:at], *tokens[end:])]
            return _without_exceptions(text, left)
    return tokens


#: What is counted like times: "02 cuộc kiểm tra/năm"; and what is an amount: "50.000 đồng/hộ/năm".
_COUNTED = {"cuộc", "buổi", "hội", "lớp", "đoàn", "phiên", "chuyến"}
_AMOUNTS = {"đồng", "đ", "vnđ", "nghìn", "ngàn", "triệu", "tỷ", "tỉ", "kg", "tấn", "tạ", "ha", "lít", "người"}


#: What may stand between the name of a quarter and its date.
_LEADS_TO_A_DATE = {"trước", "chậm_nhất", "ngày", "gửi"}


def _counted_in_times(text: str, tokens: list[Token]) -> list[Token]:
    """ "02 cuộc/năm" is "02 lần/năm"; the year of "5 triệu đồng/hộ/năm", "80%/năm" says nothing about when."""
    made = list(tokens)
    for at in range(1, len(tokens) - 1):
        if tokens[at].symbol != "/" or tokens[at + 1].symbol not in {"tuần", "tháng", "quý", "năm"}:
            continue
        first = at
        while first and tokens[first - 1].symbol in {"…", "/"} and at - first < 8:
            first -= 1
        words = [text[token.start : token.end] for token in tokens[first:at]]
        if any(word in _AMOUNTS or word.endswith("%") for word in words):
            made[at + 1] = tokens[at + 1]._replace(symbol="…")
        elif words and words[0] in _COUNTED and first and tokens[first - 1].symbol == "#" and "/" not in words:
            head = tokens[first]._replace(symbol="lần", end=tokens[at - 1].end)
            return [*made[:first], head, *_counted_in_times(text, tokens[at:])]
    return made


def _without_the_old_date(text: str, tokens: list[Token]) -> list[Token]:
    """Drop "thời hạn cũ 15/5/2026": another one has taken its place."""
    for at in range(1, len(tokens)):
        named = tokens[at - 1].symbol in {"chậm_nhất", "thời_hạn"} and tokens[at].symbol == "…"
        if not named or text[tokens[at].start : tokens[at].end] not in {"cũ", "cu"}:
            continue
        end = at + 1
        while end < len(tokens) and tokens[end].symbol in {"#", "Y", "/", "-", ".", ":", "ngày", "tháng", "năm"}:
            end += 1
        return [*tokens[: at - 1], *_without_the_old_date(text, tokens[end:])]
    return tokens


def _without_names_of_quarters(tokens: list[Token]) -> list[Token]:
    """ "Quý I: 10/3; quý II: 10/6; quý III: 10/9; quý IV: 10/12": where all four stand there, the dates say it all."""
    named: dict[int, int] = {}  # where the name of a quarter begins: how many tokens up to its date
    found = set()
    for at in range(len(tokens) - 4):
        noun, number, sign = tokens[at : at + 3]
        if noun.symbol != "quý" or number.symbol not in {"R", "#"}:
            continue
        signed = sign.symbol in {":", "(", "-", "–"}
        behind = [token.symbol for token in tokens[at + 2 + signed : at + 8] if token.symbol not in _LEADS_TO_A_DATE]
        if behind[:3] == ["#", "/", "#"]:
            named[at] = 2 + signed
            found.add(number.value)
    if found != {1, 2, 3, 4} or len(named) != 4:
        return tokens
    dropped = {place for at, count in named.items() for place in range(at, at + count)}
    opened = any(tokens[place].symbol == "(" for place in dropped)
    kept = [
        token for at, token in enumerate(tokens) if at not in dropped and not (opened and token.symbol in {"(", ")"})
    ]
    return [token._replace(symbol=",") if token.symbol == ";" else token for token in kept]


def _without_numbering(text: str, tokens: list[Token]) -> list[Token]:
    """Drop "Lần 1:", "; đợt 2 -" before a date: what is numbered so is one list, and the number no day or hour.

    Of "kỳ họp thứ 5 tháng 7/2026" the number goes alone.
    """
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        noun, *rest = tokens[at : at + 3]
        if len(rest) == 2 and _is_numbering(text, noun, *rest):
            if kept and kept[-1].symbol == ";":
                kept[-1] = kept[-1]._replace(symbol=",")
            at += 3
            continue
        kept.append(noun)
        is_ordinal = noun.symbol in {"…", "kỳ_họp"} and text[noun.start : noun.end].endswith((" thứ", " thu"))
        at += 2 if is_ordinal and rest and rest[0].symbol in {"#", "R"} else 1
    return kept


def _is_numbering(text: str, noun: Token, number: Token, sign: Token) -> bool:
    if number.symbol not in {"#", "R"} or sign.symbol not in {":", "-", "–"}:
        return False
    if noun.symbol in {"chậm_nhất", "thời_hạn"}:  # "Hạn 1: 15/3", but "hạn 17:00"
        return sign.symbol == ":" and text[sign.end : sign.end + 1].isspace()
    return noun.symbol in {"lần", "kỳ", "giai_đoạn"}

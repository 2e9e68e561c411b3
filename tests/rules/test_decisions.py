"""Replies against the work that is open: what would be done about each, in a table, and promises for any text."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules.chat_words import fold
from engine.rules.replies import Action, Decision, Doubt, Missing, Verb, decide, understand
from tests.timing import promptly

TODAY = dt.date(2026, 3, 10)  # a Tuesday
CLOSING = (Action.DONE, Action.CONFIRM, Action.APPROVE)
QUIET = (Action.ASK, Action.NONE, Action.UNDO)  # nothing is done to the numbers, so that they are not compared


@dataclass(frozen=True)
class Row:
    """One reply of the corpus, and every action that would be right for it."""

    text: str
    open: tuple[int, ...]
    today: dt.date
    actions: tuple[str, ...]
    numbers: tuple[int, ...]
    fields: dict[str, str]

    def decided(self) -> Decision:
        return decide(understand(self.text, self.today), self.open)

    def fits(self, decision: Decision) -> bool:
        if decision.action not in self.actions:
            return False
        if decision.action in QUIET:
            return True
        return decision.numbers == self.numbers and all(
            _shown(getattr(decision.intent, name)) == value for name, value in self.fields.items()
        )

    def closed_by_mistake(self, decision: Decision) -> bool:
        wanted = decision.action in self.actions and decision.numbers == self.numbers
        return decision.action in CLOSING and not wanted


def _shown(value: object) -> str:
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value)


def corpus() -> Iterator[Row]:
    """Text, open numbers, today, actions, numbers, fields; ``\\n`` in a text is a new line; "# " begins a heading."""
    for line in (Path(__file__).parent / "decisions_corpus.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            continue
        text, opened, today, actions, numbers, fields = (line.split("\t") + [""] * 5)[:6]
        yield Row(
            text.replace("\\n", "\n"),
            _numbers(opened),
            dt.date.fromisoformat(today) if today else TODAY,
            tuple(actions.split("|")),
            _numbers(numbers),
            {name: value for name, _, value in (field.partition("=") for field in fields.split(";") if field)},
        )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(",") if number)


ROWS = list(corpus())


def test_the_corpus_is_large_and_names_every_action() -> None:
    assert len(ROWS) >= 1000
    assert {action for row in ROWS for action in row.actions} == set(Action)


def test_people_are_understood_or_rightly_asked_back() -> None:
    wrong = [(row, row.decided()) for row in ROWS if not row.fits(row.decided())]
    share = 1 - len(wrong) / len(ROWS)
    print(f"{len(ROWS)} replies, {share:.1%} understood or rightly asked back")  # noqa: T201 - for "pytest -s"
    assert share >= 0.97, "\n".join(f"{row}\n    → {decision}" for row, decision in wrong)


def test_nothing_is_closed_that_the_person_did_not_say_was_done() -> None:
    assert [row.text for row in ROWS if row.closed_by_mistake(row.decided())] == []


def test_without_marks_and_in_capitals_nothing_is_closed_by_mistake_either() -> None:
    """ "hông" and "hồng" are one then: what is asked with marks may be asked without, but never closed."""
    for row in ROWS:
        for typed in (fold(row.text), row.text.upper(), unicodedata.normalize("NFD", row.text)):
            decision = decide(understand(typed, row.today), row.open)
            assert not row.closed_by_mistake(decision), typed


def test_without_marks_most_is_still_understood() -> None:
    plain = [row for row in ROWS if row.actions == ("done",)]
    asked = [row.text for row in plain if decide(understand(fold(row.text), row.today), row.open).action is Action.ASK]
    assert len(asked) <= len(plain) * 0.1, asked  # a last "a" may be the asking "à", "tam" may be "tạm"


def test_nobody_who_said_it_plainly_is_asked_back_for_nothing() -> None:
    plain = [row for row in ROWS if row.actions == ("done",)]
    asked = [row.text for row in plain if row.decided().action is Action.ASK]
    assert len(plain) >= 150
    assert len(asked) <= len(plain) * 0.05, asked


@pytest.mark.parametrize(
    ("text", "opened", "missing"),
    [
        ("xong", (3, 5), Missing.WHICH),
        ("xong", (), Missing.WHICH),
        ("xong 9", (3, 5), Missing.NO_SUCH_NUMBER),
        ("xong 3, 9", (3, 5), Missing.NO_SUCH_NUMBER),
        ("gia hạn 3 vì ốm", (3,), Missing.DATE),
        ("gia hạn 3 đến 25/3", (3,), Missing.REASON),
        ("từ chối 3", (3,), Missing.REASON),
        ("trả lại 3", (3,), Missing.REASON),
        ("vướng 3", (3,), Missing.REASON),
        ("chuyển 3", (3,), Missing.PERSON),
        ("nhắc 3", (3,), Missing.DATE),
        ("nghỉ từ 20/3", (), Missing.DATE),
        ("chưa xong 3", (3,), Missing.DOUBT),
        ("hoàn tát", (3,), Missing.DOUBT),  # "hoàn tất", or "hoàn tác"
        ("3", (3,), Missing.DOUBT),
    ],
)
def test_it_says_what_it_asks_for(text: str, opened: tuple[int, ...], missing: Missing) -> None:
    decision = decide(understand(text, TODAY), opened)
    assert (decision.action, decision.missing) == (Action.ASK, missing)


def test_a_bare_word_acts_when_one_thing_is_open() -> None:
    assert decide(understand("xong", TODAY), (5,)).numbers == (5,)
    assert decide(understand("xong hết rồi ạ", TODAY), (5,)) == Decision(
        Action.DONE, understand("xong hết rồi ạ", TODAY), (5,)
    )
    assert decide(understand("xong hết rồi ạ", TODAY), (3, 5)).action is Action.ASK


def test_asking_back_keeps_what_was_wanted() -> None:
    decision = decide(understand("gia hạn đến 25/3 vì ốm", TODAY), (3, 5))
    assert (decision.intent.verb, decision.intent.date, decision.intent.reason) == (
        Verb.EXTEND,
        dt.date(2026, 3, 25),
        "ốm",
    )


def test_a_truth_in_doubt_is_said_before_a_number_in_doubt() -> None:
    """To "which one?" a number is an answer, and nothing else would be asked: so the graver doubt goes first."""
    assert understand("kế toán xong 3 việc", TODAY).doubt == Doubt.UNREAD
    assert understand("xong 3 việc", TODAY).doubt == Doubt.COUNT


@settings(deadline=None)  # held to processor time instead: see promptly
@given(st.text(max_size=200), st.sets(st.integers(0, 99), max_size=4))
def test_no_text_is_too_strange_to_decide(text: str, opened: set[int]) -> None:
    with promptly():
        decision = decide(understand(text, TODAY), opened)
    assert (decision.action is Action.ASK) == (decision.missing is not None)
    if decision.action in CLOSING:
        assert decision.numbers
        assert set(decision.numbers) <= opened


NEGATIONS = (
    "chưa",
    "không",
    "ko",
    "chẳng",
    "chả",
    "đâu có",
    "hổng",
    "hông",
    "chưa có",
    "không hề",
    "chớ",
    "hem",
    "đừng",
)
TALK = st.sampled_from(
    [
        "3",
        "5",
        "em",
        "dạ",
        "ạ",
        "rồi",
        "việc",
        "đã",
        "báo cáo",
        "nộp",
        "anh",
        "nhé",
        "hôm qua",
        ",",
        "12/BC-UBND",
        "huyện",
    ]
)


@settings(deadline=None)
@given(st.lists(TALK, max_size=5), st.sampled_from(NEGATIONS), st.lists(TALK, max_size=5), st.booleans())
def test_a_negation_beside_xong_is_never_done(
    before: list[str], negation: str, after: list[str], without_marks: bool
) -> None:
    for said in (f"{negation} xong", f"xong {negation}"):
        text = " ".join([*before, said, *after])
        typed = fold(text) if without_marks else text
        with promptly():
            decision = decide(understand(typed, TODAY), (3,))
        assert decision.action is not Action.DONE, typed


EXACT = (
    *("xong 3", "xong 3,5", "đã nộp 3 số 12/BC-UBND ngày 14/3", "xong 3 https://a.vn/b", "đang làm 3", "đồng ý 3"),
    *("gia hạn 3 đến 25/3 vì chờ số liệu", "từ chối 3 vì muộn", "xác nhận 3", "trả lại 3 vì thiếu biểu", "hoàn tác"),
    *("chuyển 3 cho Lan", "vướng 3 chưa có số liệu", "nhắc 3 chiều mai", "việc", "việc đơn vị", "tuần", "chi tiết 3"),
    *("nghỉ từ 20/3 đến 25/3", "trợ giúp", "chưa xong 3", "không xong được", "xong chưa?"),
)


@pytest.mark.parametrize("text", EXACT)
def test_marks_case_and_composition_change_nothing(text: str) -> None:
    meant = decide(understand(text, TODAY), (3, 5))
    for typed in (fold(text), text.upper(), unicodedata.normalize("NFD", text), f"  {text}  ", f"{text} ạ"):
        decision = decide(understand(typed, TODAY), (3, 5))
        assert (decision.action, decision.numbers) == (meant.action, meant.numbers), typed
        assert decision.intent.date == meant.intent.date


def test_two_commands_in_a_line_are_asked_about() -> None:
    for text in ("xong 3, gia hạn 5 đến 25/3 vì ốm", "gia hạn 3 đến 25/3 vì ốm, xong 5", "đồng ý 3, từ chối 5 vì muộn"):
        assert decide(understand(text, TODAY), (3, 5)).action is Action.ASK, text

"""Link codes: what they look like, where one is seen, and where none may be seen."""

from __future__ import annotations

import datetime as dt
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import codes
from engine.rules.codes import ALPHABET, code_in, hash_of, matching, new_code
from engine.rules.replies import Verb, understand
from tests.rules.test_replies import ROWS

TODAY = dt.date(2026, 3, 10)
BESIDE = ("{}", "/start {}", "mã {} ạ", "Mã của em là: {}", "dạ {} ạ", "@Bot Nhắc Việc {}", "{} nhé!", "\n{}\n")


@pytest.mark.parametrize(
    "typed",
    [
        *("K7QM29XD", "k7qm29xd", "K7QM-29XD", "k7qm 29xd", "K7QM – 29XD", "K7QM.29XD", " K7QM29XD. "),
        *("/start K7QM29XD", "/start@NhacViecBot K7QM29XD", "mã K7QM-29XD ạ", "ma lien ket k7qm-29xd", "Mã: K7QM29XD"),
        *("@Bot Nhắc Việc xã Mẫu k7qm 29xd", "em chào ạ, mã của em là K7QM-29XD", "Chị ở Phòng Kinh tế, mã K7QM29XD"),
    ],
)
def test_a_code_is_found_however_it_is_typed(typed: str) -> None:
    assert code_in(typed) == "K7QM29XD"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "xong 3", "/start", "/start xong-3", "việc", "phòng kinh tế", "x" * 5000),
        *("xong 3 số 12/BC-UBND", "12BCTTHC", "số 45QDUBND", "20260325", "0912345678"),
        *("xong1234", "nộp12rồi", "việc 1234", "xong 3 K7QM29XD", "K7QM 29XD 3", "K7QM29XDX", "K7QM29X", "KQMXKQMX"),
        *("gia hạn 3 đến 25/3 vì chờ K7QM-29XD", "https://vanban.gov.vn/K7QM29XD/x"),
    ],
)
def test_other_words_are_no_code(typed: str) -> None:
    assert code_in(typed) is None


def test_a_misread_code_is_still_a_code_only_a_wrong_one() -> None:
    assert code_in("K7QM290D") == "K7QM290D"
    assert code_in("G7LM-21XS") == "G7LM21XS"


def test_no_reply_of_the_corpus_is_a_code() -> None:
    assert [row.text for row in ROWS if code_in(row.text)] == []


def test_a_new_code_has_nothing_that_is_mistaken_or_rewritten_by_a_keyboard() -> None:
    made = {new_code() for _ in range(2000)}
    assert len(made) == 2000
    for code in made:
        assert len(code) == 9
        assert code[4] == "-"
        assert set(code) - {"-"} <= set(ALPHABET)
    assert not set(ALPHABET) & set("01OILSZBG" + "AEIOUYWD" + "HX")


@settings(max_examples=2000, deadline=None)
@given(
    st.text(ALPHABET, min_size=8, max_size=8).filter(code_in), st.sampled_from(BESIDE), st.sampled_from(["", "-", " "])
)
def test_no_code_however_typed_closes_work(code: str, beside: str, gap: str) -> None:
    closes_nothing(beside.format(code[:4] + gap + code[4:]))


def test_every_new_code_is_found_and_closes_no_work() -> None:
    for _ in range(60):
        code = new_code()
        for beside in BESIDE:
            for shown in (code, code.lower(), code.replace("-", ""), code.replace("-", " ").lower()):
                assert code_in(beside.format(shown)) == code.replace("-", "")
                closes_nothing(beside.format(shown))


def closes_nothing(typed: str) -> None:
    """No work would be closed by these words."""
    intent = understand(typed, TODAY)
    assert intent.verb not in (Verb.DONE, Verb.CONFIRM) or intent.doubt is not None, typed


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_without_a_fall(text: str) -> None:
    found = code_in(text)
    assert found is None or len(found) == 8


def test_the_hash_does_not_mind_dash_case_or_spaces_and_is_not_the_code() -> None:
    assert hash_of("K7QM-29XD") == hash_of("k7qm 29xd") == hash_of("K7QM29XD")
    assert hash_of("K7QM-29XD") != hash_of("K7QM-29XF")
    assert "K7QM" not in hash_of("K7QM-29XD").upper()


def test_every_live_code_is_compared_in_constant_time_also_behind_the_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []

    def compare(typed: str, kept: str) -> bool:
        compared.append(kept)
        return hmac.compare_digest(typed, kept)

    class Watched:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(codes, "hmac", Watched)
    live = [(1, hash_of("K7QM-29XD")), (2, hash_of("K7QM-29XF")), (3, hash_of("PPPP-2222"))]
    assert matching(live[0][1], live) == 1
    assert matching("0" * 64, live) is None
    assert compared == [kept for _, kept in live] * 2

"""YAML as people write it: the values of version 1.2, the line of each, and a sentence for whatever is none."""

from __future__ import annotations

import math
from contextlib import suppress
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from engine.errors import BadOfficeFile
from schedules.yaml_file import DEEPEST, at_line, read_yaml
from tests.timing import promptly


def read(text: str | bytes) -> Any:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "xa.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_yaml(file)


def refusal(text: str | bytes) -> str:
    with pytest.raises(BadOfficeFile) as caught:
        read(text)
    [problem] = caught.value.problems
    return problem.partition("xa.yaml")[2]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("~", None),
        ("", None),
        ("null", None),
        ("none", "none"),
        ("5", 5),
        ("08", 8),
        ("-3", -3),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("2026-02-30", "2026-02-30"),
        ("15/12", "15/12"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("trước ngày 25 tháng cuối quý", "trước ngày 25 tháng cuối quý"),
        ("[a, 1, [b]]", ["a", 1, ["b"]]),
        ("{a: 1}", {"a": 1}),
        ("|\n  một\n  hai\n", "một\nhai\n"),
    ],
)
def test_values(written: str, value: object) -> None:
    found = read(f"a: {written}")["a"]
    assert found == value
    assert isinstance(found, type(value))
    assert isinstance(found, bool) is isinstance(value, bool)


def test_each_entry_knows_its_line() -> None:
    tree = read("# đầu tệp\na:\n  - x\n  - b: 1\n\n    c: 2\n")
    file = Path("xa.yaml")
    assert at_line(file, tree, ()) == "xa.yaml, dòng 1"
    assert at_line(file, tree, ("a",)) == "xa.yaml, dòng 2"
    assert at_line(file, tree, ("a", 0)) == "xa.yaml, dòng 3"
    assert at_line(file, tree, ("a", 1, "c")) == "xa.yaml, dòng 6"
    assert at_line(file, tree, ("a", 1, "missing")) == "xa.yaml, dòng 4"  # the nearest around it
    assert at_line(file, tree, ("a", 7)) == "xa.yaml, dòng 2"
    assert at_line(file, tree, ("a", "0", 1)) == "xa.yaml, dòng 2"


def test_what_is_written_once_may_be_used_twice() -> None:
    tree = read("chung: &c {unit: kt, kind: monthly}\na:\n  <<: *c\n  kind: weekly\nb: *c\n")
    assert tree["a"] == {"unit": "kt", "kind": "weekly"}
    assert tree["b"] == tree["chung"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", ", dòng 3: một khoá bị viết hai lần"),
        ("a: [1, 2\n", ", dòng 2: sai cú pháp YAML"),
        ("a: 1\n  b: 2\n", ", dòng 2: sai cú pháp YAML"),
        ("a: 1\n--- \nb: 2\n", ", dòng 2: sai cú pháp YAML"),
        ("a: *none\n", ", dòng 1: sai cú pháp YAML"),
        ("\na: !!python/object/apply:os.system [ls]\n", ", dòng 2: sai cú pháp YAML"),
        ("a: !!int ba\n", ", dòng 1: sai cú pháp YAML"),
        ("a: !!bool có\n", ", dòng 1: sai cú pháp YAML"),
        ("a: !!map [1]\n", ", dòng 1: sai cú pháp YAML"),
        ("a: !!seq {b: 1}\n", ", dòng 1: sai cú pháp YAML"),
        ("a: !!timestamp 2026-13-45\n", ", dòng 1: sai cú pháp YAML"),
        ("? [a, b]\n: 1\n", ", dòng 1: sai cú pháp YAML"),
        ("a: &a [*a]\n", ", dòng 1: sai cú pháp YAML"),
        ("a: \x07\n", ": tệp có ký tự không hợp lệ"),
        ("a: 1\nb: " + "[" * 100_000, ", dòng 2: các mục lồng vào nhau quá sâu"),
        ("{a: " * 100_000, ", dòng 1: các mục lồng vào nhau quá sâu"),
        ("\n".join("- " * depth + "-" for depth in range(200)), ", dòng 51: các mục lồng vào nhau quá sâu"),
        ("a: 1\nb: é".encode("latin-1"), ", dòng 2: chữ không phải mã UTF-8"),
    ],
)
def test_whatever_is_no_yaml_of_ours_is_refused_in_a_sentence(text: str | bytes, said: str) -> None:
    assert said in refusal(text)


def test_as_deep_as_may_be_is_read() -> None:
    found = read("[" * DEEPEST + "1" + "]" * DEEPEST)
    for _ in range(DEEPEST):
        [found] = found
    assert found == 1


@settings(deadline=None)  # held to processor time instead: see promptly
@given(st.text(alphabet="ab1:-[]{}&*!<>|'\"#,? \n\t\u00e9%@`~=.x0", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with promptly(), suppress(BadOfficeFile):
        read(text)


# Not U+0085, an old mainframe's end of a line: the writer makes a break of it, and every reader then a blank.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x85"), max_size=12)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)  # as above
@given(PLAIN)
@example("một\u2028hai\u2029ba")  # copied out of a document
def test_what_we_write_is_read_as_it_was(value: Any) -> None:
    """Office files are written by another library, which keeps people's remarks (``export``, a plan read again)."""
    stream = StringIO()
    YAML().dump({"a": value}, stream)
    with promptly():
        assert read(stream.getvalue()) == {"a": value}

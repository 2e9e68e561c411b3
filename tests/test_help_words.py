"""The command line speaks Vietnamese where its library speaks English, and names a command that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from engine.cli import app
from engine.cli.help_words import VietnameseContext, vietnamese
from tests.command import nhacviec
from tests.test_bad_input import refused

ENGLISH = re.compile(
    r"Usage|Options|Arguments|Commands|OPTIONS|COMMAND\b|ARGS|Show this|\brequired|\bdefault|<(?:str|int|path|list)|<="
)


def pages(command: Any, name: str, above: Any = None) -> Iterator[tuple[str, str]]:
    """The help page of a command and of all below it."""
    context = command.context_class(command, info_name=name, parent=above)
    yield context.command_path, context.get_help()
    for below, its in getattr(command, "commands", {}).items():
        yield from pages(its, below, context)


def test_no_help_page_has_a_word_of_english() -> None:
    found = dict(pages(vietnamese(typer.main.get_command(app)), "nhacviec"))
    assert len(found) > 40
    assert {path: said[0] for path, page in found.items() if (said := ENGLISH.findall(page))} == {}
    assert issubclass(VietnameseContext, typer.Context)


def test_the_columns_of_a_help_page_stay_in_line() -> None:
    said = nhacviec("people", "codes", "--help").stdout
    starts = {
        match.end() for line in said.split("\n") if (match := re.match(r"  -\S+(?: <\w+>|, \S+)? {2,}(?=\S)", line))
    }
    assert said.startswith("Cách viết: nhacviec people codes [TUỲ-CHỌN]")
    assert len(starts) == 1
    assert "[mặc định: 7; từ 1 đến 60]" in said


@pytest.mark.parametrize(
    ("words", "channels"),
    [
        (["run", "--help"], ["Zalo", "Telegram", "thư điện tử"]),
        (["link", "--help"], ["zalo", "telegram", "email"]),
        (["people", "unlink", "--help"], ["zalo", "telegram", "email"]),
    ],
)
def test_the_help_names_every_channel(words: list[str], channels: list[str]) -> None:
    said = nhacviec(*words).stdout
    assert [channel for channel in channels if channel not in said] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lod"], "Không có lệnh “lod”. Có phải là: nhacviec load?"),
        (["people", "impot", "ds.xlsx"], "Không có lệnh “impot”. Có phải là: nhacviec people import?"),
        (["verify"], "Không có lệnh “verify”. Có phải là: nhacviec journal verify?"),
        (["db", "xyz"], "Không có lệnh “xyz”. Xem các lệnh: nhacviec db --help"),
        (["\x1b[31mđỏ"], "Không có lệnh “[31mđỏ”. Xem các lệnh: nhacviec --help"),
        (["run", "nhanh"], "Lệnh này không nhận thêm “nhanh”. Xem cách viết: nhacviec run --help"),
    ],
)
def test_a_command_that_does_not_exist_is_named_with_the_nearest(words: list[str], said: str) -> None:
    refused(nhacviec(*words), said)

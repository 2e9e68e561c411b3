"""How the command line prints: tables for people, JSON for programs."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from engine.clock import SystemClock
from engine.errors import NhacViecError

console = Console()
_YES = frozenset({"c", "có", "co", "y", "yes"})
_NO = frozenset({"k", "không", "khong", "ko", "n", "no"})


def as_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def line(text: str) -> None:
    """One line as it stands: nothing in it is markup, coloured or wrapped."""
    print(text, flush=True)  # noqa: T201  (a service's log must not lag behind)


@contextmanager
def progress(what: str, total: float, *, hidden: bool = False) -> Iterator[Callable[[float], None]]:
    """A bar while something takes its time, where somebody looks on; call what comes with how far it is."""
    if hidden or not console.is_terminal:
        yield lambda _done: None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def confirm(question: str) -> None:
    """Go on only if the operator says so.

    :raises NhacViecError: they did not, or nobody is there to answer.
    """
    try:
        agreed = yes(question)
    except typer.Abort:
        agreed = False
        sys.stderr.write("\n")
    if not agreed:
        raise NhacViecError("Đã dừng, chưa thay đổi gì.")


def yes(question: str, *, if_silent: bool = False) -> bool:
    """Ask until the answer is có or không; ``if_silent`` is what Enter alone means.

    :raises typer.Abort: nobody is there to answer.
    """
    choice = "[C/k]" if if_silent else "[c/K]"
    while True:
        said = str(typer.prompt(f"{question} {choice}", default="", show_default=False))
        word = unicodedata.normalize("NFC", said).strip().lower()
        if not word:
            return if_silent
        if word in _YES or word in _NO:
            return word in _YES
        line("Xin gõ c (có) hoặc k (không).")


def typed(question: str, word: str) -> None:
    """Go on only if the operator types this very word.

    :raises NhacViecError: they typed something else, or nobody is there to answer.
    """
    try:
        said = console.input(question, markup=False)
    except EOFError:
        said = ""
        sys.stderr.write("\n")
    if said.strip() != word:
        raise NhacViecError("Đã dừng, chưa thay đổi gì.")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table; what is in it is never read as markup."""
    from rich.markup import escape

    drawn = Table(title=escape(title), title_justify="left")
    for column in columns:
        drawn.add_column(escape(column))
    for row in rows:
        drawn.add_row(*(escape(str(cell)) for cell in row))
    console.print(drawn)


def day(text: str) -> dt.date:
    """A day given on the command line: "25/3/2026" or "2026-03-25".

    :raises NhacViecError: it is no day.
    """
    text = text.strip()
    written = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{1,4}))?", text)
    iso = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)
    if written and len(written[3] or "") != 4:
        year = SystemClock().now().year
        raise NhacViecError(
            f"“{text}” thiếu năm. Hãy viết đủ bốn chữ số của năm, ví dụ {written[1]}/{written[2]}/{year}."
        )
    if not (written or iso):
        raise NhacViecError(f"“{text}” không phải cách viết ngày hiểu được. Hãy viết 25/3/2026 hoặc 2026-03-25.")
    try:
        if written:
            return dt.date(int(written[3]), int(written[2]), int(written[1]))
        return dt.date.fromisoformat(text)
    except ValueError:
        raise NhacViecError(f"“{text}” không phải ngày có thật. Hãy viết 25/3/2026 hoặc 2026-03-25.") from None

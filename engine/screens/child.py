"""Hard work on what strangers wrote, in a child process: with a time limit, a memory limit and no secrets.

A document that makes its reader run for ever, or eat the machine's memory, ends the child and nothing else. The same
file is both sides: :func:`in_child` starts it, ``python -m engine.screens.child`` is what it starts.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from engine.errors import BadDocument, NhacViecError
from engine.people_list import PeopleList, read_list
from engine.screens.year import Year
from schedules.intake.findings import PlanFound
from schedules.intake.readers import read_document
from schedules.intake.understand import understand
from schedules.office_model import OfficeFile

Work = Literal["plan", "people", "year"]
PLAN: TypeAdapter[PlanFound] = TypeAdapter(PlanFound)
PEOPLE: TypeAdapter[PeopleList] = TypeAdapter(PeopleList)
YEAR: TypeAdapter[Year] = TypeAdapter(Year)
READ_AT_MOST = 120  # seconds; a plan of 1,000 pages takes some 40
LIST_AT_MOST = 20
MOST_MEMORY = 3 << 30  # bytes of addresses; the readers' own libraries take a third of it
MOST_WRITTEN = 200 << 20
WRONG = 3  # how the child leaves when its answer is a sentence
PROJECT = Path(__file__).parents[2]
_KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "HOME", "USERPROFILE", "VIRTUAL_ENV")

_one_after_another = threading.BoundedSemaphore(2)  # children at a time: a small machine has other things to do


class YearWanted(BaseModel):
    """What the year is worked out from."""

    file: OfficeFile
    first: dt.date


def in_child(
    work: Work,
    name: str,
    content: bytes,
    progress: Callable[[int], None] = lambda _: None,
    *,
    at_most: float = READ_AT_MOST,
    this_year: int = 0,
) -> bytes:
    """Do it there, and return the answer as JSON. ``progress`` is called with per cents.

    :param name: the document's name; only its ending and its letters count, never as a path.
    :raises BadDocument: it cannot be read, or not within the limits; one sentence.
    """
    with _one_after_another, tempfile.TemporaryDirectory(prefix="nhacviec-") as folder:
        given, answer = Path(folder) / _plain(name), Path(folder) / "answer"
        given.write_bytes(content)
        child = subprocess.Popen(  # noqa: S603  (our own module; the document stands in a file)
            [sys.executable, "-m", "engine.screens.child", work, str(given), str(answer), str(this_year), str(at_most)],
            cwd=PROJECT,
            env=_without_secrets(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        late = threading.Timer(at_most, child.kill)
        late.start()
        try:
            assert child.stdout is not None
            for line in child.stdout:
                progress(int(line))
            code = child.wait()
        finally:
            late.cancel()
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        if code == 0:
            return answer.read_bytes()
        if code == WRONG:
            raise BadDocument(answer.read_text(encoding="utf-8"))
        raise BadDocument(
            f"{name}: đọc quá lâu hoặc quá nặng nên đã ngừng. Hãy chỉ nhập phần kế hoạch và phụ lục nhiệm vụ, "
            "hoặc mở tệp và lưu lại rồi gửi lại."
        )


def _plain(name: str) -> str:
    """A name that is a name: the reader's sentences repeat it."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').strip(". ")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:60] or 'tep'}{dot}{ending[:10]}" if dot else (kept[:60] or "tep")


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in _KEPT if name in environment}


# ---- the child's side -----------------------------------------------------------------------------------------------


def main(work: str, given: Path, answer: Path, this_year: int, seconds: int) -> int:
    """What the child does; its answer stands in the file it was given."""
    _limit(seconds)
    told = [-1]

    def tell(share: float) -> None:
        if int(share * 100) > told[0]:
            told[0] = int(share * 100)
            print(told[0], flush=True)  # noqa: T201  (the parent reads it)

    try:
        answer.write_bytes(_DO[work](given, tell, this_year))
    except NhacViecError as wrong:
        answer.write_text(str(wrong), encoding="utf-8")
        return WRONG
    return 0


def _plan(given: Path, tell: Callable[[float], None], this_year: int) -> bytes:
    document = read_document(given, lambda share: tell(share * 0.7))
    return PLAN.dump_json(understand(document, None, lambda share: tell(0.7 + share * 0.3), this_year=this_year))


def _people(given: Path, _: Callable[[float], None], __: int) -> bytes:
    return PEOPLE.dump_json(read_list(given))


def _year(given: Path, tell: Callable[[float], None], _: int) -> bytes:
    from engine.screens.foreseeing import year_of  # noqa: PLC0415  # the engine's steps: 1 s that no reader should pay

    wanted = YearWanted.model_validate_json(given.read_bytes())
    return YEAR.dump_json(year_of(wanted.file, wanted.first, tell))


_DO: Mapping[str, Callable[[Path, Callable[[float], None], int], bytes]] = {
    "plan": _plan,
    "people": _people,
    "year": _year,
}


def _limit(seconds: int) -> None:
    """What the system itself enforces, should the parent be gone."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  (not on Windows)

    limits: dict[int, Any] = {
        resource.RLIMIT_AS: MOST_MEMORY,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: MOST_WRITTEN,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(float(sys.argv[5])) + 1))

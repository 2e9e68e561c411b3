"""The digest as one picture for a telephone: what its words say, and the four weeks before, at one look.

``svg`` is a pure function of the message, ``png`` turns it into the picture. Nothing depends on colour alone: what was
in time is filled, what was late is striped, what is overdue is cross-hatched, and every bar has its number.
"""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from bots.wording import by_duty, day, weekday
from engine.messages import DigestMessage, UnitRate, WeekCount
from engine.rules.digest_numbers import monday_of, week_name

WIDTH = 1080  # pixels: a telephone's own
EDGE = 56
INNER = WIDTH - 2 * EDGE
WEEKS = 5  # this one and the four before
MOST_UNITS = 8
MOST_LINES = 2  # of one title
DRAWER = Path(__file__).with_name("drawer.py")
DRAWN_WITHIN = 60.0  # seconds
INK, SOFT, LINE, PAPER, SHADE = "#1b1b1b", "#4d4d4d", "#cfcfcf", "#ffffff", "#f3f2ee"
GREEN, AMBER, RED = "#1d6b35", "#8a5200", "#9b1c1c"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Advance widths of the bold face in hundredths of the size, the wider of the two; marks over a letter add nothing.
_WIDTHS = {
    letter: width / 100
    for width, letters in {
        25: " |,'",
        29: "!.:;ilI[]j",
        36: 'tf()/r{}-`"',
        48: "\\^*_?",
        53: "vxzyskc<>",
        58: "aeLFJbdghnopqu0123456789$+=E",
        62: "STYZB#đ",
        67: "ACDGKPRUVX&~",
        73: "HNOQw%",
        90: "MWm@",
    }.items()
    for letter in letters
}
_one_at_a_time = threading.Lock()  # a small machine has other things to do
_WIDEST = 0.74  # what is not in the table


def svg(message: DigestMessage) -> str:
    """The picture as SVG, 1080 pixels wide and as high as it must be."""
    sheet = _Sheet()
    _head(sheet, message)
    _counts(sheet, message)
    _weeks(sheet, message)
    _units(sheet, message.units)
    _overdue(sheet, message)
    _coming(sheet, message)
    sheet.y += 24
    for line in _wrapped(f"Tin tự động của {message.office}.", 28, INNER):
        sheet.text(EDGE, sheet.next(38), line, 28, fill=SOFT)
    return sheet.done()


def png(message: DigestMessage) -> bytes:
    """The picture as PNG. Some tenths of a second the first time, in a process of its own; for each digest once.

    :raises ValueError: the picture could not be drawn.
    """
    return _drawn(svg(message))


@lru_cache(maxsize=16)
def _drawn(picture: str) -> bytes:
    # The library holds the interpreter's lock while it draws: here pages and bots would wait for every picture.
    try:
        with _one_at_a_time:
            done = subprocess.run(  # noqa: S603  (our own file; the picture comes by its input)
                [sys.executable, str(DRAWER), PAPER],
                input=picture.encode(),
                capture_output=True,
                timeout=DRAWN_WITHIN,
                check=False,
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise ValueError(f"the picture was not drawn: {error}") from error
    if done.returncode != 0 or not done.stdout:
        raise ValueError(f"the picture was not drawn: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout


# ---- its parts ------------------------------------------------------------------------------------------------------


def _head(sheet: _Sheet, message: DigestMessage) -> None:
    year, _, number = message.week.partition("-W")
    sheet.y += 40
    for line in _wrapped(message.office, 36, INNER):
        sheet.text(EDGE, sheet.next(44), line, 36, fill=SOFT)
    sheet.text(EDGE, sheet.next(76), f"Bản tin tuần {int(number)}/{year}", 66, bold=True)
    sheet.text(EDGE, sheet.next(52), f"{day(message.monday)} – {day(message.sunday)}", 36, fill=SOFT)


def _counts(sheet: _Sheet, message: DigestMessage) -> None:
    """The numbers of the digest's own lines, large."""
    sheet.y += 36
    accepted = f"{message.late_accepted} đã được gia hạn" if message.late_accepted else ""
    cells = (
        ("Đang quá hạn", message.overdue_total, ""),
        ("Xong muộn", message.late, accepted),
        ("Xong đúng hạn", message.on_time, ""),
    )
    width = (INNER - 2 * 20) / 3
    for place, (name, count, note) in enumerate(cells):
        x = EDGE + place * (width + 20)
        worst = place == 0 and count > 0
        sheet.box(x, sheet.y, width, 216, INK if worst else SHADE, LINE)
        ink, soft = (PAPER, PAPER) if worst else (INK, SOFT)
        sheet.text(x + 22, sheet.y + 108, str(count), 104, bold=True, fill=ink)
        sheet.text(x + 22, sheet.y + 158, name, 36, bold=True, fill=ink)
        sheet.text(x + 22, sheet.y + 196, note, 27, fill=soft)
    sheet.y += 216


def _weeks(sheet: _Sheet, message: DigestMessage) -> None:
    """Three rows of bars: each number beside what it was in the weeks before."""
    this = WeekCount(message.week, message.on_time, message.late, message.overdue_total)
    known = {week.week: week for week in (*message.before, this)}
    names = [week_name(message.monday - dt.timedelta(weeks=back)) for back in range(WEEKS - 1, -1, -1)]
    sheet.heading("So với bốn tuần trước")
    column = (INNER - 300) / WEEKS
    top = max((max(week.on_time, week.late, week.overdue) for week in known.values()), default=0)
    for name, counts, fill in (
        ("Đang quá hạn", {key: week.overdue for key, week in known.items()}, "url(#hatched)"),
        ("Xong muộn", {key: week.late for key, week in known.items()}, "url(#striped)"),
        ("Xong đúng hạn", {key: week.on_time for key, week in known.items()}, GREEN),
    ):
        sheet.text(EDGE, sheet.y + 112, name, 34)
        for place, week_key in enumerate(names):
            x = EDGE + 300 + place * column
            count = counts.get(week_key)
            if count is None:
                sheet.text(x + column / 2, sheet.y + 112, "–", 36, fill=SOFT, middle=True)
                continue
            high = 70 * count / top if top else 0
            sheet.box(x + 26, sheet.y + 120 - high, column - 52, high, fill, INK)
            last = week_key == message.week
            sheet.text(x + column / 2, sheet.y + 110 - high, str(count), 38, bold=last, middle=True)
        sheet.rule(EDGE + 300, sheet.y + 120)
        sheet.y += 132
    for place, week_key in enumerate(names):
        x = EDGE + 300 + (place + 0.5) * column
        monday = monday_of(week_key)
        last = week_key == message.week
        sheet.text(x, sheet.y + 28, f"Tuần {monday.isocalendar().week}", 32, bold=last, middle=True)
    sheet.y += 40


def _units(sheet: _Sheet, units: Sequence[UnitRate]) -> None:
    """How much of what each unit finished or owes was in time. The worst first, as the digest has them."""
    if not units:
        return
    sheet.heading("Đúng hạn theo đơn vị")
    for unit in units[:MOST_UNITS]:
        whole = unit.on_time + unit.late + unit.overdue
        for line in _wrapped(unit.unit, 36, INNER - 190):
            sheet.text(EDGE, sheet.next(44), line, 36)
        sheet.text(WIDTH - EDGE, sheet.y, f"{round(100 * unit.on_time / whole)}%", 40, bold=True, end=True)
        sheet.y += 14
        x = float(EDGE)
        for count, fill in ((unit.on_time, GREEN), (unit.late, "url(#striped)"), (unit.overdue, "url(#hatched)")):
            width = INNER * count / whole
            if count:
                sheet.box(x, sheet.y, width, 30, fill, INK)
            x += width
        sheet.y += 30
        said = [
            f"{count} {words}"
            for count, words in ((unit.on_time, "đúng hạn"), (unit.late, "muộn"), (unit.overdue, "quá hạn"))
            if count
        ]
        sheet.text(EDGE, sheet.next(40), ", ".join(said), 30, fill=SOFT)
        sheet.y += 14
    if len(units) > MOST_UNITS:
        sheet.text(EDGE, sheet.next(36), f"và {len(units) - MOST_UNITS} đơn vị khác", 32, fill=SOFT)


def _overdue(sheet: _Sheet, message: DigestMessage) -> None:
    sheet.heading(f"Đang quá hạn: {message.overdue_total} việc")
    for line, units in by_duty(message.overdue):
        _duty(sheet, line.title, units, f"quá {line.days_late} ngày")
    _rest(sheet, message.overdue_total - len(message.overdue))


def _coming(sheet: _Sheet, message: DigestMessage) -> None:
    sheet.heading(f"Cần xong đến hết {weekday(message.coming_to)}: {message.coming_total} việc")
    for line, units in by_duty(message.coming):
        _duty(sheet, line.title, units, f"{line.due.day}/{line.due.month}")
    _rest(sheet, message.coming_total - len(message.coming))


def _duty(sheet: _Sheet, title: str, units: str, beside: str) -> None:
    first = sheet.y + 44
    for line in _shortened(list(_wrapped(title, 36, INNER - 190)), 36, INNER - 190):
        sheet.text(EDGE, sheet.next(44), line, 36)
    sheet.text(WIDTH - EDGE, first, beside, 38, bold=True, end=True)
    for line in _wrapped(units, 30, INNER):
        sheet.text(EDGE, sheet.next(38), line, 30, fill=SOFT)
    sheet.y += 14


def _rest(sheet: _Sheet, count: int) -> None:
    if count:
        sheet.text(EDGE, sheet.next(40), f"và {count} việc khác", 32, fill=SOFT)


# ---- drawing --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sheet:
    """The drawing so far; ``y`` is how far down it has come."""

    y: float = 0
    drawn: list[str] = field(default_factory=list)

    def next(self, down: float) -> float:
        self.y += down
        return self.y

    def heading(self, words: str) -> None:
        self.y += 44
        self.rule(EDGE, self.y)
        self.y += 18
        for line in _wrapped(words, 40, INNER):
            self.text(EDGE, self.next(50), line, 40, bold=True)
        self.y += 10

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: int,
        *,
        bold: bool = False,
        fill: str = INK,
        middle: bool = False,
        end: bool = False,
    ) -> None:
        if not words:
            return
        anchor = ' text-anchor="middle"' if middle else ' text-anchor="end"' if end else ""
        weight = ' font-weight="700"' if bold else ""
        self.drawn.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill={quoteattr(fill)}{weight}{anchor}>'
            f"{escape(_clean(words))}</text>"
        )

    def box(self, x: float, y: float, width: float, height: float, fill: str, stroke: str) -> None:
        self.drawn.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill={quoteattr(fill)} '
            f'stroke={quoteattr(stroke)} stroke-width="2"/>'
        )

    def rule(self, x: float, y: float) -> None:
        self.drawn.append(
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{WIDTH - EDGE}" y2="{y:.1f}" stroke="{LINE}" stroke-width="2"/>'
        )

    def done(self) -> str:
        height = round(self.y + 48)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="Roboto"><defs>'
            '<pattern id="striped" width="14" height="14" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="14" height="14" fill="{PAPER}"/>'
            f'<rect width="7" height="14" fill="{AMBER}"/></pattern>'
            '<pattern id="hatched" width="12" height="12" patternUnits="userSpaceOnUse">'
            f'<rect width="12" height="12" fill="{RED}"/>'
            f'<path d="M0 0L12 12M0 12L12 0" stroke="{PAPER}" stroke-width="1.6"/>'
            f'</pattern></defs><rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>{"".join(self.drawn)}</svg>'
        )


def _clean(words: str) -> str:
    """What XML can carry; the letters in one piece, as the face has them."""
    return unicodedata.normalize("NFC", _NOT_IN_XML.sub("", words))


def _wide(words: str, size: int) -> float:
    """How wide words are at most, in pixels."""
    letters = unicodedata.normalize("NFD", words)
    return size * sum(_WIDTHS.get(c, _WIDEST) for c in letters if not unicodedata.combining(c))


def _wrapped(words: str, size: int, width: float) -> Iterator[str]:
    """Lines that fit, cut between words; a word longer than a line is cut within."""
    line = ""
    for word in words.split():
        rest = word
        while line and _wide(f"{line} {rest}", size) > width:
            yield line
            line = ""
        while not line and _wide(rest, size) > width:
            fits = next(n for n in range(len(rest), 0, -1) if n == 1 or _wide(rest[:n], size) <= width)
            yield rest[:fits]
            rest = rest[fits:]
        line = f"{line} {rest}".strip()
    if line:
        yield line


def _shortened(lines: list[str], size: int, width: float) -> list[str]:
    """The first lines; the last ends in … where some were left out."""
    if len(lines) <= MOST_LINES:
        return lines
    words = lines[MOST_LINES - 1].split()
    while len(words) > 1 and _wide(" ".join(words) + " …", size) > width:
        words.pop()
    return [*lines[: MOST_LINES - 1], " ".join(words) + " …"]

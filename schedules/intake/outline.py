"""Where every paragraph stands: the headings above it, from their numbering, and what kind of section that is.

Numbering styles nest in the order in which they first appear, whatever they are: "I." over "1." over "a)" over "-",
or "Điều 3." over "1.", or "A." over "I.". A style that is met again closes everything below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from schedules.intake.blocks import Block, Paragraph
from schedules.intake.wording import fold

Role = Literal["goal", "task", "solution", "organise", "money", "other"]

_STYLES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("part", re.compile(r"^(Phần(?:\s+thứ)?\s+(?:[IVX]+|\d+|nhất|hai|ba|tư|năm|sáu))\b[\s.:)-]*", re.IGNORECASE)),
    ("chapter", re.compile(r"^(Chương\s+(?:[IVX]+|\d+))\b[\s.:)-]*", re.IGNORECASE)),
    ("annex", re.compile(r"^((?:Phụ lục|Biểu(?: mẫu)?)(?:\s+(?:số\s+)?(?:[IVX]+|\d+))?)\b(?!\s+(?:này|kèm))[\s.:)-]*")),
    ("section", re.compile(r"^(Mục\s+(?:[IVX]+|\d+))\b[\s.:)-]+", re.IGNORECASE)),
    ("article", re.compile(r"^(Điều\s+\d+)\b[\s.:)-]+")),
    ("roman", re.compile(r"^([IVX]{1,6})(?:\s?[.)]\s*|\s?/\s+|\s-\s)(?=\S)")),
    ("capital", re.compile(r"^([A-HĐ])[.)]\s+(?=\S)")),
    ("number", re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})(?:\s?(?:[.)]|/(?=\s))\s*(?=\D)|(?<=\.\d)\s+(?=[^\W\d_])"
                          r"|(?<=\.\d\d)\s+(?=[^\W\d_]))")),
    ("letter", re.compile(r"^([a-zđ])\s?[.)]\s*(?=[^\W\d_“])")),
    ("dash", re.compile(r"^(-)\s*(?=\S)")),
    ("plus", re.compile(r"^(\+)\s*(?=\S)")),
)  # fmt: skip
_BULLETS = ("dash", "plus")
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("organise", re.compile(r"tổ chức thực hiện|tổ chức triển khai|phân công|trách nhiệm (?:của|chung|cụ thể"
                            r"|thực hiện)|chế độ (?:thông tin,? )?báo cáo|thông tin,? báo cáo")),
    ("money", re.compile(r"^(?:nguồn )?kinh phí|^dự toán|nguồn lực thực hiện$|(?<!bố trí )kinh phí(?: thực hiện)?$")),
    ("task", re.compile(r"nhiệm vụ|nội dung|công việc")),
    ("goal", re.compile(r"mục đích|yêu cầu|mục tiêu|chỉ tiêu|quan điểm|phạm vi|căn cứ|thực trạng|đặc điểm"
                        r"|kết quả đạt được|tồn tại")),
    ("solution", re.compile(r"giải pháp|biện pháp")),
)  # fmt: skip
_RESET = re.compile(r"^(?:DỰ THẢO )?(?:KẾ HOẠCH|CHƯƠNG TRÌNH|ĐỀ ÁN|QUY CHẾ|DANH MỤC|PHỤ LỤC|BẢNG PHÂN CÔNG|QUY ĐỊNH)\b")
_END = re.compile(r"^(?:nơi nhận|tm\.|kt\.|tl\.|tuq\.)")
# The last word of a line that cannot be the last of its sentence.
_UNFINISHED = re.compile(
    r"(?:,|\b(?:và|hoặc|của|các|cho|với|về|tại|từ|đến|do|theo|trong|là"
    r"|(?:định|quyết|hoạch|tư|văn|bản|trình|luật) số|ngày|tháng|năm|trước|Sở|UBND|nhân"
    r" dân|phối hợp))$"
)
MAY_BE_CUT = 24
_ROMAN = {"I": 1, "V": 5, "X": 10}
LONGEST_HEADING = 110


@dataclass(frozen=True, slots=True)
class Heading:
    """One level above a paragraph; ``label`` is its number as it counts in ``where``, "" for bullets."""

    style: str
    label: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Item:
    """One paragraph with its marker taken off. ``path`` ends with the item itself when it is numbered.

    ``leaf``: nothing stands below it, so its own words may be a duty and not just a heading.
    """

    text: str
    line: int
    path: tuple[Heading, ...]
    style: str
    leaf: bool = True
    printed: str = ""  # the number as printed, where it had to be mended

    @property
    def where(self) -> str:
        """The place as "V.1.c"; bullets do not count."""
        labels: list[str] = []
        for heading in self.path:
            if not heading.label:
                continue
            if labels and heading.label.startswith(f"{labels[-1]}."):
                labels.pop()
            labels.append(heading.label)
        return ".".join(labels)

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The headings above, without the item itself."""
        return self.path[:-1] if self.style else self.path

    @property
    def role(self) -> Role:
        """What kind of section this is, by the nearest heading that says so."""
        for heading in reversed(self.headings):
            if heading.style in _BULLETS or len(heading.text) > LONGEST_HEADING:
                continue
            role = role_of(heading.text)
            if role != "other":
                return role
        return "other"


def role_of(text: str) -> Role:
    """The kind of section a heading opens; "Mục tiêu, nhiệm vụ" is a task section."""
    folded = fold(text.strip(" .:;"))[:LONGEST_HEADING]
    return next((role for role, pattern in _ROLES if pattern.search(folded)), "other")


def outline(blocks: Iterable[Block]) -> list[Item]:
    """Every paragraph with its place. The signature and the list of addressees are left out."""
    return _with_leaves(_numbered_again(list(_placed(_whole(blocks)))))


def _whole(blocks: Iterable[Block]) -> list[Paragraph]:
    """Paragraphs, those that a page break cut in two made one again."""
    found: list[Paragraph] = []
    for block in blocks:
        if not isinstance(block, Paragraph) or not block.text.strip():
            continue
        if found and _goes_on(found[-1].text, block.text):
            found[-1] = replace(found[-1], text=f"{found[-1].text} {block.text}")
        else:
            found.append(block)
    return found


def _goes_on(above: str, below: str) -> bool:
    """Whether a paragraph is the rest of the one above: no new marker, and the one above was not at its end."""
    if above.endswith((".", ";", ":", "!", "?", "/")) or any(pattern.match(below) for _, pattern in _STYLES):
        return False
    if len(above) > MAY_BE_CUT and below[:1].islower():
        return True
    return len(above) > MAY_BE_CUT and bool(_UNFINISHED.search(above)) and not below.isupper()


def _placed(paragraphs: Sequence[Paragraph]) -> Iterable[Item]:
    stack: list[Heading] = []
    ended = False
    for paragraph in paragraphs:
        text = paragraph.text.lstrip("* ")
        if _END.match(fold(text)):
            ended = True
            continue
        style, label, rest = marker(text)
        if _RESET.match(text) and text.isupper():
            stack, ended = [], False
            continue
        ended = ended and style not in ("roman", "annex", "part", "article", "number")
        if ended:
            continue
        if not style:
            stack = _without_bullets(stack)
            yield Item(text, paragraph.line, tuple(stack), "")
            continue
        stack = _opened(stack, Heading(style, "" if style in _BULLETS else label, rest, paragraph.line))
        yield Item(rest, paragraph.line, tuple(stack), style)


def marker(text: str) -> tuple[str, str, str]:
    """The numbering style, the label and the rest of a paragraph; "" where it has none."""
    for style, pattern in _STYLES:
        match = pattern.match(text)
        if match and _plausible(style, match.group(1), text):
            depth = match.group(1).count(".") if style == "number" else 0
            name = f"number{depth + 1}" if style == "number" else style
            return name, " ".join(match.group(1).split()), text[match.end() :].strip()
    return "", "", text


def _plausible(style: str, label: str, text: str) -> bool:
    """Not the beginning of an ordinary sentence: "Phần mềm …", "A. Nguyễn", "2026. …"."""
    if style == "section":
        return len(text) < LONGEST_HEADING
    return style != "number" or int(label.split(".", maxsplit=1)[0]) < 60


def _opened(stack: Sequence[Heading], heading: Heading) -> list[Heading]:
    styles = [above.style for above in stack]
    if heading.style in styles:
        return [*stack[: styles.index(heading.style)], heading]
    if heading.style == "roman" and stack and stack[0].style == "article":
        return [heading]  # a decision's articles, then the plan's own sections
    kept = _without_bullets(stack) if heading.style not in _BULLETS else list(stack)
    if heading.style.startswith("number"):
        kept = [above for above in kept if not (above.style.startswith("number") and above.style > heading.style)]
    return [*kept, heading]


def _without_bullets(stack: Sequence[Heading]) -> list[Heading]:
    return [heading for heading in stack if heading.style not in _BULLETS]


def _numbered_again(items: list[Item]) -> list[Item]:
    """A top section whose number is used twice takes the missing next one: I, II, II, IV counts as I, II, III, IV."""
    tops = [item.path[-1] for item in items if item.style == "roman" and len(item.path) == 1]
    mend: dict[int, str] = {}
    for before, heading, after in zip(tops, tops[1:], [*tops[2:], None], strict=False):
        number = roman(heading.label)
        if roman(before.label) == number and after is not None and roman(after.label) == number + 2:
            mend[heading.line] = _as_roman(number + 1)
    if not mend:
        return items

    def mended(heading: Heading) -> Heading:
        return replace(heading, label=mend[heading.line]) if heading.line in mend else heading

    return [
        replace(
            item,
            path=tuple(mended(heading) for heading in item.path),
            printed=item.path[-1].label if item.path and item.path[-1].line in mend else "",
        )
        for item in items
    ]


def _with_leaves(items: list[Item]) -> list[Item]:
    result: list[Item] = []
    for item, below in zip_longest(items, items[1:]):  # a document that is only a table has no items
        deeper = below is not None and len(below.path) >= len(item.path) and below.path[: len(item.path)] == item.path
        if deeper and below is not None and not below.style and item.text.rstrip().endswith((".", ";")):
            deeper = False  # a whole sentence of its own, and the closing words below it
        result.append(replace(item, leaf=not (bool(item.style) and deeper)))
    return result


def roman(label: str) -> int:
    """The value of a roman number, 0 where it is none."""
    values = [_ROMAN.get(letter, 0) for letter in label]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _as_roman(number: int) -> str:
    tens, ones = divmod(number, 10)
    return "X" * tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]

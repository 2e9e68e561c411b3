"""The command line library's own English in Vietnamese: the help pages, and a command that does not exist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer

LONGEST_SHOWN = 40  # characters of a mistyped word
_KINDS = {
    "str": "chữ",
    "int": "số",
    "int range": "số",
    "path": "tệp",
    "list[str]": "chữ",
    "list[Path]": "tệp",
}
_LINES = {
    "Arguments:": "Các mục:",
    "Options:": "Tuỳ chọn:",
    "Commands:": "Các lệnh:",
}


class VietnameseContext(typer.Context):
    """A context whose help page is all in Vietnamese."""

    def get_help(self) -> str:
        """The page, as wide as the library made it."""
        return translated(super().get_help())


def vietnamese(command: Any) -> Any:
    """The same command; its help pages, and those of the commands below it, are in Vietnamese."""
    command.context_class = VietnameseContext
    for below in getattr(command, "commands", {}).values():
        vietnamese(below)
    return command


def translated(page: str) -> str:
    """A help page without the library's English; columns stay where they stood."""
    first, *others = page.split("\n")
    first = first.replace("Usage:", "Cách viết:", 1).replace("[OPTIONS]", "[TUỲ-CHỌN]")
    lines = [first.replace("COMMAND [ARGS]...", "LỆNH [MỤC]..."), *(_LINES.get(line, line) for line in others)]
    text = "\n".join(lines)
    text = re.sub(r"<([\w\[\] ]+)>", _kind, text)
    text = text.replace("Show this message and exit.", "In trang này rồi thôi.")
    text = re.sub(r"\[default: ", "[mặc định: ", text)
    text = re.sub(r"(\[|; )required\]", r"\1bắt buộc]", text)
    return re.sub(r"([\[ ])([\d.]*)(<=|>=)?x(<=|>=)([\d.]+)\]", _range, text)


def _kind(found: re.Match[str]) -> str:
    word = f"<{_KINDS[found[1]]}>" if found[1] in _KINDS else found[0]
    return word.ljust(len(found[0])) if found.string[found.end() : found.end() + 2] == "  " else word


def _range(found: re.Match[str]) -> str:
    before, least, _, sign, most = found.groups()
    if least:
        return f"{before}từ {least} đến {most}]"
    return f"{before}{'ít nhất' if sign == '>=' else 'nhiều nhất'} {most}]"


def unknown_command(group: Any, words: Sequence[str], path: str = "nhacviec") -> str | None:
    """What to say of the first word that is no command, with the one that was probably meant; None: each is one."""
    for word in words:
        commands = getattr(group, "commands", None)
        if commands is None or word.startswith("-"):
            return None
        if word not in commands:
            shown = "".join(letter for letter in word[:LONGEST_SHOWN] if letter.isprintable())
            meant = _nearest(word, commands)
            return f"Không có lệnh “{shown}”. " + (
                f"Có phải là: {path} {meant}?" if meant else f"Xem các lệnh: {path} --help"
            )
        group, path = commands[word], f"{path} {word}"
    return None


def _nearest(word: str, commands: dict[str, Any]) -> str | None:
    """The command of this name one step below, else the one that is spelt most like it."""
    from difflib import get_close_matches

    for name, command in commands.items():
        if word in getattr(command, "commands", {}):
            return f"{name} {word}"
    return next(iter(get_close_matches(word.lower(), commands, 1)), None)

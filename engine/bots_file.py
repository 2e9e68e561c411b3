"""The bots of the installation: those of the settings, which serve every office, and those of the bots file.

The bots file (``NHACVIEC_BOTS``) gives each office bots of its own::

    hung-thang:
      zalo: "123456:abc-xyz"
      telegram: ["7001:AAH-…", "7002:AAG-…"]
      zalo_monthly_budget: 3000

A token is a secret: no error repeats one, only the number that stands before its colon.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from engine.errors import BadOfficeFile, BadSetting
from engine.settings import Settings
from schedules.yaml_file import Where, at_line, read_yaml

#: How each provider writes its tokens, and who gives them out.
SHAPES = {
    "zalo": (re.compile(r"[0-9]+:[A-Za-z0-9._~-]+"), "Zalo Bot Creator"),
    "telegram": (re.compile(r"[0-9]+:[A-Za-z0-9_-]+"), "@BotFather"),
}


def _several(written: Any) -> Any:
    return (written,) if isinstance(written, str) else written


Tokens = Annotated[tuple[SecretStr, ...], BeforeValidator(_several)]


class OfficeBots(BaseModel):
    """One entry of the bots file: the tokens of one office, and its Zalo bots' messages a month."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    zalo: Tokens = ()
    telegram: Tokens = ()
    zalo_monthly_budget: int | None = Field(default=None, gt=0)


_FILE = TypeAdapter(dict[str, OfficeBots])


@dataclass(frozen=True, slots=True)
class Bot:
    """One bot to be run. ``office_id`` None: it serves every office."""

    channel: str  # "zalo", "telegram"
    token: str = field(repr=False)
    office_id: str | None = None
    budget: int | None = None
    where: str = ""  # "bots.yaml, dòng 3", or the name of the setting

    @property
    def number(self) -> str:
        """What stands before the colon of the token: by it the bot is known, and it is no secret."""
        return self.token.partition(":")[0]


def bots_of(settings: Settings) -> list[Bot]:
    """Every bot that the settings and the bots file name.

    :raises BadSetting: the file cannot be used, or a bot stands twice; every problem is told, no token is.
    """
    shared = [Bot("zalo", token, where="NHACVIEC_ZALO_TOKEN") for token in settings.zalo_tokens]
    shared += [Bot("telegram", token, where="NHACVIEC_TELEGRAM_TOKEN") for token in settings.telegram_tokens]
    own, problems = _read(settings.bots) if settings.bots is not None else ([], [])
    problems += _named_twice([*shared, *own])
    if problems:
        raise BadSetting("\n".join(problems))
    return [*shared, *own]


def unknown_offices(bots: Collection[Bot], loaded: Collection[str]) -> list[str]:
    """A sentence for each office of the file that the database does not have; its bots serve nobody meanwhile."""
    first: dict[str, Bot] = {}
    for bot in bots:
        if bot.office_id is not None and bot.office_id not in loaded:
            first.setdefault(bot.office_id, bot)
    return [_unknown(bot, loaded) for bot in first.values()]


def _unknown(bot: Bot, loaded: Collection[str]) -> str:
    near = difflib.get_close_matches(bot.office_id or "", sorted(loaded), n=1)
    mend = f"Có phải “{near[0]}”?" if near else "Hãy nạp tệp nhiệm vụ của cơ quan ấy: nhacviec load TỆP."
    return f"{bot.where}: chưa nạp cơ quan nào mã “{bot.office_id}”, bot của mục này chưa phục vụ ai. {mend}"


def open_to_others(path: Path) -> str | None:
    """What to say where other accounts of this machine can read the tokens."""
    if os.name != "posix" or not path.exists() or not path.stat().st_mode & (stat.S_IROTH | stat.S_IRGRP):
        return None
    return f"Tài khoản khác trên máy đọc được {path}, trong đó có token của bot. Hãy chạy: chmod 600 {path}"


# ---- reading --------------------------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[list[Bot], list[str]]:
    """The bots of the file, and every problem in it, one sentence each."""
    try:
        tree = read_yaml(path)
    except BadOfficeFile as error:
        return [], error.problems
    if not isinstance(tree, dict):
        return [], [
            f"{path}, dòng 1: phải là mã các cơ quan, dưới mỗi mã là mục zalo, telegram. Hãy sửa theo hướng dẫn."
        ]
    try:
        offices = _FILE.validate_python(tree)
    except ValidationError as error:
        return [], list(dict.fromkeys(_schema_sentence(path, tree, e["loc"], e["type"]) for e in error.errors()))
    bots: list[Bot] = []
    problems: list[str] = []
    for office_id, its in offices.items():
        if not (its.zalo or its.telegram):
            problems.append(
                f"{at_line(path, tree, (office_id,))}: cơ quan “{office_id}” chưa có bot nào. Hãy ghi token."
            )
        for channel, tokens in (("zalo", its.zalo), ("telegram", its.telegram)):
            for index, secret in enumerate(tokens):
                listed = not isinstance(tree[office_id][channel], str)
                where = at_line(path, tree, (office_id, channel, index) if listed else (office_id, channel))
                token = secret.get_secret_value().strip()
                shape, giver = SHAPES[channel]
                if not shape.fullmatch(token):
                    problems.append(f"{where}: token {channel} không đúng dạng. Hãy chép lại token do {giver} cấp.")
                    continue
                budget = its.zalo_monthly_budget if channel == "zalo" else None
                bots.append(Bot(channel, token, office_id, budget, where))
    return bots, problems


_SAID = {
    "extra_forbidden": "không có mục này; chỉ ghi zalo, telegram, zalo_monthly_budget",
    "tuple_type": "phải là một token đặt trong nháy kép, hoặc một danh sách token",
    "string_type": "token phải đặt trong nháy kép",
    "greater_than": "phải là số lớn hơn 0",
    "int_type": "phải là số nguyên",
    "int_parsing": "phải là số nguyên",
    "int_from_float": "phải là số nguyên",
    "model_type": "dưới mã cơ quan phải là mục zalo, telegram",
}


def _schema_sentence(path: Path, tree: Any, where: Where, kind: str) -> str:
    steps = tuple(step for step in where if step != "[key]")
    said = "mã cơ quan phải là chữ, đặt trong nháy kép" if "[key]" in where else _SAID.get(kind, "ghi chưa đúng")
    name = ".".join(str(step) for step in steps if isinstance(step, str))
    return f"{at_line(path, tree, steps)}: mục “{name}” {said}. Hãy sửa rồi chạy lại."


def _named_twice(bots: Collection[Bot]) -> Iterator[str]:
    """Each bot once: two offices must not share one that is meant to be one's own."""
    first: dict[tuple[str, str], Bot] = {}
    for bot in bots:
        known = first.setdefault((bot.channel, bot.number), bot)
        if known is not bot:
            yield (
                f"{bot.where}: bot {bot.channel} {bot.number} đã ghi ở {known.where}. "
                "Mỗi bot chỉ phục vụ một cơ quan. Hãy bỏ một chỗ."
            )

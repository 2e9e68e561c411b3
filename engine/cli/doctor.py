"""``doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict

import typer

from engine import app
from engine.cli import output
from engine.clock import SystemClock
from engine.doctor import ask, examine
from engine.errors import BadSetting
from engine.findings import Finding, Level, any_bad, bad, warn
from engine.logs import configure, secrets_of
from engine.messages import Channel
from engine.settings import Settings, read_settings, unknown_settings

MARKS = {Level.OK: "tốt", Level.WARN: "lưu ý", Level.BAD: "HỎNG"}
_WORST_FIRST = (Level.BAD, Level.WARN, Level.OK)


def doctor(as_json: bool, offline: bool) -> None:
    """Look at everything; the exit code is 1 when something is to be mended now."""
    settings, clock = read_settings(), SystemClock()
    configure("text", secrets_of(settings))
    found = [warn("settings", said, "Hãy sửa hoặc bỏ tên ấy.") for said in unknown_settings()]
    channels, troubles = _channels(settings)
    found += troubles
    found += examine(settings, channels, clock.now())
    if not offline:
        found += asyncio.run(ask(settings, channels, clock))
    if as_json:
        output.as_json([asdict(finding) for finding in found])
    else:
        _show(found)
    if any_bad(found):
        raise typer.Exit(1)


def _channels(settings: Settings) -> tuple[list[Channel], list[Finding]]:
    """The bots of the settings, without opening the database; one that cannot be built is a finding."""
    channels: list[Channel] = []
    makers: list[Callable[[], list[Channel]]] = [lambda: app.chats_of(settings)]
    if settings.smtp_host:
        makers.append(lambda: [app.mail_of(settings)])
    found: list[Finding] = []
    for make in makers:
        try:
            channels += make()
        except BadSetting as trouble:
            found.append(bad("tokens", str(trouble)))
    return channels, found


def _show(found: Sequence[Finding]) -> None:
    for level in _WORST_FIRST:
        for finding in (one for one in found if one.level is level):
            output.line(f"[{MARKS[level]}] {finding.what}")
            if finding.what_to_do:
                output.line(f"    → {finding.what_to_do}")
    counts = {level: sum(one.level is level for one in found) for level in _WORST_FIRST}
    output.line(f"{counts[Level.BAD]} điều hỏng, {counts[Level.WARN]} điều cần lưu ý, {counts[Level.OK]} điều tốt.")

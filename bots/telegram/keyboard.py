"""Buttons and their data (https://core.telegram.org/bots/api#inlinekeyboardbutton).

A button carries ``command|occurrence|version|person``: what pressing it stands for, about what, in which state it was
shown, and to whom. So a press from an old message or by another hand is known as such.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bots.wording import Button
from engine.messages import Press

LONGEST_CALLBACK_DATA = 64  # bytes
NUMBER = "[0-9]{1,18}"  # fits every database's integer
OF_NOW = re.compile(rf"(?P<command>.+)\|(?P<occurrence>{NUMBER})\|(?P<version>{NUMBER})\|(?P<person>{NUMBER})?", re.S)
OF_BEFORE = re.compile(rf"(?P<command>.+)\|(?P<occurrence>{NUMBER})", re.S)


def keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    """Rows of buttons; one whose data would not fit is left out, as it can be typed. None where none is left."""
    laid_out = [[_button(button) for button in row if _fits(button)] for row in rows]
    laid_out = [row for row in laid_out if row]
    return InlineKeyboardMarkup(laid_out) if laid_out else None


def pressed(data: str, message: str | None) -> tuple[str, Press | None]:
    """The command a button stands for, and what it is about; messages sent before versions existed are understood."""
    if found := OF_NOW.fullmatch(data):
        person = found["person"]
        press = Press(int(found["occurrence"]), int(found["version"]), int(person) if person else None, message)
        return found["command"], press
    if found := OF_BEFORE.fullmatch(data):
        return found["command"], Press(int(found["occurrence"]), message=message)
    return data, None


def _button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(button.label, callback_data=_data(button))


def _fits(button: Button) -> bool:
    return len(_data(button).encode()) <= LONGEST_CALLBACK_DATA


def _data(button: Button) -> str:
    person = "" if button.person_id is None else button.person_id
    return f"{button.command}|{button.occurrence_id}|{button.version}|{person}"

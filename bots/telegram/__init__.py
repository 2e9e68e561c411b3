"""Telegram: addresses are chat ids; :class:`Telegram` sends, hears, edits and fetches."""

from bots.telegram.channel import OFFICIAL, PACE, Account, Telegram, TelegramTrouble, Webhook
from bots.telegram.keyboard import keyboard
from bots.telegram.outcomes import outcome_of
from bots.telegram.parts import split
from bots.telegram.tokens import hide_tokens, without_tokens
from bots.telegram.transport import Timeouts

__all__ = [
    "OFFICIAL",
    "PACE",
    "Account",
    "Telegram",
    "TelegramTrouble",
    "Timeouts",
    "Webhook",
    "hide_tokens",
    "keyboard",
    "outcome_of",
    "split",
    "without_tokens",
]

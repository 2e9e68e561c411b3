"""Zalo Bot: the first channel. Eleven calls of JSON over HTTP, so httpx and no library in between.

``channel`` is the class; ``api`` makes the calls, ``fate`` says what came of a send, ``parts`` cuts long messages,
``hearing`` reads what people wrote, ``polling`` asks for it, ``webhooks`` is what the operator looks at, ``hiding``
keeps tokens out of logs. Sources are named as in CHANNELS: [O] https://bot.zapps.me/docs/, [M] measured by others.
"""

from bots.zalo.api import Timeouts
from bots.zalo.channel import OFFICIAL, Zalo
from bots.zalo.fate import ZaloTrouble
from bots.zalo.hearing import SECRET_HEADER
from bots.zalo.hiding import hide, without_secrets
from bots.zalo.polling import Polls
from bots.zalo.webhooks import Account, Verification, Webhook

__all__ = [
    "OFFICIAL",
    "SECRET_HEADER",
    "Account",
    "Polls",
    "Timeouts",
    "Verification",
    "Webhook",
    "Zalo",
    "ZaloTrouble",
    "hide",
    "without_secrets",
]

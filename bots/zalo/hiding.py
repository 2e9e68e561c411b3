"""No token and no secret in any log.

The token is part of every URL ("/bot<digits>:<secret>/<method>" [O]) and httpx writes URLs; so do tracebacks. A
filter takes secrets out of whatever a record would print: those it was told of, and whatever looks like a token.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import quote

# The digits are the bot's public number; what follows them is the secret.
TOKEN = re.compile(r"""(/bot\d+(?::|%3A))[^\s/?#"'<>]+|(\d{4,}(?::|%3A))[\w-]{16,}""", re.IGNORECASE | re.ASCII)
TALKATIVE = ("httpx", "httpcore", "asyncio", "bots.zalo")
# A logger's filter does not see what its children log; these are made late, so they are named.
MADE_LATE = (
    *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
    *(f"bots.zalo.{part}" for part in ("api", "channel", "fate", "hearing", "polling", "webhooks")),
)


class _SecretFilter(logging.Filter):
    """Takes secrets out of whatever a record would print."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            said = record.getMessage()
        except (TypeError, ValueError):  # words and arguments do not match: the handler will complain, as always
            return True
        if self.without(said) != said or self.without(repr(record.args)) != repr(record.args):
            record.msg, record.args = self.without(said), ()
        if record.exc_info and record.exc_info[1] is not None:
            trace = record.exc_text or logging.Formatter().formatException(record.exc_info)
            if self.without(trace) != trace:
                # Formatters print exc_text when there is one; the exception itself goes, or another would print it.
                record.exc_text, record.exc_info = self.without(trace), None
        return True

    def without(self, text: str) -> str:
        for secret in self.known:
            text = text.replace(secret, "***")
        return TOKEN.sub(lambda found: (found[1] or found[2]) + "***", text)


_FILTER = _SecretFilter()


def without_secrets(text: str) -> str:
    """The text with every secret that was named to :func:`hide`, and every bot's token, replaced by ``***``."""
    return _FILTER.without(text)


def hide(*secrets: str) -> None:
    """Keep these secrets, and all tokens, out of every log: where they arise, and at the root logger's handlers.

    May be called again, as when logging is set up after the channel.
    """
    _FILTER.known.update(form for secret in secrets if secret for form in (secret, quote(secret, safe="")))
    for name in {*TALKATIVE, *MADE_LATE, *logging.root.manager.loggerDict}:
        if name.startswith(TALKATIVE):
            logging.getLogger(name).addFilter(_FILTER)
    for handler in logging.root.handlers:
        handler.addFilter(_FILTER)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it writes the URL of every request

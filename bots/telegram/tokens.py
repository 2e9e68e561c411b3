"""Keeping the bot's secret out of every log.

The token is part of every URL (https://core.telegram.org/bots/api#making-requests): ``bot<number>:<secret>``. The
number is no secret. Whoever logs a URL, an exception that holds one, or the library's own bot object, is filtered.
"""

from __future__ import annotations

import logging
import re

TOKEN = re.compile(r"(\d{4,}(?::|%3A))[A-Za-z0-9_-]{16,}", re.IGNORECASE)
# httpx and httpcore: not ours any more, but the library imports them and a developer may use its own transport.
TALKATIVE = ("aiohttp", "asyncio", "bots.telegram", "httpcore", "httpx", "telegram")
# A logger's filter does not see what its children log; these are made late, so they are named.
MADE_LATE = tuple(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))


class _TokenFilter(logging.Filter):
    """Takes tokens out of whatever a record would print."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("telegram.") and record.levelno <= logging.DEBUG:
            return False  # whole updates, with the codes that people type, and the webhook's secret
        try:
            said = record.getMessage()
        except (TypeError, ValueError):  # words and arguments do not match: the handler will complain, as always
            return True
        if TOKEN.search(said) or TOKEN.search(repr(record.args)):
            record.msg, record.args = without_tokens(said), ()
        if record.exc_info and record.exc_info[1] is not None:
            trace = record.exc_text or logging.Formatter().formatException(record.exc_info)
            if TOKEN.search(trace):
                # Formatters print exc_text when there is one; the exception itself goes, or another would print it.
                record.exc_text, record.exc_info = without_tokens(trace), None
        return True


_FILTER = _TokenFilter()


def without_tokens(text: str) -> str:
    """The text with every bot's secret replaced."""
    return TOKEN.sub(r"\1***", text)


def hide_tokens() -> None:
    """Keep tokens out of every log: at the loggers that meet them, and at the handlers of the root logger.

    May be called again, as when logging is set up after the channel.
    """
    for name in [*TALKATIVE, *MADE_LATE, *logging.root.manager.loggerDict]:
        if name.startswith(TALKATIVE):
            logging.getLogger(name).addFilter(_FILTER)
    for handler in logging.root.handlers:
        handler.addFilter(_FILTER)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it writes the URL of every request

"""How the running program writes its log: lines for people, or one JSON object a line for a collector of logs.

Nothing secret goes in, whoever wrote the record: the filters of ``bots.zalo.hiding`` stand at the one handler, which
takes secrets that were named and whatever looks like a bot's token out of the words, the arguments and the traceback;
the one here does the same for extra fields (``log.info("…", extra={"bot": …})``).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from collections.abc import Iterable
from typing import Literal, TextIO
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from bots.zalo.hiding import hide, without_secrets
from data.database import address
from engine.bots_file import bots_of
from engine.errors import BadSetting
from engine.settings import Settings

Kind = Literal["text", "json"]

#: Libraries that tell at INFO what helps nobody here, or whole addresses.
QUIET = ("alembic", "apscheduler", "httpcore", "httpx", "uvicorn")
SHORTEST = 4  # letters: replacing a shorter "secret" everywhere would only make the log unreadable
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(kind: Kind, secrets: Iterable[str], stream: TextIO | None = None) -> None:
    """Set up the log of this process. May be called again: it takes the place of what was set up before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if kind == "json" else logging.Formatter(_TEXT))
    handler.addFilter(_ExtraFields())
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.INFO)
    for library in QUIET:
        logging.getLogger(library).setLevel(logging.WARNING)
    hide(*(secret for secret in secrets if len(secret) >= SHORTEST))


_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, the extra fields, and ``error`` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        said: dict[str, object] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            said["error"] = record.exc_text
        return json.dumps(said, ensure_ascii=False, default=str)


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


class _ExtraFields(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _extra(record).items():
            words = value if isinstance(value, str) else repr(value)
            hidden = without_secrets(words)
            if hidden != words:
                setattr(record, name, hidden)
        if record.stack_info:
            record.stack_info = without_secrets(record.stack_info)
        return True


def secrets_of(settings: Settings) -> list[str]:
    """Everything in the settings that no log may hold."""
    found: list[str] = []
    for token in _tokens(settings):
        found += [token, token.partition(":")[2]]
    for secret in (settings.smtp_password, settings.webhook_secret):
        if secret is not None:
            found.append(secret.get_secret_value())
    found += [address(settings.database).password or ""]
    for proxy in (settings.zalo_proxy, settings.telegram_proxy):
        found += _of_address(proxy, path=False)
    return [secret for secret in found + _of_address(_heartbeat(settings), path=True) if secret]


def _tokens(settings: Settings) -> list[str]:
    try:
        return [bot.token for bot in bots_of(settings)]
    except BadSetting:  # said where the bots are built; none of the file's runs then
        return [*settings.zalo_tokens, *settings.telegram_tokens]


def _heartbeat(settings: Settings) -> str | None:
    url: SecretStr | None = getattr(settings, "heartbeat_url", None)
    return url.get_secret_value() if url else None


def _of_address(url: str | None, *, path: bool) -> list[str]:
    """What in an address lets one in: its user's password; with ``path``, all that stands behind the host."""
    if not url:
        return []
    parts = urlsplit(url)
    found = [parts.password or "", unquote(parts.password or "")]
    if path:
        found += [*parts.path.split("/"), parts.query, f"{parts.path}?{parts.query}" if parts.query else parts.path]
    return found

"""What the operator looks at: the bot's account, and whether Zalo can reach our webhook.

A firewall before the webhook makes the bot silent without a word, and setWebhook still takes the URL [M]. So what
Zalo says about it, ``verification`` and testWebhook's answer, is kept whole.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """getMe [O]. Only live bots give ``display_name``; ``can_join_groups`` is false in the free plan's sample."""

    id: str
    name: str
    display_name: str | None = None
    kind: str | None = None  # "BASIC"
    can_join_groups: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """How Zalo fared when it called the webhook (setWebhook since 2026 [M], testWebhook). ``latency`` in ms."""

    ok: bool
    outcome: str | None = None
    status_code: int | None = None
    latency_ms: int | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Zalo sends what people write: setWebhook, getWebhookInfo, deleteWebhook (empty ``url``)."""

    url: str
    updated_at: dt.datetime | None = None
    verification: Verification | None = None


def account_from(result: Any) -> Account:
    """getMe's result; what is missing stays empty."""
    given = result if isinstance(result, dict) else {}
    return Account(
        str(given.get("id", "")),
        str(given.get("account_name", "")),
        _text(given.get("display_name")),
        _text(given.get("account_type")),
        given.get("can_join_groups") is True,
    )


def webhook_from(result: Any) -> Webhook:
    """The result of the three webhook calls; ``updated_at`` comes in milliseconds [O]."""
    given = result if isinstance(result, dict) else {}
    seen = given.get("verification")
    return Webhook(
        str(given.get("url") or ""),
        _moment(given.get("updated_at")),
        verification_from(seen) if isinstance(seen, dict) else None,
    )


def verification_from(result: Any) -> Verification:
    """testWebhook's result, or the ``verification`` of setWebhook's."""
    given = result if isinstance(result, dict) else {}
    return Verification(
        given.get("ok") is True,
        _text(given.get("outcome")),
        _number(given.get("status_code")),
        _number(given.get("latency_ms")),
        _text(given.get("hint")),
    )


def _text(value: Any) -> str | None:
    return str(value) if value not in (None, "") else None


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(value: Any) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(value / 1000, dt.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None

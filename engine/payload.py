"""Answers and digests as they wait in the outbox: to JSON and back.

Reminders are not stored so: their lines are built when they leave, from the rows as they stand then.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from engine.messages import Answer, DigestMessage

_ANSWER = TypeAdapter(Answer)
_DIGEST = TypeAdapter(DigestMessage)


def to_payload(message: Answer | DigestMessage) -> dict[str, Any]:
    """What goes into ``message.payload``."""
    adapter: TypeAdapter[Any] = _ANSWER if isinstance(message, Answer) else _DIGEST
    payload: dict[str, Any] = adapter.dump_python(message, mode="json")
    return payload


def answer_from(payload: dict[str, Any]) -> Answer:
    """The answer stored in a payload."""
    return _ANSWER.validate_python(payload)


def digest_from(payload: dict[str, Any]) -> DigestMessage:
    """The digest stored in a payload."""
    return _DIGEST.validate_python(payload)

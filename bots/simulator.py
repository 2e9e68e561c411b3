"""The simulator: a chat without a provider. It takes every message and reaches nobody outside this process."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from bots.wording import Button, buttons, plain
from engine.messages import Attachment, Inbound, Message, Outcome, Press, Refused, Sent


@dataclass(frozen=True, slots=True)
class SimulatedMessage:
    """One message as it would stand on the person's phone."""

    address: str
    text: str
    message: Message

    @property
    def buttons(self) -> tuple[tuple[Button, ...], ...]:
        """What can be pressed under it, row by row."""
        return buttons(self.message)


class Simulator:
    """A channel whose addresses are the slugs of people ("hung-thang/ttpvhcc-cv")."""

    name = "simulator"
    bot = "simulator"
    edits = False
    office_id: str | None = None  # the one office it serves; None: every office

    def __init__(self, on_message: Callable[[SimulatedMessage], None] | None = None) -> None:
        self.sent: list[SimulatedMessage] = []
        self.outcomes: list[Outcome | Exception] = []  # what the next sends come to instead, for tests
        self.blocked: set[str] = set()
        self._on_message = on_message

    async def send(self, address: str, message: Message) -> Outcome:
        """Put the message on the phone, unless a test has arranged for something else."""
        if address in self.blocked:
            return Refused("người nhận đã chặn bot")
        text = plain(message)
        if self.outcomes:
            outcome = self.outcomes.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            if not isinstance(outcome, Sent):
                return outcome
        simulated = SimulatedMessage(address, text, message)
        self.sent.append(simulated)
        if self._on_message:
            self._on_message(simulated)
        return Sent(provider_id=f"sim-{len(self.sent)}", text=text)

    def typed(
        self,
        address: str,
        text: str,
        *,
        key: str | None = None,
        press: Press | None = None,
        sender: str | None = None,
        attachments: tuple[Attachment, ...] = (),
        unreadable: str | None = None,
    ) -> Inbound:
        """What arrives when this person types, presses or sends. No two processes give the same key."""
        return Inbound(
            self.name, self.bot, key or uuid.uuid4().hex, address, text, press, sender, attachments, unreadable
        )

"""Another way to sign in, beside the bot's link: the place where OpenID Connect, or a province's own, plugs in.

None comes with the program. A way proves who somebody is, nothing more: the session, its cookie, its end and every
right are the console's own, and whoever is not on the office's list does not come in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Proven:
    """Who it is: the office's id, and the person's in its list."""

    office_id: str
    slug: str


class OtherWay(Protocol):
    """One way. The console asks for the provider's page, sends the browser there, and hands over what it brings back.

    ``back`` is the absolute address to which the provider must send the browser; it is the same both times.
    """

    name: str  # in the address: letters, digits and hyphens
    label: str  # on the sign-in page: "Tài khoản công vụ của tỉnh"

    def begin(self, back: str, state: str) -> str:
        """The provider's page. ``state`` must come back unchanged: it ties the answer to this browser."""
        ...

    def finish(self, answer: Mapping[str, str], back: str, state: str) -> Proven | None:
        """Who it is, by the query the browser came back with; None: refused, or nobody of ours.

        Called in a thread: it may ask the provider over the network. ``state`` is what ``begin`` got, for a nonce.
        """
        ...

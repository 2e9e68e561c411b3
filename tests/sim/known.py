"""Faults of the product that the simulation has found and that are not mended yet: it keeps away from them.

Take a line out once it is mended; the seeds then see to it that it stays so. ``NHACVIEC_SIM_KNOWN=show`` lets the
simulation run into all of them.
"""

from __future__ import annotations

import os

CANCEL_SUSPENDED = "cancelling suspended work leaves its request for more time waiting for ever"
REOPEN_WAITING = "confirmers of work that is opened again are asked at the pace of the ladder, not after three days"
STALE_DIGEST = "a digest that was written before the process died leaves with the numbers of then"
HELD_UP = "who is written to while an older message is being tried again gets both in one slot once it leaves"

_ALL: frozenset[str] = frozenset()
KNOWN: frozenset[str] = frozenset() if os.environ.get("NHACVIEC_SIM_KNOWN") == "show" else _ALL

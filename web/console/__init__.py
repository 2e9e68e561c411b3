"""The console: what the standing office looks at. Every page names the right it needs; the rest is refused."""

from __future__ import annotations

from web.console.app import build_console
from web.console.frame import Console

__all__ = ["Console", "build_console"]

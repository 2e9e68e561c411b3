"""The JSON API for other programs (a province's systems): the same rows, the same rights, described by OpenAPI."""

from __future__ import annotations

from web.api.app import build_api

__all__ = ["build_api"]

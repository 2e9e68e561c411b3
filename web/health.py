"""``GET /healthz`` and ``GET /metrics``: what an operator's watch asks. Nothing here names a person or a secret.

``/healthz`` answers 200 while the last beat is fresh and everything due is explained, else 503; either way with what
was found, in words. ``/health`` (beside the webhooks) only says that the port is open. Both stand on the address of
the webhooks, which is this machine's own by default; a reverse proxy need not show them to the world.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.findings import Finding, any_bad
from engine.metrics import CONTENT_TYPE

LOG = logging.getLogger("nhacviec.web")
NOT_KEPT = {"Cache-Control": "no-store"}

Look = Callable[[], Sequence[Finding]]
Numbers = Callable[[], bytes]


def health_routes(look: Look, numbers: Numbers) -> list[Route]:
    """The two routes. ``look`` says what is not well (nothing: all is), ``numbers`` gives the metrics' text."""
    health = _Health(look, numbers)
    return [
        Route("/healthz", health.healthz, methods=["GET"]),
        Route("/metrics", health.metrics, methods=["GET"]),
    ]


def build_health_app(look: Look, numbers: Numbers) -> Starlette:
    """An application of these routes alone, for a port of their own."""
    return Starlette(routes=health_routes(look, numbers))


def add_health(app: Starlette, look: Look, numbers: Numbers) -> Starlette:
    """The same routes beside those that ``app`` has: the webhooks' address serves both."""
    app.router.routes.extend(health_routes(look, numbers))
    return app


class _Health:
    def __init__(self, look: Look, numbers: Numbers) -> None:
        self._look, self._numbers = look, numbers

    async def healthz(self, _: Request) -> Response:
        """200 with ``{"ok": true}``, or 503 with what is wrong."""
        found = self._look()
        well = not any_bad(found)
        said = {
            "ok": well,
            "findings": [
                {"level": one.level, "about": one.about, "what": one.what, "what_to_do": one.what_to_do}
                for one in found
            ],
        }
        return JSONResponse(said, status_code=200 if well else 503, headers=NOT_KEPT)

    async def metrics(self, _: Request) -> Response:
        """Everything that is counted."""
        try:
            text = self._numbers()
        except Exception as error:  # the database is in trouble, which /healthz tells; its words may quote rows
            LOG.error("Chưa đọc được số liệu: %s", type(error).__name__)
            return Response(status_code=503, headers=NOT_KEPT)
        return Response(text, headers={**NOT_KEPT, "Content-Type": CONTENT_TYPE})

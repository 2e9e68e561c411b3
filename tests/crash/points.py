"""The points of the way at which a machine can lose its power, named by watching: the product has no hooks for it.

Watched are what leaves a trace outside the process. In the database: every statement that writes, and both sides of
every commit. On the wire: a request that is about to leave, one that has left, one that was answered; and a webhook
call that arrives, is about to be answered, was answered. A point's name tells the step of the engine it belongs to:
"before INSERT inbound (store)", "after COMMIT (begin)", "sendMessage to 7002 left".
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import Connection, Engine, event

TRACE = "trace"  # in place of a point: nobody is killed

# The steps, by module and function, whose names the points carry.
STEPS = {
    ("engine.receive", "store"): "store",
    ("data.inbox", "confirm_up_to"): "store",
    ("engine.receive", "handle_waiting"): "handle",
    ("engine.plan", "plan"): "plan",
    ("engine.digest", "digest"): "digest",
    ("engine.remind", "remind"): "remind",
    ("engine.record", "recover"): "recover",
    ("engine.claim", "claim"): "claim",
    ("engine.record", "begin"): "begin",
    ("engine.record", "record"): "record",
    ("engine.collect", "collect"): "collect",
}
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\s+(?:OR \w+\s+)?(?:INTO\s+|FROM\s+)?\"?(\w+)", re.IGNORECASE)


class Points:
    """Counts and names the points as they are reached, writes each down, and dies at one of them.

    ``kill``: a name ("after COMMIT (begin)", its second time "after COMMIT (begin) #2"), a number ("17": the
    seventeenth of all), or :data:`TRACE`.
    """

    def __init__(self, written_to: Path, kill: str) -> None:
        self.reached = 0
        self.last_at = time.monotonic()
        self._kill = kill
        self._times: Counter[str] = Counter()
        # Written without a buffer: what a killed process has written stays written.
        self._file = os.open(written_to, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, name: str) -> None:
        """This point is reached now."""
        self.reached += 1
        self._times[name] += 1
        if self._times[name] > 1:
            name = f"{name} #{self._times[name]}"
        os.write(self._file, f"{name}\n".encode())
        if "getUpdates" not in name:  # a provider that replays is asked and answers without end
            self.stir()
        if self._kill in (name, str(self.reached)):
            os.kill(os.getpid(), signal.SIGKILL)

    def stir(self) -> None:
        """Something happens, whether it is a point or not."""
        self.last_at = time.monotonic()


# ---- the database ---------------------------------------------------------------------------------------------------


def watch_database(engine: Engine, point: Points) -> None:
    """Name what this engine writes and commits. A transaction that has written nothing has no points."""
    writes: dict[int, str] = {}  # the step that has written last, by connection

    @event.listens_for(engine, "before_cursor_execute")
    def _before(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if found := _WRITES.match(statement):
            step = _step()
            writes[id(connection.connection.dbapi_connection)] = step
            point(f"before {found[1].upper()} {found[2]} ({step})")

    @event.listens_for(engine, "rollback")
    def _forget(connection: Connection) -> None:
        writes.pop(id(connection.connection.dbapi_connection), None)

    committing: Callable[[Any], None] = engine.dialect.do_commit

    def commit(dbapi_connection: Any) -> None:
        step = writes.pop(id(getattr(dbapi_connection, "dbapi_connection", dbapi_connection)), None)
        if step is None:
            committing(dbapi_connection)
            return
        point(f"before COMMIT ({step})")
        committing(dbapi_connection)
        point(f"after COMMIT ({step})")

    engine.dialect.do_commit = commit  # type: ignore[method-assign]


def _step() -> str:
    """The step of the engine that is at work: the first one on the stack."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        step = STEPS.get((str(frame.f_globals.get("__name__")), frame.f_code.co_name))
        if step is not None:
            return step
        frame = frame.f_back
    return "elsewhere"


# ---- requests to a provider -----------------------------------------------------------------------------------------

_CALL: ContextVar[str | None] = ContextVar("call", default=None)


def watch_httpx(point: Points) -> None:
    """Name the requests of the Zalo channel."""
    import httpx

    sending = httpx.AsyncClient.send

    async def send(self: httpx.AsyncClient, request: httpx.Request, **more: Any) -> httpx.Response:
        given = json.loads(request.content or b"{}")
        name = _call_name(request.url.path, given if isinstance(given, dict) else {})

        async def progress(event_name: str, _info: object) -> None:
            if event_name.endswith("send_request_body.complete"):
                point(f"{name} left")

        request.extensions = {**request.extensions, "trace": progress}
        point(f"before {name}")
        response = await sending(self, request, **more)
        point(f"{name} answered")
        return response

    httpx.AsyncClient.send = send  # type: ignore[method-assign]


def watch_aiohttp(point: Points) -> None:
    """Name the requests of the Telegram channel."""
    import aiohttp

    beginning, requesting = aiohttp.ClientSession.__init__, aiohttp.ClientSession._request
    noting = aiohttp.TraceConfig()

    async def written(*_: object) -> None:
        # Told just before the bytes go to the socket, in one step with it: the loop's next step comes after.
        if name := _CALL.get():
            asyncio.get_running_loop().call_soon(point, f"{name} left")

    noting.on_request_chunk_sent.append(written)

    def begin(self: aiohttp.ClientSession, *given: Any, **more: Any) -> None:
        more["trace_configs"] = [*(more.get("trace_configs") or ()), noting]
        beginning(self, *given, **more)

    async def request(self: aiohttp.ClientSession, method: str, url: Any, **more: Any) -> aiohttp.ClientResponse:
        data = more.get("data") or b""
        parameters = {key: values[0] for key, values in parse_qs(data.decode()).items()} if data else {}
        name = _call_name(str(url), parameters)
        _CALL.set(name)
        point(f"before {name}")
        response = await requesting(self, method, url, **more)
        _CALL.set(None)
        point(f"{name} answered")
        return response

    aiohttp.ClientSession.__init__ = begin  # type: ignore[method-assign]
    aiohttp.ClientSession._request = request  # type: ignore[assignment]


def _call_name(url: str, parameters: dict[str, Any]) -> str:
    method = url.rpartition("/")[2]
    if method == "getUpdates":
        return "getUpdates that confirms" if "offset" in parameters else "getUpdates"
    return f"{method} to {parameters['chat_id']}" if "chat_id" in parameters else method


# ---- calls of a provider --------------------------------------------------------------------------------------------


def watch_webhooks(point: Points) -> None:
    """Name what happens to a webhook call: it arrives, and its answer leaves."""
    from starlette.applications import Starlette
    from starlette.responses import Response

    serving, answering = Starlette.__call__, Response.__call__

    async def serve(self: Starlette, scope: Any, receive: Any, send: Any) -> None:
        if str(scope.get("path", "")).startswith("/webhook/"):
            point("webhook call arrived")
        await serving(self, scope, receive, send)

    async def answer(self: Response, scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                point(f"webhook call answered {self.status_code}")

        point(f"before the answer {self.status_code} to the webhook call")
        await answering(self, scope, receive, sent)

    Starlette.__call__ = serve  # type: ignore[method-assign]
    Response.__call__ = answer  # type: ignore[method-assign]

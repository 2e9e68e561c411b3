"""The server: real HTTP on this machine, faults on demand, and delivery to a webhook."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.servers.telegram_server.answers import AFTERWARDS, BEFOREHAND, ApiError, Fault, Json
from tests.servers.telegram_server.chats import TOKEN
from tests.servers.telegram_server.limits import Limits
from tests.servers.telegram_server.methods import METHODS, Methods
from tests.servers.telegram_server.words import parameters_of

WEBHOOK_AGAIN = 0.05  # seconds; Telegram waits longer, tests need not


class TelegramServer(Methods):
    """A Bot API for one bot.

    ``latency``: seconds before any answer but getUpdates'. ``limits``: the pace to enforce; None for any. ``strict``:
    a message that the test has not looked at in :meth:`inbox` by the end fails it.
    """

    def __init__(
        self,
        token: str = TOKEN,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        limits: Limits | None = None,
        strict: bool = False,
    ) -> None:
        super().__init__(limits)
        self.token = token
        self.latency = 0.0
        self.most_at_once = 0  # requests under way at the same time, polls left out
        self._at_once = 0
        self._host, self._port, self._strict = host, port, strict
        self._runner: web.AppRunner | None = None
        self._faults: list[Fault] = []
        self._postman: asyncio.Task[None] | None = None

    # ---- life -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_post("/play/{order}", self._play)
        # handler_cancellation: a poller that hangs up no longer polls
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._postman = asyncio.create_task(self._deliver())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._postman is not None:
            self._postman.cancel()
            await asyncio.gather(self._postman, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self._strict and error is None and (unannounced := self.unannounced()):
            raise AssertionError(f"nobody expected these messages: {unannounced}")

    @property
    def base_url(self) -> str:
        """What the product takes as ``telegram_base_url``; the token follows directly."""
        return f"http://{self._host}:{self._port}/bot"

    def fail_next(self, kind: str, times: int = 1, method: str = "sendMessage", after: int = 0, **options: Any) -> None:
        """Let the next calls of a method fail, or those that come ``after`` so many. ``download`` is a file's.

        ``flood`` (retry_after=5): 429. ``server_error`` (status=502): a page of nginx, not JSON. ``lost_answer``: the
        call is obeyed, the answer never comes. ``hang_up``: obeyed, then the connection ends without an answer.
        ``bad_request`` (description=…): 400. ``conflict``: 409. ``garbage``: obeyed, answered with a web page.
        """
        self._faults.append(Fault(kind, times, method, after, options))

    # ---- requests -------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        fault = None
        try:
            method = self._method(request)
            parameters = await parameters_of(request)
            self.calls.append(name)
            fault = self._fault(name)
            if name != "getUpdates":
                await self._take_time()
            if fault and fault.kind not in AFTERWARDS:
                return BEFOREHAND[fault.kind](**fault.options)
            result = await method(parameters)
        except ApiError as error:
            return error.response()
        except (KeyError, ValueError, TypeError) as error:  # a parameter that is missing or of another kind
            return ApiError(400, f"Bad Request: {error}").response()
        finally:
            self._stir()
        if fault:
            return await AFTERWARDS[fault.kind](request)
        return web.json_response({"ok": True, "result": result})

    async def _take_time(self) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
        finally:
            self._at_once -= 1

    def _method(self, request: web.Request) -> Callable[[Json], Any]:
        if request.match_info["token"] != self.token:
            raise ApiError(401, "Unauthorized")
        try:
            return partial(METHODS[request.match_info["method"].lower()], self)
        except KeyError:
            raise ApiError(404, "Not Found") from None

    def _fault(self, method: str) -> Fault | None:
        for fault in self._faults:
            if fault.method == method and fault.after > 0:
                fault.after -= 1
                return None
            if fault.method == method and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file, in pieces, as long as somebody takes them."""
        self.calls.append("download")
        self._stir()
        fault = self._fault("download")
        contents = dict(self.files.values())
        path = request.match_info["path"]
        if fault and fault.kind in BEFOREHAND:
            return BEFOREHAND[fault.kind](**fault.options)
        if request.match_info["token"] != self.token or path not in contents:
            return ApiError(404, "Not Found").response()
        answer = web.StreamResponse()
        if not (fault and fault.options.get("unsized")):
            answer.content_length = len(contents[path])
        await answer.prepare(request)
        for at in range(0, len(contents[path]), 65_536):
            if fault and at >= 65_536:
                return await AFTERWARDS[fault.kind](request)
            await answer.write(contents[path][at : at + 65_536])
        await answer.write_eof()
        return answer

    # ---- webhook --------------------------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        """Post each update until it is taken (any 2xx), one after the other (api#setwebhook); to this machine only."""
        async with aiohttp.ClientSession() as session:
            while True:
                stirred = self._stirred
                if not (self.webhook_url.startswith("http://127.0.0.1") and self._updates):
                    await stirred.wait()
                    continue
                update = self._updates[0]
                if await self._is_taken(session, update):
                    with contextlib.suppress(ValueError):
                        self._updates.remove(update)
                    self._stir()
                else:
                    await asyncio.sleep(WEBHOOK_AGAIN)

    async def _is_taken(self, session: aiohttp.ClientSession, update: Json) -> bool:
        secret = {"X-Telegram-Bot-Api-Secret-Token": self.webhook_secret} if self.webhook_secret else {}
        try:
            async with session.post(self.webhook_url, json=update, headers=secret) as answer:
                if answer.status < 300:
                    return True
                self.webhook_error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, OSError) as error:
            self.webhook_error = f"Connection failed ({type(error).__name__})"
        return False

    # ---- orders over HTTP, for another process --------------------------------------------------------------------

    async def _play(self, request: web.Request) -> web.Response:
        orders: dict[str, Callable[..., Any]] = {
            "opens": lambda chat_id: self.opens(chat_id).id,
            "person_types": self.person_types,
            "person_sends": self.person_sends,
            "person_forwards": self.person_forwards,
            "person_presses": self.person_presses,
            "blocks": self.blocks,
            "inbox": lambda chat_id: [
                {"message_id": r.message_id, "text": r.text, "buttons": r.buttons} for r in self.inbox(chat_id)
            ],
            "fail_next": self.fail_next,
            "floods_every": self.floods_every,
        }
        order = orders.get(request.match_info["order"])
        if order is None:
            return web.json_response({"orders": sorted(orders)}, status=404)
        return web.json_response(order(**await request.json()))

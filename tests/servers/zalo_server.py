"""A small Zalo Bot API on this machine: real HTTP, the documented limits, the measured oddities, faults on demand.

All eleven methods of https://bot.zapps.me/docs/ (CHANNELS 1.2), by GET or POST, with query, form, JSON or multipart.
What Zalo does not document is a choice of ours, marked GUESS. A test plays the people:

    async with ZaloServer() as server:
        huong = server.opens("Nguyễn Thị Hường")
        server.person_types(huong, "việc")
        await server.until(lambda: server.inbox(huong))

``strict=True``: every message must be announced with :meth:`ZaloServer.expects`; one that was not, or that never came,
fails the test when the server closes. From another thread: :class:`InThread`. From another process, or by hand:
``python -m tests.servers.zalo_server --port 8099``, which takes the same orders over HTTP under ``/play/``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from aiohttp import web

T = TypeVar("T")
Json = dict[str, Any]

TOKEN = "2718281828459:kXwPqRzNvTbMhLcJdGfYsAeUoIiOuEaSyFgDjClHmBtVnZr"
BOT_ID = TOKEN.partition(":")[0]
DISPLAY_NAME = "Bot Nhắc Việc"

LONGEST_TEXT = 2000  # "ký tự" [O]; counted here in UTF-16 units, the strictest reading
FREE_MESSAGES = 3000  # a month, free plan [M]
USER_AGENT = "Java/21.0.4"  # Zalo's caller [M]: "Java/<version>"


class ApiError(Exception):
    """An answer with ``ok: false``. HTTP 200, as was measured for a junk token, where no other status is known."""

    def __init__(self, code: int, description: str, status: int = 200, **more: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.status, self.more = code, description, status, more

    def response(self) -> web.Response:
        """As Zalo writes it."""
        body = {"ok": False, "description": self.description, "error_code": self.code} | self.more
        return web.json_response(body, status=self.status)


@dataclass(frozen=True)
class Received:
    """One message in a person's chat, as the phone shows it."""

    message_id: str
    kind: str  # text, photo, sticker, voice
    text: str  # as sent: markup is not rendered here
    parse_mode: str | None = None
    url: str | None = None


@dataclass
class Fault:
    """What the next calls of one method meet."""

    kind: str
    times: int
    method: str
    after: int  # calls that go well first
    options: Mapping[str, Any]


@dataclass
class Chat:
    """One person or group: what arrived, and whether the bot may write."""

    id: str
    name: str
    group: bool = False
    inbox: list[Received] = field(default_factory=list)
    blocked: bool = False
    wrote: bool = False


@dataclass(frozen=True)
class Delivery:
    """One call of the bot's webhook, and what it answered (None: nothing)."""

    body: bytes
    status: int | None


class ZaloServer:
    """The server. Orders of a test are plain calls; they wake whoever waits.

    ``replay``: True, and an update once given comes back at every later poll, at once, until a newer one is there
    [M: zalo-bot-mcp]; False, and it is never served again [openclaw pull 110803]. ``patience``: an idle poll ends
    after so many seconds at most, whatever it asked for. ``idle_status``: 408 by HTTP [M], or 200 with the code in
    the body only. ``quota``: messages a month. ``latency``: seconds before every answer.
    """

    def __init__(
        self,
        token: str = TOKEN,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        replay: bool = False,
        strict: bool = False,
        patience: float = 30,
        idle_status: int = 408,
        quota: int = FREE_MESSAGES,
        latency: float = 0,
    ) -> None:
        self.token = token
        self.replay, self.strict, self.patience, self.idle_status = replay, strict, patience, idle_status
        self.quota, self.latency = quota, latency
        self.today = dt.datetime.now(dt.UTC).date()  # a test may set another month
        self.calls: list[str] = []  # the methods called, in order
        self.parameters: list[Json] = []  # what each carried
        self.asked_at: list[float] = []  # when getUpdates came in, by time.monotonic
        self.sent_in: Counter[str] = Counter()  # messages taken, by month "2026-11": what the quota counts
        self.typing: list[str] = []  # chats that saw the bot type
        self.webhook: Json | None = None  # url, secret_token, updated_at
        self.webhook_is_wrapped = False  # documented wrapped, captured flat [M]
        self.deliveries: list[Delivery] = []
        self.unexpected: list[tuple[str, str]] = []
        self._expected: dict[str, list[str]] = {}
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self._chats: dict[str, Chat] = {}
        self._updates: deque[Json] = deque()
        self._last: Json | None = None
        self._held: list[Json] | None = None
        self._faults: list[Fault] = []
        self._leads_to: dict[str, str] = {}
        self._tested_at = -1e9
        self._pushes: asyncio.Queue[bytes] = asyncio.Queue()
        self._pusher: asyncio.Task[None] | None = None
        self._stirred = asyncio.Event()

    # ---- life -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_post("/play/{order}", self._play)
        # handler_cancellation: a poller that hangs up no longer polls
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._pusher = asyncio.create_task(self._push())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pusher is not None:
            self._pusher.cancel()
            await asyncio.gather(self._pusher, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self.strict and error is None:
            self.check_expectations()

    @property
    def base_url(self) -> str:
        """What the product takes as ``NHACVIEC_ZALO_BASE_URL``."""
        return f"http://{self._host}:{self._port}"

    async def until(self, seen: Callable[[], object], seconds: float = 60) -> None:
        """Wait until ``seen()`` is true; raises ``TimeoutError`` when it stays false."""
        async with asyncio.timeout(seconds):
            while not seen():
                await self._stirred.wait()

    def _stir(self) -> None:
        stirred, self._stirred = self._stirred, asyncio.Event()
        stirred.set()

    # ---- what people do -------------------------------------------------------------------------------------------

    def opens(self, name: str, chat_id: str | None = None) -> str:
        """A person writes to the bot for the first time, which gives it their chat id; returns the id."""
        chat = Chat(chat_id or _new_id(), name, wrote=True)
        return self._chats.setdefault(chat.id, chat).id

    def founds(self, name: str, chat_id: str | None = None) -> str:
        """A group takes the bot in; returns the group's chat id."""
        chat = Chat(chat_id or _new_id(), name, group=True, wrote=True)
        return self._chats.setdefault(chat.id, chat).id

    def person_types(self, chat_id: str, text: str, sender: str | None = None, **more: Any) -> str:
        """A person writes; returns the message id. In a group, ``sender`` is the person, who mentions the bot."""
        return self._says(chat_id, "message.text.received", {"text": text} | more, sender)

    def person_sends_photo(self, chat_id: str, caption: str | None = None, captured: bool = True) -> str:
        """A person sends an image: ``photo_url`` as captured [M], or ``photo`` as documented [O]."""
        url = "https://photo-stal-22.zdn.vn/0/b7e4.jpg"
        image = {"photo_url": url, "message_type": "CHAT_PHOTO"} if captured else {"photo": url}
        return self._says(chat_id, "message.image.received", image | ({"caption": caption} if caption else {}))

    def person_sends_sticker(self, chat_id: str) -> str:
        """A person sends a sticker."""
        sticker = {"sticker": "0e078a2fb66a5f34067b", "url": "https://zalo-api.zadn.vn/s.png"}
        return self._says(chat_id, "message.sticker.received", sticker)

    def person_sends_voice(self, chat_id: str) -> str:
        """A person speaks."""
        return self._says(
            chat_id,
            "message.voice.received",
            {"voice_url": "https://voice.zdn.vn/a.aac", "message_type": "CHAT_VOICE"},
        )

    def person_sends_link(self, chat_id: str) -> str:
        """A person sends a link, or writes from a protected account: no content arrives [M, O]."""
        return self._says(chat_id, "message.unsupported.received", {})

    def blocks(self, chat_id: str) -> None:
        """A person blocks the bot."""
        self._chats[chat_id].blocked = True

    def inbox(self, chat_id: str) -> list[Received]:
        """What one person's phone shows from the bot, oldest first."""
        return self._chats[chat_id].inbox if chat_id in self._chats else []

    def happens(self, event: Json) -> None:
        """Any other event, as it would stand in getUpdates or in the webhook's body."""
        if self._held is not None:
            self._held.append(event)
        elif self.webhook:
            self._pushes.put_nowait(self._body(event))
        else:
            self._updates.append(event)
        self._stir()

    def again(self) -> None:
        """The newest update arrives a second time."""
        event = self._updates[-1] if self._updates else self._last
        assert event is not None, "nothing has happened yet"
        self.happens(event)

    @contextlib.contextmanager
    def out_of_order(self) -> Iterator[None]:
        """What happens inside arrives afterwards, newest first."""
        self._held = []
        yield
        held, self._held = self._held, None
        for event in reversed(held):
            self.happens(event)

    def probes(self) -> None:
        """Zalo calls the webhook without a body, as was seen once [M]."""
        self._pushes.put_nowait(b"")

    def leads(self, public: str, local: str) -> None:
        """Calls of a public webhook URL end at this local one, as a reverse proxy would have it."""
        self._leads_to[public] = local

    def _says(self, chat_id: str, event_name: str, content: Json, sender: str | None = None) -> str:
        chat = self._chats[chat_id]
        person = self._chats[sender] if sender else chat
        message_id = _new_id()
        message = {
            "from": {"id": person.id, "display_name": person.name, "is_bot": False},
            "chat": {"id": chat.id, "chat_type": "GROUP" if chat.group else "PRIVATE"},
            "message_id": message_id,
            "date": _now_ms(),
        }
        self.happens({"message": message | content, "event_name": event_name})
        return message_id

    # ---- what a test expects --------------------------------------------------------------------------------------

    def expects(self, chat_id: str, *parts: str) -> None:
        """Announce messages to one chat: each of ``parts`` is a piece of the text of one message, in any order."""
        self._expected.setdefault(chat_id, []).extend(parts)

    def check_expectations(self) -> None:
        """AssertionError for messages nobody announced, and for announced ones that never came."""
        missing = [(chat_id, part) for chat_id, parts in self._expected.items() for part in parts]
        assert not self.unexpected, f"messages that nobody announced: {self.unexpected}"
        assert not missing, f"announced messages that never came: {missing}"

    def _measure(self, chat_id: str, received: Received) -> None:
        announced = self._expected.get(chat_id, [])
        part = next((part for part in announced if part in received.text), None)
        if part is None:
            self.unexpected.append((chat_id, received.text))
        else:
            announced.remove(part)

    # ---- faults ---------------------------------------------------------------------------------------------------

    def fail_next(self, kind: str, times: int = 1, method: str = "sendMessage", after: int = 0, **options: Any) -> None:
        """Let the next calls of a method fail, or those that come ``after`` so many.

        Before anything is done: ``denied`` (code=…, description=…, status=200, retry_after=…): ``ok: false``.
        ``page`` (status=502, retry_after=…): a page of somebody in between. ``redirect``. ``cut_off``: the connection
        ends. ``slow`` (seconds=…): goes well, late. After it was obeyed: ``hang_up``: the connection ends.
        ``lost_answer``: no answer ever comes. ``garbage``: a web page. ``nameless``: ``ok: true`` and no result.
        """
        self._faults.append(Fault(kind, times, method, after, options))

    def _fault(self, method: str) -> Fault | None:
        for fault in self._faults:
            if fault.method == method and fault.after > 0:
                fault.after -= 1
                return None
            if fault.method == method and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    # ---- requests -------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            if request.match_info["token"] != self.token:
                raise ApiError(401, "Unauthorized")  # word for word, under HTTP 200 [M]
            method = self._methods().get(name)
            if method is None or request.method not in {"GET", "POST"}:
                raise ApiError(400, "Bad Request", status=400)  # "wrong path or API name" [O]; names mind their case
            parameters = await _parameters(request)
            self.calls.append(name)
            self.parameters.append(parameters)
            self._stir()
            fault = self._fault(name)
            await asyncio.sleep(self.latency + (fault.options.get("seconds", 0) if fault else 0))
            if fault and fault.kind in BEFOREHAND:
                return BEFOREHAND[fault.kind](request, **fault.options)
            result = await method(parameters)
        except ApiError as error:
            return error.response()
        finally:
            self._stir()
        if fault and fault.kind in AFTERWARDS:
            return await AFTERWARDS[fault.kind](request)
        return web.json_response({"ok": True} if result is None else {"ok": True, "result": result})

    def _methods(self) -> dict[str, Callable[[Json], Awaitable[Json | None]]]:
        return {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "testWebhook": self._test_webhook,
            "deleteWebhook": self._delete_webhook,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendSticker": self._send_sticker,
            "sendVoice": self._send_voice,
            "sendChatAction": self._send_chat_action,
        }

    async def _get_me(self, _: Json) -> Json:
        return {
            "id": BOT_ID,
            "account_name": "bot.NhacViec",
            "account_type": "BASIC",
            "can_join_groups": False,
            "display_name": DISPLAY_NAME,
        }

    async def _get_updates(self, parameters: Json) -> Json:
        """One object. Two pollers split the messages [M]; there is nothing that confirms [O]."""
        self.asked_at.append(time.monotonic())
        self._stir()
        if self.webhook:  # "getUpdates does not work" then [O]; with which words is a GUESS
            raise ApiError(400, "getUpdates is not available while a webhook is set", status=400)
        if not self._updates and self.replay and self._last:
            return self._last
        with contextlib.suppress(TimeoutError):
            await self.until(lambda: self._updates, min(float(parameters.get("timeout") or 30), self.patience))
        if not self._updates:
            raise ApiError(408, "Request timeout", status=self.idle_status)
        self._last = self._updates.popleft()
        return self._last

    async def _send_message(self, parameters: Json) -> Json:
        chat = self._chat(parameters)
        text, mode = _text(parameters, "text", least=1), parameters.get("parse_mode")
        if mode not in {None, "markdown", "html"}:
            raise ApiError(400, "parse_mode is invalid")
        return self._arrives(chat, "text", text, parse_mode=mode)

    async def _send_photo(self, parameters: Json) -> Json:
        chat = self._chat(parameters)
        return self._arrives(chat, "photo", _text(parameters, "caption"), url=_url(parameters, "photo"))

    async def _send_sticker(self, parameters: Json) -> Json:
        chat = self._chat(parameters)
        return self._arrives(chat, "sticker", "", url=_text(parameters, "sticker", least=1))

    async def _send_voice(self, parameters: Json) -> Json:
        """Private chats only; to a group it seems to succeed, and nothing arrives [O]."""
        chat, url = self._chat(parameters), _url(parameters, "voice_url")
        if not url.endswith(".aac"):
            raise ApiError(400, "voice_url must be an .aac file")
        if chat.group:
            return {"message_id": _new_id(), "date": _now_ms()}
        return self._arrives(chat, "voice", "", url=url)

    async def _send_chat_action(self, parameters: Json) -> None:
        chat = self._chat(parameters)
        if parameters.get("action") != "typing":  # upload_photo is "coming soon" [O]
            raise ApiError(400, "action is invalid")
        self.typing.append(chat.id)

    def _chat(self, parameters: Json) -> Chat:
        chat_id = str(parameters.get("chat_id") or "")
        if not chat_id:
            raise ApiError(400, "chat_id is required")
        chat = self._chats.get(chat_id)
        if chat is None or not chat.wrote:
            raise ApiError(404, "Chat not found")  # GUESS
        if chat.blocked:
            raise ApiError(400, "User has blocked the bot")  # GUESS
        return chat

    def _arrives(self, chat: Chat, kind: str, text: str, parse_mode: str | None = None, url: str | None = None) -> Json:
        month = f"{self.today:%Y-%m}"
        if self.sent_in[month] >= self.quota:
            raise ApiError(429, "Quota exceeded: monthly message limit of your plan")  # 429 is [O], the words a GUESS
        self.sent_in[month] += 1
        received = Received(_new_id(), kind, text, parse_mode, url)
        chat.inbox.append(received)
        self._measure(chat.id, received)
        return {"message_id": received.message_id, "date": _now_ms()}

    # ---- the webhook ----------------------------------------------------------------------------------------------

    async def _set_webhook(self, parameters: Json) -> Json:
        """HTTPS and a secret of 8 to 256 characters [O]. The URL is stored whatever the call to it comes to [M]."""
        url, secret = str(parameters.get("url") or ""), str(parameters.get("secret_token") or "")
        if not url.startswith("https://"):
            raise ApiError(400, "url must be https")
        if not 8 <= len(secret) <= 256:
            raise ApiError(400, "secret_token must be 8 to 256 characters")
        self.webhook = {"url": url, "secret_token": secret, "updated_at": _now_ms()}
        seen = await self._probe()
        kept = {name: seen[name] for name in ("ok", "status_code", "outcome", "hint") if name in seen}
        return {"url": url, "updated_at": self.webhook["updated_at"], "verification": kept}

    async def _get_webhook_info(self, _: Json) -> Json:
        if not self.webhook:
            raise ApiError(404, "Webhook not found", status=404)  # [M] as to the status
        return {"url": self.webhook["url"], "updated_at": self.webhook["updated_at"]}

    async def _test_webhook(self, _: Json) -> Json:
        if not self.webhook:
            raise ApiError(404, "Webhook not found", status=404)
        if time.monotonic() - self._tested_at < 60:  # 426, spelled errorCode (a developer's note)
            raise TestedTooOften
        self._tested_at = time.monotonic()
        return await self._probe()

    async def _delete_webhook(self, _: Json) -> Json:
        self.webhook = None
        return {"url": "", "updated_at": _now_ms()}

    async def _probe(self) -> Json:
        began = time.monotonic()
        status = await self._deliver(b"{}")
        taken = round((time.monotonic() - began) * 1000)
        if status is None:
            return {"ok": False, "outcome": "unreachable", "latency_ms": taken, "hint": "Check that the URL is public."}
        ok = 200 <= status < 300
        more = {} if ok else {"hint": "Your server refused the call; check its firewall."}
        return {"ok": ok, "outcome": "ok" if ok else "http_error", "status_code": status, "latency_ms": taken} | more

    def _body(self, event: Json) -> bytes:
        body = {"ok": True, "result": event} if self.webhook_is_wrapped else event
        return json.dumps(body, ensure_ascii=False).encode()

    async def _push(self) -> None:
        """Webhook calls, one after another. None is repeated: Zalo documents no retries."""
        while True:
            await self._deliver(await self._pushes.get())

    async def _deliver(self, body: bytes) -> int | None:
        assert self.webhook is not None
        public: str = self.webhook["url"]
        local = next((there for here, there in self._leads_to.items() if public.startswith(here)), None)
        status = await self._post(local, body) if local else None
        self.deliveries.append(Delivery(body, status))
        self._stir()
        return status

    async def _post(self, url: str, body: bytes) -> int | None:
        assert self.webhook is not None
        headers = {
            "X-Bot-Api-Secret-Token": self.webhook["secret_token"],
            "User-Agent": USER_AGENT,
            "Content-Type": "application/json",
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session,
                session.post(url, data=body, headers=headers) as answer,
            ):
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None

    # ---- orders over HTTP, for tests in another process -----------------------------------------------------------

    async def _play(self, request: web.Request) -> web.Response:
        orders: dict[str, Callable[..., Any]] = {
            "opens": self.opens,
            "founds": self.founds,
            "person_types": self.person_types,
            "person_sends_photo": self.person_sends_photo,
            "person_sends_sticker": self.person_sends_sticker,
            "person_sends_voice": self.person_sends_voice,
            "person_sends_link": self.person_sends_link,
            "blocks": self.blocks,
            "inbox": lambda chat_id: [vars(received) for received in self.inbox(chat_id)],
            "leads": self.leads,
            "fail_next": self.fail_next,
        }
        done = orders[request.match_info["order"]](**await request.json())
        return web.json_response(done)


# ---- what a call carries ------------------------------------------------------------------------------------------


async def _parameters(request: web.Request) -> Json:
    """Query, form, multipart or JSON [O]."""
    given: Json = dict(request.query)
    if request.content_type == "application/json" and (body := await request.read()):
        try:
            return given | dict(json.loads(body))
        except (ValueError, TypeError):
            raise ApiError(400, "Bad Request", status=400) from None
    return given | {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _text(parameters: Json, name: str, least: int = 0) -> str:
    text = parameters.get(name) or ""
    if not isinstance(text, str) or not least <= len(text.encode("utf-16-le")) // 2 <= LONGEST_TEXT:
        raise ApiError(400, f"{name} must be 1 to {LONGEST_TEXT} characters")
    return text


def _url(parameters: Json, name: str) -> str:
    url = _text(parameters, name, least=1)
    if not url.startswith(("http://", "https://")):
        raise ApiError(400, f"{name} must be a URL")
    return url


def _new_id() -> str:
    """20 hexadecimal digits [M]."""
    return secrets.token_hex(10)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


# ---- faults -------------------------------------------------------------------------------------------------------


class TestedTooOften(ApiError):
    """testWebhook was called again too soon."""

    __test__ = False  # not pytest's

    def __init__(self) -> None:
        super().__init__(426, "testWebhook is called too often")

    def response(self) -> web.Response:
        """With its own spelling of the code."""
        return web.json_response({"ok": False, "message": self.description, "errorCode": self.code})


def _denied(
    _: web.Request, code: int = 400, description: str = "", status: int = 200, retry_after: int | None = None
) -> web.Response:
    more = {} if retry_after is None else {"parameters": {"retry_after": retry_after}}
    return ApiError(code, description, status, **more).response()


def _page(_: web.Request, status: int = 502, retry_after: int | None = None) -> web.Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    page = "<html><h1>nginx</h1></html>"
    return web.Response(status=status, text=page, content_type="text/html", headers=headers)


def _redirect(_: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "https://wifi.example.vn/login"})


def _cut_off(request: web.Request, **_: Any) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _hang_up(request: web.Request) -> web.Response:
    return _cut_off(request)


async def _lost_answer(_: web.Request) -> web.Response:
    await asyncio.Event().wait()  # until the caller hangs up
    raise AssertionError


async def _garbage(_: web.Request) -> web.Response:
    return web.Response(text="<html>Vui lòng đăng nhập Wi-Fi</html>", content_type="text/html")


async def _nameless(_: web.Request) -> web.Response:
    return web.json_response({"ok": True})


BEFOREHAND: dict[str, Callable[..., web.Response]] = {
    "denied": _denied,
    "page": _page,
    "redirect": _redirect,
    "cut_off": _cut_off,
}
AFTERWARDS: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = {
    "hang_up": _hang_up,
    "lost_answer": _lost_answer,
    "garbage": _garbage,
    "nameless": _nameless,
}


# ---- other threads, other processes -------------------------------------------------------------------------------


class InThread:
    """The server in a thread of its own, for a test that is not asynchronous or starts the product as a process.

    ``with InThread() as play: play.call(lambda server: server.person_types(huong, "việc"))``
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        async with ZaloServer(**self._options) as self._server:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(60):
            raise RuntimeError("the Zalo server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def base_url(self) -> str:
        """What the product takes as ``NHACVIEC_ZALO_BASE_URL``."""
        return self._server.base_url

    def call(self, order: Callable[[ZaloServer], T]) -> T:
        """Give an order in the server's own thread, and return what it returns."""

        async def obey() -> T:
            return order(self._server)

        return asyncio.run_coroutine_threadsafe(obey(), self._loop).result(10)

    def until(self, seen: Callable[[ZaloServer], object], seconds: float = 60) -> None:
        """Wait until ``seen(server)`` is true."""
        waiting = self._server.until(lambda: seen(self._server), seconds)
        asyncio.run_coroutine_threadsafe(waiting, self._loop).result(seconds + 5)


async def _main(port: int, token: str, replay: bool) -> None:
    async with ZaloServer(token, port=port, replay=replay) as server:
        print(f"NHACVIEC_ZALO_TOKEN={server.token}")  # noqa: T201
        print(f"NHACVIEC_ZALO_BASE_URL={server.base_url}", flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--replay", action="store_true", help="give the last update again at every poll")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(options.port, options.token, options.replay))

"""A small Telegram Bot API on this machine: real HTTP, the documented limits, and faults on demand.

It knows the methods the product uses (https://core.telegram.org/bots/api): getMe, getUpdates, deleteWebhook,
sendMessage, editMessageText, answerCallbackQuery. A test plays the people:

    async with TelegramServer() as server:
        server.person_types(7, "việc")
        await server.until(lambda: server.inbox(7))
        server.person_presses(7, "Xong 3")

From another thread or process: :class:`InThread`, or ``python -m tests.servers.telegram_server --port 0``, which
prints the base URL and takes the same orders over HTTP under ``/play/``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

from aiohttp import web

T = TypeVar("T")
Json = dict[str, Any]

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcU"
BOT_ID = int(TOKEN.partition(":")[0])

LONGEST_TEXT = 4096  # UTF-16 units after entity parsing, api#sendmessage
LONGEST_CALLBACK_DATA = 64  # bytes, api#inlinekeyboardbutton
MOST_UPDATES = 100  # api#getupdates

# https://core.telegram.org/bots/api#html-style
TAGS = frozenset(
    "b strong i em u ins s strike del span tg-spoiler tg-emoji a code pre blockquote".split()  # noqa: SIM905
)
# The only named entities; any other "&" stands for itself.
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
TAG = re.compile(r"<(/?)([a-zA-Z0-9-]*)((?:\s[^<>]*)?)>?")


class ApiError(Exception):
    """An answer with ``ok: false``."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def response(self) -> web.Response:
        """As Telegram writes it, api#making-requests."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return web.json_response(body, status=self.code)


@dataclass
class Received:
    """One message in a person's chat, as the phone shows it."""

    message_id: int
    text: str
    source: str  # as the bot sent it, with its tags
    parse_mode: str | None
    keyboard: list[list[Json]]
    link_preview: bool

    @property
    def buttons(self) -> list[list[str]]:
        """The labels, row by row."""
        return [[button["text"] for button in row] for row in self.keyboard]


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

    id: int
    inbox: list[Received] = field(default_factory=list)
    blocked: bool = False
    moved_to: int | None = None


class TelegramServer:
    """The server. Orders of a test are plain calls; they wake whoever waits."""

    def __init__(self, token: str = TOKEN, host: str = "127.0.0.1", port: int = 0) -> None:
        self.token = token
        self.asked: list[Json] = []  # the parameters of every getUpdates
        self.calls: list[str] = []  # the methods called, in order
        self.answered: list[str] = []  # callback queries whose spinner has stopped
        self.webhook_url = ""
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self._chats: dict[int, Chat] = {}
        self._updates: list[Json] = []
        self._faults: list[Fault] = []
        self._allowed: list[str] = []  # empty: all; sticks from one getUpdates to the next
        self._numbers = {"update": 70_000_000, "message": 100, "press": 5_000}
        self._stirred = asyncio.Event()
        self._polls = 0

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
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """What the product takes as ``telegram_base_url``; the token follows directly."""
        return f"http://{self._host}:{self._port}/bot"

    async def until(self, seen: Callable[[], object], seconds: float = 5) -> None:
        """Wait until ``seen()`` is true; raises ``TimeoutError`` when it stays false."""
        async with asyncio.timeout(seconds):
            while not seen():
                await self._stirred.wait()

    def _stir(self) -> None:
        stirred, self._stirred = self._stirred, asyncio.Event()
        stirred.set()

    # ---- what people do -------------------------------------------------------------------------------------------

    def opens(self, chat_id: int) -> Chat:
        """A person presses Start for the first time: before that the bot cannot write to them."""
        return self._chats.setdefault(chat_id, Chat(chat_id))

    def person_types(self, chat_id: int, text: str) -> int:
        """A person writes; returns the update id."""
        return self._happens("message", self._message(chat_id, {"text": text}))

    def person_sends(self, chat_id: int, kind: str, caption: str | None = None) -> int:
        """A person sends something that is not text: ``photo``, ``sticker`` or ``voice``."""
        thing: Json = {"file_id": "f1", "file_unique_id": "u1", "width": 90, "height": 90}
        extra: dict[str, Json] = {
            "photo": {"photo": [thing]},
            "sticker": {"sticker": thing | {"type": "regular", "is_animated": False, "is_video": False}},
            "voice": {"voice": {"file_id": "f1", "file_unique_id": "u1", "duration": 3}},
        }
        content = extra[kind] | ({"caption": caption} if caption else {})
        return self._happens("message", self._message(chat_id, content))

    def person_edits(self, chat_id: int, text: str) -> int:
        """A person changes what they wrote before."""
        return self._happens("edited_message", self._message(chat_id, {"text": text, "edit_date": int(time.time())}))

    def person_presses(self, chat_id: int, label: str) -> int:
        """A person presses the newest button with this label; returns the update id."""
        for received in reversed(self._chats[chat_id].inbox):
            for button in (button for row in received.keyboard for button in row):
                if button["text"] == label:
                    return self._press(chat_id, received, button)
        raise AssertionError(f"no button {label!r} in chat {chat_id}")

    def blocks(self, chat_id: int) -> None:
        """A person blocks the bot."""
        self.opens(chat_id).blocked = True

    def migrates(self, chat_id: int, new_chat_id: int) -> None:
        """A group becomes a supergroup, with another id."""
        self.opens(chat_id).moved_to = new_chat_id
        self.opens(new_chat_id)

    def inbox(self, chat_id: int) -> list[Received]:
        """What one person's phone shows from the bot, oldest first."""
        return self._chats[chat_id].inbox if chat_id in self._chats else []

    def happens(self, kind: str, content: Json) -> int:
        """Any other update, as it would stand in getUpdates; returns its id."""
        return self._happens(kind, content)

    def fail_next(self, kind: str, times: int = 1, method: str = "sendMessage", after: int = 0, **options: Any) -> None:
        """Let the next calls of a method fail, or those that come ``after`` so many.

        ``flood`` (retry_after=5): 429. ``server_error`` (status=502): a page of nginx, not JSON. ``lost_answer``: the
        call is obeyed, the answer never comes. ``hang_up``: obeyed, then the connection ends without an answer.
        ``bad_request`` (description=…): 400. ``conflict``: 409. ``garbage``: obeyed, answered with a web page.
        """
        self._faults.append(Fault(kind, times, method, after, options))

    def _press(self, chat_id: int, received: Received, button: Json) -> int:
        shown = self._message(chat_id, {"text": received.text}) | {"message_id": received.message_id}
        self._numbers["press"] += 1
        query = {
            "id": str(self._numbers["press"]),
            "from": _person(chat_id),
            "chat_instance": "1",
            "message": shown,
            "data": button["callback_data"],
        }
        return self._happens("callback_query", query)

    def _message(self, chat_id: int, content: Json) -> Json:
        self.opens(chat_id)
        self._numbers["message"] += 1
        return {
            "message_id": self._numbers["message"],
            "date": int(time.time()),
            "chat": {"id": chat_id, "type": "private" if chat_id > 0 else "group", "first_name": "Người dân"},
            "from": _person(chat_id),
        } | content

    def _happens(self, kind: str, content: Json) -> int:
        self._numbers["update"] += 1
        if not self._allowed or kind in self._allowed:
            self._updates.append({"update_id": self._numbers["update"], kind: content})
        self._stir()
        return self._numbers["update"]

    # ---- requests -------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            method = self._method(request)
            parameters = await _parameters(request)
            self.calls.append(request.match_info["method"])
            fault = self._fault(request.match_info["method"])
            if fault and fault.kind not in AFTERWARDS:
                return BEFOREHAND[fault.kind](**fault.options)
            result = await method(parameters)
        except ApiError as error:
            return error.response()
        finally:
            self._stir()
        if fault:
            return await AFTERWARDS[fault.kind](request)
        return web.json_response({"ok": True, "result": result})

    def _method(self, request: web.Request) -> Callable[[Json], Awaitable[Any]]:
        if request.match_info["token"] != self.token:
            raise ApiError(401, "Unauthorized")
        known = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "sendmessage": self._send_message,
            "editmessagetext": self._edit_message_text,
            "answercallbackquery": self._answer_callback_query,
            "deletewebhook": self._delete_webhook,
        }
        try:
            return known[request.match_info["method"].lower()]
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

    async def _get_me(self, _: Json) -> Json:
        return {"id": BOT_ID, "is_bot": True, "first_name": "Nhắc Việc", "username": "nhacviec_bot"}

    async def _delete_webhook(self, _: Json) -> bool:
        self.webhook_url = ""
        return True

    async def _get_updates(self, parameters: Json) -> list[Json]:
        """api#getupdates: an offset confirms, and so forgets, everything below it."""
        self.asked.append(parameters)
        if self.webhook_url:
            hint = "use deleteWebhook to delete the webhook first"
            raise ApiError(409, f"Conflict: can't use getUpdates method while webhook is active; {hint}")
        self._allowed = parameters.get("allowed_updates", self._allowed)
        self._confirm(int(parameters.get("offset", 0)))
        self._polls += 1
        mine = self._polls
        self._stir()  # an older poll sees that it is no longer the only one
        try:
            await self.until(lambda: self._updates or mine != self._polls, float(parameters.get("timeout", 0)))
        except TimeoutError:
            return []
        if mine != self._polls:
            hint = "terminated by other getUpdates request; make sure that only one bot instance is running"
            raise ApiError(409, f"Conflict: {hint}")
        return self._updates[: int(parameters.get("limit", MOST_UPDATES))]

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._updates = self._updates[offset:]
        else:
            self._updates = [update for update in self._updates if update["update_id"] >= offset]

    async def _send_message(self, parameters: Json) -> Json:
        chat = self._chat(parameters)
        received = Received(0, *_readable(parameters), _keyboard(parameters), _previews(parameters))
        self._numbers["message"] += 1
        received.message_id = self._numbers["message"]
        chat.inbox.append(received)
        return _from_bot(chat, received)

    async def _edit_message_text(self, parameters: Json) -> Json:
        chat = self._chat(parameters)
        for received in chat.inbox:
            if received.message_id == int(parameters["message_id"]):
                received.text, received.source, received.parse_mode = _readable(parameters)
                received.keyboard = _keyboard(parameters)
                return _from_bot(chat, received)
        raise ApiError(400, "Bad Request: message to edit not found")

    async def _answer_callback_query(self, parameters: Json) -> bool:
        self.answered.append(str(parameters["callback_query_id"]))
        return True

    def _chat(self, parameters: Json) -> Chat:
        chat_id = str(parameters.get("chat_id", ""))
        if not chat_id:
            raise ApiError(400, "Bad Request: chat_id is empty")
        chat = self._chats.get(int(chat_id)) if re.fullmatch(r"-?\d+", chat_id) else None
        if chat is None:
            raise ApiError(400, "Bad Request: chat not found")
        if chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat.moved_to is not None:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, description, migrate_to_chat_id=chat.moved_to)
        return chat

    # ---- orders over HTTP, for tests in another process -----------------------------------------------------------

    async def _play(self, request: web.Request) -> web.Response:
        orders: dict[str, Callable[..., Any]] = {
            "opens": lambda chat_id: self.opens(chat_id).id,
            "person_types": self.person_types,
            "person_sends": self.person_sends,
            "person_presses": self.person_presses,
            "blocks": self.blocks,
            "inbox": lambda chat_id: [
                {"message_id": r.message_id, "text": r.text, "buttons": r.buttons} for r in self.inbox(chat_id)
            ],
            "fail_next": self.fail_next,
        }
        done = orders[request.match_info["order"]](**await request.json())
        return web.json_response(done)


# ---- what a call carries ------------------------------------------------------------------------------------------


async def _parameters(request: web.Request) -> Json:
    """Query, form or JSON, api#making-requests; lists and objects inside a form are JSON of their own."""
    if request.content_type == "application/json":
        return dict(await request.json())
    given = {**request.query, **(await request.post())}
    return {name: _value(value) for name, value in given.items() if isinstance(value, str)}


def _value(text: str) -> Any:
    return json.loads(text) if text[:1] in {"[", "{"} and text[-1:] in {"]", "}"} and _is_json(text) else text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _readable(parameters: Json) -> tuple[str, str, str | None]:
    """The words after entity parsing, the source, and the mode; 400 for what Telegram refuses."""
    source = parameters.get("text", "")
    source = source if isinstance(source, str) else json.dumps(source)
    mode = parameters.get("parse_mode")
    text = (words_of_html(source) if mode == "HTML" else source).strip()
    if not text:
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise ApiError(400, "Bad Request: message is too long")
    return text, source, mode


def words_of_html(source: str) -> str:
    """What a phone shows of api#html-style; 400 for tags that are unknown, crossed or left open."""
    words, open_tags, at = [], list[str](), 0
    for tag in TAG.finditer(source):
        words.append(source[at : tag.start()])
        at = tag.end()
        offset = len(source[: tag.start()].encode())
        closing, name = bool(tag[1]), tag[2].lower()
        if not tag[0].endswith(">"):
            _cannot_parse(f"Unclosed start tag at byte offset {offset}")
        if not closing:
            if name not in TAGS:
                _cannot_parse(f'Unsupported start tag "{name}" at byte offset {offset}')
            open_tags.append(name)
        elif not open_tags:
            _cannot_parse(f"Unexpected end tag at byte offset {offset}")
        elif open_tags.pop() != name:
            _cannot_parse(f"Unmatched end tag at byte offset {offset}")
    if open_tags:
        _cannot_parse(f'Can\'t find end tag corresponding to start tag "{open_tags[-1]}"')
    return ENTITY.sub(lambda entity: unescape(entity[0]), "".join([*words, source[at:]]))


def _cannot_parse(why: str) -> NoReturn:
    raise ApiError(400, f"Bad Request: can't parse entities: {why}")


def _keyboard(parameters: Json) -> list[list[Json]]:
    rows: list[list[Json]] = parameters.get("reply_markup", {}).get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not button.get("text"):
            raise ApiError(400, "Bad Request: text buttons must have non-empty text")
        if not 1 <= len(button.get("callback_data", "").encode()) <= LONGEST_CALLBACK_DATA:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def _previews(parameters: Json) -> bool:
    return not parameters.get("link_preview_options", {}).get("is_disabled", False)


def _person(chat_id: int) -> Json:
    return {"id": abs(chat_id), "is_bot": False, "first_name": "Người dân"}


def _from_bot(chat: Chat, received: Received) -> Json:
    return {
        "message_id": received.message_id,
        "date": int(time.time()),
        "chat": {"id": chat.id, "type": "private"},
        "from": {"id": BOT_ID, "is_bot": True, "first_name": "Nhắc Việc"},
        "text": received.text,
    }


# ---- faults -------------------------------------------------------------------------------------------------------


def _flood(retry_after: int = 5) -> web.Response:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after).response()


def _server_error(status: int = 502) -> web.Response:
    return web.Response(status=status, text="<html><h1>nginx</h1></html>", content_type="text/html")


def _bad_request(description: str = "something is wrong") -> web.Response:
    return ApiError(400, f"Bad Request: {description}").response()


def _conflict() -> web.Response:
    return ApiError(409, "Conflict: terminated by other getUpdates request").response()


async def _lost_answer(_: web.Request) -> web.Response:
    await asyncio.Event().wait()  # until the caller hangs up
    raise AssertionError


async def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _garbage(_: web.Request) -> web.Response:
    return web.Response(text="<html>Vui lòng đăng nhập Wi-Fi</html>", content_type="text/html")


BEFOREHAND: dict[str, Callable[..., web.Response]] = {
    "flood": _flood,
    "server_error": _server_error,
    "bad_request": _bad_request,
    "conflict": _conflict,
}
AFTERWARDS: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = {
    "lost_answer": _lost_answer,
    "hang_up": _hang_up,
    "garbage": _garbage,
}


# ---- other threads, other processes -------------------------------------------------------------------------------


class InThread:
    """The server in a thread of its own, for a test that is not asynchronous or starts the product as a process.

    ``with InThread() as play: play.call(lambda server: server.person_types(7, "việc"))``
    """

    def __init__(self, token: str = TOKEN) -> None:
        self._token = token
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        async with TelegramServer(self._token) as self._server:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the Telegram server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def base_url(self) -> str:
        """What the product takes as ``telegram_base_url``."""
        return self._server.base_url

    def call(self, order: Callable[[TelegramServer], T]) -> T:
        """Give an order in the server's own thread, and return what it returns."""

        async def obey() -> T:
            return order(self._server)

        return asyncio.run_coroutine_threadsafe(obey(), self._loop).result(10)

    def until(self, seen: Callable[[TelegramServer], object], seconds: float = 5) -> None:
        """Wait until ``seen(server)`` is true."""
        waiting = self._server.until(lambda: seen(self._server), seconds)
        asyncio.run_coroutine_threadsafe(waiting, self._loop).result(seconds + 5)


async def _main(port: int, token: str) -> None:
    async with TelegramServer(token, port=port) as server:
        print(server.base_url, flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--token", default=TOKEN)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(options.port, options.token))

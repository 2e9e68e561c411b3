"""What a call carries, and what Telegram refuses of it: lengths, entities, buttons."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any, NoReturn

from aiohttp import web

from tests.servers.telegram_server.answers import ApiError, Json

LONGEST_TEXT = 4096  # UTF-16 units after entity parsing, api#sendmessage
LONGEST_CAPTION = 1024  # api#sendphoto
LONGEST_CALLBACK_DATA = 64  # bytes, api#inlinekeyboardbutton
MOST_BUTTONS = 100  # for one message, BotFather's own limit

# https://core.telegram.org/bots/api#html-style
TAGS = frozenset(
    "b strong i em u ins s strike del span tg-spoiler tg-emoji a code pre blockquote".split()  # noqa: SIM905
)
# The only named entities; any other "&" stands for itself.
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
TAG = re.compile(r"<(/?)([a-zA-Z0-9-]*)((?:\s[^<>]*)?)>?")


async def parameters_of(request: web.Request) -> Json:
    """Query, form or JSON, api#making-requests; lists and objects inside a form are JSON of their own."""
    if request.content_type == "application/json":
        given = json.loads(await request.read() or b"{}")
        return {name: _value(value) if isinstance(value, str) else value for name, value in given.items()}
    given = {**request.query, **(await request.post())}
    files = {name: value.file.read() for name, value in given.items() if isinstance(value, web.FileField)}
    return files | {name: _value(value) for name, value in given.items() if isinstance(value, str)}


def _value(text: str) -> Any:
    if text[:1] in {"[", "{"} and text[-1:] in {"]", "}"}:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def is_true(value: object) -> bool:
    """A flag as a form or JSON writes it."""
    return str(value).lower() in {"true", "1", "yes"}


def readable(parameters: Json, name: str = "text", longest: int = LONGEST_TEXT) -> tuple[str, str, str | None]:
    """The words after entity parsing, the source, and the mode; 400 for what Telegram refuses."""
    source = parameters.get(name, "")
    source = source if isinstance(source, str) else json.dumps(source)
    mode = parameters.get("parse_mode")
    if mode not in (None, "", "HTML"):
        raise ApiError(400, "Bad Request: unsupported parse_mode")  # of this server: nobody here speaks Markdown
    text = (words_of_html(source) if mode == "HTML" else source).strip()
    if not text and name == "text":
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > longest:
        raise ApiError(400, f"Bad Request: message {'' if name == 'text' else name + ' '}is too long")
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


def keyboard_of(parameters: Json) -> list[list[Json]]:
    """The rows of buttons; 400 for labels and data that do not fit."""
    markup = parameters.get("reply_markup") or {}
    rows: list[list[Json]] = markup.get("inline_keyboard", []) if isinstance(markup, dict) else []
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise ApiError(400, "Bad Request: REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        if not button.get("text"):
            raise ApiError(400, "Bad Request: text buttons must have non-empty text")
        if not 1 <= len(button.get("callback_data", "").encode()) <= LONGEST_CALLBACK_DATA:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def previews(parameters: Json) -> bool:
    """False where the sender wants no preview of links; both ways of saying so."""
    options = parameters.get("link_preview_options") or {}
    return not (options.get("is_disabled", False) or is_true(parameters.get("disable_web_page_preview")))


def entities_of(text: str) -> list[Json]:
    """Commands and mentions as Telegram marks them in what people write."""
    found = []
    for match in re.finditer(r"(?<!\S)(/[A-Za-z0-9_]+(?:@[A-Za-z0-9_]+)?|@[A-Za-z0-9_]{5,})", text):
        kind = "bot_command" if match[0].startswith("/") else "mention"
        offset = len(text[: match.start()].encode("utf-16-le")) // 2
        found.append({"type": kind, "offset": offset, "length": len(match[0])})
    return found

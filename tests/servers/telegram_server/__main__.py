"""``python -m tests.servers.telegram_server [--port 8081]``: a Telegram to develop against, without Telegram.

The first line it prints is the base URL, for programs; the rest is for people.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from tests.servers.telegram_server import TOKEN, Limits, TelegramServer

HOW = """
In another terminal:

  export NHACVIEC_TELEGRAM_TOKEN={token}
  export NHACVIEC_TELEGRAM_BASE_URL={base_url}
  nhacviec run

To be a person on a phone (chat 7001):

  curl {root}/play/person_types -d '{{"chat_id": 7001, "text": "việc"}}'
  curl {root}/play/inbox -d '{{"chat_id": 7001}}'
  curl {root}/play/person_presses -d '{{"chat_id": 7001, "label": "Xong 3"}}'
  curl {root}/play/fail_next -d '{{"kind": "flood", "retry_after": 3}}'

Telegram's pace is enforced (30 a second, 1 a second for a chat, 20 a minute for a group), unless it was started with
--any-pace. Ctrl+C ends it."""


async def serve(port: int, token: str, limits: Limits | None) -> None:
    """Until Ctrl+C."""
    async with TelegramServer(token, port=port, limits=limits) as server:
        print(server.base_url, flush=True)  # noqa: T201
        root = server.base_url.removesuffix("/bot")
        print(HOW.format(token=token, base_url=server.base_url, root=root), flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--any-pace", action="store_true", help="refuse nobody for being too fast")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.port, options.token, None if options.any_pace else Limits()))

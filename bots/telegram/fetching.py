"""Photos and files that people sent (https://core.telegram.org/bots/api#getfile).

The address of a file holds the token: it is built here, used here, and shown to nobody.
"""

from __future__ import annotations

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bots.telegram.outcomes import outcome_of
from bots.telegram.transport import Transport
from engine.messages import Attachment, Fetched, File, Refused, Retry, Unknown

WITHIN = 60.0  # seconds for one file
AGAIN_AFTER = 30.0


async def fetch(ask: Bot, files: Transport, address: str, attachment: Attachment, most: int) -> Fetched:
    """The bytes of an attachment, at most ``most`` of them. ``address``: what stands before a file's path."""
    if attachment.size is not None and attachment.size > most:
        return _too_big(most)
    try:
        found = await ask.get_file(attachment.reference)
        if not found.file_path:  # the server offers none: above 20 MB, api#getfile
            return Refused("Telegram không cho bot tải tệp này (quá 20 MB)")
        status, content = await files.download(f"{address}/{found.file_path.lstrip('/')}", most, WITHIN)
    except BadRequest as error:
        return _refused(error)
    except TelegramError as error:
        return _not_now(error)
    if status != 200:  # the address is good for an hour; the next try asks for a new one
        return Retry("chưa tải được tệp từ Telegram", AGAIN_AFTER)
    return _too_big(most) if content is None else File(content)


def _refused(error: BadRequest) -> Fetched:
    said = error.message.lower()
    if "too big" in said:
        return Refused("Telegram không cho bot tải tệp này (quá 20 MB)")
    if "temporarily unavailable" in said:
        return Retry("tệp tạm thời chưa tải được từ Telegram", AGAIN_AFTER)
    return Refused("Telegram không còn giữ tệp này")


def _not_now(error: TelegramError) -> Fetched:
    """Nothing was changed by asking: what is unknown for a message is worth another try for a file."""
    outcome = outcome_of(error)
    match outcome:
        case Retry() | Refused():
            return outcome
        case Unknown():
            return Retry("mất kết nối khi tải tệp từ Telegram", AGAIN_AFTER)
        case _:
            raise AssertionError(outcome)


def _too_big(most: int) -> Refused:
    return Refused(f"tệp lớn hơn {most / 1_000_000:.0f} MB")

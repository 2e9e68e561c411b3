"""What an error of Telegram or of the network says about the message."""

from __future__ import annotations

import datetime as dt
import logging
import re

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bots.telegram.transport import BrokenOff, NeverLeft
from engine.messages import Outcome, Refused, Retry, Unknown

LOG = logging.getLogger(__name__)

_STATUS = re.compile(r"\((\d{3})\)")  # as the library words an error whose body it could not read: "Bad Gateway (502)"

TRY_LATER = 30.0
MENDED_BY_HAND = 3600.0  # a wrong token or refused content does not mend itself in a minute
TOO_FAST = "Telegram yêu cầu chờ vì gửi quá nhanh"

# What a 400 says when the address, not the text, is at fault; lower case, with what the standing office reads.
UNKNOWN_CHAT = "không tìm thấy cuộc trò chuyện này trên Telegram"
MAY_NOT_WRITE = "bot không có quyền gửi tin trong nhóm này"
NO_TOPIC = "chủ đề này của nhóm không còn hoặc đã đóng"
BAD_ADDRESS = {
    "chat not found": UNKNOWN_CHAT,
    "chat_id is empty": UNKNOWN_CHAT,
    "user not found": UNKNOWN_CHAT,
    "peer_id_invalid": UNKNOWN_CHAT,
    "group chat was deactivated": "nhóm đã bị xoá",
    "chat_write_forbidden": MAY_NOT_WRITE,
    "have no rights to send a message": MAY_NOT_WRITE,
    "not enough rights": MAY_NOT_WRITE,
    "message thread not found": NO_TOPIC,
    "topic_deleted": NO_TOPIC,
    "topic_closed": NO_TOPIC,
}
# What a 403 says, and how the standing office reads it.
WHY_FORBIDDEN = {
    "blocked": "người nhận đã chặn bot",
    "deactivated": "tài khoản Telegram của người nhận không còn hoạt động",
    "initiate conversation": "người nhận chưa bấm Start với bot",
    "kicked": "bot đã bị đưa ra khỏi nhóm",
    "not a member": "bot không còn trong nhóm",
}


def outcome_of(error: Exception) -> Outcome:
    """What came of a send. Refused speaks of the address only, as it closes the chat."""
    match error:
        case RetryAfter():
            return Retry(TOO_FAST, seconds_of(error), named=True)
        case TelegramError() if not isinstance(error, NeverLeft | TimedOut | BrokenOff) and not _was_answered(error):
            return _outcome_of_stranger(error)
        case Forbidden():
            return Refused(_why_forbidden(error))
        case ChatMigrated():
            return Refused("nhóm đã đổi địa chỉ nhiều lần")
        case InvalidToken():  # not the person's fault: nobody may be marked as unreachable for it
            LOG.error("Telegram không nhận token của bot. Hãy kiểm tra NHACVIEC_TELEGRAM_TOKEN hoặc tệp NHACVIEC_BOTS.")
            return Retry("Telegram không nhận token của bot", MENDED_BY_HAND)
        case BadRequest() if is_about_address(error):
            return Refused(_sign(error, BAD_ADDRESS))
        case BadRequest():
            LOG.error("Telegram không nhận nội dung tin: %s", error)
            return Retry("Telegram không nhận nội dung tin", MENDED_BY_HAND)
        case NetworkError():
            return _outcome_of_network(error)
        case TelegramError():
            return Unknown("Telegram trả lời không đọc được, chưa rõ tin đã tới hay chưa")
        case _:
            LOG.error("Lỗi lạ khi gửi qua Telegram", exc_info=error)
            return Unknown(f"lỗi lạ khi gửi ({type(error).__name__})")


def _outcome_of_stranger(error: TelegramError) -> Outcome:
    """A page that is not Telegram's: somebody in between has spoken (RFC 9110 section 15), never about a person.

    Turned away (3xx, 4xx) or refused before it was handled (503), it was not obeyed. A gateway that failed half way,
    or gave up waiting, may have passed it on; a 2xx may be Telegram's with a new face.
    """
    said = _STATUS.search(error.message)
    status = int(said[1]) if said else 0
    if (300 <= status < 500 and status != 408) or status == 503:
        return Retry("máy chủ Telegram đang trục trặc", TRY_LATER)
    if status:
        return Unknown("cổng Telegram trả lời lỗi, chưa rõ tin đã tới hay chưa")
    return Unknown("Telegram trả lời không đọc được, chưa rõ tin đã tới hay chưa")


def _outcome_of_network(error: NetworkError) -> Outcome:
    """What our transport raised says whether it left; any other is Telegram's own answer."""
    if isinstance(error, NeverLeft):
        return Retry("chưa kết nối được tới Telegram", TRY_LATER)
    if isinstance(error, TimedOut | BrokenOff):
        return Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")
    if "timeout" in error.message.lower():  # Telegram's own 504: it does not know either
        return Unknown("Telegram hết thời gian chờ, chưa rõ tin đã tới hay chưa")
    return Retry("máy chủ Telegram đang trục trặc", TRY_LATER)


def is_about_address(error: BadRequest) -> bool:
    """True when no text at all would be taken for this chat."""
    return bool(_sign(error, BAD_ADDRESS))


def seconds_of(error: RetryAfter) -> float:
    """``retry_after``, in seconds."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, dt.timedelta) else float(wait)


def _why_forbidden(error: Forbidden) -> str:
    return _sign(error, WHY_FORBIDDEN) or "Telegram từ chối gửi tới địa chỉ này"


def _was_answered(error: TelegramError) -> bool:
    """False when the library could not read the answer's body: it keeps that error as the cause."""
    return not isinstance(error.__cause__, TelegramError)


def _sign(error: TelegramError, signs: dict[str, str]) -> str:
    said = error.message.lower()
    return next((why for sign, why in signs.items() if sign in said), "")

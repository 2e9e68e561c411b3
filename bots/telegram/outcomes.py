"""What an error of Telegram or of the network says about the message."""

from __future__ import annotations

import datetime as dt
import logging

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
        case Forbidden():
            return Refused(_why_forbidden(error))
        case ChatMigrated():
            return Refused("nhóm đã đổi địa chỉ nhiều lần")
        case InvalidToken() if not _was_answered(error):  # a web page: something stands between us and Telegram
            return Retry("máy chủ Telegram đang trục trặc", TRY_LATER)
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


def _outcome_of_network(error: NetworkError) -> Outcome:
    """What our transport raised says whether it left; any other was answered, by Telegram or a gateway before it."""
    if isinstance(error, NeverLeft):
        return Retry("chưa kết nối được tới Telegram", TRY_LATER)
    if isinstance(error, TimedOut | BrokenOff):
        return Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")
    if "(504)" in error.message:  # a gateway gave up waiting: what stands behind it may well have obeyed
        return Unknown("cổng Telegram hết thời gian chờ, chưa rõ tin đã tới hay chưa")
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

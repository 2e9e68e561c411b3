"""What came of a send: one of the engine's four outcomes for every way in which Zalo and the network answer.

Retry means "certainly not delivered", Refused closes the person's chat, Unknown leaves it to the message's class
(DESIGN section 6). So Refused is given only for words about this one person, never for a code alone: a wrong token,
host or version must not mark a whole office as unreachable.
"""

from __future__ import annotations

import logging
import re

from bots.zalo.api import Denied, NeverLeft, NoAnswer, NotZalo
from engine.errors import NhacViecError
from engine.messages import Outcome, Refused, Retry, Unknown

LOG = logging.getLogger(__name__)

TRY_LATER = 30.0
SLOW_DOWN = 60.0  # after a 429 that names no time; the engine's own steps grow from there
MENDED_BY_HAND = 3600.0  # a wrong token, host or content does not mend itself in a minute
QUOTA_SPENT = 3600.0  # the month's messages are used up: ask again once an hour, the plan may be changed

NOT_OURS = "mạng hoặc địa chỉ máy chủ Zalo không đúng"
TOO_MUCH = "Zalo báo vượt hạn mức gửi"
MONTH_SPENT = "bot đã dùng hết số tin của gói trong tháng"

# ok:false by error_code [O: https://bot.zapps.me/docs/error-code/]. Zalo answered, so nothing was delivered, but for
# the codes of time: there Zalo itself does not know.
_OUTCOMES: dict[int, Outcome] = {
    # "bad path or API name" [O]; that a refused text gets it too is a GUESS. Either way not the person's fault.
    400: Retry("Zalo không nhận nội dung tin", MENDED_BY_HAND),
    # Token wrong or reset by its owner [O].
    401: Retry("Zalo không nhận token của bot", MENDED_BY_HAND),
    # "internal server error" [O], unlike anywhere else.
    403: Retry("máy chủ Zalo đang trục trặc", TRY_LATER),
    # No such method here; a chat that is not found says so in its description.
    404: Retry("Zalo không có lệnh gửi tin ở địa chỉ này", MENDED_BY_HAND),
    408: Unknown("Zalo hết thời gian chờ, chưa rõ tin đã tới hay chưa"),
    429: Retry(TOO_MUCH, SLOW_DOWN),
    500: Retry("máy chủ Zalo đang trục trặc", TRY_LATER),
    502: Retry("máy chủ Zalo đang trục trặc", TRY_LATER),
    503: Retry("máy chủ Zalo đang trục trặc", TRY_LATER),
    504: Unknown("Zalo hết thời gian chờ, chưa rõ tin đã tới hay chưa"),
}
_OTHERWISE = Retry("Zalo không nhận tin", MENDED_BY_HAND)

# Answers without Zalo's envelope, by HTTP status: somebody in between has spoken (RFC 9110 section 15).
_OUTCOMES_WITHOUT_ENVELOPE: dict[int, Outcome] = {
    408: Unknown("cổng mạng hết thời gian chờ, chưa rõ tin đã tới hay chưa"),
    429: Retry(TOO_MUCH, SLOW_DOWN),  # counted before anything was passed on
    503: Retry("máy chủ Zalo đang trục trặc", TRY_LATER),  # refused, by its definition, before it was handled
}
# 500: it failed half way. 502, 504 and the like: what stands behind the gateway may well have obeyed.
_GATEWAY = Unknown("cổng Zalo trả lời lỗi, chưa rõ tin đã tới hay chưa")
# 2xx: perhaps a sign-in page, perhaps Zalo with a new face.
_UNREADABLE = Unknown("Zalo trả lời không đọc được, chưa rõ tin đã tới hay chưa")
# 3xx and 4xx: another host, a proxy or a firewall turned the request away; it reached no bot.
_TURNED_AWAY = Retry(NOT_OURS, MENDED_BY_HAND)

# What a description says about this one person. GUESS, all of it: Zalo documents no such text and no captured one was
# found (2026-11); the words are those of python-zalo-bot's forebear and of Zalo's other APIs. To be settled with a
# real token. "bot has been blocked" must not match: that would be Zalo's verdict on us.
_PERSON = r"(?:user|recipient|receiver|người dùng|người nhận)"
_ABOUT_THE_PERSON: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (rf"{_PERSON}\b.{{0,30}}\b(?:block|chặn)|block\w*\s+by\s+(?:the\s+)?{_PERSON}", "người nhận đã chặn bot"),
        (
            r"not\s+(?:yet\s+)?interacted|never\s+interacted|initiate\s+conversation|chưa\s+(?:từng\s+)?tương\s+tác",
            "người nhận chưa nhắn tin cho bot lần nào",
        ),
        (rf"{_PERSON}\b.{{0,20}}\bdeactivated", "tài khoản Zalo của người nhận không còn hoạt động"),
        (r"bot\s+(?:was|is|has\s+been)\s+(?:kicked|removed)|not\s+(?:a\s+)?member", "bot đã bị đưa ra khỏi nhóm"),
        (
            rf"(?:chat|chat_id|conversation|{_PERSON})\b.{{0,20}}\b(?:not\s+found|not\s+exist|invalid|empty|required)"
            rf"|invalid\s+(?:chat|{_PERSON})",
            "không tìm thấy cuộc trò chuyện này trên Zalo",
        ),
    )
)
_NOT_ABOUT_A_PERSON = frozenset({401, 408, 429})
# A quota of the plan, not of the second. GUESS as above; the free plan has 3,000 messages a month [M].
_OF_THE_MONTH = re.compile(r"month|tháng|\bplan\b|package|gói|billing", re.IGNORECASE)


class ZaloTrouble(NhacViecError):
    """A call for the operator that Zalo did not grant; the sentence says why and what to do."""


def outcome_of(error: Exception) -> Outcome:
    """What an error says about the message."""
    match error:
        case NeverLeft():
            return Retry("chưa kết nối được tới Zalo", TRY_LATER)
        case NoAnswer():
            return Unknown("mất kết nối sau khi gửi, chưa rõ tin đã tới hay chưa")
        case Denied():
            return _outcome_of_denial(error)
        case NotZalo():
            return _outcome_without_envelope(error)
        case _:
            LOG.error("Lỗi lạ khi gửi qua Zalo", exc_info=error)
            return Unknown(f"lỗi lạ khi gửi ({type(error).__name__})")


def _outcome_of_denial(denied: Denied) -> Outcome:
    why = why_unreachable(denied)
    if why:
        return Refused(why)
    if denied.code == 429:
        return _slower(denied)
    outcome = _OUTCOMES.get(denied.code, _OTHERWISE)
    if denied.code == 401:
        LOG.error("Zalo không nhận token của bot. Hãy kiểm tra NHACVIEC_ZALO_TOKEN hoặc tệp NHACVIEC_BOTS.")
    elif isinstance(outcome, Retry) and outcome.seconds >= MENDED_BY_HAND:
        LOG.error("%s (%s)", outcome.reason, denied)
    return outcome


def _slower(denied: Denied) -> Retry:
    if denied.wait is not None:
        return Retry(TOO_MUCH, denied.wait, named=True)
    if is_quota_of_the_month(denied):
        LOG.error("Zalo báo bot đã hết hạn mức tin (%s). Các tin sẽ được gửi lại sau.", denied)
        return Retry(MONTH_SPENT, QUOTA_SPENT)
    return Retry(TOO_MUCH, SLOW_DOWN)


def _outcome_without_envelope(strange: NotZalo) -> Outcome:
    outcome = _OUTCOMES_WITHOUT_ENVELOPE.get(strange.status)
    if outcome is None:
        outcome = _UNREADABLE if strange.status < 300 else _GATEWAY if strange.status >= 500 else _TURNED_AWAY
    if isinstance(outcome, Retry) and strange.wait is not None:
        return Retry(outcome.reason, strange.wait, named=True)
    if outcome is _TURNED_AWAY:
        LOG.error("%s (%s). Hãy kiểm tra mạng và NHACVIEC_ZALO_BASE_URL.", _begun(NOT_OURS), strange)
    return outcome


def why_unreachable(denied: Denied) -> str | None:
    """Why this person cannot be written to, where the description is about this person; None otherwise."""
    if denied.code in _NOT_ABOUT_A_PERSON:
        return None
    return next((why for pattern, why in _ABOUT_THE_PERSON if pattern.search(denied.description)), None)


def is_quota_of_the_month(denied: Denied) -> bool:
    """True when the plan's messages are spent, so that no other chat fares better."""
    return denied.code == 429 and denied.wait is None and bool(_OF_THE_MONTH.search(denied.description))


def in_words(error: Exception) -> str:
    """The sentence for an operator whose call failed."""
    match error:
        case NeverLeft() | NoAnswer():
            return "Không kết nối được tới Zalo. Hãy kiểm tra mạng, proxy rồi thử lại."
        case Denied(code=401):
            return "Zalo không nhận token của bot. Hãy kiểm tra NHACVIEC_ZALO_TOKEN hoặc tệp NHACVIEC_BOTS."
        case Denied(code=426 | 429):
            return "Zalo báo gọi quá nhiều lần. Hãy chờ vài phút rồi thử lại."
        case NotZalo():
            return f"{_begun(NOT_OURS)} ({error}). Hãy kiểm tra mạng và NHACVIEC_ZALO_BASE_URL."
        case _:
            return f"Zalo không thực hiện ({error})."


def _begun(words: str) -> str:
    """As a sentence begins; ``capitalize`` would make "zalo" of Zalo."""
    return words[0].upper() + words[1:]

"""What can only be told by asking: the tokens, the webhooks, and whether this machine's clock is right."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from engine.answering import introduction
from engine.clock import Clock
from engine.errors import NhacViecError
from engine.findings import Finding, bad, ok, warn
from engine.messages import Channel
from engine.settings import Settings

ANSWER_WITHIN = 20.0  # seconds for one provider
OFF_BY = dt.timedelta(minutes=2)  # more, and "hạn hôm nay" is said at the wrong time


async def ask(settings: Settings, channels: Collection[Channel], clock: Clock) -> list[Finding]:
    """Everything the providers say. Never raises for what they or the network do."""
    asked = [_of_bot(settings, channel) for channel in channels]
    found = await asyncio.gather(_clock(settings, {channel.name for channel in channels}, clock), *asked)
    return [finding for those in found for finding in those]


# ---- the clock ------------------------------------------------------------------------------------------------------


async def _clock(settings: Settings, running: Collection[str], clock: Clock) -> list[Finding]:
    """The machine's clock against the date that a provider's server writes into every answer."""
    servers = [
        *([("Zalo", settings.zalo_base_url, settings.zalo_proxy)] if "zalo" in running else []),
        *([("Telegram", settings.telegram_base_url, settings.telegram_proxy)] if "telegram" in running else []),
    ]
    for name, url, proxy in servers:
        difference = await _difference(url, proxy, clock)
        if difference is not None:
            return [_judged(name, difference)]
    if not servers:
        return [ok("clock", "Chưa có mã bot nào: không có nơi để đối chiếu đồng hồ.")]
    return [warn("clock", "Chưa đối chiếu được đồng hồ với nhà cung cấp.", "Hãy kiểm tra mạng, proxy rồi làm lại.")]


async def _difference(url: str, proxy: str | None, clock: Clock) -> dt.timedelta | None:
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN), httpx.AsyncClient(proxy=proxy, timeout=10) as client:
            answer = await client.head(f"{parts.scheme}://{parts.netloc}/")
            return clock.now() - parsedate_to_datetime(answer.headers["Date"]).astimezone(dt.UTC)
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, KeyError, ValueError, TimeoutError, OSError):
        return None


def _judged(name: str, difference: dt.timedelta) -> Finding:
    seconds = round(abs(difference).total_seconds())
    if abs(difference) <= OFF_BY:
        return ok("clock", f"Đồng hồ của máy khớp với {name} (lệch {seconds} giây).")
    way = "nhanh" if difference > dt.timedelta(0) else "chậm"
    return bad(
        "clock",
        f"Đồng hồ của máy {way} {seconds} giây so với {name}: tin sẽ đi sai giờ.",
        "Hãy bật đặt giờ tự động của hệ điều hành (NTP).",
    )


# ---- the bots -------------------------------------------------------------------------------------------------------


async def _of_bot(settings: Settings, channel: Channel) -> list[Finding]:
    introduce, try_out = introduction(channel), getattr(channel, "try_out", None)
    if try_out is not None:
        return await _of_mail(try_out)
    if introduce is None:  # it runs in this process
        return []
    named = f"Bot {channel.name} ({channel.bot})"
    try:
        async with asyncio.timeout(ANSWER_WITHIN), AsyncExitStack() as connections:
            if isinstance(channel, AbstractAsyncContextManager):
                await connections.enter_async_context(channel)
            account = await introduce()
            name = getattr(account, "display_name", None) or account.name
            return [ok("tokens", f"{named} trả lời: {name}.")] + [f async for f in _webhook(settings, channel, named)]
    except NhacViecError as trouble:  # its words are for people, and hold no token
        return [bad("tokens", f"{named} không dùng được: {trouble}")]
    except TimeoutError:
        return [bad("tokens", f"{named} không trả lời trong {ANSWER_WITHIN:.0f} giây.", "Hãy kiểm tra mạng, proxy.")]


async def _of_mail(try_out: Callable[[], Awaitable[None]]) -> list[Finding]:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            await try_out()
    except NhacViecError as trouble:
        return [bad("mail", f"Kênh thư điện tử không dùng được: {trouble}")]
    except TimeoutError:
        return [bad("mail", f"Máy chủ thư không trả lời trong {ANSWER_WITHIN:.0f} giây.", "Hãy kiểm tra mạng.")]
    return [ok("mail", "Máy chủ thư nhận kết nối và tài khoản gửi.")]


async def _webhook(settings: Settings, channel: Any, named: str) -> AsyncIterator[Finding]:
    told = await channel.webhook_info()
    url = told.url if told else ""
    if settings.webhook_url is None:
        if url:
            yield bad(
                "webhook",
                f"{named} đang đưa tin tới một webhook, trong khi chương trình hỏi tin: sẽ không nhận được gì.",
                "Hãy đặt NHACVIEC_WEBHOOK_URL, hoặc bỏ webhook: nhacviec channels --drop-webhook.",
            )
        return
    if not url.startswith(settings.webhook_url.rstrip("/")):
        yield bad("webhook", f"{named} chưa đăng ký webhook của máy này.", "Hãy chạy lại nhacviec run để đăng ký.")
        return
    test = getattr(channel, "test_webhook", None)
    if test is None:
        for finding in _by_memory(told, named):
            yield finding
        return
    try:
        verified = await test()
    except NhacViecError as trouble:  # asked again within minutes, Zalo refuses
        yield warn("webhook", f"{named} chưa thử được webhook: {trouble}", "Hãy làm lại sau vài phút.")
        return
    if verified.ok:
        yield ok("webhook", f"{named} gọi được webhook của máy này.")
    else:
        why = verified.hint or verified.outcome or "không rõ vì sao"
        yield bad(
            "webhook", f"{named} không gọi được webhook: {why}.", "Hãy kiểm tra tường lửa, tên miền, chứng thư số."
        )


def _by_memory(told: Any, named: str) -> Iterator[Finding]:
    """What the provider remembers of its last tries."""
    if told.last_error:
        yield warn(
            "webhook",
            f"{named} lần gần nhất không đưa được tin: {told.last_error}. Còn {told.waiting} tin chờ đưa.",
            "Hãy kiểm tra tường lửa, tên miền, chứng thư số; tin chờ sẽ được đưa lại.",
        )
    else:
        yield ok("webhook", f"{named} đưa tin tới webhook của máy này, còn {told.waiting} tin chờ.")

"""``channels``: which bots run, how much of their month they have used, and whether their providers know them."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from data.database import reading
from engine.addresses import QUOTA_ZONE
from engine.answering import introduction
from engine.app import Product, build_again
from engine.cli import output
from engine.errors import NhacViecError
from engine.linking import room_on, users_of
from engine.messages import Channel, office_of
from engine.office import CHAT, MESSAGE, OFFICE, USAGE
from engine.rules.budget import SPARE_AT, WARN_AT
from engine.settings import read_settings


@dataclass(frozen=True, slots=True)
class Line:
    """One bot as the operator sees it."""

    channel: str
    bot: str
    office: str | None  # the one office it serves; None: every office
    people: int
    blocked: int
    failing: int
    sent_this_month: int
    budget: int | None
    unknown: int  # messages of which nobody knows whether they arrived
    note: str | None = None
    provider: str | None = None  # what the provider says, where it was asked


def channels(check: bool, drop_webhook: bool, as_json: bool) -> None:
    """Every bot, from the database; with ``check`` each provider is asked too."""
    product = build_again(read_settings())
    said = asyncio.run(_ask(product, drop_webhook)) if check or drop_webhook else {}
    with reading(product.engine) as connection:
        lines = [_line(connection, product, channel, said) for channel in product.channels]
    if as_json:
        output.as_json([asdict(line) for line in lines])
    else:
        _show(lines)
    if any((answer or "").startswith("không") for answer in said.values()):
        raise NhacViecError("Có kênh chưa dùng được. Hãy xem dòng ghi “không …” ở trên.")


def _line(connection: Connection, product: Product, channel: Channel, said: dict[tuple[str, str], str]) -> Line:
    here = (CHAT.c.channel == channel.name, CHAT.c.bot == channel.bot)
    blocked, failing = connection.execute(
        select(func.count(CHAT.c.blocked_at), func.count(CHAT.c.failing_since)).where(*here)
    ).one()
    now = product.clock.now()
    month = f"{now.astimezone(QUOTA_ZONE):%Y-%m}"
    used = connection.execute(
        select(USAGE.c.sent).where(USAGE.c.channel == channel.name, USAGE.c.bot == channel.bot, USAGE.c.month == month)
    ).scalar()
    unknown = connection.execute(
        select(func.count()).where(
            MESSAGE.c.channel == channel.name,
            MESSAGE.c.bot == channel.bot,
            MESSAGE.c.status == "unknown",
            MESSAGE.c.claimed_at > now - dt.timedelta(days=31),
        )
    ).scalar_one()
    budget: int | None = getattr(channel, "budget", None)
    notes = [
        _not_loaded(connection, office_of(channel)),
        room_on(connection, channel.name, channel.bot) if channel.name == "zalo" else None,
        _thin(used, budget),
    ]
    return Line(
        channel.name,
        channel.bot,
        office_of(channel),
        users_of(connection, channel.name, channel.bot),
        blocked,
        failing,
        used or 0,
        budget,
        unknown,
        " ".join(note for note in notes if note) or None,
        said.get((channel.name, channel.bot)),
    )


def _not_loaded(connection: Connection, office_id: str | None) -> str | None:
    if office_id is None or connection.execute(select(OFFICE.c.id).where(OFFICE.c.id == office_id)).first():
        return None
    return f"Chưa nạp cơ quan nào mã “{office_id}”: bot này chưa phục vụ ai. Hãy sửa tệp NHACVIEC_BOTS, hoặc nạp."


def _thin(used: int | None, budget: int | None) -> str | None:
    if budget is None or (used or 0) < WARN_AT * budget:
        return None
    share = (used or 0) / budget
    if share < SPARE_AT:
        return f"Đã dùng {share:.0%} hạn mức tin của tháng."
    return f"Đã dùng {share:.0%} hạn mức tin của tháng: lời nhắc sớm tạm không gửi qua bot này."


def _show(lines: list[Line]) -> None:
    own_bots = any(line.office for line in lines)
    for line in lines:
        month = f"{line.sent_this_month}/{line.budget} tin tháng này" if line.budget else ""
        troubles = [
            f"{line.blocked} người chặn" if line.blocked else "",
            f"{line.failing} kênh đang lỗi" if line.failing else "",
            f"{line.unknown} tin không rõ đã tới" if line.unknown else "",
        ]
        said = "; ".join(part for part in (f"{line.people} người nối", month, *troubles) if part)
        whose = f", cơ quan {line.office}" if line.office else ", mọi cơ quan" if own_bots else ""
        bot = line.channel if line.bot == line.channel else f"{line.channel} {line.bot}"
        output.line(f"{bot}{whose}: {said}.")
        for more in (line.provider and f"Nhà cung cấp: {line.provider.rstrip('.')}.", line.note):
            if more:
                output.line(f"  {more}")


# ---- asking the providers -----------------------------------------------------------------------------------------


async def _ask(product: Product, drop_webhook: bool) -> dict[tuple[str, str], str]:
    async with AsyncExitStack() as connections:
        for channel in product.channels:
            if isinstance(channel, AbstractAsyncContextManager):
                await connections.enter_async_context(channel)
        answers = await asyncio.gather(*(_answer(channel, drop_webhook) for channel in product.channels))
    return {(c.name, c.bot): answer for c, answer in zip(product.channels, answers, strict=True)}


async def _answer(channel: Any, drop_webhook: bool) -> str:
    introduce, try_out = introduction(channel), getattr(channel, "try_out", None)
    try:
        if try_out is not None:
            await try_out()
            return "máy chủ thư nhận kết nối và tài khoản gửi"
        if introduce is None:
            return "chạy trong máy"
        account = await introduce()
        if drop_webhook:
            await channel.delete_webhook()
        webhook = await channel.webhook_info()
    except NhacViecError as error:
        return f"không dùng được: {error}"
    named = getattr(account, "display_name", None) or account.name
    return f"{named}; " + (_webhook_in_words(webhook) if webhook and webhook.url else "nhận tin bằng cách hỏi")


def _webhook_in_words(webhook: Any) -> str:
    trouble = getattr(webhook, "last_error", None)
    verification = getattr(webhook, "verification", None)
    if verification is not None and not verification.ok:
        trouble = verification.hint or verification.outcome or "nhà cung cấp chưa gọi được"
    return f"webhook {webhook.url}" + (f" (lỗi gần nhất: {trouble})" if trouble else "")

"""``stand-in`` and ``link``: people and their addresses."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from data import journal
from data.upsert import upsert
from engine.app import Product, build
from engine.cli import output
from engine.cli.finding import find_person
from engine.errors import NhacViecError
from engine.office import CHAT, STAND_IN
from engine.settings import read_settings


def stand_in(person: str, substitute: str, first: str, last: str, decision: str, office: str | None) -> None:
    """Write a stand-in down."""
    first_day, last_day = output.day(first), output.day(last)
    if last_day < first_day:
        raise NhacViecError("Ngày kết thúc sớm hơn ngày bắt đầu. Hãy xem lại --from và --to.")
    product = build(read_settings())
    with product.engine.begin() as connection:
        one, other = find_person(connection, person, office), find_person(connection, substitute, office)
        if one.office_id != other.office_id or one.id == other.id:
            raise NhacViecError("Người thay phải là một người khác trong cùng cơ quan.")
        connection.execute(
            insert(STAND_IN).values(
                office_id=one.office_id,
                person_id=one.id,
                substitute_id=other.id,
                first_day=first_day,
                last_day=last_day,
                decision=decision,
            )
        )
        data = {"person": one.name, "substitute": other.name, "from": first, "to": last, "decision": decision}
        line = journal.Line("người vận hành", "stand_in", None, data)
        journal.append(connection, one.office_id, product.clock.now(), [line])
    output.line(
        f"Từ {first_day:%d/%m/%Y} đến hết {last_day:%d/%m/%Y}, {other.name} nhận tin thay {one.name} ({decision})."
    )


def link(person: str, channel: str, address: str, office: str | None) -> None:
    """Give a person an address; it takes the place of the simulator's."""
    product = build(read_settings())
    bot = bot_of(product, channel)
    with product.engine.begin() as connection:
        row = find_person(connection, person, office)
        taken = connection.execute(
            select(CHAT.c.person_id).where(CHAT.c.channel == channel, CHAT.c.bot == bot, CHAT.c.address == address)
        ).scalar()
        if taken not in (None, row.id):
            raise NhacViecError("Địa chỉ này đã nối với một cán bộ khác.")
        values = {
            "office_id": row.office_id,
            "person_id": row.id,
            "channel": channel,
            "bot": bot,
            "address": address,
            "linked_at": product.clock.now(),
        }
        connection.execute(delete(CHAT).where(CHAT.c.person_id == row.id, CHAT.c.channel == "simulator"))
        statement = upsert(connection, CHAT).values(**values)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["channel", "bot", "address"], set_={"blocked_at": None, "blocked_why": None}
            )
        )
    output.line(f"Đã nối {row.name} với {channel}.")


def bot_of(product: Product, channel: str) -> str:
    """The bot that serves a channel."""
    if channel not in product.channels:
        running = ", ".join(product.channels)
        raise NhacViecError(
            f"Kênh “{channel}” chưa được bật (đang bật: {running}). Telegram cần NHACVIEC_TELEGRAM_TOKEN trong .env."
        )
    return product.channels[channel].bot

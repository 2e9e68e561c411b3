"""The picture of the digest: what is on it, that everything fits, and how it travels on each channel."""

from __future__ import annotations

import datetime as dt
import re
import struct
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import font_roboto  # type: ignore[import-untyped]
import pytest

from bots import picture
from bots.telegram import Telegram, Timeouts
from bots.wording import plain
from bots.zalo import Zalo
from engine.messages import DigestLine, DigestMessage, Retry, Sent, UnitRate, Unknown, WeekCount
from tests.bots.telegram_story import HUONG, play
from tests.bots.test_zalo import HUONG as ZALO_HUONG
from tests.bots.test_zalo import play as play_zalo
from tests.servers.telegram_server import TelegramServer
from tests.servers.zalo_server import ZaloServer

DESK, SOCIAL = "Trung tâm Phục vụ hành chính công", "Phòng Văn hóa - Xã hội"
LONG_UNIT = "Ban Chỉ huy Phòng thủ dân sự, phòng cháy, chữa cháy và cứu nạn, cứu hộ phường Long Biên"
SHORT = DigestMessage(
    "Chủ tịch UBND xã",
    "UBND xã Mẫu",
    "2026-W11",
    dt.date(2026, 3, 9),
    dt.date(2026, 3, 15),
    4,
    2,
    1,
    (DigestLine("Báo cáo công tác CCHC quý I/2026", SOCIAL, dt.date(2026, 3, 10), 6),),
    1,
    (DigestLine("Báo cáo TTHC tháng 3/2026", DESK, dt.date(2026, 3, 17)),),
    1,
    0,
    0,
    (UnitRate(SOCIAL, 1, 1, 1), UnitRate(DESK, 3, 1, 0)),
    before=(WeekCount("2026-W09", 3, 0, 2), WeekCount("2026-W10", 5, 1, 0)),
)
LONG = replace(
    SHORT,
    overdue=tuple(
        DigestLine(
            f"Báo cáo kết quả rà soát, đơn giản hóa thủ tục hành chính và thực hiện cơ chế một cửa lần {n} " * 2,
            LONG_UNIT,
            dt.date(2026, 3, 10 - n),
            n,
        )
        for n in range(1, 6)
    ),
    overdue_total=12,
    units=tuple(UnitRate(f"{LONG_UNIT} số {n}", n, 1, 13 - n) for n in range(12)),
)


def texts(message: DigestMessage) -> list[Any]:
    """The words on the picture, in order, as elements."""
    return list(ElementTree.fromstring(picture.svg(message)).iter("{http://www.w3.org/2000/svg}text"))


def words(message: DigestMessage) -> list[str]:
    return [text.text for text in texts(message)]


# ---- what is on it --------------------------------------------------------------------------------------------------


def test_it_says_what_the_words_say_and_names_nobody() -> None:
    said = words(SHORT)
    assert said[:3] == ["UBND xã Mẫu", "Bản tin tuần 11/2026", "9/3/2026 – 15/3/2026"]
    assert "quá 6 ngày" in said
    assert "17/3" in said
    assert "33%" in said
    assert not any("Chủ tịch" in text for text in said)


def test_a_week_without_a_digest_is_a_dash_and_not_a_nought() -> None:
    said = words(SHORT)
    place = said.index("Đang quá hạn", said.index("So với bốn tuần trước"))
    assert said[place + 1 : place + 6] == ["–", "–", "2", "0", "1"]


def test_a_week_in_which_nothing_happened_has_a_picture_too() -> None:
    nothing = replace(SHORT, on_time=0, late=0, late_accepted=0, overdue=(), overdue_total=0, units=(), before=())
    assert words(nothing).count("0") == 6
    assert picture.png(nothing).startswith(b"\x89PNG")


def advances() -> dict[str, float]:
    """How wide the bold face draws each letter, in sizes: read out of the font file (OpenType cmap 4 and hmtx)."""
    font = Path(font_roboto.font_files["RobotoBold"]).read_bytes()
    count = struct.unpack_from(">H", font, 4)[0]
    tables = {font[at : at + 4]: struct.unpack_from(">II", font, at + 8) for at in range(12, 12 + 16 * count, 16)}
    units = struct.unpack_from(">H", font, tables[b"head"][0] + 18)[0]
    metrics = struct.unpack_from(">H", font, tables[b"hhea"][0] + 34)[0]
    cmap = tables[b"cmap"][0]
    subtables = [
        struct.unpack_from(">HHI", font, cmap + 4 + 8 * n) for n in range(struct.unpack_from(">H", font, cmap + 2)[0])
    ]
    four = next(cmap + at for _, _, at in subtables if struct.unpack_from(">H", font, cmap + at)[0] == 4)
    segments = struct.unpack_from(">H", font, four + 6)[0] // 2
    ends, rest = four + 14, four + 16 + 2 * segments
    widths: dict[str, float] = {}
    for n in range(segments):
        end = struct.unpack_from(">H", font, ends + 2 * n)[0]
        start = struct.unpack_from(">H", font, rest + 2 * n)[0]
        delta = struct.unpack_from(">H", font, rest + 2 * (segments + n))[0]
        place = rest + 2 * (2 * segments + n)
        offset = struct.unpack_from(">H", font, place)[0]
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = struct.unpack_from(">H", font, place + offset + 2 * (code - start))[0] if offset else code
            glyph = (glyph + delta) % 65536 if glyph or not offset else 0
            if glyph:
                width = struct.unpack_from(">H", font, tables[b"hmtx"][0] + 4 * min(glyph, metrics - 1))[0]
                widths[chr(code)] = width / units
    return widths


@pytest.mark.parametrize("message", [SHORT, LONG], ids=["short", "long"])
def test_no_line_runs_over_the_edge(message: DigestMessage) -> None:
    """Measured with the widths of the font itself, the bold one for everything: it is the wider."""
    widths = advances()
    for text in texts(message):
        size, x = float(text.get("font-size")), float(text.get("x"))
        width = size * sum(widths[letter] for letter in unicodedata.normalize("NFC", text.text))
        anchor = text.get("text-anchor")
        left = x - width / 2 if anchor == "middle" else x - width if anchor == "end" else x
        assert left >= 0, text.text
        assert left + width <= picture.WIDTH, text.text


def test_the_face_has_every_vietnamese_letter() -> None:
    vowels = [
        unicodedata.normalize("NFC", base + mark)
        for base in "aăâeêioôơuưy"
        for mark in "\u0300\u0301\u0303\u0309\u0323"
    ]
    letters = {*vowels, *"aăâeêioôơuưyđ", *"".join(vowels).upper(), *"AĂÂEÊIOÔƠUƯYĐ", *"–…“”%"}
    assert letters <= advances().keys()


def test_a_long_name_is_wrapped_and_only_titles_are_shortened() -> None:
    said = words(LONG)
    assert f"{LONG_UNIT} số 0" in " ".join(said)
    assert "và 4 đơn vị khác" in said
    assert sum(text.endswith(" …") for text in said) == 5
    assert "và 7 việc khác" in said


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        "A & B < C",
        '"/><image href="http://xau.example/a.png"/>',
        "Việc\x00\x1b[31m\ud800 đỏ",
        "]]>",
        "x" * 400,
    ],
)
def test_a_title_is_only_words(title: str) -> None:
    message = replace(SHORT, overdue=(replace(SHORT.overdue[0], title=title),))
    drawn = ElementTree.fromstring(picture.svg(message))
    assert {element.tag.rpartition("}")[2] for element in drawn.iter()} == {
        "svg", "defs", "pattern", "rect", "path", "text", "line",
    }  # fmt: skip
    assert picture.png(message).startswith(b"\x89PNG")


@pytest.mark.parametrize("message", [SHORT, LONG], ids=["short", "long"])
def test_it_is_as_wide_as_a_telephone_and_small_enough_to_send(message: DigestMessage) -> None:
    made = picture.png(message)
    width, height = struct.unpack(">II", made[16:24])
    assert width == 1080
    assert 1000 < height < 5000  # Telegram: width and height together 10,000 at most
    assert len(made) < 1_000_000


def test_nobody_else_waits_while_it_is_drawn() -> None:
    """Drawing holds an interpreter's lock for tenths of a second: it must be another interpreter's."""
    picture.png(replace(SHORT, office="UBND xã Một Mình"))
    assert "resvg_py" not in sys.modules


def test_two_readers_have_one_picture() -> None:
    assert picture.svg(replace(SHORT, person="Phó Chủ tịch")) == picture.svg(SHORT)


def test_nothing_on_it_depends_on_colour() -> None:
    """Each kind of bar has a filling of its own, and its number beside it."""
    fills = re.findall(r'<rect [^>]*fill="([^"]+)"[^>]*stroke="#1b1b1b"', picture.svg(SHORT))
    assert set(fills) == {picture.GREEN, "url(#striped)", "url(#hatched)"}


# ---- Telegram -------------------------------------------------------------------------------------------------------


def test_telegram_shows_it_with_the_words_below() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        outcome = await channel.send(str(HUONG), SHORT)
        [shown] = server.inbox(HUONG)
        assert shown.photo == picture.png(SHORT)
        assert shown.text == plain(SHORT)
        assert outcome == Sent(str(shown.message_id), plain(SHORT))

    play(story)


def test_words_too_long_for_a_caption_come_first() -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        outcome = await channel.send(str(HUONG), LONG)
        text, photo = server.inbox(HUONG)
        assert len(text.text) > 1024
        assert (text.text, text.photo) == (plain(LONG), None)
        assert (photo.text, photo.photo) == ("", picture.png(LONG))
        assert outcome == Sent(str(text.message_id), plain(LONG), 2)

    play(story)


@pytest.mark.parametrize("message", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("bad_request", {"description": "Bad Request: IMAGE_PROCESS_FAILED"}),
        ("server_error", {"status": 503}),
        ("server_error", {"status": 413}),
        ("flood", {"retry_after": 300}),
    ],
)
def test_telegram_refuses_the_picture_and_has_the_words(
    message: DigestMessage, fault: str, options: dict[str, Any]
) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next(fault, 9, "sendPhoto", **options)
        outcome = await channel.send(str(HUONG), message)
        shown = server.inbox(HUONG)
        if fault == "flood" and message is SHORT:  # asked to write nothing at all for five minutes: told so, later
            assert isinstance(outcome, Retry)
            assert (outcome.named, shown) == (True, [])
            return
        assert [one.text for one in shown] == [plain(message)]
        assert isinstance(outcome, Sent)

    play(story)


@pytest.mark.parametrize(("fault", "arrived"), [("hang_up", 1), ("server_error", 0)])
def test_a_picture_that_may_have_arrived_is_not_followed_by_its_words(fault: str, arrived: int) -> None:
    async def story(server: TelegramServer, channel: Telegram) -> None:
        server.fail_next(fault, 1, "sendPhoto")
        assert isinstance(await channel.send(str(HUONG), SHORT), Unknown)
        assert len(server.inbox(HUONG)) == arrived

    play(story, Timeouts(read=0.5))


def test_a_picture_that_cannot_be_drawn_leaves_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: DigestMessage) -> bytes:
        raise ValueError("no face")

    monkeypatch.setattr(picture, "png", breaks)

    async def story(server: TelegramServer, channel: Telegram) -> None:
        assert isinstance(await channel.send(str(HUONG), SHORT), Sent)
        assert [(one.text, one.photo) for one in server.inbox(HUONG)] == [(plain(SHORT), None)]

    play(story)


# ---- Zalo -----------------------------------------------------------------------------------------------------------

LINK = "https://nhacviec.xa.example/anh/x.png"


def test_zalo_has_the_words_and_then_the_address_of_the_picture() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        channel.picture_link = lambda message: LINK if message is SHORT else None
        outcome = await channel.send(ZALO_HUONG, SHORT)
        words, shown = server.inbox(ZALO_HUONG)
        assert (words.kind, words.text) == ("text", plain(SHORT))
        assert (shown.kind, shown.url) == ("photo", LINK)
        assert isinstance(outcome, Sent)
        assert (outcome.provider_id, outcome.parts) == (words.message_id, 2)  # two of the month's messages

    play_zalo(story)


def test_zalo_without_a_public_address_has_the_words_alone() -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        outcome = await channel.send(ZALO_HUONG, SHORT)
        assert [one.kind for one in server.inbox(ZALO_HUONG)] == ["text"]
        assert isinstance(outcome, Sent)
        assert outcome.parts == 1

    play_zalo(story)


@pytest.mark.parametrize("fault", ["page", "hang_up"])
def test_zalo_fails_at_the_picture_and_has_the_words(fault: str) -> None:
    async def story(server: ZaloServer, channel: Zalo) -> None:
        channel.picture_link = lambda _: LINK
        server.fail_next(fault, method="sendPhoto")
        outcome = await channel.send(ZALO_HUONG, SHORT)
        assert isinstance(outcome, Sent)
        assert server.inbox(ZALO_HUONG)[0].text == plain(SHORT)
        assert outcome.parts == (1 if fault == "page" else 2)  # what may have arrived is counted

    play_zalo(story)

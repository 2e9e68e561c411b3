"""A photo or file that came with "xong" is fetched afterwards and kept; what cannot be kept is told to its sender."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bots.telegram import Telegram
from data.evidence_files import EvidenceFiles
from data.journal import JOURNAL, verify
from data.rows import AnyRow
from engine import collect as step
from engine import receive
from engine.collect import GIVE_UP_AFTER, Collected, collect
from engine.messages import Attachment, Channel, Fetched, File, Inbound, Kind, Message, Outcome, Refused, Retry, Sent
from engine.office import EVIDENCE, MESSAGE
from engine.rules.files import LARGEST
from tests.servers.telegram_server import BOT_ID, TOKEN, TelegramServer
from tests.stories.conftest import OpenWorld
from tests.world import OFFICE_ID, OFFICER, World, one_task

PHOTO = b"\xff\xd8\xff\xe0" + b"a photo of a stamped page" * 40
PDF = b"%PDF-1.7\n" + b"Bien ban hop" * 40
MINUTE = dt.timedelta(minutes=1)


class Fetcher:
    """A channel that fetches: whatever ``has`` holds, after what ``fails`` says first."""

    name = bot = "simulator"

    def __init__(self, **has: bytes) -> None:
        self.has = has
        self.fails: list[Fetched | Exception] = []
        self.asked: list[tuple[Attachment, int]] = []
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, address: str, message: Message) -> Outcome:
        return Sent("1", "")

    async def fetch(self, attachment: Attachment, most: int) -> Fetched:
        self.asked.append((attachment, most))
        await asyncio.sleep(0)
        if self.meanwhile:
            await self.meanwhile()
        if self.fails:
            failed = self.fails.pop(0)
            if isinstance(failed, Exception):
                raise failed
            return failed
        return File(self.has[attachment.reference])


def photo(reference: str = "anh", **more: Any) -> Attachment:
    return Attachment(Kind.PHOTO, reference, **more)


def pdf(name: str = "bien-ban.pdf", reference: str = "tep") -> Attachment:
    return Attachment(Kind.FILE, reference, name, "application/pdf", len(PDF))


def sends(world: World, text: str, *attachments: Attachment, key: str = "k1") -> None:
    """The officer sends photos or files with these words, and is answered."""
    inbound = Inbound("simulator", "simulator", key, f"{OFFICE_ID}/{OFFICER}", text, attachments=attachments)
    with world.engine.begin() as connection:
        receive.store(connection, [inbound], world.clock.now())
    world.turn()


def collects(world: World, files: EvidenceFiles, *channels: Channel) -> Collected:
    return asyncio.run(collect(world.engine, channels, files, world.clock.now()))


def later(world: World, by: dt.timedelta) -> None:
    """Time passes; nothing else happens."""
    world.clock.move_to(world.clock.now() + by)


def rows(world: World) -> list[AnyRow]:
    return world.rows(select(EVIDENCE).order_by(EVIDENCE.c.id))


def the_row(world: World) -> AnyRow:
    [row] = rows(world)
    return row


def journal(world: World, *actions: str) -> list[tuple[str, dict[str, Any]]]:
    lines = world.rows(select(JOURNAL).where(JOURNAL.c.action.in_(actions)).order_by(JOURNAL.c.seq))
    return [(line.actor, json.loads(line.data)) for line in lines]


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    return EvidenceFiles(tmp_path / "minh-chung")


def reported_with(open_world: OpenWorld, *attachments: Attachment, **changes: Any) -> World:
    """The work is reported done with these; whatever was said about it has been read."""
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", **{"evidence": "file"} | changes)])
    sends(world, "xong 1", *attachments)
    world.phone(OFFICER).expect("HẠN HÔM NAY")
    world.phone(OFFICER).expect("Đã ghi nhận xong việc 1")
    return world


# ---- kept ---------------------------------------------------------------------------------------------------------


def test_a_photo_sent_with_xong_is_fetched_kept_and_written_down(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo(size=len(PHOTO)))
    fetcher = Fetcher(anh=PHOTO)

    assert collects(world, files, fetcher) == Collected(kept=1)

    row, sha256 = the_row(world), hashlib.sha256(PHOTO).hexdigest()
    assert (row.status, row.sha256, row.size, row.mime) == ("kept", sha256, len(PHOTO), "image/jpeg")
    assert row.fetch_after is None
    assert files.open(sha256) == PHOTO
    assert fetcher.asked == [(photo(size=len(PHOTO)), LARGEST)]
    kept = {"evidence": row.id, "kind": "photo", "sha256": sha256, "size": len(PHOTO), "mime": "image/jpeg"}
    assert journal(world, "evidence_kept") == [("engine", kept)]
    world.turn()
    world.everyone_silent()  # it was said when it came
    assert collects(world, files, fetcher) == Collected()


def test_several_files_of_one_message_are_all_kept(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo("a"), photo("b"), pdf())
    fetcher = Fetcher(a=PHOTO, b=PHOTO, tep=PDF)

    assert collects(world, files, fetcher) == Collected(kept=3)
    assert [row.mime for row in rows(world)] == ["image/jpeg", "image/jpeg", "application/pdf"]
    assert len({row.sha256 for row in rows(world)}) == 2  # the same photo is one file
    on_disk = [path for path in files.folder.rglob("*") if path.is_file()]
    assert len(on_disk) == 2
    assert not [path for path in on_disk if "bien-ban" in path.name]


def test_more_than_one_turns_worth_is_kept_in_several(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, *(photo(f"a{n}") for n in range(23)))
    fetcher = Fetcher(**{f"a{n}": PHOTO + bytes([n]) for n in range(23)})

    assert [collects(world, files, fetcher).kept for _ in range(3)] == [20, 3, 0]


# ---- not now ------------------------------------------------------------------------------------------------------


def test_what_fails_for_now_is_tried_again_later_and_later(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo())
    fetcher = Fetcher(anh=PHOTO)
    fetcher.fails = [
        Retry("bận"),
        Retry("bận"),
        RuntimeError("a defect"),
        Retry("bận", 7200),
        Retry("chờ", 5, named=True),
    ]
    waits = []
    for _ in range(5):
        assert collects(world, files, fetcher) == Collected(later=1)
        waits.append((the_row(world).fetch_after - world.clock.now()).total_seconds())
        assert collects(world, files, fetcher) == Collected()  # not before its time
        world.clock.move_to(the_row(world).fetch_after)

    assert waits == [60, 600, 3600, 7200, 5]
    assert collects(world, files, fetcher) == Collected(kept=1)
    assert (the_row(world).attempts, the_row(world).reason) == (6, None)
    assert len(fetcher.asked) == 6


def test_after_a_day_of_failures_it_is_given_up_and_said_in_working_hours(
    open_world: OpenWorld, files: EvidenceFiles
) -> None:
    world = reported_with(open_world, pdf())
    fetcher = Fetcher()
    fetcher.fails = [Retry("máy chủ Telegram đang trục trặc")] * GIVE_UP_AFTER
    done = []
    for _ in range(GIVE_UP_AFTER):
        done.append(collects(world, files, fetcher))
        if the_row(world).fetch_after:
            world.clock.move_to(the_row(world).fetch_after)

    assert done == [Collected(later=1)] * (GIVE_UP_AFTER - 1) + [Collected(refused=1)]
    assert (the_row(world).status, the_row(world).reason) == ("refused", "không tải được tệp")
    world.run_until("2026-03-26 07:29")
    world.everyone_silent()  # it was given up at night
    world.run_until("2026-03-26 07:30")
    world.phone(OFFICER).expect("Chưa lưu được tệp", "không tải được tệp – bien-ban.pdf")
    assert collects(world, files, fetcher) == Collected()


def test_a_channel_that_no_longer_runs_is_waited_for_then_named(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo())
    assert collects(world, files) == Collected(later=1)
    assert collects(world, files, world.simulator) == Collected()  # it has no fetch, and its time has not come
    with world.engine.begin() as connection:
        connection.execute(update(EVIDENCE).values(attempts=GIVE_UP_AFTER - 1, fetch_after=world.clock.now()))

    assert collects(world, files, world.simulator) == Collected(refused=1)
    world.turn()
    world.phone(OFFICER).expect("kênh đã nhận tệp không còn chạy")


def test_a_full_disk_is_tried_again(
    open_world: OpenWorld, files: EvidenceFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = reported_with(open_world, photo())
    fetcher = Fetcher(anh=PHOTO)

    def full(content: bytes) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(files, "keep", full)
        assert collects(world, files, fetcher) == Collected(later=1)
    later(world, MINUTE)
    assert collects(world, files, fetcher) == Collected(kept=1)


# ---- never --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attachment", "came", "why"),
    [
        (photo(), Refused("Telegram không còn giữ tệp này"), "Telegram không còn giữ tệp này"),
        (photo(), File(b"<html>"), "nội dung không phải loại tệp được nhận (ảnh, PDF, Word, Excel, PowerPoint)"),
        (photo(), File(b""), "nội dung không phải loại tệp được nhận (ảnh, PDF, Word, Excel, PowerPoint)"),
        (pdf(), File(b"MZ\x90\x00 a program"), "nội dung không phải loại tệp được nhận"),
        (pdf("anh.pdf"), File(PHOTO), "nội dung không phải loại tệp được nhận"),  # it is not what its name says
        (pdf(), File(PDF + b"\0" * LARGEST), "lớn hơn 20 MB – bien-ban.pdf"),  # though the channel promised less
        (pdf("bien\nban " + "dai " * 40 + ".pdf"), Refused("quá lớn"), "quá lớn – bien ban dai dai"),
    ],
)
def test_what_cannot_be_kept_is_told_to_whoever_sent_it(
    open_world: OpenWorld, files: EvidenceFiles, attachment: Attachment, came: Fetched, why: str
) -> None:
    world = reported_with(open_world, attachment)
    fetcher = Fetcher()
    fetcher.fails = [came]

    assert collects(world, files, fetcher) == Collected(refused=1)

    row = the_row(world)
    assert (row.status, row.sha256, row.fetch_after) == ("refused", None, None)
    assert why.startswith(row.reason.split(" (")[0])
    assert not files.folder.exists()
    world.turn()
    text = world.phone(OFFICER).expect("Chưa lưu được tệp vừa gửi", why)
    assert len(text) < 260
    assert [line["evidence"] for _, line in journal(world, "evidence_refused")] == [row.id]
    [message] = world.rows(select(MESSAGE).where(MESSAGE.c.key == f"file:{row.id}"))
    assert (message.kind, message.address) == ("answer", f"{OFFICE_ID}/{OFFICER}")
    assert world.occurrence("Kế hoạch").work_state == "done"  # not reopened


def test_the_journal_says_when_demanded_evidence_is_now_missing(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo("a"), photo("b"))
    fetcher = Fetcher(b=PHOTO)
    fetcher.fails = [Refused("hết hạn"), Retry("bận")]
    assert collects(world, files, fetcher) == Collected(later=1, refused=1)
    assert not journal(world, "evidence_missing")  # the other may still come

    later(world, MINUTE)
    fetcher.fails = [Refused("hết hạn")]
    assert collects(world, files, fetcher) == Collected(refused=1)
    assert journal(world, "evidence_missing") == [("engine", {"wanted": "file"})]
    world.turn()
    world.phone(OFFICER).put_aside()


@pytest.mark.parametrize(("evidence", "words"), [("none", "xong 1"), ("document", "xong 1 số 12/BC-UBND")])
def test_a_lost_file_that_nobody_demanded_is_not_missed(
    open_world: OpenWorld, files: EvidenceFiles, evidence: str, words: str
) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", evidence=evidence)])
    sends(world, words, photo())
    fetcher = Fetcher()
    fetcher.fails = [Refused("hết hạn")]

    assert collects(world, files, fetcher) == Collected(refused=1)
    assert not journal(world, "evidence_missing")
    world.ignore_rest()


def test_of_secret_work_no_file_name_is_repeated(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = open_world("2026-03-25 07:30", [one_task("2026-03-25", secret=True)])
    sends(world, "xong 1", pdf("ke-hoach-mat.pdf"))
    world.phone(OFFICER).put_aside()
    fetcher = Fetcher()
    fetcher.fails = [Refused("quá lớn")]

    collects(world, files, fetcher)
    world.turn()
    assert "mat.pdf" not in world.phone(OFFICER).expect("Chưa lưu được tệp vừa gửi: quá lớn.")
    assert "mat.pdf" not in json.dumps(journal(world, "evidence_refused"))


# ---- two at once, crashes, second thoughts -------------------------------------------------------------------------


def test_two_collectors_at_once_fetch_each_file_once(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, *(photo(f"a{n}") for n in range(8)))
    fetcher = Fetcher(**{f"a{n}": PHOTO for n in range(8)})

    async def both() -> tuple[Collected, Collected]:
        now = world.clock.now()
        return await asyncio.gather(
            collect(world.engine, [fetcher], files, now), collect(world.engine, [fetcher], files, now)
        )

    first, second = asyncio.run(both())
    assert first.kept + second.kept == 8
    assert len(fetcher.asked) == 8


def test_a_collector_that_dies_repeats_harmlessly_after_its_claim(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo())
    dying, living = Fetcher(anh=PHOTO), Fetcher(anh=PHOTO)

    async def dies() -> None:
        raise asyncio.CancelledError

    dying.meanwhile = dies
    with pytest.raises(asyncio.CancelledError):
        collects(world, files, dying)
    later(world, 9 * MINUTE)
    assert collects(world, files, living) == Collected()
    later(world, MINUTE)
    assert collects(world, files, living) == Collected(kept=1)
    assert the_row(world).attempts == 2


def test_a_slow_collector_changes_nothing_that_another_settled(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo())
    slow, quick = Fetcher(), Fetcher(anh=PHOTO)
    slow.fails = [Refused("hết hạn")]

    async def another() -> None:  # the claim has run out, and somebody else was quicker
        now = world.clock.now() + step.CLAIM
        assert await collect(world.engine, [quick], files, now) == Collected(kept=1)

    slow.meanwhile = another
    assert collects(world, files, slow) == Collected(moot=1)
    assert the_row(world).status == "kept"
    assert not journal(world, "evidence_refused")
    world.turn()
    world.everyone_silent()


def test_what_was_taken_back_meanwhile_stays_so(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo())
    fetcher = Fetcher(anh=PHOTO)

    async def undone() -> None:
        with world.engine.begin() as connection:
            connection.execute(update(EVIDENCE).values(status="withdrawn"))

    fetcher.meanwhile = undone
    assert collects(world, files, fetcher) == Collected(moot=1)
    assert (the_row(world).status, the_row(world).sha256) == ("withdrawn", None)


# ---- Telegram -----------------------------------------------------------------------------------------------------


def test_from_telegram_over_real_http(open_world: OpenWorld, files: EvidenceFiles) -> None:
    world = reported_with(open_world, photo("a"), pdf(), photo("gone"))

    async def story() -> tuple[Collected, Collected]:
        async with TelegramServer() as server, Telegram(TOKEN, server.base_url) as channel:
            server.person_sends(7001, "photo", content=PHOTO)
            server.person_sends(7001, "document", content=PDF, name="bien-ban.pdf", mime="application/pdf")
            references = list(server.files)
            with world.engine.begin() as connection:
                for row, reference in zip(rows(world), [*references, "file-of-nobody"], strict=True):
                    connection.execute(
                        update(EVIDENCE)
                        .where(EVIDENCE.c.id == row.id)
                        .values(channel="telegram", bot=str(BOT_ID), reference=reference, size=None)
                    )
            server.fail_next("server_error", method="getFile", times=3)
            now = world.clock.now()
            first = await collect(world.engine, [channel], files, now)
            return first, await collect(world.engine, [channel], files, now + MINUTE)

    first, second = asyncio.run(story())
    assert (first, second) == (Collected(later=3), Collected(kept=2, refused=1))
    assert [files.open(row.sha256) for row in rows(world)[:2]] == [PHOTO, PDF]
    assert rows(world)[2].reason == "Telegram không còn giữ tệp này"
    with world.engine.begin() as connection:
        assert verify(connection, OFFICE_ID).broken_at is None
    later(world, MINUTE)
    world.turn()
    world.phone(OFFICER).expect("Chưa lưu được tệp vừa gửi: Telegram không còn giữ tệp này.")

"""What an installation does for itself once a day: a backup, and letting go of old drafts and old words."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable

from sqlalchemy import Engine

from data.database import explained
from engine.backup import back_up, is_due
from engine.clock import CIVIL
from engine.errors import NhacViecError
from engine.move import broken
from engine.settings import Settings
from engine.tidy import kept_since, let_go_of_drafts, tidy_all

log = logging.getLogger("nhacviec")
LOOK_EVERY = 300.0  # seconds


class Chores:
    """The daily chores. A machine that was off at the usual hour does them when it is on again."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings
        self._tidied_on: dt.date | None = None

    async def go_on(self, clock: Callable[[], dt.datetime]) -> None:
        """Look every five minutes, until cancelled; nothing waits for it."""
        while True:
            try:
                with explained(self._settings.database):
                    await asyncio.to_thread(self.look, clock())
            except (NhacViecError, OSError) as trouble:
                log.error("%s", trouble)
            except Exception:
                log.exception("Sao lưu hoặc dọn tin cũ gặp lỗi ngoài dự kiến; lát nữa sẽ thử lại.")
            await asyncio.sleep(LOOK_EVERY)

    def look(self, now: dt.datetime) -> None:
        """Do what is due. It may take minutes on a large database: not for the thread that sends.

        :raises NhacViecError: the backup failed; then nothing is let go of either.
        """
        self._back_up(now)
        self._tidy(now)

    def _back_up(self, now: dt.datetime) -> None:
        settings = self._settings
        if settings.backups is None or not is_due(settings.backups, settings.backup_at, now):
            return
        made = back_up(
            settings.database, settings.evidence, settings.backups, now, keep=settings.backup_keep, zipped=True
        )
        log.info("Đã sao lưu %s (%d dòng).", made.file, sum(made.rows.values()))
        for said in broken(made.heads):
            log.error("%s", said)

    def _tidy(self, now: dt.datetime) -> None:
        months, today = self._settings.keep_months, now.astimezone(CIVIL).date()
        if self._tidied_on == today:
            return
        with self._engine.begin() as connection:
            drafts = let_go_of_drafts(connection, now)
        if drafts:
            log.info("Đã xoá %d bản nháp kế hoạch cũ; nhiệm vụ đã nạp vẫn giữ nguyên.", drafts)
        if months is not None:
            done = tidy_all(self._engine, kept_since(now, months), now, actor="engine")
            if done.messages or done.replies:
                log.info("Đã xoá nội dung %d tin đã gửi và %d tin nhận cũ.", done.messages, done.replies)
        self._tidied_on = today

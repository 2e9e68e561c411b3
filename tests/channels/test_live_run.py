"""``nhacviec run`` as it stands on an office's machine: people write, are answered at once, and it may die any time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.channels.live import ON_TELEGRAM, Commune, Running
from tests.servers import telegram_server, zalo_server
from tests.servers.telegram_server import TelegramServer
from tests.servers.zalo_server import ZaloServer
from tests.timing import in_time, once_in_three
from tests.world import DESK_OFFICER, OFFICER

AT_ONCE = 3.0  # seconds
PATIENCE = 60.0  # seconds until it is not going to happen any more


class Phones:
    """The officer's telephone on Telegram and the desk officer's on Zalo, and the servers behind them."""

    def __init__(self, telegram: telegram_server.InThread, zalo: zalo_server.InThread) -> None:
        self.telegram, self.zalo = telegram, zalo
        self.on_zalo = zalo.call(lambda server: server.opens("Cán bộ Trung tâm"))

    def write(self, telegram: str, zalo: str) -> None:
        self.telegram.call(lambda server: server.person_types(ON_TELEGRAM, telegram))
        self.zalo.call(lambda server: server.person_types(self.on_zalo, zalo))

    def read(self, words: str, seconds: float = PATIENCE) -> float:
        """Both read these words, the seconds it took."""
        began = time.monotonic()
        try:
            self.telegram.until(lambda server: self._shown(self._of_telegram(server), words), seconds)
            self.zalo.until(lambda server: self._shown(self._of_zalo(server), words), seconds)
        except TimeoutError:
            screens = self.telegram.call(self._of_telegram), self.zalo.call(self._of_zalo)
            raise AssertionError(f"{words!r} after {seconds} s on one of these only, or on none: {screens}") from None
        return time.monotonic() - began

    def count(self, words: str) -> tuple[int, int]:
        """How many messages on each have these words."""
        return (
            self.telegram.call(lambda server: self._shown(self._of_telegram(server), words)),
            self.zalo.call(lambda server: self._shown(self._of_zalo(server), words)),
        )

    @staticmethod
    def _shown(texts: list[str], words: str) -> int:
        return sum(words in text for text in texts)

    @staticmethod
    def _of_telegram(server: TelegramServer) -> list[str]:
        return [received.text for received in server.inbox(ON_TELEGRAM)]

    def _of_zalo(self, server: ZaloServer) -> list[str]:
        return [received.text for received in server.inbox(self.on_zalo)]


@contextmanager
def two_phones() -> Iterator[Phones]:
    with telegram_server.InThread() as telegram, zalo_server.InThread() as zalo:
        yield Phones(telegram, zalo)


def linked(commune: Commune, phones: Phones, look: bool = True) -> None:
    """Both type their codes, and ask for their work, whose number they learn so."""
    phones.write(f"/start {commune.codes[OFFICER]}", commune.codes[DESK_OFFICER])
    phones.read("Đã liên kết với")
    if look:
        phones.write("việc", "việc")
        in_time(phones.read("Việc đang mở:\n1. "), AT_ONCE)


@once_in_three
def test_people_are_answered_at_once_and_a_stop_takes_no_time(tmp_path: Path) -> None:
    commune = Commune(tmp_path)
    with two_phones() as phones:
        with Running(commune, phones.telegram, phones.zalo) as running:
            linked(commune, phones)
            phones.write("xong 1", "xong 1")
            in_time(phones.read("Đã ghi nhận xong việc 1"), AT_ONCE)
            code, took = running.stop()  # both polls would wait for another 25 seconds
        assert code == 0, running.printed
        assert "Traceback" not in running.printed
        assert phones.count("Đã ghi nhận") == (1, 1)
        in_time(took, 5)


@once_in_three
def test_killed_and_started_again_it_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    with two_phones() as phones:
        _killed_and_started_again(Commune(tmp_path), phones)


def _killed_and_started_again(commune: Commune, phones: Phones) -> None:
    with Running(commune, phones.telegram, phones.zalo) as running:
        linked(commune, phones)
        phones.write("đang làm 1", "đang làm 1")
        phones.read("Đã ghi nhận đang làm việc 1")
        running.kill()
        phones.write("xong 1", "xong 1")  # nobody listens
    with Running(commune, phones.telegram, phones.zalo) as again:
        phones.read("Đã ghi nhận xong việc 1")
        code, _ = again.stop()
    assert code == 0, again.printed
    assert phones.count("Đã liên kết với") == (1, 1)
    assert phones.count("Đã ghi nhận đang làm việc 1") == (1, 1)
    assert phones.count("Đã ghi nhận xong việc 1") == (1, 1)


@once_in_three
def test_a_wait_of_one_second_that_zalo_names_is_one_of_seconds(tmp_path: Path) -> None:
    commune = Commune(tmp_path)
    with two_phones() as phones, Running(commune, phones.telegram, phones.zalo, TURN_SECONDS="30"):
        linked(commune, phones, look=False)
        phones.zalo.call(lambda server: server.fail_next("denied", code=429, retry_after=1))
        phones.write("trợ giúp", "trợ giúp")
        in_time(phones.read("Đồng chí có thể nhắn"), AT_ONCE)

"""The log: lines or JSON, and nothing secret in either, whoever wrote the record and wherever the secret stood."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from engine.logs import Kind, configure, secrets_of
from engine.settings import Settings

TOKEN = "2718281828459:k~Xw.P-q_RzTuVw"  # no filter would know this for a secret by its shape
SHAPED = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
PASSWORD = "Mat-khau/thu+2026="
HEARTBEAT = "5f1c7a52-9a0e-4c1e-bf0a-9c2d5f3b1a77"
SECRETS = (TOKEN, TOKEN.partition(":")[2], SHAPED.partition(":")[2], PASSWORD, HEARTBEAT)


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    root = logging.root
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in list(root.manager.loggerDict)}
    for name in ("nhacviec", "uvicorn.error"):  # whatever a test before this one has left behind
        logging.getLogger(name).setLevel(logging.NOTSET)
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def logged(kind: Kind, *secrets: str) -> io.StringIO:
    stream = io.StringIO()
    configure(kind, secrets or (TOKEN, TOKEN.partition(":")[2], PASSWORD, HEARTBEAT), stream)
    return stream


def raise_with(words: str) -> None:
    raise ConnectionError(words)


def say_everything(log: logging.Logger) -> None:
    """A secret in every part of a record."""
    log.warning("words %s", TOKEN)
    log.warning(f"https://bot-api.zaloplatforms.com/bot{TOKEN}/sendMessage")
    log.warning("telegram %(it)s", {"it": SHAPED})
    log.warning("an object %r", {"password": PASSWORD})
    log.warning("beside", extra={"url": f"https://hc.example/{HEARTBEAT}", "deep": {"a": [PASSWORD]}})
    try:
        raise_with(f"no route to /bot{TOKEN} with {PASSWORD}")
    except ConnectionError:
        log.exception("trouble with %s", HEARTBEAT)
    log.warning("where", stack_info=True)


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize("name", ["nhacviec", "httpx", "some.library.made.late", "telegram.ext", ""])
def test_no_part_of_a_record_tells_a_secret(kind: Kind, name: str) -> None:
    stream = logged(kind)
    say_everything(logging.getLogger(name or None))
    said = stream.getvalue()
    assert "trouble with ***" in said
    assert "ConnectionError" in said
    for secret in SECRETS:
        assert secret not in said


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_is_one_object_a_line_with_the_extra_fields() -> None:
    stream = logged("json")
    logging.getLogger("nhacviec").info("Gửi %d tin,\nxuống dòng", 3, extra={"sent": 3, "bot": "zalo"})
    try:
        raise_with("mất mạng")
    except ConnectionError:
        logging.getLogger("nhacviec").exception("hỏng")
    first, second = lines(stream)
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "INFO",
        "logger": "nhacviec",
        "message": "Gửi 3 tin,\nxuống dòng",
        "sent": 3,
        "bot": "zalo",
    }
    assert second["error"].endswith("ConnectionError: mất mạng")


def test_setting_it_up_twice_writes_every_line_once() -> None:
    logged("text")
    stream = logged("text")
    logging.getLogger("nhacviec").info("một lần")
    assert stream.getvalue().count("một lần") == 1


def test_libraries_tell_only_what_is_wrong() -> None:
    stream = logged("text")
    for name in ("httpx", "apscheduler.scheduler", "uvicorn.error"):
        logging.getLogger(name).info("lời thường")
        logging.getLogger(name).warning("lời cảnh báo")
    assert stream.getvalue().count("lời thường") == 0
    assert stream.getvalue().count("lời cảnh báo") == 3


def test_words_that_do_not_match_their_arguments_stop_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stream = logged("json")
    logging.getLogger("nhacviec").info(*("một %s, hai %s", 1))
    logging.getLogger("nhacviec").info("sau đó")
    assert lines(stream)[-1]["message"] == "sau đó"
    capsys.readouterr()  # the standard library complains there, as always


def test_every_secret_of_the_settings_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "ZALO_TOKEN": f"{TOKEN}, 31415:another-one",
        "TELEGRAM_TOKEN": SHAPED,
        "SMTP_PASSWORD": PASSWORD,
        "WEBHOOK_SECRET": "mot-bi-mat-dai-va-kho-doan",
        "DATABASE": "postgresql://nv:mat-khau-csdl@localhost/nv",
        "ZALO_PROXY": "http://u:qua-cong@proxy:3128",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"NHACVIEC_{name}", value)
    secrets = secrets_of(Settings(_env_file=None))
    for secret in (TOKEN, "another-one", PASSWORD, "mot-bi-mat-dai-va-kho-doan", "mat-khau-csdl", "qua-cong"):
        assert secret in secrets
    assert "" not in secrets
    stream = logged("text", *secrets)
    logging.getLogger("nhacviec").info("%s", given)
    assert "another-one" not in stream.getvalue()
    assert "mat-khau-csdl" not in stream.getvalue()

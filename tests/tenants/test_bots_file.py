"""The bots file: which office each bot serves, and a clear sentence for whatever is wrong, without a token in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from engine import app
from engine.bots_file import Bot, bots_of, open_to_others, unknown_offices
from engine.doctor import machine
from engine.errors import BadSetting
from engine.findings import Level
from engine.logs import secrets_of
from engine.messages import office_of
from engine.settings import Settings
from tests.command import nhacviec
from tests.test_bad_input import HUNG_THANG, refused

SECRETS = ("abc-Xyz.1~", "AAHkq0-mot", "AAGwe_hai", "AAShared-ba")
NUMBERS = (31, 7001, 7002, 7099)
ZALO, FIRST, SECOND, SHARED = (f"{number}:{secret}" for number, secret in zip(NUMBERS, SECRETS, strict=True))
WHOLE = f"""
hung-thang:
  zalo: "{ZALO}"
  telegram: {FIRST}
  zalo_monthly_budget: 900
le-hong:
  telegram: ["{SECOND}"]
"""


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def written(folder: Path, text: str) -> Path:
    path = folder / "bots.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def complaints(path: Path, **given: Any) -> list[str]:
    with pytest.raises(BadSetting) as refusal:
        bots_of(settings(bots=path, **given))
    said = str(refusal.value)
    assert not any(secret in said for secret in SECRETS), said
    return said.splitlines()


def test_each_office_has_its_own_bots_beside_the_shared_ones(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    given = settings(bots=path, telegram_token=SHARED)
    assert bots_of(given) == [
        Bot("telegram", SHARED, None, None, "NHACVIEC_TELEGRAM_TOKEN"),
        Bot("zalo", ZALO, "hung-thang", 900, f"{path}, dòng 3"),
        Bot("telegram", FIRST, "hung-thang", None, f"{path}, dòng 4"),
        Bot("telegram", SECOND, "le-hong", None, f"{path}, dòng 7"),
    ]
    channels = app.chats_of(given)
    assert [(c.name, c.bot, office_of(c)) for c in channels] == [
        ("telegram", "7099", None),
        ("zalo", "31", "hung-thang"),
        ("telegram", "7001", "hung-thang"),
        ("telegram", "7002", "le-hong"),
    ]
    assert [getattr(channel, "budget", None) for channel in channels] == [None, 900, None, None]


def test_without_a_file_everything_is_as_it_was() -> None:
    assert [(bot.number, bot.office_id) for bot in bots_of(settings(telegram_token=f"{FIRST},{SECOND}"))] == [
        ("7001", None),
        ("7002", None),
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "phải là mã các cơ quan"),
        ("- hung-thang\n", 1, "phải là mã các cơ quan"),
        (f"hung-thang: '{FIRST}'\n", 1, "dưới mã cơ quan phải là mục zalo, telegram"),
        (f"hung-thang:\n  telegramm: '{FIRST}'\n", 2, "không có mục này"),
        ("hung-thang:\n  telegram: 7001\n", 2, "danh sách token"),
        ("hung-thang:\n  telegram: [7001]\n", 2, "token phải đặt trong nháy kép"),
        ("hung-thang:\n  telegram:\n    - AAHkq0-mot\n", 3, "token telegram không đúng dạng"),
        ("hung-thang:\n  zalo: '31 abc-Xyz.1~'\n", 2, "token zalo không đúng dạng"),
        (f"hung-thang:\n  zalo: '{ZALO}'\n  zalo_monthly_budget: 0\n", 3, "lớn hơn 0"),
        (f"hung-thang:\n  zalo: '{ZALO}'\n  zalo_monthly_budget: nhiều\n", 3, "số nguyên"),
        ("hung-thang: {}\n", 1, "chưa có bot nào"),
        (f"12: {{telegram: '{FIRST}'}}\n", 1, "mã cơ quan phải là chữ"),
        (f"hung-thang:\n  telegram: '{FIRST}'\nle-hong:\n  telegram: '{FIRST}'\n", 4, "bot telegram 7001 đã ghi ở"),
        (f"hung-thang:\n  telegram: ['{FIRST}', '7001:AAGwe_hai']\n", 2, "Mỗi bot chỉ phục vụ một cơ quan"),
        (f"hung-thang:\n  telegram: '{SHARED}'\n", 2, "đã ghi ở NHACVIEC_TELEGRAM_TOKEN"),
        (f"hung-thang:\n  telegram: '{FIRST}\n", 3, "sai cú pháp YAML"),
        (f"hung-thang:\n  telegram: '{FIRST}'\nhung-thang:\n  telegram: '{SECOND}'\n", 3, "viết hai lần"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_no_token(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = written(tmp_path, text)
    [said] = complaints(path, telegram_token=SHARED)
    assert said.startswith(f"{path}, dòng {line}:"), said
    assert words in said


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    assert len(complaints(written(tmp_path, "a:\n  telegram: x\nb:\n  zalo: y\nc: {}\n"))) == 3


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    [said] = complaints(tmp_path / "bots.yaml")
    assert "không có tệp này" in said


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="this account reads everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    path.chmod(0)
    [said] = complaints(path)
    assert "quyền đọc" in said


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o644, True), (0o640, True)])
def test_a_file_that_others_can_read_is_a_warning(tmp_path: Path, mode: int, told: bool) -> None:
    path = written(tmp_path, WHOLE)
    path.chmod(mode)
    assert (open_to_others(path) is not None) is told


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_doctor_sees_that_too(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    path.chmod(0o644)
    (finding,) = machine.permissions("sqlite://", path)
    assert (finding.level, str(path) in finding.what_to_do) == (Level.WARN, True)


def test_an_office_that_is_not_loaded_is_told_once_with_the_nearest_name(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    [near, far] = unknown_offices(bots_of(settings(bots=path)), ["hung-thnag", "xa-khac"])
    assert "dòng 3" in near
    assert "Có phải “hung-thnag”?" in near
    assert "nhacviec load" in far


def test_every_token_of_the_file_is_kept_out_of_the_log(tmp_path: Path) -> None:
    found = secrets_of(settings(bots=written(tmp_path, WHOLE), telegram_token=SHARED))
    assert {*SECRETS, ZALO, FIRST, SECOND, SHARED} <= set(found)


def test_a_bad_file_does_not_lay_the_shared_tokens_open(tmp_path: Path) -> None:
    assert SHARED in secrets_of(settings(bots=tmp_path / "none.yaml", telegram_token=SHARED))


# ---- as an operator meets it ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_offices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two communes in one database."""
    database = tmp_path_factory.mktemp("hai-xa") / "nv.db"
    for file in (HUNG_THANG, HUNG_THANG.with_name("le-hong.yaml")):
        result = nhacviec("load", "--yes", str(file), database=database)
        assert result.returncode == 0, result.stderr
    return database


def test_the_list_of_channels_shows_whose_each_bot_is(two_offices: Path, tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE.replace("le-hong", "le-hogn"))
    result = nhacviec("channels", database=two_offices, NHACVIEC_BOTS=str(path), NHACVIEC_TELEGRAM_TOKEN=SHARED)
    assert result.returncode == 0, result.stderr
    assert "telegram 7001, cơ quan hung-thang:" in result.stdout
    assert "telegram 7099, mọi cơ quan:" in result.stdout
    assert "Chưa nạp cơ quan nào mã “le-hogn”" in result.stdout
    assert not any(secret in result.stdout + result.stderr for secret in SECRETS)


def test_the_doctor_names_the_office_without_a_bot_and_the_bot_without_an_office(
    two_offices: Path, tmp_path: Path
) -> None:
    path = written(tmp_path, WHOLE.replace("le-hong", "le-hogn"))
    result = nhacviec("doctor", "--offline", "--json", database=two_offices, NHACVIEC_BOTS=str(path))
    found = {one["what"] for one in json.loads(result.stdout) if one["about"] == "offices" and one["level"] == "bad"}
    assert result.returncode == 1
    assert any("1 cơ quan chưa có bot nào" in what and "(le-hong)" in what for what in found), found
    assert any("chưa nạp cơ quan nào mã “le-hogn”" in what for what in found), found


def test_a_bad_file_stops_the_program_with_its_sentences(two_offices: Path, tmp_path: Path) -> None:
    path = written(tmp_path, f"hung-thang:\n  telegram: '{FIRST}'\nle-hong:\n  telegram: '{FIRST}'\n")
    for words in (("channels",), ("run",)):
        refused(nhacviec(*words, database=two_offices, NHACVIEC_BOTS=str(path)), "dòng 4", "đã ghi ở")
    found = json.loads(nhacviec("doctor", "--offline", "--json", database=two_offices, NHACVIEC_BOTS=str(path)).stdout)
    assert [one["about"] for one in found if "dòng 4" in one["what"]] == ["tokens"]


def test_a_person_is_linked_by_hand_at_their_own_offices_bot(two_offices: Path, tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    words = ("link", "le-hong/chu-tich", "--channel", "telegram", "--address", "55")
    result = nhacviec(*words, database=two_offices, NHACVIEC_BOTS=str(path), NHACVIEC_TELEGRAM_TOKEN=SHARED)
    assert result.returncode == 0, result.stderr
    listed = nhacviec("channels", "--json", database=two_offices, NHACVIEC_BOTS=str(path))
    assert {one["bot"]: one["people"] for one in json.loads(listed.stdout)} == {"31": 0, "7001": 0, "7002": 1}
    words = ("link", "le-hong/chu-tich", "--channel", "zalo", "--address", "55")
    refused(nhacviec(*words, database=two_offices, NHACVIEC_BOTS=str(path)), "le-hong chưa có bot zalo")


def test_with_several_offices_a_command_shows_whose_work_it_is(two_offices: Path) -> None:
    listed = nhacviec("status", "--all", "--json", "--office", "le-hong", database=two_offices)
    number = str(json.loads(listed.stdout)[0]["id"])
    shown = nhacviec("why", number, database=two_offices)
    assert "(le-hong)" in shown.stdout, shown.stdout + shown.stderr
    for words in (("why", number), ("bundle", number), ("suspend", number, "--reason", "nhầm", "--yes")):
        refused(nhacviec(*words, "--office", "hung-thang", database=two_offices), f"không có việc nào mang mã {number}")
    refused(nhacviec("people", "sheet", "x.docx", "--yes", database=two_offices), "--office")

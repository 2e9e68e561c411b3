"""The command line as a user meets it: every command, JSON, a quick start and a graceful stop."""

from __future__ import annotations

import datetime as dt
import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ruamel.yaml import YAML
from sqlmodel import SQLModel

from data.database import open_database
from schedules.office_file import shipped_offices
from schedules.office_schema import schema
from tests.command import PROJECT, clean_environment, nhacviec
from tests.test_bad_input import HUNG_THANG, refused
from tests.timing import in_time, once_in_three


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("cli") / "nv.db"
    result = nhacviec("load", "--yes", str(HUNG_THANG), database=database)
    assert result.returncode == 0, result.stderr
    return database


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom engine.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'sqlalchemy', 'sqlmodel', 'telegram', 'matplotlib', 'apscheduler', 'holidays'} & set(sys.modules)\n"
        "sys.stderr.write(','.join(sorted(heavy)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "preview" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("words", [["load", "--yes", str(HUNG_THANG)], ["status"], ["channels"]], ids=lambda w: w[0])
def test_a_command_leaves_one_file_that_can_be_copied_alone(words: list[str], loaded: Path, tmp_path: Path) -> None:
    """What is closed at the end is closed by us: a command does not wait until Python has cleared up its memory."""
    database = tmp_path / "nv.db"
    database.write_bytes(loaded.read_bytes())
    environment = clean_environment(NHACVIEC_DATABASE=f"sqlite:///{database}", PYTHONPATH=str(PROJECT))
    subprocess.run([sys.executable, "-m", "engine.cli", *words], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert [file.name for file in tmp_path.iterdir()] == ["nv.db"]


@pytest.mark.parametrize("path", shipped_offices(), ids=lambda path: path.stem)
def test_every_shipped_commune_is_valid_and_fits_the_published_schema(path: Path) -> None:
    result = nhacviec("check", str(path), "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["ok"] is True
    published = (Path(path).parent.parent / "office.schema.json").read_text(encoding="utf-8")
    assert published == schema()
    tree = YAML(typ="safe").load(path)
    jsonschema.validate(json.loads(json.dumps(tree, default=str)), json.loads(published))


def test_loading_twice_changes_nothing(loaded: Path) -> None:
    again = nhacviec("load", str(HUNG_THANG), database=loaded)
    assert again.returncode == 0
    assert "không có gì thay đổi" in again.stdout


def test_loading_shows_the_difference_and_a_no_leaves_everything(loaded: Path, tmp_path: Path) -> None:
    changed = tmp_path / "moi.yaml"
    changed.write_text(HUNG_THANG.read_text(encoding="utf-8").replace("due: {day: 25}", "due: {day: 24}"), "utf-8")
    result = nhacviec("load", str(changed), database=loaded)  # nobody answers the question
    assert "chuong-trinh-cong-tac" in result.stdout
    assert result.returncode != 0
    assert "không có gì thay đổi" in nhacviec("load", str(HUNG_THANG), database=loaded).stdout


def test_after_loading_the_coming_work_is_there(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    open_database(f"sqlite:///{database}").dispose()
    assert "Chưa nạp cơ quan nào" in nhacviec("status", database=database).stdout
    refused(nhacviec("journal", "verify", "--json", database=database), "Chưa nạp cơ quan nào")
    said = nhacviec("load", "--yes", str(HUNG_THANG), database=database).stdout
    assert "Lập" in said
    coming = json.loads(nhacviec("status", "--json", database=database).stdout)
    assert 0 < len(coming) < len(json.loads(nhacviec("status", "--all", "--json", database=database).stdout))
    assert not any(row["opened"] for row in coming)


def test_an_office_is_named_by_its_id_or_its_file(loaded: Path) -> None:
    for command in (["status", "--json"], ["digest", "--week", "2026-W11", "--json"]):
        whole = nhacviec(*command, database=loaded).stdout
        for name in ("hung-thang", str(HUNG_THANG)):
            assert nhacviec(*command, "--office", name, database=loaded).stdout == whole
        refused(nhacviec(*command, "--office", "nope", database=loaded), "“nope”", "hung-thang")


def test_work_is_suspended_resumed_and_cancelled_by_the_operator(loaded: Path) -> None:
    work = json.loads(nhacviec("status", "--all", "--json", database=loaded).stdout)[-1]
    number = str(work["id"])

    def state() -> str:
        return str(json.loads(nhacviec("why", number, "--json", database=loaded).stdout)["state"])

    asked = nhacviec("suspend", number, "--reason", "chờ văn bản mới", database=loaded)  # nobody answers the question
    assert work["title"] in asked.stdout
    refused(asked, "chưa thay đổi gì")
    assert "tạm dừng" not in state()
    done = nhacviec("suspend", number, "--reason", "chờ văn bản mới", "--yes", database=loaded)
    assert done.returncode == 0, done.stderr
    assert state() == "tạm dừng"
    refused(nhacviec("suspend", number, "--reason", "chờ", "--yes", database=loaded), "đang ở tình trạng “tạm dừng”")
    assert nhacviec("resume", number, "--yes", database=loaded).returncode == 0
    assert nhacviec("cancel", number, "--reason", "không phải làm nữa", "--yes", database=loaded).returncode == 0
    assert state() == "đã huỷ"
    refused(nhacviec("resume", number, "--yes", database=loaded), "đã huỷ")
    told = nhacviec("why", number, "--json", database=loaded).stdout
    assert "người vận hành" in told
    assert "không phải làm nữa" in told
    shown = " ".join(nhacviec("why", number, database=loaded).stdout.split())
    assert "lý do: chờ văn bản mới" in shown


@once_in_three
def test_run_stops_within_five_seconds_of_sigterm(loaded: Path, tmp_path: Path) -> None:
    with (
        (tmp_path / "log").open("w+") as log,
        subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "run"],
            stderr=log,
            stdout=subprocess.DEVNULL,
            env={"NHACVIEC_DATABASE": f"sqlite:///{loaded}", "NHACVIEC_CONSOLE": "false", "PATH": ""},
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 60
            while "lập" not in Path(log.name).read_text(encoding="utf-8"):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)  # between two looks at another process
            process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            assert process.wait(timeout=60) == 0
            in_time(time.monotonic() - told, 5)
        finally:
            process.kill()
    status = json.loads(nhacviec("status", "--all", "--json", database=loaded).stdout)
    assert len(status) > 50
    story = json.loads(nhacviec("why", str(status[0]["id"]), "--json", database=loaded).stdout)
    assert story["title"] == status[0]["title"]


def test_a_person_is_answered_on_the_simulator(loaded: Path) -> None:
    result = nhacviec("say", "--as", "ttpvhcc-cv", "trợ giúp", database=loaded)
    assert result.returncode == 0, result.stderr
    assert "xong 3" in result.stdout


def test_saying_something_for_one_person_leaves_everybody_elses_messages_alone(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", str(HUNG_THANG), database=database).returncode == 0
    with sqlite3.connect(database) as connection:  # a reminder that is due, an answer to somebody else
        for kind, key in (("digest", "digest:x"), ("answer", "answer:99:0")):
            connection.execute(
                "INSERT INTO message (office_id, person_id, kind, key, urgent, payload, status, not_before, attempts,"
                " copies) VALUES ('hung-thang', 1, ?, ?, 0, '{}', 'queued', '2026-01-01 00:00:00', 0, 0)",
                (kind, key),
            )
    connection.close()
    for _ in range(2):  # two processes, two replies
        said = nhacviec("say", "--as", "ttpvhcc-cv", "trợ giúp", database=database)
        assert "xong 3" in said.stdout, said.stderr
    with sqlite3.connect(database) as connection:
        found = connection.execute("SELECT status, count(*) FROM message GROUP BY status ORDER BY status").fetchall()
    connection.close()
    assert found == [("queued", 2), ("sent", 2)]


def test_a_stranger_is_listed_until_somebody_links_them(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    token = {"NHACVIEC_TELEGRAM_TOKEN": "123456:" + "a" * 35}
    assert nhacviec("load", "--yes", str(HUNG_THANG), database=database, **token).returncode == 0
    assert json.loads(nhacviec("strangers", "--json", database=database).stdout) == []
    with sqlite3.connect(database) as connection:
        for key, text in (("1", "/start"), ("2", "Em là Lan ở Phòng Kinh tế, số điện thoại 0912 345 678")):
            connection.execute(
                "INSERT INTO inbound (channel, bot, update_key, address, text, raw, received_at)"
                " VALUES ('telegram', '123456', ?, '990011', ?, '', '2026-03-10 01:00:00')",
                (key, text),
            )
    connection.close()
    (row,) = json.loads(nhacviec("strangers", "--json", database=database).stdout)
    assert (row["channel"], row["address"], row["times"], row["last_at"]) == (
        *("telegram", "990011", 2),
        "2026-03-10 08:00",
    )
    assert row["words"].startswith("Em là Lan")
    assert "0912" not in row["words"]
    linking = ("link", "kinh-te-cv", "--channel", "telegram", "--address", row["address"])
    linked = nhacviec(*linking, database=database, **token)
    assert linked.returncode == 0, linked.stderr
    assert json.loads(nhacviec("strangers", "--json", database=database).stdout) == []
    refused(nhacviec("say", "--as", "kinh-te-cv", "việc", database=database), "đã nối với telegram")


def test_a_head_written_down_shows_that_the_last_lines_are_missing(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", str(HUNG_THANG), database=database).returncode == 0
    for number in ("1", "2", "3"):
        assert nhacviec("suspend", number, "--reason", "chờ", "--yes", database=database).returncode == 0
    told = nhacviec("journal", "verify", database=database).stdout
    head = told.split("Mã nhật ký: ")[1].strip()
    assert nhacviec("suspend", "4", "--reason", "chờ", "--yes", database=database).returncode == 0
    assert nhacviec("journal", "verify", "--head", head, database=database).returncode == 0  # older, still in the chain
    with sqlite3.connect(database) as connection:
        (guard,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'journal_no_delete'").fetchone()
        connection.execute("DROP TRIGGER journal_no_delete")
        connection.execute("DELETE FROM journal WHERE seq > (SELECT max(seq) - 2 FROM journal)")
    refused(nhacviec("journal", "verify", database=database), "Chốt chống sửa nhật ký", "đã bị gỡ")
    with connection:
        connection.execute(guard)
    assert nhacviec("journal", "verify", database=database).returncode == 0  # the chain alone cannot tell
    refused(nhacviec("journal", "verify", "--head", head, database=database), head, "không còn trong nhật ký")
    with connection:
        connection.execute("DROP TRIGGER journal_no_delete")
        connection.execute("DELETE FROM journal")
        connection.execute(guard)
    connection.close()
    refused(nhacviec("journal", "verify", database=database), "nhật ký trống")


def test_a_mark_from_a_digest_says_since_when_nothing_was_changed(tmp_path: Path) -> None:
    database = tmp_path / "nv.db"
    assert nhacviec("load", "--yes", str(HUNG_THANG), database=database).returncode == 0
    mark = nhacviec("journal", "verify", database=database).stdout.split("Mã nhật ký: ")[1].strip()
    seq, _, digest = mark.partition(":")
    assert nhacviec("suspend", "1", "--reason", "chờ", "--yes", database=database).returncode == 0
    for typed in (mark, f"Mã nhật ký: {mark}", digest, f"{seq}:{digest[:8].upper()}"):
        told = nhacviec("journal", "verify", "--head", typed, database=database).stdout
        assert f"là dòng {seq} của hung-thang, ghi lúc " in told
        assert "mọi dòng trước nó còn nguyên; 1 dòng ghi sau nối tiếp đúng." in told
    [office] = json.loads(nhacviec("journal", "verify", "--head", mark, "--json", database=database).stdout)
    assert [(kept["line"], kept["unchanged"]) for kept in office["heads"]] == [(int(seq), True)]
    assert office["mark"].startswith(f"{int(seq) + 1}:")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET actor = 'ai đó' WHERE seq = 1")
    changed = nhacviec("journal", "verify", "--head", mark, database=database)
    assert (changed.returncode, "trước đó đã có dòng bị sửa" in changed.stdout) == (1, True)
    refused(nhacviec("journal", "verify", "--head", f"{seq}:{'0' * 16}", database=database), "không còn trong nhật ký")


def test_a_stand_in_is_written_down_and_the_journal_verifies(loaded: Path) -> None:
    today = dt.datetime.now(dt.UTC).date()
    result = nhacviec(
        "stand-in",
        "kinh-te-cv",
        "kinh-te-truong",
        "--from",
        today.isoformat(),
        "--to",
        (today + dt.timedelta(days=14)).isoformat(),
        "--decision",
        "QĐ 12/QĐ-UBND",
        database=loaded,
    )
    assert "nhận tin thay" in result.stdout, result.stderr
    verified = nhacviec("journal", "verify", "--json", database=loaded)
    assert verified.returncode == 0
    assert json.loads(verified.stdout)[0]["broken_at"] is None


def test_the_digest_of_a_week_can_be_asked_for(loaded: Path) -> None:
    numbers = json.loads(nhacviec("digest", "--week", "2026-W11", "--json", database=loaded).stdout)
    assert numbers[0]["week"] == "2026-W11"


def test_the_demo_loses_nothing() -> None:
    result = nhacviec("demo")
    assert result.returncode == 0, result.stderr
    for words in ("Thất lạc", "gia hạn", "Chủ tịch UBND xã", "đồng ý", "Bản tin tuần"):
        assert words in result.stdout


def test_the_migrations_lead_to_the_tables_of_the_code(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'nv.db'}")
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert found == []
    engine.dispose()

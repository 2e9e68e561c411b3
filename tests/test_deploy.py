"""What an administrator is told and given: every command and setting in it exists, every file is what it says, and the
sums are right.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from packaging.specifiers import SpecifierSet
from ruamel.yaml import YAML

from bots.simulator import Simulator
from data.database import address, connect
from engine.cli import app
from engine.settings import Settings
from schedules.workdays import SIGNED_OFF_FILE
from tests.world import PROJECT
from web.console.app import PAGES
from web.console.guard import LARGEST_FORM
from web.webhooks import webhook_path

DEPLOY = PROJECT / "deploy"
GUIDE = PROJECT / "docs" / "deploy.md"
UNITS = sorted(DEPLOY.glob("*.service"))
FILES = [GUIDE, *sorted(path for path in DEPLOY.iterdir() if path.is_file())]
COMMANDS = typer.main.get_command(app)
ELSEWHERE = {"POSTGRES_PASSWORD"}  # PostgreSQL's own
_COMMAND = re.compile(r"(?:^|[\s`/\[])nhacviec(?:\.exe)? (?P<words>[a-z][a-z-]*(?: (?!#)[^\s`|\"]+)*)")


def commands_in(text: str) -> list[list[str]]:
    """The command lines of ours that a text names: in code, and in units."""
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"(?m)^(?: {4}|ExecStart=)(.+)$", text)
    found = [match["words"].split() for line in code for match in _COMMAND.finditer(line.split(" # ")[0])]
    return [words for words in found if words[0] in COMMANDS.commands or not words[0].startswith("nhacviec")]  # type: ignore[attr-defined]


def complaint(words: list[str]) -> str | None:
    """Why this is no command line of ours; None: it is one."""
    command: Any = COMMANDS
    for position, word in enumerate(words):
        if not hasattr(command, "commands"):
            break
        if word not in command.commands:
            return f"no command {' '.join(words[: position + 1])}"
        command = command.commands[word]
    known = {name for parameter in command.params for name in parameter.opts}
    unknown = [word for word in words if word.startswith("--") and word not in known]
    return f"{' '.join(words)}: no option {unknown}" if unknown else None


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(file: Path) -> None:
    named = set(re.findall(r"NHACVIEC_([A-Z_]+)", file.read_text("utf-8")))
    assert {name.lower() for name in named} <= set(Settings.model_fields)


@pytest.mark.parametrize("file", [GUIDE, *UNITS], ids=lambda path: path.name)
def test_every_command_that_is_named_exists(file: Path) -> None:
    found = commands_in(file.read_text("utf-8"))
    assert found
    assert [said for words in found if (said := complaint(words))] == []


@pytest.mark.parametrize("words", [["wörker"], ["run", "--fast"], ["journal", "verify", "--tail", "x"], ["db", "copy"]])
def test_a_command_that_does_not_exist_would_be_found(words: list[str]) -> None:
    assert complaint(words)


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"\b(?:deploy|tests|docs)/[\w@./-]+\w", GUIDE.read_text("utf-8")))
    assert len(named) >= 4
    assert [name for name in named if not (PROJECT / name).exists()] == []
    assert all((GUIDE.parent / link).exists() for link in re.findall(r"\]\(([\w.-]+)\)", GUIDE.read_text("utf-8")))


def number(text: str) -> float:
    return float(text.replace(",", ""))


def test_the_sums_are_right() -> None:
    sums = re.findall(r"([\d.,]*\d) ([×/]) ([\d.,]*\d) = ([\d.,]*\d)", GUIDE.read_text("utf-8"))
    assert len(sums) >= 18
    for left, sign, right, result in sums:
        exact = number(left) * number(right) if sign == "×" else number(left) / number(right)
        places = len(result.partition(".")[2])
        assert round(exact, places) == pytest.approx(number(result), abs=0.51 * 10**-places), (left, sign, right)


# ---- systemd --------------------------------------------------------------------------------------------------------


def unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=True)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(path.read_text("utf-8"))
    return parsed


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_may_do_little_and_is_given_time_to_stop(path: Path) -> None:
    service = unit(path)["Service"]
    assert (service["User"], service["UMask"], service["NoNewPrivileges"]) == ("nhacviec", "0077", "yes")
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("strict", "")
    assert service["Restart"] == "on-failure"  # a wrong setting stops with a sentence; it is tried again calmly
    assert int(service["TimeoutStopSec"]) > 5
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_every_line_of_a_unit(path: Path, tmp_path: Path) -> None:
    program = tmp_path / "nhacviec"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / path.name
    copy.write_text(path.read_text("utf-8").replace("/opt/nhacviec/.venv/bin/nhacviec", str(program)), "utf-8")
    said = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (said.returncode, [line for line in said.stderr.splitlines() if str(path.stem) in line]) == (0, [])


# ---- the reverse proxy ----------------------------------------------------------------------------------------------


def test_the_reverse_proxy_leads_to_what_listens() -> None:
    guide = GUIDE.read_text("utf-8")
    worker = unit(DEPLOY / "nhacviec-worker@.service")["Service"]["Environment"]
    compose = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    for upstream, port in {"webhooks": "NHACVIEC_WEBHOOK_PORT", "console": "NHACVIEC_CONSOLE_PORT"}.items():
        (line,) = re.findall(rf"upstream {upstream} {{(.+)}}", guide)
        led_to = re.findall(r"server 127\.0\.0\.1:(\d+);", line)
        (of_unit,) = re.findall(rf"{port}=(\S+)", worker)
        assert led_to == [of_unit.replace("%i", number) for number in "12"]
        for outside, name in zip(led_to, ("worker-1", "worker-2"), strict=True):
            assert f"127.0.0.1:{outside}:{compose[name]['environment'][port]}" in compose[name]["ports"]


def test_the_reverse_proxy_tells_webhooks_from_pages() -> None:
    guide = GUIDE.read_text("utf-8")
    led = dict(re.findall(r"location (\S+) \{ proxy_pass http://(\w+);", guide))
    assert led == {"/webhook/": "webhooks", "/": "console"}
    assert webhook_path(Simulator()).startswith("/webhook/")
    assert [page.path for page in PAGES if page.path.startswith("/webhook/")] == []
    (largest,) = re.findall(r"location / .+client_max_body_size (\d+)m", guide)
    assert int(largest) * 1024 * 1024 >= LARGEST_FORM


# ---- containers -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def settings_of(service: dict[str, Any]) -> dict[str, Any]:
    """The settings of a container, by the names of :class:`Settings`."""
    given = service["environment"].items()
    return {name.removeprefix("NHACVIEC_").lower(): value for name, value in given if name.startswith("NHACVIEC_")}


def test_the_compose_file_starts_what_exists(compose: dict[str, Any]) -> None:
    ours = {name: service for name, service in compose["services"].items() if "build" in service}
    assert sorted(ours) == ["worker-1", "worker-2"]
    for name, service in ours.items():
        assert complaint([*service["command"]]) is None, name
        settings = settings_of(service)
        assert set(settings) <= set(Settings.model_fields)
        assert address(settings["database"]).get_backend_name() == "postgresql"
        assert f":{settings['health_port']}/healthz" in service["healthcheck"]["test"][-1]
        inside = {port.rsplit(":", 1)[1] for port in service["ports"]}
        assert inside == {settings["webhook_port"], settings["console_port"], settings["health_port"]}
        assert settings["webhook_host"] == settings["console_host"] == "0.0.0.0"  # of the container
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert set(service["depends_on"]) <= set(compose["services"])
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    outside = [port for service in ours.values() for port in service["ports"]]
    assert len({port.rsplit(":", 1)[0] for port in outside}) == len(outside)
    assert sum("NHACVIEC_BACKUPS" in service["environment"] for service in ours.values()) == 1


def test_the_compose_file_passes_every_setting_on(compose: dict[str, Any]) -> None:
    """A line without a value hands on what .env says, and an empty one would be a wrong setting."""
    first, second = (settings_of(compose["services"][name]) for name in ("worker-1", "worker-2"))
    assert set(Settings.model_fields) - set(first) == {"sandbox_port"}  # beside bots there is no sandbox
    assert set(first) - set(second) == {"backups", "keep_months"}
    assert "" not in first.values()


def test_the_password_of_the_database_stands_in_no_address(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        with_it = {key for key, value in service["environment"].items() if "POSTGRES_PASSWORD" in str(value)}
        assert with_it == ({"POSTGRES_PASSWORD"} if name == "postgres" else {"PGPASSWORD"}), name
        assert address(service["environment"].get("NHACVIEC_DATABASE", "postgresql://x/y")).password is None


def test_an_address_without_a_password_leaves_it_to_postgresqls_own_file() -> None:
    url = address("postgresql://nhacviec@db.example/nhacviec")
    engine = connect("postgresql://nhacviec@db.example/nhacviec")
    _, given = engine.dialect.create_connect_args(url)
    assert given.keys() - {"context"} == {"host", "dbname", "user"}


def test_every_folder_that_a_volume_covers_is_the_programs_own(compose: dict[str, Any]) -> None:
    """A new volume takes the owner of the folder that it covers; where there is none, it is root's."""
    before_the_user = (DEPLOY / "Dockerfile").read_text("utf-8").partition("\nUSER nhacviec")[0]
    made = re.findall(r"install -d -o nhacviec -g nhacviec -m 700 (.+)", before_the_user)
    ours = [service for service in compose["services"].values() if "build" in service]
    covered = {
        inside
        for service in ours
        for volume, inside, *_ in (mount.split(":") for mount in service["volumes"])
        if volume in compose["volumes"]
    }
    assert covered
    assert covered <= {folder for folders in made for folder in folders.split()}
    for service in ours:  # what it writes elsewhere would meet the read-only image
        settings = settings_of(service)
        written = [settings[name] for name in ("evidence", "backups") if name in settings]
        assert all(any(f"{path}/".startswith(f"{folder}/") for folder in covered) for path in written)


def test_the_compose_file_holds_no_secret_and_every_volume(compose: dict[str, Any]) -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    for name in ("POSTGRES_PASSWORD", "NHACVIEC_WEBHOOK_SECRET"):
        assert f"${{{name}:?}}" in text
        assert not re.search(rf"{name}: (?!\${{)", text)
    wanted = {mount.split(":")[0] for service in compose["services"].values() for mount in service.get("volumes", [])}
    assert {name for name in wanted if not name.startswith(".")} == set(compose["volumes"])


def test_the_image_is_built_from_what_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    version = re.search(r"^FROM python:([\d.]+)-", text, re.M)
    assert version is not None
    wanted = re.search(r'requires-python = "([^"]+)"', (PROJECT / "pyproject.toml").read_text("utf-8"))
    assert wanted is not None
    assert SpecifierSet(wanted[1]).contains(version[1])
    copied = [word for line in re.findall(r"^COPY (.+) \S+$", text, re.M) for word in line.split()]
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split("\n")
    for name in copied:
        assert (PROJECT / name).exists(), name
        assert f"!{name}" in allowed, name
    packages = re.search(r"include = \[([^\]]+)\]", (PROJECT / "pyproject.toml").read_text("utf-8"))
    assert packages is not None
    assert {name.strip('"* ') for name in packages[1].split(",")} <= set(copied)


def test_the_days_off_can_be_changed_where_the_image_has_them() -> None:
    version = re.findall(r"^FROM python:([\d.]+)-", (DEPLOY / "Dockerfile").read_text("utf-8"), re.M)
    named = re.findall(r"lib/python([\d.]+)/site-packages/(\S+):ro", GUIDE.read_text("utf-8"))
    assert named == [(version[0], SIGNED_OFF_FILE.relative_to(PROJECT).as_posix())]


def test_the_installed_program_brings_everything_it_reads(tmp_path: Path) -> None:
    """As the image installs it: not from the project's folder, where nothing can be missing."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "engine", "schedules", "data", "bots", "web"):
        path = PROJECT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source / name)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    pip += ["--disable-pip-version-check", "--target", str(tmp_path / "installed"), str(source)]
    subprocess.run(pip, check=True, capture_output=True)
    kept = {".yaml", ".toml", ".json", ".j2", ".css", ".js", ".html", ".mako", ".svg", ".woff2", ".docx"}
    there = {path.relative_to(tmp_path / "installed") for path in (tmp_path / "installed").rglob("*")}
    missing = [
        path.relative_to(source)
        for path in source.rglob("*")
        if path.suffix in kept and "build" not in path.parts and path.parent != source
        if path.relative_to(source) not in there
    ]
    assert missing == []


def test_the_walk_over_the_commands_meets_them() -> None:
    """The walk over commands above reads what the library keeps; if that changes, it must not find nothing."""
    assert hasattr(COMMANDS, "commands")
    assert {"run", "worker", "backup", "restore", "doctor"} <= set(COMMANDS.commands)

"""Settings: read once from the environment (``NHACVIEC_…``) or a ``.env`` file; a wrong one stops the program."""

from __future__ import annotations

import datetime as dt
import difflib
import io
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le, Lt
from dotenv.parser import parse_stream
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import BadSetting, in_vietnamese

ZALO_BUDGET = 3_000  # messages a month: the free plan, as counted by others (CHANNELS, section 1.5)
PREFIX = "NHACVIEC_"
FILE = Path(".env")


def _address(url: str) -> str:
    """Of the web, and one that can be taken apart: who calls it later would stumble."""
    if not re.match(r"https?://[^\s/]+\S*$", url) or not urlsplit(url).hostname:
        raise ValueError("address")
    _ = urlsplit(url).port
    return url


def _proxy(url: str) -> str:
    """What can be taken apart; the channels say which kinds they know."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and not parts.hostname:
        raise ValueError("proxy")
    _ = parts.port
    return url


def _host(name: str) -> str:
    if not name or re.search(r"[\s/@]", name):
        raise ValueError("host")
    name.encode("idna")  # what a listening socket does with it
    return name


WebAddress = Annotated[str, AfterValidator(_address)]
Proxy = Annotated[str, AfterValidator(_proxy)]
Host = Annotated[str, AfterValidator(_host)]


class Settings(BaseSettings):
    """Everything that can be set from outside. Each has a value that works on one office machine without set-up."""

    # Windows' own editor puts a mark before UTF-8; read as a letter, it would hide the first line's setting.
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=FILE, env_file_encoding="utf-8-sig", extra="ignore")

    database: str = "sqlite:///nhacviec.db"
    evidence: Path = Path("minh-chung")  # where photos and files are kept
    backups: Path | None = None  # a folder, best on another disk; where none is named, no daily backup
    backup_at: dt.time = dt.time(16, 45)  # a machine that was off then makes it when it is on again
    backup_keep: int = Field(default=14, ge=1, le=400)
    report_template: Path | None = None  # the office's own template of the periodic report (.docx)
    keep_months: int | None = Field(default=None, ge=3, le=600)  # words of messages older than this go; none: they stay
    turn_seconds: float = Field(default=30, gt=0, le=3600)
    shards: int = Field(default=8, ge=1, le=64)  # nhacviec worker: parts into which the offices are divided

    # A token, or several with commas between: each is a bot of its own, and serves every office.
    bots: Path | None = None  # a file of bots that serve one office each (engine.bots_file)
    zalo_token: SecretStr | None = None
    zalo_base_url: WebAddress = "https://bot-api.zaloplatforms.com"
    zalo_monthly_budget: int = Field(default=ZALO_BUDGET, gt=0)
    zalo_proxy: Proxy | None = None

    telegram_token: SecretStr | None = None
    telegram_base_url: WebAddress = "https://api.telegram.org/bot"
    telegram_proxy: Proxy | None = None

    # E-mail, the last channel; on where a host is named.
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, gt=0, lt=65536)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"

    # Providers call us at this public address, instead of being asked.
    webhook_url: WebAddress | None = None
    webhook_secret: SecretStr | None = None
    webhook_host: Host = "127.0.0.1"
    webhook_port: int = Field(default=8080, ge=0, lt=65536)

    # The console, and the sandbox where no bot is set: on this machine alone, unless a reverse proxy leads to them.
    console: bool = True
    console_host: Host = "127.0.0.1"
    console_port: int = Field(default=8040, ge=0, lt=65536)
    sandbox_port: int = Field(default=8041, ge=0, lt=65536)
    public_url: WebAddress | None = None  # the address by which people's browsers reach the console

    # Looking after the program: its log, who is called when all is well, a port of its own for /healthz and /metrics.
    log: Literal["text", "json"] = "text"
    heartbeat_url: SecretStr | None = None  # such an address is a secret: whoever knows it can keep the alarm quiet
    health_port: int | None = Field(default=None, ge=0, lt=65536)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, given: Any) -> Any:
        """An empty path would be the folder that the program happens to stand in."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if name not in _PATHS or str(value).strip()}

    @field_validator("heartbeat_url")
    @classmethod
    def _is_an_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            _address(url.get_secret_value())
        return url

    @field_validator("webhook_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        # Telegram takes 1-256 of A-Z, a-z, 0-9, _ and -; Zalo 8-256; a short one can be guessed.
        if secret is not None:
            text = secret.get_secret_value()
            if not (16 <= len(text) <= 256 and all(c.isascii() and (c.isalnum() or c in "_-") for c in text)):
                raise ValueError("webhook_secret")
        return secret

    @model_validator(mode="after")
    def _go_together(self) -> Settings:
        if self.webhook_url and self.webhook_secret is None:
            raise ValueError("webhook_secret")
        if self.smtp_host and not self.smtp_from:
            raise ValueError("smtp_from")
        return self

    @property
    def zalo_tokens(self) -> list[str]:
        """Every Zalo bot's token."""
        return _each(self.zalo_token)

    @property
    def telegram_tokens(self) -> list[str]:
        """Every Telegram bot's token."""
        return _each(self.telegram_token)


def _each(tokens: SecretStr | None) -> list[str]:
    return [token.strip() for token in tokens.get_secret_value().split(",") if token.strip()] if tokens else []


_PATHS = ("backups", "bots", "evidence", "report_template")
_WEB = "địa chỉ bắt đầu bằng https:// hoặc http://, ví dụ https://nhacviec.xa.gov.vn"
_HOST = "tên hoặc địa chỉ IP của máy này, ví dụ 127.0.0.1"
_WANTED = {
    "webhook_secret": "16 đến 256 chữ cái, chữ số, dấu _ hoặc -; cần khi có webhook",
    "smtp_from": "địa chỉ người gửi; cần khi có NHACVIEC_SMTP_HOST",
    "backup_at": "giờ và phút, ví dụ 16:45",
    "console": "true hoặc false",
    **dict.fromkeys(("zalo_base_url", "telegram_base_url", "webhook_url", "public_url", "heartbeat_url"), _WEB),
    **dict.fromkeys(("zalo_proxy", "telegram_proxy"), "ví dụ http://máy-chủ:3128"),
    **dict.fromkeys(("webhook_host", "console_host"), _HOST),
}


def read_settings() -> Settings:
    """The settings in force.

    :raises BadSetting: names the variable that makes no sense, never its value (it may be a secret); or the file
        cannot be read.
    """
    names_in_file()
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join(map(_named, error.errors(include_url=False, include_input=False)))
        raise BadSetting(
            f"Thiết lập không hợp lệ: {names}. Hãy sửa biến môi trường hoặc tệp .env rồi chạy lại."
        ) from None


def _named(error: ErrorDetails) -> str:
    """ "NHACVIEC_TURN_SECONDS (số lớn hơn 0, nhiều nhất 3600)"."""
    name = str(error["loc"][0]) if error["loc"] else error["msg"].rsplit(" ", 1)[-1]
    wanted = _WANTED.get(name) or _choices(error) or _range(name)
    return f"{PREFIX}{name.upper()}" + (f" ({wanted})" if wanted else "")


def _choices(error: ErrorDetails) -> str:
    """The words that may stand there: "text hoặc json"."""
    words = re.findall(r"'(\w+)'", str(error.get("ctx", {}).get("expected", "")))
    return " hoặc ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _range(name: str) -> str:
    """The numbers that may stand there: "số từ 1 đến 64"."""
    said = []
    for bound in Settings.model_fields[name].metadata if name in Settings.model_fields else ():
        match bound:
            case Gt(gt=least):
                said.append(f"lớn hơn {least}")
            case Ge(ge=least):
                said.append(f"ít nhất {least}")
            case Le(le=most):
                said.append(f"nhiều nhất {most}")
            case Lt(lt=most):
                said.append(f"nhỏ hơn {most}")
    return f"số {', '.join(said)}" if said else ""


# ---- the file, and names that nobody reads --------------------------------------------------------------------------


def names_in_file() -> list[str]:
    """The names that stand in ``.env``; none where there is no such file.

    :raises BadSetting: it cannot be read; with the line, and nothing of what stands there.
    """
    if not FILE.is_file():
        return []
    try:
        content = FILE.read_bytes()
    except OSError as error:
        raise BadSetting(
            f"Không đọc được tệp {FILE.absolute()} ({in_vietnamese(error)}). "
            "Hãy cho tài khoản đang chạy Nhắc Việc quyền đọc tệp ấy."
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadSetting(
            f"Tệp {FILE.absolute()}, dòng {line}: không phải UTF-8. Hãy mở tệp, chọn Lưu thành (Save As) với bảng mã "
            "(Encoding) UTF-8, rồi chạy lại."
        ) from None
    lines = list(parse_stream(io.StringIO(text)))
    wrong = [_first_line(binding.original.string, binding.original.line) for binding in lines if binding.error]
    if wrong:
        raise BadSetting(
            f"Tệp {FILE.absolute()}, dòng {', '.join(map(str, wrong))}: không đọc được. Mỗi dòng phải viết "
            "TÊN=giá trị; giá trị mở bằng dấu nháy thì phải đóng nháy; ghi chú bắt đầu bằng #."
        )
    return [binding.key for binding in lines if binding.key]


def _first_line(words: str, line: int) -> int:
    """A piece of the file begins with the empty lines before it."""
    return line + len(words) - len(words.lstrip("\n\r"))


def unknown_settings() -> list[str]:
    """A sentence for each name of ours that no setting has: what was meant by it is not in force.

    :raises BadSetting: the file cannot be read.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    given = {name.upper() for name in (*os.environ, *names_in_file())}
    said = []
    for name in sorted(name for name in given - known if name.startswith(PREFIX)):
        near = difflib.get_close_matches(name, known, n=1)
        mend = f"Có phải {near[0]}?" if near else "Hãy xem lại tên trong hướng dẫn."
        said.append(f"Không có thiết lập nào tên {name} nên không dùng tới. {mend}")
    return said

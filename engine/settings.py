"""Settings: read once from the environment (``NHACVIEC_…``) or a ``.env`` file; a wrong one stops the program."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import BadSetting

ZALO_BUDGET = 3_000  # messages a month: the free plan, as counted by others (CHANNELS, section 1.5)
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+\S*$")]


class Settings(BaseSettings):
    """Everything that can be set from outside. Each has a value that works on one office machine without set-up."""

    model_config = SettingsConfigDict(env_prefix="NHACVIEC_", env_file=".env", extra="ignore")

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
    zalo_proxy: str | None = None

    telegram_token: SecretStr | None = None
    telegram_base_url: WebAddress = "https://api.telegram.org/bot"
    telegram_proxy: str | None = None

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
    webhook_host: str = "127.0.0.1"
    webhook_port: int = Field(default=8080, ge=0, lt=65536)

    # The console, and the sandbox where no bot is set: on this machine alone, unless a reverse proxy leads to them.
    console: bool = True
    console_host: str = "127.0.0.1"
    console_port: int = Field(default=8040, ge=0, lt=65536)
    sandbox_port: int = Field(default=8041, ge=0, lt=65536)
    public_url: WebAddress | None = None  # the address by which people's browsers reach the console

    # Looking after the program: its log, who is called when all is well, a port of its own for /healthz and /metrics.
    log: Literal["text", "json"] = "text"
    heartbeat_url: SecretStr | None = None  # such an address is a secret: whoever knows it can keep the alarm quiet
    health_port: int | None = Field(default=None, ge=0, lt=65536)

    @field_validator("heartbeat_url")
    @classmethod
    def _is_an_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not re.match(r"https?://[^\s/]+\S*$", url.get_secret_value()):
            raise ValueError("heartbeat_url")
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


_TOGETHER = {
    "webhook_secret": "NHACVIEC_WEBHOOK_SECRET (16 đến 256 chữ cái, chữ số, dấu _ hoặc -; cần khi có webhook)",
    "smtp_from": "NHACVIEC_SMTP_FROM (địa chỉ người gửi; cần khi có NHACVIEC_SMTP_HOST)",
}


def read_settings() -> Settings:
    """The settings in force.

    :raises BadSetting: names the variable that makes no sense, never its value (it may be a secret).
    """
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join(_named(e["loc"], e["msg"]) for e in error.errors())
        raise BadSetting(
            f"Thiết lập không hợp lệ: {names}. Hãy sửa biến môi trường hoặc tệp .env rồi chạy lại."
        ) from None


def _named(where: tuple[int | str, ...], message: str) -> str:
    name = str(where[0]) if where else message.rsplit(" ", 1)[-1]
    return _TOGETHER.get(name, "NHACVIEC_" + name.upper())

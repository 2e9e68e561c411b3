"""Settings: read once from the environment (``NHACVIEC_…``) or a ``.env`` file; a wrong one stops the program."""

from __future__ import annotations

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import BadSetting


class Settings(BaseSettings):
    """Everything that can be set from outside. Each has a value that works on one office machine without set-up."""

    model_config = SettingsConfigDict(env_prefix="NHACVIEC_", env_file=".env", extra="ignore")

    database: str = "sqlite:///nhacviec.db"
    telegram_token: SecretStr | None = None
    telegram_base_url: str = "https://api.telegram.org/bot"
    turn_seconds: float = Field(default=30, gt=0, le=3600)


def read_settings() -> Settings:
    """The settings in force.

    :raises BadSetting: names the variable that makes no sense, never its value (it may be a secret).
    """
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join("NHACVIEC_" + str(e["loc"][0]).upper() for e in error.errors())
        raise BadSetting(
            f"Thiết lập không hợp lệ: {names}. Hãy sửa biến môi trường hoặc tệp .env rồi chạy lại."
        ) from None

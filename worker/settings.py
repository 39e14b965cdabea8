"""Settings of one installation, read once from the environment. Business set-up is data, not settings."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PUBLIC_URL = r"^(https://[^\s?#@]+|http://(localhost|127\.0\.0\.1)(:\d+)?)?$"
"""Where browsers reach `serve`: https, or this machine; no query, no password in it."""


class BadSettings(ValueError):
    """A variable of the environment cannot be used; names it, never its value (it may be a secret)."""


class Settings(BaseSettings):
    """Every setting with its default; an empty variable counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str = Field("sqlite:///subledger.db", validation_alias="DATABASE_URL")
    redis_url: SecretStr | None = Field(None, validation_alias="REDIS_URL")
    keys: SecretStr | None = Field(None, validation_alias="SUBLEDGER_KEYS")
    webhook_secrets: SecretStr = Field(SecretStr(""), validation_alias="SUBLEDGER_WEBHOOK_SECRETS")
    client_secrets: SecretStr = Field(SecretStr(""), validation_alias="SUBLEDGER_CLIENT_SECRETS")
    host: str = Field("127.0.0.1", validation_alias="SUBLEDGER_HOST")
    port: int = Field(8080, ge=0, le=65535, validation_alias="SUBLEDGER_PORT")
    public_url: str = Field("", pattern=_PUBLIC_URL, validation_alias="SUBLEDGER_PUBLIC_URL")
    push_threads: int = Field(32, ge=1, le=256, validation_alias="SUBLEDGER_PUSH_THREADS")
    drain_s: float = Field(180.0, gt=0, validation_alias="SUBLEDGER_DRAIN_SECONDS")
    restore_epoch: str = Field("", max_length=100, validation_alias="SUBLEDGER_RESTORE_EPOCH")
    log_format: str = Field("text", pattern="^(text|json)$", validation_alias="SUBLEDGER_LOG_FORMAT")
    log_level: str = Field(
        "warning", pattern="^(debug|info|warning|error)$", validation_alias="SUBLEDGER_LOG_LEVEL"
    )

    @field_validator("redis_url")
    @classmethod
    def _is_readable(cls, url: SecretStr | None) -> SecretStr | None:
        """An address whose parts can be told apart; the message never repeats it."""
        if url is None:
            return url
        try:
            parts = urlsplit(url.get_secret_value().strip())
            is_fine = parts.scheme in ("redis", "rediss", "unix") and (parts.port or 6379) > 0
        except ValueError:
            is_fine = False
        if not is_fine or parts.fragment:
            raise ValueError(
                "use redis://:PASSWORD@HOST:PORT/NUMBER, with @ : / ? # of the password percent-encoded"
            )
        return SecretStr(url.get_secret_value().strip())

    @field_validator("webhook_secrets", "client_secrets")
    @classmethod
    def _are_named(cls, setting: SecretStr) -> SecretStr:
        """Every secret under a name: one without would be dropped in silence, and a door stay closed."""
        for position, part in enumerate(_parts(setting), start=1):
            name, separator, values = part.partition("=")
            if not (name.strip() and separator and values.strip("| ")):
                raise ValueError(f"part {position} is not NAME=SECRET (several are parted by commas)")
        return setting

    @property
    def sqlite_path(self) -> Path | None:
        """The database file in embedded mode, else None."""
        prefix = "sqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None

    @property
    def connected_url(self) -> str:
        """Where a ledger sends an administrator back to after consent, as registered there."""
        return f"{(self.public_url or f'http://localhost:{self.port}').rstrip('/')}/oauth/connected"

    def secrets_of(self, source: str) -> tuple[str, ...]:
        """Active webhook secrets of a source, from `source=secret[|secret...][,source=...]`; () = closed."""
        return _named(self.webhook_secrets).get(source, ())

    def client_secret_of(self, book: str) -> str:
        """OAuth client secret of a book, from `BOOK=secret[,BOOK=...]` (`*` fits every book), or ""."""
        secrets = _named(self.client_secrets)
        return next(iter(secrets.get(book) or secrets.get("*") or ("",)))


def load() -> Settings:
    """The settings of this process's environment; raises `BadSettings` naming every wrong variable."""
    try:
        return Settings.model_validate({})
    except ValidationError as error:
        raise BadSettings("; ".join(_said(one["loc"], one["msg"]) for one in error.errors())) from None


def _said(place: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, place))}: {message.removeprefix('Value error, ')}"


def _named(setting: SecretStr) -> dict[str, tuple[str, ...]]:
    """Name -> its secrets. Blanks and line ends around one come from files and are nobody's secret."""
    pairs = (part.partition("=") for part in _parts(setting))
    return {
        name.strip(): tuple(filter(None, (value.strip() for value in values.split("|"))))
        for name, _, values in pairs
    }


def _parts(setting: SecretStr) -> list[str]:
    return [part for part in setting.get_secret_value().split(",") if part.strip()]

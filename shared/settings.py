"""What every service reads from its environment; each service adds its own in `settings.py`."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings that all services share; names are prefixed with the service in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: SecretStr = Field(description="postgresql://user:password@host:port/database, PostgreSQL 15 or newer")
    host: str = Field("127.0.0.1", description="Address the service listens on")
    port: int = Field(description="Port the service listens on")
    metrics_port: int | None = Field(None, description="Port of the service's Prometheus metrics; none when empty")
    worker_metrics_port: int | None = Field(
        None, description="Port of the worker's Prometheus metrics; none when empty"
    )
    hmac_secret: SecretStr = Field(
        description="32 or more random bytes in hex: keys the digests of bodies, codes and addresses"
    )
    head_key_file: Path = Field(description="PEM file of the RSA key that signs the journal's daily head")
    state_folder: Path = Field(description="Folder for what survives a restart: the last JWKS")
    storage_url: str = Field(
        description="Where photos and papers lie: file:///folder, or s3://bucket/prefix with the usual AWS_ variables;"
        " each service has its own"
    )
    issuer: str = Field(
        "http://localhost:8080", description="The `iss` of accepted tokens: the public address of the gateway"
    )
    jwks_url: str = Field(description="Where the token issuer publishes its keys")
    pool_size: int = Field(
        8, ge=2, le=64, description="Database connections for reads, and as many for writes, per process"
    )
    export_pool_size: int = Field(3, ge=1, le=32, description="Whole lists that a process streams at once")
    idempotency_days: int = Field(7, ge=1, le=90, description="How long the reply to an Idempotency-Key is kept")
    sync_rows: int = Field(50_000, ge=1, description="Rows that an account may carry offline; wider scopes are refused")
    webhooks_allow_private: bool = Field(
        False, description="Whether webhooks may call http and private addresses; for tests and closed networks only"
    )
    log_level: str = Field("info", description="debug, info, warning or error")
    forwarded_allow_ips: str = Field("127.0.0.1", description="Proxies whose X-Forwarded-For is believed")

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings; a missing one is named, never guessed."""
        return cls()

    @property
    def hmac_key(self) -> bytes:
        return bytes.fromhex(self.hmac_secret.get_secret_value())

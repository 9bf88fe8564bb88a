"""What registry reads from its environment."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Registry's settings; names begin with REGISTRY_."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_", extra="ignore", frozen=True)

    key_encryption_secret: SecretStr = Field(description="Fernet key that encrypts the private signing keys at rest")
    personal_key_secrets: SecretStr = Field(
        description="One or more secrets of 32 random bytes in hex, apart by commas: they wrap the keys of personal"
        " records; the first wraps new ones, so put a new one in front and keep the old"
    )
    operator_username: str = Field("operator", description="User name of the first operator account")
    operator_password: SecretStr | None = Field(
        None, description="Password of the first operator; used by bootstrap only"
    )
    planning_client_secret: SecretStr | None = Field(
        None, description="Secret of planning's service client; bootstrap only"
    )
    monitoring_client_secret: SecretStr | None = Field(
        None, description="Secret of monitoring's service client; bootstrap only"
    )
    signing_key_days: int = Field(90, ge=1, description="Days after which a new signing key follows the old one")
    key_notice_seconds: int = Field(
        120,
        ge=60,
        description="How long a new key is published before it signs; at least the gateway's JWKS cache time",
    )

    @property
    def personal_keys(self) -> list[bytes]:
        return [bytes.fromhex(one.strip()) for one in self.personal_key_secrets.get_secret_value().split(",")]

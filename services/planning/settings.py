"""What planning reads from its environment."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Planning's settings; names begin with PLANNING_."""

    model_config = SettingsConfigDict(env_prefix="PLANNING_", extra="ignore", frozen=True)

    registry_url: str = Field(description="Where registry answers, without the gateway")
    client_id: str = Field("planning", description="Name of planning's own client in registry")
    client_secret: SecretStr = Field(description="Secret of planning's own client in registry")

"""What monitoring reads from its environment."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Monitoring's settings; names begin with MONITORING_."""

    model_config = SettingsConfigDict(env_prefix="MONITORING_", extra="ignore", frozen=True)

    registry_url: str = Field(description="Where registry answers, without the gateway")
    planning_url: str = Field(description="Where planning answers, without the gateway")
    client_id: str = Field("monitoring", description="Name of monitoring's own client in registry")
    client_secret: SecretStr = Field(description="Secret of monitoring's own client in registry")

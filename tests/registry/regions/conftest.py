from collections.abc import AsyncIterator

import pytest

from tests.house import Running
from tests.registry.placing import places, put_back


@pytest.fixture(autouse=True)
async def only_the_known_places(registry: Running) -> AsyncIterator[None]:
    """Put the places back: they outlive a test."""
    before = await places(registry)
    yield
    await put_back(registry, before)


@pytest.fixture
def environment(registry: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line find the service of the tests."""
    settings = registry.app.state.settings
    known = {
        "database_url": registry.url,
        "port": 1,
        "hmac_secret": settings.hmac_secret.get_secret_value(),
        "head_key_file": settings.head_key_file,
        "state_folder": settings.state_folder,
        "storage_url": settings.storage_url,
        "jwks_url": settings.jwks_url,
        "key_encryption_secret": settings.key_encryption_secret.get_secret_value(),
        "personal_key_secrets": settings.personal_key_secrets.get_secret_value(),
    }
    for name, value in known.items():
        monkeypatch.setenv(f"REGISTRY_{name.upper()}", str(value))

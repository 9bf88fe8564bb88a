"""Passwords are hashed as always, only with less memory and time: a test of sign-in makes a hundred hashes."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from services.registry.accounts import holders


@pytest.fixture(scope="session")
def hasher() -> PasswordHasher:
    """Give the hasher that the service itself uses."""
    return holders._HASHER  # noqa: SLF001


@pytest.fixture(scope="session", autouse=True)
def quick_hashes(hasher: PasswordHasher) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(holders, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        holders._nobody.cache_clear()  # noqa: SLF001
        yield
    holders._nobody.cache_clear()  # noqa: SLF001

"""No worker runs beside these tests: what is not sealed by hand, a pull does not wait for."""

import pytest

from shared import syncviews


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncviews, "PATIENCE_SECONDS", 0)

"""Where Alembic finds registry's tables."""

from services.registry.app import SERVICE
from shared.migrations import run

run(SERVICE.metadata)

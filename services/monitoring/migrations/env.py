"""Where Alembic finds monitoring's tables."""

from services.monitoring.app import SERVICE
from shared.migrations import run

run(SERVICE.metadata)

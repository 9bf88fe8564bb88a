"""Where Alembic finds planning's tables."""

from services.planning.app import SERVICE
from shared.migrations import run

run(SERVICE.metadata)

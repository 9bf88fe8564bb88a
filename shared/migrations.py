"""Migrations: configured in code, one history per service, applied under a lock."""

from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, pool, text

from shared.database import driver_url

MIGRATION_LOCK = 7_301_977
FOREIGN = "procrastinate_"
"""Tables of the job library, which migrates them itself."""


def _config(folder: Path, *, url: str | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["url"] = url
    return config


def upgrade(folder: Path, *, url: str) -> None:
    """Bring a database to the newest schema; several at once wait for each other."""
    command.upgrade(_config(folder, url=url), "head")


def check(folder: Path, *, url: str) -> None:
    """Fail unless the migrations make exactly the tables that the models declare."""
    command.check(_config(folder, url=url))


def revise(folder: Path, *, url: str, message: str) -> None:
    """Write a migration from the difference between the database and the models."""
    number = len(list((folder / "versions").glob("*.py"))) + 1
    command.revision(_config(folder, url=url), message=message, autogenerate=True, rev_id=f"{number:04}")


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith(FOREIGN))


def run(metadata: MetaData) -> None:
    """Run what Alembic was asked for; the whole of a service's `env.py`."""
    url: str = context.config.attributes["url"]
    engine = create_engine(driver_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
        connection.commit()
        options: dict[str, Any] = {"include_object": _ours, "compare_type": True, "transaction_per_migration": True}
        context.configure(connection=connection, target_metadata=metadata, **options)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})"))
    engine.dispose()

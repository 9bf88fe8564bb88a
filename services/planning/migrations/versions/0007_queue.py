"""The queue in which long work waits: procrastinate's own tables."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The library's schema as of 3.10; a newer one comes with delta scripts (procrastinate/sql/migrations),
    # which a migration of their own applies.
    # Many statements at once, which the driver takes only as they are.
    connection = op.get_bind().connection.driver_connection
    connection.execute(SchemaManager.get_schema())


def downgrade() -> None:
    op.execute("DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs CASCADE")

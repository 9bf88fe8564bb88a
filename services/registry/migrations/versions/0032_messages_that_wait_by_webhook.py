"""Messages that wait are found by their webhook, the longest due first."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

NAME, TABLE, WAITING = "ix_webhook_deliveries_due", "webhook_deliveries", "state = 'waiting'"


def upgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, ["webhook_id", "next_try_at"], unique=False, postgresql_where=WAITING)


def downgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, ["next_try_at"], unique=False, postgresql_where=WAITING)

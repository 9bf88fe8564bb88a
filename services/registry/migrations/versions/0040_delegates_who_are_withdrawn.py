"""Delegates who were listed by mistake are withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delegates", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM delegates WHERE withdrawn_at IS NOT NULL")
    op.drop_column("delegates", "withdrawn_at")

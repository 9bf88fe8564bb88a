"""Terms keep the minutes that ended them early."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("terms", sa.Column("ending_minutes", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("terms", "ending_minutes")

"""How a mandate and a welfare decision are proven."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("terms", sa.Column("election_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE terms SET election_id = elections.id FROM elections WHERE elections.term_id = terms.id")
    op.add_column("welfare_statuses", sa.Column("criteria_reference", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("welfare_statuses", "criteria_reference")
    op.drop_column("terms", "election_id")
